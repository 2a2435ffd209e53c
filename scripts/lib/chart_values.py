"""Reads values.yaml of the chart with its comments, and writes what they say as a table."""

import dataclasses
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/portolan"
BEGIN, END = "<!-- made by scripts/chart-values -->", "<!-- end -->"
KEY = re.compile(r"^( *)([A-Za-z_][\w.-]*):(.*)$")


@dataclasses.dataclass
class Value:
    """A value that is documented: the comment right above it says what it does."""

    path: tuple
    default: object
    meaning: str
    line: int


def read_values(text):
    """The documented values, and the lines of those that nothing documents. What is below a documented one belongs to
    its default; one that is not documented must be a group of others."""
    tree = yaml.safe_load(text)
    values, bare, path, comment, inside = [], [], [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            comment.append(stripped.lstrip("#").strip())
            continue
        match = KEY.match(line)
        if not stripped:
            comment = []
            continue
        indent = len(line) - len(line.lstrip())
        if inside is not None and indent > inside:
            comment = []
            continue
        # A list may stand as deep as its key.
        if not match:
            raise ValueError(f"values.yaml:{number}: neither a key, nor below one that is documented")
        inside = None
        path = path[: indent // 2] + [match[2]]
        default = tree
        for key in path:
            default = default[key]
        if comment:
            values.append(Value(tuple(path), default, " ".join(comment), number))
            inside = indent
        elif not (isinstance(default, dict) and default and not match[3].strip()):
            bare.append(f"values.yaml:{number}: {'.'.join(path)} is not documented above itself")
        comment = []
    return values, bare


def shown(default):
    """A default as a table has it, in YAML on one line."""
    text = yaml.safe_dump(default, default_flow_style=True, width=10**6, sort_keys=False).strip().removesuffix("...").strip()
    return '""' if text == "''" else text


def table():
    values, bare = read_values((CHART / "values.yaml").read_text())
    if bare:
        raise ValueError("\n".join(bare))
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for value in values:
        meaning = value.meaning.replace("|", "\\|").replace("<", "&lt;")
        rows.append(f"| `{'.'.join(value.path)}` | `{shown(value.default)}` | {meaning} |")
    return "\n".join(rows)


def with_table(page):
    """The README with its table made anew."""
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"
