#!/usr/bin/env python3
"""api-options.py OLD.json NEW.json: prints what NEW changed of the options that make the JSON form and the routes of OLD.

buf's rules look at none of them: without `sink` a field would be a member of its own, without `raw_json` a string. Both
files are images that `buf build` wrote. Exits 1 if something changed.
"""

import json
import sys

# Where an element holds others.
CHILDREN = ("messageType", "nestedType", "field", "extension", "enumType", "value", "service", "method", "oneofDecl")
HTTP = "[google.api.http]"
# What the gateway calls an rpc; nothing of it is sent.
NAMES = ("[portolan.options.v1.operation]", "[portolan.options.v1.dialect]")
BINDINGS = "additionalBindings"


def ours(element):
    """The custom options of an element; protobuf's own do not change what is sent."""
    return {name: value for name, value in element.get("options", {}).items() if name.startswith("[")}


def collect(element, path, out):
    out[path] = ours(element)
    for kind in CHILDREN:
        for child in element.get(kind, []):
            collect(child, (path[0], f"{path[1]}.{child['name']}".lstrip(".")), out)


def options_of(image_path):
    """{(file, element): {option: value}}"""
    with open(image_path, encoding="utf-8") as image:
        files = json.load(image)["file"]
    out = {}
    for file in files:
        collect({kind: value for kind, value in file.items() if kind != "name"}, (file["name"], ""), out)
    return out


def keeps(option, old, new):
    """Whether callers of `old` find what they need in `new`: further routes may be added."""
    if option in NAMES:
        return True
    if option == HTTP and old is not None and new is not None:
        more = new.get(BINDINGS, [])
        return all(route in more for route in old.get(BINDINGS, [])) and (
            {key: value for key, value in old.items() if key != BINDINGS}
            == {key: value for key, value in new.items() if key != BINDINGS})
    return old == new


def main():
    old, new = (options_of(path) for path in sys.argv[1:3])
    changed = False
    for place, before in old.items():
        if place not in new:
            continue  # buf's rules judge what is gone
        for option in sorted(before.keys() | new[place].keys()):
            was, now = before.get(option), new[place].get(option)
            if keeps(option, was, now):
                continue
            changed = True
            print(f"{place[0]}: {place[1] or 'the file'}: option {option} was {json.dumps(was)}, is {json.dumps(now)}")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
