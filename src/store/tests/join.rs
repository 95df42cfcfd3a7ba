//! Folders joined: what counts is the same whatever their order, nothing is lost, and whatever stops it, the same call again
//! ends with the same results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::memory::{Dice, Memory, Stop, Trouble};
use super::samples::{record, record_of, sweep};
use crate::config::Id;
use crate::store::check::check_on;
use crate::store::files::{Files, create_root};
use crate::store::join::join_on;
use crate::store::layout::Layout;
use crate::store::notes::{self, About};
use crate::store::{Error, Joined, Note, Record, Results, SweepCopy, Why, Writer};
use crate::train::{Checkpoint, Status, Weight};

const INTO: &str = "/results/all/sample";

fn folder(name: &str) -> PathBuf {
    Path::new("/results").join(name).join("sample")
}

fn shared(files: &Memory) -> Arc<dyn Files> {
    Arc::new(files.clone())
}

fn writer(files: &Memory, folder: &Path, copy: &SweepCopy) -> Writer {
    Writer::open_on(shared(files), folder, copy, Box::new(|_| ())).unwrap()
}

/// Weights that tell which record they are of.
fn weight(record: &Record) -> Weight {
    Weight { name: "w".into(), shape: vec![1], bytes: blake3::hash(record.digest.as_bytes()).as_bytes()[..4].to_vec() }
}

/// Saves records into a folder, with a note on the process of each that names one; every second record stays in the journal.
/// The first keeps its weights.
fn save(files: &Memory, folder: &Path, records: &[Record]) {
    create_root(files, folder).unwrap();
    for process in records.iter().filter_map(|record| record.process.as_ref()) {
        notes::keep(files, &Layout::new(folder), About::Process, process, &Note::new()).unwrap();
    }
    for is_folded in [true, false] {
        let writer = writer(files, folder, &sweep());
        let chosen = records.iter().enumerate().filter(|(position, _)| (position % 2 == 0) == is_folded);
        for (position, record) in chosen {
            writer
                .append(record, (position == 0).then(|| [weight(record)]).as_ref().map(|weights| &weights[..]))
                .unwrap();
        }
        if is_folded { writer.close().map(drop).unwrap() } else { writer.leave().unwrap() }
    }
}

fn join(files: &Memory, sources: &[PathBuf]) -> Result<Joined, Error> {
    join_on(&shared(files), sources, Path::new(INTO))
}

fn open(files: &Memory, folder: &Path) -> Results {
    Results::open_on(shared(files), folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

fn ids(results: &Results) -> Vec<Id> {
    results.runs().column("run").unwrap().str().unwrap().iter().map(|run| run.unwrap().parse().unwrap()).collect()
}

fn text(results: &Results, column: &str, run: Id) -> String {
    let place = ids(results).iter().position(|id| *id == run).unwrap();
    results.runs().column(column).unwrap().str().unwrap().get(place).unwrap().to_owned()
}

/// The files of a folder, but for what only processes at work know.
fn below(files: &Memory, folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files.files();
    all.retain(|path, _| path.starts_with(folder) && !path.starts_with(folder.join("claims")));
    all
}

fn tables(files: &Memory) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = below(files, Path::new(INTO));
    all.retain(|path, _| path.parent() == Some(Path::new(INTO)) && path.extension() == Some("parquet".as_ref()));
    assert_eq!(all.len(), 3);
    all
}

fn assert_whole(files: &Memory, context: &str) {
    let checked = check_on(files, Path::new(INTO)).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!(checked.findings.is_empty(), "{context}: {:?}", checked.findings);
}

/// A record as another process trains it: the same result, another time.
fn by(process: u64, record: Record) -> Record {
    Record { process: Some(format!("{process:016x}")), seconds: process as f64, ..record }
}

#[test]
fn folders_together_are_what_one_folder_would_hold() {
    let files = Memory::default();
    save(&files, &folder("a"), &[record(0), record(1), record(2), record(3)]);
    save(&files, &folder("b"), &[record(3), record(4), record(5)]);
    save(&files, &folder("c"), &[record(5), record(0), record_of(6, Status::Diverged, "d")]);
    let joined = join(&files, &[folder("a"), folder("b"), folder("c")]).unwrap();
    let counts: Vec<[u64; 3]> = joined.from.iter().map(|from| [from.runs, from.taken, from.same]).collect();
    assert_eq!((joined.runs, counts), (7, vec![[4, 4, 0], [3, 2, 1], [3, 1, 2]]));
    assert_whole(&files, "joined");
    let one = Memory::default();
    let records: Vec<Record> = (0..6).map(record).chain([record_of(6, Status::Diverged, "d")]).collect();
    let whole = writer(&one, Path::new(INTO), &sweep());
    records.iter().for_each(|record| whole.append(record, None).unwrap());
    whole.close().unwrap();
    assert!(tables(&files) == tables(&one), "other bytes");
    assert_eq!(open(&files, Path::new(INTO)).version(), open(&one, Path::new(INTO)).version());
}

/// Any runs in any of three folders, trained by different processes, some of them in vain.
#[test]
fn the_order_of_folders_decides_nothing_but_which_of_two_results_counts() {
    let mut dice = Dice(5);
    for round in 0..40 {
        let mut records: [Vec<Record>; 3] = [vec![], vec![], vec![]];
        for number in 0..10 {
            for (place, records) in records.iter_mut().enumerate() {
                let process = dice.roll(4) + 4 * place as u64;
                match dice.roll(6) {
                    0..3 => records.push(by(process, record(number))),
                    3 => records.push(by(process, record_of(number, Status::Failed, &format!("{process}")))),
                    _ => {}
                }
            }
        }
        let mut expected = None;
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let files = Memory::default();
            records.iter().zip(["a", "b", "c"]).for_each(|(records, name)| save(&files, &folder(name), records));
            join(&files, &order.map(|place| folder(["a", "b", "c"][place]))).unwrap();
            assert_whole(&files, &format!("round {round}, {order:?}"));
            let (now, manifest) = (tables(&files), open(&files, Path::new(INTO)).manifest().unwrap().clone());
            let (tables, before) = expected.get_or_insert_with(|| (now.clone(), manifest.clone()));
            assert!(*tables == now, "round {round}, {order:?}: other tables");
            assert_eq!(*before, manifest, "round {round}, {order:?}");
        }
    }
}

/// Two folders that differ in a run, of which the first has the record `other` too, from another environment.
fn differing(files: &Memory) -> [Record; 3] {
    let conflicting = by(7, record_of(1, Status::Finished, "another result"));
    let elsewhere = Record { environment: "beef".into(), ..record_of(2, Status::Finished, "on another machine") };
    save(files, &folder("a"), &[record(1), record(0), record(2)]);
    save(files, &folder("b"), &[conflicting.clone(), elsewhere.clone(), record(3)]);
    [record(1), conflicting, elsewhere]
}

#[test]
fn results_that_differ_are_both_kept_whole() {
    for turned in [false, true] {
        let files = Memory::default();
        let [first, second, elsewhere] = differing(&files);
        let (counts, other) = if turned { (&second, &first) } else { (&first, &second) };
        let mut sources = [folder("a"), folder("b")];
        if turned {
            sources.reverse();
        }
        let joined = join(&files, &sources).unwrap();
        assert_whole(&files, "joined");
        let all = open(&files, Path::new(INTO));
        assert_eq!((joined.runs, ids(&all).len()), (4, 4));
        assert_eq!(text(&all, "digest", first.identity.run), counts.digest);
        let whys: Vec<Why> = all.set_aside().unwrap().iter().map(|item| item.why).collect();
        assert_eq!(whys.iter().filter(|why| **why == Why::Conflict).count(), 1, "{whys:?}");
        assert_eq!(whys.iter().filter(|why| **why == Why::OtherEnvironment).count(), 1, "{whys:?}");
        assert_eq!(all.conflicts().unwrap()[0].digest, other.digest);
        // The other is there as results of its own, with its curve, its predictions and its weights.
        let [(path, items)] = &joined.aside[..] else { panic!("{joined:?}") };
        assert_eq!((all.asides().unwrap(), items.len()), (vec![path.clone()], 2));
        let aside = open(&files, path);
        let (run, weights) = (other.identity.run, aside.weights(other.identity.run).unwrap().unwrap());
        assert_eq!((text(&aside, "digest", run), &weights[0].bytes), (other.digest.clone(), &weight(other).bytes));
        assert_eq!((aside.curves().unwrap().height(), aside.predictions().unwrap().height()), (6, 6));
        assert_eq!(ids(&aside).len(), 2);
        assert_eq!(aside.sweep(), sweep().text);
        let other_environment = if turned { "cafe" } else { "beef" };
        assert_eq!(text(&aside, "environment", elsewhere.identity.run), other_environment);
        assert_eq!(all.weights(run).unwrap().unwrap()[0].bytes, weight(counts).bytes);
        let found = all.aside_of(&all.conflicts().unwrap()[0]).unwrap();
        assert_eq!(found.as_ref(), Some(path));
        // Again, nothing changes; and what was kept aside comes along where this is merged in turn.
        let before = below(&files, Path::new(INTO));
        let again = join(&files, &sources).unwrap();
        assert_eq!((&again.aside, again.from.iter().map(|from| from.taken).sum::<u64>()), (&joined.aside, 0));
        assert!(below(&files, Path::new(INTO)) == before, "another time changes nothing");
        let further = Path::new("/results/further/sample");
        join_on(&shared(&files), &[PathBuf::from(INTO)], further).unwrap();
        assert_eq!(open(&files, further).asides().unwrap(), [further.join("aside").join(path.file_name().unwrap())]);
        assert!(check_on(&files, further).unwrap().findings.is_empty());
    }
}

#[test]
fn what_failed_gives_way_to_what_did_not() {
    let files = Memory::default();
    save(&files, &folder("a"), &[record_of(0, Status::Failed, "memory"), record_of(1, Status::TimedOut, "long")]);
    save(&files, &folder("b"), &[record(0), record_of(1, Status::TimedOut, "long")]);
    let joined = join(&files, &[folder("a"), folder("b")]).unwrap();
    let counts: Vec<[u64; 3]> = joined.from.iter().map(|from| [from.taken, from.same, from.failed]).collect();
    assert_eq!(counts, [[1, 0, 1], [1, 1, 0]]);
    let all = open(&files, Path::new(INTO));
    assert_eq!(text(&all, "status", record(0).identity.run), "finished");
    assert_eq!(all.weights(record(0).identity.run).unwrap().unwrap()[0].bytes, weight(&record(0)).bytes);
    assert_eq!(all.set_aside().unwrap().iter().map(|item| item.why).collect::<Vec<_>>(), [Why::Superseded]);
    // Also where it failed in the folder that all go into.
    let files = Memory::default();
    save(&files, Path::new(INTO), &[record_of(0, Status::Failed, "memory"), record(2)]);
    save(&files, &folder("b"), &[record(0)]);
    assert_eq!(join(&files, &[folder("b")]).unwrap().runs, 2);
    assert_eq!(text(&open(&files, Path::new(INTO)), "status", record(0).identity.run), "finished");
    assert_whole(&files, "joined");
}

/// What comes along beside rows: versions of the sweep, notes, weights of the same result from wherever there are some.
#[test]
fn versions_notes_and_weights_come_along() {
    let files = Memory::default();
    let edited = SweepCopy { text: "version: 1\nname: sample\n# edited\n".into(), ..sweep() };
    save(&files, &folder("a"), &[record(0), record(1)]);
    let writer = writer(&files, &folder("b"), &edited);
    let note = |text: &str, ended: bool| -> Note {
        let ended = if ended { json!("2026") } else { json!(null) };
        [("machine".to_owned(), json!(text)), ("ended".to_owned(), ended)].into_iter().collect()
    };
    writer.keep_provenance(&note("m", true)).unwrap();
    let trained = Record { process: Some(writer.process().to_owned()), ..record(1) };
    writer.append(&trained, Some(&[weight(&trained)])).unwrap();
    writer
        .pause(record(7).identity.run, &Checkpoint { epoch: 1, seconds: 0.5, environment: "e".into(), state: vec![1] })
        .unwrap();
    let process = writer.process().to_owned();
    writer.close().unwrap();
    let run = record(1).identity.run;
    notes::keep(&files, &Layout::new(&folder("b")), About::Run, &run.to_string(), &note("verified", true)).unwrap();
    // A copy of the note from when the process had not ended yet.
    notes::keep(&files, &Layout::new(&folder("a")), About::Process, &process, &note("m", false)).unwrap();
    let joined = join(&files, &[folder("a"), folder("b")]).unwrap();
    assert_eq!(joined.from.iter().map(|from| from.paused).collect::<Vec<_>>(), [0, 1]);
    assert_whole(&files, "joined");
    let all = open(&files, Path::new(INTO));
    assert_eq!((all.versions().len(), all.sweep()), (2, sweep().text.as_str()), "that of the first folder is the last");
    assert_eq!(all.sweep_of(&all.versions()[0]).unwrap(), edited.text);
    assert_eq!(all.provenance(&process).unwrap().unwrap(), note("m", true));
    assert_eq!(all.verified(run).unwrap().unwrap(), note("verified", true));
    assert_eq!(all.weights(run).unwrap().unwrap()[0].bytes, weight(&record(1)).bytes, "though the record is another's");
}

#[test]
fn what_cannot_go_together_is_refused_before_anything_is_written() {
    let files = Memory::default();
    save(&files, &folder("a"), &[record(0)]);
    let other = SweepCopy { name: "other".into(), text: "version: 1\nname: other\n".into(), overrides: vec![] };
    writer(&files, &folder("b"), &other).close().unwrap();
    let before = files.files();
    let refused = |sources: &[PathBuf], into: &Path| join_on(&shared(&files), sources, into).unwrap_err();
    let error = refused(&[folder("a"), folder("b")], Path::new(INTO));
    assert!(matches!(error, Error::Merge(_)) && error.to_string().contains("`other`"), "{error}");
    assert!(matches!(refused(&[folder("a")], &folder("b")), Error::Merge(_)));
    assert!(matches!(refused(&[folder("a"), folder("none")], Path::new(INTO)), Error::Missing { .. }));
    assert_eq!(files.files(), before);
}

#[test]
fn a_source_that_is_damaged_is_refused_before_anything_is_written() {
    let files = Memory::default();
    differing(&files);
    join(&files, &[folder("a"), folder("b")]).unwrap();
    // The result is a source in turn: with tables, weights, sweeps, and records kept aside; another has a journal.
    let sources = [PathBuf::from(INTO), folder("a")];
    let target = Path::new("/results/further/sample");
    let mut refused = 0;
    for source in &sources {
        for path in below(&files, source).into_keys().filter(|path| !path.ends_with(".lock")) {
            let damaged = files.after(Stop::Killed, Trouble::default());
            damaged.edit(&path, |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            });
            let before = damaged.files();
            let error = join_on(&shared(&damaged), &sources, target).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{}: {error}", path.display());
            assert!(error.to_string().contains("Nothing was merged"), "{error}");
            assert_eq!(damaged.files(), before, "{}", path.display());
            refused += 1;
        }
    }
    assert!(refused > 15, "{refused}");
}

/// The rows, weights and notes of a folder that two others go into, which may hold results already.
#[test]
fn stopped_at_any_effect_the_same_again_completes_it() {
    for is_new in [true, false] {
        let begin = || {
            let files = Memory::default();
            differing(&files);
            if !is_new {
                save(&files, Path::new(INTO), &[record(8), record_of(3, Status::Failed, "memory")]);
            }
            files
        };
        let sources = [folder("a"), folder("b")];
        let whole = begin();
        join(&whole, &sources).unwrap();
        let expected = below(&whole, Path::new(INTO));
        let complete = ids(&open(&whole, Path::new(INTO)));
        let before = if is_new { vec![] } else { ids(&open(&begin(), Path::new(INTO))) };
        let (mut stops, mut unfinished) = (0, 0);
        for stop_at in 0.. {
            let start = begin();
            let files = start.after(Stop::Killed, Trouble { stop_at: Some(stop_at), ..Trouble::default() });
            let untouched = sources.each_ref().map(|source| below(&files, source));
            let joined = join(&files, &sources);
            if !files.stopped() {
                joined.unwrap();
                break;
            }
            assert!(joined.is_err(), "stopped at {stop_at}, and nothing was said");
            for stop in [Stop::Killed, Stop::PowerCut, Stop::PowerCutLate(stop_at as u64)] {
                let context = format!("{stop:?} at {stop_at}, new: {is_new}");
                let left = files.after(stop, Trouble::default());
                match Results::open_on(shared(&left), Path::new(INTO)) {
                    Ok(results) => {
                        let found = ids(&results);
                        assert!(found == before || found == complete, "{context}: {found:?}");
                        unfinished += usize::from(found != complete);
                    }
                    Err(Error::Missing { .. }) if is_new => unfinished += 1,
                    Err(error) => panic!("{context}: {error}"),
                }
                match check_on(&left, Path::new(INTO)) {
                    Ok(checked) => assert!(!checked.is_damaged(), "{context}: {:?}", checked.findings),
                    Err(Error::Missing { .. }) if is_new => {}
                    Err(error) => panic!("{context}: {error}"),
                }
                join(&left, &sources).unwrap_or_else(|error| panic!("{context}: {error}"));
                assert_whole(&left, &context);
                let now = below(&left, Path::new(INTO));
                for (path, bytes) in &expected {
                    assert!(now.get(path) == Some(bytes), "{context}: {} differs", path.display());
                }
                assert_eq!(now.len(), expected.len(), "{context}: {:?}", now.keys());
                assert_eq!(
                    sources.each_ref().map(|source| below(&left, source)),
                    untouched,
                    "{context}: a source changed"
                );
                stops += 1;
            }
        }
        assert!(stops > 200 && unfinished > 100, "{stops} stops, {unfinished} before it was done");
    }
}

#[test]
fn errors_of_the_disk_lose_nothing() {
    let sources = [folder("a"), folder("b")];
    let start = Memory::default();
    differing(&start);
    let used = start.size();
    let mut full = 0;
    for step in 0..24 {
        let trouble = Trouble { capacity: Some(used + step * 4000), ..Trouble::default() };
        let files = start.after(Stop::Killed, trouble);
        if let Err(error) = join(&files, &sources) {
            full += 1;
            assert!(error.to_string().contains("Free some space"), "{error}");
        }
        let again = files.after(Stop::Killed, Trouble::default());
        join(&again, &sources).unwrap();
        assert_whole(&again, &format!("full at {step}"));
        assert_eq!(ids(&open(&again, Path::new(INTO))).len(), 4);
    }
    assert!(full > 8, "{full}");
}

#[test]
fn nothing_goes_into_a_folder_in_which_shards_are_at_work() {
    let files = Memory::default();
    save(&files, &folder("a"), &[record(0)]);
    let note: Note = [("state".to_owned(), json!("working"))].into_iter().collect();
    let shard = Writer::open_shard_on(&shared(&files), Path::new(INTO), &sweep(), &note, Box::new(|_| ())).unwrap();
    assert!(matches!(join(&files, &[folder("a")]), Err(Error::ShardsAtWork { .. })));
    drop(shard);
}
