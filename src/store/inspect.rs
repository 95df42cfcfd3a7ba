//! What a check looks at beside tables and journal: sweeps, weights, paused runs, claims, and what is nobody's.

use std::collections::BTreeSet;
use std::path::Path;

use super::check::{Check, Grade, NONE, REPAIR, Read, check_on};
use super::claims::{LOCK, RUNS, stale_lock, token};
use super::error::{Error, Result};
use super::layout::{Layout, TABLES, is_hash, is_token};
use super::manifest::Manifest;
use super::merge::Summary;
use super::notes::About;
use super::state::segment_names;
use super::{notes, tasks, unfinished, weights};
use crate::config::Id;

/// A folder that hands the sweep to Slurm keeps its scripts and logs in: none of the store's.
const SLURM: &str = "slurm";

impl Check<'_> {
    /// Every sweep that was run, and the last one.
    pub(super) fn sweeps(&mut self, manifest: Option<&Manifest>) -> Result<()> {
        const COPY: &str = "Put back a copy of it; or run that sweep again, which keeps its file again";
        let folder = self.layout.sweeps();
        let names = self.list(&folder)?;
        let mut whole = BTreeSet::new();
        for name in &names {
            let path = folder.join(name);
            let Some(hash) = name.strip_suffix(".yaml").filter(|hash| is_hash(hash)) else {
                self.leftover_or_foreign(&path)?;
                continue;
            };
            if let Read::Bytes(bytes) = self.read(&path, "none")? {
                if blake3::hash(&bytes).to_hex().as_str() == hash {
                    whole.insert(hash);
                } else {
                    self.find(Grade::Damaged, &path, "it is not the sweep file of its name", "none", COPY);
                }
            }
        }
        let path = self.layout.sweep();
        let text = self.read(&path, "none")?;
        // Those of shards are in no manifest before they are gathered.
        let segments = segment_names(self.files, &self.layout);
        let segments = self.noted(segments, "none")?.unwrap_or_default();
        let (_, versions) = tasks::versions(&tasks::whole(self.files, &self.layout, manifest, &segments), manifest);
        let hashes: BTreeSet<&str> = versions.iter().map(|version| version.hash.as_str()).collect();
        for hash in hashes {
            if self.is_missing(&names, hash)? {
                self.find(Grade::Damaged, &folder.join(format!("{hash}.yaml")), "it is missing", "none", COPY);
            }
        }
        let Some(version) = versions.last() else { return Ok(()) };
        let copy = if whole.contains(version.hash.as_str()) {
            let copy = folder.join(format!("{}.yaml", version.hash));
            format!("Copy {} there; or run that sweep again, which does so", copy.display())
        } else {
            COPY.to_owned()
        };
        match text {
            Read::Missing => self.find(Grade::Damaged, &path, "it is missing", "none", &copy),
            // A process may have ended between keeping its sweep and saying so.
            Read::Bytes(text) => {
                let hash = blake3::hash(&text).to_hex();
                if hash.as_str() != version.hash && self.is_missing(&names, hash.as_str())? {
                    self.find(Grade::Damaged, &path, "it is no sweep that was run here", "none", &copy);
                }
            }
            Read::Unreadable => {}
        }
        Ok(())
    }

    /// Whether there is no sweep file of this hash, beside those that were listed: perhaps none could be.
    fn is_missing(&mut self, listed: &[String], hash: &str) -> Result<bool> {
        let name = format!("{hash}.yaml");
        Ok(!listed.contains(&name) && matches!(self.read(&self.layout.sweeps().join(name), "none")?, Read::Missing))
    }

    /// Weights, by the records that they belong to.
    pub(super) fn weights(&mut self) -> Result<()> {
        let folder = self.layout.weights();
        for name in self.list(&folder)? {
            let path = folder.join(&name);
            let Some(run) = name.strip_suffix(".safetensors").and_then(|run| run.parse::<Id>().ok()) else {
                self.leftover_or_foreign(&path)?;
                continue;
            };
            let Read::Bytes(_) = self.read(&path, &run.to_string())? else { continue };
            let Some(saved) = self.saved.get(&run).cloned() else {
                if self.has_all {
                    let what = "weights of a run that is not saved";
                    let remedy = "Nothing: they are replaced when the run is trained";
                    self.find(Grade::Leftover, &path, what, run.to_string(), remedy);
                }
                continue;
            };
            let read = weights::read(self.files, &path, run, &saved.digest);
            let are_others = matches!(read, Err(Error::Damaged { .. }));
            if are_others && self.does_not_count(run, &saved, &path) {
                let what = "weights of an attempt that does not count";
                self.find(Grade::Leftover, &path, what, run.to_string(), "Remove it if you have no use for it");
            } else if are_others && !self.has_all {
                let what = "its weights may be those of a record that cannot be read";
                self.find(
                    Grade::Unreadable,
                    &path,
                    what,
                    run.to_string(),
                    "See to tables and journal, and check again",
                );
            } else {
                self.noted(read, &run.to_string())?;
            }
        }
        Ok(())
    }

    /// Whether weights that are not those of the record that counts are no loss: it failed, and a process was killed after
    /// it had saved the weights of another attempt and before its record; or they are those of a record that was set aside.
    fn does_not_count(&self, run: Id, saved: &Summary, path: &Path) -> bool {
        let name = run.to_string();
        let mut others = self.aside.iter().filter(|aside| aside.run == name).map(|aside| &aside.digest);
        saved.can_be_retried() || others.any(|digest| weights::read(self.files, path, run, digest).is_ok())
    }

    /// Where runs were paused.
    pub(super) fn unfinished(&mut self) -> Result<()> {
        let folder = self.layout.unfinished();
        for name in self.list(&folder)? {
            let path = folder.join(&name);
            let Ok(run) = name.parse::<Id>() else {
                self.leftover_or_foreign(&path)?;
                continue;
            };
            // Where there is none any more, the run has ended since.
            let Read::Bytes(bytes) = self.read(&path, &run.to_string())? else { continue };
            if unfinished::decode(run, &bytes).is_none() {
                let what = "where a paused run was is not what was saved; it begins anew, to the same result";
                self.find(Grade::Leftover, &path, what, run.to_string(), REPAIR);
            } else if self.saved.get(&run).is_some_and(|saved| !saved.can_be_retried()) {
                let what = "where a run was paused that has ended since";
                self.find(Grade::Leftover, &path, what, NONE, REPAIR);
            }
        }
        Ok(())
    }

    /// Processes at work, and what others have left of themselves.
    pub(super) fn claims(&mut self) -> Result<()> {
        let folder = self.layout.claims();
        let names = self.list(&folder)?;
        for name in &names {
            let path = folder.join(name);
            if token(name, RUNS).is_some() {
                let Read::Bytes(_) = self.read(&path, NONE)? else { continue };
                let what = "runs that a process has taken: it is at work, or has ended without a word";
                self.find(Grade::Leftover, &path, what, NONE, "Nothing: the next process sees which");
            } else if stale_lock(name, &names).is_some() {
                let Read::Bytes(_) = self.read(&path, NONE)? else { continue };
                let what = "the lock of a process that has ended without a word, unless it is just beginning";
                self.find(Grade::Leftover, &path, what, NONE, REPAIR);
            } else if name == LOCK || token(name, LOCK).is_some() {
                self.read(&path, NONE)?;
            } else {
                self.foreign(&path);
            }
        }
        Ok(())
    }

    /// Where runs come from, and what verifications found.
    pub(super) fn notes(&mut self) -> Result<()> {
        for about in About::ALL {
            let folder = about.folder(&self.layout);
            let before = self.checked.findings.len();
            let names = self.list(&folder)?;
            if about == About::Process && self.checked.findings.len() > before {
                // What is there cannot be told, nor what is missing.
                self.processes.clear();
            }
            for name in names {
                let path = folder.join(&name);
                let Some(of) = about.of(&name) else {
                    self.leftover_or_foreign(&path)?;
                    continue;
                };
                let runs = match about {
                    About::Process => self.processes.remove(of).map(|runs| format!("{runs} that this process trained")),
                    About::Run => Some(of.to_owned()),
                    About::Task => None,
                };
                let runs = runs.unwrap_or_else(|| NONE.to_owned());
                let Read::Bytes(bytes) = self.read(&path, &runs)? else { continue };
                self.noted(notes::decode(&path, of, &bytes), &runs)?;
            }
        }
        for (process, runs) in std::mem::take(&mut self.processes).into_iter().filter(|(name, _)| is_token(name)) {
            let path = About::Process.path(&self.layout, &process);
            let what = "which program and machine trained these runs, and when, is not known";
            let remedy = "Put back a copy of it, if there is one: the runs themselves do not need it, but no citation can \
                          name their version";
            self.find(Grade::Missing, &path, what, format!("{runs} that this process trained"), remedy);
        }
        Ok(())
    }

    /// Records of other results, each folder of which holds results of its own.
    pub(super) fn asides(&mut self) -> Result<()> {
        let folder = self.layout.aside();
        for name in self.list(&folder)? {
            let path = folder.join(&name);
            if !is_token(&name) {
                self.foreign(&path);
                continue;
            }
            // It is written last.
            let Read::Bytes(_) = self.read(&Layout::new(&path).manifest(), NONE)? else {
                let what = "records that a merge was about to keep aside when it ended";
                self.find(Grade::Leftover, &path, what, NONE, "Merge the same folders again");
                continue;
            };
            let checked = check_on(self.files, &path);
            if let Some(mut checked) = self.noted(checked, NONE)? {
                // Where their runs come from is kept with that of all others.
                checked.findings.retain(|finding| finding.grade != Grade::Missing);
                self.add(checked);
            }
        }
        Ok(())
    }

    /// What lies beside all that.
    pub(super) fn rest(&mut self) -> Result<()> {
        self.read(&self.layout.lock(), NONE)?;
        let mut known: Vec<&str> = TABLES.iter().map(|table| table.file()).collect();
        known.extend(["manifest.json", "compaction.json", "sweep.yaml", ".lock"]);
        known.extend([
            "journal",
            "sweeps",
            "weights",
            "unfinished",
            "claims",
            "provenance",
            "verified",
            "tasks",
            "aside",
            SLURM,
        ]);
        let root = self.layout.root().to_path_buf();
        for name in self.list(&root)? {
            if !known.contains(&name.as_str()) {
                self.leftover_or_foreign(&root.join(&name))?;
            }
        }
        Ok(())
    }
}
