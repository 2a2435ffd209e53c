"""openai_suite.py BINARY [--control] [WORD]: calls the gateway with the official OpenAI package."""

import sys

import harness
import openai_chat_test  # noqa: F401  (registers its tests)
import openai_endings_test  # noqa: F401
import openai_errors_test  # noqa: F401
import openai_routes_test  # noqa: F401
from upstream import Upstream


class Control:
    """Answers like the upstream, without asking it."""

    def __init__(self, upstream):
        self.url = Upstream(upstream.scripts).url

    def close(self):
        pass


if __name__ == "__main__":
    words = [word for word in sys.argv[2:] if not word.startswith("--")]
    control = Control if "--control" in sys.argv else None
    sys.exit(harness.main(sys.argv[1], control, words[0] if words else ""))
