//! What `ablate verify` says: before, of every run that is not the same, and in all.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Group;
use crate::cite::verify::{Candidate, Difference, Fact, Found, Standing, Verdict, Verification};
use crate::cli::exit::harmless;
use crate::cli::options::Global;
use crate::cli::place::Place;
use crate::cli::{mention, style};
use crate::config::Id;
use crate::report::sentences::list;
use crate::store::short;

/// Says what is about to be done: how many of how many runs, where, and how long it takes.
pub fn announce(name: &str, (drawn, all): (usize, usize), groups: &[Group], time: Duration, global: &Global) {
    let devices: Vec<String> = groups.iter().flat_map(|group| &group.devices).map(ToString::to_string).collect();
    let of = if drawn == all { String::new() } else { format!("{} of ", style::count(drawn as u64)) };
    let runs = style::counted(all as u64, "run");
    mention!(
        "{}: training {of}{runs} again on {}, about {}",
        style::bold(&harmless(name), global.colored()),
        devices.join(", "),
        style::duration(time)
    );
}

/// That none of the runs can be verified, and why.
pub fn nothing(candidates: &[Candidate]) -> String {
    match candidates {
        [] => "there are no runs to verify".into(),
        [Candidate { id, standing: Standing::Incomparable(reason), .. }] => {
            format!("run {id} cannot be verified: {reason}")
        }
        _ => format!(
            "none of {} can be verified: {}",
            style::counted(candidates.len() as u64, "run"),
            reasons(candidates)
        ),
    }
}

/// Why runs cannot be compared, each reason with the number of its runs.
fn reasons(candidates: &[Candidate]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for candidate in candidates {
        if let Standing::Incomparable(reason) = &candidate.standing {
            *counts.entry(reason).or_default() += 1;
        }
    }
    counts
        .iter()
        .map(|(reason, count)| format!("{} because {reason}", style::count(*count)))
        .collect::<Vec<_>>()
        .join("; ")
}

/// All that a verification has to tell.
pub struct Told<'a> {
    /// The sweep, and what of it was to be verified.
    pub sweep: &'a str,
    pub name: &'a str,
    pub place: &'a Place,
    /// The run, where one was named.
    pub run: Option<Id>,
    pub candidates: &'a [Candidate],
    /// Those that were to be trained again.
    pub drawn: &'a [&'a Candidate],
    pub found: &'a Found,
}

impl Told<'_> {
    /// Runs that were to be trained again and were not, since somebody stopped it.
    pub fn left(&self) -> usize {
        self.drawn.len() - self.found.verified.len() - self.found.failed.len()
    }

    fn incomparable(&self) -> impl Iterator<Item = (&Candidate, &String)> {
        self.candidates.iter().filter_map(|candidate| match &candidate.standing {
            Standing::Incomparable(reason) => Some((candidate, reason)),
            _ => None,
        })
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (run, found) in &self.found.verified {
            if self.run.is_some() {
                lines.extend(one(*run, found));
            } else if found.verdict != Verdict::BitwiseEqual {
                lines.push(format!("run {run}: {}", verdict(found)));
                lines.extend(details(found).into_iter().map(|line| format!("  {line}")));
            }
        }
        for (run, reason) in &self.found.failed {
            lines.push(format!("run {run} could not be trained again: {}", harmless(reason)));
        }
        if self.run.is_none() {
            lines.extend(self.environments());
            let incomparable = self.incomparable().count();
            if incomparable > 0 {
                let runs = style::counted(incomparable as u64, "run");
                lines.push(format!("{runs} cannot be compared: {}", harmless(&reasons(self.candidates))));
            }
            lines.extend(self.strata());
            let summary = self.found.summary(self.candidates.len());
            let outcome = summary.outcome().map_or(String::new(), |outcome| format!(": {outcome}"));
            let were = if summary.verified() == 1 { "was" } else { "were" };
            let of = style::counted(self.candidates.len() as u64, "run");
            lines.push(format!(
                "{}: {} of {of} {were} trained again{outcome}",
                harmless(self.name),
                style::count(summary.verified() as u64)
            ));
        }
        lines
    }

    /// Of every grid how many of its runs are saved, and how many were drawn, in the order of the names.
    fn grids(&self) -> Vec<OfGrid<'_>> {
        let mut grids: BTreeMap<&str, OfGrid<'_>> = BTreeMap::new();
        for candidate in self.candidates {
            for grid in &candidate.grids {
                grids.entry(grid).or_insert(OfGrid { name: grid, saved: 0, drawn: 0 }).saved += 1;
            }
        }
        for grid in self.drawn.iter().flat_map(|candidate| &candidate.grids) {
            grids.entry(grid).and_modify(|of| of.drawn += 1);
        }
        grids.into_values().collect()
    }

    /// Which grids a sample says nothing of.
    fn strata(&self) -> Option<String> {
        let grids = self.grids();
        let left: Vec<String> = grids.iter().filter(|grid| grid.drawn == 0).map(|grid| grid.name.to_owned()).collect();
        let of = style::counted(grids.len() as u64, "grid");
        (!left.is_empty()).then(|| {
            let drawn = style::count((grids.len() - left.len()) as u64);
            harmless(&format!("runs of {drawn} of {of} were drawn, and none of {}", list(&left)))
        })
    }

    /// Every pair of environments once, with how many runs were saved in one and trained again in the other.
    fn environments(&self) -> Vec<String> {
        let mut pairs: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for found in self.found.verified.values().filter(|found| !found.same_environment()) {
            *pairs.entry(environments(found)).or_default() += 1;
        }
        let told = |(lines, count): (Vec<String>, u64)| {
            let runs = style::counted(count, "run");
            let line = move |(place, line)| if place == 0 { format!("{runs}: {line}") } else { format!("  {line}") };
            lines.into_iter().enumerate().map(line).collect::<Vec<_>>()
        };
        pairs.into_iter().flat_map(told).collect()
    }

    /// For scripts.
    pub fn document(&self) -> Value {
        let summary = self.found.summary(self.candidates.len());
        let with_run = |run: &Id, value: Value| {
            let mut document = json!({"run": run.to_string()});
            if let (Some(document), Value::Object(more)) = (document.as_object_mut(), value) {
                document.extend(more);
            }
            document
        };
        let reason = |run: &Id, reason: &str| with_run(run, json!({"reason": reason}));
        json!({
            "version": 1,
            "sweep": self.sweep,
            "results": self.place.shown(self.place.folder()).to_string_lossy(),
            "saved": self.candidates.len(),
            "drawn": self.drawn.len(),
            "grids": self.grids().into_iter().map(OfGrid::document).collect::<Vec<_>>(),
            "verified": summary.verified(),
            "bitwise_equal": summary.equal,
            "within_tolerance": summary.within,
            "different": summary.different,
            "left": self.left(),
            "failed": self.found.failed.iter().map(|(run, why)| reason(run, why)).collect::<Vec<_>>(),
            "incomparable": self.incomparable().map(|(candidate, why)| reason(&candidate.id, why)).collect::<Vec<_>>(),
            "kept": self.is_kept(),
            "runs": self.found.verified.iter().map(|(run, found)| with_run(run, json!(found))).collect::<Vec<_>>(),
        })
    }

    /// Whether what was found is kept: of a bundle nothing is, since it stays as it is.
    fn is_kept(&self) -> bool {
        self.found.not_kept.is_none() && !self.place.is_bundle()
    }

    /// Says what could not be kept.
    pub fn mention_what_was_not_kept(&self) {
        if let Some(error) = &self.found.not_kept {
            mention!("what was found could not be kept: {}", harmless(&error.to_string()));
        }
    }

    /// Says what a stop has left.
    pub fn mention_stop(&self) {
        let kept = if self.is_kept() { " and kept" } else { "" };
        mention!(
            "stopped: {} verified{kept}, {} left",
            style::count(self.found.verified.len() as u64),
            style::count(self.left() as u64)
        );
    }
}

/// What was drawn of a grid.
struct OfGrid<'a> {
    name: &'a str,
    saved: u64,
    drawn: u64,
}

impl OfGrid<'_> {
    fn document(self) -> Value {
        json!({"grid": self.name, "saved": self.saved, "drawn": self.drawn})
    }
}

/// One run, at length.
fn one(run: Id, found: &Verification) -> Vec<String> {
    let mut lines = vec![format!("run {run}: {}", verdict(found))];
    let mut line = |name: &str, text: String| lines.push(format!("  {name:<12} {text}"));
    if found.trained_digest == found.digest {
        line("digest", format!("{}, saved and trained again", found.digest));
    } else {
        line("digest", format!("{} saved", found.digest));
        line("", format!("{} trained again", or(&found.trained_digest, "none")));
    }
    let compared = &found.compared;
    let weights = compared.weights.map_or_else(
        || "weights by the digest alone, since they were not kept".to_owned(),
        |weights| style::counted(weights, "weight"),
    );
    line(
        "compared",
        format!(
            "how it ended, {}, {} of the curve, {}, {weights}",
            style::counted(compared.measures, "measure"),
            style::counted(compared.points, "point"),
            style::counted(compared.predictions, "prediction"),
        ),
    );
    if found.same_environment() {
        line("environment", format!("{}, that of the record, on {}", found.environment, found.device));
    }
    lines.extend(details(found).into_iter().chain(environments(found)).map(|line| format!("  {line}")));
    lines
}

fn verdict(found: &Verification) -> String {
    let elsewhere = if found.same_environment() { "" } else { ", in another environment" };
    match found.verdict {
        Verdict::BitwiseEqual => format!("bitwise equal{elsewhere}"),
        Verdict::WithinTolerance if found.same_environment() => {
            "within tolerance: on a GPU, bits may depend on the runs that are trained together".into()
        }
        Verdict::WithinTolerance => "another environment: within tolerance".into(),
        Verdict::Different => format!("different{elsewhere}"),
    }
}

/// What differs, of values and of environments; nothing where all is the same.
fn details(found: &Verification) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(first) = &found.first {
        if found.differing == 1 {
            lines.push(format!("1 value differs: {}", difference(first)));
        } else {
            let values = style::count(found.differing);
            lines.push(format!("{values} values differ, and the first is {}", difference(first)));
        }
        if let Some(largest) = found.largest.as_ref().filter(|largest| *largest != first) {
            lines.push(format!("the one that differs most is {}", difference(largest)));
        }
    } else if found.trained_digest != found.digest {
        lines.push(format!(
            "all that was compared is equal, and the digest is not: saved {}, trained again {}",
            or(&found.digest, "none"),
            found.trained_digest
        ));
    }
    if found.verdict == Verdict::Different {
        lines.push(whole(found).into());
    }
    lines.iter().map(|line| harmless(line)).collect()
}

/// What differs between the environment of the record and the one in which it was trained again.
fn environments(found: &Verification) -> Vec<String> {
    if found.same_environment() {
        return Vec::new();
    }
    let Verification { environment, trained_environment, device, facts, .. } = found;
    let mut lines =
        vec![format!("saved in environment {environment}, trained again in {trained_environment} on {device}")];
    if facts.iter().all(|fact| fact.saved.is_none()) {
        lines.push("what differs between the two is not known: nothing was kept of where the run was trained".into());
    } else {
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".into());
        let line =
            |fact: &Fact| format!("{}: {} when saved, {} here", fact.name, known(&fact.saved), known(&fact.trained));
        lines.extend(facts.iter().map(line));
    }
    lines.iter().map(|line| harmless(line)).collect()
}

/// What the record's own digest says.
fn whole(found: &Verification) -> &'static str {
    match (found.is_whole, found.trained_digest == found.digest) {
        _ if found.trained_digest.is_empty() => {
            "the configuration and the seeds that are saved are those of another run: what is saved was changed, and nothing \
             was trained"
        }
        (Some(false), true) => {
            "training gives the digest that is saved, and what is saved does not have it: what is saved was changed"
        }
        (Some(false), false) => {
            "what is saved does not have the digest that is saved: one of them was changed; and training gives another one"
        }
        (Some(true), true) => {
            "the digest does not cover what differs, and training gives it: what is saved was changed"
        }
        (Some(true), false) => "what is saved has the digest that is saved: the training came out differently",
        (None, _) => {
            "whether what is saved has the digest that is saved cannot be told, since not all that it is made from was kept"
        }
    }
}

fn difference(difference: &Difference) -> String {
    let Difference { quantity, epoch, saved, trained, relative } = difference;
    let epoch = epoch.map_or(String::new(), |epoch| format!("epoch {epoch}, "));
    let relative = relative.map_or(String::new(), |relative| format!(" (relative difference {})", short(relative)));
    format!("{epoch}{quantity}: saved {saved}, trained again {trained}{relative}")
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
