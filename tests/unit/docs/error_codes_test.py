#!/usr/bin/env python3
"""Every code of an error that the sources make stands in docs/errors.md, and no other."""

import pathlib
import re
import subprocess
import sys

# How a code is given to an error.
MADE = [
    re.compile(pattern)
    for pattern in (
        r'\b(?:InvalidRequest|Broken)\(\s*"([a-z_]+)"',
        # Words without an underscore are no codes: JSON Schema's keywords, names of parameters.
        r'\bFail\(\s*"([a-z]+(?:_[a-z]+)+)"',
        r'\bcode = "([a-z_]+)"',
        r'\b(?:Refuse|Refusal|ErrorAnswer)\(\s*(?:status|\d{3}), "([a-z_]+)"',
        r'ErrorClass::\w+, \d{3}, "([a-z_]+)"',
    )
]
# A family of codes: the status is added.
FAMILY = "upstream_status_"
LISTED = re.compile(r"`([a-z]+(?:_[a-z]+)+(?:_NNN)?)`")


def listed_codes(page):
    """The codes of the tables: in a row's first cell."""
    codes = set()
    for line in page.splitlines():
        if line.startswith("| `"):
            codes.update(LISTED.findall(line.split("|")[1]))
    return {code.replace("NNN", "") for code in codes}


def main():
    root = pathlib.Path(__file__).resolve().parents[3]
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "server/*.h", "server/*.cc", "providers/*.h", "providers/*.cc"],
        cwd=root, check=True, capture_output=True, text=True).stdout.split()
    texts = {path: (root / path).read_text() for path in files}
    listed = listed_codes((root / "docs/errors.md").read_text())
    made = {code: path for path, text in texts.items() for pattern in MADE for code in pattern.findall(text)}
    assert len(made) > 25, f"the sources give errors their codes in another way now: {sorted(made)}"
    problems = [f"{path}: `{code}` is not in docs/errors.md" for code, path in sorted(made.items()) if code not in listed | {FAMILY}]
    problems += [f"docs/errors.md: nothing makes `{code}`" for code in sorted(listed)
                 if not any(f'"{code}"' in text for text in texts.values())]
    print("\n".join(problems) or f"{len(listed)} codes are documented")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
