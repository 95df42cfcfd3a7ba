//! Sentences on linear networks: floors, depths, condition numbers.

use crate::analysis::Analysis;
use crate::analysis::findings::{Conditioning, Depths, Floors, Line, Pace};
use crate::report::number::{count, number, ratio, significant, whole};
use crate::report::sentences::several;

/// Whether linear networks end at the computed floor.
#[must_use]
pub fn floors(found: &Floors) -> String {
    let worst = found.tasks.iter().filter_map(|task| Some((task, task.excess.as_ref()?)));
    let worst = worst.max_by(|a, b| a.1.median.total_cmp(&b.1.median));
    let reached = format!("{} of {} end within 1\u{a0}% of it", found.reached, count(found.runs, "run"));
    let below = match found.below.len() {
        0 => "No linear network is below the computed floor of its task".to_owned(),
        n => format!("{n} of {} are below the computed floor of their task, which theory says none can", found.runs),
    };
    let worst = worst.map(|(task, excess)| {
        format!(
            ". The furthest in the median is {} on 1 to {}, at {} times its floor",
            task.task,
            number(task.largest),
            ratio(excess.median)
        )
    });
    let zero = match found.zero {
        (0, _) => String::new(),
        (n, Some(largest)) => {
            format!(
                " Where the floor is 0 ({}), the error over the domain is at most {}.",
                count(n, "run"),
                number(largest)
            )
        }
        (n, None) => format!(" {} on tasks whose floor is 0 have no error.", count(n, "run")),
    };
    format!("{below}, and {reached}{}.{zero}", worst.unwrap_or_default())
}

/// What depth does to linear networks, by scale.
#[must_use]
pub fn depths(found: &Depths) -> String {
    let verdict = if found.below == 0 {
        format!(
            "No depth gets a linear network below the floor; the closest run has {} times its error",
            ratio(found.closest)
        )
    } else {
        format!(
            "{} {} below the floor, down to {} times its error, which theory says none can",
            count(found.below, "linear run"),
            if found.below == 1 { "is" } else { "are" },
            ratio(found.closest)
        )
    };
    let spread = |line: &&Line| {
        let means = line.points.iter().map(|point| point.mean);
        let (low, high) = means.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), m| (l.min(m), h.max(m)));
        high / low
    };
    let part = |line: &Line| {
        let best = line.points.iter().min_by(|a, b| a.mean.total_cmp(&b.mean));
        let worst = line.points.iter().max_by(|a, b| a.mean.total_cmp(&b.mean));
        let name = if line.panel.is_empty() { line.scale.clone() } else { format!("{}, {}", line.scale, line.panel) };
        match (best, worst) {
            (Some(best), Some(worst)) => format!(
                "from {} with {} to {} with {} ({name})",
                ratio(worst.mean),
                count(worst.layers, "hidden layer"),
                ratio(best.mean),
                best.layers
            ),
            _ => name,
        }
    };
    let (decides, rest): (Vec<&Line>, Vec<&Line>) = found.lines.iter().partition(|line| spread(line) > 1.5);
    let decides: Vec<String> = decides.into_iter().map(part).collect();
    let depth = if decides.is_empty() {
        "Depth matters little for how near they come in time".to_owned()
    } else {
        format!("Depth decides how near they come in time: mean error over the floor goes {}", several(&decides, 4))
    };
    let most = rest.iter().flat_map(|line| &line.points).map(|point| point.mean).reduce(f64::max);
    let rest = match most {
        Some(most) if !decides.is_empty() => {
            format!(". Otherwise every depth ends within {} times the floor", ratio(most))
        }
        _ => String::new(),
    };
    format!("{verdict}. {depth}{rest}.")
}

/// How epochs to the floor go with the condition number.
#[must_use]
pub fn conditioning(_analysis: &Analysis, found: &Conditioning) -> String {
    let part = |pace: &Pace| {
        let runs = pace.reached.len() + pace.never.len();
        if pace.reached.is_empty() {
            return format!("by {} none of {} gets there", pace.label, count(runs, "run"));
        }
        let epochs = pace.reached.iter().map(|(_, _, epochs)| *epochs);
        let (low, high) = epochs.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), e| (l.min(e), h.max(e)));
        let never = match pace.never.len() {
            0 => String::new(),
            n => {
                let not = if n == 1 { "does" } else { "do" };
                format!(" ({} of {} {not} not get there)", whole(n), count(runs, "run"))
            }
        };
        let range = if low == high { number(low) } else { format!("{} to {}", number(low), number(high)) };
        let how = match (pace.power, pace.each) {
            (Some(power), Some(each)) if power > 0.75 => {
                format!("{} for each unit of the condition number, in the median", significant(each, 2))
            }
            (Some(power), _) => {
                format!("{range}, as the condition number to the power {}", significant(power, 2))
            }
            _ => range,
        };
        format!("by {} {how}{never}", pace.label)
    };
    let parts: Vec<String> = found.paces.iter().map(part).collect();
    format!("Epochs until a run is within 1\u{a0}% of the floor: {}.", parts.join("; "))
}
