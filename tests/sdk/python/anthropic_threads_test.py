"""Threads of Anthropic's package: conversations that the server holds, if it does."""

import json as json_module

import anthropic

from anthropic_test import client, failure
from clients import check, equal
from dialects import ALL, ANTHROPIC, OPENAI
from harness import test


def ask(content):
    return {"role": "user", "content": content}


def thread(world, dialect, **more):
    return client(world, dialect).beta.messages.thread(model=dialect.model, max_tokens=77, system="Be short", **more)


@test(*((dialect,) for dialect in ALL if not dialect.relays_messages))
def thread_that_nobody_holds(world, dialect):
    """It is refused, and the package sends everything, then and later."""
    talk = thread(world, dialect, unsupported_request_behavior="continue_unthreaded")
    for question in ("Hi", "And now?"):
        equal(talk.send(ask(question)).content[0].text, "Hello")
    first, second = world.upstream.take().json, world.upstream.take().json
    equal((dialect.turns(first), dialect.texts(first)), (["user"], ["Hi"]))
    equal(len(dialect.turns(second)), 3)
    texts = dialect.texts(second)
    equal((texts[0], texts[-1]), ("Hi", "And now?"))
    check('"Hello"' in json_module.dumps(second), second)
    for sent in (first, second):
        equal([each if isinstance(each, str) else each[0]["text"] for each in dialect.system(sent)], ["Be short"])
        check("thread" not in sent, sent)


@test(own=True)
def thread_that_nobody_holds_is_an_error_of_its_class(world):
    got = failure(lambda: thread(world, OPENAI).send(ask("Hi")))
    check(isinstance(got, anthropic.types.ThreadUnsupportedRequestError), repr(got))
    equal(got.body["error"]["details"]["error_code"], "thread_unsupported_request")


@test()
def thread_is_relayed(world):
    talk = thread(world, ANTHROPIC)
    talk.send(ask("Hi"))
    talk.send(ask("And now?"))
    first, second = world.upstream.take(), world.upstream.take()
    for record in (first, second):
        check("message-threads" in record.headers["anthropic-beta"], record.headers)
    equal((first.json["messages"], first.json["thread"]), ([ask("Hi")], {"type": "create"}))
    continued = {"type": "continue", "previous_message_id": "msg_1"}
    equal((second.json["messages"], second.json["thread"]), ([ask("And now?")], continued))
