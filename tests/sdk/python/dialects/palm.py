"""Google's PaLM API, which servers of one's own may speak: chats and texts without tools, streams and counts of tokens.

The package @google-ai/generativelanguage 2.9: google/ai/generativelanguage/v1beta3 (discuss_service.proto,
text_service.proto); errors: https://cloud.google.com/apis/design/errors.
"""

import re

from dialects.base import Dialect
from dialects.google import Google


class Palm(Dialect):
    name = "palm"
    model = "chat-bison-001"
    # Google has closed it.
    host = None
    base = ""
    key_variable = None
    text_model = "text-bison-001"

    def path_of(self, model, verb):
        return f"/v1beta3/models/{model}:{verb}"

    def chat_path(self, model=None, stream=False):
        return self.path_of(model or self.model, "generateMessage")

    def is_chat(self, path):
        return path.endswith(":generateMessage")

    def key_of(self, record):
        return record.headers.get("x-goog-api-key", "")

    def text(self, text):
        return {"candidates": [{"author": "1", "content": text}], "messages": [{"author": "user", "content": "Hi"}]}

    def completed(self, text):
        rating = {"category": "HARM_CATEGORY_TOXICITY", "probability": "NEGLIGIBLE"}
        return {"candidates": [{"output": text, "safetyRatings": [rating]}]}

    errors = Google.errors

    def error(self, status, message, after=None):
        return Google().error(status, message, after)

    def model_of(self, record):
        return re.search("/models/([^:]+):", record.path)[1]

    def is_stream(self, record):
        return False

    embedding_model = "embedding-gecko-001"
    embedding_path = "/v1beta3/models/embedding-gecko-001:embedText"
    takes_dimensions = False
    one_text_a_call = True

    def embeddings(self, vectors, sent):
        return {"embedding": {"value": vectors[0]}}

    def embedded(self, sent):
        return [sent["text"]]
