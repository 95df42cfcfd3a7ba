//! Results that earlier versions wrote are read, and gone on with; results are read by others as the documents say.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ablate::store::{Grade, Results, check};

/// A copy of the results that are kept of a version of the format.
fn kept(name: &str) -> (tempfile::TempDir, PathBuf) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results/first");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name), &results);
    (folder, results)
}

fn digests(results: &Results) -> BTreeMap<String, String> {
    let column = |name: &str| -> Vec<String> {
        let column = results.runs().column(name).unwrap().str().unwrap();
        column.iter().map(|text| text.unwrap().to_owned()).collect()
    };
    column("run").into_iter().zip(column("digest")).collect()
}

#[test]
fn format_1() {
    is_read_and_gone_on_with("results-1");
}

#[test]
fn format_2_of_the_journal() {
    is_read_and_gone_on_with("journal-2");
}

#[test]
fn format_3_of_the_journal() {
    is_read_and_gone_on_with("journal-3");
}

/// The same runs of each: four in the tables, one with its weights, and four in the journal of a process that was killed.
fn is_read_and_gone_on_with(name: &str) {
    let (folder, path) = kept(name);
    let checked = check(&path).unwrap();
    // Of the third format, the notes on both processes were not kept.
    let missing = checked.findings.iter().filter(|finding| finding.grade == Grade::Missing).count();
    let expected = if name == "journal-3" { 2 } else { 0 };
    assert_eq!((checked.runs, missing, checked.findings.len()), (8, expected, expected), "{:?}", checked.findings);
    let results = Results::open(&path).unwrap();
    let before = digests(&results);
    let all: Vec<String> = before.iter().map(|(run, digest)| format!("{run} {digest}\n")).collect();
    assert_eq!(blake3::hash(all.concat().as_bytes()).to_hex()[..16], *"c47ee8ffde517207");
    assert_eq!((results.pending(), results.curves().unwrap().height()), (4, 8 * 4));
    assert_eq!(results.predictions().unwrap().height(), 8 * 24);
    let weights = fs::read_dir(path.join("weights")).unwrap().next().unwrap().unwrap().path();
    let run = weights.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    assert!(results.weights(run).unwrap().is_some_and(|weights| !weights.is_empty()));
    let unit = results.runs().column("activation").unwrap().unique().unwrap();
    assert_eq!(unit.len(), 2);

    fs::write(folder.path().join("first.yaml"), results.sweep()).unwrap();
    let more = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["run", "first.yaml", "replicates.count=3"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(more.status.success(), "{}", String::from_utf8_lossy(&more.stderr));
    let after = digests(&Results::open(&path).unwrap());
    assert_eq!(after.len(), 12);
    assert!(before.iter().all(|(run, digest)| after.get(run) == Some(digest)), "what was saved stays");
}

/// The examples of the documents in a language.
fn blocks(language: &str) -> Vec<String> {
    let document = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let both = document("README.md") + &document("results/README.md");
    let begin = format!("```{language}\n");
    both.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Runs of a small sweep, saved with their weights, as people export them.
fn exported(folder: &Path) {
    let sweep = "version: 1\nname: mine\nbase: {task: square, largest: 20, examples: 20, test_examples: 10, epochs: 100, depth: 2}\n\
                 grid: {activation: [relu, tanh]}\nreplicates: {count: 2}\n";
    fs::write(folder.join("mine.yaml"), sweep).unwrap();
    let ablate = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    ablate(&["run", "mine.yaml", "--no-report", "--save-weights"]);
    for (format, file) in [("csv", "runs.csv"), ("json", "runs.json"), ("parquet", "again.parquet")] {
        fs::write(folder.join(file), ablate(&["runs", "mine", "--format", format])).unwrap();
    }
}

/// What R has to see in the CSV: the numbers of the table to the bit, and every digit of a seed.
const IN_R: &str = r#"
stopifnot(nrow(runs) == 4, is.numeric(runs$domain_rmse), is.character(runs$seed), runs$status == "finished")
stopifnot(nrow(best) == 2, !is.na(best$domain_rmse))
cat(sprintf("run %s %s %.17g\n", runs$run, runs$seed, runs$domain_rmse), sep = "")
"#;

/// R is no part of what the other tests need, and not every machine has it.
#[test]
fn results_are_read_in_r_as_the_documents_say() {
    if Command::new("Rscript").arg("--version").output().is_err() {
        println!("skipped: R is not installed (Debian, Ubuntu: apt install r-base-core)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path());
    let blocks = blocks("r");
    let (base, others): (Vec<&String>, Vec<&String>) = blocks.iter().partition(|block| !block.contains("arrow::"));
    assert!(!base.is_empty() && others.len() == 1, "{blocks:?}");
    let r = |code: &str| {
        Command::new("Rscript").args(["--vanilla", "-e", code]).current_dir(folder.path()).output().unwrap()
    };
    let output = r(&format!("{}{IN_R}", base[0]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut told: Vec<(String, String, u64)> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("run "))
        .map(|line| {
            let [run, seed, error] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            (run.to_owned(), seed.to_owned(), error.parse::<f64>().unwrap().to_bits())
        })
        .collect();
    told.sort();
    let results = Results::open(&folder.path().join("results/mine")).unwrap();
    let table = results.runs();
    let (runs, seeds) = (table.column("run").unwrap().str().unwrap(), table.column("seed").unwrap().i64().unwrap());
    let errors = table.column("domain_rmse").unwrap().f64().unwrap();
    let mut saved: Vec<(String, String, u64)> = (0..4)
        .map(|row| {
            (runs.get(row).unwrap().into(), seeds.get(row).unwrap().to_string(), errors.get(row).unwrap().to_bits())
        })
        .collect();
    saved.sort();
    assert_eq!(told, saved);
    if r("quit(status = !requireNamespace('arrow', quietly = TRUE))").status.success() {
        let output = r(&format!("{}stopifnot(nrow(runs) == 4, nrow(curves) > 4)\n", others[0]));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    } else {
        println!("skipped: R's package arrow is not installed, and reads Parquet");
    }
}

/// What every CSV of runs has to be to pandas, Polars and `DuckDB`: the table itself, to the bit.
const SAME_AS_CSV: &str = "
import duckdb, pandas, polars
runs = pandas.read_parquet('results/mine/runs.parquet').set_index('run').sort_index()
by_pandas = pandas.read_csv('runs.csv', float_precision='round_trip').set_index('run').sort_index()
by_polars = polars.read_csv('runs.csv', infer_schema_length=None).sort('run')
by_duckdb = duckdb.sql(\"SELECT * FROM 'runs.csv' ORDER BY run\").fetchdf().set_index('run')
for column in ['domain_rmse', 'train_r2', 'learning_rate', 'seconds', 'seed', 'epochs_done', 'activation', 'digest']:
    wanted = list(runs[column])
    assert wanted == list(by_pandas[column]) == by_polars[column].to_list() == list(by_duckdb[column]), column
assert len(runs) == 4
document = pandas.read_json('runs.json', typ='series', precise_float=True)
assert document['version'] == 1 and [run['digest'] for run in document['runs']] == list(by_pandas.loc[[run['run'] for run in document['runs']]].digest)
again = polars.read_parquet('again.parquet').sort('run')
assert again.equals(polars.read_parquet('results/mine/runs.parquet').sort('run'))
";

#[test]
fn results_are_read_elsewhere_as_the_documents_say() {
    let Ok(python) = std::env::var("ABLATE_PYTHON") else {
        println!("skipped: ABLATE_PYTHON is not set; `make test` sets it");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path());
    let runs = Results::open(&folder.path().join("results/mine")).unwrap();
    let run = digests(&runs).into_keys().next().unwrap();
    let mut blocks = blocks("python");
    blocks.push(SAME_AS_CSV.to_owned());
    assert!(blocks.len() >= 6, "{blocks:?}");
    // What a block finds is not nothing; one on weights is given inputs. Threads of pyarrow's may end a process that is ending
    // with an abort of its own, so that it ends at once.
    let begin = "import numpy\ninputs = numpy.ones((3, 1), dtype='float32')\nbest = course = values = None\n";
    let end =
        "\nassert all(found is None or len(found) > 0 for found in (best, course, values))\nimport os\nos._exit(0)\n";
    for block in blocks {
        let code = format!("{begin}{}{end}", block.replace("/RUN.", &format!("/{run}.")));
        let output = Command::new(&python).args(["-c", &code]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{code}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
