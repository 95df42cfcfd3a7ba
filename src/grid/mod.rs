//! A grid as a lazy, indexable sequence of points: pure, and never the whole product at once.

mod constraints;
mod draws;
mod effect;
mod points;
mod sobol;
mod sql;

pub use constraints::{Broken, Constraints};
pub use effect::{has, is_live};
pub use points::{Candidate, Points, TooMany};
pub use sql::{computed, expression};

#[cfg(test)]
mod tests;
