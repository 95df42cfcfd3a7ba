//! Overrides from the command line, in Hydra's comma grammar: `activation=relu,tanh`, `hidden=[20,20],[64]`.

use super::axes::{Axis, Choices, override_axis};
use super::diagnostic::{Diagnostic, Findings};
use super::generators::Interval;
use super::keys::{nearest, unknown_parameter};
use super::node::{Key, Node, Tree, parse};
use super::place::Place;
use super::replicates::{self, Replicates};
use crate::config;

/// What the command line replaces.
#[derive(Default)]
pub(super) struct Overrides {
    /// Parameters; one value goes into the base of every grid, several become an axis of every grid.
    pub axes: Vec<Axis>,
    /// Keys of `replicates`, without the part before the point.
    replicates: Vec<(Key, Node)>,
}

impl Overrides {
    /// Reads overrides; reports what is wrong with them.
    pub fn read(texts: &[String], wrong: &mut Findings) -> Self {
        let mut overrides = Self::default();
        let mut seen: Vec<Key> = Vec::new();
        for (text, number) in texts.iter().zip(1..) {
            let Some((key, nodes)) = split(text, number, wrong) else { continue };
            if let Some(first) = seen.iter().find(|known| known.name == key.name) {
                wrong.push(
                    Diagnostic::new(key.place, format!("`{}` is given twice", key.name))
                        .note(first.place, "first here")
                        .hint(format!("to try several values write `{}=V1,V2`", key.name)),
                );
                continue;
            }
            overrides.add(&key, nodes, wrong);
            seen.push(key);
        }
        overrides
    }

    fn add(&mut self, key: &Key, mut nodes: Vec<Node>, wrong: &mut Findings) {
        if let Some(parameter) = config::parameter(&key.name) {
            self.axes.extend(override_axis(parameter, key, &nodes, wrong));
            return;
        }
        let Some(name) = key.name.strip_prefix("replicates.").filter(|name| replicates::KEYS.contains(name)) else {
            wrong.push(unknown(key));
            return;
        };
        let node = match (name, nodes.len()) {
            ("vary", 1) if matches!(nodes[0].tree, Tree::List(_)) => nodes.remove(0),
            ("vary", _) => Node { place: nodes[0].place, tree: Tree::List(nodes) },
            (_, 1) => nodes.remove(0),
            _ => Node { place: nodes[0].place, tree: Tree::List(nodes) },
        };
        self.replicates.push((Key { name: name.to_string(), place: key.place }, node));
    }

    /// An interval of values among what is overridden.
    pub fn interval(&self) -> Option<Interval> {
        self.axes.iter().find_map(|axis| match axis.choices {
            Choices::Drawn(interval) => Some(interval),
            Choices::Listed(_) => None,
        })
    }

    /// Replaces what is overridden in `replicates`; gives the place of `vary`, where that is replaced.
    pub fn replicate(&self, replicates: &mut Replicates, wrong: &mut Findings) -> Option<Place> {
        let mut place = None;
        for (key, node) in &self.replicates {
            replicates::set(replicates, &key.name, node, wrong);
            place = place.or(Some(key.place));
        }
        place
    }
}

fn unknown(key: &Key) -> Diagnostic {
    let replicates = ["replicates.count", "replicates.seed", "replicates.vary"];
    if super::check::TOP.contains(&key.name.as_str()) || key.name.contains('.') {
        let near = nearest(&key.name, replicates).map(|near| format!("did you mean `{near}`?"));
        let hint = "parameters can, and `replicates.count`, `replicates.seed` and `replicates.vary`";
        return Diagnostic::new(key.place, format!("`{}` cannot be set on the command line", key.name))
            .hint(near.unwrap_or_else(|| hint.into()));
    }
    match (key.name.as_str(), nearest(&key.name, replicates.map(|name| &name["replicates.".len()..]))) {
        ("seeds", _) => unknown_parameter(key, &[]).hint("write `replicates.seed=…`"),
        (_, Some(near)) => unknown_parameter(key, &[]).hint(format!("did you mean `replicates.{near}`?")),
        _ => unknown_parameter(key, &[]),
    }
}

/// Splits `KEY=V1,V2` and reads the values.
fn split(text: &str, number: u32, wrong: &mut Findings) -> Option<(Key, Vec<Node>)> {
    let whole = Place { width: width(text).max(1), ..Place::start_of(number) };
    if text.chars().any(char::is_control) {
        wrong.push(Diagnostic::new(whole, "a control character in an override").hint("write it on one line"));
        return None;
    }
    let Some((name, values)) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
        let hint = "write `KEY=VALUE`, or `KEY=V1,V2` to try several values, such as `activation=relu,tanh`";
        wrong.push(Diagnostic::new(whole, format!("`{text}` is no override")).hint(hint));
        return None;
    };
    let key = Key { place: Place { width: width(name).max(1), ..whole }, name: name.trim().to_string() };
    let mut column = width(name) + 1;
    let mut nodes = Vec::new();
    let before = wrong.len();
    for piece in pieces(values) {
        let lead = width(piece) - width(piece.trim_start());
        match parse(piece.trim(), number) {
            Ok(Node { tree: Tree::Null, .. }) => {
                let place = Place { column: column + 1, width: width(piece).max(1), ..whole };
                let message = format!("`{}` has an empty value", key.name);
                wrong.push(Diagnostic::new(place, message).hint(format!("write `{}=V1,V2`", key.name)));
            }
            Ok(mut node) => {
                node.shift(column + lead);
                nodes.push(node);
            }
            Err(diagnostic) => wrong.push(diagnostic.shifted(column + lead)),
        }
        column += width(piece) + 1;
    }
    (wrong.len() == before).then_some((key, nodes))
}

fn width(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// The parts between commas that stand in no bracket and in no quotes.
fn pieces(values: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut depth, mut quote, mut escaped) = (0, 0i32, None, false);
    for (at, character) in values.char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth <= 0 => {
                pieces.push(&values[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&values[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn commas_in_brackets_and_quotes_do_not_split() {
        assert_eq!(pieces("relu,tanh"), ["relu", "tanh"]);
        assert_eq!(pieces("[20,20],[64]"), ["[20,20]", "[64]"]);
        assert_eq!(pieces("{a: [1,2]},'x,y',\"z\\\",w\""), ["{a: [1,2]}", "'x,y'", "\"z\\\",w\""]);
        assert_eq!(pieces(""), [""]);
        assert_eq!(pieces("a,,b,"), ["a", "", "b", ""]);
        assert_eq!(pieces("a],b"), ["a]", "b"]);
    }
}
