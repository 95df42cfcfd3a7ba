//! Sentences on kinds of luck: the spread of runs that draw one thing anew.

use super::list;
use crate::analysis::{Analysis, Kind, Luck, Spread};
use crate::report::number::{number, percent, significant};

/// What a kind of luck is called.
#[must_use]
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Data => "examples",
        Kind::Init => "initial weights",
        Kind::Shuffle => "order of examples",
        Kind::All => "everything",
    }
}

/// A kind of luck that is drawn anew.
fn anew(kind: Kind) -> &'static str {
    match kind {
        Kind::Data => "new examples",
        Kind::Init => "new initial weights",
        Kind::Shuffle => "a new order of examples",
        Kind::All => "everything anew",
    }
}

/// A spread with its interval: `a factor of 1.5 (1.4 to 1.7)`.
#[must_use]
pub fn spread(luck: &Luck, spread: &Spread) -> String {
    let (low, high) = spread.interval;
    if luck.logarithmic {
        let factor = |sd: f64| significant(10f64.powf(sd), 3);
        format!("a factor of {} ({} to {})", factor(spread.sd), factor(low), factor(high))
    } else {
        format!("{} ({} to {})", number(spread.sd), number(low), number(high))
    }
}

/// The kinds of luck of a configuration beside each other.
#[must_use]
pub fn kinds(analysis: &Analysis, luck: &Luck) -> String {
    let metric = &analysis.metric.name;
    let group = &analysis.groups[luck.group];
    let of = if analysis.groups.len() > 1 { format!(" of {}", group.label) } else { String::new() };
    let singles: Vec<&Spread> = luck.spreads.iter().filter(|spread| spread.kind != Kind::All).collect();
    let told: Vec<String> =
        singles.iter().map(|one| format!("{} with {} alone", spread(luck, one), anew(one.kind))).collect();
    let all = luck.spreads.iter().find(|spread| spread.kind == Kind::All);
    let (beside, told) = match all {
        Some(all) => (format!("{} with everything drawn anew", spread(luck, all)), format!("; it is {}", list(&told))),
        None => (list(&told), String::new()),
    };
    let shares: Vec<String> =
        singles.iter().filter_map(|one| Some(format!("{} with the {}", percent(one.share?), kind(one.kind)))).collect();
    let shares = if shares.is_empty() {
        String::new()
    } else {
        let what = if luck.logarithmic { "the variance of its logarithm" } else { "its variance" };
        format!(
            " Of {what} with everything drawn anew, that is {}: kinds of luck act together, so their shares need not add up to 100\u{a0}%.",
            list(&shares)
        )
    };
    format!("The standard deviation of {metric}{of} is {beside}{told} (95\u{a0}% intervals).{shares}")
}
