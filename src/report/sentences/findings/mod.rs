//! Findings of any sweep in words: what each figure shows, with its numbers, and the opposite where they say it.

mod linear;
mod networks;
mod scatter;
mod sizes;

pub use linear::{conditioning, depths, floors};
pub use networks::{BY, beyond, courses, crossing, fan, pieces, shared, written};
pub use scatter::{distribution, examples, roundings, successes};
pub use sizes::sizes;

/// The first of some names, and how many more there are.
fn named(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return super::list(names);
    }
    format!("{} and {} more", names[..most].join(", "), names.len() - most)
}
