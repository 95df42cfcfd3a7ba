//! Measures of a trained cohort: answers on every split, errors in the target's own units, floors, distance from a
//! line, and what to draw.

use std::sync::Arc;

use tch::TchError;

use super::catalogue::{Catalogue, Encoded, Regions};
use super::engine::{EVALUATION_ROWS, Engine};
use super::outcome::Prediction;
use crate::config::Configuration;
use crate::measure::{AffineBasis, Measures, measure_split};
use crate::network::Real;
use crate::problem::{Population, Problem};

/// Gaps between the inputs that are kept for drawing, in each region.
const DRAWN_GAPS: usize = 100;

/// What a finished run is measured as.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// All measures but those of the course.
    pub measures: Measures,
    /// Predictions along the range and beyond, for tasks of one operand.
    pub predictions: Vec<Prediction>,
}

/// The scaled answers of every run to its population; populations are of one length.
pub fn answers<T: Real>(
    engine: &mut dyn Engine<T>,
    problems: &[Problem],
    populations: &[&Population],
) -> Result<Vec<Vec<f64>>, TchError> {
    let rows = populations[0].len();
    let mut answers = vec![Vec::with_capacity(rows); problems.len()];
    let mut features = Vec::new();
    for start in (0..rows).step_by(EVALUATION_ROWS) {
        let count = EVALUATION_ROWS.min(rows - start);
        let block = engine.answer(&mut |run, out| {
            features.resize(count * out.len() / EVALUATION_ROWS, 0.0);
            problems[run].features(populations[run], start, &mut features);
            out.iter_mut().zip(&features).for_each(|(out, &feature)| *out = T::from_f64(feature));
        })?;
        for (answers, block) in answers.iter_mut().zip(block) {
            answers.extend(block[..count].iter().map(|answer| answer.to_f64()));
        }
    }
    Ok(answers)
}

/// Mean squared error in scaled units and its root in the target's own, on the test split.
pub fn test_errors(problem: &Problem, answers: &[f64]) -> (f64, f64) {
    let (mut scaled, mut own) = (0.0, 0.0);
    for (&answer, &target) in answers.iter().zip(&problem.test.targets) {
        scaled += (answer - problem.targets.scale(target)).powi(2);
        own += (problem.targets.unscale(answer) - target).powi(2);
    }
    let count = answers.len() as f64;
    (scaled / count, (own / count).sqrt())
}

/// How a split's population is found.
type PopulationOf = for<'a> fn(&'a Problem, &'a Regions) -> &'a Population;

/// Measures every run of a trained cohort.
pub fn measure<T: Real>(
    engine: &mut dyn Engine<T>,
    problems: &[Problem],
    configurations: &[&Configuration],
    catalogue: &Catalogue,
) -> Result<Vec<Measured>, TchError> {
    let of = |(problem, configuration): (&Problem, &&Configuration)| catalogue.regions(configuration, &problem.encoder);
    let regions: Vec<Arc<Regions>> = problems.iter().zip(configurations).map(of).collect();
    let mut measured = vec![Measured::default(); problems.len()];
    let splits: [(&str, PopulationOf); 4] = [
        ("train", |problem, _| &problem.train),
        ("test", |problem, _| &problem.test),
        ("domain", |_, regions| &regions.domain),
        ("extrapolation", |_, regions| &regions.extrapolation),
    ];
    for (split, population) in splits {
        let populations: Vec<_> = problems.iter().zip(&regions).map(|(p, r)| population(p, r)).collect();
        // Runs of one shape can differ in the size of their regions: then each group is answered by itself.
        for length in distinct_lengths(&populations) {
            let group: Vec<_> = populations
                .iter()
                .map(|p| if p.len() == length { *p } else { length_of(&populations, length) })
                .collect();
            let answers = answers(engine, problems, &group)?;
            for (run, answers) in answers.iter().enumerate().filter(|(run, _)| populations[*run].len() == length) {
                note(
                    &mut measured[run],
                    split,
                    &problems[run],
                    configurations[run],
                    &regions[run],
                    populations[run],
                    answers,
                );
            }
        }
    }
    Ok(measured)
}

fn distinct_lengths(populations: &[&Population]) -> Vec<usize> {
    let mut lengths: Vec<_> = populations.iter().map(|population| population.len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// Any population of that length: a stand-in for runs whose own is of another, whose answers are not looked at.
fn length_of<'a>(populations: &[&'a Population], length: usize) -> &'a Population {
    populations.iter().find(|population| population.len() == length).expect("a length of one of them")
}

fn note(
    measured: &mut Measured,
    split: &str,
    problem: &Problem,
    configuration: &Configuration,
    regions: &Regions,
    population: &Population,
    answers: &[f64],
) {
    let predictions: Vec<f64> = answers.iter().map(|&answer| problem.targets.unscale(answer)).collect();
    measure_split(&mut measured.measures, split, &predictions, &population.targets);
    match split {
        "train" => {
            let rows = Encoded { encoder: &problem.encoder, population };
            if let Some(floor) = floor(problem, &AffineBasis::new(&rows), &rows) {
                measured.measures.set("affine_floor_train", floor);
            }
        }
        "domain" => note_line(&mut measured.measures, problem, regions, answers),
        _ => {}
    }
    if configuration.operands == 1 && matches!(split, "domain" | "extrapolation") {
        measured.predictions.extend(drawn(population, &predictions));
    }
}

/// Notes the floor on the domain, and how far the answers there are from a line.
fn note_line(measures: &mut Measures, problem: &Problem, regions: &Regions, answers: &[f64]) {
    let rows = Encoded { encoder: &problem.encoder, population: &regions.domain };
    if let Some(floor) = floor(problem, &regions.basis, &rows) {
        measures.set("affine_floor", floor);
        if let (Some(rmse), true) = (measures.get("domain_rmse"), floor > 0.0) {
            measures.set("excess", rmse / floor);
        }
    }
    // In the units that the network answers in, where a line is a line whatever the scaling of targets.
    let scaled = regions.domain.targets.iter().map(|&target| problem.targets.scale(target));
    let (low, high) = scaled.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    if answers.iter().all(|answer| answer.is_finite()) {
        measures.set("line_deviation", regions.basis.fit(&rows, answers).max_residual / (high - low));
    }
}

/// RMSE of the best affine predictor in the target's own units. A network that answers with a logarithm is no affine
/// predictor there: it has a floor only where its answers can be exact, and that is 0.
fn floor(problem: &Problem, basis: &AffineBasis, rows: &Encoded<'_>) -> Option<f64> {
    let targets = &rows.population.targets;
    if problem.targets.is_affine() {
        return Some(basis.fit(rows, targets).rmse);
    }
    let scaled: Vec<f64> = targets.iter().map(|&target| problem.targets.scale(target)).collect();
    Some(basis.fit(rows, &scaled).rmse).filter(|&rmse| rmse == 0.0)
}

/// Predictions along a region of one operand, evenly spaced, both ends included.
fn drawn<'a>(population: &'a Population, predictions: &'a [f64]) -> impl Iterator<Item = Prediction> + 'a {
    let last = population.len() - 1;
    let gaps = DRAWN_GAPS.min(last);
    (0..=gaps).map(move |point| (point * last + gaps / 2).checked_div(gaps).unwrap_or(0)).map(|row| Prediction {
        input: f64::from(population.rows(row, 1)[0]),
        target: population.targets[row],
        prediction: predictions[row],
    })
}
