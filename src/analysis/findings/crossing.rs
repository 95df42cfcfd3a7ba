//! A complete or nearly complete crossing of two or three axes of words, with nothing else that differs in a cell but how
//! the step was tuned.

use std::collections::{BTreeMap, BTreeSet};

use super::settings::{Key, Setting, TUNED, is_words, key};
use crate::analysis::{Group, Metric, PROBLEM, Problem};

/// Cells from which on a crossing is worth a map.
const CELLS: usize = 6;
/// Share of the combinations that must have been tried.
const COMPLETE: f64 = 0.8;
/// Axes that are tried for a crossing.
const AXES: usize = 8;

/// Configurations by their values of the axes, the best of each cell first.
type Cells = BTreeMap<Vec<usize>, Vec<usize>>;

/// A crossing.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// What is to be learnt: index of a problem.
    pub problem: usize,
    /// From left to right: name and values.
    pub columns: (&'static str, Vec<String>),
    /// From top to bottom.
    pub rows: (&'static str, Vec<String>),
    /// By panel; `None` for two axes.
    pub panels: Option<(&'static str, Vec<String>)>,
    /// Its cells.
    pub cells: Vec<Crossed>,
    /// The affine floor, where the metric is held against it.
    pub floor: Option<f64>,
    /// For each value of each axis, how many of its cells have a median below the floor.
    pub levels: Vec<LevelOf>,
    /// Configurations that a better tuned one of the same cell stands for.
    pub outdone: usize,
    /// Runs in its cells.
    pub runs: usize,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    /// Column, row and panel.
    pub place: (usize, usize, usize),
    /// Its configuration: index of a group.
    pub group: usize,
    /// The median over replicates; `None` where no run has the metric.
    pub median: Option<f64>,
}

/// Cells with one value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelOf {
    /// The axis.
    pub axis: &'static str,
    /// The value.
    pub level: String,
    /// Cells with a median.
    pub cells: usize,
    /// Those of them below the floor.
    pub below: usize,
    /// Smallest and largest median of its cells.
    pub range: (f64, f64),
}

/// The crossing that holds the most runs; there where it has at least six cells, four fifths of its combinations.
pub(super) fn crossing(
    settings: &[Setting],
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Option<Crossing> {
    let mut best: Option<(usize, usize, Vec<&Setting>, Cells)> = None;
    for (problem, members) in problems.iter().enumerate() {
        let firsts: Vec<usize> = members.groups.iter().map(|&group| groups[group].rows[0]).collect();
        let varying: Vec<&Setting> = super::settings::differing(settings, &firsts);
        let varying: Vec<&Setting> = varying.into_iter().filter(|setting| !PROBLEM.contains(&setting.name)).collect();
        let words: Vec<&Setting> = varying.iter().copied().filter(|setting| is_words(setting)).take(AXES).collect();
        for axes in choices(&words) {
            let Some((runs, cells)) = largest(&axes, &varying, &members.groups, groups) else { continue };
            if best.as_ref().is_none_or(|(most, ..)| runs > *most) {
                best = Some((runs, problem, axes, cells));
            }
        }
    }
    let (runs, problem, axes, cells) = best?;
    Some(build(metric, (problem, problems[problem].floor), groups, axes, &cells, runs))
}

/// All sets of three and of two axes.
fn choices<'s>(words: &[&'s Setting]) -> Vec<Vec<&'s Setting>> {
    let mut choices = Vec::new();
    for (a, first) in words.iter().enumerate() {
        for (b, second) in words.iter().enumerate().skip(a + 1) {
            choices.push(vec![*first, *second]);
            choices.extend(words.iter().skip(b + 1).map(|third| vec![*first, *second, *third]));
        }
    }
    choices
}

/// The part of the configurations, alike in all else, whose crossing of the axes holds the most runs: runs in the cells,
/// and the configurations of each cell, the best first.
fn largest(axes: &[&Setting], varying: &[&Setting], members: &[usize], groups: &[Group]) -> Option<(usize, Cells)> {
    let rest: Vec<&Setting> = varying
        .iter()
        .copied()
        .filter(|setting| setting.name != TUNED && axes.iter().all(|axis| axis.name != setting.name))
        .collect();
    let mut parts: BTreeMap<Key, Cells> = BTreeMap::new();
    for &group in members {
        let row = groups[group].rows[0];
        if let Some(place) = key(axes.iter().copied(), row).into_iter().collect::<Option<Vec<usize>>>() {
            let part = parts.entry(key(rest.iter().copied(), row)).or_default();
            part.entry(place).or_default().push(group);
        }
    }
    let whole = |cells: &Cells| {
        let levels = |axis: usize| cells.keys().map(|place| place[axis]).collect::<BTreeSet<_>>().len();
        let sizes: Vec<usize> = (0..axes.len()).map(levels).collect();
        let all: usize = sizes.iter().product();
        sizes.iter().all(|size| *size > 1) && cells.len() >= CELLS && cells.len() as f64 >= COMPLETE * all as f64
    };
    let runs =
        |cells: &Cells| -> usize { cells.values().map(|configurations| groups[configurations[0]].rows.len()).sum() };
    let parts = parts.into_values().filter(whole).map(|cells| (runs(&cells), cells));
    parts.reduce(|a, b| if b.0 > a.0 { b } else { a })
}

fn build(
    metric: &Metric,
    (problem, floor): (usize, Option<f64>),
    groups: &[Group],
    axes: Vec<&Setting>,
    cells: &Cells,
    runs: usize,
) -> Crossing {
    let used = |axis: usize| cells.keys().map(|place| place[axis]).collect::<BTreeSet<usize>>();
    let mut axes: Vec<(usize, &Setting, Vec<usize>)> = axes
        .into_iter()
        .enumerate()
        .map(|(place, setting)| (place, setting, used(place).into_iter().collect()))
        .collect();
    // The longest axis goes down, the shortest over panels.
    axes.sort_by_key(|(place, _, codes)| (std::cmp::Reverse(codes.len()), *place));
    let order = [1, 0, 2];
    let named = |axis: usize| {
        let (_, setting, codes) = &axes[axis];
        (setting.name, codes.iter().map(|&code| setting.levels[code].clone()).collect::<Vec<String>>())
    };
    let mut crossed = Vec::new();
    for (place, configurations) in cells {
        let along = |axis: usize| {
            axes.get(axis).map_or(0, |(own, _, codes)| codes.iter().position(|&code| code == place[*own]).unwrap_or(0))
        };
        let group = configurations[0];
        let median = groups[group].metric.as_ref().map(|metric| metric.median);
        crossed.push(Crossed { place: (along(order[0]), along(order[1]), along(order[2])), group, median });
    }
    crossed.sort_by_key(|cell| (cell.place.2, cell.place.1, cell.place.0));
    let error = ["domain_rmse", "test_rmse"].contains(&metric.name.as_str());
    let floor = floor.filter(|floor| error && *floor > 0.0);
    let mut levels = Vec::new();
    for (_, setting, codes) in &axes {
        for &code in codes {
            let own = crossed.iter().filter(|cell| setting.code(groups[cell.group].rows[0]) == Some(code));
            let medians: Vec<f64> = own.filter_map(|cell| cell.median).collect();
            let range = medians.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), m| (l.min(*m), h.max(*m)));
            // A hair below it is the luck of a draw.
            let below = medians.iter().filter(|median| floor.is_some_and(|floor| **median < 0.95 * floor)).count();
            let level = setting.levels[code].clone();
            levels.push(LevelOf { axis: setting.name, level, cells: medians.len(), below, range });
        }
    }
    Crossing {
        problem,
        columns: named(order[0]),
        rows: named(order[1]),
        panels: (axes.len() > 2).then(|| named(order[2])),
        cells: crossed,
        floor,
        levels,
        outdone: cells.values().map(|configurations| configurations.len() - 1).sum(),
        runs,
    }
}
