#!/usr/bin/env python3
"""Calls a gateway by REST and gRPC until SIGINT, without ever trying a call twice, then prints what became of the calls as JSON.

    load.py [--rate CALLS_A_SECOND] [--streams HOW_MANY_AT_A_TIME] REST_HOST:PORT GRPC_TARGET    the key is in CALLER_KEY

A tenth goes by gRPC, the rest by REST: half of those calls on connections that are kept, half each on one of its own. Prints
"under way" once all streams are open. A stream is whole if the text that was asked for has come and its end with it. One that is
not may be refused (as it is if the connection breaks before the answer begins), end in an error that says so, or be cut with its
connection; one that ends as if it were whole is a lie.
"""

import argparse
import asyncio
import collections
import json
import os
import signal
import socket
import sys
import time

import portolan

# The provider within the gateway answers with what it was told: in so many pieces, at this pace. That is 20 seconds.
PIECES = 64
MODEL = "echo-slow-300"
TEXT = " ".join(f"word{i}" for i in range(PIECES))
LIMIT_S = 60


class Tally:
    def __init__(self):
        self.calls, self.late = 0, 0.0
        self.failed = collections.Counter()
        self.streams = collections.Counter()
        self.open = 0
        self.began = time.monotonic()


class Broken(Exception):
    """The connection ended before the answer did."""


class Connection:
    """HTTP/1.1 as far as it is needed (RFC 9112)."""

    def __init__(self, address):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.reader = self.writer = None

    async def send(self, path, body):
        """The status and the headers of the answer."""
        if self.writer is None:
            self.reader, self.writer = await self._within(asyncio.open_connection(self.host, self.port), "no connection")
        payload = json.dumps(body).encode()
        self.writer.write(
            f"POST {path} HTTP/1.1\r\nhost: {self.host}\r\nx-portolan-api-key: {os.environ['CALLER_KEY']}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n".encode()
            + payload
        )
        head = (await self._part(self.reader.readuntil(b"\r\n\r\n"))).decode().split("\r\n")
        return int(head[0].split()[1]), dict(line.lower().split(": ", 1) for line in head[1:] if line)

    async def chunks(self):
        while size := int(await self._part(self.reader.readuntil(b"\r\n")), 16):
            yield (await self._part(self.reader.readexactly(size + 2)))[:-2]
        await self._part(self.reader.readexactly(2))

    async def body(self, headers):
        if "content-length" in headers:
            return await self._part(self.reader.readexactly(int(headers["content-length"])))
        return b"".join([chunk async for chunk in self.chunks()])

    async def _part(self, read):
        try:
            return await self._within(read, "no answer")
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Broken(f"the connection broke ({type(error).__name__})") from error

    @staticmethod
    async def _within(work, without):
        try:
            async with asyncio.timeout(LIMIT_S):
                return await work
        except TimeoutError as error:
            raise Broken(without) from error

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def asked(model, text, **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def code_of(body):
    try:
        return json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return f"no error at all: {body[:200]!r}"


class Rest:
    def __init__(self, address, keeps):
        self.connection, self.keeps = Connection(address), keeps

    async def call(self):
        """None, or why it failed."""
        try:
            status, headers = await self.connection.send("/v1/chat/completions", asked("echo", "Hello"))
            body = await self.connection.body(headers)
        except (Broken, OSError) as error:
            self.connection.close()
            return f"rest: {error}"
        if not self.keeps or headers.get("connection") == "close":
            self.connection.close()
        if status != 200:
            return f"rest: {status} {code_of(body)}"
        told = json.loads(body)["choices"][0]["message"]["content"]
        return None if told == "Hello" else f"rest: a wrong answer: {told}"

    async def stream(self):
        """What became of it."""
        connection = Connection(self.connection.host + f":{self.connection.port}")
        began = False
        try:
            status, headers = await connection.send("/v1/chat/completions", asked(MODEL, TEXT, stream=True))
            began = status == 200
            if not began:
                return f"refused: {status} {code_of(await connection.body(headers))}"
            data = b"".join([chunk async for chunk in connection.chunks()]).decode()
        except Broken as error:
            return "cut" if began else f"refused: {error}"
        except OSError as error:
            return f"refused: {error}"
        finally:
            connection.close()
        return self._read([line[6:] for line in data.split("\n") if line.startswith("data: ")])

    @staticmethod
    def _read(events):
        text = ""
        for event in events[: -1 if events and events[-1] == "[DONE]" else None]:
            parsed = json.loads(event)
            if "error" in parsed:
                return f"error: {parsed['error'].get('code')}"
            text += "".join(choice["delta"].get("content") or "" for choice in parsed["choices"])
        return "whole" if events and events[-1] == "[DONE]" and text == TEXT else f"lie: ended after {len(text)} bytes"


class Grpc:
    def __init__(self, client):
        self.client = client

    async def call(self):
        try:
            answer = await self.client.chat(model="echo", messages=[portolan.user("Hello")], timeout=LIMIT_S)
        except portolan.Error as error:
            return f"grpc: {error.code} {error}"
        told = portolan.text_of(answer.choices[0].message)
        return None if told == "Hello" else f"grpc: a wrong answer: {told}"

    async def stream(self):
        text = ""
        try:
            async for chunk in self.client.stream(model=MODEL, messages=[portolan.user(TEXT)], timeout=LIMIT_S):
                text += "".join(choice.delta.content for choice in chunk.choices)
        except portolan.Error as error:
            # Where the gateway is gone, the client itself says what it saw.
            return f"{'error' if text else 'refused'}: {error.code}"
        return "whole" if text == TEXT else f"lie: ended after {len(text)} bytes"


async def call_at_pace(caller, interval, begin, tally, stop):
    due = time.monotonic() + begin
    while not stop.is_set():
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        else:
            tally.late = max(tally.late, -wait)
        due += interval
        failure = await caller.call()
        tally.calls += 1
        if failure:
            tally.failed[failure] += 1


async def stream_on(caller, begin, tally, stop):
    await asyncio.sleep(begin)
    while not stop.is_set():
        tally.open += 1
        outcome = await caller.stream()
        tally.streams[outcome] += 1
        tally.open -= 1
        if outcome.startswith("refused"):
            await asyncio.sleep(0.2)


async def main(options):
    tally, stop = Tally(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    workers = 40
    # A Service keeps its address: to ask for it with each connection would be work for DNS, which is not what is tried.
    host, port = options.rest.rsplit(":", 1)
    rest = f"{(await loop.getaddrinfo(host, port, family=socket.AF_INET))[0][4][0]}:{port}"
    async with portolan.AsyncClient(options.grpc, key=os.environ["CALLER_KEY"]) as client:
        grpc = Grpc(client)
        streams = [
            asyncio.create_task(stream_on(grpc if i % 10 == 0 else Rest(rest, False), i * 0.02, tally, stop))
            for i in range(options.streams)
        ]
        while tally.open < options.streams and not stop.is_set():
            await asyncio.sleep(0.05)
        tally.began = time.monotonic()
        interval = workers / options.rate if options.rate else 0
        calls = [
            asyncio.create_task(
                call_at_pace(grpc if i % 10 == 0 else Rest(rest, i % 2 == 0), interval, interval * i / workers, tally, stop)
            )
            for i in range(workers if options.rate else 0)
        ]
        print("under way", flush=True)
        # One that fails for a reason of its own ends the load.
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, *calls, *streams], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await asyncio.gather(*calls)
        seconds = time.monotonic() - tally.began
        pace = {"seconds": round(seconds, 1), "calls": tally.calls, "rate": round(tally.calls / seconds)}
        await asyncio.gather(*streams)
    print(json.dumps({**pace, "latest": round(tally.late, 2), "failed": tally.failed, "streams": tally.streams}), flush=True)


parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=int, default=500)
parser.add_argument("--streams", type=int, default=100)
parser.add_argument("rest")
parser.add_argument("grpc")
asyncio.run(main(parser.parse_args(sys.argv[1:])))
