//! Axes that are not lists: values in equal steps or equal ratios, and intervals that a sample draws from.

use super::diagnostic::{Diagnostic, Findings, MOST_LISTED, TO_DRAW};
use super::keys::{Fields, list, nearest};
use super::node::{Key, Node, Tree};
use super::place::Place;
use super::values::{Written, read, yaml};
use crate::config::{Kind, Parameter, Value};

/// The words for the values of an axis, each with an example.
pub(super) const GENERATORS: &[(&str, &str)] = &[
    ("values", "[1, 2]"),
    ("range", "{min: 1, max: 5, step: 2}"),
    ("log_range", "{min: 1e-4, max: 1e-1, num: 4}"),
    ("uniform", "{min: 8, max: 256}"),
    ("log_uniform", "{min: 1e-4, max: 1e-1}"),
];

/// An interval that a sample draws values from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end, which may be drawn.
    pub min: f64,
    /// Its upper end; it may be drawn where values are whole numbers.
    pub max: f64,
    /// Whether equal ratios, rather than equal differences, are equally likely.
    pub log: bool,
    /// Whether values are whole numbers.
    pub whole: bool,
    /// Where it is written.
    pub place: Place,
}

impl Interval {
    /// The value at a share of the interval, in [0, 1).
    #[must_use]
    pub fn at(&self, share: f64) -> Value {
        // Each whole number has the interval up to the next one.
        let end = if self.whole { self.max + 1.0 } else { self.max };
        let value = if self.log { by_ratio(self.min, end, share) } else { self.min + share * (end - self.min) };
        let value = value.clamp(self.min, self.max);
        if self.whole { Value::Whole(value.floor() as i64) } else { Value::Number(value) }
    }
}

/// The number at a share of the way from `min`, above 0, to `max`, on which equal steps are equal ratios.
fn by_ratio(min: f64, max: f64, share: f64) -> f64 {
    let ratio = max / min;
    if ratio.is_finite() {
        return min * libm::pow(ratio, share);
    }
    let middle = min.sqrt() * max.sqrt();
    if share < 0.5 { by_ratio(min, middle, 2.0 * share) } else { by_ratio(middle, max, 2.0 * share - 1.0) }
}

/// What a generator stands for.
pub(super) enum Generated<'n> {
    /// A list, which is read as any list of values is.
    Values(&'n Node),
    /// Values that were computed.
    Computed(Vec<Written>),
    /// Values that are drawn.
    Drawn(Interval),
}

/// Reads the values of a generator such as `{range: {…}}`, of which this is the key and what stands behind it.
pub(super) fn generate<'n>(
    parameter: &Parameter,
    key: &Key,
    node: &'n Node,
    wrong: &mut Findings,
) -> Option<Generated<'n>> {
    if key.name == "values" {
        return Some(Generated::Values(node));
    }
    let whole = match parameter.kind {
        Kind::Whole { .. } | Kind::CountOrFull => true,
        Kind::Number { .. } => false,
        _ => {
            let message = format!("`{}` makes numbers, and `{}` takes {}", key.name, parameter.name, parameter.kind);
            wrong.push(Diagnostic::new(key.place, message).hint("list the values"));
            return None;
        }
    };
    let ends = Ends::read(parameter, key, node, whole, wrong)?;
    match key.name.as_str() {
        "range" => ends.steps(wrong).map(Generated::Computed),
        "log_range" => ends.ratios(wrong).map(Generated::Computed),
        log => ends.interval(log == "log_uniform", wrong).map(Generated::Drawn),
    }
}

/// The settings of a generator.
struct Ends<'n> {
    parameter: &'n Parameter,
    generator: &'n str,
    place: Place,
    fields: Fields<'n>,
    whole: bool,
    min: f64,
    max: f64,
}

impl<'n> Ends<'n> {
    fn read(parameter: &'n Parameter, key: &'n Key, node: &'n Node, whole: bool, wrong: &mut Findings) -> Option<Self> {
        let (generator, example) = GENERATORS.iter().find(|(name, _)| *name == key.name)?;
        let what = format!("`{generator}`");
        let fields = Fields::of(node, &what, &format!("`{example}`"), wrong)?;
        let known: &[&str] = match *generator {
            "range" => &["min", "max", "step"],
            "log_range" => &["min", "max", "num"],
            _ => &["min", "max"],
        };
        let before = wrong.len();
        fields.only(known, |_| None, wrong);
        if let Some(missing) = known.iter().find(|name| fields.get(name).is_none()) {
            let message = format!("`{generator}` has no `{missing}`");
            wrong.push(Diagnostic::new(node.place, message).hint(format!("write `{{{generator}: {example}}}`")));
        }
        let mut end = |name: &str| {
            let (_, node) = fields.get(name)?;
            match read(parameter, node) {
                Ok(Written { value, .. }) => number(&value).or_else(|| {
                    let message = format!("`{}` is no number, and `{generator}` makes numbers", yaml(&value));
                    wrong.push(
                        Diagnostic::new(node.place, message).hint(format!("list values: `[50, {}]`", yaml(&value))),
                    );
                    None
                }),
                Err(diagnostic) => {
                    wrong.push(diagnostic);
                    None
                }
            }
        };
        let (min, max) = (end("min"), end("max"));
        if wrong.len() > before {
            return None;
        }
        let (min, max) = (min?, max?);
        if min >= max {
            let message = format!("`min` is not below `max` in `{generator}`");
            wrong.push(Diagnostic::new(node.place, message).hint("for a single value, write it under `base`"));
            return None;
        }
        Some(Self { parameter, generator, place: node.place, fields, whole, min, max })
    }

    /// Values `min + i · step`, both ends included.
    fn steps(&self, wrong: &mut Findings) -> Option<Vec<Written>> {
        let (_, node) = self.fields.get("step")?;
        let step = match node.tree {
            Tree::Whole(step) if step > 0 => step as f64,
            Tree::Number(step) if !self.whole && step > 0.0 && step.is_finite() => step,
            _ => {
                let kind = if self.whole { "a whole number" } else { "a number" };
                let message = format!("`step` is {kind} above 0 for `{}`", self.parameter.name);
                wrong.push(Diagnostic::new(node.place, message));
                return None;
            }
        };
        let steps = ((self.max - self.min) / step).round();
        if steps >= MOST_LISTED as f64 {
            wrong.push(self.too_many(node.place));
            return None;
        }
        let reached = self.min + steps * step;
        if (reached - self.max).abs() > 1e-9 * step {
            let below = self.min + ((self.max - self.min) / step).floor() * step;
            let message = format!("with this `step`, `{}` does not come to `max`", self.generator);
            let near = [below, below + step].map(|value| self.end(self.rounded(value)));
            let near = near.iter().filter(|value| **value != self.end(self.min) && self.takes(value));
            let near: Vec<String> = near.map(|value| format!("`max: {}`", yaml(value))).collect();
            let hint = match near.as_slice() {
                [] => "both ends are values: take a smaller `step`".into(),
                near => format!("both ends are values: write {}", near.join(" or ")),
            };
            wrong.push(Diagnostic::new(node.place, message).hint(hint));
            return None;
        }
        let last = steps as u64;
        self.values(node, last, |i| self.min + i as f64 * step, "take a larger `step`", wrong)
    }

    /// `num` values in equal ratios, both ends included.
    fn ratios(&self, wrong: &mut Findings) -> Option<Vec<Written>> {
        let (_, node) = self.fields.get("num")?;
        let num = match node.tree {
            Tree::Whole(num) if num >= 2 => num as u64,
            _ => {
                wrong.push(Diagnostic::new(node.place, "`num` is a whole number from 2 on: both ends are values"));
                return None;
            }
        };
        if num > MOST_LISTED {
            wrong.push(self.too_many(node.place));
            return None;
        }
        if !self.above_zero(wrong) {
            return None;
        }
        let last = num - 1;
        self.values(node, last, |i| by_ratio(self.min, self.max, i as f64 / last as f64), "take a smaller `num`", wrong)
    }

    fn interval(&self, log: bool, wrong: &mut Findings) -> Option<Interval> {
        if log && !self.above_zero(wrong) {
            return None;
        }
        Some(Interval { min: self.min, max: self.max, log, whole: self.whole, place: self.place })
    }

    fn above_zero(&self, wrong: &mut Findings) -> bool {
        if self.min > 0.0 {
            return true;
        }
        let message = format!("`{}` needs a `min` above 0: there is no ratio to 0", self.generator);
        wrong.push(Diagnostic::new(self.place, message));
        false
    }

    fn too_many(&self, place: Place) -> Diagnostic {
        Diagnostic::new(place, format!("`{}` would have more than {MOST_LISTED} values", self.generator)).hint(TO_DRAW)
    }

    /// The ends as they are written, and what is computed between them: the values from 0 to `last`. None may be there
    /// twice, and each must be one that the parameter takes.
    fn values(
        &self,
        node: &Node,
        last: u64,
        between: impl Fn(u64) -> f64,
        hint: &str,
        wrong: &mut Findings,
    ) -> Option<Vec<Written>> {
        if !wrong.list(last + 1, self.place) {
            return None;
        }
        let value = |i| match i {
            0 => self.end(self.min),
            _ if i == last => self.end(self.max),
            _ => self.end(self.rounded(between(i)).clamp(self.min, self.max)),
        };
        let values: Vec<Written> = (0..=last).map(|i| Written { value: value(i), place: self.place }).collect();
        let twice = values.windows(2).find(|pair| pair[0].value == pair[1].value);
        if let Some(pair) = twice {
            let rounding = if self.whole { "values are whole numbers" } else { "values are rounded to 15 digits" };
            let message = format!("`{}` is there twice once {rounding}", yaml(&pair[0].value));
            wrong.push(Diagnostic::new(node.place, message).hint(hint));
            return None;
        }
        if let Some(none) = values.iter().find(|written| !self.takes(&written.value)) {
            let message = format!("`{}` would have the value `{}`", self.generator, yaml(&none.value));
            let hint = format!("`{}` takes {}", self.parameter.name, self.parameter.kind);
            wrong.push(Diagnostic::new(self.place, message).hint(hint));
            return None;
        }
        Some(values)
    }

    fn takes(&self, value: &Value) -> bool {
        self.parameter.kind.takes(value)
    }

    /// An end, which is a value just as it is written.
    fn end(&self, value: f64) -> Value {
        if self.whole { Value::Whole(value as i64) } else { Value::Number(value) }
    }

    /// A computed number is rounded to 15 digits, so that 0.1 + 2 · 0.1 is 0.3, as if it had been written.
    fn rounded(&self, value: f64) -> f64 {
        if self.whole { value.round() } else { format!("{value:.14e}").parse().unwrap_or(value) }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Whole(whole) => Some(*whole as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// Whether a mapping is meant as a generator: one of its keys is one, or near to one.
pub(super) fn is_meant(entries: &[(Key, Node)]) -> bool {
    entries.iter().any(|(key, _)| key.name == "when" || GENERATORS.iter().any(|(name, _)| *name == key.name))
}

/// The error for an axis that is a mapping without a generator.
pub(super) fn none_of(node: &Node, written: &[&str]) -> Diagnostic {
    let names: Vec<&str> = GENERATORS.iter().map(|(name, _)| *name).collect();
    let near = written.iter().find_map(|key| nearest(key, names.iter().copied()));
    let hint =
        near.map_or_else(|| format!("give it one of {}", list(&names)), |near| format!("did you mean `{near}`?"));
    Diagnostic::new(node.place, "this axis has no values").hint(hint)
}
