"""The Gemini API.

https://ai.google.dev/api/generate-content (answers, streams, requests), .../api/caching (contents, tools),
.../api/embeddings, .../gemini-api/docs/thinking and .../thought-signatures; errors:
https://ai.google.dev/gemini-api/docs/troubleshooting and https://cloud.google.com/apis/design/errors.
"""

import json
import re

from dialects.base import Dialect


class Google(Dialect):
    name = "google"
    model = "gemini-3-flash-preview"
    host = "generativelanguage.googleapis.com:443"
    base = "/v1beta"
    key_variable = "GEMINI_API_KEY"
    longest_name = 128
    adapts_schemas = True
    # The thoughts are not among the candidates' tokens.
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 1, "totalTokenCount": 12}

    def chat_path(self, model=None, stream=False):
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model or self.model}:{verb}"

    def is_chat(self, path):
        return path.endswith((":generateContent", ":streamGenerateContent"))

    def key_of(self, record):
        return record.headers.get("x-goog-api-key", "")

    def answer(self, parts, finish=None):
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return {
            "candidates": [candidate],
            "usageMetadata": self.usage,
            "modelVersion": self.model,
            "responseId": "resp-1",
        }

    def event(self, parts, finish=None):
        return f"data: {json.dumps(self.answer(parts, finish))}\r\n\r\n".encode()

    def text(self, text):
        return self.answer([{"text": text}], "STOP")

    def call_parts(self, calls):
        parts = [{"functionCall": {"id": each[0], "name": each[1], "args": each[2]}} for each in calls]
        for part in parts if not self.has_call_ids else ():
            del part["functionCall"]["id"]
        # Only the first of parallel calls bears a signature.
        return [{**parts[0], "thoughtSignature": "c2ln"}, *parts[1:]]

    def calls(self, calls):
        return self.answer(self.call_parts(calls), "STOP")

    def reasoned(self, thought, text):
        return self.answer([{"text": thought, "thought": True}, {"text": text, "thoughtSignature": "c2ln"}], "STOP")

    def text_stream(self, pieces, usage=False, finish=True):
        events = [self.event([{"text": piece}]) for piece in pieces]
        return events + ([self.event([{"text": ""}], "STOP")] if finish else [])

    def call_stream(self, calls):
        return [*(self.event([part]) for part in self.call_parts(calls)), self.event([{"text": ""}], "STOP")]

    def reasoned_stream(self, thoughts, text):
        return [
            *(self.event([{"text": thought, "thought": True}]) for thought in thoughts),
            self.event([{"text": text}]),
            self.event([{"text": "", "thoughtSignature": "c2ln"}], "STOP"),
        ]

    def error_events(self):
        return [self.data(self.error(503, "too busy")[0])]

    errors = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        409: "ABORTED",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
    }

    def error(self, status, message, after=None):
        error = {"code": status, "message": message, "status": self.errors[status]}
        if after is not None:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{after}s"}]
        return {"error": error}, {}

    def model_of(self, record):
        return re.search("/models/([^:]+):", record.path)[1]

    def is_stream(self, record):
        return record.path.endswith(":streamGenerateContent?alt=sse")

    def max_tokens(self, sent):
        return sent["generationConfig"]["maxOutputTokens"]

    def temperature(self, sent):
        return sent["generationConfig"]["temperature"]

    def stop(self, sent):
        return sent["generationConfig"]["stopSequences"]

    def system(self, sent):
        return [part["text"] for part in sent.get("systemInstruction", {}).get("parts", ())]

    def turns(self, sent):
        return [{"model": "assistant"}.get(content["role"], content["role"]) for content in sent["contents"]]

    def parts(self, sent):
        return [part for content in sent["contents"] for part in content["parts"]]

    def texts(self, sent):
        return [part["text"] for part in self.parts(sent) if "text" in part]

    def media(self, sent):
        found = [part.get("inlineData") or part.get("fileData") for part in self.parts(sent)]
        return [each.get("fileUri") or (each["mimeType"], each["data"]) for each in found if each]

    def tools(self, sent):
        declared = [each for tool in sent["tools"] for each in tool["functionDeclarations"]]
        return [(each["name"], each["parametersJsonSchema"]) for each in declared]

    def choice(self, sent):
        return sent["toolConfig"]["functionCallingConfig"]

    choices = {
        "auto": {"mode": "AUTO"},
        "required": {"mode": "ANY"},
        "none": {"mode": "NONE"},
        "weather": {"mode": "ANY", "allowedFunctionNames": ["weather"]},
    }

    def calls_in(self, sent):
        calls = [part["functionCall"] for part in self.parts(sent) if "functionCall" in part]
        return [(call.get("id"), call["name"], call["args"]) for call in calls]

    def signatures_in(self, sent):
        """The signature comes back with the call that bore it."""
        return [part.get("thoughtSignature") for part in self.parts(sent) if "functionCall" in part]

    def results_in(self, sent):
        results = [part["functionResponse"] for part in self.parts(sent) if "functionResponse" in part]
        answers = [(each.get("id"), each["response"]) for each in results]
        return [
            (call_id, said.get("result") or said["error"].removeprefix("Error: "), "error" in said)
            for call_id, said in answers
        ]

    call_turns = ["user", "assistant", "user"]

    def schema(self, sent):
        config = sent["generationConfig"]
        return config["responseMimeType"] == "application/json" and config["responseJsonSchema"]

    thinking_model = model
    thinks_hard = {"thinkingLevel": "HIGH", "includeThoughts": True}

    def thinking(self, sent):
        return sent["generationConfig"]["thinkingConfig"]

    embedding_model = "gemini-embedding-001"
    embedding_path = "/v1beta/models/gemini-embedding-001:batchEmbedContents"

    def embeddings(self, vectors, sent):
        return {"embeddings": [{"values": vector} for vector in vectors]}

    def embedded(self, sent):
        return [each["content"]["parts"][0]["text"] for each in sent["requests"]]

    def dimensions(self, sent):
        return sent["requests"][0]["outputDimensionality"]
