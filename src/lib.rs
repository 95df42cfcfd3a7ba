//! Ablate trains every configuration of a sweep, keeps what came out, and explains it.
//!
//! Data flows one way: [`config`] → sweep → grid → plan → execute → store → analysis → report.

pub mod analysis;
pub mod cite;
pub mod cli;
pub mod config;
pub mod execute;
pub mod grid;
pub mod measure;
pub mod network;
pub mod plan;
pub mod problem;
pub mod random;
pub mod report;
pub mod slurm;
pub mod store;
pub mod sweep;
pub mod train;
