//! `ro-crate-metadata.json`: what a bundle and each of its files are, as RO-Crate 1.1 and the Process Run Crate 0.5 have it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::files::{Member, media_type};
use super::{Contents, Error, METADATA};
use crate::cite::citation::parted;
use crate::store::{Note, Results};

/// The version of RO-Crate.
const SPECIFICATION: &str = "https://w3id.org/ro/crate/1.1";
/// The profile of crates that tell which program made what.
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";
/// Where no time was recorded.
const NO_TIME: &str = "1980-01-01";

/// What is told of a bundle's results.
#[derive(Debug)]
pub(super) struct Facts {
    /// What the bundle is, in a line.
    pub(super) title: String,
    /// The sweep's name.
    pub(super) name: String,
    /// Runs that are here.
    pub(super) runs: usize,
    /// The run, where there is one only.
    pub(super) run: Option<String>,
    /// Runs by how they ended.
    statuses: BTreeMap<String, u64>,
    /// Notes of the processes that trained them, with the runs of each.
    processes: Vec<(String, Note, usize)>,
    /// Runs of which it is not known where they come from.
    unknown: usize,
    /// The latest time that was recorded.
    pub(super) time: Option<String>,
}

impl Facts {
    pub(super) fn of(contents: &Contents<'_>) -> Result<Self, Error> {
        let results = Results::open(contents.folder)?;
        let texts = |column: &str| -> Vec<Option<String>> {
            let column = results.runs().column(column).and_then(|column| column.str());
            column.map(|texts| texts.iter().map(|text| text.map(str::to_owned)).collect()).unwrap_or_default()
        };
        let mut statuses = BTreeMap::new();
        for status in texts("status").into_iter().flatten() {
            *statuses.entry(status).or_default() += 1;
        }
        let mut trained: BTreeMap<String, usize> = BTreeMap::new();
        for process in texts("process").into_iter().flatten() {
            *trained.entry(process).or_default() += 1;
        }
        let notes = results.all_provenance()?.into_iter();
        let processes: Vec<_> =
            notes.filter_map(|(process, note)| trained.get(&process).map(|runs| (process, note, *runs))).collect();
        let known: usize = processes.iter().map(|(_, _, runs)| runs).sum();
        let times = processes.iter().flat_map(|(_, note, _)| [&note["began"], &note["ended"]].map(Value::as_str));
        let runs = results.runs().height();
        Ok(Self {
            title: contents.citation.title(),
            name: results.name(),
            runs,
            run: texts("run").pop().flatten().filter(|_| runs == 1),
            statuses,
            time: times.flatten().max().map(str::to_owned),
            unknown: runs - known,
            processes,
        })
    }

    /// The folder of results in the bundle.
    pub(super) fn results(&self) -> String {
        format!("results/{}", self.name)
    }

    /// What it holds, in sentences.
    pub(super) fn description(&self, contents: &Contents<'_>) -> String {
        let mut sentences = vec![match &contents.citation.question {
            Some(question) => format!("The sweep asks: {}", question.trim()),
            None => "The sweep file states no question.".to_owned(),
        }];
        let ended: Vec<String> =
            self.statuses.iter().map(|(status, count)| format!("{count} {}", status.replace('_', " "))).collect();
        sentences.push(match self.runs {
            0 => "No runs are here.".to_owned(),
            1 => format!("1 run is here: {}.", ended.join(", ")),
            runs => format!("{runs} runs are here: {}.", ended.join(", ")),
        });
        let (asked, here) = contents.asked;
        // Results keep the runs of every version of their sweep.
        let of_them = match here {
            0 => "none of which is here".to_owned(),
            here if here as u64 == asked => "all of which are here".to_owned(),
            here => format!("{here} of which {} here", if here == 1 { "is" } else { "are" }),
        };
        sentences.push(format!("The sweep file asks for {}, {of_them}.", counted(asked)));
        if self.unknown > 0 {
            sentences
                .push(format!("Which program and machine trained {} of them, and when, is not known.", self.unknown));
        }
        sentences.join(" ")
    }
}

fn counted(runs: u64) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}

fn reference(id: impl Into<String>) -> Value {
    json!({"@id": id.into()})
}

/// References to several things; to one, as RO-Crate wants it, without a list around it.
fn references(ids: impl Iterator<Item = String>) -> Value {
    let mut all: Vec<Value> = ids.map(reference).collect();
    if all.len() == 1 { all.remove(0) } else { all.into() }
}

/// The document.
pub(super) fn document(contents: &Contents<'_>, facts: &Facts, members: &[Member]) -> Vec<u8> {
    let actions = actions(facts, members);
    let mut graph = vec![json!({
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": reference(SPECIFICATION),
        "about": reference("./"),
    })];
    graph.push(root(contents, facts, members, &actions));
    graph.extend(people(contents));
    graph.push(license(contents));
    if !actions.is_empty() {
        graph.push(json!({
            "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5",
        }));
    }
    graph.extend(actions.into_iter().flat_map(|action| [action.software, action.entity]).fold(
        Vec::new(),
        |mut all: Vec<Value>, entity| {
            // Several processes may have been the same program.
            if !all.contains(&entity) {
                all.push(entity);
            }
            all
        },
    ));
    graph.extend(members.iter().map(|member| file(facts, member)));
    // The word for a hash came into the context after version 1.1.
    let context = json!([format!("{SPECIFICATION}/context"), {"sha256": "http://schema.org/sha256"}]);
    let mut bytes = serde_json::to_vec_pretty(&json!({"@context": context, "@graph": graph}))
        .expect("plain data can be written as JSON");
    bytes.push(b'\n');
    bytes
}

fn root(contents: &Contents<'_>, facts: &Facts, members: &[Member], actions: &[Action]) -> Value {
    let mut root = Map::new();
    root.insert("@id".into(), "./".into());
    root.insert("@type".into(), "Dataset".into());
    root.insert("name".into(), facts.title.clone().into());
    root.insert("description".into(), facts.description(contents).into());
    root.insert("datePublished".into(), facts.time.as_deref().unwrap_or(NO_TIME).into());
    root.insert("license".into(), reference(license_id(contents)));
    if !contents.citation.authors.is_empty() {
        root.insert("author".into(), references((1..=contents.citation.authors.len()).map(author_id)));
    }
    if !actions.is_empty() {
        root.insert("conformsTo".into(), reference(PROFILE));
        root.insert("mentions".into(), references(actions.iter().map(|action| action.id.clone())));
    }
    root.insert("hasPart".into(), references(members.iter().map(|member| member.name.clone())));
    Value::Object(root)
}

fn author_id(number: usize) -> String {
    format!("#author-{number}")
}

fn people<'a>(contents: &'a Contents<'_>) -> impl Iterator<Item = Value> + 'a {
    let numbered = contents.citation.authors.iter().zip(1..);
    numbered.map(|(name, number)| match parted(name) {
        Some((family, given)) => json!({
            "@id": author_id(number), "@type": "Person", "name": format!("{given} {family}"), "familyName": family, "givenName": given,
        }),
        None => json!({"@id": author_id(number), "@type": "Person", "name": name}),
    })
}

/// Licences that SPDX names have an address there.
fn license_id(contents: &Contents<'_>) -> String {
    match contents.license {
        None => "#no-licence".into(),
        Some(license) if license.contains("://") => license.into(),
        Some(license) => format!("https://spdx.org/licenses/{license}"),
    }
}

fn license(contents: &Contents<'_>) -> Value {
    let (name, description) = match contents.license {
        None => ("No licence is stated", "Ask those who made the results how they may be used."),
        Some(license) => (license, "The licence under which the results may be used."),
    };
    json!({"@id": license_id(contents), "@type": "CreativeWork", "name": name, "description": description})
}

/// What a process did, and the program that it was.
struct Action {
    id: String,
    entity: Value,
    software: Value,
}

fn actions(facts: &Facts, members: &[Member]) -> Vec<Action> {
    let is_there = |name: &String| members.iter().any(|member| member.name == *name);
    let action = |(process, note, runs): &(String, Note, usize)| {
        let software = software(&note["ablate"]);
        let id = format!("#training-{process}");
        let folder = facts.results();
        let hash = note["sweep"]["blake3"].as_str().unwrap_or_default();
        let sweep = Some(format!("{folder}/sweeps/{hash}.yaml")).filter(is_there);
        let tables = ["runs", "curves", "predictions"].map(|table| format!("{folder}/{table}.parquet"));
        let mut entity = Map::new();
        entity.insert("@id".into(), id.clone().into());
        entity.insert("@type".into(), "CreateAction".into());
        entity.insert("name".into(), format!("Training of {}", counted(*runs as u64)).into());
        entity.insert("description".into(), told(note).into());
        entity.insert("instrument".into(), reference(software["@id"].as_str().unwrap_or_default()));
        sweep.into_iter().for_each(|sweep| drop(entity.insert("object".into(), reference(sweep))));
        entity.insert("result".into(), references(tables.into_iter().filter(is_there)));
        for (word, key) in [("startTime", "began"), ("endTime", "ended")] {
            if let Some(time) = note[key].as_str() {
                // In the form that the profile asks for.
                entity.insert(word.into(), time.replace('Z', "+00:00").into());
            }
        }
        if note["ended"].is_string() {
            entity.insert("actionStatus".into(), "http://schema.org/CompletedActionStatus".into());
        }
        entity.insert("subjectOf".into(), reference(format!("{folder}/provenance/{process}.json")));
        Action { id, entity: Value::Object(entity), software }
    };
    facts.processes.iter().map(action).collect()
}

/// In which environments a process trained, and on what machine.
fn told(note: &Note) -> String {
    let environments = note["environments"].as_array().into_iter().flatten();
    let environments: Vec<&str> = environments.filter_map(|environment| environment["id"].as_str()).collect();
    let machine = ["processor", "system", "library"].map(|fact| note["machine"][fact].as_str());
    let machine: Vec<&str> = machine.into_iter().flatten().collect();
    let mut sentences = Vec::new();
    if !environments.is_empty() {
        sentences.push(format!("Environment {}.", environments.join(", ")));
    }
    if !machine.is_empty() {
        sentences.push(format!("Machine: {}.", machine.join("; ")));
    }
    if note["ended"].is_null() {
        sentences.push("When it ended was not recorded.".to_owned());
    }
    sentences.join(" ")
}

fn software(program: &Value) -> Value {
    let text = |key: &str| program[key].as_str();
    let (version, commit) = (text("version").unwrap_or("unknown"), text("commit"));
    let modified = program["modified"] == true;
    let source = match commit {
        Some(commit) if modified => format!("{commit}, with changes that are in no commit"),
        Some(commit) => commit.to_owned(),
        None => "not recorded".to_owned(),
    };
    let mut description = format!("Hyperparameter sweeps whose runs are exact to the bit. Source commit: {source}.");
    for (word, key) in [("Compiler", "compiler"), ("Target", "target"), ("BLAKE3 of Cargo.lock", "packages")] {
        if let Some(value) = text(key) {
            let _ = write!(description, " {word}: {value}.");
        }
    }
    let mut software = Map::new();
    let parts = [
        Some(version),
        commit,
        modified.then_some("modified"),
        text("packages").map(|hash| &hash[..hash.len().min(8)]),
    ];
    software
        .insert("@id".into(), format!("#ablate-{}", parts.into_iter().flatten().collect::<Vec<_>>().join("-")).into());
    software.insert("@type".into(), "SoftwareApplication".into());
    software.insert("name".into(), "Ablate".into());
    software.insert("softwareVersion".into(), version.into());
    software.insert("description".into(), description.into());
    if let Some(commit) = commit {
        software.insert("identifier".into(), commit.into());
    }
    Value::Object(software)
}

fn file(facts: &Facts, member: &Member) -> Value {
    let (name, description) = meaning(facts, &member.name);
    json!({
        "@id": member.name,
        "@type": "File",
        "name": name,
        "description": description,
        "contentSize": member.size.to_string(),
        "encodingFormat": media_type(&member.name),
        "sha256": member.sha256,
    })
}

/// What a file is: a name, and a sentence.
fn meaning(facts: &Facts, path: &str) -> (String, &'static str) {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let inside = path.strip_prefix(&facts.results()).and_then(|rest| rest.strip_prefix('/'));
    let named = |what: &str| format!("{what} {stem}");
    match inside.map(|inside| inside.split_once('/').map_or(("", inside), |(folder, file)| (folder, file))) {
        Some(("", "runs.parquet")) => {
            ("Runs".into(), "One row a run: parameters, seeds, measures, digest, environment.")
        }
        Some(("", "curves.parquet")) => ("Learning curves".into(), "One row a recorded epoch of a run."),
        Some(("", "predictions.parquet")) => {
            ("Predictions".into(), "What networks of one operand answer along their range.")
        }
        Some(("", "manifest.json")) => ("Manifest".into(), "What the tables hold, with their BLAKE3 hashes."),
        Some(("", "sweep.yaml")) => ("Sweep file".into(), "The sweep file that the report is by."),
        Some(("sweeps", _)) => {
            (named("Sweep file"), "A version of the sweep file that was run, named by its BLAKE3 hash.")
        }
        Some(("weights", _)) => (named("Weights of run"), "The final weights of a run, as safetensors."),
        Some(("provenance", _)) => {
            (named("Provenance"), "The program, numeric path and machine that trained runs, and when.")
        }
        Some(("verified", _)) => {
            (named("Verification of run"), "What training the run again came to, when that was last done.")
        }
        Some(_) => (file.into(), "A file of the results."),
        None if file == "CITATION.cff" => ("Citation".into(), "How to cite these results."),
        None if file == "README.md" => ("Read me".into(), "What is in this archive, and how to use it."),
        None if ending == "html" => ("Report".into(), "The report of the results: one page that needs no network."),
        None if ending == "png" => (named("Figure"), "A figure of the report."),
        None => (named("Table"), "The numbers behind a figure of the report."),
    }
}
