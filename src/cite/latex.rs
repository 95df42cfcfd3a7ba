//! Citations as macros of LaTeX: `\ablate{RUN}{domain_rmse}`, so that the numbers of a write-up are those of its results.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::bibtex::key;
use super::citation::{Citation, Subject, plain};
use super::facts::facts;
use crate::analysis::Outcome;
use crate::config::PARAMETERS;
use crate::measure::COLUMNS;
use crate::report::number::{count, exact};

/// What defines `\ablate` and names what is missing. Rounding is left to LaTeX, so that a number has one definition.
const MACRO: &str = r"\NeedsTeXFormat{LaTeX2e}[2020/10/01]
\makeatletter
\providecommand\ablate@unknown[2]{\PackageError{ablate}{There is no `#2' of `#1'}{The files of `ablate cite --format latex' that were read do not have it.}}
\ExplSyntaxOn
\ProvideExpandableDocumentCommand \ablate { o m m }
  {
    \cs_if_exist:cTF { ablate@#2@#3 }
      { \IfNoValueTF {#1} { \use:c { ablate@#2@#3 } } { \ablate@rounded {#1} { \use:c { ablate@#2@#3 } } } }
      { \ablate@unknown {#2} {#3} }
  }
\ProvideExpandableDocumentCommand \ablate@rounded { m m }
  { \fp_to_tl:n { \fp_compare:nTF { #2 = 0 } { 0 } { round ( #2 , #1 - 1 - logb ( #2 ) ) } } }
\ExplSyntaxOff
";

/// Characters that all names of macros may have together: pdfTeX holds some 6 million in all, of which packages take their part.
const MOST_CHARACTERS: usize = 4_000_000;

/// Columns of a run beside its measures that are numbers.
const COUNTS: [&str; 5] = ["replicate", "epochs_done", "parameters", "features", "seconds"];

/// The file.
pub(super) fn latex(citation: &Citation) -> String {
    let mut out = format!("% {}\n", plain(&citation.title()));
    for (name, fact) in facts(citation) {
        let _ = writeln!(out, "% {name}: {fact}");
    }
    let definitions = definitions(citation);
    if let Some(left) = left_out(citation) {
        let _ = writeln!(out, "%\n% {left}");
    }
    let _ = write!(
        out,
        "%\n% Made by `ablate cite --format latex`: {} definitions. \\input it, and write \\ablate{{ID}}{{NAME}} for a number as \
         it is saved, or\n% \\ablate[3]{{ID}}{{NAME}} for three significant digits. ID is that of a run (all its columns), of a \
         configuration (a measure's\n% mean; with .low and .high the ends of its 95 % interval, and .sd, .median, .min, .max, \
         .n), or the name of the sweep.\n{MACRO}",
        definitions.len()
    );
    for (of, name, value) in definitions {
        let of = key(&of);
        let _ = writeln!(out, "\\expandafter\\def\\csname ablate@{of}@{name}\\endcsname{{{value}}}");
    }
    out.push_str("\\makeatother\n");
    out
}

/// That the runs of a large sweep are left out, since TeX could not hold them; nothing where they are not.
pub(super) fn left_out(citation: &Citation) -> Option<String> {
    let is_sweep = matches!(citation.subject, Subject::Sweep(_));
    let characters: usize = all(citation).iter().map(|(of, name, _)| "ablate@@".len() + of.len() + name.len()).sum();
    (is_sweep && characters > MOST_CHARACTERS).then(|| {
        let runs = plain(&count(citation.records().runs.len(), "run"));
        format!(
            "The macros of {runs} are left out, since they are more than TeX can hold: those of configurations are here, and \
             `ablate cite RUN --format latex` has those of a run, to be read beside these"
        )
    })
}

/// What the file defines.
fn definitions(citation: &Citation) -> Vec<(String, String, String)> {
    let mut definitions = all(citation);
    if left_out(citation).is_some() {
        let runs: HashSet<&str> = citation.records().runs.iter().map(|run| run.id.as_str()).collect();
        definitions.retain(|(of, ..)| !runs.contains(of.as_str()));
    }
    definitions
}

/// Every number and word: what it is of, its name, and its value as LaTeX reads it.
fn all(citation: &Citation) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    sweep(citation, &mut all);
    let runs = &citation.records().runs;
    let mut start = 0;
    for replicates in runs.chunk_by(|a, b| a.config == b.config) {
        let rows = start..start + replicates.len();
        start = rows.end;
        if !matches!(citation.subject, Subject::Run) {
            configuration(citation, rows.clone(), &mut all);
        }
        rows.for_each(|row| run(citation, row, &mut all));
    }
    all
}

fn run(citation: &Citation, row: usize, all: &mut Vec<(String, String, String)>) {
    let records = citation.records();
    let run = &records.runs[row];
    let mut define = |name: &str, value: String| all.push((run.id.clone(), name.to_owned(), value));
    let numbers = COLUMNS.iter().map(|column| column.name).chain(COUNTS);
    for (name, value) in numbers.filter_map(|name| Some((name, records.number(row, name)?))) {
        define(name, exact(value));
    }
    for (name, value) in
        PARAMETERS.iter().filter_map(|parameter| Some((parameter.name, records.value(row, parameter.name)?)))
    {
        define(name, escaped(value));
    }
    define("config", run.config.clone());
    define("seed", run.seed.clone());
    define("status", escaped(&run.status.to_string().replace('_', " ")));
    define("verification", escaped(&citation.runs.verified[row].word()));
    for (name, value) in [("digest", &run.digest), ("environment", &run.environment)] {
        value.iter().for_each(|value| define(name, escaped(value)));
    }
}

fn configuration(citation: &Citation, rows: std::ops::Range<usize>, all: &mut Vec<(String, String, String)>) {
    let records = citation.records();
    let of = records.runs[rows.start].config.clone();
    let mut define = |name: String, value: String| all.push((of.clone(), name, value));
    define("runs".into(), rows.len().to_string());
    for name in COLUMNS.iter().map(|column| column.name) {
        let values = rows.clone().map(|row| (row, records.number(row, name)));
        let Some(summary) = crate::analysis::Summary::of(values) else { continue };
        define(name.to_owned(), exact(summary.mean));
        let interval = summary.interval;
        let parts = [
            ("low", interval.map(|(low, _)| low)),
            ("high", interval.map(|(_, high)| high)),
            ("sd", summary.sd),
            ("median", Some(summary.median)),
            ("min", Some(summary.min)),
            ("max", Some(summary.max)),
            ("n", Some(summary.n() as f64)),
        ];
        parts.into_iter().for_each(|(part, value)| {
            value.iter().for_each(|value| define(format!("{name}.{part}"), exact(*value)));
        });
    }
}

fn sweep(citation: &Citation, all: &mut Vec<(String, String, String)>) {
    let Subject::Sweep(found) = &citation.subject else { return };
    let mut define = |name: &str, n: usize| all.push((citation.sweep.clone(), name.to_owned(), n.to_string()));
    define("runs", citation.records().runs.len());
    define("configurations", found.configurations);
    define("finished", found.ends.finished);
    define("diverged", found.ends.diverged);
    define("failed", found.ends.failed);
    define("timed_out", found.ends.timed_out);
    define("untrained", usize::try_from(found.untrained).unwrap_or(usize::MAX));
    define("claims", found.claims.verdicts.len());
    define("claims.hold", found.claims.count(Outcome::Holds));
    define("claims.fail", found.claims.count(Outcome::Fails));
    define("claims.not_tested", found.claims.count(Outcome::NotTested));
}

/// Text that LaTeX and `BibTeX` show as it is. No brace is left that either of them would count.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        // Several of them are one sign to TeX: a dash, a quote, a Spanish mark.
        if matches!(c, '-' | '\'' | ',' | '`') && out.ends_with(if c == '`' { ['?', '!', '`'] } else { [c; 3] }) {
            out.push_str("{}");
        }
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            // A quote may be a shorthand of babel's, and its own command wants another font encoding.
            '"' => out.push_str("''"),
            '·' => out.push_str("\\textperiodcentered{}"),
            '#' | '$' | '%' | '&' | '_' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}
