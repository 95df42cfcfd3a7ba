//! One value of one parameter: read, checked against the table, and explained where it is wrong.

use super::diagnostic::Diagnostic;
use super::keys::nearest;
use super::node::{Key, Node, Tree};
use super::place::Place;
use crate::config::{Kind, Parameter, Value};

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The value, as its parameter spells it: equal values are equal here.
    pub value: Value,
    /// Where it is.
    pub place: Place,
}

/// A parameter that is given one value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The parameter.
    pub parameter: &'static Parameter,
    /// Where its name is written.
    pub key: Place,
    /// What it is given.
    pub written: Written,
}

/// Reads a value of `parameter`.
pub(super) fn read(parameter: &Parameter, node: &Node) -> Result<Written, Diagnostic> {
    let name = parameter.name;
    let Some(value) = node.value() else {
        if let Some((place, fixed)) = colon_without_space(node) {
            let message = format!("`{name}`: a colon without a space after it");
            return Err(Diagnostic::new(place, message).hint(format!("write `{fixed}`")));
        }
        return Err(match without_value(node) {
            Some((key, place)) => Diagnostic::new(place, format!("`{name}`: `{key}` has no value")),
            None => Diagnostic::new(node.place, format!("`{name}` has no value")),
        }
        .hint(format!("write {}", parameter.kind)));
    };
    match parameter.canonical(&value) {
        Ok(value) => Ok(Written { value, place: node.place }),
        Err(message) => {
            let (place, hint) = culprit(&parameter.kind, node);
            Err(Diagnostic::new(place, format!("`{name}`: {message}")).hint_if(hint))
        }
    }
}

/// `{polynomial:2}` is YAML for a key `polynomial:2` without a value: where that is, and what was meant.
fn colon_without_space(node: &Node) -> Option<(Place, String)> {
    let Tree::Map(entries) = &node.tree else { return None };
    let parted = |key: &Key, value: &Node| match value.tree {
        Tree::Null => key.name.split_once(':').map(|(word, argument)| format!("{word}: {argument}")),
        _ => None,
    };
    if !entries.iter().any(|(key, value)| parted(key, value).is_some()) {
        return entries.iter().find_map(|(_, value)| colon_without_space(value));
    }
    let fixed = |(key, value): &(Key, Node)| {
        parted(key, value).or_else(|| Some(format!("{}: {}", key.name, yaml(&value.value()?))))
    };
    Some((node.place, format!("{{{}}}", entries.iter().map(fixed).collect::<Option<Vec<_>>>()?.join(", "))))
}

/// The key of a mapping that has no value.
fn without_value(node: &Node) -> Option<(&str, Place)> {
    let Tree::Map(entries) = &node.tree else { return None };
    entries.iter().find_map(|(key, value)| match value.tree {
        Tree::Null => Some((key.name.as_str(), key.place)),
        _ => without_value(value),
    })
}

/// The part of a value that is wrong: an item of a list of widths, the argument of a word, one of several settings; and
/// what to write instead, where that can be guessed.
fn culprit(kind: &Kind, node: &Node) -> (Place, Option<String>) {
    let guessed = |node: &Node| (node.place, hint(kind, node));
    match (&node.tree, kind) {
        (Tree::List(items), &Kind::Widths { min, max }) => {
            let one = Kind::Whole { min, max };
            let wrong = |item: &&Node| item.value().is_none_or(|width| !one.takes(&width));
            guessed(items.iter().find(wrong).unwrap_or(node))
        }
        (Tree::Map(entries), Kind::Words(words)) if entries.len() == 1 => {
            let (key, argument) = &entries[0];
            match words.iter().find(|word| word.name == key.name).and_then(|word| word.argument) {
                Some(known) => culprit(known.kind, argument),
                None => guessed(node),
            }
        }
        (Tree::Map(entries), Kind::Fields(fields)) => {
            let names = || fields.iter().map(|field| field.name);
            for (key, value) in entries {
                let Some(field) = fields.iter().find(|field| field.name == key.name) else {
                    let near = nearest(&key.name, names()).map(|near| format!("did you mean `{near}`?"));
                    return (key.place, near);
                };
                if value.value().is_none_or(|value| !field.kind.takes(&value)) {
                    return culprit(field.kind, value);
                }
            }
            (node.place, None)
        }
        (_, Kind::Fields(fields)) => {
            let fields: Vec<String> = fields.iter().map(|field| format!("{}: …", field.name)).collect();
            (node.place, Some(format!("write a mapping: `{{{}}}`", fields.join(", "))))
        }
        _ => guessed(node),
    }
}

/// What to write instead, where that can be guessed.
fn hint(kind: &Kind, node: &Node) -> Option<String> {
    match (kind, &node.tree) {
        (Kind::Widths { .. }, Tree::Whole(width)) => Some(format!("write `[{width}]` for one layer")),
        (Kind::Words(_), Tree::List(items)) if items.len() == 1 => Some("remove the inner brackets".into()),
        (Kind::Words(words), Tree::Text(_) | Tree::Map(_)) => {
            let written = match &node.tree {
                Tree::Map(entries) => entries.first().map_or("", |(key, _)| key.name.as_str()),
                Tree::Text(text) => text,
                _ => "",
            };
            let near = nearest(written, words.iter().map(|word| word.name).filter(|name| *name != written))?;
            Some(format!("did you mean `{near}`?"))
        }
        (Kind::Flag, Tree::Text(text)) => match text.to_lowercase().as_str() {
            "yes" | "y" | "on" | "true" => Some("write `true`".into()),
            "no" | "n" | "off" | "false" => Some("write `false`".into()),
            _ => None,
        },
        (Kind::Flag, Tree::Whole(flag @ (0 | 1))) => Some(format!("write `{}`", *flag == 1)),
        (Kind::Whole { .. } | Kind::CountOrFull | Kind::Widths { .. }, Tree::Number(number))
            if number.fract() == 0.0 && number.abs() < 1e15 =>
        {
            Some(format!("write `{number}`: whole numbers have no point, no exponent and no zeros before them"))
        }
        (Kind::Whole { .. } | Kind::Number { .. } | Kind::CountOrFull | Kind::Widths { .. }, Tree::Text(text)) => {
            let plain = text.replace(['_', '\'', ' '], "");
            let number: f64 = plain.parse().ok()?;
            number.is_finite().then(|| format!("write `{plain}`, without quotes or separators"))
        }
        _ => None,
    }
}

/// Values of parameters as an entry of `exclude` writes them: `{activation: tanh, depth: 2}`.
pub fn rule<'v>(values: impl IntoIterator<Item = (&'v str, &'v Value)>) -> String {
    let parts: Vec<String> = values.into_iter().map(|(name, value)| format!("{name}: {}", yaml(value))).collect();
    format!("{{{}}}", parts.join(", "))
}

/// A value as YAML writes it on one line.
pub(super) fn yaml(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {}", yaml(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        _ => value.to_string(),
    }
}
