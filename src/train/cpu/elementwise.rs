//! Loops over whole arrays with a function that the caller gives.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use super::kernels::kernel;
use crate::network::Real;

kernel! {
    /// `out = f(a)`.
    fn map<T: Real, F: Fn(T) -> T>(out: &mut [T], a: &[T], f: F) {
        for (out, a) in out.iter_mut().zip(a) {
            *out = f(*a);
        }
    }
}

kernel! {
    /// `out = f(out, a)`.
    fn change<T: Real, F: Fn(T, T) -> T>(out: &mut [T], a: &[T], f: F) {
        for (out, a) in out.iter_mut().zip(a) {
            *out = f(*out, *a);
        }
    }
}

kernel! {
    /// `out = f(a, b)`.
    fn map_two<T: Real, F: Fn(T, T) -> T>(out: &mut [T], a: &[T], b: &[T], f: F) {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = f(*a, *b);
        }
    }
}

kernel! {
    /// `out = f(out, a, b)`.
    fn change_two<T: Real, F: Fn(T, T, T) -> T>(out: &mut [T], a: &[T], b: &[T], f: F) {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = f(*out, *a, *b);
        }
    }
}

kernel! {
    /// `out = f(a, b, c)`.
    fn map_three<T: Real, F: Fn(T, T, T) -> T>(out: &mut [T], a: &[T], b: &[T], c: &[T], f: F) {
        for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
            *out = f(*a, *b, *c);
        }
    }
}

kernel! {
    /// Replaces two arrays at once: `(a, b) = f(a, b, c)`.
    fn change_both<T: Real, F: Fn(T, T, T) -> (T, T)>(a: &mut [T], b: &mut [T], c: &[T], f: F) {
        for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
            (*a, *b) = f(*a, *b, *c);
        }
    }
}

kernel! {
    /// Replaces three arrays at once: `(a, b, c) = f(a, b, c, d)`.
    fn change_three<T: Real, F: Fn(T, T, T, T) -> (T, T, T)>(a: &mut [T], b: &mut [T], c: &mut [T], d: &[T], f: F) {
        for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
            (*a, *b, *c) = f(*a, *b, *c, *d);
        }
    }
}
