//! What figures draw: shapes with every number, before anything draws them.

use serde::Serialize;

use super::{Axis, Dash, Hue, Marker};

/// What a figure draws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Body {
    /// Lines and points over a numeric axis, in one panel or several with the same axes.
    Panels(Panels),
    /// Rows of dots along one numeric axis.
    Strip(Strip),
    /// Cells of a grid, coloured by a number, in one panel or several.
    Heat(Heat),
    /// A horizontal bar a row.
    Bars(Bars),
    /// A line a run through one vertical axis a column.
    Parallel(Parallel),
}

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
    /// Behind the series: what lies between two curves.
    pub bands: Vec<Band>,
    /// Behind the series: ranges of the horizontal axis.
    pub shades: Vec<Shade>,
    /// Drawn in order, later ones on top.
    pub series: Vec<Series>,
    /// Horizontal lines to hold the series against.
    pub references: Vec<Reference>,
    /// Vertical lines to hold the series against.
    pub verticals: Vec<Reference>,
}

impl Panel {
    /// A panel of series alone.
    #[must_use]
    pub fn new(title: impl Into<String>, series: Vec<Series>) -> Self {
        let title = title.into();
        Self { title, bands: Vec::new(), shades: Vec::new(), series, references: Vec::new(), verticals: Vec::new() }
    }
}

/// What lies between two curves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Its entry in the legend; empty for none.
    pub name: String,
    /// Its colour, drawn pale.
    pub hue: Hue,
    /// Place on the horizontal axis, lower and upper edge, from left to right.
    pub points: Vec<(f64, f64, f64)>,
}

/// A range of the horizontal axis, shaded from top to bottom.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shade {
    /// Its entry in the legend.
    pub name: String,
    /// Its colour, drawn pale.
    pub hue: Hue,
    /// Its left edge.
    pub from: f64,
    /// Its right edge.
    pub to: f64,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Mark {
    /// A line through its points, of that width in pixels.
    Line(Dash, f64),
    /// Its points alone.
    Points(Marker),
    /// A histogram: a point is the left edge of a bin and its count; the last one closes the last bin.
    Bins,
}

/// Points that belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Its entry in the legend, shared by all series of that name; empty for none.
    pub name: String,
    /// The run that it comes from, where it comes from one.
    pub run: Option<String>,
    /// The run of each point, where each comes from its own; empty otherwise.
    pub runs: Vec<String>,
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

/// Cells of a grid, coloured by a number; all panels have the same rows and columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Heat {
    /// What the columns are, and their names from left to right.
    pub columns: Names,
    /// What the rows are, and their names from top to bottom.
    pub rows: Names,
    /// What colours measure.
    pub colour: Axis,
    /// At least one.
    pub panels: Vec<HeatPanel>,
}

/// What an axis of categories stands for, and its names in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Names {
    /// What they are.
    pub label: String,
    /// Their names.
    pub names: Vec<String>,
}

/// One panel of a heat map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatPanel {
    /// Its heading; empty for a single panel.
    pub title: String,
    /// Its cells; combinations without one were not tried.
    pub cells: Vec<Cell>,
}

/// One cell of a heat map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Its column.
    pub column: usize,
    /// Its row.
    pub row: usize,
    /// What colours it; `None` where there is no number.
    pub value: Option<f64>,
    /// What is written in it.
    pub text: String,
    /// The runs in it, drawn as small dots along the cell on the scale of colours.
    pub dots: Vec<(f64, String)>,
}

/// A horizontal bar a row, from zero, with an interval where there is one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bars {
    /// The axis.
    pub x: Axis,
    /// From top to bottom.
    pub rows: Vec<Bar>,
    /// Vertical lines through all rows.
    pub references: Vec<Reference>,
    /// What the colours mean; may be empty.
    pub keys: Vec<Key>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// A heading over this and the following rows of the same block; empty for none.
    pub block: String,
    /// What it is.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// The interval around its end.
    pub interval: Option<(f64, f64)>,
    /// Its colour.
    pub hue: Hue,
    /// What is written behind it: its number, and of how many.
    pub note: String,
}

/// A line a run through one vertical axis a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parallel {
    /// From left to right; the last is the metric, which colours the lines.
    pub axes: Vec<Axis>,
    /// Drawn in order.
    pub lines: Vec<ParallelLine>,
    /// Whether small values of the metric are good: those are drawn last, in the strong colour.
    pub small_is_good: bool,
}

/// A run in a figure of parallel axes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParallelLine {
    /// The run.
    pub run: String,
    /// Its place on each axis: for an axis of names, the place of its name; `None` where it has no value there.
    pub values: Vec<Option<f64>>,
}
