//! What matters, from fabricated runs whose answer is known: shares of variance, effects, ranks, tuning, kinds of luck.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]
#![expect(clippy::cast_precision_loss, reason = "small numbers")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use ablate::analysis::{Analysis, Frames, Goal, Importance, Kind, Method, Metric, analyze, effects};
use ablate::random::Stream;
use ablate::report::figure::{self, Body};
use ablate::report::sentences::{importance as say, luck as say_luck, tuning as say_tuning};
use polars::prelude::*;

/// A run that did not happen.
#[derive(Clone)]
struct Fake {
    values: Vec<(&'static str, String)>,
    grid: &'static str,
    seeds: [u64; 3],
    metric: Option<f64>,
}

impl Fake {
    fn new(values: &[(&'static str, &str)], seed: u64, metric: f64) -> Self {
        let values = values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { values, grid: "all", seeds: [seed; 3], metric: Some(metric) }
    }
}

fn frames(runs: &[Fake]) -> Frames {
    let text = |name: &str, of: &dyn Fn(usize) -> Option<String>| {
        Column::new(name.into(), (0..runs.len()).map(of).collect::<Vec<Option<String>>>())
    };
    let names: BTreeSet<&str> = runs.iter().flat_map(|run| run.values.iter().map(|(name, _)| *name)).collect();
    let config = |run: usize| format!("{:?}", runs[run].values);
    let mut numbers: BTreeMap<String, i64> = BTreeMap::new();
    let replicates: Vec<i64> = (0..runs.len())
        .map(|run| {
            let number = numbers.entry(config(run)).or_insert(-1);
            *number += 1;
            *number
        })
        .collect();
    let seed = |kind: usize| runs.iter().map(|run| i64::try_from(run.seeds[kind]).unwrap()).collect::<Vec<_>>();
    let mut columns = vec![
        text("run", &|run| Some(format!("run{run:06}"))),
        text("config", &|run| Some(config(run))),
        text("status", &|run| Some(if runs[run].metric.is_some() { "finished" } else { "diverged" }.into())),
        text("grids", &|run| Some(runs[run].grid.into())),
        Column::new("replicate".into(), replicates),
        Column::new(
            "seed".into(),
            runs.iter().map(|run| i64::try_from(*run.seeds.iter().max().unwrap()).unwrap()).collect::<Vec<_>>(),
        ),
        Column::new("data_seed".into(), seed(0)),
        Column::new("init_seed".into(), seed(1)),
        Column::new("shuffle_seed".into(), seed(2)),
        Column::new("domain_rmse".into(), runs.iter().map(|run| run.metric).collect::<Vec<_>>()),
    ];
    for name in names {
        let value = |run: usize| runs[run].values.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
        columns.push(text(name, &value));
    }
    Frames {
        runs: DataFrame::new(runs.len(), columns).unwrap(),
        curves: DataFrame::default(),
        predictions: DataFrame::default(),
    }
}

fn analysis(runs: &[Fake]) -> Analysis {
    let metric = Metric { name: "domain_rmse".into(), goal: Goal::Minimize };
    analyze(&frames(runs), &metric, &[], runs.len() as u64).unwrap()
}

const ACTIVATIONS: [&str; 3] = ["linear", "relu", "tanh"];
const SCALES: [&str; 4] = ["seed", "max", "symmetric", "standardize"];
const SCHEDULES: [&str; 3] = ["constant", "cosine", "one_cycle"];

/// A grid of three axes whose logarithm has effects of all kinds and some noise.
fn factorial(replicates: u64) -> Vec<Fake> {
    let mut stream = Stream::new(11, "fake", 0);
    let mut runs = Vec::new();
    for (a, activation) in ACTIVATIONS.iter().enumerate() {
        for (b, scale) in SCALES.iter().enumerate() {
            for (c, schedule) in SCHEDULES.iter().enumerate() {
                for seed in 0..replicates {
                    let (a, b, c) = (a as f64, b as f64, c as f64);
                    let log =
                        5.0 - 0.9 * a + 0.4 * (b - 1.0).powi(2) - 0.3 * a * b + 0.1 * a * b * c + 0.2 * stream.normal();
                    let values = [("activation", *activation), ("normalization", *scale), ("schedule", *schedule)];
                    runs.push(Fake::new(&values, seed, 10f64.powf(log)));
                }
            }
        }
    }
    runs
}

fn sum(importance: &Importance) -> f64 {
    importance.mains.iter().sum::<f64>()
        + importance.pairs.iter().map(|pair| pair.2).sum::<f64>()
        + importance.higher
        + importance.noise.unwrap_or(0.0)
        + importance.unexplained.unwrap_or(0.0)
}

#[test]
fn shares_on_a_complete_grid_are_those_of_least_squares() {
    let Ok(python) = std::env::var("ABLATE_PYTHON") else {
        println!("skipped: ABLATE_PYTHON is not set; `make test` sets it");
        return;
    };
    for (replicates, dropped) in [(1, 0), (4, 0), (4, 17)] {
        let mut runs = factorial(replicates);
        // Cells need not have the same number of runs.
        (0..dropped).for_each(|run| drop(runs.remove(4 * run + 1)));
        let found = analysis(&runs);
        let [importance] = &found.importances[..] else { panic!("one design") };
        let design = &importance.design;
        assert_eq!((importance.method, design.logarithmic), (Method::Exact, true));
        let line = |run: usize| {
            let codes = design.axes.iter().map(|axis| axis.codes[run].to_string());
            codes.chain([format!("{:e}", design.values[run])]).collect::<Vec<_>>().join(",") + "\n"
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.csv");
        fs::write(&file, (0..design.rows.len()).map(line).collect::<String>()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/anova.py");
        let output = Command::new(&python).arg(script).arg(&file).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        let expected: BTreeMap<String, f64> = serde_json::from_slice(&output.stdout).unwrap();
        let mut ours: BTreeMap<String, f64> = BTreeMap::new();
        ours.extend(importance.mains.iter().enumerate().map(|(axis, share)| (axis.to_string(), *share)));
        ours.extend(importance.pairs.iter().map(|(a, b, share)| (format!("{a} {b}"), *share)));
        ours.insert("higher".into(), importance.higher);
        ours.extend(importance.noise.map(|share| ("noise".into(), share)));
        assert_eq!(ours.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (part, share) in &expected {
            assert!((share - ours[part]).abs() < 1e-9, "{part}: {share} is not {}", ours[part]);
        }
        assert!((sum(importance) - 1.0).abs() < 1e-12);
    }
}

#[test]
fn runs_that_are_missing_leave_it_to_a_forest_that_agrees() {
    let runs = factorial(4);
    let exact = analysis(&runs);
    let without = |run: &Fake| {
        !run.values.iter().any(|(_, value)| value == "tanh")
            || !run.values.iter().any(|(_, value)| value == "one_cycle")
            || !run.values.iter().any(|(_, value)| value == "max")
    };
    let some: Vec<Fake> = runs.iter().filter(|run| without(run)).cloned().collect();
    assert_eq!(some.len() + 4, runs.len());
    let forest = analysis(&some);
    let (exact, forest) = (&exact.importances[0], &forest.importances[0]);
    let Method::Forest { r2: Some(r2), sampled } = forest.method else { panic!("{:?}", forest.method) };
    assert!(r2 > 0.7 && sampled == some.len(), "{r2}");
    for (one, other) in exact.mains.iter().zip(&forest.mains) {
        assert!((one - other).abs() < 0.08, "{:?} {:?}", exact.mains, forest.mains);
    }
    assert!((sum(forest) - 1.0).abs() < 1e-12);
    let told = say::shares(&analysis(&some), forest);
    assert!(told.contains("regression forest") && told.contains("luck of the seed"), "{told}");
}

#[test]
fn what_is_left_out_is_said() {
    let mut runs = factorial(2);
    for run in &mut runs {
        if run.values[2].1 == "cosine" {
            run.metric = None;
        }
    }
    let found = analysis(&runs);
    let importance = &found.importances[0];
    assert_eq!(
        (importance.design.missing.len(), importance.method),
        (24, Method::Exact),
        "a value without any run is none"
    );
    let caption = say::method(&found, importance);
    assert!(
        caption.contains("24\u{a0}runs without a value left out.")
            && caption.contains("No run with cosine has a value."),
        "{caption}"
    );
}

#[test]
fn a_parameter_that_hangs_on_another_is_one_axis_with_it() {
    hangs(&[("optimizer", "lbfgs")], "lbfgs");
    // A learning rate of its own tells an optimizer as well as none does.
    hangs(&[("optimizer", "lbfgs"), ("learning_rate", "1")], "lbfgs · learning rate 1");
}

fn hangs(last: &[(&'static str, &str)], level: &str) {
    let mut runs = Vec::new();
    let optimizers: [&[(&'static str, &str)]; 3] = [
        &[("optimizer", "adam"), ("learning_rate", "0.01"), ("beta1", "0.9")],
        &[("optimizer", "adam"), ("learning_rate", "0.1"), ("beta1", "0.9")],
        last,
    ];
    for (a, activation) in ACTIVATIONS.iter().enumerate() {
        for (b, optimizer) in optimizers.iter().enumerate() {
            for seed in 0..2 {
                let values: Vec<_> =
                    [("activation", *activation)].into_iter().chain(optimizer.iter().copied()).collect();
                runs.push(Fake::new(&values, seed, 1.0 + a as f64 + 100.0 * b as f64 + 0.1 * seed as f64));
            }
        }
    }
    let found = analysis(&runs);
    let design = &found.importances[0].design;
    let labels: Vec<String> = design.axes.iter().map(ablate::analysis::DesignAxis::label).collect();
    assert_eq!(labels, ["activation", "optimizer/learning rate"], "beta1 has one value, and says nothing new");
    assert_eq!(design.axes[1].levels, ["adam · learning rate 0.01", "adam · learning rate 0.1", level]);
    assert_eq!(found.importances[0].method, Method::Exact);
    assert!(found.importances[0].mains[1] > 0.8);
}

#[test]
fn parameters_that_move_together_are_one_axis_and_grids_are_told_of_by_themselves() {
    let mut runs = Vec::new();
    // Over both grids neither depth nor width tells the other.
    for (grid, widths) in [("small", ["30", "20", "10"]), ("large", ["10", "30", "20"])] {
        for (depth, width) in ["1", "2", "3"].into_iter().zip(widths) {
            for activation in ACTIVATIONS {
                for seed in 0..2u64 {
                    let value = depth.parse::<f64>().unwrap() + activation.len() as f64 + 0.01 * seed as f64;
                    let fake =
                        Fake::new(&[("depth", depth), ("width", width), ("activation", activation)], seed, value);
                    runs.push(Fake { grid, ..fake });
                }
            }
        }
    }
    let found = analysis(&runs);
    let grids: Vec<Option<&str>> = found.importances.iter().map(|one| one.design.grid.as_deref()).collect();
    assert_eq!(grids, [Some("large"), Some("small")]);
    for importance in &found.importances {
        assert_eq!(importance.design.axes[0].label(), "depth/width");
        assert_eq!((importance.method, importance.design.axes.len()), (Method::Exact, 2));
    }
    let told = say::shares(&found, &found.importances[0]);
    assert!(told.starts_with("Of the variance of domain_rmse over 18\u{a0}runs in the grid large, "), "{told}");
}

#[test]
fn what_does_not_matter_is_not_told_to() {
    let mut stream = Stream::new(12, "fake", 0);
    let mut runs = factorial(5);
    runs.iter_mut().for_each(|run| run.metric = Some(10f64.powf(3.0 + stream.normal())));
    let found = analysis(&runs);
    let importance = &found.importances[0];
    assert!(importance.noise.unwrap() > 0.85, "{importance:?}");
    let told = say::shares(&found, importance);
    let noise = format!("{:.0}\u{a0}% is luck of the seed", 100.0 * importance.noise.unwrap());
    assert!(told.contains(&noise), "{told}");
    // Nothing is clearly best either.
    assert!(found.problems[0].tied.unwrap() > 20, "{:?}", found.problems[0].tied);
    let (first, last) = found.groups[0].places.unwrap();
    assert!(first == 1 && last > 20);
}

#[test]
fn places_are_ranges_where_intervals_say_so() {
    // Two pairs of configurations: in a pair seeds decide, between pairs never.
    let values = [
        ("a", [10.0, 20.0, 30.0]),
        ("b", [11.0, 19.0, 31.0]),
        ("c", [110.0, 120.0, 131.0]),
        ("d", [111.0, 119.0, 133.0]),
    ];
    let name = |level: &str| match level {
        "a" => "relu",
        "b" => "tanh",
        "c" => "gelu",
        _ => "elu",
    };
    let mut runs = Vec::new();
    for (level, own) in values {
        runs.extend(own.iter().zip(0..).map(|(&value, seed)| Fake::new(&[("activation", name(level))], seed, value)));
    }
    let found = analysis(&runs);
    let places: Vec<_> = found.groups.iter().map(|group| group.places).collect();
    assert_eq!(places, [Some((1, 2)), Some((1, 2)), Some((3, 4)), Some((3, 4))]);
    assert_eq!(found.problems[0].tied, Some(2));
    // A run without a value takes its configuration out of the comparison.
    runs[0].metric = None;
    let found = analysis(&runs);
    let places: Vec<_> = found.groups.iter().map(|group| group.places).collect();
    assert_eq!(places, [Some((1, 1)), Some((2, 3)), Some((2, 3)), None]);
}

#[test]
fn effects_say_what_their_intervals_and_companions_are() {
    let found = analysis(&factorial(4));
    let importance = &found.importances[0];
    let all = effects::effects(&importance.design);
    assert!(all.iter().all(|effect| effect.balanced));
    // By hand: the mean of the logarithms of all runs with a value, since every cell has four.
    for effect in &all {
        for level in &effect.levels {
            let mean =
                level.runs.iter().map(|&run| importance.design.values[run]).sum::<f64>() / level.runs.len() as f64;
            assert!((level.mean - mean).abs() < 1e-12);
            // Noise 0.2 and so many runs leave about this half width.
            let (low, high) = level.interval.unwrap();
            let half = 1.98 * 0.2 / (level.runs.len() as f64).sqrt();
            assert!(((high - low) / 2.0 / half - 1.0).abs() < 0.25, "{} {half}", (high - low) / 2.0);
        }
    }
    let activation = all.iter().find(|effect| importance.design.axes[effect.axis].label() == "activation").unwrap();
    let told = say::effect(&found, &importance.design, activation);
    assert!(told.starts_with("By activation the smallest geometric mean of domain_rmse is "), "{told}");
    assert!(
        told.contains("(tanh), 95\u{a0}% interval") && told.ends_with("beside each value stand the same others."),
        "{told}"
    );
}

#[test]
fn the_best_of_each_value_says_from_how_many_and_how_it_was_chosen() {
    let mut runs = factorial(4);
    // Relu was tuned less.
    runs.retain(|run| run.values[0].1 != "relu" || run.values[2].1 == "constant");
    let found = analysis(&runs);
    let tuning = &found.tunings[0];
    let design = &found.importances[tuning.importance].design;
    let axis = &design.axes[tuning.axis];
    assert!(["activation", "normalization"].contains(&axis.parameters[0]), "not a matter of training");
    for tuned in &tuning.levels {
        let group = &found.groups[tuned.group];
        let place = found.varying.iter().position(|name| *name == axis.parameters[0]).unwrap();
        assert_eq!(group.levels[place].as_deref(), Some(tuned.level.as_str()));
        let rivals = found.groups.iter().filter(|other| other.levels[place] == group.levels[place]);
        assert_eq!(rivals.clone().count(), tuned.among);
        let least =
            rivals.filter_map(|other| other.metric.as_ref()).map(|metric| metric.mean).fold(f64::INFINITY, f64::min);
        assert_eq!(tuned.metric.mean, least);
        // Chosen by other seeds, it can only come out as good or worse in the mean over all choices.
        assert!(tuned.left_out.unwrap() >= least * (1.0 - 1e-12));
    }
    let told = say_tuning::tuned(&found, tuning);
    assert!(told.contains("flatters it"), "{told}");
    assert_eq!(tuning.equal, !told.contains("They are not tuned alike"), "{told}");
}

#[test]
fn kinds_of_luck_are_told_apart() {
    // The data decide, the order of examples hardly.
    let mut stream = Stream::new(13, "fake", 0);
    let draws: Vec<f64> = (0..60).map(|_| stream.normal()).collect();
    let (data, init, shuffle) = (&draws[..20], &draws[20..40], &draws[40..]);
    let value = |seeds: [u64; 3]| {
        let of = |part: &[f64], seed: u64| part[usize::try_from(seed).unwrap()];
        10f64.powf(3.0 + 0.4 * of(data, seeds[0]) + 0.1 * of(init, seeds[1]) + 0.01 * of(shuffle, seeds[2]))
    };
    let mut seeds: Vec<[u64; 3]> = (0..20).map(|seed| [seed; 3]).collect();
    for kind in 0..3 {
        seeds.extend((1..20).map(|seed| {
            let mut own = [0; 3];
            own[kind] = seed;
            own
        }));
    }
    let fake = |seeds: [u64; 3]| Fake { seeds, ..Fake::new(&[("activation", "relu")], 0, value(seeds)) };
    let runs: Vec<Fake> = seeds.into_iter().map(fake).collect();
    let found = analysis(&runs);
    let [luck] = &found.lucks[..] else { panic!("one configuration") };
    assert!(luck.logarithmic);
    let sd = |part: &[f64]| {
        let mean = part.iter().sum::<f64>() / 20.0;
        (part.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 19.0).sqrt()
    };
    let expected = [(Kind::Data, 0.4 * sd(data)), (Kind::Init, 0.1 * sd(init)), (Kind::Shuffle, 0.01 * sd(shuffle))];
    for (kind, sd) in expected {
        let spread = luck.spreads.iter().find(|spread| spread.kind == kind).unwrap();
        assert!((spread.sd - sd).abs() < 1e-9 && spread.interval.0 < sd && sd < spread.interval.1);
        assert_eq!((spread.rows.len(), spread.sets), (20, 1));
    }
    let told = say_luck::kinds(&found, luck);
    assert!(told.contains("need not add up") && told.contains("with new examples alone"), "{told}");
    let Body::Bars(bars) = figure::shares::figure(&found).unwrap().body else { panic!("bars") };
    assert_eq!(
        bars.rows.iter().map(|row| row.label.as_str()).collect::<Vec<_>>(),
        ["everything anew", "examples alone", "initial weights alone", "order of examples alone",]
    );
    // Where all three always move together, no kind can be told by itself.
    assert!(analysis(&factorial(3)).lucks.is_empty());
}

#[test]
fn figures_hold_what_they_say() {
    let found = analysis(&factorial(3));
    let importance = figure::importance::figure(&found).unwrap();
    let Body::Bars(bars) = &importance.body else { panic!("bars") };
    let shares: f64 = importance.table.rows.iter().map(|row| row[2].parse::<f64>().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    assert!(bars.rows.iter().all(|row| (0.0..=1.0).contains(&row.value)));
    let drawn = figure::interactions::figures(&found);
    assert_eq!(
        drawn.iter().map(|figure| figure.name.as_str()).collect::<Vec<_>>(),
        ["interactions", "interactions-strongest"]
    );
    let Body::Heat(pairs) = &drawn[0].body else { panic!("a map") };
    assert_eq!(pairs.panels[0].cells.len(), 9);
    let Body::Heat(cells) = &drawn[1].body else { panic!("a map") };
    assert_eq!(cells.panels[0].cells.iter().map(|cell| cell.dots.len()).sum::<usize>(), 108, "every run is a dot");
    let effects = figure::effects::figures(&found);
    let Body::Strip(strip) = &effects[0].body else { panic!("dots") };
    assert_eq!(strip.rows.iter().map(|row| row.dots.len()).sum::<usize>(), 3 * 108, "every run once an axis");
    let tuned = figure::tuning::figures(&found);
    assert!(tuned[0].name == "equal-tuning" && tuned[0].table.rows.len() >= 3);
}

#[test]
fn a_hundred_thousand_runs_take_little_time() {
    // Twelve axes, of which some combinations are absent.
    let mut stream = Stream::new(14, "fake", 0);
    let names = [
        "activation",
        "normalization",
        "schedule",
        "optimizer",
        "layer_norm",
        "loss",
        "bias",
        "depth",
        "width",
        "batch",
        "epochs",
        "learning_rate",
    ];
    let runs: Vec<Fake> = (0..100_000u64)
        .map(|run| {
            let levels: Vec<u64> = names.iter().map(|_| stream.below(4)).collect();
            let values = names.iter().zip(&levels).map(|(name, level)| (*name, level.to_string())).collect();
            let metric = Some(10f64.powf(levels[0] as f64 + 0.5 * levels[7] as f64 + 0.1 * stream.normal()));
            Fake { values, grid: "all", seeds: [run; 3], metric }
        })
        .collect();
    let frames = frames(&runs);
    let metric = Metric { name: "domain_rmse".into(), goal: Goal::Minimize };
    let start = cpu_time::ThreadTime::now();
    let found = analyze(&frames, &metric, &[], 100_000).unwrap();
    let elapsed = start.elapsed();
    let importance = &found.importances[0];
    let Method::Forest { sampled, .. } = importance.method else { panic!("not all combinations are there") };
    assert!(sampled <= 5000);
    let caption = say::method(&found, importance);
    assert!(caption.contains("grown from 5,000\u{a0}runs in whole configurations drawn from all"), "{caption}");
    // Generous: a busy machine, and reading the frame is in it.
    assert!(elapsed.as_secs_f64() < 20.0, "{elapsed:?}");
    println!("analysed in {elapsed:?}");
}
