//! Runs of a folder as results of their own: the same records in another folder, with all that is kept beside them.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::compact::{put_in_place, write_parts};
use super::error::{Error, Result, io_error};
use super::files::{Files, create_folder, create_root};
use super::layout::{Layout, TABLES};
use super::manifest::{Manifest, SetAside, SweepVersion};
use super::notes::{self, About};
use super::query::rows_of;
use super::results::Results;
use super::sealed::seal;
use super::state::summaries;
use super::weave::Take;
use super::weights;
use crate::config::Id;

impl Results {
    /// Writes these runs, or all, into a new folder, as results of their own: rows of all tables, sweep files, weights, where
    /// they come from, and what verifications found. The bytes of its files depend on the records alone: not on whether they
    /// were still in the journal, nor on the runs beside them. The version of the sweep that counts as the last one can be
    /// chosen: otherwise it stays.
    ///
    /// # Errors
    /// [`Error::NoRun`], damage of what is copied, [`Error::Changed`], and errors of the operating system.
    pub fn extract(&self, runs: Option<&BTreeSet<Id>>, last: Option<&SweepVersion>, folder: &Path) -> Result<()> {
        create_root(&*self.files, folder)?;
        self.extract_by(&write, runs, last, folder)
    }

    /// As [`Results::extract`] into a folder that is there, where files are written in another way.
    pub(super) fn extract_by(
        &self,
        write: Write<'_>,
        runs: Option<&BTreeSet<Id>>,
        last: Option<&SweepVersion>,
        folder: &Path,
    ) -> Result<()> {
        let saved = summaries(self.runs(), &self.layout)?;
        if let Some(missing) = runs.into_iter().flatten().find(|run| !saved.contains_key(run)) {
            return Err(Error::NoRun { run: missing.to_string(), path: self.folder().to_path_buf() });
        }
        let kept = |run: &Id| runs.is_none_or(|runs| runs.contains(run));
        let names: HashSet<String> = saved.keys().filter(|run| kept(run)).map(Id::to_string).collect();
        let (files, to) = (&*self.files, Layout::new(folder));
        let mut manifest = Manifest::empty(&self.name());
        manifest.set_aside = self.set_aside()?;
        manifest.set_aside.retain(|item| names.contains(&item.run));
        manifest.versions = self.keep_sweeps(write, &to, last)?;
        let mut rows = |take: &mut Take<'_>| {
            let mut kept = |table, rows: &_| take(table, &rows_of(rows, &names)?);
            self.state.rows(files, &self.layout, &TABLES, &mut kept)
        };
        let parts = write_parts(files, &to, &mut rows, &mut manifest);
        manifest.parts = parts.map_err(|error| self.or_changed(error))?;
        manifest.parts.iter().try_for_each(|part| put_in_place(files, &to, part))?;
        for (run, summary) in saved.iter().filter(|(run, summary)| kept(run) && !summary.can_be_retried()) {
            self.keep_weights(write, &to, (*run, &summary.digest), &manifest.set_aside)?;
        }
        self.keep_notes(&to, runs.is_none(), &names)?;
        write(files, &to.manifest(), &seal(&manifest))
    }

    /// Copies the weights of a run, where they were kept. Those of a record that was set aside stay behind.
    fn keep_weights(
        &self,
        write: Write<'_>,
        to: &Layout,
        (run, digest): (Id, &str),
        set_aside: &[SetAside],
    ) -> Result<()> {
        let (files, path) = (&*self.files, self.layout.weights_of(run));
        let of = |digest: &str| weights::read(files, &path, run, digest);
        let name = run.to_string();
        match of(digest) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(_) if set_aside.iter().any(|aside| aside.run == name && of(&aside.digest).is_ok()) => return Ok(()),
            Err(error) => return Err(error),
        }
        create_folder(files, &to.weights())?;
        let bytes = files.read(&path).map_err(io_error("read", &path))?;
        write(files, &to.weights_of(run), &bytes)
    }

    /// Copies the files of all versions of the sweep, that of `last` as the one that was run last; gives the versions.
    fn keep_sweeps(&self, write: Write<'_>, to: &Layout, last: Option<&SweepVersion>) -> Result<Vec<SweepVersion>> {
        let files = &*self.files;
        let mut versions = self.versions().to_vec();
        // Stable: the others stay in their order.
        versions.sort_by_key(|version| Some(version) == last);
        create_folder(files, &to.sweeps())?;
        let mut kept = BTreeSet::new();
        let mut text = self.sweep().to_owned();
        for version in &versions {
            text = self.sweep_of(version)?;
            // Versions may differ in their overrides alone.
            if kept.insert(&version.hash) {
                write(files, &to.sweeps().join(format!("{}.yaml", version.hash)), text.as_bytes())?;
            }
        }
        if !text.is_empty() {
            write(files, &to.sweep(), text.as_bytes())?;
        }
        Ok(versions)
    }

    /// Copies the notes of these runs, and of the processes that trained them: of all, where all runs are wanted.
    fn keep_notes(&self, to: &Layout, all: bool, runs: &HashSet<String>) -> Result<()> {
        let files = &*self.files;
        let rows = rows_of(self.runs(), runs)?;
        let processes = rows.column("process").and_then(|column| column.str());
        let processes: BTreeSet<&str> = processes.iter().flat_map(|column| column.iter().flatten()).collect();
        for (process, note) in self.all_provenance()? {
            if all || processes.contains(process.as_str()) {
                notes::keep(files, to, About::Process, &process, &note)?;
            }
        }
        for (run, note) in self.all_verified()? {
            if runs.contains(&run) {
                notes::keep(files, to, About::Run, &run, &note)?;
            }
        }
        Ok(())
    }
}

/// How a file is written.
pub(super) type Write<'a> = &'a dyn Fn(&dyn Files, &Path, &[u8]) -> Result<()>;

/// Writes a file that nobody counts on yet.
fn write(files: &dyn Files, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut handle = files.create_new(path).map_err(io_error("create", path))?;
    handle.write_all(bytes).map_err(io_error("write to", path))
}
