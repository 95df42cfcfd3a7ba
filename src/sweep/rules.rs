//! What takes points away from a product and adds some to it: `exclude`, `constraints`, `include`.

use std::collections::HashMap;

use super::axes::{parameters, single};
use super::claims::text;
use super::diagnostic::{Diagnostic, Findings};
use super::node::{Node, Tree};
use super::place::Place;
use super::sql;
use super::values::{Entry, rule};
use crate::config::Parameter;

/// Removes the points that have all of its values.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// The rule as YAML writes it on one line.
    pub text: String,
    /// Where it is.
    pub place: Place,
    /// The values; a point that has all of them is excluded.
    pub entries: Vec<Entry>,
}

/// Removes the points of which it is not true.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// A condition in SQL over the parameters of one point: `depth * width <= 256`.
    pub text: String,
    /// Where it is.
    pub place: Place,
}

/// A point beside the product: the base with these values.
#[derive(Clone, Debug)]
pub struct Inclusion {
    /// Where it is.
    pub place: Place,
    /// The values that it has beside or instead of those of the base.
    pub entries: Vec<Entry>,
}

/// Reads the entries of `exclude`.
pub(super) fn exclusions(node: &Node, wrong: &mut Findings) -> Vec<Exclusion> {
    let hint = "write `[{activation: tanh, normalization: seed}]`, one mapping for each set of points to leave out";
    let exclusion = |(place, entries): (Place, Vec<Entry>)| {
        let text = rule(entries.iter().map(|entry| (entry.parameter.name, &entry.written.value)));
        Exclusion { text, place, entries }
    };
    points(node, "exclude", hint, wrong).into_iter().map(exclusion).collect()
}

/// Reads the entries of `include`.
pub(super) fn inclusions(node: &Node, wrong: &mut Findings) -> Vec<Inclusion> {
    let hint = "write `[{activation: relu, depth: 12}]`, one mapping for each point to add";
    points(node, "include", hint, wrong).into_iter().map(|(place, entries)| Inclusion { place, entries }).collect()
}

/// Reads a list of mappings from parameters to single values.
fn points(node: &Node, name: &str, hint: &str, wrong: &mut Findings) -> Vec<(Place, Vec<Entry>)> {
    let Tree::List(items) = &node.tree else {
        let message = format!("`{name}` is a list of mappings, not {}", node.describe());
        wrong.push(Diagnostic::new(node.place, message).hint(hint));
        return Vec::new();
    };
    let what = format!("an entry of `{name}`");
    let mut points = Vec::new();
    for item in items {
        let mut entries = Vec::new();
        let before = wrong.len();
        for (key, parameter, node) in parameters(item, &what, "`{activation: tanh}`", wrong) {
            match single(parameter, node, &what, "write one entry for each value") {
                Ok(written) => entries.push(Entry { parameter, key: key.place, written }),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.len() == before {
            points.push((item.place, entries));
        }
    }
    points
}

/// Reads `constraints`: each is about the values of one point. Whether it is SQL is seen when it is first used.
pub(super) fn constraints(node: &Node, wrong: &mut Findings) -> Vec<Constraint> {
    let Tree::List(items) = &node.tree else {
        let message = format!("`constraints` is a list of conditions, not {}", node.describe());
        wrong.push(Diagnostic::new(node.place, message).hint("write `[\"depth * width <= 256\"]`"));
        return Vec::new();
    };
    let mut constraints: Vec<Constraint> = Vec::new();
    let mut known: HashMap<String, Place> = HashMap::new();
    for item in items {
        let Some(text) = text(item, "a constraint", "\"depth * width <= 256\"", wrong) else { continue };
        if let Some(first) = known.get(&text) {
            let twice = Diagnostic::new(item.place, "the same constraint twice");
            wrong.push(twice.note(*first, "first here").hint("remove one of the two"));
        } else if let Some(diagnostic) = sql::not_of_a_point(&text, item.place) {
            wrong.push(diagnostic);
        } else {
            known.insert(text.clone(), item.place);
            constraints.push(Constraint { text, place: item.place });
        }
    }
    constraints
}

impl Constraint {
    /// Whether the condition is about a parameter.
    #[must_use]
    pub fn names(&self, parameter: &Parameter) -> bool {
        sql::names(&self.text).any(|name| name == parameter.name)
    }
}
