//! What is joined beside the rows of tables: records of other results, notes, weights, versions of the sweep.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::braid::{Strand, braid};
use super::columns::DECIDING;
use super::error::{Result, frame_error, io_error};
use super::files::{create_folder, read_if_there, replace};
use super::join::{Decided, Join};
use super::layout::{Layout, Table};
use super::manifest::{Manifest, SetAside};
use super::notes::{self, About, Note};
use super::query::rows_of;
use super::results::Results;
use super::weights;
use crate::config::Id;

/// Characters of the name of a folder of records that do not count.
const NAME: usize = 16;

/// The folders of records that do not count, beside the tables of a folder.
pub(super) fn asides(files: &dyn super::Files, layout: &Layout) -> Result<Vec<PathBuf>> {
    let folder = layout.aside();
    let names = files.list(&folder).map_err(io_error("list", &folder))?;
    Ok(names.into_iter().filter(|name| super::layout::is_token(name)).map(|name| folder.join(name)).collect())
}

/// A name for records that do not count: the same for the same records, wherever they come from.
fn name_of(items: &[SetAside]) -> String {
    let lines: BTreeSet<String> =
        items.iter().map(|item| format!("{} {} {}\n", item.run, item.digest, item.environment)).collect();
    let hash = blake3::hash(lines.into_iter().collect::<String>().as_bytes());
    hash.to_hex()[..NAME].to_owned()
}

impl Results {
    /// Folders of records that do not count because the same run has another result: each holds results of its own.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn asides(&self) -> Result<Vec<PathBuf>> {
        asides(&*self.files, &self.layout)
    }

    /// The folder in which a record that does not count is kept whole, where it is.
    ///
    /// # Errors
    /// As for [`Results::open`], of those folders.
    pub fn aside_of(&self, item: &SetAside) -> Result<Option<PathBuf>> {
        let name = HashSet::from([item.run.clone()]);
        for folder in self.asides()? {
            let keep = |rows: &DataFrame| rows_of(rows, &name);
            let found = Self::open_wanted(Arc::clone(&self.files), &folder, &|column| column == "digest", &keep)?;
            let digests = found.runs().column("digest").and_then(|column| column.str());
            if digests.map_err(frame_error("find a record"))?.get(0) == Some(&item.digest) {
                return Ok(Some(folder));
            }
        }
        Ok(None)
    }
}

impl Join<'_> {
    /// Keeps whole the records of other results, as results of their own, and those that were kept so before.
    pub(super) fn keep_aside(&self, decided: &Decided) -> Result<Vec<(PathBuf, Vec<SetAside>)>> {
        let mut kept = Vec::new();
        for (folder, items) in &decided.kept {
            let to = self.to.aside().join(name_of(items));
            let source = &self.sources[folder - 1];
            let runs: BTreeSet<Id> = items.iter().filter_map(|item| item.run.parse().ok()).collect();
            self.extract(source.folder(), Some(&runs), &to)?;
            kept.push((to, items.clone()));
        }
        for source in self.sources {
            for aside in asides(&**self.files, &source.layout)? {
                let name = aside.file_name().unwrap_or_default();
                self.extract(&aside, None, &self.to.aside().join(name))?;
            }
        }
        Ok(kept)
    }

    /// Copies runs of a folder, or all, into one under that which all go into; nothing where they are there.
    fn extract(&self, from: &std::path::Path, runs: Option<&BTreeSet<Id>>, to: &std::path::Path) -> Result<()> {
        let layout = Layout::new(to);
        if read_if_there(&**self.files, &layout.manifest())?.is_some() {
            return Ok(());
        }
        let wanted = |column: &str| DECIDING.contains(&column) || column == "process";
        let names: Option<HashSet<String>> = runs.map(|runs| runs.iter().map(Id::to_string).collect());
        let keep = |rows: &DataFrame| names.as_ref().map_or_else(|| Ok(rows.clone()), |names| rows_of(rows, names));
        let results = Results::open_wanted(Arc::clone(self.files), from, &wanted, &keep)?;
        create_folder(&**self.files, &self.to.aside())?;
        create_folder(&**self.files, to)?;
        results.extract_by(&replace, runs, None, to)
    }

    /// Where runs come from, and what verifications found.
    pub(super) fn keep_notes(&self, decided: &Decided) -> Result<()> {
        for (folder, source) in (1..).zip(self.sources) {
            for (process, note) in source.all_provenance()? {
                self.keep_note(About::Process, &process, &note, |known| ended(known) || !ended(&note))?;
            }
            for (run, note) in source.all_verified()? {
                let counts = run.parse().ok().and_then(|run: Id| decided.counts.get(&run));
                self.keep_note(About::Run, &run, &note, |_| counts != Some(&folder))?;
            }
        }
        Ok(())
    }

    /// Keeps a note, unless there is one that `stays`.
    fn keep_note(&self, about: About, of: &str, note: &Note, stays: impl Fn(&Note) -> bool) -> Result<()> {
        match notes::read(&**self.files, self.to, about, of)? {
            Some(known) if known == *note || stays(&known) => Ok(()),
            _ => notes::keep(&**self.files, self.to, about, of, note),
        }
    }

    /// Weights of the results that count, from whichever folder has them.
    pub(super) fn keep_weights(&self, decided: &Decided) -> Result<()> {
        let files = &**self.files;
        let mut kept: HashMap<Id, Vec<&Results>> = HashMap::new();
        for source in self.sources {
            let folder = source.layout.weights();
            for name in files.list(&folder).map_err(io_error("list", &folder))? {
                if let Some(run) = name.strip_suffix(".safetensors").and_then(|run| run.parse().ok()) {
                    kept.entry(run).or_default().push(source);
                }
            }
        }
        if kept.is_empty() {
            return Ok(());
        }
        create_folder(files, &self.to.weights())?;
        let strands: Vec<Strand<'_>> = self.strands();
        let wanted = |column: &str| DECIDING.contains(&column);
        braid(files, &strands, Table::Runs, &wanted, &mut |pieces| {
            for (folder, rows) in pieces.iter().enumerate() {
                let rows = decided.counting(folder, rows)?;
                let column =
                    |name| rows.column(name).and_then(|column| column.str()).map_err(frame_error("find weights"));
                for (run, digest) in column("run")?.iter().zip(column("digest")?.iter()) {
                    let Some(run) = run.and_then(|run| run.parse::<Id>().ok()) else { continue };
                    if let (Some(sources), Some(digest)) = (kept.get(&run), digest) {
                        self.keep_weights_of(run, digest, sources)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn keep_weights_of(&self, run: Id, digest: &str, sources: &[&Results]) -> Result<()> {
        let files = &**self.files;
        let path = self.to.weights_of(run);
        let are_there = |path: &PathBuf| matches!(weights::read(files, path, run, digest), Ok(Some(_)));
        if are_there(&path) {
            return Ok(());
        }
        // Others than those of this result were checked, and belong to a record that does not count.
        let mut paths = sources.iter().map(|source| source.layout.weights_of(run));
        let Some(from) = paths.find(are_there) else { return Ok(()) };
        let bytes = files.read(&from).map_err(io_error("read", &from))?;
        replace(files, &path, &bytes)
    }

    /// The versions of the sweep, with their files: those of later folders before those of earlier ones, so that the sweep
    /// that was run last is that of the first.
    pub(super) fn keep_sweeps(&self, manifest: &mut Manifest) -> Result<()> {
        let files = &**self.files;
        let resident = std::mem::take(&mut manifest.versions);
        let mut versions = Vec::new();
        let sources = self.sources.iter().rev().map(Results::versions);
        for version in sources.chain([resident.as_slice()]).flatten() {
            versions.retain(|known| known != version);
            versions.push(version.clone());
        }
        create_folder(files, &self.to.sweeps())?;
        let mut last = None;
        for version in &versions {
            let path = self.to.sweeps().join(format!("{}.yaml", version.hash));
            let known =
                read_if_there(files, &path)?.filter(|text| blake3::hash(text).to_hex().as_str() == version.hash);
            let text = match known {
                Some(text) => text,
                None => self.sweep_of(version)?.into_bytes(),
            };
            if read_if_there(files, &path)?.as_ref() != Some(&text) {
                replace(files, &path, &text)?;
            }
            last = Some(text);
        }
        if let Some(text) = last
            && read_if_there(files, &self.to.sweep())?.as_ref() != Some(&text)
        {
            replace(files, &self.to.sweep(), &text)?;
        }
        manifest.versions = versions;
        Ok(())
    }

    fn sweep_of(&self, version: &super::SweepVersion) -> Result<String> {
        let has = |source: &&Results| source.versions().contains(version);
        let source = self.sources.iter().find(has).unwrap_or(&self.sources[0]);
        source.sweep_of(version)
    }
}

/// Whether the note of a process says that it came to its end.
fn ended(note: &Note) -> bool {
    note.get("ended").is_some_and(|ended| !ended.is_null())
}
