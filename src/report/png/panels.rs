//! Draws lines and points in panels side by side.

use super::axes::{Ruler, TICK};
use super::canvas::{Anchor, Canvas};
use super::legend::{BAND, EDGE, Head, LABEL, STRONG, Sample, WIDTH};
use super::text::{self, Weight};
use super::theme::Palette;
use crate::report::figure::{Dash, Mark, Panel, Panels, Series};

/// Panels in a row.
const ACROSS: usize = 3;
const GAP: f64 = 16.0;
/// Widest column of ticks.
const NAMES: f64 = 200.0;
/// Pixels from tick to tick of a vertical axis, about.
const DOWN: f64 = 46.0;

/// Left, upper, right and lower edge of a panel.
type Frame = (f64, f64, f64, f64);
/// Points of a panel from which on they are drawn smaller.
const MANY: usize = 300;

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
        let bands = figure.panels.iter().flat_map(|panel| &panel.bands).flat_map(|band| &band.points);
        let bands = bands.flat_map(|&(_, low, high)| [low, high]);
        series.map(|point| point.1).chain(references.map(|reference| reference.value)).chain(bands)
    };
    let xs = || {
        let series = figure.panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
        let bands = figure.panels.iter().flat_map(|panel| &panel.bands).flat_map(|band| &band.points);
        let shades = figure.panels.iter().flat_map(|panel| &panel.shades).flat_map(|shade| [shade.from, shade.to]);
        let verticals = figure.panels.iter().flat_map(|panel| &panel.verticals).map(|vertical| vertical.value);
        series.map(|point| point.0).chain(bands.map(|point| point.0)).chain(shades).chain(verticals)
    };
    let widths = Ruler::new(&figure.y, ys(), (plot_height, 0.0), DOWN);
    let widths = widths.ticks.iter().map(|(_, text)| text::width(text, TICK, Weight::Regular));
    let left = EDGE + widths.fold(0.0, f64::max).min(NAMES) + 8.0;
    let plot_width = (WIDTH - EDGE - left - GAP * (across - 1) as f64) / across as f64;
    for (place, panel) in figure.panels.iter().enumerate() {
        let (row, column) = ((place / across) as f64, (place % across) as f64);
        let x0 = left + column * (plot_width + GAP);
        let y0 = top + row * row_height + over;
        let x = Ruler::new(&figure.x, xs(), (x0 + 4.0, x0 + plot_width - 4.0), 76.0);
        let y = Ruler::new(&figure.y, ys(), (y0 + plot_height, y0), DOWN);
        frame(&mut canvas, &x, &y, (x0, y0, x0 + plot_width, y0 + plot_height), column == 0.0);
        if !panel.title.is_empty() {
            let name = text::fitted(&panel.title, STRONG.0, STRONG.1, plot_width);
            canvas.text(&name, (x0, y0 - 8.0), Anchor::Start, STRONG, palette.ink);
        }
        data(&mut canvas, panel, &x, &y, (x0, y0, x0 + plot_width, y0 + plot_height));
    }
    let middle = f64::midpoint(left, WIDTH - EDGE);
    canvas.text(&figure.x.label, (middle, height - 12.0), Anchor::Middle, LABEL, palette.muted);
    canvas
}

fn frame(canvas: &mut Canvas, x: &Ruler, y: &Ruler, (x0, y0, x1, y1): Frame, labelled: bool) {
    let (grid, muted) = (canvas.palette.grid, canvas.palette.muted);
    let mut free = f64::INFINITY;
    for (at, text) in &y.ticks {
        canvas.stroke(&[(x0, *at), (x1, *at)], 1.0, grid, Dash::Solid);
        // From the bottom up, a label that would touch the last one is left out; its line stays.
        if labelled && at + 7.0 < free {
            let text = text::fitted(text, TICK, Weight::Regular, x0 - EDGE - 6.0);
            canvas.text(&text, (x0 - 7.0, at + 4.0), Anchor::End, (TICK, Weight::Regular), muted);
            free = at - 7.0;
        }
    }
    for (at, text, fits) in x.spaced() {
        canvas.stroke(&[(at, y0), (at, y1)], 1.0, grid, Dash::Solid);
        if fits {
            // A long name at the edge moves in.
            let half = text::width(&text, TICK, Weight::Regular) / 2.0;
            let middle = at.min(WIDTH - 4.0 - half).max(4.0 + half);
            canvas.text(&text, (middle, y1 + 16.0), Anchor::Middle, (TICK, Weight::Regular), muted);
        }
    }
    canvas.stroke(&[(x0, y1), (x1, y1)], 1.0, muted, Dash::Solid);
}

fn data(canvas: &mut Canvas, panel: &Panel, x: &Ruler, y: &Ruler, (x0, y0, x1, y1): Frame) {
    for shade in &panel.shades {
        if let (Some(from), Some(to)) = (x.at(shade.from), x.at(shade.to)) {
            let colour = canvas.palette.of(shade.hue);
            canvas.between(&[(from.min(to), y0, y1), (from.max(to), y0, y1)], colour, BAND);
        }
    }
    for band in &panel.bands {
        let colour = canvas.palette.of(band.hue);
        let placed = |&(px, low, high): &(f64, f64, f64)| Some((x.at(px)?, y.at(low)?, y.at(high)?));
        let placed: Vec<_> = band.points.iter().map(placed).collect();
        for piece in placed.split(Option::is_none) {
            let points: Vec<_> = piece.iter().flatten().copied().collect();
            canvas.between(&points, colour, BAND);
        }
    }
    let points = panel.series.iter().filter(|series| matches!(series.mark, Mark::Points(_)));
    let radius = if points.map(|series| series.points.len()).sum::<usize>() > MANY { 2.6 } else { 4.0 };
    for series in &panel.series {
        let colour = canvas.palette.of(series.hue);
        let placed = series.points.iter().map(|&(px, py)| Some((x.at(px)?, y.at(py)?)));
        match series.mark {
            Mark::Bins => bins(canvas, series, x, y),
            Mark::Points(marker) => {
                placed.flatten().for_each(|at| canvas.marker(at, marker, radius, colour));
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
            canvas.stroke(&[(x0, at), (x1, at)], 1.75, colour, reference.dash);
        }
    }
    for vertical in &panel.verticals {
        if let Some(at) = x.at(vertical.value) {
            let colour = canvas.palette.of(vertical.hue);
            canvas.stroke(&[(at, y0), (at, y1)], 1.75, colour, vertical.dash);
        }
    }
}

/// A histogram: bars from zero, a hair apart.
fn bins(canvas: &mut Canvas, series: &Series, x: &Ruler, y: &Ruler) {
    let colour = canvas.palette.faint(canvas.palette.of(series.hue), 0.6);
    for pair in series.points.windows(2) {
        let ((from, count), (to, _)) = (pair[0], pair[1]);
        if let (Some(left), Some(right), Some(zero), Some(top)) = (x.at(from), x.at(to), y.at(0.0), y.at(count))
            && count > 0.0
        {
            canvas.fill((left + 0.5, top), ((right - 0.5).max(left + 1.0), zero), colour);
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
            Mark::Bins => Sample::Bar(series.hue),
        };
        add(sample, &series.name);
    }
    for band in figure.panels.iter().flat_map(|panel| &panel.bands) {
        add(Sample::Patch(band.hue), &band.name);
    }
    for shade in figure.panels.iter().flat_map(|panel| &panel.shades) {
        add(Sample::Patch(shade.hue), &shade.name);
    }
    let lines = figure.panels.iter().flat_map(|panel| panel.references.iter().chain(&panel.verticals));
    for reference in lines {
        add(Sample::Line(reference.hue, reference.dash, 1.75), &reference.label);
    }
    entries
}
