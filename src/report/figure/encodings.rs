//! Linear networks on squares of a number that is written in several ways, each beside its own floor.

use super::errors::floor_line;
use super::strip::{self, look};
use super::{Axis, Body, Figure, Hue, Key, Marker, Row, Scale, Strip};
use crate::analysis::Analysis;
use crate::analysis::founding::{is_bare, is_linear};
use crate::report::sentences::founding as say;
use crate::report::sentences::measure;

/// The figure; `None` without linear networks on encoded numbers.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let encodings = analysis.founding.as_ref()?.encodings.as_ref()?;
    let records = &analysis.records;
    let mut rows: Vec<Row> = Vec::new();
    for encoded in &encodings.tried {
        let mut row = strip::row(records, &analysis.groups[encoded.group].rows, &encoded.label, "domain_rmse", look(2));
        let several = encodings.tried.iter().filter(|other| other.label == encoded.label).count() > 1;
        row.block = if several { encoded.label.clone() } else { String::new() };
        if several {
            row.label.clone_from(&analysis.groups[encoded.group].label);
        }
        row.floor = encoded.floor;
        rows.push(row);
    }
    rows.sort_by(|a, b| a.block.cmp(&b.block));
    // The best linear network on the bare number, to compare with.
    let bare = analysis.groups.iter().filter(|group| {
        let row = group.rows[0];
        records.value(row, "task") == Some("square") && is_linear(records, row) && is_bare(records, row)
    });
    let bare = bare.filter_map(|group| Some((group, group.summary(records, "domain_rmse")?.mean)));
    if let Some((group, _)) = bare.min_by(|a, b| a.1.total_cmp(&b.1)) {
        let label = "the bare number (its best linear network)";
        rows.insert(0, strip::row(records, &group.rows, label, "domain_rmse", (Hue::Vermillion, Marker::Square)));
    }
    let keys = vec![
        Key { name: "linear network on an encoded number".into(), hue: look(2).0, marker: look(2).1 },
        Key { name: "on the bare number".into(), hue: Hue::Vermillion, marker: Marker::Square },
    ];
    Some(Figure {
        name: "encodings".into(),
        title: "Linear networks on squares, by how the number is written".into(),
        finding: say::encodings(encodings),
        caption: format!(
            "A dot is a run, at its RMSE over the whole domain. A row's floor is the best that any affine map of its features does.{}",
            strip::left_out(&rows, Scale::Log)
        ),
        table: strip::table(&rows, "encoding", "domain_rmse"),
        body: Body::Strip(Strip {
            x: Axis::new(measure("domain_rmse"), Scale::Log),
            references: encodings.bare_floor.map(floor_line).into_iter().collect(),
            keys,
            means: true,
            rows,
        }),
    })
}
