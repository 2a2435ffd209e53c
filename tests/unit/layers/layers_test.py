#!/usr/bin/env python3
"""Reads every source and fails where a part includes one that it must not know, or prints whole messages.

The table is the one of docs/architecture.md. With --self-test it checks that the rules bite.
"""

import pathlib
import re
import subprocess
import sys

# What a part may include besides itself, of ours.
ALLOWED = {
    "base": set(),
    "heap": {"base"},
    "codec": {"base"},
    "net": {"base"},
    "http": {"base", "net"},
    "upstream": {"base", "net", "http"},
    "transcode": {"base", "codec"},
    "telemetry": {"base"},
    "config": {"base", "telemetry", "net", "upstream"},
    "config_file": {"base", "codec", "config", "guardrails", "middleware", "middleware/built_in", "providers", "routing", "upstream"},
    "providers": {"base", "codec"},
    "routing": {"base", "codec", "guardrails", "providers"},
    "guardrails": {"base", "codec"},
    "middleware": {"base", "net"},
    "middleware/built_in": {"base", "middleware", "net"},
    "middleware/grpc": {"base", "middleware", "net"},
    "middleware/webhook": {"base", "guardrails", "middleware", "net", "upstream"},
    "core": {"base", "codec", "guardrails", "middleware", "net", "http", "upstream", "routing", "providers"},
    "cli": {"base", "config", "config_file", "guardrails", "http", "net", "providers", "upstream"},
    "rest": {"base", "core", "http", "net", "telemetry", "transcode"},
    "rpc": {"base", "codec", "core", "net", "telemetry"},
}
# Headers that only some parts may include.
RESERVED = [
    (re.compile(r"^grpc(pp)?/|\.grpc\.pb\.h$"), {"rpc", "middleware/grpc", "clients"}),
    (re.compile(r"^simdjson"), {"codec"}),
    (re.compile(r"^openssl/sha\.h$"), {"base"}),
    (re.compile(r"^openssl/(?:err|evp|pem)\.h$"), {"base", "net"}),
    (re.compile(r"^openssl/(?!(?:sha|err|evp|pem)\.h$)|^sys/epoll\.h$|^ares\.h$"), {"net"}),
    (re.compile(r"^yaml-cpp/"), {"config_file"}),
    (re.compile(r"^boost/"), set()),
    (re.compile(r"^(regex|iostream)$"), set()),
]
# What a part must not know of another that it may include: the core has no dialect and no provider by name, and of
# messages the hub's alone. What dialects share is no dialect.
WITHHELD = {
    "core": re.compile(r"^providers/(?:dialects/(?!common/)|rows)|^(?!portolan/)\w+/v\d\w*/"),
}
# Calls that no part makes: requests and configs hold keys, which the text of a message would show.
FORBIDDEN = re.compile(r"\b(?:Short|Utf8|Unredacted)?(?:DebugString|TextFormat::Print\w*)\b")
INCLUDE = re.compile(r'^\s*#include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def part_of(path):
    parts = path.split("/")
    if parts[0] == "providers":
        return "providers"
    # Each kind of middleware is a part of its own.
    if parts[:2] == ["server", "middleware"] and len(parts) > 3:
        return "/".join(parts[1:3])
    if parts[0] == "server" and len(parts) > 2:
        return parts[1]
    return None  # the composition root


def problems_of(path, text):
    part = part_of(path)
    for call in FORBIDDEN.findall(text):
        yield f"{path}: {call} prints messages, keys and all"
    for include in INCLUDE.findall(text):
        other = part_of(include) if include.startswith(("server/", "providers/")) else None
        if part and other and other != part and other not in ALLOWED[part]:
            yield f"{path}: {part} must not know {other} ({include})"
        if part in WITHHELD and WITHHELD[part].search(include):
            yield f"{path}: {part} must not know {include}"
        for pattern, owners in RESERVED:
            if pattern.search(include) and part not in owners:
                yield f"{path}: {include} belongs to {', '.join(sorted(owners)) or 'nobody'}"


def self_test():
    cases = [
        ("server/base/a.h", '#include "server/codec/codec.h"', 1),
        ("server/core/a.cc", "#include <grpcpp/grpcpp.h>", 1),
        ("providers/x/a.cc", '#include "server/net/socket.h"', 1),
        ("providers/x/a.cc", '#include "server/core/call.h"', 1),
        ("server/http/a.cc", '#include "server/core/call.h"', 1),
        ("server/codec/a.cc", "#include <simdjson.h>\n#include <iostream>", 1),
        ("server/rpc/a.cc", '#include <grpcpp/server.h>\n#include "server/core/call.h"', 0),
        ("server/base/a.cc", "#include <openssl/sha.h>\n#include <openssl/ssl.h>", 1),
        ("server/cli/a.cc", '#include "server/core/call.h"', 1),
        ("server/config/a.cc", "#include <yaml-cpp/yaml.h>", 1),
        ("server/middleware/grpc/a.cc", '#include <grpcpp/channel.h>\n#include "server/middleware/middleware.h"', 0),
        ("server/middleware/a.cc", '#include <grpcpp/channel.h>\n#include "server/middleware/grpc/a.h"', 2),
        ("server/gateway.cc", '#include "server/rpc/rpc_server.h"', 0),
        ("server/core/a.cc", '#include "providers/dialects/anthropic/anthropic.h"\n#include "providers/rows.h"\n'
                             '#include "providers/rows/row.h"\n#include "anthropic/v1/request.pb.h"\n'
                             '#include "gemini/v1beta/content.pb.h"', 5),
        ("server/core/a.cc", '#include "providers/dialect.h"\n#include "portolan/v1/chat_request.pb.h"\n'
                             '#include "google/api/annotations.pb.h"\n#include "providers/dialects/common/base64.h"', 0),
        ("providers/dialects/x/a.cc", '#include "anthropic/v1/request.pb.h"', 0),
        ("server/core/a.cc", "log(request.ShortDebugString());", 1),
    ]
    for path, text, expected in cases:
        found = list(problems_of(path, text))
        assert len(found) == expected, (path, text, found)


def main():
    self_test()
    root = pathlib.Path(__file__).resolve().parents[3]
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "server/*.h", "server/*.cc", "providers/*.h", "providers/*.cc"],
        cwd=root, check=True, capture_output=True, text=True).stdout.split()
    assert len(files) > 100, "no sources found"
    problems = [problem for path in files for problem in problems_of(path, (root / path).read_text())]
    print("\n".join(problems) or f"{len(files)} sources keep to the layers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
