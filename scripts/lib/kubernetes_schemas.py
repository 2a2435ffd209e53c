#!/usr/bin/env python3
"""Writes a JSON Schema for every kind of object, for kubeconform: kubernetes_schemas.py OUT OPENAPI CRD...

OPENAPI is the description of Kubernetes' own API (api/openapi-spec/swagger.json of its sources), each CRD a file with a
CustomResourceDefinition. Objects take no members that are not described, so that misspelt ones are found.
"""

import json
import pathlib
import sys

import yaml

INT_OR_STRING = {"type": ["integer", "string"]}
# What the API describes as text but takes in other types as well.
LOOSE = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": INT_OR_STRING,
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}


def closed(schema):
    """The schema whose objects take described members alone; those that are not demanded may be null."""
    if isinstance(schema.get("properties"), dict):
        for name, member in schema["properties"].items():
            if name not in schema.get("required", []) and isinstance(member.get("type"), str):
                member["type"] = [member["type"], "null"]
        schema.setdefault("additionalProperties", False)
    return schema


def inlined(node, definitions, within):
    """The node of the OpenAPI description with its references replaced; one that holds itself is any object."""
    if isinstance(node, list):
        return [inlined(item, definitions, within) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        name = node["$ref"].rsplit("/", 1)[1]
        if name in LOOSE:
            return dict(LOOSE[name])
        return {"type": "object"} if name in within else inlined(definitions[name], definitions, within | {name})
    return closed({key: inlined(value, definitions, within) for key, value in node.items() if not key.startswith("x-")})


def structural(node):
    """The schema of a custom resource, in the same form."""
    if isinstance(node, list):
        return [structural(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-kubernetes-int-or-string"):
        return dict(INT_OR_STRING)
    kept = {key: structural(value) for key, value in node.items() if not key.startswith("x-")}
    return kept if node.get("x-kubernetes-preserve-unknown-fields") else closed(kept)


def write(folder, group, version, kind, schema):
    group = group.split(".")[0] + "-" if group else ""
    (folder / f"{kind.lower()}-{group}{version}.json").write_text(json.dumps(schema))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    definitions = json.loads(pathlib.Path(sys.argv[2]).read_text())["definitions"]
    for name, definition in definitions.items():
        if not name.startswith("io.k8s.apimachinery"):
            for is_ in definition.get("x-kubernetes-group-version-kind", []):
                write(folder, is_["group"], is_["version"], is_["kind"], inlined(definition, definitions, {name}))
    metadata = inlined(definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], definitions, set())
    for path in sys.argv[3:]:
        for crd in yaml.safe_load_all(pathlib.Path(path).read_text()):
            for version in (crd or {}).get("spec", {}).get("versions", []):
                schema = structural(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = metadata
                write(folder, crd["spec"]["group"], version["name"], crd["spec"]["names"]["kind"], schema)


if __name__ == "__main__":
    main()
