"""The two configs of the README of Portkey's gateway, through the OpenAI package and through Portkey's.

The providers are met at their own hosts.
"""

import collections
import json as json_module

import openai
import portkey_ai

from clients import CONNECTIONS, HELLO, check, equal, failure
from dialects import ANTHROPIC, OPENAI
from harness import test
from readme_configs import FALLBACK, LOADBALANCE, TOOL, check_record, wrong_key
from upstream import json, refusal, stream


def openai_client(gateway, headers):
    return openai.OpenAI(
        api_key="sk-caller",
        base_url=f"{gateway.url}/v1",
        max_retries=0,
        http_client=CONNECTIONS,
        default_headers=headers,
    )


def plain(gateway, config):
    return openai_client(gateway, {"x-portkey-config": json_module.dumps(config)})


def with_portkeys_headers(gateway, config):
    return openai_client(
        gateway, portkey_ai.createHeaders(api_key="pk-caller", config=config, metadata={"plan": "paid"})
    )


def portkey(gateway, config):
    return portkey_ai.Portkey(
        api_key="pk-caller", base_url=f"{gateway.url}/v1", config=config, metadata={"plan": "paid"}, max_retries=0
    )


CLIENTS = [(plain,), (with_portkeys_headers,), (portkey,)]


def ask(client, **request):
    """The answer and the headers of the gateway's own, by their names without the prefix."""
    if isinstance(client, portkey_ai.Portkey):
        answer = client.chat.completions.create(**request)
        return answer, {name.replace("_", "-"): value for name, value in answer.get_headers().items()}
    raw = client.chat.completions.with_raw_response.create(**request)
    return raw.parse(), {name.removeprefix("x-portkey-"): value for name, value in raw.headers.items()}


@test(*CLIENTS)
def config_of_a_fallback(world, client):
    with world.gateway_to_providers() as gateway:
        world.upstream.answer(OPENAI, wrong_key())
        world.upstream.answer(ANTHROPIC, json(lambda it: it.text("from Claude")))
        answer, headers = ask(client(gateway, FALLBACK), model="gpt-4o", messages=HELLO, max_tokens=9)
    equal(answer.choices[0].message.content, "from Claude")
    equal((headers["last-used-option-index"], headers["provider"]), ("config.targets[1]", "anthropic"))
    first, second = world.upstream.take(), world.upstream.take()
    check_record(first, OPENAI, "sk-one")
    equal(first.json, {"model": "gpt-4o", "messages": HELLO, "max_tokens": 9})
    check_record(second, ANTHROPIC, "sk-two")
    equal((second.json["model"], second.json["max_tokens"]), ("claude-sonnet-4-6", 9))
    equal(sorted(second.json), ["max_tokens", "messages", "model"])
    check('"Hi"' in json_module.dumps(second.json["messages"]), second.body)


@test(*CLIENTS)
def config_of_a_fallback_of_a_stream_with_tools(world, client):
    with world.gateway_to_providers() as gateway:
        # It begins well, but says nothing before it breaks.
        world.upstream.answer(OPENAI, stream(lambda it: it.text_stream([], finish=False), then="cut"))
        world.upstream.answer(OPENAI, wrong_key())
        world.upstream.answer(ANTHROPIC, stream(lambda it: it.call_stream([("t1", "weather", {"city": "Oslo"})])))
        chunks = client(gateway, FALLBACK).chat.completions.create(
            model="gpt-4o", messages=HELLO, max_tokens=9, tools=[TOOL], stream=True
        )
        called = finish = ""
        for chunk in chunks:
            for choice in chunk.choices:
                for call in choice.delta.tool_calls or ():
                    called += (call.function.name or "") + (call.function.arguments or "")
                finish = choice.finish_reason or finish
    equal((called, finish), ('weather{"city": "Oslo"}', "tool_calls"))
    # A connection that breaks is worth a retry, a wrong key is not.
    first, again, second = (world.upstream.take() for _ in range(3))
    for record in (first, again):
        check_record(record, OPENAI, "sk-one")
    equal(first.body, again.body)
    # At the provider's own host the gateway asks for the usage, which this caller has not asked for.
    equal(
        first.json,
        {
            "model": "gpt-4o",
            "messages": HELLO,
            "max_tokens": 9,
            "tools": [TOOL],
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    )
    check_record(second, ANTHROPIC, "sk-two")
    equal(
        [(tool["name"], tool["input_schema"]) for tool in second.json["tools"]],
        [("weather", TOOL["function"]["parameters"])],
    )


@test(*CLIENTS)
def config_of_a_retry(world, client):
    with world.gateway_to_providers() as gateway:
        world.upstream.answer(OPENAI, refusal(500, "no"))
        world.upstream.answer(OPENAI, json(lambda it: it.text("second time")))
        answer, headers = ask(client(gateway, FALLBACK), model="gpt-4o", messages=HELLO)
    equal((answer.choices[0].message.content, headers["retry-attempt-count"]), ("second time", "1"))
    first, second = world.upstream.take(), world.upstream.take()
    for record in (first, second):
        check_record(record, OPENAI, "sk-one")
    equal(first.body, second.body)


@test(*CLIENTS)
def config_of_load_balancing(world, client):
    seen = collections.Counter()
    with world.gateway_to_providers() as gateway:
        each = client(gateway, LOADBALANCE)
        for _ in range(40):
            answer, headers = ask(each, model="gpt-4o", messages=HELLO)
            equal(answer.choices[0].message.content, "Hello")
            record = world.upstream.take()
            key = OPENAI.key_of(record)
            check_record(record, OPENAI, key)
            equal(record.json, {"model": "gpt-4o", "messages": HELLO})
            equal(headers["last-used-option-index"], f"config.targets[{('sk-one', 'sk-two').index(key)}]")
            seen[key] += 1
    # That one of them is never drawn happens once in 500 billion times.
    equal(set(seen), {"sk-one", "sk-two"})


@test((0,), (1,))
def sdk_does_not_retry_what_the_gateway_has_retried(world, retries):
    for _ in range(4):
        world.upstream.answer(OPENAI, refusal(500, "no"))
    with world.gateway_to_providers() as gateway:
        config = {"provider": "openai", "api_key": "sk-one", "retry": {"attempts": retries, "base_ms": 1}}
        got = failure(
            lambda: (
                plain(gateway, config)
                .with_options(max_retries=1)
                .chat.completions.create(model="gpt-4o", messages=HELLO)
            )
        )
    check(isinstance(got, openai.InternalServerError), got)
    # Two in either case: the SDK's own second one, or the gateway's.
    equal([world.upstream.take().path for _ in range(2)], [OPENAI.chat_path()] * 2)


@test(("dict",), ("[object Object]",), own=True)
def config_that_is_no_json_text(world, kind):
    text = str(FALLBACK) if kind == "dict" else kind
    call = lambda: openai_client(world.gateway, {"x-portkey-config": text}).models.list()  # noqa: E731
    got = failure(call)
    check(isinstance(got, openai.BadRequestError), got)
    equal((got.code, got.param), ("invalid_config", "x-portolan-config"))
    check("JSON" in str(got), got)
