//! Identities: BLAKE3 of a canonical, versioned, typed encoding of what determines a run.
//!
//! Only parameters that have an effect and differ from their default are encoded, in the order of their names. So a
//! parameter that a later version adds leaves every identity as it was, and defaults can never change.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::{Configuration, PARAMETERS, Parameter, Value};

const CONFIGURATION_FORMAT: &[u8] = b"ablate configuration 1\0";
const RUN_FORMAT: &[u8] = b"ablate run 1\0";

/// The first 80 bits of a BLAKE3 hash: 20 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 10]);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Text that is not 20 hexadecimal characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: 20 characters from 0-9 and a-f")]
pub struct NotAnId(String);

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId(text.chars().take(64).collect());
        if text.len() != 20 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong());
        }
        let mut bytes = [0; 10];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// What the random draws of a run start from: one seed for each thing that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seeds {
    /// Of training and test examples.
    pub data: u64,
    /// Of initial weights.
    pub init: u64,
    /// Of the order of examples.
    pub shuffle: u64,
}

impl Seeds {
    /// All of them: of data, of initial weights, of the order.
    #[must_use]
    pub fn each(self) -> [u64; 3] {
        [self.data, self.init, self.shuffle]
    }
}

/// The identity of a configuration, whatever its seed.
#[must_use]
pub fn configuration_id(configuration: &Configuration) -> Id {
    Identities::of(configuration).configuration()
}

/// The identity of a run: a configuration with its seeds.
#[must_use]
pub fn run_id(configuration: &Configuration, seeds: Seeds) -> Id {
    Identities::of(configuration).run(seeds)
}

/// A configuration as it is encoded for its identity and those of its runs.
#[derive(Clone, Debug)]
pub struct Identities(Vec<u8>);

impl Identities {
    /// Encodes a configuration.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let mut bytes = Vec::with_capacity(256);
        for parameter in by_name() {
            if parameter.is_default(configuration) {
                continue;
            }
            if let Some(value) = parameter.get(configuration) {
                encode_text(parameter.name, &mut bytes);
                encode_value(&value, &mut bytes);
            }
        }
        Self(bytes)
    }

    /// The identity of the configuration.
    #[must_use]
    pub fn configuration(&self) -> Id {
        let mut hasher = blake3::Hasher::new();
        finish(hasher.update(CONFIGURATION_FORMAT).update(&self.0))
    }

    /// The identity of a run of it.
    #[must_use]
    pub fn run(&self, seeds: Seeds) -> Id {
        let mut hasher = blake3::Hasher::new();
        hasher.update(RUN_FORMAT).update(&self.0);
        let seeds = seeds.each().map(u64::to_le_bytes);
        finish(hasher.update(seeds.as_flattened()))
    }
}

fn finish(hasher: &blake3::Hasher) -> Id {
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
    Id(bytes)
}

/// All parameters in the order in which they are encoded.
fn by_name() -> &'static [&'static Parameter] {
    static BY_NAME: LazyLock<Vec<&Parameter>> = LazyLock::new(|| {
        let mut parameters: Vec<&Parameter> = PARAMETERS.iter().collect();
        parameters.sort_unstable_by_key(|parameter| parameter.name);
        parameters
    });
    &BY_NAME
}

fn encode_value(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Flag(flag) => bytes.extend([b'b', u8::from(*flag)]),
        Value::Whole(whole) => {
            bytes.push(b'i');
            bytes.extend(whole.to_le_bytes());
        }
        Value::Number(number) => {
            bytes.push(b'f');
            bytes.extend(number.to_bits().to_le_bytes());
        }
        Value::Word(word) => {
            bytes.push(b's');
            encode_text(word, bytes);
        }
        Value::List(items) => {
            bytes.push(b'l');
            bytes.extend((items.len() as u64).to_le_bytes());
            for item in items {
                encode_value(item, bytes);
            }
        }
        Value::Map(entries) => {
            bytes.push(b'm');
            bytes.extend((entries.len() as u64).to_le_bytes());
            for (key, value) in entries {
                encode_text(key, bytes);
                encode_value(value, bytes);
            }
        }
    }
}

fn encode_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
