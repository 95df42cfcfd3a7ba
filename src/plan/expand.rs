//! From the points of all grids to distinct configurations.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::limit::within;
use super::verdict::{Key, Verdict};
use super::{Asked, Excluded, Point};
use crate::config::{Assignment, Configuration, Conflict, Id, configuration_id, conflict};
use crate::grid::{Broken, Candidate, Constraints, Points};
use crate::sweep::{Diagnostic, Grid, Invalid, Place, Sweep};

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
    /// What is no mistake, and worth saying.
    pub notes: Vec<String>,
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

/// Expands all grids of a sweep, of at most so many runs.
pub(super) fn expand(sweep: &Sweep, grids: &[Points<'_>], max_runs: u64) -> Result<Expanded, Invalid> {
    let mut verdict = Verdict::new(sweep);
    let expanded = expand_all(sweep, grids, &mut verdict);
    let notes = verdict.result(|| idle_alone(sweep, max_runs))?;
    Ok(Expanded { notes, ..expanded })
}

/// What has no effect in the file of a sweep without its overrides; nothing where that cannot be told.
fn idle_alone(sweep: &Sweep, max_runs: u64) -> HashSet<Key> {
    let Some(alone) = sweep.without_overrides() else { return HashSet::new() };
    let Ok(grids) = within(&alone, max_runs) else { return HashSet::new() };
    let mut verdict = Verdict::new(&alone);
    expand_all(&alone, &grids, &mut verdict);
    verdict.idle()
}

fn expand_all(sweep: &Sweep, grids: &[Points<'_>], verdict: &mut Verdict<'_>) -> Expanded {
    let mut found: Vec<Arc<Point>> = Vec::new();
    // For each point, the set of grids that it is in.
    let mut sets: Vec<u32> = Vec::new();
    let mut known: HashMap<Id, u32> = HashMap::new();
    let mut memberships = Memberships::default();
    let mut excluded = Vec::new();
    let mut empty = Vec::new();
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
        let mut kept = 0u64;
        let mut written = verdict.enter(grid);
        let mut start = 0;
        while start < points.len() {
            let end = points.len().min(start + AT_ONCE);
            let judged = judge(points, start, end, !written.is_empty());
            let broken = match broken(&constraints, &judged, &mut removed.decided) {
                Ok(broken) => broken,
                Err((constraint, message)) => {
                    let constraint = &grid.constraints[constraint];
                    kept += 1;
                    verdict.extend(vec![Diagnostic::new(constraint.place, format!("cannot be computed: {message}"))]);
                    break;
                }
            };
            for (index, (judged, broken)) in (start..).zip(judged.into_iter().zip(broken)) {
                if removed.count(judged.excluded, broken) {
                    continue;
                }
                kept += 1;
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
        if kept == 0 {
            empty.push((grid, removed.emptied(grid)));
        } else {
            removed.undecided(grid).for_each(|note| verdict.note(note));
        }
        excluded.extend(removed.told(grid));
    }
    if sweep.overrides().is_empty() || found.is_empty() {
        verdict.extend(empty.into_iter().map(|(_, wrong)| wrong).collect());
    } else {
        // Whoever narrows a sweep on the command line may leave nothing of some grids.
        empty.iter().for_each(|(grid, _)| verdict.note(format!("no point of the grid `{}` is left", grid.name)));
    }
    let mut asked: HashMap<u32, Arc<Asked>> = HashMap::new();
    for (point, set) in found.iter_mut().zip(sets) {
        let by = || Arc::new(Asked::by(memberships.of(set).map(|number| &sweep.grids[number])));
        let point = Arc::get_mut(point).expect("nobody else has it yet");
        point.asked = Arc::clone(asked.entry(set).or_insert_with(by));
    }
    Expanded { points: found, excluded, equal, notes: Vec::new() }
}

/// The points from `start` up to `end`, with their values as written where they are `wanted`.
fn judge(points: &Points<'_>, start: u128, end: u128, wanted: bool) -> Vec<Judged> {
    let nothing = Arc::new(Asked::default());
    let one = |offset: usize| {
        let Candidate { assignment, configuration, excluded, included } = points.get(start + offset as u128)?;
        let conflict = conflict(&configuration);
        let wanted = wanted || included || conflict.is_some();
        let id = configuration_id(&configuration);
        let point = Arc::new(Point { id, configuration, asked: Arc::clone(&nothing) });
        let assignment = if wanted { assignment } else { Assignment::new() };
        Some(Judged { point, assignment, conflict, excluded, included })
    };
    (0..(end - start) as usize).into_par_iter().with_min_len(256).filter_map(one).collect()
}

/// For each point the first constraint that removes it. Constraints that are true or false of any point are `decided`.
fn broken(
    constraints: &Constraints,
    judged: &[Judged],
    decided: &mut [bool],
) -> Result<Vec<Option<usize>>, (usize, String)> {
    let mut all = vec![None; judged.len()];
    if constraints.is_empty() {
        return Ok(all);
    }
    let of_product: Vec<usize> = (0..judged.len()).filter(|&at| !judged[at].included).collect();
    let points: Vec<&Configuration> = of_product.iter().map(|&at| &judged[at].point.configuration).collect();
    let Broken { first, decided: here } = constraints.broken(&points)?;
    for (&at, broken) in of_product.iter().zip(first) {
        all[at] = broken;
    }
    decided.iter_mut().zip(here).for_each(|(decided, here)| *decided |= here);
    Ok(all)
}

/// Points that each rule of a grid was the first to remove.
struct Removed {
    exclude: Vec<u64>,
    constraints: Vec<u64>,
    /// Constraints that were true or false of some point.
    decided: Vec<bool>,
}

impl Removed {
    fn of(grid: &Grid) -> Self {
        let constraints = grid.constraints.len();
        Self {
            exclude: vec![0; grid.exclude.len()],
            constraints: vec![0; constraints],
            decided: vec![false; constraints],
        }
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

    /// The error for a grid of which nothing is left.
    fn emptied(&self, grid: &Grid) -> Diagnostic {
        let exclusions = grid.exclude.iter().zip(&self.exclude).map(|(rule, points)| (rule.place, *points, true));
        let constraints = grid.constraints.iter().zip(&self.constraints).zip(&self.decided);
        let constraints = constraints.map(|((rule, points), decided)| (rule.place, *points, *decided));
        let rules: Vec<(Place, u64, bool)> =
            exclusions.chain(constraints).filter(|(_, points, _)| *points > 0).collect();
        let place = rules.first().map_or(Place::start_of(0), |(place, ..)| *place);
        let mut wrong = Diagnostic::new(place, format!("no point of the grid `{}` is left", grid.name));
        for (place, points, decided) in rules {
            let why = if decided {
                ""
            } else {
                ": it is neither true nor false of any, for what it asks about has no effect"
            };
            let ending = if points == 1 { "" } else { "s" };
            wrong = wrong.note(place, format!("this removes {points} point{ending}{why}"));
        }
        wrong.hint("change a rule, or remove the grid")
    }

    /// A word about each constraint that was neither true nor false of any point.
    fn undecided(&self, grid: &Grid) -> impl Iterator<Item = String> {
        let undecided = grid.constraints.iter().zip(&self.constraints).zip(&self.decided);
        let undecided = undecided.filter(|((_, points), decided)| **points > 0 && !**decided);
        undecided.map(|((constraint, _), _)| {
            let (text, grid) = (&constraint.text, &grid.name);
            format!("the constraint `{text}` is neither true nor false of any point of the grid `{grid}`: what it asks about has no effect there")
        })
    }

    fn told(self, grid: &Grid) -> impl Iterator<Item = Excluded> {
        let told = |(rule, points): (&String, u64)| Excluded { grid: grid.name.clone(), rule: rule.clone(), points };
        let exclusions = grid.exclude.iter().map(|rule| &rule.text).zip(self.exclude);
        let constraints = grid.constraints.iter().map(|constraint| &constraint.text).zip(self.constraints);
        exclusions.chain(constraints).map(told)
    }
}

/// The sets of grids that points are in: few, so that points share them. Each is another one with one grid more.
#[derive(Default)]
struct Memberships {
    sets: Vec<(Option<u32>, usize)>,
    known: HashMap<(Option<u32>, usize), u32>,
}

impl Memberships {
    /// The set that holds all of `set`, and `grid`, which is none before those in it.
    fn with(&mut self, set: Option<u32>, grid: usize) -> u32 {
        if let Some(set) = set.filter(|&set| self.sets[set as usize].1 == grid) {
            return set;
        }
        *self.known.entry((set, grid)).or_insert_with(|| {
            self.sets.push((set, grid));
            self.sets.len() as u32 - 1
        })
    }

    /// The grids of a set, in order.
    fn of(&self, set: u32) -> impl Iterator<Item = usize> {
        let mut grids = Vec::new();
        let mut next = Some(set);
        while let Some((rest, grid)) = next.map(|set| self.sets[set as usize]) {
            grids.push(grid);
            next = rest;
        }
        grids.into_iter().rev()
    }
}
