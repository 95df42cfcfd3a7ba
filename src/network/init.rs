//! Initial weights, drawn from the run's own streams.

use super::Layers;
use crate::config::Init;
use crate::random::Stream;

/// Weights and biases of every layer, in layer order: weights row-major `[inputs, outputs]`, then biases.
///
/// Every layer draws from its own stream, so that a layer's weights do not depend on the others' sizes.
#[must_use]
pub fn initial_weights(layers: &Layers, init: Init, seed: u64) -> Vec<(Vec<f64>, Vec<f64>)> {
    let draw = |layer: usize, (inputs, outputs): (usize, usize)| {
        let (fan_in, fan_out) = (inputs as f64, outputs as f64);
        let (weight_end, bias_end) = match init {
            Init::GlorotUniform => ((6.0 / (fan_in + fan_out)).sqrt(), 0.0),
            Init::HeUniform => ((6.0 / fan_in).sqrt(), 0.0),
            Init::Torch => (fan_in.sqrt().recip(), fan_in.sqrt().recip()),
        };
        let weights = uniform(seed, "init/weight", layer, weight_end, inputs * outputs);
        let biases = if layers.bias { outputs } else { 0 };
        (weights, uniform(seed, "init/bias", layer, bias_end, biases))
    };
    layers.sizes.iter().enumerate().map(|(layer, &size)| draw(layer, size)).collect()
}

/// `count` draws, uniform on [-end, end).
fn uniform(seed: u64, name: &str, layer: usize, end: f64, count: usize) -> Vec<f64> {
    if end == 0.0 {
        return vec![0.0; count];
    }
    let mut stream = Stream::new(seed, name, layer as u64);
    (0..count).map(|_| (2.0 * stream.uniform() - 1.0) * end).collect()
}
