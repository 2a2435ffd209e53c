"""Drives LlamaIndex, by the class that it has for servers that speak as OpenAI's do."""

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel, ConfigDict

from driver import limit, serve
from errors import told

MESSAGES = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="Hi")]


def model(request):
    return OpenAILike(
        api_base=request["url"] + "/v1",
        api_key=request["key"],
        model=request["model"],
        max_tokens=64,
        is_chat_model=True,
        is_function_calling_model=True,
        should_use_structured_outputs=True,
        default_headers=request.get("headers"),
        max_retries=request.get("retries", 0),
        **({"timeout": limit(request)} if limit(request) else {}),
    )


def weather(city: str) -> str:
    """Tells the weather."""
    return "sunny"


class City(BaseModel):
    model_config = ConfigDict(extra="forbid")
    city: str


def chat(request):
    answer = model(request).chat(MESSAGES)
    usage = answer.raw.usage
    return {"text": answer.message.content, "usage": [usage.prompt_tokens, usage.completion_tokens]}


def stream(request):
    return {"pieces": [chunk.delta for chunk in model(request).stream_chat(MESSAGES)]}


def tools(request):
    llm, tool = model(request), FunctionTool.from_defaults(weather)
    asking = llm.chat_with_tools([tool], chat_history=MESSAGES)
    [call] = llm.get_tool_calls_from_response(asking)
    result = ChatMessage(
        role="tool", content=weather(**call.tool_kwargs), additional_kwargs={"tool_call_id": call.tool_id}
    )
    told = llm.chat_with_tools([tool], chat_history=[*MESSAGES, asking.message, result])
    return {"call": call.tool_kwargs, "text": told.message.content}


def structured(request):
    return {"value": model(request).as_structured_llm(City).chat(MESSAGES).raw.model_dump()}


def embed(request):
    embeddings = OpenAILikeEmbedding(
        api_base=request["url"] + "/v1", api_key=request["key"], model_name=request["model"]
    )
    return {"vectors": embeddings.get_text_embedding_batch(["one", "two"])}


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured, "embed": embed}, told)
