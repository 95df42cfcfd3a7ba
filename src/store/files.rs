//! The seam to the file system: every effect of the store goes through [`Files`], so that a test can make any one fail.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use polars_io::mmap::MmapBytesReader;
use rustix::fs::{AtFlags, CWD, OFlags, Timespec, Timestamps, UTIME_NOW, utimensat};
use rustix::io::Errno;

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

/// What stands where a file should be, and is none. The error of the operating system that [`Files`] gives holds it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{}", match .0 {
    Kind::Link => "it is a symbolic link, and results are read and written only where they lie",
    Kind::Folder => "it is a folder, and there should be a file",
    Kind::File | Kind::Other => "it is a pipe, a socket or a device, and there should be a file",
})]
pub struct NoFile(pub Kind);

impl NoFile {
    pub(super) fn remedy(self) -> &'static str {
        match self.0 {
            Kind::Link => {
                "Put the file that it leads to in its place; or move the folder away and run the sweep again, which gives the \
                 same results"
            }
            _ => "Move it elsewhere, and run the same command again",
        }
    }
}

/// What the store does to files and folders. Each call is one effect; none is retried here. Nothing but plain files is
/// opened: what is a link, or would have to be waited for, is an error that holds [`NoFile`].
pub trait Files: Debug + Send + Sync {
    /// Makes a file that must not exist yet.
    ///
    /// # Errors
    /// `AlreadyExists` when it does; otherwise what the operating system says.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Handle>>;
    /// Makes a file, in place of the one that is there.
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
    /// The names in a folder, sorted; none where the folder does not exist. What is no UTF-8 in them stands there as
    /// U+FFFD, which no name of the store's has.
    ///
    /// # Errors
    /// What the operating system says.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// When a file was last written, by the clock of its file system.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the operating system says.
    fn modified(&self, path: &Path) -> io::Result<SystemTime>;
    /// Says of a file that it was written just now; gives when that is by the clock of its file system, whatever the clock
    /// of this machine says.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the operating system says.
    fn touch(&self, path: &Path) -> io::Result<SystemTime>;
    /// The time by the clock of this machine.
    fn clock(&self) -> SystemTime;
    /// Takes the lock at `path` and writes `text` into it; `None` where another process has it. It is given back when
    /// the value is dropped, or when the process ends, however it ends.
    ///
    /// # Errors
    /// What the operating system says.
    fn lock(&self, path: &Path, text: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;
    /// What stands in the lock at `path` while a process has it; `None` where none has. Nothing is written.
    ///
    /// # Errors
    /// `NotFound` when there is no such file; otherwise what the operating system says.
    fn held(&self, path: &Path) -> io::Result<Option<String>>;
}

/// Makes a folder inside the folder of results, where it does not exist yet. It is durable then, also where it was there:
/// who has made it may have been killed before it was. Where somebody has removed the folder of results itself, that is an
/// error: in its place nothing is made.
pub(super) fn create_folder(files: &dyn Files, path: &Path) -> Result<()> {
    match files.create_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.map_err(io_error("make the folder", path))?,
    }
    above(path).map_or(Ok(()), |above| files.sync_folder(above).map_err(io_error("sync", above)))
}

/// As [`create_folder`], with those above it.
fn create_folders(files: &dyn Files, path: &Path) -> Result<()> {
    match (create_folder(files, path), above(path)) {
        (Err(error), Some(above)) if error.is_gone() && above != Path::new(".") => {
            create_folders(files, above)?;
            create_folder(files, path)
        }
        (made, _) => made,
    }
}

fn above(path: &Path) -> Option<&Path> {
    path.parent().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above })
}

/// Makes the folder of results, with all above it, any of which may have been made just before.
pub(super) fn create_root(files: &dyn Files, path: &Path) -> Result<()> {
    create_folders(files, path)?;
    for above in path.ancestors().skip(1).filter_map(above) {
        match files.sync_folder(above) {
            // Nobody makes a folder there who may not look into it, and not every file system knows folders that sync.
            Err(error) if UNSYNCED.contains(&error.kind()) => {}
            synced => synced.map_err(io_error("sync", above))?,
        }
    }
    Ok(())
}

const UNSYNCED: [io::ErrorKind; 3] =
    [io::ErrorKind::PermissionDenied, io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];

/// Replaces a file in one step: whatever happens, either the old or the new content is there, whole.
pub(super) fn replace(files: &dyn Files, path: &Path, bytes: &[u8]) -> Result<()> {
    replace_by(files, path, &new(path), bytes)
}

/// As [`replace`], by a file of that name beside it: where several processes may do the same, each has its own.
pub(super) fn replace_by(files: &dyn Files, path: &Path, fresh: &Path, bytes: &[u8]) -> Result<()> {
    write_synced(files, fresh, bytes)?;
    files.rename(fresh, path).map_err(io_error("name", path))?;
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
        match self.create_new(path) {
            // Another file takes its name: what a link leads to, or has a second name, stays as it is.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if self.kind(path)? == Some(Kind::Folder) {
                    return Err(io::Error::other(NoFile(Kind::Folder)));
                }
                fs::remove_file(path)?;
                self.create_new(path)
            }
            made => made,
        }
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
        let flags = OFlags::DIRECTORY.bits().cast_signed();
        OpenOptions::new().read(true).custom_flags(flags).open(path)?.sync_all()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        open_plain(OpenOptions::new().read(true), path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?.file_type(),
        };
        let kinds = [(found.is_file(), Kind::File), (found.is_dir(), Kind::Folder), (found.is_symlink(), Kind::Link)];
        Ok(Some(kinds.into_iter().find_map(|(is, kind)| is.then_some(kind)).unwrap_or(Kind::Other)))
    }

    fn open(&self, path: &Path) -> io::Result<Source> {
        Ok(Box::new(open_plain(OpenOptions::new().read(true), path)?))
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

    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        fs::symlink_metadata(path)?.modified()
    }

    fn touch(&self, path: &Path) -> io::Result<SystemTime> {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        utimensat(CWD, path, &Timestamps { last_access: now, last_modification: now }, AtFlags::SYMLINK_NOFOLLOW)?;
        self.modified(path)
    }

    fn clock(&self) -> SystemTime {
        SystemTime::now()
    }

    fn lock(&self, path: &Path, text: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut file = open_plain(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The text is a courtesy to who finds the lock taken. It is written only when it changed, and never synced. What
        // no process can have left there is somebody's file.
        let mut old = Vec::new();
        (&mut file).take(NOTE + 1).read_to_end(&mut old)?;
        let is_note = old.len() as u64 <= NOTE && old.iter().all(|byte| byte.is_ascii_digit() || *byte == b'\n');
        if is_note && old != text.as_bytes() {
            file.set_len(0)?;
            file.rewind()?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
        }
        Ok(Some(Box::new(file)))
    }

    fn held(&self, path: &Path) -> io::Result<Option<String>> {
        let file = open_plain(OpenOptions::new().read(true), path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                file.take(NOTE).read_to_end(&mut text)?;
                Ok(Some(String::from_utf8_lossy(&text).into_owned()))
            }
            // Where there are no locks, none is held.
            Err(TryLockError::Error(error))
                if NO_LOCKS.iter().any(|no| error.raw_os_error() == Some(no.raw_os_error())) =>
            {
                Ok(None)
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// What systems say where files cannot be locked.
const NO_LOCKS: [Errno; 3] = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS];

/// Bytes that the number of a process takes at most, with the end of its line.
const NOTE: u64 = 21;

/// Opens a plain file, and neither follows a link nor waits for the other end of a pipe.
fn open_plain(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = options.custom_flags(flags.bits().cast_signed()).open(path);
    // Every run asks for a file that is mostly not there.
    if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return opened;
    }
    if let Ok(file) = &opened
        && file.metadata()?.is_file()
    {
        return opened;
    }
    match (Disk.kind(path)?, opened) {
        (None | Some(Kind::File), Err(error)) => Err(error),
        (kind, _) => Err(io::Error::other(NoFile(kind.unwrap_or(Kind::Other)))),
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
