//! Documents that are made from the code are what the code says now.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ablate::measure::{COLUMNS, Column};
use ablate::sweep::parameter_table;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares, or with `ABLATE_UPDATE=1` replaces, what stands between two marks of a document.
fn is_current(file: &str, mark: &str, wanted: &str) {
    let path = root().join(file);
    let text = fs::read_to_string(&path).unwrap();
    let begin = text.find(&format!("<!-- {mark}:")).unwrap_or_else(|| panic!("{file} has no mark {mark}"));
    let begin = begin + text[begin..].find("-->").unwrap() + 3;
    let end = begin + text[begin..].find(&format!("<!-- end of {mark} -->")).unwrap();
    let wanted = format!("\n\n{}\n\n", wanted.trim());
    if std::env::var_os("ABLATE_UPDATE").is_some() {
        fs::write(&path, format!("{}{wanted}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert!(
        text[begin..end] == wanted,
        "{file} is out of date; ABLATE_UPDATE=1 cargo test --release --test docs brings it up to date"
    );
}

#[test]
fn the_reference_of_parameters_is_current() {
    is_current("sweeps/README.md", "parameters", &parameter_table());
}

#[test]
fn the_reference_of_measures_is_current() {
    let row = |column: &Column| format!("| `{}` | {} |", column.name, column.doc);
    let rows: Vec<String> = COLUMNS.iter().map(row).collect();
    let table = format!(
        "| column | what it is |
|---|---|
{}",
        rows.join(
            "
"
        )
    );
    is_current("results/README.md", "measures", &table);
}

#[test]
fn the_table_of_the_simulated_cluster_is_current() {
    let python = std::env::var("ABLATE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = std::process::Command::new(&python).arg(root().join("benches/cluster.py")).output();
    let output = output.unwrap_or_else(|error| panic!("{python}: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    is_current("docs/clusters.md", "simulation", &String::from_utf8(output.stdout).unwrap());
}

/// Files that a document links to.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|link| !link.contains("://") && !link.starts_with('#')).collect()
}

#[test]
fn links_lead_somewhere() {
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "sweeps/README.md",
        "results/README.md",
        "reports/README.md",
        "docs/promises.md",
        "docs/clusters.md",
    ] {
        let path: PathBuf = root().join(file);
        let text = fs::read_to_string(&path).unwrap();
        for link in links(&text) {
            let target = path.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(target.exists(), "{file} links to {link}, which is not there");
        }
    }
}

/// What stands in single backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn tests_that_the_promises_name_are_there() {
    for (document, some) in [("docs/promises.md", 10), ("docs/clusters.md", 3)] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let is_code = |name: &&str| Path::new(name).extension().is_some_and(|extension| extension == "rs");
        let files: Vec<&str> = quoted(&text).into_iter().filter(is_code).collect();
        let code: String = files.iter().map(|file| fs::read_to_string(root().join(file)).unwrap()).collect();
        let name =
            |text: &&str| text.matches('_').count() > 2 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let tests: Vec<&str> = quoted(&text).into_iter().filter(name).collect();
        assert!(files.len() > some && tests.len() > some, "{document}: {tests:?}");
        for test in tests {
            assert!(code.contains(&format!("fn {test}()")), "{document} names {test}, which is in none of its files");
        }
    }
}

#[test]
fn sweeps_in_documents_are_valid() {
    for file in ["README.md", "sweeps/README.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let examples: Vec<&str> =
            text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert!(!examples.is_empty());
        for example in examples {
            // Some show a part of a sweep.
            let whole = example.contains("version: 1");
            let text = if whole { example.to_owned() } else { format!("version: 1\nname: part\n{example}") };
            ablate::sweep::parse(&text, file, &[]).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

#[test]
fn sweeps_that_ship_are_valid_and_planned() {
    let mut count = 0;
    for entry in fs::read_dir(root().join("sweeps")).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            let sweep = ablate::sweep::load(&entry.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
            sweep.check_metric(COLUMNS.iter().map(|column| column.name)).unwrap_or_else(|error| panic!("{error}"));
            let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(sweep.name, name, "a sweep is named as its file");
            assert!(sweep.question.is_some(), "{name} asks nothing");
            assert!(!sweep.claims.is_empty(), "{name} claims nothing");
            assert!(sweep.text().contains("\n# Expected: "), "{name} does not say what is expected");
            assert!(sweep.text().contains("\nreplicates: {") && sweep.replicates.count > 1, "{name} has no replicates");
            let done = std::collections::HashSet::new();
            let plan = ablate::plan::Plan::of(&sweep, &done, &ablate::plan::Limits::default()).unwrap();
            assert!(plan.runs() > 0);
            count += 1;
        }
    }
    assert!(count > 0);
}

/// The report of results that ship, in a folder of its own.
fn rendered(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["report", &format!("results/{name}"), "--out"])
        .arg(folder.path())
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn the_report_that_ships_is_made_from_the_results_that_ship() {
    let folder = rendered("why-squares");
    let same = fs::read(folder.path().join("index.html")).unwrap()
        == fs::read(root().join("reports/why-squares/index.html")).unwrap();
    assert!(same, "reports/why-squares is out of date; `make report` brings it up to date");
}

/// The numbers of a text, without signs and dots at their ends: `74,553`, `1.00007`.
fn numbers(text: &str) -> HashSet<String> {
    let pieces = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','));
    let pieces = pieces.map(|piece| piece.trim_matches(['.', ',']));
    pieces.filter(|piece| piece.bytes().any(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
}

#[test]
fn findings_that_are_told_are_those_of_the_results_that_ship() {
    let readme = fs::read_to_string(root().join("reports/README.md")).unwrap();
    let mut looked_at = 0;
    for section in readme.split("\n## [").skip(1) {
        let name = section.split(']').next().unwrap();
        // Results that are too large are not kept here.
        if name == "why-squares" || !root().join("results").join(name).is_dir() {
            continue;
        }
        let folder = rendered(name);
        let figure = section.split("/figures/").nth(1).unwrap().split(')').next().unwrap();
        let [ships, drawn] = [root().join("reports").join(name), folder.path().to_path_buf()]
            .map(|folder| fs::read(folder.join("figures").join(figure)).unwrap());
        assert!(ships == drawn, "reports/{name}/figures/{figure} is out of date: `ablate report {name}` draws it");
        let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
        let known = numbers(&page);
        let told = section.split("\n\n").nth(1).unwrap().split(" *").next().unwrap();
        let large = numbers(told).into_iter().filter(|number| number.len() > 4);
        let unknown: Vec<String> = large.filter(|number| !known.contains(number)).collect();
        assert!(unknown.is_empty(), "reports/README.md says {unknown:?} of {name}, and its report does not");
        looked_at += 1;
    }
    assert!(looked_at >= 8, "{looked_at}");
}
