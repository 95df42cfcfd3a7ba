//! Sentences on networks with nonlinearities: crossings, pieces, what lies beyond, sizes, encodings, courses.

use super::named;
use crate::analysis::Analysis;
use crate::analysis::findings::{Beyond, Courses, Crossing, Encoded, Pieces, Written};
use crate::report::number::{count, number, percent, ratio, significant, whole};
use crate::report::sentences::{capital, list};

/// Which combinations work.
#[must_use]
pub fn crossing(analysis: &Analysis, found: &Crossing) -> String {
    let metric = &analysis.metric.name;
    let medians = found.cells.iter().filter_map(|cell| Some((cell, cell.median?)));
    let mut medians: Vec<_> = medians.collect();
    medians.sort_by(|a, b| analysis.metric.goal.order(a.1, b.1));
    let (Some(best), Some(worst)) = (medians.first(), medians.last()) else {
        return format!("No combination has a {metric}.");
    };
    let label = |group: usize| &analysis.groups[group].label;
    let of = count(medians.len(), "combination");
    let ends = format!(
        "the best is {} with a median {metric} of {}, the worst {} with {}",
        label(best.0.group),
        number(best.1),
        label(worst.0.group),
        number(worst.1)
    );
    let Some(floor) = found.floor else { return format!("Of {of}, {ends}.") };
    let below = medians.iter().filter(|(_, median)| *median < 0.95 * floor).count();
    let of_levels = |wanted: &dyn Fn(usize, usize) -> bool| -> Vec<String> {
        let levels = found.levels.iter().filter(|level| level.cells > 0 && wanted(level.below, level.cells));
        levels.map(|level| crate::analysis::describe(level.axis, &level.level)).collect()
    };
    let (never, always) = (of_levels(&|below, _| below == 0), of_levels(&|below, cells| below == cells));
    let mut told = vec![format!(
        "Of {of}, {} {} more than 5\u{a0}% below the affine floor of {}",
        if below == 0 { "none".to_owned() } else { whole(below) },
        if below < 2 { "gets" } else { "get" },
        number(floor)
    )];
    if below > 0 && !never.is_empty() {
        told.push(format!("none with {}", never.join(" and none with ")));
    }
    if below < medians.len() && !always.is_empty() {
        told.push(format!("all with {}", always.join(" and all with ")));
    }
    format!("{}. {}.", told.join(", "), capital(&ends))
}

/// Whether any network beats the best line with its number of pieces.
#[must_use]
pub fn pieces(found: &Pieces) -> String {
    let (closest, median) = found.over;
    let runs = count(found.trained.len(), "run");
    let verdict = if found.below.is_empty() {
        format!(
            "No network of {runs} beats the best line with its number of straight pieces. The closest has {} times its error",
            ratio(closest)
        )
    } else {
        format!(
            "{} of {runs} are below the best line with their number of straight pieces, down to {} times its error, which theory says none can",
            found.below.len(),
            ratio(closest)
        )
    };
    let power = found.power.map(|power| {
        format!(
            " The error goes as the number of pieces to the power {}, the best possible as −2.",
            significant(power, 2)
        )
    });
    format!("{verdict}, the median {}.{}", ratio(median), power.unwrap_or_default())
}

/// How forms of networks go on beyond the range.
#[must_use]
pub fn beyond(found: &Beyond) -> String {
    let Some(best) = found.forms.first() else { return String::new() };
    let inside = |form: &crate::analysis::findings::Form| form.inside.as_ref().map(|inside| inside.median);
    let grows: Vec<f64> = found
        .forms
        .iter()
        .filter_map(|form| Some(form.beyond.median / inside(form).filter(|inside| *inside > 0.0)?))
        .collect();
    let mut sorted = grows.clone();
    sorted.sort_by(f64::total_cmp);
    let forms = count(found.forms.len(), "form");
    let mut told = Vec::new();
    if let Some(floor) = found.floor {
        let below = found.forms.iter().filter(|form| inside(form).is_some_and(|inside| inside < 0.95 * floor)).count();
        told.push(format!(
            "Inside the range {} of {forms} {} more than 5\u{a0}% below the affine floor of {}",
            whole(below),
            if below == 1 { "is" } else { "are" },
            number(floor)
        ));
    }
    let best_inside = inside(best).map(|inside| format!(", {} inside", number(inside))).unwrap_or_default();
    let start = if told.is_empty() { format!("Of {forms} the") } else { "Beyond it the".to_owned() };
    told.push(format!(
        "{start} best is {} with a median error of {}{best_inside}",
        best.label,
        number(best.beyond.median)
    ));
    if let Some(levels) = found.levels {
        let better = |level: f64| -> Vec<String> {
            found.forms.iter().filter(|form| form.beyond.median < level).map(|form| form.label.clone()).collect()
        };
        let tangent = better(levels.tangent);
        told.push(match tangent.len() {
            0 => format!("No form does better than the tangent at the end ({})", number(levels.tangent)),
            n => format!(
                "{} {} better than the tangent at the end ({}): {}",
                whole(n),
                if n == 1 { "does" } else { "do" },
                number(levels.tangent),
                named(&tangent, 6)
            ),
        });
        let worse = found.forms.iter().filter(|form| form.beyond.median > levels.constant).count();
        if worse > 0 {
            let are = if worse == 1 { "is" } else { "are" };
            told.push(format!(
                "{} {are} worse than the answer for the largest number ({})",
                whole(worse),
                number(levels.constant)
            ));
        }
    }
    if let Some(times) = sorted.get(sorted.len() / 2) {
        told.push(format!("In the median form the error is {} times that inside", ratio(*times)));
    }
    format!("{}.", told.join(". "))
}

/// How much of the task the way of writing does.
#[must_use]
pub fn written(found: &Written) -> String {
    let linear = |way: &Encoded| way.linear.as_ref().map(|(_, error)| error.median);
    let curved = |way: &Encoded| way.curved.as_ref().map(|(_, error)| error.median);
    let ways = || found.ways.iter().filter(|way| way.problem == found.main);
    let solved = |error: &dyn Fn(&Encoded) -> Option<f64>| -> Option<(usize, Vec<String>)> {
        let bare = found.bare?;
        let tried: Vec<(&Encoded, f64)> = ways().filter_map(|way| Some((way, error(way)?))).collect();
        let mut solved = tried.clone();
        solved.retain(|(_, error)| *error < bare / crate::analysis::findings::MUCH);
        solved.sort_by(|a, b| a.1.total_cmp(&b.1));
        let names = solved.iter().map(|(way, error)| format!("{} ({})", way.label, number(*error))).collect();
        (!tried.is_empty()).then_some((tried.len(), names))
    };
    let names =
        |names: &[String]| if names.is_empty() { String::new() } else { format!(": {}", self::named(names, 4)) };
    let of = |(tried, found): &(usize, Vec<String>)| match found.len() {
        0 => format!("none of {}", count(*tried, "way")),
        1 if *tried == 1 => "the only way that was tried".to_owned(),
        n => format!("{} of {}", whole(n), count(*tried, "way")),
    };
    let mut told = Vec::new();
    let (linear_ones, others) = (solved(&linear), solved(&curved));
    if let Some(found) = &linear_ones {
        told.push(format!(
            "With {} to write the number, the median of linear networks is below a tenth of the bare number's floor{}.",
            of(found),
            names(&found.1)
        ));
    }
    if let Some(found) = &others {
        let what = if linear_ones.is_some() {
            "it is with"
        } else {
            "the median is below a tenth of the bare number's floor with"
        };
        told.push(format!("For networks with a nonlinearity {what} {}{}.", of(found), names(&found.1)));
    }
    if found.reached.1 > 0 {
        told.push(format!(
            "The best linear network ends within 1\u{a0}% of the floor of its own way with {} of the {} that have one.",
            found.reached.0,
            count(found.reached.1, "way")
        ));
    }
    if told.is_empty() {
        let best = ways().filter_map(|way| Some((way, linear(way).or_else(|| curved(way))?)));
        let best = best.min_by(|a, b| a.1.total_cmp(&b.1));
        told.extend(best.map(|(way, error)| {
            format!(
                "Of {} to write the number, the best is {} with {}.",
                count(ways().count(), "way"),
                way.label,
                number(error)
            )
        }));
    }
    told.join(" ")
}

/// How the sentence on learning curves begins where it says what each value of a setting ends with: then it is an answer.
pub const BY: &str = "By ";

/// How learning goes over the epochs, and where it ends for each value of the setting that has the colours.
#[must_use]
pub fn courses(found: &Courses, ends: Option<&(String, Vec<(String, f64)>)>) -> String {
    let mut told = Vec::new();
    if let Some((setting, ends)) = ends.filter(|(_, ends)| ends.len() > 1) {
        let mut ends = ends.clone();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let ends: Vec<String> = ends.iter().map(|(level, end)| format!("{} ({level})", number(*end))).collect();
        told.push(format!("{BY}{setting}, the lowest median error at the end is {}.", list(&ends)));
    }
    if let Some((label, start, end)) = found.best.as_ref().filter(|_| found.configurations > 1) {
        told.push(format!("The lowest of all is {label}, from {} to {}.", number(*start), number(*end)));
    }
    let of = count(found.configurations, "configuration");
    let share = percent(crate::analysis::findings::GOING);
    let fell = format!("falling by more than {share} over the last half of the epochs, in the median");
    told.push(match found.going {
        0 if found.configurations == 1 => format!("The only configuration was not {fell}."),
        _ if found.configurations == 1 => format!("The only configuration was still {fell}."),
        0 => format!("Of {of} none was still {fell}."),
        1 => format!("Of {of} 1 was still {fell}."),
        n => format!("Of {of} {} were still {fell}.", whole(n)),
    });
    if found.broken > 0 {
        let have = if found.broken == 1 { "has" } else { "have" };
        told.push(format!("{} {have} runs that left the numbers.", whole(found.broken)));
    }
    told.join(" ")
}

/// What networks answer to the furthest number.
#[must_use]
pub fn fan(furthest: f64, target: f64, answers: &[(String, f64)]) -> String {
    let told: Vec<String> = answers.iter().map(|(form, answer)| format!("{} ({form})", number(*answer))).collect();
    format!(
        "For {} the right answer is {}. From the best form beyond the range to the worst, the median answers are {}.",
        number(furthest),
        number(target),
        list(&told)
    )
}

/// What the best runs have in common.
#[must_use]
pub fn shared(metric: &str, best: usize, all: usize, shared: &[String]) -> String {
    let of = count(all, "run");
    match (best, shared.len()) {
        (0, _) => format!("No run of {of} has a {metric}."),
        (_, 0) => format!("The {best} best of {of} by {metric} share no value of all that varies."),
        _ => format!("The {best} best of {of} by {metric} all have {}.", list(shared)),
    }
}
