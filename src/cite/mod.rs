//! What makes a run citable: where it comes from.

pub mod provenance;

pub use provenance::Provenance;
