//! Linear networks on squares by depth: error over the floor, a line a scale.

use std::collections::{BTreeMap, BTreeSet};

use super::settings::{Key, Setting, differing, key, words};
use crate::analysis::Records;
use crate::analysis::founding::{hidden_layers, is_bare, is_linear};
use crate::analysis::statistics::student_975;

/// What makes a network deep: the axis itself.
const SHAPE: [&str; 4] = ["hidden", "depth", "width", "activation"];
/// What a line may stand for, and what panels are apart by.
const SCALES: [&str; 3] = ["normalization", "input_normalization", "target_normalization"];
/// Depths from which on a line is one.
const DEPTHS: usize = 3;
/// How far below 1 an excess may come by rounding in 32-bit numbers alone.
const ROUNDING: f64 = 1e-6;

/// Linear networks by depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Depths {
    /// By what else differs, then by scale.
    pub lines: Vec<Line>,
    /// Runs that are on no line, since they differ from those in something else.
    pub others: Vec<usize>,
    /// Runs on lines.
    pub runs: usize,
    /// Runs below the floor: none, if the theory holds.
    pub below: usize,
    /// The smallest excess of all.
    pub closest: f64,
}

/// Networks that differ in depth alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What its panel has in common; empty where nothing else differs.
    pub panel: String,
    /// The scale.
    pub scale: String,
    /// By hidden layers.
    pub points: Vec<Point>,
}

/// Networks of one depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Hidden layers; 0 is a single affine map.
    pub layers: usize,
    /// Runs and their RMSE over the domain divided by the floor.
    pub values: Vec<(usize, f64)>,
    /// Runs without one.
    pub without: usize,
    /// The geometric mean.
    pub mean: f64,
    /// The Student 95 % interval of the mean logarithm, as numbers; `None` for a single run.
    pub interval: Option<(f64, f64)>,
}

/// Rows by hidden layers.
type ByDepth = BTreeMap<usize, Vec<usize>>;

/// There where linear networks on squares of the bare number that differ in nothing but scale have at least three
/// depths.
pub(super) fn depths(records: &Records, settings: &[Setting]) -> Option<Depths> {
    let own = |&row: &usize| {
        records.value(row, "task") == Some("square")
            && is_linear(records, row)
            && is_bare(records, row)
            && records.number(row, "affine_floor").is_some()
    };
    let rows: Vec<usize> = (0..records.runs.len()).filter(own).collect();
    let telling: Vec<&Setting> =
        differing(settings, &rows).into_iter().filter(|setting| !SHAPE.contains(&setting.name)).collect();
    let (scales, rest): (Vec<&Setting>, Vec<&Setting>) =
        telling.into_iter().partition(|setting| SCALES.contains(&setting.name));
    let mut panels: BTreeMap<Key, BTreeMap<Key, ByDepth>> = BTreeMap::new();
    for &row in &rows {
        let panel = panels.entry(key(rest.iter().copied(), row)).or_default();
        let line = panel.entry(key(scales.iter().copied(), row)).or_default();
        line.entry(hidden_layers(records, row)).or_default().push(row);
    }
    let (mut lines, mut others) = (Vec::new(), Vec::new());
    for scale in panels.into_values() {
        for depths in scale.into_values() {
            if depths.len() < DEPTHS {
                others.extend(depths.into_values().flatten());
                continue;
            }
            let first = *depths.values().next()?.first()?;
            let points = depths.into_iter().filter_map(|(layers, rows)| point(records, layers, &rows));
            lines.push(Line {
                panel: words(rest.iter().copied(), first).unwrap_or_default(),
                scale: words(scales.iter().copied(), first).unwrap_or_else(|| "linear networks".into()),
                points: points.collect(),
            });
        }
    }
    if lines.is_empty() {
        return None;
    }
    let values: Vec<f64> = lines
        .iter()
        .flat_map(|line| &line.points)
        .flat_map(|point| point.values.iter().map(|(_, value)| *value))
        .chain(others.iter().filter_map(|&row| records.number(row, "excess")))
        .collect();
    others.sort_unstable();
    let on_lines: BTreeSet<usize> =
        lines.iter().flat_map(|line| &line.points).flat_map(|point| point.values.iter().map(|(row, _)| *row)).collect();
    Some(Depths {
        runs: on_lines.len(),
        below: values.iter().filter(|value| **value < 1.0 - ROUNDING).count(),
        closest: values.iter().copied().fold(f64::INFINITY, f64::min),
        lines,
        others,
    })
}

fn point(records: &Records, layers: usize, rows: &[usize]) -> Option<Point> {
    let value = |&row: &usize| Some((row, records.number(row, "excess").filter(|excess| *excess > 0.0)?));
    let values: Vec<(usize, f64)> = rows.iter().filter_map(value).collect();
    let n = values.len() as f64;
    let logs = || values.iter().map(|(_, value)| value.ln());
    let mean = logs().sum::<f64>() / n;
    let interval = (values.len() > 1).then(|| {
        let sd = (logs().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let half = student_975(values.len() - 1) * sd / n.sqrt();
        ((mean - half).exp(), (mean + half).exp())
    });
    let without = rows.len() - values.len();
    (!values.is_empty()).then(|| Point { layers, values, without, mean: mean.exp(), interval })
}
