//! Libraries that are in this process already, to ask them for what they are.
#![expect(unsafe_code, reason = "opening a library that is loaded")]

use std::path::PathBuf;

use libloading::os::unix::{Library, RTLD_LAZY};

/// `RTLD_NOLOAD` of Linux: nothing is loaded that is not there.
const ONLY_IF_THERE: i32 = 4;

/// A library of this process, by how the name of its file begins: `/libcudart.so`.
pub(super) fn loaded(name: &str) -> Option<Library> {
    let file = file_of(name)?;
    // SAFETY: the library is loaded already, so nothing of it runs for being opened.
    unsafe { Library::open(Some(&file), RTLD_LAZY | ONLY_IF_THERE) }.ok()
}

/// The file of a library of this process, as the kernel lists it.
pub(super) fn file_of(name: &str) -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let file = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..])).find(|file| file.contains(name))?;
    Some(PathBuf::from(file))
}
