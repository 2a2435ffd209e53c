"""The lines of docs/sdks.md.

page.py TEMPLATE FILE: writes FILE, a source that has lines of the page where TEMPLATE names them.
"""

import pathlib
import re
import sys

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


def fill(template, file):
    """Writes the template with the lines of the page that it names, which ask `gateway()` where the gateway is."""
    code = snippets()

    def lines(mark):
        return code[mark[1]].replace(f'"{GATEWAY}', 'gateway() + "')

    text = re.sub(
        r"^\s*// docs/sdks.md: (.*)\n", lines, pathlib.Path(template).read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    pathlib.Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    fill(*sys.argv[1:])
