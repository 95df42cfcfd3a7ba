//! `ablate merge` by real processes: folders of machines that share nothing, in one.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ablate::config::{Assignment, Configuration};
use ablate::measure::Measures;
use ablate::store::{Identity, Record, Results, SweepCopy, Writer};
use ablate::train::{Outcome, Status};
use serde_json::{Value, json};
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 10, largest: 30, epochs: 20}
grid: {width: [4, 5], depth: [1, 2]}
replicates: {count: 3}
";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), SWEEP).unwrap();
    folder
}

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = ablate(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Digest by run, of all that is saved.
fn digests(results: &Path) -> BTreeMap<String, String> {
    let results = Results::open(results).unwrap();
    let column = |name: &str| -> Vec<String> {
        let column = results.runs().column(name).unwrap().str().unwrap();
        column.iter().map(|text| text.unwrap().to_owned()).collect()
    };
    column("run").into_iter().zip(column("digest")).collect()
}

/// Three folders with a shard each, as of machines that share nothing.
fn parts() -> TempDir {
    let folder = folder();
    for shard in ["1/3", "2/3", "3/3"] {
        let results = format!("machine-{}", &shard[..1]);
        good(folder.path(), &["run", "small.yaml", "--results", &results, "--shard", shard, "--save-weights"]);
    }
    folder
}

const PARTS: [&str; 3] = ["machine-1/small", "machine-2/small", "machine-3/small"];

#[test]
fn shards_of_separate_folders_are_the_sweep() {
    let folder = parts();
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    let [a, b, c] = PARTS;
    // One was gathered, the others are merged as the shards left them.
    good(here, &["gather", a, "--no-report"]);
    let said: Value = serde_json::from_str(&good(here, &["merge", a, b, c, "--into", "all/small", "--json"])).unwrap();
    assert_eq!((&said["runs"], &said["differences"]), (&json!(12), &json!([])));
    assert_eq!(said["from"].as_array().unwrap().iter().map(|from| from["taken"].as_u64().unwrap()).sum::<u64>(), 12);
    let all = here.join("all/small");
    assert_eq!(digests(&all), digests(&here.join("results/small")));
    assert_eq!(fs::read_dir(all.join("weights")).unwrap().count(), 12);
    let checked = good(here, &["check", "all/small"]);
    assert!(checked.lines().count() == 1 && checked.contains("12 runs: no damage was found"), "{checked}");
    // Where runs come from came along, and the report and a citation work as of any results.
    let run = digests(&all).into_keys().next().unwrap();
    assert!(good(here, &["show", &format!("all/small/{run}")]).contains("trained by"));
    good(here, &["report", "all/small", "--out", "page"]);
    // In another order, by steps, and over an ordinary run: the same tables.
    good(here, &["merge", c, a, "--into", "turned/small"]);
    good(here, &["merge", b, "--into", "turned/small"]);
    for table in ["runs.parquet", "curves.parquet", "predictions.parquet"] {
        assert!(
            fs::read(all.join(table)).unwrap() == fs::read(here.join("turned/small").join(table)).unwrap(),
            "{table}"
        );
    }
    let before = fs::read(here.join("results/small/runs.parquet")).unwrap();
    let said = good(here, &["merge", a, b, c, "--into", "results/small"]);
    assert!(said.contains("0 taken") && said.contains("with the same result elsewhere"), "{said}");
    assert!(fs::read(here.join("results/small/runs.parquet")).unwrap() == before, "a record that is there stays");
    // Nothing is left to train.
    good(here, &["run", "small.yaml", "--no-report", "--results", "all"]);
    assert_eq!(digests(&all).len(), 12);
}

fn copy() -> SweepCopy {
    SweepCopy { name: "small".into(), text: SWEEP.into(), overrides: Vec::new() }
}

/// Results of the same sweep in which the first run has another result, in this environment or another.
fn another(here: &Path, name: &str, environment: Option<&str>) -> String {
    let writer = Writer::open(&here.join(name), &copy(), Box::new(|_| ())).unwrap();
    let run = differ(here, &writer, environment);
    writer.close().unwrap();
    run
}

/// Saves another result of the first run.
fn differ(here: &Path, writer: &Writer, environment: Option<&str>) -> String {
    let real = Results::open(&here.join("results/small")).unwrap();
    let (rows, run) = (real.runs(), digests(&here.join("results/small")).into_keys().next().unwrap());
    let value = |column: &str| rows.column(column).unwrap().str().unwrap().get(0).unwrap().to_owned();
    let number = |column: &str| rows.column(column).unwrap().i64().unwrap().get(0).unwrap();
    let configuration = Configuration::of(&Assignment::new()).unwrap();
    let mut measures = Measures::default();
    measures.set("domain_rmse", 0.125);
    let outcome = Outcome {
        status: Status::Finished,
        reason: None,
        epochs_done: 20,
        digest: "0".repeat(64),
        environment: environment.map_or_else(|| value("environment"), str::to_owned),
        parameters: 1,
        features: 1,
        seconds: 1.0,
        device: "cpu".into(),
        measures,
        curve: Vec::new(),
        predictions: Vec::new(),
        weights: Vec::new(),
    };
    let seed = number("seed").cast_unsigned();
    let identity = Identity {
        run: run.parse().unwrap(),
        config: value("config").parse().unwrap(),
        sweep: "small".into(),
        grids: Vec::new(),
        replicate: 0,
        seed,
        seeds: ablate::config::Seeds { data: seed, init: seed, shuffle: seed },
    };
    writer.append(&Record::new(identity, &configuration, &outcome), None).unwrap();
    run
}

#[test]
fn a_run_with_two_results_is_a_conflict_or_of_another_environment() {
    let folder = folder();
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    let run = another(here, "other", None);
    another(here, "gpu", Some("beef"));
    let output = ablate(here, &["merge", "small", "other", "--into", "both"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{said}");
    let real = digests(&here.join("results/small"))[&run].clone();
    for part in ["conflict", &run, "domain_rmse 0.125", &"0".repeat(64), &real, "ablate show both/aside/"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert_eq!(digests(&here.join("both"))[&run], real, "that of the first counts");
    // The command that it names shows the other; the run itself says that there is another.
    let command = said.lines().find(|line| line.contains("ablate show")).unwrap().trim();
    let shown = good(here, &["show", command.rsplit(' ').next().unwrap(), "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["measures"]["domain_rmse"], json!(0.125));
    let shown = good(here, &["show", &format!("both/{run}")]);
    assert!(shown.contains("it gave another digest") && shown.contains("it is kept in both/aside/"), "{shown}");
    good(here, &["check", "both"]);
    // Turned around, the other one counts.
    let output = ablate(here, &["merge", "other", "small", "--into", "turned", "--json"]);
    assert_eq!(output.status.code(), Some(6));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let difference = &said["differences"][0];
    assert_eq!((&difference["conflict"], &difference["run"]), (&json!(true), &json!(run)));
    assert_eq!((&difference["counts"]["metric"], &difference["aside"]["digest"]), (&json!(0.125), &json!(real)));
    // Of another environment, another result is to be expected.
    let output = ablate(here, &["merge", "small", "gpu", "--into", "mixed"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("another environment") && said.contains("environment beef"), "{said}");
}

#[test]
fn a_shard_that_differs_from_what_is_there_is_a_conflict() {
    let folder = folder();
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    let note = json!({"shard": 1, "of": 1, "state": "working", "began": "2026-01-01T00:00:00Z"});
    let note = note.as_object().unwrap().clone();
    let writer = Writer::open_shard(&here.join("results/small"), &copy(), &note, Box::new(|_| ())).unwrap();
    let run = differ(here, &writer, None);
    writer.end_task(|_| note.clone()).unwrap();
    let gathered = ablate(here, &["gather", "small", "--no-report", "--all"]);
    assert_eq!(gathered.status.code(), Some(6));
    assert!(text(&gathered.stderr).contains(&format!("run {run} gave another result")));
}

#[test]
fn what_cannot_be_merged_is_refused() {
    let folder = folder();
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    fs::write(here.join("other.yaml"), SWEEP.replace("name: small", "name: other")).unwrap();
    good(here, &["run", "other.yaml", "--no-report", "width=4", "depth=1"]);
    let before = fs::read_dir(here).unwrap().count();
    for (arguments, says) in [
        (&["merge", "small", "other", "--into", "all"][..], "only results of one sweep"),
        (&["merge", "small", "--into", "results/small"], "leave it out"),
        (&["merge", "small", "--into", "results/./../results/small"], "leave it out"),
        (&["merge", "small", "--into", "results/small/more"], "lies within"),
        (&["merge", "small", "--into", "results"], "lies within"),
        (&["merge", "small", "none", "--into", "all"], "no results"),
        (&["merge", "--into", "all"], "RESULTS"),
    ] {
        let output = ablate(here, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    assert_eq!(fs::read_dir(here).unwrap().count(), before, "nothing was written");
    // Twice the same is once.
    good(here, &["merge", "small", "small", "--into", "twice"]);
    assert_eq!(digests(&here.join("twice")), digests(&here.join("results/small")));
    // A bundle is a source as well.
    good(here, &["bundle", "small", "--out", "small.zip"]);
    good(here, &["merge", "small.zip", "--into", "from-bundle"]);
    assert_eq!(digests(&here.join("from-bundle")), digests(&here.join("results/small")));
}
