//! What a folder of results holds at one moment: manifest, journal and table of runs, read without changing anything.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use polars::prelude::DataFrame;

use super::codec;
use super::columns::DECIDING;
use super::error::{Error, Result, frame_error, io_error};
use super::files::Files;
use super::frames::{self, Foreign};
use super::layout::{Layout, TABLES, Table, is_segment};
use super::manifest::{Decision, Documents, Manifest};
use super::merge::{Merged, Summary, merge};
use super::parts::{PartReader, REMEDY};
use super::record::Record;
use super::segment::{self, FORMAT, Fault, Place, Scan, scan};
use super::weave::{Take, Weave};
use super::window::Window;
use crate::config::Id;

/// Records that are made into rows at a time.
const AT_ONCE: usize = 128;

/// A moment of a folder.
#[derive(Debug)]
pub(super) struct State {
    pub(super) documents: Documents,
    /// The manifest that holds: that of the decision, where there is one.
    pub(super) manifest: Option<Manifest>,
    pub(super) decision: Option<Decision>,
    pub(super) segments: Vec<Segment>,
    /// Which records of the journal count.
    pub(super) merged: Merged<Entry>,
    foreign: Foreign,
}

/// A segment of the journal whose records are not in the parts.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    path: PathBuf,
    bytes: Mutex<Window>,
    header: segment::Header,
    records: usize,
    pub(super) torn: u64,
}

/// A record in the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    run: Id,
    segment: u32,
    place: Place,
}

impl State {
    /// Reads a folder whose tables nobody else writes: parts, and these segments.
    pub(super) fn read(files: &dyn Files, layout: &Layout, segments: Vec<String>) -> Result<Self> {
        Self::read_as(files, layout, Documents::read(files, layout)?, segments)
    }

    fn read_as(files: &dyn Files, layout: &Layout, documents: Documents, names: Vec<String>) -> Result<Self> {
        let decision = documents.decision(layout)?;
        let manifest = documents.any(layout)?;
        if manifest.is_none() {
            require_no_parts(files, layout)?;
        }
        let folded: HashSet<&str> = decision.iter().flat_map(|d| &d.segments).map(String::as_str).collect();
        let (mut segments, mut entries, mut foreign) = (Vec::new(), Vec::new(), Foreign::default());
        for name in names.into_iter().filter(|name| !folded.contains(name.as_str())) {
            let segment = segments.len() as u32;
            segments.push(Segment::open(files, layout, name, &mut |place, payload| {
                let outline = codec::outline(payload)?;
                foreign.note(&outline);
                entries.push(Entry { run: outline.run, segment, place });
                Ok(())
            })?);
        }
        let mut state = Self { documents, manifest, decision, segments, merged: Merged::default(), foreign };
        state.merged = state.merge(files, layout, entries)?;
        Ok(state)
    }

    /// Reads a folder that another process may be writing to, and its runs: again, until nothing changed meanwhile.
    pub(super) fn read_beside_others(
        files: &dyn Files,
        layout: &Layout,
        wanted: Wanted<'_>,
        keep: Keep<'_>,
    ) -> Result<(Self, DataFrame)> {
        beside_others(files, layout, |before| {
            let state = Self::read_as(files, layout, before, segment_names(files, layout)?)?;
            let runs = state.columns(files, layout, Table::Runs, wanted, keep)?;
            Ok((state, runs))
        })
    }

    /// What decides between records, of every run that has ended: of the parts, and of the journals of all processes.
    pub(super) fn ended_beside_others(files: &dyn Files, layout: &Layout) -> Result<BTreeMap<Id, Summary>> {
        beside_others(files, layout, |before| {
            let state = Self::read_as(files, layout, before, segment_names(files, layout)?)?;
            let mut ended = BTreeMap::new();
            state.saved(files, layout, &mut |run, summary| drop(ended.insert(run, summary)))?;
            for entry in &state.merged.fresh {
                ended.insert(entry.run, Summary::of(&state.record(entry)?));
            }
            Ok(ended)
        })
    }

    /// Which of these records, oldest first, count. Only those of runs that there are several records of are compared.
    fn merge(&self, files: &dyn Files, layout: &Layout, mut entries: Vec<Entry>) -> Result<Merged<Entry>> {
        let mut runs: Vec<Id> = entries.iter().map(|entry| entry.run).collect();
        runs.sort_unstable();
        let mut several: HashSet<Id> = runs.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        runs.dedup();
        let mut saved = BTreeMap::new();
        if !runs.is_empty() {
            self.saved(files, layout, &mut |run, summary| {
                if runs.binary_search(&run).is_ok() {
                    several.insert(run);
                    saved.insert(run, summary);
                }
            })?;
        }
        let compared: Vec<Entry> = entries.extract_if(.., |entry| several.contains(&entry.run)).collect();
        let compared = compared.into_iter().map(|entry| Ok((entry.run, Summary::of(&self.record(&entry)?), entry)));
        let mut merged = merge(&saved, compared.collect::<Result<Vec<_>>>()?.into_iter());
        merged.fresh.append(&mut entries);
        merged.fresh.sort_unstable_by_key(|entry| entry.run);
        Ok(merged)
    }

    /// What decides between records, of every run of the parts.
    pub(super) fn saved(&self, files: &dyn Files, layout: &Layout, take: &mut dyn FnMut(Id, Summary)) -> Result<()> {
        let Some(part) = self.part(files, layout, Table::Runs)? else { return Ok(()) };
        let mut part = part.only(&DECIDING);
        while let Some(rows) = part.next()? {
            summaries(&rows, layout)?.into_iter().for_each(|(run, summary)| take(run, summary));
        }
        Ok(())
    }

    fn part(&self, files: &dyn Files, layout: &Layout, table: Table) -> Result<Option<PartReader>> {
        let part = self.manifest.as_ref().and_then(|manifest| manifest.part(table));
        let decided = self.decision.is_some();
        part.map(|part| PartReader::open(files, layout, (table, part), decided, table.rows_at_once())).transpose()
    }

    fn record(&self, entry: &Entry) -> Result<Record> {
        self.segments[entry.segment as usize].record(entry.place)
    }

    /// The records that are only in the journal.
    pub(super) fn pending(&self) -> usize {
        self.segments.iter().map(|segment| segment.records).sum()
    }

    /// The rows of tables, by run: those of their parts that still count, and those that count of the journal. Some at a
    /// time, and first of each table none, for its columns.
    pub(super) fn rows(&self, files: &dyn Files, layout: &Layout, tables: &[Table], take: &mut Take<'_>) -> Result<()> {
        self.rows_of(files, layout, tables, &|_| true, take)
    }

    /// As [`State::rows`], of the columns that are wanted; that of the run always is.
    pub(super) fn rows_of(
        &self,
        files: &dyn Files,
        layout: &Layout,
        tables: &[Table],
        wanted: Wanted<'_>,
        take: &mut Take<'_>,
    ) -> Result<()> {
        let mut weaves = Vec::new();
        for &table in tables {
            let (fresh, part) = (chosen(self.fresh(table, &[])?, wanted)?, self.part(files, layout, table)?);
            let part = part.map(|part| part.only_wanted(wanted)).transpose()?;
            weaves.push(Weave::new(table, &fresh, part, &self.merged.replaced, take)?);
        }
        for entries in self.merged.fresh.chunks(AT_ONCE) {
            let records = entries.iter().map(|entry| self.record(entry)).collect::<Result<Vec<_>>>()?;
            for weave in &mut weaves {
                weave.push(&chosen(self.fresh(weave.table(), &records)?, wanted)?, take)?;
            }
        }
        weaves.into_iter().try_for_each(|weave| weave.finish(take))
    }

    fn fresh(&self, table: Table, records: &[Record]) -> Result<DataFrame> {
        match table {
            Table::Runs => frames::runs(records, &self.foreign),
            Table::Curves => frames::curves(records),
            Table::Predictions => frames::predictions(records),
        }
    }

    /// A table as a whole.
    pub(super) fn table(&self, files: &dyn Files, layout: &Layout, table: Table) -> Result<DataFrame> {
        self.columns(files, layout, table, &|_| true, &|rows| Ok(rows.clone()))
    }

    /// The wanted columns of a table, of those rows that are kept.
    fn columns(
        &self,
        files: &dyn Files,
        layout: &Layout,
        table: Table,
        wanted: Wanted<'_>,
        keep: Keep<'_>,
    ) -> Result<DataFrame> {
        let mut whole: Option<DataFrame> = None;
        self.rows_of(files, layout, &[table], wanted, &mut |_, rows| {
            let rows = keep(rows)?;
            match &mut whole {
                Some(whole) => drop(whole.vstack_mut(&rows).map_err(frame_error("join rows of a table"))?),
                None => whole = Some(rows),
            }
            Ok(())
        })?;
        let mut whole = whole.expect("a table of no rows comes first");
        whole.rechunk_mut();
        Ok(whole)
    }
}

/// Which columns are wanted, by name.
pub(super) type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// What is kept of some rows: all, or some of them.
pub(super) type Keep<'a> = &'a dyn Fn(&DataFrame) -> Result<DataFrame>;

/// The wanted columns of rows, and that of the run.
fn chosen(rows: DataFrame, wanted: Wanted<'_>) -> Result<DataFrame> {
    let names = rows.get_column_names_owned();
    let names: Vec<_> = names.into_iter().filter(|name| name == "run" || wanted(name)).collect();
    if names.len() == rows.width() { Ok(rows) } else { rows.select(names).map_err(frame_error("choose columns")) }
}

/// Reads a folder that another process may be writing to: again, until nothing changed meanwhile.
pub(super) fn beside_others<T>(files: &dyn Files, layout: &Layout, read: impl Fn(Documents) -> Result<T>) -> Result<T> {
    for _ in 0..20 {
        let before = Documents::read(files, layout)?;
        let found = read(before.clone());
        // What was folded meanwhile is missing or there twice, so that even an error says nothing.
        if Documents::read(files, layout)? == before {
            return found;
        }
    }
    Err(Error::Changed { path: layout.root().to_path_buf() })
}

impl Segment {
    /// Opens a segment, and hands over the bytes of its records.
    fn open(files: &dyn Files, layout: &Layout, name: String, take: &mut segment::Take<'_>) -> Result<Self> {
        let path = layout.segment(&name);
        let source = files.open(&path).map_err(|error| match error.kind() {
            // It was folded since it was listed.
            io::ErrorKind::NotFound => Error::Changed { path: layout.root().to_path_buf() },
            _ => io_error("read", &path)(error),
        })?;
        let mut bytes = Window::new(source).map_err(io_error("read", &path))?;
        let scan = scan(&mut bytes, take).map_err(|fault| told(&path, fault))?;
        let Scan { header, records, torn, .. } = scan;
        Ok(Self { name, path, bytes: Mutex::new(bytes), header, records, torn })
    }

    fn record(&self, place: Place) -> Result<Record> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        segment::record(&mut bytes, self.header, place).map_err(|fault| {
            let others = self.records - 1;
            let fault = match fault {
                Fault::Damaged { at, what, .. } => Fault::Damaged { at, what, whole: others },
                other => other,
            };
            told(&self.path, fault)
        })
    }
}

/// A fault of a segment as an error.
pub(super) fn told(path: &Path, fault: Fault) -> Error {
    let path = path.to_path_buf();
    match fault {
        Fault::Newer(found) => Error::Newer { path, found, known: FORMAT },
        Fault::Unreadable(kind, message) => Error::Io { action: "read", path, kind, message },
        Fault::Damaged { at, what, whole } => Error::damaged(
            path,
            format!("at byte {at}, {what}"),
            format!(
                "Put back a copy of it; or move it away and run the sweep again, which trains its {whole} other runs \
                 again and gives the same results"
            ),
        ),
    }
}

/// The segments that there are, oldest first.
pub(super) fn segment_names(files: &dyn Files, layout: &Layout) -> Result<Vec<String>> {
    let folder = layout.journal();
    let mut names = files.list(&folder).map_err(io_error("list", &folder))?;
    names.retain(|name| is_segment(name));
    Ok(names)
}

/// Parts never come without a manifest: it is written first.
pub(super) fn require_no_parts(files: &dyn Files, layout: &Layout) -> Result<()> {
    let names = files.list(layout.root()).map_err(io_error("list", layout.root()))?;
    match TABLES.iter().find(|table| names.iter().any(|name| name == table.file())) {
        None => Ok(()),
        Some(table) => Err(Error::damaged(
            layout.manifest(),
            format!("it is missing, and {} is there", table.file()),
            "Put back a copy of it; or move the folder away and run the sweep again, which gives the same results",
        )),
    }
}

/// What decides between records, of every run of the table of runs.
pub(super) fn summaries(runs: &DataFrame, layout: &Layout) -> Result<BTreeMap<Id, Summary>> {
    let column = |name: &str| {
        runs.column(name).and_then(|column| column.str()).map_err(frame_error("find a column of the runs"))
    };
    let (ids, statuses, reasons) = (column("run")?, column("status")?, column("reason")?);
    let (digests, environments) = (column("digest")?, column("environment")?);
    // Those who only ask how runs have ended do without.
    let seconds = runs.column("seconds").and_then(|column| column.f64()).ok();
    let wrong = |what: String| Error::damaged(layout.part(Table::Runs.file()), what, REMEDY);
    let mut summaries = BTreeMap::new();
    for row in 0..runs.height() {
        let id = ids.get(row).unwrap_or_default().parse::<Id>().map_err(|error| wrong(error.to_string()))?;
        let status = statuses.get(row).unwrap_or_default().parse().map_err(wrong)?;
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let summary = Summary {
            status,
            reason: reasons.get(row).map(ToOwned::to_owned),
            digest: text(digests.get(row)),
            environment: text(environments.get(row)),
            seconds: seconds.and_then(|seconds| seconds.get(row)).unwrap_or_default().to_bits(),
        };
        summaries.insert(id, summary);
    }
    Ok(summaries)
}
