"""Cohere's dialect.

https://docs.cohere.com/v2/reference/chat, .../chat-stream and .../embed; errors: https://docs.cohere.com/reference/errors.
"""

import json

from dialects.base import Dialect


def event(kind, **more):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def block(index, content, pieces, finish=True):
    events = [event("content-start", index=index, delta={"message": {"content": content}})]
    events += [event("content-delta", index=index, delta={"message": {"content": piece}}) for piece in pieces]
    return events + ([event("content-end", index=index)] if finish else [])


def text_of(content):
    return content if isinstance(content, str) else content[0]["text"]


class Cohere(Dialect):
    name = "cohere"
    model = "command-a-03-2025"
    host = "api.cohere.com:443"
    base = ""
    key_variable = "COHERE_API_KEY"
    media_types = ("image/png",)
    # It does not say how long a name may be.
    longest_name = 128
    # What is billed is less than what the model reads.
    usage = {
        "billed_units": {"input_tokens": 4, "output_tokens": 2},
        "tokens": {"input_tokens": 9, "output_tokens": 3},
    }

    def chat_path(self, model=None, stream=False):
        return "/v2/chat"

    def is_chat(self, path):
        return path.endswith("/v2/chat")

    def key_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    def answer(self, message, finish):
        message = {"role": "assistant", **message}
        return {
            "id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4",
            "finish_reason": finish,
            "message": message,
            "usage": self.usage,
        }

    def text(self, text):
        return self.answer({"content": [{"type": "text", "text": text}]}, "COMPLETE")

    def calls(self, calls):
        told = [
            {"id": each[0], "type": "function", "function": {"name": each[1], "arguments": json.dumps(each[2])}}
            for each in calls
        ]
        return self.answer({"tool_calls": told}, "TOOL_CALL")

    def reasoned(self, thought, text):
        content = [{"type": "thinking", "thinking": thought}, {"type": "text", "text": text}]
        return self.answer({"content": content}, "COMPLETE")

    def start(self):
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        return event("message-start", delta={"message": message})

    def end(self, finish, **more):
        delta = {"finish_reason": finish, **(more or {"usage": self.usage})}
        return [event("message-end", delta=delta), b"data: [DONE]\n\n"]

    def text_stream(self, pieces, usage=False, finish=True):
        events = [self.start(), *block(0, {"type": "text", "text": ""}, [{"text": piece} for piece in pieces], finish)]
        return events + (self.end("COMPLETE") if finish else [])

    def call_stream(self, calls):
        events = [self.start()]
        for index, (call_id, name, arguments) in enumerate(calls):
            whole = json.dumps(arguments)
            head = {"id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
            pieces = [{"function": {"arguments": piece}} for piece in (whole[:5], whole[5:])]
            kinds = ("tool-call-start", "tool-call-delta", "tool-call-delta")
            for kind, piece in zip(kinds, [head, *pieces], strict=True):
                events.append(event(kind, index=index, delta={"message": {"tool_calls": piece}}))
            events.append(event("tool-call-end", index=index))
        return events + self.end("TOOL_CALL")

    def reasoned_stream(self, thoughts, text):
        return [
            self.start(),
            *block(0, {"type": "thinking", "thinking": ""}, [{"thinking": thought} for thought in thoughts]),
            *block(1, {"type": "text", "text": ""}, [{"text": text}]),
            *self.end("COMPLETE"),
        ]

    def error_events(self):
        """A good end follows what is none."""
        return self.end("ERROR", usage={}, error="too busy")

    # Errors have no code of their own.
    errors = {status: f"upstream_status_{status}" for status in (400, 401, 403, 404, 422, 429, 500, 503, 504)}

    def error(self, status, message, after=None):
        return {"id": "94ed162c-fe4a-4885-a641-080f16e1c0c1", "message": message}, self.retry_after(after)

    def model_of(self, record):
        return record.json["model"]

    def is_stream(self, record):
        return record.json.get("stream") is True

    def max_tokens(self, sent):
        return sent["max_tokens"]

    def temperature(self, sent):
        return sent["temperature"]

    def stop(self, sent):
        return sent["stop_sequences"]

    def system(self, sent):
        return [text_of(message["content"]) for message in sent["messages"] if message["role"] == "system"]

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
        return [tuple(url[5:].split(";base64,")) if url.startswith("data:") else url for url in urls]

    def tools(self, sent):
        return [(tool["function"]["name"], tool["function"]["parameters"]) for tool in sent["tools"]]

    def choice(self, sent):
        return sent.get("tool_choice")

    # One that is named is the only one that is offered.
    choices = {"auto": None, "required": "REQUIRED", "none": "NONE", "weather": "REQUIRED"}

    def calls_in(self, sent):
        calls = [call for message in sent["messages"] for call in message.get("tool_calls") or ()]
        return [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]

    def results_in(self, sent):
        results = [
            (each["tool_call_id"], text_of(each["content"])) for each in sent["messages"] if each["role"] == "tool"
        ]
        return [(call_id, text.removeprefix("Error: "), text.startswith("Error: ")) for call_id, text in results]

    call_turns = ["user", "assistant", "tool", "tool"]

    def schema(self, sent):
        return sent["response_format"]["type"] == "json_object" and sent["response_format"]["json_schema"]

    # https://docs.cohere.com/docs/reasoning: without a budget it thinks as long as it needs.
    thinking_model = "command-a-reasoning-08-2025"
    thinks_hard = {"type": "enabled"}

    def thinking(self, sent):
        return sent["thinking"]

    def to_check(self, sent):
        return {"chat": sent}

    embedding_model = "embed-v4.0"
    embedding_path = "/v2/embed"

    def embeddings(self, vectors, sent):
        billed = {"billed_units": {"input_tokens": 2}}
        return {"id": "b718ab17", "embeddings": {"float": vectors}, "texts": sent["texts"], "meta": billed}

    def embedded(self, sent):
        return sent["texts"]

    def dimensions(self, sent):
        return sent["output_dimension"]
