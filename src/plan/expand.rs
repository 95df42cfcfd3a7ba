//! From the points of all grids to distinct configurations.

use std::collections::HashMap;
use std::sync::Arc;

use super::verdict::Verdict;
use super::{Excluded, Point};
use crate::config::{Configuration, Id, configuration_id};
use crate::grid::Points;
use crate::sweep::{Invalid, Sweep};

/// The distinct configurations of a sweep, and what each rule of each grid excluded.
pub(super) fn expand(sweep: &Sweep, grids: &[Points<'_>]) -> Result<(Vec<Arc<Point>>, Vec<Excluded>), Invalid> {
    let mut verdict = Verdict::new(sweep);
    let mut found: Vec<(Id, Configuration, usize)> = Vec::new();
    let mut known: HashMap<Id, usize> = HashMap::new();
    let mut memberships = Memberships::default();
    let mut excluded = Vec::new();
    for (number, (grid, points)) in sweep.grids.iter().zip(grids).enumerate() {
        let mut removed = vec![0; grid.exclude.len()];
        let mut written = verdict.enter(grid);
        for (index, candidate) in (0u128..).zip(points.iter()) {
            if let Some(rule) = candidate.excluded {
                removed[rule] += 1;
                continue;
            }
            verdict.judge(points, index, &candidate, &mut written);
            let id = configuration_id(&candidate.configuration);
            if let Some(&at) = known.get(&id) {
                found[at].2 = memberships.with(Some(found[at].2), number);
            } else {
                known.insert(id, found.len());
                found.push((id, candidate.configuration, memberships.with(None, number)));
            }
        }
        verdict.leave(grid, written);
        excluded.extend(grid.exclude.iter().zip(removed).map(|(rule, points)| Excluded {
            grid: grid.name.clone(),
            rule: rule.text.clone(),
            points,
        }));
    }
    verdict.result()?;
    let names: Vec<Arc<[String]>> =
        memberships.0.iter().map(|set| set.iter().map(|&n| sweep.grids[n].name.clone()).collect()).collect();
    let point = |(id, configuration, set): (Id, Configuration, usize)| {
        Arc::new(Point { id, configuration, grids: Arc::clone(&names[set]) })
    };
    Ok((found.into_iter().map(point).collect(), excluded))
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
