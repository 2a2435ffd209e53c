#!/usr/bin/env python3
"""What scripts/lib/tidy.py looks at again, and what it need not."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[3] / "scripts/lib/tidy.py"
# Says of each source that it was looked at; finds something in those that hold `bad`.
TIDY = """#!/bin/sh
if [ "$1" = --version ]; then cat "$PWD/version"; exit; fi
for file; do :; done
echo "$file" >> "$PWD/looked"
if grep -q silent "$file"; then exit 3; fi
if grep -q bad "$file"; then echo "$file:1: a finding"; exit 1; fi
"""
NINJA = """#!/bin/sh
cat "$PWD/deps"
"""


class Tidy(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.cache = os.path.join(self.directory.name, "cache")
        self.root = self.folder("one")

    def tearDown(self):
        self.directory.cleanup()

    def folder(self, name):
        """A checkout with two sources, of which the first includes a header."""
        root = pathlib.Path(self.directory.name, name)
        (root / "build").mkdir(parents=True)
        for path, text in {".clang-tidy": "Checks: a", "a.cc": "a", "a.h": "h", "b.cc": "b", "version": "19", "tidy": TIDY,
                           "ninja": NINJA, "deps": "a.o: #deps 2, deps mtime 1 (VALID)\n    ../a.cc\n    ../a.h\n\n"
                                                  "b.o: #deps 1, deps mtime 1 (VALID)\n    ../b.cc\n\n"}.items():
            (root / path).write_text(text)
        for program in ("tidy", "ninja"):
            (root / program).chmod(0o755)
        self.compiled(root, "-O2")
        return root

    @staticmethod
    def compiled(root, flags):
        commands = [{"directory": str(root / "build"), "file": str(root / name), "command": f"c++ {flags} -I{root} {name}"}
                    for name in ("a.cc", "b.cc")]
        (root / "build/compile_commands.json").write_text(json.dumps(commands))

    def looked_at(self, root=None, fails=False, files=("a.cc", "b.cc"), says="a finding"):
        """The sources that clang-tidy was asked about."""
        root = root or self.root
        looked = root / "looked"
        looked.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, PROGRAM, "--build", "build", "--cache", self.cache, "--tidy", root / "tidy", *files], cwd=root,
            env={**os.environ, "PATH": f"{root}:{os.environ['PATH']}"}, capture_output=True, text=True)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        self.assertEqual(says in done.stdout, fails)
        return sorted(looked.read_text().split()) if looked.exists() else []

    def test_what_has_not_changed_is_not_looked_at_again(self):
        self.assertEqual(self.looked_at(), ["a.cc", "b.cc"])
        self.assertEqual(self.looked_at(), [])
        # Nor in another folder.
        self.assertEqual(self.looked_at(self.folder("two")), [])

    def test_a_change_of_what_it_is_made_of_counts(self):
        self.looked_at()
        (self.root / "a.h").write_text("other")
        self.assertEqual(self.looked_at(), ["a.cc"])
        (self.root / "b.cc").write_text("other")
        self.assertEqual(self.looked_at(), ["b.cc"])
        (self.root / ".clang-tidy").write_text("Checks: b")
        self.assertEqual(self.looked_at(), ["a.cc", "b.cc"])
        (self.root / "version").write_text("20")
        self.assertEqual(self.looked_at(), ["a.cc", "b.cc"])
        self.compiled(self.root, "-O3")
        self.assertEqual(self.looked_at(), ["a.cc", "b.cc"])
        # Which profile it is laid out by does not.
        self.compiled(self.root, "-O3 -fprofile-use=profile-1.profdata")
        self.assertEqual(self.looked_at(), [])

    def test_a_finding_is_told_each_time(self):
        (self.root / "b.cc").write_text("bad")
        self.assertEqual(self.looked_at(fails=True), ["a.cc", "b.cc"])
        self.assertEqual(self.looked_at(fails=True), ["b.cc"])

    def test_a_failure_without_a_word_is_told(self):
        (self.root / "b.cc").write_text("silent")
        self.looked_at(fails=True, says="ended with 3 for b.cc")

    def test_what_was_not_compiled_is_looked_at_each_time(self):
        (self.root / "c.cc").write_text("c")
        for _ in range(2):
            self.assertEqual(self.looked_at(files=["c.cc"]), ["c.cc"])


if __name__ == "__main__":
    unittest.main()
