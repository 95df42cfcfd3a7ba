//! The page: what the template shows, made from an analysis and its figures.

mod absent;
mod charts;
mod claims;
mod figures;
mod noise;
mod pictures;
mod places;
mod reproduce;
mod sections;
mod security;
mod tables;
mod theory;

use std::sync::LazyLock;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Input;
use super::figure::Figure;
use super::number::{count, whole};
use super::sentences::{environments, general, list};
use crate::analysis::{Analysis, Tally};
use absent::Absent;
use charts::Charts;
use claims::Claims;
use figures::{Said, Shown};
use pictures::Picture;
use places::Places;
use sections::Section;
use tables::View;
pub use tables::{configurations, runs};

/// The style with its two fonts, which are those of the pictures.
static STYLE: LazyLock<String> = LazyLock::new(|| {
    let face = |weight: u32, font: &[u8]| {
        let font = STANDARD.encode(font);
        format!("@font-face {{ font-family: Inter; font-weight: {weight}; src: url(data:font/otf;base64,{font}); }}\n")
    };
    let regular = face(400, include_bytes!("../assets/fonts/Inter-Regular.otf"));
    let strong = face(600, include_bytes!("../assets/fonts/Inter-SemiBold.otf"));
    regular + &strong + include_str!("../assets/page.css")
});
/// Tables first: should a chart fail, they still sort.
const SCRIPT: &str = concat!(
    include_str!("../assets/page.js"),
    "(() => {\n",
    include_str!("../assets/charts/ruler.js"),
    include_str!("../assets/charts/shapes.js"),
    include_str!("../assets/charts/bodies.js"),
    include_str!("../assets/charts/live.js"),
    "})();\n"
);
/// The library that draws charts, as published.
const ECHARTS: &str = include_str!("../assets/echarts/echarts.min.js");
const NOTICE: &str = include_str!("../assets/echarts/NOTICE");

/// Everything that the template needs. All text is escaped by it, but for `style`, `script` and `echarts`, which are files
/// of this crate, and `charts`, which holds no `<`.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/assets/askama.toml")]
struct Page<'a> {
    policy: String,
    style: &'static str,
    script: &'static str,
    echarts: &'static str,
    notice: &'static str,
    charts: &'a str,
    name: &'a str,
    question: &'a str,
    answer: Vec<Said<'a>>,
    ends: String,
    claims: Option<Claims>,
    lead: Option<Shown<'a>>,
    evidence: Vec<Shown<'a>>,
    matters: Vec<Shown<'a>>,
    results: Vec<Shown<'a>>,
    curves: Vec<Shown<'a>>,
    noise: Vec<Shown<'a>>,
    luck: String,
    configurations: View,
    runs: View,
    unfinished: Option<View>,
    unfinished_by: Vec<String>,
    absences: Vec<Absent>,
    theory: Vec<theory::Line>,
    metric: &'a str,
    goal: &'static str,
    environments: Vec<String>,
    several: Option<String>,
    limits: Vec<String>,
    commands: Vec<String>,
    overrides: &'a [String],
    sweep_text: &'a str,
    verified: Option<&'a str>,
    version: &'static str,
}

/// Renders the page.
pub(super) fn page(
    input: &Input,
    analysis: &Analysis,
    figures: &[Figure],
    images: &[Vec<u8>],
    answer: &[String],
) -> String {
    let places = Places::of(analysis);
    let charts = charts::charts(figures, analysis.records.runs.iter().map(|run| run.id.as_str()));
    let render = |pictures: &[Picture]| with(input, analysis, figures, (&charts, pictures), (answer, &places));
    let without = render(&pictures::none(images)).len();
    render(&pictures::within(images, without))
}

/// Renders the page with these charts and pictures.
fn with(
    input: &Input,
    analysis: &Analysis,
    figures: &[Figure],
    (charts, pictures): (&Charts, &[Picture]),
    (answer, places): (&[String], &Places),
) -> String {
    let mut shown = figures::shown(figures, pictures, &charts.only_pictures, answer, (analysis, places)).into_iter();
    let lead = shown.next();
    let mut sections: [Vec<Shown<'_>>; 5] = Default::default();
    for figure in shown {
        sections[sections::section(&figure.figure.name) as usize].push(figure);
    }
    let mut of = |section: Section| std::mem::take(&mut sections[section as usize]);
    let metric = &input.metric;
    let page = Page {
        policy: security::policy(&STYLE, &[ECHARTS, SCRIPT]),
        style: &STYLE,
        script: SCRIPT,
        echarts: ECHARTS,
        notice: NOTICE,
        charts: &charts.json,
        name: &input.name,
        question: input.question.as_deref().map(str::trim).filter(|text| !text.is_empty()).unwrap_or(&input.name),
        answer: figures::said(answer, figures),
        ends: general::ends(analysis),
        claims: claims::claims(analysis, places),
        lead,
        evidence: of(Section::Evidence),
        matters: of(Section::Matters),
        results: of(Section::Results),
        curves: of(Section::Curves),
        noise: of(Section::Noise),
        luck: noise::noise(analysis),
        configurations: tables::configurations_view(analysis, places),
        runs: tables::runs_view(analysis, places),
        unfinished: tables::unfinished_view(analysis, places),
        unfinished_by: unfinished_by(analysis),
        absences: absent::absences(analysis),
        theory: theory::lines(analysis),
        metric: &metric.name,
        goal: match metric.goal {
            super::Goal::Minimize => "smaller is better",
            super::Goal::Maximize => "larger is better",
        },
        environments: reproduce::environments(analysis, &input.environments),
        several: environments::several(analysis),
        limits: environments::limits(analysis, &input.environments),
        commands: reproduce::commands(input, analysis),
        overrides: &input.overrides,
        sweep_text: &input.sweep_text,
        verified: input.verified.as_deref(),
        version: env!("CARGO_PKG_VERSION"),
    };
    page.render().expect("the template only prints")
}

fn unfinished_by(analysis: &Analysis) -> Vec<String> {
    let line = |(name, level, tally): &(&str, Option<String>, Tally)| {
        let level = level.as_deref().unwrap_or("not set");
        let parts = [(tally.diverged, "diverged"), (tally.failed, "failed"), (tally.timed_out, "out of time")];
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{} {how}", whole(*n))).collect();
        format!("{} {level}: {} of {}", name.replace('_', " "), list(&parts), count(tally.runs(), "run"))
    };
    analysis.ends.by_value.iter().map(line).collect()
}
