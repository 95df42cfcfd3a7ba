//! `ablate check` as a user meets it: whole results, damaged ones, and what a killed process has left.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
base: {examples: 30, test_examples: 10, largest: 20, epochs: 3, batch: 10}
grid: {activation: [relu, tanh], width: [3, 8]}
";

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with the results of four runs.
fn results() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), SWEEP).unwrap();
    let run = ablate(folder.path(), &["run", "small.yaml", "--no-report", "--save-weights"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let results = folder.path().join("results/small");
    (folder, results)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn whole_results_are_whole() {
    let (folder, _) = results();
    let check = ablate(folder.path(), &["check", "small"]);
    assert_eq!(check.status.code(), Some(0));
    assert!(text(&check).trim().ends_with("4 runs: no damage was found"), "{}", text(&check));
    let json: Value = serde_json::from_slice(&ablate(folder.path(), &["check", "small", "--json"]).stdout).unwrap();
    assert_eq!((&json["version"], &json["runs"], &json["damaged"]), (&1.into(), &4.into(), &false.into()));
    assert_eq!(ablate(folder.path(), &["check", "large"]).status.code(), Some(2));
}

#[test]
fn a_note_that_is_gone_is_named_with_the_runs_that_it_was_about() {
    let (folder, results) = results();
    let note = fs::read_dir(results.join("provenance")).unwrap().next().unwrap().unwrap().path();
    let name = format!("provenance/{}", note.file_name().unwrap().to_str().unwrap());
    fs::remove_file(&note).unwrap();
    let check = ablate(folder.path(), &["check", "small"]);
    assert_eq!(check.status.code(), Some(0), "the runs are whole");
    let said = text(&check);
    let (first, rest) = said.split_once('\n').unwrap();
    assert!(first.starts_with("missing    results/small") && first.contains(&name), "{said}");
    assert!(rest.contains("runs: 4 that this process trained. Put back a copy of it"), "{said}");
    assert!(said.trim().ends_with("no damage was found"), "{said}");
    assert!(text(&ablate(folder.path(), &["cite", "small"])).contains("a version that is not known"));
    // One that is there, but is not what was kept, is damaged; so is each of the store's own.
    fs::write(&note, "{}").unwrap();
    let check = ablate(folder.path(), &["check", "small"]);
    assert_eq!(check.status.code(), Some(7));
    let json: Value = serde_json::from_slice(&ablate(folder.path(), &["check", "small", "--json"]).stdout).unwrap();
    let grades: Vec<&Value> = json["findings"].as_array().unwrap().iter().map(|finding| &finding["grade"]).collect();
    assert_eq!(grades, ["damaged"], "{json}");
}

#[test]
fn damage_is_named_with_its_runs_and_what_to_do() {
    let weights = |results: &Path| fs::read_dir(results.join("weights")).unwrap().next().unwrap().unwrap().path();
    let files: [&dyn Fn(&Path) -> PathBuf; 4] = [
        &|results| results.join("runs.parquet"),
        &|results| results.join("curves.parquet"),
        &|results| results.join("manifest.json"),
        &weights,
    ];
    for file in files {
        let (folder, results) = results();
        let path = file(&results);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        for arguments in [&["check", "small"][..], &["check", "small", "--repair"]] {
            let check = ablate(folder.path(), arguments);
            assert_eq!(check.status.code(), Some(7), "{}", text(&check));
            let line = text(&check).lines().find(|line| line.starts_with("damaged")).unwrap().to_owned();
            assert!(line.contains(path.file_name().unwrap().to_str().unwrap()), "{line}");
            assert!(text(&check).contains("runs: "), "{}", text(&check));
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "what is damaged is left as it is");
    }
}

#[test]
fn what_a_killed_process_leaves_is_no_damage_and_can_be_put_in_order() {
    let (folder, results) = results();
    fs::write(results.join("journal/00000009-0123456789abcdef.log"), "abl").unwrap();
    fs::write(results.join("weights/0123456789abcdef0123.safetensors.new"), "half").unwrap();
    fs::write(results.join("notes.txt"), "mine").unwrap();
    let check = ablate(folder.path(), &["check", "small"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check));
    assert_eq!(text(&check).matches("leftover").count(), 2, "{}", text(&check));
    let repair = ablate(folder.path(), &["check", "small", "--repair"]);
    assert_eq!(repair.status.code(), Some(0), "{}", text(&repair));
    assert_eq!(text(&repair).matches("repaired").count(), 2, "{}", text(&repair));
    let check = ablate(folder.path(), &["check", "small"]);
    assert_eq!((text(&check).matches("leftover").count(), text(&check).matches("foreign").count()), (1, 1));
    let torn = results.join("journal/00000009-0123456789abcdef.log.torn");
    assert_eq!(fs::read_to_string(torn).unwrap(), "abl", "what was cut is kept");
    assert!(results.join("notes.txt").exists(), "what is not Ablate's stays");
    assert_eq!(fs::read_dir(results.join("weights")).unwrap().count(), 4);
}

#[test]
fn files_of_others_stay_whatever_they_are_called() {
    let (folder, results) = results();
    fs::create_dir(results.join("backup.new")).unwrap();
    fs::create_dir(results.join("unfinished")).unwrap();
    let mine = ["notes.new", "runs.csv.new", "weights/mine.new", "sweeps/mine.yaml.new", "unfinished/mine.new"];
    mine.iter().for_each(|name| fs::write(results.join(name), "mine").unwrap());
    fs::create_dir(results.join("curves.parquet.new")).unwrap();
    fs::write(results.join("runs.parquet.new"), "half").unwrap();
    let check = ablate(folder.path(), &["check", "small"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check));
    assert_eq!((text(&check).matches("leftover").count(), text(&check).matches("foreign").count()), (1, 7));
    for arguments in [&["run", "small.yaml", "--no-report"][..], &["check", "small", "--repair"]] {
        fs::write(results.join("runs.parquet.new"), "half").unwrap();
        let output = ablate(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!results.join("runs.parquet.new").exists(), "{arguments:?}");
        assert!(mine.iter().all(|name| results.join(name).exists()) && results.join("backup.new").exists());
    }
    // One that is in the way is named.
    let more = ablate(folder.path(), &["run", "small.yaml", "--no-report", "replicates.count=2"]);
    assert_eq!(more.status.code(), Some(7), "{}", String::from_utf8_lossy(&more.stderr));
    assert!(String::from_utf8_lossy(&more.stderr).contains("curves.parquet.new is damaged: it is a folder"));
    fs::remove_dir(results.join("curves.parquet.new")).unwrap();
    assert!(ablate(folder.path(), &["run", "small.yaml", "--no-report", "replicates.count=2"]).status.success());
}

#[test]
fn what_is_no_file_or_has_no_name_is_listed_and_stops_nothing() {
    let (folder, results) = results();
    let garbled = OsStr::from_bytes(b"\xff.log");
    fs::write(results.join("journal").join(garbled), "x").unwrap();
    fs::write(results.join("claims").join(OsStr::from_bytes(b"\xff.runs")), "x").unwrap();
    fs::write(results.join(OsStr::from_bytes(b"\xff.new")), "x").unwrap();
    fs::create_dir(results.join("weights/x.new")).unwrap();
    let check = ablate(folder.path(), &["check", "small", "--repair"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check));
    assert_eq!((text(&check).matches("foreign").count(), text(&check).lines().count()), (4, 9), "{}", text(&check));
    for arguments in [&["runs", "small"][..], &["run", "small.yaml", "--no-report"]] {
        let output = ablate(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(results.join("journal").join(garbled).exists());
    // What a later version has written.
    fs::write(results.join("journal/x.log"), later_segment()).unwrap();
    for arguments in [&["check", "small"][..], &["check", "small", "--repair"]] {
        let check = ablate(folder.path(), arguments);
        assert_eq!(check.status.code(), Some(1), "{}", text(&check));
        assert!(text(&check).contains("no damage was found, 1 cannot be read"), "{}", text(&check));
        assert_eq!(text(&check).matches("foreign").count(), 4);
    }
    let json: Value = serde_json::from_slice(&ablate(folder.path(), &["check", "small", "--json"]).stdout).unwrap();
    let grades = json["findings"].as_array().unwrap().iter().map(|finding| finding["grade"].as_str().unwrap());
    assert_eq!(grades.filter(|grade| *grade == "unreadable").count(), 1);
    // Damage says more than that, and so does what is no file where there should be one.
    fs::create_dir(results.join("journal/y.log")).unwrap();
    for arguments in [&["check", "small"][..], &["check", "small", "--repair"]] {
        let check = ablate(folder.path(), arguments);
        assert_eq!(check.status.code(), Some(7), "{}", text(&check));
        assert!(text(&check).contains("1 file is damaged, 1 cannot be read"), "{}", text(&check));
    }
}

/// The header of a segment of the journal, of a format that is not known yet.
fn later_segment() -> Vec<u8> {
    let header = [&b"ablate\0j"[..], &99u32.to_le_bytes(), &7u32.to_le_bytes()].concat();
    let check = blake3::hash(&header);
    [&header[..], &check.as_bytes()[..16]].concat()
}
