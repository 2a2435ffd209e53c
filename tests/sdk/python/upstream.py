"""A scripted provider: it answers as it is told, or plausibly, and records every request it gets.

Standard library only. Also a forward proxy (CONNECT) that is itself whatever host it is asked for, so that tests see what
the gateway sends to a provider's own address.
"""

import collections
import http.server
import json as json_module
import os
import select
import socket
import struct
import threading
import time

import dialects


class NothingReached(Exception):
    """A test expects a request upstream, and there is none."""

    def __init__(self):
        super().__init__("no request reached the upstream")


class Record:
    """A request as the upstream got it."""

    def __init__(self, method, path, headers, body, host):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.host = host  # of a CONNECT, else None
        is_form = "urlencoded" in headers.get("content-type", "")  # of whoever asks for a token
        self.json = json_module.loads(body) if body and not is_form else None
        self.gone = threading.Event()
        self.gone_at = None

    def wait_gone(self, seconds=20):
        """When the gateway left, on time.perf_counter's clock."""
        if not self.gone.wait(seconds):
            raise AssertionError("the gateway has not left the upstream")
        return self.gone_at


class Upstream:
    """Serves what `scripts` holds; tests assert on what `take` returns. Safe to use from any thread.

    scripts: shared with another Upstream, both give the same answers.
    is_control: whether it is asked in the gateway's place: it gives an answer in the dialect that the caller speaks.
    tls: the server context of the hosts that it is as a proxy.
    patience: seconds until it hangs up on a client that waits for what never comes.
    """

    def __init__(self, scripts=None, tls=None, is_control=False, patience=20):
        self.is_control = is_control
        self.patience = patience
        self.arrival_limit = 20
        self.scripts = collections.defaultdict(collections.deque) if scripts is None else scripts
        self.tls = tls
        self.changed = threading.Condition()
        self.records = collections.deque()
        self.taken = 0
        handler = type("BoundHandler", (Handler,), {"upstream": self})
        self.server = Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, where, reply):
        """The next request gets `reply`, a function of the handler, whose path belongs to `where`.

        That is a dialect, for its chats, or what the path ends with.
        """
        self.scripts[where].append(reply)

    def take(self):
        """The oldest request that no test has looked at."""
        with self.changed:
            if not self.records:
                raise NothingReached()
            self.taken += 1
            return self.records.popleft()

    def arrival(self):
        """Like take, but waits a little for a request that is still on its way."""
        with self.changed:
            self.changed.wait_for(lambda: self.records, self.arrival_limit)
            return self.take()

    def reset(self):
        """Forgets everything between tests; returns how many records the test took and left."""
        with self.changed:
            taken, left = self.taken, len(self.records)
            self.records.clear()
            self.taken = 0
            self.scripts.clear()
        return taken, left

    def add(self, record, spoken):
        logs = os.environ.get("PORTOLAN_REQUEST_LOGS")
        with self.changed:
            self.records.append(record)
            if logs and spoken:
                with open(os.path.join(logs, spoken.checked_as or spoken.name), "a", encoding="utf-8") as lines:
                    lines.write(json_module.dumps(spoken.to_check(record.json)) + "\n")
            self.changed.notify_all()

    def script_for(self, record, spoken):
        """The reply that a test has told, or one that a provider might give by itself; and the dialect to give it in.

        Where dialects have the same path, it is that of whom the test has told.
        """
        path = record.path.split("?")[0]
        for where, replies in list(self.scripts.items()):
            by_path = isinstance(where, str)
            meant = path.endswith(where) if by_path else spoken and (self.is_control or where.is_chat(path))
            if meant and replies:
                return replies.popleft(), spoken if by_path or self.is_control else where
        return usual_reply(path, spoken, record), spoken


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a gateway that leaves is what some tests are about


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection.

    What scripts use: spoken (the dialect that was asked in), send_body, begin_stream, send_event, end_stream, cut, hang.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    tunnel_host = None
    spoken = None

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.connection = self.upstream.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb", -1), self.connection.makefile("wb", 0)
        self.tunnel_host = self.path
        self.close_connection = False

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        body = self.read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.record = Record(self.command, self.path, headers, body, self.tunnel_host)
        self.spoken = dialects.of_path(self.path.split("?")[0])
        self.upstream.add(self.record, self.spoken)
        reply, self.spoken = self.upstream.script_for(self.record, self.spoken)
        reply(self)

    def read_body(self):
        if self.headers.get("transfer-encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def send_body(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self, headers=None):
        self.send_response(200)
        kind = self.spoken.stream_type if self.spoken else "text/event-stream"
        for name, value in {"content-type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def send_event(self, event):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def cut(self):
        """Resets the connection after what was written."""
        time.sleep(0.02)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def hang(self):
        """Does nothing until the gateway leaves."""
        select.select([self.connection], [], [], self.upstream.patience)
        self.record.gone_at = time.perf_counter()
        self.record.gone.set()
        self.close_connection = True

    def log_message(self, format, *args):
        pass


def json(value, status=200, headers=None):
    """Answers with `value` as JSON.

    Bytes are sent as they are; a function makes the value of the dialect that is spoken.
    """

    def reply(handler):
        told = value(handler.spoken) if callable(value) else value
        body = told if isinstance(told, bytes) else json_module.dumps(told).encode()
        handler.send_body(status, {"content-type": "application/json", **(headers or {})}, body)

    return reply


def refusal(status, message, headers=None, after=None):
    """Answers with an error in the words of the dialect; `after`: the seconds that it says to wait."""

    def reply(handler):
        body, more = handler.spoken.error(status, message, after)
        json(body, handler.spoken.http_status(status), {**more, **(headers or {})})(handler)

    return reply


def stream(events, then="end"):
    """Answers with `events`, made of the dialect that is spoken.

    then: `end` in good order, `cut` the connection, or `hang`.
    """

    def reply(handler):
        handler.begin_stream()
        for event in events(handler.spoken):
            handler.send_event(event)
        {"end": handler.end_stream, "cut": handler.cut, "hang": handler.hang}[then]()

    return reply


def silence():
    """Never answers."""
    return lambda handler: handler.hang()


def hang_up():
    """Resets the connection unanswered."""
    return lambda handler: handler.cut()


def usual_reply(path, spoken, record):
    """What any provider might say, so that a test that scripts nothing still gets an answer."""
    body = record.json or {}
    if spoken:
        streamed = spoken.is_stream(record)
        return stream(lambda it: it.text_stream(["Hel", "lo"])) if streamed else json(lambda it: it.text("Hello"))
    if path.endswith("/completions"):
        if body.get("stream"):
            pieces = [completion("Hel", None), completion("lo", "stop")]
            return stream(lambda _: [*dialects.OPENAI.events(pieces), dialects.OPENAI.done])
        return json(
            {**completion("Hello", "stop"), "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
        )
    # OpenAI's own is the end of others.
    for each in sorted((*dialects.EMBEDDERS, dialects.PALM), key=lambda each: len(each.embedding_path), reverse=True):
        if path.endswith(each.embedding_path.removeprefix("/v1").split("?")[0]):
            return json(each.embeddings([[0.5, -0.25, 1.0] for _ in each.embedded(body)], body))
    return json({"error": {"message": f"the upstream has no {path}", "type": "x", "code": None, "param": None}}, 404)


def completion(text, finish):
    choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-1", "object": "text_completion", "created": 1700000000, "model": "m", "choices": [choice]}
