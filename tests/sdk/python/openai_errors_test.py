"""Errors of the provider and of the gateway, as the package's error classes show them."""

import json as json_module

import openai

from clients import HELLO, check, client, equal, failure
from dialects import ALL, OPENAI
from harness import test
from upstream import hang_up, json

DIALECTS = [(dialect,) for dialect in ALL]
CASES = [
    (400, openai.BadRequestError, "invalid_request_error", "bad_value"),
    (401, openai.AuthenticationError, "authentication_error", "invalid_api_key"),
    (403, openai.PermissionDeniedError, "permission_error", "no_access"),
    (404, openai.NotFoundError, "not_found_error", "model_not_found"),
    (429, openai.RateLimitError, "rate_limit_error", "rate_limit_exceeded"),
    (500, openai.InternalServerError, "api_error", "server_error"),
    (529, openai.InternalServerError, "overloaded_error", "overloaded"),
]


@test(*((dialect, *case, streamed) for dialect in ALL for case in CASES for streamed in (False, True)))
def error(world, dialect, status, kind, word, code, streamed):
    body = dialect.error(f"No: {status}", word, code)
    headers = {"x-request-id": "req_up", "request-id": "req_up", "set-cookie": "a=b"}
    world.upstream.answer(dialect.suffix, json(body, status, headers))
    got = failure(
        lambda: client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, stream=streamed)
    )
    world.upstream.take()
    check(isinstance(got, kind), got)
    equal(got.status_code, status)
    check(f"No: {status}" in got.message, got.message)
    check(got.request_id and got.request_id != "req_up", got.request_id)
    equal(got.response.headers.get("x-portkey-upstream-request-id"), "req_up")
    check("set-cookie" not in got.response.headers)
    if dialect is OPENAI:
        equal((got.body, got.code, got.type, got.param), (body["error"], code, word, None))
        equal(json_module.loads(got.response.headers["x-portkey-error"])["attempts"], 1)
    else:
        equal(got.body["portolan"]["attempts"], 1)
        check(isinstance(got.type, str), got.type)


@test(*DIALECTS)
def request_id_of_the_caller(world, dialect):
    world.upstream.answer(dialect.suffix, json(dialect.error("No", "invalid_request_error"), 400))
    each = client(world, dialect, {"x-request-id": "mine-1"})
    got = failure(lambda: each.chat.completions.create(model=dialect.model, messages=HELLO))
    equal(got.request_id, "mine-1")
    world.upstream.take()


@test(*DIALECTS)
def rate_limit_says_when_to_come_again(world, dialect):
    limits = {"retry-after": "7", "retry-after-ms": "6500", "x-ratelimit-remaining-requests": "0"}
    world.upstream.answer(dialect.suffix, json(dialect.error("slow", "rate_limit_error"), 429, limits))
    got = failure(lambda: client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO))
    world.upstream.take()
    check(isinstance(got, openai.RateLimitError), got)
    equal({name: got.response.headers.get(name) for name in limits}, limits)


@test(*DIALECTS)
def the_package_tries_again_when_told_to(world, dialect):
    world.upstream.answer(
        dialect.suffix, json(dialect.error("slow", "rate_limit_error"), 429, {"retry-after-ms": "20"})
    )
    answer = client(world, dialect, max_retries=2).chat.completions.create(model=dialect.model, messages=HELLO)
    equal(answer.choices[0].message.content, "Hello")
    equal(world.upstream.take().body, world.upstream.take().body)


@test(*DIALECTS)
def error_that_is_no_json(world, dialect):
    world.upstream.answer(
        dialect.suffix, lambda handler: handler.send_body(502, {"content-type": "text/html"}, b"<h1>Bad</h1>")
    )
    got = failure(lambda: client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO))
    equal((got.status_code, got.body["portolan"]["class"]), (502, "provider"))
    world.upstream.take()


@test(*DIALECTS)
def upstream_that_hangs_up_at_once(world, dialect):
    # Twice: a connection that was used before and then dies unanswered may only have been closed for idleness, so the
    # gateway tries once more on a fresh one.
    world.upstream.answer(dialect.suffix, hang_up())
    world.upstream.answer(dialect.suffix, hang_up())
    got = failure(lambda: client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO))
    equal((got.status_code, got.body["portolan"]["class"]), (502, "provider"))
    world.upstream.take()
    if world.upstream.records:
        world.upstream.take()
