//! Losses of one error, and their derivatives.

use crate::config::Loss;
use crate::network::Real;

/// A loss as a type, so that loops over it are compiled for it.
pub trait Penalty: Copy {
    /// Of an error.
    fn value<T: Real>(self, error: T) -> T;
    /// By the error.
    fn derivative<T: Real>(self, error: T) -> T;
}

/// e².
#[derive(Clone, Copy)]
pub struct Mse;
/// |e|.
#[derive(Clone, Copy)]
pub struct Mae;
/// e²/2 up to delta, then delta·(|e| − delta/2).
#[derive(Clone, Copy)]
pub struct Huber(pub f64);
/// ln cosh e.
#[derive(Clone, Copy)]
pub struct LogCosh;

impl Penalty for Mse {
    #[inline(always)]
    fn value<T: Real>(self, error: T) -> T {
        error * error
    }
    #[inline(always)]
    fn derivative<T: Real>(self, error: T) -> T {
        error + error
    }
}

impl Penalty for Mae {
    #[inline(always)]
    fn value<T: Real>(self, error: T) -> T {
        error.abs()
    }
    #[inline(always)]
    fn derivative<T: Real>(self, error: T) -> T {
        // At 0 the derivative is taken as 0, and that of a NaN is NaN.
        if error > T::ZERO {
            T::ONE
        } else if error < T::ZERO {
            -T::ONE
        } else {
            error
        }
    }
}

impl Penalty for Huber {
    #[inline(always)]
    fn value<T: Real>(self, error: T) -> T {
        let (delta, size, half) = (T::from_f64(self.0), error.abs(), T::from_f64(0.5));
        if size > delta { delta * (size - half * delta) } else { half * error * error }
    }
    #[inline(always)]
    fn derivative<T: Real>(self, error: T) -> T {
        let delta = T::from_f64(self.0);
        if error > delta {
            delta
        } else if error < -delta {
            -delta
        } else {
            error
        }
    }
}

impl Penalty for LogCosh {
    #[inline(always)]
    fn value<T: Real>(self, error: T) -> T {
        // ln cosh e = |e| + ln(1 + e^(−2|e|)) − ln 2, which overflows nowhere.
        let size = error.abs();
        size + (-(size + size)).exp().ln_1p() - T::from_f64(std::f64::consts::LN_2)
    }
    #[inline(always)]
    fn derivative<T: Real>(self, error: T) -> T {
        error.tanh()
    }
}

/// Calls `$body` with `$penalty` bound to the loss as its own type.
macro_rules! with_penalty {
    ($loss:expr, $penalty:ident => $body:expr) => {
        match $loss {
            $crate::config::Loss::Mse => {
                let $penalty = $crate::train::loss::Mse;
                $body
            }
            $crate::config::Loss::Mae => {
                let $penalty = $crate::train::loss::Mae;
                $body
            }
            $crate::config::Loss::Huber(delta) => {
                let $penalty = $crate::train::loss::Huber(delta);
                $body
            }
            $crate::config::Loss::LogCosh => {
                let $penalty = $crate::train::loss::LogCosh;
                $body
            }
        }
    };
}
pub(super) use with_penalty;

/// The loss of one error.
#[must_use]
pub fn loss_of(loss: Loss, error: f64) -> f64 {
    with_penalty!(loss, penalty => penalty.value(error))
}
