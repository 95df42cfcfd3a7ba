//! What `ablate status` says: one screen, or one document.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Followed, Status};
use crate::cli::exit::harmless;
use crate::cli::run::words::quoted;
use crate::cli::style;
use crate::slurm::{State, Task, ranges};
use crate::store::AtWork;

/// Tasks of which the reason is shown; of the others, how many there are.
const MOST_REASONS: usize = 8;

/// The whole answer in lines.
pub fn lines(followed: &Followed, status: &Status) -> Vec<String> {
    let standing = &status.standing;
    let all = standing.done + standing.failed + standing.missing;
    let mut lines = vec![heading(followed, status, all)];
    if !status.tasks.is_empty() {
        lines.push(format!("tasks  {}", counts(status)));
    }
    let mut runs = vec![format!("{} ended", style::count(standing.done + standing.failed))];
    if standing.failed > 0 {
        runs.push(format!("{} of them failed", style::count(standing.failed)));
    }
    runs.push(format!("{} left", style::count(standing.missing)));
    lines.push(format!("runs   {}", runs.join(" · ")));
    lines.extend(pace(status));
    lines.extend(status.processes.iter().map(|other| {
        let what = if other.trains { "trains here" } else { "is at work here" };
        format!("work   {} {what}", process(other))
    }));
    lines.extend(status.trouble.iter().map(|trouble| {
        format!("note: {}; what follows is from the results alone", harmless(trouble).replace('\n', " "))
    }));
    if let Some(queue) = status.queue.as_ref().filter(|queue| queue.strange > 0) {
        lines.push(format!(
            "note: {} of Slurm's answer were not understood",
            style::counted(queue.strange as u64, "line")
        ));
    }
    if status.others > 0 {
        let notes = style::counted(status.others as u64, "attempt");
        lines.push(format!("note: {notes} at shards of another division; their runs count all the same"));
    }
    for state in [State::Failed, State::Lost, State::Stopped, State::NotBegun] {
        lines.extend(reasons(followed, status, state));
    }
    lines.extend(next(followed, status).into_iter().map(|next| format!("next: {next}")));
    lines
}

fn process(other: &AtWork) -> String {
    other.process.map_or_else(|| "another process".to_owned(), |number| format!("process {number}"))
}

fn heading(followed: &Followed, status: &Status, all: u64) -> String {
    let tasks = match (status.tasks.len() as u64, &followed.slurm) {
        (0, _) => String::new(),
        (tasks, Some(_)) => format!(" in {} of Slurm", style::counted(tasks, "task")),
        (tasks, None) => format!(" in {}", style::counted(tasks, "shard")),
    };
    format!("{}: {}{tasks}", followed.sweep.name, style::counted(all, "run"))
}

/// How many tasks are in each state, of those that any is in; always those that are done.
fn counts(status: &Status) -> String {
    let counts = State::ALL.into_iter().map(|state| (state, status.count(state)));
    let shown = counts.filter(|(state, count)| *count > 0 || *state == State::Done);
    shown.map(|(state, count)| format!("{} {}", style::count(count), state.name())).collect::<Vec<_>>().join(" · ")
}

/// How fast it goes, where anything does.
fn pace(status: &Status) -> Option<String> {
    (status.rate > 0.0).then(|| {
        let per_minute = status.rate * 60.0;
        let rate = if per_minute < 10.0 { format!("{per_minute:.1}") } else { style::count(per_minute.round() as u64) };
        let left = status.seconds_left().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let left = left.map_or(String::new(), |left| format!(" · about {} left at this rate", style::duration(left)));
        let tasks = style::counted(status.at_work() as u64, "task");
        format!("rate   {rate} runs a minute by {tasks}{left}")
    })
}

/// The tasks in a state with what is known of them, those of one reason together.
fn reasons(followed: &Followed, status: &Status, state: State) -> Vec<String> {
    let tasks: Vec<&Task> = status.tasks.iter().filter(|task| task.state == state).collect();
    let mut groups: Vec<(Option<&str>, Vec<&Task>)> = Vec::new();
    for task in tasks {
        match groups.iter_mut().find(|(why, _)| *why == task.why.as_deref()) {
            Some((_, group)) => group.push(task),
            None => groups.push((task.why.as_deref(), vec![task])),
        }
    }
    let count = groups.len();
    let mut lines: Vec<String> =
        groups.iter().take(MOST_REASONS).map(|(why, group)| reason(followed, state, *why, group)).collect();
    if count > MOST_REASONS {
        let more = style::count((count - MOST_REASONS) as u64);
        lines.push(format!("{}: and {more} more reasons, which --json lists", state.name()));
    }
    lines
}

/// Characters of a list of tasks that are shown.
const LONGEST_LIST: usize = 50;

fn reason(followed: &Followed, state: State, why: Option<&str>, group: &[&Task]) -> String {
    let numbers: Vec<u64> = group.iter().map(|task| task.number).collect();
    let list = ranges(&numbers);
    let list = match list.char_indices().nth(LONGEST_LIST) {
        Some((at, _)) => format!("{}… ({} tasks)", &list[..at], style::count(numbers.len() as u64)),
        None => list,
    };
    let why = why.map_or(String::new(), |why| format!(": {}", harmless(why).replace('\n', " ")));
    let log = group.iter().rev().find_map(|task| log(followed, task));
    let log = log.map_or(String::new(), |log| format!(" (log: {})", quoted(&log.to_string_lossy())));
    format!("{}: task {list}{why}{log}", state.name())
}

/// The log of a task, where it has one.
fn log(followed: &Followed, task: &Task) -> Option<PathBuf> {
    let ((folder, _), (job, index)) = (followed.slurm.as_ref()?, task.job?);
    Some(folder.log(job, index)).filter(|log| log.is_file())
}

/// What to do next, where anything is to be done.
pub fn next(followed: &Followed, status: &Status) -> Vec<String> {
    let results = quoted(&followed.place.to_string_lossy());
    let of = |states: &[State]| states.iter().map(|state| status.count(*state)).sum::<u64>();
    let unheld = of(&[State::Stopped, State::Failed, State::Lost, State::NotBegun]);
    let (held, unknown) = (of(&[State::Running, State::Waiting]), status.count(State::Unknown));
    if status.tasks.is_empty() && !status.processes.is_empty() {
        return vec![format!("nothing: {} is at it", process(&status.processes[0]))];
    }
    if status.tasks.is_empty() {
        return match status.standing.missing {
            0 if status.pending > 0 => vec![format!("ablate gather {results}   puts what is saved into the tables")],
            0 => vec![format!("ablate report {results}")],
            _ => vec!["ablate run SWEEP.yaml   trains what is left".to_owned()],
        };
    }
    if unknown > 0 {
        let tasks = style::counted(unknown, "task");
        return vec![format!("ablate status {results}   once Slurm answers: it may have {tasks}")];
    }
    let mut next = Vec::new();
    if unheld > 0 {
        let tasks = style::counted(unheld, "task");
        next.push(if followed.slurm.is_some() {
            format!("ablate slurm --resubmit {results}   sends the {tasks} that nobody has")
        } else {
            let shards = style::counted(status.tasks.len() as u64, "shard");
            format!(
                "ablate run SWEEP.yaml --shard I/N   trains what is left of the {tasks} that nobody has, of {shards}"
            )
        });
    }
    if held > 0 {
        if followed.slurm.is_some() && unheld == 0 {
            next.push(format!("nothing: Slurm has what is left; to stop it: scancel {}", running_jobs(status)));
        }
    } else if status.is_gathering() {
        if unheld == 0 {
            next.push("nothing: Slurm gathers and reports".to_owned());
        }
    } else if unheld == 0 && status.pending > 0 {
        next.push(format!("ablate gather {results}   puts what is saved into the tables, and renders the report"));
    } else if unheld == 0 {
        next.push(format!("ablate report {results}   renders the report; ablate runs {results}   lists the runs"));
    }
    next
}

/// The numbers of the jobs that Slurm still has.
fn running_jobs(status: &Status) -> String {
    let Some(queue) = &status.queue else { return String::new() };
    let held = status.jobs.submissions.iter().filter(|submission| queue.holds(submission.job));
    let numbers: Vec<String> = held.map(|submission| submission.job.to_string()).collect();
    numbers.join(" ")
}

/// The answer for scripts.
pub fn document(followed: &Followed, status: &Status) -> Value {
    let standing = &status.standing;
    let counts: serde_json::Map<String, Value> =
        State::ALL.into_iter().map(|state| (state.name().replace(' ', "_"), status.count(state).into())).collect();
    let task = |task: &Task| {
        json!({
            "task": task.number,
            "state": task.state.name().replace(' ', "_"),
            "missing": task.missing,
            "reason": task.why,
            "job": task.job.map(|(job, _)| job),
            "index": task.job.map(|(_, index)| index),
            "log": log(followed, task).map(|log| log.to_string_lossy().into_owned()),
        })
    };
    let gather = status.gathering().map(|(job, told)| json!({"job": job, "slurm": told.word}));
    json!({
        "version": 1,
        "sweep": followed.sweep.name,
        "results": followed.place.to_string_lossy(),
        "slurm": followed.slurm.is_some(),
        "trouble": status.trouble,
        "tasks": status.tasks.len(),
        "states": counts,
        "runs": standing.done + standing.failed + standing.missing,
        "ended": standing.done + standing.failed,
        "failed": standing.failed,
        "missing": standing.missing,
        "pending": status.pending,
        "runs_per_minute": status.rate * 60.0,
        "seconds_left": status.seconds_left(),
        "gather": gather,
        "processes": status
            .processes
            .iter()
            .map(|other| json!({"process": other.process, "trains": other.trains}))
            .collect::<Vec<_>>(),
        // Those that are done need no line.
        "unfinished": status.tasks.iter().filter(|task| task.state != State::Done).map(task).collect::<Vec<_>>(),
        "next": next(followed, status),
    })
}
