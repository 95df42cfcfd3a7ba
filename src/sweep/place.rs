//! Where something is written: in the sweep file, or in an override of the command line.

use std::sync::Arc;

/// A token's place in one of the texts that a sweep is read from. Equal places are the same token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// 0 for the file; n for the n-th override.
    pub(super) text: u32,
    /// Counted from 1.
    pub(super) line: u32,
    /// In characters, counted from 1.
    pub(super) column: u32,
    /// Characters in the token, as far as it is known.
    pub(super) width: u32,
}

impl Place {
    /// The first character of a text.
    pub(crate) fn start_of(text: u32) -> Self {
        Self { text, line: 1, column: 1, width: 1 }
    }

    /// Whether this is on the command line rather than in the file.
    #[must_use]
    pub fn is_override(&self) -> bool {
        self.text > 0
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.column
    }
}

/// The texts that a sweep is read from: its file, then its overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts {
    /// The file's name, as given.
    pub file: String,
    /// The file's text, without a byte order mark.
    pub text: String,
    /// The overrides, as given.
    pub overrides: Vec<String>,
}

impl Texts {
    pub fn new(file: &str, text: &str, overrides: &[String]) -> Arc<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Arc::new(Self { file: file.into(), text: text.into(), overrides: overrides.to_vec() })
    }

    /// The name of the text that a place is in.
    pub fn name(&self, place: Place) -> &str {
        if place.is_override() { "command line" } else { &self.file }
    }

    /// The text that a place is in.
    pub fn text(&self, place: Place) -> &str {
        match place.text.checked_sub(1) {
            None => &self.text,
            Some(n) => self.overrides.get(n as usize).map_or("", String::as_str),
        }
    }

    /// The line that a place is in, without its break.
    pub fn line(&self, place: Place) -> &str {
        let mut rest = self.text(place);
        for _ in 1..place.line {
            let Some(end) = rest.find(['\n', '\r']) else { return "" };
            let break_length = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            rest = &rest[end + break_length..];
        }
        rest.split(['\n', '\r']).next().unwrap_or("")
    }
}
