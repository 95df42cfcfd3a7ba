//! Shards beside each other: whatever stops when, nothing that was reported is lost or doubled, and nobody's segment is
//! folded while it may grow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::crash::{FOLDER, Reported, check_reader, ids};
use super::memory::{Memory, Stop, Trouble};
use super::samples::{record, record_of, sweep};
use crate::config::Id;
use crate::store::check::{Grade, check_on};
use crate::store::files::{Files, write_synced};
use crate::store::gather::gather_on;
use crate::store::repair::repair_on;
use crate::store::tasks::SILENCE;
use crate::store::{Error, Folded, Note, Record, Results, SweepCopy, Writer};
use crate::train::{Checkpoint, Status, Weight};

fn note(index: u64, state: &str) -> Note {
    let began = format!("2026-01-01T00:00:{index:02}Z");
    let Value::Object(note) = json!({"shard": index, "of": 2, "state": state, "began": began, "slurm": null}) else {
        unreachable!()
    };
    note
}

fn open_shard(files: &Memory, index: u64, reported: &Reported) -> Result<Writer, Error> {
    let heard = Arc::clone(&reported.0);
    let listener = Box::new(move |runs: &[Id]| heard.lock().unwrap().extend(runs));
    Writer::open_shard_on(&shared(files), Path::new(FOLDER), &sweep(), &note(index, "working"), listener)
}

fn shared(files: &Memory) -> Arc<dyn Files> {
    Arc::new(files.clone())
}

fn open(files: &Memory) -> Result<Writer, Error> {
    Writer::open_on(Arc::new(files.clone()), Path::new(FOLDER), &sweep(), Box::new(|_| ()))
}

fn gather(files: &Memory, all: bool) -> Result<Folded, Error> {
    gather_on(&shared(files), Path::new(FOLDER), all)
}

fn results(files: &Memory) -> Results {
    Results::open_on(Arc::new(files.clone()), Path::new(FOLDER)).unwrap()
}

/// The records of a shard. One was paused before it ends, and the first keeps its weights.
fn records(index: u64) -> Vec<Record> {
    if index == 1 {
        return vec![record(0), record_of(3, Status::Failed, "memory"), record(6)];
    }
    vec![record(1), record_of(2, Status::Diverged, "d"), record(4), record(5)]
}

/// Trains what has not ended of a shard, and says so.
fn train(files: &Memory, index: u64, reported: &Reported) -> Result<(), Error> {
    let writer = open_shard(files, index, reported)?;
    let (ended, records) = (writer.ended(), records(index));
    let has_ended = |run: &Id| ended.done.contains(run) || ended.failed.contains(run);
    let runs: Vec<Id> = records.iter().map(|record| record.identity.run).collect();
    assert_eq!(writer.claim(&runs)?, vec![true; runs.len()], "they are nobody else's");
    let checkpoint = Checkpoint { epoch: 1, seconds: 0.5, environment: "e".into(), state: vec![1; 50] };
    for (position, record) in records.iter().enumerate().filter(|(_, record)| !has_ended(&record.identity.run)) {
        if position == 2 {
            writer.pause(record.identity.run, &checkpoint)?;
            let _ = writer.paused(record.identity.run);
        }
        let weight = Weight { name: "w".into(), shape: vec![1], bytes: vec![1, 2, 3, 4] };
        writer.append(record, (position == 0).then_some(&[weight][..]))?;
        if position == 1 {
            writer.flush()?;
            writer.keep_task(&note(index, "working"))?;
        }
    }
    writer.end_task(|error| note(index, if error.is_some() { "failed" } else { "ended" }))
}

/// Tables and manifest, byte for byte.
fn tables(files: &Memory) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files.files();
    let kept = ["runs.parquet", "curves.parquet", "predictions.parquet", "manifest.json"];
    all.retain(|path, _| kept.iter().any(|name| *path == Path::new(FOLDER).join(name)));
    assert_eq!(all.len(), 4);
    all
}

fn undisturbed() -> BTreeMap<PathBuf, Vec<u8>> {
    let files = Memory::default();
    for index in [1, 2] {
        train(&files, index, &Reported::default()).unwrap();
    }
    assert_eq!(gather(&files, false).unwrap().records, 7);
    tables(&files)
}

fn assert_nothing_is_left(files: &Memory, context: &str) {
    let left: Vec<_> = files.files().into_keys().filter(|path| path.to_string_lossy().ends_with(".new")).collect();
    assert!(left.is_empty(), "{context}: {left:?} were left");
    let checked = check_on(files, Path::new(FOLDER)).unwrap();
    assert!(checked.findings.is_empty(), "{context}: {:?}", checked.findings);
}

#[test]
fn a_shard_that_is_stopped_at_any_effect_loses_nothing() {
    let expected = undisturbed();
    let mut stops = 0;
    for stop_at in 0.. {
        let reported = Reported::default();
        let files = Memory::default();
        // The other shard is at work all the while.
        let other = open_shard(&files, 2, &reported).unwrap();
        other.append(&records(2)[0], None).unwrap();
        other.flush().unwrap();
        let own = files.another(Trouble { stop_at: Some(stop_at), ..Trouble::default() });
        let trained = train(&own, 1, &reported);
        let was_stopped = own.stopped();
        assert_eq!(trained.is_err(), was_stopped, "stopped at {stop_at}");
        let context = format!("a shard is stopped at {stop_at}");
        check_reader(&files, &reported, &context);
        for late in [Stop::PowerCut, Stop::PowerCutLate(stop_at as u64)] {
            let cut = files.after(late, Trouble::default());
            check_reader(&cut, &reported, &format!("{context}, {late:?}"));
            // Whoever comes after the power cut goes on with both.
            let reported = Reported(Arc::new(std::sync::Mutex::new(reported.ids())));
            for index in [1, 2] {
                train(&cut, index, &reported).unwrap_or_else(|error| panic!("{context}: {error}"));
            }
            cut.wait(SILENCE);
            gather(&cut, false).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert!(tables(&cut) == expected, "{context}, {late:?}: other tables");
        }
        // The same shard again, beside the other one.
        train(&files, 1, &reported).unwrap_or_else(|error| panic!("{context}: {error}"));
        check_reader(&files, &reported, &context);
        assert!(matches!(gather(&files, false), Err(Error::ShardsAtWork { .. })), "{context}");
        assert!(matches!(open(&files), Err(Error::ShardsAtWork { .. })), "{context}");
        for record in &records(2)[1..] {
            other.append(record, None).unwrap();
        }
        other.end_task(|_| note(2, "ended")).unwrap_or_else(|error| panic!("{context}: {error}"));
        check_reader(&files, &reported, &context);
        files.wait(SILENCE);
        gather(&files, false).unwrap_or_else(|error| panic!("{context}: {error}"));
        check_reader(&files, &reported, &context);
        assert!(tables(&files) == expected, "{context}: other tables");
        assert_nothing_is_left(&files, &context);
        let mut distinct = reported.ids();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), reported.ids().len(), "{context}: a run was trained twice");
        if !was_stopped {
            break;
        }
        stops += 1;
    }
    assert!(stops > 45, "{stops}");
}

#[test]
fn a_gathering_that_is_stopped_at_any_effect_is_done_by_the_next() {
    let expected = undisturbed();
    let reported = Reported::default();
    let files = Memory::default();
    train(&files, 1, &reported).unwrap();
    drop(open_shard(&files, 2, &reported).unwrap());
    train(&files, 2, &reported).unwrap();
    files.wait(SILENCE);
    let mut stops = 0;
    for stop_at in 0.. {
        let own = files.after(Stop::Killed, Trouble { stop_at: Some(stop_at), ..Trouble::default() });
        let gathered = gather(&own, false);
        if !own.stopped() {
            gathered.unwrap();
            break;
        }
        for stop in [Stop::Killed, Stop::PowerCut, Stop::PowerCutLate(stop_at as u64)] {
            let context = format!("gathering is stopped at {stop_at}, {stop:?}");
            let left = own.after(stop, Trouble::default());
            check_reader(&left, &reported, &context);
            gather(&left, false).unwrap_or_else(|error| panic!("{context}: {error}"));
            check_reader(&left, &reported, &context);
            assert!(tables(&left) == expected, "{context}: other tables");
            assert_nothing_is_left(&left, &context);
            stops += 1;
        }
    }
    assert!(stops > 60, "{stops}");
}

#[test]
fn nobody_folds_the_segment_of_a_shard_at_work() {
    let files = Memory::default();
    let ordinary = open(&files).unwrap();
    ordinary.append(&record(9), None).unwrap();
    // It begins later than the other, which therefore could not refuse.
    let shard = open_shard(&files, 1, &Reported::default()).unwrap();
    shard.append(&record(0), None).unwrap();
    shard.flush().unwrap();
    assert_eq!(ordinary.close().unwrap().records, 1, "only its own");
    assert_eq!((results(&files).runs().height(), results(&files).pending()), (2, 1));
    let repaired = repair_on(&shared(&files), Path::new(FOLDER));
    assert!(matches!(repaired, Err(Error::ShardsAtWork { .. })));
    shard.append(&record(3), None).unwrap();
    shard.end_task(|_| note(1, "ended")).unwrap();
    assert_eq!(gather(&files, false).unwrap().records, 2);
    assert_eq!(ids(&results(&files)).len(), 3);
    // Nothing more to do: the tables stay as they are.
    let before = tables(&files);
    assert_eq!(gather(&files, false).unwrap(), Folded::default());
    assert!(tables(&files) == before);
}

#[test]
fn a_shard_that_was_taken_for_dead_says_so() {
    let files = Memory::default();
    let reported = Reported::default();
    let shard = open_shard(&files, 1, &reported).unwrap();
    shard.append(&record(0), None).unwrap();
    shard.flush().unwrap();
    files.wait(SILENCE.checked_sub(Duration::from_secs(1)).unwrap());
    assert!(matches!(gather(&files, false), Err(Error::ShardsAtWork { .. })), "not yet");
    files.wait(Duration::from_secs(1));
    assert_eq!(gather(&files, false).unwrap().records, 1);
    let state = |files: &Memory| results(files).tasks().unwrap()[0].note["state"].clone();
    assert_eq!(state(&files), "failed");
    let saved = shard.append(&record(3), None).and_then(|()| shard.flush());
    assert!(matches!(saved, Err(Error::TakenAway { .. })), "{saved:?}");
    let ended = shard.end_task(|error| note(1, if error.is_some() { "failed" } else { "ended" }));
    assert!(matches!(ended, Err(Error::TakenAway { .. })), "{ended:?}");
    assert_eq!(state(&files), "failed");
    // What was reported is there, and the same shard again trains the rest.
    assert_eq!((ids(&results(&files)), reported.ids()), (vec![record(0).identity.run], vec![record(0).identity.run]));
    train(&files, 1, &reported).unwrap();
    gather(&files, false).unwrap();
    assert_eq!(ids(&results(&files)).len(), 3);
}

#[test]
fn all_is_believed_to_have_ended_where_somebody_knows() {
    let files = Memory::default();
    drop(open_shard(&files, 1, &Reported::default()).unwrap());
    let says = gather(&files, false).unwrap_err().to_string();
    assert!(says.contains("shard 1 of 2") && says.contains("ablate gather --all"), "{says}");
    gather(&files, true).unwrap();
    // From now on nobody waits for it.
    open(&files).and_then(Writer::close).unwrap();
    let task = &results(&files).tasks().unwrap()[0];
    assert_eq!((&task.note["state"], &task.note["reason"]), (&json!("failed"), &json!("it ended without a word")));
}

#[test]
fn notes_of_attempts_that_came_to_nothing_go_once_the_shard_has_ended() {
    let files = Memory::default();
    drop(open_shard(&files, 1, &Reported::default()).unwrap());
    drop(open_shard(&files, 2, &Reported::default()).unwrap());
    files.wait(SILENCE);
    train(&files, 1, &Reported::default()).unwrap();
    let states = |files: &Memory| -> Vec<(u64, String)> {
        let tasks = results(files).tasks().unwrap();
        tasks.iter().map(|task| (task.shard().unwrap().0, task.note["state"].as_str().unwrap().to_owned())).collect()
    };
    assert_eq!(states(&files).len(), 3);
    gather(&files, false).unwrap();
    assert_eq!(states(&files), [(1, "ended".into()), (2, "failed".into())], "a failure is still told");
}

/// One that was killed holds nobody up once the shard has ended all the same; one that goes on does.
#[test]
fn another_attempt_that_has_ended_ends_the_waiting() {
    let files = Memory::default();
    let killed = open_shard(&files, 1, &Reported::default()).unwrap();
    killed.append(&record(0), None).unwrap();
    killed.flush().unwrap();
    files.wait(Duration::from_secs(1));
    train(&files, 1, &Reported::default()).unwrap();
    let at_work = |files: &Memory| results(files).tasks().unwrap().iter().filter(|task| task.is_at_work()).count();
    assert_eq!(at_work(&files), 0);
    // It was not killed after all.
    files.wait(Duration::from_secs(1));
    killed.keep_task(&note(1, "working")).unwrap();
    assert_eq!(at_work(&files), 1);
    assert!(matches!(gather(&files, false), Err(Error::ShardsAtWork { .. })));
    killed.append(&record(3), None).unwrap();
    killed.end_task(|_| note(1, "ended")).unwrap();
    gather(&files, false).unwrap();
    assert_eq!((ids(&results(&files)).len(), results(&files).tasks().unwrap().len()), (3, 1));
    check_reader(&files, &Reported::default(), "gathered");
}

/// Readers write nothing, so they go by the clock of their machine, here an hour behind, and by what was written last.
#[test]
fn silence_is_told_by_the_clock_of_the_file_system() {
    let files = Memory::default();
    drop(open_shard(&files, 1, &Reported::default()).unwrap());
    let quiet = |files: &Memory| results(files).tasks().unwrap()[0].quiet;
    assert_eq!(quiet(&files), Duration::ZERO);
    files.wait(SILENCE);
    assert_eq!(quiet(&files), Duration::ZERO, "nothing is known");
    let before = files.files();
    drop(open_shard(&files, 2, &Reported::default()).unwrap());
    assert_eq!(quiet(&files), SILENCE);
    let tasks = results(&files).tasks().unwrap();
    assert_eq!(
        tasks.iter().map(|task| (task.is_at_work(), task.is_lost())).collect::<Vec<_>>(),
        [(false, true), (true, false)]
    );
    assert!(files.files().len() > before.len());
    files.wait(Duration::from_hours(2));
    assert_eq!(quiet(&files), SILENCE + Duration::from_hours(1), "by the clock of the machine");
    // Who writes knows better.
    assert!(gather(&files, false).is_ok());
}

#[test]
fn the_sweep_of_shards_is_known_before_it_is_gathered_and_after() {
    let files = Memory::default();
    open(&files).and_then(Writer::close).unwrap();
    let edited =
        SweepCopy { text: "version: 1\nname: sample\n# edited\n".into(), overrides: vec!["depth=2".into()], ..sweep() };
    let folder = Path::new(FOLDER);
    let shard = Writer::open_shard_on(&shared(&files), folder, &edited, &note(1, "working"), Box::new(|_| ())).unwrap();
    shard.append(&record(0), None).unwrap();
    shard.end_task(|_| note(1, "ended")).unwrap();
    for gathered in [false, true] {
        if gathered {
            gather(&files, false).unwrap();
        }
        // What is lost of its sweep is noticed, by the check as by whoever opens it.
        let copy = format!("sweeps/{}.yaml", blake3::hash(edited.text.as_bytes()).to_hex());
        for name in [&copy, "sweep.yaml"] {
            let path = folder.join(name);
            let bytes = files.read(&path).unwrap();
            files.edit(&path, Vec::clear);
            let checked = check_on(&files, folder).unwrap();
            let damaged = checked.findings.iter().filter(|finding| finding.grade == Grade::Damaged);
            assert_eq!(damaged.map(|finding| &finding.path).collect::<Vec<_>>(), [&path], "gathered: {gathered}");
            files.remove(&path).unwrap();
            let checked = check_on(&files, folder).unwrap();
            let damaged = checked.findings.iter().filter(|finding| finding.grade == Grade::Damaged);
            let damaged: Vec<_> = damaged.collect();
            assert!(damaged.len() == 1 && damaged[0].path == path, "gathered: {gathered}: {damaged:?}");
            let remedy = if *name == *copy { "Put back a copy".to_owned() } else { format!("Copy {FOLDER}/{copy}") };
            assert!(damaged[0].remedy.starts_with(&remedy), "{}", damaged[0].remedy);
            write_synced(&files, &path, &bytes).unwrap();
        }
        let results = results(&files);
        assert_eq!((results.sweep(), results.name()), (edited.text.as_str(), "sample".to_owned()));
        assert_eq!(results.version().unwrap().overrides, ["depth=2"]);
        assert_eq!(results.versions().len(), 2);
    }
    // An ordinary run of the first version is the last one then, though the note is still there.
    open(&files).and_then(Writer::close).unwrap();
    assert_eq!(results(&files).version().unwrap().overrides, ["depth=1"]);
}

#[test]
fn errors_of_the_disk_are_errors_of_the_shard_and_lose_nothing() {
    let expected = undisturbed();
    let most = 40_000;
    let mut full = 0;
    for capacity in (0..32).map(|step| step * most / 32) {
        let reported = Reported::default();
        let files = Memory::new(Trouble { capacity: Some(capacity), ..Trouble::default() });
        let context = format!("full at {capacity}");
        if let Err(error) = train(&files, 1, &reported) {
            full += 1;
            let says = error.to_string();
            assert!(says.contains("Free some space") && says.contains("/results/"), "{says}");
        }
        let again = files.after(Stop::Killed, Trouble::default());
        check_reader(&again, &reported, &context);
        for index in [1, 2] {
            train(&again, index, &reported).unwrap_or_else(|error| panic!("{context}: {error}"));
        }
        again.wait(SILENCE);
        gather(&again, false).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert!(tables(&again) == expected, "{context}: other tables");
    }
    assert!(full > 4, "{full}");
}

#[test]
fn a_folder_that_is_removed_is_not_made_again() {
    let files = Memory::default();
    let shard = open_shard(&files, 1, &Reported::default()).unwrap();
    let all: Vec<PathBuf> = files.files().into_keys().collect();
    all.iter().for_each(|path| files.remove(path).unwrap());
    files.remove_folder(&Path::new(FOLDER).join("tasks"));
    files.remove_folder(&Path::new(FOLDER).join("journal"));
    let error = shard.keep_task(&note(1, "working")).unwrap_err();
    assert!(error.is_gone() && error.to_string().contains("The folder was removed"), "{error}");
    let error = shard.append(&record(0), None).and_then(|()| shard.flush()).unwrap_err();
    assert!(error.is_gone() && error.to_string().contains("The folder was removed"), "{error}");
}

#[test]
fn a_note_of_a_task_that_was_changed_is_damage_that_is_found() {
    let files = Memory::default();
    train(&files, 1, &Reported::default()).unwrap();
    let path = files.files().into_keys().find(|path| path.to_string_lossy().contains("/tasks/")).unwrap();
    files.edit(&path, |bytes| bytes[100] ^= 1);
    let checked = check_on(&files, Path::new(FOLDER)).unwrap();
    assert_eq!(checked.findings.iter().map(|f| (f.grade, &f.path)).collect::<Vec<_>>(), [(Grade::Damaged, &path)]);
    assert!(matches!(gather(&files, false), Err(Error::Damaged { .. })));
}
