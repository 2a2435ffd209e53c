"""howto_test.py: the middleware that docs/middleware.md has its readers write, made by the steps that it gives."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import grpc
from service import START_LIMIT_S

ROOT = pathlib.Path(__file__).parents[2]
HEADING = "## Write one in ten minutes\n"


def blocks(language):
    """The fenced blocks of the section."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(ROOT.glob("docs/middleware*.md"))]
    (section,) = [page.partition(HEADING)[2] for page in pages if HEADING in page]
    return [textwrap.dedent(each) for each in re.findall(rf"^ *```{language}\n(.*?)^ *```$", section, re.DOTALL | re.MULTILINE)]


class HowtoTest(unittest.TestCase):
    def test_the_steps(self):
        with tempfile.TemporaryDirectory() as folder:
            generating = blocks("sh")[0].replace(".venv/bin/python", sys.executable).replace("stubs", f"{folder}/stubs")
            self.assertIn("pip install", generating.splitlines()[0])
            subprocess.run(["bash", "-ec", "\n".join(generating.splitlines()[1:])], cwd=ROOT, check=True)
            program = blocks("python")[0]
            self.assertLess(len(program.splitlines()), 50)
            pathlib.Path(folder, "mail.py").write_text(program, encoding="utf-8")

            address = f"unix:{folder}/mail.sock"
            sys.path.insert(0, f"{folder}/stubs")
            environment = {**os.environ, "PYTHONPATH": f"{folder}/stubs"}
            process = subprocess.Popen([sys.executable, f"{folder}/mail.py", address], env=environment)
            try:
                self.check(address, process)
            finally:
                process.kill()
                process.wait()

    def check(self, address, process):
        from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415
        from portolan.middleware.v1 import events_pb2, middleware_pb2, middleware_pb2_grpc  # noqa: PLC0415

        limit = time.monotonic() + START_LIMIT_S
        while not os.path.exists(address.removeprefix("unix:")):
            self.assertIsNone(process.poll(), "it has ended")
            self.assertLess(time.monotonic(), limit, "it does not listen")
            time.sleep(0.05)
        with grpc.insecure_channel(address) as channel:
            stub = middleware_pb2_grpc.MiddlewareStub(channel)
            request = health_pb2.HealthCheckRequest(service="portolan.middleware.v1.Middleware")
            self.assertEqual(health_pb2_grpc.HealthStub(channel).Check(request).status, health_pb2.HealthCheckResponse.SERVING)
            told = stub.Describe(middleware_pb2.DescribeRequest(protocol_version=1, name="mail"))
            self.assertEqual(list(told.hooks), [middleware_pb2.HOOK_REQUEST, middleware_pb2.HOOK_RESPONSE])

            parts = {"parts": {"items": [{"type": "text", "text": "c@d.ef"}, {"type": "image_url"}]}}
            messages = [{"role": "user", "content": {"text": "Write to jane@example.com"}}, {"role": "user", "content": parts}]
            verdict = stub.HandleRequest(events_pb2.RequestEvent(chat={"model": "m", "messages": messages}))
            first, second = verdict.replace.chat_request.messages
            self.assertEqual((verdict.replace.chat_request.model, first.content.text), ("m", "Write to [EMAIL]"))
            self.assertEqual([part.text for part in second.content.parts.items], ["[EMAIL]", ""])
            for event in (events_pb2.RequestEvent(chat={"model": "m"}), events_pb2.RequestEvent(json=b"{}")):
                self.assertEqual(stub.HandleRequest(event).WhichOneof("action"), None)

            choices = [{"index": 0, "message": {"role": "assistant", "content": {"text": "It is a@b.co."}}}]
            verdict = stub.HandleResponse(events_pb2.ResponseEvent(status=200, chat={"id": "c", "choices": choices}))
            self.assertEqual(verdict.replace.chat.choices[0].message.content.text, "It is [EMAIL].")


if __name__ == "__main__":
    unittest.main()
