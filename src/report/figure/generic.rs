//! Figures of any sweep: the metric by each parameter, and the ranking of configurations.

use super::errors::floor_line;
use super::strip;
use super::{Axis, Body, Dot, Figure, Hue, Marker, Reference, Row, Strip};
use crate::analysis::{Analysis, Problem, Summary};
use crate::report::number::count;
use crate::report::sentences::{environments, general, measure};

/// Rows of a ranking that are drawn.
const RANKED: usize = 40;
/// Dots of a row that are drawn, and of all rows together.
const DOTS: (usize, usize) = (2000, 12_000);
/// Rows of the figure by parameter that are drawn.
const VALUES: usize = 60;
/// Problems that have figures of their own, of those with the most configurations.
const PROBLEMS: usize = 3;

/// The problems that have figures of their own, in their order, and how many have none.
fn shown(analysis: &Analysis) -> (Vec<usize>, usize) {
    let mut places: Vec<usize> = (0..analysis.problems.len()).collect();
    let measured = |place: usize| {
        analysis.problems[place].groups.iter().filter(|&&group| analysis.groups[group].metric.is_some()).count()
    };
    places.sort_by_key(|&place| std::cmp::Reverse(measured(place)));
    let several = places.split_off(places.len().min(PROBLEMS));
    places.sort_unstable();
    (places, several.len())
}

/// Figures of single designs, but for those of problems that have no figure of their own, which captions count.
pub(super) fn of_shown(analysis: &Analysis, figures: impl IntoIterator<Item = (usize, Figure)>) -> Vec<Figure> {
    let shown = shown(analysis).0;
    let figures = figures.into_iter().filter(|(problem, _)| shown.contains(problem));
    figures.map(|(_, figure)| Figure { caption: figure.caption.clone() + &others(analysis), ..figure }).collect()
}

/// Says how many problems have no figure of their own.
fn others(analysis: &Analysis) -> String {
    match shown(analysis).1 {
        0 => String::new(),
        n => format!(" {} have no such figure; they are in the table of configurations.", count(n, "other task")),
    }
}

/// One figure a problem: the metric by each parameter that varies; none where nothing does.
#[must_use]
pub fn by_parameter(analysis: &Analysis) -> Vec<Figure> {
    // Where all runs of a problem are one design, the figure of its effects has them all.
    let is_whole =
        |place: usize| analysis.importances.iter().any(|one| one.design.problem == place && one.design.grid.is_none());
    let figure = |(place, problem): (usize, &Problem)| {
        if is_whole(place) {
            return None;
        }
        let rows = parameter_rows(analysis, problem);
        let finding = general::influence_of(analysis, place)
            .unwrap_or_else(|| format!("{} by the value of each parameter that varies.", analysis.metric.name));
        let caption = "A dot is a run; other parameters differ along each row.";
        assemble(analysis, problem, "parameters", "by each parameter", finding, caption, rows, VALUES, "parameter")
    };
    shown(analysis).0.into_iter().map(|place| (place, &analysis.problems[place])).filter_map(figure).collect()
}

/// One figure a problem: configurations from best to worst; none for a single configuration.
#[must_use]
pub fn ranking(analysis: &Analysis) -> Vec<Figure> {
    let figure = |problem: &Problem| {
        if problem.groups.len() < 2 {
            return None;
        }
        let row = |&group: &usize| {
            let group = &analysis.groups[group];
            strip::row(&analysis.records, &group.rows, &group.label, &analysis.metric.name, (Hue::Blue, Marker::Circle))
        };
        let rows = problem.groups.iter().map(row).collect();
        let order = "Configurations from best to worst by their mean; those with a run that has no value come last.";
        let caption = [Some(order.to_owned()), general::places(problem), environments::of_ranking(analysis, problem)];
        let caption = caption.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let finding = general::best(analysis, problem);
        assemble(analysis, problem, "ranking", "by configuration", finding, &caption, rows, RANKED, "")
    };
    shown(analysis).0.into_iter().map(|place| &analysis.problems[place]).filter_map(figure).collect()
}

fn parameter_rows(analysis: &Analysis, problem: &Problem) -> Vec<Row> {
    let records = &analysis.records;
    let runs: Vec<usize> =
        problem.groups.iter().flat_map(|&group| analysis.groups[group].rows.iter().copied()).collect();
    let mut rows = Vec::new();
    for &name in &analysis.varying {
        let Some(factor) = records.factor(name) else { continue };
        let codes = (0..factor.levels.len()).map(Some).chain([None]);
        let mut own: Vec<Row> = Vec::new();
        for code in codes {
            let with = runs.iter().copied().filter(|&row| factor.code(row) == code);
            let values: Vec<_> = with.map(|row| (row, records.number(row, &analysis.metric.name))).collect();
            if values.is_empty() {
                continue;
            }
            let summary = Summary::of(values.iter().copied());
            let dot = |&(row, value): &(usize, f64)| Dot {
                value,
                run: records.runs[row].id.clone(),
                hue: Hue::Blue,
                marker: Marker::Circle,
            };
            own.push(Row {
                block: name.replace('_', " "),
                label: code.map_or("not set", |code| factor.levels[code].as_str()).to_owned(),
                dots: summary.iter().flat_map(|summary| &summary.values).map(dot).collect(),
                // Across configurations a mean of replicates has no meaning.
                mean: None,
                floor: None,
                without: summary.map_or(values.len(), |summary| summary.missing),
            });
        }
        // Listed layers already say where depth and width are not set.
        let listed = ["depth", "width"].contains(&name) && factor.levels.len() == 1;
        if own.len() > 1 && !listed {
            rows.append(&mut own);
        }
    }
    rows
}

/// Leaves about so many dots of a row, evenly by value, with the smallest and the largest. Returns the step, 0 for none.
fn thin(row: &mut Row, most: usize) -> usize {
    let n = row.dots.len();
    if n <= most {
        return 0;
    }
    let step = n.div_ceil(most);
    row.dots.sort_by(|a, b| a.value.total_cmp(&b.value));
    let mut place = 0;
    row.dots.retain(|_| {
        place += 1;
        (place - 1) % step == 0 || place == n
    });
    step
}

#[expect(clippy::too_many_arguments, reason = "a figure has that many parts")]
fn assemble(
    analysis: &Analysis,
    problem: &Problem,
    name: &str,
    by: &str,
    finding: String,
    caption: &str,
    mut rows: Vec<Row>,
    most: usize,
    block: &str,
) -> Option<Figure> {
    let metric = &analysis.metric.name;
    let (suffix, of) = match analysis.problems.len() {
        1 => (String::new(), String::new()),
        _ => (format!("-{}", file_name(&problem.label)), format!("{}: ", problem.label)),
    };
    if rows.iter().all(|row| row.dots.is_empty()) {
        return None;
    }
    let table = strip::table(&rows, if block.is_empty() { "block" } else { block }, metric);
    let hidden = rows.len().saturating_sub(most);
    rows.truncate(most);
    let dots = (DOTS.1 / rows.len().max(1)).clamp(50, DOTS.0);
    let thinned = rows.iter_mut().map(|row| thin(row, dots)).fold(0, usize::max);
    let scale = strip::scale(rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value)));
    let left_out =
        if block.is_empty() { strip::left_out(&rows, scale) } else { strip::left_out_of_blocks(&rows, scale) };
    let thinned = match thinned {
        0 => String::new(),
        step => format!(" Rows of more than {dots} runs show about every {step}th, and both ends."),
    };
    let more = if hidden > 0 { format!(" {} more are in the table.", count(hidden, "row")) } else { String::new() };
    let floor = problem.floor.filter(|_| metric == "domain_rmse" || metric == "test_rmse");
    let floor: Vec<Reference> = floor.filter(|floor| *floor > 0.0).map(floor_line).into_iter().collect();
    Some(Figure {
        name: format!("{name}{suffix}"),
        title: format!("{of}{metric} {by}"),
        finding,
        caption: format!("{caption}{more}{left_out}{thinned}{}", others(analysis)),
        table,
        body: Body::Strip(Strip {
            x: Axis::new(measure(metric), scale),
            references: floor,
            keys: Vec::new(),
            means: rows.iter().any(|row| row.mean.is_some()),
            rows,
        }),
    })
}

/// A name that every file system takes.
pub(super) fn file_name(label: &str) -> String {
    let plain = label.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let plain: String = plain.take(40).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
