#!/usr/bin/env python3
"""Compares a call through Portolan with one through nginx as a plain proxy (gRPC: with a bare gRPC echo server).

Both stand in front of the same instant upstream and run on the same core; upstream and load share the other one. The
sides take turns, and each figure is the median of all runs. The CPU time of the proxy process per request is what
counts: the load on a busy machine spoils the rest first.
"""

import argparse
import contextlib
import dataclasses
import fnmatch
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import processes
import rows as table
import starts

LOAD_CORE, PROXY_CORE = 0, 1
# Between the chunks of a stream, so that they do not run together on their way.
GAP_US = 150
# How much longer than others the rows are whose latency is judged: a percentile needs many calls.
LATENCY_TIMES = 3


PAGE = """# Benchmarks

Written by `scripts/bench --markdown docs/benchmarks.md`; `scripts/bench --check` fails where a ratio is past its bar. Load
and upstream share one core, the proxy under test has the other; the sides take turns. nginx is a plain proxy with one
worker, without a log, with 512 connections kept alive to the upstream. Portolan runs with one thread and otherwise as it
comes, one log line a call. What counts is the CPU time of the proxy process, from `/proc`.

Latencies are to the end of an answer, of streams to the first chunk. With many callers they say more about the load than
about the proxy, on a machine this small; with one, a single client asks all sides in turn, half a second each, so that what
else goes on falls on all alike. In rows whose load leaves the cores time to sleep (one caller, slow streams) a process of
idle priority keeps them awake: how long a virtual core takes to wake is the host's affair.

A start is timed from exec to the first answer, with everything on the proxy's core. Of what more shards cost, most is each
one's thread and its share of the gRPC library's; what the system trusts is read once for all.

Streams are of 100 chunks, 150 µs apart: fast ones, which Portolan polls (see [internals.md](internals.md#threads)).
Those called slow have 10 ms between chunks, as a model's tokens do, and each chunk is read as it comes.

"""
# What is judged besides the rows' ratios.
MAX_STREAM_KB = 30


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.build = options.build
        tool = lambda name: os.path.join(self.build, "tests/bench", "bench_" + name)
        self.tool = tool
        log = os.path.join(directory, "tools.log")
        port = processes.free_port()
        certificate, key = processes.make_certificate(directory)
        self.upstream = processes.Server(LOAD_CORE, port, [tool("instant_upstream"), port, GAP_US], log)
        self.tls_upstream = processes.start_tls_upstream(LOAD_CORE, port, directory, certificate, key)
        to_tls = processes.free_port()
        self.nginx = processes.start_nginx(
            PROXY_CORE, port, directory,
            processes.NGINX_TO_TLS.format(upstream=self.tls_upstream.port, port=to_tls, certificate=certificate))
        binary, flags = os.path.join(self.build, "portolan"), ["--upstream-ca", certificate]
        self.portolan = processes.start_portolan(PROXY_CORE, binary, directory, flags=flags)
        self.portolan_2 = processes.start_portolan(f"{LOAD_CORE},{PROXY_CORE}", binary, directory, threads=2, flags=flags)
        middleware = processes.free_port()
        self.middleware = processes.Server(LOAD_CORE, middleware, [tool("grpc_middleware"), middleware], log)
        config = os.path.join(directory, "middleware.yaml")
        with open(config, "w") as file:
            file.write(f'middleware: {{reader: {{grpc: "127.0.0.1:{middleware}"}}}}\n')
        self.portolan_hooks = processes.start_portolan(PROXY_CORE, binary, directory, flags=[*flags, "--config", config])
        echo = processes.free_port()
        self.echo = processes.Server(PROXY_CORE, echo, [tool("grpc_echo"), echo], log)
        # name: (process whose time counts, port)
        self.servers = {
            "nginx": (self.nginx, self.nginx.port),
            "nginx_tls": (self.nginx, to_tls),
            "portolan": (self.portolan, self.portolan.port),
            "portolan_2": (self.portolan_2, self.portolan_2.port),
            "portolan_hooks": (self.portolan_hooks, self.portolan_hooks.port),
            "portolan_grpc": (self.portolan, self.portolan.grpc_port),
            "grpc_echo": (self.echo, echo),
            "direct": (self.upstream, port),
        }
        self.peers = peers.start(options.peer, PROXY_CORE, port, directory)
        self.servers.update(self.peers)
        self.before = None
        if options.before:
            self.before = processes.start_portolan(PROXY_CORE, options.before, directory, flags=flags)
            self.servers["before"] = (self.before, self.before.port)
            self.servers["before_grpc"] = (self.before, self.before.grpc_port)

    def rows(self):
        chosen = [row for row in table.rows(self.upstream.port, self.tls_upstream.port)
                  if fnmatch.fnmatch(row.name, self.options.rows)]
        if not chosen:
            raise SystemExit(f"error: no row is named like {self.options.rows}")
        return [self.against_before(row) for row in chosen] if self.before else chosen

    def against_before(self, row):
        """The row with --before's binary as its base, called as ours is."""
        server = row.ours.server.replace("portolan", "before")
        if server not in self.servers:
            raise SystemExit(f"error: {row.name}: --before has no {server}; choose others by --rows")
        return dataclasses.replace(row, base=dataclasses.replace(row.ours, server=server), bar=table.BEFORE_BAR,
                                   added_us_bar=0, latency_bar=0)

    def stop(self):
        for server, _ in self.peers.values():
            server.stop()
        if self.before:
            self.before.stop()
        for server in (self.echo, self.portolan_hooks, self.middleware, self.portolan_2, self.portolan, self.nginx,
                       self.tls_upstream, self.upstream):
            server.stop()

    def write_body(self, side):
        path = os.path.join(self.directory, "body.json")
        with open(path, "w") as file:
            file.write(side.body)
        return path

    def command(self, row, side, port, seconds):
        body = self.write_body(side)
        if row.tool == "wrk":
            headers = [part for header in side.headers for part in ("-H", header)]
            script = os.path.join(os.path.dirname(__file__), "post.lua")
            return ["wrk", "-t1", f"-c{row.concurrency}", f"-d{seconds}s", "-s", script, *headers,
                    f"http://127.0.0.1:{port}{side.path}"], body
        if row.tool == "streams":
            return [self.tool("stream_load"), port, side.path, body, row.concurrency, seconds, *side.headers], body
        return [self.tool("grpc_load"), port, row.tool.removeprefix("grpc-"), row.concurrency, seconds, side.path,
                *side.headers], body

    def load(self, row, command, body=""):
        """Runs a load: its figures (one object a line), its diagnostics, and the seconds that it took."""
        start = time.monotonic()
        done = subprocess.run(["taskset", "-c", str(LOAD_CORE)] + [str(part) for part in command], capture_output=True,
                              text=True,
                              env={**os.environ, "BENCH_BODY": body, "BENCH_TYPE": row.content_type})
        took = time.monotonic() - start
        figures = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not figures:
            raise SystemExit(f"error: {row.name}: {command[0]} failed:\n{done.stdout}{done.stderr}")
        for side in figures:
            if side["failures"] or not side["requests"]:
                raise SystemExit(f"error: {row.name}: {side}\n{done.stderr}")
            side.setdefault("seconds", took)
        return figures

    def run(self, row, side, seconds):
        """One run of one side: its figures, by name."""
        server, port = self.servers[side.server]
        command, body = self.command(row, side, port, seconds)
        before = server.cpu()
        figures = self.load(row, command, body)[-1]
        # A chunk's boundary may stand within an event and hide it from the count, but that is rare.
        events = figures.get("events", 0) / figures["requests"]
        if row.tool == "streams" and (events < row.per or abs(events - round(events)) > 0.1):
            raise SystemExit(f"error: {row.name} by {side.server}: streams are not alike: {figures}")
        return account(row, figures, before, server.cpu())

    def run_in_turn(self, row, sides, seconds):
        """All sides by one client, which asks each for `seconds`: {name: figures}."""
        servers = [self.servers[side.server] for side in sides.values()]
        ours = sides["ours"]
        before = [server.cpu() for server, _ in servers]
        found = self.load(row, [self.tool("latency_load"), ours.path, self.write_body(ours), seconds,
                                ",".join(str(port) for _, port in servers), *ours.headers])
        after = [server.cpu() for server, _ in servers]
        for figures in found:
            figures["seconds"] /= len(servers)
        return {name: account(row, *each) for name, *each in zip(sides, found, before, after)}

    def run_sides(self, row, sides, seconds):
        """One run of each side: {name: figures}."""
        if row.tool == "latency":
            return self.run_in_turn(row, sides, seconds * LATENCY_TIMES)
        seconds = max(1, round(seconds)) if row.tool == "wrk" else seconds
        return {name: self.run(row, side, seconds) for name, side in sides.items()}

    def measure(self, chosen):
        """{(row name, side): [figures of each run]}"""
        results = {}
        for number in range(self.options.runs + 1):
            for row in chosen:
                sides = {"base": row.base, "ours": row.ours}
                if row.direct:
                    sides["direct"] = table.Side("direct", row.base.path, row.base.body, row.base.headers)
                if row.name in peers.ROWS:
                    for name in self.peers:
                        sides[name] = table.Side(name, row.ours.path, row.ours.body,
                                                 row.ours.headers + peers.headers(row.ours.headers))
                # The first round warms up only.
                seconds = self.options.seconds if number else min(0.5, self.options.seconds)
                with processes.Awake(LOAD_CORE, PROXY_CORE) if row.awake else contextlib.nullcontext():
                    found = self.run_sides(row, sides, seconds)
                if number:
                    for name, figures in found.items():
                        results.setdefault((row.name, name), []).append(figures)
            print(f"round {number} of {self.options.runs}", file=sys.stderr)
        return results

    def check_refusal(self):
        """A malformed request gets its 400: what is measured does look at what it passes on."""
        body = table.openai_body()[:-1] + ",}"
        request = ("POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                   f"content-length: {len(body)}\r\n\r\n{body}")
        status = processes.answer_status(self.portolan.port, request.encode())
        if status != 400:
            raise SystemExit(f"error: a malformed request got {status}, not 400")


def account(row, figures, before, after):
    """Adds to a run's figures what the proxy used meanwhile, and the rate."""
    total = after[0] - before[0]
    user, kernel = after[1] - before[1], after[2] - before[2]
    figures["cpu_us"] = total * 1e6 / (figures["requests"] * row.per)
    figures["kernel_us"] = figures["cpu_us"] * kernel / max(1, user + kernel)
    figures["rate"] = figures["requests"] / figures["seconds"]
    return figures


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def cpu_cell(runs):
    return f"{median(runs, 'cpu_us'):.1f} ({median(runs, 'cpu_us') - median(runs, 'kernel_us'):.1f} + " \
           f"{median(runs, 'kernel_us'):.1f})"


def ratio_of(row, results):
    """Each pair ran side by side: the median of the ratios is steadier than the ratio of the medians."""
    base, ours = results[row.name, "base"], results[row.name, "ours"]
    return statistics.median(b["cpu_us"] / a["cpu_us"] for a, b in zip(base, ours))


def added_cpu_of(row, results):
    """Microseconds of CPU time more than the base's, likewise."""
    base, ours = results[row.name, "base"], results[row.name, "ours"]
    return statistics.median(b["cpu_us"] - a["cpu_us"] for a, b in zip(base, ours))


def bar_cell(row):
    if row.added_us_bar:
        return f"+ {row.added_us_bar:g} µs"
    return f"{row.bar:g}" if row.bar else ""


def added_of(row, results, name):
    """Microseconds that each side adds to the upstream's own latency: (base, ours)."""
    direct = median(results[row.name, "direct"], name)
    return [median(results[row.name, side], name) - direct for side in ("base", "ours")]


def aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["| " + " | ".join(cell.ljust(widths[i], "-" if cell == "---" else " ") for i, cell in enumerate(line)) + " |"
            for line in lines]


def render(chosen, results, peer_names):
    head = ["row", "callers", "base", "CPU µs base (user + kernel)", "CPU µs Portolan", "ratio", "bar", "1/s base",
            "1/s Portolan", "p50 µs", "p99 µs"]
    lines = [head, ["---"] * len(head)]
    for row in chosen:
        base, ours = results[row.name, "base"], results[row.name, "ours"]
        lines.append([row.name, str(row.concurrency), row.base.server.replace("_", " "), cpu_cell(base), cpu_cell(ours),
                      f"{ratio_of(row, results):.2f}", bar_cell(row),
                      f"{median(base, 'rate'):.0f}", f"{median(ours, 'rate'):.0f}",
                      f"{median(base, 'p50_us'):.0f} / {median(ours, 'p50_us'):.0f}",
                      f"{median(base, 'p99_us'):.0f} / {median(ours, 'p99_us'):.0f}"])
    text = aligned(lines)
    for row in chosen:
        if row.direct:
            p50, p99 = (added_of(row, results, name) for name in ("p50_us", "p99_us"))
            text += ["", f"Added to the upstream's own latency, {row.name} (nginx / Portolan): "
                         f"p50 {p50[0]:.0f} / {p50[1]:.0f} µs, p99 {p99[0]:.0f} / {p99[1]:.0f} µs."]
    if peer_names:
        lines = [["peer", "row", "CPU µs", "× Portolan", "1/s", "p50 µs", "p99 µs"], ["---"] * 7]
        for name in peer_names:
            for row in (row for row in chosen if (row.name, name) in results):
                runs, ours = results[row.name, name], results[row.name, "ours"]
                lines.append([name, row.name, f"{median(runs, 'cpu_us'):.1f}",
                              f"{median(runs, 'cpu_us') / median(ours, 'cpu_us'):.0f}", f"{median(runs, 'rate'):.0f}",
                              f"{median(runs, 'p50_us'):.0f}", f"{median(runs, 'p99_us'):.0f}"])
        text += [""] + aligned(lines)
    return "\n".join(text)


def past_bars(chosen, results, started, stream_kb):
    """One line for each measure that is past its bar."""
    lines = []

    def judge(what, value, bar):
        if bar and value > bar:
            lines.append(f"past its bar: {what}: {value:.2f}, at most {bar:g}")

    for row in chosen:
        judge(row.name + ", CPU ratio", ratio_of(row, results), row.bar)
        judge(row.name + ", added CPU µs", added_cpu_of(row, results), row.added_us_bar)
        if row.latency_bar:
            for name in ("p50_us", "p99_us"):
                base, ours = added_of(row, results, name)
                judge(f"{row.name}, added {name.removesuffix('_us')} ratio", ours / max(1, base), row.latency_bar)
    for what, value, bar in starts.judged(started):
        judge(what, value, bar)
    judge("KB of memory for each open stream", stream_kb, MAX_STREAM_KB)
    return lines


def stream_kilobytes(build):
    """Memory of each of 9,000 streams that are open at a time, as the load test measures it."""
    test = os.path.join(build, "tests/load/many_streams_test")
    done = subprocess.run([test, "--gtest_filter=*ThroughAnUpstream"], capture_output=True, text=True,
                          env={**os.environ, "PORTOLAN_BINARY": os.path.join(build, "portolan")})
    found = re.search(r"([\d.]+) KB each", done.stdout)
    if done.returncode or not found:
        raise SystemExit(f"error: {test} failed:\n{done.stdout}{done.stderr}")
    return float(found.group(1))


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def machine(build):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 platform.machine())
    return (f"Machine: {model}, {os.cpu_count()} cores, Linux {platform.release()}; "
            f"load average {os.getloadavg()[0]:.1f}.\n"
            f"Versions: {first_line(os.path.join(build, 'portolan'), '--version')}; "
            f"{first_line('/usr/sbin/nginx', '-v')}; {first_line('wrk', '-v').split(' Copyright')[0]}; "
            f"{processes.compiler(build)}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="folder with the release build")
    parser.add_argument("--quick", action="store_true", help="3 short runs: a first look, not a result")
    parser.add_argument("--runs", type=int, help="runs of each side (5)")
    parser.add_argument("--seconds", type=float, help="length of a run (2)")
    parser.add_argument("--rows", default="*", help="measure only rows whose name matches this pattern")
    parser.add_argument("--markdown", help="also write the table to this file")
    parser.add_argument("--check", action="store_true", help="fail if a measure is past its bar")
    parser.add_argument("--before", metavar="BINARY",
                        help="compare with this program, a gateway of another commit, in nginx's place")
    parser.add_argument("--peer", action="append", default=[], choices=peers.KNOWN,
                        help="also measure this gateway, if it is installed; may be repeated")
    options = parser.parse_args()
    options.runs = options.runs or (3 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 2)

    with tempfile.TemporaryDirectory(prefix="portolan-bench-") as directory:
        os.chmod(directory, 0o755)
        bench = Bench(options, directory)
        try:
            started = starts.measure(PROXY_CORE, options.build, directory, options.runs)
            chosen = bench.rows()
            results = bench.measure(chosen)
            bench.check_refusal()
            stream_kb = stream_kilobytes(options.build)
            text = "\n".join([
                machine(options.build),
                f"{options.runs} runs of {options.seconds:g} s a side, interleaved; medians. CPU time is the proxy's; "
                f"ratios are of CPU time.", "", render(chosen, results, bench.peers), "",
                *aligned(starts.render(started)), "",
                f"Portolan holds {bench.portolan.memory_kb() / 1024:.1f} MB after all this (nginx's worker "
                f"{bench.nginx.memory_kb() / 1024:.1f} MB). Each of 9,000 streams open at a time takes "
                f"{stream_kb:.1f} KB. A malformed request got its 400."])
        finally:
            bench.stop()
    print(text)
    past = past_bars(chosen, results, started, stream_kb)
    for line in past:
        print(line)
    if options.markdown:
        with open(options.markdown, "w") as file:
            file.write(PAGE + text + "\n")
    if options.check and past:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
