//! Whatever stops when, no record that was reported as saved is lost, and none is there twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::memory::{Memory, Stop, Trouble};
use super::samples::{record, record_of, sweep};
use crate::config::Id;
use crate::store::check::{Checked, Finding, Grade, check_on};
use crate::store::files::Files;
use crate::store::repair::repair_on;
use crate::store::{Error, Record, Results, Writer};
use crate::train::{Checkpoint, Status, Weight};

pub(super) const FOLDER: &str = "/results/sample";

/// The effect that makes the folder, after those for the one above it.
const MADE_BY: usize = 3;

/// What was reported as saved.
#[derive(Clone, Debug, Default)]
pub(super) struct Reported(pub(super) Arc<Mutex<Vec<Id>>>);

impl Reported {
    pub(super) fn ids(&self) -> Vec<Id> {
        self.0.lock().unwrap().clone()
    }

    /// What was reported so far, apart from what will be.
    fn so_far(&self) -> Self {
        Self(Arc::new(Mutex::new(self.ids())))
    }
}

fn open(files: &Memory, reported: &Reported) -> Result<Writer, Error> {
    let heard = Arc::clone(&reported.0);
    let listener = Box::new(move |runs: &[Id]| heard.lock().unwrap().extend(runs));
    Writer::open_on(Arc::new(files.clone()), Path::new(FOLDER), &sweep(), listener)
}

/// What is to be saved in two sessions: the first leaves one run failed, which the second trains again.
fn sessions() -> [Vec<Record>; 2] {
    let first = vec![record(0), record_of(1, Status::Failed, "memory"), record(2), record_of(3, Status::Diverged, "d")];
    [first, vec![record(1), record(4), record(5)]]
}

/// The run that fails in the first session.
fn failing() -> Id {
    record(1).identity.run
}

fn save(files: &Memory, records: &[Record], reported: &Reported) -> Result<(), Error> {
    let writer = open(files, reported)?;
    let runs: Vec<Id> = records.iter().map(|record| record.identity.run).collect();
    writer.claim(&runs)?;
    // One was paused before, and one is left paused.
    let _ = writer.paused(record(2).identity.run);
    let checkpoint = Checkpoint { epoch: 1, seconds: 0.5, environment: "e".into(), state: vec![1; 50] };
    let paused = if records.len() == 4 { record(4) } else { record(7) };
    writer.pause(paused.identity.run, &checkpoint)?;
    for (position, record) in records.iter().enumerate() {
        if !writer.ended().done.contains(&record.identity.run) {
            let keeps_weights = position == 0 || record.identity.run == failing();
            let weight = Weight { name: "w".into(), shape: vec![1], bytes: vec![1, 2, 3, 4] };
            writer.append(record, keeps_weights.then_some(&[weight][..]))?;
        }
        if position == 1 {
            writer.flush()?;
        }
    }
    writer.close().map(drop)
}

fn save_all(files: &Memory, reported: &Reported) -> Result<(), Error> {
    sessions().iter().try_for_each(|records| save(files, records, reported))
}

/// The tables and what the manifest says of them, byte for byte.
fn tables(files: &Memory) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files.files();
    let kept = |path: &Path| ["parquet", "safetensors", "json"].map(|ending| path.extension() == Some(ending.as_ref()));
    all.retain(|path, _| kept(path).contains(&true));
    all
}

pub(super) fn ids(results: &Results) -> Vec<Id> {
    let runs = results.runs().column("run").unwrap().str().unwrap();
    runs.iter().map(|run| run.unwrap().parse().unwrap()).collect()
}

/// What a reader finds: every run once, every run that was reported, and whole tables. A check calls nothing damaged.
pub(super) fn check_reader(files: &Memory, reported: &Reported, context: &str) {
    match check_on(files, Path::new(FOLDER)) {
        Ok(checked) => assert!(!checked.is_damaged() && checked.is_complete(), "{context}: {:?}", checked.findings),
        Err(Error::Missing { .. }) => {}
        Err(error) => panic!("{context}: {error}"),
    }
    let results = match Results::open_on(Arc::new(files.clone()), Path::new(FOLDER)) {
        Ok(results) => results,
        Err(Error::Missing { .. }) if reported.ids().is_empty() => return,
        Err(error) => panic!("{context}: {error}"),
    };
    let found = ids(&results);
    let mut distinct = found.clone();
    distinct.dedup();
    assert_eq!(found, distinct, "{context}: a run is there twice");
    for run in reported.ids() {
        assert!(found.contains(&run), "{context}: {run} was reported as saved and is not there");
    }
    let points = results.curves().unwrap_or_else(|error| panic!("{context}: {error}")).height();
    let predictions = results.predictions().unwrap_or_else(|error| panic!("{context}: {error}")).height();
    assert_eq!((points, predictions), (3 * found.len(), 3 * found.len()), "{context}");
    if reported.ids().contains(&record(0).identity.run) {
        let weights = results.weights(record(0).identity.run).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(weights.expect(context)[0].bytes, [1, 2, 3, 4]);
    }
}

/// Going on after a stop ends with the same tables as if nothing had happened.
fn check_resumed(files: &Memory, expected: &BTreeMap<PathBuf, Vec<u8>>, reported: &Reported, context: &str) {
    save_all(files, reported).unwrap_or_else(|error| panic!("{context}: {error}"));
    check_reader(files, reported, context);
    for (path, bytes) in expected {
        let same = tables(files).get(path) == Some(bytes);
        assert!(same, "{context}: {} differs from that of an uninterrupted sweep", path.display());
    }
    let left: Vec<_> = files.files().into_keys().filter(|path| path.to_string_lossy().ends_with(".new")).collect();
    assert!(left.is_empty(), "{context}: {left:?} were left");
    // All of it is durable, what a killed process had made without coming to sync it included.
    let cut = files.after(Stop::PowerCut, Trouble::default());
    check_reader(&cut, reported, &format!("{context}, resumed, then a power cut"));
    let checked = check_on(&cut, Path::new(FOLDER)).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!(!checked.is_damaged(), "{context}: {:?}", checked.findings);
}

fn undisturbed() -> (Memory, BTreeMap<PathBuf, Vec<u8>>) {
    let files = Memory::default();
    save_all(&files, &Reported::default()).unwrap();
    let tables = tables(&files);
    assert_eq!(tables.len(), 6);
    (files, tables)
}

#[test]
fn stopped_at_any_effect_it_recovers() {
    let (_, expected) = undisturbed();
    let mut stops = 0;
    for stop_at in 0.. {
        let reported = Reported::default();
        let files = Memory::new(Trouble { stop_at: Some(stop_at), ..Trouble::default() });
        let result = save_all(&files, &reported);
        if !files.stopped() {
            result.unwrap();
            break;
        }
        assert!(result.is_err(), "stopped at {stop_at}, and nothing was said");
        let late = stop_at as u64;
        for stop in [Stop::Killed, Stop::PowerCut, Stop::PowerCutLate(late), Stop::PowerCutLate(late + 1_000_000)] {
            let context = format!("{stop:?} at {stop_at}");
            let again = files.after(stop, Trouble::default());
            check_reader(&again, &reported, &context);
            check_resumed(&again, &expected, &reported.so_far(), &context);
            stops += 1;
        }
    }
    assert!(stops > 300, "{stops}");
}

/// A power cut in the middle of the journal, with any part of what was not synced on disk, holes included.
#[test]
fn what_a_power_cut_leaves_of_the_journal_is_never_called_damaged() {
    let mut cuts = 0;
    for stop_at in 0.. {
        let reported = Reported::default();
        let files = Memory::default();
        save(&files, &[record(9)], &Reported::default()).unwrap();
        let files = files.after(Stop::Killed, Trouble { stop_at: Some(stop_at), ..Trouble::default() });
        let Ok(writer) = open(&files, &reported) else { continue };
        for number in 0..4 {
            let flushed = writer.append(&record(number), None);
            let _ = if number == 1 { flushed.and_then(|()| writer.flush()) } else { flushed };
        }
        drop(writer);
        for seed in 0..60 {
            let left = files.after(Stop::PowerCutLate(seed), Trouble::default());
            let results = Results::open_on(Arc::new(left), Path::new(FOLDER));
            let results = results.unwrap_or_else(|error| panic!("at {stop_at}, {seed}: {error}"));
            let found = ids(&results);
            assert!(reported.ids().iter().all(|run| found.contains(run)), "at {stop_at}, {seed}");
            cuts += 1;
        }
        if !files.stopped() {
            break;
        }
    }
    assert!(cuts > 500, "{cuts}");
}

#[test]
fn stopped_again_while_it_recovers_it_recovers() {
    let (_, expected) = undisturbed();
    for stop_at in (0..).step_by(5) {
        let reported = Reported::default();
        let files = Memory::new(Trouble { stop_at: Some(stop_at), ..Trouble::default() });
        let _ = save_all(&files, &reported);
        if !files.stopped() {
            break;
        }
        for second in (0..).step_by(3) {
            let stop = if second % 2 == 0 { Stop::Killed } else { Stop::PowerCutLate(second as u64) };
            let again = files.after(stop, Trouble { stop_at: Some(second), ..Trouble::default() });
            // Opening is what recovers.
            let opened = open(&again, &reported.so_far()).map(drop);
            if !again.stopped() {
                opened.unwrap();
                break;
            }
            let context = format!("{stop:?} at {stop_at}, then at {second}");
            let third = again.after(Stop::PowerCut, Trouble::default());
            check_reader(&third, &reported, &context);
            if second % 4 == 0 {
                check_resumed(&third, &expected, &reported.so_far(), &context);
            }
        }
    }
}

#[test]
fn a_full_disk_is_an_error_that_loses_nothing() {
    let (files, expected) = undisturbed();
    // Old and new parts stand side by side for a while.
    let most = 3 * files.size();
    let mut full = 0;
    for capacity in (0..64).map(|step| step * most / 64) {
        let reported = Reported::default();
        let files = Memory::new(Trouble { capacity: Some(capacity), ..Trouble::default() });
        let context = format!("full at {capacity}");
        if let Err(error) = save_all(&files, &reported) {
            full += 1;
            let says = error.to_string();
            assert!(says.contains("Free some space") && says.contains("/results/"), "{says}");
            let again = files.after(Stop::Killed, Trouble::default());
            check_reader(&again, &reported, &context);
            check_resumed(&again, &expected, &reported, &context);
        }
    }
    assert!(full > 16, "{full} of 64 sizes");
}

/// Errors of every effect and of every look, signals that come in, and writes and reads that do less than they were asked
/// to.
#[test]
fn input_output_errors_are_errors_that_lose_nothing() {
    let (_, expected) = undisturbed();
    let (mut failed, mut effects, mut looks) = (0, 0, 0);
    for seed in 0.. {
        let reported = Reported::default();
        let files = Memory::new(Trouble { errors: Some((10, seed)), ..Trouble::default() });
        let context = format!("errors {seed}");
        let result = save_all(&files, &reported);
        effects += files.effects();
        looks += files.looks();
        if effects > 10_000 && looks > 10_000 {
            break;
        }
        if let Err(error) = result {
            failed += 1;
            assert!(matches!(error, Error::Io { .. }), "{context}: {error}");
            let again = files.after(Stop::PowerCutLate(seed), Trouble::default());
            check_reader(&again, &reported, &context);
            check_resumed(&again, &expected, &reported, &context);
        }
    }
    assert!(failed > 60, "{failed}");
}

/// What a repair has changed or not, apart from what only processes at work know.
fn saved(files: &Memory) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files.files();
    all.retain(|path, _| !path.to_string_lossy().contains("/claims/"));
    all
}

/// How much a check has found; an error where it names something that it could not read. It never calls it damaged.
fn seen(checked: Result<Checked, Error>) -> Result<usize, Error> {
    let checked = checked?;
    assert!(!checked.is_damaged(), "{:?}", checked.findings);
    match checked.findings.iter().find(|finding| finding.grade == Grade::Unreadable) {
        None => Ok(checked.findings.len()),
        Some(Finding { path, what, .. }) => {
            assert!(what.contains("the system refused"), "{what}");
            let (action, message) = ("read", what.clone());
            Err(Error::Io { action, path: path.clone(), kind: std::io::ErrorKind::Other, message })
        }
    }
}

#[test]
fn what_cannot_be_read_is_never_called_damaged_and_never_removed() {
    let (whole, _) = undisturbed();
    let expected = saved(&whole);
    let folder = Path::new(FOLDER);
    let (mut failed, mut looks) = (0, 0);
    for seed in 0.. {
        let files = whole.after(Stop::Killed, Trouble { errors: Some((10, seed)), ..Trouble::default() });
        let shared: Arc<dyn Files> = Arc::new(files.clone());
        let opened = Results::open_on(Arc::clone(&shared), folder).and_then(|results| {
            results.curves()?;
            results.predictions()?;
            results.weights(record(0).identity.run)?;
            Ok(ids(&results).len())
        });
        let (checked, repaired) = (check_on(&files, folder), repair_on(&shared, folder));
        for (way, found, right) in [("read", opened, 6), ("check", seen(checked), 0), ("repair", seen(repaired), 0)] {
            match found {
                Ok(found) => assert_eq!(found, right, "{way} with errors {seed}"),
                Err(error) => {
                    failed += 1;
                    assert!(matches!(error, Error::Io { .. }), "{way} with errors {seed}: {error}");
                }
            }
        }
        assert_eq!(saved(&files), expected, "repaired with errors {seed}");
        looks += files.looks();
        // A check goes on after an error.
        if looks > 20_000 {
            break;
        }
    }
    assert!(failed > 60, "{failed}");
}

#[test]
fn a_repair_that_is_stopped_at_any_effect_loses_nothing() {
    let (_, expected) = undisturbed();
    let mut stops = 0;
    for stop_at in (0..).step_by(5) {
        let reported = Reported::default();
        let files = Memory::new(Trouble { stop_at: Some(stop_at), ..Trouble::default() });
        let _ = save_all(&files, &reported);
        if !files.stopped() {
            break;
        }
        for second in (0..).step_by(2) {
            let stop = if stops % 2 == 0 { Stop::Killed } else { Stop::PowerCutLate(stops) };
            let again = files.after(stop, Trouble { stop_at: Some(second), ..Trouble::default() });
            let context = format!("{stop:?} at {stop_at}, repair stopped at {second}");
            let repaired = repair_on(&(Arc::new(again.clone()) as Arc<dyn Files>), Path::new(FOLDER));
            if !again.stopped() {
                match repaired {
                    Ok(found) => assert!(!found.is_damaged(), "{context}: {:?}", found.findings),
                    Err(error) => assert!(matches!(error, Error::Missing { .. }), "{context}: {error}"),
                }
                break;
            }
            for stop in [Stop::Killed, Stop::PowerCut] {
                let third = again.after(stop, Trouble::default());
                check_reader(&third, &reported, &context);
                if second % 8 == 0 {
                    check_resumed(&third, &expected, &reported.so_far(), &context);
                }
            }
            stops += 1;
        }
    }
    assert!(stops > 200, "{stops}");
}

/// Trains those of the runs that it gets.
fn take_part(writer: &Writer, numbers: &[u32]) -> Result<(), Error> {
    let runs: Vec<Id> = numbers.iter().map(|number| record(*number).identity.run).collect();
    let taken = writer.claim(&runs)?;
    let mine = numbers.iter().zip(taken).filter(|(_, taken)| *taken);
    mine.into_iter().try_for_each(|(number, _)| writer.append(&record(*number), None))?;
    writer.flush()
}

/// A process that has saved one run of two that it has taken, and another that is stopped at an effect.
fn two_processes(stop_at: usize, reported: &Reported) -> (Memory, Writer, Memory) {
    let files = Memory::default();
    save(&files, &[record(9)], &Reported::default()).unwrap();
    let survivor = open(&files, reported).unwrap();
    survivor.claim(&[record(0).identity.run, record(1).identity.run]).unwrap();
    let weight = Weight { name: "w".into(), shape: vec![1], bytes: vec![1, 2, 3, 4] };
    survivor.append(&record(0), Some(&[weight])).unwrap();
    survivor.flush().unwrap();
    let other = files.another(Trouble { stop_at: Some(stop_at), ..Trouble::default() });
    let worked = open(&other, reported).and_then(|writer| {
        take_part(&writer, &[0, 1, 2, 3])?;
        writer.close()
    });
    assert_eq!(worked.is_err(), other.stopped(), "stopped at {stop_at}");
    (files, survivor, other)
}

#[test]
fn one_of_two_processes_is_stopped_at_any_effect_and_the_other_goes_on() {
    let others: Vec<u32> = (1..5).collect();
    let (mut stops, mut decided) = (0, 0);
    let mut expected = None;
    for stop_at in 0.. {
        let reported = Reported::default();
        let (files, survivor, other) = two_processes(stop_at, &reported);
        let context = format!("one of two stopped at {stop_at}");
        let whole = |files: &Memory, context: &str| {
            check_reader(files, &reported, context);
            check_reader(&files.after(Stop::PowerCut, Trouble::default()), &reported, context);
        };
        whole(&files, &context);
        take_part(&survivor, &others).unwrap_or_else(|error| panic!("{context}: {error}"));
        whole(&files, &context);
        let is_decided = files.files().contains_key(&Path::new(FOLDER).join("compaction.json"));
        survivor.close().unwrap_or_else(|error| panic!("{context}: {error}"));
        whole(&files, &context);
        let left = files.list(&Path::new(FOLDER).join("claims")).unwrap();
        assert_eq!(left, [".lock"], "{context}: nothing is left of either");
        // The other may have saved one without coming to say so.
        let mut distinct = reported.ids();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), reported.ids().len(), "{context}: a run was trained twice");
        let runs = files.files()[&Path::new(FOLDER).join("runs.parquet")].clone();
        assert_eq!(*expected.get_or_insert_with(|| runs.clone()), runs, "{context}");
        if !other.stopped() {
            break;
        }
        stops += 1;
        if !is_decided {
            continue;
        }
        // The other had decided on new tables. So the survivor has to put them in place, and is stopped as well.
        decided += 1;
        for second in 0.. {
            let reported = Reported::default();
            let (files, survivor, _) = two_processes(stop_at, &reported);
            take_part(&survivor, &others).unwrap();
            files.stop_in(second);
            let closed = survivor.close();
            if !files.stopped() {
                closed.unwrap();
                break;
            }
            let context = format!("{context}, the other at {second}");
            for stop in [Stop::Killed, Stop::PowerCut] {
                let left = files.after(stop, Trouble::default());
                check_reader(&left, &reported, &context);
                open(&left, &reported).and_then(Writer::close).unwrap_or_else(|error| panic!("{context}: {error}"));
                check_reader(&left, &reported, &context);
            }
        }
    }
    assert!(stops > 60 && decided > 5, "{stops} stops, {decided} decisions");
}

#[test]
fn a_folder_that_vanishes_at_any_effect_is_not_made_again() {
    let records = &sessions()[0];
    let whole = Memory::default();
    save(&whole, records, &Reported::default()).unwrap();
    let mut noticed = 0;
    for effect in 0..whole.effects() {
        let files = Memory::new(Trouble { vanishes: Some((effect, FOLDER)), ..Trouble::default() });
        let saved = save(&files, records, &Reported::default());
        if files.effects() <= effect {
            // Records fell into fewer batches.
            continue;
        }
        // Until it was made there was nothing that could vanish.
        let is_there = |path: &Path| files.list(path.parent().unwrap()).unwrap().contains(&"sample".to_owned());
        if effect > MADE_BY {
            assert!(!is_there(Path::new(FOLDER)), "{effect}: {:?}", files.files().keys());
        }
        if let Err(error) = saved {
            noticed += 1;
            assert!(error.is_gone(), "{effect}: {error}");
        }
        save_all(&files.after(Stop::Killed, Trouble::default()), &Reported::default())
            .unwrap_or_else(|error| panic!("{effect}: {error}"));
    }
    // Not before it is made, nor when nothing is left to do but to leave.
    assert!(noticed * 10 > whole.effects() * 9, "{noticed} of {}", whole.effects());
}

#[test]
fn after_an_error_nothing_more_is_taken() {
    let reported = Reported::default();
    let files = Memory::new(Trouble { capacity: Some(40_000), ..Trouble::default() });
    let writer = open(&files, &reported).unwrap();
    let mut result = Ok(());
    for number in 0..10_000 {
        result = writer.append(&record(number), None).and_then(|()| writer.flush());
        if result.is_err() {
            break;
        }
    }
    let first = result.unwrap_err().to_string();
    assert!(first.contains("Free some space"), "{first}");
    assert_eq!(writer.append(&record(0), None).unwrap_err().to_string(), first);
    assert_eq!(writer.flush().unwrap_err().to_string(), first);
    assert_eq!(writer.close().unwrap_err().to_string(), first);
    let left = files.after(Stop::PowerCut, Trouble::default());
    let results = Results::open_on(Arc::new(left), Path::new(FOLDER)).unwrap();
    let found = ids(&results);
    assert!(!reported.ids().is_empty() && reported.ids().iter().all(|run| found.contains(run)));
}

#[test]
fn dropped_without_closing_everything_is_in_the_journal() {
    let (files, reported) = (Memory::default(), Reported::default());
    let writer = open(&files, &reported).unwrap();
    (0..5).for_each(|number| writer.append(&record(number), None).unwrap());
    drop(writer);
    assert_eq!(reported.ids().len(), 5);
    let results = Results::open_on(Arc::new(files.clone()), Path::new(FOLDER)).unwrap();
    assert_eq!((results.runs().height(), results.pending()), (5, 5));
    let writer = open(&files, &reported).unwrap();
    assert_eq!(writer.opened().records, 5, "the next writer folds what it finds");
    assert_eq!(writer.ended().done.len(), 5);
}
