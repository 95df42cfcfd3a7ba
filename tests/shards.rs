//! Shards by real processes in one folder: killed, stopped, begun again, and gathered.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ablate::store::{Results, Task};
use serde_json::{Value, json};
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: shared
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 10, largest: 30, epochs: 1000, batch: 10}
grid:
  width: [5, 6, 7, 8, 9, 10]
  activation: [relu, tanh]
replicates: {count: 8}
";
const RUNS: usize = 96;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shared.yaml"), SWEEP).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command.args(arguments).args(["--progress", "none"]).current_dir(folder);
    command.env_remove("SLURM_ARRAY_JOB_ID");
    command
}

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = ablate(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn start(folder: &Path, shard: &str, more: &[&str]) -> Child {
    let arguments = [&["run", "shared.yaml", "--jobs", "1", "--shard", shard][..], more].concat();
    command(folder, &arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn results(folder: &Path) -> PathBuf {
    folder.join("results/shared")
}

/// Digest by run, of all that is saved.
fn digests(folder: &Path) -> BTreeMap<String, String> {
    let results = Results::open(&results(folder)).unwrap();
    let column = |name: &str| -> Vec<String> {
        let column = results.runs().column(name).unwrap().str().unwrap();
        column.iter().map(|text| text.unwrap().to_owned()).collect()
    };
    let digests: BTreeMap<_, _> = column("run").into_iter().zip(column("digest")).collect();
    assert_eq!(digests.len(), results.runs().height(), "no run is saved twice");
    digests
}

fn alone() -> BTreeMap<String, String> {
    let folder = folder();
    good(folder.path(), &["run", "shared.yaml", "--no-report"]);
    let digests = digests(folder.path());
    assert_eq!(digests.len(), RUNS);
    digests
}

fn tasks(folder: &Path) -> Vec<Task> {
    Results::open(&results(folder)).map_or(Vec::new(), |results| results.tasks().unwrap())
}

fn state(task: &Task) -> &str {
    task.note["state"].as_str().unwrap()
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(1), "waited a minute until {what}");
        sleep(Duration::from_millis(5));
    }
}

fn has_saved(folder: &Path) -> bool {
    Results::open(&results(folder)).is_ok_and(|results| results.runs().height() > 0)
}

#[test]
fn eight_shards_of_which_some_are_killed_and_begun_again_are_the_sweep() {
    let expected = alone();
    let mut killed_at_work = 0;
    for trial in 0..6u64 {
        let folder = folder();
        let shard = |index: usize| format!("{}/8", index + 1);
        let mut shards: Vec<Child> = (0..8).map(|index| start(folder.path(), &shard(index), &[])).collect();
        for (position, index) in [1, 4, 6].into_iter().enumerate() {
            sleep(Duration::from_millis(20 * (trial + 1) + 10 * position as u64));
            killed_at_work += usize::from(shards[index].try_wait().unwrap().is_none());
            shards[index].kill().unwrap();
            shards[index].wait().unwrap();
            shards[index] = start(folder.path(), &shard(index), &[]);
        }
        for (index, shard) in shards.into_iter().enumerate() {
            let output = shard.wait_with_output().unwrap();
            assert!(output.status.success(), "shard {index}: {}", String::from_utf8_lossy(&output.stderr));
        }
        // Killed attempts hold nobody up: the shards have ended all the same.
        assert_eq!(digests(folder.path()), expected, "trial {trial}: before it is gathered");
        let said: Value =
            serde_json::from_str(&good(folder.path(), &["gather", "shared", "--no-report", "--json"])).unwrap();
        assert_eq!((&said["runs"], &said["there"], &said["missing"]), (&json!(RUNS), &json!(RUNS), &json!(0)));
        assert_eq!(digests(folder.path()), expected, "trial {trial}");
        let tasks = tasks(folder.path());
        assert_eq!((tasks.len(), tasks.iter().filter(|task| state(task) == "ended").count()), (8, 8));
        assert_eq!(fs::read_dir(results(folder.path()).join("journal")).unwrap().count(), 0);
        let checked = good(folder.path(), &["check", "shared"]);
        assert!(checked.ends_with("no damage was found\n") && checked.lines().count() == 1, "{checked}");
        good(folder.path(), &["run", "shared.yaml", "--no-report"]);
        assert_eq!(digests(folder.path()), expected, "trial {trial}: nothing was left to train");
    }
    assert!(killed_at_work > 3, "{killed_at_work} were killed while they worked");
}

#[test]
fn a_shard_at_work_keeps_others_from_the_tables() {
    let folder = folder();
    let here = folder.path();
    let mut shard = start(here, "1/2", &["epochs=30000"]);
    until("it has saved", || has_saved(here));
    for arguments in [&["gather", "shared"][..], &["run", "shared.yaml"], &["check", "shared", "--repair"]] {
        let output = ablate(here, arguments);
        let says = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(8), "{arguments:?}: {says}");
        assert!(says.contains("shard 1 of 2"), "{says}");
    }
    // Others read beside it.
    good(here, &["runs", "shared"]);
    good(here, &["check", "shared"]);
    shard.kill().unwrap();
    shard.wait().unwrap();
    assert_eq!(
        ablate(here, &["gather", "shared", "--no-report"]).status.code(),
        Some(8),
        "nobody knows that it was killed"
    );
    let saved = digests(here);
    let said = good(here, &["gather", "shared", "--all", "--no-report"]);
    assert!(said.contains(&format!("{} of 96 runs are there", saved.len())) && said.contains("missing"), "{said}");
    assert_eq!(digests(here), saved);
    assert_eq!(tasks(here).iter().map(state).collect::<Vec<_>>(), ["failed"]);
}

#[test]
fn a_shard_that_is_asked_to_stop_saves_and_goes_on() {
    let folder = folder();
    let here = folder.path();
    let overrides = ["epochs=100000", "replicates.count=1"];
    for signal in ["-TERM", "-USR1"] {
        let shard = start(here, "1/2", &overrides);
        let before = Results::open(&results(here)).map_or(0, |results| results.runs().height());
        until("it has saved more", || {
            Results::open(&results(here)).is_ok_and(|results| results.runs().height() > before)
        });
        assert!(Command::new("kill").args([signal, &shard.id().to_string()]).status().unwrap().success());
        let output = shard.wait_with_output().unwrap();
        let says = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(143), "{says}");
        assert!(says.contains("--shard 1/2"), "how to go on: {says}");
        let tasks = tasks(here);
        assert_eq!(state(tasks.last().unwrap()), "stopped");
    }
    assert!(fs::read_dir(results(here).join("unfinished")).unwrap().count() > 0, "what was in flight is kept");
    let shard = start(here, "1/2", &overrides).wait_with_output().unwrap();
    assert!(shard.status.success(), "{}", String::from_utf8_lossy(&shard.stderr));
    assert_eq!(fs::read_dir(results(here).join("unfinished")).unwrap().count(), 0);
    let last = tasks(here).pop().unwrap();
    assert_eq!(state(&last), "ended");
    assert_eq!(last.note["runs"]["to_do"], last.note["runs"]["finished"]);
}

#[test]
fn a_task_of_slurm_says_which_it_is_and_where_it_came_to() {
    let folder = folder();
    let variables = [("SLURM_ARRAY_JOB_ID", "123"), ("SLURM_ARRAY_TASK_ID", "2"), ("SLURM_RESTART_COUNT", "1")];
    let arguments = ["run", "shared.yaml", "--shard", "2/3", "--json"];
    let output = command(folder.path(), &arguments).envs(variables).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let note = Value::Object(tasks(folder.path())[0].note.clone());
    assert_eq!(note["slurm"], json!({"job": "123", "task": "2", "restart": 1}));
    assert_eq!((&note["shard"], &note["of"], &note["state"]), (&json!(2), &json!(3), &json!("ended")));
    assert_eq!((&note["runs"]["to_do"], &note["reason"]), (&said["shard_runs"], &Value::Null));
    assert_eq!((&said["shard"], &said["runs"], &said["report"]), (&json!("2/3"), &json!(RUNS), &Value::Null));
    assert!(tasks(folder.path())[0].name() == "shard 2 of 3 (Slurm job 123, task 2)");
}

#[test]
fn what_failed_is_told_when_it_is_gathered_and_the_report_is_made() {
    let folder = folder();
    let here = folder.path();
    let shard = start(here, "1/2", &["--timeout", "0.000001"]).wait_with_output().unwrap();
    assert_eq!(shard.status.code(), Some(5));
    let gathered = ablate(here, &["gather", "shared"]);
    let said = String::from_utf8_lossy(&gathered.stdout);
    assert_eq!(gathered.status.code(), Some(5), "{said}");
    assert!(said.contains("48 of 96 runs are there") && said.contains("48 runs missing"), "{said}");
    assert!(here.join("reports/shared/index.html").exists());
    // They are tried again where that is asked for, and what was missing is trained.
    good(here, &["run", "shared.yaml", "--shard", "1/2", "--retry-failed"]);
    good(here, &["run", "shared.yaml", "--shard", "2/2"]);
    let said = good(here, &["gather", "shared"]);
    assert!(said.contains("96 of 96 runs are there"), "{said}");
    assert_eq!(digests(here), alone());
}

/// The same shard by two processes, as where a batch system gives a task up that is still alive.
#[test]
fn the_same_shard_twice_at_once_is_saved_once() {
    let folder = folder();
    let twice = [start(folder.path(), "1/1", &[]), start(folder.path(), "1/1", &[])];
    for shard in twice {
        let output = shard.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    good(folder.path(), &["gather", "shared", "--no-report"]);
    assert_eq!(digests(folder.path()), alone());
}

#[test]
fn a_folder_that_is_removed_is_an_error_that_says_so() {
    let folder = folder();
    let shard = start(folder.path(), "1/2", &["epochs=20000"]);
    until("it has saved", || has_saved(folder.path()));
    // In one step: the shard writes into it.
    let gone = tempfile::tempdir().unwrap();
    fs::rename(folder.path().join("results"), gone.path().join("results")).unwrap();
    let output = shard.wait_with_output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{says}");
    assert!(says.contains("the folder was removed") && says.contains("Run the same command again"), "{says}");
    assert!(!folder.path().join("results").exists(), "it is not made again");
}

#[test]
fn a_full_folder_is_an_error_that_says_so_and_what_was_saved_stays() {
    let folder = folder();
    let results = folder.path().join("results");
    fs::create_dir(&results).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"]).arg(&results).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("a small file system cannot be mounted here: not tested");
        return;
    }
    let output = start(folder.path(), "1/1", &[]).wait_with_output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    let saved = Results::open(&results.join("shared")).map(|results| results.runs().height());
    assert!(Command::new("mount").args(["-o", "remount,size=64m"]).arg(&results).status().unwrap().success());
    let again = start(folder.path(), "1/1", &[]).wait_with_output().unwrap();
    let gathered = ablate(folder.path(), &["gather", "shared", "--no-report"]);
    let digests = digests(folder.path());
    assert!(Command::new("umount").arg(&results).status().unwrap().success());
    assert_eq!(output.status.code(), Some(1), "{says}");
    assert!(says.contains("Free some space and run the same command again"), "{says}");
    assert!((1..RUNS).contains(&saved.unwrap()), "some were saved before");
    assert!(again.status.success() && gathered.status.success(), "{}", String::from_utf8_lossy(&gathered.stderr));
    assert_eq!(digests, alone());
}
