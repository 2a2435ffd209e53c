"""Errors of the provider and of the gateway, as the package's error classes show them."""

import json as json_module

import openai

from clients import HELLO, check, client, equal, failure
from dialects import ALL, VERTEX_CLAUDE, VERTEX_GEMINI
from harness import test
from upstream import hang_up, json, refusal

DIALECTS = [(dialect,) for dialect in ALL]
CLASSES = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
}


def ask(world, dialect, streamed=False, **options):
    return client(world, dialect, **options).chat.completions.create(
        model=dialect.model, messages=HELLO, stream=streamed
    )


def told_by_gateway(error):
    """What the gateway adds: in the error, or in a header if the provider's own has passed."""
    return error.body.get("portolan") or json_module.loads(error.response.headers["x-portkey-error"])


@test(*((dialect, status, streamed) for dialect in ALL for status in dialect.errors for streamed in (False, True)))
def error(world, dialect, status, streamed):
    headers = {"x-request-id": "req_up", "request-id": "req_up", "set-cookie": "a=b"}
    world.upstream.answer(dialect, refusal(status, f"No: {status}", headers))
    got = failure(lambda: ask(world, dialect, streamed))
    world.upstream.take()
    check(isinstance(got, CLASSES.get(status, openai.InternalServerError if status >= 500 else openai.APIError)), got)
    equal((got.status_code, got.code), (status, dialect.errors[status]))
    check(f"No: {status}" in got.message, got.message)
    check(got.request_id and got.request_id != "req_up", got.request_id)
    equal(got.response.headers.get("x-portkey-upstream-request-id"), "req_up")
    check("set-cookie" not in got.response.headers)
    check(isinstance(got.type, str), got.type)
    equal(told_by_gateway(got)["attempts"], 1)
    if dialect.relays:
        equal(got.body, dialect.error(status, f"No: {status}")[0]["error"])


# As calls that are streamed are answered there.
@test((VERTEX_GEMINI, 429), (VERTEX_CLAUDE, 429), (VERTEX_CLAUDE, 404))
def error_in_a_list(world, dialect, status):
    world.upstream.answer(dialect, json(lambda it: [it.error(status, f"No: {status}")[0]], status))
    got = failure(lambda: ask(world, dialect, streamed=True))
    world.upstream.take()
    equal((got.status_code, got.code, got.message.endswith(f"No: {status}")), (status, dialect.errors[status], True))


@test(*DIALECTS)
def request_id_of_the_caller(world, dialect):
    world.upstream.answer(dialect, refusal(400, "No"))
    got = failure(lambda: ask(world, dialect, headers={"x-request-id": "mine-1"}))
    equal(got.request_id, "mine-1")
    world.upstream.take()


@test(*DIALECTS)
def rate_limit_says_when_to_come_again(world, dialect):
    limits = {"retry-after": "7", "retry-after-ms": "6500", "x-ratelimit-remaining-requests": "0"}
    world.upstream.answer(dialect, refusal(429, "slow", limits))
    got = failure(lambda: ask(world, dialect))
    world.upstream.take()
    check(isinstance(got, openai.RateLimitError), got)
    equal({name: got.response.headers.get(name) for name in limits}, limits)


@test(*((dialect,) for dialect in ALL if dialect.tells_after))
def rate_limit_says_so_in_the_providers_words(world, dialect):
    world.upstream.answer(dialect, refusal(429, "slow", after=7))
    got = failure(lambda: ask(world, dialect))
    world.upstream.take()
    check(isinstance(got, openai.RateLimitError), got)
    equal(told_by_gateway(got)["retry_after_ms"], 7000)
    equal(got.response.headers.get("retry-after"), "7")  # where the package looks


@test(*DIALECTS)
def the_package_tries_again_when_told_to(world, dialect):
    world.upstream.answer(dialect, refusal(429, "slow", {"retry-after-ms": "20"}))
    answer = ask(world, dialect, max_retries=2)
    equal(answer.choices[0].message.content, "Hello")
    equal(world.upstream.take().body, world.upstream.take().body)


@test(*DIALECTS)
def error_that_is_no_json(world, dialect):
    world.upstream.answer(
        dialect, lambda handler: handler.send_body(502, {"content-type": "text/html"}, b"<h1>Bad</h1>")
    )
    got = failure(lambda: ask(world, dialect))
    equal((got.status_code, got.body["portolan"]["class"]), (502, "provider"))
    world.upstream.take()


@test(*DIALECTS)
def upstream_that_hangs_up_at_once(world, dialect):
    # Twice: a connection that was used before and then dies unanswered may only have been closed for idleness, so the
    # gateway tries once more on a fresh one.
    world.upstream.answer(dialect, hang_up())
    world.upstream.answer(dialect, hang_up())
    got = failure(lambda: ask(world, dialect))
    equal((got.status_code, got.body["portolan"]["class"]), (502, "provider"))
    world.upstream.take()
    if world.upstream.records:
        world.upstream.take()
