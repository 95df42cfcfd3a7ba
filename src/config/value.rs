//! Values as a sweep file writes them, and how a parameter reads one: `Value`, `Kind`, `Setting`.

use std::fmt;

use super::{Batch, Field, Widths};

/// A value of a parameter, as written: before it is known to be one that the parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction or an exponent.
    Number(f64),
    /// A word such as `relu`.
    Word(String),
    /// A list such as `[20, 100, 20]`.
    List(Vec<Value>),
    /// Keys with values, such as `{polynomial: 3}`.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// What kind of thing this is, for messages: "a whole number".
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Whole(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Word(_) => "a word",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// The form of columns, tables and labels: `0.001`, `polynomial(3)`, `[20, 100, 20]`, `step(every=10, factor=0.5)`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Number(number) if *number != 0.0 && !(1e-4..1e15).contains(&number.abs()) => {
                write!(f, "{number:e}")
            }
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                if let [(word, argument)] = entries.as_slice() {
                    return write!(f, "{word}({argument})");
                }
                for (i, (key, value)) in entries.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{key}={value}")?;
                }
                Ok(())
            }
        }
    }
}

/// What values a parameter takes: the source of its check, its schema and its line in the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number within these ends, both included.
    Whole {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A finite number within these ends.
    Number {
        /// Lower end.
        min: f64,
        /// Upper end.
        max: f64,
        /// Whether the lower end itself is a value.
        min_included: bool,
        /// Whether the upper end itself is a value.
        max_included: bool,
    },
    /// One of a list of words, some with an argument.
    Words(&'static [Word]),
    /// A list of whole numbers within these ends.
    Widths {
        /// Smallest width.
        min: i64,
        /// Largest width.
        max: i64,
    },
    /// A whole number from one to the largest of 32 bits, or the word `full`.
    CountOrFull,
    /// Several settings under one name: `{every: 100, factor: 0.5}`.
    Fields(&'static [Field]),
}

/// A word that a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word {
    /// As written in a sweep file.
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// What stands behind it in `{word: argument}`.
    pub argument: Option<Argument>,
}

/// The argument of a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Argument {
    /// Its name in the reference.
    pub name: &'static str,
    /// The values that it takes.
    pub kind: &'static Kind,
}

/// Where the values of a parameter go in a table: its type as a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `true` or `false`.
    Flag,
    /// `i64`.
    Whole,
    /// `f64`.
    Number,
    /// Text.
    Text,
}

impl Kind {
    /// The type of the column that holds such values.
    #[must_use]
    pub fn column(&self) -> ColumnType {
        match self {
            Self::Flag => ColumnType::Flag,
            Self::Whole { .. } | Self::CountOrFull => ColumnType::Whole,
            Self::Number { .. } => ColumnType::Number,
            Self::Words(_) | Self::Widths { .. } | Self::Fields(_) => ColumnType::Text,
        }
    }
}

impl Kind {
    /// Whether `value` is one of this kind, as far as the kind alone tells.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Flag => bool::read(value, self).is_ok(),
            Self::Whole { .. } => whole(value, self).is_ok(),
            Self::Number { .. } => f64::read(value, self).is_ok(),
            Self::Widths { .. } => Widths::read(value, self).is_ok(),
            Self::CountOrFull => Batch::read(value, self).is_ok(),
            Self::Words(words) => word_and_argument(value, self).is_ok_and(|(name, argument)| {
                words.iter().any(|word| {
                    word.name == name
                        && match (word.argument, argument) {
                            (None, None) => true,
                            (Some(known), Some(value)) => known.kind.takes(value),
                            _ => false,
                        }
                })
            }),
            Self::Fields(fields) => {
                let Value::Map(entries) = value else { return false };
                let of = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                entries.iter().all(|(name, _)| fields.iter().any(|field| field.name == name))
                    && fields
                        .iter()
                        .all(|field| of(field.name).map_or(field.default.is_some(), |value| field.kind.takes(value)))
            }
        }
    }
}

/// The phrase of messages and of the reference: "whole number ≥ 1", "`sum`, `product` or `square`".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Flag => f.write_str("`true` or `false`"),
            Self::Whole { min, max } if max == i64::MAX => write!(f, "a whole number ≥ {min}"),
            Self::Whole { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Number { min, max, min_included, max_included } => {
                let low = if min_included { "≥" } else { ">" };
                let high = if max_included { "≤" } else { "<" };
                match (min.is_finite(), max.is_finite()) {
                    (true, true) => write!(f, "a number {low} {min} and {high} {max}"),
                    (true, false) => write!(f, "a number {low} {min}"),
                    (false, true) => write!(f, "a number {high} {max}"),
                    (false, false) => f.write_str("a number"),
                }
            }
            Self::Words(words) => {
                for (i, word) in words.iter().enumerate() {
                    let comma = match i {
                        0 => "",
                        _ if i + 1 == words.len() => " or ",
                        _ => ", ",
                    };
                    match word.argument {
                        None => write!(f, "{comma}`{}`", word.name)?,
                        Some(argument) => write!(f, "{comma}`{{{}: {}}}`", word.name, argument.name)?,
                    }
                }
                Ok(())
            }
            Self::Widths { .. } => f.write_str("a list of widths such as `[64, 64]`"),
            Self::CountOrFull => write!(f, "a whole number from 1 to {} or `full`", u32::MAX),
            Self::Fields(fields) => {
                let names: Vec<String> = fields.iter().map(|field| format!("{}: …", field.name)).collect();
                write!(f, "`{{{}}}`", names.join(", "))
            }
        }
    }
}

/// A type that a parameter can have: read from a value, and written back.
pub trait Setting: Clone + PartialEq {
    /// Reads `value`, which must be of `kind`. The error says what is allowed, without naming the parameter.
    ///
    /// # Errors
    /// When the value is none that `kind` takes.
    fn read(value: &Value, kind: &Kind) -> Result<Self, String>;
    /// The value that reads back as this; `None` where there is nothing to write (an absent `Option`).
    fn write(&self) -> Option<Value>;
    /// Any value: a place holder while a configuration is being read.
    fn blank() -> Self;
    /// Whether there may be none, which is written `none`.
    const OPTIONAL: bool = false;
}

/// The word for no value of a parameter that may have none.
pub const NONE: &str = "none";

pub(super) fn mismatch(value: &Value, kind: &Kind) -> String {
    match value {
        Value::List(_) | Value::Map(_) => format!("{} is not {kind}", value.describe()),
        // With its point, without which it would look like a whole number.
        Value::Number(number) => format!("`{number:?}` is not {kind}"),
        _ => format!("`{value}` is not {kind}"),
    }
}

fn whole(value: &Value, kind: &Kind) -> Result<i64, String> {
    match (value, kind) {
        (Value::Whole(n), Kind::Whole { min, max } | Kind::Widths { min, max }) if (min..=max).contains(&n) => Ok(*n),
        _ => Err(mismatch(value, kind)),
    }
}

impl Setting for bool {
    fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
        match value {
            Value::Flag(flag) => Ok(*flag),
            _ => Err(mismatch(value, kind)),
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Flag(*self))
    }
    fn blank() -> Self {
        false
    }
}

impl Setting for u32 {
    fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
        u32::try_from(whole(value, kind)?).map_err(|_| mismatch(value, kind))
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Whole(i64::from(*self)))
    }
    fn blank() -> Self {
        0
    }
}

impl Setting for f64 {
    fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
        let number = match value {
            Value::Number(number) => *number,
            // Exact: a whole number beyond 2⁵³ is refused rather than rounded.
            Value::Whole(n) if n.unsigned_abs() <= 1 << 53 => *n as f64,
            Value::Whole(n) => {
                let rounded = *n as f64;
                return Err(format!("`{n}` is beyond 2^53, where whole numbers are rounded: write `{rounded:?}`"));
            }
            _ => return Err(mismatch(value, kind)),
        };
        let Kind::Number { min, max, min_included, max_included } = *kind else {
            return Err(mismatch(value, kind));
        };
        #[expect(clippy::float_cmp, reason = "an end of a range is the very same number")]
        let above = number > min || (min_included && number == min);
        #[expect(clippy::float_cmp, reason = "an end of a range is the very same number")]
        let below = number < max || (max_included && number == max);
        // A negative zero would be a second spelling of the same configuration.
        if number.is_finite() && above && below { Ok(number + 0.0) } else { Err(mismatch(value, kind)) }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Number(*self))
    }
    fn blank() -> Self {
        0.0
    }
}

impl<T: Setting> Setting for Option<T> {
    const OPTIONAL: bool = true;

    fn read(value: &Value, kind: &Kind) -> Result<Self, String> {
        if matches!(value, Value::Word(word) if word == NONE) {
            return Ok(None);
        }
        T::read(value, kind).map(Some).map_err(|message| {
            if message.ends_with(&kind.to_string()) { format!("{message} or `{NONE}`") } else { message }
        })
    }
    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(Setting::write)
    }
    fn blank() -> Self {
        None
    }
}

/// Splits `{word: argument}` or `word` into its parts.
pub(super) fn word_and_argument<'v>(value: &'v Value, kind: &Kind) -> Result<(&'v str, Option<&'v Value>), String> {
    match value {
        Value::Word(word) => Ok((word, None)),
        Value::Map(entries) if entries.len() == 1 => Ok((&entries[0].0, Some(&entries[0].1))),
        _ => Err(mismatch(value, kind)),
    }
}

/// The message for a word that is none of `kind`'s, or that lacks its argument or has one too many.
pub(super) fn wrong_word(value: &Value, kind: &Kind) -> String {
    let Kind::Words(words) = kind else { return mismatch(value, kind) };
    let Ok((written, argument)) = word_and_argument(value, kind) else { return mismatch(value, kind) };
    match words.iter().find(|word| word.name == written) {
        Some(Word { name, argument: Some(wanted), .. }) if argument.is_none() => {
            let argument = match wanted.kind {
                Kind::Fields(_) => wanted.kind.to_string().replace('`', ""),
                _ => "…".into(),
            };
            format!("`{name}` needs its {}: write `{{{name}: {argument}}}`", wanted.name)
        }
        Some(Word { name, argument: None, .. }) => format!("`{name}` takes no argument"),
        _ => mismatch(value, kind),
    }
}
