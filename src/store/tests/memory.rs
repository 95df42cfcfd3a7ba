//! A file system in memory that can stop at any effect, forget what was not synced, run full, and fail at random.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use polars_io::mmap::MmapBytesReader;

use crate::store::files::{Files, Handle, Kind, Source};

/// What is left when the machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Only the process was killed: all that it wrote is there, and what it had not synced still is not.
    Killed,
    /// The power failed: only what was synced is there.
    PowerCut,
    /// The power failed, and any part of what was not synced is there as well. The number chooses which.
    PowerCutLate(u64),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// The effect, counted from 0, at which everything stops.
    pub stop_at: Option<usize>,
    /// Bytes that fit.
    pub capacity: Option<usize>,
    /// Effects and looks that fail, in a thousand, and the choice of which: with an input/output error, or because a
    /// signal came in. Where they do, some others write or read less than they were asked to.
    pub errors: Option<(u64, u64)>,
    /// The effect before which a folder is removed, by somebody else, with all that is in it.
    pub vanishes: Option<(usize, &'static str)>,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    data: Vec<u8>,
    synced: Vec<u8>,
    /// When it was written last, by the clock of the disk.
    written: Duration,
}

/// What there is of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

/// A change of names: one is taken away, one is given.
#[derive(Clone, Debug)]
struct Naming {
    folder: PathBuf,
    gone: Option<PathBuf>,
    given: Option<(PathBuf, Entry)>,
}

type Names = BTreeMap<PathBuf, Entry>;

#[derive(Clone, Debug, Default)]
struct Disk {
    inodes: Vec<Inode>,
    names: Names,
    durable: Names,
    waiting: Vec<Naming>,
    locks: BTreeSet<PathBuf>,
    /// What its clock says.
    clock: Duration,
}

/// A process, as far as it goes wrong.
#[derive(Debug, Default)]
struct Process {
    trouble: Trouble,
    effects: usize,
    looks: usize,
    stopped: bool,
}

/// Numbers that look random, from a seed.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }
}

/// What one process sees of a disk.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    disk: Arc<Mutex<Disk>>,
    process: Arc<Mutex<Process>>,
}

impl Memory {
    pub fn new(trouble: Trouble) -> Self {
        Self::default().another(trouble)
    }

    /// Another process on the same disk.
    pub fn another(&self, trouble: Trouble) -> Self {
        Self { disk: Arc::clone(&self.disk), process: Arc::new(Mutex::new(Process { trouble, ..Process::default() })) }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }

    /// Whether the effect at which everything stops was reached.
    pub fn stopped(&self) -> bool {
        self.process.lock().unwrap().stopped
    }

    /// Effects so far.
    pub fn effects(&self) -> usize {
        self.process.lock().unwrap().effects
    }

    /// Reads and lists so far.
    pub fn looks(&self) -> usize {
        self.process.lock().unwrap().looks
    }

    /// Lets everything stop after so many effects more.
    pub fn stop_in(&self, effects: usize) {
        let mut process = self.process.lock().unwrap();
        process.trouble.stop_at = Some(process.effects + effects);
    }

    /// Removes a folder behind everyone's back.
    pub fn remove_folder(&self, path: &Path) {
        self.disk().names.retain(|name, _| !name.starts_with(path));
    }

    /// Lets time go by.
    pub fn wait(&self, time: Duration) {
        self.disk().clock += time;
    }

    /// Bytes of all files.
    pub fn size(&self) -> usize {
        self.files().values().map(Vec::len).sum()
    }

    /// The same files without any trouble, after the process or the machine came up again.
    pub fn after(&self, stop: Stop, trouble: Trouble) -> Self {
        let disk = self.disk().clone().after(stop);
        Self { disk: Arc::new(Mutex::new(disk)), process: Arc::default() }.another(trouble)
    }

    /// Changes the bytes of a file behind everyone's back.
    pub fn edit(&self, path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.disk();
        let inode = disk.inode(path).unwrap();
        let inode = &mut disk.inodes[inode];
        edit(&mut inode.data);
        inode.synced.clone_from(&inode.data);
    }

    /// All files with their bytes.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let disk = self.disk();
        let files = disk.names.keys().filter_map(|path| Some((path.clone(), disk.inode(path).ok()?)));
        files.map(|(path, inode)| (path, disk.inodes[inode].data.clone())).collect()
    }

    /// Counts an effect; an error when it is not to happen.
    fn effect(&self) -> io::Result<()> {
        let mut process = self.process.lock().unwrap();
        if process.stopped || process.trouble.stop_at == Some(process.effects) {
            process.stopped = true;
            return Err(stopped());
        }
        if let Some((effect, folder)) = process.trouble.vanishes
            && effect == process.effects
        {
            self.remove_folder(Path::new(folder));
        }
        process.effects += 1;
        process.trouble.error((process.effects as u64) << 20)
    }

    /// Counts a look at what there is; an error when it fails.
    fn look(&self) -> io::Result<()> {
        let mut process = self.process.lock().unwrap();
        if process.stopped {
            return Err(stopped());
        }
        process.looks += 1;
        process.trouble.error(1 | (process.looks as u64) << 24)
    }

    /// How much is written or read of what was asked for: mostly all.
    fn some(&self, count: usize) -> usize {
        let process = self.process.lock().unwrap();
        let Some((_, seed)) = process.trouble.errors else { return count };
        let mut dice = Dice(seed ^ ((process.effects + process.looks) as u64) << 30);
        if dice.roll(10) == 0 && count > 1 { 1 + usize::try_from(dice.roll(count as u64 - 1)).unwrap() } else { count }
    }
}

/// What was synced and some of what was written since, which may have holes.
fn late(inode: &Inode, dice: &mut Dice) -> Vec<u8> {
    let kept = usize::try_from(dice.roll(inode.data.len() as u64 + 1)).unwrap().max(inode.synced.len());
    let mut data = inode.data[..kept.min(inode.data.len())].to_vec();
    if dice.roll(3) == 0 && data.len() > inode.synced.len() {
        let hole = inode.synced.len() + usize::try_from(dice.roll((data.len() - inode.synced.len()) as u64)).unwrap();
        let end = data.len().min(hole + 512);
        data[hole..end].fill(0);
    }
    data
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((path, entry)) = &self.given {
            names.insert(path.clone(), *entry);
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("everything has stopped")
}

impl Trouble {
    fn error(&self, number: u64) -> io::Result<()> {
        let Some((rate, seed)) = self.errors else { return Ok(()) };
        let mut dice = Dice(seed ^ number);
        match (dice.roll(1000) < rate, dice.roll(2)) {
            (false, _) => Ok(()),
            (true, 0) => Err(io::ErrorKind::Interrupted.into()),
            (true, _) => Err(io::Error::other("input/output error")),
        }
    }
}

impl Disk {
    fn after(mut self, stop: Stop) -> Self {
        self.locks.clear();
        if stop == Stop::Killed {
            return self;
        }
        let mut names = self.durable;
        let mut dice = Dice(if let Stop::PowerCutLate(seed) = stop { seed } else { 0 });
        if let Stop::PowerCutLate(_) = stop {
            for naming in self.waiting.iter().filter(|_| dice.roll(2) == 0) {
                naming.apply(&mut names);
            }
        }
        let mut new = Self { clock: self.clock, ..Self::default() };
        for (path, entry) in names {
            // What lies in a folder that is not there any more is not found.
            if !new.has_folder(path.parent().unwrap()) {
                continue;
            }
            let entry = match entry {
                Entry::Folder => Entry::Folder,
                Entry::File(inode) => {
                    let inode = &self.inodes[inode];
                    let data = match stop {
                        Stop::PowerCutLate(_) => late(inode, &mut dice),
                        _ => inode.synced.clone(),
                    };
                    new.inodes.push(Inode { synced: data.clone(), data, written: inode.written });
                    Entry::File(new.inodes.len() - 1)
                }
            };
            new.names.insert(path, entry);
        }
        new.durable = new.names.clone();
        new
    }

    fn has_folder(&self, path: &Path) -> bool {
        path == Path::new("/") || self.names.get(path) == Some(&Entry::Folder)
    }

    fn inode(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Entry::File(inode)) => Ok(*inode),
            Some(Entry::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn name(&mut self, gone: Option<&Path>, given: Option<(&Path, Entry)>) {
        let folder = gone.or(given.map(|(path, _)| path)).unwrap().parent().unwrap().to_path_buf();
        let gone = gone.map(Path::to_path_buf);
        let naming = Naming { folder, gone, given: given.map(|(path, entry)| (path.to_path_buf(), entry)) };
        naming.apply(&mut self.names);
        self.waiting.push(naming);
    }

    fn make(&mut self, path: &Path) -> io::Result<usize> {
        if !self.has_folder(path.parent().unwrap()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.inodes.push(Inode { written: self.clock, ..Inode::default() });
        let inode = self.inodes.len() - 1;
        self.name(None, Some((path, Entry::File(inode))));
        Ok(inode)
    }
}

#[derive(Debug)]
struct Open {
    memory: Memory,
    inode: usize,
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let was_stopped = self.memory.stopped();
        let effect = self.memory.effect();
        let used = self.memory.size();
        let capacity = self.memory.process.lock().unwrap().trouble.capacity;
        let room = capacity.map_or(bytes.len(), |capacity| capacity.saturating_sub(used).min(bytes.len()));
        // An effect that fails, or at which everything stops, may have happened in part.
        let count = match &effect {
            Ok(()) => self.memory.some(room),
            Err(error) if was_stopped || error.kind() == io::ErrorKind::Interrupted => 0,
            Err(_) => {
                let effects = self.memory.effects() as u64;
                usize::try_from(Dice(effects).roll(bytes.len() as u64 + 1)).unwrap().min(room)
            }
        };
        let mut disk = self.memory.disk();
        let clock = disk.clock;
        let inode = &mut disk.inodes[self.inode];
        inode.data.extend(&bytes[..count]);
        inode.written = clock;
        drop(disk);
        effect?;
        if count == 0 && !bytes.is_empty() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Handle for Open {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.memory.effect()?;
        let mut disk = self.memory.disk();
        let inode = &mut disk.inodes[self.inode];
        inode.synced.clone_from(&inode.data);
        Ok(())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.memory.look()?;
        Ok(self.memory.disk().names.get(path) == Some(&Entry::File(self.inode)))
    }
}

/// A file that is being read: as it was when it was opened.
struct Opened {
    memory: Memory,
    bytes: io::Cursor<Vec<u8>>,
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.memory.look()?;
        let count = self.memory.some(buffer.len());
        self.bytes.read(&mut buffer[..count])
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

impl MmapBytesReader for Opened {
    fn to_bytes(&self) -> Option<&[u8]> {
        Some(self.bytes.get_ref())
    }
}

#[derive(Debug)]
struct Held(Memory, PathBuf);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.disk().locks.remove(&self.1);
    }
}

impl Files for Memory {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        self.effect()?;
        let mut disk = self.disk();
        if disk.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = disk.make(path)?;
        Ok(Box::new(Open { memory: self.clone(), inode }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        self.effect()?;
        // As after an unlink: what the old file had synced is not brought back by another one's name.
        let inode = self.disk().make(path)?;
        Ok(Box::new(Open { memory: self.clone(), inode }))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.effect()?;
        let mut disk = self.disk();
        if !disk.has_folder(path.parent().unwrap()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if disk.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.name(None, Some((path, Entry::Folder)));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect()?;
        let mut disk = self.disk();
        let inode = disk.inode(from)?;
        disk.name(Some(from), Some((to, Entry::File(inode))));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.effect()?;
        let mut disk = self.disk();
        disk.inode(path)?;
        disk.name(Some(path), None);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.effect()?;
        let mut disk = self.disk();
        let waiting = std::mem::take(&mut disk.waiting);
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|naming| naming.folder == path);
        disk.waiting = later;
        for naming in now {
            naming.apply(&mut disk.durable);
        }
        Ok(())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        self.look()?;
        Ok(self.disk().names.get(path).map(|entry| match entry {
            Entry::Folder => Kind::Folder,
            Entry::File(_) => Kind::File,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Source> {
        self.look()?;
        let disk = self.disk();
        let bytes = io::Cursor::new(disk.inodes[disk.inode(path)?].data.clone());
        Ok(Box::new(Opened { memory: self.clone(), bytes }))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.look()?;
        let disk = self.disk();
        let inside = disk.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        self.look()?;
        let disk = self.disk();
        Ok(SystemTime::UNIX_EPOCH + disk.inodes[disk.inode(path)?].written)
    }

    fn touch(&self, path: &Path) -> io::Result<SystemTime> {
        self.effect()?;
        let mut disk = self.disk();
        let (clock, inode) = (disk.clock, disk.inode(path)?);
        disk.inodes[inode].written = clock;
        Ok(SystemTime::UNIX_EPOCH + clock)
    }

    /// That of a machine which is an hour behind.
    fn clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.disk().clock.saturating_sub(Duration::from_hours(1))
    }

    fn lock(&self, path: &Path, _: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.effect()?;
        let mut disk = self.disk();
        if !disk.names.contains_key(path) {
            disk.make(path)?;
        }
        let free = disk.locks.insert(path.to_path_buf());
        drop(disk);
        Ok(free.then(|| Box::new(Held(self.clone(), path.to_path_buf())) as Box<dyn Any + Send + Sync>))
    }

    fn held(&self, path: &Path) -> io::Result<Option<String>> {
        self.look()?;
        Ok(self.disk().locks.contains(path).then(String::new))
    }
}
