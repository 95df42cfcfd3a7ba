//! What makes a run citable: where it comes from, and bundles of all that belongs to it.

pub mod bundle;
pub mod provenance;

pub use provenance::Provenance;
