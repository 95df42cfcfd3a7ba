//! Tests of what a valid sweep file comes to. What invalid ones are told is in `tests/sweep_files.rs`.

use super::*;
use crate::config::{Seeds, Value};

fn sweep(text: &str, overrides: &[&str]) -> Sweep {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    parse(text, "x.yaml", &overrides).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// The base values and axes of a grid, as text.
fn shown(grid: &Grid) -> String {
    let base = grid.base.iter().map(|entry| format!("{}={}", entry.parameter.name, entry.written.value));
    let axes = grid.factors.iter().flat_map(|factor| &factor.axes).map(|axis| {
        let values: Vec<String> =
            axis.choices.listed().unwrap().iter().map(|written| written.value.to_string()).collect();
        format!("{}={}", axis.parameter.name, values.join("|"))
    });
    base.chain(axes).collect::<Vec<_>>().join(" ")
}

const FULL: &str = "\
# yaml-language-server: $schema=sweep.schema.json
version: 1
name: why-squares
question: Why do linear networks fit sums but not squares?
metric: {name: test_r2, goal: maximize}
base:
  largest: 1000
  epochs: 500
exclude: [{activation: tanh, normalization: seed}]
grids:
  seed-sum:
    base: {task: sum, hidden: [20, 100, 20], activation: linear, epochs: 5}
  fixes:
    grid:
      activation: [linear, tanh]
      encoding: [scalar, {polynomial: 2}]
      largest: [10, 20]
    exclude: [{activation: linear}]
replicates: {count: 5, seed: 7, vary: [init]}
claims:
  - name: linear networks fit sums
    where: task = 'sum'
    expect: max(train_rmse_rounded) = 0
";

#[test]
fn a_metric_without_a_goal_has_that_of_its_kind() {
    for (metric, goal) in [
        ("{name: domain_r2}", Goal::Maximize),
        ("{name: test_exact}", Goal::Maximize),
        ("{name: domain_rmse}", Goal::Minimize),
        ("{name: domain_r2, goal: minimize}", Goal::Minimize),
    ] {
        let text = FULL.replace("{name: test_r2, goal: maximize}", metric);
        assert_eq!(sweep(&text, &[]).metric.goal, goal, "{metric}");
    }
}

#[test]
fn a_whole_file() {
    let sweep = sweep(FULL, &[]);
    assert_eq!(sweep.name, "why-squares");
    assert_eq!(sweep.question.as_deref(), Some("Why do linear networks fit sums but not squares?"));
    assert_eq!((sweep.metric.name.as_str(), sweep.metric.goal), ("test_r2", Goal::Maximize));
    let names: Vec<&str> = sweep.grids.iter().map(|grid| grid.name.as_str()).collect();
    assert_eq!(names, ["seed-sum", "fixes"]);
    assert_eq!(shown(&sweep.grids[0]), "largest=1000 task=sum hidden=[20, 100, 20] activation=linear epochs=5");
    assert_eq!(
        shown(&sweep.grids[1]),
        "epochs=500 activation=linear|tanh encoding=scalar|polynomial(2) largest=10|20",
        "an axis goes before what the sweep shares"
    );
    let rules: Vec<&str> = sweep.grids[1].exclude.iter().map(|rule| rule.text.as_str()).collect();
    assert_eq!(rules, ["{activation: linear}", "{activation: tanh, normalization: seed}"]);
    assert_eq!(sweep.claims.len(), 1);
    assert_eq!(sweep.claims[0].filter.as_ref().map(|clause| clause.sql.as_str()), Some("task = 'sum'"));
    assert_eq!(sweep.replicates.seeds_of(3), Seeds { data: 7, init: 10, shuffle: 7 });
    assert_eq!(sweep.hash(), blake3::hash(FULL.as_bytes()));
    assert_eq!((sweep.file(), sweep.text()), ("x.yaml", FULL));
}

#[test]
fn a_small_file_takes_every_default() {
    let sweep = sweep("version: 1\nname: x\n", &[]);
    assert_eq!((sweep.metric.name.as_str(), sweep.metric.goal), ("test_rmse", Goal::Minimize));
    assert_eq!(sweep.replicates.seeds_of(0), Seeds { data: 0, init: 0, shuffle: 0 });
    assert_eq!(sweep.replicates.count, 1);
    assert_eq!(sweep.grids.len(), 1);
    assert_eq!(sweep.grids[0].name, "grid");
}

#[test]
fn numbers_are_what_yaml_1_2_says() {
    let sweep = sweep(
        "version: 1\nname: x\nbase: {learning_rate: 1e-4, epsilon: 1, bias: true, depth: 0x2}\n",
        &["beta1=.5", "epochs=1,+2"],
    );
    let value = |name: &str| {
        let entry = sweep.grids[0].base.iter().find(|entry| entry.parameter.name == name);
        entry.map(|entry| entry.written.value.clone())
    };
    assert_eq!(value("learning_rate"), Some(Value::Number(0.0001)));
    assert_eq!(value("epsilon"), Some(Value::Number(1.0)), "a number is a number, however it is written");
    assert_eq!(value("bias"), Some(Value::Flag(true)));
    assert_eq!(value("depth"), Some(Value::Whole(2)));
    assert_eq!(value("beta1"), Some(Value::Number(0.5)));
    assert_eq!(sweep.grids[0].factors[0].size(), Some(2));
}

#[test]
fn anchors_and_other_line_ends_are_read() {
    let text = "\u{feff}version: 1\r\nname: x\r\nbase: {hidden: &widths [4, 8]}\r\ngrids:\r\n  a: {base: {depth: 1}}\r\n  \
        b: {grid: {hidden: [*widths, [3]]}}\r\n";
    let sweep = sweep(text, &[]);
    assert_eq!(shown(&sweep.grids[1]), "hidden=[4, 8]|[3]");
    let wrong = parse(&text.replace("[3]", "3"), "x.yaml", &[]).unwrap_err().to_string();
    assert!(wrong.starts_with("x.yaml:6:32: `hidden`: `3` is not a list"), "{wrong}");
    assert!(wrong.contains("\n 6 |   b: {grid: {hidden: [*widths, 3]}}\n"), "{wrong}");
}

#[test]
fn overrides_replace_axes_and_base_values_in_every_grid() {
    let overrides =
        ["largest=5", "activation=relu,tanh", "hidden=[4, 8],[3]", "encoding={polynomial: 3}", "replicates.count=2"];
    let sweep = sweep(FULL, &overrides);
    assert_eq!(
        shown(&sweep.grids[0]),
        "task=sum epochs=5 largest=5 encoding=polynomial(3) activation=relu|tanh hidden=[4, 8]|[3]"
    );
    assert_eq!(
        shown(&sweep.grids[1]),
        "epochs=500 largest=5 encoding=polynomial(3) activation=relu|tanh hidden=[4, 8]|[3]"
    );
    assert_eq!((sweep.replicates.count, sweep.replicates.seed), (2, 7));
    assert_eq!(sweep.overrides(), overrides);
    assert_eq!(sweep.hash(), blake3::hash(FULL.as_bytes()), "the file is the same");
}

#[test]
fn an_override_keeps_the_order_of_axes() {
    let sweep = sweep(FULL, &["encoding=log,binary", "depth=1,2"]);
    assert_eq!(shown(&sweep.grids[1]), "epochs=500 activation=linear|tanh encoding=log|binary largest=10|20 depth=1|2");
}

#[test]
fn a_grid_may_have_replicates_of_its_own() {
    let text = "version: 1\nname: a\nreplicates: {count: 5, seed: 7}\ngrids:\n  all: {base: {depth: 1}}\n  \
        init: {replicates: {vary: [init]}}\n  once: {replicates: {count: 1, seed: 0}}\n";
    let counts = |sweep: &Sweep| -> Vec<(u32, u64, bool)> {
        sweep.grids.iter().map(|grid| grid.replicates).map(|r| (r.count, r.seed, r.vary.data)).collect()
    };
    assert_eq!(counts(&sweep(text, &[])), [(5, 7, true), (5, 7, false), (1, 0, true)]);
    let overridden = sweep(text, &["replicates.count=2"]);
    assert_eq!(counts(&overridden), [(2, 7, true), (2, 7, false), (2, 0, true)], "the command line goes before both");
}

#[test]
fn replicates_vary_what_is_asked_for() {
    let sweep = sweep(FULL, &["replicates.vary=data,shuffle", "replicates.seed=0"]);
    assert_eq!(sweep.replicates.seeds_of(2), Seeds { data: 2, init: 0, shuffle: 2 });
}

#[test]
fn what_a_file_makes_is_bounded() {
    let told = |text: &str, overrides: &[&str]| {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        parse(text, "x.yaml", &overrides).unwrap_err().to_string()
    };
    let grids = |count: usize| {
        (0..count).map(|n| format!("  g{n}: {{include: [{{depth: 3}}]}}\n")).collect::<Vec<_>>().concat()
    };
    let many = format!("version: 1\nname: x\ngrids:\n{}", grids(1001));
    assert!(told(&many, &[]).starts_with("x.yaml:3:1: 1001 grids, and a sweep has at most 1000\n"));
    // What a range of the command line is to every grid is held once; what it makes of included points, for each.
    let wide = "learning_rate={range: {min: 1, max: 900000, step: 1}}";
    let axes: String = (0..1000).map(|n| format!("  g{n}: {{grid: {{depth: [1, 2]}}}}\n")).collect::<Vec<_>>().concat();
    assert_eq!(sweep(&format!("version: 1\nname: x\ngrids:\n{axes}"), &[wide]).grids.len(), 1000);
    let included = told(&format!("version: 1\nname: x\ngrids:\n{}", grids(2)), &[wide]);
    assert!(included.contains("more than 1000000 values"), "{included}");
    let rules: Vec<String> = (0..1001).map(|n| format!("{{width: {}}}", n + 1)).collect();
    let ruled = told(&format!("version: 1\nname: x\nexclude: [{}]\ngrids:\n{axes}", rules.join(", ")), &[]);
    assert!(ruled.contains("1001 rules for each of 1000 grids"), "{ruled}");
    // Each key is looked up once, however many there are.
    let keys: String = (0..50_000).map(|n| format!("k{n}: 1\n")).collect::<Vec<_>>().concat();
    assert!(told(&format!("version: 1\nname: x\n{keys}"), &[]).ends_with("and 49980 more\n"));
}

#[test]
fn no_text_makes_the_reader_panic() {
    let pieces = [
        "version: 1\n",
        "name: x\n",
        "grid:",
        "base:",
        "  depth: ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "- ",
        "\n",
        ": ",
        "'",
        "\"",
        "\t",
        "é",
        "\u{1b}",
        "1e400",
        "-1",
        "~",
        "<<",
        "? ",
        "| ",
        "---\n",
        "!t ",
        "# c\n",
        "exclude",
        "replicates",
        ",",
    ];
    // A small generator of its own, so that the texts are the same each time.
    let mut state = 1u64;
    for _ in 0..20_000 {
        let mut text = String::from("version: 1\nname: x\n");
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap()
        };
        for _ in 0..next() % 14 {
            text += pieces[next() % pieces.len()];
        }
        let given = format!("{}={}", pieces[next() % pieces.len()], &text[19..]);
        if let Err(invalid) = parse(&text, "x.yaml", &[given]) {
            let shown = invalid.to_string();
            assert!(!shown.is_empty() && !shown.contains('\u{1b}'), "{text:?}: {shown}");
        }
    }
}
