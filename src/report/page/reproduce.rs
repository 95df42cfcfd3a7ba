//! How to get the same results again, and where they came from.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::analysis::environments::Facts;
use crate::report::Input;
use crate::report::number::count;

/// Commands with what each is for.
pub(super) fn commands(input: &Input, analysis: &Analysis) -> Vec<String> {
    let name = quoted(&input.name);
    let words: Vec<String> = std::iter::once("ablate run sweep.yaml".to_owned())
        .chain(input.overrides.iter().map(|text| quoted(text)))
        .collect();
    let mut commands = vec![
        format!("{}    # train what is missing, then report", words.join(" ")),
        format!("ablate report {name}    # this page again, from saved results"),
        format!("ablate runs {name} --sort {}    # every run as a table", quoted(&input.metric.name)),
    ];
    commands.push(format!("ablate verify {name} --sample 5%    # train some runs again, and compare every bit"));
    let best = analysis.groups.first().and_then(|group| group.rows.first());
    if let Some(&row) = best {
        commands.push(format!(
            "ablate show {}    # one run: parameters, measures, curve",
            quoted(&analysis.records.runs[row].id)
        ));
    }
    commands
}

/// Each environment with what decides bits in it, as far as that was kept, and its runs.
pub(super) fn environments(analysis: &Analysis, facts: &Facts) -> Vec<String> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for run in &analysis.records.runs {
        let environment = run.environment.as_deref().unwrap_or("not known");
        *counts.entry((environment, run.device.as_deref().unwrap_or("an unknown device"))).or_default() += 1;
    }
    let line = |((environment, device), n): ((&str, &str), usize)| {
        let known = facts.get(environment).into_iter().flatten();
        let facts: Vec<String> = known.map(|(name, value)| format!("{name} {value}")).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        format!("{environment}{facts}: {} on {device}", count(n, "run"))
    };
    counts.into_iter().map(line).collect()
}

/// Text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-=,/:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
