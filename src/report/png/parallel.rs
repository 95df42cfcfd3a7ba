//! Draws a line a run through parallel axes, coloured by the last one.

use super::axes::{Ruler, TICK};
use super::canvas::{Anchor, Canvas};
use super::legend::{EDGE, Head, LABEL, STRONG, Sample, WIDTH};
use super::ramp;
use super::text::{self, Weight};
use super::theme::Palette;
use crate::report::figure::{Dash, Parallel, ParallelLine};

const HEIGHT: f64 = 380.0;
/// How far below an axis the shelf for runs without a value stands.
const SHELF: f64 = 26.0;
/// Lines that a long name is broken into, and how far apart they are.
const LINES: usize = 3;
const LINE: f64 = 12.0;
/// How far names of axes in several levels are apart.
const LEVEL: f64 = 18.0;
/// Pixels over which lines through one name are spread.
const BESIDE: f64 = 14.0;
/// Room at the right for the ticks of the last axis.
const RIGHT: f64 = 84.0;
const REGULAR: Weight = Weight::Regular;

pub(super) fn draw(title: &str, figure: &Parallel, palette: Palette) -> Canvas {
    let none: Vec<bool> = (0..figure.axes.len())
        .map(|axis| figure.lines.iter().any(|line| line.values.get(axis).copied().flatten().is_none()))
        .collect();
    let mut entries = vec![(
        Sample::None,
        "A line is a run, in the colour of its place on the last axis; the best on top.".to_owned(),
    )];
    if none.contains(&true) {
        entries.push((Sample::None, "–: no value there".to_owned()));
    }
    let head = Head::new(title, entries);
    let count = figure.axes.len();
    let levels = if count > 8 { 3 } else { 1 + usize::from(count > 5) };
    let top = head.height + 34.0 + LEVEL * (levels.max(2) - 1) as f64;
    let bottom = top + HEIGHT;
    let mut canvas = Canvas::new(WIDTH, bottom + SHELF + 22.0, palette);
    head.draw(&mut canvas);
    let (left, right) = (EDGE + 12.0, WIDTH - EDGE - RIGHT);
    let step = if count > 1 { (right - left) / (count - 1) as f64 } else { right - left };
    let x = |axis: usize| left + axis as f64 * step;
    let rulers: Vec<Ruler> = figure
        .axes
        .iter()
        .enumerate()
        .map(|(axis, own)| {
            let values = figure.lines.iter().filter_map(|line| line.values.get(axis).copied().flatten());
            Ruler::new(own, values, (bottom, top), 44.0)
        })
        .collect();
    lines(&mut canvas, figure, &rulers, &x, bottom);
    for (axis, ruler) in rulers.iter().enumerate() {
        let at = x(axis);
        canvas.stroke(&[(at, top - 4.0), (at, bottom + 4.0)], 1.5, palette.ink, Dash::Solid);
        let last = axis + 1 == count;
        if last {
            key(&mut canvas, ruler, at, figure.small_is_good);
        }
        let room = if last { RIGHT - 12.0 } else { step - 14.0 };
        let names = || ruler.ticks.iter().map(|(_, name)| name.as_str());
        let size = names().map(|name| text::fitting(name, TICK, REGULAR, room.max(12.0))).fold(TICK, f64::min);
        let mut free = f64::INFINITY;
        let shelf = none[axis].then(|| (bottom + SHELF, "–".to_owned()));
        for (y, name) in shelf.iter().chain(&ruler.ticks) {
            let lines = text::wrapped(name, size, REGULAR, room.max(12.0), LINES);
            let half = 0.5 * LINE * lines.len() as f64 + 1.0;
            // From the bottom up; a name that would touch the last one is left out, its line is not.
            if y + half > free {
                continue;
            }
            free = y - half;
            canvas.stroke(&[(at - 3.0, *y), (at + 3.0, *y)], 1.5, palette.ink, Dash::Solid);
            for (place, line) in lines.iter().enumerate() {
                let below = y + 4.0 + LINE * (place as f64 - 0.5 * (lines.len() - 1) as f64);
                let start = at + if last { 14.0 } else { 8.0 };
                canvas.patched(line, (start, below), Anchor::Start, (size, REGULAR), palette.ink);
            }
        }
        // Names of many axes in several levels, so that long ones do not touch.
        let level = top - 14.0 - LEVEL * (axis % levels) as f64;
        let room = levels as f64 * step - 12.0;
        let name = text::fitted(&figure.axes[axis].label, STRONG.0, STRONG.1, room.max(30.0));
        let half = text::width(&name, STRONG.0, STRONG.1) / 2.0;
        let middle = at.max(EDGE + half).min(WIDTH - EDGE - half);
        canvas.text(&name, (middle, level), Anchor::Middle, STRONG, palette.ink);
    }
    if figure.lines.is_empty() {
        canvas.text(
            "no runs",
            (f64::midpoint(left, right), f64::midpoint(top, bottom)),
            Anchor::Middle,
            LABEL,
            palette.muted,
        );
    }
    canvas
}

/// How strong the colour of a share of the last axis is: dark is good on paper, light on a dark page.
fn tone(palette: Palette, share: f64, small_is_good: bool) -> f64 {
    let good = if small_is_good { 1.0 - share } else { share };
    let light = palette.background[0] > 128;
    // The pale end would vanish on white.
    if light { 0.92 * (1.0 - good) } else { 0.25 + 0.75 * good }
}

fn lines(canvas: &mut Canvas, figure: &Parallel, rulers: &[Ruler], x: &dyn Fn(usize) -> f64, bottom: f64) {
    let palette = canvas.palette;
    let last = figure.axes.len().saturating_sub(1);
    let share = |line: &ParallelLine| {
        let ruler = rulers.get(last)?;
        let at = ruler.at(line.values.get(last).copied().flatten()?)?;
        let (from, to) = ruler.ends();
        Some(((at - from) / (to - from)).clamp(0.0, 1.0))
    };
    let mut order: Vec<(Option<f64>, usize)> =
        figure.lines.iter().enumerate().map(|(place, line)| (share(line), place)).collect();
    // Runs without the metric first, then from bad to good.
    let goodness =
        |share: Option<f64>| share.map_or(-1.0, |share| if figure.small_is_good { 1.0 - share } else { share });
    order.sort_by(|a, b| goodness(a.0).total_cmp(&goodness(b.0)).then(b.1.cmp(&a.1)));
    let width = if figure.lines.len() > 300 { 0.9 } else { 1.3 };
    for (share, place) in order {
        let colour = share.map_or(palette.faint(palette.muted, 0.6), |share| {
            ramp::colour(tone(palette, share, figure.small_is_good))
        });
        // Among names, lines lie side by side in the order of the last axis, so that none hides another.
        let aside = share.map_or(0.0, |share| (0.5 - share) * BESIDE);
        let at = |(axis, ruler): (usize, &Ruler)| {
            let value = figure.lines[place].values.get(axis).copied().flatten();
            let aside = if figure.axes[axis].names.is_empty() && value.is_some() { 0.0 } else { aside };
            (x(axis), aside + value.and_then(|value| ruler.at(value)).unwrap_or(bottom + SHELF))
        };
        let points: Vec<(f64, f64)> = rulers.iter().enumerate().map(at).collect();
        canvas.stroke(&points, width, colour, Dash::Solid);
    }
}

/// The colours beside the last axis.
fn key(canvas: &mut Canvas, ruler: &Ruler, x: f64, small_is_good: bool) {
    let (from, to) = ruler.ends();
    let palette = canvas.palette;
    let steps = 128;
    let at = |i: i32| from + (to - from) * f64::from(i) / f64::from(steps);
    for i in 0..steps {
        let share = (f64::from(i) + 0.5) / f64::from(steps);
        let colour = ramp::colour(tone(palette, share, small_is_good));
        canvas.fill((x + 3.0, at(i + 1)), (x + 10.0, at(i)), colour);
    }
}
