//! Sentences on networks with nonlinearities: crossings, pieces, what lies beyond, sizes, encodings, courses.

use super::named;
use crate::analysis::Analysis;
use crate::analysis::findings::{Beyond, Budget, Compared, Courses, Crossing, Encoded, Pieces, Sizes, Written};
use crate::report::number::{count, number, percent, ratio, significant};
use crate::report::sentences::list;

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
    let Some(floor) = found.floor else { return format!("Of {of} {ends}.") };
    let below = medians.iter().filter(|(_, median)| *median < 0.95 * floor).count();
    let of_levels = |wanted: &dyn Fn(usize, usize) -> bool| -> Vec<String> {
        let levels = found.levels.iter().filter(|level| level.cells > 0 && wanted(level.below, level.cells));
        levels.map(|level| crate::analysis::describe(level.axis, &level.level)).collect()
    };
    let (never, always) = (of_levels(&|below, _| below == 0), of_levels(&|below, cells| below == cells));
    let mut told = vec![format!(
        "Of {of} {} get more than 5\u{a0}% below the affine floor of {}",
        if below == 0 { "none".to_owned() } else { below.to_string() },
        number(floor)
    )];
    if below > 0 && !never.is_empty() {
        told.push(format!("none with {}", list(&never)));
    }
    if below < medians.len() && !always.is_empty() {
        told.push(format!("all with {}", list(&always)));
    }
    format!("{}; {ends}.", told.join(", "))
}

/// Whether any network beats the best line with its number of pieces.
#[must_use]
pub fn pieces(found: &Pieces) -> String {
    let (closest, median) = found.over;
    let runs = count(found.trained.len(), "run");
    let verdict = if found.below.is_empty() {
        format!(
            "No network of {runs} beats the best line with its number of straight pieces; the closest has {} times its error",
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
        format!("; with their number the error goes as its power {}, where the best goes as −2", significant(power, 2))
    });
    format!("{verdict}, the median {}{}.", ratio(median), power.unwrap_or_default())
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
        told.push(format!("Inside the range {below} of {forms} are below the affine floor of {}", number(floor)));
    }
    let best_inside = inside(best).map(|inside| format!(", {} inside", number(inside))).unwrap_or_default();
    let start = if told.is_empty() { format!("Of {forms} the") } else { "beyond it the".to_owned() };
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
            0 => format!("none does better than the tangent at the end, {}", number(levels.tangent)),
            n => format!(
                "{n} {} better than the tangent at the end, {} ({})",
                if n == 1 { "does" } else { "do" },
                number(levels.tangent),
                named(&tangent, 6)
            ),
        });
        let worse = found.forms.iter().filter(|form| form.beyond.median > levels.constant).count();
        if worse > 0 {
            let are = if worse == 1 { "is" } else { "are" };
            told.push(format!(
                "{worse} {are} worse than the answer for the largest number, {}",
                number(levels.constant)
            ));
        }
    }
    if let Some(times) = sorted.get(sorted.len() / 2) {
        told.push(format!("in the median form the error grows {} times", ratio(*times)));
    }
    format!("{}.", told.join("; "))
}

/// Which size or depth is best.
#[must_use]
pub fn sizes(found: &Sizes) -> String {
    let ends = |budget: &Budget| {
        let best = budget.shapes.iter().min_by(|a, b| a.error.median.total_cmp(&b.error.median))?;
        let worst = budget.shapes.iter().max_by(|a, b| a.error.median.total_cmp(&b.error.median))?;
        Some((best.clone(), worst.clone()))
    };
    let part = |compared: &Compared| -> Option<String> {
        let label = if compared.label.is_empty() { String::new() } else { format!("{}: ", compared.label) };
        if found.by_depth {
            let budget = |budget: &Budget| {
                let (best, worst) = ends(budget)?;
                Some(format!(
                    "with about {} parameters the best is {} ({}), the worst {} ({})",
                    number(budget.parameters),
                    count(best.layers, "hidden layer"),
                    number(best.error.median),
                    count(worst.layers, "hidden layer"),
                    number(worst.error.median)
                ))
            };
            let budgets: Vec<String> = compared.budgets.iter().filter_map(budget).collect();
            return Some(format!("{label}{}", budgets.join(", ")));
        }
        let (small, large) = (compared.budgets.first()?.shapes.first()?, compared.budgets.last()?.shapes.last()?);
        let shapes = compared.budgets.iter().flat_map(|budget| &budget.shapes);
        let best = shapes.min_by(|a, b| a.error.median.total_cmp(&b.error.median))?;
        Some(format!(
            "{label}from {} with {} parameters to {} with {}, best {} with {}",
            number(small.error.median),
            number(small.parameters),
            number(large.error.median),
            number(large.parameters),
            number(best.error.median),
            number(best.parameters)
        ))
    };
    let parts: Vec<String> = found.compared.iter().filter_map(part).collect();
    let more = parts.len().saturating_sub(4);
    let more = if more > 0 { format!("; {more} more comparisons are in the figure") } else { String::new() };
    let parts: Vec<String> = parts.into_iter().take(4).collect();
    format!("Median {} by {}. {}{more}.", found.column, if found.by_depth { "depth" } else { "size" }, parts.join("; "))
}

/// How much of the task the way of writing does.
#[must_use]
pub fn written(found: &Written) -> String {
    let own: Vec<&Encoded> = found.ways.iter().collect();
    let ways = count(own.len(), "way");
    let mut told = Vec::new();
    let solved = |network: &dyn Fn(&Encoded) -> Option<f64>| -> Option<(usize, Vec<String>)> {
        let bare = found.bare?;
        let tried = own.iter().filter_map(|way| Some((*way, network(way)?))).collect::<Vec<_>>();
        let mut solved: Vec<(&Encoded, f64)> =
            tried.iter().copied().filter(|(_, error)| *error < bare / crate::analysis::findings::MUCH).collect();
        solved.sort_by(|a, b| a.1.total_cmp(&b.1));
        let named = solved.iter().map(|(way, error)| format!("{} {}", way.label, number(*error))).collect();
        (!tried.is_empty()).then_some((tried.len(), named))
    };
    let linear = |way: &Encoded| way.linear.as_ref().map(|(_, error)| error.median);
    let curved = |way: &Encoded| way.curved.as_ref().map(|(_, error)| error.median);
    for (name, solved) in [("linear networks", solved(&linear)), ("networks with a nonlinearity", solved(&curved))] {
        if let Some((tried, solved)) = solved {
            told.push(match solved.len() {
                0 => format!("{name} get below a tenth of the bare number's floor with none of {tried}"),
                n => format!(
                    "{name} get below a tenth of the bare number's floor with {n} of {tried} ({})",
                    named(&solved, 4)
                ),
            });
        }
    }
    if found.reached.1 > 0 {
        told.push(format!(
            "the best linear network ends within 1\u{a0}% of its own floor with {} of {} that have one",
            found.reached.0, found.reached.1
        ));
    }
    if told.is_empty() {
        let best = own.iter().filter_map(|way| Some((way, linear(way).or_else(|| curved(way))?)));
        let best = best.min_by(|a, b| a.1.total_cmp(&b.1));
        told.extend(best.map(|(way, error)| format!("the best is {} with {}", way.label, number(error))));
    }
    format!("Of {ways} to write the number, {}.", told.join("; "))
}

/// How learning goes over the epochs, and where it ends for each value of the setting that has the colours.
#[must_use]
pub fn courses(found: &Courses, ends: Option<&(String, Vec<(String, f64)>)>) -> String {
    let of = count(found.configurations, "configuration");
    let going = match found.going {
        _ if found.configurations == 1 => {
            format!("The only configuration was {}still falling", if found.going == 1 { "" } else { "not " })
        }
        0 => format!("Of {of} none was still falling"),
        n => format!("Of {of} {n} {} still falling", if n == 1 { "was" } else { "were" }),
    };
    let share = percent(crate::analysis::findings::GOING);
    let mut told = vec![format!("{going} by more than {share} over the last half of the epochs, in the median")];
    if found.broken > 0 {
        let have = if found.broken == 1 { "has" } else { "have" };
        told.push(format!("{} {have} runs that left the numbers", found.broken));
    }
    if let Some((label, start, end)) = found.best.as_ref().filter(|_| found.configurations > 1) {
        told.push(format!("the lowest at the end is {label}, from {} to {}", number(*start), number(*end)));
    }
    if let Some((setting, ends)) = ends {
        let ends: Vec<String> = ends.iter().map(|(level, end)| format!("{level} {}", number(*end))).collect();
        told.push(format!("the lowest median at the end by {setting}: {}", list(&ends)));
    }
    format!("{}.", told.join("; "))
}

/// What networks answer to the furthest number.
#[must_use]
pub fn fan(furthest: f64, target: f64, answers: &[(String, f64)]) -> String {
    let told: Vec<String> = answers.iter().map(|(form, answer)| format!("{form} {}", number(*answer))).collect();
    format!(
        "To {}, where {} is right, the answers are, from the best form beyond the range to the worst, in the median: {}.",
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
