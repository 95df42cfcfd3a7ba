//! What the targets share: a folder of results in memory, and files whose checks are right although their content is not.
//! The formats are those that `src/store` documents.
#![expect(clippy::disallowed_methods, reason = "what is written here is meant to be half a file")]

use std::fs;
use std::path::{Path, PathBuf};

use ablate::store::{Results, check};
use xxhash_rust::xxh3::xxh3_128;

/// A folder of results for this process, in memory where the system has such a place.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder.
    ///
    /// # Panics
    /// When there is no place for it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = place.join(format!("ablate-fuzz-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("journal")).expect("a folder");
        Self(folder)
    }

    /// Writes a file.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).expect("written");
    }

    /// Removes a file that may be there.
    pub fn take(&self, name: &str) {
        let _ = fs::remove_file(self.0.join(name));
    }

    /// Reads all that the folder holds, and checks it: whatever it holds, the answer is a result or an error.
    pub fn read(&self) {
        if let Ok(results) = Results::open(&self.0) {
            let _ = (results.curves(), results.predictions(), results.ended(), results.set_aside());
        }
        let _ = check(&self.0);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A segment of a journal with these records, each in a frame whose check is right: BLAKE3 up to format 2, XXH3 from then on.
#[must_use]
pub fn segment(format: u32, payloads: &[&[u8]]) -> Vec<u8> {
    const NONCE: u32 = 7;
    let mut bytes = [b"ablate\0j".as_slice(), &format.to_le_bytes(), &NONCE.to_le_bytes()].concat();
    bytes.extend(&blake3::hash(&bytes).as_bytes()[..16]);
    for payload in payloads {
        let (mark, length) = (*b"\xabrun", (payload.len() as u32).to_le_bytes());
        let (offset, synced) = ((bytes.len() as u64).to_le_bytes(), 0u64.to_le_bytes());
        let checked = [&NONCE.to_le_bytes()[..], &offset, &mark, &length, &synced, payload].concat();
        let check: [u8; 16] = if format <= 2 {
            *blake3::hash(&checked).as_bytes().first_chunk().expect("it has 32 bytes")
        } else {
            xxh3_128(&checked).to_le_bytes()
        };
        bytes.extend([&mark[..], &length, &synced, &check, payload].concat());
    }
    bytes
}

/// A document with its seal: its text from behind the opening brace.
#[must_use]
pub fn sealed(rest: &[u8]) -> Vec<u8> {
    const BEGINNING: &[u8] = b"{\n  \"seal\": \"";
    let mut bytes = [BEGINNING, &[b'0'; 64], b"\",\n", rest].concat();
    let hash = blake3::hash(&bytes).to_hex();
    bytes[BEGINNING.len()..][..64].copy_from_slice(hash.as_bytes());
    bytes
}
