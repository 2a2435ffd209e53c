"""Client of the Portolan AI gateway.

Client and AsyncClient make calls; their messages are those of portolan.v1, which is generated from the gateway's API.
"""

from portolan._aio import AsyncClient, AsyncStream
from portolan._client import Client, Stream
from portolan.errors import CallerError, Error, GatewayError, PolicyError, ProviderError
from portolan.messages import assistant, developer, function_tool, system, text_of, tool_result, user

__all__ = [
    "AsyncClient",
    "AsyncStream",
    "CallerError",
    "Client",
    "Error",
    "GatewayError",
    "PolicyError",
    "ProviderError",
    "Stream",
    "assistant",
    "developer",
    "function_tool",
    "system",
    "text_of",
    "tool_result",
    "user",
]
