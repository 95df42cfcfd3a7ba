//! What networks answer beyond the range that they were trained on, form by form.

use super::parts::{quartiles, reference, series};
use super::strip::look;
use super::{Axis, Band, Body, DASHES, Dash, Figure, Hue, Mark, Panel, Panels, Scale, Series, Table};
use crate::analysis::findings::{Beyond, Form};
use crate::analysis::{Analysis, Records};
use crate::report::number::{count, exact, fixed};
use crate::report::sentences::findings as say;

/// Forms in colour: the best ones, then some evenly spread over the others.
const COLOURED: (usize, usize) = (3, 3);
/// Pale lines that are drawn.
const PALE: usize = 200;
/// Replicates that have lines of their own; of more, a band holds the range.
const FEW: usize = 20;

/// The figure; `None` without predictions beyond the range.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Beyond) -> Option<Figure> {
    let records = &analysis.records;
    let predicted =
        |form: &&Form| analysis.groups[form.group].rows.iter().any(|&row| !records.predictions[row].is_empty());
    let forms: Vec<&Form> = found.forms.iter().filter(predicted).collect();
    let first =
        *analysis.groups[forms.first()?.group].rows.iter().find(|&&row| !records.predictions[row].is_empty())?;
    let largest = records.number(first, "largest")?;
    let truth: Vec<(f64, f64)> = records.predictions[first].iter().map(|point| (point.input, point.target)).collect();
    let furthest = truth.last().map(|point| point.0).filter(|furthest| *furthest > largest)?;
    let (low, high) = truth.iter().fold((0.0, 0.0), |(l, h): (f64, f64), point| (l.min(point.1), h.max(point.1)));
    let room = 0.35 * (high - low);
    let frame = (low - room, high + room);
    let places = coloured(forms.len());
    let mut panel = Panel::new("", Vec::new());
    let mut lost = 0;
    let mut inside = |points: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        let kept = |(x, y): (f64, f64)| {
            let seen = y.is_finite() && (frame.0..=frame.1).contains(&y);
            lost += usize::from(!seen);
            (x, if seen { y } else { f64::NAN })
        };
        points.into_iter().map(kept).collect()
    };
    let mut table = Table::new(&["form", "run", "input", "target", "prediction"]);
    let (mut pale, mut pale_lines, mut hidden) = (Vec::new(), 0, 0);
    let mut told = Vec::new();
    for (place, form) in forms.iter().enumerate() {
        let rows = &analysis.groups[form.group].rows;
        for &row in rows {
            let run = records.runs[row].id.clone();
            for point in &records.predictions[row] {
                let answer = point.prediction.map(exact).unwrap_or_default();
                table.rows.push(vec![form.label.clone(), run.clone(), exact(point.input), exact(point.target), answer]);
            }
        }
        let Some(hue) = places.iter().position(|own| *own == place) else {
            for &row in rows {
                if pale_lines >= PALE {
                    hidden += 1;
                    continue;
                }
                pale_lines += 1;
                let points = inside(answers(records, row));
                let line = series("other forms", Hue::Muted, Mark::Line(Dash::Solid, 0.8), points);
                pale.push(Series { run: Some(records.runs[row].id.clone()), ..line });
            }
            continue;
        };
        let (colour, dash) = (look(hue).0, DASHES[hue % DASHES.len()]);
        let (middle, edges) = over_seeds(records, rows);
        let end = middle.last().map_or(f64::NAN, |point| point.1);
        told.push((form.label.clone(), end));
        if rows.len() <= FEW {
            for &row in rows {
                let run = Some(records.runs[row].id.clone());
                let points = inside(answers(records, row));
                pale.push(Series { run, ..series("", colour, Mark::Line(dash, 0.8), points) });
            }
            panel.series.push(series(&form.label, colour, Mark::Line(dash, 2.0), inside(middle)));
            continue;
        }
        let clamped = edges.into_iter().map(|(x, a, b)| (x, a.clamp(frame.0, frame.1), b.clamp(frame.0, frame.1)));
        panel.bands.push(Band { name: String::new(), hue: colour, points: clamped.collect() });
        panel.series.push(series(&form.label, colour, Mark::Line(dash, 2.0), inside(middle)));
    }
    panel.series.splice(0..0, pale);
    panel.series.push(series("the right answer", Hue::Ink, Mark::Line(Dash::Solid, 1.3), truth.clone()));
    panel.verticals.push(reference(largest, "end of the training range", Hue::Muted, Dash::Dotted));
    let target = truth.last().map_or(f64::NAN, |point| point.1);
    let mut caption = vec![format!(
        "Training draws end at {}. A thick line is the median over the replicates of a form, thin ones of its colour are its runs (of more than {FEW}, a band is their range); in colour are the {} best forms beyond the range and some evenly spread over the others, grey lines are runs of the rest.",
        fixed(largest, 0),
        COLOURED.0.min(places.len())
    )];
    if lost > 0 {
        caption.push(format!("{} outside the frame are not drawn.", count(lost, "answer")));
    }
    if hidden > 0 {
        caption.push(format!("{} more are in the table.", count(hidden, "run")));
    }
    let task = records.value(first, "task").unwrap_or("answer");
    Some(Figure {
        name: "beyond".into(),
        title: "What networks answer beyond their range".into(),
        finding: say::fan(furthest, target, &told),
        caption: caption.join(" "),
        table,
        body: Body::Panels(Panels {
            x: Axis { range: Some((0.0, furthest)), ..Axis::new("number x", Scale::Linear) },
            y: Axis { range: Some(frame), ..Axis::new(format!("{task} of x, and what is answered"), Scale::Linear) },
            panels: vec![panel],
        }),
    })
}

/// Places of the forms in colour.
fn coloured(forms: usize) -> Vec<usize> {
    let best = COLOURED.0.min(forms);
    let rest = forms - best;
    let spread = COLOURED.1.min(rest);
    let even = (1..=spread).map(|i| best + (rest * i).div_ceil(spread) - 1);
    (0..best).chain(even).collect()
}

fn answers(records: &Records, row: usize) -> Vec<(f64, f64)> {
    records.predictions[row].iter().map(|point| (point.input, point.prediction.unwrap_or(f64::NAN))).collect()
}

/// An input, the lower and the upper end of a range.
type Edges = (f64, f64, f64);

/// The median over runs at each input, and their range.
fn over_seeds(records: &Records, rows: &[usize]) -> (Vec<(f64, f64)>, Vec<Edges>) {
    let every: Vec<Vec<(f64, f64)>> =
        rows.iter().map(|&row| answers(records, row)).filter(|points| !points.is_empty()).collect();
    let (mut middle, mut edges) = (Vec::new(), Vec::new());
    for (place, &(x, _)) in every.first().map_or(&[][..], Vec::as_slice).iter().enumerate() {
        let at = every.iter().filter_map(|points| points.get(place)).map(|point| point.1);
        let mut values: Vec<f64> = at.filter(|value| value.is_finite()).collect();
        if let Some([_, median, _]) = quartiles(&mut values) {
            middle.push((x, median));
            edges.push((x, values[0], values[values.len() - 1]));
        }
    }
    (middle, edges)
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn the_best_and_some_of_the_rest_are_in_colour() {
        assert_eq!(coloured(2), [0, 1]);
        assert_eq!(coloured(5), [0, 1, 2, 3, 4]);
        assert_eq!(coloured(12), [0, 1, 2, 5, 8, 11]);
    }
}
