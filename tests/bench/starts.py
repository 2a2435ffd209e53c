"""How long a gateway takes to start, and what it holds then, by its number of shards."""

import os
import statistics
import time
from dataclasses import dataclass

import processes

SHARDS = (1, 16, 64)
MAX_MS = 100
MAX_MB = {1: 30, 16: 35, 64: 45}


@dataclass
class Start:
    shards: int
    ms: float  # from exec to the first answer
    mb: float  # resident then


def start_once(core, binary, directory, shards):
    begun = time.monotonic()
    server = processes.start_portolan(core, binary, directory, threads=shards, wait=False)
    while True:
        try:
            if processes.answer_status(server.port, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n") == 200:
                break
        except OSError:
            time.sleep(0.0005)
        if server.process.poll() is not None:
            raise SystemExit("error: portolan does not start")
    found = Start(shards, (time.monotonic() - begun) * 1e3, server.memory_kb() / 1024)
    server.stop()
    return found


def measure(core, build, directory, runs):
    """Medians, for each number of shards. All of it runs on one core, as everything that is measured does."""
    binary = os.path.join(build, "portolan")
    results = []
    for shards in SHARDS:
        starts = [start_once(core, binary, directory, shards) for _ in range(runs)]
        results.append(Start(shards, statistics.median(start.ms for start in starts),
                             statistics.median(start.mb for start in starts)))
    return results


def render(results):
    """The lines of a table's cells."""
    lines = [["shards", "ms from exec to the first answer", "MB resident then"], ["---"] * 3]
    return lines + [[str(start.shards), f"{start.ms:.0f}", f"{start.mb:.1f}"] for start in results]


def judged(results):
    """(what, value, bar) of each figure."""
    for start in results:
        shards = f"{start.shards} shard{'s' if start.shards > 1 else ''}"
        yield f"ms from exec to the first answer, {shards}", start.ms, MAX_MS
        yield f"MB of memory when idle, {shards}", start.mb, MAX_MB[start.shards]
