"""Status codes and details of errors over gRPC."""

import grpc
from google.rpc import error_details_pb2

from clients import check, equal
from dialects import ALL, OPENAI
from harness import test
from portolan.v1 import extra_pb2, tool_pb2
from rpc import Chat, chat_request, detail, error_info, failure, metadata
from upstream import hang_up, json

DIALECTS = [(dialect,) for dialect in ALL]
Code = grpc.StatusCode
CASES = [
    (400, Code.INVALID_ARGUMENT, "caller", "invalid_request_error"),
    (401, Code.UNAUTHENTICATED, "caller", "authentication_error"),
    (402, Code.FAILED_PRECONDITION, None, "billing_error"),
    (403, Code.PERMISSION_DENIED, None, "permission_error"),
    (404, Code.NOT_FOUND, "caller", "not_found_error"),
    (409, Code.ABORTED, None, "conflict_error"),
    (413, Code.RESOURCE_EXHAUSTED, "caller", "request_too_large"),
    (422, Code.INVALID_ARGUMENT, "caller", "invalid_request_error"),
    (429, Code.RESOURCE_EXHAUSTED, "provider", "rate_limit_error"),
    (500, Code.UNAVAILABLE, "provider", "api_error"),
    (503, Code.UNAVAILABLE, "provider", "server_error"),
    (529, Code.UNAVAILABLE, "provider", "overloaded_error"),
]


@test(*((dialect, *case, streamed) for dialect in ALL for case in CASES for streamed in (False, True)))
def error(world, dialect, status, code, fault, word, streamed):
    reply = json(
        dialect.error(f"No: {status}", word, "the_code"), status, {"x-request-id": "req_up", "request-id": "req_up"}
    )
    world.upstream.answer(dialect.suffix, reply)
    with Chat(world) as chats:
        rpc = chats.StreamChatCompletion if streamed else chats.CreateChatCompletion
        got = failure(lambda: list(rpc(chat_request(dialect), metadata=metadata(world, dialect))))
    world.upstream.take()
    equal(got.code(), code)
    check(f"No: {status}" in got.details(), got.details())
    info = error_info(got)
    equal((info.domain, info.metadata["http_status"], info.metadata["attempts"]), ("portolan", str(status), "1"))
    if fault:
        equal(info.metadata["class"], fault)
    equal(info.reason, "the_code" if dialect is OPENAI else info.reason or None)
    equal(dict(got.trailing_metadata()).get("x-portkey-upstream-request-id"), "req_up")


@test(*DIALECTS)
def rate_limit_says_when_to_come_again(world, dialect):
    limits = {"retry-after": "7", "x-ratelimit-remaining-requests": "0"}
    world.upstream.answer(dialect.suffix, json(dialect.error("slow", "rate_limit_error"), 429, limits))
    with Chat(world) as chats:
        got = failure(lambda: chats.CreateChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)))
    world.upstream.take()
    equal(detail(got, error_details_pb2.RetryInfo).retry_delay.seconds, 7)
    equal(error_info(got).metadata["retry_after_ms"], "7000")
    trailing = dict(got.trailing_metadata())
    equal({name: trailing.get(name) for name in limits}, limits)


@test(*DIALECTS)
def upstream_that_hangs_up_at_once(world, dialect):
    world.upstream.answer(dialect.suffix, hang_up())
    world.upstream.answer(dialect.suffix, hang_up())  # as a connection used before may be tried once more
    with Chat(world) as chats:
        got = failure(lambda: chats.CreateChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)))
    equal((got.code(), error_info(got).metadata["http_status"]), (Code.UNAVAILABLE, "502"))
    world.upstream.take()
    if world.upstream.records:
        world.upstream.take()


BAD = [
    ("stream", {"stream": True}, "stream"),
    (
        "schema",
        {"tools": [tool_pb2.Tool(type="function", function=tool_pb2.FunctionDefinition(name="f", parameters='{"a":'))]},
        "tools[0].function.parameters",
    ),
    ("extra", {"extra": [extra_pb2.Extra(name="x", json='1,"model":"other"')]}, "extra"),
]


@test(*((name,) for name, _, _ in BAD), own=True)
def request_that_is_refused(world, name):
    _, members, path = next(each for each in BAD if each[0] == name)
    with Chat(world) as chats:
        got = failure(
            lambda: chats.CreateChatCompletion(chat_request(OPENAI, **members), metadata=metadata(world, OPENAI))
        )
    equal(got.code(), Code.INVALID_ARGUMENT)
    equal((error_info(got).metadata["class"], error_info(got).metadata["attempts"]), ("caller", "0"))
    violation = detail(got, error_details_pb2.BadRequest).field_violations[0]
    check(path in violation.field, violation)
    check(violation.description, violation)
    check(not world.upstream.records)
