//! Linear networks over the computed floor of their task: one, if theory and training agree.

use super::parts::reference;
use super::strip::{self, Colours};
use super::{Axis, Body, Dash, Figure, Hue, Row, Scale, Strip};
use crate::analysis::Analysis;
use crate::analysis::findings::{Floors, OfTask};
use crate::report::number::{count, number};
use crate::report::sentences::{findings as say, measure};

/// Rows that are drawn.
const MOST: usize = 60;
/// Up to this excess a linear axis shows all.
const NEAR: f64 = 3.0;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Floors) -> Figure {
    let records = &analysis.records;
    let every: Vec<usize> = found.tasks.iter().flat_map(|task| task.rows.iter().copied()).collect();
    let by = ["depth", "optimizer", "normalization"].into_iter().find(|name| {
        records
            .factor(name)
            .is_some_and(|factor| every.windows(2).any(|pair| factor.code(pair[0]) != factor.code(pair[1])))
    });
    let colours = Colours::of(records, by.unwrap_or("depth"), &every, |name, level| match (name, level) {
        ("depth", "0") => "a single affine map".into(),
        ("depth", level) => format!("{level} hidden layers"),
        (name, level) => crate::analysis::describe(name, level),
    });
    let row = |task: &OfTask| {
        let mut row = strip::row(
            records,
            &task.rows,
            &format!("1 to {}", number(task.largest)),
            "excess",
            (Hue::Blue, super::Marker::Circle),
        );
        task.task.clone_into(&mut row.block);
        for dot in &mut row.dots {
            if let Some(&own) = task.rows.iter().find(|&&own| records.runs[own].id == dot.run) {
                (dot.hue, dot.marker) = colours.look(records, own);
            }
        }
        row.mean = None;
        row
    };
    let mut rows: Vec<Row> = found.tasks.iter().filter(|task| task.excess.is_some()).map(row).collect();
    let table = strip::table(&rows, "task", "excess");
    let hidden = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let largest = rows.iter().flat_map(|row| &row.dots).map(|dot| dot.value).fold(0.0, f64::max);
    let scale = if largest > NEAR { Scale::Log } else { Scale::Linear };
    let zero: Vec<String> = {
        let mut zero: Vec<String> =
            found.tasks.iter().filter(|task| task.excess.is_none()).map(|task| task.task.clone()).collect();
        zero.dedup();
        zero
    };
    let zero = match found.zero.0 {
        0 => String::new(),
        n => {
            format!(" {} on {} have a floor of 0 and no ratio.", count(n, "run"), crate::report::sentences::list(&zero))
        }
    };
    let more = if hidden > 0 { format!(" {} more are in the table.", count(hidden, "row")) } else { String::new() };
    Figure {
        name: "floors".into(),
        title: "Linear networks over the computed floor of their task".into(),
        finding: say::floors(found),
        caption: format!(
            "A dot is a run of a linear network: its error over all inputs, divided by that of the best affine map, which is computed without training.{zero}{more}{}",
            strip::left_out(&rows, scale)
        ),
        table,
        body: Body::Strip(Strip {
            x: Axis::new(measure("excess"), scale),
            references: vec![reference(1.0, "affine floor", Hue::Ink, Dash::Dashed)],
            keys: if by.is_some() { colours.keys(records, &every) } else { Vec::new() },
            means: false,
            rows,
        }),
    }
}
