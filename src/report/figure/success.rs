//! How often which network finds its operation: a bar for each pair of task and layer.

use super::{Axis, Bar, Bars, Body, Figure, HUES, Key, Marker, Scale, Table};
use crate::analysis::Analysis;
use crate::analysis::findings::{SUCCESS, Success, Successes};
use crate::report::number::{count, exact};
use crate::report::sentences::findings as say;

/// Bars that are drawn.
const MOST: usize = 80;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Successes) -> Figure {
    let share = |pair: &Success| pair.found.0 as f64 / pair.found.1.max(1) as f64;
    let problem = |pair: &Success| analysis.problems[pair.problem].label.clone();
    let bar = |pair: &Success| {
        let rate = pair.rate.as_ref().map_or(String::new(), |rate| format!(", rate {rate}"));
        Bar {
            block: if analysis.problems.len() > 1 { problem(pair) } else { String::new() },
            label: pair.label.clone(),
            value: share(pair),
            interval: Some(pair.interval),
            hue: HUES[pair.place % HUES.len()],
            note: format!("{} of {}{rate}", pair.found.0, pair.found.1),
        }
    };
    let mut rows: Vec<Bar> = found.pairs.iter().map(bar).collect();
    let mut table =
        Table::new(&["task", "network", "learning_rate", "found", "runs", "share", "interval_low", "interval_high"]);
    for pair in &found.pairs {
        table.rows.push(vec![
            problem(pair),
            pair.label.clone(),
            pair.rate.clone().unwrap_or_default(),
            pair.found.0.to_string(),
            pair.found.1.to_string(),
            exact(share(pair)),
            exact(pair.interval.0),
            exact(pair.interval.1),
        ]);
    }
    let hidden = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let mut caption = vec![format!(
        "The share of replicates whose R² beyond the range is above {SUCCESS}, with Wilson's 95\u{a0}% interval. A run that did not finish counts as one that did not find it."
    )];
    if found.outdone > 0 {
        caption.push(format!(
            "Each pair is shown with the learning rate that succeeds most often, chosen on these same runs; {} with others are in the table of configurations.",
            count(found.outdone, "configuration")
        ));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "pair")));
    }
    let mut keys: Vec<(usize, Key)> = Vec::new();
    for pair in &found.pairs {
        let name = pair.label.split(" with ").next().unwrap_or_default().to_owned();
        if keys.iter().all(|(place, _)| *place != pair.place) {
            keys.push((pair.place, Key { name, hue: HUES[pair.place % HUES.len()], marker: Marker::Circle }));
        }
    }
    keys.sort_by_key(|(place, _)| *place);
    Figure {
        name: "success".into(),
        title: "How often the operation is found".into(),
        finding: say::successes(analysis, found),
        caption: caption.join(" "),
        table,
        body: Body::Bars(Bars {
            x: Axis {
                range: Some((0.0, 1.0)),
                ..Axis::new(format!("share of runs with an R² above {SUCCESS} beyond the range"), Scale::Linear)
            },
            rows,
            references: Vec::new(),
            keys: keys.into_iter().map(|(_, key)| key).collect(),
        }),
    }
}
