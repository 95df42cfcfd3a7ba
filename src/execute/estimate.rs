//! How long a plan will take here: a few epochs of each shape are really trained, and timed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use rayon::prelude::*;

use super::memory::{available, lacking};
use super::now;
use crate::config::{Configuration, Precision};
use crate::plan::{Cohort, Run};
use crate::train::{Catalogue, Context, Device, Member, Watch, recorded_epochs, train};

/// Time spent on measuring one shape, about.
const PATIENCE: Duration = Duration::from_millis(25);

/// Cohorts that are added up together.
const AT_ONCE: usize = 4096;

/// Shapes that are measured: the largest, the smallest, and some between.
const MOST_MEASURED: usize = 6;

/// The time that all cohorts take with so many workers, about.
#[must_use]
pub fn estimate(cohorts: &[Cohort], device: Device, jobs: usize) -> Duration {
    // Longest first, as they come; equal shapes mostly stand beside each other.
    let mut shapes: Vec<&Cohort> = cohorts.iter().collect();
    shapes.dedup_by_key(|cohort| cohort.number);
    let chosen = shapes.len().min(MOST_MEASURED);
    let places = (0..chosen).map(|i| if chosen < 2 { 0 } else { i * (shapes.len() - 1) / (chosen - 1) });
    let chosen: Vec<&Cohort> = places.map(|place| shapes[place]).collect();
    // Several beside each other, as they will be trained, as far as memory goes.
    let most = chosen.iter().map(|cohort| cohort.shape.bytes_on_processor(1)).max().unwrap_or(0);
    let fitting = usize::try_from(available() / most.max(1)).unwrap_or(usize::MAX);
    let at_once =
        if device.tensors().is_some() { 1 } else { jobs.min(rayon::current_num_threads()).min(fitting).max(1) };
    let speeds: Vec<(f64, f64)> = chosen.chunks(at_once).flat_map(|cohorts| measure_all(cohorts, device)).collect();
    let speed = |cohort: &Cohort| {
        let size = size(cohort);
        let near = speeds.iter().min_by(|(a, _), (b, _)| (a - size).abs().total_cmp(&(b - size).abs()));
        near.map_or(ASSUMED, |(_, speed)| *speed)
    };
    let seconds = |cohort: &Cohort| {
        let training = cohort.flops() as f64 + evaluation_flops(cohort) / 2.0;
        training / speed(cohort) + fits(cohort) as f64 / ASSUMED
    };
    let parts: Vec<f64> = cohorts.par_chunks(AT_ONCE).map(|part| part.iter().map(seconds).sum()).collect();
    let all = parts.iter().sum::<f64>() + bases(cohorts);
    // The last cohorts do not end together.
    let longest = cohorts.first().map_or(0.0, |first| seconds(first) + bases(std::slice::from_ref(first)));
    Duration::try_from_secs_f64((all / jobs.max(1) as f64).max(longest)).unwrap_or(Duration::MAX)
}

/// What a cohort costs on a processor, in operations of a matrix product: the same number on every machine, for shares of equal
/// cost. Steps and rows cost something whatever the network is, and double precision twice as much as single. Runs that are
/// to stop early count as if they did not, and activations as if they were all alike.
#[must_use]
pub fn cost(cohort: &Cohort) -> u128 {
    let shape = &cohort.shape;
    let steps = u64::from(shape.epochs) * u64::from(shape.examples.div_ceil(shape.batch.max(1)));
    let curve = recorded_epochs(shape.epochs).count() as u64 * u64::from(shape.test_examples);
    let width = if shape.precision == Precision::F64 { 2 } else { 1 };
    let (runs, forward) = (cohort.runs.len() as u128, 2 * u128::from(shape.parameters()));
    let training = runs * (shape.flops() + u128::from(steps) * A_STEP + u128::from(curve) * forward);
    let evaluation = u128::from(cohort.measured_rows) * (forward + A_ROW);
    width * (training + evaluation) + fits(cohort)
}

/// What the affine fits to the answers of a cohort cost, and those to its training examples, in operations of a matrix product.
fn fits(cohort: &Cohort) -> u128 {
    let columns = u128::from(cohort.shape.features) + 1;
    let factors = cohort.runs.len() as u128 * u128::from(cohort.shape.examples) * columns * columns;
    u128::from(cohort.measured_rows) * columns * A_FEATURE + 2 * A_PAIR * factors
}

/// Seconds that the factorizations of all domains take: each problem has one, whatever is trained on it.
fn bases(cohorts: &[Cohort]) -> f64 {
    let cost = |cohort: &Cohort| {
        let columns = u128::from(cohort.shape.features) + 1;
        // Half of what a run is measured on, about, is its domain.
        let rows = u128::from(cohort.measured_rows) / (2 * cohort.runs.len().max(1) as u128);
        (rows * columns * columns * A_PAIR) as f64 / ASSUMED
    };
    let dear = cohorts.par_iter().filter(|cohort| cost(cohort) > WORTH_A_LOOK).map(|cohort| {
        let Configuration { task, operands, largest, encoding, .. } = cohort.runs[0].point.configuration();
        (format!("{task:?} {operands} {largest} {encoding:?}"), cost(cohort))
    });
    dear.collect::<BTreeMap<String, f64>>().values().sum()
}

/// Seconds of a factorization below which nobody asks whose it is.
const WORTH_A_LOOK: f64 = 0.01;

/// What a step and a row that is measured cost beside their matrix products, in operations of those: measured beside a
/// network of 67,000 parameters, and rounded.
const A_STEP: u128 = 100_000;
const A_ROW: u128 = 6_000;
/// And what each feature of a row costs in encodings and affine fits, from 270 for bins to 1,300 for sines; and each pair of
/// features of a row in a factorization: measured with encodings of 3 to 301 features of two operands.
const A_FEATURE: u128 = 600;
const A_PAIR: u128 = 8;

/// What speeds hang on most: how many parameters there are, and how many examples are taken at a time.
fn size(cohort: &Cohort) -> f64 {
    (cohort.shape.parameters() as f64 * f64::from(cohort.shape.batch)).ln()
}

/// As [`measure`], each in a thread of its own; those that can be trained.
fn measure_all(cohorts: &[&Cohort], device: Device) -> Vec<(f64, f64)> {
    thread::scope(|scope| {
        let measuring: Vec<_> = cohorts.iter().map(|&cohort| scope.spawn(move || measure(cohort, device))).collect();
        let ended = measuring.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        ended.flatten().collect()
    })
}

/// The size of a shape, and operations a second while training it; `None` where it cannot be trained.
fn measure(cohort: &Cohort, device: Device) -> Option<(f64, f64)> {
    let shape = &cohort.shape;
    if shape.parameters() > MOST_PARAMETERS || lacking(shape.bytes_on_processor(1)).is_some() {
        return None;
    }
    // On the processor runs are trained one after the other, and one tells the speed of all.
    let runs = if device.tensors().is_some() { &cohort.runs[..] } else { &cohort.runs[..1] };
    let examples = AN_EPOCH / (6 * shape.parameters().max(1));
    let examples = u32::try_from(examples).unwrap_or(u32::MAX).max(shape.batch).min(shape.examples);
    let longer = |run: &Run| {
        let configuration = run.point.configuration();
        Configuration {
            epochs: configuration.epochs.max(LONG_ENOUGH),
            examples,
            test_examples: shape.test_examples.min(examples),
            early_stop: None,
            ..configuration
        }
    };
    let configurations: Vec<Configuration> = runs.iter().map(longer).collect();
    let member =
        |(configuration, run): (_, &Run)| Member { configuration, seeds: run.replicate().seeds, checkpoint: None };
    let members: Vec<_> = configurations.iter().zip(runs).map(member).collect();
    let (begin, end) = (Cell::new(None), Cell::new(None));
    let watch = |epoch: u32| {
        let began = begin.get().unwrap_or_else(now);
        begin.set(Some(began));
        end.set(Some((epoch, now())));
        if epoch >= 2 && began.elapsed() > PATIENCE { Watch::Pause } else { Watch::GoOn }
    };
    // What they are measured as is nobody's question.
    let measuring = || Watch::Pause;
    let context =
        Context { device, catalogue: &Catalogue::default(), watch: &watch, measuring: &measuring, profile: None };
    train(&members, &context).ok()?;
    let ((epochs, end), begin) = (end.get()?, begin.get()?);
    // From the end of the first epoch, since the first one also warms up.
    let seconds = (end - begin).as_secs_f64();
    let an_epoch = 6.0 * shape.parameters() as f64 * f64::from(examples) * runs.len() as f64;
    (seconds > 0.0 && epochs > 1).then(|| (size(cohort), an_epoch * f64::from(epochs - 1) / seconds))
}

/// Networks with more parameters are not trained to be measured: what is known of smaller ones has to do.
const MOST_PARAMETERS: u64 = 4_000_000;

/// Operations that an epoch of a measurement takes at most, unless one batch takes more: a few milliseconds.
const AN_EPOCH: u64 = 200_000_000;

/// Operations a second where nothing could be measured: those of one core with AVX2, about.
const ASSUMED: f64 = 5e10;

/// Epochs that even a short run is measured for, unless patience ends before.
const LONG_ENOUGH: u32 = 1000;

/// Operations of the last evaluation: two for each weight and row.
fn evaluation_flops(cohort: &Cohort) -> f64 {
    2.0 * cohort.shape.parameters() as f64 * cohort.measured_rows as f64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::plan::{Limits, Plan};
    use crate::sweep::parse;

    /// What a sweep of one cohort costs.
    fn cost_of(base: &str, replicates: u64) -> u128 {
        let text = format!("version: 1\nname: x\nbase: {{{base}}}\nreplicates: {{count: {replicates}}}\n");
        let sweep = parse(&text, "x.yaml", &[]).unwrap_or_else(|invalid| panic!("{invalid}"));
        let plan = Plan::of(&sweep, &HashSet::new(), &Limits { workers: 0, ..Limits::default() }).unwrap();
        assert_eq!(plan.cohorts.len(), 1);
        cost(&plan.cohorts[0])
    }

    #[test]
    fn a_cohort_costs_what_its_runs_and_their_parts_cost() {
        let (small, measured) = ("width: 16, epochs: 100", "width: 16, epochs: 100, operands: 2, largest: 1000");
        assert_eq!(cost_of(small, 4), 4 * cost_of(small, 1));
        // Fits are always in double precision.
        let double = cost_of("width: 16, epochs: 100, precision: f64", 1) as f64 / cost_of(small, 1) as f64;
        assert!((1.9..=2.0).contains(&double), "{double}");
        // A million rows are measured twice, which is more than such a training.
        assert!(cost_of(&format!("task: product, {measured}"), 1) > 2_000_000 * A_ROW);
        assert!(cost_of(small, 1) < 2_000_000 * A_ROW);
        // Features of those rows cost as well.
        let encoded = |bins: u32| {
            let base = format!("task: product, width: 16, epochs: 1, encoding: {{onehot: {bins}}}");
            (cost_of(&format!("{base}, largest: 1000"), 1) as f64, cost_of(&format!("{base}, largest: 1000"), 2) as f64)
        };
        let (few, many) = (encoded(10), encoded(200));
        assert!(many.0 > 8.0 * few.0 && (1.9..2.1).contains(&(many.1 / many.0)), "{few:?} {many:?}");
        // A small network costs its steps, a large one its products.
        let many = cost_of("width: 4, epochs: 1000, batch: 10", 1) as f64
            / cost_of("width: 4, epochs: 1000, batch: 100", 1) as f64;
        assert!(many > 4.0, "{many}");
        let large = cost_of("hidden: [256, 256], epochs: 1000", 1) as f64
            / cost_of("hidden: [256, 256], epochs: 500", 1) as f64;
        assert!((1.9..2.1).contains(&large), "{large}");
    }
}
