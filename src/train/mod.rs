//! A cohort of runs from seeds to outcomes, on libtorch.

mod outcome;

pub use outcome::{CurvePoint, Outcome, Prediction, Status, Weight};
