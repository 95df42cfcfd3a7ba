//! `ablate status`: how a sweep stands that others are working on: its tasks, its runs, how fast it goes, and what to do next.

mod words;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use clap::Args;

use super::exit::{Exit, Misuse};
use super::options::{ResultsFolder, SweepArguments};
use super::report::Saved;
use super::slurm::{Division, Standing, saved};
use super::{plan, say};
use crate::slurm::{self, Attempt, Folder, Jobs, Known, Order, Queue, State, Task, Told, Trouble};
use crate::store::{self, AtWork, Results};
use crate::sweep::Sweep;

/// Show how a sweep stands: tasks that are done, running, waiting, stopped, failed or lost, runs, rate, and time left.
///
/// What Slurm has is asked from squeue and sacct where the sweep was handed to Slurm, and everything else is read from the
/// results: so it also tells of shards that were started by hand, and of results that nobody is working on. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ablate status why-squares\n  ablate status why-squares --watch=60\n  \
    ablate status /shared/results/why-squares --json")]
pub struct Arguments {
    /// A folder of results, or the name of a sweep.
    #[arg(value_name = "RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Show it again and again, until nothing runs or waits any more [default: every 30 seconds].
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "30",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    watch: Option<u64>,
    /// Print one JSON document; with --watch, one a line.
    #[arg(long)]
    json: bool,
}

/// Looks and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let place = store::locate(&arguments.folder.results, &arguments.name)?;
    let mut followed = Followed::of(&place)?;
    loop {
        let status = followed.look()?;
        match (arguments.json, arguments.watch) {
            (true, None) => say!("{:#}", words::document(&followed, &status)),
            (true, Some(_)) => say!("{}", words::document(&followed, &status)),
            (false, watch) => {
                if watch.is_some() && std::io::stdout().is_terminal() {
                    // To the top of an empty screen.
                    say!("\x1b[2J\x1b[H{}", words::lines(&followed, &status).join("\n"));
                } else {
                    words::lines(&followed, &status).iter().for_each(|line| say!("{line}"));
                }
            }
        }
        let Some(seconds) = arguments.watch.filter(|_| status.is_going_on()) else { return Ok(Exit::Done) };
        if !arguments.json && !std::io::stdout().is_terminal() {
            say!("");
        }
        sleep(Duration::from_secs(seconds));
    }
}

/// What attempts at shards have noted beside the results in a folder.
pub fn attempts_of(place: &Path) -> anyhow::Result<Vec<Attempt>> {
    let tasks = store::tasks_of(place)?;
    Ok(tasks.iter().filter_map(|task| Attempt::read(&task.note, task.is_at_work())).collect())
}

/// A sweep that is followed.
struct Followed {
    place: PathBuf,
    /// The folder of Slurm, and what its tasks are told.
    slurm: Option<(Folder, Order)>,
    sweep: Sweep,
    /// How it is divided, and among how many tasks.
    division: Option<(u64, Division)>,
}

/// How it stands.
struct Status {
    /// Its tasks; none where it is not divided.
    tasks: Vec<Task>,
    standing: Standing,
    attempts: Vec<Attempt>,
    /// Processes at work that are no shards.
    processes: Vec<AtWork>,
    jobs: Jobs,
    queue: Option<Queue>,
    /// What went wrong in asking Slurm.
    trouble: Option<String>,
    /// Attempts at shards of another division.
    others: usize,
    /// Records that are not in the tables yet.
    pending: u64,
    /// Runs in a second, of all that work.
    rate: f64,
}

impl Followed {
    fn of(place: &Path) -> anyhow::Result<Self> {
        let folder = Folder::of(place);
        let slurm = if folder.is_there() { Some((folder.clone(), folder.order()?)) } else { None };
        let sweep = if let Some((folder, order)) = &slurm {
            plan::load(&SweepArguments { sweep: folder.sweep(), overrides: order.overrides.clone() })?
        } else {
            let results = Results::open_columns(place, &|_| false)?;
            if results.sweep().is_empty() {
                return Err(Misuse(format!("{} has no copy of its sweep", place.display())).into());
            }
            Saved::of(&results)?.sweep
        };
        Ok(Self { place: place.to_path_buf(), slurm, sweep, division: None })
    }

    fn look(&mut self) -> anyhow::Result<Status> {
        let jobs = self.slurm.as_ref().map_or_else(|| Ok(Jobs::default()), |(folder, _)| folder.jobs())?;
        // Slurm first, then what attempts have noted, then what has ended: each step knows all that the one before it has seen.
        let (queue, trouble) = match (jobs.submissions.is_empty(), slurm::queue(&jobs.all())) {
            (true, _) => (None, None),
            (false, Ok(queue)) => (Some(queue), None),
            (false, Err(trouble)) => (None, Some(trouble)),
        };
        // A machine without Slurm has only looks at what was copied to it.
        let is_silent = trouble.as_ref().is_some_and(|trouble| !matches!(trouble, Trouble::Absent { .. }));
        let trouble = trouble.map(|trouble| trouble.to_string());
        let attempts = attempts_of(&self.place)?;
        let processes = store::at_work(&self.place)?;
        let tasks = self.slurm.as_ref().map(|(_, order)| order.tasks).or_else(|| attempts.last().map(|last| last.of));
        self.divide(tasks.unwrap_or(1))?;
        let Some((_, division)) = &self.division else { unreachable!("it was divided") };
        let (ended, pending) = saved(&self.place)?;
        let standings = division.standings(&ended);
        let missing: Vec<u64> = standings.iter().map(|standing| standing.missing).collect();
        let known = Known { missing: &missing, jobs: &jobs, queue: queue.as_ref(), is_silent, attempts: &attempts };
        let rows = if tasks.is_some() { known.tasks() } else { Vec::new() };
        let others = attempts.iter().filter(|attempt| Some(attempt.of) != tasks).count();
        let rate = rate(&attempts, &rows);
        let standing = standings.iter().fold(Standing::default(), |sum, one| Standing {
            done: sum.done + one.done,
            failed: sum.failed + one.failed,
            missing: sum.missing + one.missing,
        });
        Ok(Status { tasks: rows, standing, attempts, processes, jobs, queue, trouble, others, pending, rate })
    }

    fn divide(&mut self, tasks: u64) -> anyhow::Result<()> {
        if self.division.as_ref().is_none_or(|(among, _)| *among != tasks) {
            let most = self.slurm.as_ref().map_or(u64::MAX, |(_, order)| order.max_runs);
            self.division = Some((tasks, Division::of(&self.sweep, tasks, most)?));
        }
        Ok(())
    }
}

impl Status {
    fn count(&self, state: State) -> u64 {
        self.tasks.iter().filter(|task| task.state == state).count() as u64
    }

    /// What Slurm says of the job that gathers, where it was submitted and Slurm knows it.
    fn gathering(&self) -> Option<(u64, &Told)> {
        let last = self.jobs.submissions.iter().rev().find(|submission| submission.array.is_none())?;
        Some((last.job, self.queue.as_ref()?.of(last.job, None)?))
    }

    fn is_gathering(&self) -> bool {
        self.gathering().is_some_and(|(_, told)| told.held != slurm::Held::Ended)
    }

    /// Whether it will be otherwise later, without anybody doing anything.
    fn is_going_on(&self) -> bool {
        self.is_gathering() || !self.processes.is_empty() || self.tasks.iter().any(|task| task.state.is_held())
    }

    /// Seconds until everything has ended if it goes on as it does now.
    fn seconds_left(&self) -> Option<f64> {
        (self.rate > 0.0 && self.standing.missing > 0).then(|| self.standing.missing as f64 / self.rate)
    }

    /// Attempts that are at work now.
    fn at_work(&self) -> usize {
        at_work(&self.attempts, &self.tasks).count()
    }
}

fn rate(attempts: &[Attempt], tasks: &[Task]) -> f64 {
    // The sum of none is the negative zero.
    at_work(attempts, tasks).map(Attempt::rate).sum::<f64>() + 0.0
}

fn at_work<'a>(attempts: &'a [Attempt], tasks: &'a [Task]) -> impl Iterator<Item = &'a Attempt> {
    let runs = |shard: u64| tasks.get(shard as usize - 1).is_some_and(|task| task.state == State::Running);
    attempts.iter().filter(move |attempt| attempt.is_at_work && attempt.of == tasks.len() as u64 && runs(attempt.shard))
}
