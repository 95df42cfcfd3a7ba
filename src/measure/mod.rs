//! From predictions to numbers: errors, affine floors, distance from a line. Pure.

mod columns;

pub use columns::{COLUMNS, Column, Measures, SPLITS};
