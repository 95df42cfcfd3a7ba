//! Replicates of one configuration as a histogram over every run.

use super::parts::{points, reference, series};
use super::strip::scale;
use super::{Axis, Body, Dash, Figure, Hue, Mark, Marker, Panel, Panels, Scale, Shade, Table};
use crate::analysis::findings::Distribution;
use crate::analysis::{Analysis, ONLY, Summary};
use crate::report::number::{count, exact, fixed, number};
use crate::report::sentences::{findings as say, measure};

/// Fewest and most bins.
const BINS: (f64, f64) = (8.0, 40.0);

/// The figure.
#[must_use]
pub fn figure(analysis: &Analysis, found: &Distribution) -> Figure {
    // What draws everything anew comes first.
    let parts: Vec<(String, &Summary)> = match found.parts.len() {
        0 => vec![(String::new(), &found.summary)],
        _ => found.parts.iter().rev().map(|(kinds, summary)| (format!("drawn anew: {kinds}"), summary)).collect(),
    };
    let every = || parts.iter().flat_map(|(_, summary)| summary.values.iter().map(|(_, value)| *value));
    let values: Vec<f64> = every().collect();
    let scale = scale(values.iter().copied());
    let edges = (every().fold(f64::INFINITY, f64::min), every().fold(f64::NEG_INFINITY, f64::max));
    let binned: Vec<Vec<(f64, f64)>> = parts
        .iter()
        .map(|(_, summary)| bins(&summary.values.iter().map(|(_, value)| *value).collect::<Vec<_>>(), edges, scale))
        .collect();
    let most = binned.iter().flatten().map(|(_, count)| *count).fold(1.0, f64::max);
    let panels =
        parts.iter().zip(binned).map(|((title, summary), bins)| panel(analysis, found, title, (summary, bins, most)));
    let panels: Vec<Panel> = panels.collect();
    let mut table = Table::new(&["drawn_anew", "run", "seed", &found.column]);
    for (kinds, summary) in &parts {
        for &(row, value) in &summary.values {
            let run = &analysis.records.runs[row];
            let kinds = kinds.trim_start_matches("drawn anew: ").to_owned();
            table.rows.push(vec![kinds, run.id.clone(), run.seed.clone(), exact(value)]);
        }
    }
    let mut caption = vec!["Bars count the runs in a bin; the dots below are every run at its value.".to_owned()];
    if found.band.is_some() {
        caption.push(
            "The shaded range is the affine floor and two standard deviations, floor·√(2/(7n)), either way.".into(),
        );
    }
    if scale == Scale::Log && values.contains(&0.0) {
        caption.push("Exact zeros stand on the shelf marked 0, in no bin.".into());
    }
    if found.others > 0 {
        let are = if found.others == 1 { "is" } else { "are" };
        caption.push(format!(
            "{} with as many replicates {are} in the table of configurations.",
            count(found.others, "other configuration")
        ));
    }
    let label = &analysis.groups[found.group].label;
    let title = if found.printed.is_some() {
        "The question's own network: every repetition".to_owned()
    } else if label == ONLY {
        format!("{}: every replicate", found.column)
    } else {
        format!("{}: every replicate of {label}", found.column)
    };
    Figure {
        name: "distribution".into(),
        title,
        finding: say::distribution(analysis, found),
        caption: caption.join(" "),
        table,
        body: Body::Panels(Panels {
            x: Axis::new(measure(&found.column), scale),
            y: Axis { range: Some((-0.13 * most, 1.06 * most)), ..Axis::new("runs", Scale::Linear) },
            panels,
        }),
    }
}

/// A histogram over its runs, with what they are held against.
fn panel(
    analysis: &Analysis,
    found: &Distribution,
    title: &str,
    (summary, bins, most): (&Summary, Vec<(f64, f64)>, f64),
) -> Panel {
    // Every run below its bin, in three levels, so that near ones do not hide each other.
    let level = |place: usize| -most * (0.03 + 0.035 * (place % 3) as f64);
    let dots = summary.values.iter().enumerate().map(|(place, &(row, value))| (row, value, level(place)));
    let rug = points(&analysis.records, "every run", (Hue::Blue, Marker::Circle), dots);
    let mut panel = Panel::new(title, vec![series("runs in a bin", Hue::Blue, Mark::Bins, bins), rug]);
    if let Some(band) = found.band {
        panel.shades.push(Shade {
            name: format!("least squares on as many draws: {} ± {}", number(band.floor), number(2.0 * band.sd)),
            hue: Hue::Green,
            from: band.floor - 2.0 * band.sd,
            to: band.floor + 2.0 * band.sd,
        });
        panel.verticals.extend(band.own.map(|own| {
            reference(
                own,
                format!("least squares on the runs' own draws (median): {}", number(own)),
                Hue::Green,
                Dash::DashDot,
            )
        }));
    }
    if let Some(floor) = found.floor {
        panel.verticals.push(super::errors::floor_line(floor));
    }
    if let Some(printed) = found.printed {
        let label = format!("printed in the question: {}", fixed(printed, 2));
        panel.verticals.push(reference(printed, label, Hue::Vermillion, Dash::Dashed));
    }
    panel
}

/// Left edges of even bins with their counts, even on the scale of the axis; the last one closes the last bin.
fn bins(values: &[f64], (low, high): (f64, f64), scale: Scale) -> Vec<(f64, f64)> {
    let own = |value: f64| if scale == Scale::Log { value.log10() } else { value };
    let back = |value: f64| if scale == Scale::Log { 10f64.powf(value) } else { value };
    let shown: Vec<f64> =
        values.iter().copied().filter(|value| scale == Scale::Linear || *value > 0.0).map(own).collect();
    // Zeros stand on a shelf, and in no bin.
    let low = if own(low).is_finite() { own(low) } else { shown.iter().copied().fold(f64::INFINITY, f64::min) };
    let high = own(high);
    if shown.is_empty() || high <= low {
        return Vec::new();
    }
    let n = (2.0 * (shown.len() as f64).sqrt()).ceil().clamp(BINS.0, BINS.1);
    let width = (high - low) / n;
    let mut counts = vec![0.0; n as usize];
    for value in shown {
        counts[(((value - low) / width) as usize).min(n as usize - 1)] += 1.0;
    }
    let edge = |i: usize| back(low + width * i as f64);
    let mut bins: Vec<(f64, f64)> = counts.into_iter().enumerate().map(|(i, count)| (edge(i), count)).collect();
    bins.push((back(high), 0.0));
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_one_bin() {
        for scale in [Scale::Linear, Scale::Log] {
            let values: Vec<f64> = (1..=50).map(|i| f64::from(i * i)).collect();
            let bins = bins(&values, (1.0, 2500.0), scale);
            assert_eq!(bins.iter().map(|(_, count)| count).sum::<f64>(), 50.0);
            assert!((bins[0].0 - 1.0).abs() < 1e-9 && (bins[bins.len() - 1].0 - 2500.0).abs() < 1e-6);
        }
        assert!(bins(&[2.0, 2.0], (2.0, 2.0), Scale::Linear).is_empty());
    }
}
