//! Main effects and interactions: means of the metric by the values of an axis, and of two.

use super::design::Design;
use super::intervals::mean;
use super::statistics::student_975;

/// Means by the values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The axis, by its place in the design.
    pub axis: usize,
    /// Its values, in their order.
    pub levels: Vec<Level>,
    /// Whether each value has the same values of all other axes beside it, so that the means differ by this axis alone.
    pub balanced: bool,
}

/// The runs with one value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The value in words.
    pub name: String,
    /// The mean over its configurations of their means, on the scale of the design's values.
    pub mean: f64,
    /// Student 95 % interval of that mean for these configurations: what other seeds would change. `None` without replicates.
    pub interval: Option<(f64, f64)>,
    /// Its runs, as places among those of the design.
    pub runs: Vec<usize>,
    /// Its configurations.
    pub configurations: usize,
}

/// The runs with one value of each of two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The place of the first axis' value.
    pub first: usize,
    /// The place of the second axis' value.
    pub second: usize,
    /// The runs in it.
    pub level: Level,
}

/// The main effect of every axis of a design.
#[must_use]
pub fn effects(design: &Design) -> Vec<Effect> {
    let effect = |axis: usize| {
        let own = &design.axes[axis];
        let mut runs = vec![Vec::new(); own.levels.len()];
        own.codes.iter().enumerate().for_each(|(run, &code)| runs[code as usize].push(run));
        let levels = own.levels.iter().zip(runs).map(|(name, runs)| level(design, name.clone(), runs)).collect();
        Effect { axis, levels, balanced: design.is_balanced(axis) }
    };
    (0..design.axes.len()).map(effect).collect()
}

/// Means by the values of two axes; combinations without a run are absent.
#[must_use]
pub fn cells(design: &Design, first: usize, second: usize) -> Vec<Cell> {
    let (one, other) = (&design.axes[first], &design.axes[second]);
    let mut runs = vec![Vec::new(); one.levels.len() * other.levels.len()];
    for run in 0..design.rows.len() {
        runs[one.codes[run] as usize * other.levels.len() + other.codes[run] as usize].push(run);
    }
    let cell = |(place, runs): (usize, Vec<usize>)| {
        let (a, b) = (place / other.levels.len(), place % other.levels.len());
        let name = format!("{} · {}", one.levels[a], other.levels[b]);
        Cell { first: a, second: b, level: level(design, name, runs) }
    };
    runs.into_iter().enumerate().filter(|(_, runs)| !runs.is_empty()).map(cell).collect()
}

/// The mean of some runs of a design: every configuration counts alike, however many runs it has.
fn level(design: &Design, name: String, runs: Vec<usize>) -> Level {
    let mut values: Vec<(usize, f64)> =
        runs.iter().map(|&run| (design.configurations[run], design.values[run])).collect();
    values.sort_by_key(|(configuration, _)| *configuration);
    let groups: Vec<Vec<f64>> =
        values.chunk_by(|a, b| a.0 == b.0).map(|chunk| chunk.iter().map(|(_, value)| *value).collect()).collect();
    let means: Vec<f64> = groups.iter().map(|group| mean(group)).collect();
    let middle = mean(&means);
    let squares: f64 = groups
        .iter()
        .zip(&means)
        .map(|(group, mean)| group.iter().map(|value| (value - mean).powi(2)).sum::<f64>())
        .sum();
    let degrees: usize = groups.iter().map(|group| group.len() - 1).sum();
    // All configurations are taken to have the same noise here; together they know it better than each by itself.
    let interval = (degrees > 0).then(|| {
        let noise = squares / degrees as f64;
        let error = groups.iter().map(|group| noise / group.len() as f64).sum::<f64>().sqrt() / groups.len() as f64;
        let half = student_975(degrees) * error;
        (middle - half, middle + half)
    });
    Level { name, mean: middle, interval, runs, configurations: groups.len() }
}

#[cfg(test)]
mod tests {
    use super::super::anova::tests::{complete, design};
    use super::*;

    #[test]
    fn means_by_value_count_configurations_alike() {
        // One configuration with three runs, one with one: means 2 and 10, not the mean of all runs.
        let uneven = design(
            &[1, 2, 2],
            &[
                (vec![0, 0, 0], 1.0),
                (vec![0, 0, 0], 2.0),
                (vec![0, 0, 0], 3.0),
                (vec![0, 0, 1], 10.0),
                (vec![0, 1, 0], 4.0),
            ],
        );
        let found = effects(&uneven);
        assert_eq!(found[1].levels[0].mean, 6.0);
        assert_eq!((found[1].levels[0].configurations, found[1].levels[0].runs.len()), (2, 4));
        assert!(!found[1].balanced);
        // Noise 1 of two degrees; error √(1/3 + 1)/2.
        let (low, high) = found[1].levels[0].interval.unwrap();
        let half = 4.302_652_73 * (4f64 / 3.0).sqrt() / 2.0;
        assert!((low - (6.0 - half)).abs() < 1e-6 && (high - (6.0 + half)).abs() < 1e-6);
        assert_eq!(found[1].levels[1].interval, None);
    }

    #[test]
    fn a_complete_grid_is_balanced_and_its_cells_are_its_cells() {
        let grid = complete(&[2, 3, 2], 2, |codes| f64::from(codes[0] + 10 * codes[1] + 100 * codes[2]));
        assert!(effects(&grid).iter().all(|effect| effect.balanced));
        let found = cells(&grid, 0, 1);
        assert_eq!(found.len(), 6);
        assert_eq!((found[4].first, found[4].second, found[4].level.mean), (1, 1, 61.0));
        assert_eq!(found[4].level.interval, Some((61.0, 61.0)));
    }
}
