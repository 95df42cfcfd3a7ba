//! Saved runs as they can be trained again, and what is saved of each as training would give it.

use std::collections::HashMap;
use std::ops::Range;

use polars::prelude::{AnyValue, DataFrame};

use crate::config::{Configuration, Id, Seeds, run_id};
use crate::measure::{COLUMNS, Measures};
use crate::plan::{Replicate, Run};
use crate::store::{self, Error, Result, Results};
use crate::train::{CurvePoint, Outcome, Prediction, Status};

/// Saved results, read for being held against runs that are trained again.
#[derive(Debug)]
pub struct Archive {
    results: Results,
    rows: HashMap<String, usize>,
    curves: Rows,
    predictions: Rows,
}

/// A saved run, and whether it can be trained again.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id, as it is saved.
    pub id: Id,
    /// The grids that it was saved for.
    pub grids: Vec<String>,
    /// The id of its configuration, as it is saved.
    pub config: String,
    /// What it was trained on: `cpu`, `cuda:0`.
    pub device: String,
    /// Whether it can be compared.
    pub standing: Standing,
}

/// Whether a saved run can be trained again and compared.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It can: from the configuration and the seeds that are saved, which are those of its id.
    Comparable(Run),
    /// The configuration and the seeds that are saved are those of this other run: what is saved was changed.
    Altered(Id),
    /// It cannot, for this reason.
    Incomparable(String),
}

/// What is saved of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// As training would give it: what is missing in a table is `NaN`.
    pub outcome: Outcome,
    /// Whether its weights were kept. They are in the order of their names.
    pub has_weights: bool,
    /// The process that trained it, where that is known.
    pub process: Option<String>,
}

/// A table with the rows of each run, which lie together.
#[derive(Debug)]
struct Rows {
    frame: DataFrame,
    of: HashMap<String, Range<usize>>,
}

impl Rows {
    fn new(frame: DataFrame) -> Result<Self> {
        let mut of: HashMap<String, Range<usize>> = HashMap::new();
        let runs = frame.column("run").and_then(|column| column.str()).map_err(refused)?;
        for (row, run) in runs.iter().enumerate() {
            let run = run.unwrap_or_default();
            match of.get_mut(run) {
                Some(rows) => rows.end = row + 1,
                None => drop(of.insert(run.to_owned(), row..row + 1)),
            }
        }
        Ok(Self { frame, of })
    }

    /// The numbers of a run in these columns, row by row; what is missing is `NaN`.
    fn numbers<const N: usize>(&self, run: &str, names: [&str; N]) -> Result<Vec<[f64; N]>> {
        let Some(rows) = self.of.get(run) else { return Ok(Vec::new()) };
        let part = self.frame.slice(rows.start as i64, rows.len());
        let mut numbers = vec![[f64::NAN; N]; rows.len()];
        for (place, name) in names.iter().enumerate() {
            let column = part.column(name).map_err(refused)?;
            for (row, numbers) in numbers.iter_mut().enumerate() {
                numbers[place] = match column.get(row).map_err(refused)? {
                    AnyValue::Float64(number) => number,
                    AnyValue::Int64(whole) => whole as f64,
                    _ => f64::NAN,
                };
            }
        }
        Ok(numbers)
    }
}

impl Archive {
    /// Reads the tables of results.
    ///
    /// # Errors
    /// When saved bytes are not what was saved, or change meanwhile.
    pub fn of(results: Results) -> Result<Self> {
        let runs = results.runs().column("run").and_then(|column| column.str()).map_err(refused)?;
        let rows = runs.iter().enumerate().filter_map(|(row, run)| Some((run?.to_owned(), row))).collect();
        let (curves, predictions) = (Rows::new(results.curves()?)?, Rows::new(results.predictions()?)?);
        Ok(Self { results, rows, curves, predictions })
    }

    /// The results.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// All saved runs, by id.
    #[must_use]
    pub fn candidates(&self) -> Vec<Candidate> {
        let mut rows: Vec<(Id, usize)> =
            self.rows.iter().filter_map(|(run, row)| Some((run.parse().ok()?, *row))).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(id, row)| self.candidate(id, row)).collect()
    }

    fn candidate(&self, id: Id, row: usize) -> Candidate {
        let cell = Cells { runs: self.results.runs(), row };
        Candidate {
            id,
            grids: cell.texts("grids"),
            config: cell.text("config").unwrap_or_default(),
            device: cell.text("device").unwrap_or_default(),
            standing: self.standing(id, &cell),
        }
    }

    fn standing(&self, id: Id, cell: &Cells<'_>) -> Standing {
        let because = cell.text("reason").map_or(String::new(), |reason| format!(": {reason}"));
        match cell.status() {
            Some(Status::Failed) => return Standing::Incomparable(format!("it failed{because}")),
            Some(Status::TimedOut) => return Standing::Incomparable(format!("it ran out of time{because}")),
            _ => {}
        }
        if let Some(name) = cell.foreign() {
            return Standing::Incomparable(format!("another version of Ablate has saved `{name}` of it"));
        }
        match store::restored(self.results.runs(), cell.row) {
            Ok(configuration) => cell.standing(id, &configuration),
            Err(error) => Standing::Incomparable(error.to_string()),
        }
    }

    /// What is saved of a run.
    ///
    /// # Errors
    /// [`Error::NoRun`], and damage.
    pub fn saved(&self, id: Id) -> Result<Saved> {
        let run = id.to_string();
        let no_run = || Error::NoRun { run: run.clone(), path: self.results.folder().into() };
        let cell = Cells { runs: self.results.runs(), row: *self.rows.get(&run).ok_or_else(no_run)? };
        let mut measures = Measures::default();
        COLUMNS.iter().for_each(|column| measures.set(column.name, cell.number(column.name).unwrap_or(f64::NAN)));
        let columns = ["epoch", "train_loss", "test_loss", "test_rmse", "learning_rate", "gradient_norm"];
        let point = |[epoch, train_loss, test_loss, test_rmse, learning_rate, gradient_norm]: [f64; 6]| CurvePoint {
            epoch: epoch as u32,
            train_loss,
            test_loss,
            test_rmse,
            learning_rate,
            gradient_norm,
        };
        let predictions = self.predictions.numbers(&run, ["input", "target", "prediction"])?;
        let prediction = |[input, target, prediction]: [f64; 3]| Prediction { input, target, prediction };
        // Reading them looks at the records of all runs.
        let kept = self.results.weights_path(id).exists();
        let weights = if kept { self.results.weights(id)? } else { None };
        let whole = |name: &str| cell.whole(name).unwrap_or_default().cast_unsigned();
        Ok(Saved {
            has_weights: weights.is_some(),
            process: cell.text("process"),
            outcome: Outcome {
                status: cell.status().unwrap_or(Status::Failed),
                reason: cell.text("reason"),
                epochs_done: whole("epochs_done") as u32,
                digest: cell.text("digest").unwrap_or_default(),
                environment: cell.text("environment").unwrap_or_default(),
                parameters: whole("parameters"),
                features: whole("features"),
                seconds: cell.number("seconds").unwrap_or_default(),
                device: cell.text("device").unwrap_or_default(),
                measures,
                curve: self.curves.numbers(&run, columns)?.into_iter().map(point).collect(),
                predictions: predictions.into_iter().map(prediction).collect(),
                weights: weights.unwrap_or_default(),
            },
        })
    }
}

/// A row of the table of runs.
struct Cells<'a> {
    runs: &'a DataFrame,
    row: usize,
}

impl Cells<'_> {
    fn get(&self, name: &str) -> AnyValue<'_> {
        self.runs.column(name).ok().and_then(|column| column.get(self.row).ok()).unwrap_or(AnyValue::Null)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).get_str().map(str::to_owned)
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let AnyValue::List(items) = self.get(name) else { return Vec::new() };
        items.iter().filter_map(|item| item.get_str().map(str::to_owned)).collect()
    }

    fn whole(&self, name: &str) -> Option<i64> {
        if let AnyValue::Int64(whole) = self.get(name) { Some(whole) } else { None }
    }

    fn number(&self, name: &str) -> Option<f64> {
        if let AnyValue::Float64(number) = self.get(name) { Some(number) } else { None }
    }

    fn status(&self) -> Option<Status> {
        self.text("status")?.parse().ok()
    }

    /// A column that this version does not have and that says something of the run.
    fn foreign(&self) -> Option<String> {
        let names = self.runs.get_column_names();
        let mut foreign = names.iter().filter(|name| !store::is_column(name));
        foreign.find(|name| !self.get(name).is_null()).map(ToString::to_string)
    }

    /// What the row's draws start from. A seed that is not there is that of the replicate.
    fn seeds(&self) -> Seeds {
        let seed = |name: &str| self.whole(name).or_else(|| self.whole("seed")).unwrap_or_default().cast_unsigned();
        Seeds { data: seed("data_seed"), init: seed("init_seed"), shuffle: seed("shuffle_seed") }
    }

    fn standing(&self, id: Id, configuration: &Configuration) -> Standing {
        let seeds = self.seeds();
        let (computed, config) = (run_id(configuration, seeds), crate::config::configuration_id(configuration));
        if computed != id || self.text("config") != Some(config.to_string()) {
            return Standing::Altered(computed);
        }
        let whole = |name: &str| self.whole(name).unwrap_or_default();
        let number = u32::try_from(whole("replicate")).unwrap_or_default();
        let replicate = Replicate { number, seed: whole("seed").cast_unsigned(), seeds };
        Standing::Comparable(Run::only(configuration, self.texts("grids"), replicate))
    }
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Frame { action: "read a table of results", message: error.to_string() }
}
