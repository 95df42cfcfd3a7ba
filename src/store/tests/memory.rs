//! A file system in memory that can stop at any effect, forget what was not synced, run full, and fail at random.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::store::files::{Files, Handle, Kind, Source};

/// What is left when the machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Only the process was killed: all that it wrote is there.
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
    /// Effects that fail with an input/output error, in a thousand, and the choice of which.
    pub errors: Option<(u64, u64)>,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    data: Vec<u8>,
    synced: Vec<u8>,
}

/// A change of names: one is taken away, one is given.
#[derive(Clone, Debug)]
struct Naming {
    folder: PathBuf,
    gone: Option<PathBuf>,
    given: Option<(PathBuf, usize)>,
}

#[derive(Debug, Default)]
struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    waiting: Vec<Naming>,
    folders: BTreeSet<PathBuf>,
    locks: BTreeSet<PathBuf>,
    trouble: Trouble,
    effects: usize,
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

#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Disk>>);

impl Memory {
    pub fn new(trouble: Trouble) -> Self {
        let memory = Self::default();
        memory.0.lock().unwrap().trouble = trouble;
        memory
    }

    /// Whether the effect at which everything stops was reached.
    pub fn stopped(&self) -> bool {
        self.0.lock().unwrap().stopped
    }

    /// Effects so far.
    pub fn effects(&self) -> usize {
        self.0.lock().unwrap().effects
    }

    /// Bytes of all files.
    pub fn size(&self) -> usize {
        let disk = self.0.lock().unwrap();
        disk.names.values().map(|inode| disk.inodes[*inode].data.len()).sum()
    }

    /// The same files without any trouble, after the machine came up again.
    pub fn after(&self, stop: Stop, trouble: Trouble) -> Self {
        let disk = self.0.lock().unwrap();
        let mut new = Disk { folders: disk.folders.clone(), trouble, ..Disk::default() };
        let mut names = if stop == Stop::Killed { disk.names.clone() } else { disk.durable.clone() };
        let mut dice = Dice(if let Stop::PowerCutLate(seed) = stop { seed } else { 0 });
        if let Stop::PowerCutLate(_) = stop {
            for naming in disk.waiting.iter().filter(|_| dice.roll(2) == 0) {
                naming.apply(&mut names);
            }
        }
        for (path, inode) in names {
            let inode = &disk.inodes[inode];
            let data = match stop {
                Stop::Killed => inode.data.clone(),
                Stop::PowerCut => inode.synced.clone(),
                Stop::PowerCutLate(_) => late(inode, &mut dice),
            };
            new.inodes.push(Inode { synced: data.clone(), data });
            new.names.insert(path, new.inodes.len() - 1);
        }
        new.durable = new.names.clone();
        Self(Arc::new(Mutex::new(new)))
    }

    /// Changes the bytes of a file behind everyone's back.
    pub fn edit(&self, path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.0.lock().unwrap();
        let inode = disk.names[path];
        edit(&mut disk.inodes[inode].data);
    }

    /// All files with their bytes.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let disk = self.0.lock().unwrap();
        disk.names.iter().map(|(path, inode)| (path.clone(), disk.inodes[*inode].data.clone())).collect()
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
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((path, inode)) = &self.given {
            names.insert(path.clone(), *inode);
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("everything has stopped")
}

impl Disk {
    /// Counts an effect; an error when it is not to happen.
    fn effect(&mut self) -> io::Result<()> {
        if self.stopped || self.trouble.stop_at == Some(self.effects) {
            self.stopped = true;
            return Err(stopped());
        }
        self.effects += 1;
        if let Some((rate, seed)) = self.trouble.errors
            && Dice(seed ^ (self.effects as u64) << 20).roll(1000) < rate
        {
            return Err(io::Error::other("input/output error"));
        }
        Ok(())
    }

    fn name(&mut self, gone: Option<&Path>, given: Option<(&Path, usize)>) {
        let folder = gone.or(given.map(|(path, _)| path)).unwrap().parent().unwrap().to_path_buf();
        let gone = gone.map(Path::to_path_buf);
        let naming = Naming { folder, gone, given: given.map(|(path, inode)| (path.to_path_buf(), inode)) };
        naming.apply(&mut self.names);
        self.waiting.push(naming);
    }

    fn make(&mut self, path: &Path) -> io::Result<usize> {
        if path.parent().is_some_and(|parent| !self.folders.contains(parent)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.inodes.push(Inode::default());
        let inode = self.inodes.len() - 1;
        self.name(None, Some((path, inode)));
        Ok(inode)
    }
}

#[derive(Debug)]
struct Open {
    memory: Memory,
    inode: usize,
}

impl Handle for Open {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let used = self.memory.size();
        let mut disk = self.memory.0.lock().unwrap();
        let was_stopped = disk.stopped;
        let effect = disk.effect();
        let room = disk.trouble.capacity.map_or(bytes.len(), |capacity| capacity.saturating_sub(used).min(bytes.len()));
        // An effect that fails, or at which everything stops, may have happened in part.
        let count = match &effect {
            Ok(()) => room,
            Err(_) if was_stopped => 0,
            Err(_) => usize::try_from(Dice(disk.effects as u64).roll(bytes.len() as u64 + 1)).unwrap().min(room),
        };
        let inode = self.inode;
        disk.inodes[inode].data.extend(&bytes[..count]);
        effect?;
        if count < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.memory.0.lock().unwrap();
        disk.effect()?;
        let inode = &mut disk.inodes[self.inode];
        inode.synced.clone_from(&inode.data);
        Ok(())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let disk = self.memory.0.lock().unwrap();
        if disk.stopped { Err(stopped()) } else { Ok(disk.names.get(path) == Some(&self.inode)) }
    }
}

#[derive(Debug)]
struct Held(Memory, PathBuf);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().locks.remove(&self.1);
    }
}

impl Files for Memory {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        if disk.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = disk.make(path)?;
        Ok(Box::new(Open { memory: self.clone(), inode }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Handle>> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        // As after an unlink: what the old file had synced is not brought back by another one's name.
        let inode = disk.make(path)?;
        Ok(Box::new(Open { memory: self.clone(), inode }))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        if path.parent().is_some_and(|parent| parent != Path::new("/") && !disk.folders.contains(parent)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if disk.folders.insert(path.to_path_buf()) { Ok(()) } else { Err(io::ErrorKind::AlreadyExists.into()) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        let inode = *disk.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        disk.name(Some(from), Some((to, inode)));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        disk.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        disk.name(Some(path), None);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        let waiting = std::mem::take(&mut disk.waiting);
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|naming| naming.folder == path);
        disk.waiting = later;
        for naming in now {
            naming.apply(&mut disk.durable);
        }
        Ok(())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let disk = self.0.lock().unwrap();
        if disk.stopped {
            return Err(stopped());
        }
        let inode = *disk.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(disk.inodes[inode].data.clone())
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let disk = self.0.lock().unwrap();
        let folder = disk.folders.contains(path).then_some(Kind::Folder);
        Ok(if disk.names.contains_key(path) { Some(Kind::File) } else { folder })
    }

    fn is_link(&self, _: &Path) -> bool {
        false
    }

    fn open(&self, path: &Path) -> io::Result<Source> {
        Ok(Box::new(io::Cursor::new(self.read(path)?)))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let disk = self.0.lock().unwrap();
        if disk.stopped {
            return Err(stopped());
        }
        let folders = disk.folders.iter().filter(|folder| folder.parent() == Some(path));
        let files = disk.names.keys().filter(|file| file.parent() == Some(path));
        let mut names: Vec<String> =
            folders.chain(files).map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn lock(&self, path: &Path, _: &str) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut disk = self.0.lock().unwrap();
        disk.effect()?;
        let free = disk.locks.insert(path.to_path_buf());
        Ok(free.then(|| Box::new(Held(self.clone(), path.to_path_buf())) as Box<dyn Any + Send + Sync>))
    }
}
