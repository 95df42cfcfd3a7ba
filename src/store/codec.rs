//! The bytes of a record in the journal: named, typed values, so that every later version can read them.
//!
//! A record is a list of fields. A field is its name, the letter of its type, and its value; numbers are little-endian
//! and keep their exact bits. Fields that a version does not know are skipped, so a version may add fields; one that
//! changes the meaning of a field must give it another name. Compared with JSON this needs a third of the bytes and
//! keeps every `f64` without a detour through decimal digits.

use foldhash::{HashSet, HashSetExt};

use super::record::{Cell, Identity, Record};
use crate::config::{ColumnType, Id, Seeds};
use crate::train::{CurvePoint, Prediction};

/// The parameters and measures of a run have fields of their own under these prefixes.
const PARAMETER: &str = "parameter.";
const MEASURE: &str = "measure.";

/// A value as it stands in the bytes.
#[derive(Clone, Debug, PartialEq)]
enum Field<'a> {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(&'a str),
    Texts(Vec<&'a str>),
    /// Eight bytes each. Not-a-number stands for a missing value, one fixed pattern whatever it was.
    Numbers(&'a [u8]),
}

/// The bytes of a record.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048 + 8 * (6 * record.curve.len() + 3 * record.predictions.len()));
    let identity = &record.identity;
    let mut put = |name: &str, field: &Field<'_>| put_field(&mut out, ["", name], field);
    put("run", &Field::Text(&identity.run.to_string()));
    put("config", &Field::Text(&identity.config.to_string()));
    put("sweep", &Field::Text(&identity.sweep));
    put("grids", &Field::Texts(identity.grids.iter().map(String::as_str).collect()));
    put("replicate", &Field::Whole(i64::from(identity.replicate)));
    put("seed", &Field::Whole(identity.seed.cast_signed()));
    for (name, seed) in SEEDS.into_iter().zip(identity.seeds.each()) {
        if seed != identity.seed {
            put(name, &Field::Whole(seed.cast_signed()));
        }
    }
    for (name, cell) in &record.configuration {
        let field = match cell {
            Cell::Flag(flag) => Field::Flag(*flag),
            Cell::Whole(whole) => Field::Whole(*whole),
            Cell::Number(number) => Field::Number(*number),
            Cell::Text(word) => Field::Text(word),
        };
        put_field(&mut out, [PARAMETER, name], &field);
    }
    let mut put = |name: &str, field: &Field<'_>| put_field(&mut out, ["", name], field);
    put("status", &Field::Text(&record.status.to_string()));
    if let Some(reason) = &record.reason {
        put("reason", &Field::Text(reason));
    }
    put("epochs_done", &Field::Whole(i64::from(record.epochs_done)));
    put("digest", &Field::Text(&record.digest));
    put("environment", &Field::Text(&record.environment));
    put("parameters", &Field::Whole(record.parameters.cast_signed()));
    put("features", &Field::Whole(record.features.cast_signed()));
    put("seconds", &Field::Number(record.seconds));
    put("device", &Field::Text(&record.device));
    if let Some(process) = &record.process {
        put("process", &Field::Text(process));
    }
    for (name, value) in &record.measures {
        put_field(&mut out, [MEASURE, name], &Field::Number(*value));
    }
    let mut column = Vec::new();
    for (name, get) in CURVE {
        fill(&mut column, record.curve.iter().map(get));
        put_field(&mut out, ["", name], &Field::Numbers(&column));
    }
    for (name, get) in PREDICTIONS {
        fill(&mut column, record.predictions.iter().map(get));
        put_field(&mut out, ["", name], &Field::Numbers(&column));
    }
    out
}

fn fill(column: &mut Vec<u8>, numbers: impl Iterator<Item = f64>) {
    column.clear();
    // One at a time: a chain of bytes would be pushed byte by byte.
    numbers.for_each(|number| column.extend_from_slice(&canonical(number).to_le_bytes()));
}

/// Seeds of single draws, where they are not the run's; in the order of [`Seeds::each`].
const SEEDS: [&str; 3] = ["seed.data", "seed.init", "seed.shuffle"];

type Get<T> = fn(&T) -> f64;

const CURVE: [(&str, Get<CurvePoint>); 6] = [
    ("curve.epoch", |point| f64::from(point.epoch)),
    ("curve.train_loss", |point| point.train_loss),
    ("curve.test_loss", |point| point.test_loss),
    ("curve.test_rmse", |point| point.test_rmse),
    ("curve.learning_rate", |point| point.learning_rate),
    ("curve.gradient_norm", |point| point.gradient_norm),
];

const PREDICTIONS: [(&str, Get<Prediction>); 3] = [
    ("predictions.input", |prediction| prediction.input),
    ("predictions.target", |prediction| prediction.target),
    ("predictions.prediction", |prediction| prediction.prediction),
];

/// Appends a field, whose name comes in two parts.
fn put_field(out: &mut Vec<u8>, name: [&str; 2], field: &Field<'_>) {
    put_length(out, name[0].len() + name[1].len());
    name.iter().for_each(|part| out.extend(part.as_bytes()));
    match field {
        Field::Flag(flag) => out.extend([b'b', u8::from(*flag)]),
        Field::Whole(whole) => {
            out.push(b'i');
            out.extend(whole.to_le_bytes());
        }
        Field::Number(number) => {
            out.push(b'f');
            out.extend(canonical(*number).to_le_bytes());
        }
        Field::Text(text) => {
            out.push(b's');
            put_text(out, text);
        }
        Field::Texts(texts) => {
            out.push(b'l');
            put_length(out, texts.len());
            for text in texts {
                put_text(out, text);
            }
        }
        Field::Numbers(numbers) => {
            out.push(b'a');
            put_length(out, numbers.len() / 8);
            out.extend(*numbers);
        }
    }
}

/// All that is not finite is missing.
fn canonical(number: f64) -> f64 {
    if number.is_finite() { number } else { f64::NAN }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend(text.as_bytes());
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend(u32::try_from(length).expect("no text or list of a record has 2^32 elements").to_le_bytes());
}

/// Reads a record. The error says what is wrong with the bytes: it can only come up when they were damaged and their
/// checksum nevertheless agrees, or were written by something else.
pub(super) fn decode(bytes: &[u8]) -> Result<Record, String> {
    let mut fields = Fields::read(bytes)?;
    let curve = points(&mut fields, CURVE.map(|(name, _)| name), |[epoch, train_loss, test_loss, rest @ ..]| {
        let [test_rmse, learning_rate, gradient_norm] = rest;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "written from a u32")]
        let epoch = epoch as u32;
        CurvePoint { epoch, train_loss, test_loss, test_rmse, learning_rate, gradient_norm }
    })?;
    let predictions = points(&mut fields, PREDICTIONS.map(|(name, _)| name), |[input, target, prediction]| {
        Prediction { input, target, prediction }
    })?;
    let id = |text: &str| text.parse::<Id>().map_err(|error| error.to_string());
    let narrow = |whole: i64| u32::try_from(whole).map_err(|_| format!("{whole} is out of range"));
    let seed = fields.whole("seed")?.cast_unsigned();
    let mut seed_of = |name: &str| fields.optional_whole(name).map(|own| own.map_or(seed, i64::cast_unsigned));
    let [data, init, shuffle] = SEEDS;
    let seeds = Seeds { data: seed_of(data)?, init: seed_of(init)?, shuffle: seed_of(shuffle)? };
    let record = Record {
        identity: Identity {
            run: id(fields.text("run")?)?,
            config: id(fields.text("config")?)?,
            sweep: fields.text("sweep")?.to_owned(),
            grids: fields.texts("grids")?,
            replicate: narrow(fields.whole("replicate")?)?,
            seed,
            seeds,
        },
        status: fields.text("status")?.parse()?,
        reason: fields.optional_text("reason")?.map(str::to_owned),
        epochs_done: narrow(fields.whole("epochs_done")?)?,
        digest: fields.text("digest")?.to_owned(),
        environment: fields.text("environment")?.to_owned(),
        parameters: fields.whole("parameters")?.cast_unsigned(),
        features: fields.whole("features")?.cast_unsigned(),
        seconds: fields.number("seconds")?,
        device: fields.text("device")?.to_owned(),
        process: fields.optional_text("process")?.map(str::to_owned),
        configuration: fields.under(PARAMETER, |field| match field {
            Field::Flag(flag) => Some(Cell::Flag(flag)),
            Field::Whole(whole) => Some(Cell::Whole(whole)),
            Field::Number(number) => Some(Cell::Number(number)),
            Field::Text(text) => Some(Cell::Text(text.to_owned())),
            Field::Texts(_) | Field::Numbers(_) => None,
        })?,
        measures: fields.under(MEASURE, |field| match field {
            Field::Number(number) => Some(number),
            _ => None,
        })?,
        curve,
        predictions,
    };
    Ok(record)
}

/// What a record has, without its values.
pub(super) struct Outline<'a> {
    /// The run that it is of.
    pub(super) run: Id,
    fields: Fields<'a>,
}

/// Reads what a record has, as far as it can be told without its values.
pub(super) fn outline(bytes: &[u8]) -> Result<Outline<'_>, String> {
    let mut fields = Fields::read(bytes)?;
    let run = fields.text("run")?.parse::<Id>().map_err(|error| error.to_string())?;
    Ok(Outline { run, fields })
}

impl Outline<'_> {
    /// Its parameters, with the types of their columns.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        self.under(PARAMETER).filter_map(|(name, field)| {
            let column = match field {
                Field::Flag(_) => ColumnType::Flag,
                Field::Whole(_) => ColumnType::Whole,
                Field::Number(_) => ColumnType::Number,
                Field::Text(_) => ColumnType::Text,
                Field::Texts(_) | Field::Numbers(_) => return None,
            };
            Some((name, column))
        })
    }

    /// The names of its measures.
    pub(super) fn measures(&self) -> impl Iterator<Item = &str> {
        self.under(MEASURE).map(|(name, _)| name)
    }

    fn under(&self, prefix: &'static str) -> impl Iterator<Item = (&str, &Field<'_>)> {
        self.fields.fields.iter().filter_map(move |(name, field)| Some((name.strip_prefix(prefix)?, field.as_ref()?)))
    }
}

/// Turns lists of equal length into a list of points.
fn points<T, const N: usize>(
    fields: &mut Fields<'_>,
    names: [&str; N],
    point: impl Fn([f64; N]) -> T,
) -> Result<Vec<T>, String> {
    let mut columns = Vec::with_capacity(N);
    for name in names {
        columns.push(fields.numbers(name)?);
    }
    let rows = columns[0].len() / 8;
    if columns.iter().any(|column| column.len() != columns[0].len()) {
        return Err(format!("`{}` and its neighbours differ in length", names[0]));
    }
    let number =
        |column: &[u8], row: usize| f64::from_le_bytes(column[8 * row..8 * row + 8].try_into().expect("eight bytes"));
    Ok((0..rows).map(|row| point(std::array::from_fn(|column| number(columns[column], row)))).collect())
}

/// The fields of a record, in the order in which they were written; those that were taken are empty.
struct Fields<'a> {
    fields: Vec<(&'a str, Option<Field<'a>>)>,
    /// Where the next one is probably found: they are mostly taken in their order.
    next: usize,
}

impl<'a> Fields<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut bytes = Bytes(bytes);
        let mut fields = Vec::with_capacity(96);
        let mut names = HashSet::with_capacity(96);
        while !bytes.0.is_empty() {
            let name = bytes.text()?;
            let field = match bytes.array::<1>()? {
                [b'b'] => Field::Flag(bytes.array::<1>()? != [0]),
                [b'i'] => Field::Whole(i64::from_le_bytes(bytes.array()?)),
                [b'f'] => Field::Number(f64::from_le_bytes(bytes.array()?)),
                [b's'] => Field::Text(bytes.text()?),
                [b'l'] => {
                    let length = bytes.length(4)?;
                    Field::Texts((0..length).map(|_| bytes.text()).collect::<Result<_, _>>()?)
                }
                [b'a'] => {
                    let length = bytes.length(8)?;
                    Field::Numbers(bytes.take(8 * length)?)
                }
                [other] => return Err(format!("the field `{name}` has the unknown type {other}")),
            };
            if !names.insert(name) {
                return Err(format!("the field `{name}` stands there twice"));
            }
            fields.push((name, Some(field)));
        }
        Ok(Self { fields, next: 0 })
    }

    fn find(&mut self, name: &str) -> Option<Field<'a>> {
        let (before, after) = self.fields.split_at(self.next.min(self.fields.len()));
        let is = |(known, _): &(&str, _)| *known == name;
        let at = after.iter().position(is).map(|at| at + before.len()).or_else(|| before.iter().position(is))?;
        self.next = at + 1;
        self.fields[at].1.take()
    }

    fn take<T>(&mut self, name: &str, wanted: impl FnOnce(Field<'a>) -> Option<T>) -> Result<T, String> {
        let field = self.find(name).ok_or_else(|| format!("the field `{name}` is missing"))?;
        wanted(field).ok_or_else(|| other_type(name))
    }

    fn text(&mut self, name: &str) -> Result<&'a str, String> {
        self.take(name, |field| if let Field::Text(text) = field { Some(text) } else { None })
    }

    fn optional_text(&mut self, name: &str) -> Result<Option<&'a str>, String> {
        if self.fields.iter().any(|(known, _)| *known == name) { self.text(name).map(Some) } else { Ok(None) }
    }

    fn texts(&mut self, name: &str) -> Result<Vec<String>, String> {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        self.take(name, |field| if let Field::Texts(texts) = field { Some(owned(texts)) } else { None })
    }

    fn whole(&mut self, name: &str) -> Result<i64, String> {
        self.take(name, |field| if let Field::Whole(whole) = field { Some(whole) } else { None })
    }

    fn optional_whole(&mut self, name: &str) -> Result<Option<i64>, String> {
        if self.fields.iter().any(|(known, _)| *known == name) { self.whole(name).map(Some) } else { Ok(None) }
    }

    fn number(&mut self, name: &str) -> Result<f64, String> {
        self.take(name, |field| if let Field::Number(number) = field { Some(number) } else { None })
    }

    fn numbers(&mut self, name: &str) -> Result<&'a [u8], String> {
        self.take(name, |field| if let Field::Numbers(numbers) = field { Some(numbers) } else { None })
    }

    /// All fields whose names begin with `prefix`, by the rest of their names.
    fn under<T>(&mut self, prefix: &str, wanted: impl Fn(Field<'a>) -> Option<T>) -> Result<Vec<(String, T)>, String> {
        let mut found = Vec::new();
        for (name, field) in &mut self.fields {
            let Some(rest) = name.strip_prefix(prefix) else { continue };
            let Some(field) = field.take() else { continue };
            found.push((rest.to_owned(), wanted(field).ok_or_else(|| other_type(name))?));
        }
        Ok(found)
    }
}

fn other_type(name: &str) -> String {
    format!("the field `{name}` has another type than it should")
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (head, tail) = self.0.split_at_checked(count).ok_or("it ends in the middle of a field")?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        Ok(self.take(N)?.try_into().expect("take gives as many bytes as asked for"))
    }

    /// A number of elements of at least `size` bytes each: never more than there are bytes left, so that damaged bytes
    /// cannot ask for much memory.
    fn length(&mut self, size: usize) -> Result<usize, String> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        if length > self.0.len() / size { Err("a length goes beyond the end".into()) } else { Ok(length) }
    }

    fn text(&mut self) -> Result<&'a str, String> {
        let length = self.length(1)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| "a text is not UTF-8".into())
    }
}

#[cfg(test)]
#[path = "tests/codec.rs"]
mod tests;
