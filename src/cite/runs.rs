//! Runs with what is kept beside them: where each comes from, and whether it was verified.

use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::origin::{Origin, Process};
use super::verify::Verified;
use crate::analysis::{Records, Unreadable};
use crate::store::{self, Note, Results};

/// The notes that are kept beside results.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Of processes that trained runs.
    pub processes: BTreeMap<String, Note>,
    /// Of runs that were verified.
    pub verified: BTreeMap<String, Note>,
}

impl Notes {
    /// All notes of a folder.
    ///
    /// # Errors
    /// [`store::Error::Damaged`] when one is not what was kept.
    pub fn of(results: &Results) -> store::Result<Self> {
        Ok(Self {
            processes: results.all_provenance()?.into_iter().collect(),
            verified: results.all_verified()?.into_iter().collect(),
        })
    }
}

/// Some runs. A row is a place in all of these.
#[derive(Clone, Debug)]
pub struct Runs {
    /// What they are and what came out: by configuration, then replicate.
    pub records: Records,
    /// The process that trained each, where that was kept.
    pub processes: Vec<Option<Arc<Process>>>,
    /// Whether each was verified.
    pub verified: Vec<Verified>,
}

impl Runs {
    /// The runs of a table, and what the notes say of them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn of(table: &DataFrame, notes: &Notes) -> Result<Self, Unreadable> {
        let records = Records::of(table)?;
        let known: BTreeMap<&str, Arc<Process>> = notes
            .processes
            .iter()
            .filter_map(|(name, note)| Some((name.as_str(), Arc::new(Process::of(note)?))))
            .collect();
        let mut trained: BTreeMap<&str, Arc<Process>> = BTreeMap::new();
        if let Ok(processes) = table.column("process").and_then(|column| column.str()) {
            let runs = table.column("run")?.str()?;
            for (run, process) in runs.iter().zip(processes.iter()) {
                let process = process.and_then(|process| known.get(process));
                trained.extend(run.zip(process).map(|(run, process)| (run, Arc::clone(process))));
            }
        }
        let processes = records.runs.iter().map(|run| trained.get(run.id.as_str()).cloned()).collect();
        let verified =
            records.runs.iter().map(|run| Verified::of(notes.verified.get(&run.id), run.digest.as_deref())).collect();
        Ok(Self { records, processes, verified })
    }

    /// The programs that trained these runs, with how many each; `None` where it was not kept.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<Option<Origin>, usize> {
        let mut origins = BTreeMap::new();
        for process in &self.processes {
            *origins.entry(process.as_ref().map(|process| process.origin.clone())).or_default() += 1;
        }
        origins
    }

    /// The sweep files that they were trained for, by BLAKE3, where that was kept.
    #[must_use]
    pub fn sweeps(&self) -> Vec<(String, Vec<String>)> {
        let mut sweeps: Vec<(String, Vec<String>)> = self
            .processes
            .iter()
            .flatten()
            .filter_map(|process| Some((process.sweep.clone()?, process.overrides.clone())))
            .collect();
        sweeps.sort();
        sweeps.dedup();
        sweeps
    }

    /// Environments with where the runs were trained, and how many each: `(id, device)`.
    #[must_use]
    pub fn environments(&self) -> BTreeMap<(String, String), usize> {
        let mut environments = BTreeMap::new();
        for run in &self.records.runs {
            let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.to_owned());
            let key = (or(&run.environment, "not known"), or(&run.device, "an unknown device"));
            *environments.entry(key).or_default() += 1;
        }
        environments
    }

    /// What decides bits in an environment, in words, where that was kept.
    #[must_use]
    pub fn decides(&self, environment: &str) -> Option<&str> {
        let told = |process: &Arc<Process>| process.environments.contains_key(environment);
        let process = self.processes.iter().flatten().find(|process| told(process))?;
        process.environments.get(environment).map(String::as_str)
    }

    /// When the last of them was trained, in UTC; `None` where that of any was not kept.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        let times = self.processes.iter().map(|process| process.as_ref()?.time.as_deref());
        times.collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}
