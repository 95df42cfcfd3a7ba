//! Reads an archive: whatever it may hold, without panics, and never more than it says.

use std::io::{self, Read, Seek, SeekFrom, Write};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use sha2::{Digest, Sha256};

use super::{
    CENTRAL, DEFLATED, END, END_64, EXTRA_64, FULL, LOCAL, LOCATOR_64, MOST_FILES, MOST_RATIO, Outcome, STORED, hex,
    is_harmless, refused,
};

/// Most bytes of the list at its end: 640 a file.
const LONGEST_LIST: u64 = 64 << 20;

/// A file of an archive, as its list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cite::bundle) struct Entry {
    pub(in crate::cite::bundle) name: String,
    /// What it says that it holds, in bytes. Never more is unpacked.
    pub(in crate::cite::bundle) size: u64,
    packed: u64,
    method: u16,
    crc: u32,
    /// Where its packed bytes begin.
    at: u64,
}

/// A cursor over bytes that were read: numbers as the format has them.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn bytes(&mut self, count: usize) -> Outcome<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or_else(|| refused("its list of files ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, bytes: usize) -> Outcome<u64> {
        let taken = self.bytes(bytes)?;
        Ok(taken.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn two(&mut self) -> Outcome<u16> {
        self.number(2).map(|number| number as u16)
    }

    fn four(&mut self) -> Outcome<u64> {
        self.number(4)
    }
}

/// Where the list of files is, how long it is, and how many it holds.
struct End {
    files: u64,
    list: u64,
    start: u64,
    /// Where the records behind the list begin.
    at: u64,
}

fn read_at<R: Read + Seek>(archive: &mut R, at: u64, count: usize) -> Outcome<Vec<u8>> {
    let mut bytes = vec![0; count];
    archive.seek(SeekFrom::Start(at))?;
    archive.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn end<R: Read + Seek>(archive: &mut R) -> Outcome<End> {
    let length = archive.seek(SeekFrom::End(0))?;
    let no_zip = || refused("it does not end as a zip archive: it is none, was cut off, or something stands behind it");
    let at = length.checked_sub(22).ok_or_else(no_zip)?;
    let bytes = read_at(archive, at, 22)?;
    let mut end = Cursor(&bytes);
    if end.four()? != u64::from(END) || bytes[20..] != [0, 0] {
        return Err(no_zip());
    }
    let (disk, first, here, files) = (end.two()?, end.two()?, end.two()?, end.two()?);
    let (list, start) = (end.four()?, end.four()?);
    if disk != 0 || first != 0 || here != files {
        return Err(refused("it is a part of an archive of several files"));
    }
    if files < u16::MAX && list < FULL && start < FULL {
        return Ok(End { files: files.into(), list, start, at });
    }
    let at = at.checked_sub(76).ok_or_else(no_zip)?;
    let bytes = read_at(archive, at, 76)?;
    let mut wide = Cursor(&bytes);
    let is_end = wide.four()? == u64::from(END_64) && wide.number(8)? == 44;
    wide.bytes(4)?;
    let disks = wide.number(8)?;
    let (here, files, list, start) = (wide.number(8)?, wide.number(8)?, wide.number(8)?, wide.number(8)?);
    let locates = wide.four()? == u64::from(LOCATOR_64) && wide.four()? == 0 && wide.number(8)? == at;
    if is_end && locates && disks == 0 && here == files && wide.four()? == 1 {
        Ok(End { files, list, start, at })
    } else {
        Err(refused("the end of its list of files does not agree with itself"))
    }
}

/// The files of an archive in their order. They must fill it from its first byte to its list, one after the other, and each
/// say the same of itself as the list does: so nothing is hidden between them, and none holds another.
pub(in crate::cite::bundle) fn entries<R: Read + Seek>(archive: &mut R) -> Outcome<Vec<Entry>> {
    let end = end(archive)?;
    if end.files > MOST_FILES {
        return Err(refused(format!("it holds {} files, and a bundle has {MOST_FILES} at most", end.files)));
    }
    if end.list > LONGEST_LIST || end.start.checked_add(end.list) != Some(end.at) {
        return Err(refused("its list of files is not where it should be"));
    }
    let bytes = read_at(archive, end.start, end.list as usize)?;
    let mut list = Cursor(&bytes);
    let (mut entries, mut at) = (Vec::new(), 0);
    for _ in 0..end.files {
        let mut entry = listed(&mut list)?;
        if entry.at != at {
            return Err(refused(format!("{:?} is not behind the file before it", entry.name)));
        }
        at = local(archive, &mut entry)?;
        entries.push(entry);
    }
    if at != end.start || !list.0.is_empty() {
        return Err(refused("something stands between its files and the end of their list"));
    }
    Ok(entries)
}

/// Of a header, what list and file both say.
#[derive(PartialEq, Eq)]
struct Common {
    flags: u16,
    method: u16,
    crc: u64,
    packed: u64,
    size: u64,
}

fn common(cursor: &mut Cursor<'_>) -> Outcome<(Common, usize, usize)> {
    cursor.two()?;
    let (flags, method) = (cursor.two()?, cursor.two()?);
    cursor.four()?;
    let (crc, packed, size) = (cursor.four()?, cursor.four()?, cursor.four()?);
    let (name, extra) = (cursor.two()?, cursor.two()?);
    Ok((Common { flags, method, crc, packed, size }, name.into(), extra.into()))
}

/// Puts the numbers of 64 bits into the places of those that are full, in their order.
fn widen(mut extra: Cursor<'_>, values: &mut [&mut u64]) -> Outcome<()> {
    while !extra.0.is_empty() {
        let (tag, length) = (extra.two()?, extra.two()?);
        let mut field = Cursor(extra.bytes(length.into())?);
        if tag == EXTRA_64 {
            for value in values.iter_mut().filter(|value| ***value == FULL) {
                **value = field.number(8)?;
            }
        }
    }
    Ok(())
}

/// The next entry of the list; `at` is where its own header is.
fn listed(list: &mut Cursor<'_>) -> Outcome<Entry> {
    if list.four()? != u64::from(CENTRAL) {
        return Err(refused("its list of files is damaged"));
    }
    list.two()?;
    let (mut common, name, extra) = common(list)?;
    let (comment, disk) = (list.two()?, list.two()?);
    list.two()?;
    let mode = list.four()? >> 16;
    let mut at = list.four()?;
    let name = String::from_utf8_lossy(list.bytes(name)?).into_owned();
    widen(Cursor(list.bytes(extra)?), &mut [&mut common.size, &mut common.packed, &mut at])?;
    list.bytes(comment.into())?;
    let wrong = |what: &str| Err(refused(format!("{name:?} {what}")));
    // What is encrypted (bits 0, 6 and 13) is no file that can be checked; sizes behind the file (bit 3) hide where it ends.
    if common.flags & 0b0010_0000_0100_0001 != 0 {
        return wrong("is encrypted");
    }
    // The kind of a file in the rights of Unix: nothing said, or a plain file.
    if !matches!(mode >> 12, 0 | 0o10) {
        return wrong("is a link, a folder or a device, and bundles hold plain files");
    }
    let is_known = matches!(common.method, STORED | DEFLATED) && common.flags & !0x0806 == 0 && disk == 0;
    if !is_known || (common.method == STORED && common.size != common.packed) {
        return wrong("is not packed as `ablate bundle` packs");
    }
    if !is_harmless(common.size, common.packed) {
        return wrong(&format!("claims to unpack to more than {MOST_RATIO} times its size"));
    }
    let Common { method, crc, packed, size, .. } = common;
    Ok(Entry { name, size, packed, method, crc: crc as u32, at })
}

/// Compares the header of a file with the list. Its packed bytes begin behind that; gives where they end.
fn local<R: Read + Seek>(archive: &mut R, entry: &mut Entry) -> Outcome<u64> {
    const HEADER: usize = 30;
    let bytes = read_at(archive, entry.at, HEADER)?;
    let mut header = Cursor(&bytes);
    let is_header = header.four()? == u64::from(LOCAL);
    let (mut common, name, extra) = common(&mut header)?;
    let rest = read_at(archive, entry.at + HEADER as u64, name + extra)?;
    let (found, extra_bytes) = rest.split_at(name);
    widen(Cursor(extra_bytes), &mut [&mut common.size, &mut common.packed])?;
    let same = (common.method, common.crc as u32, common.size, common.packed)
        == (entry.method, entry.crc, entry.size, entry.packed);
    if !is_header || !same || common.flags & !0x0806 != 0 || found != entry.name.as_bytes() {
        return Err(refused(format!("{:?} says something else of itself than the list of files", entry.name)));
    }
    entry.at += (HEADER + name + extra) as u64;
    entry.at.checked_add(entry.packed).ok_or_else(|| refused("its files are longer than it is"))
}

/// Unpacks a file, which must be what the list says, byte for byte; gives its SHA-256. Never more than its size is written.
pub(in crate::cite::bundle) fn unpack<R: Read + Seek>(
    archive: &mut R,
    entry: &Entry,
    out: &mut dyn Write,
) -> Outcome<String> {
    archive.seek(SeekFrom::Start(entry.at))?;
    let mut packed = archive.take(entry.packed);
    let mut checked = Checked { entry, out, crc: crc32fast::Hasher::new(), sha256: Sha256::new(), left: entry.size };
    if entry.method == STORED {
        let mut buffer = vec![0; CHUNK];
        loop {
            match packed.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => checked.take(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    } else {
        inflate_into(&mut packed, &mut checked)?;
    }
    checked.finish()
}

const CHUNK: usize = 1 << 16;

fn inflate_into(packed: &mut dyn Read, out: &mut Checked<'_>) -> Outcome<()> {
    let name = out.entry.name.clone();
    let damaged = || refused(format!("{name:?} cannot be unpacked: its bytes are damaged"));
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let (mut input, mut output) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut waiting = 0..0;
    loop {
        if waiting.is_empty() {
            waiting = 0..packed.read(&mut input)?;
        }
        let step = inflate(&mut state, &input[waiting.clone()], &mut output, MZFlush::None);
        waiting.start += step.bytes_consumed;
        out.take(&output[..step.bytes_written])?;
        match step.status {
            Ok(MZStatus::StreamEnd) => break,
            Ok(MZStatus::Ok) | Err(MZError::Buf) if step.bytes_consumed + step.bytes_written > 0 => {}
            _ => return Err(damaged()),
        }
    }
    // Packed bytes that unpack to nothing would be a hiding place.
    if waiting.is_empty() && packed.read(&mut input)? == 0 { Ok(()) } else { Err(damaged()) }
}

/// What a file is unpacked to, counted and checked on the way.
struct Checked<'a> {
    entry: &'a Entry,
    out: &'a mut dyn Write,
    crc: crc32fast::Hasher,
    sha256: Sha256,
    left: u64,
}

impl Checked<'_> {
    fn take(&mut self, bytes: &[u8]) -> Outcome<()> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| refused(format!("{:?} unpacks to more than it says", self.entry.name)))?;
        self.crc.update(bytes);
        self.sha256.update(bytes);
        Ok(self.out.write_all(bytes)?)
    }

    fn finish(self) -> Outcome<String> {
        if self.left == 0 && self.crc.finalize() == self.entry.crc {
            return Ok(hex(&self.sha256.finalize()));
        }
        Err(refused(format!("{:?} does not unpack to what it was packed from", self.entry.name)))
    }
}
