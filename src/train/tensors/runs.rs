//! Arrays of all runs, and of those that still train: runs that have ended cost nothing.

use tch::{TchError, Tensor};

/// Tensors `[runs, …]` of a cohort.
#[derive(Debug)]
pub struct Runs {
    /// Of all runs; out of date for those that train, unless all do.
    home: Vec<Tensor>,
    /// Of the runs that train, in order. While all do, the same memory.
    live: Vec<Tensor>,
    /// Their numbers in the cohort.
    numbers: Vec<usize>,
    /// All runs.
    count: usize,
}

impl Runs {
    /// A cohort of `count` runs that all train.
    pub fn new(arrays: Vec<Tensor>, count: usize) -> Self {
        let live = arrays.iter().map(Tensor::shallow_clone).collect();
        Self { home: arrays, live, numbers: (0..count).collect(), count }
    }

    /// Numbers of the runs that train.
    pub fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// The arrays of the runs that train.
    pub fn live(&self) -> &[Tensor] {
        &self.live
    }

    /// The same, to change in place.
    pub fn live_mut(&mut self) -> &mut [Tensor] {
        &mut self.live
    }

    /// Lets only these runs train from now on; whether that changed anything.
    pub fn restrict(&mut self, wanted: &[bool]) -> Result<bool, TchError> {
        let numbers: Vec<usize> = (0..self.count).filter(|&run| wanted[run]).collect();
        if numbers == self.numbers {
            return Ok(false);
        }
        if self.numbers.len() < self.count {
            let index = index(&self.numbers, &self.home[0])?;
            for (home, live) in self.home.iter_mut().zip(&self.live) {
                let _ = home.f_index_copy_(0, &index, live)?;
            }
        }
        self.live = if numbers.len() == self.count {
            self.home.iter().map(Tensor::shallow_clone).collect()
        } else {
            let index = index(&numbers, &self.home[0])?;
            self.home.iter().map(|home| home.f_index_select(0, &index)).collect::<Result<_, _>>()?
        };
        self.numbers = numbers;
        Ok(true)
    }

    /// Replaces an array of a run that trains.
    pub fn put(&mut self, array: usize, run: usize, row: &Tensor) -> Result<(), TchError> {
        let at = self.numbers.binary_search(&run).map_err(|_| TchError::Shape("the run has ended".into()))?;
        self.live[array].f_narrow(0, at as i64, 1)?.f_copy_(row)
    }

    /// An array of some runs, of all as they are now.
    pub fn rows(&self, array: usize, runs: &[usize]) -> Result<Tensor, TchError> {
        let (home, live) = (&self.home[array], &self.live[array]);
        if runs == self.numbers {
            return Ok(live.shallow_clone());
        }
        let here: Vec<Option<usize>> = runs.iter().map(|run| self.numbers.binary_search(run).ok()).collect();
        if let Some(here) = here.iter().copied().collect::<Option<Vec<usize>>>() {
            return live.f_index_select(0, &index(&here, live)?);
        }
        let current = home.f_index_copy(0, &index(&self.numbers, home)?, live)?;
        current.f_index_select(0, &index(runs, home)?)
    }
}

fn index(runs: &[usize], beside: &Tensor) -> Result<Tensor, TchError> {
    let runs: Vec<i64> = runs.iter().map(|&run| run as i64).collect();
    Tensor::f_from_slice(&runs)?.f_to_device(beside.device())
}
