//! Counts that are more than a number: widths of layers, and the size of a batch.

use super::value::mismatch;
use super::{Kind, Setting, Value};

/// Widths of hidden layers, first to last.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Widths(pub Vec<u32>);

impl Setting for Widths {
    fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
        let Value::List(items) = value else { return Err(mismatch(value, kind)) };
        let Kind::Widths { min, max } = *kind else { return Err(mismatch(value, kind)) };
        let item = Kind::Whole { min, max };
        items.iter().map(|width| u32::read(width, &item)).collect::<Result<_, _>>().map(Self)
    }
    fn write(&self) -> Option<Value> {
        Some(Value::List(self.0.iter().map(|&width| Value::Whole(i64::from(width))).collect()))
    }
    fn blank() -> Self {
        Self(Vec::new())
    }
}

/// Examples in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Batch {
    /// This many; the last batch of an epoch holds what is left.
    Of(u32),
    /// All examples at once.
    Full,
}

impl Setting for Batch {
    fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
        match value {
            Value::Word(word) if word == "full" => Ok(Self::Full),
            Value::Whole(n) if *n >= 1 => u32::try_from(*n).map(Self::Of).map_err(|_| mismatch(value, kind)),
            _ => Err(mismatch(value, kind)),
        }
    }
    fn write(&self) -> Option<Value> {
        Some(match self {
            Self::Of(count) => Value::Whole(i64::from(*count)),
            Self::Full => Value::Word("full".into()),
        })
    }
    fn blank() -> Self {
        Self::Full
    }
}
