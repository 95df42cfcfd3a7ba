//! Checkpoints of runs that were paused: `unfinished/RUN`. They only save time: a run without one, or with one that
//! cannot be read, begins anew and ends with the same bits.
//!
//! ```text
//! file = "ablate\0c"  version: u32  check: 16 bytes  run: 20 bytes  epoch: u32  seconds: f64  environment: length u32 and text  state
//! ```
//!
//! Numbers are little-endian; the check is the first half of BLAKE3 over all that follows it.

use std::path::PathBuf;

use super::error::{Result, io_error};
use super::files::{Files, create_folder, read_if_there, replace};
use super::layout::Layout;
use crate::config::Id;
use crate::train::Checkpoint;

const MAGIC: &[u8] = b"ablate\0c";
const FORMAT: u32 = 1;

/// Saves where a run was paused.
pub(super) fn save(files: &dyn Files, layout: &Layout, run: Id, checkpoint: &Checkpoint) -> Result<()> {
    create_folder(files, &layout.unfinished())?;
    replace(files, &path(layout, run), &encode(run, checkpoint))
}

/// Where a run was paused; `None` where it was not, and where what is there is not what was saved.
pub(super) fn load(files: &dyn Files, layout: &Layout, run: Id) -> Option<Checkpoint> {
    read(files, layout, run).ok().flatten()
}

/// As [`load`], where it matters why there is nothing.
pub(super) fn read(files: &dyn Files, layout: &Layout, run: Id) -> Result<Option<Checkpoint>> {
    let bytes = read_if_there(files, &path(layout, run))?;
    Ok(bytes.and_then(|bytes| decode(run, &bytes)))
}

/// Removes what was saved of a run.
pub(super) fn remove(files: &dyn Files, layout: &Layout, run: Id) -> Result<()> {
    let path = path(layout, run);
    match files.remove(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", &path)(error)),
        _ => Ok(()),
    }
}

/// The runs that something is saved of.
pub(super) fn list(files: &dyn Files, layout: &Layout) -> Result<Vec<Id>> {
    let folder = layout.unfinished();
    let names = files.list(&folder).map_err(io_error("list", &folder))?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

fn path(layout: &Layout, run: Id) -> PathBuf {
    layout.unfinished().join(run.to_string())
}

fn encode(run: Id, checkpoint: &Checkpoint) -> Vec<u8> {
    let mut content = run.to_string().into_bytes();
    content.extend(checkpoint.epoch.to_le_bytes());
    content.extend(checkpoint.seconds.to_le_bytes());
    content.extend((checkpoint.environment.len() as u32).to_le_bytes());
    content.extend(checkpoint.environment.as_bytes());
    content.extend(&checkpoint.state);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(&blake3::hash(&content).as_bytes()[..16]);
    bytes.extend(content);
    bytes
}

/// Reads what [`encode`] has written of this run.
pub(super) fn decode(run: Id, bytes: &[u8]) -> Option<Checkpoint> {
    let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&FORMAT.to_le_bytes())?;
    let (check, mut rest) = rest.split_at_checked(16)?;
    if check != &blake3::hash(rest).as_bytes()[..16] {
        return None;
    }
    let mut take = |count: usize| {
        let (first, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(first)
    };
    if take(20)? != run.to_string().as_bytes() {
        return None;
    }
    let epoch = u32::from_le_bytes(take(4)?.try_into().ok()?);
    let seconds = f64::from_le_bytes(take(8)?.try_into().ok()?);
    let length = u32::from_le_bytes(take(4)?.try_into().ok()?);
    let environment = std::str::from_utf8(take(length as usize)?).ok()?.to_owned();
    Some(Checkpoint { epoch, seconds, environment, state: rest.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let run: Id = "0123456789abcdef0123".parse().unwrap();
        let checkpoint = Checkpoint { epoch: 7, seconds: 0.5, environment: "e".into(), state: (0..40).collect() };
        let bytes = encode(run, &checkpoint);
        assert_eq!(decode(run, &bytes), Some(checkpoint));
        assert_eq!(decode("0123456789abcdef0124".parse().unwrap(), &bytes), None);
        for at in 0..bytes.len() {
            assert_eq!(decode(run, &bytes[..at]), None, "cut at {at}");
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert_eq!(decode(run, &flipped), None, "byte {at}, bit {bit}");
            }
        }
    }
}
