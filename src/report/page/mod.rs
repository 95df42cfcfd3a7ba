//! The page: what the template shows, made from an analysis and its figures.

mod security;
mod tables;
mod theory;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Input;
use super::figure::Figure;
use super::number::{count, number, whole};
use super::sentences::{general, list};
use crate::analysis::Analysis;
use crate::config::parameter;
use tables::View;
pub use tables::{configurations, runs};

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// Everything that the template needs. All text is escaped by it, but for `style` and `script`, which are files of
/// this crate.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/assets/askama.toml")]
struct Page<'a> {
    policy: String,
    style: &'static str,
    script: &'static str,
    name: &'a str,
    question: &'a str,
    answer: &'a [String],
    ends: String,
    lead: Option<Shown<'a>>,
    evidence: Vec<Shown<'a>>,
    rest: Vec<Shown<'a>>,
    further: Vec<String>,
    configurations: View,
    runs: View,
    unfinished: Option<View>,
    unfinished_by: Vec<String>,
    absences: Vec<Absent>,
    theory: Vec<theory::Line>,
    metric: &'a str,
    goal: &'static str,
    environments: Vec<String>,
    commands: Vec<String>,
    overrides: &'a [String],
    sweep_text: &'a str,
}

/// A figure on the page.
struct Shown<'a> {
    figure: &'a Figure,
    light: String,
    dark: String,
    width: u32,
    height: u32,
    /// Whether its sentence already stands on the page.
    said: bool,
}

/// Absent combinations of a grid.
struct Absent {
    sentence: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Renders the page.
pub(super) fn page(
    input: &Input,
    analysis: &Analysis,
    figures: &[Figure],
    drawn: &[(Vec<u8>, Vec<u8>)],
    answer: &[String],
) -> String {
    let mut shown: Vec<Shown<'_>> = figures.iter().zip(drawn).map(|(figure, images)| shown(figure, images)).collect();
    let lead = (!shown.is_empty()).then(|| shown.remove(0));
    let lead = lead.map(|lead| Shown { said: answer.contains(&lead.figure.finding), ..lead });
    let (evidence, rest) = shown.into_iter().partition(|shown| !is_general(shown.figure));
    let metric = &input.metric;
    let page = Page {
        policy: security::policy(STYLE, SCRIPT),
        style: STYLE,
        script: SCRIPT,
        name: &input.name,
        question: input.question.as_deref().map(str::trim).filter(|text| !text.is_empty()).unwrap_or(&input.name),
        answer,
        ends: general::ends(analysis),
        lead,
        evidence,
        rest,
        further: further(analysis),
        configurations: tables::configurations_view(analysis),
        runs: tables::runs_view(analysis),
        unfinished: tables::unfinished_view(analysis),
        unfinished_by: unfinished_by(analysis),
        absences: absences(analysis),
        theory: theory::lines(analysis),
        metric: &metric.name,
        goal: match metric.goal {
            super::Goal::Minimize => "smaller is better",
            super::Goal::Maximize => "larger is better",
        },
        environments: environments(analysis),
        commands: commands(input, analysis),
        overrides: &input.overrides,
        sweep_text: &input.sweep_text,
    };
    page.render().expect("the template only prints")
}

fn is_general(figure: &Figure) -> bool {
    figure.name.starts_with("ranking") || figure.name.starts_with("parameters")
}

fn shown<'a>(figure: &'a Figure, (light, dark): &(Vec<u8>, Vec<u8>)) -> Shown<'a> {
    // Width and height stand at a fixed place in every PNG; an image has two pixels for each of the page.
    let size = |at: usize| u32::from_be_bytes([light[at], light[at + 1], light[at + 2], light[at + 3]]) / 2;
    Shown {
        figure,
        light: STANDARD.encode(light),
        dark: STANDARD.encode(dark),
        width: size(16),
        height: size(20),
        said: false,
    }
}

/// Findings that no figure carries.
fn further(analysis: &Analysis) -> Vec<String> {
    if analysis.founding.is_some() { general::influences(analysis) } else { Vec::new() }
}

fn unfinished_by(analysis: &Analysis) -> Vec<String> {
    let line = |(name, level, tally): &(&str, Option<String>, crate::analysis::Tally)| {
        let level = level.as_deref().unwrap_or("not set");
        let parts = [(tally.diverged, "diverged"), (tally.failed, "failed"), (tally.timed_out, "out of time")];
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{} {how}", whole(*n))).collect();
        format!("{} {level}: {} of {}", name.replace('_', " "), list(&parts), count(tally.runs(), "run"))
    };
    analysis.ends.by_value.iter().map(line).collect()
}

fn absences(analysis: &Analysis) -> Vec<Absent> {
    let absent = |absence: &crate::analysis::Absence| {
        let present = count(absence.present, "combination");
        let sentence = match (absence.combinations, absence.absent()) {
            (Some(all), Some(absent)) => {
                let shown = absence.examples.len() as u64;
                let more = if shown < absent { format!("; the first {shown} are listed") } else { String::new() };
                format!(
                    "Grid {} has {present} of {} that its values make; {} were not tried{more}.",
                    absence.grid,
                    number(all as f64),
                    number(absent as f64)
                )
            }
            _ => format!("Grid {} has {present} of more than can be counted.", absence.grid),
        };
        let header = absence.parameters.iter().map(|&name| name.to_owned()).collect();
        Absent { sentence, header, rows: absence.examples.clone() }
    };
    analysis.absences.iter().map(absent).collect()
}

fn environments(analysis: &Analysis) -> Vec<String> {
    let mut counts: std::collections::BTreeMap<(&str, &str), usize> = std::collections::BTreeMap::new();
    for run in &analysis.records.runs {
        let environment = run.environment.as_deref().unwrap_or("not known");
        *counts.entry((environment, run.device.as_deref().unwrap_or("an unknown device"))).or_default() += 1;
    }
    let line =
        |((environment, device), n): ((&str, &str), usize)| format!("{environment}: {} on {device}", count(n, "run"));
    counts.into_iter().map(line).collect()
}

fn commands(input: &Input, analysis: &Analysis) -> Vec<String> {
    let name = quoted(&input.name);
    let words: Vec<String> = std::iter::once("ablate run sweep.yaml".to_owned())
        .chain(input.overrides.iter().map(|text| quoted(text)))
        .collect();
    let mut commands = vec![
        format!("{}    # train what is missing, then report", words.join(" ")),
        format!("ablate report {name}    # this page again, from saved results"),
        format!("ablate runs {name} --sort {}    # every run as a table", quoted(&input.metric.name)),
    ];
    let best = analysis.groups.first().and_then(|group| group.rows.first());
    if let Some(&row) = best {
        commands.push(format!(
            "ablate show {}    # one run: parameters, measures, curve",
            quoted(&analysis.records.runs[row].id)
        ));
    }
    commands
}

/// Text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-=,/:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A parameter's sentence in the reference, for headings of tables.
fn hint(name: &str) -> String {
    parameter(name).map(|parameter| parameter.doc.to_owned()).unwrap_or_default()
}
