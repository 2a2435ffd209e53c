"""gateway_test.py GATEWAY POLICY PYTHON AUDITOR: the examples behind a gateway, in front of `echo`.

GATEWAY is its binary; POLICY and AUDITOR are the examples in C++ and Go, AUDITOR empty to leave it out; PYTHON is an
interpreter that has what the redactor needs. Calls are made with OpenAI's SDK, Anthropic's and the Python client; `echo` answers
with what it was asked.
"""

import collections
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

import anthropic
import openai
import portolan
from service import Service

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "sdk" / "python"))

from harness import Gateway  # noqa: E402

GATEWAY = POLICY = PYTHON = AUDITOR = ""
REDACTOR = str(ROOT / "examples" / "middleware" / "python" / "redactor.py")
LINES_LIMIT_S = 20

PROMPT = "Write to jane@example.com, or <bob.doe+x@mail.example.org>: " + "and so on, " * 100 + "to c@d.ef."
REDACTED = "Write to [EMAIL], or <[EMAIL]>: " + "and so on, " * 100 + "to [EMAIL]."


class Callers:
    """Both ways to call a gateway."""

    def __init__(self, gateway):
        self.rest = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)
        self.grpc = portolan.Client(gateway.grpc)

    def chat(self, text, model="echo/echo", headers=None):
        """The answers to a chat: whole and streamed, by REST and by gRPC."""
        messages, told = [{"role": "user", "content": text}], {}
        answer = self.rest.chat.completions.create(model=model, messages=messages, extra_headers=headers)
        told["REST"] = answer.choices[0].message.content
        stream = self.rest.chat.completions.create(model=model, messages=messages, extra_headers=headers, stream=True)
        told["REST, streamed"] = "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
        typed = [portolan.user(text)]
        told["gRPC"] = portolan.text_of(self.grpc.chat(model=model, messages=typed, headers=headers).choices[0].message)
        chunks = self.grpc.stream(model=model, messages=typed, headers=headers)
        told["gRPC, streamed"] = "".join(choice.delta.content for chunk in chunks for choice in chunk.choices)
        return told


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def behind(self, *command, **settings):
        """Callers of a gateway that asks what the command starts."""
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        service = self.enterContext(Service(*command, env=clean))
        self.assertEqual(service.health(), "SERVING")
        config = {"middleware": {"example": {"grpc": service.address, **settings}}, "default_middleware": ["example"]}
        path = pathlib.Path(self.folder, "gateway.json")
        path.write_text(json.dumps(config), encoding="utf-8")
        callers = Callers(self.enterContext(Gateway(GATEWAY, flags=["--config", str(path)])))
        self.enterContext(contextlib.closing(callers.rest))
        self.enterContext(callers.grpc)
        return callers

    def test_redactor_of_requests_and_answers(self):
        for hooks in (["request", "response", "chunk"], ["request"], ["response", "chunk"]):
            with self.subTest(hooks=hooks):
                for way, text in self.behind(PYTHON, REDACTOR, hooks=hooks).chat(PROMPT).items():
                    self.assertEqual(text, REDACTED, way)

    def test_redactor_of_streams_that_it_may_not_hold(self):
        """Without the hook `chunk` a stream is held until it is whole."""
        for way, text in self.behind(PYTHON, REDACTOR, hooks=["response"]).chat(PROMPT).items():
            self.assertEqual(text, REDACTED, way)

    def test_redactor_of_completions_and_embeddings(self):
        rest = self.behind(PYTHON, REDACTOR).rest
        self.assertEqual(rest.completions.create(model="echo/echo", prompt=PROMPT).choices[0].text, REDACTED)
        stream = rest.completions.create(model="echo/echo", prompt=PROMPT, stream=True)
        self.assertEqual("".join(choice.text for chunk in stream for choice in chunk.choices), REDACTED)
        texts = ["to c@d.ef", "to [EMAIL]", "to nobody"]
        first, second, third = (each.embedding for each in rest.embeddings.create(model="echo/echo", input=texts).data)
        self.assertEqual(first, second)
        self.assertNotEqual(first, third)

    def test_redactor_of_messages(self):
        """An API that is JSON to it."""
        gateway = str(self.behind(PYTHON, REDACTOR).rest.base_url).removesuffix("/v1/")
        ask = {"model": "echo/echo", "max_tokens": 1000, "messages": [{"role": "user", "content": PROMPT}]}
        with anthropic.Anthropic(base_url=gateway, api_key="none", max_retries=0) as client:
            self.assertEqual(client.messages.create(**ask).content[0].text, REDACTED)
            with self.assertRaises(anthropic.APIStatusError) as denied:
                list(client.messages.create(**ask, stream=True))
            self.assertEqual(denied.exception.status_code, 446)
            self.assertNotIn("jane", str(denied.exception))

    def test_redactor_in_a_stream_that_breaks_off(self):
        """What has come before the break arrives, redacted."""
        stream = self.behind(PYTHON, REDACTOR, hooks=["chunk"]).rest.chat.completions.create(
            model="echo/echo-cut-3", messages=[{"role": "user", "content": "jane@example.com and others"}], stream=True
        )
        told = ""
        with self.assertRaises(openai.APIError):
            for chunk in stream:
                told += "".join(choice.delta.content or "" for choice in chunk.choices)
        self.assertTrue("[EMAIL] and others".startswith(told.rstrip()), told)
        self.assertIn("[EMAIL]", told)

    def test_policy_denies(self):
        callers = self.behind(POLICY, "--allow", "support=small")
        for way, text in callers.chat("Hello", "echo/small", {"x-portolan-metadata": '{"team": "support"}'}).items():
            self.assertEqual(text, "Hello", way)
        for way, text in callers.chat("Hello", "echo/large", {"x-portolan-metadata": '{"team": "others"}'}).items():
            self.assertEqual(text, "Hello", way)
        denied = {"model": "echo/large", "messages": [{"role": "user", "content": "Hello"}]}
        support = {"x-portolan-metadata": '{"team": "support"}'}
        for stream in (False, True):
            with self.assertRaises(openai.PermissionDeniedError) as rest:
                callers.rest.chat.completions.create(**denied, extra_headers=support, stream=stream)
            self.assertEqual((rest.exception.status_code, rest.exception.code), (403, "model_not_allowed"))
            self.assertIn("support may not use the model `large`", rest.exception.message)
        with self.assertRaises(portolan.PolicyError) as typed:
            callers.grpc.chat(model="echo/large", messages=[portolan.user("Hello")], headers=support)
        self.assertEqual((typed.exception.http_status, typed.exception.code), (403, "model_not_allowed"))
        with self.assertRaises(portolan.PolicyError) as typed:
            list(callers.grpc.stream(model="echo/large", messages=[portolan.user("Hello")], headers=support))
        self.assertEqual(typed.exception.code, "model_not_allowed")

    def test_policy_answers(self):
        """Without a provider, as this one would fail."""
        for way, text in self.behind(POLICY).chat("ping", "echo/echo-fail-500").items():
            self.assertEqual(text, "pong", way)

    def test_auditor_writes_a_line_a_call(self):
        if not AUDITOR:
            self.skipTest("there is no Go to build it")
        file = pathlib.Path(self.folder, "audit.jsonl")
        callers = self.behind(AUDITOR, "-file", str(file))
        answers = callers.chat("swordfish and others")
        self.assertEqual(set(answers.values()), {"swordfish and others"})
        messages = [{"role": "user", "content": "swordfish and others"}]
        ask = {"model": "echo/echo", "messages": messages}
        usage = callers.rest.chat.completions.create(**ask).usage
        for _ in callers.rest.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}):
            pass
        with self.assertRaises(openai.RateLimitError):
            callers.rest.chat.completions.create(model="echo/echo-fail-429", messages=messages)
        lines = self.await_lines(file, len(answers) + 3)
        self.assertEqual(len({line["request_id"] for line in lines}), len(lines))
        for line in lines:
            self.assertEqual((line["operation"], line["provider"], line["attempts"]), ("chat", "echo", 1))
            self.assertGreaterEqual(line["took_ms"], 0)
        well = [line for line in lines if line["status"] == 200]
        for line in well:
            self.assertEqual((line["model"], line.get("error"), line["finish_reason"]), ("echo", None, "stop"))
        told = collections.Counter((line["streams"], line["input_tokens"], line["output_tokens"]) for line in well)
        used = usage.prompt_tokens, usage.completion_tokens
        # Streams tell what they have used only if they are asked.
        self.assertEqual(told, {(False, *used): 3, (True, *used): 1, (True, None, None): 2})
        (failed,) = [line for line in lines if line["status"] != 200]
        self.assertEqual((failed["status"], failed["model"], failed["error_class"]), (429, "echo-fail-429", "provider"))
        self.assertNotIn("swordfish", file.read_text(encoding="utf-8"))

    def await_lines(self, file, count):
        """The lines, as soon as there are so many; the hook comes after the answer."""
        limit = time.monotonic() + LINES_LIMIT_S
        while len(lines := file.read_text(encoding="utf-8").splitlines()) < count and time.monotonic() < limit:
            time.sleep(0.05)
        self.assertEqual(len(lines), count)
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    GATEWAY, POLICY, PYTHON, AUDITOR = (sys.argv.pop(1) for _ in range(4))
    unittest.main()
