//! Tests of which record of a run counts.

use super::*;
use crate::store::tests::samples::record_of;

fn merge<'a>(saved: &BTreeMap<Id, Summary>, records: impl Iterator<Item = &'a Record>) -> Merged<&'a Record> {
    super::merge(saved, records.map(|record| (record.identity.run, Summary::of(record), record)))
}

fn merged(records: &[Record]) -> (Vec<Summary>, Vec<Why>) {
    let merged = merge(&BTreeMap::new(), records.iter());
    (merged.fresh.iter().map(|record| Summary::of(record)).collect(), merged.set_aside.iter().map(|a| a.why).collect())
}

#[test]
fn the_first_of_equal_records_stays() {
    let (first, mut second) = (record_of(1, Status::Finished, "a"), record_of(1, Status::Finished, "a"));
    second.seconds = 9.0;
    let records = [first.clone(), second];
    let merged = merge(&BTreeMap::new(), records.iter());
    assert_eq!(merged.fresh.len(), 1);
    assert!((merged.fresh[0].seconds - first.seconds).abs() < 1e-12);
    assert!(merged.set_aside.is_empty());
}

#[test]
fn another_digest_is_a_conflict_within_one_environment_only() {
    let (a, mut b) = (record_of(1, Status::Finished, "a"), record_of(1, Status::Diverged, "b"));
    let (kept, why) = merged(&[a.clone(), b.clone()]);
    assert_eq!((kept, why), (vec![Summary::of(&a)], vec![Why::Conflict]));
    b.environment = "other".into();
    assert_eq!(merged(&[a, b]).1, [Why::OtherEnvironment]);
}

#[test]
fn a_failure_gives_way_and_never_replaces() {
    let failed = record_of(1, Status::Failed, "x");
    let late = record_of(1, Status::TimedOut, "y");
    let good = record_of(1, Status::Finished, "a");
    let (kept, why) = merged(&[failed.clone(), late.clone(), good.clone(), failed.clone()]);
    assert_eq!(kept, [Summary::of(&good)]);
    assert_eq!(why, [Why::Superseded, Why::Superseded, Why::FailedLater]);
    assert_eq!(merged(&[failed.clone(), failed.clone()]), (vec![Summary::of(&failed)], vec![]));
    let again = Record { seconds: 9.0, ..failed.clone() };
    assert_eq!(merged(&[failed, again.clone()]), (vec![Summary::of(&again)], vec![Why::Superseded]));
}

#[test]
fn a_failure_in_the_parts_is_replaced_and_other_records_there_stay() {
    let (failed, good) = (record_of(1, Status::Failed, "x"), record_of(2, Status::Finished, "a"));
    let saved = [&failed, &good].map(|record| (record.identity.run, Summary::of(record))).into();
    let records = [record_of(1, Status::Finished, "a"), record_of(2, Status::Finished, "b")];
    let merged = merge(&saved, records.iter());
    assert_eq!(merged.fresh.iter().map(|r| r.identity.run).collect::<Vec<_>>(), [failed.identity.run]);
    assert_eq!(merged.replaced, HashSet::from([failed.identity.run]));
    assert_eq!(merged.set_aside.iter().map(|a| a.why).collect::<Vec<_>>(), [Why::Superseded, Why::Conflict]);
}
