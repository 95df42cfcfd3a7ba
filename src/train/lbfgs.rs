//! L-BFGS with a strong Wolfe line search, for one run, over its parameters in one row. Knows nothing of networks.

use std::collections::VecDeque;

use tch::TchError;

use super::keep::Keep;
use crate::network::Real;

/// Pairs of steps and changes of the gradient that are remembered.
const REMEMBERED: usize = 10;

/// Points that one line search looks at, at most, as in `PyTorch`.
const MOST_POINTS: usize = 25;

/// Sufficient decrease and curvature of the strong Wolfe conditions (Nocedal and Wright 2006, section 3.1).
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;

/// A bracket whose ends are closer than this, along the largest component, is not searched further.
const CLOSEST: f64 = 1e-9;

/// Loss and gradient at a point.
pub type Evaluate<'a, T> = dyn FnMut(&[T]) -> Result<(f64, Vec<T>), TchError> + 'a;

/// A run's memory of its last steps (Nocedal and Wright 2006, algorithms 3.5, 3.6 and 7.5; details as in `PyTorch`'s
/// `LBFGS(max_iter=1, max_eval=26, tolerance_grad=0, tolerance_change=0, history_size=10, line_search_fn="strong_wolfe")`,
/// whose `max_eval` must be given: by default it leaves no point to its line search).
#[derive(Clone, Debug)]
pub struct Lbfgs<T> {
    pairs: VecDeque<Pair<T>>,
    /// Curvature that the inverse Hessian starts from.
    scale: f64,
    /// Direction and length of the last step, and the gradient before it.
    last: Option<(Vec<T>, f64, Vec<T>)>,
}

/// A step and what it changed of the gradient.
#[derive(Clone, Debug)]
struct Pair<T> {
    step: Vec<T>,
    change: Vec<T>,
    /// One divided by their product.
    rho: f64,
}

/// What a step was taken from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Before {
    /// The loss there.
    pub loss: f64,
    /// The gradient's norm there.
    pub gradient_norm: f64,
}

/// A point of a line search: how far along, the loss, and the slope along the direction.
#[derive(Clone, Copy, Debug)]
struct Point {
    at: f64,
    loss: f64,
    slope: f64,
}

impl<T: Real> Default for Lbfgs<T> {
    fn default() -> Self {
        Self { pairs: VecDeque::with_capacity(REMEMBERED), scale: 1.0, last: None }
    }
}

impl<T: Real> Lbfgs<T> {
    /// Walks over what it remembers.
    pub fn state(&mut self, keep: &mut Keep<'_>) {
        let mut pairs = Vec::from(std::mem::take(&mut self.pairs));
        let blank = || Pair { step: Vec::new(), change: Vec::new(), rho: 0.0 };
        keep.list(&mut pairs, blank, |keep, pair| {
            keep.real_list(&mut pair.step);
            keep.real_list(&mut pair.change);
            keep.number(&mut pair.rho);
        });
        self.pairs = pairs.into();
        keep.number(&mut self.scale);
        let mut last: Vec<_> = self.last.take().into_iter().collect();
        keep.list(
            &mut last,
            || (Vec::new(), 0.0, Vec::new()),
            |keep, (direction, length, gradient)| {
                keep.real_list(direction);
                keep.number(length);
                keep.real_list(gradient);
            },
        );
        self.last = last.pop();
    }

    /// One step from `point`, which it moves. `evaluate` is called at `point` itself first, then at every point that the
    /// line search looks at; the first length that it tries is `rate`, and in the first step of all at most
    /// `rate` / Σ|gradient|.
    ///
    /// # Errors
    /// Those of `evaluate`; the point is then where it was.
    pub fn step(&mut self, point: &mut [T], rate: f64, evaluate: &mut Evaluate<'_, T>) -> Result<Before, TchError> {
        let (loss, gradient) = evaluate(point)?;
        let before = Before { loss, gradient_norm: dot(&gradient, &gradient).sqrt() };
        if gradient.iter().all(|&slope| slope == T::ZERO) {
            return Ok(before);
        }
        let (direction, first) = match self.last.take() {
            None => {
                let total: f64 = gradient.iter().map(|slope| slope.abs().to_f64()).sum();
                (gradient.iter().map(|&slope| -slope).collect(), (1.0 / total).min(1.0) * rate)
            }
            Some((direction, length, previous)) => {
                self.remember(&direction, length, &previous, &gradient);
                (self.direction(&gradient), rate)
            }
        };
        let slope = dot(&gradient, &direction);
        // Uphill: nothing is gained that way. The next step starts from the same gradient and remembers nothing new.
        if slope > 0.0 {
            self.last = Some((direction, first, gradient));
            return Ok(before);
        }
        let start = Point { at: 0.0, loss, slope };
        let mut along = |at: f64| {
            let moved = moved(point, at, &direction);
            let (loss, gradient) = evaluate(&moved)?;
            Ok(Point { at, loss, slope: dot(&gradient, &direction) })
        };
        let largest = direction.iter().fold(0.0, |largest: f64, part| largest.max(part.abs().to_f64()));
        let length = search(start, first, largest, &mut along)?;
        let there = moved(point, length, &direction);
        point.copy_from_slice(&there);
        self.last = Some((direction, length, gradient));
        Ok(before)
    }

    /// Remembers the last step, where the loss curves upwards along it.
    fn remember(&mut self, direction: &[T], length: f64, previous: &[T], gradient: &[T]) {
        let length = T::from_f64(length);
        let step: Vec<T> = direction.iter().map(|&part| part * length).collect();
        let change: Vec<T> = gradient.iter().zip(previous).map(|(&now, &then)| now - then).collect();
        let product = dot(&change, &step);
        if product > 1e-10 {
            if self.pairs.len() == REMEMBERED {
                self.pairs.pop_front();
            }
            self.scale = product / dot(&change, &change);
            self.pairs.push_back(Pair { step, change, rho: 1.0 / product });
        }
    }

    /// The downhill direction: the remembered inverse Hessian times the gradient, by the two loops of algorithm 7.4.
    fn direction(&self, gradient: &[T]) -> Vec<T> {
        let mut direction: Vec<T> = gradient.iter().map(|&slope| -slope).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = dot(&pair.step, &direction) * pair.rho;
            add(&mut direction, -share, &pair.change);
            shares.push(share);
        }
        let scale = T::from_f64(self.scale);
        direction.iter_mut().for_each(|part| *part *= scale);
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let back = dot(&pair.change, &direction) * pair.rho;
            add(&mut direction, share - back, &pair.step);
        }
        direction
    }
}

/// The length along a direction where the strong Wolfe conditions hold, or the best that was found. `largest` is the
/// direction's largest component.
fn search(
    start: Point,
    first: f64,
    largest: f64,
    along: &mut dyn FnMut(f64) -> Result<Point, TchError>,
) -> Result<f64, TchError> {
    let (loss, slope) = (start.loss, start.slope);
    // A loss that is no number lies too far out, too.
    let too_high = |point: &Point| point.loss.is_nan() || point.loss > loss + DECREASE * point.at * slope;
    let flat = |point: &Point| point.slope.abs() <= -CURVATURE * slope;
    let mut points = 0;
    let (mut previous, mut new) = (start, along(first)?);
    // Longer and longer steps, until one is right or the right one lies behind.
    let mut bracket = loop {
        if points == MOST_POINTS {
            break [start, new];
        }
        if too_high(&new) || (points > 1 && new.loss >= previous.loss) {
            break [previous, new];
        }
        if flat(&new) {
            return Ok(new.at);
        }
        if new.slope >= 0.0 {
            break [previous, new];
        }
        let at = cubic_minimum(&previous, &new, new.at + 0.01 * (new.at - previous.at), new.at * 10.0);
        previous = std::mem::replace(&mut new, along(at)?);
        points += 1;
    };
    // The bracket holds a right one: it is made smaller and smaller.
    let mut low = usize::from(bracket[1].loss < bracket[0].loss);
    let mut at_the_edge = false;
    while points < MOST_POINTS {
        let (nearest, farthest) = (bracket[0].at.min(bracket[1].at), bracket[0].at.max(bracket[1].at));
        if (farthest - nearest) * largest < CLOSEST {
            break;
        }
        let mut at = cubic_minimum(&bracket[0], &bracket[1], nearest, farthest);
        let tenth = 0.1 * (farthest - nearest);
        if (farthest - at).min(at - nearest) < tenth {
            // So near an end that the bracket would hardly shrink: twice in a row is once too often.
            let move_in = at_the_edge || at >= farthest || at <= nearest;
            if move_in {
                at = if (at - farthest).abs() < (at - nearest).abs() { farthest - tenth } else { nearest + tenth };
            }
            at_the_edge = !move_in;
        } else {
            at_the_edge = false;
        }
        let new = along(at)?;
        points += 1;
        let high = 1 - low;
        if too_high(&new) || new.loss >= bracket[low].loss {
            bracket[high] = new;
            low = usize::from(bracket[1].loss < bracket[0].loss);
        } else {
            let done = flat(&new);
            if !done && new.slope * (bracket[high].at - bracket[low].at) >= 0.0 {
                bracket[high] = bracket[low];
            }
            bracket[low] = new;
            if done {
                break;
            }
        }
    }
    Ok(bracket[low].at)
}

/// Where the cubic through two points with their slopes is least, within bounds (Nocedal and Wright 2006, equation 3.59).
fn cubic_minimum(one: &Point, other: &Point, least: f64, most: f64) -> f64 {
    let (near, far) = if one.at <= other.at { (one, other) } else { (other, one) };
    let bend = near.slope + far.slope - 3.0 * (near.loss - far.loss) / (near.at - far.at);
    let square = bend * bend - near.slope * far.slope;
    if square >= 0.0 {
        let root = square.sqrt();
        let at = far.at - (far.at - near.at) * ((far.slope + root - bend) / (far.slope - near.slope + 2.0 * root));
        at.max(least).min(most)
    } else {
        f64::midpoint(least, most)
    }
}

/// Σ aᵢ·bᵢ in f64, in order.
fn dot<T: Real>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
}

fn add<T: Real>(to: &mut [T], factor: f64, what: &[T]) {
    let factor = T::from_f64(factor);
    to.iter_mut().zip(what).for_each(|(to, &what)| *to = factor.mul_add(what, *to));
}

fn moved<T: Real>(point: &[T], length: f64, direction: &[T]) -> Vec<T> {
    let mut moved = point.to_vec();
    add(&mut moved, length, direction);
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley in `n` dimensions, whose least value is 0 at (1, …, 1).
    fn valley(x: &[f64]) -> (f64, Vec<f64>) {
        let (mut value, mut gradient) = (0.0, vec![0.0; x.len()]);
        for i in 0..x.len() - 1 {
            let (bend, off) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
            value += 100.0 * bend * bend + off * off;
            gradient[i] += -400.0 * x[i] * bend - 2.0 * off;
            gradient[i + 1] += 200.0 * bend;
        }
        (value, gradient)
    }

    #[test]
    fn it_finds_the_bottom_of_a_bent_valley() {
        let (mut point, mut lbfgs, mut points) = (vec![-1.2, 1.0, -1.2, 1.0, 0.3], Lbfgs::default(), 0);
        let mut last = f64::INFINITY;
        for step in 0..120 {
            let mut evaluate = |x: &[f64]| {
                points += 1;
                Ok(valley(x))
            };
            let before = lbfgs.step(&mut point, 1.0, &mut evaluate).unwrap();
            assert!(before.loss <= last, "step {step} went up: {} after {last}", before.loss);
            last = before.loss;
        }
        assert!(point.iter().all(|x| (x - 1.0).abs() < 1e-8), "{point:?}");
        assert!(points < 600, "{points} points");
    }

    #[test]
    fn where_the_gradient_is_nothing_it_stays() {
        let mut point = vec![1.0f32, 2.0];
        let mut evaluate = |x: &[f32]| Ok((3.0, vec![0.0; x.len()]));
        let before = Lbfgs::default().step(&mut point, 1.0, &mut evaluate).unwrap();
        assert_eq!((before, point), (Before { loss: 3.0, gradient_norm: 0.0 }, vec![1.0, 2.0]));
    }

    #[test]
    fn numbers_that_are_none_end_the_search() {
        let mut point = vec![1.0f64, 2.0];
        let mut evaluate = |x: &[f64]| Ok((f64::NAN, vec![f64::NAN; x.len()]));
        let mut lbfgs = Lbfgs::default();
        for _ in 0..3 {
            assert!(lbfgs.step(&mut point, 1.0, &mut evaluate).unwrap().loss.is_nan());
        }
    }
}
