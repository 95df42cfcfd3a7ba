//! A million stored runs: how long they take to save, to open and to query, and how much memory.
//!
//! `cargo bench --bench store -- [RUNS]`; `cargo bench --bench store -- cost [RUNS]` trains runs of the smallest network
//! and tells which share of the processor's time goes into saving them; `cargo bench --bench store -- save [RUNS]` saves as many
//! without training them; `cargo bench --bench store -- merge [RUNS]` merges two
//! folders of two thirds of the runs each, and cuts a sweep of as many into a thousand shards; `cargo bench --bench store -- plan`
//! plans a million distinct configurations, of few shapes and of almost as many. Results lie in folders of their own that are removed
//! at the end.
#![expect(clippy::disallowed_methods, reason = "a benchmark takes times")]

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ablate::config::Id;
use ablate::execute::{self, Event, Listener, Options, Stop, execute};
use ablate::measure::{COLUMNS, Measures};
use ablate::plan::{Limits, Part, Plan, Run, Shard};
use ablate::store::{self, Identity, Query, Record, Results, SweepCopy, Writer, query};
use ablate::sweep::parse;
use ablate::train::{Checkpoint, CurvePoint, Device, Outcome, Status};
use cpu_time::{ProcessTime, ThreadTime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("cost") => cost(arguments.get(1).map_or(2_000, |count| count.parse().expect("a number of runs"))),
        Some("save") => save(arguments.get(1).map_or(20_000, |count| count.parse().expect("a number of runs"))),
        Some("merge") => merge(arguments.get(1).map_or(1_000_000, |count| count.parse().expect("a number of runs"))),
        Some("plan") => PLANNED.into_iter().for_each(|(name, _)| by_itself("planned", name)),
        Some("planned") => planned(&arguments[1]),
        Some("join") => join(Path::new(&arguments[1])),
        Some("shard") => shard(arguments[1].parse().expect("a number of runs")),
        Some("read") => read(Path::new(&arguments[1])),
        count => all(count.map_or(1_000_000, |count| count.parse().expect("a number of runs"))),
    }
}

fn all(count: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results/many");
    let began = Instant::now();
    write(&path, count, |_| true);
    println!("{count} runs saved in {:.1} s", began.elapsed().as_secs_f64());
    by_itself("read", &path);
}

/// Does something in a process of its own, which tells how much memory it takes.
fn by_itself(what: &str, with: impl AsRef<std::ffi::OsStr>) {
    let itself = std::env::current_exe().expect("this program");
    let status = Command::new(itself).arg(what).arg(with).status().expect("it starts");
    assert!(status.success());
}

/// Sweeps of a million configurations: three axes of a hundred values, of 10,000 shapes; and a sample of 890,000.
const PLANNED: [(&str, &str); 2] = [
    (
        "grid",
        "version: 1\nname: grid\ngrid:\n  width: {range: {min: 1, max: 100, step: 1}}\n  epochs: {range: {min: 1, max: 100, step: 1}}\n  \
         learning_rate: {log_range: {min: 1.0e-5, max: 1.0e-1, num: 100}}\n",
    ),
    (
        "sample",
        "version: 1\nname: sample\nsample: {method: sobol, count: 1000000, seed: 1}\ngrid:\n  width: {uniform: {min: 8, max: 256}}\n  \
         depth: {uniform: {min: 1, max: 8}}\n  batch: {uniform: {min: 10, max: 1000}}\n  \
         learning_rate: {log_uniform: {min: 1.0e-4, max: 1.0e-1}}\n",
    ),
];

fn planned(name: &str) {
    let (_, text) = PLANNED.into_iter().find(|(known, _)| *known == name).expect("a sweep");
    let sweep = parse(text, "planned.yaml", &[]).expect("a sweep");
    let before = peak();
    let began = Instant::now();
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).expect("a plan");
    let seconds = began.elapsed().as_secs_f64();
    println!("{name}: {} runs in {} cohorts, planned in {seconds:.2} s", plan.to_do(), plan.cohorts.len());
    println!("most memory at a time: {}, of which this program is {before}", peak());
}

fn merge(count: u64) {
    by_itself("shard", count.to_string());
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("a"), count, |number| number % 3 != 0);
    write(&folder.path().join("b"), count, |number| number % 3 != 1);
    by_itself("join", folder.path());
}

fn join(folder: &Path) {
    let began = Instant::now();
    let joined = store::join(&[folder.join("a"), folder.join("b")], &folder.join("c")).expect("merged");
    println!("{} runs merged of two folders in {:.1} s", joined.runs, began.elapsed().as_secs_f64());
    println!("most memory at a time: {}", peak());
}

fn shard(count: u64) {
    let sweep = parse(&text(count), "many.yaml", &[]).expect("a sweep");
    let began = Instant::now();
    let part = Part::of(&sweep, Shard { index: 500, of: 1000 }, u64::MAX, &execute::cost).expect("a shard");
    println!("one of 1000 shards: {} of {} runs, in {:.1} s", part.runs(), part.asked, began.elapsed().as_secs_f64());
    println!("most memory at a time: {}", peak());
}

fn text(count: u64) -> String {
    format!(
        "version: 1\nname: many\ngrid:\n  width: {{range: {{min: 1, max: 100, step: 1}}}}\n  learning_rate: {{log_range: {{min: 1e-5, max: 1e-1, num: 100}}}}\n\
         replicates: {{count: {}}}\n",
        count.div_ceil(10_000)
    )
}

/// Saves so many runs, or those of them that are kept by their number, as a sweep would.
fn write(path: &Path, count: u64, keep: impl Fn(usize) -> bool) {
    let text = text(count);
    let sweep = parse(&text, "many.yaml", &[]).expect("a sweep");
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits { max_runs: u64::MAX, ..Limits::default() }).expect("a plan");
    let copy = SweepCopy { name: "many".into(), text, overrides: Vec::new() };
    let writer = Writer::open(path, &copy, Box::new(|_| {})).expect("a writer");
    let runs = plan.cohorts.iter().flat_map(|cohort| &cohort.runs);
    for (_, run) in runs.enumerate().filter(|(number, _)| keep(*number)) {
        writer.append(&record(run), None).expect("saved");
    }
    writer.close().expect("saved");
}

fn record(run: &Run) -> Record {
    let mut measures = Measures::default();
    for (column, number) in COLUMNS.iter().zip(1..) {
        measures.set(column.name, run.replicate().seed as f64 + f64::from(number) / 7.0);
    }
    let point = |epoch| CurvePoint {
        epoch,
        train_loss: 0.5,
        test_loss: 0.5,
        test_rmse: 3.0,
        learning_rate: 0.001,
        gradient_norm: 1.0,
    };
    let outcome = Outcome {
        status: Status::Finished,
        reason: None,
        epochs_done: 2,
        digest: blake3::hash(run.id.to_string().as_bytes()).to_hex().to_string(),
        environment: "cafe".into(),
        parameters: 4353,
        features: 1,
        seconds: 0.25,
        device: "cpu".into(),
        measures,
        curve: vec![point(1), point(2)],
        predictions: Vec::new(),
        weights: Vec::new(),
    };
    Record::new(Identity::of(run, "many"), &run.point.configuration(), &outcome)
}

/// Saves runs that end, where there is a writer.
struct Saving {
    writer: Option<Writer>,
    /// Processor time of the worker: in all, and in here.
    worker: Mutex<(Duration, Duration)>,
}

impl Saving {
    fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = ThreadTime::now();
        let done = work();
        let mut worker = self.worker.lock().unwrap();
        worker.0 = ThreadTime::now().as_duration();
        worker.1 += began.elapsed();
        done
    }
}

impl Listener for Saving {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        self.timed(|| {
            if let (Event::RunEnded { run, outcome }, Some(writer)) = (&event, &self.writer) {
                writer.append(&Record::new(Identity::of(run, "many"), &run.point.configuration(), outcome), None)?;
            }
            Ok(())
        })
    }

    fn claim(&self, runs: &[Run]) -> anyhow::Result<Vec<bool>> {
        let ids: Vec<Id> = runs.iter().map(|run| run.id).collect();
        self.timed(|| {
            Ok(self.writer.as_ref().map_or_else(|| Ok(vec![true; ids.len()]), |writer| writer.claim(&ids))?)
        })
    }

    fn checkpoint(&self, run: &Run) -> Option<Checkpoint> {
        self.timed(|| self.writer.as_ref().and_then(|writer| writer.paused(run.id)))
    }
}

/// Trains runs of 1-16-1 with all defaults beside, several times: saved and not saved, in turns.
fn cost(count: u64) {
    const ROUNDS: usize = 3;
    let text = format!("version: 1\nname: many\nbase: {{width: 16, depth: 1}}\nreplicates: {{count: {count}}}\n");
    let sweep = parse(&text, "many.yaml", &[]).expect("a sweep");
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).expect("a plan");
    let options = Options { jobs: 1, devices: vec![Device::Cpu], time_limit: None, profile: None };
    let mut best = [f64::INFINITY; 2];
    let mut parts = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        for (saved, best) in best.iter_mut().enumerate() {
            let folder = tempfile::tempdir().expect("a folder");
            let copy = SweepCopy { name: "many".into(), text: text.clone(), overrides: Vec::new() };
            let began = ProcessTime::now();
            let open = || Writer::open(&folder.path().join("many"), &copy, Box::new(|_| {})).expect("a writer");
            let saving = Saving { writer: (saved == 1).then(open), worker: Mutex::default() };
            execute(&plan.cohorts, &options, &Stop::default(), &saving).expect("trained");
            let executed = began.elapsed();
            let (worker, noticing) = *saving.worker.lock().unwrap();
            if let Some(writer) = saving.writer {
                writer.close().expect("saved");
                let tables = began.elapsed().saturating_sub(executed);
                for (part, time) in parts.iter_mut().zip([noticing, executed.saturating_sub(worker), tables]) {
                    *part = part.min(time.as_secs_f64());
                }
            }
            *best = best.min(began.elapsed().as_secs_f64());
        }
    }
    let [trained, saved] = best.map(|seconds| seconds / count as f64 * 1e6);
    println!("{count} runs of 1-16-1, processor time a run: {trained:.0} µs trained, {saved:.0} µs trained and saved");
    println!("the difference is {:.1} % of training, of which some is chance", (saved / trained - 1.0) * 100.0);
    let share = |seconds: f64| seconds / count as f64 * 1e6 / trained * 100.0;
    let [worker, journal, tables] = parts.map(share);
    println!(
        "saving costs {:.2} % of training by the clocks of its threads: workers {worker:.2} %, journal {journal:.2} %, tables at the end \
         {tables:.2} %",
        worker + journal + tables
    );
}

/// Keeps how runs end.
#[derive(Default)]
struct Keeping(Mutex<Vec<Outcome>>);

impl Listener for Keeping {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        if let Event::RunEnded { outcome, .. } = event {
            self.0.lock().unwrap().push(outcome.clone());
        }
        Ok(())
    }
}

/// Saves runs of the smallest network without training them all: 64 are, and the others end as they did.
fn save(count: u64) {
    let sweep = |count: u64| {
        let text = format!("version: 1\nname: many\nbase: {{width: 16, depth: 1}}\nreplicates: {{count: {count}}}\n");
        (parse(&text, "many.yaml", &[]).expect("a sweep"), text)
    };
    let plan = |count| Plan::of(&sweep(count).0, &HashSet::new(), &Limits::default()).expect("a plan");
    let options = Options { jobs: 1, devices: vec![Device::Cpu], time_limit: None, profile: None };
    let keeping = Keeping::default();
    execute(&plan(64).cohorts, &options, &Stop::default(), &keeping).expect("trained");
    let outcomes = keeping.0.into_inner().unwrap();
    let plan = plan(count);
    let mut best = [f64::INFINITY; 3];
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = SweepCopy { name: "many".into(), text: sweep(count).1, overrides: Vec::new() };
        let writer = Writer::open(&folder.path().join("many"), &copy, Box::new(|_| {})).expect("a writer");
        let (all, worker) = (ProcessTime::now(), ThreadTime::now());
        for (run, outcome) in plan.cohorts.iter().flat_map(|cohort| &cohort.runs).zip(outcomes.iter().cycle()) {
            writer
                .append(&Record::new(Identity::of(run, "many"), &run.point.configuration(), outcome), None)
                .expect("saved");
        }
        let worker = worker.elapsed();
        writer.flush().expect("saved");
        let journal = all.elapsed().saturating_sub(worker);
        let tables = ProcessTime::now();
        writer.close().expect("saved");
        for (part, time) in best.iter_mut().zip([worker, journal, tables.elapsed()]) {
            *part = part.min(time.as_secs_f64() / count as f64 * 1e6);
        }
    }
    let [worker, journal, tables] = best;
    println!("a run of 1-16-1: worker {worker:.1} µs, journal {journal:.1} µs, tables {tables:.1} µs");
}

fn read(path: &Path) {
    let columns = ["run", "width", "learning_rate", "test_rmse", "domain_rmse"];
    let began = Instant::now();
    let results = Results::open_columns(path, &|name| columns.contains(&name)).expect("results");
    println!("opened in {:.2} s, with the columns of the query", began.elapsed().as_secs_f64());
    let asked = Query {
        condition: Some("width >= 50 AND learning_rate < 0.001 AND test_rmse > 3".into()),
        sort: Some("-domain_rmse".into()),
        columns: Some(vec!["run".into(), "width".into(), "domain_rmse".into()]),
        limit: Some(10),
    };
    let began = Instant::now();
    let found = query(results.runs(), &asked).expect("an answer");
    println!(
        "queried in {:.2} s ({} rows of {})",
        began.elapsed().as_secs_f64(),
        found.height(),
        results.runs().height()
    );
    println!("most memory at a time: {}", peak());
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or(" unknown").trim().to_owned()
}
