//! Citations for people: plain text and Markdown.

use std::fmt::Write as _;

use super::citation::{Citation, Subject, plain};
use super::facts::facts;
use super::tables::tables;
use crate::report::figure::Table;

/// Plain text.
pub(super) fn text(citation: &Citation) -> String {
    let mut out = format!("{}\n", citation.title());
    for (name, fact) in facts(citation) {
        let _ = writeln!(out, "  {name:<13} {fact}");
    }
    let _ = writeln!(out, "  {:<13} {}", "Check it", check(citation));
    for (title, table) in filled(citation) {
        let _ = write!(out, "\n{title}\n{}", aligned(&table));
    }
    out
}

/// The command that holds what is cited against a new training.
pub(super) fn check(citation: &Citation) -> String {
    plain(&match citation.subject {
        Subject::Sweep(_) => format!("ablate verify {}", citation.sweep),
        _ => format!("ablate verify {}/{}", citation.sweep, citation.id()),
    })
}

/// Tables that have rows: of runs that diverged at once there is nothing to tell.
fn filled(citation: &Citation) -> impl Iterator<Item = (&'static str, Table)> {
    tables(citation).into_iter().filter(|(_, table)| !table.rows.is_empty())
}

/// Columns as wide as their widest cell.
pub(super) fn aligned(table: &Table) -> String {
    let rows: Vec<Vec<String>> = std::iter::once(&table.header)
        .chain(&table.rows)
        .map(|row| row.iter().map(|cell| plain(cell)).collect())
        .collect();
    let widths: Vec<usize> = (0..table.header.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
    out
}

/// Markdown.
pub(super) fn markdown(citation: &Citation) -> String {
    let mut out = format!("**{}**\n\n", escaped(&citation.title()));
    for (name, fact) in facts(citation) {
        let _ = writeln!(out, "- {name}: {}", escaped(&fact));
    }
    let _ = writeln!(out, "- Check it: `{}`", check(citation));
    for (title, table) in filled(citation) {
        let line = |cells: &[String]| {
            format!("| {} |\n", cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | "))
        };
        let _ = write!(out, "\n{title}:\n\n{}|{}\n", line(&table.header), "---|".repeat(table.header.len()));
        out.extend(table.rows.iter().map(|row| line(row)));
    }
    out
}

/// Text that Markdown shows as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_{}[]<>()#+!|~&$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
