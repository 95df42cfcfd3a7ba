//! `ablate doctor`: what this machine offers, and what to do about what is missing.

use std::path::Path;
use std::thread::available_parallelism;

use clap::Args;
use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::options::ResultsFolder;
use super::{libtorch, say, style};
use crate::train::{self, Device};

/// Check libtorch, the processor, CUDA, threads and disk: what is there, and what to do about what is not.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    folder: ResultsFolder,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

struct Finding {
    subject: &'static str,
    works: bool,
    text: String,
}

/// Looks and prints. Ends with 1 where something that training needs does not work.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let findings = [libraries(), arithmetic(), processor(), cuda(), disk(&arguments.folder.results)];
    if arguments.json {
        let mut document =
            Map::from_iter([("version".to_owned(), json!(1)), ("ablate".to_owned(), json!(env!("CARGO_PKG_VERSION")))]);
        for finding in &findings {
            document.insert(finding.subject.to_owned(), json!({"works": finding.works, "text": finding.text}));
        }
        say!("{}", serde_json::to_string_pretty(&Value::Object(document))?);
    } else {
        for finding in &findings {
            say!("{} {:<11} {}", if finding.works { "✓" } else { "·" }, finding.subject, finding.text);
        }
    }
    // Without CUDA everything works, on the processor.
    let broken = findings.iter().any(|finding| !finding.works && finding.subject != "cuda");
    Ok(if broken { Exit::Internal } else { Exit::Done })
}

fn libraries() -> Finding {
    let folder = train::libtorch_folder();
    let text = match &folder {
        Some(folder) => format!("{} from {}", train::LIBTORCH, folder.display()),
        None => format!(
            "{}; `make build` installs both. Training on the processor does without",
            libtorch::starts().err().unwrap_or_else(|| "not in this process".to_owned())
        ),
    };
    Finding { subject: "libtorch", works: folder.is_some(), text }
}

/// Really multiplies: a library that is there and does not work shows here.
fn arithmetic() -> Finding {
    let works = train::self_test();
    let environment = train::environment(&Device::Cpu);
    let text = match &works {
        Ok(()) => format!("a product through libtorch is right; environment {}: {environment}", environment.id()),
        Err(reason) => format!("{reason}; `make libtorch` installs it again"),
    };
    Finding { subject: "arithmetic", works: works.is_ok(), text }
}

fn processor() -> Finding {
    let cores = available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("\t: unknown processor");
    let model = model.trim_start_matches(['\t', ' ', ':']);
    Finding {
        subject: "processor",
        works: true,
        text: format!("{model}, {} for workers", style::counted(cores as u64, "core")),
    }
}

fn cuda() -> Finding {
    let (works, text) = match train::load_cuda() {
        Ok(0) => (false, train::NoCuda::NoDevice.to_string()),
        Ok(found) => (true, format!("{}; `--device cuda` uses all of them", style::counted(found as u64, "device"))),
        Err(error) => (false, format!("{error}. Not needed: runs train on the processor")),
    };
    Finding { subject: "cuda", works, text }
}

fn disk(results: &Path) -> Finding {
    let existing =
        results.ancestors().find(|folder| folder.exists() && !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let writable = tempfile::Builder::new().prefix(".ablate-doctor-").tempfile_in(existing);
    match writable {
        Ok(_) => {
            let free = rustix::fs::statvfs(existing).map(|disk| disk.f_bavail as f64 * disk.f_frsize as f64);
            let free = free.map_or(String::new(), |free| format!(", {} free", style::bytes(free)));
            Finding { subject: "results", works: true, text: format!("{} can be written to{free}", existing.display()) }
        }
        Err(error) => Finding {
            subject: "results",
            works: false,
            text: format!("{} cannot be written to ({error}); name another folder with --results", existing.display()),
        },
    }
}
