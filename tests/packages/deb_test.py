"""The .deb in a bare Debian 12: installed, serving as its unit says, upgraded, purged."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from machine import ROOT, WORK, bare_debian, curl, eventually, run

DEB = glob.glob(os.path.join(ROOT, "build/packages/portolan_*.deb"))
UNIT = "lib/systemd/system/portolan.service"
# Nobody's, from the range that systemd takes dynamic users from (https://systemd.io/UIDS-GIDS/).
DYNAMIC_USER = "61184"
CREDENTIALS = "run/credentials/portolan.service"
# What packages come and go in: package managers' own books, caches and logs.
BOOKS = re.compile(r"^(var/(lib/(apt|dpkg)|cache|log)|etc/ld\.so\.cache|tmp|dev|proc|run|sys)(/|$)")
# A sandbox of that exposure is what systemd calls `OK`, of 1.0 and below `SAFE`; without any, 9.6 `UNSAFE`.
EXPOSURE_LIMIT = "15"

# Runs what follows as the unit would: as nobody, without rights, in a root that cannot be written.
AS_THE_UNIT = """
set -e
root="$1"; shift
ip link set lo up
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/{credentials}"
for key in "$root"/etc/portolan/keys/*; do
  [ -e "$key" ] && install -m 400 -o {user} "$key" "$root/{credentials}/keys_${{key##*/}}"
done
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
  "$@"
""".format(credentials=CREDENTIALS, user=DYNAMIC_USER)


class Service:
    """The program as the unit starts it, in a network of its own."""

    def __init__(self, root):
        unit = read(root, UNIT)
        command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1].split()
        lines = read(root, "etc/portolan/environment").splitlines()
        variables = [line for line in lines if line and not line.startswith("#")]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", AS_THE_UNIT, "sh", root, "env", "-i", *variables, *command],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line.startswith("portolan serves REST on "):
            self.process.wait()
            self.log.seek(0)
            raise AssertionError(f"it said {line!r}, and on stderr:\n{self.log.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def get(self, path, *arguments):
        return curl(self.process.pid, f"http://127.0.0.1:8787{path}", *arguments)

    def chat(self, *arguments):
        body = '{"model": "echo/echo", "messages": [{"role": "user", "content": "Hello"}]}'
        return self.get("/v1/chat/completions", "-H", "content-type: application/json", "-d", body, *arguments)

    def status(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def paths_in(root):
    found = set()
    for folder, folders, files in os.walk(root):
        below = os.path.relpath(folder, root)
        names = (os.path.normpath(os.path.join(below, name)) for name in folders + files)
        found.update(name for name in names if not BOOKS.match(name))
        folders[:] = [name for name in folders if not BOOKS.match(os.path.normpath(os.path.join(below, name)))]
    return found


def next_version(deb, folder):
    """The same package as a later version, its config file's comment changed as a release might."""
    tree = os.path.join(folder, "tree")
    run("dpkg-deb", "-R", deb, tree)
    control = read(tree, "DEBIAN/control")
    version = re.search(r"^Version: (\S+)$", control, re.MULTILINE)[1]
    later = f"{version}+1"
    with open(os.path.join(tree, "DEBIAN/control"), "w", encoding="utf-8") as file:
        file.write(control.replace(f"Version: {version}\n", f"Version: {later}\n"))
    out = os.path.join(folder, f"portolan_{later}.deb")
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, out)
    return out, later


class Deb(unittest.TestCase):
    def setUp(self):
        self.assertEqual(len(DEB), 1, f"one .deb is expected in build/packages: {DEB}")
        self.folder = tempfile.mkdtemp(dir=WORK)
        self.addCleanup(shutil.rmtree, self.folder)

    def chroot(self, *command, check=True):
        return run(
            "unshare", "--mount", "sh", "-ec",
            'root="$1"; shift; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; exec chroot "$root" "$@"',
            "sh", self.root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *command,
            check=check,
        )  # fmt: skip

    def apt(self, *arguments):
        return self.chroot("apt-get", "-y", "-q", "--no-install-recommends", *arguments)

    def put(self, deb):
        shutil.copy(deb, os.path.join(self.root, "tmp/portolan.deb"))
        return "/tmp/portolan.deb"

    def installed(self):
        return self.chroot("dpkg-query", "-W", "-f=${Status} ${Version}", "portolan", check=False)

    def test_lintian(self):
        said = run("lintian", "--fail-on", "error,warning", DEB[0])
        self.assertNotRegex(said, "(?m)^[EW]:")

    def test_life(self):
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root)
        run("tar", "-C", self.root, "--numeric-owner", "-xpf", bare_debian())
        shutil.copy("/etc/resolv.conf", os.path.join(self.root, "etc/resolv.conf"))

        self.apt("update")
        depends = run("dpkg-deb", "-f", DEB[0], "Depends")
        self.apt("install", *(re.match(r"[^ ]+", each)[0] for each in depends.strip().split(", ")))
        before = paths_in(self.root)
        # With all of that there, it brings nothing but itself.
        self.assertIn("0 upgraded, 1 newly installed", self.apt("install", self.put(DEB[0])))
        self.assertIn("install ok installed", self.installed())
        self.check_files()
        self.check_unit()
        self.check_serves()
        self.check_keys()
        self.check_upgrade()
        self.check_purge(before)

    def check_files(self):
        # What is installed is what was packed, and root's.
        self.assertEqual(self.chroot("dpkg", "--verify", "portolan"), "")
        for path, mode in (("keys", 0o700), ("environment", 0o600), ("gateway.yaml", 0o644)):
            found = os.stat(os.path.join(self.root, "etc/portolan", path))
            self.assertEqual((found.st_mode & 0o7777, found.st_uid, found.st_gid), (mode, 0, 0), path)
        self.assertEqual(self.chroot("portolan", "check", "/etc/portolan/gateway.yaml").count("\n"), 1)
        # Enabled: it starts with the system.
        wanted = os.path.join(self.root, "etc/systemd/system/multi-user.target.wants/portolan.service")
        self.assertEqual(os.readlink(wanted), f"/{UNIT}")

    def check_unit(self):
        # Looked at on this machine, which has the rest of systemd, with the program where it is.
        path = os.path.join(self.folder, "portolan.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(read(self.root, UNIT).replace("ExecStart=/", f"ExecStart={self.root}/"))
        self.assertNotIn("portolan.service", run("systemd-analyze", "verify", "--man=no", path))
        run("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_LIMIT}", path)

    def check_serves(self):
        with Service(self.root) as service:
            eventually(lambda: self.assertEqual(service.get("/readyz")[0], 200))
            status, body = service.chat()
            self.assertEqual(status, 200, body)
            self.assertEqual(json.loads(body)["choices"][0]["message"]["content"], "Hello")
            found = service.status()
            self.assertEqual(found["Uid"].split(), [DYNAMIC_USER] * 4)
            self.assertEqual([found[name] for name in ("CapEff", "CapBnd", "NoNewPrivs")], ["0" * 16, "0" * 16, "1"])
            self.assertEqual(service.stop(), 0)

    def check_keys(self):
        """Keys by either way; both survive what follows, being the administrator's."""
        with open(os.path.join(self.root, "etc/portolan/environment"), "a", encoding="utf-8") as file:
            file.write("PORTOLAN_CALLER_KEYS=from-environment\n")
        with open(os.path.join(self.root, "etc/portolan/gateway.yaml"), "a", encoding="utf-8") as file:
            file.write(f"callers:\n  keys:\n    - name: file\n      key: file:/{CREDENTIALS}/keys_caller\n")
        path = os.path.join(self.root, "etc/portolan/keys/caller")
        with open(path, "w", encoding="utf-8") as file:
            file.write("from-file\n")
        os.chmod(path, 0o600)
        self.check_keys_are_asked_for()

    def check_keys_are_asked_for(self):
        with Service(self.root) as service:
            eventually(lambda: self.assertEqual(service.get("/readyz")[0], 200))
            self.assertEqual(service.chat()[0], 401)
            for key in ("from-environment", "from-file"):
                self.assertEqual(service.chat("-H", f"x-portolan-api-key: {key}")[0], 200, key)
            self.assertEqual(service.stop(), 0)

    def check_upgrade(self):
        later, version = next_version(DEB[0], self.folder)
        self.apt("install", self.put(later))
        self.assertIn(f"install ok installed {version}", self.installed())
        self.check_keys_are_asked_for()

    def check_purge(self, before):
        # Removed, it leaves what is configuration, and purged nothing.
        self.apt("remove", "portolan")
        self.assertTrue(os.path.exists(os.path.join(self.root, "etc/portolan/gateway.yaml")))
        self.assertFalse(os.path.exists(os.path.join(self.root, "usr/bin/portolan")))
        self.apt("purge", "portolan")
        self.assertNotIn("portolan", self.chroot("dpkg-query", "-W"))
        self.assertEqual(sorted(paths_in(self.root) ^ before), [])
        kept = [path for path in run("find", os.path.join(self.root, "var/lib"), "-name", "*portolan*").splitlines()]
        self.assertEqual(kept, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
