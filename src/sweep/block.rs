//! A block of a sweep file: what stands under the name of a grid, or at the top level for all grids.

use std::collections::HashMap;

use super::axes::{self, Axis, Choices, Factor};
use super::conditions::{Condition, in_order};
use super::diagnostic::{Diagnostic, Findings};
use super::keys::Fields;
use super::overrides::Overrides;
use super::place::Place;
use super::replicates::Replicates;
use super::rules::{self, Constraint, Exclusion, Inclusion};
use super::sampling::{self, Sample};
use super::values::{Entry, Written};

/// A named grid of a sweep: the product of its axes over its base values, or a sample of it, less what its rules
/// remove, and the points that it includes beside.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Its name; `grid` where the sweep has one grid without a name.
    pub name: String,
    /// Parameters with one value, its own and those of the whole sweep.
    pub base: Vec<Entry>,
    /// The factors of the product, in the order of the file.
    pub factors: Vec<Factor>,
    /// How its points are drawn, where they are not all that there are.
    pub sample: Option<Sample>,
    /// Whether there are points besides those included.
    pub product: bool,
    /// Rules that remove points, its own and those of the whole sweep.
    pub exclude: Vec<Exclusion>,
    /// Conditions that points must fulfil, its own and those of the whole sweep.
    pub constraints: Vec<Constraint>,
    /// Points beside the product, which no rule removes.
    pub include: Vec<Inclusion>,
    /// How often each of its configurations is trained.
    pub replicates: Replicates,
}

impl Grid {
    /// All its axes, in the order of the file.
    pub fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.factors.iter().flat_map(|factor| &factor.axes)
    }

    /// The axes that are there at some points only, each after those that its conditions ask about. One whose parameter is
    /// in a zip is nowhere there: the zip's values count.
    #[must_use]
    pub fn conditional(&self) -> Vec<&Axis> {
        let zipped = |name: &str| {
            let mut zips = self.factors.iter().filter(|factor| factor.zipped).flat_map(|factor| &factor.axes);
            zips.any(|axis| axis.parameter.name == name)
        };
        let counts = |factor: &Factor, axis: &Axis| factor.zipped || !zipped(axis.parameter.name);
        let axes = self.factors.iter().flat_map(|factor| factor.axes.iter().map(move |axis| (factor, axis)));
        in_order(axes.filter(|(factor, axis)| counts(factor, axis)).map(|(_, axis)| axis)).0
    }
}

/// What stands under a grid, or at the top level for all grids.
#[derive(Default)]
pub(super) struct Block {
    base: Vec<Entry>,
    factors: Vec<Factor>,
    sample: Option<Sample>,
    only_included: bool,
    exclude: Vec<Exclusion>,
    constraints: Vec<Constraint>,
    include: Vec<Inclusion>,
}

impl Block {
    pub fn read(fields: &Fields, wrong: &mut Findings) -> Self {
        let base = fields.get("base").map_or_else(Vec::new, |(_, node)| axes::base(node, wrong));
        let axes = fields.get("grid").map_or_else(Vec::new, |(_, node)| axes::axes(node, wrong));
        let zips = fields.get("zip").map_or_else(Vec::new, |(_, node)| axes::zips(node, wrong));
        let sample = fields.get("sample").and_then(|(_, node)| sampling::sample(node, wrong));
        let exclude = fields.get("exclude").map_or_else(Vec::new, |(_, node)| rules::exclusions(node, wrong));
        let constraints = fields.get("constraints").map_or_else(Vec::new, |(_, node)| rules::constraints(node, wrong));
        let include = fields.get("include").map_or_else(Vec::new, |(_, node)| rules::inclusions(node, wrong));
        let product = fields.get("grid").or(fields.get("zip")).is_some();
        if let (Some((key, _)), false) = (fields.get("sample"), product) {
            wrong.push(Diagnostic::new(key.place, "`sample` without axes").hint("it draws from the axes of `grid:`"));
        }
        let factors: Vec<Factor> = axes.into_iter().map(Factor::of).chain(zips).collect();
        let block = Self {
            base,
            factors,
            sample,
            only_included: !product && !include.is_empty(),
            exclude,
            constraints,
            include,
        };
        block.check_places(wrong);
        if fields.get("sample").is_none() {
            block.check_intervals(wrong);
        }
        block
    }

    fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.factors.iter().flat_map(|factor| &factor.axes)
    }

    /// How many rules remove points.
    pub fn rules(&self) -> usize {
        self.exclude.len() + self.constraints.len()
    }

    /// Refuses a parameter that stands in two places, of which one would never count.
    fn check_places(&self, wrong: &mut Findings) {
        for axis in self.axes() {
            let name = axis.parameter.name;
            if let Some(entry) = self.base.iter().find(|entry| entry.parameter.name == name) {
                wrong.push(
                    Diagnostic::new(axis.key, format!("`{name}` is an axis, and has a value in `base` beside it"))
                        .note(entry.key, "the value in `base` would never be taken")
                        .hint("keep one of the two"),
                );
            }
        }
        // A zip goes before an axis of the same parameter; two zips would contradict each other.
        let mut zipped: HashMap<&str, Place> = HashMap::new();
        for axis in self.factors.iter().filter(|factor| factor.zipped).flat_map(|factor| &factor.axes) {
            let name = axis.parameter.name;
            if let Some(first) = zipped.insert(name, axis.key) {
                wrong.push(
                    Diagnostic::new(axis.key, format!("`{name}` is in two zips"))
                        .note(first, "first here")
                        .hint("keep one of the two"),
                );
            }
        }
    }

    /// Refuses intervals that nothing draws from.
    fn check_intervals(&self, wrong: &mut Findings) {
        for axis in self.axes() {
            if let Choices::Drawn(interval) = &axis.choices {
                let message = format!("`{}` has an interval of values, and nothing draws from it", axis.parameter.name);
                let hint = "write `sample: {method: sobol, count: 64, seed: 1}` beside `grid:`, or list values";
                wrong.push(Diagnostic::new(interval.place, message).hint(hint));
            }
        }
    }

    /// The grid of this block: what the whole sweep shares goes behind its own, what is overridden before it.
    pub fn grid(
        self,
        name: &str,
        shared: &Self,
        replicates: Replicates,
        overrides: &Overrides,
        wrong: &mut Findings,
    ) -> Grid {
        let own = |parameter: &str| {
            self.base.iter().any(|entry| entry.parameter.name == parameter)
                || self.axes().any(|axis| axis.parameter.name == parameter)
        };
        let inherited: Vec<Entry> = shared.base.iter().filter(|entry| !own(entry.parameter.name)).cloned().collect();
        let mut grid = Grid {
            name: name.to_string(),
            base: inherited.into_iter().chain(self.base).collect(),
            factors: self.factors,
            sample: self.sample,
            product: !self.only_included,
            exclude: self.exclude.into_iter().chain(shared.exclude.iter().cloned()).collect(),
            constraints: self.constraints.into_iter().chain(shared.constraints.iter().cloned()).collect(),
            include: self.include,
            replicates,
        };
        for axis in &overrides.axes {
            let values = axis.choices.listed().map_or(1, <[Written]>::len);
            if wrong.list((grid.include.len() * values) as u64, axis.key) {
                grid.replace(axis);
            }
        }
        if grid.factors.is_empty() {
            // The command line has left nothing to draw.
            grid.sample = None;
        }
        if let Some(asking) = in_order(grid.axes()).1.first() {
            let message = format!("the `when` of `{}` asks, in a circle, about itself", asking.parameter.name);
            wrong.push(Diagnostic::new(asking.key, message).hint("let it ask about another parameter"));
        }
        if let (Some(interval), None) = (overrides.interval(), &grid.sample) {
            let message = format!("nothing draws from an interval: the grid `{name}` has no `sample`");
            wrong.push(Diagnostic::new(interval.place, message).hint("list values"));
        }
        grid
    }
}

impl Grid {
    /// Puts what the command line says of a parameter in the place of what the file says. An axis that is there under
    /// conditions stays so.
    fn replace(&mut self, axis: &Axis) {
        let name = axis.parameter.name;
        self.base.retain(|entry| entry.parameter.name != name);
        let (place, when) = self.take_axis(name);
        let when = if axis.when.is_empty() { when } else { axis.when.clone() };
        match axis.choices.listed() {
            Some([written]) if when.is_empty() => {
                let entry = Entry { parameter: axis.parameter, key: axis.key, written: written.clone() };
                self.include.iter_mut().for_each(|point| point.entries.retain(|entry| entry.parameter.name != name));
                self.base.push(entry);
            }
            values => {
                let factor = Factor::of(Axis { when, ..axis.clone() });
                self.factors.insert(place.unwrap_or(self.factors.len()), factor);
                // Each included point is there once for each value.
                self.include = match values {
                    Some(values) => self
                        .include
                        .iter()
                        .flat_map(|point| values.iter().map(|value| with(point, axis, value)))
                        .collect(),
                    None => std::mem::take(&mut self.include),
                };
            }
        }
    }

    /// Takes an axis away; gives the place of its factor where that is then empty, and its conditions.
    fn take_axis(&mut self, name: &str) -> (Option<usize>, Vec<Condition>) {
        let Some(at) =
            self.factors.iter().position(|factor| factor.axes.iter().any(|axis| axis.parameter.name == name))
        else {
            return (None, Vec::new());
        };
        // Where a zip has the parameter too, an axis under conditions has never counted.
        let taken = self.axes().filter(|axis| axis.parameter.name == name).last();
        let when = taken.map_or_else(Vec::new, |axis| axis.when.clone());
        self.factors.iter_mut().for_each(|factor| factor.axes.retain(|axis| axis.parameter.name != name));
        let emptied = self.factors[at].axes.is_empty();
        self.factors.retain(|factor| !factor.axes.is_empty());
        (Some(if emptied { at } else { at + 1 }), when)
    }
}

fn with(point: &Inclusion, axis: &Axis, value: &Written) -> Inclusion {
    let others = point.entries.iter().filter(|entry| entry.parameter.name != axis.parameter.name).cloned();
    let entry = Entry { parameter: axis.parameter, key: axis.key, written: value.clone() };
    Inclusion { place: point.place, entries: others.chain([entry]).collect() }
}
