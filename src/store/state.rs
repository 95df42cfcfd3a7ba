//! What a folder of results holds at one moment: manifest, journal and table of runs, read without changing anything.

use std::collections::{BTreeMap, HashSet};
use std::io;

use polars::prelude::DataFrame;

use super::error::{Error, Result, frame_error, io_error};
use super::files::Files;
use super::frames;
use super::layout::{Layout, SEGMENT, TABLES, Table};
use super::manifest::{Decision, Documents, Manifest};
use super::merge::{Merged, Summary, merge};
use super::parts;
use super::record::Record;
use super::segment::{FORMAT, Fault, scan};
use crate::config::Id;

/// A moment of a folder.
#[derive(Debug)]
pub(super) struct State {
    pub(super) documents: Documents,
    /// The manifest that holds: that of the decision, where there is one.
    pub(super) manifest: Option<Manifest>,
    pub(super) decision: Option<Decision>,
    pub(super) segments: Vec<Segment>,
    /// The runs of the parts.
    pub(super) saved: DataFrame,
}

/// A segment of the journal whose records are not in the parts.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) records: Vec<Record>,
    pub(super) torn: u64,
}

impl State {
    /// Reads a folder that nobody else writes to.
    pub(super) fn read(files: &dyn Files, layout: &Layout) -> Result<Self> {
        Self::read_as(files, layout, Documents::read(files, layout)?)
    }

    fn read_as(files: &dyn Files, layout: &Layout, documents: Documents) -> Result<Self> {
        let decision = documents.decision(layout)?;
        let manifest = match &decision {
            Some(decision) => Some(decision.manifest.clone()),
            None => documents.manifest(layout)?,
        };
        if manifest.is_none() {
            require_no_parts(files, layout)?;
        }
        let folded: HashSet<&str> = decision.iter().flat_map(|d| &d.segments).map(String::as_str).collect();
        let mut segments = Vec::new();
        for name in segment_names(files, layout)? {
            if !folded.contains(name.as_str()) {
                segments.push(read_segment(files, layout, name)?);
            }
        }
        let part = manifest.as_ref().and_then(|manifest| manifest.part(Table::Runs));
        let saved = match part {
            Some(part) => parts::read(files, layout, part, decision.is_some())?,
            None => frames::runs(&[])?,
        };
        Ok(Self { documents, manifest, decision, segments, saved })
    }

    /// Reads a folder that another process may be writing to: again, until nothing changed meanwhile.
    pub(super) fn read_beside_others(files: &dyn Files, layout: &Layout) -> Result<Self> {
        for _ in 0..20 {
            let before = Documents::read(files, layout)?;
            let state = Self::read_as(files, layout, before.clone());
            // What was folded meanwhile is missing or there twice, so that even an error says nothing.
            if Documents::read(files, layout)? == before {
                return state;
            }
        }
        Err(Error::Changed { path: layout.root().to_path_buf() })
    }

    /// The records that are only in the journal, oldest first.
    pub(super) fn journal(&self) -> impl Iterator<Item = &Record> {
        self.segments.iter().flat_map(|segment| &segment.records)
    }

    /// Which records of the journal count.
    pub(super) fn merge(&self) -> Result<Merged<'_>> {
        if self.journal().next().is_none() {
            return Ok(Merged::default());
        }
        Ok(merge(&summaries(&self.saved)?, self.journal()))
    }

    /// A table: the rows of its part that still count, and those that count of the journal.
    pub(super) fn table(
        &self,
        files: &dyn Files,
        layout: &Layout,
        table: Table,
        merged: &Merged<'_>,
    ) -> Result<DataFrame> {
        let fresh = match table {
            Table::Runs => frames::runs(&merged.fresh)?,
            Table::Curves => frames::curves(&merged.fresh)?,
            Table::Predictions => frames::predictions(&merged.fresh)?,
        };
        let part = self.manifest.as_ref().and_then(|manifest| manifest.part(table));
        let saved = match part {
            _ if table == Table::Runs => self.saved.clone(),
            Some(part) => parts::read(files, layout, part, self.decision.is_some())?,
            None => return frames::sorted(&fresh),
        };
        frames::sorted(&frames::stack(&frames::without(&saved, &merged.replaced)?, &fresh)?)
    }
}

/// The segments that there are, oldest first.
pub(super) fn segment_names(files: &dyn Files, layout: &Layout) -> Result<Vec<String>> {
    let folder = layout.journal();
    let mut names = files.list(&folder).map_err(io_error("list", &folder))?;
    names.retain(|name| name.ends_with(SEGMENT));
    Ok(names)
}

fn read_segment(files: &dyn Files, layout: &Layout, name: String) -> Result<Segment> {
    let path = layout.segment(&name);
    let bytes = files.read(&path).map_err(|error| match error.kind() {
        // It was folded since it was listed.
        io::ErrorKind::NotFound => Error::Changed { path: layout.root().to_path_buf() },
        _ => io_error("read", &path)(error),
    })?;
    match scan(&bytes) {
        Ok(scan) => Ok(Segment { name, records: scan.records, torn: scan.torn }),
        Err(Fault::Newer(found)) => Err(Error::Newer { path, found, known: FORMAT }),
        Err(Fault::Damaged { at, what, whole }) => Err(Error::damaged(
            path,
            format!("at byte {at}, {what}"),
            format!(
                "Put back a copy of it; or move it away and run the sweep again, which trains its {whole} other runs \
                 again and gives the same results"
            ),
        )),
    }
}

/// Parts never come without a manifest: it is written first.
fn require_no_parts(files: &dyn Files, layout: &Layout) -> Result<()> {
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

/// What decides between records, of every run of a table.
pub(super) fn summaries(runs: &DataFrame) -> Result<BTreeMap<Id, Summary>> {
    let column = |name: &str| {
        runs.column(name).and_then(|column| column.str()).map_err(frame_error("find a column of the runs"))
    };
    let (ids, statuses, reasons) = (column("run")?, column("status")?, column("reason")?);
    let (digests, environments) = (column("digest")?, column("environment")?);
    let wrong = |message: String| Error::Frame { action: "read the runs", message };
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
        };
        summaries.insert(id, summary);
    }
    Ok(summaries)
}
