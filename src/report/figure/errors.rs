//! Error of every run on squares against the affine floor, by activation and normalization.

use super::strip::{self, Colours};
use super::{Axis, Body, Dash, Figure, Hue, Reference, Row, Scale, Strip};
use crate::analysis::founding::is_bare;
use crate::analysis::{Analysis, Group, Records, telling};
use crate::report::number::number;
use crate::report::sentences::founding as say;
use crate::report::sentences::measure;

const COLUMN: &str = "domain_rmse";

/// The figure; `None` without networks on squares of the bare number.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let found = analysis.founding.as_ref()?;
    let records = &analysis.records;
    let mut groups: Vec<&Group> = analysis.groups.iter().filter(|group| wanted(records, group)).collect();
    let members: Vec<usize> = groups.iter().map(|group| group.rows[0]).collect();
    let own: Vec<&'static str> =
        telling(records, &members, &analysis.varying).into_iter().filter(|name| *name != "activation").collect();
    let order = |group: &Group| {
        let code = |name: &str| records.factor(name).and_then(|factor| factor.code(group.rows[0]));
        let rest: Vec<_> = own.iter().map(|name| code(name)).collect();
        (code("activation"), code("normalization").unwrap_or(usize::MAX), rest)
    };
    groups.sort_by_cached_key(|group| order(group));
    let every: Vec<usize> = groups.iter().flat_map(|group| group.rows.iter().copied()).collect();
    let colours = Colours::of(records, "normalization", &every, |_, level| format!("normalization {level}"));
    let rows: Vec<Row> = groups
        .iter()
        .map(|group| {
            let first = group.rows[0];
            let label = crate::analysis::label(records, first, &own);
            let mut row = strip::row(records, &group.rows, &label, COLUMN, colours.look(records, first));
            records.value(first, "activation").unwrap_or("no hidden layer").clone_into(&mut row.block);
            row
        })
        .collect();
    let floor = found.squares.as_ref().and_then(|squares| squares.floor);
    let floor = floor.or_else(|| found.fixes.as_ref().and_then(|fixes| fixes.floor));
    if rows.iter().all(|row| row.dots.is_empty()) {
        return None;
    }
    let mut finding = found.squares.as_ref().map(say::floor).unwrap_or_default();
    if let Some(fixes) = &found.fixes {
        finding = format!("{finding} {}", say::below(fixes).unwrap_or_default());
    }
    Some(Figure {
        name: "errors".into(),
        title: "Error on squares, every run".into(),
        finding: finding.trim().to_owned(),
        caption: format!(
            "A dot is a run, at its RMSE over every number of the domain. Smaller is better; the line is what the best straight line reaches.{}",
            strip::left_out(&rows, Scale::Log)
        ),
        table: strip::table(&rows, "activation", COLUMN),
        body: Body::Strip(Strip {
            x: Axis::new(measure(COLUMN), Scale::Log),
            references: floor.map(floor_line).into_iter().collect(),
            keys: colours.keys(records, &every),
            means: true,
            rows,
        }),
    })
}

/// The line that no line gets below.
#[must_use]
pub fn floor_line(floor: f64) -> Reference {
    Reference { value: floor, label: format!("affine floor {}", number(floor)), hue: Hue::Ink, dash: Dash::Dashed }
}

/// Networks on squares of the bare number, among which this figure and the learning curves compare.
#[must_use]
pub fn wanted(records: &Records, group: &Group) -> bool {
    records.value(group.rows[0], "task") == Some("square") && is_bare(records, group.rows[0])
}
