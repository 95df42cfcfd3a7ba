//! What figures of dots share: rows made from configurations, colours for values, scales that suit the numbers.

use super::{Dot, HUES, Hue, Key, MARKERS, Marker, Row, Scale, Table};
use crate::analysis::{Records, Summary};
use crate::report::number::{count, exact};

/// A log scale where values are never below zero and spread over more than a factor of twenty.
#[must_use]
pub fn scale(values: impl Iterator<Item = f64> + Clone) -> Scale {
    let positive = values.clone().filter(|value| *value > 0.0);
    let (low, high) = positive.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
    let negative = values.into_iter().any(|value| value < 0.0);
    if !negative && high > 20.0 * low { Scale::Log } else { Scale::Linear }
}

/// The colour and marker of the series with that number. After all colours markers shift, so that 36 differ.
#[must_use]
pub fn look(place: usize) -> (Hue, Marker) {
    let round = place / HUES.len();
    (HUES[place % HUES.len()], MARKERS[(place + round) % MARKERS.len()])
}

/// Colours by the values of one parameter, in its natural order, with their keys.
pub struct Colours {
    name: &'static str,
    levels: Vec<String>,
    label: fn(&str, &str) -> String,
}

impl Colours {
    /// Colours for the values that a parameter has in these rows.
    #[must_use]
    pub fn of(records: &Records, name: &'static str, rows: &[usize], label: fn(&str, &str) -> String) -> Self {
        let mut levels: Vec<(usize, String)> = Vec::new();
        if let Some(factor) = records.factor(name) {
            for &row in rows {
                if let (Some(code), Some(level)) = (factor.code(row), factor.level(row)) {
                    levels.push((code, level.to_owned()));
                }
            }
        }
        levels.sort();
        levels.dedup();
        Self { name, levels: levels.into_iter().map(|(_, level)| level).collect(), label }
    }

    /// The place of a run's value; runs without one share the last.
    #[must_use]
    pub fn place(&self, records: &Records, row: usize) -> usize {
        let value = records.value(row, self.name);
        let place = value.and_then(|value| self.levels.iter().position(|level| level == value));
        place.unwrap_or(self.levels.len())
    }

    /// The colour and marker of a run.
    #[must_use]
    pub fn look(&self, records: &Records, row: usize) -> (Hue, Marker) {
        look(self.place(records, row))
    }

    /// The name of a run's value.
    #[must_use]
    pub fn name(&self, records: &Records, row: usize) -> String {
        let level = self.levels.get(self.place(records, row));
        level.map_or_else(|| "set apart for inputs and targets".into(), |level| (self.label)(self.name, level))
    }

    /// One key for each value that the rows have.
    #[must_use]
    pub fn keys(&self, records: &Records, rows: &[usize]) -> Vec<Key> {
        let mut places: Vec<(usize, usize)> = rows.iter().map(|&row| (self.place(records, row), row)).collect();
        places.sort_unstable();
        places.dedup_by_key(|(place, _)| *place);
        let key = |(place, row): (usize, usize)| {
            let (hue, marker) = look(place);
            Key { name: self.name(records, row), hue, marker }
        };
        places.into_iter().map(key).collect()
    }
}

/// A row of dots: a column over runs.
#[must_use]
pub fn row(records: &Records, runs: &[usize], label: &str, column: &str, (hue, marker): (Hue, Marker)) -> Row {
    let values = |&row: &usize| (row, records.number(row, column));
    let summary = Summary::of(runs.iter().map(values));
    let dot = |&(row, value): &(usize, f64)| Dot { value, run: records.runs[row].id.clone(), hue, marker };
    Row {
        block: String::new(),
        label: label.to_owned(),
        dots: summary.iter().flat_map(|summary| &summary.values).map(dot).collect(),
        mean: summary.as_ref().filter(|summary| summary.n() > 1).map(|summary| (summary.mean, summary.interval)),
        floor: None,
        without: summary.map_or(runs.len(), |summary| summary.missing),
    }
}

/// The numbers behind a figure of dots.
#[must_use]
pub fn table(rows: &[Row], block: &str, measure: &str) -> Table {
    let mut table = Table::new(&[block, "row", "run", measure]);
    for row in rows {
        for dot in &row.dots {
            let run = if dot.run.is_empty() { "quoted".to_owned() } else { dot.run.clone() };
            table.rows.push(vec![row.block.clone(), row.label.clone(), run, exact(dot.value)]);
        }
    }
    table
}

/// What a figure of dots cannot show, in words; empty where it shows everything.
#[must_use]
pub fn left_out(rows: &[Row], scale: Scale) -> String {
    said(rows, rows, scale)
}

/// The same for rows that hold every run once a block.
#[must_use]
pub fn left_out_of_blocks(rows: &[Row], scale: Scale) -> String {
    said(rows, rows.chunk_by(|a, b| a.block == b.block).next().unwrap_or_default(), scale)
}

fn said(rows: &[Row], once: &[Row], scale: Scale) -> String {
    let without: usize = once.iter().map(|row| row.without).sum();
    let below = if scale == Scale::Log {
        once.iter().flat_map(|row| &row.dots).filter(|dot| dot.value < 0.0).count()
    } else {
        0
    };
    let zeros = scale == Scale::Log && rows.iter().flat_map(|row| &row.dots).any(|dot| dot.value == 0.0);
    let told = [
        (without > 0).then(|| format!(" {} without a value: counted at the right.", count(without, "run"))),
        (below > 0).then(|| format!(" {} below zero: not drawn on a logarithmic axis.", count(below, "run"))),
        zeros.then(|| " Exact zeros stand on the shelf marked 0.".to_owned()),
    ];
    told.into_iter().flatten().collect()
}
