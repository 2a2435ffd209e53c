"""Ollama's own API, which the gateway speaks where a request has a member that only this API takes.

https://docs.ollama.com/api/chat, .../api/streaming and .../api/errors; its embeddings are OpenAI's.
"""

import json

from dialects.base import Dialect
from dialects.openai import OpenAi


def line(value):
    return json.dumps(value).encode() + b"\n"


class Ollama(Dialect):
    name = "ollama"
    model = "qwen3:8b"
    # It is a server on the gateway's own machine: there is no host of the provider's.
    host = None
    base = ""
    key_variable = "OLLAMA_API_KEY"
    own_members = {"keep_alive": "5m"}
    media_types = ("image/png",)
    fetches = True
    # It does not say how long a name may be.
    longest_name = 128
    counts = {"prompt_eval_count": 9, "eval_count": 3}

    def chat_path(self, model=None, stream=False):
        return "/api/chat"

    def completion_path(self):
        return "/v1/completions"

    def is_chat(self, path):
        return path.endswith("/api/chat")

    def key_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    def piece(self, message, done_reason=None):
        told = {"model": self.model, "created_at": "2025-10-17T23:14:07.414671Z"}
        told |= {"message": {"role": "assistant", "content": "", **message}, "done": done_reason is not None}
        return told | ({"done_reason": done_reason, **self.counts} if done_reason else {})

    def text(self, text):
        return self.piece({"content": text}, "stop")

    def call(self, index, call):
        return {"id": call[0], "function": {"index": index, "name": call[1], "arguments": call[2]}}

    def calls(self, calls):
        return self.piece({"tool_calls": [self.call(*each) for each in enumerate(calls)]}, "stop")

    def reasoned(self, thought, text):
        return self.piece({"content": text, "thinking": thought}, "stop")

    stream_type = "application/x-ndjson"
    garbage = b'{"model": nonsense\n'

    def text_stream(self, pieces, usage=False, finish=True):
        lines = [line(self.piece({"content": piece})) for piece in pieces]
        return lines + ([line(self.piece({}, "stop"))] if finish else [])

    def call_stream(self, calls):
        lines = [line(self.piece({"tool_calls": [self.call(*each)]})) for each in enumerate(calls)]
        return [*lines, line(self.piece({}, "stop"))]

    def reasoned_stream(self, thoughts, text):
        lines = [line(self.piece({"thinking": thought})) for thought in thoughts]
        return [*lines, line(self.piece({"content": text})), line(self.piece({}, "stop"))]

    def error_events(self):
        return [line({"error": "too busy"})]

    # Errors have no code of their own.
    errors = {status: f"upstream_status_{status}" for status in (400, 401, 404, 429, 500, 503)}

    def error(self, status, message, after=None):
        return {"error": message}, self.retry_after(after)

    def model_of(self, record):
        return record.json["model"]

    def is_stream(self, record):
        return record.json.get("stream", True)

    def max_tokens(self, sent):
        return sent["options"]["num_predict"]

    def temperature(self, sent):
        return sent["options"]["temperature"]

    def stop(self, sent):
        return sent["options"]["stop"]

    def system(self, sent):
        return [message["content"] for message in sent["messages"] if message["role"] == "system"]

    def turns(self, sent):
        return [message["role"] for message in sent["messages"] if message["role"] != "system"]

    def texts(self, sent):
        return [message["content"] for message in sent["messages"] if message["role"] == "user"]

    # Their type is not told.
    def media(self, sent):
        return [("image/png", image) for message in sent["messages"] for image in message.get("images") or ()]

    def tools(self, sent):
        return [(tool["function"]["name"], tool["function"]["parameters"]) for tool in sent["tools"]]

    def choice(self, sent):
        return sent.get("tool_choice")

    # It cannot be made to call a tool.
    choices = {"auto": None, "none": None}

    def calls_in(self, sent):
        calls = [call for message in sent["messages"] for call in message.get("tool_calls") or ()]
        return [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls]

    def results_in(self, sent):
        results = [message for message in sent["messages"] if message["role"] == "tool"]
        return [
            (each["tool_call_id"], each["content"].removeprefix("Error: "), each["content"].startswith("Error: "))
            for each in results
        ]

    call_turns = ["user", "assistant", "tool", "tool"]

    def schema(self, sent):
        return sent["format"]

    thinking_model = "gpt-oss:20b"
    thinks_hard = "high"

    def thinking(self, sent):
        return sent["think"]

    embedding_model = "embeddinggemma"
    embedding_path = "/v1/embeddings"

    def embeddings(self, vectors, sent):
        return OpenAi().embeddings(vectors, sent)

    def embedded(self, sent):
        return OpenAi().embedded(sent)

    def dimensions(self, sent):
        return sent["dimensions"]
