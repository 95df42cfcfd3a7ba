//! Replicates: how often each configuration is trained, and what each time draws anew.

use super::diagnostic::{Diagnostic, Findings};
use super::keys::{Fields, list, nearest};
use super::node::{Node, Tree};
use super::place::Place;
use crate::config::Seeds;

/// How often each configuration is trained, and under which seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicates {
    /// Runs of each configuration, at least one.
    pub count: u32,
    /// The seed of the first; each following one is one more.
    pub seed: u64,
    /// What is drawn from a replicate's own seed. The rest is drawn from `seed`, so that all replicates share it.
    pub vary: Vary,
}

/// What a replicate draws anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vary {
    /// Training and test examples.
    pub data: bool,
    /// Initial weights.
    pub init: bool,
    /// The order of examples.
    pub shuffle: bool,
}

impl Default for Replicates {
    /// One run of each configuration, under seed 0.
    fn default() -> Self {
        Self { count: 1, seed: 0, vary: Vary { data: true, init: true, shuffle: true } }
    }
}

impl Replicates {
    /// The seed of a replicate, counted from 0.
    #[must_use]
    pub fn seed_of(&self, replicate: u32) -> u64 {
        self.seed + u64::from(replicate)
    }

    /// The seeds that a replicate draws from.
    #[must_use]
    pub fn seeds_of(&self, replicate: u32) -> Seeds {
        let seed = |varies| if varies { self.seed_of(replicate) } else { self.seed };
        Seeds { data: seed(self.vary.data), init: seed(self.vary.init), shuffle: seed(self.vary.shuffle) }
    }
}

/// The keys of `replicates`.
pub(super) const KEYS: &[&str] = &["count", "seed", "vary"];
/// What can vary.
pub(super) const VARY: &[&str] = &["data", "init", "shuffle"];
/// Most replicates.
pub(super) const MOST: u32 = 1_000_000;
/// Largest seed: beyond it some readers of JSON round whole numbers.
pub(super) const LARGEST_SEED: u64 = (1 << 53) - 1;

/// Reads `replicates`: what it says goes before what is `inherited`.
pub(super) fn read(node: &Node, inherited: Replicates, wrong: &mut Findings) -> (Replicates, Place) {
    let mut replicates = inherited;
    let mut place = node.place;
    let Some(fields) = Fields::of(node, "`replicates`", "`{count: 5, seed: 0}`", wrong) else {
        return (replicates, place);
    };
    fields.only(KEYS, |_| None, wrong);
    for (key, node) in fields.iter() {
        if key.name == "vary" {
            place = key.place;
        }
        set(&mut replicates, &key.name, node, wrong);
    }
    (replicates, place)
}

/// Sets one key of `replicates`.
pub(super) fn set(replicates: &mut Replicates, key: &str, node: &Node, wrong: &mut Findings) {
    match key {
        "count" => {
            if let Some(count) = whole(node, "replicates.count", 1, u64::from(MOST), wrong) {
                replicates.count = u32::try_from(count).unwrap_or(MOST);
            }
        }
        "seed" => {
            if let Some(seed) = whole(node, "replicates.seed", 0, LARGEST_SEED, wrong) {
                replicates.seed = seed;
            }
        }
        "vary" => {
            if let Some(vary) = vary(node, wrong) {
                replicates.vary = vary;
            }
        }
        _ => {}
    }
}

fn whole(node: &Node, name: &str, min: u64, max: u64, wrong: &mut Findings) -> Option<u64> {
    let whole = match node.tree {
        Tree::Whole(whole) => u64::try_from(whole).ok().filter(|whole| (min..=max).contains(whole)),
        _ => None,
    };
    if whole.is_none() {
        let message = format!("`{name}` is a whole number from {min} to {max}");
        let hint = match node.tree {
            Tree::List(_) if name.ends_with("seed") => {
                Some("seeds are counted up from one number: replicate n has seed + n".to_string())
            }
            Tree::List(_) => Some("every configuration is trained equally often: give one number".to_string()),
            _ => None,
        };
        wrong.push(Diagnostic::new(node.place, message).hint_if(hint));
    }
    whole
}

fn vary(node: &Node, wrong: &mut Findings) -> Option<Vary> {
    let Tree::List(items) = &node.tree else {
        let message = format!("`vary` is a list of what each replicate draws anew, not {}", node.describe());
        wrong.push(Diagnostic::new(node.place, message).hint("write `[data, init, shuffle]`, or some of them"));
        return None;
    };
    let mut words: Vec<&str> = Vec::new();
    for item in items {
        let word = match &item.tree {
            Tree::Text(text) => text.as_str(),
            _ => "",
        };
        if !VARY.contains(&word) {
            let hint = nearest(word, VARY.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            wrong.push(Diagnostic::new(item.place, format!("what can vary is {}", list(VARY))).hint_if(hint));
        } else if words.contains(&word) {
            wrong.push(Diagnostic::new(item.place, format!("`{word}` stands twice in `vary`")).hint("remove one"));
        } else {
            words.push(word);
        }
    }
    (words.len() == items.len()).then(|| Vary {
        data: words.contains(&"data"),
        init: words.contains(&"init"),
        shuffle: words.contains(&"shuffle"),
    })
}

/// Refuses replicates that would all be the same run, and seeds beyond the largest.
pub(super) fn distinct(replicates: &Replicates, place: Place, wrong: &mut Findings) {
    let Vary { data, init, shuffle } = replicates.vary;
    if replicates.count > 1 && !(data || init || shuffle) {
        let message = format!("nothing varies, so all {} replicates would be the same run", replicates.count);
        wrong.push(Diagnostic::new(place, message).hint("vary `data`, `init` or `shuffle`, or set `count: 1`"));
    }
    let last = replicates.seed_of(replicates.count - 1);
    if last > LARGEST_SEED {
        let message = format!("the seed of the last replicate would be {last}, and the largest is {LARGEST_SEED}");
        wrong.push(Diagnostic::new(place, message).hint("replicate n has seed + n: take a smaller `seed`"));
    }
}
