"""grpc_suite.py BINARY [--control] [WORD]: calls the gateway with grpcio and stubs generated from the protos."""

import sys

import grpc_chat_test  # noqa: F401  (registers its tests)
import grpc_endings_test  # noqa: F401
import grpc_errors_test  # noqa: F401
import grpc_routes_test  # noqa: F401
import harness
from grpc_control import Control

if __name__ == "__main__":
    words = [word for word in sys.argv[2:] if not word.startswith("--")]
    control = Control if "--control" in sys.argv else None
    sys.exit(harness.main(sys.argv[1], control, words[0] if words else ""))
