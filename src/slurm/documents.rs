//! The folder `slurm/` of a sweep's results: what tasks are told, and what was submitted. The store leaves it alone.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::array::{Array, numbers, ranges};
use super::batch::{GATHER, LOGS, Resources, TASK};
use super::site::Job;

/// The version of these documents.
pub const VERSION: u32 = 1;

/// What tasks are told: all that `ablate run` needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The version of this document.
    pub version: u32,
    /// The sweep's name.
    pub name: String,
    /// What the command line changed of the sweep, of which `sweep.yaml` beside this is the copy.
    pub overrides: Vec<String>,
    /// Tasks that the sweep is divided among.
    pub tasks: u64,
    /// The folder that holds the results of all sweeps: absolute.
    pub results: String,
    /// The folder that holds the reports of all sweeps: absolute.
    pub reports: String,
    /// Where to train.
    pub device: String,
    /// What decides bits there, where that was known: a task of another environment is refused.
    pub environment: Option<String>,
    /// Workers of a task; `None` for as many as it has processors.
    pub jobs: Option<u64>,
    /// Runs that the sweep may ask for.
    pub max_runs: u64,
    /// Seconds that a run may train for.
    pub timeout: Option<f64>,
    /// Whether weights are saved.
    pub save_weights: bool,
    /// What each task may use.
    pub resources: Resources,
    /// What the job that gathers may use.
    pub gathering: Resources,
    /// Tasks that may run at a time.
    pub array_limit: Option<u64>,
    /// What is passed on to `sbatch`.
    pub options: Vec<String>,
}

/// One submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The number of the job.
    pub job: u64,
    /// Its cluster, where Slurm named one.
    pub cluster: Option<String>,
    /// Which tasks; `None` for the job that gathers.
    pub array: Option<Indices>,
    /// When it was submitted, in UTC.
    pub at: String,
    /// Whether failed runs are tried again.
    #[serde(default)]
    pub retry_failed: bool,
}

/// Which tasks an array has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indices {
    /// What is added to an index.
    pub offset: u64,
    /// The indices, as Slurm lists them.
    pub indices: String,
}

impl Submission {
    /// Of an array, or of the job that gathers.
    #[must_use]
    pub fn new(job: Job, array: Option<&Array>, at: String, retry_failed: bool) -> Self {
        let indices = |array: &Array| Indices { offset: array.offset, indices: ranges(&array.indices) };
        Self { job: job.number, cluster: job.cluster, array: array.map(indices), at, retry_failed }
    }

    /// As Slurm knows it.
    #[must_use]
    pub fn job(&self) -> Job {
        Job { number: self.job, cluster: self.cluster.clone() }
    }

    /// Its tasks with their indices.
    pub fn tasks(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let array = self.array.as_ref();
        let offset = array.map_or(0, |array| array.offset);
        let indices = array.and_then(|array| numbers(&array.indices)).unwrap_or_default();
        indices.into_iter().map(move |index| (index.saturating_add(offset), index))
    }
}

/// What was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// The version of this document.
    version: u32,
    /// Every submission, first to last.
    pub submissions: Vec<Submission>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { version: VERSION, submissions: Vec::new() }
    }
}

impl Jobs {
    /// All jobs.
    #[must_use]
    pub fn all(&self) -> Vec<Job> {
        self.submissions.iter().map(Submission::job).collect()
    }
}

/// What is wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A file could not be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A document is not what was written.
    #[error("{} is not what `ablate slurm` wrote there ({what}); submit the sweep again, or put back a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A newer program wrote it.
    #[error("{} was written by a newer Ablate", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Another submission is under way, or was cut off.
    #[error(
        "{} is there: another `ablate slurm` is submitting this sweep now, or one was cut off before it knew the numbers of \
         its jobs. `squeue --me --name=ablate-{name},ablate-{name}-gather` shows whether there are any that `ablate status` does not know of; take \
         those out with scancel, then remove the file", path.display()
    )]
    Submitting {
        /// The file.
        path: PathBuf,
        /// The sweep's name.
        name: String,
    },
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

const ORDER: &str = "arguments.json";
const JOBS: &str = "jobs.json";
const PLAN: &str = "plan.json";
const SWEEP: &str = "sweep.yaml";
const PROGRAM: &str = "program";
const SUBMITTING: &str = "submitting";

impl Folder {
    /// The one of a sweep's results.
    #[must_use]
    pub fn of(results: &Path) -> Self {
        Self { path: results.join("slurm") }
    }

    /// The one that holds this order.
    #[must_use]
    pub fn that_holds(order: &Path) -> Self {
        let parent = order.parent().filter(|parent| !parent.as_os_str().is_empty());
        Self { path: parent.unwrap_or(Path::new(".")).to_path_buf() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The copy of the sweep that tasks run.
    #[must_use]
    pub fn sweep(&self) -> PathBuf {
        self.path.join(SWEEP)
    }

    /// The log of a task.
    #[must_use]
    pub fn log(&self, job: u64, index: u64) -> PathBuf {
        self.path.join(LOGS).join(format!("{job}_{index}.log"))
    }

    /// Whether there is an order, so that Slurm was given this sweep, or was about to.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.join(ORDER).is_file()
    }

    /// What tasks are told.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn order(&self) -> Result<Order, Broken> {
        let path = self.path.join(ORDER);
        let bytes = fs::read(&path).map_err(io_error("read", &path))?;
        let order: Order = document(&path, &bytes)?;
        let damaged = |what: &str| Err(Broken::Damaged { path: path.clone(), what: what.into() });
        if !crate::sweep::is_name(&order.name) {
            return damaged("its name is no name of a sweep");
        }
        if order.tasks == 0 {
            return damaged("it has no tasks");
        }
        Ok(order)
    }

    /// What was submitted; nothing where nothing was.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn jobs(&self) -> Result<Jobs, Broken> {
        let path = self.path.join(JOBS);
        match fs::read(&path) {
            Ok(bytes) => {
                let jobs: Jobs = document(&path, &bytes)?;
                let lists = jobs.submissions.iter().filter_map(|submission| submission.array.as_ref());
                match lists.map(|array| &array.indices).find(|list| numbers(list).is_none()) {
                    Some(list) => Err(Broken::Damaged { path, what: format!("`{}` is no list", list.escape_debug()) }),
                    None => Ok(jobs),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Jobs::default()),
            Err(source) => Err(Broken::Io { what: "read", path, source }),
        }
    }

    /// Makes the folder, and the one of the logs: without that, Slurm ends tasks and says nothing.
    ///
    /// # Errors
    /// [`Broken::Io`].
    pub fn make(&self) -> Result<(), Broken> {
        let logs = self.path.join(LOGS);
        fs::create_dir_all(&logs).map_err(io_error("make", &logs))
    }

    /// Puts the scripts there, and everything that tasks read.
    ///
    /// # Errors
    /// [`Broken::Io`].
    pub fn prepare(&self, order: &Order, sweep: &str, plan: &impl Serialize, program: &str) -> Result<(), Broken> {
        for (name, text) in [TASK, GATHER, (SWEEP, sweep), (PROGRAM, program)] {
            self.put(name, |out| out.write_all(text.as_bytes()))?;
        }
        self.put_document(PLAN, plan)?;
        self.keep_order(order)
    }

    /// Keeps what tasks are told.
    ///
    /// # Errors
    /// [`Broken::Io`].
    pub fn keep_order(&self, order: &Order) -> Result<(), Broken> {
        self.put_document(ORDER, order)
    }

    /// Keeps what was submitted.
    ///
    /// # Errors
    /// [`Broken::Io`].
    pub fn keep_jobs(&self, jobs: &Jobs) -> Result<(), Broken> {
        self.put_document(JOBS, jobs)
    }

    /// Takes note that jobs are being submitted, until their numbers are kept.
    ///
    /// # Errors
    /// [`Broken::Submitting`] where somebody has, and [`Broken::Io`].
    pub fn begin_submitting(&self, name: &str) -> Result<Submitting, Broken> {
        let path = self.path.join(SUBMITTING);
        match File::create_new(&path) {
            Ok(_) => Ok(Submitting { path }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Broken::Submitting { path, name: name.to_owned() })
            }
            Err(source) => Err(Broken::Io { what: "write", path, source }),
        }
    }

    /// As [`Folder::put`], for a document, which is written as it goes: a plan may have a million shapes.
    fn put_document(&self, name: &str, document: &impl Serialize) -> Result<(), Broken> {
        self.put(name, |out| {
            serde_json::to_writer_pretty(&mut *out, document)?;
            writeln!(out)
        })
    }

    /// Puts a file there, whole or not at all.
    fn put(&self, name: &str, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> Result<(), Broken> {
        let path = self.path.join(name);
        let written = (|| {
            let mut builder = tempfile::Builder::new();
            // Readable by others, as any written file; a temporary file by itself is not.
            let builder = builder.permissions(Permissions::from_mode(0o644)).prefix(".ablate-");
            let file = builder.tempfile_in(&self.path)?;
            let mut out = BufWriter::new(file.as_file());
            write(&mut out)?;
            out.flush()?;
            drop(out);
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(&self.path)?.sync_all()
        })();
        written.map_err(io_error("write", &path))
    }
}

/// A submission that is under way.
#[derive(Debug)]
pub struct Submitting {
    path: PathBuf,
}

impl Submitting {
    /// All numbers are kept. Where it is dropped without this, the next submission is told to look first.
    ///
    /// # Errors
    /// [`Broken::Io`].
    #[expect(clippy::disallowed_methods, reason = "it is no record: it says that jobs are being submitted")]
    pub fn end(self) -> Result<(), Broken> {
        fs::remove_file(&self.path).map_err(io_error("remove", &self.path))
    }
}

fn io_error<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Broken + 'a {
    move |source| Broken::Io { what, path: path.to_path_buf(), source }
}

fn document<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, Broken> {
    #[derive(Deserialize)]
    struct Head {
        version: u32,
    }
    let damaged = |error: serde_json::Error| Broken::Damaged { path: path.to_path_buf(), what: error.to_string() };
    match serde_json::from_slice::<Head>(bytes).map_err(damaged)? {
        Head { version: VERSION } => serde_json::from_slice(bytes).map_err(damaged),
        Head { version } if version > VERSION => Err(Broken::Newer { path: path.to_path_buf() }),
        Head { version } => Err(Broken::Damaged { path: path.to_path_buf(), what: format!("version {version}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::slurm) fn order() -> Order {
        let resources = Resources { cpus: 1, megabytes: 500, gpus: 0, minutes: 10 };
        Order {
            version: VERSION,
            name: "small".into(),
            overrides: vec!["activation=relu,tanh".into()],
            tasks: 100,
            results: "/data/it's \"here\"\n%A".into(),
            reports: "/data/reports".into(),
            device: "cpu".into(),
            environment: Some("5f".into()),
            jobs: None,
            max_runs: 1000,
            timeout: Some(1.5),
            save_weights: false,
            resources,
            gathering: resources,
            array_limit: Some(10),
            options: vec!["--partition=long".into()],
        }
    }

    #[test]
    fn what_is_kept_is_read_back_and_what_was_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let slurm = Folder::of(folder.path());
        assert!(!slurm.is_there());
        assert_eq!(slurm.jobs().unwrap(), Jobs::default());
        slurm.make().unwrap();
        slurm.prepare(&order(), "version: 1\n", &(), "/bin/a\nb").unwrap();
        assert!(slurm.is_there() && slurm.path().join("logs").is_dir());
        assert_eq!(slurm.order().unwrap(), order());
        assert_eq!(fs::read_to_string(slurm.path().join("program")).unwrap(), "/bin/a\nb");

        let array = Array { offset: 1000, indices: vec![1, 2, 7], limit: None };
        let mut jobs = Jobs::default();
        let job = |number| Job { number, cluster: None };
        jobs.submissions.push(Submission::new(job(5), Some(&array), "2026-11-26T08:00:00Z".into(), false));
        jobs.submissions.push(Submission::new(job(6), None, "2026-11-26T08:00:00Z".into(), false));
        slurm.keep_jobs(&jobs).unwrap();
        assert_eq!(slurm.jobs().unwrap(), jobs);
        assert_eq!(jobs.submissions[0].tasks().collect::<Vec<_>>(), [(1001, 1), (1002, 2), (1007, 7)]);
        assert_eq!(jobs.submissions[1].tasks().count(), 0);

        let path = slurm.path().join(ORDER);
        let text = fs::read_to_string(&path).unwrap();
        let put = |name: &str, text: &str| slurm.put(name, |out| out.write_all(text.as_bytes())).unwrap();
        for wrong in [
            text.replace("\"small\"", "\"../up\""),
            text.replace("\"tasks\": 100", "\"tasks\": 0"),
            text.replace("\"tasks\": 100", "\"tasks\": 100, \"more\": 1"),
            text.replace("\"version\": 1", "\"version\": 0"),
            text[..text.len() / 2].to_owned(),
            String::new(),
        ] {
            put(ORDER, &wrong);
            assert!(matches!(slurm.order(), Err(Broken::Damaged { .. })), "{wrong}");
        }
        put(ORDER, &text.replace("\"version\": 1", "\"version\": 2"));
        assert!(matches!(slurm.order(), Err(Broken::Newer { .. })));
        let text = fs::read_to_string(slurm.path.join(JOBS)).unwrap();
        assert!(text.contains("1-2,7"));
        put(JOBS, &text.replace("1-2,7", "7,1-2"));
        assert!(matches!(slurm.jobs(), Err(Broken::Damaged { .. })));
    }

    #[test]
    fn one_submits_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let slurm = Folder::of(folder.path());
        slurm.make().unwrap();
        slurm.prepare(&order(), "", &(), "").unwrap();
        let first = slurm.begin_submitting("small").unwrap();
        let error = slurm.begin_submitting("small").unwrap_err();
        assert!(error.to_string().contains("squeue --me --name=ablate-small"), "{error}");
        first.end().unwrap();
        slurm.begin_submitting("small").unwrap().end().unwrap();
    }
}
