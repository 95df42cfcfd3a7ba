//! JSON documents that carry their own hash, so that every changed byte is noticed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const BEGINNING: &str = "{\n  \"seal\": \"";
const HASH: usize = 64;

#[derive(Serialize)]
struct Sealed<'a, T> {
    seal: String,
    #[serde(flatten)]
    content: &'a T,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Why a sealed document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Its bytes are not what was written.
    Damaged(String),
    /// A later version wrote it, in this format.
    Newer(u32),
}

/// The document as bytes, with the BLAKE3 of all of them; for the hash itself zeros are taken.
pub(super) fn seal<T: Serialize>(content: &T) -> Vec<u8> {
    let sealed = Sealed { seal: "0".repeat(HASH), content };
    let mut bytes = serde_json::to_vec_pretty(&sealed).expect("plain data can be written as JSON");
    bytes.push(b'\n');
    let hash = blake3::hash(&bytes).to_hex();
    bytes[BEGINNING.len()..][..HASH].copy_from_slice(hash.as_bytes());
    bytes
}

/// Reads a document that [`seal`] wrote, of a format up to `known`.
pub(super) fn unseal<T: DeserializeOwned>(bytes: &[u8], known: u32) -> Result<T, Broken> {
    let damaged = |what: &str| Broken::Damaged(what.into());
    let end = BEGINNING.len() + HASH;
    if bytes.len() < end || !bytes.starts_with(BEGINNING.as_bytes()) {
        return Err(damaged("it does not begin with its seal"));
    }
    let mut blank = bytes.to_vec();
    blank[BEGINNING.len()..end].fill(b'0');
    if blake3::hash(&blank).to_hex().as_bytes() != &bytes[BEGINNING.len()..end] {
        return Err(damaged("its content does not agree with its seal"));
    }
    let unreadable = |error: serde_json::Error| Broken::Damaged(format!("it cannot be read: {error}"));
    let format: Format = serde_json::from_slice(bytes).map_err(unreadable)?;
    if format.format > known {
        return Err(Broken::Newer(format.format));
    }
    serde_json::from_slice(bytes).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        format: u32,
        text: String,
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let note = Note { format: 1, text: "größer".into() };
        let bytes = seal(&note);
        assert_eq!(unseal::<Note>(&bytes, 1).unwrap(), note);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(unseal::<Note>(&flipped, 1).is_err(), "byte {at}, bit {bit}");
            }
            assert!(unseal::<Note>(&bytes[..at], 1).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_later_format_is_told_apart_from_damage() {
        let bytes = seal(&Note { format: 2, text: String::new() });
        assert_eq!(unseal::<Note>(&bytes, 1), Err(Broken::Newer(2)));
    }
}
