"""grpc_suite.py BINARY [--control | --no-splice] [WORD]: calls the gateway with grpcio and generated stubs."""

import sys

import grpc_chat_test  # noqa: F401  (registers its tests)
import grpc_configs_test  # noqa: F401
import grpc_endings_test  # noqa: F401
import grpc_errors_test  # noqa: F401
import grpc_palm_test  # noqa: F401
import grpc_routes_test  # noqa: F401
import grpc_tools_test  # noqa: F401
import harness
from grpc_control import Control

if __name__ == "__main__":
    sys.exit(harness.main(sys.argv[1], sys.argv[2:], Control))
