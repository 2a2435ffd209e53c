"""The other services, whose key goes where, and what the server tells of itself."""

import base64
import datetime
import json as json_module
import struct

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from clients import check, equal
from dialects import ALL, ANTHROPIC, BEDROCK, EMBEDDERS, HOSTED, OPENAI
from dialects.aws import signature
from harness import test
from portolan.v1 import (
    call_options_pb2,
    chat_request_pb2,
    completion_pb2,
    completion_service_pb2_grpc,
    embedding_pb2,
    embedding_service_pb2_grpc,
    extra_pb2,
    model_pb2,
    model_service_pb2_grpc,
    route_config_pb2,
    values_pb2,
)
from rpc import Chat, channel, chat_request, error_info, failure, metadata
from upstream import json

DIALECTS = [(dialect,) for dialect in ALL]


@test()
def completions(world):
    prompt = values_pb2.TextInput(texts=values_pb2.StringList(items=["Hi", "Ho"]))
    with channel(world) as open_channel:
        stub = completion_service_pb2_grpc.CompletionServiceStub(open_channel)
        request = completion_pb2.CompletionRequest(model="m", prompt=prompt, echo=True)
        equal(stub.CreateCompletion(request, metadata=metadata(world, OPENAI)).choices[0].text, "Hello")
        chunks = list(stub.StreamCompletion(request, metadata=metadata(world, OPENAI)))
    equal("".join(chunk.choices[0].text for chunk in chunks), "Hello")
    equal(world.upstream.take().json, {"model": "m", "prompt": ["Hi", "Ho"], "echo": True})
    equal(world.upstream.take().json, {"model": "m", "prompt": ["Hi", "Ho"], "echo": True, "stream": True})


@test(*DIALECTS)
def text_completion(world, dialect):
    request = completion_pb2.CompletionRequest(
        model=dialect.model, prompt=values_pb2.TextInput(text="Hi"), max_tokens=77
    )
    with channel(world) as open_channel:
        create = completion_service_pb2_grpc.CompletionServiceStub(open_channel).CreateCompletion
        equal(create(request, metadata=metadata(world, dialect)).choices[0].text, "Hello")
    record = world.upstream.take()
    equal((record.path, dialect.key_of(record)), (dialect.completion_path(), dialect.key("sk-caller")))
    if dialect.is_chat(record.path.split("?")[0]):
        equal((dialect.texts(record.json), dialect.max_tokens(record.json)), (["Hi"], 77))
    else:
        equal((record.json["prompt"], record.json["max_tokens"]), ("Hi", 77))


@test(*((dialect,) for dialect in EMBEDDERS))
def embeddings(world, dialect):
    request = {"model": dialect.embedding_model, "input": values_pb2.TextInput(text="Hi")}
    pairs = metadata(world, dialect)
    with channel(world) as open_channel:
        create = embedding_service_pb2_grpc.EmbeddingServiceStub(open_channel).CreateEmbeddings
        length = {"dimensions": 3} if dialect.takes_dimensions else {}
        floats = create(embedding_pb2.EmbeddingRequest(**request, **length), metadata=pairs)
        coded = create(embedding_pb2.EmbeddingRequest(**request, encoding_format="base64"), metadata=pairs)
    equal(list(floats.data[0].embedding.floats.values), [0.5, -0.25, 1.0])
    equal(struct.unpack("<3f", base64.b64decode(coded.data[0].embedding.base64)), (0.5, -0.25, 1.0))
    first, second = world.upstream.take(), world.upstream.take()
    equal((first.path, dialect.embedded(first.json)), (dialect.embedding_path, ["Hi"]))
    if dialect.takes_dimensions:
        equal(dialect.dimensions(first.json), 3)
    if dialect.relays:
        equal(first.json, {"model": dialect.embedding_model, "input": "Hi", "dimensions": 3})
        equal(second.json, {"model": dialect.embedding_model, "input": "Hi", "encoding_format": "base64"})


@test((None, "AAAAPwAAgD4="), ("float", "AAAAPwAAgD4="), ("base64", [0.5, 0.25]))
def vectors_come_as_they_were_asked_for(world, encoding, came):
    """As servers answer that know one way alone."""
    data = [{"object": "embedding", "index": 0, "embedding": came}]
    world.upstream.answer("/embeddings", json({"object": "list", "model": "m", "data": data}))
    request = embedding_pb2.EmbeddingRequest(
        model="m", input=values_pb2.TextInput(text="Hi"), encoding_format=encoding
    )
    with channel(world) as open_channel:
        create = embedding_service_pb2_grpc.EmbeddingServiceStub(open_channel).CreateEmbeddings
        vector = create(request, metadata=metadata(world, OPENAI)).data[0].embedding
    if encoding == "base64":
        equal(vector.base64, "AAAAPwAAgD4=")
    else:
        equal(list(vector.floats.values), [0.5, 0.25])
    equal(world.upstream.take().json.get("encoding_format"), encoding)


@test(*((dialect,) for dialect in EMBEDDERS))
def embeddings_of_two_texts(world, dialect):
    texts = values_pb2.TextInput(texts=values_pb2.StringList(items=["Hi", "Ho"]))
    request = embedding_pb2.EmbeddingRequest(model=dialect.embedding_model, input=texts)
    with channel(world) as open_channel:
        create = embedding_service_pb2_grpc.EmbeddingServiceStub(open_channel).CreateEmbeddings
        answer = create(request, metadata=metadata(world, dialect))
    equal([(each.index, list(each.embedding.floats.values)) for each in answer.data],
          [(0, [0.5, -0.25, 1.0]), (1, [0.5, -0.25, 1.0])])  # fmt: skip
    records = [world.upstream.take() for _ in range(2 if dialect.one_text_a_call else 1)]
    equal([text for record in records for text in dialect.embedded(record.json)], ["Hi", "Ho"])


@test((False,), (True,))
def requests_signed_with_keys_of_aws(world, streamed):
    key_id, secret, region = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
    pairs = [*world.headers(BEDROCK).items(), ("authorization", f"Bearer {key_id}:{secret}"),
             ("x-portkey-aws-region", region)]  # fmt: skip
    with Chat(world) as chats:
        rpc = chats.StreamChatCompletion if streamed else chats.CreateChatCompletion
        list(rpc(chat_request(BEDROCK), metadata=pairs)) if streamed else rpc(chat_request(BEDROCK), metadata=pairs)
    record = world.upstream.take()
    equal(record.headers["authorization"], signature(record, key_id, secret, region))


@test()
def models(world):
    model = {
        "id": "meta-llama/Llama-3.1-8B",
        "object": "model",
        "created": 1700000000,
        "owned_by": "vllm",
        "max_model_len": 4096,
    }
    world.upstream.answer("/models", json({"object": "list", "data": [model]}))
    world.upstream.answer("Llama-3.1-8B", json(model))
    with channel(world) as open_channel:
        stub = model_service_pb2_grpc.ModelServiceStub(open_channel)
        listed = stub.ListModels(model_pb2.ListModelsRequest(), metadata=metadata(world, OPENAI))
        one = stub.GetModel(model_pb2.GetModelRequest(model=model["id"]), metadata=metadata(world, OPENAI))
    expected = model_pb2.Model(
        id=model["id"],
        object="model",
        created=1700000000,
        owned_by="vllm",
        extra=[extra_pb2.Extra(name="max_model_len", json="4096")],
    )
    equal((list(listed.data), one), ([expected], expected))
    equal(world.upstream.take().path, "/v1/models")
    equal(world.upstream.take().path.replace("%2F", "/"), "/v1/models/meta-llama/Llama-3.1-8B")


@test()
def models_of_anthropic(world):
    model = {
        "type": "model",
        "id": "claude-sonnet-4-6",
        "display_name": "Claude Sonnet 4.6",
        "created_at": "2026-02-17T00:00:00Z",
    }
    world.upstream.answer(
        "/models", json({"data": [model], "has_more": False, "first_id": model["id"], "last_id": model["id"]})
    )
    with channel(world) as open_channel:
        stub = model_service_pb2_grpc.ModelServiceStub(open_channel)
        listed = stub.ListModels(model_pb2.ListModelsRequest(), metadata=metadata(world, ANTHROPIC))
    created = int(datetime.datetime.fromisoformat(model["created_at"]).timestamp())
    equal([(each.id, each.created) for each in listed.data], [(model["id"], created)])
    equal(world.upstream.take().headers["x-api-key"], "sk-caller")


@test()
def operation_that_a_provider_does_not_have(world):
    with channel(world) as open_channel:
        create = embedding_service_pb2_grpc.EmbeddingServiceStub(open_channel).CreateEmbeddings
        request = embedding_pb2.EmbeddingRequest(model="m", input=values_pb2.TextInput(text="Hi"))
        got = failure(lambda: create(request, metadata=metadata(world, ANTHROPIC)))
        equal((got.code(), error_info(got).reason), (grpc.StatusCode.UNIMPLEMENTED, "unsupported_operation"))
    check(not world.upstream.records)
    with Chat(world) as chats:
        chats.CreateChatCompletion(chat_request(ANTHROPIC), metadata=metadata(world, ANTHROPIC))
    equal(world.upstream.take().path, ANTHROPIC.chat_path())


@test(*((dialect, streamed) for dialect in ALL for streamed in (False, True)))
def typed_call_options_beat_metadata_and_stay_here(world, dialect, streamed):
    where = {"provider": dialect.provider, "custom_host": world.upstream.url + dialect.base}
    own = [extra_pb2.Extra(name=name, json=json_module.dumps(each)) for name, each in dialect.own_options.items()]
    # Options of a provider's own stand in a config.
    config = route_config_pb2.RouteConfig(**where, extra=own) if own else None
    options = call_options_pb2.CallOptions(**where, config=config)
    elsewhere = [("x-portolan-provider", "echo"), ("authorization", f"Bearer {dialect.key('sk-caller')}")]
    with Chat(world) as chats:
        rpc = chats.StreamChatCompletion if streamed else chats.CreateChatCompletion
        own = [extra_pb2.Extra(name=name, json=json_module.dumps(each)) for name, each in dialect.own_members.items()]
        answer = rpc(chat_request(dialect, portolan=options, extra=own), metadata=elsewhere)
        if streamed:
            equal("".join(chunk.choices[0].delta.content for chunk in answer if chunk.choices), "Hello")
        else:
            equal(answer.choices[0].message.content.text, "Hello")
    record = world.upstream.take()
    equal((record.path, dialect.key_of(record)), (dialect.chat_path(stream=streamed), dialect.key("sk-caller")))
    check(b"portolan" not in record.body, record.body)


@test(*((dialect,) for dialect in HOSTED))
def keys_of_the_environment(world, dialect):
    gateway = world.gateway_with_keys()
    try:
        world.gateway, before = gateway, world.gateway
        with Chat(world) as chats:
            chats.CreateChatCompletion(chat_request(dialect, model=f"{dialect.name}/{dialect.model}"))
            chats.CreateChatCompletion(chat_request(dialect), metadata=list(world.headers(dialect).items()))
        own, named = world.upstream.take(), world.upstream.take()
        equal(
            (own.host, dialect.key_of(own), dialect.model_of(own)),
            (dialect.host, f"sk-env-{dialect.name}", dialect.model),
        )
        equal((named.host, dialect.key_of(named)), (None, ""))
    finally:
        world.gateway = before
        gateway.close()


@test(*DIALECTS)
def key_of_the_caller_is_not_forwarded(world, dialect):
    gateway = world.other_gateway({"PORTOLAN_CALLER_KEYS": "pk-one"})
    try:
        world.gateway, before = gateway, world.gateway
        with Chat(world) as chats:
            got = failure(lambda: chats.CreateChatCompletion(chat_request(dialect), metadata=metadata(world, dialect)))
            equal(got.code(), grpc.StatusCode.UNAUTHENTICATED)
            check(not world.upstream.records)
            pairs = metadata(world, dialect, x_portolan_api_key="pk-one")
            chats.CreateChatCompletion(chat_request(dialect), metadata=pairs)
        record = world.upstream.take()
        equal(dialect.key_of(record), dialect.key("sk-caller"))
        check("pk-one" not in str(record.headers), record.headers)
    finally:
        world.gateway = before
        gateway.close()


@test(own=True)
def health(world):
    with channel(world) as open_channel:
        check_health = health_pb2_grpc.HealthStub(open_channel).Check
        serving = health_pb2.HealthCheckResponse.SERVING
        for service in ("", "portolan.v1.ChatService"):
            equal(check_health(health_pb2.HealthCheckRequest(service=service)).status, serving)
        got = failure(lambda: check_health(health_pb2.HealthCheckRequest(service="no.such.Service")))
        equal(got.code(), grpc.StatusCode.NOT_FOUND)


@test(own=True)
def reflection(world):
    with channel(world) as open_channel:
        database = ProtoReflectionDescriptorDatabase(open_channel)
        names = set(database.get_services())
        wanted = {f"portolan.v1.{name}Service" for name in ("Chat", "Completion", "Embedding", "Model")} | {
            "grpc.health.v1.Health"
        }
        equal(wanted - names, set())
        found = database.FindFileContainingSymbol("portolan.v1.ChatCompletionRequest")
        expected = chat_request_pb2.ChatCompletionRequest.DESCRIPTOR
        message = next(each for each in found.message_type if each.name == expected.name)
        equal(
            [(each.name, each.number) for each in message.field], [(each.name, each.number) for each in expected.fields]
        )
