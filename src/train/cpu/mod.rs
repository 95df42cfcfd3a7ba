//! A cohort on the CPU: matrix products by libtorch, everything elementwise in fused loops over the tensors' memory.

mod kernels;
mod memory;
mod parameters;
mod pass;

use tch::TchError;

use self::parameters::Parameters;
use self::pass::Pass;
use super::engine::{CohortShape, EVALUATION_ROWS, Engine, Start, layer_weights};
use super::outcome::Weight;
use super::rates::Rates;
use crate::network::Real;

pub use kernels::{VectorUnit, vector_unit};

/// A cohort in this machine's memory.
#[derive(Debug)]
pub struct Cpu<T> {
    shape: CohortShape,
    starts: Vec<Start<T>>,
    parameters: Parameters<T>,
    /// For whole batches, then for what is left at the end of an epoch.
    passes: Vec<Pass<T>>,
    evaluation: Pass<T>,
    orders: Vec<Vec<u32>>,
    losses: Vec<f64>,
}

impl<T: Real> Cpu<T> {
    /// Lays out a cohort.
    ///
    /// # Errors
    /// When libtorch has no memory left.
    pub fn new(shape: CohortShape, starts: Vec<Start<T>>) -> Result<Self, TchError> {
        let runs = starts.len();
        let initial: Vec<_> = starts.iter().map(|start| start.initial.clone()).collect();
        let pass = |rows: usize| Pass::new(runs, rows, &shape.layers, shape.activation);
        let mut passes = vec![pass(shape.batch)?];
        if !shape.examples.is_multiple_of(shape.batch) {
            passes.push(pass(shape.examples % shape.batch)?);
        }
        Ok(Self {
            parameters: Parameters::new(&shape.layers, shape.optimizer, &initial)?,
            evaluation: pass(EVALUATION_ROWS)?,
            passes,
            orders: Vec::new(),
            losses: vec![0.0; runs],
            shape,
            starts,
        })
    }
}

impl<T: Real> Engine<T> for Cpu<T> {
    fn begin_epoch(&mut self, orders: Vec<Vec<u32>>) -> Result<(), TchError> {
        self.orders = orders;
        self.losses.fill(0.0);
        Ok(())
    }

    fn step(&mut self, start: usize, rows: usize, rates: &[Rates]) -> Result<(), TchError> {
        let pass = &mut self.passes[usize::from(rows != self.shape.batch)];
        for (run, (examples, order)) in self.starts.iter().zip(&self.orders).enumerate() {
            gather(examples, &order[start..start + rows], pass.inputs.run_mut(run));
            let targets = pass.targets.run_mut(run);
            targets.iter_mut().zip(&order[start..]).for_each(|(target, &row)| *target = examples.targets[row as usize]);
        }
        pass.forward(&self.parameters)?;
        pass.backward(&mut self.parameters, &mut self.losses)?;
        self.parameters.update(rates);
        Ok(())
    }

    fn losses(&self) -> Result<Vec<f64>, TchError> {
        Ok(self.losses.iter().map(|loss| loss / self.shape.examples as f64).collect())
    }

    fn gradient_norms(&self) -> Result<Vec<f64>, TchError> {
        Ok((0..self.starts.len()).map(|run| self.parameters.gradient_norm(run)).collect())
    }

    fn answer(&mut self, fill: &mut dyn FnMut(usize, &mut [T])) -> Result<Vec<Vec<T>>, TchError> {
        (0..self.starts.len()).for_each(|run| fill(run, self.evaluation.inputs.run_mut(run)));
        self.evaluation.forward(&self.parameters)?;
        Ok((0..self.starts.len()).map(|run| self.evaluation.answers(run).to_vec()).collect())
    }

    fn weights(&self, run: usize) -> Result<Vec<Weight>, TchError> {
        let layers = self.parameters.layers.iter().zip(&self.shape.layers.sizes).enumerate();
        let kept = layers.flat_map(|(index, (layer, &size))| {
            layer_weights(index, size, layer.weights.run(run), layer.biases.run(run))
        });
        Ok(kept.collect())
    }
}

/// Copies the rows of `order` one after the other.
fn gather<T: Real>(examples: &Start<T>, order: &[u32], rows: &mut [T]) {
    let features = rows.len() / order.len();
    for (out, &row) in rows.chunks_exact_mut(features).zip(order) {
        out.copy_from_slice(&examples.features[row as usize * features..][..features]);
    }
}
