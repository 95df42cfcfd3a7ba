//! Runs and configurations side by side: what differs between them, and what came out.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::citation::plain;
use super::differences::{Difference, Pairs};
use super::json::run;
use super::runs::Runs;
use super::text::aligned;
use super::verify::told;
use crate::analysis::Summary;
use crate::config::PARAMETERS;
use crate::measure::COLUMNS;
use crate::report::figure::Table;
use crate::report::number::{count, whole};
use crate::store::{ShownPoint, short, sparkline_between};

/// Most that are compared at once.
pub const MOST: usize = 8;
/// Characters of the longest sparkline.
const WIDTH: usize = 60;
/// What stands where there is nothing.
const NOTHING: &str = "–";

/// A run, or a configuration with its replicates.
#[derive(Clone, Debug)]
pub struct Side {
    /// The id.
    pub id: String,
    /// Whether it is a configuration.
    pub is_configuration: bool,
    /// The sweep that it was found in.
    pub sweep: String,
    /// Its runs.
    pub runs: Runs,
    /// Their learning curves, by row.
    pub curves: Vec<Vec<ShownPoint>>,
}

/// A curve of a side: what of it, and its values by noted epoch.
type Course = (&'static str, fn(&ShownPoint) -> Option<f64>);

const COURSES: [Course; 2] = [("train_loss", |point| point.train_loss), ("test_rmse", |point| point.test_rmse)];

impl Side {
    fn value(&self, parameter: &str) -> Option<&str> {
        self.runs.records.value(0, parameter)
    }

    fn summary(&self, column: &str) -> Option<Summary> {
        let records = &self.runs.records;
        Summary::of((0..records.runs.len()).map(|row| (row, records.number(row, column))))
    }

    /// Its curve; of a configuration the median of its runs, as far as all of them have a point.
    fn course(&self, of: fn(&ShownPoint) -> Option<f64>) -> Vec<Option<f64>> {
        let shortest = self.curves.iter().map(Vec::len).min().unwrap_or(0);
        let at = |point: usize| {
            let values: Option<Vec<f64>> = self.curves.iter().map(|curve| of(&curve[point])).collect();
            values.filter(|values| !values.is_empty()).map(|mut values| crate::analysis::intervals::median(&mut values))
        };
        (0..shortest).map(at).collect()
    }

    fn name(&self) -> String {
        let what = if self.is_configuration { "configuration" } else { "run" };
        let runs = if self.is_configuration {
            format!(", {}", count(self.runs.records.runs.len(), "run"))
        } else {
            String::new()
        };
        format!("{what} {} of {}{runs}", self.id, self.sweep)
    }

    /// What is known of it beside parameters and measures, by name.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let runs = &self.runs.records.runs;
        let distinct = |of: &dyn Fn(&crate::analysis::Run) -> Option<String>| {
            let mut values: Vec<String> = runs.iter().map(|run| of(run).unwrap_or_else(|| NOTHING.into())).collect();
            values.dedup();
            values.join(", ")
        };
        let environments = self.runs.environments().into_keys();
        let decides = |id: &str| self.runs.decides(id).map(|facts| format!(" ({facts})")).unwrap_or_default();
        let origins = self.runs.origins().into_keys();
        vec![
            ("config", distinct(&|run| Some(run.config.clone()))),
            ("seed", distinct(&|run| Some(run.seed.clone()))),
            ("ended", distinct(&|run| Some(run.status.to_string().replace('_', " ")))),
            ("digest", distinct(&|run| run.digest.as_ref().map(|digest| digest.chars().take(16).collect()))),
            ("environment", environments.map(|(id, _)| format!("{id}{}", decides(&id))).collect::<Vec<_>>().join(", ")),
            ("device", distinct(&|run| run.device.clone())),
            (
                "trained by",
                origins
                    .map(|origin| origin.map_or("not known".into(), |one| one.to_string()))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            ("verification", told(&self.runs.verified)),
        ]
    }
}

/// Letters that stand for the sides.
fn letters(sides: &[Side]) -> Vec<String> {
    (b'A'..).take(sides.len()).map(|letter| char::from(letter).to_string()).collect()
}

fn table(sides: &[Side]) -> Table {
    let mut table = Table::new(&[""]);
    table.header.extend(letters(sides));
    table
}

/// Parameters that differ, each with its value on every side.
fn differing(sides: &[Side]) -> Vec<(&'static str, Vec<Option<&str>>)> {
    let of = |name: &'static str| (name, sides.iter().map(|side| side.value(name)).collect::<Vec<_>>());
    let all = PARAMETERS.iter().map(|parameter| of(parameter.name));
    all.filter(|(_, values)| values.windows(2).any(|pair| pair[0] != pair[1])).collect()
}

/// For the terminal.
#[must_use]
pub fn text(sides: &[Side]) -> String {
    let mut out = String::new();
    for (letter, side) in letters(sides).iter().zip(sides) {
        let _ = writeln!(out, "{letter}  {}", side.name());
    }
    out += &parameters(sides);
    out += &measures(sides);
    COURSES.iter().for_each(|course| out += &curves(sides, *course));
    let mut facts = table(sides);
    let each: Vec<_> = sides.iter().map(Side::facts).collect();
    let mut equal = Vec::new();
    for (place, (name, first)) in each[0].iter().enumerate() {
        let values: Vec<String> = each.iter().map(|facts| facts[place].1.clone()).collect();
        if values.iter().all(|value| value == first) {
            equal.push(format!("{name} {first}"));
        } else {
            facts.rows.push(std::iter::once((*name).to_owned()).chain(values).collect());
        }
    }
    out += "\nwhere they come from\n";
    if !facts.rows.is_empty() {
        // One line a side: facts are too long for columns.
        for row in &facts.rows {
            let _ = writeln!(out, "  {}", row[0]);
            for (value, letter) in row[1..].iter().zip(letters(sides)) {
                let _ = writeln!(out, "    {letter}  {value}");
            }
        }
    }
    if !equal.is_empty() {
        let _ = writeln!(out, "  the same: {}", equal.join("; "));
    }
    out.lines().map(|line| plain_end(line) + "\n").collect()
}

/// A line without what a terminal would obey; where it begins stays.
fn plain_end(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", &line[..indent], plain(&line[indent..]))
}

fn parameters(sides: &[Side]) -> String {
    let differing = differing(sides);
    let effective = |name: &str| sides.iter().any(|side| side.value(name).is_some());
    let same = PARAMETERS.iter().filter(|parameter| effective(parameter.name)).count() - differing.len();
    if differing.is_empty() {
        return format!("\nno parameter differs: all {} are equal\n", whole(same));
    }
    let mut shown = table(sides);
    for (name, values) in differing {
        let values = values.iter().map(|value| value.unwrap_or(NOTHING).to_owned());
        shown.rows.push(std::iter::once(name.to_owned()).chain(values).collect());
    }
    format!("\nparameters that differ ({} more are equal)\n{}", whole(same), aligned(&shown))
}

/// The two sides where both are configurations, with their pairs.
fn two_configurations(sides: &[Side]) -> Option<(&Side, &Side, Pairs)> {
    match sides {
        [a, b] if a.is_configuration && b.is_configuration => Some((a, b, Pairs::of(&a.runs.records, &b.runs.records))),
        _ => None,
    }
}

fn measures(sides: &[Side]) -> String {
    let mut shown = table(sides);
    let between = two_configurations(sides);
    shown.header.extend(between.as_ref().map(|(.., pairs)| match pairs.count() {
        0 => "A − B (Welch)".to_owned(),
        pairs => format!("A − B ({})", counted(pairs)),
    }));
    for column in COLUMNS {
        let found: Vec<Option<Summary>> = sides.iter().map(|side| side.summary(column.name)).collect();
        if found.iter().all(Option::is_none) {
            continue;
        }
        let mut row = vec![column.name.to_owned()];
        row.extend(found.iter().zip(sides).map(|(summary, side)| cell(summary.as_ref(), side)));
        row.extend(between.as_ref().map(|(a, b, pairs)| {
            let found = pairs.difference(&a.runs.records, &b.runs.records, column.name);
            found.map_or(NOTHING.into(), |found| difference(&found, pairs))
        }));
        shown.rows.push(row);
    }
    let several = sides.iter().any(|side| side.is_configuration);
    let note = if several { ", of configurations the mean with its 95 % interval" } else { "" };
    let how = between.map(|(.., pairs)| how(&pairs)).unwrap_or_default();
    format!("\nmeasures{note}\n{}{how}", aligned(&shown))
}

fn counted(pairs: usize) -> String {
    plain(&count(pairs, "pair"))
}

/// How the differences of two configurations were made.
fn how(pairs: &Pairs) -> String {
    if pairs.count() == 0 {
        return "  A − B is the difference of the means with its 95 % interval: the two have no seeds in common\n"
            .into();
    }
    let [a, b] = pairs.alone;
    let alone = match a + b {
        0 => String::new(),
        _ => format!("; without a partner are {} of A and {} of B", plain(&count(a, "run")), whole(b)),
    };
    format!("  A − B is the mean of the differences of runs of the same seeds, with its 95 % interval{alone}\n")
}

fn cell(summary: Option<&Summary>, side: &Side) -> String {
    let Some(summary) = summary else { return NOTHING.into() };
    let interval = summary.interval.map(|(low, high)| format!(" [{}, {}]", short(low), short(high)));
    let missing = if summary.missing > 0 {
        format!(" ({} of {})", summary.n(), side.runs.records.runs.len())
    } else {
        String::new()
    };
    format!("{}{}{missing}", short(summary.mean), interval.unwrap_or_default())
}

fn difference(found: &Difference, pairs: &Pairs) -> String {
    let interval = found.interval.map(|(low, high)| format!(" [{}, {}]", short(low), short(high))).unwrap_or_default();
    let fewer = found.by_seed.as_ref().map(Vec::len).filter(|made| *made < pairs.count());
    let fewer = fewer.map(|made| format!(" ({})", counted(made))).unwrap_or_default();
    format!("{}{interval}{fewer}", short(found.mean))
}

/// A sparkline a side, all on one scale; as long as it has points, so that what stands one above the other is one epoch.
fn curves(sides: &[Side], (name, of): Course) -> String {
    let courses: Vec<Vec<Option<f64>>> = sides.iter().map(|side| side.course(of)).collect();
    let values = || courses.iter().flatten().flatten().copied();
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let longest = courses.iter().map(Vec::len).max().unwrap_or(0);
    if low > high {
        return format!("\n{name}: no curve was kept\n");
    }
    let median = if sides.iter().any(|side| side.is_configuration) { ", of configurations the median" } else { "" };
    let mut out = format!("\n{name}, logarithmic from {} to {}{median}\n", short(low), short(high));
    for ((letter, course), side) in letters(sides).iter().zip(&courses).zip(sides) {
        let width = (WIDTH.min(longest) * course.len()).div_ceil(longest.max(1));
        let last = side.curves.iter().filter_map(|curve| Some(curve.get(course.len().checked_sub(1)?)?.epoch)).max();
        let line = sparkline_between(course, width, (low, high));
        let end = course.iter().flatten().last().map_or(NOTHING.into(), |value| short(*value));
        let epochs =
            last.map_or_else(|| "no curve".into(), |epoch| format!("{end} after {} epochs", whole(epoch as usize)));
        let _ = writeln!(out, "  {letter}  {line}  {epochs}");
    }
    out
}

/// One versioned document.
#[must_use]
pub fn json(sides: &[Side]) -> Value {
    let parameters = differing(sides).into_iter().map(|(name, values)| (name.to_owned(), json!(values)));
    let measures = COLUMNS.iter().filter_map(|column| {
        let found: Vec<Option<Summary>> = sides.iter().map(|side| side.summary(column.name)).collect();
        let value = |(summary, side): (&Option<Summary>, &Side)| match summary {
            None => Value::Null,
            Some(one) if !side.is_configuration => json!(one.mean),
            Some(one) => json!({
                "mean": one.mean, "interval": one.interval.map(|(low, high)| [low, high]), "n": one.n(),
                "values": one.numbers(),
            }),
        };
        let any = found.iter().any(Option::is_some);
        any.then(|| (column.name.to_owned(), found.iter().zip(sides).map(value).collect::<Value>()))
    });
    let differences = two_configurations(sides).map(|(a, b, pairs)| {
        let of = |name: &'static str| {
            let found = pairs.difference(&a.runs.records, &b.runs.records, name)?;
            let interval = found.interval.map(|(low, high)| [low, high]);
            Some((name.to_owned(), json!({"mean": found.mean, "interval": interval, "values": found.by_seed})))
        };
        json!({
            "pairs": pairs.count(), "alone": pairs.alone,
            "measures": COLUMNS.iter().filter_map(|column| of(column.name)).collect::<Map<_, _>>(),
        })
    });
    let side = |side: &Side| {
        let curves: Vec<Value> = side
            .runs
            .records
            .runs
            .iter()
            .zip(&side.curves)
            .map(|(run, curve)| {
                let points = curve.iter().map(
                    |point| json!({"epoch": point.epoch, "train_loss": point.train_loss, "test_rmse": point.test_rmse}),
                );
                json!({"run": run.id, "curve": points.collect::<Vec<_>>()})
            })
            .collect();
        let runs = (0..side.runs.records.runs.len()).map(|row| run(&side.runs, row));
        json!({
            "id": side.id, "kind": if side.is_configuration { "configuration" } else { "run" }, "sweep": side.sweep,
            "runs": runs.collect::<Vec<_>>(), "curves": curves,
        })
    };
    json!({
        "version": 1,
        "sides": sides.iter().map(side).collect::<Vec<_>>(),
        "parameters": parameters.collect::<Map<_, _>>(),
        "measures": measures.collect::<Map<_, _>>(),
        "differences": differences,
    })
}
