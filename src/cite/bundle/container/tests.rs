//! Archives are what was packed, whatever their fields are, and never more than they say.

use std::io::Cursor;

use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;

use super::*;

type Packed = Vec<(String, Vec<u8>)>;

fn packed(files: &Packed, mut writer: Writer<Vec<u8>>) -> Vec<u8> {
    for (at, (name, bytes)) in files.iter().enumerate() {
        if at % 2 == 0 {
            writer.deflated(name, bytes).unwrap();
        } else {
            writer.stored(name, crc32fast::hash(bytes), bytes.len() as u64, &mut &bytes[..]).unwrap();
        }
    }
    writer.finish().unwrap()
}

fn unpacked(bytes: &[u8]) -> Outcome<Packed> {
    let mut archive = Cursor::new(bytes);
    let entries = entries(&mut archive)?;
    let file = |entry: Entry| {
        let mut bytes = Vec::new();
        unpack(&mut archive, &entry, &mut bytes)?;
        Ok((entry.name, bytes))
    };
    entries.into_iter().map(file).collect()
}

fn files() -> impl Strategy<Value = Packed> {
    let text = prop::collection::vec(0u8..4, 0..5000);
    let bytes = prop_oneof![text, prop::collection::vec(any::<u8>(), 0..300)];
    prop::collection::vec(bytes, 0..6).prop_map(|all| {
        all.into_iter().enumerate().map(|(number, bytes)| (format!("folder/{number}.txt"), bytes)).collect()
    })
}

proptest! {
    #[test]
    fn what_is_packed_is_unpacked(files in files()) {
        let small = packed(&files, Writer::new(Vec::new()));
        prop_assert_eq!(unpacked(&small).unwrap(), files.clone());
        prop_assert_eq!(packed(&files, Writer::new(Vec::new())), small);
        let large = packed(&files, Writer::with_large_fields(Vec::new()));
        prop_assert_eq!(unpacked(&large).unwrap(), files);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..500, files in files()) {
        let mut archive = packed(&files, Writer::new(Vec::new()));
        let at = at.min(archive.len());
        archive.splice(at..(at + bytes.len() / 2).min(archive.len()), bytes);
        let _ = unpacked(&archive);
    }
}

/// An archive of one file that says of itself what it likes.
fn bomb(claimed: u64, bytes: &[u8]) -> Vec<u8> {
    let packed = compress_to_vec(bytes, 9);
    let mut writer = Writer::new(Vec::new());
    let sizes = (claimed, packed.len() as u64);
    writer.file("bomb", DEFLATED, crc32fast::hash(bytes), sizes, &mut &packed[..]).unwrap();
    writer.finish().unwrap()
}

fn refusal(outcome: Outcome<impl Sized>) -> String {
    match outcome {
        Err(Fault::Refused(what)) => what,
        Err(Fault::Io(error)) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn bombs_are_refused_before_they_burst() {
    let zeros = vec![0; 40 << 20];
    assert!(refusal(unpacked(&bomb(zeros.len() as u64, &zeros))).contains("more than 100 times"));
    // One that says that it is small.
    let bytes = bomb(1000, &zeros);
    let mut archive = Cursor::new(&bytes);
    let entry = entries(&mut archive).unwrap().pop().unwrap();
    let mut out = Vec::new();
    assert!(refusal(unpack(&mut archive, &entry, &mut out)).contains("unpacks to more than it says"));
    assert!(out.len() <= 1000);
    // One that says that it is larger than it is.
    assert!(refusal(unpacked(&bomb(1000, b"short"))).contains("does not unpack to what it was packed from"));
    // What would look like one is not packed so.
    let harmless = packed(&vec![("zeros".into(), zeros.clone())], Writer::new(Vec::new()));
    assert_eq!(unpacked(&harmless).unwrap()[0].1, zeros);
}

#[test]
fn more_files_than_any_bundle_has_are_refused() {
    let mut writer = Writer::new(Vec::new());
    for number in 0..=MOST_FILES {
        writer.stored(&number.to_string(), 0, 0, &mut &[][..]).unwrap();
    }
    let bytes = writer.finish().unwrap();
    assert!(refusal(unpacked(&bytes)).contains("it holds 100001 files"));
}

#[test]
fn nothing_hides_between_files() {
    let files: Packed = ["a", "b"].map(|name| (name.to_owned(), name.repeat(50).into_bytes())).into();
    let bytes = packed(&files, Writer::new(Vec::new()));
    let list = bytes.windows(4).position(|four| four == CENTRAL.to_le_bytes()).unwrap();
    for at in [0, list, bytes.len()] {
        let mut more = bytes.clone();
        more.insert(at, 0);
        refusal(unpacked(&more));
    }
    for count in 0..bytes.len() {
        refusal(unpacked(&bytes[..count]));
    }
    // Two entries of the list for the same bytes.
    let second = list + bytes[list + 4..].windows(4).position(|four| four == CENTRAL.to_le_bytes()).unwrap() + 4;
    let mut overlapping = bytes.clone();
    overlapping[second + 42..second + 46].fill(0);
    assert!(refusal(unpacked(&overlapping)).contains("is not behind the file before it"));
}

#[test]
fn links_and_secrets_are_refused() {
    let bytes = packed(&vec![("a".into(), b"b".to_vec())], Writer::new(Vec::new()));
    let list = bytes.windows(4).position(|four| four == CENTRAL.to_le_bytes()).unwrap();
    for mode in [0o120_777u32, 0o040_755, 0o020_644, 0o010_644] {
        let mut link = bytes.clone();
        link[list + 38..list + 42].copy_from_slice(&(mode << 16).to_le_bytes());
        assert!(refusal(unpacked(&link)).contains("is a link, a folder or a device"), "{mode:o}");
    }
    for flag in [1u16, 1 << 6, 1 << 13] {
        let mut secret = bytes.clone();
        secret[6..8].copy_from_slice(&flag.to_le_bytes());
        secret[list + 8..list + 10].copy_from_slice(&flag.to_le_bytes());
        assert!(refusal(unpacked(&secret)).contains("is encrypted"));
    }
    // What file and list say of each other.
    let mut other = bytes.clone();
    other[30] = b'c';
    assert!(refusal(unpacked(&other)).contains("says something else of itself"));
    let mut method = bytes;
    method[list + 10] = 99;
    assert!(refusal(unpacked(&method)).contains("is not packed as"));
}
