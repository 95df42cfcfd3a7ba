//! Where results are, and what of them is meant: a folder, or a bundle, which is unpacked for as long as it is looked at; all of
//! it, a configuration, or a run.

use std::fs;
use std::path::{Path, PathBuf};

use polars::prelude::{BooleanChunked, DataFrame, NewChunkedArray};

use super::exit::Misuse;
use super::mention;
use crate::cite::bundle::{self, Bundle};
use crate::config::Id;
use crate::store::{self, Named, Results};

/// A folder of results, which may be that of a bundle.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    bundle: Option<(PathBuf, Bundle)>,
}

/// Characters of an id.
const ID: usize = 20;

/// How often results are read again because another process has written tables meanwhile.
const MOST_TRIES: u32 = 10;

/// Opens the results in a folder and reads of them what is needed; again where another process has written tables meanwhile.
pub fn read<T>(folder: &Path, needed: impl Fn(Results) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let again = || needed(Results::open(folder)?);
    let changed = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(store::Error::Changed { .. }));
    let mut found = again();
    for _ in 1..MOST_TRIES {
        if !found.as_ref().is_err_and(changed) {
            break;
        }
        found = again();
    }
    found
}

impl Place {
    /// The results that are meant by the path of a folder, the name of a sweep under `results`, or the path of a bundle.
    pub fn open(results: &Path, name: &str) -> anyhow::Result<Self> {
        match store::locate(results, name) {
            Ok(folder) => Ok(Self { folder, bundle: None }),
            Err(_) if is_sweep_file(Path::new(name)) => Err(not_results(name)),
            Err(_) if is_file(Path::new(name)) => Self::unpack(Path::new(name)),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Place::open`], of results that are to be changed, which those of a bundle cannot be.
    pub fn open_to_write(results: &Path, name: &str) -> anyhow::Result<Self> {
        match store::locate(results, name) {
            Ok(folder) => Ok(Self { folder, bundle: None }),
            Err(_) if is_sweep_file(Path::new(name)) => Err(not_results(name)),
            Err(_) if is_file(Path::new(name)) => {
                Err(Misuse(format!("{name} is a bundle, and a bundle stays as it is: unpack it first")).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn unpack(path: &Path) -> anyhow::Result<Self> {
        let bundle = bundle::open(path)?;
        Ok(Self { folder: bundle.results().to_path_buf(), bundle: Some((path.to_path_buf(), bundle)) })
    }

    /// Results as for [`Place::open`], or the run or the configuration in them that is meant by the beginning of its id: under
    /// `results`, which may be a bundle; or as `RESULTS/ID`. Says where a configuration has runs in other results as well.
    pub fn find(results: &Path, what: &str) -> anyhow::Result<(Self, Option<Named>)> {
        let (place, named, others) = Self::find_quietly(results, what)?;
        if let (Some(Named::Configuration(id)), [_, ..]) = (named, &others[..]) {
            let others: Vec<String> = others.iter().map(|folder| folder.display().to_string()).collect();
            mention!(
                "configuration {id} is taken from {}; {} has runs of it as well: FOLDER/ID takes those",
                place.folder.display(),
                others.join(", ")
            );
        }
        Ok((place, named))
    }

    /// As [`Place::find`], with the other folders that have it, of which it says nothing.
    pub fn find_quietly(results: &Path, what: &str) -> anyhow::Result<(Self, Option<Named>, Vec<PathBuf>)> {
        let is_results = what.is_empty() || is_file(Path::new(what)) || Path::new(what).is_dir();
        if is_results || results.join(what).is_dir() {
            return Ok((Self::open(results, what)?, None, Vec::new()));
        }
        let (within, id) = within(results, what);
        if let Some(bundle) = within {
            let place = Self::unpack(bundle)?;
            let named = store::locate_id(&place.folder, id).map_err(|error| inside(error, bundle))?.named;
            return Ok((place, Some(named), Vec::new()));
        }
        let is_hex = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || id.len() > ID {
            return Ok((Self::open(results, what)?, None, Vec::new()));
        }
        let found = store::locate_id(results, what)?;
        Ok((Self { folder: found.folder, bundle: None }, Some(found.named), found.others))
    }

    /// The run that is meant by the beginning of its id, as for [`Place::find`]; or by results that hold one run.
    pub fn find_run(results: &Path, what: &str) -> anyhow::Result<(Self, Id)> {
        let found = match Self::find(results, what) {
            Err(error) if matches!(error.downcast_ref(), Some(store::Error::Missing { .. })) => {
                return Err(store::Error::NotARun(what.to_owned()).into());
            }
            found => found?,
        };
        let (place, named) = found;
        let (about, rows) = match named {
            Some(Named::Run(run)) => return Ok((place, run)),
            Some(Named::Configuration(_)) => (format!("`{what}` is a configuration, which has"), place.runs(named)?),
            None => (format!("{what} holds"), place.runs(None)?),
        };
        let runs = rows.column("run")?.str()?;
        match (runs.len(), runs.get(0)) {
            (1, Some(run)) => Ok((place, run.parse()?)),
            (count, _) if named.is_none() => {
                Err(Misuse(format!("{about} {count} runs: name one as {}/RUN", what.trim_end_matches('/'))).into())
            }
            (_, _) => {
                let ids: Vec<&str> = runs.iter().flatten().collect();
                Err(Misuse(format!("{about} the runs {}: name one of them", ids.join(", "))).into())
            }
        }
    }

    /// The rows of those runs that are meant, without the columns that do not tell which they are.
    fn runs(&self, named: Option<Named>) -> anyhow::Result<DataFrame> {
        rows(&Results::open_columns(&self.folder, &|column| column == "config")?, named)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it is a bundle, of which nothing stays that is written into its folder.
    pub fn is_bundle(&self) -> bool {
        self.bundle.is_some()
    }

    /// A path below the folder as people know it: within the bundle, not where that was unpacked.
    pub fn shown(&self, path: &Path) -> PathBuf {
        match &self.bundle {
            Some((archive, bundle)) => {
                path.strip_prefix(bundle.folder()).map_or(path.into(), |path| archive.join(path))
            }
            None => path.to_path_buf(),
        }
    }
}

/// The bundle that an id is looked for in, where it is one, and the id.
fn within<'a>(results: &'a Path, what: &'a str) -> (Option<&'a Path>, &'a str) {
    match what.rsplit_once('/') {
        Some((path, id)) if is_file(Path::new(path)) => (Some(Path::new(path)), id),
        None if is_file(results) => (Some(results), what),
        Some((_, id)) => (None, id),
        None => (None, what),
    }
}

/// An error of looking in a bundle, which names that and not where it was unpacked.
fn inside(error: store::Error, bundle: &Path) -> store::Error {
    match error {
        store::Error::NoRun { run, .. } => store::Error::NoRun { run, path: bundle.to_path_buf() },
        other => other,
    }
}

/// The rows of a run, or of a configuration's runs; all of them where none is named.
pub fn rows(results: &Results, named: Option<Named>) -> anyhow::Result<DataFrame> {
    let (column, id) = match named {
        None => return Ok(results.runs().clone()),
        Some(Named::Run(id)) => ("run", id.to_string()),
        Some(Named::Configuration(id)) => ("config", id.to_string()),
    };
    let ids = results.runs().column(column)?.str()?;
    let mask: Vec<bool> = ids.iter().map(|other| other == Some(id.as_str())).collect();
    Ok(results.runs().filter(&BooleanChunked::from_slice("named".into(), &mask))?)
}

/// Whether this is a file with the name of a sweep file.
pub fn is_sweep_file(path: &Path) -> bool {
    is_file(path) && path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn not_results(name: &str) -> anyhow::Error {
    Misuse(format!("{name} is a sweep file; results are meant, by the name of the sweep or by their folder")).into()
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file())
}
