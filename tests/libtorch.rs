//! Two programs: `ablate`, which begins without libtorch, and `ablate-libtorch`, which it goes over to for GPUs.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SWEEP: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 20, test_examples: 10, largest: 12, epochs: 2, width: 4}
grid: {activation: [linear, relu]}
";

/// The libraries that the system's loader finds a program to need.
fn libraries(program: &str) -> String {
    let output = Command::new(program).env("LD_TRACE_LOADED_OBJECTS", "1").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(folder).output().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn only_the_program_for_gpus_is_linked_to_libtorch() {
    assert!(libraries(env!("CARGO_BIN_EXE_ablate-libtorch")).contains("libtorch_cpu.so"));
    let own = libraries(env!("CARGO_BIN_EXE_ablate"));
    assert!(own.contains("libc.so") && !own.contains("torch"), "{own}");
}

#[test]
fn devices_of_libtorch_are_reached_by_the_other_program() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), SWEEP).unwrap();
    let ablate = Path::new(env!("CARGO_BIN_EXE_ablate"));
    let trained = run(ablate, folder.path(), &["run", "small.yaml", "--device", "cpu-tensors", "--no-report"]);
    assert!(trained.status.success(), "{}", err(&trained));
    let listed = run(ablate, folder.path(), &["runs", "small", "--columns", "device", "--format", "csv"]);
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "device\ncpu-tensors\ncpu-tensors\n");
}

#[test]
fn alone_it_trains_on_the_processor_and_says_what_is_missing_for_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.yaml"), SWEEP).unwrap();
    let alone = folder.path().join("ablate");
    fs::copy(env!("CARGO_BIN_EXE_ablate"), &alone).unwrap();
    for device in ["auto", "cpu"] {
        let trained = run(&alone, folder.path(), &["run", "small.yaml", "--device", device]);
        assert!(trained.status.success(), "{device}: {}", err(&trained));
    }
    for device in ["cuda", "cuda:0", "cpu-tensors"] {
        let refused = run(&alone, folder.path(), &["run", "small.yaml", "--device", device]);
        assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
        assert!(err(&refused).contains("ablate-libtorch cannot be started"), "{}", err(&refused));
    }
    let doctor = run(&alone, folder.path(), &["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("· libtorch") && said.contains("ablate-libtorch cannot be started"), "{said}");
    // Where it is and its libraries are not, the loader's words are passed on.
    let other = folder.path().join("ablate-libtorch");
    fs::write(&other, "#!/bin/sh\necho libtorch_cpu.so: not found >&2; exit 127\n").unwrap();
    fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let doctor = run(&alone, folder.path(), &["doctor"]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.status.code() == Some(1) && said.contains("libtorch_cpu.so: not found"), "{said}");
}
