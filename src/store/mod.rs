//! Saved results: the only place that writes under `results/`, and the way to read them. It does not know what a
//! measure means.
//!
//! A run that ended is a [`Record`]. [`Writer`] appends records to a journal and folds them into Parquet tables;
//! [`Results`] reads both and cannot write. Every effect on files goes through [`Files`].
//!
//! ```text
//! results/NAME/
//!   sweep.yaml, sweeps/HASH.yaml     the sweep as it was run last, and every version of it   writer
//!   journal/NUMBER-RANDOM.log        records not yet folded                                  journal, segment, codec
//!   journal/NAME.torn                what a repair has cut from the segment of that name     repair
//!   runs.parquet, curves.parquet, predictions.parquet   the tables                           weave, frames, columns, parts
//!   manifest.json, compaction.json   what the tables are, and a decision under way           manifest, sealed, compact
//!   weights/RUN.safetensors          weights that were to be kept                            weights
//!   unfinished/RUN                   where a run was paused                                   unfinished
//!   provenance/PROCESS.json          where the runs that a process trained come from          notes
//!   verified/RUN.json                what the last verification of a run found                notes
//!   claims/TOKEN.runs                what each process at work has taken                      claims
//!   tasks/PROCESS.json               how a process that trains a shard is getting on          tasks, notes
//!   aside/NAME/                      records of other results that a merge has kept whole      join, beside
//!   .lock                            held while tables are written                           writer
//! ```

mod beside;
mod braid;
mod check;
mod choose;
mod claims;
mod codec;
mod columns;
mod compact;
mod error;
mod extract;
mod files;
mod frames;
mod gather;
mod inspect;
mod join;
mod journal;
mod layout;
mod locate;
mod manifest;
mod merge;
mod notes;
mod parquet;
mod parts;
mod query;
mod record;
mod repair;
mod restore;
mod results;
mod sealed;
mod segment;
mod shard;
mod shared;
mod show;
mod state;
mod sweeps;
mod table;
mod tasks;
mod unfinished;
mod weave;
mod weights;
mod window;
mod writer;

pub use check::{Checked, Finding, Grade, check};
pub use claims::{AtWork, at_work};
pub use compact::Folded;
pub use error::{Error, Result};
pub use files::{Disk, Files, Handle, Kind, NoFile, Source};
pub use gather::gather;
pub use join::{Joined, JoinedFrom, join};
pub use journal::Listener;
pub use locate::{Found, Named, locate, locate_id};
pub use manifest::{Manifest, Part, SetAside, SweepVersion, Why};
pub use notes::{Note, keep_verified};
pub use query::{Query, Telling, is_column, no_runs, query, rows_of, telling_columns};
pub use record::{Cell, Identity, Record};
pub use repair::repair;
pub use restore::{configuration, restored};
pub use results::{Results, tasks_of};
pub use show::{Shown, ShownParameter, ShownPoint, curve, show, sparkline, sparkline_between};
pub use sweeps::SweepCopy;
pub use table::{Format, format, json_value, no_formula, short};
pub use tasks::{SILENCE, Task};
pub use writer::{Ended, Writer};

#[cfg(test)]
mod tests;
