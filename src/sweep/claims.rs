//! What a sweep is for: the metric that ranks its configurations, and the claims that its report tests.

use super::diagnostic::{Diagnostic, Findings};
use super::keys::Fields;
use super::node::{Node, Tree};
use super::place::Place;

/// What ranks configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// A measure: a column of the results.
    pub name: String,
    /// Which end of it is good.
    pub goal: Goal,
    /// Where its name is written; `None` where the default is taken.
    pub place: Option<Place>,
}

/// Which end of a metric is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Small values.
    Minimize,
    /// Large values.
    Maximize,
}

impl Goal {
    /// That of a measure, where the file says none: shares that are right or explained are to be large, all else is an error.
    fn usual(measure: &str) -> Self {
        if measure.ends_with("_r2") || measure.ends_with("_exact") { Self::Maximize } else { Self::Minimize }
    }
}

impl Default for Metric {
    fn default() -> Self {
        Self { name: DEFAULT_METRIC.into(), goal: Goal::Minimize, place: None }
    }
}

/// The metric of a sweep that names none.
pub(super) const DEFAULT_METRIC: &str = "test_rmse";
/// The words of `goal`.
pub(super) const GOALS: &[(&str, Goal)] = &[("minimize", Goal::Minimize), ("maximize", Goal::Maximize)];
/// The keys of `metric`.
pub(super) const METRIC_KEYS: &[&str] = &["name", "goal"];
/// The keys of a claim.
pub(super) const CLAIM_KEYS: &[&str] = &["name", "where", "expect", "compare"];
/// The keys of `compare`.
pub(super) const COMPARE_KEYS: &[&str] = &["a", "b", "metric"];

/// A statement about the results, which the report tests. Its expressions are SQL over the columns of the results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed, in words.
    pub name: String,
    /// The runs that it is about; all where absent.
    pub filter: Option<Clause>,
    /// What must be true of them; absent only beside a comparison.
    pub expect: Option<Clause>,
    /// Which of two sets of runs must be better, seed by seed.
    pub compare: Option<Compare>,
    /// Where it is written.
    pub place: Place,
}

/// Two sets of runs that are compared seed by seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The one that must be better.
    pub a: Clause,
    /// The other.
    pub b: Clause,
    /// What is compared; the sweep's metric where absent.
    pub metric: Option<Clause>,
}

/// A piece of a claim, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// SQL over the columns of the runs, or the name of one.
    pub sql: String,
    /// Where it begins.
    pub place: Place,
}

/// Reads `metric`.
pub(super) fn metric(node: &Node, wrong: &mut Findings) -> Metric {
    let mut metric = Metric::default();
    let Some(fields) = Fields::of(node, "`metric`", "`{name: test_rmse, goal: minimize}`", wrong) else {
        return metric;
    };
    fields.only(METRIC_KEYS, |_| None, wrong);
    match fields.get("name") {
        Some((_, node)) => {
            if let Some(name) = text(node, "`metric.name`", "the name of a measure", wrong) {
                let goal = Goal::usual(&name);
                metric = Metric { name, goal, place: Some(node.place) };
            }
        }
        None => wrong.push(
            Diagnostic::new(node.place, "`metric` names no measure").hint("write `{name: test_rmse, goal: minimize}`"),
        ),
    }
    if let Some((_, node)) = fields.get("goal") {
        let goal = GOALS.iter().find(|(word, _)| node.tree == Tree::Text((*word).into()));
        match goal {
            Some((_, goal)) => metric.goal = *goal,
            None => wrong.push(
                Diagnostic::new(node.place, "`metric.goal` is `minimize` or `maximize`")
                    .hint("`minimize` for errors, `maximize` for `test_r2` and `test_exact`"),
            ),
        }
    }
    metric
}

/// Reads `claims`.
pub(super) fn claims(node: &Node, wrong: &mut Findings) -> Vec<Claim> {
    let Tree::List(items) = &node.tree else {
        let message = format!("`claims` is a list of mappings, not {}", node.describe());
        let hint = "begin each claim with `- name: …`, and give it `where: …` and `expect: …`";
        wrong.push(Diagnostic::new(node.place, message).hint(hint));
        return Vec::new();
    };
    let mut claims: Vec<Claim> = Vec::new();
    for item in items {
        let Some(claim) = claim(item, wrong) else { continue };
        match claims.iter().find(|known| known.name == claim.name) {
            Some(first) => wrong.push(
                Diagnostic::new(claim.place, format!("a second claim `{}`", claim.name))
                    .note(first.place, "the first is here")
                    .hint("give each claim its own name"),
            ),
            None => claims.push(claim),
        }
    }
    claims
}

fn claim(node: &Node, wrong: &mut Findings) -> Option<Claim> {
    let fields = Fields::of(node, "a claim", "`{name: …, where: …, expect: …}`", wrong)?;
    fields.only(CLAIM_KEYS, |_| None, wrong);
    let name = part(&fields, node, "name", Some("linear networks fit sums"), wrong);
    let filter = part(&fields, node, "where", None, wrong);
    let compare = match fields.get("compare") {
        Some((_, node)) => Some(compare(node, wrong)?),
        None => None,
    };
    let needed = compare.is_none().then_some("max(train_rmse_rounded) = 0");
    let expect = part(&fields, node, "expect", needed, wrong);
    let is_whole = expect.is_some() || compare.is_some();
    is_whole.then_some(Claim { name: name?.sql, filter, expect, compare, place: node.place })
}

fn compare(node: &Node, wrong: &mut Findings) -> Option<Compare> {
    let example = "`{a: activation = 'relu', b: activation = 'tanh'}`";
    let fields = Fields::of(node, "`compare`", example, wrong)?;
    fields.only(COMPARE_KEYS, |_| None, wrong);
    let a = part(&fields, node, "a", Some("activation = 'relu'"), wrong);
    let b = part(&fields, node, "b", Some("activation = 'tanh'"), wrong);
    let metric = part(&fields, node, "metric", None, wrong);
    Some(Compare { a: a?, b: b?, metric })
}

/// One text of a mapping. Where it must be there, `needed` is what one looks like.
fn part(fields: &Fields, of: &Node, name: &str, needed: Option<&str>, wrong: &mut Findings) -> Option<Clause> {
    if let Some((_, node)) = fields.get(name) {
        let example = needed.unwrap_or("task = 'sum' AND activation = 'linear'");
        let sql = text(node, &format!("`{name}`"), example, wrong)?;
        return Some(Clause { sql, place: node.place });
    }
    if let Some(example) = needed {
        let what = if matches!(name, "a" | "b") { "comparison" } else { "claim" };
        let diagnostic = Diagnostic::new(of.place, format!("the {what} has no `{name}`"));
        wrong.push(diagnostic.hint(format!("write `{name}: {example}`")));
    }
    None
}

/// Text that is not empty.
pub(super) fn text(node: &Node, what: &str, example: &str, wrong: &mut Findings) -> Option<String> {
    match &node.tree {
        Tree::Text(text) if !text.trim().is_empty() => Some(text.trim().to_string()),
        Tree::Text(_) | Tree::Null => {
            wrong.push(Diagnostic::new(node.place, format!("{what} is empty")).hint(format!("write `{example}`")));
            None
        }
        _ => {
            let message = format!("{what} is text, not {}", node.describe());
            wrong.push(Diagnostic::new(node.place, message).hint("put it in quotes if it is meant as text"));
            None
        }
    }
}
