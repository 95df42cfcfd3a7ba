//! What was not tried: combinations of a grid's values that no run has.

use std::collections::{BTreeMap, BTreeSet};

use super::Records;

/// Combinations of values, of the parameters that vary in one grid, without a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Absence {
    /// The grid.
    pub grid: String,
    /// The parameters that vary in it.
    pub parameters: Vec<&'static str>,
    /// Configurations that it has.
    pub present: usize,
    /// All combinations of its values; `None` beyond what can be counted.
    pub combinations: Option<u64>,
    /// The first absent combinations, in the order of the parameters' values.
    pub examples: Vec<Vec<String>>,
}

impl Absence {
    /// How many combinations are absent.
    #[must_use]
    pub fn absent(&self) -> Option<u64> {
        self.combinations.map(|all| all - self.present as u64)
    }
}

/// Examples that are kept of each grid's absent combinations.
const EXAMPLES: usize = 20;
/// Combinations that are looked through for examples.
const SEARCHED: u64 = 100_000;

/// The grids that are not the full product of the values in them. Values that a parameter has nowhere are not known
/// to the records, and neither are those of runs that are still to be done.
#[must_use]
pub fn absences(records: &Records) -> Vec<Absence> {
    let mut grids: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, run) in records.runs.iter().enumerate() {
        for grid in &run.grids {
            grids.entry(grid).or_default().push(row);
        }
    }
    grids.into_iter().filter_map(|(grid, rows)| absence(records, grid, &rows)).collect()
}

fn absence(records: &Records, grid: &str, rows: &[usize]) -> Option<Absence> {
    let codes_of = |factor: &super::Factor| -> Vec<Option<usize>> {
        rows.iter().map(|&row| factor.code(row)).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let axes: Vec<_> = records.factors.iter().map(|factor| (factor, codes_of(factor))).collect();
    // A parameter without effect somewhere hangs on another; it is no free axis.
    let axes: Vec<_> =
        axes.into_iter().filter(|(_, codes)| codes.len() > 1 && codes.iter().all(Option::is_some)).collect();
    if axes.len() < 2 {
        return None;
    }
    let present: BTreeSet<Vec<Option<usize>>> =
        rows.iter().map(|&row| axes.iter().map(|(factor, _)| factor.code(row)).collect()).collect();
    let combinations = axes.iter().try_fold(1u64, |product, (_, codes)| product.checked_mul(codes.len() as u64));
    if combinations == Some(present.len() as u64) {
        return None;
    }
    let mut examples = Vec::new();
    for mut index in 0..combinations.unwrap_or(u64::MAX).min(SEARCHED) {
        let mut combination = vec![None; axes.len()];
        for (place, (_, codes)) in axes.iter().enumerate().rev() {
            #[expect(clippy::cast_possible_truncation, reason = "a remainder by a length")]
            let digit = (index % codes.len() as u64) as usize;
            combination[place] = codes[digit];
            index /= codes.len() as u64;
        }
        if !present.contains(&combination) {
            let levels = axes.iter().zip(&combination);
            examples.push(levels.filter_map(|((factor, _), code)| Some(factor.levels[(*code)?].clone())).collect());
            if examples.len() == EXAMPLES {
                break;
            }
        }
    }
    let parameters = axes.iter().map(|(factor, _)| factor.name).collect();
    Some(Absence { grid: grid.to_owned(), parameters, present: present.len(), combinations, examples })
}
