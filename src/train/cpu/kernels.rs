//! Fused loops over one run's memory, compiled for each vector unit and chosen at run time.
//!
//! Every sum has one order that does not depend on the vector unit: over rows one after the other, over columns in
//! [`LANES`] partial sums. So the bits are the same on every machine.
#![expect(unsafe_code, reason = "calling a function compiled for a vector unit after asking for it at run time")]

use crate::network::{Real, Unit};

/// Partial sums of a dot product.
const LANES: usize = 16;

/// The vector unit that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorUnit {
    /// 512 bits.
    Avx512,
    /// 256 bits with fused multiply-add.
    Avx2,
    /// What every x86-64 has; fused multiply-adds are emulated.
    Baseline,
}

/// The widest vector unit here.
#[inline]
#[must_use]
pub fn vector_unit() -> VectorUnit {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let has_avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match (has_avx2, has_avx512) {
            (true, true) => return VectorUnit::Avx512,
            (true, false) => return VectorUnit::Avx2,
            (false, _) => {}
        }
    }
    VectorUnit::Baseline
}

/// Compiles a loop for every vector unit, behind one function that picks.
macro_rules! kernel {
    ($(#[$attribute:meta])* fn $name:ident<$($generic:ident: $bound:path),+>($($argument:ident: $type:ty),+ $(,)?) $body:block) => {
        $(#[$attribute])*
        pub fn $name<$($generic: $bound),+>($($argument: $type),+) {
            #[inline(always)]
            fn body<$($generic: $bound),+>($($argument: $type),+) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512<$($generic: $bound),+>($($argument: $type),+) {
                body::<$($generic),+>($($argument),+);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2<$($generic: $bound),+>($($argument: $type),+) {
                body::<$($generic),+>($($argument),+);
            }

            match vector_unit() {
                // SAFETY: `vector_unit` has asked the processor for every feature that these are compiled for.
                #[cfg(target_arch = "x86_64")]
                VectorUnit::Avx512 => unsafe { avx512::<$($generic),+>($($argument),+) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                VectorUnit::Avx2 => unsafe { avx2::<$($generic),+>($($argument),+) },
                _ => body::<$($generic),+>($($argument),+),
            }
        }
    };
}

