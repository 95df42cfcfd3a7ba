//! Elementary functions of f32.

use super::{Real, common, polynomial};

/// 1.5·2²³: adding it rounds to the nearest whole number, which is then found in the lowest bits.
const ROUNDER: f32 = 12_582_912.0;

/// The bits of 1.
const ONE_BITS: i32 = 127 << 23;

/// The bits of √½: what is split into a power of two and a factor lies from here to √2.
const ROOT_BITS: i32 = 0x3f35_04f3;

/// ln 2 in two parts; the first has so few digits that its product with an exponent is exact.
const LN_2: [f32; 2] = [6.931_381e-1, 9.058_001e-6];

/// π in three parts, each rounded from what those before it leave. With fused multiply-adds the first is exact.
const PI: [f32; 3] = [std::f32::consts::PI, -8.742_278e-8, -3.430_249e-15];

/// 1/√(2π)
const FRAC_1_SQRT_TAU: f32 = 0.398_942_3;

impl Real for f32 {
    common!(f32, tch::Kind::Float);

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    /// Within 2 units in the last place: the power of two is split off, the rest by [`exp_beside_zero`].
    #[inline(always)]
    fn exp(self) -> Self {
        // Beyond these ends the result is 0 or infinite; a NaN stays one.
        let (power, r) = split_power(self.clamp(-104.0, 89.0));
        let series = exp_beside_zero(r);
        // Two factors, so that neither leaves the exponents of f32.
        let half = power >> 1;
        series * two_to(half) * two_to(power - half)
    }

    /// Within 2 units in the last place from −87 on: as `exp`, with one factor.
    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        // A NaN stays one.
        let (power, r) = split_power(if self < -87.0 { -87.0 } else { self });
        exp_beside_zero(r) * two_to(power)
    }

    /// Within 2 units in the last place: as `exp`, with the one taken off before the power of two is put back.
    #[inline(always)]
    fn exp_m1(self) -> Self {
        let (power, r) = split_power(self.clamp(-30.0, 89.0));
        let series = polynomial!(r;
            1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5);
        let near = (r * r).mul_add(series, r);
        // Half of the result, because 2¹²⁸ is no f32.
        let factor = two_to(power - 1);
        let far = 2.0 * factor.mul_add(near, factor - 0.5);
        if power == 0 { near } else { far }
    }

    /// Within 1 unit in the last place, subnormal arguments included. Coefficients: `FreeBSD`, `e_logf.c` (Sun 1993).
    #[inline(always)]
    fn ln(self) -> Self {
        let subnormal = self < Self::MIN_POSITIVE;
        let normal = self * if subnormal { 33_554_432.0 } else { 1.0 };
        let (power, factor) = split_factor(normal);
        let power = if subnormal { power - 25 } else { power };
        ends_of_ln(ln_sum(power, factor - 1.0, 0.0), self, 0.0)
    }

    /// Within 1 unit in the last place: `ln` of the rounded sum, with what rounding took from the sum put back.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        let sum = 1.0 + self;
        let (power, factor) = split_factor(sum);
        let lost = if self < 1.0 { self - (sum - 1.0) } else { 1.0 - (sum - self) };
        // Beyond 2⁶⁰ nothing that counts is lost, and the power of two would leave the exponents of f32.
        let lost = if power < 60 { lost * f32::from_bits(ONE_BITS.wrapping_sub(power << 23) as u32) } else { 0.0 };
        let (above, lost) = if power == 0 { (self, 0.0) } else { (factor - 1.0, lost) };
        ends_of_ln(ln_sum(power, above, lost), self, -1.0)
    }

    /// Within 2 units in the last place: x·p(x), with p fitted to ln(1 + x)/x on [0, 1] so that the largest relative
    /// error, 5·10⁻⁹, is smallest (weighted least squares, weights by Lawson's iteration).
    #[inline(always)]
    fn ln_1p_of_share(self) -> Self {
        self * polynomial!(self;
            -3.244_004_4e-3, 1.985_136_8e-2, -5.695_935_7e-2, 1.060_363_65e-1, -1.530_558_2e-1, 1.967_593_6e-1,
            -2.495_413_3e-1, 3.332_996_4e-1, -4.999_990_2e-1, 1.0)
    }

    /// The distribution within 8 units in the last place, far out in its tail too: below zero it is e^(−x²/2)·t·p(t) with
    /// t = 1/(1 + 0.26·|x|), and p fitted as in `ln_1p_of_share`, up to |x| = 14, to a relative error of 2.5·10⁻⁸.
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        let bell = Real::exp_of_negative(-0.5 * self * self);
        let t = 1.0 / self.abs().mul_add(0.26, 1.0);
        let tail = bell
            * (t * polynomial!(t;
                3.050_472_4e-2, -1.528_280_5e-1, 2.514_897e-1, -1.509_471_5e-1, 1.609_466_1e-1, 5.102_821e-2,
                1.030_301_15e-1, 1.030_167_7e-1, 1.037_590_6e-1));
        (if self > 0.0 { 1.0 - tail } else { tail }, bell * FRAC_1_SQRT_TAU)
    }

    /// Within 2 units in the last place up to 10⁴: the nearest multiple of π is taken off, the rest by Taylor's series.
    #[inline(always)]
    fn sin(self) -> Self {
        let shifted = self.mul_add(std::f32::consts::FRAC_1_PI, ROUNDER);
        sine_beside(self, shifted - ROUNDER, shifted)
    }

    /// Within 2 units in the last place up to 10⁴: as the sine, from the nearest of its zeros, half a π away.
    #[inline(always)]
    fn cos(self) -> Self {
        let shifted = self.mul_add(std::f32::consts::FRAC_1_PI, 0.5) + ROUNDER;
        sine_beside(self, shifted - ROUNDER - 0.5, shifted)
    }

    /// Within 3 units in the last place: −t/(t + 2) with t = e^(−2x) − 1, the sign put back.
    #[inline(always)]
    fn tanh(self) -> Self {
        let t = Real::exp_m1(-2.0 * self.abs());
        (-t / (t + 2.0)).copysign(self)
    }

    /// Within 4 units in the last place: 1 − e^(−x·q(x)), with q fitted to −ln(erfc x)/x on [0, 4] so that the largest
    /// relative error of erf, 4·10⁻⁹, is smallest (weighted least squares, weights by Lawson's iteration).
    #[inline(always)]
    fn erf(self) -> Self {
        let x = self.abs();
        let x = if x > 4.0 { 4.0 } else { x };
        let q = polynomial!(x;
            -9.255_421e-6, 1.176_339_9e-4, -6.328_113e-4, 1.666_979_5e-3, -1.603_442_2e-4, -1.915_309_6e-2,
            1.027_778_4e-1, 6.366_194e-1, std::f32::consts::FRAC_2_SQRT_PI);
        (-Real::exp_m1(-x * q)).copysign(self)
    }
}

/// The whole number k for which what is left, x − k·ln 2, is smallest, and what is left.
#[inline(always)]
fn split_power(x: f32) -> (i32, f32) {
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUNDER);
    let whole = shifted - ROUNDER;
    let r = whole.mul_add(-0.693_359_4, x);
    let r = whole.mul_add(2.121_944_4e-4, r);
    (shifted.to_bits() as i32 - ROUNDER.to_bits() as i32, r)
}

/// e^r for |r| up to ln 2/2: 1 + r + r²·p(r), with p fitted so that the largest relative error, 3·10⁻⁹, is smallest
/// (weighted least squares, weights by Lawson's iteration).
#[inline(always)]
fn exp_beside_zero(r: f32) -> f32 {
    polynomial!(r; 1.381_458_4e-3, 8.368_724e-3, 4.166_839e-2, 1.666_652_1e-1, 4.999_999_4e-1, 1.0, 1.0)
}

#[inline(always)]
fn two_to(power: i32) -> f32 {
    f32::from_bits(((power + 127) << 23) as u32)
}

/// A normal positive number as a power of two and a factor from √½ to √2.
#[inline(always)]
fn split_factor(x: f32) -> (i32, f32) {
    let bits = x.to_bits() as i32;
    let power = bits.wrapping_sub(ROOT_BITS) >> 23;
    (power, f32::from_bits(bits.wrapping_sub(power << 23) as u32))
}

/// power·ln 2 + ln(1 + f + lost), for a tiny `lost`.
#[inline(always)]
fn ln_sum(power: i32, f: f32, lost: f32) -> f32 {
    let power = power as f32;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * polynomial!(z; 0.242_790_79, 0.284_987_87, 0.400_009_72, 0.666_666_6);
    let half_square = 0.5 * f * f;
    // 1/(1 + f) = (1 − s)/(1 + s), about 1 − 2s + 2s².
    let tail = lost.mul_add((-2.0 * s).mul_add(1.0 - s, 1.0), power * LN_2[1]);
    power.mul_add(LN_2[0], s.mul_add(half_square + series, tail) - half_square + f)
}

/// A logarithm of x, put right where x is its pole, below that, infinite or NaN.
#[inline(always)]
fn ends_of_ln(value: f32, x: f32, pole: f32) -> f32 {
    let below = if x == pole { f32::NEG_INFINITY } else { f32::NAN };
    let value = if x > f32::MAX { x } else { value };
    // A NaN is not above the pole.
    if x > pole { value } else { below }
}

/// sin(x − zero·π), negative where the lowest bit of `shifted` says that the zero is an odd one.
#[inline(always)]
fn sine_beside(x: f32, zero: f32, shifted: f32) -> f32 {
    let r = zero.mul_add(-PI[0], x);
    let r = zero.mul_add(-PI[1], r);
    let r = zero.mul_add(-PI[2], r).clamp(-1.6, 1.6);
    let z = r * r;
    // The last one is 1.3 times Taylor's: so the cosine of 0 is 1, and the largest error smallest.
    let series = polynomial!(z;
        2.087_676e-10, -1.0 / 39_916_800.0, 1.0 / 362_880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0);
    let sine = (series * z).mul_add(r, r).clamp(-1.0, 1.0);
    f32::from_bits(sine.to_bits() ^ (shifted.to_bits() << 31))
}
