//! The points of a grid by index: the product of its factors, the last one fastest.

use super::effect::has;
use crate::config::{Assignment, Configuration};
use crate::sweep::{Axis, Entry, Grid, Place, Written};

/// The points of a grid, those included that its rules exclude.
#[derive(Clone, Debug)]
pub struct Points<'g> {
    grid: &'g Grid,
    base: Assignment,
    len: u128,
}

/// A grid with more points than a number of 128 bits counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the grid `{grid}` has more than 2^128 points")]
pub struct TooMany {
    /// The grid.
    pub grid: String,
}

/// A point of a grid.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its values as written, those without an effect included.
    pub assignment: Assignment,
    /// The configuration that they make.
    pub configuration: Configuration,
    /// The first rule of the grid that excludes it, by its number in `exclude`.
    pub excluded: Option<usize>,
}

impl<'g> Points<'g> {
    /// The points of `grid`.
    ///
    /// # Errors
    /// When there are too many to count.
    pub fn of(grid: &'g Grid) -> Result<Self, TooMany> {
        let sizes = grid.factors.iter().map(|factor| factor.size() as u128);
        let len = sizes.into_iter().try_fold(1u128, u128::checked_mul);
        let len = len.ok_or_else(|| TooMany { grid: grid.name.clone() })?;
        let base = grid.base.iter().map(|entry| (entry.parameter.name, entry.written.value.clone())).collect();
        Ok(Self { grid, base, len })
    }

    /// The size of the product.
    #[must_use]
    pub fn len(&self) -> u128 {
        self.len
    }

    /// Whether there are no points: never, for a grid without axes has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The point of that index; `None` beyond the last.
    ///
    /// # Panics
    /// Never for a checked grid, whose values are all values that their parameters take.
    #[must_use]
    pub fn get(&self, index: u128) -> Option<Candidate> {
        if index >= self.len {
            return None;
        }
        let mut assignment = self.base.clone();
        for (axis, written) in self.choices(index) {
            assignment.insert(axis.parameter.name, written.value.clone());
        }
        let configuration =
            Configuration::of(&assignment).expect("a checked grid holds values that its parameters take");
        let matches = |entry: &Entry| has(&assignment, &configuration, entry.parameter, &entry.written.value);
        let excluded = self.grid.exclude.iter().position(|rule| rule.entries.iter().all(matches));
        Some(Candidate { assignment, configuration, excluded })
    }

    /// All points, in order.
    pub fn iter(&self) -> impl Iterator<Item = Candidate> + '_ {
        (0..self.len).map_while(|index| self.get(index))
    }

    /// Where the value that a parameter has at a point is written; `None` where it has its default.
    #[must_use]
    pub fn place(&self, index: u128, parameter: &str) -> Option<Place> {
        let chosen = self.choices(index).find(|(axis, _)| axis.parameter.name == parameter);
        let based = || self.grid.base.iter().find(|entry| entry.parameter.name == parameter);
        chosen.map(|(_, written)| written.place).or_else(|| based().map(|entry| entry.written.place))
    }

    /// Whether a parameter has several values in this grid.
    #[must_use]
    pub fn is_axis(&self, parameter: &str) -> bool {
        self.grid.factors.iter().any(|factor| factor.axes.iter().any(|axis| axis.parameter.name == parameter))
    }

    /// The value that each axis has at a point.
    fn choices(&self, index: u128) -> impl Iterator<Item = (&'g Axis, &'g Written)> + use<'g> {
        // How many points share a value of the current factor: the product of the factors after it.
        let mut rest = self.len;
        self.grid.factors.iter().flat_map(move |factor| {
            let size = factor.size() as u128;
            rest /= size;
            let choice = usize::try_from(index / rest % size).expect("less than the size of a factor");
            factor.axes.iter().map(move |axis| (axis, &axis.values[choice]))
        })
    }
}
