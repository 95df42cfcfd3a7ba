//! Random streams: every draw comes from a counter-based generator keyed by a seed and the name of what is drawn, so
//! that a run's draws depend on nothing but its seeds.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// A stream of random numbers. Its values are pinned by tests and can never change.
#[derive(Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a seed for one thing that is drawn; `index` tells repeated draws of it apart, such as epochs.
    #[must_use]
    pub fn new(seed: u64, name: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"ablate stream 1\0").update(&seed.to_le_bytes()).update(&index.to_le_bytes());
        hasher.update(name.as_bytes());
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// Uniform on [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Normal with mean 0 and variance 1 (Box and Muller 1958), by functions that are the same on every machine. Never
    /// farther out than 8.6.
    pub fn normal(&mut self) -> f64 {
        let (radius, turn) = (1.0 - self.uniform(), self.uniform());
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * turn)
    }

    /// Uniform on 0..bound, without bias (Lemire 2019: multiply, and reject the short remainder).
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        let mut product = u128::from(self.0.next_u64()) * u128::from(bound);
        // The remainder can be short only here, so the division is rarely made.
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.0.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// As [`Stream::below`], from half as many random bits.
    fn below_short(&mut self, bound: u32) -> u32 {
        let mut product = u64::from(self.0.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u32) < threshold {
                product = u64::from(self.0.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// Puts `items` into a uniformly random order (Fisher and Yates, from the end).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = match u32::try_from(i + 1) {
                // Half as many random bits, which are most of the cost.
                Ok(bound) => self.below_short(bound) as usize,
                Err(_) => self.below(i as u64 + 1) as usize,
            };
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_pinned_for_ever() {
        let mut stream = Stream::new(7, "data", 0);
        let drawn: Vec<u64> = (0..4).map(|_| stream.below(1000)).collect();
        let mut order: Vec<u32> = (0..8).collect();
        Stream::new(7, "shuffle", 3).shuffle(&mut order);
        insta::assert_snapshot!(format!("{drawn:?} {} {order:?}", stream.uniform()), @"[886, 139, 771, 950] 0.4773480303780899 [6, 0, 1, 5, 3, 2, 4, 7]");
    }

    #[test]
    fn streams_differ_by_seed_name_and_index() {
        let first = |seed, name, index| Stream::new(seed, name, index).uniform().to_bits();
        let base = first(1, "data", 0);
        assert_eq!(base, first(1, "data", 0));
        for other in [first(2, "data", 0), first(1, "init", 0), first(1, "data", 1)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn draws_are_uniform() {
        let mut stream = Stream::new(0, "test", 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Chi-squared with 6 degrees of freedom: beyond 22.5 one time in a thousand, and the seed is fixed.
        let chi: f64 = counts.iter().map(|&count| (f64::from(count) - 1e4).powi(2) / 1e4).sum();
        assert!(chi < 22.5, "{counts:?}");
        let mean = (0..100_000).map(|_| stream.uniform()).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
    }

    #[test]
    fn normal_values_are_pinned_for_ever() {
        let mut stream = Stream::new(7, "noise", 0);
        let drawn: Vec<f64> = (0..4).map(|_| stream.normal()).collect();
        insta::assert_snapshot!(format!("{drawn:?}"), @"[0.8587819811995462, -0.7623810020681236, 0.07899024802419635, -0.468266919623502]");
    }

    #[test]
    fn normal_draws_are_normal() {
        let mut stream = Stream::new(0, "test", 1);
        let drawn: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let moment = |power: i32| drawn.iter().map(|x| x.powi(power)).sum::<f64>() / 1e5;
        // Five standard errors: of the mean 1/√n, and √2, √15 and √96 times that of the next moments.
        let error = 5.0 / 1e5f64.sqrt();
        for (power, expected, spread) in [(1, 0.0, 1.0), (2, 1.0, 2f64), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            assert!((moment(power) - expected).abs() < error * spread.sqrt(), "{power}: {}", moment(power));
        }
        let inside = |end: f64| drawn.iter().filter(|x| x.abs() < end).count() as f64 / 1e5;
        for (end, share) in [(1.0, 0.682_689), (2.0, 0.954_500), (3.0, 0.997_300)] {
            assert!((inside(end) - share).abs() < error / 2.0, "{end}: {}", inside(end));
        }
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..1000).collect();
        Stream::new(3, "shuffle", 0).shuffle(&mut items);
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }
}
