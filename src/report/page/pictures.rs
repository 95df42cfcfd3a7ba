//! The pictures that a page holds: whole ones as far as there is room, then smaller ones, then none. Every figure's whole picture is
//! a file beside the page in any case.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::report::png;

/// Bytes that a page may have.
const MOST: usize = 4_900_000;

/// What is said of a picture at half its size, and of one that is left out.
const HALF: &str = "The page has room for its picture at half the resolution only.";
const NONE: &str = "The page has no room for its picture: it is in the file.";

/// A picture as the page holds it.
pub(super) struct Picture {
    /// The image in base 64; empty where there was no room.
    pub image: String,
    /// Its width and height on the page.
    pub size: (u32, u32),
    /// What is said where it is not the whole picture.
    pub remark: &'static str,
}

/// No pictures: what the page has without them tells how much room there is.
pub(super) fn none(images: &[Vec<u8>]) -> Vec<Picture> {
    images.iter().map(|image| picture(image, None, NONE)).collect()
}

/// Pictures of figures, in their order, for a page that has so many bytes without them: as many first ones whole as leave room for
/// the others at half their size.
pub(super) fn within(images: &[Vec<u8>], without: usize) -> Vec<Picture> {
    let room = MOST.saturating_sub(without);
    let whole: Vec<usize> = images.iter().map(|image| encoded(image.len())).collect();
    if whole.iter().sum::<usize>() <= room {
        return images.iter().map(|image| picture(image, Some(image), "")).collect();
    }
    let halves: Vec<Option<Vec<u8>>> = images.iter().map(|image| png::half(image)).collect();
    let half = |place: usize| halves[place].as_ref().map_or(0, |image| encoded(image.len()));
    let mut left = room;
    // What all that follow need at half their size.
    let mut later: usize = (0..images.len()).map(half).sum();
    let mut held = Vec::new();
    for (place, image) in images.iter().enumerate() {
        later -= half(place);
        // The one that leads is whole in any case.
        let fits = whole[place] + if place == 0 { 0 } else { later } <= left;
        let (shown, remark) = if fits {
            left -= whole[place];
            (Some(image), "")
        } else if halves[place].is_some() && half(place) <= left {
            left -= half(place);
            (halves[place].as_ref(), HALF)
        } else {
            (None, NONE)
        };
        held.push(picture(image, shown, remark));
    }
    held
}

/// A picture of the size of the whole one.
fn picture(whole: &[u8], shown: Option<&Vec<u8>>, remark: &'static str) -> Picture {
    // Width and height stand at a fixed place in every PNG; an image has two pixels for each of the page.
    let size = |at: usize| u32::from_be_bytes([whole[at], whole[at + 1], whole[at + 2], whole[at + 3]]) / 2;
    Picture { image: shown.map(|image| STANDARD.encode(image)).unwrap_or_default(), size: (size(16), size(20)), remark }
}

/// Bytes of so many in base 64.
fn encoded(bytes: usize) -> usize {
    4 * bytes.div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::{Axis, Bar, Bars, Body, Figure, Hue, Scale, Table};
    use crate::report::png::{Theme, draw};

    fn image(rows: usize) -> Vec<u8> {
        let bar = |row: usize| Bar {
            block: String::new(),
            label: format!("row {row}"),
            value: row as f64,
            interval: None,
            hue: Hue::Blue,
            note: row.to_string(),
        };
        let figure = Figure {
            name: "bars".into(),
            title: "Bars".into(),
            finding: String::new(),
            caption: String::new(),
            body: Body::Bars(Bars {
                x: Axis::new("x", Scale::Linear),
                rows: (0..rows).map(bar).collect(),
                references: Vec::new(),
                keys: Vec::new(),
            }),
            table: Table::default(),
        };
        draw(&figure, Theme::Light)
    }

    #[test]
    fn the_first_are_whole_then_they_are_smaller_then_there_are_none() {
        let images: Vec<Vec<u8>> = (3..9).map(image).collect();
        let sizes = |room: usize| {
            let held = within(&images, MOST - room);
            assert!(held.iter().map(|picture| picture.image.len()).sum::<usize>() <= room);
            for (picture, whole) in held.iter().zip(&images) {
                let told = STANDARD.encode(whole) == picture.image;
                assert_eq!(told, picture.remark.is_empty());
                assert_eq!(picture.size.0, 720);
            }
            held.iter().map(|picture| picture.remark.len()).collect::<Vec<_>>()
        };
        let all: usize = images.iter().map(|image| encoded(image.len())).sum();
        assert_eq!(sizes(all), [0; 6]);
        let fewer = sizes(all * 3 / 4);
        assert!(fewer[0] == 0 && fewer[5] > 0 && fewer.windows(2).all(|pair| pair[0] <= pair[1]), "{fewer:?}");
        let lead = sizes(all / 4);
        assert!(lead[0] == 0 && lead[5] == NONE.len(), "{lead:?}");
        assert!(sizes(all / 20)[0] > 0);
        assert!(sizes(0).iter().all(|remark| *remark > 0));
    }

    #[test]
    fn a_half_is_a_picture_of_half_the_size() {
        let whole = image(5);
        let half = png::half(&whole).unwrap();
        assert!(half.len() < whole.len() * 2 / 3, "{} of {}", half.len(), whole.len());
        let width = |bytes: &[u8]| u32::from_be_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        assert_eq!((width(&whole), width(&half)), (1440, 720));
        assert_eq!(png::half(b"no picture"), None);
    }
}
