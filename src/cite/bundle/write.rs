//! Writes a bundle: gathers its files, describes them, and packs them in the order of their names.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use super::container::{Fault, MOST_FILES, Writer};
use super::files::{Bytes, Member, below};
use super::metadata::{self, Facts};
use super::{Error, LONGEST_METADATA, METADATA, MOST_BYTES, names, words};
use crate::cite::Citation;
use crate::cite::cff::cff;
use crate::report::{Report, page_path};

/// What a bundle is made from.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// A folder of results that holds just what is to be bundled, such as [`crate::store::Results::extract`] makes.
    pub folder: &'a Path,
    /// The report of these results.
    pub report: &'a Report,
    /// The citation of these results, with those who made them where that is to be said.
    pub citation: &'a Citation,
    /// Runs that the sweep asks for as it was run last, and those of them that are here.
    pub asked: (u64, usize),
    /// The licence under which they may be used, as an SPDX name or an address, where that is to be said.
    pub license: Option<&'a str>,
}

/// A bundle that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its files.
    pub files: usize,
    /// Its runs.
    pub runs: usize,
    /// The bytes of the archive.
    pub bytes: u64,
}

/// Writes a bundle; a file of that name is replaced, and nothing of it is there before it is whole.
///
/// # Errors
/// [`Error::TooLarge`], damage of the results, and errors of the operating system.
pub fn write(contents: &Contents<'_>, out: &Path) -> Result<Written, Error> {
    let facts = Facts::of(contents)?;
    let mut members = members(contents, &facts)?;
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let metadata = Member::held(METADATA, metadata::document(contents, &facts, &members));
    if metadata.size > LONGEST_METADATA {
        return Err(Error::TooLarge(format!("the list of its {} files is too long", members.len())));
    }
    // First, so that who reads the archive from its beginning knows what follows.
    members.insert(0, metadata);
    check(&members)?;
    let bytes = put(&members, out).map_err(Error::io("write", out))?;
    Ok(Written { files: members.len(), runs: facts.runs, bytes })
}

fn members(contents: &Contents<'_>, facts: &Facts) -> Result<Vec<Member>, Error> {
    let mut members = below(contents.folder, &facts.results())?;
    let report = Path::new("reports").join(&facts.name);
    let named = |path: &Path| path.to_string_lossy().into_owned();
    members.push(Member::held(named(&page_path(&report)), contents.report.html.clone().into_bytes()));
    for (name, bytes) in &contents.report.figures {
        members.push(Member::held(named(&report.join("figures").join(name)), bytes.clone()));
    }
    for (name, text) in &contents.report.tables {
        members.push(Member::held(named(&report.join("tables").join(name)), text.clone().into_bytes()));
    }
    members.push(Member::held("README.md", words::readme(facts).into_bytes()));
    members.push(Member::held("CITATION.cff", cff(contents.citation, contents.license).into_bytes()));
    Ok(members)
}

/// Whether everybody will be able to open it.
fn check(members: &[Member]) -> Result<(), Error> {
    let bytes: u64 = members.iter().map(|member| member.size).sum();
    if members.len() as u64 > MOST_FILES || bytes > MOST_BYTES {
        let what = format!(
            "it comes to {} files and {bytes} bytes, and a bundle has {MOST_FILES} files and {MOST_BYTES} bytes at most",
            members.len()
        );
        return Err(Error::TooLarge(what));
    }
    names::check(members.iter().map(|member| member.name.as_str())).map_err(|fault| match fault {
        Fault::Refused(what) => Error::TooLarge(what),
        Fault::Io(source) => Error::io("read", Path::new("the names of files"))(source),
    })
}

fn put(members: &[Member], out: &Path) -> io::Result<u64> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // Readable by others, as any written file; a temporary file by itself is not.
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o644))
    };
    let mut file = builder.prefix(".ablate-").tempfile_in(folder)?;
    let mut archive = Writer::new(BufWriter::new(file.as_file_mut()));
    for member in members {
        match &member.bytes {
            Bytes::Lying(path) if member.is_packed() => {
                let mut bytes = BufReader::new(File::open(path)?);
                archive.stored(&member.name, member.crc, member.size, &mut bytes)?;
            }
            Bytes::Held(bytes) if member.is_packed() => {
                archive.stored(&member.name, member.crc, member.size, &mut &bytes[..])?;
            }
            _ => archive.deflated(&member.name, &member.read()?)?,
        }
    }
    archive.finish()?.flush()?;
    file.as_file().sync_all()?;
    let bytes = file.as_file().metadata()?.len();
    file.persist(out).map_err(|error| error.error)?;
    Ok(bytes)
}
