//! Linear networks over the computed floor of their task, by task and size of the range.

use std::collections::BTreeMap;

use crate::analysis::founding::{AT_FLOOR, is_linear};
use crate::analysis::{Records, Summary};

/// Tasks and sizes from which on they are compared.
const TASKS: usize = 3;
/// How far below 1 an excess may come by rounding in 32-bit numbers alone.
const ROUNDING: f64 = 1e-4;

/// Linear networks over their floor.
#[derive(Clone, Debug, PartialEq)]
pub struct Floors {
    /// By task and size, in the order of the reference.
    pub tasks: Vec<OfTask>,
    /// Runs whose error over the floor is known.
    pub runs: usize,
    /// Those of them within one per cent of it.
    pub reached: usize,
    /// Runs below the floor: none, if the theory holds.
    pub below: Vec<usize>,
    /// Runs on tasks whose floor is 0, and the largest error of them over the domain.
    pub zero: (usize, Option<f64>),
}

/// A task on a range.
#[derive(Clone, Debug, PartialEq)]
pub struct OfTask {
    /// The task.
    pub task: String,
    /// The largest number.
    pub largest: f64,
    /// Error over the domain divided by the floor; `None` where the floor is 0.
    pub excess: Option<Summary>,
    /// Its runs.
    pub rows: Vec<usize>,
}

/// There where linear networks were trained on at least three tasks or sizes whose floor is above 0.
pub(super) fn floors(records: &Records) -> Option<Floors> {
    let (tasks, sizes) = (records.factor("task")?, records.factor("largest")?);
    let mut by_task: BTreeMap<(Option<usize>, Option<usize>), Vec<usize>> = BTreeMap::new();
    for row in (0..records.runs.len()).filter(|&row| is_linear(records, row)) {
        if records.number(row, "affine_floor").is_some() {
            by_task.entry((tasks.code(row), sizes.code(row))).or_default().push(row);
        }
    }
    let of_task = |rows: Vec<usize>| OfTask {
        task: tasks.level(rows[0]).unwrap_or("the task").to_owned(),
        largest: records.number(rows[0], "largest").unwrap_or(f64::NAN),
        excess: Summary::of(rows.iter().map(|&row| (row, records.number(row, "excess")))),
        rows,
    };
    let tasks: Vec<OfTask> = by_task.into_values().map(of_task).collect();
    if tasks.iter().filter(|task| task.excess.is_some()).count() < TASKS {
        return None;
    }
    let values = || tasks.iter().filter_map(|task| task.excess.as_ref()).flat_map(|excess| &excess.values);
    let zero: Vec<usize> =
        tasks.iter().filter(|task| task.excess.is_none()).flat_map(|task| task.rows.iter().copied()).collect();
    let worst = zero.iter().filter_map(|&row| records.number(row, "domain_rmse")).reduce(f64::max);
    Some(Floors {
        runs: values().count(),
        reached: values().filter(|(_, excess)| *excess <= AT_FLOOR).count(),
        below: values().filter(|(_, excess)| *excess < 1.0 - ROUNDING).map(|(row, _)| *row).collect(),
        zero: (zero.len(), worst),
        tasks,
    })
}
