//! The grammar of a sweep file: its keys, its name, and how its grids are put together.

use std::sync::Arc;

use super::Sweep;
use super::block::{Block, Grid};
use super::claims::{Metric, claims, metric, text};
use super::diagnostic::{Diagnostic, Findings, Invalid, MOST_LISTED};
use super::keys::{Fields, list, nearest};
use super::node::{Key, Node, Tree, parse};
use super::overrides::Overrides;
use super::place::{Place, Texts};
use super::replicates::{self, Replicates};
use crate::config;

/// The keys of a sweep file.
pub(super) const TOP: &[&str] = &[
    "version",
    "name",
    "question",
    "metric",
    "base",
    "grid",
    "grids",
    "zip",
    "exclude",
    "constraints",
    "include",
    "sample",
    "replicates",
    "claims",
];
/// The keys of a named grid.
pub(super) const GRID: &[&str] = &["base", "grid", "zip", "exclude", "constraints", "include", "sample", "replicates"];
/// What one grid has: beside `grids`, each of them has its own.
pub(super) const OF_ONE_GRID: &[&str] = &["grid", "zip", "include", "sample"];
/// Most grids that a sweep may have.
pub(super) const MOST_GRIDS: usize = 1000;
/// The form of names of sweeps and grids.
pub(super) const NAME: &str = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

/// Reads and checks a sweep; reports everything that is wrong with it.
pub(super) fn check(texts: &Arc<Texts>) -> Result<Sweep, Invalid> {
    let mut wrong = Findings::default();
    let overrides = Overrides::read(&texts.overrides, &mut wrong);
    let sweep = match parse(&texts.text, 0) {
        Ok(Node { tree: Tree::Null, place }) => {
            wrong.push(
                Diagnostic::new(Place { line: 1, ..place }, "the file is empty")
                    .hint("a sweep begins with `version: 1` and `name: …`"),
            );
            None
        }
        Ok(root) => read(&root, &overrides, texts, &mut wrong),
        Err(diagnostic) => {
            wrong.push(diagnostic);
            None
        }
    };
    match sweep {
        Some(sweep) if wrong.len() == 0 => Ok(sweep),
        _ => Err(Invalid::new(Arc::clone(texts), wrong.into_wrong())),
    }
}

fn read(root: &Node, overrides: &Overrides, texts: &Arc<Texts>, wrong: &mut Findings) -> Option<Sweep> {
    let fields = Fields::of(root, "the file", "one key a line, first `version: 1`", wrong)?;
    fields.only(TOP, misplaced, wrong);
    version(&fields, root, wrong);
    let name = if let Some((_, node)) = fields.get("name") {
        name(node, wrong)
    } else {
        let hint = "write `name: …`: it names the folders of results and reports";
        wrong.push(Diagnostic::new(root.place, "`name` is missing").hint(hint));
        None
    };
    let question = fields.get("question").and_then(|(_, node)| text(node, "`question`", "Why …?", wrong));
    let metric = fields.get("metric").map_or_else(Metric::default, |(_, node)| metric(node, wrong));
    let claims = fields.get("claims").map_or_else(Vec::new, |(_, node)| claims(node, wrong));
    let mut replicates = Replicates::default();
    let mut place = root.place;
    if let Some((_, node)) = fields.get("replicates") {
        (replicates, place) = replicates::read(node, replicates, wrong);
    }
    place = overrides.replicate(&mut replicates, wrong).unwrap_or(place);
    replicates::distinct(&replicates, place, wrong);
    let grids = grids(&fields, replicates, overrides, wrong);
    Some(Sweep { name: name?, question, metric, grids, replicates, claims, texts: Arc::clone(texts) })
}

/// How often the configurations of a grid are trained: what it says itself goes before what all grids have, and the command
/// line before both. What is wrong there was said before.
fn replicates_of(fields: &Fields, all: Replicates, overrides: &Overrides, wrong: &mut Findings) -> Replicates {
    let Some((_, node)) = fields.get("replicates") else { return all };
    let (mut replicates, place) = replicates::read(node, all, wrong);
    let place = overrides.replicate(&mut replicates, &mut Findings::default()).unwrap_or(place);
    replicates::distinct(&replicates, place, wrong);
    replicates
}

/// Where a key that is unknown at the top level belongs.
fn misplaced(name: &str) -> Option<String> {
    let parameter =
        |name: &str| format!("`{name}` is a parameter: write it under `base:`, or under `grid:` with a list");
    match name {
        "seed" | "seeds" => Some("write `replicates: {count: 5, seed: 0}`".into()),
        _ if config::parameter(name).is_some() => Some(parameter(name)),
        // A parameter's name with a slip in it, and no key with a slip in it.
        _ if nearest(name, TOP.iter().copied()).is_none() => {
            nearest(name, config::PARAMETERS.iter().map(|known| known.name)).map(parameter)
        }
        _ => None,
    }
}

fn version(fields: &Fields, root: &Node, wrong: &mut Findings) {
    match fields.get("version") {
        Some((_, Node { tree: Tree::Whole(1), .. })) => {}
        Some((_, node)) => {
            let message = "this version of Ablate reads sweep files of version 1";
            let hint = match node.tree {
                Tree::Whole(_) => "write `version: 1`, or take a newer Ablate",
                _ => "write `version: 1`",
            };
            wrong.push(Diagnostic::new(node.place, message).hint(hint));
        }
        None => wrong.push(
            Diagnostic::new(root.place, "`version` is missing").hint("begin the file with the line `version: 1`"),
        ),
    }
}

fn name(node: &Node, wrong: &mut Findings) -> Option<String> {
    // As it is written: folders have names without spaces and line ends around them.
    let name = match &node.tree {
        Tree::Text(name) if !name.trim().is_empty() => name.clone(),
        _ => text(node, "`name`", "name: why-squares", wrong)?,
    };
    if is_name(&name) {
        return Some(name);
    }
    wrong.push(wrong_name(&name, node.place));
    None
}

fn wrong_name(name: &str, place: Place) -> Diagnostic {
    let rule = "letters, digits, `.`, `_` and `-`, the first a letter or digit, at most 64 in all";
    let words: Vec<&str> =
        name.split(|character: char| !(character.is_ascii_alphanumeric() || "._".contains(character))).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let better: String = words.join("-").trim_start_matches(['.', '_', '-']).chars().take(64).collect();
    let hint = is_name(&better).then(|| format!("write `{better}`"));
    Diagnostic::new(place, format!("`{name}` cannot be a name: {rule}")).hint_if(hint)
}

/// Whether a sweep can have this name: letters, digits, `.`, `_` and `-`, the first a letter or digit, at most 64.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|character: char| character.is_ascii_alphanumeric())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

fn grids(fields: &Fields, replicates: Replicates, overrides: &Overrides, wrong: &mut Findings) -> Vec<Grid> {
    let shared = Block::read(fields, wrong);
    let Some((key, node)) = fields.get("grids") else {
        return vec![shared.grid("grid", &Block::default(), replicates, overrides, wrong)];
    };
    for (one, _) in OF_ONE_GRID.iter().filter_map(|name| fields.get(name)) {
        let hint = match one.name.as_str() {
            "grid" => "`grid` is short for one grid: give it a name and move it under `grids`".to_owned(),
            name => format!("`{name}` is about one grid: move it into the one that is meant"),
        };
        wrong.push(
            Diagnostic::new(key.place, format!("`grids` beside `{}`", one.name))
                .note(one.place, format!("`{}` is here", one.name))
                .hint(hint),
        );
    }
    let Some(all) = Fields::of(node, "`grids`", "`{first: {grid: {depth: [1, 2]}}}`", wrong) else {
        return Vec::new();
    };
    if all.len() == 0 {
        wrong.push(Diagnostic::new(node.place, "`grids` has no grids").hint("give it a named grid, or remove it"));
    }
    if all.len() > MOST_GRIDS {
        let message = format!("{} grids, and a sweep has at most {MOST_GRIDS}", all.len());
        wrong.push(Diagnostic::new(key.place, message).hint("make axes of what they differ in, or `include` points"));
        return Vec::new();
    }
    if (all.len() * shared.rules()) as u64 > MOST_LISTED {
        let message = format!("{} rules for each of {} grids are more than {MOST_LISTED}", shared.rules(), all.len());
        wrong.push(Diagnostic::new(key.place, message).hint("move rules into the grids that they are about"));
        return Vec::new();
    }
    let mut grids = Vec::new();
    for (key, node) in all.iter() {
        if !is_name(&key.name) {
            wrong.push(wrong_name(&key.name, key.place));
        }
        let Some(fields) = named(key, node, wrong) else { continue };
        let block = Block::read(&fields, wrong);
        let replicates = replicates_of(&fields, replicates, overrides, wrong);
        grids.push(block.grid(&key.name, &shared, replicates, overrides, wrong));
    }
    grids
}

/// The keys under the name of a grid.
fn named<'n>(key: &Key, node: &'n Node, wrong: &mut Findings) -> Option<Fields<'n>> {
    let what = format!("the grid `{}`", key.name);
    if config::parameter(&key.name).is_some() && !matches!(node.tree, Tree::Map(_)) {
        let message = format!("`{}` is a parameter where the name of a grid stands", key.name);
        wrong.push(Diagnostic::new(key.place, message).hint("for one grid without a name write `grid:`, not `grids:`"));
        return None;
    }
    let fields = Fields::of(node, &what, "something like `{base: {depth: 2}}`, or remove it", wrong)?;
    let elsewhere = |name: &str| {
        let parameter = config::parameter(name).is_some();
        if parameter {
            return Some(format!("write it under `base:` or `grid:` of {what}"));
        }
        TOP.contains(&name).then(|| format!("`{name}` stands at the top level of the file; here are {}", list(GRID)))
    };
    fields.only(GRID, elsewhere, wrong);
    Some(fields)
}
