//! From the points of all grids to distinct configurations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rayon::prelude::*;

use super::verdict::Verdict;
use super::{Excluded, Point};
use crate::config::{Assignment, Configuration, Conflict, Id, configuration_id, conflict};
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
pub(super) struct Judged {
    /// The point; its grids are still to come.
    pub point: Arc<Point>,
    /// Its values as written; empty where nothing more has to be said about them.
    pub assignment: Assignment,
    /// Why it cannot be trained.
    pub conflict: Option<Conflict>,
    excluded: Option<usize>,
    included: bool,
}

/// Expands all grids of a sweep.
pub(super) fn expand(sweep: &Sweep, grids: &[Points<'_>]) -> Result<Expanded, Invalid> {
    let mut verdict = Verdict::new(sweep);
    let mut found: Vec<Arc<Point>> = Vec::new();
    // For each point, the set of grids that it is in.
    let mut sets: Vec<u32> = Vec::new();
    let mut known: HashMap<Id, u32> = HashMap::new();
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
            let judged = judge(points, start, end, !written.is_empty());
            let broken = match broken(&constraints, &judged) {
                Ok(broken) => broken,
                Err((constraint, message)) => {
                    let constraint = &grid.constraints[constraint];
                    verdict.extend(vec![Diagnostic::new(constraint.place, format!("cannot be computed: {message}"))]);
                    break;
                }
            };
            for (index, (judged, broken)) in (start..).zip(judged.into_iter().zip(broken)) {
                if removed.count(judged.excluded, broken) {
                    continue;
                }
                verdict.judge(points, index, &judged, &mut written);
                match known.entry(judged.point.id) {
                    Entry::Occupied(at) => {
                        let set = &mut sets[*at.get() as usize];
                        *set = memberships.with(Some(*set), number);
                        equal += 1;
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(found.len() as u32);
                        sets.push(memberships.with(None, number));
                        found.push(judged.point);
                    }
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
    for (point, set) in found.iter_mut().zip(sets) {
        let point = Arc::get_mut(point).expect("nobody else has it yet");
        point.grids = Arc::clone(&names[set as usize]);
    }
    Ok(Expanded { points: found, excluded, equal })
}

/// The points from `start` up to `end`, with their values as written where they are `wanted`.
fn judge(points: &Points<'_>, start: u128, end: u128, wanted: bool) -> Vec<Judged> {
    let nothing: Arc<[String]> = Arc::new([]);
    let one = |offset: usize| {
        let Candidate { assignment, configuration, excluded, included } = points.get(start + offset as u128)?;
        let conflict = conflict(&configuration);
        let wanted = wanted || included || conflict.is_some();
        let id = configuration_id(&configuration);
        let point = Arc::new(Point { id, configuration, grids: Arc::clone(&nothing) });
        let assignment = if wanted { assignment } else { Assignment::new() };
        Some(Judged { point, assignment, conflict, excluded, included })
    };
    (0..(end - start) as usize).into_par_iter().with_min_len(256).filter_map(one).collect()
}

/// For each point the first constraint that removes it.
fn broken(constraints: &Constraints, judged: &[Judged]) -> Result<Vec<Option<usize>>, (usize, String)> {
    let mut all = vec![None; judged.len()];
    if constraints.is_empty() {
        return Ok(all);
    }
    let of_product: Vec<usize> = (0..judged.len()).filter(|&at| !judged[at].included).collect();
    let points: Vec<&Configuration> = of_product.iter().map(|&at| &judged[at].point.configuration).collect();
    for (&at, broken) in of_product.iter().zip(constraints.broken(&points)?.first) {
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
    fn with(&mut self, set: Option<u32>, grid: usize) -> u32 {
        let old = set.map_or(&[][..], |set| &self.0[set as usize]);
        if let (Some(set), true) = (set, old.contains(&grid)) {
            return set;
        }
        let new: Vec<usize> = old.iter().copied().chain([grid]).collect();
        let number = self.0.iter().position(|known| *known == new).unwrap_or_else(|| {
            self.0.push(new);
            self.0.len() - 1
        });
        number as u32
    }
}
