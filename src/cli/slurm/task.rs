//! What the scripts call: one task of an array, and the job that gathers.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use clap::Parser;

use crate::cli::exit::{Busy, Exit, Misuse};
use crate::cli::options::Global;
use crate::cli::status::attempts_of;
use crate::cli::{gather as gathering, mention, run as running};
use crate::slurm::{self, Attempt, Folder, Order, whole};
use crate::store::{self, Results};
use crate::train::{Device, environment};

/// The arguments of `ablate run`, read as from a command line.
#[derive(Debug, Parser)]
struct Run {
    #[command(flatten)]
    arguments: running::Arguments,
}

/// The arguments of `ablate gather`.
#[derive(Debug, Parser)]
struct Gather {
    #[command(flatten)]
    arguments: gathering::Arguments,
}

/// Trains the part of a task, whose number Slurm says.
pub fn train(order: &Path, offset: u64, retry_failed: bool, global: &Global) -> anyhow::Result<Exit> {
    let folder = Folder::that_holds(order);
    let order = folder.order()?;
    let index = number_of("SLURM_ARRAY_TASK_ID")?;
    let task = index.checked_add(offset).filter(|task| (1..=order.tasks).contains(task));
    let task = task.ok_or_else(|| Misuse(format!("there is no task {index} + {offset} of {}", order.tasks)))?;
    same_environment(&order)?;
    let line = run_line(&folder, &order, task, retry_failed);
    running::run(&Run::try_parse_from(line)?.arguments, global)
}

/// Gathers what the tasks have saved, and renders the report.
pub fn gather(order: &Path, global: &Global) -> anyhow::Result<Exit> {
    let folder = Folder::that_holds(order);
    let order = folder.order()?;
    wait_for_tasks(&folder)?;
    let results = Path::new(&order.results).join(&order.name);
    if let Err(store::Error::Missing { .. }) = Results::open_columns(&results, &|_| false) {
        mention!("{}: no task has saved anything, so there is nothing to gather", order.name);
        return Ok(Exit::Done);
    }
    let jobs = folder.jobs()?;
    // Slurm says that its tasks are over; of shards that were started by hand only their notes tell.
    let by_hand = |attempt: &Attempt| {
        let of_slurm = |(job, _)| jobs.submissions.iter().any(|submission| submission.job == job);
        attempt.is_at_work && !attempt.job.is_some_and(of_slurm)
    };
    let all = !attempts_of(&results)?.iter().any(by_hand);
    gathering::run(&Gather::try_parse_from(gather_line(&order, &results, all))?.arguments, global)
}

/// How often, and how long apart, Slurm is asked whether tasks are over: some are still being cleared away when this job begins.
const QUESTIONS: u32 = 12;
const BETWEEN: Duration = Duration::from_secs(5);

/// Returns when Slurm has no task of the sweep. Where it cannot be asked from here, that it has begun this job says so.
fn wait_for_tasks(folder: &Folder) -> anyhow::Result<()> {
    let jobs: Vec<_> = folder.jobs()?.submissions.into_iter().filter(|submission| submission.array.is_some()).collect();
    let all: Vec<_> = jobs.iter().map(slurm::Submission::job).collect();
    for question in 1..=QUESTIONS {
        let queue = match slurm::queue(&all) {
            Ok(queue) => queue,
            Err(trouble) => {
                mention!("note: {trouble}; that this job has begun says that the tasks are over");
                return Ok(());
            }
        };
        let held: Vec<String> =
            all.iter().filter(|job| queue.holds(job.number)).map(|job| job.number.to_string()).collect();
        if held.is_empty() {
            return Ok(());
        }
        if question == QUESTIONS {
            let held = held.join(", ");
            return Err(Busy(format!(
                "Slurm still has tasks of this sweep (jobs {held}), so nothing is gathered; once they have ended: ablate gather"
            ))
            .into());
        }
        sleep(BETWEEN);
    }
    Ok(())
}

/// A number that Slurm has put into the environment.
fn number_of(name: &str) -> anyhow::Result<u64> {
    let text = env::var(name).unwrap_or_default();
    let number = whole(&text).filter(|_| !text.is_empty());
    Ok(number
        .ok_or_else(|| Misuse(format!("{name} is no number: this is called by Slurm, from the script of a task")))?)
}

/// Refuses to train where other bits would come out than those that were asked for: another program lies there now.
fn same_environment(order: &Order) -> anyhow::Result<()> {
    let here = environment(&Device::Cpu).id();
    match &order.environment {
        Some(wanted) if *wanted != here => Err(Misuse(format!(
            "this program gives other bits (environment {here}) than the one that submitted the tasks ({wanted}): it was \
             replaced meanwhile; put the former one back, or submit the sweep again"
        ))
        .into()),
        _ => Ok(()),
    }
}

fn run_line(folder: &Folder, order: &Order, task: u64, retry_failed: bool) -> Vec<OsString> {
    let jobs = order.jobs.or_else(|| number_of("SLURM_CPUS_PER_TASK").ok()).unwrap_or(order.resources.cpus);
    let mut line = vec![
        "run".to_owned(),
        "--no-report".to_owned(),
        format!("--shard={task}/{}", order.tasks),
        format!("--device={}", order.device),
        format!("--jobs={jobs}"),
        format!("--results={}", order.results),
        format!("--max-runs={}", order.max_runs),
    ];
    line.extend(order.timeout.map(|seconds| format!("--timeout={seconds}")));
    line.extend(order.save_weights.then(|| "--save-weights".to_owned()));
    line.extend(retry_failed.then(|| "--retry-failed".to_owned()));
    line.push("--".to_owned());
    let mut line: Vec<OsString> = line.into_iter().map(OsString::from).collect();
    line.push(folder.sweep().into());
    line.extend(order.overrides.iter().map(OsString::from));
    line
}

fn gather_line(order: &Order, results: &Path, all: bool) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec!["gather".into(), format!("--reports={}", order.reports).into()];
    line.extend(all.then(|| "--all".into()));
    line.extend(["--".into(), results.into()]);
    line
}
