//! Tests of execution: every run once, stopping, failures, events.

use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::config::Id;
use crate::plan::{Limits, Plan};
use crate::sweep;

const SMALL: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 10, largest: 20, epochs: 4, batch: 16}
grid: {activation: [relu, tanh], width: [3, 8], depth: [1, 2]}
replicates: {count: 3}
";

fn plan(text: &str) -> Plan {
    let sweep = sweep::parse(text, "small.yaml", &[]).unwrap();
    Plan::of(&sweep, &std::collections::HashSet::new(), &Limits::default()).unwrap()
}

#[derive(Default)]
struct Notes {
    ended: Mutex<Vec<(Id, Outcome)>>,
    failures: Mutex<Vec<String>>,
    halved: Mutex<Vec<usize>>,
    fail_at: Option<usize>,
    stop_at: Option<(usize, Stop)>,
    paused: Mutex<HashMap<Id, Checkpoint>>,
    stop_in_epoch: Option<(u32, Stop)>,
}

impl Listener for Notes {
    fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::RunEnded { run, outcome } => {
                let mut ended = self.ended.lock().unwrap();
                ended.push((run.id, outcome.clone()));
                if let Some((_, stop)) = self.stop_at.as_ref().filter(|(at, _)| *at == ended.len()) {
                    stop.ask();
                }
                anyhow::ensure!(self.fail_at != Some(ended.len()), "the disk is full");
            }
            Event::CohortFailed { reason, .. } => self.failures.lock().unwrap().push(reason.to_owned()),
            Event::CohortHalved { runs, reason, .. } => {
                assert!(reason.contains("memory"), "{reason}");
                self.halved.lock().unwrap().push(runs);
            }
            Event::RunPaused { run, checkpoint } => {
                self.paused.lock().unwrap().insert(run.id, checkpoint.clone());
            }
            Event::EpochDone { done, .. } => {
                if let Some((_, stop)) = self.stop_in_epoch.as_ref().filter(|(epoch, _)| *epoch == done) {
                    stop.ask();
                }
            }
            Event::CohortStarted { .. } => {}
        }
        Ok(())
    }

    fn checkpoint(&self, run: &Run) -> Option<Checkpoint> {
        self.paused.lock().unwrap().get(&run.id).cloned()
    }
}

fn options(jobs: usize) -> Options<'static> {
    Options { jobs, devices: vec![Device::Cpu], time_limit: None, profile: None }
}

fn digests(notes: Notes) -> HashMap<Id, String> {
    let ended = notes.ended.into_inner().unwrap();
    let count = ended.len();
    let digests: HashMap<_, _> = ended.into_iter().map(|(id, outcome)| (id, outcome.digest)).collect();
    assert_eq!(digests.len(), count, "every run ends once");
    digests
}

#[test]
fn results_do_not_depend_on_workers_or_cohorts() {
    let run = |limits: Limits, jobs: usize| {
        let sweep = sweep::parse(SMALL, "small.yaml", &[]).unwrap();
        let plan = Plan::of(&sweep, &std::collections::HashSet::new(), &limits).unwrap();
        let notes = Notes::default();
        let summary = execute(&plan.cohorts, &options(jobs), &Stop::default(), &notes).unwrap();
        assert_eq!(summary, Summary { finished: 24, ..Summary::default() });
        digests(notes)
    };
    let one = run(Limits::default(), 1);
    assert_eq!(one, run(Limits { workers: 2, ..Limits::default() }, 2));
    assert_eq!(one, run(Limits { workers: 4, ..Limits::default() }, 4));
    assert_eq!(one, run(Limits { most_runs: Some(1), ..Limits::default() }, 2));
}

#[test]
fn a_stop_finishes_what_is_in_flight_and_takes_nothing_new() {
    let plan = plan(SMALL);
    let stop = Stop::default();
    let notes = Notes { stop_at: Some((1, stop.clone())), ..Notes::default() };
    let summary = execute(&plan.cohorts, &options(1), &stop, &notes).unwrap();
    assert_eq!(summary.finished, plan.cohorts[0].runs.len(), "the first cohort, whole");
    assert_eq!(summary.left, 24 - summary.finished);
    assert_eq!(stop.exit_code(), None, "no signal asked");
}

#[test]
fn what_is_in_flight_is_paused_within_an_epoch_and_goes_on() {
    let plan = plan(SMALL);
    let stop = Stop::default();
    let mut notes = Notes { stop_in_epoch: Some((2, stop.clone())), ..Notes::default() };
    let first = execute(&plan.cohorts, &options(1), &stop, &notes).unwrap();
    let cohort = &plan.cohorts[0].runs;
    assert_eq!(first, Summary { paused: cohort.len(), left: 24 - cohort.len(), ..Summary::default() });
    for run in cohort {
        let checkpoint = &notes.paused.lock().unwrap()[&run.id];
        assert_eq!(checkpoint.epoch, 2);
        assert!(checkpoint.seconds > 0.0);
    }
    notes.stop_in_epoch = None;
    let second = execute(&plan.cohorts, &options(2), &Stop::default(), &notes).unwrap();
    assert_eq!(second, Summary { finished: 24, ..Summary::default() });
    let whole = Notes::default();
    execute(&plan.cohorts, &options(1), &Stop::default(), &whole).unwrap();
    assert_eq!(digests(notes), digests(whole));
}

#[test]
fn runs_that_another_process_has_taken_are_left_to_it() {
    struct Odd(Notes);
    impl Listener for Odd {
        fn notice(&self, event: Event<'_>) -> anyhow::Result<()> {
            self.0.notice(event)
        }
        fn claim(&self, runs: &[Run]) -> anyhow::Result<Vec<bool>> {
            Ok(runs.iter().map(|run| run.replicate().number != 1).collect())
        }
    }
    let odd = Odd(Notes::default());
    let summary = execute(&plan(SMALL).cohorts, &options(2), &Stop::default(), &odd).unwrap();
    assert_eq!(summary, Summary { finished: 16, elsewhere: 8, ..Summary::default() });
}

#[test]
fn an_error_of_the_listener_stops_everything_and_is_told() {
    let notes = Notes { fail_at: Some(2), ..Notes::default() };
    let error = execute(&plan(SMALL).cohorts, &options(2), &Stop::default(), &notes).unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
}

#[test]
fn a_run_that_cannot_be_trained_fails_alone() {
    let mut plan = plan(SMALL);
    // A cohort with a stranger in it cannot be trained as one.
    let stranger = plan.cohorts[1].runs[0].clone();
    plan.cohorts[0].runs.push(stranger.clone());
    plan.cohorts.truncate(1);
    let count = plan.cohorts[0].runs.len();
    let notes = Notes::default();
    let summary = execute(&plan.cohorts, &options(1), &Stop::default(), &notes).unwrap();
    assert_eq!(summary.finished, count, "one by one they train");
    assert_eq!(notes.failures.lock().unwrap().len(), 1);
    assert!(notes.failures.lock().unwrap()[0].contains("one shape"), "{:?}", notes.failures);

    let reason = failure::panic_text(&"no sense\nat 0x1".to_owned() as &(dyn std::any::Any + Send));
    let failed = failure::outcome(&stranger, &Device::Cpu, Failure::of(&reason).reason());
    assert_eq!((failed.status, failed.reason.as_deref()), (Status::Failed, Some("no sense")));
}

/// What has ended well before the limit was passed is measured in full, whoever was trained beside it.
#[test]
fn measuring_runs_out_of_time_only_where_training_did_not() {
    let cohorts = one_cohort();
    for is_late in [true, false] {
        let verdicts = Mutex::new(Vec::new());
        let trainer = |members: &[Member<'_>], context: &Context<'_>| {
            let over = Duration::from_millis(25) * members.len() as u32;
            if is_late {
                std::thread::sleep(over);
            }
            let first = (context.measuring)();
            std::thread::sleep(over);
            verdicts.lock().unwrap().push((first, (context.measuring)()));
            Ok(train(members, context)?)
        };
        let options = Options { time_limit: Some(Duration::from_millis(20)), ..options(1) };
        execute_by(&trainer, &cohorts, &options, &Stop::default(), &Notes::default()).unwrap();
        let verdicts = verdicts.into_inner().unwrap();
        let [(first, second)] = &verdicts[..] else { panic!("one cohort") };
        assert_eq!(*first, Watch::GoOn);
        match second {
            Watch::GoOn => assert!(is_late),
            Watch::TimeOut(why) => assert!(!is_late && why.contains("0.02 s while it was measured"), "{why}"),
            Watch::Pause => panic!("nobody asked"),
        }
    }
}

/// A trainer with room for so many runs, which cannot train runs of one configuration.
fn trainer(
    room: usize,
    poison: Option<Id>,
    fail: impl Fn() -> anyhow::Result<Vec<End>> + Sync,
) -> impl Fn(&[Member<'_>], &Context<'_>) -> anyhow::Result<Vec<End>> + Sync {
    move |members, context| {
        // Seven bytes each, as a real one says it, with a trace behind.
        anyhow::ensure!(
            members.len() <= room,
            "Internal torch error: CUDA out of memory. Tried to allocate {} bytes\nException raised from malloc",
            7 * members.len()
        );
        if members.iter().any(|member| Some(crate::config::run_id(member.configuration, member.seeds)) == poison) {
            return fail();
        }
        Ok(train(members, context)?)
    }
}

/// 24 runs of one shape, in one cohort.
const ALIKE: &str = "version: 1
name: small
metric: {name: domain_rmse, goal: minimize}
base: {examples: 40, test_examples: 10, largest: 20, epochs: 3, batch: 16, width: 5}
grid: {learning_rate: [0.001, 0.01, 0.1]}
replicates: {count: 8}
";

fn one_cohort() -> Vec<Cohort> {
    let sweep = sweep::parse(ALIKE, "small.yaml", &[]).unwrap();
    let limits = Limits { workers: 0, ..Limits::default() };
    let cohorts = Plan::of(&sweep, &std::collections::HashSet::new(), &limits).unwrap().cohorts;
    assert_eq!(cohorts.iter().map(|cohort| cohort.runs.len()).collect::<Vec<_>>(), [24]);
    cohorts
}

#[test]
fn where_memory_is_too_small_cohorts_are_halved() {
    let cohorts = one_cohort();
    let plain = Notes::default();
    execute(&cohorts, &options(1), &Stop::default(), &plain).unwrap();
    let plain = digests(plain);
    for (room, halved) in [
        (24, vec![]),
        (23, vec![24]),
        (7, vec![24, 12, 12]),
        (5, vec![24, 12, 6, 6, 12, 6, 6]),
        // 24 = 2·12 = 4·6 = 8·3, and each 3 is 2 and 1, and the 2 is 1 and 1.
        (1, [[24].as_slice(), &[12, 6, 3, 2, 3, 2, 6, 3, 2, 3, 2].repeat(2)].concat()),
    ] {
        let notes = Notes::default();
        let trainer = trainer(room, None, || unreachable!("nothing is poisoned"));
        let summary = execute_by(&trainer, &cohorts, &options(2), &Stop::default(), &notes).unwrap();
        assert_eq!(summary, Summary { finished: 24, ..Summary::default() }, "room for {room}");
        assert_eq!(*notes.halved.lock().unwrap(), halved, "room for {room}");
        assert_eq!(*notes.failures.lock().unwrap(), [""; 0], "room for {room}");
        assert_eq!(digests(notes), plain, "room for {room}");
    }
}

#[test]
fn where_not_even_one_run_fits_it_has_failed() {
    let notes = Notes::default();
    let trainer = trainer(0, None, || unreachable!("nothing is poisoned"));
    let summary = execute_by(&trainer, &one_cohort(), &options(1), &Stop::default(), &notes).unwrap();
    assert_eq!(summary, Summary { failed: 24, ..Summary::default() });
    assert_eq!(notes.halved.lock().unwrap().len(), 23, "down to one run each");
    let ended = notes.ended.into_inner().unwrap();
    assert_eq!(ended.len(), 24);
    let reason = "Internal torch error: CUDA out of memory. Tried to allocate 7 bytes";
    assert!(ended.iter().all(|(_, outcome)| outcome.reason.as_deref() == Some(reason)), "{:?}", ended[0].1.reason);
}

#[test]
fn a_poisoned_run_fails_alone_whatever_the_room_and_the_way() {
    let cohorts = one_cohort();
    let plain = Notes::default();
    execute(&cohorts, &options(1), &Stop::default(), &plain).unwrap();
    let plain = digests(plain);
    let poisoned = cohorts[0].runs[9].id;
    for room in [24, 12, 4, 1] {
        for panics in [false, true] {
            let notes = Notes::default();
            let fail = || if panics { panic!("poison\nin a stack") } else { anyhow::bail!("poison\nin a trace") };
            let trainer = trainer(room, Some(poisoned), fail);
            let summary = execute_by(&trainer, &cohorts, &options(2), &Stop::default(), &notes).unwrap();
            assert_eq!(summary, Summary { finished: 23, failed: 1, ..Summary::default() });
            assert_eq!(*notes.failures.lock().unwrap(), ["poison"], "only the part that held it was tried run by run");
            for (id, outcome) in notes.ended.lock().unwrap().iter() {
                let reason = (*id == poisoned).then_some("poison");
                assert_eq!(outcome.reason.as_deref(), reason);
                assert!(*id == poisoned || outcome.digest == plain[id], "room for {room}");
            }
            assert_eq!(digests(notes).len(), 24);
        }
    }
}

#[test]
fn failures_for_lack_of_memory_are_told_from_others() {
    for text in [
        "Internal torch error: CUDA out of memory. Tried to allocate 2.00 GiB.",
        "Internal torch error: x\nc10::OutOfMemoryError",
        "CUDA error: out of memory\nCUDA kernel errors might be reported later",
        "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    ] {
        let first = text.lines().next().unwrap().to_owned();
        assert_eq!(Failure::of(text), Failure::Memory(first));
    }
    assert_eq!(Failure::of("mat1 and mat2 shapes\nbelow"), Failure::Other("mat1 and mat2 shapes".into()));
}

#[test]
fn every_device_has_its_workers_and_records_name_it() {
    let devices = vec![Device::Cuda(0), Device::Cuda(2)];
    assert_eq!(Options { devices: devices.clone(), ..options(8) }.workers(), devices);
    assert_eq!(options(3).workers(), [Device::Cpu; 3]);

    let cohorts = plan(SMALL).cohorts;
    let count = cohorts.len();
    assert!(count >= 3);
    // Each worker waits for the others in its first cohort, so that all take part.
    let barrier = std::sync::Barrier::new(2);
    let seen = Mutex::new(HashMap::<Device, usize>::new());
    let trainer = |members: &[Member<'_>], context: &Context<'_>| {
        let first = {
            let mut seen = seen.lock().unwrap();
            let cohorts = seen.entry(context.device).or_default();
            *cohorts += 1;
            *cohorts == 1
        };
        if first {
            barrier.wait();
        }
        let device = context.device.to_string();
        let mut ends = train(members, &Context { device: Device::Cpu, ..*context })?;
        for end in &mut ends {
            let End::Ended(outcome) = end else { panic!("nothing stops it") };
            outcome.device.clone_from(&device);
        }
        Ok(ends)
    };
    let notes = Notes::default();
    execute_by(&trainer, &cohorts, &Options { devices, ..options(8) }, &Stop::default(), &notes).unwrap();
    let seen = seen.into_inner().unwrap();
    assert_eq!((seen.len(), seen.values().sum::<usize>()), (2, count), "{seen:?}");
    let ended = notes.ended.into_inner().unwrap();
    assert_eq!(ended.len(), 24);
    for device in ["cuda:0", "cuda:2"] {
        assert!(ended.iter().any(|(_, outcome)| outcome.device == device), "{device}");
    }
}

#[test]
fn a_time_limit_ends_runs_with_their_reason() {
    let slow = SMALL.replace("epochs: 4", "epochs: 100000");
    let options = Options { time_limit: Some(Duration::from_millis(20)), ..options(2) };
    let notes = Notes::default();
    let summary = execute(&plan(&slow).cohorts, &options, &Stop::default(), &notes).unwrap();
    assert_eq!(summary.timed_out, 24);
    let ended = notes.ended.into_inner().unwrap();
    assert!(ended.iter().all(|(_, outcome)| outcome.reason.as_ref().unwrap().contains("time limit of 0.02 s")));
}

#[test]
fn an_estimate_is_of_the_right_size() {
    let longer = plan(&SMALL.replace("epochs: 4", "epochs: 400"));
    let [estimated, by_two] = [1, 2].map(|jobs| estimate(&longer.cohorts, Device::Cpu, jobs).as_secs_f64());
    let began = now();
    execute(&longer.cohorts, &options(1), &Stop::default(), &Notes::default()).unwrap();
    let took = began.elapsed().as_secs_f64();
    // Not a test of speed: within a factor that no noise of a shared machine reaches.
    for estimated in [estimated, 2.0 * by_two] {
        assert!(estimated > took / 30.0 && estimated < took * 30.0, "{estimated} {took}");
    }
}
