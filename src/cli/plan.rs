//! `ablate plan`: what would run, and what it would take.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::exit::Exit;
use super::options::{ResultsFolder, SweepArguments};
use super::{say, style};
use crate::execute::estimate;
use crate::measure::COLUMNS;
use crate::plan::{Cohort, Limits, MAX_RUNS, Plan};
use crate::store::{self, Ended, Results};
use crate::sweep::{self, Sweep};
use crate::train::{Choice, Device, recorded_epochs};

/// Show what a sweep would run, without running it: how many configurations and runs, which points a rule removes,
/// what is already done, the cohorts, and about how long it takes here and how much disk.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    pub sweep: SweepArguments,
    #[command(flatten)]
    pub folder: ResultsFolder,
    /// Workers on the processor [default: one a core]; a GPU has one of its own.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Where to train: auto, cpu, cuda (all GPUs) or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: Choice,
    /// Runs that the sweep may ask for.
    #[arg(long, value_name = "N", default_value_t = MAX_RUNS)]
    pub max_runs: u64,
    /// Plan failed and timed-out runs as well.
    #[arg(long)]
    pub retry_failed: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Reads and checks a sweep file, its metric included.
pub fn load(arguments: &SweepArguments) -> anyhow::Result<Sweep> {
    let sweep = sweep::load(&arguments.sweep, &arguments.overrides)?;
    sweep.check_metric(COLUMNS.iter().map(|column| column.name))?;
    Ok(sweep)
}

/// Plans what is not done; failed runs count as done unless they are to be tried again.
pub fn plan(sweep: &Sweep, ended: &Ended, retry_failed: bool, limits: &Limits) -> anyhow::Result<Plan> {
    let mut done = ended.done.clone();
    if !retry_failed {
        done.extend(&ended.failed);
    }
    Ok(Plan::of(sweep, &done, limits)?)
}

/// Plans and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let sweep = load(&arguments.sweep)?;
    let devices = arguments.device.resolve()?;
    let limits = limits(arguments.max_runs, arguments.jobs, &devices);
    let workers = limits.workers;
    let ended = match Results::open(&arguments.folder.results.join(&sweep.name)) {
        Ok(results) => results.ended()?,
        Err(store::Error::Missing { .. }) => Ended::default(),
        Err(error) => return Err(error.into()),
    };
    let plan = plan(&sweep, &ended, arguments.retry_failed, &limits)?;
    let time = estimate(&plan.cohorts, devices[0], workers);
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&document(&sweep, &plan, workers, time))?);
    } else {
        lines(&sweep, &plan, workers, time).iter().for_each(|line| say!("{line}"));
    }
    Ok(Exit::Done)
}

/// Workers: as asked for, otherwise one a core.
pub fn jobs(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1)
}

/// Share of a GPU's free memory that a cohort may take, and what is taken to be free where CUDA does not say.
const MEMORY_SHARE: f64 = 0.7;
const MEMORY_UNKNOWN: u64 = 2 << 30;

/// What a plan for these devices has to keep to.
pub fn limits(max_runs: u64, asked: Option<usize>, devices: &[Device]) -> Limits {
    let jobs = jobs(asked);
    let on_gpu = |device: &&Device| matches!(device, Device::Cuda(_));
    // Any device may take any cohort, so the smallest counts.
    let free = devices.iter().filter(on_gpu).map(|device| device.free_memory().unwrap_or(MEMORY_UNKNOWN)).min();
    Limits {
        max_runs,
        most_runs: None,
        memory: free.map(|bytes| (bytes as f64 * MEMORY_SHARE) as u64),
        workers: devices.iter().map(|device| device.workers(jobs)).sum(),
    }
}

/// Bytes that the runs to do will take, about: measured on sweeps of this kind, compressed.
fn disk(plan: &Plan) -> u64 {
    let run = |cohort: &Cohort| 900 + 30 * recorded_epochs(cohort.shape.epochs).len() as u64 + 2000;
    plan.cohorts.iter().map(|cohort| cohort.runs.len() as u64 * run(cohort)).sum()
}

/// Cohorts by shape: the shape's name, its runs, its cohorts, epochs and batch.
fn shapes(plan: &Plan) -> Vec<(String, u64, u64, u32, u32)> {
    let mut shapes: BTreeMap<usize, (String, u64, u64, u32, u32)> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for cohort in &plan.cohorts {
        let key = format!("{:?}", cohort.shape);
        let place = order.iter().position(|known| *known == key).unwrap_or_else(|| {
            order.push(key);
            order.len() - 1
        });
        let shape = &cohort.shape;
        let entry = shapes.entry(place).or_insert_with(|| {
            let sizes = std::iter::once(shape.features).chain(shape.widths.iter().copied()).chain([1]);
            let network = sizes.map(|size| size.to_string()).collect::<Vec<_>>().join("-");
            let unit =
                cohort.runs[0].point.configuration.column(crate::config::parameter("activation").expect("a parameter"));
            let name = unit.map_or_else(|| network.clone(), |unit| format!("{network} {unit}"));
            (name, 0, 0, shape.epochs, shape.batch)
        });
        entry.1 += cohort.runs.len() as u64;
        entry.2 += 1;
    }
    shapes.into_values().collect()
}

fn document(sweep: &Sweep, plan: &Plan, jobs: usize, time: Duration) -> Value {
    json!({
        "version": 1,
        "sweep": sweep.name,
        "configurations": plan.configurations(),
        "replicates": plan.replicates.count,
        "runs": plan.runs(),
        "done": plan.done,
        "to_do": plan.to_do(),
        "excluded": plan.excluded.iter()
            .map(|rule| json!({"grid": rule.grid, "rule": rule.rule, "points": rule.points})).collect::<Vec<_>>(),
        "cohorts": plan.cohorts.len(),
        "shapes": shapes(plan).into_iter().map(|(network, runs, cohorts, epochs, batch)| {
            json!({"network": network, "runs": runs, "cohorts": cohorts, "epochs": epochs, "batch": batch})
        }).collect::<Vec<_>>(),
        "workers": jobs,
        "seconds": time.as_secs_f64(),
        "bytes": disk(plan),
    })
}

fn lines(sweep: &Sweep, plan: &Plan, jobs: usize, time: Duration) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} × {} = {}",
        sweep.name,
        style::counted(plan.configurations(), "configuration"),
        style::counted(u64::from(plan.replicates.count), "replicate"),
        style::counted(plan.runs(), "run"),
    )];
    lines.push(format!("{} done, {} to do", style::count(plan.done), style::count(plan.to_do())));
    for rule in &plan.excluded {
        let points = style::counted(rule.points, "point");
        lines.push(format!("excluded from {}: {points} by {}", rule.grid, rule.rule));
    }
    if plan.cohorts.is_empty() {
        return lines;
    }
    lines.push(String::new());
    let shapes = shapes(plan);
    let width = shapes.iter().map(|shape| shape.0.chars().count()).max().unwrap_or(0);
    lines.push(format!("{:<width$}  {:>7}  {:>7}  {:>7}  {:>6}", "network", "runs", "cohorts", "epochs", "batch"));
    for (network, runs, cohorts, epochs, batch) in shapes {
        let (runs, cohorts) = (style::count(runs), style::count(cohorts));
        lines.push(format!("{network:<width$}  {runs:>7}  {cohorts:>7}  {epochs:>7}  {batch:>6}"));
    }
    lines.push(String::new());
    lines.push(format!(
        "about {} on {} here, and {} on disk",
        style::duration(time),
        style::counted(jobs as u64, "worker"),
        style::bytes(disk(plan) as f64),
    ));
    lines
}
