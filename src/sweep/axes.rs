//! What a grid is made of: base values, axes, and entries that exclude points.

use super::check::TOP;
use super::diagnostic::Diagnostic;
use super::keys::{Fields, unknown_parameter};
use super::node::{Key, Node, Tree};
use super::place::Place;
use super::values::{Entry, Written, read, rule, yaml};
use crate::config::{self, Kind, Parameter};

/// A parameter that is given several values, one after the other.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The parameter.
    pub parameter: &'static Parameter,
    /// Where its name is written.
    pub key: Place,
    /// Its values, at least one, all different.
    pub values: Vec<Written>,
}

/// A factor of a grid's product: axes that move together, all of one length.
#[derive(Clone, Debug)]
pub struct Factor {
    /// Its axes, at least one.
    pub axes: Vec<Axis>,
}

impl Factor {
    /// The number of values that its axes have.
    #[must_use]
    pub fn size(&self) -> usize {
        self.axes[0].values.len()
    }
}

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

/// Reads a mapping of parameters to single values.
pub(super) fn base(node: &Node, wrong: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (key, parameter, node) in parameters(node, "`base`", "`{activation: relu}`", wrong) {
        match single(parameter, node, "`base`", "to try several values, move it under `grid:`") {
            Ok(written) => entries.push(Entry { parameter, key: key.place, written }),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    entries
}

/// Reads a mapping of parameters to lists of values.
pub(super) fn axes(node: &Node, wrong: &mut Vec<Diagnostic>) -> Vec<Axis> {
    let mut axes = Vec::new();
    for (key, parameter, node) in parameters(node, "`grid`", "`{activation: [linear, relu]}`", wrong) {
        axes.extend(axis(parameter, key, node, wrong));
    }
    axes
}

/// Reads the entries of `exclude`.
pub(super) fn exclusions(node: &Node, wrong: &mut Vec<Diagnostic>) -> Vec<Exclusion> {
    let Tree::List(items) = &node.tree else {
        let message = format!("`exclude` is a list of mappings, not {}", node.describe());
        let hint = "write `[{activation: tanh, normalization: seed}]`, one mapping for each set of points to leave out";
        wrong.push(Diagnostic::new(node.place, message).hint(hint));
        return Vec::new();
    };
    let mut exclusions = Vec::new();
    for item in items {
        let mut entries = Vec::new();
        let before = wrong.len();
        for (key, parameter, node) in parameters(item, "an entry of `exclude`", "`{activation: tanh}`", wrong) {
            match single(parameter, node, "an entry of `exclude`", "write one entry for each value") {
                Ok(written) => entries.push(Entry { parameter, key: key.place, written }),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.len() == before {
            let text = rule(entries.iter().map(|entry| (entry.parameter.name, &entry.written.value)));
            exclusions.push(Exclusion { text, place: item.place, entries });
        }
    }
    exclusions
}

/// The parameters that a mapping names.
fn parameters<'n>(
    node: &'n Node,
    what: &str,
    example: &str,
    wrong: &mut Vec<Diagnostic>,
) -> Vec<(&'n Key, &'static Parameter, &'n Node)> {
    if matches!(&node.tree, Tree::Map(entries) if entries.is_empty()) || node.tree == Tree::Null {
        let hint = format!("write something like {example}, or remove it");
        wrong.push(Diagnostic::new(node.place, format!("{what} is empty")).hint(hint));
        return Vec::new();
    }
    let Some(fields) = Fields::of(node, what, example, wrong) else { return Vec::new() };
    let mut known = Vec::new();
    for (key, node) in fields.iter() {
        match config::parameter(&key.name) {
            Some(parameter) => known.push((key, parameter, node)),
            None => wrong.push(unknown_parameter(key, TOP)),
        }
    }
    known
}

/// Reads one value, where a list would be an axis.
fn single(parameter: &Parameter, node: &Node, what: &str, instead: &str) -> Result<Written, Diagnostic> {
    let widths = matches!(parameter.kind, Kind::Widths { .. });
    let axis = match &node.tree {
        Tree::List(items) if widths => items.iter().any(|item| matches!(item.tree, Tree::List(_))),
        Tree::List(_) => true,
        Tree::Map(entries) => entries.iter().any(|(key, _)| GENERATORS.contains(&key.name.as_str())),
        _ => false,
    };
    if axis {
        let one = if widths { "one list of widths" } else { "one value" };
        let message = format!("`{}` takes {one} in {what}, not several", parameter.name);
        let hint = match &node.tree {
            Tree::List(items) if items.len() == 1 => items[0].value().map(|only| format!("write `{}`", yaml(&only))),
            _ => None,
        };
        return Err(Diagnostic::new(node.place, message).hint(instead).hint_if(hint));
    }
    read(parameter, node)
}

/// Forms of an axis that a later version reads.
const GENERATORS: &[&str] = &["values", "range", "log_range", "uniform", "log_uniform", "when"];

/// Reads the values of an axis.
fn axis(parameter: &'static Parameter, key: &Key, node: &Node, wrong: &mut Vec<Diagnostic>) -> Option<Axis> {
    let name = parameter.name;
    let widths = matches!(parameter.kind, Kind::Widths { .. });
    let items = match &node.tree {
        Tree::Null => {
            wrong.push(empty(parameter, node));
            return None;
        }
        Tree::List(items) if items.is_empty() => {
            wrong.push(empty(parameter, node));
            return None;
        }
        Tree::List(items) if widths && items.iter().all(|item| !matches!(item.tree, Tree::List(_))) => {
            let written = node.value().map_or(String::from("[64, 64]"), |value| yaml(&value));
            let message = format!("an axis of `{name}` is a list of lists of widths");
            let hint = format!("write `[{written}]`, or move it to `base`");
            wrong.push(Diagnostic::new(node.place, message).hint(hint));
            return None;
        }
        Tree::List(items) => items,
        Tree::Map(entries) => {
            if let Some((generator, _)) = entries.iter().find(|(key, _)| GENERATORS.contains(&key.name.as_str())) {
                let message = format!("`{}` is not supported yet in this version", generator.name);
                wrong.push(Diagnostic::new(generator.place, message).hint(format!("list the values of `{name}`")));
                return None;
            }
            wrong.push(not_a_list(parameter, node));
            return None;
        }
        _ => {
            wrong.push(not_a_list(parameter, node));
            return None;
        }
    };
    let mut values: Vec<Written> = Vec::new();
    for item in items {
        match read(parameter, item) {
            Err(diagnostic) => wrong.push(diagnostic),
            Ok(written) => match values.iter().find(|known| known.value == written.value) {
                Some(first) => wrong.push(
                    Diagnostic::new(
                        written.place,
                        format!("`{}` stands twice in the axis `{name}`", yaml(&written.value)),
                    )
                    .note(first.place, "first here")
                    .hint("to train a configuration again under other seeds, set `replicates`"),
                ),
                None => values.push(written),
            },
        }
    }
    (values.len() == items.len()).then_some(Axis { parameter, key: key.place, values })
}

fn empty(parameter: &Parameter, node: &Node) -> Diagnostic {
    Diagnostic::new(node.place, format!("the axis `{}` has no values", parameter.name))
        .hint("give it a value, or remove it")
}

fn not_a_list(parameter: &Parameter, node: &Node) -> Diagnostic {
    let message = format!("the axis `{}` needs a list of values, not {}", parameter.name, node.describe());
    let hint = match node.value() {
        Some(value) if parameter.canonical(&value).is_ok() => {
            format!("write `[{}]`, or move it to `base`", yaml(&value))
        }
        _ => format!("list values, each {}", parameter.kind),
    };
    Diagnostic::new(node.place, message).hint(hint)
}

/// Reads the values of a parameter from an override: one is a base value, several are an axis.
pub(super) fn override_axis(
    parameter: &'static Parameter,
    key: &Key,
    nodes: &[Node],
    wrong: &mut Vec<Diagnostic>,
) -> Option<Axis> {
    let name = parameter.name;
    let place = nodes.first().map_or(key.place, |node| node.place);
    let joined = |nodes: &[Node]| {
        let values: Option<Vec<String>> = nodes.iter().map(|node| node.value().map(|value| yaml(&value))).collect();
        values.map(|values| values.join(","))
    };
    let (message, hint) = match nodes {
        _ if matches!(parameter.kind, Kind::Widths { .. }) => {
            if nodes.iter().all(|node| matches!(node.tree, Tree::Whole(_))) {
                let hint = joined(nodes).map(|widths| format!("write `{name}=[{widths}]`"));
                (Some(format!("`{name}` takes lists of widths")), hint)
            } else {
                (None, None)
            }
        }
        [Node { tree: Tree::List(items), .. }] => {
            let hint = joined(items).map(|values| format!("write `{name}={values}`"));
            (Some(format!("`{name}` takes values, not a list of them")), hint)
        }
        _ => (None, None),
    };
    if let Some(message) = message {
        wrong.push(Diagnostic::new(place, message).hint_if(hint));
        return None;
    }
    axis(parameter, key, &Node { place, tree: Tree::List(nodes.to_vec()) }, wrong)
}
