//! Sentences on any sweep: the best configuration, what matters, how runs ended.

use super::{article, importance, list, luck, spread};
use crate::analysis::intervals::wilson;
use crate::analysis::{Analysis, Group, Problem, Summary, Tally, describe};
use crate::problem::{MOST_EXHAUSTIVE, QUASI_RANDOM_POINTS};
use crate::report::number::{count, number, percent, whole};

/// The best configurations, what goes with the metric, and how runs ended; only what is about most runs, where a figure leads.
#[must_use]
pub fn answer(analysis: &Analysis, has_lead: bool) -> Vec<String> {
    let runs = |problem: &Problem| problem.groups.iter().map(|&group| analysis.groups[group].rows.len()).sum::<usize>();
    // What is said of a part of the runs does not answer for all of them.
    let all = analysis.records.runs.len();
    let is_most = |n: usize| 2 * n > all;
    let mut answer: Vec<String> = Vec::new();
    let has_metric = |problem: &Problem| problem.groups.iter().any(|&group| analysis.groups[group].metric.is_some());
    // Of equal ones the first.
    let most = analysis.problems.iter().rev().max_by_key(|problem| (has_metric(problem), runs(problem)));
    let is_answer = |problem: &&Problem| analysis.problems.len() == 1 || is_most(runs(problem)) || !has_lead;
    answer.extend(most.filter(is_answer).map(|problem| best(analysis, problem)));
    // Where nothing but the seed differs, it is luck that there is something to say of.
    let luck = || analysis.lucks.first().map(|found| luck::kinds(analysis, found));
    answer.extend(match analysis.importances.first() {
        Some(first) => {
            let is_most = !has_lead || is_most(first.design.rows.len() + first.design.missing.len());
            is_most.then(|| importance::shares(analysis, first))
        }
        None => luck(),
    });
    answer.push(ended(analysis));
    answer
}

/// The best configuration of a problem and its runner-up.
#[must_use]
pub fn best(analysis: &Analysis, problem: &Problem) -> String {
    let metric = &analysis.metric.name;
    let a = article(metric);
    let of = if analysis.problems.len() > 1 { format!(" on {}", problem.label) } else { String::new() };
    let ranked: Vec<(&Group, &Summary)> = problem
        .groups
        .iter()
        .filter_map(|&group| analysis.groups[group].metric.as_ref().map(|metric| (&analysis.groups[group], metric)))
        .collect();
    let Some((group, first)) = ranked.first() else {
        return format!("No run{of} has {a} {metric}.");
    };
    if problem.groups.len() == 1 {
        let told = format!("The only configuration{of} has {a} {metric} of {} ({})", number(first.mean), spread(first));
        return format!("{told}{}.", skewed(first));
    }
    let among = count(problem.groups.len(), "configuration");
    let best = format!(
        "The best of {among}{of} is {}, with {a} {metric} of {} ({})",
        group.label,
        number(first.mean),
        spread(first)
    );
    let Some((next, second)) = ranked.get(1) else { return format!("{best}; no other has {a} {metric}.") };
    let is_clear = next.places.is_some_and(|(first, _)| first > 1);
    let told = match problem.tied {
        Some(0 | 1) => ", and the difference is clear".to_owned(),
        // One that scatters widely may rank anywhere, and still not be told apart from the best.
        Some(tied) if is_clear => format!(
            ", and the difference is clear; {} further down {} too much to be told apart from the best",
            count(tied - 1, "configuration"),
            if tied == 2 { "scatters" } else { "scatter" }
        ),
        Some(2) => ", and the two cannot be told apart".to_owned(),
        Some(tied) => format!(", and {} cannot be told apart from the best", count(tied - 1, "configuration")),
        None => String::new(),
    };
    format!("{best}; next comes {} with {}{told}.", next.label, number(second.mean))
}

/// The median beside the mean, with intervals that take nothing for normal, where values lie far to one side; empty where not.
fn skewed(summary: &Summary) -> String {
    let (Some(median), Some(mean)) = (summary.median_interval(), summary.bootstrap_interval()) else {
        return String::new();
    };
    if !summary.is_skewed() {
        return String::new();
    }
    let student = match summary.interval {
        Some((low, high)) => format!(" where Student's has {} to {}", number(low), number(high)),
        None => String::new(),
    };
    format!(
        ". The values lie far to one side: their median is {}, with a bootstrap 95\u{a0}% interval from {} to {}; that of the mean goes from {} to {}{student}",
        number(summary.median),
        number(median.0),
        number(median.1),
        number(mean.0),
        number(mean.1)
    )
}

/// When configurations of a ranking cannot be told apart, and how many of its places each may have.
#[must_use]
pub fn places(problem: &Problem) -> Option<String> {
    problem.tied?;
    Some(
        "Two are told apart where the 95\u{a0}% interval of the difference of their means leaves out zero: paired by seed where both \
         have the same seeds, otherwise Welch's; among many pairs some differ by chance. A configuration may have any place from \
         behind all that are clearly better to before all that are clearly worse: configurations.csv has them."
            .to_owned(),
    )
}

/// What the metric goes with, over the most runs that can be told of together.
#[must_use]
pub fn influence(analysis: &Analysis) -> Option<String> {
    analysis.importances.first().map(|first| importance::shares(analysis, first))
}

/// What the metric goes with in the problem of that index.
#[must_use]
pub fn influence_of(analysis: &Analysis, problem: usize) -> Option<String> {
    let first = analysis.importances.iter().find(|importance| importance.design.problem == problem)?;
    Some(importance::shares(analysis, first))
}

/// The same for every problem, and every grid that is told of by itself.
#[must_use]
pub fn influences(analysis: &Analysis) -> Vec<String> {
    analysis.importances.iter().map(|one| importance::shares(analysis, one)).collect()
}

/// How many runs are missing, and how the others ended.
#[must_use]
pub fn ends(analysis: &Analysis) -> String {
    let parts = [missing(analysis), Some(ended(analysis)), unfinished(analysis), spread_points(analysis)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The value with the largest share of runs that did not finish, where some did and some did not.
fn unfinished(analysis: &Analysis) -> Option<String> {
    let all = analysis.ends.all;
    let share = |tally: &Tally| tally.unfinished() as f64 / tally.runs() as f64;
    let told = analysis.ends.by_value.iter().filter(|(_, _, tally)| share(tally) > share(&all));
    let (name, level, tally) = told.max_by(|a, b| share(&a.2).total_cmp(&share(&b.2)))?;
    let (low, high) = wilson(tally.unfinished(), tally.runs())?;
    let value =
        level.as_ref().map_or_else(|| format!("{} not set", name.replace('_', " ")), |level| describe(name, level));
    Some(format!(
        "Runs with {value} are the least likely to finish: {} of {} did not (95\u{a0}% interval {} to {}).",
        whole(tally.unfinished()),
        whole(tally.runs()),
        percent(low),
        percent(high)
    ))
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
