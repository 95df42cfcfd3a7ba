//! Main effects: every run by the value of each axis, and the mean of each value with its interval.

use super::generic::{file_name, of_shown};
use super::{Axis, Body, Dot, Figure, Hue, Marker, Row, Scale, Strip, Table};
use crate::analysis::{Analysis, Design, DesignAxis, Effect, Importance, Level, effects};
use crate::report::number::{count, exact};
use crate::report::sentences::{importance as say, list, measure};

/// Rows that are drawn.
const ROWS: usize = 60;
/// Dots of a row that are drawn.
const DOTS: usize = 500;

/// One figure a design of several axes; the ranking shows all there is of a single one.
#[must_use]
pub fn figures(analysis: &Analysis) -> Vec<Figure> {
    let several = analysis.importances.iter().filter(|importance| importance.design.axes.len() > 1);
    of_shown(analysis, several.map(|importance| (importance.design.problem, figure(analysis, importance))))
}

/// The end of a figure's name and the beginning of its title, that tell designs apart.
pub(super) fn names(analysis: &Analysis, design: &Design) -> (String, String) {
    let problem = analysis.problems.len() > 1;
    let problem = problem.then(|| analysis.problems[design.problem].label.clone());
    let parts: Vec<String> = problem.into_iter().chain(design.grid.clone()).collect();
    if parts.is_empty() {
        return (String::new(), String::new());
    }
    (format!("-{}", file_name(&parts.join(" "))), format!("{}: ", parts.join(", ")))
}

fn figure(analysis: &Analysis, importance: &Importance) -> Figure {
    let design = &importance.design;
    let found = effects::effects(design);
    let ordered: Vec<&Effect> = importance.ranked().into_iter().map(|axis| &found[axis]).collect();
    let mut table = Table::new(&["axis", "value", "mean", "low", "high", "configurations", "runs"]);
    let mut rows = Vec::new();
    for effect in &ordered {
        for (place, level) in effect.levels.iter().enumerate() {
            table.rows.push(line(design, &design.axes[effect.axis], level));
            rows.push(row(analysis, design, effect, place, level));
        }
    }
    let hidden = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let thinned = rows.iter_mut().map(thin).max().unwrap_or(0);
    let scale = if design.logarithmic { Scale::Log } else { Scale::Linear };
    let mean = if design.logarithmic { "geometric mean" } else { "mean" };
    let interval = if importance.noise.is_some() {
        ", with the 95\u{a0}% interval that other seeds would leave it in"
    } else {
        ""
    };
    let uneven: Vec<String> =
        ordered.iter().filter(|effect| !effect.balanced).map(|effect| design.axes[effect.axis].label()).collect();
    let beside = if uneven.is_empty() {
        " Beside each value stand the same values of all other axes.".to_owned()
    } else {
        format!(
            " Beside the values of {} stand different values of other axes: their means differ by more than that axis.",
            list(&uneven)
        )
    };
    let more = if hidden > 0 { format!(" {} more in the table.", count(hidden, "row")) } else { String::new() };
    let thinned = match thinned {
        0 => String::new(),
        step => format!(" Rows of more than {DOTS} runs show about every {step}th, and both ends."),
    };
    let (suffix, of) = names(analysis, design);
    Figure {
        name: format!("effects{suffix}"),
        title: format!("{of}{} by the value of each axis", analysis.metric.name),
        finding: say::effect(analysis, design, ordered[0]),
        caption: format!(
            "A dot is a run, and the mark the {mean} of the configurations with that value, each counted alike{interval}; the axis with the largest share comes first.{beside}{more}{thinned}{}",
            say::left_out(analysis, design)
        ),
        table,
        body: Body::Strip(Strip {
            x: Axis::new(measure(&analysis.metric.name), scale),
            references: Vec::new(),
            keys: Vec::new(),
            means: true,
            rows,
        }),
    }
}

fn row(analysis: &Analysis, design: &Design, effect: &Effect, place: usize, level: &Level) -> Row {
    let records = &analysis.records;
    let dot = |&run: &usize| Dot {
        value: say::value(design, design.values[run]),
        run: records.runs[design.rows[run]].id.clone(),
        hue: Hue::Blue,
        marker: Marker::Circle,
    };
    let interval = level.interval.map(|(low, high)| (say::value(design, low), say::value(design, high)));
    let axis = &design.axes[effect.axis];
    Row {
        block: axis.label(),
        label: axis.levels[place].clone(),
        dots: level.runs.iter().map(dot).collect(),
        mean: Some((say::value(design, level.mean), interval)),
        floor: None,
        without: axis.missing.iter().filter(|code| **code == Some(place as u32)).count(),
    }
}

fn line(design: &Design, axis: &DesignAxis, level: &Level) -> Vec<String> {
    let end = |end: Option<f64>| end.map_or_else(String::new, |end| exact(say::value(design, end)));
    vec![
        axis.label(),
        level.name.clone(),
        exact(say::value(design, level.mean)),
        end(level.interval.map(|(low, _)| low)),
        end(level.interval.map(|(_, high)| high)),
        level.configurations.to_string(),
        level.runs.len().to_string(),
    ]
}

/// Leaves about [`DOTS`] dots of a row, evenly by value, with the smallest and the largest. Returns the step, 0 for none.
fn thin(row: &mut Row) -> usize {
    let n = row.dots.len();
    if n <= DOTS {
        return 0;
    }
    let step = n.div_ceil(DOTS);
    row.dots.sort_by(|a, b| a.value.total_cmp(&b.value));
    let dots = std::mem::take(&mut row.dots);
    row.dots = dots
        .into_iter()
        .enumerate()
        .filter(|(place, _)| place % step == 0 || *place == n - 1)
        .map(|(_, dot)| dot)
        .collect();
    step
}
