//! Whether this process has libtorch. Loading it takes longer than most commands do, and training on the processor does not
//! need it, so a program has it only where it asks for it.

use std::sync::OnceLock;

use tch::TchError;

use super::cpu::Vectors;
use super::device::Device;
use super::engine::{Engine, Start};
use super::tensors::Tensors;

/// What is asked of libtorch.
pub trait Libtorch: Sync {
    /// Fixes its numeric path for this thread.
    fn prepare(&self);
    /// Threads that this thread's operations take, as libtorch says.
    fn threads(&self) -> i32;
    /// CUDA devices that it finds, once CUDA's part is loaded.
    fn cuda_devices(&self) -> usize;
    /// Multiplies two small matrices and looks at the result.
    ///
    /// # Errors
    /// What is wrong with it.
    fn multiply(&self) -> Result<(), String>;
    /// A cohort in single precision on a device.
    ///
    /// # Errors
    /// When libtorch fails, for lack of memory above all.
    fn single(&self, starts: Vec<Start<'_, f32>>, device: tch::Device) -> Result<Box<dyn Engine<f32>>, TchError>;
    /// A cohort in double precision on a device.
    ///
    /// # Errors
    /// As above.
    fn double(&self, starts: Vec<Start<'_, f64>>, device: tch::Device) -> Result<Box<dyn Engine<f64>>, TchError>;
}

/// libtorch as this crate is linked to it.
struct Linked;

static LIBTORCH: OnceLock<&'static dyn Libtorch> = OnceLock::new();

/// Lets this process use libtorch. A program that never calls this is not linked to libtorch at all (by lld, Rust's linker
/// on Linux), and trains on the processor only.
pub fn link_libtorch() {
    LIBTORCH.get_or_init(|| &Linked);
}

/// libtorch, where this process has it.
#[must_use]
pub fn libtorch() -> Option<&'static dyn Libtorch> {
    #[cfg(test)]
    link_libtorch();
    LIBTORCH.get().copied()
}

/// Numbers that both engines train with.
pub trait Trained: Vectors {
    /// A cohort as tensors.
    ///
    /// # Errors
    /// When libtorch fails.
    fn tensors(
        libtorch: &dyn Libtorch,
        starts: Vec<Start<'_, Self>>,
        device: tch::Device,
    ) -> Result<Box<dyn Engine<Self>>, TchError>;
}

impl Trained for f32 {
    fn tensors(
        libtorch: &dyn Libtorch,
        starts: Vec<Start<'_, Self>>,
        device: tch::Device,
    ) -> Result<Box<dyn Engine<Self>>, TchError> {
        libtorch.single(starts, device)
    }
}

impl Trained for f64 {
    fn tensors(
        libtorch: &dyn Libtorch,
        starts: Vec<Start<'_, Self>>,
        device: tch::Device,
    ) -> Result<Box<dyn Engine<Self>>, TchError> {
        libtorch.double(starts, device)
    }
}

/// A cohort by the engine of a device other than the processor's own.
///
/// # Errors
/// When libtorch fails, or this process has none.
pub fn tensors<T: Trained>(starts: Vec<Start<'_, T>>, device: Device) -> Result<Box<dyn Engine<T>>, TchError> {
    match (libtorch(), device.tensors()) {
        (Some(libtorch), Some(device)) => T::tensors(libtorch, starts, device),
        _ => Err(TchError::Torch(format!("this process has no libtorch to train on {device} with"))),
    }
}

impl Libtorch for Linked {
    fn prepare(&self) {
        static ONCE: OnceLock<()> = OnceLock::new();
        ONCE.get_or_init(|| tch::set_num_interop_threads(1));
        // A thread that has used libtorch keeps its own number of threads, so each is told.
        tch::set_num_threads(1);
    }

    fn threads(&self) -> i32 {
        tch::get_num_threads()
    }

    fn cuda_devices(&self) -> usize {
        usize::try_from(tch::Cuda::device_count()).unwrap_or(0)
    }

    fn multiply(&self) -> Result<(), String> {
        let matrix = tch::Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0]).reshape([1, 2, 2]);
        let product = matrix.f_bmm(&matrix).and_then(|product| Vec::<f32>::try_from(product.reshape([-1])));
        match product {
            Ok(product) if product == [7.0, 10.0, 15.0, 22.0] => Ok(()),
            Ok(product) => Err(format!("libtorch multiplies wrongly: {product:?}")),
            Err(error) => Err(format!("libtorch fails: {error}")),
        }
    }

    fn single(&self, starts: Vec<Start<'_, f32>>, device: tch::Device) -> Result<Box<dyn Engine<f32>>, TchError> {
        Ok(Box::new(Tensors::new(starts, device)?))
    }

    fn double(&self, starts: Vec<Start<'_, f64>>, device: tch::Device) -> Result<Box<dyn Engine<f64>>, TchError> {
        Ok(Box::new(Tensors::new(starts, device)?))
    }
}
