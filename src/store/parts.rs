//! Tables as Parquet: written, read back and compared; read only after their hash was checked.

use std::io::Cursor;

use polars::prelude::DataFrame;
use polars_io::prelude::{ParquetCompression, ParquetReader, ParquetWriter, SerReader};

use super::error::{Error, Result, frame_error, io_error};
use super::files::{Files, read_if_there, write_synced};
use super::layout::{Layout, Table, new};
use super::manifest::Part;

/// The bytes of a Parquet file with this table.
pub(super) fn encode(frame: &DataFrame) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Level and library are fixed, so that equal tables are equal bytes.
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .finish(&mut frame.clone())
        .map_err(frame_error("write a table as Parquet"))?;
    let footer = footer(&bytes);
    hide_arrow_types(&mut bytes[footer..]);
    Ok(bytes)
}

/// Where the footer of a Parquet file begins: its length stands before the last four bytes.
fn footer(bytes: &[u8]) -> usize {
    let end = bytes.len() - 8;
    let length: [u8; 4] = bytes[end..end + 4].try_into().expect("four bytes");
    end - u32::from_le_bytes(length) as usize
}

/// Takes the name from the note that Polars leaves for readers that know Arrow: that texts are `string_view`, which
/// pandas cannot read inside of lists (pyarrow up to 26). Parquet's own types say all that is needed. The note is the
/// last thing in a footer that can hold this text, and the new name is as long as the old one.
fn hide_arrow_types(footer: &mut [u8]) {
    const NAME: &[u8] = b"ARROW:schema";
    if let Some(at) = footer.windows(NAME.len()).rposition(|bytes| bytes == NAME) {
        footer[at..at + NAME.len()].copy_from_slice(b"arrow:unused");
    }
}

/// Writes a part beside the one that counts, makes it durable, reads it back and compares.
pub(super) fn write(files: &dyn Files, layout: &Layout, table: Table, frame: &DataFrame) -> Result<Part> {
    let bytes = encode(frame)?;
    let part = Part {
        table: table.name().into(),
        file: table.file().into(),
        rows: frame.height() as u64,
        bytes: bytes.len() as u64,
        blake3: blake3::hash(&bytes).to_hex().to_string(),
    };
    let path = new(&layout.part(table.file()));
    write_synced(files, &path, &bytes)?;
    drop(bytes);
    let back = files.read(&path).map_err(io_error("read back", &path))?;
    let same = matches(&back, &part) && decode(back).is_ok_and(|back| back.equals_missing(frame));
    if !same {
        let what = "it was written, and reads back as something else";
        let remedy = "The old results are untouched. Check the disk, then run the same command again";
        return Err(Error::damaged(path, what, remedy));
    }
    Ok(part)
}

/// Reads a part: the new one, where the decision for it stands and it has not taken its place yet.
pub(super) fn read(files: &dyn Files, layout: &Layout, part: &Part, decided: bool) -> Result<DataFrame> {
    let path = layout.part(&part.file);
    let fresh = if decided { read_if_there(files, &new(&path))?.filter(|bytes| matches(bytes, part)) } else { None };
    let bytes = match fresh {
        Some(bytes) => Some(bytes),
        None => read_if_there(files, &path)?,
    };
    let remedy = "Put back a copy of it; or move the folder away and run the sweep again, which gives the same results";
    let Some(bytes) = bytes else {
        return Err(Error::damaged(path, "it is missing", remedy));
    };
    if !matches(&bytes, part) {
        return Err(Error::damaged(path, "its bytes are not those that were saved", remedy));
    }
    let frame = decode(bytes).map_err(|error| Error::damaged(&path, error.to_string(), remedy))?;
    if frame.height() as u64 == part.rows {
        Ok(frame)
    } else {
        Err(Error::damaged(path, format!("it has {} rows instead of {}", frame.height(), part.rows), remedy))
    }
}

/// Whether these bytes are the part.
pub(super) fn matches(bytes: &[u8], part: &Part) -> bool {
    bytes.len() as u64 == part.bytes && blake3::hash(bytes).to_hex().as_str() == part.blake3
}

fn decode(bytes: Vec<u8>) -> Result<DataFrame> {
    ParquetReader::new(Cursor::new(bytes)).finish().map_err(frame_error("read a table as Parquet"))
}
