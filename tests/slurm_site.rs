//! Handing a sweep to Slurm, against programs that only look like Slurm's: what they are given, and what is made of their
//! answers. `tests/slurm.rs` does the same with the real ones.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
question: Does it work?
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 20, largest: 30, epochs: 5, batch: 16}
grid: {activation: [linear, relu], normalization: [max, standardize], width: [4, 5, 6, 7, 8]}
replicates: {count: 2}
";
const RUNS: usize = 40;

/// A folder with a sweep file, and beside it programs named like Slurm's, each of which answers with the file that bears its
/// name and notes what it was given.
struct Site {
    folder: TempDir,
}

/// What `scontrol show config` prints, as far as it counts.
const CONFIG: &str = "Configuration data\nMaxArraySize            = 11\nSchedulerParameters     = (null)\n";

/// Answers with a file, and fails where there is one that says how.
const ANSWER: &str = r#"#!/bin/sh
site=${0%/*}/../site
name=${0##*/}
printf '%s\037' "$@" >>"$site/$name.calls"
printf '\n' >>"$site/$name.calls"
if [ -e "$site/$name.fails" ]; then cat "$site/$name.fails" >&2; exit 1; fi
cat "$site/$name.answer"
"#;

/// Gives numbers from 101, and fails at the one that a file names.
const SBATCH: &str = r#"#!/bin/sh
site=${0%/*}/../site
printf '%s\037' "$@" >>"$site/sbatch.calls"
printf '\n' >>"$site/sbatch.calls"
count=$(($(cat "$site/count") + 1))
printf '%s' $count >"$site/count"
if [ -e "$site/refused-$count" ]; then cat "$site/refused-$count" >&2; exit 1; fi
if [ -e "$site/answer-$count" ]; then cat "$site/answer-$count"; exit 0; fi
echo $((100 + count))
"#;

impl Site {
    fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["bin", "site", "work"] {
            fs::create_dir(site.path(folder)).unwrap();
        }
        for program in ["scontrol", "squeue", "sacct", "scancel"] {
            site.program(program, ANSWER);
            site.put(&format!("{program}.answer"), "");
        }
        site.program("sbatch", SBATCH);
        site.put("scontrol.answer", CONFIG);
        site.put("sacct.fails", "Slurm accounting storage is disabled\n");
        site.put("count", "0");
        fs::write(site.path("work/small.yaml"), SWEEP).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path("site").join(name), text).unwrap();
    }

    fn take_away(&self, name: &str) {
        fs::remove_file(self.path("site").join(name)).unwrap();
    }

    /// What a program was given, call by call.
    fn calls(&self, program: &str) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.path("site").join(format!("{program}.calls"))).unwrap_or_default();
        let calls = text.split("\u{1f}\n").filter(|call| !call.is_empty());
        calls.map(|call| call.split('\u{1f}').map(str::to_owned).collect()).collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.current_dir(self.path("work")).env("PATH", path).env_remove("SLURM_JOB_ID");
        command
    }

    fn ablate(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    fn good(&self, arguments: &[&str]) -> String {
        let output = self.ablate(arguments);
        assert!(output.status.success(), "{arguments:?}: {}\n{}", out(&output), err(&output));
        out(&output)
    }

    fn bad(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.ablate(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}\n{}", out(&output), err(&output));
        err(&output)
    }

    fn slurm(&self) -> PathBuf {
        self.path("work/results/small/slurm")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.slurm().join(name)).unwrap()).unwrap()
    }

    fn status(&self, results: &str) -> Value {
        serde_json::from_str(&self.good(&["status", results, "--json"])).unwrap()
    }

    /// Digest by run, of all that is saved.
    fn digests(&self, results: &str) -> BTreeMap<String, String> {
        let text = self.good(&["runs", results, "--columns", "run,digest", "--format", "json"]);
        let document: Value = serde_json::from_str(&text).unwrap();
        let runs = document["runs"].as_array().unwrap();
        let text = |run: &Value, column: &str| run[column].as_str().unwrap().to_owned();
        let digests: BTreeMap<_, _> = runs.iter().map(|run| (text(run, "run"), text(run, "digest"))).collect();
        assert_eq!(digests.len(), runs.len(), "every run is there once");
        digests
    }

    /// Does what Slurm does with a call of `sbatch`: runs the script with its arguments, for one index of the array.
    fn task(&self, call: &[String], index: u64) -> Output {
        let at = call
            .iter()
            .position(|argument| argument.ends_with("/task.sh") || argument.ends_with("/gather.sh"))
            .unwrap();
        let script = fs::read_to_string(&call[at]).unwrap();
        let spooled = self.path("site/spooled.sh");
        fs::write(&spooled, script).unwrap();
        Command::new("sh")
            .arg(spooled)
            .args(&call[at + 1..])
            .current_dir("/")
            .env("PATH", format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap()))
            .env("SLURM_ARRAY_JOB_ID", "101")
            .env("SLURM_ARRAY_TASK_ID", index.to_string())
            .output()
            .unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn option<'a>(call: &'a [String], name: &str) -> &'a str {
    let prefix = format!("{name}=");
    let last = call.iter().rev().find_map(|argument| argument.strip_prefix(&prefix));
    last.unwrap_or_else(|| panic!("no {name} in {call:?}"))
}

#[test]
fn a_sweep_is_submitted_as_arrays_and_a_job_that_gathers() {
    let site = Site::new();
    let said = site.good(&[
        "slurm",
        "small.yaml",
        "--tasks",
        "25",
        "--array-limit",
        "7",
        "--",
        "--partition=long",
        "-A",
        "us",
    ]);
    assert!(said.contains("job 101: tasks 1-10, 3 at a time"), "{said}");
    assert!(said.contains("job 103: tasks 1-5 (task = index + 20), 2 at a time"), "{said}");
    assert!(said.contains("job 104: gathers") && said.contains("ablate status"), "{said}");
    let calls = site.calls("sbatch");
    assert_eq!(calls.len(), 4);
    let arrays: Vec<&str> = calls[..3].iter().map(|call| option(call, "--array")).collect();
    assert_eq!(arrays, ["1-10%3", "1-10%2", "1-5%2"]);
    let folder = site.slurm().canonicalize().unwrap().display().to_string();
    for (call, offset) in calls[..3].iter().zip([0, 10, 20]) {
        assert_eq!(option(call, "--chdir"), folder);
        assert_eq!(option(call, "--output"), format!("{folder}/logs/%A_%a.log"));
        assert_eq!(option(call, "--partition"), "long");
        assert!(call.windows(2).any(|pair| pair == ["-A", "us"]));
        for part in ["--requeue", "--open-mode=append", "--signal=B:USR1@120", "--cpus-per-task=1", "--ntasks=1"] {
            assert!(call.contains(&part.to_owned()), "{part}");
        }
        assert!(option(call, "--time").parse::<u64>().unwrap() >= 10);
        assert!(option(call, "--mem").strip_suffix('M').unwrap().parse::<u64>().unwrap() >= 200);
        let script = [format!("{folder}/task.sh"), folder.clone(), format!("--offset={offset}")];
        assert_eq!(call[call.len() - 3..], script);
    }
    assert_eq!(option(&calls[3], "--dependency"), "afterany:101:102:103");
    assert_eq!(option(&calls[3], "--partition"), "long");

    for name in ["task.sh", "gather.sh", "program", "sweep.yaml", "plan.json", "arguments.json", "jobs.json", "logs"] {
        assert!(site.slurm().join(name).exists(), "{name}");
    }
    assert!(!site.slurm().join("submitting").exists());
    assert_eq!(site.json("plan.json")["runs"], RUNS);
    let jobs = site.json("jobs.json");
    let numbers: Vec<&Value> = jobs["submissions"].as_array().unwrap().iter().map(|job| &job["job"]).collect();
    assert_eq!(numbers, [101, 102, 103, 104]);
    assert_eq!(jobs["submissions"][2]["array"]["offset"], 20);
    assert_eq!(site.json("arguments.json")["device"], "cpu");
    let program = fs::read_to_string(site.slurm().join("program")).unwrap();
    assert_eq!(Path::new(&program), Path::new(env!("CARGO_BIN_EXE_ablate")));

    let document = site.status("small");
    assert_eq!((&document["tasks"], &document["runs"], &document["missing"]), (&25.into(), &RUNS.into(), &RUNS.into()));
    assert_eq!(document["states"]["not_begun"], 25, "squeue knows none of them");
    site.put(
        "squeue.answer",
        "101|1|RUNNING|None\n101|2|PENDING|Priority\n103|5|PENDING|Priority\n104|N/A|PENDING|Dependency\n",
    );
    let document = site.status("small");
    assert_eq!([&document["states"]["running"], &document["states"]["waiting"]], [1, 2]);
    assert_eq!(document["unfinished"][24]["index"], 5, "task 25 is index 5 of its array");
    assert_eq!(document["gather"]["slurm"], "PENDING");
    let call = site.calls("squeue").pop().unwrap();
    assert!(call.contains(&"--jobs=101,102,103,104".to_owned()), "{call:?}");
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let site = Site::new();
    let said = site.good(&["slurm", "small.yaml", "--tasks", "12", "--gpus", "2", "--dry-run", "--", "--comment=it's"]);
    assert!(said.contains("#!/bin/sh") && said.contains("task.sh") && said.contains("gather.sh"), "{said}");
    let commands: Vec<&str> = said.lines().filter(|line| line.starts_with("sbatch ")).collect();
    assert_eq!(commands.len(), 3, "{said}");
    assert!(commands[0].contains("--gres=gpu:2") && commands[0].contains("'--comment=it'\\''s'"), "{said}");
    assert!(commands[1].contains("--array=1-2 ") && commands[1].contains("--offset=10"), "{said}");
    assert!(commands[2].contains("--dependency=afterany:JOB:JOB") && !commands[2].contains("gres"), "{said}");
    assert!(site.calls("sbatch").is_empty());
    assert!(!site.path("work/results").exists());

    // Where there is no Slurm at all, it still shows it, and says what it takes for granted.
    let output = site
        .command()
        .env("PATH", site.path("site"))
        .args(["slurm", "small.yaml", "--tasks", "2", "--dry-run"])
        .output();
    let output = output.unwrap();
    assert!(output.status.success() && err(&output).contains("1000 tasks at most"), "{}", err(&output));
    let output =
        site.command().env("PATH", site.path("site")).args(["slurm", "small.yaml", "--tasks", "2"]).output().unwrap();
    assert!(!output.status.success() && err(&output).contains("this machine has no Slurm"), "{}", err(&output));
    assert!(!site.path("work/results").exists());
}

#[test]
fn tasks_train_their_shards_whatever_the_paths_are() {
    let site = Site::new();
    let expected = {
        site.good(&["run", "small.yaml", "--no-report", "--results", "alone"]);
        site.digests("alone/small")
    };
    assert_eq!(expected.len(), RUNS);
    let results = "it's \"here\" %A\n$(touch harm)`touch harm`;*";
    let reports = "re ports'";
    site.good(&["slurm", "small.yaml", "--tasks", "12", "--results", results, "--reports", reports]);
    let calls = site.calls("sbatch");
    assert_eq!(calls.len(), 3);
    assert!(option(&calls[0], "--output").contains("%%A"), "Slurm puts numbers in the place of %A");
    // An edit after the submission changes nothing.
    fs::write(site.path("work/small.yaml"), SWEEP.replace("[4, 5, 6, 7, 8]", "[9]")).unwrap();
    for (call, indices) in [(&calls[0], 1..=10), (&calls[1], 1..=2)] {
        for index in indices {
            let output = site.task(call, index);
            assert!(output.status.success(), "{index}: {}", err(&output));
        }
    }
    let place = format!("{results}/small");
    let document = site.status(&place);
    assert_eq!((&document["states"]["done"], &document["missing"]), (&12.into(), &0.into()), "{document:#}");
    assert!(document["pending"].as_u64().unwrap() > 0);
    let output = site.task(&calls[2], 0);
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(site.status(&place)["pending"], 0);
    assert_eq!(site.digests(&place), expected);
    assert!(site.path("work").join(reports).join("small/index.html").is_file());
    assert!(site.good(&["check", &place]).contains("no damage was found"));
    let touched = ["work/harm", "site/harm", "bin/harm"].iter().any(|name| site.path(name).exists());
    assert!(!touched && !Path::new("/harm").exists());
    let said = site.good(&["slurm", "--resubmit", &place]);
    assert!(said.contains("all of 40 runs have ended; nothing is submitted"), "{said}");
    assert_eq!(site.calls("sbatch").len(), 3);
}

#[test]
fn a_backslash_in_the_path_is_refused() {
    let site = Site::new();
    let said = site.bad(2, &["slurm", "small.yaml", "--tasks", "2", "--results", "a\\b"]);
    assert!(said.contains("backslash"), "{said}");
    assert!(site.calls("sbatch").is_empty());
}

#[test]
fn what_was_submitted_before_an_error_is_not_forgotten() {
    let site = Site::new();
    site.put("refused-2", "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed\n");
    let said = site.bad(1, &["slurm", "small.yaml", "--tasks", "25"]);
    for part in ["QOSMaxSubmitJobPerUserLimit", "1 of 3 arrays were submitted (jobs 101)", "ablate slurm --resubmit"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(site.json("jobs.json")["submissions"].as_array().unwrap().len(), 1);
    assert_eq!(site.calls("sbatch").len(), 2, "nothing gathers yet");

    // The rest is sent, and nothing that is in the queue.
    let held: Vec<String> = (1..=10).map(|index| format!("101|{index}|PENDING|Priority")).collect();
    site.put("squeue.answer", &held.join("\n"));
    site.good(&["slurm", "--resubmit", "small.yaml"]);
    let calls = site.calls("sbatch");
    let sent: Vec<(&str, &str)> =
        calls[2..4].iter().map(|call| (option(call, "--array"), call.last().unwrap().as_str())).collect();
    assert_eq!(sent, [("1-10", "--offset=10"), ("1-5", "--offset=20")]);
    assert_eq!(option(&calls[4], "--dependency"), "afterany:103:104:101");
}

#[test]
fn where_nobody_knows_what_was_submitted_nothing_more_is() {
    let site = Site::new();
    site.put("answer-1", "what a nice day\n");
    let said = site.bad(1, &["slurm", "small.yaml", "--tasks", "2"]);
    assert!(said.contains("what a nice day"), "{said}");
    for arguments in [&["slurm", "small.yaml", "--tasks", "2"][..], &["slurm", "--resubmit", "small"]] {
        let said = site.bad(8, arguments);
        assert!(said.contains("squeue --me --name=ablate-small") && said.contains("submitting"), "{said}");
    }
    assert_eq!(site.calls("sbatch").len(), 1);
    fs::remove_file(site.slurm().join("submitting")).unwrap();
    site.good(&["slurm", "--resubmit", "small"]);
}

#[test]
fn only_what_is_missing_is_sent_again() {
    let site = Site::new();
    site.good(&["slurm", "small.yaml", "--tasks", "8", "--array-limit", "5", "--", "--partition=long"]);
    let first = site.calls("sbatch")[0].clone();
    for index in [2, 3, 7] {
        assert!(site.task(&first, index).status.success());
    }
    site.put(
        "squeue.answer",
        "101|1|RUNNING|None\n101|4|PENDING|Priority\n101|5|CANCELLED|None\n101|8|FAILED|None\n102|N/A|PENDING|Dependency\n",
    );
    let shown = site.good(&["slurm", "--resubmit", "small", "--dry-run"]);
    assert!(shown.contains("--array=5-6,8%5"), "{shown}");
    assert!(shown.contains("--dependency=afterany:JOB:101"), "{shown}");
    assert!(site.calls("scancel").is_empty());

    let said = site.good(&["slurm", "--resubmit", "small", "--mem", "3G"]);
    assert!(said.contains("job 103: tasks 5-6,8, 5 at a time"), "{said}");
    let calls = site.calls("sbatch");
    assert_eq!(option(&calls[2], "--mem"), "3072M");
    assert_eq!(option(&calls[2], "--partition"), "long");
    assert_eq!(option(&calls[3], "--dependency"), "afterany:103:101");
    let cancelled = site.calls("scancel").pop().unwrap();
    assert!(cancelled.contains(&"102".to_owned()), "the job that would gather too early is taken out");

    // Once all are in the queue, nothing is sent.
    let all = "101|1|RUNNING|None\n101|4|RUNNING|None\n103|5|PENDING|x\n103|6|PENDING|x\n103|8|PENDING|x\n";
    site.put("squeue.answer", all);
    let said = site.good(&["slurm", "--resubmit", "small"]);
    assert!(said.contains("5 tasks wait or run; nothing is submitted"), "{said}");
    // Nor is it where nobody knows what is in the queue.
    site.put("squeue.fails", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n");
    let said = site.bad(1, &["slurm", "--resubmit", "small"]);
    assert!(said.contains("Unable to contact slurm controller") && said.contains("nothing is sent"), "{said}");
    assert_eq!(site.calls("sbatch").len(), 4);
    site.take_away("squeue.fails");
    // A sweep that Slurm still works on is not divided anew.
    let said = site.bad(8, &["slurm", "small.yaml", "--tasks", "3"]);
    assert!(said.contains("scancel 101 103"), "{said}");
}

#[test]
fn tasks_follow_results_that_were_moved() {
    let site = Site::new();
    site.good(&["slurm", "small.yaml", "--tasks", "4", "--", "--partition=long"]);
    let first = site.calls("sbatch")[0].clone();
    assert!(site.task(&first, 1).status.success());
    fs::create_dir(site.path("work/new")).unwrap();
    fs::rename(site.path("work/results"), site.path("work/new/results")).unwrap();
    let said = site.good(&["slurm", "--resubmit", "small", "--results", "new/results", "--", "--time=20"]);
    assert!(said.contains("new/results/small --watch"), "{said}");
    let calls = site.calls("sbatch");
    let again = &calls[2];
    assert!(option(again, "--chdir").ends_with("/new/results/small/slurm"), "{again:?}");
    assert_eq!(option(again, "--partition"), "long", "what was asked for before stays");
    assert!(again.contains(&"--time=20".to_owned()) && !calls[3].contains(&"--time=20".to_owned()), "{calls:?}");
    for index in [2, 3, 4] {
        assert!(site.task(again, index).status.success());
    }
    assert!(!site.path("work/results").exists(), "nothing is trained where it was");
    assert_eq!(site.digests("new/results/small").len(), RUNS);
    // A copy has the orders of another.
    let copied = Command::new("cp").args(["-r", "small", "other"]).current_dir(site.path("work/new/results")).status();
    assert!(copied.unwrap().success());
    let said = site.bad(2, &["slurm", "--resubmit", "other", "--results", "new/results"]);
    assert!(said.contains("a copy under another name of results of small"), "{said}");
    let said = site.bad(2, &["slurm", "--resubmit", "small", "--results", "new/results", "--gpus", "1"]);
    assert!(said.contains("to train on the processor"), "{said}");
    assert_eq!(site.calls("sbatch").len(), 4);
}

#[test]
fn where_no_task_has_begun_there_is_nothing_to_gather_and_that_is_no_error() {
    let site = Site::new();
    site.good(&["slurm", "small.yaml", "--tasks", "4"]);
    let gather = site.calls("sbatch")[1].clone();
    let output = site.task(&gather, 0);
    assert!(output.status.success() && err(&output).contains("no task has saved anything"), "{}", err(&output));
    let said = site.bad(2, &["gather", "small.yaml"]);
    assert!(said.contains("is a sweep file"), "{said}");
}

#[test]
fn shards_by_hand_and_tasks_are_not_at_work_together() {
    let site = Site::new();
    fs::write(site.path("work/long.yaml"), SWEEP.replace("small", "long").replace("epochs: 5,", "epochs: 2000000,"))
        .unwrap();
    let mut shard = site.command().args(["run", "long.yaml", "--no-report", "--shard", "1/2"]).spawn().unwrap();
    let tasks = site.path("work/results/long/tasks");
    let is_noted = || {
        let mut files = fs::read_dir(&tasks).into_iter().flatten().map(Result::unwrap);
        files.any(|file| file.path().extension().is_some_and(|ending| ending == "json"))
    };
    while !is_noted() {
        assert!(shard.try_wait().unwrap().is_none(), "it is at work");
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = site.bad(8, &["slurm", "long.yaml", "--tasks", "3"]);
    assert!(said.contains("shard 1 of 2, which was started by hand, is at work"), "{said}");
    assert!(site.calls("sbatch").is_empty());
    shard.kill().unwrap();
    shard.wait().unwrap();
}

#[test]
fn status_tells_without_slurm_and_does_not_wait_for_it() {
    let site = Site::new();
    site.good(&["slurm", "small.yaml", "--tasks", "4"]);
    assert!(site.task(&site.calls("sbatch")[0], 1).status.success());
    site.program("squeue", "#!/bin/sh\nexec sleep 600\n");
    let began = Instant::now();
    let said = site.good(&["status", "small"]);
    assert!((10..60).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(said.contains("`squeue` gave no answer within 10 s") && said.contains("1 done · 3 unknown"), "{said}");
    assert!(said.contains("once Slurm answers: it may have 3 tasks") && !said.contains("--resubmit"), "{said}");
    let began = Instant::now();
    let output = site.command().env("PATH", "/nowhere").args(["status", "small", "--json"]).output().unwrap();
    let document: Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(document["trouble"].as_str().unwrap().contains("has no Slurm"), "{document:#}");
    assert_eq!([&document["states"]["done"], &document["states"]["not_begun"]], [1, 3]);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn status_says_what_is_to_be_done() {
    let site = Site::new();
    site.good(&["slurm", "small.yaml", "--tasks", "3"]);
    let call = site.calls("sbatch")[0].clone();
    site.put(
        "squeue.answer",
        "101|1|PENDING|Priority\n101|2|PENDING|Priority\n101|3|PENDING|Priority\n102|N/A|PENDING|Dependency\n",
    );
    let said = site.good(&["status", "small"]);
    assert!(said.contains("small: 40 runs in 3 tasks of Slurm"), "{said}");
    assert!(said.contains("3 waiting") && said.contains("scancel 101 102"), "{said}");
    assert!(site.task(&call, 1).status.success());
    fs::write(site.slurm().join("logs/101_3.log"), "error: why\n").unwrap();
    site.put("squeue.answer", "101|2|OUT_OF_MEMORY|None\n101|3|FAILED|NonZeroExitCode\n102|N/A|COMPLETED|None\n");
    let said = site.good(&["status", "small"]);
    assert!(said.contains("failed: task 3: Slurm says FAILED") && said.contains("101_3.log"), "{said}");
    assert!(said.contains("ablate slurm --resubmit results/small"), "{said}");
    for index in [2, 3] {
        assert!(site.task(&call, index).status.success());
    }
    let said = site.good(&["status", "small", "--watch"]);
    assert!(said.contains("3 done") && said.contains("next: ablate gather results/small"), "{said}");
    site.good(&["gather", "small", "--no-report"]);
    let said = site.good(&["status", "small"]);
    assert!(said.contains("next: ablate report results/small"), "{said}");
    // Results that nobody has divided.
    site.good(&["run", "small.yaml", "--no-report", "--results", "alone", "replicates.count=1"]);
    let said = site.good(&["status", "alone/small"]);
    assert!(said.contains("small: 20 runs\n") && said.contains("20 ended · 0 left"), "{said}");
}

#[test]
fn a_task_refuses_what_is_not_its_own() {
    let site = Site::new();
    site.good(&["slurm", "small.yaml", "--tasks", "3"]);
    let call = site.calls("sbatch")[0].clone();
    let refused = |index: u64, part: &str| {
        let output = site.task(&call, index);
        assert!(!output.status.success() && err(&output).contains(part), "{part}: {}", err(&output));
    };
    refused(4, "there is no task 4 + 0 of 3");
    refused(0, "there is no task 0 + 0 of 3");
    let path = site.slurm().join("arguments.json");
    let text = fs::read_to_string(&path).unwrap();
    let environment = site.json("arguments.json")["environment"].as_str().unwrap().to_owned();
    fs::write(&path, text.replace(&environment, "00000000000000000000")).unwrap();
    refused(1, "gives other bits");
    fs::write(&path, text.replace("\"tasks\"", "\"takss\"")).unwrap();
    refused(1, "is not what `ablate slurm` wrote there");
    fs::write(&path, &text).unwrap();
    fs::write(site.slurm().join("program"), "/no/such/program").unwrap();
    let output = site.task(&call, 1);
    assert!(!output.status.success());
}

#[test]
fn options_that_would_break_tasks_are_refused() {
    let site = Site::new();
    for (options, part) in [
        (&["--array=1-5"][..], "--tasks"),
        (&["--chdir=/tmp"], "--results"),
        (&["--wrap=rm"], "its own script"),
        (&["script.sh"], "no option"),
    ] {
        let mut arguments = vec!["slurm", "small.yaml", "--tasks", "2", "--"];
        arguments.extend(options);
        let said = site.bad(2, &arguments);
        assert!(said.contains(part), "{said}");
    }
    site.put("scontrol.answer", "MaxArraySize = 3\n");
    let said = site.bad(2, &["slurm", "small.yaml", "--tasks", "20", "--array-limit", "4"]);
    assert!(said.contains("the site allows 2 tasks in an array, which makes 10 arrays"), "{said}");
    site.bad(2, &["slurm", "small.yaml", "--tasks", "0"]);
    site.bad(2, &["slurm", "small.yaml"]);
    site.bad(2, &["slurm", "small.yaml", "--tasks", "2", "--time", "3"]);
    site.bad(3, &["slurm", "small.yaml", "--tasks", "2", "width=0"]);
    assert!(site.calls("sbatch").is_empty() && !site.path("work/results").exists());
}
