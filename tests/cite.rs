//! Citations, comparisons and exports through the whole program, read back as others read them.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ablate::store::{Note, Results, keep_verified};
use serde_json::{Value, json};
use tempfile::TempDir;

const QUESTION: &str = r#"Is 50% of {a} & \b $c_d #1 ~e ^f <g> |h| = @i [j]: "k" größer--,,?"#;

const SWEEP: &str = r#"version: 1
name: cited_1.x
question: 'Is 50% of {a} & \b $c_d #1 ~e ^f <g> |h| = @i [j]: "k" größer--,,?'
metric: {name: domain_rmse, goal: minimize}
base: {task: square, examples: 40, test_examples: 20, largest: 30, epochs: 5, batch: 16, width: 8}
grid: {activation: [linear, relu], normalization: [max, standardize]}
replicates: {count: 3}
claims:
  - {name: nothing diverges_100%, expect: max(domain_rmse) < 1000000}
  - {name: all is exact, expect: max(domain_rmse) < 0}
  - {name: tanh is so, where: activation = 'tanh', expect: max(domain_rmse) < 0}
"#;

/// A folder in which the sweep was trained.
fn trained(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sweep.yaml"), text).unwrap();
    good(folder.path(), &["run", "sweep.yaml", "--no-report"]);
    folder
}

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = ablate(folder, arguments);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    // A claim that fails is what the sweep is about.
    assert!(matches!(output.status.code(), Some(0 | 6)), "{arguments:?}: {out}\n{err}");
    out
}

fn document(folder: &Path, arguments: &[&str]) -> Value {
    let document: Value = serde_json::from_str(&good(folder, arguments)).unwrap();
    assert_eq!(document["version"], 1);
    document
}

/// All runs with all columns.
fn runs(folder: &Path) -> Vec<Value> {
    document(folder, &["runs", "cited_1.x", "--json"])["runs"].as_array().unwrap().clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn mark(folder: &Path, run: &Value, outcome: &str, digest: &str) {
    let first = json!({"quantity": "train_loss", "epoch": 2, "saved": "1.0", "trained": "2.0", "relative": 0.5});
    let note = json!({
        "verdict": outcome, "digest": digest, "trained_digest": digest, "is_whole": true, "differing": 1,
        "compared": {"measures": 9, "points": 5, "predictions": 0, "weights": null}, "first": first, "largest": first,
        "tolerance": 0.01, "environment": run["environment"], "trained_environment": "e5", "facts": [], "device": "cpu",
        "time": "2026-01-02T03:04:05Z", "ablate": {"version": "9.8.7", "commit": null, "modified": null},
    });
    let note: &Note = note.as_object().unwrap();
    keep_verified(&folder.join("results/cited_1.x"), text(run, "run").parse().unwrap(), note).unwrap();
}

#[test]
fn a_run_is_cited_with_all_that_finds_it_again() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let run = &runs(here)[0];
    let cited = good(here, &["cite", &text(run, "run")[..8]]);
    let version = format!("Ablate {}", env!("CARGO_PKG_VERSION"));
    for part in ["run", "config", "digest", "environment"]
        .map(|name| text(run, name))
        .iter()
        .chain(&[version.as_str(), QUESTION])
    {
        assert!(cited.contains(part), "{part} in {cited}");
    }
    for part in [format!("Seed          {}", run["seed"]), "Verification  not verified\n".into()] {
        assert!(cited.contains(&part), "{part} in {cited}");
    }
    let json = document(here, &["cite", text(run, "run"), "--json"]);
    assert_eq!((&json["kind"], &json["runs"][0]["run"]), (&"run".into(), &run["run"]));
    assert_eq!(json["runs"][0]["measures"]["domain_rmse"].to_string(), run["domain_rmse"].to_string());
    assert_eq!(json["runs"][0]["trained_by"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["file"]["blake3"], blake3::hash(SWEEP.as_bytes()).to_hex().as_str());

    // What a verification found is said, of the record that it was made of and of no other.
    mark(here, run, "bitwise_equal", text(run, "digest"));
    let cited = good(here, &["cite", text(run, "run")]);
    let found = "trained again: bitwise equal (on 2026-01-02T03:04:05Z, by Ablate 9.8.7, in environment e5)";
    assert!(cited.contains(&format!("Verification  {found}\n")), "{cited}");
    assert!(good(here, &["show", text(run, "run")]).contains(found));
    let all = good(here, &["cite", "cited_1.x"]);
    assert!(all.contains("1 of 12 runs was trained again: bitwise equal; 11 not verified"), "{all}");
    mark(here, run, "bitwise_equal", &"0".repeat(64));
    for format in ["text", "markdown", "bibtex", "cff", "latex", "json"] {
        let cited = good(here, &["cite", text(run, "run"), "--format", format]);
        assert!(cited.contains("not verified") && !cited.contains("bitwise"), "{cited}");
    }
    assert!(!good(here, &["show", text(run, "run")]).contains("bitwise"));
    mark(here, run, "different", text(run, "digest"));
    assert!(
        good(here, &["cite", text(run, "run")]).contains("trained again: different, first train_loss of epoch 2 (")
    );
    // One that this version cannot read is none.
    mark(here, run, "about_equal", text(run, "digest"));
    let cited = good(here, &["cite", text(run, "run")]);
    assert!(cited.contains("not verified (another version of Ablate has kept a verification"), "{cited}");
    mark(here, run, "different", text(run, "digest"));

    // A note that was changed is damage, not a citation.
    let note = here.join(format!("results/cited_1.x/verified/{}.json", text(run, "run")));
    fs::write(&note, fs::read_to_string(&note).unwrap().replace("different", "bitwise equal")).unwrap();
    assert_eq!(ablate(here, &["cite", text(run, "run")]).status.code(), Some(7));
}

#[test]
fn a_configuration_is_cited_with_the_interval_over_its_replicates() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let all = runs(here);
    let config = text(&all[0], "config");
    let own: Vec<&Value> = all.iter().filter(|run| run["config"] == config).collect();
    assert_eq!(own.len(), 3);
    let values: Vec<f64> = own.iter().map(|run| run["domain_rmse"].as_f64().unwrap()).collect();
    // Student's 97.5 % quantile for two degrees of freedom, from a printed table.
    let mean = values.iter().sum::<f64>() / 3.0;
    let sd = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let half = 4.302_652_7 * sd / 3f64.sqrt();
    let cited = document(here, &["cite", &config[..7], "--json"]);
    let found = &cited["measures"]["domain_rmse"];
    let near = |found: &Value, wanted: f64| (found.as_f64().unwrap() - wanted).abs() < 1e-7 * wanted.abs();
    assert!(near(&found["mean"], mean) && near(&found["interval"][0], mean - half), "{found}");
    assert!(near(&found["interval"][1], mean + half) && found["n"] == 3, "{found}");
    let shown = good(here, &["cite", config]);
    assert!(own.iter().all(|run| shown.contains(text(run, "run"))), "every run is there: {shown}");
    assert!(shown.contains(", 3 runs: task square"), "{shown}");
}

#[test]
fn a_sweep_is_cited_with_its_claims_and_its_best() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let cited = document(here, &["cite", "cited_1.x", "--json"]);
    let lines: BTreeSet<String> =
        runs(here).iter().map(|run| format!("{} {}\n", text(run, "run"), text(run, "digest"))).collect();
    let lines: String = lines.into_iter().collect();
    assert_eq!(cited["digest"], blake3::hash(lines.as_bytes()).to_hex().as_str());
    let outcomes: Vec<&str> = cited["claims"].as_array().unwrap().iter().map(|claim| text(claim, "outcome")).collect();
    assert_eq!(outcomes, ["holds", "fails", "not tested"]);
    let mut means: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for run in runs(here) {
        means.entry(text(&run, "config").into()).or_default().push(run["domain_rmse"].as_f64().unwrap());
    }
    let mean = |config: &&String| means[*config].iter().sum::<f64>();
    let best = means.keys().min_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap();
    assert_eq!(cited["best"][0]["config"], best.as_str());
    assert_eq!((cited["configurations"].as_u64(), cited["ended"]["finished"].as_u64()), (Some(4), Some(12)));
    let shown = good(here, &["cite", "cited_1.x"]);
    assert!(shown.contains("of 3 claims, 1 holds, 1 fails and 1 was not tested"), "{shown}");
    // What was not trained is said.
    fs::write(here.join("sweep.yaml"), SWEEP.replace("count: 3", "count: 4")).unwrap();
    good(here, &["run", "sweep.yaml", "--no-report", "--shard", "1/4"]);
    let shown = good(here, &["cite", "cited_1.x"]);
    assert!(shown.contains("that it asks for are not trained yet"), "{shown}");
}

#[test]
fn what_cannot_be_cited_is_refused() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let run = text(&runs(here)[0], "run").to_owned();
    for wrong in [&["cite", "cited"][..], &["cite", "ffffffffff"], &["cite", "abc"], &["cite", &run, "--format", "ris"]]
    {
        assert_eq!(ablate(here, wrong).status.code(), Some(2), "{wrong:?}");
    }
    for command in ["cite", "verify", "bundle", "show"] {
        let output = ablate(here, &[command, "abc"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("give at least 6 of the 20 characters"), "{told}");
    }
    assert_eq!(ablate(here, &["cite", &run, "--author", " "]).status.code(), Some(2));
    for wrong in [&["compare", &run][..], &["compare", &run, "cited_1.x"], &["compare"; 1]] {
        assert_eq!(ablate(here, wrong).status.code(), Some(2), "{wrong:?}");
    }
    let many: Vec<&str> = std::iter::once("compare").chain([run.as_str(); 9]).collect();
    assert_eq!(ablate(here, &many).status.code(), Some(2));
}

/// Writes the citation of everything in the forms that libraries read.
fn written(here: &Path, what: &str, authors: &[&str]) {
    for (format, file) in [("bibtex", "cited.bib"), ("cff", "CITATION.cff"), ("latex", "numbers.tex")] {
        let mut arguments = vec!["cite", what, "--format", format];
        authors.iter().for_each(|author| arguments.extend(["--author", author]));
        fs::write(here.join(file), good(here, &arguments)).unwrap();
    }
}

/// Has biblatex set all entries, where it is installed: each is found, and none runs out of the page.
fn is_printed(here: &Path) {
    let there = |style: &str| Command::new("kpsewhich").arg(style).output().is_ok_and(|found| found.status.success());
    if !there("biblatex.sty") {
        println!("skipped: biblatex is not installed");
        return;
    }
    let page = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[backend=biber]{biblatex}\n\
                \\addbibresource{cited.bib}\n\\begin{document}\n\\nocite{*}\n\\printbibliography\n\\end{document}\n";
    fs::write(here.join("cites.tex"), page).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(here).env("max_print_line", "1000").output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{program}: {told}");
        told
    };
    let latex = || run("pdflatex", &["-interaction=nonstopmode", "-halt-on-error", "cites.tex"]);
    latex();
    let told = run("biber", &["--validate-datamodel", "cites"]);
    assert!(!told.contains("WARN") && !told.contains("ERROR"), "{told}");
    latex();
    let told = latex();
    assert!(!told.contains("Warning: Citation") && !told.contains("Empty bibliography"), "{told}");
    // What sticks out of the margin by more than a few letters could not be read.
    let points = |line: &str| line.strip_prefix("Overfull \\hbox (")?.split("pt").next()?.parse::<f64>().ok();
    let widest = told.lines().filter_map(points).fold(0.0, f64::max);
    assert!(widest < 25.0, "{widest} points: {told}");
}

/// Holds the entries and the CFF of a citation against what others make of them.
fn is_read(here: &Path, key: &str, kinds: &[&str], parts: &[&str], authors: &[&str]) {
    let entries = fs::read_to_string(here.join("cited.bib")).unwrap();
    let mut depth = 0i32;
    for c in entries.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        assert!(depth >= 0, "{entries}");
    }
    assert_eq!(depth, 0, "{entries}");
    // The note of the results is the last one, and TeX shows it as it was meant.
    let note = entries.rsplit("note         = {").next().unwrap().lines().next().unwrap();
    let note = spoken(note.strip_suffix("},").unwrap());
    assert!(parts.iter().all(|part| note.contains(part)), "{parts:?} in {note}");
    assert!(kinds.iter().all(|kind| entries.contains(&format!("@{kind}{{"))), "{entries}");
    assert!(!entries.contains("doi") && !entries.contains("url"), "no address is made up: {entries}");
    if Command::new("biber").arg("--version").output().is_ok() {
        let output = Command::new("biber")
            .args(["--tool", "--validate-datamodel", "cited.bib"])
            .current_dir(here)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !told.contains("WARN") && !told.contains("ERROR"), "{told}\n{entries}");
        is_printed(here);
    } else {
        println!("skipped: biber is not installed");
    }
    let Ok(python) = std::env::var("ABLATE_PYTHON") else {
        println!("skipped: ABLATE_PYTHON is not set; `make test` sets it");
        return;
    };
    let expected = json!({"kinds": kinds, "key": key, "parts": parts, "authors": authors});
    fs::write(here.join("expected.json"), expected.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/citations.py");
    let files = ["cited.bib", "CITATION.cff", "expected.json"];
    let output = Command::new(python).arg(script).args(files).current_dir(here).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out.lines().last(), Some("pybtex and the schema of CITATION.cff: valid"), "{out}\n{err}\n{entries}");
}

#[test]
fn entries_and_files_of_citations_are_valid() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let run = &runs(here)[0];
    let (id, config, digest) = (text(run, "run"), text(run, "config"), text(run, "digest"));
    written(here, "cited_1.x", &[]);
    // Quotes become two apostrophes in LaTeX, and one sign again for who reads it.
    let hard = [r"Is 50% of {a} & \b $c_d #1 ~e ^f <g> |h| = @i [j]", "größer--,,?", "not verified"];
    is_read(here, "cited_1.x", &["misc", "software"], &hard, &[r"{results of cited\_1.x}"]);
    written(here, id, &["Lovelace, Ada", "Smith and Sons {&} 100%"]);
    let authors = ["Lovelace, Ada", r"{Smith and Sons \textbraceleft{}\&\textbraceright{} 100\%}"];
    is_read(here, &format!("cited_1.x-{id}"), &["misc", "software"], &[digest, hard[0]], &authors);
    written(here, config, &["Lovelace, Ada"]);
    is_read(here, &format!("cited_1.x-{config}"), &["misc", "software"], &["95 % interval"], &["Lovelace, Ada"]);

    // Results of which it was not kept where they come from.
    fs::remove_dir_all(here.join("results/cited_1.x/provenance")).unwrap();
    written(here, id, &[]);
    let parts = ["Trained by: a version that is not known", "not verified"];
    is_read(here, &format!("cited_1.x-{id}"), &["dataset", "software"], &parts, &[r"{results of cited\_1.x}"]);
    assert!(good(here, &["show", id]).contains("not known: "));
}

/// Reads definitions as TeX does: `\expandafter\def\csname ablate@OF@NAME\endcsname{VALUE}`, one a line.
fn definitions(file: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for line in file.lines().filter(|line| line.starts_with("\\expandafter")) {
        let rest = line.strip_prefix("\\expandafter\\def\\csname ablate@").unwrap();
        let (name, value) = rest.split_once("\\endcsname{").unwrap();
        let (of, name) = name.split_once('@').unwrap();
        assert!(!name.contains(['\\', '{', '}', '%', '#', '~', '^']), "{line}");
        let value = value.strip_suffix('}').unwrap();
        let before = found.insert((of.to_owned(), name.to_owned()), spoken(value));
        assert_eq!(before, None, "twice: {line}");
    }
    found
}

/// What TeX would show of a value; panics at what would not be shown as it is.
fn spoken(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    let named = [
        ("textbackslash", '\\'),
        ("textbraceleft", '{'),
        ("textbraceright", '}'),
        ("textasciitilde", '~'),
        ("textasciicircum", '^'),
        ("textless", '<'),
        ("textgreater", '>'),
        ("textbar", '|'),
        ("textperiodcentered", '·'),
    ];
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                if let Some(after) = rest.strip_prefix("allowbreak{}") {
                    rest = after;
                    continue;
                }
                let known = |(name, c): &(&str, char)| Some((rest.strip_prefix(name)?.strip_prefix("{}")?, *c));
                let next = rest.chars().next().unwrap();
                let (after, shown) = named.iter().find_map(known).unwrap_or((&rest[next.len_utf8()..], next));
                let is_known = shown != next || "#$%&_".contains(next);
                assert!(is_known, "\\{next} in {value}");
                out.push(shown);
                rest = after;
            }
            // What parts signs that would be one to TeX.
            '{' if rest.starts_with('}') => rest = &rest[1..],
            '{' | '}' | '~' | '^' | '#' | '$' | '%' | '&' | '_' | '"' => panic!("{c} stands alone in {value}"),
            _ => out.push(c),
        }
    }
    out
}

#[test]
fn every_number_of_every_run_is_a_macro_with_the_same_bits() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let file = good(here, &["cite", "cited_1.x", "--format", "latex"]);
    let found = definitions(&file);
    let get =
        |of: &str, name: &str| found.get(&(of.to_owned(), name.to_owned())).unwrap_or_else(|| panic!("{name} of {of}"));
    let mut numbers = 0;
    // Read from the tables: JSON's reader rounds.
    let results = Results::open(&here.join("results/cited_1.x")).unwrap();
    let ids: Vec<&str> = results.runs().column("run").unwrap().str().unwrap().iter().flatten().collect();
    for run in runs(here) {
        let id = text(&run, "run");
        let row = ids.iter().position(|other| *other == id).unwrap();
        for column in ablate::measure::COLUMNS {
            let defined =
                found.get(&(id.to_owned(), column.name.to_owned())).map(|value| value.parse::<f64>().unwrap());
            // The exact number, as it is saved: reading it back gives the same bits.
            let saved = results.runs().column(column.name).unwrap().f64().unwrap().get(row);
            assert_eq!(defined.map(f64::to_bits), saved.map(f64::to_bits), "{} of {id}", column.name);
            numbers += usize::from(defined.is_some());
        }
        for name in ["status", "digest", "environment", "activation", "normalization", "config"] {
            assert_eq!(get(id, name), text(&run, name));
        }
        for name in ["seed", "epochs_done", "parameters", "largest"] {
            assert_eq!(get(id, name), &run[name].to_string());
        }
        assert_eq!(get(id, "verification"), "not verified");
    }
    assert!(numbers > 12 * 20, "{numbers}");
    let config = text(&runs(here)[0], "config").to_owned();
    let cited = document(here, &["cite", &config, "--json"]);
    let summary = &cited["measures"]["test_rmse"];
    for (name, value) in [("", &summary["mean"]), (".low", &summary["interval"][0]), (".sd", &summary["sd"])] {
        let defined: f64 = get(&config, &format!("test_rmse{name}")).parse().unwrap();
        let value = value.as_f64().unwrap();
        assert!((defined - value).abs() <= 1e-15 * value.abs(), "{name}: {defined} is not {value}");
    }
    assert_eq!((get("cited_1.x", "runs").as_str(), get("cited_1.x", "claims.fail").as_str()), ("12", "1"));
    // Comments end with their line, whatever a question holds.
    let begins = ["%", "\\", "  ", "", "{"];
    assert!(file.lines().all(|line| begins.iter().any(|begin| line.starts_with(begin))), "{file}");
    compiles(here, &file, &runs(here)[0]);
}

/// Has LaTeX read the numbers, where it is installed.
fn compiles(here: &Path, file: &str, run: &Value) {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        println!("skipped: pdflatex is not installed");
        return;
    }
    fs::write(here.join("numbers.tex"), file).unwrap();
    let id = text(run, "run");
    let latex = |body: &str| {
        let page = format!(
            "\\documentclass{{article}}\n\\input{{numbers}}\n\\input{{numbers}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
        );
        fs::write(here.join("page.tex"), page).unwrap();
        let arguments = ["-interaction=nonstopmode", "-halt-on-error", "page.tex"];
        let output =
            Command::new("pdflatex").args(arguments).current_dir(here).env("max_print_line", "1000").output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let cases = [
        ("domain_rmse", "", run["domain_rmse"].to_string()),
        ("largest", "[3]", run["largest"].to_string()),
        ("normalization", "", text(run, "normalization").into()),
        ("seed", "", run["seed"].to_string()),
    ];
    let typed: Vec<String> =
        cases.iter().map(|(name, digits, _)| format!("\\typeout{{<\\ablate{digits}{{{id}}}{{{name}}}>}}")).collect();
    let shown =
        format!("\\ablate{{{id}}}{{domain_rmse}} \\ablate[3]{{{id}}}{{domain_rmse}} \\ablate{{{id}}}{{hidden}}");
    let shown =
        if run["hidden"].is_null() { shown.replace(&format!(" \\ablate{{{id}}}{{hidden}}"), "") } else { shown };
    // Values of every size, rounded.
    let sizes = [
        ("a", "1234.5678", "1230"),
        ("b", "-0.00012345", "-1.23e-4"),
        ("c", "0", "0"),
        ("d", "1000", "1000"),
        ("e", "1.5e-12", "1.5e-12"),
        ("f", "9.996", "10"),
    ];
    let defined: Vec<String> = sizes
        .iter()
        .map(|(name, value, _)| format!("\\expandafter\\def\\csname ablate@x@{name}\\endcsname{{{value}}}\n"))
        .collect();
    let rounded: Vec<String> =
        sizes.iter().map(|(name, _, _)| format!("\\typeout{{<{name} \\ablate[3]{{x}}{{{name}}}>}}\n")).collect();
    let defined = format!("\\makeatletter {}\\makeatother", defined.concat());
    let (is_good, told) = latex(&format!("{}\n{shown}\n{defined}\n{}", typed.join("\n"), rounded.concat()));
    assert!(is_good, "{told}");
    for (name, _, value) in &cases {
        assert!(told.contains(&format!("<{value}>")), "{name} is not {value} in {told}");
    }
    for (name, _, value) in sizes {
        assert!(told.contains(&format!("<{name} {value}>")), "{name} is not {value} in {told}");
    }
    let (is_good, told) = latex(&format!("\\ablate{{{id}}}{{domain_rmsee}}"));
    assert!(!is_good && told.contains("domain_rmsee") && told.contains(id), "{told}");
}

#[test]
fn a_sweep_that_tex_could_not_hold_has_macros_of_its_configurations() {
    let sweep = "version: 1
name: cited_1.x
base: {task: square, examples: 8, test_examples: 4, largest: 8, epochs: 1, depth: 0}
grid: {normalization: [max, standardize]}
replicates: {count: 800}
";
    let folder = trained(sweep);
    let here = folder.path();
    let run = text(&runs(here)[0], "run").to_owned();
    let output = ablate(here, &["cite", "cited_1.x", "--format", "latex"]);
    let said = "The macros of 1,600 runs are left out, since they are more than TeX can hold";
    assert!(String::from_utf8_lossy(&output.stderr).starts_with(said), "{}", String::from_utf8_lossy(&output.stderr));
    let file = String::from_utf8(output.stdout).unwrap();
    assert!(file.contains(&format!("% {said}: ")) && !file.contains(&run));
    let found = definitions(&file);
    let config = text(&runs(here)[0], "config").to_owned();
    assert_eq!(found[&(config.clone(), "runs".to_owned())], "800");
    assert!(found.contains_key(&(config, "domain_rmse.high".to_owned())));
    // Those of a run beside them.
    let both = file + &good(here, &["cite", &run, "--format", "latex"]);
    compiles(here, &both, &runs(here)[0]);
}

#[test]
fn comparisons_show_what_differs_and_only_that() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let all = runs(here);
    let first = &all[0];
    let other = all
        .iter()
        .find(|run| run["activation"] != first["activation"] && run["normalization"] == first["normalization"]);
    let (a, b) = (text(first, "run"), text(other.unwrap(), "run"));
    let compared = document(here, &["compare", a, b, "--json"]);
    let parameters: BTreeSet<&String> = compared["parameters"].as_object().unwrap().keys().collect();
    assert_eq!(parameters.into_iter().collect::<Vec<_>>(), ["activation"]);
    assert_eq!(compared["measures"]["domain_rmse"][0].to_string(), first["domain_rmse"].to_string());
    let shown = good(here, &["compare", a, b]);
    assert!(shown.contains("\nparameters that differ (") && shown.contains("train_loss, logarithmic from"), "{shown}");
    let scale: Vec<&str> = shown.lines().filter(|line| line.contains('█') || line.contains('▁')).collect();
    assert!(scale.len() >= 2, "one scale: something is the highest and something the lowest: {shown}");

    // The same run twice differs in nothing.
    let shown = good(here, &["compare", a, a]);
    assert!(
        shown.contains("no parameter differs") && shown.contains(&format!("digest {}", &text(first, "digest")[..16]))
    );

    let (x, y) = (text(first, "config"), text(other.unwrap(), "config"));
    let compared = document(here, &["compare", x, y, b, "--json"]);
    let found = &compared["measures"]["domain_rmse"];
    assert_eq!((found[0]["n"].as_u64(), found[0]["values"].as_array().map(Vec::len)), (Some(3), Some(3)));
    assert!(found[2].is_number() && found[1]["interval"][0].as_f64() <= found[1]["mean"].as_f64());
    assert_eq!(compared["differences"], Value::Null, "of three there is no one difference");
    assert_eq!(compared["sides"][2]["runs"][0]["digest"], other.unwrap()["digest"]);
    assert_eq!(compared["sides"][0]["curves"].as_array().unwrap().len(), 3, "every run can be seen");
    let shown = good(here, &["compare", x, y]);
    assert!(shown.contains("A − B (3 pairs)") && shown.contains(", 3 runs"), "{shown}");
    assert!(shown.contains("A − B is the mean of the differences of runs of the same seeds"), "{shown}");
}

/// Values of a measure of a configuration, by seed.
fn by_seed(all: &[Value], config: &str, measure: &str) -> BTreeMap<String, f64> {
    let own = all.iter().filter(|run| run["config"] == config);
    own.map(|run| (run["seed"].to_string(), run[measure].as_f64().unwrap())).collect()
}

#[test]
fn configurations_are_compared_seed_by_seed() {
    let folder = trained(SWEEP);
    let here = folder.path();
    let all = runs(here);
    let of = |unit: &str| {
        let found = all.iter().find(|run| run["activation"] == unit && run["normalization"] == "max");
        text(found.unwrap(), "config").to_owned()
    };
    let (x, y) = (of("linear"), of("relu"));
    let near = |found: &Value, wanted: f64| (found.as_f64().unwrap() - wanted).abs() <= 1e-6 * wanted.abs();

    let compared = document(here, &["compare", &x, &y, "--json"]);
    let (a, b) = (by_seed(&all, &x, "test_rmse"), by_seed(&all, &y, "test_rmse"));
    let differences: Vec<f64> = a.iter().map(|(seed, value)| value - b[seed]).collect();
    assert_eq!(differences.len(), 3);
    let mean = differences.iter().sum::<f64>() / 3.0;
    let sd = (differences.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    // Student's 97.5 % quantile for two degrees of freedom, from a printed table.
    let half = 4.302_652_7 * sd / 3f64.sqrt();
    let found = &compared["differences"];
    assert_eq!((&found["pairs"], &found["alone"]), (&json!(3), &json!([0, 0])));
    let found = &found["measures"]["test_rmse"];
    assert!(near(&found["mean"], mean) && found["values"].as_array().unwrap().len() == 3, "{found}");
    assert!(near(&found["interval"][0], mean - half) && near(&found["interval"][1], mean + half), "{found}");
    // What draws the same data for both differs by nothing.
    assert_eq!(compared["differences"]["measures"]["affine_floor_train"]["interval"], json!([0.0, 0.0]));

    // Two of the seeds, and two others.
    good(here, &["run", "sweep.yaml", "replicates.seed=1", "replicates.count=4", "--results", "later", "--no-report"]);
    let compared = document(here, &["compare", &format!("cited_1.x/{x}"), &format!("later/cited_1.x/{y}"), "--json"]);
    assert_eq!((&compared["differences"]["pairs"], &compared["differences"]["alone"]), (&json!(2), &json!([1, 2])));
    let shown = good(here, &["compare", &format!("cited_1.x/{x}"), &format!("later/cited_1.x/{y}")]);
    assert!(
        shown.contains("A − B (2 pairs)") && shown.contains("without a partner are 1 run of A and 2 of B"),
        "{shown}"
    );

    // No seed in common: by their means, and it is said.
    good(here, &["run", "sweep.yaml", "replicates.seed=50", "--results", "other", "--no-report"]);
    let compared = document(here, &["compare", &format!("cited_1.x/{x}"), &format!("other/cited_1.x/{y}"), "--json"]);
    let found = &compared["differences"];
    assert_eq!((&found["pairs"], &found["measures"]["test_rmse"]["values"]), (&json!(0), &Value::Null));
    let side = |side: usize| compared["measures"]["test_rmse"][side]["mean"].as_f64().unwrap();
    assert!(near(&found["measures"]["test_rmse"]["mean"], side(0) - side(1)), "{found}");
    let shown = good(here, &["compare", &format!("cited_1.x/{x}"), &format!("other/cited_1.x/{y}")]);
    assert!(shown.contains("A − B (Welch)") && shown.contains("the two have no seeds in common"), "{shown}");
}

#[test]
fn weights_of_a_bundle_give_the_recorded_errors_in_python() {
    let Ok(python) = std::env::var("ABLATE_PYTHON") else {
        println!("skipped: ABLATE_PYTHON is not set; `make test` sets it");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let sweep = "version: 1
name: weights
base: {task: square, largest: 40, examples: 60, test_examples: 20, epochs: 40, batch: 16, width: 12}
grid: {depth: [1, 3], normalization: [max, symmetric], precision: [f32, f64]}
replicates: {count: 2}
";
    fs::write(folder.path().join("sweep.yaml"), sweep).unwrap();
    good(folder.path(), &["run", "sweep.yaml", "--no-report", "--save-weights"]);
    good(folder.path(), &["bundle", "weights"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/weights.py");
    let output = Command::new(python).arg(script).arg("weights.zip").current_dir(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let all = "16 networks give the predictions and the errors that were recorded";
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], format!("numpy: {all}"));
    if lines[1].contains("skipped") {
        println!("{}", lines[1]);
    } else {
        assert_eq!(lines[1], format!("PyTorch: {all}"));
    }
}
