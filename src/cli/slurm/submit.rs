//! Submitting: a sweep for the first time, and what both this and sending again have in common.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::division::{Division, Standing, saved};
use super::quantities::{megabytes_for, minutes_for};
use super::{Arguments, words};
use crate::cli::exit::{Busy, Exit, Misuse};
use crate::cli::options::Global;
use crate::cli::status::attempts_of;
use crate::cli::{mention, plan, say};
use crate::plan::{Limits, Plan};
use crate::slurm::{
    self, Array, Batch, Broken, Folder, GATHER, Job, Jobs, Most, Order, Queue, Resources, Submission, TASK, Trouble,
    VERSION,
};
use crate::store::Ended;
use crate::sweep::Sweep;
use crate::train::{Choice, Device, environment};

/// Checks a sweep, divides it, writes what tasks need, and submits them.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    let sweep = plan::load(&arguments.sweep()?)?;
    let results = absolute(&arguments.folder.results)?;
    let place = results.join(&sweep.name);
    let folder = Folder::of(&place);
    let division = Division::of(&sweep, arguments.tasks.unwrap_or(1), arguments.max_runs)?;
    division.plan.notes.iter().for_each(|note| mention!("note: {note}"));
    let (ended, _) = saved(&place)?;
    let standings = division.standings(&ended);
    let tasks = with_runs_left(&standings, arguments.retry_failed);
    if tasks.is_empty() {
        return Ok(words::nothing_to_send(arguments, &sweep.name, &standings));
    }
    let order = arguments.order(&sweep, &division, &place)?;
    let sending = Sending { folder: &folder, order: &order, retry_failed: arguments.retry_failed };
    if !global.quiet {
        words::announce(
            &order,
            &standings,
            &tasks,
            arguments.retry_failed,
            arguments.time.is_none().then(|| division.time(order.resources.cpus)),
        );
    }
    let most = most(arguments.dry_run)?;
    let arrays = slurm::split(&tasks, most, order.array_limit)?;
    if arguments.dry_run {
        sending.show(&arrays, &[]);
        return Ok(Exit::Done);
    }
    let rest = rest(&sweep, &ended, arguments)?;
    let plan = rest.as_ref().unwrap_or(&division.plan);
    let needs = (division.time(arguments.cpus.unwrap_or(1)), plan::disk(plan, order.save_weights));
    let plan = plan::Document::of(&sweep, plan, arguments.workers(), needs);
    folder.make()?;
    let sent = submitting(&folder, &order.name, || {
        at_rest(&folder, &order.name)?;
        without_shards_by_hand(&place)?;
        folder.prepare(&order, sweep.text(), &plan, &program()?)?;
        let mut jobs = Jobs::default();
        folder.keep_jobs(&jobs)?;
        sending.send(&arrays, &[], &mut jobs)
    })?;
    words::sent(arguments, &order, &place, &tasks, &sent)?;
    Ok(Exit::Done)
}

/// The numbers of the tasks that have something to train.
pub fn with_runs_left(standings: &[Standing], retry_failed: bool) -> Vec<u64> {
    let left = |standing: &Standing| standing.missing > 0 || (retry_failed && standing.failed > 0);
    (1..).zip(standings).filter(|(_, standing)| left(standing)).map(|(number, _)| number).collect()
}

/// What a site allows; what Slurm allows by itself where the site does not say.
///
/// # Errors
/// When this machine has no Slurm, unless nothing is submitted anyway.
pub fn most(dry_run: bool) -> anyhow::Result<Most> {
    /// Slurm's own `MaxArraySize`.
    const USUAL: u64 = 1001;
    match slurm::most() {
        Ok(most) => Ok(most),
        Err(trouble @ Trouble::Absent { .. }) if !dry_run => Err(trouble.into()),
        Err(trouble) => {
            mention!(
                "note: {trouble}; arrays are taken to have {} tasks at most, as Slurm has it by itself",
                USUAL - 1
            );
            Ok(Most::of_size(USUAL))
        }
    }
}

/// Does what submits jobs, as the only one that does. Where it is not known what was submitted, the next one is told so.
pub fn submitting<T>(folder: &Folder, name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mark = folder.begin_submitting(name)?;
    let done = work();
    let is_known = match &done {
        Ok(_) => true,
        Err(error) => {
            let unknown = |trouble: &Trouble| {
                matches!(
                    trouble,
                    Trouble::Silent { program: "sbatch", .. } | Trouble::Strange { program: "sbatch", .. }
                )
            };
            !error.is::<NotNoted>() && !error.downcast_ref().is_some_and(unknown)
        }
    };
    if is_known {
        mark.end()?;
    }
    done
}

/// What is to be sent.
pub struct Sending<'a> {
    pub folder: &'a Folder,
    pub order: &'a Order,
    pub retry_failed: bool,
}

/// A job that was submitted, and could not be noted.
#[derive(Debug, thiserror::Error)]
#[error("job {job} was submitted and could not be noted ({why}); take it out with: scancel {job}")]
struct NotNoted {
    job: u64,
    why: Broken,
}

/// What was sent: jobs with their arrays, and the job that gathers.
pub struct Sent {
    pub arrays: Vec<(Job, Array)>,
    pub gather: Job,
}

impl Sending<'_> {
    /// Submits the arrays, and the job that gathers after them and after others. Each is noted at once.
    ///
    /// # Errors
    /// Where Slurm refuses something; what was submitted before stays, is noted, and is said.
    pub fn send(&self, arrays: &[Array], others: &[Job], jobs: &mut Jobs) -> anyhow::Result<Sent> {
        let mut sent: Vec<(Job, Array)> = Vec::new();
        let at = crate::cli::now();
        let again = format!("ablate slurm --resubmit {}", words::shown_name(self.order));
        for array in arrays {
            let job = slurm::submit(&self.batch(self.order.resources)?.tasks(array, self.retry_failed)).with_context(|| {
                let numbers: Vec<String> = sent.iter().map(|(job, _)| job.number.to_string()).collect();
                match sent.len() {
                    0 => "nothing was submitted".to_owned(),
                    some => format!(
                        "{some} of {} arrays were submitted (jobs {}) and the rest was not; to send the rest: {again}",
                        arrays.len(),
                        numbers.join(", ")
                    ),
                }
            })?;
            self.note(jobs, Submission::new(job.clone(), Some(array), at.clone(), self.retry_failed))?;
            sent.push((job, array.clone()));
        }
        let after: Vec<Job> = sent.iter().map(|(job, _)| job.clone()).chain(others.iter().cloned()).collect();
        let gather = slurm::submit(&self.batch(self.order.gathering)?.gather(&after)).with_context(|| {
            format!(
                "the tasks are submitted, and the job that gathers is not; once they have ended: ablate gather {}",
                words::shown_name(self.order)
            )
        })?;
        self.note(jobs, Submission::new(gather.clone(), None, at, false))?;
        Ok(Sent { arrays: sent, gather })
    }

    fn note(&self, jobs: &mut Jobs, submission: Submission) -> Result<(), NotNoted> {
        let job = submission.job;
        jobs.submissions.push(submission);
        self.folder.keep_jobs(jobs).map_err(|why| NotNoted { job, why })
    }

    /// Shows what would be submitted.
    pub fn show(&self, arrays: &[Array], others: &[Job]) {
        for (name, text) in [TASK, GATHER] {
            say!("# {}\n{text}", self.folder.path().join(name).display());
        }
        let Ok(tasks) = self.batch(self.order.resources) else { return };
        let Ok(gather) = self.batch(self.order.gathering) else { return };
        arrays.iter().for_each(|array| say!("{}", words::command(&tasks.tasks(array, self.retry_failed))));
        // The numbers of jobs that are not submitted are not known.
        let unknown = arrays.iter().map(|_| Job { number: 0, cluster: None });
        let after: Vec<Job> = unknown.chain(others.iter().cloned()).collect();
        let shown =
            gather.gather(&after).into_iter().map(|argument| match argument.strip_prefix("--dependency=afterany:") {
                Some(jobs) => {
                    let jobs: Vec<&str> = jobs.split(':').map(|job| if job == "0" { "JOB" } else { job }).collect();
                    format!("--dependency=afterany:{}", jobs.join(":"))
                }
                None => argument,
            });
        say!("{}", words::command(&shown.collect::<Vec<_>>()));
    }

    fn batch(&self, resources: Resources) -> anyhow::Result<Batch<'_>> {
        let folder = text(self.folder.path())?;
        if folder.contains('\\') {
            let why =
                "Slurm takes a backslash in the path of its logs for something else; use another --results folder";
            return Err(Misuse(format!("{folder}: {why}")).into());
        }
        Ok(Batch { sweep: &self.order.name, folder, resources, options: &self.order.options })
    }
}

/// Whether Slurm has nothing of this sweep any more.
///
/// # Errors
/// [`Busy`] where it has, and where it does not say.
fn at_rest(folder: &Folder, name: &str) -> anyhow::Result<()> {
    let jobs = folder.jobs()?;
    let queue = asked(&jobs)?;
    let held: Vec<String> =
        jobs.all().iter().filter(|job| queue.holds(job.number)).map(|job| job.number.to_string()).collect();
    if held.is_empty() {
        return Ok(());
    }
    Err(Busy(format!(
        "Slurm still has jobs of {name} ({}): `ablate status` shows them, and --resubmit sends what is missing beside them; \
         to divide the sweep anew, first: scancel {}",
        held.join(", "),
        held.join(" ")
    ))
    .into())
}

/// That nobody trains shards of this sweep by hand, which Slurm's tasks would train once more.
fn without_shards_by_hand(place: &Path) -> anyhow::Result<()> {
    let attempts = attempts_of(place)?;
    let Some(shard) = attempts.iter().find(|attempt| attempt.is_at_work && attempt.job.is_none()) else {
        return Ok(());
    };
    let (shard, of, place) = (shard.shard, shard.of, place.display());
    Err(Busy(format!(
        "shard {shard} of {of}, which was started by hand, is at work in {place}: try again when it has ended"
    ))
    .into())
}

/// What Slurm says of everything that was submitted.
///
/// # Errors
/// When it does not answer: then nobody knows what it still has.
pub fn asked(jobs: &Jobs) -> anyhow::Result<Queue> {
    slurm::queue(&jobs.all()).context("what Slurm still has of this sweep is not known, so nothing is sent")
}

/// The program that tasks run: this one.
fn program() -> anyhow::Result<String> {
    let path = std::env::current_exe().context("where this program lies is unknown")?;
    if !path.is_file() {
        return Err(Misuse(format!("{} is not there any more; start the new one", path.display())).into());
    }
    Ok(text(&path)?.to_owned())
}

/// A path as a document holds it.
pub fn text(path: &Path) -> anyhow::Result<&str> {
    let error = || Misuse(format!("{} is not UTF-8, and what tasks are told is", path.display()));
    Ok(path.to_str().ok_or_else(error)?)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} has no absolute path", path.display()))
}

/// The plan of what is left, where some runs have ended.
fn rest(sweep: &Sweep, ended: &Ended, arguments: &Arguments) -> anyhow::Result<Option<Plan>> {
    if *ended == Ended::default() {
        return Ok(None);
    }
    let limits = Limits { max_runs: arguments.max_runs, workers: arguments.workers(), ..Limits::default() };
    plan::plan(sweep, ended, arguments.retry_failed, &limits).map(Some)
}

/// Megabytes of main memory that a process takes with CUDA's libraries: they are some gigabytes themselves.
const MEGABYTES_OF_CUDA: u64 = 8_000;

impl Arguments {
    /// Workers of all tasks together.
    fn workers(&self) -> usize {
        let workers = self.cpus.unwrap_or(1).saturating_mul(self.tasks.unwrap_or(1));
        usize::try_from(workers).unwrap_or(usize::MAX)
    }

    /// What tasks are told.
    fn order(&self, sweep: &Sweep, division: &Division, place: &Path) -> anyhow::Result<Order> {
        let (cpus, gpus) = (self.cpus.unwrap_or(1), self.gpus.unwrap_or(0));
        let device = self.device.unwrap_or(if gpus > 0 { Choice::Cuda } else { Choice::Device(Device::Cpu) });
        let workers = usize::try_from(cpus).unwrap_or(usize::MAX);
        let needed = megabytes_for(division.plan.memory(workers));
        let needed = if gpus > 0 { needed.max(MEGABYTES_OF_CUDA) } else { needed };
        let resources = Resources {
            cpus,
            megabytes: self.mem.unwrap_or(needed),
            gpus,
            minutes: self.time.unwrap_or_else(|| minutes_for(division.time(cpus))),
        };
        Ok(Order {
            version: VERSION,
            name: sweep.name.clone(),
            overrides: sweep.overrides().to_vec(),
            tasks: self.tasks.unwrap_or(1),
            results: text(place.parent().unwrap_or(place))?.to_owned(),
            reports: text(&absolute(&self.reports)?)?.to_owned(),
            device: words::device(device),
            environment: (device == Choice::Device(Device::Cpu)).then(|| environment(&Device::Cpu).id()),
            jobs: self.jobs.map(|jobs| jobs as u64),
            max_runs: self.max_runs,
            timeout: self.timeout,
            save_weights: self.save_weights,
            resources,
            gathering: gathering(division.plan.runs()),
            array_limit: self.array_limit,
            options: self.options.clone(),
        })
    }
}

/// What the job that gathers may use, for the tables and the report of so many runs: measured were 47 kB of memory and 0.18 ms a
/// run that has most to tell (docs/clusters.md), to which comes what takes no more for many, and a file server that is slow.
fn gathering(runs: u64) -> Resources {
    Resources { cpus: 1, megabytes: 2_000 + runs / 20, gpus: 0, minutes: 30 + runs / 20_000 }
}

/// A submitted job, for scripts.
pub fn document(job: &Job, array: Option<&Array>) -> Value {
    json!({
        "job": job.number,
        "cluster": job.cluster,
        "offset": array.map(|array| array.offset),
        "indices": array.map(|array| slurm::ranges(&array.indices)),
    })
}
