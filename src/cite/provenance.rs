//! Where runs come from: program, numeric path, machine, sweep and time. No names of users and hosts, and no paths.
#![expect(unsafe_code, reason = "the C library tells its version by a function")]

use std::ffi::{CStr, c_char};
use std::fs;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::store::Note;
use crate::sweep::Sweep;
use crate::train::{Device, LIBTORCH, environment, libtorch_folder, vectors};

/// The packages that this program was built from, to the version.
const LOCK: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));

unsafe extern "C" {
    safe fn gnu_get_libc_version() -> *const c_char;
}

/// Where the runs of a process come from, as it is kept with the results.
#[derive(Clone, Debug)]
pub struct Provenance {
    note: Note,
}

impl Provenance {
    /// What is known when a process begins to train a sweep with so many workers.
    #[must_use]
    pub fn begin(sweep: &Sweep, devices: &[Device], workers: usize) -> Self {
        let mut note = Note::new();
        note.insert("began".into(), now().into());
        note.insert("ended".into(), Value::Null);
        note.insert("ablate".into(), program());
        note.insert("sweep".into(), json!({"blake3": sweep.hash().to_hex().as_str(), "overrides": sweep.overrides()}));
        note.insert("workers".into(), workers.into());
        note.insert("environments".into(), devices.iter().map(numeric_path).collect());
        note.insert("machine".into(), machine());
        Self { note }
    }

    /// Notes that the process has trained all that it was to, or was stopped.
    pub fn end(&mut self) {
        self.note.insert("ended".into(), now().into());
    }

    /// As it is kept.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }
}

/// The time, in UTC, to the second.
#[expect(clippy::disallowed_methods, reason = "when runs were trained is recorded, and decides nothing")]
fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// This program: version, source, packages, compiler.
#[must_use]
pub fn program() -> Value {
    let commit = option_env!("ABLATE_COMMIT").filter(|commit| !commit.is_empty());
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": commit,
        // Nobody can say it of sources without a history.
        "modified": commit.and(option_env!("ABLATE_MODIFIED")).map(|modified| modified == "true"),
        "packages": blake3::hash(LOCK).to_hex().as_str(),
        "compiler": option_env!("ABLATE_COMPILER"),
        "target": option_env!("ABLATE_TARGET"),
    })
}

/// What decides bits on a device, read back from where it is in force; and what does not decide them on the processor.
fn numeric_path(device: &Device) -> Value {
    let environment = environment(device);
    let facts: Note = environment.facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let libtorch = match device {
        Device::Cpu => Value::Null,
        _ => json!({"version": LIBTORCH, "libraries": libraries()}),
    };
    json!({
        "id": environment.id(), "device": device.to_string(), "decides": facts, "vectors": vectors(), "libtorch": libtorch,
    })
}

/// The hashes of those libraries of libtorch's that compute.
fn libraries() -> Note {
    let folder = libtorch_folder();
    let hash = |name: &str| {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(fs::File::open(folder.as_ref()?.join(name)).ok()?).ok()?;
        Some((name.to_owned(), hasher.finalize().to_hex().as_str().into()))
    };
    ["libc10.so", "libtorch_cpu.so", "libtorch_cuda.so"].into_iter().filter_map(hash).collect()
}

fn machine() -> Value {
    let kernel = |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default();
    let (system, release) = (kernel("ostype"), kernel("osrelease"));
    // SAFETY: the C library gives a text that is there as long as the program.
    let library = unsafe { CStr::from_ptr(gnu_get_libc_version()) }.to_string_lossy();
    json!({
        "processor": line_of("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory": line_of("/proc/meminfo", "MemTotal"),
        "system": format!("{} {}", system.trim(), release.trim()),
        "library": format!("glibc {library}"),
    })
}

/// What stands behind a name in a file of the kernel's.
fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    line.map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::parse;

    #[test]
    fn it_says_what_and_where_and_names_nobody() {
        let sweep = parse("version: 1\nname: x\n", "/home/somebody/x.yaml", &[]).unwrap();
        let mut provenance = Provenance::begin(&sweep, &[Device::Cpu], 2);
        assert!(provenance.note()["ended"].is_null());
        provenance.end();
        let text = serde_json::to_string(provenance.note()).unwrap();
        for name in ["HOME", "USER", "HOSTNAME"] {
            let value = std::env::var(name).ok().filter(|value| value.len() > 3);
            assert!(value.is_none_or(|value| !text.contains(&value)), "{name} in {text}");
        }
        assert!(!text.contains("somebody"), "{text}");
        let note = provenance.note();
        assert_eq!(note["ablate"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(note["environments"][0]["id"], environment(&Device::Cpu).id());
        assert!(note["machine"]["processor"].is_string() && note["machine"]["library"].is_string(), "{text}");
        assert!(note["ended"].as_str().is_some_and(|time| time.ends_with('Z')), "{text}");
    }
}
