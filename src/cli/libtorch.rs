//! Going over to the program that has libtorch, for what needs it.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::train::{self, Choice, Device, NoCuda};

/// The program that is this one with libtorch; it lies beside this one.
const PROGRAM: &str = "ablate-libtorch";

/// How much a command needs libtorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not at all.
    No,
    /// It does without where there is none.
    IfThere,
    /// It cannot do without.
    Yes,
}

impl Need {
    /// What training on such a device needs. Where there is no driver of NVIDIA's (or Windows' for Linux), there is no GPU
    /// to find.
    pub fn of(device: Choice) -> Self {
        let driver = || ["/dev/nvidiactl", "/dev/dxg"].iter().any(|device| Path::new(device).exists());
        match device {
            Choice::Auto if driver() => Self::IfThere,
            Choice::Auto | Choice::Device(Device::Cpu) => Self::No,
            Choice::Cuda | Choice::Device(_) => Self::Yes,
        }
    }
}

/// Becomes the program with libtorch where that is needed and this is not it; returns where it is not.
///
/// # Errors
/// When it is needed and not there.
pub fn go_over(need: Need) -> anyhow::Result<()> {
    if need == Need::No || train::libtorch().is_some() {
        return Ok(());
    }
    let program = program()?;
    let mut arguments = env::args_os();
    let mut command = Command::new(&program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let error = command.args(arguments).exec();
    match need {
        Need::Yes => Err(anyhow::Error::new(NoCuda::NoLibtorch).context(format!(
            "{} cannot be started ({error}); build or install it together with ablate",
            program.display()
        ))),
        _ => Ok(()),
    }
}

/// Whether the program with libtorch can be started at all.
///
/// # Errors
/// What it, or the system, says instead.
pub fn starts() -> Result<(), String> {
    let program = program().map_err(|error| error.to_string())?;
    let said = |error| format!("{} cannot be started: {error}", program.display());
    let output = Command::new(&program).arg("--version").stdin(Stdio::null()).output().map_err(said)?;
    let reason = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(reason.trim().to_owned()) }
}

fn program() -> anyhow::Result<PathBuf> {
    Ok(env::current_exe().context("where this program lies is unknown")?.with_file_name(PROGRAM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gpus_need_libtorch() {
        assert_eq!(Need::of("cpu".parse().unwrap()), Need::No);
        for device in ["cuda", "cuda:1", "cpu-tensors"] {
            assert_eq!(Need::of(device.parse().unwrap()), Need::Yes, "{device}");
        }
        assert_ne!(Need::of(Choice::Auto), Need::Yes);
    }
}
