//! Writes an archive: always the same bytes of the same files.

use std::io::{self, Read, Write};

use miniz_oxide::deflate::compress_to_vec;

use super::{CENTRAL, DEFLATED, END, END_64, EXTRA_64, FULL, LOCAL, LOCATOR_64, STORED, is_harmless};

/// 1980-01-01, the first day that the format knows.
const FIRST_DAY: u16 = 1 << 5 | 1;
/// A plain file that its owner may write and all may read, as Unix says it.
const PLAIN_FILE: u16 = 0o100_644;
/// That an archive was made on Unix, since that is how the rights of its files are said.
const UNIX: u16 = 3 << 8;
/// How hard deflate tries: 6 of 10.
const LEVEL: u8 = 6;

/// Numbers as the format has them.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn two(mut self, values: &[u16]) -> Self {
        values.iter().for_each(|value| self.0.extend(value.to_le_bytes()));
        self
    }

    fn four(mut self, values: &[u32]) -> Self {
        values.iter().for_each(|value| self.0.extend(value.to_le_bytes()));
        self
    }

    fn eight(mut self, values: &[u64]) -> Self {
        values.iter().for_each(|value| self.0.extend(value.to_le_bytes()));
        self
    }
}

/// An archive in the making.
pub(in crate::cite::bundle) struct Writer<W: Write> {
    out: W,
    at: u64,
    list: Vec<u8>,
    files: u64,
    /// Sizes and places from here on take fields of 64 bits.
    large: u64,
}

impl<W: Write> Writer<W> {
    pub(in crate::cite::bundle) fn new(out: W) -> Self {
        Self { out, at: 0, list: Vec::new(), files: 0, large: FULL }
    }

    #[cfg(test)]
    pub(in crate::cite::bundle) fn with_large_fields(out: W) -> Self {
        Self { large: 0, ..Self::new(out) }
    }

    /// Adds a file, deflated where that makes it smaller and a reader will still take it for harmless.
    pub(in crate::cite::bundle) fn deflated(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let packed = compress_to_vec(bytes, LEVEL);
        let (crc, size, is_small) = (crc32fast::hash(bytes), bytes.len() as u64, packed.len() < bytes.len());
        if is_small && is_harmless(size, packed.len() as u64) {
            self.file(name, DEFLATED, crc, (size, packed.len() as u64), &mut &packed[..])
        } else {
            self.file(name, STORED, crc, (size, size), &mut &bytes[..])
        }
    }

    /// Adds a file as it is.
    pub(in crate::cite::bundle) fn stored(
        &mut self,
        name: &str,
        crc: u32,
        size: u64,
        bytes: &mut dyn Read,
    ) -> io::Result<()> {
        self.file(name, STORED, crc, (size, size), bytes)
    }

    /// Adds a file that is packed already: its sizes are those unpacked and packed.
    pub(in crate::cite::bundle) fn file(
        &mut self,
        name: &str,
        method: u16,
        crc: u32,
        (size, packed): (u64, u64),
        bytes: &mut dyn Read,
    ) -> io::Result<()> {
        let place = self.at;
        let short = |value: u64, is_large: bool| if is_large { u32::MAX } else { value as u32 };
        let length = name.len() as u16;
        // The local header has both sizes in wide fields, or none.
        let wide = size >= self.large || packed >= self.large;
        let far = place >= self.large;
        let version = if wide || far { 45 } else { 20 };
        // Names are ASCII, so that no flag is needed to say what they are written in.
        let common = |fields: Fields| {
            fields.two(&[version, 0, method, 0, FIRST_DAY]).four(&[crc, short(packed, wide), short(size, wide)])
        };
        let sizes =
            if wide { Fields::default().two(&[EXTRA_64, 16]).eight(&[size, packed]) } else { Fields::default() };
        let local = common(Fields::default().four(&[LOCAL])).two(&[length, sizes.0.len() as u16]);
        for part in [&local.0[..], name.as_bytes(), &sizes.0] {
            self.write(part)?;
        }
        let copied = io::copy(&mut bytes.take(packed), &mut self.out)?;
        if copied != packed {
            return Err(io::Error::other("a file became shorter while it was read"));
        }
        self.at += packed;
        let mut values = if wide { vec![size, packed] } else { Vec::new() };
        values.extend(far.then_some(place));
        let extra = match values.len() as u16 {
            0 => Fields::default(),
            count => Fields::default().two(&[EXTRA_64, count * 8]).eight(&values),
        };
        let central = common(Fields::default().four(&[CENTRAL]).two(&[UNIX + version]));
        let central = central
            .two(&[length, extra.0.len() as u16, 0, 0, 0])
            .four(&[u32::from(PLAIN_FILE) << 16, short(place, far)]);
        [&central.0[..], name.as_bytes(), &extra.0].iter().for_each(|part| self.list.extend(*part));
        self.files += 1;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Writes the list of files, and gives back what it wrote to.
    pub(in crate::cite::bundle) fn finish(mut self) -> io::Result<W> {
        let (list, start, files) = (std::mem::take(&mut self.list), self.at, self.files);
        self.write(&list)?;
        let (bytes, end) = (list.len() as u64, self.at);
        if files >= u64::from(u16::MAX).min(self.large) || start.max(bytes) >= self.large {
            let wide = Fields::default().four(&[END_64]).eight(&[44]).two(&[UNIX + 45, 45]).four(&[0, 0]);
            let wide = wide.eight(&[files, files, bytes, start]);
            self.write(&wide.four(&[LOCATOR_64, 0]).eight(&[end]).four(&[1]).0)?;
            let end = Fields::default().four(&[END]).two(&[0, 0, u16::MAX, u16::MAX]).four(&[u32::MAX; 2]).two(&[0]);
            self.write(&end.0)?;
        } else {
            let end = Fields::default().four(&[END]).two(&[0, 0, files as u16, files as u16]);
            self.write(&end.four(&[bytes as u32, start as u32]).two(&[0]).0)?;
        }
        Ok(self.out)
    }
}
