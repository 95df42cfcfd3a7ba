//! What a grid is a product of: base values, axes, and zips of axes.

use std::collections::HashMap;
use std::sync::Arc;

use super::check::TOP;
use super::conditions::{Condition, conditions};
use super::diagnostic::{Diagnostic, Findings};
use super::generators::{self, Generated, Interval, generate};
use super::keys::{Fields, unknown_parameter};
use super::node::{Key, Node, Tree};
use super::place::Place;
use super::values::{Entry, Written, read, yaml};
use crate::config::{self, Kind, Parameter};

/// A parameter that is given several values, one after the other.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The parameter.
    pub parameter: &'static Parameter,
    /// Where its name is written.
    pub key: Place,
    /// Its values.
    pub choices: Choices,
    /// What must all be true of a point for the axis to be there; elsewhere the parameter is absent.
    pub when: Vec<Condition>,
}

/// The values that an axis takes.
#[derive(Clone, Debug)]
pub enum Choices {
    /// These, at least one, all different.
    Listed(Arc<[Written]>),
    /// Any of these; a sample draws them.
    Drawn(Interval),
}

impl Choices {
    /// How many there are; `None` where they are drawn.
    #[must_use]
    pub fn listed(&self) -> Option<&[Written]> {
        match self {
            Self::Listed(values) => Some(values),
            Self::Drawn(_) => None,
        }
    }
}

/// A factor of a grid's product: axes that move together, all of one length.
#[derive(Clone, Debug)]
pub struct Factor {
    /// Its axes, at least one.
    pub axes: Vec<Axis>,
    /// Whether it is a zip: its values go before those of an axis of the same parameter.
    pub zipped: bool,
}

impl Factor {
    /// An axis by itself.
    #[must_use]
    pub fn of(axis: Axis) -> Self {
        Self { axes: vec![axis], zipped: false }
    }

    /// The number of values that its axes have; `None` where they are drawn.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        self.axes[0].choices.listed().map(<[Written]>::len)
    }
}

/// Reads a mapping of parameters to single values.
pub(super) fn base(node: &Node, wrong: &mut Findings) -> Vec<Entry> {
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
pub(super) fn axes(node: &Node, wrong: &mut Findings) -> Vec<Axis> {
    let mut axes = Vec::new();
    for (key, parameter, node) in parameters(node, "`grid`", "`{activation: [linear, relu]}`", wrong) {
        axes.extend(axis(parameter, key, node, false, wrong));
    }
    axes
}

/// Reads `zip`: named mappings of parameters to lists of one length.
pub(super) fn zips(node: &Node, wrong: &mut Findings) -> Vec<Factor> {
    let example = "`{shape: {depth: [1, 2], width: [256, 64]}}`";
    let Some(named) = Fields::of(node, "`zip`", example, wrong) else { return Vec::new() };
    if named.len() == 0 {
        wrong.push(Diagnostic::new(node.place, "`zip` has nothing in it").hint(format!("write {example}")));
    }
    let mut factors = Vec::new();
    for (key, node) in named.iter() {
        if config::parameter(&key.name).is_some() && !matches!(node.tree, Tree::Map(_)) {
            let message = format!("`{}` is a parameter where the name of a zip stands", key.name);
            wrong.push(Diagnostic::new(key.place, message).hint(format!("write {example}")));
            continue;
        }
        let what = format!("the zip `{}`", key.name);
        let mut axes: Vec<Axis> = Vec::new();
        let before = wrong.len();
        for (key, parameter, node) in parameters(node, &what, "`{depth: [1, 2], width: [256, 64]}`", wrong) {
            let Some(axis) = axis(parameter, key, node, true, wrong) else { continue };
            if let Choices::Drawn(interval) = axis.choices {
                let message = "what is drawn does not move together with another axis";
                wrong.push(Diagnostic::new(interval.place, message).hint("move it under `grid:`"));
            }
            axes.push(axis);
        }
        for axis in axes.iter().skip(1) {
            let lengths = [&axes[0], axis].map(|axis| axis.choices.listed().map_or(0, <[Written]>::len));
            if lengths[0] != lengths[1] && wrong.len() == before {
                let [first, other] = [axes[0].parameter.name, axis.parameter.name];
                let message = format!("`{other}` has {} values, and `{first}` has {}", lengths[1], lengths[0]);
                wrong.push(
                    Diagnostic::new(axis.key, message)
                        .note(axes[0].key, format!("`{first}` is here"))
                        .hint("axes of a zip move together, so they have equally many values"),
                );
            }
        }
        if wrong.len() == before && !axes.is_empty() {
            different_rows(&axes, wrong);
            factors.push(Factor { axes, zipped: true });
        }
    }
    factors
}

/// Refuses a zip in which all axes have the same values in two places.
fn different_rows(axes: &[Axis], wrong: &mut Findings) {
    let lists: Vec<&[Written]> = axes.iter().filter_map(|axis| axis.choices.listed()).collect();
    let mut known: HashMap<Vec<String>, Place> = HashMap::new();
    for row in 0..lists[0].len() {
        let values: Vec<String> = lists.iter().map(|list| yaml(&list[row].value)).collect();
        let place = lists[0][row].place;
        match known.get(&values) {
            Some(first) => wrong.push(
                Diagnostic::new(place, format!("the values {} stand together twice in a zip", values.join(", ")))
                    .note(*first, "first here")
                    .hint("to train a configuration again under other seeds, set `replicates`"),
            ),
            None => drop(known.insert(values, place)),
        }
    }
}

/// The parameters that a mapping names.
pub(super) fn parameters<'n>(
    node: &'n Node,
    what: &str,
    example: &str,
    wrong: &mut Findings,
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
pub(super) fn single(parameter: &Parameter, node: &Node, what: &str, instead: &str) -> Result<Written, Diagnostic> {
    let widths = matches!(parameter.kind, Kind::Widths { .. });
    let axis = match &node.tree {
        Tree::List(items) if widths => items.iter().any(|item| matches!(item.tree, Tree::List(_))),
        Tree::List(_) => true,
        Tree::Map(entries) => generators::is_meant(entries),
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

/// Reads an axis: a list of values, or a mapping that says how they are made, and when they are there. A value may be
/// there twice in one that is `zipped`.
fn axis(parameter: &'static Parameter, key: &Key, node: &Node, zipped: bool, wrong: &mut Findings) -> Option<Axis> {
    let read = match &node.tree {
        Tree::Map(entries) if generators::is_meant(entries) => made(parameter, node, entries, zipped, wrong),
        _ => listed(parameter, node, zipped, wrong).map(|values| (Choices::Listed(values), Vec::new())),
    };
    assert!(read.is_some() || wrong.len() > 0, "an axis that is left out is told of");
    read.map(|(choices, when)| Axis { parameter, key: key.place, choices, when })
}

/// Reads the values of an axis such as `{log_range: {…}, when: {…}}`.
fn made(
    parameter: &'static Parameter,
    node: &Node,
    entries: &[(Key, Node)],
    zipped: bool,
    wrong: &mut Findings,
) -> Option<(Choices, Vec<Condition>)> {
    let what = format!("the axis `{}`", parameter.name);
    let fields = Fields::of(node, &what, "`{values: [1, 2]}`", wrong)?;
    let before = wrong.len();
    let names: Vec<&str> = generators::GENERATORS.iter().map(|(name, _)| *name).collect();
    let known: Vec<&str> = names.iter().copied().chain(["when"]).collect();
    fields.only(&known, |_| None, wrong);
    let when = fields.get("when").map_or_else(Vec::new, |(_, node)| conditions(node, wrong));
    let mut given = fields.iter().filter(|(key, _)| names.contains(&key.name.as_str()));
    let Some((generator, values)) = given.next() else {
        if wrong.len() == before {
            let written: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
            wrong.push(generators::none_of(node, &written));
        }
        return None;
    };
    if let Some((second, _)) = given.next() {
        let message = format!("`{}` beside `{}` in one axis", second.name, generator.name);
        wrong.push(
            Diagnostic::new(second.place, message).note(generator.place, "the other").hint("keep one of the two"),
        );
    }
    let choices = match generate(parameter, generator, values, wrong)? {
        Generated::Values(node) => Choices::Listed(listed(parameter, node, zipped, wrong)?),
        Generated::Computed(values) => Choices::Listed(values.into()),
        Generated::Drawn(interval) => Choices::Drawn(interval),
    };
    (wrong.len() == before).then_some((choices, when))
}

/// Reads a list of values, all different unless they are `zipped`.
fn listed(parameter: &'static Parameter, node: &Node, zipped: bool, wrong: &mut Findings) -> Option<Arc<[Written]>> {
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
        Tree::List(items)
            if widths && !items.iter().any(|item| matches!(item.tree, Tree::List(_)) || is_none(item)) =>
        {
            let written = node.value().map_or(String::from("[64, 64]"), |value| yaml(&value));
            let message = format!("an axis of `{name}` is a list of lists of widths");
            let hint = format!("write `[{written}]`, or move it to `base`");
            wrong.push(Diagnostic::new(node.place, message).hint(hint));
            return None;
        }
        Tree::List(items) => items,
        _ => {
            wrong.push(not_a_list(parameter, node));
            return None;
        }
    };
    if !wrong.list(items.len() as u64, node.place) {
        return None;
    }
    let mut values: Vec<Written> = Vec::new();
    let mut known: HashMap<String, Place> = HashMap::new();
    for item in items {
        match read(parameter, item) {
            Err(diagnostic) => wrong.push(diagnostic),
            Ok(written) => {
                let text = yaml(&written.value);
                if let Some(first) = known.get(&text).filter(|_| !zipped) {
                    let message = format!("`{text}` stands twice in the axis `{name}`");
                    wrong.push(
                        Diagnostic::new(written.place, message)
                            .note(*first, "first here")
                            .hint("to train a configuration again under other seeds, set `replicates`"),
                    );
                } else {
                    known.insert(text, written.place);
                    values.push(written);
                }
            }
        }
    }
    (values.len() == items.len()).then(|| values.into())
}

/// Whether this says that a parameter has no value.
fn is_none(node: &Node) -> bool {
    node.tree == Tree::Text(config::NONE.into())
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
    wrong: &mut Findings,
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
            } else if let [Node { tree: Tree::List(items), .. }] = nodes
                && items.iter().any(|item| matches!(item.tree, Tree::List(_)))
            {
                let hint = joined(items).map(|lists| format!("write `{name}={lists}`"));
                (Some(format!("`{name}` takes lists of widths, not a list of them")), hint)
            } else {
                (None, None)
            }
        }
        [Node { tree: Tree::Map(entries), .. }] if generators::is_meant(entries) => {
            return axis(parameter, key, &nodes[0], false, wrong);
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
    axis(parameter, key, &Node { place, tree: Tree::List(nodes.to_vec()) }, false, wrong)
}
