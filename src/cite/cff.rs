//! Citations as a `CITATION.cff` (Citation File Format 1.2.0) of the results, with Ablate among its references.

use std::fmt::Write as _;

use super::citation::{Citation, Subject, parted, plain};
use super::facts::in_sentences;
use super::text::check;

/// The file, with the licence of the results where that is to be said: an SPDX name or an address.
pub(super) fn cff(citation: &Citation, license: Option<&str>) -> String {
    let mut out = String::from("cff-version: 1.2.0\ntype: dataset\n");
    let mut field = |name: &str, text: &str| {
        let _ = writeln!(out, "{name}: {}", quoted(text));
    };
    field(
        "message",
        &format!("Cite these results with what they were trained by. `{}` trains them again.", check(citation)),
    );
    field("title", &citation.title());
    field("abstract", &in_sentences(citation));
    if let Some(license) = license {
        field(if license.contains("://") { "license-url" } else { "license" }, license);
    }
    if let Some(date) = citation.date() {
        field("date-released", date);
    }
    out.push_str("authors:\n");
    citation.authors().iter().for_each(|author| person(author, "  ", &mut out));
    identifiers(citation, &mut out);
    out.push_str("references:\n");
    for origin in citation.runs.origins().into_keys() {
        out.push_str("  - type: software\n    title: Ablate\n    authors:\n      - name: The Ablate developers\n");
        if let Some(origin) = origin {
            let _ = writeln!(out, "    version: {}", quoted(&origin.version));
            if let Some(commit) = &origin.commit {
                let _ = writeln!(out, "    commit: {}", quoted(commit));
            }
            let _ = writeln!(out, "    notes: {}", quoted(&origin.to_string()));
        } else {
            out.push_str("    notes: the version that trained the results is not known\n");
        }
    }
    out
}

/// `Family, Given` is a person; any other name is taken as it is.
fn person(name: &str, indent: &str, out: &mut String) {
    let _ = match parted(name) {
        Some((family, given)) => {
            writeln!(out, "{indent}- family-names: {}\n{indent}  given-names: {}", quoted(family), quoted(given))
        }
        None => writeln!(out, "{indent}- name: {}", quoted(name)),
    };
}

fn identifiers(citation: &Citation, out: &mut String) {
    let mut identifiers = Vec::new();
    let first = citation.records().runs.first();
    let of_all = || citation.digest().map(|digest| (digest, "BLAKE3 of the lines RUN DIGEST of all runs".to_owned()));
    match (&citation.subject, first) {
        (Subject::Run, Some(run)) => {
            identifiers.push((run.id.clone(), "the run".to_owned()));
            identifiers.push((run.config.clone(), "its configuration".to_owned()));
            identifiers
                .extend(run.digest.clone().map(|digest| (digest, "BLAKE3 of the bits of its result".to_owned())));
        }
        (Subject::Configuration, Some(run)) => {
            identifiers.push((run.config.clone(), "the configuration".to_owned()));
            identifiers.extend(of_all());
            for run in &citation.records().runs {
                let digest = run.digest.clone();
                identifiers.extend(
                    digest.map(|digest| (digest, format!("BLAKE3 of the bits of the result of run {}", run.id))),
                );
            }
        }
        _ => {
            let version = citation.version.as_ref();
            identifiers.extend(version.map(|version| (version.hash.clone(), "BLAKE3 of the sweep file".to_owned())));
            identifiers.extend(of_all());
        }
    }
    // What two runs have in common is named once: identifiers have to differ.
    let mut seen = std::collections::BTreeSet::new();
    identifiers.retain(|(value, _)| seen.insert(value.clone()));
    if !identifiers.is_empty() {
        out.push_str("identifiers:\n");
    }
    for (value, what) in identifiers {
        let _ = writeln!(out, "  - type: other\n    value: {}\n    description: {}", quoted(&value), quoted(&what));
    }
}

/// A text in double quotes: JSON's are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(plain(text)).to_string()
}
