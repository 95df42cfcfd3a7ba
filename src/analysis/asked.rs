//! The runs that a sweep asks for, and which of those that are not trained yet a claim is about.

use std::collections::HashSet;

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::claims::Claim;
use super::questions;
use crate::config::{ColumnType, Configuration, PARAMETERS, Parameter, Value};
use crate::plan::{Plan, Run};
use crate::sweep::unusable;

/// The runs that a sweep asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How many there are, whether they were trained or not.
    pub runs: u64,
    /// Those that are not trained yet; `None` where they are not known one by one.
    untrained: Option<Vec<Run>>,
}

impl From<u64> for Asked {
    /// So many runs, of which nothing else is known.
    fn from(runs: u64) -> Self {
        Self { runs, untrained: None }
    }
}

impl Asked {
    /// What a plan of which nothing is done asks for, where the runs of a table were trained.
    #[must_use]
    pub fn of(plan: &Plan, trained: &DataFrame) -> Self {
        let ids = trained.column("run").and_then(|column| column.str());
        let trained: HashSet<&str> = ids.map(|ids| ids.iter().flatten().collect()).unwrap_or_default();
        let all = plan.cohorts.iter().flat_map(|cohort| &cohort.runs);
        let untrained = all.filter(|run| !trained.contains(run.id.to_string().as_str())).cloned().collect();
        Self { runs: plan.runs(), untrained: Some(untrained) }
    }

    /// How many of the runs that are not trained yet a claim is about; `None` where that hangs on what comes out of them, or where
    /// they are not known.
    pub(super) fn missing(&self, claim: &Claim) -> Option<u64> {
        let untrained = self.untrained.as_ref()?;
        let holds = |sql: &String| holds(untrained, sql);
        let mut about = match &claim.filter {
            Some(filter) => holds(filter)?,
            None => vec![true; untrained.len()],
        };
        // A comparison alone is about no others than its two sides.
        if let Some(compare) = claim.compare.as_ref().filter(|_| claim.expect.is_none()) {
            let (a, b) = (holds(&compare.a)?, holds(&compare.b)?);
            about.iter_mut().zip(a.iter().zip(b)).for_each(|(about, (a, b))| *about &= *a || b);
        }
        Some(about.iter().filter(|about| **about).count() as u64)
    }
}

/// Of each of these runs whether a condition is true; `None` where it asks for more than is known before training.
fn holds(untrained: &[Run], sql: &str) -> Option<Vec<bool>> {
    if untrained.is_empty() {
        return Some(Vec::new());
    }
    let table = table(untrained, sql)?;
    let columns: Vec<&str> = table.columns().iter().map(|column| column.name().as_str()).collect();
    if unusable(sql, &columns).is_some() {
        return None;
    }
    questions::holds(&table, sql).ok()
}

/// What is known of runs before they are trained, in the columns of the results: those that stand in an expression.
fn table(runs: &[Run], sql: &str) -> Option<DataFrame> {
    let own = |name: &str, values: &dyn Fn() -> Series| sql.contains(name).then(|| values().into());
    let wholes = |name: &'static str, of: &dyn Fn(&Run) -> i64| {
        own(name, &|| Series::new(name.into(), runs.iter().map(of).collect::<Vec<i64>>()))
    };
    let texts = |name: &'static str, of: &dyn Fn(&Run) -> String| {
        own(name, &|| Series::new(name.into(), runs.iter().map(of).collect::<Vec<String>>()))
    };
    let identity: [Option<Column>; 7] = [
        texts("run", &|run| run.id.to_string()),
        texts("config", &|run| run.point.id.to_string()),
        wholes("replicate", &|run| i64::from(run.replicate().number)),
        wholes("seed", &|run| run.replicate().seed.cast_signed()),
        wholes("data_seed", &|run| run.replicate().seeds.data.cast_signed()),
        wholes("init_seed", &|run| run.replicate().seeds.init.cast_signed()),
        wholes("shuffle_seed", &|run| run.replicate().seeds.shuffle.cast_signed()),
    ];
    let grids = own("grids", &|| {
        let of_each = runs.iter().map(|run| run.point.asked.grids.iter().map(String::as_str).collect::<Series>());
        Series::new("grids".into(), of_each.collect::<Vec<_>>())
    });
    let named: Vec<&Parameter> = PARAMETERS.iter().filter(|parameter| sql.contains(parameter.name)).collect();
    let configurations: Vec<Configuration> =
        if named.is_empty() { Vec::new() } else { runs.iter().map(|run| run.point.configuration()).collect() };
    let named = named.into_iter().map(|parameter| column(parameter, &configurations).into());
    let mut columns: Vec<Column> = identity.into_iter().flatten().chain(grids).chain(named).collect();
    // A condition may be about no column at all.
    columns.push(Series::new("row of a run".into(), vec![0i64; runs.len()]).into());
    DataFrame::new(runs.len(), columns).ok()
}

fn column(parameter: &'static Parameter, configurations: &[Configuration]) -> Series {
    let name = parameter.name.into();
    let values = configurations.iter().map(|configuration| configuration.column(parameter));
    match parameter.kind.column() {
        ColumnType::Flag => {
            let flag = |value| if let Some(Value::Flag(flag)) = value { Some(flag) } else { None };
            Series::new(name, values.map(flag).collect::<Vec<_>>())
        }
        ColumnType::Whole => {
            let whole = |value| if let Some(Value::Whole(whole)) = value { Some(whole) } else { None };
            Series::new(name, values.map(whole).collect::<Vec<_>>())
        }
        ColumnType::Number => {
            let number = |value| match value {
                Some(Value::Number(number)) => Some(number),
                Some(Value::Whole(whole)) => Some(whole as f64),
                _ => None,
            };
            Series::new(name, values.map(number).collect::<Vec<_>>())
        }
        ColumnType::Text => {
            Series::new(name, values.map(|value| value.map(|value| value.to_string())).collect::<Vec<_>>())
        }
    }
}
