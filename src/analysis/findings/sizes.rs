//! Error against the size of networks with nonlinearities; where shapes share a size, against depth.

use std::collections::BTreeMap;

use super::settings::{Key, Setting, differing, key, words};
use super::{main_problem, rows_of};
use crate::analysis::founding::{hidden_layers, is_linear};
use crate::analysis::{Group, Metric, Problem, Records, Summary};

/// Shapes from which on they are compared.
const SHAPES: usize = 3;
/// Sizes this near to each other are one budget.
const ALIKE: f64 = 1.15;
/// Sizes that differ by less are not worth an axis.
const RANGE: f64 = 2.0;

/// Error against size.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// What is to be learnt: index of a problem.
    pub problem: usize,
    /// What is compared: the metric, or the error over the domain where that is no error.
    pub column: String,
    /// Whether shapes share their sizes, so that they are compared by depth.
    pub by_depth: bool,
    /// By what else differs.
    pub compared: Vec<Compared>,
    /// Runs of them.
    pub runs: usize,
}

/// Networks that differ in nothing but shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// In words; empty where nothing else differs.
    pub label: String,
    /// By size.
    pub budgets: Vec<Budget>,
}

/// Networks of about one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The median of their numbers of parameters.
    pub parameters: f64,
    /// By depth, then by size.
    pub shapes: Vec<Shape>,
}

/// Networks of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Hidden layers.
    pub layers: usize,
    /// Parameters.
    pub parameters: f64,
    /// The error.
    pub error: Summary,
}

/// Rows by hidden layers and parameters.
type ByShape = BTreeMap<(usize, String), Vec<usize>>;

/// There where networks with nonlinearities that differ in nothing else have at least three shapes, and either sizes
/// that differ by more than a factor of two or several shapes of one size.
pub(super) fn sizes(
    records: &Records,
    settings: &[Setting],
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Option<Sizes> {
    let wanted = |row: usize| !is_linear(records, row) && records.number(row, "parameters").is_some();
    let problem = main_problem(problems, groups, wanted)?;
    let rows: Vec<usize> = rows_of(&problems[problem], groups).into_iter().filter(|&row| wanted(row)).collect();
    let column = if metric.name.contains("rmse") { metric.name.clone() } else { "domain_rmse".to_owned() };
    let shape = ["hidden", "depth", "width"];
    let rest: Vec<&Setting> =
        differing(settings, &rows).into_iter().filter(|setting| !shape.contains(&setting.name)).collect();
    let mut parts: BTreeMap<Key, ByShape> = BTreeMap::new();
    for &row in &rows {
        let shapes = parts.entry(key(rest.iter().copied(), row)).or_default();
        let parameters = records.number(row, "parameters").unwrap_or_default();
        shapes.entry((hidden_layers(records, row), format!("{parameters:020}"))).or_default().push(row);
    }
    let mut compared = Vec::new();
    for shapes in parts.into_values().filter(|shapes| shapes.len() >= SHAPES) {
        let first = *shapes.values().next()?.first()?;
        let shape = |((layers, _), rows): ((usize, String), Vec<usize>)| {
            let error = Summary::of(rows.iter().map(|&row| (row, records.number(row, &column))))?;
            Some(Shape { layers, parameters: records.number(rows[0], "parameters")?, error })
        };
        let shapes: Vec<Shape> = shapes.into_iter().filter_map(shape).collect();
        let label = words(rest.iter().copied(), first).unwrap_or_default();
        compared.push(Compared { label, budgets: budgets(shapes) });
    }
    let shapes = || compared.iter().flat_map(|part| &part.budgets).flat_map(|budget| &budget.shapes);
    let parameters = shapes().map(|shape| shape.parameters);
    let range = parameters.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), p| (l.min(p), h.max(p)));
    let shared = |part: &Compared| part.budgets.iter().all(|budget| budget.shapes.len() >= SHAPES);
    let by_depth = !compared.is_empty() && compared.iter().all(shared);
    let runs = shapes().map(|shape| shape.error.n()).sum();
    let worth = by_depth || range.1 > RANGE * range.0;
    (runs > 0 && worth).then_some(Sizes { problem, column, by_depth, compared, runs })
}

/// Shapes by size: the next budget begins where a size is further from the smallest of this one.
fn budgets(mut shapes: Vec<Shape>) -> Vec<Budget> {
    shapes.sort_by(|a, b| a.parameters.total_cmp(&b.parameters));
    let mut budgets: Vec<Budget> = Vec::new();
    for shape in shapes {
        match budgets.last_mut() {
            Some(budget) if shape.parameters <= ALIKE * budget.parameters => budget.shapes.push(shape),
            _ => budgets.push(Budget { parameters: shape.parameters, shapes: vec![shape] }),
        }
    }
    for budget in &mut budgets {
        budget.parameters = super::median(budget.shapes.iter().map(|shape| shape.parameters)).unwrap_or_default();
        budget.shapes.sort_by(|a, b| {
            (a.layers, a.parameters).partial_cmp(&(b.layers, b.parameters)).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
    budgets
}
