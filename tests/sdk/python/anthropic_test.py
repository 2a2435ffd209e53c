"""Anthropic's official package in front of every dialect: it cannot tell who answers."""

import asyncio
import json as json_module

import anthropic

from clients import check, equal
from dialects import ALL, ANTHROPIC, OPENAI
from harness import test
from upstream import hang_up, json, stream

DIALECTS = [(dialect,) for dialect in ALL]
HELLO = [{"role": "user", "content": "Hi"}]
CALLS = [("toolu_1", "weather", {"city": "Turin"}), ("toolu_2", "weather", {"city": "Bari"})]
WEATHER = {
    "name": "weather",
    "description": "Tells the weather",
    "input_schema": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def client(world, dialect, kind=anthropic.Anthropic, **options):
    """A client whose calls go to the scripted upstream in `dialect`."""
    headers = {**world.headers(dialect), **options.pop("headers", {})}
    return kind(
        base_url=world.gateway.url, default_headers=headers, **{"api_key": "sk-caller", "max_retries": 0, **options}
    )


def ask(world, dialect, **options):
    return client(world, dialect).messages.create(model=dialect.model, max_tokens=77, messages=HELLO, **options)


def failure(call):
    try:
        call()
    except anthropic.APIError as error:
        return error
    raise AssertionError("the call did not fail")


@test(*DIALECTS)
def message(world, dialect):
    answer = ask(world, dialect, system="Be short", stop_sequences=["END"])
    equal([(block.type, block.text) for block in answer.content], [("text", "Hello")])
    equal((answer.type, answer.role, answer.stop_reason, answer.stop_sequence), ("message", "assistant", "end_turn", None))
    equal((answer.usage.input_tokens, answer.usage.output_tokens), (9, 3))
    check(answer.id.startswith("msg_"), answer.id)
    record = world.upstream.take()
    equal(record.path, dialect.chat_path)
    # The package sends its key as a bearer, and so it goes on.
    equal(record.headers.get("authorization"), "Bearer sk-caller")
    sent = record.json
    if dialect is ANTHROPIC:
        equal(sent, {"model": dialect.model, "max_tokens": 77, "messages": HELLO, "system": "Be short",
                     "stop_sequences": ["END"]})  # fmt: skip
    else:
        equal(sent["messages"], [{"role": "system", "content": "Be short"}, {"role": "user", "content": "Hi"}])
        equal(sent["stop"], ["END"])
        check(77 in (sent.get("max_tokens"), sent.get("max_completion_tokens")), sent)


@test(*DIALECTS)
def messages_by_asyncio(world, dialect):
    async def ask_all():
        async with client(world, dialect, anthropic.AsyncAnthropic) as each:
            calls = [each.messages.create(model=dialect.model, max_tokens=9, messages=HELLO) for _ in range(20)]
            return await asyncio.gather(*calls)

    equal([answer.content[0].text for answer in asyncio.run(ask_all())], ["Hello"] * 20)
    equal({world.upstream.take().path for _ in range(20)}, {dialect.chat_path})


@test(*DIALECTS)
def streamed_message(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.text_stream(["Ciao", " ", "mondo"], usage=True)))
    with client(world, dialect).messages.stream(model=dialect.model, max_tokens=77, messages=HELLO) as events:
        texts = list(events.text_stream)
        final = events.get_final_message()
    equal(texts, ["Ciao", " ", "mondo"])
    equal((final.content[0].text, final.stop_reason), ("Ciao mondo", "end_turn"))
    equal((final.usage.input_tokens, final.usage.output_tokens), (9, 3))
    sent = world.upstream.take().json
    equal(sent["stream"], True)
    if dialect is OPENAI:
        # The API demands the counts of every stream.
        equal(sent["stream_options"], {"include_usage": True})


@test(*DIALECTS)
def order_of_events(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.text_stream(["a", "b"], usage=True)))
    events = list(
        client(world, dialect).messages.create(model=dialect.model, max_tokens=77, messages=HELLO, stream=True)
    )
    equal(
        [event.type for event in events],
        ["message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
         "message_delta", "message_stop"],
    )  # fmt: skip
    world.upstream.take()


@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def tool_loop(world, dialect, streamed):
    each = client(world, dialect)

    def turn(messages):
        wish = {"model": dialect.model, "max_tokens": 77, "messages": messages, "tools": [WEATHER]}
        if not streamed:
            return each.messages.create(**wish)
        with each.messages.stream(**wish) as events:
            return events.get_final_message()

    world.upstream.answer(
        dialect.suffix, stream(dialect.call_stream(CALLS)) if streamed else json(dialect.calls(CALLS))
    )
    first = turn(HELLO)
    equal(first.stop_reason, "tool_use")
    equal([(block.id, block.name, block.input) for block in first.content if block.type == "tool_use"], CALLS)
    results = [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sun"},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": [{"type": "text", "text": "no"}], "is_error": True},
    ]
    question = {"type": "text", "text": "And now?"}
    history = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": [*results, question]}]
    equal(turn(history).content[0].text, "Hello")

    sent = world.upstream.take().json
    if dialect is OPENAI:
        equal(sent["tools"][0]["function"]["name"], "weather")
        equal(sent["tools"][0]["function"]["parameters"], WEATHER["input_schema"])
    sent = world.upstream.take().json
    if dialect is ANTHROPIC:
        equal(sent["messages"][-1]["content"], [*results, question])
        return
    roles = [each["role"] for each in sent["messages"]]
    equal(roles, ["user", "assistant", "tool", "tool", "user"])
    calls = [(call["id"], call["function"]["name"], json_module.loads(call["function"]["arguments"]))
             for call in sent["messages"][1]["tool_calls"]]  # fmt: skip
    equal(calls, CALLS)
    equal([(each["tool_call_id"], each["content"]) for each in sent["messages"][2:4]],
          [("toolu_1", "sun"), ("toolu_2", "Error: no")])  # fmt: skip


@test(*DIALECTS)
def tool_choice(world, dialect):
    for choice, openai in (({"type": "any"}, "required"), ({"type": "none"}, "none"), ({"type": "auto"}, "auto")):
        ask(world, dialect, tools=[WEATHER], tool_choice=choice)
        equal(world.upstream.take().json["tool_choice"], openai if dialect is OPENAI else choice)
    ask(world, dialect, tools=[WEATHER],
        tool_choice={"type": "tool", "name": "weather", "disable_parallel_tool_use": True})  # fmt: skip
    sent = world.upstream.take().json
    if dialect is OPENAI:
        equal(sent["tool_choice"], {"type": "function", "function": {"name": "weather"}})
        equal(sent["parallel_tool_calls"], False)


@test(*DIALECTS)
def images(world, dialect):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source},
               {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}]  # fmt: skip
    client(world, dialect).messages.create(
        model=dialect.model, max_tokens=77, messages=[{"role": "user", "content": content}]
    )
    sent = world.upstream.take().json["messages"][0]["content"]
    if dialect is ANTHROPIC:
        equal(sent, content)
    else:
        equal(sent[0], {"type": "text", "text": "What is it?"})
        equal([part["image_url"]["url"] for part in sent[1:]],
              [f"data:image/png;base64,{PIXEL}", "https://example.com/a.png"])  # fmt: skip


@test()
def thinking_is_relayed(world):
    blocks = [{"type": "thinking", "thinking": "Hm", "signature": "c2ln"}, {"type": "text", "text": "Yes"}]
    world.upstream.answer(ANTHROPIC.suffix, json(ANTHROPIC.message(blocks, "end_turn")))
    answer = ask(world, ANTHROPIC, thinking={"type": "adaptive"})
    equal([block.type for block in answer.content], ["thinking", "text"])
    equal((answer.content[0].thinking, answer.content[0].signature), ("Hm", "c2ln"))
    equal(world.upstream.take().json["thinking"], {"type": "adaptive"})


@test()
def reasoning_of_others_is_thinking(world):
    world.upstream.answer(OPENAI.suffix, json(OPENAI.message({"content": "Yes", "reasoning_content": "Hm"}, "stop")))
    answer = ask(world, OPENAI)
    equal([(block.type, getattr(block, "thinking", None) or block.text) for block in answer.content],
          [("thinking", "Hm"), ("text", "Yes")])  # fmt: skip
    world.upstream.take()


@test()
def betas_and_versions_are_relayed(world):
    answer = client(world, ANTHROPIC).beta.messages.create(
        model=ANTHROPIC.model, max_tokens=77, messages=HELLO, betas=["context-1m-2025-08-07", "x-2026-01-01"]
    )
    equal(answer.content[0].text, "Hello")
    record = world.upstream.take()
    check("x-2026-01-01" in record.headers["anthropic-beta"], record.headers)
    check(record.headers["anthropic-version"], record.headers)


@test()
def count_tokens(world):
    world.upstream.answer("/count_tokens", json({"input_tokens": 14}))
    counted = client(world, ANTHROPIC).messages.count_tokens(model=ANTHROPIC.model, messages=HELLO, tools=[WEATHER])
    equal(counted.input_tokens, 14)
    record = world.upstream.take()
    equal((record.path, record.json["tools"]), ("/v1/messages/count_tokens", [WEATHER]))


@test(own=True)
def count_tokens_where_nobody_counts(world):
    got = failure(lambda: client(world, OPENAI).messages.count_tokens(model=OPENAI.model, messages=HELLO))
    check(isinstance(got, anthropic.BadRequestError), got)
    equal(got.body["error"]["portolan"]["code"], "unsupported_operation")


@test()
def a_token_stays_a_bearer(world):
    each = client(world, ANTHROPIC, api_key=None, auth_token="sk-ant-oat01-x")
    each.messages.create(model=ANTHROPIC.model, max_tokens=77, messages=HELLO)
    record = world.upstream.take()
    equal(record.headers.get("authorization"), "Bearer sk-ant-oat01-x")
    check("x-api-key" not in record.headers, record.headers)


ERRORS = [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (401, anthropic.AuthenticationError, "authentication_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"),
    (404, anthropic.NotFoundError, "not_found_error"),
    (413, anthropic.RequestTooLargeError, "request_too_large"),
    (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"),
    (529, anthropic.OverloadedError, "overloaded_error"),
]


@test(*((dialect, *case, streamed) for dialect in ALL for case in ERRORS for streamed in (False, True)))
def error(world, dialect, status, kind, word, streamed):
    body = dialect.error(f"No: {status}", word if dialect is ANTHROPIC else "server_error")
    world.upstream.answer(dialect.suffix, json(body, status, {"request-id": "req_up"}))
    got = failure(lambda: ask(world, dialect, stream=streamed))
    world.upstream.take()
    check(isinstance(got, kind), repr(got))
    equal((got.status_code, got.request_id), (status, "req_up"))
    equal((got.body["type"], got.body["error"]["type"]), ("error", word))
    check(f"No: {status}" in got.body["error"]["message"], got.body)
    if dialect is ANTHROPIC:
        equal(got.body, body)
    else:
        equal(got.body["error"]["portolan"]["attempts"], 1)


@test(*DIALECTS)
def error_in_a_stream(world, dialect):
    begun = dialect.text_stream(["Hel"], finish=False)
    world.upstream.answer(dialect.suffix, stream([*begun, *dialect.error_events()]))
    texts = []

    def read():
        with client(world, dialect).messages.stream(model=dialect.model, max_tokens=77, messages=HELLO) as events:
            texts.extend(events.text_stream)

    got = failure(read)
    equal(texts, ["Hel"])
    check("too busy" in str(got), got)
    world.upstream.take()


@test(*DIALECTS)
def a_stream_that_breaks_is_an_error(world, dialect):
    world.upstream.answer(dialect.suffix, stream(dialect.text_stream(["Hel"], finish=False), then="cut"))

    def read():
        with client(world, dialect).messages.stream(model=dialect.model, max_tokens=77, messages=HELLO) as events:
            events.get_final_message()

    failure(read)
    world.upstream.take()


@test(*DIALECTS)
def retries_of_the_package(world, dialect):
    world.upstream.answer(dialect.suffix, json(dialect.error("slow", "rate_limit_error"), 429, {"retry-after": "0"}))
    world.upstream.answer(dialect.suffix, hang_up())
    answer = client(world, dialect, max_retries=3).messages.create(model=dialect.model, max_tokens=77, messages=HELLO)
    equal(answer.content[0].text, "Hello")
    for _ in range(3):
        world.upstream.take()


# What a coding agent sends: a long list of tools, marks for the cache, instructions in pieces.
@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def a_coding_agents_request(world, dialect, streamed):
    mark = {"cache_control": {"type": "ephemeral"}}
    tools = [{**WEATHER, "name": f"mcp__server__tool_number_{i}_with_a_long_name_that_many_servers_give_to_theirs"}
             for i in range(40)]  # fmt: skip
    system = [{"type": "text", "text": "You write code."}, {"type": "text", "text": "Be careful.", **mark}]
    wish = {
        "model": dialect.model,
        "max_tokens": 32000 if streamed else 8000,
        "system": system,
        "tools": [*tools[:-1], {**tools[-1], **mark}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", **mark}]}],
        "metadata": {"user_id": "user_1"},
    }
    each = client(world, dialect, headers={"x-app": "cli"}).beta.messages
    if streamed:
        with each.stream(**wish, betas=["fine-grained-tool-streaming-2025-05-14"]) as events:
            answer = events.get_final_message()
    else:
        answer = each.create(**wish, betas=["fine-grained-tool-streaming-2025-05-14"])
    equal(answer.content[0].text, "Hello")
    sent = world.upstream.take().json
    equal(len(sent["tools"]), 40)
    if dialect is OPENAI:
        names = [tool["function"]["name"] for tool in sent["tools"]]
        equal(len(set(names)), 40)
        check(all(len(name) <= 64 for name in names), names)
        check("cache_control" not in json_module.dumps(sent), sent)
