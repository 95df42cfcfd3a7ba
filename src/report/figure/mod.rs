//! Figures as data: what is drawn, with every number, before anything draws it. The drawer of images reads these, and
//! so does whatever draws them in a page.

pub mod curves;
pub mod depth;
pub mod encodings;
pub mod errors;
pub mod generic;
pub mod parabola;
pub mod strip;
pub mod tasks;

use serde::Serialize;

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

/// What a figure draws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Body {
    /// Lines and points over a numeric axis, in one panel or several with the same axes.
    Panels(Panels),
    /// Rows of dots along one numeric axis.
    Strip(Strip),
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

    /// The table as comma-separated values, quoted where needed, with a header line.
    #[must_use]
    pub fn csv(&self) -> String {
        let cell = |text: &String| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.clone()
            }
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

/// Panels side by side with the same axes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panels {
    /// The horizontal axis of all panels.
    pub x: Axis,
    /// The vertical axis of all panels.
    pub y: Axis,
    /// At least one.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// Its heading; empty for a single panel.
    pub title: String,
    /// Drawn in order, later ones on top.
    pub series: Vec<Series>,
    /// Horizontal lines to hold the series against.
    pub references: Vec<Reference>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Mark {
    /// A line through its points, of that width in pixels.
    Line(Dash, f64),
    /// Its points alone.
    Points(Marker),
}

/// Points that belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Its entry in the legend, shared by all series of that name; empty for none.
    pub name: String,
    /// The run that it comes from, where it comes from one.
    pub run: Option<String>,
    /// Its colour.
    pub hue: Hue,
    /// How it is drawn.
    pub mark: Mark,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// A value to hold others against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// The value.
    pub value: f64,
    /// What it is, with its number.
    pub label: String,
    /// Its colour.
    pub hue: Hue,
    /// How its line is broken.
    pub dash: Dash,
}

/// Rows of dots along one axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strip {
    /// The axis.
    pub x: Axis,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// Vertical lines through all rows.
    pub references: Vec<Reference>,
    /// What the dots' colours and markers mean; may be empty where rows say it all.
    pub keys: Vec<Key>,
    /// Whether means with their intervals are drawn.
    pub means: bool,
}

/// Meaning of a colour and marker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// What it stands for.
    pub name: String,
    /// The colour.
    pub hue: Hue,
    /// The marker.
    pub marker: Marker,
}

/// One row of dots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// A heading over this and the following rows of the same block; empty for none.
    pub block: String,
    /// What it holds.
    pub label: String,
    /// Its dots.
    pub dots: Vec<Dot>,
    /// Mean with its 95 % interval, where there are replicates.
    pub mean: Option<(f64, Option<(f64, f64)>)>,
    /// A floor of this row alone.
    pub floor: Option<f64>,
    /// Runs without a value: said at the row's end.
    pub without: usize,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dot {
    /// Its value.
    pub value: f64,
    /// The run; empty for a quoted number.
    pub run: String,
    /// Its colour.
    pub hue: Hue,
    /// Its marker.
    pub marker: Marker,
}
