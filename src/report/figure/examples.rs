//! From the error on the examples to the error on all inputs: a line for each number of examples.

use super::parts::{points, quartiles, series};
use super::strip::scale;
use super::{Axis, Band, Body, DASHES, Figure, HUES, MARKERS, Mark, Panel, Panels, Scale, Table};
use crate::analysis::Analysis;
use crate::analysis::findings::{Examples, Learner};
use crate::report::number::{count, exact, number};
use crate::report::sentences::findings as say;

/// Panels that are drawn.
const MOST: usize = 6;
/// How far runs of neighbouring lines stand apart.
const ASIDE: f64 = 0.022;

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Examples) -> Figure {
    let records = &analysis.records;
    let mut sizes: Vec<f64> =
        found.learners.iter().flat_map(|learner| &learner.slopes).map(|slope| slope.examples).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let mut table = Table::new(&["learner", "examples", "run", "train_rmse", "domain_rmse"]);
    let mut without = 0;
    let mut panel = |learner: &Learner| {
        let mut panel = Panel::new(learner.label.clone(), Vec::new());
        for slope in &learner.slopes {
            let place = sizes.iter().position(|size| *size == slope.examples).unwrap_or(0);
            let (hue, dash) = (HUES[place % HUES.len()], DASHES[place % DASHES.len()]);
            let [train, domain] = [&slope.train, &slope.domain].map(|summary| {
                quartiles(&mut summary.values.iter().map(|(_, value)| *value).collect::<Vec<_>>()).unwrap_or_default()
            });
            let name = format!("{} examples", number(slope.examples));
            panel.series.push(series(name, hue, Mark::Line(dash, 2.0), vec![(0.0, train[1]), (1.0, domain[1])]));
            panel.bands.push(Band {
                name: String::new(),
                hue,
                points: vec![(0.0, train[0], train[2]), (1.0, domain[0], domain[2])],
            });
            let aside = ASIDE * (place as f64 + 1.0);
            let ends = slope.train.values.iter().map(|&(row, value)| (row, -aside, value));
            let ends = ends.chain(slope.domain.values.iter().map(|&(row, value)| (row, 1.0 + aside, value)));
            panel.series.insert(0, points(records, "", (hue, MARKERS[place % MARKERS.len()]), ends));
            without += slope.domain.missing;
            for &(row, value) in &slope.domain.values {
                let train = records.number(row, "train_rmse").map(exact).unwrap_or_default();
                let run = records.runs[row].id.clone();
                table.rows.push(vec![learner.label.clone(), exact(slope.examples), run, train, exact(value)]);
            }
        }
        panel
    };
    let mut panels: Vec<Panel> = found.learners.iter().map(&mut panel).collect();
    let hidden = panels.len().saturating_sub(MOST);
    panels.truncate(MOST);
    let floor = analysis.problems[found.problem].floor.filter(|floor| *floor > 0.0);
    for panel in &mut panels {
        panel.references.extend(floor.map(super::errors::floor_line));
    }
    let summaries =
        found.learners.iter().flat_map(|learner| &learner.slopes).flat_map(|slope| [&slope.train, &slope.domain]);
    let values = || summaries.clone().flat_map(|summary| summary.values.iter().map(|(_, value)| *value));
    let scale = scale(values().collect::<Vec<_>>().into_iter());
    let mut caption = vec![
        "A line goes from the median error on the examples themselves to that on all inputs; its band holds the middle half of the replicates, and the dots beside its ends are every run.".to_owned(),
    ];
    if scale == Scale::Log && values().any(|value| value == 0.0) {
        caption.push("Exact zeros stand on the shelf marked 0.".into());
    }
    if without > 0 {
        caption.push(format!("{} without a value.", count(without, "run")));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "learner")));
    }
    let names = vec![(0.0, "examples".to_owned()), (1.0, "all inputs".to_owned())];
    Figure {
        name: "examples".into(),
        title: "What an error on the examples says of all inputs".into(),
        finding: say::examples(found),
        caption: caption.join(" "),
        table,
        body: Body::Panels(Panels {
            x: Axis { names, range: Some((-0.22, 1.22)), ..Axis::new("", Scale::Linear) },
            y: Axis::new("Root mean squared error in the target's own units", scale),
            panels,
        }),
    }
}
