//! Tests of the choice among records of several folders.

use super::*;
use crate::train::Status;

const RUN: &str = "0123456789abcdef0123";

fn run() -> Id {
    RUN.parse().unwrap()
}

/// A record in a folder: its end, its digest, its environment, and the seconds that it took.
fn one(folder: usize, status: Status, digest: &str, environment: &str, seconds: u64) -> Candidate {
    let summary =
        Summary { status, reason: None, digest: digest.to_owned(), environment: environment.to_owned(), seconds };
    Candidate { folder, summary, process: Some(format!("{seconds:016x}")), device: Some("cpu".into()) }
}

fn chosen(candidates: &[Candidate]) -> Chosen {
    choose(run(), candidates, &|folder| folder == 0)
}

fn whys(chosen: &Chosen) -> Vec<(usize, Option<Why>)> {
    let why = |fate: &Fate| match fate {
        Fate::Same => None,
        Fate::Named(item) | Fate::Kept(item) => Some(item.why),
    };
    chosen.others.iter().map(|(folder, fate)| (*folder, why(fate))).collect()
}

/// Candidates in every order, in folders of these numbers.
fn permuted(candidates: &[Candidate]) -> Vec<Vec<Candidate>> {
    if candidates.len() < 2 {
        return vec![candidates.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..candidates.len() {
        let mut rest = candidates.to_vec();
        let head = rest.remove(first);
        all.extend(permuted(&rest).into_iter().map(|mut rest| {
            rest.insert(0, head.clone());
            rest
        }));
    }
    all
}

#[test]
fn of_equal_results_one_counts_whatever_the_order() {
    use Status::Finished;
    let records = [one(1, Finished, "d", "e", 5), one(2, Finished, "d", "e", 3), one(3, Finished, "d", "f", 4)];
    for order in permuted(&records) {
        let chosen = chosen(&order);
        assert_eq!(chosen.folder, 2);
        assert!(chosen.others.iter().all(|(_, fate)| *fate == Fate::Same));
    }
}

#[test]
fn what_is_there_stays() {
    use Status::{Failed, Finished};
    let records = [one(0, Finished, "d", "e", 9), one(1, Finished, "d", "e", 1)];
    assert_eq!((chosen(&records).folder, whys(&chosen(&records))), (0, vec![(1, None)]));
    let records = [one(0, Finished, "d", "e", 9), one(1, Finished, "x", "e", 1)];
    assert_eq!((chosen(&records).folder, whys(&chosen(&records))), (0, vec![(1, Some(Why::Conflict))]));
    let records = [one(0, Failed, "", "e", 9), one(1, Failed, "", "e", 1)];
    assert_eq!((chosen(&records).folder, whys(&chosen(&records))), (0, vec![(1, Some(Why::Superseded))]));
    // Unless it failed, and was trained well elsewhere.
    let records = [one(0, Failed, "", "e", 9), one(1, Finished, "x", "e", 1)];
    assert_eq!((chosen(&records).folder, whys(&chosen(&records))), (1, vec![(0, Some(Why::Superseded))]));
}

#[test]
fn results_that_differ_are_kept_and_told_apart() {
    use Status::{Diverged, Finished};
    let (first, same_place) = (one(1, Finished, "d", "e", 1), one(2, Diverged, "x", "e", 2));
    let elsewhere = one(3, Finished, "y", "f", 3);
    let of = chosen(&[first.clone(), same_place.clone(), elsewhere.clone()]);
    assert_eq!(of.folder, 1);
    assert_eq!(whys(&of), [(2, Some(Why::Conflict)), (3, Some(Why::OtherEnvironment))]);
    let Fate::Kept(item) = &of.others[0].1 else { panic!("{of:?}") };
    assert_eq!((item.run.as_str(), item.status.as_str(), item.digest.as_str()), (RUN, "diverged", "x"));
    assert_eq!((item.environment.as_str(), item.kept.as_str()), ("e", "d"));
    // Two that differ in an environment are a conflict, also where a third counts.
    let of = chosen(&[elsewhere, first, same_place]);
    assert_eq!((of.folder, whys(&of)), (3, vec![(1, Some(Why::Conflict)), (2, Some(Why::Conflict))]));
}

#[test]
fn of_another_result_one_record_is_kept_whatever_the_order() {
    use Status::Finished;
    let first = one(1, Finished, "d", "e", 9);
    let others = [one(2, Finished, "x", "e", 5), one(3, Finished, "x", "e", 4), one(4, Finished, "x", "e", 6)];
    for order in permuted(&others) {
        let of = chosen(&[&[first.clone()][..], &order].concat());
        let kept: Vec<usize> =
            of.others.iter().filter(|(_, fate)| matches!(fate, Fate::Kept(_))).map(|(folder, _)| *folder).collect();
        assert_eq!((of.folder, kept), (1, vec![3]));
    }
}

#[test]
fn what_failed_is_named_whatever_the_order() {
    use Status::{Failed, Finished, TimedOut};
    let records = [one(1, Failed, "", "e", 1), one(2, TimedOut, "", "e", 2), one(3, Finished, "d", "e", 3)];
    for order in permuted(&records) {
        let of = chosen(&order);
        let mut whys = whys(&of);
        whys.sort_by_key(|(folder, _)| *folder);
        assert_eq!((of.folder, whys), (3, vec![(1, Some(Why::Superseded)), (2, Some(Why::Superseded))]));
    }
    for order in permuted(&records[..2]) {
        assert_eq!((chosen(&order).folder, whys(&chosen(&order))), (1, vec![(2, Some(Why::Superseded))]));
    }
    // Two copies of one record are one.
    let copies = [one(1, Failed, "", "e", 1), one(2, Failed, "", "e", 1)];
    assert_eq!(chosen(&copies).others, [(2, Fate::Same)]);
}
