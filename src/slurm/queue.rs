//! What Slurm says of jobs: the answers of `squeue`, `sacct` and `scontrol`, read strictly. A line that is not as it should be
//! is counted, and nothing is made of it.

use std::collections::BTreeMap;

use super::array::{Most, whole};

/// What Slurm has a job for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It waits.
    Waiting,
    /// It has a node.
    Running,
    /// Slurm is done with it.
    Ended,
}

/// What Slurm says of one job, or of one index of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it has the job for.
    pub held: Held,
    /// Slurm's word for its state, such as `OUT_OF_MEMORY`.
    pub word: String,
    /// Why it waits, where Slurm says it.
    pub reason: Option<String>,
}

/// What Slurm says of some jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// By the job's number, and the index for those of arrays.
    jobs: BTreeMap<(u64, Option<u64>), Told>,
    /// Lines that were not as they should be.
    pub strange: usize,
}

/// What `squeue` is asked to print: the number of the array, the index in it, the state, and why it waits.
pub(super) const QUEUE_FORMAT: &str = "--format=%F|%K|%T|%r";
/// What `sacct` is asked to print.
pub(super) const ACCOUNT_FORMAT: &str = "--format=JobID,State";

impl Queue {
    /// What is said of the job, or of that index of it.
    #[must_use]
    pub fn of(&self, job: u64, index: Option<u64>) -> Option<&Told> {
        self.jobs.get(&(job, index))
    }

    /// Whether Slurm has anything of a job that is not ended.
    #[must_use]
    pub fn holds(&self, job: u64) -> bool {
        self.jobs.range((job, None)..=(job, Some(u64::MAX))).any(|(_, told)| told.held != Held::Ended)
    }

    /// Reads what `squeue` prints.
    pub(super) fn read_queue(&mut self, text: &str) {
        for line in lines(text) {
            self.note(queue_line(line));
        }
    }

    /// Reads what `sacct` prints of jobs that `squeue` said nothing of.
    pub(super) fn read_account(&mut self, text: &str) {
        // Indices that wait stand together there, and `squeue` has told of each.
        for line in lines(text).filter(|line| !line.contains("_[")) {
            match account_line(line) {
                Some((key, told)) => drop(self.jobs.entry(key).or_insert(told)),
                None => self.strange += 1,
            }
        }
    }

    fn note(&mut self, line: Option<((u64, Option<u64>), Told)>) {
        match line {
            Some((key, told)) => drop(self.jobs.insert(key, told)),
            None => self.strange += 1,
        }
    }
}

/// Lines with something in them. Where several clusters are asked, each begins with a line that names it.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("CLUSTER: "))
}

fn queue_line(line: &str) -> Option<((u64, Option<u64>), Told)> {
    let mut parts = line.splitn(4, '|');
    let (job, index, word) = (number(parts.next()?)?, parts.next()?, parts.next()?);
    let reason = parts.next()?.trim();
    let index = match index {
        "N/A" => None,
        index => Some(number(index)?),
    };
    let reason = (!matches!(reason, "" | "None")).then(|| reason.to_owned());
    Some(((job, index), told(word, reason)?))
}

fn account_line(line: &str) -> Option<((u64, Option<u64>), Told)> {
    let (id, word) = line.split_once('|')?;
    let (job, index) = match id.split_once('_') {
        Some((job, index)) => (job, Some(number(index)?)),
        None => (id, None),
    };
    // `CANCELLED by 1000`
    let word = word.split(' ').next()?;
    Some(((number(job)?, index), told(word, None)?))
}

/// A number as Slurm prints it: digits, and few enough.
fn number(text: &str) -> Option<u64> {
    whole(text).filter(|_| !text.is_empty())
}

fn told(word: &str, reason: Option<String>) -> Option<Told> {
    let is_word =
        !word.is_empty() && word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_word.then(|| Told { held: held(word), word: word.to_owned(), reason })
}

/// What a state means. A word that is not known is a job that Slurm may well have: nobody sends its task again.
fn held(word: &str) -> Held {
    match word {
        "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_FED" | "REQUEUE_HOLD" | "RESV_DEL_HOLD" | "SPECIAL_EXIT" => {
            Held::Waiting
        }
        "BOOT_FAIL" | "CANCELLED" | "COMPLETED" | "DEADLINE" | "FAILED" | "LAUNCH_FAILED" | "NODE_FAIL"
        | "OUT_OF_MEMORY" | "PREEMPTED" | "RECONFIG_FAIL" | "REVOKED" | "TIMEOUT" => Held::Ended,
        _ => Held::Running,
    }
}

/// What a site allows arrays to have, from what `scontrol show config` prints; `None` where it does not say it.
#[must_use]
pub fn most(config: &str) -> Option<Most> {
    let value = |name: &str| {
        let mut lines = config.lines().filter_map(|line| line.split_once('='));
        lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let size = number(&value("MaxArraySize")?)?;
    let parameters = value("SchedulerParameters").unwrap_or_default();
    let tasks = parameters.split(',').find_map(|parameter| number(parameter.strip_prefix("max_array_tasks=")?));
    Some(Most { tasks: tasks.unwrap_or(u64::MAX), ..Most::of_size(size) })
}

/// The number of a job that was submitted, and its cluster, from what `sbatch --parsable` prints: `123` or `123;cluster`.
pub(super) fn submitted(text: &str) -> Option<(u64, Option<String>)> {
    // A site may print a message of its own before it.
    let line = text.trim_end().lines().next_back()?;
    let (job, cluster) = line.split_once(';').map_or((line, None), |(job, cluster)| (job, Some(cluster)));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match cluster {
        Some(cluster) if !is_name(cluster) => None,
        cluster => Some((number(job).filter(|job| *job > 0)?, cluster.map(str::to_owned))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_read() {
        let mut queue = Queue::default();
        queue.read_queue(
            "12|1|COMPLETING|None\n12|3|PENDING|JobArrayTaskLimit\n12|2|RUNNING|None\n13|N/A|PENDING|Dependency\n\
             CLUSTER: main\n14|7|FAILED|NonZeroExitCode\n15|1|PENDING|(a|b)\n16|1|SOMETHING_NEW|None\n",
        );
        let told = |job, index| queue.of(job, index).map(|told| told.held);
        assert_eq!(told(12, Some(1)), Some(Held::Running));
        assert_eq!(told(12, Some(3)), Some(Held::Waiting));
        assert_eq!(told(13, None), Some(Held::Waiting));
        assert_eq!(told(14, Some(7)), Some(Held::Ended));
        assert_eq!(told(16, Some(1)), Some(Held::Running), "what is not known is not sent again");
        assert_eq!(told(12, Some(9)), None);
        assert_eq!(queue.of(12, Some(3)).unwrap().reason.as_deref(), Some("JobArrayTaskLimit"));
        assert_eq!(queue.of(15, Some(1)).unwrap().reason.as_deref(), Some("(a|b)"));
        assert_eq!(queue.of(12, Some(2)).unwrap().reason, None);
        assert!(queue.holds(12) && queue.holds(13) && !queue.holds(14) && !queue.holds(17));
        assert_eq!(queue.strange, 0);
    }

    #[test]
    fn lines_that_are_not_as_they_should_be_count_for_nothing() {
        let mut queue = Queue::default();
        let wrong = "x|1|RUNNING|None\n12|1|running|None\n12|1|RUNNING\n12|-1|RUNNING|\n12|[3-9]|PENDING|x\n|1|RUNNING|None\n\
                     slurm_load_jobs error: Unable to contact slurm controller\n99999999999999999999|1|RUNNING|None\n";
        queue.read_queue(wrong);
        assert_eq!(queue, Queue { strange: wrong.lines().count(), ..Queue::default() });
        queue.read_account("12_3.batch|COMPLETED\n12_x|FAILED\n12_[4-9%2]|PENDING\n12_3\n");
        assert_eq!((queue.jobs.len(), queue.strange), (0, wrong.lines().count() + 3));
    }

    #[test]
    fn the_account_says_what_the_queue_has_forgotten() {
        let mut queue = Queue::default();
        queue.read_queue("12|1|PENDING|BeginTime\n");
        queue.read_account("12_1|PREEMPTED\n12_2|OUT_OF_MEMORY\n12_3|CANCELLED by 1000\n13|COMPLETED\n");
        assert_eq!(queue.of(12, Some(1)).unwrap().word, "PENDING", "it was requeued");
        assert_eq!(queue.of(12, Some(2)).unwrap().word, "OUT_OF_MEMORY");
        assert_eq!(queue.of(12, Some(3)).unwrap().word, "CANCELLED");
        assert_eq!(queue.of(13, None).unwrap().held, Held::Ended);
    }

    #[test]
    fn the_configuration_of_a_site_is_read() {
        let config = "Configuration data as of 2026-11-26T08:07:01\nMaxArraySize            = 1001\nMaxJobCount = 10000\n\
                      SchedulerParameters     = batch_sched_delay=0,max_array_tasks=500,sched_interval=1\n";
        assert_eq!(most(config), Some(Most { index: 1000, tasks: 500 }));
        assert_eq!(most("MaxArraySize = 61\nSchedulerParameters = (null)\n"), Some(Most::of_size(61)));
        assert_eq!(most("NotMaxArraySize = 61\n"), None);
        assert_eq!(most("MaxArraySize = many\n"), None);
    }

    #[test]
    fn the_number_of_a_job_is_read() {
        assert_eq!(submitted("123\n"), Some((123, None)));
        assert_eq!(submitted("Welcome to the site\n123;north\n"), Some((123, Some("north".into()))));
        for wrong in ["", "\n", "0", "Submitted batch job 5", "12;", "12;a b", "-5", "1 2"] {
            assert_eq!(submitted(wrong), None, "{wrong:?}");
        }
    }
}
