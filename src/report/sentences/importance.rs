//! Sentences on what the metric goes with: shares of its variance, means by value, interactions.

use super::{environments, list, listed};
use crate::analysis::{Analysis, Cell, Design, Effect, Goal, Importance, Level, Method};
use crate::report::number::{count, number, percent};

/// Shares below this are told together.
const SMALL: f64 = 0.02;
/// Replicates of a configuration below which a bootstrap over them is narrow: with three, some four intervals of five hold the truth.
const FEW: usize = 5;
/// Shares that are told each by itself.
const TOLD: usize = 4;
/// What a forest must explain of unseen configurations for its shares to mean much.
const ENOUGH: f64 = 0.5;

/// The metric as a design has it: `log10 domain_rmse`.
#[must_use]
pub fn scaled(analysis: &Analysis, design: &Design) -> String {
    let metric = &analysis.metric.name;
    if design.logarithmic { format!("log10 {metric}") } else { metric.clone() }
}

/// Where the runs of a design are from: ` on square in the grid fixes`; empty where it has all.
#[must_use]
pub fn scope(analysis: &Analysis, design: &Design) -> String {
    let problem = match analysis.problems.len() {
        1 => String::new(),
        _ => format!(" on {}", analysis.problems[design.problem].label),
    };
    let grid = design.grid.as_ref().map_or(String::new(), |grid| format!(" in the grid {grid}"));
    problem + &grid
}

/// A value of a design as the metric has it.
#[must_use]
pub fn value(design: &Design, value: f64) -> f64 {
    if design.logarithmic { 10f64.powf(value) } else { value }
}

/// What the variance of the metric goes with.
#[must_use]
pub fn shares(analysis: &Analysis, importance: &Importance) -> String {
    let design = &importance.design;
    let axis = |axis: usize| design.axes[axis].label();
    let mains = importance.mains.iter().enumerate().map(|(own, share)| (*share, axis(own)));
    let pairs = importance
        .pairs
        .iter()
        .map(|&(a, b, share)| (share, format!("{} and {} together beyond both alone", axis(a), axis(b))));
    let mut parts: Vec<(f64, String)> = mains.chain(pairs).collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told = parts.iter().take(TOLD).take_while(|(share, _)| *share >= SMALL).count().max(1);
    let rest: f64 = parts[told..].iter().map(|(share, _)| share).sum::<f64>() + importance.higher;
    let with = |(place, (share, what)): (usize, &(f64, String))| {
        let goes = if place == 0 { " goes" } else { "" };
        format!("{}{goes} with {what}", percent(*share))
    };
    let mut shown: Vec<String> = parts[..told].iter().enumerate().map(with).collect();
    if rest >= 0.005 {
        shown.push(format!("{} with all else that configurations differ in", percent(rest)));
    }
    if let Some(noise) = importance.noise {
        shown.push(format!("{} is luck of the seed", percent(noise)));
    }
    if let Some(rest) = importance.unexplained {
        shown.push(format!("{} is luck of the seed or what is missed here", percent(rest)));
    }
    let runs = count(design.rows.len(), "run");
    let told = format!(
        "Of the variance of {} over {runs}{}, {}",
        scaled(analysis, design),
        scope(analysis, design),
        list(&shown)
    );
    let once = if importance.noise.is_none() && importance.method == Method::Exact {
        "; every configuration was trained once, so luck of the seed is among these shares"
    } else {
        ""
    };
    format!("{told}{once}.{}", doubt(importance))
}

/// How far shares from a forest can be relied on; empty for exact ones.
fn doubt(importance: &Importance) -> String {
    let Method::Forest { r2, .. } = importance.method else { return String::new() };
    let told = match r2 {
        Some(r2) if r2 < ENOUGH => {
            format!(
                "explains only {} of configurations that it has not seen: too little to rely on",
                percent(r2.max(0.0))
            )
        }
        Some(r2) => format!("explains {} of configurations that it has not seen", percent(r2)),
        None => "has seen every configuration, so nothing tells how good it is".to_owned(),
    };
    format!(" These shares are from a regression forest, since not all combinations have a run; it {told}.")
}

/// How shares were told, and what was left out: for captions.
#[must_use]
pub fn method(analysis: &Analysis, importance: &Importance) -> String {
    told_by(importance) + &left_out(analysis, &importance.design)
}

/// How shares were told.
#[must_use]
pub fn told_by(importance: &Importance) -> String {
    let design = &importance.design;
    let told = match importance.method {
        Method::Exact => {
            let freed = if importance.noise.is_some() { ", freed of the noise of replicates" } else { "" };
            format!(
                "Exact functional analysis of variance of the means of all combinations, each with the same weight{freed}."
            )
        }
        Method::Forest { sampled, .. } => {
            let of = if sampled < design.rows.len() {
                format!(", grown from {} in whole configurations drawn from all", count(sampled, "run"))
            } else {
                String::new()
            };
            format!(
                "Functional analysis of variance over the partitions of a regression forest{of}, every value of an axis equally likely."
            )
        }
    };
    if importance.binned.is_empty() {
        return told;
    }
    let axes: Vec<String> = importance.binned.iter().map(|&axis| design.axes[axis].label()).collect();
    format!("{told} Values of {} are put into bins of about as many runs each.", list(&axes))
}

/// What intervals of shares are from, or why there are none.
#[must_use]
pub fn intervals(importance: &Importance) -> String {
    let exact = importance.method == Method::Exact;
    match &importance.intervals {
        Some(found) if exact => {
            let design = &importance.design;
            let configurations = design.configurations.iter().max().map_or(0, |last| last + 1);
            let few = if design.rows.len() < FEW * configurations {
                "; of so few replicates they come out somewhat narrow"
            } else {
                ""
            };
            format!(
                " Intervals of 95\u{a0}% are from {} of the replicates of each combination: they say what other seeds would change{few}.",
                count(found.samples, "bootstrap sample")
            )
        }
        Some(found) => format!(
            " Intervals of 95\u{a0}% are from {} of whole configurations, with a forest grown of each, and moved by what those are off in the mean.",
            count(found.samples, "bootstrap sample")
        ),
        None if exact && importance.noise.is_none() => {
            " There are no intervals, since every configuration was trained once.".into()
        }
        None if exact && importance.noise == Some(0.0) => {
            " There are no intervals, since no two replicates differ.".into()
        }
        None => " There are no intervals: so many runs are not taken apart again and again.".into(),
    }
}

/// Runs and values that a design cannot tell of, and that its runs come from several environments; empty where neither is so.
#[must_use]
pub fn left_out(analysis: &Analysis, design: &Design) -> String {
    let missing = design.missing.len();
    let told = [
        (missing > 0).then(|| format!(" {} without a value left out.", count(missing, "run"))),
        (!design.silent.is_empty())
            .then(|| format!(" No run with {} has a value.", listed(&design.silent, "nor with"))),
        environments::of_design(analysis, design).map(|several| format!(" {several}")),
    ];
    told.into_iter().flatten().collect()
}

/// The best and the worst value of an axis by their means.
#[must_use]
pub fn effect(analysis: &Analysis, design: &Design, effect: &Effect) -> String {
    let mut levels: Vec<&Level> = effect.levels.iter().collect();
    levels.sort_by(|a, b| analysis.metric.goal.order(a.mean, b.mean));
    let (best, worst) = (levels[0], levels[levels.len() - 1]);
    let axis = &design.axes[effect.axis];
    let one = |level: &Level| format!("{} ({})", number(value(design, level.mean)), axis.told(&level.name));
    let interval = match best.interval {
        Some((low, high)) => {
            format!(", 95\u{a0}% interval {} to {}", number(value(design, low)), number(value(design, high)))
        }
        None => String::new(),
    };
    let mean = if design.logarithmic { "geometric mean" } else { "mean" };
    let beside = if effect.balanced {
        "beside each value stand the same others"
    } else {
        "beside the values stand different others, so they differ by more than this axis"
    };
    let axis = axis.label();
    let end = if analysis.metric.goal == Goal::Minimize { "smallest" } else { "largest" };
    format!(
        "By {axis} the {end} {mean} of {} is {}{interval}, and at the other end stands {}; {beside}.",
        analysis.metric.name,
        one(best),
        one(worst)
    )
}

/// The strongest pair of axes.
#[must_use]
pub fn interaction(importance: &Importance) -> String {
    let axis = |axis: usize| importance.design.axes[axis].label();
    let among = count(importance.pairs.len(), "pair");
    match importance.pairs.first() {
        Some(&(a, b, share)) if share >= 0.01 => format!(
            "Of {among} of axes, {} and {} explain the most together beyond both alone: {} of the variance.",
            axis(a),
            axis(b),
            percent(share)
        ),
        _ => format!("Of {among} of axes, none explains as much as 1\u{a0}% of the variance beyond both alone."),
    }
}

/// What the strongest pair does: where the best value of one axis changes with the other.
#[must_use]
pub fn crossing(analysis: &Analysis, design: &Design, (first, second): (usize, usize), cells: &[Cell]) -> String {
    let (one, other) = (&design.axes[first], &design.axes[second]);
    let best = |place: usize| {
        let own = cells.iter().filter(|cell| cell.second == place);
        own.min_by(|a, b| analysis.metric.goal.order(a.level.mean, b.level.mean)).map(|cell| cell.first)
    };
    let winners: Vec<Option<usize>> = (0..other.levels.len()).map(best).collect();
    let all: Vec<usize> = winners.iter().flatten().copied().collect();
    let mean = if design.logarithmic { "geometric mean" } else { "mean" };
    let Some(&first_winner) = all.first() else { return String::new() };
    let near = near(analysis, cells, other.levels.len());
    let near: Vec<String> = near.into_iter().map(|place| other.told(&other.levels[place])).collect();
    let doubt = match near.len() {
        0 => String::new(),
        n if n == winners.iter().flatten().count() => " The intervals of the two best overlap with each.".to_owned(),
        _ => format!(" The intervals of the two best overlap with {}.", list(&near)),
    };
    if all.iter().all(|&winner| winner == first_winner) {
        return format!(
            "With every value of {}, the best {} by {mean} is {}.{doubt}",
            other.label(),
            one.label(),
            one.told(&one.levels[first_winner])
        );
    }
    let mut told = Vec::new();
    for (level, name) in one.levels.iter().enumerate() {
        let with = other.levels.iter().zip(&winners).filter(|(_, winner)| **winner == Some(level));
        let with: Vec<String> = with.map(|(name, _)| other.told(name)).collect();
        if !with.is_empty() {
            told.push(format!("{} with {}", one.told(name), list(&with)));
        }
    }
    format!("Which {} is best by {mean} depends on {}: {}.{doubt}", one.label(), other.label(), told.join("; "))
}

/// Values of the second axis with which the intervals of the two best cells overlap.
fn near(analysis: &Analysis, cells: &[Cell], values: usize) -> Vec<usize> {
    let overlap = |place: &usize| {
        let mut own: Vec<&Level> = cells.iter().filter(|cell| cell.second == *place).map(|cell| &cell.level).collect();
        own.sort_by(|a, b| analysis.metric.goal.order(a.mean, b.mean));
        let [first, second, ..] = own[..] else { return false };
        match (first.interval, second.interval) {
            (Some(one), Some(other)) => one.0 <= other.1 && other.0 <= one.1,
            _ => false,
        }
    };
    (0..values).filter(overlap).collect()
}
