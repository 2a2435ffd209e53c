"""Tools and structured output, the same in every dialect."""

import json as json_module

from pydantic import BaseModel

from checks import same_calls
from clients import HELLO, check, client, equal
from dialects import ALL, GOOGLE
from harness import test
from upstream import json, stream

DIALECTS = [(dialect,) for dialect in ALL]
# Of nine letters and digits, as Mistral wants them.
CALLS = [("callone01", "weather", {"city": "Turin"}), ("calltwo02", "weather", {"city": "Bari"})]
PARAMETERS = {
    "type": "object",
    "required": ["city"],
    "properties": {"zone": {"type": "number", "minimum": -12.0}, "city": {"type": "string", "pattern": "^\\p{L}+$"}},
}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells the weather", "parameters": PARAMETERS},
}


def two_turns(world, dialect):
    """The answers to a question, and to what two tools then say."""
    each = client(world, dialect)
    first = each.chat.completions.create(model=dialect.model, messages=HELLO, tools=[WEATHER], tool_choice="auto")
    message = first.choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"sunny: {told[0]}"}
        for call, told in zip(message.tool_calls, CALLS, strict=True)
    ]
    second = each.chat.completions.create(
        model=dialect.model, messages=[*HELLO, message.to_dict(exclude_unset=True), *results], tools=[WEATHER]
    )
    return first.choices[0], second.choices[0]


def calls_of(message):
    return [(call.id, call.function.name, json_module.loads(call.function.arguments)) for call in message.tool_calls]


@test(*DIALECTS)
def tool_call(world, dialect):
    world.upstream.answer(dialect, json(lambda it: it.calls(CALLS[:1])))
    answer = client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, tools=[WEATHER])
    same_calls(dialect, calls_of(answer.choices[0].message), CALLS[:1])
    equal(answer.choices[0].finish_reason, "tool_calls")
    equal(dialect.tools(world.upstream.take().json), [("weather", PARAMETERS)])


@test(*DIALECTS)
def parallel_tool_calls_over_two_turns(world, dialect):
    world.upstream.answer(dialect, json(lambda it: it.calls(CALLS)))
    first, second = two_turns(world, dialect)
    same_calls(dialect, calls_of(first.message), CALLS)
    equal(first.finish_reason, "tool_calls")
    equal(second.message.content, "Hello")

    asked, told = world.upstream.take().json, world.upstream.take().json
    equal((dialect.tools(asked), dialect.choice(asked)), ([("weather", PARAMETERS)], dialect.choices["auto"]))
    sent = [(dialect.sent_id(call_id), *call) for call_id, *call in CALLS]
    equal((dialect.turns(told), dialect.calls_in(told)), (dialect.call_turns, sent))
    equal(dialect.results_in(told), [(dialect.sent_id(each), f"sunny: {each}", False) for each, *_ in CALLS])


# https://ai.google.dev/gemini-api/docs/thought-signatures
@test()
def signature_of_a_call(world):
    world.upstream.answer(GOOGLE, json(lambda it: it.calls(CALLS)))
    two_turns(world, GOOGLE)
    world.upstream.take()
    equal(GOOGLE.signatures_in(world.upstream.take().json), ["c2ln", None])


@test(*DIALECTS)
def schema_of_a_tool_byte_for_byte(world, dialect):
    word = "weather" if "weather" in dialect.choices else "auto"
    choice = {"type": "function", "function": {"name": word}} if word == "weather" else word
    client(world, dialect).chat.completions.create(
        model=dialect.model, messages=HELLO, tools=[WEATHER], tool_choice=choice
    )
    record = world.upstream.take()
    # The package writes compact JSON; -12.0 would become -12 in many hands.
    check(json_module.dumps(PARAMETERS, separators=(",", ":")).encode() in record.body, record.body)
    equal(dialect.choice(record.json), dialect.choices[word])


@test(*DIALECTS)
def streamed_tool_calls(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: it.call_stream(CALLS)))
    with client(world, dialect).chat.completions.stream(model=dialect.model, messages=HELLO, tools=[WEATHER]) as events:
        choice = events.get_final_completion().choices[0]
    same_calls(dialect, calls_of(choice.message), CALLS)
    equal(choice.finish_reason, "tool_calls")
    equal(len(dialect.tools(world.upstream.take().json)), 1)


class Place(BaseModel):
    city: str
    people: int


@test(*((dialect, streamed) for dialect in ALL if dialect.takes_schemas for streamed in (False, True)))
def structured_output(world, dialect, streamed):
    text = '{"city":"Turin","people":841600}'
    request = {"model": dialect.model, "messages": HELLO, "response_format": Place}
    completions = client(world, dialect).chat.completions
    if streamed:
        world.upstream.answer(dialect, stream(lambda it: it.text_stream([text[:9], text[9:]])))
        with completions.stream(**request) as events:
            parsed = events.get_final_completion().choices[0].message.parsed
    else:
        world.upstream.answer(dialect, json(lambda it: it.text(text)))
        parsed = completions.parse(**request).choices[0].message.parsed
    equal(parsed, Place(city="Turin", people=841600))
    schema = dialect.schema(world.upstream.take().json)
    equal((list(schema["properties"]), schema["required"]), (["city", "people"], ["city", "people"]))
