//! Tables that somebody has made up, in a manifest that agrees with them: they are damaged or they are read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, Series};

use super::memory::{Dice, Memory, Stop, Trouble};
use super::samples::{record, sweep};
use crate::store::check::check_on;
use crate::store::columns::Order;
use crate::store::files::Files;
use crate::store::layout::{Layout, TABLES, Table};
use crate::store::parts::encode;
use crate::store::repair::repair_on;
use crate::store::sealed::seal;
use crate::store::{Error, Result, Results, Writer, show};

const FOLDER: &str = "/results/sample";

fn results(files: &Memory) -> Result<Results> {
    Results::open_on(Arc::new(files.clone()), Path::new(FOLDER))
}

/// Three runs in the tables, two in the journal, one of which is in the tables too.
fn store() -> Memory {
    let files = Memory::default();
    for numbers in [&[0, 1, 2][..], &[1, 3]] {
        let writer = Writer::open_on(Arc::new(files.clone()), Path::new(FOLDER), &sweep(), Box::new(|_| ())).unwrap();
        numbers.iter().for_each(|number| writer.append(&record(*number), None).unwrap());
        if numbers.len() == 3 { writer.close().map(drop).unwrap() } else { drop(writer) }
    }
    files
}

/// Puts these bytes in the place of a table, and makes the manifest agree with them.
fn put(files: &Memory, table: Table, bytes: Vec<u8>, rows: Option<usize>) {
    let layout = Layout::new(Path::new(FOLDER));
    let mut manifest = results(files).unwrap().manifest().unwrap().clone();
    let part = manifest.parts.iter_mut().find(|part| part.table == table.name()).unwrap();
    part.bytes = bytes.len() as u64;
    part.blake3 = blake3::hash(&bytes).to_hex().to_string();
    part.rows = rows.map_or(part.rows, |rows| rows as u64);
    files.edit(&layout.part(table.file()), |old| *old = bytes);
    files.edit(&layout.manifest(), |old| *old = seal(&manifest));
}

/// Everything that is done with results: each is done, or says that they are damaged. Gives how many say so.
fn damaged(files: &Memory, context: &str) -> usize {
    let whole = || files.after(Stop::Killed, Trouble::default());
    let folder = Path::new(FOLDER);
    let read = || -> Result<()> {
        let results = results(files)?;
        let (curves, predictions) = (results.curves(), results.predictions());
        let shown = show(&results, record(1).identity.run).map(drop);
        results.ended()?;
        results.weights(record(0).identity.run)?;
        curves.and(predictions)?;
        // Without the run's row there is nothing to show.
        if matches!(shown, Err(Error::NoRun { .. })) { Ok(()) } else { shown }
    };
    let write = || Writer::open_on(Arc::new(whole()), folder, &sweep(), Box::new(|_| ()))?.close().map(drop);
    let check = || check_on(files, folder).map(|checked| checked.is_damaged());
    let repair = || repair_on(&(Arc::new(whole()) as Arc<dyn Files>), folder).map(|checked| checked.is_damaged());
    let ways: [&dyn Fn() -> Result<bool>; 4] =
        [&|| read().map(|()| false), &|| write().map(|()| false), &check, &repair];
    let says = |way: &&dyn Fn() -> Result<bool>| match catch_unwind(AssertUnwindSafe(way)) {
        Ok(Ok(damaged)) => damaged,
        Ok(Err(Error::Damaged { .. })) => true,
        Ok(Err(error)) => panic!("{context}: {error}"),
        Err(panic) => panic!("{context}: a panic: {:?}", panic.downcast_ref::<String>()),
    };
    ways.iter().filter(|way| says(way)).count()
}

#[test]
fn changed_bytes_of_tables_with_the_right_hash_are_damage_or_are_read() {
    let files = store();
    let layout = Layout::new(Path::new(FOLDER));
    assert_eq!(damaged(&files, "as it was written"), 0);
    let mut dice = Dice(11);
    let (mut changes, mut noticed) = (0, 0);
    for table in TABLES {
        let bytes = files.files()[&layout.part(table.file())].clone();
        let end = bytes.len() - 8;
        let footer = end - u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
        for round in 0..200 {
            let mut changed = bytes.clone();
            let mut roll = |most: usize| usize::try_from(dice.roll(most as u64)).unwrap();
            let what = match round % 4 {
                0 => {
                    let at = roll(footer);
                    changed[at] ^= 1 << roll(8);
                    format!("bit of byte {at}")
                }
                1 => {
                    let at = footer + roll(bytes.len() - footer);
                    changed[at] = u8::try_from(roll(256)).unwrap();
                    format!("byte {at} of the footer is {}", changed[at])
                }
                2 => {
                    let at = footer + roll(end - footer - 5);
                    changed[at..at + 5].fill(0xff);
                    format!("bytes from {at} on")
                }
                _ => {
                    let cut = roll(bytes.len());
                    changed.truncate(cut);
                    format!("cut at {cut}")
                }
            };
            let crafted = files.after(Stop::Killed, Trouble::default());
            put(&crafted, table, changed, None);
            noticed += damaged(&crafted, &format!("{}: {what}", table.file()));
            changes += 1;
        }
    }
    assert!(changes == 600 && noticed > changes, "{noticed} times of {changes} damage was noticed");
}

/// A change of a table.
type Edit<'a> = &'a dyn Fn(&mut DataFrame);

/// The rows of a table as they are in its part, changed.
fn edited(files: &Memory, table: Table, edit: Edit<'_>) -> Memory {
    let results = {
        let alone = files.after(Stop::Killed, Trouble::default());
        alone.files().keys().filter(|path| path.extension().is_some_and(|ending| ending == "log")).for_each(|path| {
            alone.remove(path).unwrap();
        });
        results(&alone).unwrap()
    };
    let mut frame = match table {
        Table::Runs => results.runs().clone(),
        Table::Curves => results.curves().unwrap(),
        Table::Predictions => results.predictions().unwrap(),
    };
    edit(&mut frame);
    let crafted = files.after(Stop::Killed, Trouble::default());
    put(&crafted, table, encode(&frame).unwrap(), Some(frame.height()));
    crafted
}

#[test]
fn tables_that_no_ablate_writes_are_damaged() {
    let files = store();
    let replaced = |name: &'static str, column: fn(&Column) -> Column| {
        move |frame: &mut DataFrame| {
            let new = column(frame.column(name).unwrap()).with_name(name.into());
            frame.with_column(new).unwrap();
        }
    };
    let nothing = |column: &Column| Column::full_null("x".into(), column.len(), column.dtype());
    let whole = |column: &Column| Column::full_null("x".into(), column.len(), &DataType::Int64);
    let word = |column: &Column| Series::new("x".into(), vec!["no such word"; column.len()]).into_column();
    let same = |column: &Column| column.new_from_index(0, column.len());
    let backwards = |frame: &mut DataFrame| *frame = frame.reverse();
    let cases: [(&str, Table, Edit<'_>); 17] = [
        ("run null", Table::Runs, &replaced("run", nothing)),
        ("runs of curves null", Table::Curves, &replaced("run", nothing)),
        ("run of another type", Table::Runs, &replaced("run", whole)),
        ("run no id", Table::Runs, &replaced("run", word)),
        ("run twice", Table::Runs, &replaced("run", same)),
        ("status null", Table::Runs, &replaced("status", nothing)),
        ("status of another type", Table::Runs, &replaced("status", whole)),
        ("status unknown", Table::Runs, &replaced("status", word)),
        ("environment of another type", Table::Runs, &replaced("environment", whole)),
        ("width of another type", Table::Runs, &replaced("width", word)),
        ("test_rmse of another type", Table::Runs, &replaced("test_rmse", word)),
        ("no run", Table::Runs, &|frame| drop(frame.drop_in_place("run").unwrap())),
        ("no digest", Table::Runs, &|frame| drop(frame.drop_in_place("digest").unwrap())),
        ("order", Table::Runs, &backwards),
        ("order of curves", Table::Curves, &backwards),
        ("epoch of another type", Table::Curves, &replaced("epoch", word)),
        ("input of another type", Table::Predictions, &replaced("input", word)),
    ];
    for (name, table, edit) in cases {
        assert_eq!(damaged(&edited(&files, table, &|_| ()), name), 0, "{name}: as it was");
        assert_eq!(damaged(&edited(&files, table, edit), name), 4, "{name}");
    }
    // Columns of other versions are no damage, and neither are those that were not there yet.
    let more = Series::new("new_measure".into(), [1.5, 2.5, 3.5]).into_column();
    let other = edited(&files, Table::Runs, &|frame| {
        frame.with_column(more.clone()).unwrap();
        drop(frame.drop_in_place("shuffle_seed").unwrap());
    });
    assert_eq!(damaged(&other, "another version"), 0);
}

/// More rows than there are, wherever the footer has their number, and in the manifest.
#[test]
fn rows_that_are_not_there_are_missed() {
    let files = store();
    let path = Layout::new(Path::new(FOLDER)).part(Table::Curves.file());
    let bytes = files.files()[&path].clone();
    let (nine, more) = ([0x16, 18], 2 * 63);
    let places: Vec<usize> = (0..bytes.len() - 1).filter(|at| bytes[*at..at + 2] == nine).collect();
    let mut missed = 0;
    for at in &places {
        let mut changed = bytes.clone();
        changed[at + 1] = more;
        let crafted = files.after(Stop::Killed, Trouble::default());
        put(&crafted, Table::Curves, changed, Some(63));
        assert!(damaged(&crafted, &format!("rows at {at}")) > 2);
        let error = results(&crafted).unwrap().curves().unwrap_err().to_string();
        missed += usize::from(error.contains("it has fewer rows than it says"));
    }
    assert!(missed > 0, "{places:?}");
}

#[test]
fn a_row_without_a_run_is_noticed_wherever_it_stands() {
    let rows = |runs: &[Option<&str>]| {
        DataFrame::new(runs.len(), vec![Series::new("run".into(), runs).into_column()]).unwrap()
    };
    let (one, other) = (Some("00000000000000000001"), Some("00000000000000000002"));
    for table in TABLES {
        let wrong = |pieces: &[&[Option<&str>]]| {
            let mut order = Order::new(table);
            pieces.iter().any(|piece| order.wrong(&rows(piece)).is_some())
        };
        assert!(!wrong(&[&[one], &[other]]));
        assert_eq!(wrong(&[&[one, one], &[one, other]]), table == Table::Runs);
        for none in [None, Some("")] {
            assert!(wrong(&[&[none]]) && wrong(&[&[none, one]]) && wrong(&[&[one, none]]), "{none:?}");
            assert!(wrong(&[&[one], &[none, other]]) && wrong(&[&[one], &[none]]), "{none:?}");
        }
    }
}
