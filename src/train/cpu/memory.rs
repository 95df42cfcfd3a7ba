//! Tensor memory seen from Rust: matrices of all runs of a cohort in one tensor, each at an aligned address, read and
//! written as slices by the kernels and as views by libtorch's matrix products.
#![expect(unsafe_code, reason = "the one home of slices over tensor memory")]

use std::marker::PhantomData;

use tch::{Device, Tensor};

use crate::network::Real;

/// Every run's matrix begins at a multiple of this many bytes, so that its bits do not depend on its position.
const ALIGNMENT: usize = 64;

/// One matrix a run, `[runs, rows, columns]`, row-major.
#[derive(Debug)]
pub struct Matrices<T> {
    storage: Tensor,
    stride: usize,
    rows: usize,
    columns: usize,
    runs: usize,
    numbers: PhantomData<T>,
}

impl<T: Real> Matrices<T> {
    /// Zeros.
    ///
    /// # Errors
    /// When libtorch has no memory left.
    pub fn zeros(runs: usize, rows: usize, columns: usize) -> Result<Self, tch::TchError> {
        // At least one aligned block, so that even an empty matrix has an address.
        let stride = (rows * columns).max(1).next_multiple_of(ALIGNMENT / size_of::<T>());
        let storage = Tensor::f_zeros([(runs * stride) as i64], (T::TENSOR_KIND, Device::Cpu))?;
        assert_eq!(storage.data_ptr() as usize % ALIGNMENT, 0, "libtorch aligns its memory to {ALIGNMENT} bytes");
        Ok(Self { storage, stride, rows, columns, runs, numbers: PhantomData })
    }

    /// Columns of each matrix.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// A view `[runs, rows, columns]` on the same memory.
    pub fn view(&self) -> Result<Tensor, tch::TchError> {
        let sizes = [self.runs as i64, self.rows as i64, self.columns as i64];
        self.storage.f_as_strided(sizes, [self.stride as i64, self.columns as i64, 1], None)
    }

    /// A transposed view `[runs, columns, rows]` on the same memory.
    pub fn transposed(&self) -> Result<Tensor, tch::TchError> {
        let sizes = [self.runs as i64, self.columns as i64, self.rows as i64];
        self.storage.f_as_strided(sizes, [self.stride as i64, 1, self.columns as i64], None)
    }

    /// The matrix of a run, row-major.
    pub fn run(&self, run: usize) -> &[T] {
        assert!(run < self.runs, "run {run} of {}", self.runs);
        // SAFETY: the storage holds `runs · stride` contiguous numbers of this kind on the CPU and lives as long as
        // `self`; views are written only by matrix products on this thread, never while a slice is borrowed.
        unsafe {
            let start = self.storage.data_ptr().cast::<T>().add(run * self.stride);
            std::slice::from_raw_parts(start, self.rows * self.columns)
        }
    }

    /// The matrix of a run, row-major, to write to.
    pub fn run_mut(&mut self, run: usize) -> &mut [T] {
        assert!(run < self.runs, "run {run} of {}", self.runs);
        // SAFETY: as in `run`, and `self` is borrowed mutably.
        unsafe {
            let start = self.storage.data_ptr().cast::<T>().add(run * self.stride);
            std::slice::from_raw_parts_mut(start, self.rows * self.columns)
        }
    }
}
