//! Ways to write a number: what the best linear network and the best other one make of each, beside its floor.

use std::collections::BTreeMap;

use crate::analysis::founding::is_linear;
use crate::analysis::{Group, Problem, Records, Summary};

/// Ways from which on they are compared.
const WAYS: usize = 2;
/// An error is that of its floor up to this factor.
const AT: f64 = 1.01;
/// A way of writing that does the work takes the error this many times below the bare number's floor.
pub const MUCH: f64 = 10.0;

/// Ways to write a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// By problem, then by floor, the smallest first.
    pub ways: Vec<Encoded>,
    /// The floor of the bare number, in the problem with the most ways.
    pub bare: Option<f64>,
    /// The problem with the most ways.
    pub main: usize,
    /// Its ways at whose floor the best linear network ends, of those that have a floor above 0.
    pub reached: (usize, usize),
    /// Configurations that a better one of the same way stands for.
    pub outdone: usize,
    /// Runs that are shown.
    pub runs: usize,
    /// Runs of all configurations that are compared.
    pub all: usize,
}

/// A way to write a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Index of the problem.
    pub problem: usize,
    /// The encoding, with logarithms of the targets where they are taken.
    pub label: String,
    /// The affine floor under it; `None` where targets are not fitted in their own units.
    pub floor: Option<f64>,
    /// The best linear network: index of a group, and its RMSE over the domain.
    pub linear: Option<(usize, Summary)>,
    /// The best other one.
    pub curved: Option<(usize, Summary)>,
}

/// There where at least two encodings were tried on one task.
pub(super) fn written(records: &Records, problems: &[Problem], groups: &[Group]) -> Option<Written> {
    let mut ways: BTreeMap<(usize, Option<usize>, bool), Vec<usize>> = BTreeMap::new();
    let encoding = records.factor("encoding")?;
    for (problem, members) in problems.iter().enumerate() {
        let codes = || members.groups.iter().map(|&group| encoding.code(groups[group].rows[0]));
        let several = codes().collect::<std::collections::BTreeSet<_>>().len() >= WAYS;
        for &group in members.groups.iter().filter(|_| several) {
            let row = groups[group].rows[0];
            let scale = records.value(row, "target_normalization").or_else(|| records.value(row, "normalization"));
            ways.entry((problem, encoding.code(row), scale == Some("log"))).or_default().push(group);
        }
    }
    let all: usize = ways.values().flatten().map(|&group| groups[group].rows.len()).sum();
    let configurations: usize = ways.values().map(Vec::len).sum();
    let way = |((problem, code, logarithmic), own): ((usize, Option<usize>, bool), Vec<usize>)| {
        let name = code.map_or("scalar", |code| encoding.levels[code].as_str());
        let best = |linear: bool| {
            let own = own.iter().copied().filter(|&group| is_linear(records, groups[group].rows[0]) == linear);
            let summaries = own.filter_map(|group| Some((group, groups[group].summary(records, "domain_rmse")?)));
            summaries.min_by(|a, b| a.1.median.total_cmp(&b.1.median))
        };
        let floor = own.iter().find_map(|&group| groups[group].summary(records, "affine_floor"));
        Encoded {
            problem,
            label: if logarithmic { format!("{name} with log targets") } else { name.to_owned() },
            floor: floor.map(|floor| floor.median).filter(|_| !logarithmic),
            linear: best(true),
            curved: best(false),
        }
    };
    let mut ways: Vec<Encoded> = ways.into_iter().map(way).collect();
    ways.retain(|way| way.linear.is_some() || way.curved.is_some());
    if ways.len() < WAYS {
        return None;
    }
    let place = |way: &Encoded| way.floor.or_else(|| way.linear.as_ref().map(|(_, summary)| summary.median));
    ways.sort_by(|a, b| {
        let places = [a, b].map(|way| place(way).unwrap_or(f64::INFINITY));
        a.problem.cmp(&b.problem).then(places[0].total_cmp(&places[1])).then(a.label.cmp(&b.label))
    });
    let shown = || ways.iter().flat_map(|way| way.linear.iter().chain(&way.curved));
    let most = problems
        .iter()
        .enumerate()
        .max_by_key(|(place, _)| (ways.iter().filter(|way| way.problem == *place).count(), std::cmp::Reverse(*place)));
    let (main, problem) = most?;
    let floored = ways.iter().filter(|way| way.problem == main);
    let floored = floored.filter_map(|way| Some((way.floor.filter(|floor| *floor > 0.0)?, way.linear.as_ref()?)));
    let floored: Vec<bool> = floored.map(|(floor, (_, error))| error.median <= AT * floor).collect();
    Some(Written {
        bare: problem.floor.filter(|floor| *floor > 0.0),
        main,
        reached: (floored.iter().filter(|reached| **reached).count(), floored.len()),
        outdone: configurations - shown().count(),
        runs: shown().map(|(group, _)| groups[*group].rows.len()).sum(),
        all,
        ways,
    })
}
