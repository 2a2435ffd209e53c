"""What providers are called with, for each operation of each: from their documentation, not from the gateway's rows.

Those of OpenAI's dialect stand in tests/unit/providers/rows_table.cc, a line for each; what their bodies are where they are
not the caller's own, and all other providers, stand here.
"""

import dataclasses
import json
import pathlib
import re
import urllib.parse

import dialects
import upstream
from dialects.aws import signature

ROOT = pathlib.Path(__file__).parents[3]
ROWS = ROOT / "tests" / "unit" / "providers" / "rows_table.cc"
HELLO = [{"role": "user", "content": "Hi"}]
VECTOR = [0.5, -0.25, 1.0]
# What the table of rows is for.
ROW_OPTIONS = {
    "workers-ai-account-id": "0123456789abcdef0123456789abcdef",
    "databricks-host": "dbc-1a2b.cloud.databricks.com",
    "snowflake-account": "acme-eu1.azure",
    "infomaniak-product-id": "4711",
    "predibase-tenant": "acme",
}
# In the order in which people look for them.
OPERATIONS = {
    "chat": "chat",
    "completion": "completions",
    "embedding": "embeddings",
    "rerank": "rerank",
    "count_tokens": "count_tokens",
    "list_models": "models",
    "get_model": "models",
}


@dataclasses.dataclass
class Case:
    """A call of an operation, and the request that the provider should get."""

    provider: str
    operation: str
    method: str
    url: str
    header: str = "authorization"  # of the key
    value: object = "Bearer k"  # a function makes it of the record
    model: str = "org/m-1"
    key: str = "k"
    options: dict = dataclasses.field(default_factory=dict)
    asked: dict = dataclasses.field(default_factory=dict)  # more members
    sent: object = None  # None: what was asked
    headers: dict = dataclasses.field(default_factory=dict)  # others that must be there
    answer: object = None  # None: as OpenAI's API would

    @property
    def name(self):
        return f"{self.provider} {self.operation}"

    def request(self):
        """(method, path, body) at the gateway's door."""
        bodies = {
            "chat": ("/v1/chat/completions", {"messages": HELLO}),
            "completion": ("/v1/completions", {"prompt": "Hi"}),
            "embedding": ("/v1/embeddings", {"input": ["Hi"]}),
            "rerank": ("/v1/rerank", {"query": "Which?", "documents": ["this", "that"]}),
            "count_tokens": ("/v1/chat/completions/count_tokens", {"messages": HELLO}),
        }
        if self.operation not in bodies:
            return "GET", "/v1/models" + (f"/{self.model}" if self.operation == "get_model" else ""), None
        path, body = bodies[self.operation]
        return "POST", path, {"model": self.model, **body, **self.asked}

    def usual_answer(self):
        model = {"id": self.model, "object": "model", "created": 1700000000, "owned_by": "acme"}
        scores = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return {
            "chat": dialects.OPENAI.text("Hello"),
            "completion": {**upstream.completion("Hello", "stop"), "usage": usage},
            "embedding": dialects.OPENAI.embeddings([VECTOR], {}),
            "rerank": {"id": "r-1", "model": self.model, "results": scores},
            "list_models": {"object": "list", "data": [model]},
            "get_model": model,
        }[self.operation]


RERANKED = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
# Of OpenAI's dialect: what is not said as OpenAI's API says it, or as most say what that has not.
OTHERWISE = {
    # huggingface.co/docs/inference-providers/tasks/feature-extraction
    "huggingface embedding": {"sent": {"inputs": ["Hi"]}, "answer": [VECTOR]},
    # docs.nvidia.com/nim/nemo-retriever/text-embedding/latest/reference.html: asymmetric models want to know
    "nvidia-nim embedding": {"sent": {"model": "org/m-1", "input": ["Hi"], "input_type": "query"}},
    # docs.api.nvidia.com/nim/reference/nvidia-llama-3_2-nv-rerankqa-1b-v2-infer
    "nvidia-nim rerank": {
        "sent": {"model": "org/m-1", "query": {"text": "Which?"}, "passages": [{"text": "this"}, {"text": "that"}]},
        "answer": {"rankings": [{"index": 1, "logit": 0.9}, {"index": 0, "logit": 0.1}]},
    },
    # deepinfra.com/Qwen/Qwen3-Reranker-8B/api: a query for each document
    "deepinfra rerank": {
        "sent": {"queries": ["Which?", "Which?"], "documents": ["this", "that"]},
        "answer": {"scores": [0.1, 0.9], "input_tokens": 4},
    },
    # docs.voyageai.com/reference/reranker-api
    "voyage rerank": {"answer": {"object": "list", "data": RERANKED, "model": "org/m-1", "usage": {"total_tokens": 4}}},
    # docs.fireworks.ai/api-reference/rerank-documents
    "fireworks-ai rerank": {"answer": {"object": "list", "data": RERANKED, "model": "org/m-1"}},
    # mixedbread.com/docs/api-reference/endpoints/reranking
    "mixedbread rerank": {
        "sent": {"model": "org/m-1", "query": "Which?", "input": ["this", "that"]},
        "answer": {"data": [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}]},
    },
    # docs.perplexity.ai/api-reference/embeddings-post: numbers of 8 bits, in base64
    "perplexity-ai embedding": {
        "sent": {"model": "org/m-1", "input": ["Hi"], "encoding_format": "base64_int8"},
        "answer": {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": "Af4D"}]},
    },
}


def rows():
    """The cases of the table of rows."""
    table = re.search(r'R"\(\n(.*?)\)"', ROWS.read_text(), re.DOTALL)[1]
    for line in table.splitlines():
        provider, operation, method, url, header, value = line.split(None, 5)
        # GET has a blank more, which split takes; a key may follow a word (`Key k`).
        case = Case(provider, operation, method, url, header.removesuffix(":"), value, options=ROW_OPTIONS)
        yield dataclasses.replace(case, **OTHERWISE.get(case.name, {}))


def of(provider, base, cases, **common):
    """Cases of one provider: (operation, method, path, what else)."""
    return [Case(provider, operation, method, base + path, **{**common, **more})
            for operation, method, path, more in cases]  # fmt: skip


def anthropic():
    """docs.anthropic.com/en/api: messages, messages-count-tokens, models-list, models."""
    model = "claude-sonnet-4-6"
    one = {"type": "model", "id": model, "display_name": "Claude", "created_at": "2026-02-17T00:00:00Z"}
    listed = {"data": [one], "has_more": False, "first_id": model, "last_id": model}
    count = {"model": model, "messages": HELLO}
    return of("anthropic", "https://api.anthropic.com", [
        ("chat", "POST", "/v1/messages", {
            "asked": {"max_tokens": 9}, "sent": {**count, "max_tokens": 9}, "answer": dialects.ANTHROPIC.text("Hello")}),
        ("count_tokens", "POST", "/v1/messages/count_tokens", {"sent": count, "answer": {"input_tokens": 7}}),
        ("list_models", "GET", "/v1/models?limit=1000", {"answer": listed}),
        ("get_model", "GET", f"/v1/models/{model}", {"answer": one}),
    ], model=model, header="x-api-key", value="k", headers={"anthropic-version": "2023-06-01"})  # fmt: skip


def google():
    """ai.google.dev/api: generate-content, tokens, embeddings, models."""
    model, embedder = "gemini-2.5-flash", "gemini-embedding-001"
    contents = [{"role": "user", "parts": [{"text": "Hi"}]}]
    one = {"name": f"models/{model}", "displayName": "Gemini", "inputTokenLimit": 1048576}
    embedded = {"requests": [{"model": f"models/{embedder}", "content": {"parts": [{"text": "Hi"}]}}]}
    return of("google", "https://generativelanguage.googleapis.com/v1beta", [
        ("chat", "POST", f"/models/{model}:generateContent", {
            "sent": {"contents": contents}, "answer": dialects.GOOGLE.text("Hello")}),
        ("embedding", "POST", f"/models/{embedder}:batchEmbedContents", {
            "model": embedder, "sent": embedded, "answer": {"embeddings": [{"values": VECTOR}]}}),
        ("count_tokens", "POST", f"/models/{model}:countTokens", {
            "sent": {"generateContentRequest": {"model": f"models/{model}", "contents": contents}},
            "answer": {"totalTokens": 7}}),
        ("list_models", "GET", "/models?pageSize=1000", {"answer": {"models": [one]}}),
        ("get_model", "GET", f"/models/{model}", {"answer": one}),
    ], model=model, header="x-goog-api-key", value="k")  # fmt: skip


def vertex():
    """docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference; Claude and Codestral: .../partner-models."""
    folder = "/v1/projects/p-1/locations/us-east5/publishers"
    contents = [{"role": "user", "parts": [{"text": "Hi"}]}]
    claude = "claude-sonnet-4-6"
    return of("vertex-ai", "https://us-east5-aiplatform.googleapis.com" + folder, [
        ("chat", "POST", "/google/models/gemini-2.5-flash:generateContent", {
            "model": "gemini-2.5-flash", "sent": {"contents": contents}, "answer": dialects.GOOGLE.text("Hello")}),
        ("completion", "POST", "/mistralai/models/codestral-2:rawPredict", {
            "model": "codestral-2", "asked": {"suffix": "!"},
            "sent": {"model": "codestral-2", "prompt": "Hi", "suffix": "!"}, "answer": dialects.MISTRAL.text("Hello")}),
        ("embedding", "POST", "/google/models/text-embedding-005:predict", {
            "model": "text-embedding-005", "sent": {"instances": [{"content": "Hi"}]},
            "answer": {"predictions": [{"embeddings": {"values": VECTOR, "statistics": {"token_count": 1}}}]}}),
        ("count_tokens", "POST", "/anthropic/models/count-tokens:rawPredict", {
            "model": claude, "sent": {"model": claude, "messages": HELLO}, "answer": {"input_tokens": 7}}),
    ], options={"vertex-project-id": "p-1", "vertex-region": "us-east5"})  # fmt: skip


def bedrock():
    """docs.aws.amazon.com/bedrock/latest/APIReference: Converse, CountTokens, InvokeModel; its user guide has the models'."""
    nova, titan, reranker = "amazon.nova-lite-v1:0", "amazon.titan-embed-text-v2:0", "cohere.rerank-v3-5:0"
    messages = [{"role": "user", "content": [{"text": "Hi"}]}]
    return of("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", [
        ("chat", "POST", f"/model/{nova}/converse", {
            "model": nova, "sent": {"messages": messages}, "answer": dialects.BEDROCK.text("Hello")}),
        ("embedding", "POST", f"/model/{titan}/invoke", {
            "model": titan, "sent": {"inputText": "Hi"}, "answer": {"embedding": VECTOR, "inputTextTokenCount": 1}}),
        ("rerank", "POST", f"/model/{reranker}/invoke", {
            "model": reranker, "sent": {"query": "Which?", "documents": ["this", "that"], "api_version": 2},
            "answer": {"results": RERANKED}}),
        ("count_tokens", "POST", f"/model/{nova}/count-tokens", {
            "model": nova, "sent": {"input": {"converse": {"messages": messages}}}, "answer": {"inputTokens": 7}}),
    ], options={"aws-region": "us-east-1"})  # fmt: skip


def cohere():
    """docs.cohere.com/v2/reference: chat, embed, rerank; docs.cohere.com/reference: list-models, get-model."""
    model = "command-a-03-2025"
    one = {"name": model, "endpoints": ["chat"], "context_length": 256000}
    embedded = {"model": "embed-v4.0", "texts": ["Hi"], "input_type": "search_document", "embedding_types": ["float"]}
    return of("cohere", "https://api.cohere.com", [
        ("chat", "POST", "/v2/chat", {
            "sent": {"model": model, "messages": HELLO, "stream": False}, "answer": dialects.COHERE.text("Hello")}),
        ("embedding", "POST", "/v2/embed", {
            "model": "embed-v4.0", "sent": embedded,
            "answer": {"id": "e-1", "embeddings": {"float": [VECTOR]}, "texts": ["Hi"]}}),
        ("rerank", "POST", "/v2/rerank", {"model": "rerank-v3.5", "answer": {"id": "r-1", "results": RERANKED}}),
        ("list_models", "GET", "/v1/models?page_size=1000", {"answer": {"models": [one]}}),
        ("get_model", "GET", f"/v1/models/{model}", {"answer": one}),
    ], model=model)  # fmt: skip


def palm():
    """google/ai/generativelanguage/v1beta3 of @google-ai/generativelanguage 2.9."""
    return of("palm", "https://generativelanguage.googleapis.com/v1beta3", [
        ("chat", "POST", "/models/chat-bison-001:generateMessage", {
            "model": "chat-bison-001", "sent": {"prompt": {"messages": [{"author": "user", "content": "Hi"}]}},
            "answer": dialects.PALM.text("Hello")}),
        ("completion", "POST", "/models/text-bison-001:generateText", {
            "model": "text-bison-001", "sent": {"prompt": {"text": "Hi"}}, "answer": dialects.PALM.completed("Hello")}),
        ("embedding", "POST", "/models/embedding-gecko-001:embedText", {
            "model": "embedding-gecko-001", "sent": {"text": "Hi"}, "answer": {"embedding": {"value": VECTOR}}}),
    ], header="x-goog-api-key", value="k")  # fmt: skip


def watsonx():
    """@ibm-cloud/watsonx-ai 1.7: textChat, embedText, textRerank, listFoundationModelSpecs. The key is a token."""
    it = dialects.WATSONX
    version = "version=2026-10-14"
    one = {"model_id": it.model, "label": "granite", "provider": "IBM"}
    listed = {"total_count": 1, "limit": 200, "resources": [one]}
    specs = f"/ml/v1/foundation_model_specs?{version}"
    return of("watsonx", "https://us-south.ml.cloud.ibm.com", [
        ("chat", "POST", f"/ml/v1/text/chat?{version}", {
            "sent": {"model_id": it.model, "messages": HELLO, "project_id": "p-1"}, "answer": it.text("Hello")}),
        ("embedding", "POST", f"/ml/v1/text/embeddings?{version}", {
            "model": it.embedding_model, "sent": {"model_id": it.embedding_model, "inputs": ["Hi"], "project_id": "p-1"},
            "answer": it.embeddings([VECTOR], {"model_id": it.embedding_model})}),
        ("rerank", "POST", f"/ml/v1/text/rerank?{version}", {
            "model": "cross-encoder/ms-marco-minilm-l-12-v2",
            "sent": {"model_id": "cross-encoder/ms-marco-minilm-l-12-v2", "query": "Which?", "project_id": "p-1",
                     "inputs": [{"text": "this"}, {"text": "that"}]},
            "answer": {"model_id": "m", "results": [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}]}}),
        ("list_models", "GET", f"{specs}&limit=200", {"answer": listed}),
        ("get_model", "GET", f"{specs}&filters=modelid_{it.model}", {"answer": listed}),
    ], model=it.model, key=it.key("k"), value=f"Bearer {it.key('k')}", options={"watsonx-project-id": "p-1"})  # fmt: skip


def sagemaker():
    """docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html; bodies: docs.vllm.ai."""
    name, secret, region = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
    bodies = {"chat": {"messages": HELLO}, "completion": {"prompt": "Hi"}, "embedding": {"input": ["Hi"]}}
    return of("sagemaker", f"https://runtime.sagemaker.{region}.amazonaws.com", [
        (operation, "POST", "/endpoints/my-llama/invocations", {"sent": body}) for operation, body in bodies.items()
    ], model="my-llama", key=f"{name}:{secret}", options={"aws-region": region},
        value=lambda record: signature(record, name, secret, region, "sagemaker"))  # fmt: skip


def openai():
    """platform.openai.com/docs/api-reference: chat/create, completions/create, embeddings/create, models."""
    return of("openai", "https://api.openai.com/v1", [
        ("chat", "POST", "/chat/completions", {}),
        ("completion", "POST", "/completions", {"model": "gpt-3.5-turbo-instruct"}),
        ("embedding", "POST", "/embeddings", {"model": "text-embedding-3-small"}),
        ("list_models", "GET", "/models", {}),
        ("get_model", "GET", "/models/gpt-4.1", {}),
    ], model="gpt-4.1")  # fmt: skip


def azure_openai():
    """learn.microsoft.com/azure/ai-foundry/openai/latest: the v1 API."""
    return of("azure-openai", "https://acme.openai.azure.com/openai/v1", [
        ("chat", "POST", "/chat/completions", {}),
        ("completion", "POST", "/completions", {}),
        ("embedding", "POST", "/embeddings", {"model": "text-embedding-3-small"}),
        ("list_models", "GET", "/models", {}),
        ("get_model", "GET", "/models/gpt-4.1", {}),
    ], model="gpt-4.1", header="api-key", value="k", options={"azure-resource-name": "acme"})  # fmt: skip


def azure_ai():
    """learn.microsoft.com/azure/ai-foundry/foundry-models: endpoints, use-foundry-models-claude, Cohere's rerankers."""
    claude, reranker = "claude-sonnet-4-6", "Cohere-rerank-v4.0-pro"
    return of("azure-ai", "https://acme.services.ai.azure.com", [
        ("chat", "POST", "/openai/v1/chat/completions", {}),
        ("completion", "POST", "/openai/v1/completions", {}),
        ("embedding", "POST", "/openai/v1/embeddings", {"model": "embed-v-4-0"}),
        ("rerank", "POST", "/providers/cohere/v2/rerank", {"model": reranker, "answer": {"id": "r", "results": RERANKED}}),
        ("count_tokens", "POST", "/anthropic/v1/messages/count_tokens", {
            "model": claude, "header": "x-api-key", "sent": {"model": claude, "messages": HELLO},
            "answer": {"input_tokens": 7}, "headers": {"anthropic-version": "2023-06-01"}}),
        ("list_models", "GET", "/openai/v1/models", {}),
        ("get_model", "GET", "/openai/v1/models/grok-4", {}),
    ], model="grok-4", header="api-key", value="k", options={"azure-resource-name": "acme"})  # fmt: skip


OTHERS = (anthropic, azure_ai, azure_openai, bedrock, cohere, google, openai, palm, sagemaker, vertex, watsonx)
CASES = {case.name: case for case in (*rows(), *(case for each in OTHERS for case in each()))}
# Inside the gateway, where nobody is called.
ECHO = [
    f"echo {operation}" for operation in ("chat", "completion", "embedding", "count_tokens", "list_models", "get_model")
]


def hosts():
    """Those that the providers are called at, but for the gateway's own machine."""
    return sorted({urllib.parse.urlsplit(case.url).hostname for case in CASES.values()} - {"localhost"})


# What a chat may ask for, at every provider of OpenAI's dialect, which are sent what the caller has said.
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tells it", "parameters": PARAMETERS}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,bm90IHJlYWxseQ=="}}
# Of nine letters and digits, as Mistral wants them.
CALLS = [{"id": call_id, "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": city})}}
         for call_id, city in (("callone01", "Turin"), ("calltwo02", "Bari"))]  # fmt: skip
RESULTS = [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in CALLS]
SCHEMA = {"name": "place", "strict": True, "schema": {**PARAMETERS, "additionalProperties": False}}
CHAT_FEATURES = {
    "stream": {"stream": True, "stream_options": {"include_usage": True}},
    "tools": {"tools": [WEATHER], "tool_choice": "auto"},
    "parallel_calls": {
        "tools": [WEATHER],
        "messages": [*HELLO, {"role": "assistant", "content": "Both", "tool_calls": CALLS}, *RESULTS],
    },
    "json_schema": {"response_format": {"type": "json_schema", "json_schema": SCHEMA}},
    "image": {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE]}]},
    "reasoning": {"reasoning_effort": "high"},
}
# docs.mistral.ai/api: the last chunk tells the tokens, asked or not.
FEATURES_OTHERWISE = {("mistral-ai", "stream"): {"stream": True}}
SPEAK_OPENAI = {"openai", "azure-ai", "azure-openai", *(case.provider for case in rows())}
CHATS = [case for case in CASES.values() if case.operation == "chat" and case.provider in SPEAK_OPENAI]
