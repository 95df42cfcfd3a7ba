//! What makes a run citable: where it comes from, and whether training it again gives the same.

pub mod provenance;
pub mod verify;

pub use provenance::Provenance;
