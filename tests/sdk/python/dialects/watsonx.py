"""Chat and embeddings of IBM watsonx.ai: OpenAI's dialect but for names, paths and the ends of streams.

Requests and answers: the types of the package @ibm-cloud/watsonx-ai (`reasoning_effort` and JSON Schema: ibm-watsonx-ai and
langchain-ibm of PyPI); streams and errors: what the tests of github.com/IBM/watsonx-ai-java-sdk have recorded
(ChatServiceTest).
"""

import json

from dialects.openai import OpenAi

VERSION = "?version=2026-10-14"


class Watsonx(OpenAi):
    name = "watsonx"
    model = "ibm/granite-3-3-8b-instruct"
    # Its keys fetch tokens: what the gateway has of its own is another test's.
    host = None
    base = ""
    key_variable = None
    own_options = {"watsonx_project_id": "p-1"}
    relays = False
    asks_for_usage = False
    media_types = ("image/png",)
    refuses_pdf = False  # IBM does
    head = {
        "id": "chatcmpl-43962cc06e5346ccbd653a04a48e4b5b",
        "model_id": model,
        "model": model,
        "created": 1749288614,
        "model_version": "1.1.0",
        "created_at": "2025-06-07T09:30:15.122Z",
    }
    done = b""

    def key(self, word):
        """A token of IBM Cloud, which is a JWT; any other key would be exchanged for one."""
        return f"eyJhbGciOiJSUzI1NiJ9.{word}.c2ln"

    def chat_path(self, model=None, stream=False):
        return f"/ml/v1/text/{'chat_stream' if stream else 'chat'}{VERSION}"

    def is_chat(self, path):
        return path.endswith(("/ml/v1/text/chat", "/ml/v1/text/chat_stream"))

    def message(self, message, finish):
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        return {**self.head, "choices": [choice], "usage": self.usage}

    def chunk(self, delta, finish=None, **more):
        told = {**self.head, "object": "chat.completion.chunk", **more}
        return (
            told if "choices" in more else {**told, "choices": [{"index": 0, "finish_reason": finish, "delta": delta}]}
        )

    def events(self, chunks):
        return [
            f"id: {number}\nevent: message\ndata: {json.dumps(chunk)}\n\n".encode()
            for number, chunk in enumerate(chunks, 1)
        ]

    # The tokens come unasked, at the end and alone; nothing else ends a stream.
    def ended(self, chunks, finish):
        return self.events([*chunks, self.chunk({"content": ""}, finish), self.chunk({}, choices=[], usage=self.usage)])

    def text_stream(self, pieces, usage=False, finish=True):
        chunks = [self.chunk({"role": "assistant", "content": ""}), *(self.chunk({"content": each}) for each in pieces)]
        return self.ended(chunks, "stop") if finish else self.events(chunks)

    # Where a call goes on its function has no name: an empty one.
    def call_stream(self, calls):
        chunks = [self.chunk({"role": "assistant", "content": ""})]
        for index, (call_id, name, arguments) in enumerate(calls):
            text = json.dumps(arguments)
            head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
            pieces = [{"index": index, "function": {"name": "", "arguments": each}} for each in (text[:5], text[5:])]
            chunks += [self.chunk({"tool_calls": [part]}) for part in (head, *pieces)]
        return self.ended(chunks, "tool_calls")

    def reasoned_stream(self, thoughts, text):
        chunks = [
            self.chunk({"role": "assistant", "content": ""}),
            *(self.chunk({"reasoning_content": thought}) for thought in thoughts),
            self.chunk({"content": text}),
        ]
        return self.ended(chunks, "stop")

    errors = {
        400: "invalid_request_entity",
        401: "authentication_token_expired",
        403: "user_authorization_failed",
        404: "model_not_supported",
        429: "rate_limit_reached_requests",
        500: "downstream_request_failed",
        503: "model_unavailable",
    }

    def error(self, status, message, after=None):
        told = {
            "code": self.errors[status],
            "message": message,
            "more_info": "https://cloud.ibm.com/apidocs/watsonx-ai",
        }
        return {"errors": [told], "trace": "t", "status_code": status}, self.retry_after(after)

    def error_events(self):
        return [f"id: 9\nevent: error\ndata: {json.dumps(self.error(500, 'too busy')[0])}\n\n".encode()]

    def model_of(self, record):
        return record.json["model_id"]

    def is_stream(self, record):
        return record.path.endswith("/chat_stream" + VERSION)

    def forbids_parallel_calls(self, sent):
        return None

    def choice(self, sent):
        """A word has a member of its own."""
        return sent.get("tool_choice") or sent.get("tool_choice_option")

    thinking_model = "openai/gpt-oss-120b"
    embedding_model = "ibm/slate-125m-english-rtrvr-v2"
    embedding_path = "/ml/v1/text/embeddings" + VERSION
    # Vectors have the length that the model gives them.
    takes_dimensions = False

    def embeddings(self, vectors, sent):
        results = [{"embedding": vector} for vector in vectors]
        created = "2024-02-21T17:32:28Z"
        return {"model_id": sent["model_id"], "results": results, "created_at": created, "input_token_count": 10}

    def embedded(self, sent):
        return sent.get("inputs", [])
