"""The lines of docs/sdks.md."""

import pathlib
import re

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "sdks.md"
GATEWAY = "http://127.0.0.1:8787"
KEY = "your provider key"


def snippets():
    """{heading: its first block of code}, of the headings that have one."""
    found = {}
    for part in re.split(r"^###? ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        block = re.search(r"^```(?!sh\b)\w+\n(.*?)^```", part, flags=re.DOTALL | re.MULTILINE)
        if block:
            found[part.split("\n")[0]] = block[1]
    return found


def model_in(code):
    """The provider and the model that these lines ask for."""
    return re.search(r"[\"']([a-z][a-z-]*)/([\w.-]+)[\"']", code).groups()
