"""How calls end early: time-outs, callers that leave, streams that break."""

import asyncio
import time

import openai

from clients import HELLO, check, client, equal, failure
from dialects import ALL
from harness import ABORT_LIMIT_MS, TIMEOUT_S, at_once, best_time_ms, test
from upstream import silence, stream

DIALECTS = [(dialect,) for dialect in ALL]


# Those that wait for time to pass wait for all dialects side by side.


@test()
def request_timeout(world):
    def attempt(dialect, prefix):
        each = client(world, dialect, {f"{prefix}-request-timeout": f"{TIMEOUT_S * 1000:.0f}"}, prefix)
        started = time.perf_counter()
        got = failure(lambda: each.chat.completions.create(model=dialect.model, messages=HELLO))
        took = time.perf_counter() - started
        world.upstream.arrival().wait_gone()
        equal((dialect.name, got.status_code), (dialect.name, 408))
        check(TIMEOUT_S - 0.01 <= took < 15, (dialect.name, took))

    cases = [(dialect, prefix) for dialect in ALL for prefix in ("x-portkey", "x-portolan")]
    for dialect, _ in cases:
        world.upstream.answer(dialect, silence())
    at_once(*(lambda case=case: attempt(*case) for case in cases))


@test()
def timeout_of_the_package(world):
    def attempt(dialect):
        each = client(world, dialect, timeout=TIMEOUT_S)
        got = failure(lambda: each.chat.completions.create(model=dialect.model, messages=HELLO))
        check(isinstance(got, openai.APITimeoutError), (dialect.name, got))
        world.upstream.arrival().wait_gone()

    for dialect in ALL:
        world.upstream.answer(dialect, silence())
    at_once(*(lambda dialect=dialect: attempt(dialect) for dialect in ALL))


@test(*DIALECTS)
def caller_that_closes_a_stream(world, dialect):
    def attempt():
        world.upstream.answer(dialect, stream(lambda it: it.text_stream(["one", "two"], finish=False), "hang"))
        chunks = client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, stream=True)
        for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content == "two":
                break
        left = time.perf_counter()
        chunks.close()
        return world.upstream.take().wait_gone() - left

    took = best_time_ms(attempt)
    check(took <= ABORT_LIMIT_MS, f"{took} ms")


@test(*DIALECTS)
def caller_that_is_cancelled_before_the_answer(world, dialect):
    async def ask():
        async with client(world, dialect, kind=openai.AsyncOpenAI) as each:
            call = asyncio.create_task(each.chat.completions.create(model=dialect.model, messages=HELLO))
            try:
                record = await asyncio.to_thread(world.upstream.arrival)
                left = time.perf_counter()
            finally:
                call.cancel()
            return await asyncio.to_thread(record.wait_gone) - left

    def attempt():
        world.upstream.answer(dialect, silence())
        return asyncio.run(ask())

    took = best_time_ms(attempt)
    check(took <= ABORT_LIMIT_MS, f"{took} ms")


BREAKS = ("cut", "no end", "error", "garbage")


@test(*((dialect, how) for dialect in ALL for how in BREAKS))
def stream_that_breaks(world, dialect, how):
    def events(it):
        more = {"error": it.error_events(), "garbage": [it.garbage]}.get(how, [])
        return it.text_stream(["one", "two"], finish=False) + more

    world.upstream.answer(dialect, stream(events, "cut" if how == "cut" else "end"))
    seen = []

    def read():
        for chunk in client(world, dialect).chat.completions.create(model=dialect.model, messages=HELLO, stream=True):
            seen.append(chunk.choices[0].delta.content or "")

    got = failure(read)
    world.upstream.take()
    equal("".join(seen), "onetwo")
    check(got.message, got)
    if how == "error":
        check("too busy" in got.message, got.message)
