"""suite.py BINARY [WORD] SDK...: takes these SDKs through the scenarios, by the gateway BINARY, then by the control.

SDK: a name or a group of sdks.py, or `agents`, the settings of other programs. WORD: only tests whose names contain it.
"""

import atexit
import importlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "python"))

import harness  # noqa: E402
import scenarios  # noqa: E402
import sdks  # noqa: E402
from control import Control  # noqa: E402


def main(binary, *words):
    if "agents" in words:
        importlib.import_module("agents")  # registers its tests
        words = [word for word in words if word != "agents"]
    chosen = [each for each in sdks.ALL if each.group in words or each.name in words]
    rest = [word for word in words if word not in {each.group for each in chosen} | {each.name for each in chosen}]
    scenarios.register(chosen)
    for sdk in chosen:
        atexit.register(sdk.driver.close)
    failed = harness.main(binary, rest, Control)
    return failed or harness.main(binary, [*rest, "--control"], Control)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
