//! The digest of a result: BLAKE3 of the exact bits of its curve, measures, predictions and final weights.

use super::outcome::Outcome;

/// The digest, in hexadecimal. Two runs with one id have one digest within one environment.
#[must_use]
pub fn digest(outcome: &Outcome) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"ablate result 1\0");
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    text(&outcome.status.to_string());
    text(&outcome.epochs_done.to_string());
    let mut number = |number: f64| {
        hasher.update(&number.to_bits().to_le_bytes());
    };
    for point in &outcome.curve {
        number(f64::from(point.epoch));
        [point.train_loss, point.test_loss, point.test_rmse, point.learning_rate, point.gradient_norm]
            .into_iter()
            .for_each(&mut number);
    }
    for prediction in &outcome.predictions {
        [prediction.input, prediction.target, prediction.prediction].into_iter().for_each(&mut number);
    }
    for (name, value) in outcome.measures.iter() {
        hasher.update(name.as_bytes()).update(b"\0").update(&value.to_bits().to_le_bytes());
    }
    for weight in &outcome.weights {
        hasher.update(weight.name.as_bytes()).update(b"\0");
        weight.shape.iter().for_each(|&size| {
            hasher.update(&(size as u64).to_le_bytes());
        });
        hasher.update(&weight.bytes);
    }
    hasher.finalize().to_hex().to_string()
}
