//! All runs over everything that varies and the metric, a line a run.

use super::strip::scale;
use super::{Axis, Body, Figure, Parallel, ParallelLine, Scale, Table};
use crate::analysis::findings::{Setting, settings};
use crate::analysis::{Analysis, Goal, Problem};
use crate::config::{Kind, parameter};
use crate::report::number::{count, exact, whole};
use crate::report::sentences::findings as say;

/// Parameters from which on the figure says more than others.
const AXES: usize = 3;
/// Axes that find room beside the metric.
const MOST: usize = 9;
/// Lines that are drawn: the best ones, and the others evenly by rank.
const LINES: usize = 2000;
/// Numbers that are an axis' only ticks; of more, it has ticks of its own.
const TICKS: usize = 8;
/// Share of the runs that are the best ones, and at least how many.
const BEST: (f64, usize) = (0.05, 5);
/// Configurations from which on it is worth a figure.
const ENOUGH: usize = 20;

/// The figure of the problem with the most configurations; `None` with fewer than three parameters that vary.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let records = &analysis.records;
    let metric = &analysis.metric;
    let most =
        |a: &(usize, &Problem), b: &(usize, &Problem)| a.1.groups.len().cmp(&b.1.groups.len()).then(b.0.cmp(&a.0));
    let (_, problem) = analysis.problems.iter().enumerate().max_by(most)?;
    if problem.groups.len() < ENOUGH {
        return None;
    }
    let firsts: Vec<usize> = problem.groups.iter().map(|&group| analysis.groups[group].rows[0]).collect();
    let settings = settings(records, &analysis.varying);
    let mut varying: Vec<&Setting> = settings
        .iter()
        .filter(|setting| firsts.windows(2).any(|pair| setting.code(pair[0]) != setting.code(pair[1])))
        .collect();
    if varying.len() < AXES {
        return None;
    }
    let hidden_axes: Vec<String> =
        varying.split_off(varying.len().min(MOST)).iter().map(|setting| setting.name.replace('_', " ")).collect();
    let mut rows: Vec<usize> =
        problem.groups.iter().flat_map(|&group| analysis.groups[group].rows.iter().copied()).collect();
    let value = |row: usize| records.number(row, &metric.name);
    rows.sort_by(|&a, &b| match (value(a), value(b)) {
        (Some(x), Some(y)) => metric.goal.order(x, y).then(a.cmp(&b)),
        (x, y) => y.is_some().cmp(&x.is_some()).then(a.cmp(&b)),
    });
    let all = rows.len();
    let measured = rows.iter().filter(|&&row| value(row).is_some()).count();
    let best = &rows[..((BEST.0 * all as f64).ceil() as usize).max(BEST.1).min(measured)];
    let same = |setting: &&&Setting| best.windows(2).all(|pair| setting.code(pair[0]) == setting.code(pair[1]));
    let shared: Vec<String> = varying
        .iter()
        .filter(same)
        .filter_map(|setting| Some(crate::analysis::describe(setting.name, setting.level(*best.first()?)?)))
        .collect();
    let (best, rows) = (best.to_vec(), thinned(rows.clone()));
    let without = rows.iter().filter(|&&row| value(row).is_none()).count();
    let metric_scale = scale(rows.iter().filter_map(|&row| value(row)).collect::<Vec<_>>().into_iter());
    let numbers: Vec<Option<Vec<f64>>> = varying.iter().map(|setting| numbers(setting)).collect();
    let mut axes: Vec<Axis> =
        varying.iter().zip(&numbers).map(|(setting, numbers)| axis(setting, numbers.as_deref())).collect();
    axes.push(Axis::new(metric.name.clone(), metric_scale));
    let line = |&row: &usize| {
        let place = |(setting, numbers): (&&Setting, &Option<Vec<f64>>)| {
            let code = setting.code(row)?;
            Some(numbers.as_ref().map_or(code as f64, |numbers| numbers[code]))
        };
        let mut values: Vec<Option<f64>> = varying.iter().zip(&numbers).map(place).collect();
        values.push(value(row));
        ParallelLine { run: records.runs[row].id.clone(), values }
    };
    let lines: Vec<ParallelLine> = rows.iter().map(line).collect();
    let mut table = Table::new(&["run"]);
    table.header.extend(varying.iter().map(|setting| setting.name.to_owned()));
    table.header.push(metric.name.clone());
    for &row in &rows {
        let mut line = vec![records.runs[row].id.clone()];
        line.extend(varying.iter().map(|setting| setting.level(row).unwrap_or_default().to_owned()));
        line.push(value(row).map(exact).unwrap_or_default());
        table.rows.push(line);
    }
    let mut caption = vec!["A line is a run, in the colour of its metric, the best on top; runs that share a value lie side by side there.".to_owned()];
    if rows.len() < all {
        caption.push(format!(
            "Of {} the {} best and an even sample of the others are drawn: {}.",
            count(all, "run"),
            whole(LINES / 2),
            whole(rows.len())
        ));
    }
    if without > 0 {
        caption.push(format!("{} without a value end on the shelf.", count(without, "run")));
    }
    if !hidden_axes.is_empty() {
        caption.push(format!("Not drawn: {}.", crate::report::sentences::list(&hidden_axes)));
    }
    if analysis.problems.len() > 1 {
        let others: usize = analysis.groups.iter().map(|group| group.rows.len()).sum::<usize>() - all;
        caption.push(format!(
            "Only runs on {}; {} on other tasks are in the table of configurations.",
            problem.label,
            count(others, "run")
        ));
    }
    let of = if analysis.problems.len() > 1 { format!("{}: ", problem.label) } else { String::new() };
    Some(Figure {
        name: "parallel".into(),
        title: format!("{of}{} over all that varies", metric.name),
        finding: say::shared(&metric.name, best.len(), all, &shared),
        caption: caption.join(" "),
        table,
        body: Body::Parallel(Parallel { axes, lines, small_is_good: metric.goal == Goal::Minimize }),
    })
}

/// The values as numbers, where the parameter takes them.
fn numbers(setting: &Setting) -> Option<Vec<f64>> {
    let kind = &parameter(setting.name)?.kind;
    let numeric = matches!(kind, Kind::Whole { .. } | Kind::Number { .. });
    setting.levels.iter().map(|level| level.parse().ok().filter(|_| numeric)).collect()
}

/// An axis of numbers where the parameter is one, else of names. Few values are its only ticks.
fn axis(setting: &Setting, numbers: Option<&[f64]>) -> Axis {
    let label = setting.name.replace('_', " ");
    let names = |place: &dyn Fn(usize) -> f64| -> Vec<(f64, String)> {
        setting.levels.iter().enumerate().map(|(code, level)| (place(code), level.clone())).collect()
    };
    let Some(numbers) = numbers else {
        return Axis { names: names(&|code| code as f64), ..Axis::new(label, Scale::Linear) };
    };
    let (low, high) = numbers.iter().fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), n| (l.min(*n), h.max(*n)));
    let scale = if low > 0.0 && high >= 8.0 * low { Scale::Log } else { Scale::Linear };
    let few = numbers.len() <= TICKS;
    Axis { names: if few { names(&|code| numbers[code]) } else { Vec::new() }, ..Axis::new(label, scale) }
}

/// The best half of what is drawn, and the others evenly.
fn thinned(rows: Vec<usize>) -> Vec<usize> {
    if rows.len() <= LINES {
        return rows;
    }
    let best = LINES / 2;
    let rest = rows.len() - best;
    let even = (0..LINES - best).map(|i| best + i * rest / (LINES - best));
    (0..best).chain(even).map(|place| rows[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_runs_the_best_and_an_even_sample_are_left() {
        let kept = thinned((0..100_000).collect());
        assert_eq!(kept.len(), LINES);
        assert_eq!(kept[..1000], (0..1000).collect::<Vec<_>>());
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]) && kept[LINES - 1] > 99_000);
        assert_eq!(thinned(vec![3, 1]), [3, 1]);
    }
}
