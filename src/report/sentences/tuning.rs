//! Sentences on the best of each value of an axis when everything else is chosen for it.

use crate::analysis::{Analysis, Tuned, Tuning};
use crate::report::number::{count, number, whole};

use super::article;
use super::importance::scope;

/// Who comes first and last, and from how many each was chosen.
#[must_use]
pub fn tuned(analysis: &Analysis, tuning: &Tuning) -> String {
    let design = &analysis.importances[tuning.importance].design;
    let axis = &design.axes[tuning.axis];
    let value = |tuned: &Tuned| number(tuned.metric.mean);
    let best = &tuning.levels[0];
    let near = if tuning.clear == Some(false) { ", which cannot be told apart," } else { "" };
    let rest = match &tuning.levels[1..] {
        [] => String::new(),
        [only] => format!(", {} second with {}{}", axis.told(&only.level), value(only), near.trim_end_matches(',')),
        [next, .., last] => {
            let (next, last) = ((axis.told(&next.level), value(next)), (axis.told(&last.level), value(last)));
            format!(", {} second with {}{near} and {} last with {}", next.0, next.1, last.0, last.1)
        }
    };
    format!(
        "With everything else chosen for each value of {}{}, {} comes first with {} {} of {}{rest}. {}",
        axis.label(),
        scope(analysis, design),
        axis.told(&best.level),
        article(&analysis.metric.name),
        analysis.metric.name,
        value(best),
        optimism(tuning)
    )
}

/// From how many each was chosen, and how much that flatters.
#[must_use]
pub fn optimism(tuning: &Tuning) -> String {
    let best = &tuning.levels[0];
    let from = if tuning.equal {
        format!("Each is the best of {}", count(best.among, "configuration"))
    } else {
        let counts = || tuning.levels.iter().map(|tuned| tuned.among);
        let (low, high) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        format!(
            "They are not tuned alike: one is the best of {}, another of {}; each",
            whole(low),
            count(high, "configuration")
        )
    };
    let seeds = best.metric.n();
    let chosen = if tuning.equal { ", chosen" } else { " was chosen" };
    let value = number(best.metric.mean);
    let honest = match best.left_out {
        Some(mean) if number(mean) == value => {
            format!("; chosen for each seed by the other {}, the first has the same", whole(seeds.saturating_sub(1)))
        }
        Some(mean) => format!(
            "; chosen for each seed by the other {}, the first has {}",
            whole(seeds.saturating_sub(1)),
            number(mean)
        ),
        None => String::new(),
    };
    let by = if seeds > 1 {
        "by the same seeds that it is judged by, which flatters it"
    } else {
        "by the same run that it is judged by, which flatters it"
    };
    format!("{from}{chosen} {by}{honest}.")
}
