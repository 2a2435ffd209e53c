"""Podman with a store of its own, which is thrown away."""

import os
import shutil
import subprocess
import tempfile

from machine import WORK

LIMIT_S = 300


class Podman:
    """Its images, containers and networks are gone when it is closed."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(dir=WORK)
        storage = os.path.join(self.folder, "storage.conf")
        with open(storage, "w", encoding="utf-8") as file:
            file.write(f'[storage]\ndriver = "vfs"\nrunroot = "{self.folder}/run"\ngraphroot = "{self.folder}/store"\n')
        self.environment = {**os.environ, "CONTAINERS_STORAGE_CONF": storage}
        self.flags = ["--cgroup-manager", "cgroupfs", "--runtime", "runc", "--events-backend", "file"]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments):
        return ["podman", *self.flags, *arguments]

    def attempt(self, *arguments):
        """How a command ended, with what it printed."""
        return subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=LIMIT_S)

    def run(self, *arguments):
        """What a command printed; AssertionError if it fails."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def load(self, archive):
        """The name of the image in an archive."""
        return self.run("load", "-q", "-i", archive).strip().removeprefix("Loaded image: ")
