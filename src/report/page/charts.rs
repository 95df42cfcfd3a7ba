//! The data of the page's charts: what figures draw, as JSON that is small enough to stand in the page.
//!
//! What makes it small, and `charts/live.js` undoes: numbers have five significant digits; an array of objects with the same
//! keys becomes one object of columns (`#` is their number, `=` a value that all share); points become columns too (`|`); what
//! is the same in many lines, such as epochs, stands once (`^`); and runs are places in one list (`@`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value, json};

use crate::report::figure::Figure;
use crate::report::png::Theme;

/// Bytes of chart data that a page holds. Figures beyond it stay pictures.
const MOST: usize = 1_200_000;

/// The data of all charts.
pub(super) struct Charts {
    /// One JSON document, without any `<`.
    pub json: String,
    /// Names of the figures that it holds no data of, because there is too much.
    pub only_pictures: BTreeSet<String>,
}

/// Packs the figures, in order, as long as there is room; `runs` are the ids of all runs.
pub(super) fn charts<'a>(figures: &[Figure], runs: impl Iterator<Item = &'a str>) -> Charts {
    charts_within(figures, runs, MOST)
}

fn charts_within<'a>(figures: &[Figure], runs: impl Iterator<Item = &'a str>, most: usize) -> Charts {
    let mut pools = Pools { places: runs.map(|id| (id, None)).collect(), ..Pools::default() };
    let mut left = most;
    let mut bodies = Map::new();
    let mut only_pictures = BTreeSet::new();
    for figure in figures {
        let known = (pools.used.len(), pools.columns.len());
        let body = serde_json::to_value(&figure.body).expect("figures are plain data");
        let body = pools.pack(body);
        // With what it brings into the pools: some bytes an id, and its columns.
        let columns: usize = pools.columns[known.1..].iter().map(String::len).sum();
        let size = body.to_string().len() + 24 * (pools.used.len() - known.0) + columns;
        if size > left {
            only_pictures.insert(figure.name.clone());
            pools.back_to(known);
        } else {
            left -= size;
            bodies.insert(figure.name.clone(), body);
        }
    }
    let theme = |theme: Theme| -> Value { theme.colours().into_iter().map(|(n, c)| (n.to_owned(), c)).collect() };
    let themes = json!({ "light": theme(Theme::Light), "dark": theme(Theme::Dark) });
    let (runs, columns) = (json!(pools.used), pools.columns.join(","));
    let figures = Value::Object(bodies);
    let json = format!("{{\"themes\":{themes},\"runs\":{runs},\"columns\":[{columns}],\"figures\":{figures}}}");
    // In JSON this sign only stands in text, where it can be written as its number: no text ends the element.
    Charts { json: json.replace('<', "\\u003c"), only_pictures }
}

/// What stands once: ids of runs, each with its place in the list once it was used, and columns of numbers.
#[derive(Default)]
struct Pools<'a> {
    places: BTreeMap<&'a str, Option<usize>>,
    used: Vec<&'a str>,
    columns: Vec<String>,
    known: BTreeMap<String, usize>,
}

impl Pools<'_> {
    fn pack(&mut self, value: Value) -> Value {
        match value {
            Value::Number(number) => Value::Number(short(&number)),
            Value::String(text) => self.place(&text).map_or(Value::String(text), |place| json!({ "@": place })),
            Value::Array(items) => self.pack_array(items),
            Value::Object(map) => Value::Object(map.into_iter().map(|(key, item)| (key, self.pack(item))).collect()),
            other => other,
        }
    }

    fn pack_array(&mut self, items: Vec<Value>) -> Value {
        if items.len() > 2 && same_keys(&items) {
            let n = items.len();
            let mut columns: Vec<(String, Vec<Value>)> = Vec::new();
            for item in items {
                let Value::Object(map) = item else { continue };
                for (place, (key, value)) in map.into_iter().enumerate() {
                    if columns.len() <= place {
                        columns.push((key, Vec::with_capacity(n)));
                    }
                    columns[place].1.push(value);
                }
            }
            let mut packed = Map::new();
            packed.insert("#".into(), n.into());
            for (key, values) in columns {
                let same = values.windows(2).all(|pair| pair[0] == pair[1]);
                let column = if same { json!({ "=": self.pack(values[0].clone()) }) } else { self.pack_array(values) };
                packed.insert(key, column);
            }
            return Value::Object(packed);
        }
        if let Some(width) = width(&items) {
            let column = |place: usize| items.iter().map(|item| item[place].clone()).collect::<Vec<_>>();
            let columns: Vec<Value> = (0..width).map(|place| self.column(column(place))).collect();
            return json!({ "|": columns });
        }
        let runs: Option<Vec<usize>> = items.iter().map(|item| self.place(item.as_str()?)).collect();
        match runs {
            Some(places) if !places.is_empty() => json!({ "@": places }),
            _ => Value::Array(items.into_iter().map(|item| self.pack(item)).collect()),
        }
    }

    /// A column of numbers: its place among those that stand once.
    fn column(&mut self, numbers: Vec<Value>) -> Value {
        let text = self.pack(Value::Array(numbers)).to_string();
        let place = *self.known.entry(text.clone()).or_insert_with(|| {
            self.columns.push(text);
            self.columns.len() - 1
        });
        json!({ "^": place })
    }

    fn place(&mut self, text: &str) -> Option<usize> {
        let (&id, _) = self.places.get_key_value(text)?;
        let place = self.places.get_mut(text)?;
        if place.is_none() {
            *place = Some(self.used.len());
            self.used.push(id);
        }
        *place
    }

    /// Forgets all but the first so many ids and columns.
    fn back_to(&mut self, (ids, columns): (usize, usize)) {
        for id in self.used.drain(ids..) {
            self.places.insert(id, None);
        }
        for column in self.columns.drain(columns..) {
            self.known.remove(&column);
        }
    }
}

fn same_keys(items: &[Value]) -> bool {
    let Some(first) = items[0].as_object().filter(|first| !first.is_empty()) else { return false };
    let same = |item: &Value| item.as_object().is_some_and(|map| map.keys().eq(first.keys()));
    items[1..].iter().all(same)
}

/// How many numbers each item has, where all are points of as many numbers, some of them perhaps missing.
fn width(items: &[Value]) -> Option<usize> {
    let number = |value: &Value| value.is_number() || value.is_null();
    let of = |item: &Value| item.as_array().filter(|parts| parts.iter().all(number)).map(Vec::len);
    let first = items.first().and_then(of).filter(|&width| width > 1 && items.len() > 2)?;
    items.iter().all(|item| of(item) == Some(first)).then_some(first)
}

/// Five significant digits, which is more than a screen can show.
fn short(number: &Number) -> Number {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else { return number.clone() };
    let short: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    if short.fract() == 0.0 && short.abs() < 1e15 {
        return Number::from(short as i64);
    }
    Number::from_f64(short).unwrap_or_else(|| number.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::{Axis, Body, Dot, Hue, Marker, Row, Scale, Strip, Table};

    fn figure(name: &str, label: &str, dots: usize) -> Figure {
        let dot = |i: usize| Dot {
            value: 1.0 / (i as f64 + 3.0),
            run: format!("run{i}"),
            hue: Hue::Blue,
            marker: Marker::Circle,
        };
        let row = Row {
            block: String::new(),
            label: label.into(),
            dots: (0..dots).map(dot).collect(),
            mean: Some((f64::NAN, None)),
            floor: None,
            without: 0,
        };
        let x = Axis::new("x", Scale::Linear);
        let strip = Strip { x, rows: vec![row], references: Vec::new(), keys: Vec::new(), means: true };
        Figure {
            name: name.into(),
            title: String::new(),
            finding: String::new(),
            caption: String::new(),
            body: Body::Strip(strip),
            table: Table::default(),
        }
    }

    #[test]
    fn columns_runs_and_short_numbers() {
        let runs: Vec<String> = (0..9).map(|i| format!("run{i}")).collect();
        let packed = charts(&[figure("a", "</script>", 4)], runs.iter().map(String::as_str));
        assert!(!packed.json.contains('<'));
        let all: Value = serde_json::from_str(&packed.json).unwrap();
        assert_eq!(all["runs"], json!(["run0", "run1", "run2", "run3"]));
        let row = &all["figures"]["a"]["Strip"]["rows"][0];
        assert_eq!(row["label"], "</script>");
        let dots = json!({
            "#": 4,
            "value": [0.33333, 0.25, 0.2, 0.16667],
            "run": { "@": [0, 1, 2, 3] },
            "hue": { "=": "Blue" },
            "marker": { "=": "Circle" },
        });
        assert_eq!(row["dots"], dots);
        assert_eq!(row["mean"], json!([null, null]), "what is no number is nothing");
        assert_eq!(all["themes"]["light"]["Blue"], "#0072b2");
    }

    #[test]
    fn what_lines_share_stands_once() {
        let mut pools = Pools::default();
        let line = |y: f64| json!([[1.5, y], [2.5, null], [30_000_000.0, 2.0 * y]]);
        let packed = pools.pack(json!([line(1.0), line(7.123_456)]));
        assert_eq!(packed, json!([{ "|": [{ "^": 0 }, { "^": 1 }] }, { "|": [{ "^": 0 }, { "^": 2 }] }]));
        assert_eq!(pools.columns, ["[1.5,2.5,30000000]", "[1,null,2]", "[7.1235,null,14.247]"]);
        pools.back_to((0, 1));
        assert_eq!((pools.columns.len(), pools.known.len()), (1, 1));
    }

    #[test]
    fn what_is_too_much_stays_a_picture() {
        let runs: Vec<String> = (0..300).map(|i| format!("run{i}")).collect();
        let figures = [figure("small", "", 5), figure("large", "", 300), figure("next", "", 5)];
        let packed = charts_within(&figures, runs.iter().map(String::as_str), 2000);
        assert_eq!(packed.only_pictures.iter().collect::<Vec<_>>(), ["large"]);
        let all: Value = serde_json::from_str(&packed.json).unwrap();
        assert_eq!(all["figures"].as_object().unwrap().keys().collect::<Vec<_>>(), ["small", "next"]);
    }
}
