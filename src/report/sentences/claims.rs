//! Sentences on claims: what each was told by, and what breaks it.

use super::{environments, list};
use crate::analysis::{Answer, Comparison, Goal, Outcome, Verdict};
use crate::report::number::{count, number, ratio, whole};

/// What a verdict was told by: sentences that stand below its claim.
#[must_use]
pub fn told(verdict: &Verdict) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(reason) = &verdict.reason {
        told.push(format!("Not tested: {reason}."));
    }
    let values: Vec<String> = verdict
        .values
        .iter()
        .zip(&verdict.valued)
        .map(|((text, value), valued)| one(verdict, text, value.as_ref(), *valued))
        .collect();
    if !verdict.rows.is_empty() {
        let about = format!("Told by {}", count(verdict.rows.len(), "run"));
        told.push(if values.is_empty() { format!("{about}.") } else { format!("{about}: {}.", list(&values)) });
    }
    told.extend(verdict.comparison.as_ref().map(comparison));
    if !verdict.breaking.is_empty() {
        let verb = if verdict.breaking.len() == 1 { "breaks" } else { "break" };
        told.push(format!("Of them, {} {verb} it.", whole(verdict.breaking.len())));
    } else if verdict.outcome == Outcome::Fails && verdict.comparison.is_none() {
        told.push("No single run breaks it: they do together.".into());
    }
    if verdict.environments.len() > 1 {
        let counts = verdict.environments.iter().map(|(id, n)| (id.as_str(), *n));
        told.push(format!("They come from {}.", environments::split(counts)));
    }
    told.extend(missing(verdict));
    told
}

/// How many runs of a claim are not trained yet; where that cannot be told, how many of the sweep.
fn missing(verdict: &Verdict) -> Option<String> {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let verb = |n: u64| if n == 1 { "is" } else { "are" };
    match (verdict.untrained, verdict.missing) {
        (0, _) | (_, Some(0)) => None,
        (_, Some(missing)) => {
            let all = count(verdict.rows.len() + number(missing), "run");
            let (missing, verb) = (whole(number(missing)), verb(missing));
            Some(format!("Of the {all} that it is about, {missing} {verb} not trained yet, and may change this."))
        }
        (untrained, None) => {
            let (untrained, verb) = (whole(number(untrained)), verb(untrained));
            Some(format!(
                "Of the runs that the sweep asks for, {untrained} {verb} not trained yet; which of them it is about cannot be told before, \
                 and they may change this."
            ))
        }
    }
}

fn one(verdict: &Verdict, text: &str, value: Option<&Answer>, valued: usize) -> String {
    let value = match value {
        Some(Answer::Number(value)) if (value - 1.0).abs() < 0.095 => ratio(*value),
        Some(Answer::Number(value)) => number(*value),
        Some(Answer::Text(text)) => format!("'{text}'"),
        None => "nothing".into(),
    };
    let of = verdict.rows.len();
    // A count says by itself how many have it.
    let counts = text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("count("));
    let from = if valued == of || counts { String::new() } else { format!(" (from {} of them)", whole(valued)) };
    format!("{text} is {value}{from}")
}

fn comparison(found: &Comparison) -> String {
    let column = &found.column;
    let (a, b) = (number(found.means.0), number(found.means.1));
    let seeds = count(found.differences.len(), "seed");
    let good = if found.goal == Goal::Minimize { "small" } else { "large" };
    let interval = match found.interval {
        Some((low, high)) => {
            let sign = if found.goal == Goal::Minimize { 1.0 } else { -1.0 };
            let means = match (sign * low, sign * high) {
                (x, y) if x.max(y) < 0.0 => "so a is better",
                (x, y) if x.min(y) > 0.0 => "so b is better",
                _ => "so the two cannot be told apart",
            };
            let (mean, low, high) = (number(found.mean), number(low), number(high));
            format!(
                "; a − b is {mean}, with a 95\u{a0}% interval from {low} to {high}, {means} ({good} values are good)"
            )
        }
        None => "; one seed alone has no interval".into(),
    };
    let told = format!("Over {seeds} that both sides have, the mean {column} is {a} of a and {b} of b{interval}");
    let left: Vec<String> = [
        (found.averaged, "seed", "with several runs on a side, whose mean counts"),
        (found.unpaired, "run", "without a partner of the same seed"),
        (found.without, "run", "without a value"),
    ]
    .into_iter()
    .filter(|(n, _, _)| *n > 0)
    .map(|(n, noun, what)| format!("{} {what}", count(n, noun)))
    .collect();
    let told = if left.is_empty() { format!("{told}.") } else { format!("{told}; {}.", list(&left)) };
    match found.across {
        0 => told,
        n => format!(
            "{told} Of {seeds}, {} {} the two sides in different environments, so a part of the difference may be theirs.",
            whole(n),
            if n == 1 { "has" } else { "have" }
        ),
    }
}
