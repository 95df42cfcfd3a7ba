//! Copies of the sweep that is run, beside its results: every version of its file, and the last one.

use std::path::PathBuf;

use super::error::{Error, Result, io_error};
use super::files::{Files, Kind, create_folder, read_if_there, replace, replace_by};
use super::layout::{Layout, new_by};
use super::manifest::SweepVersion;

/// The sweep that is being run, as far as results keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepCopy {
    /// Its name.
    pub name: String,
    /// Its file, byte for byte.
    pub text: String,
    /// What the command line changed, as given.
    pub overrides: Vec<String>,
}

impl SweepCopy {
    pub(super) fn version(&self) -> SweepVersion {
        let hash = blake3::hash(self.text.as_bytes()).to_hex().to_string();
        SweepVersion { hash, overrides: self.overrides.clone() }
    }
}

/// Keeps the sweep file under its hash, then as the one that was run last.
pub(super) fn keep_sweep(files: &dyn Files, layout: &Layout, sweep: &SweepCopy) -> Result<SweepVersion> {
    keep_sweep_by(files, layout, sweep, None)
}

/// As [`keep_sweep`], by a process that others do not wait for: of that token.
pub(super) fn keep_sweep_by(
    files: &dyn Files,
    layout: &Layout,
    sweep: &SweepCopy,
    token: Option<&str>,
) -> Result<SweepVersion> {
    let version = sweep.version();
    create_folder(files, &layout.sweeps())?;
    let copies: [PathBuf; 2] = [layout.sweeps().join(format!("{}.yaml", version.hash)), layout.sweep()];
    for path in copies {
        if read_if_there(files, &path)?.as_deref() == Some(sweep.text.as_bytes()) {
            // Who has put it there may have been killed before its name was durable.
            let folder = path.parent().expect("a file lies in a folder");
            files.sync_folder(folder).map_err(io_error("sync", folder))?;
            continue;
        }
        match token {
            None => replace(files, &path, sweep.text.as_bytes())?,
            Some(token) => replace_by(files, &path, &new_by(&path, token), sweep.text.as_bytes())?,
        }
    }
    Ok(version)
}

/// What is written lies in the folder that was named, and nowhere else.
pub(super) fn require_no_links(files: &dyn Files, layout: &Layout) -> Result<()> {
    for path in layout.folders() {
        if files.kind(&path).map_err(io_error("look at", &path))? == Some(Kind::Link) {
            return Err(Error::Link { path });
        }
    }
    Ok(())
}
