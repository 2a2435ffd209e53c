"""Packed twice, in two folders, the packages are the same, byte for byte; and their bills of materials are good."""

import glob
import hashlib
import os
import subprocess
import sys
import unittest

from machine import ROOT

ONE, TWO = (os.path.join(ROOT, "build", name) for name in ("packages", "packages-test/again"))


def digests(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


class Same(unittest.TestCase):
    def test_bytes(self):
        self.assertEqual(len(digests(ONE)), 6)
        self.assertEqual(digests(ONE), digests(TWO))

    def test_bills_by_the_tools_of_spdx(self):
        tool = os.path.join(os.path.dirname(sys.executable), "pyspdxtools")
        bills = glob.glob(os.path.join(ONE, "*.spdx.json"))
        self.assertEqual(len(bills), 3)
        for bill in bills:
            done = subprocess.run([tool, "-i", bill, "--version", "SPDX-2.3"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{bill}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
