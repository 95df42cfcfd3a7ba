//! What the verifications of several runs come to, in one sentence.

use std::collections::BTreeMap;

use super::kept::{Verdict, Verification};
use super::verified::Verified;
use crate::cite::citation::plain;
use crate::report::number::{count, number, whole};
use crate::store::{Note, Result, Results};

/// The verifications of some of the saved runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// The runs that it is about, verified or not.
    pub runs: usize,
    /// Those that gave the same bits.
    pub equal: usize,
    /// Those that were trained where other bits may come out, and differ by no more than the tolerance.
    pub within: usize,
    /// The largest relative difference of those.
    pub largest: f64,
    /// Those that differ.
    pub different: usize,
    /// Verifications that do not count: the digest of the record is not the one that was verified, or another version of
    /// Ablate wrote what is kept of them.
    pub outdated: usize,
}

impl Summary {
    /// The verifications of those saved runs that are `wanted`.
    ///
    /// # Errors
    /// When what is kept of one is damaged.
    pub fn of(results: &Results, wanted: &dyn Fn(&str) -> bool) -> Result<Self> {
        let column = |name: &str| results.runs().column(name).ok().and_then(|column| column.str().ok());
        let (Some(runs), Some(digests)) = (column("run"), column("digest")) else { return Ok(Self::default()) };
        let notes: BTreeMap<String, Note> = results.all_verified()?.into_iter().collect();
        let rows = runs.iter().zip(digests.iter()).filter_map(|(run, digest)| Some((run?, digest)));
        let rows = rows.filter(|(run, _)| wanted(run));
        let known: Vec<Verified> = rows.map(|(run, digest)| Verified::of(notes.get(run), digest)).collect();
        Ok(Self::of_runs(&known))
    }

    /// Of runs of which this is known.
    #[must_use]
    pub fn of_runs(runs: &[Verified]) -> Self {
        let mut summary = Self { runs: runs.len(), ..Self::default() };
        for run in runs {
            match run {
                Verified::Not => {}
                Verified::OfAnotherRecord | Verified::Unreadable => summary.outdated += 1,
                Verified::Found(found) => summary.add(found),
            }
        }
        summary
    }

    /// Adds a verification.
    pub fn add(&mut self, found: &Verification) {
        match found.verdict {
            Verdict::BitwiseEqual => self.equal += 1,
            Verdict::WithinTolerance => {
                self.within += 1;
                let relative = found.largest.as_ref().and_then(|largest| largest.relative);
                self.largest = self.largest.max(relative.unwrap_or(0.0));
            }
            Verdict::Different => self.different += 1,
        }
    }

    /// Runs that were verified.
    #[must_use]
    pub fn verified(&self) -> usize {
        self.equal + self.within + self.different
    }

    /// What they came to, without a full stop: `all bitwise equal`. `None` where no run was verified.
    #[must_use]
    pub fn outcome(&self) -> Option<String> {
        let within = || {
            let largest = match self.largest {
                0.0 => "only weights differ, which were not kept".to_owned(),
                largest => format!("the largest relative difference is {}", number(largest)),
            };
            format!("within tolerance ({largest})")
        };
        let parts: Vec<(usize, String)> = [
            (self.equal, "bitwise equal".to_owned()),
            (self.within, within()),
            (self.different, "different".to_owned()),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .collect();
        match &parts[..] {
            [] => None,
            [(1, what)] if self.verified() == 1 => Some(what.clone()),
            [(_, what)] => Some(format!("all {what}")),
            _ => Some(parts.iter().map(|(n, what)| format!("{} {what}", whole(*n))).collect::<Vec<_>>().join("; ")),
        }
    }

    /// The sentence for a report: `12 of 190 runs were trained again by ablate verify: all bitwise equal.` `None` where no
    /// run was ever verified.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let outdated = (self.outdated > 0).then(|| {
            let these = count(self.outdated, "earlier verification");
            let (do_not, them) = if self.outdated == 1 { ("does", "it") } else { ("do", "them") };
            format!("{these} {do_not} not count: the record has another digest now, or another version of Ablate kept {them}.")
        });
        let done = self.outcome().map(|outcome| {
            let were = if self.verified() == 1 { "was" } else { "were" };
            let runs = count(self.runs, "run");
            format!("{} of {runs} {were} trained again by ablate verify: {outcome}.", whole(self.verified()))
        });
        let sentences: Vec<String> = done.into_iter().chain(outdated).collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

/// Whether runs were verified, for a citation, without a full stop: of one run all that was found, of several how many came
/// to what.
#[must_use]
pub fn told(runs: &[Verified]) -> String {
    if let [only] = runs {
        return only.to_string();
    }
    let summary = Summary::of_runs(runs);
    let Some(outcome) = summary.outcome() else { return "not verified".into() };
    let were = if summary.verified() == 1 { "was" } else { "were" };
    let rest = match runs.len() - summary.verified() {
        0 => String::new(),
        rest => format!("; {} not verified", whole(rest)),
    };
    let of = count(runs.len(), "run");
    plain(&format!("{} of {of} {were} trained again: {outcome}{rest}", whole(summary.verified())))
}

#[cfg(test)]
mod tests {
    use super::super::verified::tests::note;
    use super::*;

    #[test]
    fn of_several_runs_each_is_counted() {
        let of = |outcome: &str| Verified::of(Some(&note(outcome, "d")), Some("d"));
        let runs = [
            of("bitwise_equal"),
            Verified::Not,
            of("different"),
            Verified::OfAnotherRecord,
            of("bitwise_equal"),
            Verified::Unreadable,
            of("within_tolerance"),
        ];
        let all = "4 of 7 runs were trained again: 2 bitwise equal; 1 within tolerance (the largest relative difference is \
                   2·10⁻⁷); 1 different; 3 not verified";
        assert_eq!(told(&runs), all);
        assert_eq!(Summary::of_runs(&runs).outdated, 2);
        assert_eq!(told(&runs[..2]), "1 of 2 runs was trained again: bitwise equal; 1 not verified");
        assert_eq!(told(&[Verified::Not, Verified::Unreadable]), "not verified");
        assert_eq!(told(&[of("different")]), of("different").to_string());
        assert_eq!(told(&[of("different"), of("different")]), "2 of 2 runs were trained again: all different");
    }
}
