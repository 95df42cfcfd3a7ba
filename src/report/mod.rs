//! The report of a sweep: figures, tables and a page, made from saved results alone. Same results, same bytes.
//!
//! [`render`] is pure; [`write`](fn@write) puts what it made into a folder.

pub mod figure;
pub mod number;
mod page;
pub mod png;
pub mod sentences;
mod write;

use std::path::PathBuf;

use polars::prelude::DataFrame;
use rayon::prelude::*;

use crate::analysis::environments::Facts;
use crate::analysis::{Analysis, Frames, analyze};
pub use crate::analysis::{Asked, Claim, Compare, Goal, Metric, Unreadable};
use figure::{Figure, Table};
pub use write::{NotWritten, write};

/// What a report is made from: a sweep and its results.
#[derive(Clone, Debug)]
pub struct Input {
    /// The sweep's name.
    pub name: String,
    /// The question that it asks, if it says one.
    pub question: Option<String>,
    /// What ranks its configurations.
    pub metric: Metric,
    /// What the sweep file states of its results.
    pub claims: Vec<Claim>,
    /// The sweep file, word for word.
    pub sweep_text: String,
    /// Overrides of the command line, each as `key=values`.
    pub overrides: Vec<String>,
    /// Runs that the sweep asks for, whether they were trained yet or not.
    pub asked: Asked,
    /// What decides bits in each environment, as far as it was kept.
    pub environments: Facts,
    /// What verifications of its runs came to, in a sentence, where there were any.
    pub verified: Option<String>,
    /// One row a run.
    pub runs: DataFrame,
    /// Learning curves.
    pub curves: DataFrame,
    /// What networks answer along their range, for tasks of one operand.
    pub predictions: DataFrame,
}

/// A rendered report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The page, whole: it refers to no other file that it could not do without.
    pub html: String,
    /// File name and PNG of every figure, on white.
    pub figures: Vec<(String, Vec<u8>)>,
    /// File name and comma-separated values of every table.
    pub tables: Vec<(String, String)>,
    /// The answer to the sweep's question: a few paragraphs, after one that says so where runs are missing.
    pub answer: Vec<String>,
}

/// The page of a report below its folder.
#[must_use]
pub fn page_path(folder: &std::path::Path) -> PathBuf {
    folder.join("index.html")
}

/// Renders a report.
///
/// # Errors
/// When a table lacks a column that it cannot be read without.
pub fn render(input: &Input) -> Result<Report, Unreadable> {
    let frames =
        Frames { runs: input.runs.clone(), curves: input.curves.clone(), predictions: input.predictions.clone() };
    let analysis = analyze(&frames, &input.metric, &input.claims, input.asked.clone())?;
    Ok(compose(input, &analysis, &figures(&analysis)))
}

/// Puts a report together from what was found: pictures, tables and the page.
#[must_use]
pub fn compose(input: &Input, analysis: &Analysis, figures: &[Figure]) -> Report {
    // Figures are drawn side by side and stay in their order.
    let images: Vec<Vec<u8>> = figures.par_iter().map(|figure| png::draw(figure, png::Theme::Light)).collect();
    let mut tables: Vec<(String, &Table)> =
        figures.iter().map(|figure| (format!("{}.csv", figure.name), &figure.table)).collect();
    let (configurations, runs) = (page::configurations(analysis), page::runs(analysis));
    tables.push(("configurations.csv".into(), &configurations));
    tables.push(("runs.csv".into(), &runs));
    let answer = sentences::answer(analysis, figures);
    let html = page::page(input, analysis, figures, &images, &answer);
    Report {
        html,
        tables: tables.into_iter().map(|(name, table)| (name, table.csv())).collect(),
        figures: figures.iter().zip(images).map(|(figure, image)| (format!("{}.png", figure.name), image)).collect(),
        // On a terminal a space is a space.
        answer: answer.into_iter().map(|sentence| sentence.replace('\u{a0}', " ")).collect(),
    }
}

/// All figures of a sweep, the one that answers its question first.
#[must_use]
pub fn figures(analysis: &Analysis) -> Vec<Figure> {
    figure::lead::figures(analysis)
}
