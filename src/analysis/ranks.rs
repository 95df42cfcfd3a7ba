//! Ranks with ties: the places that a configuration may have, by which others are clearly better and clearly worse.

use super::intervals::{paired, welch};
use super::{Goal, Group, Records};

/// Configurations of a problem that are compared each with each; of more, only with the first.
const MOST: usize = 1000;

/// A configuration's values by seed, in the order of the seeds.
struct Values<'a> {
    seeds: Option<Vec<&'a str>>,
    values: Vec<f64>,
}

/// How many configurations cannot be told apart from the first, and each one's places. Only configurations of which every run
/// has the metric are compared: a mean over those that survived says too much.
///
/// Two are told apart by the 95 % interval of the difference of their means: paired by seed where both have the same seeds,
/// otherwise Welch's. Nothing is corrected for the number of pairs.
pub(super) fn places(records: &Records, groups: &[Group], goal: Goal) -> (Option<usize>, Vec<Option<(usize, usize)>>) {
    let is_complete = |group: &&Group| group.metric.as_ref().is_some_and(|metric| metric.missing == 0);
    // These come first.
    let compared: Vec<Values> = groups.iter().take_while(is_complete).map(|group| values(records, group)).collect();
    let mut places = vec![None; groups.len()];
    if compared.iter().any(|one| one.values.len() < 2) || compared.len() < 2 {
        return (None, places);
    }
    let is_better = |a: &Values, b: &Values| is_better(a, b, goal).unwrap_or(false);
    let tied = compared.iter().filter(|other| !is_better(&compared[0], other)).count();
    if compared.len() <= MOST {
        let (mut better, mut worse) = (vec![0; compared.len()], vec![0; compared.len()]);
        // In the order of means none behind can be clearly better.
        for first in 0..compared.len() {
            for second in first + 1..compared.len() {
                if is_better(&compared[first], &compared[second]) {
                    better[second] += 1;
                    worse[first] += 1;
                }
            }
        }
        for (place, slot) in places.iter_mut().take(compared.len()).enumerate() {
            *slot = Some((better[place] + 1, compared.len() - worse[place]));
        }
    }
    (Some(tied), places)
}

fn values<'a>(records: &'a Records, group: &Group) -> Values<'a> {
    let mut by_seed: Vec<(&str, f64)> = group
        .metric
        .iter()
        .flat_map(|metric| &metric.values)
        .map(|&(row, value)| (records.runs[row].seed.as_str(), value))
        .collect();
    by_seed.sort_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)));
    let distinct = by_seed.windows(2).all(|pair| pair[0].0 != pair[1].0);
    Values {
        seeds: distinct.then(|| by_seed.iter().map(|(seed, _)| *seed).collect()),
        values: by_seed.iter().map(|(_, value)| *value).collect(),
    }
}

/// Whether one configuration is clearly better than another; `None` where either has fewer than two values.
pub(super) fn is_clear(records: &Records, a: &Group, b: &Group, goal: Goal) -> Option<bool> {
    is_better(&values(records, a), &values(records, b), goal)
}

fn is_better(a: &Values, b: &Values, goal: Goal) -> Option<bool> {
    let (low, high) = difference(a, b)?;
    Some(match goal {
        Goal::Minimize => high < 0.0,
        Goal::Maximize => low > 0.0,
    })
}

/// The interval of the difference of two means.
fn difference(a: &Values, b: &Values) -> Option<(f64, f64)> {
    if a.seeds.is_some() && a.seeds == b.seeds {
        let differences: Vec<f64> = a.values.iter().zip(&b.values).map(|(a, b)| a - b).collect();
        return paired(&differences);
    }
    welch(&a.values, &b.values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(seeds: Option<&[&'static str]>, values: &[f64]) -> Values<'static> {
        Values { seeds: seeds.map(<[&str]>::to_vec), values: values.to_vec() }
    }

    #[test]
    fn what_seeds_have_in_common_does_not_hide_a_difference() {
        let seeds = ["0", "1", "2", "3"];
        let (a, b) = ([1.0, 5.0, 9.0, 13.0], [1.5, 5.4, 9.6, 13.5]);
        let (_, high) = difference(&values(Some(&seeds), &a), &values(Some(&seeds), &b)).unwrap();
        assert!(high < 0.0, "paired by seed they differ clearly");
        let (low, high) = difference(&values(None, &a), &values(None, &b)).unwrap();
        assert!(low < 0.0 && high > 0.0, "without seeds in common they do not");
        let others = ["0", "1", "2", "4"];
        let (_, high) = difference(&values(Some(&seeds), &a), &values(Some(&others), &b)).unwrap();
        assert!(high > 0.0, "other seeds are no pairs");
    }
}
