//! Sentences on runs from several environments: nothing is said where there is one.

use super::list;
use crate::analysis::environments::{Facts, differences};
use crate::analysis::{Analysis, Class, Design, Problem};
use crate::report::number::{count, whole};

/// Characters of an environment's id that stand for it in sentences.
const SHORT: usize = 8;

/// `6aac785c`: an environment in a sentence.
#[must_use]
pub fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// `2 environments, 190 runs from 6aac785c and 5 from 0f31c2aa`.
#[must_use]
pub fn split<'a>(counts: impl IntoIterator<Item = (&'a str, usize)>) -> String {
    let counts: Vec<(&str, usize)> = counts.into_iter().collect();
    let one = |(place, (id, n)): (usize, &(&str, usize))| {
        let n = if place == 0 { count(*n, "run") } else { whole(*n) };
        format!("{n} from {}", short(id))
    };
    let parts: Vec<String> = counts.iter().enumerate().map(one).collect();
    format!("{}, {}", count(counts.len(), "environment"), list(&parts))
}

/// Where these runs come from, where that is several environments.
#[must_use]
pub fn of_runs(analysis: &Analysis, rows: &[usize]) -> Option<String> {
    let split = analysis.environments.as_ref()?.split(rows);
    (split.len() > 1).then(|| {
        let counts = split.iter().map(|(class, n)| (class.id.as_str(), *n));
        format!("Its runs come from {}.", self::split(counts))
    })
}

/// What several environments do to a ranking.
#[must_use]
pub fn of_ranking(analysis: &Analysis, problem: &Problem) -> Option<String> {
    let environments = analysis.environments.as_ref()?;
    let rows_of = |group: usize| analysis.groups[group].rows.as_slice();
    let rows: Vec<usize> = problem.groups.iter().flat_map(|&group| rows_of(group)).copied().collect();
    let mut told = vec![of_runs(analysis, &rows)?];
    let mixed = problem.groups.iter().filter(|&&group| environments.are_mixed(rows_of(group))).count();
    if mixed > 0 {
        let have = if mixed == 1 { "has" } else { "have" };
        told.push(format!("{} {have} runs from several.", count(mixed, "configuration")));
    }
    if let [first, second, ..] = problem.groups[..]
        && environments.are_mixed(&[rows_of(first), rows_of(second)].concat())
    {
        let first = "The first and the second do not come from the same one, so what lies between them may be the environment's.";
        told.push(first.into());
    }
    Some(told.join(" "))
}

/// What several environments do to shares of the variance.
#[must_use]
pub fn of_design(analysis: &Analysis, design: &Design) -> Option<String> {
    let told = of_runs(analysis, &design.rows)?;
    let along = analysis.environments.as_ref()?.confounded(design);
    if along.is_empty() {
        return Some(told);
    }
    let names: Vec<String> = along.iter().map(|&axis| design.axes[axis].label()).collect();
    Some(format!(
        "{told} Each value of {} comes from one alone, so what goes with it may be the environment's.",
        list(&names)
    ))
}

/// How many configurations have replicates from several environments.
#[must_use]
pub fn of_replicates(analysis: &Analysis) -> Option<String> {
    let environments = analysis.environments.as_ref()?;
    let mixed = analysis.groups.iter().filter(|group| environments.are_mixed(&group.rows)).count();
    (mixed > 0).then(|| {
        let (has, their) = if mixed == 1 { ("has", "its") } else { ("have", "their") };
        format!(
            "{} {has} replicates from several environments: {their} spread is not luck of the seed alone.",
            count(mixed, "configuration")
        )
    })
}

/// That there are several, in a short sentence.
#[must_use]
pub fn several(analysis: &Analysis) -> Option<String> {
    let environments = analysis.environments.as_ref()?;
    Some(format!("Runs come from {}.", count(environments.classes.len(), "environment")))
}

/// Where runs come from, what differs there, and what is compared across.
#[must_use]
pub fn limits(analysis: &Analysis, facts: &Facts) -> Vec<String> {
    let Some(environments) = &analysis.environments else { return Vec::new() };
    let classes = &environments.classes;
    let counts = classes.iter().map(|class| (class.id.as_str(), class.runs));
    let unknown = match environments.unknown {
        0 => String::new(),
        n => format!("; of {} it is not known", whole(n)),
    };
    vec![
        format!("Runs come from {}{unknown}. {}", split(counts), differ(classes, facts)),
        "Within one environment equal runs have equal digests. Between two the last bits may differ, and training can make more of that: \
         where a comparison crosses from one to the other, a part of the difference may be theirs."
            .into(),
        match &crossing(analysis)[..] {
            [] => "Nothing that is compared here does so.".into(),
            crossing => format!("This concerns {}.", list(crossing)),
        },
    ]
}

fn differ(classes: &[Class], facts: &Facts) -> String {
    let different = differences(classes, facts);
    if different.is_empty() {
        return "What differs between them was not kept.".into();
    }
    let one = |(name, values): &(String, Vec<Option<String>>)| {
        let values: Vec<&str> = values.iter().map(|value| value.as_deref().unwrap_or("none")).collect();
        format!("{name} ({})", values.join("; "))
    };
    format!("In this order they differ in {}.", list(&different.iter().map(one).collect::<Vec<_>>()))
}

/// What is compared across environments: rankings, replicates, designs, claims.
fn crossing(analysis: &Analysis) -> Vec<String> {
    let Some(environments) = &analysis.environments else { return Vec::new() };
    let rankings = analysis.problems.iter().filter(|problem| {
        let rows: Vec<usize> =
            problem.groups.iter().flat_map(|&group| analysis.groups[group].rows.iter().copied()).collect();
        problem.groups.len() > 1 && environments.are_mixed(&rows)
    });
    let replicates = analysis.groups.iter().filter(|group| environments.are_mixed(&group.rows)).count();
    let designs = analysis.importances.iter().filter(|one| environments.are_mixed(&one.design.rows)).count();
    let claims = analysis.verdicts.iter().filter(|verdict| verdict.environments.len() > 1).count();
    let of = |n: usize, all: usize, before: &str, what: &str| {
        (n > 0).then(|| format!("{before}{} of {}", whole(n), count(all, what)))
    };
    let parts = [
        of(rankings.count(), analysis.problems.len(), "", "ranking"),
        of(replicates, analysis.groups.len(), "the replicates of ", "configuration"),
        of(designs, analysis.importances.len(), "what matters in ", "design"),
        of(claims, analysis.verdicts.len(), "the runs of ", "claim"),
    ];
    parts.into_iter().flatten().collect()
}
