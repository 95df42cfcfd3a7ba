//! What the metric goes with: a bar an axis, a bar a strong pair of axes, one for luck.

use super::{Axis, Bar, Bars, Body, Figure, Hue, Key, Marker, Scale, Table};
use crate::analysis::{Analysis, Importance};
use crate::report::number::{count, exact, percent, significant};
use crate::report::sentences::general;
use crate::report::sentences::importance::{intervals, left_out, scaled, scope, told_by};

/// Bars that are drawn.
const BARS: usize = 60;
/// Pairs of axes that are drawn of a design.
const PAIRS: usize = 5;
/// The smallest share of a pair that is drawn.
const SMALL: f64 = 0.005;

/// The figure; `None` where nothing that differs has to do with the metric.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let mut table = Table::new(&["design", "part", "share", "low", "high"]);
    let (mut rows, mut hidden) = (Vec::new(), 0);
    for importance in &analysis.importances {
        let block = block(analysis, importance);
        for part in parts(importance) {
            let end = |end: Option<f64>| end.map_or_else(String::new, exact);
            table.rows.push(vec![
                block.clone(),
                part.label.clone(),
                exact(part.share),
                end(part.interval.map(|(low, _)| low)),
                end(part.interval.map(|(_, high)| high)),
            ]);
            let drawn = part.drawn && rows.len() < BARS;
            hidden += usize::from(!drawn);
            if drawn {
                rows.push(Bar {
                    block: block.clone(),
                    label: part.label,
                    value: part.share,
                    interval: part.interval,
                    hue: part.hue,
                    note: told(part.share),
                });
            }
        }
    }
    let methods = methods(analysis);
    let more = if hidden > 0 { format!(" {} more in the table.", count(hidden, "share")) } else { String::new() };
    let key = |name: &str, hue| Key { name: name.into(), hue, marker: Marker::Square };
    let used = |hue: Hue| rows.iter().any(|row| row.hue == hue);
    let keys = [
        key("an axis alone", Hue::Blue),
        key("axes together beyond that", Hue::Orange),
        key("luck, or not explained", Hue::Muted),
    ];
    Some(Figure {
        name: "importance".into(),
        title: format!("What {} goes with", analysis.metric.name),
        finding: general::influence(analysis)?,
        caption: format!("Bars are shares of the variance; those of a block add up to 100\u{a0}%. {methods}{more}"),
        table,
        body: Body::Bars(Bars {
            x: Axis { range: Some((0.0, 1.0)), ..Axis::new(label(analysis), Scale::Linear) },
            references: Vec::new(),
            keys: keys.into_iter().filter(|key| used(key.hue)).collect(),
            rows,
        }),
    })
}

/// How the designs were told: once for all that were told in one way, then what each leaves out.
fn methods(analysis: &Analysis) -> String {
    let all = &analysis.importances;
    let mut ways: Vec<(String, Vec<String>)> = Vec::new();
    for importance in all {
        let (way, block) = (told_by(importance) + &intervals(importance), block(analysis, importance));
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, blocks)) => blocks.push(block),
            None => ways.push((way, vec![block])),
        }
    }
    // The most frequent way goes without a list.
    ways.sort_by_key(|(_, blocks)| blocks.len());
    let last = ways.pop();
    let mut told: Vec<String> = ways.iter().map(|(way, blocks)| format!("{}: {way}", blocks.join("; "))).collect();
    told.extend(last.map(|(way, _)| if ways.is_empty() { way } else { format!("All others: {way}") }));
    for importance in all {
        let left = left_out(analysis, &importance.design);
        match block(analysis, importance) {
            _ if left.is_empty() => {}
            block if block.is_empty() => told.push(left.trim_start().to_owned()),
            block => told.push(format!("{block}:{left}")),
        }
    }
    told.join(" ")
}

fn label(analysis: &Analysis) -> String {
    let mut scales: Vec<String> = analysis.importances.iter().map(|one| scaled(analysis, &one.design)).collect();
    scales.sort();
    scales.dedup();
    format!("Share of the variance of {}", scales.join(" or "))
}

/// What a design is called over its bars; empty for the only one.
fn block(analysis: &Analysis, importance: &Importance) -> String {
    let scope = scope(analysis, &importance.design);
    let scope = scope.trim_start_matches(" on ").trim_start_matches(" in the ");
    if analysis.importances.len() == 1 { String::new() } else { scope.replace(" in the ", ", ") }
}

/// A share in per cent, small ones with two digits.
pub(super) fn told(share: f64) -> String {
    if share > 0.0 && share < 0.1 { format!("{}\u{a0}%", significant(100.0 * share, 2)) } else { percent(share) }
}

/// One share.
struct Part {
    label: String,
    share: f64,
    interval: Option<(f64, f64)>,
    hue: Hue,
    drawn: bool,
}

/// All shares of a design, in the order of their bars.
fn parts(importance: &Importance) -> Vec<Part> {
    let axis = |axis: usize| importance.design.axes[axis].label();
    let ends = importance.intervals.as_ref();
    let part = |label: String, share: f64, interval: Option<(f64, f64)>, hue: Hue| Part {
        label,
        share,
        interval,
        hue,
        drawn: true,
    };
    let main = |own: usize| part(axis(own), importance.mains[own], ends.map(|ends| ends.mains[own]), Hue::Blue);
    let mut parts: Vec<Part> = importance.ranked().into_iter().map(main).collect();
    for (place, &(a, b, share)) in importance.pairs.iter().enumerate() {
        let drawn = place < PAIRS && share >= SMALL;
        let label = format!("{} × {}", axis(a), axis(b));
        parts.push(Part { drawn, ..part(label, share, ends.map(|ends| ends.pairs[place]), Hue::Orange) });
    }
    if importance.design.axes.len() > 2 {
        let more = part("three axes and more".into(), importance.higher, ends.map(|ends| ends.higher), Hue::Orange);
        parts.push(more);
    }
    let rest = [(importance.noise, "luck of the seed"), (importance.unexplained, "not explained")];
    let rest = rest.into_iter().filter_map(|(share, label)| Some((share?, label)));
    parts.extend(rest.map(|(share, label)| part(label.into(), share, ends.map(|ends| ends.rest), Hue::Muted)));
    parts
}
