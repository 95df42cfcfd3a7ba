//! Results that earlier versions wrote are read, and gone on with.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ablate::store::{Results, check};

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

/// The same runs of each: four in the tables, one with its weights, and four in the journal of a process that was killed.
fn is_read_and_gone_on_with(name: &str) {
    let (folder, path) = kept(name);
    let checked = check(&path).unwrap();
    assert_eq!((checked.runs, checked.is_damaged(), checked.findings.len()), (8, false, 0), "{:?}", checked.findings);
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
