//! What colours, panels and dashes of learning curves stand for: what the error differs most by.

use std::collections::{BTreeMap, BTreeSet};

use super::DASHES;
use crate::analysis::findings::{Setting, settings};
use crate::analysis::{Analysis, Group};

/// Values of a setting that colours or panels stand for, at most.
const VALUES: usize = 6;
/// Configurations beyond which only the best are in colour.
const TOLD: usize = 80;
/// Panels of a figure, at most.
pub const PANELS: usize = 9;

/// What tells configurations apart in the figure.
pub struct Plan<'a> {
    /// Panels: the values of these together.
    pub panels: Vec<&'a Setting>,
    /// Colours.
    pub colour: Option<&'a Setting>,
    /// Dashes.
    pub dash: Option<&'a Setting>,
    /// Settings that nothing stands for.
    pub pooled: Vec<&'a Setting>,
}

/// Whether the look of every configuration in the figure is its own.
#[must_use]
pub fn tells_all(analysis: &Analysis) -> bool {
    let groups: Vec<&Group> = analysis.groups.iter().collect();
    let settings = settings(&analysis.records, &analysis.varying);
    let plan = plan(analysis, &settings, &groups, false);
    plan.is_some_and(|plan| plan.pooled.is_empty())
}

/// Settings in which configurations differ.
#[must_use]
pub fn differing<'s>(settings: &'s [Setting], groups: &[&Group]) -> Vec<&'s Setting> {
    let differs = |setting: &&Setting| {
        groups.windows(2).any(|pair| setting.code(pair[0].rows[0]) != setting.code(pair[1].rows[0]))
    };
    settings.iter().filter(differs).collect()
}

/// Which settings colours, panels and dashes stand for. The one with the most values that there are colours for has the
/// colours, so that most is compared within a panel; the others go by how much of the variance of the last error's
/// logarithm lies between their values. Precision has the colours where rounding is the question.
#[must_use]
pub fn plan<'s>(analysis: &Analysis, settings: &'s [Setting], groups: &[&Group], rounding: bool) -> Option<Plan<'s>> {
    if groups.len() > TOLD {
        return None;
    }
    let records = &analysis.records;
    let last = |row: usize| records.curves[row].last()?.test_rmse.filter(|error| *error > 0.0).map(f64::ln);
    let ends: Vec<(usize, f64)> =
        groups.iter().flat_map(|group| &group.rows).filter_map(|&row| Some((row, last(row)?))).collect();
    let several = analysis.problems.len() > 1;
    let mut telling: Vec<(f64, &Setting)> = differing(settings, groups)
        .into_iter()
        .filter(|setting| !(several && crate::analysis::PROBLEM.contains(&setting.name)))
        .map(|setting| (share(setting, &ends), setting))
        .collect();
    telling.sort_by(|a, b| b.0.total_cmp(&a.0));
    let few = |setting: &Setting| setting.levels.len() <= VALUES;
    let asked = |setting: &Setting| rounding && setting.name == "precision";
    let places = telling.iter().enumerate().filter(|(_, (_, setting))| few(setting));
    let colour =
        places.max_by_key(|(place, (_, setting))| (asked(setting), setting.levels.len(), std::cmp::Reverse(*place)));
    let colour = colour.map(|(place, _)| place).map(|place| telling.remove(place).1)?;
    let mut panels: Vec<&Setting> = Vec::new();
    let mut pooled: Vec<&Setting> = Vec::new();
    for (_, setting) in telling {
        let with: Vec<&Setting> = panels.iter().copied().chain([setting]).collect();
        let key = |group: &&Group| {
            let codes: Vec<Option<usize>> = with.iter().map(|setting| setting.code(group.rows[0])).collect();
            (group.problem, codes)
        };
        let places: BTreeSet<_> = groups.iter().map(key).collect();
        if few(setting) && places.len() <= PANELS { panels.push(setting) } else { pooled.push(setting) }
    }
    // Where what it differs by has too many values for panels, the best are told by their names instead.
    if pooled.iter().any(|setting| !few(setting)) {
        return None;
    }
    // The last panel axis is told by dashes as well, if it has as few values as there are dashes.
    let short = |setting: &&Setting| setting.levels.len() <= DASHES.len();
    let dash =
        pooled.iter().position(short).map(|place| pooled.remove(place)).or_else(|| {
            (panels.len() > 1).then(|| panels.iter().rposition(short).map(|place| panels.remove(place)))?
        });
    Some(Plan { panels, colour: Some(colour), dash, pooled })
}

/// Share of the variance between the values of a setting.
fn share(setting: &Setting, values: &[(usize, f64)]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / n;
    let total: f64 = values.iter().map(|(_, value)| (value - mean).powi(2)).sum();
    let mut by_code: BTreeMap<Option<usize>, (f64, f64)> = BTreeMap::new();
    for &(row, value) in values {
        let own = by_code.entry(setting.code(row)).or_default();
        *own = (own.0 + 1.0, own.1 + value);
    }
    let between: f64 = by_code.values().map(|(n, sum)| n * (sum / n - mean).powi(2)).sum();
    if total > 0.0 { between / total } else { 0.0 }
}
