//! What is known of the verification of a run: nothing is claimed that was not found of this very record.

use std::fmt;

use serde_json::{Value, json};

use super::kept::{Verdict, Verification};
use crate::cite::citation::plain;
use crate::store::{Note, short};

/// Whether a run was verified.
#[derive(Clone, Debug, PartialEq)]
pub enum Verified {
    /// It was not.
    Not,
    /// A verification was of another record of the run than the one that is saved now: it says nothing of this one.
    OfAnotherRecord,
    /// Another version of Ablate has kept what it found, in a form that this one cannot read.
    Unreadable,
    /// It was trained again, and this was found.
    Found(Box<Verification>),
}

impl Verified {
    /// What the note of a run says of the record with this digest.
    #[must_use]
    pub fn of(note: Option<&Note>, digest: Option<&str>) -> Self {
        let Some(note) = note else { return Self::Not };
        if digest.is_none() || note.get("digest").and_then(Value::as_str) != digest {
            return Self::OfAnotherRecord;
        }
        Verification::read(note.clone()).map_or(Self::Unreadable, |found| Self::Found(Box::new(found)))
    }

    /// In a word or two: `not verified`, `bitwise equal`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Not | Self::OfAnotherRecord | Self::Unreadable => "not verified".into(),
            Self::Found(found) => found.verdict.to_string(),
        }
    }

    /// For scripts.
    #[must_use]
    pub fn document(&self) -> Value {
        match self {
            Self::Not => json!({"state": self.word()}),
            Self::OfAnotherRecord => json!({"state": self.word(), "note": "of another record"}),
            Self::Unreadable => json!({"state": self.word(), "note": "of another version of Ablate"}),
            Self::Found(found) => json!({
                "state": self.word(), "detail": detail(found), "time": found.time, "environment": found.trained_environment,
                "device": found.device, "version": found.ablate.version, "commit": found.ablate.commit,
                "modified": found.ablate.modified,
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
            Self::Unreadable => f.write_str(
                "not verified (another version of Ablate has kept a verification that this one cannot read)",
            ),
            Self::Found(found) => {
                let detail = detail(found).map(|detail| format!(", {detail}")).unwrap_or_default();
                let Verification { verdict, time, ablate, trained_environment, .. } = &**found;
                let by = &ablate.version;
                let told = format!(
                    "trained again: {verdict}{detail} (on {time}, by Ablate {by}, in environment {trained_environment})"
                );
                f.write_str(&plain(&told))
            }
        }
    }
}

/// The largest relative difference of one that is within tolerance; what differs first of one that is different.
fn detail(found: &Verification) -> Option<String> {
    match found.verdict {
        Verdict::BitwiseEqual => None,
        Verdict::WithinTolerance => {
            let relative = found.largest.as_ref()?.relative?;
            Some(format!("largest relative difference {}", short(relative)))
        }
        Verdict::Different => {
            let first = found.first.as_ref()?;
            let epoch = first.epoch.map(|epoch| format!(" of epoch {epoch}")).unwrap_or_default();
            Some(format!("first {}{epoch}", first.quantity))
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A note as a verification keeps it.
    pub fn note(verdict: &str, digest: &str) -> Note {
        let difference = |quantity: &str, epoch: Option<u32>| json!({"quantity": quantity, "epoch": epoch, "saved": "1", "trained": "2", "relative": 2e-7});
        let note = json!({
            "verdict": verdict, "digest": digest, "trained_digest": "t", "is_whole": true, "differing": 2,
            "compared": {"measures": 1, "points": 1, "predictions": 0, "weights": null},
            "first": difference("train_loss", Some(3)), "largest": difference("test_mae", None), "tolerance": 0.01,
            "environment": "e0", "trained_environment": "e1", "facts": [], "device": "cpu",
            "ablate": {"version": "9", "commit": null, "modified": null}, "time": "2026-01-02T03:04:05Z",
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
        // What this version cannot read is no verification, whatever it says.
        assert_eq!(Verified::of(Some(&note("exactly_equal", "d1")), Some("d1")), Verified::Unreadable);
        let mut part = found.clone();
        part.remove("compared");
        assert_eq!(Verified::of(Some(&part), Some("d1")).word(), "not verified");
        let when = "(on 2026-01-02T03:04:05Z, by Ablate 9, in environment e1)";
        let of = |verdict: &str| Verified::of(Some(&note(verdict, "d")), Some("d"));
        assert_eq!(of("bitwise_equal").to_string(), format!("trained again: bitwise equal {when}"));
        assert_eq!(of("different").word(), "different");
        assert_eq!(
            of("different").to_string(),
            format!("trained again: different, first train_loss of epoch 3 {when}")
        );
        let told = format!("trained again: within tolerance, largest relative difference 2e-7 {when}");
        assert_eq!(of("within_tolerance").to_string(), told);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for verdict in ["bitwise_equal", "within_tolerance", "different"] {
            let Verified::Found(found) = Verified::of(Some(&note(verdict, "d")), Some("d")) else {
                panic!("{verdict}")
            };
            assert_eq!(json!(found), Value::Object(note(verdict, "d")));
        }
    }
}
