"""The dialects that the gateway speaks to providers.

Each says how it spells the same answers, and where it keeps the same facts of a request: see base.py. Another one is a
class with the same members.
"""

from dialects.anthropic import Anthropic
from dialects.bedrock import Bedrock
from dialects.cohere import Cohere
from dialects.google import Google
from dialects.mistral import Mistral
from dialects.ollama import Ollama
from dialects.openai import OpenAi

OPENAI = OpenAi()
ANTHROPIC = Anthropic()
GOOGLE = Google()
BEDROCK = Bedrock()
COHERE = Cohere()
MISTRAL = Mistral()
OLLAMA = Ollama()
ALL = (OPENAI, ANTHROPIC, GOOGLE, BEDROCK, COHERE, MISTRAL, OLLAMA)
# Those whose providers have a host.
HOSTED = tuple(dialect for dialect in ALL if dialect.host)
# Those that embed texts.
EMBEDDERS = tuple(dialect for dialect in ALL if dialect.embedding_model)


def of_path(path):
    """The dialect whose chats have this path, or None. Of several it is the first."""
    return next((dialect for dialect in ALL if dialect.is_chat(path)), None)
