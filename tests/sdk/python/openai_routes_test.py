"""The other routes, how the gateway is reached, and whose key goes where."""

import datetime
import json as json_module
import time

from clients import HELLO, check, client, equal, failure
from dialects import ALL, ANTHROPIC, BEDROCK, EMBEDDERS, HOSTED, OPENAI
from dialects.aws import signature
from harness import test
from upstream import json

DIALECTS = [(dialect,) for dialect in ALL]
BASES = (("/v1",), ("",))


@test(*BASES)
def base_url(world, base):
    each = client(world, OPENAI, base=base)
    each.chat.completions.create(model="m", messages=HELLO)
    each.completions.create(model="m", prompt="Hi")
    each.embeddings.create(model="m", input="Hi")
    world.upstream.answer("/models", json({"object": "list", "data": []}))
    each.models.list()
    equal(
        [world.upstream.take().path for _ in range(4)],
        ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models"],
    )


@test(*BASES)
def models(world, base):
    model = {
        "id": "meta-llama/Llama-3.1-8B",
        "object": "model",
        "created": 1700000000,
        "owned_by": "vllm",
        "max_model_len": 4096,
    }
    each = client(world, OPENAI, base=base)
    world.upstream.answer("/models", json({"object": "list", "data": [model]}))
    equal([one.to_dict() for one in each.models.list()], [model])
    equal(world.upstream.take().path, "/v1/models")
    world.upstream.answer("Llama-3.1-8B", json(model))
    equal(each.models.retrieve("meta-llama/Llama-3.1-8B").to_dict(), model)
    equal(world.upstream.take().path.replace("%2F", "/"), "/v1/models/meta-llama/Llama-3.1-8B")


@test()
def models_of_anthropic(world):
    model = {
        "type": "model",
        "id": "claude-sonnet-4-6",
        "display_name": "Claude Sonnet 4.6",
        "created_at": "2026-02-17T00:00:00Z",
    }
    created = int(datetime.datetime.fromisoformat(model["created_at"]).timestamp())
    each = client(world, ANTHROPIC)
    world.upstream.answer(
        "/models", json({"data": [model], "has_more": False, "first_id": model["id"], "last_id": model["id"]})
    )
    equal([(one.id, one.object, one.created) for one in each.models.list()], [(model["id"], "model", created)])
    equal(world.upstream.take().path.split("?")[0], "/v1/models")
    world.upstream.answer(model["id"], json(model))
    equal(each.models.retrieve(model["id"]).id, model["id"])
    equal(world.upstream.take().path, f"/v1/models/{model['id']}")


@test()
def completions(world):
    each = client(world, OPENAI)
    answer = each.completions.create(model="m", prompt=[[1, 2], [3]], echo=True)
    equal(answer.choices[0].text, "Hello")
    equal(world.upstream.take().json, {"model": "m", "prompt": [[1, 2], [3]], "echo": True})
    equal(
        "".join(chunk.choices[0].text for chunk in each.completions.create(model="m", prompt="Hi", stream=True)),
        "Hello",
    )
    equal(world.upstream.take().json["stream"], True)


@test(*DIALECTS)
def text_completion(world, dialect):
    answer = client(world, dialect).completions.create(model=dialect.model, prompt="Hi", max_tokens=77)
    equal((answer.choices[0].text, answer.choices[0].finish_reason), ("Hello", "stop"))
    record = world.upstream.take()
    equal((record.method, record.path), ("POST", dialect.completion_path()))
    equal(dialect.key_of(record), dialect.key("sk-caller"))
    if dialect.is_chat(record.path.split("?")[0]):
        equal((dialect.texts(record.json), dialect.max_tokens(record.json)), (["Hi"], 77))
    else:
        equal((record.json["prompt"], record.json["max_tokens"]), ("Hi", 77))


@test(*((dialect,) for dialect in EMBEDDERS))
def embeddings(world, dialect):
    each = client(world, dialect)
    # The package asks for base64 by itself, and decodes it.
    answer = each.embeddings.create(model=dialect.embedding_model, input=["Hi", "Ho"])
    equal([(one.index, one.embedding) for one in answer.data], [(0, [0.5, -0.25, 1.0]), (1, [0.5, -0.25, 1.0])])
    records = [world.upstream.take() for _ in range(2 if dialect.one_text_a_call else 1)]
    equal([text for record in records for text in dialect.embedded(record.json)], ["Hi", "Ho"])
    for record in records:
        equal((record.path, dialect.key_of(record)), (dialect.embedding_path, dialect.key("sk-caller")))
    if dialect.relays:
        equal(records[0].json["encoding_format"], "base64")
    length = {"dimensions": 3} if dialect.takes_dimensions else {}
    request = {"model": dialect.embedding_model, "input": "Hi", "encoding_format": "float", **length}
    equal(each.embeddings.create(**request).data[0].embedding, [0.5, -0.25, 1.0])
    sent = world.upstream.take().json
    equal(dialect.embedded(sent), ["Hi"])
    if dialect.takes_dimensions:
        equal(dialect.dimensions(sent), 3)
    if dialect.relays:
        equal(sent, request)


def embedded(vector):
    """An answer of one vector, as numbers or in base64."""
    data = [{"object": "embedding", "index": 0, "embedding": vector}]
    return json({"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})


@test()
def vectors_come_as_they_were_asked_for(world):
    """As servers answer that know numbers alone, and one that knows base64 alone."""
    each = client(world, OPENAI)
    world.upstream.answer("/embeddings", embedded([0.5, 0.25]))
    # What the package does not decode for the caller.
    raw = each.embeddings.with_raw_response.create(model="m", input="Hi")
    equal(json_module.loads(raw.text)["data"][0]["embedding"], "AAAAPwAAgD4=")
    equal(raw.parse().data[0].embedding, [0.5, 0.25])
    equal(world.upstream.take().json["encoding_format"], "base64")
    world.upstream.answer("/embeddings", embedded("AAAAPwAAgD4="))
    equal(each.embeddings.create(model="m", input="Hi", encoding_format="float").data[0].embedding, [0.5, 0.25])
    equal(world.upstream.take().json["encoding_format"], "float")


@test(("base64",), ("float",))
def embeddings_of_perplexity(world, encoding):
    """docs.perplexity.ai, Create Embeddings: signed bytes in base64, which is not what OpenAI means by that."""
    headers = {"x-portkey-provider": "perplexity-ai", "x-portkey-custom-host": world.upstream.url}
    each = client(world, OPENAI, headers)
    world.upstream.answer("/v1/embeddings", embedded("Af4Df4A="))
    more = {"encoding_format": "float"} if encoding == "float" else {}
    answer = each.embeddings.create(model="m", input="Hi", dimensions=128, **more)
    equal(answer.data[0].embedding, [1, -2, 3, 127, -128])
    sent = {"model": "m", "input": "Hi", "dimensions": 128, "encoding_format": "base64_int8"}
    equal(world.upstream.take().json, sent)


@test((False,), (True,))
def requests_signed_with_keys_of_aws(world, streamed):
    key_id, secret, region = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
    each = client(world, BEDROCK, {"x-portkey-aws-region": region}, key=f"{key_id}:{secret}")
    answer = each.chat.completions.create(model=BEDROCK.model, messages=HELLO, stream=streamed)
    if streamed:
        equal("".join(chunk.choices[0].delta.content or "" for chunk in answer), "Hello")
    record = world.upstream.take()
    equal(record.headers["authorization"], signature(record, key_id, secret, region))
    signed = record.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    equal({"host", "x-amz-date"} - set(signed), set())
    when = datetime.datetime.strptime(record.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
    check(abs(time.time() - when) < 60, record.headers["x-amz-date"])


@test()
def operation_that_a_provider_does_not_have(world):
    each = client(world, ANTHROPIC)
    got = failure(lambda: each.embeddings.create(model="m", input="Hi"))
    equal((got.status_code, got.code), (400, "unsupported_operation"))
    check(not world.upstream.records)
    each.chat.completions.create(model=ANTHROPIC.model, messages=HELLO)
    equal(world.upstream.take().path, ANTHROPIC.chat_path())


@test(*DIALECTS)
def nothing_of_the_gateways_goes_upstream(world, dialect):
    headers = {"cookie": "a=b", "x-portkey-trace-id": "trace-1", "x-anything": "y"}
    client(world, dialect, headers).chat.completions.create(
        model=dialect.model, messages=HELLO, extra_body={"portolan": {"provider": dialect.provider}}
    )
    record = world.upstream.take()
    words = ("portkey", "portolan", "cookie", "x-anything", "stainless")
    equal([name for name in record.headers if any(word in name for word in words)], [])
    check("portolan" not in record.json, record.json)


@test(*((dialect, prefix) for dialect in ALL for prefix in ("x-portkey", "x-portolan")))
def prefix_of_answers(world, dialect, prefix):
    each = client(world, dialect, {f"{prefix}-trace-id": "trace-1"}, prefix)
    answer = each.chat.completions.with_raw_response.create(model=dialect.model, messages=HELLO)
    equal((answer.headers[f"{prefix}-provider"], answer.headers[f"{prefix}-trace-id"]), (dialect.provider, "trace-1"))
    other = "x-portolan" if prefix == "x-portkey" else "x-portkey"
    equal([name for name in answer.headers if name.startswith(other)], [])
    world.upstream.take()


@test(*DIALECTS)
def config_in_a_header(world, dialect):
    config = {**world.config(dialect, temperature=0.5), "api_key": dialect.key("sk-config")}
    headers = {"x-portkey-config": json_module.dumps(config)}
    each = client(world, dialect, prefix="x-unknown", headers=headers)
    each.chat.completions.create(model=dialect.model, messages=HELLO)
    record = world.upstream.take()
    equal((dialect.key_of(record), dialect.temperature(record.json)), (dialect.key("sk-config"), 0.5))


@test(*((dialect, direct) for dialect in HOSTED for direct in (False, True)))
def keys_of_the_environment(world, dialect, direct):
    gateway = world.gateway_with_keys(["--direct-keys"] if direct else [])
    try:
        # To the provider's own host, chosen by the model's prefix: the gateway's key, unless the caller's is preferred.
        own = client(world, dialect, prefix="x-unknown", url=gateway.url)
        equal(
            own.chat.completions.create(model=f"{dialect.name}/{dialect.model}", messages=HELLO)
            .choices[0]
            .message.content,
            "Hello",
        )
        record = world.upstream.take()
        equal(record.host, dialect.host)
        equal((record.path, dialect.model_of(record)), (dialect.chat_path(), dialect.model))
        equal(dialect.key_of(record), "sk-caller" if direct else f"sk-env-{dialect.name}")

        # To a host that the caller names: never the gateway's.
        client(world, dialect, url=gateway.url).chat.completions.create(model=dialect.model, messages=HELLO)
        record = world.upstream.take()
        equal((record.host, dialect.key_of(record)), (None, "sk-caller"))
    finally:
        gateway.close()


@test(*DIALECTS)
def key_of_the_caller_is_not_forwarded(world, dialect):
    gateway = world.other_gateway({"PORTOLAN_CALLER_KEYS": "pk-one,pk-two"})
    try:
        each = client(world, dialect, url=gateway.url, key="pk-two")
        each.chat.completions.create(model=dialect.model, messages=HELLO)
        record = world.upstream.take()
        equal(dialect.key_of(record), "")
        check("pk-" not in str(record.headers), record.headers)

        got = failure(
            lambda: client(world, dialect, url=gateway.url).chat.completions.create(model="m", messages=HELLO)
        )
        equal(got.status_code, 401)
        check(not world.upstream.records)
    finally:
        gateway.close()


@test()
def what_has_no_type_is_relayed(world):
    each = client(world, OPENAI)
    world.upstream.answer("/files", json({"object": "list", "data": [], "has_more": False}))
    equal(each.files.list(limit=2).data, [])
    record = world.upstream.take()
    equal((record.method, record.path), ("GET", "/v1/files?limit=2"))
    world.upstream.answer("/batches", json({"id": "batch_1", "object": "batch"}))
    asked = {"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    equal(each.batches.create(**asked).id, "batch_1")
    record = world.upstream.take()
    equal((record.method, record.path, record.json), ("POST", "/v1/batches", asked))
