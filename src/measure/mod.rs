//! From predictions to numbers: errors, affine floors, distance from a line, kinks, condition numbers. Pure.

mod affine;
mod columns;
mod condition;
mod errors;
mod kinks;

pub use affine::{AffineBasis, AffineFit, Rows};
pub use columns::{COLUMNS, Column, Measures, SPLITS};
pub use condition::condition;
pub use errors::measure_split;
pub use kinks::kinks;

#[cfg(test)]
mod tests;
