"""What each dialect can do, as the tests of a whole run have shown: the table of features in docs/providers.md.

features.py FOLDER [--check]: prints it, from the names of passed tests that runs of the suites have left in FOLDER; or
fails if the page has another.
"""

import pathlib
import sys

from dialects import ALL

ROOT = pathlib.Path(__file__).parents[3]
PAGE = ROOT / "docs" / "providers.md"
BEGIN, END = "<!-- made by scripts/provider-table of passed tests -->", "<!-- end of passed tests -->"
# The suites, as a column is headed.
SUITES = {"openai": "OpenAI SDK", "anthropic": "Anthropic SDK", "grpc": "gRPC"}
# What a user calls it, and the tests that show it, one a suite; `*` is the dialect. None: the API has no such thing.
FEATURES = [
    ("chat", "chat *", "message *", "chat * x-portolan"),
    ("streams, with usage", "stream_with_usage *", "streamed_message *", "stream_with_usage *"),
    ("instructions and parameters", "system_message_and_parameters *", None, "parameters *"),
    ("images", "media * image", "images *", "media * image"),
    ("PDF documents", "media * pdf", "pdf *", "media * pdf"),
    ("reasoning", "reasoning * False", "reasoning_is_thinking * False", "reasoning * False"),
    ("reasoning, streamed", "reasoning * True", "reasoning_is_thinking * True", "reasoning * True"),
    ("tool calls", "tool_call *", "tool_loop * False", "tool_call *"),
    ("tool calls, streamed", "streamed_tool_calls *", "tool_loop * True", "streamed_tool_calls *"),
    ("several calls at once, and their results", "parallel_tool_calls_over_two_turns *", None,
     "parallel_tool_calls_over_two_turns *"),
    ("JSON Schema", "structured_output * False", None, "structured_output *"),
    ("embeddings", "embeddings *", None, "embeddings *"),
    ("errors of the provider", "error * 400 False", "error * 400 BadRequestError invalid_request_error False",
     "error * 400 False"),
    ("when to come again", "rate_limit_says_when_to_come_again *", "retries_of_the_package *",
     "rate_limit_says_when_to_come_again *"),
    ("a broken stream is an error", "stream_that_breaks * cut", "a_stream_that_breaks_is_an_error *",
     "stream_that_breaks * cut"),
    ("a caller who leaves ends the call", "caller_that_closes_a_stream *", None, "caller_that_leaves_in_mid_stream * cancel"),
]  # fmt: skip


def path_of(folder, suite):
    return pathlib.Path(folder) / f"passed-{suite}.txt"


def keep(folder, suite, passed):
    """Leaves the names of the tests that have passed in a whole run of a suite."""
    path_of(folder, suite).write_text("".join(name + "\n" for name in passed))


def table(passed):
    """The table in Markdown. `passed`: the names of passed tests, by suite."""
    lines = ["| | " + " | ".join(dialect.name for dialect in ALL) + " | tests (`*` is the dialect) |"]
    lines.append("|---" * (len(ALL) + 2) + "|")
    for feature, *tests in FEATURES:
        named = {suite: test for suite, test in zip(SUITES, tests, strict=True) if test}
        cells = []
        for dialect in ALL:
            shown = [suite for suite, test in named.items() if test.replace("*", dialect.name) in passed[suite]]
            cells.append("✓" if len(shown) == len(named) else ", ".join(SUITES[suite] for suite in shown))
        proofs = "; ".join(f"{SUITES[suite]}: `{test}`" for suite, test in named.items())
        lines.append(f"| {feature} | " + " | ".join(cells) + f" | {proofs} |")
    return "\n".join(lines) + "\n"


def main(folder, check=False):
    passed = {suite: set(path_of(folder, suite).read_text().splitlines()) for suite in SUITES}
    if not check:
        print(table(passed), end="")
    elif PAGE.read_text().partition(BEGIN + "\n")[2].partition(END)[0] != table(passed):
        sys.exit(f"{PAGE.name} does not tell what the tests have shown: run scripts/provider-table")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] == ["--check"])
