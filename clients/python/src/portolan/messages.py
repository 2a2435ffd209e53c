"""Messages of a conversation, in a word."""

import json
from typing import Any

from portolan.v1 import Content, FunctionDefinition, Message, Tool


def _message(role: str, text: str) -> Message:
    return Message(role=role, content=Content(text=text))


def user(text: str) -> Message:
    """What the user says."""
    return _message("user", text)


def system(text: str) -> Message:
    """What the model is told to be."""
    return _message("system", text)


def developer(text: str) -> Message:
    """What newer models of OpenAI's take in the place of `system`."""
    return _message("developer", text)


def assistant(text: str) -> Message:
    """What the model said. An answer's own message is better sent back as it came."""
    return _message("assistant", text)


def tool_result(call_id: str, result: str) -> Message:
    """What a tool gave for the call that the model named `call_id`."""
    return Message(role="tool", tool_call_id=call_id, content=Content(text=result))


def function_tool(name: str, description: str, parameters: dict[str, Any] | str) -> Tool:
    """A function that the model may call; `parameters` is a JSON Schema, as an object or as text."""
    schema = parameters if isinstance(parameters, str) else json.dumps(parameters)
    return Tool(type="function", function=FunctionDefinition(name=name, description=description, parameters=schema))


def text_of(message: Message) -> str:
    """The message's text; of several parts, that of all that have one."""
    if message.content.HasField("parts"):
        return "".join(part.text for part in message.content.parts.items)
    return message.content.text
