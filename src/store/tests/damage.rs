//! Every changed byte of a small store is noticed, and named for what it is.

use std::path::Path;
use std::sync::Arc;

use super::memory::Memory;
use super::samples::{record, sweep};
use crate::store::files::Files;
use crate::store::layout::{Layout, TABLES};
use crate::store::parts::PartReader;
use crate::store::{Error, Result, Results, Writer};

const FOLDER: &str = "/results/sample";

fn results(files: &Memory) -> Result<Results> {
    Results::open_on(Arc::new(files.clone()), Path::new(FOLDER))
}

fn writer(files: &Memory) -> Result<Writer> {
    Writer::open_on(Arc::new(files.clone()), Path::new(FOLDER), &sweep(), Box::new(|_| ()))
}

/// Two runs in the tables, two in the journal.
fn store() -> Memory {
    let files = Memory::default();
    let first = writer(&files).unwrap();
    (0..2).for_each(|number| first.append(&record(number), None).unwrap());
    first.close().unwrap();
    let second = writer(&files).unwrap();
    (2..4).for_each(|number| second.append(&record(number), None).unwrap());
    drop(second);
    files
}

#[test]
fn every_flipped_byte_is_noticed() {
    let files = store();
    let layout = Layout::new(Path::new(FOLDER));
    let manifest = results(&files).unwrap().manifest().unwrap().clone();
    let mut flips = 0;
    for (path, bytes) in files.files() {
        if path.ends_with(".lock") {
            continue;
        }
        let part = TABLES.iter().find(|table| path.ends_with(table.file()));
        let is_journal = path.extension().is_some_and(|ending| ending == "log");
        for at in 0..bytes.len() {
            let flip = |bytes: &mut Vec<u8>| bytes[at] ^= 0x10;
            files.edit(&path, flip);
            let noticed = match part {
                // Opening everything for each byte would take minutes; this is how each part is read.
                Some(table) => {
                    let part = manifest.part(*table).unwrap();
                    matches!(PartReader::open(&files, &layout, part, false, 100), Err(Error::Damaged { .. }))
                }
                None => match results(&files) {
                    Ok(results) => is_journal && results.torn() > 0,
                    Err(error) => matches!(error, Error::Damaged { .. }),
                },
            };
            assert!(noticed, "byte {at} of {}", path.display());
            files.edit(&path, flip);
            flips += 1;
        }
    }
    assert!(flips > 10_000, "{flips}");
    assert_eq!(results(&files).unwrap().runs().height(), 4);
}

#[test]
fn a_damaged_part_is_named_and_is_not_overwritten() {
    for table in TABLES {
        let files = store();
        let path = Path::new(FOLDER).join(table.file());
        files.edit(&path, |bytes| bytes[100] ^= 1);
        let before = files.files();
        let error = writer(&files).map(Writer::close).expect_err("the journal cannot be folded into it");
        assert!(matches!(&error, Error::Damaged { path: named, .. } if *named == path), "{error}");
        assert_eq!(files.files()[&path], before[&path]);
        assert!(files.files().keys().any(|path| path.extension().is_some_and(|ending| ending == "log")));
    }
}

#[test]
fn missing_files_are_damage_where_something_says_that_they_were_there() {
    for name in ["runs.parquet", "curves.parquet", "manifest.json"] {
        let files = store();
        files.remove(&Path::new(FOLDER).join(name)).unwrap();
        let error = results(&files).and_then(|results| results.curves().map(drop)).unwrap_err();
        assert!(matches!(&error, Error::Damaged { path, .. } if path.ends_with(name)), "{name}: {error}");
    }
}

#[test]
fn a_manifest_of_a_later_version_is_not_called_damaged() {
    let files = store();
    let mut manifest = results(&files).unwrap().manifest().unwrap().clone();
    manifest.format = 99;
    files.edit(&Path::new(FOLDER).join("manifest.json"), |bytes| *bytes = crate::store::sealed::seal(&manifest));
    assert!(matches!(results(&files), Err(Error::Newer { found: 99, .. })));
}
