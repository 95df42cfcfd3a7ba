//! Linear networks on squares by depth: error over the floor, at the question's scale and at others.

use super::strip;
use super::{Axis, Body, Dash, Figure, Hue, Key, Marker, Reference, Row, Scale, Strip};
use crate::analysis::Analysis;
use crate::analysis::founding::Depth;
use crate::report::sentences::founding as say;
use crate::report::sentences::measure;

/// The figure; `None` unless linear networks of several depths were trained.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let squares = analysis.founding.as_ref()?.squares.as_ref()?;
    let look = |depth: &Depth| {
        if depth.seed_scale { (Hue::Blue, Marker::Circle) } else { (Hue::Orange, Marker::Square) }
    };
    let scale = |depth: &Depth| if depth.seed_scale { "the question's scale" } else { "other scales" };
    let row = |depth: &Depth| {
        let runs: Vec<usize> = depth.excess.values.iter().map(|(row, _)| *row).collect();
        let layers = match depth.layers {
            0 => "no hidden layer".to_owned(),
            1 => "1 hidden layer".to_owned(),
            n => format!("{n} hidden layers"),
        };
        let mut row = strip::row(&analysis.records, &runs, &layers, "excess", look(depth));
        scale(depth).clone_into(&mut row.block);
        row.without = depth.excess.missing;
        // Widths and schedules differ along a row: its runs are no replicates.
        row.mean = None;
        row
    };
    let rows: Vec<Row> = squares.depths.iter().map(row).collect();
    let of_scale = |seed_scale: bool| squares.depths.iter().find(|depth| depth.seed_scale == seed_scale);
    let keys = [true, false].into_iter().filter_map(of_scale).map(|depth| {
        let (hue, marker) = look(depth);
        Key { name: scale(depth).into(), hue, marker }
    });
    Some(Figure {
        name: "depth".into(),
        title: "Linear networks on squares, by depth".into(),
        finding: say::depth(squares)?,
        caption: format!(
            "A dot is a run; widths and schedules may differ along a row.{}",
            strip::left_out(&rows, Scale::Log)
        ),
        table: strip::table(&rows, "scale", "excess"),
        body: Body::Strip(Strip {
            x: Axis::new(measure("excess"), Scale::Log),
            references: vec![Reference { value: 1.0, label: "affine floor".into(), hue: Hue::Ink, dash: Dash::Dashed }],
            keys: keys.collect(),
            means: false,
            rows,
        }),
    })
}
