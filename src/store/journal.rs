//! The journal's one writer thread: takes records from any number of workers, writes them in short batches, syncs, and
//! only then reports them as saved.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::{Error, Result, io_error};
use super::files::{Files, Handle, create_folder, open_if_there, write_synced};
use super::layout::{Layout, SEGMENT, new};
use super::segment::Framer;
use super::state::State;
use super::unfinished;
use crate::config::Id;

/// A record waits at most this long for others to be synced with it.
const BATCH_TIME: Duration = Duration::from_millis(100);
/// As many bytes are synced at once at most, give or take a record.
const BATCH_BYTES: usize = 1 << 22;
/// Records that may wait for the disk before `append` waits too.
const QUEUE: usize = 1024;

/// Hears which runs have become durable, on the writer's thread. It must not wait for the writer.
pub type Listener = Box<dyn FnMut(&[Id]) + Send>;

/// What is to lie in the weights file of a run when its record is durable.
pub(super) enum Kept {
    /// The weights of this record.
    Weights(Vec<u8>),
    /// Nothing, as these weights are not to be kept: an attempt that was not saved may have left some.
    Nothing,
    /// Whatever does: the run failed, so that no weights are its result.
    Whatever,
}

/// What the writer thread is given.
enum Message {
    Record { run: Id, payload: Vec<u8>, kept: Kept, was_paused: bool },
    Flush(SyncSender<()>),
    Close,
}

/// The end of the channel that workers hold.
#[derive(Debug)]
pub(super) struct Journal {
    root: PathBuf,
    sender: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<Mutex<Option<Error>>>,
}

impl Journal {
    /// Starts the thread. The segment is made with the first record, under the name that follows `last`, with the token of
    /// this process.
    pub(super) fn start(
        layout: &Layout,
        files: Arc<dyn Files>,
        (last, token): (u64, &str),
        listener: Listener,
    ) -> Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        let failure = Arc::new(Mutex::new(None));
        let mut scribe = Scribe {
            layout: layout.clone(),
            files,
            last,
            token: token.to_owned(),
            listener,
            failure: Arc::clone(&failure),
            segment: None,
            bytes: Vec::new(),
            runs: Vec::new(),
            weights: Vec::new(),
            paused: Vec::new(),
        };
        let work = move || {
            if let Err(error) = scribe.serve(&receiver) {
                note(&scribe.failure, &error);
            }
        };
        let thread = std::thread::Builder::new().name("store".into()).spawn(work);
        let thread = thread.map_err(io_error("start a thread to write to", layout.root()))?;
        Ok(Self { root: layout.root().to_path_buf(), sender, thread: Some(thread), failure })
    }

    /// Hands over a record; of a run that was paused, what was saved is removed once the record is durable.
    pub(super) fn append(&self, run: Id, payload: Vec<u8>, kept: Kept, was_paused: bool) -> Result<()> {
        self.send(Message::Record { run, payload, kept, was_paused })
    }

    /// Returns when everything that was appended before is durable.
    pub(super) fn flush(&self) -> Result<()> {
        let (sender, receiver) = sync_channel(1);
        self.send(Message::Flush(sender))?;
        receiver.recv().map_err(|_| self.failed())
    }

    /// Saves what waits, closes the segment and ends the thread.
    pub(super) fn close(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // Where the thread has ended already, its error says why.
        let _ = self.sender.send(Message::Close);
        if thread.join().is_err() {
            return Err(self.failed());
        }
        match &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn send(&self, message: Message) -> Result<()> {
        // The thread may be about to end with an error that it has noted.
        if let Some(error) = &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(error.clone());
        }
        self.sender.send(message).map_err(|_| self.failed())
    }

    fn failed(&self) -> Error {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone().unwrap_or_else(|| Error::Closed { path: self.root.clone() })
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Whoever wants to know of errors calls `close`.
        let _ = self.close();
    }
}

/// The state of the writer thread.
struct Scribe {
    layout: Layout,
    files: Arc<dyn Files>,
    last: u64,
    token: String,
    listener: Listener,
    failure: Arc<Mutex<Option<Error>>>,
    segment: Option<Segment>,
    /// Frames that are not written yet, with their runs.
    bytes: Vec<u8>,
    runs: Vec<Id>,
    /// Of those that ended well, the weights that are to be kept.
    weights: Vec<(Id, Option<Vec<u8>>)>,
    /// Those of the runs that were paused once.
    paused: Vec<Id>,
}

struct Segment {
    path: PathBuf,
    handle: Box<dyn Handle>,
    framer: Framer,
}

impl Segment {
    /// What is written into a file that has no name is lost when the process ends.
    fn require_in_place(&self) -> Result<()> {
        match self.handle.is_at(&self.path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::TakenAway { path: self.path.clone() }),
            Err(error) => Err(io_error("look at", &self.path)(error)),
        }
    }
}

impl fmt::Debug for Scribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scribe").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl Scribe {
    fn serve(&mut self, receiver: &Receiver<Message>) -> Result<()> {
        let mut deadline = None;
        loop {
            let message = match deadline {
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => receiver.recv_timeout(until(deadline)),
            };
            match message {
                Ok(Message::Record { run, payload, kept, was_paused }) => {
                    self.take(run, &payload, kept)?;
                    self.paused.extend(was_paused.then_some(run));
                    if self.bytes.len() >= BATCH_BYTES {
                        self.commit()?;
                    }
                }
                Ok(Message::Flush(done)) => {
                    // The error has to be there before whoever waits sees that `done` is gone.
                    self.commit().inspect_err(|error| note(&self.failure, error))?;
                    // Who asked may have gone.
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => self.commit()?,
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return self.finish(),
            }
            deadline = if self.runs.is_empty() { None } else { deadline.or_else(|| Some(now() + BATCH_TIME)) };
        }
    }

    fn take(&mut self, run: Id, payload: &[u8], kept: Kept) -> Result<()> {
        if self.segment.is_none() {
            self.segment = Some(self.create()?);
        }
        let segment = self.segment.as_mut().expect("just made");
        segment.framer.record(payload, &mut self.bytes);
        self.runs.push(run);
        match kept {
            Kept::Weights(weights) => self.weights.push((run, Some(weights))),
            Kept::Nothing => self.weights.push((run, None)),
            Kept::Whatever => {}
        }
        Ok(())
    }

    /// Makes what waits durable, then reports it.
    fn commit(&mut self) -> Result<()> {
        self.save_weights()?;
        if let Some(segment) = self.segment.as_mut().filter(|_| !self.bytes.is_empty()) {
            segment.handle.write_all(&self.bytes).map_err(io_error("write to", &segment.path))?;
            segment.handle.sync().map_err(io_error("sync", &segment.path))?;
            segment.framer.synced();
            self.bytes.clear();
            segment.framer.say_synced(&mut self.bytes);
            segment.handle.write_all(&self.bytes).map_err(io_error("write to", &segment.path))?;
            segment.require_in_place()?;
        }
        self.bytes.clear();
        if !self.runs.is_empty() {
            (self.listener)(&self.runs);
            self.runs.clear();
        }
        for run in self.paused.drain(..) {
            unfinished::remove(&*self.files, &self.layout, run)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.commit()?;
        if let Some(mut segment) = self.segment.take() {
            segment.framer.end(&mut self.bytes);
            segment.handle.write_all(&self.bytes).map_err(io_error("write to", &segment.path))?;
            segment.handle.sync().map_err(io_error("sync", &segment.path))?;
            // Who took it away between two batches may not have seen the last of those that were reported.
            segment.require_in_place()?;
        }
        Ok(())
    }

    /// A record is never durable without its weights, nor beside those of an attempt that was not saved. The weights of
    /// a record that is saved stay: it counts, whatever comes later.
    fn save_weights(&mut self) -> Result<()> {
        let (files, layout) = (&*self.files, &self.layout);
        // Most sweeps keep none.
        let keeps_none = self.weights.iter().all(|(_, weights)| weights.is_none());
        if keeps_none && files.kind(&layout.weights()).is_ok_and(|kind| kind.is_none()) {
            self.weights.clear();
            return Ok(());
        }
        let (mut changed, mut ended) = (false, None);
        for (run, weights) in self.weights.drain(..) {
            let path = layout.weights_of(run);
            if open_if_there(files, &path)?.is_some() {
                // A process was killed before it had saved the run, or this one was taken for dead: that is rare.
                if ended.is_none() {
                    ended = Some(State::ended_beside_others(files, layout)?);
                }
                if ended.as_ref().and_then(|ended| ended.get(&run)).is_some_and(|saved| !saved.can_be_retried()) {
                    continue;
                }
                if weights.is_none() {
                    files.remove(&path).map_err(io_error("remove", &path))?;
                    changed = true;
                }
            }
            if let Some(weights) = weights {
                create_folder(files, &layout.weights())?;
                let fresh = new(&path);
                write_synced(files, &fresh, &weights)?;
                files.rename(&fresh, &path).map_err(io_error("name", &path))?;
                changed = true;
            }
        }
        if changed {
            let folder = layout.weights();
            files.sync_folder(&folder).map_err(io_error("sync", &folder))?;
        }
        Ok(())
    }

    /// A segment of its own for this process: the next number, so that names sort by age, and its token, so that segments
    /// of several processes or copied folders never meet.
    fn create(&mut self) -> Result<Segment> {
        let folder = self.layout.journal();
        loop {
            self.last += 1;
            let path = self.layout.segment(&format!("{:08}-{}{SEGMENT}", self.last, self.token));
            let mut handle = match self.files.create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                handle => handle.map_err(io_error("create", &path))?,
            };
            let nonce = RandomState::new().build_hasher().finish();
            #[expect(clippy::cast_possible_truncation, reason = "any 32 bits do")]
            let (mut framer, header) = Framer::new(nonce as u32);
            handle.write_all(&header).map_err(io_error("write to", &path))?;
            handle.sync().map_err(io_error("sync", &path))?;
            self.files.sync_folder(&folder).map_err(io_error("sync", &folder))?;
            framer.synced();
            return Ok(Segment { path, handle, framer });
        }
    }
}

fn note(failure: &Mutex<Option<Error>>, error: &Error) {
    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
}

#[expect(clippy::disallowed_methods, reason = "when a batch is synced; no result depends on it")]
fn now() -> Instant {
    Instant::now()
}

fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(now())
}
