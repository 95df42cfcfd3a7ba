//! What the note of a process says of the runs that it trained.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::store::Note;

/// The program that trained runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The version of Ablate.
    pub version: String,
    /// The commit of its sources, where they had a history.
    pub commit: Option<String>,
    /// Whether the sources differed from that commit.
    pub modified: Option<bool>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ablate {}", self.version)?;
        match (&self.commit, self.modified) {
            (Some(commit), Some(true)) => write!(f, ", commit {commit} with changes that are not committed"),
            (Some(commit), _) => write!(f, ", commit {commit}"),
            (None, _) => f.write_str(", commit not known"),
        }
    }
}

/// A process that trained runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The program.
    pub origin: Origin,
    /// What the program was built with, by name: compiler, target, BLAKE3 of the list of its packages.
    pub build: Vec<(&'static str, String)>,
    /// When it had trained all that it was to, or when it began where it was killed before: UTC, as in RFC 3339.
    pub time: Option<String>,
    /// BLAKE3 of the sweep file that it was given.
    pub sweep: Option<String>,
    /// What the command line changed of it, each as `key=values`.
    pub overrides: Vec<String>,
    /// What it ran on, by name: processor, cores, memory, system, C library.
    pub machine: Vec<(String, String)>,
    /// What decides bits in each environment, in words, by the environment's id.
    pub environments: BTreeMap<String, String>,
}

impl Process {
    /// What a note says; `None` where it does not name the program.
    #[must_use]
    pub fn of(note: &Note) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let program = note.get("ablate")?;
        let origin = Origin {
            version: text(&program["version"])?,
            commit: text(&program["commit"]),
            modified: program["modified"].as_bool(),
        };
        let time = ["ended", "began"].iter().find_map(|name| text(note.get(*name)?));
        let sweep = note.get("sweep").unwrap_or(&Value::Null);
        let environments = note.get("environments").and_then(Value::as_array).into_iter().flatten();
        let machine = note.get("machine").and_then(Value::as_object).into_iter().flatten();
        let fact = |value: &Value| text(value).or_else(|| value.as_u64().map(|number| number.to_string()));
        let build = [("compiler", "compiler"), ("target", "target"), ("packages", "Cargo.lock")];
        let build = build.into_iter().filter_map(|(key, name)| Some((name, text(&program[key])?)));
        Some(Self {
            build: build
                .map(|(name, fact)| (name, if name == "Cargo.lock" { format!("BLAKE3 {fact}") } else { fact }))
                .collect(),
            machine: machine.filter_map(|(name, value)| Some((name.clone(), fact(value)?))).collect(),
            origin,
            time,
            sweep: text(&sweep["blake3"]),
            overrides: sweep["overrides"].as_array().into_iter().flatten().filter_map(text).collect(),
            environments: environments.filter_map(|one| Some((text(&one["id"])?, facts(&one["decides"])))).collect(),
        })
    }
}

/// `numerics 4, device cpu`.
fn facts(decides: &Value) -> String {
    let facts = decides.as_object().into_iter().flatten();
    let fact = |(name, value): (&String, &Value)| format!("{name} {}", value.as_str().unwrap_or_default());
    facts.map(fact).collect::<Vec<_>>().join(", ")
}
