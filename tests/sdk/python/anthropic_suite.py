"""anthropic_suite.py BINARY [--control | --no-splice] [WORD]: calls the gateway with Anthropic's official package."""

import sys

import anthropic_test  # noqa: F401  (registers its tests)
import anthropic_threads_test  # noqa: F401
import harness
from control import Control

if __name__ == "__main__":
    sys.exit(harness.main(sys.argv[1], sys.argv[2:], Control))
