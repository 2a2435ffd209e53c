"""Chat, its streams and what goes into a question, the same in every dialect."""

import asyncio
import base64
import json as json_module
import math
import threading

import openai

from clients import HELLO, check, client, equal
from dialects import ALL, OPENAI
from harness import test
from upstream import json, stream

DIALECTS = [(dialect,) for dialect in ALL]
MEDIA = {"image": ("image/png", b"not really a picture"), "pdf": ("application/pdf", b"%PDF-1.4 not really")}


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@test(*DIALECTS)
def chat(world, dialect):
    answer = client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, max_tokens=77)
    equal(answer.choices[0].message.content, "Hello")
    equal(answer.choices[0].finish_reason, "stop")
    equal((answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens), (9, 3, 12))
    record = world.upstream.take()
    equal((record.method, record.path), ("POST", dialect.chat_path()))
    equal((dialect.key_of(record), dialect.model_of(record)), (dialect.key("sk-caller"), dialect.model))
    equal((dialect.max_tokens(record.json), dialect.texts(record.json)), (77, ["Hi"]))


@test(*DIALECTS)
def chat_by_asyncio(world, dialect):
    async def ask():
        async with client(world, dialect, kind=openai.AsyncOpenAI) as each:
            calls = [each.chat.completions.create(model=dialect.model, messages=HELLO, user=f"u{i}") for i in range(20)]
            return await asyncio.gather(*calls)

    equal([answer.choices[0].message.content for answer in asyncio.run(ask())], ["Hello"] * 20)
    equal({world.upstream.take().path for _ in range(20)}, {dialect.chat_path()})


@test(*DIALECTS)
def system_message_and_parameters(world, dialect):
    messages = [{"role": "system", "content": "Be short"}, *HELLO]
    client(world, dialect).chat.completions.create(
        model=dialect.model, messages=messages, temperature=0.25, stop=["END"]
    )
    sent = world.upstream.take().json
    equal((dialect.temperature(sent), dialect.stop(sent)), (0.25, ["END"]))
    equal((dialect.system(sent), dialect.turns(sent)), (["Be short"], ["user"]))
    if dialect.relays:
        equal(sent["messages"], messages)


@test(*((dialect, kind) for dialect in ALL for kind in MEDIA if MEDIA[kind][0] in dialect.media_types))
def media(world, dialect, kind):
    media_type, data = MEDIA[kind][0], base64.b64encode(MEDIA[kind][1]).decode()
    url = f"data:{media_type};base64,{data}"
    image = {"type": "image_url", "image_url": {"url": url}}
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": url}}
    content = [{"type": "text", "text": "What is this?"}, image if kind == "image" else file]
    client(world, dialect).chat.completions.create(model=dialect.model, messages=[{"role": "user", "content": content}])
    sent = world.upstream.take().json
    equal((dialect.texts(sent), dialect.media(sent)), (["What is this?"], [(media_type, data)]))
    if dialect.relays:
        equal(sent["messages"][0]["content"], content)


@test(*DIALECTS)
def stream_with_usage(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: it.text_stream(["Ciao", " ", "mondo"], usage=True)))
    chunks = list(
        client(world, dialect).chat.completions.create(
            model=dialect.model, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    equal(text_of(chunks), "Ciao mondo")
    equal(
        [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason],
        ["stop"],
    )
    equal([chunk.usage.total_tokens for chunk in chunks if chunk.usage], [12])
    equal(chunks[-1].choices == [], not dialect.always_tells_usage)
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
    text = ""
    for chunk in client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, stream=True):
        text += text_of([chunk])
        if text == "first":
            check(not more.is_set())
            more.set()
    equal(text, "firstsecond")
    equal(in_time, [True])
    world.upstream.take()


@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def reasoning(world, dialect, streamed):
    request = {"model": dialect.thinking_model, "messages": HELLO, "reasoning_effort": "high"}
    completions = client(world, dialect).chat.completions
    if streamed:
        world.upstream.answer(dialect, stream(lambda it: it.reasoned_stream(["Let me", " see"], "Yes")))
        chunks = list(completions.create(**request, stream=True))
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        thought, text = "".join(getattr(each, "reasoning_content", None) or "" for each in deltas), text_of(chunks)
    else:
        world.upstream.answer(dialect, json(lambda it: it.reasoned("Let me see", "Yes")))
        message = completions.create(**request).choices[0].message
        thought, text = message.reasoning_content, message.content
    equal((thought, text), ("Let me see", "Yes"))
    equal(dialect.thinking(world.upstream.take().json), dialect.thinks_hard)


@test()
def unknown_members_both_ways(world):
    reply = {**OPENAI.text("Hello"), "x_cost": {"cents": 0.25, "of": [None, 2**63]}}
    reply["choices"][0]["message"]["x_mood"] = "fine"
    world.upstream.answer(OPENAI, json(reply))
    answer = client(world, OPENAI).chat.completions.create(
        model="m", messages=[{**HELLO[0], "shade": {"of": "blue"}}], extra_body={"brand_new": [1, {"two": None}]}
    )
    equal((answer.x_cost, answer.choices[0].message.x_mood), (reply["x_cost"], "fine"))
    sent = world.upstream.take().json
    equal((sent["brand_new"], sent["messages"][0]["shade"]), ([1, {"two": None}], {"of": "blue"}))


@test(*((dialect,) for dialect in ALL if not dialect.takes_unknown))
def unknown_members_are_named_if_they_cannot_pass(world, dialect):
    answer = client(world, dialect).chat.completions.with_raw_response.create(
        model=dialect.model, messages=HELLO, extra_body={"brand_new": 1}
    )
    check("brand_new" in answer.headers.get("x-portkey-dropped", ""), dict(answer.headers))
    check(b"brand_new" not in world.upstream.take().body)


@test()
def the_bytes_of_the_request(world):
    sent = []
    http_client = openai.DefaultHttpxClient(event_hooks={"request": [lambda request: sent.append(request.content)]})
    odd = {
        "zebra": 1.0,
        "big": 2**64 + 1,
        "tiny": 5e-324,
        "huge": 1e300,
        "minus": -0.0,
        "exact": 0.1 + 0.2,
        "apple": None,
        "empty": {},
        "none": [],
        "text": 'à \x00 \U0001f600 \u2028 "\\/',
        "pi": math.pi,
    }
    client(world, OPENAI, http_client=http_client).chat.completions.create(
        model="m", messages=HELLO, temperature=1.0, extra_body=odd
    )
    record = world.upstream.take()
    if world.splice:
        equal(record.body, sent[-1])
    else:
        equal(record.json, json_module.loads(sent[-1]))
