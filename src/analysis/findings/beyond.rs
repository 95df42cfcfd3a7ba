//! Error inside the range and beyond it, of the best network of each form: what it is made of decides how it goes on.

use std::collections::BTreeMap;

use super::main_problem;
use super::settings::{Setting, TUNED, key};
use crate::analysis::founding::hidden_layers;
use crate::analysis::{Group, Problem, Records, Summary};
use crate::config::{Assignment, Configuration, Value, parameter};
use crate::problem::{Population, Region};

/// Forms from which on they are compared.
const FORMS: usize = 4;

/// Forms of networks, inside and beyond.
#[derive(Clone, Debug, PartialEq)]
pub struct Beyond {
    /// What is to be learnt: index of a problem.
    pub problem: usize,
    /// Its best configurations by form, the smallest median beyond the range first.
    pub forms: Vec<Form>,
    /// Configurations of the same forms that are not shown.
    pub outdone: usize,
    /// Errors beyond the range that go without a network.
    pub levels: Option<Levels>,
    /// The affine floor inside, where all have the same.
    pub floor: Option<f64>,
    /// Runs that are shown, and those that a better tuned configuration, alike in all else, stands for.
    pub runs: usize,
}

/// Networks of one form.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// In words: `relu`, `affine map on polynomial(2)`.
    pub label: String,
    /// Its configuration with the best metric: index of a group.
    pub group: usize,
    /// RMSE over the domain.
    pub inside: Option<Summary>,
    /// RMSE beyond it.
    pub beyond: Summary,
}

/// RMSE beyond the range of answers that need no network, computed from the task for the range at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// The answer for the largest number, for all.
    pub constant: f64,
    /// The best line inside, prolonged.
    pub line: f64,
    /// The tangent at the largest number.
    pub tangent: f64,
}

/// There where at least four forms of networks have errors beyond the range.
pub(super) fn beyond(
    records: &Records,
    settings: &[Setting],
    problems: &[Problem],
    groups: &[Group],
) -> Option<Beyond> {
    let measured = |row: usize| records.number(row, "extrapolation_rmse").is_some();
    let problem = main_problem(problems, groups, measured)?;
    let mut forms: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &group in &problems[problem].groups {
        forms.entry(form(records, groups[group].rows[0])).or_default().push(group);
    }
    let configurations: usize = forms.values().map(Vec::len).sum();
    let form = |(label, own): (String, Vec<usize>)| {
        // The first of a problem's groups is its best.
        let group = *own.first()?;
        let beyond = groups[group].summary(records, "extrapolation_rmse")?;
        Some(Form { label, group, inside: groups[group].summary(records, "domain_rmse"), beyond })
    };
    let members = forms.clone();
    let mut forms: Vec<Form> = forms.into_iter().filter_map(form).collect();
    if forms.len() < FORMS {
        return None;
    }
    forms.sort_by(|a, b| a.beyond.median.total_cmp(&b.beyond.median).then(a.label.cmp(&b.label)));
    let row = groups[forms[0].group].rows[0];
    Some(Beyond {
        problem,
        outdone: configurations - forms.len(),
        levels: levels(records, row),
        floor: problems[problem].floor.filter(|floor| *floor > 0.0),
        runs: forms.iter().map(|form| stands_for(records, settings, groups, &members[&form.label], form.group)).sum(),
        forms,
    })
}

/// Runs of those configurations of a form that differ from the best one in nothing but how the step was tuned.
fn stands_for(records: &Records, settings: &[Setting], groups: &[Group], members: &[usize], best: usize) -> usize {
    let rest = || settings.iter().filter(|setting| setting.name != TUNED);
    let own = key(rest(), groups[best].rows[0]);
    let alike = members.iter().filter(|&&group| key(rest(), groups[group].rows[0]) == own);
    alike.map(|&group| groups[group].rows.len()).sum::<usize>().min(records.runs.len())
}

/// What a network is made of, as far as it decides how it goes on: layers, activation, encoding, logarithms.
fn form(records: &Records, row: usize) -> String {
    let hidden = hidden_layers(records, row);
    let layer = records.value(row, "layer").unwrap_or("dense");
    let activation = records.value(row, "activation");
    let mut form = match (layer, activation) {
        ("dense", _) if hidden == 0 => "affine map".to_owned(),
        ("dense", Some("linear")) => "linear network".to_owned(),
        ("dense", Some(activation)) => activation.to_owned(),
        (layer, _) if hidden > 0 => format!("{layer} with {} layers", hidden + 1),
        (layer, _) => format!("{layer} with 1 layer"),
    };
    if let Some(encoding) = records.value(row, "encoding").filter(|encoding| *encoding != "scalar") {
        form = format!("{form} on {encoding}");
    }
    let side = |name: &str| records.value(row, name).or_else(|| records.value(row, "normalization")) == Some("log");
    match (side("input_normalization"), side("target_normalization")) {
        (false, false) => form,
        (true, false) => format!("{form} with log inputs"),
        (false, true) => format!("{form} with log targets"),
        (true, true) => format!("{form} with the log of both"),
    }
}

/// The levels for the task of a run, from its targets; `None` for tasks of several operands.
fn levels(records: &Records, row: usize) -> Option<Levels> {
    let mut assignment = Assignment::new();
    for name in ["task", "operands", "largest"] {
        let text = records.value(row, name)?;
        let value = text.parse().map_or_else(|_| Value::Word(text.to_owned()), Value::Whole);
        assignment.insert(parameter(name)?.name, value);
    }
    let configuration = Configuration::of(&assignment).ok().filter(|configuration| configuration.operands == 1)?;
    let inside = Population::of_region(&configuration, Region::Domain);
    let beyond = Population::of_region(&configuration, Region::Extrapolation);
    Levels::of(&inside.targets, &beyond.targets).filter(|_| inside.exhaustive && beyond.exhaustive)
}

impl Levels {
    /// Of the targets of 1..L and of L + 1..2L.
    fn of(inside: &[f64], beyond: &[f64]) -> Option<Self> {
        let (last, before, next) = (*inside.last()?, *inside.get(inside.len().checked_sub(2)?)?, *beyond.first()?);
        let points: Vec<(f64, f64)> = inside.iter().enumerate().map(|(i, y)| ((i + 1) as f64, *y)).collect();
        let fit = crate::analysis::founding::lines::fit(&points)?;
        let l = inside.len() as f64;
        // At the last number, the slope between its neighbours.
        let slope = (next - before) / 2.0;
        let rmse = |answer: &dyn Fn(f64) -> f64| {
            let squares = beyond.iter().enumerate().map(|(i, y)| (y - answer(l + 1.0 + i as f64)).powi(2));
            (squares.sum::<f64>() / beyond.len() as f64).sqrt()
        };
        Some(Self {
            constant: rmse(&|_| last),
            line: rmse(&|x| fit.slope * x + fit.intercept),
            tangent: rmse(&|x| last + slope * (x - l)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_squares_are_those_of_theory() {
        let square = |x: u32| f64::from(x).powi(2);
        let inside: Vec<f64> = (1..=1000).map(square).collect();
        let beyond: Vec<f64> = (1001..=2000).map(square).collect();
        let levels = Levels::of(&inside, &beyond).unwrap();
        for (level, known) in [(levels.constant, 1_593_058.0), (levels.line, 1_157_104.0), (levels.tangent, 447_773.0)]
        {
            assert!((level - known).abs() < 1.0, "{level} is not {known}");
        }
        assert_eq!(Levels::of(&[1.0], &[4.0]), None);
    }
}
