//! What is saved of a run held against what training it again gave: every number, to the bit.

use serde::{Deserialize, Serialize};

use super::archive::Saved;
use super::scale::{self, values};
use crate::measure::{COLUMNS, Measures};
use crate::train::{CurvePoint, Outcome, Prediction, Weight, digest};

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Of what: `train_loss`, `test_rmse`, `prediction for 17`, `layers.0.weight[3, 5]`, `status`.
    pub quantity: String,
    /// The epoch, of a point of the learning curve.
    pub epoch: Option<u32>,
    /// As it is saved, with all digits.
    pub saved: String,
    /// As training again gave it.
    pub trained: String,
    /// By how much, as a share of the larger of the two, or of what is large for such a quantity (see [`scale`](super)), since
    /// any may be close to 0. Absent where they are no two numbers.
    pub relative: Option<f64>,
}

/// How much was compared. Beside it: status, reason, epochs done, numbers of parameters and features, and the digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Measures.
    pub measures: u64,
    /// Points of the learning curve.
    pub points: u64,
    /// Predictions.
    pub predictions: u64,
    /// Weights, biases and running statistics; absent where they were not kept, and only the digest tells of them.
    pub weights: Option<u64>,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How much was compared.
    pub compared: Compared,
    /// How many values differ, the digest not among them.
    pub differing: u64,
    /// The first: in the order of epochs, then what is found at the end.
    pub first: Option<Difference>,
    /// The largest; one that is no number is larger than all.
    pub largest: Option<Difference>,
    /// The digest that training again gave, over what the version that saved the run has measured.
    pub digest: String,
    /// Whether what is saved has the digest that is saved; `None` where that cannot be told, since weights were not kept
    /// and training gave others.
    pub is_whole: Option<bool>,
}

impl Comparison {
    /// Compares.
    #[must_use]
    pub fn of(saved: &Saved, trained: &Outcome) -> Self {
        let mut comparison = Self::default();
        let old = &saved.outcome;
        let trimmed = without_new_measures(old, trained);
        let trained = trimmed.as_ref().unwrap_or(trained);
        comparison.digest.clone_from(&trained.digest);
        comparison.curves(&old.curve, &trained.curve);
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".into());
        comparison.texts("status", &old.status.to_string(), &trained.status.to_string());
        comparison.texts("reason", &text(&old.reason), &text(&trained.reason));
        for (name, a, b) in [
            ("epochs_done", u64::from(old.epochs_done), u64::from(trained.epochs_done)),
            ("parameters", old.parameters, trained.parameters),
            ("features", old.features, trained.features),
        ] {
            comparison.texts(name, &a.to_string(), &b.to_string());
        }
        if saved.has_weights {
            comparison.weights(&old.weights, &trained.weights);
        }
        comparison.measures(&old.measures, &trained.measures, &old.curve);
        comparison.predictions(&old.predictions, &trained.predictions);
        comparison.is_whole = is_whole(saved, trained, comparison.differing == 0);
        comparison
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_equal(&self, saved: &Saved) -> bool {
        self.differing == 0 && self.digest == saved.outcome.digest
    }

    /// The largest relative difference: 0 where nothing but digests differ, infinite where values are no two numbers.
    #[must_use]
    pub fn largest_relative(&self) -> f64 {
        self.largest.as_ref().map_or(0.0, Difference::size)
    }

    fn note(&mut self, difference: Difference) {
        self.differing += 1;
        if self.largest.as_ref().is_none_or(|largest| difference.size() > largest.size()) {
            self.largest = Some(difference.clone());
        }
        self.first.get_or_insert(difference);
    }

    fn texts(&mut self, quantity: &str, saved: &str, trained: &str) {
        if saved != trained {
            self.note(Difference {
                quantity: quantity.into(),
                epoch: None,
                saved: saved.into(),
                trained: trained.into(),
                relative: None,
            });
        }
    }

    /// Two numbers, where `None` is one that is missing. A difference is a share of the largest of them and `scale`.
    fn numbers(&mut self, of: impl FnOnce() -> (String, Option<u32>), numbers: [Option<f64>; 2], scale: f64) {
        let [saved, trained] = numbers;
        if saved.map(f64::to_bits) == trained.map(f64::to_bits) {
            return;
        }
        let (quantity, epoch) = of();
        let relative = saved.zip(trained).and_then(|(a, b)| relative(a, b, scale));
        let [saved, trained] = numbers.map(|number| number.map_or_else(|| "missing".into(), shown));
        self.note(Difference { quantity, epoch, saved, trained, relative });
    }

    fn curves(&mut self, saved: &[CurvePoint], trained: &[CurvePoint]) {
        self.compared.points = saved.len() as u64;
        let scales = scale::of_curve(saved);
        let (mut old, mut new) = (saved, trained);
        loop {
            (old, new) = match (old, new) {
                ([a, later @ ..], [b, rest @ ..]) if a.epoch == b.epoch => {
                    for (((name, a), b), scale) in scale::POINT.iter().zip(values(a)).zip(values(b)).zip(scales) {
                        self.numbers(|| ((*name).to_owned(), Some(old[0].epoch)), [a, b].map(finite), scale);
                    }
                    (later, rest)
                }
                ([a, later @ ..], _) if new.first().is_none_or(|b| a.epoch < b.epoch) => {
                    self.lone_point(a.epoch, "there", "missing");
                    (later, new)
                }
                (_, [b, rest @ ..]) => {
                    self.lone_point(b.epoch, "missing", "there");
                    (old, rest)
                }
                (_, []) => break,
            };
        }
    }

    fn lone_point(&mut self, epoch: u32, saved: &str, trained: &str) {
        let (saved, trained) = (saved.to_owned(), trained.to_owned());
        self.note(Difference { quantity: "curve".into(), epoch: Some(epoch), saved, trained, relative: None });
    }

    fn measures(&mut self, saved: &Measures, trained: &Measures, curve: &[CurvePoint]) {
        self.compared.measures = saved.iter().count() as u64;
        for column in COLUMNS {
            let name = column.name;
            let scale = scale::of_measure(name, curve);
            self.numbers(|| (name.to_owned(), None), [saved.get(name), trained.get(name)], scale);
        }
    }

    fn predictions(&mut self, saved: &[Prediction], trained: &[Prediction]) {
        self.compared.predictions = saved.len() as u64;
        self.texts("number of predictions", &saved.len().to_string(), &trained.len().to_string());
        let scale = scale::largest(saved.iter().map(|prediction| prediction.prediction));
        for (a, b) in saved.iter().zip(trained) {
            let of = |what: &str| (format!("{what} for {}", shown(a.input)), None);
            self.numbers(|| ("input".into(), None), [a.input, b.input].map(finite), 0.0);
            self.numbers(|| of("target"), [a.target, b.target].map(finite), 0.0);
            self.numbers(|| of("prediction"), [a.prediction, b.prediction].map(finite), scale);
        }
    }

    fn weights(&mut self, saved: &[Weight], trained: &[Weight]) {
        let mut count = 0;
        for old in saved {
            let Some(new) = trained.iter().find(|new| new.name == old.name) else {
                self.texts(&old.name, "there", "missing");
                continue;
            };
            self.texts(&format!("shape of {}", old.name), &format!("{:?}", old.shape), &format!("{:?}", new.shape));
            let (a, b) = (numbers(old), numbers(new));
            count += a.len() as u64;
            if old.bytes == new.bytes || old.shape != new.shape {
                continue;
            }
            self.texts(&format!("precision of {}", old.name), &precision(old), &precision(new));
            let scale = scale::largest(a.iter().copied());
            for (index, (a, b)) in a.into_iter().zip(b).enumerate() {
                self.numbers(|| (place(old, index), None), [Some(a), Some(b)], scale);
            }
        }
        let lone = trained.iter().filter(|new| !saved.iter().any(|old| old.name == new.name));
        lone.for_each(|new| self.texts(&new.name, "missing", "there"));
        self.compared.weights = Some(count);
    }
}

impl Difference {
    fn size(&self) -> f64 {
        self.relative.unwrap_or(f64::INFINITY)
    }
}

/// What training gave without the measures that are not saved, where its digest is then the one that is saved: the version
/// that saved the run had none of them.
fn without_new_measures(saved: &Outcome, trained: &Outcome) -> Option<Outcome> {
    if trained.digest == saved.digest || trained.measures.iter().all(|(name, _)| saved.measures.get(name).is_some()) {
        return None;
    }
    let mut trimmed = Outcome { measures: Measures::default(), ..trained.clone() };
    let kept = trained.measures.iter().filter(|(name, _)| saved.measures.get(name).is_some());
    kept.for_each(|(name, value)| trimmed.measures.set(name, value));
    trimmed.digest = digest(&trimmed);
    (trimmed.digest == saved.digest).then_some(trimmed)
}

/// Whether what is saved has its own digest. What was not saved (weights that were not kept, and the kind of a number
/// that is not finite) is taken from what training gave.
fn is_whole(saved: &Saved, trained: &Outcome, is_equal: bool) -> Option<bool> {
    let old = &saved.outcome;
    if is_equal && trained.digest == old.digest {
        return Some(true);
    }
    let mut borrowed = !saved.has_weights;
    let mut fill = |number: &mut f64, trained: Option<f64>| {
        if !number.is_finite() {
            borrowed = true;
            *number = trained.filter(|trained| !trained.is_finite()).unwrap_or(f64::NAN);
        }
    };
    let mut own = Outcome { weights: trained.weights.clone(), ..old.clone() };
    for (index, point) in own.curve.iter_mut().enumerate() {
        let other = trained.curve.get(index);
        fill(&mut point.train_loss, other.map(|point| point.train_loss));
        fill(&mut point.test_loss, other.map(|point| point.test_loss));
        fill(&mut point.test_rmse, other.map(|point| point.test_rmse));
        fill(&mut point.learning_rate, other.map(|point| point.learning_rate));
        fill(&mut point.gradient_norm, other.map(|point| point.gradient_norm));
    }
    for (index, prediction) in own.predictions.iter_mut().enumerate() {
        let other = trained.predictions.get(index);
        fill(&mut prediction.prediction, other.map(|prediction| prediction.prediction));
    }
    if saved.has_weights {
        // Those of the file, in the order in which training has them.
        let kept = |weight: &Weight| old.weights.iter().find(|old| old.name == weight.name).cloned();
        own.weights = trained.weights.iter().filter_map(kept).collect();
    }
    if digest(&own) == old.digest {
        Some(true)
    } else if !borrowed || trained.digest == old.digest {
        Some(false)
    } else {
        None
    }
}

/// A number as tables have it: absent where it is not finite.
fn finite(number: f64) -> Option<f64> {
    Some(number).filter(|number| number.is_finite())
}

/// The difference as a share of the largest of the numbers and `scale`; absent where that is no number.
fn relative(a: f64, b: f64, scale: f64) -> Option<f64> {
    let scale = scale.max(a.abs()).max(b.abs());
    let share = if scale == 0.0 { 0.0 } else { ((a - b) / scale).abs() };
    finite(share)
}

/// A number with the digits that tell it from its neighbours.
fn shown(number: f64) -> String {
    format!("{number:?}")
}

fn precision(weight: &Weight) -> String {
    let count = weight.shape.iter().product::<usize>().max(1);
    format!("{} bytes", weight.bytes.len() / count)
}

fn numbers(weight: &Weight) -> Vec<f64> {
    if weight.bytes.len() == 4 * weight.shape.iter().product::<usize>() {
        weight.bytes.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
    } else {
        weight.bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    }
}

/// The name of one number of an array: `layers.0.weight[3, 5]`.
fn place(weight: &Weight, index: usize) -> String {
    let mut rest = index;
    let mut places: Vec<String> = Vec::with_capacity(weight.shape.len());
    for size in weight.shape.iter().rev() {
        places.push((rest % size.max(&1)).to_string());
        rest /= size.max(&1);
    }
    places.reverse();
    format!("{}[{}]", weight.name, places.join(", "))
}
