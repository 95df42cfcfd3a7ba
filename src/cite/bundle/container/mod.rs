//! Zip archives of the plain kind that bundles are: files one after the other, stored or deflated, then the list of them.
//!
//! Written here rather than by a crate so that the bytes are the same for ever and on every processor; read here so that
//! nothing is taken from an archive but what its list and its files both say. The format is PKWARE's APPNOTE 6.3.

mod pack;
mod unpack;

use std::io;

pub(super) use pack::Writer;
pub(super) use unpack::{Entry, entries, unpack};

/// Why an archive cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not what a bundle is.
    Refused(String),
    /// The operating system refused something.
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => refused("it ends too early"),
            _ => Self::Io(error),
        }
    }
}

/// A refusal, in words.
pub(super) fn refused(what: impl Into<String>) -> Fault {
    Fault::Refused(what.into())
}

pub(super) type Outcome<T> = Result<T, Fault>;

/// Most files of an archive.
pub(super) const MOST_FILES: u64 = 100_000;
/// How many times larger than its packed bytes a file may be, once it is larger than [`SMALL`]. Deflate reaches 1032.
pub(super) const MOST_RATIO: u64 = 100;
const SMALL: u64 = 1 << 20;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const FULL: u64 = u32::MAX as u64;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// The tag of the extra field that holds sizes and places of 64 bits.
const EXTRA_64: u16 = 1;

fn is_harmless(size: u64, packed: u64) -> bool {
    size <= SMALL || size / MOST_RATIO <= packed
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
