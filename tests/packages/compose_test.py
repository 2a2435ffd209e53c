"""deploy/compose.yaml, started: the gateway by podman-compose, and a Prometheus as the file says beside it.

Debian 12's podman-compose takes no secret from the environment, so that it leaves Prometheus out; and Prometheus is Debian's, as an
image of it would have to come from a registry. Its arguments, its files and its rights are those of the file.

To be run in a network namespace of its own, as compose.yaml names ports of the machine.
"""

import glob
import json
import os
import subprocess
import sys
import unittest
import urllib.parse

import yaml
from containers import LIMIT_S, Podman
from machine import ROOT, eventually, run

IMAGE = glob.glob(os.path.join(ROOT, "build/packages/portolan-*.oci.tar"))
COMPOSE = os.path.join(ROOT, "deploy/compose.yaml")
PROMETHEUS = None
KEYS = {"PORTOLAN_CALLER_KEYS": "made-up-caller", "PORTOLAN_ADMIN_KEY": "made-up-admin"}
CHAT = '{"model": "echo/echo", "messages": [{"role": "user", "content": "Hello"}]}'
NETWORK = "deploy_default"
# What this machine may give; compose.yaml sets no limits.
LIMITS = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]


def get(url, *arguments):
    """The status and the body of an answer."""
    body, _, status = run("curl", "-sS", "-m", "30", "-w", "\n%{http_code}", url, *arguments).rpartition("\n")
    return int(status), body


class Compose(unittest.TestCase):
    def setUp(self):
        self.assertEqual(len(IMAGE), 1, f"one image is expected in build/packages: {IMAGE}")
        with open(COMPOSE, encoding="utf-8") as file:
            self.told = yaml.safe_load(file)
        self.podman = Podman()
        self.addCleanup(self.podman.close)
        # Networks of its own too.
        networks = os.path.join(self.podman.folder, "networks")
        os.mkdir(networks)
        self.podman.flags += ["--network-config-dir", networks]
        self.image = self.podman.load(IMAGE[0])

    def compose(self, *arguments, keys=KEYS):
        """How podman-compose ended, with what it printed."""
        program = os.path.join(self.podman.folder, "podman")
        with open(program, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {" ".join(self.podman.command())} "$@"\n')
        os.chmod(program, 0o755)
        command = ["podman-compose", "--podman-path", program, f"--podman-run-args={' '.join(LIMITS)}", "-f", COMPOSE, *arguments]
        environment = {**self.podman.environment, **keys}
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)

    def test_starts(self):
        up = self.compose("up", "-d", "gateway")
        self.addCleanup(self.compose, "down", "-t", "1")
        self.assertEqual(up.returncode, 0, up.stdout)
        eventually(lambda: self.assertEqual(get("http://127.0.0.1:8787/readyz")[0], 200))
        asked = ["http://127.0.0.1:8787/v1/chat/completions", "-H", "content-type: application/json", "-d", CHAT]
        self.assertEqual(get(*asked)[0], 401)
        status, answer = get(*asked, "-H", f"authorization: Bearer {KEYS['PORTOLAN_CALLER_KEYS']}")
        self.assertEqual(status, 200, answer)
        self.assertEqual(json.loads(answer)["choices"][0]["message"]["content"], "Hello")
        self.check_container()
        self.check_prometheus()

    def check_container(self):
        (name,) = self.podman.run("ps", "--format", "{{.Names}}").split()
        (told,) = json.loads(self.podman.run("inspect", name))
        self.assertTrue(told["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(told["EffectiveCaps"], None)
        self.assertIn("no-new-privileges", " ".join(told["HostConfig"]["SecurityOpt"]))
        self.gateway = told["NetworkSettings"]["Networks"][NETWORK]["IPAddress"]

    def check_prometheus(self):
        """It reads the metrics, by the address and with the key that the files say."""
        service = self.told["services"]["prometheus"]
        key = os.path.join(self.podman.folder, "key")
        with open(key, "w", encoding="utf-8") as file:
            file.write(KEYS["PORTOLAN_ADMIN_KEY"])
        os.chmod(key, 0o444)
        volumes = [f"-v={key}:/run/secrets/{service['secrets'][0]['source']}:ro"]
        for volume in service["volumes"]:
            volumes.append(f"-v={volume.replace('./', os.path.dirname(COMPOSE) + '/', 1)}")
        name = self.podman.run(
            "run", "-d", *LIMITS, "--net", NETWORK, f"--add-host=gateway:{self.gateway}", *volumes,
            *(f"-p={port}" for port in service["ports"]), *(f"--cap-drop={cap}" for cap in service["cap_drop"]),
            *(f"--security-opt={option}" for option in service["security_opt"]), self.prometheus_image(), *service["command"],
            "--storage.tsdb.path=/prometheus",  # Debian's default is elsewhere
        ).strip()  # fmt: skip
        self.addCleanup(self.podman.attempt, "rm", "-f", "-v", name)
        query = urllib.parse.urlencode({"query": 'portolan_requests_total{job="portolan"}'})

        def scraped():
            status, body = get(f"http://127.0.0.1:9090/api/v1/query?{query}")
            self.assertEqual(status, 200, body)
            self.assertTrue(json.loads(body)["data"]["result"], "nothing was read yet")

        try:
            eventually(scraped)
        except AssertionError as error:
            raise AssertionError(f"{error}\nPrometheus: {self.podman.attempt('logs', name).stderr}") from None

    def prometheus_image(self):
        """Debian's program where the image of compose.yaml has its own, and its user and folder."""
        libraries = [word for word in run("ldd", PROMETHEUS).split() if word.startswith("/")]
        root = os.path.join(self.podman.folder, "prometheus")
        for path, to in [(PROMETHEUS, "/bin/prometheus"), *((path, path) for path in libraries)]:
            os.makedirs(root + os.path.dirname(to), exist_ok=True)
            run("cp", "-L", path, root + to)
        os.makedirs(os.path.join(root, "prometheus"))
        os.chmod(os.path.join(root, "prometheus"), 0o777)
        archive = f"{root}.tar"
        run("tar", "-C", root, "--owner=65534", "--group=65534", "-cf", archive, ".")
        changes = ['--change=ENTRYPOINT ["/bin/prometheus"]', "--change=USER 65534", "--change=WORKDIR /prometheus"]
        self.podman.run("import", *changes, archive, "localhost/prometheus")
        return "localhost/prometheus"

    def test_does_not_start_without_keys(self):
        for name in KEYS:
            done = self.compose("up", "-d", "gateway", keys={other: key for other, key in KEYS.items() if other != name})
            self.assertNotEqual(done.returncode, 0, name)
            self.assertEqual(self.podman.run("ps", "-a", "-q"), "")


if __name__ == "__main__":
    PROMETHEUS = sys.argv.pop(1)
    unittest.main(verbosity=2)
