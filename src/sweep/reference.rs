//! The reference of all parameters, in Markdown, made from the parameter table.

use std::fmt::Write;

use crate::config::{Kind, PARAMETERS, Parameter, Section, Word};

/// A table of the parameters of each section, and below them what each word means.
#[must_use]
pub fn parameter_table() -> String {
    let mut out = String::new();
    for section in [Section::Problem, Section::Representation, Section::Network, Section::Training] {
        let parameters: Vec<&Parameter> = PARAMETERS.iter().filter(|known| known.section == section).collect();
        write(
            &mut out,
            &format!("## {section:?}\n\n| parameter | values | default | has an effect when | meaning |\n"),
        );
        write(&mut out, "|---|---|---|---|---|\n");
        for parameter in &parameters {
            write(&mut out, &row(parameter));
        }
        for (i, parameter) in parameters.iter().enumerate() {
            // Parameters that take the same words share one list of them.
            let same: Vec<&Parameter> =
                parameters.iter().filter(|other| other.kind == parameter.kind).copied().collect();
            if !parameters[..i].iter().any(|earlier| earlier.kind == parameter.kind) {
                write(&mut out, &words(&same));
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn write(out: &mut String, text: &str) {
    out.write_str(text).expect("a string takes everything");
}

fn row(parameter: &Parameter) -> String {
    let values = match parameter.kind {
        Kind::Words(words) => words.iter().map(|word| format!("`{}`", form(word))).collect::<Vec<_>>().join(", "),
        _ => parameter.kind.to_string(),
    };
    let when = if parameter.when.is_empty() { "always" } else { parameter.when };
    format!("| `{}` | {values} | {} | {when} | {} |\n", parameter.name, parameter.default, parameter.doc)
}

/// A word as it is written, with a name for its argument.
fn form(word: &Word) -> String {
    match word.argument {
        None => word.name.into(),
        Some(argument) => format!("{{{}: {}}}", word.name, argument.name),
    }
}

/// What the words of these parameters mean.
fn words(parameters: &[&Parameter]) -> String {
    let Kind::Words(words) = parameters[0].kind else { return String::new() };
    let names: Vec<String> = parameters.iter().map(|parameter| format!("`{}`", parameter.name)).collect();
    let mut out = format!("\n{}:\n\n", names.join(", "));
    for word in words {
        let takes = match word.argument {
            None => String::new(),
            Some(argument) => format!(" The {} is {}.", argument.name, argument.kind),
        };
        write(&mut out, &format!("- `{}`: {}{takes}\n", form(word), word.doc.trim()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_a_row_of_five_cells() {
        let table = parameter_table();
        for parameter in PARAMETERS {
            let start = format!("| `{}` |", parameter.name);
            let row = table.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{start}"));
            assert_eq!(row.matches('|').count(), 6, "{row}");
        }
        assert!(table.contains("- `{polynomial: degree}`: "), "{table}");
    }
}
