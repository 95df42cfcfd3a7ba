//! Environments: the classes of machines and libraries that runs come from, where there are several. Equal runs have equal bits
//! within one; what lies between two may be theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::design::Design;
use super::records::Records;

/// What decides bits in each environment, by name, as far as it was kept: by the environment's id.
pub type Facts = BTreeMap<String, BTreeMap<String, String>>;

/// A class of machines and libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its id.
    pub id: String,
    /// The devices that its runs were trained on.
    pub devices: Vec<String>,
    /// Its runs.
    pub runs: usize,
}

/// The environments of a sweep's runs: at least two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environments {
    /// The one with the most runs first.
    pub classes: Vec<Class>,
    /// Runs with a result whose environment is not known.
    pub unknown: usize,
    of: Vec<Option<usize>>,
}

impl Environments {
    /// The environments of all runs; `None` where they have one at most. Runs that failed before they began have none.
    #[must_use]
    pub fn of(records: &Records) -> Option<Self> {
        let all: Vec<usize> = (0..records.runs.len()).collect();
        let counts = counts(records, &all);
        if counts.len() < 2 {
            return None;
        }
        let class = |(id, runs): &(String, usize)| {
            let own = records.runs.iter().filter(|run| run.environment.as_deref() == Some(id));
            let devices: BTreeSet<&str> = own.filter_map(|run| run.device.as_deref()).collect();
            Class { id: id.clone(), devices: devices.into_iter().map(str::to_owned).collect(), runs: *runs }
        };
        let classes: Vec<Class> = counts.iter().map(class).collect();
        let places: BTreeMap<&str, usize> =
            classes.iter().enumerate().map(|(place, class)| (class.id.as_str(), place)).collect();
        let of =
            records.runs.iter().map(|run| run.environment.as_deref().and_then(|id| places.get(id).copied())).collect();
        let unknown = records.runs.iter().filter(|run| run.environment.is_none() && run.digest.is_some()).count();
        Some(Self { classes, unknown, of })
    }

    /// How many of these runs come from each class, in the order of the classes.
    #[must_use]
    pub fn split(&self, rows: &[usize]) -> Vec<(&Class, usize)> {
        let mut counts = vec![0; self.classes.len()];
        rows.iter().filter_map(|&row| self.of[row]).for_each(|class| counts[class] += 1);
        self.classes.iter().zip(counts).filter(|(_, n)| *n > 0).collect()
    }

    /// Whether these runs come from several classes.
    #[must_use]
    pub fn are_mixed(&self, rows: &[usize]) -> bool {
        self.split(rows).len() > 1
    }

    /// The axes of a design that cannot be told apart from the environment: all runs of each of their values come from one.
    #[must_use]
    pub fn confounded(&self, design: &Design) -> Vec<usize> {
        if !self.are_mixed(&design.rows) {
            return Vec::new();
        }
        let goes_along = |axis: &usize| {
            let axis = &design.axes[*axis];
            let mut known: Vec<Option<usize>> = vec![None; axis.levels.len()];
            design
                .rows
                .iter()
                .zip(&axis.codes)
                .filter_map(|(&row, &code)| Some((self.of[row]?, code)))
                .all(|(class, code)| *known[code as usize].get_or_insert(class) == class)
        };
        (0..design.axes.len()).filter(goes_along).collect()
    }
}

/// How many of these runs come from each environment: the one with the most first, then by id.
pub(super) fn counts(records: &Records, rows: &[usize]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in rows.iter().filter_map(|&row| records.runs[row].environment.as_deref()) {
        *counts.entry(id).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().map(|(id, n)| (id.to_owned(), n)).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// What differs between classes as far as it was kept: the name of each fact that they do not share, with its value in each class;
/// `None` where the class lacks it. Empty where nothing was kept of a class.
#[must_use]
pub fn differences(classes: &[Class], facts: &Facts) -> Vec<(String, Vec<Option<String>>)> {
    let Some(known) = classes.iter().map(|class| facts.get(&class.id)).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let names: BTreeSet<&String> = known.iter().flat_map(|facts| facts.keys()).collect();
    let values = |name: &String| known.iter().map(|facts| facts.get(name).cloned()).collect::<Vec<_>>();
    let all = names.into_iter().map(|name| (name.clone(), values(name)));
    all.filter(|(_, values)| values.windows(2).any(|pair| pair[0] != pair[1])).collect()
}
