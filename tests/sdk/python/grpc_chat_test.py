"""Chat, tools and structured output over gRPC, the same in both dialects."""

import asyncio
import json as json_module
import threading

import grpc

from clients import check, equal
from dialects import ALL, ANTHROPIC, OPENAI
from harness import test
from portolan.v1 import (
    chat_request_pb2,
    chat_service_pb2_grpc,
    extra_pb2,
    message_pb2,
    response_format_pb2,
    tool_pb2,
    values_pb2,
)
from rpc import Chat, chat_request, metadata, text, user
from upstream import json, stream

DIALECTS = [(dialect,) for dialect in ALL]
CALLS = [("call_1", "weather", {"city": "Turin"}), ("call_2", "weather", {"city": "Bari"})]
# A spelling that no JSON writer would choose by itself.
SCHEMA = '{"type" : "object",\t"properties":{"zone":{"minimum":-12.00,"maximum":1E2},"city":{"type":"string"}},"x":"\\u00e0"}'


def weather():
    return tool_pb2.Tool(type="function", function=tool_pb2.FunctionDefinition(name="weather", parameters=SCHEMA))


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content for chunk in chunks if chunk.choices)


@test(*((dialect, prefix) for dialect in ALL for prefix in ("x-portkey", "x-portolan")))
def chat(world, dialect, prefix):
    with Chat(world) as chats:
        request = chat_request(
            dialect, max_tokens=77, messages=[message_pb2.Message(role="system", content=text("Be short")), user("Hi")]
        )
        answer, call = chats.CreateChatCompletion.with_call(
            request, metadata=metadata(world, dialect, prefix, x_request_id="mine-1")
        )
    equal(answer.choices[0].message.content.text, "Hello")
    equal(answer.choices[0].finish_reason, "stop")
    equal((answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens), (9, 3, 12))
    record = world.upstream.take()
    equal((record.method, record.path, dialect.key_of(record)), ("POST", dialect.chat_path, "sk-caller"))
    equal((record.json["model"], record.json["max_tokens"]), (dialect.model, 77))
    check("stream" not in record.json or record.json["stream"] is False, record.json)
    equal([name for name in record.headers if "portkey" in name or "portolan" in name or "grpc" in name], [])
    told = dict(call.initial_metadata())
    equal((told[f"{prefix}-provider"], told["x-request-id"]), (dialect.name, "mine-1"))


@test(*DIALECTS)
def many_calls_on_one_channel(world, dialect):
    with Chat(world) as chats:
        calls = [
            chats.CreateChatCompletion.future(chat_request(dialect, user=f"u{i}"), metadata=metadata(world, dialect))
            for i in range(30)
        ]
        equal([call.result(10).choices[0].message.content.text for call in calls], ["Hello"] * 30)
    equal({world.upstream.take().path for _ in range(30)}, {dialect.chat_path})


@test(*DIALECTS)
def stream_with_usage(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.text_stream(["Ciao", " ", "mondo"], usage=True)))
    request = chat_request(dialect, stream_options=chat_request_pb2.StreamOptions(include_usage=True))
    with Chat(world) as chats:
        chunks = list(chats.StreamChatCompletion(request, metadata=metadata(world, dialect)))
    equal(text_of(chunks), "Ciao mondo")
    equal(
        [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason],
        ["stop"],
    )
    equal([chunk.usage.total_tokens for chunk in chunks if chunk.HasField("usage")], [12])
    sent = world.upstream.take().json
    equal(sent["stream"], True)
    equal(sent.get("stream_options"), {"include_usage": True} if dialect is OPENAI else None)


@test(*DIALECTS)
def stream_arrives_as_it_is_sent(world, dialect):
    more = threading.Event()
    in_time = []

    def reply(handler):
        handler.begin_stream()
        for event in dialect.text_stream(["first", "second"]):
            if "second" in event:
                in_time.append(more.wait(20))
            handler.send_event(event)
        handler.end_stream()

    world.upstream.answer(dialect.suffix, reply)
    seen = ""
    with Chat(world) as chats:
        for chunk in chats.StreamChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)):
            seen += text_of([chunk])
            if seen == "first":
                more.set()
    equal(seen, "firstsecond")
    equal(in_time, [True])
    world.upstream.take()


@test(*DIALECTS)
def stream_by_asyncio(world, dialect):
    async def ask():
        async with grpc.aio.insecure_channel(world.gateway.grpc) as channel:
            call = chat_service_pb2_grpc.ChatServiceStub(channel).StreamChatCompletion(
                chat_request(dialect), metadata=metadata(world, dialect)
            )
            return text_of([chunk async for chunk in call])

    equal(asyncio.run(ask()), "Hello")
    equal(world.upstream.take().json["stream"], True)


@test(*DIALECTS)
def parallel_tool_calls_over_two_turns(world, dialect):
    world.upstream.answer(dialect.suffix, json(dialect.calls(CALLS)))
    auto = tool_pb2.ToolChoice(mode="auto")
    with Chat(world) as chats:
        first = chats.CreateChatCompletion(
            chat_request(dialect, tools=[weather()], tool_choice=auto), metadata=metadata(world, dialect)
        )
        message = first.choices[0].message
        equal(
            [(call.id, call.function.name, json_module.loads(call.function.arguments)) for call in message.tool_calls],
            CALLS,
        )
        results = [
            message_pb2.Message(role="tool", tool_call_id=call[0], content=text(f"sunny: {call[0]}")) for call in CALLS
        ]
        request = chat_request(dialect, messages=[user("Hi"), message, *results], tools=[weather()])
        second = chats.CreateChatCompletion(request, metadata=metadata(world, dialect))
    equal(second.choices[0].message.content.text, "Hello")
    world.upstream.take()
    told = world.upstream.take().json["messages"]
    if dialect is OPENAI:
        equal(told[1]["tool_calls"], [OPENAI.call(*call) for call in CALLS])
        equal(told[2:], [{"role": "tool", "content": f"sunny: {call[0]}", "tool_call_id": call[0]} for call in CALLS])
    else:
        equal(told[1], {"role": "assistant", "content": [ANTHROPIC.call(*call) for call in CALLS]})
        equal(
            [(part["type"], part["tool_use_id"]) for part in told[2]["content"]],
            [("tool_result", "call_1"), ("tool_result", "call_2")],
        )
        equal(len(told), 3)


@test(*DIALECTS)
def streamed_tool_calls(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.call_stream(CALLS)))
    seen = {}
    with Chat(world) as chats:
        for chunk in chats.StreamChatCompletion(
            chat_request(dialect, tools=[weather()]), metadata=metadata(world, dialect)
        ):
            for delta in chunk.choices[0].delta.tool_calls:
                call = seen.setdefault(delta.index, ["", "", ""])
                call[0] += delta.id
                call[1] += delta.function.name
                call[2] += delta.function.arguments
    equal([(call[0], call[1], json_module.loads(call[2])) for _, call in sorted(seen.items())], CALLS)
    equal(len(world.upstream.take().json["tools"]), 1)


@test(*DIALECTS)
def schema_of_a_tool_byte_for_byte(world, dialect):
    with Chat(world) as chats:
        chats.CreateChatCompletion(chat_request(dialect, tools=[weather()]), metadata=metadata(world, dialect))
    body = world.upstream.take().body
    check(SCHEMA.encode() in body, body)


@test(*DIALECTS)
def structured_output(world, dialect):
    world.upstream.answer(dialect.suffix, json(dialect.text('{"city":"Turin"}')))
    schema = (
        '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}'
    )
    form = response_format_pb2.ResponseFormat(
        type="json_schema", json_schema=response_format_pb2.JsonSchemaFormat(name="place", strict=True, schema=schema)
    )
    with Chat(world) as chats:
        answer = chats.CreateChatCompletion(
            chat_request(dialect, response_format=form), metadata=metadata(world, dialect)
        )
    equal(answer.choices[0].message.content.text, '{"city":"Turin"}')
    sent = world.upstream.take().json
    got = (
        sent["response_format"]["json_schema"]["schema"]
        if dialect is OPENAI
        else sent["output_config"]["format"]["schema"]
    )
    equal(got, json_module.loads(schema))


@test()
def unknown_members_both_ways(world):
    reply = json_module.dumps({**OPENAI.text("Hello"), "x_cost": 1})
    reply = reply.replace('"x_cost": 1', '"x_cost": {"cents": 0.250, "of":[null]}').replace(
        '"refusal": null', '"refusal": null, "x_mood": "fine"'
    )
    world.upstream.answer(OPENAI.suffix, json(reply.encode()))
    odd = '{"deep": [1.50, {"two":null}], "big":18446744073709551617}'
    request = chat_request(
        OPENAI,
        extra=[extra_pb2.Extra(name="zebra", json=odd), extra_pb2.Extra(name="apple", json="null")],
        messages=[user("Hi", extra=[extra_pb2.Extra(name="shade", json='"blue"')])],
    )
    with Chat(world) as chats:
        answer = chats.CreateChatCompletion(request, metadata=metadata(world, OPENAI))
    equal([(each.name, each.json) for each in answer.extra], [("x_cost", '{"cents": 0.250, "of":[null]}')])
    # A null that the type has no word for is kept the same way.
    equal(
        [(each.name, each.json) for each in answer.choices[0].message.extra],
        [("refusal", "null"), ("x_mood", '"fine"')],
    )
    record = world.upstream.take()
    check(f'"zebra":{odd},"apple":null'.encode() in record.body, record.body)
    equal(record.json["messages"][0]["shade"], "blue")


@test()
def unknown_members_of_a_stream(world):
    chunk = OPENAI.chunk({"content": "Hi", "x_mood": [1, 2]}, "stop", x_cost={"cents": 1})
    world.upstream.answer(OPENAI.suffix, stream([*OPENAI.events([chunk]), "data: [DONE]\n\n"]))
    request = chat_request(OPENAI, extra=[extra_pb2.Extra(name="zebra", json="[]")])
    with Chat(world) as chats:
        chunks = list(chats.StreamChatCompletion(request, metadata=metadata(world, OPENAI)))
    equal([(each.name, json_module.loads(each.json)) for each in chunks[0].extra], [("x_cost", {"cents": 1})])
    equal(
        [(each.name, json_module.loads(each.json)) for each in chunks[0].choices[0].delta.extra], [("x_mood", [1, 2])]
    )
    equal(world.upstream.take().json["zebra"], [])


@test()
def numbers_and_presence(world):
    request = chat_request(
        OPENAI,
        seed=2**63 - 1,
        temperature=0.1 + 0.2,
        top_p=5e-324,
        presence_penalty=0,
        n=0,
        user="",
        store=False,
        messages=[user(""), user('à \x00 \U0001f600 \u2028 "\\/')],
        stop=values_pb2.Stop(sequences=values_pb2.StringList(items=[])),
    )
    with Chat(world) as chats:
        chats.CreateChatCompletion(request, metadata=metadata(world, OPENAI))
    record = world.upstream.take()
    expected = {
        "model": OPENAI.model,
        "seed": 2**63 - 1,
        "temperature": 0.1 + 0.2,
        "top_p": 5e-324,
        "presence_penalty": 0,
        "n": 0,
        "user": "",
        "store": False,
        "stop": [],
        "messages": [{"role": "user", "content": ""}, {"role": "user", "content": 'à \x00 \U0001f600 \u2028 "\\/'}],
    }
    equal(record.json, expected)


@test()
def eight_megabytes_each_way(world):
    long = "0123456789abcdef" * (1 << 19)
    world.upstream.answer(OPENAI.suffix, json(OPENAI.text(long)))
    with Chat(world) as chats:
        answer = chats.CreateChatCompletion(
            chat_request(OPENAI, messages=[user(long)]), metadata=metadata(world, OPENAI)
        )
    check(answer.choices[0].message.content.text == long)
    check(world.upstream.take().json["messages"][0]["content"] == long)
