//! How much of the metric goes with each parameter: shares of variance between its values.

use std::collections::BTreeMap;

use super::{Group, Metric, Problem, Records};

/// How much of the metric goes with one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Influence {
    /// The parameter.
    pub parameter: &'static str,
    /// Of the problem with that index.
    pub problem: usize,
    /// Share of the variance over runs that lies between the parameter's values (eta squared), 0 to 1. Other
    /// parameters are not held fixed, so shares of several may overlap.
    pub share: f64,
    /// Whether the variance is that of the metric's logarithm, taken where every value is above zero.
    pub logarithmic: bool,
    /// Runs that it is made from.
    pub runs: usize,
}

pub(super) fn influences(
    records: &Records,
    varying: &[&'static str],
    problems: &[Problem],
    groups: &[Group],
    metric: &Metric,
) -> Vec<Influence> {
    let mut influences = Vec::new();
    for (problem, members) in problems.iter().enumerate() {
        let rows = members.groups.iter().flat_map(|&group| &groups[group].rows);
        let values: Vec<(usize, f64)> =
            rows.filter_map(|&row| Some((row, records.number(row, &metric.name)?))).collect();
        let logarithmic = values.iter().all(|(_, value)| *value > 0.0);
        let values: Vec<(usize, f64)> =
            values.into_iter().map(|(row, value)| (row, if logarithmic { value.log10() } else { value })).collect();
        for &parameter in varying {
            let Some(factor) = records.factor(parameter) else { continue };
            let keyed: Vec<(Option<usize>, f64)> =
                values.iter().map(|&(row, value)| (factor.code(row), value)).collect();
            if let Some(share) = share_between(&keyed) {
                influences.push(Influence { parameter, problem, share, logarithmic, runs: keyed.len() });
            }
        }
    }
    influences.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.problem.cmp(&b.problem)));
    influences
}

/// Sum of squares between groups over the total; `None` with a single group, a group a value, or no variance.
fn share_between(values: &[(Option<usize>, f64)]) -> Option<f64> {
    let mut groups: BTreeMap<Option<usize>, (usize, f64)> = BTreeMap::new();
    for &(key, value) in values {
        let group = groups.entry(key).or_default();
        *group = (group.0 + 1, group.1 + value);
    }
    if groups.len() < 2 || groups.len() == values.len() {
        return None;
    }
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
    let total: f64 = values.iter().map(|(_, value)| (value - mean).powi(2)).sum();
    let between: f64 = groups.values().map(|&(n, sum)| n as f64 * (sum / n as f64 - mean).powi(2)).sum();
    (total > 0.0).then(|| (between / total).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::share_between;

    #[test]
    fn shares_of_variance() {
        let share = |values: &[(usize, f64)]| {
            share_between(&values.iter().map(|&(key, value)| (Some(key), value)).collect::<Vec<_>>())
        };
        assert_eq!(share(&[(0, 1.0), (0, 1.0), (1, 3.0), (1, 3.0)]), Some(1.0));
        assert_eq!(share(&[(0, 1.0), (0, 3.0), (1, 1.0), (1, 3.0)]), Some(0.0));
        // Group means 1 and 4 about 2.5: between 4·2.25 = 9, within 4·1 = 4.
        assert_eq!(share(&[(0, 0.0), (0, 2.0), (1, 3.0), (1, 5.0)]), Some(9.0 / 13.0));
        assert_eq!(share(&[(0, 1.0), (0, 2.0)]), None);
        assert_eq!(share(&[(0, 1.0), (1, 2.0)]), None);
    }
}
