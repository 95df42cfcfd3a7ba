//! Where each array of parameters lies in the one flat array of a run.

use std::ops::Range;

use super::memory::padded;
use crate::network::{Architecture, Role, Slot};

/// The places of all arrays of a network's parameters, each aligned; what lies between them stays zero.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What is where, in the order of [`Architecture::slots`].
    pub places: Vec<(Slot, Range<usize>)>,
    /// Numbers in all, the unused ones included.
    pub len: usize,
}

/// The places of one layer's parameters; those that it does not have are empty.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub weight: Range<usize>,
    pub magnitude: Range<usize>,
    pub gate: Range<usize>,
    pub bias: Range<usize>,
    pub scale: Range<usize>,
    pub shift: Range<usize>,
}

impl Layout {
    /// The layout of a network.
    pub fn of(architecture: &Architecture) -> Self {
        let mut len = 0;
        let place = |slot: Slot| {
            let start = len;
            len += padded(slot.len());
            let range = start..start + slot.len();
            (slot, range)
        };
        let places = architecture.slots().into_iter().map(place).collect();
        Self { places, len }
    }

    /// The places of a layer.
    pub fn layer(&self, layer: usize) -> Places {
        let of = |role: Role| {
            let place = self.places.iter().find(|(slot, _)| slot.layer == layer && slot.role == role);
            place.map_or(0..0, |(_, range)| range.clone())
        };
        Places {
            weight: of(Role::Weight),
            magnitude: of(Role::Magnitude),
            gate: of(Role::Gate),
            bias: of(Role::Bias),
            scale: of(Role::Scale),
            shift: of(Role::Shift),
        }
    }
}

/// Two ranges of one array, both to write to; the first lies before the second, or the second is empty.
pub fn two<T>(numbers: &mut [T], first: Range<usize>, second: Range<usize>) -> (&mut [T], &mut [T]) {
    if second.is_empty() {
        return (&mut numbers[first], &mut []);
    }
    let (head, tail) = numbers.split_at_mut(second.start);
    (&mut head[first], &mut tail[..second.end - second.start])
}
