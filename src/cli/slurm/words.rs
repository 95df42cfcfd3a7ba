//! What `ablate slurm` says.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::Arguments;
use super::division::Standing;
use super::submit::{Sent, document};
use crate::cli::exit::Exit;
use crate::cli::run::words::quoted;
use crate::cli::{mention, say, style};
use crate::slurm::{Order, ranges};
use crate::train::Choice;

/// What other commands take for the results of the sweep: the path, as a shell takes it.
pub fn shown_name(order: &Order) -> String {
    quoted(&Path::new(&order.results).join(&order.name).to_string_lossy())
}

/// A device as the command line has it.
pub fn device(choice: Choice) -> String {
    match choice {
        Choice::Auto => "auto".to_owned(),
        Choice::Cuda => "cuda".to_owned(),
        Choice::Device(device) => device.to_string(),
    }
}

/// A call of `sbatch`, as a shell takes it.
pub fn command(arguments: &[String]) -> String {
    let quoted: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    format!("sbatch {}", quoted.join(" "))
}

/// Says what is about to be submitted.
pub fn announce(order: &Order, standings: &[Standing], tasks: &[u64], retry: bool, estimate: Option<Duration>) {
    let of_task = |task: &u64| standings[*task as usize - 1];
    let left = |standing: Standing| standing.missing + if retry { standing.failed } else { 0 };
    let missing: u64 = tasks.iter().map(of_task).map(left).sum();
    let of = if tasks.len() == standings.len() { String::new() } else { format!(" of {}", style::count(order.tasks)) };
    let runs = style::counted(missing, "run");
    mention!("{}: {runs} to train in {}{of}", order.name, style::counted(tasks.len() as u64, "task"));
    let resources = &order.resources;
    let gpus = if resources.gpus > 0 { format!(", {}", style::counted(resources.gpus, "GPU")) } else { String::new() };
    let estimate = estimate
        .map_or(String::new(), |time| format!("; it takes about {} on a core like this one", style::duration(time)));
    mention!(
        "each task: {}{gpus}, {} MB, {} min{estimate}",
        style::counted(resources.cpus, "processor"),
        style::count(resources.megabytes),
        style::count(resources.minutes),
    );
}

/// Says what was submitted, and how to follow it.
pub fn sent(arguments: &Arguments, order: &Order, place: &Path, tasks: &[u64], sent: &Sent) -> anyhow::Result<()> {
    let name = shown_name(order);
    if arguments.json {
        let submitted: Vec<_> = sent.arrays.iter().map(|(job, array)| document(job, Some(array))).collect();
        let document = json!({
            "version": 1,
            "sweep": order.name,
            "tasks": tasks.len(),
            "submitted": submitted,
            "gather": document(&sent.gather, None),
            "results": place.to_string_lossy(),
        });
        say!("{}", serde_json::to_string_pretty(&document)?);
        return Ok(());
    }
    for (job, array) in &sent.arrays {
        let offset = if array.offset > 0 { format!(" (task = index + {})", array.offset) } else { String::new() };
        let limit = array.limit.map_or(String::new(), |limit| format!(", {limit} at a time"));
        let indices = shortened(&ranges(&array.indices));
        say!(
            "job {}: {} {indices}{offset}{limit}",
            job.number,
            if array.indices.len() == 1 { "task" } else { "tasks" }
        );
    }
    say!("job {}: gathers what they have saved, and renders the report", sent.gather.number);
    say!("to follow: ablate status {name} --watch");
    Ok(())
}

/// Characters of a list that are shown.
const MOST_SHOWN: usize = 60;

fn shortened(list: &str) -> String {
    if list.len() <= MOST_SHOWN { list.to_owned() } else { format!("{}…", &list[..MOST_SHOWN]) }
}

/// Says that everything is done already.
pub fn nothing_to_send(arguments: &Arguments, name: &str, standings: &[Standing]) -> Exit {
    let all: u64 = standings.iter().map(|standing| standing.done + standing.failed).sum();
    nothing(
        arguments,
        name,
        &format!("{name}: all of {} have ended; nothing is submitted", style::counted(all, "run")),
    );
    say_failed(arguments, standings);
    Exit::Done
}

/// Says that nothing is missing that nobody has.
pub fn nothing_to_resend(arguments: &Arguments, order: &Order, standings: &[Standing], at_work: u64) -> Exit {
    let missing: u64 = standings.iter().map(|standing| standing.missing).sum();
    let all: u64 = standings.iter().map(|standing| standing.done + standing.failed).sum();
    let text = if missing == 0 {
        format!("{}: all of {} have ended; nothing is submitted", order.name, style::counted(all, "run"))
    } else {
        let has =
            if at_work == 1 { "1 task waits or runs" } else { &format!("{} tasks wait or run", style::count(at_work)) };
        format!("{}: {} to do, and {has}; nothing is submitted", order.name, style::counted(missing, "run"))
    };
    nothing(arguments, &order.name, &text);
    say_failed(arguments, standings);
    Exit::Done
}

fn nothing(arguments: &Arguments, name: &str, text: &str) {
    if arguments.json {
        let document = json!({"version": 1, "sweep": name, "tasks": 0, "submitted": [], "gather": null});
        say!("{document:#}");
    } else {
        say!("{text}");
    }
}

fn say_failed(arguments: &Arguments, standings: &[Standing]) {
    let failed: u64 = standings.iter().map(|standing| standing.failed).sum();
    if failed > 0 && !arguments.retry_failed {
        mention!("{} of them failed or timed out; --retry-failed tries again", style::counted(failed, "run"));
    }
}
