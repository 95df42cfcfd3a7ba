//! Colours: the palette of Okabe and Ito (2008), told apart with any common colour vision, in a light and a dark form.

use crate::report::figure::Hue;

/// Which background a figure is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// White paper.
    Light,
    /// A dark page.
    Dark,
}

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

/// The colours of a theme.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    pub background: Rgb,
    pub ink: Rgb,
    pub muted: Rgb,
    pub grid: Rgb,
    /// Behind every other row.
    pub band: Rgb,
    hues: [Rgb; 6],
}

impl Theme {
    pub(super) fn palette(self) -> Palette {
        match self {
            Self::Light => Palette {
                background: [255, 255, 255],
                ink: [28, 30, 33],
                muted: [107, 112, 120],
                grid: [228, 230, 234],
                band: [246, 247, 249],
                hues: [[0, 114, 178], [230, 159, 0], [0, 158, 115], [213, 94, 0], [204, 121, 167], [86, 180, 233]],
            },
            Self::Dark => Palette {
                background: [22, 24, 28],
                ink: [232, 234, 237],
                muted: [154, 160, 168],
                grid: [48, 52, 58],
                band: [28, 31, 36],
                hues: [
                    [78, 161, 224],
                    [240, 180, 41],
                    [46, 196, 150],
                    [240, 124, 62],
                    [224, 150, 196],
                    [140, 210, 250],
                ],
            },
        }
    }
}

impl Theme {
    /// The colours of the theme by name, as `#rrggbb`: what the page draws its own charts with.
    pub(in crate::report) fn colours(self) -> Vec<(&'static str, String)> {
        let palette = self.palette();
        let hues = [
            ("Ink", Hue::Ink),
            ("Muted", Hue::Muted),
            ("Blue", Hue::Blue),
            ("Orange", Hue::Orange),
            ("Green", Hue::Green),
            ("Vermillion", Hue::Vermillion),
            ("Purple", Hue::Purple),
            ("Sky", Hue::Sky),
        ];
        let others = [("background", palette.background), ("grid", palette.grid), ("band", palette.band)];
        let all = hues.into_iter().map(|(name, hue)| (name, palette.of(hue))).chain(others);
        all.map(|(name, [red, green, blue])| (name, format!("#{red:02x}{green:02x}{blue:02x}"))).collect()
    }
}

impl Palette {
    pub(super) fn of(&self, hue: Hue) -> Rgb {
        match hue {
            Hue::Ink => self.ink,
            Hue::Muted => self.muted,
            Hue::Blue => self.hues[0],
            Hue::Orange => self.hues[1],
            Hue::Green => self.hues[2],
            Hue::Vermillion => self.hues[3],
            Hue::Purple => self.hues[4],
            Hue::Sky => self.hues[5],
        }
    }

    /// A colour with the background showing through: opaque, so that overlapping strokes stay even.
    pub(super) fn faint(&self, colour: Rgb, strength: f64) -> Rgb {
        let mix = |i: usize| {
            (f64::from(colour[i]) * strength + f64::from(self.background[i]) * (1.0 - strength)).round() as u8
        };
        [mix(0), mix(1), mix(2)]
    }
}
