//! How `ablate run` ends where something around it fails: pipes that close, memory that is too small, stops while it waits.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ablate::store::Results;
use serde_json::Value;
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 20, largest: 30, epochs: 50, batch: 16, width: 8}
grid: {activation: [linear, relu], normalization: [max, standardize]}
replicates: {count: 5}
";
const RUNS: usize = 20;

fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), text).unwrap();
    folder
}

/// Runs a line of shell in a folder, with the program as `$ABLATE`.
fn shell(folder: &Path, line: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(folder).env("ABLATE", env!("CARGO_BIN_EXE_ablate"));
    command.output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn saved(folder: &Path) -> usize {
    Results::open(&folder.join("results/small")).unwrap().runs().height()
}

#[test]
fn messages_that_nobody_can_read_stop_no_sweep() {
    for line in [
        "$ABLATE run small.yaml --progress plain 2>/dev/full",
        "$ABLATE run small.yaml --progress plain 2> >(head -c 1 >/dev/null)",
        "$ABLATE run small.yaml --progress plain 2>&-",
        "$ABLATE run small.yaml | head -c 0; exit ${PIPESTATUS[0]}",
        "$ABLATE run small.yaml >&-",
    ] {
        let folder = folder(SWEEP);
        let output = shell(folder.path(), line);
        assert!(output.status.success(), "{line}: {}", err(&output));
        assert_eq!(saved(folder.path()), RUNS, "{line}");
    }
    // A disk that is full is no reader that has gone.
    let folder = folder(SWEEP);
    assert_eq!(shell(folder.path(), "$ABLATE run small.yaml >/dev/full").status.code(), Some(1));
    assert_eq!(saved(folder.path()), RUNS);
}

#[test]
fn readers_that_have_gone_change_no_exit_code() {
    let folder = folder(SWEEP);
    assert!(shell(folder.path(), "$ABLATE run small.yaml").status.success());
    for command in ["runs small", "check small", "show small", "man", "completions bash", "plan small.yaml"] {
        let line = format!("$ABLATE {command} | head -c 0; exit ${{PIPESTATUS[0]}}");
        let alone = shell(folder.path(), &format!("$ABLATE {command}"));
        let output = shell(folder.path(), &line);
        assert_eq!(output.status.code(), alone.status.code(), "{line}: {}", err(&output));
    }
}

#[test]
fn a_stop_is_told_through_a_pipe() {
    let folder = folder(&SWEEP.replace("epochs: 50", "epochs: 100000"));
    // The whole group gets the signal, as from a terminal.
    let line = "set -m; (trap '' INT; exec 3>&1; $ABLATE run small.yaml --jobs 1 2>&1 >&3 | tee log >&2; \
                echo ${PIPESTATUS[0]} > code) & \
                until ls results/small/claims/*.runs >/dev/null 2>&1; do sleep 0.05; done; \
                kill -INT $(pgrep -f \"run small.yaml --jobs 1\" -P $(pgrep -P $!) || pgrep -P $!); wait";
    let output = shell(folder.path(), line);
    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let code = fs::read_to_string(folder.path().join("code")).unwrap_or_default();
    assert_eq!(code.trim(), "130", "{log} {}", err(&output));
    assert!(log.contains("to go on: "), "{log}");
}

#[test]
fn who_is_stopped_while_it_waits_says_what_is_left() {
    let folder = folder(&SWEEP.replace("epochs: 50", "epochs: 1000000").replace("count: 5", "count: 1"));
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_ablate"))
            .args(["run", "small.yaml", "--jobs", "4"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut busy = start();
    // All of it is taken once every worker has its cohort: a line of 21 bytes for each of four runs.
    let taken = || {
        let files = fs::read_dir(folder.path().join("results/small/claims")).into_iter().flatten();
        let runs = files.filter_map(Result::ok).filter(|file| file.file_name().to_string_lossy().ends_with(".runs"));
        runs.filter_map(|file| Some(file.metadata().ok()?.len())).sum::<u64>() >= 4 * 21
    };
    while !taken() {
        assert!(busy.try_wait().unwrap().is_none(), "it is at work");
        sleep(Duration::from_millis(20));
    }
    let mut waiting = start();
    let mut messages = BufReader::new(waiting.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("waiting for 4 runs that another process has taken") {
        assert_ne!(messages.read_line(&mut said).unwrap(), 0, "it waits: {said}");
    }
    let kill = |id: u32| assert!(Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap().success());
    kill(waiting.id());
    messages.read_to_string(&mut said).unwrap();
    let output = waiting.wait_with_output().unwrap();
    kill(busy.id());
    assert_eq!(busy.wait().unwrap().code(), Some(130));
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("4 left, 4 of them in the hands of another process; to go on: "), "{said}");
    assert!(!folder.path().join("reports").exists() && out(&output).is_empty(), "no report of half a sweep");
}

#[test]
fn a_run_that_memory_is_too_small_for_fails_alone() {
    let folder =
        folder(&SWEEP.replace("width: 8", "depth: 2").replace("count: 5", "count: 1").replace(
            "grid: {activation: [linear, relu], normalization: [max, standardize]}",
            "grid: {width: [3, 40000]}",
        ));
    let limited = |command: &str| shell(folder.path(), &format!("ulimit -v 6000000; $ABLATE {command}"));
    let plan = limited("plan small.yaml");
    assert!(plan.status.success(), "{}", err(&plan));
    assert!(out(&plan).contains("1 of them needs more memory than the"), "{}", out(&plan));
    let run = limited("run small.yaml");
    assert_eq!(run.status.code(), Some(5), "{}", err(&run));
    let listed = shell(folder.path(), "$ABLATE runs small --columns width,status,reason --sort width --format csv");
    let listed = out(&listed);
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines[1], "3,finished,");
    assert!(lines[2].starts_with("40000,failed,") && lines[2].contains("GB of memory"), "{listed}");
}

#[test]
fn what_came_out_is_one_document_for_scripts() {
    let folder = folder(SWEEP);
    let output = shell(folder.path(), "$ABLATE run small.yaml --json");
    let document: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((&document["version"], &document["finished"], &document["runs"]), (&1.into(), &20.into(), &20.into()));
    assert!(folder.path().join(document["report"].as_str().unwrap()).exists());
    let again = shell(folder.path(), "$ABLATE run small.yaml --json --save-weights --no-report");
    let document: Value = serde_json::from_str(&out(&again)).unwrap();
    assert_eq!((&document["finished"], &document["report"]), (&0.into(), &Value::Null));
    assert!(err(&again).contains("20 saved runs without weights"), "{}", err(&again));
}

#[test]
fn workers_are_counted_from_one() {
    let folder = folder(SWEEP);
    for jobs in ["0", "-1", "1025", "many"] {
        let output = shell(folder.path(), &format!("$ABLATE run small.yaml --jobs={jobs}"));
        assert_eq!(output.status.code(), Some(2), "{jobs}");
        assert!(err(&output).contains("from 1 to 1024"), "{}", err(&output));
    }
    assert!(shell(folder.path(), "$ABLATE run small.yaml --jobs 1024").status.success());
}
