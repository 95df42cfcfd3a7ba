//! Reading results: everything that was saved, in the tables or still in the journal, and no way to change it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{Column, DataFrame};

use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, read_if_there};
use super::layout::{Layout, Table};
use super::manifest::{Manifest, SetAside, SweepVersion, Why};
use super::notes::{self, About, Note};
use super::restore::shown;
use super::state::{Keep, State, Wanted, summaries};
use super::tasks::{self, Task};
use super::weights;
use super::writer::Ended;
use crate::config::{Id, Parameter};
use crate::train::Weight;

/// Saved results, as they were when they were opened. Reading changes nothing in the folder.
#[derive(Debug)]
pub struct Results {
    pub(super) files: Arc<dyn Files>,
    pub(super) layout: Layout,
    pub(super) state: State,
    runs: DataFrame,
    /// Every version of the sweep that was run here, those included that only shards have so far.
    versions: Vec<SweepVersion>,
    name: Option<String>,
    sweep: String,
}

impl Results {
    /// Opens a folder such as `results/why-squares`. Another process may be writing to it.
    ///
    /// # Errors
    /// [`Error::Missing`] when there are no results, [`Error::Damaged`] when saved bytes are not what was saved.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::open_on(Arc::new(Disk), folder)
    }

    /// As [`Results::open`], with only those columns of [`Results::runs`] that are wanted, by name, and always `run`: the
    /// table of a million runs takes gigabytes as a whole.
    ///
    /// # Errors
    /// As for [`Results::open`].
    pub fn open_columns(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Self> {
        Self::open_kept(folder, wanted, &|rows| Ok(rows.clone()))
    }

    /// As [`Results::open_columns`], with only those rows of [`Results::runs`] that `keep` leaves: it gets some at a time,
    /// in their order, first none, and perhaps from the beginning again.
    ///
    /// # Errors
    /// As for [`Results::open`], and those of `keep`.
    pub fn open_kept(
        folder: &Path,
        wanted: &dyn Fn(&str) -> bool,
        keep: &dyn Fn(&DataFrame) -> Result<DataFrame>,
    ) -> Result<Self> {
        Self::open_wanted(Arc::new(Disk), folder, wanted, keep)
    }

    pub(super) fn open_on(files: Arc<dyn Files>, folder: &Path) -> Result<Self> {
        Self::open_wanted(files, folder, &|_| true, &|rows| Ok(rows.clone()))
    }

    pub(super) fn open_wanted(
        files: Arc<dyn Files>,
        folder: &Path,
        wanted: Wanted<'_>,
        keep: Keep<'_>,
    ) -> Result<Self> {
        let layout = Layout::new(folder);
        require_results(&*files, &layout)?;
        let (state, runs) = State::read_beside_others(&*files, &layout, wanted, keep)?;
        let segments: Vec<String> = state.segments.iter().map(|segment| segment.name.clone()).collect();
        let manifest = state.manifest.as_ref();
        let (name, versions) = tasks::versions(&tasks::with_segments(&*files, &layout, manifest, &segments)?, manifest);
        let sweep = read_sweep(&*files, &layout, versions.last())?;
        Ok(Self { files, layout, state, runs, versions, name, sweep })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.root()
    }

    /// The sweep's name: that of the manifest or of a shard, or of the folder where there is neither yet.
    #[must_use]
    pub fn name(&self) -> String {
        let of_folder = || self.folder().file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.name.clone().unwrap_or_else(of_folder)
    }

    /// The sweep file as it was run last, byte for byte; empty where none was kept.
    #[must_use]
    pub fn sweep(&self) -> &str {
        &self.sweep
    }

    /// The sweep as it was run last: its hash, and what the command line changed.
    #[must_use]
    pub fn version(&self) -> Option<&SweepVersion> {
        self.versions.last()
    }

    /// Every version of the sweep that was run here, the last one last.
    #[must_use]
    pub fn versions(&self) -> &[SweepVersion] {
        &self.versions
    }

    /// The sweep file of a version, byte for byte.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the copy that was kept is not the file that was run.
    pub fn sweep_of(&self, version: &SweepVersion) -> Result<String> {
        read_sweep(&*self.files, &self.layout, Some(version))
    }

    /// What the parts hold; `None` where nothing was folded yet.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.state.manifest.as_ref()
    }

    /// One row a run, by run id.
    #[must_use]
    pub fn runs(&self) -> &DataFrame {
        &self.runs
    }

    /// The values that saved runs have of a parameter, as columns show them.
    #[must_use]
    pub fn values(&self, parameter: &Parameter) -> BTreeSet<String> {
        let Ok(values) = self.runs.column(parameter.name).and_then(Column::unique) else {
            return BTreeSet::new();
        };
        let values = (0..values.len()).filter_map(|row| values.get(row).ok());
        values.filter_map(|value| shown(parameter, &value)).collect()
    }

    /// One row a point of a learning curve: `run`, `epoch`, `train_loss`, `test_loss`, `test_rmse`, `learning_rate`,
    /// `gradient_norm`.
    ///
    /// # Errors
    /// [`Error::Damaged`] when saved bytes are not what was saved, [`Error::Changed`] when another process folded its
    /// journal since the results were opened.
    pub fn curves(&self) -> Result<DataFrame> {
        self.table(Table::Curves)
    }

    /// What networks of one operand answer: `run`, `input`, `target`, `prediction`.
    ///
    /// # Errors
    /// As for [`Results::curves`].
    pub fn predictions(&self) -> Result<DataFrame> {
        self.table(Table::Predictions)
    }

    fn table(&self, table: Table) -> Result<DataFrame> {
        self.state.table(&*self.files, &self.layout, table).map_err(|error| self.or_changed(error))
    }

    /// An error of reading; or that another process folded its journal since the results were opened, where one did.
    pub(super) fn or_changed(&self, error: Error) -> Error {
        let now = super::manifest::Documents::read(&*self.files, &self.layout);
        if now.is_ok_and(|now| now != self.state.documents) { self.changed() } else { error }
    }

    fn changed(&self) -> Error {
        Error::Changed { path: self.layout.root().to_path_buf() }
    }

    /// The runs that have ended.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the table of runs is not one that Ablate writes.
    pub fn ended(&self) -> Result<Ended> {
        let mut ended = Ended::default();
        summaries(&self.runs, &self.layout)?.iter().for_each(|(run, summary)| ended.note(*run, summary));
        Ok(ended)
    }

    /// The weights of a run, by name; `None` where they were not kept, and of runs that failed or ran out of time.
    ///
    /// # Errors
    /// [`Error::Damaged`] when they are not those that were saved with this run, [`Error::NoRun`].
    pub fn weights(&self, run: Id) -> Result<Option<Vec<Weight>>> {
        let saved = summaries(&self.runs, &self.layout)?;
        let no_run = || Error::NoRun { run: run.to_string(), path: self.layout.root().to_path_buf() };
        let summary = saved.get(&run).ok_or_else(no_run)?;
        if summary.can_be_retried() {
            return Ok(None);
        }
        weights::read(&*self.files, &self.weights_path(run), run, &summary.digest)
    }

    /// Where the weights of a run lie, if they were kept.
    #[must_use]
    pub fn weights_path(&self, run: Id) -> PathBuf {
        self.layout.weights_of(run)
    }

    /// What is kept of a process that trained runs: where they come from. `None` where nothing was.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not what was kept.
    pub fn provenance(&self, process: &str) -> Result<Option<Note>> {
        notes::read(&*self.files, &self.layout, About::Process, process)
    }

    /// What the last verification of a run found; `None` where it was not verified.
    ///
    /// # Errors
    /// As for [`Results::provenance`].
    pub fn verified(&self, run: Id) -> Result<Option<Note>> {
        notes::read(&*self.files, &self.layout, About::Run, &run.to_string())
    }

    /// What verifications found, by run.
    ///
    /// # Errors
    /// As for [`Results::provenance`].
    pub fn all_verified(&self) -> Result<Vec<(String, Note)>> {
        notes::all(&*self.files, &self.layout, About::Run)
    }

    /// What is kept of all processes that trained runs, by process.
    ///
    /// # Errors
    /// As for [`Results::provenance`].
    pub fn all_provenance(&self) -> Result<Vec<(String, Note)>> {
        notes::all(&*self.files, &self.layout, About::Process)
    }

    /// The processes that train shards of the sweep, or did, in the order in which they began.
    ///
    /// # Errors
    /// As for [`Results::provenance`].
    pub fn tasks(&self) -> Result<Vec<Task>> {
        let now = tasks::time_to_read(&*self.files, &self.layout)?;
        tasks::all(&*self.files, &self.layout, &[], now)
    }

    /// Records that do not count, each with the reason: those of the manifest, and those found in the journal.
    ///
    /// # Errors
    /// [`Error::Frame`] when the table of runs is not one that Ablate writes.
    pub fn set_aside(&self) -> Result<Vec<SetAside>> {
        let mut all = self.manifest().map(|manifest| manifest.set_aside.clone()).unwrap_or_default();
        for item in &self.state.merged.set_aside {
            if !all.contains(item) {
                all.push(item.clone());
            }
        }
        Ok(all)
    }

    /// Runs that gave two digests in one environment: each is an error that has to be shown.
    ///
    /// # Errors
    /// As for [`Results::set_aside`].
    pub fn conflicts(&self) -> Result<Vec<SetAside>> {
        Ok(self.set_aside()?.into_iter().filter(|item| item.why == Why::Conflict).collect())
    }

    /// Bytes that a killed process left half-written in the journal. Their runs were never reported as saved.
    #[must_use]
    pub fn torn(&self) -> u64 {
        self.state.segments.iter().map(|segment| segment.torn).sum()
    }

    /// Records that are still only in the journal.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.state.pending()
    }
}

/// The processes that train shards of the sweep in a folder, or did, in the order in which they began: as
/// [`Results::tasks`], without reading what they have saved. None where there is no such folder.
///
/// # Errors
/// As for [`Results::provenance`].
pub fn tasks_of(folder: &Path) -> Result<Vec<Task>> {
    let layout = Layout::new(folder);
    tasks::all(&Disk, &layout, &[], tasks::time_to_read(&Disk, &layout)?)
}

/// Whether a folder holds results.
pub(super) fn is_results(files: &dyn Files, layout: &Layout) -> Result<bool> {
    let marks = ["manifest.json", "compaction.json", "journal", "sweep.yaml", Table::Runs.file()];
    let names = files.list(layout.root()).map_err(io_error("list", layout.root()))?;
    Ok(names.iter().any(|name| marks.contains(&name.as_str())))
}

pub(super) fn require_results(files: &dyn Files, layout: &Layout) -> Result<()> {
    if is_results(files, layout)? {
        return Ok(());
    }
    let hint = "`ablate run SWEEP.yaml` makes them, and RESULTS is the folder that holds its manifest.json";
    Err(Error::Missing { path: layout.root().to_path_buf(), hint: hint.into() })
}

/// The file of the sweep that was run last: the copy that the manifest names, or where there is no manifest yet, the one
/// that is kept beside it. That one has to be a copy of a version too.
fn read_sweep(files: &dyn Files, layout: &Layout, version: Option<&SweepVersion>) -> Result<String> {
    let copy = |hash: &str| layout.sweeps().join(format!("{hash}.yaml"));
    let of = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let whole = |hash: &str| {
        let path = copy(hash);
        let bytes = read_if_there(files, &path)?.filter(|bytes| of(bytes) == hash);
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            let remedy = "Put back a copy of it; or run the sweep again, which keeps its file anew";
            Error::damaged(path, "it is not the sweep file that was run here", remedy)
        })
    };
    let beside = layout.sweep();
    let last = match read_if_there(files, &beside)? {
        // Its own copy is missing or has changed, not it.
        Some(bytes) if version.is_some_and(|version| of(&bytes) == version.hash) => Some(whole(&of(&bytes))?),
        Some(bytes) => Some(whole(&of(&bytes)).map_err(|error| {
            let remedy = "Copy the right one of the files under sweeps/ over it; or run the sweep again";
            let what = "it is not one of the sweep files that were run here";
            // A copy that cannot be read may well be the right one.
            if let Error::Damaged { .. } = error { Error::damaged(beside, what, remedy) } else { error }
        })?),
        None => None,
    };
    match version {
        Some(version) => whole(&version.hash),
        None => Ok(last.unwrap_or_default()),
    }
}
