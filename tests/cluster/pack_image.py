#!/usr/bin/env python3
"""Packs one program that needs no other file as an image that containerd imports: pack_image.py NAME PROGRAM OUT.tar"""

import hashlib
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts/lib/packages"))
from tree import Tree


def main(name, program, out):
    layer = Tree()
    layer.file("program", pathlib.Path(program).read_bytes(), 0o755)
    packed = layer.tar(0)
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": ["/program"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(packed).hexdigest()}"]},
        }
    )
    # https://github.com/moby/moby/blob/v20.10.24/image/spec/v1.2.md#combined-image-json--filesystem-changeset-format
    image = Tree()
    image.file("layer.tar", packed)
    image.file("config.json", config)
    image.file("manifest.json", json.dumps([{"Config": "config.json", "Layers": ["layer.tar"], "RepoTags": [name]}]))
    pathlib.Path(out).write_bytes(image.tar(0))


main(*sys.argv[1:])
