//! Where the time of training goes: ticks of the processor's counter by part, collected from all workers.
#![expect(unsafe_code, reason = "reading the processor's time-stamp counter")]

use std::sync::atomic::{AtomicU64, Ordering};

/// A part of the work of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Shuffling and gathering batches.
    Batches,
    /// Weighted sums, forward.
    Forward,
    /// Biases, norms, activations and dropout, forward and backward, and the loss.
    Activation,
    /// Products of the backward pass.
    Backward,
    /// The optimizer.
    Update,
    /// Curves and final measures.
    Metrics,
    /// Storing ended runs.
    Store,
}

impl Part {
    /// All parts, in the order of a run.
    pub const ALL: [Self; 7] =
        [Self::Batches, Self::Forward, Self::Activation, Self::Backward, Self::Update, Self::Metrics, Self::Store];

    /// Its name in the printed profile.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::Forward => "forward",
            Self::Activation => "activation",
            Self::Backward => "backward",
            Self::Update => "update",
            Self::Metrics => "metrics",
            Self::Store => "store",
        }
    }
}

/// Ticks by part, of all workers together.
#[derive(Debug, Default)]
pub struct Profile([AtomicU64; Part::ALL.len()]);

impl Profile {
    /// Adds the time that `work` takes to a part, where there is a profile.
    pub fn timed<R>(profile: Option<&Self>, part: Part, work: impl FnOnce() -> R) -> R {
        let Some(profile) = profile else { return work() };
        let began = ticks();
        let result = work();
        profile.0[part as usize].fetch_add(ticks().wrapping_sub(began), Ordering::Relaxed);
        result
    }

    /// Every part with its share of all that was counted, from 0 to 1.
    #[must_use]
    pub fn shares(&self) -> Vec<(Part, f64)> {
        let counts = Part::ALL.map(|part| self.0[part as usize].load(Ordering::Relaxed));
        let total = counts.iter().sum::<u64>().max(1) as f64;
        Part::ALL.into_iter().zip(counts).map(|(part, count)| (part, count as f64 / total)).collect()
    }
}

/// Laps of one worker's work, handed to the profile when it is dropped. Costs nothing where there is no profile.
#[derive(Debug)]
pub struct Laps<'a> {
    profile: Option<&'a Profile>,
    last: u64,
    counts: [u64; Part::ALL.len()],
}

impl<'a> Laps<'a> {
    /// Begins to count.
    #[must_use]
    pub fn new(profile: Option<&'a Profile>) -> Self {
        Self { profile, last: if profile.is_some() { ticks() } else { 0 }, counts: [0; Part::ALL.len()] }
    }

    /// What was done since the last lap belongs to `part`.
    #[inline]
    pub fn lap(&mut self, part: Part) {
        if self.profile.is_some() {
            let now = ticks();
            self.counts[part as usize] += now.wrapping_sub(self.last);
            self.last = now;
        }
    }
}

impl Drop for Laps<'_> {
    fn drop(&mut self) {
        if let Some(profile) = self.profile {
            for (total, count) in profile.0.iter().zip(self.counts) {
                total.fetch_add(count, Ordering::Relaxed);
            }
        }
    }
}

/// The processor's counter, which ticks evenly; 0 where there is none.
#[inline]
fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has this counter.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    0
}
