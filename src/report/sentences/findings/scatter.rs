//! Sentences on how runs scatter: replicates, rates of success, samples, rounding.

use super::named;
use crate::analysis::Analysis;
use crate::analysis::findings::{Distribution, Examples, Learner, Rounded, Roundings, SUCCESS, Success, Successes};
use crate::report::number::{count, fixed, number, ratio, significant};
use crate::report::sentences::list;

/// How replicates of one configuration scatter, and where the printed error falls among them.
#[must_use]
pub fn distribution(analysis: &Analysis, found: &Distribution) -> String {
    let (summary, column) = (&found.summary, &found.column);
    let n = summary.n();
    let runs = count(n, "run");
    let mut told = Vec::new();
    if let Some(printed) = found.printed {
        let below = summary.values.iter().filter(|(_, value)| *value <= printed).count();
        let below = if below == 0 { "none".to_owned() } else { below.to_string() };
        let ends = if below == "1" { "ends" } else { "end" };
        told.push(format!(
            "Of {runs} of the question's own network {below} {ends} at or below the {} that it prints; they go from {} to {}, with a median of {}",
            fixed(printed, 2),
            number(summary.min),
            number(summary.max),
            number(summary.median)
        ));
    } else {
        let label = &analysis.groups[found.group].label;
        let what = if label == "its only configuration" { String::new() } else { format!(" of {label}") };
        let times = if summary.min > 0.0 {
            format!(": the largest is {} times the smallest", ratio(summary.max / summary.min))
        } else {
            String::new()
        };
        told.push(format!(
            "Over {runs}{what} that differ in nothing but their seed, {column} goes from {} to {} with a median of {}{times}",
            number(summary.min),
            number(summary.max),
            number(summary.median)
        ));
    }
    if let Some(band) = found.band {
        let (low, high) = (band.floor - 2.0 * band.sd, band.floor + 2.0 * band.sd);
        let of = |wanted: &dyn Fn(f64) -> bool| summary.values.iter().filter(|(_, value)| wanted(*value)).count();
        told.push(format!(
            "least squares on as many draws falls between {} and {} nineteen times in twenty, where {} of the {n} lie, {} above and {} below; {} {} within 1\u{a0}% of least squares on their own draws",
            number(low),
            number(high),
            of(&|value| (low..=high).contains(&value)),
            of(&|value| value > high),
            of(&|value| value < low),
            if band.reached == 0 { "none".to_owned() } else { band.reached.to_string() },
            if band.reached == 1 { "comes" } else { "come" }
        ));
    }
    if let Some(floor) = found.floor {
        let below = summary.values.iter().filter(|(_, value)| *value < floor).count();
        let below = if below == n { "all".to_owned() } else { format!("{below} of {n}") };
        told.push(format!("{below} are below the affine floor of {}", number(floor)));
    }
    if summary.missing > 0 {
        told.push(format!("{} more have no value", summary.missing));
    }
    if let [parts @ .., _] = &found.parts[..] {
        let part = |(kinds, own): &(String, crate::analysis::Summary)| {
            format!("{} to {} with only {kinds} drawn anew", number(own.min), number(own.max))
        };
        told.push(format!("it goes from {}", list(&parts.iter().map(part).collect::<Vec<_>>())));
    }
    format!("{}.", told.join("; "))
}

/// How often which layer finds which operation.
#[must_use]
pub fn successes(analysis: &Analysis, found: &Successes) -> String {
    let name = |pair: &Success| format!("{} on {}", pair.label, analysis.problems[pair.problem].label);
    let all: Vec<String> = found.pairs.iter().filter(|pair| pair.found.0 == pair.found.1).map(name).collect();
    let none = found.pairs.iter().filter(|pair| pair.found.0 == 0).count();
    let between: Vec<String> = found
        .pairs
        .iter()
        .filter(|pair| (1..pair.found.1).contains(&pair.found.0))
        .map(|pair| format!("{} in {} of {}", name(pair), pair.found.0, pair.found.1))
        .collect();
    let pairs = found.pairs.len();
    let always = match all.len() {
        0 => format!("Of {pairs} pairs of network and task none finds its operation in every run"),
        n => {
            let verb = if n == 1 { "finds its" } else { "find their" };
            format!("Of {pairs} pairs of network and task {n} {verb} operation in every run ({})", named(&all, 6))
        }
    };
    let luck = if between.is_empty() {
        "none by luck".to_owned()
    } else {
        format!("{} by luck ({})", between.len(), named(&between, 4))
    };
    format!("{always}, {none} in none, {luck}; success is an R² above {SUCCESS} beyond the range.")
}

/// What an error on few examples says of all inputs.
#[must_use]
pub fn examples(found: &Examples) -> String {
    let part = |learner: &Learner| {
        let slope = |place: Option<&crate::analysis::findings::Slope>| {
            let slope = place?;
            Some(format!(
                "{} examples give {} on themselves and {} on all inputs",
                number(slope.examples),
                number(slope.train.median),
                number(slope.domain.median)
            ))
        };
        let ends = [slope(learner.slopes.first()), slope(learner.slopes.last())];
        let enough = learner
            .slopes
            .iter()
            .find(|slope| slope.domain.median <= 1.1 * slope.train.median)
            .map_or("no number tried brings the two within 10\u{a0}%".to_owned(), |slope| {
                format!("from {} on the two are within 10\u{a0}%", number(slope.examples))
            });
        format!("{}: {}; {enough}", learner.label, ends.into_iter().flatten().collect::<Vec<_>>().join(", "))
    };
    let parts: Vec<String> = found.learners.iter().take(3).map(part).collect();
    let more = found.learners.len() - parts.len();
    let more = if more > 0 { format!(" {} more are in the figure.", count(more, "learner")) } else { String::new() };
    format!("Medians by learner. {}.{more}", parts.join(". "))
}

/// What rounding hides.
#[must_use]
pub fn roundings(analysis: &Analysis, found: &Roundings) -> String {
    let mut told = Vec::new();
    for (problem, of) in analysis.problems.iter().enumerate() {
        let own: Vec<&Rounded> = found.rounded.iter().filter(|rounded| rounded.problem == problem).collect();
        let values = |rounded: &Rounded| {
            let find = |row: usize| rounded.rounded.values.iter().find(|(own, _)| *own == row).map(|(_, v)| *v);
            rounded.exact.values.iter().filter_map(|(row, v)| Some((*v, find(*row)?))).collect::<Vec<_>>()
        };
        let pairs: Vec<(f64, f64)> = own.iter().flat_map(|rounded| values(rounded)).collect();
        if pairs.is_empty() {
            continue;
        }
        let perfect = pairs.iter().filter(|(_, rounded)| *rounded == 0.0).count();
        let mut precisions: Vec<&str> = own.iter().map(|rounded| rounded.precision.as_str()).collect();
        precisions.sort_unstable();
        precisions.dedup();
        let best = |precision: &&str| {
            let own = own.iter().filter(|rounded| rounded.precision == **precision);
            let best = own.map(|rounded| rounded.exact.min).reduce(f64::min)?;
            Some(format!("{} in {precision}", significant(best, 2)))
        };
        let best: Vec<String> = precisions.iter().filter_map(best).collect();
        let hides = match perfect {
            0 => "rounding makes no run perfect".to_owned(),
            n if n == pairs.len() => format!("rounding makes all {n} runs perfect"),
            n => format!("rounding makes {n} of {} runs perfect", pairs.len()),
        };
        told.push(format!("On {} {hides}; without it the smallest training RMSE is {}", of.label, list(&best)));
    }
    format!("{}.", told.join(". "))
}
