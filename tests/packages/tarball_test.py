"""The tarball in a bare Debian 12, by the commands and with the libraries that docs/install.md names, and no others."""

import glob
import os
import re
import shutil
import tempfile
import unittest

from machine import ROOT, WORK, blocks_of, run, section_of, unpack_debian

TARBALL = glob.glob(os.path.join(ROOT, "build/packages/portolan-*.tar.gz"))
DOCS = "/usr/local/share/doc/portolan"
CONFIG = f"{DOCS}/examples/gateway.yaml"


class Tarball(unittest.TestCase):
    def setUp(self):
        self.assertEqual(len(TARBALL), 1, f"one tarball is expected in build/packages: {TARBALL}")

    def test_serves_from_usr_local(self):
        folder = tempfile.mkdtemp(dir=WORK)
        self.addCleanup(shutil.rmtree, folder)
        root = os.path.join(folder, "root")
        needed = re.search(r"It needs these of Debian 12's packages.*?`([a-z0-9.+\s-]+)`", section_of("docs/install.md", "Tarball"), re.DOTALL)
        unpack_debian(root, *needed[1].split())
        shutil.copy(TARBALL[0], os.path.join(root, "root"))
        ((unpack, serve),) = [block.splitlines() for block in blocks_of("docs/install.md", "Tarball")]
        said = run(
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--pipe", f"--directory={root}",
            "bash", "-euc", f"cd /root; {unpack}; portolan check {CONFIG}; if portolan health; then exit 1; fi; {serve} & "
            "for ((i = 0; i < 600; i++)); do portolan health >/dev/null 2>&1 && break; sleep 0.1; done; portolan health;"
            "kill $!; wait $!; echo ended",
        )  # fmt: skip
        self.assertIn(f"{CONFIG}: ok: ", said)
        self.assertIn("\nended\n", said)
        sections = run("readelf", "-S", "--wide", os.path.join(root, "usr/local/bin/portolan"))
        self.assertIn(" .dynsym ", sections)
        self.assertNotRegex(sections, r" [.](symtab|debug)")


if __name__ == "__main__":
    unittest.main(verbosity=2)
