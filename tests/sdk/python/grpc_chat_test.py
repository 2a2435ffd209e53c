"""Chat, its streams and what goes into a question over gRPC, the same in every dialect."""

import asyncio
import base64
import json as json_module
import threading

import grpc

from clients import check, equal
from dialects import ALL, OPENAI
from harness import test
from portolan.v1 import (
    chat_request_pb2,
    chat_service_pb2_grpc,
    content_pb2,
    extra_pb2,
    message_pb2,
    values_pb2,
)
from rpc import Chat, chat_request, metadata, text, user
from upstream import json, stream

DIALECTS = [(dialect,) for dialect in ALL]
MEDIA = {"image": ("image/png", b"not really a picture"), "pdf": ("application/pdf", b"%PDF-1.4 not really")}


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
    equal((record.method, record.path, dialect.key_of(record)), ("POST", dialect.chat_path(), dialect.key("sk-caller")))
    equal((dialect.model_of(record), dialect.max_tokens(record.json)), (dialect.model, 77))
    equal((dialect.system(record.json), dialect.texts(record.json)), (["Be short"], ["Hi"]))
    check(not dialect.is_stream(record), record.json)
    equal([name for name in record.headers if "portkey" in name or "portolan" in name or "grpc" in name], [])
    told = dict(call.initial_metadata())
    equal((told[f"{prefix}-provider"], told["x-request-id"]), (dialect.provider, "mine-1"))


@test(*DIALECTS)
def parameters(world, dialect):
    stop = values_pb2.Stop(sequences=values_pb2.StringList(items=["END"]))
    with Chat(world) as chats:
        request = chat_request(dialect, temperature=0.25, stop=stop)
        chats.CreateChatCompletion(request, metadata=metadata(world, dialect))
    sent = world.upstream.take().json
    equal((dialect.temperature(sent), dialect.stop(sent)), (0.25, ["END"]))


@test(*((dialect, kind) for dialect in ALL for kind in MEDIA if MEDIA[kind][0] in dialect.media_types))
def media(world, dialect, kind):
    media_type, data = MEDIA[kind][0], base64.b64encode(MEDIA[kind][1]).decode()
    url = f"data:{media_type};base64,{data}"
    image = content_pb2.ContentPart(
        type="image_url", image_url=content_pb2.ImageUrl(image=content_pb2.ImageReference(url=url))
    )
    file = content_pb2.ContentPart(type="file", file=content_pb2.FilePart(filename="a.pdf", file_data=url))
    question = content_pb2.ContentPart(type="text", text="What is this?")
    content = content_pb2.Content(parts=content_pb2.ContentParts(items=[question, image if kind == "image" else file]))
    with Chat(world) as chats:
        request = chat_request(dialect, messages=[message_pb2.Message(role="user", content=content)])
        chats.CreateChatCompletion(request, metadata=metadata(world, dialect))
    sent = world.upstream.take().json
    equal((dialect.texts(sent), dialect.media(sent)), (["What is this?"], [(media_type, data)]))


@test(*DIALECTS)
def many_calls_on_one_channel(world, dialect):
    with Chat(world) as chats:
        calls = [
            chats.CreateChatCompletion.future(chat_request(dialect, user=f"u{i}"), metadata=metadata(world, dialect))
            for i in range(30)
        ]
        equal([call.result(10).choices[0].message.content.text for call in calls], ["Hello"] * 30)
    equal({world.upstream.take().path for _ in range(30)}, {dialect.chat_path()})


@test(*DIALECTS)
def stream_with_usage(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: it.text_stream(["Ciao", " ", "mondo"], usage=True)))
    request = chat_request(dialect, stream_options=chat_request_pb2.StreamOptions(include_usage=True))
    with Chat(world) as chats:
        chunks = list(chats.StreamChatCompletion(request, metadata=metadata(world, dialect)))
    equal(text_of(chunks), "Ciao mondo")
    equal(
        [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason],
        ["stop"],
    )
    equal([chunk.usage.total_tokens for chunk in chunks if chunk.HasField("usage")], [12])
    record = world.upstream.take()
    equal((record.path, dialect.is_stream(record)), (dialect.chat_path(stream=True), True))
    equal(record.json.get("stream_options"), {"include_usage": True} if dialect.asks_for_usage else None)


@test(*DIALECTS)
def stream_arrives_as_it_is_sent(world, dialect):
    more = threading.Event()
    in_time = []

    def reply(handler):
        handler.begin_stream()
        for event in handler.spoken.text_stream(["first", "second"]):
            if b"second" in event:
                in_time.append(more.wait(handler.upstream.patience))
            handler.send_event(event)
        handler.end_stream()

    world.upstream.answer(dialect, reply)
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
    check(dialect.is_stream(world.upstream.take()))


@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def reasoning(world, dialect, streamed):
    request = chat_request(dialect, model=dialect.thinking_model, reasoning_effort="high")
    with Chat(world) as chats:
        if streamed:
            world.upstream.answer(dialect, stream(lambda it: it.reasoned_stream(["Let me", " see"], "Yes")))
            chunks = list(chats.StreamChatCompletion(request, metadata=metadata(world, dialect)))
            thought = "".join(chunk.choices[0].delta.reasoning_content for chunk in chunks if chunk.choices)
            equal((thought, text_of(chunks)), ("Let me see", "Yes"))
        else:
            world.upstream.answer(dialect, json(lambda it: it.reasoned("Let me see", "Yes")))
            message = chats.CreateChatCompletion(request, metadata=metadata(world, dialect)).choices[0].message
            equal((message.reasoning_content, message.content.text), ("Let me see", "Yes"))
    equal(dialect.thinking(world.upstream.take().json), dialect.thinks_hard)


@test()
def unknown_members_both_ways(world):
    reply = json_module.dumps({**OPENAI.text("Hello"), "x_cost": 1})
    reply = reply.replace('"x_cost": 1', '"x_cost": {"cents": 0.250, "of":[null]}').replace(
        '"refusal": null', '"refusal": null, "x_mood": "fine"'
    )
    world.upstream.answer(OPENAI, json(reply.encode()))
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


@test(*((dialect,) for dialect in ALL if not dialect.takes_unknown))
def unknown_members_are_named_if_they_cannot_pass(world, dialect):
    request = chat_request(dialect, extra=[extra_pb2.Extra(name="brand_new", json="1")])
    with Chat(world) as chats:
        _, call = chats.CreateChatCompletion.with_call(request, metadata=metadata(world, dialect))
    check("brand_new" in dict(call.initial_metadata()).get("x-portkey-dropped", ""), call.initial_metadata())
    check(b"brand_new" not in world.upstream.take().body)


@test()
def unknown_members_of_a_stream(world):
    chunk = OPENAI.chunk({"content": "Hi", "x_mood": [1, 2]}, "stop", x_cost={"cents": 1})
    world.upstream.answer(OPENAI, stream(lambda _: [*OPENAI.events([chunk]), OPENAI.done]))
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
    world.upstream.answer(OPENAI, json(OPENAI.text(long)))
    with Chat(world) as chats:
        answer = chats.CreateChatCompletion(
            chat_request(OPENAI, messages=[user(long)]), metadata=metadata(world, OPENAI)
        )
    check(answer.choices[0].message.content.text == long)
    check(world.upstream.take().json["messages"][0]["content"] == long)
