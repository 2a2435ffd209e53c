"""auditor_test.py BINARY: examples/middleware/go/auditor, built as BINARY, as a service."""

import concurrent.futures
import datetime
import json
import os
import pathlib
import stat
import sys
import tempfile
import unittest

from service import Service

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "middleware" / "python"))

import stubs  # noqa: F401
from portolan.middleware.v1 import events_pb2, middleware_pb2, middleware_pb2_grpc

BINARY = ""

END = events_pb2.EndEvent(
    call={
        "request_id": "r-1",
        "trace_id": "0123456789abcdef0123456789abcdef",
        "caller": "billing",
        "route": "main",
        "target": "config.targets[0]",
        "provider": "openai",
        "model": "gpt-4o",
        "operation": "chat",
        "attempt": 2,
        "headers": [{"name": "x-user", "value": b"secret header"}],
        "metadata_json": '{"note": "secret metadata"}',
        "notes": {"found": "secret note"},
        "streams": True,
    },
    status=200,
    usage={"input": 12, "output": 0},
    finish_reason="stop",
    took=datetime.timedelta(seconds=1, microseconds=234500),
    attempts=2,
)
LINE = {
    "request_id": "r-1",
    "trace_id": "0123456789abcdef0123456789abcdef",
    "caller": "billing",
    "route": "main",
    "provider": "openai",
    "model": "gpt-4o",
    "operation": "chat",
    "streams": True,
    "status": 200,
    "finish_reason": "stop",
    "attempts": 2,
    "input_tokens": 12,
    "output_tokens": 0,
    "took_ms": 1234.5,
}


def read(text):
    """The lines without their times, which must be of now."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(line.pop("time"))
        assert abs(age) < datetime.timedelta(hours=1), age
    return lines


class AuditorTest(unittest.TestCase):
    def test_it_is_well_and_says_what_it_wants(self):
        with Service(BINARY) as service:
            self.assertEqual(service.health(), "SERVING")
            told = middleware_pb2_grpc.MiddlewareStub(service.channel).Describe(middleware_pb2.DescribeRequest())
            self.assertEqual((told.form, told.read_only), (middleware_pb2.BODY_FORM_NONE, True))
            self.assertEqual((told.protocol_version, list(told.hooks)), (1, [middleware_pb2.HOOK_END]))

    def test_a_line_a_call(self):
        failed = events_pb2.EndEvent(
            call={"request_id": "r-2", "operation": "raw"}, status=503, error_code="middleware_failed", error_class="gateway"
        )
        with Service(BINARY) as service:
            stub = middleware_pb2_grpc.MiddlewareStub(service.channel)
            for event in (END, failed):
                stub.HandleEnd(event)
            status, printed = service.end()
        self.assertEqual(status, 0)
        self.assertNotIn("secret", printed)
        second = {"request_id": "r-2", "operation": "raw", "streams": False, "status": 503, "error": "middleware_failed"}
        second |= {"error_class": "gateway", "attempts": 0, "input_tokens": None, "output_tokens": None, "took_ms": 0}
        self.assertEqual(read(printed), [LINE, second])

    def test_calls_that_end_at_once_are_appended_to_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "audit.jsonl")
            for lines in (300, 600):
                with Service(BINARY, "-file", str(file)) as service, concurrent.futures.ThreadPoolExecutor(16) as threads:
                    stub = middleware_pb2_grpc.MiddlewareStub(service.channel)
                    list(threads.map(stub.HandleEnd, [END] * 300))
                self.assertEqual(read(file.read_text(encoding="utf-8")), [LINE] * lines)
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)

    def test_a_line_that_cannot_be_written_is_an_error(self):
        with Service(BINARY, "-file", "/dev/full") as service:
            answer = middleware_pb2_grpc.MiddlewareStub(service.channel).HandleEnd.future(END)
            self.assertEqual(answer.exception().code().name, "INTERNAL")

    def test_it_ends_well_while_it_is_watched(self):
        with Service(BINARY) as service:
            service.check_watched_end(self)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
