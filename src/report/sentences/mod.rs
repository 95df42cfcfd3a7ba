//! Findings in words. Every sentence is made from numbers, and says the opposite where they do.

pub mod claims;
pub mod environments;
pub mod findings;
pub mod founding;
pub mod general;
pub mod importance;
pub mod luck;
pub mod tuning;

use crate::analysis::{Analysis, Summary};
use crate::measure::COLUMNS;

use super::figure::Figure;
use super::number::{count, number};

/// Names of figures that any sweep has: what they say stands in the answer in other words.
const GENERIC: [&str; 7] =
    ["ranking", "parallel", "importance", "interactions", "effects", "equal-tuning", "parameters"];

/// What the closing lines of a run and the page's first screen say: a few paragraphs that answer the question, after one
/// that says so where runs are missing. Where the founding question is asked whole, they answer that; else they begin with
/// what the figure that leads the report says.
#[must_use]
pub fn answer(analysis: &Analysis, figures: &[Figure]) -> Vec<String> {
    let whole = analysis.founding.as_ref().filter(|found| found.is_whole());
    let answer = if let Some(found) = whole {
        founding::answer(analysis, found)
    } else {
        // Learning curves tell of the way; where they do not say what the end depends on, the next figure answers. A ranking says
        // what the next sentence does.
        let is_way = |figure: &&Figure| figure.name == "curves" && !figure.finding.starts_with(findings::BY);
        let lead = figures.iter().find(|figure| !is_way(figure));
        let lead = lead.filter(|figure| !GENERIC.iter().any(|name| figure.name.starts_with(name)));
        // Where no run came to an end that counts, what is on the way is no answer.
        let lead = lead.filter(|_| analysis.groups.iter().any(|group| group.metric.is_some()));
        let lead = lead.map(|figure| figure.finding.clone());
        let general =
            general::answer(analysis, lead.is_some()).into_iter().filter(|sentence| lead.as_ref() != Some(sentence));
        lead.iter().cloned().chain(general).collect()
    };
    general::missing(analysis).into_iter().chain(answer).collect()
}

/// A column in words, with its unit: `Root mean squared error in the target's own units, on fresh draws`.
#[must_use]
pub fn measure(name: &str) -> String {
    let known = COLUMNS.iter().find(|column| column.name == name);
    known.map_or_else(|| name.replace('_', " "), |column| column.doc.to_owned())
}

/// `mean of 5 runs, from 35.1 to 47.2`, or `1 run`.
#[must_use]
pub fn spread(summary: &Summary) -> String {
    if summary.n() == 1 {
        return count(1, "run");
    }
    let missing = match summary.missing {
        0 => String::new(),
        n => format!(", {n} more without a value"),
    };
    format!("mean of {}, from {} to {}{missing}", count(summary.n(), "run"), number(summary.min), number(summary.max))
}

/// `a, b and c`.
#[must_use]
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// The article of a column's name: `a test_rmse`, `an excess`.
fn article(name: &str) -> &'static str {
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// `a, nor with b, nor with c`.
fn listed(items: &[String], between: &str) -> String {
    items.join(&format!(", {between} "))
}

/// `a; b; c and 2 more`: longer items than a list has.
fn several(items: &[String], most: usize) -> String {
    match items.len().saturating_sub(most) {
        0 => items.join("; "),
        more => format!("{}; and {more} more", items[..most].join("; ")),
    }
}

/// The beginning of a sentence: its first letter as a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A sentence inside another one: its first letter in lower case.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
