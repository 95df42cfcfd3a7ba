//! Tables as the store keeps them, of runs that did not happen.

use std::collections::BTreeMap;

use ablate::config::{ColumnType, Configuration, PARAMETERS, Value};
use ablate::measure::COLUMNS;
use polars::prelude::*;

/// The columns of parameters and measures, of runs with these configurations and measures.
pub fn columns(configurations: &[&Configuration], measures: &[&BTreeMap<&'static str, f64>]) -> Vec<Column> {
    let mut columns = Vec::new();
    for parameter in PARAMETERS {
        let values: Vec<Option<Value>> = configurations.iter().map(|run| run.column(parameter)).collect();
        let name = parameter.name.into();
        columns.push(match parameter.kind.column() {
            ColumnType::Text => {
                Column::new(name, values.iter().map(|v| v.as_ref().map(ToString::to_string)).collect::<Vec<_>>())
            }
            ColumnType::Flag => {
                Column::new(name, values.iter().map(|v| matches!(v, Some(Value::Flag(true)))).collect::<Vec<bool>>())
            }
            ColumnType::Whole => Column::new(
                name,
                values.iter().map(|v| if let Some(Value::Whole(n)) = v { Some(*n) } else { None }).collect::<Vec<_>>(),
            ),
            ColumnType::Number => {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let number = |v: &Option<Value>| match v {
                    Some(Value::Number(n)) => Some(*n),
                    Some(Value::Whole(n)) => Some(*n as f64),
                    _ => None,
                };
                Column::new(name, values.iter().map(number).collect::<Vec<_>>())
            }
        });
    }
    for column in COLUMNS {
        let values: Vec<Option<f64>> = measures.iter().map(|run| run.get(column.name).copied()).collect();
        columns.push(Column::new(column.name.into(), values));
    }
    columns
}

/// Learning curves: the run, the epoch and the error of each point.
pub fn curves<'a>(points: impl Iterator<Item = (&'a str, i64, f64)>) -> DataFrame {
    let points: Vec<_> = points.collect();
    let errors = || points.iter().map(|point| point.2);
    let columns = vec![
        Column::new("run".into(), points.iter().map(|point| point.0).collect::<Vec<_>>()),
        Column::new("epoch".into(), points.iter().map(|point| point.1).collect::<Vec<_>>()),
        Column::new("train_loss".into(), errors().map(|error| error / 1e6).collect::<Vec<_>>()),
        Column::new("test_loss".into(), errors().map(|error| error / 1e6).collect::<Vec<_>>()),
        Column::new(
            "test_rmse".into(),
            errors().map(|error| Some(error).filter(|v| v.is_finite())).collect::<Vec<_>>(),
        ),
        Column::new("learning_rate".into(), vec![0.001; points.len()]),
        Column::new("gradient_norm".into(), vec![0.1; points.len()]),
    ];
    DataFrame::new(points.len(), columns).unwrap()
}

/// Answers: the run, the input, its target and what the run makes of it.
pub fn predictions<'a>(answers: impl Iterator<Item = (&'a str, (f64, f64, f64))>) -> DataFrame {
    let answers: Vec<_> = answers.collect();
    let columns = vec![
        Column::new("run".into(), answers.iter().map(|answer| answer.0).collect::<Vec<_>>()),
        Column::new("input".into(), answers.iter().map(|answer| answer.1.0).collect::<Vec<_>>()),
        Column::new("target".into(), answers.iter().map(|answer| answer.1.1).collect::<Vec<_>>()),
        Column::new("prediction".into(), answers.iter().map(|answer| answer.1.2).collect::<Vec<_>>()),
    ];
    DataFrame::new(answers.len(), columns).unwrap()
}
