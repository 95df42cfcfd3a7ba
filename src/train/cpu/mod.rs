//! A cohort on the CPU: one run after the other, everything in fused loops over memory that stays in the cache.

mod kernels;

use tch::TchError;

use super::engine::{Answers, Engine, EpochReport, Start};
use super::outcome::Weight;
use super::profile::Profile;
use crate::network::Real;

pub use kernels::{VectorUnit, vector_unit};

#[derive(Debug)]
pub struct Cpu;

impl Cpu {
    pub fn new<T: Real>(_starts: Vec<Start<'_, T>>, _profile: Option<&Profile>) -> Self {
        todo!()
    }
}

impl<T: Real> Engine<T> for Cpu {
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
