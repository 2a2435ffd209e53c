"""An SDK in a process of its own, which is told what to do.

A driver reads lines of JSON and answers each with one line. What it reads:

    do              the scenario: chat, stream, tools, structured, embed, models, or page
    url, key, model the gateway's URL without a path, the key that the SDK is given, provider/model
    headers         those that the SDK shall send, if any
    timeout_ms      the SDK's own time limit, if any
    retries         how often the SDK shall try again; 0 if absent
    package         which of several, where the driver has them
    code            of `page`: lines of docs/sdks.md to run

What it answers: what scenarios.py expects of each, or `failed`, how the SDK tells of an error, with as many of
`status`, `message`, `type`, `code` and `timeout` as it has; or `broken`, how the driver itself went wrong.
"""

import json
import os
import queue
import subprocess
import tempfile
import threading

PATIENCE_S = 50


class Driver:
    """One process, started at the first call. Not for several threads at once.

    command: what starts it.
    """

    def __init__(self, command):
        self.command = command
        self.process = None
        self.lines = None

    def ask(self, request):
        """What the SDK made of it."""
        if self.process is None or self.process.poll() is not None:
            self._start()
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        try:
            line = self.lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            self.close()
            raise AssertionError(f"the driver has not answered {request}") from None
        if not line:
            self.close()
            raise AssertionError("the driver has ended:\n" + self._complaints())
        answer = json.loads(line)
        if "broken" in answer:
            raise AssertionError(answer["broken"])
        return answer

    def run_page(self, url, package):
        """What the lines of docs/sdks.md print that are compiled into the driver. It finds the gateway by GATEWAY."""
        done = subprocess.run(
            [*self.command, "page", package or ""],
            env={**os.environ, "GATEWAY": url},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _start(self):
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.lines = queue.Queue()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True).start()

    def _complaints(self):
        self.errors.seek(0)
        return self.errors.read()[-4000:]

    @staticmethod
    def _read(stdout, lines):
        for line in stdout:
            lines.put(line)
        lines.put("")
