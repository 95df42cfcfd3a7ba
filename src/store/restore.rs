//! From a row of the table of runs back to the configuration that was trained.

use polars::prelude::{AnyValue, DataFrame};

use super::error::{Error, Result};
use crate::config::{Argument, Assignment, Configuration, Id, Kind, PARAMETERS, Parameter, Value, configuration_id};

/// The configuration of the run in a row. It is checked against the id that was recorded with it.
///
/// # Errors
/// [`Error::Query`] when the row is not one that this version can train, with the reason.
pub fn configuration(runs: &DataFrame, row: usize) -> Result<Configuration> {
    let configuration = restored(runs, row)?;
    let recorded = runs.column("config").and_then(|column| column.str()).ok().and_then(|ids| ids.get(row));
    let computed = configuration_id(&configuration);
    if recorded.and_then(|id| id.parse::<Id>().ok()) == Some(computed) {
        Ok(configuration)
    } else {
        let recorded = recorded.unwrap_or("none");
        Err(Error::Query(format!(
            "the parameters of this run belong to configuration {computed}, and {recorded} was recorded: another \
             version of Ablate trained it, with parameters that this one does not have"
        )))
    }
}

/// The configuration that the parameters in a row are, whatever id was recorded with them.
///
/// # Errors
/// [`Error::Query`] when this version cannot train it, with the reason.
pub fn restored(runs: &DataFrame, row: usize) -> Result<Configuration> {
    let mut assignment = Assignment::new();
    for parameter in PARAMETERS {
        let Ok(column) = runs.column(parameter.name) else { continue };
        let value = column.get(row).map_err(|error| Error::Query(error.to_string()))?;
        if let Some(value) = written(parameter, &value)? {
            assignment.insert(parameter.name, value);
        }
    }
    Configuration::of(&assignment).map_err(|error| Error::Query(error.to_string()))
}

/// The value as a column shows it; `None` where there is none.
pub(super) fn shown(parameter: &Parameter, value: &AnyValue<'_>) -> Option<String> {
    match value {
        AnyValue::Null => None,
        // The text of a column is the value's own, whether this version can train it or not.
        AnyValue::String(text) => Some((*text).to_owned()),
        AnyValue::StringOwned(text) => Some(text.to_string()),
        _ => written(parameter, value).ok().flatten().map(|value| value.to_string()),
    }
}

/// The value as a sweep file would have it.
pub(super) fn written(parameter: &Parameter, value: &AnyValue<'_>) -> Result<Option<Value>> {
    Ok(match value {
        AnyValue::Null => None,
        AnyValue::Boolean(flag) => Some(Value::Flag(*flag)),
        AnyValue::Int64(whole) => Some(Value::Whole(*whole)),
        AnyValue::Float64(number) => Some(Value::Number(*number)),
        AnyValue::String(text) => Some(parse(&parameter.kind, text).ok_or_else(|| unknown(parameter, text))?),
        AnyValue::StringOwned(text) => Some(parse(&parameter.kind, text).ok_or_else(|| unknown(parameter, text))?),
        other => return Err(unknown(parameter, &other.to_string())),
    })
}

fn unknown(parameter: &Parameter, text: &str) -> Error {
    Error::Query(format!("`{}` is `{text}`, which this version of Ablate cannot train", parameter.name))
}

/// Reads the text that `Value`'s display made: `relu`, `polynomial(3)`, `[20, 100]`, `every=10, factor=0.5`.
fn parse(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Widths { .. } => {
            let items = text.strip_prefix('[')?.strip_suffix(']')?.split(',').map(str::trim);
            let widths = items.filter(|item| !item.is_empty()).map(|item| item.parse().ok().map(Value::Whole));
            widths.collect::<Option<Vec<_>>>().map(Value::List)
        }
        Kind::Words(words) => match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            None => Some(Value::Word(text.to_owned())),
            Some((name, argument)) => {
                let Argument { kind, .. } = words.iter().find(|word| word.name == name)?.argument?;
                Some(Value::Map(vec![(name.to_owned(), parse(kind, argument)?)]))
            }
        },
        Kind::Whole { .. } | Kind::CountOrFull => text.parse().ok().map(Value::Whole),
        Kind::Number { .. } => text.parse().ok().map(Value::Number),
        Kind::Flag => text.parse().ok().map(Value::Flag),
        Kind::Fields(fields) => {
            let entries = text.split(", ").map(|entry| {
                let (name, value) = entry.split_once('=')?;
                let field = fields.iter().find(|field| field.name == name)?;
                Some((name.to_owned(), parse(field.kind, value)?))
            });
            entries.collect::<Option<_>>().map(Value::Map)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back() {
        let whole = |name: &str, value| (name.to_owned(), Value::Whole(value));
        let step = vec![whole("every", 10), ("factor".to_owned(), Value::Number(1e-7))];
        let stop = vec![("metric".to_owned(), Value::Word("train_loss".into())), whole("patience", 5)];
        for (name, value, text) in [
            ("task", Value::Word("sine".into()), "sine"),
            ("hidden", Value::List(vec![Value::Whole(20), Value::Whole(3)]), "[20, 3]"),
            ("encoding", Value::Map(vec![whole("fourier", 16)]), "fourier(16)"),
            ("activation", Value::Map(vec![("leaky_relu".to_owned(), Value::Number(0.01))]), "leaky_relu(0.01)"),
            ("schedule", Value::Map(vec![("step".to_owned(), Value::Map(step))]), "step(every=10, factor=1e-7)"),
            ("early_stop", Value::Map(stop), "metric=train_loss, patience=5, min_delta=0"),
        ] {
            let parameter = crate::config::parameter(name).unwrap();
            let value = parameter.canonical(&value).unwrap();
            assert_eq!(value.to_string(), text);
            assert_eq!(parse(&parameter.kind, text), Some(value), "{text}");
        }
        assert_eq!(parse(&crate::config::parameter("early_stop").unwrap().kind, "patience=5, x=1"), None);
    }
}
