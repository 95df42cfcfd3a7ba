//! Tests of tables as Parquet: what is written is read, and columns are encoded as they are meant to be.

use std::io::Cursor;

use polars::prelude::{Column, DataFrame, IntoColumn, ListBuilderTrait, ListStringChunkedBuilder, NamedFrom, Series};
use polars_io::prelude::{ParquetReader, SerReader};
use polars_parquet::read::{ColumnChunkMetadata, RowGroupMetadata};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::store::frames::fingerprint;

/// A table of one row group for every `group` rows.
fn written(table: &DataFrame, group: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(table.schema()).unwrap();
    let mut bytes = Vec::new();
    for start in (0..table.height()).step_by(group) {
        bytes.extend(encoder.group(&table.slice(start as i64, group)).unwrap());
    }
    bytes.extend(encoder.end().unwrap());
    bytes
}

fn read(bytes: &[u8]) -> DataFrame {
    ParquetReader::new(Cursor::new(bytes)).set_rechunk(true).finish().unwrap()
}

/// The columns of a kind.
fn columns(bytes: &[u8], which: impl Fn(&ColumnChunkMetadata, &[u8]) -> bool) -> Vec<String> {
    let metadata = ParquetReader::new(Cursor::new(bytes)).get_metadata().unwrap().clone();
    let columns = metadata.row_groups.iter().flat_map(RowGroupMetadata::parquet_columns);
    columns
        .filter(|column| which(column, &metadata.footer_buf))
        .map(|column| column.descriptor().path_in_schema[0].to_string())
        .collect()
}

fn column<T>(name: &str, values: T) -> Column
where
    Series: NamedFrom<T, [Option<String>]>,
{
    Series::new(name.into(), values).into_column()
}

/// Texts that are often equal, and equal to their neighbours, some missing.
fn texts(rows: usize) -> impl Strategy<Value = Vec<Option<String>>> {
    let text = option::weighted(0.9, prop_oneof!["[ab]{0,2}", "[0-9a-f]{20}"]);
    (vec(text, rows), any::<bool>(), any::<bool>(), 1..20_usize).prop_map(|(mut texts, sort, whole, times)| {
        if whole {
            texts.iter_mut().filter(|text| text.is_none()).for_each(|text| *text = Some(String::new()));
        }
        let count = texts.len();
        let mut texts: Vec<_> =
            texts.into_iter().flat_map(|text| std::iter::repeat_n(text, times)).take(count).collect();
        if sort {
            texts.sort();
        }
        texts
    })
}

fn tables() -> impl Strategy<Value = DataFrame> {
    (0..300_usize).prop_flat_map(|rows| {
        let numbers = vec(option::weighted(0.9, prop_oneof![Just(0.001), Just(-0.0), any::<f64>()]), rows);
        let (wholes, flags) = (vec(option::weighted(0.9, -3..3_i64), rows), vec(option::of(any::<bool>()), rows));
        (texts(rows), numbers, wholes, flags).prop_map(move |(texts, numbers, wholes, flags)| {
            let mut lists = ListStringChunkedBuilder::new("list".into(), rows, rows);
            texts.iter().for_each(|text| lists.append_values_iter(text.iter().map(String::as_str)));
            let columns = vec![
                column("text", texts),
                Series::new("number".into(), numbers).into_column(),
                Series::new("whole".into(), wholes).into_column(),
                Series::new("flag".into(), flags).into_column(),
                lists.finish().into_column(),
            ];
            DataFrame::new(rows, columns).unwrap()
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(table in tables(), group in 1..400_usize) {
        let bytes = written(&table, group);
        prop_assert_eq!(fingerprint(&read(&bytes)).unwrap(), fingerprint(&table).unwrap());
        // Neither the chunks that rows came in nor the threads that encode them tell.
        let mut stacked = table.slice(0, table.height() / 3);
        stacked.vstack_mut(&table.slice((table.height() / 3) as i64, table.height())).unwrap();
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        prop_assert_eq!(bytes, alone.install(|| written(&stacked, group)));
    }
}

#[test]
fn runs_that_lie_together_are_a_dictionary_and_numbers_are_plain() {
    let runs: Vec<Option<String>> = (0..500).map(|row| Some(format!("{:020x}", row / 100))).collect();
    let distinct: Vec<Option<String>> = (0..500).map(|row| Some(format!("{row:020x}"))).collect();
    let numbers: Vec<f64> = (0..500).map(|row| f64::from(row % 3)).collect();
    let all = vec![column("run", runs), column("digest", distinct), Series::new("rate".into(), numbers).into_column()];
    let table = DataFrame::new(500, all).unwrap();
    let bytes = written(&table, 1000);
    assert!(read(&bytes).equals(&table));
    assert_eq!(columns(&bytes, |column, _| column.dictionary_page_offset().is_some()), ["run"]);
    assert_eq!(columns(&bytes, |column, footer| column.statistics(footer).is_some()), ["run"]);
    assert!(!bytes.windows(6).any(|bytes| bytes == b"ARROW:"), "a note of Arrow's types");
    // Five runs of 20 letters, each with its length, and little else.
    let alone = written(&table.select(["run"]).unwrap(), 1000);
    assert!(alone.len() < 400, "{} bytes", alone.len());
}

#[test]
fn texts_out_of_order_are_no_dictionary_of_their_neighbours() {
    let texts = |texts: &[&'static str]| {
        let texts: Vec<&str> = texts.iter().flat_map(|text| [*text; 20]).collect();
        Utf8ViewArray::from_slice_values(texts)
    };
    let distinct =
        |array: ArrayRef| array.as_any().downcast_ref::<DictionaryArray<u32>>().expect("a dictionary").values().len();
    assert_eq!(dictionary_in_order(&texts(&["a", "b", "c"])).map(distinct), Some(3));
    assert!(dictionary_in_order(&texts(&["a", "b", "a"])).is_none());
    assert!(dictionary_in_order(&Utf8ViewArray::from_slice_values(["a", "b", "c"])).is_none(), "all are distinct");
    assert!(dictionary_in_order(&Utf8ViewArray::from_slice([Some("a"), None, Some("a")])).is_none(), "one is missing");
}

#[test]
fn a_group_of_many_pages_is_read() {
    let rows = 300_000;
    let runs: Vec<Option<String>> = (0..rows).map(|row| Some(format!("{:020x}", row / 200))).collect();
    let numbers: Vec<f64> = (0..rows).map(|row| f64::from(row).sqrt()).collect();
    let numbers = Series::new("number".into(), numbers).into_column();
    let table = DataFrame::new(rows as usize, vec![column("run", runs), numbers]).unwrap();
    assert!(read(&written(&table, rows as usize)).equals(&table));
}
