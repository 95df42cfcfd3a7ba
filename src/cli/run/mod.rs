//! `ablate run`: train what is missing of a sweep, save it, report.

mod part;
mod saving;
mod task;
pub mod words;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use self::saving::{Counts, Saving};
use super::devices::devices;
use super::exit::Exit;
use super::options::{Global, ResultsFolder, SweepArguments, jobs};
use super::progress::Progress;
use super::{claims, mention, plan, report, say};
use crate::cite::Provenance;
use crate::config::Id;
use crate::execute::{self, Options, Stop, Summary};
use crate::plan::{Cohort, Limits, MAX_RUNS, Plan, Shard};
use crate::store::{Ended, SweepCopy, Writer};
use crate::sweep::Sweep;
use crate::train::{Choice, Profile};

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
    #[arg(long, value_name = "N", value_parser = jobs)]
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
    /// Train only the I-th of N shards, which cost the same: each by a process of its own, on any machine, at any time and in
    /// any order. They may share a folder of results, without locks, where `ablate gather` makes tables and the report of
    /// what they have saved; or have one each, which `ablate merge` joins.
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
    /// With --plan: hold the sweep against what is saved.
    #[arg(long, requires = "plan")]
    diff: bool,
    /// Print one JSON document at the end: of what came out, or with --plan of the plan.
    #[arg(long)]
    json: bool,
}

/// Trains, saves, reports.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    if arguments.plan {
        return plan::run(&arguments.as_plan());
    }
    let sweep = plan::load(&arguments.sweep)?;
    let devices = devices(&sweep, arguments.device)?;
    let limits = plan::limits(arguments.max_runs, arguments.jobs, &devices);
    if let Some(shard) = arguments.shard {
        return part::run(&sweep, shard, arguments, global, (devices, &limits));
    }
    // Checked before anything is written.
    Plan::of(&sweep, &std::collections::HashSet::new(), &limits)?;

    let stop = Stop::on_signals()?;
    let folder = arguments.folder.results.join(&sweep.name);
    let writer = Writer::open(&folder, &copy(&sweep), Box::new(|_| {}))?;
    let ended = writer.ended();
    let plan = plan::plan(&sweep, &ended, arguments.retry_failed, &limits)?;
    let failed_before = failed_among(runs_of(&plan), &ended);
    let before = plan.done;
    words::announce(&sweep.name, (plan.runs(), before), &plan.cohorts, (None, &devices), global);
    if !global.quiet {
        words::say_what_stays(arguments, failed_before, unweighted(arguments, runs_of(&plan), &ended, &writer));
    }
    drop(ended);
    let mut conflicts = words::found(writer.opened(), global);
    if !global.quiet {
        words::shared_with(writer.others());
    }

    let profile = arguments.profile.then(Profile::default);
    let options =
        Options { jobs: plan::jobs(arguments.jobs), devices, time_limit: arguments.timeout, profile: profile.as_ref() };
    let asked = plan.runs();
    let session = Session { sweep: &sweep, arguments, global, options: &options, stop: &stop };
    let mut provenance = (plan.to_do() > 0).then(|| Provenance::begin(&sweep, &options.devices, options.jobs));
    provenance.iter().try_for_each(|provenance| writer.keep_provenance(provenance.note()))?;
    let executed = session.train(&writer, plan, &limits);
    let noted = provenance.as_mut().map_or(Ok(()), |provenance| {
        provenance.end();
        writer.keep_provenance(provenance.note())
    });
    let mut failed_elsewhere = 0;
    if let Ok((_, _, true)) = executed {
        let ended = writer.ended();
        failed_elsewhere = failed_among(runs_of(&plan::plan(&sweep, &ended, false, &limits)?), &ended);
    }
    if let (Some(code), Ok((summary, ..))) = (stop.exit_code(), &executed)
        && words::left(summary) > 0
    {
        // The next process makes tables of what is in the journal; whoever stops this one does not wait for that.
        let left = writer.leave();
        words::stopped(summary);
        left?;
        if arguments.json {
            let mut document = words::document(&sweep.name, asked, summary, &folder, None);
            document["before"] = before.into();
            document["failed_before"] = failed_before.into();
            document["left"] = words::left(summary).into();
            say!("{}", serde_json::to_string_pretty(&document)?);
        }
        return Ok(Exit::Stopped(code));
    }
    // What has ended is saved whatever happened.
    let closed = writer.close();
    let (summary, elapsed, _) = executed?;
    noted?;
    conflicts |= words::found(&closed?, global);
    words::conclude(&sweep.name, arguments, &summary, elapsed, global);
    profile.iter().flat_map(words::profiled).for_each(|line| mention!("{line}"));
    let page = if arguments.no_report {
        None
    } else {
        Some(report::publish(&folder, &arguments.reports.join(&sweep.name), !arguments.json && !global.quiet)?)
    };
    let claims = if sweep.claims.is_empty() { None } else { Some(claims::tally(&folder)?) };
    if arguments.json {
        let mut document = words::document(&sweep.name, asked, &summary, &folder, page.as_deref());
        document["before"] = before.into();
        document["failed_before"] = failed_before.into();
        document["left"] = words::left(&summary).into();
        document["claims"] = claims.map_or(serde_json::Value::Null, claims::Tally::document);
        say!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        if let Some(claims) = claims.filter(|_| !global.quiet) {
            say!("{}: ablate claims {}", claims.line(), words::quoted(&arguments.named(&sweep.name)));
        }
        if let Some(page) = page {
            say!("{}", page.display());
        }
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

/// All that training takes beside the runs.
struct Session<'a> {
    sweep: &'a Sweep,
    arguments: &'a Arguments,
    global: &'a Global,
    options: &'a Options<'a>,
    stop: &'a Stop,
}

impl Session<'_> {
    /// Trains a plan, then what other processes have left: those that end before they have trained all that they took.
    /// Returns once nobody has anything of the sweep in hand, with the time that it took, and whether others had any of it.
    fn train(&self, writer: &Writer, plan: Plan, limits: &Limits) -> anyhow::Result<(Summary, Duration, bool)> {
        let (mut all, mut elapsed) = self.pass(writer, plan.cohorts, None)?;
        let is_shared = all.elsewhere > 0;
        while all.elsewhere > 0 && !self.stop.is_asked() {
            if !self.global.quiet {
                words::waiting(all.elsewhere);
            }
            if !writer.wait_for_others(&|| self.stop.is_asked())? {
                break;
            }
            // What has failed meanwhile was tried.
            let plan = plan::plan(self.sweep, &writer.ended(), false, limits)?;
            let (more, time) = self.pass(writer, plan.cohorts, None)?;
            elapsed += time;
            all = Summary {
                finished: all.finished + more.finished,
                diverged: all.diverged + more.diverged,
                failed: all.failed + more.failed,
                timed_out: all.timed_out + more.timed_out,
                ..more
            };
        }
        Ok((all, elapsed, is_shared))
    }

    /// Trains what no other process has taken, and counts it.
    fn pass(
        &self,
        writer: &Writer,
        cohorts: Vec<Cohort>,
        counts: Option<&Counts>,
    ) -> anyhow::Result<(Summary, Duration)> {
        let progress = Progress::new(self.global.progress(), &cohorts, Some(&self.sweep.metric));
        let saving = Saving {
            writer,
            process: Some(writer.process()),
            sweep: &self.sweep.name,
            weights: self.arguments.save_weights,
            progress: &progress,
            counts,
            profile: self.options.profile,
        };
        let executed = execute::execute(&cohorts, self.options, self.stop, &saving);
        progress.finish();
        // Its memory serves the tables now.
        drop(cohorts);
        Ok((executed?, progress.elapsed()))
    }
}

impl Arguments {
    /// What other commands take for the results of the sweep: its name where it is enough.
    fn named(&self, sweep: &str) -> String {
        let usual = self.folder.results == std::path::Path::new("results");
        if usual { sweep.to_owned() } else { self.folder.results.join(sweep).to_string_lossy().into_owned() }
    }

    fn as_plan(&self) -> plan::Arguments {
        plan::Arguments {
            sweep: self.sweep.clone(),
            folder: self.folder.clone(),
            jobs: self.jobs,
            device: self.device,
            max_runs: self.max_runs,
            retry_failed: self.retry_failed,
            save_weights: self.save_weights,
            diff: self.diff,
            json: self.json,
        }
    }
}

/// A time that runs may take.
fn seconds(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.filter(|duration| !duration.is_zero()).ok_or_else(|| "not a number of seconds above 0".to_owned())
}

/// All runs of the plan, those done included.
fn runs_of(plan: &Plan) -> impl Iterator<Item = Id> {
    plan.points.iter().flat_map(|point| point.runs())
}

/// Those of these runs that failed or timed out when they were tried before.
fn failed_among(runs: impl Iterator<Item = Id>, ended: &Ended) -> u64 {
    if ended.failed.is_empty() {
        return 0;
    }
    runs.filter(|id| ended.failed.contains(id)).count() as u64
}

fn copy(sweep: &Sweep) -> SweepCopy {
    SweepCopy { name: sweep.name.clone(), text: sweep.text().to_owned(), overrides: sweep.overrides().to_vec() }
}

/// Those of these runs that are saved without their weights, where weights are asked for.
fn unweighted(arguments: &Arguments, runs: impl Iterator<Item = Id>, ended: &Ended, writer: &Writer) -> u64 {
    if !arguments.save_weights || ended.done.is_empty() {
        return 0;
    }
    runs.filter(|id| ended.done.contains(id) && !writer.has_weights(*id)).count() as u64
}
