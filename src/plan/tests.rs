//! Tests of plans: properties of random sweeps, and what points, counts and cohorts are in small ones.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::{prop_assert, prop_assert_eq};

use super::*;
use crate::config::{Seeds, run_id};
use crate::sweep::parse;
use crate::sweep::samples::{self, Form};

fn sweep(rest: &str, overrides: &[&str]) -> Sweep {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let text = format!("version: 1\nname: x\n{rest}");
    parse(&text, "x.yaml", &overrides).unwrap_or_else(|invalid| panic!("{invalid}"))
}

fn plan(sweep: &Sweep) -> Plan {
    Plan::of(sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn runs(plan: &Plan) -> Vec<&Run> {
    plan.cohorts.iter().flat_map(|cohort| &cohort.runs).collect()
}

fn ids(plan: &Plan) -> BTreeSet<Id> {
    runs(plan).iter().map(|run| run.id).collect()
}

#[test]
fn equal_points_of_two_grids_are_one_with_both_names() {
    let plan = plan(&sweep(
        "grids:\n  a: {grid: {depth: [1, 2]}}\n  b: {grid: {depth: [2, 3]}}\n  c: {base: {depth: 2}}\n",
        &[],
    ));
    let grids: Vec<String> = plan.points.iter().map(|point| point.asked.grids.join("+")).collect();
    assert_eq!(grids, ["a", "a+b+c", "b"]);
}

#[test]
fn a_point_of_every_grid_names_them_all_once() {
    let grids: String = (0..1000)
        .map(|n| format!("  g{n}: {{grid: {{depth: [1, 1000]}}, include: [{{depth: 1}}]}}\n"))
        .collect::<Vec<_>>()
        .concat();
    let plan = plan(&sweep(&format!("grids:\n{grids}"), &[]));
    assert_eq!((plan.configurations(), plan.equal), (2, 2998));
    for point in &plan.points {
        let names: Vec<String> = (0..1000).map(|n| format!("g{n}")).collect();
        assert_eq!(point.asked.grids[..], names);
    }
    let sets: HashSet<*const String> = plan.points.iter().map(|point| point.asked.grids.as_ptr()).collect();
    assert_eq!(sets.len(), 1, "points of the same grids share their names");
}

#[test]
fn points_that_differ_in_nothing_with_an_effect_collapse() {
    let plan = plan(&sweep("grid: {optimizer: [adam, sgd], beta1: [0.8, 0.9]}\n", &[]));
    assert_eq!(plan.configurations(), 3);
}

#[test]
fn counts() {
    let text = "grids:\n  a:\n    grid: {depth: [1, 2, 3], width: [4, 8]}\n    exclude: [{depth: 3}, {width: 4, depth: 1}, {width: 9}]\n\
        replicates: {count: 4, seed: 10}\n";
    let sweep = sweep(text, &[]);
    let first = plan(&sweep);
    assert_eq!((first.configurations(), first.runs(), first.done, first.to_do()), (3, 12, 0, 12));
    let excluded: Vec<(&str, u64)> = first.excluded.iter().map(|rule| (rule.rule.as_str(), rule.points)).collect();
    assert_eq!(excluded, [("{depth: 3}", 2), ("{width: 4, depth: 1}", 1), ("{width: 9}", 0)]);
    let done: HashSet<Id> = runs(&first).iter().filter(|run| run.replicate().number < 3).map(|run| run.id).collect();
    let then = Plan::of(&sweep, &done, &Limits::default()).unwrap();
    assert_eq!((then.runs(), then.done, then.to_do()), (12, 9, 3));
    assert!(runs(&then).iter().all(|run| run.replicate().seed == 13 && run.replicate().seeds == Seeds { data: 13, init: 13, shuffle: 13 }));
}

#[test]
fn every_point_is_counted_once() {
    let text = "grid:\n  depth: [1, 2, 3]\n  width: [8, 64]\n  optimizer: [adam, sgd]\n  beta1: [0.8, 0.9]\n\
        exclude: [{depth: 3}]\nconstraints: ['depth * width < 128', \"optimizer <> 'adam' OR depth > 1\"]\ninclude: [{depth: 2, width: 64}]\n";
    let plan = plan(&sweep(text, &[]));
    let removed: Vec<(&str, u64)> = plan.excluded.iter().map(|rule| (rule.rule.as_str(), rule.points)).collect();
    assert_eq!(removed, [("{depth: 3}", 8), ("depth * width < 128", 4), ("optimizer <> 'adam' OR depth > 1", 4)]);
    let removed: u64 = plan.excluded.iter().map(|rule| rule.points).sum();
    assert_eq!(plan.configurations() + plan.equal + removed, 24 + 1);
    assert_eq!((plan.configurations(), plan.equal), (6, 3), "with SGD, a beta is nothing");
}

#[test]
fn grids_of_one_configuration_with_replicates_of_their_own_share_the_equal_ones() {
    let text = "replicates: {count: 3, seed: 4}\ngrids:\n  all: {base: {depth: 1}}\n  \
        init: {base: {depth: 1}, replicates: {vary: [init]}}\n  more: {base: {depth: 1}, replicates: {count: 4}}\n  \
        other: {base: {depth: 3}, replicates: {count: 1}}\n";
    let plan = plan(&sweep(text, &[]));
    assert_eq!((plan.configurations(), plan.runs(), plan.to_do(), plan.replicates()), (2, 7, 7, (1, 6)));
    let mut runs = runs(&plan);
    runs.sort_by_key(|run| run.replicate().number);
    let of: Vec<(u32, u64, [u64; 3])> = runs
        .iter()
        .filter(|run| run.point.asked.grids.len() == 3)
        .map(|run| (run.replicate().number, run.replicate().seed, run.replicate().seeds.each()))
        .collect();
    let expected = [
        (0, 4, [4, 4, 4]),
        (1, 5, [5, 5, 5]),
        (2, 6, [6, 6, 6]),
        (3, 5, [4, 5, 4]),
        (4, 6, [4, 6, 4]),
        (5, 7, [7, 7, 7]),
    ];
    assert_eq!(of, expected);
    let ids: HashSet<Id> = plan.points.iter().flat_map(|point| point.runs()).collect();
    assert_eq!(ids.len(), 7, "no run twice");
    assert_eq!(ids, runs.iter().map(|run| run.id).collect());
    let of_ids = |seeds| run_id(&plan.points[0].configuration(), seeds);
    assert_eq!(
        runs.iter().find(|run| run.replicate().number == 3).unwrap().id,
        of_ids(Seeds { data: 4, init: 5, shuffle: 4 })
    );
}

#[test]
fn replicates_that_share_their_data_keep_its_seed() {
    let plan = plan(&sweep("replicates: {count: 2, seed: 5, vary: [init]}\n", &[]));
    let seeds: BTreeSet<(u64, u64, u64)> = runs(&plan)
        .iter()
        .map(|run| (run.replicate().seed, run.replicate().seeds.data, run.replicate().seeds.init))
        .collect();
    assert_eq!(seeds, BTreeSet::from([(5, 5, 5), (6, 5, 6)]));
}

#[test]
fn adding_a_value_leaves_other_runs_as_they_are() {
    let small = plan(&sweep("grid: {depth: [1, 2]}\nreplicates: {count: 2}\n", &[]));
    let large = plan(&sweep("grid: {depth: [1, 2, 3]}\nreplicates: {count: 3}\n", &[]));
    assert!(ids(&small).is_subset(&ids(&large)));
    assert_eq!((small.runs(), large.runs()), (4, 9));
}

#[test]
fn an_override_that_narrows_a_sweep_may_leave_parameters_idle() {
    let text = "grid: {optimizer: [adam, sgd], beta1: [0.8, 0.9]}\n";
    assert_eq!(plan(&sweep(text, &["optimizer=sgd"])).configurations(), 1);
}

fn invalid(text: &str, overrides: &[&str]) -> String {
    match Plan::of(&sweep(text, overrides), &HashSet::new(), &Limits::default()) {
        Err(Error::Invalid(invalid)) => invalid.to_string(),
        other => panic!("invalid: {other:?}"),
    }
}

#[test]
fn an_override_hides_no_mistake_of_the_file() {
    let text =
        "grids:\n  a: {base: {optimizer: sgd, beta1: 0.8}}\n  b: {grid: {optimizer: [adam, sgd], beta2: [0.8, 0.9]}}\n";
    let first = "x.yaml:4:30: `beta1` has no effect";
    assert!(invalid(text, &[]).starts_with(first));
    // What the override itself made idle, `beta2`, is no mistake.
    let told = invalid(text, &["optimizer=sgd", "epochs=3"]);
    assert!(told.starts_with(first) && !told.contains("beta2"), "{told}");
}

#[test]
fn an_alias_hides_no_parameter_without_effect() {
    let text = "base: &a {optimizer: sgd, beta1: 0.5, momentum: 0.9}\ngrids:\n  g: {base: *a}\n";
    let told = invalid(text, &[]);
    assert!(told.contains("`beta1` has no effect"), "{told}");
    let alone = "base: {epochs: 3}\ngrids:\n  a: {include: [&a {optimizer: sgd, beta1: 0.5}]}\n  b: {base: *a}\n";
    let told = invalid(alone, &[]);
    assert_eq!(told.matches("`beta1` has no effect").count(), 2, "{told}");
}

#[test]
fn an_override_without_effect_is_told_for_each_grid() {
    let text = "grids:\n  a: {base: {hidden: [4, 8]}}\n  b: {grid: {width: [4, 8]}}\n";
    let some = plan(&sweep(text, &["depth=2"]));
    assert_eq!(
        some.notes,
        ["`depth` of the command line has no effect in the grid `a`: it has one only when `hidden` is absent"]
    );
    assert!(plan(&sweep(text, &["epochs=2"])).notes.is_empty());
    let text = "grids:\n  a: {base: {hidden: [4, 8]}}\n  b: {base: {hidden: [8, 4]}}\n";
    let told = invalid(text, &["depth=2"]);
    assert!(told.starts_with("command line:1:1: `depth` has no effect in the grids `a`, `b`: "), "{told}");
}

#[test]
fn a_conditional_axis_has_an_effect_where_it_is() {
    let axis = |values: &str, when: &str| {
        format!("grid:\n  optimizer: [adam, sgd]\n  {values}, when: {{optimizer: {when}}}}}\n")
    };
    let fine = axis("momentum: {values: [0.5, 0.9]", "sgd");
    assert_eq!(plan(&sweep(&fine, &[])).configurations(), 3);
    let wrong = axis("beta1: {values: [0.5, 0.9]", "sgd");
    assert!(invalid(&wrong, &[]).starts_with("x.yaml:5:3: `beta1` has no effect"));
    let nowhere = plan(&sweep(&axis("beta1: {values: [0.5, 0.9]", "rmsprop"), &[]));
    assert_eq!(nowhere.configurations(), 2);
    assert_eq!(nowhere.notes, ["the axis `beta1` of the grid `grid` is nowhere there: its `when` holds at no point"]);
    let twice = plan(&sweep("grid: {depth: [1, 2, 3]}\nzip: {shape: {depth: [4, 5], width: [8, 4]}}\n", &[]));
    let said = "the values of the axis `depth` of the grid `grid` do not count: a zip sets it at every point";
    assert_eq!((twice.configurations(), &twice.notes[..]), (2, &[said.to_owned()][..]));
}

#[test]
fn an_override_of_a_conditional_axis_keeps_its_condition() {
    let text = "grid:\n  activation: [relu, tanh]\n  width: {values: [4, 8], when: {activation: relu}}\n";
    let widths = |overrides: &[&str]| -> Vec<u32> {
        plan(&sweep(text, overrides)).points.iter().map(|point| point.configuration().width).collect()
    };
    assert_eq!(widths(&[]), [4, 8, 64]);
    assert_eq!(widths(&["width=16"]), [16, 64]);
    assert_eq!(widths(&["width=16,32"]), [16, 32, 64]);
    assert_eq!(widths(&["width={values: [16, 32], when: {activation: tanh}}"]), [64, 16, 32]);
}

#[test]
fn a_grid_of_which_nothing_is_left_is_a_mistake() {
    let text = "grids:\n  a: {base: {depth: 3}}\n  b:\n    grid: {depth: [1, 2, 3], optimizer: [sgd, adam]}\n    exclude: [{depth: 3}]\n    \
        constraints: ['depth < 2', momentum > 2, \"optimizer = 'rmsprop'\"]\n";
    let told = invalid(text, &[]);
    assert!(told.starts_with("x.yaml:7:15: no point of the grid `b` is left\n"), "{told}");
    let places = [
        "x.yaml:7:15: this removes 2 points\n",
        "x.yaml:8:19: this removes 2 points\n",
        "x.yaml:8:32: this removes 2 points\n",
    ];
    assert!(places.iter().all(|place| told.contains(place)), "{told}");
    let told = invalid("constraints: [momentum >= 0]\n", &[]);
    assert!(told.contains("this removes 1 point: it is neither true nor false of any"), "{told}");
    // Whoever narrows a sweep may empty some of its grids, but not all.
    let text =
        "grids:\n  a: {grid: {activation: [relu, tanh]}, exclude: [{activation: tanh}]}\n  b: {base: {depth: 3}}\n";
    let narrowed = plan(&sweep(text, &["activation=tanh"]));
    assert_eq!(
        (narrowed.configurations(), &narrowed.notes[..]),
        (1, &["no point of the grid `a` is left".to_owned()][..])
    );
    let text = "grids:\n  a: {grid: {activation: [relu, tanh]}, exclude: [{activation: tanh}]}\n";
    assert!(invalid(text, &["activation=tanh"]).contains("this removes 1 point\n"));
    // A grid of included points goes on, and the constraint is told of.
    let included = plan(&sweep("grid: {depth: [1, 2]}\nconstraints: [momentum >= 0]\ninclude: [{depth: 3}]\n", &[]));
    assert_eq!(included.configurations(), 1);
    assert!(
        included.notes[0].starts_with("the constraint `momentum >= 0` is neither true nor false"),
        "{:?}",
        included.notes
    );
}

#[test]
fn a_shared_value_may_be_idle_in_some_grids() {
    let text = "base: {beta1: 0.8}\ngrids:\n  a: {base: {optimizer: sgd}}\n  b: {base: {optimizer: adam}}\n";
    assert_eq!(plan(&sweep(text, &[])).configurations(), 2);
}

#[test]
fn a_combination_that_a_rule_excludes_is_no_mistake() {
    let text = "grid: {encoding: [scalar, binary], normalization: [max, log]}\nexclude: [{encoding: binary, normalization: log}]\n";
    assert_eq!(plan(&sweep(text, &[])).configurations(), 3);
}

#[test]
fn every_combination_is_reported_once() {
    let text = "grid: {depth: [1, 2, 3], encoding: [scalar, log, binary], normalization: [max, log]}\n";
    let Err(Error::Invalid(invalid)) = Plan::of(&sweep(text, &[]), &HashSet::new(), &Limits::default()) else {
        panic!("invalid");
    };
    assert_eq!(invalid.diagnostics().len(), 2, "{invalid}");
}

#[test]
fn limits_are_exact() {
    let sweep = sweep("grid: {depth: [1, 2, 3]}\nreplicates: {count: 4}\n", &[]);
    let with = |max_runs| Plan::of(&sweep, &HashSet::new(), &Limits { max_runs, ..Limits::default() });
    assert!(with(12).is_ok());
    assert!(matches!(with(11), Err(Error::TooLarge(TooLarge { runs: Some(12), .. }))));
}

#[test]
fn sizes_of_a_shape() {
    let text =
        "base: {hidden: [3, 2], task: sum, precision: f64, examples: 10, test_examples: 5, batch: 4, epochs: 7}\n";
    let plan = plan(&sweep(text, &[]));
    let shape = &plan.cohorts[0].shape;
    // (2 + 1)·3 + (3 + 1)·2 + (2 + 1)·1
    assert_eq!(shape.parameters(), 20);
    // 4·20 numbers, examples twice, and 3 numbers for each of 2 + 3 + 2 + 1 units and 256 rows, of 8 bytes.
    assert_eq!(shape.bytes(), 8 * (80 + 2 * 10 * 3 + 3 * 8 * 256));
    assert_eq!(shape.flops(), 6 * 20 * 10 * 7);
    assert_eq!((shape.features, shape.batch, shape.test_examples), (2, 4, 5));
}

#[test]
fn cohorts_are_small_enough_to_store_and_keep_workers_busy() {
    let sizes = |text: &str, runs: u32, most_runs, workers| -> Vec<usize> {
        let sweep = sweep(&format!("{text}\nreplicates: {{count: {runs}}}\n"), &[]);
        let limits = Limits { most_runs, workers, ..Limits::default() };
        let plan = Plan::of(&sweep, &HashSet::new(), &limits).unwrap();
        plan.cohorts.iter().map(|cohort| cohort.runs.len()).collect()
    };
    let small = "base: {hidden: [8]}";
    assert_eq!(sizes(small, 64 * 40 + 1, None, 1).iter().max(), Some(&63), "at most 64, and evenly");
    assert_eq!(sizes(small, 64 * 40 + 1, None, 1).len(), 41, "as few as that");
    assert_eq!(sizes(small, 130, None, 2).len(), 64, "32 for each worker");
    assert_eq!(sizes(small, 130, None, 1000).len(), 130, "no more than there are runs");
    assert_eq!(sizes(small, 130, Some(1000), 1).len(), 32, "as many runs as are allowed, but 32 for each worker");
    assert_eq!(sizes(small, 130, Some(0), 1), [1; 130], "one where nothing fits");
    // Some 6·205,281·1000·500 operations a run.
    let long = "base: {hidden: [20, 100, 1000, 100, 20]}";
    assert_eq!(sizes(long, 130, None, 1), [1; 130], "one that is long enough alone");
    // 6·4353·1000·500 operations a run: 15 of them.
    let middle = sizes("base: {depth: 2}", 15 * 40, None, 1);
    assert!(middle.iter().all(|&runs| (14..=15).contains(&runs)), "{middle:?}");
}

/// Workers take cohorts as they become free: whatever the sweep, the last one ends soon after the others.
#[test]
fn workers_end_together() {
    for runs in [100, 400, 1000, 3333] {
        for workers in [2, 4] {
            let sweep = sweep(&format!("grid: {{width: [16, 64]}}\nreplicates: {{count: {runs}}}\n"), &[]);
            let plan = Plan::of(&sweep, &HashSet::new(), &Limits { workers, ..Limits::default() }).unwrap();
            let mut busy = vec![0; workers];
            for cohort in &plan.cohorts {
                *busy.iter_mut().min().unwrap() += cohort.flops();
            }
            let (longest, all) = (*busy.iter().max().unwrap() as f64, busy.iter().sum::<u128>() as f64);
            let times = all / longest;
            assert!(
                times > 0.97 * workers as f64,
                "{runs} runs: {workers} workers do {times:.2} times the work of one"
            );
        }
    }
}

#[test]
fn a_gpu_takes_as_many_runs_as_its_memory_holds() {
    let sweep = sweep("base: {hidden: [8], examples: 50}\nreplicates: {count: 100}\n", &[]);
    let bytes = plan(&sweep).cohorts[0].shape.bytes();
    let sizes = |memory, most_runs, workers| -> Vec<usize> {
        let limits = Limits { memory: Some(memory), most_runs, workers, ..Limits::default() };
        let plan = Plan::of(&sweep, &HashSet::new(), &limits).unwrap();
        plan.cohorts.iter().map(|cohort| cohort.runs.len()).collect()
    };
    assert_eq!(sizes(u64::MAX, None, 1), [100], "all at once");
    assert_eq!(sizes(60 * bytes, None, 1), [50, 50], "evenly");
    assert_eq!(sizes(30 * bytes - 1, None, 1), [25, 25, 25, 25]);
    assert_eq!(sizes(u64::MAX, Some(40), 1), [34, 33, 33], "no more than are allowed");
    assert_eq!(sizes(u64::MAX, None, 4), [25, 25, 25, 25], "something for each of four GPUs");
    assert_eq!(sizes(bytes - 1, None, 1), [1; 100], "one where nothing fits");
}

#[test]
fn what_applies_to_whole_arrays_parts_cohorts() {
    let cohorts = |base: &str, axis: &str| {
        let sweep = sweep(&format!("base: {{examples: 20, epochs: 8, {base}}}\ngrid: {{{axis}}}\n"), &[]);
        let limits = Limits { workers: 0, ..Limits::default() };
        Plan::of(&sweep, &HashSet::new(), &limits).unwrap_or_else(|error| panic!("{error}")).cohorts.len()
    };
    for (base, axis) in [
        ("depth: 2", "layer: [dense, nac, nalu, nau, nmu, real_npu]"),
        ("depth: 2", "layer_norm: [none, batch, layer, rms]"),
        ("batch: 10", "activation: [relu, {leaky_relu: 0.1}, {leaky_relu: 0.2}]"),
        ("depth: 2", "dropout: [0, 0.1, 0.2]"),
        ("optimizer: sgd, momentum: 0.9", "nesterov: [false, true]"),
        ("depth: 2", "loss: [mse, {huber: 1}, {huber: 2}]"),
        ("batch: full", "optimizer: [adam, adamw, lbfgs]"),
        ("depth: 2", "encoding: [binary, {onehot: 2}]"),
    ] {
        let values = axis.matches(',').count() + 1;
        assert_eq!(cohorts(base, axis), values, "{axis}");
    }
    for (base, axis) in [
        ("depth: 2", "task: [square, cube, sqrt, reciprocal, sine]"),
        ("depth: 2", "noise: [0, 0.1]"),
        ("depth: 2", "encoding: [scalar, log, sqrt]"),
        ("depth: 2", "normalization: [none, seed, max, symmetric, standardize, log]"),
        ("depth: 2", "init: [glorot_uniform, torch, orthogonal, siren]"),
        ("optimizer: sgd", "momentum: [0, 0.9]"),
        ("optimizer: adam", "learning_rate: [0.1, 0.01], beta1: [0.8, 0.9], epsilon: [0.1, 0.01]"),
        ("depth: 2", "weight_decay: [0, 0.1], clip_norm: [1, 2]"),
        ("depth: 2", "schedule: [constant, cosine, {step: {every: 2, factor: 0.5}}], warmup: [0, 2]"),
        ("depth: 2", "early_stop: [{patience: 2}, {patience: 3, metric: train_loss}]"),
        ("layer: nau", "sparsity: [{strength: 1}, {strength: 2}]"),
        ("depth: 2", "numerics: [fast, portable]"),
    ] {
        assert_eq!(cohorts(base, axis), 1, "{axis}");
    }
}

#[test]
fn the_longest_cohorts_come_first() {
    let plan = plan(&sweep("grid: {epochs: [1, 50, 7], width: [4, 64]}\nreplicates: {count: 3}\n", &[]));
    let costs: Vec<u128> = plan.cohorts.iter().map(Cohort::flops).collect();
    assert!(costs.is_sorted_by(|a, b| a >= b), "{costs:?}");
    assert_eq!(costs.len(), 18, "one for each run where there are so few");
}

#[test]
fn no_configuration_is_there_twice() {
    samples::check(|sample| {
        let plan = plan(&sample.sweep());
        let distinct: HashSet<Id> = plan.points.iter().map(|point| point.id).collect();
        prop_assert_eq!(distinct.len(), plan.points.len());
        for (i, point) in plan.points.iter().enumerate() {
            prop_assert!(plan.points[..i].iter().all(|other| other.configuration() != point.configuration()));
        }
        prop_assert_eq!(ids(&plan).len() as u64, plan.runs());
        Ok(())
    });
}

#[test]
fn the_order_of_keys_and_of_grids_changes_no_id() {
    samples::check(|sample| {
        let mut turned = sample.clone();
        turned.grids.reverse();
        for grid in &mut turned.grids {
            grid.parameters.reverse();
            // Draws are of the first value, the second and so on: there the order of values counts.
            if !matches!(grid.form, Form::Sampled(_)) {
                grid.parameters.iter_mut().for_each(|(_, values)| values.reverse());
            }
        }
        prop_assert_eq!(ids(&plan(&sample.sweep())), ids(&plan(&turned.sweep())));
        Ok(())
    });
}

#[test]
fn what_is_done_is_not_done_again() {
    samples::check(|sample| {
        let sweep = sample.sweep();
        let all = ids(&plan(&sweep));
        let done: HashSet<Id> = all.iter().step_by(3).copied().collect();
        let rest = Plan::of(&sweep, &done, &Limits::default()).unwrap();
        prop_assert!(ids(&rest).iter().all(|id| !done.contains(id)));
        prop_assert_eq!(ids(&rest).len() + done.len(), all.len());
        prop_assert_eq!((rest.done, rest.to_do()), (done.len() as u64, (all.len() - done.len()) as u64));
        let nothing = Plan::of(&sweep, &all.into_iter().collect(), &Limits::default()).unwrap();
        prop_assert!(nothing.cohorts.is_empty() && nothing.to_do() == 0);
        Ok(())
    });
}

#[test]
fn cohorts_part_the_runs_by_shape() {
    samples::check(|sample| {
        let sweep = sample.sweep();
        for workers in [1, 3] {
            let plan = Plan::of(&sweep, &HashSet::new(), &Limits { workers, ..Limits::default() }).unwrap();
            prop_assert_eq!(runs(&plan).len() as u64, plan.to_do());
            prop_assert_eq!(ids(&plan).len() as u64, plan.to_do());
            let place: BTreeMap<Id, usize> = plan.points.iter().map(|point| point.id).zip(0..).collect();
            for cohort in &plan.cohorts {
                prop_assert!((1..=64).contains(&cohort.runs.len()));
                let alike = |other: &&Cohort| (other.number == cohort.number) != (other.shape == cohort.shape);
                prop_assert!(plan.cohorts.iter().find(alike).is_none(), "a number is a shape");
                prop_assert!(cohort.runs.iter().all(|run| Shape::of(&run.point.configuration()) == cohort.shape));
                let alone = cohort.runs.len() == 1;
                prop_assert!(alone || cohort.flops() <= MOST_FLOPS, "{} operations", cohort.flops());
                prop_assert!(cohort.runs.is_sorted_by_key(|run| (place[&run.point.id], run.replicate().number)));
                let rows: u64 =
                    cohort.runs.iter().map(|run| u64::from(measured_rows(&run.point.configuration()))).sum();
                prop_assert_eq!(cohort.measured_rows, rows);
            }
            let order = |cohort: &Cohort| (std::cmp::Reverse(cohort.flops()), cohort.runs[0].id);
            prop_assert!(plan.cohorts.is_sorted_by_key(order), "longest first, whatever the order of the file");
            let enough = plan.to_do().min(32 * workers as u64);
            prop_assert!(plan.cohorts.len() as u64 >= enough, "{} cohorts", plan.cohorts.len());
        }
        Ok(())
    });
}

#[test]
fn a_million_runs_are_planned() {
    let values = |n: usize| format!("{:?}", (1..=n).collect::<Vec<_>>());
    let text = format!(
        "grid:\n  epochs: {}\n  width: {}\n  learning_rate: {}\n  optimizer: [adam, sgd]\nexclude: [{{optimizer: sgd, width: 77, epochs: 3}}]\nreplicates: {{count: 5}}\n",
        values(100),
        values(100),
        values(10)
    );
    let plan = plan(&sweep(&text, &[]));
    assert_eq!(plan.runs(), (100 * 100 * 10 * 2 - 10) * 5);
    assert_eq!(plan.cohorts.iter().map(|cohort| cohort.runs.len() as u64).sum::<u64>(), plan.runs());
}
