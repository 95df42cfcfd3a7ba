//! Where results are: a folder, or a bundle, which is unpacked for as long as it is looked at.

use std::fs;
use std::path::{Path, PathBuf};

use super::exit::Misuse;
use crate::cite::bundle::{self, Bundle};
use crate::config::Id;
use crate::store::{self, Located, Results};

/// A folder of results, which may be that of a bundle.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    bundle: Option<(PathBuf, Bundle)>,
}

impl Place {
    /// The results that are meant by the path of a folder, the name of a sweep under `results`, or the path of a bundle.
    pub fn open(results: &Path, name: &str) -> anyhow::Result<Self> {
        match store::locate(results, name) {
            Ok(folder) => Ok(Self { folder, bundle: None }),
            Err(_) if is_file(Path::new(name)) => Self::unpack(Path::new(name)),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Place::open`], of results that are to be changed, which those of a bundle cannot be.
    pub fn open_to_write(results: &Path, name: &str) -> anyhow::Result<Self> {
        match store::locate(results, name) {
            Ok(folder) => Ok(Self { folder, bundle: None }),
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

    /// The run that is meant by the beginning of its id, under `results` or as `RESULTS/RUN`, where RESULTS may be a bundle;
    /// or by the path of a bundle that holds one run.
    pub fn open_run(results: &Path, run: &str) -> anyhow::Result<(Self, Id)> {
        let (within, prefix) = match run.rsplit_once('/') {
            _ if is_file(Path::new(run)) => (Some(Path::new(run)), None),
            Some((path, run)) if is_file(Path::new(path)) => (Some(Path::new(path)), Some(run)),
            _ if is_file(results) => (Some(results), Some(run)),
            _ => (None, Some(run)),
        };
        let Some(path) = within else {
            let Located { folder, run } = store::locate_run(results, run)?;
            return Ok((Self { folder, bundle: None }, run));
        };
        let place = Self::unpack(path)?;
        let run = match prefix {
            Some(prefix) => store::locate_run(place.folder(), prefix)?.run,
            None => place.only_run(path)?,
        };
        Ok((place, run))
    }

    fn only_run(&self, path: &Path) -> anyhow::Result<Id> {
        let results = Results::open_columns(&self.folder, &|_| false)?;
        let runs = results.runs().column("run")?.str()?;
        match (runs.len(), runs.get(0)) {
            (1, Some(run)) => Ok(run.parse()?),
            (count, _) => {
                let path = path.display();
                Err(Misuse(format!("{path} holds {count} runs: name one as {path}/RUN")).into())
            }
        }
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

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file())
}
