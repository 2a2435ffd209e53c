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
MARK = {"cache_control": {"type": "ephemeral"}}
NO_KEY = {"authorization": None, "x-api-key": None}


def settings(program):
    """The block of settings in the program's section."""
    part = re.search(rf"^## {program}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]
    return re.search(r"^```\w+\n(.*?)^```", part, re.DOTALL | re.MULTILINE)[1]


def value(text, name):
    """The value of a variable."""
    return re.search(rf"^export {name}='?(.*?)'?$", text, re.MULTILINE)[1]


def bearer(key):
    return {"authorization": f"Bearer {key}"}


def x_api_key(key):
    return {"x-api-key": key}


def post(world, base, path, body, headers):
    """What the gateway answers to a program whose settings have this base URL."""
    check(base.startswith(page.GATEWAY), base)
    request = urllib.request.Request(
        base.replace(page.GATEWAY, gateway_url(world)) + path,
        json.dumps(body).encode(),
        {"content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def reached(world, dialect, path, key):
    record = world.upstream.take()
    equal((record.host, record.path), (dialect.host, path))
    equal(key_in(dialect, record), key)
    return record


def many_tools():
    """Those of the program and of the servers that it is joined to, whose names are long."""
    schema = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
    own = [{"name": name, "description": f"{name} something", "input_schema": schema} for name in ("Bash", "Read", "Edit")]
    joined = [
        {"name": f"mcp__server_{i}__a_tool_whose_name_is_as_long_as_names_can_be", "input_schema": schema}
        for i in range(48)
    ]
    return [*own, *joined[:-1], {**joined[-1], **MARK}]


# docs.claude.com/en/docs/claude-code/llm-gateway and .../settings: the URL gets /v1/messages, ANTHROPIC_AUTH_TOKEN is a
# bearer, ANTHROPIC_API_KEY is in x-api-key.
@test(
    *(
        (variable, instead, key_in_header)
        for variable, instead in (
            ("ANTHROPIC_MODEL", None),
            ("ANTHROPIC_DEFAULT_HAIKU_MODEL", None),
            ("ANTHROPIC_MODEL", "openai/gpt-5"),
        )
        for key_in_header in (bearer, x_api_key)
    )
)
def claude_code(world, variable, instead, key_in_header):
    env = json.loads(settings("Claude Code"))["env"]
    model = instead or env[variable]
    rules = ["You are a program that writes code.", "Be careful."]
    body = {
        "model": model,
        "max_tokens": 32000,
        "stream": True,
        "system": [{"type": "text", "text": text, **MARK} for text in rules],
        "messages": [{"role": "user", "content": [{"type": "text", "text": ASKED, **MARK}]}],
        "tools": many_tools(),
        "metadata": {"user_id": "user_1"},
    }
    headers = {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "claude-code-20250219",
        "x-app": "cli",
        **key_in_header(env["ANTHROPIC_AUTH_TOKEN"]),
    }
    told = post(world, env["ANTHROPIC_BASE_URL"], "/v1/messages?beta=true", body, headers)
    check("event: message_stop" in told, told)
    if instead:
        record = reached(world, OPENAI, "/v1/chat/completions", page.KEY)
        equal((record.json["model"], OPENAI.system(record.json)), ("gpt-5", ["\n\n".join(rules)]))
        equal(OPENAI.texts(record.json), [ASKED])
        equal(OPENAI.tools(record.json), [(tool["name"], tool["input_schema"]) for tool in body["tools"]])
        check(b"cache_control" not in record.body, record.body)
    else:
        record = reached(world, ANTHROPIC, "/v1/messages?beta=true", page.KEY)
        equal(record.json, {**body, "model": model.removeprefix("anthropic/")})
        equal(record.headers["anthropic-beta"], "claude-code-20250219")
        equal({name: record.headers.get(name) for name in NO_KEY}, {**NO_KEY, **key_in_header(page.KEY)})


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
    told = post(world, provider["base_url"], "/responses", body, {**bearer("sk-caller"), "accept": "text/event-stream"})
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
    return value(text, "OPENAI_API_BASE_URL"), value(text, "OPENAI_API_KEY"), "anthropic/claude-sonnet-4-6"


def librechat():
    [endpoint] = yaml.safe_load(settings("LibreChat"))["endpoints"]["custom"]
    check(set(endpoint["models"]) == {"default", "fetch"}, endpoint)
    return endpoint["baseURL"], endpoint["apiKey"], endpoint["titleModel"]


# The URL gets /chat/completions, the key is a bearer.
@test(*((each,) for each in (opencode, aider, continue_, open_webui, librechat)))
def chat_program(world, read):
    base, key, model = read()
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": ASKED}]}
    told = post(world, base, "/chat/completions", {**body, "stream_options": {"include_usage": True}}, bearer(key))
    check("Hel" in told and told.endswith("data: [DONE]\n\n"), told)
    record = reached(world, ANTHROPIC, "/v1/messages", page.KEY)
    equal((record.json["model"], ANTHROPIC.texts(record.json)), (model.removeprefix("anthropic/"), [ASKED]))
