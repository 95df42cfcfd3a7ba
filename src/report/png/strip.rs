//! Draws rows of dots along one axis.

use super::axes::{Ruler, TICK};
use super::canvas::{Anchor, Canvas};
use super::legend::{EDGE, Head, LABEL, STRONG, Sample, WIDTH};
use super::text::{self, Weight};
use super::theme::Palette;
use crate::report::figure::{Dash, Row, Strip};

const ROW: f64 = 25.0;
const BLOCK: f64 = 26.0;
const RADIUS: f64 = 3.8;
/// Widest column of labels.
const LABELS: f64 = 350.0;
/// Smallest size that a long label is set in before it is cut.
const SMALL: f64 = 9.5;

pub(super) fn draw(title: &str, figure: &Strip, palette: Palette) -> Canvas {
    let head = Head::new(title, entries(figure));
    let label_width = figure.rows.iter().map(|row| text::width(&row.label, LABEL.0, LABEL.1));
    let labels = label_width.fold(40.0, f64::max).min(LABELS);
    let notes = figure.rows.iter().map(|row| text::width(&note(row), TICK, Weight::Regular));
    let notes = notes.fold(0.0, f64::max);
    let (left, right) = (EDGE + labels + 12.0, WIDTH - EDGE - if notes > 0.0 { notes + 8.0 } else { 6.0 });
    let dots = figure.rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value).chain(row.floor));
    let references = figure.references.iter().map(|reference| reference.value);
    let x = Ruler::new(&figure.x, dots.chain(references), (left, right), 76.0);

    let flags = flags(figure, &x, (left, right));
    let levels = flags.iter().map(|flag| flag.2 + 1).max().unwrap_or(0);
    let top = head.height + 10.0 + levels as f64 * 17.0;
    let blocks = figure.rows.chunk_by(|a, b| a.block == b.block).filter(|rows| !rows[0].block.is_empty()).count();
    let bottom = top + figure.rows.len() as f64 * ROW + blocks as f64 * BLOCK + 4.0;
    let mut canvas = Canvas::new(WIDTH, bottom + 46.0, palette);
    head.draw(&mut canvas);
    for (band, at) in bands(figure, top).into_iter().enumerate() {
        if band % 2 == 0 {
            canvas.fill((EDGE - 6.0, at), (WIDTH - EDGE + 6.0, at + ROW), palette.band);
        }
    }
    for (at, text, fits) in x.spaced() {
        canvas.stroke(&[(at, top), (at, bottom)], 1.0, palette.grid, Dash::Solid);
        if fits {
            canvas.text(&text, (at, bottom + 16.0), Anchor::Middle, (TICK, Weight::Regular), palette.muted);
        }
    }
    canvas.stroke(&[(left, bottom), (right, bottom)], 1.0, palette.muted, Dash::Solid);
    let middle = f64::midpoint(left, right);
    let room = text::width(&figure.x.label, LABEL.0, LABEL.1) / 2.0;
    let middle = middle.min(WIDTH - EDGE - room).max(EDGE + room);
    canvas.text(&figure.x.label, (middle, bottom + 36.0), Anchor::Middle, LABEL, palette.muted);
    for (reference, (at, start, level)) in figure.references.iter().zip(&flags) {
        let colour = palette.of(reference.hue);
        let y = top - 6.0 - *level as f64 * 17.0;
        canvas.stroke(&[(*at, y + 3.0), (*at, bottom)], 1.75, colour, reference.dash);
        canvas.patched(&reference.label, (*start, y), Anchor::Start, LABEL, colour);
    }
    rows(&mut canvas, figure, &x, (top, left));
    canvas
}

/// Where references stand, where their labels begin, and how far up: labels never share a place.
fn flags(figure: &Strip, x: &Ruler, (left, right): (f64, f64)) -> Vec<(f64, f64, usize)> {
    let mut flags: Vec<(f64, f64, usize)> = Vec::new();
    let mut taken: Vec<(f64, f64, usize)> = Vec::new();
    for reference in &figure.references {
        let at = x.at(reference.value).unwrap_or(left);
        let width = text::width(&reference.label, LABEL.0, LABEL.1);
        let start = (at - width / 2.0).min(right - width + 6.0).max(EDGE);
        let free = |level: usize| {
            // A label may stand on no other label, nor on a line that goes up to one above it.
            let labels = taken.iter().all(|&(a, b, l)| l != level || b + 12.0 < start || start + width + 12.0 < a);
            let lines = flags.iter().all(|&(line, _, l)| l < level || line + 6.0 < start || start + width + 6.0 < line);
            labels && lines
        };
        let level = (0..taken.len()).find(|&level| free(level)).unwrap_or(taken.len());
        taken.push((start, start + width, level));
        flags.push((at, start, level));
    }
    flags
}

/// The upper edges of all rows.
fn bands(figure: &Strip, top: f64) -> Vec<f64> {
    let mut y = top;
    let mut bands = Vec::with_capacity(figure.rows.len());
    for rows in figure.rows.chunk_by(|a, b| a.block == b.block) {
        if !rows[0].block.is_empty() {
            y += BLOCK;
        }
        for _ in rows {
            bands.push(y);
            y += ROW;
        }
    }
    bands
}

fn rows(canvas: &mut Canvas, figure: &Strip, x: &Ruler, (top, left): (f64, f64)) {
    let (ink, muted) = (canvas.palette.ink, canvas.palette.muted);
    let mut block = "";
    for (row, upper) in figure.rows.iter().zip(bands(figure, top)) {
        let middle = upper + ROW / 2.0;
        if row.block != block && !row.block.is_empty() {
            canvas.patched(&row.block, (EDGE, upper - 8.0), Anchor::Start, STRONG, ink);
        }
        block = &row.block;
        let room = left - EDGE - 12.0;
        let size = LABEL.0 * (room / text::width(&row.label, LABEL.0, LABEL.1)).min(1.0);
        let font = (size.max(SMALL), LABEL.1);
        let label = text::fitted(&row.label, font.0, font.1, room + 0.5);
        canvas.text(&label, (left - 12.0, middle + 4.2), Anchor::End, font, ink);
        let note = note(row);
        if !note.is_empty() {
            canvas.text(&note, (WIDTH - EDGE, middle + 4.0), Anchor::End, (TICK, Weight::Regular), muted);
        }
        if let Some(at) = row.floor.and_then(|floor| x.at(floor)) {
            canvas.stroke(&[(at, upper + 2.0), (at, upper + ROW - 2.0)], 2.0, ink, Dash::Dotted);
        }
        if figure.means
            && let Some((mean, interval)) = row.mean
        {
            let edge = x.ends().0;
            let at = |value: f64| x.at(value).unwrap_or(edge);
            if let Some((low, high)) = interval {
                canvas.stroke(&[(at(low), middle), (at(high), middle)], 1.25, ink, Dash::Solid);
            }
            canvas.stroke(&[(at(mean), middle - 8.0), (at(mean), middle + 8.0)], 2.0, ink, Dash::Solid);
        }
        let mut placed: Vec<(f64, f64)> = Vec::new();
        for dot in &row.dots {
            let Some(at) = x.at(dot.value) else { continue };
            let offset = swarm(&placed, at);
            placed.push((at, offset));
            let colour = canvas.palette.of(dot.hue);
            canvas.marker((at, middle + offset), dot.marker, RADIUS, colour);
        }
    }
}

/// The smallest step off the middle at which a dot covers no other, or else the one that leaves most of it visible.
fn swarm(placed: &[(f64, f64)], at: f64) -> f64 {
    let steps = [0.0, -3.6, 3.6, -7.2, 7.2];
    // With hundreds of dots in a row they cannot all be told apart, and looking for room would take too long.
    if placed.len() > 400 {
        return f64::from(placed.len() as u32 % 19) - 9.0;
    }
    let gap = |step: f64| {
        let near = placed.iter().filter(|(x, _)| (x - at).abs() < 2.0 * RADIUS);
        near.map(|(x, y)| (x - at).hypot(y - step)).fold(f64::INFINITY, f64::min)
    };
    if let Some(free) = steps.into_iter().find(|&step| gap(step) >= 1.8 * RADIUS) {
        return free;
    }
    let finer = (-10..=10).map(|step| f64::from(step) * 0.9);
    finer.max_by(|&a, &b| gap(a).total_cmp(&gap(b)).then(b.abs().total_cmp(&a.abs()))).unwrap_or(0.0)
}

fn note(row: &Row) -> String {
    if row.without == 0 { String::new() } else { format!("{} without", row.without) }
}

fn entries(figure: &Strip) -> Vec<(Sample, String)> {
    let keys = figure.keys.iter().map(|key| (Sample::Point(key.hue, key.marker), key.name.clone()));
    let mut entries: Vec<_> = keys.collect();
    if figure.means && figure.rows.iter().any(|row| row.mean.is_some_and(|(_, interval)| interval.is_some())) {
        entries.push((Sample::Mean, "mean and its 95\u{a0}% interval".into()));
    }
    if figure.rows.iter().any(|row| row.floor.is_some()) {
        entries.push((Sample::Floor, "affine floor of the row".into()));
    }
    entries
}
