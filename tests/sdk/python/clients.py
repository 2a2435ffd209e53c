"""Clients of the gateway, as the tests use them."""

import openai

from checks import check, equal  # noqa: F401  (what the tests import)

# Loading the trusted certificates for each client would take most of the tests' time.
CONNECTIONS = openai.DefaultHttpxClient()
HELLO = [{"role": "user", "content": "Hi"}]


def client(
    world,
    dialect,
    headers=None,
    prefix="x-portkey",
    base="/v1",
    url=None,
    key=None,
    kind=openai.OpenAI,
    **options,
):
    """A client whose calls go to the scripted upstream in `dialect`. `headers` beat those that this needs."""
    if kind is openai.OpenAI:
        options.setdefault("http_client", CONNECTIONS)
    return kind(
        api_key=key or dialect.key("sk-caller"),
        base_url=(url or world.gateway.url) + base,
        **{"max_retries": 0, **options},
        default_headers={**world.headers(dialect, prefix), **(headers or {})},
    )


def failure(call):
    """The package's error that `call` fails with."""
    try:
        call()
    except openai.APIError as error:
        return error
    raise AssertionError("the call did not fail")
