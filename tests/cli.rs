//! The whole program on small sweeps: what it trains, saves, prints, and ends with.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
question: Does it work?
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 20, largest: 30, epochs: 5, batch: 16, width: 8}
grid: {activation: [linear, relu], normalization: [max, standardize]}
replicates: {count: 2}
";

/// A folder with a sweep file in it, to run the program in.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), text).unwrap();
    folder
}

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs it and asks for success.
fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = ablate(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}\n{}", out(&output), err(&output));
    out(&output)
}

/// Digest by run id.
fn digests(folder: &Path) -> BTreeMap<String, String> {
    let text = good(folder, &["runs", "small", "--columns", "run,digest", "--format", "json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    let runs = document["runs"].as_array().unwrap();
    let text = |run: &Value, column: &str| run[column].as_str().unwrap().to_owned();
    let digests: BTreeMap<_, _> = runs.iter().map(|run| (text(run, "run"), text(run, "digest"))).collect();
    assert_eq!(digests.len(), runs.len(), "every run is there once");
    digests
}

fn plan(folder: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["plan", "small.yaml", "--json"];
    arguments.extend(more);
    serde_json::from_str(&good(folder, &arguments)).unwrap()
}

#[test]
fn a_sweep_is_trained_saved_reported_and_not_trained_again() {
    let folder = folder(SWEEP);
    let here = folder.path();
    let before = plan(here, &[]);
    assert_eq!(
        ["sweep", "configurations", "replicates", "runs", "done", "to_do"].map(|key| before[key].clone()),
        ["small".into(), 4.into(), 2.into(), 8.into(), 0.into(), 8.into()] as [Value; 6]
    );
    assert!(!here.join("results").exists(), "planning writes nothing");

    let first = ablate(here, &["run", "small.yaml"]);
    assert!(first.status.success(), "{}", err(&first));
    assert!(out(&first).trim_end().ends_with("reports/small/index.html"), "{}", out(&first));
    assert!(err(&first).contains("8 runs; training 8 on cpu"), "{}", err(&first));
    for file in ["runs.parquet", "curves.parquet", "predictions.parquet", "manifest.json", "sweep.yaml"] {
        assert!(here.join("results/small").join(file).is_file(), "{file}");
    }
    assert_eq!(fs::read_dir(here.join("results/small/journal")).unwrap().count(), 0, "the journal is folded");
    assert!(fs::read_dir(here.join("reports/small/figures")).unwrap().count() > 0);

    let saved = digests(here);
    assert_eq!(saved.len(), 8);
    let again = ablate(here, &["run", "small.yaml"]);
    assert!(again.status.success());
    assert!(err(&again).contains("8 saved already; nothing to train"), "{}", err(&again));
    assert_eq!(digests(here), saved);
    assert_eq!(plan(here, &[])["to_do"], 0);
}

#[test]
fn a_value_more_trains_only_what_is_new() {
    let folder = folder(SWEEP);
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    let saved = digests(here);
    fs::write(here.join("small.yaml"), SWEEP.replace("[linear, relu]", "[linear, relu, tanh]")).unwrap();
    let more = ablate(here, &["run", "small.yaml", "--no-report"]);
    assert!(err(&more).contains("8 saved already; training 4"), "{}", err(&more));
    let all = digests(here);
    assert_eq!(all.len(), 12);
    assert!(saved.iter().all(|(run, digest)| all[run] == *digest));
    assert_eq!(fs::read_dir(here.join("results/small/sweeps")).unwrap().count(), 2, "both versions are kept");
}

#[test]
fn digests_do_not_depend_on_jobs_order_or_company() {
    let reference = {
        let folder = folder(SWEEP);
        good(folder.path(), &["run", "small.yaml", "--no-report", "--jobs", "1"]);
        digests(folder.path())
    };
    let two = folder(SWEEP);
    good(two.path(), &["run", "small.yaml", "--no-report", "--jobs", "2"]);
    assert_eq!(digests(two.path()), reference);

    // Other keys first, other values first, and every run by itself.
    let turned = SWEEP.replace(
        "{activation: [linear, relu], normalization: [max, standardize]}",
        "{normalization: [standardize, max], activation: [relu, linear]}",
    );
    let apart = folder(&turned);
    for activation in ["relu", "linear"] {
        for normalization in ["max", "standardize"] {
            let overrides = [format!("activation={activation}"), format!("normalization={normalization}")];
            good(
                apart.path(),
                &["run", "small.yaml", "--no-report", &overrides[0], &overrides[1], "replicates.count=1"],
            );
        }
    }
    assert!(digests(apart.path()).iter().all(|(run, digest)| reference[run] == *digest));
    good(apart.path(), &["run", "small.yaml", "--no-report"]);
    assert_eq!(digests(apart.path()), reference);
}

#[test]
fn parts_of_a_sweep_make_the_whole() {
    let whole = folder(SWEEP);
    good(whole.path(), &["run", "small.yaml", "--no-report"]);
    let mut parts = BTreeMap::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let part = folder(SWEEP);
        good(part.path(), &["run", "small.yaml", "--shard", shard]);
        good(part.path(), &["gather", "small", "--no-report"]);
        if part.path().join("results/small/runs.parquet").exists() {
            for (run, digest) in digests(part.path()) {
                assert!(parts.insert(run, digest).is_none(), "a run is in one part only");
            }
        }
    }
    assert_eq!(parts, digests(whole.path()));
}

#[test]
fn a_diverged_run_is_a_result_with_its_reason() {
    let folder =
        folder(&SWEEP.replace("[linear, relu]", "[square]").replace("width: 8", "width: 8, learning_rate: 1000000.0"));
    let here = folder.path();
    let run = ablate(here, &["run", "small.yaml"]);
    assert!(run.status.success(), "diverging is no failure: {}", err(&run));
    let rows = good(
        here,
        &[
            "runs",
            "small",
            "--where",
            "status = 'diverged'",
            "--columns",
            "status,reason,domain_rmse",
            "--format",
            "csv",
        ],
    );
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[0], "status,reason,domain_rmse");
    assert_eq!(rows.len(), 5);
    assert!(rows[1].contains("training loss") && rows[1].ends_with(','), "{}", rows[1]);
}

#[test]
fn timed_out_runs_end_with_five_and_can_be_tried_again() {
    let folder = folder(&SWEEP.replace("epochs: 5", "epochs: 3000"));
    let here = folder.path();
    let hurried = ablate(here, &["run", "small.yaml", "--no-report", "--timeout", "0.001"]);
    let planned = good(here, &["plan", "small.yaml"]);
    let line = planned.lines().nth(1).unwrap();
    assert_eq!(line, "8 done (8 failed or timed out: --retry-failed trains them again), 0 to do");
    let planned = good(here, &["plan", "small.yaml", "--retry-failed"]);
    assert!(planned.contains("0 done, 8 to do"), "{planned}");
    let document: Value = serde_json::from_str(&good(here, &["plan", "small.yaml", "--json"])).unwrap();
    assert_eq!((&document["done"], &document["failed"], &document["to_do"]), (&8.into(), &8.into(), &0.into()));
    assert_eq!(hurried.status.code(), Some(5), "{}", err(&hurried));
    let again = ablate(here, &["run", "small.yaml", "--no-report"]);
    assert_eq!(again.status.code(), Some(5), "still not all is well: {}", err(&again));
    assert!(err(&again).contains("8 runs failed or timed out before; --retry-failed"), "{}", err(&again));
    let retried = ablate(here, &["run", "small.yaml", "--no-report", "--retry-failed"]);
    assert!(retried.status.success() && err(&retried).contains("training 8"), "{}", err(&retried));
    let rows = good(here, &["runs", "small", "--where", "status = 'finished'", "--columns", "run", "--format", "csv"]);
    assert_eq!(rows.lines().count(), 9);
}

#[test]
fn runs_answers_questions_in_every_format() {
    let folder = folder(SWEEP);
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    let csv = good(
        here,
        &[
            "runs",
            "small",
            "--where",
            "activation = 'relu'",
            "--sort",
            "-domain_rmse",
            "--columns",
            "run,domain_rmse",
            "--format",
            "csv",
        ],
    );
    let values: Vec<f64> = csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!(values.len(), 4);
    assert!(values.windows(2).all(|pair| pair[0] >= pair[1]), "{values:?}");
    assert_eq!(good(here, &["runs", "small", "--limit", "3", "--format", "csv"]).lines().count(), 4);
    assert!(
        good(here, &["runs", "small", "--format", "markdown"])
            .lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("|--") || line.starts_with("| --")),
        "a Markdown table"
    );
    assert!(good(here, &["runs", "results/small"]).contains("8 runs"));
    let parquet = ablate(here, &["runs", "small", "--format", "parquet"]).stdout;
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));

    let wrong = ablate(here, &["runs", "small", "--where", "activaton = 'relu'"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("activation"), "{}", err(&wrong));
    let missing = ablate(here, &["runs", "smal"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(err(&missing).contains("did you mean `small`?"), "{}", err(&missing));
}

#[test]
fn show_tells_all_of_a_run() {
    let folder = folder(SWEEP);
    let here = folder.path();
    good(here, &["run", "small.yaml", "--no-report"]);
    let (run, digest) = digests(here).pop_first().unwrap();
    let text = good(here, &["show", &run[..6]]);
    for part in [run.as_str(), digest.as_str(), "activation", "extrapolation", "affine_floor"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let document: Value = serde_json::from_str(&good(here, &["show", &run, "--json"])).unwrap();
    assert_eq!((&document["version"], &document["run"]), (&1.into(), &run.as_str().into()));
    assert_eq!(ablate(here, &["show", "abc"]).status.code(), Some(2));
    assert_eq!(ablate(here, &["show", "ffffffffff"]).status.code(), Some(2));
}

#[test]
fn reports_are_made_again_from_saved_results_alone() {
    let folder = folder(SWEEP);
    let here = folder.path();
    good(here, &["run", "small.yaml"]);
    let page = fs::read(here.join("reports/small/index.html")).unwrap();
    fs::remove_file(here.join("small.yaml")).unwrap();
    good(here, &["report", "small", "--out", "elsewhere"]);
    assert_eq!(fs::read(here.join("elsewhere/index.html")).unwrap(), page, "the same bytes");
}

#[test]
fn exit_codes_are_as_promised() {
    let folder = folder(SWEEP);
    let here = folder.path();
    assert_eq!(ablate(here, &["run"]).status.code(), Some(2));
    assert_eq!(ablate(here, &["run", "absent.yaml"]).status.code(), Some(2));
    assert_eq!(ablate(here, &["run", "small.yaml", "--device", "tpu"]).status.code(), Some(2));
    assert_eq!(ablate(here, &["run", "small.yaml", "--max-runs", "7"]).status.code(), Some(2));
    for timeout in ["--timeout=-1", "--timeout=0", "--timeout=NaN", "--timeout=1e300"] {
        assert_eq!(ablate(here, &["run", "small.yaml", timeout]).status.code(), Some(2), "{timeout}");
    }
    let invalid = ablate(here, &["run", "small.yaml", "activation=rulu"]);
    assert_eq!(invalid.status.code(), Some(3));
    assert!(err(&invalid).starts_with("command line:1:12: ") && err(&invalid).contains("relu"), "{}", err(&invalid));
    assert!(!here.join("results").exists(), "nothing was written");

    fs::write(here.join("metric.yaml"), SWEEP.replace("domain_rmse", "domain_rsme")).unwrap();
    let metric = ablate(here, &["plan", "metric.yaml"]);
    assert_eq!(metric.status.code(), Some(3));
    assert!(
        err(&metric).starts_with("metric.yaml:4:16: ") && err(&metric).contains("did you mean `domain_rmse`?"),
        "{}",
        err(&metric)
    );

    good(here, &["run", "small.yaml", "--no-report"]);
    let parquet = here.join("results/small/runs.parquet");
    let mut bytes = fs::read(&parquet).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&parquet, bytes).unwrap();
    for command in [vec!["runs", "small"], vec!["report", "small"], vec!["run", "small.yaml"]] {
        let damaged = ablate(here, &command);
        assert_eq!(damaged.status.code(), Some(7), "{command:?}: {}", err(&damaged));
        assert!(err(&damaged).contains("runs.parquet"), "{}", err(&damaged));
    }
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let help = good(folder.path(), &["--help"]);
    for command in ["run", "plan", "report", "runs", "show", "compare", "cite", "doctor", "schema"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} in {help}");
        let own = good(folder.path(), &[command, "--help"]);
        assert!(own.contains("Usage:") && own.len() > 300, "{own}");
    }
    for (command, words) in [("run", "Ctrl-C"), ("plan", "which points a rule removes"), ("completions", "fish")] {
        let own = good(folder.path(), &[command, "--help"]);
        assert!(own.contains(words), "{own}");
        let man = good(folder.path(), &["man", "--out", "man"]);
        let page = fs::read_to_string(folder.path().join(format!("man/ablate-{command}.1"))).unwrap();
        assert!(page.contains(&words.replace('-', "\\-")), "{man}{page}");
    }
    let doctor: Value = serde_json::from_str(&good(folder.path(), &["doctor", "--json"])).unwrap();
    assert_eq!(doctor["libtorch"]["works"], true);
    assert!(good(folder.path(), &["schema", "--table"]).contains("| `activation` |"));
    let schema: Value = serde_json::from_str(&good(folder.path(), &["schema"])).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn a_profile_adds_up_to_the_whole() {
    let folder = folder(SWEEP);
    let here = folder.path();
    let run = ablate(here, &["run", "small.yaml", "--no-report", "--profile", "--jobs", "2"]);
    assert!(run.status.success(), "{}", err(&run));
    let text = err(&run);
    let (summary, table) = text.split_once("share of the time of all workers\n").unwrap_or_else(|| panic!("{text}"));
    assert!(summary.contains("8 runs in "), "after the summary: {text}");
    let share = |line: &str| -> (String, f64) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words.len(), words[2]), (3, "%"), "{line}");
        (words[0].to_owned(), words[1].parse().unwrap())
    };
    let shares: Vec<_> = table.lines().map(share).collect();
    let names: Vec<_> = shares.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["batches", "forward", "activation", "backward", "update", "metrics", "store"]);
    let tenths: f64 = shares.iter().map(|(_, share)| (share * 10.0).round()).sum();
    assert_eq!(tenths, 1000.0, "{table}");
    assert!(shares.iter().filter(|(_, share)| *share > 0.0).count() >= 3, "{table}");

    let again = ablate(here, &["run", "small.yaml", "--no-report", "--profile"]);
    assert!(err(&again).contains("nothing was timed"), "{}", err(&again));
    let plain = ablate(here, &["run", "small.yaml", "--no-report", "--retry-failed"]);
    assert!(!err(&plain).contains("share of the time"), "{}", err(&plain));
}

#[test]
fn all_ways_of_progress_go_to_standard_error() {
    for how in ["bar", "plain", "none", "auto"] {
        let folder = folder(SWEEP);
        let output = ablate(folder.path(), &["run", "small.yaml", "--progress", how, "--no-report"]);
        assert!(output.status.success() && output.stdout.is_empty(), "{how}: {}", out(&output));
        if how == "none" {
            assert!(!err(&output).contains('%'), "{}", err(&output));
        }
    }
    let quiet = folder(SWEEP);
    let output = ablate(quiet.path(), &["run", "small.yaml", "--quiet"]);
    assert!(output.stderr.is_empty(), "{}", err(&output));
    assert_eq!(out(&output).lines().count(), 1, "only the path of the page");
}

#[test]
fn completions_and_manual_know_every_command() {
    let folder = folder(SWEEP);
    let commands =
        ["run", "plan", "report", "runs", "show", "compare", "cite", "check", "doctor", "schema", "completions", "man"];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = good(folder.path(), &["completions", shell]);
        assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
    }
    let page = good(folder.path(), &["man"]);
    assert!(page.starts_with(".ie") && page.contains(".TH ablate 1"), "{page:.200}");
    good(folder.path(), &["man", "--out", "man1"]);
    for command in commands {
        assert!(fs::read_to_string(folder.path().join(format!("man1/ablate-{command}.1"))).is_ok(), "{command}");
    }
    fs::write(folder.path().join("file"), "").unwrap();
    let nowhere = ablate(folder.path(), &["man", "--out", "file/man1"]);
    assert!(!nowhere.status.success() && err(&nowhere).contains("file/man1"), "{}", err(&nowhere));
}

#[test]
fn a_plan_tells_what_an_edit_changes() {
    let folder = folder(SWEEP);
    let alone = good(folder.path(), &["plan", "small.yaml", "--diff", "--device", "cpu"]);
    let of_run = good(folder.path(), &["run", "small.yaml", "--plan", "--diff", "--device", "cpu"]);
    let added = |text: &str| text.lines().find(|line| line.contains("added")).map(str::to_owned);
    assert!(added(&alone).is_some() && added(&alone) == added(&of_run), "{alone}{of_run}");
    good(folder.path(), &["run", "small.yaml", "--no-report"]);
    let edited = SWEEP.replace("[linear, relu]", "[relu, tanh]");
    fs::write(folder.path().join("small.yaml"), edited).unwrap();
    let text = good(folder.path(), &["plan", "small.yaml", "--diff"]);
    assert!(text.contains("4 added, 4 kept, 4 left behind"), "{text}");
    assert!(text.contains("+ activation: tanh") && text.contains("- activation: linear"), "{text}");
    let document: Value =
        serde_json::from_str(&good(folder.path(), &["plan", "small.yaml", "--diff", "--json"])).unwrap();
    assert_eq!((&document["diff"]["adds"], &document["diff"]["leaves"]), (&4.into(), &4.into()));
    let change = &document["diff"]["parameters"][0];
    assert_eq!((&change["parameter"], &change["adds"][0]), (&"activation".into(), &"tanh".into()));
    assert_eq!(document["diff"]["added"].as_array().unwrap().len(), 2);
    // A combination is new where none of its values is.
    good(folder.path(), &["run", "small.yaml", "--no-report", "normalization=max"]);
    let text = good(folder.path(), &["plan", "small.yaml", "--diff"]);
    assert!(text.contains("2 added, 6 kept, 4 left behind") && text.contains("1 configuration added:"), "{text}");
    let line = text.lines().find(|line| line.contains("  + ")).unwrap();
    assert!(line.ends_with("normalization standardize, activation tanh"), "{text}");
    // Values are of the kinds that they have in the tables.
    let edited =
        ["plan", "small.yaml", "--diff", "--json", "learning_rate=0.001,0.00083333333", "bias=false", "width=3,4"];
    let document: Value = serde_json::from_str(&good(folder.path(), &edited)).unwrap();
    let added = document["diff"]["added"].as_array().unwrap();
    let of = |name: &str, value: Value| added.iter().any(|one| one["parameters"][name] == value);
    assert!(
        of("learning_rate", 0.000_833_333_33.into()) && of("bias", false.into()) && of("width", 3.into()),
        "{document}"
    );
}

#[test]
fn a_plan_tells_which_seeds_change_and_what_a_rule_leaves_behind() {
    let folder = folder(SWEEP);
    good(folder.path(), &["run", "small.yaml", "--no-report"]);
    let moved = good(folder.path(), &["plan", "small.yaml", "--diff", "replicates.seed=5", "replicates.vary=[init]"]);
    assert!(
        moved.contains("+ data_seed: 5") && moved.contains("+ init_seed: 5, 6") && moved.contains("- init_seed: 0, 1")
    );
    let fewer: Value =
        serde_json::from_str(&good(folder.path(), &["plan", "small.yaml", "--diff", "--json", "replicates.count=1"]))
            .unwrap();
    assert_eq!((&fewer["diff"]["seeds"][0]["leaves"][0], &fewer["diff"]["leaves"]), (&"1".into(), &4.into()));
    assert_eq!(fewer["diff"]["left"].as_array().unwrap().len(), 0, "none is left behind under all seeds");
    let ruled = format!("{SWEEP}exclude: [{{activation: relu, normalization: max}}]\n");
    fs::write(folder.path().join("small.yaml"), ruled).unwrap();
    let text = good(folder.path(), &["plan", "small.yaml", "--diff"]);
    assert!(text.contains("0 added, 6 kept, 2 left behind") && text.contains("1 configuration left behind:"), "{text}");
    let line = text.lines().last().unwrap();
    assert!(line.contains("normalization max") && line.contains("activation relu"), "{text}");
    let document: Value =
        serde_json::from_str(&good(folder.path(), &["plan", "small.yaml", "--diff", "--json"])).unwrap();
    assert_eq!(document["diff"]["left"][0]["parameters"]["activation"], "relu");
    assert_eq!(document["diff"]["left"].as_array().unwrap().len(), 1);
}

#[test]
fn a_plan_tells_shapes_apart() {
    let text = "version: 1\nname: shapes\nbase: {depth: 60, epochs: 2}\n\
        grid: {optimizer: [adam, sgd], layer_norm: [none, rms], loss: [mse, mae]}\n";
    let folder = folder(SWEEP);
    fs::write(folder.path().join("shapes.yaml"), text).unwrap();
    let shown = good(folder.path(), &["plan", "shapes.yaml"]);
    let rows: Vec<&str> = shown.lines().filter(|line| line.starts_with("1-64×60-1 relu, ")).collect();
    let distinct: std::collections::HashSet<&&str> = rows.iter().collect();
    assert_eq!((rows.len(), distinct.len()), (8, 8), "{shown}");
    assert!(
        rows.iter().any(|row| row.starts_with("1-64×60-1 relu, layer_norm rms, optimizer sgd, loss mae ")),
        "{shown}"
    );
    let document: Value = serde_json::from_str(&good(folder.path(), &["plan", "shapes.yaml", "--json"])).unwrap();
    let of = |field: &str| {
        let shapes = document["shapes"].as_array().unwrap();
        shapes.iter().map(|shape| shape[field].to_string()).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(["optimizer", "layer_norm", "loss", "layer", "precision", "dropout"].map(of), [2, 2, 2, 1, 1, 1]);
    assert_eq!(document["shapes"][0]["network"], "1-64×60-1 relu");
}

#[test]
fn what_is_worth_saying_of_a_plan_stands_beside_it() {
    let folder = folder(SWEEP);
    let grids = "version: 1\nname: two\ngrids:\n  a: {base: {hidden: [4, 8]}}\n  b: {base: {width: 4}}\n";
    fs::write(folder.path().join("two.yaml"), grids).unwrap();
    let output = ablate(folder.path(), &["plan", "two.yaml", "depth=3"]);
    assert!(output.status.success());
    assert!(
        err(&output).starts_with("note: `depth` of the command line has no effect in the grid `a`"),
        "{}",
        err(&output)
    );
    let document: Value =
        serde_json::from_str(&good(folder.path(), &["plan", "two.yaml", "depth=3", "--json"])).unwrap();
    assert_eq!(document["notes"].as_array().unwrap().len(), 1);
    let empty = format!("{grids}exclude: [{{width: 4}}]\n");
    fs::write(folder.path().join("two.yaml"), empty).unwrap();
    let output = ablate(folder.path(), &["plan", "two.yaml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(err(&output).contains("no point of the grid `b` is left"), "{}", err(&output));
}

#[test]
fn replicates_that_vary_one_thing_are_told_apart() {
    let folder = folder(SWEEP);
    good(folder.path(), &["run", "small.yaml", "--no-report", "activation=relu", "normalization=max"]);
    good(
        folder.path(),
        &["run", "small.yaml", "--no-report", "activation=relu", "normalization=max", "replicates.vary=[init]"],
    );
    let columns = "replicate,seed,data_seed,init_seed,shuffle_seed";
    let mut lines: Vec<String> = good(folder.path(), &["runs", "small", "--columns", columns, "--format", "csv"])
        .lines()
        .skip(1)
        .map(ToOwned::to_owned)
        .collect();
    lines.sort();
    // The first replicate is the same run both times.
    assert_eq!(lines, ["0,0,0,0,0", "1,1,0,1,0", "1,1,1,1,1"]);
}

#[test]
fn numbers_in_conditions_may_have_exponents() {
    let folder = folder(SWEEP);
    good(folder.path(), &["run", "small.yaml", "--no-report"]);
    let runs = |condition: &str| {
        let table =
            good(folder.path(), &["runs", "small", "--where", condition, "--columns", "run", "--format", "csv"]);
        table.lines().skip(1).count()
    };
    assert_eq!((runs("learning_rate = 1e-3"), runs("learning_rate = 0.001")), (8, 8));
    assert_eq!((runs("learning_rate > 1E-3"), runs("activation <> '1e-3'")), (0, 8));
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }).sum()
}

#[test]
fn a_plan_tells_how_much_of_the_disk_is_needed() {
    for (count, epochs, widths) in [(1, 5, "[8]"), (1, 200, "[4, 64]"), (12, 40, "[4, 8, 300]")] {
        let text =
            SWEEP.replace("count: 2", &format!("count: {count}")).replace("epochs: 5", &format!("epochs: {epochs}"));
        let text = text.replace(", width: 8", "").replace("grid: {", &format!("grid: {{width: {widths}, "));
        let folder = folder(&text);
        for weights in [&[][..], &["--save-weights"]] {
            let planned = plan(folder.path(), weights)["bytes"].as_f64().unwrap();
            good(folder.path(), &[&["run", "small.yaml", "--no-report"], weights].concat());
            let taken = size(&folder.path().join("results/small")) as f64;
            let ratio = planned / taken;
            assert!((0.7..1.4).contains(&ratio), "{count} {epochs} {widths} {weights:?}: {planned} of {taken}");
            fs::remove_dir_all(folder.path().join("results")).unwrap();
        }
    }
    // And of what is saved already.
    for (sweep, count) in [("why-squares", 190), ("seed-luck", 397), ("precision", 80)] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join(format!("sweeps/{sweep}.yaml"));
        let elsewhere = tempfile::tempdir().unwrap();
        let plan = good(elsewhere.path(), &["plan", file.to_str().unwrap(), "--json"]);
        let plan: Value = serde_json::from_str(&plan).unwrap();
        assert_eq!(plan["to_do"], count);
        let ratio = plan["bytes"].as_f64().unwrap() / size(&root.join("results").join(sweep)) as f64;
        assert!((0.7..1.4).contains(&ratio), "{sweep}: {ratio}");
    }
}
