//! The functions to learn, exact in f64 on whole numbers.

use crate::config::{Configuration, Task};

/// The right answer for one row of operands.
#[must_use]
pub fn target(task: Task, operands: &[u32]) -> f64 {
    match task {
        Task::Sum => operands.iter().map(|&x| f64::from(x)).sum(),
        Task::Product => operands.iter().map(|&x| f64::from(x)).product(),
        Task::Square => f64::from(operands[0]) * f64::from(operands[0]),
        _ => todo!(),
    }
}

/// Smallest and largest target on the domain: every operand from 1 to `largest`.
#[must_use]
pub fn target_range(configuration: &Configuration) -> (f64, f64) {
    let all = |x: u32| target(configuration.task, &vec![x; configuration.operands as usize]);
    match configuration.task {
        // Growing in every operand, so the ends are at the ends.
        Task::Sum | Task::Product | Task::Square => (all(1), all(configuration.largest)),
        _ => todo!(),
    }
}
