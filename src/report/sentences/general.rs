//! Sentences on any sweep: the best configuration, what matters, how runs ended.

use super::{list, spread};
use crate::analysis::{Analysis, Group, Problem, Summary};
use crate::problem::{MOST_EXHAUSTIVE, QUASI_RANDOM_POINTS};
use crate::report::number::{count, number, percent, whole};

/// The best configurations, what goes with the metric, and how runs ended.
#[must_use]
pub fn answer(analysis: &Analysis) -> Vec<String> {
    let mut answer: Vec<String> = Vec::new();
    if let Some(problem) = analysis.problems.first() {
        answer.push(best(analysis, problem));
    }
    answer.extend(influence(analysis));
    answer.push(ended(analysis));
    answer
}

/// The best configuration of a problem and its runner-up.
#[must_use]
pub fn best(analysis: &Analysis, problem: &Problem) -> String {
    let metric = &analysis.metric.name;
    let of = if analysis.problems.len() > 1 { format!(" on {}", problem.label) } else { String::new() };
    let ranked: Vec<(&Group, &Summary)> = problem
        .groups
        .iter()
        .filter_map(|&group| analysis.groups[group].metric.as_ref().map(|metric| (&analysis.groups[group], metric)))
        .collect();
    let Some((group, first)) = ranked.first() else {
        return format!("No run{of} has a {metric}.");
    };
    if problem.groups.len() == 1 {
        return format!("The only configuration{of} has a {metric} of {} ({}).", number(first.mean), spread(first));
    }
    let among = count(problem.groups.len(), "configuration");
    let best = format!(
        "The best of {among}{of} is {}, with a {metric} of {} ({})",
        group.label,
        number(first.mean),
        spread(first)
    );
    let Some((next, second)) = ranked.get(1) else { return format!("{best}; no other has a {metric}.") };
    let told = match (first.interval, second.interval) {
        (Some(a), Some(b)) if a.1 < b.0 || b.1 < a.0 => ", and their 95\u{a0}% intervals do not overlap",
        (Some(_), Some(_)) => ", and their 95\u{a0}% intervals overlap",
        _ => "",
    };
    format!("{best}; next comes {} with {}{told}.", next.label, number(second.mean))
}

/// The parameters that the metric goes with most.
#[must_use]
pub fn influence(analysis: &Analysis) -> Option<String> {
    influence_of(analysis, 0)
}

/// The parameters that the metric goes with most, in the problem of that index.
#[must_use]
pub fn influence_of(analysis: &Analysis, problem: usize) -> Option<String> {
    let mut shares = analysis.influences.iter().filter(|influence| influence.problem == problem);
    let first = shares.next()?;
    let what = if first.logarithmic { "variance of the logarithm" } else { "variance" };
    let rest: Vec<String> =
        shares.take(2).map(|next| format!("{} with {}", next.parameter, percent(next.share))).collect();
    let rest = if rest.is_empty() {
        String::new()
    } else {
        format!("; taken by themselves, {} (shares can overlap)", list(&rest))
    };
    let (metric, share) = (&analysis.metric.name, percent(first.share));
    let over = count(first.runs, "run");
    Some(format!(
        "Of the {what} of {metric} over {over}, {share} lies between the values of {}{rest}.",
        first.parameter
    ))
}

/// The same for every problem that has more than one configuration.
#[must_use]
pub fn influences(analysis: &Analysis) -> Vec<String> {
    let told = |problem: usize| {
        let of = &analysis.problems[problem].label;
        let sentence = influence_of(analysis, problem)?;
        Some(if analysis.problems.len() > 1 { format!("On {of}: {}", super::lower(&sentence)) } else { sentence })
    };
    (0..analysis.problems.len()).filter_map(told).collect()
}

/// How many runs are missing, and how the others ended.
#[must_use]
pub fn ends(analysis: &Analysis) -> String {
    let parts = [missing(analysis), Some(ended(analysis)), spread_points(analysis)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Says where points stand for a domain that is too large to be measured whole.
fn spread_points(analysis: &Analysis) -> Option<String> {
    let number = |row: usize, name: &str| analysis.records.number(row, name);
    let size = |row: usize| Some(number(row, "largest")?.powf(number(row, "operands")?));
    let large = |row: &usize| size(*row).is_some_and(|size| size > MOST_EXHAUSTIVE as f64);
    let runs = (0..analysis.records.runs.len()).filter(large).count();
    let points = whole(usize::try_from(QUASI_RANDOM_POINTS).unwrap_or(usize::MAX));
    (runs > 0).then(|| {
        let runs = count(runs, "run");
        format!("Where over a million inputs are possible, {points} evenly spread ones stand for all: in {runs}.")
    })
}

/// How many runs are not trained yet, where some are.
#[must_use]
pub fn missing(analysis: &Analysis) -> Option<String> {
    let missing = usize::try_from(analysis.ends.missing).ok().filter(|&missing| missing > 0)?;
    let asked = count(missing + analysis.ends.all.runs(), "run");
    let verb = if missing == 1 { "is" } else { "are" };
    Some(format!("Of the {asked} that the sweep asks for, {} {verb} not trained yet.", whole(missing)))
}

/// How runs ended.
fn ended(analysis: &Analysis) -> String {
    let tally = analysis.ends.all;
    let runs = count(tally.runs(), "run");
    if tally.runs() == 0 {
        return "There are no runs yet.".into();
    }
    let parts: Vec<String> = [
        (tally.finished, "finished"),
        (tally.diverged, "diverged"),
        (tally.failed, "failed"),
        (tally.timed_out, "ran out of time"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, how)| format!("{n} {how}"))
    .collect();
    match &parts[..] {
        [_] if tally.runs() == 1 => format!("The run {}.", parts[0].trim_start_matches("1 ")),
        [only] => format!("All {runs} {}.", only.split_once(' ').map_or("", |(_, how)| how)),
        _ => format!("Of {runs}, {}.", list(&parts)),
    }
}
