//! A cohort of runs from seeds to outcomes: on the processor by own loops, elsewhere by libtorch.

mod catalogue;
mod cohort;
mod cpu;
mod device;
mod digest;
mod dropout;
mod engine;
mod environment;
mod evaluate;
mod keep;
mod lbfgs;
mod libtorch;
mod loaded;
mod loss;
mod outcome;
mod profile;
mod progress;
mod rates;
mod tensors;

pub use catalogue::Catalogue;
pub use cohort::{Context, End, Member, Watch, recorded_epochs, train};
pub use device::{Choice, Device, NoCuda, libtorch_folder, load_cuda};
pub use digest::digest;
pub use environment::{Environment, LIBTORCH, environment, fix_numeric_path, self_test, vectors};
pub use keep::Checkpoint;
pub use libtorch::{libtorch, link_libtorch};
pub use outcome::{CurvePoint, Outcome, Prediction, Status, Weight};
pub use profile::{Part, Profile};
pub use progress::{DIVERGED, LAST_EPOCHS};
pub use rates::Rates;

#[cfg(test)]
mod tests;
