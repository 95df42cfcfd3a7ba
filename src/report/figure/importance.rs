//! What the metric goes with: a bar an axis, a bar a strong pair of axes, one for luck.

use super::{Axis, Bar, Bars, Body, Figure, Hue, Key, Marker, Scale, Table};
use crate::analysis::{Analysis, Importance};
use crate::report::number::{count, exact, percent, significant};
use crate::report::sentences::general;
use crate::report::sentences::importance::{left_out, scaled, scope, told_by};

/// Bars that are drawn.
const BARS: usize = 60;
/// Pairs of axes that are drawn of a design.
const PAIRS: usize = 5;
/// The smallest share of a pair that is drawn.
const SMALL: f64 = 0.005;

/// The figure; `None` where nothing that differs has to do with the metric.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    let mut table = Table::new(&["design", "part", "share"]);
    let (mut rows, mut hidden) = (Vec::new(), 0);
    for importance in &analysis.importances {
        let block = block(analysis, importance);
        for part in parts(importance) {
            table.rows.push(vec![block.clone(), part.label.clone(), exact(part.share)]);
            let drawn = part.drawn && rows.len() < BARS;
            hidden += usize::from(!drawn);
            if drawn {
                rows.push(Bar {
                    block: block.clone(),
                    label: part.label,
                    value: part.share,
                    interval: None,
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

/// How each design was told, once where all were told in the same way, and what each leaves out.
fn methods(analysis: &Analysis) -> String {
    let all = &analysis.importances;
    let by: Vec<String> = all.iter().map(told_by).collect();
    let alike = by.windows(2).all(|pair| pair[0] == pair[1]);
    let mut told: Vec<String> = by.iter().take(usize::from(alike)).cloned().collect();
    for (importance, by) in all.iter().zip(by) {
        let left = left_out(&importance.design);
        let own = if alike { left.trim_start().to_owned() } else { by + &left };
        match block(analysis, importance) {
            _ if own.is_empty() => {}
            block if block.is_empty() => told.push(own),
            block => told.push(format!("{block}: {own}")),
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
    hue: Hue,
    drawn: bool,
}

/// All shares of a design, in the order of their bars.
fn parts(importance: &Importance) -> Vec<Part> {
    let axis = |axis: usize| importance.design.axes[axis].label();
    let part = |label: String, share: f64, hue: Hue, drawn: bool| Part { label, share, hue, drawn };
    let mut parts: Vec<Part> =
        importance.ranked().into_iter().map(|own| part(axis(own), importance.mains[own], Hue::Blue, true)).collect();
    for (place, &(a, b, share)) in importance.pairs.iter().enumerate() {
        let drawn = place < PAIRS && share >= SMALL;
        parts.push(part(format!("{} × {}", axis(a), axis(b)), share, Hue::Orange, drawn));
    }
    if importance.design.axes.len() > 2 {
        parts.push(part("three axes and more".into(), importance.higher, Hue::Orange, true));
    }
    parts.extend(importance.noise.map(|share| part("luck of the seed".into(), share, Hue::Muted, true)));
    parts.extend(importance.unexplained.map(|share| part("not explained".into(), share, Hue::Muted, true)));
    parts
}
