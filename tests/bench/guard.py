#!/usr/bin/env python3
"""Guards what a call costs, by figures that a busy machine does not spoil: system calls, which are at most nginx's in the
same run, and instructions, which are at most a little more than the baseline.

instructions.json holds the baselines by compiler and CPU features, as both change the code that runs. When a figure is
past its baseline, the change at hand made calls dearer: make it cheaper. Renew the baseline (--renew) only with a change
that is worth its price, in the same commit, whose message says what the price buys; and after a change that made calls
cheaper, so that the gain is kept. Always on an otherwise idle machine: on a busy one several chunks of a stream arrive
together, and each costs less.
"""

import argparse
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import processes
import rows as table

BASELINES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
INSTRUCTION_ROWS = ("unary", "streamed, per chunk", "translated", "translated stream, per chunk")
# Of a stream it matters how many pieces a read brings: the same program was seen to take from 3,400 to 5,000
# instructions for a chunk, as the machine had more or less to do beside. These baselines are of a busy one.
TOLERANCE = 1.03
CORE = 0


def machine_key(build):
    """What decides which instructions run: the compiler, and the vector units that libraries choose by."""
    version = processes.compiler(build)
    with open("/proc/cpuinfo") as cpuinfo:
        flags = next(line for line in cpuinfo if line.startswith("flags")).split()
    # Valgrind's processor has no more than AVX2.
    return f"{version}, " + ("avx2" if "avx2" in flags else "no avx2")


def load(build, row, side, port, seconds, directory, callers):
    """Sends the row's calls; how many there were."""
    body = os.path.join(directory, "body.json")
    with open(body, "w") as file:
        file.write(side.body)
    if row.tool == "wrk":
        headers = [part for header in side.headers for part in ("-H", header)]
        script = os.path.join(os.path.dirname(BASELINES), "post.lua")
        command = ["wrk", "-t1", f"-c{callers}", f"-d{seconds}s", "-s", script, *headers,
                   f"http://127.0.0.1:{port}{side.path}"]
    else:
        tool = os.path.join(build, "tests/bench/bench_stream_load")
        command = [tool, str(port), side.path, body, str(callers), str(seconds), *side.headers]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "BENCH_BODY": body})
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    figures = json.loads(lines[-1]) if lines else {"requests": 0, "failures": 1}
    if done.returncode or figures["failures"] or not figures["requests"]:
        raise SystemExit(f"error: {row.name}: the load failed:\n{done.stdout}{done.stderr}")
    return figures["requests"]


def system_calls(build, row, side, server, directory, callers):
    """System calls of the server for each call."""
    load(build, row, side, server.port, 1, directory, callers)
    counts = os.path.join(directory, "strace.txt")
    strace = subprocess.Popen(["strace", "-f", "-c", "-o", counts, "-p", str(server.pid)], stderr=subprocess.PIPE,
                              text=True)
    # strace says when it is there.
    if "attached" not in strace.stderr.readline():
        raise SystemExit("error: strace cannot attach; does this container allow ptrace?")
    requests = load(build, row, side, server.port, 2, directory, callers)
    strace.send_signal(signal.SIGINT)
    strace.wait()
    with open(counts) as file:
        total = next(line for line in file if line.rstrip().endswith("total"))
    return int(total.split()[3]) / requests


def check_system_calls(build, directory):
    port = processes.free_port()
    upstream = processes.Server(CORE, port, [os.path.join(build, "tests/bench/bench_instant_upstream"), port, 0],
                                os.path.join(directory, "upstream.log"))
    nginx = processes.start_nginx(CORE, port, directory)
    portolan = processes.start_portolan(CORE, os.path.join(build, "portolan"), directory)
    past = []
    try:
        row = next(row for row in table.rows(port, port) if row.name == "unary")
        for callers in (1, 64):
            base = system_calls(build, row, row.base, nginx, directory, callers)
            ours = system_calls(build, row, row.ours, portolan, directory, callers)
            print(f"system calls for a call, {callers} at a time: nginx {base:.2f}, Portolan {ours:.2f}")
            # A hundredth: what stands at the edges of the run.
            if ours > base * 1.01:
                past.append(f"{ours:.2f} system calls for a call, nginx makes {base:.2f}")
    finally:
        for server in (portolan, nginx, upstream):
            server.stop()
    return past


def instructions(build, row, upstream_log, directory):
    """Instructions of Portolan for each call, or chunk."""
    port = processes.free_port()
    # Chunks so far apart that each comes alone and none is polled for: then the count does not hang on the clock.
    gap = 1000 if row.tool == "streams" else 0
    upstream = processes.Server(CORE, port, [os.path.join(build, "tests/bench/bench_instant_upstream"), port, gap],
                                upstream_log)
    row = next(other for other in table.rows(port, port) if other.name == row.name)
    out = os.path.join(directory, "callgrind.out")
    http, grpc, admin = (processes.free_port() for _ in range(3))
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}",
               os.path.join(build, "portolan"), "serve", "--threads", "1", "--http", f"127.0.0.1:{http}", "--grpc",
               f"127.0.0.1:{grpc}", "--admin", f"127.0.0.1:{admin}"]
    with open(os.path.join(directory, "valgrind.log"), "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        processes.wait_for_port(http, server, 60)
        # No more streams than Valgrind keeps up with: pieces that wait for it are read together, and count less.
        callers = 2 if row.tool == "streams" else 8
        load(build, row, row.ours, http, 1, directory, callers)
        subprocess.run(["callgrind_control", "-i", "on", str(server.pid)], check=True, capture_output=True)
        requests = load(build, row, row.ours, http, 2, directory, callers)
        subprocess.run(["callgrind_control", "-i", "off", str(server.pid)], check=True, capture_output=True)
    finally:
        server.terminate()
        server.wait()
        upstream.stop()
    # One file for each dump; that of the part before the calls counts nothing.
    total = 0
    for name in glob.glob(out + "*"):
        with open(name) as file:
            total += max(int(sum_) for sum_ in re.findall(r"^(?:totals|summary): (\d+)", file.read(), re.M))
        os.remove(name)
    return total / (requests * row.per)


def check_instructions(build, directory, renew):
    with open(BASELINES) as file:
        baselines = json.load(file)
    key = machine_key(build)
    known = baselines.get(key)
    if known is None and not renew:
        print(f"instructions: no baseline for {key}; measured only")
    measured, past = {}, []
    for row in (row for row in table.rows(1, 1) if row.name in INSTRUCTION_ROWS):
        count = instructions(build, row, os.path.join(directory, "upstream.log"), directory)
        measured[row.name] = round(count, -2)
        base = (known or {}).get(row.name)
        print(f"instructions, {row.name}: {count:.0f}" + (f", baseline {base:.0f}" if base else ""))
        if base and count > base * TOLERANCE and not renew:
            past.append(f"{row.name}: {count:.0f} instructions, the baseline is {base:.0f}")
    if renew:
        baselines[key] = measured
        with open(BASELINES, "w") as file:
            json.dump(baselines, file, indent=2, sort_keys=True)
            file.write("\n")
    return past


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="folder with the release build")
    parser.add_argument("--renew", action="store_true", help="write the instructions measured to instructions.json")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portolan-guard-") as directory:
        os.chmod(directory, 0o755)
        past = check_system_calls(options.build, directory)
        past += check_instructions(options.build, directory, options.renew)
    print(f"{time.monotonic() - start:.0f} s")
    for line in past:
        print(f"error: {line}", file=sys.stderr)
    sys.exit(1 if past else 0)


if __name__ == "__main__":
    main()
