//! Runs of a folder as results of their own: the same records in another folder, with all that is kept beside them.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::compact::{put_in_place, write_parts};
use super::error::{Error, Result, io_error};
use super::files::{Files, create_folders, create_root, read_if_there};
use super::layout::Layout;
use super::manifest::{Manifest, SetAside, SweepVersion};
use super::notes::{self, About};
use super::query::rows_of;
use super::results::Results;
use super::sealed::seal;
use super::state::summaries;
use super::weights;
use crate::config::Id;

impl Results {
    /// Writes these runs, or all, into a new folder, as results of their own: rows of all tables, sweep files, weights, where
    /// they come from, and what verifications found. The bytes of its files depend on the records alone: not on whether they
    /// were still in the journal, nor on the runs beside them.
    ///
    /// # Errors
    /// [`Error::NoRun`], damage of what is copied, [`Error::Changed`], and errors of the operating system.
    pub fn extract(&self, runs: Option<&BTreeSet<Id>>, folder: &Path) -> Result<()> {
        let saved = summaries(self.runs(), &self.layout)?;
        if let Some(missing) = runs.into_iter().flatten().find(|run| !saved.contains_key(run)) {
            return Err(Error::NoRun { run: missing.to_string(), path: self.folder().to_path_buf() });
        }
        let kept = |run: &Id| runs.is_none_or(|runs| runs.contains(run));
        let names: HashSet<String> = saved.keys().filter(|run| kept(run)).map(Id::to_string).collect();
        let (files, to) = (&*self.files, Layout::new(folder));
        create_root(files, folder)?;
        let mut manifest = Manifest::empty(&self.name());
        manifest.set_aside = self.set_aside()?;
        manifest.set_aside.retain(|item| names.contains(&item.run));
        manifest.versions = self.keep_sweeps(&to)?;
        let keep = |rows: &_| rows_of(rows, &names);
        let parts = write_parts(files, (&self.layout, &to), &self.state, &keep, &mut manifest);
        manifest.parts = parts.map_err(|error| self.or_changed(error))?;
        manifest.parts.iter().try_for_each(|part| put_in_place(files, &to, part))?;
        for (run, summary) in saved.iter().filter(|(run, summary)| kept(run) && !summary.can_be_retried()) {
            self.keep_weights(&to, *run, &summary.digest, &manifest.set_aside)?;
        }
        self.keep_notes(&to, runs.is_none(), &names)?;
        write(files, &to.manifest(), &seal(&manifest))
    }

    /// Copies the weights of a run, where they were kept. Those of a record that was set aside stay behind.
    fn keep_weights(&self, to: &Layout, run: Id, digest: &str, set_aside: &[SetAside]) -> Result<()> {
        let (files, path) = (&*self.files, self.layout.weights_of(run));
        let of = |digest: &str| weights::read(files, &path, run, digest);
        let name = run.to_string();
        match of(digest) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(_) if set_aside.iter().any(|aside| aside.run == name && of(&aside.digest).is_ok()) => return Ok(()),
            Err(error) => return Err(error),
        }
        create_folders(files, &to.weights())?;
        let bytes = files.read(&path).map_err(io_error("read", &path))?;
        write(files, &to.weights_of(run), &bytes)
    }

    /// Copies the files of all versions of the sweep; gives the versions.
    fn keep_sweeps(&self, to: &Layout) -> Result<Vec<SweepVersion>> {
        let files = &*self.files;
        let last = self.sweep().as_bytes();
        let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
        let versions = match self.manifest() {
            Some(manifest) => manifest.versions.clone(),
            None if last.is_empty() => Vec::new(),
            None => vec![SweepVersion { hash: hash(last), overrides: Vec::new() }],
        };
        create_folders(files, &to.sweeps())?;
        for version in &versions {
            let name = format!("{}.yaml", version.hash);
            let path = self.layout.sweeps().join(&name);
            match read_if_there(files, &path)?.filter(|bytes| hash(bytes) == version.hash) {
                Some(bytes) => write(files, &to.sweeps().join(name), &bytes)?,
                None => return Err(Error::damaged(path, "it is not the sweep file that was run here", PUT_BACK)),
            }
        }
        if !last.is_empty() {
            write(files, &to.sweep(), last)?;
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

const PUT_BACK: &str = "Put back a copy of it";

/// Writes a file that nobody counts on yet.
fn write(files: &dyn Files, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut handle = files.create_new(path).map_err(io_error("create", path))?;
    handle.write_all(bytes).map_err(io_error("write to", path))
}
