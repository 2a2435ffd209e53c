"""A digest of what deploy/kubernetes is rendered from, by which a test sees without Helm that it is out of date."""

import hashlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def digest():
    chart = ROOT / "deploy/helm/portolan"
    files = [chart / "Chart.yaml", chart / "values.yaml", ROOT / "deploy/kubernetes/values.yaml"]
    files += sorted(path for folder in ("templates", "files") for path in (chart / folder).iterdir() if path.name != "NOTES.txt")
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return total.hexdigest()
