//! Which record of a run counts, where several folders have one. Pure, and but for the order of records that differ, the
//! order of the folders decides nothing.

use std::collections::BTreeMap;

use super::manifest::{SetAside, Why};
use super::merge::Summary;
use crate::config::Id;

/// A record of a run in one of several folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The folder, by its place.
    pub(super) folder: usize,
    pub(super) summary: Summary,
    /// The process that trained it, where that is known.
    pub(super) process: Option<String>,
    pub(super) device: Option<String>,
}

/// What becomes of a record that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has the same result as another: it is not needed.
    Same,
    /// It failed, and another did not, or failed in another way: it is named.
    Named(SetAside),
    /// It has another result: it is kept whole.
    Kept(SetAside),
}

/// What was decided of the records of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The folder of the record that counts.
    pub(super) folder: usize,
    /// The others, by folder.
    pub(super) others: Vec<(usize, Fate)>,
}

impl Candidate {
    /// An order of records with one result, whatever folders they are in.
    fn key(&self) -> impl Ord + '_ {
        let Summary { status, reason, digest, environment, seconds } = &self.summary;
        (&self.process, *seconds, environment, &self.device, status.to_string(), reason, digest)
    }

    fn set_aside(&self, run: Id, why: Why, kept: &Self) -> SetAside {
        SetAside {
            run: run.to_string(),
            why,
            status: self.summary.status.to_string(),
            reason: self.summary.reason.clone(),
            digest: self.summary.digest.clone(),
            environment: self.summary.environment.clone(),
            kept: kept.summary.digest.clone(),
        }
    }
}

/// Chooses among the records of a run, in the order of the folders. What `resident` says of a folder is whether its records
/// stay: it is the one that all the others go into.
///
/// One that ended well counts before one that failed; of results that differ, that of the first folder. Among those of equal
/// result the resident one counts, or else the first in an order of records.
pub(super) fn choose(run: Id, candidates: &[Candidate], resident: &dyn Fn(usize) -> bool) -> Chosen {
    let well = || candidates.iter().filter(|candidate| !candidate.summary.can_be_retried());
    let first = well().next();
    let equal = |candidate: &&Candidate| match first {
        Some(first) => !candidate.summary.can_be_retried() && candidate.summary.digest == first.summary.digest,
        None => true,
    };
    let counts = candidates.iter().filter(equal).min_by_key(|one| (!resident(one.folder), one.key()));
    let counts = counts.expect("a run has a record");
    // Of each other result one record is kept.
    let mut results: BTreeMap<(&str, &str), &Candidate> = BTreeMap::new();
    for one in well().filter(|one| one.summary.digest != counts.summary.digest) {
        let kept = results.entry((&one.summary.digest, &one.summary.environment)).or_insert(one);
        if one.key() < kept.key() {
            *kept = one;
        }
    }
    let differs = |one: &Summary, other: &Summary| one.environment == other.environment && one.digest != other.digest;
    let fate = |one: &Candidate| {
        if one.summary.can_be_retried() {
            let same = one.summary == counts.summary;
            return if same { Fate::Same } else { Fate::Named(one.set_aside(run, Why::Superseded, counts)) };
        }
        match results.get(&(one.summary.digest.as_str(), one.summary.environment.as_str())) {
            Some(kept) if std::ptr::eq(*kept, one) => {
                let is_conflict = well().any(|other| differs(&one.summary, &other.summary));
                let why = if is_conflict { Why::Conflict } else { Why::OtherEnvironment };
                Fate::Kept(one.set_aside(run, why, counts))
            }
            _ => Fate::Same,
        }
    };
    let others = candidates.iter().filter(|one| !std::ptr::eq(*one, counts)).map(|one| (one.folder, fate(one)));
    Chosen { folder: counts.folder, others: others.collect() }
}

#[cfg(test)]
#[path = "tests/choose.rs"]
mod tests;
