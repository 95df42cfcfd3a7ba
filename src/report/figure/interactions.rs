//! Interactions: what pairs of axes explain beyond both alone, and the cells of the strongest pair.

use super::effects::names;
use super::generic::of_shown;
use super::importance::told;
use super::{Axis, Body, Cell, Figure, Heat, HeatPanel, Names, Scale, Table};
use crate::analysis::{Analysis, Design, DesignAxis, Importance, effects};
use crate::report::number::{exact, number};
use crate::report::sentences::{importance as say, measure};

/// The smallest share of a pair whose cells are drawn.
const SMALL: f64 = 0.01;
/// Most values of an axis whose cells are drawn.
const VALUES: usize = 24;
/// Most runs of a cell that are drawn as dots.
const DOTS: usize = 200;

/// Figures of the pairs of each design, and of its strongest one.
#[must_use]
pub fn figures(analysis: &Analysis) -> Vec<Figure> {
    let of = |importance: &Importance| {
        let figures = [pairs(analysis, importance), strongest(analysis, importance)];
        let problem = importance.design.problem;
        figures.into_iter().flatten().map(move |figure| (problem, figure)).collect::<Vec<_>>()
    };
    of_shown(analysis, analysis.importances.iter().flat_map(of))
}

/// The map of all pairs; `None` for a single one.
fn pairs(analysis: &Analysis, importance: &Importance) -> Option<Figure> {
    let design = &importance.design;
    if design.axes.len() < 3 {
        return None;
    }
    let order = importance.ranked();
    let place = |axis: usize| order.iter().position(|&own| own == axis).unwrap_or(0);
    let mut table = Table::new(&["axis", "other axis", "share"]);
    let mut cells = Vec::new();
    let mut cell = |row: usize, column: usize, share: f64| {
        cells.push(Cell { column, row, value: Some(share), text: told(share), dots: Vec::new() });
    };
    for (own, share) in importance.mains.iter().enumerate() {
        cell(place(own), place(own), *share);
        table.rows.push(vec![design.axes[own].label(), design.axes[own].label(), exact(*share)]);
    }
    for &(a, b, share) in &importance.pairs {
        cell(place(a), place(b), share);
        cell(place(b), place(a), share);
        table.rows.push(vec![design.axes[a].label(), design.axes[b].label(), exact(share)]);
    }
    let axes = Names { label: String::new(), names: order.iter().map(|&axis| design.axes[axis].label()).collect() };
    let (suffix, of) = names(analysis, design);
    let scaled = say::scaled(analysis, design);
    Some(Figure {
        name: format!("interactions{suffix}"),
        title: format!("{of}What axes explain alone and in pairs"),
        finding: say::interaction(importance),
        caption: format!(
            "On the diagonal the share of the variance of {scaled} that goes with an axis alone; beside it the share that two explain together beyond both alone. {}",
            say::method(analysis, importance)
        ),
        table,
        body: Body::Heat(Heat {
            columns: axes.clone(),
            rows: axes,
            colour: Axis::new(format!("Share of the variance of {scaled}"), Scale::Linear),
            panels: vec![HeatPanel { title: String::new(), cells }],
        }),
    })
}

/// The cells of the strongest pair; `None` where it explains next to nothing.
fn strongest(analysis: &Analysis, importance: &Importance) -> Option<Figure> {
    let design = &importance.design;
    let (a, b, _) = importance.strongest_pair().filter(|(_, _, share)| *share >= SMALL)?;
    // The axis with more values goes down.
    let (rows, columns) = if design.axes[a].levels.len() >= design.axes[b].levels.len() { (a, b) } else { (b, a) };
    let (down, across) = (&design.axes[rows], &design.axes[columns]);
    if down.levels.len() > VALUES || across.levels.len() > VALUES {
        return None;
    }
    let found = effects::cells(design, rows, columns);
    let metric = &analysis.metric.name;
    let mut table = Table::new(&[&down.label(), &across.label(), "mean", "low", "high", "runs"]);
    for cell in &found {
        let end = |end: Option<f64>| end.map_or_else(String::new, |end| exact(say::value(design, end)));
        table.rows.push(vec![
            down.levels[cell.first].clone(),
            across.levels[cell.second].clone(),
            exact(say::value(design, cell.level.mean)),
            end(cell.level.interval.map(|(low, _)| low)),
            end(cell.level.interval.map(|(_, high)| high)),
            cell.level.runs.len().to_string(),
        ]);
    }
    let many = found.iter().filter(|cell| cell.level.runs.len() > DOTS).count();
    let (suffix, of) = names(analysis, design);
    let mean = if design.logarithmic { "geometric mean" } else { "mean" };
    let others = design.axes.len() > 2;
    let over = if others { format!(" over the values of the other {}", axes_left(design)) } else { String::new() };
    let thinned =
        if many > 0 { format!(" Of cells with more than {DOTS} runs none are drawn as dots.") } else { String::new() };
    Some(Figure {
        name: format!("interactions-strongest{suffix}"),
        title: format!("{of}{metric} by {} and {}", down.label(), across.label()),
        finding: say::crossing(analysis, design, (rows, columns), &found),
        caption: format!(
            "A cell has the {mean}{over}, each configuration counted alike; small dots are its runs.{thinned}{}",
            say::left_out(analysis, design)
        ),
        table,
        body: Body::Heat(Heat {
            columns: axis_names(across),
            rows: axis_names(down),
            colour: Axis::new(measure(metric), if design.logarithmic { Scale::Log } else { Scale::Linear }),
            panels: vec![HeatPanel {
                title: String::new(),
                cells: found.iter().map(|cell| drawn(analysis, design, cell)).collect(),
            }],
        }),
    })
}

fn axes_left(design: &Design) -> String {
    match design.axes.len() - 2 {
        1 => "axis".into(),
        n => format!("{n} axes"),
    }
}

fn axis_names(axis: &DesignAxis) -> Names {
    Names { label: axis.label(), names: axis.levels.clone() }
}

fn drawn(analysis: &Analysis, design: &Design, cell: &effects::Cell) -> Cell {
    let mean = say::value(design, cell.level.mean);
    let dot =
        |&run: &usize| (say::value(design, design.values[run]), analysis.records.runs[design.rows[run]].id.clone());
    let runs = &cell.level.runs;
    let dots = if runs.len() > DOTS { Vec::new() } else { runs.iter().map(dot).collect() };
    Cell { column: cell.second, row: cell.first, value: Some(mean), text: number(mean), dots }
}
