//! Sentences on the founding question: sums, squares against the floor, and what helps.

use super::{list, lower, spread};
use crate::analysis::founding::{
    Alternative, Below, CLEARLY_BELOW, Encoded, Encodings, FEW_TIMES, Fixes, LINE, Pace, Squares, Sums, anchors,
};
use crate::analysis::{Analysis, Founding};
use crate::report::number::{count, fixed, number, percent, ratio, significant};

/// The answer in a few paragraphs: why, sums, squares, what helps, and what does without.
#[must_use]
pub fn answer(analysis: &Analysis, found: &Founding) -> Vec<String> {
    let why = found.squares.as_ref().filter(|squares| squares.deviation.is_some());
    let mut answer: Vec<String> = why.map(why_lines).into_iter().collect();
    answer.extend(found.sums.as_ref().map(sums));
    answer.extend(found.squares.as_ref().map(squares));
    if let Some(fixes) = &found.fixes {
        let parts = [Some(fix(analysis, fixes)), needed(fixes)];
        answer.push(parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
        answer.extend(found.encodings.as_ref().and_then(|encodings| shortcut(encodings, fixes)));
    } else if let Some(encoded) = &found.encodings {
        answer.push(encodings(encoded));
    }
    answer
}

/// Why sums and squares differ: layers without an activation are one line, as far as predictions show it.
fn why_lines(squares: &Squares) -> String {
    match &squares.deviation {
        Some(deviation) if squares.bent.is_empty() => format!(
            "Layers without an activation make one straight line, however many there are: none of {} bends by more than {} of the targets' range.",
            count(deviation.n(), "such network"),
            significant(deviation.max, 2)
        ),
        _ => lines(squares),
    }
}

/// The best encoding, where a linear network does better with it than any other network without.
fn shortcut(encodings: &Encodings, fixes: &Fixes) -> Option<String> {
    let best = encodings.tried.first().filter(|best| best.domain.mean < fixes.domain.mean)?;
    let (label, mean) = (&best.label, number(best.domain.mean));
    Some(format!("With {label}, even a linear network reaches {mean}."))
}

/// Linear networks on sums.
#[must_use]
pub fn sums(sums: &Sums) -> String {
    let n = sums.rounded.n();
    let rounded = if sums.exact == n {
        let missing = match sums.rounded.missing {
            0 => String::new(),
            missing => format!(" that ended with one ({} did not)", count(missing, "run")),
        };
        format!(
            "On sums a linear network is right: rounded to whole numbers, its training RMSE is 0 in {}{missing}",
            all(n)
        )
    } else if sums.exact > 0 {
        format!(
            "On sums {} of {} end with a training RMSE of exactly 0 after rounding, the worst with {}",
            sums.exact,
            count(n, "linear network"),
            number(sums.rounded.max)
        )
    } else {
        format!(
            "On sums no linear network is right: after rounding the training RMSE is {} to {} over {}",
            number(sums.rounded.min),
            number(sums.rounded.max),
            count(n, "run")
        )
    };
    match &sums.domain {
        Some(domain) if domain.n() > 1 => format!(
            "{rounded}, and unrounded its RMSE over the whole domain is {} (median; at most {}).",
            significant(domain.median, 2),
            significant(domain.max, 2)
        ),
        Some(domain) => {
            format!("{rounded}, and unrounded its RMSE over the whole domain is {}.", significant(domain.mean, 2))
        }
        None => format!("{rounded}."),
    }
}

fn all(n: usize) -> String {
    match n {
        1 => "the only run".into(),
        2 => "both runs".into(),
        n => format!("all {n} runs"),
    }
}

/// Linear networks on squares: beside the question's number, and against the floor.
#[must_use]
pub fn squares(squares: &Squares) -> String {
    let ends = squares.seed.as_ref().map(|seed| {
        let range = match seed.rmse.n() {
            1 => String::new(),
            n => format!("median of {n} runs, {} to {}; ", number(seed.rmse.min), number(seed.rmse.max)),
        };
        let printed = fixed(anchors::SQUARES_RMSE, 0);
        format!("ends at a training RMSE of {} ({range}the question prints {printed})", number(seed.rmse.median))
    });
    match ends {
        Some(ends) => format!("On squares a linear network {ends}. {}", floor(squares)),
        None => format!("On squares {}", lower(&floor(squares))),
    }
}

/// Whether any linear network got below the floor.
#[must_use]
pub fn floor(squares: &Squares) -> String {
    let n = squares.excess.n();
    let floor = match (squares.floor, squares.largest) {
        (Some(floor), Some(largest)) => {
            format!("the {} of the best line over 1 to {}", number(floor), number(largest))
        }
        _ => "the RMSE of the best line".into(),
    };
    let closest = ratio(squares.excess.min);
    if squares.below.is_empty() {
        let reached = format!("{} of {} came within 1\u{a0}% of it", squares.at_floor, count(n, "run"));
        format!("No linear network got below {floor}; the closest reached {closest} times that, and {reached}.")
    } else {
        format!(
            "{} of {} went below {floor}, down to {closest} times that, which theory says no line can.",
            squares.below.len(),
            count(n, "linear run"),
        )
    }
}

/// Whether linear networks are lines.
#[must_use]
pub fn lines(squares: &Squares) -> String {
    let Some(deviation) = &squares.deviation else {
        return "How far linear networks are from a line was not measured.".into();
    };
    let worst = significant(deviation.max, 2);
    if squares.bent.is_empty() && deviation.n() == 1 {
        format!(
            "The linear network is a straight line: no prediction is further from one than {worst} of the targets' range."
        )
    } else if squares.bent.is_empty() {
        let runs = count(deviation.n(), "linear network");
        format!("All {runs} are straight lines: no prediction is further from one than {worst} of the targets' range.")
    } else {
        format!(
            "{} of {} are not straight lines: predictions lie up to {worst} of the targets' range from one, where {} was allowed.",
            squares.bent.len(),
            count(deviation.n(), "linear network"),
            number(LINE)
        )
    }
}

/// The best network with a nonlinearity.
fn fix(analysis: &Analysis, fixes: &Fixes) -> String {
    let label = &analysis.groups[fixes.best].label;
    let result = format!("an RMSE of {} over the whole domain ({})", number(fixes.domain.mean), spread(&fixes.domain));
    match fixes.floor {
        Some(floor) if fixes.domain.mean < floor => {
            let times = match fixes.domain.mean {
                0.0 => String::new(),
                mean => format!(", {} times below the floor", ratio(floor / mean)),
            };
            format!("What helps: the best network on the bare number is {label}, with {result}{times}.")
        }
        Some(floor) => format!(
            "A nonlinearity alone did not help: the best of {} with one, {label}, has {result}, not below the floor of {}.",
            count(fixes.tried, "configuration"),
            number(floor)
        ),
        None => format!("The best network with a nonlinearity is {label}, with {result}."),
    }
}

/// Which parts of the best network are needed, by the best without each.
fn needed(fixes: &Fixes) -> Option<String> {
    let matters = |alternative: &Option<Alternative>| alternative.as_ref().map(|a| a.times >= FEW_TIMES);
    let (activation, scale) = (&fixes.without_activation, &fixes.at_seed_scale);
    let told: Vec<String> = [("without a nonlinearity", activation), ("at the question's scale", scale)]
        .into_iter()
        .filter_map(|(what, alternative)| {
            let alternative = alternative.as_ref()?;
            Some(format!("{what} has {} ({} times as much)", number(alternative.domain.mean), ratio(alternative.times)))
        })
        .collect();
    let bound = fixes.floor.filter(|floor| activation.is_none() && *floor >= FEW_TIMES * fixes.domain.mean);
    let bound = bound.map(|floor| format!("no linear network can have less than {}", number(floor)));
    let verdict = match (matters(activation).or(bound.is_some().then_some(true)), matters(scale)) {
        (None, None) => return None,
        (Some(true), Some(true)) => "It needs both changes",
        (Some(true), Some(false)) => "It needs the nonlinearity, and the scale less",
        (Some(false), Some(true)) => "It needs the other scale, and the nonlinearity less",
        (Some(false), Some(false)) => "Neither change alone matters much",
        (Some(true), None) => "It needs the nonlinearity",
        (Some(false), None) => "The nonlinearity matters little",
        (None, Some(true)) => "It needs the other scale",
        (None, Some(false)) => "The scale matters little",
    };
    let told = (!told.is_empty()).then(|| format!("the best {}", list(&told)));
    let reasons: Vec<String> = bound.into_iter().chain(told).collect();
    Some(format!("{verdict}, for {}.", list(&reasons)))
}

/// Sums and squares side by side, as the question measures.
#[must_use]
pub fn both(sums: Option<&Sums>, squares: Option<&Squares>) -> Option<String> {
    let (rounded, seed) = (&sums?.rounded, squares?.seed.as_ref()?);
    let best = match &seed.in_sample {
        Some(floor) => format!("; the best line on those very draws has {}", number(floor.median)),
        None => String::new(),
    };
    Some(format!(
        "By the question's own measure linear networks have an RMSE of {} on sums and of {} on squares (medians of {} and {}){best}.",
        number(rounded.median),
        number(seed.rmse.median),
        rounded.n(),
        count(seed.rmse.n(), "run")
    ))
}

/// How many runs with a nonlinearity got below the floor, by scale.
#[must_use]
pub fn below(fixes: &Fixes) -> Option<String> {
    let [seed, other] = fixes.below;
    let part =
        |below: Below, scale: &str| (below.runs > 0).then(|| format!("{} of {} {scale}", below.below, below.runs));
    let parts = [part(seed, "at the question's scale"), part(other, "at other scales")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("With a nonlinearity runs got below it: {}.", list(&parts)))
}

/// How fast networks got below the floor.
#[must_use]
pub fn paces(paces: &[Pace]) -> String {
    let part = |pace: &Pace| {
        let name = pace.activation.as_deref().unwrap_or("no hidden layer");
        match pace.median() {
            Some(median) => {
                format!(
                    "{name} after {} epochs ({} of {} get there)",
                    number(median),
                    pace.epochs.len(),
                    count(pace.runs, "run")
                )
            }
            None => format!("{name} never ({})", count(pace.runs, "run")),
        }
    };
    let parts: Vec<String> = paces.iter().map(part).collect();
    let margin = percent(1.0 - CLEARLY_BELOW);
    format!("The error on fresh draws falls more than {margin} below the floor, in the median: {}.", list(&parts))
}

/// Linear networks on encoded numbers.
#[must_use]
pub fn encodings(encodings: &Encodings) -> String {
    let solved = |floor: Option<f64>, value: f64| floor.is_some_and(|floor| value < floor / FEW_TIMES);
    let result = |encoded: &Encoded| {
        let floor = match encoded.floor {
            Some(floor) if floor > 0.0 => format!(" (its own floor is {})", number(floor)),
            _ => String::new(),
        };
        format!("{} with {}{floor}", number(encoded.domain.mean), encoded.label)
    };
    let part = |wanted: bool| -> Vec<String> {
        let bare = encodings.bare_floor;
        encodings.tried.iter().filter(|encoded| solved(bare, encoded.domain.mean) == wanted).map(result).collect()
    };
    let (helps, does_not) = (part(true), part(false));
    match (helps.is_empty(), does_not.is_empty()) {
        (true, _) => format!(
            "Written another way, squares stay out of a linear network's reach: its RMSE is {}.",
            list(&does_not)
        ),
        (false, true) => {
            format!(
                "A linear network fits squares of a number that is written another way: its RMSE is {}.",
                list(&helps)
            )
        }
        (false, false) => format!(
            "A linear network fits squares of a number that is written in the right way: its RMSE is {}. Other ways do not help: {}.",
            list(&helps),
            list(&does_not)
        ),
    }
}

/// What the printed pairs say by themselves.
///
/// # Panics
/// Never: sixteen points make a line.
#[must_use]
pub fn printed_pairs() -> String {
    let line = crate::analysis::founding::lines::fit(&anchors::points()).expect("sixteen points make a line");
    format!(
        "The question's own output says so: its {} printed predictions lie on the line {}·x − {} to within {}, which is their rounding.",
        anchors::PAIRS.len(),
        fixed(line.slope, 2),
        fixed(-line.intercept, 0),
        fixed(line.largest, 2)
    )
}

/// Share of the numbers that training draws hit, for the theory box.
#[must_use]
pub fn coverage() -> String {
    percent(crate::analysis::theory::coverage(anchors::LARGEST, anchors::EXAMPLES))
}
