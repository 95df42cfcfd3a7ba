//! The points of a grid by index: the product of its factors, the last one fastest, or a sample of it; then those that
//! are included beside.

use super::draws::Draws;
use super::effect::has;
use crate::config::{Assignment, Configuration, Value};
use crate::sweep::{Axis, Choices, Condition, Entry, Grid, Inclusion, Interval, Place, Written};

/// The points of a grid, those included that its rules exclude.
#[derive(Clone, Debug)]
pub struct Points<'g> {
    grid: &'g Grid,
    base: Assignment,
    /// Axes that are there at some points only.
    conditional: Vec<&'g Axis>,
    draws: Option<Draws>,
    /// Points of the product, or of the sample.
    product: u128,
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
    /// Whether it is one that the grid includes beside its product: no rule removes it.
    pub included: bool,
}

/// The value that an axis has at a point.
enum Choice<'g> {
    Listed(&'g Written),
    Drawn(&'g Interval, f64),
}

impl Choice<'_> {
    fn value(&self) -> Value {
        match self {
            Self::Listed(written) => written.value.clone(),
            Self::Drawn(interval, share) => interval.at(*share),
        }
    }

    fn place(&self) -> Place {
        match self {
            Self::Listed(written) => written.place,
            Self::Drawn(interval, _) => interval.place,
        }
    }
}

impl<'g> Points<'g> {
    /// The points of `grid`.
    ///
    /// # Errors
    /// When there are too many to count.
    pub fn of(grid: &'g Grid) -> Result<Self, TooMany> {
        let too_many = || TooMany { grid: grid.name.clone() };
        let product = match (&grid.sample, grid.product) {
            (_, false) => 0,
            (Some(sample), _) => u128::from(sample.count),
            (None, _) => product_of(grid).ok_or_else(too_many)?,
        };
        product.checked_add(grid.include.len() as u128).ok_or_else(too_many)?;
        let base = grid.base.iter().map(|entry| (entry.parameter.name, entry.written.value.clone())).collect();
        let draws = grid.sample.as_ref().map(|sample| Draws::new(sample, &grid.factors));
        Ok(Self { grid, base, conditional: grid.conditional(), draws, product })
    }

    /// How many points there are, included ones among them.
    #[must_use]
    pub fn len(&self) -> u128 {
        self.product + self.grid.include.len() as u128
    }

    /// The size of the product that a sample is drawn from; `None` where there is no sample, where values are drawn from
    /// an interval, or where there are too many to count.
    #[must_use]
    pub fn drawn_from(&self) -> Option<u128> {
        self.draws.as_ref().and_then(|_| product_of(self.grid))
    }

    /// Whether there are no points: never for a checked grid, for one without axes has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The point of that index; `None` beyond the last.
    ///
    /// # Panics
    /// Never for a checked grid, whose values are all values that their parameters take.
    #[must_use]
    pub fn get(&self, index: u128) -> Option<Candidate> {
        if index >= self.len() {
            return None;
        }
        let mut assignment = self.base.clone();
        if let Some(point) = self.included(index) {
            for entry in &point.entries {
                assignment.insert(entry.parameter.name, entry.written.value.clone());
            }
            let configuration = configuration(&assignment);
            return Some(Candidate { assignment, configuration, excluded: None, included: true });
        }
        for (axis, choice) in self.choices(index).filter(|(axis, _)| axis.when.is_empty()) {
            assignment.insert(axis.parameter.name, choice.value());
        }
        let mut configuration = configuration(&assignment);
        for &axis in &self.conditional {
            if axis.when.iter().all(|condition| holds(condition, &assignment, &configuration)) {
                let (_, choice) = self.choices(index).find(|(other, _)| std::ptr::eq(*other, axis))?;
                assignment.insert(axis.parameter.name, choice.value());
                configuration = self::configuration(&assignment);
            }
        }
        let matches = |entry: &Entry| has(&assignment, &configuration, entry.parameter, &entry.written.value);
        let excluded = self.grid.exclude.iter().position(|rule| rule.entries.iter().all(matches));
        Some(Candidate { assignment, configuration, excluded, included: false })
    }

    /// All points, in order.
    pub fn iter(&self) -> impl Iterator<Item = Candidate> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// Where the value that a parameter has at a point is written; `None` where it has its default.
    #[must_use]
    pub fn place(&self, index: u128, parameter: &str) -> Option<Place> {
        let own = match self.included(index) {
            Some(point) => find(&point.entries, parameter),
            // A zip, which comes later, goes before an axis.
            None => {
                self.choices(index).filter(|(axis, _)| axis.parameter.name == parameter).last().map(|(_, c)| c.place())
            }
        };
        own.or_else(|| find(&self.grid.base, parameter))
    }

    /// Whether a parameter has several values in this grid.
    #[must_use]
    pub fn is_axis(&self, parameter: &str) -> bool {
        self.grid.axes().any(|axis| axis.parameter.name == parameter)
    }

    /// The point that the grid includes under that index.
    #[must_use]
    pub fn included(&self, index: u128) -> Option<&'g Inclusion> {
        index.checked_sub(self.product).and_then(|number| self.grid.include.get(usize::try_from(number).ok()?))
    }

    /// The value that each axis has at a point of the product or the sample.
    fn choices(&self, index: u128) -> impl Iterator<Item = (&'g Axis, Choice<'g>)> {
        // How many points share a value of the current factor: the product of the factors after it.
        let mut rest = self.product;
        self.grid.factors.iter().enumerate().flat_map(move |(number, factor)| {
            let share = self.draws.as_ref().map_or(0.0, |draws| draws.share(number, index));
            let choice = factor.size().map(|size| {
                if self.draws.is_some() {
                    return ((share * size as f64) as usize).min(size - 1);
                }
                rest /= size as u128;
                usize::try_from(index / rest % size as u128).expect("less than the size of a factor")
            });
            factor.axes.iter().map(move |axis| match (&axis.choices, choice) {
                (Choices::Listed(values), Some(choice)) => (axis, Choice::Listed(&values[choice])),
                (Choices::Listed(values), None) => (axis, Choice::Listed(&values[0])),
                (Choices::Drawn(interval), _) => (axis, Choice::Drawn(interval, share)),
            })
        })
    }
}

/// The size of the product of all factors; `None` where it cannot be counted.
fn product_of(grid: &Grid) -> Option<u128> {
    grid.factors.iter().try_fold(1u128, |product, factor| product.checked_mul(factor.size()? as u128))
}

fn find(entries: &[Entry], parameter: &str) -> Option<Place> {
    entries.iter().find(|entry| entry.parameter.name == parameter).map(|entry| entry.written.place)
}

fn holds(condition: &Condition, assignment: &Assignment, configuration: &Configuration) -> bool {
    condition.values.iter().any(|written| has(assignment, configuration, condition.parameter, &written.value))
}

fn configuration(assignment: &Assignment) -> Configuration {
    Configuration::of(assignment).expect("a checked grid holds values that its parameters take")
}
