#!/usr/bin/env python3
"""Runs clang-tidy over sources, several at a time: tidy.py --build DIR --cache DIR [--jobs N] [--tidy PROGRAM] FILE...

A source in which nothing was found is not looked at again until it, a header that it includes, .clang-tidy, clang-tidy or
the way it is compiled changes: the cache holds an empty file for each such state. Prints what is found, nothing else; fails
if anything is. Headers of the system count by their sizes, all others by what they hold.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

MAX_AGE_DAYS = 30
# Says how the program is laid out, and changes with each profile.
PROFILE = re.compile(r"\s-(?:fprofile-use=|mllvm -static-func)\S*")


def headers_by_source(build):
    """What each source includes, itself first, as Ninja has it of the last build: {absolute path: [absolute path]}."""
    told = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found = {}
    for block in told.strip().split("\n\n"):
        head, *files = block.splitlines()
        if head.endswith("(VALID)") and files:
            paths = [os.path.normpath(os.path.join(build, line.strip())) for line in files]
            found.setdefault(paths[0], paths)
    return found


class States:
    """Names the state of a source by a hash; the same on every machine and in every folder."""

    def __init__(self, root, build, tidy):
        self.root = os.path.realpath(root)
        self.headers = headers_by_source(os.path.realpath(build))
        with open(os.path.join(build, "compile_commands.json")) as file:
            self.commands = {os.path.normpath(os.path.join(each["directory"], each["file"])): each["command"]
                             for each in json.load(file)}
        version = subprocess.run([tidy, "--version"], capture_output=True, text=True, check=True).stdout
        self.common = version + pathlib.Path(self.root, ".clang-tidy").read_text()

    @functools.lru_cache(maxsize=None)
    def of_file(self, path):
        if not path.startswith(self.root + os.sep):
            return f"{path} {os.path.getsize(path)}"
        with open(path, "rb") as file:
            return f"{os.path.relpath(path, self.root)} {hashlib.sha256(file.read()).hexdigest()}"

    def of(self, source):
        """None where the build has not compiled it."""
        path = os.path.join(self.root, source)
        if path not in self.headers or path not in self.commands:
            return None
        command = PROFILE.sub("", self.commands[path]).replace(self.root, "")
        parts = [self.common, command, *sorted(self.of_file(each) for each in self.headers[path])]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def look_at(source, state, options):
    """What clang-tidy finds, and whether it found nothing."""
    mark = pathlib.Path(options.cache, state) if state else None
    if mark and mark.exists():
        mark.touch()
        return "", True
    done = subprocess.run([options.tidy, "-p", options.build, "--quiet", source], capture_output=True, text=True)
    said = "\n".join(line for line in done.stderr.splitlines() if not re.search(r"warnings? generated", line))
    found = done.stdout + (said + "\n" if said else "")
    good = done.returncode == 0 and not found.strip()
    if good and mark:
        mark.touch()
    if not good and not found.strip():
        found = f"error: {options.tidy} ended with {done.returncode} for {source} and says nothing\n"
    return found, good


def forget_old(cache):
    oldest = time.time() - MAX_AGE_DAYS * 24 * 3600
    for mark in cache.iterdir():
        if mark.stat().st_mtime < oldest:
            mark.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tidy", default="clang-tidy-19")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    forget_old(options.cache)
    states = States(os.getcwd(), options.build, options.tidy)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found, good in pool.map(lambda each: look_at(each, states.of(each), options), options.files):
            sys.stdout.write(found)
            sys.stdout.flush()
            bad += not good
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
