//! A table of runs as text: for the terminal, for scripts, for documents.

use std::fmt::Write as _;
use std::str::FromStr;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use polars::prelude::{AnyValue, DataFrame};
use serde_json::{Map, Value, json};

use super::error::{Result, frame_error};
use super::parts;

/// A form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines and columns for the terminal; numbers with six digits.
    Table,
    /// `{"version": 1, "runs": [{column: value}]}`.
    Json,
    /// Comma-separated values with a header, as in RFC 4180; text that a spreadsheet would compute is told to be text
    /// ([`no_formula`]).
    Csv,
    /// A table in Markdown; numbers with six digits.
    Markdown,
    /// Parquet.
    Parquet,
}

impl Format {
    /// All formats with their names.
    pub const NAMES: [(&str, Self); 5] = [
        ("table", Self::Table),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("markdown", Self::Markdown),
        ("parquet", Self::Parquet),
    ];

    /// Whether people read it, who want few columns and short numbers.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let format = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, format)| *format);
        format.ok_or_else(|| format!("`{text}` is not one of {}", Self::NAMES.map(|(name, _)| name).join(", ")))
    }
}

/// The bytes of a table in a format. `width` is that of the terminal, where there is one.
///
/// # Errors
/// [`super::Error::Frame`] when Polars refuses to write: a defect.
pub fn format(frame: &DataFrame, format: Format, width: Option<u16>) -> Result<Vec<u8>> {
    Ok(match format {
        Format::Table => terminal(frame, width)?.into_bytes(),
        Format::Json => json(frame)?.into_bytes(),
        Format::Csv => csv(frame)?.into_bytes(),
        Format::Markdown => markdown(frame)?.into_bytes(),
        Format::Parquet => parts::encode(frame)?,
    })
}

fn terminal(frame: &DataFrame, width: Option<u16>) -> Result<String> {
    let mut table = Table::new();
    let lines = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(lines).set_header(names(frame)).force_no_tty();
    if let Some(width) = width {
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in 0..frame.height() {
        table.add_row(cells(frame, row, short)?.iter().map(|cell| one_line(cell)));
    }
    for (index, column) in frame.columns().iter().enumerate() {
        if column.dtype().is_primitive_numeric()
            && let Some(column) = table.column_mut(index)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let rows = if frame.height() == 1 { "1 run".into() } else { format!("{} runs", frame.height()) };
    Ok(format!("{}\n{rows}\n", table.trim_fmt()))
}

fn json(frame: &DataFrame) -> Result<String> {
    let names = names(frame);
    let mut runs = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let mut run = Map::new();
        for (name, value) in names.iter().zip(values(frame, row)?) {
            run.insert(name.clone(), json_value(&value));
        }
        runs.push(Value::Object(run));
    }
    let document = json!({"version": 1, "runs": runs});
    Ok(serde_json::to_string_pretty(&document).expect("plain data can be written as JSON") + "\n")
}

/// A value in JSON; missing ones are null.
#[must_use]
pub fn json_value(value: &AnyValue<'_>) -> Value {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(flag) => Value::Bool(*flag),
        AnyValue::Int64(whole) => json!(whole),
        AnyValue::Float64(number) => json!(number),
        AnyValue::List(items) => Value::Array(items.iter().map(|item| json_value(&item)).collect()),
        other => Value::String(plain(other)),
    }
}

fn csv(frame: &DataFrame) -> Result<String> {
    let quote = |text: String| {
        if text.contains(['"', ',', '\n', '\r']) || text.trim() != text {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let mut out = names(frame).into_iter().map(quote).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..frame.height() {
        let fields = cells(frame, row, exact)?.into_iter().map(|text| quote(no_formula(text)));
        let fields: Vec<String> = fields.collect();
        out += &fields.join(",");
        out.push('\n');
    }
    Ok(out)
}

/// Text of a cell that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or the end of a
/// line gets an apostrophe before it, as a person would type it. Numbers, and lists of them, stay as they are.
#[must_use]
pub fn no_formula(text: String) -> String {
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let begins_one = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins_one && !text.split(' ').all(is_number) { format!("'{text}") } else { text }
}

fn markdown(frame: &DataFrame) -> Result<String> {
    let escape = |text: String| one_line(&text).replace('\\', "\\\\").replace('|', "\\|");
    let line = |cells: Vec<String>| {
        cells.into_iter().map(escape).fold(String::from("|"), |mut line, cell| {
            let _ = write!(line, " {cell} |");
            line
        }) + "\n"
    };
    let mut out = line(names(frame));
    out.push('|');
    for column in frame.columns() {
        out += if column.dtype().is_primitive_numeric() { "---:|" } else { "---|" };
    }
    out.push('\n');
    for row in 0..frame.height() {
        out += &line(cells(frame, row, short)?);
    }
    Ok(out)
}

fn names(frame: &DataFrame) -> Vec<String> {
    frame.columns().iter().map(|column| column.name().to_string()).collect()
}

fn values(frame: &DataFrame, row: usize) -> Result<Vec<AnyValue<'_>>> {
    frame.columns().iter().map(|column| column.get(row).map_err(frame_error("read a row"))).collect()
}

fn cells(frame: &DataFrame, row: usize, number: fn(f64) -> String) -> Result<Vec<String>> {
    let cell = |value: &AnyValue<'_>| if let AnyValue::Float64(value) = value { number(*value) } else { plain(value) };
    Ok(values(frame, row)?.iter().map(cell).collect())
}

/// A value as text; missing ones are empty.
fn plain(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::Boolean(flag) => flag.to_string(),
        AnyValue::Int64(whole) => whole.to_string(),
        AnyValue::Float64(number) => exact(*number),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::List(items) => items.iter().map(|item| plain(&item)).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// The shortest digits that read back as the same number.
fn exact(number: f64) -> String {
    json!(number).to_string()
}

/// Text without line breaks and what else a terminal would obey.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Six significant digits, for people.
#[must_use]
pub fn short(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let size = number.abs();
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{number:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trim_zeros(digits));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 9")]
    let decimals = (5.0 - size.log10().floor()).max(0.0) as usize;
    trim_zeros(&format!("{number:.decimals$}")).to_owned()
}

fn trim_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
#[path = "tests/table.rs"]
mod tests;
