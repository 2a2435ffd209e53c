"""What PaLM has of the other dialects' tests, and its chats and texts, which have no tools, streams or counts of tokens."""

import openai_endings_test as endings
import openai_errors_test as errors
import openai_routes_test as routes
from clients import client, equal
from dialects import PALM
from harness import test
from upstream import json

MESSAGES = [{"role": "system", "content": "Be short"}, {"role": "user", "content": "Hi"}]
SENT = {"prompt": {"context": "Be short", "messages": [{"author": "user", "content": "Hi"}]}, "temperature": 0.25}

test(*((PALM, status, streamed) for status in PALM.errors for streamed in (False, True)))(errors.error)
for each in (
    errors.request_id_of_the_caller,
    errors.rate_limit_says_when_to_come_again,
    errors.rate_limit_says_so_in_the_providers_words,
    errors.the_package_tries_again_when_told_to,
    errors.error_that_is_no_json,
    errors.upstream_that_hangs_up_at_once,
    endings.caller_that_is_cancelled_before_the_answer,
    routes.embeddings,
    routes.nothing_of_the_gateways_goes_upstream,
    routes.key_of_the_caller_is_not_forwarded,
):
    test((PALM,))(each)


@test((PALM,))
def chat(world, dialect):
    answer = client(world, dialect).chat.completions.create(model=dialect.model, messages=MESSAGES, temperature=0.25)
    choice = answer.choices[0]
    equal((choice.message.content, choice.finish_reason, answer.usage), ("Hello", "stop", None))
    record = world.upstream.take()
    equal((record.method, record.path, dialect.key_of(record)), ("POST", dialect.chat_path(), "sk-caller"))
    equal(record.json, SENT)


@test((PALM,))
def whole_answer_as_a_stream(world, dialect):
    chunks = list(
        client(world, dialect).chat.completions.create(
            model=dialect.model, messages=MESSAGES, temperature=0.25, stream=True
        )
    )
    equal("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), "Hello")
    equal([chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1], "stop")
    equal(world.upstream.take().json, SENT)


@test((PALM,))
def text_completion(world, dialect):
    world.upstream.answer(":generateText", json(dialect.completed(" upon a time")))
    answer = client(world, dialect).completions.create(
        model=dialect.text_model, prompt="Once", max_tokens=20, stop=["END"]
    )
    equal((answer.choices[0].text, answer.choices[0].finish_reason), (" upon a time", "stop"))
    record = world.upstream.take()
    equal((record.path, dialect.key_of(record)), (dialect.path_of(dialect.text_model, "generateText"), "sk-caller"))
    equal(record.json, {"prompt": {"text": "Once"}, "maxOutputTokens": 20, "stopSequences": ["END"]})
