//! Elementary functions of f64.

use super::{Real, common, polynomial};

/// 1.5·2⁵²: adding it rounds to the nearest whole number, which is then found in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The bits of 1.
const ONE_BITS: u64 = 1023 << 52;

/// The bits of √½: what is split into a power of two and a factor lies from here to √2.
const ROOT_BITS: u64 = 0x3fe6_a09e_667f_3bcd;

/// ln 2 in two parts; the first has so few digits that its product with an exponent is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// π in three parts, each rounded from what those before it leave. With fused multiply-adds the first is exact.
const PI: [f64; 3] = [std::f64::consts::PI, 1.224_646_799_147_353_2e-16, -2.994_769_809_718_339_7e-33];

impl Real for f64 {
    common!(f64, tch::Kind::Double);

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    /// Within 2 units in the last place: the power of two is split off, the rest by Taylor's series to degree 13.
    #[inline(always)]
    fn exp(self) -> Self {
        // Beyond these ends the result is 0 or infinite; a NaN stays one.
        let (power, r) = split_power(self.clamp(-746.0, 710.0));
        let series = polynomial!(r;
            1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0, 1.0 / 362_880.0,
            1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0);
        // Two factors, so that neither leaves the exponents of f64. Shifted as unsigned numbers: vector units that
        // shift signed ones of 64 bits are few.
        let both = power.wrapping_add(2046);
        let half = both >> 1;
        series * f64::from_bits(half << 52) * f64::from_bits((both - half) << 52)
    }

    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        // A NaN stays one.
        Real::exp(if self < -708.0 { -708.0 } else { self })
    }

    #[inline(always)]
    fn ln_1p_of_share(self) -> Self {
        Real::ln_1p(self)
    }

    /// By the error function; far out in the tail below zero only to 10⁻¹⁶ of 1.
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        let distribution = 0.5 * (1.0 + Real::erf(self * std::f64::consts::FRAC_1_SQRT_2));
        // 1/√(2π)
        (distribution, 0.398_942_280_401_432_7 * Real::exp(-0.5 * (self * self)))
    }

    /// Within 3 units in the last place: as `exp`, with the one taken off before the power of two is put back.
    #[inline(always)]
    fn exp_m1(self) -> Self {
        let (power, r) = split_power(self.clamp(-60.0, 710.0));
        let series = polynomial!(r;
            1.0 / 87_178_291_200.0, 1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0,
            1.0 / 362_880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5);
        let near = (r * r).mul_add(series, r);
        // Half of the result, because 2¹⁰²⁴ is no f64.
        let factor = f64::from_bits(power.wrapping_add(1022) << 52);
        let far = 2.0 * factor.mul_add(near, factor - 0.5);
        if power == 0 { near } else { far }
    }

    /// Within 2 units in the last place, subnormal arguments included. Coefficients: `FreeBSD`, `e_log.c` (Sun 1993).
    #[inline(always)]
    fn ln(self) -> Self {
        let subnormal = self < Self::MIN_POSITIVE;
        let normal = self * if subnormal { 18_014_398_509_481_984.0 } else { 1.0 };
        let (power, factor) = split_factor(normal);
        let power = to_float(power);
        let power = if subnormal { power - 54.0 } else { power };
        ends_of_ln(ln_sum(power, factor - 1.0, 0.0), self, 0.0)
    }

    /// Within 2 units in the last place: `ln` of the rounded sum, with what rounding took from the sum put back.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        let sum = 1.0 + self;
        let (bits, factor) = split_factor(sum);
        let power = to_float(bits);
        let lost = if self < 1.0 { self - (sum - 1.0) } else { 1.0 - (sum - self) };
        // Beyond 2⁶⁰ nothing that counts is lost, and the power of two would leave the exponents of f64.
        let lost = if power < 60.0 { lost * f64::from_bits(ONE_BITS.wrapping_sub(bits << 52)) } else { 0.0 };
        let (above, lost) = if power == 0.0 { (self, 0.0) } else { (factor - 1.0, lost) };
        ends_of_ln(ln_sum(power, above, lost), self, -1.0)
    }

    /// Within 3 units in the last place up to 10⁶: the nearest multiple of π is taken off, the rest by Taylor's series.
    #[inline(always)]
    fn sin(self) -> Self {
        let shifted = self.mul_add(std::f64::consts::FRAC_1_PI, ROUNDER);
        sine_beside(self, shifted - ROUNDER, shifted)
    }

    /// Within 3 units in the last place up to 10⁶: as the sine, from the nearest of its zeros, half a π away.
    #[inline(always)]
    fn cos(self) -> Self {
        let shifted = self.mul_add(std::f64::consts::FRAC_1_PI, 0.5) + ROUNDER;
        sine_beside(self, shifted - ROUNDER - 0.5, shifted)
    }

    /// Within 3 units in the last place. Near zero by the rational form of Cephes (Moshier 1992), else by exp.
    #[inline(always)]
    fn tanh(self) -> Self {
        let square = self * self;
        let above =
            polynomial!(square; -9.643_991_794_250_523e-1, -9.928_772_310_019_185e1, -1.614_687_684_417_084_5e3);
        let below =
            polynomial!(square; 1.0, 1.128_116_784_916_329_3e2, 2.235_488_390_601_004_5e3, 4.844_063_053_251_255e3);
        let small = (above / below * square).mul_add(self, self);
        let large = 1.0 - 2.0 / (Real::exp(2.0 * self.abs()) + 1.0);
        if self.abs() < 0.625 { small } else { large.copysign(self) }
    }

    /// Within 4 units in the last place: 1 − e^(−x·q(x)), with q fitted to −ln(erfc x)/x on [0, 6] so that the largest
    /// relative error of erf, 7·10⁻¹⁷, is smallest (weighted least squares, weights by Lawson's iteration).
    #[inline(always)]
    fn erf(self) -> Self {
        let x = self.abs();
        let x = if x > 6.0 { 6.0 } else { x };
        let q = polynomial!(x;
            1.177_639_527_622_270_5e-14, -4.745_418_595_353_612e-13, 8.703_625_886_987_073e-12,
            -9.528_492_892_827_927e-11, 6.795_591_864_306_421e-10, -3.144_409_457_459_352e-9,
            7.745_118_068_231_505e-9, 8.494_608_214_915_55e-9, -1.744_117_002_527_534_2e-7,
            8.543_596_162_032_374e-7, -2.430_828_683_420_971_6e-6, 3.565_988_590_476_088_6e-6,
            2.794_566_061_060_274_8e-6, -2.932_252_720_792_074_7e-5, 6.428_939_988_994_804e-5,
            2.595_548_846_702_073_3e-5, -5.901_469_095_174_499e-4, 1.696_210_553_648_485_9e-3,
            -2.091_952_342_554_585e-4, -1.912_844_696_265_38e-2, 1.027_726_033_000_371_2e-1,
            6.366_197_723_676_121e-1, std::f64::consts::FRAC_2_SQRT_PI);
        (-Real::exp_m1(-x * q)).copysign(self)
    }
}

/// The whole number k (its two's complement) for which what is left, x − k·ln 2, is smallest, and what is left.
#[inline(always)]
fn split_power(x: f64) -> (u64, f64) {
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUNDER);
    let whole = shifted - ROUNDER;
    let r = whole.mul_add(-LN_2[0], x);
    let r = whole.mul_add(-LN_2[1], r);
    (shifted.to_bits().wrapping_sub(ROUNDER.to_bits()), r)
}

/// A normal positive number as a power of two, of which the lowest 12 bits are right, and a factor from √½ to √2.
#[inline(always)]
fn split_factor(x: f64) -> (u64, f64) {
    let bits = x.to_bits();
    // One more bit of exponent than needed keeps the difference positive, so that no signed shift is asked for.
    let power = (bits.wrapping_sub(ROOT_BITS).wrapping_add(1 << 62) >> 52).wrapping_sub(1024);
    (power, f64::from_bits(bits.wrapping_sub(power << 52)))
}

/// A small whole number in two's complement as a float.
#[inline(always)]
fn to_float(whole: u64) -> f64 {
    f64::from_bits(ROUNDER.to_bits().wrapping_add(whole)) - ROUNDER
}

/// power·ln 2 + ln(1 + f + lost), for a tiny `lost`.
#[inline(always)]
fn ln_sum(power: f64, f: f64, lost: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * polynomial!(z;
        1.479_819_860_511_658_6e-1, 1.531_383_769_920_937_3e-1, 1.818_357_216_161_805e-1, 2.222_219_843_214_978_4e-1,
        2.857_142_874_366_239e-1, 3.999_999_999_940_942e-1, 6.666_666_666_666_735e-1);
    let half_square = 0.5 * f * f;
    // 1/(1 + f) = (1 − s)/(1 + s), about 1 − 2s + 2s².
    let tail = lost.mul_add((-2.0 * s).mul_add(1.0 - s, 1.0), power * LN_2[1]);
    power.mul_add(LN_2[0], s.mul_add(half_square + series, tail) - half_square + f)
}

/// A logarithm of x, put right where x is its pole, below that, infinite or NaN.
#[inline(always)]
fn ends_of_ln(value: f64, x: f64, pole: f64) -> f64 {
    let below = if x == pole { f64::NEG_INFINITY } else { f64::NAN };
    let value = if x > f64::MAX { x } else { value };
    // A NaN is not above the pole.
    if x > pole { value } else { below }
}

/// sin(x − zero·π), negative where the lowest bit of `shifted` says that the zero is an odd one.
#[inline(always)]
fn sine_beside(x: f64, zero: f64, shifted: f64) -> f64 {
    let r = zero.mul_add(-PI[0], x);
    let r = zero.mul_add(-PI[1], r);
    let r = zero.mul_add(-PI[2], r).clamp(-1.6, 1.6);
    let z = r * r;
    let series = polynomial!(z;
        1.0 / 51_090_942_171_709_440_000.0, -1.0 / 121_645_100_408_832_000.0, 1.0 / 355_687_428_096_000.0,
        -1.0 / 1_307_674_368_000.0, 1.0 / 6_227_020_800.0, -1.0 / 39_916_800.0, 1.0 / 362_880.0, -1.0 / 5040.0,
        1.0 / 120.0, -1.0 / 6.0);
    let sine = (series * z).mul_add(r, r).clamp(-1.0, 1.0);
    f64::from_bits(sine.to_bits() ^ (shifted.to_bits() << 63))
}
