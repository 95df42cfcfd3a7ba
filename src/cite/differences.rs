//! What two configurations differ by: seed by seed where they have seeds in common, since runs of one seed draw the same data;
//! otherwise by their means.

use std::collections::BTreeMap;

use crate::analysis::intervals::{mean, paired, welch};
use crate::analysis::{Records, Run};

/// Which runs of two configurations have the same seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pairs {
    /// Rows of both, seed by seed.
    rows: Vec<[usize; 2]>,
    /// Runs of either whose seeds the other does not have.
    pub alone: [usize; 2],
}

/// What two configurations differ by in a measure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// Of the first less the second: the mean of the differences of pairs, or the difference of the means.
    pub mean: f64,
    /// Its 95 % interval: Student's of the differences of pairs, or Welch's of two means; `None` of too few values.
    pub interval: Option<(f64, f64)>,
    /// The difference of every pair that has the measure; `None` where there are no pairs.
    pub by_seed: Option<Vec<f64>>,
}

impl Pairs {
    /// Of two configurations.
    pub fn of(a: &Records, b: &Records) -> Self {
        // All three seeds of a run: what it draws depends on each.
        let by_seeds = |records: &Records| -> BTreeMap<[String; 3], usize> {
            let seeds = |run: &Run| run.seeds.clone().unwrap_or_else(|| std::array::from_fn(|_| run.seed.clone()));
            records.runs.iter().enumerate().map(|(row, run)| (seeds(run), row)).collect()
        };
        let (of_a, of_b) = (by_seeds(a), by_seeds(b));
        let mut rows: Vec<[usize; 2]> =
            of_a.iter().filter_map(|(seeds, row)| Some([*row, *of_b.get(seeds)?])).collect();
        rows.sort_unstable();
        let alone = [a, b].map(|records| records.runs.len() - rows.len());
        Self { rows, alone }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// What the configurations differ by in a measure; `None` where a side has no value of it, or no pair has two.
    pub fn difference(&self, a: &Records, b: &Records, measure: &str) -> Option<Difference> {
        if self.rows.is_empty() {
            let values = |records: &Records| -> Vec<f64> {
                (0..records.runs.len()).filter_map(|row| records.number(row, measure)).collect()
            };
            let (a, b) = (values(a), values(b));
            let both = !a.is_empty() && !b.is_empty();
            return both.then(|| Difference { mean: mean(&a) - mean(&b), interval: welch(&a, &b), by_seed: None });
        }
        let of_pair = |[row, other]: &[usize; 2]| Some(a.number(*row, measure)? - b.number(*other, measure)?);
        let differences: Vec<f64> = self.rows.iter().filter_map(of_pair).collect();
        (!differences.is_empty()).then(|| Difference {
            mean: mean(&differences),
            interval: paired(&differences),
            by_seed: Some(differences),
        })
    }
}
