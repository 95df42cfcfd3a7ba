//! Tests of the points of a grid.

use std::collections::HashSet;

use super::*;
use crate::config::configuration_id;
use crate::sweep::samples::{self, Form};
use crate::sweep::{Sweep, parse};

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
            proptest::prop_assert_eq!(points.len(), written.size() as u128);
            proptest::prop_assert_eq!(points.iter().count(), written.size());
            let ids: HashSet<_> = points.iter().map(|point| configuration_id(&point.configuration)).collect();
            // Drawn points may be equal, and so are those that differ in an axis that is not there.
            if !matches!(written.form(), Form::Sampled(_) | Form::When) {
                proptest::prop_assert_eq!(ids.len(), written.size(), "no two points are equal");
            }
        }
        Ok(())
    });
}

/// The values that a parameter has at the points of the first grid, as columns show them.
fn values(rest: &str, name: &str) -> Vec<String> {
    let sweep = sweep(rest);
    let parameter = crate::config::parameter(name).unwrap();
    let points = Points::of(&sweep.grids[0]).unwrap();
    let shown = |point: Candidate| point.configuration.column(parameter).map_or("-".into(), |value| value.to_string());
    points.iter().map(shown).collect()
}

#[test]
fn ranges_include_both_ends_and_are_made_by_index() {
    assert_eq!(values("grid: {depth: {range: {min: 1, max: 5, step: 2}}}\n", "depth"), ["1", "3", "5"]);
    let tenths = values("grid: {dropout: {range: {min: 0.1, max: 0.9, step: 0.1}}}\n", "dropout");
    assert_eq!(tenths, ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]);
    let rates = "grid: {learning_rate: {log_range: {min: 1.0e-4, max: 1.0e-1, num: 4}}}\n";
    assert_eq!(values(rates, "learning_rate"), ["0.0001", "0.001", "0.01", "0.1"]);
    let widths = "grid: {width: {log_range: {min: 1, max: 512, num: 10}}}\n";
    assert_eq!(values(widths, "width"), ["1", "2", "4", "8", "16", "32", "64", "128", "256", "512"]);
    // What is computed is what would be written: the same identity.
    let [made, listed] = [rates, "grid: {learning_rate: [0.0001, 0.001, 0.01, 0.1]}\n"].map(|rest| {
        let sweep = sweep(rest);
        let points = Points::of(&sweep.grids[0]).unwrap();
        points.iter().map(|point| configuration_id(&point.configuration)).collect::<Vec<_>>()
    });
    assert_eq!(made, listed);
}

#[test]
fn ends_are_values_just_as_they_are_written() {
    let axis = |text: &str| values(&format!("grid: {{{text}}}\n"), text.split(':').next().unwrap());
    let all_but = axis("dropout: {range: {min: 0.1, max: 0.9999999999999999, step: 0.8999999999999999}}");
    assert_eq!(all_but, ["0.1", "0.9999999999999999"]);
    let digits = axis("learning_rate: {log_range: {min: 0.12345678901234567, max: 0.76543210987654321, num: 2}}");
    assert_eq!(digits, ["0.12345678901234566", "0.7654321098765432"]);
    let digits = axis("learning_rate: {range: {min: 0.12345678901234567, max: 1.12345678901234567, step: 1}}");
    assert_eq!(digits, ["0.12345678901234566", "1.1234567890123457"]);
    let largest = axis("learning_rate: {log_range: {min: 1, max: 1.7976931348623157e308, num: 2}}");
    assert_eq!(largest, ["1", "1.7976931348623157e308"]);
}

#[test]
fn ratios_beyond_all_numbers_are_computed() {
    let rates = "learning_rate: {log_range: {min: 1e-200, max: 1e200, num: 5}}";
    assert_eq!(values(&format!("grid: {{{rates}}}\n"), "learning_rate"), ["1e-200", "1e-100", "1", "1e100", "1e200"]);
    let rates = "learning_rate: {log_range: {min: 5e-324, max: 1.7976931348623157e308, num: 1000}}";
    let rates: Vec<f64> =
        values(&format!("grid: {{{rates}}}\n"), "learning_rate").iter().map(|rate| rate.parse().unwrap()).collect();
    assert!(rates.is_sorted_by(|a, b| a < b) && rates.len() == 1000);
    let drawn = "grid: {learning_rate: {log_uniform: {min: 1e-200, max: 1e200}}}\n\
        sample: {method: sobol, count: 400, seed: 3}\n";
    let mut decades = [0; 4];
    for rate in values(drawn, "learning_rate") {
        let exponent = rate.parse::<f64>().unwrap().log10();
        decades[((exponent + 200.0) / 100.0) as usize] += 1;
    }
    assert!(decades.iter().all(|count| (99..=101).contains(count)), "{decades:?}");
}

#[test]
fn axes_of_a_zip_move_together() {
    let text = "grid: {bias: [true, false]}\nzip: {shape: {depth: [1, 2], width: [256, 64]}}\n";
    assert_eq!(values(text, "depth"), ["1", "2", "1", "2"]);
    assert_eq!(values(text, "width"), ["256", "64", "256", "64"]);
}

#[test]
fn the_values_of_a_zip_go_before_those_of_a_conditional_axis() {
    let text = "grid:\n  activation: [relu, tanh]\n  depth: {values: [5], when: {activation: relu}}\n\
        zip: {shape: {depth: [1, 2], width: [256, 64]}}\n";
    assert_eq!(values(text, "depth"), ["1", "2", "1", "2"]);
}

#[test]
fn a_conditional_axis_is_absent_elsewhere() {
    let text = "grid:\n  optimizer: [adam, sgd]\n  momentum: {values: [0.5, 0.9], when: {optimizer: sgd}}\n  \
        nesterov: {values: [true, false], when: {momentum: 0.9}}\n";
    assert_eq!(values(text, "momentum"), ["-", "-", "-", "-", "0.5", "0.5", "0.9", "0.9"]);
    let nesterov = values(text, "nesterov");
    assert_eq!(nesterov[4..], ["false", "false", "true", "false"]);
    // One of several values, and a default, are conditions too.
    let either = "grid:\n  activation: [linear, relu, tanh]\n  width: {values: [8, 16], when: {activation: [relu, tanh], depth: 2}}\n";
    assert_eq!(values(either, "width"), ["64", "64", "8", "16", "8", "16"]);
}

#[test]
fn included_points_are_the_base_with_their_values_and_no_rule_removes_them() {
    let text =
        "base: {width: 8}\ngrid: {depth: [1, 2]}\nexclude: [{depth: 2}]\ninclude: [{depth: 2}, {activation: tanh}]\n";
    let kept = kept(text);
    assert_eq!(kept, [0, 2, 3]);
    assert_eq!(values(text, "depth"), ["1", "2", "2", "2"]);
    assert_eq!(values(text, "width"), ["8"; 4]);
    // With nothing but included points, these are all.
    assert_eq!(values("base: {width: 8}\ninclude: [{depth: 2}, {depth: 3}]\n", "depth"), ["2", "3"]);
}

#[test]
fn samples_are_drawn_by_index_and_pinned_for_ever() {
    let text = |method: &str| {
        format!(
            "grid:\n  learning_rate: {{log_uniform: {{min: 1.0e-4, max: 1.0e-1}}}}\n  width: {{uniform: {{min: 8, max: 11}}}}\n  \
             activation: [relu, tanh]\nsample: {{method: {method}, count: 8, seed: 1}}\n"
        )
    };
    for method in ["sobol", "random"] {
        let widths: Vec<u32> = values(&text(method), "width").iter().map(|width| width.parse().unwrap()).collect();
        assert!(widths.iter().all(|width| (8..=11).contains(width)), "{widths:?}");
        let rates: Vec<f64> = values(&text(method), "learning_rate").iter().map(|rate| rate.parse().unwrap()).collect();
        assert!(rates.iter().all(|rate| (1e-4..=1e-1).contains(rate)), "{rates:?}");
    }
    // Each width twice and each activation four times: that is what the sequence is for.
    let mut widths = values(&text("sobol"), "width");
    widths.sort_unstable();
    assert_eq!(widths, ["10", "10", "11", "11", "8", "8", "9", "9"]);
    assert_eq!(values(&text("sobol"), "activation").iter().filter(|unit| *unit == "relu").count(), 4);
    assert_eq!(values(&text("sobol"), "learning_rate")[..2], ["0.09275968771796907", "0.00019580957911084396"]);
    assert_eq!(values(&text("random"), "learning_rate")[..2], ["0.0016278384172024592", "0.00039099951572576434"]);
}

#[test]
fn a_longer_sample_begins_with_the_shorter_one() {
    let text = |count: u32| {
        format!("grid: {{dropout: {{uniform: {{min: 0, max: 0.5}}}}}}\nsample: {{method: sobol, count: {count}}}\n")
    };
    assert_eq!(values(&text(100), "dropout")[..7], values(&text(7), "dropout"));
}

#[test]
fn constraints_are_about_what_a_point_means() {
    let broken = |rest: &str| {
        let sweep = sweep(rest);
        let constraints = Constraints::read(&sweep.grids[0].constraints).unwrap();
        let points: Vec<_> = Points::of(&sweep.grids[0]).unwrap().iter().map(|point| point.configuration).collect();
        constraints.broken(&points.iter().collect::<Vec<_>>()).unwrap().first
    };
    let shape = "grid: {depth: [1, 2], width: [8, 64]}\nconstraints: ['depth * width <= 64', 'depth < 2']\n";
    assert_eq!(broken(shape), [None, None, Some(1), Some(0)]);
    // Defaults count, words are text, and a fraction is one.
    assert_eq!(
        broken("grid: {activation: [relu, tanh]}\nconstraints: [\"activation = 'tanh' AND depth = 2\"]\n"),
        [Some(0), None]
    );
    assert_eq!(broken("grid: {learning_rate: [0.1, 0.01]}\nconstraints: ['learning_rate > 0.05']\n"), [None, Some(0)]);
    // What has no effect has no value, and a condition about it is not true.
    assert_eq!(broken("grid: {optimizer: [adam, sgd]}\nconstraints: ['beta1 > 0']\n"), [None, Some(0)]);
    assert_eq!(broken("grid: {optimizer: [adam, sgd]}\nconstraints: ['beta1 > 0 OR beta1 IS NULL']\n"), [None, None]);
    // Products of whole numbers do not wrap around: of 64 bits, 10^8 * 10^8 * 65536 * 1000 would be far below zero.
    let cost = "base: {examples: 100000000, epochs: 100000000, width: 65536}\ngrid: {depth: [1, 1000]}\nconstraints: ['examples * epochs * width * depth";
    assert_eq!(broken(&format!("{cost} <= 1000000000000']\n")), [Some(0), Some(0)]);
    assert_eq!(broken(&format!("{cost} <= 6553600000000 * 10000000000']\n")), [None, Some(0)]);
    // Fractions are kept, and lists, powers and digits work in such numbers.
    let shape = |condition: &str| broken(&format!("grid: {{width: [3, 4]}}\nconstraints: ['{condition}']\n"));
    assert_eq!(shape("width / 2 = 1.5"), [None, Some(0)]);
    assert_eq!(shape("width IN (1, 4)"), [Some(0), None]);
    assert_eq!(shape("width NOT IN (1, 4)"), [None, Some(0)]);
    assert_eq!(shape("width % 2 = 0"), [Some(0), None]);
    assert_eq!(shape("width BETWEEN 4 AND 9"), [Some(0), None]);
    assert_eq!(shape("POW(width, 2) = 16 AND ROUND(width / 3, 1) = 1.3"), [Some(0), None]);
    assert_eq!(shape("GREATEST(width, 4) = LEAST(width, 4)"), [Some(0), None]);
    assert_eq!(
        broken("grid: {learning_rate: [0.01, 0.001]}\nconstraints: ['learning_rate = 1e-3']\n"),
        [Some(0), None]
    );
    assert_eq!(
        broken("grid: {task: [sum, square]}\nconstraints: [\"LEFT(task, 2) = 'sq' AND LENGTH(task) > 3\"]\n"),
        [Some(0), None]
    );
    assert_eq!(broken("grid: {bias: [true, false]}\nconstraints: ['bias', '1 < 2']\n"), [None, Some(0)]);
}
