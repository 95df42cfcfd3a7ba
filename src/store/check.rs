//! Whether saved results are whole: every file of a folder is looked at and accounted for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::claims::RUNS;
use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, open_if_there, read_if_there};
use super::layout::{Layout, NEW, SEGMENT, TABLES, TORN, Table};
use super::manifest::{Documents, Manifest, SetAside};
use super::merge::{Summary, merge};
use super::parts::PartReader;
use super::results::require_results;
use super::segment::scan;
use super::state::{beside_others, require_no_parts, summaries, told};
use super::window::Window;
use super::{unfinished, weights};
use crate::config::Id;

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Saved bytes are not what was saved.
    Damaged,
    /// What a killed process has left, or one at work is writing: nothing that was reported as saved.
    Leftover,
    /// No file of Ablate's.
    Foreign,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub grade: Grade,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
    /// The runs that it is about, in words.
    pub runs: String,
    /// What to do.
    pub remedy: String,
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files that were looked at.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Runs in the tables and in the journal that can be read.
    pub runs: usize,
    /// What was found, by path.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// Whether saved bytes are not what was saved.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.findings.iter().any(|finding| finding.grade == Grade::Damaged)
    }
}

/// Looks at every file of a folder of results, and changes nothing.
///
/// # Errors
/// [`Error::Missing`] when there are no results, and errors of the operating system.
pub fn check(folder: &Path) -> Result<Checked> {
    check_on(&Disk, folder)
}

pub(super) fn check_on(files: &dyn Files, folder: &Path) -> Result<Checked> {
    let layout = Layout::new(folder);
    require_results(files, &layout)?;
    // What another process folds meanwhile is in neither place, or in none that was looked at.
    beside_others(files, &layout, |documents| {
        let (layout, checked) = (layout.clone(), Checked::default());
        let mut check = Check { files, layout, checked, saved: BTreeMap::new(), aside: Vec::new() };
        let manifest = check.documents(&documents)?;
        check.parts(manifest.as_ref())?;
        check.journal()?;
        check.sweeps(manifest.as_ref())?;
        check.weights()?;
        check.unfinished()?;
        check.rest()?;
        check.checked.findings.sort_by(|a, b| a.path.cmp(&b.path));
        check.checked.runs = check.saved.len();
        Ok(check.checked)
    })
}

/// A check under way.
struct Check<'a> {
    files: &'a dyn Files,
    layout: Layout,
    checked: Checked,
    /// What was saved of runs, as far as it can be read.
    saved: BTreeMap<Id, Summary>,
    /// The records that do not count, with the same limit.
    aside: Vec<SetAside>,
}

impl Check<'_> {
    fn find(&mut self, grade: Grade, path: &Path, what: impl Into<String>, runs: impl Into<String>, remedy: &str) {
        let (path, what, runs) = (path.to_path_buf(), what.into(), runs.into());
        self.checked.findings.push(Finding { grade, path, what, runs, remedy: remedy.to_owned() });
    }

    /// Takes note of what an error of reading says is damaged; others are errors.
    fn damaged<T>(&mut self, read: Result<T>, runs: &str) -> Result<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Error::Damaged { path, what, remedy }) => {
                self.find(Grade::Damaged, &path, what, runs, &remedy);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a file that is there.
    fn read(&mut self, path: &Path) -> Result<Option<Vec<u8>>> {
        let bytes = read_if_there(self.files, path)?;
        if let Some(bytes) = &bytes {
            self.checked.files += 1;
            self.checked.bytes += bytes.len() as u64;
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        self.files.list(folder).map_err(io_error("list", folder))
    }

    /// The manifest that holds.
    fn documents(&mut self, documents: &Documents) -> Result<Option<Manifest>> {
        const ALL: &str = "all runs of the tables";
        for path in [self.layout.manifest(), self.layout.compaction()] {
            self.read(&path)?;
        }
        let decision = documents.decision(&self.layout);
        let decision = self.damaged(decision, ALL)?.flatten();
        let manifest = documents.manifest(&self.layout);
        let whole = self.damaged(manifest, ALL)?;
        let manifest = whole.clone().flatten();
        // Parts never come without a manifest: it is written first.
        if decision.is_none() && matches!(whole, Some(None)) {
            let without = require_no_parts(self.files, &self.layout);
            self.damaged(without, ALL)?;
        }
        if decision.is_some() {
            let path = self.layout.compaction();
            let what = "a process ended while it put new tables in place";
            self.find(Grade::Leftover, &path, what, "none: all are there", REPAIR);
        }
        let manifest = decision.map(|decision| decision.manifest).or(manifest);
        self.aside.extend(manifest.iter().flat_map(|manifest| manifest.set_aside.clone()));
        Ok(manifest)
    }

    fn parts(&mut self, manifest: Option<&Manifest>) -> Result<()> {
        let decided = self.layout.compaction();
        let decided = read_if_there(self.files, &decided)?.is_some();
        for table in TABLES {
            let path = self.layout.part(table.file());
            self.read(&path)?;
            let Some(part) = manifest.and_then(|manifest| manifest.part(table)) else { continue };
            let runs = match table {
                Table::Runs => format!("all {} runs of the tables", part.rows),
                Table::Curves => "the learning curves of all runs of the tables".to_owned(),
                Table::Predictions => "the predictions of all runs of the tables".to_owned(),
            };
            let reader = PartReader::open(self.files, &self.layout, part, decided, table.rows_at_once());
            let Some(mut reader) = self.damaged(reader, &runs)? else { continue };
            // Every row is read, as whoever uses it would.
            loop {
                let rows = reader.next();
                let Some(Some(rows)) = self.damaged(rows, &runs)? else { break };
                if table == Table::Runs {
                    self.saved.extend(summaries(&rows)?);
                }
            }
        }
        Ok(())
    }

    fn journal(&mut self) -> Result<()> {
        let mut found = Vec::new();
        let at_work = self.list(&self.layout.claims())?.iter().any(|name| name.ends_with(RUNS));
        for name in self.list(&self.layout.journal())? {
            let path = self.layout.segment(&name);
            if name.ends_with(TORN) {
                self.read(&path)?;
                let what = "what a repair has cut from the journal: it is no whole record, and does not count";
                self.find(Grade::Leftover, &path, what, "none that is saved", "Remove it if you have no use for it");
                continue;
            }
            if !name.ends_with(SEGMENT) {
                self.foreign(&path);
                continue;
            }
            // It was folded since it was listed: that will be noticed.
            let Some(source) = open_if_there(self.files, &path)? else { continue };
            let mut bytes = Window::new(source).map_err(io_error("read", &path))?;
            self.checked.files += 1;
            self.checked.bytes += bytes.size() as u64;
            let before = found.len();
            let read = scan(&mut bytes, &mut |_, record| found.push((record.identity.run, Summary::of(&record))));
            let whole = found.len() - before;
            let runs = format!("those behind the damage; {whole} runs of it are whole");
            let Some(scan) = self.damaged(read.map_err(|fault| told(&path, fault)), &runs)? else { continue };
            if scan.torn > 0 {
                let what = format!("{} bytes are no whole record: a process was saving it when it ended", scan.torn);
                let remedy = if at_work { "Nothing, if a process is at work; otherwise `--repair`" } else { REPAIR };
                self.find(Grade::Leftover, &path, what, "one that was never reported as saved", remedy);
            }
        }
        let found = found.into_iter().map(|(run, summary)| (run, summary.clone(), (run, summary)));
        let merged = merge(&self.saved, found);
        self.saved.extend(merged.fresh);
        self.aside.extend(merged.set_aside);
        Ok(())
    }

    fn sweeps(&mut self, manifest: Option<&Manifest>) -> Result<()> {
        const COPY: &str = "Put back a copy of it; or run the sweep again, which keeps its file again";
        for name in self.list(&self.layout.sweeps())? {
            let path = self.layout.sweeps().join(&name);
            let Some(hash) = name.strip_suffix(".yaml").filter(|hash| hash.len() == 64) else {
                self.leftover_or_foreign(&path)?;
                continue;
            };
            let bytes = self.read(&path)?.unwrap_or_default();
            if blake3::hash(&bytes).to_hex().as_str() != hash {
                self.find(Grade::Damaged, &path, "it is not the sweep file of its name", "none", COPY);
            }
        }
        let path = self.layout.sweep();
        let text = self.read(&path)?;
        let Some(version) = manifest.and_then(|manifest| manifest.versions.last()) else { return Ok(()) };
        let kept = self.layout.sweeps().join(format!("{}.yaml", version.hash));
        if read_if_there(self.files, &kept)?.is_none() {
            self.find(Grade::Damaged, &kept, "it is missing", "none", COPY);
        }
        match text {
            None => self.find(Grade::Damaged, &path, "it is missing", "none", COPY),
            // A process may have ended between keeping its sweep and saying so.
            Some(text) if blake3::hash(&text).to_hex().as_str() != version.hash => {
                let hash = blake3::hash(&text).to_hex();
                let known = read_if_there(self.files, &self.layout.sweeps().join(format!("{hash}.yaml")))?.is_some();
                if !known {
                    self.find(Grade::Damaged, &path, "it is no sweep that was run here", "none", COPY);
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn weights(&mut self) -> Result<()> {
        for name in self.list(&self.layout.weights())? {
            let path = self.layout.weights().join(&name);
            let Some(run) = name.strip_suffix(".safetensors").and_then(|run| run.parse::<Id>().ok()) else {
                self.leftover_or_foreign(&path)?;
                continue;
            };
            self.read(&path)?;
            let Some(saved) = self.saved.get(&run).cloned() else {
                let what = "weights of a run that is not saved";
                let remedy = "Nothing: they are replaced when the run is trained";
                self.find(Grade::Leftover, &path, what, run.to_string(), remedy);
                continue;
            };
            let read = weights::read(self.files, &path, run, &saved.digest);
            let does_not_count = matches!(read, Err(Error::Damaged { .. })) && self.does_not_count(run, &saved, &path);
            if does_not_count {
                let what = "weights of an attempt that does not count";
                self.find(Grade::Leftover, &path, what, run.to_string(), "Remove it if you have no use for it");
            } else {
                self.damaged(read, &run.to_string())?;
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

    fn unfinished(&mut self) -> Result<()> {
        for name in self.list(&self.layout.unfinished())? {
            let path = self.layout.unfinished().join(&name);
            let Ok(run) = name.parse::<Id>() else {
                self.leftover_or_foreign(&path)?;
                continue;
            };
            // The run has ended since.
            let Some(_) = self.read(&path)? else { continue };
            if unfinished::load(self.files, &self.layout, run).is_none() {
                let what = "where a paused run was is not what was saved; it begins anew, to the same result";
                self.find(Grade::Leftover, &path, what, run.to_string(), REPAIR);
            }
        }
        Ok(())
    }

    /// What lies beside all that.
    fn rest(&mut self) -> Result<()> {
        let mut known: Vec<&str> = TABLES.iter().map(|table| table.file()).collect();
        known.extend(["manifest.json", "compaction.json", "sweep.yaml", ".lock"]);
        known.extend(["journal", "sweeps", "weights", "unfinished", "claims"]);
        for name in self.list(self.layout.root())? {
            if !known.contains(&name.as_str()) {
                let path = self.layout.root().join(&name);
                self.leftover_or_foreign(&path)?;
            }
        }
        for name in self.list(&self.layout.claims())?.iter().filter(|name| name.ends_with(RUNS)) {
            let path = self.layout.claims().join(name);
            self.read(&path)?;
            let what = "runs that a process has taken: it is at work, or has ended without a word";
            self.find(Grade::Leftover, &path, what, "none that is saved", "Nothing: the next process sees which");
        }
        Ok(())
    }

    fn leftover_or_foreign(&mut self, path: &Path) -> Result<()> {
        if path.to_string_lossy().ends_with(NEW) {
            self.read(path)?;
            let what = "it was being written and does not count";
            self.find(Grade::Leftover, path, what, "none that is saved", REPAIR);
        } else {
            self.foreign(path);
        }
        Ok(())
    }

    fn foreign(&mut self, path: &Path) {
        self.find(Grade::Foreign, path, "this is no file of Ablate's", "none", "Move it elsewhere");
    }
}

const REPAIR: &str = "`ablate check --repair` puts it in order, and so does the next run of the sweep";
