"""Compiled and linked twice, in two folders, the program is the same, byte for byte, once it is stripped as it is packed.

The compiler makes a few sources of each kind anew, without its cache, and the linker the whole program of what was built before: a second
build of everything takes most of an hour.
"""

import json
import os
import re
import shlex
import shutil
import tempfile
import unittest

from machine import ROOT, WORK, run

BUILD = os.path.join(ROOT, "build/release")
FOLDERS = ("one", "another/with a blank/below/others")
# Of those that are generated, those with a profile, tables and programs.
SOURCES = ("gen/portolan/v1/chat_service.pb.cc", "server/cli/commands.cc", "server/base/text.cc", "providers/rows.cc", "server/main.cc")


class Twice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
            cls.home = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", file.read(), re.MULTILINE)[1]

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=WORK)
        self.addCleanup(shutil.rmtree, self.folder)

    def made(self, folder, command, output):
        """What a command of the build makes where the checkout is in `folder`; stripped."""
        at = os.path.join(self.folder, folder)
        os.makedirs(at, exist_ok=True)
        out = os.path.join(self.folder, "out")
        words = [word.replace(self.home, at) for word in shlex.split(command)]
        self.assertEqual(words.count(output), 1, command)
        words[words.index(output)] = out
        build = os.path.join(at, os.path.relpath(BUILD, ROOT))
        run(
            "unshare", "--mount", "sh", "-ec",
            'mount --bind "$1" "$2"; mount --bind "$3" "$4"; cd "$4"; shift 4; exec "$@"', "sh", ROOT, at, BUILD, build,
            "env", "CCACHE_DISABLE=1", *words,
        )  # fmt: skip
        # What is for debuggers says where it was compiled, and is not packed.
        if " -g1 " in command:
            with open(out, "rb") as file:
                self.assertIn(at.encode(), file.read())
        run("strip", "--strip-debug" if output.endswith(".o") else "--strip-all", out)
        with open(out, "rb") as file:
            return file.read()

    def check_same(self, command, output):
        one, another = (self.made(folder, command, output) for folder in FOLDERS)
        self.assertGreater(len(one), 500)
        self.assertTrue(one == another, f"{output} differs between folders")

    def test_objects(self):
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            commands = {each["file"]: each["command"] for each in json.load(file)}
        for source in SOURCES:
            (command,) = [command for file, command in commands.items() if file.endswith(f"/{source}")]
            with self.subTest(source):
                words = shlex.split(command)
                self.check_same(command, words[words.index("-o") + 1])

    def test_program(self):
        command = run("ninja", "-C", BUILD, "-t", "commands", "portolan").splitlines()[-1]
        # CMake puts it between nothings.
        (link,) = [part for part in command.split(" && ") if " -o portolan " in part]
        self.check_same(link, "portolan")


if __name__ == "__main__":
    unittest.main(verbosity=2)
