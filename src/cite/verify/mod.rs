//! Verification: a run is trained again from what is saved of it, and everything that is saved is compared to the bit.

mod archive;
mod compare;
mod kept;
mod sample;
mod scale;
mod summary;
mod verified;
mod verifier;

pub use archive::{Archive, Candidate, Saved, Standing};
pub use compare::{Compared, Comparison, Difference};
pub use kept::{Fact, Verdict, Verification};
pub use sample::{Share, sample};
pub use summary::{Summary, told};
pub use verified::Verified;
pub use verifier::{Found, TOLERANCE, Verifier};
