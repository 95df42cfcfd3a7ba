//! The activations, a type each.

use super::{Real, Unit, clamp, inside, logistic_both};

/// Scale and alpha of SELU, which keep zero mean and unit variance a fixed point (Klambauer et al. 2017).
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

/// The identity.
#[derive(Clone, Copy)]
pub struct Linear;

impl Unit for Linear {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        (z, T::ONE)
    }
}

/// max(0, z).
#[derive(Clone, Copy)]
pub struct Relu;

impl Unit for Relu {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        // Not `max`: a NaN must stay one, or a diverged run would look healthy.
        let value = if z < T::ZERO { T::ZERO } else { z };
        (value, if z > T::ZERO { T::ONE } else { T::ZERO })
    }
}

/// z, or its product with the slope where z is negative.
#[derive(Clone, Copy)]
pub struct LeakyRelu(pub f64);

impl Unit for LeakyRelu {
    #[inline(always)]
    fn of(argument: f64) -> Self {
        Self(argument)
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let slope = T::from_f64(self.0);
        (if z < T::ZERO { z * slope } else { z }, if z > T::ZERO { T::ONE } else { slope })
    }
}

/// z, or e^z − 1 where z is negative.
#[derive(Clone, Copy)]
pub struct Elu;

impl Unit for Elu {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let below = z.exp_m1();
        (if z < T::ZERO { below } else { z }, if z > T::ZERO { T::ONE } else { below + T::ONE })
    }
}

/// The scaled exponential linear unit.
#[derive(Clone, Copy)]
pub struct Selu;

impl Unit for Selu {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let (scale, alpha) = (T::from_f64(SELU_SCALE), T::from_f64(SELU_ALPHA));
        let below = scale * alpha * z.exp_m1();
        let slope = scale.mul_add(alpha, below);
        (if z < T::ZERO { below } else { scale * z }, if z > T::ZERO { scale } else { slope })
    }
}

/// z·Φ(z).
#[derive(Clone, Copy)]
pub struct Gelu;

impl Unit for Gelu {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let (distribution, density) = z.normal();
        (z * distribution, z.mul_add(density, distribution))
    }
}

/// z·σ(z).
#[derive(Clone, Copy)]
pub struct Silu;

impl Unit for Silu {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let (share, lacking) = logistic_both(z);
        let value = z * share;
        (value, value.mul_add(lacking, share))
    }
}

/// z·tanh(ln(1 + e^z)).
#[derive(Clone, Copy)]
pub struct Mish;

impl Unit for Mish {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        // tanh(ln(1 + e^z)) = n/(n + d) with n = e^2z + 2e^z and d = 2, for positive z both divided by e^2z, so that nothing
        // overflows.
        let two = T::ONE + T::ONE;
        let small = (-z.abs()).exp_of_negative();
        let (above, below) = (two.mul_add(small, T::ONE), small * (small + two));
        let (n, d) = if z > T::ZERO { (above, two * small * small) } else { (below, two) };
        let share = T::ONE / (n + d);
        let (bent, lacking) = (n * share, d * share);
        let logistic = if z > T::ZERO { T::ONE } else { small } / (T::ONE + small);
        let value = z * bent;
        (value, (z * logistic * lacking).mul_add(T::ONE + bent, bent))
    }
}

/// ln(1 + e^z).
#[derive(Clone, Copy)]
pub struct Softplus;

impl Unit for Softplus {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        // max(z, 0) + ln(1 + e^−|z|), which overflows nowhere.
        let small = (-z.abs()).exp_of_negative();
        let above = if z < T::ZERO { T::ZERO } else { z };
        let logistic = if z > T::ZERO { T::ONE } else { small } / (T::ONE + small);
        (above + small.ln_1p_of_share(), logistic)
    }
}

/// Hyperbolic tangent.
#[derive(Clone, Copy)]
pub struct Tanh;

impl Unit for Tanh {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let value = z.tanh();
        (value, T::ONE - value * value)
    }
}

/// Logistic function.
#[derive(Clone, Copy)]
pub struct Sigmoid;

impl Unit for Sigmoid {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let (share, lacking) = logistic_both(z);
        (share, share * lacking)
    }
}

/// z, kept within [−1, 1].
#[derive(Clone, Copy)]
pub struct HardTanh;

impl Unit for HardTanh {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        (clamp(z, -1.0, 1.0), inside(z, -1.0, 1.0))
    }
}

/// z, kept within [0, 6].
#[derive(Clone, Copy)]
pub struct Relu6;

impl Unit for Relu6 {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        (clamp(z, 0.0, 6.0), inside(z, 0.0, 6.0))
    }
}

/// e^(−z²).
#[derive(Clone, Copy)]
pub struct Gaussian;

impl Unit for Gaussian {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let value = (-(z * z)).exp_of_negative();
        (value, -(z + z) * value)
    }
}

/// z².
#[derive(Clone, Copy)]
pub struct Square;

impl Unit for Square {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        (z * z, z + z)
    }
}

/// sin(ωz).
#[derive(Clone, Copy)]
pub struct Sine(pub f64);

impl Unit for Sine {
    #[inline(always)]
    fn of(argument: f64) -> Self {
        Self(argument)
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let omega = T::from_f64(self.0);
        let turned = z * omega;
        (turned.sin(), omega * turned.cos())
    }
}

/// z + sin²(az)/a.
#[derive(Clone, Copy)]
pub struct Snake(pub f64);

impl Unit for Snake {
    #[inline(always)]
    fn of(argument: f64) -> Self {
        Self(argument)
    }
    #[inline(always)]
    fn both<T: Real>(self, z: T) -> (T, T) {
        let a = T::from_f64(self.0);
        let turned = z * a;
        let sine = turned.sin();
        (z + sine * sine / a, T::ONE + (turned + turned).sin())
    }
}
