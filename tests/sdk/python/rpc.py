"""Calls over gRPC, as the tests make them."""

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from portolan.v1 import chat_request_pb2, chat_service_pb2_grpc, content_pb2, message_pb2

SIZES = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 1 << 16),
]


def channel(world):
    return grpc.insecure_channel(world.gateway.grpc, SIZES)


def metadata(world, dialect, prefix="x-portkey", **more):
    """What sends a call to the scripted upstream in `dialect`; `more` with `_` for `-`."""
    pairs = {**world.headers(dialect, prefix), "authorization": f"Bearer {dialect.key('sk-caller')}"}
    return [*pairs.items(), *((name.replace("_", "-"), value) for name, value in more.items())]


def text(words):
    return content_pb2.Content(text=words)


def user(words, **more):
    return message_pb2.Message(role="user", content=text(words), **more)


def chat_request(dialect, **more):
    return chat_request_pb2.ChatCompletionRequest(**{"model": dialect.model, "messages": [user("Hi")], **more})


class Chat:
    """A channel with the chat service, for `with`."""

    def __init__(self, world):
        self.channel = channel(world)
        self.stub = chat_service_pb2_grpc.ChatServiceStub(self.channel)

    def __enter__(self):
        return self.stub

    def __exit__(self, *_):
        self.channel.close()


def failure(call):
    """The RpcError that `call` fails with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call did not fail")


def detail(error, kind):
    """The first detail of the error that is a `kind` (a message class), or None."""
    status = rpc_status.from_call(error)
    for each in status.details if status else ():
        found = kind()
        if each.Unpack(found):
            return found
    return None


def error_info(error):
    """The error's google.rpc.ErrorInfo."""
    info = detail(error, error_details_pb2.ErrorInfo)
    if info is None:
        raise AssertionError(f"no ErrorInfo in {error!r}")
    return info
