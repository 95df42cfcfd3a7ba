//! `ablate slurm`: hand a sweep to Slurm, and send again what is missing.

mod division;
mod quantities;
mod resubmit;
mod submit;
mod task;
mod words;

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Misuse};
use super::libtorch::Need;
use super::options::{Global, ResultsFolder, SweepArguments, jobs};
use crate::plan::MAX_RUNS;
use crate::slurm::Folder;
use crate::train::Choice;

pub use division::{Division, Standing, saved};

/// Hand a sweep to Slurm: it schedules the tasks, each of which trains its part.
///
/// The sweep is checked and divided among tasks of about equal cost. What they run is written under results/NAME/slurm, and one
/// array is submitted, or several where the site allows no array of that size, with one job that gathers what they have saved
/// and renders the report. Tasks save as they go: one that is preempted, requeued or cancelled goes on where it was, and
/// --resubmit sends those that have runs left.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ablate slurm sweeps/why-squares.yaml --tasks 100 --array-limit 20\n  \
    ablate slurm sweeps/why-squares.yaml --tasks 100 --cpus 4 --time 2:00:00 -- --partition=short --account=group\n  \
    ablate slurm sweeps/why-squares.yaml --tasks 8 --gpus 1 --dry-run\n  \
    ablate status why-squares --watch\n  ablate slurm --resubmit why-squares")]
pub struct Arguments {
    /// The sweep file; with --resubmit, a folder of results or the name of a sweep.
    #[arg(value_name = "SWEEP.yaml|RESULTS", required_unless_present_any = ["task_of", "gather_of"])]
    sweep: Option<PathBuf>,
    /// Overrides: one value for a parameter, or several to sweep over, such as activation=relu,tanh.
    #[arg(value_name = "KEY=V1,V2", conflicts_with = "resubmit")]
    overrides: Vec<String>,
    /// Tasks that the sweep is divided among: of about equal cost, so that each trains for some minutes to some hours.
    #[arg(long, value_name = "N", value_parser = tasks, conflicts_with = "resubmit",
        required_unless_present_any = ["resubmit", "task_of", "gather_of"])]
    tasks: Option<u64>,
    /// Tasks that may run at a time [default: as many as Slurm gives nodes to].
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..))]
    array_limit: Option<u64>,
    /// Only show what would be submitted; nothing is written.
    #[arg(long)]
    dry_run: bool,
    /// Send the tasks that have runs left and that Slurm no longer has.
    #[arg(long)]
    resubmit: bool,
    /// Try failed and timed-out runs again.
    #[arg(long)]
    retry_failed: bool,
    /// Processors of a task, each with a worker [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024), help_heading = "Resources of a task")]
    cpus: Option<u64>,
    /// Memory, such as 500M or 4G [default: from the plan].
    #[arg(long, value_name = "SIZE", value_parser = quantities::megabytes, help_heading = "Resources of a task")]
    mem: Option<u64>,
    /// Time, as Slurm takes it: minutes, hours:minutes:seconds or days-hours:minutes [default: from the plan's estimate].
    #[arg(long, value_name = "TIME", value_parser = quantities::minutes, help_heading = "Resources of a task")]
    time: Option<u64>,
    /// GPUs, which it then trains on [default: 0].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=64), help_heading = "Resources of a task")]
    gpus: Option<u64>,
    /// Where to train: auto, cpu, cuda (all GPUs of the task) or cuda:N [default: cuda with --gpus, otherwise cpu].
    #[arg(long, value_name = "DEVICE", conflicts_with = "resubmit")]
    device: Option<Choice>,
    /// Workers of a task on the processor [default: as many as it has processors].
    #[arg(long, value_name = "N", value_parser = jobs, conflicts_with = "resubmit")]
    jobs: Option<usize>,
    #[command(flatten)]
    folder: ResultsFolder,
    /// The folder that holds the reports of all sweeps.
    #[arg(long, value_name = "DIR", default_value = "reports", conflicts_with = "resubmit")]
    reports: PathBuf,
    /// Runs that the sweep may ask for.
    #[arg(long, value_name = "N", default_value_t = MAX_RUNS, conflicts_with = "resubmit")]
    max_runs: u64,
    /// Give up runs that train for longer than this many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "resubmit")]
    timeout: Option<f64>,
    /// Save the weights of every run, as safetensors.
    #[arg(long, conflicts_with = "resubmit")]
    save_weights: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Options that are passed on to sbatch, such as --partition=long.
    #[arg(last = true, value_name = "SBATCH OPTIONS")]
    options: Vec<String>,
    /// What the script of a task calls.
    #[arg(long, hide = true, value_name = "FILE", conflicts_with_all = ["sweep", "gather_of"], requires = "offset")]
    task_of: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "N")]
    offset: Option<u64>,
    /// What the script that gathers calls.
    #[arg(long, hide = true, value_name = "FILE", conflicts_with = "sweep")]
    gather_of: Option<PathBuf>,
}

/// Submits, or is a task of what was submitted.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    if let Some(order) = &arguments.task_of {
        return task::train(order, arguments.offset.unwrap_or(0), arguments.retry_failed, global);
    }
    if let Some(order) = &arguments.gather_of {
        return task::gather(order, global);
    }
    crate::slurm::check(&arguments.options)?;
    if arguments.resubmit { resubmit::run(arguments, global) } else { submit::run(arguments, global) }
}

impl Arguments {
    /// How much it needs libtorch: submitting does not, a task does where it trains on a GPU.
    pub fn need(&self) -> Need {
        let device =
            self.task_of.as_deref().and_then(|order| Folder::that_holds(order).order().ok()?.device.parse().ok());
        device.map_or(Need::No, Need::of)
    }

    fn sweep(&self) -> anyhow::Result<SweepArguments> {
        Ok(SweepArguments { sweep: self.place()?.to_path_buf(), overrides: self.overrides.clone() })
    }

    fn place(&self) -> anyhow::Result<&Path> {
        self.sweep.as_deref().ok_or_else(|| Misuse("no sweep is named".into()).into())
    }
}

/// Most tasks that a sweep is divided among.
const MOST_TASKS: u64 = 1_000_000;

fn tasks(text: &str) -> Result<u64, String> {
    let wrong = || format!("a number of tasks is a whole number from 1 to {MOST_TASKS}");
    text.parse().ok().filter(|tasks| (1..=MOST_TASKS).contains(tasks)).ok_or_else(wrong)
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0);
    seconds.ok_or_else(|| "not a number of seconds above 0".to_owned())
}
