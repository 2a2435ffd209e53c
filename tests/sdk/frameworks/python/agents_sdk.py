"""Drives OpenAI's Agents SDK, with chat completions, which every provider has."""

import asyncio

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from pydantic import BaseModel

from driver import limit, serve
from errors import told

set_tracing_disabled(True)


@function_tool
def weather(city: str) -> str:
    """Tells the weather."""
    asked.append({"city": city})
    return "sunny"


asked = []


class City(BaseModel):
    city: str


def agent(request, **more):
    client = AsyncOpenAI(
        base_url=request["url"] + "/v1",
        api_key=request["key"],
        default_headers=request.get("headers"),
        timeout=limit(request),
        max_retries=request.get("retries", 0),
    )
    return Agent(
        name="Assistant",
        instructions="Be brief.",
        model=OpenAIChatCompletionsModel(model=request["model"], openai_client=client),
        model_settings=ModelSettings(max_tokens=64, include_usage=True),
        **more,
    )


def run(request, **more):
    return asyncio.run(Runner.run(agent(request, **more), "Hi"))


def chat(request):
    done = run(request)
    usage = done.context_wrapper.usage
    return {"text": done.final_output, "usage": [usage.input_tokens, usage.output_tokens]}


async def pieces(request):
    events = Runner.run_streamed(agent(request), "Hi").stream_events()
    return [
        event.data.delta
        async for event in events
        if getattr(event, "data", None) and event.data.type == "response.output_text.delta"
    ]


def stream(request):
    return {"pieces": asyncio.run(pieces(request))}


def tools(request):
    asked.clear()
    done = run(request, tools=[weather])
    return {"call": asked[-1], "text": done.final_output}


def structured(request):
    return {"value": run(request, output_type=City).final_output.model_dump()}


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured}, told)
