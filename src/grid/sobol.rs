//! A Sobol sequence: points that fill a cube more evenly than random ones, each computed from its index alone.
//!
//! Direction numbers of Joe and Kuo (2008, `new-joe-kuo-6`); scrambled by nested uniform scrambling in base two (Owen
//! 1995), whose coin flips are drawn by hashing what stands before a digit.

/// Dimensions that there are direction numbers for.
pub const DIMENSIONS: usize = 64;

/// A scrambled sequence in one dimension.
#[derive(Clone, Debug)]
pub struct Sobol {
    directions: [u32; 32],
    seed: u64,
}

impl Sobol {
    /// The sequence of a dimension, counted from 0, scrambled by a seed.
    ///
    /// # Panics
    /// From [`DIMENSIONS`] on.
    #[must_use]
    pub fn new(dimension: usize, seed: u64) -> Self {
        assert!(dimension < DIMENSIONS, "there are direction numbers for {DIMENSIONS} dimensions");
        Self { directions: directions(dimension), seed: mix(seed ^ mix(dimension as u64 + 1)) }
    }

    /// The coordinate of a point, in [0, 1): a multiple of 2⁻³².
    #[must_use]
    pub fn at(&self, index: u32) -> f64 {
        f64::from(scramble(self.digits(index), self.seed)) / 2f64.powi(32)
    }

    fn digits(&self, index: u32) -> u32 {
        (0..32).filter(|bit| index >> bit & 1 == 1).fold(0, |digits, bit| digits ^ self.directions[bit])
    }
}

/// Flips each binary digit, the first one first, by a coin that depends on the digits before it.
fn scramble(digits: u32, seed: u64) -> u32 {
    (0..32).fold(0, |scrambled, place| {
        let before = if place == 0 { 0 } else { digits >> (32 - place) };
        let coin = mix(seed ^ (u64::from(before) << 6 | place)) >> 63;
        scrambled | (digits >> (31 - place) & 1 ^ coin as u32) << (31 - place)
    })
}

/// A mixing of 64 bits in which every bit depends on every other (`SplitMix64`, Steele, Lea and Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// Direction numbers, the first digit at the highest bit.
fn directions(dimension: usize) -> [u32; 32] {
    if dimension == 0 {
        return std::array::from_fn(|place| 1 << (31 - place));
    }
    let (polynomial, initial) = INITIAL[dimension - 1];
    let degree = initial.len();
    let mut numbers = [0u32; 32];
    for place in 0..32 {
        numbers[place] = if place < degree {
            initial[place] << (31 - place)
        } else {
            // The recurrence of Bratley and Fox (1988): the coefficients of the primitive polynomial say which numbers are added.
            let first = numbers[place - degree] ^ numbers[place - degree] >> degree;
            (1..degree)
                .filter(|back| polynomial >> (degree - back) & 1 == 1)
                .fold(first, |sum, back| sum ^ numbers[place - back])
        };
    }
    numbers
}

/// For each dimension from the second on: a primitive polynomial as its coefficients, and the first numbers.
#[rustfmt::skip]
const INITIAL: [(u32, &[u32]); DIMENSIONS - 1] = [
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
    (229, &[1, 3, 1, 3, 5, 53, 69]),
    (239, &[1, 1, 5, 5, 23, 33, 13]),
    (241, &[1, 1, 7, 7, 1, 61, 123]),
    (247, &[1, 1, 7, 9, 13, 61, 49]),
    (253, &[1, 3, 3, 5, 3, 55, 33]),
    (285, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (299, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (301, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (333, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (351, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (355, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (357, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (361, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (369, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (391, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (397, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (425, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (451, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (463, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (487, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (501, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (529, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (539, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (557, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (601, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (617, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (631, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_joe_and_kuo() {
        // Unscrambled, in the order of Gray's code as SciPy gives it: points 1 to 5 of dimensions 1, 2, 3, 10 and 64.
        let gray = |index: u32| index ^ index >> 1;
        let point = |index: u32| {
            [0, 1, 2, 9, 63].map(|dimension| f64::from(Sobol::new(dimension, 0).digits(gray(index))) / 2f64.powi(32))
        };
        let expected = [
            [0.5, 0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.75, 0.75],
            [0.25, 0.75, 0.75, 0.25, 0.25],
            [0.375, 0.375, 0.625, 0.625, 0.125],
            [0.875, 0.875, 0.125, 0.125, 0.625],
        ];
        for (index, expected) in (1..).zip(expected) {
            assert_eq!(point(index), expected, "point {index}");
        }
    }

    #[test]
    fn scrambled_points_fill_every_interval_alike() {
        for dimension in [0, 1, 2, 40, 63] {
            for seed in [0, 1, 12345] {
                let sequence = Sobol::new(dimension, seed);
                let mut seen = [0; 256];
                (0..1024).for_each(|index| seen[(sequence.at(index) * 256.0) as usize] += 1);
                assert_eq!(seen, [4; 256], "dimension {dimension}, seed {seed}");
            }
        }
    }

    #[test]
    fn pairs_of_dimensions_fill_every_square_alike() {
        let (first, second) = (Sobol::new(0, 3), Sobol::new(1, 3));
        let mut seen = [[0; 16]; 16];
        (0..256).for_each(|index| seen[(first.at(index) * 16.0) as usize][(second.at(index) * 16.0) as usize] += 1);
        assert_eq!(seen, [[1; 16]; 16]);
    }

    #[test]
    fn seeds_and_dimensions_give_other_points() {
        let first = |dimension, seed| Sobol::new(dimension, seed).at(1).to_bits();
        assert_ne!(first(0, 1), first(0, 2));
        assert_ne!(first(0, 1), first(1, 1));
    }
}
