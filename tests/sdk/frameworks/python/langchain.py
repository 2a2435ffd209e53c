"""Drives LangChain, with the package of the vendor that the request names."""

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, ConfigDict

from driver import limit, serve
from errors import told

MESSAGES = [SystemMessage("Be brief."), HumanMessage("Hi")]


def by_openai(request):
    return ChatOpenAI(
        base_url=request["url"] + "/v1",
        api_key=request["key"],
        model=request["model"],
        max_tokens=64,
        default_headers=request.get("headers"),
        timeout=limit(request),
        max_retries=request.get("retries", 0),
    )


def by_anthropic(request):
    return ChatAnthropic(
        base_url=request["url"],
        api_key=request["key"],
        model=request["model"],
        max_tokens=64,
        default_headers=request.get("headers"),
        timeout=limit(request),
        max_retries=request.get("retries", 0),
    )


def model(request):
    return {"openai": by_openai, "anthropic": by_anthropic}[request["package"]](request)


@tool
def weather(city: str) -> str:
    """Tells the weather."""
    return "sunny"


class City(BaseModel):
    model_config = ConfigDict(extra="forbid")
    city: str


def chat(request):
    answer = model(request).invoke(MESSAGES)
    return {
        "text": answer.text,
        "usage": [answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]],
    }


def stream(request):
    return {"pieces": [chunk.text for chunk in model(request).stream(MESSAGES)]}


def tools(request):
    agent = model(request).bind_tools([weather])
    asking = agent.invoke(MESSAGES)
    [call] = asking.tool_calls
    result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
    return {"call": call["args"], "text": agent.invoke([*MESSAGES, asking, result]).text}


def structured(request):
    asked = model(request).with_structured_output(City, method="json_schema")
    return {"value": asked.invoke(MESSAGES).model_dump()}


def embed(request):
    embeddings = OpenAIEmbeddings(
        base_url=request["url"] + "/v1",
        api_key=request["key"],
        model=request["model"],
        check_embedding_ctx_length=False,
    )
    return {"vectors": embeddings.embed_documents(["one", "two"])}


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured, "embed": embed}, told)
