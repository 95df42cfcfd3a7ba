//! What is meant to break it, or happens to: it says what is wrong, and writes nothing outside of its folder.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
base: {examples: 30, test_examples: 10, largest: 20, epochs: 3, batch: 10}
grid: {activation: [relu, tanh], width: [3, 8]}
";

fn folder(sweep: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), sweep).unwrap();
    folder
}

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

fn run(folder: &Path) -> Output {
    ablate(folder, &["run", "small.yaml", "--no-report"])
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[test]
fn results_behind_a_link_are_not_written_to() {
    for link in ["", "journal", "weights", "sweeps", "unfinished", "claims"] {
        let (folder, elsewhere) = (folder(SWEEP), tempfile::tempdir().unwrap());
        let results = folder.path().join("results/small");
        let link = if link.is_empty() { results.clone() } else { results.join(link) };
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(elsewhere.path(), &link).unwrap();
        let output = run(folder.path());
        assert_eq!(output.status.code(), Some(2), "{}: {}", link.display(), text(&output));
        assert!(text(&output).contains("is a symbolic link"), "{}", text(&output));
        assert_eq!(files(elsewhere.path()), Vec::<String>::new(), "{}", link.display());
    }
    // The folder of all results may well be one: somebody has put it there.
    let (folder, elsewhere) = (folder(SWEEP), tempfile::tempdir().unwrap());
    symlink(elsewhere.path(), folder.path().join("results")).unwrap();
    assert!(run(folder.path()).status.success());
    assert!(elsewhere.path().join("small/runs.parquet").exists());
}

/// Runs Ablate, and gives nothing where it has not ended after a minute.
fn ablate_in_time(folder: &Path, arguments: &[&str]) -> Option<Output> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..6000 {
        if child.try_wait().unwrap().is_some() {
            return Some(child.wait_with_output().unwrap());
        }
        sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

const COMMANDS: [&[&str]; 4] =
    [&["run", "small.yaml", "--no-report"], &["check", "small", "--repair"], &["check", "small"], &["runs", "small"]];

/// Saved results in which a file is replaced.
fn with_instead(name: &str, make: impl Fn(&Path)) -> TempDir {
    let folder = folder(SWEEP);
    assert!(run(folder.path()).status.success());
    let path = folder.path().join("results/small").join(name);
    let _ = fs::remove_file(&path);
    make(&path);
    folder
}

/// What Ablate says of a file, on either stream.
fn said(output: &Output) -> String {
    text(output) + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn files_that_are_links_are_neither_followed_nor_written_through() {
    for (name, victim) in [
        (".lock", "mine"),
        (".lock", ""),
        ("claims/.lock", "mine"),
        ("claims/.lock", ""),
        ("claims/aaaaaaaaaaaaaaaa.lock", "mine"),
        ("manifest.json", "mine"),
        ("sweep.yaml", "mine"),
        ("runs.parquet", "mine"),
        ("journal/00000009-aaaa.log", "mine"),
    ] {
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("victim.txt");
        if !victim.is_empty() {
            fs::write(&target, victim).unwrap();
        }
        let folder = with_instead(name, |path| symlink(&target, path).unwrap());
        if name == "claims/aaaaaaaaaaaaaaaa.lock" {
            fs::write(folder.path().join("results/small/claims/aaaaaaaaaaaaaaaa.runs"), "").unwrap();
        }
        for command in COMMANDS {
            let output = ablate(folder.path(), command);
            let reads = !name.contains("lock");
            let notices = reads || command[0] != "runs";
            assert_eq!(
                output.status.code(),
                Some(if notices { 7 } else { 0 }),
                "{name}, {command:?}: {}",
                said(&output)
            );
            if notices {
                assert!(
                    said(&output).contains(name) && said(&output).contains("is a symbolic link"),
                    "{}",
                    said(&output)
                );
            }
            let there: Vec<String> = files(outside.path());
            assert_eq!(there.len(), usize::from(!victim.is_empty()), "{name}, {command:?}: {there:?}");
            assert_eq!(fs::read_to_string(&target).unwrap_or_default(), victim, "{name}, {command:?}");
        }
    }
}

#[test]
fn temporary_files_and_second_names_leave_what_they_lead_to_as_it_is() {
    let links: [fn(&Path, &Path); 2] =
        [|target, link| symlink(target, link).unwrap(), |target, link| fs::hard_link(target, link).unwrap()];
    for link in links {
        for name in ["runs.parquet.new", "manifest.json.new", "sweeps/x.yaml.new", ".lock", "claims/.lock"] {
            let folder = folder(SWEEP);
            let target = folder.path().join("victim.txt");
            fs::write(&target, "mine").unwrap();
            let path = folder.path().join("results/small").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            link(&target, &path);
            let output = run(folder.path());
            assert!(output.status.success() || path.is_symlink(), "{name}: {}", text(&output));
            assert_eq!(fs::read_to_string(&target).unwrap(), "mine", "{name}");
        }
    }
}

#[test]
fn pipes_and_folders_where_files_should_be_are_named_and_not_waited_for() {
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let kinds: [&dyn Fn(&Path); 2] = [&pipe, &|path| fs::create_dir(path).unwrap()];
    for make in kinds {
        for name in [".lock", "claims/.lock", "journal/x.log", "manifest.json", "sweep.yaml", "curves.parquet"] {
            let folder = with_instead(name, make);
            for command in COMMANDS {
                let Some(output) = ablate_in_time(folder.path(), command) else {
                    panic!("{name}, {command:?}: it hangs")
                };
                // Curves are read by whoever has something to do with them.
                let unread = if name.contains("curves") { &["run", "runs"][..] } else { &["runs"] };
                let notices = !unread.contains(&command[0]) || !(name.contains("lock") || name.contains("curves"));
                assert_eq!(
                    output.status.code(),
                    Some(if notices { 7 } else { 0 }),
                    "{name}, {command:?}: {}",
                    said(&output)
                );
                assert!(!notices || said(&output).contains("there should be a file"), "{}", said(&output));
            }
        }
    }
}

#[test]
fn names_lead_nowhere_else() {
    for name in ["../small", "a/b", "..", ".hidden", "\"a\\0b\"", "\"\\e[31m\"", "/tmp/x", "a\u{202e}b"] {
        let folder = folder(&SWEEP.replace("name: small", &format!("name: {name}")));
        let output = run(folder.path());
        assert_eq!(output.status.code(), Some(3), "{name}: {}", text(&output));
        assert!(!text(&output).contains(['\u{1b}', '\0', '\u{202e}']), "{name}: nothing of it reaches the terminal");
        assert_eq!(files(folder.path()).len(), 1, "{name}");
    }
    let folder = folder(SWEEP);
    for argument in ["../small", "..", "no\nsuch", "\u{1b}[31m"] {
        let output = ablate(folder.path(), &["runs", argument]);
        assert_eq!(output.status.code(), Some(2), "{argument:?}: {}", text(&output));
    }
}

#[test]
fn files_that_are_no_sweeps_are_refused_at_once() {
    let bomb: String = ('b'..='j').fold("a: &a [1,1,1,1,1,1,1,1,1]\n".to_owned(), |text, letter| {
        let before = (letter as u8 - 1) as char;
        text + &format!("{letter}: &{letter} [{}]\n", vec![format!("*{before}"); 9].join(","))
    });
    let long = |length: usize| format!("version: 1\nname: x\n{}: 1\n", "k".repeat(length));
    let deep = |open: &str, close: &str| format!("base: {}1{}\n", open.repeat(50_000), close.repeat(50_000));
    let cases = [bomb, long(900_000), deep("[", "]"), deep("{a: ", "}"), "\0".repeat(1000), "- ".repeat(200_000)];
    for case in &cases {
        let folder = folder(case);
        let output = run(folder.path());
        assert_eq!(output.status.code(), Some(3), "{:.60}: {:.300}", case, text(&output));
        assert!(output.stderr.len() < 20_000, "the message is no longer than anyone reads");
        assert_eq!(files(folder.path()).len(), 1);
    }
    let folder = folder(&long(10 << 20));
    let output = run(folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("is larger than"), "{}", text(&output));
}

#[test]
fn folders_that_cannot_be_written_to_are_named() {
    let folder = folder(SWEEP);
    fs::write(folder.path().join("file"), "").unwrap();
    for results in ["file", "file/below", "/proc/ablate", "/dev/null/x"] {
        let output = ablate(folder.path(), &["run", "small.yaml", "--no-report", "--results", results]);
        assert_eq!(output.status.code(), Some(1), "{results}: {}", text(&output));
        assert!(text(&output).contains(results), "{}", text(&output));
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_loses_nothing() {
    let folder = folder(SWEEP);
    let program = env!("CARGO_BIN_EXE_ablate");
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -f 2; exec '{program}' run small.yaml --no-report")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("ulimit -f"), "{}", text(&output));
    assert!(run(folder.path()).status.success());
}

#[test]
fn a_folder_that_vanishes_is_an_error_and_no_hang() {
    let long =
        SWEEP.replace("epochs: 3", "epochs: 200000").replace("width: [3, 8]", "width: [3, 4, 5, 6, 7, 8, 9, 10]");
    for later in [0, 5, 20, 80, 320] {
        let folder = folder(&long);
        let mut child = Command::new(env!("CARGO_BIN_EXE_ablate"))
            .args(["run", "small.yaml", "--no-report", "--jobs", "2"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !folder.path().join("results/small/manifest.json").exists() {
            assert!(begun.elapsed() < Duration::from_mins(1), "{later}: nothing is saved within a minute");
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(later));
        // In one step: half of it would be damaged results.
        let gone = tempfile::tempdir().unwrap();
        fs::rename(folder.path().join("results"), gone.path().join("results")).unwrap();
        for _ in 0..3000 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{later}: {}", text(&output));
        assert!(text(&output).contains("results/small"), "{later}: {}", text(&output));
        assert!(!folder.path().join("results").exists(), "{later}: nothing is made in the place of what has gone");
        // Beginning anew does.
        fs::write(folder.path().join("small.yaml"), SWEEP).unwrap();
        assert!(run(folder.path()).status.success());
    }
}

/// A document with the seal that belongs to it: everybody can make one.
fn sealed(document: &Value) -> Vec<u8> {
    let seal = |hash: &str| {
        let mut sealed = json!({"seal": hash});
        sealed.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
        (serde_json::to_string_pretty(&sealed).unwrap() + "\n").into_bytes()
    };
    seal(blake3::hash(&seal(&"0".repeat(64))).to_hex().as_str())
}

fn manifest(results: &Path) -> Value {
    let mut manifest: Value = serde_json::from_slice(&fs::read(results.join("manifest.json")).unwrap()).unwrap();
    manifest.as_object_mut().unwrap().shift_remove("seal");
    manifest
}

#[test]
fn a_crafted_manifest_or_decision_leads_nowhere_else() {
    let outside = "../../outside/secret.parquet";
    let changes = [
        (false, "/sweep", json!("../../escaped")),
        (false, "/sweep", json!("/tmp/ablate-escaped")),
        (false, "/versions/0/hash", json!("../../../outside/x")),
        (false, "/parts/0/blake3", json!("no hash")),
        (false, "/parts/1/table", json!("runs")),
        (false, "/parts/1", json!(null)),
        (false, "/parts/2/file", json!("runs.parquet")),
        (true, "/manifest/parts/0/file", json!(outside)),
        (true, "/segments", json!(["../../outside/x.log"])),
    ];
    for (number, (is_decision, place, value)) in changes.iter().enumerate() {
        let folder = folder(SWEEP);
        assert!(run(folder.path()).status.success());
        let results = folder.path().join("results/small");
        fs::create_dir(folder.path().join("outside")).unwrap();
        for name in ["runs.parquet", "manifest.json"] {
            fs::copy(results.join(name), folder.path().join("outside").join(name)).unwrap();
        }
        fs::copy(results.join("runs.parquet"), folder.path().join("outside/secret.parquet.new")).unwrap();
        fs::write(folder.path().join("outside/x.log"), "").unwrap();
        let mut document = manifest(&results);
        if *is_decision {
            document = json!({"format": 1, "manifest": document, "segments": []});
        }
        // What is resealed without a change is read.
        let path = results.join(if *is_decision { "compaction.json" } else { "manifest.json" });
        fs::write(&path, sealed(&document)).unwrap();
        assert!(ablate(folder.path(), &["runs", "small"]).status.success());
        *document.pointer_mut(place).unwrap() = value.clone();
        fs::write(&path, sealed(&document)).unwrap();
        let before = files(folder.path());
        let report: &[&str] = &["report", "results/small"];
        for command in COMMANDS.into_iter().chain([report]) {
            let output = ablate(folder.path(), command);
            assert_eq!(output.status.code(), Some(7), "{number}, {command:?}: {}", said(&output));
        }
        let mut after = files(folder.path());
        after.retain(|path| !path.contains(".lock"));
        assert!(after.iter().all(|path| before.contains(path)), "{number}: {after:?}");
        assert!(folder.path().join("outside/secret.parquet.new").exists(), "{number}");
        assert!(!folder.path().join("escaped").exists() && !Path::new("/tmp/ablate-escaped").exists());
    }
}

#[test]
fn a_crafted_table_is_never_parsed() {
    let folder = folder(SWEEP);
    assert!(run(folder.path()).status.success());
    let table = folder.path().join("results/small/runs.parquet");
    // A footer that promises gigabytes.
    let mut bytes = b"PAR1".to_vec();
    bytes.extend([0x15; 64]);
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend(b"PAR1");
    fs::write(&table, bytes).unwrap();
    for arguments in [&["runs", "small"][..], &["report", "small"], &["run", "small.yaml"], &["check", "small"]] {
        let output = ablate(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(7), "{arguments:?}: {}", text(&output));
    }
}
