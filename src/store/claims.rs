//! Which runs each process that is at work has taken, so that several share a sweep and train nothing twice.
//!
//! Every process holds `claims/TOKEN.lock` while it lives: the system gives a lock back when its holder dies, however it
//! dies. In `claims/TOKEN.runs` it appends the ids of the runs that it takes, a line each, before it trains them; a line
//! of zeros says that all those before it are saved. Who looks at the claims of others, or adds to its own, holds
//! `claims/.lock` meanwhile. The token is part of the name of the process' segment of the journal, so that it shows
//! whether a segment may still grow.

use std::any::Any;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, Handle, create_folder, read_if_there};
use super::layout::{Layout, is_token, token_of};
use super::manifest::Documents;
use super::state::segment_names;
use crate::config::Id;

pub(super) const RUNS: &str = ".runs";
pub(super) const LOCK: &str = ".lock";
/// A line that says that all runs before it are saved.
const SAVED: &str = "00000000000000000000\n";
/// Bytes of a line.
const LINE: usize = SAVED.len();
/// Time between two looks at a lock that another process holds.
const PAUSE: Duration = Duration::from_millis(5);

/// The claims of this process, and what it knows of those of others.
pub(super) struct Claims {
    files: Arc<dyn Files>,
    layout: Layout,
    token: String,
    handle: Box<dyn Handle>,
    others: BTreeMap<String, Other>,
    /// Manifest and segments of others as of the last look.
    seen: Option<(Documents, Vec<String>)>,
    left: bool,
    _alive: Held,
}

/// A lock, held until it is dropped.
pub(super) type Held = Box<dyn Any + Send + Sync>;

/// Another process that is at work.
#[derive(Debug, Default)]
struct Other {
    /// What it has taken and not saved yet, as far as it says.
    runs: HashSet<Id>,
    /// Bytes of its file that were read.
    read: u64,
}

impl Claims {
    /// Enters this process among those at work.
    pub(super) fn enter(files: &Arc<dyn Files>, layout: &Layout) -> Result<Self> {
        let folder = layout.claims();
        create_folder(&**files, &folder)?;
        let _registry = registry(&**files, layout)?;
        let token = new_token();
        let path = folder.join(format!("{token}{LOCK}"));
        let text = format!("{}\n", std::process::id());
        let alive = files.lock(&path, &text).map_err(io_error("lock", &path))?;
        let alive = alive.ok_or_else(|| Error::InUse { path: layout.root().to_path_buf(), process: None })?;
        let path = folder.join(format!("{token}{RUNS}"));
        let handle = files.create_new(&path).map_err(io_error("create", &path))?;
        let (files, layout) = (Arc::clone(files), layout.clone());
        Ok(Self { files, layout, token, handle, others: BTreeMap::new(), seen: None, left: false, _alive: alive })
    }

    /// Takes this process out of those at work: all that it had taken is saved, or free again.
    pub(super) fn leave(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.left, true) {
            return Ok(());
        }
        let _registry = self.registry()?;
        self.bury(&self.token)
    }

    /// The time by the clock of the file system, as it stands on what is written now.
    pub(super) fn now(&self) -> Result<SystemTime> {
        let path = self.path(&self.token, RUNS);
        self.files.touch(&path).map_err(io_error("touch", &path))
    }

    /// What tells this process from others.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The lock that whoever looks or takes holds meanwhile.
    pub(super) fn registry(&self) -> Result<Held> {
        registry(&*self.files, &self.layout)
    }

    /// Takes those of the `wanted` runs that no other process has and that have not ended; gives which.
    pub(super) fn take(&mut self, _: &Held, wanted: &[Id], has_ended: impl Fn(&Id) -> bool) -> Result<Vec<bool>> {
        let free = |run: &Id| !has_ended(run) && !self.others.values().any(|other| other.runs.contains(run));
        let taken: Vec<bool> = wanted.iter().map(free).collect();
        let lines = wanted.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(run, _)| format!("{run}\n"));
        self.write(&lines.collect::<Vec<_>>().concat())?;
        Ok(taken)
    }

    /// Says that all that was taken is saved.
    pub(super) fn saved(&mut self) -> Result<()> {
        let _registry = self.registry()?;
        self.write(SAVED)
    }

    /// Other processes that are at work, as of the last look.
    pub(super) fn others(&self) -> usize {
        self.others.len()
    }

    /// Whether any of them has taken runs that it has not saved yet.
    pub(super) fn others_are_busy(&self) -> bool {
        self.others.values().any(|other| !other.runs.is_empty())
    }

    /// Whether a segment belongs to another process that is at work, as of the last look.
    pub(super) fn may_grow(&self, segment: &str) -> bool {
        token_of(segment).is_some_and(|token| self.others.contains_key(token))
    }

    fn write(&mut self, lines: &str) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.path(&self.token, RUNS);
        self.handle.write_all(lines.as_bytes()).map_err(io_error("write to", &path))
    }

    fn path(&self, token: &str, ending: &str) -> PathBuf {
        self.layout.claims().join(format!("{token}{ending}"))
    }

    /// Looks at the others: whether any has begun to save, has saved all that it had taken, or has ended, since the last
    /// look. Then what is saved has to be read again.
    pub(super) fn look(&mut self, _: &Held) -> Result<bool> {
        let folder = self.layout.claims();
        let names = self.files.list(&folder).map_err(io_error("list", &folder))?;
        self.remove_stale_locks(&names)?;
        let own = self.token.clone();
        let tokens: Vec<&str> = names.iter().filter_map(|name| token(name, RUNS)).filter(|t| *t != own).collect();
        let known = self.others.len();
        self.others.retain(|token, _| tokens.contains(&token.as_str()));
        let mut changed = self.others.len() < known;
        for token in tokens {
            let lock = self.path(token, LOCK);
            let dead = self.files.lock(&lock, "").map_err(io_error("lock", &lock))?;
            if let Some(lock) = dead {
                self.others.remove(token);
                self.bury(token)?;
                drop(lock);
                changed = true;
            } else {
                changed |= self.read(token)?;
            }
        }
        // One that came and went between two looks has left no other trace.
        let documents = Documents::read(&*self.files, &self.layout)?;
        let segments = segment_names(&*self.files, &self.layout)?;
        let seen = Some((documents, segments.into_iter().filter(|name| !name.contains(&own)).collect()));
        changed |= self.seen != seen;
        self.seen = seen;
        Ok(changed)
    }

    /// As [`Claims::look`], for whoever does nothing else meanwhile.
    pub(super) fn look_now(&mut self) -> Result<bool> {
        let registry = self.registry()?;
        self.look(&registry)
    }

    /// Removes what a process that is no more has left.
    fn bury(&self, token: &str) -> Result<()> {
        for ending in [RUNS, LOCK] {
            let path = self.path(token, ending);
            match self.files.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &path)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes locks without a list of runs that processes have left which died while they entered or were buried. Who
    /// enters has made both before the registry is free again, so none of theirs is among them.
    fn remove_stale_locks(&self, names: &[String]) -> Result<()> {
        for token in names.iter().filter_map(|name| stale_lock(name, names)) {
            let path = self.path(token, LOCK);
            match self.files.lock(&path, "") {
                Ok(Some(held)) => {
                    self.files.remove(&path).map_err(io_error("remove", &path))?;
                    drop(held);
                }
                Ok(None) => {}
                // Another user's, who removes it.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(io_error("lock", &path)(error)),
            }
        }
        Ok(())
    }

    /// Reads what a living process has added; whether it says that all is saved.
    fn read(&mut self, token: &str) -> Result<bool> {
        let path = self.path(token, RUNS);
        let other = self.others.entry(token.to_owned()).or_default();
        let mut lines = Vec::new();
        let read = self.files.open(&path).and_then(|mut source| {
            source.seek(SeekFrom::Start(other.read))?;
            source.read_to_end(&mut lines)
        });
        read.map_err(io_error("read", &path))?;
        other.read += (lines.len() / LINE * LINE) as u64;
        Ok(read_lines(&lines, &mut other.runs))
    }
}

/// Reads what a process says that it has taken, after what it has said before; whether it says that all is saved.
fn read_lines(lines: &[u8], runs: &mut HashSet<Id>) -> bool {
    let mut saved = false;
    for line in lines.chunks_exact(LINE) {
        if line == SAVED.as_bytes() {
            runs.clear();
            saved = true;
        } else if let Some(run) = std::str::from_utf8(line).ok().and_then(|line| line.trim_end().parse().ok()) {
            runs.insert(run);
        }
    }
    saved
}

/// A process that shares a sweep with others, or puts results in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtWork {
    /// Its number on the machine that it is on, where it says so.
    pub process: Option<u32>,
    /// Whether it has taken runs.
    pub trains: bool,
}

/// The processes that are at work in a folder, but for shards, which are [`tasks_of`](super::tasks_of). Nothing is changed.
///
/// # Errors
/// Errors of the operating system.
pub fn at_work(folder: &Path) -> Result<Vec<AtWork>> {
    at_work_on(&Disk, &Layout::new(folder))
}

/// Fails where a process that is no shard is seen to train.
pub(super) fn require_nobody_trains(files: &dyn Files, layout: &Layout) -> Result<()> {
    let busy = || Ok(at_work_on(files, layout)?.into_iter().find(|other| other.trains));
    if busy()?.is_none() {
        return Ok(());
    }
    // Who removes what a dead process has left holds its lock for a moment.
    std::thread::sleep(10 * PAUSE);
    match busy()? {
        Some(AtWork { process, .. }) => Err(Error::InUse { path: layout.root().to_path_buf(), process }),
        None => Ok(()),
    }
}

pub(super) fn at_work_on(files: &dyn Files, layout: &Layout) -> Result<Vec<AtWork>> {
    let folder = layout.claims();
    let names = files.list(&folder).map_err(io_error("list", &folder))?;
    let mut found = Vec::new();
    for token in names.iter().filter_map(|name| token(name, RUNS)) {
        let path = folder.join(format!("{token}{LOCK}"));
        let text = match files.held(&path) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            // It has just ended, or is another user's, who alone can tell.
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied].contains(&error.kind()) => {
                continue;
            }
            Err(error) => return Err(io_error("look at the lock", &path)(error)),
        };
        let mut runs = HashSet::new();
        let lines = read_if_there(files, &folder.join(format!("{token}{RUNS}")))?;
        read_lines(&lines.unwrap_or_default(), &mut runs);
        found.push(AtWork { process: text.trim().parse().ok(), trains: !runs.is_empty() });
    }
    Ok(found)
}

impl Drop for Claims {
    fn drop(&mut self) {
        // Where this fails, whoever looks next finds the lock free and does the same.
        let _ = self.leave();
    }
}

/// What tells a process from all others: 16 hexadecimal digits by chance.
pub(super) fn new_token() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// The token of a process whose lock or list of runs has that name. Other names are somebody's.
pub(super) fn token<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    name.strip_suffix(ending).filter(|token| is_token(token))
}

/// The token of a lock that has no list of runs beside it, among the names in the folder.
pub(super) fn stale_lock<'a>(name: &'a str, names: &[String]) -> Option<&'a str> {
    let token = token(name, LOCK)?;
    let runs = format!("{token}{RUNS}");
    (!names.contains(&runs)).then_some(token)
}

/// Waits for the lock on the list of processes: it is held for moments only.
fn registry(files: &dyn Files, layout: &Layout) -> Result<Held> {
    wait_for(files, layout, &layout.claims().join(LOCK), Duration::from_mins(1))
}

/// Waits for a lock, so long at most.
pub(super) fn wait_for(files: &dyn Files, layout: &Layout, path: &Path, most: Duration) -> Result<Held> {
    let text = format!("{}\n", std::process::id());
    for _ in 0..=most.as_millis() / PAUSE.as_millis() {
        if let Some(held) = files.lock(path, &text).map_err(io_error("lock", path))? {
            return Ok(held);
        }
        std::thread::sleep(PAUSE);
    }
    // Who holds it may be writing its number just now.
    let text = read_if_there(files, path).ok().flatten().unwrap_or_default();
    let process = String::from_utf8_lossy(&text).trim().parse().ok();
    Err(Error::InUse { path: layout.root().to_path_buf(), process })
}
