"""The world that scenarios run in, as a runner sees it; see clients/testing/world.py."""

import json
import pathlib
import subprocess
import sys
import urllib.request

WORLD = pathlib.Path(__file__).parents[2] / "testing" / "world.py"


class World:
    """A process of the world. Use it in `with`."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, str(WORLD), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the world did not begin")
        self.places = json.loads(line)

    def tell(self, command):
        """Tells the world a command; returns its answer."""
        request = urllib.request.Request(f"{self.places['world']}/{command}", b"", method="POST")
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()
