"""Reads citations as others do: entries by pybtex, CITATION.cff by the schema of its format."""

import importlib.util
import json
import sys
from pathlib import Path

import jsonschema
from pybtex.database import parse_file
from ruamel.yaml import YAML

entries, citation, expected = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())

# Strict: what pybtex would only warn of is an error as well.
library = parse_file(str(entries), bib_format="bibtex")
kinds = sorted(entry.type for entry in library.entries.values())
assert kinds == expected["kinds"], kinds
results = library.entries[expected["key"]]
assert {"title", "note"} <= set(results.fields), dict(results.fields)
people = [str(person) for person in results.persons["author"]]
assert people == expected["authors"], people

# The wheel of cffconvert brings the schema of the format along; the package itself wants older libraries.
package = Path(importlib.util.find_spec("cffconvert").submodule_search_locations[0])
schema = json.loads((package / "schemas/1.2.0/schema.json").read_text())
document = YAML(typ="safe").load(citation.read_text())
validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
errors = [error.message for error in validator.iter_errors(document)]
assert not errors, errors
for part in expected["parts"]:
    assert part in document["abstract"], (part, document["abstract"])
assert document["type"] == "dataset" and document["references"][0]["type"] == "software"
document["type"] = "results"
assert list(validator.iter_errors(document)), "the schema refuses what is wrong"
print("pybtex and the schema of CITATION.cff: valid")
