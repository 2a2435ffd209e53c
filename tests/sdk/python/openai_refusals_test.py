"""What the gateway itself refuses; nothing must reach the upstream."""

import openai

from clients import HELLO, check, client, equal, failure
from dialects import ALL, OPENAI
from harness import test
from upstream import json


def refused(call, kind, **expected):
    got = failure(call)
    check(isinstance(got, kind), got)
    equal({name: getattr(got, name) for name in expected}, expected)
    equal(got.body["portolan"]["attempts"], 0)
    check(got.request_id)


@test(*((dialect,) for dialect in ALL), own=True)
def member_of_the_wrong_type(world, dialect):
    messages = [*HELLO, {"role": "user", "content": [{"type": "text", "text": 7}]}]
    if dialect.relays:
        # A server of one's own may have extended the API.
        world.upstream.answer(dialect, json(lambda it: it.text("fine")))
        client(world, dialect).chat.completions.create(model=dialect.model, messages=messages)
        equal(world.upstream.take().json["messages"], messages)
        return
    refused(
        lambda: client(world, dialect).chat.completions.create(model=dialect.model, messages=messages),
        openai.BadRequestError,
        param="messages[1].content[0].text",
    )


@test(
    *((dialect,) for dialect in ALL if dialect.refuses_pdf and "application/pdf" not in dialect.media_types), own=True
)
def pdf_where_nobody_reads_it(world, dialect):
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQ="}}
    content = [{"type": "text", "text": "What is this?"}, file]
    refused(
        lambda: client(world, dialect).chat.completions.create(
            model=dialect.model, messages=[{"role": "user", "content": content}]
        ),
        openai.BadRequestError,
        param="messages[0].content[1].file.file_data",
    )


HEADERS = [
    ({"x-portolan-provider": "anthropic"}, openai.BadRequestError, "conflicting_headers"),
    ({"x-portkey-custom-host": "http://10.1.2.3/v1"}, openai.PermissionDeniedError, None),
    ({"x-portkey-custom-host": "http://169.254.169.254/v1"}, openai.PermissionDeniedError, None),
    ({"x-portkey-provider": "nobody"}, openai.BadRequestError, None),
    ({"x-portkey-request-timeout": "soon"}, openai.BadRequestError, None),
    ({"x-portkey-config": "{"}, openai.BadRequestError, None),
]


@test(*((index,) for index in range(len(HEADERS))), own=True)
def header(world, index):
    headers, kind, code = HEADERS[index]
    call = lambda: client(world, OPENAI, headers).chat.completions.create(model="m", messages=HELLO)  # noqa: E731
    refused(call, kind, **({"code": code} if code else {}))


@test(own=True)
def route_that_does_not_exist(world):
    # Below /v1 it would be relayed.
    caller = client(world, OPENAI)
    url = str(caller.base_url.copy_with(path="/no/such/route"))
    refused(lambda: caller.get(url, cast_to=object), openai.NotFoundError)
