//! The store through its public interface, on a real disk: written, read, opened in other tools, timed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use ablate::config::{Assignment, Configuration, Id, Seeds, Value, configuration_id, run_id};
use ablate::measure::Measures;
use ablate::store::{
    Error, Identity, Listener, Named, Record, Results, SweepCopy, Why, Writer, check, configuration, locate, locate_id,
};
use ablate::train::{Checkpoint, CurvePoint, Outcome, Prediction, Status, Weight};
use polars::prelude::{AnyValue, DataFrame};

fn sweep(name: &str) -> SweepCopy {
    SweepCopy { name: name.into(), text: format!("version: 1\nname: {name}\n"), overrides: vec![] }
}

fn nobody() -> Listener {
    Box::new(|_| ())
}

fn open(folder: &Path) -> Writer {
    Writer::open(folder, &sweep("sample"), nobody()).unwrap()
}

fn setting(number: u32) -> Configuration {
    let task = Value::Word(["sum", "square"][number as usize % 2].into());
    let widths = Value::List(vec![Value::Whole(20), Value::Whole(100)]);
    let depth = if number.is_multiple_of(3) { ("hidden", widths) } else { ("depth", Value::Whole(2)) };
    let assignment: Assignment = [("task", task), depth, ("learning_rate", Value::Number(0.1 + 0.2))].into();
    Configuration::of(&assignment).unwrap()
}

/// A record with everything that a run of a small network has: 90 points of a curve, 200 predictions.
fn record(number: u32) -> Record {
    let seed = u64::from(number) + (1 << 53) + 1;
    let configuration = setting(number);
    let mut measures = Measures::default();
    measures.set("test_rmse", 1.0 / 3.0 + f64::from(number));
    measures.set("excess", f64::NAN);
    let value = |i: u32| (f64::from(i) + 0.1).sqrt() * f64::from(number + 1);
    let outcome = Outcome {
        status: Status::Finished,
        reason: None,
        epochs_done: 500,
        digest: blake3::hash(&number.to_le_bytes()).to_hex().to_string(),
        environment: "cafe".into(),
        parameters: (1 << 53) + 1,
        features: 1,
        seconds: 0.03,
        device: "cpu".into(),
        measures,
        curve: (1..=90)
            .map(|epoch| CurvePoint {
                epoch,
                train_loss: value(epoch),
                test_loss: if epoch == 7 { f64::NAN } else { value(epoch) },
                test_rmse: value(epoch),
                learning_rate: 1e-3,
                gradient_norm: value(epoch),
            })
            .collect(),
        predictions: (0..200)
            .map(|i| Prediction { input: f64::from(i), target: value(i), prediction: value(i) })
            .collect(),
        weights: Vec::new(),
    };
    let identity = Identity {
        run: run_id(&configuration, Seeds { data: seed, init: seed, shuffle: seed }),
        config: configuration_id(&configuration),
        sweep: "sample".into(),
        grids: vec!["one".into(), "two".into()],
        replicate: number,
        seed,
        seeds: Seeds { data: seed, init: 7, shuffle: seed },
    };
    Record::new(identity, &configuration, &outcome)
}

fn failed(number: u32) -> Record {
    let mut record = record(number);
    record.status = Status::Failed;
    record.reason = Some("out of memory, \"quoted\"\nsecond line".into());
    record.digest = String::new();
    record.measures.clear();
    record
}

fn value<'a>(frame: &'a DataFrame, column: &str, run: Id) -> AnyValue<'a> {
    let runs = frame.column("run").unwrap().str().unwrap();
    let row = runs.iter().position(|other| other == Some(&run.to_string())).unwrap();
    frame.column(column).unwrap().get(row).unwrap()
}

fn names(frame: &DataFrame) -> Vec<String> {
    frame.columns().iter().map(|column| column.name().to_string()).collect()
}

#[test]
fn what_is_written_is_read_from_the_journal_and_from_the_tables() {
    let base = tempfile::tempdir().unwrap();
    let place = base.path().join("results").join("sample");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    let writer =
        Writer::open(&place, &sweep("sample"), Box::new(move |runs| ears.lock().unwrap().extend(runs.to_vec())));
    let writer = writer.unwrap();
    for number in 0..10 {
        writer.append(&record(number), None).unwrap();
    }
    writer.append(&failed(10), None).unwrap();
    writer.flush().unwrap();
    assert_eq!(heard.lock().unwrap().len(), 11);
    let before = Results::open(&place).unwrap();
    assert_eq!(before.pending(), 11);
    let folded = writer.close().unwrap();
    assert_eq!((folded.records, folded.torn), (11, 0));
    let after = Results::open(&place).unwrap();
    assert_eq!(after.pending(), 0);
    for results in [&before, &after] {
        let runs = results.runs();
        assert_eq!(
            (runs.height(), results.curves().unwrap_or_default().height()),
            (11, if results.pending() == 0 { 990 } else { 0 })
        );
        let run = record(3).identity.run;
        assert_eq!(value(runs, "seed", run), AnyValue::Int64((1 << 53) + 4));
        assert_eq!(value(runs, "parameters", run), AnyValue::Int64((1 << 53) + 1));
        assert_eq!(value(runs, "test_rmse", run), AnyValue::Float64(1.0 / 3.0 + 3.0));
        assert_eq!(value(runs, "excess", run), AnyValue::Null);
        assert_eq!(value(runs, "hidden", run), AnyValue::String("[20, 100]"));
        assert_eq!(value(runs, "depth", run), AnyValue::Null);
        assert_eq!(value(runs, "depth", record(1).identity.run), AnyValue::Int64(2));
        assert_eq!(value(runs, "learning_rate", run), AnyValue::Float64(0.1 + 0.2));
        assert_eq!(value(runs, "digest", failed(10).identity.run), AnyValue::Null);
        let ended = results.ended().unwrap();
        assert_eq!((ended.done.len(), ended.failed.len()), (10, 1));
    }
    let curves = after.curves().unwrap();
    assert_eq!(
        names(&curves),
        ["run", "epoch", "train_loss", "test_loss", "test_rmse", "learning_rate", "gradient_norm"]
    );
    assert_eq!(curves.column("test_loss").unwrap().null_count(), 11);
    assert_eq!(names(&after.predictions().unwrap()), ["run", "input", "target", "prediction"]);
    assert_eq!(after.manifest().unwrap().runs["finished"], 10);
    assert_eq!(after.sweep(), sweep("sample").text);
    for row in 0..11 {
        let number = after.runs().column("replicate").unwrap().i64().unwrap().get(row).unwrap();
        assert_eq!(configuration(after.runs(), row).unwrap(), setting(u32::try_from(number).unwrap()));
    }
}

#[test]
fn a_reader_keeps_its_moment_and_says_when_it_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path());
    writer.append(&record(0), None).unwrap();
    writer.flush().unwrap();
    let results = Results::open(folder.path()).unwrap();
    assert_eq!(results.curves().unwrap().height(), 90);
    writer.close().unwrap();
    assert!(matches!(results.curves(), Err(Error::Changed { .. })));
}

#[test]
fn the_columns_are_those_of_the_interface() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().unwrap();
    let results = Results::open(folder.path()).unwrap();
    assert_eq!(results.runs().height(), 0);
    let columns = names(results.runs());
    let parameters = ablate::config::PARAMETERS.iter().map(|parameter| parameter.name);
    let measures = ablate::measure::COLUMNS.iter().map(|column| column.name);
    let expected: Vec<&str> =
        ["run", "config", "sweep", "grids", "replicate", "seed", "data_seed", "init_seed", "shuffle_seed"]
            .into_iter()
            .chain(parameters)
            .chain([
                "status",
                "reason",
                "epochs_done",
                "digest",
                "environment",
                "parameters",
                "features",
                "seconds",
                "device",
                "process",
            ])
            .chain(measures)
            .collect();
    assert_eq!(columns, expected);
    let types: Vec<String> = results.runs().columns().iter().map(|column| column.dtype().to_string()).collect();
    assert!(types.iter().all(|name| ["str", "i64", "f64", "bool", "list[str]"].contains(&name.as_str())), "{types:?}");
}

#[test]
fn writers_share_runs_and_take_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let ids = |numbers: &[u32]| -> Vec<_> { numbers.iter().map(|&number| record(number).identity.run).collect() };
    let first = open(folder.path());
    assert_eq!(first.claim(&ids(&[0, 1])).unwrap(), [true, true]);
    let second = open(folder.path());
    assert_eq!((first.others(), second.others()), (0, 1), "the first has not looked since");
    assert_eq!(second.claim(&ids(&[1, 2])).unwrap(), [false, true]);
    first.append(&record(0), None).unwrap();
    second.append(&record(2), None).unwrap();
    // Nobody has saved all that it had taken.
    assert_eq!(second.claim(&ids(&[0, 1])).unwrap(), [false, false]);
    assert!(!first.wait_for_others(&|| true).unwrap());
    // The first says that all is saved, and it is not: 1 is free again.
    assert_eq!(second.claim(&ids(&[0, 1])).unwrap(), [false, true]);
    second.append(&record(1), None).unwrap();
    assert_eq!(second.close().unwrap().records, 2, "its own, and not those of one that is at work");
    assert!(first.wait_for_others(&|| false).unwrap(), "the second has ended");
    assert_eq!(first.ended().done.len(), 3);
    assert_eq!(first.claim(&ids(&[0, 1, 2, 3])).unwrap(), [false, false, false, true]);
    assert_eq!(first.close().unwrap().records, 1);
    assert_eq!(Results::open(folder.path()).unwrap().runs().height(), 3);
    // One that ends without a word leaves no obstacle.
    let third = open(folder.path());
    assert_eq!(third.claim(&ids(&[5])).unwrap(), [true]);
    drop(third);
    assert_eq!(open(folder.path()).claim(&ids(&[5])).unwrap(), [true]);
}

#[test]
fn what_has_failed_is_tried_once_more_by_one_of_several() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [failed(10).identity.run];
    let writer = open(folder.path());
    writer.append(&failed(10), None).unwrap();
    writer.close().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    assert_eq!(first.claim(&runs).unwrap(), [true]);
    assert_eq!(second.claim(&runs).unwrap(), [false], "the first tries it");
    // It fails again, for the same reason.
    let again = Record { seconds: failed(10).seconds + 1.0, ..failed(10) };
    first.append(&again, None).unwrap();
    assert!(!first.wait_for_others(&|| true).unwrap());
    assert_eq!(second.claim(&runs).unwrap(), [false], "the first has tried it");
    first.close().unwrap();
    assert_eq!(second.claim(&runs).unwrap(), [false]);
    second.close().unwrap();
    // As well where the others see nothing of it until it is done.
    let (first, second) = (open(folder.path()), open(folder.path()));
    assert_eq!(first.claim(&runs).unwrap(), [true], "who begins now tries again");
    first.append(&Record { seconds: again.seconds + 1.0, ..failed(10) }, None).unwrap();
    first.close().unwrap();
    assert_eq!(second.claim(&runs).unwrap(), [false]);
    drop(second);
    // One that dies has not tried it.
    let (first, second) = (open(folder.path()), open(folder.path()));
    assert_eq!((first.claim(&runs).unwrap(), second.claim(&runs).unwrap()), (vec![true], vec![false]));
    drop(first);
    assert_eq!(second.claim(&runs).unwrap(), [true]);
}

#[test]
fn a_writer_that_is_taken_for_dead_notices_before_it_reports_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reported);
    let listener: Listener = Box::new(move |runs| heard.lock().unwrap().extend_from_slice(runs));
    let first = Writer::open(folder.path(), &sweep("sample"), listener).unwrap();
    first.append(&record(0), None).unwrap();
    first.flush().unwrap();
    remove_locks(folder.path());
    let second = open(folder.path());
    assert_eq!(second.opened().records, 1, "it folds the segment that the first is writing to");
    first.append(&record(1), None).unwrap();
    let error = first.flush().unwrap_err();
    assert!(matches!(&error, Error::TakenAway { path } if path.starts_with(folder.path().join("journal"))), "{error}");
    assert!(error.to_string().contains("Run the same command again"), "{error}");
    assert!(matches!(first.close(), Err(Error::TakenAway { .. })));
    second.close().unwrap();
    let saved = Results::open(folder.path()).unwrap().ended().unwrap().done;
    assert_eq!(saved.into_iter().collect::<Vec<_>>(), *reported.lock().unwrap());
    // Also where nothing was left to save.
    let first = open(folder.path());
    first.append(&record(2), None).unwrap();
    first.flush().unwrap();
    remove_locks(folder.path());
    open(folder.path()).close().unwrap();
    assert!(matches!(first.close(), Err(Error::TakenAway { .. })));
    assert_eq!(Results::open(folder.path()).unwrap().runs().height(), 2);
}

#[test]
fn what_another_process_has_paused_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let run = record(0).identity.run;
    let (first, second) = (open(folder.path()), open(folder.path()));
    assert_eq!(second.paused(run), None);
    let checkpoint = Checkpoint { epoch: 2, seconds: 0.5, environment: "e".into(), state: vec![1, 2, 3] };
    first.pause(run, &checkpoint).unwrap();
    first.close().unwrap();
    assert_eq!(second.paused(run), Some(checkpoint));
    assert!(folder.path().join("unfinished").join(run.to_string()).exists());
    second.append(&record(0), None).unwrap();
    second.close().unwrap();
    assert!(!folder.path().join("unfinished").join(run.to_string()).exists(), "it has ended");
}

#[test]
fn tables_that_are_being_written_are_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().unwrap();
    let lock = std::fs::OpenOptions::new().write(true).open(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let path = folder.path().to_owned();
    let waiting = std::thread::spawn(move || open(&path).close().unwrap());
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!waiting.is_finished());
    lock.unlock().unwrap();
    assert_eq!(waiting.join().unwrap().records, 0);
}

#[test]
fn nothing_new_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |numbers: std::ops::Range<u32>| {
        let writer = open(folder.path());
        numbers.for_each(|number| writer.append(&record(number), None).unwrap());
        writer.close().unwrap()
    };
    write(0..3);
    let before = contents(folder.path());
    assert_eq!(write(0..0).records, 0);
    assert_eq!(contents(folder.path()), before);
    assert_eq!(write(0..3).records, 0, "the same records once more");
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn the_order_of_records_changes_no_byte() {
    let write = |numbers: &[u32]| {
        let folder = tempfile::tempdir().unwrap();
        for half in numbers.chunks(4) {
            let writer = open(folder.path());
            for number in half {
                writer.append(&record(*number), None).unwrap();
            }
            writer.close().unwrap();
        }
        contents(folder.path())
    };
    assert_eq!(write(&[0, 1, 2, 3, 4, 5, 6]), write(&[6, 2, 5, 3, 0, 4, 1]));
}

#[test]
fn a_conflict_is_kept_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path());
    writer.append(&record(0), None).unwrap();
    writer.append(&failed(1), None).unwrap();
    writer.close().unwrap();
    let mut other = record(0);
    other.digest = "0".repeat(64);
    let writer = open(folder.path());
    writer.append(&other, None).unwrap();
    writer.append(&record(1), None).unwrap();
    writer.flush().unwrap();
    for _ in 0..2 {
        // First from the journal, then from the manifest.
        let results = Results::open(folder.path()).unwrap();
        let conflicts = results.conflicts().unwrap();
        assert_eq!(conflicts.len(), 1);
        assert_eq!(
            (conflicts[0].digest.as_str(), conflicts[0].kept.as_str()),
            (other.digest.as_str(), record(0).digest.as_str())
        );
        assert_eq!(results.set_aside().unwrap().iter().filter(|item| item.why == Why::Superseded).count(), 1);
        assert_eq!(value(results.runs(), "status", record(1).identity.run), AnyValue::String("finished"));
        assert_eq!(results.runs().height(), 2);
        let shown = ablate::store::show(&results, record(0).identity.run);
        if results.pending() == 0 {
            assert!(shown.unwrap().to_text().contains("ERROR: trained again in the same environment"));
            break;
        }
        drop(shown);
    }
    writer.close().unwrap();
    assert_eq!(Results::open(folder.path()).unwrap().conflicts().unwrap().len(), 1);
}

#[test]
fn versions_of_a_sweep_are_kept_with_what_the_command_line_changed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |text: &str, overrides: &[&str]| {
        let copy = SweepCopy {
            name: "sample".into(),
            text: text.into(),
            overrides: overrides.iter().map(ToString::to_string).collect(),
        };
        Writer::open(folder.path(), &copy, nobody()).unwrap().close().unwrap();
    };
    run("a: 1\n", &[]);
    run("a: 2\n", &["depth=1"]);
    run("a: 1\n", &[]);
    let results = Results::open(folder.path()).unwrap();
    assert_eq!(results.sweep(), "a: 1\n");
    let versions = &results.manifest().unwrap().versions;
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0].overrides, ["depth=1"]);
    assert_eq!(results.version(), versions.last());
    for version in versions {
        let kept = std::fs::read(folder.path().join(format!("sweeps/{}.yaml", version.hash))).unwrap();
        assert_eq!(blake3::hash(&kept).to_hex().as_str(), version.hash);
    }
}

#[test]
fn the_sweep_of_the_writer_that_ends_last_is_the_last_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let open = |text: &str, overrides: &[&str]| {
        let overrides = overrides.iter().map(ToString::to_string).collect();
        Writer::open(folder.path(), &SweepCopy { name: "sample".into(), text: text.into(), overrides }, nobody())
            .unwrap()
    };
    let last = || {
        let results = Results::open(folder.path()).unwrap();
        (results.sweep().to_owned(), results.version().unwrap().overrides.clone())
    };
    let first = open("a: 1\n", &["depth=1"]);
    let second = open("a: 2\n", &[]);
    assert_eq!(last(), ("a: 2\n".into(), vec![]));
    second.close().unwrap();
    first.close().unwrap();
    assert_eq!(last(), ("a: 1\n".into(), vec!["depth=1".into()]));
    // One that leaves without tables changes nothing of this.
    let third = open("a: 2\n", &[]);
    open("a: 3\n", &[]).leave().unwrap();
    assert_eq!(last(), ("a: 3\n".into(), vec![]));
    drop(third);
}

#[test]
fn weights_are_safetensors_and_every_flipped_byte_of_them_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let weights: Vec<Weight> = [("layers.1.weight", vec![2, 3], 24), ("layers.0.bias", vec![2], 16)]
        .map(|(name, shape, size)| Weight { name: name.into(), shape, bytes: (0..size).collect() })
        .into();
    let run = record(0).identity.run;
    let writer = open(folder.path());
    writer.append(&record(0), Some(&weights)).unwrap();
    writer.append(&record(1), None).unwrap();
    writer.close().unwrap();
    let results = Results::open(folder.path()).unwrap();
    let back = results.weights(run).unwrap().unwrap();
    assert_eq!(back, [weights[1].clone(), weights[0].clone()], "by name");
    assert_eq!(results.weights(record(1).identity.run).unwrap(), None);
    let path = results.weights_path(run);
    let bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        write(&path, &flipped);
        assert!(matches!(results.weights(run), Err(Error::Damaged { .. })), "byte {at}");
    }
}

#[test]
fn results_and_runs_are_found_by_name_path_and_prefix() {
    let base = tempfile::tempdir().unwrap();
    for (name, numbers) in [("one", 0..4), ("two", 3..8)] {
        let writer = Writer::open(&base.path().join(name), &sweep(name), nobody()).unwrap();
        numbers.for_each(|number| writer.append(&record(number), None).unwrap());
        writer.close().unwrap();
    }
    let folder = base.path().join("one");
    assert_eq!(locate(base.path(), "one").unwrap(), folder);
    assert_eq!(locate(Path::new("elsewhere"), folder.to_str().unwrap()).unwrap(), folder);
    let error = locate(base.path(), "on").unwrap_err().to_string();
    assert!(error.contains("did you mean `one`?"), "{error}");
    assert!(matches!(Results::open(base.path()), Err(Error::Missing { .. })));
    assert!(matches!(Results::open(&base.path().join("three")), Err(Error::Missing { .. })));

    let run = record(5).identity.run;
    let found = locate_id(base.path(), &run.to_string()[..6]).unwrap();
    assert_eq!((found.named, found.folder), (Named::Run(run), base.path().join("two")));
    assert_eq!(locate_id(&base.path().join("two"), &run.to_string()).unwrap().named, Named::Run(run));
    let shared = record(3).identity.run;
    assert_eq!(locate_id(base.path(), &shared.to_string()).unwrap().folder, folder, "the same run in two sweeps");
    let inside = format!("{}/{}", folder.display(), &record(0).identity.run.to_string()[..8]);
    assert_eq!(locate_id(Path::new("elsewhere"), &inside).unwrap().folder, folder);
    assert!(matches!(locate_id(base.path(), "abc"), Err(Error::NotARun(_))));
    assert!(matches!(locate_id(base.path(), "why-squares"), Err(Error::NotARun(_))));
    assert!(matches!(locate_id(base.path(), "000000000000"), Err(Error::NoRun { .. })));

    // Configurations are found as runs are, and an id of a run stays one.
    let found = locate_id(base.path(), &run.to_string()[..8]).unwrap();
    assert_eq!((found.named, found.folder, found.others), (Named::Run(run), base.path().join("two"), vec![]));
    let config = record(3).identity.config;
    let found = locate_id(base.path(), &config.to_string().to_uppercase()).unwrap();
    assert_eq!((found.named, &found.folder), (Named::Configuration(config), &folder));
    assert_eq!(found.others, [base.path().join("two")], "it has runs in both");
    let inside = format!("{}/{config}", base.path().join("two").display());
    let found = locate_id(Path::new("elsewhere"), &inside).unwrap();
    assert_eq!((found.folder, found.others), (base.path().join("two"), vec![]));

    // Damage elsewhere does not keep a run from being found.
    write(&base.path().join("one/runs.parquet"), b"PAR1");
    assert_eq!(locate_id(base.path(), &run.to_string()).unwrap().named, Named::Run(run));
    assert!(matches!(locate_id(base.path(), "000000000000"), Err(Error::Damaged { .. })));
}

#[test]
fn many_threads_append_to_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let writer = &writer;
            scope.spawn(move || (0..200).for_each(|i| writer.append(&record(thread * 200 + i), None).unwrap()));
        }
    });
    writer.close().unwrap();
    assert_eq!(Results::open(folder.path()).unwrap().ended().unwrap().done.len(), 800);
}

/// The files below a folder of results, by name. That of the lock is of no account.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), PathBuf::from(entry.file_name()));
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes)));
        } else {
            found.insert(name, std::fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn an_extract_holds_the_records_however_they_were_kept() {
    let base = tempfile::tempdir().unwrap();
    let place = base.path().join("sample");
    let to = |name: &str| base.path().join(name);
    let writer = open(&place);
    (0..5).for_each(|number| writer.append(&record(number), None).unwrap());
    writer.close().unwrap();
    let writer = open(&place);
    (5..10).for_each(|number| writer.append(&record(number), None).unwrap());
    writer.append(&failed(10), None).unwrap();
    drop(writer);
    // Half of it is in the tables and half in the journal; then all in the tables; then an extract itself.
    let results = Results::open(&place).unwrap();
    assert_eq!(results.pending(), 6);
    results.extract(None, None, &to("half")).unwrap();
    open(&place).close().unwrap();
    let results = Results::open(&place).unwrap();
    results.extract(None, None, &to("all")).unwrap();
    let half = Results::open(&to("half")).unwrap();
    half.extract(None, None, &to("again")).unwrap();
    assert!(files(&to("half")) == files(&to("all")) && files(&to("half")) == files(&to("again")));
    assert_eq!(half.manifest(), results.manifest());
    assert!(half.runs().equals_missing(results.runs()));
    assert!(half.curves().unwrap().equals_missing(&results.curves().unwrap()));
    assert!(half.predictions().unwrap().equals_missing(&results.predictions().unwrap()));
    let checked = check(&to("half")).unwrap();
    assert_eq!((checked.runs, checked.findings), (11, Vec::new()));
    // Of two runs, their rows alone.
    let runs: BTreeSet<Id> = [record(7).identity.run, failed(10).identity.run].into();
    results.extract(Some(&runs), None, &to("two")).unwrap();
    let two = Results::open(&to("two")).unwrap();
    assert_eq!((two.runs().height(), two.curves().unwrap().height()), (2, 180));
    assert_eq!(two.manifest().unwrap().runs, [("failed".to_owned(), 1), ("finished".to_owned(), 1)].into());
    let kept = names_of(&two.curves().unwrap());
    assert!(kept.iter().all(|run| runs.iter().any(|one| one.to_string() == *run)) && kept.len() == 2);
    assert_eq!(check(&to("two")).unwrap().findings, Vec::new());
    // No run is invented, and no folder that is in use is written to.
    let unknown = BTreeSet::from([record(99).identity.run]);
    assert!(matches!(results.extract(Some(&unknown), None, &to("none")), Err(Error::NoRun { .. })));
    assert!(results.extract(None, None, &to("two")).is_err());
    assert_eq!(Results::open(&to("two")).unwrap().runs().height(), 2);
}

/// The runs that a table has rows of.
fn names_of(frame: &DataFrame) -> BTreeSet<String> {
    frame.column("run").unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect()
}

#[test]
fn tables_open_in_pandas_duckdb_and_polars() {
    let Ok(python) = std::env::var("ABLATE_PYTHON") else {
        println!("skipped: ABLATE_PYTHON is not set; `make test` sets it");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path());
    (0..10).for_each(|number| writer.append(&record(number), None).unwrap());
    writer.append(&failed(10), None).unwrap();
    writer.close().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert_eq!(out.lines().last(), Some("pandas, duckdb, polars: the same rows"), "{out}\n{err}");
}

/// All files of a folder with their bytes, except the journal, whose names are drawn at random.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.ends_with(".lock") {
            files.push(path);
        }
    }
    assert_eq!(std::fs::read_dir(folder.join("journal")).unwrap().count(), 0, "the journal was folded");
    files.sort();
    files.into_iter().map(|path| (path.file_name().unwrap().into(), std::fs::read(&path).unwrap())).collect()
}

/// As a file system does that does not hold locks.
#[expect(clippy::disallowed_methods, reason = "damages files on purpose")]
fn remove_locks(folder: &Path) {
    for entry in std::fs::read_dir(folder.join("claims")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "lock") {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "damages files on purpose")]
fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
