//! Tables as the bytes of Parquet. Polars' own writer looks at all values of a column to find out how to encode it; here it is
//! known of the columns that have most of the rows: numbers are plain, and the names of runs lie together.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use polars::error::{PolarsError, PolarsResult};
use polars::prelude::{ArrayRef, CompatLevel, DataFrame, Schema, SchemaExt};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, IntegerType};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, DynIter, DynStreamingIterator, Encoding, FileWriter, ParquetType,
    StatisticsOptions, Version, WriteOptions, array_to_columns, compress, fallible_streaming_iterator,
    get_dtype_encoding,
};
use rayon::prelude::*;

use super::error::{Result, frame_error};
use super::frames::is_same;

/// Makes the bytes of a table, some rows at a time. They depend on the rows and where they are cut alone.
pub(super) struct Encoder {
    parquet: FileWriter<Written>,
    written: Written,
}

impl Encoder {
    /// A table of these columns.
    pub(super) fn new(columns: &Schema) -> Result<Self> {
        let written = Written::default();
        let parquet = FileWriter::try_new(
            written.clone(),
            columns.to_arrow(CompatLevel::newest()),
            options(StatisticsOptions::empty()),
        );
        Ok(Self { parquet: parquet.map_err(frame_error(WRITE))?, written })
    }

    /// The bytes of the next rows, which become a row group.
    pub(super) fn group(&mut self, rows: &DataFrame) -> Result<Vec<u8>> {
        let mut rows = rows.clone();
        rows.rechunk_mut();
        for batch in rows.iter_chunks(CompatLevel::newest(), false).filter(|batch| !batch.is_empty()) {
            let fields = self.parquet.parquet_schema().fields().to_vec();
            let columns = batch.columns().par_iter().zip(fields).map(|(column, field)| pages(column, field));
            let columns: Vec<Vec<Vec<CompressedPage>>> =
                columns.collect::<PolarsResult<_>>().map_err(frame_error(WRITE))?;
            let leaves = columns.iter().flatten().map(|pages| {
                let pages = fallible_streaming_iterator::convert(pages.iter().map(PolarsResult::Ok));
                Ok::<_, PolarsError>(DynStreamingIterator::new(pages))
            });
            self.parquet.write(batch.len() as u64, DynIter::new(leaves)).map_err(frame_error(WRITE))?;
        }
        Ok(self.written.take())
    }

    /// The bytes that end the table. No note of Arrow's types is among them: that texts are `string_view` is what pandas
    /// cannot read inside of lists (pyarrow up to 26), and Parquet's own types say all that is needed.
    pub(super) fn end(&mut self) -> Result<Vec<u8>> {
        self.parquet.end(Some(Vec::new())).map_err(frame_error(WRITE))?;
        Ok(self.written.take())
    }
}

const WRITE: &str = "write a table as Parquet";

/// Level and library are fixed, so that equal tables are equal bytes.
fn options(statistics: StatisticsOptions) -> WriteOptions {
    WriteOptions { statistics, version: Version::V1, compression: CompressionOptions::Zstd(None), data_page_size: None }
}

/// The compressed pages of a column: of each of its leaves.
fn pages(column: &ArrayRef, field: ParquetType) -> PolarsResult<Vec<Vec<CompressedPage>>> {
    let dictionary = column.as_any().downcast_ref().and_then(dictionary_in_order);
    let column = dictionary.as_ref().unwrap_or(column);
    let encodings = match column.dtype() {
        // Those that were measured hardly repeat; the others cost zstd less than a dictionary.
        ArrowDataType::Float64 => vec![Encoding::Plain],
        other => get_dtype_encoding(other),
    };
    // Rows are in the order of runs: of no other column do the smallest and the largest value let a reader leave rows out.
    let is_run = field.name() == "run";
    let options = options(if is_run { StatisticsOptions::default() } else { StatisticsOptions::empty() });
    let leaves = array_to_columns(column, field, options, &encodings)?.into_iter();
    let compressed = |page| Ok(compress(page?, Vec::new(), options.compression)?);
    leaves.map(|pages| pages.map(compressed).collect()).collect()
}

/// A column of texts as a dictionary, where they are in order and many are equal, as the runs of a learning curve's rows are.
fn dictionary_in_order(texts: &Utf8ViewArray) -> Option<ArrayRef> {
    if texts.null_count() > 0 {
        return None;
    }
    let (mut values, mut keys): (Vec<&str>, Vec<u32>) = (Vec::new(), Vec::with_capacity(texts.len()));
    for text in texts.values_iter() {
        let last = values.last();
        if last.is_none_or(|last| !is_same(text, last)) {
            if last.is_some_and(|last| text < *last) || 8 * values.len() > texts.len() {
                return None;
            }
            values.push(text);
        }
        keys.push(values.len() as u32 - 1);
    }
    let of = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(ArrowDataType::Utf8View), false);
    let values = Box::new(Utf8ViewArray::from_slice_values(values));
    DictionaryArray::try_new(of, PrimitiveArray::from_vec(keys), values).ok().map(|array| Box::new(array) as ArrayRef)
}

/// Bytes that Polars has written and that nobody has taken yet.
#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests/parquet.rs"]
mod tests;
