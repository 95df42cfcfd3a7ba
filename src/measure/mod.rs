//! From predictions to numbers: errors, affine floors, distance from a line. Pure.

mod affine;
mod columns;
mod errors;

pub use affine::{AffineBasis, AffineFit, Rows};
pub use columns::{COLUMNS, Column, Measures, SPLITS};
pub use errors::measure_split;

#[cfg(test)]
mod tests;
