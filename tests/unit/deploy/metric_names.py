"""What expressions of dashboards and alerts name, held to the metrics that there are."""

import re

SERIES = re.compile(r"\b([a-z_]+)\{([^}]*)\}")
LABEL = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
GROUPED = re.compile(r"\bby \(([^)]*)\)")
RATED = re.compile(r"\b(?:rate|increase)\(([a-z_]+)\{")
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|(.*)\|$", re.MULTILINE)
# What Prometheus adds to the series of a target.
TARGET = {"namespace", "service", "pod", "instance", "job"}
PARTS = {"_bucket": {"le"}, "_sum": set(), "_count": set()}


def documented(page):
    """The metrics of docs/metrics.md: name to type and labels."""
    # Tables of the process have no column for labels: it is the meaning that comes last.
    return {name: (kind, set(re.findall(r"`([a-z]+)`", rest.split("|")[0]))) for name, kind, rest in ROW.findall(page)}


def exposed(text):
    """The metrics that a gateway tells: name to type."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def problems(expression, kinds, labels):
    """What is wrong with an expression, where kinds has the type of each metric and labels those that it has."""
    found = []
    allowed_groups = set(TARGET)
    names = [name for name, _ in SERIES.findall(expression)]
    if not names:
        found.append("names no metric")
    for name, matchers in SERIES.findall(expression):
        if name == "up":
            continue
        base, extra = name, set()
        for part, adds in PARTS.items():
            if kinds.get(name.removesuffix(part)) == "histogram":
                base, extra = name.removesuffix(part), adds
        if base not in kinds:
            found.append(f"there is no metric {name}")
            continue
        if (kinds[base] == "histogram") != (base != name):
            found.append(f"{name} is a {kinds[base]}")
        allowed = TARGET | labels[base] | extra
        allowed_groups |= allowed
        found += [f"{name} has no label {label}" for label in LABEL.findall(matchers) if label not in allowed]
        grows = kinds[base] in ("counter", "histogram")
        rated = name in RATED.findall(expression)
        if grows != rated:
            found.append(f"{name} is a {kinds[base]}, of which a rate is {'not ' if grows else ''}taken")
    for group in GROUPED.findall(expression):
        found += [f"nothing has the label {label}" for label in re.split(r",\s*", group) if label not in allowed_groups]
    return found
