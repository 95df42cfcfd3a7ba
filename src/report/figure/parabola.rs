//! Squares as a curve, with the lines that linear networks make of it; and what networks answer beyond their range.

use super::{Axis, Body, Dash, Figure, Hue, Mark, Marker, Panel, Panels, Scale, Series, Table};
use crate::analysis::founding::{LineOfRun, anchors};
use crate::analysis::theory::square_line;
use crate::analysis::{Analysis, Group, Records};
use crate::report::number::{count, exact, fixed, number};
use crate::report::sentences::founding as say;

/// Points of a drawn curve.
const STEPS: u32 = 160;

fn sampled(from: f64, to: f64, curve: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let at = |i: u32| from + (to - from) * f64::from(i) / f64::from(STEPS);
    (0..=STEPS).map(|i| (at(i), curve(at(i)))).collect()
}

fn line(name: &str, hue: Hue, mark: Mark, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.into(), run: None, runs: Vec::new(), hue, mark, points }
}

/// The parabola with the linear networks' lines; `None` where no linear network on squares has predictions.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let squares = analysis.founding.as_ref()?.squares.as_ref()?;
    let largest = squares.largest?;
    if squares.lines.is_empty() {
        return None;
    }
    let records = &analysis.records;
    let best = square_line(largest);
    let own: Vec<usize> = squares.seed.iter().flat_map(|seed| &seed.rmse.values).map(|(row, _)| *row).collect();
    let drawn = |line: &LineOfRun, name: &str, hue: Hue, width: f64| {
        let at = |x: f64| (x, line.fit.slope * x + line.fit.intercept);
        Series {
            name: name.into(),
            run: Some(records.runs[line.row].id.clone()),
            runs: Vec::new(),
            hue,
            mark: Mark::Line(Dash::Solid, width),
            points: vec![at(1.0), at(largest)],
        }
    };
    let (question, others): (Vec<&LineOfRun>, Vec<&LineOfRun>) =
        squares.lines.iter().partition(|line| own.contains(&line.row));
    // Named first, drawn over the other networks.
    let mut series = vec![line("square", Hue::Ink, Mark::Line(Dash::Solid, 2.5), Vec::new())];
    series.extend(others.iter().map(|line| drawn(line, "other linear networks", Hue::Sky, 1.0)));
    series.push(line("square", Hue::Ink, Mark::Line(Dash::Solid, 2.5), sampled(1.0, largest, |x| x * x)));
    series.extend(question.iter().map(|line| drawn(line, "the question's network", Hue::Vermillion, 1.75)));
    let fitted = |x: f64| best.slope * x + best.intercept;
    series.push(line(
        "best line there is",
        Hue::Ink,
        Mark::Line(Dash::Dashed, 2.0),
        vec![(1.0, fitted(1.0)), (largest, fitted(largest))],
    ));
    let quoted = (largest - anchors::LARGEST).abs() < 0.5;
    if quoted {
        series.push(line(
            "predictions printed in the question",
            Hue::Blue,
            Mark::Points(Marker::Circle),
            anchors::points(),
        ));
    }
    let mut table = Table::new(&["run", "slope", "intercept", "largest_distance_from_line", "rmse_of_line_fit"]);
    for line in &squares.lines {
        let fit = line.fit;
        let run = records.runs[line.row].id.clone();
        table.rows.push(vec![run, exact(fit.slope), exact(fit.intercept), exact(fit.largest), exact(fit.rmse)]);
    }
    table.rows.push(vec!["least squares".into(), exact(best.slope), exact(best.intercept), exact(0.0), exact(0.0)]);
    let printed = if quoted { format!(" {}", say::printed_pairs()) } else { String::new() };
    Some(Figure {
        name: "parabola".into(),
        title: "What a linear network makes of squares".into(),
        finding: format!("{}{printed}", say::lines(squares)),
        caption: format!(
            "Each thin line is fitted to what one of {} predicts on 1 to {}. The best line is least squares over all of them: {}·x − {}, RMSE {}.",
            count(squares.lines.len(), "network"),
            number(largest),
            number(best.slope),
            number(-best.intercept),
            number(best.rmse)
        ),
        table,
        body: Body::Panels(Panels {
            x: Axis { label: "number x".into(), scale: Scale::Linear, range: Some((0.0, largest)), names: Vec::new() },
            y: Axis::new("square of x, and what is predicted for it", Scale::Linear),
            panels: vec![Panel::new("", series)],
        }),
    })
}

/// What the best networks answer up to twice their largest number; `None` without predictions beyond it.
#[must_use]
pub fn beyond(analysis: &Analysis) -> Option<Figure> {
    let found = analysis.founding.as_ref()?;
    let records = &analysis.records;
    let mut chosen: Vec<(String, &Group, Hue, Dash)> = Vec::new();
    if let Some(line) = found.squares.as_ref().and_then(|squares| squares.lines.first()) {
        let group = analysis.groups.iter().find(|group| group.rows.contains(&line.row))?;
        chosen.push(("linear network".into(), group, Hue::Vermillion, Dash::Dashed));
    }
    if let Some(fixes) = &found.fixes {
        let group = &analysis.groups[fixes.best];
        chosen.push((group.label.clone(), group, Hue::Blue, Dash::Solid));
    }
    if let Some(encoded) = found.encodings.as_ref().and_then(|encodings| encodings.tried.first()) {
        let name = format!("linear network on {}", encoded.label);
        chosen.push((name, &analysis.groups[encoded.group], Hue::Green, Dash::DashDot));
    }
    let mut series = Vec::new();
    let (mut largest, mut furthest) = (f64::INFINITY, 0.0_f64);
    let mut table = Table::new(&["configuration", "run", "input", "target", "prediction"]);
    for (name, group, hue, dash) in &chosen {
        for &row in &group.rows {
            largest = largest.min(records.number(row, "largest").unwrap_or(f64::INFINITY));
            let points = &records.predictions[row];
            furthest = points.iter().map(|point| point.input).fold(furthest, f64::max);
            let run = records.runs[row].id.clone();
            for point in points {
                let answer = point.prediction.map(exact).unwrap_or_default();
                table.rows.push(vec![name.clone(), run.clone(), exact(point.input), exact(point.target), answer]);
            }
            series.push(Series {
                name: name.clone(),
                run: Some(run),
                runs: Vec::new(),
                hue: *hue,
                mark: Mark::Line(*dash, 1.5),
                points: points.iter().map(|point| (point.input, point.prediction.unwrap_or(f64::NAN))).collect(),
            });
        }
    }
    if furthest <= largest || !largest.is_finite() {
        return None;
    }
    let most = furthest * furthest;
    // What runs away is cut at the frame, so that the others can be seen.
    let inside = |value: f64| value.is_finite() && (-0.35 * most..=1.35 * most).contains(&value);
    let lost = series.iter().flat_map(|series| &series.points).filter(|point| !inside(point.1)).count();
    for series in &mut series {
        series.points.retain(|point| inside(point.1));
    }
    let square = line("square", Hue::Ink, Mark::Line(Dash::Solid, 2.5), sampled(1.0, furthest, |x| x * x));
    series.insert(0, square);
    let edge = vec![(largest, 0.0), (largest, most)];
    series.push(line("end of the training range", Hue::Muted, Mark::Line(Dash::Dotted, 1.75), edge));
    let left_out = match lost {
        0 => String::new(),
        n => format!(" {} far off are not drawn.", count(n, "prediction")),
    };
    Some(Figure {
        name: "beyond".into(),
        title: "Beyond the range that was trained on".into(),
        finding: say::beyond(analysis, found)?,
        caption: format!(
            "Training draws end at {}; every run of each configuration is a line up to {}.{left_out}",
            fixed(largest, 0),
            fixed(furthest, 0)
        ),
        table,
        body: Body::Panels(Panels {
            x: Axis { label: "number x".into(), scale: Scale::Linear, range: Some((0.0, furthest)), names: Vec::new() },
            y: Axis::new("square of x, and what is predicted for it", Scale::Linear),
            panels: vec![Panel::new("", series)],
        }),
    })
}

/// Whether any run of a configuration has predictions.
#[must_use]
pub fn predicted(records: &Records, group: &Group) -> bool {
    group.rows.iter().any(|&row| !records.predictions[row].is_empty())
}
