//! Journals: a segment of any bytes, or of records of any bytes whose checks are right, of every format. The first byte chooses.
#![no_main]

use std::cell::OnceCell;

use ablate_fuzz::{Folder, segment};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FOLDER: OnceCell<Folder> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let format = [3, 1, 2][usize::from(choice / 3 % 3)];
    let segment = match choice % 3 {
        0 => rest.to_vec(),
        1 => segment(format, &[rest]),
        // Two records, and what is left of a third.
        _ => {
            let (first, second) = rest.split_at(rest.len() / 2);
            let mut whole = segment(format, &[first, second, rest]);
            whole.truncate(whole.len() - rest.len() / 3);
            whole
        }
    };
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| Folder::new("journal"));
        folder.put("journal/00000001-0123456789abcdef.log", &segment);
        folder.read();
    });
});
