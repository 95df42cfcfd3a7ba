//! How far replicates of one configuration lie apart, in a sentence.

use crate::analysis::{Analysis, Group, ONLY, Summary};
use crate::report::number::{count, number, percent, whole};
use crate::report::sentences::environments;

/// What the page says of luck, with its numbers.
pub(super) fn noise(analysis: &Analysis) -> String {
    let mixed = environments::of_replicates(analysis);
    std::iter::once(spread(analysis)).chain(mixed).collect::<Vec<_>>().join(" ")
}

fn spread(analysis: &Analysis) -> String {
    let metric = &analysis.metric.name;
    let all = analysis.groups.len();
    let replicated = analysis.groups.iter().filter_map(|group| Some((group, group.metric.as_ref()?)));
    let mut spreads: Vec<(f64, &Group)> = replicated
        .filter_map(|(group, summary): (_, &Summary)| {
            let sd = summary.sd?;
            (summary.mean != 0.0).then(|| (sd / summary.mean.abs(), group))
        })
        .collect();
    spreads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(&least), Some(&most)) = (spreads.first(), spreads.last()) else {
        return if all == 0 {
            "There are no runs yet.".into()
        } else {
            format!("No configuration has two runs with a {metric}, so nothing tells what is luck of the seed.")
        };
    };
    let median = spreads[(spreads.len() - 1) / 2].0;
    let share = |share: f64| if share < 10.0 { percent(share) } else { format!("{} times the mean", number(share)) };
    let have = match spreads.len() {
        1 if all == 1 => "The only configuration has replicates to tell luck by".to_owned(),
        1 => format!("Of {}, one has replicates to tell luck by", count(all, "configuration")),
        n if n == all => format!("All {} have replicates to tell luck by", count(all, "configuration")),
        n => format!("Of {}, {} have replicates to tell luck by", count(all, "configuration"), whole(n)),
    };
    if spreads.len() == 1 {
        return format!("{have}: their standard deviation of {metric} is {} of its mean.", share(median));
    }
    let (low, high) = (share(least.0), share(most.0));
    if low == high {
        return format!("{have}. Their standard deviation of {metric} is {low} of the mean, of each.");
    }
    let name = |group: &Group| match analysis.problems.len() {
        1 => group.label.clone(),
        _ if group.label == ONLY => analysis.problems[group.problem].label.clone(),
        _ => format!("{} on {}", group.label, analysis.problems[group.problem].label),
    };
    format!(
        "{have}. In the median their standard deviation of {metric} is {} of the mean; it goes from {low} ({}) to {high} ({}).",
        share(median),
        name(least.1),
        name(most.1)
    )
}
