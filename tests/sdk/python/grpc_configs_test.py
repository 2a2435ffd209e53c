"""The two configs of the README of Portkey's gateway over gRPC: as metadata, and typed in the request."""

import collections
import contextlib
import json as json_module

from clients import check, equal
from dialects import ANTHROPIC, OPENAI
from harness import test
from readme_configs import FALLBACK, LOADBALANCE, TOOL, check_record, wrong_key
from portolan.v1 import call_options_pb2, route_config_pb2, tool_pb2
from rpc import Chat, chat_request
from upstream import json, refusal, stream


def typed(config):
    """A config as the API's own type."""
    mode = route_config_pb2.StrategyMode.Value("STRATEGY_MODE_" + config["strategy"]["mode"].upper())
    message = route_config_pb2.RouteConfig(strategy={"mode": mode})
    if "retry" in config:
        message.retry.count = config["retry"]["count"]
    for target in config["targets"]:
        added = message.targets.add(provider=target["provider"], api_key=target["api_key"])
        if "weight" in target:
            added.weight.text = target["weight"]
        for name, value in target.get("override_params", {}).items():
            added.override_params.add(key=name, value=json_module.dumps(value))
    return message


WAYS = [("metadata",), ("typed",)]


class Calls:
    """Chat calls that `config` routes, in one of the ways."""

    def __init__(self, chats, way, config):
        self.chats = chats
        self.fields = {"portolan": call_options_pb2.CallOptions(config=typed(config))} if way == "typed" else {}
        self.metadata = [("authorization", "Bearer sk-caller"), ("x-portkey-metadata", '{"plan":"paid"}')]
        if way == "metadata":
            self.metadata.append(("x-portkey-config", json_module.dumps(config)))

    def create(self, **more):
        """The answer and its headers."""
        request = chat_request(OPENAI, max_tokens=9, **self.fields, **more)
        answer, call = self.chats.CreateChatCompletion.with_call(request, metadata=self.metadata)
        return answer, dict(call.initial_metadata())

    def stream(self, **more):
        return self.chats.StreamChatCompletion(
            chat_request(OPENAI, max_tokens=9, **self.fields, **more), metadata=self.metadata
        )


@contextlib.contextmanager
def calls(world, way, config):
    with world.gateway_to_providers() as gateway:
        before, world.gateway = world.gateway, gateway
        try:
            with Chat(world) as chats:
                yield Calls(chats, way, config)
        finally:
            world.gateway = before


MESSAGES = [{"role": "user", "content": "Hi"}]


@test(*WAYS)
def config_of_a_fallback(world, way):
    world.upstream.answer(OPENAI, wrong_key())
    world.upstream.answer(ANTHROPIC, json(lambda it: it.text("from Claude")))
    with calls(world, way, FALLBACK) as each:
        answer, headers = each.create()
    equal(answer.choices[0].message.content.text, "from Claude")
    equal(headers["x-portkey-last-used-option-index"], "config.targets[1]")
    equal(headers["x-portkey-provider"], "anthropic")
    first, second = world.upstream.take(), world.upstream.take()
    check_record(first, OPENAI, "sk-one")
    equal(first.json, {"model": OPENAI.model, "messages": MESSAGES, "max_tokens": 9})
    check_record(second, ANTHROPIC, "sk-two")
    equal((second.json["model"], second.json["max_tokens"]), ("claude-sonnet-4-6", 9))
    check("portolan" not in second.json, second.body)


@test(*WAYS)
def config_of_a_fallback_of_a_stream_with_tools(world, way):
    world.upstream.answer(OPENAI, stream(lambda it: it.text_stream([], finish=False), then="cut"))
    world.upstream.answer(OPENAI, wrong_key())
    world.upstream.answer(ANTHROPIC, stream(lambda it: it.call_stream([("t1", "weather", {"city": "Oslo"})])))
    parameters = TOOL["function"]["parameters"]
    tool = tool_pb2.Tool(type="function", function={"name": "weather", "parameters": json_module.dumps(parameters)})
    called = finish = ""
    with calls(world, way, FALLBACK) as each:
        for chunk in each.stream(tools=[tool]):
            for choice in chunk.choices:
                called += "".join(call.function.name + call.function.arguments for call in choice.delta.tool_calls)
                finish = choice.finish_reason or finish
    equal((called, finish), ('weather{"city": "Oslo"}', "tool_calls"))
    first, again, second = (world.upstream.take() for _ in range(3))
    for record in (first, again):
        check_record(record, OPENAI, "sk-one")
    equal(first.body, again.body)
    equal(
        first.json,
        {
            "model": OPENAI.model,
            "messages": MESSAGES,
            "max_tokens": 9,
            "tools": [TOOL],
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    )
    check_record(second, ANTHROPIC, "sk-two")
    equal([(tool["name"], tool["input_schema"]) for tool in second.json["tools"]], [("weather", parameters)])


@test(*WAYS)
def config_of_a_retry(world, way):
    world.upstream.answer(OPENAI, refusal(500, "no"))
    world.upstream.answer(OPENAI, json(lambda it: it.text("second time")))
    with calls(world, way, FALLBACK) as each:
        answer, headers = each.create()
    equal(answer.choices[0].message.content.text, "second time")
    equal(headers["x-portkey-retry-attempt-count"], "1")
    first, second = world.upstream.take(), world.upstream.take()
    for record in (first, second):
        check_record(record, OPENAI, "sk-one")
    equal(first.body, second.body)


@test(*WAYS)
def config_of_load_balancing(world, way):
    seen = collections.Counter()
    with calls(world, way, LOADBALANCE) as each:
        for _ in range(40):
            answer, headers = each.create()
            equal(answer.choices[0].message.content.text, "Hello")
            record = world.upstream.take()
            key = OPENAI.key_of(record)
            check_record(record, OPENAI, key)
            equal(record.json, {"model": OPENAI.model, "messages": MESSAGES, "max_tokens": 9})
            equal(headers["x-portkey-last-used-option-index"], f"config.targets[{('sk-one', 'sk-two').index(key)}]")
            seen[key] += 1
    # That one of them is never drawn happens once in 500 billion times.
    equal(set(seen), {"sk-one", "sk-two"})
