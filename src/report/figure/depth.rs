//! Linear networks on squares by depth: error over the floor, a line a scale.

use super::parts::{layers, points, reference, series};
use super::strip::look;
use super::{Axis, Band, Body, DASHES, Dash, Figure, Hue, Mark, Marker, Panel, Panels, Scale, Table};
use crate::analysis::Analysis;
use crate::analysis::findings::Depths;
use crate::analysis::founding::hidden_layers;
use crate::report::number::{count, exact};
use crate::report::sentences::{findings as say, measure};

/// Panels that are drawn.
const MOST: usize = 6;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Depths) -> Figure {
    let records = &analysis.records;
    let mut scales: Vec<&str> = Vec::new();
    let mut panels: Vec<Panel> = Vec::new();
    let mut table = Table::new(&["setting", "scale", "hidden_layers", "run", "excess"]);
    let mut without = 0;
    for line in &found.lines {
        let place = scales.iter().position(|scale| *scale == line.scale).unwrap_or_else(|| {
            scales.push(&line.scale);
            scales.len() - 1
        });
        let (hue, marker) = look(place);
        let own = panels.iter().position(|panel| panel.title == line.panel).unwrap_or_else(|| {
            panels.push(Panel::new(line.panel.clone(), Vec::new()));
            panels.len() - 1
        });
        let panel = &mut panels[own];
        let mean = line.points.iter().map(|point| (point.layers as f64, point.mean)).collect();
        let band = line.points.iter().filter_map(|point| {
            let (low, high) = point.interval?;
            Some((point.layers as f64, low, high))
        });
        panel.bands.push(Band { name: String::new(), hue, points: band.collect() });
        panel.series.push(series(&line.scale, hue, Mark::Line(DASHES[place % DASHES.len()], 2.0), mean));
        // Scales stand side by side at each depth.
        let aside = 0.07 * (place as f64 - 1.0);
        let dots = line
            .points
            .iter()
            .flat_map(|point| point.values.iter().map(move |&(row, value)| (row, point.layers as f64 + aside, value)));
        panel.series.push(points(records, "", (hue, marker), dots));
        for point in &line.points {
            without += point.without;
            for &(row, value) in &point.values {
                let run = records.runs[row].id.clone();
                table.rows.push(vec![
                    line.panel.clone(),
                    line.scale.clone(),
                    point.layers.to_string(),
                    run,
                    exact(value),
                ]);
            }
        }
    }
    let hidden = panels.len().saturating_sub(MOST);
    panels.truncate(MOST);
    let others: Vec<(usize, f64, f64)> = found
        .others
        .iter()
        .filter_map(|&row| Some((row, hidden_layers(records, row) as f64, records.number(row, "excess")?)))
        .collect();
    let mut caption = vec![
        "A dot is a run; lines are geometric means and bands their 95\u{a0}% intervals, which are taken of logarithms."
            .to_owned(),
    ];
    if !others.is_empty() {
        for panel in &mut panels {
            panel
                .series
                .insert(0, points(records, "other settings", (Hue::Muted, Marker::Cross), others.iter().copied()));
        }
        caption
            .push(format!("{} that differ in something else are crosses, in every panel.", count(others.len(), "run")));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "panel")));
    }
    if without > 0 {
        caption.push(format!("{} without a value.", count(without, "run")));
    }
    for panel in &mut panels {
        panel.references.push(reference(1.0, "affine floor", Hue::Ink, Dash::Dashed));
    }
    Figure {
        name: "depth".into(),
        title: "Linear networks on squares, by depth".into(),
        finding: say::depths(found),
        caption: caption.join(" "),
        table,
        body: Body::Panels(Panels { x: layers(&panels), y: Axis::new(measure("excess"), Scale::Log), panels }),
    }
}
