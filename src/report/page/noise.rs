//! How far replicates of one configuration lie apart, in a sentence.

use crate::analysis::{Analysis, Summary};
use crate::report::number::{count, number, percent, whole};

/// What the page says of luck, with its numbers.
pub(super) fn noise(analysis: &Analysis) -> String {
    let metric = &analysis.metric.name;
    let all = analysis.groups.len();
    let replicated = analysis.groups.iter().filter_map(|group| Some((group, group.metric.as_ref()?)));
    let mut spreads: Vec<(f64, &str)> = replicated
        .filter_map(|(group, summary): (_, &Summary)| {
            let sd = summary.sd?;
            (summary.mean != 0.0).then(|| (sd / summary.mean.abs(), group.label.as_str()))
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
    if spreads.len() == 1 {
        return format!(
            "Of {}, one has replicates to tell luck by: their standard deviation of {metric} is {} of its mean.",
            count(all, "configuration"),
            share(median)
        );
    }
    format!(
        "Of {}, {} have replicates to tell luck by. In the median their standard deviation of {metric} is {} of the mean; it goes from {} ({}) to {} ({}).",
        count(all, "configuration"),
        whole(spreads.len()),
        share(median),
        share(least.0),
        least.1,
        share(most.0),
        most.1
    )
}
