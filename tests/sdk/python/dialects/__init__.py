"""The dialects that the gateway speaks to providers.

Each says how it spells the same answers, and where it keeps the same facts of a request: see base.py. Another one is a
class with the same members.
"""

from dialects.anthropic import Anthropic
from dialects.bedrock import Bedrock, Titan
from dialects.cohere import Cohere
from dialects.google import Google
from dialects.minimax import MiniMax
from dialects.mistral import Mistral
from dialects.ollama import Ollama
from dialects.openai import OpenAi
from dialects.palm import Palm
from dialects.vertex import VertexClaude, VertexGemini
from dialects.watsonx import Watsonx

OPENAI = OpenAi()
ANTHROPIC = Anthropic()
GOOGLE = Google()
BEDROCK = Bedrock()
COHERE = Cohere()
MISTRAL = Mistral()
OLLAMA = Ollama()
VERTEX_GEMINI = VertexGemini()
VERTEX_CLAUDE = VertexClaude()
WATSONX = Watsonx()
MINIMAX = MiniMax()
PALM = Palm()
ALL = (
    OPENAI,
    ANTHROPIC,
    GOOGLE,
    VERTEX_GEMINI,
    VERTEX_CLAUDE,
    BEDROCK,
    COHERE,
    MISTRAL,
    OLLAMA,
    WATSONX,
    MINIMAX,
)
# And those that have so little of it that their tests are their own.
SPOKEN = (*ALL, PALM)
# Those whose providers have a host, and a key that is sent as it is.
HOSTED = tuple(dialect for dialect in ALL if dialect.host)
# Those that embed texts.
EMBEDDERS = (*(dialect for dialect in ALL if dialect.embedding_model), Titan())


def of_path(path):
    """The dialect whose chats have this path, or None. Of several it is the first."""
    return next((dialect for dialect in SPOKEN if dialect.is_chat(path)), None)
