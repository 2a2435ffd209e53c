"""Digests of what deploy/kubernetes is rendered from, and of what was: by them a test sees without Helm that it is out of date,
or was edited by hand."""

import hashlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def digest():
    chart = ROOT / "deploy/helm/portolan"
    files = [chart / "Chart.yaml", chart / "values.yaml", ROOT / "deploy/kubernetes/values.yaml"]
    files += sorted(path for folder in ("templates", "files") for path in (chart / folder).iterdir() if path.name != "NOTES.txt")
    return of_files({str(path.relative_to(ROOT)): path.read_bytes() for path in files})


def rendered(folder):
    """Of the manifests in a folder, but for remarks and values.yaml, which is a source."""
    paths = sorted(path for path in pathlib.Path(folder).glob("*.yaml") if path.name != "values.yaml")
    return of_files({path.name: re.sub(rb"(?m)^#.*\n", b"", path.read_bytes()) for path in paths})


def of_files(contents):
    total = hashlib.sha256()
    for name, content in contents.items():
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()
