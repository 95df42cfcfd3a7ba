//! Tests of the configuration: canonical form, identities, wrong values.

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
fn every_word_is_taken() {
    for parameter in PARAMETERS {
        let Kind::Words(words) = parameter.kind else { continue };
        for entry in words {
            let value = match entry.argument {
                None => word(entry.name),
                Some(_) => Value::Map(vec![(entry.name.into(), Value::Whole(2))]),
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
    ]
    .into_iter()
    .map(|(name, value)| {
        parameter(name).unwrap().check(&value).map_err(|message| format!("{name}: {message}")).unwrap_err()
    })
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    task: `cubes` is not `sum`, `product` or `square`
    encoding: `polynomial` needs its degree: write `{polynomial: …}`
    encoding: the degree of `polynomial`: `0` is not a whole number from 1 to 12
    encoding: `scalar` takes no argument
    depth: `1.5` is not a whole number from 0 to 1000
    beta1: `1` is not a number ≥ 0 and < 1
    learning_rate: `fast` is not a number > 0
    batch: `0` is not a whole number ≥ 1 or `full`
    hidden: `64` is not a list of widths such as `[64, 64]`
    bias: `1` is not `true` or `false`
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
