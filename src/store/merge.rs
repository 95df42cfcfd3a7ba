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
}

impl Summary {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            status: record.status,
            reason: record.reason.clone(),
            digest: record.digest.clone(),
            environment: record.environment.clone(),
        }
    }

    /// Whether training it again may give another end.
    pub(super) fn can_be_retried(&self) -> bool {
        matches!(self.status, Status::Failed | Status::TimedOut)
    }
}

/// What counts of the journal, beside what is in the parts.
#[derive(Debug, Default)]
pub(super) struct Merged<'a> {
    /// The records of the journal that count.
    pub(super) fresh: Vec<&'a Record>,
    /// Runs in the parts that a record of the journal replaces.
    pub(super) replaced: HashSet<Id>,
    /// Records that do not count.
    pub(super) set_aside: Vec<SetAside>,
}

/// Compares the records of the journal, oldest first, with those in the parts and with each other.
pub(super) fn merge<'a>(saved: &BTreeMap<Id, Summary>, journal: impl Iterator<Item = &'a Record>) -> Merged<'a> {
    let mut merged = Merged::default();
    let mut fresh: BTreeMap<Id, (usize, &'a Record)> = BTreeMap::new();
    for (position, record) in journal.enumerate() {
        let run = record.identity.run;
        let new = Summary::of(record);
        let old = fresh.get(&run).map(|(_, record)| Summary::of(record)).or_else(|| saved.get(&run).cloned());
        let Some(old) = old else {
            fresh.insert(run, (position, record));
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
        let (aside, kept) = if why == Why::Superseded { (old, new.digest) } else { (new, old.digest) };
        merged.set_aside.push(SetAside {
            run: run.to_string(),
            why,
            status: aside.status.to_string(),
            reason: aside.reason,
            digest: aside.digest,
            environment: aside.environment,
            kept,
        });
        if why == Why::Superseded {
            fresh.insert(run, (position, record));
            if saved.contains_key(&run) {
                merged.replaced.insert(run);
            }
        }
    }
    let mut fresh: Vec<_> = fresh.into_values().collect();
    fresh.sort_by_key(|(position, _)| *position);
    merged.fresh = fresh.into_iter().map(|(_, record)| record).collect();
    merged
}

#[cfg(test)]
#[path = "tests/merge.rs"]
mod tests;
