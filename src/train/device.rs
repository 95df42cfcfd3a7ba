//! Devices: where cohorts are trained, and loading CUDA's part of libtorch when it is asked for.
#![expect(unsafe_code, reason = "loading CUDA, and asking it for free memory")]

use std::ffi::c_int;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::libtorch::libtorch;
use super::loaded::{file_of, loaded};

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
    /// Every CUDA device that there is.
    Cuda,
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
            "cuda" => Ok(Self::Cuda),
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
    /// libtorch is not in this process.
    #[error("this process has no libtorch, which CUDA is reached by")]
    NoLibtorch,
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
    /// The devices to use, at least one; loads CUDA when it is asked for, or when it is installed and nothing is asked
    /// for.
    ///
    /// # Errors
    /// When CUDA was asked for and cannot be used.
    pub fn resolve(self) -> Result<Vec<Device>, NoCuda> {
        match self {
            Self::Device(Device::Cuda(asked)) => match load_cuda()? {
                0 => Err(NoCuda::NoDevice),
                found if asked >= found => Err(NoCuda::NoSuchDevice { asked, found }),
                _ => Ok(vec![Device::Cuda(asked)]),
            },
            Self::Device(device) => Ok(vec![device]),
            Self::Cuda => match load_cuda()? {
                0 => Err(NoCuda::NoDevice),
                found => Ok((0..found).map(Device::Cuda).collect()),
            },
            Self::Auto => Ok(Self::Cuda.resolve().unwrap_or_else(|_| vec![Device::Cpu])),
        }
    }
}

impl Device {
    /// Workers that it keeps busy: a GPU one, whose cohorts are as large as its memory allows; a processor as many as are
    /// asked for.
    #[must_use]
    pub fn workers(self, jobs: usize) -> usize {
        match self {
            Self::Cuda(_) => 1,
            Self::Cpu | Self::CpuTensors => jobs.max(1),
        }
    }

    /// Bytes that are free on a GPU, as CUDA tells them; `None` on a processor, and where CUDA does not answer.
    #[must_use]
    pub fn free_memory(self) -> Option<u64> {
        let Self::Cuda(index) = self else { return None };
        free_memory(c_int::try_from(index).ok()?)
    }

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
    let libtorch = libtorch().ok_or(NoCuda::NoLibtorch)?;
    let file = cuda_library()?;
    let fail =
        |error: &libloading::Error| NoCuda::NotLoaded { file: file.display().to_string(), reason: error.to_string() };
    let flags = libloading::os::unix::RTLD_NOW | libloading::os::unix::RTLD_GLOBAL;
    // SAFETY: the library is libtorch's own and registers its operators when it is loaded; it is never unloaded.
    let library = unsafe { libloading::os::unix::Library::open(Some(&file), flags) }.map_err(|error| fail(&error))?;
    std::mem::forget(library);
    Ok(libtorch.cuda_devices())
}

/// What `cudaMemGetInfo` says of a device, from the CUDA runtime that libtorch has loaded into this process.
fn free_memory(device: c_int) -> Option<u64> {
    type Get = unsafe extern "C" fn(*mut c_int) -> c_int;
    type Set = unsafe extern "C" fn(c_int) -> c_int;
    type Memory = unsafe extern "C" fn(*mut usize, *mut usize) -> c_int;
    let library = loaded("/libcudart.so")?;
    let (mut before, mut free, mut total) = (0, 0, 0);
    // SAFETY: the three functions have had these types since CUDA 2; they write nothing but the numbers behind the
    // pointers. The thread's device is put back.
    let answers = unsafe {
        let get = library.get::<Get>(b"cudaGetDevice\0").ok()?;
        let set = library.get::<Set>(b"cudaSetDevice\0").ok()?;
        let memory = library.get::<Memory>(b"cudaMemGetInfo\0").ok()?;
        get(&raw mut before) == 0 && set(device) == 0 && {
            let answer = memory(&raw mut free, &raw mut total);
            set(before) == 0 && answer == 0
        }
    };
    answers.then_some(free as u64)
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

/// What of the GPUs decides bits: their models and the driver, as the kernel module tells them, and CUDA's libraries, as these
/// tell themselves; unknown where nobody does.
#[must_use]
pub fn gpu_facts() -> Vec<(&'static str, String)> {
    let unknown = || "unknown".to_owned();
    let driver = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    let driver = driver.lines().next().map_or_else(unknown, str::to_owned);
    let folders = std::fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().filter_map(Result::ok);
    let model = |folder: std::fs::DirEntry| {
        let text = std::fs::read_to_string(folder.path().join("information")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("Model:")).map(|model| model.trim().to_owned())
    };
    let mut models: Vec<String> = folders.filter_map(model).collect();
    models.sort();
    models.dedup();
    let gpu = if models.is_empty() { unknown() } else { models.join(" and ") };
    let (cuda, cublas) = (cuda_runtime().unwrap_or_else(unknown), cublas().unwrap_or_else(unknown));
    vec![("gpu", gpu), ("driver", driver), ("cuda", cuda), ("cublas", cublas)]
}

/// The version of the CUDA runtime in this process: `13.0`.
fn cuda_runtime() -> Option<String> {
    let library = loaded("/libcudart.so")?;
    let mut version: c_int = 0;
    // SAFETY: `cudaRuntimeGetVersion` has this type since CUDA 2, and writes the number behind the pointer.
    let answer = unsafe {
        let get = library.get::<unsafe extern "C" fn(*mut c_int) -> c_int>(b"cudaRuntimeGetVersion\0").ok()?;
        get(&raw mut version)
    };
    (answer == 0).then(|| format!("{}.{}", version / 1000, version % 1000 / 10))
}

/// The version of the library that multiplies matrices on the GPU, in this process: `13.1.0`.
fn cublas() -> Option<String> {
    let library = loaded("/libcublas.so")?;
    let part = |which: c_int| {
        let mut part: c_int = 0;
        // SAFETY: `cublasGetProperty` has this type since CUDA 8 (0 major, 1 minor, 2 patch), and writes the number behind
        // the pointer.
        let answer = unsafe {
            let get = library.get::<unsafe extern "C" fn(c_int, *mut c_int) -> c_int>(b"cublasGetProperty\0").ok()?;
            get(which, &raw mut part)
        };
        (answer == 0).then(|| part.to_string())
    };
    Some([0, 1, 2].into_iter().map(part).collect::<Option<Vec<_>>>()?.join("."))
}

/// The folder that this process has loaded `libtorch_cpu.so` from, as the kernel lists it.
#[must_use]
pub fn libtorch_folder() -> Option<PathBuf> {
    file_of("/libtorch_cpu.so")?.parent().map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_one_by_one_or_all_at_once() {
        let of = |text: &str| text.parse::<Choice>();
        assert_eq!(of("cuda"), Ok(Choice::Cuda));
        assert_eq!(of("cuda:3"), Ok(Choice::Device(Device::Cuda(3))));
        assert_eq!(of("cpu").unwrap().resolve(), Ok(vec![Device::Cpu]));
        for wrong in ["cuda:", "cuda:x", "gpu", "cuda:-1", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert_eq!([Device::Cpu, Device::CpuTensors, Device::Cuda(1)].map(|device| device.workers(4)), [4, 4, 1]);
    }

    #[test]
    fn memory_is_asked_for_without_harm_where_there_is_no_gpu() {
        // libtorch brings the CUDA runtime along on every machine; without a driver it says so.
        crate::train::fix_numeric_path();
        assert_eq!(Device::Cpu.free_memory(), None);
        if load_cuda().unwrap_or(0) == 0 {
            assert_eq!(Device::Cuda(0).free_memory(), None);
        } else {
            assert!(Device::Cuda(0).free_memory().is_some_and(|bytes| bytes > 1 << 20));
        }
        assert_eq!(Device::Cuda(1 << 20).free_memory(), None);
    }

    #[test]
    fn the_cuda_runtime_tells_its_version() {
        crate::train::fix_numeric_path();
        let facts = gpu_facts();
        assert_eq!(facts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["gpu", "driver", "cuda", "cublas"]);
        // The pinned libtorch brings that of CUDA 13.0; cuBLAS is there with CUDA's part only.
        assert_eq!(facts[2].1, "13.0");
    }
}
