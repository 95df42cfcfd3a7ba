//! Breakpoints of a trained network of one scalar input that is piecewise linear, found by solving for them.

use crate::config::Activation;

/// Breakpoints nearer to one another, or to an end of the range, than this fraction of the range count as one, or as
/// the end.
const NEAR: f64 = 1e-12;

/// The output has a kink where its slopes on both sides differ by more than this fraction of its steepest slope.
const BENT: f64 = 1e-9;

/// A difference of slopes below this fraction of the products that add up to them is what rounding leaves.
const ROUNDED: f64 = 1e-13;

/// Pieces, those of all layers together, beyond which the search is given up.
const MOST_PIECES: usize = 100_000;

/// Number of breakpoints of a dense network's output strictly inside a range of its one input. `None` where the
/// activation is no piecewise linear one, the input not one number, a parameter not finite, or the pieces too many
/// (more than 100,000).
///
/// Each layer is its weights, `[inputs, outputs]` row-major, and its biases, empty where it has none. The range is in
/// the units that the network reads.
///
/// Layer by layer, every unit is a line on each piece of the range; where a line meets a corner of the activation its
/// piece is cut. The only errors are those of solving these equations in f64. Breakpoints closer than 10⁻¹² of the
/// range are one, and slopes that differ by less than 10⁻⁹ of the steepest are equal.
#[must_use]
pub fn kinks(
    layers: &[(Vec<f64>, Vec<f64>)],
    sizes: &[(usize, usize)],
    activation: Activation,
    range: (f64, f64),
) -> Option<usize> {
    let bend = Bend::of(activation)?;
    let mut parameters = layers.iter().flat_map(|(weights, biases)| weights.iter().chain(biases));
    if sizes.first()?.0 != 1 || !parameters.all(|parameter| parameter.is_finite()) {
        return None;
    }
    // The input runs from 0 to 1 over the range, so that rounding does not depend on where the range lies.
    let input = Lines { slopes: vec![range.1 - range.0], starts: vec![range.0] };
    let mut walk = Walk { layers, sizes, bend, made: 0, slopes: Vec::new(), steepest_sum: 0.0 };
    walk.descend(0, (0.0, 1.0), &input)?;
    let steepest = walk.slopes.iter().fold(0.0f64, |steepest, slope| steepest.max(slope.abs()));
    let least = (BENT * steepest).max(ROUNDED * walk.steepest_sum);
    Some(walk.slopes.windows(2).filter(|beside| (beside[1] - beside[0]).abs() > least).count())
}

/// Where an activation has corners, and its slopes before, between and after them.
#[derive(Clone, Copy)]
struct Bend {
    corners: &'static [f64],
    /// Slope below the first corner; with two corners it is flat beyond both.
    below: f64,
}

impl Bend {
    fn of(activation: Activation) -> Option<Self> {
        let (corners, below): (&[f64], f64) = match activation {
            Activation::Linear => (&[], 1.0),
            Activation::Relu => (&[0.0], 0.0),
            Activation::LeakyRelu(slope) => (&[0.0], slope),
            Activation::Relu6 => (&[0.0, 6.0], 0.0),
            Activation::HardTanh => (&[-1.0, 1.0], 0.0),
            _ => return None,
        };
        Some(Self { corners, below })
    }

    /// What it makes of a line on a piece without corners inside, in the middle of which the line has this value.
    fn apply(self, slope: f64, start: f64, middle: f64) -> (f64, f64) {
        match *self.corners {
            [corner] if middle < corner => (self.below * slope, self.below * start),
            [low, _] if middle < low => (0.0, low),
            [_, high] if middle > high => (0.0, high),
            _ => (slope, start),
        }
    }
}

/// A line for each unit of a layer: its value where the input begins, and its slope.
struct Lines {
    slopes: Vec<f64>,
    starts: Vec<f64>,
}

struct Walk<'a> {
    layers: &'a [(Vec<f64>, Vec<f64>)],
    sizes: &'a [(usize, usize)],
    bend: Bend,
    /// Pieces so far, of all layers.
    made: usize,
    /// Slopes of the output on its pieces, from the left.
    slopes: Vec<f64>,
    /// The largest sum of absolute values of what a slope of the output is a sum of.
    steepest_sum: f64,
}

impl Walk<'_> {
    /// Follows a piece on which the inputs of a layer are lines down to the output. `None` when there are too many.
    fn descend(&mut self, layer: usize, (from, to): (f64, f64), inputs: &Lines) -> Option<()> {
        let sums = self.sums(layer, inputs);
        if layer + 1 == self.layers.len() {
            let weights = &self.layers[layer].0;
            let terms = inputs.slopes.iter().zip(weights).map(|(slope, weight)| (slope * weight).abs());
            self.steepest_sum = self.steepest_sum.max(terms.sum());
            self.slopes.push(sums.slopes[0]);
            return Some(());
        }
        let mut start = from;
        for end in self.cuts(&sums, (from, to)).into_iter().chain([to]) {
            self.made += 1;
            if self.made > MOST_PIECES {
                return None;
            }
            let middle = f64::midpoint(start, end);
            let lines = sums.slopes.iter().zip(&sums.starts);
            let bent = lines.map(|(&slope, &start)| self.bend.apply(slope, start, slope * middle + start));
            let (slopes, starts) = bent.unzip();
            self.descend(layer + 1, (start, end), &Lines { slopes, starts })?;
            start = end;
        }
        Some(())
    }

    /// Where weighted sums cross corners, inside a piece and apart from its ends and one another, in order.
    fn cuts(&self, sums: &Lines, (from, to): (f64, f64)) -> Vec<f64> {
        let lines = sums.slopes.iter().zip(&sums.starts);
        let crossings = lines.flat_map(|(&slope, &start)| self.bend.corners.iter().map(move |c| (c - start) / slope));
        // A flat line crosses nothing: its quotient is infinite or NaN.
        let mut cuts: Vec<f64> = crossings.filter(|&at| at > from + NEAR && at < to - NEAR).collect();
        cuts.sort_unstable_by(f64::total_cmp);
        cuts.dedup_by(|next, kept| *next - *kept <= NEAR);
        cuts
    }

    /// The weighted sums of a layer as lines.
    fn sums(&self, layer: usize, inputs: &Lines) -> Lines {
        let ((weights, biases), outputs) = (&self.layers[layer], self.sizes[layer].1);
        let mut starts = if biases.is_empty() { vec![0.0; outputs] } else { biases.clone() };
        let mut slopes = vec![0.0; outputs];
        for ((row, &slope), &start) in weights.chunks_exact(outputs).zip(&inputs.slopes).zip(&inputs.starts) {
            if slope != 0.0 {
                slopes.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * slope);
            }
            if start != 0.0 {
                starts.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * start);
            }
        }
        Lines { slopes, starts }
    }
}
