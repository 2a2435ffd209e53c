"""world.py BINARY [--control]: what the clients' scenarios run in: a gateway, and the scripted upstream behind it.

Prints one line of JSON that says where everything is, and serves until its standard input ends. Runners, in any language,
tell it what to do over HTTP; every answer is JSON:

    POST /begin?name=NAME    begins a scenario: arms the upstream; answers with the scenario as it stands in scenarios.yaml
    POST /end                ends it: answers with {"problems": [what the upstream did not receive as it should, ...]}
    POST /mark               notes the time: the runner is about to give up
    POST /restart?down_ms=N  kills the gateway; starts it again at the same port N ms later, in its own time
    POST /freeze             stops the gateway where it is, with its connections open, until the scenario ends
    POST /rollout?late_ms=N  puts another gateway in the place of those behind the scenario's name: they are gone at once, and
                             the name stands for the other one N ms later

A scenario whose gateway is `several` is there only where names can be changed (scripts/lib/with-names).

The upstream is that of tests/sdk/python, and so is the control: it makes the upstream's answers itself.
"""

import http.server
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "sdk", "python"))

import dialects  # noqa: E402
import upstream as scripted  # noqa: E402

LEFT_LIMIT_S = 20
START_LIMIT_S = 20
# So long after they are gone, clients have seen that their connections are.
NOTICED_S = 0.3


class Gateway:
    """A gateway process that can die, be started again at the same address, and be frozen."""

    def __init__(self, binary, flags, address="127.0.0.1:0"):
        self.binary, self.flags, self.address, self.process = binary, flags, address, None
        self.start()

    def start(self):
        listen = ["--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grpc", self.address]
        self.process = subprocess.Popen(
            [self.binary, "serve", *listen, "--log-level", "error", *self.flags],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        found = re.search(r"gRPC on (\S+),", line)
        if not found:
            raise RuntimeError(f"the gateway said {line!r}")
        self.address = found.group(1)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def signal(self, number):
        self.process.send_signal(number)


class ControlGateway:
    """The control in a gateway's place. It cannot be frozen, and need not be: every scenario fails anyway."""

    def __init__(self, scripts, certificate=None, callers=None, address="127.0.0.1:0"):
        self.answers = scripted.Upstream(scripts, is_control=True, patience=2)
        self.certificate, self.callers, self.address, self.control = certificate, callers, address, None
        self.start()

    def start(self):
        from grpc_control import Control  # needs the generated stubs, which the gateway does not

        self.control = Control(self.answers, self.certificate, self.address, self.callers)
        self.address = self.control.grpc

    def kill(self):
        self.control.close()

    def signal(self, number):
        pass


class Several:
    """The gateways behind one name, which a rollout exchanges: `one` and `two`, and then `three`.

    serve: starts a gateway, given its name and its address.
    """

    NAME = "gateways.test"

    def __init__(self, serve, hosts):
        self.serve, self.hosts, self.told_late = serve, hosts, None
        with open(hosts, encoding="utf-8") as file:
            self.others = file.read().split(f"\n# {self.NAME}")[0]
        self.running = [serve("one", "127.0.0.1:0")]
        self.port = self.running[0].address.rpartition(":")[2]
        self.running.append(serve("two", f"127.0.0.2:{self.port}"))
        self.stand_for("127.0.0.1", "127.0.0.2")
        self.target = f"{self.NAME}:{self.port}"

    def stand_for(self, *addresses):
        lines = "".join(f"{address} {self.NAME}\n" for address in addresses)
        text = f"{self.others}\n# {self.NAME}\n{lines}"
        # In one piece and always of the same length: it is read meanwhile.
        with open(self.hosts, "r+b", buffering=0) as file:
            file.write(text.encode().ljust(len(self.others.encode()) + 256, b"\n"))

    def rollout(self, late_ms):
        gone, self.running = self.running, [self.serve("three", f"127.0.0.3:{self.port}")]
        for gateway in gone:
            gateway.kill()
        self.told_late = threading.Timer(late_ms / 1000, self.stand_for, ["127.0.0.3"])
        self.told_late.start()
        # A call that is under way when a connection is lost fails: the runner's next one shall not be such.
        time.sleep(NOTICED_S)

    def close(self):
        if self.told_late:
            self.told_late.join()
        for gateway in self.running:
            gateway.kill()


class World:
    """The processes, and the scenario that is under way. One runner at a time."""

    def __init__(self, binary, folder, is_control):
        with open(os.path.join(HERE, "..", "scenarios.yaml"), encoding="utf-8") as file:
            told = yaml.safe_load(file)
        self.model, self.key = told["model"], told["key"]
        self.scenarios = {each["name"]: each for each in told["scenarios"]}
        self.is_control, self.binary, self.folder = is_control, binary, folder
        self.hosts, self.several = os.environ.get("PORTOLAN_HOSTS"), None
        if not self.hosts:
            self.scenarios = {name: each for name, each in self.scenarios.items() if each.get("gateway") != "several"}
        self.upstream = scripted.Upstream(patience=60)
        self.scenario, self.marked, self.frozen, self.starting = None, None, False, None
        self.certificate, key = make_certificate(folder, "gateway")
        self.callers = make_certificate(folder, "caller")
        if is_control:
            self.plain = ControlGateway(self.upstream.scripts)
            self.tls = ControlGateway(self.upstream.scripts, (self.certificate, key))
            self.mtls = ControlGateway(self.upstream.scripts, (self.certificate, key), self.callers[0])
            return
        config = self.config("gateway", f"{self.upstream.url}/v1")
        self.plain = Gateway(binary, ["--config", config])
        tls = ["--config", config, "--tls-cert", self.certificate, "--tls-key", key]
        self.tls = Gateway(binary, tls)
        self.mtls = Gateway(binary, [*tls, "--tls-client-ca", self.callers[0]])

    def config(self, name, upstream):
        """A gateway's config file."""
        path = os.path.join(self.folder, f"{name}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"providers": {"scripted": {"base_url": upstream}}}, file)
        return path

    def serve(self, name, address):
        """A gateway that the upstream knows by its name: its paths begin with that."""
        if self.is_control:
            return ControlGateway(self.upstream.scripts, address=address)
        return Gateway(self.binary, ["--config", self.config(name, f"{self.upstream.url}/{name}/v1")], address)

    def places(self):
        """What a runner must know to begin."""
        return {
            "plain": self.plain.address,
            "tls": self.tls.address,
            "mtls": self.mtls.address,
            "ca": self.certificate,
            "certificate": self.callers[0],
            "certificate_key": self.callers[1],
            "model": self.model,
            "key": self.key,
            "control": self.is_control,
            "scenarios": list(self.scenarios),
        }

    def begin(self, name):
        self.upstream.reset()
        self.scenario, self.marked = self.scenarios[name], None
        for answer in self.scenario["answers"]:
            for _ in range(answer.get("times", 1)):
                self.upstream.answer(dialects.OPENAI, reply(answer))
        if self.scenario.get("gateway") != "several":
            return self.scenario
        self.close_several()
        self.several = Several(self.serve, self.hosts)
        return {**self.scenario, "given": {**self.scenario["given"], "target": self.several.target}}

    def mark(self):
        self.marked = time.perf_counter()
        return {}

    def restart(self, down_ms):
        self.plain.kill()

        def start():
            time.sleep(down_ms / 1000)
            self.plain.start()

        self.starting = threading.Thread(target=start)
        self.starting.start()
        return {}

    def freeze(self):
        self.plain.signal(signal.SIGSTOP)
        self.frozen = True
        return {}

    def rollout(self, late_ms):
        self.several.rollout(late_ms)
        return {}

    def end(self):
        """How what the upstream received differs from what the scenario says."""
        if self.frozen:
            self.plain.signal(signal.SIGCONT)
            self.frozen = False
        if self.starting:
            self.starting.join(START_LIMIT_S)
            self.starting = None
        self.close_several()
        wanted = [want for want in self.scenario["received"] for _ in range(want.get("times", 1))]
        records = list(self.upstream.records)
        problems = []
        if not records:
            problems.append("no request reached the upstream")
        elif len(records) != len(wanted):
            problems.append(f"{len(records)} requests reached the upstream, not {len(wanted)}")
        for index, (record, want) in enumerate(zip(records, wanted)):
            problems += [f"request {index}: {problem}" for problem in self.differences(record, want)]
        for want in self.scenario["received"]:
            callers = {caller_of(record) for record, other in zip(records, wanted) if other is want}
            if "by" in want and callers != set(want["by"]):
                problems.append(f"came from {sorted(callers)}, not {want['by']}")
        self.upstream.reset()
        return {"problems": problems}

    def differences(self, record, want):
        path = record.path.removeprefix(f"/{caller_of(record)}") if "by" in want else record.path
        if path != want["path"]:
            yield f"path is {path}, not {want['path']}"
        for name, value in want.get("headers", {}).items():
            if record.headers.get(name) != value:
                yield f"header {name} is {record.headers.get(name)!r}, not {value!r}"
        yield from unlike(record.json, want.get("body", {}), "body")
        if "prompt_bytes" in want:
            size = len(record.json["messages"][-1]["content"])
            if size != want["prompt_bytes"]:
                yield f"the last message has {size} bytes, not {want['prompt_bytes']}"
        if want.get("left") and not record.gone.wait(LEFT_LIMIT_S):
            yield "the gateway has not left the upstream"
        elif "left_within_ms" in want:
            if self.marked is None:
                yield "the runner has not marked when it gave up"
            elif (late := (record.gone_at - self.marked) * 1000) > want["left_within_ms"]:
                yield f"the upstream was left {late:.0f} ms after the runner gave up"

    def close_several(self):
        if self.several:
            self.several.close()
            self.several = None

    def close(self):
        self.close_several()
        for gateway in (self.plain, self.tls, self.mtls):
            gateway.kill()


def caller_of(record):
    """The name of the gateway that a request came from, of those behind one name."""
    return record.path.split("/")[1]


def unlike(seen, want, where):
    """Where `seen` is not what is wanted; objects may have more members."""
    if isinstance(want, dict) and isinstance(seen, dict):
        for name, value in want.items():
            if name not in seen:
                yield f"{where}.{name} is missing"
            else:
                yield from unlike(seen[name], value, f"{where}.{name}")
    elif isinstance(want, list) and isinstance(seen, list) and len(seen) == len(want):
        for index, value in enumerate(want):
            yield from unlike(seen[index], value, f"{where}[{index}]")
    elif seen != want:
        yield f"{where} is {seen!r:.200}, not {want!r:.200}"


def reply(answer):
    """The upstream's reply for an entry of `answers`."""
    if answer.get("silence"):
        return scripted.silence()
    if "error" in answer:
        return scripted.refusal(**answer["error"])
    if "pieces" in answer:
        hangs = answer.get("then") == "hang"
        return scripted.stream(lambda it: it.text_stream(answer["pieces"], finish=not hangs), "hang" if hangs else "end")
    if "calls" in answer:
        return scripted.json(lambda it: it.calls([tuple(call) for call in answer["calls"]]))
    text = answer["text"] if "text" in answer else "x" * answer["text_bytes"]
    return scripted.json(lambda it: it.text(text))


def make_certificate(folder, name):
    """A certificate for localhost, which nobody but itself has signed; returns the files of it and of its key.

    It says that it is no authority's: some take an authority's for no server's.
    """
    certificate, key = os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}-key.pem")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]
    files = ["-keyout", key, "-out", certificate]
    command = ["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    ssl.create_default_context(cafile=certificate)  # fails if it is no good
    return certificate, key


def serve_commands(world):
    """Takes the runner's commands; returns the server, which runs in a thread."""
    commands = {
        "/begin": lambda query: world.begin(query["name"]),
        "/end": lambda query: world.end(),
        "/mark": lambda query: world.mark(),
        "/restart": lambda query: world.restart(int(query["down_ms"])),
        "/freeze": lambda query: world.freeze(),
        "/rollout": lambda query: world.rollout(int(query["late_ms"])),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            url = urllib.parse.urlsplit(self.path)
            try:
                status, answer = 200, commands[url.path](dict(urllib.parse.parse_qsl(url.query)))
            except Exception as error:
                status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main(binary, is_control):
    with tempfile.TemporaryDirectory() as folder:
        world = World(binary, folder, is_control)
        try:
            server = serve_commands(world)
            url = f"http://127.0.0.1:{server.server_port}"
            print(json.dumps({"world": url, **world.places()}), flush=True)
            sys.stdin.read()
        finally:
            world.close()


if __name__ == "__main__":
    main(sys.argv[1], "--control" in sys.argv[2:])
