//! What takes points away from a product and adds some to it: `exclude`, `constraints`, `include`.

use super::axes::{parameters, single};
use super::claims::text;
use super::diagnostic::{Diagnostic, Findings};
use super::node::{Node, Tree};
use super::place::Place;
use super::values::{Entry, rule};

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

/// Words that look at several points, or at something else than points, where a constraint is about one at a time.
const NOT_OF_A_POINT: &[&str] = &[
    "avg",
    "count",
    "first",
    "last",
    "max",
    "median",
    "min",
    "quantile_cont",
    "quantile_disc",
    "stddev",
    "stddev_samp",
    "stdev",
    "sum",
    "var",
    "var_samp",
    "variance",
    "over",
    "select",
    "from",
    "lag",
    "lead",
    "rank",
    "dense_rank",
    "row_number",
    "array_agg",
    "corr",
    "covar",
    "covar_samp",
];

/// Reads `constraints`. Whether they are SQL over parameters is seen when they are first used.
pub(super) fn constraints(node: &Node, wrong: &mut Findings) -> Vec<Constraint> {
    let Tree::List(items) = &node.tree else {
        let message = format!("`constraints` is a list of conditions, not {}", node.describe());
        wrong.push(Diagnostic::new(node.place, message).hint("write `[\"depth * width <= 256\"]`"));
        return Vec::new();
    };
    let mut constraints: Vec<Constraint> = Vec::new();
    for item in items {
        let Some(text) = text(item, "a constraint", "\"depth * width <= 256\"", wrong) else { continue };
        if let Some(first) = constraints.iter().find(|known| known.text == text) {
            let twice = Diagnostic::new(item.place, "the same constraint twice");
            wrong.push(twice.note(first.place, "first here").hint("remove one of the two"));
        } else if let Some(word) = words(&text).find(|word| NOT_OF_A_POINT.contains(&word.to_lowercase().as_str())) {
            let message = format!("`{word}` in a constraint, which is about one point at a time");
            let hint = "compare values of a point with each other, by `GREATEST(a, b)` and `LEAST(a, b)` for example";
            wrong.push(Diagnostic::new(item.place, message).hint(hint));
        } else {
            constraints.push(Constraint { text, place: item.place });
        }
    }
    constraints
}

impl Constraint {
    /// The words of the condition that stand outside of quotes: names of parameters and functions among them.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        words(&self.text)
    }
}

fn words(sql: &str) -> impl Iterator<Item = &str> {
    // Text in single quotes is a value; in double quotes, a name.
    let outside = sql.split('\'').step_by(2);
    outside.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_'))).filter(|word| !word.is_empty())
}
