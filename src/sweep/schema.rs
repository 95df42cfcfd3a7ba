//! The JSON Schema of sweep files, for editors: draft-07, made from the parameter table.

use serde_json::{Map, Value as Json, json};

use super::check::NAME;
use super::claims::{DEFAULT_METRIC, GOALS};
use super::replicates::{LARGEST_SEED, MOST, VARY};
use crate::config::{Field, Kind, PARAMETERS, Parameter, Value, Word};

/// The schema of sweep files.
#[must_use]
pub fn schema() -> Json {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Ablate sweep",
        "description": "A sweep of Ablate: what to train, how often, and what to make of it.",
        "type": "object",
        "required": ["version", "name"],
        "not": {"required": ["grid", "grids"]},
        "additionalProperties": false,
        "properties": {
            "version": {"description": "Version of this format.", "const": 1},
            "name": {
                "description": "Names the folders of results and reports.",
                "type": "string", "pattern": format!("^{NAME}$"),
            },
            "question": {"description": "What the sweep is to find out.", "type": "string", "minLength": 1},
            "metric": metric(),
            "base": reference("base"),
            "grid": reference("axes"),
            "grids": {
                "description": "A union of named grids.",
                "type": "object", "minProperties": 1,
                "propertyNames": {"pattern": format!("^{NAME}$")},
                "additionalProperties": reference("grid"),
            },
            "exclude": reference("exclude"),
            "replicates": replicates(),
            "claims": claims(),
        },
        "definitions": definitions(),
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
            "name": {"description": "A measure of the results.", "type": "string", "default": DEFAULT_METRIC},
            "goal": {
                "description": "Which end of it is good.",
                "enum": GOALS.iter().map(|(word, _)| *word).collect::<Vec<_>>(), "default": GOALS[0].0,
            },
        },
    })
}

fn replicates() -> Json {
    json!({
        "description": "How often each configuration is trained, and under which seeds.",
        "type": "object", "additionalProperties": false,
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
    let text = |doc: &str| json!({"description": doc, "type": "string", "minLength": 1});
    json!({
        "description": "Statements about the results, which the report tests.",
        "type": "array",
        "items": {
            "type": "object", "required": ["name", "expect"], "additionalProperties": false,
            "properties": {
                "name": text("What is claimed, in words."),
                "where": text("The runs that it is about: SQL over the columns of the results; all runs where absent."),
                "expect": text("What must be true of them: SQL over the columns of the results."),
            },
        },
    })
}

fn definitions() -> Json {
    let of_all = |each: &dyn Fn(&Parameter) -> Json| -> Map<String, Json> {
        PARAMETERS.iter().map(|parameter| (parameter.name.to_string(), each(parameter))).collect()
    };
    let value = |parameter: &Parameter| reference(&format!("parameter.{}", parameter.name));
    let values = |parameter: &Parameter| {
        json!({
            "description": describe(parameter),
            "type": "array", "minItems": 1, "uniqueItems": true, "items": value(parameter),
        })
    };
    let object = |doc: &str, properties: Map<String, Json>| {
        json!({
            "description": doc,
            "type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties,
        })
    };
    let mut definitions = json!({
        "base": object("Parameters with one value.", of_all(&value)),
        "axes": object("Axes: parameters with several values. The grid is the product of all.", of_all(&values)),
        "exclude": {
            "description": "Points to leave out: all that match every value of one entry.",
            "type": "array", "items": object("Points that have all of these values are left out.", of_all(&value)),
        },
        "grid": {
            "description": "One grid: the product of its axes over its base values.",
            "type": "object", "additionalProperties": false,
            "properties": {"base": reference("base"), "grid": reference("axes"), "exclude": reference("exclude")},
        },
    });
    // All on one level: one deeper, the parameter `examples` would be read as the keyword.
    for known in PARAMETERS {
        definitions[format!("parameter.{}", known.name)] = parameter(known);
    }
    definitions
}

fn parameter(parameter: &Parameter) -> Json {
    let mut schema = kind(&parameter.kind);
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
        Kind::CountOrFull => put("oneOf", json!([{"type": "integer", "minimum": 1}, {"const": "full"}])),
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
            for (definition, part) in [("base", "$ref"), ("axes", "items")] {
                let entry = &schema()["definitions"][definition]["properties"][parameter.name][part];
                assert!(!entry.is_null(), "{} in {definition}", parameter.name);
            }
            assert!(definition(parameter.name)["description"].is_string(), "{}", parameter.name);
        }
    }

    #[test]
    fn settings_are_objects() {
        let stop = definition("early_stop");
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
        assert_eq!(default("hidden"), None);
        assert_eq!(default("input_normalization"), None);
    }
}
