//! Tests of shards: together they are the sweep, whatever is done, and they end together.

use std::collections::BTreeSet;

use proptest::{prop_assert, prop_assert_eq};

use super::*;
use crate::plan::Plan;
use crate::sweep::{parse, samples};

fn sweep(rest: &str) -> Sweep {
    parse(&format!("version: 1\nname: x\n{rest}"), "x.yaml", &[]).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// Operations of training, and something for every run.
fn cost(cohort: &Cohort) -> u128 {
    cohort.flops() + 1_000_000 * cohort.runs.len() as u128
}

fn parts(sweep: &Sweep, of: u64) -> Vec<Part> {
    (1..=of).map(|index| Part::of(sweep, Shard { index, of }, u64::MAX, &cost).unwrap()).collect()
}

fn all(sweep: &Sweep) -> BTreeSet<Id> {
    let plan = Plan::of(sweep, &HashSet::new(), &Limits { max_runs: u64::MAX, ..Limits::default() }).unwrap();
    plan.points.iter().flat_map(|point| point.runs()).collect()
}

fn costs(parts: &[Part]) -> Vec<u128> {
    parts.iter().map(|part| part.cohorts.iter().map(cost).sum()).collect()
}

fn longest(parts: &[Part]) -> u128 {
    parts.iter().flat_map(|part| &part.cohorts).map(cost).max().unwrap_or(0)
}

#[test]
fn shards_are_given_as_a_fraction() {
    assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
    assert_eq!("1/1000000".parse(), Ok(Shard { index: 1, of: 1_000_000 }));
    for wrong in ["0/8", "9/8", "2", "a/b", "2/0", "", "1/2/3", "-1/2", "1/1000001"] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

#[test]
fn shards_are_the_sweep_and_differ_by_a_cohort_at_most() {
    samples::check(|sample| {
        let sweep = sample.sweep();
        let all = all(&sweep);
        for of in [1, 2, 3, 7, all.len() as u64 + 5] {
            let parts = parts(&sweep, of);
            let ids: Vec<Id> = parts.iter().flat_map(Part::ids).collect();
            prop_assert_eq!(ids.len(), all.len(), "no run is in two of {} shards", of);
            prop_assert_eq!(&ids.into_iter().collect::<BTreeSet<Id>>(), &all);
            prop_assert!(parts.iter().all(|part| part.asked == all.len() as u64));
            let costs = costs(&parts);
            let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
            prop_assert!(most - least <= longest(&parts), "{costs:?}");
            let many = parts.iter().map(|part| part.cohorts.len() as u64).sum::<u64>();
            prop_assert!(many >= (all.len() as u64).min(32 * of), "{many} cohorts");
        }
        Ok(())
    });
}

#[test]
fn what_is_done_and_the_machine_change_no_shard() {
    samples::check(|sample| {
        let sweep = sample.sweep();
        let done: HashSet<Id> = all(&sweep).into_iter().step_by(2).collect();
        for part in parts(&sweep, 3) {
            let own: BTreeSet<Id> = part.ids().collect();
            let expected: BTreeSet<Id> = own.iter().filter(|run| !done.contains(run)).copied().collect();
            for limits in [
                Limits { workers: 1, ..Limits::default() },
                Limits { workers: 48, ..Limits::default() },
                Limits { memory: Some(1 << 20), ..Limits::default() },
            ] {
                let cohorts = part.clone().to_do(&done, &limits);
                let to_do: Vec<Id> = cohorts.iter().flat_map(|cohort| &cohort.runs).map(|run| run.id).collect();
                prop_assert_eq!(to_do.len(), expected.len());
                prop_assert_eq!(&to_do.into_iter().collect::<BTreeSet<Id>>(), &expected);
            }
        }
        Ok(())
    });
}

#[test]
fn runs_of_one_shape_are_shared_evenly() {
    let sweep = sweep("base: {width: 8}\nreplicates: {count: 1000}\n");
    for of in [2, 3, 8, 16] {
        let runs: Vec<u64> = parts(&sweep, of).iter().map(Part::runs).collect();
        let (fewest, most) = (*runs.iter().min().unwrap(), *runs.iter().max().unwrap());
        // A thirty-second of a share, and one that rounding gives.
        assert!(most - fewest <= 1000 / (32 * of) + 1, "{of} shards: {runs:?}");
    }
}

#[test]
fn one_long_run_has_a_shard_of_its_own() {
    let sweep = sweep(
        "grids:\n  long: {base: {width: 1000, epochs: 1000}}\n  short: {base: {width: 4, epochs: 2}, replicates: {count: 50}}\n",
    );
    let parts = parts(&sweep, 4);
    let runs: Vec<u64> = parts.iter().map(Part::runs).collect();
    assert_eq!(runs[0], 1, "{runs:?}");
    assert_eq!(runs.iter().sum::<u64>(), 51);
    assert!(runs[1..].iter().all(|runs| (16..=17).contains(runs)), "{runs:?}");
}

#[test]
fn a_sweep_that_is_too_large_is_refused() {
    let sweep = sweep("replicates: {count: 11}\n");
    assert!(matches!(Part::of(&sweep, Shard { index: 1, of: 2 }, 10, &cost), Err(Error::TooLarge(_))));
}

/// A million runs into a thousand shards, of many shapes and of few: within seconds, also where a cohort is a run.
#[test]
fn a_million_runs_are_cut_into_a_thousand_shards() {
    let values = |n: usize| format!("{:?}", (1..=n).collect::<Vec<_>>());
    let many = format!(
        "grid:\n  epochs: {}\n  width: {}\n  learning_rate: {}\n  optimizer: [adam, sgd]\nreplicates: {{count: 5}}\n",
        values(100),
        values(100),
        values(10)
    );
    let few = format!("grid: {{learning_rate: {}}}\nreplicates: {{count: 5000}}\n", values(200));
    for text in [many, few] {
        let sweep = sweep(&text);
        let part = Part::of(&sweep, Shard { index: 17, of: 1000 }, 1_000_000, &cost).unwrap();
        assert_eq!(part.asked, 1_000_000);
        assert!((700..1500).contains(&part.runs()), "{}", part.runs());
    }
}

#[test]
fn all_shards_at_once_are_the_same_shards() {
    samples::check(|sample| {
        let sweep = sample.sweep();
        for of in [1, 3, 50] {
            let (plan, shards) = Part::all(&sweep, of, u64::MAX, &cost).unwrap();
            prop_assert_eq!(plan.cohorts.len(), shards.len());
            for part in parts(&sweep, of) {
                let own = plan.cohorts.iter().zip(&shards).filter(|(_, shard)| **shard == part.shard.index);
                let runs: BTreeSet<Id> = own.flat_map(|(cohort, _)| &cohort.runs).map(|run| run.id).collect();
                prop_assert_eq!(runs, part.ids().collect::<BTreeSet<Id>>());
            }
        }
        Ok(())
    });
}
