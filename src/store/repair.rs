//! Puts in order what a killed process has left in saved results, so that nothing is lost by it.

use std::path::Path;
use std::sync::Arc;

use super::check::{Checked, check_on};
use super::claims::{Claims, RUNS, wait_for};
use super::compact::{fold, recover};
use super::error::{Error, Result, io_error};
use super::files::{Disk, Files, open_if_there, write_synced};
use super::layout::{Layout, TORN};
use super::results::require_results;
use super::segment::scan;
use super::shared::tasks_now;
use super::state::{State, segment_names, told};
use super::sweeps::require_no_links;
use super::window::Window;
use super::writer::PATIENCE;
use super::{codec, tasks, unfinished};

/// Puts in order what a killed process has left: finishes what it had decided, takes torn tails away and keeps them aside,
/// and removes files that do not count. Nothing is done where something is damaged or cannot be read, but that what
/// processes which are no more have left under `claims/` goes, as at every look. Gives what was found before.
///
/// # Errors
/// As for [`check`](super::check()); [`Error::InUse`] when another process is at work here.
pub fn repair(folder: &Path) -> Result<Checked> {
    repair_on(&(Arc::new(Disk) as Arc<dyn Files>), folder)
}

pub(super) fn repair_on(files: &Arc<dyn Files>, folder: &Path) -> Result<Checked> {
    let layout = Layout::new(folder);
    require_results(&**files, &layout)?;
    require_no_links(&**files, &layout)?;
    let mut claims = Claims::enter(files, &layout)?;
    let _lock = wait_for(&**files, &layout, &layout.lock(), PATIENCE)?;
    claims.look_now()?;
    if claims.others() > 0 {
        return Err(Error::InUse { path: folder.to_path_buf(), process: None });
    }
    tasks::require_none_at_work(&layout, &tasks_now(&**files, &layout, &claims)?)?;
    let mut found = check_on(&**files, folder)?;
    // Its own claims are not left by anybody.
    let own = layout.claims().join(format!("{}{RUNS}", claims.token()));
    found.findings.retain(|finding| finding.path != own);
    if found.is_damaged() || !found.is_complete() {
        return Ok(found);
    }
    keep_torn(&**files, &layout)?;
    recover(&**files, &layout, true)?;
    fold(&**files, &layout, segment_names(&**files, &layout)?, None)?;
    forget_paused(&**files, &layout)?;
    claims.leave()?;
    Ok(found)
}

/// Removes where runs were paused that have ended since, and what cannot be read of it: those runs begin anew.
pub(super) fn forget_paused(files: &dyn Files, layout: &Layout) -> Result<()> {
    let paused = unfinished::list(files, layout)?;
    if paused.is_empty() {
        return Ok(());
    }
    let saved = State::ended_beside_others(files, layout)?;
    for run in paused {
        let has_ended = saved.get(&run).is_some_and(|saved| !saved.can_be_retried());
        if has_ended || unfinished::read(files, layout, run)?.is_none() {
            unfinished::remove(files, layout, run)?;
        }
    }
    Ok(())
}

/// Copies what is no whole record of segments that are about to be removed. A power cut may have taken away what says that
/// it was one.
fn keep_torn(files: &dyn Files, layout: &Layout) -> Result<()> {
    for name in segment_names(files, layout)? {
        let path = layout.segment(&name);
        let Some(source) = open_if_there(files, &path)? else { continue };
        let mut bytes = Window::new(source).map_err(io_error("read", &path))?;
        let found =
            scan(&mut bytes, &mut |_, payload| codec::decode(payload).map(drop)).map_err(|fault| told(&path, fault))?;
        let mut torn = Vec::new();
        for gap in found.gaps {
            let part = bytes.get(gap.start, gap.len(), gap.len()).map_err(io_error("read", &path))?;
            torn.extend(part.unwrap_or_default());
        }
        if !torn.is_empty() {
            // Were it cut short here, the segment would still be there.
            write_synced(files, &layout.segment(&format!("{name}{TORN}")), &torn)?;
            files.sync_folder(&layout.journal()).map_err(io_error("sync", &layout.journal()))?;
        }
    }
    Ok(())
}
