//! The typed configuration of a run, the table of parameters that it comes from, and identities.

mod combinations;
mod counts;
mod fields;
mod id;
mod parameters;
mod value;
mod variation;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

pub use combinations::{Conflict, bits, conflict, digits};
pub use counts::{Batch, Widths};
pub use fields::{EarlyStop, Field, Sparsity, StepDecay};
pub use id::{Id, Identities, Seeds, configuration_id, run_id};
pub use parameters::{Configuration, PARAMETERS, Parameter, Section};
pub use value::{Argument, ColumnType, Kind, NONE, Setting, Value, Word};
pub use variation::Variation;
pub use words::{
    Activation, Encoding, Init, LayerKind, LayerNorm, Loss, Normalization, Numerics, Optimizer, Precision, Schedule,
    StopMetric, Task,
};

/// Values by parameter name: a point of a grid as written, before defaults are filled in.
pub type Assignment = BTreeMap<&'static str, Value>;

/// The parameter of that name.
#[must_use]
pub fn parameter(name: &str) -> Option<&'static Parameter> {
    number(name).map(|number| &PARAMETERS[number])
}

/// The place in the table of the parameter of that name.
fn number(name: &str) -> Option<usize> {
    static NUMBERS: LazyLock<HashMap<&str, usize>> =
        LazyLock::new(|| PARAMETERS.iter().enumerate().map(|(number, parameter)| (parameter.name, number)).collect());
    NUMBERS.get(name).copied()
}

/// A value that a parameter does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{parameter}`: {message}")]
pub struct WrongValue {
    /// The parameter.
    pub parameter: &'static str,
    /// Which values are allowed.
    pub message: String,
}

impl Default for Configuration {
    /// Every parameter at its default.
    fn default() -> Self {
        Self::of(&Assignment::new()).expect("the defaults are values that the parameters take")
    }
}

impl Configuration {
    /// The configuration that has the given values and otherwise defaults, in canonical form: values that mean the same are
    /// equal, however they were written. Some configurations train alike and stay different, since identities are for
    /// ever: `adam` and `adamw` without weight decay, and schedules of which no change falls on a step after the warm-up.
    ///
    /// # Errors
    /// The first value that its parameter does not take.
    pub fn of(assignment: &Assignment) -> Result<Self, WrongValue> {
        let mut configuration = Self::blank();
        // Most parameters are not assigned, so those that are look for their place.
        let mut values = [None; PARAMETERS.len()];
        for (name, value) in assignment {
            if let Some(number) = number(name) {
                values[number] = Some(value);
            }
        }
        for (parameter, value) in PARAMETERS.iter().zip(values) {
            parameter
                .set(&mut configuration, value)
                .map_err(|message| WrongValue { parameter: parameter.name, message })?;
        }
        configuration.canonicalize();
        Ok(configuration)
    }

    /// Gives equal meaning one spelling, and parameters without an effect their defaults.
    fn canonicalize(&mut self) {
        if self.input_normalization == self.target_normalization {
            self.normalization = self.input_normalization;
        } else {
            self.normalization = Normalization::Standardize;
        }
        if let Some(Widths(widths)) = &self.hidden
            && widths.windows(2).all(|pair| pair[0] == pair[1])
        {
            self.depth = widths.len() as u32;
            self.width = widths.first().copied().unwrap_or(self.width);
            self.hidden = None;
        }
        if self.encoding == Encoding::Polynomial(1) {
            self.encoding = Encoding::Scalar;
        }
        if matches!(self.batch, Batch::Of(count) if count >= self.examples) {
            self.batch = Batch::Full;
        }
        if !self.schedule.changes(self.epochs) {
            self.schedule = Schedule::Constant;
        }
        // At the soonest, a run ends `patience` epochs after its first.
        if self.early_stop.is_some_and(|stop| stop.patience >= self.epochs) {
            self.early_stop = None;
        }
        if self.sparsity.strength == 0.0 {
            self.sparsity = Sparsity { strength: 0.0, ..Sparsity::of(self.layer) };
        }
        for parameter in PARAMETERS {
            if !(parameter.applies)(self) && parameter.section != Section::Representation {
                parameter.set(self, None).expect("a default is a value that its parameter takes");
            }
        }
    }

    /// What hidden units do where nothing is said: arithmetic layers are used without an activation.
    pub(super) fn own_activation(&self) -> Activation {
        if self.layer == LayerKind::Dense { Activation::Relu } else { Activation::Linear }
    }

    /// Widths of the hidden layers, first to last.
    #[must_use]
    pub fn widths(&self) -> Vec<u32> {
        match &self.hidden {
            Some(widths) => widths.0.clone(),
            None => vec![self.width; self.depth as usize],
        }
    }

    /// Examples in a full batch.
    #[must_use]
    pub fn batch_size(&self) -> u32 {
        match self.batch {
            Batch::Of(count) => count.min(self.examples),
            Batch::Full => self.examples,
        }
    }

    /// The value of a parameter as its column holds it: numbers for counts, text for words, `None` where it has no
    /// effect or is absent.
    #[must_use]
    pub fn column(&self, parameter: &Parameter) -> Option<Value> {
        let value = parameter.get(self)?;
        Some(match parameter.kind.column() {
            ColumnType::Whole if value == Value::Word("full".into()) => Value::Whole(i64::from(self.examples)),
            ColumnType::Text => Value::Word(value.to_string()),
            _ => value,
        })
    }
}

#[cfg(test)]
mod tests;
