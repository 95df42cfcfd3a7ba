//! Tests of the store as a whole, on a file system that can fail.

mod crafted;
mod crash;
mod damage;
mod join;
pub mod memory;
mod reading;
pub mod samples;
mod shards;
