//! Rows of several folders side by side, in the order of their runs and some at a time, so that none is held as a whole.

use std::sync::mpsc::{Receiver, sync_channel};

use polars::prelude::{DataFrame, Schema};

use super::error::{Error, Result};
use super::files::Files;
use super::frames::{self, Foreign, align, cut, last_run};
use super::layout::{Layout, Table};
use super::state::State;

/// A folder whose rows are wanted.
#[derive(Clone, Copy)]
pub(super) struct Strand<'a> {
    pub(super) layout: &'a Layout,
    pub(super) state: &'a State,
}

/// What rows are handed to: those of each strand up to the same run, all with the same columns.
pub(super) type TakeAll<'a> = dyn FnMut(&[DataFrame]) -> Result<()> + 'a;

/// Which columns are wanted, by name, of all strands at once.
pub(super) type WantedByAll<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// Chunks of rows that wait to be taken, of each strand.
const WAITING: usize = 2;

/// The wanted columns of a table of all strands. First no rows of any, for the columns: those that this version has, then
/// those of other versions by name, whatever the order of the strands is.
pub(super) fn braid(
    files: &dyn Files,
    strands: &[Strand<'_>],
    table: Table,
    wanted: WantedByAll<'_>,
    take: &mut TakeAll<'_>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let rows: Vec<Receiver<Result<DataFrame>>> = strands
            .iter()
            .map(|strand| {
                let (sender, receiver) = sync_channel(WAITING);
                let strand = *strand;
                scope.spawn(move || {
                    let mut send = |_: Table, rows: &DataFrame| {
                        // Who takes them may have given up, and says why.
                        let closed = || Error::Closed { path: strand.layout.root().to_path_buf() };
                        sender.send(Ok(rows.clone())).map_err(|_| closed())
                    };
                    let read = strand.state.rows_of(files, strand.layout, &[table], &|name| wanted(name), &mut send);
                    if let Err(error) = read {
                        let _ = sender.send(Err(error));
                    }
                });
                receiver
            })
            .collect();
        take_all(&rows, table, wanted, take)
    })
}

fn take_all(
    rows: &[Receiver<Result<DataFrame>>],
    table: Table,
    wanted: WantedByAll<'_>,
    take: &mut TakeAll<'_>,
) -> Result<()> {
    let next = |rows: &Receiver<Result<DataFrame>>| rows.recv().ok().transpose();
    let mut empty = rows.iter().filter_map(|rows| next(rows).transpose()).collect::<Result<Vec<DataFrame>>>()?;
    let columns = all_columns(&empty, table, wanted)?;
    for rows in &mut empty {
        *rows = align(rows, &columns)?;
    }
    take(&empty)?;
    let mut heads = empty;
    loop {
        let mut bound: Option<String> = None;
        for (head, rows) in heads.iter_mut().zip(rows) {
            while head.height() == 0
                && let Some(rows) = next(rows)?
            {
                *head = align(&rows, &columns)?;
            }
            if let Some(last) = last_run(head)? {
                // Beyond it this strand may have rows that are not here yet.
                if bound.as_deref().is_none_or(|bound| last < bound) {
                    bound = Some(last.to_owned());
                }
            }
        }
        let Some(bound) = bound else { return Ok(()) };
        let mut pieces = Vec::with_capacity(heads.len());
        for head in &mut heads {
            let (piece, rest) = cut(head, &bound)?;
            *head = rest;
            pieces.push(piece);
        }
        take(&pieces)?;
    }
}

/// The columns of all strands: those that this version has in its order, then the others by name.
fn all_columns(strands: &[DataFrame], table: Table, wanted: WantedByAll<'_>) -> Result<Schema> {
    let known = match table {
        Table::Runs => frames::runs(&[], &Foreign::default())?,
        Table::Curves => frames::curves(&[])?,
        Table::Predictions => frames::predictions(&[])?,
    };
    let mut all = known.schema().as_ref().clone();
    all.retain(|name, _| name == "run" || wanted(name));
    let mut others: Vec<_> = Vec::new();
    for strand in strands {
        others.extend(
            strand.schema().iter().filter(|(name, _)| !all.contains(name)).map(|(n, t)| (n.clone(), t.clone())),
        );
    }
    others.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, dtype) in others {
        all.with_column(name, dtype);
    }
    Ok(all)
}
