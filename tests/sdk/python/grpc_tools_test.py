"""Tools and structured output over gRPC, the same in every dialect."""

import json as json_module

from checks import same_calls
from clients import check, equal
from dialects import ALL
from harness import test
from portolan.v1 import message_pb2, response_format_pb2, tool_pb2
from rpc import Chat, chat_request, metadata, text, user
from upstream import json, stream

DIALECTS = [(dialect,) for dialect in ALL]
# Of nine letters and digits, as Mistral wants them.
CALLS = [("callone01", "weather", {"city": "Turin"}), ("calltwo02", "weather", {"city": "Bari"})]
# A spelling that no JSON writer would choose by itself.
SCHEMA = '{"type" : "object",\t"properties":{"zone":{"minimum":-12.00,"maximum":1E2},"city":{"type":"string"}},"x":"\\u00e0"}'


def weather():
    return tool_pb2.Tool(type="function", function=tool_pb2.FunctionDefinition(name="weather", parameters=SCHEMA))


def calls_of(message):
    return [(call.id, call.function.name, json_module.loads(call.function.arguments)) for call in message.tool_calls]


@test(*DIALECTS)
def tool_call(world, dialect):
    world.upstream.answer(dialect, json(lambda it: it.calls(CALLS[:1])))
    word = "weather" if "weather" in dialect.choices else "auto"
    named = tool_pb2.ToolChoice(named=tool_pb2.NamedToolChoice(type="function", function={"name": "weather"}))
    with Chat(world) as chats:
        request = chat_request(dialect, tools=[weather()], tool_choice=named if word == "weather" else None)
        choice = chats.CreateChatCompletion(request, metadata=metadata(world, dialect)).choices[0]
    same_calls(dialect, calls_of(choice.message), CALLS[:1])
    equal(choice.finish_reason, "tool_calls")
    sent = world.upstream.take().json
    equal(dialect.tools(sent), [("weather", json_module.loads(SCHEMA))])
    equal(dialect.choice(sent), dialect.choices[word])


@test(*DIALECTS)
def parallel_tool_calls_over_two_turns(world, dialect):
    world.upstream.answer(dialect, json(lambda it: it.calls(CALLS)))
    auto = tool_pb2.ToolChoice(mode="auto")
    with Chat(world) as chats:
        first = chats.CreateChatCompletion(
            chat_request(dialect, tools=[weather()], tool_choice=auto), metadata=metadata(world, dialect)
        )
        message = first.choices[0].message
        same_calls(dialect, calls_of(message), CALLS)
        results = [
            message_pb2.Message(role="tool", tool_call_id=call.id, content=text(f"sunny: {told[0]}"))
            for call, told in zip(message.tool_calls, CALLS, strict=True)
        ]
        request = chat_request(dialect, messages=[user("Hi"), message, *results], tools=[weather()])
        second = chats.CreateChatCompletion(request, metadata=metadata(world, dialect))
    equal(second.choices[0].message.content.text, "Hello")
    asked, told = world.upstream.take().json, world.upstream.take().json
    equal(dialect.choice(asked), dialect.choices["auto"])
    sent = [(dialect.sent_id(call_id), *call) for call_id, *call in CALLS]
    equal((dialect.turns(told), dialect.calls_in(told)), (dialect.call_turns, sent))
    equal(dialect.results_in(told), [(dialect.sent_id(each), f"sunny: {each}", False) for each, *_ in CALLS])


@test(*DIALECTS)
def streamed_tool_calls(world, dialect):
    world.upstream.answer(dialect, stream(lambda it: it.call_stream(CALLS)))
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
    same_calls(dialect, [(call[0], call[1], json_module.loads(call[2])) for _, call in sorted(seen.items())], CALLS)
    equal(len(dialect.tools(world.upstream.take().json)), 1)


@test(*DIALECTS)
def schema_of_a_tool_byte_for_byte(world, dialect):
    with Chat(world) as chats:
        chats.CreateChatCompletion(chat_request(dialect, tools=[weather()]), metadata=metadata(world, dialect))
    body = world.upstream.take().body
    # Where schemas are adapted, what stays as it is keeps its spelling, but not the white space around it.
    expected = SCHEMA.replace(" ", "").replace("\t", "") if dialect.adapts_schemas else SCHEMA
    check(expected.encode() in body, body)


@test(*((dialect,) for dialect in ALL if dialect.takes_schemas))
def structured_output(world, dialect):
    world.upstream.answer(dialect, json(lambda it: it.text('{"city":"Turin"}')))
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
    equal(dialect.schema(world.upstream.take().json), json_module.loads(schema))
