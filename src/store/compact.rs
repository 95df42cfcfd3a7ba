//! Compaction: folds the journal into the parts, so that a crash between any two steps loses and doubles nothing.
//!
//! 1. New parts are written beside the old ones, as `NAME.new`, synced, read back and compared; then the folder is synced.
//! 2. `compaction.json` is put in place: the new manifest, and which segments the new parts contain. This is the moment
//!    from which the new parts count. Before it, old parts and journal are the results and `NAME.new` is rubbish; after
//!    it, the new parts are, and what is named in it does not count any more.
//! 3. The new parts take their places, `manifest.json` is replaced, the segments are removed, then `compaction.json`.
//!
//! Each step is durable before the next begins, and step 3 can be done again from any point, which is what the next
//! process does that writes. A reader does nothing: it takes each new part from where it is. A part that agrees with
//! neither manifest is damage; nothing that a crash leaves behind looks like that.

use std::path::Path;

use polars::prelude::DataFrame;

use super::error::{Error, Result, frame_error, io_error};
use super::files::{Files, Kind, replace};
use super::layout::{Layout, TABLES, Table, new};
use super::manifest::{Decision, FORMAT, Manifest, Part, SetAside, SweepVersion};
use super::parts::{self, PartWriter};
use super::sealed::seal;
use super::state::{State, segment_names};
use super::tasks;
use super::weave::Take;

/// What a compaction found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Records that came from the journal into the parts.
    pub records: usize,
    /// Bytes that a killed process had left half-written. Their runs were never reported as saved.
    pub torn: u64,
    /// Records that were found not to count, each with the reason.
    pub set_aside: Vec<SetAside>,
}

/// Carries out a decision that a killed process left; where no other is at work, removes what it had not decided yet.
pub(super) fn recover(files: &dyn Files, layout: &Layout, alone: bool) -> Result<()> {
    let documents = super::manifest::Documents::read(files, layout)?;
    if let Some(decision) = documents.decision(layout)? {
        carry_out(files, layout, &decision)?;
    }
    if !alone {
        return Ok(());
    }
    for folder in layout.written_beside() {
        for name in files.list(&folder).map_err(io_error("list", &folder))? {
            let path = folder.join(name);
            if is_left(files, layout, &path)? {
                files.remove(&path).map_err(io_error("remove", &path))?;
            }
        }
    }
    Ok(())
}

/// Whether this is a file that a process was writing and that does not count: what else has its name is somebody's.
pub(super) fn is_left(files: &dyn Files, layout: &Layout, path: &Path) -> Result<bool> {
    Ok(layout.is_new(path) && files.kind(path).map_err(io_error("look at", path))? == Some(Kind::File))
}

/// Folds segments that do not grow any more into the parts. `sweep` is the one that is being run, with its name; where none
/// is, it stays the one that was run last, and nothing is done where none was run to the point of having a manifest.
pub(super) fn fold(
    files: &dyn Files,
    layout: &Layout,
    segments: Vec<String>,
    sweep: Option<(&str, &SweepVersion)>,
) -> Result<Folded> {
    let state = State::read(files, layout, segments)?;
    let names: Vec<String> = state.segments.iter().map(|segment| segment.name.clone()).collect();
    let manifest = state.manifest.as_ref();
    let (name, mut versions) = tasks::versions(&tasks::not_folded(files, layout, manifest, &names)?, manifest);
    if let Some((_, version)) = sweep {
        versions.retain(|known| known != version);
        versions.push(version.clone());
    }
    let Some(name) = name.as_deref().or(sweep.map(|(name, _)| name)) else { return Ok(Folded::default()) };
    let mut manifest = state.manifest.clone().unwrap_or_else(|| Manifest::empty(name));
    manifest.versions = versions;
    fold_into(files, layout, &state, manifest)
}

fn fold_into(files: &dyn Files, layout: &Layout, state: &State, mut manifest: Manifest) -> Result<Folded> {
    let merged = &state.merged;
    let folded = Folded {
        records: merged.fresh.len(),
        torn: state.segments.iter().map(|segment| segment.torn).sum(),
        set_aside: merged.set_aside.clone(),
    };
    for item in &merged.set_aside {
        if !manifest.set_aside.contains(item) {
            manifest.set_aside.push(item.clone());
        }
    }
    let segments: Vec<String> = state.segments.iter().map(|segment| segment.name.clone()).collect();
    let unchanged = merged.fresh.is_empty() && manifest.parts.len() == TABLES.len();
    if !unchanged {
        let mut rows = |take: &mut Take<'_>| state.rows(files, layout, &TABLES, take);
        manifest.parts = write_parts(files, layout, &mut rows, &mut manifest)?;
    }
    if segments.is_empty() && unchanged {
        if state.manifest.as_ref() != Some(&manifest) {
            replace(files, &layout.manifest(), &seal(&manifest))?;
        }
        return Ok(folded);
    }
    decide(files, layout, manifest, segments)?;
    Ok(folded)
}

/// Where rows of all tables come from, in the order of their runs, and first of each table none.
pub(super) type Rows<'a> = &'a mut dyn FnMut(&mut Take<'_>) -> Result<()>;

/// Step 1: rows as new parts of a folder. Counts what the manifest says about the runs on the way.
pub(super) fn write_parts(
    files: &dyn Files,
    to: &Layout,
    rows: Rows<'_>,
    manifest: &mut Manifest,
) -> Result<Vec<Part>> {
    let mut parts: Vec<PartWriter<'_>> = Vec::new();
    manifest.runs.clear();
    manifest.environments.clear();
    rows(&mut |table, rows| {
        if table == Table::Runs {
            count(rows, manifest)?;
        }
        match parts.iter_mut().find(|part| part.table() == table) {
            Some(part) => part.push(rows),
            None => PartWriter::new(files, to, table, rows.clone()).map(|part| parts.push(part)),
        }
    })?;
    let written = parts.into_iter().map(PartWriter::finish).collect::<Result<Vec<Part>>>()?;
    files.sync_folder(to.root()).map_err(io_error("sync", to.root()))?;
    Ok(written)
}

/// Steps 2 and 3: new parts, which are durable, take the places of the old ones, and these segments are in them.
pub(super) fn decide(files: &dyn Files, layout: &Layout, manifest: Manifest, segments: Vec<String>) -> Result<()> {
    let decision = Decision { format: FORMAT, manifest, segments };
    replace(files, &layout.compaction(), &seal(&decision))?;
    carry_out(files, layout, &decision)
}

fn count(runs: &DataFrame, manifest: &mut Manifest) -> Result<()> {
    let column =
        |name: &str| runs.column(name).and_then(|column| column.str()).map_err(frame_error("count runs by status"));
    for status in column("status")?.iter().flatten() {
        match manifest.runs.get_mut(status) {
            Some(runs) => *runs += 1,
            None => drop(manifest.runs.insert(status.to_owned(), 1)),
        }
    }
    for environment in column("environment")?.iter().flatten() {
        // Few, and kept sorted.
        if let Err(place) = manifest.environments.binary_search_by(|known| known.as_str().cmp(environment)) {
            manifest.environments.insert(place, environment.to_owned());
        }
    }
    Ok(())
}

/// Step 3, from wherever it was left.
fn carry_out(files: &dyn Files, layout: &Layout, decision: &Decision) -> Result<()> {
    for part in &decision.manifest.parts {
        put_in_place(files, layout, part)?;
    }
    // This syncs the folder, and with it the places of the parts. Until then the decision is there.
    replace(files, &layout.manifest(), &seal(&decision.manifest))?;
    let present = segment_names(files, layout)?;
    for name in decision.segments.iter().filter(|name| present.contains(name)) {
        let path = layout.segment(name);
        files.remove(&path).map_err(io_error("remove", &path))?;
    }
    let journal = layout.journal();
    files.sync_folder(&journal).map_err(io_error("sync", &journal))?;
    let path = layout.compaction();
    files.remove(&path).map_err(io_error("remove", &path))?;
    files.sync_folder(layout.root()).map_err(io_error("sync", layout.root()))
}

pub(super) fn put_in_place(files: &dyn Files, layout: &Layout, part: &Part) -> Result<()> {
    let path = layout.part(&part.file);
    let fresh = new(&path);
    if parts::is_there(files, &fresh, part)? {
        return files.rename(&fresh, &path).map_err(io_error("name", &path));
    }
    if parts::is_there(files, &path, part)? {
        return Ok(());
    }
    Err(Error::damaged(
        path,
        "neither it nor the file that was about to take its place is what was saved",
        "Put back a copy of the whole folder; or move the folder away and run the sweep again, which gives the same \
         results",
    ))
}
