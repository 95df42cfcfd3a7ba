//! Configurations by what sets each apart from one of them.

use std::sync::Arc;

use super::{Configuration, PARAMETERS};

/// A configuration, kept as what it has otherwise than another one: some bytes for each parameter, so that a plan can hold
/// a million of them.
#[derive(Clone, Debug)]
pub struct Variation {
    from: Arc<Configuration>,
    /// The number of a parameter, then its value, for each that differs.
    differences: Box<[u8]>,
}

/// A parameter's number is a byte.
const _: () = assert!(PARAMETERS.len() <= 1 << 8);

impl Variation {
    /// `configuration`, beside one that it has most values in common with.
    ///
    /// # Panics
    /// Never: every value of a parameter can be written to memory.
    #[must_use]
    pub fn of(configuration: &Configuration, from: &Arc<Configuration>) -> Self {
        let mut bytes = Vec::with_capacity(64);
        let differing = configuration.differing(from);
        for ((number, parameter), _) in (0..).zip(PARAMETERS).zip(differing).filter(|(_, differs)| *differs) {
            bytes.push(number);
            bytes = (parameter.pack)(configuration, bytes).expect("memory takes every value");
        }
        Self { from: Arc::clone(from), differences: bytes.as_slice().into() }
    }

    /// The configuration.
    ///
    /// # Panics
    /// Never: nobody but [`Self::of`] writes what is read here.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        let mut configuration = Configuration::clone(&self.from);
        let mut bytes = &self.differences[..];
        while let Some((&number, value)) = bytes.split_first() {
            let parameter = &PARAMETERS[usize::from(number)];
            bytes = (parameter.unpack)(&mut configuration, value).expect("a value that was written so");
        }
        configuration
    }
}
