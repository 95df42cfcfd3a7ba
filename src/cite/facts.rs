//! What a citation says in sentences, each under its name: the same in every form.

use super::citation::{Citation, Subject, plain, untrained};
use super::verify::told;
use crate::analysis::{Outcome, Summary, Tally};
use crate::report::number::{count, whole};
use crate::report::sentences::list;
use crate::store::{SweepVersion, short};

/// Measures that are named beside the metric.
const NAMED: [&str; 4] = ["test_rmse", "domain_rmse", "affine_floor", "excess"];

/// All facts, in their order, in one line each.
pub(super) fn facts(citation: &Citation) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Sweep", sweep(citation))];
    facts.extend(citation.question.clone().map(|question| ("Question", question)));
    match &citation.subject {
        Subject::Run => run(citation, &mut facts),
        Subject::Configuration => {
            facts.push(("Configuration", citation.configuration(0)));
            facts.push(("Seeds", seeds(citation)));
            facts.push(("Runs", ends(&Tally::of(citation.records()))));
            facts.push(("Result", result(citation)));
        }
        Subject::Sweep(found) => {
            let missing = untrained(found.untrained).map(|missing| format!("; {missing}")).unwrap_or_default();
            facts.push(("Runs", format!("{}{missing}", ends(&found.ends))));
            facts.push(("Claims", claims(citation, found)));
        }
    }
    let of = match citation.subject {
        Subject::Run => String::new(),
        _ => format!(", BLAKE3 of the lines RUN DIGEST of {}", count(citation.records().runs.len(), "run")),
    };
    let digest = citation.digest().map(|digest| format!("{digest}{of}"));
    facts.push(("Digest", digest.unwrap_or_else(|| "none: it has no result".into())));
    facts.push(("Environment", environments(citation)));
    facts.push(("Trained by", origins(citation)));
    facts.extend(citation.runs.time().map(|time| ("Date", time.to_owned())));
    facts.push(("Verification", told(&citation.runs.verified)));
    facts.iter().map(|(name, fact)| (*name, plain(fact))).collect()
}

fn run(citation: &Citation, facts: &mut Vec<(&'static str, String)>) {
    let Some(run) = citation.records().runs.first() else { return };
    facts.push(("Configuration", format!("{} ({})", citation.configuration(0), run.config)));
    facts.push(("Seed", format!("{}, replicate {}", seed(run), run.replicate)));
    let reason = run.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    facts.push(("Ended", format!("{}{reason}", run.status.to_string().replace('_', " "))));
    facts.push(("Result", result(citation)));
}

/// `4 finished and 1 diverged`.
fn ends(ends: &Tally) -> String {
    let others = [(ends.diverged, "diverged"), (ends.failed, "failed"), (ends.timed_out, "ran out of time")];
    let others = others.into_iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{} {how}", whole(n)));
    list(&std::iter::once(format!("{} finished", whole(ends.finished))).chain(others).collect::<Vec<_>>())
}

/// The seed of a run, and those of single draws where they are others.
fn seed(run: &crate::analysis::Run) -> String {
    match &run.seeds {
        Some([data, init, shuffle]) if [data, init, shuffle].iter().any(|seed| **seed != run.seed) => {
            format!("{} (data {data}, initial weights {init}, order of examples {shuffle})", run.seed)
        }
        _ => run.seed.clone(),
    }
}

fn seeds(citation: &Citation) -> String {
    citation.records().runs.iter().map(seed).collect::<Vec<_>>().join(", ")
}

/// The sweep with the hashes of its files: those that the runs were trained for, where that was kept.
fn sweep(citation: &Citation) -> String {
    let trained = citation.runs.sweeps();
    let known = citation.runs.processes.iter().all(Option::is_some) && !trained.is_empty();
    let of_sweep = matches!(citation.subject, Subject::Sweep(_));
    let last = |version: &SweepVersion| {
        format!("{}, file as it was run last: BLAKE3 {}{}", citation.sweep, version.hash, with(&version.overrides))
    };
    match &citation.version {
        Some(version) if of_sweep || !known => last(version),
        _ if !known => format!("{}, file not kept", citation.sweep),
        _ => {
            let one = |(hash, overrides): &(String, Vec<String>)| format!("BLAKE3 {hash}{}", with(overrides));
            format!("{}, file {}", citation.sweep, list(&trained.iter().map(one).collect::<Vec<_>>()))
        }
    }
}

fn with(overrides: &[String]) -> String {
    if overrides.is_empty() { String::new() } else { format!(" with {}", overrides.join(" ")) }
}

/// The metric first, then the measures that everybody asks for.
fn result(citation: &Citation) -> String {
    let metric = citation.metric.name.as_str();
    let measures = citation.measures();
    let names = std::iter::once(metric).chain(NAMED.into_iter().filter(|name| *name != metric));
    let told = names.filter_map(|name| {
        let (_, summary) = measures.iter().find(|(measure, _)| *measure == name)?;
        Some(format!("{name} {}", value(citation, summary)))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "no measure: no run has a result".into() } else { told.join("; ") }
}

fn value(citation: &Citation, summary: &Summary) -> String {
    match citation.subject {
        Subject::Run => short(summary.mean),
        _ => mean(summary),
    }
}

/// All facts as one text.
pub(super) fn in_sentences(citation: &Citation) -> String {
    let sentence = |(name, fact): &(&str, String)| {
        let end = if fact.ends_with(['.', '?', '!']) { "" } else { "." };
        format!("{name}: {fact}{end}")
    };
    facts(citation).iter().map(sentence).collect::<Vec<_>>().join(" ")
}

/// A mean with its interval and what it is made from.
fn mean(summary: &Summary) -> String {
    if summary.min == summary.max && summary.n() > 1 && summary.missing == 0 {
        return format!("{} (the same in {})", short(summary.mean), count(summary.n(), "run"));
    }
    let interval = match summary.interval {
        Some((low, high)) => format!("95 % interval {} to {}, ", short(low), short(high)),
        None => "no interval, ".into(),
    };
    let skewed = summary.is_skewed().then(|| summary.bootstrap_interval()).flatten();
    let skewed = skewed.map(|(low, high)| {
        format!("; its values lie to one side, and the bootstrap has {} to {}", short(low), short(high))
    });
    let missing =
        if summary.missing > 0 { format!(", {} without a value", whole(summary.missing)) } else { String::new() };
    format!(
        "{} (mean; {interval}{}{missing}{})",
        short(summary.mean),
        count(summary.n(), "run"),
        skewed.unwrap_or_default()
    )
}

fn claims(citation: &Citation, found: &super::citation::Whole) -> String {
    let claims = &found.claims;
    if claims.verdicts.is_empty() {
        return format!("{} claims nothing", citation.sweep);
    }
    let of = |outcome: Outcome, one: &str, several: &str| match claims.count(outcome) {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{} {several}", whole(n))),
    };
    let parts = [
        of(Outcome::Holds, "holds", "hold"),
        of(Outcome::Fails, "fails", "fail"),
        of(Outcome::NotTested, "was not tested", "were not tested"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("of {}, {}", count(claims.verdicts.len(), "claim"), list(&parts))
}

fn environments(citation: &Citation) -> String {
    let environments = citation.runs.environments();
    let one = environments.len() == 1;
    let told = environments.iter().map(|((environment, device), n)| {
        let decides = citation.runs.decides(environment).map(|facts| format!(" ({facts})")).unwrap_or_default();
        let runs = if one { String::new() } else { format!(", {}", count(*n, "run")) };
        format!("{environment}{decides}, on {device}{runs}")
    });
    told.collect::<Vec<_>>().join("; ")
}

fn origins(citation: &Citation) -> String {
    let origins = citation.runs.origins();
    let one = origins.len() == 1;
    let told = origins.iter().map(|(origin, n)| {
        let origin = origin.as_ref().map_or("a version that is not known".to_owned(), ToString::to_string);
        if one { origin } else { format!("{origin} ({})", count(*n, "run")) }
    });
    told.collect::<Vec<_>>().join("; ")
}
