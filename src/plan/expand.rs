//! From the points of all grids to distinct configurations.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use rayon::prelude::*;

use super::found::{Distinct, Found, Newcomer};
use super::limit::within;
use super::verdict::{Idle, Key, Verdict};
use super::{Asked, Excluded};
use crate::config::{Assignment, Configuration, Conflict, Id, conflict};
use crate::grid::{Broken, Candidate, Constraints, Points};
use crate::sweep::{Diagnostic, Grid, Invalid, Place, Sweep};

/// Points that are looked at together: enough for all cores, few enough to hardly count in memory.
const AT_ONCE: usize = 1 << 13;

/// What the grids of a sweep come to.
pub(super) struct Expanded {
    /// The distinct configurations, and the runs that are to do.
    pub distinct: Distinct,
    /// What each rule of each grid removed.
    pub excluded: Vec<Excluded>,
    /// What is no mistake, and worth saying.
    pub notes: Vec<String>,
}

/// A point, and what can be said of it alone.
pub(super) struct Judged {
    /// What is kept of it; or the rule of the grid that excludes it, by its number in `exclude`.
    newcomer: Result<Newcomer, usize>,
    included: bool,
    /// The whole of it, where more has to be said about it.
    pub whole: Option<Box<Whole>>,
}

/// A point with everything that is known of it alone.
pub(super) struct Whole {
    /// Its configuration.
    pub configuration: Configuration,
    /// Its values as written.
    pub assignment: Assignment,
    /// Why it cannot be trained.
    pub conflict: Option<Conflict>,
}

/// Expands all grids of a sweep of at most so many runs, of which those in `done` are done.
pub(super) fn expand(
    sweep: &Sweep,
    grids: &[Points<'_>],
    max_runs: u64,
    done: &HashSet<Id>,
) -> Result<Expanded, Invalid> {
    let mut verdict = Verdict::new(sweep);
    let expanded = expand_all(sweep, grids, done, &mut verdict);
    let notes = verdict.result(|| idle_alone(sweep, max_runs))?;
    Ok(Expanded { notes, ..expanded })
}

/// What has no effect in the file of a sweep without its overrides; nothing where that cannot be told.
fn idle_alone(sweep: &Sweep, max_runs: u64) -> HashSet<Key> {
    let Some(alone) = sweep.without_overrides() else { return HashSet::new() };
    let Ok(grids) = within(&alone, max_runs) else { return HashSet::new() };
    let mut verdict = Verdict::new(&alone);
    expand_all(&alone, &grids, &HashSet::new(), &mut verdict);
    verdict.idle()
}

fn expand_all(sweep: &Sweep, grids: &[Points<'_>], done: &HashSet<Id>, verdict: &mut Verdict<'_>) -> Expanded {
    let mut found = Found::nothing_of(grids.iter().map(Points::len).sum());
    let mut excluded = Vec::new();
    let mut empty = Vec::new();
    for (number, (grid, points)) in sweep.grids.iter().zip(grids).enumerate() {
        let constraints = match Constraints::read(&grid.constraints) {
            Ok(constraints) => constraints,
            Err(wrong) => {
                verdict.extend(wrong);
                continue;
            }
        };
        let mut of_grid = OfGrid {
            number,
            grid,
            points,
            constraints,
            removed: Removed::of(grid),
            kept: 0,
            written: verdict.enter(grid),
        };
        of_grid.expand(verdict, &mut found);
        let OfGrid { removed, kept, written, .. } = of_grid;
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
    Expanded { excluded, notes: Vec::new(), distinct: found.end(&sweep.grids, done) }
}

/// A grid while it is expanded.
struct OfGrid<'g> {
    number: usize,
    grid: &'g Grid,
    points: &'g Points<'g>,
    constraints: Constraints,
    removed: Removed,
    /// Points that no rule removes.
    kept: u64,
    written: Idle,
}

impl OfGrid<'_> {
    /// Takes in all points, one after the other. Meanwhile another thread looks at those that come after them: not a task of
    /// the pool, since constraints are not to be computed inside it.
    fn expand(&mut self, verdict: &mut Verdict<'_>, found: &mut Found) {
        let points = self.points;
        let asked = Arc::new(Asked::by(std::iter::once(self.grid)));
        let beside = Arc::new(points.get(0).map_or_else(Configuration::default, |first| first.configuration));
        let constrained = !self.constraints.is_empty();
        let whole = AtomicBool::new(true);
        thread::scope(|scope| {
            let (ahead, judged) = sync_channel(0);
            scope.spawn(|| {
                let ahead = ahead;
                for start in (0..points.len()).step_by(AT_ONCE) {
                    let whole = constrained || whole.load(Ordering::Relaxed);
                    if ahead.send((start, judge(points, start, whole, &beside, &asked))).is_err() {
                        break;
                    }
                }
            });
            for (start, judged) in judged {
                if let Err(wrong) = self.take_in(start, judged, verdict, found) {
                    verdict.extend(vec![wrong]);
                    break;
                }
                whole.store(!self.written.is_empty(), Ordering::Relaxed);
            }
        });
    }

    /// Takes in points, from `start` on. The error is that of a constraint that cannot be computed.
    fn take_in(
        &mut self,
        start: u128,
        judged: Vec<Judged>,
        verdict: &mut Verdict<'_>,
        found: &mut Found,
    ) -> Result<(), Diagnostic> {
        let broken = self.broken(&judged).map_err(|(constraint, message)| {
            self.kept += 1;
            Diagnostic::new(self.grid.constraints[constraint].place, format!("cannot be computed: {message}"))
        })?;
        for (index, (judged, broken)) in (start..).zip(judged.into_iter().zip(broken)) {
            if self.removed.count(judged.newcomer.as_ref().err().copied(), broken) {
                continue;
            }
            self.kept += 1;
            verdict.judge(self.points, index, &judged, &mut self.written);
            if let Ok(newcomer) = judged.newcomer {
                found.add(newcomer, self.number);
            }
        }
        Ok(())
    }

    /// For each point the first constraint that removes it.
    fn broken(&mut self, judged: &[Judged]) -> Result<Vec<Option<usize>>, (usize, String)> {
        let mut all = vec![None; judged.len()];
        if self.constraints.is_empty() {
            return Ok(all);
        }
        let of_product: Vec<usize> = (0..judged.len()).filter(|&at| !judged[at].included).collect();
        let whole = |at: usize| judged[at].whole.as_ref().expect("constraints want the whole");
        let points: Vec<&Configuration> = of_product.iter().map(|&at| &whole(at).configuration).collect();
        let Broken { first, decided } = self.constraints.broken(&points)?;
        for (&at, broken) in of_product.iter().zip(first) {
            all[at] = broken;
        }
        self.removed.decided.iter_mut().zip(decided).for_each(|(known, here)| *known |= here);
        Ok(all)
    }
}

/// Points from `start` on, [`AT_ONCE`] unless there are fewer, as a `whole` where that is wanted. All are kept `beside` one
/// of them.
fn judge(
    points: &Points<'_>,
    start: u128,
    whole: bool,
    beside: &Arc<Configuration>,
    asked: &Arc<Asked>,
) -> Vec<Judged> {
    let one = |offset: usize| {
        let point = points.get(start + offset as u128).expect("there are as many points");
        let Candidate { assignment, configuration, excluded, included } = point;
        let newcomer = excluded.map_or_else(|| Ok(Newcomer::of(&configuration, beside, asked)), Err);
        let conflict = conflict(&configuration);
        let whole = whole || included || conflict.is_some();
        let whole = whole.then(|| Box::new(Whole { configuration, assignment, conflict }));
        Judged { newcomer, included, whole }
    };
    let count = points.len().saturating_sub(start).min(AT_ONCE as u128) as usize;
    (0..count).into_par_iter().with_min_len(256).map(one).collect()
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
