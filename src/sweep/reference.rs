//! The reference of all parameters, in Markdown, made from the parameter table.

use std::fmt::Write;

use crate::config::{Argument, Field, Kind, NONE, PARAMETERS, Parameter, Section, Word};

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
        _ if parameter.optional => format!("{} or `{NONE}`", parameter.kind),
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

/// What the words of these parameters mean, or their settings where they have several.
fn words(parameters: &[&Parameter]) -> String {
    let names: Vec<String> = parameters.iter().map(|parameter| format!("`{}`", parameter.name)).collect();
    let mut out = format!("\n{}:\n\n", names.join(", "));
    match parameters[0].kind {
        Kind::Words(words) => words.iter().for_each(|known| write(&mut out, &word(known))),
        Kind::Fields(fields) => fields.iter().for_each(|known| write(&mut out, &field(known, ""))),
        _ => return String::new(),
    }
    out
}

/// The line of a word, with those of its settings where it has several.
fn word(word: &Word) -> String {
    let doc = word.doc.trim();
    match word.argument {
        None => format!("- `{}`: {doc}\n", form(word)),
        Some(Argument { kind: Kind::Fields(fields), .. }) => {
            let names: Vec<String> = fields.iter().map(|field| format!("{}: …", field.name)).collect();
            let settings: Vec<String> = fields.iter().map(|known| field(known, "  ")).collect();
            format!("- `{{{}: {{{}}}}}`: {doc}\n{}", word.name, names.join(", "), settings.concat())
        }
        Some(argument) => format!("- `{}`: {doc} `{}` is {}.\n", form(word), argument.name, argument.kind),
    }
}

/// The line of one of several settings.
fn field(field: &Field, indent: &str) -> String {
    let values = match field.kind {
        Kind::Words(words) => words.iter().map(|word| format!("`{}`", form(word))).collect::<Vec<_>>().join(", "),
        kind => kind.to_string(),
    };
    let default = field.default.map_or("must be given".into(), |default| format!("default {default}"));
    format!("{indent}- `{}`: {} It is {values}; {default}.\n", field.name, field.doc.trim())
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
