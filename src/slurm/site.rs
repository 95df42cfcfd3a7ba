//! Slurm's own programs: the only place that starts them. They get their arguments one by one, no shell reads them, and each
//! has a time in which it has to answer.

use std::env;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::array::Most;
use super::queue::{self, ACCOUNT_FORMAT, QUEUE_FORMAT, Queue};

/// How long a question may take. A controller that does not answer is common enough, and nobody is to wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a submission may take: `sbatch` itself tries again for a while when the controller is busy.
const PATIENCE_TO_SUBMIT: Duration = Duration::from_mins(2);

/// Jobs that are asked for in one call.
const JOBS_A_QUESTION: usize = 500;

/// Why one of Slurm's programs gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It is not there.
    #[error("`{program}` is not here: this machine has no Slurm, or its programs are not on the PATH")]
    Absent {
        /// The program.
        program: &'static str,
    },
    /// It could not be started.
    #[error("`{program}` cannot be started: {source}")]
    NotStarted {
        /// The program.
        program: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It did not end in time.
    #[error("`{program}` gave no answer within {seconds} s")]
    Silent {
        /// The program.
        program: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It ended with an error.
    #[error("`{program}` says: {said}")]
    Refused {
        /// The program.
        program: &'static str,
        /// What it printed to standard error.
        said: String,
    },
    /// It answered with something else.
    #[error("`{program}` printed what is not understood: {said}")]
    Strange {
        /// The program.
        program: &'static str,
        /// What it printed.
        said: String,
    },
}

/// A job as Slurm knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// Its number.
    pub number: u64,
    /// Its cluster, where Slurm names one.
    pub cluster: Option<String>,
}

/// What the site allows an array to have.
///
/// # Errors
/// When `scontrol` does not say it.
pub fn most() -> Result<Most, Trouble> {
    let text = ask("scontrol", &["show".into(), "config".into()], PATIENCE)?;
    queue::most(&text).ok_or_else(|| Trouble::Strange { program: "scontrol", said: "no MaxArraySize".into() })
}

/// What Slurm says of these jobs: what is in its queue, and what it remembers of those that have left it.
///
/// # Errors
/// When `squeue` does not answer. `sacct` may well not: many sites keep no accounts.
pub fn queue(jobs: &[Job]) -> Result<Queue, Trouble> {
    let mut queue = Queue::default();
    for (cluster, numbers) in questions(jobs) {
        let mut arguments: Vec<String> =
            ["--array", "--noheader", "--states=all", QUEUE_FORMAT].into_iter().map(str::to_owned).collect();
        arguments.push(format!("--jobs={numbers}"));
        arguments.extend(cluster.iter().map(|cluster| format!("--clusters={cluster}")));
        match ask("squeue", &arguments, PATIENCE) {
            Ok(text) => queue.read_queue(&text),
            // It has forgotten the one job that it was asked for.
            Err(Trouble::Refused { said, .. }) if said.contains("Invalid job id") => {}
            Err(trouble) => return Err(trouble),
        }
        let mut arguments: Vec<String> =
            ["--parsable2", "--noheader", "--allocations", ACCOUNT_FORMAT].into_iter().map(str::to_owned).collect();
        arguments.push(format!("--jobs={numbers}"));
        arguments.extend(cluster.iter().map(|cluster| format!("--clusters={cluster}")));
        if let Ok(text) = ask("sacct", &arguments, PATIENCE) {
            queue.read_account(&text);
        }
    }
    Ok(queue)
}

/// The jobs of each question: of one cluster, and not too many.
fn questions(jobs: &[Job]) -> Vec<(Option<String>, String)> {
    let mut jobs: Vec<&Job> = jobs.iter().collect();
    jobs.sort_by_key(|job| (&job.cluster, job.number));
    jobs.dedup();
    let of_a_cluster = jobs.chunk_by(|a, b| a.cluster == b.cluster);
    let questions = of_a_cluster.flat_map(|jobs| jobs.chunks(JOBS_A_QUESTION)).map(|jobs| {
        let numbers: Vec<String> = jobs.iter().map(|job| job.number.to_string()).collect();
        (jobs[0].cluster.clone(), numbers.join(","))
    });
    questions.collect()
}

/// Submits a batch job; gives its number.
///
/// # Errors
/// When `sbatch` refuses it, or does not answer: then nobody knows whether it was submitted.
pub fn submit(arguments: &[String]) -> Result<Job, Trouble> {
    let text = ask("sbatch", arguments, PATIENCE_TO_SUBMIT)?;
    let (number, cluster) =
        queue::submitted(&text).ok_or_else(|| Trouble::Strange { program: "sbatch", said: text.trim().to_owned() })?;
    Ok(Job { number, cluster })
}

/// Takes a job out of the queue that waits there.
///
/// # Errors
/// When `scancel` says that it cannot.
pub fn cancel(job: &Job) -> Result<(), Trouble> {
    let mut arguments = vec!["--state=PENDING".to_owned(), job.number.to_string()];
    arguments.extend(job.cluster.iter().map(|cluster| format!("--clusters={cluster}")));
    ask("scancel", &arguments, PATIENCE).map(drop)
}

/// What a program prints to standard output.
fn ask(program: &'static str, arguments: &[String], patience: Duration) -> Result<String, Trouble> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A person's habits of looking at the queue (only one partition, only some states) would hide what is asked for.
    let habits = env::vars_os().map(|(name, _)| name);
    let habits = habits
        .filter(|name| name.to_str().is_some_and(|name| name.starts_with("SQUEUE_") || name.starts_with("SACCT_")));
    for name in habits {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Trouble::Absent { program },
        _ => Trouble::NotStarted { program, source },
    })?;
    let out = collected(child.stdout.take());
    let err = collected(child.stderr.take());
    let silent = || Trouble::Silent { program, seconds: patience.as_secs() };
    let answers = out.recv_timeout(patience).and_then(|out| Ok((out, err.recv_timeout(PATIENCE)?)));
    let Ok((out, err)) = answers else {
        // It may have ended just now.
        let _ = child.kill();
        let _ = child.wait();
        return Err(silent());
    };
    let status = child.wait().map_err(|source| Trouble::NotStarted { program, source })?;
    if status.success() {
        return Ok(out);
    }
    let said = if err.trim().is_empty() { status.to_string() } else { err.trim().to_owned() };
    Err(Trouble::Refused { program, said })
}

/// Bytes that an answer may have; the rest is not read.
const LONGEST_ANSWER: u64 = 64 << 20;

/// All that comes out of a pipe, once its other end is closed.
fn collected(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error counts.
            let _ = pipe.take(LONGEST_ANSWER).read_to_end(&mut bytes);
        }
        // Nobody waits any more where it took too long.
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask_shell(script: &str, patience: Duration) -> Result<String, Trouble> {
        ask("sh", &["-c".into(), script.into()], patience)
    }

    #[test]
    fn programs_answer_or_it_is_said_why_not() {
        let long = Duration::from_mins(1);
        assert_eq!(ask_shell("echo yes; echo no >&2", long).unwrap(), "yes\n");
        let refused = ask_shell("echo why >&2; exit 3", long).unwrap_err();
        assert_eq!(refused.to_string(), "`sh` says: why");
        assert_eq!(ask_shell("exit 3", long).unwrap_err().to_string(), "`sh` says: exit status: 3");
        let absent = ask("no-such-program", &[], long).unwrap_err();
        assert!(matches!(absent, Trouble::Absent { .. }), "{absent}");
        let silent = ask_shell("exec sleep 600", Duration::from_millis(50)).unwrap_err();
        assert!(matches!(silent, Trouble::Silent { .. }), "{silent}");
        let much = ask_shell("head -c 3000000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero >&2", long).unwrap();
        assert_eq!(much.len(), 3_000_000);
    }

    #[test]
    fn jobs_of_a_cluster_are_asked_for_together() {
        let job = |number, cluster: Option<&str>| Job { number, cluster: cluster.map(str::to_owned) };
        let jobs = [job(5, None), job(3, None), job(3, None), job(9, Some("north")), job(2, Some("north"))];
        assert_eq!(questions(&jobs), [(None, "3,5".into()), (Some("north".into()), "2,9".into())]);
        assert_eq!(questions(&[]), []);
        let many: Vec<Job> = (1..=1200).map(|number| job(number, None)).collect();
        assert_eq!(questions(&many).len(), 3);
    }
}
