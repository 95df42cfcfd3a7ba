//! Slurm, as far as Ablate speaks with it: what it is given, and what it says. It is handed a sweep, and schedules it; nothing is
//! scheduled here.
//!
//! ```text
//! results/NAME/slurm/
//!   task.sh, gather.sh    the scripts, always the same                                       batch
//!   program               the path of the program that they run                              documents
//!   arguments.json        what tasks are told                                                documents
//!   sweep.yaml            the sweep that tasks run, whatever becomes of the user's file      documents
//!   plan.json             what `ablate plan --json` said when it was submitted               documents
//!   jobs.json             what was submitted                                                 documents
//!   submitting            there while jobs are being submitted                               documents
//!   logs/JOB_INDEX.log    what tasks print
//! ```

mod array;
mod batch;
mod documents;
mod queue;
mod site;
mod tasks;

pub use array::{Array, LimitTooLow, Most, numbers, ranges, split, whole};
pub use batch::{Batch, GATHER, Refused, Resources, SECONDS_TO_SAVE, TASK, check};
pub use documents::{Broken, Folder, Indices, Jobs, Order, Submission, Submitting, VERSION};
pub use queue::{Held, Queue, Told};
pub use site::{Job, Trouble, cancel, most, queue, submit};
pub use tasks::{Attempt, Ending, Known, State, Task};
