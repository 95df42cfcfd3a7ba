//! A drawing surface in logical pixels: plotters draws it four times as large, and it is averaged down to twice.

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBColor, ShapeStyle};

use super::text::{self, Weight};
use super::theme::{Palette, Rgb};
use crate::report::figure::{Dash, Marker};

/// Drawn pixels a logical pixel.
const DRAWN: f64 = 4.0;
/// Drawn pixels a pixel of the image, in each direction.
const AVERAGED: usize = 2;

/// Where a text stands to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The surface.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    pub palette: Palette,
}

type Point = (f64, f64);

impl Canvas {
    pub(super) fn new(width: f64, height: f64, palette: Palette) -> Self {
        let (width, height) = ((width * DRAWN) as usize, (height * DRAWN) as usize);
        let pixels = palette.background.iter().copied().cycle().take(width * height * 3).collect();
        Self { width, height, pixels, palette }
    }

    fn draw(&mut self, draw: impl FnOnce(&mut BitMapBackend<'_>)) {
        let size = (self.width as u32, self.height as u32);
        draw(&mut BitMapBackend::with_buffer(&mut self.pixels, size));
    }

    /// A filled box from corner to corner.
    pub(super) fn fill(&mut self, (x0, y0): Point, (x1, y1): Point, colour: Rgb) {
        let corner = |x: f64, y: f64| ((x * DRAWN).round() as i32, (y * DRAWN).round() as i32);
        self.draw(|backend| {
            let drawn = backend.draw_rect(corner(x0, y0), corner(x1, y1), &style(colour), true);
            drawn.expect("a buffer in memory takes every pixel");
        });
    }

    /// A filled convex polygon.
    fn polygon(&mut self, corners: &[Point], colour: Rgb) {
        let corners: Vec<(i32, i32)> =
            corners.iter().map(|(x, y)| ((x * DRAWN).round() as i32, (y * DRAWN).round() as i32)).collect();
        self.draw(|backend| {
            backend.fill_polygon(corners, &style(colour)).expect("a buffer in memory takes every pixel");
        });
    }

    /// Fills what lies between two edges, with what is behind it showing through: place, lower and upper edge in pixels,
    /// from left to right.
    pub(super) fn between(&mut self, points: &[(f64, f64, f64)], colour: Rgb, strength: f64) {
        let within = |at: f64, end: usize| (at * DRAWN).round().clamp(0.0, end as f64) as usize;
        for pair in points.windows(2) {
            let ((x0, a0, b0), (x1, a1, b1)) = (pair[0], pair[1]);
            for column in within(x0, self.width)..within(x1, self.width) {
                let along = ((column as f64 / DRAWN - x0) / (x1 - x0)).clamp(0.0, 1.0);
                let (a, b) = (a0 + (a1 - a0) * along, b0 + (b1 - b0) * along);
                for row in within(a.min(b), self.height)..within(a.max(b), self.height) {
                    let start = (row * self.width + column) * 3;
                    for (behind, own) in self.pixels[start..start + 3].iter_mut().zip(colour) {
                        let mixed = f64::from(*behind) * (1.0 - strength) + f64::from(own) * strength;
                        *behind = mixed.round() as u8;
                    }
                }
            }
        }
    }

    /// Slanted lines in a box.
    pub(super) fn hatch(&mut self, (x0, y0): Point, (x1, y1): Point, colour: Rgb) {
        let (width, height) = (x1 - x0, y1 - y0);
        let mut along = 3.5;
        while along < width + height {
            let (right, down) = (along.min(width), along.min(height));
            self.segment((x0 + right, y0 + along - right), (x0 + along - down, y0 + down), 1.0, colour);
            along += 7.0;
        }
    }

    fn disc(&mut self, (x, y): Point, radius: f64, colour: Rgb) {
        let centre = ((x * DRAWN).round() as i32, (y * DRAWN).round() as i32);
        let radius = (radius * DRAWN).round().max(1.0) as u32;
        self.draw(|backend| {
            let drawn = backend.draw_circle(centre, radius, &style(colour), true);
            drawn.expect("a buffer in memory takes every pixel");
        });
    }

    /// A stroke through points, each piece with round ends so that no corner tears.
    pub(super) fn stroke(&mut self, points: &[Point], width: f64, colour: Rgb, dash: Dash) {
        for piece in broken(points, pattern(dash, width)) {
            for pair in piece.windows(2) {
                self.segment(pair[0], pair[1], width, colour);
            }
            if piece.len() > 2 {
                for &joint in &piece[1..piece.len() - 1] {
                    self.disc(joint, width / 2.0, colour);
                }
            }
        }
    }

    fn segment(&mut self, a: Point, b: Point, width: f64, colour: Rgb) {
        let half = width / 2.0;
        // Along an axis a box has the sharper edges.
        if (a.1 - b.1).abs() < 1e-9 {
            return self.fill((a.0.min(b.0), a.1 - half), (a.0.max(b.0), a.1 + half), colour);
        }
        if (a.0 - b.0).abs() < 1e-9 {
            return self.fill((a.0 - half, a.1.min(b.1)), (a.0 + half, a.1.max(b.1)), colour);
        }
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let (across, down) = (-(b.1 - a.1) / length * half, (b.0 - a.0) / length * half);
        let corners = [
            (a.0 + across, a.1 + down),
            (b.0 + across, b.1 + down),
            (b.0 - across, b.1 - down),
            (a.0 - across, a.1 - down),
        ];
        self.polygon(&corners, colour);
    }

    /// A point with a thin rim of the background, so that overlapping ones can be told apart.
    pub(super) fn marker(&mut self, at: Point, marker: Marker, radius: f64, colour: Rgb) {
        self.dot(at, marker, radius, colour, self.palette.background);
    }

    /// A point with a thin rim of that colour.
    pub(super) fn dot(&mut self, at: Point, marker: Marker, radius: f64, colour: Rgb, rim: Rgb) {
        self.shape(at, marker, radius + 0.75, rim);
        self.shape(at, marker, radius, colour);
    }

    fn shape(&mut self, (x, y): Point, marker: Marker, r: f64, colour: Rgb) {
        match marker {
            Marker::Circle => self.disc((x, y), r, colour),
            Marker::Square => {
                let r = r * 0.9;
                self.fill((x - r, y - r), (x + r, y + r), colour);
            }
            Marker::Diamond => {
                let r = r * 1.25;
                self.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], colour);
            }
            Marker::Up => {
                let r = r * 1.25;
                self.polygon(&[(x, y - r), (x + r, y + 0.75 * r), (x - r, y + 0.75 * r)], colour);
            }
            Marker::Down => {
                let r = r * 1.25;
                self.polygon(&[(x, y + r), (x + r, y - 0.75 * r), (x - r, y - 0.75 * r)], colour);
            }
            Marker::Cross => {
                let width = if colour == self.palette.background { 3.0 } else { 1.75 };
                self.segment((x - r, y - r), (x + r, y + r), width, colour);
                self.segment((x - r, y + r), (x + r, y - r), width, colour);
            }
        }
    }

    /// A line of text whose letters stand on `y`.
    pub(super) fn text(&mut self, line: &str, (x, y): Point, anchor: Anchor, (size, weight): Font, colour: Rgb) {
        let width = text::width(line, size, weight);
        let x = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let (columns, rows) = (self.width as i32, self.height as i32);
        self.draw(|backend| {
            text::cover(line, (x * DRAWN, y * DRAWN), size * DRAWN, weight, |x, y, coverage| {
                if (0..columns).contains(&x) && (0..rows).contains(&y) {
                    let [red, green, blue] = colour;
                    let colour = RGBColor(red, green, blue).mix(coverage.min(1.0));
                    backend
                        .draw_pixel((x, y), colour.to_backend_color())
                        .expect("a buffer in memory takes every pixel");
                }
            });
        });
    }

    /// A line of text turned by a quarter, to be read from the bottom up, whose end is at `y` and whose letters stand on `x`.
    pub(super) fn upright(&mut self, line: &str, (x, y): Point, (size, weight): Font, colour: Rgb) {
        let (columns, rows) = (self.width as i32, self.height as i32);
        let start = y + text::width(line, size, weight);
        let (left, bottom) = ((x * DRAWN).round() as i32, (start * DRAWN).round() as i32);
        self.draw(|backend| {
            text::cover(line, (0.0, 0.0), size * DRAWN, weight, |along, down, coverage| {
                let (x, y) = (left + down, bottom - along);
                if (0..columns).contains(&x) && (0..rows).contains(&y) {
                    let [red, green, blue] = colour;
                    let colour = RGBColor(red, green, blue).mix(coverage.min(1.0));
                    backend
                        .draw_pixel((x, y), colour.to_backend_color())
                        .expect("a buffer in memory takes every pixel");
                }
            });
        });
    }

    /// Text on a patch of the background.
    pub(super) fn patched(&mut self, line: &str, at: Point, anchor: Anchor, font: Font, colour: Rgb) {
        let width = text::width(line, font.0, font.1);
        let left = match anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::End => at.0 - width,
        };
        let patch = self.palette.background;
        self.fill((left - 3.0, at.1 - font.0 * 0.92), (left + width + 3.0, at.1 + font.0 * 0.3), patch);
        self.text(line, at, anchor, font, colour);
    }

    /// Width, height and pixels of the image.
    pub(super) fn finish(self) -> (usize, usize, Vec<Rgb>) {
        let (width, height) = (self.width / AVERAGED, self.height / AVERAGED);
        let mut image = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let channel = |c: usize| {
                    let at = |dx: usize, dy: usize| {
                        u32::from(self.pixels[((y * AVERAGED + dy) * self.width + x * AVERAGED + dx) * 3 + c])
                    };
                    ((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8
                };
                image.push([channel(0), channel(1), channel(2)]);
            }
        }
        (width, height, image)
    }
}

/// Size in logical pixels an em, and weight.
pub(super) type Font = (f64, Weight);

fn style([red, green, blue]: Rgb) -> ShapeStyle {
    ShapeStyle::from(&RGBColor(red, green, blue)).filled()
}

/// Lengths of strokes and gaps, in turn.
fn pattern(dash: Dash, width: f64) -> &'static [f64] {
    match dash {
        Dash::Solid => &[],
        Dash::Dashed => &[7.0, 4.0],
        Dash::Dotted if width > 1.5 => &[2.0, 3.5],
        Dash::Dotted => &[1.5, 2.5],
        Dash::DashDot => &[8.0, 3.0, 2.0, 3.0],
    }
}

/// Cuts a path into strokes of a pattern.
fn broken(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    if pattern.is_empty() || points.len() < 2 {
        return vec![points.to_vec()];
    }
    let (mut pieces, mut piece) = (Vec::new(), vec![points[0]]);
    let (mut part, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let on = part % 2 == 0;
            if length <= left {
                left -= length;
                if on {
                    piece.push(to);
                }
                break;
            }
            let cut = (from.0 + (to.0 - from.0) * left / length, from.1 + (to.1 - from.1) * left / length);
            if on {
                piece.push(cut);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![cut];
            }
            part = (part + 1) % pattern.len();
            left = pattern[part];
            from = cut;
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}
