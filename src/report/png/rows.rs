//! What figures of rows share: labels at the left, one axis, blocks with headings, lines through all rows.

use super::axes::{Ruler, TICK};
use super::canvas::{Anchor, Canvas};
use super::legend::{EDGE, Head, LABEL, STRONG, WIDTH};
use super::text::{self, Weight};
use super::theme::Palette;
use crate::report::figure::{Axis, Dash, Reference};

pub(super) const ROW: f64 = 25.0;
const BLOCK: f64 = 26.0;
/// Widest column of labels.
const LABELS: f64 = 350.0;
/// Widest column of notes.
const NOTES: f64 = 170.0;
/// Smallest size that a long label is set in before it is cut.
const SMALL: f64 = 9.5;

/// One row: its block, its label, and what is written at its end.
pub(super) struct Line<'a> {
    pub block: &'a str,
    pub label: &'a str,
    pub note: String,
}

/// Draws all that is around the data: title, legend, axis, labels, notes. Returns the surface, the axis, and the upper
/// edge of each row.
pub(super) fn lay(
    head: &Head,
    axis: &Axis,
    values: impl Iterator<Item = f64>,
    lines: &[Line<'_>],
    references: &[Reference],
    palette: Palette,
) -> (Canvas, Ruler, Vec<f64>) {
    let label_width = lines.iter().map(|line| text::width(line.label, LABEL.0, LABEL.1));
    let labels = label_width.fold(40.0, f64::max).min(LABELS);
    let notes = lines.iter().map(|line| text::width(&line.note, TICK, Weight::Regular));
    let notes = notes.fold(0.0, f64::max).min(NOTES);
    let (left, right) = (EDGE + labels + 12.0, WIDTH - EDGE - if notes > 0.0 { notes + 8.0 } else { 6.0 });
    let values = values.chain(references.iter().map(|reference| reference.value));
    let x = Ruler::new(axis, values, (left, right), 76.0);

    let flags = flags(references, &x, (left, right));
    let levels = flags.iter().map(|flag| flag.2 + 1).max().unwrap_or(0);
    let top = head.height + 10.0 + levels as f64 * 17.0;
    let uppers = uppers(lines, top);
    let bottom = uppers.last().map_or(top + ROW, |upper| upper + ROW) + 4.0;
    let mut canvas = Canvas::new(WIDTH, bottom + 46.0, palette);
    head.draw(&mut canvas);
    for at in uppers.iter().step_by(2) {
        canvas.fill((EDGE - 6.0, *at), (WIDTH - EDGE + 6.0, at + ROW), palette.band);
    }
    for (at, text, fits) in x.spaced() {
        canvas.stroke(&[(at, top), (at, bottom)], 1.0, palette.grid, Dash::Solid);
        if fits {
            canvas.text(&text, (at, bottom + 16.0), Anchor::Middle, (TICK, Weight::Regular), palette.muted);
        }
    }
    canvas.stroke(&[(left, bottom), (right, bottom)], 1.0, palette.muted, Dash::Solid);
    let name = text::fitted(&axis.label, LABEL.0, LABEL.1, WIDTH - 2.0 * EDGE);
    let room = text::width(&name, LABEL.0, LABEL.1) / 2.0;
    let middle = f64::midpoint(left, right).min(WIDTH - EDGE - room).max(EDGE + room);
    canvas.text(&name, (middle, bottom + 36.0), Anchor::Middle, LABEL, palette.muted);
    for (reference, (at, _, level)) in references.iter().zip(&flags) {
        let colour = palette.of(reference.hue);
        let y = top - 6.0 - *level as f64 * 17.0;
        canvas.stroke(&[(*at, y + 3.0), (*at, bottom)], 1.75, colour, reference.dash);
    }
    // Labels over all lines, so that none is struck through.
    for (reference, (_, start, level)) in references.iter().zip(&flags) {
        let colour = palette.of(reference.hue);
        let y = top - 6.0 - *level as f64 * 17.0;
        let label = text::fitted(&reference.label, LABEL.0, LABEL.1, WIDTH - 2.0 * EDGE);
        canvas.patched(&label, (*start, y), Anchor::Start, LABEL, colour);
    }
    let mut block = "";
    for (line, upper) in lines.iter().zip(&uppers) {
        let middle = upper + ROW / 2.0;
        if line.block != block && !line.block.is_empty() {
            let heading = text::fitted(line.block, STRONG.0, STRONG.1, WIDTH - 2.0 * EDGE);
            canvas.patched(&heading, (EDGE, upper - 8.0), Anchor::Start, STRONG, palette.ink);
        }
        block = line.block;
        let room = left - EDGE - 12.0;
        let size = LABEL.0 * (room / text::width(line.label, LABEL.0, LABEL.1).max(1.0)).min(1.0);
        let font = (size.max(SMALL), LABEL.1);
        let label = text::fitted(line.label, font.0, font.1, room + 0.5);
        canvas.text(&label, (left - 12.0, middle + 4.2), Anchor::End, font, palette.ink);
        if !line.note.is_empty() {
            let note = text::fitted(&line.note, TICK, Weight::Regular, NOTES + 0.5);
            canvas.text(&note, (WIDTH - EDGE, middle + 4.0), Anchor::End, (TICK, Weight::Regular), palette.muted);
        }
    }
    (canvas, x, uppers)
}

/// Where references stand, where their labels begin, and how far up: labels never share a place.
fn flags(references: &[Reference], x: &Ruler, (left, right): (f64, f64)) -> Vec<(f64, f64, usize)> {
    let mut flags: Vec<(f64, f64, usize)> = Vec::new();
    let mut taken: Vec<(f64, f64, usize)> = Vec::new();
    for reference in references {
        let at = x.at(reference.value).unwrap_or(left);
        let width = text::width(&reference.label, LABEL.0, LABEL.1).min(WIDTH - 2.0 * EDGE);
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
fn uppers(lines: &[Line<'_>], top: f64) -> Vec<f64> {
    let mut y = top;
    let mut uppers = Vec::with_capacity(lines.len());
    for rows in lines.chunk_by(|a, b| a.block == b.block) {
        if !rows[0].block.is_empty() {
            y += BLOCK;
        }
        for _ in rows {
            uppers.push(y);
            y += ROW;
        }
    }
    uppers
}
