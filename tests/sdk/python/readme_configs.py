"""The two configs of the README of Portkey's gateway, as they stand there but for the keys and the model."""

import re

from clients import equal
from upstream import refusal

FALLBACK = {
    "retry": {"count": 5},
    "strategy": {"mode": "fallback"},
    "targets": [
        {"provider": "openai", "api_key": "sk-one"},
        {"provider": "anthropic", "api_key": "sk-two", "override_params": {"model": "claude-sonnet-4-6"}},
    ],
}
LOADBALANCE = {
    "strategy": {"mode": "loadbalance"},
    "targets": [
        {"provider": "openai", "api_key": "sk-one", "weight": "0.5"},
        {"provider": "openai", "api_key": "sk-two", "weight": "0.5"},
    ],
}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def wrong_key():
    return refusal(401, "Incorrect API key")


def check_record(record, dialect, key):
    """Nothing that a caller says to the gateway goes up, nor a key of somebody else."""
    equal((record.host, dialect.key_of(record)), (dialect.host, key))
    others = {
        name: value
        for name, value in record.headers.items()
        if re.search("portkey|portolan|stainless", name)
        or (name not in ("authorization", "x-api-key") and re.search("sk-|pk-", value))
    }
    equal(others, {})
