//! Where the parameters of a run lie: all in one row, so that an optimizer's step is a few operations for the whole
//! cohort, whatever the number of layers.

use tch::{Kind, TchError, Tensor};

use crate::network::{Architecture, Role, Slot};

/// Every array begins at a multiple of this many numbers; what lies between is zero and stays zero.
const ALIGNED: usize = 16;

/// The places of a network's arrays in a row.
#[derive(Debug)]
pub struct Layout {
    /// The arrays, in the order of [`Architecture::slots`].
    pub slots: Vec<Slot>,
    /// Where each begins.
    starts: Vec<usize>,
    /// Which of them belong to each layer: those from this entry up to the next.
    layers: Vec<usize>,
    /// Numbers in a row.
    pub width: usize,
}

impl Layout {
    /// The layout of an architecture.
    pub fn new(architecture: &Architecture) -> Self {
        let slots = architecture.slots();
        let mut starts = Vec::with_capacity(slots.len());
        let mut width = 0;
        for slot in &slots {
            starts.push(width);
            width += slot.len().next_multiple_of(ALIGNED);
        }
        let layers = 0..=architecture.sizes.len();
        let layers = layers.map(|layer| slots.partition_point(|slot| slot.layer < layer)).collect();
        Self { slots, starts, layers, width }
    }

    /// A run's row of initial values.
    pub fn row(&self, initial: &[Vec<f64>]) -> Vec<f64> {
        let mut row = vec![0.0; self.width];
        for ((slot, &start), values) in self.slots.iter().zip(&self.starts).zip(initial) {
            row[start..start + slot.len()].copy_from_slice(values);
        }
        row
    }

    /// The numbers of every array in a row.
    pub fn arrays<'a, T>(&'a self, row: &'a [T]) -> impl Iterator<Item = (&'a Slot, &'a [T])> + 'a {
        self.slots.iter().zip(&self.starts).map(|(slot, &start)| (slot, &row[start..start + slot.len()]))
    }

    /// Every array as `[runs, rows, columns]`, one row where it is a list, over the memory of `[runs, width]`.
    pub fn views(&self, rows: &Tensor) -> Result<Vec<Tensor>, TchError> {
        let view = |(slot, &start): (&Slot, &usize)| {
            let columns = slot.shape.last().copied().unwrap_or(1) as i64;
            rows.f_narrow(1, start as i64, slot.len() as i64)?.f_view([rows.size()[0], -1, columns])
        };
        self.slots.iter().zip(&self.starts).map(view).collect()
    }

    /// The views as autograd's leaves.
    pub fn leaves(&self, rows: &Tensor) -> Result<Vec<Tensor>, TchError> {
        self.views(rows)?.iter().map(|view| view.f_detach()?.f_set_requires_grad(true)).collect()
    }

    /// One tensor of each array, `[runs, …]`, as rows: `[runs, width]`.
    pub fn rows(&self, arrays: &[Tensor]) -> Result<Tensor, TchError> {
        let mut parts = Vec::with_capacity(2 * arrays.len());
        for (slot, array) in self.slots.iter().zip(arrays) {
            let runs = array.size()[0];
            parts.push(array.f_reshape([runs, -1])?);
            let between = slot.len().next_multiple_of(ALIGNED) - slot.len();
            if between > 0 {
                parts.push(Tensor::f_zeros([runs, between as i64], (array.kind(), array.device()))?);
            }
        }
        Tensor::f_cat(&parts, 1)
    }

    /// A layer's own arrays among all.
    pub fn layer<'a>(&self, layer: usize, arrays: &'a [Tensor]) -> &'a [Tensor] {
        &arrays[self.layers[layer]..self.layers[layer + 1]]
    }

    /// The weights of every layer among all arrays.
    pub fn weights<'a>(&'a self, arrays: &'a [Tensor]) -> impl Iterator<Item = &'a Tensor> + 'a {
        self.slots.iter().zip(arrays).filter(|(slot, _)| slot.role == Role::Weight).map(|(_, array)| array)
    }
}

/// Sum over all but the first direction, in f64: `[runs]`.
pub fn sum_by_run(values: &Tensor) -> Result<Tensor, TchError> {
    values.f_reshape([values.size()[0], -1])?.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Double)
}
