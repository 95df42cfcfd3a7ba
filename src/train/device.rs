//! Devices: where cohorts are trained, and loading CUDA's part of libtorch when it is asked for.
#![expect(unsafe_code, reason = "loading a library")]

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where cohorts are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// This machine's processor, by fused loops.
    Cpu,
    /// The processor, by the tensor operations that serve CUDA: for tests of that path.
    CpuTensors,
    /// The CUDA device of that number.
    Cuda(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::CpuTensors => f.write_str("cpu-tensors"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// What a user asks for: `auto`, `cpu`, `cuda`, `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// CUDA where it works, otherwise the processor.
    #[default]
    Auto,
    /// This device.
    Device(Device),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Device(Device::Cpu)),
            "cpu-tensors" => Ok(Self::Device(Device::CpuTensors)),
            "cuda" => Ok(Self::Device(Device::Cuda(0))),
            _ => match text.strip_prefix("cuda:").map(str::parse) {
                Some(Ok(index)) => Ok(Self::Device(Device::Cuda(index))),
                _ => Err(format!("`{text}` is no device: auto, cpu, cuda, or cuda:N")),
            },
        }
    }
}

/// Why CUDA cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCuda {
    /// CUDA's part of libtorch is not there.
    #[error("CUDA's part of libtorch is not installed (no libtorch_cuda.so under {0}); `make cuda` installs it")]
    NotInstalled(String),
    /// It is there and could not be loaded.
    #[error("{file} could not be loaded: {reason}")]
    NotLoaded {
        /// The library.
        file: String,
        /// What the loader said.
        reason: String,
    },
    /// It is loaded and finds no device.
    #[error("libtorch finds no CUDA device; `nvidia-smi` shows whether the driver does")]
    NoDevice,
    /// It finds fewer devices.
    #[error("there is no CUDA device {asked}; libtorch finds {found}, numbered from 0")]
    NoSuchDevice {
        /// The number asked for.
        asked: usize,
        /// How many there are.
        found: usize,
    },
}

impl Choice {
    /// The device to use; loads CUDA when it is asked for, or when it is installed and nothing is asked for.
    ///
    /// # Errors
    /// When CUDA was asked for and cannot be used.
    pub fn resolve(self) -> Result<Device, NoCuda> {
        match self {
            Self::Device(Device::Cuda(asked)) => match load_cuda()? {
                0 => Err(NoCuda::NoDevice),
                found if asked >= found => Err(NoCuda::NoSuchDevice { asked, found }),
                _ => Ok(Device::Cuda(asked)),
            },
            Self::Device(device) => Ok(device),
            Self::Auto => Ok(match load_cuda() {
                Ok(found) if found > 0 => Device::Cuda(0),
                _ => Device::Cpu,
            }),
        }
    }
}

impl Device {
    /// libtorch's device, where tensor operations do the work.
    #[must_use]
    pub fn tensors(self) -> Option<tch::Device> {
        match self {
            Self::Cpu => None,
            Self::CpuTensors => Some(tch::Device::Cpu),
            Self::Cuda(index) => Some(tch::Device::Cuda(index)),
        }
    }
}

/// Loads CUDA's part of libtorch into this process; gives the number of devices that it finds.
///
/// # Errors
/// When it is not installed or does not load.
pub fn load_cuda() -> Result<usize, NoCuda> {
    let file = cuda_library()?;
    let fail =
        |error: &libloading::Error| NoCuda::NotLoaded { file: file.display().to_string(), reason: error.to_string() };
    let flags = libloading::os::unix::RTLD_NOW | libloading::os::unix::RTLD_GLOBAL;
    // SAFETY: the library is libtorch's own and registers its operators when it is loaded; it is never unloaded.
    let library = unsafe { libloading::os::unix::Library::open(Some(&file), flags) }.map_err(|error| fail(&error))?;
    std::mem::forget(library);
    Ok(usize::try_from(tch::Cuda::device_count()).unwrap_or(0))
}

/// Where `libtorch_cuda.so` lies: beside the libtorch that this process uses, or in its `cuda/` folder.
fn cuda_library() -> Result<PathBuf, NoCuda> {
    let lib = libtorch_folder().ok_or_else(|| NoCuda::NotInstalled("an unknown folder".into()))?;
    let root = lib.parent().unwrap_or(&lib);
    [lib.join("libtorch_cuda.so"), root.join("cuda/torch/lib/libtorch_cuda.so")]
        .into_iter()
        .find(|file| file.exists())
        .ok_or_else(|| NoCuda::NotInstalled(root.display().to_string()))
}

/// What of the GPUs decides bits: their models and the driver, as the kernel module tells them; unknown where it does
/// not.
#[must_use]
pub fn gpu_facts() -> Vec<(&'static str, String)> {
    let driver = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    let driver = driver.lines().next().unwrap_or("unknown").to_owned();
    let folders = std::fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().filter_map(Result::ok);
    let model = |folder: std::fs::DirEntry| {
        let text = std::fs::read_to_string(folder.path().join("information")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("Model:")).map(|model| model.trim().to_owned())
    };
    let mut models: Vec<String> = folders.filter_map(model).collect();
    models.sort();
    models.dedup();
    let gpu = if models.is_empty() { "unknown".to_owned() } else { models.join(" and ") };
    vec![("gpu", gpu), ("driver", driver)]
}

/// The folder that this process has loaded `libtorch_cpu.so` from, as the kernel lists it.
#[must_use]
pub fn libtorch_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    Path::new(&line[line.find('/')?..]).parent().map(Path::to_path_buf)
}
