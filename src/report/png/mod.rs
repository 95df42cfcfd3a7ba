//! Figures as images: the one place that names plotters.

#![expect(clippy::cast_possible_truncation, reason = "coordinates of pixels are small")]
#![expect(clippy::cast_possible_wrap, reason = "coordinates of pixels are small")]
#![expect(clippy::cast_sign_loss, reason = "coordinates of pixels are clamped before they lose their sign")]

mod axes;
mod bars;
mod canvas;
mod encode;
mod heat;
mod legend;
mod panels;
mod parallel;
mod ramp;
mod rows;
mod strip;
mod text;
mod theme;

use super::figure::{Body, Figure};
pub use theme::Theme;

/// The same picture at half its width and height; `None` where the bytes are none that [`draw`] made.
#[must_use]
pub fn half(picture: &[u8]) -> Option<Vec<u8>> {
    encode::half(picture)
}

/// Draws a figure. The same figure gives the same bytes.
#[must_use]
pub fn draw(figure: &Figure, theme: Theme) -> Vec<u8> {
    let palette = theme.palette();
    let canvas = match &figure.body {
        Body::Panels(panels) => panels::draw(&figure.title, panels, palette),
        Body::Strip(strip) => strip::draw(&figure.title, strip, palette),
        Body::Heat(heat) => heat::draw(&figure.title, heat, palette),
        Body::Bars(bars) => bars::draw(&figure.title, bars, palette),
        Body::Parallel(parallel) => parallel::draw(&figure.title, parallel, palette),
    };
    let (width, height, pixels) = canvas.finish();
    encode::encode(width, height, &pixels)
}
