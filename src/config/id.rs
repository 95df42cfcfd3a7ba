//! Identities: BLAKE3 of a canonical, versioned, typed encoding of what determines a run.
//!
//! Only parameters that have an effect and differ from their default are encoded, in the order of their names. So a
//! parameter that a later version adds leaves every identity as it was, and defaults can never change.

use std::fmt;
use std::str::FromStr;

use super::{Configuration, PARAMETERS, Value};

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

/// The identity of a configuration, whatever its seed.
#[must_use]
pub fn configuration_id(configuration: &Configuration) -> Id {
    let mut hasher = blake3::Hasher::new();
    hasher.update(CONFIGURATION_FORMAT);
    encode_configuration(configuration, &mut hasher);
    finish(&hasher)
}

/// The identity of a run: a configuration with its seeds.
#[must_use]
pub fn run_id(configuration: &Configuration, seeds: Seeds) -> Id {
    let mut hasher = blake3::Hasher::new();
    hasher.update(RUN_FORMAT);
    encode_configuration(configuration, &mut hasher);
    for seed in [seeds.data, seeds.init, seeds.shuffle] {
        hasher.update(&seed.to_le_bytes());
    }
    finish(&hasher)
}

fn finish(hasher: &blake3::Hasher) -> Id {
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
    Id(bytes)
}

fn encode_configuration(configuration: &Configuration, hasher: &mut blake3::Hasher) {
    let mut written: Vec<(&str, Value)> = PARAMETERS
        .iter()
        .filter(|parameter| !parameter.is_default(configuration))
        .filter_map(|parameter| Some((parameter.name, parameter.get(configuration)?)))
        .collect();
    written.sort_by_key(|(name, _)| *name);
    for (name, value) in written {
        encode_text(name, hasher);
        encode_value(&value, hasher);
    }
}

fn encode_value(value: &Value, hasher: &mut blake3::Hasher) {
    match value {
        Value::Flag(flag) => {
            hasher.update(&[b'b', u8::from(*flag)]);
        }
        Value::Whole(whole) => {
            hasher.update(b"i").update(&whole.to_le_bytes());
        }
        Value::Number(number) => {
            hasher.update(b"f").update(&number.to_bits().to_le_bytes());
        }
        Value::Word(word) => {
            hasher.update(b"s");
            encode_text(word, hasher);
        }
        Value::List(items) => {
            hasher.update(b"l").update(&(items.len() as u64).to_le_bytes());
            for item in items {
                encode_value(item, hasher);
            }
        }
        Value::Map(entries) => {
            hasher.update(b"m").update(&(entries.len() as u64).to_le_bytes());
            for (key, value) in entries {
                encode_text(key, hasher);
                encode_value(value, hasher);
            }
        }
    }
}

fn encode_text(text: &str, hasher: &mut blake3::Hasher) {
    hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
}
