//! `ablate slurm --resubmit`: send the tasks that have runs left, and that Slurm no longer has.

use std::path::PathBuf;

use super::division::{Division, saved};
use super::submit::{Sending, asked, most, submitting, with_runs_left};
use super::{Arguments, words};
use crate::cli::exit::{Busy, Exit, Misuse};
use crate::cli::options::{Global, SweepArguments};
use crate::cli::place::Place;
use crate::cli::status::attempts_of;
use crate::cli::{mention, plan};
use crate::slurm::{self, Folder, Held, Job, Known, Order, Queue, Resources};
use crate::sweep;

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

fn resubmit(arguments: &Arguments, global: &Global, folder: &Folder, place: &std::path::Path) -> anyhow::Result<Exit> {
    let mut order = folder.order()?;
    arguments.change(&mut order);
    let sweep = SweepArguments { sweep: folder.sweep(), overrides: order.overrides.clone() };
    let division = Division::of(&plan::load(&sweep)?, order.tasks, order.max_runs)?;
    let mut jobs = folder.jobs()?;
    // Asked first: what Slurm has ended by now has said so in its note.
    let queue = asked(&jobs)?;
    let attempts = attempts_of(place)?;
    let standings = division.standings(&saved(place)?.0);
    let missing: Vec<u64> = standings.iter().map(|standing| standing.missing).collect();
    let known = Known { missing: &missing, jobs: &jobs, queue: Some(&queue), attempts: &attempts };
    let at_work: Vec<u64> = known.tasks().iter().filter(|task| task.state.is_held()).map(|task| task.number).collect();
    let mut tasks = with_runs_left(&standings, arguments.retry_failed);
    tasks.retain(|task| at_work.binary_search(task).is_err());
    if tasks.is_empty() {
        return Ok(words::nothing_to_resend(arguments, &order, &standings, at_work.len() as u64));
    }
    let (others, gathering) = still_there(&jobs, &queue);
    if let Some(job) = gathering.iter().find(|(_, held)| *held == Held::Running) {
        let number = job.0.number;
        return Err(Busy(format!("job {number} is gathering the results now; try again when it has ended")).into());
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
    let sent = sending.send(&arrays, &others, &mut jobs)?;
    words::sent(arguments, &order, place, &tasks, &sent)?;
    Ok(Exit::Done)
}

/// The folder of results that is meant: by a sweep file, by a path, or by a name.
fn results_of(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    let named = arguments.place()?;
    let results = &arguments.folder.results;
    let place = if named.is_file() && named.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
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
    /// Takes over what is given anew: resources, and what goes to `sbatch`.
    fn change(&self, order: &mut Order) {
        let Resources { cpus, megabytes, gpus, minutes } = order.resources;
        order.resources = Resources {
            cpus: self.cpus.unwrap_or(cpus),
            megabytes: self.mem.unwrap_or(megabytes),
            gpus: self.gpus.unwrap_or(gpus),
            minutes: self.time.unwrap_or(minutes),
        };
        order.array_limit = self.array_limit.or(order.array_limit);
        if !self.options.is_empty() {
            order.options.clone_from(&self.options);
        }
    }
}
