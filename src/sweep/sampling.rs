//! `sample`: some points of a grid, drawn, instead of all of them.

use super::diagnostic::{Diagnostic, Findings};
use super::keys::Fields;
use super::node::{Node, Tree};
use super::place::Place;
use super::replicates::LARGEST_SEED;

/// How the points of a grid are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// By what.
    pub method: Method,
    /// How many, at least one. Equal ones are one point.
    pub count: u32,
    /// What the draws start from.
    pub seed: u64,
    /// Where it is written.
    pub place: Place,
}

/// What points are drawn by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Each by itself.
    Random,
    /// Evenly: a Sobol sequence, scrambled by the seed.
    Sobol,
}

/// The words of `method`.
pub(super) const METHODS: &[(&str, Method)] = &[("random", Method::Random), ("sobol", Method::Sobol)];
/// The keys of `sample`.
pub(super) const KEYS: &[&str] = &["method", "count", "seed"];
/// Most points of a sample.
pub(super) const MOST: u32 = 1_000_000_000;

const EXAMPLE: &str = "`{method: sobol, count: 64, seed: 1}`";

/// Reads `sample`.
pub(super) fn sample(node: &Node, wrong: &mut Findings) -> Option<Sample> {
    let fields = Fields::of(node, "`sample`", EXAMPLE, wrong)?;
    let before = wrong.len();
    fields.only(KEYS, |_| None, wrong);
    if let Some(missing) = ["method", "count"].into_iter().find(|name| fields.get(name).is_none()) {
        let message = format!("`sample` has no `{missing}`");
        wrong.push(Diagnostic::new(node.place, message).hint(format!("write {EXAMPLE}")));
    }
    let method = fields.get("method").and_then(|(_, node)| {
        let known = METHODS.iter().find(|(word, _)| node.tree == Tree::Text((*word).into()));
        if known.is_none() {
            let hint = "`sobol` spreads points evenly, `random` draws each by itself";
            wrong.push(Diagnostic::new(node.place, "`sample.method` is `random` or `sobol`").hint(hint));
        }
        known.map(|(_, method)| *method)
    });
    let mut whole = |name: &str, min: u64, max: u64| {
        let (_, node) = fields.get(name)?;
        let value = match node.tree {
            Tree::Whole(value) => u64::try_from(value).ok().filter(|value| (min..=max).contains(value)),
            _ => None,
        };
        if value.is_none() {
            let message = format!("`sample.{name}` is a whole number from {min} to {max}");
            wrong.push(Diagnostic::new(node.place, message));
        }
        value
    };
    let count = whole("count", 1, u64::from(MOST));
    let seed = whole("seed", 0, LARGEST_SEED).unwrap_or(0);
    if wrong.len() > before {
        return None;
    }
    Some(Sample { method: method?, count: count? as u32, seed, place: node.place })
}
