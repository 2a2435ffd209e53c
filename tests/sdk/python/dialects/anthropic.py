"""Anthropic's dialect: https://docs.anthropic.com/en/api/messages, .../messages-streaming and .../errors."""

import json

from dialects.base import Dialect


def event(value):
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


class Anthropic(Dialect):
    name = "anthropic"
    model = "claude-sonnet-4-6"
    host = "api.anthropic.com:443"
    key_variable = "ANTHROPIC_API_KEY"
    relays_messages = True
    longest_name = 128

    def chat_path(self, model=None, stream=False):
        return "/v1/messages"

    def is_chat(self, path):
        return path.endswith("/messages")

    def key_of(self, record):
        return record.headers.get("x-api-key", "")

    def bearer_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    def message(self, content, stop_reason):
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 3},
        }

    def text(self, text):
        return self.message([{"type": "text", "text": text}], "end_turn")

    def call(self, call_id, name, arguments):
        return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}

    def calls(self, calls):
        return self.message([self.call(*call) for call in calls], "tool_use")

    def reasoned(self, thought, text):
        thinking = {"type": "thinking", "thinking": thought, "signature": "c2ln"}
        return self.message([thinking, {"type": "text", "text": text}], "end_turn")

    def start(self):
        return event({"type": "message_start", "message": self.message([], None)})

    def end(self, stop_reason):
        delta = {"stop_reason": stop_reason, "stop_sequence": None}
        return [
            event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 3}}),
            event({"type": "message_stop"}),
        ]

    def block(self, index, block, deltas, stop=True):
        events = [event({"type": "content_block_start", "index": index, "content_block": block})]
        events += [event({"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas]
        return events + ([event({"type": "content_block_stop", "index": index})] if stop else [])

    def text_stream(self, pieces, usage=False, finish=True):
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        events = [self.start(), event({"type": "ping"}), *self.block(0, {"type": "text", "text": ""}, deltas, finish)]
        return events + (self.end("end_turn") if finish else [])

    def call_stream(self, calls):
        events = [self.start()]
        for index, call in enumerate(calls):
            text = json.dumps(call[2])
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in (text[:5], text[5:])]
            events += self.block(index, {**self.call(*call), "input": {}}, deltas)
        return events + self.end("tool_use")

    def reasoned_stream(self, thoughts, text):
        deltas = [{"type": "thinking_delta", "thinking": thought} for thought in thoughts]
        deltas.append({"type": "signature_delta", "signature": "c2ln"})
        return [
            self.start(),
            *self.block(0, {"type": "thinking", "thinking": "", "signature": ""}, deltas),
            *self.block(1, {"type": "text", "text": ""}, [{"type": "text_delta", "text": text}]),
            *self.end("end_turn"),
        ]

    def error_events(self):
        return [event(self.error(529, "too busy")[0])]

    # 409, 422 and 503 are no words of its own: what stands in front of it may say them.
    errors = {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        409: "conflict_error",
        413: "request_too_large",
        422: "invalid_request_error",
        429: "rate_limit_error",
        500: "api_error",
        503: "api_error",
        529: "overloaded_error",
    }

    def error(self, status, message, after=None):
        error = {"type": self.errors.get(status, "api_error"), "message": message}
        return {"type": "error", "error": error, "request_id": "req_body"}, self.retry_after(after)

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
        system = sent.get("system", [])
        return [system] if isinstance(system, str) else [part["text"] for part in system]

    def turns(self, sent):
        return [message["role"] for message in sent["messages"]]

    def parts(self, sent):
        contents = [message["content"] for message in sent["messages"]]
        whole = [[{"type": "text", "text": each}] if isinstance(each, str) else each for each in contents]
        return [part for content in whole for part in content]

    def texts(self, sent):
        return [part["text"] for part in self.parts(sent) if part["type"] == "text"]

    def media(self, sent):
        sources = [part["source"] for part in self.parts(sent) if "source" in part]
        return [each.get("url") or (each["media_type"], each["data"]) for each in sources]

    def tools(self, sent):
        return [(tool["name"], tool["input_schema"]) for tool in sent["tools"]]

    def choice(self, sent):
        return sent["tool_choice"]

    choices = {
        "auto": {"type": "auto"},
        "required": {"type": "any"},
        "none": {"type": "none"},
        "weather": {"type": "tool", "name": "weather"},
    }

    def forbids_parallel_calls(self, sent):
        return sent["tool_choice"].get("disable_parallel_tool_use") is True

    def calls_in(self, sent):
        return [(part["id"], part["name"], part["input"]) for part in self.parts(sent) if part["type"] == "tool_use"]

    def results_in(self, sent):
        def text(content):
            return content if isinstance(content, str) else content[0]["text"]

        results = [part for part in self.parts(sent) if part["type"] == "tool_result"]
        return [(each["tool_use_id"], text(each["content"]), each.get("is_error", False)) for each in results]

    call_turns = ["user", "assistant", "user"]

    def schema(self, sent):
        form = sent["output_config"]["format"]
        return form["type"] == "json_schema" and form["schema"]

    # https://docs.anthropic.com/en/docs/build-with-claude/effort
    thinking_model = "claude-opus-4-6"
    thinks_hard = ("high", "adaptive")

    def thinking(self, sent):
        return sent["output_config"]["effort"], sent["thinking"]["type"]
