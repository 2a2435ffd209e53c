"""deploy/Containerfile, built as it stands: the image is that of the archive.

Its first stage is a bare Debian whose scripts/package hands out what the real one has just made outside: to install compilers in it and
to build anew is what it saves.
"""

import glob
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import time
import unittest

from containers import Podman
from machine import ROOT, WORK, bare_debian, run

IMAGE = glob.glob(os.path.join(ROOT, "build/packages/portolan-*.oci.tar"))
BINARY = None
BASE = "docker.io/library/debian:bookworm"
# What it says when it is called otherwise than Containerfile calls it.
PACKAGE = """#!/bin/sh -eu
[ "$*" = "--rootfs /rootfs --binary build/release/portolan" ]
[ "$PORTOLAN_REVISION $SOURCE_DATE_EPOCH" = "%s %d" ]
cp -a made /rootfs
"""
# A container has these of its own.
NOT_THE_IMAGES = re.compile(r"^(dev|proc|run|sys|etc/(hosts|hostname|mtab|resolv\.conf))(/|$)")


def files_of(tar):
    """Every file of an archive: path to rights, owner and content."""
    found = {}
    for member in tar:
        path = os.path.normpath(member.name)
        if member.isdir() or NOT_THE_IMAGES.match(path):
            continue
        content = hashlib.sha256(tar.extractfile(member).read()).hexdigest() if member.isfile() else member.linkname
        found[path] = (member.type, member.mode & 0o7777, member.uid, member.gid, content)
    return found


class Containerfile(unittest.TestCase):
    def setUp(self):
        self.podman = Podman()
        self.addCleanup(self.podman.close)
        self.folder = tempfile.mkdtemp(dir=WORK)
        self.addCleanup(shutil.rmtree, self.folder)
        with tarfile.open(IMAGE[0]) as tar:
            self.archive = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}

    def blob(self, descriptor):
        return self.archive[os.path.join("blobs", *descriptor["digest"].split(":"))]

    def build(self, revision, epoch, version):
        os.mkdir(os.path.join(self.folder, "scripts"))
        run(os.path.join(ROOT, "scripts/package"), "--binary", BINARY, "--rootfs", os.path.join(self.folder, "made"))
        stub = os.path.join(self.folder, "scripts/package")
        with open(stub, "w", encoding="utf-8") as file:
            file.write(PACKAGE % (revision, epoch))
        os.chmod(stub, 0o755)
        self.podman.run("import", bare_debian(), BASE)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
        arguments = {
            "BINARY": "build/release/portolan", "PORTOLAN_REVISION": revision, "SOURCE_DATE_EPOCH": epoch,
            "PORTOLAN_VERSION": version, "PORTOLAN_CREATED": created,
        }  # fmt: skip
        self.podman.run(
            "build", "--pull=never", "--network=none", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096", "-f",
            os.path.join(ROOT, "deploy/Containerfile"), "-t", "built", *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            self.folder,
        )  # fmt: skip

    def test_makes_the_image_of_the_archive(self):
        manifest = json.loads(self.blob(json.loads(self.archive["index.json"])["manifests"][0]))
        expected = json.loads(self.blob(manifest["config"]))["config"]
        revision = expected["Labels"]["org.opencontainers.image.revision"]
        epoch = int(run("git", "-C", ROOT, "log", "-1", "--format=%ct", revision))
        self.build(revision, epoch, expected["Labels"]["org.opencontainers.image.version"])

        (told,) = json.loads(self.podman.run("inspect", "built"))
        built = {name: value for name, value in told["Config"].items() if name != "Labels"}
        # Which tool built it, it says besides.
        labels = {name: value for name, value in told["Config"]["Labels"].items() if not name.startswith("io.buildah.")}
        self.assertEqual({**built, "Labels": labels}, expected)

        made = os.path.join(self.folder, "built.tar")
        self.podman.run("export", "-o", made, self.podman.run("create", "built").strip())
        (layer,) = manifest["layers"]
        with tarfile.open(made) as mine, tarfile.open(fileobj=io.BytesIO(self.blob(layer)), mode="r:gz") as archived:
            self.assertEqual(files_of(mine), files_of(archived))


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
