//! Linear networks on squares of a number that is written another way: linear in the features, not in the number.

use super::{is_bare, is_linear};
use crate::analysis::{Group, Records, Summary};

/// Linear networks on squares of an encoded number.
#[derive(Clone, Debug, PartialEq)]
pub struct Encodings {
    /// Configurations, by mean RMSE over the domain.
    pub tried: Vec<Encoded>,
    /// The floor of the bare number, where some run tells it.
    pub bare_floor: Option<f64>,
}

/// A linear network on an encoded number.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Index of its group.
    pub group: usize,
    /// Encoding and scaling in words: `polynomial(2)`, `log, log target`.
    pub label: String,
    /// Its RMSE over the domain.
    pub domain: Summary,
    /// Its RMSE beyond the domain.
    pub beyond: Option<Summary>,
    /// The affine floor under this encoding; `None` where targets are not fitted in their own units.
    pub floor: Option<f64>,
}

pub(super) fn encodings(records: &Records, groups: &[Group]) -> Option<Encodings> {
    let encoded = |(group, members): (usize, &Group)| {
        let row = members.rows[0];
        let wanted = records.value(row, "task") == Some("square") && is_linear(records, row) && !is_bare(records, row);
        let domain = if wanted { members.summary(records, "domain_rmse") } else { None };
        Some(Encoded {
            group,
            label: label(records, row),
            domain: domain?,
            beyond: members.summary(records, "extrapolation_rmse"),
            floor: members.summary(records, "affine_floor").map(|floors| floors.median),
        })
    };
    let mut tried: Vec<Encoded> = groups.iter().enumerate().filter_map(encoded).collect();
    tried.sort_by(|a, b| a.domain.mean.total_cmp(&b.domain.mean));
    let bare = groups
        .iter()
        .find(|group| records.value(group.rows[0], "task") == Some("square") && is_bare(records, group.rows[0]));
    let bare_floor = bare.and_then(|group| group.summary(records, "affine_floor")).map(|floors| floors.median);
    (!tried.is_empty()).then_some(Encodings { tried, bare_floor })
}

fn label(records: &Records, row: usize) -> String {
    let encoding = records.value(row, "encoding").unwrap_or("scalar");
    let side = |name: &str| {
        records.value(row, name).or_else(|| records.value(row, "normalization")).is_some_and(|scale| scale == "log")
    };
    let logarithmic = encoding == "log" || side("input_normalization");
    let features = match encoding {
        "scalar" | "log" if logarithmic => "log features".to_owned(),
        "binary" => "binary digits".to_owned(),
        "scalar" => "the bare number".to_owned(),
        _ => format!("{encoding} features"),
    };
    if side("target_normalization") { format!("{features} and a log target") } else { features }
}
