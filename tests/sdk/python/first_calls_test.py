"""The calls of docs/first-calls.md, as they stand there, for every provider that it names."""

import contextlib
import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest.mock
import urllib.parse

import openai

import dialects
import upstream
from clients import check, equal
from harness import HOSTS, test

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "first-calls.md"
GATEWAY, OWN_SERVER = "http://127.0.0.1:8787", "http://127.0.0.1:9000"
BEARER = "authorization"
# From the providers' documentation: the host (None: a server of one's own), the path, the header of the key with its value
# (None: whatever a client has),
# and the model where it stands in the body.
EXPECTED = {
    # platform.openai.com/docs/api-reference/chat/create
    "openai": ("api.openai.com", "/v1/chat/completions", BEARER, "Bearer sk-your-key", "gpt-4.1"),
    # learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
    "azure-openai": ("acme.openai.azure.com", "/openai/v1/chat/completions", "api-key", "your-key", "gpt-4.1"),
    # learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude
    "azure-ai": (
        "acme.services.ai.azure.com", "/anthropic/v1/messages", "x-api-key", "your-key", "claude-sonnet-4-6",
    ),
    # docs.anthropic.com/en/api/messages
    "anthropic": ("api.anthropic.com", "/v1/messages", "x-api-key", "sk-ant-your-key", "claude-sonnet-4-6"),
    # ai.google.dev/api/generate-content
    "google": (
        "generativelanguage.googleapis.com",
        "/v1beta/models/gemini-2.5-flash:generateContent",
        "x-goog-api-key", "your-key", None,
    ),
    # cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
    "vertex-ai": (
        "aiplatform.googleapis.com",
        "/v1/projects/my-project/locations/global/publishers/google/models/gemini-2.5-flash:generateContent",
        BEARER, "Bearer ya29.token", None,
    ),
    # docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    "bedrock": (
        "bedrock-runtime.eu-west-1.amazonaws.com",
        "/model/eu.amazon.nova-lite-v1:0/converse",
        BEARER, "Bearer your-key", None,
    ),
    # docs.cohere.com/v2/reference/chat
    "cohere": ("api.cohere.com", "/v2/chat", BEARER, "Bearer your-key", "command-a-03-2025"),
    # docs.mistral.ai/api
    "mistral-ai": ("api.mistral.ai", "/v1/chat/completions", BEARER, "Bearer your-key", "mistral-large-latest"),
    # docs.together.ai/reference/chat-completions-1
    "together-ai": (
        "api.together.ai", "/v1/chat/completions",
        BEARER, "Bearer your-key", "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ),
    # docs.perplexity.ai/api-reference/chat-completions-post
    "perplexity-ai": ("api.perplexity.ai", "/chat/completions", BEARER, "Bearer pplx-your-key", "sonar"),
    # huggingface.co/docs/inference-providers
    "huggingface": (
        "router.huggingface.co", "/v1/chat/completions",
        BEARER, "Bearer hf_your_token", "meta-llama/Llama-3.3-70B-Instruct",
    ),
    # cloud.ibm.com/apidocs/watsonx-ai (text-chat); the token is what the key fetches
    "watsonx": ("eu-de.ml.cloud.ibm.com", "/ml/v1/text/chat", BEARER, "Bearer ibm-token", None),
    # github.com/ollama/ollama/blob/main/docs/openai.md
    "ollama": (None, "/v1/chat/completions", BEARER, None, "llama3.2"),
    # docs.anyscale.com/endpoints
    "anyscale": (None, "/v1/chat/completions", BEARER, "Bearer your-key", "meta-llama/Llama-3-8b-chat-hf"),
    # google/ai/generativelanguage/v1beta3/discuss_service.proto
    "palm": (None, "/v1beta3/models/chat-bison-001:generateMessage", "x-goog-api-key", "your-key", None),
}  # fmt: skip
HOSTS.extend(host for host, *_ in EXPECTED.values() if host and ":" not in host)
HOSTS.append("iam.cloud.ibm.com")


def sections():
    """{provider: (shell, python)}, and what Python does once."""
    once, *parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    block = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
    found = {re.search("`(.+?)`", part)[1]: dict(block.findall(part)) for part in parts}
    return dict(block.findall(once))["python"], found


@contextlib.contextmanager
def shell_of(exports):
    """The environment after these lines, where `gcloud` knows a token."""
    with tempfile.TemporaryDirectory() as folder:
        gcloud = pathlib.Path(folder, "gcloud")
        gcloud.write_text("#!/bin/sh\necho ya29.token\n")
        gcloud.chmod(gcloud.stat().st_mode | stat.S_IXUSR)
        path = {"PATH": f"{folder}:{os.environ['PATH']}"}
        told = subprocess.run(["bash", "-ec", f"{exports}\nenv -0"], env=path, capture_output=True, check=True)
        yield dict(pair.split("=", 1) for pair in told.stdout.decode().split("\0") if pair)


@test(*((name,) for name in EXPECTED))
def first_calls(world, name):
    once, found = sections()
    equal(sorted(found), sorted(EXPECTED))
    shell, python = found[name]["sh"], found[name]["python"]
    exports = "\n".join(line for line in shell.splitlines() if line.startswith("export "))
    call = shell.removeprefix(exports)
    with shell_of(exports) as variables:
        elsewhere = f"providers: {{ollama: {{base_url: '{world.upstream.url}/v1'}}}}" if name == "ollama" else ""
        if name == "watsonx":
            # Each thread of the gateway fetches a token of its own.
            for _ in range(2):
                world.upstream.answer("/identity/token", upstream.json({"access_token": "ibm-token", "expires_in": 3600}))
                world.upstream.answer("/ml/v1/text/chat", upstream.json(dialects.OPENAI.text("Hello")))
        with world.gateway_to_providers(variables, elsewhere) as gateway:
            for text in (call, once + python):
                check(GATEWAY in text, text)

            def here(text):
                return text.replace(GATEWAY, gateway.url).replace(OWN_SERVER, world.upstream.url)

            done = subprocess.run(["bash", "-ec", here(call)], env=variables, capture_output=True, text=True)
            equal(json.loads(done.stdout)["choices"][0]["message"]["content"], "Hello")
            check_first_call(world, name)

            # The same by the SDK.
            lines = here(once + python).rstrip().replace("client.", "answer = client.", 1)
            names = {}
            with unittest.mock.patch.dict(os.environ, variables):
                exec(compile(lines, PAGE.name, "exec"), names)  # the page's own lines
            check(isinstance(names["client"], openai.OpenAI))
            equal(names["answer"].choices[0].message.content, "Hello")
            check_first_call(world, name)


def check_first_call(world, name):
    record = world.upstream.take()
    if record.path == "/identity/token":
        equal(name, "watsonx")
        record = world.upstream.take()
    host, path, header, key, model = EXPECTED[name]
    seen = record.host and record.host.removesuffix(":443")
    equal((seen, urllib.parse.unquote(record.path.split("?")[0])), (host, path))
    if key:
        equal(record.headers.get(header), key)
    equal(record.json.get("model"), model)
    check("Hello" in str(record.json), record.json)
