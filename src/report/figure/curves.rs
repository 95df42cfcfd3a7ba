//! Learning curves: test error over epochs, a thin line a run.

use std::collections::BTreeSet;

use super::errors::{floor_line, varies_among, wanted};
use super::strip::{Colours, look};
use super::{Axis, Body, DASHES, Dash, Figure, Hue, Mark, Panel, Panels, Scale, Series, Table};
use crate::analysis::{Analysis, Group, Records};
use crate::report::number::{count, exact};
use crate::report::sentences::founding as say;

/// Configurations that take a colour of their own where all are drawn together.
const COLOURED: usize = 6;
/// Lines that a figure draws: more would be a surface.
const LINES: usize = 600;

/// Learning curves on squares of the bare number, a panel an activation; `None` without such curves.
#[must_use]
pub fn founding(analysis: &Analysis) -> Option<Figure> {
    let found = analysis.founding.as_ref()?;
    let records = &analysis.records;
    let mut groups: Vec<&Group> = analysis.groups.iter().filter(|group| wanted(records, group)).collect();
    let code = |group: &Group, name: &str| records.factor(name).and_then(|factor| factor.code(group.rows[0]));
    groups.sort_by_key(|group| (code(group, "normalization"), code(group, "schedule")));
    let every: Vec<usize> = groups.iter().flat_map(|group| group.rows.iter().copied()).collect();
    let colours = Colours::of(records, "normalization", &every, |_, level| format!("normalization {level}"));
    let other = analysis.varying.iter().copied().filter(|name| !["activation", "normalization"].contains(name));
    let other = other.filter(|name| varies_among(records, &groups, name));
    // Where layers are listed for one configuration and counted for another, the schedule tells more.
    let dashed = other.clone().find(|name| *name == "schedule").or_else(|| other.clone().next());
    let mut panels: Vec<(Option<usize>, Panel)> = Vec::new();
    let mut names: Vec<Series> = Vec::new();
    for group in &groups {
        let first = group.rows[0];
        let code = records.factor("activation").and_then(|factor| factor.code(first));
        let title = records.value(first, "activation").unwrap_or("no hidden layer").to_owned();
        let place = panels.iter().position(|(known, _)| *known == code).unwrap_or_else(|| {
            panels.push((code, Panel::new(title, Vec::new())));
            panels.len() - 1
        });
        let level = dashed.and_then(|name| records.factor(name)?.code(first));
        let dash = level.map_or(Dash::Solid, |code| DASHES[code % DASHES.len()]);
        let mut name = colours.name(records, first);
        if let Some(value) = dashed.and_then(|name| Some((name, records.value(first, name)?))) {
            name = format!("{name}, {}", crate::analysis::describe(value.0, value.1));
        }
        let (hue, _) = colours.look(records, first);
        if names.iter().all(|known| known.name != name) {
            names.push(Series {
                name: name.clone(),
                run: None,
                runs: Vec::new(),
                hue,
                mark: Mark::Line(dash, 1.1),
                points: Vec::new(),
            });
        }
        panels[place].1.series.extend(lines(records, group, &name, hue, dash));
    }
    panels.sort_by_key(|(code, _)| *code);
    let mut panels: Vec<Panel> = panels.into_iter().map(|(_, panel)| panel).collect();
    // The legend in one order, whichever panel a name is in.
    if let Some(panel) = panels.first_mut() {
        panel.series.splice(0..0, names);
    }
    let floor = found.squares.as_ref().and_then(|squares| squares.floor);
    let floor = floor.or_else(|| found.fixes.as_ref().and_then(|fixes| fixes.floor));
    for panel in &mut panels {
        panel.references.extend(floor.map(floor_line));
    }
    let finding = say::paces(&found.paces);
    build("curves", "Learning squares: error on fresh draws", finding, panels, records, &every)
}

/// Learning curves of any sweep: the best configurations in colour, all others behind them.
#[must_use]
pub fn general(analysis: &Analysis) -> Option<Figure> {
    let records = &analysis.records;
    let mut panels = Vec::new();
    let mut every = Vec::new();
    let mut behind = 0;
    // The same label has the same colour in every panel.
    let mut labels: Vec<&str> = Vec::new();
    for problem in &analysis.problems {
        let mut series: Vec<Vec<Series>> = Vec::new();
        for (place, &group) in problem.groups.iter().enumerate() {
            let group = &analysis.groups[group];
            every.extend(&group.rows);
            if place < COLOURED {
                let label = labels.iter().position(|label| *label == group.label).unwrap_or_else(|| {
                    labels.push(&group.label);
                    labels.len() - 1
                });
                series.push(lines(records, group, &group.label, look(label).0, DASHES[label % DASHES.len()]));
            } else {
                behind += 1;
                series.push(lines(records, group, "all other configurations", Hue::Muted, Dash::Solid));
            }
        }
        let title = if analysis.problems.len() > 1 { problem.label.clone() } else { String::new() };
        // The best are drawn last, and named first.
        let names: Vec<Series> =
            series.iter().flatten().map(|line| Series { points: Vec::new(), ..line.clone() }).collect();
        let series = names.into_iter().chain(series.into_iter().rev().flatten()).collect();
        let floor = problem.floor.filter(|floor| *floor > 0.0).map(floor_line);
        panels.push(Panel { references: floor.into_iter().collect(), ..Panel::new(title, series) });
    }
    let finding = if behind == 0 {
        "Error on fresh draws over the epochs, every run of every configuration.".to_owned()
    } else {
        format!(
            "Error on fresh draws over the epochs; {} that rank lower stand behind the best.",
            count(behind, "configuration")
        )
    };
    build("curves", "Learning curves: error on fresh draws", finding, panels, records, &every)
}

fn lines(records: &Records, group: &Group, name: &str, hue: Hue, dash: Dash) -> Vec<Series> {
    let line = |&row: &usize| {
        let points = records.curves[row].iter().filter(|point| point.epoch > 0.0);
        let points = points.map(|point| (point.epoch, point.test_rmse.unwrap_or(f64::NAN)));
        Series {
            name: name.into(),
            run: Some(records.runs[row].id.clone()),
            runs: Vec::new(),
            hue,
            mark: Mark::Line(dash, 1.1),
            points: points.collect(),
        }
    };
    group.rows.iter().filter(|&&row| !records.curves[row].is_empty()).map(line).collect()
}

fn build(
    name: &str,
    title: &str,
    finding: String,
    mut panels: Vec<Panel>,
    records: &Records,
    every: &[usize],
) -> Option<Figure> {
    if panels.iter().flat_map(|panel| &panel.series).all(|series| series.points.is_empty()) {
        return None;
    }
    let most = LINES / panels.len();
    let mut hidden: BTreeSet<String> = BTreeSet::new();
    for panel in &mut panels {
        let mut over = panel.series.iter().filter(|series| !series.points.is_empty()).count().saturating_sub(most);
        // What matters most is drawn last.
        panel.series.retain(|series| {
            let kept = series.points.is_empty() || over == 0;
            if !kept {
                over -= 1;
                hidden.extend(series.run.clone());
            }
            kept
        });
    }
    let mut table = Table::new(&["run", "epoch", "test_rmse"]);
    for &row in every.iter().filter(|&&row| !hidden.contains(&records.runs[row].id)) {
        for point in &records.curves[row] {
            let error = point.test_rmse.map(exact).unwrap_or_default();
            table.rows.push(vec![records.runs[row].id.clone(), exact(point.epoch), error]);
        }
    }
    let without = every.iter().filter(|&&row| records.curves[row].is_empty()).count();
    let broken = every.iter().filter(|&&row| records.curves[row].iter().any(|point| point.test_rmse.is_none())).count();
    let mut caption = vec!["A thin line is a run; both axes are logarithmic.".to_owned()];
    caption.extend((without > 0).then(|| format!("{} without a curve.", count(without, "run"))));
    caption.extend((broken > 0).then(|| format!("{} left the numbers: the line stops there.", count(broken, "run"))));
    caption.extend((!hidden.is_empty()).then(|| format!("{} more are in curves.parquet.", count(hidden.len(), "run"))));
    Some(Figure {
        name: name.into(),
        title: title.into(),
        finding,
        caption: caption.join(" "),
        table,
        body: Body::Panels(Panels {
            x: Axis::new("epochs", Scale::Log),
            y: Axis::new("RMSE on fresh draws, in the target's own units", Scale::Log),
            panels,
        }),
    })
}
