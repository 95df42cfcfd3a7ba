//! Tests of the bytes of a record.

use super::*;
use crate::store::tests::memory::Dice;
use crate::store::tests::samples::record;

/// NaN is not equal to itself; its text is.
fn same(a: &Record, b: &Record) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

#[test]
fn a_record_reads_back_to_the_bit() {
    let mut record = record(7);
    record.identity.seed = u64::MAX;
    record.parameters = (1 << 53) + 1;
    record.measures = [f64::MAX, f64::MIN_POSITIVE / 8.0, -0.0, 0.1, 1.0 / 3.0]
        .iter()
        .enumerate()
        .map(|(i, value)| (format!("m{i}"), *value))
        .collect();
    record.configuration.push(("whole".into(), Cell::Whole(i64::MIN)));
    record.curve[0].test_rmse = f64::from_bits(0x3ff0_0000_0000_0001);
    let back = decode(&encode(&record)).unwrap();
    for ((_, a), (_, b)) in record.measures.iter().zip(&back.measures) {
        assert_eq!(a.to_bits(), b.to_bits());
    }
    assert_eq!(back.curve[0].test_rmse.to_bits(), 0x3ff0_0000_0000_0001);
    assert!(back.curve[0].gradient_norm.is_nan(), "an infinity is missing");
    record.curve.iter_mut().for_each(|point| point.gradient_norm = f64::NAN);
    assert!(same(&record, &back), "{record:?}\n{back:?}");
}

#[test]
fn a_record_without_curve_and_reason_reads_back() {
    let mut record = record(0);
    record.curve.clear();
    record.predictions.clear();
    record.reason = None;
    record.identity.grids.clear();
    assert_eq!(decode(&encode(&record)).unwrap(), record);
}

#[test]
fn an_outline_has_the_names_and_the_types_of_the_whole() {
    let record = record(1);
    let bytes = encode(&record);
    let outline = outline(&bytes).unwrap();
    assert_eq!(outline.run, record.identity.run);
    let column = |cell: &Cell| match cell {
        Cell::Flag(_) => ColumnType::Flag,
        Cell::Whole(_) => ColumnType::Whole,
        Cell::Number(_) => ColumnType::Number,
        Cell::Text(_) => ColumnType::Text,
    };
    assert!(outline.parameters().eq(record.configuration.iter().map(|(name, cell)| (name.as_str(), column(cell)))));
    assert!(outline.measures().eq(record.measures.iter().map(|(name, _)| name.as_str())));
    assert!(!record.measures.is_empty() && record.configuration.len() > 10);
}

#[test]
fn fields_that_a_later_version_adds_are_skipped() {
    let record = record(1);
    let mut bytes = encode(&record);
    put_field(&mut bytes, ["", "later"], &Field::Texts(vec!["a"]));
    assert!(same(&decode(&bytes).unwrap(), &decode(&encode(&record)).unwrap()));
}

#[test]
fn changed_bytes_never_panic_nor_ask_for_much_memory() {
    let bytes = encode(&record(2));
    for length in 0..bytes.len() {
        // A cut between fields loses fields; none of the required ones can be missing unnoticed.
        let _ = decode(&bytes[..length]);
    }
    assert!(decode(&bytes[..bytes.len() - 1]).is_err());
    let mut dice = Dice(1);
    for _ in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..=dice.roll(4) {
            let at = usize::try_from(dice.roll(bytes.len() as u64)).unwrap();
            changed[at] = u8::try_from(dice.roll(256)).unwrap();
        }
        let _ = decode(&changed);
    }
}

#[test]
fn the_format_is_pinned() {
    // A change of these bytes is a new version of the format, which has to read the old one too; unless it is only the
    // record that changes, because there are new parameters.
    assert_eq!(blake3::hash(&encode(&record(3))).to_hex()[..16], *"3bc44f9cb895ad38");
}
