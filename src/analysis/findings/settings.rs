//! What runs differ in, with the scaling of inputs and of targets as it is in effect.

use crate::analysis::Records;
use crate::analysis::records::{Factor, factor};
use crate::config::{Kind, parameter};

/// What runs differ in.
pub type Setting = Factor;

/// How a step was tuned: of configurations that differ in nothing else, the best one stands for all.
pub(super) const TUNED: &str = "learning_rate";

/// The parameters that take several values. One that has a single value, and elsewhere none, hangs on another one and
/// is left out, but for listed layers, which stand for depth and width. Where inputs and targets are scaled differently in some runs, the scaling of each side
/// stands instead of the one of both, since a run that scales both alike names only that one.
#[must_use]
pub fn settings(records: &Records, varying: &[&'static str]) -> Vec<Setting> {
    let sides = ["input_normalization", "target_normalization"];
    let apart = sides.iter().any(|side| varying.contains(side));
    let mut settings = Vec::new();
    for &name in varying {
        if sides.contains(&name) || (name == "normalization" && apart) {
            continue;
        }
        settings.extend(records.factor(name).filter(|factor| factor.levels.len() > 1 || name == "hidden").cloned());
    }
    if apart {
        for side in sides {
            let text = |row: usize| records.value(row, side).or_else(|| records.value(row, "normalization"));
            let texts: Vec<Option<String>> = (0..records.runs.len()).map(|row| text(row).map(str::to_owned)).collect();
            let effective = factor(side, &texts);
            settings.extend(effective.varies().then_some(effective));
        }
    }
    settings
}

/// Whether a setting takes words or is on or off, not numbers.
pub(super) fn is_words(setting: &Setting) -> bool {
    parameter(setting.name).is_some_and(|parameter| matches!(parameter.kind, Kind::Words(_) | Kind::Flag))
}

/// Values in several settings, by their places among the levels.
pub(super) type Key = Vec<Option<usize>>;

/// The values of a run in these settings.
pub(super) fn key<'s>(settings: impl IntoIterator<Item = &'s Setting>, row: usize) -> Key {
    settings.into_iter().map(|setting| setting.code(row)).collect()
}

/// The values of a run in words, those of both sides once where they are the same; `None` where it has none worth a
/// word.
pub(super) fn words<'s>(settings: impl IntoIterator<Item = &'s Setting>, row: usize) -> Option<String> {
    let mut values: Vec<(&str, &str)> =
        settings.into_iter().filter_map(|setting| Some((setting.name, setting.level(row)?))).collect();
    let side = |name: &str| values.iter().find(|(own, _)| *own == name).map(|(_, level)| *level);
    let (inputs, targets) = (side("input_normalization"), side("target_normalization"));
    if inputs.is_some() && inputs == targets {
        values.retain(|(name, _)| *name != "target_normalization");
        for value in &mut values {
            if value.0 == "input_normalization" {
                value.0 = "normalization";
            }
        }
    }
    let told: Vec<String> = values.into_iter().map(|(name, level)| crate::analysis::describe(name, level)).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Settings in which these rows differ.
pub(super) fn differing<'s>(settings: &'s [Setting], rows: &[usize]) -> Vec<&'s Setting> {
    let differs = |setting: &&Setting| rows.windows(2).any(|pair| setting.code(pair[0]) != setting.code(pair[1]));
    settings.iter().filter(differs).collect()
}
