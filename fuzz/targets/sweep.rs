//! Sweep files: any text is a sweep or an error with its places; a sweep has a plan or an error.
#![no_main]

use std::collections::HashSet;

use ablate::plan::{Limits, Plan};
use ablate::sweep::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse(text, "fuzz.yaml", &[]) {
        Ok(sweep) => {
            let limits = Limits { max_runs: 2_000, ..Limits::default() };
            if let Err(error) = Plan::of(&sweep, &HashSet::new(), &limits) {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
