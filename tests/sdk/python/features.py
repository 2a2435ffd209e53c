"""What providers can do, as the tests of whole runs have shown: a table in docs/providers.md, and docs/provider-cases.md.

features.py FOLDER NODE_FOLDER [--check]: writes them, from the names of passed tests that runs of the suites have left in the
folders (of tests/sdk/node in the second); or fails if they say anything else. What did not run or did not pass is not there.
"""

import pathlib
import re
import sys

from dialects import SPOKEN

ROOT = pathlib.Path(__file__).parents[3]
PAGE = ROOT / "docs" / "providers.md"
CASES_PAGE = ROOT / "docs" / "provider-cases.md"
BEGIN, END = "<!-- made by scripts/provider-table of passed tests -->", "<!-- end of passed tests -->"
# The ways to call, as a column is headed, and the suite of each.
WAYS = {
    "OpenAI SDK, Python": "openai",
    "OpenAI SDK, Node.js": "node",
    "gRPC": "grpc",
    "Anthropic SDK, Python": "anthropic",
    "Anthropic SDK, Node.js": "node",
}
SUITES = ("openai", "anthropic", "grpc", "operations", "node")
# What a user calls it, and the tests that show it, one for each of the ways; `*` is the dialect. None: there is no such test,
# for the most part as the API has no such thing.
FEATURES = [
    ("chat", "chat *", "*: a chat", "chat * x-portolan", "message *", "messages to *: a message"),
    ("streams, with usage", "stream_with_usage *", "*: a stream with usage", "stream_with_usage *", "streamed_message *",
     "messages to *: a stream and its final message"),
    ("whole answers as a stream", "whole_answer_as_a_stream *", "*: a whole answer as a stream",
     "whole_answer_as_a_stream *", None, None),
    ("text completions", "text_completion *", "*: a text completion", "text_completion *", None, None),
    ("instructions and parameters", "system_message_and_parameters *", "*: a system message and the parameters",
     "parameters *", None, None),
    ("images", "media * image", "*: an image", "media * image", "images *", "messages to *: an image"),
    ("PDF documents", "media * pdf", "*: a PDF", "media * pdf", "pdf *", "messages to *: a PDF"),
    ("reasoning", "reasoning * False", "*: reasoning", "reasoning * False", "reasoning_is_thinking * False",
     "messages to *: thinking"),
    ("reasoning, streamed", "reasoning * True", "*: reasoning in a stream", "reasoning * True",
     "reasoning_is_thinking * True", None),
    ("tool calls", "tool_call *", "*: a tool call", "tool_call *", "tool_loop * False", None),
    ("tool calls, streamed", "streamed_tool_calls *", "*: streamed tool calls", "streamed_tool_calls *", "tool_loop * True",
     "messages to *: a loop of tools, streamed"),
    ("several calls at once, and their results", "parallel_tool_calls_over_two_turns *",
     "*: parallel tool calls over two turns", "parallel_tool_calls_over_two_turns *", None, None),
    ("JSON Schema", "structured_output * False", "*: structured output", "structured_output *", None, None),
    ("embeddings", "embeddings *", "*: embeddings", "embeddings *", None, None),
    ("embeddings by Amazon's Titan", "embeddings *-titan", "*-titan: embeddings", "embeddings *-titan", None, None),
    ("errors of the provider", "error * 400 False", "*: an error with 400", "error * 400 False",
     "error * 400 BadRequestError invalid_request_error False", "messages to *: errors have the package's classes"),
    ("when to come again", "rate_limit_says_so_in_the_providers_words *", "*: a rate limit says so in the provider's words",
     "rate_limit_says_so_in_the_providers_words *", "retries_of_the_package *", "messages to *: the package tries again"),
    ("a broken stream is an error", "stream_that_breaks * cut", "*: a stream that is cut off fails",
     "stream_that_breaks * cut", "a_stream_that_breaks_is_an_error *", None),
    ("a caller who leaves ends the call", "caller_that_is_cancelled_before_the_answer *",
     "*: a caller that leaves before the answer is gone upstream within 50 ms", "caller_that_leaves_before_the_answer *",
     None, None),
    ("also in mid-stream", "caller_that_closes_a_stream *",
     "*: a caller that leaves in mid-stream is gone upstream within 50 ms", "caller_that_leaves_in_mid_stream * cancel",
     None, None),
]  # fmt: skip
# Of a chat, and what its test is called.
CHAT_FEATURES = {
    "streams, with usage": "stream",
    "tools": "tools",
    "several calls at once, and their results": "parallel_calls",
    "JSON Schema": "json_schema",
    "images": "image",
    "reasoning": "reasoning",
}
HEAD = """# Which case shows what

Every tick of [providers.md](providers.md) stands for cases that have passed, which are named here: calls with the official clients
for each dialect, and a call of each operation of each provider. The page is made by `scripts/provider-table` of the names of the
cases that have passed, and a test (`python_features_test`) compares.

A case is run by its name, or all whose names contain a word:

```sh
tests/sdk/python/run build/release/portolan build/python/sdk openai "chat google"           # OpenAI SDK, Python
tests/sdk/node/run build/release/portolan build/npm/sdk "google: a chat"                    # Node.js
tests/sdk/python/run build/release/portolan build/python/sdk grpc "chat google x-portolan"  # gRPC
tests/sdk/python/run build/release/portolan build/python/sdk anthropic "message google"     # Anthropic SDK, Python
tests/sdk/python/run build/release/portolan build/python/sdk operations "operation groq chat"
```
"""
DIALECTS_HEAD = """## Dialects

What each dialect has been shown to do with the official clients, in front of a provider that answers as its documentation has it;
each case looks at the request that the provider got ([how](../tests/sdk/README.md)).
"""
PROVIDERS_HEAD = """## Providers

Each operation, called at the provider's own address: the case looks at the method, the address, the header of the key and the body
that the provider got, and at the caller's answer. What is expected is written down from the provider's documentation
([rows_table.cc](../tests/unit/providers/rows_table.cc), [operations.py](../tests/sdk/python/operations.py)). Chats of those that speak
OpenAI's dialect are shown to be sent what the caller said of each feature too; what the model makes of it is the provider's.
"""


def path_of(folder, suite):
    return pathlib.Path(folder) / f"passed-{suite}.txt"


def keep(folder, suite, passed):
    """Leaves the names of the tests that have passed in a whole run of a suite."""
    path_of(folder, suite).write_text("".join(name + "\n" for name in passed))


def shown(test, dialect, suite, passed):
    """The name of the case that shows it, or None."""
    name = test and test.replace("*", dialect)
    return name if name in passed[suite] else None


def proofs(tests, dialect, passed):
    """The cases of a feature by way, where there is one."""
    named = zip(WAYS.items(), tests, strict=True)
    found = {way: shown(test, dialect, suite, passed) for (way, suite), test in named}
    return {way: name for way, name in found.items() if name}


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(passed):
    """The dialects and what they can do: ticks that lead to the cases."""
    names = [dialect.name for dialect in SPOKEN]
    lines = [row(["", *(f"[{name}](provider-cases.md#dialect-{name})" for name in names)])]
    lines.append("|---" * (len(names) + 1) + "|")
    for feature, *tests in FEATURES:
        wanted = [way for way, test in zip(WAYS, tests, strict=True) if test]
        cells = []
        for name in names:
            has = proofs(tests, name, passed)
            cells.append("✓" if has and len(has) == len(wanted) else "; ".join(has))
        lines.append(row([feature, *cells]))
    return "\n".join(lines) + "\n"


def dialect_part(name, passed):
    """The cases of one dialect."""
    lines = [f"### Dialect {name}", "", row(["", *WAYS]), "|---" * (len(WAYS) + 1) + "|"]
    for feature, *tests in FEATURES:
        has = proofs(tests, name, passed)
        if has:
            lines.append(row([feature, *(f"`{has[way]}`" if way in has else "" for way in WAYS)]))
    return "\n".join(lines) + "\n"


def listed_providers():
    """{provider: operations} of the table that the gateway prints, which another test compares."""
    rows = re.findall(r"^\| `(.+?)` \| .+? \| .*? \| (?:\[(.+?)\]\(.+?\))? \|", PAGE.read_text(), re.MULTILINE)
    return {name: operations.split(", ") for name, operations in rows if operations}


def provider_part(provider, operations, passed):
    """The cases of one provider. Fails if one of its operations has none that has passed."""
    from operations import CASES, OPERATIONS  # which starts from what reads this

    lines = [f"### {provider}", "", "| | is called as | case |", "|---|---|---|"]
    proven = set()
    for operation, word in OPERATIONS.items():
        case = CASES.get(f"{provider} {operation}")
        name = f"operation{'' if case else '_of_echo'} {provider} {operation}"
        if name not in passed["operations"]:
            continue
        proven.add(word)
        called = f"`{case.method} {case.url}`" if case else "answered by the gateway itself"
        lines.append(row([word, called, f"`{name}`"]))
    for feature, test in CHAT_FEATURES.items():
        name = f"feature {provider} {test}"
        if name in passed["operations"]:
            lines.append(row([f"chat: {feature}", "", f"`{name}`"]))
    if proven != set(operations):
        sys.exit(
            f"{provider}: {sorted(set(operations) ^ proven)} is in {PAGE.name}, or in a case that has passed, alone"
        )
    return "\n".join(lines) + "\n"


def cases_page(passed):
    parts = [HEAD, DIALECTS_HEAD, *(dialect_part(dialect.name, passed) for dialect in SPOKEN), PROVIDERS_HEAD]
    parts += [provider_part(*each, passed) for each in listed_providers().items()]
    return "\n".join(parts)


def main(folder, node_folder, check=False):
    folders = {suite: node_folder if suite == "node" else folder for suite in SUITES}
    passed = {suite: set(path_of(each, suite).read_text().splitlines()) for suite, each in folders.items()}
    before, _, rest = PAGE.read_text().partition(BEGIN + "\n")
    page = before + BEGIN + "\n" + table(passed) + END + rest.partition(END)[2]
    for path, text in ((PAGE, page), (CASES_PAGE, cases_page(passed))):
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.name} does not tell what the tests have shown: run scripts/provider-table")


if __name__ == "__main__":
    main(*sys.argv[1:3], sys.argv[3:] == ["--check"])
