//! How the tasks of a sweep stand: from what Slurm says of their jobs, what each attempt has noted beside the results, and the
//! runs that are missing. Nobody is asked here.

use std::collections::BTreeMap;

use super::documents::Jobs;
use super::queue::{Held, Queue, Told};
use crate::store::Note;

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All its runs have ended.
    Done,
    /// It is at work.
    Running,
    /// Slurm has it, and no node for it yet.
    Waiting,
    /// It was told to stop, and has saved what it had.
    Stopped,
    /// It has ended with an error.
    Failed,
    /// It has begun, nobody has it any more, and it has not said how it ended.
    Lost,
    /// Nobody has it, and it has never begun.
    NotBegun,
    /// It was submitted, and Slurm, which may have it, does not answer.
    Unknown,
}

impl State {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Running,
        Self::Waiting,
        Self::Stopped,
        Self::Failed,
        Self::Lost,
        Self::NotBegun,
        Self::Unknown,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::NotBegun => "not begun",
            Self::Unknown => "unknown",
        }
    }

    /// Whether somebody has it, or may have it: it will go on without being sent again.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(self, Self::Running | Self::Waiting | Self::Unknown)
    }
}

/// How an attempt at a shard has ended, if it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has not, or has not said so.
    Working,
    /// All was saved.
    Ended,
    /// It was told to stop, and did.
    Stopped,
    /// With an error.
    Failed,
}

/// What one attempt at a shard has noted.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which shard, from 1.
    pub shard: u64,
    /// Of how many.
    pub of: u64,
    /// How it ended.
    pub ending: Ending,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it began, by the clock of its machine, in UTC.
    pub began: String,
    /// The job of Slurm and the index in it, where it was one.
    pub job: Option<(u64, u64)>,
    /// Runs that it has ended.
    pub ended: u64,
    /// Seconds that it has worked.
    pub seconds: f64,
    /// Whether it has noted something lately.
    pub is_at_work: bool,
}

impl Attempt {
    /// What a note says; `None` where it is none of an attempt.
    #[must_use]
    pub fn read(note: &Note, is_at_work: bool) -> Option<Self> {
        let ending = match note.get("state")?.as_str()? {
            "working" => Ending::Working,
            "ended" => Ending::Ended,
            "stopped" => Ending::Stopped,
            "failed" => Ending::Failed,
            _ => return None,
        };
        let (shard, of) = (note.get("shard")?.as_u64()?, note.get("of")?.as_u64()?);
        let job = note.get("slurm").filter(|slurm| slurm.is_object()).and_then(|slurm| {
            let number = |name: &str| slurm.get(name)?.as_str()?.parse().ok();
            Some((number("job")?, number("task")?))
        });
        let runs = note.get("runs")?.as_object()?;
        let count = |name: &&str| runs.get(*name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        (1..=of).contains(&shard).then(|| Self {
            shard,
            of,
            ending,
            reason: note.get("reason").and_then(|reason| reason.as_str()).map(str::to_owned),
            began: note.get("began").and_then(|began| began.as_str()).unwrap_or_default().to_owned(),
            job,
            ended: ["finished", "diverged", "failed", "timed_out"].iter().map(count).sum(),
            seconds: note.get("seconds").and_then(serde_json::Value::as_f64).unwrap_or(0.0),
            is_at_work,
        })
    }

    /// Runs a second, where it has worked.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.ended as f64 / self.seconds } else { 0.0 }
    }
}

/// A task of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its number, from 1.
    pub number: u64,
    /// How it stands.
    pub state: State,
    /// Why, where something is known.
    pub why: Option<String>,
    /// The job and the index in it that it had, or has.
    pub job: Option<(u64, u64)>,
    /// Its runs that have not ended.
    pub missing: u64,
}

/// All that is known of the tasks of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Runs that have not ended, of each task.
    pub missing: &'a [u64],
    /// What was submitted.
    pub jobs: &'a Jobs,
    /// What Slurm says of these jobs, asked before anything else was looked at; `None` where it was not asked, or did not
    /// answer.
    pub queue: Option<&'a Queue>,
    /// Whether Slurm was asked and did not answer: it may have anything that was submitted.
    pub is_silent: bool,
    /// What attempts have noted.
    pub attempts: &'a [Attempt],
}

impl Known<'_> {
    /// How every task stands.
    #[must_use]
    pub fn tasks(&self) -> Vec<Task> {
        let of = self.missing.len() as u64;
        let mut submitted: BTreeMap<u64, Vec<Sent>> = BTreeMap::new();
        for submission in &self.jobs.submissions {
            for (task, index) in submission.tasks() {
                let sent = Sent { job: (submission.job, index), retries: submission.retry_failed };
                submitted.entry(task).or_default().push(sent);
            }
        }
        let mut attempts: BTreeMap<u64, &Attempt> = BTreeMap::new();
        for attempt in self.attempts.iter().filter(|attempt| attempt.of == of && self.is_ours(attempt)) {
            let last = attempts.entry(attempt.shard).or_insert(attempt);
            // One that works counts more than one that has ended, whatever their clocks say.
            if (attempt.is_at_work, &attempt.began) >= (last.is_at_work, &last.began) {
                *last = attempt;
            }
        }
        let task = |(number, &missing): (u64, &u64)| {
            let sent = submitted.get(&number).map_or(&[][..], Vec::as_slice);
            self.task(number, missing, sent, attempts.get(&number).copied())
        };
        (1..).zip(self.missing).map(task).collect()
    }

    /// Whether an attempt is one of what was submitted, or of nothing that was: an older submission may have divided the sweep
    /// otherwise.
    fn is_ours(&self, attempt: &Attempt) -> bool {
        let submissions = &self.jobs.submissions;
        attempt.job.is_none_or(|(job, _)| submissions.is_empty() || submissions.iter().any(|sent| sent.job == job))
    }

    fn task(&self, number: u64, missing: u64, sent: &[Sent], attempt: Option<&Attempt>) -> Task {
        let told = |sent: &Sent| self.queue.and_then(|queue| queue.of(sent.job.0, Some(sent.job.1)));
        let held = sent.iter().rev().find_map(|sent| {
            let told = told(sent)?;
            (told.held != Held::Ended && (missing > 0 || sent.retries)).then_some((sent, told))
        });
        let last = sent.last();
        let job = last.map(|sent| sent.job).or_else(|| attempt.and_then(|attempt| attempt.job));
        let is = |state, why: Option<String>| Task { number, state, why, job, missing };
        if let Some((sent, told)) = held {
            let state = if told.held == Held::Waiting { State::Waiting } else { State::Running };
            return Task { job: Some(sent.job), ..is(state, told.reason.clone()) };
        }
        if missing == 0 {
            return is(State::Done, None);
        }
        let works = attempt.is_some_and(|attempt| attempt.ending == Ending::Working && attempt.is_at_work);
        if self.is_silent && last.is_some() && !works {
            return is(State::Unknown, None);
        }
        let word = last.and_then(told).map(|told| format!("Slurm says {}", told.word));
        let Some(attempt) = attempt else {
            return match (&word, last.and_then(told).is_some_and(has_failed)) {
                (None, _) => is(State::NotBegun, None),
                (Some(_), true) => is(State::Failed, word),
                (Some(_), false) => is(State::NotBegun, word),
            };
        };
        match attempt.ending {
            // That it has ended with the code for that is FAILED to Slurm.
            Ending::Stopped => is(State::Stopped, word.filter(|_| !last.and_then(told).is_some_and(has_failed))),
            Ending::Failed => is(State::Failed, attempt.reason.clone().or(word)),
            Ending::Ended => is(State::Stopped, Some("it ended before these runs were asked for".into())),
            // Slurm was asked before the note was read, so that it had the job until it was over.
            Ending::Working if self.queue.is_some() && attempt.job.is_some() => {
                is(State::Lost, word.or_else(|| Some("Slurm has it no more".into())))
            }
            Ending::Working if attempt.is_at_work => is(State::Running, None),
            Ending::Working => is(State::Lost, Some("it has noted nothing for a while".into())),
        }
    }
}

/// Whether Slurm takes it to have ended with an error.
fn has_failed(told: &Told) -> bool {
    told.word == "FAILED"
}

/// A task that was submitted.
#[derive(Clone, Copy, Debug)]
struct Sent {
    job: (u64, u64),
    retries: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::array::Array;
    use crate::slurm::documents::Submission;
    use crate::slurm::site::Job;

    fn attempt(shard: u64, ending: Ending, job: Option<(u64, u64)>) -> Attempt {
        Attempt {
            shard,
            of: 8,
            ending,
            reason: (ending == Ending::Failed).then(|| "no space".into()),
            began: "2026-11-26T08:00:00Z".into(),
            job,
            ended: 3,
            seconds: 6.0,
            is_at_work: false,
        }
    }

    fn submission(job: u64, offset: u64, indices: &[u64]) -> Submission {
        let array = Array { offset, indices: indices.to_vec(), limit: None };
        Submission::new(Job { number: job, cluster: None }, Some(&array), String::new(), false)
    }

    fn queue(text: &str) -> Queue {
        let mut queue = Queue::default();
        queue.read_queue(text);
        assert_eq!(queue.strange, 0);
        queue
    }

    fn states(known: Known<'_>) -> Vec<State> {
        known.tasks().into_iter().map(|task| task.state).collect()
    }

    #[test]
    fn slurm_and_the_notes_together_tell_how_tasks_stand() {
        let mut jobs = Jobs::default();
        jobs.submissions.push(submission(12, 0, &[1, 2, 3, 4]));
        jobs.submissions.push(submission(13, 4, &[1, 2, 3, 4]));
        let queue = queue(
            "12|1|RUNNING|None\n12|2|PENDING|Priority\n12|3|OUT_OF_MEMORY|None\n12|4|CANCELLED|None\n13|1|FAILED|x\n\
             13|2|COMPLETED|None\n13|3|FAILED|NonZeroExitCode\n",
        );
        let attempts = [
            attempt(2, Ending::Stopped, Some((12, 2))),
            attempt(7, Ending::Stopped, Some((13, 3))),
            attempt(3, Ending::Working, Some((12, 3))),
            attempt(4, Ending::Stopped, Some((12, 4))),
            attempt(5, Ending::Failed, Some((13, 1))),
            attempt(6, Ending::Ended, Some((13, 2))),
            // Of another division, and of a submission that is not ours.
            Attempt { of: 9, ..attempt(8, Ending::Failed, None) },
            attempt(8, Ending::Failed, Some((11, 8))),
        ];
        let missing = [5, 4, 3, 2, 1, 0, 1, 1];
        let known =
            Known { missing: &missing, jobs: &jobs, queue: Some(&queue), is_silent: false, attempts: &attempts };
        let tasks = known.tasks();
        let found: Vec<(State, Option<&str>)> = tasks.iter().map(|task| (task.state, task.why.as_deref())).collect();
        assert_eq!(
            found,
            [
                (State::Running, None),
                (State::Waiting, Some("Priority")),
                (State::Lost, Some("Slurm says OUT_OF_MEMORY")),
                (State::Stopped, Some("Slurm says CANCELLED")),
                (State::Failed, Some("no space")),
                (State::Done, None),
                (State::Stopped, None),
                (State::NotBegun, None),
            ]
        );
        assert_eq!(tasks[4].job, Some((13, 1)));
        let never = Known { attempts: &attempts[..1], ..known }.tasks();
        assert_eq!((never[6].state, never[6].why.as_deref()), (State::Failed, Some("Slurm says FAILED")));
    }

    #[test]
    fn a_task_that_was_sent_again_is_as_its_last_job() {
        let mut jobs = Jobs::default();
        jobs.submissions.push(submission(12, 0, &[1, 2]));
        jobs.submissions.push(submission(15, 0, &[1, 2]));
        let attempts = [attempt(1, Ending::Failed, Some((12, 1)))].map(|attempt| Attempt { of: 2, ..attempt });
        let answer = queue("12|1|FAILED|x\n15|1|PENDING|Resources\n12|2|RUNNING|None\n15|2|FAILED|x\n");
        let known =
            Known { missing: &[3, 3], jobs: &jobs, queue: Some(&answer), is_silent: false, attempts: &attempts };
        assert_eq!(states(known), [State::Waiting, State::Running], "whoever has it");
        // Runs that failed count as ended; a task that tries them again is at work all the same.
        let answer = queue("15|1|RUNNING|None\n");
        let none = Known { missing: &[0, 0], queue: Some(&answer), ..known };
        assert_eq!(states(none), [State::Done, State::Done]);
        jobs.submissions[1].retry_failed = true;
        let none = Known { missing: &[0, 0], jobs: &jobs, queue: Some(&answer), is_silent: false, attempts: &attempts };
        assert_eq!(states(none), [State::Running, State::Done]);
    }

    #[test]
    fn without_slurm_the_notes_tell() {
        let working = |shard, is_at_work| Attempt { is_at_work, ..attempt(shard, Ending::Working, None) };
        let attempts =
            [working(1, true), working(2, false), attempt(3, Ending::Stopped, None), attempt(2, Ending::Ended, None)];
        let jobs = Jobs::default();
        let missing = [1, 1, 1, 1, 0, 0, 0, 0];
        let known = Known { missing: &missing, jobs: &jobs, queue: None, is_silent: false, attempts: &attempts[..3] };
        let expected = [State::Running, State::Lost, State::Stopped, State::NotBegun];
        assert_eq!(states(known)[..4], expected);
        // Of two attempts, the one that began later counts.
        let later = Attempt { began: "2026-11-26T09:00:00Z".into(), ..attempts[3].clone() };
        let two = [attempts[1].clone(), later];
        assert_eq!(states(Known { attempts: &two, ..known })[1], State::Stopped);
        // A job that Slurm was not asked for may still be at work.
        let slurm = [Attempt { is_at_work: true, ..attempt(1, Ending::Working, Some((12, 1))) }];
        assert_eq!(states(Known { attempts: &slurm, ..known })[0], State::Running);
        assert_eq!(states(Known { attempts: &slurm, queue: Some(&Queue::default()), ..known })[0], State::Lost);
    }

    #[test]
    fn where_slurm_does_not_answer_it_may_have_what_was_submitted() {
        let mut jobs = Jobs::default();
        let array = Array { offset: 0, indices: vec![1, 2, 3], limit: None };
        let job = Job { number: 12, cluster: None };
        jobs.submissions.push(Submission::new(job, Some(&array), "2026-11-26T08:00:00Z".into(), false));
        let attempts = [
            Attempt { is_at_work: true, ..attempt(1, Ending::Working, Some((12, 1))) },
            attempt(2, Ending::Stopped, Some((12, 2))),
        ];
        let missing = [1, 1, 1, 0, 1, 0, 0, 0];
        let known = Known { missing: &missing, jobs: &jobs, queue: None, is_silent: true, attempts: &attempts };
        let expected = [State::Running, State::Unknown, State::Unknown, State::Done, State::NotBegun];
        assert_eq!(states(known)[..5], expected);
    }

    #[test]
    fn notes_are_read_or_left() {
        let note = serde_json::json!({
            "shard": 3, "of": 8, "state": "working", "reason": null, "began": "2026-11-26T08:00:00Z",
            "slurm": {"job": "12", "task": "3", "restart": 0},
            "runs": {"to_do": 10, "finished": 3, "diverged": 1, "failed": 0, "timed_out": 0}, "seconds": 8.0,
        });
        let read = |note: &serde_json::Value| Attempt::read(note.as_object().unwrap(), true);
        let attempt = read(&note).unwrap();
        assert_eq!((attempt.shard, attempt.of, attempt.job, attempt.ended), (3, 8, Some((12, 3)), 4));
        assert_eq!(attempt.rate(), 0.5);
        for (key, wrong) in [("shard", 9.into()), ("shard", 0.into()), ("state", "odd".into()), ("runs", 3.into())] {
            let mut note = note.clone();
            note[key] = wrong;
            assert_eq!(read(&note), None, "{key}");
        }
        let mut by_hand = note;
        by_hand["slurm"] = serde_json::Value::Null;
        assert_eq!(read(&by_hand).unwrap().job, None);
    }
}
