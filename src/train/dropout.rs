//! Which hidden values a training step leaves out: a hash of their place, so that every engine leaves out the same ones.

use crate::config::Seeds;
use crate::network::Real;
use crate::random::Stream;

/// A share of hidden values that is set to zero; the rest are scaled up to match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share, at least 0 and below 1.
    pub rate: f64,
}

impl Dropout {
    /// Below this, a hash leaves its value out.
    #[must_use]
    pub fn threshold(self) -> u32 {
        (self.rate * 4_294_967_296.0) as u32
    }

    /// What values that are kept are multiplied by.
    #[must_use]
    pub fn scale<T: Real>(self) -> T {
        T::from_f64(1.0 / (1.0 - self.rate))
    }
}

/// Where the hashes of a run begin.
#[must_use]
pub fn base(seeds: Seeds) -> u64 {
    Stream::new(seeds.shuffle, "dropout", 0).below(u64::MAX)
}

/// The key of a hidden layer, from 0, at a step, from 1 and counted over the whole run.
#[must_use]
pub fn key(base: u64, step: u64, layer: usize) -> (u32, u32) {
    let mixed = mix(mix(base.wrapping_add(mix(step))).wrapping_add(layer as u64));
    (mixed as u32, (mixed >> 32) as u32)
}

/// The hash of element `i`, row-major, of a batch of hidden values `[rows, width]`: the element is kept where this is
/// not below [`Dropout::threshold`]. For every key a permutation of the numbers of 32 bits.
#[inline(always)]
#[must_use]
pub fn hash32(i: u32, key: (u32, u32)) -> u32 {
    permuted(permuted(i ^ key.0).wrapping_add(key.1))
}

/// "lowbias32" with the constants of `TheIronBorn` (github.com/skeeto/hash-prospector, 2018): multiplications and
/// shifts.
#[inline(always)]
fn permuted(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x21f0_aaad);
    let x = (x ^ (x >> 15)).wrapping_mul(0xd35a_2d97);
    x ^ (x >> 15)
}

/// A step of `SplitMix64` (Steele et al. 2014).
fn mix(x: u64) -> u64 {
    let z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u32 = 1 << 18;

    fn kept(rate: f64, key: (u32, u32)) -> Vec<bool> {
        let threshold = Dropout { rate }.threshold();
        (0..COUNT).map(|i| hash32(i, key) >= threshold).collect()
    }

    /// How many standard deviations the count of `both` is from what independence gives.
    fn deviations(both: usize, rate: f64) -> f64 {
        let share = (1.0 - rate).powi(2);
        (both as f64 - share * f64::from(COUNT)) / (f64::from(COUNT) * share * (1.0 - share)).sqrt()
    }

    #[test]
    fn values_are_pinned_for_ever() {
        let base = base(Seeds { data: 1, init: 2, shuffle: 3 });
        let keys = (key(base, 1, 0), key(base, 2, 0), key(base, 1, 1));
        let hashes: Vec<u32> = (0..3).map(|i| hash32(i, keys.0)).collect();
        insta::assert_snapshot!(format!("{base} {keys:?} {hashes:?}"), @"10643166225810373659 ((2603856296, 4149596577), (1024480477, 3469189920), (4075724755, 1466878143)) [2149659681, 106916021, 4225695623]");
    }

    #[test]
    fn the_share_that_is_kept_is_the_right_one() {
        for rate in [0.01, 0.1, 0.3, 0.5, 0.9] {
            for (step, layer) in [(1, 0), (1, 1), (2, 0), (1000, 7)] {
                let kept = kept(rate, key(base(Seeds { data: 0, init: 0, shuffle: step }), step, layer));
                let count = kept.iter().filter(|kept| **kept).count() as f64;
                let (mean, deviation) = (1.0 - rate, (f64::from(COUNT) * rate * (1.0 - rate)).sqrt());
                assert!((count - mean * f64::from(COUNT)).abs() < 4.5 * deviation, "{rate} {step} {layer}: {count}");
            }
        }
    }

    #[test]
    fn neighbours_steps_layers_and_runs_are_independent() {
        let both = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && **b).count();
        for rate in [0.1, 0.5] {
            for base in [0, 1, 0x0123_4567_89ab_cdef] {
                let first = kept(rate, key(base, 1, 0));
                for distance in [1, 2, 3, 5, 16, 64, 100, 1024] {
                    let mut shifted = first.clone();
                    shifted.rotate_left(distance);
                    let off = deviations(both(&first, &shifted), rate);
                    // Pairs of one sequence spread more widely than pairs of two.
                    assert!(off.abs() < 8.0, "{rate} {base} at {distance}: {off}");
                }
                for key in [key(base, 2, 0), key(base, 3, 0), key(base, 1, 1), key(base, 1, 2), key(base + 1, 1, 0)] {
                    let off = deviations(both(&first, &kept(rate, key)), rate);
                    assert!(off.abs() < 4.5, "{rate} {base} {key:?}: {off}");
                }
            }
        }
    }

    #[test]
    fn bytes_of_the_hash_are_uniform() {
        let mut counts = [[0u32; 256]; 4];
        for i in 0..COUNT {
            for (counts, byte) in counts.iter_mut().zip(hash32(i, key(5, 6, 7)).to_le_bytes()) {
                counts[usize::from(byte)] += 1;
            }
        }
        for counts in counts {
            let mean = f64::from(COUNT) / 256.0;
            // Chi-squared with 255 degrees of freedom: beyond 330 one time in a thousand, and the key is fixed.
            let chi: f64 = counts.iter().map(|&count| (f64::from(count) - mean).powi(2) / mean).sum();
            assert!(chi < 330.0, "{chi}");
        }
    }
}
