//! Which runs have a place in the page that others can link to, and in which order they stand there.

use crate::analysis::{Analysis, Outcome};

/// Runs that the page shows; the file holds all.
pub(super) const SHOWN: usize = 1000;
/// Of those that break a claim, and of those that did not finish, at least as many have a place.
const SPECIAL: usize = 200;

/// The runs of the page.
pub(super) struct Places {
    /// Rows of the runs that have a place, the best configurations first.
    pub rows: Vec<usize>,
    shown: Vec<bool>,
}

impl Places {
    /// All runs, or those that readers look for first: what breaks a claim, what did not finish, the best.
    pub(super) fn of(analysis: &Analysis) -> Self {
        let mut groups: Vec<_> = analysis.groups.iter().collect();
        groups.sort_by_key(|group| (group.rank.unwrap_or(usize::MAX), group.problem));
        let ranked: Vec<usize> = groups.iter().flat_map(|group| group.rows.iter().copied()).collect();
        let failing = analysis.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Fails);
        let breaking = failing.flat_map(|verdict| verdict.breaking.iter().copied());
        let mut shown = vec![false; analysis.records.runs.len()];
        let mut left = SHOWN;
        let unfinished = analysis.ends.unfinished.iter().copied();
        let special = breaking.take(SPECIAL).chain(unfinished.take(SPECIAL));
        for row in special.chain(ranked.iter().copied()) {
            if left > 0 && !shown[row] {
                shown[row] = true;
                left -= 1;
            }
        }
        let rows = ranked.into_iter().filter(|&row| shown[row]).collect();
        Self { rows, shown }
    }

    /// Whether a run has a place.
    pub(super) fn has(&self, row: usize) -> bool {
        self.shown[row]
    }
}
