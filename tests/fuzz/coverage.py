#!/usr/bin/env python3
"""How much of each parser the committed corpus of its fuzzer reaches: lines, which must be at least 85 in a hundred.

What is reached is known to work on more than the input of a unit test, and is where the fuzzer goes on from. Each
file that reads what providers answer must be in the list of a fuzzer.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

LEAST = 85.0
# What each fuzzer is for. Only these are compiled to tell what was reached (cmake/PortolanFlags.cmake).
PARSERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parsers.json")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What takes a provider's answer or event, whichever dialect it is of.
READS_ANSWERS = re.compile(r"\b(AnswerToHub|OnEvent)\(const Message&")


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise SystemExit(f"error: {command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def coverage(fuzzer, corpus, sources, directory):
    """[(source, lines reached in a hundred)]"""
    raw, merged = os.path.join(directory, "raw"), os.path.join(directory, "merged")
    run(fuzzer, "-runs=0", corpus, env={**os.environ, "LLVM_PROFILE_FILE": raw}, cwd=directory)
    run("llvm-profdata-19", "merge", "-o", merged, raw)
    exported = json.loads(run("llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", fuzzer))
    found = {entry["filename"]: entry["summary"]["lines"] for entry in exported["data"][0]["files"]}
    result = []
    for source in sources:
        lines = next((lines for name, lines in found.items() if name.endswith("/" + source)), None)
        if lines is None:
            raise SystemExit(f"error: {source} is not in {fuzzer}")
        result.append((source, lines["percent"]))
    return result


def without_fuzzer(listed):
    """The readers of answers that no fuzzer is for; mapping.cc reads nothing."""
    found = []
    for path in glob.glob(os.path.join(ROOT, "providers", "**", "*.cc"), recursive=True):
        name = os.path.relpath(path, ROOT)
        with open(path) as file:
            reads = READS_ANSWERS.search(file.read())
        if reads and name not in listed and name != "providers/mapping.cc":
            found.append(name)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/asan")
    options = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    build = os.path.abspath(options.build)
    low = []
    with open(PARSERS) as file:
        parsers = json.load(file)
    for name in without_fuzzer({source for sources in parsers.values() for source in sources}):
        low.append(f"{name}: reads what providers answer, but is in no fuzzer's list")
    for name, sources in parsers.items():
        with tempfile.TemporaryDirectory(prefix="fuzz-coverage-") as directory:
            reached = coverage(os.path.join(build, "tests/fuzz", name), os.path.join(here, "corpus", name), sources,
                               directory)
        for source, percent in reached:
            print(f"{name}: {source}: {percent:.1f} % of lines")
            if percent < LEAST:
                low.append(f"{source}: the corpus of {name} reaches {percent:.1f} % of its lines, at least {LEAST:g} are due")
    for line in low:
        print(f"error: {line}", file=sys.stderr)
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
