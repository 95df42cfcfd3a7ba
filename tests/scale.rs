//! Large sweeps take the memory of small ones: nothing holds what runs came to until the end.
#![expect(clippy::disallowed_methods, reason = "tests make and break files of their own")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The peak of the memory of a whole sweep with so many runs, in kB.
fn peak(folder: &Path, runs: u32) -> u64 {
    let results = format!("results-{runs}");
    let count = format!("replicates.count={runs}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args([
            "run",
            "short.yaml",
            &count,
            "--no-report",
            "--quiet",
            "--device",
            "cpu",
            "--jobs",
            "2",
            "--results",
            &results,
        ])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The peak only grows, so that the last look before the end is enough.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn memory_hardly_grows_with_the_runs_of_a_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let base = "{width: 4, depth: 1, examples: 20, test_examples: 20, largest: 100, epochs: 2}";
    let text = format!("version: 1\nname: short\nquestion: How much memory?\nbase: {base}\nreplicates: {{count: 1}}\n");
    fs::write(folder.path().join("short.yaml"), text).unwrap();
    let (few, many) = (peak(folder.path(), 1000), peak(folder.path(), 12_000));
    // A run's record has some 10 kB, more than 30 once it is decoded and in tables: held to the end, 11,000 would be 110 MB,
    // or 330.
    // What a busy disk has still to take is some 10 MB more.
    assert!(many < few + (75 << 10), "1000 runs take {few} kB, 12,000 take {many} kB");
}

/// Open files, and kB of memory.
fn taken(process: u32) -> Option<(usize, u64)> {
    let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some((files, memory.trim().strip_suffix(" kB")?.parse().ok()?))
}

#[test]
fn a_hundred_thousand_runs_take_no_more_files_and_memory_than_the_first() {
    const TEXT: &str = "version: 1
name: tiny
base: {width: 2, depth: 1, examples: 4, test_examples: 4, largest: 10, epochs: 1}
replicates: {count: 100000}
";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tiny.yaml"), TEXT).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["run", "tiny.yaml", "--no-report", "--quiet", "--device", "cpu"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let results = folder.path().join("results/tiny");
    let tables = || results.join("runs.parquet.new").exists();
    let mut looks = Vec::new();
    while child.try_wait().unwrap().is_none() {
        let is_training = fs::read_dir(results.join("journal")).is_ok_and(|mut files| files.next().is_some());
        if is_training && !tables() {
            looks.extend(taken(child.id()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(child.wait().unwrap().success());
    let (first, second) = looks.split_at(looks.len() / 2);
    let memory = |looks: &[(usize, u64)]| {
        let mut memory: Vec<u64> = looks.iter().map(|look| look.1).collect();
        memory.sort_unstable();
        memory[memory.len() / 2]
    };
    let files = |looks: &[(usize, u64)]| looks.iter().map(|look| look.0).max().unwrap_or(0);
    assert!(looks.len() > 50, "{} looks", looks.len());
    // Those that are open for a moment, while runs are taken, are seen in one half and not in the other.
    assert!(files(second) <= files(first) + 4, "{} files, then {}", files(first), files(second));
    assert!(memory(second) as f64 <= 1.05 * memory(first) as f64, "{} kB, then {} kB", memory(first), memory(second));
}
