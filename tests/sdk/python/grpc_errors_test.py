"""Status codes and details of errors over gRPC."""

import grpc
from google.rpc import error_details_pb2

from clients import check, equal
from dialects import ALL, OPENAI
from harness import test
from portolan.v1 import extra_pb2, tool_pb2
from rpc import Chat, chat_request, detail, error_info, failure, metadata
from upstream import hang_up, refusal

DIALECTS = [(dialect,) for dialect in ALL]
Code = grpc.StatusCode
CASES = {
    400: (Code.INVALID_ARGUMENT, "caller"),
    401: (Code.UNAUTHENTICATED, "caller"),
    402: (Code.FAILED_PRECONDITION, None),
    403: (Code.PERMISSION_DENIED, None),
    404: (Code.NOT_FOUND, "caller"),
    408: (Code.DEADLINE_EXCEEDED, "provider"),
    409: (Code.ABORTED, None),
    413: (Code.RESOURCE_EXHAUSTED, "caller"),
    422: (Code.INVALID_ARGUMENT, "caller"),
    424: (Code.FAILED_PRECONDITION, "provider"),
    429: (Code.RESOURCE_EXHAUSTED, "provider"),
    500: (Code.UNAVAILABLE, "provider"),
    503: (Code.UNAVAILABLE, "provider"),
    504: (Code.DEADLINE_EXCEEDED, "provider"),
    529: (Code.UNAVAILABLE, "provider"),
}


@test(*((dialect, status, streamed) for dialect in ALL for status in dialect.errors for streamed in (False, True)))
def error(world, dialect, status, streamed):
    code, fault = CASES[status]
    headers = {"x-request-id": "req_up", "request-id": "req_up"}
    world.upstream.answer(dialect, refusal(status, f"No: {status}", headers))
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
    equal(info.reason, dialect.errors[status])
    equal(dict(got.trailing_metadata()).get("x-portkey-upstream-request-id"), "req_up")


@test(*((dialect,) for dialect in ALL if dialect.tells_after))
def rate_limit_says_so_in_the_providers_words(world, dialect):
    world.upstream.answer(dialect, refusal(429, "slow", after=7))
    with Chat(world) as chats:
        got = failure(lambda: chats.CreateChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)))
    world.upstream.take()
    equal(detail(got, error_details_pb2.RetryInfo).retry_delay.seconds, 7)


@test(*((dialect,) for dialect in ALL if dialect.tells_after))
def rate_limit_says_when_to_come_again(world, dialect):
    limits = {"retry-after": "7", "x-ratelimit-remaining-requests": "0"}
    world.upstream.answer(dialect, refusal(429, "slow", limits))
    with Chat(world) as chats:
        got = failure(lambda: chats.CreateChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)))
    world.upstream.take()
    equal(detail(got, error_details_pb2.RetryInfo).retry_delay.seconds, 7)
    equal(error_info(got).metadata["retry_after_ms"], "7000")
    trailing = dict(got.trailing_metadata())
    equal({name: trailing.get(name) for name in limits}, limits)


@test(*DIALECTS)
def upstream_that_hangs_up_at_once(world, dialect):
    world.upstream.answer(dialect, hang_up())
    world.upstream.answer(dialect, hang_up())  # as a connection used before may be tried once more
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
