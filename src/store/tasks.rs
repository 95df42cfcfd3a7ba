//! Shards of a sweep, each trained by a process that knows nothing of the others: `tasks/TOKEN.json` says which shard it is
//! and how it is getting on. Machines that share a folder do not always share its locks, so a shard is taken to be at work
//! as long as it says so and has written lately.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::error::{Error, Result, io_error};
use super::files::Files;
use super::layout::{Layout, is_token, token_of};
use super::manifest::{Manifest, SweepVersion};
use super::notes::{self, About, Note};

/// How long a shard may be silent before it is taken for dead. A living one writes its note every half minute, but a
/// suspended machine or a file server that is away may hold one back for longer. To be wrong is safe: a shard whose segment
/// was folded under its hands notices when it saves the next time, or at its end, and ends with an error; the same command
/// then trains what is missing.
pub const SILENCE: Duration = Duration::from_mins(10);

/// A process that trains a shard, or did.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What tells the process from others: part of the name of its segment, and in the records of its runs.
    pub token: String,
    /// What it says of itself.
    pub note: Note,
    /// How long ago it said so, by the clock of the file system as far as that is known.
    pub quiet: Duration,
    /// Whether another attempt at the same shard has come to its end since: then nothing is waited for of this one.
    pub is_over: bool,
}

impl Task {
    /// Whether it is at work: it says so, and did lately.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.says_that_it_works() && self.quiet < SILENCE && !self.is_over
    }

    /// Whether it ended without a word: it says that it is working, and it is not.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.says_that_it_works() && !self.is_at_work()
    }

    pub(super) fn says_that_it_works(&self) -> bool {
        self.is("working")
    }

    /// What attempts at the same shard have in common.
    fn attempts_at(&self) -> String {
        let of = |key: &str| self.note.get(key).map_or(String::new(), Value::to_string);
        format!("{}/{} of {}", of("shard"), of("of"), of("sweep"))
    }

    fn is(&self, state: &str) -> bool {
        self.note.get("state").and_then(Value::as_str) == Some(state)
    }

    /// Which shard it is of how many, where it says so.
    #[must_use]
    pub fn shard(&self) -> Option<(u64, u64)> {
        Some((self.note.get("shard")?.as_u64()?, self.note.get("of")?.as_u64()?))
    }

    /// When it began, as it says.
    #[must_use]
    pub fn began(&self) -> &str {
        self.note.get("began").and_then(Value::as_str).unwrap_or_default()
    }

    /// The name of the sweep that it trains, and which version of it.
    pub(super) fn sweep(&self) -> Option<(&str, SweepVersion)> {
        let sweep = self.note.get("sweep")?;
        let hash = sweep.get("blake3")?.as_str()?.to_owned();
        let overrides = sweep.get("overrides")?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
        Some((sweep.get("name")?.as_str()?, SweepVersion { hash, overrides: overrides.collect() }))
    }

    /// It in words: `shard 2 of 8 (Slurm job 17, task 2)`.
    #[must_use]
    pub fn name(&self) -> String {
        let shard = self.shard().map_or("a shard".to_owned(), |(index, of)| format!("shard {index} of {of}"));
        let text = |slurm: &Value, key: &str| slurm.get(key).and_then(Value::as_str).map(str::to_owned);
        let slurm = self.note.get("slurm").and_then(|slurm| Some((text(slurm, "job")?, text(slurm, "task")?)));
        slurm.map_or(shard.clone(), |(job, task)| format!("{shard} (Slurm job {job}, task {task})"))
    }
}

/// What the store adds to the note of a task: the sweep that it trains.
pub(super) fn with_sweep(mut note: Note, name: &str, version: &SweepVersion) -> Note {
    let sweep = json!({"name": name, "blake3": version.hash, "overrides": version.overrides});
    note.insert("sweep".into(), sweep);
    note
}

/// All tasks, in the order in which they began, beside those of the processes that made these segments: their notes were
/// written before the segments, and are found also where the list of them is not the newest.
pub(super) fn all(files: &dyn Files, layout: &Layout, segments: &[String], now: SystemTime) -> Result<Vec<Task>> {
    let folder = layout.tasks();
    let names = files.list(&folder).map_err(io_error("list", &folder))?;
    let listed = names.iter().filter_map(|name| About::Task.of(name));
    let mut tasks = read(files, layout, listed.chain(tokens(segments)).collect(), now)?;
    // Of each shard, the attempt that said last that it has ended.
    let mut ended: BTreeMap<String, (Duration, String)> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.is("ended")) {
        let end = (task.quiet, task.token.clone());
        let last = ended.entry(task.attempts_at()).or_insert_with(|| end.clone());
        *last = end.min(last.clone());
    }
    for task in &mut tasks {
        task.is_over = ended.get(&task.attempts_at()).is_some_and(|(quiet, token)| {
            // Of several that ended, one stays.
            *token != task.token && (task.is("ended") || *quiet <= task.quiet)
        });
    }
    Ok(tasks)
}

/// Those tasks that tell versions of the sweep which the manifest does not: those of the processes that made these segments,
/// and, where there is no manifest yet, all.
pub(super) fn with_segments(
    files: &dyn Files,
    layout: &Layout,
    manifest: Option<&Manifest>,
    segments: &[String],
) -> Result<Vec<Task>> {
    match manifest {
        Some(_) => read(files, layout, tokens(segments).collect(), files.clock()),
        None => all(files, layout, segments, files.clock()),
    }
}

/// As [`with_segments`], but for those whose notes are not whole.
pub(super) fn whole(files: &dyn Files, layout: &Layout, manifest: Option<&Manifest>, segments: &[String]) -> Vec<Task> {
    let listed = if manifest.is_none() { files.list(&layout.tasks()).unwrap_or_default() } else { Vec::new() };
    let tokens: BTreeSet<&str> =
        listed.iter().filter_map(|name| About::Task.of(name)).chain(tokens(segments)).collect();
    let one = |token| read(files, layout, BTreeSet::from([token]), files.clock()).unwrap_or_default();
    let mut tasks: Vec<Task> = tokens.into_iter().flat_map(one).collect();
    tasks.sort_by(|a, b| (a.began(), &a.token).cmp(&(b.began(), &b.token)));
    tasks
}

/// As [`with_segments`], with those whose version no manifest knows, though they had nothing to save.
pub(super) fn not_folded(
    files: &dyn Files,
    layout: &Layout,
    manifest: Option<&Manifest>,
    segments: &[String],
) -> Result<Vec<Task>> {
    let mut tasks = all(files, layout, segments, files.clock())?;
    let tokens: BTreeSet<&str> = tokens(segments).collect();
    let is_known = |version: &SweepVersion| manifest.is_some_and(|manifest| manifest.versions.contains(version));
    let is_new = |task: &Task| task.sweep().is_some_and(|(_, version)| !is_known(&version));
    tasks.retain(|task| tokens.contains(task.token.as_str()) || is_new(task));
    Ok(tasks)
}

fn tokens(segments: &[String]) -> impl Iterator<Item = &str> {
    segments.iter().filter_map(|segment| token_of(segment)).filter(|token| is_token(token))
}

/// The tasks of these tokens that there are, in the order in which they began.
fn read(files: &dyn Files, layout: &Layout, tokens: BTreeSet<&str>, now: SystemTime) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for token in tokens {
        let Some(note) = notes::read(files, layout, About::Task, token)? else { continue };
        let path = About::Task.path(layout, token);
        let quiet = match files.modified(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            modified => now.duration_since(modified.map_err(io_error("look at", &path))?).unwrap_or_default(),
        };
        tasks.push(Task { token: token.to_owned(), note, quiet, is_over: false });
    }
    tasks.sort_by(|a, b| (a.began(), &a.token).cmp(&(b.began(), &b.token)));
    Ok(tasks)
}

/// The time for a reader, who writes nothing: that of this machine, or when something of the tasks was written last,
/// whichever is later. Clocks of machines differ, and a clock that is behind would take what is silent for lively.
pub(super) fn time_to_read(files: &dyn Files, layout: &Layout) -> Result<SystemTime> {
    let mut now = files.clock();
    for folder in [layout.tasks(), layout.journal()] {
        for name in files.list(&folder).map_err(io_error("list", &folder))? {
            // Where it has gone meanwhile, or is nobody's, there is nothing to learn.
            if let Ok(modified) = files.modified(&folder.join(name)) {
                now = now.max(modified);
            }
        }
    }
    Ok(now)
}

/// That shards are at work, as an error, where any are.
pub(super) fn require_none_at_work(layout: &Layout, tasks: &[Task]) -> Result<()> {
    let shards: Vec<String> = tasks.iter().filter(|task| task.is_at_work()).map(Task::name).collect();
    if shards.is_empty() {
        return Ok(());
    }
    Err(Error::ShardsAtWork { path: layout.root().to_path_buf(), shards })
}

/// The name of the sweep and its versions, the last one last: those of the manifest, then those of tasks which it does not
/// tell yet.
pub(super) fn versions(tasks: &[Task], manifest: Option<&Manifest>) -> (Option<String>, Vec<SweepVersion>) {
    let mut name = manifest.map(|manifest| manifest.sweep.clone());
    let mut versions = manifest.map(|manifest| manifest.versions.clone()).unwrap_or_default();
    for (sweep, version) in tasks.iter().filter_map(Task::sweep) {
        name.get_or_insert_with(|| sweep.to_owned());
        versions.retain(|known| *known != version);
        versions.push(version);
    }
    (name, versions)
}
