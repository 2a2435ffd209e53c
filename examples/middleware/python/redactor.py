#!/usr/bin/env python3
"""redactor.py [--listen HOST:PORT]: a middleware that makes [EMAIL] of e-mail addresses, in what is asked and answered.

Of a streamed answer no part of an address leaves, however its chunks are cut. ../README.md tells what is looked at.
"""

import argparse
import asyncio
import signal

import grpc
import stubs  # noqa: F401  (makes portolan.middleware.v1)
from addresses import IN_JSON, PATTERNS, redact, settled
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from portolan.middleware.v1 import events_pb2, middleware_pb2, middleware_pb2_grpc
from portolan.middleware.v1.verdicts_pb2 import ChunkVerdict, Deny, Done, Finding, Hold, Proceed, Replace, Verdict

SERVICE = "portolan.middleware.v1.Middleware"
UNREADABLE = Deny(code="cannot_redact", message="streamed answers of this API cannot be redacted")


def redact_fields(message):
    """Takes the addresses out of a message, in place; returns how many there were."""
    count = 0
    for field, value in message.ListFields():
        pattern = PATTERNS.get(field.name)
        if field.type == field.TYPE_MESSAGE:
            count += sum(redact_fields(each) for each in (value if field.is_repeated else [value]))
        elif field.type == field.TYPE_STRING and pattern:
            done = [redact(each, pattern) for each in (value if field.is_repeated else [value])]
            count += sum(found for _, found in done)
            if field.is_repeated:
                value[:] = [text for text, _ in done]
            else:
                setattr(message, field.name, done[0][0])
    return count


def judge(event):
    """The verdict on a request or a whole answer."""
    kind = event.WhichOneof("body")
    if kind is None:  # there is none, or it cannot be read
        return Verdict(proceed=Proceed())
    before = getattr(event, kind)
    if kind == "json":  # of another API than chat, completions and embeddings
        text, count = redact(before.decode("utf-8", "surrogateescape"), IN_JSON)
        after = text.encode("utf-8", "surrogateescape")
    else:
        after = copy(before)
        count = redact_fields(after)
        for choice in getattr(after, "choices", ()):
            choice.ClearField("logprobs")  # whose tokens spell the text
        if isinstance(event, events_pb2.RequestEvent):
            kind += "_request"
    if after == before:
        return Verdict(proceed=Proceed())
    return Verdict(replace=Replace(**{kind: after}), findings=findings(count))


def findings(count):
    return [Finding(name="email", count=count)] if count else []


def copy(message):
    """A message like this one."""
    other = type(message)()
    other.CopyFrom(message)
    return other


class Stream:
    """A streamed answer. Texts wait while they may become addresses; the last chunk is held meanwhile, for them to leave in."""

    def __init__(self):
        self.held, self.sequence, self.count = None, 0, 0
        self.waiting = {}  # texts by their paths, such as ("choices", 0), ("delta", None), "content"

    def add(self, sequence, chunk):
        """The verdicts that a chunk brings about."""
        before = copy(chunk)
        for choice in chunk.choices:
            choice.ClearField("logprobs")
            if choice.DESCRIPTOR.name == "ChatChunkChoice":  # the text once more, and what cannot be put together here
                choice.delta.ClearField("content_blocks")
                choice.delta.ClearField("extra")
            self._take(choice, (("choices", choice.index),))
        ended = {choice.index for choice in chunk.choices if choice.finish_reason}
        self._fill(chunk if self.held is None else self.held, ended)
        if self.held is not None:  # released at once: the gateway reads on only while few chunks are held
            yield self._replace(self.sequence, self.held)
        self.held, self.sequence = (chunk, sequence) if self.waiting else (None, 0)
        if self.waiting:
            yield ChunkVerdict(sequence=sequence, hold=Hold())
        elif chunk == before:
            yield ChunkVerdict(sequence=sequence, proceed=Proceed())
        else:
            yield self._replace(sequence, chunk)

    def end(self):
        """The verdict on the chunk that is held, if there is one: nothing more comes."""
        if self.held is not None:
            self._fill(self.held, {index for (_, index), *_ in self.waiting})
            yield self._replace(self.sequence, self.held)
            self.held = None

    def _replace(self, sequence, chunk):
        kind = "completion" if chunk.DESCRIPTOR.name == "Completion" else "chunk"
        count, self.count = self.count, 0
        return ChunkVerdict(sequence=sequence, replace=Replace(**{kind: chunk}), findings=findings(count))

    def _take(self, message, path):
        """Moves the texts of a message to those that wait."""
        for field, value in message.ListFields():
            if field.type == field.TYPE_MESSAGE and not field.is_repeated:
                self._take(value, (*path, (field.name, None)))
            elif field.type == field.TYPE_MESSAGE:
                for each in value:
                    if "index" in each.DESCRIPTOR.fields_by_name:  # its texts come in pieces
                        self._take(each, (*path, (field.name, each.index)))
                    else:
                        self.count += redact_fields(each)
            elif field.type == field.TYPE_STRING and field.name in PATTERNS:
                self.waiting[(*path, field.name)] = self.waiting.get((*path, field.name), "") + value
                setattr(message, field.name, "")

    def _fill(self, chunk, ended):
        """Moves into the chunk what may leave of the texts: all of them, where the choice has ended."""
        for path, text in list(self.waiting.items()):
            *steps, name = path
            cut = len(text) if steps[0][1] in ended else settled(text, PATTERNS[name])
            ready, count = redact(text[:cut], PATTERNS[name])
            self.count += count
            if ready:
                place = chunk
                for field, index in steps:
                    place = getattr(place, field)
                    if index is not None:
                        place = next((each for each in place if each.index == index), None) or place.add(index=index)
                setattr(place, name, getattr(place, name) + ready)
            self.waiting[path] = text[cut:]
        self.waiting = {path: text for path, text in self.waiting.items() if text}


class Redactor(middleware_pb2_grpc.MiddlewareServicer):
    """The service."""

    async def Describe(self, request, context):
        hooks = [middleware_pb2.HOOK_REQUEST, middleware_pb2.HOOK_RESPONSE, middleware_pb2.HOOK_CHUNK]
        return middleware_pb2.DescribeResponse(protocol_version=1, hooks=hooks, form=middleware_pb2.BODY_FORM_TYPED)

    async def HandleRequest(self, request, context):
        return judge(request)

    async def HandleResponse(self, request, context):
        return judge(request)

    async def HandleStream(self, request_iterator, context):
        stream = Stream()
        async for event in request_iterator:
            for verdict in self._verdicts(stream, event):
                yield verdict

    def _verdicts(self, stream, event):
        kind = event.WhichOneof("event")
        if kind in ("chunk", "completion"):
            return stream.add(event.sequence, getattr(event, kind))
        if kind == "end":
            return [*stream.end(), ChunkVerdict(sequence=event.sequence, done=Done())]
        if kind == "json" and event.json == b"[DONE]":
            return [*stream.end(), ChunkVerdict(sequence=event.sequence, proceed=Proceed())]
        if kind == "json":  # a piece of another API's answer, which it cannot read: rather nothing than half an address
            return [ChunkVerdict(sequence=event.sequence, deny=UNREADABLE)]
        return []  # the start


async def main(listen):
    # A port is one process's. The gateway hands over bodies of up to 4 MB.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 16 << 20)])
    middleware_pb2_grpc.add_MiddlewareServicer_to_server(Redactor(), server)
    status = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    port = server.add_insecure_port(listen)
    await server.start()
    await status.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    print(f"listening on {listen.rpartition(':')[0]}:{port}", flush=True)

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await status.enter_graceful_shutdown()  # from now on nothing new is asked
    await server.stop(grace=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes [EMAIL] of e-mail addresses in calls of a Portolan gateway.")
    parser.add_argument("--listen", default="127.0.0.1:9000", metavar="HOST:PORT", help="port 0: one that is free")
    asyncio.run(main(parser.parse_args().listen))
