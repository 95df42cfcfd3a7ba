//! Draws lines and points in panels side by side.

use super::axes::{Ruler, TICK};
use super::canvas::{Anchor, Canvas};
use super::legend::{EDGE, Head, LABEL, STRONG, Sample, WIDTH};
use super::text::{self, Weight};
use super::theme::Palette;
use crate::report::figure::{Dash, Mark, Panel, Panels};

/// Panels in a row.
const ACROSS: usize = 3;
const GAP: f64 = 16.0;
/// Pixels from tick to tick of a vertical axis, about.
const DOWN: f64 = 46.0;

pub(super) fn draw(title: &str, figure: &Panels, palette: Palette) -> Canvas {
    let head = Head::new(title, entries(figure));
    // Four make a square, so that none stands alone.
    let across = if figure.panels.len() == 4 { 2 } else { figure.panels.len().clamp(1, ACROSS) };
    let down = figure.panels.len().div_ceil(across).max(1);
    let plot_height = match (across, down) {
        (1, 1) => 340.0,
        (_, 1) => 280.0,
        _ => 220.0,
    };
    let titled = figure.panels.iter().any(|panel| !panel.title.is_empty());
    let over = if titled { 24.0 } else { 8.0 };
    let top = head.height + 24.0;
    let row_height = over + plot_height + 26.0;
    let height = top + down as f64 * row_height + 26.0;
    let mut canvas = Canvas::new(WIDTH, height, palette);
    head.draw(&mut canvas);
    canvas.text(&figure.y.label, (EDGE, head.height + 18.0), Anchor::Start, LABEL, palette.muted);

    let ys = || {
        let series = figure.panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
        let references = figure.panels.iter().flat_map(|panel| &panel.references);
        series.map(|point| point.1).chain(references.map(|reference| reference.value))
    };
    let widths = Ruler::new(&figure.y, ys(), (plot_height, 0.0), DOWN);
    let widths = widths.ticks.iter().map(|(_, text)| text::width(text, TICK, Weight::Regular));
    let left = EDGE + widths.fold(0.0, f64::max) + 8.0;
    let plot_width = (WIDTH - EDGE - left - GAP * (across - 1) as f64) / across as f64;
    for (place, panel) in figure.panels.iter().enumerate() {
        let (row, column) = ((place / across) as f64, (place % across) as f64);
        let x0 = left + column * (plot_width + GAP);
        let y0 = top + row * row_height + over;
        let x_values = figure.panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
        let x = Ruler::new(&figure.x, x_values.map(|point| point.0), (x0 + 4.0, x0 + plot_width - 4.0), 76.0);
        let y = Ruler::new(&figure.y, ys(), (y0 + plot_height, y0), DOWN);
        frame(&mut canvas, &x, &y, (x0, y0, x0 + plot_width, y0 + plot_height), column == 0.0);
        if !panel.title.is_empty() {
            let name = text::fitted(&panel.title, STRONG.0, STRONG.1, plot_width);
            canvas.text(&name, (x0, y0 - 8.0), Anchor::Start, STRONG, palette.ink);
        }
        data(&mut canvas, panel, &x, &y, (x0, x0 + plot_width));
    }
    let middle = f64::midpoint(left, WIDTH - EDGE);
    canvas.text(&figure.x.label, (middle, height - 12.0), Anchor::Middle, LABEL, palette.muted);
    canvas
}

fn frame(canvas: &mut Canvas, x: &Ruler, y: &Ruler, (x0, y0, x1, y1): (f64, f64, f64, f64), labelled: bool) {
    let (grid, muted) = (canvas.palette.grid, canvas.palette.muted);
    let mut free = f64::INFINITY;
    for (at, text) in &y.ticks {
        canvas.stroke(&[(x0, *at), (x1, *at)], 1.0, grid, Dash::Solid);
        // From the bottom up, a label that would touch the last one is left out; its line stays.
        if labelled && at + 7.0 < free {
            canvas.text(text, (x0 - 7.0, at + 4.0), Anchor::End, (TICK, Weight::Regular), muted);
            free = at - 7.0;
        }
    }
    for (at, text, fits) in x.spaced() {
        canvas.stroke(&[(at, y0), (at, y1)], 1.0, grid, Dash::Solid);
        if fits {
            canvas.text(&text, (at, y1 + 16.0), Anchor::Middle, (TICK, Weight::Regular), muted);
        }
    }
    canvas.stroke(&[(x0, y1), (x1, y1)], 1.0, muted, Dash::Solid);
}

fn data(canvas: &mut Canvas, panel: &Panel, x: &Ruler, y: &Ruler, (left, right): (f64, f64)) {
    for series in &panel.series {
        let colour = canvas.palette.of(series.hue);
        let placed = series.points.iter().map(|&(px, py)| Some((x.at(px)?, y.at(py)?)));
        match series.mark {
            Mark::Bins => {}
            Mark::Points(marker) => {
                placed.flatten().for_each(|at| canvas.marker(at, marker, 4.0, colour));
            }
            Mark::Line(dash, width) => {
                let colour = if width < 1.2 { canvas.palette.faint(colour, 0.75) } else { colour };
                let placed: Vec<_> = placed.collect();
                // A line stops where a number is missing.
                for piece in placed.split(Option::is_none) {
                    let points: Vec<_> = piece.iter().flatten().copied().collect();
                    match points[..] {
                        [] => {}
                        [only] => canvas.marker(only, crate::report::figure::Marker::Circle, 2.0, colour),
                        _ => canvas.stroke(&points, width, colour, dash),
                    }
                }
            }
        }
    }
    for reference in &panel.references {
        if let Some(at) = y.at(reference.value) {
            let colour = canvas.palette.of(reference.hue);
            canvas.stroke(&[(left, at), (right, at)], 1.75, colour, reference.dash);
        }
    }
}

/// One entry a name, in the order of first appearance; lines before references.
fn entries(figure: &Panels) -> Vec<(Sample, String)> {
    let mut entries: Vec<(Sample, String)> = Vec::new();
    let mut add = |sample: Sample, name: &str| {
        if !name.is_empty() && entries.iter().all(|(_, known)| known != name) {
            entries.push((sample, name.to_owned()));
        }
    };
    for series in figure.panels.iter().flat_map(|panel| &panel.series) {
        let sample = match series.mark {
            Mark::Line(dash, width) => Sample::Line(series.hue, dash, width),
            Mark::Points(marker) => Sample::Point(series.hue, marker),
            Mark::Bins => continue,
        };
        add(sample, &series.name);
    }
    for reference in figure.panels.iter().flat_map(|panel| &panel.references) {
        add(Sample::Line(reference.hue, reference.dash, 1.75), &reference.label);
    }
    entries
}
