//! From the points of all grids to distinct configurations.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::verdict::Verdict;
use super::{Excluded, Point};
use crate::config::{Configuration, Conflict, Id, configuration_id, conflict};
use crate::grid::{Candidate, Constraints, Points};
use crate::sweep::{Diagnostic, Grid, Invalid, Sweep};

/// Points that are looked at together: enough for all cores, few enough to hardly count in memory.
const AT_ONCE: u128 = 1 << 14;

/// What the grids of a sweep come to.
pub(super) struct Expanded {
    /// The distinct configurations, in the order of the file.
    pub points: Vec<Arc<Point>>,
    /// What each rule of each grid removed.
    pub excluded: Vec<Excluded>,
    /// Points that are equal to one before them.
    pub equal: u64,
}

/// A point, and what can be said of it alone.
struct Judged {
    candidate: Candidate,
    id: Id,
    conflict: Option<Conflict>,
}

/// Expands all grids of a sweep.
pub(super) fn expand(sweep: &Sweep, grids: &[Points<'_>]) -> Result<Expanded, Invalid> {
    let mut verdict = Verdict::new(sweep);
    let mut found: Vec<(Id, Configuration, usize)> = Vec::new();
    let mut known: HashMap<Id, usize> = HashMap::new();
    let mut memberships = Memberships::default();
    let mut excluded = Vec::new();
    let mut equal = 0;
    for (number, (grid, points)) in sweep.grids.iter().zip(grids).enumerate() {
        let constraints = match Constraints::read(&grid.constraints) {
            Ok(constraints) => constraints,
            Err(wrong) => {
                verdict.extend(wrong);
                continue;
            }
        };
        let mut removed = Removed::of(grid);
        let mut written = verdict.enter(grid);
        let mut start = 0;
        while start < points.len() {
            let end = points.len().min(start + AT_ONCE);
            let judged = judge(points, start, end);
            let broken = match broken(&constraints, &judged) {
                Ok(broken) => broken,
                Err((constraint, message)) => {
                    let constraint = &grid.constraints[constraint];
                    verdict.extend(vec![Diagnostic::new(constraint.place, format!("cannot be computed: {message}"))]);
                    break;
                }
            };
            for (index, (Judged { candidate, id, conflict }, broken)) in (start..).zip(judged.into_iter().zip(broken)) {
                if removed.count(candidate.excluded, broken) {
                    continue;
                }
                verdict.judge(points, index, &candidate, conflict.as_ref(), &mut written);
                if let Some(&at) = known.get(&id) {
                    found[at].2 = memberships.with(Some(found[at].2), number);
                    equal += 1;
                } else {
                    known.insert(id, found.len());
                    found.push((id, candidate.configuration, memberships.with(None, number)));
                }
            }
            start = end;
        }
        verdict.leave(grid, written);
        excluded.extend(removed.told(grid));
    }
    verdict.result()?;
    let names: Vec<Arc<[String]>> =
        memberships.0.iter().map(|set| set.iter().map(|&n| sweep.grids[n].name.clone()).collect()).collect();
    let point = |(id, configuration, set): (Id, Configuration, usize)| {
        Arc::new(Point { id, configuration, grids: Arc::clone(&names[set]) })
    };
    Ok(Expanded { points: found.into_iter().map(point).collect(), excluded, equal })
}

/// The points from `start` up to `end`.
fn judge(points: &Points<'_>, start: u128, end: u128) -> Vec<Judged> {
    let one = |offset: usize| {
        let candidate = points.get(start + offset as u128)?;
        let id = configuration_id(&candidate.configuration);
        let conflict = conflict(&candidate.configuration);
        Some(Judged { candidate, id, conflict })
    };
    (0..(end - start) as usize).into_par_iter().with_min_len(256).filter_map(one).collect()
}

/// For each point the first constraint that removes it.
fn broken(constraints: &Constraints, judged: &[Judged]) -> Result<Vec<Option<usize>>, (usize, String)> {
    let mut all = vec![None; judged.len()];
    if constraints.is_empty() {
        return Ok(all);
    }
    let of_product: Vec<usize> = (0..judged.len()).filter(|&at| !judged[at].candidate.included).collect();
    let points: Vec<&Configuration> = of_product.iter().map(|&at| &judged[at].candidate.configuration).collect();
    for (&at, broken) in of_product.iter().zip(constraints.broken(&points)?) {
        all[at] = broken;
    }
    Ok(all)
}

/// Points that each rule of a grid was the first to remove.
struct Removed {
    exclude: Vec<u64>,
    constraints: Vec<u64>,
}

impl Removed {
    fn of(grid: &Grid) -> Self {
        Self { exclude: vec![0; grid.exclude.len()], constraints: vec![0; grid.constraints.len()] }
    }

    /// Counts a point where a rule removes it.
    fn count(&mut self, excluded: Option<usize>, broken: Option<usize>) -> bool {
        match (excluded, broken) {
            (Some(rule), _) => self.exclude[rule] += 1,
            (None, Some(constraint)) => self.constraints[constraint] += 1,
            (None, None) => return false,
        }
        true
    }

    fn told(self, grid: &Grid) -> impl Iterator<Item = Excluded> {
        let told = |(rule, points): (&String, u64)| Excluded { grid: grid.name.clone(), rule: rule.clone(), points };
        let exclusions = grid.exclude.iter().map(|rule| &rule.text).zip(self.exclude);
        let constraints = grid.constraints.iter().map(|constraint| &constraint.text).zip(self.constraints);
        exclusions.chain(constraints).map(told)
    }
}

/// The sets of grids that points are in: few, so that points share them.
#[derive(Default)]
struct Memberships(Vec<Vec<usize>>);

impl Memberships {
    /// The set that holds all of `set`, and `grid`.
    fn with(&mut self, set: Option<usize>, grid: usize) -> usize {
        let old = set.map_or(&[][..], |set| &self.0[set]);
        if let (Some(set), true) = (set, old.contains(&grid)) {
            return set;
        }
        let new: Vec<usize> = old.iter().copied().chain([grid]).collect();
        self.0.iter().position(|known| *known == new).unwrap_or_else(|| {
            self.0.push(new);
            self.0.len() - 1
        })
    }
}
