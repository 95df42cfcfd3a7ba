//! What a verification found, as it is kept beside the results and read by citations and reports.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::archive::Saved;
use super::compare::{Compared, Comparison, Difference};
use super::verified::Verified;
use crate::cite::provenance::{now, program};
use crate::config::Id;
use crate::store::{Note, Result, Results, keep_verified};
use crate::train::{Device, Environment, environment};

/// What training a run again came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that is saved is the same bits, the digest included.
    BitwiseEqual,
    /// It was trained where other bits may come out, and nothing differs by more than the tolerance.
    WithinTolerance,
    /// Something differs.
    Different,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BitwiseEqual => "bitwise equal",
            Self::WithinTolerance => "within tolerance",
            Self::Different => "different",
        })
    }
}

/// What decides bits and is not the same in two environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its name: `numerics`, `device`, `vectors`.
    pub name: String,
    /// Where the run that is saved was trained; absent where nothing is known of it.
    pub saved: Option<String>,
    /// Where it was trained again.
    pub trained: Option<String>,
}

/// What a verification of a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// What it came to.
    pub verdict: Verdict,
    /// The digest of the record that was verified. Of a record with another one, this says nothing.
    pub digest: String,
    /// The digest that training again gave; empty where what is saved belongs to another run, which was not trained.
    pub trained_digest: String,
    /// Whether what is saved has the digest that is saved; absent where that cannot be told, since weights were not kept
    /// and training gave others.
    pub is_whole: Option<bool>,
    /// How much was compared.
    pub compared: Compared,
    /// How many of the values differ, the digest not among them.
    pub differing: u64,
    /// The first value that differs: in the order of epochs, then what is found at the end.
    pub first: Option<Difference>,
    /// The value that differs most.
    pub largest: Option<Difference>,
    /// The relative difference up to which another environment is within tolerance.
    pub tolerance: f64,
    /// The environment of the record.
    pub environment: String,
    /// The environment in which it was trained again.
    pub trained_environment: String,
    /// What differs between the two, as far as it is known; nothing where they are one.
    pub facts: Vec<Fact>,
    /// The device on which it was trained again.
    pub device: String,
    /// The program that trained it again: version, source commit, whether that was modified.
    pub ablate: Program,
    /// When, in UTC.
    pub time: String,
}

/// A version of Ablate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// The commit of its source, where it has one.
    pub commit: Option<String>,
    /// Whether the source had changes beside the commit.
    pub modified: Option<bool>,
}

impl Verification {
    /// What the last verification of a run found; `None` where there was none, or where it was one of another record: its
    /// digest is not the one that is saved.
    ///
    /// # Errors
    /// When what is kept of it is damaged.
    pub fn of(results: &Results, run: Id) -> Result<Option<Self>> {
        match Verified::of(results.verified(run)?.as_ref(), digest_of(results, run).as_deref()) {
            Verified::Found(found) => Ok(Some(*found)),
            _ => Ok(None),
        }
    }

    /// Reads a note; `None` where it is none that this version understands.
    pub(super) fn read(note: Note) -> Option<Self> {
        serde_json::from_value(Value::Object(note)).ok()
    }

    /// Keeps it beside the results in `folder`, in the place of the one before.
    ///
    /// # Errors
    /// Errors of the operating system, and a link in the place of a folder.
    pub fn keep(&self, folder: &Path, run: Id) -> Result<()> {
        let Value::Object(note) = json!(self) else { return Ok(()) };
        keep_verified(folder, run, &note)
    }

    /// A verification of what is saved, from a comparison with what training gave on a device.
    pub(super) fn new(results: &Results, saved: &Saved, found: Comparison, device: Device, tolerance: f64) -> Self {
        let here = environment(&device);
        let old = &saved.outcome;
        // Elsewhere than on the processor, bits depend on the number of runs that are trained together.
        let promised = old.environment == here.id() && device == Device::Cpu;
        let verdict = if found.is_equal(saved) {
            Verdict::BitwiseEqual
        } else if !promised && found.is_whole != Some(false) && found.largest_relative() <= tolerance {
            Verdict::WithinTolerance
        } else {
            Verdict::Different
        };
        Self {
            verdict,
            is_whole: found.is_whole,
            compared: found.compared,
            differing: found.differing,
            trained_digest: found.digest,
            first: found.first,
            largest: found.largest,
            facts: facts(results, saved, &here),
            ..Self::blank(&old.digest, &old.environment, device, tolerance)
        }
    }

    /// That the configuration and the seeds of a record are those of another run.
    pub(super) fn altered(saved: &Saved, ids: [Id; 2], tolerance: f64) -> Self {
        let [saved_id, computed] = ids.map(|id| id.to_string());
        let first =
            Difference { quantity: "run".into(), epoch: None, saved: saved_id, trained: computed, relative: None };
        Self {
            is_whole: Some(false),
            differing: 1,
            largest: Some(first.clone()),
            first: Some(first),
            ..Self::blank(&saved.outcome.digest, &saved.outcome.environment, Device::Cpu, tolerance)
        }
    }

    fn blank(digest: &str, environment_of_record: &str, device: Device, tolerance: f64) -> Self {
        Self {
            verdict: Verdict::Different,
            digest: digest.to_owned(),
            trained_digest: String::new(),
            is_whole: None,
            compared: Compared::default(),
            differing: 0,
            first: None,
            largest: None,
            tolerance,
            environment: environment_of_record.to_owned(),
            trained_environment: environment(&device).id(),
            facts: Vec::new(),
            device: device.to_string(),
            ablate: Program::this(),
            time: now(),
        }
    }

    /// Whether it was trained again in the environment of the record.
    #[must_use]
    pub fn same_environment(&self) -> bool {
        self.environment == self.trained_environment
    }
}

impl Program {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let program = program();
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            commit: program["commit"].as_str().map(str::to_owned),
            modified: program["modified"].as_bool(),
        }
    }
}

/// The digest of a run's record.
fn digest_of(results: &Results, run: Id) -> Option<String> {
    let runs = results.runs();
    let row = runs.column("run").ok()?.str().ok()?.iter().position(|id| id == Some(run.to_string().as_str()))?;
    runs.column("digest").ok()?.str().ok()?.get(row).map(str::to_owned)
}

/// What differs between the environment of a record and this one, from what was kept of the process that trained it. What
/// is not known of it differs.
fn facts(results: &Results, saved: &Saved, here: &Environment) -> Vec<Fact> {
    let id = &saved.outcome.environment;
    if *id == here.id() {
        return Vec::new();
    }
    let note = saved.process.as_ref().and_then(|process| results.provenance(process).ok().flatten());
    let environments = note.as_ref().and_then(|note| note.get("environments")?.as_array());
    let there = environments.into_iter().flatten().find(|environment| environment["id"] == id.as_str());
    let there = there.and_then(|environment| environment["decides"].as_object());
    let mut facts: Vec<Fact> = Vec::new();
    for (name, value) in there.into_iter().flatten() {
        let saved = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.push(Fact { name: name.clone(), saved: Some(saved), trained: None });
    }
    for (name, value) in &here.facts {
        match facts.iter_mut().find(|fact| fact.name == *name) {
            Some(fact) => fact.trained = Some(value.clone()),
            None => facts.push(Fact { name: (*name).to_owned(), saved: None, trained: Some(value.clone()) }),
        }
    }
    facts.retain(|fact| fact.saved != fact.trained);
    facts
}
