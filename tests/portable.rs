//! The same bits on other processors: a sweep of everything that computes is trained here, and again under an emulator
//! that has the instructions of other processor models only. Slow and in need of QEMU, so `make test-portable` runs it.

use std::path::Path;
use std::process::{Command, Stdio};

/// Processor models and whether they have AVX2 and fused multiply-adds, which decide the code path of every loop. None
/// has AVX-512.
const MODELS: [(&str, bool); 4] = [("Nehalem", false), ("SandyBridge", false), ("Haswell", true), ("EPYC", true)];

/// Runs of the sweep: a change of it has to change this too, so that it cannot lose some unnoticed.
const RUNS: usize = 740;

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

/// Run under the emulator by the test above.
#[test]
#[ignore = "only says what the processor has"]
fn what_vectors_there_are() {
    println!("vectors: {}", std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma"));
}
