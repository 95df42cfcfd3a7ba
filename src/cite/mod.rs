//! What makes runs citable: where they come from, whether they were verified, and citations in the forms that documents take;
//! and bundles of all that belongs to them.

mod bibtex;
pub mod bundle;
mod cff;
mod citation;
pub mod compare;
mod differences;
mod facts;
mod json;
mod latex;
mod origin;
pub mod provenance;
mod runs;
mod tables;
mod text;
pub mod verify;

pub use citation::{About, Best, Citation, Claims, Format, Subject, Whole};
pub use origin::{Origin, Process};
pub use provenance::Provenance;
pub use runs::{Notes, Runs};
pub use verify::{Verified, told};
