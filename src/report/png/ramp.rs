//! The scale of colours of heat maps: dark blue over grey green to pale yellow, in even steps of lightness, so that it can
//! be read with any colour vision and in grey.

use super::theme::Rgb;

/// Stops in Oklab (Ottosson 2020), evenly spaced: lightness, green to red, blue to yellow.
const STOPS: [[f64; 3]; 5] =
    [[0.27, 0.005, -0.085], [0.435, -0.02, -0.08], [0.60, -0.04, -0.02], [0.765, -0.04, 0.065], [0.93, -0.02, 0.14]];

/// Lightness up to which white is read better than black.
const HALF: f64 = 0.565;

/// The colour at a share of the scale, from 0 to 1.
pub(super) fn colour(share: f64) -> Rgb {
    let [lightness, a, b] = stop(share);
    let cones = [
        lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b,
        lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b,
        lightness - 0.089_484_177_5 * a - 1.291_485_548 * b,
    ]
    .map(|cone| cone * cone * cone);
    let mixed = |weights: [f64; 3]| channel(weights.iter().zip(cones).map(|(weight, cone)| weight * cone).sum());
    [
        mixed([4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2]),
        mixed([-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5]),
        mixed([-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701]),
    ]
}

/// Black or white, whichever is read better on that colour.
pub(super) fn ink(share: f64) -> Rgb {
    if stop(share)[0] < HALF { [255, 255, 255] } else { [0, 0, 0] }
}

fn stop(share: f64) -> [f64; 3] {
    let pieces = (STOPS.len() - 1) as f64;
    let along = if share.is_finite() { share.clamp(0.0, 1.0) * pieces } else { 0.0 };
    let piece = (along.floor() as usize).min(STOPS.len() - 2);
    let part = along - piece as f64;
    [0, 1, 2].map(|i| STOPS[piece][i] * (1.0 - part) + STOPS[piece + 1][i] * part)
}

/// A linear channel as sRGB.
fn channel(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let curved = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (255.0 * curved).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of an sRGB colour (WCAG 2).
    fn luminance(colour: Rgb) -> f64 {
        let [red, green, blue] = colour.map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    #[test]
    fn lightness_rises_in_even_steps() {
        // CIE lightness is another measure than the one the stops are in.
        let lightness = |share: f64| 116.0 * luminance(colour(share)).cbrt() - 16.0;
        let steps: Vec<f64> =
            (0..20).map(|i| lightness(f64::from(i + 1) / 20.0) - lightness(f64::from(i) / 20.0)).collect();
        let (low, high) = steps.iter().fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), s| (l.min(*s), h.max(*s)));
        assert!(low > 0.0 && high < 1.8 * low, "{steps:?}");
    }

    #[test]
    fn text_on_any_colour_can_be_read() {
        for i in 0..=100 {
            let share = f64::from(i) / 100.0;
            let (a, b) = (luminance(colour(share)), luminance(ink(share)));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{share}: {contrast}");
        }
    }

    #[test]
    fn what_is_off_the_scale_has_a_colour() {
        assert_eq!(colour(f64::NAN), colour(0.0));
        assert_eq!(colour(7.0), colour(1.0));
    }
}
