//! The same bits on other processors: a sweep of everything that computes is trained here, and again under an emulator
//! that has the instructions of other processor models only; and what is made of results that come with the repository.
//! Slow and in need of QEMU, so `make test-portable` runs it.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ablate::config::{Kind, PARAMETERS};
use ablate::plan::{Limits, Plan};

/// Processor models and whether they have AVX2 and fused multiply-adds, which decide the code path of every loop. None
/// has AVX-512.
const MODELS: [(&str, bool); 4] = [("Nehalem", false), ("SandyBridge", false), ("Haswell", true), ("EPYC", true)];

/// Runs of the sweep: a change of it has to change this too, so that it cannot lose some unnoticed.
const RUNS: usize = 754;

fn emulator(model: &str) -> Command {
    let mut emulator = Command::new("qemu-x86_64");
    emulator.args(["-cpu", model]).stderr(Stdio::null());
    emulator
}

/// Run and digest of every run, in order, as `command` trains them into a folder.
fn digests(mut command: Command, folder: &Path) -> Vec<String> {
    let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/portable.yaml");
    let status = command
        .arg("run")
        .arg(sweep)
        .args(["--no-report", "--quiet", "--device", "cpu", "--results"])
        .arg(folder)
        .status()
        .expect("the program starts");
    assert!(status.success(), "{command:?}: {status}");
    let list = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["runs", "--columns", "run,status,environment,digest", "--sort", "run", "--format", "csv"])
        .arg(folder.join("portable"))
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    list.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_sweep_has_every_word_that_a_parameter_takes() {
    let sweep = ablate::sweep::parse(include_str!("fixtures/portable.yaml"), "portable.yaml", &[]);
    let sweep = sweep.unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.runs(), RUNS as u64);
    let points: Vec<_> = plan.cohorts.iter().flat_map(|cohort| &cohort.runs).map(|run| &run.point).collect();
    // The scalings of both sides are those of `normalization` where nothing else is written.
    let of_a_side = |name: &str| name.ends_with("_normalization");
    for parameter in PARAMETERS.iter().filter(|parameter| !of_a_side(parameter.name)) {
        let Kind::Words(words) = parameter.kind else { continue };
        let written: HashSet<String> = points
            .iter()
            .filter_map(|point| parameter.get(&point.configuration()))
            .map(|value| value.to_string().split('(').next().unwrap().to_owned())
            .collect();
        let missing: Vec<&str> = words.iter().map(|word| word.name).filter(|word| !written.contains(*word)).collect();
        assert!(missing.is_empty(), "{} is never {missing:?}", parameter.name);
    }
}

#[test]
#[ignore = "needs QEMU and some minutes: `make test-portable`"]
fn runs_have_the_same_bits_on_other_processors() {
    assert!(
        Command::new("qemu-x86_64").arg("--version").output().is_ok(),
        "qemu-x86_64 is missing. Debian, Ubuntu: apt install qemu-user"
    );
    let folder = tempfile::tempdir().unwrap();
    let here = digests(Command::new(env!("CARGO_BIN_EXE_ablate")), &folder.path().join("here"));
    assert_eq!(here.len(), RUNS);
    assert!(here.iter().all(|line| line.contains(",finished,")), "a run that did not finish tells little");
    for (model, vectors) in MODELS {
        let mut this = emulator(model);
        this.arg(std::env::current_exe().unwrap()).args([
            "--ignored",
            "--exact",
            "--nocapture",
            "what_vectors_there_are",
        ]);
        let said = String::from_utf8(this.output().unwrap().stdout).unwrap();
        assert!(said.contains(&format!("vectors: {vectors}\n")), "{model} should have another code path: {said}");
        let mut program = emulator(model);
        program.arg(env!("CARGO_BIN_EXE_ablate"));
        let there = digests(program, &folder.path().join(model));
        let different: Vec<_> = here.iter().zip(&there).filter(|(a, b)| a != b).collect();
        assert!(there.len() == here.len() && different.is_empty(), "{model}: {different:#?}");
        println!("{model}: {} digests equal", there.len());
    }
}

/// Files of a bundle with their bytes.
fn files(bundle: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let opened = ablate::cite::bundle::open(bundle).unwrap();
    let (mut found, mut folders) = (BTreeMap::new(), vec![opened.folder().to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => {
                    let name = path.strip_prefix(opened.folder()).unwrap().to_path_buf();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

/// What is written does not depend on how a processor computes logarithms, packs a picture or sums a hash: a report's page,
/// pictures and tables, a citation, and the archive of them all are the same bytes.
#[test]
#[ignore = "needs QEMU and a minute: `make test-portable`"]
fn bundles_have_the_same_bytes_on_other_processors() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = |mut command: Command, sweep: &str, file: &str| {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(sweep);
        let out = folder.path().join(file);
        let status = command
            .arg("bundle")
            .arg(results)
            .arg("--quiet")
            .arg("--out")
            .arg(&out)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{command:?}: {status}");
        out
    };
    // A page with every kind of finding, and one of many intervals, quantiles and logarithms.
    for sweep in ["why-squares", "seed-luck"] {
        let here = bundle(Command::new(env!("CARGO_BIN_EXE_ablate")), sweep, "here.zip");
        let own = files(&here);
        let pictures = own.keys().filter(|name| name.extension().is_some_and(|ending| ending == "png")).count();
        assert!(pictures > 2, "{pictures}");
        // One with AVX2 and fused multiply-adds, which the C library's functions go by as well, and one without.
        for model in ["Nehalem", "Haswell"] {
            let mut program = emulator(model);
            program.arg(env!("CARGO_BIN_EXE_ablate"));
            let there = bundle(program, sweep, "there.zip");
            let other = files(&there);
            let differ: Vec<_> = own.iter().filter(|(name, bytes)| other.get(*name) != Some(bytes)).collect();
            let names: Vec<_> = differ.iter().map(|(name, _)| name).collect();
            assert!(names.is_empty() && own.len() == other.len(), "{model}, {sweep}: {names:?}");
            assert!(fs::read(&here).unwrap() == fs::read(&there).unwrap(), "{model}, {sweep}: the archive");
            println!("{model}: {} files of {sweep} equal, {pictures} of them pictures", own.len());
        }
    }
}

/// Run under the emulator by the first test above.
#[test]
#[ignore = "only says what the processor has"]
fn what_vectors_there_are() {
    println!("vectors: {}", std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma"));
}
