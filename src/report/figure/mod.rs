//! Figures as data: what is drawn, with every number, before anything draws it. The drawer of images reads these, and
//! so does whatever draws them in a page.

mod body;
mod conditioning;
mod crossing;
pub mod curves;
pub mod depth;
mod distribution;
pub mod effects;
pub mod encodings;
pub mod errors;
mod examples;
mod fan;
mod floors;
pub mod generic;
pub mod importance;
mod inside_beyond;
pub mod interactions;
pub mod lead;
mod looks;
pub mod parabola;
mod parallel;
mod parts;
mod pieces;
mod rounding;
pub mod shares;
mod sizes;
pub mod strip;
mod success;
pub mod tasks;
pub mod tuning;

use serde::Serialize;

use crate::store::no_formula;

pub use body::{
    Band, Bar, Bars, Body, Cell, Dot, Heat, HeatPanel, Key, Mark, Names, Panel, Panels, Parallel, ParallelLine,
    Reference, Row, Series, Shade, Strip,
};

/// A figure: its data, and what is said about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Name of its files, without ending.
    pub name: String,
    /// What it shows, in a few words: drawn above it.
    pub title: String,
    /// What it says, in a sentence made from its numbers.
    pub finding: String,
    /// How to read it, and what could not be drawn.
    pub caption: String,
    /// What is drawn.
    pub body: Body,
    /// The numbers behind it.
    pub table: Table,
}

/// A table of text, for people and for files.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// Names of its columns.
    pub header: Vec<String>,
    /// Its rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns and no row.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// The table as comma-separated values, quoted where needed, with a header line. What a spreadsheet would take for a
    /// formula is told to be text.
    #[must_use]
    pub fn csv(&self) -> String {
        let cell = |text: &String| {
            let text = no_formula(text.clone());
            if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        };
        let line = |cells: &Vec<String>| cells.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
        std::iter::once(&self.header).chain(&self.rows).map(line).collect()
    }
}

/// How numbers become distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Scale {
    /// In proportion.
    Linear,
    /// By powers of ten. Zeros stand on a shelf of their own.
    Log,
}

/// A numeric axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// How numbers become distances.
    pub scale: Scale,
    /// A range to keep to, where the data do not set it.
    pub range: Option<(f64, f64)>,
    /// Places with names, for an axis of categories: its only ticks. Empty for an axis of numbers.
    pub names: Vec<(f64, String)>,
}

impl Axis {
    /// An axis of numbers as wide as the data.
    #[must_use]
    pub fn new(label: impl Into<String>, scale: Scale) -> Self {
        Self { label: label.into(), scale, range: None, names: Vec::new() }
    }
}

/// The colours that figures use, by role; themes give them values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Hue {
    /// The colour of text.
    Ink,
    /// For what stands in the background.
    Muted,
    /// First colour of the series.
    Blue,
    /// Second.
    Orange,
    /// Third.
    Green,
    /// Fourth.
    Vermillion,
    /// Fifth.
    Purple,
    /// Sixth.
    Sky,
}

/// The order in which series take colours.
pub const HUES: [Hue; 6] = [Hue::Blue, Hue::Orange, Hue::Green, Hue::Vermillion, Hue::Purple, Hue::Sky];

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square on its side.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle that points up.
    Up,
    /// A triangle that points down.
    Down,
    /// Two crossing strokes.
    Cross,
}

/// The order in which series take markers, together with colours.
pub const MARKERS: [Marker; 6] =
    [Marker::Circle, Marker::Square, Marker::Diamond, Marker::Up, Marker::Down, Marker::Cross];

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Dash {
    /// Not at all.
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
    /// Strokes and dots.
    DashDot,
}

/// The order in which series take dashes.
pub const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn tables_hold_no_formula() {
        let mut table = Table::new(&["name", "@value"]);
        table.rows = vec![vec!["=HYPERLINK(\"x\")".into(), "-0.5".into()], vec!["-a, b".into(), "-0.5 2e-7".into()]];
        assert_eq!(table.csv(), "name,'@value\n\"'=HYPERLINK(\"\"x\"\")\",-0.5\n\"'-a, b\",-0.5 2e-7\n");
    }
}
