//! YAML as a tree in which every node knows its place. Nothing here knows what a sweep is.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location, MergeKeyPolicy, NonFiniteFloatPolicy, Spanned};
use serde_yaml::{MessageFormatter, UserMessageFormatter};

use super::diagnostic::Diagnostic;
use super::place::Place;
use crate::config::Value;

/// A YAML value and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub place: Place,
    pub tree: Tree,
}

/// A YAML value. Keys stay in the order of the file, and one may be there twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub place: Place,
    pub name: String,
}

impl Node {
    /// What this is, for messages: "a list".
    pub fn describe(&self) -> &'static str {
        match self.tree {
            Tree::Null => "nothing",
            Tree::Flag(_) => "true or false",
            Tree::Whole(_) => "a whole number",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a mapping",
        }
    }

    /// Moves this to the right, by as many columns as stand before the text that it was read from.
    pub fn shift(&mut self, columns: u32) {
        self.place.column += columns;
        match &mut self.tree {
            Tree::List(items) => items.iter_mut().for_each(|item| item.shift(columns)),
            Tree::Map(entries) => {
                for (key, node) in entries {
                    key.place.column += columns;
                    node.shift(columns);
                }
            }
            _ => {}
        }
    }

    /// The error for a whole number in base two, which begins at one of these places.
    fn in_base_two(&self, places: &HashSet<(u32, u32)>) -> Option<Diagnostic> {
        match &self.tree {
            Tree::Whole(whole) if places.contains(&(self.place.line, self.place.column)) => {
                let message = "a number in base two, which YAML 1.2 does not have";
                Some(Diagnostic::new(self.place, message).hint(format!("write `{whole}`")))
            }
            Tree::List(items) => items.iter().find_map(|item| item.in_base_two(places)),
            Tree::Map(entries) => entries.iter().find_map(|(_, node)| node.in_base_two(places)),
            _ => None,
        }
    }

    /// This as a value that a parameter may take; `None` where something in it is empty.
    pub fn value(&self) -> Option<Value> {
        Some(match &self.tree {
            Tree::Null => return None,
            Tree::Flag(flag) => Value::Flag(*flag),
            Tree::Whole(whole) => Value::Whole(*whole),
            Tree::Number(number) => Value::Number(*number),
            Tree::Text(text) => Value::Word(text.clone()),
            Tree::List(items) => Value::List(items.iter().map(Self::value).collect::<Option<_>>()?),
            Tree::Map(entries) => Value::Map(
                entries.iter().map(|(key, node)| Some((key.name.clone(), node.value()?))).collect::<Option<_>>()?,
            ),
        })
    }
}

/// Reads one YAML document. `text` is the number of the text for the places of the nodes.
pub(super) fn parse(source: &str, text: u32) -> Result<Node, Diagnostic> {
    if let Some(line) = too_deep(source) {
        return Err(nested_too_deep(Place { line, ..Place::start_of(text) }));
    }
    let options = serde_yaml::options! {
        with_snippet: false,
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        // Both lines are shown where a key is written twice: see `check`.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // The check of a value says what is allowed instead.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 100_000, max_replay_stack_depth: 16 },
        budget: serde_yaml::budget! { max_depth: 24, flow_nesting_limit: 24 },
    };
    let raw: Spanned<Raw> =
        serde_yaml::from_str_with_options(source, options).map_err(|error| explain(&error, source, text))?;
    let node = place_node(raw, text);
    let twos = base_two(source);
    if twos.is_empty() { Ok(node) } else { node.in_base_two(&twos).map_or(Ok(node), Err) }
}

/// Where a number in base two may begin. The parser reads them, and YAML 1.2 has none but in bases eight and sixteen.
fn base_two(source: &str) -> HashSet<(u32, u32)> {
    let mut places = HashSet::new();
    for (line, number) in source.lines().zip(1..) {
        let mut before = [' '; 2];
        for (character, column) in line.chars().zip(1u32..) {
            if before[1] == '0' && matches!(character, 'b' | 'B') {
                places.insert((number, column - 1 - u32::from(matches!(before[0], '+' | '-'))));
            }
            before = [before[1], character];
        }
    }
    places
}

/// Brackets that may be open at a time, those in texts among them: with tens of thousands the parser takes minutes to find
/// that it is too many.
const MOST_OPEN: usize = 1000;

/// The line at which a text is nested too deeply to be given to the parser.
fn too_deep(source: &str) -> Option<u32> {
    let mut open = 0usize;
    for (line, number) in source.lines().zip(1..) {
        let dashes = line.split(' ').filter(|word| !word.is_empty()).take_while(|word| *word == "-").count();
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => continue,
            }
            if open > MOST_OPEN {
                return Some(number);
            }
        }
        if dashes > MOST_OPEN {
            return Some(number);
        }
    }
    None
}

fn nested_too_deep(place: Place) -> Diagnostic {
    Diagnostic::new(place, "nested deeper than any sweep is").hint("remove brackets")
}

/// Puts the parser's error in terms of the file.
fn explain(error: &serde_yaml::Error, source: &str, text: u32) -> Diagnostic {
    use serde_yaml::Error::{AliasError, AliasReplayStackDepthExceeded, Budget, Message, MultipleDocuments};

    // Where an alias is used, for an error in what it stands for.
    let location = error.locations().map(|locations| locations.reference_location).or(error.location());
    let location = location.filter(|location| location.line() > 0);
    let place = location.map_or(Place::start_of(text), |location| Place { width: 1, ..place_of(location, text) });
    let line = source.lines().nth(place.line as usize - 1).unwrap_or("");
    let indent = line.chars().take_while(|character| character.is_whitespace());
    if let Some(tab) = indent.clone().position(|character| character == '\t') {
        let column = u32::try_from(tab + 1).unwrap_or(u32::MAX);
        return Diagnostic::new(Place { column, ..place }, "a tab in the indentation").hint("YAML indents with spaces");
    }
    let mut error = error.without_snippet();
    while let AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    let said = UserMessageFormatter.format_message(error).into_owned();
    if said.contains("recursion limit") {
        return nested_too_deep(place);
    }
    if matches!(error, Budget { .. } | AliasReplayStackDepthExceeded { .. }) || said.contains("too complex") {
        return Diagnostic::new(place, "larger than any sweep is, once every alias is written out")
            .hint("write values where they are used, without aliases");
    }
    match error {
        MultipleDocuments { .. } => Diagnostic::new(place, "a second document begins here")
            .hint("a file holds one sweep: remove the line `---`"),
        Message { msg, .. } => Diagnostic::new(place, msg.clone()),
        _ => Diagnostic::new(place, format!("not YAML: {said}"))
            .hint_if(SYNTAX_HINTS.iter().find_map(|(part, hint)| said.contains(part).then(|| (*hint).to_string()))),
    }
}

/// What mostly stands behind a message of the parser.
const SYNTAX_HINTS: &[(&str, &str)] = &[
    ("illegal placement of ':'", "a bracket may be open on a line above: close it"),
    ("mapping values are not allowed", "put text that contains `: ` in quotes"),
    ("did not find expected key", "keys of one mapping begin in the same column: check the indentation"),
    ("invalid indentation", "keys of one mapping begin in the same column: check the indentation"),
    ("expected string scalar", "a key is a word"),
    ("null is not allowed here", "a key is a word"),
    ("unknown value", "no anchor of this name stands above"),
    ("unsupported tag", "remove the tag"),
];

fn place_of(location: Location, text: u32) -> Place {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        text,
        line: narrow(location.line()).max(1),
        column: narrow(location.column()).max(1),
        width: u32::try_from(location.span().len()).unwrap_or(u32::MAX).max(1),
    }
}

/// A tree as it comes from the deserializer, with its locations.
enum Raw {
    Scalar(Tree),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn place_node(raw: Spanned<Raw>, text: u32) -> Node {
    // Where an alias is used rather than where its anchor is: the use is what is wrong.
    let mut place = place_of(raw.referenced, text);
    let tree = match raw.value {
        Raw::Scalar(tree) => tree,
        Raw::List(items) => {
            place.width = 1;
            Tree::List(items.into_iter().map(|item| place_node(item, text)).collect())
        }
        Raw::Map(entries) => {
            place.width = 1;
            let entry = |(key, value): (Spanned<String>, _)| {
                (Key { place: place_of(key.referenced, text), name: key.value }, place_node(value, text))
            };
            Tree::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { place, tree }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Tree::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Tree::Flag(flag)))
    }

    fn visit_i64<E>(self, whole: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Tree::Whole(whole)))
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Raw, E> {
        let whole = i64::try_from(whole).map_err(|_| {
            E::custom(format!("`{whole}` is larger than any number here: whole numbers end at 2^63 - 1"))
        })?;
        Ok(Raw::Scalar(Tree::Whole(whole)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Tree::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Tree::Text(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
