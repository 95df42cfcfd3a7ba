//! Whether a parameter has an effect at a point, and whether the point has a value of it.

use crate::config::{Assignment, Configuration, Kind, NONE, Parameter, Value};

/// Whether a parameter has an effect at a point: whether another value of it could make another configuration.
#[must_use]
pub fn is_live(assignment: &Assignment, configuration: &Configuration, parameter: &Parameter) -> bool {
    // Equal widths that are listed are kept as depth and width, which are then the list's and nobody else's.
    let listed = assignment.get("hidden").is_some_and(|widths| *widths != Value::Word(NONE.into()));
    if matches!(parameter.name, "depth" | "width") && listed {
        return false;
    }
    // A word may act through other parameters, as `input_normalization` does where both sides are scaled alike, or be
    // overruled by them, as `normalization` is where both sides are set: only trying other words tells.
    let Kind::Words(words) = parameter.kind else { return (parameter.applies)(configuration) };
    words.iter().filter(|word| word.argument.is_none()).any(|word| {
        let value = Value::Word(word.name.into());
        with(assignment, parameter, &value).is_some_and(|other| other != *configuration)
    })
}

/// Whether a point has this value of a parameter, written or by default: whether the parameter has an effect there,
/// and writing the value would change nothing.
#[must_use]
pub fn has(assignment: &Assignment, configuration: &Configuration, parameter: &Parameter, value: &Value) -> bool {
    // Only these have values that are written differently and train alike: a batch of all examples, equal widths, a
    // polynomial of degree one, a schedule that never changes anything.
    let ambiguous = matches!(parameter.kind, Kind::CountOrFull | Kind::Widths { .. }) || matches!(value, Value::Map(_));
    if (parameter.applies)(configuration) && !ambiguous {
        let value = Some(value).filter(|value| !parameter.is_none(value));
        return parameter.get(configuration).as_ref() == value;
    }
    with(assignment, parameter, value).is_some_and(|other| other == *configuration)
        && is_live(assignment, configuration, parameter)
}

/// The configuration of a point with another value of one parameter.
fn with(assignment: &Assignment, parameter: &Parameter, value: &Value) -> Option<Configuration> {
    let mut changed = assignment.clone();
    changed.insert(parameter.name, value.clone());
    Configuration::of(&changed).ok()
}
