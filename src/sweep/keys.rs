//! Keys of a mapping: known, repeated, and unknown with the nearest known one.

use std::collections::HashMap;

use super::diagnostic::{Diagnostic, Findings};
use super::node::{Key, Node, Tree};
use crate::config;

/// The entries of a mapping, each key once.
pub(super) struct Fields<'n> {
    entries: Vec<(&'n Key, &'n Node)>,
    /// The number of each among the entries.
    numbers: HashMap<&'n str, usize>,
}

impl<'n> Fields<'n> {
    /// The entries of `node`. Reports a node that is no mapping, and keys written twice; `what` is the mapping's name
    /// in messages and `example` what one looks like.
    pub fn of(node: &'n Node, what: &str, example: &str, wrong: &mut Findings) -> Option<Self> {
        let Tree::Map(entries) = &node.tree else {
            let message = match node.tree {
                Tree::Null => format!("{what} is empty"),
                _ => format!("{what} is a mapping, not {}", node.describe()),
            };
            wrong.push(Diagnostic::new(node.place, message).hint(format!("write {example}")));
            return None;
        };
        let mut fields = Self { entries: Vec::new(), numbers: HashMap::new() };
        for (key, value) in entries {
            if let Some((first, _)) = fields.get(&key.name) {
                wrong.push(
                    Diagnostic::new(key.place, format!("`{}` is written twice in {what}", key.name))
                        .note(first.place, "first here")
                        .hint("keep one of the two"),
                );
            } else {
                fields.numbers.insert(&key.name, fields.entries.len());
                fields.entries.push((key, value));
            }
        }
        Some(fields)
    }

    /// Reports every key that is not among `known`; `elsewhere` knows better what a key is meant to be.
    pub fn only(&self, known: &[&str], elsewhere: impl Fn(&str) -> Option<String>, wrong: &mut Findings) {
        for (key, _) in &self.entries {
            let name = key.name.as_str();
            if known.contains(&name) {
                continue;
            }
            let merge = (name == MERGE).then(|| NO_MERGE.to_owned());
            let hint = merge
                .or_else(|| elsewhere(name))
                .or_else(|| nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?")))
                .unwrap_or_else(|| format!("the keys here are {}", list(known)));
            wrong.push(Diagnostic::new(key.place, format!("unknown key `{name}`")).hint(hint));
        }
    }

    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<(&'n Key, &'n Node)> {
        self.numbers.get(name).map(|&number| self.entries[number])
    }

    /// All entries, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&'n Key, &'n Node)> + '_ {
        self.entries.iter().copied()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

/// `a`, `b` and `c`.
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The known name that was probably meant.
pub(super) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody has slipped that far.
    if written.len() > 200 {
        return None;
    }
    let written = written.to_lowercase().replace(['-', ' '], "_");
    let length = written.chars().count();
    let close = known.into_iter().map(|name| (strsim::damerau_levenshtein(&written, name), name));
    let (distance, name) = close.min_by_key(|(distance, _)| *distance)?;
    (distance <= (length.max(3) / 3).min(3)).then_some(name)
}

/// The key by which older YAML copies one mapping into another.
const MERGE: &str = "<<";
const NO_MERGE: &str = "YAML 1.2 has no merge keys: values for every grid stand in the `base` of the file";

/// Names that other programs have for our parameters.
const ELSEWHERE: &[(&str, &str)] = &[
    ("lr", "learning_rate"),
    ("batch_size", "batch"),
    ("batchsize", "batch"),
    ("layers", "depth"),
    ("num_layers", "depth"),
    ("hidden_layers", "depth"),
    ("hidden_sizes", "hidden"),
    ("widths", "hidden"),
    ("hidden_size", "width"),
    ("units", "width"),
    ("function", "task"),
    ("problem", "task"),
    ("dtype", "precision"),
    ("num_epochs", "epochs"),
    ("initializer", "init"),
    ("lr_scheduler", "schedule"),
    ("eps", "epsilon"),
    ("features", "encoding"),
    ("scaling", "normalization"),
    ("samples", "examples"),
    ("max_value", "largest"),
];

/// What to write instead of a parameter that does not exist. `top` are the keys of a sweep file.
pub(super) fn unknown_parameter(key: &Key, top: &[&str]) -> Diagnostic {
    let name = key.name.as_str();
    let hint = if matches!(name, "seed" | "seeds") {
        "a seed is no parameter: write `replicates: {count: 5, seed: 0}` at the top level".into()
    } else if top.contains(&name) {
        format!("`{name}` stands at the top level of the file")
    } else if name == MERGE {
        NO_MERGE.into()
    } else if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == name.to_lowercase()) {
        format!("it is called `{ours}` here")
    } else if let Some(near) = nearest(name, config::PARAMETERS.iter().map(|parameter| parameter.name)) {
        format!("did you mean `{near}`?")
    } else {
        "`ablate schema --table` lists all parameters".into()
    };
    Diagnostic::new(key.place, format!("unknown parameter `{name}`")).hint(hint)
}
