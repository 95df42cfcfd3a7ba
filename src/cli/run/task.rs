//! What a shard says of itself while it works: which it is, how far it has come, and how it ended.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::saving::Counts;
use crate::execute::Stop;
use crate::plan::Shard;
use crate::store::{Note, Writer};
use crate::train::Status;

/// Time between two notes of a shard that works: many within [`SILENCE`](crate::store::SILENCE).
const BEAT: Duration = Duration::from_secs(30);

/// A process that trains a shard.
pub struct Task<'a> {
    shard: Shard,
    slurm: Value,
    began: (Instant, String),
    /// Runs that this process has to train, once it knows, with those that have ended.
    runs: Option<(u64, &'a Counts)>,
}

impl<'a> Task<'a> {
    /// It begins now.
    #[expect(clippy::disallowed_methods, reason = "a task says since when it works; no result depends on it")]
    pub fn begin(shard: Shard) -> Self {
        let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        Self { shard, slurm: slurm(&|name| std::env::var(name).ok()), began: (Instant::now(), now), runs: None }
    }

    /// It, knowing what it has to do.
    pub fn with(self, to_do: u64, counts: &'a Counts) -> Self {
        Self { runs: Some((to_do, counts)), ..self }
    }

    /// What it says while it works.
    pub fn working(&self) -> Note {
        self.note("working", None)
    }

    fn note(&self, state: &str, reason: Option<&str>) -> Note {
        let (to_do, counts) = self.runs.map_or((Value::Null, None), |(to_do, counts)| (to_do.into(), Some(counts)));
        let of = |status| counts.map_or(0, |counts| counts.of(status));
        let note = json!({
            "shard": self.shard.index,
            "of": self.shard.of,
            "state": state,
            "reason": reason,
            "began": self.began.1,
            "slurm": self.slurm,
            "runs": {
                "to_do": to_do,
                "finished": of(Status::Finished),
                "diverged": of(Status::Diverged),
                "failed": of(Status::Failed),
                "timed_out": of(Status::TimedOut),
            },
            "seconds": self.began.0.elapsed().as_secs_f64(),
        });
        let Value::Object(note) = note else { unreachable!("it is made as one") };
        note
    }

    /// Does the work, and says again and again meanwhile that it is being done. Where the folder is not there any more, it
    /// stops the work and says so: what would be trained could not be saved.
    pub fn beside<T>(
        &self,
        writer: &Writer,
        stop: &Stop,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.beside_every(BEAT, writer, stop, work)
    }

    fn beside_every<T>(
        &self,
        beat: Duration,
        writer: &Writer,
        stop: &Stop,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        writer.keep_task(&self.working())?;
        let (done, is_done) = channel::<()>();
        std::thread::scope(|scope| {
            let beats = scope.spawn(move || {
                while is_done.recv_timeout(beat) == Err(RecvTimeoutError::Timeout) {
                    match writer.keep_task(&self.working()) {
                        Err(error) if error.is_gone() => {
                            stop.ask();
                            return Err(error);
                        }
                        // A file server may be away for a moment; what cannot be saved says so itself.
                        Err(error) => tracing::warn!(%error, "cannot say that this shard is at work"),
                        Ok(()) => {}
                    }
                }
                Ok(())
            });
            let done_work = work();
            drop(done);
            let beaten = beats.join().unwrap_or(Ok(()));
            let worked = done_work?;
            beaten?;
            Ok(worked)
        })
    }

    /// Gives the folder back, and says how the work ended; gives what came of it.
    pub fn end<T>(&self, writer: Writer, done: anyhow::Result<T>, is_stopped: bool) -> anyhow::Result<T> {
        let failed = done.as_ref().err().map(|error| format!("{error:#}"));
        let ended = writer.end_task(|unsaved| match failed.or_else(|| unsaved.map(ToString::to_string)) {
            Some(reason) => self.note("failed", Some(&reason)),
            None if is_stopped => self.note("stopped", None),
            None => self.note("ended", None),
        });
        // Why the work ended comes first: the same is mostly why nothing can be said of it.
        let done = done?;
        ended?;
        Ok(done)
    }
}

/// Which task of an array of Slurm's this is, as Slurm says in the environment.
fn slurm(variable: &dyn Fn(&str) -> Option<String>) -> Value {
    let number =
        |name| variable(name).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    match (number("SLURM_ARRAY_JOB_ID"), number("SLURM_ARRAY_TASK_ID")) {
        (Some(job), Some(task)) => {
            let restart = number("SLURM_RESTART_COUNT").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            json!({"job": job, "task": task, "restart": restart})
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Error, Results, SweepCopy};

    /// A shard that works for so long, and says so all the while.
    fn worked(folder: &std::path::Path, work: impl FnOnce(&Stop)) -> (anyhow::Result<()>, Stop) {
        let copy = SweepCopy { name: "x".into(), text: "version: 1\nname: x\n".into(), overrides: Vec::new() };
        let (task, counts, stop) = (Task::begin(Shard { index: 1, of: 2 }), Counts::default(), Stop::default());
        let writer = Writer::open_shard(folder, &copy, &task.working(), Box::new(|_| {})).unwrap();
        let task = task.with(3, &counts);
        let done = task.beside_every(Duration::from_millis(10), &writer, &stop, || {
            work(&stop);
            Ok(())
        });
        (task.end(writer, done, false), stop)
    }

    fn note(folder: &std::path::Path) -> Note {
        Results::open(folder).unwrap().tasks().unwrap().remove(0).note
    }

    #[test]
    fn a_shard_says_again_and_again_that_it_works() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("x");
        let mut said = Vec::new();
        let (ended, stop) = worked(&folder, |_| {
            for _ in 0..1000 {
                std::thread::sleep(Duration::from_millis(10));
                let note = note(&folder);
                assert_eq!((&note["state"], &note["runs"]["to_do"]), (&json!("working"), &json!(3)));
                said.push(note["seconds"].as_f64().unwrap());
                said.dedup();
                if said.len() == 3 {
                    break;
                }
            }
        });
        ended.unwrap();
        assert!(said.len() == 3 && said.is_sorted(), "{said:?}");
        assert_eq!((stop.is_asked(), &note(&folder)["state"]), (false, &json!("ended")));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test takes a folder away")]
    fn a_folder_that_is_gone_stops_the_work() {
        let [place, gone] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let folder = place.path().join("x");
        let (ended, stop) = worked(&folder, |stop| {
            // In one step, since the shard writes into it.
            std::fs::rename(&folder, gone.path().join("x")).unwrap();
            let tries = (0..1000).take_while(|_| !stop.is_asked());
            tries.for_each(|_| std::thread::sleep(Duration::from_millis(10)));
        });
        let error = ended.unwrap_err();
        assert!(error.downcast_ref::<Error>().is_some_and(Error::is_gone), "{error:#}");
        assert!(stop.is_asked() && !folder.exists());
    }

    #[test]
    fn an_error_of_the_work_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("x");
        let copy = SweepCopy { name: "x".into(), text: "version: 1\nname: x\n".into(), overrides: Vec::new() };
        let task = Task::begin(Shard { index: 1, of: 2 });
        let writer = Writer::open_shard(&folder, &copy, &task.working(), Box::new(|_| {})).unwrap();
        let ended = task.end(writer, Err::<(), _>(anyhow::anyhow!("no such thing")), false);
        assert_eq!(ended.unwrap_err().to_string(), "no such thing");
        assert_eq!((&note(&folder)["state"], &note(&folder)["reason"]), (&json!("failed"), &json!("no such thing")));
    }

    #[test]
    fn a_task_of_slurm_is_known_by_its_numbers() {
        let with = |job: &'static str, task: &'static str, restart: Option<&'static str>| {
            slurm(&|name| match name {
                "SLURM_ARRAY_JOB_ID" => Some(job.into()),
                "SLURM_ARRAY_TASK_ID" => Some(task.into()),
                _ => restart.map(str::to_owned),
            })
        };
        assert_eq!(with("123", "7", None), json!({"job": "123", "task": "7", "restart": 0}));
        assert_eq!(with("123", "7", Some("2")), json!({"job": "123", "task": "7", "restart": 2}));
        assert_eq!(slurm(&|_| None), Value::Null);
        for (job, task) in [("", "7"), ("12 3", "7"), ("12", "7\n"), ("a", "7"), ("-1", "7")] {
            assert_eq!(with(job, task, None), Value::Null, "{job:?} {task:?}");
        }
    }
}
