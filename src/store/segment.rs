//! A segment of the journal: how records are framed in a file, and how they are found again whatever happened to it.
//!
//! ```text
//! segment = header frame*
//! header  = "ablate\0j"  version: u32  nonce: u32  check: 16 bytes
//! frame   = mark: 4 bytes  length: u32  synced: u64  check: 16 bytes  payload
//! mark    = record | synced | end
//! ```
//!
//! Numbers are little-endian. The check of the header is the first half of its BLAKE3, in every format, so that every version
//! tells a later format by name. That of a frame is XXH3 of 128 bits over the nonce, the frame's own offset and everything
//! else in the frame: bytes of one place or one segment are never taken for those of another, so that after a damaged frame
//! the next whole one can be searched for. (A check tells what happened by chance: who can write the file can make one up,
//! by whatever function. A CRC of 32 bits would let one search in 2^32 end wrongly; a cryptographic hash took a tenth of the
//! time of saving.) `synced` is how many bytes of the file were known to be on disk when the frame was
//! written. That tells the two reasons apart for which a frame can be broken: before `synced` of any later frame it is
//! damage, since it was whole once; after, it is the torn tail of a process that was killed, whose record was never
//! reported as saved. So that this is known of the last batch of a killed process too, an empty frame with the mark
//! `synced` is written after each sync, before the runs are reported; it is not synced itself, since only a power cut could
//! take it away. A process that ends in order closes its segment with a frame that has the mark `end`, so that nothing of a
//! closed segment can be taken for torn.
//!
//! In formats 1 and 2 the check of a frame is the first half of BLAKE3; format 1 has no frames `synced`.

use std::io;
use std::ops::Range;

use xxhash_rust::xxh3::Xxh3Default;

use super::codec;
use super::record::Record;
use super::window::{AHEAD, Window};

/// The version of this format.
pub(super) const FORMAT: u32 = 3;
/// The last one whose checks are BLAKE3.
const LAST_BLAKE3: u32 = 2;
const MAGIC: &[u8; 8] = b"ablate\0j";
const CHECK: usize = 16;
const HEADER: usize = 16 + CHECK;
const FRAME: usize = 16 + CHECK;
const RECORD: [u8; 4] = *b"\xabrun";
const SYNCED: [u8; 4] = *b"\xabsyn";
const END: [u8; 4] = *b"\xabend";
const MORE: &str = "there is more after its end";
const SEARCHED: &str = "bytes that were saved have changed, into so much that looks like records and is none that the rest was \
                        not searched";

/// Bytes that a record has at most: the curve of twenty million epochs. A length beyond is none.
pub(super) const LONGEST: usize = 1 << 30;

/// Bytes that are hashed at most in search of whole frames, beside those of the frames that are found. What a killed
/// process or a power cut leaves, old frames at other places included, asks for no more than the size of the file; without
/// a bound, a file made up of beginnings of frames asks for the square of it.
fn most_in_vain(size: usize) -> u64 {
    (4 * size as u64).max(1 << 24)
}

/// What the header of a segment says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    format: u32,
    nonce: u32,
}

impl Header {
    fn bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&self.format.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.nonce.to_le_bytes());
        let check = blake3::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&check.as_bytes()[..CHECK]);
        bytes
    }

    /// Begins the check of a frame with what stands before its payload, and where.
    fn checker_of(self, offset: u64, mark: [u8; 4], length: u32, synced: u64) -> Checker {
        let mut bytes = [0; 28];
        bytes[..4].copy_from_slice(&self.nonce.to_le_bytes());
        bytes[4..12].copy_from_slice(&offset.to_le_bytes());
        bytes[12..16].copy_from_slice(&mark);
        bytes[16..20].copy_from_slice(&length.to_le_bytes());
        bytes[20..].copy_from_slice(&synced.to_le_bytes());
        let mut checker =
            if self.format <= LAST_BLAKE3 { Checker::Blake3(Box::default()) } else { Checker::Xxh3(Box::default()) };
        checker.update(&bytes);
        checker
    }
}

/// Makes a check from bytes, front to back.
enum Checker {
    Blake3(Box<blake3::Hasher>),
    Xxh3(Box<Xxh3Default>),
}

impl Checker {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
            Self::Xxh3(hasher) => hasher.update(bytes),
        }
    }

    fn check(self) -> [u8; CHECK] {
        match self {
            Self::Blake3(hasher) => *hasher.finalize().as_bytes().first_chunk().expect("it has 32 bytes"),
            Self::Xxh3(hasher) => hasher.digest128().to_le_bytes(),
        }
    }
}

/// Makes the bytes of one segment, front to back.
#[derive(Debug)]
pub(super) struct Framer {
    header: Header,
    offset: u64,
    synced: u64,
}

impl Framer {
    /// A segment with its header.
    pub(super) fn new(nonce: u32) -> (Self, Vec<u8>) {
        Self::of(Header { format: FORMAT, nonce })
    }

    fn of(header: Header) -> (Self, Vec<u8>) {
        (Self { header, offset: HEADER as u64, synced: 0 }, header.bytes().to_vec())
    }

    /// Everything so far is on disk.
    pub(super) fn synced(&mut self) {
        self.synced = self.offset;
    }

    /// Appends the frame that says how much is on disk.
    pub(super) fn say_synced(&mut self, out: &mut Vec<u8>) {
        self.frame(SYNCED, &[], out);
    }

    /// Appends the frame of a record to `out`.
    pub(super) fn record(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.frame(RECORD, payload, out);
    }

    /// Appends the frame that closes the segment.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        self.frame(END, &[], out);
    }

    fn frame(&mut self, mark: [u8; 4], payload: &[u8], out: &mut Vec<u8>) {
        debug_assert!(payload.len() <= LONGEST, "whoever appends a record has looked at its length");
        let length = payload.len() as u32;
        out.extend(mark);
        out.extend(length.to_le_bytes());
        out.extend(self.synced.to_le_bytes());
        let mut checker = self.header.checker_of(self.offset, mark, length, self.synced);
        checker.update(payload);
        out.extend(checker.check());
        out.extend(payload);
        self.offset += (FRAME + payload.len()) as u64;
    }
}

/// Where a record stands in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    at: u64,
    length: u32,
}

/// What a segment was found to be.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// Its header; the default where there is none.
    pub(super) header: Header,
    /// Its whole records.
    pub(super) records: usize,
    /// Bytes that a killed process left behind half-written; their records were never reported as saved.
    pub(super) torn: u64,
    /// Where they are.
    pub(super) gaps: Vec<Range<usize>>,
    /// Whether the process that wrote it ended in order.
    pub(super) closed: bool,
}

impl Scan {
    fn tear(&mut self, gap: Range<usize>) {
        self.torn += gap.len() as u64;
        self.gaps.push(gap);
    }
}

/// Why a segment cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// From `at` on, bytes are not what was written.
    Damaged {
        /// Offset of the first frame that is broken.
        at: usize,
        /// What is wrong with it.
        what: String,
        /// Whole records in the rest of the file.
        whole: usize,
    },
    /// A later version wrote it.
    Newer(u32),
    /// What the operating system said when it was to be read.
    Unreadable(io::ErrorKind, String),
}

impl Fault {
    fn damaged(at: usize, what: impl Into<String>) -> Self {
        Self::Damaged { at, what: what.into(), whole: 0 }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.kind(), error.to_string())
    }
}

/// What is handed the bytes of each record of a segment. Its error says why they are none of a record.
pub(super) type Take<'a> = dyn FnMut(Place, &[u8]) -> Result<(), String> + 'a;

/// Finds every whole record of a segment, in the order in which they were written, and hands them to `take`.
pub(super) fn scan(bytes: &mut Window, take: &mut Take<'_>) -> Result<Scan, Fault> {
    search(bytes, take, &mut 0)
}

/// As [`scan`]; `vain` counts the bytes that were hashed and are no frame.
fn search(bytes: &mut Window, take: &mut Take<'_>, vain: &mut u64) -> Result<Scan, Fault> {
    let size = bytes.size();
    let Some(header) = header(bytes)? else {
        // The header is synced before any record is written: without one, a process or a machine stopped while it made
        // the file, which has zeros where the disk was not reached.
        return if size <= HEADER || is_zero(bytes)? {
            let mut scan = Scan::default();
            scan.tear(0..size);
            Ok(scan)
        } else {
            Err(Fault::damaged(0, "its header is not that of a segment"))
        };
    };
    let mut scan = Scan { header, ..Scan::default() };
    let mut broken: Option<usize> = None;
    let mut damage: Option<(usize, String)> = None;
    let mut offset = HEADER;
    while offset < size {
        let Some(frame) = frame_at(bytes, offset, header, AHEAD, vain)? else {
            if scan.closed {
                damage.get_or_insert((offset, MORE.into()));
            }
            broken = broken.or(Some(offset));
            let Some(next) = next_frame(bytes, offset + 1, header, vain)? else {
                damage.get_or_insert((broken.unwrap_or(offset), SEARCHED.into()));
                break;
            };
            scan.tear(offset..next);
            offset = next;
            continue;
        };
        if let Some(at) = broken.filter(|at| (*at as u64) < frame.synced) {
            damage.get_or_insert((at, "bytes that were saved have changed".into()));
        }
        if scan.closed {
            damage.get_or_insert((offset, MORE.into()));
        }
        let length = frame.payload.len();
        match frame.mark {
            END => scan.closed = true,
            SYNCED => {}
            _ => match take(Place { at: offset as u64, length: length as u32 }, frame.payload) {
                Ok(()) => scan.records += 1,
                Err(what) => drop(damage.get_or_insert((offset, unreadable(&what)))),
            },
        }
        offset += FRAME + length;
    }
    if let (true, Some(at)) = (scan.closed, broken) {
        damage.get_or_insert((at, "bytes that were saved have changed".into()));
    }
    match damage {
        None => Ok(scan),
        Some((at, what)) => Err(Fault::Damaged { at, what, whole: scan.records }),
    }
}

/// A record that a scan has found in a segment of that header.
pub(super) fn record(bytes: &mut Window, header: Header, place: Place) -> Result<Record, Fault> {
    let at = place.at as usize;
    let changed = || Fault::damaged(at, "bytes that were saved have changed");
    let frame = frame_at(bytes, at, header, FRAME + place.length as usize, &mut 0)?.ok_or_else(changed)?;
    codec::decode(frame.payload).map_err(|what| Fault::damaged(at, unreadable(&what)))
}

fn unreadable(what: &str) -> String {
    format!("a record cannot be read: {what}")
}

/// The header, where it is whole.
fn header(bytes: &mut Window) -> Result<Option<Header>, Fault> {
    let Some(found) = bytes.get(0, HEADER, HEADER)? else { return Ok(None) };
    let header = Header { format: number(found, 8), nonce: number(found, 12) };
    if found == header.bytes() {
        return if header.format > FORMAT { Err(Fault::Newer(header.format)) } else { Ok(Some(header)) };
    }
    Ok(None)
}

fn is_zero(bytes: &mut Window) -> Result<bool, Fault> {
    for at in (0..bytes.size()).step_by(AHEAD) {
        let count = AHEAD.min(bytes.size() - at);
        if bytes.get(at, count, count)?.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0)) {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Frame<'a> {
    mark: [u8; 4],
    synced: u64,
    payload: &'a [u8],
}

/// The frame at `offset`, if there is a whole one; otherwise `vain` grows by the bytes that were hashed. Memory is taken
/// for a frame that is whole, not for what a length says.
fn frame_at<'a>(
    bytes: &'a mut Window,
    offset: usize,
    header: Header,
    ahead: usize,
    vain: &mut u64,
) -> Result<Option<Frame<'a>>, Fault> {
    let Some(before) = bytes.get(offset, FRAME, ahead)? else { return Ok(None) };
    let before: [u8; FRAME] = before.try_into().expect("as many bytes as asked for");
    let mark: [u8; 4] = before[..4].try_into().expect("four bytes");
    let (start, length) = (offset + FRAME, number(&before, 4));
    let end = start + length as usize;
    if ![RECORD, SYNCED, END].contains(&mark) || length as usize > LONGEST || end > bytes.size() {
        return Ok(None);
    }
    let synced = u64::from_le_bytes(before[8..16].try_into().expect("eight bytes"));
    let mut checker = header.checker_of(offset as u64, mark, length, synced);
    for at in (start..end).step_by(AHEAD) {
        let Some(piece) = bytes.get(at, AHEAD.min(end - at), ahead)? else { return Ok(None) };
        checker.update(piece);
    }
    if checker.check() != before[16..] {
        *vain += u64::from(length);
        return Ok(None);
    }
    let payload = bytes.get(start, length as usize, ahead)?;
    Ok(payload.map(|payload| Frame { mark, synced, payload }))
}

/// The offset of the next whole frame from `from` on, or the end; `None` where the search was given up.
fn next_frame(bytes: &mut Window, from: usize, header: Header, vain: &mut u64) -> Result<Option<usize>, Fault> {
    for offset in from..bytes.size() {
        if *vain > most_in_vain(bytes.size()) {
            return Ok(None);
        }
        let may_be = bytes.get(offset, 1, AHEAD)?.is_some_and(|byte| byte[0] == RECORD[0]);
        if may_be && frame_at(bytes, offset, header, AHEAD, vain)?.is_some() {
            return Ok(Some(offset));
        }
    }
    Ok(Some(bytes.size()))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[cfg(test)]
#[path = "tests/segment.rs"]
mod tests;
