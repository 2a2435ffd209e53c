"""Each operation of each provider, at its own host: where it goes, with which key, and what is in it."""

import atexit
import json as json_module
import urllib.error
import urllib.parse
import urllib.request

import dialects
import harness
from clients import check, equal
from harness import test
from operations import CASES, CHAT_FEATURES, CHATS, ECHO, FEATURES_OTHERWISE, VECTOR, Case, hosts
from upstream import json, stream

harness.HOSTS.extend(hosts())
# Of a server that is made for it there is none: its own gateway, for all of them.
GATEWAY = []


def gateway(world):
    if not GATEWAY:
        GATEWAY.append(world.gateway_to_providers().__enter__())
        atexit.register(getattr(GATEWAY[0], "close", lambda: None))
    return GATEWAY[0]


def is_local(case):
    """Whether it goes to a server on the gateway's own machine, in whose place the upstream is called by its address."""
    return case.url.startswith("http://localhost:")


def call(world, case, body=None):
    """(status, answer) of the case's request, or of its like with another body."""
    method, path, usual = case.request()
    asked = usual if body is None else body
    options = {f"x-portolan-{name}": value for name, value in case.options.items()}
    if is_local(case):
        options["x-portolan-custom-host"] = world.upstream.url
    request = urllib.request.Request(
        gateway(world).url + path,
        method=method,
        data=None if asked is None else json_module.dumps(asked).encode(),
        headers={
            "x-portolan-provider": case.provider,
            "authorization": f"Bearer {case.key}",
            "content-type": "application/json",
            **options,
        },
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check_answer(case, answer):
    """That the caller has got what the provider has said."""
    told = {
        "chat": lambda: answer["choices"][0]["message"]["content"] == "Hello",
        "completion": lambda: answer["choices"][0]["text"] == "Hello",
        "embedding": lambda: answer["data"][0]["embedding"] in (VECTOR, [1, -2, 3]),  # Perplexity's are of 8 bits
        "rerank": lambda: [each["index"] for each in answer["results"]] == [1, 0],
        "count_tokens": lambda: answer["input_tokens"] == 7,
        "list_models": lambda: [each["id"] for each in answer["data"]] == [case.model],
        "get_model": lambda: answer["id"] == case.model,
    }[case.operation]
    check(told(), answer)


def check_request(case, record, asked):
    """That the provider was asked as its documentation has it."""
    url = urllib.parse.urlsplit(case.url)
    equal((record.method, record.host), (case.method, None if is_local(case) else f"{url.hostname}:443"))
    expected = url.path + (f"?{url.query}" if url.query else "")
    equal(urllib.parse.unquote(record.path), urllib.parse.unquote(expected))
    value = case.value(record) if callable(case.value) else case.value
    equal(record.headers.get(case.header), value)
    # A key goes in one header.
    others = [name for name, each in record.headers.items() if name != case.header and case.key in each.split()]
    equal(others, [])
    for name, each in case.headers.items():
        equal(record.headers.get(name), each)
    equal(record.json, asked if case.sent is None else case.sent)


@test(*((name,) for name in CASES))
def operation(world, name):
    case = CASES[name]
    told = case.usual_answer() if case.answer is None else case.answer
    world.upstream.answer(urllib.parse.urlsplit(case.url).path, json(told))
    status, answer = call(world, case)
    record = world.upstream.take()
    check_request(case, record, case.request()[2])
    equal(status, 200)
    check_answer(case, json_module.loads(answer))


@test(*((name,) for name in ECHO), own=True)
def operation_of_echo(world, name):
    provider, operation_name = name.split()
    case = Case(provider, operation_name, "", "", model="m-1")
    status, answer = call(world, case)
    equal((status, answer[:200]), (200, answer[:200]))
    check(json_module.loads(answer), answer)


@test(*((case.provider, feature) for case in CHATS for feature in CHAT_FEATURES))
def feature(world, provider, feature):
    case = CASES[f"{provider} chat"]
    asked = {**case.request()[2], **CHAT_FEATURES[feature]}
    streamed = feature == "stream"
    answer = dialects.OPENAI
    reply = stream(lambda _: answer.text_stream(["Hel", "lo"], usage=True)) if streamed else json(answer.text("Hello"))
    world.upstream.answer(urllib.parse.urlsplit(case.url).path, reply)
    status, told = call(world, case, asked)
    sent = FEATURES_OTHERWISE.get((provider, feature), CHAT_FEATURES[feature])
    check_request(case, world.upstream.take(), {**case.request()[2], **sent})
    equal(status, 200)
    if streamed:
        chunks = [json_module.loads(line[6:]) for line in told.decode().splitlines() if line.startswith("data: {")]
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        equal("".join(delta.get("content") or "" for delta in deltas), "Hello")
        equal([chunk["usage"]["total_tokens"] for chunk in chunks if chunk.get("usage")], [12])
    else:
        check_answer(case, json_module.loads(told))
