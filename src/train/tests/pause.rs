//! A run that is paused between two epochs and goes on later ends with the same bits, wherever and however often.

use std::cell::Cell;

use super::*;

/// Trains until an epoch, at which everything is paused, if it comes to that.
fn until(device: Device, pause: u32, members: &[Member<'_>]) -> Vec<End> {
    let watch = |epoch: u32| if epoch == pause { Watch::Pause } else { Watch::GoOn };
    let context =
        Context { device, catalogue: &Catalogue::default(), watch: &watch, measuring: &|| Watch::GoOn, profile: None };
    train(members, &context).unwrap()
}

/// Trains runs with a pause after each of these numbers of epochs; gives the outcomes, and how many checkpoints there were.
fn with_pauses(device: Device, configurations: &[(&Configuration, u64)], pauses: &[u32]) -> (Vec<Outcome>, usize) {
    let mut ends: Vec<Option<End>> = configurations.iter().map(|_| None).collect();
    let mut paused = 0;
    for &pause in pauses.iter().chain([&u32::MAX]) {
        let going: Vec<usize> = (0..ends.len()).filter(|&run| !matches!(ends[run], Some(End::Ended(_)))).collect();
        let member = |&run: &usize| Member {
            configuration: configurations[run].0,
            seeds: seeds(configurations[run].1),
            checkpoint: match &ends[run] {
                Some(End::Paused(checkpoint)) => Some(checkpoint),
                _ => None,
            },
        };
        let new = until(device, pause, &going.iter().map(member).collect::<Vec<_>>());
        paused += new.iter().filter(|end| matches!(end, End::Paused(_))).count();
        for (run, end) in going.into_iter().zip(new) {
            ends[run] = Some(end);
        }
    }
    (ends.into_iter().map(|end| end.unwrap().outcome().unwrap()).collect(), paused)
}

/// How runs ended; a digest is of curve, measures and weights.
fn ends(outcomes: &[Outcome]) -> Vec<(Status, u32, &str)> {
    outcomes.iter().map(|outcome| (outcome.status, outcome.epochs_done, outcome.digest.as_str())).collect()
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    let mut stream = Stream::new(13, "pauses", 0);
    let mut checkpoints = 0;
    for case in 0..300u64 {
        let configuration = drawn(&mut stream);
        let epochs = u64::from(configuration.epochs);
        let pauses: Vec<u32> = (0..=stream.below(3)).map(|_| 1 + stream.below(epochs) as u32).collect();
        let runs = [(&configuration, case), (&configuration, case + 1)];
        let whole = train_on(Device::Cpu, &runs);
        let (parts, paused) = with_pauses(Device::Cpu, &runs, &pauses);
        checkpoints += paused;
        assert_eq!(ends(&whole), ends(&parts), "case {case}, paused after {pauses:?}: {configuration:?}");
    }
    assert!(checkpoints > 300, "{checkpoints} checkpoints");
}

/// Trains runs on the processor, and gives measuring up at one of the times that it asks.
fn given_up(members: &[Member<'_>], at: u64, verdict: &Watch) -> Vec<End> {
    let looks = Cell::new(0);
    let measuring = || {
        looks.set(looks.get() + 1);
        if looks.get() == at { verdict.clone() } else { Watch::GoOn }
    };
    let context = Context {
        device: Device::Cpu,
        catalogue: &Catalogue::default(),
        watch: &|_| Watch::GoOn,
        measuring: &measuring,
        profile: None,
    };
    train(members, &context).unwrap()
}

#[test]
fn measuring_that_is_given_up_is_done_later_to_the_same_bits() {
    let mut stream = Stream::new(14, "pauses", 0);
    let (mut paused, mut stopped) = (0, 0);
    for case in 0..150u64 {
        let configuration = drawn(&mut stream);
        let runs = [(&configuration, case), (&configuration, case + 1)];
        let whole = train_on(Device::Cpu, &runs);
        let member = |seed, checkpoint| Member { configuration: &configuration, seeds: seeds(seed), checkpoint };
        let members = [member(case, None), member(case + 1, None)];
        let at = 1 + stream.below(12);
        let ends_there = given_up(&members, at, &Watch::Pause);
        let mut parts = Vec::new();
        for (end, whole) in ends_there.into_iter().zip(&whole) {
            let checkpoint = match end {
                End::Ended(outcome) => {
                    parts.push(*outcome);
                    continue;
                }
                End::Paused(checkpoint) => checkpoint,
            };
            assert_eq!(checkpoint.epoch, whole.epochs_done, "case {case}: it had trained to its end");
            paused += 1;
            stopped += usize::from(whole.epochs_done < configuration.epochs);
            let seed = case + parts.len() as u64;
            let later = Member { configuration: &configuration, seeds: seeds(seed), checkpoint: Some(&checkpoint) };
            parts.extend(until(Device::Cpu, u32::MAX, &[later]).remove(0).outcome());
        }
        assert_eq!(ends(&whole), ends(&parts), "case {case}, given up at look {at}: {configuration:?}");
        let reasons = |outcomes: &[Outcome]| outcomes.iter().map(|one| one.reason.clone()).collect::<Vec<_>>();
        assert_eq!(reasons(&whole), reasons(&parts), "case {case}");
        for end in given_up(&members, at, &Watch::TimeOut("too long".into())) {
            let outcome = end.outcome().unwrap();
            if outcome.status == Status::TimedOut {
                assert_eq!((outcome.measures.iter().count(), outcome.reason.as_deref()), (0, Some("too long")));
                assert!(!outcome.curve.is_empty(), "case {case}");
            }
        }
    }
    assert!(paused > 100 && stopped > 5, "{paused} were paused, of which {stopped} had stopped early");
}

#[test]
fn a_run_at_its_last_epoch_does_not_run_out_of_time_in_the_epochs_of_others() {
    let configuration = small(&[]);
    let member = |seed, checkpoint| Member { configuration: &configuration, seeds: seeds(seed), checkpoint };
    let trained = match given_up(&[member(1, None)], 1, &Watch::Pause).remove(0) {
        End::Paused(checkpoint) => checkpoint,
        End::Ended(_) => panic!("paused"),
    };
    assert_eq!(trained.epoch, configuration.epochs);
    let watch = |epoch: u32| if epoch == 2 { Watch::TimeOut("too long".into()) } else { Watch::GoOn };
    let context = Context {
        device: Device::Cpu,
        catalogue: &Catalogue::default(),
        watch: &watch,
        measuring: &|| Watch::GoOn,
        profile: None,
    };
    let ends = train(&[member(1, Some(&trained)), member(2, None)], &context).unwrap();
    let [first, second] = &ends.into_iter().filter_map(End::outcome).collect::<Vec<_>>()[..] else {
        panic!("both ended")
    };
    let whole = train_on(Device::Cpu, &[(&configuration, 1)]).remove(0);
    assert_eq!((first.status, &first.digest), (Status::Finished, &whole.digest));
    assert_eq!((second.status, second.epochs_done), (Status::TimedOut, 2));
}

#[test]
fn tensors_go_on_to_the_same_bits() {
    for optimizer in ["adam", "nadam", "rmsprop", "sgd", "lbfgs"] {
        let configuration = small(&[("optimizer", word(optimizer)), ("layer_norm", word("batch"))]);
        let configuration = Configuration { batch: crate::config::Batch::Full, ..configuration };
        let runs = [(&configuration, 1), (&configuration, 2)];
        let (parts, paused) = with_pauses(Device::CpuTensors, &runs, &[2, 4]);
        assert_eq!(paused, 4);
        assert_eq!(ends(&train_on(Device::CpuTensors, &runs)), ends(&parts), "{optimizer}");
    }
}

#[test]
fn runs_that_were_paused_at_different_epochs_go_on_together() {
    let configuration = small(&[]);
    let checkpoint = |pause, seed| {
        let member = Member { configuration: &configuration, seeds: seeds(seed), checkpoint: None };
        match until(Device::Cpu, pause, &[member]).remove(0) {
            End::Paused(checkpoint) => checkpoint,
            End::Ended(_) => panic!("paused"),
        }
    };
    let checkpoints = [Some(checkpoint(2, 1)), Some(checkpoint(5, 2)), None];
    let members: Vec<_> = (1..)
        .zip(&checkpoints)
        .map(|(seed, from)| Member { configuration: &configuration, seeds: seeds(seed), checkpoint: from.as_ref() })
        .collect();
    let together: Vec<Outcome> = until(Device::Cpu, u32::MAX, &members).into_iter().filter_map(End::outcome).collect();
    let whole = train_on(Device::Cpu, &[(&configuration, 1), (&configuration, 2), (&configuration, 3)]);
    assert_eq!(ends(&together), ends(&whole));
}

#[test]
fn what_does_not_fit_is_not_taken() {
    let (narrow, wide) = (small(&[("width", Value::Whole(4))]), small(&[("width", Value::Whole(5))]));
    let member = Member { configuration: &narrow, seeds: seeds(1), checkpoint: None };
    let End::Paused(good) = until(Device::Cpu, 2, &[member]).remove(0) else { panic!("paused") };
    let mut bad = vec![Checkpoint { state: Vec::new(), ..good.clone() }];
    bad.push(Checkpoint { environment: "another".into(), ..good.clone() });
    bad.extend(
        (0..good.state.len()).step_by(7).map(|at| Checkpoint { state: good.state[..at].to_vec(), ..good.clone() }),
    );
    bad.push(Checkpoint { state: [&good.state[..], &[0]].concat(), ..good.clone() });
    let whole = train_on(Device::Cpu, &[(&narrow, 1)]);
    for checkpoint in &bad {
        let member = Member { checkpoint: Some(checkpoint), ..member };
        let outcome = until(Device::Cpu, u32::MAX, &[member]).remove(0).outcome().unwrap();
        assert_eq!(outcome.digest, whole[0].digest);
    }
    // That of another shape.
    let member = Member { configuration: &wide, seeds: seeds(1), checkpoint: Some(&good) };
    let other = until(Device::Cpu, u32::MAX, &[member]).remove(0).outcome().unwrap();
    assert_eq!(other.digest, train_on(Device::Cpu, &[(&wide, 1)])[0].digest);
}
