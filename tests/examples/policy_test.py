"""policy_test.py BINARY: examples/middleware/cpp/policy.cc, built as BINARY, as a service."""

import pathlib
import subprocess
import sys
import unittest

from service import Service

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "middleware" / "python"))

import stubs  # noqa: F401
from portolan.middleware.v1 import events_pb2, middleware_pb2, middleware_pb2_grpc

BINARY = ""
ALLOWED = ("--allow", "research=gpt-4o,o3*", "--allow", "support=gpt-4o-mini")


def attempt(model, caller="", metadata=""):
    call = events_pb2.Call(caller=caller, model=model, metadata_json=metadata, operation="chat", attempt=1)
    return events_pb2.RequestEvent(call=call, is_attempt=True)


def chat(*messages, **members):
    told = {"model": "m", "messages": [{"role": role, "content": content} for role, content in messages], **members}
    return events_pb2.RequestEvent(call={"operation": "chat", "model": "m"}, chat=told)


def text(said):
    return {"text": said}


def parts(*said):
    return {"parts": {"items": [{"type": "text", "text": each} for each in said]}}


class PolicyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service(BINARY, *ALLOWED))
        cls.stub = middleware_pb2_grpc.MiddlewareStub(cls.service.channel)

    def goes_on(self, event):
        return self.stub.HandleRequest(event).WhichOneof("action") in (None, "proceed")

    def test_it_is_well_and_says_what_it_wants(self):
        self.assertEqual(self.service.health(), "SERVING")
        told = self.stub.Describe(middleware_pb2.DescribeRequest(protocol_version=1, name="policy"))
        self.assertEqual(list(told.hooks), [middleware_pb2.HOOK_REQUEST, middleware_pb2.HOOK_ATTEMPT])
        self.assertEqual((told.protocol_version, told.form, told.read_only), (1, middleware_pb2.BODY_FORM_TYPED, False))

    def test_what_is_listed_goes_on(self):
        for model in ("gpt-4o", "o3", "o3-mini"):
            with self.subTest(model=model):
                self.assertTrue(self.goes_on(attempt(model, "research")))
        self.assertTrue(self.goes_on(attempt("gpt-4o-mini", metadata='{"team": "support"}')))
        self.assertTrue(self.goes_on(attempt("anything", "others")))
        for metadata in ("", "{}", '{"team": 7}', '{"team"', "[]"):
            with self.subTest(metadata=metadata):
                self.assertTrue(self.goes_on(attempt("anything", metadata=metadata)))

    def test_what_is_not_listed_is_denied(self):
        for event in (
            attempt("gpt-4o-mini", "research"),  # no entry is the beginning of a name unless it ends in `*`
            attempt("gpt-4", "research"),
            attempt("", "research"),
            attempt("gpt-4o", metadata='{"team": "support"}'),
            attempt("gpt-4o", "support", '{"team": "research"}'),  # callers cannot choose their team if they have a key
        ):
            with self.subTest(event=event):
                deny = self.stub.HandleRequest(event).deny
                self.assertEqual((deny.http_status, deny.code), (403, "model_not_allowed"))
                team = "support" if "support" in str(event) else "research"
                self.assertEqual(deny.message, f"{team} may not use the model `{event.call.model}`")

    def test_pong(self):
        for event in (chat(("user", text("ping"))), chat(("system", text("Be brief.")), ("user", parts("pi", "ng")))):
            answer = self.stub.HandleRequest(event).answer.chat
            self.assertEqual((answer.object, answer.model, len(answer.choices)), ("chat.completion", "m", 1))
            (choice,) = answer.choices
            self.assertEqual((choice.index, choice.finish_reason), (0, "stop"))
            self.assertEqual((choice.message.role, choice.message.content.text), ("assistant", "pong"))
            self.assertTrue(answer.HasField("usage"))

    def test_what_is_no_ping_goes_on(self):
        for messages in (
            (),
            (("user", text("pings")),),
            (("user", text("ping")), ("assistant", text("pong"))),
            (("assistant", text("ping")),),
            (("user", {}),),
        ):
            with self.subTest(messages=messages):
                self.assertTrue(self.goes_on(chat(*messages)))
        self.assertTrue(self.goes_on(events_pb2.RequestEvent(json=b'{"messages": [{"role": "user", "content": "ping"}]}')))
        seen_again = chat(("user", text("ping")))
        seen_again.is_attempt = True
        self.assertTrue(self.goes_on(seen_again))

    def test_wrong_arguments(self):
        for arguments in (
            ("--allow",),
            ("--allow", "=m"),
            ("--allow", "team"),
            ("--allow", "team="),
            ("--listen",),
            ("--x", "y"),
        ):
            with self.subTest(arguments=arguments):
                done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("usage: ", done.stderr)


class EndTest(unittest.TestCase):
    def test_it_ends_well_while_it_is_watched(self):
        with Service(BINARY) as service:
            service.check_watched_end(self)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
