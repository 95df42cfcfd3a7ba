//! What becomes of a run that cannot be trained: a record with its reason.

use std::any::Any;

use crate::measure::Measures;
use crate::network::Architecture;
use crate::plan::Run;
use crate::train::{Device, Outcome, Status, environment};

/// The outcome of a run that failed alone.
pub fn outcome(run: &Run, device: &Device, reason: String) -> Outcome {
    let layers = Architecture::of(&run.point.configuration());
    Outcome {
        status: Status::Failed,
        reason: Some(reason),
        epochs_done: 0,
        digest: String::new(),
        environment: environment(device).id(),
        parameters: layers.parameters() as u64,
        features: layers.sizes[0].0 as u64,
        seconds: 0.0,
        device: device.to_string(),
        measures: Measures::default(),
        curve: Vec::new(),
        predictions: Vec::new(),
        weights: Vec::new(),
    }
}

/// Why runs could not be trained together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There was too little memory for so many.
    Memory(String),
    /// Anything else.
    Other(String),
}

/// What libtorch and CUDA say when memory is too small, in lower case.
const OUT_OF_MEMORY: [&str; 4] = ["out of memory", "outofmemory", "can't allocate memory", "status_alloc_failed"];

impl Failure {
    /// The failure that a text tells of. Of the text, the first line is kept: libtorch's errors carry a trace of its own
    /// code behind it.
    pub fn of(text: &str) -> Self {
        let reason = text.lines().next().unwrap_or_default().to_owned();
        let lower = text.to_lowercase();
        if OUT_OF_MEMORY.iter().any(|words| lower.contains(words)) { Self::Memory(reason) } else { Self::Other(reason) }
    }

    /// The reason, on one line.
    pub fn reason(self) -> String {
        match self {
            Self::Memory(reason) | Self::Other(reason) => reason,
        }
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".into())
}
