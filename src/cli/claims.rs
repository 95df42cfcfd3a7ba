//! `ablate claims`: what became of what a sweep file states of its results.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::exit::{Exit, harmless};
use super::options::ResultsFolder;
use super::place::Place;
use super::report::Saved;
use super::{say, style};
use crate::analysis::claims::{Part, check as wrong_claims};
use crate::analysis::{Answer, Claim, Compare, Goal, Outcome, Records, Verdict, judge};
use crate::report::sentences;
use crate::store::{self, Results};
use crate::sweep::{Diagnostic, Invalid, Sweep};

/// Test the claims of a sweep against its results.
///
/// Prints every claim with its verdict: holds, fails, or not tested where no run tells; with the numbers that it was told
/// by, and the runs that break it. Exits with 6 where one fails.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A folder of results, the name of a sweep, or a bundle.
    #[arg(value_name = "RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs that are named of those that break a claim.
const NAMED: usize = 5;

/// Judges and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let place = Place::open(&arguments.folder.results, &arguments.name)?;
    let (sweep, records, verdicts) = verdicts(place.folder())?;
    let tally = Tally::of(&verdicts);
    if arguments.json {
        let mut document = tally.document();
        document["sweep"] = sweep.into();
        document["claims"] = verdicts.iter().map(|verdict| one(&records, verdict)).collect();
        say!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        for verdict in &verdicts {
            say!("{:<10} {}", word(verdict.outcome), harmless(&verdict.claim.name));
            for line in lines(&records, verdict) {
                say!("           {line}");
            }
        }
        if verdicts.is_empty() {
            say!("The sweep claims nothing.");
        } else {
            say!("{}.", tally.line());
        }
    }
    Ok(if tally.fails > 0 { Exit::NotHeld } else { Exit::Done })
}

/// The claims of a sweep as they are tested.
pub fn of(sweep: &Sweep) -> Vec<Claim> {
    let claim = |claim: &crate::sweep::Claim| Claim {
        name: claim.name.clone(),
        filter: claim.filter.as_ref().map(|clause| clause.sql.clone()),
        expect: claim.expect.as_ref().map(|clause| clause.sql.clone()),
        compare: claim.compare.as_ref().map(|compare| Compare {
            a: compare.a.sql.clone(),
            b: compare.b.sql.clone(),
            metric: compare.metric.as_ref().map(|clause| clause.sql.clone()),
        }),
    };
    sweep.claims.iter().map(claim).collect()
}

/// Checks that the claims of a sweep can be computed from the columns that runs have.
pub fn check(sweep: &Sweep) -> Result<(), Invalid> {
    let found = wrong_claims(&of(sweep), &store::no_runs());
    let diagnostic = |wrong: crate::analysis::claims::Wrong| {
        let claim = &sweep.claims[wrong.claim];
        let compare = claim.compare.as_ref();
        let clause = match wrong.part {
            Part::Where => claim.filter.as_ref(),
            Part::Expect => claim.expect.as_ref(),
            Part::A => compare.map(|compare| &compare.a),
            Part::B => compare.map(|compare| &compare.b),
            Part::Metric => compare.and_then(|compare| compare.metric.as_ref()),
        };
        let place = clause.map_or(claim.place, |clause| match &wrong.piece {
            Some(piece) => sweep.within(clause, piece.clone()),
            None => clause.place,
        });
        Diagnostic::new(place, wrong.message).hint(wrong.hint)
    };
    if found.is_empty() { Ok(()) } else { Err(sweep.invalid(found.into_iter().map(diagnostic).collect())) }
}

/// How many claims came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    holds: usize,
    fails: usize,
    not_tested: usize,
}

impl Tally {
    fn of(verdicts: &[Verdict]) -> Self {
        let of = |outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
        Self { holds: of(Outcome::Holds), fails: of(Outcome::Fails), not_tested: of(Outcome::NotTested) }
    }

    /// `Claims: 7 hold, 1 fails, 2 not tested`.
    pub fn line(self) -> String {
        let counted = |count: usize, one: &str, several: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{} {several}", style::count(count as u64))),
        };
        let parts = [
            counted(self.holds, "holds", "hold"),
            counted(self.fails, "fails", "fail"),
            counted(self.not_tested, "not tested", "not tested"),
        ];
        format!("Claims: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// The same for scripts.
    pub fn document(self) -> Value {
        json!({"version": 1, "holds": self.holds, "fails": self.fails, "not_tested": self.not_tested})
    }
}

/// How many claims of saved results came to what.
pub fn tally(folder: &Path) -> anyhow::Result<Tally> {
    Ok(Tally::of(&verdicts(folder)?.2))
}

fn verdicts(folder: &Path) -> anyhow::Result<(String, Records, Vec<Verdict>)> {
    let results = Results::open(folder)?;
    let saved = Saved::of(&results)?;
    let runs = saved.runs(&results)?;
    let (records, verdicts) = judge(&runs, &saved.metric(), &of(&saved.sweep), saved.asked(&runs))?;
    Ok((saved.sweep.name, records, verdicts))
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::Fails => "fails",
        Outcome::NotTested => "not tested",
    }
}

/// What is said below a claim.
fn lines(records: &Records, verdict: &Verdict) -> Vec<String> {
    let mut lines: Vec<String> =
        sentences::claims::told(verdict).into_iter().map(|line| line.replace('\u{a0}', " ")).collect();
    if !verdict.breaking.is_empty() {
        let ids: Vec<&str> = verdict.breaking.iter().take(NAMED).map(|&row| records.runs[row].id.as_str()).collect();
        let more = match verdict.breaking.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {} more", style::count(more as u64)),
        };
        lines.push(format!("broken by {}{more}", ids.join(", ")));
    }
    lines
}

fn one(records: &Records, verdict: &Verdict) -> Value {
    let claim = &verdict.claim;
    let values = verdict.values.iter().zip(&verdict.valued);
    let value = |value: &Option<Answer>| match value {
        Some(Answer::Number(number)) => json!(number),
        Some(Answer::Text(text)) => json!(text),
        None => Value::Null,
    };
    let goal = |goal| if goal == Goal::Minimize { "minimize" } else { "maximize" };
    json!({
        "name": claim.name,
        "where": claim.filter,
        "expect": claim.expect,
        "compare": claim.compare.as_ref().map(|compare| json!({"a": compare.a, "b": compare.b, "metric": compare.metric})),
        "outcome": word(verdict.outcome),
        "reason": verdict.reason,
        "runs": verdict.rows.len(),
        "untrained": verdict.untrained,
        "missing": verdict.missing,
        "environments": verdict
            .environments
            .iter()
            .map(|(environment, runs)| json!({"environment": environment, "runs": runs}))
            .collect::<Vec<_>>(),
        "numbers": values
            .map(|((text, found), runs)| json!({"expression": text, "value": value(found), "runs": runs}))
            .collect::<Vec<_>>(),
        "breaking": verdict.breaking.iter().map(|&row| records.runs[row].id.as_str()).collect::<Vec<_>>(),
        "comparison": verdict.comparison.as_ref().map(|comparison| json!({
            "column": comparison.column,
            "goal": goal(comparison.goal),
            "means": [comparison.means.0, comparison.means.1],
            "differences": comparison.differences,
            "mean": comparison.mean,
            "interval": comparison.interval.map(|(low, high)| [low, high]),
            "unpaired": comparison.unpaired,
            "averaged": comparison.averaged,
            "without": comparison.without,
            "across": comparison.across,
        })),
    })
}
