//! `ablate run`: train what is missing of a sweep, save it, report.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::options::{Global, ResultsFolder, SweepArguments};
use super::progress::Progress;
use super::{plan, report, style};
use crate::config::{Id, run_id};
use crate::execute::{self, Event, Listener, Options, Stop, Summary};
use crate::plan::{Limits, MAX_RUNS, Plan, Run};
use crate::store::{Ended, Folded, Identity, Record, Results, SweepCopy, Why, Writer};
use crate::sweep::Sweep;
use crate::train::{Checkpoint, Choice, Device, Outcome, Part, Profile};

/// Train what is missing of a sweep, then report.
///
/// Runs that are saved already are not trained again: run the same command after an interruption, or after adding a
/// value to an axis. The first Ctrl-C saves what is in flight, finished or as it is after its epoch, and prints how to go
/// on; a second one ends at once, and loses only what was not saved.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ablate run sweeps/why-squares.yaml\n  \
    ablate run sweeps/why-squares.yaml activation=relu,tanh replicates.count=10\n  \
    ablate run sweeps/why-squares.yaml --jobs 2 --results /data/results")]
pub struct Arguments {
    #[command(flatten)]
    sweep: SweepArguments,
    /// Workers on the processor [default: one a core]; a GPU has one of its own.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where to train: auto, cpu, cuda (all GPUs) or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: Choice,
    #[command(flatten)]
    folder: ResultsFolder,
    /// The folder that holds the reports of all sweeps.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// Do not render the report.
    #[arg(long)]
    no_report: bool,
    /// Train only the I-th of N parts of the runs: by different processes into different --results, or one after the
    /// other into the same.
    #[arg(long, value_name = "I/N", conflicts_with = "plan")]
    shard: Option<Shard>,
    /// Runs that the sweep may ask for.
    #[arg(long, value_name = "N", default_value_t = MAX_RUNS)]
    max_runs: u64,
    /// Give up runs that train for longer than this many seconds, by their share of the time of the runs that they are
    /// trained with.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Try failed and timed-out runs again.
    #[arg(long)]
    retry_failed: bool,
    /// Save the weights of every run, as safetensors.
    #[arg(long)]
    save_weights: bool,
    /// Show at the end where the time went, by parts of the work; of training itself on the processor only.
    #[arg(long, conflicts_with = "plan")]
    profile: bool,
    /// Only show what would run, as `ablate plan` does.
    #[arg(long)]
    plan: bool,
    /// With --plan: print one JSON document.
    #[arg(long, requires = "plan")]
    json: bool,
}

/// One of several parts of a sweep's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    index: u64,
    of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if (1..=of).contains(&index) => Ok(Self { index, of }),
            _ => Err(format!("`{text}` is no part such as 2/8")),
        }
    }
}

impl Shard {
    /// Whether a run belongs to this part: by its id, so that parts stay the same whatever is done already.
    fn holds(self, run: &Run) -> bool {
        let hash = blake3::hash(run.id.to_string().as_bytes());
        let number = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"));
        number % self.of == self.index - 1
    }
}

/// Trains, saves, reports.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    if arguments.plan {
        return plan::run(&arguments.as_plan());
    }
    let sweep = plan::load(&arguments.sweep)?;
    let devices = arguments.device.resolve()?;
    let limits = plan::limits(arguments.max_runs, arguments.jobs, &devices);
    // Checked before anything is written.
    Plan::of(&sweep, &std::collections::HashSet::new(), &limits)?;

    let stop = Stop::on_signals()?;
    let folder = arguments.folder.results.join(&sweep.name);
    let writer = Writer::open(&folder, &copy(&sweep), Box::new(|_| {}))?;
    let ended = writer.ended();
    let mut plan = plan::plan(&sweep, &ended, arguments.retry_failed, &limits)?;
    arguments.keep_shard(&mut plan);
    let failed_before = failed_among(&plan, &ended);
    drop(ended);
    announce(&sweep, &plan, arguments, &devices, global);
    if !arguments.retry_failed && failed_before > 0 {
        let runs = style::counted(failed_before, "run");
        eprintln!("{runs} failed or timed out before; --retry-failed tries again");
    }
    tell(writer.opened(), global);
    if writer.others() > 0 && !global.quiet {
        let others = match writer.others() {
            1 => "another process".to_owned(),
            others => format!("{others} other processes"),
        };
        eprintln!("shared with {others}: each run is trained once");
    }

    let profile = arguments.profile.then(Profile::default);
    let options =
        Options { jobs: plan::jobs(arguments.jobs), devices, time_limit: arguments.timeout, profile: profile.as_ref() };
    let progress = Progress::new(global.progress(), &plan.cohorts, &sweep.metric);
    let saving = Saving {
        writer: &writer,
        sweep: &sweep.name,
        weights: arguments.save_weights,
        progress: &progress,
        profile: profile.as_ref(),
    };
    let mut executed = execute::execute(&plan.cohorts, &options, &stop, &saving);
    progress.finish();
    // Its memory serves the tables now.
    drop(plan);
    let mut failed_elsewhere = 0;
    if let Ok(summary @ Summary { elsewhere: 1.., .. }) = executed {
        executed = after_others(&sweep, arguments, &limits, &options, &stop, &saving, summary);
        let ended = writer.ended();
        failed_elsewhere = failed_among(&plan::plan(&sweep, &ended, false, &limits)?, &ended);
    }
    // What has ended is saved whatever happened.
    let closed = writer.close();
    let summary = executed?;
    let conflicts = tell(&closed?, global);
    conclude(arguments, &summary, &stop, &progress, global);
    profile.iter().flat_map(profiled).for_each(|line| eprintln!("{line}"));
    if let (Some(code), true) = (stop.exit_code(), summary.left + summary.paused > 0) {
        return Ok(Exit::Stopped(code));
    }
    if !arguments.no_report {
        report::publish(&Results::open(&folder)?, &arguments.reports.join(&sweep.name), global)?;
    }
    Ok(if conflicts {
        Exit::NotHeld
    } else if summary.failed + summary.timed_out > 0
        || failed_elsewhere > 0
        || (failed_before > 0 && !arguments.retry_failed)
    {
        Exit::SomeFailed
    } else {
        Exit::Done
    })
}

/// Trains what other processes have left: those that end before they have trained all that they took. Returns once
/// nobody has anything of the sweep in hand.
fn after_others(
    sweep: &Sweep,
    arguments: &Arguments,
    limits: &Limits,
    options: &Options<'_>,
    stop: &Stop,
    saving: &Saving<'_>,
    mut all: Summary,
) -> anyhow::Result<Summary> {
    while all.elsewhere > 0 && !stop.is_asked() && saving.writer.wait_for_others(&|| stop.is_asked())? {
        // What has failed meanwhile was tried.
        let mut plan = plan::plan(sweep, &saving.writer.ended(), false, limits)?;
        arguments.keep_shard(&mut plan);
        let more = execute::execute(&plan.cohorts, options, stop, saving)?;
        all = Summary {
            finished: all.finished + more.finished,
            diverged: all.diverged + more.diverged,
            failed: all.failed + more.failed,
            timed_out: all.timed_out + more.timed_out,
            ..more
        };
    }
    Ok(all)
}

impl Arguments {
    /// Leaves only the runs of the part that was asked for.
    fn keep_shard(&self, plan: &mut Plan) {
        let Some(shard) = self.shard else { return };
        plan.cohorts.iter_mut().for_each(|cohort| cohort.runs.retain(|run| shard.holds(run)));
        plan.cohorts.retain(|cohort| !cohort.runs.is_empty());
    }

    fn as_plan(&self) -> plan::Arguments {
        plan::Arguments {
            sweep: self.sweep.clone(),
            folder: self.folder.clone(),
            jobs: self.jobs,
            device: self.device,
            max_runs: self.max_runs,
            retry_failed: self.retry_failed,
            diff: false,
            json: self.json,
        }
    }

    /// The command that goes on where this one was stopped.
    fn resume() -> String {
        let arguments = std::env::args_os().map(|argument| quoted(&argument.to_string_lossy()));
        arguments.collect::<Vec<_>>().join(" ")
    }
}

/// A time that runs may take.
fn seconds(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.filter(|duration| !duration.is_zero()).ok_or_else(|| "not a number of seconds above 0".to_owned())
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

/// Runs of the plan that failed or timed out when they were tried before.
fn failed_among(plan: &Plan, ended: &Ended) -> u64 {
    if ended.failed.is_empty() {
        return 0;
    }
    let runs = plan.points.iter().flat_map(|point| {
        (0..plan.replicates.count).map(|replicate| run_id(&point.configuration, plan.replicates.seeds_of(replicate)))
    });
    runs.filter(|id| ended.failed.contains(id)).count() as u64
}

/// Says what the store came upon; gives whether a run was found with two results.
fn tell(folded: &Folded, global: &Global) -> bool {
    if folded.torn > 0 {
        let bytes = style::counted(folded.torn, "byte");
        eprintln!("{bytes} of a run that was being saved when a process ended were left out; the run is trained again");
    }
    let mut conflicts = false;
    for aside in folded.set_aside.iter().filter(|aside| aside.why == Why::Conflict) {
        conflicts = true;
        let error = style::red("error:", global.colored());
        eprintln!(
            "{error} run {} gave another result than the one saved, in the same environment; the saved one stays",
            aside.run
        );
    }
    conflicts
}

fn copy(sweep: &Sweep) -> SweepCopy {
    SweepCopy { name: sweep.name.clone(), text: sweep.text().to_owned(), overrides: sweep.overrides().to_vec() }
}

fn announce(sweep: &Sweep, plan: &Plan, arguments: &Arguments, devices: &[Device], global: &Global) {
    if global.quiet {
        return;
    }
    let to_do: usize = plan.cohorts.iter().map(|cohort| cohort.runs.len()).sum();
    let done = if plan.done > 0 { format!(", {} saved already", style::count(plan.done)) } else { String::new() };
    let part = arguments.shard.map_or(String::new(), |shard| format!(", part {} of {}", shard.index, shard.of));
    let work =
        if to_do == 0 { "nothing to train".to_owned() } else { format!("training {}", style::count(to_do as u64)) };
    let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
    eprintln!(
        "{}: {}{done}{part}; {work} on {}",
        style::bold(&sweep.name, global.colored()),
        style::counted(plan.runs(), "run"),
        devices.join(", "),
    );
}

fn conclude(arguments: &Arguments, summary: &Summary, stop: &Stop, progress: &Progress, global: &Global) {
    let trained = summary.finished + summary.diverged + summary.failed + summary.timed_out;
    let left = summary.left + summary.paused;
    if left > 0 && stop.is_asked() {
        let begun = match summary.paused {
            0 => String::new(),
            paused => format!(", {} of them begun and kept as they are", style::count(paused as u64)),
        };
        eprintln!(
            "stopped: {} saved, {} left{begun}; to go on: {}",
            style::count(trained as u64),
            style::count(left as u64),
            Arguments::resume()
        );
    } else if trained > 0 && !global.quiet {
        let mut parts =
            vec![format!("{} in {}", style::counted(trained as u64, "run"), style::duration(progress.elapsed()))];
        for (count, what) in
            [(summary.diverged, "diverged"), (summary.failed, "failed"), (summary.timed_out, "timed out")]
        {
            if count > 0 {
                parts.push(format!("{} {what}", style::count(count as u64)));
            }
        }
        eprintln!("{}", parts.join(", "));
    }
    if summary.failed > 0 {
        let results = arguments.folder.results.display();
        eprintln!("reasons: ablate runs --results {results} NAME --where \"status = 'failed'\" --columns run,reason");
    }
}

/// The table of a profile: every part with its share, rounded so that all of them add up to 100 %.
fn profiled(profile: &Profile) -> Vec<String> {
    let shares = profile.shares();
    if shares.iter().all(|(_, share)| *share == 0.0) {
        return vec!["profile: nothing was timed".to_owned()];
    }
    let mut lines = vec!["share of the time of all workers".to_owned()];
    let (mut sum, mut shown) = (0.0, 0);
    for (part, share) in shares {
        sum += share;
        let here = (sum * 1000.0).round() as u32;
        let tenths = here - shown;
        shown = here;
        lines.push(format!("  {:<10} {:>3}.{} %", part.name(), tenths / 10, tenths % 10));
    }
    lines
}

/// Saves every run that ends, and shows progress.
struct Saving<'a> {
    writer: &'a Writer,
    sweep: &'a str,
    weights: bool,
    progress: &'a Progress,
    profile: Option<&'a Profile>,
}

impl Saving<'_> {
    fn save(&self, run: &Run, outcome: &Outcome) -> anyhow::Result<()> {
        let identity = Identity {
            run: run.id,
            config: run.point.id,
            sweep: self.sweep.to_owned(),
            grids: run.point.grids.to_vec(),
            replicate: run.replicate,
            seed: run.seed,
            seeds: run.seeds,
        };
        let record = Record::new(identity, &run.point.configuration, outcome);
        Ok(self.writer.append(&record, self.weights.then_some(outcome.weights.as_slice()))?)
    }
}

impl Listener for Saving<'_> {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        self.progress.notice(&event);
        match event {
            Event::RunEnded { run, outcome } => Profile::timed(self.profile, Part::Store, || self.save(run, outcome)),
            Event::RunPaused { run, checkpoint } => Ok(self.writer.pause(run.id, checkpoint)?),
            _ => Ok(()),
        }
    }

    fn claim(&self, runs: &[Run]) -> anyhow::Result<Vec<bool>> {
        let ids: Vec<Id> = runs.iter().map(|run| run.id).collect();
        Ok(self.writer.claim(&ids)?)
    }

    fn checkpoint(&self, run: &Run) -> Option<Checkpoint> {
        self.writer.paused(run.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_given_as_a_fraction() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        for wrong in ["0/8", "9/8", "2", "a/b", "2/0", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn arguments_are_quoted_for_a_shell() {
        assert_eq!(quoted("activation=relu,tanh"), "activation=relu,tanh");
        assert_eq!(quoted("hidden=[1, 2]"), "'hidden=[1, 2]'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
