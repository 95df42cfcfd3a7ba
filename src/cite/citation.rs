//! A citation: what is cited, with everything that its forms say.

use std::str::FromStr;

use polars::prelude::DataFrame;

use super::runs::{Notes, Runs};
use super::{bibtex, cff, json, latex, text};
use crate::analysis::{Claim, Metric, Outcome, Records, Summary, Tally, Unreadable, label, rank};
use crate::config::PARAMETERS;
use crate::measure::COLUMNS;
use crate::report::number::{count, whole};
use crate::report::sentences;
use crate::store::SweepVersion;

/// A citation of runs, a configuration or a sweep.
#[derive(Clone, Debug)]
pub struct Citation {
    /// What is cited.
    pub subject: Subject,
    /// The sweep's name.
    pub sweep: String,
    /// The question that it asks.
    pub question: Option<String>,
    /// The sweep as it was run last.
    pub version: Option<SweepVersion>,
    /// What ranks its configurations.
    pub metric: Metric,
    /// The authors of the results, as they were given: Ablate does not know them.
    pub authors: Vec<String>,
    /// The runs that are cited.
    pub runs: Runs,
}

/// What is cited.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A run.
    Run,
    /// A configuration with its replicates.
    Configuration,
    /// A sweep.
    Sweep(Whole),
}

/// What a sweep came to.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Configurations that have runs.
    pub configurations: usize,
    /// Runs that the sweep asks for and that were not trained yet.
    pub untrained: u64,
    /// How its runs ended.
    pub ends: Tally,
    /// Its claims, in the order of the sweep file.
    pub claims: Claims,
    /// The best configuration of each problem.
    pub best: Vec<Best>,
}

/// Claims with what became of them.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// What is claimed, what became of it, and what it was told by.
    pub verdicts: Vec<(String, Outcome, Vec<String>)>,
}

impl Claims {
    /// How many came to this.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.verdicts.iter().filter(|(_, of, _)| *of == outcome).count()
    }
}

/// An outcome in words, as `ablate claims` has it.
#[must_use]
pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::Fails => "fails",
        Outcome::NotTested => "not tested",
    }
}

/// The best configuration of a problem, by the mean of the metric.
#[derive(Clone, Debug)]
pub struct Best {
    /// What is to be learnt.
    pub problem: String,
    /// Its configurations.
    pub configurations: usize,
    /// The id of the best.
    pub config: String,
    /// What tells it from the others.
    pub label: String,
    /// The metric over its replicates.
    pub metric: Summary,
    /// How many cannot be told apart from it, itself among them; `None` without replicates.
    pub tied: Option<usize>,
}

/// The sweep that cited runs belong to.
#[derive(Clone, Debug)]
pub struct About {
    /// Its name.
    pub sweep: String,
    /// The question that it asks.
    pub question: Option<String>,
    /// As it was run last.
    pub version: Option<SweepVersion>,
    /// What ranks its configurations.
    pub metric: Metric,
    /// The authors of the results, as they were given.
    pub authors: Vec<String>,
}

impl Citation {
    fn new(about: About, subject: Subject, runs: Runs) -> Self {
        let About { sweep, question, version, metric, authors } = about;
        Self { subject, sweep, question, version, metric, authors, runs }
    }

    /// Of the run in a table of one.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn of_run(about: About, table: &DataFrame, notes: &Notes) -> Result<Self, Unreadable> {
        Ok(Self::new(about, Subject::Run, Runs::of(table, notes)?))
    }

    /// Of the configuration whose runs the table holds.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn of_configuration(about: About, table: &DataFrame, notes: &Notes) -> Result<Self, Unreadable> {
        Ok(Self::new(about, Subject::Configuration, Runs::of(table, notes)?))
    }

    /// Of a sweep that makes these claims and asks for `asked` runs, of which the table holds those that were trained.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn of_sweep(
        about: About,
        table: &DataFrame,
        notes: &Notes,
        claims: &[Claim],
        asked: u64,
    ) -> Result<Self, Unreadable> {
        let found = rank(table, &about.metric, claims, asked)?;
        let verdict = |verdict: &crate::analysis::Verdict| {
            let told = sentences::claims::told(verdict).into_iter().map(|line| plain(&line)).collect();
            (verdict.claim.name.clone(), verdict.outcome, told)
        };
        let best = found.problems.iter().filter_map(|problem| {
            let group = &found.groups[*problem.groups.first()?];
            Some(Best {
                problem: problem.label.clone(),
                configurations: problem.groups.len(),
                config: group.config.clone(),
                label: group.label.clone(),
                metric: group.metric.clone()?,
                tied: problem.tied,
            })
        });
        let whole = Whole {
            configurations: found.groups.len(),
            untrained: found.ends.missing,
            ends: found.ends.all,
            claims: Claims { verdicts: found.verdicts.iter().map(verdict).collect() },
            best: best.collect(),
        };
        Ok(Self::new(about, Subject::Sweep(whole), Runs::of(table, notes)?))
    }

    /// The runs, column by column.
    pub(super) fn records(&self) -> &Records {
        &self.runs.records
    }

    /// What is cited, by its own name: the id of the run or the configuration, or the sweep's name.
    #[must_use]
    pub fn id(&self) -> &str {
        let first = self.records().runs.first();
        match (&self.subject, first) {
            (Subject::Run, Some(run)) => &run.id,
            (Subject::Configuration, Some(run)) => &run.config,
            _ => &self.sweep,
        }
    }

    /// What is cited, in a line.
    #[must_use]
    pub fn title(&self) -> String {
        let (id, sweep, runs) = (self.id(), &self.sweep, self.records().runs.len());
        let what = || self.configuration(0);
        plain(&match &self.subject {
            Subject::Run => format!("Run {id} of the sweep {sweep}: {}", what()),
            Subject::Configuration => {
                format!("Configuration {id} of the sweep {sweep}, {}: {}", count(runs, "run"), what())
            }
            Subject::Sweep(found) => format!(
                "Results of the sweep {sweep}: {} of {}",
                count(runs, "run"),
                count(found.configurations, "configuration")
            ),
        })
    }

    /// The parameters of a run in a line: its task, and what differs from the defaults.
    #[must_use]
    pub fn configuration(&self, row: usize) -> String {
        let records = self.records();
        let names: Vec<&str> =
            PARAMETERS.iter().map(|parameter| parameter.name).filter(|name| *name != "task").collect();
        let rest = label(records, row, &names);
        records.value(row, "task").map_or(rest.clone(), |task| format!("task {task} · {rest}"))
    }

    /// Each measure over the runs, where any run has it.
    #[must_use]
    pub fn measures(&self) -> Vec<(&'static str, Summary)> {
        let records = self.records();
        let rows = || 0..records.runs.len();
        let summary =
            |name: &'static str| Some((name, Summary::of(rows().map(|row| (row, records.number(row, name))))?));
        COLUMNS.iter().filter_map(|column| summary(column.name)).collect()
    }

    /// What tells the cited results from all others: of a run the digest of its result, where it has one; of several the BLAKE3
    /// of the lines `RUN DIGEST`, in the order of the runs, with `-` for a run without a result.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        let runs = &self.records().runs;
        if let (Subject::Run, [run]) = (&self.subject, &runs[..]) {
            return run.digest.clone();
        }
        let line = |run: &crate::analysis::Run| format!("{} {}\n", run.id, run.digest.as_deref().unwrap_or("-"));
        let mut lines: Vec<String> = runs.iter().map(line).collect();
        lines.sort();
        Some(blake3::hash(lines.concat().as_bytes()).to_hex().to_string())
    }

    /// The authors, or what stands for them: Ablate does not know who they are.
    pub(super) fn authors(&self) -> Vec<String> {
        let of_nobody = || vec![format!("results of {}", self.sweep)];
        if self.authors.is_empty() { of_nobody() } else { self.authors.clone() }
    }

    /// When the last of the runs was trained, as `2026-11-26`; `None` where that of any run was not kept.
    pub(super) fn date(&self) -> Option<&str> {
        self.runs.time()?.get(..10)
    }

    /// The citation in a form.
    #[must_use]
    pub fn to(&self, format: Format) -> String {
        match format {
            Format::Text => text::text(self),
            Format::Markdown => text::markdown(self),
            Format::Bibtex => bibtex::bibtex(self),
            Format::Cff => cff::cff(self, None),
            Format::Latex => latex::latex(self),
            Format::Json => json::json(self),
        }
    }
}

impl Citation {
    /// What a form leaves out because those who read it could not hold it, in a sentence; nothing where it has all.
    #[must_use]
    pub fn left_out(&self, format: Format) -> Option<String> {
        if format == Format::Latex { latex::left_out(self) } else { None }
    }
}

/// Text in one line: without line ends, other control characters, spaces that are more than spaces, and signs that turn around
/// the order in which what follows is shown.
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let space = |c: char| c.is_control() || turns(c) || matches!(c, '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    text.chars().map(|c| if space(c) { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// Family and given name, where a name of an author is written as `Family, Given`.
pub(super) fn parted(name: &str) -> Option<(&str, &str)> {
    let (family, given) = name.split_once(',')?;
    let (family, given) = (family.trim(), given.trim());
    (!family.is_empty() && !given.is_empty()).then_some((family, given))
}

/// `5 runs are not trained yet`, or nothing.
pub(super) fn untrained(runs: u64) -> Option<String> {
    let verb = if runs == 1 { "is" } else { "are" };
    let n = usize::try_from(runs).unwrap_or(usize::MAX);
    (runs > 0).then(|| format!("{} that it asks for {verb} not trained yet", whole(n)))
}

/// A form of a citation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// Entries for biber and `BibTeX`.
    Bibtex,
    /// A `CITATION.cff` of version 1.2.0.
    Cff,
    /// Markdown.
    Markdown,
    /// Numbers as macros of LaTeX.
    Latex,
    /// One versioned document.
    Json,
}

impl Format {
    /// All forms with their names.
    pub const NAMES: [(&str, Self); 6] = [
        ("text", Self::Text),
        ("bibtex", Self::Bibtex),
        ("cff", Self::Cff),
        ("markdown", Self::Markdown),
        ("latex", Self::Latex),
        ("json", Self::Json),
    ];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let format = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, format)| *format);
        format.ok_or_else(|| format!("`{text}` is not one of {}", Self::NAMES.map(|(name, _)| name).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line_that_a_terminal_obeys_nothing_of() {
        assert_eq!(plain(" a\u{202e}b\n\u{1b}[2Jc\u{a0}d\u{2066} "), "a b  [2Jc d");
        assert_eq!(parted("Lovelace, Ada"), Some(("Lovelace", "Ada")));
        assert_eq!((parted("Ada"), parted(", Ada"), parted("Lovelace,")), (None, None, None));
    }
}
