//! The page in a real browser: everything is drawn, can be used by pointer and keyboard, and asks for nothing from outside.
//!
//! `tests/fixtures/browser.py` drives Debian's Chromium by Playwright. Where Chromium is not installed these tests say so
//! and pass, unless `CI` is set. Screenshots come to lie under `target/screenshots/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use ablate::analysis::{Answer, Claim, Compare, Comparison, Frames, Outcome, Verdict, analyze};
use ablate::report::figure::{
    Axis, Band, Bar, Bars, Body, Cell, DASHES, Figure, HUES, Heat, HeatPanel, Hue, Key, MARKERS, Mark, Marker, Names,
    Panel, Panels, Parallel, ParallelLine, Reference, Scale, Series, Shade, Table,
};
use ablate::report::{Goal, Input, Metric, compose, figures, write};
use polars::prelude::{Column, DataFrame, NamedFrom, Series as Values};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a page of untrusted names can hold.
const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&`\u{202e}{{name}}";

/// Drives the browser through a page; `None` where there is no browser.
fn drive(page: &Path, name: &str) {
    let python = std::env::var("ABLATE_PYTHON").unwrap_or_else(|_| "python3".into());
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let browser = std::env::var("ABLATE_CHROMIUM").unwrap_or_else(|_| "chromium".into());
    let missing = if !works(&browser, &["--version"]) {
        Some(format!("{browser} is not installed (Debian, Ubuntu: apt install chromium)"))
    } else if !works(&python, &["-c", "import axe_playwright_python, playwright"]) {
        Some(format!("{python} lacks the packages of setup/test-tools.txt (make test sets ABLATE_PYTHON)"))
    } else {
        None
    };
    if let Some(missing) = missing {
        assert!(std::env::var_os("CI").is_none(), "the page was not tested in a browser: {missing}");
        eprintln!("THE PAGE WAS NOT TESTED IN A BROWSER: {missing}");
        return;
    }
    let output = Command::new(python)
        .arg(Path::new(ROOT).join("tests/fixtures/browser.py"))
        .args([page, &Path::new(ROOT).join("target/screenshots").join(name)])
        .arg(&browser)
        .args((name == "hostile").then_some("fabricated"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{name}:\n{}{}", text(&output.stdout), text(&output.stderr));
    println!("{}", text(&output.stdout));
}

/// A folder for the report of a test, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn the_founding_report_in_a_browser() {
    let folder = folder("why-squares");
    let output = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["report", "results/why-squares", "--out"])
        .arg(&folder)
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    drive(&folder.join("index.html"), "why-squares");
}

/// Runs of a sweep about nothing in particular: 240 of them, some of which did not finish.
fn frames() -> Frames {
    let runs: Vec<usize> = (0..240).collect();
    let text = |name: &str, get: &dyn Fn(usize) -> String| {
        Column::new(name.into(), runs.iter().map(|&i| get(i)).collect::<Vec<_>>())
    };
    let end = |i: usize| match i % 40 {
        39 => "failed",
        19 => "diverged",
        _ => "finished",
    };
    let value = |i: usize| (end(i) == "finished").then(|| if i % 60 == 7 { 0.0 } else { 10f64.powi(i as i32 % 7 - 2) });
    let grids: Vec<Values> = runs.iter().map(|_| Values::new("".into(), vec![HOSTILE])).collect();
    let columns = vec![
        text("run", &|i| format!("{i:020x}")),
        text("config", &|i| format!("{:020x}", i / 3)),
        text("status", &|i| end(i).into()),
        text("reason", &|i| if end(i) == "finished" { String::new() } else { format!("{HOSTILE} {i}") }),
        text("task", &|_| "product".into()),
        text("activation", &|i| ["relu", "tanh", "gelu", "linear"][i / 3 % 4].into()),
        text("normalization", &|i| ["none", "max", "standardize"][i / 12 % 3].into()),
        text("optimizer", &|i| ["adam", "sgd"][i / 36 % 2].into()),
        Column::new("replicate".into(), runs.iter().map(|i| (i % 3) as i64).collect::<Vec<i64>>()),
        Column::new("seed".into(), runs.iter().map(|i| (i % 3) as i64).collect::<Vec<i64>>()),
        Column::new("depth".into(), runs.iter().map(|i| (i / 3) as i64).collect::<Vec<i64>>()),
        Column::new("test_rmse".into(), runs.iter().map(|&i| value(i)).collect::<Vec<Option<f64>>>()),
        Values::new("grids".into(), grids).into(),
    ];
    Frames { runs: DataFrame::new(runs.len(), columns).unwrap(), curves: empty(), predictions: empty() }
}

fn empty() -> DataFrame {
    let none: Vec<f64> = Vec::new();
    let text = |name: &str| Column::new(name.into(), Vec::<String>::new());
    let numbers = ["epoch", "train_loss", "test_loss", "test_rmse", "input", "target", "prediction"];
    let numbers = numbers.map(|name| Column::new(name.into(), none.clone()));
    DataFrame::new(0, std::iter::once(text("run")).chain(numbers).collect()).unwrap()
}

/// Claims with every verdict.
fn verdicts() -> Vec<Verdict> {
    let claim = |name: &str, compare: Option<Compare>| Claim {
        name: name.into(),
        filter: Some("activation = 'relu' AND depth < 3".into()),
        expect: compare.is_none().then(|| "max(test_rmse) < 10".into()),
        compare,
    };
    let verdict = |name: &str, outcome: Outcome| Verdict {
        claim: claim(name, None),
        outcome,
        rows: (0..90).collect(),
        values: vec![
            ("max(test_rmse)".into(), Some(Answer::Number(1234.5))),
            ("max(task)".into(), Some(Answer::Text(HOSTILE.into()))),
            (HOSTILE.into(), None),
        ],
        valued: vec![90, 0],
        untrained: 0,
        missing: Some(0),
        environments: vec![(HOSTILE.into(), 80), ("0011223344556677".into(), 10)],
        breaking: if outcome == Outcome::Fails { vec![3, 5, 8] } else { Vec::new() },
        comparison: None,
        reason: (outcome == Outcome::NotTested).then(|| "No run has what it asks about.".into()),
    };
    let compare = Compare { a: "optimizer = 'adam'".into(), b: "optimizer = 'sgd'".into(), metric: None };
    let comparison = Comparison {
        column: "test_rmse".into(),
        goal: Goal::Minimize,
        means: (4.0, 5.5),
        differences: vec![-1.0, -2.0],
        mean: -1.5,
        interval: Some((-7.9, 4.9)),
        unpaired: 2,
        averaged: 0,
        without: 0,
        across: 2,
    };
    vec![
        verdict("relu is below 10", Outcome::Holds),
        verdict(HOSTILE, Outcome::NotTested),
        Verdict {
            claim: claim("adam beats sgd", Some(compare)),
            comparison: Some(comparison),
            ..verdict("", Outcome::Holds)
        },
        verdict("what fails stands first", Outcome::Fails),
    ]
}

fn axis(label: &str, scale: Scale) -> Axis {
    Axis::new(label, scale)
}

fn named(label: &str, names: &[&str]) -> Axis {
    let names = names.iter().enumerate().map(|(i, name)| (i as f64, (*name).to_owned())).collect();
    Axis { names, ..Axis::new(label, Scale::Linear) }
}

fn reference(value: f64, label: &str) -> Reference {
    Reference { value, label: label.into(), hue: Hue::Ink, dash: DASHES[1] }
}

/// Panels with every mark, and an axis of names.
fn every_mark() -> (Panels, Panels) {
    let run = |i: usize| format!("{i:020x}");
    let series = |name: &str, place: usize, mark: Mark| Series {
        name: name.into(),
        run: None,
        runs: (0..20).map(run).collect(),
        hue: HUES[place],
        mark,
        points: (0..20).map(|i| (f64::from(i), f64::from((i * 7 + place as i32) % 11))).collect(),
    };
    let bins = Series {
        name: "histogram".into(),
        runs: Vec::new(),
        mark: Mark::Bins,
        points: vec![(0.0, 3.0), (5.0, 9.0), (10.0, 4.0), (20.0, 0.0)],
        ..series("", 5, Mark::Bins)
    };
    let panel = |title: &str| Panel {
        bands: vec![Band {
            name: "spread".into(),
            hue: HUES[0],
            points: (0..20).map(|i| (f64::from(i), 2.0, 6.0 + f64::from(i % 3))).collect(),
        }],
        shades: vec![Shade { name: "trained on".into(), hue: HUES[1], from: 4.0, to: 9.0 }],
        references: vec![reference(5.0, "reference 5")],
        verticals: vec![reference(12.0, "end of the range")],
        ..Panel::new(
            title,
            vec![
                bins.clone(),
                series("a line", 2, Mark::Line(DASHES[3], 1.5)),
                series("points", 3, Mark::Points(Marker::Up)),
                series(HOSTILE, 4, Mark::Points(Marker::Cross)),
            ],
        )
    };
    let panels = Panels {
        x: axis("x", Scale::Linear),
        y: axis("y", Scale::Linear),
        panels: ["one", "two", HOSTILE].map(panel).to_vec(),
    };
    let slope = Panels {
        x: named("split", &["train", "test", "domain"]),
        y: axis("error", Scale::Log),
        panels: vec![Panel::new(
            "",
            (0..3)
                .map(|place| Series {
                    points: vec![(0.0, 0.0), (1.0, 10f64.powi(place + 2)), (2.0, f64::NAN)],
                    ..series("slopes", place as usize, Mark::Line(DASHES[0], 1.5))
                })
                .collect(),
        )],
    };
    (panels, slope)
}

/// A figure of every kind, with all that it can hold.
fn every_body() -> Vec<Figure> {
    let run = |i: usize| format!("{i:020x}");
    let (panels, slope) = every_mark();
    let names = |label: &str, n: usize| Names {
        label: label.into(),
        names: (0..n).map(|i| format!("{label} {i}{}", if i == 1 { HOSTILE } else { "" })).collect(),
    };
    let cell = |i: usize| Cell {
        column: i % 4,
        row: i / 4,
        value: (i != 5).then(|| 10f64.powi(i as i32 - 3)),
        text: format!("{i}.5"),
        dots: (0..3).map(|d| (10f64.powi(i as i32 - 3) * (1.0 + 0.3 * d as f64), run(i * 3 + d))).collect(),
    };
    let heat = Heat {
        columns: names("column", 4),
        rows: names("row", 3),
        colour: axis("error", Scale::Log),
        panels: ["", "second"]
            .map(|title| HeatPanel { title: title.into(), cells: (0..10).map(cell).collect() })
            .to_vec(),
    };
    let bars = Bars {
        x: axis("share of the variance", Scale::Linear),
        rows: (0..6)
            .map(|i| Bar {
                block: if i < 3 { "axes".into() } else { HOSTILE.into() },
                label: format!("axis {i}"),
                value: 0.4 - 0.1 * f64::from(i),
                interval: (i % 2 == 0).then(|| (0.3 - 0.1 * f64::from(i), 0.5 - 0.1 * f64::from(i))),
                hue: HUES[i as usize % 2],
                note: format!("{i} of 6"),
            })
            .collect(),
        references: vec![reference(0.25, "a quarter")],
        keys: (0..2).map(|i| Key { name: format!("kind {i}"), hue: HUES[i], marker: MARKERS[0] }).collect(),
    };
    let parallel = Parallel {
        axes: vec![
            named("activation", &["relu", "tanh", "gelu"]),
            axis("learning rate", Scale::Log),
            named("normalization", &["none", HOSTILE]),
            axis("test_rmse", Scale::Log),
        ],
        lines: (0..120)
            .map(|i| ParallelLine {
                run: run(i),
                values: vec![
                    Some((i % 3) as f64),
                    (i % 10 != 0).then(|| 10f64.powi(-(i as i32 % 5))),
                    Some((i % 2) as f64),
                    (i % 40 != 7).then_some(1.0 + i as f64),
                ],
            })
            .collect(),
        small_is_good: true,
    };
    let bodies = [
        ("every-mark", Body::Panels(panels)),
        ("slope", Body::Panels(slope)),
        ("factorial", Body::Heat(heat)),
        ("importance-drawn", Body::Bars(bars)),
        ("parallel-every", Body::Parallel(parallel)),
    ];
    let figure = |(name, body): (&str, Body)| Figure {
        name: name.into(),
        title: format!("Figure {name}"),
        finding: format!("What the figure {name} says, with the number 12.5 in it."),
        caption: "How to read it.".into(),
        body,
        table: {
            let mut table = Table::new(&["run", "value"]);
            table.rows = (0..300).map(|i| vec![run(i), i.to_string()]).collect();
            table
        },
    };
    bodies.into_iter().map(figure).collect()
}

#[test]
fn a_hostile_report_in_a_browser() {
    let frames = frames();
    let metric = Metric { name: "test_rmse".into(), goal: Goal::Minimize };
    let mut analysis = analyze(&frames, &metric, &[], 250).unwrap();
    analysis.verdicts = verdicts();
    let input = Input {
        name: HOSTILE.into(),
        question: Some(format!("{HOSTILE} {}", "a long question ".repeat(12))),
        metric,
        claims: Vec::new(),
        sweep_text: HOSTILE.into(),
        overrides: vec![HOSTILE.into()],
        verified: Some(HOSTILE.into()),
        asked: 250.into(),
        environments: std::collections::BTreeMap::new(),
        runs: frames.runs,
        curves: frames.curves,
        predictions: frames.predictions,
    };
    let mut all = figures(&analysis);
    all.extend(every_body());
    let folder = folder("hostile");
    let page = write(&compose(&input, &analysis, &all), &folder).unwrap();
    drive(&page, "hostile");
}
