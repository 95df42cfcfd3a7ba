//! The activations, a type each.

use super::{Real, Unit, clamp, inside, logistic, normal_density, normal_distribution, softplus};

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
    fn value<T: Real>(self, z: T) -> T {
        z
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        let _ = kept;
        T::ONE
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
    fn value<T: Real>(self, z: T) -> T {
        // Not `max`: a NaN must stay one, or a diverged run would look healthy.
        if z < T::ZERO { T::ZERO } else { z }
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        if kept > T::ZERO { T::ONE } else { T::ZERO }
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
    fn value<T: Real>(self, z: T) -> T {
        if z < T::ZERO { z * T::from_f64(self.0) } else { z }
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        if kept > T::ZERO { T::ONE } else { T::from_f64(self.0) }
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
    fn value<T: Real>(self, z: T) -> T {
        if z < T::ZERO { z.exp_m1() } else { z }
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        if kept > T::ZERO { T::ONE } else { kept + T::ONE }
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
    fn value<T: Real>(self, z: T) -> T {
        let scale = T::from_f64(SELU_SCALE);
        if z < T::ZERO { scale * T::from_f64(SELU_ALPHA) * z.exp_m1() } else { scale * z }
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        let scale = T::from_f64(SELU_SCALE);
        if kept > T::ZERO { scale } else { scale.mul_add(T::from_f64(SELU_ALPHA), kept) }
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
    fn value<T: Real>(self, z: T) -> T {
        z * normal_distribution(z)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        normal_distribution(kept) + kept * normal_density(kept)
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
    fn value<T: Real>(self, z: T) -> T {
        z * logistic(z)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        let share = logistic(kept);
        share * (T::ONE + kept * (T::ONE - share))
    }
}

/// z·tanh(ln(1 + e^z)).
#[derive(Clone, Copy)]
pub struct Mish;

impl Mish {
    /// tanh(ln(1 + e^z)) and what it lacks of 1: n/(n + d) and d/(n + d) with n = e^2z + 2e^z and d = 2, for positive z
    /// both divided by e^2z, so that nothing overflows.
    #[inline(always)]
    fn bend<T: Real>(z: T, small: T) -> (T, T) {
        let two = T::ONE + T::ONE;
        let (above, below) = (two.mul_add(small, T::ONE), small * (small + two));
        let (n, d) = if z > T::ZERO { (above, two * small * small) } else { (below, two) };
        let share = T::ONE / (n + d);
        (n * share, d * share)
    }
}

impl Unit for Mish {
    #[inline(always)]
    fn of(_: f64) -> Self {
        Self
    }
    #[inline(always)]
    fn value<T: Real>(self, z: T) -> T {
        z * Self::bend(z, (-z.abs()).exp()).0
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        let small = (-kept.abs()).exp();
        let (bent, lacking) = Self::bend(kept, small);
        let logistic = if kept > T::ZERO { T::ONE } else { small } / (T::ONE + small);
        bent + kept * logistic * lacking * (T::ONE + bent)
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
    fn value<T: Real>(self, z: T) -> T {
        softplus(z)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        logistic(kept)
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
    fn value<T: Real>(self, z: T) -> T {
        z.tanh()
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        T::ONE - kept * kept
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
    fn value<T: Real>(self, z: T) -> T {
        logistic(z)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        kept * (T::ONE - kept)
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
    fn value<T: Real>(self, z: T) -> T {
        clamp(z, -1.0, 1.0)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        inside(kept, -1.0, 1.0)
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
    fn value<T: Real>(self, z: T) -> T {
        clamp(z, 0.0, 6.0)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        inside(kept, 0.0, 6.0)
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
    fn value<T: Real>(self, z: T) -> T {
        (-(z * z)).exp()
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        -(kept + kept) * (-(kept * kept)).exp()
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
    fn value<T: Real>(self, z: T) -> T {
        z * z
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        kept + kept
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
    fn value<T: Real>(self, z: T) -> T {
        (z * T::from_f64(self.0)).sin()
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        let omega = T::from_f64(self.0);
        omega * (kept * omega).cos()
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
    fn value<T: Real>(self, z: T) -> T {
        let a = T::from_f64(self.0);
        let sine = (z * a).sin();
        z + sine * sine / a
    }
    #[inline(always)]
    fn derivative<T: Real>(self, kept: T) -> T {
        let a = T::from_f64(self.0);
        T::ONE + (a * (kept + kept)).sin()
    }
}
