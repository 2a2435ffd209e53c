"""OpenAI's dialect.

Answers, chunks and errors: the types of its package; error codes: https://platform.openai.com/docs/guides/error-codes.
The members of reasoning, which its API does not have: https://api-docs.deepseek.com/guides/reasoning_model.
"""

import base64
import json
import struct

from dialects.base import Dialect


class OpenAi(Dialect):
    name = "openai"
    model = "gpt-4o"
    host = "api.openai.com:443"
    key_variable = "OPENAI_API_KEY"
    relays = True
    takes_unknown = True
    asks_for_usage = True
    head = {"id": "chatcmpl-1", "created": 1700000000, "model": "model-1"}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    done = b"data: [DONE]\n\n"

    def chat_path(self, model=None, stream=False):
        return "/v1/chat/completions"

    def completion_path(self):
        return "/v1/completions" if self.relays else self.chat_path()

    def is_chat(self, path):
        return path.endswith("/chat/completions")

    def key_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    def message(self, message, finish):
        message = {"role": "assistant", "refusal": None, **message}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {**self.head, "object": "chat.completion", "choices": [choice], "usage": self.usage}

    def text(self, text):
        return self.message({"content": text}, "stop")

    def call(self, call_id, name, arguments):
        return {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}

    def calls(self, calls):
        return self.message({"content": None, "tool_calls": [self.call(*call) for call in calls]}, "tool_calls")

    def reasoned(self, thought, text):
        return self.message({"content": text, "reasoning_content": thought}, "stop")

    def chunk(self, delta, finish=None, **more):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self.head, "object": "chat.completion.chunk", "choices": [choice], **more}

    def events(self, chunks):
        return [self.data(chunk) for chunk in chunks]

    def text_stream(self, pieces, usage=False, finish=True):
        chunks = [
            self.chunk({"role": "assistant", "content": ""}),
            *(self.chunk({"content": piece}) for piece in pieces),
        ]
        if finish:
            chunks.append(self.chunk({}, "stop"))
        if usage:
            chunks.append(self.chunk({}, choices=[], usage=self.usage))
        return self.events(chunks) + ([self.done] if finish else [])

    def call_stream(self, calls):
        chunks = [self.chunk({"role": "assistant", "content": None})]
        for index, (call_id, name, arguments) in enumerate(calls):
            text = json.dumps(arguments)
            head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
            pieces = [{"index": index, "function": {"arguments": piece}} for piece in (text[:5], text[5:])]
            chunks += [self.chunk({"tool_calls": [part]}) for part in (head, *pieces)]
        return self.events([*chunks, self.chunk({}, "tool_calls")]) + [self.done]

    def reasoned_stream(self, thoughts, text):
        chunks = [
            self.chunk({"role": "assistant", "content": None, "reasoning_content": ""}),
            *(self.chunk({"reasoning_content": thought}) for thought in thoughts),
            self.chunk({"content": text}),
            self.chunk({}, "stop"),
        ]
        return self.events(chunks) + [self.done]

    def error_events(self):
        return self.events([self.error(500, "too busy")[0]])

    errors = {
        400: "bad_value",
        401: "invalid_api_key",
        402: "billing_hard_limit_reached",
        403: "no_access",
        404: "model_not_found",
        409: "conflict",
        413: "too_large",
        422: "unprocessable",
        429: "rate_limit_exceeded",
        500: "server_error",
        503: "unavailable",
        529: "overloaded",
    }
    types = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}

    def error(self, status, message, after=None):
        kind = self.types.get(status, "invalid_request_error" if status < 500 else "api_error")
        error = {"message": message, "type": kind, "param": None, "code": self.errors.get(status)}
        return {"error": error}, self.retry_after(after)

    def model_of(self, record):
        return record.json["model"]

    def is_stream(self, record):
        return record.json.get("stream") is True

    def max_tokens(self, sent):
        return sent.get("max_completion_tokens", sent.get("max_tokens"))

    def temperature(self, sent):
        return sent["temperature"]

    def stop(self, sent):
        return sent["stop"]

    def system(self, sent):
        return [message["content"] for message in sent["messages"] if message["role"] == "system"]

    def turns(self, sent):
        return [message["role"] for message in sent["messages"] if message["role"] != "system"]

    def parts(self, sent):
        contents = [message["content"] for message in sent["messages"] if message["role"] == "user"]
        return [
            part for content in contents for part in (content if isinstance(content, list) else [{"text": content}])
        ]

    def texts(self, sent):
        return [part["text"] for part in self.parts(sent) if "text" in part]

    def media(self, sent):
        urls = [part["image_url"]["url"] for part in self.parts(sent) if "image_url" in part]
        urls += [part["file"]["file_data"] for part in self.parts(sent) if "file" in part]
        return [tuple(url[5:].split(";base64,")) if url.startswith("data:") else url for url in urls]

    def tools(self, sent):
        return [(tool["function"]["name"], tool["function"]["parameters"]) for tool in sent["tools"]]

    def choice(self, sent):
        return sent["tool_choice"]

    choices = {
        "auto": "auto",
        "required": "required",
        "none": "none",
        "weather": {"type": "function", "function": {"name": "weather"}},
    }

    def forbids_parallel_calls(self, sent):
        return sent.get("parallel_tool_calls") is False

    def calls_in(self, sent):
        calls = [call for message in sent["messages"] for call in message.get("tool_calls") or ()]
        return [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]

    def results_in(self, sent):
        """(id, text, whether it is an error), which Anthropic's door says in words here."""
        results = [message for message in sent["messages"] if message["role"] == "tool"]
        return [
            (each["tool_call_id"], each["content"].removeprefix("Error: "), each["content"].startswith("Error: "))
            for each in results
        ]

    call_turns = ["user", "assistant", "tool", "tool"]

    def schema(self, sent):
        return sent["response_format"]["type"] == "json_schema" and sent["response_format"]["json_schema"]["schema"]

    thinking_model = "gpt-5"
    thinks_hard = "high"

    def thinking(self, sent):
        return sent["reasoning_effort"]

    embedding_model = "text-embedding-3-small"
    embedding_path = "/v1/embeddings"

    def embeddings(self, vectors, sent):
        def spelled(vector):
            if sent.get("encoding_format") != "base64":
                return vector
            return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

        data = [{"object": "embedding", "index": i, "embedding": spelled(each)} for i, each in enumerate(vectors)]
        return {"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 2, "total_tokens": 2}}

    def embedded(self, sent):
        texts = sent.get("input", "")
        return texts if isinstance(texts, list) else [texts]

    def dimensions(self, sent):
        return sent["dimensions"]
