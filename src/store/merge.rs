//! Which record of a run counts, where there are several. Pure.
//!
//! The first record of a run stays. One that failed or timed out gives way to a later one. Another digest of the same
//! run is a conflict within one environment, and expected in another; either way the first record stays and the other is
//! named, not dropped.

use std::collections::{BTreeMap, HashSet};

use super::manifest::{SetAside, Why};
use super::record::Record;
use crate::config::Id;
use crate::train::Status;

/// What decides between two records of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) digest: String,
    pub(super) environment: String,
    /// The bits of the seconds that it took, which tell two attempts apart that ended alike.
    pub(super) seconds: u64,
}

impl Summary {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            status: record.status,
            reason: record.reason.clone(),
            digest: record.digest.clone(),
            environment: record.environment.clone(),
            seconds: record.seconds.to_bits(),
        }
    }

    /// Whether training it again may give another end.
    pub(super) fn can_be_retried(&self) -> bool {
        matches!(self.status, Status::Failed | Status::TimedOut)
    }
}

/// What counts of the journal, beside what is in the parts. `T` is where a record stands.
#[derive(Debug)]
pub(super) struct Merged<T> {
    /// The records of the journal that count.
    pub(super) fresh: Vec<T>,
    /// Runs in the parts that a record of the journal replaces.
    pub(super) replaced: HashSet<Id>,
    /// Records that do not count.
    pub(super) set_aside: Vec<SetAside>,
}

impl<T> Default for Merged<T> {
    fn default() -> Self {
        Self { fresh: Vec::new(), replaced: HashSet::new(), set_aside: Vec::new() }
    }
}

/// Compares the records of the journal, oldest first, with those in the parts and with each other.
pub(super) fn merge<T>(saved: &BTreeMap<Id, Summary>, journal: impl Iterator<Item = (Id, Summary, T)>) -> Merged<T> {
    let mut merged = Merged::default();
    let mut fresh: BTreeMap<Id, (usize, Summary, T)> = BTreeMap::new();
    for (position, (run, new, place)) in journal.enumerate() {
        let old = fresh.get(&run).map(|(_, summary, _)| summary).or_else(|| saved.get(&run)).cloned();
        let Some(old) = old else {
            fresh.insert(run, (position, new, place));
            continue;
        };
        let why = match (old.can_be_retried(), new.can_be_retried()) {
            _ if old == new => continue,
            (true, _) => Why::Superseded,
            (false, true) => Why::FailedLater,
            (false, false) if old.digest == new.digest => continue,
            (false, false) if old.environment == new.environment => Why::Conflict,
            (false, false) => Why::OtherEnvironment,
        };
        let superseded = why == Why::Superseded;
        let (aside, kept) = if superseded { (&old, &new) } else { (&new, &old) };
        merged.set_aside.push(SetAside {
            run: run.to_string(),
            why,
            status: aside.status.to_string(),
            reason: aside.reason.clone(),
            digest: aside.digest.clone(),
            environment: aside.environment.clone(),
            kept: kept.digest.clone(),
        });
        if superseded {
            fresh.insert(run, (position, new, place));
            if saved.contains_key(&run) {
                merged.replaced.insert(run);
            }
        }
    }
    let mut fresh: Vec<_> = fresh.into_values().collect();
    fresh.sort_by_key(|(position, ..)| *position);
    merged.fresh = fresh.into_iter().map(|(_, _, place)| place).collect();
    merged
}

#[cfg(test)]
#[path = "tests/merge.rs"]
mod tests;
