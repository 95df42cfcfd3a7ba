//! Figures on the page: each with its picture and the rows behind it, and the sentences that lead to them.

use std::collections::BTreeSet;

use super::pictures::Picture;
use super::places::Places;
use super::tables::{Cell, Head, Line, View};
use crate::analysis::Analysis;
use crate::report::figure::Figure;
use crate::report::number::{count, whole};

/// Rows of a figure's table that the page shows at most, and of all figures together, about.
const ROWS: (usize, usize) = (200, 4000);

/// A figure on the page.
pub(super) struct Shown<'a> {
    pub figure: &'a Figure,
    pub picture: &'a Picture,
    /// Whether its sentence already stands on the page.
    pub said: bool,
    /// Whether the page has only its picture.
    pub only_picture: bool,
    /// The first rows behind it.
    pub rows: View,
    /// How many rows there are.
    pub all_rows: String,
}

/// A sentence, and the figure that carries it, by its name and title.
pub(super) struct Said<'a> {
    pub text: &'a str,
    pub figure: Option<(&'a str, &'a str)>,
}

/// Prepares figures, in order.
pub(super) fn shown<'a>(
    figures: &'a [Figure],
    pictures: &'a [Picture],
    only_pictures: &BTreeSet<String>,
    answer: &[String],
    (analysis, places): (&Analysis, &Places),
) -> Vec<Shown<'a>> {
    let links: BTreeSet<&str> = places.rows.iter().map(|&row| analysis.records.runs[row].id.as_str()).collect();
    let most = (ROWS.1 / figures.len().max(1)).clamp(20, ROWS.0);
    let one = |(figure, picture): (&'a Figure, &'a Picture)| Shown {
        figure,
        picture,
        said: figure.finding.is_empty() || answer.contains(&figure.finding),
        only_picture: only_pictures.contains(&figure.name),
        rows: rows(figure, most, &links),
        all_rows: count(figure.table.rows.len(), "row"),
    };
    figures.iter().zip(pictures).map(one).collect()
}

fn rows(Figure { table, name, .. }: &Figure, most: usize, links: &BTreeSet<&str>) -> View {
    let numeric: Vec<bool> = (0..table.header.len())
        .map(|column| {
            let mut cells =
                table.rows.iter().take(most).map(|row| row[column].as_str()).filter(|cell| !cell.is_empty());
            cells.clone().next().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
        })
        .collect();
    let header = table.header.iter().zip(&numeric).map(|(name, &numeric)| Head::new(name, "", numeric)).collect();
    let cell = |(text, &numeric): (&String, &bool)| {
        if links.contains(text.as_str()) {
            Cell { links: vec![(text.clone(), text.clone())], ..Cell::text("") }
        } else {
            Cell { numeric, ..Cell::text(text.clone()) }
        }
    };
    let line = |row: &Vec<String>| Line { id: String::new(), cells: row.iter().zip(&numeric).map(cell).collect() };
    let more = match table.rows.len().saturating_sub(most) {
        0 => String::new(),
        n => format!("The first {}; {} more are in tables/{name}.csv.", whole(most), count(n, "row")),
    };
    View { header, rows: table.rows.iter().take(most).map(line).collect(), more }
}

/// Each sentence with the figure that carries it: the one that says the same or, failing that, has most of its numbers.
pub(super) fn said<'a>(sentences: &'a [String], figures: &'a [Figure]) -> Vec<Said<'a>> {
    let told = |sentence: &'a String| {
        let carrier = carrier(sentence, figures).map(|figure| (figure.name.as_str(), figure.title.as_str()));
        Said { text: sentence, figure: carrier }
    };
    sentences.iter().map(told).collect()
}

fn carrier<'a>(sentence: &str, figures: &'a [Figure]) -> Option<&'a Figure> {
    let same = |figure: &&Figure| !figure.finding.is_empty() && figure.finding.contains(sentence.trim_end_matches('.'));
    if let Some(figure) = figures.iter().find(same) {
        return Some(figure);
    }
    let own = numbers(sentence);
    let shared = |figure: &Figure| numbers(&figure.finding).intersection(&own).count();
    let mut best: Option<(usize, &Figure)> = None;
    for figure in figures {
        let n = shared(figure);
        // A single number can be the same by chance.
        if n > best.map_or(1, |(most, _)| most) {
            best = Some((n, figure));
        }
    }
    best.map(|(_, figure)| figure)
}

/// Numbers of at least two digits in a sentence.
fn numbers(text: &str) -> BTreeSet<&str> {
    // Digits of a name, as in log10, are no number.
    let parts = text.split(|c: char| !(c.is_alphanumeric() || "_.,·⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(c)));
    let parts = parts.filter(|part| !part.contains(|c: char| c.is_alphabetic() || c == '_'));
    let parts = parts.map(|part| part.trim_matches(['.', ',', '·']));
    parts.filter(|part| part.chars().filter(char::is_ascii_digit).count() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::Table;

    fn figure(name: &str, finding: &str) -> Figure {
        use crate::report::figure::{Axis, Bars, Body, Scale};
        let x = Axis::new("", Scale::Linear);
        Figure {
            name: name.into(),
            title: name.into(),
            finding: finding.into(),
            caption: String::new(),
            body: Body::Bars(Bars { x, rows: Vec::new(), references: Vec::new(), keys: Vec::new() }),
            table: Table::default(),
        }
    }

    #[test]
    fn a_sentence_leads_to_the_figure_that_carries_it() {
        let figures = [
            figure("a", "All 75 lines are straight."),
            figure("b", "None got below 74,535; 28 of 75 came near, and 1.0003 is the least."),
            figure("c", "The best is relu, with 293.1."),
        ];
        let leads = |sentence: &str| carrier(sentence, &figures).map(|figure| figure.name.as_str());
        assert_eq!(leads("The best is relu, with 293.1."), Some("c"));
        assert_eq!(leads("On squares it ends at 76,786, not below the 74,535; 28 of 75 runs came near."), Some("b"));
        assert_eq!(leads("All 36 runs finished."), None);
        assert_eq!(leads("There are 75 of them."), None, "one number alone is chance");
        assert_eq!(numbers("of log10 x, 215 runs and 2.8·10⁻⁷"), BTreeSet::from(["215", "2.8·10⁻⁷"]));
    }
}
