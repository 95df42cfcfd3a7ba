//! Kinds of luck: a bar for the spread of runs that draw one thing anew, beside that of everything.

use super::{Axis, Bar, Bars, Body, Figure, Hue, Scale, Table};
use crate::analysis::{Analysis, Kind, Luck, Spread};
use crate::report::number::{count, exact};
use crate::report::sentences::{environments, luck as say};

/// Configurations that are drawn.
const DRAWN: usize = 10;

/// The figure; `None` where no kind of luck can be told by itself.
#[must_use]
pub fn figure(analysis: &Analysis) -> Option<Figure> {
    // That with the most runs first.
    let mut lucks: Vec<&Luck> = analysis.lucks.iter().collect();
    lucks.sort_by_key(|luck| std::cmp::Reverse(analysis.groups[luck.group].rows.len()));
    let first = *lucks.first()?;
    let mut table =
        Table::new(&["configuration", "drawn anew", "deviation", "low", "high", "runs", "sets", "share of variance"]);
    for luck in &lucks {
        table.rows.extend(luck.spreads.iter().map(|spread| line(analysis, luck, spread)));
    }
    let hidden = lucks.len().saturating_sub(DRAWN);
    let several = lucks.len() > 1;
    let bars = |luck: &&Luck| {
        let block = if several { analysis.groups[luck.group].label.clone() } else { String::new() };
        luck.spreads.iter().map(|spread| bar(&block, spread)).collect::<Vec<_>>()
    };
    // Logarithms and plain numbers do not go on one axis.
    let alike = lucks.iter().filter(|luck| luck.logarithmic == first.logarithmic);
    let rows = alike.take(DRAWN).flat_map(bars).collect();
    let other = lucks.iter().filter(|luck| luck.logarithmic != first.logarithmic).count();
    let metric = &analysis.metric.name;
    let what = if first.logarithmic { format!("log10 {metric}") } else { metric.clone() };
    let missing: usize = lucks.iter().map(|luck| luck.missing).sum();
    let drawn: Vec<usize> = lucks.iter().flat_map(|luck| &analysis.groups[luck.group].rows).copied().collect();
    let left = [
        (hidden.max(other) > 0).then(|| format!(" {} more in the table.", count(hidden.max(other), "configuration"))),
        (missing > 0).then(|| format!(" {} without a value left out.", count(missing, "run"))),
        environments::of_runs(analysis, &drawn).map(|told| format!(" {told}")),
    ];
    Some(Figure {
        name: "shares".into(),
        title: format!("How far {metric} spreads by one kind of luck at a time"),
        finding: say::kinds(analysis, first),
        caption: format!(
            "A bar is the standard deviation of {what} over runs that share all but what is drawn anew, with its 95\u{a0}% interval by chi-square, which takes {} for normal. Kinds of luck act together, so variances need not add up to that of everything.{}",
            if first.logarithmic { "logarithms" } else { "values" },
            left.into_iter().flatten().collect::<String>()
        ),
        table,
        body: Body::Bars(Bars {
            x: Axis::new(format!("Standard deviation of {what}"), Scale::Linear),
            rows,
            references: Vec::new(),
            keys: Vec::new(),
        }),
    })
}

fn bar(block: &str, spread: &Spread) -> Bar {
    Bar {
        block: block.to_owned(),
        label: label(spread.kind).into(),
        value: spread.sd,
        interval: Some(spread.interval),
        hue: if spread.kind == Kind::All { Hue::Muted } else { Hue::Blue },
        note: count(spread.rows.len(), "run"),
    }
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::All => "everything anew",
        Kind::Data => "examples alone",
        Kind::Init => "initial weights alone",
        Kind::Shuffle => "order of examples alone",
    }
}

fn line(analysis: &Analysis, luck: &Luck, spread: &Spread) -> Vec<String> {
    vec![
        analysis.groups[luck.group].label.clone(),
        say::kind(spread.kind).into(),
        exact(spread.sd),
        exact(spread.interval.0),
        exact(spread.interval.1),
        spread.rows.len().to_string(),
        spread.sets.to_string(),
        spread.share.map_or_else(String::new, exact),
    ]
}
