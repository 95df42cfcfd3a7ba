//! Aligned memory for numbers, so that vectors do not straddle lines of the cache.

use std::ops::{Deref, DerefMut};

use crate::network::Real;

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// Arrays begin at multiples of this many numbers: whole lines in both precisions.
const BLOCK: usize = 16;

/// Numbers at an aligned address, zero at first.
#[derive(Debug)]
pub struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
    len: usize,
}

/// The room that an array of so many numbers takes, so that the next one is aligned too.
#[must_use]
pub fn padded(len: usize) -> usize {
    len.next_multiple_of(BLOCK)
}

impl<T: Real> Aligned<T> {
    /// So many zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let numbers = vec![T::ZERO; len + LINE / size_of::<T>()];
        let start = numbers.as_ptr().align_offset(LINE);
        Self { numbers, start, len }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.numbers[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}
