//! Sentences on claims: what each was told by, and what breaks it.

use super::list;
use crate::analysis::{Comparison, Goal, Outcome, Verdict};
use crate::report::number::{count, number, ratio, whole};

/// What a verdict was told by: sentences that stand below its claim.
#[must_use]
pub fn told(verdict: &Verdict) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(reason) = &verdict.reason {
        told.push(format!("Not tested: {reason}."));
    }
    let numbers: Vec<String> = verdict
        .numbers
        .iter()
        .zip(&verdict.valued)
        .map(|((text, value), valued)| one(verdict, text, *value, *valued))
        .collect();
    if !verdict.rows.is_empty() {
        let about = format!("Told by {}", count(verdict.rows.len(), "run"));
        told.push(if numbers.is_empty() { format!("{about}.") } else { format!("{about}: {}.", list(&numbers)) });
    }
    told.extend(verdict.comparison.as_ref().map(comparison));
    if !verdict.breaking.is_empty() {
        let verb = if verdict.breaking.len() == 1 { "breaks" } else { "break" };
        told.push(format!("Of them, {} {verb} it.", whole(verdict.breaking.len())));
    } else if verdict.outcome == Outcome::Fails && verdict.comparison.is_none() {
        told.push("No single run breaks it: they do together.".into());
    }
    if verdict.untrained > 0 {
        let verb = if verdict.untrained == 1 { "is" } else { "are" };
        let untrained = whole(usize::try_from(verdict.untrained).unwrap_or(usize::MAX));
        told.push(format!(
            "Of the runs that the sweep asks for, {untrained} {verb} not trained yet, and may change this."
        ));
    }
    told
}

fn one(verdict: &Verdict, text: &str, value: Option<f64>, valued: usize) -> String {
    let value = match value {
        Some(value) if (value - 1.0).abs() < 0.095 => ratio(value),
        Some(value) => number(value),
        None => "nothing".into(),
    };
    let of = verdict.rows.len();
    let from = if valued == of { String::new() } else { format!(" (from {} of them)", whole(valued)) };
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
    if left.is_empty() { format!("{told}.") } else { format!("{told}; {}.", list(&left)) }
}
