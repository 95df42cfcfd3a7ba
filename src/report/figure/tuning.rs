//! The best of each value of an axis when everything else is chosen for it.

use super::effects::names;
use super::generic::of_shown;
use super::{Axis, Body, Figure, Hue, Marker, Row, Strip, Table, strip};
use crate::analysis::{Analysis, Tuned, Tuning};
use crate::report::number::{count, exact};
use crate::report::sentences::{environments, measure, tuning as say};

/// Rows that are drawn.
const ROWS: usize = 40;

/// One figure a design with an axis that is more than a matter of tuning.
#[must_use]
pub fn figures(analysis: &Analysis) -> Vec<Figure> {
    let several = analysis.tunings.iter().filter(|tuning| tuning.levels.iter().any(|level| level.among > 1));
    let problem = |tuning: &Tuning| analysis.importances[tuning.importance].design.problem;
    of_shown(analysis, several.map(|tuning| (problem(tuning), figure(analysis, tuning))))
}

fn figure(analysis: &Analysis, tuning: &Tuning) -> Figure {
    let design = &analysis.importances[tuning.importance].design;
    let metric = &analysis.metric.name;
    let row = |tuned: &Tuned| -> Row {
        let label = format!("{} (best of {})", tuned.level, tuned.among);
        let rows = &analysis.groups[tuned.group].rows;
        strip::row(&analysis.records, rows, &label, metric, (Hue::Blue, Marker::Circle))
    };
    let mut rows: Vec<Row> = tuning.levels.iter().map(row).collect();
    let scale = strip::scale(rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value)));
    let axis = design.axes[tuning.axis].label();
    let mut table = Table::new(&[
        &axis,
        "configuration",
        "chosen from",
        "mean",
        "chosen by other seeds",
        "median",
        "median low",
        "median high",
    ]);
    for tuned in &tuning.levels {
        let median = tuned.metric.median_interval();
        let end = |end: Option<f64>| end.map_or_else(String::new, exact);
        table.rows.push(vec![
            tuned.level.clone(),
            analysis.groups[tuned.group].label.clone(),
            tuned.among.to_string(),
            exact(tuned.metric.mean),
            end(tuned.left_out),
            exact(tuned.metric.median),
            end(median.map(|(low, _)| low)),
            end(median.map(|(_, high)| high)),
        ]);
    }
    let hidden = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let more = if hidden > 0 { format!(" {} more in the table.", count(hidden, "row")) } else { String::new() };
    let chosen: Vec<usize> =
        tuning.levels.iter().flat_map(|tuned| &analysis.groups[tuned.group].rows).copied().collect();
    let several = environments::of_runs(analysis, &chosen).map(|told| format!(" {told}")).unwrap_or_default();
    let (suffix, of) = names(analysis, design);
    Figure {
        name: format!("equal-tuning{suffix}"),
        title: format!("{of}The best {metric} of each {axis}"),
        finding: say::tuned(analysis, tuning),
        caption: format!(
            "A row has the runs of the configuration with the best mean among those with that value. The table has them, what their means are when each seed's is chosen by the other seeds, and bootstrap intervals of their medians.{more}{}{several}",
            strip::left_out(&rows, scale)
        ),
        table,
        body: Body::Strip(Strip {
            x: Axis::new(measure(metric), scale),
            references: Vec::new(),
            keys: Vec::new(),
            means: rows.iter().any(|row| row.mean.is_some()),
            rows,
        }),
    }
}
