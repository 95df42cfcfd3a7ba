//! The bytes of a file, read where they are asked for, so that a file of any size needs little memory.

use std::fmt;
use std::io::{self, SeekFrom};

use super::files::Source;

/// Bytes that are read at a time where a file is read from front to back.
pub(super) const AHEAD: usize = 1 << 20;

/// A file of which some bytes are at hand.
pub(super) struct Window {
    source: Source,
    size: usize,
    held: Vec<u8>,
    start: usize,
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Window {
    /// The file as long as it is now.
    pub(super) fn new(mut source: Source) -> io::Result<Self> {
        let size = usize::try_from(source.seek(SeekFrom::End(0))?).map_err(io::Error::other)?;
        Ok(Self { source, size, held: Vec::new(), start: 0 })
    }

    /// Its bytes in all.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// `count` bytes from `at` on; `None` where the file has no so many. What is not at hand is read, and what follows
    /// up to `ahead` bytes with it.
    pub(super) fn get(&mut self, at: usize, count: usize, ahead: usize) -> io::Result<Option<&[u8]>> {
        if at.checked_add(count).is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        if at < self.start || at + count > self.start + self.held.len() {
            self.held.resize(count.max(ahead).min(self.size - at), 0);
            self.start = at;
            self.source.seek(SeekFrom::Start(at as u64))?;
            // A file that has become shorter holds nothing that could be told from here.
            self.source.read_exact(&mut self.held).inspect_err(|_| self.held.clear())?;
        }
        Ok(Some(&self.held[at - self.start..][..count]))
    }
}
