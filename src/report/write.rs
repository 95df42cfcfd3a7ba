//! Puts a report into its folder, file by file, each whole or not at all; the page comes last.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Report, page_path};

/// A file of a report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct NotWritten {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Writes a report below `folder` and returns the path of its page. A reader finds each file as it was before or as it
/// is now, never half of it. Files of another report in the same folder stay where they are.
///
/// # Errors
/// The first file that could not be written, and why.
pub fn write(report: &Report, folder: &Path) -> Result<PathBuf, NotWritten> {
    for (name, bytes) in &report.figures {
        put(&folder.join("figures").join(name), bytes)?;
    }
    for (name, text) in &report.tables {
        put(&folder.join("tables").join(name), text.as_bytes())?;
    }
    let page = page_path(folder);
    put(&page, report.html.as_bytes())?;
    Ok(page)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), NotWritten> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = (|| {
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        // Readable by others, as any written file; a temporary file by itself is not.
        #[cfg(unix)]
        let builder = {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o644))
        };
        let mut file = builder.prefix(".ablate-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    })();
    written.map_err(|source| NotWritten { path: path.to_owned(), source })
}
