"""The synchronous client."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc

from portolan import v1
from portolan._connection import Budget, OnHeaders, Options, request_of
from portolan.errors import Error, plain
from portolan.v1.chat_service_pb2_grpc import ChatServiceStub
from portolan.v1.completion_service_pb2_grpc import CompletionServiceStub
from portolan.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from portolan.v1.model_service_pb2_grpc import ModelServiceStub
from portolan.v1.rerank_service_pb2_grpc import RerankServiceStub
from portolan.v1.routing_service_pb2_grpc import RoutingServiceStub
from portolan.v1.token_service_pb2_grpc import TokenServiceStub

Piece = TypeVar("Piece")
# How long the gateway is taken to be there after it has shown that it is.
_SURE_S = 1.0


class Stream(Generic[Piece]):
    """An answer that comes piece by piece: iterate over it. One that ends without an error is complete.

    In a `with` block, it is cancelled at the end of the block if it is not over by then. `cancel` may be called from any
    thread; the iteration ends in a CallerError then. Iterate in one thread at a time.
    """

    def __init__(self, client: "Client", call: Any) -> None:
        self._client, self._call = client, call

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        try:
            return next(self._call)  # type: ignore[no-any-return]
        except grpc.RpcError as error:
            raise self._client._failed(error) from None

    def cancel(self) -> None:
        """Ends the call: the provider is left at once. Without effect on a stream that is over."""
        self._call.cancel()

    @property
    def headers(self) -> dict[str, str]:
        """What came with the answer: the gateway's headers, the provider's rate limits. Waits for it."""
        return plain(self._call.initial_metadata() or ())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cancel()


class Client:
    """A connection to the gateway, for as many calls and threads at once as you like. Close it, or use it in `with`.

    It connects with the first call, and anew whenever the connection is lost. A call that finds no connection waits for one,
    as long as `connect_timeout` and its own timeout allow; one that is under way when the connection is lost fails, as it may
    have reached a provider.

    target: `host:port`; of a name that stands for several gateways, all are called in turn.
    key: the key of a caller of the gateway, or of the provider.
    tls: speak TLS, trusting the system's authorities; `ca`: trust this PEM instead. `certificate`: PEM of key and chain,
        for a gateway that asks for one.
    headers: sent with each call: `x-portolan-provider`, `x-portolan-config` and so on.
    timeout: seconds that a call may take unless it says otherwise, streams included. Default: no limit.
    connect_timeout: seconds to wait for a connection.
    keepalive_time: a connection with calls that has been silent for so many seconds is looked after; the gateway takes at
        least 10. It is given up if there is no answer for keepalive_timeout.

    Each call takes its request whole, or by its fields: `chat(model="openai/gpt-4o", messages=[portolan.user("Hi")])`. It
    raises a subclass of Error. Its `timeout` and `headers` beat the client's; `on_headers` is told what came with the
    answer. `channel` is for stubs of your own, whose errors Error.of reads.
    """

    def __init__(
        self,
        target: str,
        key: str | None = None,
        *,
        tls: bool = False,
        ca: bytes | None = None,
        certificate: tuple[bytes, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        connect_timeout: float = 10.0,
        keepalive_time: float = 30.0,
        keepalive_timeout: float = 10.0,
    ) -> None:
        self._options = Options(
            target,
            key,
            tls,
            ca,
            certificate,
            headers,
            timeout,
            connect_timeout,
            keepalive_time,
            keepalive_timeout,
        )
        credentials, arguments = self._options.credentials(), self._options.channel_arguments()
        if credentials is None:
            self.channel = grpc.insecure_channel(target, arguments)
        else:
            self.channel = grpc.secure_channel(target, credentials, arguments)
        self._sure_until = 0.0
        self._health: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary("/grpc.health.v1.Health/Check")
        self._chat = ChatServiceStub(self.channel)
        self._completion = CompletionServiceStub(self.channel)
        self._embedding = EmbeddingServiceStub(self.channel)
        self._model = ModelServiceStub(self.channel)
        self._rerank = RerankServiceStub(self.channel)
        self._routing = RoutingServiceStub(self.channel)
        self._token = TokenServiceStub(self.channel)

    def chat(
        self,
        request: v1.ChatCompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.ChatCompletion:
        """Continues a conversation; returns the whole answer."""
        whole = request_of(v1.ChatCompletionRequest, request, fields)
        answer: v1.ChatCompletion = self._call(self._chat.CreateChatCompletion, whole, timeout, headers, on_headers)
        return answer

    def stream(
        self,
        request: v1.ChatCompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Stream[v1.ChatCompletionChunk]:
        """Continues a conversation; the answer comes piece by piece, as it is made."""
        whole = request_of(v1.ChatCompletionRequest, request, fields)
        return Stream(self, self._start(self._chat.StreamChatCompletion, whole, timeout, headers))

    def complete(
        self,
        request: v1.CompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.Completion:
        """Continues a text, with a model of the older kind; returns the whole answer."""
        whole = request_of(v1.CompletionRequest, request, fields)
        answer: v1.Completion = self._call(self._completion.CreateCompletion, whole, timeout, headers, on_headers)
        return answer

    def embed(
        self,
        request: v1.EmbeddingRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.EmbeddingResponse:
        """Turns texts into vectors."""
        whole = request_of(v1.EmbeddingRequest, request, fields)
        answer: v1.EmbeddingResponse = self._call(self._embedding.CreateEmbeddings, whole, timeout, headers, on_headers)
        return answer

    def rerank(
        self,
        request: v1.RerankRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.RerankResponse:
        """Puts documents in the order of how well they answer a query."""
        whole = request_of(v1.RerankRequest, request, fields)
        answer: v1.RerankResponse = self._call(self._rerank.Rerank, whole, timeout, headers, on_headers)
        return answer

    def count_tokens(
        self,
        request: v1.ChatCompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.TokenCount:
        """Counts the tokens of a conversation, without a call to the model."""
        whole = request_of(v1.ChatCompletionRequest, request, fields)
        answer: v1.TokenCount = self._call(self._token.CountTokens, whole, timeout, headers, on_headers)
        return answer

    def models(
        self,
        request: v1.ListModelsRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.ModelList:
        """Lists the models that can be asked."""
        whole = request_of(v1.ListModelsRequest, request, fields)
        answer: v1.ModelList = self._call(self._model.ListModels, whole, timeout, headers, on_headers)
        return answer

    def model(
        self,
        request: v1.GetModelRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.Model:
        """Tells of one model."""
        whole = request_of(v1.GetModelRequest, request, fields)
        answer: v1.Model = self._call(self._model.GetModel, whole, timeout, headers, on_headers)
        return answer

    def explain(
        self,
        request: v1.ExplainRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        on_headers: OnHeaders | None = None,
        **fields: Any,
    ) -> v1.Explanation:
        """Tells where a call would go, without calling anybody."""
        whole = request_of(v1.ExplainRequest, request, fields)
        answer: v1.Explanation = self._call(self._routing.Explain, whole, timeout, headers, on_headers)
        return answer

    def stream_completion(
        self,
        request: v1.CompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Stream[v1.Completion]:
        """Continues a text, with a model of the older kind, piece by piece."""
        whole = request_of(v1.CompletionRequest, request, fields)
        return Stream(self, self._start(self._completion.StreamCompletion, whole, timeout, headers))

    def close(self) -> None:
        """Ends the calls that are under way, and the connection."""
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _wait_for_connection(self, budget: Budget) -> bool:
        """Whether there is one. If not, the call is made all the same, as its error says why; it does not wait then.

        gRPC's own watch on a channel is a thread that wakes up five times a second and fails when the channel is closed, so
        the gateway is asked for its health instead, unless it has just shown that it is there.
        """
        if time.monotonic() < self._sure_until:
            return True
        try:
            self._health(b"", timeout=budget.to_connect(), wait_for_ready=True)
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
                return False
        self._note_life()
        return True

    def _note_life(self) -> None:
        self._sure_until = time.monotonic() + _SURE_S

    def _failed(self, error: grpc.RpcError) -> Error:
        self._sure_until = 0.0
        return Error.of(error)

    def _start(self, rpc: Any, request: Any, timeout: float | None, headers: Mapping[str, str] | None) -> Any:
        budget = Budget(self._options, timeout)
        connected = self._wait_for_connection(budget)
        more = self._options.metadata_of_call(headers)
        return rpc(request, timeout=budget.left(), metadata=more, wait_for_ready=connected)

    def _call(
        self,
        rpc: Any,
        request: Any,
        timeout: float | None,
        headers: Mapping[str, str] | None,
        on_headers: OnHeaders | None,
    ) -> Any:
        call = self._start(rpc.future, request, timeout, headers)
        try:
            answer = call.result()
            self._note_life()
            if on_headers:
                on_headers(plain(call.initial_metadata() or ()))
        except grpc.RpcError as error:
            raise self._failed(error) from None
        except BaseException:  # an interrupt, above all: nobody waits for the answer any more
            call.cancel()
            raise
        return answer
