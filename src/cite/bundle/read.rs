//! Opens a bundle: what it holds is unpacked into a folder of its own, once all of it has been found to be what it says.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::TempDir;

use super::container::{Entry, Outcome, entries, refused, unpack};
use super::{Error, LONGEST_METADATA, METADATA, MOST_BYTES, names};

/// A bundle that was unpacked. Its files are removed when it is dropped.
#[derive(Debug)]
pub struct Bundle {
    folder: TempDir,
    results: PathBuf,
}

impl Bundle {
    /// The folder that it was unpacked into.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of results in it.
    #[must_use]
    pub fn results(&self) -> &Path {
        &self.results
    }
}

/// Opens a bundle. Nothing is written but below a new folder among the temporary files of this system.
///
/// # Errors
/// [`Error::Refused`] when the archive is not whole, not what it says of itself, or not made as bundles are: names that lead
/// elsewhere, links, the same name twice, files that unpack to far more than they are packed, files that its list does not
/// name or that are missing, and any byte that is not what was packed.
pub fn open(path: &Path) -> Result<Bundle, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut archive = BufReader::with_capacity(1 << 16, file);
    let folder = tempfile::Builder::new().prefix("ablate-bundle-").tempdir();
    let folder = folder.map_err(Error::io("make a folder in", &std::env::temp_dir()))?;
    let results = unpack_all(&mut archive, folder.path()).map_err(Error::of(path))?;
    Ok(Bundle { results: folder.path().join(results), folder })
}

/// What the metadata say of one thing. All else is for others.
#[derive(Deserialize)]
struct Thing {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    kind: Kind,
    #[serde(rename = "contentSize")]
    size: Option<String>,
    sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    One(String),
    Several(Vec<String>),
}

impl Kind {
    fn is_file(&self) -> bool {
        match self {
            Self::One(kind) => kind == "File",
            Self::Several(kinds) => kinds.iter().any(|kind| kind == "File"),
        }
    }
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "@graph")]
    graph: Vec<Thing>,
}

/// Checks and unpacks; gives the folder of results, relative to `folder`.
fn unpack_all(archive: &mut BufReader<File>, folder: &Path) -> Outcome<String> {
    let entries = entries(archive)?;
    names::check(entries.iter().map(|entry| entry.name.as_str()))?;
    let total = entries.iter().fold(0, |total: u64, entry| total.saturating_add(entry.size));
    if total > MOST_BYTES {
        return Err(refused(format!("it unpacks to {total} bytes, and {MOST_BYTES} are the most")));
    }
    let results = folder_of_results(&entries)?;
    let listed = listed(archive, &entries)?;
    agree(&entries, &listed)?;
    for entry in &entries {
        let path = folder.join(&entry.name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        let sha256 = unpack(archive, entry, &mut File::create_new(&path)?)?;
        if listed.get(&entry.name).is_some_and(|(_, said)| *said != sha256) {
            return Err(refused(format!("the SHA-256 of {:?} is not the one that {METADATA} gives", entry.name)));
        }
    }
    Ok(results)
}

/// The one folder of results, which is known by its manifest.
fn folder_of_results(entries: &[Entry]) -> Outcome<String> {
    let mut found = entries.iter().filter_map(|entry| {
        let folder = entry.name.strip_suffix("/manifest.json")?;
        (folder.starts_with("results/") && folder.matches('/').count() == 1).then(|| folder.to_owned())
    });
    match (found.next(), found.next()) {
        (Some(folder), None) => Ok(folder),
        (None, _) => Err(refused("it holds no results: `ablate bundle` makes bundles")),
        (Some(_), Some(_)) => Err(refused("it holds results twice")),
    }
}

/// Size and SHA-256 of all files, by the metadata.
fn listed(archive: &mut BufReader<File>, entries: &[Entry]) -> Outcome<BTreeMap<String, (u64, String)>> {
    let entry = entries.iter().find(|entry| entry.name == METADATA);
    let entry = entry.ok_or_else(|| refused(format!("it has no {METADATA}")))?;
    if entry.size > LONGEST_METADATA {
        return Err(refused(format!("its {METADATA} is longer than {LONGEST_METADATA} bytes")));
    }
    let mut bytes = Vec::new();
    unpack(archive, entry, &mut bytes)?;
    let metadata: Metadata =
        serde_json::from_slice(&bytes).map_err(|error| refused(format!("its {METADATA} cannot be read: {error}")))?;
    let mut listed = BTreeMap::new();
    for thing in metadata.graph.into_iter().filter(|thing| thing.kind.is_file()) {
        let sums = thing.size.and_then(|size| size.parse().ok()).zip(thing.sha256);
        let sums = sums.ok_or_else(|| refused(format!("its {METADATA} gives no size or SHA-256 of {:?}", thing.id)))?;
        if let Some(twice) = listed.insert(thing.id.clone(), sums).map(|_| thing.id) {
            return Err(refused(format!("its {METADATA} lists {twice:?} twice")));
        }
    }
    Ok(listed)
}

/// Whether archive and metadata name the same files of the same sizes.
fn agree(entries: &[Entry], listed: &BTreeMap<String, (u64, String)>) -> Outcome<()> {
    let there: BTreeMap<&str, u64> = entries.iter().map(|entry| (entry.name.as_str(), entry.size)).collect();
    if let Some(missing) = listed.keys().find(|name| !there.contains_key(name.as_str())) {
        return Err(refused(format!("{missing:?} is missing, and its {METADATA} lists it")));
    }
    for (name, size) in there.into_iter().filter(|(name, _)| *name != METADATA) {
        match listed.get(name) {
            None => return Err(refused(format!("{name:?} is there, and its {METADATA} does not list it"))),
            Some((said, _)) if *said != size => {
                return Err(refused(format!("{name:?} has {size} bytes, and {said} by its {METADATA}")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
