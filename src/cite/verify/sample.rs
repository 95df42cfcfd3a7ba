//! Which runs are verified where not all are: some of every grid, of every configuration in turn, and the same each time.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::str::FromStr;

use super::archive::Candidate;
use crate::random::Stream;

/// The seed of all samples. It can never change: that would change which runs are drawn.
const SEED: u64 = 0;

/// How many of the runs are to be verified.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// So many.
    Runs(usize),
    /// So many of a hundred, rounded up.
    Percent(f64),
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = match text.strip_suffix('%') {
            Some(percent) => {
                percent.trim().parse().ok().filter(|p| (0.0..=100.0).contains(p) && *p > 0.0).map(Self::Percent)
            }
            None => text.parse().ok().filter(|&runs| runs > 0).map(Self::Runs),
        };
        share
            .ok_or_else(|| format!("`{text}` is no sample: a number of runs such as 12, or a share of them such as 5%"))
    }
}

impl Share {
    /// How many of so many runs.
    #[must_use]
    pub fn of(self, runs: usize) -> usize {
        match self {
            Self::Runs(wanted) => wanted.min(runs),
            Self::Percent(percent) => ((percent / 100.0 * runs as f64).ceil() as usize).min(runs),
        }
    }
}

/// Draws so many of the candidates: their places, in order.
///
/// A stratum is the runs of the same grids. Each draw goes to the stratum of which the smallest share was drawn, so every
/// one has a run before any has two, and then they have them in proportion to their sizes. Within a stratum every
/// configuration has a run before any has two. Otherwise the order is that of a random number keyed by each id: of the same
/// runs the same are drawn, and a larger sample holds a smaller one.
#[must_use]
pub fn sample(candidates: &[&Candidate], wanted: usize) -> Vec<usize> {
    let mut strata: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, candidate) in candidates.iter().enumerate() {
        strata.entry(candidate.grids.join("\n")).or_default().push(place);
    }
    let mut strata: Vec<Vec<usize>> = strata.into_values().map(|places| ordered(candidates, &places)).collect();
    // The largest first among those that have none yet.
    strata.sort_by_key(|places| std::cmp::Reverse(places.len()));
    let mut taken = vec![0; strata.len()];
    let mut drawn = Vec::with_capacity(wanted);
    while drawn.len() < wanted {
        let left = (0..strata.len()).filter(|&stratum| taken[stratum] < strata[stratum].len());
        let share = |a: usize, b: usize| (taken[a] * strata[b].len()).cmp(&(taken[b] * strata[a].len()));
        // Of equals, the first.
        let next = left.reduce(|a, b| if share(b, a) == Ordering::Less { b } else { a });
        let Some(stratum) = next else { break };
        drawn.push(strata[stratum][taken[stratum]]);
        taken[stratum] += 1;
    }
    drawn.sort_unstable();
    drawn
}

/// The runs of a stratum in the order in which they are drawn.
fn ordered(candidates: &[&Candidate], places: &[usize]) -> Vec<usize> {
    let mut configurations: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &place in places {
        configurations.entry(&candidates[place].config).or_default().push(place);
    }
    let mut keyed = Vec::with_capacity(places.len());
    for (config, mut runs) in configurations {
        let rank_of_configuration = rank(config);
        runs.sort_by_cached_key(|&place| rank(&candidates[place].id.to_string()));
        keyed.extend(runs.into_iter().enumerate().map(|(turn, place)| ((turn, rank_of_configuration), place)));
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// A random number of an id. Numbers of 53 bits are as their bits are.
fn rank(id: &str) -> u64 {
    Stream::new(SEED, &format!("verify {id}"), 0).uniform().to_bits()
}
