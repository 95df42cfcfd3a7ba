//! Exact functional analysis of variance on a complete grid: the Hoeffding decomposition of the cell means.

use super::design::Design;

/// What the variance of a design's values is made of. All parts are in squared units of the values and add up to `total`,
/// but for what rounding and bounds at zero do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    /// Of each axis alone.
    pub mains: Vec<f64>,
    /// Of each pair of axes beyond both alone: `(first, second, part)`.
    pub pairs: Vec<(usize, usize, f64)>,
    /// Of three and more axes together.
    pub higher: f64,
    /// Of replicates within a cell; `None` where no cell has two.
    pub noise: Option<f64>,
    /// What noise adds to the variance of cell means; 0 where there is none to know it by.
    pub of_means: f64,
    /// All of it.
    pub total: f64,
}

/// Decomposes; `None` where a cell has no run.
///
/// Every cell has the same weight. With replicates, each part is freed of what their noise adds to it: a share of the
/// variance of cell means that goes by its degrees of freedom. What comes out below zero is zero.
pub(super) fn decompose(design: &Design) -> Option<Parts> {
    decompose_noisy(design, &design.cells()?, &design.values, 0.0)
}

/// The same of other values of the runs, whose cells are `places`, where cell means have so much more noise than their replicates
/// show, in squared units: each part is freed of that as well.
pub(super) fn decompose_noisy(design: &Design, places: &[usize], values: &[f64], more: f64) -> Option<Parts> {
    let count = usize::try_from(design.combinations()?).ok()?;
    let mut cells = vec![(0usize, 0.0); count];
    for (&place, value) in places.iter().zip(values) {
        cells[place] = (cells[place].0 + 1, cells[place].1 + value);
    }
    if cells.iter().any(|(n, _)| *n == 0) {
        return None;
    }
    let means: Vec<f64> = cells.iter().map(|(n, sum)| sum / *n as f64).collect();
    let mut squares = vec![0.0; count];
    for (&place, value) in places.iter().zip(values) {
        squares[place] += (value - means[place]).powi(2);
    }
    let several: Vec<usize> = (0..count).filter(|&cell| cells[cell].0 > 1).collect();
    let variance = |cell: usize| squares[cell] / (cells[cell].0 - 1) as f64;
    let noise =
        (!several.is_empty()).then(|| several.iter().map(|&cell| variance(cell)).sum::<f64>() / several.len() as f64);
    // The variance of a cell's mean, on average; that of a single run is taken to be the others'.
    let of_means = more
        + noise.map_or(0.0, |noise| {
            let of = |cell: usize| if cells[cell].0 > 1 { variance(cell) } else { noise } / cells[cell].0 as f64;
            (0..count).map(of).sum::<f64>() / count as f64
        });
    let freed = |part: f64, degrees: usize| (part - of_means * degrees as f64 / count as f64).max(0.0);

    let grand = means.iter().sum::<f64>() / count as f64;
    let between = means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>() / count as f64;
    let strides = strides(design);
    let level = |cell: usize, axis: usize| cell / strides[axis] % design.axes[axis].levels.len();
    let levels = |axis: usize| design.axes[axis].levels.len();
    let effects: Vec<Vec<f64>> = (0..design.axes.len())
        .map(|axis| {
            let mut sums = vec![0.0; levels(axis)];
            (0..count).for_each(|cell| sums[level(cell, axis)] += means[cell]);
            sums.iter().map(|sum| sum * levels(axis) as f64 / count as f64 - grand).collect()
        })
        .collect();
    let mean_square = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
    let raw: Vec<f64> = effects.iter().map(|effects| mean_square(effects)).collect();
    let (mut rest, mut degrees) = (between - raw.iter().sum::<f64>(), count - 1);
    let mut mains = Vec::new();
    for (axis, part) in raw.iter().enumerate() {
        mains.push(freed(*part, levels(axis) - 1));
        degrees -= levels(axis) - 1;
    }
    let mut pairs = Vec::new();
    for first in 0..design.axes.len() {
        for second in first + 1..design.axes.len() {
            let mut sums = vec![0.0; levels(first) * levels(second)];
            (0..count).for_each(|cell| sums[level(cell, first) * levels(second) + level(cell, second)] += means[cell]);
            let per = sums.len() as f64 / count as f64;
            let beyond = |(place, sum): (usize, &f64)| {
                sum * per - grand - effects[first][place / levels(second)] - effects[second][place % levels(second)]
            };
            let part = mean_square(&sums.iter().enumerate().map(beyond).collect::<Vec<_>>());
            let own = (levels(first) - 1) * (levels(second) - 1);
            pairs.push((first, second, freed(part, own)));
            rest -= part;
            degrees -= own;
        }
    }
    let higher = if degrees == 0 { 0.0 } else { freed(rest, degrees) };
    let total =
        mains.iter().sum::<f64>() + pairs.iter().map(|pair| pair.2).sum::<f64>() + higher + noise.unwrap_or(0.0);
    Some(Parts { mains, pairs, higher, noise, of_means, total })
}

/// How far cells of neighbouring values of each axis are apart.
fn strides(design: &Design) -> Vec<usize> {
    let mut strides = vec![1; design.axes.len()];
    for axis in (1..design.axes.len()).rev() {
        strides[axis - 1] = strides[axis] * design.axes[axis].levels.len();
    }
    strides
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::super::design::DesignAxis;
    use super::*;
    use crate::random::Stream;

    /// A design over axes with so many levels, of runs with these codes and values.
    pub fn design(levels: &[usize], runs: &[(Vec<u32>, f64)]) -> Design {
        let names = ["activation", "normalization", "schedule", "optimizer", "width", "depth"];
        let axis = |(place, count): (usize, &usize)| DesignAxis {
            parameters: vec![names[place % names.len()]],
            levels: (0..*count).map(|level| level.to_string()).collect(),
            ordered: place % 2 == 1,
            codes: runs.iter().map(|(codes, _)| codes[place]).collect(),
            missing: Vec::new(),
        };
        let mut numbers = BTreeMap::new();
        runs.iter().for_each(|(codes, _)| {
            let next = numbers.len();
            numbers.entry(codes.clone()).or_insert(next);
        });
        Design {
            problem: 0,
            grid: None,
            axes: levels.iter().enumerate().map(axis).collect(),
            rows: (0..runs.len()).collect(),
            values: runs.iter().map(|(_, value)| *value).collect(),
            logarithmic: false,
            missing: Vec::new(),
            silent: Vec::new(),
            configurations: runs.iter().map(|(codes, _)| numbers[codes]).collect(),
        }
    }

    /// Every combination of levels, with a value.
    pub fn complete(levels: &[usize], replicates: usize, mut value: impl FnMut(&[u32]) -> f64) -> Design {
        let count: usize = levels.iter().product();
        let mut runs = Vec::new();
        for cell in 0..count {
            let mut rest = cell;
            let mut codes: Vec<u32> = levels
                .iter()
                .rev()
                .map(|&n| {
                    let code = rest % n;
                    rest /= n;
                    code as u32
                })
                .collect();
            codes.reverse();
            (0..replicates).for_each(|_| runs.push((codes.clone(), value(&codes))));
        }
        design(levels, &runs)
    }

    #[test]
    fn a_hand_made_table_comes_apart() {
        // Rows 0 and 2 apart, columns 0 and 4 apart, and 1 more in one corner: by hand, effects ±(1 + ¼), ±(2 + ¼), and ±¼.
        let parts = decompose(&complete(&[2, 2], 1, |codes| {
            2.0 * f64::from(codes[0]) + 4.0 * f64::from(codes[1]) + f64::from(codes[0] * codes[1])
        }));
        let parts = parts.unwrap();
        assert_eq!(parts.mains, [1.25f64.powi(2), 2.25f64.powi(2)]);
        assert_eq!(parts.pairs, [(0, 1, 0.0625)]);
        assert_eq!((parts.higher, parts.noise), (0.0, None));
    }

    #[test]
    fn an_exclusive_or_is_all_interaction() {
        let parts = decompose(&complete(&[2, 2, 3], 2, |codes| f64::from(codes[0] ^ codes[1]))).unwrap();
        assert_eq!((parts.mains, parts.noise, parts.higher), (vec![0.0; 3], Some(0.0), 0.0));
        assert_eq!(parts.pairs, [(0, 1, 0.25), (0, 2, 0.0), (1, 2, 0.0)]);
        assert_eq!(parts.total, 0.25);
    }

    #[test]
    fn a_missing_cell_is_no_complete_grid() {
        assert!(decompose(&design(&[2, 2], &[(vec![0, 0], 1.0), (vec![0, 1], 2.0), (vec![1, 0], 3.0)])).is_none());
    }

    #[test]
    fn noise_alone_is_all_noise() {
        let mut stream = Stream::new(5, "noise", 0);
        let (mut share, times) = (0.0, 40);
        for _ in 0..times {
            let parts = decompose(&complete(&[3, 4, 2], 3, |_| stream.normal())).unwrap();
            assert!(
                (parts.total
                    - (parts.mains.iter().sum::<f64>()
                        + parts.pairs.iter().map(|pair| pair.2).sum::<f64>()
                        + parts.higher
                        + parts.noise.unwrap()))
                .abs()
                    < 1e-12
            );
            share += parts.noise.unwrap() / parts.total / f64::from(times);
        }
        // Without the correction it would be two thirds; bounds at zero leave it a little below one.
        assert!(share > 0.85, "{share}");
    }
}
