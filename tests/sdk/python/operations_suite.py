"""operations_suite.py BINARY [--control | --no-splice] [WORD]: each operation of each provider, called by REST."""

import sys

import operations_test  # noqa: F401  (registers its tests)
import harness
from control import Control

if __name__ == "__main__":
    sys.exit(harness.main(sys.argv[1], sys.argv[2:], Control))
