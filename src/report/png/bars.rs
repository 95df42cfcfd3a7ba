//! Draws a horizontal bar a row, with intervals.

use super::canvas::Canvas;
use super::legend::{Head, Sample};
use super::rows::{Line, ROW, lay};
use super::theme::Palette;
use crate::report::figure::{Axis, Bars, Dash, Scale};

/// Height of a bar.
const THICK: f64 = 13.0;

pub(super) fn draw(title: &str, figure: &Bars, palette: Palette) -> Canvas {
    let head = Head::new(title, entries(figure));
    let lines: Vec<Line<'_>> =
        figure.rows.iter().map(|bar| Line { block: &bar.block, label: &bar.label, note: bar.note.clone() }).collect();
    let values = || {
        let ends = figure.rows.iter().flat_map(|bar| bar.interval.into_iter().flat_map(|(low, high)| [low, high]));
        ends.chain(figure.rows.iter().map(|bar| bar.value)).filter(|value| value.is_finite())
    };
    // A bar begins at zero, so that its length is its number; on a logarithmic axis it begins at the left end.
    let (low, high) = values().fold((0.0, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)));
    let own = figure.x.scale == Scale::Linear && figure.x.range.is_none() && high > low;
    let range = if own { Some((1.04 * low, 1.04 * high)) } else { figure.x.range };
    let axis = Axis { range, ..figure.x.clone() };
    let (mut canvas, x, uppers) = lay(&head, &axis, values(), &lines, &figure.references, palette);
    let (left, right) = x.ends();
    let zero = x.at(0.0).unwrap_or(left);
    for (bar, upper) in figure.rows.iter().zip(uppers) {
        let middle = upper + ROW / 2.0;
        let colour = palette.of(bar.hue);
        if let Some(end) = x.at(bar.value) {
            let pale = palette.faint(colour, 0.75);
            canvas.fill((zero.min(end), middle - THICK / 2.0), (zero.max(end), middle + THICK / 2.0), pale);
            canvas.stroke(&[(end, middle - THICK / 2.0), (end, middle + THICK / 2.0)], 2.0, colour, Dash::Solid);
        }
        if let Some((low, high)) = bar.interval {
            let at = |value: f64| x.at(value).unwrap_or(if value > 0.0 { right } else { left });
            let ends = [at(low), at(high)];
            canvas.stroke(&[(ends[0], middle), (ends[1], middle)], 1.25, palette.ink, Dash::Solid);
            for end in ends {
                canvas.stroke(&[(end, middle - 4.0), (end, middle + 4.0)], 1.25, palette.ink, Dash::Solid);
            }
        }
    }
    canvas
}

fn entries(figure: &Bars) -> Vec<(Sample, String)> {
    let mut entries: Vec<(Sample, String)> =
        figure.keys.iter().map(|key| (Sample::Bar(key.hue), key.name.clone())).collect();
    if figure.rows.iter().any(|bar| bar.interval.is_some()) {
        entries.push((Sample::Interval, "95\u{a0}% interval".into()));
    }
    entries
}
