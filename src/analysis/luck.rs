//! Kinds of luck: how far runs of one configuration spread that draw only their data, only their initial weights, or only their
//! order of examples anew, beside those that draw all of them anew.

use std::collections::{BTreeMap, BTreeSet};

use super::intervals::{deviation, mean};
use super::{Group, Metric, Records};

/// What is drawn anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Examples.
    Data,
    /// Initial weights.
    Init,
    /// The order of examples.
    Shuffle,
    /// All of them.
    All,
}

/// The spread of one kind of luck.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// What is drawn anew.
    pub kind: Kind,
    /// Sample standard deviation of the metric, or of its logarithm to base ten, around the mean of the runs that share the rest.
    pub sd: f64,
    /// Its 95 % interval by chi-square, which takes the values for normal.
    pub interval: (f64, f64),
    /// The variance as a share of that with everything drawn anew; `None` where there are no such runs.
    pub share: Option<f64>,
    /// Rows of the runs.
    pub rows: Vec<usize>,
    /// Sets of runs that share the rest.
    pub sets: usize,
}

/// The kinds of luck of one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Luck {
    /// The configuration.
    pub group: usize,
    /// Whether spreads are those of the logarithm: where all values are above zero.
    pub logarithmic: bool,
    /// Each kind that runs tell of, that of everything first.
    pub spreads: Vec<Spread>,
    /// Runs without the metric: they are left out.
    pub missing: usize,
}

/// Fewest runs that tell of a kind of luck.
const FEWEST: usize = 3;

pub(super) fn lucks(records: &Records, groups: &[Group], metric: &Metric) -> Vec<Luck> {
    groups.iter().enumerate().filter_map(|(place, group)| luck(records, place, group, metric)).collect()
}

/// The kinds of luck of a configuration; `None` where none can be told by itself.
fn luck(records: &Records, place: usize, group: &Group, metric: &Metric) -> Option<Luck> {
    let valued: Vec<(usize, f64)> =
        group.rows.iter().filter_map(|&row| Some((row, records.number(row, &metric.name)?))).collect();
    let logarithmic = valued.iter().all(|(_, value)| *value > 0.0);
    let runs: Vec<(usize, &[String; 3], f64)> = valued
        .iter()
        .filter_map(|&(row, value)| {
            let value = if logarithmic { libm::log10(value) } else { value };
            Some((row, records.runs[row].seeds.as_ref()?, value))
        })
        .collect();
    let kinds = [Kind::Data, Kind::Init, Kind::Shuffle];
    let singles: Vec<Spread> =
        kinds.iter().enumerate().filter_map(|(own, &kind)| spread(kind, &sharing(&runs, own))).collect();
    if singles.is_empty() {
        return None;
    }
    let all = spread(Kind::All, &[apart(&runs)]);
    let whole = all.as_ref().map(|all| all.sd * all.sd).filter(|variance| *variance > 0.0);
    let shared = |spread: Spread| Spread { share: whole.map(|whole| spread.sd * spread.sd / whole), ..spread };
    Some(Luck {
        group: place,
        logarithmic,
        spreads: all.into_iter().chain(singles).map(shared).collect(),
        missing: group.rows.len() - valued.len(),
    })
}

/// A run with its value.
type Valued = (usize, f64);

/// Sets of runs that differ in one of their three seeds and share the other two.
fn sharing(runs: &[(usize, &[String; 3], f64)], own: usize) -> Vec<Vec<Valued>> {
    let mut sets: BTreeMap<[&str; 2], BTreeMap<&str, Valued>> = BTreeMap::new();
    for (row, seeds, value) in runs {
        let rest = [seeds[(own + 1) % 3].as_str(), seeds[(own + 2) % 3].as_str()];
        sets.entry(rest).or_default().entry(seeds[own].as_str()).or_insert((*row, *value));
    }
    sets.into_values().filter(|set| set.len() > 1).map(|set| set.into_values().collect()).collect()
}

/// Runs of which any two differ in all three seeds: each that has none of a seed that was there before.
fn apart(runs: &[(usize, &[String; 3], f64)]) -> Vec<Valued> {
    let mut seen: [BTreeSet<&str>; 3] = Default::default();
    // Those with one seed for everything first: they are meant to.
    let mut ordered: Vec<_> = runs.iter().collect();
    ordered.sort_by_key(|(row, seeds, _)| (!(seeds[0] == seeds[1] && seeds[1] == seeds[2]), *row));
    let mut apart = Vec::new();
    for (row, seeds, value) in ordered {
        if (0..3).all(|kind| !seen[kind].contains(seeds[kind].as_str())) {
            seen.iter_mut().zip(*seeds).for_each(|(seen, seed)| {
                seen.insert(seed);
            });
            apart.push((*row, *value));
        }
    }
    apart
}

/// The spread within sets; `None` of too few runs.
fn spread(kind: Kind, sets: &[Vec<Valued>]) -> Option<Spread> {
    let of = |set: &Vec<Valued>| {
        let values: Vec<f64> = set.iter().map(|(_, value)| *value).collect();
        let middle = mean(&values);
        values.iter().map(|value| (value - middle).powi(2)).sum::<f64>()
    };
    let degrees: usize = sets.iter().map(|set| set.len().saturating_sub(1)).sum();
    if degrees + 1 < FEWEST {
        return None;
    }
    let sd = (sets.iter().map(of).sum::<f64>() / degrees as f64).sqrt();
    let rows = sets.iter().flatten().map(|(row, _)| *row).collect();
    Some(Spread { kind, sd, interval: deviation(sd, degrees)?, share: None, rows, sets: sets.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_put_together_by_what_they_share() {
        let seeds: Vec<[String; 3]> = [
            ["0", "0", "0"],
            ["1", "1", "1"],
            ["2", "2", "2"],
            ["1", "0", "0"],
            ["2", "0", "0"],
            ["0", "1", "0"],
            ["0", "1", "1"],
        ]
        .map(|seeds| seeds.map(str::to_owned))
        .to_vec();
        let runs: Vec<(usize, &[String; 3], f64)> =
            seeds.iter().enumerate().map(|(row, seeds)| (row, seeds, row as f64)).collect();
        let rows = |set: &Vec<Valued>| set.iter().map(|(row, _)| *row).collect::<Vec<_>>();
        assert_eq!(rows(&apart(&runs)), [0, 1, 2]);
        assert_eq!(sharing(&runs, 0).iter().map(rows).collect::<Vec<_>>(), [vec![0, 3, 4], vec![6, 1]]);
        assert_eq!(sharing(&runs, 1).iter().map(rows).collect::<Vec<_>>(), [vec![0, 5]]);
        assert_eq!(sharing(&runs, 2).iter().map(rows).collect::<Vec<_>>(), [vec![5, 6]]);
        // Squares around each set's own mean: 0, 3, 4 about 7/3 and 6, 1 about 3.5, with three degrees.
        let found = spread(Kind::Data, &sharing(&runs, 0)).unwrap();
        assert!((found.sd.powi(2) - (26.0 / 3.0 + 12.5) / 3.0).abs() < 1e-12 && found.sets == 2);
        assert!(found.interval.0 < found.sd && found.sd < found.interval.1);
        assert_eq!(spread(Kind::Init, &sharing(&runs, 1)), None);
    }
}
