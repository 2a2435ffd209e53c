"""Drives Portkey's SDK: what others say in headers and options of a client it says in its own words.

It asks the gateway to keep the time limit, and to try again, which it does not do itself after an answer of a gateway.
"""

import json

from portkey_ai import Portkey
from pydantic import BaseModel, ConfigDict

from driver import serve

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "Tells the weather.", "parameters": SCHEMA}


class City(BaseModel):
    model_config = ConfigDict(extra="forbid")
    city: str


def config_of(request):
    """The config that the request has, or one that asks the gateway to try again, or None."""
    if "x-portolan-config" in request.get("headers", {}):
        return json.loads(request["headers"]["x-portolan-config"])
    retries = request.get("retries")
    return {"retry": {"attempts": retries, "use_retry_after_header": True}} if retries else None


def client(request):
    return Portkey(
        base_url=request["url"] + "/v1",
        api_key="any text",
        Authorization="Bearer " + request["key"],
        provider=request.get("headers", {}).get("x-portolan-provider"),
        config=config_of(request),
        request_timeout=request.get("timeout_ms"),
    )


def ask(request, messages=MESSAGES, **more):
    return client(request).chat.completions.create(
        model=request["model"], messages=messages, max_tokens=64, **more
    )


def chat(request):
    answer = ask(request)
    return {
        "text": answer.choices[0].message.content,
        "usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens],
    }


def stream(request):
    return {"pieces": [chunk.choices[0].delta.content for chunk in ask(request, stream=True) if chunk.choices]}


def tools(request):
    able = {"tools": [{"type": "function", "function": WEATHER}]}
    asking = ask(request, **able).choices[0].message
    [call] = asking.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    told = ask(request, [*MESSAGES, asking.model_dump(exclude_none=True), result], **able)
    return {"call": json.loads(call.function.arguments), "text": told.choices[0].message.content}


def structured(request):
    parsed = client(request).chat.completions.parse(
        model=request["model"], messages=MESSAGES, max_tokens=64, response_format=City
    )
    return {"value": parsed.choices[0].message.parsed.model_dump()}


def embed(request):
    told = client(request).embeddings.create(model=request["model"], input=["one", "two"], encoding_format="float")
    return {"vectors": [each.embedding for each in told.data]}


def models(request):
    return {"ids": [each.id for each in client(request).models.list().data]}


def told(error):
    """Its errors are those of its own copy of OpenAI's package."""
    if not hasattr(error, "status_code"):
        return None
    seen = {"message": str(error), "status": error.status_code, "type": error.type, "code": error.code}
    return {**seen, "timeout": error.status_code == 408}


serve(
    {
        "chat": chat,
        "stream": stream,
        "tools": tools,
        "structured": structured,
        "embed": embed,
        "models": models,
    },
    told,
)
