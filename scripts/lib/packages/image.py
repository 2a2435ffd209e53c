"""The container image: an OCI image layout in one archive, which `docker load` reads too.

https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
"""

import hashlib
import json
import os

from binary import libraries_of
from debian import add_licences, files_of, owner_of, package
from sbom import time_of
from tree import Tree, gzipped

USER = 65532
# Where OpenSSL of Debian looks.
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_MEDIA = "application/vnd.oci.image"


def contents(binary, sources):
    """The image's file tree, and the Debian packages whose files are in it."""
    tree, owners = Tree(), set()
    tree.file("usr/bin/portolan", binary.stripped, 0o755)
    for path in libraries_of(binary.path):
        with open(path, "rb") as file:
            tree.file(path.lstrip("/"), file.read(), 0o755 if "/ld-" in path else 0o644)
        owners.add(owner_of(path))
    tree.file(_CERTIFICATES, authorities())
    owners.add("ca-certificates")
    for name in ("passwd", "group", "nsswitch.conf"):
        tree.file(f"etc/{name}", sources.read(f"deploy/image/{name}"))
    tree.file("etc/portolan/gateway.yaml", sources.read("deploy/image/gateway.yaml"))
    tree.folder("tmp", 0o1777)
    packed = [package(name) for name in sorted(owners)]
    tree.file("usr/share/doc/portolan/LICENSE", sources.read("LICENSE"))
    add_licences(tree, "usr/share/doc/portolan/licences", sorted({*sources.linked, *packed}))
    return tree, packed


def authorities():
    """The certificates of ca-certificates' own. This machine's bundle may have others, which are no business of the image's."""
    found = []
    for path in sorted(files_of("ca-certificates")):
        if path.startswith("/usr/share/ca-certificates/") and path.endswith(".crt"):
            with open(path, encoding="ascii") as file:
                found.append(file.read().strip() + "\n")
    return "".join(found)


def labels(binary, sources):
    key = "org.opencontainers.image."
    return {
        f"{key}created": time_of(sources.epoch),
        f"{key}description": "AI gateway: one API in front of every model provider",
        f"{key}licenses": "Apache-2.0",
        f"{key}revision": sources.revision,
        f"{key}title": "portolan",
        f"{key}version": binary.version,
    }


def config(binary, sources, diff_id):
    """https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md"""
    created = time_of(sources.epoch)
    return {
        "architecture": binary.architecture,
        "config": {
            "Cmd": ["serve", "--config", "/etc/portolan/gateway.yaml"],
            "Entrypoint": ["/usr/bin/portolan"],
            "Env": ["PATH=/usr/bin"],
            "ExposedPorts": {"50051/tcp": {}, "8787/tcp": {}},
            "Labels": labels(binary, sources),
            "User": f"{USER}:{USER}",
            "WorkingDir": "/",
        },
        "created": created,
        "history": [{"created": created, "created_by": "scripts/package"}],
        "os": "linux",
        "rootfs": {"diff_ids": [diff_id], "type": "layers"},
    }


def archive(binary, sources, tree):
    """The bytes of the archive, and the digest of the image's manifest."""
    out = Tree()

    def blob(data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        out.file(f"blobs/sha256/{digest}", data)
        return {"digest": f"sha256:{digest}", "mediaType": f"{_MEDIA}.{media_type}", "size": len(data)}

    layer = tree.tar(sources.epoch)
    layer_at = blob(gzipped(layer, 6), "layer.v1.tar+gzip")
    configured = config(binary, sources, f"sha256:{hashlib.sha256(layer).hexdigest()}")
    config_at = blob(_json(configured), "config.v1+json")
    media = f"{_MEDIA}.manifest.v1+json"
    manifest_at = blob(
        _json({"config": config_at, "layers": [layer_at], "mediaType": media, "schemaVersion": 2}), "manifest.v1+json"
    )
    name = f"portolan:{binary.version}"
    manifest_at["annotations"] = {
        # By which containerd calls it (what Kubernetes looks for when it is told `portolan:VERSION`), and others.
        "io.containerd.image.name": f"docker.io/library/{name}",
        "org.opencontainers.image.ref.name": name,
    }
    manifest_at["platform"] = {"architecture": binary.architecture, "os": "linux"}
    out.file("oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    out.file(
        "index.json",
        _json({"manifests": [manifest_at], "mediaType": f"{_MEDIA}.index.v1+json", "schemaVersion": 2}),
    )
    # For `docker load` before version 25, which knows no layout.
    out.file(
        "manifest.json",
        _json([{"Config": _path(config_at), "Layers": [_path(layer_at)], "RepoTags": [name]}]),
    )
    return out.tar(sources.epoch), manifest_at["digest"]


def _path(descriptor):
    return os.path.join("blobs", *descriptor["digest"].split(":"))


def _json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
