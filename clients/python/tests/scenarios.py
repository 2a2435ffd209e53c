"""scenarios.py BINARY [--control] [WORD]: runs clients/scenarios.yaml with both clients. WORD: those that contain it.

PORTOLAN_INSTALLED in the environment is a Python that has the package and what that needs, for the README's first call.
"""

import asyncio
import os
import pathlib
import subprocess
import sys
import traceback

from blocking import LOOP, BlockingClient
from world import World

import portolan
from portolan.v1 import ChatCompletionRequest

EXAMPLE = pathlib.Path(__file__).parents[1] / "examples" / "chat.py"
README = pathlib.Path(__file__).parents[1] / "README.md"
SCENARIOS = {}


def scenario(run):
    """Registers what a scenario does, by its name."""
    SCENARIOS[run.__name__] = run
    return run


class Stage:
    """What a scenario works with: the kind of client, the world, and the scenario's own words."""

    def __init__(self, kind, world, told):
        self.kind, self.world, self.told = kind, world, told
        self.given, self.seen = told["given"], told["seen"]

    def client(self, **options):
        """A client of the scenario's gateway."""
        places = self.world.places
        return self.kind(places[self.told.get("gateway", "plain")], places["key"], **options)

    def asked(self, **more):
        """The fields of a request that says the prompt."""
        return {"model": self.world.places["model"], "messages": [portolan.user(self.given["prompt"])], **more}


def equal(seen, expected):
    """Fails with both values if they differ."""
    assert seen == expected, f"expected {expected!r:.300}, seen {seen!r:.300}"


def failure(call):
    """The error that `call` raises."""
    try:
        call()
    except portolan.Error as error:
        return error
    raise AssertionError("the call did not fail")


def equal_error(error, seen):
    """Fails unless the error is what is to be seen."""
    kinds = {
        "caller": portolan.CallerError,
        "policy": portolan.PolicyError,
        "provider": portolan.ProviderError,
        "gateway": portolan.GatewayError,
    }
    equal(type(error), kinds[seen["class"]])
    told = {
        "class": error.error_class,
        "code": error.code,
        "status": error.status.name,
        "http_status": error.http_status,
        "attempts": error.attempts,
        "retryable": error.retryable,
        "retry_delay_ms": error.retry_delay and round(error.retry_delay.total_seconds() * 1000),
        "message": error.message,
    }
    equal({name: told[name] for name in seen}, seen)


def piece_of(chunk):
    """The text of a piece; of one that has none, ''."""
    return chunk.choices[0].delta.content if chunk.choices else ""


@scenario
def chat(stage):
    with stage.client() as client:
        answer = client.chat(**stage.asked())
    equal(portolan.text_of(answer.choices[0].message), stage.seen["text"])
    equal(answer.choices[0].finish_reason, stage.seen["finish_reason"])
    equal(answer.usage.total_tokens, stage.seen["total_tokens"])


@scenario
def stream(stage):
    with stage.client() as client:
        chunks = list(client.stream(**stage.asked()))
    equal([piece for chunk in chunks if (piece := piece_of(chunk))], stage.seen["pieces"])
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    equal(reasons, [stage.seen["finish_reason"]])


@scenario
def tools(stage):
    given, seen = stage.given, stage.seen
    with stage.client() as client:
        asked = stage.asked(tools=[portolan.function_tool(**given["tool"])])
        choice = client.chat(**asked).choices[0]
        equal(choice.finish_reason, seen["finish_reason"])
        call = choice.message.tool_calls[0]
        equal((call.id, call.function.name), (seen["id"], seen["name"]))
        equal(call.function.arguments, '{"city": "Lisbon"}')
        asked["messages"] += [choice.message, portolan.tool_result(call.id, given["result"])]
        equal(portolan.text_of(client.chat(**asked).choices[0].message), seen["text"])


@scenario
def error(stage):
    with stage.client() as client:
        equal_error(failure(lambda: client.chat(**stage.asked())), stage.seen)


@scenario
def policy(stage):
    with stage.client() as client:
        equal_error(failure(lambda: client.chat(**stage.asked(), headers=stage.given["metadata"])), stage.seen)


@scenario
def stream_error(stage):
    with stage.client() as client:
        equal_error(failure(lambda: list(client.stream(**stage.asked()))), stage.seen)


@scenario
def deadline(stage):
    seconds = stage.given["timeout_ms"] / 1000
    with stage.client() as client:
        equal_error(failure(lambda: client.chat(**stage.asked(), timeout=seconds)), stage.seen)


@scenario
def cancellation(stage):
    with stage.client() as client:
        answer = client.stream(**stage.asked())
        equal(first_piece(answer), stage.seen["pieces"][0])
        stage.world.tell("mark")
        answer.cancel()
        equal(failure(lambda: list(answer)).code, "client_closed_request")


@scenario
def metadata(stage):
    received = {}
    with stage.client() as client:
        answer = client.chat(**stage.asked(), headers=stage.given["metadata"], on_headers=received.update)
    equal(portolan.text_of(answer.choices[0].message), stage.seen["text"])
    equal({name: received.get(name) for name in stage.seen["metadata"]}, stage.seen["metadata"])


@scenario
def large(stage):
    asked = {"model": stage.world.places["model"], "messages": [portolan.user("x" * stage.given["prompt_bytes"])]}
    with stage.client() as client:
        text = portolan.text_of(client.chat(**asked).choices[0].message)
    equal((len(text), set(text)), (stage.seen["text_bytes"], {"x"}))


@scenario
def tls(stage):
    with stage.client(tls=True, connect_timeout=1) as client:
        equal_error(failure(lambda: client.chat(**stage.asked())), stage.seen["untrusting"])
    with stage.client(ca=pathlib.Path(stage.world.places["ca"]).read_bytes()) as client:
        answer = client.chat(**stage.asked())
    equal(portolan.text_of(answer.choices[0].message), stage.seen["text"])


@scenario
def mtls(stage):
    ca, chain, key = (pathlib.Path(stage.world.places[name]).read_bytes() for name in ("ca", "certificate", "certificate_key"))
    with stage.client(ca=ca, connect_timeout=1) as client:
        equal_error(failure(lambda: client.chat(**stage.asked())), stage.seen["nameless"])
    with stage.client(ca=ca, certificate=(key, chain)) as client:
        answer = client.chat(**stage.asked())
    equal(portolan.text_of(answer.choices[0].message), stage.seen["text"])


@scenario
def reconnect(stage):
    with stage.client() as client:
        answer = client.stream(**stage.asked())
        equal(first_piece(answer), stage.seen["pieces"][0])
        stage.world.tell(f"restart?down_ms={stage.given['down_ms']}")
        equal_error(failure(lambda: list(answer)), stage.seen["broken"])
        equal(portolan.text_of(client.chat(**stage.asked()).choices[0].message), stage.seen["text"])


@scenario
def rollout(stage):
    places, given, asked = stage.world.places, stage.given, stage.asked()
    with stage.kind(given["target"], places["key"]) as client:
        for _ in range(given["calls"]):
            equal(portolan.text_of(client.chat(**asked).choices[0].message), stage.seen["text"])
        stage.world.tell(f"rollout?late_ms={given['late_ms']}")
        equal(portolan.text_of(client.chat(**asked).choices[0].message), stage.seen["after"])


@scenario
def keepalive(stage):
    given = stage.given
    options = {"keepalive_time": given["keepalive_time_ms"] / 1000, "keepalive_timeout": given["keepalive_timeout_ms"] / 1000}
    with stage.client(**options) as client:
        answer = client.stream(**stage.asked(), timeout=60)
        equal(first_piece(answer), stage.seen["pieces"][0])
        stage.world.tell("freeze")
        equal_error(failure(lambda: list(answer)), stage.seen["broken"])


@scenario
def example(stage):
    places = stage.world.places
    names = {"PORTOLAN_TARGET": places["plain"], "PORTOLAN_KEY": places["key"], "PORTOLAN_MODEL": places["model"]}
    command = [sys.executable, str(EXAMPLE), stage.given["prompt"]]
    ended = subprocess.run(command, env={**os.environ, **names}, capture_output=True, text=True, timeout=60, check=True)
    equal(ended.stdout, stage.seen["output"])


def first_piece(answer):
    """The first piece of a stream that has a text."""
    return next(piece for chunk in answer if (piece := piece_of(chunk)))


def attempt(name, kind, world):
    """What went wrong in one try of a scenario, or None."""
    told = world.tell(f"begin?name={name}")
    failed = None
    try:
        SCENARIOS[name](Stage(kind, world, told))
    except Exception as error:  # whatever it is, the others go on
        failed = error
    problems = world.tell("end")["problems"]
    if failed is None and problems:
        failed = AssertionError("; ".join(problems))
    return failed


def main(binary, words):
    """Runs the scenarios; returns the exit status."""
    is_control = "--control" in words
    word = next((each for each in words if not each.startswith("--")), "")
    passed = failed = unreached = 0
    with World(binary, *(["--control"] if is_control else [])) as world:
        if not is_control:
            check_readme(world)
            check_asyncio_cancel(world)
        for kind in (portolan.Client, BlockingClient):
            for name in world.places["scenarios"]:
                label = f"{kind.__name__} {name}"
                if word not in label:
                    continue
                tries = 1 if is_control else world.tell(f"begin?name={name}")["given"].get("tries", 1)
                for _ in range(tries):
                    error = attempt(name, kind, world)
                    if error is None:
                        break
                good = (error is None) != is_control
                passed, failed = passed + good, failed + (not good)
                unreached += "no request reached the upstream" in str(error)
                if error and not is_control:
                    print(f"FAILED: {label}")
                    traceback.print_exception(error)
                elif not good:
                    print(f"FAILED: {label}: passes although nothing reached the upstream")
    if is_control:
        # Most of the control's answers are just right: those must have failed for want of a request upstream.
        print(f"control: {passed} scenarios failed, {unreached} of them only as nothing reached the upstream")
        failed += unreached < passed / 2
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def check_readme(world):
    """The README's first call works as it stands, but for the address, in the Python that PORTOLAN_INSTALLED names."""
    program = README.read_text().split("```python\n")[1].split("```")[0].replace("127.0.0.1:50051", world.places["plain"])
    command = [os.environ["PORTOLAN_INSTALLED"], "-I", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    whole, streamed = ended.stdout.split("\n")
    assert "Hello" in whole and whole == streamed, ended.stdout


def check_asyncio_cancel(world):
    """A stream that is cancelled while a task waits for its next piece ends in an error there, and the task goes on."""

    async def wait_and_cancel():
        places = world.places
        async with portolan.AsyncClient(places["plain"], places["key"]) as client:
            answer = client.stream(model=places["model"], messages=[portolan.user(told["given"]["prompt"])])
            while not piece_of(await anext(answer)):
                pass
            waiting = asyncio.create_task(anext(answer))
            await asyncio.sleep(0)  # so that it does wait
            world.tell("mark")
            answer.cancel()
            try:
                await waiting
            except portolan.CallerError as error:
                return error.code
            return "no error"

    told = world.tell("begin?name=cancellation")
    equal(LOOP.run_until_complete(wait_and_cancel()), "client_closed_request")
    equal([each for each in world.tell("end")["problems"] if "after the runner gave up" not in each], [])


def check_request_forms():
    """A request is given whole or by its fields, never both."""
    client = portolan.Client("127.0.0.1:1")
    try:
        client.chat(ChatCompletionRequest(), model="m")
    except TypeError as error:
        assert "model" in str(error), error
    else:
        raise AssertionError("a request and a field besides were taken")
    finally:
        client.close()


if __name__ == "__main__":
    check_request_forms()
    sys.exit(main(sys.argv[1], sys.argv[2:]))
