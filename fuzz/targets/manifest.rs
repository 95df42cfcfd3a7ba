//! Manifests and decisions beside real tables: any bytes, or any document whose seal is right. The first byte chooses.
#![no_main]

use std::cell::OnceCell;

use ablate_fuzz::{Folder, sealed};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FOLDER: OnceCell<Folder> = const { OnceCell::new() };
}

/// Tables of a small sweep, which the seeds' manifest names.
const TABLES: [(&str, &[u8]); 3] = [
    ("runs.parquet", include_bytes!("../../tests/fixtures/results-1/runs.parquet")),
    ("curves.parquet", include_bytes!("../../tests/fixtures/results-1/curves.parquet")),
    ("predictions.parquet", include_bytes!("../../tests/fixtures/results-1/predictions.parquet")),
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let document = if choice & 1 == 0 { sealed(rest) } else { rest.to_vec() };
    let name = if choice & 2 == 0 { "manifest.json" } else { "compaction.json" };
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let folder = Folder::new("manifest");
            TABLES.iter().for_each(|(name, bytes)| folder.put(name, bytes));
            folder
        });
        folder.put(name, &document);
        folder.read();
        folder.take(name);
    });
});
