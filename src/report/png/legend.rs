//! Titles and legends over a figure.

use super::canvas::{Anchor, Canvas, Font};
use super::text::{self, Weight};
use crate::report::figure::{Dash, Hue, Marker};

/// Width of every figure in logical pixels: what a printed column or a page's text takes.
pub(super) const WIDTH: f64 = 720.0;
/// Free space at the left and right edge.
pub(super) const EDGE: f64 = 14.0;
pub(super) const TITLE: Font = (15.0, Weight::SemiBold);
pub(super) const LABEL: Font = (12.0, Weight::Regular);
pub(super) const STRONG: Font = (12.0, Weight::SemiBold);

/// How much of its colour a band has.
pub(super) const BAND: f64 = 0.22;

const LINE: f64 = 19.0;
const SAMPLE: f64 = 24.0;

/// What stands before an entry of a legend.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sample {
    Line(Hue, Dash, f64),
    Point(Hue, Marker),
    /// A mean with its interval.
    Mean,
    /// The floor of a single row.
    Floor,
    /// What lies between two edges.
    Patch(Hue),
    /// A bar of a histogram or of a row.
    Bar(Hue),
    /// The interval around the end of a bar.
    Interval,
    /// Small dots in the cells of a heat map.
    Dots,
    /// A cell that was not tried.
    Hatch,
    /// A cell without a number.
    Empty,
    /// Nothing: the entry is a remark.
    None,
}

/// A title over a legend, laid out.
pub(super) struct Head {
    title: Vec<String>,
    entries: Vec<(f64, f64, Sample, String)>,
    /// Pixels that it takes.
    pub height: f64,
}

impl Head {
    pub(super) fn new(title: &str, entries: Vec<(Sample, String)>) -> Self {
        let title = wrapped(title, WIDTH - 2.0 * EDGE);
        let top = 10.0 + 20.0 * title.len() as f64;
        let (mut x, mut y) = (EDGE, top + 16.0);
        let mut placed = Vec::new();
        for (sample, name) in entries {
            let name = text::fitted(&name, LABEL.0, LABEL.1, WIDTH - 2.0 * EDGE - SAMPLE);
            let before = if sample == Sample::None { 0.0 } else { SAMPLE + 6.0 };
            let width = before + text::width(&name, LABEL.0, LABEL.1) + 18.0;
            if x > EDGE && x + width - 18.0 > WIDTH - EDGE {
                (x, y) = (EDGE, y + LINE);
            }
            placed.push((x, y, sample, name));
            x += width;
        }
        let height = if placed.is_empty() { top } else { y + 6.0 };
        Self { title, entries: placed, height }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let ink = canvas.palette.ink;
        for (line, y) in self.title.iter().zip([25.0, 45.0]) {
            canvas.text(line, (EDGE, y), Anchor::Start, TITLE, ink);
        }
        for (x, y, sample, name) in &self.entries {
            let (middle, level) = (x + SAMPLE / 2.0, y - 4.0);
            match *sample {
                Sample::Line(hue, dash, width) => {
                    let colour = canvas.palette.of(hue);
                    canvas.stroke(&[(*x, level), (x + SAMPLE, level)], width.max(1.5), colour, dash);
                }
                Sample::Point(hue, marker) => {
                    let colour = canvas.palette.of(hue);
                    canvas.marker((middle, level), marker, 4.0, colour);
                }
                Sample::Mean => {
                    canvas.stroke(&[(*x + 2.0, level), (x + SAMPLE - 2.0, level)], 1.25, ink, Dash::Solid);
                    canvas.stroke(&[(middle, level - 6.0), (middle, level + 6.0)], 2.0, ink, Dash::Solid);
                }
                Sample::Interval => {
                    canvas.stroke(&[(*x + 3.0, level), (x + SAMPLE - 3.0, level)], 1.25, ink, Dash::Solid);
                    for end in [*x + 3.0, x + SAMPLE - 3.0] {
                        canvas.stroke(&[(end, level - 4.0), (end, level + 4.0)], 1.25, ink, Dash::Solid);
                    }
                }
                Sample::Patch(hue) => {
                    let colour = canvas.palette.of(hue);
                    let edges = [(*x + 1.0, level - 6.0, level + 6.0), (x + SAMPLE - 1.0, level - 6.0, level + 6.0)];
                    canvas.between(&edges, colour, BAND);
                }
                Sample::Bar(hue) => {
                    let colour = canvas.palette.faint(canvas.palette.of(hue), 0.75);
                    canvas.fill((*x + 2.0, level - 5.5), (x + SAMPLE - 2.0, level + 5.5), colour);
                }
                Sample::Dots => {
                    for along in [5.0, 11.0, 19.0] {
                        canvas.marker((x + along, level), Marker::Circle, 2.1, ink);
                    }
                }
                Sample::Hatch => {
                    let colour = canvas.palette.muted;
                    canvas.hatch((*x + 2.0, level - 7.0), (x + SAMPLE - 2.0, level + 7.0), colour);
                }
                Sample::Empty => {
                    let colour = canvas.palette.band;
                    canvas.fill((*x + 2.0, level - 7.0), (x + SAMPLE - 2.0, level + 7.0), canvas.palette.muted);
                    canvas.fill((*x + 3.0, level - 6.0), (x + SAMPLE - 3.0, level + 6.0), colour);
                }
                Sample::None => {}
                Sample::Floor => {
                    canvas.stroke(&[(middle, level - 7.0), (middle, level + 7.0)], 2.0, ink, Dash::Dotted);
                }
            }
            let before = if *sample == Sample::None { 0.0 } else { SAMPLE + 6.0 };
            canvas.text(name, (x + before, *y), Anchor::Start, LABEL, ink);
        }
    }
}

/// At most two lines.
fn wrapped(title: &str, room: f64) -> Vec<String> {
    let fits = |line: &str| text::width(line, TITLE.0, TITLE.1) <= room;
    if fits(title) {
        return vec![title.to_owned()];
    }
    let mut first = String::new();
    let mut rest = title;
    for (place, _) in title.match_indices(' ') {
        if fits(&title[..place]) {
            title[..place].clone_into(&mut first);
            rest = &title[place + 1..];
        }
    }
    let rest = text::fitted(rest, TITLE.0, TITLE.1, room);
    if first.is_empty() { vec![rest] } else { vec![first, rest] }
}
