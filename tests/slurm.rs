//! A sweep on a real Slurm, of one machine and in a temporary folder: a hundred tasks, some of them requeued, cancelled and
//! killed, a controller that is restarted, folders that are full and that vanish. `make test-slurm` runs it.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

mod slurm_cluster;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use slurm_cluster::{Cluster, err, out, until_within};

/// Runs of some tenths of a second each, of four shapes, so that tasks are there long enough to be disturbed.
const SWEEP: &str = "version: 1
name: many
question: Does it come out the same?
metric: {name: domain_rmse, goal: minimize}
base: {examples: 200, test_examples: 50, largest: 100, epochs: 4000, batch: 20}
grid:
  width: [14, 16, 18, 20]
  activation: [relu, tanh]
  learning_rate: [0.001, 0.003, 0.01, 0.03, 0.1]
replicates: {count: 10}
";
const RUNS: usize = 400;
const TASKS: usize = 100;

/// A cluster, and a folder that its nodes share, which for one machine is any.
struct Work {
    folder: TempDir,
    cluster: Cluster,
}

impl Work {
    fn new(processors: usize, array_size: usize, sweep: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sweep.yaml"), sweep).unwrap();
        Self { folder, cluster: Cluster::start(processors, array_size) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ablate(&self, arguments: &[&str]) -> Output {
        let mut command = self.cluster.command(env!("CARGO_BIN_EXE_ablate"));
        command.args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    fn good(&self, arguments: &[&str]) -> String {
        let output = self.ablate(arguments);
        assert!(output.status.success(), "{arguments:?}: {}\n{}\n{}", out(&output), err(&output), self.cluster.logs());
        out(&output)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.good(arguments)).unwrap()
    }

    /// Digest by run, of all that is saved.
    fn digests(&self, results: &str) -> BTreeMap<String, String> {
        let document = self.json(&["runs", results, "--columns", "run,digest", "--format", "json"]);
        let runs = document["runs"].as_array().unwrap();
        let text = |run: &Value, column: &str| run[column].as_str().unwrap().to_owned();
        let digests: BTreeMap<_, _> = runs.iter().map(|run| (text(run, "run"), text(run, "digest"))).collect();
        assert_eq!(digests.len(), runs.len(), "every run is there once");
        digests
    }

    /// What is in Slurm's queue, as `JOB_INDEX STATE`.
    fn queue(&self) -> Vec<(String, String)> {
        let answer = out(&self.cluster.ask("squeue", &["--array", "--noheader", "--format=%i %T"]));
        let lines = answer.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(id, state)| (id.to_owned(), state.trim().to_owned())).collect()
    }

    /// Waits until Slurm has nothing more.
    fn drained(&self, time: Duration) {
        until_within(time, "the queue is empty", || self.queue().is_empty());
    }
}

/// The logs of all tasks, for a test that fails.
fn task_logs(slurm: &Path) -> String {
    let files = fs::read_dir(slurm.join("logs")).into_iter().flatten().map(|file| file.unwrap().path());
    let logs = files.map(|file| format!("{}:\n{}", file.display(), fs::read_to_string(&file).unwrap_or_default()));
    logs.collect::<Vec<_>>().join("\n")
}

/// The process of a task, by what Slurm has told it.
fn process_of(id: &str) -> Option<u32> {
    let (job, index) = id.split_once('_')?;
    let wanted = [format!("SLURM_ARRAY_JOB_ID={job}"), format!("SLURM_ARRAY_TASK_ID={index}")];
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.into_iter().find(|process: &u32| {
        let read = |file: &str| fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
        let (words, environment) = (read("cmdline"), String::from_utf8_lossy(&read("environ")).into_owned());
        let ours = String::from_utf8_lossy(&words).contains("--task-of");
        ours && wanted.iter().all(|wanted| environment.split('\0').any(|variable| variable == wanted))
    })
}

#[test]
#[ignore = "needs Slurm, and some minutes: `make test-slurm`"]
fn a_hundred_tasks_that_are_disturbed_give_the_digests_of_one_machine() {
    // Arrays of at most 40 tasks, so that there are three.
    let mut work = Work::new(2, 41, SWEEP);
    let began = Instant::now();
    work.good(&["run", "sweep.yaml", "--no-report", "--quiet", "--results", "alone"]);
    let expected = work.digests("alone/many");
    assert_eq!(expected.len(), RUNS);
    println!("{RUNS} runs on this machine: {:.0} s", began.elapsed().as_secs_f64());

    let began = Instant::now();
    let document = work.json(&["slurm", "sweep.yaml", "--tasks", "100", "--mem", "200M", "--json"]);
    assert_eq!(document["submitted"].as_array().unwrap().len(), 3, "{document:#}");
    let slurm = work.path("results/many/slurm");

    // Requeued, cancelled while they run, killed outright, and cancelled while they wait.
    let (mut requeued, mut cancelled, mut killed) = (0, 0, 0);
    let mut committed: BTreeMap<String, String> = BTreeMap::new();
    let mut touched = Vec::new();
    let mut restarted = false;
    let end = Instant::now() + Duration::from_mins(4);
    while requeued + cancelled + killed < 30 || !restarted {
        assert!(
            Instant::now() < end,
            "{requeued} requeued, {cancelled} cancelled, {killed} killed\n{}",
            work.cluster.logs()
        );
        sleep(Duration::from_millis(300));
        let queue = work.queue();
        let new = |state: &str, touched: &[String]| {
            let of = queue.iter().filter(|(id, is)| id.contains('_') && is == state && !touched.contains(id));
            of.map(|(id, _)| id.clone()).next_back()
        };
        if cancelled < 5
            && let Some(waiting) = new("PENDING", &touched)
        {
            assert!(work.cluster.ask("scancel", &[&waiting]).status.success());
            touched.push(waiting);
            cancelled += 1;
        }
        let Some(running) = new("RUNNING", &touched) else { continue };
        let task = process_of(&running);
        if let (Some(process), true) = (task, killed < 8) {
            // What is saved when it is killed is there afterwards.
            committed.extend(work.digests("results/many"));
            let status = std::process::Command::new("kill").args(["-KILL", &process.to_string()]).status().unwrap();
            killed += usize::from(status.success());
        } else if requeued < 12 {
            requeued += usize::from(work.cluster.ask("scontrol", &["requeue", &running]).status.success());
        } else if cancelled < 10 {
            cancelled += usize::from(work.cluster.ask("scancel", &[&running]).status.success());
        }
        touched.push(running);
        if !restarted && touched.len() > 12 {
            work.cluster.stop_controller();
            let status = work.json(&["status", "many", "--json"]);
            assert!(status["trouble"].is_string(), "{status:#}");
            work.cluster.start_controller();
            restarted = true;
        }
        if touched.len() % 6 == 0 {
            let status = work.json(&["status", "many", "--json"]);
            let states = status["states"].as_object().unwrap();
            let sum: u64 = states.values().map(|count| count.as_u64().unwrap()).sum();
            assert_eq!(sum, TASKS as u64, "{status:#}");
            println!("{:.0} s: {}", began.elapsed().as_secs_f64(), status["states"]);
        }
    }
    println!("{requeued} requeued, {cancelled} cancelled, {killed} killed, slurmctld restarted");
    work.drained(Duration::from_mins(4));
    let saved = work.digests("results/many");
    assert!(committed.iter().all(|(run, digest)| saved.get(run) == Some(digest)), "nothing that was saved is lost");

    // What is missing, and nothing else, is sent again.
    let status = work.json(&["status", "many", "--json"]);
    println!("{:.0} s: {}; {} runs missing", began.elapsed().as_secs_f64(), status["states"], status["missing"]);
    let unfinished = status["unfinished"].as_array().unwrap();
    assert!(unfinished.iter().all(|task| task["state"] != "running" && task["state"] != "waiting"), "{status:#}");
    assert!(!unfinished.is_empty() && unfinished.len() <= cancelled + killed, "{status:#}");
    let states = ["stopped", "failed", "lost", "not_begun"].map(|state| status["states"][state].as_u64().unwrap());
    assert_eq!(states.iter().sum::<u64>(), unfinished.len() as u64);
    let shown = work.good(&["status", "many"]);
    println!("{shown}");
    assert!(shown.contains("ablate slurm --resubmit"), "{shown}");
    let document = work.json(&["slurm", "--resubmit", "many", "--json"]);
    assert_eq!(document["tasks"], unfinished.len(), "{document:#}");
    work.drained(Duration::from_mins(2));

    let status = work.json(&["status", "many", "--json"]);
    let all = (&status["states"]["done"], &status["missing"], &status["pending"]);
    let logs = || format!("{status:#}\n{}\n{}", task_logs(&slurm), work.cluster.logs());
    assert_eq!(all, (&TASKS.into(), &0.into(), &0.into()), "{}", logs());
    assert_eq!(work.digests("results/many"), expected, "the same digests as on one machine");
    assert!(work.path("reports/many/index.html").is_file(), "{}", logs());
    assert!(work.good(&["check", "many"]).contains("no damage was found"));
    assert_eq!(fs::read_dir(work.path("results/many/journal")).unwrap().count(), 0, "the journal is folded");
    let said = work.good(&["slurm", "--resubmit", "many"]);
    assert!(said.contains("nothing is submitted"), "{said}");
    println!("all of it through Slurm: {:.0} s", began.elapsed().as_secs_f64());
}

/// Few runs, of a second or two each.
const LONG: &str = "version: 1
name: long
metric: {name: domain_rmse, goal: minimize}
base: {examples: 400, test_examples: 50, largest: 100, epochs: 100000, batch: 20, width: 16}
grid: {activation: [relu, tanh]}
replicates: {count: 4}
";

#[test]
#[ignore = "needs Slurm, and some minutes: `make test-slurm`"]
fn a_folder_that_vanishes_is_said_and_what_was_saved_is_there() {
    let work = Work::new(2, 1001, LONG);
    work.good(&["run", "sweep.yaml", "--no-report", "--quiet", "--results", "alone"]);
    let expected = work.digests("alone/long");
    work.good(&["slurm", "sweep.yaml", "--tasks", "2", "--mem", "200M"]);
    let (results, away) = (work.path("results"), work.path("away"));
    until_within(Duration::from_mins(1), "some runs are saved", || {
        let shown = work.ablate(&["runs", "long", "--columns", "run", "--format", "csv"]);
        shown.status.success() && out(&shown).lines().count() > 1
    });
    fs::rename(&results, &away).unwrap();
    until_within(Duration::from_mins(1), "tasks have ended", || {
        !work.queue().iter().any(|(id, state)| id.contains('_') && state != "PENDING")
    });
    let logs = task_logs(&away.join("long/slurm"));
    println!("{logs}");
    assert!(logs.contains("error:") && logs.contains("results/long"), "the folder is named: {logs}");
    work.drained(Duration::from_mins(1));
    assert!(!results.join("long/journal").exists(), "a folder that was taken away is not made again");
    if results.exists() {
        fs::remove_dir_all(&results).unwrap();
    }
    fs::rename(&away, &results).unwrap();
    println!("{}", work.good(&["status", "long"]));
    work.good(&["slurm", "--resubmit", "long"]);
    work.drained(Duration::from_mins(2));
    assert_eq!(work.digests("results/long"), expected);
    assert!(work.good(&["check", "long"]).contains("no damage was found"));
}

/// Runs with curves of many points, so that little room is soon taken.
const ROOMY: &str = "version: 1
name: roomy
metric: {name: domain_rmse, goal: minimize}
base: {examples: 20, test_examples: 20, largest: 1000, epochs: 200, batch: 20, width: 4}
grid: {learning_rate: [0.001, 0.01]}
replicates: {count: 400}
";

#[test]
#[ignore = "needs Slurm, and some minutes: `make test-slurm`"]
fn a_full_folder_is_said_and_with_room_it_goes_on() {
    let work = Work::new(2, 1001, ROOMY);
    let results = work.path("results");
    fs::create_dir(&results).unwrap();
    let mount = |options: &str| {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&results).output().unwrap()
    };
    let mounted = mount("size=1200k");
    if !mounted.status.success() {
        println!("NOT TRIED: a full folder, since nothing can be mounted here: {}", err(&mounted).trim());
        return;
    }
    let _unmount = Unmount(results.clone());
    work.good(&["run", "sweep.yaml", "--no-report", "--quiet", "--results", "alone"]);
    let expected = work.digests("alone/roomy");
    work.good(&["slurm", "sweep.yaml", "--tasks", "4", "--mem", "200M"]);
    work.drained(Duration::from_mins(2));
    let logs = task_logs(&results.join("roomy/slurm"));
    let shown = work.good(&["status", "roomy"]);
    println!("{shown}\n{logs}");
    assert!(logs.contains("No space left on device"), "{logs}");
    let status = work.json(&["status", "roomy", "--json"]);
    let missing = status["missing"].as_u64().unwrap();
    assert!(missing > 0 && missing < 800, "{status:#}");
    let before = work.digests("results/roomy");
    assert_eq!(before.len() as u64 + missing, 800);
    let larger = mount("remount,size=64m");
    assert!(larger.status.success(), "{}", err(&larger));
    work.good(&["slurm", "--resubmit", "roomy"]);
    work.drained(Duration::from_mins(2));
    let after = work.digests("results/roomy");
    assert!(before.iter().all(|(run, digest)| after.get(run) == Some(digest)), "nothing that was saved is lost");
    assert_eq!(after, expected);
    assert!(work.good(&["check", "roomy"]).contains("no damage was found"));
}

/// Takes a mount away, however the test ends.
struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
