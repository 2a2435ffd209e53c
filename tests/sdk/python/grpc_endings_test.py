"""How calls over gRPC end early: deadlines, cancellation, streams that break."""

import time

import grpc
from google.protobuf import duration_pb2

from clients import check, equal
from dialects import ALL
from harness import ABORT_LIMIT_MS, TIMEOUT_S, at_once, best_time_ms, test
from portolan.v1 import call_options_pb2
from rpc import Chat, chat_request, error_info, failure, metadata
from upstream import silence, stream

DIALECTS = [(dialect,) for dialect in ALL]
Code = grpc.StatusCode


# Those that wait for time to pass wait for all dialects side by side.


@test()
def deadline(world):
    def attempt(dialect, rpc):
        started = time.perf_counter()
        got = failure(lambda: list(rpc(chat_request(dialect), metadata=metadata(world, dialect), timeout=TIMEOUT_S)))
        took = time.perf_counter() - started
        world.upstream.arrival().wait_gone()
        equal((dialect.name, got.code()), (dialect.name, Code.DEADLINE_EXCEEDED))
        check(took < 15, (dialect.name, took))

    with Chat(world) as chats:
        cases = [(dialect, rpc) for dialect in ALL for rpc in (chats.CreateChatCompletion, chats.StreamChatCompletion)]
        for dialect, _ in cases:
            world.upstream.answer(dialect, silence())
        at_once(*(lambda case=case: attempt(*case) for case in cases))


@test()
def request_timeout(world):
    def attempt(dialect, how):
        request = chat_request(dialect)
        if how == "typed":
            limit = duration_pb2.Duration(nanos=int(TIMEOUT_S * 1e9))
            request.portolan.CopyFrom(call_options_pb2.CallOptions(timeout=limit))
            pairs = metadata(world, dialect)
        else:
            pairs = [*metadata(world, dialect, how), (f"{how}-request-timeout", f"{TIMEOUT_S * 1000:.0f}")]
        started = time.perf_counter()
        got = failure(lambda: chats.CreateChatCompletion(request, metadata=pairs))
        took = time.perf_counter() - started
        record = world.upstream.arrival()
        check(TIMEOUT_S - 0.01 <= took < 15, (dialect.name, took))
        seen = (dialect.name, got.code(), error_info(got).metadata["http_status"])
        equal(seen, (dialect.name, Code.DEADLINE_EXCEEDED, "408"))
        check("portolan" not in record.json, record.json)
        record.wait_gone()

    cases = [(dialect, how) for dialect in ALL for how in ("x-portkey", "x-portolan", "typed")]
    for dialect, _ in cases:
        world.upstream.answer(dialect, silence())
    with Chat(world) as chats:
        at_once(*(lambda case=case: attempt(*case) for case in cases))


@test(*((dialect, how) for dialect in ALL for how in ("cancel", "close the channel")))
def caller_that_leaves_in_mid_stream(world, dialect, how):
    def attempt():
        world.upstream.answer(dialect, stream(lambda it: it.text_stream(["one", "two"], finish=False), "hang"))
        chat = Chat(world)
        with chat as chats:
            call = chats.StreamChatCompletion(chat_request(dialect), metadata=metadata(world, dialect))
            for chunk in call:
                if chunk.choices and chunk.choices[0].delta.content == "two":
                    break
            left = time.perf_counter()
            if how == "cancel":
                call.cancel()
            else:
                chat.channel.close()
            return world.upstream.take().wait_gone() - left

    took = best_time_ms(attempt)
    check(took <= ABORT_LIMIT_MS, f"{took} ms")


@test(*DIALECTS)
def caller_that_leaves_before_the_answer(world, dialect):
    def attempt():
        world.upstream.answer(dialect, silence())
        with Chat(world) as chats:
            call = chats.CreateChatCompletion.future(chat_request(dialect), metadata=metadata(world, dialect))
            record = world.upstream.arrival()
            left = time.perf_counter()
            call.cancel()
            return record.wait_gone() - left

    took = best_time_ms(attempt)
    check(took <= ABORT_LIMIT_MS, f"{took} ms")


@test(*((dialect, how) for dialect in ALL for how in ("cut", "no end", "error", "garbage")))
def stream_that_breaks(world, dialect, how):
    def events(it):
        more = {"error": it.error_events(), "garbage": [it.garbage]}.get(how, [])
        return it.text_stream(["one", "two"], finish=False) + more

    world.upstream.answer(dialect, stream(events, "cut" if how == "cut" else "end"))
    seen = []

    def read():
        for chunk in chats.StreamChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)):
            seen.append(chunk.choices[0].delta.content)

    with Chat(world) as chats:
        got = failure(read)
    world.upstream.take()
    equal("".join(seen), "onetwo")
    equal(got.code(), Code.UNAVAILABLE)
    equal(error_info(got).metadata["class"], "provider")
    if how == "error":
        check("too busy" in got.details(), got.details())
