"""The SDKs, and what each can do."""

import glob
import pathlib

from driver import Driver

ROOT = pathlib.Path(__file__).parents[3]
FRAMEWORKS = ROOT / "tests" / "sdk" / "frameworks"
COMMON = {"chat", "stream", "tools", "structured", "error", "timeout", "retry_after", "config", "on_page"}


class Sdk:
    """One SDK.

    name: how tests are told apart. group: what is installed together. heading: its lines in docs/sdks.md.
    driver: the process that has it. package: which of a framework's packages, told with each request.
    door: which API of the gateway's it speaks, `chat` or `messages`.
    scenarios: those that it has. tells: which members of an error it shows besides the message.
    compiled: whether the page's lines are compiled into the driver.
    fails: (scenario, dialect) that the SDK itself cannot do, as docs/sdks.md says.
    """

    def __init__(
        self,
        name,
        group,
        heading,
        driver,
        package=None,
        scenarios=COMMON,
        door="chat",
        tells=("status", "type", "code"),
        compiled=False,
        fails=(),
    ):
        self.name, self.group, self.heading, self.driver, self.package = name, group, heading, driver, package
        self.door, self.scenarios, self.tells, self.compiled = door, frozenset(scenarios), tells, compiled
        self.fails = fails

    def can(self, scenario, dialect=None):
        return scenario in self.scenarios and (dialect is None or (scenario, dialect.name) not in self.fails)

    def ask(self, request):
        """What it makes of it; see driver.py."""
        return self.driver.ask({**request, "package": self.package})


def python(script, install="frameworks"):
    """A driver in Python, with the packages that are installed there."""
    interpreter = ROOT / "build" / "python" / install / "venv" / "bin" / "python"
    return Driver([str(interpreter), str(FRAMEWORKS / "python" / script)])


def node(script, install="frameworks"):
    """A driver on Node.js, beside the packages that are installed there."""
    packages = ROOT / "build" / "npm"
    found = glob.glob(str(packages / "sdk" / "node_modules" / "node-linux-*" / "bin" / "node"))
    return Driver([*found, str(packages / install / "drivers" / script)])


def built(path):
    """A compiled driver, which `run` builds in build/sdk."""
    return Driver([str(ROOT / "build" / "sdk" / path)])


def ruby(script):
    """A driver in Ruby, with the gem that `run` puts into build/sdk."""
    gem = ROOT / "build" / "sdk" / "ruby" / "lib"
    return Driver(["/usr/bin/ruby", "-I", str(gem), str(ROOT / "tests" / "sdk" / "ruby" / script)])


MESSAGES = {"door": "messages", "tells": ("status", "type")}
LANGCHAIN_PYTHON = python("langchain.py")
LANGCHAIN_NODE = node("langchain.mjs")
AI_SDK = node("ai_sdk.mjs")
GO = built("go/driver")
JAVA = built("java/driver")
RUST = built("rust/driver")
PAGE_ONLY = {"on_page"}
PORTKEY = COMMON | {"embed", "models"}
ANTHROPIC = {"scenarios": COMMON | {"models"}, **MESSAGES}
KANNING = COMMON - {"tools", "structured", "retry_after"} | {"embed", "models"}
# Its reader of streams takes no comments, which the gateway sends for a provider's pings.
COMMENTS = {("stream", "anthropic")}
RUBY_OPENAI = COMMON - {"stream", "retry_after"} | {"embed", "models"}

ALL = [
    Sdk("openai-python", "python", "OpenAI, Python", python("page_only.py", "sdk"), scenarios=PAGE_ONLY),
    Sdk("anthropic-python", "python", "Anthropic, Python", python("anthropic_sdk.py", "sdk"), **ANTHROPIC),
    Sdk("portkey-python", "python", "Portkey, Python", python("portkey.py", "sdk"), scenarios=PORTKEY),
    Sdk("openai-node", "node", "OpenAI, JavaScript", node("page_only.mjs", "sdk"), scenarios=PAGE_ONLY),
    Sdk("anthropic-node", "node", "Anthropic, JavaScript", node("anthropic_sdk.mjs", "sdk"), **ANTHROPIC),
    Sdk("portkey-node", "node", "Portkey, JavaScript", node("portkey.mjs", "sdk"), scenarios=PORTKEY),
    Sdk("langchain-python", "python", "LangChain, Python", LANGCHAIN_PYTHON, "openai", COMMON | {"embed"}),
    Sdk(
        "langchain-anthropic-python",
        "python",
        "LangChain, Python, by Anthropic's API",
        LANGCHAIN_PYTHON,
        "anthropic",
        **MESSAGES,
    ),
    Sdk("llamaindex-python", "python", "LlamaIndex, Python", python("llamaindex.py"), scenarios=COMMON | {"embed"}),
    Sdk("agents-python", "python", "OpenAI Agents SDK, Python", python("agents_sdk.py")),
    Sdk("langchain-node", "node", "LangChain, JavaScript", LANGCHAIN_NODE, "openai", COMMON | {"embed"}),
    Sdk(
        "langchain-anthropic-node",
        "node",
        "LangChain, JavaScript, by Anthropic's API",
        LANGCHAIN_NODE,
        "anthropic",
        **MESSAGES,
    ),
    Sdk("llamaindex-node", "node", "LlamaIndex, TypeScript", node("llamaindex.mjs"), scenarios=COMMON | {"embed"}),
    Sdk("ai-sdk", "node", "Vercel AI SDK", AI_SDK, "compatible", COMMON | {"embed"}),
    Sdk("ai-sdk-openai", "node", "Vercel AI SDK, by its OpenAI provider", AI_SDK, "openai", COMMON | {"embed"}),
    Sdk("ai-sdk-anthropic", "node", "Vercel AI SDK, by Anthropic's API", AI_SDK, "anthropic", **MESSAGES),
    Sdk("agents-node", "node", "OpenAI Agents SDK, JavaScript", node("agents_sdk.mjs")),
    Sdk("openai-go", "go", "OpenAI, Go", GO, "openai", COMMON | {"embed", "models"}, compiled=True),
    Sdk("anthropic-go", "go", "Anthropic, Go", GO, "anthropic", COMMON | {"models"}, compiled=True, **MESSAGES),
    Sdk("go-openai", "go", "go-openai", GO, "go-openai", COMMON - {"retry_after"} | {"embed", "models"}, compiled=True),
    Sdk("openai-java", "java", "OpenAI, Java", JAVA, "openai", COMMON | {"embed", "models"}, compiled=True),
    Sdk(
        "openai-gpt3-java",
        "java",
        "openai-java of TheoKanning",
        JAVA,
        "openai-gpt3",
        KANNING,
        compiled=True,
        fails=COMMENTS,
    ),
    Sdk("async-openai", "rust", "async-openai", RUST, scenarios=COMMON | {"embed", "models"}, compiled=True),
    Sdk("ruby-openai", "ruby", "ruby-openai", ruby("driver.rb"), scenarios=RUBY_OPENAI),
]
