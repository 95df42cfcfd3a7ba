//! Axes: from numbers to pixels, with ticks that people would choose. Guarded against everything that a log axis cannot
//! show: zeros get a shelf of their own, and nothing else below zero is given to it.

use super::text::{self, Weight};
use crate::report::figure::{Axis, Scale};
use crate::report::number::{fixed, number, superscript};

/// Size of tick labels.
pub(super) const TICK: f64 = 11.5;
/// Pixels that a shelf for zeros takes, and how far its middle lies from the end of the axis.
const SHELF: (f64, f64) = (30.0, 12.0);

/// One axis, laid out.
pub(super) struct Ruler {
    scale: Scale,
    /// The numbers at the two ends, on the axis' own scale.
    span: (f64, f64),
    /// The pixels of those two numbers.
    ends: (f64, f64),
    /// Pixel of the shelf for zeros.
    pub shelf: Option<f64>,
    /// Position and text of ticks.
    pub ticks: Vec<(f64, String)>,
}

impl Ruler {
    /// Lays an axis out between two pixels so that it holds all values, with a tick about `every` so many pixels.
    pub(super) fn new(axis: &Axis, values: impl Iterator<Item = f64>, (from, to): (f64, f64), every: f64) -> Self {
        let names = axis.names.iter().map(|(at, _)| *at);
        let values: Vec<f64> = values.chain(names).filter(|value| value.is_finite()).map(bounded).collect();
        let shown = |value: &f64| axis.scale == Scale::Linear || *value > 0.0;
        let zeros = axis.scale == Scale::Log && values.contains(&0.0);
        let own = |value: f64| if axis.scale == Scale::Log { value.log10() } else { value };
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for value in values.iter().copied().filter(shown) {
            low = low.min(own(value));
            high = high.max(own(value));
        }
        let range = axis.range.map(|(from, to)| (own(from), own(to)));
        if let Some((from, to)) = range.filter(|(from, to)| from.is_finite() && to.is_finite() && from < to) {
            (low, high) = (from, to);
        } else {
            (low, high) = padded(axis.scale, low, high);
        }
        let way = (to - from).signum();
        let shelf = zeros.then_some(from + way * SHELF.1);
        let from = if zeros { from + way * SHELF.0 } else { from };
        let mut ruler = Self { scale: axis.scale, span: (low, high), ends: (from, to), shelf, ticks: Vec::new() };
        let ticks = match axis.scale {
            _ if !axis.names.is_empty() => axis.names.clone(),
            Scale::Linear => linear_ticks(low, high, (to - from).abs() / every),
            Scale::Log => log_ticks(low, high, (to - from).abs() / every),
        };
        ruler.ticks = ticks.into_iter().filter_map(|(value, text)| Some((ruler.at(value)?, text))).collect();
        if let Some(shelf) = shelf {
            ruler.ticks.insert(0, (shelf, "0".into()));
        }
        ruler
    }

    /// The pixel of a number; `None` where the axis cannot show it. What lies beyond an end is put at that end.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        let own = match self.scale {
            _ if !value.is_finite() => return None,
            Scale::Log if value == 0.0 => return self.shelf,
            Scale::Log if value < 0.0 => return None,
            Scale::Log => value.log10(),
            Scale::Linear => bounded(value),
        };
        let share = (own - self.span.0) / (self.span.1 - self.span.0);
        Some(self.ends.0 + share.clamp(-0.004, 1.004) * (self.ends.1 - self.ends.0))
    }

    /// The same axis with zeros at its low end instead of on a shelf: for scales of colours.
    pub(super) fn without_shelf(mut self) -> Self {
        if self.shelf.is_some() {
            self.ends.0 = 0.0;
            self.shelf = Some(0.0);
        }
        self
    }

    /// Pixels of the axis without its shelf.
    pub(super) fn ends(&self) -> (f64, f64) {
        self.ends
    }

    /// Ticks whose labels, side by side, do not touch.
    pub(super) fn spaced(&self) -> Vec<(f64, String, bool)> {
        let mut free = f64::NEG_INFINITY;
        let placed = |(at, text): &(f64, String)| {
            let half = text::width(text, TICK, Weight::Regular) / 2.0;
            let fits = at - half > free;
            if fits {
                free = at + half + 8.0;
            }
            (*at, text.clone(), fits)
        };
        self.ticks.iter().map(placed).collect()
    }
}

/// Beyond this, spans between two numbers would overflow.
fn bounded(value: f64) -> f64 {
    value.clamp(-1e300, 1e300)
}

fn padded(scale: Scale, low: f64, high: f64) -> (f64, f64) {
    if low > high {
        return if scale == Scale::Log { (-1.0, 1.0) } else { (0.0, 1.0) };
    }
    let span = high - low;
    match scale {
        Scale::Log => {
            let pad = if span < 0.3 { (0.4 - span).max(0.06) / 2.0 } else { 0.05 * span };
            (low - pad, high + pad)
        }
        Scale::Linear if span <= 1e-9 * low.abs().max(high.abs()) => {
            let pad = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
            (low - pad, high + pad)
        }
        Scale::Linear => (low - 0.05 * span, high + 0.05 * span),
    }
}

fn linear_ticks(low: f64, high: f64, room: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / room.clamp(2.0, 9.0);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|nice| nice * power).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let decimals = (-(step.log10().floor() as i32)).clamp(0, 12);
    let fraction = (step * 10f64.powi(decimals)).fract().abs();
    let decimals = decimals as usize + usize::from(fraction > 1e-6);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last.min(first + 50)).map(|i| (i as f64 * step, fixed(i as f64 * step, decimals))).collect()
}

fn log_ticks(low: f64, high: f64, room: f64) -> Vec<(f64, String)> {
    let span = high - low;
    if span < 0.7 {
        let ticks = linear_ticks(10f64.powf(low), 10f64.powf(high), room);
        return ticks.into_iter().filter(|(value, _)| *value > 0.0).map(|(value, _)| (value, number(value))).collect();
    }
    let between: &[f64] = match room / span {
        density if density > 2.4 => &[1.0, 2.0, 5.0],
        density if density > 1.6 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let every = (span / (1.7 * room).clamp(2.0, 12.0)).ceil().max(1.0) as i32;
    let (first, last) = (low.floor() as i32, high.ceil() as i32);
    let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
    let ticks = powers.flat_map(|power| between.iter().map(move |&digit| (digit, power)));
    let ticks = ticks.map(|(digit, power)| {
        let value = digit * 10f64.powi(power);
        let text = if (-3..=6).contains(&power) {
            number(value)
        } else if digit < 1.5 {
            format!("10{}", superscript(power))
        } else {
            format!("{digit}·10{}", superscript(power))
        };
        (value, text)
    });
    ticks.filter(|(value, _)| (low - 1e-9..=high + 1e-9).contains(&value.log10())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruler(scale: Scale, values: &[f64]) -> Ruler {
        Ruler::new(&Axis::new("", scale), values.iter().copied(), (0.0, 400.0), 76.0)
    }

    fn texts(ruler: &Ruler) -> Vec<&str> {
        ruler.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn whatever_the_values_there_are_ticks_and_places() {
        let hostile: &[&[f64]] = &[
            &[],
            &[0.0],
            &[-1.0],
            &[5.0],
            &[5.0, 5.0],
            &[f64::NAN, f64::INFINITY],
            &[1e-300, 1e300],
            &[-1e300, 1e300],
            &[1.0, 1.0 + 1e-15],
            &[0.0, 1e-12, 3.0],
            &[-f64::MAX, f64::MAX],
            &[f64::MIN_POSITIVE, f64::MAX],
        ];
        for scale in [Scale::Linear, Scale::Log] {
            for values in hostile {
                let ruler = ruler(scale, values);
                assert!(ruler.ticks.len() < 60, "{scale:?} {values:?}: {:?}", texts(&ruler));
                for &value in *values {
                    let at = ruler.at(value);
                    assert!(at.is_none_or(|at| (-5.0..=405.0).contains(&at)), "{scale:?} {value}: {at:?}");
                }
            }
        }
    }

    #[test]
    fn zeros_stand_on_a_shelf_of_a_log_axis_and_what_is_below_is_not_shown() {
        let ruler = ruler(Scale::Log, &[0.0, 0.01, 100.0, -3.0]);
        assert_eq!(texts(&ruler), ["0", "0.01", "0.1", "1", "10", "100"]);
        assert!(ruler.at(0.0).unwrap() < ruler.at(0.01).unwrap() - 15.0);
        assert_eq!(ruler.at(-3.0), None);
    }

    #[test]
    fn an_axis_of_names_has_no_other_ticks() {
        let names = vec![(0.0, "train".to_owned()), (1.0, "domain".to_owned())];
        let axis = Axis { names, ..Axis::new("", Scale::Linear) };
        let ruler = Ruler::new(&axis, [0.5].into_iter(), (0.0, 400.0), 76.0);
        assert_eq!(texts(&ruler), ["train", "domain"]);
        assert!(ruler.ticks[0].0 >= 0.0 && ruler.ticks[1].0 <= 400.0);
    }

    #[test]
    fn a_range_that_is_none_is_not_kept_to() {
        for range in [(0.0, 1.0), (2.0, 2.0), (f64::NAN, 1.0), (5.0, 1.0)] {
            let axis = Axis { range: Some(range), ..Axis::new("", Scale::Log) };
            let ruler = Ruler::new(&axis, [1.0, 100.0].into_iter(), (0.0, 400.0), 76.0);
            assert!((0.0..=400.0).contains(&ruler.at(10.0).unwrap()), "{range:?}");
        }
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(texts(&ruler(Scale::Linear, &[0.0, 1000.0])), ["0", "250", "500", "750", "1,000"]);
        assert_eq!(texts(&ruler(Scale::Linear, &[-0.25, 0.5])), ["−0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(texts(&ruler(Scale::Log, &[1e-9, 1e6])).len(), 8);
    }
}
