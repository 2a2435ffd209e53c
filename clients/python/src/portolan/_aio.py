"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc
import grpc.aio

from portolan import v1
from portolan._connection import Budget, OnHeaders, Options, request_of
from portolan.errors import CallerError, Error, plain
from portolan.v1.chat_service_pb2_grpc import ChatServiceStub
from portolan.v1.completion_service_pb2_grpc import CompletionServiceStub
from portolan.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from portolan.v1.model_service_pb2_grpc import ModelServiceStub
from portolan.v1.rerank_service_pb2_grpc import RerankServiceStub
from portolan.v1.routing_service_pb2_grpc import RoutingServiceStub
from portolan.v1.token_service_pb2_grpc import TokenServiceStub

Piece = TypeVar("Piece")


class AsyncStream(Generic[Piece]):
    """An answer that comes piece by piece: iterate over it with `async for`. One that ends without an error is complete.

    The call is made when the first piece is asked for. In an `async with` block, it is cancelled at the end of the block if
    it is not over by then; it is cancelled, too, when the task that waits for a piece is.
    """

    def __init__(self, start: Callable[[], Awaitable[Any]]) -> None:
        self._start = start
        self._call: Any = None
        self._cancelled = False

    def __aiter__(self) -> AsyncIterator[Piece]:
        return self

    async def __anext__(self) -> Piece:
        try:
            piece = await (await self._begun()).read()
        except grpc.RpcError as error:
            raise Error.of(error) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._cancelled and not (task and task.cancelling()):
                raise CallerError("cancelled", code="client_closed_request", status=grpc.StatusCode.CANCELLED) from None
            self.cancel()
            raise
        if piece is grpc.aio.EOF:
            raise StopAsyncIteration
        return piece  # type: ignore[no-any-return]

    def cancel(self) -> None:
        """Ends the call: the provider is left at once. Without effect on a stream that is over."""
        self._cancelled = True
        if self._call is not None:
            self._call.cancel()

    async def headers(self) -> dict[str, str]:
        """What came with the answer: the gateway's headers, the provider's rate limits. Waits for it."""
        return plain(await (await self._begun()).initial_metadata() or ())

    async def _begun(self) -> Any:
        if self._call is None:
            self._call = await self._start()
            if self._cancelled:
                self._call.cancel()
        return self._call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


class AsyncClient:
    """A connection to the gateway for asyncio: as Client, of which see the options, with `await` and `async for`."""

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
        self.channel: grpc.aio.Channel
        if credentials is None:
            self.channel = grpc.aio.insecure_channel(target, arguments)
        else:
            self.channel = grpc.aio.secure_channel(target, credentials, arguments)
        self._chat = ChatServiceStub(self.channel)
        self._completion = CompletionServiceStub(self.channel)
        self._embedding = EmbeddingServiceStub(self.channel)
        self._model = ModelServiceStub(self.channel)
        self._rerank = RerankServiceStub(self.channel)
        self._routing = RoutingServiceStub(self.channel)
        self._token = TokenServiceStub(self.channel)

    async def chat(
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
        answer: v1.ChatCompletion = await self._call(self._chat.CreateChatCompletion, whole, timeout, headers, on_headers)
        return answer

    def stream(
        self,
        request: v1.ChatCompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> AsyncStream[v1.ChatCompletionChunk]:
        """Continues a conversation; the answer comes piece by piece, as it is made."""
        whole = request_of(v1.ChatCompletionRequest, request, fields)
        return AsyncStream(lambda: self._start(self._chat.StreamChatCompletion, whole, timeout, headers))

    async def complete(
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
        answer: v1.Completion = await self._call(self._completion.CreateCompletion, whole, timeout, headers, on_headers)
        return answer

    async def embed(
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
        answer: v1.EmbeddingResponse = await self._call(self._embedding.CreateEmbeddings, whole, timeout, headers, on_headers)
        return answer

    async def rerank(
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
        answer: v1.RerankResponse = await self._call(self._rerank.Rerank, whole, timeout, headers, on_headers)
        return answer

    async def count_tokens(
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
        answer: v1.TokenCount = await self._call(self._token.CountTokens, whole, timeout, headers, on_headers)
        return answer

    async def models(
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
        answer: v1.ModelList = await self._call(self._model.ListModels, whole, timeout, headers, on_headers)
        return answer

    async def model(
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
        answer: v1.Model = await self._call(self._model.GetModel, whole, timeout, headers, on_headers)
        return answer

    async def explain(
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
        answer: v1.Explanation = await self._call(self._routing.Explain, whole, timeout, headers, on_headers)
        return answer

    def stream_completion(
        self,
        request: v1.CompletionRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> AsyncStream[v1.Completion]:
        """Continues a text, with a model of the older kind, piece by piece."""
        whole = request_of(v1.CompletionRequest, request, fields)
        return AsyncStream(lambda: self._start(self._completion.StreamCompletion, whole, timeout, headers))

    async def close(self) -> None:
        """Ends the calls that are under way, and the connection."""
        await self.channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _wait_for_connection(self, budget: Budget) -> bool:
        """Whether there is one. If not, the call is made all the same, as its error says why; it does not wait then."""
        try:
            async with asyncio.timeout(budget.to_connect()):
                while (state := self.channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.READY:
                    await self.channel.wait_for_state_change(state)
        except TimeoutError:
            return False
        return True

    async def _start(self, rpc: Any, request: Any, timeout: float | None, headers: Mapping[str, str] | None) -> Any:
        budget = Budget(self._options, timeout)
        connected = await self._wait_for_connection(budget)
        more = self._options.metadata_of_call(headers)
        return rpc(request, timeout=budget.left(), metadata=more, wait_for_ready=connected)

    async def _call(
        self,
        rpc: Any,
        request: Any,
        timeout: float | None,
        headers: Mapping[str, str] | None,
        on_headers: OnHeaders | None,
    ) -> Any:
        call = await self._start(rpc, request, timeout, headers)
        try:
            answer = await call  # cancels it if the task is cancelled
            if on_headers:
                on_headers(plain(await call.initial_metadata() or ()))
        except grpc.RpcError as error:
            raise Error.of(error) from None
        return answer
