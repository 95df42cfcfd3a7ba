//! What becomes of a run that cannot be trained: a record with its reason.

use std::any::Any;

use crate::measure::Measures;
use crate::network::Architecture;
use crate::plan::Run;
use crate::train::{Device, Outcome, Status, environment};

/// The outcome of a run that failed alone.
pub fn outcome(run: &Run, device: &Device, reason: String) -> Outcome {
    let layers = Architecture::of(&run.point.configuration);
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

/// The first line: libtorch's errors carry a trace of its own code behind it.
pub fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    first_line(&text.unwrap_or_else(|| "a panic without a message".into()))
}
