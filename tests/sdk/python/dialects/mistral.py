"""Mistral's dialect, which is OpenAI's but for a few words and chunks.

https://docs.mistral.ai/api: chat, embeddings and errors; its types: the package @mistralai/mistralai.
"""

from dialects.openai import OpenAi


def thinking(thought):
    return {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}


class Mistral(OpenAi):
    name = "mistral-ai"
    model = "mistral-medium-latest"
    host = "api.mistral.ai:443"
    key_variable = "MISTRAL_API_KEY"
    relays = False
    asks_for_usage = False
    takes_unknown = True
    always_tells_usage = True

    def message(self, message, finish):
        told = super().message(message, finish)
        del told["choices"][0]["message"]["refusal"]
        return told

    def reasoned(self, thought, text):
        return self.message({"content": [thinking(thought), {"type": "text", "text": text}]}, "stop")

    # The last chunk tells the tokens, asked or not.
    def text_stream(self, pieces, usage=False, finish=True):
        chunks = [self.chunk({"role": "assistant", "content": ""}), *(self.chunk({"content": each}) for each in pieces)]
        if finish:
            chunks.append(self.chunk({"content": ""}, "stop", usage=self.usage))
        return self.events(chunks) + ([self.done] if finish else [])

    # Calls come whole, and without a type.
    def call_stream(self, calls):
        told = [{**self.call(*call), "index": index} for index, call in enumerate(calls)]
        for each in told:
            del each["type"]
        chunks = [
            self.chunk({"role": "assistant", "content": ""}),
            self.chunk({"content": "", "tool_calls": told}, "tool_calls", usage=self.usage),
        ]
        return self.events(chunks) + [self.done]

    def reasoned_stream(self, thoughts, text):
        chunks = [
            self.chunk({"role": "assistant", "content": ""}),
            *(self.chunk({"content": [thinking(thought)]}) for thought in thoughts),
            self.chunk({"content": text}),
            self.chunk({"content": ""}, "stop", usage=self.usage),
        ]
        return self.events(chunks) + [self.done]

    # Only some have a code of their own.
    codes = {400: "1500", 429: "1300"}
    types = {400: "invalid_model", 401: "unauthorized", 429: "rate_limited"}
    errors = {status: f"upstream_status_{status}" for status in (401, 404, 422, 500, 503)} | codes

    def error(self, status, message, after=None):
        kind = self.types.get(status, "invalid_request_error" if status < 500 else "internal_server_error")
        body = {"object": "error", "message": message, "type": kind, "param": None, "code": self.codes.get(status)}
        return body, self.retry_after(after)

    # What it does in a stream it does not say: as others do.
    def error_events(self):
        return OpenAi().error_events()

    choices = {**OpenAi.choices, "required": "any"}

    def media(self, sent):
        urls = [part.get("document_url") or part.get("image_url") for part in self.parts(sent) if part["type"] != "text"]
        urls = [url if isinstance(url, str) else url["url"] for url in urls]
        return [tuple(url[5:].split(";base64,")) if url.startswith("data:") else url for url in urls]

    thinking_model = "magistral-medium-latest"
    embedding_model = "mistral-embed"

    def dimensions(self, sent):
        return sent["output_dimension"]
