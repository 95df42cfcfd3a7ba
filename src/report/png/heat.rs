//! Draws cells of a grid, coloured by a number, with the runs in each as small dots on the scale of colours.

use super::axes::{Ruler, TICK};
use super::canvas::{Anchor, Canvas};
use super::legend::{EDGE, Head, LABEL, STRONG, Sample, WIDTH};
use super::ramp;
use super::text::{self, Weight};
use super::theme::Palette;
use crate::report::figure::{Axis, Cell, Dash, Heat, HeatPanel, Marker};

/// Space between panels.
const GAP: f64 = 14.0;
/// The narrowest cell that panels are put side by side for.
const NARROW: f64 = 64.0;
/// Widest column of names of rows.
const NAMES: f64 = 190.0;
/// Most pixels that upright names of columns take.
const UPRIGHT: f64 = 150.0;
/// Height and width of the key.
const KEY: (f64, f64) = (11.0, 300.0);
/// Smallest size of a number in a cell.
const SMALL: f64 = 9.0;
const REGULAR: Weight = Weight::Regular;

/// Where things stand.
struct Layout {
    /// Left edge of the first cell.
    left: f64,
    /// Top edge of the first panel, its heading included.
    top: f64,
    across: usize,
    /// Width and height of a cell.
    cell: (f64, f64),
    /// Height of a panel's heading.
    over: f64,
    /// Height of the names under each row of panels, and whether they stand upright.
    under: (f64, bool),
    bottom: f64,
}

pub(super) fn draw(title: &str, figure: &Heat, palette: Palette) -> Canvas {
    let (columns, rows) = (figure.columns.names.len().max(1), figure.rows.names.len().max(1));
    let values: Vec<f64> = cells(figure).flat_map(|cell| cell.value.into_iter().chain(dots(cell))).collect();
    let untried = figure.panels.iter().any(|panel| panel.cells.len() < columns * rows);
    let unfit = Layout::of(figure, columns, rows, 0.0).cell;
    let narrow = cells(figure).any(|cell| fitting(&cell.text, unfit.0).is_none());
    let mut entries = Vec::new();
    if cells(figure).any(|cell| !cell.dots.is_empty()) {
        entries.push((Sample::Dots, "every run, on the scale of colours from left to right".to_owned()));
    }
    if untried {
        entries.push((Sample::Hatch, "not tried".to_owned()));
    }
    if cells(figure).any(|cell| cell.value.is_none()) {
        entries.push((Sample::Empty, "no number".to_owned()));
    }
    if narrow {
        entries.push((Sample::None, "numbers that find no room are in the table".to_owned()));
    }
    let head = Head::new(title, entries);
    let layout = Layout::of(figure, columns, rows, head.height);
    let mut canvas = Canvas::new(WIDTH, layout.bottom + 30.0, palette);
    head.draw(&mut canvas);
    let axis = Axis { label: String::new(), ..figure.colour.clone() };
    let scale = key(&mut canvas, &axis, &figure.colour.label, &values, head.height + 10.0);
    for (place, panel) in figure.panels.iter().enumerate() {
        let across = (place % layout.across) as f64;
        let down = (place / layout.across) as f64;
        let x0 = layout.left + across * (columns as f64 * layout.cell.0 + GAP);
        let height = layout.over + rows as f64 * layout.cell.1 + layout.under.0;
        let y0 = layout.top + down * height + layout.over;
        if !panel.title.is_empty() {
            let name = text::fitted(&panel.title, STRONG.0, STRONG.1, columns as f64 * layout.cell.0);
            canvas.text(&name, (x0, y0 - 7.0), Anchor::Start, STRONG, palette.ink);
        }
        draw_panel(&mut canvas, panel, &scale, (x0, y0), &layout, (columns, rows));
        names(&mut canvas, figure, &layout, (x0, y0), place % layout.across == 0, rows);
    }
    let middle = f64::midpoint(layout.left, WIDTH - EDGE);
    canvas.text(&figure.columns.label, (middle, layout.bottom + 16.0), Anchor::Middle, LABEL, palette.muted);
    canvas.text(&figure.rows.label, (EDGE, layout.top + layout.over - 7.0), Anchor::Start, LABEL, palette.muted);
    canvas
}

impl Layout {
    fn of(figure: &Heat, columns: usize, rows: usize, head: f64) -> Self {
        let wide = |name: &String| text::width(name, LABEL.0, LABEL.1);
        let names = figure.rows.names.iter().chain([&figure.rows.label]).map(wide).fold(30.0, f64::max).min(NAMES);
        let left = EDGE + names + 10.0;
        let room = WIDTH - EDGE - left;
        let panels = figure.panels.len().max(1);
        let width = |across: usize| (room - GAP * (across - 1) as f64) / (across * columns) as f64;
        let across = (1..=panels.min(4)).rev().find(|&across| width(across) >= NARROW).unwrap_or(1);
        let height = match rows {
            0..=12 => 34.0,
            13..=24 => 24.0,
            _ => 15.0,
        };
        let cell = (width(across).min(132.0), height);
        let longest = figure.columns.names.iter().map(wide).fold(0.0, f64::max);
        let upright = longest > cell.0 - 4.0;
        let under = if upright { longest.min(UPRIGHT) + 16.0 } else { 24.0 };
        let titled = figure.panels.iter().any(|panel| !panel.title.is_empty());
        let over = if titled || !figure.rows.label.is_empty() { 24.0 } else { 8.0 };
        let top = head + 48.0;
        let down = panels.div_ceil(across) as f64;
        let bottom = top + down * (over + rows as f64 * cell.1 + under);
        Self { left, top, across, cell, over, under: (under, upright), bottom }
    }
}

fn cells(figure: &Heat) -> impl Iterator<Item = &Cell> {
    figure.panels.iter().flat_map(|panel| &panel.cells)
}

fn dots(cell: &Cell) -> impl Iterator<Item = f64> + '_ {
    cell.dots.iter().map(|dot| dot.0)
}

/// Draws the key and returns the scale of colours: its ends are at 0 and 1.
fn key(canvas: &mut Canvas, axis: &Axis, label: &str, values: &[f64], y: f64) -> Ruler {
    let palette = canvas.palette;
    let (x0, x1) = (WIDTH - EDGE - KEY.1 - 16.0, WIDTH - EDGE - 16.0);
    let shown = Ruler::new(axis, values.iter().copied(), (x0, x1), 64.0);
    let ends = shown.ends();
    let steps = 256;
    let at = |i: i32| ends.0 + (ends.1 - ends.0) * f64::from(i) / f64::from(steps);
    for i in 0..steps {
        let colour = ramp::colour((f64::from(i) + 0.5) / f64::from(steps));
        canvas.fill((at(i), y), (at(i + 1), y + KEY.0), colour);
    }
    if let Some(shelf) = shown.shelf {
        canvas.fill((shelf - 6.0, y), (shelf + 6.0, y + KEY.0), ramp::colour(0.0));
    }
    for (at, text, fits) in shown.spaced() {
        canvas.stroke(&[(at, y + KEY.0), (at, y + KEY.0 + 4.0)], 1.0, palette.muted, Dash::Solid);
        if fits {
            canvas.text(&text, (at, y + KEY.0 + 16.0), Anchor::Middle, (TICK, REGULAR), palette.muted);
        }
    }
    let label = text::fitted(label, LABEL.0, LABEL.1, x0 - EDGE - 10.0);
    canvas.text(&label, (x0 - 10.0, y + 10.0), Anchor::End, LABEL, palette.muted);
    Ruler::new(axis, values.iter().copied(), (0.0, 1.0), 1.0).without_shelf()
}

fn draw_panel(
    canvas: &mut Canvas,
    panel: &HeatPanel,
    scale: &Ruler,
    (x0, y0): (f64, f64),
    layout: &Layout,
    (columns, rows): (usize, usize),
) {
    let (width, height) = layout.cell;
    let palette = canvas.palette;
    let corner = |column: usize, row: usize| (x0 + column as f64 * width, y0 + row as f64 * height);
    let mut tried = vec![false; columns * rows];
    for cell in &panel.cells {
        if cell.column >= columns || cell.row >= rows {
            continue;
        }
        tried[cell.row * columns + cell.column] = true;
        let (x, y) = corner(cell.column, cell.row);
        let share = cell.value.map(|value| scale.at(value).unwrap_or(0.0));
        let (fill, ink) = share.map_or((palette.band, palette.muted), |share| (ramp::colour(share), ramp::ink(share)));
        canvas.fill((x + 0.5, y + 0.5), (x + width - 0.5, y + height - 0.5), fill);
        let runs = !cell.dots.is_empty() && height > 30.0;
        if let Some(size) = fitting(&cell.text, width) {
            let middle = if runs { y + height * 0.36 } else { y + height / 2.0 };
            let at = (x + width / 2.0, middle + size * 0.36);
            canvas.text(&cell.text, at, Anchor::Middle, (size, Weight::Regular), ink);
        }
        // Dots stand from left to right as colours do in the key.
        let along = |value: f64| x + 6.0 + (width - 12.0) * scale.at(value).unwrap_or(0.0);
        let level = if runs { y + height - 8.0 } else { y + height - 4.0 };
        let radius = if runs { 2.1 } else { 1.5 };
        for value in dots(cell) {
            canvas.dot((along(value), level), Marker::Circle, radius, ink, fill);
        }
    }
    for row in 0..rows {
        for column in 0..columns {
            if !tried[row * columns + column] {
                let (x, y) = corner(column, row);
                canvas.hatch((x + 1.0, y + 1.0), (x + width - 1.0, y + height - 1.0), palette.grid);
            }
        }
    }
}

/// The size in which a number fits into a cell.
fn fitting(line: &str, width: f64) -> Option<f64> {
    let needed = text::width(line, TICK, Weight::Regular).max(1.0);
    let size = TICK * ((width - 6.0) / needed).min(1.0);
    (line.is_empty() || size >= SMALL).then_some(size.max(SMALL))
}

fn names(canvas: &mut Canvas, figure: &Heat, layout: &Layout, (x0, y0): (f64, f64), first: bool, rows: usize) {
    let ink = canvas.palette.ink;
    let (width, height) = layout.cell;
    if first {
        let size = LABEL.0.min(height - 2.0);
        for (row, name) in figure.rows.names.iter().enumerate() {
            let name = text::fitted(name, size, REGULAR, layout.left - EDGE - 10.0);
            let y = y0 + (row as f64 + 0.5) * height + size * 0.36;
            canvas.text(&name, (layout.left - 10.0, y), Anchor::End, (size, REGULAR), ink);
        }
    }
    let bottom = y0 + rows as f64 * height;
    let size = LABEL.0.min(width - 1.0);
    for (column, name) in figure.columns.names.iter().enumerate() {
        let x = x0 + (column as f64 + 0.5) * width;
        if layout.under.1 {
            let name = text::fitted(name, size, REGULAR, UPRIGHT);
            canvas.upright(&name, (x + size * 0.36, bottom + 6.0), (size, REGULAR), ink);
        } else {
            canvas.text(name, (x, bottom + 16.0), Anchor::Middle, LABEL, ink);
        }
    }
}
