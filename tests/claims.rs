//! Claims: what becomes of them over fabricated runs, and what the program says and ends with.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ablate::analysis::{Answer, Asked, Claim, Compare, Goal, Metric, Outcome as End, Verdict, judge};
use ablate::measure::Measures;
use ablate::plan::{Limits, Plan, Run};
use ablate::report::sentences::claims::told;
use ablate::store::{Identity, Record, SweepCopy, Writer};
use ablate::train::{Outcome, Status};
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
    use End::{Fails, Holds, NotTested};
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
    // Of one run the floor is 0: a quotient by it is none.
    let numbers = [("max(kinks)", 5.0, 3), ("min(domain_rmse / affine_floor)", 10.0, 4), ("count(*)", 6.0, 6)];
    assert_eq!(found.values, numbers.map(|(text, value, _)| (text.to_owned(), Some(Answer::Number(value)))));
    assert_eq!(found.valued, numbers.map(|(.., valued)| valued));
    assert_eq!(found.rows.len(), 6);
    let said = told(&found).join(" ").replace('\u{a0}', " ");
    assert!(said.starts_with("Told by 6 runs: max(kinks) is 5 (from 3 of them), min("), "{said}");

    let (found, _) = verdict(&claim("", "min(activation) = 'linear' AND max(kinks) < 9"));
    assert_eq!((found.outcome, &found.values[0].1), (End::Holds, &Some(Answer::Text("linear".into()))));
    let said = told(&found).join(" ").replace('\u{a0}', " ");
    assert!(said.starts_with("Told by 7 runs: min(activation) is 'linear' and max(kinks) is 5 (from 3"), "{said}");

    // Shares by counting.
    let share = "SUM(CASE WHEN depth = 2 THEN 1 ELSE 0 END) / COUNT(*) BETWEEN 0.8 AND 0.9";
    assert_eq!(verdict(&claim("", share)).0.outcome, End::Holds, "six of seven");

    // A sum beyond all numbers is none, whatever the rest says.
    let (found, _) = verdict(&claim("", "sum(domain_rmse * 1e307) > 0 OR max(kinks) > 1"));
    assert_eq!(found.reason.as_deref(), Some("`sum(domain_rmse * 1e307)` comes to no number"));
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
    assert_eq!(found.outcome, End::Fails, "it includes zero");
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
    assert!(outcome == End::Holds && said.contains("so a is better (small values are good)"), "{said}");
    let (outcome, said) = judged(tanh, relu);
    assert!(outcome == End::Fails && said.contains("so b is better"), "{said}");
    let (outcome, said) = judged(relu, "seed = 0 OR activation = 'tanh'");
    assert!(outcome == End::NotTested && said.contains("1 are on both sides"), "{said}");
    let (outcome, said) = judged(relu, "activation = 'gelu'");
    assert!(outcome == End::NotTested && said.contains("no run is on side `b`"), "{said}");
    let (outcome, said) = judged("activation = 'relu' AND seed = 3", tanh);
    assert!(outcome == End::NotTested && said.contains("a single pair of seeds has no interval"), "{said}");
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
    let (all, relu) = (&document["claims"][0], &document["claims"][1]);
    assert_eq!(all["missing"], untrained, "it is about all runs");
    assert_eq!(relu["missing"].as_u64().unwrap() + relu["runs"].as_u64().unwrap(), 4, "half of them have ReLU");
    assert_eq!(document["claims"][2]["missing"], 0, "no run has tanh, trained or not");
}

/// The sweep above with other claims.
fn sweep(claims: &str) -> String {
    format!("{}claims:\n{claims}", SWEEP.split("claims:").next().unwrap())
}

#[test]
fn the_runs_of_a_claim_that_are_not_trained_yet_are_counted() {
    let sweep = ablate::sweep::parse(SWEEP, "small.yaml", &[]).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let all: Vec<&Run> = plan.cohorts.iter().flat_map(|cohort| &cohort.runs).collect();
    let value = |run: &Run, name: &str| {
        let column = run.point.configuration().column(ablate::config::parameter(name).unwrap());
        column.map(|value| value.to_string())
    };
    // Trained is all with inputs between 0 and 1, and of the others one linear run.
    let first = all.iter().position(|run| {
        value(run, "activation").unwrap() == "linear" && value(run, "normalization").unwrap() == "standardize"
    });
    let trained: Vec<&Run> = all
        .iter()
        .enumerate()
        .filter(|(place, run)| Some(*place) == first || value(run, "normalization").unwrap() == "max")
        .map(|(_, run)| *run)
        .collect();
    let text = |name: &str| trained.iter().map(|run| value(run, name)).collect::<Vec<_>>();
    let runs = df!(
        "run" => trained.iter().map(|run| run.id.to_string()).collect::<Vec<_>>(),
        "config" => trained.iter().map(|run| run.point.id.to_string()).collect::<Vec<_>>(),
        "status" => vec!["finished"; trained.len()],
        "replicate" => trained.iter().map(|run| i64::from(run.replicate().number)).collect::<Vec<_>>(),
        "seed" => trained.iter().map(|run| run.replicate().seed.cast_signed()).collect::<Vec<_>>(),
        "activation" => text("activation"),
        "grids" => vec![Series::new("".into(), ["grid"]); trained.len()],
        "normalization" => text("normalization"),
        "domain_rmse" => vec![2.0; trained.len()],
        "kinks" => vec![Some(3.0); trained.len()],
    )
    .unwrap();
    let compare =
        |a: &str, b: &str| Claim { compare: Some(Compare { a: a.into(), b: b.into(), metric: None }), ..claim("", "") };
    let holds = "min(domain_rmse) > 0";
    for (claim, missing, said) in [
        (claim("", holds), Some(3), "Of the 8 runs that it is about, 3 are not trained yet"),
        (claim("normalization = 'max'", holds), Some(0), ""),
        (claim("activation = 'linear'", holds), Some(1), "Of the 4 runs that it is about, 1 is not trained yet"),
        (claim("replicate = 0 AND width < 9 AND learning_rate > 1e-9", holds), None, ""),
        (claim("1 = 1", holds), Some(3), "Of the 8 runs"),
        (claim("grids = 'x'", holds), None, "Not tested"),
        (claim("array_contains(grids, 'grid')", holds), Some(3), "Of the 8 runs"),
        (claim("ARRAY_CONTAINS(grids, 'other')", holds), Some(0), ""),
        // What comes out of a run is not known before.
        (claim("kinks > 2", holds), None, "3 are not trained yet; which of them it is about cannot be told before"),
        // A comparison is about its two sides.
        (
            compare("activation = 'relu' AND seed < 1", "activation = 'linear' AND seed < 1"),
            Some(1),
            "1 is not trained yet",
        ),
        (
            Claim { expect: Some(holds.into()), ..compare("activation = 'relu'", "activation = 'linear'") },
            Some(3),
            "3 are",
        ),
        (compare("kinks > 2", "activation = 'linear'"), None, "cannot be told before"),
    ] {
        let asked = Asked::of(&plan, &runs);
        let verdict = judge(&runs, &metric(), std::slice::from_ref(&claim), asked).unwrap().1.remove(0);
        let told = told(&verdict).join(" ").replace('\u{a0}', " ");
        assert_eq!(verdict.untrained, 3);
        let known = claim.filter.as_deref() != Some("replicate = 0 AND width < 9 AND learning_rate > 1e-9");
        if known {
            assert_eq!(verdict.missing, missing, "{claim:?}: {told}");
        } else {
            // These columns are not among those of the results, and are known of the runs to come.
            assert!(verdict.missing.is_some_and(|missing| missing < 3), "{verdict:?}");
        }
        assert!(told.contains(said), "{claim:?}: {told}");
        assert!(missing != Some(0) || !told.contains("not trained yet"), "{told}");
    }
}

#[test]
fn comparisons_across_environments_are_told() {
    let compare = Claim {
        compare: Some(Compare { a: "activation = 'relu'".into(), b: "activation = 'tanh'".into(), metric: None }),
        ..claim("", "")
    };
    let judged = |environments: [&str; 7]| {
        let mut runs = runs();
        runs.with_column(Column::new("environment".into(), environments.to_vec())).unwrap();
        let verdict = judge(&runs, &metric(), std::slice::from_ref(&compare), 7).unwrap().1.remove(0);
        let told = told(&verdict).join(" ").replace('\u{a0}', " ");
        (verdict, told)
    };
    let one = "000000000000000000aa";
    let other = "1111222233334444bbbb";
    let (verdict, told) = judged([one; 7]);
    assert_eq!(verdict.environments, [(one.to_owned(), 7)]);
    assert!(verdict.comparison.unwrap().across == 0 && !told.contains("environment"), "{told}");
    // The side of seed 0, and a run that has no partner.
    let (verdict, told) = judged([one, one, one, other, one, other, one]);
    assert_eq!(verdict.environments, [(one.to_owned(), 5), (other.to_owned(), 2)]);
    assert_eq!(verdict.comparison.unwrap().across, 1);
    assert!(told.contains("They come from 2 environments, 5 runs from 00000000 and 2 from 11112222."), "{told}");
    let across =
        "Of 2 seeds, 1 has the two sides in different environments, so a part of the difference may be theirs.";
    assert!(told.contains(across), "{told}");
    // Both sides of a seed from elsewhere are compared like with like.
    let (verdict, told) = judged([other, one, one, other, one, one, one]);
    assert!(verdict.comparison.unwrap().across == 0 && !told.contains("two sides"), "{told}");
}

#[test]
fn results_of_two_machines_say_so() {
    let claims = "  - {name: errors are above zero, expect: min(domain_rmse) > 0}
  - {name: of one machine, where: replicate = 0, expect: min(domain_rmse) > 0}
  - {name: relu is better, compare: {a: activation = 'relu' AND normalization = 'max', b: activation = 'linear' AND normalization = 'max'}}
";
    let text_of = sweep(claims);
    let folder = folder(&text_of);
    let here = folder.path();
    let sweep = ablate::sweep::parse(&text_of, "small.yaml", &[]).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let (here_it_is, elsewhere) = ("0a0a0a0a0a0a0a0a0a0a", "f1f1f1f1f1f1f1f1f1f1");
    let copy = SweepCopy { name: "small".into(), text: text_of.clone(), overrides: Vec::new() };
    let writer = Writer::open(&here.join("results/small"), &copy, Box::new(|_| {})).unwrap();
    let decides =
        |id: &str, device: &str| serde_json::json!({"id": id, "decides": {"numerics": "4", "device": device}});
    let note = serde_json::json!({"environments": [decides(here_it_is, "cpu"), decides(elsewhere, "cuda")]});
    writer.keep_provenance(note.as_object().unwrap()).unwrap();
    for run in plan.cohorts.iter().flat_map(|cohort| &cohort.runs) {
        // The second replicate of ReLU was trained elsewhere.
        let relu = run.point.configuration().column(ablate::config::parameter("activation").unwrap());
        let away = run.replicate().number == 1 && relu.unwrap().to_string() == "relu";
        let mut outcome = outcome(f64::from(run.replicate().number) + if away { 2.0 } else { 3.0 });
        let (environment, device) = if away { (elsewhere, "cuda:0") } else { (here_it_is, "cpu") };
        (outcome.environment, outcome.device) = (environment.into(), device.into());
        writer.append(&Record::new(Identity::of(run, "small"), &run.point.configuration(), &outcome), None).unwrap();
    }
    writer.close().unwrap();

    let document: Value = serde_json::from_slice(&ablate(here, &["claims", "small", "--json"]).stdout).unwrap();
    let environments = |claim: usize| document["claims"][claim]["environments"].clone();
    let both = serde_json::json!([{"environment": here_it_is, "runs": 6}, {"environment": elsewhere, "runs": 2}]);
    assert_eq!((environments(0), environments(1).as_array().unwrap().len()), (both, 1), "{document}");
    assert_eq!(document["claims"][2]["comparison"]["across"], 1, "{document}");
    assert_eq!(document["claims"][0]["missing"], 0);
    let out = text(&ablate(here, &["claims", "small"]).stdout);
    assert_eq!(out.matches("come from 2 environments, 6 runs from 0a0a0a0a and 2 from f1f1f1f1").count(), 2, "{out}");
    assert!(out.contains("Of 2 seeds, 1 has the two sides in different environments"), "{out}");

    assert!(ablate(here, &["report", "small"]).status.success());
    let page = fs::read_to_string(here.join("reports/small/index.html")).unwrap().replace('\u{a0}', " ");
    for said in [
        "<a href=\"#environments\">Runs come from 2 environments.</a>",
        "In this order they differ in device (cpu; cuda).",
        "0a0a0a0a0a0a0a0a0a0a (device cpu, numerics 4): 6 runs on cpu",
        "2 configurations have replicates from several environments",
        "2 configurations have runs from several.",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

/// What a run with that error ends as.
fn outcome(error: f64) -> Outcome {
    let mut measures = Measures::default();
    ["domain_rmse", "test_rmse", "train_rmse"].iter().for_each(|name| measures.set(name, error));
    Outcome {
        status: Status::Finished,
        reason: None,
        epochs_done: 5,
        digest: "d1".into(),
        environment: String::new(),
        parameters: 10,
        features: 1,
        seconds: 0.1,
        device: String::new(),
        measures,
        curve: Vec::new(),
        predictions: Vec::new(),
        weights: Vec::new(),
    }
}

/// What is said of a claim that cannot be tested, before anything is trained.
fn refused(claims: &str) -> String {
    let folder = folder(&sweep(claims));
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
  - {name: o, expect: max(domain_rmse) > 2 * `domain_rmse`}
  - {name: p, where: domain_rmse > avg(domain_rmse), expect: max(depth) = 1}
  - {name: q, compare: {a: count(*) > 1, b: activation = 'linear'}}
  - {name: r, where: grids = 'grid', expect: count(*) > 1}
  - {name: s, where: \"POW(task, 2) > 1\", expect: count(*) > 1}
",
    );
    insta::assert_snapshot!(shown);
    let shown = refused(
        "  - {name: t, where: depth = 2 task, expect: count(*) > 1}
  - {name: u, expect: SUM(1) = count(*)}
  - {name: v, expect: 1 < max(domain_rmse) < 5}
",
    );
    for said in [
        "small.yaml:8:22: this cannot be computed: `task` at its end belongs to nothing",
        "small.yaml:9:23: `SUM(1)` is of no column",
        "hint: `count(*)` is the number of runs",
        "small.yaml:10:23: this cannot be computed: `1 < max(domain_rmse) < 5` compares twice",
    ] {
        assert!(shown.contains(said), "{shown}");
    }
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
