//! Whether saved results are whole: every file of a folder is looked at and accounted for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::claims::RUNS;
use super::codec;
use super::compact::is_left;
use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, open_if_there, read_if_there};
use super::layout::{Layout, TABLES, TORN, Table, is_garbled, is_segment};
use super::manifest::{Documents, Manifest, SetAside};
use super::merge::{Summary, merge};
use super::parts::PartReader;
use super::results::require_results;
use super::segment::scan;
use super::state::{beside_others, require_no_parts, summaries, told};
use super::tasks::{self, Task};
use super::window::Window;
use crate::config::Id;

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Saved bytes are not what was saved.
    Damaged,
    /// What it holds cannot be told: the system does not let it be read, or a later version wrote it.
    Unreadable,
    /// It is not there, and no run needs it: where runs come from.
    Missing,
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

    /// Whether all that is Ablate's could be read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.findings.iter().all(|finding| finding.grade != Grade::Unreadable)
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
    match beside_others(files, &layout, |documents| look(files, &layout, Ok(documents))) {
        // Where even the manifest cannot be read, nobody folds.
        Err(error @ (Error::Io { .. } | Error::Damaged { .. })) => look(files, &layout, Err(error)),
        checked => checked,
    }
}

fn look(files: &dyn Files, layout: &Layout, documents: Result<Documents>) -> Result<Checked> {
    let (layout, checked) = (layout.clone(), Checked::default());
    let mut check = Check {
        files,
        layout,
        checked,
        saved: BTreeMap::new(),
        aside: Vec::new(),
        processes: BTreeMap::new(),
        has_all: false,
    };
    let manifest = check.documents(documents)?;
    check.journal()?;
    check.has_all = !check.checked.is_damaged() && check.checked.is_complete();
    check.sweeps(manifest.as_ref())?;
    check.weights()?;
    check.unfinished()?;
    check.claims()?;
    check.notes()?;
    check.asides()?;
    check.rest()?;
    check.checked.findings.sort_by(|a, b| a.path.cmp(&b.path));
    // What is no file, or cannot be read, is found by each that would read it.
    let once = [Grade::Damaged, Grade::Unreadable];
    check.checked.findings.dedup_by(|b, a| once.contains(&a.grade) && a.grade == b.grade && a.path == b.path);
    check.checked.runs = check.saved.len();
    Ok(check.checked)
}

/// A check under way.
pub(super) struct Check<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) layout: Layout,
    pub(super) checked: Checked,
    /// What was saved of runs, as far as it can be read.
    pub(super) saved: BTreeMap<Id, Summary>,
    /// The records that do not count, with the same limit.
    pub(super) aside: Vec<SetAside>,
    /// The processes that runs were trained by, as these say, with how many each.
    pub(super) processes: BTreeMap<String, u64>,
    /// Whether tables and journal could all be read, so that there are no other records.
    pub(super) has_all: bool,
}

/// What came of reading a file.
pub(super) enum Read {
    Bytes(Vec<u8>),
    Missing,
    /// It cannot be read, which was found.
    Unreadable,
}

impl Check<'_> {
    pub(super) fn find(
        &mut self,
        grade: Grade,
        path: &Path,
        what: impl Into<String>,
        runs: impl Into<String>,
        remedy: &str,
    ) {
        let (path, what, runs) = (path.to_path_buf(), what.into(), runs.into());
        self.checked.findings.push(Finding { grade, path, what, runs, remedy: remedy.to_owned() });
    }

    /// Adds what was found in a folder that lies within; its runs are others.
    pub(super) fn add(&mut self, within: Checked) {
        self.checked.files += within.files;
        self.checked.bytes += within.bytes;
        self.checked.findings.extend(within.findings);
    }

    /// Takes note of what an error of reading says of a file; `None` then. Others are errors.
    pub(super) fn noted<T>(&mut self, read: Result<T>, runs: &str) -> Result<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Error::Damaged { path, what, remedy }) => {
                self.find(Grade::Damaged, &path, what, runs, &remedy);
                Ok(None)
            }
            Err(Error::Newer { path, found, known }) => {
                let what = format!("it has format {found}, and this version of Ablate reads up to format {known}");
                self.find(Grade::Unreadable, &path, what, runs, "Use a newer Ablate");
                Ok(None)
            }
            Err(Error::Io { action, path, message, .. }) => {
                let what = format!("the system refused to {action} it: {message}");
                self.find(Grade::Unreadable, &path, what, runs, "Make it readable, and check again");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a file.
    pub(super) fn read(&mut self, path: &Path, runs: &str) -> Result<Read> {
        let bytes = read_if_there(self.files, path);
        Ok(match self.noted(bytes, runs)? {
            None => Read::Unreadable,
            Some(None) => Read::Missing,
            Some(Some(bytes)) => {
                self.count(bytes.len());
                Read::Bytes(bytes)
            }
        })
    }

    fn count(&mut self, bytes: usize) {
        self.checked.files += 1;
        self.checked.bytes += bytes as u64;
    }

    /// The names in a folder of Ablate's.
    pub(super) fn list(&mut self, folder: &Path) -> Result<Vec<String>> {
        let names = self.files.list(folder).map_err(io_error("list", folder));
        let names = self.noted(names, "those that it tells of")?.unwrap_or_default();
        let (garbled, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_garbled(name));
        garbled.iter().for_each(|name| self.foreign(&folder.join(name)));
        Ok(names)
    }

    /// A file to read some of at a time; `None` where there is none, and where it cannot be read.
    fn open(&mut self, path: &Path, runs: &str) -> Result<Option<Window>> {
        let source = open_if_there(self.files, path);
        let Some(Some(source)) = self.noted(source, runs)? else { return Ok(None) };
        let bytes = self.noted(Window::new(source).map_err(io_error("read", path)), runs)?;
        bytes.iter().for_each(|bytes| self.count(bytes.size()));
        Ok(bytes)
    }

    /// The manifest that holds; checks the tables by it.
    fn documents(&mut self, documents: Result<Documents>) -> Result<Option<Manifest>> {
        const ALL: &str = "all runs of the tables";
        let documents = self.noted(documents, ALL)?;
        for path in [self.layout.manifest(), self.layout.compaction()] {
            self.read(&path, ALL)?;
        }
        let Some(documents) = documents else {
            self.parts(None, false)?;
            return Ok(None);
        };
        let decision = documents.decision(&self.layout);
        let decision = self.noted(decision, ALL)?.flatten();
        let manifest = documents.manifest(&self.layout);
        let whole = self.noted(manifest, ALL)?;
        let manifest = whole.clone().flatten();
        // Parts never come without a manifest: it is written first.
        if decision.is_none() && matches!(whole, Some(None)) {
            let without = require_no_parts(self.files, &self.layout);
            self.noted(without, ALL)?;
        }
        let decided = decision.is_some();
        if decided {
            let path = self.layout.compaction();
            let what = "a process ended while it put new tables in place";
            self.find(Grade::Leftover, &path, what, "none: all are there", REPAIR);
        }
        let manifest = decision.map(|decision| decision.manifest).or(manifest);
        self.aside.extend(manifest.iter().flat_map(|manifest| manifest.set_aside.clone()));
        self.parts(manifest.as_ref(), decided)?;
        Ok(manifest)
    }

    fn parts(&mut self, manifest: Option<&Manifest>, decided: bool) -> Result<()> {
        for table in TABLES {
            let path = self.layout.part(table.file());
            let part = manifest.and_then(|manifest| manifest.part(table));
            let runs = match (table, part) {
                (Table::Runs, Some(part)) => format!("all {} runs of the tables", part.rows),
                (Table::Runs, None) => "all runs of the tables".to_owned(),
                (Table::Curves, _) => "the learning curves of all runs of the tables".to_owned(),
                (Table::Predictions, _) => "the predictions of all runs of the tables".to_owned(),
            };
            let before = self.checked.findings.len();
            self.open(&path, &runs)?;
            let Some(part) = part else { continue };
            if self.checked.findings.len() > before {
                continue;
            }
            let reader = PartReader::open(self.files, &self.layout, (table, part), decided, table.rows_at_once());
            let Some(mut reader) = self.noted(reader, &runs)? else { continue };
            // Every row is read, as whoever uses it would.
            loop {
                let rows = reader.next();
                let Some(Some(rows)) = self.noted(rows, &runs)? else { break };
                if table == Table::Runs {
                    let processes = rows.column("process").and_then(|column| column.str());
                    processes.iter().flat_map(|column| column.iter()).flatten().for_each(|name| self.trained_by(name));
                    let found = summaries(&rows, &self.layout);
                    let found = self.noted(found, &runs)?;
                    self.saved.extend(found.unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    fn journal(&mut self) -> Result<()> {
        let mut found = Vec::new();
        let claims = self.files.list(&self.layout.claims()).unwrap_or_default();
        let tasks = tasks::all(self.files, &self.layout, &[], self.files.clock()).unwrap_or_default();
        let at_work = claims.iter().any(|name| name.ends_with(RUNS)) || tasks.iter().any(Task::says_that_it_works);
        for name in self.list(&self.layout.journal())? {
            let path = self.layout.segment(&name);
            if name.strip_suffix(TORN).is_some_and(is_segment) {
                let Read::Bytes(_) = self.read(&path, NONE)? else { continue };
                let what = "what a repair has cut from the journal: it is no whole record, and does not count";
                self.find(Grade::Leftover, &path, what, NONE, "Remove it if you have no use for it");
                continue;
            }
            if !is_segment(&name) {
                self.foreign(&path);
                continue;
            }
            // Where it is not there any more, it was folded since it was listed: that will be noticed.
            let Some(mut bytes) = self.open(&path, "those that are saved in it")? else { continue };
            let before = found.len();
            let mut processes = Vec::new();
            let read = scan(&mut bytes, &mut |_, payload| {
                let record = codec::decode(payload)?;
                processes.extend(record.process.clone());
                found.push((record.identity.run, Summary::of(&record)));
                Ok(())
            });
            processes.iter().for_each(|name| self.trained_by(name));
            let whole = found.len() - before;
            let runs = format!("those behind the damage; {whole} runs of it are whole");
            let Some(scan) = self.noted(read.map_err(|fault| told(&path, fault)), &runs)? else { continue };
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

    fn trained_by(&mut self, process: &str) {
        match self.processes.get_mut(process) {
            Some(runs) => *runs += 1,
            None => drop(self.processes.insert(process.to_owned(), 1)),
        }
    }

    pub(super) fn leftover_or_foreign(&mut self, path: &Path) -> Result<()> {
        let is_left = is_left(self.files, &self.layout, path);
        let Some(is_left) = self.noted(is_left, NONE)? else { return Ok(()) };
        if is_left {
            let Read::Bytes(_) = self.read(path, NONE)? else { return Ok(()) };
            let what = "it was being written and does not count";
            self.find(Grade::Leftover, path, what, NONE, REPAIR);
        } else {
            self.foreign(path);
        }
        Ok(())
    }

    pub(super) fn foreign(&mut self, path: &Path) {
        self.find(Grade::Foreign, path, "this is no file of Ablate's", "none", "Move it elsewhere");
    }
}

/// What a file that does not count tells of.
pub(super) const NONE: &str = "none that is saved";
pub(super) const REPAIR: &str = "`ablate check --repair` puts it in order, and so does the next run of the sweep";
