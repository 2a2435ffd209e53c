"""The image: what is in it, and that it serves as little as a container may be given."""

import glob
import hashlib
import io
import json
import os
import re
import signal
import tarfile
import unittest

from containers import Podman
from machine import ROOT, curl, eventually, run, section_of

IMAGE = glob.glob(os.path.join(ROOT, "build/packages/portolan-*.oci.tar"))
UNPACKED_LIMIT = 40 * 1000 * 1000
USER = 65532
MEMORY_LIMIT_MIB = 256


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert len(IMAGE) == 1, f"one image is expected in build/packages: {IMAGE}"
        with tarfile.open(IMAGE[0]) as tar:
            cls.files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        cls.index = json.loads(cls.files["index.json"])
        cls.manifest = cls.blob(cls.index["manifests"][0])
        cls.config = cls.blob(cls.manifest["config"])
        (layer,) = cls.manifest["layers"]
        cls.layer = tarfile.open(fileobj=io.BytesIO(cls.files[cls.path(layer)]), mode="r:gz")

    @staticmethod
    def path(descriptor):
        return os.path.join("blobs", *descriptor["digest"].split(":"))

    @classmethod
    def blob(cls, descriptor):
        return json.loads(cls.files[cls.path(descriptor)])

    def test_every_blob_is_what_it_is_called(self):
        for path, data in self.files.items():
            if path.startswith("blobs/"):
                self.assertEqual(path, f"blobs/sha256/{hashlib.sha256(data).hexdigest()}")

    def test_size(self):
        self.assertLessEqual(sum(member.size for member in self.layer), UNPACKED_LIMIT)

    def test_holds_one_program(self):
        """No shell, nothing that is run but the gateway and the loader of its libraries, nothing with another's rights."""
        programs = [member.name for member in self.layer if member.isfile() and member.mode & 0o111]
        self.assertEqual([name for name in programs if "/ld-linux" not in name], ["usr/bin/portolan"])
        self.assertEqual([member.name for member in self.layer if member.mode & 0o6000], [])
        self.assertEqual({(member.uid, member.gid) for member in self.layer}, {(0, 0)})

    def test_trusts_the_authorities_of_debian_and_no_others(self):
        """Whatever the machine trusts that packs it."""
        bundle = self.layer.extractfile("etc/ssl/certs/ca-certificates.crt").read().decode()
        trusted = re.findall("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", bundle, re.DOTALL)
        mozilla = []
        for path in glob.glob("/usr/share/ca-certificates/mozilla/*.crt"):
            with open(path, encoding="ascii") as file:
                mozilla.append(file.read().strip())
        self.assertGreater(len(mozilla), 100)
        self.assertEqual(sorted(trusted), sorted(mozilla))

    def test_config(self):
        config = self.config["config"]
        self.assertEqual(config["User"], f"{USER}:{USER}")
        self.assertEqual(config["Entrypoint"], ["/usr/bin/portolan"])
        self.assertNotIn("Healthcheck", config)
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"], "Apache-2.0")
        self.assertEqual(config["Labels"]["org.opencontainers.image.revision"], run("git", "-C", ROOT, "rev-parse", "HEAD").strip())
        self.assertEqual(self.config["architecture"], run("dpkg", "--print-architecture").strip())


class Container(unittest.TestCase):
    """Runs it with podman, in a store that is thrown away: root read-only, no rights, no network but its own."""

    def setUp(self):
        podman = Podman()
        self.addCleanup(podman.close)
        self.podman, self.attempt = podman.run, podman.attempt
        self.image = podman.load(IMAGE[0])

    def logs(self, name):
        done = self.attempt("logs", name)
        return done.stdout + done.stderr

    def run_options(self):
        return [
            "run", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096", "--network=none", "--read-only",
            "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt", "no-new-privileges", "--memory", f"{MEMORY_LIMIT_MIB}m", "--cpus", "1",
        ]  # fmt: skip

    def test_serves(self):
        name = self.podman(*self.run_options(), "-d", self.image).strip()
        self.addCleanup(lambda: self.podman("rm", "-f", name))
        pid = int(self.podman("inspect", "-f", "{{.State.Pid}}", name))
        self.assertGreater(pid, 0, self.logs(name))
        eventually(lambda: self.assertEqual(curl(pid, "http://127.0.0.1:8787/readyz")[0], 200))
        # As many as the container may use, however many the machine has.
        self.assertIn('"threads":1}', self.logs(name))
        # Of what the container may have, bodies hold half.
        status, metrics = curl(pid, "http://127.0.0.1:8788/metrics")
        self.assertEqual(status, 200)
        self.assertIn(f"\nportolan_held_bytes_max {MEMORY_LIMIT_MIB * 1024 * 1024 // 2}\n", metrics)
        self.assertIn("ready", self.podman("exec", name, "portolan", "health"))
        body = '{"model": "echo/echo", "messages": [{"role": "user", "content": "Hello"}]}'
        status, answer = curl(pid, "http://127.0.0.1:8787/v1/chat/completions", "-H", "content-type: application/json", "-d", body)
        self.assertEqual(status, 200, answer)
        self.assertEqual(json.loads(answer)["choices"][0]["message"]["content"], "Hello")
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            found = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        self.assertEqual(found["Uid"].split(), [str(USER)] * 4)
        self.assertEqual([found["CapEff"], found["NoNewPrivs"]], ["0" * 16, "1"])
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(self.podman("wait", name).strip(), "0")

    def test_health_says_when_nothing_serves(self):
        done = self.attempt(*self.run_options(), "--rm", self.image, "health")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("127.0.0.1:8788", done.stdout + done.stderr)

    def test_is_called_what_the_docs_call_it(self):
        (load, run), = re.findall(r"^podman load -i (\S+)\npodman run .*? (\S+)$", section_of("docs/install.md", "Container"), re.MULTILINE)
        self.assertEqual(load, os.path.basename(IMAGE[0]))
        self.assertEqual(run, self.image.removeprefix("localhost/").removeprefix("docker.io/library/"))

    def test_has_no_shell(self):
        for shell in ("sh", "/bin/sh", "/bin/bash", "/usr/bin/env"):
            done = self.attempt(*self.run_options(), "--rm", "--entrypoint", shell, self.image)
            self.assertEqual(done.returncode, 127, f"{shell}: {done.stdout} {done.stderr}")

    def test_with_a_providers_key_callers_need_one(self):
        done = self.attempt(*self.run_options(), "--rm", "-e", "OPENAI_API_KEY=sk-not-one", self.image)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("PORTOLAN_CALLER_KEYS", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
