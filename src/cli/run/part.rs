//! `ablate run --shard`: one of several disjoint parts of a sweep, beside any number of others that it knows nothing of.

use std::time::Duration;

use super::saving::Counts;
use super::task::Task;
use super::{Arguments, Session, copy, failed_among, unweighted, words};
use crate::cite::Provenance;
use crate::cli::exit::Exit;
use crate::cli::options::Global;
use crate::cli::{mention, plan, say};
use crate::execute::{self, Options, Stop, Summary};
use crate::plan::{Limits, Part, Shard};
use crate::store::Writer;
use crate::sweep::Sweep;
use crate::train::{Device, Profile};

/// Trains what is missing of a shard and saves it.
pub fn run(
    sweep: &Sweep,
    shard: Shard,
    arguments: &Arguments,
    global: &Global,
    (devices, limits): (Vec<Device>, &Limits),
) -> anyhow::Result<Exit> {
    // Checked before anything is written.
    let part = Part::of(sweep, shard, arguments.max_runs, &execute::cost)?;
    let stop = Stop::on_signals()?;
    let folder = arguments.folder.results.join(&sweep.name);
    let task = Task::begin(shard);
    let writer = Writer::open_shard(&folder, &copy(sweep), &task.working(), Box::new(|_| {}))?;
    let ended = writer.ended();
    let (asked, runs) = (part.asked, part.runs());
    let failed_before = failed_among(part.ids(), &ended);
    let unweighted = unweighted(arguments, part.ids(), &ended, &writer);
    let mut done = ended.done;
    if !arguments.retry_failed {
        done.extend(ended.failed);
    }
    let cohorts = part.to_do(&done, limits);
    drop(done);
    let to_do: u64 = cohorts.iter().map(|cohort| cohort.runs.len() as u64).sum();
    words::announce(&sweep.name, (runs, runs - to_do), &cohorts, (Some(shard), &devices), global);
    if !global.quiet {
        words::say_what_stays(arguments, failed_before, unweighted);
    }

    let profile = arguments.profile.then(Profile::default);
    let options =
        Options { jobs: plan::jobs(arguments.jobs), devices, time_limit: arguments.timeout, profile: profile.as_ref() };
    let session = Session { sweep, arguments, global, options: &options, stop: &stop };
    let counts = Counts::default();
    let task = task.with(to_do, &counts);
    let trained = task.beside(&writer, &stop, || -> anyhow::Result<(Summary, Duration)> {
        if to_do == 0 {
            return Ok((Summary::default(), Duration::ZERO));
        }
        let mut provenance = Provenance::begin(sweep, &options.devices, options.jobs);
        writer.keep_provenance(provenance.note())?;
        let trained = session.pass(&writer, cohorts, Some(&counts));
        // What has ended is saved whatever happened.
        let saved = writer.flush();
        let trained = trained?;
        saved?;
        provenance.end();
        writer.keep_provenance(provenance.note())?;
        Ok(trained)
    });
    let signal = stop.exit_code();
    let stopped = signal.filter(|_| trained.as_ref().is_ok_and(|(summary, _)| words::left(summary) > 0));
    let trained = task.end(writer, trained, stopped.is_some());
    let (summary, elapsed) = trained?;
    if stopped.is_some() {
        words::stopped(&summary);
    } else {
        words::conclude(&sweep.name, arguments, &summary, elapsed, global);
    }
    profile.iter().flat_map(words::profiled).for_each(|line| mention!("{line}"));
    if arguments.json {
        let mut document = words::document(&sweep.name, asked, &summary, &folder, None);
        document["shard"] = format!("{}/{}", shard.index, shard.of).into();
        document["shard_runs"] = runs.into();
        document["before"] = (runs - to_do).into();
        document["failed_before"] = failed_before.into();
        document["left"] = words::left(&summary).into();
        say!("{}", serde_json::to_string_pretty(&document)?);
    } else if !global.quiet && !words::is_task() && stopped.is_none() {
        let results = words::quoted(&arguments.named(&sweep.name));
        mention!("when all {} shards have ended: ablate gather {results}", shard.of);
    }
    if let Some(code) = stopped {
        return Ok(Exit::Stopped(code));
    }
    let failed = summary.failed + summary.timed_out > 0 || (failed_before > 0 && !arguments.retry_failed);
    Ok(if failed { Exit::SomeFailed } else { Exit::Done })
}
