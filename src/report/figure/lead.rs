//! Which figures a report has, and which one leads: each finding has a weight by how much of the sweep it shows and
//! whether it shows the sweep's own measure.

use super::{
    Body, Figure, conditioning, crossing, curves, depth, distribution, effects, encodings, errors, examples, fan,
    floors, generic, importance, inside_beyond, interactions, looks, parabola, parallel, pieces, rounding, shares,
    sizes, success, tasks, tuning,
};
use crate::analysis::{Analysis, Founding};

/// A finding below this weight is a side matter of the sweep, and has no figure of its own: its runs are in the ranking.
const LEAST: f64 = 0.25;
/// A measure of the same kind as the sweep's: the error on another split, the error over the floor.
const ALIKE: f64 = 0.9;
/// Another measure.
const OTHER: f64 = 0.5;
/// Learning curves show the way, not the end: of equal findings another leads.
const WAY: f64 = 0.95;
/// Rows beyond which every configuration on squares in a row of its own is the ranking once more.
const ROWS: usize = 60;

/// A figure and how much it weighs.
struct Weighed {
    weight: f64,
    figure: Figure,
}

/// All figures of a sweep. What particular findings show comes first, the heaviest at the front; then what any sweep
/// has.
#[must_use]
pub fn figures(analysis: &Analysis) -> Vec<Figure> {
    let mut particular = particular(analysis);
    // A stable order between equals: the order in which they are made.
    particular.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut figures: Vec<Figure> =
        particular.into_iter().filter(|weighed| weighed.weight >= LEAST).map(|weighed| weighed.figure).collect();
    let has = |figures: &[Figure], name: &str| figures.iter().any(|figure| figure.name == name);
    if whole(analysis) {
        let rows = |figure: &Figure| matches!(&figure.body, Body::Strip(strip) if strip.rows.len() <= ROWS);
        figures.extend(errors::figure(analysis).filter(rows));
    }
    if !has(&figures, "curves") {
        figures.extend(if whole(analysis) { curves::founding(analysis) } else { curves::general(analysis) });
    }
    figures.extend(generic::ranking(analysis));
    figures.extend(parallel::figure(analysis));
    figures.extend(importance::figure(analysis));
    figures.extend(interactions::figures(analysis));
    let effects = effects::figures(analysis);
    // Effects show every run by every value as well, and their means beside.
    let without = effects.is_empty().then(|| generic::by_parameter(analysis));
    figures.extend(effects);
    figures.extend(tuning::figures(analysis));
    figures.extend(without.into_iter().flatten());
    figures
}

/// Whether the founding question is asked whole: why linear networks fit sums and not squares, and what helps.
fn whole(analysis: &Analysis) -> bool {
    analysis.founding.as_ref().is_some_and(Founding::is_whole)
}

/// What is shown of the sweep, times how near what is shown is to its metric.
fn weigh(analysis: &Analysis, runs: usize, measures: &[&str]) -> f64 {
    let metric = analysis.metric.name.as_str();
    let near = |measure: &&str| match measure {
        measure if **measure == *metric => 1.0,
        measure if kind(measure) == kind(metric) => ALIKE,
        _ => OTHER,
    };
    let share = runs as f64 / analysis.records.runs.len().max(1) as f64;
    share * measures.iter().map(near).fold(0.0, f64::max)
}

/// Errors inside the range are of one kind, whatever the split, and so are those beyond it.
fn kind(measure: &str) -> &str {
    let error = ["rmse", "mae", "max_error", "excess"].iter().any(|part| measure.contains(part));
    match measure {
        _ if error && measure.starts_with("extrapolation_") => "error beyond",
        _ if error => "error inside",
        _ => measure,
    }
}

/// Figures of particular findings, with their weights; of equal weights the first made leads.
fn particular(analysis: &Analysis) -> Vec<Weighed> {
    let mut found = Vec::new();
    let findings = &analysis.findings;
    let weigh = |runs: usize, measures: &[&str]| weigh(analysis, runs, measures);
    let mut add = |weight: f64, figure: Option<Figure>| found.extend(figure.map(|figure| Weighed { weight, figure }));
    if let Some(question) = &analysis.founding {
        let all = analysis.records.runs.len();
        let lines = question.squares.as_ref().map_or(0, |squares| squares.lines.len());
        let (parabola_weight, tasks_weight) = if whole(analysis) {
            // The whole sweep is about it.
            (weigh(all, &["domain_rmse"]), 0.98 * weigh(all, &["domain_rmse"]))
        } else {
            let sums = question.sums.as_ref().map_or(0, |sums| sums.rounded.n());
            (weigh(lines, &["line_deviation"]), weigh(sums.min(lines), &["train_rmse_rounded"]))
        };
        add(parabola_weight, parabola::figure(analysis));
        add(tasks_weight, tasks::figure(analysis));
    }
    // Kinds of luck are told by replicates that draw one thing alone, which nobody trains without asking about it.
    let told = analysis.lucks.iter().map(|luck| analysis.groups[luck.group].rows.len()).sum();
    add(weigh(told, &[&analysis.metric.name]), shares::figure(analysis));
    if let Some(own) = &findings.distribution {
        add(weigh(own.runs, &[&own.column]), Some(distribution::figure(analysis, own)));
    }
    if let Some(own) = &findings.successes {
        add(weigh(own.runs, &["extrapolation_r2"]), Some(success::figure(analysis, own)));
    }
    if let Some(own) = &findings.conditioning {
        add(weigh(own.runs, &["epochs_to_floor"]), Some(conditioning::figure(analysis, own)));
    }
    if let Some(own) = &findings.roundings {
        // Where rounding is the question, the way there is shown first, then what is left at its end.
        let weight = weigh(own.runs, &["train_rmse", "train_rmse_rounded"]);
        add(weight, curves::general(analysis));
        add(weight, Some(rounding::figure(analysis, own)));
    }
    if let Some(own) = &findings.floors {
        add(weigh(own.runs + own.zero.0, &["excess"]), Some(floors::figure(analysis, own)));
    }
    if let Some(own) = &findings.depths {
        add(weigh(own.runs, &["excess"]), Some(depth::figure(analysis, own)));
    }
    if let Some(own) = &findings.written {
        // Configurations that a better one of the same way stands for are compared as well, unless they are nearly all.
        let (shown, all) = (weigh(own.runs, &["domain_rmse"]), weigh(own.all, &["domain_rmse"]));
        let weight = if 4 * own.runs < own.all { shown.max(LEAST).min(all) } else { all };
        add(weight, Some(encodings::figure(analysis, own)));
    }
    if let Some(own) = &findings.examples {
        add(weigh(own.runs, &["domain_rmse", "train_rmse"]), Some(examples::figure(analysis, own)));
    }
    if let Some(own) = &findings.pieces {
        add(weigh(own.trained.len(), &["domain_rmse"]), Some(pieces::figure(analysis, own)));
    }
    if let Some(own) = &findings.sizes {
        add(weigh(own.runs, &[&own.column]), Some(sizes::figure(analysis, own)));
    }
    if let Some(own) = &findings.crossing {
        // A crossing that leaves out most of a sweep is not what the sweep is about.
        add(weigh(own.runs, &[&analysis.metric.name]), Some(crossing::figure(analysis, own)));
    }
    if let Some(own) = &findings.beyond {
        let weight = weigh(own.runs, &["extrapolation_rmse"]);
        // What helps is also asked beyond the range where the founding question is asked whole.
        add(if whole(analysis) { weight.max(LEAST) } else { weight }, fan::figure(analysis, own));
        add(weigh(own.runs, &["domain_rmse", "extrapolation_rmse"]), Some(inside_beyond::figure(analysis, own)));
    }
    // Learning curves are a finding of their own where every configuration can be told from every other by its look.
    let several = analysis.groups.len() > 2;
    if several && findings.roundings.is_none() && !whole(analysis) && looks::tells_all(analysis) {
        let with = analysis.records.curves.iter().filter(|curve| !curve.is_empty()).count();
        add(WAY * weigh(with, &["test_rmse"]), curves::general(analysis));
    }
    found
}
