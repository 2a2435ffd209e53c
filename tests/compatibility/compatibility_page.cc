#include "tests/compatibility/compatibility_page.h"

#include "tests/compatibility/case.h"

namespace portolan::compatibility {
namespace {

constexpr char kIntroduction[] = R"(# Coming from Portkey's gateway

Portolan takes the headers, the config object and the request bodies of Portkey's open-source AI gateway (1.15), and answers
with its headers. To move, change the base URL; SDKs of OpenAI and of Portkey work as they are:

```python
from portkey_ai import Portkey

client = Portkey(
    base_url="http://127.0.0.1:8787/v1",
    api_key="unused",                       # of the hosted service; a caller key of Portolan's, if it wants one
    config={
        "strategy": {"mode": "fallback"},
        "targets": [
            {"provider": "openai", "api_key": "sk-…", "retry": {"attempts": 2}},
            {"provider": "anthropic", "api_key": "sk-ant-…", "override_params": {"model": "claude-sonnet-4-6"}},
        ],
    },
)
client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "Hello"}])
```

What to know before:

- **It does what you would expect where Portkey did not.** A stream that breaks off says so, a wrong request is 400 and not 500,
  retries are bounded and spread, a time limit holds to the end of the answer, and one target's failure of any kind falls back.
  Below, **fixed** marks what is different on purpose.
- **Guardrails fail closed.** One that is wrong is refused, one that cannot tell has failed, and streams are held until they are
  judged ([guardrails.md](guardrails.md)). Partners' checks are not built in.
- **Caches have no effect yet.** Configs that have them are accepted, and every member without effect is named in the answer's
  header `x-portkey-ignored`.
- **Configs are checked when they come, in full,** and what is wrong is named with its path. **Refused** marks the little that
  Portkey accepts and Portolan does not.
- Providers are those of [providers.md](providers.md); operations are chat, completions, embeddings, reranking, models and counts of
  tokens, at the OpenAI API's paths and Anthropic's ([messages.md](messages.md)). Everything else that a provider has (responses,
  images, audio, files, batches, assistants …) is relayed to it ([relay.md](relay.md)).
- A config sent by name (`pc-…`) is kept by the hosted service. Here it is a route of the
  [config file](configuration.md#the-config-file): put the object there under that name, or send the object itself.

The tables are made of cases that a test runs against the routing engine and the whole gateway (`tests/compatibility`); another
fails if this page says something else. What is said of Portkey is said of version 1.15.2.
)";

std::string Here(const Case& one) {
  switch (one.verdict) {
    case Verdict::kSame:
      return one.portolan.empty() ? "same" : "same; " + one.portolan;
    case Verdict::kFixed:
      return "**fixed**: " + one.portolan;
    case Verdict::kWithoutEffect:
      return "**no effect yet**: " + one.portolan;
    case Verdict::kRefused:
      return "**refused**: " + one.portolan;
  }
  return {};
}

// A bar ends a cell.
std::string Cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell.append(c == '|' ? "\\|" : std::string(1, c));
  return cell;
}

}  // namespace

std::string CompatibilityPage() {
  std::string page = kIntroduction;
  std::string group;
  for (const Case& one : AllCases()) {
    if (one.group != group) {
      group = one.group;
      page += "\n## " + group + "\n\n| what | Portkey | Portolan |\n|---|---|---|\n";
    }
    page += "| " + Cell(one.what) + " | " + Cell(one.portkey) + " | " + Cell(Here(one)) + " |\n";
  }
  return page;
}

}  // namespace portolan::compatibility
