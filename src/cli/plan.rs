//! `ablate plan`: what would run, and what it would take.

use std::collections::HashSet;
use std::io::{BufWriter, Write as _};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::devices::devices;
use super::exit::{Exit, printed};
use super::options::{ResultsFolder, SweepArguments};
use super::shapes::{OfShape, shape_lines, shapes};
use super::{claims, diff, mention, say, style};
use crate::config::Id;
use crate::execute::{available, estimate};
use crate::measure::COLUMNS;
use crate::plan::{Cohort, Limits, MAX_RUNS, Plan};
use crate::store::{self, Ended, Results};
use crate::sweep::{self, Sweep};
use crate::train::{Choice, Device, recorded_epochs};

/// Show what a sweep would run, without running it.
///
/// How many configurations and runs there are, which points a rule removes, what is done already, the cohorts, and about how
/// much time, memory and disk the rest takes here.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Arguments {
    #[command(flatten)]
    pub sweep: SweepArguments,
    #[command(flatten)]
    pub folder: ResultsFolder,
    /// Workers on the processor [default: one a core]; a GPU has one of its own.
    #[arg(long, value_name = "N", value_parser = super::options::jobs)]
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
    /// Count the weights of every run in what is needed on disk.
    #[arg(long)]
    pub save_weights: bool,
    /// Hold the sweep against what is saved: what an edit adds, and what it leaves behind.
    #[arg(long)]
    pub diff: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Reads and checks a sweep file, its metric and its claims included.
pub fn load(arguments: &SweepArguments) -> anyhow::Result<Sweep> {
    let sweep = sweep::load(&arguments.sweep, &arguments.overrides)?;
    sweep.check_metric(COLUMNS.iter().map(|column| column.name))?;
    claims::check(&sweep)?;
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
    let devices = devices(&sweep, arguments.device)?;
    let limits = limits(arguments.max_runs, arguments.jobs, &devices);
    let workers = limits.workers;
    // Without --diff, only what tells whether a run has ended.
    let wanted = |column: &str| arguments.diff || ["status", "reason", "digest", "environment"].contains(&column);
    let results = match Results::open_columns(&arguments.folder.results.join(&sweep.name), &wanted) {
        Ok(results) => Some(results),
        Err(store::Error::Missing { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let ended = results.as_ref().map(Results::ended).transpose()?.unwrap_or_default();
    let plan = plan(&sweep, &ended, arguments.retry_failed, &limits)?;
    let failed = if arguments.retry_failed { 0 } else { among(&plan, &ended.failed) };
    plan.notes.iter().for_each(|note| mention!("note: {note}"));
    let diff = arguments.diff.then(|| diff::of(&plan, &ended, results.as_ref())).transpose()?;
    let needs = (estimate(&plan.cohorts, devices[0], workers), disk(&plan, arguments.save_weights));
    if arguments.json {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let written = serde_json::to_writer_pretty(
            &mut out,
            &Document { failed, diff, ..Document::of(&sweep, &plan, workers, needs) },
        );
        printed(written.map_err(Into::into).and_then(|()| writeln!(out)).and_then(|()| out.flush()));
    } else {
        lines(&sweep, &plan, failed, workers, needs).iter().for_each(|line| say!("{line}"));
        diff.iter().flat_map(diff::Beside::lines).for_each(|line| say!("{line}"));
    }
    // The process ends here: nobody has to free a million runs one by one.
    std::mem::forget(plan);
    Ok(Exit::Done)
}

/// How many runs that a sweep asks for are among these.
fn among(plan: &Plan, runs: &HashSet<Id>) -> u64 {
    if runs.is_empty() {
        return 0;
    }
    plan.points.iter().flat_map(|point| point.runs()).filter(|run| runs.contains(run)).count() as u64
}

/// Workers: as asked for, otherwise one a core.
pub fn jobs(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
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

/// Bytes that saved results take by themselves; of each run its row, a point of its curves and one of its predictions, of
/// which so many are kept, of tasks of one operand; and what a file of weights says of a layer. Measured on shipped sweeps.
const RESULTS: u64 = 20_500;
const ROW: u64 = 450;
const POINT: u64 = 30;
const PREDICTION: u64 = 7;
const PREDICTIONS: u64 = 202;
const LAYER: u64 = 170;

/// Bytes on disk that the runs to do will take, about; with their weights where those are saved.
pub fn disk(plan: &Plan, weights: bool) -> u64 {
    let mut curves: foldhash::HashMap<u32, u64> = foldhash::HashMap::default();
    let mut curve = |epochs| *curves.entry(epochs).or_insert_with(|| recorded_epochs(epochs).count() as u64);
    let mut bytes = |cohort: &Cohort| {
        let (shape, runs) = (&cohort.shape, cohort.runs.len() as u64);
        let predictions = cohort.measured_rows.min(runs * PREDICTIONS);
        let layers = LAYER * (shape.widths.len() as u64 + 1);
        let weights = if weights { shape.parameters_bytes().saturating_add(layers) } else { 0 };
        let run = weights.saturating_add(ROW + POINT * curve(shape.epochs));
        run.saturating_mul(runs).saturating_add(PREDICTION * predictions)
    };
    let there = if plan.done == 0 && plan.to_do() > 0 { RESULTS } else { 0 };
    plan.cohorts.iter().fold(there, |sum, cohort| sum.saturating_add(bytes(cohort)))
}

/// The plan, for scripts. Shapes are written one after the other, since there may be a million.
#[derive(Serialize)]
pub struct Document<'p> {
    version: u32,
    sweep: &'p str,
    configurations: u64,
    /// Where grids differ in it, the most of any configuration.
    replicates: u64,
    runs: u64,
    done: u64,
    /// How many of those that are done failed or timed out.
    failed: u64,
    to_do: u64,
    excluded: Vec<Value>,
    equal: u64,
    notes: &'p [String],
    cohorts: usize,
    shapes: Vec<OfShape<'p>>,
    workers: usize,
    seconds: f64,
    memory: u64,
    /// Runs that need more memory than is available here, and would fail.
    too_large: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<diff::Beside<'p>>,
}

impl<'p> Document<'p> {
    /// A plan for so many workers, which takes so long and so many bytes on disk.
    pub fn of(sweep: &'p Sweep, plan: &'p Plan, workers: usize, (time, bytes): (Duration, u64)) -> Self {
        let memory = plan.memory(workers);
        let excluded = plan.excluded.iter();
        let excluded = excluded.map(|rule| json!({"grid": rule.grid, "rule": rule.rule, "points": rule.points}));
        Self {
            version: 1,
            sweep: &sweep.name,
            configurations: plan.configurations(),
            replicates: plan.replicates().1,
            runs: plan.runs(),
            done: plan.done,
            failed: 0,
            to_do: plan.to_do(),
            excluded: excluded.collect(),
            equal: plan.equal,
            notes: &plan.notes,
            cohorts: plan.cohorts.len(),
            shapes: shapes(plan),
            workers,
            seconds: time.as_secs_f64(),
            memory,
            too_large: too_large(plan, memory, available()),
            bytes,
            diff: None,
        }
    }
}

/// Runs to do that need more memory by themselves than `there` is, where the plan takes `memory`.
fn too_large(plan: &Plan, memory: u64, there: u64) -> u64 {
    // Where the largest cohorts fit together, every run does.
    let cohorts = if memory > there { &plan.cohorts[..] } else { &[] };
    let too_large = cohorts.iter().filter(|cohort| cohort.shape.bytes_on_processor(1) > there);
    too_large.map(|cohort| cohort.runs.len() as u64).sum()
}

fn lines(sweep: &Sweep, plan: &Plan, failed: u64, jobs: usize, (time, bytes): (Duration, u64)) -> Vec<String> {
    let replicates = match plan.replicates() {
        (fewest, most) if fewest == most => style::counted(most, "replicate"),
        (fewest, most) => format!("{} to {}", style::count(fewest), style::counted(most, "replicate")),
    };
    let mut lines = vec![format!(
        "{}: {} × {replicates} = {}",
        sweep.name,
        style::counted(plan.configurations(), "configuration"),
        style::counted(plan.runs(), "run"),
    )];
    let done = match failed {
        0 => format!("{} done", style::count(plan.done)),
        failed => format!(
            "{} done ({} failed or timed out: --retry-failed trains them again)",
            style::count(plan.done),
            style::count(failed)
        ),
    };
    lines.push(format!("{done}, {} to do", style::count(plan.to_do())));
    for rule in &plan.excluded {
        let points = style::counted(rule.points, "point");
        lines.push(format!("excluded from {}: {points} by {}", rule.grid, rule.rule));
    }
    if plan.equal > 0 {
        lines.push(format!("{} equal to another: trained once", style::counted(plan.equal, "point")));
    }
    if plan.cohorts.is_empty() {
        return lines;
    }
    lines.push(String::new());
    lines.extend(shape_lines(&shapes(plan)));
    lines.push(String::new());
    let memory = plan.memory(jobs);
    lines.push(format!(
        "about {} on {} here, {} of memory and {} on disk",
        style::duration(time),
        style::counted(jobs as u64, "worker"),
        style::bytes(memory as f64),
        style::bytes(bytes as f64),
    ));
    let there = available();
    let too_large = too_large(plan, memory, there);
    if too_large > 0 {
        lines.push(format!(
            "{} of them {} more memory than the {} that are available, and would fail",
            style::count(too_large),
            if too_large == 1 { "needs" } else { "need" },
            style::bytes(there as f64)
        ));
    }
    lines
}
