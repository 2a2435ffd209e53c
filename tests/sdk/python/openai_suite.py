"""openai_suite.py BINARY [--control | --no-splice] [WORD]: calls the gateway with the official OpenAI and Portkey packages."""

import sys

import first_calls_test  # noqa: F401  (registers its tests)
import harness
import openai_chat_test  # noqa: F401
import openai_configs_test  # noqa: F401
import openai_endings_test  # noqa: F401
import openai_errors_test  # noqa: F401
import openai_palm_test  # noqa: F401
import openai_routes_test  # noqa: F401
import openai_refusals_test  # noqa: F401
import openai_tools_test  # noqa: F401
from control import Control


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv[1], sys.argv[2:], Control))
