"""Converse of Amazon Bedrock.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and .../API_runtime_ConverseStream.html;
keys: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html.
"""

import json
import urllib.parse

from dialects.aws import frame
from dialects.base import Dialect


def event(kind, payload):
    return frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, payload)


def block(index, deltas, start=None, finish=True):
    events = [event("contentBlockStart", {"contentBlockIndex": index, "start": start})] if start else []
    events += [event("contentBlockDelta", {"contentBlockIndex": index, "delta": each, "p": "abc"}) for each in deltas]
    return events + ([event("contentBlockStop", {"contentBlockIndex": index})] if finish else [])


class Bedrock(Dialect):
    name = "bedrock"
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    host = "bedrock-runtime.us-east-1.amazonaws.com:443"
    base = ""
    key_variable = "AWS_BEARER_TOKEN_BEDROCK"
    fetches = True
    usage = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
    types = {"png": "image/png", "pdf": "application/pdf"}

    def chat_path(self, model=None, stream=False):
        return f"/model/{model or self.model}/{'converse-stream' if stream else 'converse'}"

    def is_chat(self, path):
        return path.endswith(("/converse", "/converse-stream"))

    def key_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    def answer(self, content, stop_reason):
        message = {"role": "assistant", "content": content}
        return {
            "output": {"message": message},
            "stopReason": stop_reason,
            "usage": self.usage,
            "metrics": {"latencyMs": 7},
        }

    def text(self, text):
        return self.answer([{"text": text}], "end_turn")

    def calls(self, calls):
        uses = [{"toolUse": {"toolUseId": each[0], "name": each[1], "input": each[2]}} for each in calls]
        return self.answer(uses, "tool_use")

    def reasoned(self, thought, text):
        reasoning = {"reasoningContent": {"reasoningText": {"text": thought, "signature": "c2ln"}}}
        return self.answer([reasoning, {"text": text}], "end_turn")

    stream_type = "application/vnd.amazon.eventstream"
    start = event("messageStart", {"role": "assistant", "p": "abcdef"})
    # A frame whose checksum is wrong.
    garbage = start[:-1] + bytes([start[-1] ^ 1])

    def end(self, stop_reason):
        return [
            event("messageStop", {"stopReason": stop_reason}),
            event("metadata", {"usage": self.usage, "metrics": {"latencyMs": 7}}),
        ]

    def text_stream(self, pieces, usage=False, finish=True):
        events = [self.start, *block(0, [{"text": piece} for piece in pieces], finish=finish)]
        return events + (self.end("end_turn") if finish else [])

    def call_stream(self, calls):
        events = [self.start]
        for index, (call_id, name, arguments) in enumerate(calls):
            text = json.dumps(arguments)
            deltas = [{"toolUse": {"input": piece}} for piece in (text[:5], text[5:])]
            events += block(index, deltas, {"toolUse": {"toolUseId": call_id, "name": name}})
        return events + self.end("tool_use")

    def reasoned_stream(self, thoughts, text):
        deltas = [{"reasoningContent": {"text": thought}} for thought in thoughts]
        deltas.append({"reasoningContent": {"signature": "c2ln"}})
        return [self.start, *block(0, deltas), *block(1, [{"text": text}]), *self.end("end_turn")]

    def error_events(self):
        headers = {":exception-type": "serviceUnavailableException", ":content-type": "application/json"}
        return [frame({**headers, ":message-type": "exception"}, {"message": "too busy"})]

    errors = {
        400: "ValidationException",
        403: "AccessDeniedException",
        404: "ResourceNotFoundException",
        408: "ModelTimeoutException",
        424: "ModelErrorException",
        429: "ThrottlingException",
        500: "InternalServerException",
        503: "ServiceUnavailableException",
    }

    def error(self, status, message, after=None):
        return {"message": message}, {"x-amzn-errortype": self.errors[status], **self.retry_after(after)}

    def model_of(self, record):
        return urllib.parse.unquote(record.path.split("/")[2])

    def is_stream(self, record):
        return record.path.endswith("/converse-stream")

    def max_tokens(self, sent):
        return sent["inferenceConfig"]["maxTokens"]

    def temperature(self, sent):
        return sent["inferenceConfig"]["temperature"]

    def stop(self, sent):
        return sent["inferenceConfig"]["stopSequences"]

    def system(self, sent):
        return [part["text"] for part in sent.get("system", ())]

    def turns(self, sent):
        return [message["role"] for message in sent["messages"]]

    def parts(self, sent):
        return [part for message in sent["messages"] for part in message["content"]]

    def texts(self, sent):
        return [part["text"] for part in self.parts(sent) if "text" in part]

    def media(self, sent):
        found = [part.get("image") or part.get("document") for part in self.parts(sent)]
        return [(self.types[each["format"]], each["source"]["bytes"]) for each in found if each]

    def tools(self, sent):
        specs = [tool["toolSpec"] for tool in sent["toolConfig"]["tools"] if "toolSpec" in tool]
        return [(spec["name"], spec["inputSchema"]["json"]) for spec in specs]

    def choice(self, sent):
        own = sent.get("additionalModelRequestFields", {}).get("tool_choice")
        return own or sent.get("toolConfig", {}).get("toolChoice")

    # For `none` Converse has no word: it is not told of the tools.
    choices = {"auto": {"auto": {}}, "required": {"any": {}}, "none": None, "weather": {"tool": {"name": "weather"}}}

    def forbids_parallel_calls(self, sent):
        # Converse has no word for it; these fields are Anthropic's own.
        return sent["additionalModelRequestFields"]["tool_choice"].get("disable_parallel_tool_use") is True

    def calls_in(self, sent):
        calls = [part["toolUse"] for part in self.parts(sent) if "toolUse" in part]
        return [(call["toolUseId"], call["name"], call["input"]) for call in calls]

    def results_in(self, sent):
        results = [part["toolResult"] for part in self.parts(sent) if "toolResult" in part]
        return [(each["toolUseId"], each["content"][0]["text"], each.get("status") == "error") for each in results]

    call_turns = ["user", "assistant", "user"]

    def schema(self, sent):
        form = sent["outputConfig"]["textFormat"]
        return form["type"] == "json_schema" and json.loads(form["structure"]["jsonSchema"]["schema"])

    thinking_model = "anthropic.claude-opus-4-6-v1"
    thinks_hard = ("high", "adaptive")

    def thinking(self, sent):
        return sent["outputConfig"]["effort"], sent["additionalModelRequestFields"]["thinking"]["type"]

    # One of Cohere's models, which take many texts a call:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
    embedding_model = "cohere.embed-v4:0"
    embedding_path = "/model/cohere.embed-v4:0/invoke"

    def embeddings(self, vectors, sent):
        return {"id": "b718ab17", "embeddings": {"float": vectors}, "response_type": "embeddings_by_type"}

    def embedded(self, sent):
        return sent["texts"]

    def dimensions(self, sent):
        return sent["output_dimension"]


class Titan(Bedrock):
    """Amazon's own embeddings, one text a call.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
    """

    name = "bedrock-titan"
    provider = "bedrock"
    embedding_model = "amazon.titan-embed-text-v2:0"
    embedding_path = "/model/amazon.titan-embed-text-v2:0/invoke"
    one_text_a_call = True

    def embeddings(self, vectors, sent):
        return {"embedding": vectors[0], "embeddingsByType": {"float": vectors[0]}, "inputTextTokenCount": 3}

    def embedded(self, sent):
        return [sent["inputText"]]

    def dimensions(self, sent):
        return sent["dimensions"]
