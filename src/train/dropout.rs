//! Which hidden values a training step leaves out: drawn by a hash of their place, so that both engines and any order
//! of work agree.

use crate::config::Seeds;
use crate::random::Stream;

/// What a run's draws start from.
#[must_use]
pub fn base(seeds: Seeds) -> u64 {
    Stream::new(seeds.shuffle, "dropout", 0).below(u64::MAX)
}

/// The key of the draws of a hidden layer (from 0) at a step (from 1).
#[must_use]
pub fn key(base: u64, step: u64, layer: usize) -> (u32, u32) {
    // Splitmix64 (Steele et al. 2014) of the three.
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let golden = 0x9e37_79b9_7f4a_7c15u64;
    let z = mix(mix(base.wrapping_add(step.wrapping_mul(golden))).wrapping_add((layer as u64 + 1).wrapping_mul(golden)));
    (z as u32, (z >> 32) as u32)
}

/// A well-mixed number for each place.
#[inline(always)]
#[must_use]
pub fn hash32(place: u32, key: (u32, u32)) -> u32 {
    // Twice the finalizer "lowbias32" (Wellons 2018).
    let mix = |mut x: u32| {
        x ^= x >> 16;
        x = x.wrapping_mul(0x21f0_aaad);
        x ^= x >> 15;
        x = x.wrapping_mul(0xd35a_2d97);
        x ^ (x >> 15)
    };
    mix(mix(place ^ key.0).wrapping_add(key.1))
}

/// A value is left out when its number is below this.
#[must_use]
pub fn threshold(rate: f64) -> u32 {
    (rate * 4_294_967_296.0) as u32
}
