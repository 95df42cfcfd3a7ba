//! A segment of the journal: how records are framed in a file, and how they are found again whatever happened to it.
//!
//! ```text
//! segment = header frame*
//! header  = "ablate\0j"  version: u32  nonce: u32  check: 16 bytes
//! frame   = mark: 4 bytes  length: u32  synced: u64  check: 16 bytes  payload
//! mark    = record | synced | end
//! ```
//!
//! Numbers are little-endian. A check is the first half of BLAKE3 over the nonce, the frame's own offset and everything
//! else in the frame: bytes of one place or one segment are never taken for those of another, so that after a damaged
//! frame the next whole one can be searched for. (BLAKE3 is at hand and costs 10 µs a record; a CRC of 32 bits would let
//! one search in 2^32 end wrongly.) `synced` is how many bytes of the file were known to be on disk when the frame was
//! written. That tells the two reasons apart for which a frame can be broken: before `synced` of any later frame it is
//! damage, since it was whole once; after, it is the torn tail of a process that was killed, whose record was never
//! reported as saved. So that this is known of the last batch of a killed process too, an empty frame with the mark
//! `synced` is written after each sync, before the runs are reported; it is not synced itself, since only a power cut could
//! take it away. A process that ends in order closes its segment with a frame that has the mark `end`, so that nothing of a
//! closed segment can be taken for torn.
//!
//! Format 1 is the same without the frames `synced`. A version that knows no other would take such a frame for damage, so
//! segments that may have some are of format 2, which it refuses by name.

use std::io;
use std::ops::Range;

use super::codec;
use super::record::Record;
use super::window::{AHEAD, Window};

/// The version of this format.
pub(super) const FORMAT: u32 = 2;
const MAGIC: &[u8; 8] = b"ablate\0j";
const HEADER: usize = 32;
const FRAME: usize = 32;
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

/// Makes the bytes of one segment, front to back.
#[derive(Debug)]
pub(super) struct Framer {
    nonce: u32,
    offset: u64,
    synced: u64,
}

impl Framer {
    /// A segment with its header.
    pub(super) fn new(nonce: u32) -> (Self, Vec<u8>) {
        let mut header = Vec::with_capacity(HEADER);
        header.extend(MAGIC);
        header.extend(FORMAT.to_le_bytes());
        header.extend(nonce.to_le_bytes());
        let check = blake3::hash(&header);
        header.extend(&check.as_bytes()[..16]);
        (Self { nonce, offset: HEADER as u64, synced: 0 }, header)
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
        let check = check(before_payload(self.nonce, self.offset, mark, length, self.synced), payload);
        out.extend(&check.as_bytes()[..16]);
        out.extend(payload);
        self.offset += (FRAME + payload.len()) as u64;
    }
}

/// What the check of a frame is of, before its payload.
fn before_payload(nonce: u32, offset: u64, mark: [u8; 4], length: u32, synced: u64) -> [u8; 28] {
    let mut bytes = [0; 28];
    bytes[..4].copy_from_slice(&nonce.to_le_bytes());
    bytes[4..12].copy_from_slice(&offset.to_le_bytes());
    bytes[12..16].copy_from_slice(&mark);
    bytes[16..20].copy_from_slice(&length.to_le_bytes());
    bytes[20..].copy_from_slice(&synced.to_le_bytes());
    bytes
}

/// The check of a frame. BLAKE3 takes half the time for bytes that lie in one piece.
fn check(before_payload: [u8; 28], payload: &[u8]) -> blake3::Hash {
    blake3::hash(&[&before_payload, payload].concat())
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
    /// The nonce of the segment; 0 where there is no header.
    pub(super) nonce: u32,
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
    let Some(nonce) = nonce(bytes)? else {
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
    let mut scan = Scan { nonce, ..Scan::default() };
    let mut broken: Option<usize> = None;
    let mut damage: Option<(usize, String)> = None;
    let mut offset = HEADER;
    while offset < size {
        let Some(frame) = frame_at(bytes, offset, nonce, AHEAD, vain)? else {
            if scan.closed {
                damage.get_or_insert((offset, MORE.into()));
            }
            broken = broken.or(Some(offset));
            let Some(next) = next_frame(bytes, offset + 1, nonce, vain)? else {
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

/// A record that a scan has found in a segment of that nonce.
pub(super) fn record(bytes: &mut Window, nonce: u32, place: Place) -> Result<Record, Fault> {
    let at = place.at as usize;
    let changed = || Fault::damaged(at, "bytes that were saved have changed");
    let frame = frame_at(bytes, at, nonce, FRAME + place.length as usize, &mut 0)?.ok_or_else(changed)?;
    codec::decode(frame.payload).map_err(|what| Fault::damaged(at, unreadable(&what)))
}

fn unreadable(what: &str) -> String {
    format!("a record cannot be read: {what}")
}

/// The nonce that a whole header holds.
fn nonce(bytes: &mut Window) -> Result<Option<u32>, Fault> {
    let Some(header) = bytes.get(0, HEADER, HEADER)? else { return Ok(None) };
    if &header[..8] != MAGIC || blake3::hash(&header[..16]).as_bytes()[..16] != header[16..] {
        return Ok(None);
    }
    let version = number(header, 8);
    if version > FORMAT { Err(Fault::Newer(version)) } else { Ok(Some(number(header, 12))) }
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
    nonce: u32,
    ahead: usize,
    vain: &mut u64,
) -> Result<Option<Frame<'a>>, Fault> {
    let Some(header) = bytes.get(offset, FRAME, ahead)? else { return Ok(None) };
    let header: [u8; FRAME] = header.try_into().expect("as many bytes as asked for");
    let mark: [u8; 4] = header[..4].try_into().expect("four bytes");
    let (start, length) = (offset + FRAME, number(&header, 4));
    let end = start + length as usize;
    if ![RECORD, SYNCED, END].contains(&mark) || length as usize > LONGEST || end > bytes.size() {
        return Ok(None);
    }
    let synced = u64::from_le_bytes(header[8..16].try_into().expect("eight bytes"));
    let before_payload = before_payload(nonce, offset as u64, mark, length, synced);
    let check = if length as usize <= AHEAD {
        bytes.get(start, length as usize, ahead)?.map(|payload| check(before_payload, payload))
    } else {
        check_in_pieces(before_payload, bytes, start..end)?
    };
    if check.is_none_or(|check| check.as_bytes()[..16] != header[16..]) {
        *vain += u64::from(length);
        return Ok(None);
    }
    let payload = bytes.get(start, length as usize, ahead)?;
    Ok(payload.map(|payload| Frame { mark, synced, payload }))
}

/// As [`check`], of a payload that is longer than what is held at a time.
fn check_in_pieces(
    before_payload: [u8; 28],
    bytes: &mut Window,
    payload: Range<usize>,
) -> Result<Option<blake3::Hash>, Fault> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before_payload);
    for at in payload.clone().step_by(AHEAD) {
        let Some(piece) = bytes.get(at, AHEAD.min(payload.end - at), AHEAD)? else { return Ok(None) };
        hasher.update(piece);
    }
    Ok(Some(hasher.finalize()))
}

/// The offset of the next whole frame from `from` on, or the end; `None` where the search was given up.
fn next_frame(bytes: &mut Window, from: usize, nonce: u32, vain: &mut u64) -> Result<Option<usize>, Fault> {
    for offset in from..bytes.size() {
        if *vain > most_in_vain(bytes.size()) {
            return Ok(None);
        }
        let may_be = bytes.get(offset, 1, AHEAD)?.is_some_and(|byte| byte[0] == RECORD[0]);
        if may_be && frame_at(bytes, offset, nonce, AHEAD, vain)?.is_some() {
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
