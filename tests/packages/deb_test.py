"""The .deb in a Debian 12 with nothing but apt and systemd, booted: installed, serving in its sandbox, upgraded, purged."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from machine import ROOT, WORK, blocks_of, curl, eventually, run, unpack_debian

DEB = glob.glob(os.path.join(ROOT, "build/packages/portolan_*.deb"))
# What is written by package managers, by systemd as time goes by, and what is gone when the machine is.
NOT_KEPT = re.compile(
    r"^(var/(lib/(apt|dpkg|systemd/(timers|random-seed|catalog))|cache|log|tmp)|etc/ld\.so\.cache|tmp|dev|proc|run|sys)(/|$)"
)
# Tenths of what systemd calls a service's exposure: `OK` up to 2.0 and a bit, `UNSAFE`, 9.6, without any sandbox.
EXPOSURE_LIMIT = "15"
STOP_LIMIT_S = 60


class Machine:
    """A Debian whose systemd runs, in namespaces of its own: without network, and gone with the object."""

    def __init__(self, root):
        self.root = root
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=pipe",
             f"--directory={root}", "--boot"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        try:
            self.pid = eventually(self._init)
            # There is a time before systemd listens, in which systemctl cannot ask.
            eventually(lambda: self.run("systemctl", "is-system-running", "--wait"))
        except BaseException:
            self.log.seek(0)
            print(self.log.read())
            self.close()
            raise

    def _init(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as file:
            children = file.read().split()
        assert children, "it has not begun"
        return int(children[0])

    def run(self, *command, check=True):
        return run(
            "nsenter", "-t", str(self.pid), "-m", "-p", "-n", "-u", "-i", "-C", "env", "LC_ALL=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive", *command, check=check,
        )  # fmt: skip

    def show(self, name):
        return self.run("systemctl", "show", "-p", name, "--value", "portolan.service").strip()

    def get(self, path, *arguments):
        return curl(self.pid, f"http://127.0.0.1:8787{path}", *arguments)

    def chat(self, *arguments):
        body = '{"model": "echo/echo", "messages": [{"role": "user", "content": "Hello"}]}'
        return self.get("/v1/chat/completions", "-H", "content-type: application/json", "-d", body, *arguments)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def paths_in(root):
    found = set()
    for folder, folders, files in os.walk(root):
        at = {name: os.path.normpath(os.path.relpath(os.path.join(folder, name), root)) for name in folders + files}
        found.update(path for path in at.values() if not NOT_KEPT.match(path))
        folders[:] = [name for name in folders if not NOT_KEPT.match(at[name])]
    return found


def next_version(deb, folder):
    """The path of the same package as a later version, and that version."""
    tree = os.path.join(folder, "tree")
    run("dpkg-deb", "-R", deb, tree)
    control = read(os.path.join(tree, "DEBIAN/control"))
    version = re.search(r"^Version: (\S+)$", control, re.MULTILINE)[1]
    later = f"{version}+1"
    with open(os.path.join(tree, "DEBIAN/control"), "w", encoding="utf-8") as file:
        file.write(control.replace(f"Version: {version}\n", f"Version: {later}\n"))
    out = os.path.join(folder, "later.deb")
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, out)
    return out, later


class Deb(unittest.TestCase):
    def setUp(self):
        self.assertEqual(len(DEB), 1, f"one .deb is expected in build/packages: {DEB}")

    def test_lintian(self):
        said = run("lintian", "--fail-on", "error,warning", DEB[0])
        self.assertNotRegex(said, "(?m)^[EW]:")


class Life(unittest.TestCase):
    """Its parts come one after the other, in one machine, by the commands of docs/install.md as they stand."""

    def test_life(self):
        folder = tempfile.mkdtemp(dir=WORK)
        self.addCleanup(shutil.rmtree, folder)
        self.root = os.path.join(folder, "machine")
        self.prepare()
        later, version = next_version(DEB[0], folder)
        shutil.copy(DEB[0], os.path.join(self.root, "root"))
        shutil.copy(later, os.path.join(self.root, "root/later.deb"))
        install, ask, restart, examine, chat = blocks_of("docs/install.md", "Debian")
        self.machine = Machine(self.root)
        self.addCleanup(self.machine.close)
        before = paths_in(self.root)

        # Whatever it needs was there, as there is no network to get it by.
        self.type(install)
        self.check_files()
        self.check_unit()
        self.check_serves()
        self.check_asks(ask)
        self.check_keys(restart)
        self.check_doctor(examine)
        self.check_chat(chat)
        self.check_upgrade(version)
        self.check_purge(before)

    def prepare(self):
        """A bare Debian, systemd, and what the package itself says that it needs, by the names that Debian has."""
        fields = run("dpkg-deb", "-f", DEB[0], "Pre-Depends", "Depends")
        needed = re.findall(r"(?:^[\w-]*Depends:|,) ([^\s,]+)", fields, re.MULTILINE)
        self.assertIn("ca-certificates", needed)
        # Debian's systemd recommends D-Bus, by which systemd-run waits.
        unpack_debian(self.root, "systemd-sysv", "dbus", *needed)

    def type(self, block, check=True):
        return self.machine.run("bash", "-euc", f"cd /root\n{block}", check=check)

    def check_files(self):
        self.assertEqual(self.machine.run("dpkg", "--verify", "portolan"), "")
        for path, mode in (("keys", 0o700), ("environment", 0o600), ("gateway.yaml", 0o644)):
            found = os.stat(os.path.join(self.root, "etc/portolan", path))
            self.assertEqual((found.st_mode & 0o7777, found.st_uid, found.st_gid), (mode, 0, 0), path)
        self.machine.run("portolan", "check", "/etc/portolan/gateway.yaml")

    def check_unit(self):
        self.assertEqual(self.machine.run("systemd-analyze", "verify", "--man=no", "portolan.service"), "")
        self.machine.run("systemd-analyze", "security", f"--threshold={EXPOSURE_LIMIT}", "portolan.service")
        self.assertEqual(self.machine.run("systemctl", "is-enabled", "portolan.service"), "enabled\n")

    def ready(self):
        eventually(lambda: self.assertEqual(self.machine.get("/readyz")[0], 200))

    def check_serves(self):
        self.ready()
        status, body = self.machine.chat()
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["choices"][0]["message"]["content"], "Hello")
        process = self.machine.show("MainPID")
        lines = self.machine.run("cat", f"/proc/{process}/status").splitlines()
        found = dict(line.split(":\t", 1) for line in lines)
        # From the range that systemd takes dynamic users from (https://systemd.io/UIDS-GIDS/).
        self.assertIn(int(found["Uid"].split()[0]), range(61184, 65520))
        self.assertEqual([found[name] for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")], ["0" * 16, "0" * 16, "1", "2"])
        # proc(5): behind the name in parentheses, the 39th is the scheduling policy. The sandbox must not take it away.
        threads = self.machine.run("sh", "-c", f"cat /proc/{process}/task/*/stat").splitlines()
        policies = {line.rpartition(")")[2].split()[38] for line in threads if "(shard)" in line}
        self.assertEqual(policies, {str(os.SCHED_BATCH)})

    def check_asks(self, block):
        """What the page has a new user ask."""
        said = self.type(block)
        self.assertIn("/etc/portolan/gateway.yaml is good, and so is what it refers to\n", said)
        self.assertIn("--http 127.0.0.1:8787 is in use by a gateway that runs already\n", said)
        self.assertIn("\nall is well\n", said)
        self.assertIn("\nHello\n", said)

    def check_keys(self, restart):
        """Keys by either way, those of callers and of a provider, which is the gateway itself."""
        folder = os.path.join(self.root, "etc/portolan")
        with open(os.path.join(folder, "environment"), "a", encoding="utf-8") as file:
            file.write("PORTOLAN_CALLER_KEYS=from-environment\nLAB_KEY=from-environment\n")
        with open(os.path.join(folder, "gateway.yaml"), "a", encoding="utf-8") as file:
            file.write("callers:\n  keys:\n    - name: file\n      key: file:/run/credentials/portolan.service/keys_caller\n")
            file.write("providers:\n  lab: {base_url: http://127.0.0.1:8787/v1, api_key: env:LAB_KEY}\n")
        with open(os.path.join(folder, "keys/caller"), "w", encoding="utf-8") as file:
            file.write("from-file\n")
        os.chmod(os.path.join(folder, "keys/caller"), 0o600)
        self.type(restart)
        self.check_keys_are_asked_for()
        # The process goes on.
        process = self.machine.show("MainPID")
        self.machine.run("systemctl", "reload", "portolan.service")
        self.check_keys_are_asked_for()
        self.assertEqual(self.machine.show("MainPID"), process)

    def check_doctor(self, block):
        """With the service's keys all is well; from a shell without them it says what it lacks, and looks on."""
        said = self.type(block)
        self.assertIn("/etc/portolan/gateway.yaml is good, and so is what it refers to\n", said)
        self.assertIn("REST on 127.0.0.1:8787: programs of this machine, who must present a key", said)
        self.assertIn("lab: http://127.0.0.1:8787/v1 answers after ", said)
        self.assertIn("\nall is well\n", said)
        said = self.type("portolan doctor --config /etc/portolan/gateway.yaml", check=False)
        self.assertIn("providers.lab.api_key: the variable LAB_KEY is not set\n", said)
        self.assertIn("but a service may get them in a way of its own", said)
        self.assertIn("lab: http://127.0.0.1:8787/v1 answers after ", said)
        self.assertIn("\n1 thing to mend\n", said)

    def check_chat(self, block):
        """Through the service, with a caller's key."""
        self.assertEqual(block.count("OPENAI_API_KEY"), 0)
        command = block.replace("CALLER_KEY", "from-file").replace("openai/gpt-4.1", "echo/echo")
        self.assertNotEqual(command, block)
        self.assertTrue(self.type(command).startswith("Name three harbours.\n"))
        self.assertIn("(status 401)", self.type(command.replace("from-file", "another"), check=False))

    def check_keys_are_asked_for(self):
        self.ready()
        self.assertEqual(self.machine.chat()[0], 401)
        for key in ("from-environment", "from-file"):
            self.assertEqual(self.machine.chat("-H", f"x-portolan-api-key: {key}")[0], 200, key)

    def check_upgrade(self, version):
        """Serves on with the administrator's files, by a process of its own."""
        process = self.machine.show("MainPID")
        self.type("apt-get install ./later.deb")
        installed = self.machine.run("dpkg-query", "-W", "-f=${Status} ${Version}", "portolan")
        self.assertEqual(installed, f"install ok installed {version}")
        self.check_keys_are_asked_for()
        self.assertNotEqual(self.machine.show("MainPID"), process)

    def check_purge(self, before):
        """Removed, it leaves what is configuration; purged, nothing."""
        self.machine.run("apt-get", "-y", "remove", "portolan")
        self.assertNotIn("portolan", self.machine.run("sh", "-c", "cat /proc/[0-9]*/comm"))
        self.assertTrue(os.path.exists(os.path.join(self.root, "etc/portolan/keys/caller")))
        self.machine.run("apt-get", "-y", "purge", "portolan")
        after = paths_in(self.root)
        self.assertEqual((sorted(after - before), sorted(before - after)), ([], []))
        self.assertNotIn("portolan", self.machine.run("dpkg-query", "-W"))
        self.assertNotIn("portolan", self.machine.run("find", "/var/lib/dpkg/info", "/var/lib/systemd", "/run/systemd"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
