//! What figures of lines and points share: series, references, bands over replicates.

use super::{Axis, Band, Dash, Hue, Mark, Marker, Panel, Reference, Scale, Series};
use crate::analysis::Records;

/// A series that comes from no run, or from several.
#[must_use]
pub fn series(name: impl Into<String>, hue: Hue, mark: Mark, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.into(), run: None, runs: Vec::new(), hue, mark, points }
}

/// Points, each of its own run: row and place.
#[must_use]
pub fn points(
    records: &Records,
    name: impl Into<String>,
    (hue, marker): (Hue, Marker),
    values: impl IntoIterator<Item = (usize, f64, f64)>,
) -> Series {
    let mut own = series(name, hue, Mark::Points(marker), Vec::new());
    for (row, x, y) in values {
        own.runs.push(records.runs[row].id.clone());
        own.points.push((x, y));
    }
    own
}

/// An axis of hidden layers: those that there are in these panels, from which dots stand a little aside.
#[must_use]
pub fn layers(panels: &[Panel]) -> Axis {
    let points = panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
    let mut layers: Vec<i64> = points.map(|point| point.0.round() as i64).collect();
    layers.sort_unstable();
    layers.dedup();
    let names = layers.into_iter().map(|layers| (layers as f64, layers.to_string())).collect();
    Axis { names, ..Axis::new("hidden layers", Scale::Linear) }
}

/// A line to hold others against.
#[must_use]
pub fn reference(value: f64, label: impl Into<String>, hue: Hue, dash: Dash) -> Reference {
    Reference { value, label: label.into(), hue, dash }
}

/// Quartiles and median of numbers, by linear interpolation between the two nearest; `None` of none.
#[must_use]
pub fn quartiles(values: &mut [f64]) -> Option<[f64; 3]> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)? as f64;
    Some([0.25, 0.5, 0.75].map(|share| {
        let at = share * last;
        let (low, high) = (values[at.floor() as usize], values[at.ceil() as usize]);
        low + (high - low) * at.fract()
    }))
}

/// The median over curves at each place that all of them have, and the band from quartile to quartile. A curve ends where
/// a number is missing, and so does the median.
#[must_use]
pub fn median_and_band(name: &str, hue: Hue, dash: Dash, curves: &[Vec<(f64, f64)>]) -> (Series, Option<Band>) {
    let mut middle = Vec::new();
    let mut band = Vec::new();
    let shortest = curves.iter().min_by_key(|curve| curve.len()).map_or(&[][..], Vec::as_slice);
    for (place, &(x, _)) in shortest.iter().enumerate() {
        let at = curves.iter().map(|curve| curve[place]).filter(|point| point.0 == x && point.1.is_finite());
        let mut values: Vec<f64> = at.map(|point| point.1).collect();
        if values.len() < curves.len() {
            break;
        }
        if let Some([low, median, high]) = quartiles(&mut values) {
            middle.push((x, median));
            band.push((x, low, high));
        }
    }
    let several = curves.len() > 2 && band.len() > 1;
    let band = several.then(|| Band { name: String::new(), hue, points: band });
    (series(name, hue, Mark::Line(dash, 2.0), middle), band)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        assert_eq!(quartiles(&mut [4.0, 1.0, 3.0, 2.0, 5.0]), Some([2.0, 3.0, 4.0]));
        assert_eq!(quartiles(&mut [1.0, 2.0]), Some([1.25, 1.5, 1.75]));
        assert_eq!(quartiles(&mut []), None);
    }

    #[test]
    fn a_median_ends_where_a_curve_does() {
        let curves = [
            vec![(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)],
            vec![(1.0, 5.0), (2.0, f64::NAN), (3.0, 1.0)],
            vec![(1.0, 4.0), (2.0, 4.0)],
        ];
        let (line, band) = median_and_band("", Hue::Blue, Dash::Solid, &curves);
        assert_eq!(line.points, [(1.0, 4.0)]);
        assert_eq!(band, None);
        let (line, band) =
            median_and_band("", Hue::Blue, Dash::Solid, &[curves[0].clone(), curves[0].clone(), curves[0].clone()]);
        assert_eq!(line.points, curves[0]);
        assert_eq!(band.unwrap().points[2], (3.0, 1.0, 1.0));
    }
}
