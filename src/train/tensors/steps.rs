//! The numbers that runs take their steps with, uploaded once an epoch for all its steps.

use tch::{Device, TchError, Tensor};

use crate::config::{Configuration, LayerKind, Optimizer};
use crate::network::Real;
use crate::train::rates::{Nadam, Rates, power};

/// A number that a step of a run is taken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// What the step is multiplied by: minus the learning rate, Adam's with its corrections.
    Rate,
    /// Share of the new gradient in the running mean.
    Mean,
    /// Share of the new square in the running mean of squares.
    Square,
    /// Added beside a root.
    Epsilon,
    /// What the last step is multiplied by in the new one.
    Momentum,
    /// What the gradient itself counts in a step with momentum; `NAdam`'s with rate and corrections.
    Gradient,
    /// What the running mean, or the step with momentum, counts; `NAdam`'s with rate and corrections.
    Running,
    /// What `NAdam` multiplies the running mean of squares by.
    Correction,
    /// Weight decay: what the weights are multiplied by for `AdamW`, otherwise their share that is added to the gradient.
    Decay,
    /// The largest norm of a gradient; infinite where there is none.
    Clip,
    /// Strength of the penalty.
    Sparsity,
}

const COLUMNS: usize = Column::Sparsity as usize + 1;

/// The numbers of all steps of an epoch.
#[derive(Debug)]
pub struct Steps {
    /// By step, then column: `[runs, 1]`.
    numbers: Vec<Tensor>,
    /// By column: whether any run needs it.
    used: [bool; COLUMNS],
    /// Learning rates of the last step.
    pub last_rates: Vec<f64>,
}

impl Steps {
    /// Those of `count` steps from number `first` (from 1), an epoch of as many; `nadam` of each run goes along.
    pub fn new<T: Real>(
        runs: &[&Configuration],
        first: u64,
        count: u64,
        nadam: &mut [&mut Nadam],
        device: Device,
    ) -> Result<Self, TchError> {
        let mut all = Vec::with_capacity(count as usize * COLUMNS * runs.len());
        let mut last_rates = Vec::new();
        let mut used = [true; COLUMNS];
        used[Column::Decay as usize] = runs.iter().any(|run| run.weight_decay > 0.0);
        used[Column::Clip as usize] = runs.iter().any(|run| run.clip_norm.is_some());
        used[Column::Momentum as usize] = runs.iter().any(|run| run.momentum > 0.0);
        used[Column::Sparsity as usize] = false;
        for step in first..first + count {
            let rates: Vec<Rates> = runs.iter().map(|run| Rates::at(run, step, count)).collect();
            last_rates = rates.iter().map(|rates| rates.learning_rate).collect();
            used[Column::Sparsity as usize] |= penalized(runs[0]) && rates.iter().any(|rates| rates.sparsity > 0.0);
            let rows = runs.iter().zip(&rates).zip(&mut *nadam);
            let rows: Vec<_> = rows.map(|((run, rates), nadam)| numbers(run, *rates, nadam)).collect();
            all.extend((0..COLUMNS).flat_map(|column| rows.iter().map(move |row| T::from_f64(row[column]))));
        }
        let size = [count as i64 * COLUMNS as i64, runs.len() as i64, 1];
        let all = Tensor::f_from_data_size(&T::bytes(&all), &size, T::TENSOR_KIND)?.f_to_device(device)?;
        Ok(Self { numbers: all.f_unbind(0)?, used, last_rates })
    }

    /// Whether any run needs a column; without it, its step is the same.
    pub fn uses(&self, column: Column) -> bool {
        self.used[column as usize]
    }

    /// A number of each run at a step of the epoch, from 0: `[runs, 1]`.
    pub fn get(&self, step: usize, column: Column) -> &Tensor {
        &self.numbers[step * COLUMNS + column as usize]
    }
}

/// Whether the units of a run have a penalty at all.
pub fn penalized(configuration: &Configuration) -> bool {
    matches!(configuration.layer, LayerKind::Nau | LayerKind::Nmu)
}

/// The numbers of one step of one run, by column.
fn numbers(c: &Configuration, rates: Rates, nadam: &mut Nadam) -> [f64; COLUMNS] {
    let Rates { learning_rate, step, sparsity } = rates;
    let mut row = [0.0; COLUMNS];
    let mut set = |column: Column, value: f64| row[column as usize] = value;
    set(Column::Rate, -learning_rate);
    set(Column::Mean, 1.0 - c.beta1);
    set(Column::Square, 1.0 - c.beta2);
    set(Column::Epsilon, c.epsilon);
    set(Column::Momentum, c.momentum);
    set(Column::Decay, c.weight_decay);
    set(Column::Clip, c.clip_norm.unwrap_or(f64::INFINITY));
    set(Column::Sparsity, sparsity);
    match c.optimizer {
        Optimizer::Adam | Optimizer::Adamw => {
            let (mean, square) = (1.0 - power(c.beta1, step), 1.0 - power(c.beta2, step));
            set(Column::Rate, -learning_rate * square.sqrt() / mean);
            if c.optimizer == Optimizer::Adamw {
                set(Column::Decay, 1.0 - learning_rate * c.weight_decay);
            }
        }
        Optimizer::Nadam => {
            let shares = nadam.step(c.beta1, step);
            set(Column::Gradient, -learning_rate * shares.gradient);
            set(Column::Running, -learning_rate * shares.mean);
            set(Column::Correction, 1.0 / (1.0 - power(c.beta2, step)));
        }
        // Nesterov's step is the gradient and, once more, what momentum will make of the step.
        Optimizer::Sgd => {
            set(Column::Gradient, f64::from(u8::from(c.nesterov)));
            set(Column::Running, if c.nesterov { c.momentum } else { 1.0 });
        }
        Optimizer::Rmsprop | Optimizer::Adagrad | Optimizer::Lbfgs => {}
    }
    row
}
