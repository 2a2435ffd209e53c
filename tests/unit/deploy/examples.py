#!/usr/bin/env python3
"""Writes the chart's values that the docs show into a folder, one file each: examples.py FOLDER"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy/helm/portolan"
# A block of YAML, or a file that a shell's example writes.
BLOCK = re.compile(r"^```yaml\n(.*?)^```|<<'EOF'\n(.*?)^EOF$", re.MULTILINE | re.DOTALL)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True)
    known = set(yaml.safe_load((CHART / "values.yaml").read_text()))
    found = 0
    for page in (ROOT / "docs/kubernetes.md", CHART / "README.md"):
        for blocks in BLOCK.findall(page.read_text()):
            text = "".join(blocks)
            # Other blocks are somebody else's files.
            if set(yaml.safe_load(text)) <= known:
                found += 1
                (folder / f"{page.stem}-{found}.yaml").write_text(text)
    assert found >= 2, "the docs show values in another way now"


if __name__ == "__main__":
    main()
