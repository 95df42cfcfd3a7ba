//! Learning curves: test error over epochs by configuration, the median over replicates with its band, and every run as a
//! thin line where there are few.

use std::collections::BTreeSet;

use super::errors::{floor_line, wanted};
use super::looks::{PANELS, Plan, differing, plan};
use super::parts::{median_and_band, quartiles, reference, series};
use super::strip::look;
use super::{Axis, Band, Body, DASHES, Dash, Figure, Hue, Mark, Panel, Panels, Scale, Series, Table};
use crate::analysis::findings::{Setting, settings};
use crate::analysis::{Analysis, Group, Records, describe};
use crate::report::number::{count, exact};
use crate::report::sentences::{findings as say, founding, list};

/// Configurations that take a colour of their own where no few settings tell all of them apart.
const COLOURED: usize = 6;
/// The same where there are several problems, each with its own best.
const BEST: [&str; 3] = ["the best configuration", "the second", "the third"];
/// Thin lines of a panel: with more, bands stand for the runs.
const FEW: usize = 60;
/// Lines behind the best that a figure draws: more would be a surface.
const BEHIND: usize = 400;
/// Errors below this vanish when they are rounded to whole numbers.
const FORGIVEN: f64 = 0.5;

/// Learning curves on squares of the bare number, a panel an activation; `None` without such curves.
#[must_use]
pub fn founding(analysis: &Analysis) -> Option<Figure> {
    let found = analysis.founding.as_ref()?;
    let records = &analysis.records;
    let groups: Vec<&Group> = analysis.groups.iter().filter(|group| wanted(records, group)).collect();
    let settings = settings(records, &analysis.varying);
    let own = |name: &str| records.factor(name).filter(|factor| factor.varies());
    let used = ["activation", "normalization", "input_normalization", "target_normalization", "schedule"];
    let pooled = differing(&settings, &groups).into_iter().filter(|setting| !used.contains(&setting.name));
    let plan = Plan {
        panels: own("activation").into_iter().collect(),
        colour: own("normalization"),
        dash: own("schedule"),
        pooled: pooled.collect(),
    };
    let floor = found.squares.as_ref().and_then(|squares| squares.floor);
    let floor = floor.or_else(|| found.fixes.as_ref().and_then(|fixes| fixes.floor));
    let references: Vec<_> = floor.map(floor_line).into_iter().collect();
    let drawing = told(analysis, &groups, &plan, |_| references.clone());
    build("Learning squares: error on fresh draws", founding::paces(&found.paces), records, &groups, drawing)
}

/// Learning curves of any sweep. Colours, panels and dashes stand for what the error differs most by; where that leaves
/// too many configurations, the best ones are in colour and all others behind them.
#[must_use]
pub fn general(analysis: &Analysis) -> Option<Figure> {
    let records = &analysis.records;
    let groups: Vec<&Group> = analysis.groups.iter().collect();
    let settings = settings(records, &analysis.varying);
    let courses = analysis.findings.courses.as_ref()?;
    let title = "Learning curves: error on fresh draws";
    let rounding = analysis.findings.roundings.is_some();
    let plan = plan(analysis, &settings, &groups, rounding);
    let one = analysis.problems.len() == 1;
    let ends = plan.as_ref().and_then(|plan| plan.colour).filter(|_| one).map(|colour| ends(records, &groups, colour));
    let finding = say::courses(courses, ends.as_ref());
    let drawing = match plan {
        Some(plan) => told(analysis, &groups, &plan, |problem| {
            let floor = analysis.problems[problem].floor.filter(|floor| *floor > 0.0).map(floor_line);
            let forgiven = rounding.then(|| {
                reference(FORGIVEN, "rounding to whole numbers forgives errors below 0.5", Hue::Muted, Dash::Dotted)
            });
            floor.into_iter().chain(forgiven).collect()
        }),
        None => ranked(analysis),
    };
    build(title, finding, records, &groups, drawing)
}

/// Panels, and what a caption says of them.
struct Drawing {
    panels: Vec<Panel>,
    remarks: Vec<String>,
    hidden: BTreeSet<String>,
}

/// The lowest median error at the end among the configurations of each value of a setting, with its name.
fn ends(records: &Records, groups: &[&Group], setting: &Setting) -> (String, Vec<(String, f64)>) {
    let end = |group: &Group| {
        let last = |&row: &usize| records.curves[row].last()?.test_rmse;
        let mut ends: Vec<f64> = group.rows.iter().filter_map(last).collect();
        quartiles(&mut ends).map(|[_, median, _]| median)
    };
    let of = |(code, level): (usize, &String)| {
        let own = groups.iter().filter(|group| setting.code(group.rows[0]) == Some(code));
        Some((level.clone(), own.filter_map(|group| end(group)).reduce(f64::min)?))
    };
    (setting.name.replace('_', " "), setting.levels.iter().enumerate().filter_map(of).collect())
}

/// A panel's problem and values of its settings.
type Place = (usize, Vec<Option<usize>>);

/// Curves whose look says what they are.
fn told(
    analysis: &Analysis,
    groups: &[&Group],
    plan: &Plan<'_>,
    references: impl Fn(usize) -> Vec<super::Reference>,
) -> Drawing {
    let records = &analysis.records;
    let code = |setting: Option<&Setting>, row: usize| setting.and_then(|setting| setting.code(row));
    let mut groups: Vec<&Group> = groups.to_vec();
    groups.sort_by_key(|group| (code(plan.colour, group.rows[0]), code(plan.dash, group.rows[0])));
    let place_of = |group: &Group| -> Place {
        (group.problem, plan.panels.iter().map(|setting| setting.code(group.rows[0])).collect())
    };
    let mut places: Vec<Place> = groups.iter().map(|group| place_of(group)).collect();
    places.sort();
    places.dedup();
    let mut names: Vec<Series> = Vec::new();
    let mut thin = false;
    let mut panels: Vec<Panel> = Vec::new();
    // Runs of one value have one colour in every panel; values that no panel has take none.
    let mut colours: Vec<Option<usize>> = groups.iter().map(|group| code(plan.colour, group.rows[0])).collect();
    colours.sort();
    colours.dedup();
    for place in places.iter().take(PANELS) {
        let own: Vec<&Group> = groups.iter().copied().filter(|group| place_of(group) == *place).collect();
        let mut panel = Panel::new(title(analysis, plan, own[0]), Vec::new());
        let runs: usize = own.iter().map(|group| group.rows.len()).sum();
        for group in own {
            let first = group.rows[0];
            let colour = code(plan.colour, first);
            let hue = look(colours.iter().position(|known| *known == colour).unwrap_or(0)).0;
            let dash = code(plan.dash, first).map_or(Dash::Solid, |code| DASHES[code % DASHES.len()]);
            let name = name(records, plan, first);
            let drawn = drawn(records, group, &name, hue, dash, runs <= FEW);
            thin |= drawn.1;
            if names.iter().all(|known| known.name != name) {
                names.push(series(name, hue, Mark::Line(dash, 2.0), Vec::new()));
            }
            panel.series.extend(drawn.0);
            panel.bands.extend(drawn.2);
        }
        // Thin lines behind thick ones.
        panel.series.sort_by_key(|series| matches!(series.mark, Mark::Line(_, width) if width > 1.5));
        panel.references = references(place.0);
        panels.push(panel);
    }
    // The legend in one order, whichever panel a name is in.
    if let Some(panel) = panels.first_mut() {
        panel.series.splice(0..0, names);
    }
    let mut remarks = vec![if thin {
        "A thin line is a run, a thick one the median of a configuration.".to_owned()
    } else {
        "A line is the median of a configuration.".to_owned()
    }];
    if panels.iter().any(|panel| !panel.bands.is_empty()) {
        remarks.push("Its band holds the middle half of the replicates.".into());
    }
    if !plan.pooled.is_empty() {
        let pooled: Vec<String> = plan.pooled.iter().map(|setting| setting.name.replace('_', " ")).collect();
        remarks.push(format!("Lines of one look differ in {}.", list(&pooled)));
    }
    if places.len() > PANELS {
        remarks.push(format!("{} more are in curves.parquet.", count(places.len() - PANELS, "panel")));
    }
    Drawing { panels, remarks, hidden: BTreeSet::new() }
}

fn title(analysis: &Analysis, plan: &Plan<'_>, group: &Group) -> String {
    let problem = (analysis.problems.len() > 1
        && plan.panels.first().is_none_or(|setting| setting.name != "activation"))
    .then(|| analysis.problems[group.problem].label.clone());
    let value = |setting: &&Setting| match setting.level(group.rows[0]) {
        Some(level) => Some(describe(setting.name, level)),
        None if setting.name == "activation" => Some("no hidden layer".into()),
        None => None,
    };
    problem.into_iter().chain(plan.panels.iter().filter_map(value)).collect::<Vec<_>>().join(", ")
}

fn name(records: &Records, plan: &Plan<'_>, row: usize) -> String {
    let value = |setting: &Setting| match setting.level(row) {
        Some(level) if setting.name == "normalization" => format!("normalization {level}"),
        Some(level) => describe(setting.name, level),
        None if setting.name == "normalization" => "set apart for inputs and targets".into(),
        None => format!("no {}", setting.name.replace('_', " ")),
    };
    let parts: Vec<String> = plan.colour.into_iter().chain(plan.dash).map(value).collect();
    if parts.is_empty() { records.value(row, "task").unwrap_or("runs").to_owned() } else { parts.join(", ") }
}

/// The median of a configuration and its band, with every run where there is room.
fn drawn(
    records: &Records,
    group: &Group,
    name: &str,
    hue: Hue,
    dash: Dash,
    few: bool,
) -> (Vec<Series>, bool, Option<Band>) {
    let curves: Vec<(usize, Vec<(f64, f64)>)> =
        group.rows.iter().map(|&row| (row, curve(records, row))).filter(|(_, points)| !points.is_empty()).collect();
    let every: Vec<Vec<(f64, f64)>> = curves.iter().map(|(_, points)| points.clone()).collect();
    let (median, band) = median_and_band(name, hue, dash, &every);
    let mut drawn = Vec::new();
    // Runs that left the numbers are drawn in any case: no median speaks for them.
    let broken = |points: &[(f64, f64)]| points.iter().any(|point| !point.1.is_finite());
    for (row, points) in curves {
        if (few && every.len() > 1) || broken(&points) {
            let run = Some(records.runs[row].id.clone());
            drawn.push(Series { run, ..series("", hue, Mark::Line(dash, 0.8), points) });
        }
    }
    let thin = !drawn.is_empty();
    drawn.push(median);
    (drawn, thin, band.filter(|_| !few))
}

fn curve(records: &Records, row: usize) -> Vec<(f64, f64)> {
    let points = records.curves[row].iter().filter(|point| point.epoch > 0.0);
    points.map(|point| (point.epoch, point.test_rmse.unwrap_or(f64::NAN))).collect()
}

/// The best configurations in colour, all runs of the others behind them.
fn ranked(analysis: &Analysis) -> Drawing {
    let records = &analysis.records;
    let mut drawing = Drawing { panels: Vec::new(), remarks: Vec::new(), hidden: BTreeSet::new() };
    let several = analysis.problems.len() > 1;
    let panels = analysis.problems.len().min(PANELS);
    let room = BEHIND / panels.max(1);
    let (mut behind, mut lines_seen) = (0, false);
    for problem in analysis.problems.iter().take(PANELS) {
        let title = if several { problem.label.clone() } else { String::new() };
        let mut panel = Panel::new(title, Vec::new());
        let most = if several { BEST.len() } else { COLOURED };
        let (best, others) = problem.groups.split_at(problem.groups.len().min(most));
        // Where every panel has its own best, names would be too many: the ranking has them.
        let name = |place: usize, group: usize| {
            if several { BEST[place].to_owned() } else { analysis.groups[group].label.clone() }
        };
        behind += others.len();
        let pale: Vec<usize> = others.iter().flat_map(|&group| analysis.groups[group].rows.iter().copied()).collect();
        for (place, &row) in pale.iter().enumerate() {
            let run = records.runs[row].id.clone();
            if place >= room {
                if !records.curves[row].is_empty() {
                    drawing.hidden.insert(run);
                }
                continue;
            }
            let name = "all other configurations";
            let line = series(name, Hue::Muted, Mark::Line(Dash::Solid, 0.8), curve(records, row));
            panel.series.push(Series { run: Some(run), ..line });
        }
        for (place, &group) in best.iter().enumerate().rev() {
            let (hue, dash) = (look(place).0, DASHES[place % DASHES.len()]);
            let own = &analysis.groups[group];
            let (lines, thin, band) = drawn(records, own, &name(place, group), hue, dash, own.rows.len() <= FEW);
            lines_seen |= thin;
            panel.series.extend(lines);
            panel.bands.extend(band);
        }
        // The best are drawn last, and named first.
        let names = best.iter().enumerate().map(|(place, &group)| {
            let (hue, dash) = (look(place).0, DASHES[place % DASHES.len()]);
            series(name(place, group), hue, Mark::Line(dash, 2.0), Vec::new())
        });
        panel.series.splice(0..0, names.collect::<Vec<_>>());
        panel.references.extend(problem.floor.filter(|floor| *floor > 0.0).map(floor_line));
        drawing.panels.push(panel);
    }
    drawing.remarks.push(if lines_seen || behind > 0 {
        "A thin line is a run, a thick one the median of a configuration.".to_owned()
    } else {
        "A line is the median of a configuration.".to_owned()
    });
    if drawing.panels.iter().any(|panel| !panel.bands.is_empty()) {
        drawing.remarks.push("Bands hold the middle half of the replicates.".into());
    }
    if several {
        drawing.remarks.push("Each panel has its own best configurations; the ranking names them.".into());
    }
    if behind > 0 {
        drawing.remarks.push(format!("{} that rank lower stand behind the best.", count(behind, "configuration")));
    }
    if analysis.problems.len() > PANELS {
        drawing
            .remarks
            .push(format!("{} more are in curves.parquet.", count(analysis.problems.len() - PANELS, "panel")));
    }
    drawing
}

fn build(title: &str, finding: String, records: &Records, groups: &[&Group], drawing: Drawing) -> Option<Figure> {
    let Drawing { panels, remarks, hidden } = drawing;
    if panels.iter().flat_map(|panel| &panel.series).all(|series| series.points.is_empty()) {
        return None;
    }
    let every: Vec<usize> = groups.iter().flat_map(|group| group.rows.iter().copied()).collect();
    let mut table = Table::new(&["run", "epoch", "test_rmse"]);
    for &row in every.iter().filter(|&&row| !hidden.contains(&records.runs[row].id)) {
        for point in &records.curves[row] {
            let error = point.test_rmse.map(exact).unwrap_or_default();
            table.rows.push(vec![records.runs[row].id.clone(), exact(point.epoch), error]);
        }
    }
    let without = every.iter().filter(|&&row| records.curves[row].is_empty()).count();
    let broken = every.iter().filter(|&&row| records.curves[row].iter().any(|point| point.test_rmse.is_none())).count();
    let mut caption = remarks;
    caption.push("Both axes are logarithmic.".into());
    caption.extend((without > 0).then(|| format!("{} without a curve.", count(without, "run"))));
    caption.extend((broken > 0).then(|| format!("{} left the numbers: the line stops there.", count(broken, "run"))));
    caption.extend((!hidden.is_empty()).then(|| format!("{} more are in curves.parquet.", count(hidden.len(), "run"))));
    Some(Figure {
        name: "curves".into(),
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
