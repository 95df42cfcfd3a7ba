//! Text in the bundled font. Plotters leaves out the space that a letter has to its left, which makes words uneven, so
//! glyphs are laid out here, to fractions of a pixel.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| load(include_bytes!("../assets/fonts/Inter-Regular.otf")));
static SEMIBOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| load(include_bytes!("../assets/fonts/Inter-SemiBold.otf")));

fn load(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the bundled font is a font")
}

/// How heavy text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    SemiBold,
}

fn font(weight: Weight) -> &'static FontRef<'static> {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::SemiBold => &SEMIBOLD,
    }
}

/// The scale at which an em is `size` pixels.
fn scale(font: &FontRef<'_>, size: f64) -> PxScale {
    let units = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(size as f32 * font.height_unscaled() / units)
}

/// Width of a line of text.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let font = font(weight);
    let scaled = font.as_scaled(scale(font, size));
    text.chars().map(|c| f64::from(scaled.h_advance(scaled.glyph_id(c)))).sum()
}

/// The start of a text that fits in `room`, with an ellipsis where something is left out.
pub(super) fn fitted(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().take(400).collect();
    while !kept.is_empty() {
        kept.pop();
        let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
        if width(&shorter, size, weight) <= room {
            return shorter;
        }
    }
    "…".into()
}

/// Where a text may be broken: behind spaces, commas, hyphens and underscores, and before the argument of a word.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', ',', '-', '_']).flat_map(|part| {
        let (word, argument) = part.split_at(part.find('(').unwrap_or(0));
        [word, argument].into_iter().filter(|part| !part.is_empty())
    })
}

/// A text in at most so many lines that fit in `room`, broken into its [`parts`]; what is too much ends in an ellipsis.
pub(super) fn wrapped(text: &str, size: f64, weight: Weight, room: f64, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in parts(text) {
        let fits = |line: &String| width(&format!("{line}{}", part.trim_end()), size, weight) <= room;
        let goes_on = lines.len() == most || lines.last().is_some_and(|line| line.is_empty() || fits(line));
        match lines.last_mut().filter(|_| goes_on) {
            Some(line) => line.push_str(part),
            None => lines.push(part.to_owned()),
        }
    }
    lines.iter().map(|line| fitted(line.trim(), size, weight, room)).collect()
}

/// The size, smaller by a quarter at most, at which no part of a text that [`wrapped`] would keep together is too wide.
pub(super) fn fitting(text: &str, size: f64, weight: Weight, room: f64) -> f64 {
    let widest = parts(text).map(|part| width(part.trim_end(), size, weight)).fold(0.0, f64::max);
    if widest > room { size * (room / widest).max(0.75) } else { size }
}

/// Calls `dot` with every pixel that the text covers, and how much of it. The text starts at `x` on the line `y`.
pub(super) fn cover(text: &str, (x, y): (f64, f64), size: f64, weight: Weight, mut dot: impl FnMut(i32, i32, f64)) {
    let font = font(weight);
    let scale = scale(font, size);
    let scaled = font.as_scaled(scale);
    let mut along = x as f32;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        let glyph = Glyph { id, scale, position: point(along, y as f32) };
        along += scaled.h_advance(id);
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
            outline.draw(|dx, dy, coverage| dot(left + dx as i32, top + dy as i32, f64::from(coverage)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_broken_before_they_are_cut() {
        let wrap = |text: &str, room: f64| wrapped(text, 11.0, Weight::Regular, room, 3);
        assert_eq!(wrap("standardize", 80.0), ["standardize"]);
        assert_eq!(wrap("onehot(1000)", 60.0), ["onehot", "(1000)"]);
        assert_eq!(wrap("strength=10, start=0.2, end=0.4", 80.0), ["strength=10,", "start=0.2,", "end=0.4"]);
        assert_eq!(wrap("[20, 100, 1000, 100, 20]", 60.0), ["[20, 100,", "1000, 100,", "20]"]);
        let cut = wrap("one two three four five six seven eight", 40.0);
        assert!(cut.len() == 3 && cut[2].ends_with('…'), "{cut:?}");
        assert!(cut.iter().all(|line| width(line, 11.0, Weight::Regular) <= 40.0), "{cut:?}");
        assert!(wrap("unbreakablebutverylongindeed", 50.0)[0].ends_with('…'));
    }
}
