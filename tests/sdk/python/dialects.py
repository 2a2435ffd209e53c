"""How the two dialects spell the same answers, and where each keeps the same facts of a request.

OpenAI: the types of its package. Anthropic: https://docs.anthropic.com/en/api/messages and .../messages-streaming.
"""

import json


class OpenAi:
    name = "openai"
    chat_path = "/v1/chat/completions"
    suffix = "/chat/completions"
    model = "gpt-4o"
    host = "api.openai.com:443"
    base = {"id": "chatcmpl-1", "created": 1700000000, "model": "model-1"}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}

    def key_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    def message(self, message, finish):
        message = {"role": "assistant", "refusal": None, **message}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {**self.base, "object": "chat.completion", "choices": [choice], "usage": self.usage}

    def text(self, text):
        return self.message({"content": text}, "stop")

    def call(self, call_id, name, arguments):
        return {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}

    def calls(self, calls):
        return self.message({"content": None, "tool_calls": [self.call(*call) for call in calls]}, "tool_calls")

    def chunk(self, delta, finish=None, **more):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self.base, "object": "chat.completion.chunk", "choices": [choice], **more}

    def events(self, chunks):
        return [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]

    def text_stream(self, pieces, usage=False, finish=True):
        chunks = [
            self.chunk({"role": "assistant", "content": ""}),
            *(self.chunk({"content": piece}) for piece in pieces),
        ]
        if finish:
            chunks.append(self.chunk({}, "stop"))
        if usage:
            chunks.append(self.chunk({}, choices=[], usage=self.usage))
        return self.events(chunks) + (["data: [DONE]\n\n"] if finish else [])

    def call_stream(self, calls):
        chunks = [self.chunk({"role": "assistant", "content": None})]
        for index, (call_id, name, arguments) in enumerate(calls):
            text = json.dumps(arguments)
            head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
            pieces = [{"index": index, "function": {"arguments": piece}} for piece in (text[:5], text[5:])]
            chunks += [self.chunk({"tool_calls": [part]}) for part in (head, *pieces)]
        return self.events([*chunks, self.chunk({}, "tool_calls")]) + ["data: [DONE]\n\n"]

    def error(self, message, kind, code=None):
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def error_events(self):
        return self.events([self.error("too busy", "server_error")])


def event(value):
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n"


class Anthropic:
    name = "anthropic"
    chat_path = "/v1/messages"
    suffix = "/messages"
    model = "claude-sonnet-4-5"
    host = "api.anthropic.com:443"

    def key_of(self, record):
        return record.headers.get("x-api-key", "")

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

    def error(self, message, kind, code=None):
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_body"}

    def error_events(self):
        return [event({"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}})]


OPENAI = OpenAi()
ANTHROPIC = Anthropic()
ALL = (OPENAI, ANTHROPIC)
