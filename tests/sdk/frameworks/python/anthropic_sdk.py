"""Drives Anthropic's SDK."""

from anthropic import Anthropic
from pydantic import BaseModel, ConfigDict

from driver import limit, serve
from errors import told

MESSAGES = [{"role": "user", "content": "Hi"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "Tells the weather.", "input_schema": SCHEMA}


class City(BaseModel):
    model_config = ConfigDict(extra="forbid")
    city: str


def client(request):
    return Anthropic(
        base_url=request["url"],
        api_key=request["key"],
        default_headers=request.get("headers"),
        timeout=limit(request),
        max_retries=request.get("retries", 0),
    )


def wish(request):
    return {"model": request["model"], "max_tokens": 64, "system": "Be brief.", "messages": MESSAGES}


def chat(request):
    answer = client(request).messages.create(**wish(request))
    return {"text": answer.content[0].text, "usage": [answer.usage.input_tokens, answer.usage.output_tokens]}


def stream(request):
    with client(request).messages.stream(**wish(request)) as events:
        return {"pieces": list(events.text_stream)}


def tools(request):
    able = {**wish(request), "tools": [WEATHER]}
    asking = client(request).messages.create(**able)
    [call] = [part for part in asking.content if part.type == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    turns = [{"role": "assistant", "content": asking.content}, {"role": "user", "content": [result]}]
    told_then = client(request).messages.create(**{**able, "messages": MESSAGES + turns})
    return {"call": call.input, "text": told_then.content[0].text}


def structured(request):
    parsed = client(request).messages.parse(**wish(request), output_format=City)
    return {"value": parsed.parsed_output.model_dump()}


def models(request):
    return {"ids": [each.id for each in client(request).models.list()]}


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured, "models": models}, told)
