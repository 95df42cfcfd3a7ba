//! Error against the size of networks; where shapes share a size, against depth.

use super::parts::{layers, points, series};
use super::strip::{look, scale};
use super::{Axis, Body, DASHES, Figure, Mark, Panel, Panels, Scale, Table};
use crate::analysis::Analysis;
use crate::analysis::findings::{Compared, Shape, Sizes};
use crate::report::number::{count, exact, number, significant};
use crate::report::sentences::{findings as say, measure};

/// Panels that are drawn.
const MOST: usize = 9;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Sizes) -> Figure {
    let mut table = Table::new(&["setting", "hidden_layers", "parameters", "run", &found.column]);
    let mut without = 0;
    for compared in &found.compared {
        for shape in compared.budgets.iter().flat_map(|budget| &budget.shapes) {
            without += shape.error.missing;
            for &(row, value) in &shape.error.values {
                let run = analysis.records.runs[row].id.clone();
                let (layers, parameters) = (shape.layers.to_string(), exact(shape.parameters));
                table.rows.push(vec![compared.label.clone(), layers, parameters, run, exact(value)]);
            }
        }
    }
    let mut panels: Vec<Panel> = found.compared.iter().map(|compared| panel(analysis, found, compared)).collect();
    let hidden = panels.len().saturating_sub(MOST);
    panels.truncate(MOST);
    let floor = analysis.problems[found.problem].floor;
    let floor = floor.filter(|floor| *floor > 0.0 && found.column == "domain_rmse");
    for panel in &mut panels {
        panel.references.extend(floor.map(super::errors::floor_line));
    }
    let values = panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
    let scale = scale(values.map(|point| point.1).collect::<Vec<_>>().into_iter());
    let x = if found.by_depth { layers(&panels) } else { Axis::new("parameters", Scale::Log) };
    let mut caption =
        vec!["A dot is a run; lines go through the medians of networks that differ in shape alone.".to_owned()];
    if found.by_depth {
        caption.push("Colours are numbers of parameters, which shapes of a colour share within 15\u{a0}%.".into());
    }
    if without > 0 {
        caption.push(format!("{} without a value.", count(without, "run")));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "panel")));
    }
    Figure {
        name: "size".into(),
        title: format!("{} by {}", found.column, if found.by_depth { "depth, at the same size" } else { "size" }),
        finding: say::sizes(found),
        caption: caption.join(" "),
        table,
        body: Body::Panels(Panels { x, y: Axis::new(measure(&found.column), scale), panels }),
    }
}

fn panel(analysis: &Analysis, found: &Sizes, compared: &Compared) -> Panel {
    let mut panel = Panel::new(compared.label.clone(), Vec::new());
    // By depth a line a budget; by size a line a depth.
    let mut lines: Vec<(String, Vec<&Shape>)> = Vec::new();
    for budget in &compared.budgets {
        for shape in &budget.shapes {
            let name = if found.by_depth {
                format!("about {} parameters", significant(budget.parameters, 2))
            } else {
                let layers = if shape.layers == 1 { "layer" } else { "layers" };
                format!("{} hidden {layers}", number(shape.layers as f64))
            };
            match lines.iter_mut().find(|(known, _)| *known == name) {
                Some((_, shapes)) => shapes.push(shape),
                None => lines.push((name, vec![shape])),
            }
        }
    }
    for (place, (name, shapes)) in lines.into_iter().enumerate() {
        let (hue, marker) = look(place);
        let aside = if found.by_depth { 0.07 * (place as f64 - 0.5) } else { 0.0 };
        let at = |shape: &Shape| if found.by_depth { shape.layers as f64 } else { shape.parameters };
        let dots = shapes
            .iter()
            .flat_map(|shape| shape.error.values.iter().map(move |&(row, value)| (row, at(shape) + aside, value)));
        panel.series.push(points(&analysis.records, "", (hue, marker), dots));
        let medians = shapes.iter().map(|shape| (at(shape), shape.error.median)).collect();
        panel.series.push(series(name, hue, Mark::Line(DASHES[place % DASHES.len()], 2.0), medians));
    }
    panel
}
