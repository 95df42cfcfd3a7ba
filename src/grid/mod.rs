//! A grid as a lazy, indexable sequence of points: pure, and never the whole product at once.

mod effect;
mod points;

pub use effect::{has, is_live};
pub use points::{Candidate, Points, TooMany};

#[cfg(test)]
mod tests;
