//! Intervals of shares of the variance, by the bootstrap: over the replicates of each combination where every combination has runs,
//! over whole configurations where a forest tells.

use super::anova::{self, Parts};
use super::design::{Design, DesignAxis};
use super::forest;
use super::importance::within;
use super::intervals::mean;
use crate::random::Stream;

/// Samples that are drawn of the replicates.
const SAMPLES: usize = 999;
/// Samples that are drawn of configurations, each with a forest of its own.
const FORESTS: usize = 99;
/// Fewest samples that ends of 95 % are read from.
const FEWEST: usize = 39;
/// About as many steps as are spent on one design: more runs have fewer samples.
const STEPS: usize = 100_000_000;

/// 95 % intervals of shares, in the order of [`shares`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resampled {
    pub intervals: Vec<(f64, f64)>,
    /// Samples that they are from.
    pub samples: usize,
}

/// Shares of the variance: of each axis, of each pair in the order of the parts, of more together, and of the noise or what is not
/// explained.
pub(super) fn shares(parts: &Parts) -> Vec<f64> {
    let pairs = parts.pairs.iter().map(|pair| pair.2);
    let all = parts.mains.iter().copied().chain(pairs).chain([parts.higher, parts.noise.unwrap_or(0.0)]);
    all.map(|part| if parts.total > 0.0 { part / parts.total } else { 0.0 }).collect()
}

/// The intervals of exact shares; `None` where no combination has two runs, or there are too many to draw from often enough.
///
/// Within each combination its runs are drawn with replacement. Their distances from their mean are stretched by `√(n / (n − 1))`
/// first, so that samples scatter as much as runs do (Davison & Hinkley 1997, section 2.3); a single run scatters like the others.
/// Means of a sample carry the noise of the runs and that of the draws, and each part is freed of both.
pub(super) fn exact(design: &Design, parts: &Parts) -> Option<Resampled> {
    parts.noise.filter(|noise| *noise > 0.0)?;
    let places = design.cells()?;
    let cells = places.iter().max()? + 1;
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); cells];
    places.iter().enumerate().for_each(|(run, &cell)| members[cell].push(run));
    let means: Vec<f64> =
        members.iter().map(|runs| mean(&runs.iter().map(|&run| design.values[run]).collect::<Vec<_>>())).collect();
    let stretched = |(runs, middle): (&Vec<usize>, &f64)| -> Vec<f64> {
        let n = runs.len() as f64;
        let by = if runs.len() > 1 { (n / (n - 1.0)).sqrt() } else { return Vec::new() };
        runs.iter().map(|&run| by * (design.values[run] - middle)).collect()
    };
    let own: Vec<Vec<f64>> = members.iter().zip(&means).map(stretched).collect();
    let pooled: Vec<f64> = own.iter().flatten().copied().collect();
    let axes = design.axes.len();
    let samples = affordable(design.values.len() + cells * (axes * (axes + 1) / 2 + 2), SAMPLES)?;
    let draw = |sample: usize| {
        let mut stream = Stream::new(0, "shares", sample as u64);
        let mut drawn = design.values.clone();
        for (cell, runs) in members.iter().enumerate() {
            let from = if own[cell].is_empty() { &pooled } else { &own[cell] };
            for &run in runs {
                drawn[run] = means[cell] + from[stream.below(from.len() as u64) as usize];
            }
        }
        anova::decompose_noisy(design, &places, &drawn, parts.of_means).map(|parts| shares(&parts))
    };
    let drawn: Vec<Vec<f64>> = (0..samples).map(draw).collect::<Option<_>>()?;
    Some(Resampled { intervals: ends(&drawn, None), samples })
}

/// The intervals of a forest's shares; `None` where there are too many runs to grow it again often enough.
///
/// Whole configurations are drawn with replacement, and a forest is grown of each sample. It sees fewer configurations than there are
/// and is off by that: the ends are moved by what its mean is off.
pub(super) fn grown(design: &Design, parts: &Parts) -> Option<Resampled> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); design.configurations.iter().max()? + 1];
    design.configurations.iter().enumerate().for_each(|(run, &configuration)| members[configuration].push(run));
    members.retain(|runs| !runs.is_empty());
    let depth = design.values.len().ilog2() as usize + 1;
    let samples = affordable(design.values.len() * design.axes.len() * depth * forest::TREES, FORESTS)?;
    let draw = |sample: usize| {
        let mut stream = Stream::new(0, "forest shares", sample as u64);
        let drawn: Vec<&Vec<usize>> =
            (0..members.len()).map(|_| &members[stream.below(members.len() as u64) as usize]).collect();
        // Whoever judges a tree must be none of the doubles of what it has seen.
        let grown = forest::explain(&of(design, &drawn, |_, run| design.configurations[run]))?;
        let apart = of(design, &drawn, |number, _| number);
        let noise = within(&apart.values, &apart.configurations).unwrap_or(grown.error);
        Some(shares(&Parts { noise: Some(noise), total: grown.parts.total + noise, ..grown.parts }))
    };
    let drawn: Vec<Vec<f64>> = (0..samples).map(draw).collect::<Option<_>>()?;
    Some(Resampled { intervals: ends(&drawn, Some(&shares(parts))), samples })
}

/// How many samples of so many steps are drawn; `None` for too few.
fn affordable(steps: usize, most: usize) -> Option<usize> {
    // A number of which 2.5 % are whole, but for one.
    let samples = (STEPS / steps.max(1) + 1) / 40 * 40;
    Some(samples.saturating_sub(1).min(most)).filter(|samples| *samples >= FEWEST)
}

/// A design of the runs of some configurations, each counted as often as it is there; `number` tells configurations apart, by their
/// place among those and their run.
fn of(design: &Design, configurations: &[&Vec<usize>], number: impl Fn(usize, usize) -> usize) -> Design {
    let placed = configurations.iter().enumerate();
    let placed: Vec<(usize, usize)> =
        placed.flat_map(|(place, runs)| runs.iter().map(move |&run| (place, run))).collect();
    let runs: Vec<usize> = placed.iter().map(|(_, run)| *run).collect();
    let axis =
        |axis: &DesignAxis| DesignAxis { codes: runs.iter().map(|&run| axis.codes[run]).collect(), ..axis.clone() };
    Design {
        axes: design.axes.iter().map(axis).collect(),
        rows: runs.iter().map(|&run| design.rows[run]).collect(),
        values: runs.iter().map(|&run| design.values[run]).collect(),
        configurations: placed.iter().map(|&(place, run)| number(place, run)).collect(),
        ..design.clone()
    }
}

/// The 2.5 % and 97.5 % quantiles of each share over the samples, moved so that their mean is `around`, if given, and within 0
/// and 1.
fn ends(drawn: &[Vec<f64>], around: Option<&[f64]>) -> Vec<(f64, f64)> {
    let tail = (drawn.len() + 1) / 40;
    let one = |place: usize| {
        let mut values: Vec<f64> = drawn.iter().map(|shares| shares[place]).collect();
        let off = around.map_or(0.0, |around| mean(&values) - around[place]);
        values.sort_by(f64::total_cmp);
        let end = |place: usize| (values[place] - off).clamp(0.0, 1.0);
        (end(tail - 1), end(values.len() - tail))
    };
    (0..drawn[0].len()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::anova::tests::complete;
    use super::*;

    /// Two axes and both together, with that much noise.
    fn noisy(stream: &mut Stream, noise: f64, replicates: usize) -> Design {
        complete(&[3, 4], replicates, |codes| {
            let (a, b) = (f64::from(codes[0]), f64::from(codes[1]));
            a + 0.5 * b + 0.3 * a * b + noise * stream.normal()
        })
    }

    #[test]
    fn intervals_hold_the_true_shares_about_as_often_as_they_say() {
        for (noise, replicates) in [(0.5, 5), (1.5, 5), (0.5, 3), (1.5, 10)] {
            // The truth: the parts of the means without noise, and the noise.
            let plain = anova::decompose(&noisy(&mut Stream::new(0, "none", 0), 0.0, 1)).unwrap();
            let noise_part = noise * noise;
            let truth = shares(&Parts { noise: Some(noise_part), total: plain.total + noise_part, ..plain });
            let mut stream = Stream::new(3, "coverage of shares", 0);
            let (trials, mut held) = (60, vec![0; truth.len()]);
            for _ in 0..trials {
                let design = noisy(&mut stream, noise, replicates);
                let found = exact(&design, &anova::decompose(&design).unwrap()).unwrap();
                assert_eq!(found.samples, SAMPLES);
                for (held, (truth, (low, high))) in held.iter_mut().zip(truth.iter().zip(&found.intervals)) {
                    *held += usize::from(low - 1e-12 <= *truth && *truth <= high + 1e-12);
                }
            }
            // A standard error of a share of 0.95 is 0.028 with so few trials; of few replicates intervals are narrow.
            let shares: Vec<f64> = held.iter().map(|&held| held as f64 / f64::from(trials)).collect();
            let least = if replicates < 5 { 0.75 } else { 0.83 };
            assert!(shares.iter().all(|share| *share >= least), "{noise} {replicates}: {shares:?}");
            assert!(mean(&shares) < 0.999, "they are not too wide: {shares:?}");
        }
    }

    #[test]
    fn more_replicates_make_them_narrower_and_they_hold_what_they_are_of() {
        let mut width = f64::INFINITY;
        for replicates in [3, 12, 48] {
            let design = noisy(&mut Stream::new(5, "narrower", 0), 0.7, replicates);
            let parts = anova::decompose(&design).unwrap();
            let found = exact(&design, &parts).unwrap();
            for (share, (low, high)) in shares(&parts).iter().zip(&found.intervals) {
                assert!((low - 1e-9..=high + 1e-9).contains(share), "{share} in {low} to {high}");
            }
            let (low, high) = found.intervals[0];
            assert!(high - low < width, "{replicates}");
            width = high - low;
        }
    }

    #[test]
    fn forests_have_intervals_and_the_same_ones_each_time() {
        let mut design = noisy(&mut Stream::new(7, "forest", 0), 0.3, 3);
        design.axes[1].ordered = false;
        let found = forest::explain(&design).unwrap();
        let noise = within(&design.values, &design.configurations).unwrap();
        let parts = Parts { noise: Some(noise), total: found.parts.total + noise, ..found.parts };
        let resampled = grown(&design, &parts).unwrap();
        assert_eq!(Some(&resampled), grown(&design, &parts).as_ref());
        assert_eq!(resampled.samples, FORESTS);
        for (share, (low, high)) in shares(&parts).iter().zip(&resampled.intervals) {
            assert!(low <= high && low - 1e-9 <= *share && *share <= high + 1e-9, "{share} in {low} to {high}");
        }
        // Without replicates, what a forest does not explain is judged by trees that have not seen it.
        let mut once = complete(&[3, 4, 5], 1, |codes| f64::from(codes[0]) + 0.1 * f64::from(codes[2] * codes[1]));
        let mut stream = Stream::new(8, "once", 0);
        once.values.iter_mut().for_each(|value| *value += 0.8 * stream.normal());
        let found = forest::explain(&once).unwrap();
        let parts = Parts { noise: Some(found.error), total: found.parts.total + found.error, ..found.parts };
        let resampled = grown(&once, &parts).unwrap();
        let (share, (low, high)) = (*shares(&parts).last().unwrap(), *resampled.intervals.last().unwrap());
        assert!(low <= share && share <= high && low > 0.1, "{share} in {low} to {high}");
    }

    #[test]
    fn what_would_take_too_long_has_none() {
        assert_eq!(affordable(1000, SAMPLES), Some(999));
        assert_eq!(affordable(STEPS / 100, SAMPLES), Some(79));
        assert_eq!(affordable(STEPS / 10, SAMPLES), None);
        let once = noisy(&mut Stream::new(5, "once", 0), 0.7, 1);
        assert_eq!(exact(&once, &anova::decompose(&once).unwrap()), None, "nothing tells the noise");
    }
}
