"""Anthropic's official package in front of every dialect: it cannot tell who answers."""

import asyncio
import base64

import anthropic

from clients import check, equal
from checks import same_calls
from dialects import ALL, ANTHROPIC, OPENAI
from harness import test
from upstream import hang_up, json, refusal, stream

DIALECTS = [(dialect,) for dialect in ALL]
HELLO = [{"role": "user", "content": "Hi"}]
# Of nine letters and digits, as Mistral wants them.
CALLS = [("tooluse01", "weather", {"city": "Turin"}), ("tooluse02", "weather", {"city": "Bari"})]
WEATHER = {
    "name": "weather",
    "description": "Tells the weather",
    "input_schema": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


# Loading the trusted certificates for each client would take most of the tests' time.
CONNECTIONS = anthropic.DefaultHttpxClient()


def client(world, dialect, kind=anthropic.Anthropic, **options):
    """A client whose calls go to the scripted upstream in `dialect`."""
    if kind is anthropic.Anthropic:
        options.setdefault("http_client", CONNECTIONS)
    headers = {**world.headers(dialect), **options.pop("headers", {})}
    return kind(
        base_url=world.gateway.url,
        default_headers=headers,
        **{"api_key": dialect.key("sk-caller"), "max_retries": 0, **options},
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
    equal(
        (answer.type, answer.role, answer.stop_reason, answer.stop_sequence), ("message", "assistant", "end_turn", None)
    )
    equal((answer.usage.input_tokens, answer.usage.output_tokens), (9, 3))
    check(answer.id.startswith("msg_"), answer.id)
    record = world.upstream.take()
    equal(record.path, dialect.chat_path())
    equal(dialect.bearer_of(record), dialect.key("sk-caller"))  # the package sends its key as a bearer
    sent = record.json
    equal((dialect.system(sent), dialect.texts(sent)), (["Be short"], ["Hi"]))
    equal((dialect.stop(sent), dialect.max_tokens(sent)), (["END"], 77))


@test()
def message_is_relayed(world):
    ask(world, ANTHROPIC, system="Be short", stop_sequences=["END"])
    equal(world.upstream.take().json, {"model": ANTHROPIC.model, "max_tokens": 77, "messages": HELLO,
                                       "system": "Be short", "stop_sequences": ["END"]})  # fmt: skip


@test(*DIALECTS)
def messages_by_asyncio(world, dialect):
    async def ask_all():
        async with client(world, dialect, anthropic.AsyncAnthropic) as each:
            calls = [each.messages.create(model=dialect.model, max_tokens=9, messages=HELLO) for _ in range(20)]
            return await asyncio.gather(*calls)

    equal([answer.content[0].text for answer in asyncio.run(ask_all())], ["Hello"] * 20)
    equal({world.upstream.take().path for _ in range(20)}, {dialect.chat_path()})


@test(*DIALECTS)
def streamed_message(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: it.text_stream(["Ciao", " ", "mondo"], usage=True)))
    with client(world, dialect).messages.stream(model=dialect.model, max_tokens=77, messages=HELLO) as events:
        texts = list(events.text_stream)
        final = events.get_final_message()
    equal(texts, ["Ciao", " ", "mondo"])
    equal((final.content[0].text, final.stop_reason), ("Ciao mondo", "end_turn"))
    equal((final.usage.input_tokens, final.usage.output_tokens), (9, 3))
    record = world.upstream.take()
    check(dialect.is_stream(record), record.path)
    # Anthropic's API promises the counts of every stream; OpenAI's must be asked for them.
    equal(record.json.get("stream_options"), {"include_usage": True} if dialect.asks_for_usage else None)


@test(*DIALECTS)
def order_of_events(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: it.text_stream(["a", "b"], usage=True)))
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

    reply = stream(lambda it: it.call_stream(CALLS)) if streamed else json(lambda it: it.calls(CALLS))
    world.upstream.answer(dialect, reply)
    first = turn(HELLO)
    equal(first.stop_reason, "tool_use")
    calls = [(block.id, block.name, block.input) for block in first.content if block.type == "tool_use"]
    same_calls(dialect, calls, CALLS)
    results = [
        {"type": "tool_result", "tool_use_id": calls[0][0], "content": "sun"},
        {
            "type": "tool_result",
            "tool_use_id": calls[1][0],
            "content": [{"type": "text", "text": "no"}],
            "is_error": True,
        },
    ]
    question = {"type": "text", "text": "And now?"}
    history = [
        *HELLO,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [*results, question]},
    ]
    equal(turn(history).content[0].text, "Hello")

    equal(dialect.tools(world.upstream.take().json), [("weather", WEATHER["input_schema"])])
    sent = world.upstream.take().json
    equal(dialect.turns(sent)[: len(dialect.call_turns)], dialect.call_turns)
    equal(dialect.calls_in(sent), [(dialect.sent_id(call_id), *call) for call_id, *call in CALLS])
    ids = [dialect.sent_id(call_id) for call_id, *_ in CALLS]
    equal(dialect.results_in(sent), [(ids[0], "sun", False), (ids[1], "no", True)])
    equal(dialect.texts(sent), ["Hi", "And now?"])
    if dialect.relays_messages:
        equal(sent["messages"][-1]["content"], [*results, question])


@test(*DIALECTS)
def tool_choice(world, dialect):
    for choice, word in (({"type": "any"}, "required"), ({"type": "none"}, "none"), ({"type": "auto"}, "auto"),
                         ({"type": "tool", "name": "weather"}, "weather")):  # fmt: skip
        if word not in dialect.choices:
            got = failure(lambda choice=choice: ask(world, dialect, tools=[WEATHER], tool_choice=choice))
            equal((got.status_code, got.body["error"]["param"]), (400, "tool_choice"))
            continue
        ask(world, dialect, tools=[WEATHER], tool_choice=choice)
        equal(dialect.choice(world.upstream.take().json), dialect.choices[word])


@test(*DIALECTS)
def one_tool_at_a_time(world, dialect):
    named = {"type": "tool", "name": "weather"} if "weather" in dialect.choices else {"type": "auto"}
    ask(world, dialect, tools=[WEATHER], tool_choice={**named, "disable_parallel_tool_use": True})
    check(dialect.forbids_parallel_calls(world.upstream.take().json) in (True, None))


@test(*((dialect,) for dialect in ALL if "image/png" in dialect.media_types))
def images(world, dialect):
    url = f"{world.upstream.url}/a.png"
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source},
               {"type": "image", "source": {"type": "url", "url": url}}]  # fmt: skip
    pixel = base64.b64decode(PIXEL)
    world.upstream.answer("/a.png", lambda handler: handler.send_body(200, {"content-type": "image/png"}, pixel))
    client(world, dialect).messages.create(
        model=dialect.model, max_tokens=77, messages=[{"role": "user", "content": content}]
    )
    if dialect.fetches:
        equal(world.upstream.take().path, "/a.png")
    sent = world.upstream.take().json
    equal(dialect.texts(sent), ["What is it?"])
    equal(dialect.media(sent), [("image/png", PIXEL), ("image/png", PIXEL) if dialect.fetches else url])


@test(*((dialect,) for dialect in ALL if "application/pdf" in dialect.media_types))
def pdf(world, dialect):
    data = base64.b64encode(b"%PDF-1.4 not really").decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    content = [{"type": "text", "text": "What is it?"}, {"type": "document", "source": source, "title": "a.pdf"}]
    client(world, dialect).messages.create(
        model=dialect.model, max_tokens=77, messages=[{"role": "user", "content": content}]
    )
    sent = world.upstream.take().json
    equal((dialect.texts(sent), dialect.media(sent)), (["What is it?"], [("application/pdf", data)]))


@test()
def thinking_is_relayed(world):
    blocks = [{"type": "thinking", "thinking": "Hm", "signature": "c2ln"}, {"type": "text", "text": "Yes"}]
    world.upstream.answer(ANTHROPIC, json(ANTHROPIC.message(blocks, "end_turn")))
    answer = ask(world, ANTHROPIC, thinking={"type": "adaptive"})
    equal([block.type for block in answer.content], ["thinking", "text"])
    equal((answer.content[0].thinking, answer.content[0].signature), ("Hm", "c2ln"))
    equal(world.upstream.take().json["thinking"], {"type": "adaptive"})


@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def reasoning_is_thinking(world, dialect, streamed):
    if streamed:
        world.upstream.answer(dialect, stream(lambda it: it.reasoned_stream(["H", "m"], "Yes")))
        with client(world, dialect).messages.stream(model=dialect.model, max_tokens=77, messages=HELLO) as events:
            answer = events.get_final_message()
    else:
        world.upstream.answer(dialect, json(lambda it: it.reasoned("Hm", "Yes")))
        answer = ask(world, dialect)
    # Google's signatures can come in a part of their own, and so come here.
    blocks = [block for block in answer.content if block.type != "google_part"]
    equal([(block.type, getattr(block, "thinking", None) or block.text) for block in blocks],
          [("thinking", "Hm"), ("text", "Yes")])  # fmt: skip
    check(isinstance(blocks[0].signature, str), blocks)
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


@test(
    *(
        (dialect, *case, streamed)
        for dialect in ALL
        for case in ERRORS
        for streamed in (False, True)
        if case[0] in dialect.errors
    )
)
def error(world, dialect, status, kind, word, streamed):
    world.upstream.answer(dialect, refusal(status, f"No: {status}", {"request-id": "req_up"}))
    got = failure(lambda: ask(world, dialect, stream=streamed))
    world.upstream.take()
    check(isinstance(got, kind), repr(got))
    equal((got.status_code, got.request_id), (status, "req_up"))
    equal((got.body["type"], got.body["error"]["type"]), ("error", word))
    check(f"No: {status}" in got.body["error"]["message"], got.body)
    told = dialect.error(status, f"No: {status}")[0]
    if dialect.relays_messages and told.get("type") == "error":
        equal(got.body, told)
    else:
        equal(got.body["error"]["portolan"]["attempts"], 1)


@test(*DIALECTS)
def error_in_a_stream(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: [*it.text_stream(["Hel"], finish=False), *it.error_events()]))
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
    world.upstream.answer(dialect, stream(lambda it: it.text_stream(["Hel"], finish=False), then="cut"))

    def read():
        with client(world, dialect).messages.stream(model=dialect.model, max_tokens=77, messages=HELLO) as events:
            events.get_final_message()

    failure(read)
    world.upstream.take()


@test(*DIALECTS)
def retries_of_the_package(world, dialect):
    world.upstream.answer(dialect, refusal(429, "slow", {"retry-after": "0"}))
    world.upstream.answer(dialect, hang_up())
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
    record = world.upstream.take()
    names = {name for name, _ in dialect.tools(record.json)}
    equal(len(names), 40)
    check(all(len(name) <= dialect.longest_name for name in names), names)
    equal(b"cache_control" in record.body, dialect.relays_messages)
