//! Verification: every planted change is caught, and what cannot be promised is told apart from what was broken.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use ablate::cite::verify::{Archive, Candidate, Standing, Summary, Verdict, Verification, sample};
use ablate::config::Id;
use ablate::execute::{Event, Listener, Options, Stop, execute};
use ablate::plan::{Limits, Plan, Run};
use ablate::random::Stream;
use ablate::store::{Cell, Identity, Record, Results, SweepCopy, Writer};
use ablate::train::{Device, Outcome, Status, digest};
use serde_json::{Value, json};
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
question: Does it work?
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 20, largest: 30, epochs: 6, batch: 16, width: 8}
grids:
  one:
    base: {task: square}
    grid: {activation: [linear, relu], normalization: [max, standardize]}
  two:
    base: {task: sum}
    grid: {precision: [f32, f64]}
replicates: {count: 20}
";
const RUNS: usize = 120;

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What `ablate verify … --json` prints, with its exit code.
fn verify(folder: &Path, arguments: &[&str]) -> (Value, i32) {
    let output = ablate(folder, &[&["verify", "small", "--json", "--progress", "none"], arguments].concat());
    let document = serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{}{}", out(&output), err(&output)));
    (document, output.status.code().unwrap())
}

/// All runs of the sweep with what they end as.
fn trained() -> Vec<(Run, Outcome)> {
    #[derive(Default)]
    struct Ends(Mutex<Vec<(Run, Outcome)>>);
    impl Listener for Ends {
        fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
            if let Event::RunEnded { run, outcome } = event {
                self.0.lock().unwrap().push((run.clone(), outcome.clone()));
            }
            Ok(())
        }
    }
    let sweep = ablate::sweep::parse(SWEEP, "small.yaml", &[]).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let options = Options { jobs: 2, devices: vec![Device::Cpu], time_limit: None, profile: None };
    let ends = Ends::default();
    execute(&plan.cohorts, &options, &Stop::default(), &ends).unwrap();
    let mut ends = ends.0.into_inner().unwrap();
    ends.sort_by_key(|(run, _)| run.id);
    assert_eq!(ends.len(), RUNS);
    ends
}

fn record(run: &Run, outcome: &Outcome) -> Record {
    Record::new(Identity::of(run, "small"), &run.point.configuration(), outcome)
}

/// Results in Parquet with the right hashes and seals, as `edit` has changed them before they were saved: record, and
/// weights where they are kept.
fn saved(
    runs: &[(Run, Outcome)],
    edit: &mut dyn FnMut(usize, &mut Record, &mut Outcome) -> bool,
    process: Option<&Value>,
) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sweep = SweepCopy { name: "small".into(), text: SWEEP.into(), overrides: Vec::new() };
    let writer = Writer::open(&results(&folder), &sweep, Box::new(|_| {})).unwrap();
    if let Some(Value::Object(note)) = process {
        writer.keep_provenance(note).unwrap();
    }
    for (index, (run, outcome)) in runs.iter().enumerate() {
        let (mut record, mut outcome) = (record(run, outcome), outcome.clone());
        record.process = process.map(|_| writer.process().to_owned());
        let keeps = edit(index, &mut record, &mut outcome);
        writer.append(&record, keeps.then_some(outcome.weights.as_slice())).unwrap();
    }
    writer.close().unwrap();
    folder
}

fn results(folder: &TempDir) -> PathBuf {
    folder.path().join("results/small")
}

fn of_run(document: &Value) -> BTreeMap<String, Value> {
    let runs = document["runs"].as_array().unwrap();
    runs.iter().map(|found| (found["run"].as_str().unwrap().to_owned(), found.clone())).collect()
}

#[test]
fn a_sweep_is_trained_again_to_the_same_bits_and_the_report_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("small.yaml"), SWEEP).unwrap();
    assert!(ablate(here, &["run", "small.yaml", "--save-weights"]).status.success());
    let page = || fs::read_to_string(here.join("reports/small/index.html")).unwrap();
    assert!(!page().contains("trained again by"), "no verification was made");
    assert!(!here.join("results/small/verified").exists());

    let (document, code) = verify(here, &["--sample", "12"]);
    assert_eq!((code, &document["version"], &document["bitwise_equal"]), (0, &json!(1), &json!(12)), "{document}");
    assert_eq!((&document["saved"], &document["left"]), (&json!(RUNS), &json!(0)));
    let found = of_run(&document);
    assert!(found.values().all(|found| found["compared"]["weights"].as_u64() > Some(0)));
    assert!(found.values().all(|found| found["compared"]["points"] == 6 && found["is_whole"] == true));
    assert!(ablate(here, &["report", "small"]).status.success());
    let sentence = "12 of 120\u{a0}runs were trained again by ablate verify: all bitwise equal.";
    assert!(page().contains(sentence), "the report says so");
    let first = page();
    assert!(ablate(here, &["report", "small"]).status.success());
    assert_eq!(page(), first, "the same results, the same bytes");
    assert!(ablate(here, &["check", "small"]).status.success(), "what is kept is no damage");

    // One run, for people.
    let run = found.keys().next().unwrap();
    let one = ablate(here, &["verify", &run[..8]]);
    assert!(one.status.success(), "{}", err(&one));
    assert!(out(&one).starts_with(&format!("run {run}: bitwise equal\n")), "{}", out(&one));
    // All of them.
    let all = ablate(here, &["verify", "results/small"]);
    assert_eq!(out(&all), "small: 120 of 120 runs were trained again: all bitwise equal\n");
    assert!(err(&all).contains("small: training 120 runs again on cpu, about "), "{}", err(&all));
}

/// The next number, which differs in its last place.
fn nudge(number: &mut f64) {
    *number = number.next_up();
}

#[test]
fn a_change_of_one_unit_in_the_last_place_is_caught_wherever_it_is() {
    let runs = trained();
    let mut planted: BTreeMap<String, String> = BTreeMap::new();
    let folder = saved(
        &runs,
        &mut |index, record, outcome| {
            if index >= 100 {
                return index.is_multiple_of(2);
            }
            let mut dice = Stream::new(7, "places", index as u64);
            let mut pick = |most: usize| usize::try_from(dice.below(most as u64)).unwrap();
            let quantity = match index % 4 {
                0 => {
                    let point = pick(record.curve.len());
                    let point = &mut record.curve[point];
                    let values = [
                        (&mut point.train_loss, "train_loss"),
                        (&mut point.test_loss, "test_loss"),
                        (&mut point.test_rmse, "test_rmse"),
                        (&mut point.learning_rate, "learning_rate"),
                        (&mut point.gradient_norm, "gradient_norm"),
                    ];
                    let (value, name) = values.into_iter().nth(pick(5)).unwrap();
                    nudge(value);
                    format!("{}:{name}", point.epoch)
                }
                1 => {
                    let measure = pick(record.measures.len());
                    let (name, value) = &mut record.measures[measure];
                    nudge(value);
                    name.clone()
                }
                2 if !record.predictions.is_empty() => {
                    let prediction = pick(record.predictions.len());
                    let prediction = &mut record.predictions[prediction];
                    let before = prediction.input;
                    let (value, name) = match pick(3) {
                        0 => (&mut prediction.input, "input".to_owned()),
                        1 => (&mut prediction.target, format!("target for {before:?}")),
                        _ => (&mut prediction.prediction, format!("prediction for {before:?}")),
                    };
                    nudge(value);
                    name
                }
                _ => {
                    let weight = pick(outcome.weights.len());
                    let weight = &mut outcome.weights[weight];
                    let size = weight.bytes.len() / weight.shape.iter().product::<usize>();
                    let at = pick(weight.bytes.len() / size);
                    // The last place: the lowest bit of the lowest byte.
                    weight.bytes[at * size] ^= 1;
                    format!("{}[", weight.name)
                }
            };
            planted.insert(record.identity.run.to_string(), quantity);
            true
        },
        None,
    );
    assert!(ablate(folder.path(), &["check", "small"]).status.success(), "hashes and seals are right");
    let (document, code) = verify(folder.path(), &[]);
    assert_eq!((code, &document["different"], &document["bitwise_equal"]), (6, &json!(100), &json!(20)));
    assert_eq!(planted.len(), 100);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (run, found) in of_run(&document) {
        let Some(quantity) = planted.get(&run) else {
            assert_eq!(found["verdict"], "bitwise_equal", "{found}");
            continue;
        };
        assert_eq!((&found["verdict"], &found["differing"]), (&json!("different"), &json!(1)), "{quantity}: {found}");
        let first = &found["first"];
        let epoch = first["epoch"].as_u64().map_or(String::new(), |epoch| format!("{epoch}:"));
        let told = format!("{epoch}{}", first["quantity"].as_str().unwrap());
        assert!(
            told == *quantity || (quantity.ends_with('[') && told.starts_with(quantity.as_str())),
            "{told}, {quantity}"
        );
        assert_ne!(first["saved"], first["trained"]);
        // Training gives the saved digest, so it is what is saved that was changed.
        assert_eq!((&found["is_whole"], &found["trained_digest"]), (&json!(false), &found["digest"]));
        let kind = if quantity.contains(':') { "curve" } else { quantity.split([' ', '.']).next().unwrap() };
        *kinds.entry(if kind == "layers" || kind == "curve" { kind } else { "others" }).or_default() += 1;
    }
    assert!(kinds.len() == 3 && kinds.values().all(|count| *count >= 20), "{kinds:?}");
    // Of a change among weights that were kept, and of one elsewhere where they were not, people read the same.
    let text = out(&ablate(folder.path(), &["verify", "small", "--progress", "none"]));
    let said = "training gives the digest that is saved, and what is saved does not have it: what is saved was changed";
    assert_eq!(text.matches(said).count(), 100, "{text}");
    assert_eq!(text.matches("  1 value differs: ").count(), 100, "{text}");
    assert!(text.ends_with("small: 120 of 120 runs were trained again: 20 bitwise equal; 100 different\n"), "{text}");
}

#[test]
fn what_is_no_number_is_compared_too() {
    type Edit = fn(&mut Record, &mut Outcome);
    let edits: [(&str, Edit); 14] = [
        ("status", |record, _| record.status = Status::Diverged),
        ("reason", |record, _| record.reason = Some("it was told to".into())),
        ("epochs_done", |record, _| record.epochs_done += 1),
        ("parameters", |record, _| record.parameters += 1),
        ("features", |record, _| record.features += 1),
        ("curve", |record, _| record.curve.retain(|point| point.epoch != 3)),
        ("curve", |record, _| record.curve.push(ablate::train::CurvePoint { epoch: 9, ..record.curve[0] })),
        ("train_loss", |record, _| record.curve[1].train_loss = f64::NAN),
        ("affine_floor", |record, _| record.measures.retain(|(name, _)| name != "affine_floor")),
        ("layers.0.bias", |_, outcome| outcome.weights.retain(|weight| weight.name != "layers.0.bias")),
        ("shape of layers.0.bias", |_, outcome| {
            let bias = outcome.weights.iter_mut().find(|weight| weight.name == "layers.0.bias").unwrap();
            bias.shape.push(1);
        }),
        ("run", |record, _| record.identity.seeds.init += 1),
        ("run", |record, _| {
            let cell = record.configuration.iter_mut().find(|(name, _)| name == "learning_rate").unwrap();
            cell.1 = Cell::Number(0.25);
        }),
        ("", |record, _| record.digest = "0".repeat(64)),
    ];
    let runs = trained();
    let mut wanted = BTreeMap::new();
    let folder = saved(
        &runs[..edits.len()],
        &mut |index, record, outcome| {
            let (quantity, edit) = edits[index];
            edit(record, outcome);
            wanted.insert(record.identity.run.to_string(), quantity);
            true
        },
        None,
    );
    let (document, code) = verify(folder.path(), &[]);
    assert_eq!((code, &document["different"]), (6, &json!(edits.len())), "{document}");
    for (run, found) in of_run(&document) {
        assert_eq!(found["first"]["quantity"].as_str().unwrap_or_default(), wanted[&run], "{found}");
        // The digest does not cover these.
        let beyond = ["reason", "parameters", "features"].contains(&wanted[&run]);
        assert_eq!(found["is_whole"], beyond, "{found}");
    }
}

/// Another environment, of which is kept what decided bits there.
const ELSEWHERE: &str = "0123456789abcdef0123";

fn elsewhere(record: &mut Record, outcome: &mut Outcome, factor: f64) {
    ELSEWHERE.clone_into(&mut record.environment);
    for (name, value) in &mut record.measures {
        *value *= factor;
        outcome.measures.set(name, *value);
    }
    record.curve.iter_mut().for_each(|point| point.train_loss *= factor);
    outcome.curve.clone_from(&record.curve);
    record.digest = digest(outcome);
}

#[test]
fn another_environment_is_within_tolerance_or_different() {
    let note =
        json!({"environments": [{"id": ELSEWHERE, "decides": {"numerics": "0", "device": "cpu", "wheel": "square"}}]});
    let runs = trained();
    let folder = saved(
        &runs[..5],
        &mut |index, record, outcome| {
            match index {
                // The same bits, though they came from elsewhere.
                0 => ELSEWHERE.clone_into(&mut record.environment),
                1 | 2 => elsewhere(record, outcome, 1.0 + 1e-6),
                3 => elsewhere(record, outcome, 1.5),
                // What was changed after it was saved is no matter of environments.
                _ => {
                    ELSEWHERE.clone_into(&mut record.environment);
                    nudge(&mut record.curve[0].train_loss);
                }
            }
            // Where weights are not kept, the digest alone tells of them.
            index != 2
        },
        Some(&note),
    );
    let ids: Vec<String> = runs[..5].iter().map(|(run, _)| run.id.to_string()).collect();
    let (document, code) = verify(folder.path(), &[]);
    let found = of_run(&document);
    let verdicts: Vec<&str> = ids.iter().map(|id| found[id]["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["bitwise_equal", "within_tolerance", "within_tolerance", "different", "different"]);
    assert_eq!(code, 6);
    let relative = found[&ids[1]]["largest"]["relative"].as_f64().unwrap();
    assert!((relative / 1e-6 - 1.0).abs() < 0.01, "{relative}");
    let whole: Vec<&Value> = ids.iter().map(|id| &found[id]["is_whole"]).collect();
    assert_eq!(whole, [&json!(true), &json!(true), &json!(true), &json!(true), &json!(false)]);
    let facts = found[&ids[1]]["facts"].as_array().unwrap();
    let names: Vec<&str> = facts.iter().map(|fact| fact["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["numerics", "wheel"], "the device is the same");
    assert_eq!((&facts[0]["saved"], &facts[1]["trained"]), (&json!("0"), &Value::Null));

    let text = out(&ablate(folder.path(), &["verify", &ids[1]]));
    assert!(text.starts_with(&format!("run {}: another environment: within tolerance\n", ids[1])), "{text}");
    assert!(text.contains("  numerics: 0 when saved, ") && text.contains("  wheel: square when saved, not there here"));
    let (document, code) = verify(folder.path(), &["--tolerance", "0"]);
    assert_eq!((code, &document["within_tolerance"], &document["different"]), (6, &json!(0), &json!(4)));
    let summary = Summary::of(&Results::open(&results(&folder)).unwrap(), &|_| true).unwrap();
    let sentence = summary.sentence().unwrap();
    let start = "5 of 5\u{a0}runs were trained again by ablate verify: 1 bitwise equal; 4 different.";
    assert_eq!(sentence, start);
}

#[test]
fn what_was_verified_is_kept_and_counts_for_its_record_alone() {
    let runs = &trained()[..3];
    let folder = saved(runs, &mut |_, _, _| false, None);
    verify(folder.path(), &[]);
    let of = |folder: &TempDir, run: Id| Verification::of(&Results::open(&results(folder)).unwrap(), run).unwrap();
    let found = of(&folder, runs[0].0.id).unwrap();
    assert_eq!((found.verdict, found.digest.as_str()), (Verdict::BitwiseEqual, runs[0].1.digest.as_str()));
    assert_eq!(found.compared.weights, None, "they were not kept");
    assert_eq!((found.ablate.version.as_str(), found.same_environment()), (env!("CARGO_PKG_VERSION"), true));
    assert!(found.time.ends_with('Z'), "{}", found.time);

    // The same verifications beside a record with another digest.
    let other = saved(
        runs,
        &mut |index, record, _| {
            if index == 0 {
                record.digest = "0".repeat(64);
            }
            false
        },
        None,
    );
    fs::create_dir(results(&other).join("verified")).unwrap();
    for (run, _) in runs {
        let name = format!("verified/{}.json", run.id);
        fs::copy(results(&folder).join(&name), results(&other).join(&name)).unwrap();
    }
    assert_eq!(of(&other, runs[0].0.id), None);
    assert!(of(&other, runs[1].0.id).is_some());
    let summary = Summary::of(&Results::open(&results(&other)).unwrap(), &|_| true).unwrap();
    assert_eq!((summary.equal, summary.outdated, summary.different), (2, 1, 0));
    let sentence = summary.sentence().unwrap();
    assert!(
        sentence.starts_with("2 of 3\u{a0}runs were trained again by ablate verify: all bitwise equal. "),
        "{sentence}"
    );
    assert!(sentence.contains("1\u{a0}earlier verification does not count"), "{sentence}");
    // A note that was changed is damage.
    let note = results(&folder).join(format!("verified/{}.json", runs[0].0.id));
    let text = fs::read_to_string(&note).unwrap();
    fs::write(&note, text.replace("bitwise_equal", "bitwise_equaL")).unwrap();
    assert!(Verification::of(&Results::open(&results(&folder)).unwrap(), runs[0].0.id).is_err());
    assert_eq!(ablate(folder.path(), &["report", "small"]).status.code(), Some(7));
}

#[test]
fn what_cannot_be_compared_is_said_and_what_cannot_be_kept() {
    let runs = &trained()[..4];
    let folder = saved(
        runs,
        &mut |index, record, _| {
            let (status, reason) = match index {
                0 => (Status::Failed, "no memory"),
                1 => (Status::TimedOut, "over the time limit of 1 s"),
                _ => return false,
            };
            record.status = status;
            record.reason = Some(reason.into());
            false
        },
        None,
    );
    let (document, code) = verify(folder.path(), &[]);
    assert_eq!((code, &document["bitwise_equal"], &document["saved"]), (0, &json!(2), &json!(4)));
    let reasons: Vec<&str> =
        document["incomparable"].as_array().unwrap().iter().map(|run| run["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["it failed: no memory", "it ran out of time: over the time limit of 1 s"]);
    let text = out(&ablate(folder.path(), &["verify", "small"]));
    assert!(text.starts_with("2 runs cannot be compared: 1 because it failed: no memory; 1 because it ran"), "{text}");
    assert!(text.ends_with("small: 2 of 4 runs were trained again: all bitwise equal\n"), "{text}");
    let failed = ablate(folder.path(), &["verify", &runs[0].0.id.to_string()]);
    assert_eq!(failed.status.code(), Some(2));
    assert!(err(&failed).contains("cannot be verified: it failed: no memory"), "{}", err(&failed));
    assert!(!results(&folder).join(format!("verified/{}.json", runs[0].0.id)).exists());

    // Nothing is written through a link, and the verdict is said all the same.
    fs::remove_dir_all(results(&folder).join("verified")).unwrap();
    std::os::unix::fs::symlink("/nowhere", results(&folder).join("verified")).unwrap();
    let run = runs[2].0.id.to_string();
    let output = ablate(folder.path(), &["verify", &run]);
    assert!(output.status.success() && out(&output).contains(": bitwise equal\n"), "{}", out(&output));
    assert!(err(&output).contains("what was found could not be kept: "), "{}", err(&output));

    for (arguments, what) in [
        (["verify", "nothing", "--quiet"], "no results at"),
        (["verify", &run, "--sample=3"], "one run was named"),
        (["verify", "small", "--sample=0"], "is no sample"),
        (["verify", "small", "--sample=101%"], "is no sample"),
        (["verify", "small", "--tolerance=-1"], "is no relative difference"),
        (["verify", "abcdef0123", "--quiet"], "no run `abcdef0123`"),
    ] {
        let output = ablate(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(what), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn a_run_of_a_gpu_is_verified_where_there_is_none_only_if_that_is_asked_for() {
    let runs = &trained()[..2];
    let folder = saved(
        runs,
        &mut |_, record, _| {
            record.device = "cuda:0".into();
            ELSEWHERE.clone_into(&mut record.environment);
            false
        },
        None,
    );
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
        command.args(arguments).current_dir(folder.path()).env("CUDA_VISIBLE_DEVICES", "").output().unwrap()
    };
    let output = run(&["verify", "small", "--quiet"]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    let hint = "error: with --device cpu the runs are trained again in another environment: ";
    assert!(err(&output).starts_with(hint), "{}", err(&output));
    assert!(!results(&folder).join("verified").exists());
    let output = run(&["verify", "small", "--quiet", "--device", "cpu"]);
    assert!(output.status.success() && out(&output).ends_with("2 of 2 runs were trained again: all bitwise equal\n"));
    let unknown = "  what differs between the two is not known: nothing was kept of where the run was trained\n";
    assert!(out(&output).contains(ELSEWHERE) && out(&output).contains(unknown), "{}", out(&output));
}

#[test]
fn a_sample_says_which_grids_it_says_nothing_of() {
    let runs = trained();
    let folder = saved(&runs, &mut |_, _, _| false, None);
    let (document, code) = verify(folder.path(), &["--sample", "1"]);
    let grids = json!([{"grid": "one", "saved": 80, "drawn": 1}, {"grid": "two", "saved": 40, "drawn": 0}]);
    assert_eq!((code, &document["grids"]), (0, &grids));
    let text = out(&ablate(folder.path(), &["verify", "small", "--sample", "1"]));
    assert!(text.starts_with("runs of 1 of 2 grids were drawn, and none of two\nsmall: 1 of 120 runs was"), "{text}");
    let text = out(&ablate(folder.path(), &["verify", "small", "--sample", "2"]));
    assert!(text.starts_with("small: 2 of 120 runs were"), "{text}");
    // All replicates of a configuration.
    let config = runs[0].0.point.id.to_string();
    let text = out(&ablate(folder.path(), &["verify", &config[..8]]));
    assert_eq!(text, format!("configuration {config} of small: 20 of 20 runs were trained again: all bitwise equal\n"));
    let (document, _) = verify(folder.path(), &["--sample", "1"]);
    assert_eq!(document["sweep"], "small");
}

#[test]
fn portable_runs_are_not_trained_on_a_gpu() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let text = SWEEP.replace("count: 20", "count: 1").replace("base: {examples", "base: {numerics: portable, examples");
    fs::write(here.join("small.yaml"), text).unwrap();
    for command in ["run", "plan"] {
        let output = ablate(here, &[command, "small.yaml", "--device", "cuda"]);
        assert_eq!(output.status.code(), Some(3), "{}", err(&output));
        let said =
            "small.yaml:5:18: `numerics: portable` asks for the same bits on every processor, and a GPU does not";
        assert!(err(&output).starts_with(said), "{}", err(&output));
    }
    assert!(!here.join("results").exists());
    assert!(ablate(here, &["run", "small.yaml", "--no-report"]).status.success());
    let output = ablate(here, &["verify", "small", "--device", "cpu-tensors"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("6 runs asked for `numerics: portable`"), "{}", err(&output));
    assert!(ablate(here, &["verify", "small", "--quiet"]).status.success());
}

#[test]
fn results_that_another_process_is_saving_are_verified_as_far_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let long =
        SWEEP.replace("epochs: 6", "epochs: 20000").replace("count: 20", "count: 6").replace("width: 8", "width: 24");
    fs::write(here.join("small.yaml"), long).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["run", "small.yaml", "--jobs", "1", "--no-report", "--quiet"])
        .current_dir(here)
        .spawn()
        .unwrap();
    let saved = || {
        let runs = Results::open(&here.join("results/small")).map(|results| results.runs().height());
        runs.unwrap_or(0)
    };
    for _ in 0..3000 {
        if saved() > 2 {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    let mut while_at_work = 0;
    for _ in 0..3 {
        let (document, code) = verify(here, &["--sample", "2", "--jobs", "1"]);
        assert_eq!((code, &document["bitwise_equal"], &document["kept"]), (0, &json!(2), &json!(true)), "{document}");
        while_at_work += usize::from(child.try_wait().unwrap().is_none());
    }
    assert!(while_at_work > 0, "the sweep has ended before it was verified");
    assert!(child.wait().unwrap().success());
    assert!(ablate(here, &["check", "small"]).status.success());
    let summary = Summary::of(&Results::open(&here.join("results/small")).unwrap(), &|_| true).unwrap();
    assert!(summary.runs == 36 && summary.equal >= 2 && summary.outdated + summary.different == 0, "{summary:?}");
}

#[test]
fn an_interrupted_verification_keeps_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let long =
        SWEEP.replace("epochs: 6", "epochs: 20000").replace("count: 20", "count: 4").replace("width: 8", "width: 24");
    fs::write(here.join("small.yaml"), long).unwrap();
    assert!(ablate(here, &["run", "small.yaml", "--no-report"]).status.success());
    let child = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["verify", "small", "--jobs", "1", "--progress", "none"])
        .current_dir(here)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let kept = || fs::read_dir(here.join("results/small/verified")).map_or(0, Iterator::count);
    for _ in 0..3000 {
        if kept() > 0 {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let (text, errors) = (out(&output), err(&output));
    assert_eq!(output.status.code(), Some(130), "{text}{errors}");
    let verified = kept();
    assert!((1..24).contains(&verified), "{verified}");
    assert!(errors.contains(&format!("stopped: {verified} verified and kept, {} left", 24 - verified)), "{errors}");
    assert!(text.contains(&format!("{verified} of 24 runs w")) && text.contains("bitwise equal"), "{text}");
    let results = Results::open(&here.join("results/small")).unwrap();
    let summary = Summary::of(&results, &|_| true).unwrap();
    assert_eq!((summary.equal, summary.different, summary.runs), (verified, 0, 24));
}

#[test]
fn samples_are_stratified_stable_and_nested() {
    let candidate = |grid: &str, config: usize, replicate: usize| {
        let hash = |text: String| blake3::hash(text.as_bytes()).to_hex()[..20].to_owned();
        Candidate {
            id: hash(format!("{grid} {config} {replicate}")).parse().unwrap(),
            grids: vec![grid.to_owned()],
            config: hash(format!("{grid} {config}")),
            device: "cpu".into(),
            standing: Standing::Incomparable(String::new()),
        }
    };
    let grids = [("small", 1), ("middle", 6), ("large", 33)];
    let all: Vec<Candidate> = grids
        .iter()
        .flat_map(|&(grid, configs)| (0..configs).flat_map(move |c| (0..5).map(move |r| (grid, c, r))))
        .map(|(grid, config, replicate)| candidate(grid, config, replicate))
        .collect();
    let forwards: Vec<&Candidate> = all.iter().collect();
    let backwards: Vec<&Candidate> = all.iter().rev().collect();
    let drawn = |from: &[&Candidate], wanted: usize| -> Vec<Candidate> {
        sample(from, wanted).into_iter().map(|place| from[place].clone()).collect()
    };
    let ids = |drawn: &[Candidate]| drawn.iter().map(|candidate| candidate.id).collect::<HashSet<Id>>();
    let mut before = HashSet::new();
    for wanted in 0..=all.len() + 1 {
        let sample = drawn(&forwards, wanted);
        let now = ids(&sample);
        assert_eq!(now.len(), wanted.min(all.len()), "each is drawn once");
        assert_eq!(now, ids(&drawn(&backwards, wanted)), "{wanted}: whatever order they come in");
        assert!(before.is_subset(&now), "{wanted}: a larger sample holds a smaller one");
        before = now;
        for (grid, configs) in grids {
            let here: Vec<&Candidate> = sample.iter().filter(|candidate| candidate.grids[0] == grid).collect();
            let share = wanted.min(all.len()) as f64 * (configs * 5) as f64 / all.len() as f64;
            assert!((here.len() as f64 - share).abs() <= 2.0, "{wanted}: {} of {grid}, and not {share}", here.len());
            assert!(wanted < 3 || !here.is_empty(), "{wanted}: every grid has one");
            let mut of_config: BTreeMap<&str, usize> = BTreeMap::new();
            here.iter().for_each(|candidate| *of_config.entry(&candidate.config).or_default() += 1);
            let most = of_config.values().max().copied().unwrap_or(0);
            let least = if of_config.len() < configs { 0 } else { *of_config.values().min().unwrap() };
            assert!(most - least <= 1, "{wanted}: every configuration of {grid} has one before any has two");
        }
    }
    // Pinned: which runs a sample has is for ever.
    let mut pinned: Vec<String> = ids(&drawn(&forwards, 4)).iter().map(ToString::to_string).collect();
    pinned.sort();
    insta::assert_snapshot!(pinned.join(" "), @"264b8e08816026201bbc 3825d3285ff19b630f35 42c506a556daff2d023e 9372ae94207242fd7e79");
}

#[test]
fn a_run_that_is_trained_again_is_that_of_its_id() {
    let runs = &trained()[..2];
    let folder = saved(runs, &mut |_, _, _| false, None);
    let results = Results::open(&results(&folder)).unwrap();
    let archive = Archive::of(results).unwrap();
    for (candidate, (run, outcome)) in archive.candidates().iter().zip(runs) {
        let Standing::Comparable(again) = &candidate.standing else { panic!("{:?}", candidate.standing) };
        assert_eq!(
            (again.id, again.replicate().seeds, &again.point.configuration()),
            (run.id, run.replicate().seeds, &run.point.configuration())
        );
        let saved = archive.saved(run.id).unwrap();
        assert_eq!(saved.outcome, Outcome { weights: Vec::new(), ..outcome.clone() });
    }
}
