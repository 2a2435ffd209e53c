"""What every SDK goes through: each scenario looks at what the SDK gives its caller and what reached the provider."""

import atexit
import contextlib
import json
import time

import page
from checks import check, equal
from dialects import ANTHROPIC, OPENAI
from harness import test
from sdks import ALL
from upstream import json as whole
from upstream import refusal, silence

KEY = "sk-caller"
CALL = ("call_1", "weather", {"city": "Paris"})
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
# What each may be refused with, and how each says it: their documentation, as the dialects have it.
STATUSES = (400, 401, 404)
VECTORS = [[0.5, -0.25, 1.0], [0.25, 2.0, -1.0]]
TIMEOUT_MS = 400
RETRY_AFTER_S = 1

_gateways = {}


def gateway_url(world):
    """A gateway without keys, through which the providers' own hosts are the scripted upstream."""
    if not world.binary:
        return world.gateway.url
    if world not in _gateways:
        closing = contextlib.ExitStack()
        _gateways[world] = closing.enter_context(world.gateway_to_providers())
        atexit.register(closing.close)
    return _gateways[world].url


def ask(world, sdk, dialect, do, **more):
    """What the SDK makes of it that shall `do` this with the dialect's model."""
    provider_model = f"{dialect.name}/{more.pop('model', dialect.model)}"
    return sdk.ask({"do": do, "url": gateway_url(world), "key": KEY, "model": provider_model, **more})


def sent_to(world, sdk, dialect):
    """The request that came, having checked whose it is."""
    record = world.upstream.take()
    equal((record.host, record.path.split("?")[0]), (dialect.host, dialect.chat_path(dialect.model)))
    equal(key_in(dialect, record), KEY)
    equal(dialect.model_of(record), dialect.model)
    return record


def key_in(dialect, record):
    """Anthropic takes keys in two places, and some of its SDKs use the second."""
    return dialect.key_of(record) or dialect.bearer_of(record)


def system_and_text(dialect, sent):
    """OpenAI has two names for whoever gives the rules."""
    if dialect is OPENAI:
        sent = {**sent, "messages": [as_system(message) for message in sent["messages"]]}
    return [flat(each) for each in dialect.system(sent)], dialect.texts(sent)


def as_system(message):
    return {**message, "role": "system"} if message["role"] == "developer" else message


def flat(content):
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def chat(world, sdk, dialect):
    seen = ask(world, sdk, dialect, "chat")
    equal(seen, {"text": "Hello", "usage": [9, 3]})
    sent = sent_to(world, sdk, dialect).json
    equal(system_and_text(dialect, sent), (["Be brief."], ["Hi"]))
    equal(dialect.max_tokens(sent), 64)


def stream(world, sdk, dialect):
    seen = ask(world, sdk, dialect, "stream")
    equal([piece for piece in seen["pieces"] if piece], ["Hel", "lo"])
    record = sent_to(world, sdk, dialect)
    check(dialect.is_stream(record), record.body)
    equal(dialect.texts(record.json), ["Hi"])


def tools(world, sdk, dialect):
    world.upstream.answer(dialect, whole(lambda it: it.calls([CALL])))
    seen = ask(world, sdk, dialect, "tools")
    equal(seen, {"call": {"city": "Paris"}, "text": "Hello"})
    first, second = sent_to(world, sdk, dialect).json, sent_to(world, sdk, dialect).json
    for sent in (first, second):
        [(name, schema)] = dialect.tools(sent)
        equal((name, schema["properties"]["city"]["type"], schema["required"]), ("weather", "string", ["city"]))
    equal(dialect.calls_in(second), [CALL])
    [(call_id, text, is_error)] = dialect.results_in(second)
    equal((call_id, flat(text), is_error), (CALL[0], "sunny", False))


def structured(world, sdk, dialect):
    answer = json.dumps({"city": "Paris"})
    world.upstream.answer(dialect, whole(lambda it: it.text(answer)))
    seen = ask(world, sdk, dialect, "structured")
    equal(seen, {"value": {"city": "Paris"}})
    schema = dialect.schema(sent_to(world, sdk, dialect).json)
    equal(
        {name: value for name, value in schema.items() if name in SCHEMA} | {"properties": None},
        SCHEMA | {"properties": None},
    )
    equal(schema["properties"]["city"]["type"], "string")


def error(world, sdk, dialect, status):
    world.upstream.answer(dialect, refusal(status, f"No: {status}"))
    seen = ask(world, sdk, dialect, "chat")["failed"]
    check(f"No: {status}" in seen["message"], seen)
    if "status" in sdk.tells:
        equal(seen["status"], status)
    if "code" in sdk.tells:
        equal(seen["code"], dialect.errors[status])
    if "type" in sdk.tells:
        equal(seen["type"], ANTHROPIC.errors[status] if sdk.door == "messages" else type_of(dialect, status))
    sent_to(world, sdk, dialect)


def type_of(dialect, status):
    """The `type` that callers of the OpenAI API are told."""
    body, _ = dialect.error(status, "")
    return body["error"]["type"] if dialect.relays else OPENAI.error(status, "")[0]["error"]["type"]


def timeout(world, sdk, dialect):
    world.upstream.answer(dialect, silence())
    seen = ask(world, sdk, dialect, "chat", timeout_ms=TIMEOUT_MS)["failed"]
    check(seen.get("timeout"), seen)
    sent_to(world, sdk, dialect).wait_gone()


def retry_after(world, sdk, dialect):
    """A provider that asks to wait is asked again, and not before."""
    world.upstream.answer(dialect, refusal(429, "slow down", after=RETRY_AFTER_S))
    begun = time.monotonic()
    seen = ask(world, sdk, dialect, "chat", retries=2)
    equal(seen["text"], "Hello")
    first, second = sent_to(world, sdk, dialect), sent_to(world, sdk, dialect)
    equal(first.body, second.body)
    check(time.monotonic() - begun >= RETRY_AFTER_S, time.monotonic() - begun)


def config(world, sdk, dialect):
    rules = {"override_params": {"temperature": 0.5}, "retry": {"attempts": 1, "on_status_codes": [503]}}
    world.upstream.answer(dialect, refusal(503, "not now", {"retry-after-ms": "20"}))
    seen = ask(world, sdk, dialect, "chat", headers={"x-portolan-config": json.dumps(rules)})
    equal(seen["text"], "Hello")
    for _ in range(2):
        equal(dialect.temperature(sent_to(world, sdk, dialect).json), 0.5)


def embed(world, sdk):
    world.upstream.answer("/embeddings", lambda handler: embeddings(handler))
    seen = ask(world, sdk, OPENAI, "embed", model=OPENAI.embedding_model)
    equal(seen["vectors"], VECTORS)
    record = world.upstream.take()
    equal((record.host, record.path), (OPENAI.host, OPENAI.embedding_path))
    equal((record.json["model"], record.json["input"]), (OPENAI.embedding_model, ["one", "two"]))


def embeddings(handler):
    whole(OPENAI.embeddings(VECTORS, handler.record.json))(handler)


def models(world, sdk):
    """Anthropic's API has Anthropic's own list; in OpenAI's, a header says whose it shall be."""
    dialect = ANTHROPIC if sdk.door == "messages" else OPENAI
    world.upstream.answer("/models", whole(model_list(dialect)))
    headers = {"x-portolan-provider": dialect.name}
    equal(ask(world, sdk, dialect, "models", headers=headers)["ids"], [dialect.model])
    record = world.upstream.take()
    equal((record.method, record.host, record.path.split("?")[0]), ("GET", dialect.host, "/v1/models"))
    equal(key_in(dialect, record), KEY)


def model_list(dialect):
    """platform.openai.com/docs/api-reference/models/list, docs.anthropic.com/en/api/models-list"""
    if dialect is OPENAI:
        model = {"id": dialect.model, "object": "model", "created": 1700000000, "owned_by": "someone"}
        return {"object": "list", "data": [model]}
    model = {"id": dialect.model, "type": "model", "created_at": "2025-09-29T00:00:00Z", "display_name": "It"}
    return {"data": [model], "has_more": False, "first_id": dialect.model, "last_id": dialect.model}


def on_page(world, sdk):
    """The lines of docs/sdks.md, as they stand there, reach the provider that they name with the key that they name."""
    code = page.snippets()[sdk.heading]
    check(page.GATEWAY in code, code)
    provider, model = page.model_in(code)
    dialect = {each.name: each for each in (OPENAI, ANTHROPIC)}[provider]
    url = gateway_url(world)
    if sdk.compiled:
        printed = sdk.driver.run_page(url, sdk.package)
    else:
        printed = sdk.ask({"do": "page", "code": code.replace(page.GATEWAY, url)})["printed"]
    equal(printed.strip(), "Hello")
    record = world.upstream.take()
    equal((record.host, key_in(dialect, record), dialect.model_of(record)), (dialect.host, page.KEY, model))
    equal(dialect.texts(record.json), ["Hello"])


@test(own=True)
def nothing_else_on_page(world):
    """Each block of code of docs/sdks.md is some SDK's."""
    equal(set(page.snippets()), {sdk.heading for sdk in ALL})


DIALECTS = (OPENAI, ANTHROPIC)
# Those that have nothing to do with who serves the model.
ONCE = (embed, models, on_page)


def register(sdks):
    """Registers what each of these SDKs can do as tests."""
    for run in (chat, stream, tools, structured, timeout, retry_after, config, error, embed, models, on_page):
        able = [sdk for sdk in sdks if sdk.can(run.__name__)]
        if run in ONCE:
            cases = [(sdk,) for sdk in able]
        elif run is error:
            cases = [(sdk, dialect, status) for sdk in able for dialect in DIALECTS for status in STATUSES]
        else:
            cases = [(sdk, dialect) for sdk in able for dialect in DIALECTS if sdk.can(run.__name__, dialect)]
        if cases:
            test(*cases)(run)
