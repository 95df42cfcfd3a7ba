//! A run is the same bits whatever company it keeps, and whatever the vector unit.

use super::super::cpu::{VectorUnit, pretended};
use super::*;

/// A sibling of the same shape: another seed, and sometimes other numbers of its own, wild ones among them.
fn sibling(configuration: &Configuration, stream: &mut Stream) -> Configuration {
    let mut other = configuration.clone();
    match stream.below(4) {
        0 => other.learning_rate *= 1e9,
        1 => other.learning_rate *= 0.5,
        2 => other.early_stop = None,
        _ => {}
    }
    other
}

#[test]
fn a_run_is_the_same_bits_in_any_company() {
    let mut stream = Stream::new(11, "company", 0);
    let (mut diverged, mut stopped) = (0, 0);
    for case in 0..360u64 {
        let configuration = drawn(&mut stream);
        let alone = &train_on(Device::Cpu, &[(&configuration, 3)])[0];
        let count = 1 + stream.below(31) as usize;
        let siblings: Vec<Configuration> = (0..count).map(|_| sibling(&configuration, &mut stream)).collect();
        for position in [0, stream.below(count as u64 + 1) as usize, count] {
            let mut members: Vec<_> = siblings.iter().zip(100..).collect();
            members.insert(position, (&configuration, 3));
            let outcomes = train_on(Device::Cpu, &members);
            let among = &outcomes[position];
            assert_eq!(among.digest, alone.digest, "case {case}, {position} of {count}: {configuration:?}");
            assert_eq!((among.status, among.epochs_done), (alone.status, alone.epochs_done));
            diverged += outcomes.iter().filter(|outcome| outcome.status == Status::Diverged).count();
            stopped +=
                outcomes.iter().filter(|outcome| outcome.reason.as_ref().is_some_and(|r| r.contains("early"))).count();
        }
    }
    assert!(diverged > 100 && stopped > 100, "{diverged} diverged, {stopped} stopped early");
}

#[test]
fn a_run_is_the_same_bits_on_every_vector_unit() {
    let units = VectorUnit::all();
    let mut stream = Stream::new(12, "vector units", 0);
    for case in 0..200u64 {
        let configuration = drawn(&mut stream);
        let ends = units
            .iter()
            .map(|&unit| pretended::with(unit, || train_on(Device::Cpu, &[(&configuration, case)]).remove(0).digest));
        let ends: Vec<String> = ends.collect();
        assert!(ends.iter().all(|end| *end == ends[0]), "case {case} on {units:?}: {configuration:?}");
    }
}
