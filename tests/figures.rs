//! Figures of findings: which one leads each shipped sweep, from fabricated records of its very runs, and that every
//! sentence says the opposite where the records do.

#![expect(clippy::cast_precision_loss, reason = "small numbers")]

mod fakes;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use ablate::analysis::{Analysis, Frames, Goal, Metric, analyze, theory};
use ablate::config::{Configuration, configuration_id};
use ablate::plan::{Limits, Plan, Shape};
use ablate::report::figure::{Body, Figure};
use ablate::report::{figures, png};
use ablate::sweep;
use polars::prelude::*;

/// A run that did not happen.
#[derive(Clone)]
struct Fake {
    id: String,
    configuration: Configuration,
    grids: Vec<String>,
    replicate: u32,
    seeds: [u64; 3],
    status: &'static str,
    measures: BTreeMap<&'static str, f64>,
    parameters: u64,
    curve: Vec<(i64, f64)>,
    predictions: Vec<(f64, f64, f64)>,
}

impl Fake {
    fn text(&self, name: &str) -> String {
        text(&self.configuration, name)
    }

    fn is_linear(&self) -> bool {
        self.text("layer") == "dense" && ["", "linear"].contains(&self.text("activation").as_str())
    }
}

fn text(configuration: &Configuration, name: &str) -> String {
    let parameter = ablate::config::parameter(name).unwrap();
    configuration.column(parameter).map(|value| value.to_string()).unwrap_or_default()
}

/// The runs that a shipped sweep asks for, with results that have the course of real ones.
fn shipped(name: &str) -> (Vec<Fake>, Metric) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps").join(format!("{name}.yaml"));
    let sweep = sweep::load(&path, &[]).unwrap();
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap();
    let goal = match sweep.metric.goal {
        sweep::Goal::Minimize => Goal::Minimize,
        sweep::Goal::Maximize => Goal::Maximize,
    };
    let runs = plan.cohorts.iter().flat_map(|cohort| &cohort.runs).map(|run| {
        let configuration = run.point.configuration();
        let mut fake = Fake {
            id: run.id.to_string(),
            grids: run.point.asked.grids.clone(),
            replicate: run.replicate().number,
            seeds: run.replicate().seeds.each(),
            status: "finished",
            measures: BTreeMap::new(),
            parameters: Shape::of(&configuration).parameters(),
            curve: Vec::new(),
            predictions: Vec::new(),
            configuration,
        };
        trained(&mut fake);
        fake
    });
    (runs.collect(), Metric { name: sweep.metric.name.clone(), goal })
}

/// Results that a run could have: lines at their floor, others below it by their number of pieces, worse at the founding
/// question's scale.
fn trained(run: &mut Fake) {
    let largest: f64 = run.text("largest").parse().unwrap();
    let examples: f64 = run.text("examples").parse().unwrap();
    let (task, encoding, linear) = (run.text("task"), run.text("encoding"), run.is_linear());
    let side = |name: &str| match run.text(name) {
        own if own.is_empty() => run.text("normalization"),
        own => own,
    };
    let luck = 1.0 + 0.037 * f64::from(run.replicate % 11) + 0.001 * f64::from(run.replicate);
    let floor = match task.as_str() {
        "sum" | "difference" => 0.0,
        "square" if encoding.starts_with("polynomial") => 0.0,
        "square" if encoding != "scalar" => theory::square_line(largest).rmse / encoding.len() as f64,
        _ => theory::square_line(largest).rmse,
    };
    let seed = side("input_normalization") == "seed";
    let kinks = (run.parameters as f64 / 20.0).floor();
    let error = if linear {
        (floor * (1.0 + 0.01 * (luck - 1.0) + if seed { 0.3 * luck } else { 0.0 })).max(1e-4 * luck)
    } else {
        3.0 * theory::kinks_rmse(largest, kinks.min(60.0)) * luck * if seed { 20.0 } else { 1.0 }
    };
    let condition = match side("input_normalization").as_str() {
        "none" => 1.3 * largest * largest,
        "seed" => 1.2e7,
        "max" => 19.3,
        "symmetric" => 3.0,
        _ => 1.0,
    };
    let beyond = error * 20.0 + 1e5 * run.text("activation").len() as f64;
    let found = !run.replicate.is_multiple_of(3) && run.text("layer") != "nac";
    run.measures.extend([
        ("domain_rmse", error),
        ("test_rmse", error * 1.01),
        ("train_rmse", error * 0.99),
        ("train_rmse_rounded", if error < 0.4 { 0.0 } else { error * 0.99 }),
        ("domain_r2", 0.99),
        ("extrapolation_rmse", beyond),
        ("extrapolation_r2", if found { 0.99999 } else { -3.0 }),
        ("affine_floor", floor),
        ("affine_floor_train", floor * (1.0 - 1.0 / examples)),
        ("condition", condition * luck.sqrt()),
        ("line_deviation", if linear { 1e-7 } else { 0.1 }),
    ]);
    if floor > 0.0 {
        run.measures.insert("excess", error / floor);
    }
    if !linear && run.text("activation") == "relu" && encoding == "scalar" {
        run.measures.insert("kinks", kinks.min(60.0));
    }
    if linear && condition < 1e4 {
        run.measures.insert("epochs_to_floor", (3.0 * condition * luck).ceil());
    }
    run.curve = [1, 5, 20, 100, 250, 500].map(|epoch| (epoch, error * 500.0 / epoch as f64)).to_vec();
    if task == "square" {
        let answer = |x: f64| if linear { (largest + 1.0) * x } else { x * x * 0.9 * luck };
        run.predictions = [0.1, 0.5, 1.0, 1.5, 2.0].map(|at| at * largest).map(|x| (x, x * x, answer(x))).to_vec();
    }
}

fn frames(runs: &[Fake]) -> Frames {
    let strings = |name: &str, get: &dyn Fn(&Fake) -> String| -> Column {
        Column::new(name.into(), runs.iter().map(get).collect::<Vec<String>>())
    };
    let wholes = |name: &str, get: &dyn Fn(&Fake) -> i64| -> Column {
        Column::new(name.into(), runs.iter().map(get).collect::<Vec<i64>>())
    };
    let mut columns = vec![
        strings("run", &|run| run.id.clone()),
        strings("config", &|run| configuration_id(&run.configuration).to_string()),
        strings("status", &|run| run.status.into()),
        wholes("replicate", &|run| i64::from(run.replicate)),
        wholes("seed", &|run| i64::from(run.replicate)),
        wholes("data_seed", &|run| run.seeds[0].cast_signed()),
        wholes("init_seed", &|run| run.seeds[1].cast_signed()),
        wholes("shuffle_seed", &|run| run.seeds[2].cast_signed()),
        wholes("parameters", &|run| run.parameters.cast_signed()),
    ];
    let grids: Vec<Series> = runs.iter().map(|run| Series::new("".into(), run.grids.clone())).collect();
    columns.push(Series::new("grids".into(), grids).into_column());
    let configurations: Vec<&Configuration> = runs.iter().map(|run| &run.configuration).collect();
    let measures: Vec<_> = runs.iter().map(|run| &run.measures).collect();
    columns.extend(fakes::columns(&configurations, &measures));
    Frames {
        runs: DataFrame::new(runs.len(), columns).unwrap(),
        curves: fakes::curves(
            runs.iter().flat_map(|run| run.curve.iter().map(|point| (run.id.as_str(), point.0, point.1))),
        ),
        predictions: fakes::predictions(
            runs.iter().flat_map(|run| run.predictions.iter().map(|point| (run.id.as_str(), *point))),
        ),
    }
}

fn analysis(runs: &[Fake], metric: &Metric) -> Analysis {
    analyze(&frames(runs), metric, &[], runs.len() as u64).unwrap()
}

fn drawn(runs: &[Fake], metric: &Metric) -> Vec<Figure> {
    figures(&analysis(runs, metric))
}

/// What the figure of that name says of a sweep whose runs were changed.
fn finding(sweep: &str, figure: &str, change: impl Fn(&mut Fake)) -> String {
    let (mut runs, metric) = shipped(sweep);
    runs.iter_mut().for_each(change);
    let figures = drawn(&runs, &metric);
    let figure = figures.into_iter().find(|known| known.name == figure);
    figure.unwrap_or_else(|| panic!("{sweep} lacks its figure")).finding.replace('\u{a0}', " ")
}

const LEADS: [(&str, &str); 16] = [
    ("why-squares", "parabola"),
    ("seed-exact", "distribution"),
    ("linear-depth", "depth"),
    ("fix-factorial", "crossing"),
    ("relu-width", "pieces"),
    ("depth-or-width", "size"),
    ("activations", "inside-and-beyond"),
    ("encodings", "encodings"),
    ("extrapolation", "beyond"),
    ("sample-size", "examples"),
    ("target-scale", "curves"),
    ("conditioning", "conditioning"),
    ("precision", "curves"),
    ("floors", "floors"),
    ("arithmetic-units", "success"),
    ("seed-luck", "shares"),
];

#[test]
fn the_figure_that_answers_the_question_leads() {
    for (sweep, lead) in LEADS {
        let (runs, metric) = shipped(sweep);
        let names: Vec<String> = drawn(&runs, &metric).into_iter().map(|figure| figure.name).collect();
        assert_eq!(names.first().map(String::as_str), Some(lead), "{sweep}: {names:?}");
        let distinct: HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{sweep}: two figures of one name: {names:?}");
        assert!(names.len() <= 16, "{sweep} drowns in figures: {names:?}");
    }
}

#[test]
fn figures_know_runs_by_what_they_are_not_by_names_of_grids() {
    for (sweep, _) in LEADS {
        let (runs, metric) = shipped(sweep);
        let renamed: Vec<Fake> =
            runs.iter().rev().map(|run| Fake { grids: vec!["some grid".into()], ..run.clone() }).collect();
        // What matters is told grid by grid where a sweep as a whole has no complete grid.
        let told = |figure: &Figure| {
            ["importance", "interactions", "effects", "equal-tuning", "parameters"]
                .iter()
                .any(|name| figure.name.starts_with(name))
        };
        let [before, after] = [&runs, &renamed].map(|runs| {
            let figures = drawn(runs, &metric).into_iter();
            figures.filter(|figure| !told(figure)).collect::<Vec<_>>()
        });
        assert!(before == after && before.len() > 1, "{sweep}");
    }
}

#[test]
fn every_figure_says_something_and_is_drawn() {
    for (sweep, _) in LEADS {
        let (runs, metric) = shipped(sweep);
        for figure in drawn(&runs, &metric) {
            let name = format!("{sweep}: {}", figure.name);
            assert!(figure.finding.ends_with('.') && figure.caption.ends_with('.'), "{name}: {}", figure.finding);
            for odd in ["NaN", "inf ", "None", "no number", "  ", ".."] {
                assert!(!figure.finding.contains(odd), "{name}: {}", figure.finding);
                assert!(!figure.caption.contains(odd), "{name}: {}", figure.caption);
            }
            assert!(!figure.table.rows.is_empty(), "{name} has no numbers behind it");
            assert!(figure.table.rows.iter().all(|row| row.len() == figure.table.header.len()), "{name}: ragged table");
            assert!(png::draw(&figure, png::Theme::Light).len() > 2_000, "{name} is blank");
        }
    }
}

#[test]
fn a_crossing_holds_every_run_of_its_cells() {
    let (runs, metric) = shipped("fix-factorial");
    let figures = drawn(&runs, &metric);
    let Body::Heat(heat) = &figures[0].body else { panic!("a heat map leads") };
    let sizes = (heat.rows.names.len(), heat.columns.names.len(), heat.panels.len());
    assert_eq!(sizes, (7, 5, 3), "activation, normalization, schedule");
    let dots: usize = heat.panels.iter().flat_map(|panel| &panel.cells).map(|cell| cell.dots.len()).sum();
    assert_eq!(dots, 7 * 5 * 3 * 5);
    // A tenth of the cells gone: still a map, and what is gone is counted.
    let sparse: Vec<Fake> = runs
        .iter()
        .filter(|run| !(run.text("activation") == "tanh" && run.text("schedule") != "constant"))
        .cloned()
        .collect();
    let sparse = drawn(&sparse, &metric);
    assert_eq!(sparse[0].name, "crossing");
    assert!(sparse[0].caption.contains("10 of 105 combinations were not tried"), "{}", sparse[0].caption);
}

#[test]
fn a_histogram_counts_every_run_in_one_bin() {
    let (runs, metric) = shipped("seed-luck");
    let figures = drawn(&runs, &metric);
    let distribution = figures.iter().find(|figure| figure.name == "distribution").expect("a distribution");
    let Body::Panels(panels) = &distribution.body else { panic!("histograms") };
    let titles: Vec<&str> = panels.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(
        titles,
        ["drawn anew: data, init, shuffle", "drawn anew: shuffle", "drawn anew: init", "drawn anew: data"]
    );
    for panel in &panels.panels {
        assert_eq!(panel.series[0].points.iter().map(|point| point.1).sum::<f64>(), 100.0, "{}", panel.title);
        assert_eq!(panel.series[1].points.len(), 100);
    }
}

#[test]
fn where_the_printed_error_falls() {
    let question = |error: f64| {
        finding("seed-exact", "distribution", move |run| {
            if run.text("task") == "square" {
                let own = if run.replicate == 7 { 75_000.0 } else { error + f64::from(run.replicate) };
                run.measures.insert("train_rmse_rounded", own);
            }
        })
    };
    let above = question(90_000.0);
    assert!(above.contains("Of 20 runs of the question's own network, 1 ends at or below the 75,777.31"), "{above}");
    assert!(above.contains("1 of the 20 lies there, 19 above and 0 below"), "{above}");
    let below = question(70_000.0);
    assert!(below.contains("20 end at or below the 75,777.31"), "{below}");
    let none = finding("seed-exact", "distribution", |run| {
        run.measures.insert("train_rmse_rounded", 90_000.0 + f64::from(run.replicate));
    });
    assert!(none.contains("none ends at or below the 75,777.31"), "{none}");
}

#[test]
fn sentences_say_the_opposite_when_the_records_do() {
    let told = finding("relu-width", "pieces", |_| {});
    assert!(
        told.starts_with(
            "No network of 200 runs beats the best line with its number of straight pieces. The closest has"
        ),
        "{told}"
    );
    let broken = finding("relu-width", "pieces", |run| {
        if run.replicate == 0 {
            run.measures.insert("domain_rmse", 0.01);
        }
    });
    assert!(broken.starts_with("40 of 200 runs are below the best line"), "{broken}");
    assert!(broken.contains("which theory says none can"), "{broken}");

    let told = finding("floors", "floors", |_| {});
    assert!(told.starts_with("No linear network is below the computed floor"), "{told}");
    let broken = finding("floors", "floors", |run| {
        if run.text("task") == "cube" && run.replicate == 1 {
            run.measures.insert("excess", 0.9);
        }
    });
    assert!(broken.starts_with("6 of 240 are below the computed floor"), "{broken}");

    let told = finding("linear-depth", "depth", |_| {});
    assert!(told.starts_with("No depth gets a linear network below the floor"), "{told}");
    let broken = finding("linear-depth", "depth", |run| {
        if run.replicate == 3 {
            run.measures.insert("excess", 0.5);
        }
    });
    assert!(
        broken.contains("linear runs are below the floor, down to 0.5 times its error, which theory says none can"),
        "{broken}"
    );

    let told = finding("fix-factorial", "crossing", |_| {});
    assert!(told.contains("none with linear"), "{told}");
    let broken = finding("fix-factorial", "crossing", |run| {
        run.measures.insert("domain_rmse", 90_000.0);
    });
    assert!(
        broken
            .starts_with("Of 105 combinations, none gets more than 5 % below the affine floor of 74,535. The best is"),
        "{broken}"
    );

    let told = finding("arithmetic-units", "success", |_| {});
    assert!(told.contains("none finds its operation in every run"), "{told}");
    let always = finding("arithmetic-units", "success", |run| {
        run.measures.insert("extrapolation_r2", 1.0);
    });
    assert!(
        always.contains("35 find their operation in every run")
            && !always.contains("luck")
            && !always.contains("never"),
        "{always}"
    );

    let told = finding("conditioning", "conditioning", |_| {});
    assert!(told.contains("for each unit of the condition number"), "{told}");
    let never = finding("conditioning", "conditioning", |run| {
        if run.text("optimizer") == "adam" {
            run.measures.remove("epochs_to_floor");
        }
    });
    assert!(never.contains("by adam none of 50 runs gets there"), "{never}");

    let told = finding("precision", "rounding", |_| {});
    assert!(
        told.contains("On sum rounding makes all") && told.contains("On square rounding makes no run perfect"),
        "{told}"
    );

    let told = finding("sample-size", "examples", |_| {});
    assert!(told.contains("are within 10 %"), "{told}");
    let apart = finding("sample-size", "examples", |run| {
        run.measures.insert("train_rmse", 1.0);
    });
    assert!(apart.contains("no number tried brings the two within 10 %"), "{apart}");

    let told = finding("activations", "inside-and-beyond", |_| {});
    assert!(told.contains("do better than the tangent at the end (447,773)"), "{told}");
    let lost = finding("activations", "inside-and-beyond", |run| {
        run.measures.insert("extrapolation_rmse", 2e6);
    });
    assert!(lost.contains("No form does better than the tangent at the end"), "{lost}");
    assert!(lost.contains("18 are worse than the answer for the largest number (1,593,058)"), "{lost}");
}

#[test]
fn runs_without_a_value_are_counted() {
    let (mut runs, metric) = shipped("fix-factorial");
    for run in runs.iter_mut().filter(|run| run.text("activation") == "square" && run.replicate < 2) {
        run.measures.clear();
        run.status = "diverged";
    }
    let figures = drawn(&runs, &metric);
    let crossing = figures.iter().find(|figure| figure.name == "crossing").unwrap();
    assert!(
        crossing.caption.replace('\u{a0}', " ").contains("30 runs without a value have no dot"),
        "{}",
        crossing.caption
    );
}

#[test]
#[ignore = "takes its time: cargo test --release --test figures -- --ignored --nocapture many"]
fn many_runs_are_drawn_in_seconds() {
    let (few, metric) = shipped("fix-factorial");
    let copy = |i: u32| {
        few.iter().map(move |run| {
            let replicate = run.replicate + 5 * i;
            let id = format!("{}{replicate:06}", &run.id[..14]);
            Fake { id, replicate, seeds: [u64::from(replicate); 3], ..run.clone() }
        })
    };
    let runs: Vec<Fake> = (0..184).flat_map(copy).collect();
    println!("{} runs", runs.len());
    let frames = frames(&runs);
    let clock = cpu_time::ProcessTime::now();
    let analysis = analyze(&frames, &metric, &[], runs.len() as u64).unwrap();
    println!("analysis: {:?}", clock.elapsed());
    let clock = cpu_time::ProcessTime::now();
    let figures = figures(&analysis);
    println!("{} figures as data: {:?}", figures.len(), clock.elapsed());
    for figure in &figures {
        let clock = cpu_time::ProcessTime::now();
        let bytes = png::draw(figure, png::Theme::Light);
        println!("{}: {:?}, {} bytes", figure.name, clock.elapsed(), bytes.len());
    }
}
