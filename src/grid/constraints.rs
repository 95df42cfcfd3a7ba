//! Constraints: conditions in SQL over the parameters of a point. Many points are judged at a time, as a frame.

use polars::prelude::{Column, DataFrame, DataType, Expr, IntoLazy, NamedFrom, Series, col};

use super::sql::{computed, expression};
use crate::config::{ColumnType, Configuration, PARAMETERS, Parameter, Value};
use crate::sweep::{Constraint, Diagnostic};

/// What constraints say of some points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// For each point the first constraint that is not true of it, by its number.
    pub first: Vec<Option<usize>>,
    /// For each constraint whether it is true or false of any of the points.
    pub decided: Vec<bool>,
}

/// The constraints of a grid, ready to judge points.
#[derive(Clone, Debug, Default)]
pub struct Constraints {
    conditions: Vec<Expr>,
    /// The parameters that they may ask about.
    parameters: Vec<&'static Parameter>,
}

impl Constraints {
    /// Reads constraints as SQL.
    ///
    /// # Errors
    /// What is wrong with each that cannot be used.
    pub fn read(constraints: &[Constraint]) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut conditions = Vec::new();
        for constraint in constraints {
            match condition(constraint) {
                Ok(condition) => conditions.push(condition.alias(number(conditions.len()))),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        let named = |parameter: &&Parameter| constraints.iter().any(|constraint| constraint.names(parameter));
        let parameters = PARAMETERS.iter().filter(named).collect();
        if wrong.is_empty() { Ok(Self { conditions, parameters }) } else { Err(wrong) }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// For each point the first constraint that is not true of it, by its number. What is neither true nor false, since a
    /// parameter that it asks about has no effect there, is not true.
    ///
    /// # Errors
    /// The number of the constraint that cannot be computed, and Polars' words for it.
    pub fn broken(&self, points: &[&Configuration]) -> Result<Broken, (usize, String)> {
        let mut broken = Broken { first: vec![None; points.len()], decided: vec![false; self.conditions.len()] };
        if points.is_empty() {
            return Ok(broken);
        }
        let frame = frame(&self.parameters, points).map_err(|error| (0, error.to_string()))?;
        for (number, condition) in self.conditions.iter().enumerate() {
            let judged = computed(|| {
                let judged = frame.clone().lazy().with_column(condition.clone()).collect()?;
                judged.column(&self::number(number)).and_then(Column::bool).cloned()
            });
            let judged = judged.map_err(|error| (number, error))?;
            for (first, held) in broken.first.iter_mut().zip(judged.iter()) {
                broken.decided[number] |= held.is_some();
                if first.is_none() && held != Some(true) {
                    *first = Some(number);
                }
            }
        }
        Ok(broken)
    }
}

/// The name of the column that a condition is computed into; no parameter has such a name.
fn number(number: usize) -> String {
    format!("constraint {number}")
}

/// Reads one constraint, and computes it of no points to see that it is a condition over parameters.
fn condition(constraint: &Constraint) -> Result<Expr, Diagnostic> {
    let wrong = |what: String| Diagnostic::new(constraint.place, what);
    let condition = computed(|| expression(&constraint.text)).map_err(|error| wrong(format!("not SQL: {error}")))?;
    let all: Vec<&Parameter> = PARAMETERS.iter().collect();
    let none =
        computed(|| frame(&all, &[])?.lazy().select([col(all[0].name), condition.clone().alias("it")]).collect())
            .map_err(|error| wrong(format!("this cannot be computed: {error}")))?;
    match none.column("it").map(|column| column.dtype().clone()) {
        Ok(DataType::Boolean) => Ok(condition),
        _ => Err(wrong("this is not a condition: it is neither true nor false".into())
            .hint("compare something, as in `depth * width <= 256`")),
    }
}

/// The values of parameters at points, as their columns hold them.
fn frame(parameters: &[&'static Parameter], points: &[&Configuration]) -> polars::error::PolarsResult<DataFrame> {
    let columns = parameters.iter().map(|parameter| column(parameter, points).into()).collect();
    // A constraint may be about no parameter at all.
    let columns: Vec<Column> = if parameters.is_empty() {
        vec![Series::new("point".into(), vec![0i64; points.len()]).into()]
    } else {
        columns
    };
    DataFrame::new(points.len(), columns)
}

fn column(parameter: &'static Parameter, points: &[&Configuration]) -> Series {
    let name = parameter.name.into();
    let values = points.iter().map(|point| point.column(parameter));
    match parameter.kind.column() {
        ColumnType::Flag => Series::new(
            name,
            values
                .map(|value| match value {
                    Some(Value::Flag(flag)) => Some(flag),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        ColumnType::Whole => Series::new(
            name,
            values
                .map(|value| match value {
                    Some(Value::Whole(whole)) => Some(whole),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        ColumnType::Number => Series::new(
            name,
            values
                .map(|value| match value {
                    Some(Value::Number(number)) => Some(number),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        ColumnType::Text => Series::new(
            name,
            values
                .map(|value| match value {
                    Some(Value::Word(word)) => Some(word),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
    }
}
