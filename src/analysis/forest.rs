//! A regression forest over the axes of a design, and its functional analysis of variance over the trees' partitions
//! (Hutter, Hoos & Leyton-Brown, ICML 2014), with every value of an axis equally likely.

use super::anova::Parts;
use super::design::{Design, DesignAxis};
use super::intervals::mean;
use crate::random::Stream;

/// Trees that are grown.
pub const TREES: usize = 32;
/// Runs that a forest is grown from at most; more are drawn from.
pub const MOST_RUNS: usize = 5000;
/// Values that an axis of numbers keeps; more are put into bins of about as many runs each.
pub const MOST_VALUES: usize = 16;
/// Values that any axis keeps: as many as a set of 64 bits holds.
const MOST_BINS: usize = 64;
/// Fewest runs on either side of a split.
const LEAF: usize = 3;
/// Points at which the forest is read for its variance, where there are more combinations.
const POINTS: usize = 20_000;

/// What a forest says of a design.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// The parts; `noise` is absent, and what no axis explains is in none of them.
    pub parts: Parts,
    /// Mean squared error of the runs whose configuration a tree has not seen.
    pub error: f64,
    /// One minus that over the variance of the values; `None` where every configuration was seen by all trees.
    pub r2: Option<f64>,
    /// Runs that it was grown from.
    pub sampled: usize,
    /// The axes whose values were put into bins.
    pub binned: Vec<usize>,
}

/// An axis as trees see it: each value in a bin, and the share of all values that a bin holds.
struct Bins {
    codes: Vec<u8>,
    shares: Vec<f64>,
    ordered: bool,
    is_binned: bool,
}

impl Bins {
    fn of(axis: &DesignAxis, runs: &[usize]) -> Self {
        let levels = axis.levels.len();
        let most = if axis.ordered { MOST_VALUES } else { MOST_BINS };
        let is_binned = levels > most;
        let bin_of: Vec<u8> = if is_binned {
            let mut counts = vec![0usize; levels];
            runs.iter().for_each(|&run| counts[axis.codes[run] as usize] += 1);
            let (total, mut before) = (runs.len().max(1), 0);
            let bin = |count: &usize| {
                let bin = (before * most / total).min(most - 1);
                before += count;
                bin as u8
            };
            counts.iter().map(bin).collect()
        } else {
            (0..levels as u8).collect()
        };
        let bins = bin_of.iter().copied().max().map_or(0, |last| usize::from(last) + 1);
        let mut shares = vec![0.0; bins];
        bin_of.iter().for_each(|&bin| shares[usize::from(bin)] += 1.0 / levels as f64);
        let codes = axis.codes.iter().map(|&code| bin_of[code as usize]).collect();
        Self { codes, shares, ordered: axis.ordered || is_binned, is_binned }
    }

    fn share(&self, set: u64) -> f64 {
        members(set).map(|bin| self.shares[bin]).sum()
    }

    fn all(&self) -> u64 {
        if self.shares.len() == 64 { u64::MAX } else { (1 << self.shares.len()) - 1 }
    }
}

fn members(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            first
        })
    })
}

/// A tree, its root first.
enum Node {
    /// Goes left where the axis has a value of the set.
    Split {
        axis: usize,
        set: u64,
        left: usize,
        right: usize,
    },
    Leaf(f64),
}

struct Tree(Vec<Node>);

impl Tree {
    fn read(&self, bin: impl Fn(usize) -> u8) -> f64 {
        let mut at = 0;
        loop {
            match &self.0[at] {
                Node::Leaf(value) => return *value,
                Node::Split { axis, set, left, right } => at = if set >> bin(*axis) & 1 == 1 { *left } else { *right },
            }
        }
    }

    /// Every leaf with the set of values that it holds of each axis.
    fn leaves(&self, axes: &[Bins], mut each: impl FnMut(&[u64], f64)) {
        let mut open = vec![(0, axes.iter().map(Bins::all).collect::<Vec<u64>>())];
        while let Some((at, sets)) = open.pop() {
            match &self.0[at] {
                Node::Leaf(value) => each(&sets, *value),
                Node::Split { axis, set, left, right } => {
                    let (mut one, mut other) = (sets.clone(), sets);
                    one[*axis] &= set;
                    other[*axis] &= !set;
                    open.extend([(*left, one), (*right, other)]);
                }
            }
        }
    }
}

/// Grows trees, each from configurations drawn with replacement, with all of their runs: so a run is judged by trees that know
/// none of its replicates.
struct Grower<'a> {
    axes: &'a [Bins],
    values: &'a [f64],
    stream: Stream,
}

impl Grower<'_> {
    fn grow(&mut self, mut runs: Vec<usize>) -> Tree {
        let mut nodes = vec![Node::Leaf(0.0)];
        let end = runs.len();
        let mut open = vec![(0usize, 0usize, end)];
        while let Some((at, from, to)) = open.pop() {
            let own = &mut runs[from..to];
            let Some((axis, set)) = self.split(own) else {
                nodes[at] = Node::Leaf(mean(&own.iter().map(|&run| self.values[run]).collect::<Vec<_>>()));
                continue;
            };
            let goes_left = |run: &usize| set >> self.axes[axis].codes[*run] & 1 == 1;
            own.sort_by_key(|run| !goes_left(run));
            let middle = from + own.iter().filter(|run| goes_left(run)).count();
            let (left, right) = (nodes.len(), nodes.len() + 1);
            nodes[at] = Node::Split { axis, set, left, right };
            nodes.extend([Node::Leaf(0.0), Node::Leaf(0.0)]);
            open.extend([(left, from, middle), (right, middle, to)]);
        }
        Tree(nodes)
    }

    /// The split that leaves the least variance, of two thirds of the axes, drawn anew each time; `None` where none leaves less.
    fn split(&mut self, runs: &[usize]) -> Option<(usize, u64)> {
        if runs.len() < 2 * LEAF {
            return None;
        }
        let mut axes: Vec<usize> = (0..self.axes.len()).collect();
        self.stream.shuffle(&mut axes);
        axes.truncate((2 * axes.len()).div_ceil(3));
        axes.sort_unstable();
        let total: f64 = runs.iter().map(|&run| self.values[run]).sum();
        let n = runs.len() as f64;
        let mut best: Option<(f64, usize, u64)> = None;
        for axis in axes {
            let bins = &self.axes[axis];
            let mut sums = [(0usize, 0.0); MOST_BINS];
            for &run in runs {
                let sum = &mut sums[usize::from(bins.codes[run])];
                *sum = (sum.0 + 1, sum.1 + self.values[run]);
            }
            let mut present: Vec<usize> = (0..bins.shares.len()).filter(|&bin| sums[bin].0 > 0).collect();
            if !bins.ordered {
                // Of sets of categories, the best is one of those in the order of their means (Breiman 1984).
                let of = |bin: usize| sums[bin].1 / sums[bin].0 as f64;
                present.sort_by(|&a, &b| of(a).total_cmp(&of(b)));
            }
            let (mut count, mut sum, mut set) = (0, 0.0, 0u64);
            for pair in present.windows(2) {
                let bin = pair[0];
                count += sums[bin].0;
                sum += sums[bin].1;
                set |= 1 << bin;
                if count < LEAF || runs.len() - count < LEAF {
                    continue;
                }
                let (left, right) = (count as f64, n - count as f64);
                let gain = sum * sum / left + (total - sum) * (total - sum) / right - total * total / n;
                if gain > best.map_or(1e-12 * (total * total / n).abs().max(f64::MIN_POSITIVE), |(gain, ..)| gain) {
                    best = Some((gain, axis, self.sides(axis, set, &present, count * 2 >= runs.len())));
                }
            }
        }
        best.map(|(_, axis, set)| (axis, set))
    }

    /// The set that goes left, with the values that no run here has: those of an order by their place, others with the most runs.
    fn sides(&self, axis: usize, set: u64, present: &[usize], left_is_larger: bool) -> u64 {
        let bins = &self.axes[axis];
        if bins.ordered {
            let last = set.ilog2();
            return u64::MAX >> (63 - last);
        }
        let here: u64 = present.iter().map(|&bin| 1u64 << bin).sum();
        if left_is_larger { set | (bins.all() & !here) } else { set }
    }
}

/// Grows a forest of a design, and takes it apart; `None` without runs.
pub(super) fn explain(design: &Design) -> Option<Found> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); design.configurations.iter().max()? + 1];
    design.configurations.iter().enumerate().for_each(|(run, &configuration)| members[configuration].push(run));
    members.retain(|runs| !runs.is_empty());
    // Whole configurations, drawn without replacement, as far as there are too many runs.
    let mut sampled = members.iter().map(Vec::len).sum::<usize>();
    if sampled > MOST_RUNS {
        Stream::new(0, "forest sample", 0).shuffle(&mut members);
        let mut count = 0;
        members.retain(|runs| {
            let fits = count + runs.len() <= MOST_RUNS;
            count += if fits { runs.len() } else { 0 };
            fits
        });
        members.sort_unstable();
        sampled = count;
    }
    let runs: Vec<usize> = members.iter().flatten().copied().collect();
    let axes: Vec<Bins> = design.axes.iter().map(|axis| Bins::of(axis, &runs)).collect();
    let mut judged = vec![(0usize, 0.0); design.values.len()];
    let trees: Vec<Tree> = (0..TREES)
        .map(|tree| {
            let mut stream = Stream::new(0, "forest", tree as u64);
            let mut drawn = vec![0usize; members.len()];
            (0..members.len()).for_each(|_| drawn[stream.below(members.len() as u64) as usize] += 1);
            let repeated = drawn.iter().zip(&members);
            let own = repeated.flat_map(|(&times, runs)| std::iter::repeat_n(runs, times).flatten().copied());
            let own: Vec<usize> = own.collect();
            let tree = Grower { axes: &axes, values: &design.values, stream }.grow(own);
            for &run in drawn.iter().zip(&members).filter(|(times, _)| **times == 0).flat_map(|(_, runs)| runs) {
                let read = tree.read(|axis| axes[axis].codes[run]);
                judged[run] = (judged[run].0 + 1, judged[run].1 + read);
            }
            tree
        })
        .collect();
    let apart: Vec<(f64, f64)> = runs
        .iter()
        .filter(|&&run| judged[run].0 > 0)
        .map(|&run| (design.values[run], judged[run].1 / judged[run].0 as f64))
        .collect();
    let error = mean(&apart.iter().map(|(value, read)| (value - read).powi(2)).collect::<Vec<_>>());
    let middle = mean(&apart.iter().map(|(value, _)| *value).collect::<Vec<_>>());
    let spread = mean(&apart.iter().map(|(value, _)| (value - middle).powi(2)).collect::<Vec<_>>());
    Some(Found {
        parts: parts(&axes, &trees),
        r2: (!apart.is_empty() && spread > 0.0).then(|| 1.0 - error / spread),
        error: if apart.is_empty() { 0.0 } else { error },
        sampled,
        binned: (0..axes.len()).filter(|&axis| axes[axis].is_binned).collect(),
    })
}

/// Variances of the marginals of the mean of all trees.
fn parts(axes: &[Bins], trees: &[Tree]) -> Parts {
    let bins = |axis: usize| axes[axis].shares.len();
    let pairs: Vec<(usize, usize)> =
        (0..axes.len()).flat_map(|first| (first + 1..axes.len()).map(move |second| (first, second))).collect();
    let mut grand = 0.0;
    let mut single: Vec<Vec<f64>> = (0..axes.len()).map(|axis| vec![0.0; bins(axis)]).collect();
    let mut double: Vec<Vec<f64>> = pairs.iter().map(|&(a, b)| vec![0.0; bins(a) * bins(b)]).collect();
    for tree in trees {
        tree.leaves(axes, |sets, value| {
            let shares: Vec<f64> = sets.iter().zip(axes).map(|(&set, axis)| axis.share(set)).collect();
            let all = shares.iter().product::<f64>() * value / trees.len() as f64;
            if all == 0.0 {
                return;
            }
            grand += all;
            for (axis, sums) in single.iter_mut().enumerate() {
                members(sets[axis]).for_each(|bin| sums[bin] += all / shares[axis]);
            }
            for (&(a, b), sums) in pairs.iter().zip(&mut double) {
                let part = all / (shares[a] * shares[b]);
                for first in members(sets[a]) {
                    members(sets[b]).for_each(|second| sums[first * bins(b) + second] += part);
                }
            }
        });
    }
    let mains: Vec<f64> = (0..axes.len())
        .map(|axis| {
            single[axis].iter().zip(&axes[axis].shares).map(|(value, share)| share * (value - grand).powi(2)).sum()
        })
        .collect();
    let beyond = |(&(a, b), sums): (&(usize, usize), &Vec<f64>)| {
        let cell = |(place, value): (usize, &f64)| {
            let (first, second) = (place / bins(b), place % bins(b));
            let rest = value - single[a][first] - single[b][second] + grand;
            axes[a].shares[first] * axes[b].shares[second] * rest * rest
        };
        (a, b, sums.iter().enumerate().map(cell).sum())
    };
    let pairs: Vec<(usize, usize, f64)> = pairs.iter().zip(&double).map(beyond).collect();
    let all = variance(axes, trees);
    let known = mains.iter().sum::<f64>() + pairs.iter().map(|pair| pair.2).sum::<f64>();
    // With two axes there is nothing beyond their pair; and points that are drawn may miss a little.
    let higher = if axes.len() < 3 { 0.0 } else { (all - known).max(0.0) };
    Parts { mains, pairs, higher, noise: None, of_means: 0.0, total: known + higher }
}

/// The variance of the mean of all trees over all combinations of values, or over points drawn among them.
fn variance(axes: &[Bins], trees: &[Tree]) -> f64 {
    let count = axes.iter().try_fold(1usize, |product, axis| product.checked_mul(axis.shares.len()));
    let mut stream = Stream::new(0, "forest points", 0);
    let mut point = vec![0u8; axes.len()];
    let (mut sum, mut squares, mut weights) = (0.0, 0.0, 0.0);
    let all = count.filter(|&count| count <= POINTS);
    for place in 0..all.unwrap_or(POINTS) {
        let (mut rest, mut weight) = (place, 1.0);
        for (axis, bin) in axes.iter().zip(&mut point) {
            if all.is_some() {
                *bin = (rest % axis.shares.len()) as u8;
                rest /= axis.shares.len();
                weight *= axis.shares[usize::from(*bin)];
            } else {
                let mut left = stream.uniform();
                let within = |share: &f64| {
                    left -= share;
                    left < 0.0
                };
                *bin = axis.shares.iter().position(within).unwrap_or(axis.shares.len() - 1) as u8;
            }
        }
        let read = mean(&trees.iter().map(|tree| tree.read(|axis| point[axis])).collect::<Vec<_>>());
        sum += weight * read;
        squares += weight * read * read;
        weights += weight;
    }
    (squares / weights - (sum / weights).powi(2)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::anova::decompose;
    use super::super::anova::tests::{complete, design};
    use super::*;

    /// Parts as shares of all.
    fn shares(parts: &Parts) -> Vec<f64> {
        let each = parts.mains.iter().copied().chain(parts.pairs.iter().map(|pair| pair.2)).chain([parts.higher]);
        let all: f64 = each.clone().sum();
        each.map(|part| part / all).collect()
    }

    #[test]
    fn on_complete_grids_the_forest_says_what_the_exact_decomposition_does() {
        let mut stream = Stream::new(3, "test", 0);
        let interaction = complete(&[4, 5, 3], 5, |codes| {
            let (a, b) = (f64::from(codes[0]), f64::from(codes[1]));
            a + 0.5 * b + if codes[0] == 1 { b } else { 0.0 } + 0.3 * stream.normal()
        });
        let main = complete(&[7, 5, 3], 5, |codes| f64::from(codes[0] * 3 % 7) + 0.2 * f64::from(codes[2]));
        let four = complete(&[3, 3, 4, 2], 2, |codes| f64::from(codes[0] * codes[1]) + f64::from(codes[3]));
        for design in [interaction, main, four] {
            let exact = shares(&decompose(&design).unwrap());
            let found = explain(&design).unwrap();
            let forest = shares(&found.parts);
            for (one, other) in exact.iter().zip(&forest) {
                assert!((one - other).abs() < 0.06, "{exact:.3?}\n{forest:.3?}");
            }
            assert!(found.r2.unwrap() > 0.7, "{:?}", found.r2);
        }
    }

    #[test]
    fn what_no_axis_explains_is_not_found() {
        let mut stream = Stream::new(4, "test", 0);
        let noise = complete(&[6, 6, 6], 1, |_| stream.normal());
        let found = explain(&noise).unwrap();
        assert!(found.r2.unwrap() < 0.2, "{:?}", found.r2);
    }

    #[test]
    fn large_designs_take_a_sample_and_little_time() {
        // A hundred thousand runs over twelve axes, half of them of numbers with values of their own.
        let mut stream = Stream::new(6, "test", 0);
        let runs: Vec<(Vec<u32>, f64)> = (0..100_000u32)
            .map(|run| {
                let codes: Vec<u32> = (0..12)
                    .map(|axis| if axis % 2 == 1 { stream.below(100_000) as u32 } else { stream.below(5) as u32 })
                    .collect();
                let value = f64::from(codes[0]) + f64::from(codes[1]) / 25_000.0 + 0.1 * f64::from(run % 3);
                (codes, value)
            })
            .collect();
        let large = design(&[5, 100_000, 5, 100_000, 5, 100_000, 5, 100_000, 5, 100_000, 5, 100_000], &runs);
        let found = explain(&large).unwrap();
        assert_eq!((found.sampled, found.binned.len()), (MOST_RUNS, 6));
        let shares = shares(&found.parts);
        // Variances 2 and 16/12.
        assert!((shares[0] - 0.6).abs() < 0.04 && (shares[1] - 0.4).abs() < 0.04, "{shares:.3?}");
        assert!(found.r2.unwrap() > 0.9);
    }

    #[test]
    fn a_forest_is_the_same_every_time() {
        let one = complete(&[4, 4, 4], 2, |codes| f64::from(codes[0] * codes[1] + codes[2]));
        assert_eq!(explain(&one), explain(&one));
    }
}
