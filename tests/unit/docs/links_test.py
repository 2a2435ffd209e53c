#!/usr/bin/env python3
"""Every link of every page to a file of the project, or to a heading of a page, leads somewhere; and what a reader is told to type
stands only where it is tried."""

import functools
import pathlib
import re
import subprocess
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE)
# What looks like a link there is none.
CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ ]*$|`+[^`\n]*`+", re.MULTILINE | re.DOTALL)


def pages():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).exists()]


def anchor_of(heading):
    """As GitHub makes it: the text in lower case, without punctuation, blanks as hyphens."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_in(text):
    text = re.sub(r"^(`{3,}|~{3,}).*?^\1[`~]*[ ]*$", "", text, flags=re.MULTILINE | re.DOTALL)
    found, seen = set(re.findall(r'<a (?:id|name)="([^"]+)"', text)), {}
    for heading in re.findall(r"^#{1,6}[ ]+(.+?)[ #]*$", text, re.MULTILINE):
        anchor = anchor_of(heading)
        seen[anchor] = seen.get(anchor, -1) + 1
        found.add(anchor if seen[anchor] == 0 else f"{anchor}-{seen[anchor]}")
    return found


@functools.cache
def anchors(path):
    return anchors_in(path.read_text())


def links_in(text):
    return [inline or reference for inline, reference in LINK.findall(CODE.sub("", text))]


def problem_of(page, link):
    """What is wrong with a link of a page; None if nothing is, or if it leads out of the project."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None
    path, _, anchor = link.partition("#")
    target = (page.parent / urllib.parse.unquote(path)).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return f"there is no {path}"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"{target.relative_to(ROOT)} has no heading #{anchor}"
    return None


class Links(unittest.TestCase):
    def test_all_lead_somewhere(self):
        problems, count = [], 0
        for page in pages():
            for link in links_in(page.read_text()):
                count += 1
                if problem := problem_of(page, link):
                    problems.append(f"{page.relative_to(ROOT)}: ({link}): {problem}")
        self.assertEqual("\n".join(problems), "")
        self.assertGreater(count, 300)

    def test_those_that_lead_nowhere_are_found(self):
        page = ROOT / "docs/install.md"
        for link, problem in (
            ("none.md", "there is no none.md"),
            ("#no-such", "docs/install.md has no heading #no-such"),
            ("cli.md#no-such", "docs/cli.md has no heading #no-such"),
            ("../../x.md", "there is no ../../x.md"),
            ("cli.md#portolan-doctor", None),
            ("#debian", None),
            ("https://example.com/none", None),
        ):
            self.assertEqual(problem_of(page, link), problem, link)

    def test_links_and_headings_are_read_as_github_reads_them(self):
        text = "# One `two`, (three)\n[a](b.md#c) `[no](no.md)` [`d`](e)\n```sh\n# no heading\n[no](no.md)\n```\n## Same\n## Same\n[r]: f.md\n"
        self.assertEqual(links_in(text), ["b.md#c", "e", "f.md"])
        self.assertEqual(anchors_in(text), {"one-two-three", "same", "same-1"})


class Commands(unittest.TestCase):
    def test_of_the_readme_that_install_stand_on_pages_that_are_tried(self):
        """tests/packages types those of docs/install.md, tests/cluster those of the chart's README."""
        section = re.search(r"^## Install\n(.*?)^## ", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
        blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(blocks), 3)
        tried = (ROOT / "docs/install.md").read_text() + (ROOT / "deploy/helm/portolan/README.md").read_text()
        for line in "".join(blocks).splitlines():
            self.assertIn(f"\n{line}\n", tried)


if __name__ == "__main__":
    unittest.main()
