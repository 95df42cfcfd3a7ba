//! Designs: sets of runs that differ in some axes, as what matters is told from them.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Setting, settings};
use super::groups::{PROBLEM, describe};
use super::{Factor, Group, Metric, Problem, Records};
use crate::config::{Kind, PARAMETERS, parameter};

/// Runs on one problem that differ in some axes: all of the problem, or those of one grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// The index of the problem.
    pub problem: usize,
    /// The grid, where it is not all runs of the problem.
    pub grid: Option<String>,
    /// What differs.
    pub axes: Vec<DesignAxis>,
    /// Rows of its runs that have the metric.
    pub rows: Vec<usize>,
    /// The metric by run, or its logarithm to base ten.
    pub values: Vec<f64>,
    /// Whether it is the logarithm: where every value is above zero, and the largest is ten times the smallest or more.
    pub logarithmic: bool,
    /// Rows of its runs without the metric: they are left out.
    pub missing: Vec<usize>,
    /// Values that no run with the metric has: nothing can be said of them.
    pub silent: Vec<String>,
    /// The number of each run's configuration, in the order of the rows.
    pub configurations: Vec<usize>,
}

/// An axis of a design. Parameters that always move together are one.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignAxis {
    /// The parameters, in the order of the reference.
    pub parameters: Vec<&'static str>,
    /// Its values in words; `not set` where it has no effect.
    pub levels: Vec<String>,
    /// Whether its values are numbers in order, all of them set.
    pub ordered: bool,
    /// The place of each run's value among the levels, in the order of the rows.
    pub codes: Vec<u32>,
    /// The same of each run without the metric; `None` where no run with it has that value.
    pub missing: Vec<Option<u32>>,
}

impl DesignAxis {
    /// `activation`, or `depth/width` where both move together.
    #[must_use]
    pub fn label(&self) -> String {
        self.parameters.iter().map(|name| name.replace('_', " ")).collect::<Vec<_>>().join("/")
    }

    /// One of its values as it is understood without the axis: `relu`, but `depth 2`.
    #[must_use]
    pub fn told(&self, level: &str) -> String {
        match self.parameters[..] {
            [name] if level == NOT_SET => format!("{} {NOT_SET}", name.replace('_', " ")),
            [name] => describe(name, level),
            _ => level.to_owned(),
        }
    }
}

/// The value of a parameter that has no effect.
pub const NOT_SET: &str = "not set";
/// Values are shown by their logarithm where the largest is so many times the smallest.
const DECADE: f64 = 10.0;

/// The designs of a sweep, for each problem that with the most runs first: all runs of the problem where they are complete
/// or where no grid has an axis of its own, otherwise grid by grid.
pub(super) fn designs(
    records: &Records,
    varying: &[&'static str],
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Vec<Design> {
    let mut found = Vec::new();
    let settings: Vec<Setting> =
        settings(records, varying).into_iter().filter(|setting| !PROBLEM.contains(&setting.name)).collect();
    for (problem, members) in problems.iter().enumerate() {
        let rows: Vec<usize> = members.groups.iter().flat_map(|&group| groups[group].rows.iter().copied()).collect();
        let of = |grid: Option<&str>, rows: &[usize]| design(records, &settings, metric, problem, grid, rows);
        let whole = of(None, &rows);
        let mut by_grid: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &row in &rows {
            for grid in &records.runs[row].grids {
                by_grid.entry(grid).or_default().push(row);
            }
        }
        let is_whole = whole.as_ref().is_none_or(Design::is_complete);
        let mut parts: Vec<Design> = if by_grid.len() > 1 && !is_whole {
            // Two grids of the same runs are one design.
            let mut seen = BTreeSet::new();
            by_grid
                .iter()
                .filter(|(_, rows)| seen.insert((*rows).clone()))
                .filter_map(|(grid, rows)| of(Some(grid), rows))
                .collect()
        } else {
            Vec::new()
        };
        parts.sort_by(|a, b| b.rows.len().cmp(&a.rows.len()).then_with(|| a.grid.cmp(&b.grid)));
        if parts.is_empty() { found.extend(whole) } else { found.append(&mut parts) }
    }
    found
}

/// The design of some runs; `None` where nothing differs, or the metric does not.
fn design(
    records: &Records,
    settings: &[Setting],
    metric: &Metric,
    problem: usize,
    grid: Option<&str>,
    rows: &[usize],
) -> Option<Design> {
    let settings = &sides_alike(settings, rows);
    let valued: Vec<(usize, f64)> =
        rows.iter().filter_map(|&row| Some((row, records.number(row, &metric.name)?))).collect();
    let (low, high) = valued
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, value)| (low.min(*value), high.max(*value)));
    let logarithmic = low > 0.0 && high >= DECADE * low;
    let with: Vec<usize> = valued.iter().map(|(row, _)| *row).collect();
    let missing: Vec<usize> = rows.iter().copied().filter(|&row| records.number(row, &metric.name).is_none()).collect();
    let axes = axes(settings, &with, &missing);
    let mut silent = Vec::new();
    for factor in settings {
        let heard: BTreeSet<Option<usize>> = with.iter().map(|&row| factor.code(row)).collect();
        let all: BTreeSet<Option<usize>> = rows.iter().map(|&row| factor.code(row)).collect();
        silent.extend(all.difference(&heard).map(|code| {
            code.map_or_else(
                || format!("{} {NOT_SET}", factor.name.replace('_', " ")),
                |code| describe(factor.name, &factor.levels[code]),
            )
        }));
    }
    let values = valued.iter().map(|(_, value)| if logarithmic { libm::log10(*value) } else { *value }).collect();
    (!axes.is_empty() && low < high).then(|| Design {
        problem,
        grid: grid.map(str::to_owned),
        axes,
        missing,
        configurations: configurations(records, &with),
        rows: with,
        values,
        logarithmic,
        silent,
    })
}

/// The number of each run's configuration.
fn configurations(records: &Records, rows: &[usize]) -> Vec<usize> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let number = |row: &usize| {
        let next = numbers.len();
        *numbers.entry(records.runs[*row].config.as_str()).or_insert(next)
    };
    rows.iter().map(number).collect()
}

/// What differs over some rows. Parameters that part them in the same way are one axis; one that only shows by not being set
/// where another axis leaves it without effect is none. Where that makes the axes complete, a parameter that is told by the
/// values of one that hangs on it, such as an optimizer by its learning rates, is one axis with it.
fn axes(settings: &[Setting], rows: &[usize], missing: &[usize]) -> Vec<DesignAxis> {
    let mut found: Vec<Parting> = Vec::new();
    for factor in settings {
        let Some(parting) = Parting::of(factor, rows) else { continue };
        match found.iter_mut().find(|known| known.tells(&parting) && parting.tells(known)) {
            Some(known) => known.join(parting),
            None => found.push(parting),
        }
    }
    // What is set wherever it has an effect, to one value, is told by what it hangs on.
    let hangs = |own: &Parting| own.chosen == 1 && found.iter().any(|other| other.chosen > 1 && other.tells(own));
    let kept: Vec<Parting> = found.iter().filter(|own| !hangs(own)).cloned().collect();
    let mut nested = kept.clone();
    while let Some((inner, outer)) = hanging(&nested) {
        let names = nested[outer].names.clone();
        nested[inner].names.splice(0..0, names);
        nested.remove(outer);
    }
    let chosen = if nested.len() < kept.len() && is_complete(&nested, rows.len()) { nested } else { kept };
    chosen.into_iter().map(|parting| parting.axis(settings, missing)).collect()
}

/// Settings in the order of the reference, with one normalization where these rows scale inputs and targets alike.
fn sides_alike(settings: &[Setting], rows: &[usize]) -> Vec<Setting> {
    let mut settings = settings.to_vec();
    let place = |settings: &[Setting], name: &str| settings.iter().position(|setting| setting.name == name);
    if let (Some(inputs), Some(targets)) =
        (place(&settings, "input_normalization"), place(&settings, "target_normalization"))
        && rows.iter().all(|&row| settings[inputs].level(row) == settings[targets].level(row))
    {
        settings[inputs] = settings[inputs].clone().named("normalization");
        settings.remove(targets);
    }
    settings.sort_by_key(|setting| PARAMETERS.iter().position(|parameter| parameter.name == setting.name));
    settings
}

/// How a parameter parts rows.
#[derive(Clone)]
struct Parting {
    /// The parameter, with those that part them in the same way.
    names: Vec<&'static str>,
    /// The place of each row's value among those that there are; none comes last.
    codes: Vec<u32>,
    /// The first row with each value.
    examples: Vec<usize>,
    /// Values that are set.
    chosen: usize,
}

impl Parting {
    /// `None` where the rows do not differ.
    fn of(factor: &Factor, rows: &[usize]) -> Option<Self> {
        let key = |row: usize| factor.code(row).map_or(u32::MAX, |code| code as u32);
        let present: BTreeSet<u32> = rows.iter().map(|&row| key(row)).collect();
        if present.len() < 2 {
            return None;
        }
        let places: BTreeMap<u32, u32> = present.iter().copied().zip(0..).collect();
        let codes: Vec<u32> = rows.iter().map(|&row| places[&key(row)]).collect();
        let mut examples = vec![usize::MAX; present.len()];
        codes.iter().zip(rows).for_each(|(&code, &row)| examples[code as usize] = examples[code as usize].min(row));
        let chosen = present.len() - usize::from(present.contains(&u32::MAX));
        Some(Self { names: vec![factor.name], codes, examples, chosen })
    }

    /// Whether who knows this value knows the other one's.
    fn tells(&self, other: &Self) -> bool {
        let mut of = vec![u32::MAX; self.examples.len()];
        self.codes.iter().zip(&other.codes).all(|(&own, &told)| {
            let known = &mut of[own as usize];
            if *known == u32::MAX {
                *known = told;
            }
            *known == told
        })
    }

    /// Takes in one that parts the rows in the same way. Parameters with one value are named only among their like.
    fn join(&mut self, other: Self) {
        match (self.chosen > 1, other.chosen > 1) {
            (true, false) => {}
            (false, true) => *self = other,
            _ => self.names.extend(other.names),
        }
    }

    fn axis(self, settings: &[Setting], missing: &[usize]) -> DesignAxis {
        let alike =
            |a: usize, b: usize| self.names.iter().all(|name| value(settings, a, name) == value(settings, b, name));
        let place =
            |&row: &usize| self.examples.iter().position(|&example| alike(row, example)).map(|place| place as u32);
        let level = |row: usize| {
            let value = |name: &&'static str| match value(settings, row, name) {
                Some(level) if self.names.len() == 1 => Some(level.to_owned()),
                Some(level) => Some(describe(name, level)),
                None => None,
            };
            let values: Vec<String> = self.names.iter().filter_map(value).collect();
            if values.is_empty() { NOT_SET.to_owned() } else { values.join(" · ") }
        };
        DesignAxis {
            ordered: is_ordered(settings, self.names[0], &self.examples),
            levels: self.examples.iter().map(|&row| level(row)).collect(),
            missing: missing.iter().map(place).collect(),
            parameters: self.names.clone(),
            codes: self.codes,
        }
    }
}

/// Most values of a parameter that another is one axis with. Where every run has its own value of one, it tells all others, and
/// that says nothing.
const MOST_NESTED: usize = 16;

/// A parameter that tells another, and that one: the inner one and the one that it hangs on.
fn hanging(partings: &[Parting]) -> Option<(usize, usize)> {
    let pairs = (0..partings.len()).flat_map(|inner| (0..partings.len()).map(move |outer| (inner, outer)));
    let hangs = |&(inner, outer): &(usize, usize)| {
        let own = &partings[inner];
        inner != outer && own.examples.len() <= MOST_NESTED && own.tells(&partings[outer])
    };
    pairs.into_iter().find(hangs)
}

/// Whether every combination of values is among so many rows.
fn is_complete(partings: &[Parting], rows: usize) -> bool {
    let combinations = partings.iter().try_fold(1usize, |product, one| product.checked_mul(one.examples.len()));
    let seen: BTreeSet<Vec<u32>> = (0..rows).map(|row| partings.iter().map(|one| one.codes[row]).collect()).collect();
    combinations == Some(seen.len())
}

/// Whether a parameter has numbers for values, and one in each of these rows.
fn is_ordered(settings: &[Setting], name: &str, rows: &[usize]) -> bool {
    let numeric = parameter(name).is_some_and(|known| matches!(known.kind, Kind::Whole { .. } | Kind::Number { .. }));
    numeric && rows.iter().all(|&row| value(settings, row, name).is_some())
}

/// The value that a run has of a setting.
fn value<'s>(settings: &'s [Setting], row: usize, name: &str) -> Option<&'s str> {
    settings.iter().find(|setting| setting.name == name)?.level(row)
}

impl Design {
    /// The number of combinations of the axes' values; `None` beyond what can be counted.
    #[must_use]
    pub fn combinations(&self) -> Option<u64> {
        self.axes.iter().try_fold(1u64, |product, axis| product.checked_mul(axis.levels.len() as u64))
    }

    /// For each run the number of its cell among all combinations, the last axis counted fastest; `None` where there are more
    /// than runs.
    pub(super) fn cells(&self) -> Option<Vec<usize>> {
        let combinations = self.combinations().filter(|&all| all <= self.rows.len() as u64)?;
        let place = |run: usize| {
            self.axes.iter().fold(0usize, |cell, axis| cell * axis.levels.len() + axis.codes[run] as usize)
        };
        let cells: Vec<usize> = (0..self.rows.len()).map(place).collect();
        debug_assert!(cells.iter().all(|&cell| (cell as u64) < combinations));
        Some(cells)
    }

    /// Whether every combination of the axes' values has a run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let Some(cells) = self.cells() else { return false };
        let seen: BTreeSet<usize> = cells.into_iter().collect();
        Some(seen.len() as u64) == self.combinations()
    }

    /// Whether the runs of each value of an axis have the same values of all others, equally often, so that their means can be
    /// compared.
    #[must_use]
    pub fn is_balanced(&self, axis: usize) -> bool {
        let mut by_level: Vec<Vec<Vec<u32>>> = vec![Vec::new(); self.axes[axis].levels.len()];
        for run in 0..self.rows.len() {
            let others = self.axes.iter().enumerate().filter(|(other, _)| *other != axis);
            by_level[self.axes[axis].codes[run] as usize].push(others.map(|(_, other)| other.codes[run]).collect());
        }
        by_level.iter_mut().for_each(|level| level.sort_unstable());
        by_level.windows(2).all(|pair| pair[0] == pair[1])
    }
}
