//! What the points of a sample are drawn by. A factor's draws hang on the names of its parameters, not on its place, so
//! that the order of keys in a file changes no point.

use super::sobol::Sobol;
use crate::config::PARAMETERS;
use crate::random::Stream;
use crate::sweep::{Factor, Method, Sample};

/// The draws of a sample: a share in [0, 1) for each factor and point.
#[derive(Clone, Debug)]
pub(super) enum Draws {
    /// A scrambled Sobol sequence; a dimension for each factor.
    Sobol(Vec<Sobol>),
    /// Independent draws: the name of each factor's stream, and the seed.
    Random(Vec<String>, u64),
}

impl Draws {
    pub fn new(sample: &Sample, factors: &[Factor]) -> Self {
        let names: Vec<String> = factors.iter().map(name).collect();
        match sample.method {
            Method::Random => Self::Random(names, sample.seed),
            Method::Sobol => {
                let before = |name: &String| names.iter().filter(|other| *other < name).count();
                Self::Sobol(names.iter().map(|name| Sobol::new(before(name), sample.seed)).collect())
            }
        }
    }

    /// Where a factor's value at a point lies among its values.
    pub fn share(&self, factor: usize, index: u128) -> f64 {
        match self {
            Self::Sobol(sequences) => sequences[factor].at(index as u32),
            Self::Random(names, seed) => Stream::new(*seed, &names[factor], index as u64).uniform(),
        }
    }
}

/// A name of a factor that is none of another: no two share a parameter.
fn name(factor: &Factor) -> String {
    let names = factor.axes.iter().map(|axis| axis.parameter.name);
    format!("sample {}", names.min().unwrap_or_default())
}

/// Every grid has a dimension for each factor.
const _: () = assert!(PARAMETERS.len() <= super::sobol::DIMENSIONS);
