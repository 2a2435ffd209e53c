"""What PaLM has of the other dialects' tests over gRPC, and its chats and texts, which have no tools or streams."""

import grpc_endings_test as endings
import grpc_errors_test as errors
import grpc_routes_test as routes
from clients import equal
from dialects import PALM
from harness import test
from portolan.v1 import completion_pb2, completion_service_pb2_grpc, message_pb2, values_pb2
from rpc import Chat, channel, chat_request, metadata, text, user
from upstream import json

SENT = {"prompt": {"context": "Be short", "messages": [{"author": "user", "content": "Hi"}]}, "temperature": 0.25}

test(*((PALM, status, streamed) for status in PALM.errors for streamed in (False, True)))(errors.error)
for each in (
    errors.rate_limit_says_when_to_come_again,
    errors.rate_limit_says_so_in_the_providers_words,
    errors.upstream_that_hangs_up_at_once,
    endings.caller_that_leaves_before_the_answer,
    routes.embeddings,
    routes.embeddings_of_two_texts,
    routes.key_of_the_caller_is_not_forwarded,
):
    test((PALM,))(each)


def question(dialect):
    messages = [message_pb2.Message(role="system", content=text("Be short")), user("Hi")]
    return chat_request(dialect, messages=messages, temperature=0.25)


@test((PALM, "x-portolan"))
def chat(world, dialect, prefix):
    with Chat(world) as chats:
        answer = chats.CreateChatCompletion(question(dialect), metadata=metadata(world, dialect, prefix))
    equal((answer.choices[0].message.content.text, answer.choices[0].finish_reason), ("Hello", "stop"))
    record = world.upstream.take()
    equal((record.path, dialect.key_of(record), record.json), (dialect.chat_path(), "sk-caller", SENT))


@test((PALM,))
def whole_answer_as_a_stream(world, dialect):
    with Chat(world) as chats:
        chunks = list(chats.StreamChatCompletion(question(dialect), metadata=metadata(world, dialect)))
    equal("".join(chunk.choices[0].delta.content for chunk in chunks if chunk.choices), "Hello")
    equal(world.upstream.take().json, SENT)


@test((PALM,))
def text_completion(world, dialect):
    world.upstream.answer(":generateText", json(dialect.completed(" upon a time")))
    request = completion_pb2.CompletionRequest(
        model=dialect.text_model, prompt=values_pb2.TextInput(text="Once"), max_tokens=20
    )
    with channel(world) as open_channel:
        create = completion_service_pb2_grpc.CompletionServiceStub(open_channel).CreateCompletion
        equal(create(request, metadata=metadata(world, dialect)).choices[0].text, " upon a time")
    record = world.upstream.take()
    equal(record.path, dialect.path_of(dialect.text_model, "generateText"))
    equal(record.json, {"prompt": {"text": "Once"}, "maxOutputTokens": 20})
