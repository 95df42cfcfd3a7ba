//! Claims: what becomes of them over fabricated runs, and what the program says and ends with.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ablate::analysis::{Claim, Compare, Goal, Metric, Outcome, Verdict, judge};
use ablate::report::sentences::claims::told;
use polars::prelude::*;
use serde_json::Value;

/// Runs of two activations under three seeds. One run has diverged, one has no kinks.
fn runs() -> DataFrame {
    df!(
        "run" => ["a0", "a1", "a2", "b0", "b1", "b2", "c0"],
        "config" => ["b", "b", "b", "a", "a", "a", "c"],
        "status" => ["finished", "finished", "finished", "finished", "finished", "diverged", "finished"],
        "replicate" => [0i64, 1, 2, 0, 1, 2, 0],
        "seed" => [0i64, 1, 2, 0, 1, 2, 0],
        "activation" => ["relu", "relu", "relu", "tanh", "tanh", "tanh", "linear"],
        "depth" => [2i64, 2, 2, 2, 2, 2, 0],
        "domain_rmse" => [Some(10.0), Some(20.0), Some(30.0), Some(12.0), Some(23.0), None, Some(100.0)],
        "test_r2" => [Some(0.9), Some(0.8), Some(0.7), Some(0.8), Some(0.65), None, Some(0.1)],
        "affine_floor" => [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0],
        "kinks" => [Some(3.0), Some(4.0), Some(5.0), None, None, None, None],
    )
    .unwrap()
}

fn metric() -> Metric {
    Metric { name: "domain_rmse".into(), goal: Goal::Minimize }
}

fn claim(filter: &str, expect: &str) -> Claim {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Claim { name: "it is so".into(), filter: text(filter), expect: text(expect), compare: None }
}

fn verdict(claim: &Claim) -> (Verdict, Vec<String>) {
    let (records, verdicts) = judge(&runs(), &metric(), std::slice::from_ref(claim), 9).unwrap();
    let [verdict] = &verdicts[..] else { panic!("one verdict") };
    assert_eq!(verdict.untrained, 2);
    let ids = |rows: &[usize]| rows.iter().map(|&row| records.runs[row].id.clone()).collect::<Vec<_>>();
    (verdict.clone(), ids(&verdict.breaking))
}

#[test]
fn verdicts_and_the_runs_that_break_them() {
    use Outcome::{Fails, Holds, NotTested};
    for (filter, expect, outcome, breaking) in [
        ("activation = 'relu'", "max(domain_rmse) <= 30", Holds, &[][..]),
        ("activation = 'relu'", "max(domain_rmse) < 30", Fails, &["a2"]),
        ("activation = 'relu'", "max(domain_rmse) < 25 AND min(domain_rmse) > 10", Fails, &["a0", "a2"]),
        // Only what is broken counts: the second part holds.
        ("", "max(domain_rmse) = 30 AND min(domain_rmse) >= 10", Fails, &["c0"]),
        ("depth = 2", "count(domain_rmse) = count(*)", Fails, &["b2"]),
        ("", "count(*) = sum(CASE WHEN status = 'finished' THEN 1 ELSE 0 END)", Fails, &["b2"]),
        ("depth = 2", "max(domain_rmse) < 1e1", Fails, &["b0", "b1", "a0", "a1", "a2"]),
        // No single run breaks these.
        ("", "avg(domain_rmse) < 1", Fails, &[]),
        ("depth = 2", "max(domain_rmse) < 2 * min(domain_rmse)", Fails, &[]),
        ("", "min(CASE WHEN activation = 'relu' THEN domain_rmse END) < 11 -- a comment", Holds, &[]),
        // What a run has not, it does not break.
        ("activation = 'tanh'", "max(domain_rmse) < 30", Holds, &[]),
        // Nothing to tell by.
        ("activation = 'gelu'", "max(domain_rmse) < 30", NotTested, &[]),
        ("activation = 'tanh'", "max(kinks) < 30", NotTested, &[]),
        ("activation = 'linear'", "stddev(domain_rmse) < 30", NotTested, &[]),
        ("activation = 'relu'", "abs(corr(depth, domain_rmse)) < 0.5", NotTested, &[]),
        // One part is false whatever the other is.
        ("activation = 'tanh'", "max(kinks) < 30 AND max(domain_rmse) < 20", Fails, &["b1"]),
        ("activation = 'relu' OR kinks > 0", "count(*) = 3", Holds, &[]),
        // A measure that these results do not have.
        ("", "max(extrapolation_rmse) < 30", NotTested, &[]),
    ] {
        let (found, ids) = verdict(&claim(filter, expect));
        assert_eq!(found.outcome, outcome, "{filter} | {expect}: {found:?}");
        assert_eq!(ids, breaking, "{filter} | {expect}");
        assert_eq!(found.reason.is_some(), outcome == NotTested, "{found:?}");
        let said = told(&found).join(" ");
        assert!(said.contains("2 are not trained yet"), "{said}");
        assert_eq!(said.contains("break"), outcome == Fails, "{said}");
    }
}

#[test]
fn verdicts_come_with_their_numbers() {
    let (found, _) =
        verdict(&claim("depth = 2", "max(kinks) > 4 AND min(domain_rmse / affine_floor) < 20 AND count(*) = 6"));
    let numbers = [("max(kinks)", 5.0, 3), ("min(domain_rmse / affine_floor)", 10.0, 5), ("count(*)", 6.0, 6)];
    assert_eq!(found.numbers, numbers.map(|(text, value, _)| (text.to_owned(), Some(value))));
    assert_eq!(found.valued, numbers.map(|(.., valued)| valued));
    assert_eq!(found.rows.len(), 6);
    let said = told(&found).join(" ").replace('\u{a0}', " ");
    assert!(said.starts_with("Told by 6 runs: max(kinks) is 5 (from 3 of them), min("), "{said}");
}

#[test]
fn a_comparison_is_paired_by_seed() {
    let compare = |a: &str, b: &str, metric: Option<&str>| Claim {
        compare: Some(Compare { a: a.into(), b: b.into(), metric: metric.map(Into::into) }),
        ..claim("", "")
    };
    let (relu, tanh) = ("activation = 'relu'", "activation = 'tanh'");
    // Differences −2 and −3; with one degree of freedom the interval is −2.5 ± 12.7 · 0.5.
    let (found, _) = verdict(&compare(relu, tanh, None));
    let comparison = found.comparison.unwrap();
    assert_eq!((comparison.differences, comparison.mean, comparison.means), (vec![-2.0, -3.0], -2.5, (15.0, 17.5)));
    assert_eq!((comparison.unpaired, comparison.without, comparison.averaged), (1, 1, 0));
    let (low, high) = comparison.interval.unwrap();
    assert!((low + 2.5 + 6.353_102).abs() < 1e-5 && (high + 2.5 - 6.353_102).abs() < 1e-5);
    assert_eq!(found.outcome, Outcome::Fails, "it includes zero");
    // Large values of R² are good; of it the differences are 0.1 and 0.15.
    let (found, _) = verdict(&compare(relu, tanh, Some("test_r2")));
    assert_eq!(found.comparison.unwrap().goal, Goal::Maximize);
    // The other side of the same runs.
    let more: Vec<f64> = (0..6).map(f64::from).collect();
    let paired = df!(
        "run" => (0..12).map(|run| format!("r{run:02}")).collect::<Vec<_>>(),
        "config" => (0..12).map(|run| if run < 6 { "x" } else { "y" }).collect::<Vec<_>>(),
        "status" => vec!["finished"; 12],
        "replicate" => (0..12i64).map(|run| run % 6).collect::<Vec<_>>(),
        "seed" => (0..12i64).map(|run| run % 6).collect::<Vec<_>>(),
        "activation" => (0..12).map(|run| if run < 6 { "relu" } else { "tanh" }).collect::<Vec<_>>(),
        "domain_rmse" => more.iter().map(|x| 10.0 * x + 1.0).chain(more.iter().map(|x| 10.0 * x + 2.0 + 0.1 * x)).collect::<Vec<_>>(),
    )
    .unwrap();
    let judged = |a: &str, b: &str| {
        let (_, verdicts) = judge(&paired, &metric(), &[compare(a, b, None)], 12).unwrap();
        (verdicts[0].outcome, told(&verdicts[0]).join(" "))
    };
    let (outcome, said) = judged(relu, tanh);
    assert!(outcome == Outcome::Holds && said.contains("so a is better (small values are good)"), "{said}");
    let (outcome, said) = judged(tanh, relu);
    assert!(outcome == Outcome::Fails && said.contains("so b is better"), "{said}");
    let (outcome, said) = judged(relu, "seed = 0 OR activation = 'tanh'");
    assert!(outcome == Outcome::NotTested && said.contains("1 are on both sides"), "{said}");
    let (outcome, said) = judged(relu, "activation = 'gelu'");
    assert!(outcome == Outcome::NotTested && said.contains("no run is on side `b`"), "{said}");
    let (outcome, said) = judged("activation = 'relu' AND seed = 3", tanh);
    assert!(outcome == Outcome::NotTested && said.contains("a single pair of seeds has no interval"), "{said}");
}

#[test]
fn verdicts_do_not_depend_on_the_order_of_rows() {
    let claims =
        [claim("depth = 2", "max(domain_rmse) < 20"), claim("", "avg(domain_rmse) < corr(depth, domain_rmse)")];
    let turned = runs().reverse();
    let judged = |runs: &DataFrame| judge(runs, &metric(), &claims, 7).unwrap().1;
    assert_eq!(judged(&runs()), judged(&turned));
}

const SWEEP: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 20, largest: 30, epochs: 5, batch: 16, width: 8}
grid: {activation: [linear, relu], normalization: [max, standardize]}
replicates: {count: 2}
claims:
  - name: errors are above zero
    expect: min(domain_rmse) > 0
  - name: one run alone has this error
    where: activation = 'relu'
    expect: max(domain_rmse) < 1e-9
  - name: no tanh was trained
    where: activation = 'tanh'
    expect: max(domain_rmse) < 1
";

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), text).unwrap();
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_program_tests_claims() {
    let folder = folder(SWEEP);
    let here = folder.path();
    let output = ablate(here, &["run", "small.yaml"]);
    assert_eq!(output.status.code(), Some(0), "a claim that fails is no failure of training");
    let out = text(&output.stdout);
    assert!(out.contains("\nClaims: 1 holds, 1 fails, 1 not tested: ablate claims small\n"), "{out}");

    let output = ablate(here, &["claims", "small"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{out}");
    assert!(out.contains("holds      errors are above zero\n"), "{out}");
    assert!(out.contains("fails      one run alone has this error\n") && out.contains("Of them, 4 break it."), "{out}");
    assert!(out.contains("not tested no tanh was trained\n           Not tested: there are no such runs.\n"), "{out}");
    assert!(out.ends_with("Claims: 1 holds, 1 fails, 1 not tested.\n"), "{out}");

    let output = ablate(here, &["claims", "small", "--json"]);
    assert_eq!(output.status.code(), Some(6));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(["version", "holds", "fails", "not_tested"].map(|key| document[key].as_u64().unwrap()), [1, 1, 1, 1]);
    assert_eq!(document["sweep"], "small");
    let failed = &document["claims"][1];
    assert_eq!((failed["outcome"].as_str(), failed["runs"].as_u64()), (Some("fails"), Some(4)));
    let breaking: Vec<&str> = failed["breaking"].as_array().unwrap().iter().map(|run| run.as_str().unwrap()).collect();
    assert_eq!(breaking.len(), 4);
    let query = ["runs", "small", "--where", "activation = 'relu'", "--columns", "run", "--format", "csv"];
    let runs = text(&ablate(here, &query).stdout);
    assert!(breaking.iter().all(|run| runs.contains(run)), "{runs}");

    let output = ablate(here, &["run", "small.yaml", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["claims"]["fails"], 1);

    // Without the claim that fails, nothing does.
    let fine = SWEEP.replace("max(domain_rmse) < 1e-9", "max(domain_rmse) > 1e-9");
    fs::write(here.join("small.yaml"), fine).unwrap();
    assert_eq!(ablate(here, &["run", "small.yaml", "--no-report"]).status.code(), Some(0));
    assert_eq!(ablate(here, &["claims", "small"]).status.code(), Some(0));
}

#[test]
fn runs_that_are_still_to_be_trained_are_counted() {
    let folder = folder(SWEEP);
    let here = folder.path();
    let output = ablate(here, &["run", "small.yaml", "--shard", "1/2", "--no-report"]);
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&ablate(here, &["claims", "small", "--json"]).stdout).unwrap();
    let untrained = document["claims"][0]["untrained"].as_u64().unwrap();
    assert_eq!(untrained + document["claims"][0]["runs"].as_u64().unwrap(), 8);
    assert!(untrained > 0);
}

/// What is said of a claim that cannot be tested, before anything is trained.
fn refused(claims: &str) -> String {
    let start = SWEEP.split("claims:").next().unwrap();
    let folder = folder(&format!("{start}claims:\n{claims}"));
    let planned = ablate(folder.path(), &["plan", "small.yaml"]);
    let run = ablate(folder.path(), &["run", "small.yaml"]);
    assert_eq!((planned.status.code(), run.status.code()), (Some(3), Some(3)), "{}", text(&planned.stderr));
    assert_eq!(planned.stderr, run.stderr);
    assert!(!folder.path().join("results").exists(), "nothing is written");
    text(&run.stderr)
}

#[test]
fn claims_that_cannot_be_computed_are_refused_at_their_place() {
    let shown = refused(
        "  - {name: a, where: activaton = 'relu', expect: max(domain_rmse) < 5}
  - name: b
    expect: max(domain_rmsee) < 5 AND min(domain_rmse) > 0
  - {name: c, expect: domain_rmse < 5}
  - {name: d, expect: max(domain_rmse)}
  - {name: e, expect: max(domain_rmse) < 5 AND depth > 2}
  - {name: f, expect: 1 = 1}
  - {name: g, expect: max(task) < 5}
  - {name: h, expect: mean(domain_rmse) < 5}
  - {name: i, expect: \"max(domain_rmse <\"}
  - {name: j, expect: max(depth) < (SELECT 2 FROM read_csv('/etc/passwd'))}
  - {name: k, expect: max(grids) = 1}
  - {name: l, where: max(depth), expect: max(depth) > 1}
  - {name: m, compare: {a: activation = 'relu', b: activation = tanh, metric: domain_rms}}
  - {name: n, expect: \"max(depth) > 1); DROP TABLE runs; --\"}
",
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn the_shipped_claims_can_be_computed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "yaml")).collect();
    assert!(!files.is_empty());
    let place = tempfile::tempdir().unwrap();
    for file in files {
        let output = ablate(place.path(), &["plan", file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}
