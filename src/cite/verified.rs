//! Whether a run was verified, as far as its note says. Nothing is claimed that the note does not say of this very record.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::citation::plain;
use crate::report::number::whole;
use crate::report::sentences::list;
use crate::store::{Note, short};

/// What is known of the verification of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It was not verified.
    Not,
    /// A verification was of another record of the run than the one that is saved now: it says nothing of this one.
    OfAnotherRecord,
    /// It was trained again.
    Found {
        /// What came out: `bitwise equal`, `within tolerance` or `different`.
        outcome: String,
        /// The largest relative difference of one that is within tolerance; what differs first of one that is different.
        detail: Option<String>,
        /// When, in UTC.
        time: Option<String>,
        /// The environment that it was trained again in.
        environment: Option<String>,
        /// The version of Ablate that trained it again.
        version: Option<String>,
        /// The commit of that.
        commit: Option<String>,
    },
}

impl Verified {
    /// What the note of a run says of the record with this digest.
    #[must_use]
    pub fn of(note: Option<&Note>, digest: Option<&str>) -> Self {
        let Some(note) = note else { return Self::Not };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let get = |name: &str| note.get(name).unwrap_or(&Value::Null);
        if digest.is_none() || get("digest").as_str() != digest {
            return Self::OfAnotherRecord;
        }
        let Some(outcome) = text(get("verdict")).map(|verdict| plain(&verdict).replace('_', " ")) else {
            return Self::Not;
        };
        let (first, largest) = (get("first"), get("largest"));
        let relative =
            largest["relative"].as_f64().map(|largest| format!("largest relative difference {}", short(largest)));
        let epoch = first["epoch"].as_u64().map(|epoch| format!(" of epoch {epoch}")).unwrap_or_default();
        let first = first["quantity"].as_str().map(|quantity| format!("first {}{epoch}", plain(quantity)));
        let detail = match outcome.as_str() {
            "within tolerance" => relative,
            "different" => first,
            _ => None,
        };
        Self::Found {
            outcome,
            detail,
            time: text(get("time")),
            environment: text(get("trained_environment")),
            version: text(&get("ablate")["version"]),
            commit: text(&get("ablate")["commit"]),
        }
    }

    /// In a word or two: `not verified`, `bitwise equal`.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Not | Self::OfAnotherRecord => "not verified",
            Self::Found { outcome, .. } => outcome,
        }
    }

    /// For scripts.
    #[must_use]
    pub fn document(&self) -> Value {
        match self {
            Self::Not => json!({"state": "not verified"}),
            Self::OfAnotherRecord => json!({"state": "not verified", "note": "of another record"}),
            Self::Found { outcome, detail, time, environment, version, commit } => json!({
                "state": outcome, "detail": detail, "time": time, "environment": environment, "version": version, "commit": commit,
            }),
        }
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Not => f.write_str("not verified"),
            Self::OfAnotherRecord => {
                f.write_str("not verified (a verification of another record of it says nothing of this one)")
            }
            Self::Found { outcome, detail, time, environment, version, .. } => {
                write!(f, "trained again: {outcome}")?;
                detail.iter().try_for_each(|detail| write!(f, ", {detail}"))?;
                let when = time.as_ref().map(|time| format!("on {time}"));
                let by = version.as_ref().map(|version| format!("by Ablate {version}"));
                let place = environment.as_ref().map(|environment| format!("in environment {environment}"));
                let parts: Vec<String> = [when, by, place].into_iter().flatten().collect();
                if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join(", ")) }
            }
        }
    }
}

/// How many of several runs were verified, in a sentence: `2 of 5 runs were trained again: 2 bitwise equal; 3 not verified`.
#[must_use]
pub fn told(runs: &[Verified]) -> String {
    if let [only] = runs {
        return only.to_string();
    }
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs.iter().filter(|run| matches!(run, Verified::Found { .. })) {
        *outcomes.entry(run.word()).or_default() += 1;
    }
    let verified: usize = outcomes.values().sum();
    if verified == 0 {
        return "not verified".into();
    }
    let counts: Vec<String> = outcomes.iter().map(|(outcome, n)| format!("{} {outcome}", whole(*n))).collect();
    let rest = match runs.len() - verified {
        0 => String::new(),
        rest => format!("; {} not verified", whole(rest)),
    };
    format!("{} of {} runs were trained again: {}{rest}", whole(verified), whole(runs.len()), list(&counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(outcome: &str, digest: &str) -> Note {
        let note = json!({
            "verdict": outcome, "digest": digest, "environment": "e0", "trained_environment": "e1",
            "time": "2026-01-02T03:04:05Z", "ablate": {"version": "9", "commit": null},
            "first": {"quantity": "train_loss", "epoch": 3}, "largest": {"quantity": "test_mae", "relative": 2e-7},
        });
        note.as_object().unwrap().clone()
    }

    #[test]
    fn nothing_is_claimed_that_was_not_found_of_this_record() {
        let found = note("bitwise_equal", "d1");
        assert_eq!(Verified::of(None, Some("d1")), Verified::Not);
        assert_eq!(Verified::of(Some(&found), Some("d2")), Verified::OfAnotherRecord);
        assert_eq!(Verified::of(Some(&found), None), Verified::OfAnotherRecord);
        assert_eq!(Verified::of(Some(&Note::new()), Some("d1")), Verified::OfAnotherRecord);
        let verified = Verified::of(Some(&found), Some("d1"));
        let told = "trained again: bitwise equal (on 2026-01-02T03:04:05Z, by Ablate 9, in environment e1)";
        assert_eq!(verified.to_string(), told);
        assert_eq!(Verified::of(Some(&found), Some("d2")).word(), "not verified");
        let of = |verdict: &str| Verified::of(Some(&note(verdict, "d")), Some("d"));
        assert_eq!(of("different").word(), "different");
        let when = "(on 2026-01-02T03:04:05Z, by Ablate 9, in environment e1)";
        assert_eq!(
            of("different").to_string(),
            format!("trained again: different, first train_loss of epoch 3 {when}")
        );
        let told = format!("trained again: within tolerance, largest relative difference 2e-7 {when}");
        assert_eq!(of("within_tolerance").to_string(), told);
    }

    #[test]
    fn of_several_runs_each_is_counted() {
        let of = |outcome: &str| Verified::of(Some(&note(outcome, "d")), Some("d"));
        let runs =
            [of("bitwise_equal"), Verified::Not, of("different"), Verified::OfAnotherRecord, of("bitwise_equal")];
        assert_eq!(told(&runs), "3 of 5 runs were trained again: 2 bitwise equal and 1 different; 2 not verified");
        assert_eq!(told(&runs[..2]), "1 of 2 runs were trained again: 1 bitwise equal; 1 not verified");
        assert_eq!(told(&[Verified::Not, Verified::Not]), "not verified");
        assert_eq!(told(&[of("different")]), of("different").to_string());
    }
}
