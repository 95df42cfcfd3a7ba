//! A crossing of axes of words as a heat map, every run a dot in its cell.

use super::strip::scale;
use super::{Axis, Body, Cell, Figure, Heat, HeatPanel, Names, Scale, Table};
use crate::analysis::Analysis;
use crate::analysis::findings::{Crossed, Crossing};
use crate::report::number::{count, exact, number};
use crate::report::sentences::{findings as say, measure};
use crate::train::Status;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Crossing) -> Figure {
    let records = &analysis.records;
    let metric = &analysis.metric.name;
    let mut without = 0;
    let mut below = 0;
    let values = || {
        let groups = found.cells.iter().filter_map(|cell| analysis.groups[cell.group].metric.as_ref());
        groups.flat_map(|metric| metric.values.iter().map(|(_, value)| *value))
    };
    let scale = scale(values().collect::<Vec<_>>().into_iter());
    let mut table = Table::new(&[found.rows.0, found.columns.0]);
    table.header.extend(found.panels.iter().map(|(name, _)| (*name).to_owned()));
    for name in ["run", metric] {
        table.header.push(name.to_owned());
    }
    let panel_names = found.panels.as_ref().map_or(vec![String::new()], |(_, names)| names.clone());
    let mut panels: Vec<HeatPanel> = panel_names
        .iter()
        .map(|name| HeatPanel {
            title: found
                .panels
                .as_ref()
                .map_or(String::new(), |(axis, _)| format!("{} {name}", axis.replace('_', " "))),
            cells: Vec::new(),
        })
        .collect();
    for Crossed { place: (column, row, panel), group, median } in &found.cells {
        let group = &analysis.groups[*group];
        let mut dots = Vec::new();
        for &run in &group.rows {
            let value = records.number(run, metric);
            without += usize::from(value.is_none());
            below += usize::from(scale == Scale::Log && value.is_some_and(|value| value < 0.0));
            dots.extend(value.map(|value| (value, records.runs[run].id.clone())));
            let mut line = vec![found.rows.1[*row].clone(), found.columns.1[*column].clone()];
            line.extend(found.panels.iter().map(|(_, names)| names[*panel].clone()));
            line.extend([records.runs[run].id.clone(), value.map(exact).unwrap_or_default()]);
            table.rows.push(line);
        }
        let ended = records.runs[group.rows[0]].status;
        let nothing = if ended == Status::Diverged { "diverged" } else { "no number" };
        panels[*panel].cells.push(Cell {
            column: *column,
            row: *row,
            value: *median,
            text: median.map_or_else(|| nothing.to_owned(), number),
            dots,
        });
    }
    let all = found.rows.1.len() * found.columns.1.len() * panel_names.len();
    let mut caption = vec![
        "A cell has the colour of its median over replicates, which is written in it; each dot is a run.".to_owned(),
    ];
    if found.outdone > 0 {
        caption.push(format!(
            "Each cell shows its best learning rate: {} with another one are in the table of configurations.",
            count(found.outdone, "configuration")
        ));
    }
    if found.cells.len() < all {
        caption.push(format!("{} of {all} combinations were not tried.", all - found.cells.len()));
    }
    if without > 0 {
        caption.push(format!("{} without a value have no dot.", count(without, "run")));
    }
    if below > 0 {
        caption.push(format!("{} below zero: at the left end.", count(below, "run")));
    }
    let axes = [Some(found.rows.0), Some(found.columns.0), found.panels.as_ref().map(|panels| panels.0)];
    let axes: Vec<String> = axes.into_iter().flatten().map(|name| name.replace('_', " ")).collect();
    let names =
        |(name, names): &(&'static str, Vec<String>)| Names { label: name.replace('_', " "), names: names.clone() };
    Figure {
        name: "crossing".into(),
        title: format!("{metric} by {}", crate::report::sentences::list(&axes)),
        finding: say::crossing(analysis, found),
        caption: caption.join(" "),
        table,
        body: Body::Heat(Heat {
            columns: names(&found.columns),
            rows: names(&found.rows),
            colour: Axis::new(format!("median {}", short(metric)), scale),
            panels,
        }),
    }
}

/// A column in the words that find room beside the key of colours.
fn short(metric: &str) -> String {
    let whole = measure(metric);
    if whole.chars().count() <= 42 { whole } else { metric.to_owned() }
}
