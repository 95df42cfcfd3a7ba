//! From what a person writes to what is meant: names and paths of results, beginnings of run ids.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::{Error, Result, io_error};
use super::files::{Disk, Files};
use super::layout::Layout;
use super::results::{Results, is_results};
use crate::config::Id;

/// Fewest characters of a run's id that stand for it.
const PREFIX: usize = 6;

/// The folder of results that is meant by a path, or by the name of a sweep under `results`.
///
/// # Errors
/// [`Error::Missing`], with the nearest name that there is.
pub fn locate(results: &Path, name_or_path: &str) -> Result<PathBuf> {
    let named = results.join(name_or_path);
    let is_name = !name_or_path.contains('/') && !matches!(name_or_path, "" | "." | "..");
    if is_name && named.is_dir() {
        return Ok(named);
    }
    let path = Path::new(name_or_path);
    if path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let known = folders(results)?;
    let likeness = |name: &String| strsim::jaro_winkler(name, name_or_path);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = match nearest {
        Some(name) if likeness(name) > 0.8 => format!("did you mean `{name}`?"),
        Some(_) => format!("there are {}", known.join(", ")),
        None => format!("nothing is saved under {} yet; `ablate run SWEEP.yaml` makes results", results.display()),
    };
    Err(Error::Missing { path: if is_name { named } else { path.to_path_buf() }, hint })
}

/// What an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A run.
    Run(Id),
    /// A configuration: all its replicates.
    Configuration(Id),
}

/// A run or a configuration, and the folders that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The first folder of results that has it.
    pub folder: PathBuf,
    /// What was found.
    pub named: Named,
    /// The other folders that have it. They hold the same result of a run, and perhaps other replicates of a configuration.
    pub others: Vec<PathBuf>,
}

/// The run or the configuration whose id begins with `id`, at least 6 characters of it: in `place` where that is a folder of
/// results, otherwise in all folders of results under it. `FOLDER/ID` looks in that folder alone.
///
/// # Errors
/// [`Error::NotARun`], [`Error::NoRun`], [`Error::Ambiguous`]; and damage, where it is not found elsewhere.
pub fn locate_id(place: &Path, id: &str) -> Result<Found> {
    if let Some((folder, id)) = id.rsplit_once('/') {
        return locate_id(&locate(place, folder)?, id);
    }
    let prefix = as_prefix(id)?;
    let mut found: BTreeMap<String, (Named, Vec<PathBuf>)> = BTreeMap::new();
    let mut trouble = None;
    for folder in result_folders(place)? {
        match Results::open_columns(&folder, &|column| column == "config") {
            Ok(results) => {
                let runs = beginning_with(&results, "run", &prefix)?.into_iter().map(Named::Run);
                let configurations = beginning_with(&results, "config", &prefix)?.into_iter().map(Named::Configuration);
                for named in runs.chain(configurations) {
                    let key = match named {
                        Named::Run(run) => format!("{run}"),
                        Named::Configuration(configuration) => format!("{configuration} (a configuration)"),
                    };
                    found.entry(key).or_insert((named, Vec::new())).1.push(folder.clone());
                }
            }
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    let candidates: Vec<String> = found.keys().cloned().collect();
    match (found.pop_first(), trouble) {
        (Some((_, (named, mut folders))), _) if found.is_empty() => {
            Ok(Found { folder: folders.remove(0), named, others: folders })
        }
        (Some(_), _) => Err(Error::Ambiguous { prefix: id.to_owned(), candidates }),
        (None, Some(trouble)) => Err(trouble),
        (None, None) => Err(Error::NoRun { run: id.to_owned(), path: place.to_path_buf() }),
    }
}

/// The beginning of an id as ids are written.
fn as_prefix(text: &str) -> Result<String> {
    let prefix = text.to_ascii_lowercase();
    let is_one = (PREFIX..=20).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { Ok(prefix) } else { Err(Error::NotARun(text.to_owned())) }
}

/// The distinct ids in a column that begin so.
fn beginning_with(results: &Results, column: &str, prefix: &str) -> Result<BTreeSet<Id>> {
    let ids = results.runs().column(column).and_then(|column| column.str());
    let ids = ids.map_err(super::error::frame_error("find a column of ids"))?;
    Ok(ids.iter().flatten().filter(|id| id.starts_with(prefix)).filter_map(|id| id.parse().ok()).collect())
}

/// `place` itself, or the folders of results in it.
fn result_folders(place: &Path) -> Result<Vec<PathBuf>> {
    if is_results(&Disk, &Layout::new(place))? {
        return Ok(vec![place.to_path_buf()]);
    }
    Ok(folders(place)?.into_iter().map(|name| place.join(name)).collect())
}

/// Names of the folders of results in a folder.
fn folders(results: &Path) -> Result<Vec<String>> {
    let mut names = Disk.list(results).map_err(io_error("list", results))?;
    names.retain(|name| {
        let folder = results.join(name);
        folder.is_dir() && is_results(&Disk, &Layout::new(&folder)).unwrap_or(false)
    });
    Ok(names)
}
