"""The process of an example, as the gateway would meet it."""

import re
import signal
import subprocess

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

NAME = "portolan.middleware.v1.Middleware"
START_LIMIT_S = 60
END_LIMIT_S = 30


class Service:
    """A middleware at a free port. For `with`, at whose end it must end well, by itself."""

    def __init__(self, *command, env=None):
        self.process = subprocess.Popen([*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True, env=env)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (127\.0\.0\.1:[1-9]\d*)\n", line)
        if not found:
            self.process.kill()
            self.process.communicate()
            raise AssertionError(f"it said {line!r}")
        self.address = found.group(1)
        self.channel = grpc.insecure_channel(self.address)

    def health(self, name=NAME):
        """What it says of its health."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=START_LIMIT_S, wait_for_ready=True)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def end(self):
        """Asks it to end; returns its exit status and what else it has printed."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            rest, _ = self.process.communicate(timeout=END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, rest

    def check_watched_end(self, case):
        """Checks, for a test case, that it ends well though the gateway watches its health, and that it tells so first."""
        request = health_pb2.HealthCheckRequest(service=NAME)
        watch = health_pb2_grpc.HealthStub(self.channel).Watch(request, wait_for_ready=True, timeout=START_LIMIT_S)
        case.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVING)
        self.process.send_signal(signal.SIGTERM)
        case.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.NOT_SERVING)
        self.process.communicate(timeout=END_LIMIT_S)
        case.assertEqual(self.process.returncode, 0)

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if failed:
            self.process.kill()
            self.process.communicate()
        elif self.process.returncode is None:
            status, _ = self.end()
            assert status == 0, f"it ended with {status}"
