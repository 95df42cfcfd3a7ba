//! Squares as a curve, with the lines that linear networks make of it.

use super::parts::series as line;
use super::{Axis, Body, Dash, Figure, Hue, Mark, Marker, Panel, Panels, Scale, Series, Table};
use crate::analysis::Analysis;
use crate::analysis::founding::{LineOfRun, anchors};
use crate::analysis::theory::square_line;
use crate::report::number::{count, exact, number};
use crate::report::sentences::founding as say;

/// Points of a drawn curve.
const STEPS: u32 = 160;

fn sampled(from: f64, to: f64, curve: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let at = |i: u32| from + (to - from) * f64::from(i) / f64::from(STEPS);
    (0..=STEPS).map(|i| (at(i), curve(at(i)))).collect()
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
