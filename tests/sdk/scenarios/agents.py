"""The settings of docs/agents.md, by which what the programs send is sent."""

import json
import pathlib
import re
import tomllib
import urllib.request

import page
import yaml
from checks import check, equal
from dialects import ANTHROPIC, OPENAI
from harness import test
from scenarios import gateway_url, key_in
from upstream import stream

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "agents.md"
ASKED = "Hi"


def settings(program):
    """The block of settings in the program's section."""
    part = re.search(rf"^## {program}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]
    return re.search(r"^```\w+\n(.*?)^```", part, re.DOTALL | re.MULTILINE)[1]


def value(text, name):
    """The value of a variable."""
    return re.search(rf"^export {name}='?(.*?)'?$", text, re.MULTILINE)[1]


def post(world, base, path, key, body, headers=None):
    """What the gateway answers to a program whose settings have this base URL."""
    check(base.startswith(page.GATEWAY), base)
    request = urllib.request.Request(
        base.replace(page.GATEWAY, gateway_url(world)) + path,
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {key}", **(headers or {})},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def reached(world, dialect, path, key):
    record = world.upstream.take()
    equal((record.host, record.path), (dialect.host, path))
    equal(key_in(dialect, record), key)
    return record


# docs.claude.com/en/docs/claude-code/llm-gateway and .../settings: the URL gets /v1/messages, the token is a bearer.
@test(("ANTHROPIC_MODEL", None), ("ANTHROPIC_DEFAULT_HAIKU_MODEL", None), ("ANTHROPIC_MODEL", "openai/gpt-5"))
def claude_code(world, variable, instead):
    env = json.loads(settings("Claude Code"))["env"]
    model = instead or env[variable]
    mark = {"cache_control": {"type": "ephemeral"}}
    tool = {"name": "Bash", "description": "Runs a command", "input_schema": {"type": "object", "properties": {}}}
    body = {
        "model": model,
        "max_tokens": 32000,
        "stream": True,
        "system": [{"type": "text", "text": "You write code.", **mark}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": ASKED, **mark}]}],
        "tools": [tool],
        "metadata": {"user_id": "user_1"},
    }
    headers = {"anthropic-version": "2023-06-01", "anthropic-beta": "claude-code-20250219", "x-app": "cli"}
    told = post(world, env["ANTHROPIC_BASE_URL"], "/v1/messages?beta=true", env["ANTHROPIC_AUTH_TOKEN"], body, headers)
    check("event: message_stop" in told, told)
    if instead:
        record = reached(world, OPENAI, "/v1/chat/completions", page.KEY)
        equal((record.json["model"], OPENAI.texts(record.json)), ("gpt-5", [ASKED]))
        equal([name for name, _ in OPENAI.tools(record.json)], ["Bash"])
    else:
        record = reached(world, ANTHROPIC, "/v1/messages?beta=true", page.KEY)
        equal(record.json, {**body, "model": model.removeprefix("anthropic/")})
        equal(record.headers["anthropic-beta"], "claude-code-20250219")


# developers.openai.com/codex/config-reference: the URL gets /responses, the variable that env_key names is a bearer.
@test()
def codex(world):
    config = tomllib.loads(settings("Codex"))
    provider = config["model_providers"][config["model_provider"]]
    equal(provider["wire_api"], "responses")
    check(re.fullmatch("[A-Z_]+", provider["env_key"]), provider)
    body = {
        "model": config["model"],
        "instructions": "You write code.",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": ASKED}]}],
        "tools": [{"type": "function", "name": "shell", "strict": False, "parameters": {"type": "object"}}],
        "tool_choice": "auto",
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
    }
    end = {"type": "response.completed", "response": {"id": "resp_1", "object": "response", "output": []}}
    events = [f"event: {end['type']}\ndata: {json.dumps(end)}\n\n".encode()]
    world.upstream.answer("/responses", stream(lambda _: events))
    told = post(world, provider["base_url"], "/responses", "sk-caller", body, {"accept": "text/event-stream"})
    equal(told.encode(), events[0])
    record = reached(world, OPENAI, "/v1/responses", "sk-caller")
    equal(record.json, {**body, "model": "gpt-5-codex"})


def opencode():
    [provider] = json.loads(settings("opencode"))["provider"].values()
    [model] = provider["models"]
    return provider["options"]["baseURL"], provider["options"]["apiKey"], model


def aider():
    text = settings("Aider")
    # aider.chat/docs/llms/openai-compat.html
    model = re.search(r"--model openai/(\S+)", text)[1]
    return value(text, "OPENAI_API_BASE"), value(text, "OPENAI_API_KEY"), model


def continue_():
    [model] = yaml.safe_load(settings("Continue"))["models"]
    equal(model["provider"], "openai")
    return model["apiBase"], model["apiKey"], model["model"]


def open_webui():
    text = settings("Open WebUI")
    return value(text, "OPENAI_API_BASE_URL"), value(text, "OPENAI_API_KEY"), "anthropic/claude-sonnet-4-5"


def librechat():
    [endpoint] = yaml.safe_load(settings("LibreChat"))["endpoints"]["custom"]
    check(set(endpoint["models"]) == {"default", "fetch"}, endpoint)
    return endpoint["baseURL"], endpoint["apiKey"], endpoint["titleModel"]


# The URL gets /chat/completions, the key is a bearer.
@test(*((each,) for each in (opencode, aider, continue_, open_webui, librechat)))
def chat_program(world, read):
    base, key, model = read()
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": ASKED}]}
    told = post(world, base, "/chat/completions", key, {**body, "stream_options": {"include_usage": True}})
    check("Hel" in told and told.endswith("data: [DONE]\n\n"), told)
    record = reached(world, ANTHROPIC, "/v1/messages", page.KEY)
    equal((record.json["model"], ANTHROPIC.texts(record.json)), (model.removeprefix("anthropic/"), [ASKED]))
