//! `ablate slurm --resubmit`: send the tasks that have runs left, and that Slurm no longer has.

use std::path::{Path, PathBuf};

use super::division::{Division, saved};
use super::submit::{Sending, asked, most, submitting, text, with_runs_left};
use super::{Arguments, words};
use crate::cli::exit::{Busy, Exit, Misuse};
use crate::cli::options::{Global, SweepArguments};
use crate::cli::place::{Place, is_sweep_file};
use crate::cli::status::attempts_of;
use crate::cli::{mention, plan};
use crate::slurm::{self, Folder, Held, Job, Known, Order, Queue, Resources};
use crate::sweep;
use crate::train::Device;

/// Finds what is missing, and submits it.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    let place = results_of(arguments)?;
    let folder = Folder::of(&place);
    if !folder.is_there() {
        let place = place.display();
        return Err(
            Misuse(format!("{place} was not handed to Slurm: `ablate slurm SWEEP.yaml --tasks N` does that")).into()
        );
    }
    let work = || resubmit(arguments, global, &folder, &place);
    if arguments.dry_run { work() } else { submitting(&folder, &folder.order()?.name, work) }
}

fn resubmit(arguments: &Arguments, global: &Global, folder: &Folder, place: &Path) -> anyhow::Result<Exit> {
    let mut order = folder.order()?;
    follow(&mut order, place)?;
    arguments.change(&mut order)?;
    let sweep = SweepArguments { sweep: folder.sweep(), overrides: order.overrides.clone() };
    let division = Division::of(&plan::load(&sweep)?, order.tasks, order.max_runs)?;
    let mut jobs = folder.jobs()?;
    // Asked first: what Slurm has ended by now has said so in its note.
    let queue = asked(&jobs)?;
    let attempts = attempts_of(place)?;
    let standings = division.standings(&saved(place)?.0);
    let missing: Vec<u64> = standings.iter().map(|standing| standing.missing).collect();
    let known = Known { missing: &missing, jobs: &jobs, queue: Some(&queue), is_silent: false, attempts: &attempts };
    let at_work: Vec<u64> = known.tasks().iter().filter(|task| task.state.is_held()).map(|task| task.number).collect();
    let mut tasks = with_runs_left(&standings, arguments.retry_failed);
    tasks.retain(|task| at_work.binary_search(task).is_err());
    if tasks.is_empty() {
        return Ok(words::nothing_to_resend(arguments, &order, &standings, at_work.len() as u64));
    }
    let (others, gathering) = still_there(&jobs, &queue);
    if let Some((job, _)) = gathering.iter().find(|(_, held)| *held == Held::Running) {
        return Err(is_gathering(job));
    }
    if !global.quiet {
        words::announce(&order, &standings, &tasks, arguments.retry_failed, None);
    }
    let arrays = slurm::split(&tasks, most(arguments.dry_run)?, order.array_limit)?;
    let sending = Sending { folder, order: &order, retry_failed: arguments.retry_failed };
    if arguments.dry_run {
        sending.show(&arrays, &others);
        return Ok(Exit::Done);
    }
    folder.make()?;
    folder.keep_order(&order)?;
    // It would gather while the new tasks are at work.
    for (job, _) in &gathering {
        slurm::cancel(job)?;
        mention!("job {}, which was to gather, is taken out: the new one waits for these tasks too", job.number);
    }
    // It may have begun since Slurm was asked.
    let all: Vec<Job> = gathering.into_iter().map(|(job, _)| job).collect();
    if let Some(job) = all.iter().find(|job| gathers(job)) {
        return Err(is_gathering(job));
    }
    let sent = sending.send(&arrays, &others, &mut jobs)?;
    words::sent(arguments, &order, place, &tasks, &sent)?;
    Ok(Exit::Done)
}

/// Tasks train into the folder where they are sent again, though it was moved since they were submitted first.
fn follow(order: &mut Order, place: &Path) -> anyhow::Result<()> {
    let name = place.file_name().unwrap_or_default();
    if name != order.name.as_str() {
        let (place, name) = (place.display(), &order.name);
        return Err(
            Misuse(format!("{place} is a copy under another name of results of {name}: give it that name")).into()
        );
    }
    let results = place.parent().unwrap_or(place);
    if Path::new(&order.results) != results {
        mention!("note: these results were in {} when they were submitted", order.results);
        text(results)?.clone_into(&mut order.results);
    }
    Ok(())
}

/// Whether Slurm has given this job, which gathers, a node.
fn gathers(job: &Job) -> bool {
    let queue = slurm::queue(std::slice::from_ref(job));
    queue.is_ok_and(|queue| queue.of(job.number, None).is_some_and(|told| told.held == Held::Running))
}

fn is_gathering(job: &Job) -> anyhow::Error {
    Busy(format!("job {} is gathering the results now; try again when it has ended", job.number)).into()
}

/// The folder of results that is meant: by a sweep file, by a path, or by a name.
fn results_of(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    let named = arguments.place()?;
    let results = &arguments.folder.results;
    let place = if is_sweep_file(named) {
        results.join(sweep::load(named, &[])?.name)
    } else {
        Place::open_to_write(results, &named.to_string_lossy())?.folder().to_path_buf()
    };
    Ok(std::path::absolute(place)?)
}

/// The jobs with tasks that Slurm still has, and those that are to gather or do so.
fn still_there(jobs: &slurm::Jobs, queue: &Queue) -> (Vec<Job>, Vec<(Job, Held)>) {
    let (mut tasks, mut gathering) = (Vec::new(), Vec::new());
    for submission in jobs.submissions.iter().filter(|submission| queue.holds(submission.job)) {
        match queue.of(submission.job, None) {
            Some(told) if submission.array.is_none() => gathering.push((submission.job(), told.held)),
            _ => tasks.push(submission.job()),
        }
    }
    (tasks, gathering)
}

impl Arguments {
    /// Takes over what is given anew: resources, and what goes to `sbatch` beside what went there before.
    fn change(&self, order: &mut Order) -> anyhow::Result<()> {
        if self.gpus.is_some_and(|gpus| gpus > 0) && order.device == Device::Cpu.to_string() {
            let why = "these tasks were submitted to train on the processor; to train on GPUs, submit the sweep anew";
            return Err(Misuse(why.into()).into());
        }
        let Resources { cpus, megabytes, gpus, minutes } = order.resources;
        order.resources = Resources {
            cpus: self.cpus.unwrap_or(cpus),
            megabytes: self.mem.unwrap_or(megabytes),
            gpus: self.gpus.unwrap_or(gpus),
            minutes: self.time.unwrap_or(minutes),
        };
        order.array_limit = self.array_limit.or(order.array_limit);
        let new = self.options.iter().filter(|option| !order.options.contains(option));
        order.options.extend(new.cloned().collect::<Vec<_>>());
        Ok(())
    }
}
