//! `ablate bundle` as a user meets it: what is in a bundle, that it is the same everywhere, and that it can be used.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const SWEEP: &str = "version: 1
name: small
question: Does a wider network learn faster?
base: {examples: 30, test_examples: 10, largest: 20, epochs: 3, batch: 10}
grid: {activation: [relu, tanh], width: [3, 8]}
claims:
  - {name: errors are finite, expect: max(test_rmse) < 1000000}
";

fn ablate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate")).args(arguments).current_dir(folder).output().unwrap()
}

/// What a command prints, which must go well.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = ablate(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with the results of four runs.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), SWEEP).unwrap();
    printed(folder.path(), &["run", "small.yaml", "--no-report", "--save-weights"]);
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &to) } else { assert!(fs::copy(path, to).is_ok()) }
    }
}

/// The beginning of the id of the first run.
fn first_run(folder: &Path, results: &str) -> String {
    let runs = printed(folder, &["runs", results, "--columns", "run", "--sort", "run", "--format", "csv"]);
    runs.lines().nth(1).unwrap().to_owned()
}

#[test]
fn commands_say_the_same_of_a_bundle_and_of_the_folder() {
    let folder = trained();
    let folder = folder.path();
    assert_eq!(printed(folder, &["bundle", "small"]), "small.zip\n");
    let run = first_run(folder, "small");
    let within = format!("small.zip/{}", &run[..8]);
    let config = printed(
        folder,
        &["runs", "small", "--where", &format!("run = '{run}'"), "--columns", "config", "--format", "csv"],
    );
    let config = config.lines().nth(1).unwrap();
    let of_bundle = format!("small.zip/{}", &config[..9]);
    let pairs: [[&[&str]; 2]; 10] = [
        [&["runs", "small", "--format", "json"], &["runs", "small.zip", "--format", "json"]],
        [&["runs", "small", "--where", "width = 8"], &["runs", "small.zip", "--where", "width = 8"]],
        [&["claims", "small"], &["claims", "small.zip"]],
        [&["show", &run], &["show", &within]],
        [&["show", &run, "--json"], &["show", &run, "--results", "small.zip", "--json"]],
        [&["cite", &run], &["cite", &within]],
        [&["cite", &run, "--json"], &["cite", &run, "--results", "small.zip", "--json"]],
        [&["cite", config, "--format", "latex"], &["cite", &of_bundle, "--format", "latex"]],
        [&["compare", &run, config], &["compare", &within, &of_bundle]],
        [&["compare", &run, config], &["compare", &run[..6], config, "--results", "small.zip"]],
    ];
    for [left, right] in pairs {
        assert_eq!(printed(folder, left), printed(folder, right), "{right:?}");
    }
    printed(folder, &["report", "small", "--out", "one"]);
    printed(folder, &["report", "small.zip", "--out", "two"]);
    assert!(files(&folder.join("one")) == files(&folder.join("two")));
    let check = printed(folder, &["check", "small.zip"]);
    assert!(check.trim().ends_with("4 runs: no damage was found"), "{check}");
    let repair = ablate(folder, &["check", "small.zip", "--repair"]);
    assert_eq!(repair.status.code(), Some(2));
    // The report in it is that of its results.
    let unpacked = unpacked(folder, "small.zip");
    for (name, bytes) in files(&folder.join("one")) {
        assert!(unpacked.get(&Path::new("reports/small").join(&name)) == Some(&bytes), "{name:?}");
    }
    // Last, since what was found is kept in the folder and not in the bundle.
    let verified = printed(folder, &["verify", config, "--quiet"]);
    assert_eq!(verified, printed(folder, &["verify", &of_bundle, "--quiet"]));
}

#[test]
fn a_bundle_is_verified_and_cited_as_it_is() {
    let folder = trained();
    let folder = folder.path();
    printed(folder, &["bundle", "small"]);
    let before = fs::read(folder.join("small.zip")).unwrap();
    // From the archive alone.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("small.zip"), &before).unwrap();
    let told = printed(elsewhere.path(), &["verify", "small.zip", "--quiet"]);
    assert!(told.contains("4 of 4 runs were trained again: all bitwise equal"), "{told}");
    assert_eq!(fs::read(folder.join("small.zip")).unwrap(), before, "a bundle stays as it is");
    let document: Value =
        serde_json::from_str(&printed(folder, &["verify", "small.zip", "--quiet", "--json"])).unwrap();
    assert_eq!((&document["results"], &document["kept"]), (&"small.zip/results/small".into(), &false.into()));
    assert_eq!(printed(folder, &["cite", "small.zip"]), printed(folder, &["cite", "small"]));
    // One of its runs; and what is not in it is said of the bundle, not of where it was unpacked.
    let run = first_run(folder, "small.zip");
    let told = printed(folder, &["verify", &format!("small.zip/{}", &run[..8]), "--quiet"]);
    assert!(told.starts_with(&format!("run {run}: bitwise equal\n")), "{told}");
    for command in ["verify", "cite", "show", "bundle"] {
        let output = ablate(folder, &[command, "small.zip/ffffffffff"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(message.contains("no run `ffffffffff` in small.zip: "), "{message}");
        let output = ablate(folder, &[command, "small.zip/small"]);
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let shown = ablate(folder, &["show", "small"]);
    assert_eq!(shown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&shown.stderr).contains("small holds 4 runs: name one as small/RUN"));
}

#[test]
fn the_citation_of_a_bundle_is_that_of_cite() {
    let folder = trained();
    let folder = folder.path();
    let run = first_run(folder, "small");
    let file = |name: &str| String::from_utf8(unpacked(folder, name)[Path::new("CITATION.cff")].clone()).unwrap();
    let said = ["--author", "Lovelace, Ada", "--author", "The B. of \"C\""];
    printed(folder, &[&["bundle", "small"][..], &said].concat());
    assert_eq!(file("small.zip"), printed(folder, &[&["cite", "small", "--format", "cff"][..], &said].concat()));
    assert!(file("small.zip").contains("family-names: \"Lovelace\"\n"), "{}", file("small.zip"));
    printed(folder, &["bundle", &run, "--out", "run.zip", "--license", "CC-BY-4.0"]);
    let cited = printed(folder, &["cite", &run, "--format", "cff"]);
    assert_eq!(file("run.zip").replace("license: \"CC-BY-4.0\"\n", ""), cited);
    assert!(file("run.zip").contains("license: \"CC-BY-4.0\"\n") && !cited.contains("license"));
}

#[test]
fn a_bundle_of_a_configuration_holds_its_replicates() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("small.yaml"), format!("{SWEEP}replicates: {{count: 3}}\n")).unwrap();
    printed(folder, &["run", "small.yaml", "--no-report", "--save-weights"]);
    let config = printed(folder, &["runs", "small", "--columns", "config", "--format", "csv"]);
    let config = config.lines().nth(1).unwrap();
    let out = format!("small-{config}.zip");
    assert_eq!(printed(folder, &["bundle", &config[..8]]).trim(), out);
    let csv = |of: &[&str]| printed(folder, &[&["runs"][..], of, &["--sort", "run", "--format", "csv"]].concat());
    assert_eq!(csv(&[&out]), csv(&["small", "--where", &format!("config = '{config}'")]));
    assert_eq!(printed(folder, &["cite", &format!("{out}/{config}")]), printed(folder, &["cite", config]));
    let told = printed(folder, &["verify", &out, "--quiet"]);
    assert!(told.ends_with("small: 3 of 3 runs were trained again: all bitwise equal\n"), "{told}");
    // A bundle of that bundle is the same.
    printed(folder, &["bundle", &out, "--out", "again.zip"]);
    assert!(fs::read(folder.join("again.zip")).unwrap() == fs::read(folder.join(&out)).unwrap());
    // One run is not meant by a configuration of several.
    let shown = ablate(folder, &["show", config]);
    assert_eq!(shown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&shown.stderr).contains("is a configuration, which has the runs "));
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), PathBuf::from(entry.file_name()));
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes)));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

/// What a bundle says of itself.
fn description(folder: &Path, name: &str) -> String {
    let unpacked = unpacked(folder, name);
    let metadata: Value = serde_json::from_slice(&unpacked[Path::new("ro-crate-metadata.json")]).unwrap();
    let graph = metadata["@graph"].as_array().unwrap();
    let root = graph.iter().find(|entity| entity["@id"] == "./").unwrap();
    root["description"].as_str().unwrap().to_owned()
}

#[test]
fn a_bundle_says_what_is_in_it_and_what_is_not() {
    let folder = trained();
    let folder = folder.path();
    let run = first_run(folder, "small");
    printed(folder, &["bundle", "small"]);
    printed(folder, &["bundle", &run, "--out", "run.zip"]);
    let question = "The sweep asks: Does a wider network learn faster?";
    let asks = "The sweep file asks for";
    let all = format!("{question} 4 runs are here: 4 finished. {asks} 4 runs, all of which are here.");
    assert_eq!(description(folder, "small.zip"), all);
    let one = format!("{question} 1 run is here: 1 finished. {asks} 4 runs, 1 of which is here.");
    assert_eq!(description(folder, "run.zip"), one);
    // The sweep is another now, and where the first runs come from has been lost.
    fs::remove_dir_all(folder.join("results/small/provenance")).unwrap();
    fs::write(
        folder.join("small.yaml"),
        SWEEP.replace("width: [3, 8]", "width: [5]").replace("question", "# question"),
    )
    .unwrap();
    printed(folder, &["run", "small.yaml", "--no-report"]);
    printed(folder, &["bundle", "small"]);
    let lost = "Which program and machine trained 4 of them, and when, is not known.";
    let more = format!(
        "The sweep file states no question. 6 runs are here: 6 finished. {asks} 2 runs, all of which are here. {lost}"
    );
    assert_eq!(description(folder, "small.zip"), more);
    printed(folder, &["bundle", &run, "--out", "run.zip"]);
    // A run is read by the sweep that asked for it.
    assert_eq!(
        description(folder, "run.zip"),
        format!("{one} Which program and machine trained 1 of them, and when, is not known.")
    );
    assert!(
        printed(folder, &["report", "run.zip"])
            .contains("Of the 4 runs that the sweep asks for, 3 are not trained yet.")
    );
    assert_eq!(unpacked(folder, "run.zip").keys().filter(|name| name.starts_with("results/small/sweeps")).count(), 2);
}

/// What is in a bundle, as the library unpacks it.
fn unpacked(folder: &Path, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    files(ablate::cite::bundle::open(&folder.join(name)).unwrap().folder())
}

#[test]
fn the_same_results_are_the_same_bytes() {
    let folder = trained();
    let first = folder.path();
    printed(first, &["bundle", "small"]);
    let bytes = fs::read(first.join("small.zip")).unwrap();
    // In another folder, of another name, with another clock, umask, language and home.
    let other = tempfile::tempdir().unwrap();
    copy(&first.join("results/small"), &other.path().join("elsewhere/renamed"));
    let command =
        format!("umask 077; exec {} bundle elsewhere/renamed --out deep/er/b.zip", env!("CARGO_BIN_EXE_ablate"));
    let output = Command::new("sh")
        .args(["-c", &command])
        .current_dir(&other)
        .envs([("TZ", "Asia/Kathmandu"), ("LC_ALL", "tr_TR.UTF-8"), ("HOME", "/nowhere"), ("RAYON_NUM_THREADS", "1")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::read(other.path().join("deep/er/b.zip")).unwrap() == bytes);
    // A bundle of a bundle is that bundle.
    printed(first, &["bundle", "small.zip", "--out", "again.zip"]);
    assert!(fs::read(first.join("again.zip")).unwrap() == bytes);
    // And so is one of what was unpacked.
    for (name, held) in unpacked(first, "small.zip") {
        let path = other.path().join("unpacked").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, held).unwrap();
    }
    printed(&other.path().join("unpacked"), &["bundle", "small"]);
    assert!(fs::read(other.path().join("unpacked/small.zip")).unwrap() == bytes);
}

#[test]
fn a_bundle_of_one_run_holds_that_run_alone() {
    let folder = trained();
    let folder = folder.path();
    let run = first_run(folder, "small");
    let out = format!("small-{run}.zip");
    assert_eq!(printed(folder, &["bundle", &run[..7]]).trim(), out);
    assert_eq!(printed(folder, &["show", &out]), printed(folder, &["show", &run]));
    let json: Value = serde_json::from_str(&printed(folder, &["runs", &out, "--format", "json"])).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 1);
    assert!(printed(folder, &["check", &out]).contains("1 run: no damage was found"));
    let unpacked = unpacked(folder, &out);
    let others = printed(folder, &["runs", "small", "--columns", "run", "--format", "csv"]);
    for other in others.lines().skip(1).filter(|other| *other != run) {
        for (name, bytes) in &unpacked {
            let is_there = bytes.windows(20).any(|window| window == other.as_bytes());
            assert!(!is_there, "{name:?} tells of run {other}");
        }
    }
    let weights: Vec<&PathBuf> = unpacked.keys().filter(|name| name.starts_with("results/small/weights")).collect();
    assert_eq!(weights, [Path::new(&format!("results/small/weights/{run}.safetensors"))]);
    // The same from the bundle of all, and from itself.
    printed(folder, &["bundle", "small"]);
    printed(folder, &["bundle", &format!("small.zip/{run}"), "--out", "a.zip"]);
    assert!(fs::read(folder.join("a.zip")).unwrap() == fs::read(folder.join(&out)).unwrap());
    let several = ablate(folder, &["show", "small.zip"]);
    assert_eq!(several.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&several.stderr).contains("small.zip holds 4 runs: name one"));
}

#[test]
fn nothing_tells_of_whose_machine_it_was() {
    let folder = trained();
    let folder = folder.path();
    printed(folder, &["bundle", "small"]);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut secrets = vec![folder.display().to_string(), env!("CARGO_MANIFEST_DIR").to_owned(), host.trim().to_owned()];
    secrets.extend(["HOME", "USER"].iter().filter_map(|name| std::env::var(name).ok()));
    secrets.push(std::env::temp_dir().join("ablate-bundle-").display().to_string());
    for (name, bytes) in unpacked(folder, "small.zip") {
        for secret in secrets.iter().filter(|secret| secret.len() > 5) {
            let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "{name:?} holds {secret}");
        }
    }
}

#[test]
fn a_bundle_that_was_changed_is_refused_and_says_so() {
    let folder = trained();
    let folder = folder.path();
    printed(folder, &["bundle", "small"]);
    let whole = fs::read(folder.join("small.zip")).unwrap();
    let place = whole.windows(7).position(|window| window == b"PAR1\x15\x00\x15").unwrap_or(whole.len() / 2);
    let mut changed = whole.clone();
    changed[place + 100] ^= 4;
    let damaged: [(&str, &[u8]); 4] = [
        ("changed.zip", &changed),
        ("cut.zip", &whole[..whole.len() - 9]),
        ("empty.zip", b""),
        ("text.zip", b"no archive at all, and long enough"),
    ];
    for (name, bytes) in damaged {
        fs::write(folder.join(name), bytes).unwrap();
        for arguments in [
            ["check", name],
            ["runs", name],
            ["report", name],
            ["show", name],
            ["bundle", name],
            ["verify", name],
            ["cite", name],
        ] {
            let output = ablate(folder, &arguments);
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(7), "{arguments:?}: {message}");
            assert!(message.starts_with(&format!("error: {name} is refused as a bundle: ")), "{message}");
        }
    }
    assert!(!folder.join("reports").exists());
}

#[test]
fn damaged_results_are_not_bundled() {
    let folder = trained();
    let folder = folder.path();
    for file in ["curves.parquet", "weights", "sweeps"] {
        let path = folder.join("results/small").join(file);
        let path = if path.is_dir() { fs::read_dir(path).unwrap().next().unwrap().unwrap().path() } else { path };
        let right = fs::read(&path).unwrap();
        let mut wrong = right.clone();
        wrong[right.len() / 2] ^= 1;
        fs::write(&path, &wrong).unwrap();
        let output = ablate(folder, &["bundle", "small"]);
        assert_eq!(output.status.code(), Some(7), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!folder.join("small.zip").exists());
        fs::write(&path, &right).unwrap();
    }
    for arguments in [&["bundle", "large"][..], &["bundle", "abcdef"], &["bundle", "small", "--author", " "]] {
        assert_eq!(ablate(folder, arguments).status.code(), Some(2), "{arguments:?}");
    }
    let injected = ablate(folder, &["bundle", "small", "--license", "MIT\nx: y"]);
    assert_eq!(injected.status.code(), Some(2));
}

#[test]
fn a_bundle_is_an_ro_crate_by_its_validator() {
    let Ok(python) = std::env::var("ABLATE_PYTHON") else {
        println!("skipped: ABLATE_PYTHON is not set; `make test` sets it");
        return;
    };
    let folder = trained();
    let folder = folder.path();
    let run = first_run(folder, "small");
    let said = ["--author", "A. \"B\" Çelik: and", "--author", "Lovelace, Ada", "--license", "CC-BY-4.0"];
    printed(folder, &[&["bundle", "small"], &said[..]].concat());
    printed(folder, &["bundle", &run, "--out", "run.zip"]);
    // As results are that were trained before it was recorded where runs come from.
    fs::remove_dir_all(folder.join("results/small/provenance")).unwrap();
    printed(folder, &["bundle", "small", "--out", "old.zip"]);
    let process = "process-run-crate-0.5";
    let crates: [(&str, &[&str]); 3] = [
        ("small.zip", &["ro-crate-1.1", process]),
        ("run.zip", &["ro-crate-1.1", process]),
        ("old.zip", &["ro-crate-1.1"]),
    ];
    for (name, profiles) in crates {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crate.py");
        let output = Command::new(&python).arg(script).arg(folder.join(name)).args(profiles).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {out}\n{err}");
        let checked = |profile: &str| out.lines().any(|line| line.starts_with(profile) && line.ends_with("checks"));
        assert!(profiles.iter().all(|profile| checked(profile)), "{out}\n{err}");
    }
}
