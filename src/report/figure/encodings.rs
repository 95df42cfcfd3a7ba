//! Ways to write a number, ranked by their floors, with the best linear network and the best other one on each.

use super::errors::floor_line;
use super::strip;
use super::{Axis, Body, Figure, Hue, Key, Marker, Row, Strip};
use crate::analysis::Analysis;
use crate::analysis::findings::{Encoded, Written};
use crate::report::number::{count, exact};
use crate::report::sentences::{findings as say, measure};

const LINEAR: (Hue, Marker) = (Hue::Green, Marker::Circle);
const CURVED: (Hue, Marker) = (Hue::Vermillion, Marker::Square);
/// Rows that are drawn.
const MOST: usize = 60;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Written) -> Figure {
    let records = &analysis.records;
    let several = found.ways.windows(2).any(|pair| pair[0].problem != pair[1].problem);
    let row = |way: &Encoded| {
        let mut dots = Vec::new();
        let mut without = 0;
        for (network, look) in [(&way.linear, LINEAR), (&way.curved, CURVED)] {
            if let Some((group, _)) = network {
                let row = strip::row(records, &analysis.groups[*group].rows, "", "domain_rmse", look);
                dots.extend(row.dots);
                without += row.without;
            }
        }
        let block = if several { analysis.problems[way.problem].label.clone() } else { String::new() };
        Row { block, label: way.label.clone(), dots, mean: None, floor: way.floor, without }
    };
    let mut rows: Vec<Row> = found.ways.iter().map(row).collect();
    let mut table =
        super::Table::new(&["task", "encoding", "network", "configuration", "run", "domain_rmse", "affine_floor"]);
    for way in &found.ways {
        for (kind, network) in [("linear", &way.linear), ("with a nonlinearity", &way.curved)] {
            let Some((group, summary)) = network else { continue };
            for &(run, value) in &summary.values {
                table.rows.push(vec![
                    analysis.problems[way.problem].label.clone(),
                    way.label.clone(),
                    kind.into(),
                    analysis.groups[*group].label.clone(),
                    records.runs[run].id.clone(),
                    exact(value),
                    way.floor.map(exact).unwrap_or_default(),
                ]);
            }
        }
    }
    let hidden = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let values = rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value).chain(row.floor));
    let scale = strip::scale(values.collect::<Vec<_>>().into_iter());
    let mut caption =
        vec!["A dot is a run, at its RMSE over the whole domain. A row's floor is the best that any affine map of its features does.".to_owned()];
    if found.outdone > 0 {
        caption.push(format!(
            "Of each way and kind of network the configuration with the smallest median is shown; {} more are in the table of configurations.",
            count(found.outdone, "configuration")
        ));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "row")));
    }
    if scale == super::Scale::Log && rows.iter().any(|row| row.floor == Some(0.0)) {
        caption.push("Floors of 0 stand on the shelf.".into());
    }
    let key = |name: &str, (hue, marker): (Hue, Marker)| Key { name: name.into(), hue, marker };
    let linear = found.ways.iter().any(|way| way.linear.is_some()).then(|| key("linear network", LINEAR));
    let curved = found.ways.iter().any(|way| way.curved.is_some()).then(|| key("network with a nonlinearity", CURVED));
    Figure {
        name: "encodings".into(),
        title: "Error by how the number is written".into(),
        finding: say::written(found),
        caption: format!("{}{}", caption.join(" "), strip::left_out(&rows, scale)),
        table,
        body: Body::Strip(Strip {
            x: Axis::new(measure("domain_rmse"), scale),
            references: found.bare.map(floor_line).into_iter().collect(),
            keys: linear.into_iter().chain(curved).collect(),
            means: false,
            rows,
        }),
    }
}
