//! Hostile and damaged bundles are refused, and nothing is written outside the folder of the bundle.
#![expect(clippy::disallowed_methods, reason = "tests make files of their own")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::container::Writer;
use super::files::{Bytes, Member};
use super::*;

/// The fewest files that are a bundle.
fn few() -> Vec<Member> {
    let text = "abcdefgh".repeat(20);
    vec![
        Member::held("README.md", text.clone().into_bytes()),
        Member::held("results/x/manifest.json", b"{}".to_vec()),
        Member::held("results/x/runs.parquet", text.into_bytes()),
    ]
}

fn listed(members: &[Member]) -> Value {
    let file = |member: &Member| {
        let size = member.size.to_string();
        json!({"@id": member.name, "@type": "File", "contentSize": size, "sha256": member.sha256})
    };
    let mut graph: Vec<Value> = members.iter().map(file).collect();
    graph.push(json!({"@id": "./", "@type": ["Dataset", "Thing"]}));
    json!({"@graph": graph})
}

fn archive(members: &[Member], metadata: Option<&Value>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    if let Some(metadata) = metadata {
        writer.deflated(METADATA, metadata.to_string().as_bytes()).unwrap();
    }
    for member in members {
        let Bytes::Held(bytes) = &member.bytes else { panic!("it is held") };
        writer.deflated(&member.name, bytes).unwrap();
    }
    writer.finish().unwrap()
}

fn bundle(members: &[Member]) -> Vec<u8> {
    archive(members, Some(&listed(members)))
}

fn opened(bytes: &[u8]) -> Result<Bundle, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.zip");
    fs::write(&path, bytes).unwrap();
    open(&path)
}

fn refusal(bytes: &[u8]) -> String {
    match opened(bytes) {
        Err(Error::Refused { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

/// All files below a folder, by name.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            let inside = content(&path).into_iter();
            found.extend(inside.map(|(name, bytes)| (Path::new(&entry.file_name()).join(name), bytes)));
        } else {
            found.insert(PathBuf::from(entry.file_name()), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn a_bundle_is_unpacked_and_taken_away_again() {
    let bundle = opened(&bundle(&few())).unwrap();
    let folder = bundle.folder().to_path_buf();
    assert_eq!(bundle.results(), folder.join("results/x"));
    let found = content(&folder);
    assert_eq!(found.len(), 4);
    assert_eq!(found[Path::new("results/x/manifest.json")], b"{}");
    drop(bundle);
    assert!(!folder.exists());
}

#[test]
fn names_that_lead_elsewhere_are_refused_and_written_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    let absolute = outside.path().join("x").to_str().unwrap().to_owned();
    let up = format!("results{}{absolute}", "/..".repeat(20));
    for name in [absolute.as_str(), &up, "../x", "results/x/../../../x", "a\\..\\x", "c:x", ".hidden", "results/x/"] {
        let mut members = few();
        members.push(Member::held(name, b"evil".to_vec()));
        assert!(refusal(&bundle(&members)).starts_with("the name "), "{name}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    for name in ["readme.md", "README.md", "Results/y", "readme.md/x", "results"] {
        let mut members = few();
        members.push(Member::held(name, b"other".to_vec()));
        refusal(&bundle(&members));
    }
}

#[test]
fn the_list_of_the_crate_holds_in_both_directions() {
    let members = few();
    let said = |change: &dyn Fn(&mut Value)| {
        let mut metadata = listed(&members);
        change(&mut metadata["@graph"]);
        refusal(&archive(&members, Some(&metadata)))
    };
    assert!(said(&|graph| graph[0]["sha256"] = "0".repeat(64).into()).contains("SHA-256 of \"README.md\""));
    assert!(said(&|graph| graph[0]["contentSize"] = "3".into()).contains("has 160 bytes, and 3 by its"));
    assert!(said(&|graph| graph[0]["@id"] = "other.md".into()).contains("\"other.md\" is missing"));
    assert!(said(&|graph| drop(graph.as_array_mut().unwrap().remove(0))).contains("does not list it"));
    assert!(said(&|graph| graph[1] = graph[0].clone()).contains("twice"));
    assert!(said(&|graph| graph[0]["sha256"] = Value::Null).contains("gives no size or SHA-256"));
    assert!(said(&|graph| *graph = 3.into()).contains("cannot be read"));
    let deep = "[".repeat(100_000);
    let mut writer = Writer::new(Vec::new());
    writer.stored(METADATA, crc32fast::hash(deep.as_bytes()), deep.len() as u64, &mut deep.as_bytes()).unwrap();
    writer.stored("results/x/manifest.json", 0, 0, &mut &[][..]).unwrap();
    assert!(refusal(&writer.finish().unwrap()).contains("cannot be read"));
    assert!(refusal(&archive(&members, None)).contains("it has no ro-crate-metadata.json"));
    assert!(refusal(&bundle(&members[..1])).contains("it holds no results"));
    let mut two = few();
    two.push(Member::held("results/y/manifest.json", b"{}".to_vec()));
    assert!(refusal(&bundle(&two)).contains("it holds results twice"));
}

#[test]
fn more_bytes_than_a_bundle_may_have_are_refused_before_any_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.zip");
    let mut writer = Writer::new(fs::File::create(&path).unwrap());
    writer.stored("results/x/manifest.json", 0, 0, &mut &[][..]).unwrap();
    let packed = MOST_BYTES / 99 / 3;
    for name in ["a", "b", "c"] {
        writer.file(name, 8, 0, (packed * 99 + 99, packed), &mut std::io::repeat(0).take(packed)).unwrap();
    }
    writer.finish().unwrap();
    assert!(
        matches!(open(&path), Err(Error::Refused { what, .. }) if what.contains("bytes, and 17179869184 are the most"))
    );
}

#[test]
fn archives_in_it_stay_closed() {
    let inner = bundle(&few());
    let mut members = few();
    members.push(Member::held("results/x/inner.zip", inner.clone()));
    let bundle = opened(&bundle(&members)).unwrap();
    assert_eq!(fs::read(bundle.results().join("inner.zip")).unwrap(), inner);
}

#[test]
fn what_is_cut_off_is_refused() {
    let whole = bundle(&few());
    for count in 0..whole.len() {
        refusal(&whole[..count]);
    }
}

#[test]
fn a_changed_bit_is_refused_or_changes_nothing() {
    let whole = bundle(&few());
    let right = content(opened(&whole).unwrap().folder());
    let mut taken = 0;
    for at in 0..whole.len() {
        for bit in [at % 8, (at + 3) % 8] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(bundle) = opened(&flipped) {
                assert!(content(bundle.folder()) == right, "bit {bit} of byte {at}");
                taken += 1;
            }
        }
    }
    // Such as the time of a file, which nobody reads.
    assert!(taken * 5 < 2 * whole.len(), "{taken} of {} were taken", 2 * whole.len());
}

proptest! {
    #[test]
    fn any_change_is_refused_or_changes_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        moved in 0usize..40,
    ) {
        let whole = bundle(&few());
        let right = content(opened(&whole).unwrap().folder());
        let mut changed = whole.clone();
        for (at, byte) in changes {
            changed[at.index(whole.len())] = byte;
        }
        let at = cut.index(whole.len() - 40);
        changed[at..].rotate_left(moved);
        if let Ok(bundle) = opened(&changed) {
            prop_assert!(content(bundle.folder()) == right, "it was taken");
        }
    }
}
