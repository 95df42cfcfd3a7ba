//! The functions to learn, on whole numbers: exact in f64 where the answer is one, else rounded once. (The sine is
//! within a few units of the last place, and the same on every machine.)

use super::turns;
use crate::config::{Configuration, Task};

/// The right answer for one row of operands from 1 to `largest`, or beyond.
#[must_use]
pub fn target(task: Task, largest: u32, operands: &[u32]) -> f64 {
    let operand = |place: usize| f64::from(operands[place]);
    match task {
        Task::Sum => operands.iter().map(|&x| f64::from(x)).sum(),
        Task::Difference => operand(0) - operand(1),
        Task::Product => operands.iter().map(|&x| f64::from(x)).product(),
        Task::Square => operand(0) * operand(0),
        Task::Cube => operand(0) * operand(0) * operand(0),
        Task::Sqrt => operand(0).sqrt(),
        Task::Reciprocal => 1.0 / operand(0),
        Task::Quotient => operand(0) / operand(1),
        Task::Max => operands.iter().copied().max().map_or(f64::NAN, f64::from),
        Task::Sine => turns::sine(2 * u64::from(operands[0]), u64::from(largest)),
    }
}

/// Smallest and largest target on the domain: every operand from 1 to `largest`.
#[must_use]
pub fn target_range(configuration: &Configuration) -> (f64, f64) {
    let c = configuration;
    let largest = f64::from(c.largest);
    let all = |x: u32| target(c.task, c.largest, &vec![x; c.operands as usize]);
    match c.task {
        // Growing in every operand, or in the first alone, so the ends are at the ends.
        Task::Sum | Task::Product | Task::Square | Task::Cube | Task::Sqrt | Task::Max => (all(1), all(c.largest)),
        Task::Reciprocal => (all(c.largest), all(1)),
        Task::Difference => (1.0 - largest, largest - 1.0),
        Task::Quotient => (1.0 / largest, largest),
        Task::Sine => {
            let top = turns::highest_sine(u64::from(c.largest));
            (-top, top)
        }
    }
}
