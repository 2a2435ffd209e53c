// What OpenAI's requests become on their way to providers that refuse part of them, by REST and by gRPC. What
// is expected is what each provider documents, or what its own SDK's types hold.

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "tests/conformance/ways.h"
#include "tests/unit/providers/rows_table.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;

struct BodyCase {
  const char* provider;
  const char* request;
  const char* sent;     // empty: refused
  const char* dropped;  // of a refused one: the path
  Endpoint endpoint = Endpoint::kChat;
};

constexpr char kAnswer[] =
    R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"a"},"finish_reason":"stop"}]})";
constexpr char kEmbedded[] =
    R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],)"
    R"("usage":{"prompt_tokens":1,"total_tokens":1}})";

// clang-format off
const BodyCase kCases[] = {
    // inference-docs.cerebras.ai: the role is known to gpt-oss alone.
    {"cerebras", R"({"model":"zai-glm-4.7","messages":[{"role":"developer","content":"a"}]})",
     R"({"model":"zai-glm-4.7","messages":[{"role":"system","content":"a"}]})", ""},
    {"cerebras", R"({"model":"gpt-oss-120b","messages":[{"role":"developer","content":"a"}]})",
     R"({"model":"gpt-oss-120b","messages":[{"role":"developer","content":"a"}]})", ""},
    // LiteLLM, llms/deepinfra/chat/transformation.py.
    {"deepinfra", R"({"model":"m","max_completion_tokens":5,"messages":[{"role":"user","content":"a"}]})",
     R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"}]})", ""},
    {"deepinfra", R"({"model":"m","tool_choice":"required","messages":[]})", "", "tool_choice"},
    {"deepinfra", R"({"model":"m","messages":[{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})",
     R"({"model":"m","messages":[{"role":"tool","tool_call_id":"c","content":"a\n\nb"}]})", ""},
    // api-docs.deepseek.com: functions are the only tools.
    {"deepseek", R"({"model":"m","messages":[],"tools":[{"type":"custom","custom":{"name":"f"}}]})", "", "tools[0]"},
    // console.groq.com/docs/openai, "Currently Unsupported OpenAI Features".
    {"groq", R"({"model":"m","logit_bias":{"5":1},"n":1,"messages":[{"role":"user","name":"ann","content":"a"}]})",
     R"({"model":"m","messages":[{"role":"user","content":"a"}]})", "logit_bias, messages[0].name"},
    {"groq", R"({"model":"m","n":2,"messages":[]})", "", "n"},
    {"groq", R"({"model":"m","logprobs":true,"messages":[]})", "", "logprobs"},
    {"groq", R"({"model":"m","messages":[{"role":"assistant","content":null,"function_call":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]})",
     R"({"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]})", ""},
    // @mistralai/mistralai 2.7.0, chatcompletionrequest.d.ts: random_seed, no user, no name in user messages.
    {"mistral-ai", R"({"model":"m","seed":5,"max_completion_tokens":9,"tool_choice":"required","user":"u","messages":[{"role":"user","name":"ann","content":"a"}]})",
     R"({"model":"m","random_seed":5,"max_tokens":9,"tool_choice":"any","messages":[{"role":"user","content":"a"}]})",
     "user, messages[0].name"},
    {"mistral-ai", R"({"model":"m","logprobs":true,"messages":[]})", "", "logprobs"},
    // The same package, chatcompletionrequestmessage: four roles.
    {"mistral-ai", R"({"model":"m","prompt_cache_retention":"24h","messages":[{"role":"developer","content":"a"}]})",
     R"({"model":"m","messages":[{"role":"system","content":"a"}]})", "prompt_cache_retention"},
    // The same package: thinkchunk, documenturlchunk, function.
    {"mistral-ai", R"({"model":"m","reasoning_effort":"high","messages":[{"role":"assistant","content":"b","reasoning_content":"r"}]})",
     R"({"model":"m","reasoning_effort":"high","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}],"closed":true},{"type":"text","text":"b"}]}]})", ""},
    {"mistral-ai", R"({"model":"m","messages":[{"role":"assistant","content":"b","reasoning_content":"r"}]})",
     R"({"model":"m","messages":[{"role":"assistant","content":"b"}]})", "messages[0].reasoning_content"},
    {"mistral-ai", R"({"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA"}}]}],"tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"model":"m","messages":[{"role":"user","content":[{"type":"document_url","document_url":"data:application/pdf;base64,AAAA"}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]})", ""},
    // The same package, embeddingrequest.d.ts.
    {"mistral-ai", R"({"model":"m","input":"a","dimensions":8})",
     R"({"model":"m","input":"a","output_dimension":8})", "", Endpoint::kEmbeddings},
    // platform.moonshot.ai: temperatures end at 1, Kimi models take their own only.
    {"moonshot", R"({"model":"moonshot-v1-8k","temperature":1.5,"messages":[]})",
     R"({"model":"moonshot-v1-8k","temperature":1,"messages":[]})", "temperature"},
    {"moonshot", R"({"model":"kimi-k2.5","temperature":0.2,"seed":3,"messages":[]})",
     R"({"model":"kimi-k2.5","messages":[]})", "seed, temperature"},
    {"moonshot", R"({"model":"moonshot-v1-8k","tool_choice":"required","messages":[]})", "", "tool_choice"},
    // docs.perplexity.ai: not among the parameters.
    {"perplexity-ai", R"({"model":"sonar","seed":3,"messages":[{"role":"user","content":"a"}]})",
     R"({"model":"sonar","messages":[{"role":"user","content":"a"}]})", "seed"},
    // docs.x.ai: models that reason refuse these; search_parameters is gone.
    {"x-ai", R"({"model":"grok-4","stop":["a"],"presence_penalty":0.5,"messages":[]})",
     R"({"model":"grok-4","messages":[]})", "stop, presence_penalty"},
    {"x-ai", R"({"model":"grok-4-fast-non-reasoning","stop":["a"],"messages":[]})",
     R"({"model":"grok-4-fast-non-reasoning","stop":["a"],"messages":[]})", ""},
    {"x-ai", R"({"model":"grok-3","messages":[],"tools":[{"type":"function","function":{"name":"f","strict":true}}]})",
     R"({"model":"grok-3","messages":[],"tools":[{"type":"function","function":{"name":"f"}}]})", "tools[0].function.strict"},
    // platform.minimax.io: the newer name.
    {"minimax", R"({"model":"m","max_tokens":5,"messages":[]})", R"({"model":"m","max_completion_tokens":5,"messages":[]})", ""},
    // together-ai 0.52.0, resources/chat/completions.d.ts: stop is a list, and there is no user.
    {"together-ai", R"({"model":"m","stop":"x","user":"u","service_tier":"auto","messages":[]})", R"({"model":"m","stop":["x"],"messages":[]})", "user"},
    {"together-ai", R"({"model":"m","stop":["x"],"messages":[]})", R"({"model":"m","stop":["x"],"messages":[]})", ""},
    {"together-ai", R"({"model":"m","stop":null,"messages":[]})", R"({"model":"m","messages":[]})", ""},
    // Providers that know the older name only: LiteLLM, openai_like/providers.json and llms/NAME.
    {"together-ai", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"sambanova", R"({"model":"m","max_completion_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]})",
     R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"}]})", ""},
    {"baseten", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"poe", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"crusoe", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"chutes", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"wandb", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"xiaomi-mimo", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"sarvam", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"synthetic", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    {"nano-gpt", R"({"model":"m","max_completion_tokens":5,"messages":[]})", R"({"model":"m","max_tokens":5,"messages":[]})", ""},
    // docs.nvidia.com, Embedding NIM, "Passage and Query Modes": asymmetric models require input_type, or a model
    // whose name ends in it.
    {"nvidia-nim", R"({"model":"nvidia/nv-embedqa-e5-v5","input":["a"] })",
     R"({"model":"nvidia/nv-embedqa-e5-v5","input":["a"],"input_type":"query" })", "", Endpoint::kEmbeddings},
    {"nvidia-nim", R"({"model":"nvidia/nv-embedqa-e5-v5","input_type":"passage","input":"a"})",
     R"({"model":"nvidia/nv-embedqa-e5-v5","input_type":"passage","input":"a"})", "", Endpoint::kEmbeddings},
    {"nvidia-nim", R"({"model":"nvidia/nv-embedqa-e5-v5-passage","input":"a"})",
     R"({"model":"nvidia/nv-embedqa-e5-v5-passage","input":"a"})", "", Endpoint::kEmbeddings},
    // docs.voyageai.com/reference/embeddings-api: encoding_format is null or base64.
    {"voyage", R"({"model":"voyage-3.5","encoding_format":"float","input":"a","dimensions":256})",
     R"({"model":"voyage-3.5","input":"a","output_dimension":256})", "", Endpoint::kEmbeddings},
    {"voyage", R"({"model":"voyage-3.5","input":"a","encoding_format":"base64"})",
     R"({"model":"voyage-3.5","input":"a","encoding_format":"base64"})", "", Endpoint::kEmbeddings},
    // openai 6.49, resources/chat/completions: max_tokens is "not compatible with o-series models". What else
    // they refuse is for them to say.
    {"openai", R"({"model":"o3","max_tokens":5,"temperature":0.2,"messages":[]})",
     R"({"model":"o3","max_completion_tokens":5,"temperature":0.2,"messages":[]})", ""},
    {"openai", R"({"model":"gpt-5-mini","messages":[],"max_tokens":5})", R"({"model":"gpt-5-mini","messages":[],"max_completion_tokens":5})", ""},
    {"openai", R"({"model":"ft:o4-mini-2025-04-16:org::id","max_tokens":5,"max_completion_tokens":null,"messages":[]})",
     R"({"model":"ft:o4-mini-2025-04-16:org::id","max_completion_tokens":5,"messages":[]})", ""},
    {"openai", R"({"model":"o3","max_tokens":5,"max_completion_tokens":6,"messages":[]})",
     R"({"model":"o3","max_tokens":5,"max_completion_tokens":6,"messages":[]})", ""},
    {"openai", R"({"model":"gpt-4o","max_tokens":5,"messages":[]})", R"({"model":"gpt-4o","max_tokens":5,"messages":[]})", ""},
    {"azure-openai", R"({"model":"o4-mini","max_tokens":5,"messages":[]})", R"({"model":"o4-mini","max_completion_tokens":5,"messages":[]})", ""},
    {"azure-openai", R"({"model":"gpt-4.1","max_tokens":5,"messages":[]})", R"({"model":"gpt-4.1","max_tokens":5,"messages":[]})", ""},
    {"azure-ai", R"({"model":"gpt-5","max_tokens":5,"messages":[]})", R"({"model":"gpt-5","max_completion_tokens":5,"messages":[]})", ""},
    // And one that has no rule keeps everything.
    {"hetzner", R"({"model":"m","max_completion_tokens":5,"seed":1,"user":"u","messages":[{"role":"developer","name":"n","content":"a"}]})",
     R"({"model":"m","max_completion_tokens":5,"seed":1,"user":"u","messages":[{"role":"developer","name":"n","content":"a"}]})", ""},
};
// clang-format on

class RowBodies : public ::testing::TestWithParam<Way> {};

const char* Name(Way way) {
  return way == Way::kSpliced ? "Spliced" : way == Way::kReencoded ? "EncodedAgain" : "Grpc";
}

std::string Dropped(const Outcome& outcome) {
  for (const auto& [name, value] : outcome.headers) {
    if (name == "x-portolan-dropped") return value;
  }
  return "";
}

TEST_P(RowBodies, AreWhatTheProviderTakes) {
  Ways ways;
  for (const BodyCase& one : kCases) {
    SCOPED_TRACE(std::string(one.provider) + " " + one.request);
    const bool embeds = one.endpoint == Endpoint::kEmbeddings;
    test::Script answer = test::RespondJson(200, embeds ? kEmbedded : kAnswer);
    const Outcome outcome = ways.Call(
        GetParam(), {.endpoint = one.endpoint, .body = one.request, .provider = one.provider}, answer);
    if (*one.sent == '\0') {
      EXPECT_FALSE(outcome.reached) << outcome.seen;
      EXPECT_NE(outcome.status, 200);
      if (GetParam() == Way::kGrpc) continue;
      EXPECT_EQ(outcome.status, 400);
      const json error = json::parse(outcome.answer).at("error");
      EXPECT_EQ(error.at("code"), "unsupported_value");
      EXPECT_EQ(error.at("param"), one.dropped);
      continue;
    }
    ASSERT_TRUE(outcome.reached) << outcome.answer;
    EXPECT_EQ(outcome.status, 200) << outcome.answer;
    EXPECT_EQ(json::parse(outcome.seen), json::parse(one.sent));
    // A chat with Mistral is translated, whoever calls.
    const bool relayed = std::string_view(one.provider) != "mistral-ai" || embeds;
    if (GetParam() == Way::kSpliced && relayed) EXPECT_EQ(outcome.seen, one.sent);
    if (GetParam() != Way::kGrpc) EXPECT_EQ(Dropped(outcome), one.dropped);
  }
}

// What every provider takes, in a spelling of its own.
std::string PlainBody(Endpoint endpoint) {
  const std::string model = "{ \"model\" : \"org/m-1\",";
  if (endpoint == Endpoint::kEmbeddings) return model + R"("input":[ "caf\u00e9 \/ \u6771" ]} )";
  if (endpoint == Endpoint::kCompletions)
    return model + R"("prompt":"a","max_tokens":5 , "temperature":5e-1})";
  return model + R"("temperature":0.50, "messages":[ {"content":"caf\u00e9","role":"user"} ]})";
}

constexpr char kText[] =
    R"({"id":"1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"a",)"
    R"("finish_reason":"stop","logprobs":null}]})";

// Rows whose requests have a test of their own, as these are not said in OpenAI's words or get a member more.
const std::set<std::string>& SaidOtherwise() {
  static const std::set<std::string> lines = {"huggingface embedding", "minimax chat", "mistral-ai chat",
                                              "nvidia-nim embedding", "perplexity-ai embedding"};
  return lines;
}

// One for each line of the table of rows.
TEST_P(RowBodies, OfPlainRequestsAreWhatTheCallerSent) {
  Ways ways;
  std::istringstream lines(providers::kRowsTable);
  size_t tried = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string provider;
    std::string operation;
    words >> provider >> operation;
    const std::map<std::string, std::pair<Endpoint, const char*>> operations = {
        {"chat", {Endpoint::kChat, kAnswer}},
        {"completion", {Endpoint::kCompletions, kText}},
        {"embedding", {Endpoint::kEmbeddings, kEmbedded}}};
    const auto found = operations.find(operation);
    if (found == operations.end() || SaidOtherwise().contains(provider + " " + operation)) continue;
    SCOPED_TRACE(line);
    const auto& [endpoint, answer] = found->second;
    const std::string body = PlainBody(endpoint);
    const Outcome outcome = ways.Call(GetParam(), {.endpoint = endpoint, .body = body, .provider = provider},
                                      test::RespondJson(200, answer));
    ASSERT_TRUE(outcome.reached) << outcome.answer;
    EXPECT_EQ(outcome.status, 200) << outcome.answer;
    EXPECT_EQ(json::parse(outcome.seen), json::parse(body));
    if (GetParam() == Way::kSpliced) EXPECT_EQ(outcome.seen, body);
    if (GetParam() != Way::kGrpc) EXPECT_EQ(Dropped(outcome), "");
    ++tried;
  }
  EXPECT_GE(tried, 150U);
}

INSTANTIATE_TEST_SUITE_P(All, RowBodies, ::testing::ValuesIn(kAllWays),
                         [](const auto& info) { return std::string(Name(info.param)); });

}  // namespace
}  // namespace portolan::conformance
