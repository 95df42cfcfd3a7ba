//! The verdicts of claims as the page shows them: those that fail first, each with its runs.

use super::places::Places;
use crate::analysis::{Analysis, Outcome, Verdict};
use crate::report::number::{count, whole};
use crate::report::sentences::claims::told;
use crate::report::sentences::list;

/// Runs of a claim that are listed.
const LISTED: usize = 50;

/// All verdicts.
pub(super) struct Claims {
    /// How many hold, fail and were not tested, in a sentence.
    pub counts: String,
    /// Those that fail, then those that were not tested, then those that hold.
    pub verdicts: Vec<Told>,
}

/// A verdict.
pub(super) struct Told {
    /// Its id in the page.
    pub id: String,
    /// What is claimed.
    pub name: String,
    /// `fails`, in words.
    pub outcome: &'static str,
    /// The same as a sign.
    pub sign: &'static str,
    /// The same as a class.
    pub class: &'static str,
    /// Numbers and reasons, in sentences.
    pub why: Vec<String>,
    /// What was asked: a keyword and its SQL.
    pub asked: Vec<(&'static str, String)>,
    /// Its runs.
    pub sets: Vec<RunSet>,
}

/// Runs that are listed together.
pub(super) struct RunSet {
    /// What they are, and how many.
    pub name: String,
    /// Their ids, and whether each has a place in the page.
    pub runs: Vec<(String, bool)>,
    /// Says how many are not listed.
    pub more: String,
}

/// The claims of a sweep; `None` where it makes none.
pub(super) fn claims(analysis: &Analysis, places: &Places) -> Option<Claims> {
    let order = [Outcome::Fails, Outcome::NotTested, Outcome::Holds];
    let numbered: Vec<(usize, &Verdict)> = analysis.verdicts.iter().enumerate().collect();
    let with = |outcome: Outcome| numbered.iter().filter(move |(_, verdict)| verdict.outcome == outcome);
    let told = order.iter().flat_map(|&outcome| with(outcome));
    let verdicts = told.map(|&(place, verdict)| tell(analysis, places, place, verdict)).collect();
    let n = |outcome: Outcome| with(outcome).count();
    (!numbered.is_empty())
        .then(|| Claims { counts: counts(n(Outcome::Holds), n(Outcome::Fails), n(Outcome::NotTested)), verdicts })
}

fn counts(hold: usize, fail: usize, untested: usize) -> String {
    let all = hold + fail + untested;
    let verb = |n: usize, one: &str, more: &str| format!("{} {}", whole(n), if n == 1 { one } else { more });
    let parts: Vec<(usize, String)> = vec![
        (hold, verb(hold, "holds", "hold")),
        (fail, verb(fail, "fails", "fail")),
        (untested, verb(untested, "was not tested", "were not tested")),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(_, part)| part).collect();
    match (&parts[..], all) {
        ([only], 1) => format!("The one claim {}.", only.trim_start_matches("1 ")),
        ([_], 2) => format!("Both claims {}.", parts[0].trim_start_matches("2 ")),
        ([only], _) => format!("All {} claims {}.", whole(all), only.split_once(' ').map_or("", |(_, rest)| rest)),
        _ => format!("Of {}, {}.", count(all, "claim"), list(&parts)),
    }
}

fn tell(analysis: &Analysis, places: &Places, place: usize, verdict: &Verdict) -> Told {
    let (outcome, sign, class) = match verdict.outcome {
        Outcome::Holds => ("holds", "✓", "holds"),
        Outcome::Fails => ("fails", "✗", "fails"),
        Outcome::NotTested => ("not tested", "?", "untested"),
    };
    let claim = &verdict.claim;
    let mut asked = Vec::new();
    asked.extend(claim.filter.clone().map(|filter| ("where", filter)));
    asked.extend(claim.expect.clone().map(|expect| ("expect", expect)));
    if let Some(compare) = &claim.compare {
        asked.push(("compare a", compare.a.clone()));
        asked.push(("with b", compare.b.clone()));
        asked.extend(compare.metric.clone().map(|metric| ("by", metric)));
    }
    let why = told(verdict);
    let set = |what: &str, rows: &[usize]| {
        let runs = |&row: &usize| (analysis.records.runs[row].id.clone(), places.has(row));
        RunSet {
            name: format!("{} {what}", count(rows.len(), "run")),
            runs: rows.iter().take(LISTED).map(runs).collect(),
            more: match rows.len().saturating_sub(LISTED) {
                0 => String::new(),
                n => format!("and {} more", whole(n)),
            },
        }
    };
    let mut sets = Vec::new();
    if !verdict.breaking.is_empty() {
        let verb = if verdict.breaking.len() == 1 { "breaks" } else { "break" };
        sets.push(set(&format!("that {verb} it"), &verdict.breaking));
    }
    if !verdict.rows.is_empty() {
        sets.push(set("that it is about", &verdict.rows));
    }
    Told { id: format!("claim-{}", place + 1), name: claim.name.clone(), outcome, sign, class, why, asked, sets }
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn counts_read_well() {
        assert_eq!(counts(1, 0, 0), "The one claim holds.");
        assert_eq!(counts(0, 0, 1), "The one claim was not tested.");
        assert_eq!(counts(2, 0, 0), "Both claims hold.");
        assert_eq!(counts(0, 12, 0), "All 12 claims fail.");
        assert_eq!(counts(7, 1, 2), "Of 10\u{a0}claims, 7 hold, 1 fails and 2 were not tested.");
    }
}
