//! The seam to the file system: every effect of the store goes through [`Files`], so that a test can make any one fail.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use polars_io::mmap::MmapBytesReader;

use super::error::{Result, io_error};
use super::layout::new;

/// A file that is being read, from wherever it is asked for. It stays what it was when another takes its name.
pub type Source = Box<dyn MmapBytesReader>;

/// What there is of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file that holds bytes.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, wherever it leads.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// What the store does to files and folders. Each call is one effect; none is retried here.
pub trait Files: Debug + Send + Sync {
    /// Makes a file that must not exist yet.
    ///
    /// # Errors
    /// `AlreadyExists` when it does; otherwise what the operating system says.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Handle>>;
    /// Makes a file, or empties the one that is there.
    ///
    /// # Errors
    /// What the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Handle>>;
    /// Makes a folder in one that exists.
    ///
    /// # Errors
    /// `AlreadyExists` when there is something of that name, `NotFound` when the one above does not exist; otherwise
    /// what the operating system says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Gives a file another name in one step, replacing what has that name.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// All bytes of a file.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the operating system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// A file to read some of at a time.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the operating system says.
    fn open(&self, path: &Path) -> io::Result<Source>;
    /// What there is of this name, if anything.
    ///
    /// # Errors
    /// What the operating system says.
    fn kind(&self, path: &Path) -> io::Result<Option<Kind>>;
    /// Whether there is a symbolic link of this name.
    fn is_link(&self, path: &Path) -> bool;
    /// The names in a folder, sorted; none where the folder does not exist. What is no UTF-8 in them stands there as
    /// U+FFFD, which no name of the store's has.
    ///
    /// # Errors
    /// What the operating system says.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Takes the lock at `path` and writes `text` into it; `None` where another process has it. It is given back when
    /// the value is dropped, or when the process ends, however it ends.
    ///
    /// # Errors
    /// What the operating system says.
    fn lock(&self, path: &Path, text: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;
}

/// Makes a folder and those above it durable, where they do not exist yet.
pub(super) fn create_folders(files: &dyn Files, path: &Path) -> Result<()> {
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    let made = match files.create_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && parent != Path::new(".") => {
            create_folders(files, parent)?;
            files.create_folder(path)
        }
        made => made,
    };
    match made {
        // It was there, or another process has just made it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.map_err(io_error("make the folder", path))?,
    }
    files.sync_folder(parent).map_err(io_error("sync", parent))
}

/// Replaces a file in one step: whatever happens, either the old or the new content is there, whole.
pub(super) fn replace(files: &dyn Files, path: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = new(path);
    write_synced(files, &fresh, bytes)?;
    files.rename(&fresh, path).map_err(io_error("name", path))?;
    let folder = path.parent().expect("a file lies in a folder");
    files.sync_folder(folder).map_err(io_error("sync", folder))
}

/// Writes a file that does not count yet, and makes its content durable.
pub(super) fn write_synced(files: &dyn Files, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut handle = files.create(path).map_err(io_error("create", path))?;
    handle.write_all(bytes).map_err(io_error("write to", path))?;
    handle.sync().map_err(io_error("sync", path))
}

/// All bytes of a file; `None` where there is none.
pub(super) fn read_if_there(files: &dyn Files, path: &Path) -> Result<Option<Vec<u8>>> {
    match files.read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some).map_err(io_error("read", path)),
    }
}

/// A file to read some of at a time; `None` where there is none.
pub(super) fn open_if_there(files: &dyn Files, path: &Path) -> Result<Option<Source>> {
    match files.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        source => source.map(Some).map_err(io_error("read", path)),
    }
}

/// A file that is being written.
pub trait Handle: Debug + Send {
    /// Writes all of `bytes` at the end.
    ///
    /// # Errors
    /// What the operating system says; any number of the bytes may have been written.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was written durable.
    ///
    /// # Errors
    /// What the operating system says; then nothing is known of what is durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Whether it is still what `path` names.
    ///
    /// # Errors
    /// What the operating system says.
    fn is_at(&self, path: &Path) -> io::Result<bool>;
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

#[expect(clippy::disallowed_methods, reason = "the one home of effects on saved results")]
impl Files for Disk {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        Ok(Box::new(OpenOptions::new().write(true).create_new(true).open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        Ok(Box::new(File::create(path)?))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?.file_type(),
        };
        let kinds = [(found.is_file(), Kind::File), (found.is_dir(), Kind::Folder), (found.is_symlink(), Kind::Link)];
        Ok(Some(kinds.into_iter().find_map(|(is, kind)| is.then_some(kind)).unwrap_or(Kind::Other)))
    }

    fn is_link(&self, path: &Path) -> bool {
        path.is_symlink()
    }

    fn open(&self, path: &Path) -> io::Result<Source> {
        Ok(Box::new(File::open(path)?))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn lock(&self, path: &Path, text: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The text is a courtesy to who finds the lock taken. It is written only when it changed, and never synced.
        let mut old = String::new();
        if file.read_to_string(&mut old).is_err() || old != text {
            file.set_len(0)?;
            file.rewind()?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
        }
        Ok(Some(Box::new(file)))
    }
}

impl Handle for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let there = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            there => there?,
        };
        let own = self.metadata()?;
        Ok((there.dev(), there.ino()) == (own.dev(), own.ino()))
    }
}
