//! `ablate verify`: train saved runs again, and compare everything that is saved of them to the bit.

mod words;

use std::collections::BTreeMap;

use clap::Args;

use self::words::Told;
use super::devices::refuse_portable;
use super::exit::{Exit, Misuse};
use super::libtorch::Need;
use super::options::{Global, ResultsFolder, jobs};
use super::place::{self, Place, rows};
use super::progress::Progress;
use super::{plan, say};
use crate::cite::verify::{Archive, Candidate, Found, Share, Standing, TOLERANCE, Verifier, sample};
use crate::config::Numerics;
use crate::execute::{self, Options, Stop, estimate};
use crate::plan::{Cohort, Run};
use crate::store::{Named, Results};
use crate::train::{Choice, Device};

/// Train saved runs again, and compare everything that is saved of them to the bit.
///
/// Configuration and seeds come from what is saved. Compared are the digest, how the run ended, every measure, every point
/// of its curve, every prediction, and the weights where they were kept. What is saved is also held against its own digest,
/// so that a number that was changed is told apart from a training that came out differently. What was found is kept with
/// the results, and shown by reports and citations. The exit code is 6 where a run is different.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ablate verify 3f9c2a\n  ablate verify why-squares --sample 5%\n  ablate verify others.zip\n  \
    ablate verify why-squares --sample 20 --jobs 2 --json"
)]
pub struct Arguments {
    /// A run's or a configuration's id, or its first 6 characters or more (FOLDER/ID or BUNDLE.zip/ID for one in other results); a
    /// folder of results, the name of a sweep, or a bundle.
    #[arg(value_name = "RUN|CONFIG|RESULTS")]
    name: String,
    #[command(flatten)]
    folder: ResultsFolder,
    /// Verify only so many runs, or such a share of them, of every grid and of many configurations: always the same ones.
    #[arg(long, value_name = "N|P%")]
    sample: Option<Share>,
    /// Workers on the processor [default: one a core].
    #[arg(long, value_name = "N", value_parser = jobs)]
    jobs: Option<usize>,
    /// Where to train: auto, cpu, cuda or cuda:N [default: where each run was trained].
    #[arg(long, value_name = "DEVICE")]
    device: Option<Choice>,
    /// The largest relative difference that is within tolerance in another environment.
    #[arg(long, value_name = "X", default_value_t = TOLERANCE, value_parser = tolerance)]
    tolerance: f64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// How much it needs libtorch: where runs are trained again on a GPU, it cannot do without.
    pub fn need(&self) -> Need {
        if let Some(device) = self.device {
            return Need::of(device);
        }
        let devices = || -> anyhow::Result<bool> {
            let (place, named, _) = Place::find_quietly(&self.folder.results, &self.name)?;
            let columns = |name: &str| ["config", "device"].contains(&name);
            let meant = rows(&Results::open_columns(place.folder(), &columns)?, named)?;
            Ok(meant.column("device")?.str()?.iter().flatten().any(|device| kind(device) != "cpu"))
        };
        // What is wrong with the results is said when they are verified.
        if devices().unwrap_or(false) { Need::Yes } else { Need::No }
    }
}

/// Finds, trains, compares, and says what was found.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<Exit> {
    let (place, named) = Place::find(&arguments.folder.results, &arguments.name)?;
    let run = named.and_then(|named| if let Named::Run(run) = named { Some(run) } else { None });
    if run.is_some() && arguments.sample.is_some() {
        return Err(Misuse("--sample draws from the runs of a folder of results, and one run was named".into()).into());
    }
    let stop = Stop::on_signals()?;
    let archive = place::read(place.folder(), |results| Ok(Archive::of(results)?))?;
    let results = archive.results();
    let candidates: Vec<Candidate> =
        archive.candidates().into_iter().filter(|candidate| is_meant(candidate, named)).collect();
    let name = match named {
        Some(Named::Configuration(id)) => format!("configuration {id} of {}", results.name()),
        _ => results.name(),
    };
    let comparable: Vec<&Candidate> =
        candidates.iter().filter(|candidate| !matches!(candidate.standing, Standing::Incomparable(_))).collect();
    if comparable.is_empty() {
        return Err(Misuse(words::nothing(&candidates)).into());
    }
    let drawn: Vec<&Candidate> = match arguments.sample {
        Some(share) => sample(&comparable, share.of(comparable.len())).into_iter().map(|i| comparable[i]).collect(),
        None => comparable.clone(),
    };
    let groups = arguments.groups(&drawn)?;
    if !global.quiet {
        let time = groups
            .iter()
            .map(|group| estimate(&group.cohorts, group.devices[0], group.options().workers().len()))
            .sum();
        words::announce(&name, (drawn.len(), candidates.len()), &groups, time, global);
    }
    let mut found = Found::default();
    let silent = Verifier::new(&archive, !place.is_bundle(), arguments.tolerance, &|_| {});
    for candidate in &drawn {
        if let Standing::Altered(computed) = candidate.standing {
            silent.altered(candidate.id, computed)?;
        }
    }
    found.extend(silent.found());
    for group in &groups {
        let progress = Progress::new(global.progress(), &group.cohorts, None);
        let notice = |event: &execute::Event<'_>| progress.notice(event);
        let verifier = Verifier::new(&archive, !place.is_bundle(), arguments.tolerance, &notice);
        let executed = execute::execute(&group.cohorts, &group.options(), &stop, &verifier);
        progress.finish();
        executed?;
        found.extend(verifier.found());
    }
    let told = Told {
        sweep: &results.name(),
        name: &name,
        place: &place,
        run,
        candidates: &candidates,
        drawn: &drawn,
        found: &found,
    };
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&told.document())?);
    } else {
        told.lines().iter().for_each(|line| say!("{line}"));
    }
    told.mention_what_was_not_kept();
    Ok(match stop.exit_code() {
        Some(code) if told.left() > 0 => {
            told.mention_stop();
            Exit::Stopped(code)
        }
        _ if found.summary(0).different > 0 => Exit::NotHeld,
        _ if !found.failed.is_empty() => Exit::SomeFailed,
        _ => Exit::Done,
    })
}

/// Whether a saved run is one of those that are to be verified.
fn is_meant(candidate: &Candidate, named: Option<Named>) -> bool {
    match named {
        None => true,
        Some(Named::Run(run)) => candidate.id == run,
        Some(Named::Configuration(config)) => candidate.config == config.to_string(),
    }
}

/// Runs that are trained again on the same devices.
struct Group {
    devices: Vec<Device>,
    cohorts: Vec<Cohort>,
    jobs: usize,
}

impl Group {
    fn options(&self) -> Options<'static> {
        Options { jobs: self.jobs, devices: self.devices.clone(), time_limit: None, profile: None }
    }
}

impl Arguments {
    /// The runs that are to be trained, by where: on the devices that were asked for, otherwise on such as each was trained
    /// on.
    fn groups(&self, drawn: &[&Candidate]) -> anyhow::Result<Vec<Group>> {
        let mut runs: BTreeMap<&str, Vec<Run>> = BTreeMap::new();
        for candidate in drawn {
            if let Standing::Comparable(run) = &candidate.standing {
                let place = if self.device.is_some() { "" } else { kind(&candidate.device) };
                runs.entry(place).or_default().push(run.clone());
            }
        }
        let mut groups = Vec::new();
        for (place, runs) in runs {
            let choice = self.device.unwrap_or_else(|| place.parse().unwrap_or(Choice::Device(Device::Cpu)));
            let devices = choice.resolve().map_err(|error| {
                let hint = "with --device cpu the runs are trained again in another environment";
                if self.device.is_some() { error.into() } else { anyhow::Error::new(error).context(hint) }
            })?;
            if self.device.is_some() {
                let portable = runs.iter().filter(|run| run.point.configuration().numerics == Numerics::Portable);
                refuse_portable(portable.count(), &devices)?;
            }
            let limits = plan::limits(u64::MAX, self.jobs, &devices);
            let cohorts = Cohort::of(runs, &limits);
            groups.push(Group { devices, cohorts, jobs: plan::jobs(self.jobs) });
        }
        Ok(groups)
    }
}

/// The kind of a device: `cuda` of `cuda:0`.
fn kind(device: &str) -> &str {
    device.split(':').next().unwrap_or_default()
}

/// A relative difference.
fn tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("`{text}` is no relative difference such as 0.01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_numbers_from_zero_on() {
        assert_eq!((tolerance("0"), tolerance("1e-3")), (Ok(0.0), Ok(1e-3)));
        for wrong in ["-1", "nan", "inf", "x", ""] {
            assert!(tolerance(wrong).is_err(), "{wrong}");
        }
    }
}
