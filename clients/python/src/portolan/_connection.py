"""What both clients have in common: how to connect, and what goes with each call."""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

VERSION = "0.1.0"
# What the gateway takes and sends.
_LARGEST_MESSAGE = 64 << 20
_LARGEST_METADATA = 64 << 10

Request = TypeVar("Request", bound=Message)
OnHeaders = Callable[[dict[str, str]], None]


@dataclasses.dataclass(frozen=True)
class Options:
    """How a client connects and what it sends with each call; see Client."""

    target: str
    key: str | None = dataclasses.field(default=None, repr=False)
    tls: bool = False
    ca: bytes | None = None
    certificate: tuple[bytes, bytes] | None = dataclasses.field(default=None, repr=False)
    headers: Mapping[str, str] | None = dataclasses.field(default=None, repr=False)
    timeout: float | None = None
    connect_timeout: float = 10.0
    keepalive_time: float = 30.0
    keepalive_timeout: float = 10.0

    def credentials(self) -> grpc.ChannelCredentials | None:
        """None: no TLS."""
        if not (self.tls or self.ca or self.certificate):
            return None
        key, chain = self.certificate or (None, None)
        return grpc.ssl_channel_credentials(self.ca, key, chain)

    def channel_arguments(self) -> list[tuple[str, int | str]]:
        """For grpc.*_channel."""
        return [
            ("grpc.primary_user_agent", f"portolan-python/{VERSION}"),
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            ("grpc.max_metadata_size", _LARGEST_METADATA),
            # Calls go to all gateways that the name stands for, and to others when it stands for others.
            ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
            # A rollout exchanges pods faster than once in the half minute that gRPC lets pass between two look-ups.
            ("grpc.dns_min_time_between_resolutions_ms", 1000),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 5000),
            ("grpc.max_reconnect_backoff_ms", 5000),
            # A stream may be silent for long while a model thinks: its connection is looked after all that time.
            ("grpc.keepalive_time_ms", round(self.keepalive_time * 1000)),
            ("grpc.keepalive_timeout_ms", round(self.keepalive_timeout * 1000)),
            # All pings: where one of another purpose is unanswered, none is sent to keep the connection.
            ("grpc.http2.ping_timeout_ms", round(self.keepalive_timeout * 1000)),
            ("grpc.http2.max_pings_without_data", 0),
        ]

    def metadata_of_call(self, more: Mapping[str, str] | None) -> list[tuple[str, str]]:
        """`more`: what the call has besides; it beats the client's."""
        merged = {"authorization": f"Bearer {self.key}"} if self.key else {}
        for headers in (self.headers, more):
            merged.update((name.lower(), value) for name, value in (headers or {}).items())
        return list(merged.items())


class Budget:
    """The time that a call has left."""

    def __init__(self, options: Options, timeout: float | None) -> None:
        seconds = options.timeout if timeout is None else timeout
        self.end = None if seconds is None else time.monotonic() + seconds
        self.connect_timeout = options.connect_timeout

    def left(self) -> float | None:
        """Seconds until the call's deadline; None if it has none."""
        return None if self.end is None else max(0.0, self.end - time.monotonic())

    def to_connect(self) -> float:
        """Seconds to wait for a connection."""
        left = self.left()
        return self.connect_timeout if left is None else min(left, self.connect_timeout)


def request_of(kind: type[Request], request: Request | None, fields: Mapping[str, Any]) -> Request:
    """The request that was given whole or by its fields."""
    if request is None:
        return kind(**fields)
    if fields:
        raise TypeError(f"a {kind.__name__} was given, and {', '.join(fields)} besides: set the fields in the request")
    return request
