//! Identities are for ever: fifty configurations, and a run of each, have the ids that they had in the first release.
//!
//! A change here means that results of old runs are no longer found. Another form of identities needs another version
//! of their format (`src/config/id.rs`), beside which the old one is still read.

use std::collections::HashSet;
use std::path::Path;

use ablate::config::{Seeds, run_id};
use ablate::plan::{Limits, Plan};
use ablate::sweep::parse;

/// The id of a configuration that is written as a mapping, and that of its run under seeds 1, 2 and 3.
fn identities(base: &str) -> [String; 2] {
    let base = if base == "{}" { String::new() } else { format!("base: {base}\n") };
    let sweep =
        parse(&format!("version: 1\nname: x\n{base}"), base.trim(), &[]).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::of(&sweep, &HashSet::new(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let [point] = plan.points.as_slice() else { panic!("{base} is one configuration") };
    [point.id.to_string(), run_id(&point.configuration(), Seeds { data: 1, init: 2, shuffle: 3 }).to_string()]
}

#[test]
fn fifty_configurations_have_their_ids_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identities.txt");
    let lines = std::fs::read_to_string(path).unwrap();
    let mut seen = HashSet::new();
    for line in lines.lines() {
        let mut words = line.splitn(3, ' ');
        let [config, run, base] = [(); 3].map(|()| words.next().expect("two ids and a configuration"));
        assert_eq!(identities(base), [config, run], "{base}");
        seen.extend([config, run]);
    }
    assert_eq!(seen.len(), 100, "fifty different configurations");
}
