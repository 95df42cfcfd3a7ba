//! Every changed byte of a small store is noticed, and named for what it is.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use std::{fmt, io};

use super::memory::{Memory, Stop, Trouble};
use super::samples::{record, record_of, sweep};
use crate::config::Id;
use crate::store::check::{Finding, Grade, check_on};
use crate::store::files::{Files, Handle, Kind, Source, write_synced};
use crate::store::layout::{Layout, TABLES};
use crate::store::notes::{self, About};
use crate::store::parts::PartReader;
use crate::store::repair::repair_on;
use crate::store::{Error, Note, Record, Result, Results, SweepCopy, Writer, unfinished, weights};
use crate::train::{Checkpoint, Status, Weight};

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
                    matches!(PartReader::open(&files, &layout, (*table, part), false, 100), Err(Error::Damaged { .. }))
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

/// What a check finds, one line each.
fn found(files: &Memory) -> Vec<(Grade, String)> {
    let checked = check_on(files, Path::new(FOLDER)).unwrap();
    let name = |path: &Path| path.strip_prefix(FOLDER).unwrap().display().to_string();
    checked.findings.iter().map(|finding| (finding.grade, name(&finding.path))).collect()
}

/// A store with something of every kind in it, of processes that have ended in order.
fn whole_store() -> Memory {
    let files = Memory::default();
    let writer = writer(&files).unwrap();
    let weight = Weight { name: "w".into(), shape: vec![2], bytes: vec![1; 8] };
    writer.append(&record(0), Some(&[weight])).unwrap();
    writer.append(&record(1), None).unwrap();
    let checkpoint = Checkpoint { epoch: 3, seconds: 1.0, environment: "e".into(), state: vec![7; 30] };
    writer.pause(record(2).identity.run, &checkpoint).unwrap();
    writer.close().unwrap();
    files
}

#[test]
fn a_check_of_a_whole_store_finds_nothing() {
    let files = whole_store();
    let before = files.files();
    let checked = check_on(&files, Path::new(FOLDER)).unwrap();
    assert_eq!((checked.findings.len(), checked.runs), (0, 2), "{:?}", checked.findings);
    let bytes: usize = before.values().map(Vec::len).sum();
    assert_eq!((checked.files, checked.bytes), (before.len(), bytes as u64), "every byte is accounted for");
    assert_eq!(files.files(), before, "and nothing is changed");
}

#[test]
fn a_check_finds_every_flipped_byte() {
    for (files, step) in [(whole_store(), 3), (store(), 17)] {
        let before = found(&files);
        let mut flips = 0;
        for (path, bytes) in files.files() {
            for at in (0..bytes.len()).step_by(if bytes.len() < 600 { 1 } else { step }) {
                let flip = |bytes: &mut Vec<u8>| bytes[at] ^= 0x10;
                files.edit(&path, flip);
                let after = found(&files);
                assert_ne!(after, before, "byte {at} of {}", path.display());
                files.edit(&path, flip);
                flips += 1;
            }
        }
        assert!(flips > 1000, "{flips}");
    }
}

#[test]
fn a_repair_takes_away_what_does_not_count_and_nothing_else() {
    let files = store();
    let folder = Path::new(FOLDER);
    let segment = files.files().into_keys().find(|path| path.extension().is_some_and(|e| e == "log")).unwrap();
    // As a process that was killed leaves it: without the frame that closes it, in the middle of another.
    files.edit(&segment, |bytes| {
        bytes.truncate(bytes.len() - 32);
        bytes.extend([0xab, b'r', b'u', b'n', 9, 9]);
    });
    let checkpoint = Checkpoint { epoch: 3, seconds: 1.0, environment: "e".into(), state: Vec::new() };
    let layout = Layout::new(folder);
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    unfinished::save(&files, &layout, record(7).identity.run, &checkpoint).unwrap();
    files.edit(&layout.unfinished().join(record(7).identity.run.to_string()), |bytes| bytes.truncate(20));
    drop(files.create(&folder.join("runs.parquet.new")).unwrap());
    drop(files.create(&folder.join("notes.txt")).unwrap());
    let before = found(&files);
    let grade = |wanted: Grade| before.iter().filter(|(grade, _)| *grade == wanted).count();
    assert_eq!((grade(Grade::Damaged), grade(Grade::Leftover), grade(Grade::Foreign)), (0, 3, 1), "{before:?}");
    repair_on(&shared, folder).unwrap();
    let torn = format!("journal/{}.torn", segment.file_name().unwrap().display());
    assert_eq!(files.files()[&folder.join(&torn)], [0xab, b'r', b'u', b'n', 9, 9], "what was cut is kept");
    assert_eq!(found(&files), [(Grade::Leftover, torn), (Grade::Foreign, "notes.txt".to_owned())]);
    assert_eq!(results(&files).unwrap().runs().height(), 4, "no run is lost");
    // Of a process that was killed, the last batch is known to have been saved.
    let killed = store();
    let segment = killed.files().into_keys().find(|path| path.extension().is_some_and(|e| e == "log")).unwrap();
    killed.edit(&segment, |bytes| {
        bytes.truncate(bytes.len() - 32);
        let last = bytes.len() - 50;
        bytes[last] ^= 1;
    });
    let before = killed.files();
    assert!(repair_on(&(Arc::new(killed.clone()) as Arc<dyn Files>), folder).unwrap().is_damaged());
    assert_eq!(killed.files(), before);
    // What is damaged is not touched, and neither is anything else then.
    files.edit(&folder.join("curves.parquet"), |bytes| bytes[50] ^= 1);
    drop(files.create(&folder.join("runs.parquet.new")).unwrap());
    let before = files.files();
    assert!(repair_on(&shared, folder).unwrap().is_damaged());
    assert_eq!(files.files(), before);
    // Nor is anything that another process is at work on.
    let other = whole_store();
    let at_work = writer(&other).unwrap();
    assert!(matches!(repair_on(&(Arc::new(other.clone()) as Arc<dyn Files>), folder), Err(Error::InUse { .. })));
    drop(at_work);
    repair_on(&(Arc::new(other) as Arc<dyn Files>), folder).unwrap();
}

fn weights_of(number: u8) -> [Weight; 1] {
    [Weight { name: "w".into(), shape: vec![2], bytes: vec![number; 8] }]
}

/// What happens, given the file system and what is looked at.
type Hook = dyn Fn(&Memory, &Path) -> io::Result<()> + Send + Sync;

/// Files of which something happens just before any of them is looked at.
struct Hooked {
    files: Memory,
    hook: Box<Hook>,
}

impl Hooked {
    fn asked(&self, path: &Path) -> io::Result<&Memory> {
        (self.hook)(&self.files, path).map(|()| &self.files)
    }
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

impl Files for Hooked {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        self.files.create_new(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        self.files.create(path)
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.files.create_folder(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.files.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.remove(path)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.files.sync_folder(path)
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.asked(path)?.read(path)
    }
    fn open(&self, path: &Path) -> io::Result<Source> {
        self.asked(path)?.open(path)
    }
    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        self.files.kind(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.asked(path)?.list(path)
    }
    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        self.asked(path)?.modified(path)
    }
    fn touch(&self, path: &Path) -> io::Result<SystemTime> {
        self.files.touch(path)
    }
    fn clock(&self) -> SystemTime {
        self.files.clock()
    }
    fn lock(&self, path: &Path, text: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.files.lock(path, text)
    }
    fn held(&self, path: &Path) -> io::Result<Option<String>> {
        self.files.held(path)
    }
}

#[test]
fn what_is_folded_while_a_check_reads_is_no_damage() {
    for before in ["manifest.json", "runs.parquet", "curves.parquet", "journal", ".log", "sweeps", "weights"] {
        let folded = Arc::new(AtomicBool::new(false));
        let has = Arc::clone(&folded);
        let hook = move |files: &Memory, path: &Path| {
            if path.to_string_lossy().ends_with(before) && !has.swap(true, Ordering::Relaxed) {
                writer(files).unwrap().close().unwrap();
            }
            Ok(())
        };
        let files = Hooked { files: store(), hook: Box::new(hook) };
        let checked = check_on(&files, Path::new(FOLDER)).unwrap_or_else(|error| panic!("{before}: {error}"));
        assert!(folded.load(Ordering::Relaxed), "{before}");
        assert_eq!((checked.findings, checked.runs), (vec![], 4), "{before}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_checked() {
    let files = everything();
    let all: Vec<PathBuf> = files.files().into_keys().collect();
    assert!(all.len() > 12, "{all:?}");
    for refused in all {
        let path = refused.clone();
        let hook = move |_: &Memory, asked: &Path| {
            if asked == refused { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
        };
        let own = files.after(Stop::Killed, Trouble::default());
        let hooked = Hooked { files: own.clone(), hook: Box::new(hook) };
        // Foreign files are not read.
        if path.ends_with("notes.txt") {
            continue;
        }
        let checked =
            check_on(&hooked, Path::new(FOLDER)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let unreadable = checked.findings.iter().filter(|finding| finding.grade == Grade::Unreadable);
        assert_eq!(unreadable.map(|finding| &finding.path).collect::<Vec<_>>(), [&path]);
        assert_eq!((checked.is_complete(), checked.is_damaged()), (false, false), "{:?}", checked.findings);
        let foreign = |finding: &Finding| finding.path.ends_with("notes.txt");
        assert!(checked.findings.iter().any(foreign), "{}: the rest is checked", path.display());
        // And nothing is repaired, though whoever looks at processes removes the locks of those that are no more.
        let saved = || {
            let mut files = own.files();
            files.retain(|path, _| path.extension().is_none_or(|ending| ending != "lock"));
            files
        };
        let before = saved();
        let repaired = repair_on(&(Arc::new(hooked) as Arc<dyn Files>), Path::new(FOLDER));
        if path.ends_with(STALE) {
            assert!(repaired.unwrap().is_complete(), "it is gone before anybody reads it");
            continue;
        }
        assert!(repaired.is_err() || repaired.is_ok_and(|found| !found.is_complete()), "{}", path.display());
        assert!(saved() == before, "{}", path.display());
    }
}

#[test]
fn under_claims_only_what_is_left_of_processes_is_removed() {
    let files = whole_store();
    let folder = Path::new(FOLDER);
    let others = ["claims/mine.runs", "claims/notes.lock"];
    for name in [STALE].iter().chain(&others) {
        drop(files.create(&folder.join(name)).unwrap());
    }
    writer(&files).unwrap().close().unwrap();
    assert!(!files.files().contains_key(&folder.join(STALE)));
    assert_eq!(found(&files), others.map(|name| (Grade::Foreign, name.to_owned())));
}

/// The lock of a process that died before it had a list of runs.
const STALE: &str = "claims/0123456789abcdef.lock";

/// A store with a file of every kind, of processes that were killed.
fn everything() -> Memory {
    let files = whole_store();
    let writer = writer(&files).unwrap();
    writer.append(&record(3), None).unwrap();
    drop(writer);
    let folder = Path::new(FOLDER);
    for name in ["notes.txt", ".lock", STALE, "runs.parquet.new", "claims/.lock"] {
        drop(files.create(&folder.join(name)).unwrap());
    }
    files
}

#[test]
fn weights_of_a_record_that_counts_stay_and_others_are_no_damage() {
    let files = Memory::default();
    let append = |record: &Record, weights: Option<&[Weight]>| {
        let writer = writer(&files).unwrap();
        writer.append(record, weights).unwrap();
        writer.flush().unwrap();
        assert_eq!(found(&files), [(Grade::Leftover, claims_of(&files))], "while it is in the journal");
        writer.close().unwrap();
    };
    let run = record(0).identity.run;
    let conflict = record_of(0, Status::Finished, "another result");
    let elsewhere = Record { environment: "another".into(), ..record_of(0, Status::Finished, "that of there") };
    append(&record(0), Some(&weights_of(1)));
    append(&conflict, Some(&weights_of(2)));
    append(&elsewhere, Some(&weights_of(3)));
    append(&record_of(0, Status::TimedOut, "late"), Some(&weights_of(4)));
    append(&elsewhere, None);
    assert_eq!(results(&files).unwrap().weights(run).unwrap().unwrap(), weights_of(1));
    assert_eq!(found(&files), []);
    // Of what failed, none are kept.
    let failing = record(1).identity.run;
    append(&record_of(1, Status::TimedOut, "late"), Some(&weights_of(5)));
    assert_eq!((results(&files).unwrap().weights(failing).unwrap(), found(&files)), (None, vec![]));
    // Saved by an attempt that was killed before its record was, in another environment; then trained without any.
    let layout = Layout::new(Path::new(FOLDER));
    let killed = |run: Id, digest: &str| {
        let bytes = weights::encode(run, digest, &weights_of(6)).unwrap();
        write_synced(&files, &layout.weights_of(run), &bytes).unwrap();
        let name = format!("weights/{run}.safetensors");
        assert_eq!(found(&files), [(Grade::Leftover, name)]);
    };
    killed(failing, "of there");
    assert_eq!(results(&files).unwrap().weights(failing).unwrap(), None);
    let writer = writer(&files).unwrap();
    writer.append(&record(1), None).unwrap();
    writer.close().unwrap();
    assert_eq!((results(&files).unwrap().weights(failing).unwrap(), found(&files)), (None, vec![]));
    // As an earlier version left them: those of the record that was set aside.
    killed(run, &conflict.digest);
}

#[test]
fn weights_are_not_called_damaged_where_their_record_cannot_be_read() {
    let files = Memory::default();
    let first = writer(&files).unwrap();
    first.append(&record(0), Some(&weights_of(1))).unwrap();
    first.append(&record(1), Some(&weights_of(2))).unwrap();
    first.close().unwrap();
    let second = writer(&files).unwrap();
    second.append(&record_of(0, Status::Finished, "another result"), None).unwrap();
    drop(second);
    assert_eq!(found(&files), []);
    for refused in ["manifest.json", "runs.parquet"] {
        let hook = move |_: &Memory, asked: &Path| {
            if asked.ends_with(refused) { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
        };
        let hooked = Hooked { files: files.clone(), hook: Box::new(hook) };
        let checked = check_on(&hooked, Path::new(FOLDER)).unwrap();
        let grades: Vec<Grade> = checked.findings.iter().map(|finding| finding.grade).collect();
        assert_eq!(grades, [Grade::Unreadable; 2], "{refused}: {:?}", checked.findings);
    }
}

/// The file of claims of the one process at work.
fn claims_of(files: &Memory) -> String {
    let claims = files.files().into_keys().find(|path| path.extension().is_some_and(|ending| ending == "runs"));
    claims.unwrap().strip_prefix(FOLDER).unwrap().display().to_string()
}

#[test]
fn every_sweep_that_was_run_is_looked_for() {
    let files = whole_store();
    let other = SweepCopy { text: "version: 1\nname: sample\n# another\n".into(), ..sweep() };
    let open = |sweep| Writer::open_on(Arc::new(files.clone()), Path::new(FOLDER), sweep, Box::new(|_| ()));
    open(&other).unwrap().close().unwrap();
    assert_eq!(found(&files), []);
    let hash = blake3::hash(sweep().text.as_bytes()).to_hex();
    let name = format!("sweeps/{hash}.yaml");
    files.remove(&Path::new(FOLDER).join(&name)).unwrap();
    assert_eq!(found(&files), [(Grade::Damaged, name)]);
    // Of the last one, the copy beside is whole: it is not what is blamed.
    let hash = blake3::hash(other.text.as_bytes()).to_hex();
    let path = Path::new(FOLDER).join(format!("sweeps/{hash}.yaml"));
    files.remove(&path).unwrap();
    let opened = Results::open_on(Arc::new(files.clone()), Path::new(FOLDER));
    assert!(matches!(opened, Err(Error::Damaged { path: blamed, .. }) if blamed == path));
}

/// Runs of three processes, in the tables and in the journal; of one there is a note.
#[test]
fn notes_that_are_missing_are_named_with_how_many_runs_they_were_about() {
    let files = store();
    let by = |process: &str, number| Record { process: Some(process.into()), ..record(number) };
    let (kept, folded, last) = ("00000000000000aa", "00000000000000bb", "00000000000000cc");
    let writer = || writer(&files).unwrap();
    let first = writer();
    for record in [by(kept, 5), by(folded, 6), by(folded, 7)] {
        first.append(&record, None).unwrap();
    }
    first.close().unwrap();
    let second = writer();
    // No name that leads elsewhere is made a path of.
    for record in [by(last, 8), by("../../../etc/passwd", 9)] {
        second.append(&record, None).unwrap();
    }
    second.leave().unwrap();
    notes::keep(&files, &Layout::new(Path::new(FOLDER)), About::Process, kept, &Note::new()).unwrap();
    let missing = |process: &str| (Grade::Missing, format!("provenance/{process}.json"));
    assert_eq!(found(&files), [missing(folded), missing(last)]);
    let checked = check_on(&files, Path::new(FOLDER)).unwrap();
    assert!(!checked.is_damaged() && checked.is_complete());
    let runs: Vec<&str> = checked.findings.iter().map(|finding| finding.runs.as_str()).collect();
    assert_eq!(runs, ["2 that this process trained", "1 that this process trained"]);
    // Where the folder cannot be read, nobody knows what is missing.
    let hook = |_: &Memory, path: &Path| {
        let refused = path.ends_with("provenance");
        if refused { Err(io::Error::from(io::ErrorKind::PermissionDenied)) } else { Ok(()) }
    };
    let checked = check_on(&Hooked { files, hook: Box::new(hook) }, Path::new(FOLDER)).unwrap();
    assert_eq!(checked.findings.iter().map(|finding| finding.grade).collect::<Vec<_>>(), [Grade::Unreadable]);
}

#[test]
fn what_processes_have_left_of_themselves_is_listed_and_put_in_order() {
    let files = whole_store();
    let folder = Path::new(FOLDER);
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let (stale, held, foreign) = ("claims/0123456789abcdef.lock", "claims/fedcba9876543210.lock", "claims/notes.txt");
    for name in [stale, held, foreign] {
        drop(files.create(&folder.join(name)).unwrap());
    }
    // The run that was paused has ended since, and a process was killed before it removed what it had saved.
    let layout = Layout::new(folder);
    let checkpoint = Checkpoint { epoch: 3, seconds: 1.0, environment: "e".into(), state: Vec::new() };
    let ended = record(0).identity.run;
    unfinished::save(&files, &layout, ended, &checkpoint).unwrap();
    let paused = format!("unfinished/{ended}");
    let [stale, held, paused] = [stale, held, &paused].map(|name| (Grade::Leftover, name.to_owned()));
    let foreign = (Grade::Foreign, foreign.to_owned());
    assert_eq!(found(&files), [stale, held.clone(), foreign.clone(), paused]);
    let other = files.lock(&folder.join(&held.1), "").unwrap().unwrap();
    repair_on(&shared, folder).unwrap();
    assert_eq!(found(&files), [held, foreign.clone()], "who holds a lock may be just beginning");
    let still = unfinished::list(&files, &layout).unwrap();
    assert_eq!(still, [record(2).identity.run], "what is paused stays");
    drop(other);
    repair_on(&shared, folder).unwrap();
    assert_eq!(found(&files), [foreign]);
}

#[test]
fn a_segment_of_a_later_version_is_named_and_left() {
    let files = store();
    let segment = files.files().into_keys().find(|path| path.extension().is_some_and(|e| e == "log")).unwrap();
    files.edit(&segment, |bytes| {
        bytes[8..12].copy_from_slice(&99u32.to_le_bytes());
        let check = blake3::hash(&bytes[..16]);
        bytes[16..32].copy_from_slice(&check.as_bytes()[..16]);
    });
    let before = files.files();
    let name = segment.strip_prefix(FOLDER).unwrap().display().to_string();
    assert_eq!(found(&files), [(Grade::Unreadable, name)]);
    assert!(!repair_on(&(Arc::new(files.clone()) as Arc<dyn Files>), Path::new(FOLDER)).unwrap().is_complete());
    assert_eq!(files.files(), before);
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
