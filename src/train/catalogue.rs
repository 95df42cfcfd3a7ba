//! What runs of one problem share: the regions that they are measured on and the best affine fits there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Configuration;
use crate::measure::{AffineBasis, Rows};
use crate::problem::{Encoder, Population, Region};

/// Problems kept at a time; a sweep that goes through more computes some again.
const MOST_KEPT: usize = 16;

/// Regions and fits of the problems met lately, shared by all workers.
#[derive(Debug, Default)]
pub struct Catalogue(Mutex<HashMap<String, Arc<Regions>>>);

/// The regions of one problem.
#[derive(Debug)]
pub struct Regions {
    /// Every operand up to the largest.
    pub domain: Population,
    /// Every operand beyond, up to twice that.
    pub extrapolation: Population,
    /// For affine fits over the domain.
    pub basis: AffineBasis,
}

/// Encoded features of a population.
pub struct Encoded<'a> {
    /// How operands become features.
    pub encoder: &'a Encoder,
    /// The operands.
    pub population: &'a Population,
    /// Whether nobody wants what is made of them any more.
    pub given_up: &'a dyn Fn() -> bool,
}

impl Rows for Encoded<'_> {
    fn len(&self) -> usize {
        self.population.len()
    }
    fn features(&self) -> usize {
        self.encoder.features()
    }
    fn read(&self, start: usize, out: &mut [f64]) {
        let rows = out.len() / self.encoder.features();
        self.encoder.encode(self.population.rows(start, rows), out);
    }
    fn is_given_up(&self) -> bool {
        (self.given_up)()
    }
}

impl Catalogue {
    /// The regions of a configuration's problem; `None` where that was given up.
    pub fn regions(
        &self,
        configuration: &Configuration,
        encoder: &Encoder,
        given_up: &dyn Fn() -> bool,
    ) -> Option<Arc<Regions>> {
        let c = configuration;
        let key = format!("{:?} {} {} {encoder:?}", c.task, c.operands, c.largest);
        if let Some(regions) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Some(Arc::clone(regions));
        }
        // Made outside the lock: two workers may both make it, to the same bits.
        let domain = Population::of_region(configuration, Region::Domain);
        let basis = AffineBasis::new(&Encoded { encoder, population: &domain, given_up });
        if given_up() {
            return None;
        }
        let extrapolation = Population::of_region(configuration, Region::Extrapolation);
        let regions = Arc::new(Regions { domain, extrapolation, basis });
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        Some(Arc::clone(kept.entry(key).or_insert(regions)))
    }
}
