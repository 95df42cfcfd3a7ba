//! Real processes, really interrupted: kills at any moment lose and double nothing, signals drain.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ablate::store::{Error, Results};
use serde_json::Value;
use tempfile::TempDir;

/// Many small cohorts, so that there is always something in flight.
const SWEEP: &str = "version: 1
name: long
metric: {name: domain_rmse, goal: minimize}
base: {examples: 100, test_examples: 20, largest: 50, epochs: 1000, batch: 10}
grid:
  width: [5, 6, 7, 8, 9, 10, 11, 12]
  activation: [relu, tanh, linear]
replicates: {count: 3}
";
const RUNS: usize = 72;

/// The sweep, of other lengths.
fn of_epochs(epochs: u32) -> String {
    assert!(SWEEP.contains("epochs: 1000,"), "the sweep says how long it is");
    SWEEP.replace("epochs: 1000,", &format!("epochs: {epochs},"))
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("long.yaml"), SWEEP).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command.args(arguments).current_dir(folder);
    command
}

fn start(folder: &Path) -> Child {
    command(folder, &["run", "long.yaml", "--no-report", "--jobs", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(folder: &Path) -> Output {
    command(folder, &["run", "long.yaml", "--no-report", "--jobs", "2"]).output().unwrap()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}: not within a minute");
        sleep(Duration::from_millis(5));
    }
}

/// The files in a folder of the results, with their bytes.
fn files(folder: &Path, of: &str) -> BTreeMap<PathBuf, u64> {
    let files = fs::read_dir(folder.join("results/long").join(of)).into_iter().flatten();
    files.filter_map(|file| Some((file.as_ref().ok()?.path(), file.ok()?.metadata().ok()?.len()))).collect()
}

/// Starts the sweep, and waits until it has taken runs: who leaves takes its list along, so it is that of this process.
fn at_work(folder: &Path) -> Child {
    let child = start(folder);
    let is_list = |(path, bytes): (PathBuf, u64)| path.extension().is_some_and(|ending| ending == "runs") && bytes > 0;
    until("it has taken runs", || files(folder, "claims").into_iter().any(is_list));
    child
}

/// Starts the sweep, and waits until it has saved runs, in a segment of its own.
fn saving(folder: &Path) -> Child {
    let before = files(folder, "journal");
    let mut child = start(folder);
    until("it has saved", || {
        let new = files(folder, "journal").into_iter().filter(|(path, _)| !before.contains_key(path));
        new.map(|(_, bytes)| bytes).sum::<u64>() > 1000 || child.try_wait().unwrap().is_some()
    });
    child
}

/// Digest by run id of what is saved, journal included.
fn digests(folder: &Path) -> BTreeMap<String, String> {
    let output = command(folder, &["runs", "long", "--columns", "run,digest", "--format", "json"]).output().unwrap();
    if output.status.code() == Some(2) {
        return BTreeMap::new();
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = document["runs"].as_array().unwrap();
    let text = |run: &Value, column: &str| run[column].as_str().unwrap().to_owned();
    let digests: BTreeMap<_, _> = runs.iter().map(|run| (text(run, "run"), text(run, "digest"))).collect();
    assert_eq!(digests.len(), runs.len(), "no run is saved twice");
    digests
}

/// Sends a signal by its name, with the system's own command.
fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(kill.unwrap().success(), "the process has ended before the signal");
}

/// Digest by run id of what is saved, read in this process.
fn saved(results: &Path) -> BTreeMap<String, String> {
    let results = match Results::open(results) {
        Ok(results) => results,
        Err(Error::Missing { .. }) => return BTreeMap::new(),
        Err(error) => panic!("{error}"),
    };
    let column = |name: &str| -> Vec<String> {
        let column = results.runs().column(name).unwrap().str().unwrap();
        column.iter().map(|text| text.unwrap().to_owned()).collect()
    };
    let digests: BTreeMap<_, _> = column("run").into_iter().zip(column("digest")).collect();
    assert_eq!(digests.len(), results.runs().height(), "no run is saved twice");
    digests
}

/// Kills the sweep that many times, each time a bit further on, beginning anew where it is done.
fn kill(times: u64, seed: u64, reference: &BTreeMap<String, String>, whole: Duration) -> u64 {
    let (mut folder, mut before) = (hundreds(), BTreeMap::new());
    let mut in_the_middle = 0;
    for time in 0..times {
        let mut child = start(folder.path());
        // From before the first record to after the last, whatever else the machine does.
        sleep(whole * u32::try_from((time * 7919 + seed * 104_729) % 1000).unwrap() / 1000);
        child.kill().unwrap();
        child.wait().unwrap();
        let now = saved(&folder.path().join("results/long"));
        for (run, digest) in &before {
            assert_eq!(now.get(run), Some(digest), "a saved run is still there, the same");
        }
        assert!(now.iter().all(|(run, digest)| reference.get(run) == Some(digest)), "as without a kill");
        in_the_middle += u64::from(now.len() > before.len() && now.len() < reference.len());
        before = now;
        if before.len() == reference.len() || time + 1 == times {
            let last = finish(folder.path());
            assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
            assert_eq!(saved(&folder.path().join("results/long")), *reference, "exactly the runs asked for");
            assert_eq!(fs::read_dir(folder.path().join("results/long/journal")).unwrap().count(), 0);
            (folder, before) = (hundreds(), BTreeMap::new());
        }
    }
    in_the_middle
}

/// A folder with a sweep of 200 runs.
fn hundreds() -> TempDir {
    let folder = folder();
    let sweep = SWEEP.replace("[5, 6, 7, 8, 9, 10, 11, 12]", "[5, 6, 7, 8, 9]").replace("count: 3", "count: 10");
    let sweep = sweep.replace("[relu, tanh, linear]", "[relu, tanh, linear, elu]");
    fs::write(folder.path().join("long.yaml"), sweep).unwrap();
    folder
}

#[test]
fn three_hundred_kills_lose_nothing_and_double_nothing() {
    let folder = hundreds();
    let begun = Instant::now();
    assert!(finish(folder.path()).status.success());
    let whole = begun.elapsed();
    let reference = saved(&folder.path().join("results/long"));
    assert_eq!(reference.len(), 200);
    let in_the_middle: u64 = std::thread::scope(|scope| {
        let reference = &reference;
        let halves = [1, 2].map(|seed| scope.spawn(move || kill(150, seed, reference, whole)));
        halves.into_iter().map(|half| half.join().unwrap()).sum()
    });
    assert!(in_the_middle > 50, "{in_the_middle} of 300 kills came in the middle");
}

#[test]
fn the_first_signal_drains_and_says_how_to_go_on() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("USR1", 143)] {
        let folder = folder();
        fs::write(folder.path().join("long.yaml"), of_epochs(20_000)).unwrap();
        let child = saving(folder.path());
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{name}: {text}");
        assert!(text.contains("to go on:") && text.contains("run long.yaml"), "{text}");
        let saved = digests(folder.path());
        assert!(!saved.is_empty() && saved.len() < RUNS, "{name}: {} saved", saved.len());
        let mut check = Command::new(env!("CARGO_BIN_EXE_ablate"));
        let checked = check.args(["check", "long"]).current_dir(folder.path()).output().unwrap();
        assert!(checked.status.success(), "{name}: {}", String::from_utf8_lossy(&checked.stdout));
    }
}

/// A run that is trained in a moment and measured for a minute: a million pairs, of hundreds of features each.
#[test]
fn measuring_is_given_up_for_a_stop_and_for_the_time_limit() {
    const DEAR: &str = "version: 1
name: long
base: {task: sum, encoding: {onehot: 300}, width: 4, examples: 50, test_examples: 10, epochs: 1}
";
    let folder = folder();
    fs::write(folder.path().join("long.yaml"), DEAR).unwrap();
    let ablate = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
        command.args(["run", "long.yaml", "--no-report", "--json", "--device", "cpu"]).args(arguments);
        command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let child = ablate(&[]).spawn().unwrap();
    sleep(Duration::from_secs(4));
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["left"], &document["finished"]), (&1.into(), &0.into()), "{document}");
    assert_eq!(fs::read_dir(folder.path().join("results/long/unfinished")).unwrap().count(), 1, "it is kept as it was");

    let output = ablate(&["--timeout", "2", "--results", "others"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    let results = Results::open(&folder.path().join("others/long")).unwrap();
    let text = |name: &str| results.runs().column(name).unwrap().str().unwrap().get(0).unwrap().to_owned();
    assert_eq!(text("status"), "timed_out");
    assert!(text("reason").contains("over the time limit of 2 s while it was measured"), "{}", text("reason"));
}

#[test]
fn what_is_in_flight_goes_on_where_it_was() {
    let folder = folder();
    // Much longer than the test: nothing of it ends by itself.
    fs::write(folder.path().join("long.yaml"), of_epochs(1_000_000)).unwrap();
    let unfinished = || -> Vec<u64> {
        let files = fs::read_dir(folder.path().join("results/long/unfinished"));
        let files = files.into_iter().flatten().map(Result::unwrap);
        // The epoch stands behind the mark, the version, the check and the run.
        files
            .map(|file| u64::from(u32::from_le_bytes(fs::read(file.path()).unwrap()[48..52].try_into().unwrap())))
            .collect()
    };
    let mut before: u64 = 0;
    for _ in 0..3 {
        let child = at_work(folder.path());
        sleep(Duration::from_millis(500));
        let asked = Instant::now();
        signal(&child, "INT");
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(text.contains("begun and kept as they are"), "{text}");
        assert!(asked.elapsed() < Duration::from_secs(20), "it does not wait for what is in flight");
        let epochs: u64 = unfinished().iter().sum();
        assert!(epochs > before, "{epochs} epochs, {before} before");
        before = epochs;
    }
    // The same runs with what is saved of them out of order: they begin anew.
    let some = fs::read_dir(folder.path().join("results/long/unfinished")).unwrap().next().unwrap().unwrap();
    fs::write(some.path(), "nothing").unwrap();
    let child = at_work(folder.path());
    sleep(Duration::from_millis(500));
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("it begins anew"));
}

#[test]
fn an_interrupted_sweep_has_the_same_digests() {
    let [whole, folder] = [folder(), folder()];
    for folder in [&whole, &folder] {
        fs::write(folder.path().join("long.yaml"), of_epochs(8000)).unwrap();
    }
    assert!(finish(whole.path()).status.success());
    let mut stopped = 0;
    for _ in 0..4 {
        let child = saving(folder.path());
        // A machine that is busy with something else may have trained the rest meanwhile: then nobody is there.
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).stderr(Stdio::null()).status();
        stopped += u32::from(child.wait_with_output().unwrap().status.code() == Some(130));
    }
    assert!(stopped >= 1, "no interruption came in time");
    assert!(finish(folder.path()).status.success());
    assert_eq!(digests(folder.path()), digests(whole.path()));
    assert_eq!(fs::read_dir(folder.path().join("results/long/unfinished")).map_or(0, Iterator::count), 0);
}

#[test]
fn the_second_interruption_ends_at_once() {
    let folder = folder();
    // An epoch of seconds.
    let slow = of_epochs(2).replace("examples: 100,", "examples: 3000000,").replace("batch: 10}", "batch: 1}");
    assert!(slow.contains("3000000") && slow.contains("batch: 1}"));
    fs::write(folder.path().join("long.yaml"), slow).unwrap();
    let mut child = at_work(folder.path());
    // Workers have something in flight by then.
    sleep(Duration::from_millis(400));
    signal(&child, "INT");
    sleep(Duration::from_millis(200));
    assert_eq!(child.try_wait().unwrap(), None, "the first waits for what is in flight");
    signal(&child, "INT");
    for _ in 0..500 {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(130));
            return;
        }
        sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    panic!("the second interruption did not end it");
}
