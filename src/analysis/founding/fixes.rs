//! What helps on squares without changing how the number is written: nonlinearity, scale, schedule. The best of all, and
//! the best without one or the other.

use super::squares::common;
use super::{has_seed_scale, is_bare, is_linear};
use crate::analysis::{Group, Records, Summary};

/// An alternative this many times worse than the best counts as not working: the difference was needed.
pub const FEW_TIMES: f64 = 10.0;

/// Networks with a nonlinearity on squares of the bare number.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixes {
    /// The configuration with the smallest mean RMSE over the domain, complete ones before others: index of a group.
    pub best: usize,
    /// Its RMSE over the domain.
    pub domain: Summary,
    /// Its RMSE beyond the domain.
    pub beyond: Option<Summary>,
    /// Configurations that it was chosen from.
    pub tried: usize,
    /// The affine floor, where it is the same for all.
    pub floor: Option<f64>,
    /// The best network without a nonlinearity.
    pub without_activation: Option<Alternative>,
    /// The best with a nonlinearity at the founding question's scale; `None` too where the best of all has that scale.
    pub at_seed_scale: Option<Alternative>,
    /// How many runs of all these configurations got below the floor, by scale: the question's, then any other.
    pub below: [Below; 2],
    /// Whether the best one has the founding question's scale.
    pub has_seed_scale: bool,
}

/// Runs below the affine floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Below {
    /// Runs that have a floor.
    pub runs: usize,
    /// Those of them below it.
    pub below: usize,
}

/// The best configuration that does without one thing of the best of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Index of its group.
    pub group: usize,
    /// Its RMSE over the domain.
    pub domain: Summary,
    /// Its mean over the best one's.
    pub times: f64,
}

/// Complete ones first, then by mean.
fn better(a: &Summary, b: &Summary) -> std::cmp::Ordering {
    (a.missing > 0).cmp(&(b.missing > 0)).then(a.mean.total_cmp(&b.mean))
}

pub(super) fn fixes(records: &Records, groups: &[Group]) -> Option<Fixes> {
    let on_squares: Vec<usize> = (0..groups.len())
        .filter(|&group| {
            let row = groups[group].rows[0];
            records.value(row, "task") == Some("square") && is_bare(records, row)
        })
        .collect();
    let summary = |group: usize| groups[group].summary(records, "domain_rmse");
    let curved = on_squares.iter().copied().filter(|&group| !is_linear(records, groups[group].rows[0]));
    let mut tried: Vec<(usize, Summary)> = curved.filter_map(|group| Some((group, summary(group)?))).collect();
    tried.sort_by(|(_, a), (_, b)| better(a, b));
    let (winner, domain) = tried.first()?.clone();
    let row = groups[winner].rows[0];
    // Each side gets its own best schedule and layers, so that none is held to what suits another.
    let alternative = |wanted: &dyn Fn(usize) -> bool| {
        let others = on_squares.iter().copied().filter(|&group| group != winner && wanted(groups[group].rows[0]));
        let others = others.filter_map(|group| Some((group, summary(group)?)));
        let (group, domain_of) = others.min_by(|(_, a), (_, b)| better(a, b))?;
        Some(Alternative { group, times: domain_of.mean / domain.mean, domain: domain_of })
    };
    let mut below = [Below::default(); 2];
    for row in tried.iter().flat_map(|(group, _)| groups[*group].rows.iter().copied()) {
        let scale = &mut below[usize::from(!has_seed_scale(records, row))];
        if records.number(row, "affine_floor").is_some() {
            scale.runs += 1;
            // A run that left the numbers counts as one that did not get there.
            scale.below += usize::from(records.number(row, "excess").is_some_and(|excess| excess < 1.0));
        }
    }
    Some(Fixes {
        best: winner,
        beyond: groups[winner].summary(records, "extrapolation_rmse"),
        below,
        tried: tried.len(),
        floor: common(groups[winner].summary(records, "affine_floor")),
        without_activation: alternative(&|other| is_linear(records, other)),
        at_seed_scale: alternative(&|other| !is_linear(records, other) && has_seed_scale(records, other))
            .filter(|_| !has_seed_scale(records, row)),
        has_seed_scale: has_seed_scale(records, row),
        domain,
    })
}
