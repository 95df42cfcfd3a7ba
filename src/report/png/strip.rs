//! Draws rows of dots along one axis.

use super::axes::Ruler;
use super::canvas::Canvas;
use super::legend::{Head, Sample};
use super::rows::{Line, ROW, lay};
use super::theme::Palette;
use crate::report::figure::{Dash, Row, Strip};

const RADIUS: f64 = 3.8;

pub(super) fn draw(title: &str, figure: &Strip, palette: Palette) -> Canvas {
    let head = Head::new(title, entries(figure));
    let lines: Vec<Line<'_>> =
        figure.rows.iter().map(|row| Line { block: &row.block, label: &row.label, note: note(row) }).collect();
    let dots = figure.rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value).chain(row.floor));
    let (mut canvas, x, uppers) = lay(&head, &figure.x, dots, &lines, &figure.references, palette);
    for (row, upper) in figure.rows.iter().zip(uppers) {
        draw_row(&mut canvas, row, &x, upper, figure.means);
    }
    canvas
}

fn draw_row(canvas: &mut Canvas, row: &Row, x: &Ruler, upper: f64, means: bool) {
    let ink = canvas.palette.ink;
    let middle = upper + ROW / 2.0;
    if let Some(at) = row.floor.and_then(|floor| x.at(floor)) {
        canvas.stroke(&[(at, upper + 2.0), (at, upper + ROW - 2.0)], 2.0, ink, Dash::Dotted);
    }
    if means && let Some((mean, interval)) = row.mean {
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
