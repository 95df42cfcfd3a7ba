//! Ablate's side of the speed comparison: reads requests, a line of JSON each, trains what they ask for, and answers
//! with the seconds that the epochs took. The peers in `benches/peers` speak the same.

use std::cell::Cell;
use std::io::{BufRead, Write};
use std::time::Instant;

use ablate::config::{Assignment, Configuration, Seeds, Value};
use ablate::train::{Catalogue, Context, Device, End, Member, Outcome, Profile, Watch, link_libtorch, train};
use cpu_time::ProcessTime;
use serde_json::{Value as Json, json};

fn main() {
    link_libtorch();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("requests come as lines");
        let request: Json = serde_json::from_str(&line).expect("a request is JSON");
        let reply = if request["peak"].as_bool() == Some(true) { peak() } else { answer(&request) };
        println!("{reply}");
        std::io::stdout().flush().expect("somebody listens");
    }
}

/// What one core does at best: libtorch's product of two large matrices, on MKL's path for this processor's vectors.
#[expect(clippy::disallowed_methods, reason = "a benchmark takes times")]
fn peak() -> Json {
    const SIZE: i64 = 768;
    ablate::train::fix_numeric_path();
    let matrix = tch::Tensor::ones([SIZE, SIZE], (tch::Kind::Float, tch::Device::Cpu));
    let mut product = matrix.matmul(&matrix);
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let began = Instant::now();
        product = matrix.matmul(&matrix);
        best = best.min(began.elapsed().as_secs_f64());
    }
    assert!((product.double_value(&[1, 1]) - SIZE as f64).abs() < 1.0, "libtorch multiplies");
    json!({"gflops": 2.0 * (SIZE * SIZE * SIZE) as f64 / best / 1e9})
}

/// Trains what a request asks for.
#[expect(clippy::disallowed_methods, reason = "a benchmark takes times")]
fn answer(request: &Json) -> Json {
    let configuration = configuration(request);
    let runs = request["runs"].as_u64().unwrap_or(1);
    let member = |seed| Member {
        configuration: &configuration,
        seeds: Seeds { data: seed, init: seed, shuffle: seed },
        checkpoint: None,
    };
    let members: Vec<_> = (0..runs).map(member).collect();
    let moment = || (Instant::now(), ProcessTime::now());
    let (first, last) = (Cell::new(moment()), Cell::new(moment()));
    let watch = |epoch: u32| {
        // Looked at twice only: a look costs microseconds.
        if epoch != 1 && epoch != configuration.epochs {
            return Watch::GoOn;
        }
        let now = moment();
        if epoch == 1 {
            first.set(now);
        }
        last.set(now);
        Watch::GoOn
    };
    let profile = request["profile"].as_bool().unwrap_or(false).then(Profile::default);
    let device = match request["device"].as_str() {
        Some("cpu-tensors") => Device::CpuTensors,
        Some("cuda") => ablate::train::Choice::Device(Device::Cuda(0)).resolve().expect("CUDA works")[0],
        _ => Device::Cpu,
    };
    let context = Context {
        device,
        catalogue: &Catalogue::default(),
        watch: &watch,
        measuring: &|| Watch::GoOn,
        profile: profile.as_ref(),
    };
    let began = Instant::now();
    let ends = train(&members, &context).expect("training works");
    let whole = began.elapsed().as_secs_f64();
    let outcomes: Vec<Outcome> = ends.into_iter().filter_map(End::outcome).collect();
    let losses: Vec<f64> =
        outcomes.iter().map(|outcome| outcome.curve.last().map_or(f64::NAN, |point| point.train_loss)).collect();
    // From the end of the first epoch: what comes before it is laying out, and warms the caches.
    let epochs = u64::from(configuration.epochs - 1);
    let steps = epochs * u64::from(configuration.examples.div_ceil(configuration.batch_size()));
    let shares: Vec<Json> = profile
        .iter()
        .flat_map(Profile::shares)
        .map(|(part, share)| json!([part.name(), (share * 1000.0).round() / 1000.0]))
        .collect();
    json!({
        "seconds": last.get().0.duration_since(first.get().0).as_secs_f64(),
        "cpu_seconds": last.get().1.duration_since(first.get().1).as_secs_f64(),
        "whole": whole,
        "steps": steps, "runs": runs, "loss": losses, "profile": shares,
    })
}

/// The configuration of a request: squares of standardized numbers, by the network that it names.
fn configuration(request: &Json) -> Configuration {
    let whole = |name: &str, default: i64| Value::Whole(request[name].as_i64().unwrap_or(default));
    let word = |name: &str, default: &str| Value::Word(request[name].as_str().unwrap_or(default).to_owned());
    let net: Vec<i64> = request["net"].as_array().expect("a net").iter().filter_map(Json::as_i64).collect();
    let widths = net[1..net.len() - 1].iter().map(|&width| Value::Whole(width)).collect();
    let mut assignment = Assignment::new();
    assignment.insert("hidden", Value::List(widths));
    // One more than are timed.
    assignment.insert("epochs", Value::Whole(1 + request["epochs"].as_i64().unwrap_or(10)));
    assignment.insert("examples", whole("examples", 1000));
    // The peers test nothing.
    assignment.insert("test_examples", Value::Whole(1));
    assignment.insert("batch", whole("batch", 100));
    assignment.insert("precision", word("precision", "f32"));
    assignment.insert("activation", word("activation", "relu"));
    assignment.insert("optimizer", word("optimizer", "adam"));
    assignment.insert("layer_norm", word("layer_norm", "none"));
    assignment.insert("layer", word("layer", "dense"));
    Configuration::of(&assignment).expect("values that the parameters take")
}
