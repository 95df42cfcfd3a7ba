//! Tests of the points of a grid.

use std::collections::HashSet;

use super::*;
use crate::config::configuration_id;
use crate::sweep::{Sweep, parse, samples};

fn sweep(rest: &str) -> Sweep {
    parse(&format!("version: 1\nname: x\n{rest}"), "x.yaml", &[]).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// The numbers of the points that no rule excludes.
fn kept(rest: &str) -> Vec<usize> {
    let sweep = sweep(rest);
    let points = Points::of(&sweep.grids[0]).unwrap();
    points.iter().enumerate().filter(|(_, point)| point.excluded.is_none()).map(|(number, _)| number).collect()
}

#[test]
fn the_last_axis_is_fastest() {
    let sweep = sweep("grid: {depth: [1, 2], width: [4, 8, 16]}\n");
    let points = Points::of(&sweep.grids[0]).unwrap();
    let shown: Vec<(u32, u32)> =
        points.iter().map(|point| (point.configuration.depth, point.configuration.width)).collect();
    assert_eq!(shown, [(1, 4), (1, 8), (1, 16), (2, 4), (2, 8), (2, 16)]);
    assert!(points.get(6).is_none());
    assert_eq!(points.place(4, "width").map(|place| (place.line(), place.column())), Some((3, 34)));
    assert_eq!(points.place(0, "epochs"), None);
}

#[test]
fn a_grid_without_axes_is_one_point() {
    assert_eq!(kept("base: {depth: 3}\n"), [0]);
}

#[test]
fn a_large_grid_is_indexed_without_expanding_it() {
    let values: Vec<String> = (1..=1000).map(|value| value.to_string()).collect();
    let axes: String = ["largest", "examples", "test_examples", "epochs", "width", "depth"]
        .map(|name| format!("  {name}: [{}]\n", values[1..].join(", ")))
        .concat();
    let sweep = sweep(&format!("grid:\n{axes}"));
    let points = Points::of(&sweep.grids[0]).unwrap();
    assert_eq!(points.len(), 999u128.pow(6));
    let last = points.get(999u128.pow(6) - 1).unwrap().configuration;
    assert_eq!((last.largest, last.depth), (1000, 1000));
}

#[test]
fn a_product_beyond_128_bits_is_no_number() {
    let mut sweep = sweep("grid: {depth: [1, 2]}\n");
    let factor = sweep.grids[0].factors[0].clone();
    sweep.grids[0].factors = vec![factor; 128];
    assert!(Points::of(&sweep.grids[0]).is_err());
    sweep.grids[0].factors.pop();
    assert_eq!(Points::of(&sweep.grids[0]).unwrap().len(), 1 << 127);
}

#[test]
fn exclusions_match_all_of_an_entry() {
    let axes = "grid: {depth: [1, 2], width: [4, 8]}\n";
    assert_eq!(kept(&format!("{axes}exclude: [{{depth: 1, width: 8}}]\n")), [0, 2, 3]);
    assert_eq!(kept(&format!("{axes}exclude: [{{depth: 1}}, {{width: 8}}]\n")), [2]);
    assert_eq!(kept(&format!("{axes}exclude: [{{depth: 3}}]\n")), [0, 1, 2, 3]);
}

#[test]
fn exclusions_match_defaults_and_what_a_value_means() {
    // A default is a value like any other.
    assert_eq!(kept("grid: {width: [4, 8]}\nexclude: [{depth: 2, width: 4}]\n"), [1]);
    // A number is the same number however it is written.
    assert_eq!(kept("grid: {learning_rate: [1.0, 0.5]}\nexclude: [{learning_rate: 1}]\n"), [1]);
    // A batch of all examples is a full batch.
    assert_eq!(kept("base: {examples: 50}\ngrid: {batch: [10, 50]}\nexclude: [{batch: full}]\n"), [0]);
    // One side of the scaling is meant by both.
    let sides = "grid: {normalization: [max, log], input_normalization: [max, log]}\n";
    assert_eq!(kept(&format!("{sides}exclude: [{{input_normalization: log}}]\n")), [0, 2]);
    assert_eq!(kept("grid: {normalization: [max, log]}\nexclude: [{input_normalization: log}]\n"), [0]);
    // A schedule that changes nothing within the run is the constant one.
    let steps = "base: {epochs: 8}\ngrid: {schedule: [constant, {step: {every: 8, factor: 0.5}}, {step: {every: 4, factor: 0.5}}]}\n";
    assert_eq!(kept(&format!("{steps}exclude: [{{schedule: constant}}]\n")), [2]);
    assert_eq!(kept(&format!("{steps}exclude: [{{schedule: {{step: {{every: 9, factor: 0.1}}}}}}]\n")), [2]);
    assert_eq!(kept(&format!("{steps}exclude: [{{schedule: {{step: {{factor: 0.5, every: 4}}}}}}]\n")), [0, 1]);
    // What is left out of several settings has its default.
    let stop = "grid: {early_stop: [{patience: 3}, {patience: 4}]}\nexclude: [{early_stop: {patience: 3, min_delta: 0.0, metric: test_loss}}]\n";
    assert_eq!(kept(stop), [1]);
    // What has no effect has no value.
    let idle = "grid: {optimizer: [adam, sgd], beta1: [0.8, 0.9]}\n";
    assert_eq!(kept(&format!("{idle}exclude: [{{beta1: 0.9}}]\n")), [0, 2, 3]);
    assert_eq!(kept("grid: {hidden: [[4], []]}\nexclude: [{depth: 0}]\n"), [0]);
}

#[test]
fn the_first_rule_that_matches_is_named() {
    let sweep = sweep("grid: {depth: [1, 2]}\nexclude: [{depth: 2, width: 64}, {width: 64}]\n");
    let points = Points::of(&sweep.grids[0]).unwrap();
    let excluded: Vec<Option<usize>> = points.iter().map(|point| point.excluded).collect();
    assert_eq!(excluded, [Some(1), Some(0)]);
}

#[test]
fn parameters_are_live_where_they_change_something() {
    let live = |rest: &str, name: &str| {
        let sweep = sweep(rest);
        let point = Points::of(&sweep.grids[0]).unwrap().get(0).unwrap();
        is_live(&point.assignment, &point.configuration, crate::config::parameter(name).unwrap())
    };
    assert!(live("base: {beta1: 0.9}\n", "beta1"), "also where the value is the default");
    assert!(!live("base: {optimizer: sgd}\n", "beta1"));
    assert!(live("base: {normalization: max, input_normalization: max}\n", "input_normalization"));
    assert!(!live("base: {input_normalization: max, target_normalization: max}\n", "normalization"));
    assert!(!live("base: {depth: 0}\n", "activation"));
}

#[test]
fn a_grid_has_as_many_points_as_its_product() {
    samples::check(|sample| {
        let sweep = sample.sweep();
        for (grid, written) in sweep.grids.iter().zip(&sample.grids) {
            let points = Points::of(grid).unwrap();
            let product: usize = written.0.iter().map(|(_, values)| values.len()).product();
            proptest::prop_assert_eq!(points.len(), product as u128);
            let ids: HashSet<_> = points.iter().map(|point| configuration_id(&point.configuration)).collect();
            proptest::prop_assert_eq!(ids.len(), product, "no two points are equal where every axis has an effect");
        }
        Ok(())
    });
}
