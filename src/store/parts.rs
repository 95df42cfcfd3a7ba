//! Tables as Parquet, some rows at a time: written, read back and compared; read only after their hash was checked.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::error::PolarsResult;
use polars::prelude::DataFrame;
use polars_io::mmap::MmapBytesReader;
use polars_io::prelude::{FileMetadata, ParquetReader, SerReader};

use super::columns::{self, Order};
use super::error::{Error, Result, frame_error, io_error};
use super::files::{Files, Handle, Source, open_if_there};
use super::frames;
use super::layout::{Layout, Table, new};
use super::manifest::Part;
use super::parquet::Encoder;

/// The bytes of a Parquet file with this table.
pub(super) fn encode(frame: &DataFrame) -> Result<Vec<u8>> {
    let mut encoder = Encoder::new(frame.schema())?;
    let mut bytes = Vec::new();
    let group = Table::Runs.rows_at_once();
    for start in (0..frame.height()).step_by(group) {
        bytes.extend(encoder.group(&frame.slice(start as i64, group))?);
    }
    bytes.extend(encoder.end()?);
    Ok(bytes)
}

/// A part that is being written beside the one that counts. Its bytes depend on its rows, not on how they came.
pub(super) struct PartWriter<'a> {
    files: &'a dyn Files,
    table: Table,
    path: PathBuf,
    handle: Box<dyn Handle>,
    encoder: Encoder,
    hasher: blake3::Hasher,
    bytes: u64,
    rows: u64,
    /// Rows that do not fill a row group yet.
    waiting: DataFrame,
    /// What was written of each row group.
    prints: Vec<u64>,
}

impl<'a> PartWriter<'a> {
    /// Begins with a table of no rows, for its columns.
    pub(super) fn new(files: &'a dyn Files, layout: &Layout, table: Table, columns: DataFrame) -> Result<Self> {
        let path = new(&layout.part(table.file()));
        let handle = files.create(&path).map_err(io_error("create", &path))?;
        let encoder = Encoder::new(columns.schema())?;
        let (hasher, prints) = (blake3::Hasher::new(), Vec::new());
        Ok(Self { files, table, path, handle, encoder, hasher, bytes: 0, rows: 0, waiting: columns, prints })
    }

    /// Which table it is of.
    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// Appends rows.
    pub(super) fn push(&mut self, frame: &DataFrame) -> Result<()> {
        self.waiting.vstack_mut(frame).map_err(frame_error("join rows of a table"))?;
        let group = self.table.rows_at_once();
        while self.waiting.height() >= group {
            let rest = self.waiting.slice(group as i64, self.waiting.height() - group);
            let full = std::mem::replace(&mut self.waiting, rest).slice(0, group);
            self.write_group(full)?;
        }
        Ok(())
    }

    fn write_group(&mut self, mut group: DataFrame) -> Result<()> {
        group.rechunk_mut();
        self.prints.push(frames::fingerprint(&group)?);
        self.rows += group.height() as u64;
        let bytes = self.encoder.group(&group)?;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.handle.write_all(bytes).map_err(io_error("write to", &self.path))
    }

    /// Writes what waits, makes the part durable, reads it back and compares.
    pub(super) fn finish(mut self) -> Result<Part> {
        let last = std::mem::take(&mut self.waiting);
        if last.height() > 0 {
            self.write_group(last)?;
        }
        let end = self.encoder.end()?;
        self.write(&end)?;
        self.handle.sync().map_err(io_error("sync", &self.path))?;
        let part = Part {
            table: self.table.name().into(),
            file: self.table.file().into(),
            rows: self.rows,
            bytes: self.bytes,
            blake3: self.hasher.finalize().to_hex().to_string(),
        };
        if self.reads_back_as(&part)? {
            return Ok(part);
        }
        let what = "it was written, and reads back as something else";
        let remedy = "The old results are untouched. Check the disk, then run the same command again";
        Err(Error::damaged(self.path, what, remedy))
    }

    fn reads_back_as(&self, part: &Part) -> Result<bool> {
        let mut source = self.files.open(&self.path).map_err(io_error("read back", &self.path))?;
        if !matches(&mut source, part).map_err(io_error("read back", &self.path))? {
            return Ok(false);
        }
        let same = self.has_these_rows(source);
        if let Err(Error::Damaged { .. }) = same { Ok(false) } else { same }
    }

    fn has_these_rows(&self, source: Source) -> Result<bool> {
        let mut reader = PartReader::new(source, self.path.clone(), self.table, self.table.rows_at_once())?;
        for &print in &self.prints {
            if !reader.next()?.is_some_and(|rows| is_print(&rows, print)) {
                return Ok(false);
            }
        }
        Ok(reader.next()?.is_none())
    }
}

fn is_print(frame: &DataFrame, print: u64) -> bool {
    frames::fingerprint(frame).is_ok_and(|found| found == print)
}

/// Parquet that is read some rows at a time, in their order.
pub(super) struct PartReader {
    path: PathBuf,
    source: Source,
    metadata: Arc<FileMetadata>,
    columns: Option<Vec<String>>,
    at_once: usize,
    read: usize,
    order: Order,
}

impl PartReader {
    fn new(mut source: Source, path: PathBuf, table: Table, at_once: usize) -> Result<Self> {
        let metadata = parse(&path, &mut source, |source| ParquetReader::new(source).get_metadata().map(Arc::clone))?;
        Ok(Self { path, source, metadata, columns: None, at_once, read: 0, order: Order::new(table) })
    }

    /// Opens the part of a table: the new one, where the decision for it stands and it has not taken its place yet. All
    /// its bytes are checked first, then its columns.
    pub(super) fn open(
        files: &dyn Files,
        layout: &Layout,
        (table, part): (Table, &Part),
        decided: bool,
        at_once: usize,
    ) -> Result<Self> {
        let path = layout.part(&part.file);
        let source = match if decided { open_if_it(files, &new(&path), part)?.ok() } else { None } {
            Some(source) => source,
            None => open_if_it(files, &path, part)?.map_err(|what| Error::damaged(&path, what, REMEDY))?,
        };
        let mut reader = Self::new(source, path, table, at_once)?;
        let rows = reader.metadata.num_rows;
        let wrong = if rows as u64 == part.rows {
            columns::wrong(table, &reader.empty()?)?
        } else {
            Some(format!("it has {rows} rows instead of {}", part.rows))
        };
        match wrong {
            None => Ok(reader),
            Some(what) => Err(Error::damaged(reader.path, what, REMEDY)),
        }
    }

    /// Reads only these columns.
    pub(super) fn only(mut self, columns: &[&str]) -> Self {
        self.columns = Some(columns.iter().map(ToString::to_string).collect());
        self
    }

    /// Reads only those columns that are wanted, and that of the run.
    pub(super) fn only_wanted(mut self, wanted: &dyn Fn(&str) -> bool) -> Result<Self> {
        let names = self.empty()?.get_column_names_owned();
        let count = names.len();
        let names: Vec<String> =
            names.into_iter().map(|name| name.to_string()).filter(|name| name == "run" || wanted(name)).collect();
        self.columns = (names.len() < count).then_some(names);
        Ok(self)
    }

    /// A table without rows, for its columns.
    pub(super) fn empty(&mut self) -> Result<DataFrame> {
        self.slice(0, 0)
    }

    /// The next rows; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<DataFrame>> {
        let count = self.at_once.min(self.metadata.num_rows - self.read);
        if count == 0 {
            return Ok(None);
        }
        let rows = self.slice(self.read, count)?;
        self.read += count;
        let wrong = if rows.height() == count {
            self.order.wrong(&rows)
        } else {
            Some("it has fewer rows than it says".into())
        };
        match wrong {
            None => Ok(Some(rows)),
            Some(what) => Err(Error::damaged(&self.path, what, REMEDY)),
        }
    }

    fn slice(&mut self, start: usize, count: usize) -> Result<DataFrame> {
        let Self { path, source, metadata, columns, .. } = self;
        parse(path, source, |source| {
            let mut reader = ParquetReader::new(source);
            reader.set_metadata(Arc::clone(metadata));
            let reader = reader.with_columns(columns.clone()).with_slice(Some((start, count))).set_rechunk(true);
            reader.finish()
        })
    }
}

pub(super) const REMEDY: &str =
    "Put back a copy of it; or move the folder away and run the sweep again, which gives the same results";

/// What Polars makes of bytes. Bytes that somebody has made up can bring it to a panic, which is damage as well; what it
/// held then is not looked at any more.
fn parse<T>(path: &Path, source: &mut Source, read: impl FnOnce(&mut Noting<'_>) -> PolarsResult<T>) -> Result<T> {
    let mut source = Noting { source, error: None };
    let read = catch_unwind(AssertUnwindSafe(|| read(&mut source)));
    match (read, source.error) {
        (Ok(Ok(read)), _) => Ok(read),
        // Whatever Polars says of it.
        (_, Some(error)) => Err(io_error("read", path)(error)),
        (Ok(Err(error)), None) => Err(Error::damaged(path, format!("it cannot be read as Parquet: {error}"), REMEDY)),
        (Err(_), None) => Err(Error::damaged(path, "it cannot be read as Parquet", REMEDY)),
    }
}

/// A file that notes what the operating system refused.
struct Noting<'a> {
    source: &'a mut Source,
    error: Option<io::Error>,
}

impl Read for Noting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.error = Some(error);
            }
            kind.into()
        })
    }
}

impl Seek for Noting<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

impl MmapBytesReader for Noting<'_> {
    fn to_file(&self) -> Option<&File> {
        self.source.to_file()
    }

    fn to_bytes(&self) -> Option<&[u8]> {
        self.source.to_bytes()
    }
}

/// A file that is the part, or why it is not.
fn open_if_it(files: &dyn Files, path: &Path, part: &Part) -> Result<std::result::Result<Source, &'static str>> {
    let Some(mut source) = open_if_there(files, path)? else { return Ok(Err("it is missing")) };
    let same = matches(&mut source, part).map_err(io_error("read", path))?;
    Ok(if same { Ok(source) } else { Err("its bytes are not those that were saved") })
}

/// Whether there is a file and it is the part.
pub(super) fn is_there(files: &dyn Files, path: &Path, part: &Part) -> Result<bool> {
    Ok(open_if_it(files, path, part)?.is_ok())
}

/// Whether these bytes are the part.
fn matches(source: &mut Source, part: &Part) -> io::Result<bool> {
    let mut hasher = blake3::Hasher::new();
    source.rewind()?;
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        match source.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
    Ok(bytes == part.bytes && hasher.finalize().to_hex().as_str() == part.blake3)
}
