//! The files of a bundle before they are packed: where they come from, what they are, and their sums.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Error;
use super::container::hex;

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub(super) enum Bytes {
    Held(Vec<u8>),
    Lying(PathBuf),
}

/// A file of a bundle.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) crc: u32,
}

impl Member {
    pub(super) fn held(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let (size, sha256, crc) = (bytes.len() as u64, hex(&Sha256::digest(&bytes)), crc32fast::hash(&bytes));
        Self { name: name.into(), bytes: Bytes::Held(bytes), size, sha256, crc }
    }

    fn lying(name: String, path: &Path) -> io::Result<Self> {
        let (mut sha256, mut crc, mut size) = (Sha256::new(), crc32fast::Hasher::new(), 0);
        let (mut file, mut buffer) = (File::open(path)?, vec![0; 1 << 18]);
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            sha256.update(&buffer[..count]);
            crc.update(&buffer[..count]);
            size += count as u64;
        }
        let (sha256, crc) = (hex(&sha256.finalize()), crc.finalize());
        Ok(Self { name, bytes: Bytes::Lying(path.to_path_buf()), size, sha256, crc })
    }

    /// Whether its bytes are packed already, so that deflating them is lost time.
    pub(super) fn is_packed(&self) -> bool {
        matches!(ending(&self.name), "parquet" | "png" | "safetensors" | "zip")
    }

    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match &self.bytes {
            Bytes::Held(bytes) => Ok(bytes.clone()),
            Bytes::Lying(path) => fs::read(path),
        }
    }
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The media type of a file, by its ending: those that IANA has registered, and for others that of plain bytes.
pub(super) fn media_type(name: &str) -> &'static str {
    match ending(name) {
        "parquet" => "application/vnd.apache.parquet",
        "json" => "application/json",
        "yaml" | "cff" => "application/yaml",
        "html" => "text/html",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// All files below a folder, named from `prefix` on, in no order.
pub(super) fn below(folder: &Path, prefix: &str) -> Result<Vec<Member>, Error> {
    let (mut members, mut folders) = (Vec::new(), vec![(folder.to_path_buf(), prefix.to_owned())]);
    while let Some((folder, prefix)) = folders.pop() {
        let entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        for entry in entries.map_err(Error::io("list", &folder))? {
            let path = entry.path();
            let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(Error::io("look at", &path))?.is_dir() {
                folders.push((path, name));
            } else {
                members.push(Member::lying(name, &path).map_err(Error::io("read", &path))?);
            }
        }
    }
    Ok(members)
}
