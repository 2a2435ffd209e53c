"""A fake gateway for gRPC: it answers like the upstream, without asking it.

It takes the answers from a scripted upstream of its own, whose records nobody sees, and knows just enough of the API to
pass them on plausibly.
"""

import concurrent.futures
import json as json_module
import pathlib
import urllib.error
import urllib.request

import grpc
from google.protobuf import message_factory

from portolan.v1 import chat_service_pb2, completion_service_pb2, embedding_service_pb2, model_service_pb2

SERVICES = [
    module.DESCRIPTOR.services_by_name[name]
    for module, name in (
        (chat_service_pb2, "ChatService"),
        (completion_service_pb2, "CompletionService"),
        (embedding_service_pb2, "EmbeddingService"),
        (model_service_pb2, "ModelService"),
    )
]
PATHS = {
    "CreateChatCompletion": "/chat/completions",
    "StreamChatCompletion": "/chat/completions",
    "CreateCompletion": "/completions",
    "StreamCompletion": "/completions",
    "CreateEmbeddings": "/embeddings",
    "ListModels": "/models",
    "GetModel": "/models/",
}
CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
}


def fill(message, value):
    """Sets the fields that `value` has too; of a union, the one that takes it."""
    fields = message.DESCRIPTOR.fields_by_name
    if not isinstance(value, dict):
        wanted = {str: ("text", "sequence", "base64", "mode"), list: ("floats", "parts")}.get(type(value), ())
        for name in wanted:
            if name in fields and isinstance(value, str):
                setattr(message, name, value)
            elif name in fields:
                getattr(message, name).values.extend(value)
        return message
    for name, member in value.items():
        field = fields.get(name)
        if field is None or member is None:
            continue
        if field.is_repeated and field.message_type:
            for each in member:
                fill(getattr(message, name).add(), each)
        elif field.is_repeated:
            getattr(message, name).extend(member)
        elif field.message_type:
            fill(getattr(message, name), member)
        else:
            setattr(message, name, member)
    return message


class Control:
    """A gRPC server, on a free port unless told; with the files of a certificate and its key it speaks TLS.

    callers: the file of the authorities by which callers must have a certificate.
    """

    def __init__(self, answers, certificate=None, address="127.0.0.1:0", callers=None):
        self.answers = answers
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(64))
        for service in SERVICES:
            methods = {method.name: self.handler(method) for method in service.methods}
            self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service.full_name, methods)])
        self.grpc = f"{address.rpartition(':')[0]}:{self.listen(address, certificate, callers)}"
        self.server.start()

    def listen(self, address, certificate, callers):
        if certificate is None:
            return self.server.add_insecure_port(address)
        chain, key = (pathlib.Path(file).read_bytes() for file in certificate)
        roots = callers and pathlib.Path(callers).read_bytes()
        return self.server.add_secure_port(
            address, grpc.ssl_server_credentials([(key, chain)], roots, require_client_auth=bool(callers))
        )

    def close(self):
        self.server.stop(None).wait()

    def handler(self, method):
        request_class = message_factory.GetMessageClass(method.input_type)
        answer_class = message_factory.GetMessageClass(method.output_type)
        coding = {
            "request_deserializer": request_class.FromString,
            "response_serializer": answer_class.SerializeToString,
        }

        def unary(request, context):
            with self.ask(method.name, request, context, False) as answer:
                return fill(answer_class(), json_module.loads(answer.read()))

        def streamed(request, context):
            with self.ask(method.name, request, context, True) as answer:
                for line in answer:
                    if line.startswith(b"data: {"):
                        yield fill(answer_class(), json_module.loads(line[6:]))

        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(streamed, **coding)
        return grpc.unary_unary_rpc_method_handler(unary, **coding)

    def ask(self, method, request, context, streamed):
        path = PATHS[method] + (request.model if method == "GetModel" else "")
        body = None if "Model" in method else json_module.dumps({"stream": streamed}).encode()
        try:
            return urllib.request.urlopen(urllib.request.Request(self.answers.url + path, body), timeout=5)
        except urllib.error.HTTPError as error:
            context.abort(
                CODES.get(error.code, grpc.StatusCode.UNAVAILABLE), json_module.loads(error.read())["error"]["message"]
            )
        except Exception as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
