//! `when`: the points at which an axis is there.

use super::axes::{Axis, parameters};
use super::diagnostic::{Diagnostic, Findings};
use super::node::{Node, Tree};
use super::place::Place;
use super::values::{Written, read};
use crate::config::{Kind, Parameter};

/// A parameter with the values of which a point must have one.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The parameter.
    pub parameter: &'static Parameter,
    /// Where its name is written.
    pub key: Place,
    /// The values, at least one.
    pub values: Vec<Written>,
}

/// Reads the conditions of an axis.
pub(super) fn conditions(node: &Node, wrong: &mut Findings) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (key, parameter, node) in parameters(node, "`when`", "`{optimizer: sgd}`", wrong) {
        // A list is any of its values, but for widths, where it is one value.
        let several = match &node.tree {
            Tree::List(items) if matches!(parameter.kind, Kind::Widths { .. }) => {
                items.iter().all(|item| !matches!(item.tree, Tree::Whole(_)))
            }
            Tree::List(_) => true,
            _ => false,
        };
        let items = match &node.tree {
            Tree::List(items) if several => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if items.is_empty() {
            let message = format!("`when` names no value of `{}`", parameter.name);
            wrong.push(Diagnostic::new(node.place, message).hint("give it a value, or several in brackets"));
        }
        let mut values = Vec::new();
        for item in items {
            match read(parameter, item) {
                Ok(written) => values.push(written),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if !values.is_empty() {
            conditions.push(Condition { parameter, key: key.place, values });
        }
    }
    conditions
}

/// The axes that have conditions, each after those that its conditions ask about. What is left over asks in a circle.
pub(super) fn in_order<'a>(axes: impl Iterator<Item = &'a Axis>) -> (Vec<&'a Axis>, Vec<&'a Axis>) {
    let mut waiting: Vec<&Axis> = axes.filter(|axis| !axis.when.is_empty()).collect();
    let mut ordered: Vec<&Axis> = Vec::new();
    loop {
        let asks =
            |axis: &Axis, other: &Axis| axis.when.iter().any(|asked| asked.parameter.name == other.parameter.name);
        let ready = waiting.iter().position(|axis| !waiting.iter().any(|other| asks(axis, other)));
        match ready {
            Some(at) => ordered.push(waiting.remove(at)),
            None => return (ordered, waiting),
        }
    }
}
