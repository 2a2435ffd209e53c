"""Gemini and Claude on Vertex AI: the Gemini API and Anthropic's at other places.

Gemini: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference and .../text-embeddings-api.
Claude: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude, and what the package
@anthropic-ai/vertex-sdk sends: the model stands in the path, the version in the body.
"""

import re

from dialects.anthropic import Anthropic
from dialects.google import Google

PROJECT = "/v1/projects/project-1/locations/global"


class OnVertex:
    """Whose models are at Google Cloud. Its keys are tokens that are fetched: what the gateway has of its own is another
    test's."""

    provider = "vertex-ai"
    host = None
    base = ""
    key_variable = None
    own_options = {"vertex_project_id": "project-1"}

    def key_of(self, record):
        return record.headers.get("authorization", "").removeprefix("Bearer ")

    bearer_of = key_of


class VertexGemini(OnVertex, Google):
    name = "vertex-gemini"
    models = f"{PROJECT}/publishers/google/models"
    # Calls and results follow each other in order, and have names.
    has_call_ids = False

    def chat_path(self, model=None, stream=False):
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"{self.models}/{model or self.model}:{verb}"

    embedding_model = "text-embedding-005"
    embedding_path = f"{models}/{embedding_model}:predict"

    def embeddings(self, vectors, sent):
        return {"predictions": [{"embeddings": {"values": each, "statistics": {"token_count": 1}}} for each in vectors]}

    def embedded(self, sent):
        return [each["content"] for each in sent["instances"]]

    def dimensions(self, sent):
        return sent["parameters"]["outputDimensionality"]


class VertexClaude(OnVertex, Anthropic):
    name = "vertex-claude"
    models = f"{PROJECT}/publishers/anthropic/models"
    # It fetches nothing.
    fetches = True
    checked_as = "anthropic"

    def chat_path(self, model=None, stream=False):
        return f"{self.models}/{model or self.model}:{'streamRawPredict' if stream else 'rawPredict'}"

    def is_chat(self, path):
        return bool(re.search("/publishers/anthropic/models/claude[^/]*:(rawPredict|streamRawPredict)$", path))

    def model_of(self, record):
        return re.search("/models/([^:]+):", record.path)[1]

    def is_stream(self, record):
        return record.path.endswith(":streamRawPredict")

    def to_check(self, sent):
        """As Anthropic's own API would have it."""
        if "model" in sent or sent.get("anthropic_version") != "vertex-2023-10-16":
            raise AssertionError(f"not as Vertex AI has it: {sent}")
        return {"model": self.model, **{name: value for name, value in sent.items() if name != "anthropic_version"}}

    # What the model refuses is told in Anthropic's words; what stands before it (tokens, rights, quotas) in Google's.
    googles = (401, 403, 404, 429)
    errors = {status: Google.errors.get(status) if status in (401, 403, 404, 429) else code
              for status, code in Anthropic.errors.items()}  # fmt: skip

    def error(self, status, message, after=None):
        if status not in self.googles:
            return super().error(status, message, after)
        return Google().error(status, message)[0], self.retry_after(after)
