//! The JSON Schema of sweep files, for editors: draft-07, made from the parameter table.

use serde_json::{Map, Value as Json, json};

use super::check::{GRID, MOST_GRIDS, NAME, OF_ONE_GRID};
use super::claims::{DEFAULT_METRIC, GOALS};
use super::diagnostic::MOST_LISTED;
use super::replicates::{LARGEST_SEED, MOST, VARY};
use super::sampling::{METHODS, MOST as MOST_DRAWN};
use crate::config::{Field, Kind, NONE, PARAMETERS, Parameter, Value, Word};

/// The schema of sweep files.
#[must_use]
pub fn schema() -> Json {
    let alone: Vec<Json> = OF_ONE_GRID.iter().map(|name| json!({"required": [name]})).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Ablate sweep",
        "description": "A sweep of Ablate: what to train, how often, and what to make of it.",
        "type": "object",
        "required": ["version", "name"],
        // Beside named grids, each of them has its own.
        "not": {"required": ["grids"], "anyOf": alone},
        "allOf": [reference("block")],
        "additionalProperties": false,
        "properties": {
            "version": {"description": "Version of this format.", "const": 1},
            "name": {
                "description": "Names the folders of results and reports.",
                "type": "string", "pattern": a_name(),
            },
            "question": a_text("What the sweep is to find out."),
            "metric": metric(),
            "base": reference("base"),
            "grid": reference("axes"),
            "grids": {
                "description": "A union of named grids.",
                "type": "object", "minProperties": 1, "maxProperties": MOST_GRIDS,
                "propertyNames": {"pattern": a_name()},
                "additionalProperties": reference("grid"),
            },
            "zip": reference("zip"),
            "exclude": reference("exclude"),
            "constraints": reference("constraints"),
            "include": reference("include"),
            "sample": reference("sample"),
            "replicates": reference("replicates"),
            "claims": claims(),
        },
        "definitions": definitions(),
    })
}

/// The pattern of names, which no line ends after: to some validators `$` is also before the last of them.
fn a_name() -> String {
    format!("^{NAME}(?!\\n)$")
}

/// The pattern of text that says something.
const SOMETHING: &str = "\\S";

fn a_text(doc: &str) -> Json {
    json!({"description": doc, "type": "string", "pattern": SOMETHING})
}

/// What has to do with several keys of a grid: a sample is one of axes; intervals are for samples; and an axis, also one of
/// a zip, has no value in `base` beside it.
fn block() -> Json {
    let twice = |parameter: &Parameter| {
        let has = json!({"required": [parameter.name]});
        let one_has = json!({"not": {"additionalProperties": {"not": has}}});
        json!({"required": ["base"], "properties": {"base": has}, "anyOf": [
            {"required": ["grid"], "properties": {"grid": has}},
            {"required": ["zip"], "properties": {"zip": one_has}},
        ]})
    };
    json!({
        "dependencies": {"sample": {"anyOf": [{"required": ["grid"]}, {"required": ["zip"]}]}},
        "if": {"not": {"required": ["sample"]}},
        "then": {"properties": {"grid": {"additionalProperties": reference("listed")}}},
        "not": {"anyOf": PARAMETERS.iter().map(twice).collect::<Vec<_>>()},
    })
}

fn reference(definition: &str) -> Json {
    json!({"$ref": format!("#/definitions/{definition}")})
}

fn metric() -> Json {
    json!({
        "description": "What ranks configurations.",
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": {
                "description": "A measure of the results.",
                "type": "string", "pattern": SOMETHING, "default": DEFAULT_METRIC,
            },
            "goal": {
                "description": "Which end of it is good; without it, large values of measures on _r2 and _exact, else small ones.",
                "enum": GOALS.iter().map(|(word, _)| *word).collect::<Vec<_>>(),
            },
        },
    })
}

fn replicates() -> Json {
    json!({
        "description": "How often each configuration is trained, and under which seeds.",
        "type": "object", "additionalProperties": false,
        // Several replicates of which nothing varies would be one run.
        "if": {"required": ["count"], "properties": {"count": {"minimum": 2}}},
        "then": {"properties": {"vary": {"minItems": 1}}},
        "properties": {
            "count": {
                "description": "Runs of each configuration.",
                "type": "integer", "minimum": 1, "maximum": MOST, "default": 1,
            },
            "seed": {
                "description": "The seed of the first; each following one is one more.",
                "type": "integer", "minimum": 0, "maximum": LARGEST_SEED, "default": 0,
            },
            "vary": {
                "description": "What a replicate draws anew; the rest is shared by all replicates.",
                "type": "array", "items": {"enum": VARY}, "uniqueItems": true, "default": VARY,
            },
        },
    })
}

fn claims() -> Json {
    json!({
        "description": "Statements about the results, which the report tests.",
        "type": "array",
        "items": {
            "type": "object", "required": ["name"], "additionalProperties": false,
            "anyOf": [{"required": ["expect"]}, {"required": ["compare"]}],
            "properties": {
                "name": a_text("What is claimed, in words."),
                "where": a_text("The runs that it is about: SQL over the columns of the results; all runs where absent."),
                "expect": a_text("What must be true of them: SQL over the columns of the results."),
                "compare": {
                    "description": "Two sets of runs, of which the first must be better, seed by seed.",
                    "type": "object", "required": ["a", "b"], "additionalProperties": false,
                    "properties": {
                        "a": a_text("The runs that must be better: SQL over the columns of the results."),
                        "b": a_text("The runs that they are compared with."),
                        "metric": a_text("A numeric column of the results; the sweep's metric where absent."),
                    },
                },
            },
        },
    })
}

fn definitions() -> Json {
    let of_all = |each: &dyn Fn(&Parameter) -> Json| -> Map<String, Json> {
        PARAMETERS.iter().map(|parameter| (parameter.name.to_string(), each(parameter))).collect()
    };
    let value = |parameter: &Parameter| reference(&format!("parameter.{}", parameter.name));
    let an_axis = |parameter: &Parameter| reference(&format!("axis.{}", parameter.name));
    let object = |doc: &str, properties: Map<String, Json>| {
        json!({
            "description": doc,
            "type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties,
        })
    };
    let mut base = object("Parameters with one value.", of_all(&value));
    base["not"] = json!({"required": ["hidden"], "anyOf": [{"required": ["depth"]}, {"required": ["width"]}]});
    let mut definitions = json!({
        "base": base,
        "axes": object("Axes: parameters with several values. The grid is the product of all.", of_all(&an_axis)),
        "zip": {
            "description": "Axes that move together: each mapping is one factor of the product.",
            "type": "object", "minProperties": 1,
            "additionalProperties": {
                "allOf": [
                    object("Axes of one length.", of_all(&|parameter| {
                        // In a zip a value may be there twice.
                        json!({"anyOf": [
                            an_axis(parameter),
                            {"type": "array", "minItems": 1, "items": value(parameter)},
                        ]})
                    })),
                    {"additionalProperties": reference("listed")},
                ],
            },
        },
        "when": object("Where the axis is there: at points that have these values.", of_all(&|parameter| {
            let one = value(parameter);
            json!({"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]})
        })),
        "exclude": {
            "description": "Points to leave out: all that match every value of one entry.",
            "type": "array", "items": object("Points that have all of these values are left out.", of_all(&value)),
        },
        "constraints": {
            "description": "Conditions in SQL over the parameters of a point; those of which one is not true are left out.",
            "type": "array", "items": {"type": "string", "pattern": SOMETHING}, "uniqueItems": true,
        },
        "include": {
            "description": "Points beside the product: the base with these values.",
            "type": "array", "items": object("A point: its values beside those of the base.", of_all(&value)),
        },
        "sample": sample(),
        "replicates": replicates(),
        "block": block(),
        "listed": {"not": {"type": "object", "anyOf": [{"required": ["uniform"]}, {"required": ["log_uniform"]}]}},
        "grid": {
            "description": "One grid: the product of its axes over its base values.",
            "type": "object", "additionalProperties": false,
            "allOf": [reference("block")],
            "properties": GRID.iter().map(|key| {
                let definition = if *key == "grid" { "axes" } else { key };
                ((*key).to_owned(), reference(definition))
            }).collect::<Map<_, _>>(),
        },
    });
    // All on one level: one deeper, the parameter `examples` would be read as the keyword.
    for known in PARAMETERS {
        definitions[format!("parameter.{}", known.name)] = parameter(known);
        definitions[format!("axis.{}", known.name)] =
            json!({"description": describe(known), "oneOf": axis(known, &value(known))});
    }
    definitions
}

/// What an axis of a parameter may be: a list of `value`, or how its values are made, and when it is there.
fn axis(parameter: &Parameter, value: &Json) -> Vec<Json> {
    let list = json!({"type": "array", "minItems": 1, "uniqueItems": true, "items": value});
    let made = |generator: &str, doc: &str, values: Json| {
        json!({
            "description": doc,
            "type": "object", "required": [generator], "additionalProperties": false,
            "properties": {generator: values, "when": reference("when")},
        })
    };
    // The ends of what is computed are numbers, also where a word is a value.
    let value = &match parameter.kind {
        Kind::CountOrFull => json!({"type": "integer", "minimum": 1, "maximum": u32::MAX}),
        _ if parameter.optional => kind(&parameter.kind),
        _ => value.clone(),
    };
    let settings = |log: bool, third: Option<(&str, Json)>| {
        // There is no ratio to 0.
        let min = if log { json!({"allOf": [value, {"exclusiveMinimum": 0}]}) } else { value.clone() };
        let mut settings = json!({
            "type": "object", "required": ["min", "max"], "additionalProperties": false,
            "properties": {"min": min, "max": value},
        });
        if let Some((name, schema)) = third {
            settings["required"].as_array_mut().expect("a list").push(name.into());
            settings["properties"][name] = schema;
        }
        settings
    };
    let mut forms = vec![list.clone(), made("values", "These values.", list)];
    let step = match parameter.kind {
        Kind::Whole { .. } | Kind::CountOrFull => json!({"type": "integer", "minimum": 1}),
        Kind::Number { .. } => json!({"type": "number", "exclusiveMinimum": 0}),
        _ => return forms,
    };
    let num = json!({"type": "integer", "minimum": 2, "maximum": MOST_LISTED});
    forms.push(made("range", "Values in equal steps, both ends included.", settings(false, Some(("step", step)))));
    forms.push(made("log_range", "Values in equal ratios, both ends included.", settings(true, Some(("num", num)))));
    forms.push(made("uniform", "Any value between; a sample draws it.", settings(false, None)));
    forms.push(made("log_uniform", "Any value between, all ratios alike; a sample draws it.", settings(true, None)));
    forms
}

fn sample() -> Json {
    json!({
        "description": "Some points, drawn from the axes, instead of all.",
        "type": "object", "required": ["method", "count"], "additionalProperties": false,
        "properties": {
            "method": {
                "description": "`sobol` spreads points evenly, `random` draws each by itself.",
                "enum": METHODS.iter().map(|(word, _)| *word).collect::<Vec<_>>(),
            },
            "count": {"description": "How many.", "type": "integer", "minimum": 1, "maximum": MOST_DRAWN},
            "seed": {
                "description": "What the draws start from.",
                "type": "integer", "minimum": 0, "maximum": LARGEST_SEED, "default": 0,
            },
        },
    })
}

fn parameter(parameter: &Parameter) -> Json {
    let mut schema = kind(&parameter.kind);
    if parameter.optional {
        schema = json!({"anyOf": [schema, {"const": NONE}]});
    }
    let fields = schema.as_object_mut().expect("a schema is an object");
    fields.insert("description".into(), describe(parameter).into());
    let default = parameter.default.trim_matches('`');
    // A default that depends on other parameters is said in words alone.
    let read = serde_json::from_str(default).unwrap_or_else(|_| Json::String(default.into()));
    if as_value(&read).is_some_and(|value| parameter.check(&value).is_ok()) {
        fields.insert("default".into(), read);
    }
    schema
}

fn as_value(json: &Json) -> Option<Value> {
    match json {
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => number.as_i64().map(Value::Whole).or_else(|| number.as_f64().map(Value::Number)),
        Json::String(word) => Some(Value::Word(word.clone())),
        _ => None,
    }
}

fn describe(parameter: &Parameter) -> String {
    let when = match parameter.when {
        "" => String::new(),
        when => format!(" Has an effect when {when}."),
    };
    format!("{} Default: {}.{when}", parameter.doc, parameter.default)
}

/// What `kind` takes, as a schema.
fn kind(kind: &Kind) -> Json {
    let mut schema = Map::new();
    let mut put = |key: &str, value: Json| {
        schema.insert(key.into(), value);
    };
    match *kind {
        Kind::Flag => put("type", "boolean".into()),
        Kind::Whole { min, max } => {
            put("type", "integer".into());
            put("minimum", min.into());
            if max < i64::MAX {
                put("maximum", max.into());
            }
        }
        Kind::Number { min, max, min_included, max_included } => {
            put("type", "number".into());
            if min.is_finite() {
                put(if min_included { "minimum" } else { "exclusiveMinimum" }, min.into());
            }
            if max.is_finite() {
                put(if max_included { "maximum" } else { "exclusiveMaximum" }, max.into());
            }
        }
        Kind::Words(words) => put("oneOf", words.iter().map(word).collect()),
        Kind::Widths { min, max } => {
            put("type", "array".into());
            put("items", json!({"type": "integer", "minimum": min, "maximum": max}));
        }
        Kind::Fields(fields) => {
            let required: Vec<&str> =
                fields.iter().filter(|field| field.default.is_none()).map(|field| field.name).collect();
            put("type", "object".into());
            put("required", json!(required));
            put("additionalProperties", false.into());
            put("properties", fields.iter().map(|known| (known.name.to_string(), field(known))).collect());
        }
        Kind::CountOrFull => {
            put("oneOf", json!([{"type": "integer", "minimum": 1, "maximum": u32::MAX}, {"const": "full"}]));
        }
    }
    Json::Object(schema)
}

fn field(field: &Field) -> Json {
    let mut schema = kind(field.kind);
    schema["description"] = field.doc.trim().into();
    if let Some(default) = field.default {
        let default = default.trim_matches('`');
        schema["default"] = serde_json::from_str(default).unwrap_or_else(|_| Json::String(default.into()));
    }
    schema
}

fn word(word: &Word) -> Json {
    let doc = word.doc.trim();
    match word.argument {
        None => json!({"const": word.name, "description": doc}),
        Some(argument) => json!({
            "description": doc,
            "type": "object", "required": [word.name], "additionalProperties": false,
            "properties": {word.name: kind(argument.kind)},
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(parameter: &str) -> Json {
        schema()["definitions"][format!("parameter.{parameter}")].clone()
    }

    #[test]
    fn every_parameter_is_there_three_times() {
        for parameter in PARAMETERS {
            for (definition, part) in [("base", "$ref"), ("axes", "$ref")] {
                let entry = &schema()["definitions"][definition]["properties"][parameter.name][part];
                assert!(!entry.is_null(), "{} in {definition}", parameter.name);
            }
            assert!(definition(parameter.name)["description"].is_string(), "{}", parameter.name);
        }
    }

    #[test]
    fn settings_are_objects() {
        let stop = definition("early_stop")["anyOf"][0].clone();
        assert_eq!((&stop["type"], &stop["required"]), (&json!("object"), &json!(["patience"])));
        assert_eq!(stop["properties"]["metric"]["default"], json!("test_loss"));
        assert_eq!(stop["properties"]["min_delta"]["default"], json!(0));
        let schedules = definition("schedule")["oneOf"].clone();
        let step =
            schedules.as_array().unwrap().iter().find_map(|word| word["properties"].get("step")).unwrap().clone();
        assert_eq!((&step["required"], &step["additionalProperties"]), (&json!(["every", "factor"]), &json!(false)));
        assert_eq!(step["properties"]["factor"]["exclusiveMinimum"], json!(0.0));
    }

    #[test]
    fn references_resolve() {
        fn visit(json: &Json, root: &Json) {
            match json {
                Json::Object(fields) => fields.iter().for_each(|(key, value)| {
                    if let (true, Some(target)) = (key == "$ref", value.as_str()) {
                        assert!(root.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                    }
                    visit(value, root);
                }),
                Json::Array(items) => items.iter().for_each(|item| visit(item, root)),
                _ => {}
            }
        }
        visit(&schema(), &schema());
    }

    #[test]
    fn defaults_are_values_where_they_depend_on_nothing() {
        let default = |name: &str| definition(name).get("default").cloned();
        assert_eq!(default("task"), Some(json!("square")));
        assert_eq!(default("epsilon"), Some(json!(1e-7)));
        assert_eq!(default("bias"), Some(json!(true)));
        assert_eq!(default("dropout"), Some(json!(0)));
        assert_eq!(default("batch"), None, "it depends on the optimizer");
        assert_eq!(default("operands"), None);
        assert_eq!(default("hidden"), Some(json!("none")));
        assert_eq!(default("input_normalization"), None);
    }
}
