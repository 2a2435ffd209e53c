"""Errors: whose fault, which code, how many attempts, and when to come back.

What the gateway says about an error is documented in docs/errors.md of the project. What fails on the way to it has a code
of the client's: `gateway_unreachable` (no connection, or a broken one), `request_timeout` (the call's own timeout),
`client_closed_request` (cancelled here), or the gRPC status in lower case.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

Headers = Mapping[str, str]


class Error(Exception):
    """A call that failed. Raised as one of the subclasses, by whose fault it was.

    error_class: `caller`, `policy`, `provider` or `gateway`.
    code: stable, for programs: the provider's own, or the gateway's.
    status: gRPC's.
    message: for people.
    attempts: how often a provider was called.
    retryable: whether trying again can help.
    retry_delay: how long to wait before that, where it is known.
    http_status: the same error's over HTTP; 0 if the gateway did not say.
    param: the member of the request that is at fault, or "".
    info: all that the gateway tells of the error, by name: `tried`, `upstream`, `limit` and so on.
    headers: what came with the error: the gateway's own, the provider's rate limits.
    """

    error_class = "gateway"

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: grpc.StatusCode,
        info: Headers | None = None,
        retry_delay: datetime.timedelta | None = None,
        headers: Headers | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status
        self.retry_delay = retry_delay
        self.info, self.headers = dict(info or {}), dict(headers or {})
        self.attempts = int(self.info.get("attempts", 0))
        self.retryable = self.info.get("retryable") == "true"
        self.http_status = int(self.info.get("http_status", 0))
        self.param = self.info.get("param", "")

    def __str__(self) -> str:
        return f"{self.message} ({self.error_class} {self.code}, {self.status.name})"

    def __reduce__(self) -> tuple[object, ...]:
        return _remade, (type(self), self.message, self.code, self.status, self.info, self.retry_delay, self.headers)

    @classmethod
    def of(cls, error: grpc.RpcError) -> "Error":
        """The error that a failed gRPC call stands for; for calls by stubs over `Client.channel`."""
        status, message = error.code(), error.details() or ""
        headers = plain(error.trailing_metadata() or ())
        info, delay = _details(error.trailing_metadata() or ())
        if info is not None:
            kind = _KINDS.get(info.metadata.get("class", ""), GatewayError)
            return kind(message, code=info.reason, status=status, info=info.metadata, retry_delay=delay, headers=headers)
        kind, code = _LOCAL.get(status, (GatewayError, status.name.lower()))
        return kind(message, code=code, status=status, headers=headers)


class CallerError(Error):
    """The request is wrong, or its own timeout ran out, or it was cancelled."""

    error_class = "caller"


class PolicyError(Error):
    """The request is right, but not allowed here."""

    error_class = "policy"


class ProviderError(Error):
    """The provider refused or failed."""

    error_class = "provider"


class GatewayError(Error):
    """The gateway failed, or there is no way to it."""

    error_class = "gateway"


_KINDS: dict[str, type[Error]] = {kind.error_class: kind for kind in (CallerError, PolicyError, ProviderError, GatewayError)}
# What gRPC's library says by itself.
_LOCAL: dict[grpc.StatusCode, tuple[type[Error], str]] = {
    grpc.StatusCode.UNAVAILABLE: (GatewayError, "gateway_unreachable"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (CallerError, "request_timeout"),
    grpc.StatusCode.CANCELLED: (CallerError, "client_closed_request"),
}


def plain(metadata: Iterable[Any]) -> dict[str, str]:
    """Metadata without what is binary; of several values of a name, joined by commas as in HTTP."""
    merged: dict[str, str] = {}
    for name, value in metadata:
        if isinstance(value, str):
            merged[name] = f"{merged[name]}, {value}" if name in merged else value
    return merged


def _details(
    metadata: Iterable[Any],
) -> tuple[error_details_pb2.ErrorInfo | None, datetime.timedelta | None]:
    """The gateway's ErrorInfo and the delay of RetryInfo, in google.rpc.Status; https://grpc.io/docs/guides/error/."""
    info, delay = None, None
    for name, value in metadata:
        if name != "grpc-status-details-bin" or isinstance(value, str):
            continue
        for detail in status_pb2.Status.FromString(value).details:
            found, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
            if detail.Unpack(found) and found.domain == "portolan":
                info = found
            elif detail.Unpack(retry):
                delay = retry.retry_delay.ToTimedelta()
    return info, delay


def _remade(kind: type[Error], message: str, code: str, status: grpc.StatusCode, *more: object) -> Error:
    """The error that was pickled."""
    info, retry_delay, headers = more
    return kind(message, code=code, status=status, info=info, retry_delay=retry_delay, headers=headers)  # type: ignore[arg-type]
