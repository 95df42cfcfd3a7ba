//! What is wrong with a sweep file: messages with their place, and how they are printed.

use std::fmt::{self, Write};
use std::sync::Arc;

use super::place::{Place, Texts};

/// Something wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    place: Place,
    message: String,
    notes: Vec<(Place, String)>,
    hint: Option<String>,
}

impl Diagnostic {
    /// Something wrong at `place`.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), notes: Vec::new(), hint: None }
    }

    /// Adds another place that has to do with it.
    #[must_use]
    pub fn note(mut self, place: Place, message: impl Into<String>) -> Self {
        self.notes.push((place, message.into()));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do about it, where that is known.
    #[must_use]
    pub fn hint_if(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Moves this to the right, by as many columns as stand before the text that it is about.
    pub(super) fn shifted(mut self, columns: u32) -> Self {
        self.place.column += columns;
        self
    }

    /// Where it is wrong.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }
}

/// What was found while a sweep is read: what is wrong, and how much it lists.
#[derive(Debug, Default)]
pub(super) struct Findings {
    wrong: Vec<Diagnostic>,
    listed: u64,
}

/// Values that all axes of a sweep may list together, those that ranges compute among them: they are held in memory.
pub(super) const MOST_LISTED: u64 = 1_000_000;

impl Findings {
    /// Takes note of something wrong.
    pub fn push(&mut self, wrong: Diagnostic) {
        self.wrong.push(wrong);
    }

    /// How much was wrong so far.
    pub fn len(&self) -> usize {
        self.wrong.len()
    }

    /// Everything that was wrong.
    pub fn into_wrong(self) -> Vec<Diagnostic> {
        self.wrong
    }

    /// Counts what is listed at a place, before it is held. Where all together is too much, that is wrong, once.
    pub fn list(&mut self, count: u64, place: Place) -> bool {
        let before = self.listed;
        self.listed = before.saturating_add(count);
        let fits = self.listed <= MOST_LISTED;
        if !fits && before <= MOST_LISTED {
            let message = format!("all axes together have more than {MOST_LISTED} values");
            self.push(Diagnostic::new(place, message).hint(TO_DRAW));
        }
        fits
    }
}

/// What to do instead of listing too much.
pub(super) const TO_DRAW: &str = "to try some of many values, draw them: `{uniform: {min: …, max: …}}` with `sample`";

/// A sweep that is invalid, with everything that is wrong with it. Its `Display` is what a user sees: for each error
/// `FILE:LINE:COLUMN: message`, the line with a marker under the offending token, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    texts: Arc<Texts>,
    diagnostics: Vec<Diagnostic>,
}

impl std::error::Error for Invalid {}

/// Errors beyond these are counted, not printed.
const MOST_PRINTED: usize = 20;

impl Invalid {
    pub(super) fn new(texts: Arc<Texts>, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.place);
        diagnostics.dedup();
        Self { texts, diagnostics }
    }

    /// What is wrong, in the order of the file.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().take(MOST_PRINTED).enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            self.locate(f, diagnostic.place)?;
            writeln!(f, ": {}", said(&diagnostic.message))?;
            self.excerpt(f, diagnostic.place)?;
            for (place, message) in &diagnostic.notes {
                f.write_str("note: ")?;
                self.locate(f, *place)?;
                writeln!(f, ": {}", said(message))?;
                self.excerpt(f, *place)?;
            }
            if let Some(hint) = &diagnostic.hint {
                writeln!(f, "hint: {}", said(hint))?;
            }
        }
        match self.diagnostics.len().saturating_sub(MOST_PRINTED) {
            0 => Ok(()),
            more => writeln!(f, "\nand {more} more"),
        }
    }
}

impl Invalid {
    fn locate(&self, f: &mut fmt::Formatter<'_>, place: Place) -> fmt::Result {
        write!(f, "{}:{}:{}", visible(self.texts.name(place)), place.line, place.column)
    }

    /// The line of a place, and under it a marker.
    fn excerpt(&self, f: &mut fmt::Formatter<'_>, place: Place) -> fmt::Result {
        let line = self.texts.line(place);
        if line.trim().is_empty() {
            return Ok(());
        }
        let (shown, marker) = mark(line, place.column as usize, place.width as usize);
        let number = place.line.to_string();
        writeln!(f, " {number} | {shown}")?;
        writeln!(f, " {:width$} | {marker}", "", width = number.len())
    }
}

/// Columns of the terminal that a line may take; what is beyond becomes `…`.
const WIDEST: usize = 110;
/// Columns shown before the marker of a trimmed line.
const BEFORE: usize = 40;

/// The line as it can be shown, and a line with `^` under the `width` characters from `column` on (counted from 1).
fn mark(line: &str, column: usize, width: usize) -> (String, String) {
    let cells: Vec<(String, usize)> = line.chars().map(cell).collect();
    let from = (column - 1).min(cells.len());
    let to = (from + width.max(1)).min(cells.len()).max(from);
    let columns = |range: &[(String, usize)]| range.iter().map(|cell| cell.1).sum::<usize>();

    let mut first = 0;
    if columns(&cells) > WIDEST {
        first = from;
        while first > 0 && columns(&cells[first - 1..from]) <= BEFORE {
            first -= 1;
        }
    }
    let mut taken = 0;
    let fits = |cell: &&(String, usize)| {
        taken += cell.1;
        taken <= WIDEST
    };
    let last = first + cells[first..].iter().take_while(fits).count();
    let to = to.min(last);
    let mut shown = String::new();
    let mut marker = String::new();
    if first > 0 {
        shown.push('…');
        marker.push(' ');
    }
    for (i, (text, columns)) in cells.iter().enumerate().take(last).skip(first) {
        shown.push_str(text);
        let sign = if i < from { " " } else { "^" };
        if i < to {
            marker.push_str(&sign.repeat(*columns));
        }
    }
    if last < cells.len() {
        shown.push('…');
    }
    if !marker.contains('^') {
        marker.push('^');
    }
    (shown.trim_end().to_string(), marker)
}

/// A character as a terminal shows it, and how many columns it takes there.
fn cell(character: char) -> (String, usize) {
    match character {
        '\t' => (" ".into(), 1),
        _ if is_hidden(character) => {
            let escaped = escape(character);
            let width = escaped.len();
            (escaped, width)
        }
        _ => (character.into(), columns_of(character)),
    }
}

/// Characters of a message, which may quote a file, that are worth reading.
const LONGEST: usize = 2000;

/// A message as it can be shown.
fn said(message: &str) -> String {
    let mut shown = visible(message);
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// Text whose control characters are written out, so that a file cannot send commands to a terminal.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) { out.push_str(&escape(character)) } else { out.push(character) }
    }
    out
}

fn escape(character: char) -> String {
    let mut out = String::new();
    write!(out, "\\u{{{:x}}}", u32::from(character)).expect("a string takes everything");
    out
}

/// Control characters, and those that reorder or hide text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Columns of a terminal: 2 for East Asian wide characters and emoji, 0 for marks that combine (the large blocks of
/// Unicode's East Asian Width; a rare script may be off by one, which moves a marker and nothing else).
fn columns_of(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(line: &str, column: usize, width: usize) -> String {
        let (shown, marker) = mark(line, column, width);
        format!("{shown}\n{marker}")
    }

    #[test]
    fn markers_stand_under_their_token() {
        assert_eq!(both("a: relu", 4, 4), "a: relu\n   ^^^^");
        assert_eq!(both("é: 学习 x", 4, 2), "é: 学习 x\n   ^^^^");
        assert_eq!(both("學: e\u{301}x", 4, 3), "學: e\u{301}x\n    ^^");
        assert_eq!(both("a:", 9, 1), "a:\n  ^", "a place beyond the line is its end");
        assert_eq!(both("a: b", 4, 99), "a: b\n   ^", "a token of several lines is marked to the end of its first");
    }

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(both("a\u{1b}[31m: x", 1, 2), "a\\u{1b}[31m: x\n^^^^^^^");
        assert_eq!(visible("a\nb\u{202e}"), "a\\u{a}b\\u{202e}");
    }

    #[test]
    fn long_lines_are_trimmed_around_the_token() {
        let line = format!("{}TOKEN{}", "a".repeat(500), "b".repeat(500));
        let (shown, marker) = mark(&line, 501, 5);
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        assert_eq!(shown.chars().count(), WIDEST + 2);
        let at = marker.find('^').unwrap();
        assert_eq!(&shown.chars().skip(at).take(5).collect::<String>(), "TOKEN");
    }
}
