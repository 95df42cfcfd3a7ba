//! Measures of a trained cohort: answers on every split, errors in the target's own units, floors, distance from a
//! line, and what to draw.

use std::sync::Arc;

use tch::TchError;

use super::catalogue::{Catalogue, Encoded, Regions};
use super::engine::{Answers, EVALUATION_ROWS, Engine};
use super::loss::loss_of;
use super::outcome::{Prediction, Weight};
use crate::config::{Activation, Configuration, LayerKind, LayerNorm};
use crate::measure::{AffineBasis, Measures, Rows, condition, kinks, measure_split};
use crate::network::{Architecture, Real};
use crate::problem::{Population, Problem};

/// Gaps between the inputs that are kept for drawing, in each region.
const DRAWN_GAPS: usize = 100;

/// Answers that are kept at a time, of all runs together: 64 MiB.
const ANSWERS_AT_ONCE: usize = 8 << 20;

/// What a finished run is measured as.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// All measures but those of the course.
    pub measures: Measures,
    /// Predictions along the range and beyond, for tasks of one operand.
    pub predictions: Vec<Prediction>,
}

/// A run as it is measured.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Its configuration.
    pub configuration: &'a Configuration,
    /// What it learns from and is tested on.
    pub problem: Problem,
}

/// What a run answers to one population.
#[derive(Clone, Debug, Default)]
struct Heard {
    /// Answers in scaled units.
    answers: Vec<f64>,
    /// For each hidden layer, which units have had a gradient for at least one row; where somebody wants to know.
    alive: Vec<Vec<bool>>,
}

/// The answers of the wanted runs to a population each, and with `lives` which units were alive. `populations` has an
/// entry for every wanted run. What is `given_up` has some answers only.
fn answers<T: Real>(
    engine: &mut dyn Engine<T>,
    subjects: &[Subject<'_>],
    populations: &[Option<&Population>],
    lives: bool,
    given_up: &dyn Fn() -> bool,
) -> Result<Vec<Heard>, TchError> {
    let mut heard = vec![Heard::default(); subjects.len()];
    let rows = |run: usize| populations[run].map_or(0, Population::len);
    let most = (0..subjects.len()).map(rows).max().unwrap_or(0);
    let mut features = Vec::new();
    for start in (0..most).step_by(EVALUATION_ROWS).take_while(|_| !given_up()) {
        let wanted: Vec<bool> = (0..subjects.len()).map(|run| rows(run) > start).collect();
        let count = |run: usize| EVALUATION_ROWS.min(rows(run) - start);
        let block = EVALUATION_ROWS.min(most - start);
        let mut fill = |run: usize, out: &mut [T]| {
            let (subject, population) = (&subjects[run], populations[run].expect("a wanted run has a population"));
            features.resize(count(run) * out.len() / block, 0.0);
            subject.problem.features(population, start, &mut features);
            out.iter_mut().zip(&features).for_each(|(out, &feature)| *out = T::from_f64(feature));
        };
        let mut take = |run: usize, said: Answers<'_, T>| {
            let (heard, count) = (&mut heard[run], count(run));
            heard.answers.extend(said.answers[..count].iter().map(|answer| answer.to_f64()));
            let Some((low, high)) = flat_outside(subjects[run].configuration).filter(|_| lives) else { return };
            let (low, high) = (T::from_f64(low), T::from_f64(high));
            heard.alive.resize(said.hidden.len(), Vec::new());
            for (alive, values) in heard.alive.iter_mut().zip(said.hidden) {
                let width = values.len() / said.answers.len();
                alive.resize(width, false);
                for row in values.chunks_exact(width).take(count) {
                    let units = alive.iter_mut().zip(row);
                    units.for_each(|(alive, &value)| *alive |= value > low && value < high);
                }
            }
        };
        engine.answer(&wanted, block, &mut fill, &mut take)?;
    }
    Ok(heard)
}

/// The values between which a unit passes a gradient back, for activations that are flat over a whole range of weighted
/// sums: their units can be dead.
fn flat_outside(configuration: &Configuration) -> Option<(f64, f64)> {
    match configuration.activation {
        Activation::Relu => Some((0.0, f64::INFINITY)),
        Activation::Relu6 => Some((0.0, 6.0)),
        Activation::HardTanh => Some((-1.0, 1.0)),
        _ => None,
    }
}

/// Mean loss in scaled units and root mean squared error in the target's own, on the test split, of the wanted runs.
pub fn test_errors<T: Real>(
    engine: &mut dyn Engine<T>,
    subjects: &[Subject<'_>],
    wanted: &[bool],
) -> Result<Vec<(f64, f64)>, TchError> {
    let mut errors = vec![(f64::NAN, f64::NAN); subjects.len()];
    for group in groups(wanted, |run| subjects[run].problem.test.len()) {
        let populations: Vec<_> =
            (0..subjects.len()).map(|run| group.contains(&run).then(|| &subjects[run].problem.test)).collect();
        let heard = answers(engine, subjects, &populations, false, &|| false)?;
        for run in group {
            errors[run] = errors_of(&subjects[run], &heard[run].answers);
        }
    }
    Ok(errors)
}

fn errors_of(subject: &Subject<'_>, answers: &[f64]) -> (f64, f64) {
    let Problem { test, targets, .. } = &subject.problem;
    let (mut scaled, mut own) = (0.0, 0.0);
    for (&answer, &target) in answers.iter().zip(&test.targets) {
        scaled += loss_of(subject.configuration.loss, answer - targets.scale(target));
        own += (targets.unscale(answer) - target).powi(2);
    }
    let count = answers.len() as f64;
    (scaled / count, (own / count).sqrt())
}

/// The wanted runs in groups whose answers together stay below [`ANSWERS_AT_ONCE`], at least one run each.
fn groups(wanted: &[bool], rows: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut held = usize::MAX;
    for run in (0..wanted.len()).filter(|&run| wanted[run]) {
        held = held.saturating_add(rows(run));
        match groups.last_mut() {
            Some(group) if held <= ANSWERS_AT_ONCE => group.push(run),
            _ => {
                held = rows(run);
                groups.push(vec![run]);
            }
        }
    }
    groups
}

/// How a split's population is found.
type PopulationOf = for<'a> fn(&'a Problem, &'a Regions) -> &'a Population;

/// Measures the wanted runs of a trained cohort. Where that is `given_up`, which is asked again and again, what comes back says
/// nothing.
pub fn measure<T: Real>(
    engine: &mut dyn Engine<T>,
    subjects: &[Subject<'_>],
    wanted: &[bool],
    catalogue: &Catalogue,
    given_up: &dyn Fn() -> bool,
) -> Result<Vec<Measured>, TchError> {
    let mut measured = vec![Measured::default(); subjects.len()];
    let mut regions: Vec<Option<Arc<Regions>>> = vec![None; subjects.len()];
    for run in (0..wanted.len()).filter(|&run| wanted[run]) {
        let Subject { configuration, problem } = &subjects[run];
        let Some(found) = catalogue.regions(configuration, &problem.encoder, given_up) else { return Ok(measured) };
        regions[run] = Some(found);
    }
    let regions = |run: usize| regions[run].as_deref().expect("a wanted run has regions");
    let splits: [(&str, PopulationOf); 4] = [
        ("train", |problem, _| &problem.train),
        ("test", |problem, _| &problem.test),
        ("domain", |_, regions| &regions.domain),
        ("extrapolation", |_, regions| &regions.extrapolation),
    ];
    for (split, population) in splits {
        let of = |run: usize| population(&subjects[run].problem, regions(run));
        for group in groups(wanted, |run| of(run).len()) {
            let populations: Vec<_> = (0..subjects.len()).map(|run| group.contains(&run).then(|| of(run))).collect();
            let mut heard = answers(engine, subjects, &populations, split == "train", given_up)?;
            for run in group {
                if given_up() {
                    return Ok(measured);
                }
                let heard = std::mem::take(&mut heard[run]);
                note(&mut measured[run], split, &subjects[run], (regions(run), of(run)), &heard, given_up);
            }
        }
    }
    for run in (0..wanted.len()).filter(|&run| wanted[run]) {
        if let Some(kinks) = kinks_of::<T>(&subjects[run], &engine.weights(run)?) {
            measured[run].measures.set("kinks", kinks as f64);
        }
    }
    Ok(measured)
}

/// Breakpoints of a run's network over its domain, for dense networks of one feature without a norm.
fn kinks_of<T: Real>(subject: &Subject<'_>, weights: &[Weight]) -> Option<usize> {
    let Subject { configuration, problem } = subject;
    let architecture = Architecture::of(configuration);
    let plain = architecture.layer == LayerKind::Dense && architecture.norm == LayerNorm::None;
    if !plain || architecture.features() != 1 {
        return None;
    }
    let end = |x: u32| {
        let mut feature = [0.0];
        problem.encoder.encode(&vec![x; configuration.operands as usize], &mut feature);
        problem.inputs.scale(&mut feature);
        feature[0]
    };
    let mut arrays = weights.iter().map(|weight| T::read(&weight.bytes));
    let layers: Vec<(Vec<f64>, Vec<f64>)> = architecture
        .sizes
        .iter()
        .map(|_| Some((arrays.next()?, if architecture.bias { arrays.next()? } else { Vec::new() })))
        .collect::<Option<_>>()?;
    kinks(&layers, &architecture.sizes, architecture.activation, (end(1), end(configuration.largest)))
}

/// Scaled features of a population.
struct Scaled<'a> {
    problem: &'a Problem,
    population: &'a Population,
    given_up: &'a dyn Fn() -> bool,
}

impl Rows for Scaled<'_> {
    fn len(&self) -> usize {
        self.population.len()
    }
    fn features(&self) -> usize {
        self.problem.encoder.features()
    }
    fn read(&self, start: usize, out: &mut [f64]) {
        self.problem.features(self.population, start, out);
    }
    fn is_given_up(&self) -> bool {
        (self.given_up)()
    }
}

fn note(
    measured: &mut Measured,
    split: &str,
    subject: &Subject<'_>,
    (regions, population): (&Regions, &Population),
    heard: &Heard,
    given_up: &dyn Fn() -> bool,
) {
    let (problem, configuration) = (&subject.problem, subject.configuration);
    let predictions: Vec<f64> = heard.answers.iter().map(|&answer| problem.targets.unscale(answer)).collect();
    measure_split(&mut measured.measures, split, &predictions, &population.targets);
    match split {
        "train" => {
            let rows = Encoded { encoder: &problem.encoder, population, given_up };
            if let Some(floor) = floor(problem, &AffineBasis::new(&rows), &rows) {
                measured.measures.set("affine_floor_train", floor);
            }
            if let Some(condition) = condition(&Scaled { problem, population, given_up }) {
                measured.measures.set("condition", condition);
            }
            if flat_outside(configuration).is_some() && !configuration.widths().is_empty() {
                let dead = heard.alive.iter().flatten().filter(|alive| !**alive).count();
                measured.measures.set("dead_units", dead as f64);
            }
        }
        "domain" => note_line(&mut measured.measures, problem, regions, &heard.answers, given_up),
        _ => {}
    }
    if configuration.operands == 1 && matches!(split, "domain" | "extrapolation") {
        measured.predictions.extend(drawn(population, &predictions));
    }
}

/// Notes the floor on the domain, and how far the answers there are from a line.
fn note_line(
    measures: &mut Measures,
    problem: &Problem,
    regions: &Regions,
    answers: &[f64],
    given_up: &dyn Fn() -> bool,
) {
    let rows = Encoded { encoder: &problem.encoder, population: &regions.domain, given_up };
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
