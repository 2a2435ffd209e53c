"""Runs tests one after the other against the gateway, or against a control.

A control gives exactly the answers that the upstream would give, without asking it. A test that passes against it does
not prove that the gateway forwards anything.
"""

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import traceback

import features
from dialects import HOSTED
from upstream import NothingReached, Upstream

TEST_TIMEOUT_S = 60
# Under a control, nobody need wait long for what never comes; but longer than the time-outs that tests are about.
CONTROL_PATIENCE_S = 1
CONTROL_ARRIVAL_S = 0.2
ABORT_LIMIT_MS = 50
TIMEOUT_S = 0.5  # in which a call gets to the upstream even on a busy machine

TESTS = []
# What the scripted upstream has a certificate for.
HOSTS = [dialect.host.split(":")[0] for dialect in HOSTED]


def test(*cases, own=False):
    """Registers a test, once for each of `cases` (tuples of arguments after the world).

    It must look at every request that reaches the upstream, and at one at least, unless the gateway answers by its `own`.
    """

    def register(run):
        for case in cases or ((),):
            words = [getattr(argument, "name", getattr(argument, "__name__", str(argument))) for argument in case]
            TESTS.append((" ".join([run.__name__, *words]), run, case, own))
        return run

    return register


class Gateway:
    """A gateway process of its own on free ports."""

    def __init__(self, binary, env=None, flags=()):
        addresses = [part for door in ("http", "grpc", "admin") for part in (f"--{door}", "127.0.0.1:0")]
        self.process = subprocess.Popen(
            [binary, "serve", *addresses, "--log-level", "error", *flags],
            env={"PATH": os.environ["PATH"], **(env or {})},
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        found = re.search(r"REST on (http:\S+), gRPC on (\S+),", line)
        if not found:
            raise RuntimeError(f"the gateway said {line!r}")
        self.url, self.grpc = found.groups()

    def close(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class World:
    """What a test works with."""

    def __init__(self, upstream, gateway, binary, certificate, splice):
        self.upstream, self.gateway, self.binary, self.certificate = upstream, gateway, binary, certificate
        self.splice = splice

    def headers(self, dialect, prefix="x-portkey"):
        """What sends a call to the upstream in `dialect`."""
        if dialect.own_members:
            return {f"{prefix}-config": json.dumps(self.config(dialect))}
        where = {"provider": dialect.provider, "custom_host": self.upstream.url + dialect.base, **dialect.own_options}
        return {f"{prefix}-{name.replace('_', '-')}": value for name, value in where.items()}

    def config(self, dialect, **override):
        """A config that sends a call to the upstream in `dialect`, with these members in its body."""
        where = {"provider": dialect.provider, "custom_host": self.upstream.url + dialect.base, **dialect.own_options}
        return {**where, "override_params": {**dialect.own_members, **override}}

    def other_gateway(self, env=None, flags=()):
        """Another gateway; under the control there is no other."""
        if not self.binary:
            raise NothingReached()
        return Gateway(self.binary, env, flags)

    def gateway_to_providers(self, env=None, config="", flags=()):
        """A gateway that has `env` alone; what goes to a provider's own host reaches the upstream. For `with`.

        config: the text of a config file for it. flags: more of them.
        Under the control it is the control.
        """
        if not self.binary:
            return contextlib.nullcontext(self.gateway)
        own = ["--upstream-ca", self.certificate, *([] if self.splice else ["--no-splice"]), *flags]
        if config:
            path = os.path.join(os.path.dirname(self.certificate), "config.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config)
            own += ["--config", path]
        return Gateway(self.binary, {"HTTPS_PROXY": self.upstream.url, **(env or {})}, own)

    def gateway_with_keys(self, flags=()):
        """A gateway with keys in its environment; what goes to a provider's own host reaches the upstream."""
        env = {"HTTPS_PROXY": self.upstream.url, **{each.key_variable: f"sk-env-{each.name}" for each in HOSTED}}
        return self.other_gateway(env, ["--upstream-ca", self.certificate, *flags])


def best_time_ms(attempt):
    """The best of up to ten times, as other processes may be in the way."""
    best = float("inf")
    for _ in range(10):
        best = min(best, attempt() * 1000)
        if best <= ABORT_LIMIT_MS:
            break
    return best


def at_once(*calls):
    """Makes the calls side by side, as what they wait for takes its time; fails as the first that does."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
        for each in [threads.submit(call) for call in calls]:
            each.result()


def make_certificate(folder):
    """A certificate for the providers' own hosts; returns its path and a server context."""
    names = "subjectAltName=" + ",".join(f"DNS:{host}" for host in HOSTS)
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=scripted upstream",
            "-addext",
            names,
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def run_one(run, case, own, world):
    """How a test fails, or None."""
    world.upstream.reset()
    outcome = [TimeoutError("took too long")]

    def body():
        try:
            run(world, *case)
            outcome[0] = None
        except Exception as error:
            outcome[0] = error

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(TEST_TIMEOUT_S)
    taken, left = world.upstream.reset()
    if outcome[0] or own:
        return outcome[0]
    if taken == 0:
        return NothingReached()
    return AssertionError(f"{left} more requests reached the upstream") if left else None


def main(binary, words, control_class):
    """Runs the tests whose names contain the word among `words`; `--control` and `--no-splice` say against what.

    Returns the exit code.
    """
    start_control = control_class if "--control" in words else None
    splice = "--no-splice" not in words
    word = next((each for each in words if not each.startswith("--")), "")
    folder = tempfile.mkdtemp()
    certificate, tls = make_certificate(folder)
    upstream = Upstream(tls=tls)
    if start_control:
        gateway = start_control(Upstream(upstream.scripts, is_control=True, patience=CONTROL_PATIENCE_S))
        upstream.arrival_limit = CONTROL_ARRIVAL_S
    else:
        gateway = Gateway(binary, flags=[] if splice else ["--no-splice"])
    world = World(upstream, gateway, None if start_control else binary, certificate, splice)
    passed = failed = unproven = 0
    shown = []
    for name, run, case, own in TESTS:
        if word not in name or (own and start_control):
            continue
        error = run_one(run, case, own, world)
        passed, failed = passed + (not error), failed + bool(error)
        if not error:
            shown.append(name)
        unproven += isinstance(error, NothingReached)
        if start_control and not error:
            print(f"FAILED: {name}: passes although nothing reached the upstream")
        if error and not start_control:
            print(f"FAILED: {name}")
            traceback.print_exception(error)
    gateway.close()
    shutil.rmtree(folder)
    if start_control:
        # Many answers of the control are just right: those tests must have failed for want of a request upstream.
        total = passed + failed
        print(f"control: {failed} of {total} tests failed, {unproven} of them only as nothing reached the upstream")
        passed, failed = failed, passed
        failed += unproven < passed / 2
    if not words and "PORTOLAN_PASSED_TESTS" in os.environ:
        suite = os.path.basename(sys.argv[0]).removesuffix("_suite.py")
        features.keep(os.environ["PORTOLAN_PASSED_TESTS"], suite, shown)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0
