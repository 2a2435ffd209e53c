"""MiniMax's dialect, which is OpenAI's but for what the model thought and for errors.

https://platform.minimax.io/docs/api-reference/text-chat-openai and .../text-openai-api (`<think>` in the content, images of
MiniMax-M3), .../errorcode (errors, which come with status 200).
"""

from dialects.openai import OpenAi


class MiniMax(OpenAi):
    name = "minimax"
    model = "MiniMax-M3"
    host = "api.minimax.io:443"
    key_variable = "MINIMAX_API_KEY"
    relays = False
    tells_after = False
    media_types = ("image/png",)
    refuses_pdf = False  # MiniMax does
    # Only an older model of its native API does; these pass over the member.
    takes_schemas = False
    head = {"id": "05a1", "created": 1762160002, "model": model}
    good = {"base_resp": {"status_code": 0, "status_msg": ""}}

    def message(self, message, finish):
        choice = {
            "index": 0,
            "message": {"role": "assistant", "name": "MiniMax AI", **message},
            "finish_reason": finish,
        }
        return {**self.head, "object": "chat.completion", "choices": [choice], "usage": self.usage, **self.good}

    def reasoned(self, thought, text):
        return self.message({"content": f"<think>\n{thought}\n</think>\n\n{text}"}, "stop")

    def reasoned_stream(self, thoughts, text):
        pieces = ["<think>\n", *thoughts, "\n</think>\n\n", text]
        chunks = [self.chunk({"role": "assistant", "content": piece}) for piece in pieces]
        return self.events([*chunks, self.chunk({}, "stop")]) + [self.done]

    # The code of each that says the status.
    errors = {400: "2013", 401: "1004", 402: "1008", 403: "2042", 429: "1002", 504: "1001"}

    def error(self, status, message, after=None):
        told = {"status_code": int(self.errors.get(status, "1000")), "status_msg": message}
        return {"id": "05a1", "choices": None, "base_resp": told}, self.retry_after(after)

    def http_status(self, status):
        return 200

    def error_events(self):
        return self.events([self.error(500, "too busy")[0]])

    thinking_model = model
    embedding_model = None
