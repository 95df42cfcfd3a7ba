//! Several processes on one sweep: they share it, train nothing twice, and go on where one of them dies.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ablate::store::Results;
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

fn start(folder: &Path, jobs: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["run", "shared.yaml", "--no-report", "--progress", "none", "--jobs", jobs])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
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

/// The runs that a process says it has trained.
fn trained(output: &Output) -> usize {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find(|line| line.contains(" in ") && line.contains("run") && !line.contains(':'));
    line.map_or(0, |line| line.split(' ').next().unwrap().parse().unwrap())
}

fn alone() -> BTreeMap<String, String> {
    let folder = folder();
    let output = start(folder.path(), "2").wait_with_output().unwrap();
    assert_eq!(trained(&output), RUNS);
    digests(folder.path())
}

/// What is left of processes that have ended: nothing.
fn assert_clean(folder: &Path) {
    let names = |of: &str| -> Vec<String> {
        let files = fs::read_dir(results(folder).join(of)).into_iter().flatten();
        files
            .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != ".lock")
            .collect()
    };
    assert_eq!((names("claims"), names("journal")), (Vec::new(), Vec::new()));
}

#[test]
fn two_processes_share_a_sweep() {
    let expected = alone();
    for _ in 0..10 {
        let folder = folder();
        let processes = [start(folder.path(), "1"), start(folder.path(), "2")];
        let outputs = processes.map(|process| process.wait_with_output().unwrap());
        let counts = outputs.each_ref().map(trained);
        assert_eq!(counts[0] + counts[1], RUNS, "{counts:?}: nothing is trained twice");
        assert_eq!(digests(folder.path()), expected);
        assert_clean(folder.path());
    }
}

/// Its runs may be any of those that are being trained.
#[test]
fn a_shard_is_refused_where_a_process_is_seen_to_train() {
    let folder = folder();
    fs::write(folder.path().join("shared.yaml"), SWEEP.replace("epochs: 1000", "epochs: 30000")).unwrap();
    let ablate = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder.path()).output();
        let output = output.unwrap();
        let text = [&output.stdout[..], &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        (output.status.code(), text.concat())
    };
    let mut one = start(folder.path(), "1");
    let name = format!("process {}", one.id());
    let is_training = || {
        let (_, said) = ablate(&["status", "shared"]);
        let line = said.lines().find(|line| line.starts_with("work "));
        line.is_some_and(|line| line.ends_with(&format!("{name} trains here")))
    };
    let mut looks = 0;
    while !is_training() {
        looks += 1;
        assert!(looks < 500 && one.try_wait().unwrap().is_none(), "it is never seen to train");
        sleep(Duration::from_millis(20));
    }
    let (code, said) = ablate(&["run", "shared.yaml", "--shard", "1/2"]);
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains(&format!("is in use by {name}: wait until it ends")), "{said}");
    assert!(!results(folder.path()).join("tasks").exists(), "it has noted no attempt");
    let (_, said) = ablate(&["status", "shared"]);
    assert!(said.contains(&format!("next: nothing: {name} is at it")), "{said}");
    let (_, document) = ablate(&["status", "shared", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["processes"][0]["process"], one.id());
    assert_eq!(document["processes"][0]["trains"], true, "{document}");
    one.kill().unwrap();
    one.wait().unwrap();
    let (_, said) = ablate(&["status", "shared"]);
    assert!(!said.contains("process ") && said.contains("next: ablate run"), "{said}");
    assert_eq!(ablate(&["run", "shared.yaml", "epochs=1", "--shard", "1/2"]).0, Some(0));
}

/// Runs that ran out of their time in one process are told by the other as well.
#[test]
fn what_failed_in_another_process_counts() {
    let folder = folder();
    let text = SWEEP.replace("epochs: 1000", "epochs: 50000");
    fs::write(folder.path().join("shared.yaml"), text).unwrap();
    let mut patient = start(folder.path(), "1");
    let impatient = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["run", "shared.yaml", "--no-report", "--jobs", "1", "--timeout", "0.0001"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(impatient.status.code(), Some(5), "{}", String::from_utf8_lossy(&impatient.stderr));
    assert_eq!(patient.wait().unwrap().code(), Some(5), "it has no limit of its own");
}

/// The token of a process, by its number.
fn token(folder: &Path, process: u32) -> Option<String> {
    let files = fs::read_dir(results(folder).join("claims")).ok()?.filter_map(Result::ok);
    let mut locks = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "lock"));
    let own =
        |file: &fs::DirEntry| fs::read_to_string(file.path()).is_ok_and(|text| text.trim() == process.to_string());
    locks.find(own).and_then(|file| Some(file.path().file_stem()?.to_string_lossy().into_owned()))
}

/// The runs that a process has saved, from its segment of the journal.
fn saved(folder: &Path, token: &str) -> usize {
    let journal = fs::read_dir(results(folder).join("journal")).into_iter().flatten();
    let mut journal = journal.map(|file| file.unwrap().path());
    let Some(segment) = journal.find(|path| path.to_string_lossy().contains(token)) else { return 0 };
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("journal")).unwrap();
    // Where the other was so soon at its end that it has folded it, there is nothing to count.
    if fs::copy(&segment, copy.path().join("journal").join(segment.file_name().unwrap())).is_err() {
        return 0;
    }
    Results::open(copy.path()).unwrap().runs().height()
}

#[test]
fn where_one_dies_the_other_goes_on() {
    let begin = |folder: &Path| [start(folder, "1"), start(folder, "1")];
    let undisturbed = folder();
    let begun = Instant::now();
    for process in begin(undisturbed.path()) {
        assert!(process.wait_with_output().unwrap().status.success());
    }
    let whole = begun.elapsed();
    let expected = digests(undisturbed.path());
    let (mut in_the_middle, mut trials) = (0, 0);
    for trial in 0..100 {
        let folder = folder();
        let [mut one, other] = begin(folder.path());
        // From before the first record to after the last, whatever else the machine does.
        sleep(whole * (trial % 40) / 40);
        let token = token(folder.path(), one.id());
        one.kill().unwrap();
        one.wait().unwrap();
        // Where it had not begun, or was at its end, there is nothing to count.
        let counted = token.map(|token| saved(folder.path(), &token));
        let output = other.wait_with_output().unwrap();
        let rest = trained(&output);
        assert_eq!(digests(folder.path()), expected, "trial {trial}");
        if let Some(saved) = counted.filter(|saved| *saved > 0) {
            assert_eq!(saved + rest, RUNS, "trial {trial}: {saved} saved by the one that died, {rest} by the other");
            in_the_middle += usize::from(rest > 0);
        }
        // It may have died after the other had ended: the next one puts that in order.
        let next = start(folder.path(), "1").wait_with_output().unwrap();
        assert_eq!(trained(&next), 0, "trial {trial}");
        assert_eq!(digests(folder.path()), expected, "trial {trial}");
        assert_clean(folder.path());
        trials += 1;
    }
    assert_eq!(trials, 100);
    assert!(in_the_middle >= 10, "{in_the_middle} kills came in the middle");
}
