//! Fresh rows woven into those of a part, in the order of their runs and some at a time: what a table is made of, without
//! ever holding it.

use std::collections::HashSet;

use polars::prelude::{DataFrame, Schema};

use super::error::Result;
use super::frames::{align, columns, cut, last_run, sorted, stack, without};
use super::layout::Table;
use super::parts::PartReader;
use crate::config::Id;

/// What rows of a table are handed to.
pub(super) type Take<'a> = dyn FnMut(Table, &DataFrame) -> Result<()> + 'a;

/// A table in the making.
pub(super) struct Weave<'a> {
    table: Table,
    columns: Schema,
    part: Option<PartReader>,
    /// Rows of the part that come next.
    old: DataFrame,
    replaced: &'a HashSet<Id>,
}

impl<'a> Weave<'a> {
    /// Begins with `fresh`, a table of no rows, and the part, from which the rows of some runs are left out. Hands over a
    /// table of no rows first, which has the columns of both.
    pub(super) fn new(
        table: Table,
        fresh: &DataFrame,
        mut part: Option<PartReader>,
        replaced: &'a HashSet<Id>,
        take: &mut Take<'_>,
    ) -> Result<Self> {
        let old = part.as_mut().map_or_else(|| Ok(fresh.clone()), PartReader::empty)?;
        let columns = columns(&old, fresh);
        let old = align(&old, &columns)?;
        take(table, &old)?;
        Ok(Self { table, columns, part, old, replaced })
    }

    /// Which table it is.
    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// Fresh rows, sorted by run as all those before and after them, with the rows of the part that come before.
    pub(super) fn push(&mut self, fresh: &DataFrame, take: &mut Take<'_>) -> Result<()> {
        let mut fresh = align(fresh, &self.columns)?;
        while let Some(last) = last_run(&fresh)?.map(ToOwned::to_owned) {
            let Some(bound) = self.next_bound()? else {
                return take(self.table, &fresh);
            };
            // Whichever ends sooner is used up.
            let end = bound.min(last);
            let (old, new);
            (old, self.old) = cut(&self.old, &end)?;
            (new, fresh) = cut(&fresh, &end)?;
            take(self.table, &sorted(&stack(&old, &new)?)?)?;
        }
        Ok(())
    }

    /// Hands over what is left of the part.
    pub(super) fn finish(mut self, take: &mut Take<'_>) -> Result<()> {
        while self.next_bound()?.is_some() {
            take(self.table, &self.old)?;
            self.old = self.old.clear();
        }
        Ok(())
    }

    /// The last run of the rows of the part that come next.
    fn next_bound(&mut self) -> Result<Option<String>> {
        while self.old.height() == 0 {
            let Some(rows) = self.part.as_mut().map_or(Ok(None), PartReader::next)? else { return Ok(None) };
            self.old = align(&without(&rows, self.replaced)?, &self.columns)?;
        }
        Ok(last_run(&self.old)?.map(ToOwned::to_owned))
    }
}

#[cfg(test)]
#[path = "tests/weave.rs"]
mod tests;
