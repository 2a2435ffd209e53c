"""What is measured: each row is one load, sent through both sides in turn."""

import json
from dataclasses import dataclass, field, replace

# What a call may cost more than it did before a change (--before).
BEFORE_BAR = 1.03
PROMPT = "Say hello, and tell me in two sentences what you can help me with today."
# What the official SDKs send besides.
SDK_HEADERS = [
    "Authorization: Bearer sk-bench-0123456789abcdef0123456789abcdef",
    "Accept: application/json",
    "User-Agent: OpenAI/Python 1.99.1",
    "X-Stainless-Lang: python",
    "X-Stainless-Package-Version: 1.99.1",
]


def openai_body(stream=False, pad=0, gap_us=0):
    body = {
        "model": "gpt-4.1",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": PROMPT},
        ],
        "temperature": 0.7,
        "max_tokens": 256,
    }
    if stream:
        body = {"model": body.pop("model"), "stream": True, **body}
    if gap_us:
        body["user"] = f"{gap_us} us apart"  # bench_instant_upstream reads it
    if pad:
        body["messages"][1]["content"] += " lorem ipsum" * (pad // 12)
    return json.dumps(body, separators=(",", ":"))


def anthropic_body(stream=False):
    body = {
        "model": "claude-sonnet-4-20250514",
        "stream": stream,
        "max_tokens": 256,
        "system": "You are a helpful assistant.",
        "messages": [{"role": "user", "content": PROMPT}],
        "temperature": 0.7,
    }
    return json.dumps(body, separators=(",", ":"))


def gemini_body():
    return json.dumps({
        "systemInstruction": {"parts": [{"text": "You are a helpful assistant."}]},
        "contents": [{"role": "user", "parts": [{"text": PROMPT}]}],
        "generationConfig": {"temperature": 0.7, "maxOutputTokens": 256},
    }, separators=(",", ":"))


def bedrock_body():
    return json.dumps({
        "messages": [{"role": "user", "content": [{"text": PROMPT}]}],
        "system": [{"text": "You are a helpful assistant."}],
        "inferenceConfig": {"maxTokens": 256, "temperature": 0.7},
    }, separators=(",", ":"))


def nested_config(host):
    """Three levels: a fallback to a draw by weight, behind a condition."""
    target = {"provider": "openai", "custom_host": host + "/v1"}
    draw = {"name": "draw", "strategy": {"mode": "loadbalance"}, "targets": [target, {**target, "weight": 2}]}
    fallback = {"name": "safe", "strategy": {"mode": "fallback"}, "targets": [draw, target], "retry": {"attempts": 2}}
    condition = {"query": {"params.model": {"$regex": "^gpt-"}}, "then": "safe"}
    return json.dumps({"strategy": {"mode": "conditional", "conditions": [condition], "default": "safe"},
                       "targets": [fallback]}, separators=(",", ":"))


def hooked_config(host, hooks):
    return json.dumps({"provider": "openai", "custom_host": host + "/v1", **hooks}, separators=(",", ":"))


@dataclass
class Side:
    """How one side is called: the path and body are what it needs to reach the same kind of answer."""

    server: str  # a name in bench.py's table of servers
    path: str = ""
    body: str = ""
    headers: list = field(default_factory=list)


@dataclass
class Row:
    name: str
    tool: str  # wrk, latency, streams, grpc-unary, grpc-stream
    concurrency: int
    base: Side  # what the ratio is to
    ours: Side
    per: int = 1  # CPU is told per request divided by this: chunks of a stream
    direct: bool = False  # latency is also measured without a proxy, so that what is added can be told
    bar: float = 0  # the ratio must not be higher; 0: it is told and not judged
    added_us_bar: float = 0  # the CPU time that is added must not be more
    awake: bool = False  # the cores are kept from sleeping: the load alone leaves them time to
    content_type: str = "application/json"  # wrk
    latency_bar: float = 0  # with `direct`: so many times the latency that nginx adds, at most


def rows(upstream, tls_upstream):
    host = f"http://127.0.0.1:{upstream}"
    openai = SDK_HEADERS + ["x-portolan-provider: openai", f"x-portolan-custom-host: {host}/v1"]
    anthropic = SDK_HEADERS + ["x-portolan-provider: anthropic", f"x-portolan-custom-host: {host}/v1"]
    chat, messages = "/v1/chat/completions", "/v1/messages"
    metadata = ["x-portolan-provider=openai", f"x-portolan-custom-host={host}/v1",
                "authorization=Bearer sk-bench-0123456789abcdef0123456789abcdef"]

    def same(body, nginx_path=chat):
        return (Side("nginx", nginx_path, body, openai), Side("portolan", chat, body, openai))

    def raw(size):
        return (Side("nginx", "/v1/uploads/u/parts", "\0" * size, openai),
                Side("portolan", "/v1/uploads/u/parts", "\0" * size, openai))

    def translated(stream):
        return (Side("nginx", messages, anthropic_body(stream), anthropic),
                Side("portolan", chat, openai_body(stream).replace("gpt-4.1", "claude-sonnet-4-20250514"), anthropic))

    def to(provider, model, base, stream, options=(), base_path=""):
        """Through Portolan to a provider of another dialect; through nginx what `base` says, in the provider's words."""
        headers = SDK_HEADERS + [f"x-portolan-provider: {provider}", f"x-portolan-custom-host: {host}{base_path}", *options]
        path, body = base
        return (Side("nginx", path, body, headers),
                Side("portolan", chat, openai_body(stream).replace("gpt-4.1", model), headers))

    def gemini(stream):
        model = "gemini-2.5-flash"
        call = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return to("google", model, (f"/v1beta/models/{model}:{call}", gemini_body()), stream)

    def cohere(stream):
        model = "command-a-03-2025"
        return to("cohere", model, ("/v2/chat", openai_body(stream).replace("gpt-4.1", model)), stream)

    def bedrock(stream):
        model = "amazon.nova-lite-v1:0"
        # AWS's frames hide their events from what counts them: the base passes on a stream of OpenAI's.
        base = (chat, openai_body(True)) if stream else (f"/model/{model}/converse", bedrock_body())
        return to("bedrock", model, base, stream,
                  ["x-portolan-aws-access-key-id: AKIDEXAMPLE", "x-portolan-aws-region: us-east-1",
                   "x-portolan-aws-secret-access-key: wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"])

    def mistral(stream):
        """Mapped, though the dialect is OpenAI's but for a few members."""
        model = "mistral-small-latest"
        return to("mistral-ai", model, (chat, openai_body(stream).replace("gpt-4.1", model)), stream, base_path="/v1")

    def ollama(stream):
        """By Ollama's own API, which a member asks for that its OpenAI-compatible one ignores."""
        body = json.loads(openai_body(stream).replace("gpt-4.1", "llama3.2"))
        ours = json.dumps({**body, "num_ctx": 8192}, separators=(",", ":"))
        theirs = json.dumps({"model": body["model"], "stream": stream, "messages": body["messages"],
                             "options": {"temperature": 0.7, "num_predict": 256, "num_ctx": 8192}}, separators=(",", ":"))
        # Lines of JSON hide their events likewise.
        base, ollama = to("ollama", body["model"], (chat, openai_body(True)) if stream else ("/api/chat", theirs), stream,
                          base_path="/v1")
        return base, replace(ollama, body=ours)

    over_tls = SDK_HEADERS + ["x-portolan-provider: openai",
                              f"x-portolan-custom-host: https://localhost:{tls_upstream}/v1"]
    def hooked(body, hooks, server="portolan"):
        """The same call without hooks and with them."""
        plain, ours = hooked_config(host, {}), hooked_config(host, hooks)
        return (Side("portolan", chat, body, SDK_HEADERS + [f"x-portolan-config: {plain}"]),
                Side(server, chat, body, SDK_HEADERS + [f"x-portolan-config: {ours}"]))

    # Found nowhere in what the upstream says, so that all of it is looked through.
    key = r"sk-[a-z0-9]{20}"
    echo = Side("grpc_echo", "gpt-4.1")
    over_http = Side("portolan_grpc", "gpt-4.1", headers=metadata)
    built_in = Side("portolan_grpc", "echo/echo")
    return [
        Row("unary", "wrk", 64, *same(openai_body()), direct=True, bar=1.0),
        Row("unary, 1 caller", "latency", 1, *same(openai_body()), direct=True, awake=True, latency_bar=1.2),
        Row("unary, 10 KB body", "wrk", 64, *same(openai_body(pad=10 << 10))),
        Row("unary, 100 KB body", "wrk", 16, *same(openai_body(pad=100 << 10))),
        Row("unary, 1 MB body", "wrk", 8, *same(openai_body(pad=1 << 20)), bar=1.5),
        Row("unary, 10 MB body", "wrk", 4, *same(openai_body(pad=10 << 20)), bar=1.3),
        Row("unary, TLS upstream", "wrk", 64, Side("nginx_tls", chat, openai_body(), over_tls),
            Side("portolan", chat, openai_body(), over_tls)),
        Row("unary, 2 shards", "wrk", 64, Side("portolan", chat, openai_body(), openai),
            Side("portolan_2", chat, openai_body(), openai)),
        Row("unary, three-level config", "wrk", 64, Side("portolan", chat, openai_body(), openai),
            Side("portolan", chat, openai_body(), SDK_HEADERS + [f"x-portolan-config: {nested_config(host)}"]),
            added_us_bar=2.0),
        Row("guardrail, pattern on 10 KB", "wrk", 64, *hooked(openai_body(pad=10 << 10), {"input_guardrails": [
            {"default.regexMatch": {"rule": key, "not": True}, "deny": True}]})),
        Row("middleware defined, not used", "wrk", 64, *hooked(openai_body(), {}, "portolan_hooks")),
        Row("gRPC middleware that reads", "wrk", 64, *hooked(openai_body(), {"middleware": ["reader"]}, "portolan_hooks")),
        Row("redaction in a window, per chunk", "streams", 8, *hooked(openai_body(True), {"output_mutators": [
            {"default.regexReplace": {"rule": key}}]}), per=100),
        Row("streamed, per chunk", "streams", 8, *same(openai_body(True)), per=100, bar=0.9),
        Row("slow streams, per chunk", "streams", 200, *same(openai_body(True, gap_us=10000)), per=100, bar=0.9,
            awake=True),
        Row("translated", "wrk", 64, *translated(False), bar=1.3),
        Row("translated stream, per chunk", "streams", 8, *translated(True), per=100, bar=1.3),
        Row("Gemini", "wrk", 64, *gemini(False), bar=1.3),
        Row("Gemini stream, per chunk", "streams", 8, *gemini(True), per=100, bar=1.3),
        Row("Cohere", "wrk", 64, *cohere(False), bar=1.3),
        Row("Cohere stream, per chunk", "streams", 8, *cohere(True), per=100, bar=1.3),
        Row("Mistral", "wrk", 64, *mistral(False), bar=1.3),
        Row("Mistral stream, per chunk", "streams", 8, *mistral(True), per=100, bar=1.3),
        Row("Ollama", "wrk", 64, *ollama(False), bar=1.3),
        Row("Ollama stream, per chunk", "streams", 8, *ollama(True), per=100, bar=1.3),
        Row("Bedrock, signed", "wrk", 64, *bedrock(False)),
        Row("Bedrock stream, per chunk", "streams", 8, *bedrock(True), per=100, bar=1.3),
        # Beside the relay of OpenAI's own dialect.
        Row("relayed Messages", "wrk", 64, Side("portolan", chat, openai_body(), openai),
            Side("portolan", messages, anthropic_body(), anthropic), bar=1.05),
        Row("raw, 10 KB upload", "wrk", 64, *raw(10 << 10), content_type="application/octet-stream"),
        Row("raw, 100 MB upload", "wrk", 2, *raw(100 << 20), content_type="application/octet-stream", bar=1.0),
        Row("gRPC unary, HTTP upstream", "grpc-unary", 64, echo, over_http, bar=2.2),
        Row("gRPC unary, 1 caller", "grpc-unary", 1, echo, over_http, awake=True),
        Row("gRPC unary, echo", "grpc-unary", 64, echo, built_in),
        Row("gRPC stream, per message", "grpc-stream", 8, echo, over_http, per=100),
    ]
