//! How long a plan will take here: a few epochs of each shape are really trained, and timed.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use super::now;
use crate::plan::Cohort;
use crate::problem::{MOST_EXHAUSTIVE, QUASI_RANDOM_POINTS};
use crate::train::{Catalogue, Context, Device, Member, train};

/// Time spent on measuring one shape, about.
const PATIENCE: Duration = Duration::from_millis(60);

/// Shapes that are measured; the speed of the last one measured stands for the rest.
const MOST_MEASURED: usize = 8;

/// The time that all cohorts take with so many workers, about.
#[must_use]
pub fn estimate(cohorts: &[Cohort], device: Device, jobs: usize) -> Duration {
    let mut speeds: HashMap<String, f64> = HashMap::new();
    let mut speed = None;
    let mut seconds = 0.0;
    for cohort in cohorts {
        let key = format!("{:?} {}", cohort.shape, cohort.runs.len());
        if !speeds.contains_key(&key) && (speeds.len() < MOST_MEASURED || speed.is_none()) {
            speed = measure(cohort, device).or(speed);
        }
        let Some(speed) = speed else { continue };
        let speed = *speeds.entry(key).or_insert(speed);
        seconds += cohort.flops() as f64 / speed + evaluation_flops(cohort) / (2.0 * speed);
    }
    // The last cohorts do not end together.
    let longest = cohorts.first().zip(speed).map_or(0.0, |(cohort, speed)| cohort.flops() as f64 / speed);
    Duration::from_secs_f64((seconds / jobs.max(1) as f64).max(longest.min(seconds)))
}

/// Operations a second while training this cohort; `None` where it cannot be trained.
fn measure(cohort: &Cohort, device: Device) -> Option<f64> {
    let members: Vec<_> =
        cohort.runs.iter().map(|run| Member { configuration: &run.point.configuration, seeds: run.seeds }).collect();
    let first = Cell::new(None);
    let last = Cell::new(None);
    let watch = |epoch: u32| {
        let began = first.get().unwrap_or_else(now);
        first.set(Some(began));
        last.set(Some((epoch, now())));
        (epoch >= 3 && began.elapsed() > PATIENCE).then(|| "long enough to know its speed".to_owned())
    };
    train(&members, &Context { device, catalogue: &Catalogue::default(), watch: &watch, profile: None }).ok()?;
    let ((epochs, end), begin) = (last.get()?, first.get()?);
    // From the end of the first epoch, since the first one also warms up.
    let seconds = (end - begin).as_secs_f64();
    let flops = cohort.flops() as f64 / f64::from(cohort.shape.epochs) * f64::from(epochs - 1);
    (seconds > 0.0 && epochs > 1).then(|| flops / seconds)
}

/// Operations of the last evaluation: two for each weight and row.
fn evaluation_flops(cohort: &Cohort) -> f64 {
    let rows = |run: &crate::plan::Run| {
        let c = &run.point.configuration;
        let all = u64::from(c.largest).checked_pow(c.operands).filter(|&all| all <= MOST_EXHAUSTIVE);
        2 * all.unwrap_or(QUASI_RANDOM_POINTS)
    };
    2.0 * cohort.shape.parameters() as f64 * cohort.runs.iter().map(rows).sum::<u64>() as f64
}
