"""Chat, tools and structured output, the same in both dialects."""

import asyncio
import json as json_module
import math
import threading

import openai
from pydantic import BaseModel

from clients import HELLO, check, client, equal
from dialects import ALL, ANTHROPIC, OPENAI
from harness import test
from upstream import json, stream

DIALECTS = [(dialect,) for dialect in ALL]
CALLS = [("call_1", "weather", {"city": "Turin"}), ("call_2", "weather", {"city": "Bari"})]
PARAMETERS = {
    "type": "object",
    "required": ["city"],
    "properties": {"zone": {"type": "number", "minimum": -12.0}, "city": {"type": "string", "pattern": "^\\p{L}+$"}},
}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells the weather", "parameters": PARAMETERS},
}


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@test(*DIALECTS)
def chat(world, dialect):
    answer = client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, max_tokens=77)
    equal(answer.choices[0].message.content, "Hello")
    equal(answer.choices[0].finish_reason, "stop")
    equal((answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens), (9, 3, 12))
    record = world.upstream.take()
    equal((record.method, record.path), ("POST", dialect.chat_path))
    equal(dialect.key_of(record), "sk-caller")
    equal((record.json["model"], record.json["max_tokens"]), (dialect.model, 77))
    content = record.json["messages"][0]["content"]
    equal(content if isinstance(content, str) else content[0]["text"], "Hi")


@test(*DIALECTS)
def chat_by_asyncio(world, dialect):
    async def ask():
        async with client(world, dialect, kind=openai.AsyncOpenAI) as each:
            calls = [each.chat.completions.create(model=dialect.model, messages=HELLO, user=f"u{i}") for i in range(20)]
            return await asyncio.gather(*calls)

    equal([answer.choices[0].message.content for answer in asyncio.run(ask())], ["Hello"] * 20)
    equal({world.upstream.take().path for _ in range(20)}, {dialect.chat_path})


@test(*DIALECTS)
def system_message_and_parameters(world, dialect):
    messages = [{"role": "system", "content": "Be short"}, *HELLO]
    client(world, dialect).chat.completions.create(
        model=dialect.model, messages=messages, temperature=0.25, stop=["END"]
    )
    sent = world.upstream.take().json
    equal(sent["temperature"], 0.25)
    if dialect is OPENAI:
        equal((sent["stop"], sent["messages"]), (["END"], messages))
    else:
        equal((sent["stop_sequences"], len(sent["messages"])), (["END"], 1))
        check("Be short" in json_module.dumps(sent["system"]), sent)
        check(sent["max_tokens"] > 0, sent)


@test(*DIALECTS)
def stream_with_usage(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.text_stream(["Ciao", " ", "mondo"], usage=True)))
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
    equal(chunks[-1].choices, [])
    sent = world.upstream.take().json
    equal(sent["stream"], True)
    equal(sent.get("stream_options"), {"include_usage": True} if dialect is OPENAI else None)


@test(*DIALECTS)
def stream_arrives_as_it_is_sent(world, dialect):
    more = threading.Event()
    in_time = []
    events = dialect.text_stream(["first", "second"])

    def reply(handler):
        handler.begin_stream()
        for event in events:
            if "second" in event:
                in_time.append(more.wait(20))
            handler.send_event(event)
        handler.end_stream()

    world.upstream.answer(dialect.suffix, reply)
    text = ""
    for chunk in client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, stream=True):
        text += text_of([chunk])
        if text == "first":
            check(not more.is_set())
            more.set()
    equal(text, "firstsecond")
    equal(in_time, [True])
    world.upstream.take()


@test(*DIALECTS)
def parallel_tool_calls_over_two_turns(world, dialect):
    world.upstream.answer(dialect.suffix, json(dialect.calls(CALLS)))
    each = client(world, dialect)
    first = each.chat.completions.create(model=dialect.model, messages=HELLO, tools=[WEATHER], tool_choice="auto")
    message = first.choices[0].message
    equal(
        [(call.id, call.function.name, json_module.loads(call.function.arguments)) for call in message.tool_calls],
        CALLS,
    )
    equal(first.choices[0].finish_reason, "tool_calls")
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"sunny: {call.id}"} for call in message.tool_calls]
    second = each.chat.completions.create(
        model=dialect.model, messages=[*HELLO, message.to_dict(exclude_unset=True), *results], tools=[WEATHER]
    )
    equal(second.choices[0].message.content, "Hello")

    asked, told = world.upstream.take().json, world.upstream.take().json["messages"]
    if dialect is OPENAI:
        equal((asked["tools"], asked["tool_choice"]), ([WEATHER], "auto"))
        equal(told[1]["tool_calls"], [OPENAI.call(*call) for call in CALLS])
        equal(told[2:], results)
    else:
        equal((asked["tools"][0]["input_schema"], asked["tool_choice"]["type"]), (PARAMETERS, "auto"))
        equal(told[1], {"role": "assistant", "content": [ANTHROPIC.call(*call) for call in CALLS]})
        equal(
            [(part["type"], part["tool_use_id"]) for part in told[2]["content"]],
            [("tool_result", "call_1"), ("tool_result", "call_2")],
        )
        check("sunny: call_2" in json_module.dumps(told[2]["content"][1]), told)
        equal(len(told), 3)


@test(*DIALECTS)
def schema_of_a_tool_byte_for_byte(world, dialect):
    client(world, dialect).chat.completions.create(
        model=dialect.model,
        messages=HELLO,
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "weather"}},
    )
    record = world.upstream.take()
    # The package writes compact JSON; -12.0 would become -12 in many hands.
    check(json_module.dumps(PARAMETERS, separators=(",", ":")).encode() in record.body, record.body)
    named = (
        {"type": "function", "function": {"name": "weather"}}
        if dialect is OPENAI
        else {"type": "tool", "name": "weather"}
    )
    equal(record.json["tool_choice"], named)


@test(*DIALECTS)
def streamed_tool_calls(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.call_stream(CALLS)))
    with client(world, dialect).chat.completions.stream(model=dialect.model, messages=HELLO, tools=[WEATHER]) as events:
        choice = events.get_final_completion().choices[0]
    equal(
        [
            (call.id, call.function.name, json_module.loads(call.function.arguments))
            for call in choice.message.tool_calls
        ],
        CALLS,
    )
    equal(choice.finish_reason, "tool_calls")
    equal(len(world.upstream.take().json["tools"]), 1)


class Place(BaseModel):
    city: str
    people: int


@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def structured_output(world, dialect, streamed):
    text = '{"city":"Turin","people":841600}'
    request = {"model": dialect.model, "messages": HELLO, "response_format": Place}
    completions = client(world, dialect).chat.completions
    if streamed:
        world.upstream.answer(dialect.suffix, stream(dialect.text_stream([text[:9], text[9:]])))
        with completions.stream(**request) as events:
            parsed = events.get_final_completion().choices[0].message.parsed
    else:
        world.upstream.answer(dialect.suffix, json(dialect.text(text)))
        parsed = completions.parse(**request).choices[0].message.parsed
    equal(parsed, Place(city="Turin", people=841600))
    sent = world.upstream.take().json
    form = sent["response_format"] if dialect is OPENAI else sent["output_config"]["format"]
    equal(form["type"], "json_schema")
    schema = form["json_schema"]["schema"] if dialect is OPENAI else form["schema"]
    equal((list(schema["properties"]), schema["required"]), (["city", "people"], ["city", "people"]))


@test()
def unknown_members_both_ways(world):
    reply = {**OPENAI.text("Hello"), "x_cost": {"cents": 0.25, "of": [None, 2**63]}}
    reply["choices"][0]["message"]["x_mood"] = "fine"
    world.upstream.answer(OPENAI.suffix, json(reply))
    answer = client(world, OPENAI).chat.completions.create(
        model="m", messages=[{**HELLO[0], "shade": {"of": "blue"}}], extra_body={"brand_new": [1, {"two": None}]}
    )
    equal((answer.x_cost, answer.choices[0].message.x_mood), (reply["x_cost"], "fine"))
    sent = world.upstream.take().json
    equal((sent["brand_new"], sent["messages"][0]["shade"]), ([1, {"two": None}], {"of": "blue"}))


@test()
def unknown_members_are_named_if_they_cannot_pass(world):
    answer = client(world, ANTHROPIC).chat.completions.with_raw_response.create(
        model=ANTHROPIC.model, messages=HELLO, extra_body={"brand_new": 1}
    )
    check("brand_new" in answer.headers.get("x-portkey-dropped", ""), dict(answer.headers))
    check("brand_new" not in world.upstream.take().json)


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
