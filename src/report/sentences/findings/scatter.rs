//! Sentences on how runs scatter: replicates, rates of success, samples, rounding.

use super::named;
use crate::analysis::findings::{Distribution, Examples, Learner, Rounded, Roundings, SUCCESS, Success, Successes};
use crate::analysis::{Analysis, ONLY};
use crate::report::number::{count, fixed, number, ratio, significant, whole};
use crate::report::sentences::{capital, list};

/// How replicates of one configuration scatter, and where the printed error falls among them.
#[must_use]
pub fn distribution(analysis: &Analysis, found: &Distribution) -> String {
    let (summary, column) = (&found.summary, &found.column);
    let n = summary.n();
    let runs = count(n, "run");
    let mut told = Vec::new();
    if let Some(printed) = found.printed {
        let below = summary.values.iter().filter(|(_, value)| *value <= printed).count();
        let ends = if below < 2 { "ends" } else { "end" };
        let below = if below == 0 { "none".to_owned() } else { whole(below) };
        told.push(format!(
            "Of {runs} of the question's own network, {below} {ends} at or below the {} that it prints. They go from {} to {}, with a median of {}",
            fixed(printed, 2),
            number(summary.min),
            number(summary.max),
            number(summary.median)
        ));
    } else {
        let label = &analysis.groups[found.group].label;
        let what = if label == ONLY { String::new() } else { format!(" of {label}") };
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
        let within = of(&|value| (low..=high).contains(&value));
        told.push(format!(
            "Nineteen times in twenty, least squares on as many draws falls between {} and {}: {within} of the {n} {} there, {} above and {} below",
            number(low),
            number(high),
            if within == 1 { "lies" } else { "lie" },
            of(&|value| value > high),
            of(&|value| value < low),
        ));
        told.push(match band.reached {
            0 => "Not one comes within 1\u{a0}% of least squares on its own draws".to_owned(),
            1 => "One comes within 1\u{a0}% of least squares on its own draws".to_owned(),
            n => format!("{} come within 1\u{a0}% of least squares on their own draws", whole(n)),
        });
    }
    if let Some(floor) = found.floor {
        let below = summary.values.iter().filter(|(_, value)| *value < floor).count();
        let below = if below == n { "all".to_owned() } else { format!("{below} of {n}") };
        let are = if below.starts_with("1 of") { "is" } else { "are" };
        told.push(format!("{} {are} below the affine floor of {}", capital(&below), number(floor)));
    }
    if summary.missing > 0 {
        told.push(format!("{} more have no value", whole(summary.missing)));
    }
    if let [parts @ .., _] = &found.parts[..] {
        let part = |(kinds, own): &(String, crate::analysis::Summary)| {
            format!("{} to {} with nothing but {kinds} drawn anew", number(own.min), number(own.max))
        };
        told.push(format!("It goes from {}", list(&parts.iter().map(part).collect::<Vec<_>>())));
    }
    format!("{}.", told.join(". "))
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
        0 => format!("Of {pairs} pairs of network and task, none finds its operation in every run"),
        n => {
            let verb = if n == 1 { "finds its" } else { "find their" };
            format!("Of {pairs} pairs of network and task, {n} {verb} operation in every run: {}", named(&all, 6))
        }
    };
    let luck = match between.len() {
        0 => String::new(),
        n => {
            format!(" {} find{} it by luck: {}.", capital(&whole(n)), if n == 1 { "s" } else { "" }, named(&between, 4))
        }
    };
    let none = match none {
        0 => String::new(),
        n => format!(" {} never {}.", whole(n), if n == 1 { "does" } else { "do" }),
    };
    format!("{always}.{luck}{none} To find it is an R² above {SUCCESS} beyond the range.")
}

/// What an error on few examples says of all inputs.
#[must_use]
pub fn examples(found: &Examples) -> String {
    let part = |learner: &Learner| {
        let (Some(first), Some(last)) = (learner.slopes.first(), learner.slopes.last()) else { return String::new() };
        let enough = learner
            .slopes
            .iter()
            .find(|slope| slope.domain.median <= 1.1 * slope.train.median)
            .map_or("no number tried brings the two within 10\u{a0}%".to_owned(), |slope| {
                format!("from {} on the two are within 10\u{a0}%", number(slope.examples))
            });
        format!(
            "With {} examples the median error of {} is {} on them and {} on all inputs; {enough}, and {} leave {}.",
            number(first.examples),
            learner.label,
            number(first.train.median),
            number(first.domain.median),
            number(last.examples),
            number(last.domain.median)
        )
    };
    let parts: Vec<String> = found.learners.iter().take(3).map(part).collect();
    let more = match found.learners.len() - parts.len() {
        0 => String::new(),
        n => format!(" {} more {} in the figure.", count(n, "learner"), if n == 1 { "is" } else { "are" }),
    };
    format!("{}{more}", parts.join(" "))
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
