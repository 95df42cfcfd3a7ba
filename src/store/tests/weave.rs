//! Tests of tables that are made some rows at a time: they are what they would be made at once.

use std::path::Path;

use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};

use super::*;
use crate::store::files::Files;
use crate::store::frames::{fingerprint, stack};
use crate::store::layout::Layout;
use crate::store::parts::PartWriter;
use crate::store::tests::memory::{Dice, Memory};

/// Rows of these runs, each with a number that tells them apart.
fn table(runs: &[u64], number: u64) -> DataFrame {
    let ids: Vec<String> = runs.iter().map(|run| format!("{run:020x}")).collect();
    let numbers: Vec<i64> =
        (0..).zip(runs).map(|(row, run)| (number * 1_000_000 + run * 1000 + row).cast_signed()).collect();
    let columns =
        vec![Series::new("run".into(), ids).into_column(), Series::new("epoch".into(), numbers).into_column()];
    DataFrame::new(runs.len(), columns).unwrap()
}

fn files() -> (Memory, Layout) {
    let (files, layout) = (Memory::default(), Layout::new(Path::new("/sample")));
    files.create_folder(layout.root()).unwrap();
    (files, layout)
}

/// Writes rows as a part, in pieces of so many, and gives the bytes.
fn write(rows: &DataFrame, pieces: usize) -> (crate::store::Part, Vec<u8>, Memory) {
    let (files, layout) = files();
    let mut writer = PartWriter::new(&files, &layout, Table::Curves, rows.clear()).unwrap();
    for start in (0..rows.height()).step_by(pieces) {
        writer.push(&rows.slice(start as i64, pieces)).unwrap();
    }
    let part = writer.finish().unwrap();
    let path = layout.part(Table::Curves.file());
    files.rename(&crate::store::layout::new(&path), &path).unwrap();
    let bytes = files.read(&path).unwrap();
    (part, bytes, files)
}

#[test]
fn a_fingerprint_tells_tables_apart_that_differ_in_one_value() {
    let print = |runs: &[u64], number| fingerprint(&table(runs, number)).unwrap();
    let tables =
        [print(&[1, 1, 2], 1), print(&[1, 2, 2], 1), print(&[1, 1, 3], 1), print(&[1, 1, 2], 2), print(&[1, 1], 1)];
    for (at, one) in tables.iter().enumerate() {
        assert!(tables[..at].iter().all(|other| other != one), "{at}");
    }
    assert_eq!(print(&[1, 1, 2], 1), tables[0]);
    // Only the name of a run differs, of as many letters.
    let named = |name: &str| {
        let runs = Series::new("run".into(), vec!["aaaa", name, "cccc"]).into_column();
        fingerprint(&DataFrame::new(3, vec![runs]).unwrap()).unwrap()
    };
    assert_ne!(named("aaaa"), named("bbbb"));
}

#[test]
fn the_bytes_of_a_part_do_not_depend_on_the_pieces_that_it_came_in() {
    let runs: Vec<u64> = (0..Table::Curves.rows_at_once() as u64 * 5 / 2).map(|row| row / 7).collect();
    let rows = table(&runs, 1);
    let (part, bytes, _) = write(&rows, usize::MAX);
    assert_eq!(part.rows, runs.len() as u64);
    for pieces in [999, Table::Curves.rows_at_once()] {
        assert_eq!(write(&rows, pieces).1, bytes, "in pieces of {pieces}");
    }
}

#[test]
fn woven_rows_are_those_that_sorting_all_would_give() {
    let mut dice = Dice(5);
    for round in 0..60 {
        let mut draw = |most: u64| {
            let count = dice.roll(most);
            let mut runs: Vec<u64> = (0..count).map(|_| dice.roll(40)).collect();
            runs.sort_unstable();
            runs
        };
        let (old, replaced) = (draw(60), draw(4));
        // A run in both is one that is replaced.
        let fresh: Vec<u64> = draw(60).into_iter().filter(|run| replaced.contains(run) || !old.contains(run)).collect();
        let (old, fresh) = (table(&old, 1), table(&fresh, 2));
        let replaced: HashSet<Id> = replaced.iter().map(|run| format!("{run:020x}").parse().unwrap()).collect();
        let expected = sorted(&stack(&without(&old, &replaced).unwrap(), &fresh).unwrap()).unwrap();

        let (part, _, files) = write(&old, usize::MAX);
        let layout = Layout::new(Path::new("/sample"));
        let reader = PartReader::open(&files, &layout, (Table::Curves, &part), false, 1 + round % 7).unwrap();
        let mut whole: Option<DataFrame> = None;
        let mut take = |_: Table, rows: &DataFrame| {
            whole = Some(whole.as_ref().map_or_else(|| rows.clone(), |whole| stack(whole, rows).unwrap()));
            Ok(())
        };
        let mut weave = Weave::new(Table::Curves, &fresh.clear(), Some(reader), &replaced, &mut take).unwrap();
        let step = 1 + round / 7;
        for start in (0..fresh.height()).step_by(step) {
            weave.push(&fresh.slice(start as i64, step), &mut take).unwrap();
        }
        weave.finish(&mut take).unwrap();
        assert_eq!(fingerprint(&whole.unwrap()).unwrap(), fingerprint(&expected).unwrap(), "round {round}");
    }
}
