#!/usr/bin/env python3
"""The stages of scripts/test: one that fails fails the whole and hides none of the others."""

import os
import re
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.abspath(__file__)).removesuffix("/tests/unit/scripts")
CALLS = re.compile(r"^ *(?:begin_)?stage ((?:--needs '[^']+' )*)(?:\\\n *)?'([^']+)'", re.MULTILINE)
NEEDS = re.compile(r"--needs '([^']+)'")


class Run:
    """What came of a script that has the stages of scripts/lib/common.sh."""

    def __init__(self, script):
        # Beside its lib folder, as the real ones are.
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "script")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'source "{ROOT}/scripts/lib/common.sh"\n{script}\nend_stages\n')
            done = subprocess.run(["bash", path], capture_output=True, text=True)
        self.status, self.out, self.lines = done.returncode, done.stdout + done.stderr, done.stdout.splitlines()

    def result(self, name):
        """What the list at the end says of a stage."""
        found = [re.fullmatch(rf" *(?:\d+ s)?  (passed|FAILED|not run) +{re.escape(name)}(?: \(needs: (.*)\))?", line)
                 for line in self.lines]
        results = [(match[1], match[2]) for match in found if match]
        assert len(results) == 1, self.out
        return results[0][0] if results[0][1] is None else results[0]


class Stages(unittest.TestCase):
    def test_all_pass(self):
        run = Run("stage one true\nstage 'and (another)' echo hello")
        self.assertEqual(run.status, 0, run.out)
        self.assertIn("hello", run.lines)
        self.assertEqual((run.result("one"), run.result("and (another)")), ("passed", "passed"))
        self.assertEqual(run.lines[-1], "2 passed, 0 failed")

    def test_goes_on_behind_one_that_fails(self):
        run = Run("stage one true\nstage two false\nstage three echo hello")
        self.assertNotEqual(run.status, 0)
        self.assertIn("hello", run.lines)
        self.assertEqual([run.result(name) for name in ("one", "two", "three")], ["passed", "FAILED", "passed"])
        self.assertEqual(run.lines[-1], "2 passed, 1 failed")

    def test_any_command_that_fails_fails_its_stage(self):
        bodies = {
            "first": "false; echo went on",
            "in a loop": "for i in 1 2; do false; echo went on; done",
            "in a group": "{ false; echo went on; }; true",
            "in a subshell": "(false; echo went on); true",
            "in a function": "inner() { false; echo went on; }; inner; true",
            "in a pipe": "false | true; echo went on",
            "in a substitution": "value=$(false); echo went on",
            "variable that is not set": 'echo "$no_such_variable"; echo went on',
            "command that is not there": "no_such_command; echo went on",
            "exit": "exit 3; echo went on",
            "die": "die 'no more'; echo went on",
            "signal": "kill -9 $BASHPID; echo went on",
        }
        for name, body in bodies.items():
            with self.subTest(name):
                run = Run(f"body() {{ {body}; }}\nstage it body\nstage other true")
                self.assertNotEqual(run.status, 0)
                self.assertNotIn("went on", run.out)
                self.assertEqual((run.result("it"), run.result("other")), ("FAILED", "passed"))
                self.assertEqual(run.lines[-1], "1 passed, 1 failed")

    def test_is_not_run_without_what_it_needs(self):
        run = Run("stage build false\n"
                  "stage --needs build test echo tested\n"
                  "stage --needs test 'of the tests' echo counted\n"
                  "stage fine true\n"
                  "stage --needs fine --needs build both echo had both\n"
                  "stage --needs fine last echo done")
        self.assertNotEqual(run.status, 0)
        for word in ("tested", "counted", "had both"):
            self.assertNotIn(word, run.lines)
        self.assertEqual(run.result("test"), ("not run", "build"))
        self.assertEqual(run.result("of the tests"), ("not run", "test"))
        self.assertEqual(run.result("both"), ("not run", "build"))
        self.assertEqual(run.result("last"), "passed")
        self.assertEqual(run.lines[-1], "2 passed, 1 failed")

    def test_needs_a_stage_that_there_is(self):
        run = Run("stage --needs nothing it echo hello")
        self.assertNotEqual(run.status, 0)
        self.assertNotIn("hello", run.lines)
        self.assertIn("error: it: there is no stage nothing before it", run.out)

    def test_one_that_is_begun_runs_beside_those_that_follow(self):
        # Each waits for a file that the other makes.
        run = Run("folder=$(mktemp -d)\n"
                  "meet() { touch \"$folder/$1\"; timeout 20 sh -c \"until [ -e '$folder/$2' ]; do sleep 0.01; done\"; echo \"$1\"; }\n"
                  "begin_stage one meet first second\n"
                  "stage two meet second first\n"
                  "await_stage one\n"
                  "stage --needs one three echo third")
        self.assertEqual(run.status, 0, run.out)
        # What it prints comes where it is awaited.
        self.assertEqual([line for line in run.lines if line in ("first", "second", "third")], ["second", "first", "third"])
        self.assertEqual([run.result(name) for name in ("one", "two", "three")], ["passed"] * 3)

    def test_one_that_is_begun_fails_like_others(self):
        for body in ("false; echo went on", "exit 3; echo went on", "kill -9 $BASHPID; echo went on"):
            with self.subTest(body):
                run = Run(f"body() {{ echo said; {body}; }}\nbegin_stage it body\nstage other true\nawait_stage it\n"
                          "stage --needs it after echo after")
                self.assertNotEqual(run.status, 0)
                self.assertIn("said", run.lines)
                self.assertNotIn("went on", run.out)
                self.assertEqual((run.result("it"), run.result("other"), run.result("after")), ("FAILED", "passed", ("not run", "it")))

    def test_the_end_waits_for_what_was_begun(self):
        run = Run("begin_stage it sh -c 'sleep 0.2; exit 1'")
        self.assertNotEqual(run.status, 0)
        self.assertEqual((run.result("it"), run.lines[-1]), ("FAILED", "0 passed, 1 failed"))

    def test_what_needs_one_that_is_begun_must_await_it(self):
        run = Run("begin_stage it sleep 60\nstage --needs it other echo hello")
        self.assertNotEqual(run.status, 0)
        self.assertIn("error: other: needs it, which is not awaited before it", run.out)

    def test_one_that_is_begun_ends_with_the_script(self):
        run = Run("folder=$(mktemp -d)\n"
                  "begin_stage it sh -c 'sleep 60 & echo $! >\"$1/new\"; mv \"$1/new\" \"$1/pid\"; wait' sh \"$folder\"\n"
                  "until [ -e \"$folder/pid\" ]; do sleep 0.01; done\n"
                  "cat \"$folder/pid\"\n"
                  "die 'no more'")
        self.assertNotEqual(run.status, 0)
        end = time.monotonic() + 10
        while os.path.exists(f"/proc/{run.lines[0]}"):
            self.assertLess(time.monotonic(), end, run.out)
            time.sleep(0.01)

    def test_one_that_is_not_begun_is_not_awaited(self):
        run = Run("stage build false\nbegin_stage --needs build it echo hello\nawait_stage it\nstage other true")
        self.assertNotIn("hello", run.lines)
        self.assertEqual((run.result("it"), run.result("other")), (("not run", "build"), "passed"))

    def test_parts_are_all_attempted(self):
        run = Run("bad() { echo \"$1\"; false; echo went on; }\n"
                  "body() { part bad first; part echo second; part bad third; end_parts; echo went on; }\n"
                  "stage it body\n"
                  "good() { part true; part echo fine; end_parts; }\n"
                  "stage other good")
        self.assertNotEqual(run.status, 0)
        for word in ("first", "second", "third", "fine"):
            self.assertIn(word, run.lines)
        self.assertNotIn("went on", run.out)
        self.assertIn("failed: bad first\nfailed: bad third\n", run.out)
        self.assertEqual((run.result("it"), run.result("other")), ("FAILED", "passed"))


class TheTestScript(unittest.TestCase):
    def setUp(self):
        with open(f"{ROOT}/scripts/test", encoding="utf-8") as file:
            self.text = file.read()
        self.stages = [(name, NEEDS.findall(needs)) for needs, name in CALLS.findall(self.text)]

    def test_needs_only_stages_before(self):
        self.assertEqual(len(self.stages), len(re.findall(r"^ *(?:begin_)?stage ", self.text, re.MULTILINE)))
        before = set()
        for name, needs in self.stages:
            self.assertLessEqual(set(needs), before, name)
            self.assertNotIn(name, before)
            before.add(name)

    def test_runs_no_test_without_its_build(self):
        for name, needs in self.stages:
            if name.startswith("Tests "):
                self.assertIn(name.replace("Tests", "Build"), needs)

    def test_asks_no_stage_in_a_way_that_lets_commands_fail_unnoticed(self):
        for line in self.text.splitlines():
            self.assertIsNone(re.search(r"(\b(if|while|until|!)|&&|\|\|)\s+(attempt|stage|begin_stage|await_stage|part)\b"
                                        r"|^\s*(attempt|stage|begin_stage|await_stage|part)\b.*(&&|\|\|)", line), line)


if __name__ == "__main__":
    unittest.main()
