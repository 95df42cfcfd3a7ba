//! A cohort as whole-tensor operations of libtorch on any device: the path for CUDA.

use tch::{Device, TchError};

use super::engine::{Answers, Engine, EpochReport, Start};
use super::outcome::Weight;
use crate::network::Real;

/// A cohort in a device's memory.
#[derive(Debug)]
pub struct Tensors;

impl Tensors {
    pub fn new<T: Real>(_starts: Vec<Start<'_, T>>, _device: Device) -> Result<Self, TchError> {
        todo!()
    }
}

impl<T: Real> Engine<T> for Tensors {
    fn epoch(&mut self, _number: u32, _wanted: &[bool]) -> Result<Vec<EpochReport>, TchError> {
        todo!()
    }
    fn answer(
        &mut self,
        _wanted: &[bool],
        _fill: &mut dyn FnMut(usize, &mut [T]),
        _take: &mut dyn FnMut(usize, Answers<'_, T>),
    ) -> Result<(), TchError> {
        todo!()
    }
    fn weights(&self, _run: usize) -> Result<Vec<Weight>, TchError> {
        todo!()
    }
}
