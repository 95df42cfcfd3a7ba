//! The numeric path: what decides the bits of a result beside the run itself. Set once, before libtorch's first
//! product, and read back for the record.
#![expect(
    unsafe_code,
    reason = "setting MKL's environment, asking it for its code path, and the symbol that it asks for"
)]

use std::ffi::c_int;
use std::fmt;
use std::sync::OnceLock;

use super::cpu::{VectorUnit, vector_unit};
use super::device::{Device, gpu_facts};
use super::libtorch::libtorch;
use super::loaded::loaded;

/// Grows whenever a change of this crate changes bits.
const NUMERICS: u32 = 4;

/// The libtorch that this crate is built for.
pub const LIBTORCH: &str = "2.11.0";

/// MKL asks this function whether it may take the code path that fits the processor's vector unit; without it, it
/// takes a slower one on processors of other makers.
#[unsafe(no_mangle)]
pub extern "C" fn mkl_serv_intel_cpu_true() -> i32 {
    1
}

/// The class of machines and libraries on which equal runs have equal digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// What decides bits, by name.
    pub facts: Vec<(&'static str, String)>,
}

impl Environment {
    /// The hash of the facts: 20 hexadecimal characters.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, value) in &self.facts {
            hasher.update(name.as_bytes()).update(b"\0").update(value.as_bytes()).update(b"\0");
        }
        hasher.finalize().to_hex()[..20].to_owned()
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.facts.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {value}")?;
        }
        Ok(())
    }
}

/// Fixes the numeric path of this process. Called before every use of libtorch; only the first call does anything.
///
/// MKL is told to give the same bits whatever the alignment and number of matrices (`STRICT`), on the code path of the
/// processor's vector unit, and libtorch to use one thread a worker.
pub fn fix_numeric_path() {
    static FIXED: OnceLock<()> = OnceLock::new();
    FIXED.get_or_init(|| {
        // SAFETY: MKL and libtorch read their environment at their first use, which is after this; no other thread of
        // this crate reads or writes the environment.
        unsafe {
            std::env::set_var("MKL_CBWR", branch());
            // Without a workspace of its own, cuBLAS may sum in another order in another call.
            std::env::set_var("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
        }
    });
    if let Some(libtorch) = libtorch() {
        libtorch.prepare();
    }
}

fn branch() -> &'static str {
    match vector_unit() {
        VectorUnit::Avx512 => "AVX512,STRICT",
        VectorUnit::Avx2 => "AVX2,STRICT",
        VectorUnit::Baseline => "COMPATIBLE",
    }
}

/// MKL's names of its code paths, by the number that it gives them (`mkl_types.h`), as `MKL_CBWR` takes them.
const BRANCHES: [(c_int, &str); 9] = [
    (1, "OFF"),
    (2, "AUTO"),
    (3, "COMPATIBLE"),
    (4, "SSE2"),
    (8, "SSE4_2"),
    (9, "AVX"),
    (10, "AVX2"),
    (12, "AVX512"),
    (14, "AVX512_E1"),
];
/// The bit that MKL adds where it gives the same bits whatever the alignment.
const STRICT: c_int = 0x1_0000;
/// That all settings of MKL's are asked for.
const ALL: c_int = -1;

/// The code path that MKL is on, as it says itself. What was asked for may not be what it took: on processors of other makers
/// it takes another where nobody exports [`mkl_serv_intel_cpu_true`].
///
/// Where libtorch's MKL does not say, it is what was asked for, with these words.
fn mkl() -> String {
    mkl_says().map_or_else(|| format!("{} (asked for)", branch()), in_words)
}

/// `AVX2,STRICT` of MKL's number.
fn in_words(setting: c_int) -> String {
    let number = setting & !STRICT;
    let name = BRANCHES.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
    let strict = if setting & STRICT == 0 { "" } else { ",STRICT" };
    format!("{}{strict}", name.unwrap_or_else(|| format!("branch {number}")))
}

fn mkl_says() -> Option<c_int> {
    let library = loaded("/libtorch_cpu.so")?;
    // SAFETY: MKL's `mkl_cbwr_get` under the name that it has inside: a number in, a number out.
    unsafe {
        let get = library.get::<unsafe extern "C" fn(c_int) -> c_int>(b"mkl_serv_cbwr_get\0").ok()?;
        Some(get(ALL))
    }
}

/// The environment of runs on the given device.
///
/// On the processor, bits depend on nothing but this crate: no library computes there, and every loop adds in the same
/// order, with the same roundings, on every vector unit. By tensors they depend on libtorch, its code path, and the GPU.
#[must_use]
pub fn environment(device: &Device) -> Environment {
    // Devices of one kind are one environment: `cuda:0` and `cuda:1` are both `cuda`.
    let kind = device.to_string().split(':').next().unwrap_or_default().to_owned();
    let mut facts = vec![("numerics", NUMERICS.to_string()), ("device", kind)];
    if matches!(device, Device::Cpu) {
        return Environment { facts };
    }
    fix_numeric_path();
    let threads = libtorch().map_or("unknown".into(), |libtorch| libtorch.threads().to_string());
    facts.extend([("libtorch", LIBTORCH.to_owned()), ("mkl", mkl()), ("vectors", vectors()), ("threads", threads)]);
    if matches!(device, Device::Cuda(_)) {
        facts.extend(gpu_facts());
    }
    Environment { facts }
}

/// The vector unit that loops on the processor run on: `avx512`, `avx2` or `baseline`. It decides how fast they are, and no
/// bit.
#[must_use]
pub fn vectors() -> String {
    format!("{:?}", vector_unit()).to_lowercase()
}

/// Multiplies two small matrices through libtorch and looks at the result.
///
/// # Errors
/// What is wrong with it.
pub fn self_test() -> Result<(), String> {
    fix_numeric_path();
    libtorch().ok_or("this process has no libtorch")?.multiply()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_one_environment_everywhere() {
        let environment = environment(&Device::Cpu);
        assert_eq!(environment.to_string(), format!("numerics {NUMERICS}, device cpu"));
    }

    #[test]
    fn what_libtorch_computes_with_is_read_back() {
        let environment = environment(&Device::CpuTensors);
        let fact = |name: &str| environment.facts.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        // MKL took what it was told to, on processors of every maker: its switch works.
        assert_eq!(fact("mkl"), branch());
        assert_eq!((fact("threads").as_str(), fact("vectors")), ("1", vectors()));
        let names: Vec<&str> = environment.facts.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["numerics", "device", "libtorch", "mkl", "vectors", "threads"]);
    }

    #[test]
    fn numbers_of_mkl_have_its_words() {
        let words =
            [(65_546, "AVX2,STRICT"), (65_548, "AVX512,STRICT"), (3, "COMPATIBLE"), (2, "AUTO"), (99, "branch 99")];
        assert!(words.iter().all(|(number, word)| in_words(*number) == *word));
    }
}
