//! Tests of the configuration: canonical form, identities, wrong values.

use std::sync::Arc;

use super::*;

fn of(entries: &[(&'static str, Value)]) -> Configuration {
    Configuration::of(&entries.iter().cloned().collect()).unwrap()
}

fn word(text: &str) -> Value {
    Value::Word(text.into())
}

#[test]
fn every_parameter_writes_what_it_reads() {
    let configuration = Configuration::default();
    for parameter in PARAMETERS {
        if let Some(value) = parameter.get(&configuration) {
            parameter.check(&value).unwrap_or_else(|message| panic!("{}: {message}", parameter.name));
        }
    }
}

#[test]
fn a_configuration_is_the_same_after_it_was_kept_beside_any_other() {
    crate::sweep::samples::check(|sample| {
        let sweep = sample.sweep();
        let grids = sweep.grids.iter().map(|grid| crate::grid::Points::of(grid).unwrap());
        let all: Vec<Configuration> =
            grids.flat_map(|points| points.iter().map(|point| point.configuration).collect::<Vec<_>>()).collect();
        let default = Arc::new(Configuration::default());
        for (one, other) in all.iter().zip(all.iter().skip(1)) {
            proptest::prop_assert_eq!(&Variation::of(one, &default).configuration(), one);
            let other = Arc::new(other.clone());
            proptest::prop_assert_eq!(&Variation::of(one, &other).configuration(), one);
            proptest::prop_assert_eq!(&Variation::of(&default, &other).configuration(), &*default);
        }
        Ok(())
    });
}

#[test]
fn every_value_of_every_parameter_can_be_kept() {
    let default = Arc::new(Configuration::default());
    for parameter in PARAMETERS {
        let words = match parameter.kind {
            Kind::Words(words) => words
                .iter()
                .map(|word| match word.argument {
                    None => Value::Word(word.name.into()),
                    Some(argument) => map(&[(word.name, some(argument.kind))]),
                })
                .collect(),
            _ => vec![some(&parameter.kind)],
        };
        for value in words {
            let mut configuration = Configuration::default();
            parameter.set(&mut configuration, Some(&value)).unwrap();
            assert_eq!(Variation::of(&configuration, &default).configuration(), configuration, "{}", parameter.name);
        }
    }
}

/// A value of a kind.
fn some(kind: &Kind) -> Value {
    match kind {
        Kind::Flag => Value::Flag(true),
        Kind::Whole { min, .. } => Value::Whole(*min),
        Kind::Number { .. } => Value::Number(0.5),
        Kind::Words(words) => word(words[0].name),
        Kind::Widths { .. } => Value::List(vec![Value::Whole(3)]),
        Kind::CountOrFull => word("full"),
        Kind::Fields(fields) => {
            Value::Map(fields.iter().map(|field| (field.name.to_owned(), some(field.kind))).collect())
        }
    }
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

#[test]
fn kinds_take_what_parameters_read() {
    let others = [
        Value::Whole(-1),
        Value::Number(0.25),
        Value::Number(f64::NAN),
        word("mse"),
        map(&[("step", map(&[("every", Value::Whole(3))]))]),
        map(&[("patience", Value::Whole(3))]),
        map(&[("patience", Value::Whole(3)), ("start", Value::Whole(1))]),
        map(&[("strength", Value::Whole(3)), ("start", Value::Whole(1)), ("end", Value::Whole(1))]),
        map(&[("huber", Value::Number(-1.0))]),
        Value::List(vec![Value::Whole(0)]),
    ];
    for parameter in PARAMETERS {
        let all = PARAMETERS.iter().map(|other| some(&other.kind)).chain(others.iter().cloned());
        for value in all {
            assert_eq!(parameter.takes(&value), parameter.check(&value).is_ok(), "{} {value}", parameter.name);
        }
    }
}

#[test]
fn every_word_is_taken() {
    for parameter in PARAMETERS {
        let Kind::Words(words) = parameter.kind else { continue };
        for entry in words {
            let value = match entry.argument {
                None => word(entry.name),
                Some(argument) => Value::Map(vec![(entry.name.into(), some(argument.kind))]),
            };
            parameter.check(&value).unwrap();
        }
    }
}

#[test]
fn what_trains_alike_is_equal() {
    let plain = of(&[("normalization", word("max"))]);
    let sides = of(&[("input_normalization", word("max")), ("target_normalization", word("max"))]);
    assert_eq!(plain, sides);
    assert_eq!(configuration_id(&plain), configuration_id(&sides));

    let idle = of(&[("optimizer", word("sgd")), ("beta1", Value::Number(0.5))]);
    assert_eq!(configuration_id(&idle), configuration_id(&of(&[("optimizer", word("sgd"))])));

    let full = of(&[("batch", word("full"))]);
    assert_eq!(full, of(&[("batch", Value::Whole(1000))]));
    assert_eq!(of(&[("hidden", Value::List(vec![]))]), of(&[("depth", Value::Whole(0))]));
    let alike = of(&[("hidden", Value::List(vec![Value::Whole(32); 3]))]);
    assert_eq!(alike, of(&[("depth", Value::Whole(3)), ("width", Value::Whole(32))]));
    let first_degree = Value::Map(vec![("polynomial".into(), Value::Whole(1))]);
    assert_eq!(of(&[("encoding", first_degree)]), Configuration::default());
    assert_eq!(of(&[("learning_rate", Value::Whole(1))]), of(&[("learning_rate", Value::Number(1.0))]));
}

#[test]
fn what_may_be_absent_is_none() {
    for name in ["hidden", "clip_norm", "early_stop"] {
        let known = parameter(name).unwrap();
        assert!(known.optional && known.is_none(&word("none")), "{name}");
        let none = of(&[(known.name, word("none"))]);
        assert_eq!(none, Configuration::default(), "{name}");
        assert_eq!(configuration_id(&none), configuration_id(&Configuration::default()), "{name}");
    }
    assert!(parameter("depth").unwrap().check(&word("none")).is_err());
    assert_eq!(PARAMETERS.iter().filter(|parameter| parameter.optional).count(), 3);
}

#[test]
fn what_trains_alike_and_differs_is_known() {
    // Identities that are older than this was known: see `Configuration::of`.
    assert_ne!(of(&[("optimizer", word("adam"))]), of(&[("optimizer", word("adamw"))]));
    let step = map(&[("step", map(&[("every", Value::Whole(3)), ("factor", Value::Number(0.5))]))]);
    let warm = [("epochs", Value::Whole(6)), ("warmup", Value::Whole(4))];
    let stepped: Vec<_> = warm.iter().cloned().chain([("schedule", step)]).collect();
    assert_ne!(of(&warm), of(&stepped));
}

#[test]
fn schedules_that_change_nothing_are_constant() {
    let step =
        |every, factor| map(&[("step", map(&[("every", Value::Whole(every)), ("factor", Value::Number(factor))]))]);
    let exponential = |factor| map(&[("exponential", Value::Number(factor))]);
    for schedule in [step(500, 0.5), step(600, 0.5), step(10, 1.0), exponential(1.0)] {
        assert_eq!(of(&[("schedule", schedule.clone())]), Configuration::default(), "{schedule}");
    }
    for schedule in [step(499, 0.5), exponential(0.999), word("linear")] {
        assert_ne!(of(&[("schedule", schedule.clone())]), Configuration::default(), "{schedule}");
    }
    let stop = |patience| of(&[("early_stop", map(&[("patience", Value::Whole(patience))]))]);
    assert_eq!(stop(500), Configuration::default());
    assert_ne!(stop(499), stop(498));
    let nau = |entries: &[(&str, Value)]| of(&[("layer", word("nau")), ("sparsity", map(entries))]);
    let none = ("strength", Value::Whole(0));
    assert_eq!(nau(std::slice::from_ref(&none)), nau(&[none, ("start", Value::Number(0.3))]));
    let papers = [("strength", Value::Number(0.01)), ("start", Value::Number(0.2)), ("end", Value::Number(0.4))];
    assert_eq!(nau(&papers), of(&[("layer", word("nau"))]));
}

#[test]
fn what_trains_differently_differs() {
    let base = Configuration::default();
    let changes = [
        ("task", word("sum")),
        ("operands", Value::Whole(2)),
        ("largest", Value::Whole(999)),
        ("encoding", Value::Map(vec![("polynomial".into(), Value::Whole(2))])),
        ("input_normalization", word("max")),
        ("target_normalization", word("max")),
        ("normalization", word("max")),
        ("hidden", Value::List(vec![Value::Whole(64), Value::Whole(32)])),
        ("depth", Value::Whole(3)),
        ("bias", Value::Flag(false)),
        ("epsilon", Value::Number(1e-8)),
        ("task", word("sine")),
        ("noise", Value::Number(0.1)),
        ("encoding", map(&[("fourier", Value::Whole(4))])),
        ("encoding", map(&[("cosine", Value::Whole(4))])),
        ("layer", word("nau")),
        ("layer_norm", word("rms")),
        ("dropout", Value::Number(0.1)),
        ("init", word("siren")),
        ("optimizer", word("adamw")),
        ("weight_decay", Value::Number(0.1)),
        ("clip_norm", Value::Number(1.0)),
        ("schedule", map(&[("step", map(&[("every", Value::Whole(3)), ("factor", Value::Number(0.5))]))])),
        ("schedule", map(&[("step", map(&[("every", Value::Whole(4)), ("factor", Value::Number(0.5))]))])),
        ("warmup", Value::Whole(3)),
        ("loss", word("mae")),
        ("early_stop", map(&[("patience", Value::Whole(3))])),
        ("numerics", word("portable")),
    ];
    let mut ids = std::collections::BTreeSet::from([configuration_id(&base)]);
    for change in changes {
        assert!(ids.insert(configuration_id(&of(std::slice::from_ref(&change)))), "{change:?}");
    }
    let seeds = Seeds { data: 0, init: 0, shuffle: 0 };
    assert_ne!(run_id(&base, seeds), run_id(&base, Seeds { init: 1, ..seeds }));
}

#[test]
fn identities_are_pinned_for_ever() {
    let seeds = Seeds { data: 3, init: 3, shuffle: 3 };
    let one = of(&[("task", word("sum")), ("activation", word("linear")), ("learning_rate", Value::Number(0.01))]);
    insta::assert_snapshot!(
        format!("{} {} {}", configuration_id(&Configuration::default()), configuration_id(&one), run_id(&one, seeds)),
        @"8dfd4aac01a9d3e51f3e 73cbecaf5c2a0f17c3bb 30c546814c055d6e174b"
    );
}

#[test]
fn wrong_values_say_what_is_allowed() {
    let messages: Vec<String> = [
        ("task", word("cubes")),
        ("encoding", word("polynomial")),
        ("encoding", Value::Map(vec![("polynomial".into(), Value::Whole(0))])),
        ("encoding", Value::Map(vec![("scalar".into(), Value::Whole(1))])),
        ("depth", Value::Number(1.5)),
        ("beta1", Value::Number(1.0)),
        ("learning_rate", word("fast")),
        ("batch", Value::Whole(0)),
        ("hidden", Value::Whole(64)),
        ("bias", Value::Whole(1)),
        ("early_stop", Value::Whole(5)),
        ("early_stop", map(&[("metric", word("test_loss"))])),
        ("early_stop", map(&[("patience", Value::Whole(3)), ("delta", Value::Whole(3))])),
        ("early_stop", map(&[("patience", Value::Whole(3)), ("metric", word("accuracy"))])),
        ("schedule", map(&[("step", map(&[("every", Value::Whole(3)), ("factor", Value::Whole(2))]))])),
        ("sparsity", map(&[("strength", Value::Whole(3)), ("end", Value::Number(0.1))])),
    ]
    .into_iter()
    .map(|(name, value)| {
        parameter(name).unwrap().check(&value).map_err(|message| format!("{name}: {message}")).unwrap_err()
    })
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    task: `cubes` is not `sum`, `difference`, `product`, `square`, `cube`, `sqrt`, `reciprocal`, `quotient`, `max` or `sine`
    encoding: `polynomial` needs its degree: write `{polynomial: …}`
    encoding: the degree of `polynomial`: `0` is not a whole number from 1 to 12
    encoding: `scalar` takes no argument
    depth: `1.5` is not a whole number from 0 to 1000
    beta1: `1.0` is not a number ≥ 0 and < 1
    learning_rate: `fast` is not a number > 0
    batch: `0` is not a whole number from 1 to 4294967295 or `full`
    hidden: `64` is not a list of widths such as `[64, 64]` or `none`
    bias: `1` is not `true` or `false`
    early_stop: `5` is not `{metric: …, patience: …, min_delta: …}` or `none`
    early_stop: its `patience` is missing
    early_stop: `delta` is none of its settings, which are `metric`, `patience`, `min_delta`
    early_stop: its `metric`: `accuracy` is not `train_loss`, `test_loss` or `test_rmse`
    schedule: the decay of `step`: its `factor`: `2` is not a number > 0 and ≤ 1
    sparsity: it would be whole at 0.1 of the run, before it begins to grow at 0.2
    ");
}

#[test]
fn conflicts_name_two_parameters() {
    let log = conflict(&of(&[("normalization", word("log")), ("encoding", word("binary"))])).unwrap();
    assert_eq!(log.parameters, ["normalization", "encoding"]);
    let large = of(&[("task", word("product")), ("operands", Value::Whole(6))]);
    assert_eq!(conflict(&large).unwrap().parameters, ["operands", "largest"]);
    assert_eq!(conflict(&Configuration::default()), None);
}

type Entries<'a> = &'a [(&'static str, Value)];

#[test]
fn what_cannot_work_is_refused() {
    let count = |name: &str, argument| map(&[(name, Value::Whole(argument))]);
    let refused = |entries: Entries<'_>| conflict(&of(entries)).map(|conflict| conflict.parameters);
    let largest = |largest| ("largest", Value::Whole(largest));
    // One that is refused, and one beside it that is not.
    let cases: &[([&str; 2], Entries<'_>, Entries<'_>)] = &[
        (
            ["operands", "task"],
            &[("task", word("quotient")), ("operands", Value::Whole(1))],
            &[("task", word("quotient"))],
        ),
        (["largest", "task"], &[("task", word("sine")), largest(2)], &[("task", word("sine")), largest(3)]),
        (["largest", "task"], &[("task", word("cube")), largest(104_032)], &[("task", word("cube")), largest(104_031)]),
        (
            ["normalization", "task"],
            &[("task", word("difference")), ("normalization", word("log"))],
            &[("task", word("difference")), ("input_normalization", word("log"))],
        ),
        (
            ["target_normalization", "noise"],
            &[("noise", Value::Number(0.1)), ("target_normalization", word("log"))],
            &[("noise", Value::Number(0.1)), ("input_normalization", word("log"))],
        ),
        (
            ["input_normalization", "encoding"],
            &[("encoding", count("cosine", 3)), ("input_normalization", word("log"))],
            &[("encoding", word("sqrt")), ("input_normalization", word("log"))],
        ),
        (
            ["encoding", "largest"],
            &[("encoding", count("onehot", 11)), largest(10)],
            &[("encoding", count("onehot", 10)), largest(10)],
        ),
        (
            ["encoding", "largest"],
            &[("encoding", count("ramps", 9)), largest(10)],
            &[("encoding", count("ramps", 8)), largest(10)],
        ),
        (
            ["encoding", "largest"],
            &[("encoding", count("fourier", 6)), largest(10)],
            &[("encoding", count("fourier", 5)), largest(10)],
        ),
        (
            ["encoding", "operands"],
            &[("encoding", count("onehot", 4096)), largest(10_000), ("operands", Value::Whole(2))],
            &[("encoding", count("onehot", 2048)), largest(10_000), ("operands", Value::Whole(2))],
        ),
        (
            ["input_normalization", "encoding"],
            &[("encoding", count("polynomial", 12)), ("input_normalization", word("none"))],
            &[("encoding", count("polynomial", 11)), ("input_normalization", word("none"))],
        ),
        (
            ["layer_norm", "hidden"],
            &[("layer_norm", word("layer")), ("hidden", Value::List(vec![Value::Whole(4), Value::Whole(1)]))],
            &[("layer_norm", word("batch")), ("hidden", Value::List(vec![Value::Whole(4), Value::Whole(1)]))],
        ),
        (
            ["layer_norm", "batch"],
            &[("layer_norm", word("batch")), ("batch", Value::Whole(999))],
            &[("layer_norm", word("layer")), ("batch", Value::Whole(999))],
        ),
        (
            ["batch", "optimizer"],
            &[("optimizer", word("lbfgs")), ("batch", Value::Whole(999))],
            &[("optimizer", word("lbfgs")), ("batch", Value::Whole(1000))],
        ),
        (
            ["dropout", "optimizer"],
            &[("optimizer", word("lbfgs")), ("dropout", Value::Number(0.5))],
            &[("optimizer", word("lbfgs")), ("dropout", Value::Whole(0))],
        ),
        (["warmup", "epochs"], &[("warmup", Value::Whole(500))], &[("warmup", Value::Whole(499))]),
    ];
    for (parameters, wrong, right) in cases {
        assert_eq!(refused(wrong).as_ref(), Some(parameters), "{wrong:?}");
        assert_eq!(refused(right), None, "{right:?}");
    }
}
