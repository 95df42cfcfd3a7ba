//! What Slurm is given: two scripts whose text is always the same, and the arguments of `sbatch`.

use super::array::Array;
use super::site::Job;

/// The script of the tasks, and its name.
pub const TASK: (&str, &str) = (
    "task.sh",
    "#!/bin/sh
# Written by Ablate: one task of an array. $1 is the folder of this script, and what follows says which tasks these are.
cd -- \"$1\" || exit 1
shift
program=$(cat program && printf .) || exit 1
exec \"${program%.}\" slurm --task-of arguments.json \"$@\"
",
);

/// The script that gathers what the tasks have left, and its name.
pub const GATHER: (&str, &str) = (
    "gather.sh",
    "#!/bin/sh
# Written by Ablate: gathers what the tasks have saved. $1 is the folder of this script.
cd -- \"$1\" || exit 1
program=$(cat program && printf .) || exit 1
exec \"${program%.}\" slurm --gather-of arguments.json
",
);

/// The folder of the logs, beside the scripts.
pub const LOGS: &str = "logs";

/// Seconds before the end of its time at which a task is told to save what it has. Slurm may tell it up to a minute earlier.
pub const SECONDS_TO_SAVE: u64 = 120;

/// What a task may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Processors, each with a worker.
    pub cpus: u64,
    /// Memory, in millions of bytes as Slurm counts them (2^20).
    pub megabytes: u64,
    /// GPUs.
    pub gpus: u64,
    /// Minutes after which it is ended.
    pub minutes: u64,
}

impl Resources {
    fn options(&self) -> Vec<String> {
        let mut options = vec![
            "--nodes=1".to_owned(),
            "--ntasks=1".to_owned(),
            format!("--cpus-per-task={}", self.cpus),
            format!("--mem={}M", self.megabytes),
            format!("--time={}", self.minutes),
        ];
        if self.gpus > 0 {
            options.push(format!("--gres=gpu:{}", self.gpus));
        }
        options
    }
}

/// What is submitted.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The sweep's name.
    pub sweep: &'a str,
    /// The folder of the scripts: absolute.
    pub folder: &'a str,
    /// What each task may use, or the one that gathers.
    pub resources: Resources,
    /// What the user passes on to `sbatch`.
    pub options: &'a [String],
}

impl Batch<'_> {
    /// Arguments of `sbatch` for an array of tasks. The user's options come after Ablate's defaults, so that they win, and
    /// before what the tasks cannot do without.
    #[must_use]
    pub fn tasks(&self, array: &Array, retry_failed: bool) -> Vec<String> {
        let mut arguments = self.begin("");
        let mut resources = self.resources.options();
        // Slurm takes one of the two.
        let per_unit = |option: &String| option.starts_with("--mem-per-");
        resources.retain(|option| !option.starts_with("--mem=") || !self.options.iter().any(per_unit));
        arguments.extend(resources);
        arguments.push("--requeue".to_owned());
        arguments.extend(self.options.iter().cloned());
        arguments.push(array.option());
        arguments.extend(self.place("%A_%a"));
        arguments.push(format!("--signal=B:USR1@{SECONDS_TO_SAVE}"));
        arguments.extend([self.path(TASK.0), self.folder.to_owned(), format!("--offset={}", array.offset)]);
        arguments.extend(retry_failed.then(|| "--retry-failed".to_owned()));
        arguments
    }

    /// Arguments of `sbatch` for the job that gathers, once these jobs have ended, however they did.
    #[must_use]
    pub fn gather(&self, after: &[Job]) -> Vec<String> {
        let mut arguments = self.begin("-gather");
        arguments.extend(self.resources.options());
        arguments.push("--requeue".to_owned());
        arguments.extend(of_any_job(self.options));
        if !after.is_empty() {
            let jobs: Vec<String> = after.iter().map(|job| job.number.to_string()).collect();
            arguments.push(format!("--dependency=afterany:{}", jobs.join(":")));
        }
        arguments.extend(self.place("gather-%j"));
        arguments.extend([self.path(GATHER.0), self.folder.to_owned()]);
        arguments
    }

    fn begin(&self, ending: &str) -> Vec<String> {
        vec!["--parsable".to_owned(), format!("--job-name=ablate-{}{ending}", self.sweep)]
    }

    fn place(&self, log: &str) -> [String; 3] {
        // Slurm puts numbers in the place of what follows a %, in the folder's own name too.
        let folder = self.folder.replace('%', "%%");
        [
            format!("--chdir={}", self.folder),
            format!("--output={folder}/{LOGS}/{log}.log"),
            "--open-mode=append".to_owned(),
        ]
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// An option of `sbatch` that is not passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option} is not passed on to sbatch: {why}")]
pub struct Refused {
    /// As it was given.
    pub option: String,
    /// Why, and what to do instead.
    pub why: &'static str,
}

/// Options that are not passed on: the long name, the short one, and why.
const REFUSED: [(&str, Option<char>, &str); 17] = [
    ("array", Some('a'), "--tasks says how many tasks there are, and --array-limit how many run at a time"),
    ("chdir", Some('D'), "tasks run in the folder of their scripts; --results says where that is"),
    ("workdir", None, "tasks run in the folder of their scripts; --results says where that is"),
    ("output", Some('o'), "`ablate status` looks for logs under slurm/logs of the results"),
    ("error", Some('e'), "`ablate status` looks for logs under slurm/logs of the results"),
    ("input", Some('i'), "a task reads no input"),
    ("open-mode", None, "a task that is requeued goes on writing to its log"),
    ("signal", None, "tasks are told two minutes before their time ends, and save what they have"),
    ("wrap", None, "Ablate brings its own script"),
    ("wait", Some('W'), "`ablate status --watch` follows the tasks"),
    ("parsable", None, "Ablate reads the number of the job itself"),
    ("test-only", None, "--dry-run shows what would be submitted"),
    ("ntasks", Some('n'), "a task is one process on one node; --cpus says how many processors it has"),
    ("nodes", Some('N'), "a task is one process on one node; --cpus says how many processors it has"),
    ("help", Some('h'), "`sbatch --help` shows it"),
    ("version", Some('V'), "`sbatch --version` shows it"),
    ("usage", None, "`sbatch --usage` shows it"),
];

/// Short options of `sbatch` that take no value.
const FLAGS: &str = "HIkOQsvWhV";

/// Options that say what a task needs, which is not what the job needs that gathers: the long name, and the short one.
const OF_TASKS: [(&str, Option<char>); 24] = [
    ("mem", None),
    ("mem-per-cpu", None),
    ("mem-per-gpu", None),
    ("mem-bind", None),
    ("time", Some('t')),
    ("time-min", None),
    ("cpus-per-task", Some('c')),
    ("cpus-per-gpu", None),
    ("mincpus", None),
    ("gres", None),
    ("gres-flags", None),
    ("gpus", Some('G')),
    ("gpus-per-node", None),
    ("gpus-per-task", None),
    ("gpus-per-socket", None),
    ("gpu-bind", None),
    ("gpu-freq", None),
    ("tres-per-task", None),
    ("exclusive", None),
    ("cores-per-socket", None),
    ("sockets-per-node", None),
    ("threads-per-core", None),
    ("extra-node-info", Some('B')),
    ("tmp", None),
];

/// Those options that any job of the user's should have: partition, account and the like.
fn of_any_job(options: &[String]) -> impl Iterator<Item = String> {
    let mut kept = Vec::new();
    // Whether the next word is the value of an option, and that option is kept.
    let mut value_of: Option<bool> = None;
    for option in options {
        let is_kept = value_of.take().unwrap_or_else(|| {
            let word = option.trim_start_matches('-');
            let name = word.split_once('=').map_or(word, |(name, _)| name);
            let letter = word.chars().next();
            let is_long = option.starts_with("--");
            let of_tasks = |(full, short): &(&str, Option<char>)| {
                if is_long { *full == name || (name.len() >= 2 && full.starts_with(name)) } else { *short == letter }
            };
            let is_kept = !OF_TASKS.iter().any(of_tasks);
            let value_follows = !is_long && word.len() == 1 && letter.is_some_and(|letter| !FLAGS.contains(letter));
            value_of = value_follows.then_some(is_kept);
            is_kept
        });
        kept.extend(is_kept.then(|| option.clone()));
    }
    kept.into_iter()
}

/// Whether these options can be passed on to `sbatch`.
///
/// # Errors
/// The first that cannot: one that would undo what tasks need, or a word that is no option, which `sbatch` would take for the
/// script.
pub fn check(options: &[String]) -> Result<(), Refused> {
    let mut value_follows = false;
    for option in options {
        let refused = |why| Err(Refused { option: option.clone(), why });
        if option.contains(['\0', '\n']) {
            return refused("it holds a line break");
        }
        // The value of a short option may stand by itself: -p long.
        if std::mem::take(&mut value_follows) {
            continue;
        }
        let name = option.strip_prefix('-').unwrap_or_default();
        if let Some(name) = name.strip_prefix('-') {
            let name = name.split_once('=').map_or(name, |(name, _)| name);
            // Slurm takes the beginning of a name for the whole.
            let is_meant = |full: &str| full == name || (name.len() >= 2 && full.starts_with(name));
            if let Some((_, _, why)) = REFUSED.iter().find(|(full, ..)| is_meant(full)) {
                return refused(why);
            }
            if name.is_empty() {
                return refused("options of sbatch follow after one --");
            }
        } else {
            let Some(letter) = name.chars().next() else {
                return refused("it is no option; write --name=value, or -n value");
            };
            if let Some((_, _, why)) = REFUSED.iter().find(|(_, short, _)| *short == Some(letter)) {
                return refused(why);
            }
            value_follows = name.len() == letter.len_utf8() && !FLAGS.contains(letter);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(options: &[String]) -> Batch<'_> {
        let resources = Resources { cpus: 2, megabytes: 500, gpus: 0, minutes: 10 };
        Batch { sweep: "small", folder: "/data/100%/it's/slurm", resources, options }
    }

    #[test]
    fn the_users_options_win_over_defaults_and_not_over_what_is_needed() {
        let options = ["--partition=long".to_owned(), "--mem=9G".to_owned()];
        let array = Array { offset: 1000, indices: vec![1, 2, 5], limit: Some(2) };
        let arguments = batch(&options).tasks(&array, false);
        let place =
            |what: &str| arguments.iter().position(|argument| argument == what).unwrap_or_else(|| panic!("{what}"));
        assert!(place("--mem=500M") < place("--mem=9G") && place("--requeue") < place("--partition=long"));
        for needed in ["--array=1-2,5%2", "--chdir=/data/100%/it's/slurm", "--open-mode=append", "--signal=B:USR1@120"]
        {
            assert!(place(needed) > place("--mem=9G"));
        }
        place("--output=/data/100%%/it's/slurm/logs/%A_%a.log");
        assert_eq!(
            arguments[arguments.len() - 3..],
            ["/data/100%/it's/slurm/task.sh", "/data/100%/it's/slurm", "--offset=1000"]
        );
        assert_eq!(batch(&options).tasks(&array, true).last().unwrap(), "--retry-failed");

        let job = |number| Job { number, cluster: None };
        let all =
            ["--mem=9G", "-t", "5", "-p", "long", "-c16", "--gres=gpu:1", "--exclusive", "--account=us", "--gpus=2"];
        let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
        let arguments = batch(&all).gather(&[]);
        let options = arguments.iter().position(|argument| argument == "--requeue").unwrap() + 1;
        assert_eq!(arguments[options..options + 3], ["-p", "long", "--account=us"]);
        assert!(arguments[options + 3].starts_with("--chdir"), "{arguments:?}");
        let arguments = batch(&["--mem-per-cpu=2G".to_owned()]).tasks(&array, false);
        assert!(!arguments.contains(&"--mem=500M".to_owned()) && arguments.contains(&"--mem-per-cpu=2G".to_owned()));
        let options = ["--partition=long".to_owned()];
        let arguments = batch(&options).gather(&[job(5), job(7)]);
        assert!(arguments.contains(&"--dependency=afterany:5:7".to_owned()));
        assert_eq!(arguments[arguments.len() - 1], "/data/100%/it's/slurm");
        assert!(!batch(&[]).gather(&[]).iter().any(|argument| argument.starts_with("--dependency")));
    }

    #[test]
    fn options_that_would_break_tasks_are_refused() {
        let ok = |options: &[&str]| check(&options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>());
        for options in [
            &["--partition=long", "--account=a b", "--exclusive"][..],
            &["-p", "long", "-A", "group", "--qos=low", "-C", "intel"],
            &[
                "-plong",
                "--dependency=afterok:5",
                "--hold",
                "--no-requeue",
                "--nice",
                "--mem-per-cpu=2G",
                "--export=ALL",
            ],
            &["--nodelist=a,b", "--ntasks-per-core=1", "--reservation=x", "--threads-per-core=1"],
            &[],
        ] {
            assert_eq!(ok(options), Ok(()), "{options:?}");
        }
        for options in [
            &["--array=1-5"][..],
            &["--arr=1-5"],
            &["-a", "1-5"],
            &["-a1-5"],
            &["--chdir", "/tmp"],
            &["-D/tmp"],
            &["--wrap=rm"],
            &["--output=x"],
            &["-o", "x"],
            &["--partition=long", "script.sh"],
            &["--exclusive", "script.sh", "x"],
            &["-H", "script.sh"],
            &["--partition", "long"],
            &["-"],
            &["--exclusive", "--", "x"],
            &["-n4"],
            &["--parsable"],
            &["--wait"],
            &["--comment=a\nb"],
        ] {
            assert!(ok(options).is_err(), "{options:?}");
        }
    }

    #[test]
    fn scripts_hold_nothing_of_the_users() {
        for (name, text) in [TASK, GATHER] {
            assert!(text.starts_with("#!/bin/sh\n") && text.ends_with("\"\n") || text.ends_with(".json\n"), "{name}");
            let checked = std::process::Command::new("sh").args(["-n", "-c", text]).status().unwrap();
            assert!(checked.success(), "{name}");
        }
    }
}
