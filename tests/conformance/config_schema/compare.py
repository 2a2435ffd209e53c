"""The JSON Schema of the config file against an independent validator and against the loader.

compare.py BINARY: the schema must be valid, take every good file that the loader takes, refuse every bad one, and agree
with the loader on unknown keys and wrong types at every place of a file that has every key.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
FILES = ROOT / "tests/unit/config_file"
# Their members are free.
FREE = ("override_params", "query", "providers", "routes", "aliases", "guardrails")
# The schema does not know the checks of guardrails.
GUARDRAILS = ("guardrails", "input_guardrails", "output_guardrails", "before_request_hooks", "after_request_hooks",
              "input_mutators", "output_mutators", "default_input_guardrails", "default_output_guardrails")


class Loader:
    def __init__(self, binary):
        self.binary = binary

    def takes(self, path):
        return subprocess.run([self.binary, "check", path], capture_output=True).returncode == 0

    def takes_value(self, value):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(value, file)
            file.flush()
            return self.takes(file.name)


def places(value, path=()):
    """Every value with its path."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from places(child, path + (key,))


def changed(document, path, change):
    result = copy.deepcopy(document)
    if not path:
        return change(result)
    at = result
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = change(at[path[-1]])
    return result


def mutations(document):
    """(what was done, the document with an unknown key or a value of a wrong type)"""
    for path, value in places(document):
        if any(key in FREE[:2] + GUARDRAILS for key in path[:-1]) or (path and path[-1] in FREE[:2]):
            continue
        if isinstance(value, dict) and not (len(path) == 1 and path[0] in FREE):
            yield f"{path}: unknown key", changed(document, path, lambda old: {**old, "surprise": "x"})
        for wrong in ([[]], {"surprise": 1}, 1, "surprise", True):
            if path and type(wrong) is not type(value) and not (isinstance(value, float) and wrong == 1):
                yield f"{path}: {wrong!r}", changed(document, path, lambda old, wrong=wrong: wrong)


def main():
    loader = Loader(sys.argv[1])
    schema = json.loads((ROOT / "docs/config.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    problems = []

    def expect(condition, what):
        if not condition:
            problems.append(what)

    for path in sorted(FILES.glob("good/*")):
        error = next(validator.iter_errors(yaml.safe_load(path.read_text())), None)
        expect(error is None, f"{path.name}: the schema refuses it: {error and error.message}")
        expect(loader.takes(path), f"{path.name}: the loader refuses it")
    for path in sorted(FILES.glob("bad/*")):
        expect(not validator.is_valid(yaml.safe_load(path.read_text())), f"{path.name}: the schema takes it")
        expect(not loader.takes(path), f"{path.name}: the loader takes it")
    example = (ROOT / "docs/configuration.md").read_text().split("```yaml\n")[1].split("```")[0]
    expect(validator.is_valid(yaml.safe_load(example)), "the schema refuses the documentation's example")

    everything = yaml.safe_load((FILES / "good/everything.yaml").read_text())
    count = 0
    for what, document in mutations(everything):
        count += 1
        by_schema, by_loader = validator.is_valid(document), loader.takes_value(document)
        # The loader knows more: which names there are.
        expect(by_schema or not by_loader, f"{what}: the schema refuses what the loader takes")
        if what.endswith("unknown key") or "[[]]" in what or "surprise': 1" in what:
            expect(not by_schema, f"{what}: the schema takes it")
            expect(not by_loader, f"{what}: the loader takes it")
    expect(count > 300, f"only {count} changes")
    print("\n".join(problems) or f"the schema and the loader agree on {count} changes")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
