//! The results of several folders in one: rows of all tables, versions of the sweep, weights and notes. What is in the folder
//! that they go into counts, or is replaced by new tables, in one step, as when a journal is folded: whatever stops it, the
//! same call again ends with the same results.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::braid::{Strand, braid};
use super::check::{Grade, check_on};
use super::choose::{Candidate, Chosen, Fate, choose};
use super::claims::{Claims, wait_for};
use super::columns::DECIDING;
use super::compact::{decide, fold, recover, write_parts};
use super::error::{Error, Result, frame_error};
use super::files::{Disk, Files, create_folder, create_root, replace};
use super::frames::{sorted, stack};
use super::layout::{Layout, TABLES, Table};
use super::manifest::{Manifest, SetAside};
use super::results::Results;
use super::sealed::seal;
use super::shared::{at_rest, tasks_now};
use super::state::{State, summaries};
use super::sweeps::require_no_links;
use super::tasks;
use super::weave::Take;
use super::writer::{PATIENCE, or_gone};
use crate::config::Id;

/// What came of joining folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Each of the folders, in their order.
    pub from: Vec<JoinedFrom>,
    /// Runs that are there now.
    pub runs: u64,
    /// Folders of records that do not count because the same run has another result, with what they hold.
    pub aside: Vec<(PathBuf, Vec<SetAside>)>,
}

/// What came of one of the folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinedFrom {
    /// The folder.
    pub folder: PathBuf,
    /// Runs that it has.
    pub runs: u64,
    /// Those whose record counts now.
    pub taken: u64,
    /// Those of which there is the same result from elsewhere.
    pub same: u64,
    /// Those that failed there, and ended well or failed in another way elsewhere.
    pub failed: u64,
    /// Those whose record is kept aside, since it has another result.
    pub aside: u64,
    /// Runs that were paused there: they stay where they are.
    pub paused: u64,
    /// Shards that are at work there: what they save from now on is not among it.
    pub at_work: u64,
}

/// Joins the results in `sources`, which stay as they are, in `into`: a new folder, or one that holds results of the same
/// sweep already. Equal results of a run are kept once. Of results that differ the one in `into` counts, or else that of the
/// first source; the others are kept whole under `into`, as results of their own.
///
/// # Errors
/// [`Error::Merge`] when the folders cannot go together, [`Error::Missing`], [`Error::Damaged`], both before anything is
/// written, [`Error::ShardsAtWork`] and [`Error::InUse`] of `into`, [`Error::Changed`], and errors of the operating system.
pub fn join(sources: &[PathBuf], into: &Path) -> Result<Joined> {
    require_apart(sources, into)?;
    join_on(&(Arc::new(Disk) as Arc<dyn Files>), sources, into)
}

/// None of the folders lies in another: a source would be changed, or read as it is written.
fn require_apart(sources: &[PathBuf], into: &Path) -> Result<()> {
    let target = resolved(into);
    for source in sources {
        let path = resolved(source);
        let (source, into) = (source.display(), into.display());
        let what = if path == target {
            format!("{into} is both what is merged and where it goes: leave it out, what it holds stays in it")
        } else if target.starts_with(&path) {
            format!("{into} lies within {source}, which would be changed: name a folder beside it with --into")
        } else if path.starts_with(&target) {
            format!(
                "{source} lies within {into}, where it is already: leave it out, or name another folder with --into"
            )
        } else {
            continue;
        };
        return Err(Error::Merge(what));
    }
    Ok(())
}

/// A path without links, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for above in path.ancestors() {
        if let Ok(there) = above.canonicalize() {
            return there.join(path.strip_prefix(above).unwrap_or(Path::new("")));
        }
    }
    path
}

pub(super) fn join_on(files: &Arc<dyn Files>, sources: &[PathBuf], into: &Path) -> Result<Joined> {
    let sources = sources.iter().map(|source| open(files, source)).collect::<Result<Vec<_>>>()?;
    let Some(first) = sources.first() else { return Err(Error::Merge("nothing was named to be merged".into())) };
    let name = first.name();
    for source in &sources[1..] {
        require_sweep(source.folder(), &source.name(), (first.folder(), &name))?;
    }
    let to = Layout::new(into);
    require_no_links(&**files, &to)?;
    if let Some(manifest) = super::manifest::Documents::read(&**files, &to)?.any(&to)? {
        require_sweep(first.folder(), &name, (into, &manifest.sweep))?;
    }
    create_root(&**files, into)?;
    or_gone(&**files, &to, join_in(files, &sources, &to, &name))
}

fn join_in(files: &Arc<dyn Files>, sources: &[Results], to: &Layout, name: &str) -> Result<Joined> {
    let mut claims = Claims::enter(files, to)?;
    let _lock = wait_for(&**files, to, &to.lock(), PATIENCE)?;
    claims.look_now()?;
    tasks::require_none_at_work(to, &tasks_now(&**files, to, &claims)?)?;
    recover(&**files, to, claims.others() == 0)?;
    let own = at_rest(&**files, to, &mut claims)?;
    fold(&**files, to, own, None)?;
    let resident = State::read(&**files, to, Vec::new())?;
    let join = Join { files, to, resident: &resident, sources };
    let joined = join.run(name)?;
    claims.leave()?;
    Ok(joined)
}

/// Results that are whole.
fn open(files: &Arc<dyn Files>, folder: &Path) -> Result<Results> {
    const NOTHING: &str = "Nothing was merged";
    let checked = check_on(&**files, folder)?;
    for finding in checked.findings {
        let remedy = format!("{NOTHING}; `ablate check` tells more. {}", finding.remedy);
        match finding.grade {
            Grade::Damaged => return Err(Error::damaged(finding.path, finding.what, remedy)),
            Grade::Unreadable => {
                return Err(Error::Merge(format!("{}: {}. {remedy}", finding.path.display(), finding.what)));
            }
            Grade::Missing | Grade::Leftover | Grade::Foreign => {}
        }
    }
    Results::open_wanted(Arc::clone(files), folder, &|_| false, &|rows| Ok(rows.clone()))
}

fn require_sweep(folder: &Path, sweep: &str, (other, expected): (&Path, &str)) -> Result<()> {
    if sweep == expected {
        return Ok(());
    }
    Err(Error::Merge(format!(
        "{} holds the sweep `{sweep}`, and {} the sweep `{expected}`: only results of one sweep are merged; nothing was. \
         Results of several sweeps lie beside each other in one folder, as they are",
        folder.display(),
        other.display()
    )))
}

/// Joining under way.
pub(super) struct Join<'a> {
    pub(super) files: &'a Arc<dyn Files>,
    pub(super) to: &'a Layout,
    /// What is in the folder that all go into.
    pub(super) resident: &'a State,
    pub(super) sources: &'a [Results],
}

/// What was decided of the runs of which there are several records. The folders are those that are joined, behind the one
/// that they go into.
#[derive(Default)]
pub(super) struct Decided {
    /// The folder whose record counts.
    pub(super) counts: HashMap<Id, usize>,
    /// Records that are named, or kept whole, by folder.
    named: Vec<SetAside>,
    pub(super) kept: BTreeMap<usize, Vec<SetAside>>,
    /// Runs of each folder.
    runs: Vec<u64>,
    from: Vec<JoinedFrom>,
}

impl Join<'_> {
    fn run(&self, name: &str) -> Result<Joined> {
        let (files, to) = (&**self.files, self.to);
        let mut decided = self.decide()?;
        let aside = self.keep_aside(&decided)?;
        self.keep_notes(&decided)?;
        self.keep_weights(&decided)?;
        let mut manifest = self.resident.manifest.clone().unwrap_or_else(|| Manifest::empty(name));
        self.keep_sweeps(&mut manifest)?;
        let mut set_aside: Vec<SetAside> = std::mem::take(&mut decided.named);
        set_aside.extend(decided.kept.values().flatten().cloned());
        for source in self.sources {
            set_aside.extend(source.set_aside()?);
        }
        set_aside.sort_by(|a, b| key(a).cmp(&key(b)));
        for item in set_aside {
            if !manifest.set_aside.contains(&item) {
                manifest.set_aside.push(item);
            }
        }
        // Whoever carries out a decision looks into it.
        create_folder(files, &to.journal())?;
        let is_new = self.resident.manifest.is_none();
        if is_new || decided.from.iter().any(|from| from.taken > 0) {
            let mut rows =
                |take: &mut Take<'_>| TABLES.into_iter().try_for_each(|table| self.rows(table, &decided, take));
            manifest.parts = write_parts(files, to, &mut rows, &mut manifest)?;
            decide(files, to, manifest.clone(), Vec::new())?;
        } else if self.resident.manifest.as_ref() != Some(&manifest) {
            replace(files, &to.manifest(), &seal(&manifest))?;
        }
        Ok(Joined { from: decided.from, runs: manifest.runs.values().sum(), aside })
    }

    /// All folders, that which they go into first.
    pub(super) fn strands(&self) -> Vec<Strand<'_>> {
        let sources = self.sources.iter().map(|source| Strand { layout: &source.layout, state: &source.state });
        std::iter::once(Strand { layout: self.to, state: self.resident }).chain(sources).collect()
    }

    /// Decides which record of each run counts.
    fn decide(&self) -> Result<Decided> {
        let (strands, mut decided) = (self.strands(), Decided::default());
        decided.runs = vec![0; strands.len()];
        let paused = |source: &Results| super::unfinished::list(&**self.files, &source.layout);
        for source in self.sources {
            let (folder, paused) = (source.folder().to_path_buf(), paused(source)?.len() as u64);
            let at_work = source.tasks()?.iter().filter(|task| task.is_at_work()).count() as u64;
            decided.from.push(JoinedFrom { folder, paused, at_work, ..JoinedFrom::default() });
        }
        let wanted = |column: &str| DECIDING.contains(&column) || ["process", "device"].contains(&column);
        braid(&**self.files, &strands, Table::Runs, &wanted, &mut |pieces| {
            for (runs, rows) in decided.runs.iter_mut().zip(pieces) {
                *runs += rows.height() as u64;
            }
            for (run, candidates) in several(pieces, self.to)? {
                decided.take(run, choose(run, &candidates, &|folder| folder == 0));
            }
            Ok(())
        })?;
        for (from, runs) in decided.from.iter_mut().zip(&decided.runs[1..]) {
            from.runs = *runs;
            from.taken = runs - from.same - from.failed - from.aside;
        }
        Ok(decided)
    }

    /// The rows of a table that count, of all folders.
    fn rows(&self, table: Table, decided: &Decided, take: &mut Take<'_>) -> Result<()> {
        braid(&**self.files, &self.strands(), table, &|_| true, &mut |pieces| {
            let mut all: Option<DataFrame> = None;
            for (folder, rows) in pieces.iter().enumerate() {
                let rows = decided.counting(folder, rows)?;
                all = Some(all.map_or(Ok(rows.clone()), |all| stack(&all, &rows))?);
            }
            take(table, &sorted(&all.expect("there is a folder"))?)
        })
    }
}

impl Decided {
    fn take(&mut self, run: Id, chosen: Chosen) {
        self.counts.insert(run, chosen.folder);
        for (folder, fate) in chosen.others {
            let mut unused = JoinedFrom::default();
            let from = if folder == 0 { &mut unused } else { &mut self.from[folder - 1] };
            match fate {
                Fate::Same => from.same += 1,
                Fate::Named(item) => {
                    from.failed += 1;
                    self.named.push(item);
                }
                Fate::Kept(item) => {
                    from.aside += 1;
                    self.kept.entry(folder).or_default().push(item);
                }
            }
        }
    }

    /// Those rows of a folder whose record counts.
    pub(super) fn counting(&self, folder: usize, rows: &DataFrame) -> Result<DataFrame> {
        if self.counts.is_empty() {
            return Ok(rows.clone());
        }
        let error = || frame_error("choose rows of a table");
        let runs = rows.column("run").and_then(|column| column.str()).map_err(error())?;
        // Rows of a run follow each other.
        let (mut last, mut keep) = ("", true);
        let mask = runs.iter().map(|run| {
            let run = run.unwrap_or_default();
            if run != last {
                last = run;
                keep = run.parse().is_ok_and(|run: Id| self.counts.get(&run).is_none_or(|counts| *counts == folder));
            }
            keep
        });
        rows.filter(&mask.collect()).map_err(error())
    }
}

/// The runs of which several folders have a record, with those.
fn several(pieces: &[DataFrame], layout: &Layout) -> Result<Vec<(Id, Vec<Candidate>)>> {
    let error = || frame_error("compare records of a run");
    let mut runs: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (folder, rows) in pieces.iter().enumerate() {
        let column = rows.column("run").and_then(|column| column.str()).map_err(error())?;
        for (row, run) in column.iter().enumerate() {
            runs.entry(run.unwrap_or_default()).or_default().push((folder, row));
        }
    }
    runs.retain(|_, places| places.len() > 1);
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = pieces.iter().map(|rows| summaries(rows, layout)).collect::<Result<Vec<_>>>()?;
    let text = |folder: usize, row: usize, name: &str| -> Option<String> {
        pieces[folder].column(name).ok()?.str().ok()?.get(row).map(str::to_owned)
    };
    let mut found = Vec::with_capacity(runs.len());
    for (run, places) in runs {
        let Ok(run) = run.parse::<Id>() else { continue };
        let candidate = |(folder, row): (usize, usize)| {
            let summary = known[folder].remove(&run)?;
            Some(Candidate {
                folder,
                summary,
                process: text(folder, row, "process"),
                device: text(folder, row, "device"),
            })
        };
        found.push((run, places.into_iter().filter_map(candidate).collect()));
    }
    Ok(found)
}

/// An order of records that do not count.
fn key(item: &SetAside) -> impl Ord + '_ {
    (&item.run, &item.digest, &item.environment, &item.status, &item.reason, &item.kept, format!("{:?}", item.why))
}
