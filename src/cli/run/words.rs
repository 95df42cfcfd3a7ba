//! What `ablate run` says: before, while it waits, and at the end.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Arguments;
use crate::cli::options::Global;
use crate::cli::{mention, style};
use crate::execute::Summary;
use crate::plan::{Cohort, Shard};
use crate::store::{Folded, Why};
use crate::train::{Device, Profile};

/// Says what the store came upon; gives whether a run was found with two results.
pub fn found(folded: &Folded, global: &Global) -> bool {
    if folded.torn > 0 && !global.quiet {
        let bytes = style::counted(folded.torn, "byte");
        mention!("{bytes} of a run that was being saved when a process ended were left out; the run is trained again");
    }
    let mut conflicts = false;
    for aside in folded.set_aside.iter().filter(|aside| aside.why == Why::Conflict) {
        conflicts = true;
        let error = style::red("error:", global.colored());
        mention!(
            "{error} run {} gave another result than the one saved, in the same environment; the saved one stays",
            aside.run
        );
    }
    conflicts
}

/// Says what is about to be done with the runs of a sweep or of one of its shards, of which some are done.
pub fn announce(
    sweep: &str,
    (runs, done): (u64, u64),
    to_do: &[Cohort],
    (shard, devices): (Option<Shard>, &[Device]),
    global: &Global,
) {
    if global.quiet {
        return;
    }
    let to_do: usize = to_do.iter().map(|cohort| cohort.runs.len()).sum();
    let shard = shard.map_or(String::new(), |shard| format!(", shard {} of {}", shard.index, shard.of));
    let done = if done > 0 { format!(", {} saved already", style::count(done)) } else { String::new() };
    let work =
        if to_do == 0 { "nothing to train".to_owned() } else { format!("training {}", style::count(to_do as u64)) };
    let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
    mention!(
        "{}{shard}: {}{done}; {work} on {}",
        style::bold(sweep, global.colored()),
        style::counted(runs, "run"),
        devices.join(", "),
    );
}

/// How many runs are still to do after a stop.
pub fn left(summary: &Summary) -> usize {
    summary.left + summary.paused + summary.elsewhere
}

/// Says what is left after a stop, and how to go on.
pub fn stopped(summary: &Summary) {
    let begun = match summary.paused {
        0 => String::new(),
        paused => format!(", {} of them begun and kept as they are", style::count(paused as u64)),
    };
    let elsewhere = match summary.elsewhere {
        0 => String::new(),
        elsewhere => format!(", {} of them in the hands of another process", style::count(elsewhere as u64)),
    };
    mention!(
        "stopped: {} saved, {} left{begun}{elsewhere}; to go on: {}",
        style::count(trained(summary) as u64),
        style::count(left(summary) as u64),
        resume()
    );
}

fn trained(summary: &Summary) -> usize {
    summary.finished + summary.diverged + summary.failed + summary.timed_out
}

/// Says what came out.
pub fn conclude(sweep: &str, arguments: &Arguments, summary: &Summary, elapsed: Duration, global: &Global) {
    if trained(summary) > 0 && !global.quiet {
        let runs = style::counted(trained(summary) as u64, "run");
        let mut parts = vec![format!("{runs} in {}", style::duration(elapsed))];
        for (count, what) in
            [(summary.diverged, "diverged"), (summary.failed, "failed"), (summary.timed_out, "timed out")]
        {
            if count > 0 {
                parts.push(format!("{} {what}", style::count(count as u64)));
            }
        }
        mention!("{}", parts.join(", "));
    }
    if summary.failed + summary.timed_out > 0 {
        let results = quoted(&arguments.folder.results.join(sweep).to_string_lossy());
        mention!("reasons: ablate runs {results} --where \"reason IS NOT NULL\" --columns run,status,reason");
    }
}

/// What came out, for scripts.
pub fn document(sweep: &str, asked: u64, summary: &Summary, results: &Path, page: Option<&Path>) -> Value {
    json!({
        "version": 1,
        "sweep": sweep,
        "runs": asked,
        "finished": summary.finished,
        "diverged": summary.diverged,
        "failed": summary.failed,
        "timed_out": summary.timed_out,
        "elsewhere": summary.elsewhere,
        "results": results.to_string_lossy(),
        "report": page.map(Path::to_string_lossy),
    })
}

/// Says which runs are as they were: those that failed before, and those whose weights are asked for too late.
pub fn say_what_stays(arguments: &Arguments, failed_before: u64, unweighted: u64) {
    if !arguments.retry_failed && failed_before > 0 {
        let runs = style::counted(failed_before, "run");
        mention!("{runs} failed or timed out before; --retry-failed tries again");
    }
    if unweighted > 0 {
        let runs = style::counted(unweighted, "saved run");
        mention!(
            "{runs} without weights: what is saved is not trained again; another --results folder has them trained"
        );
    }
}

/// Says who else is at work.
pub fn shared_with(others: usize) {
    match others {
        0 => {}
        1 => mention!("shared with another process: each run is trained once"),
        others => mention!("shared with {others} other processes: each run is trained once"),
    }
}

/// Says what is waited for.
pub fn waiting(elsewhere: usize) {
    mention!("waiting for {} that another process has taken", style::counted(elsewhere as u64, "run"));
}

/// Whether this is a task of Slurm's, which says how it is called: then others send it again, and others gather.
pub fn is_task() -> bool {
    std::env::args_os().any(|argument| argument == "--task-of")
}

/// The command that goes on where this one was stopped.
fn resume() -> String {
    if is_task() {
        // It runs in the folder of its script, in that of the results.
        let folder = std::env::current_dir().unwrap_or_default();
        let results = folder.parent().unwrap_or(&folder).to_string_lossy().into_owned();
        return format!("ablate slurm --resubmit {}", quoted(&results));
    }
    let arguments = std::env::args_os().map(|argument| quoted(&argument.to_string_lossy()));
    arguments.collect::<Vec<_>>().join(" ")
}

/// An argument as a shell takes it.
pub fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

/// The table of a profile: every part with its share, rounded so that all of them add up to 100 %.
pub fn profiled(profile: &Profile) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_for_a_shell() {
        assert_eq!(quoted("activation=relu,tanh"), "activation=relu,tanh");
        assert_eq!(quoted("hidden=[1, 2]"), "'hidden=[1, 2]'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
