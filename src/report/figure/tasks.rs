//! The same linear network on sums and on squares.

use super::errors::floor_line;
use super::strip;
use super::{Axis, Body, Dot, Figure, Hue, Key, Marker, Row, Scale, Strip};
use crate::analysis::founding::{anchors, has_seed_scale, is_bare, is_linear};
use crate::analysis::{Analysis, Group, Records};
use crate::report::sentences::founding as say;

/// What makes the task, and so may differ between the two.
const TASK: [&str; 2] = ["task", "operands"];

/// The figure; `None` unless linear networks were trained on both.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let found = analysis.founding.as_ref()?;
    let records = &analysis.records;
    let of_task = |task: &str| -> Vec<&Group> {
        let wanted = |group: &&Group| {
            let row = group.rows[0];
            records.value(row, "task") == Some(task) && is_linear(records, row) && is_bare(records, row)
        };
        analysis.groups.iter().filter(wanted).collect()
    };
    let (sums, squares) = (of_task("sum"), of_task("square"));
    let mut pairs: Vec<(&Group, &Group)> = Vec::new();
    for sum in &sums {
        let alike = squares.iter().find(|square| same_network(records, sum, square));
        pairs.extend(alike.map(|square| (*sum, *square)));
    }
    let same = !pairs.is_empty();
    if !same {
        pairs.extend(sums.first().copied().zip(squares.first().copied()));
    }
    let mut rows = Vec::new();
    for (sum, square) in &pairs {
        rows.extend(block(records, sum, square, pairs.len() > 1));
    }
    if rows.iter().all(|row| row.dots.is_empty()) {
        return None;
    }
    let found_squares = found.squares.as_ref();
    let floor = found_squares.and_then(|squares| squares.floor);
    let finding = say::both(found.sums.as_ref(), found_squares);
    let printed = Key { name: "printed in the question".into(), hue: Hue::Ink, marker: Marker::Diamond };
    let quoted = rows.iter().flat_map(|row| &row.dots).any(|dot| dot.run.is_empty());
    let mut keys = vec![
        Key { name: "sums".into(), hue: Hue::Blue, marker: Marker::Circle },
        Key { name: "squares".into(), hue: Hue::Vermillion, marker: Marker::Square },
    ];
    keys.extend(quoted.then_some(printed));
    let network =
        if same { "the same linear network" } else { "linear networks (not the same: none was trained on both)" };
    let open = if quoted {
        " The printed numbers leave things open: the code shown scales answers back by another factor than squares need, and its random seeds are not given."
    } else {
        ""
    };
    Some(Figure {
        name: "sum-and-square".into(),
        title: "The same linear network on sums and on squares".into(),
        finding: finding.unwrap_or_else(|| "Linear networks on sums and on squares.".into()),
        caption: format!(
            "Every run of {network}. The upper row of each task is the question's own measure: on the training draws, after rounding to whole numbers.{open}{}",
            strip::left_out(&rows, Scale::Log)
        ),
        table: strip::table(&rows, "network", "rmse"),
        body: Body::Strip(Strip {
            x: Axis::new("Root mean squared error in the target's own units", Scale::Log),
            references: floor.map(floor_line).into_iter().collect(),
            keys,
            means: false,
            rows,
        }),
    })
}

fn same_network(records: &Records, a: &Group, b: &Group) -> bool {
    let own = records.factors.iter().filter(|factor| !TASK.contains(&factor.name));
    own.into_iter().all(|factor| factor.code(a.rows[0]) == factor.code(b.rows[0]))
}

fn block(records: &Records, sum: &Group, square: &Group, named: bool) -> Vec<Row> {
    let quoted = |group: &Group, value: f64| {
        let row = group.rows[0];
        let own = has_seed_scale(records, row) && records.number(row, "largest") == Some(anchors::LARGEST);
        own.then_some(Dot { value, run: String::new(), hue: Hue::Ink, marker: Marker::Diamond })
    };
    let row = |runs: &[usize], column: &str, label: &str, look: (Hue, Marker), quote: Option<Dot>| {
        let mut row = strip::row(records, runs, label, column, look);
        row.block = if named { square.label.clone() } else { String::new() };
        row.dots.extend(quote);
        row
    };
    let (blue, red) = ((Hue::Blue, Marker::Circle), (Hue::Vermillion, Marker::Square));
    vec![
        row(&sum.rows, "train_rmse_rounded", "sums, rounded", blue, quoted(sum, anchors::SUMS_RMSE)),
        row(&sum.rows, "domain_rmse", "sums, whole domain", blue, None),
        row(&square.rows, "train_rmse_rounded", "squares, rounded", red, quoted(square, anchors::SQUARES_RMSE)),
        row(&square.rows, "domain_rmse", "squares, whole domain", red, None),
    ]
}
