// Recorded exchanges with providers of OpenAI's dialect, each through the row of that provider: what real
// clients sent it reaches it unchanged but for what its row says, its answers come down byte for byte, or
// said in OpenAI's words where they are translated for everybody, and their tokens are counted.

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "providers/registry.h"
#include "tests/conformance/replay.h"
#include "tests/conformance/request_log.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using test::SeenRequest;

// The recordings' folders, and the providers' names.
const std::map<std::string, std::string>& RowOfFolder() {
  static const std::map<std::string, std::string> rows = {{"alibaba", "dashscope"},
                                                          {"baseten", "baseten"},
                                                          {"cerebras", "cerebras"},
                                                          {"cloudflare", "workers-ai"},
                                                          {"databricks", "databricks"},
                                                          {"deepseek", "deepseek"},
                                                          {"fireworks", "fireworks-ai"},
                                                          {"groq", "groq"},
                                                          {"huggingface", "huggingface"},
                                                          {"hyperbolic", "hyperbolic"},
                                                          {"llamacpp", "llamacpp"},
                                                          {"mistral", "mistral-ai"},
                                                          {"novita", "novita-ai"},
                                                          {"ollama", "ollama"},
                                                          {"openrouter", "openrouter"},
                                                          {"perplexity", "perplexity-ai"},
                                                          {"sambanova", "sambanova"},
                                                          {"snowflake", "snowflake"},
                                                          {"together", "together-ai"},
                                                          {"vercel", "vercel-ai-gateway"},
                                                          {"vllm", "vllm"},
                                                          {"xai", "x-ai"},
                                                          {"zai", "z-ai"}};
  return rows;
}

struct Case {
  std::string row;
  std::string operation;
  std::string path;  // of the gateway
  Replay replay;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const auto registry = providers::Registry::BuiltIn();
  for (Replay& replay : LoadReplays().value_or(std::vector<Replay>())) {
    const auto row = RowOfFolder().find(replay.provider);
    if (row == RowOfFolder().end()) continue;
    const auto ends = [&](const char* end) { return replay.path.ends_with(end); };
    Case one{row->second, "", "", {}};
    if (ends("/chat/completions")) {
      one.operation = "chat";
      one.path = "/v1/chat/completions";
    } else if (ends("/completions")) {
      one.operation = "completion";
      one.path = "/v1/completions";
    } else if (ends("/embeddings")) {
      one.operation = "embedding";
      one.path = "/v1/embeddings";
    } else if (ends("/models") && replay.method == "GET") {
      one.operation = "list_models";
      one.path = "/v1/models";
    } else {
      continue;
    }
    const providers::Provider& provider = *registry->Find(one.row);
    EXPECT_TRUE(provider.Find(one.operation) != nullptr || provider.FindOwn(one.operation) != nullptr)
        << replay.label();
    one.replay = std::move(replay);
    cases.push_back(std::move(one));
  }
  return cases;
}

using Counts = std::array<int64_t, 4>;
constexpr std::array<const char*, 4> kKinds = {"input", "output", "cached", "reasoning"};

// The last count that an answer tells of each kind, found by path expressions of another library.
Counts Told(const Replay& replay) {
  const std::array<json::json_pointer, 4> places = {
      json::json_pointer("/usage/prompt_tokens"), json::json_pointer("/usage/completion_tokens"),
      json::json_pointer("/usage/prompt_tokens_details/cached_tokens"),
      json::json_pointer("/usage/completion_tokens_details/reasoning_tokens")};
  Counts told{};
  const auto read = [&](const std::string& text) {
    const json value = json::parse(text, nullptr, false);
    for (size_t i = 0; i < places.size(); ++i) {
      if (value.contains(places[i]) && value.at(places[i]).is_number_integer()) told[i] = value.at(places[i]);
    }
  };
  if (replay.status >= 400) return told;
  if (!replay.streams()) {
    read(replay.response);
    return told;
  }
  for (const std::string& event : EventData(replay.response)) read(event);
  return told;
}

// What the gateway's metrics have counted, over all providers and models.
Counts Counted(const std::string& admin) {
  test::TestClient client(admin);
  std::istringstream lines(client.Get("/metrics").body);
  Counts counted{};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("portolan_tokens_total{")) continue;
    for (size_t i = 0; i < kKinds.size(); ++i) {
      if (line.find("kind=\"" + std::string(kKinds[i]) + "\"") != std::string::npos)
        counted[i] += std::stoll(line.substr(line.rfind(' ') + 1));
    }
  }
  return counted;
}

// Whose vectors are bytes.
bool IsOfBytes(const Case& one) { return one.row == "perplexity-ai" && one.operation == "embedding"; }

// A recorded request as the provider's row has it sent. What is changed asks for nothing that the provider
// did not do in the recording: members that it is known not to take go, with whatever value.
json Fitted(const Case& one) {
  json body = json::parse(one.replay.request, nullptr, false);
  if (!body.is_object()) return body;
  if (one.row == "groq" && body.value("n", 0) == 1) body.erase("n");
  if (one.row == "mistral-ai" && body.value("tool_choice", json()) == "required") body["tool_choice"] = "any";
  if (IsOfBytes(one)) body["encoding_format"] = "base64_int8";
  if (one.row == "x-ai" && body.contains("tools")) {
    for (json& tool : body["tools"]) {
      if (!tool["function"].value("strict", false)) tool["function"].erase("strict");
    }
  }
  return body;
}

// What is said in OpenAI's words, whoever calls.
bool IsTranslated(const Case& one) {
  return (one.row == "mistral-ai" && one.operation == "chat") || IsOfBytes(one);
}

json WithoutNulls(const json& from) {
  if (!from.is_structured()) return from;
  json to = from.is_array() ? json::array() : json::object();
  for (const auto& [name, value] : from.items()) {
    if (from.is_array()) {
      to.push_back(WithoutNulls(value));
    } else if (!value.is_null()) {
      to[name] = WithoutNulls(value);
    }
  }
  return to;
}

// A message of Mistral's, or a piece of one, in OpenAI's words.
void SayAsOpenAi(json* message) {
  if (message->contains("tool_calls")) {
    for (json& call : (*message)["tool_calls"]) call["type"] = "function";  // which may go without saying
  }
  if (!message->contains("content") || !(*message)["content"].is_array()) return;
  std::string text;
  std::string reasoning;
  for (const json& chunk : (*message)["content"]) {
    text += chunk.value("text", "");
    for (const json& thought : chunk.value("thinking", json::array())) reasoning += thought.value("text", "");
  }
  message->erase("content");
  if (!text.empty()) (*message)["content"] = text;
  if (!reasoning.empty()) (*message)["reasoning_content"] = reasoning;
}

json AsOpenAi(const std::string& text) {
  json answer = WithoutNulls(json::parse(text));
  for (json& choice : answer["choices"]) {
    for (const char* member : {"message", "delta"}) {
      if (choice.contains(member)) SayAsOpenAi(&choice[member]);
    }
  }
  return answer;
}

// The signed bytes that a text in base64 stands for.
json BytesOf(const std::string& text) {
  std::vector<unsigned char> bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  EXPECT_EQ(static_cast<size_t>(size), bytes.size());
  bytes.resize(bytes.size() - static_cast<size_t>(std::count(text.begin(), text.end(), '=')));
  json numbers = json::array();
  for (const unsigned char byte : bytes) numbers.push_back(byte < 128 ? byte : byte - 256);
  return numbers;
}

void CheckVectors(const Replay& replay, const test::TestAnswer& answer) {
  EXPECT_EQ(answer.status, 200);
  json expected = json::parse(replay.response);
  for (json& one : expected["data"]) one["embedding"] = BytesOf(one["embedding"]);
  EXPECT_EQ(expected["data"][0]["embedding"].size(), json::parse(replay.request)["dimensions"]);
  EXPECT_EQ(json::parse(answer.body), expected);
}

class RowReplays : public testing::Test {
 protected:
  RowReplays()
      : upstream_([this](const SeenRequest& request) {
          const std::lock_guard lock(mutex_);
          seen_ = request;
          return answer_;
        }) {
    std::ofstream file(folder_.path() + "/gateway.yaml");
    file << "providers:\n";
    for (const auto& [folder, row] : RowOfFolder()) {
      file << "  " << row << ": {base_url: \"" << upstream_.url() << "/" << row
           << "\", api_key: \"env:KEY\"}\n";
    }
    file.close();
    // Made in its place: a gateway cannot be moved.
    gateway_.reset(new test::GatewayFixture(
        test::GatewayFixture::FromFile(folder_.path() + "/gateway.yaml", {{"KEY", "k"}})));
  }

  test::TestAnswer Call(const Case& one, size_t piece) {
    {
      const std::lock_guard lock(mutex_);
      answer_ = AnswerOf(one.replay, piece);
      seen_ = {};
    }
    test::TestClient client(gateway_->http_address());
    const test::Headers headers = {{"x-portolan-provider", one.row}};
    if (one.replay.request.empty()) return client.Get(one.path, headers);
    test::TestAnswer answer = client.Post(one.path, one.replay.request, headers);
    // What the provider itself refused need not be a request.
    const SeenRequest sent = seen();
    if (one.replay.status < 400) LogRowRequest(one.row, sent.target, sent.body);
    return answer;
  }

  SeenRequest seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  const test::TempFolder folder_;
  std::mutex mutex_;
  test::Script answer_;
  SeenRequest seen_;
  test::FakeUpstream upstream_;
  std::unique_ptr<test::GatewayFixture> gateway_;
};

bool AsksForUsage(const Replay& replay) {
  const json request = json::parse(replay.request, nullptr, false);
  return request.is_object() && request.value("/stream_options/include_usage"_json_pointer, false);
}

// Together tells a stream's tokens in a chunk without choices, asked or not. Who has not asked does not
// expect one: the loop of OpenAI's own documentation reads `choices[0]` of each.
std::string Expected(const Case& one) {
  std::string text = one.replay.response;
  if (one.row != "together-ai" || AsksForUsage(one.replay)) return text;
  for (const std::string& event : EventData(text)) {
    const json chunk = json::parse(event, nullptr, false);
    if (!chunk.is_object() || !chunk.contains("choices") || !chunk["choices"].empty()) continue;
    EXPECT_TRUE(chunk.at("usage").is_object());
    const size_t begin = text.rfind("data:", text.find(event));
    text.erase(begin, text.find("\n\n", begin) + 2 - begin);
  }
  return text;
}

bool IsError(const std::string& event) {
  const json value = json::parse(event, nullptr, false);
  return value.is_object() && value.contains("error") && !value["error"].is_null();
}

void CheckTranslated(const Replay& replay, const test::TestAnswer& answer) {
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.status, replay.status);
  if (replay.status >= 400) return;
  if (!replay.streams()) {
    EXPECT_EQ(WithoutNulls(json::parse(answer.body)), AsOpenAi(replay.response));
    return;
  }
  const std::vector<std::string> told = EventData(replay.response);
  const std::vector<std::string> said = EventData(answer.body);
  ASSERT_EQ(said.size(), told.size());
  EXPECT_EQ(said.back(), "[DONE]");
  for (size_t i = 0; i + 1 < said.size(); ++i) {
    EXPECT_EQ(WithoutNulls(json::parse(said[i])), AsOpenAi(told[i]));
  }
}

void CheckAnswer(const Case& one, const test::TestAnswer& answer) {
  const Replay& replay = one.replay;
  if (IsOfBytes(one)) return CheckVectors(replay, answer);
  if (IsTranslated(one)) return CheckTranslated(replay, answer);
  EXPECT_TRUE(answer.complete);
  if (!replay.streams()) {
    EXPECT_EQ(answer.status, replay.status);
    // Errors in other shapes are said again in OpenAI's; replay_test.cc looks at those.
    if (replay.status < 400) EXPECT_EQ(answer.body, replay.response);
    return;
  }
  const std::vector<std::string> events = EventData(replay.response);
  if (IsError(events.front())) {
    EXPECT_GE(answer.status, 400);
    return;
  }
  EXPECT_EQ(answer.status, 200);
  const bool ended = events.back() == "[DONE]" || IsError(events.back());
  EXPECT_EQ(answer.body, Expected(one) + (ended ? "" : "data: [DONE]\n\n"));
}

TEST_F(RowReplays, RequestsReachTheProviderAndAnswersComeBack) {
  const std::vector<Case> cases = Cases();
  if (cases.empty()) GTEST_SKIP() << "no recordings on this machine";
  size_t changed = 0;
  size_t kept_back = 0;
  Counts expected{};
  for (const Case& one : cases) {
    for (const size_t piece : {size_t{0}, size_t{7}, size_t{1}}) {
      if (piece != 0 && !one.replay.streams()) continue;
      SCOPED_TRACE(one.row + ": " + one.replay.label() + ", pieces of " + std::to_string(piece));
      const test::TestAnswer answer = Call(one, piece);
      const SeenRequest request = seen();
      EXPECT_EQ(request.method, one.replay.method);
      EXPECT_TRUE(request.target.starts_with("/" + one.row + "/")) << request.target;
      const json fitted = Fitted(one);
      EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
      if (IsTranslated(one)) {
        EXPECT_EQ(json::parse(request.body, nullptr, false), fitted);
      } else if (one.replay.request.empty() || fitted == json::parse(one.replay.request)) {
        EXPECT_EQ(request.body, one.replay.request);
      } else {
        ++changed;
        EXPECT_EQ(json::parse(request.body, nullptr, false), fitted);
      }
      CheckAnswer(one, answer);
      if (one.replay.streams() && Expected(one) != one.replay.response) ++kept_back;
      const bool failed = answer.status >= 400;
      Counts told = failed ? Counts{} : Told(one.replay);
      // xAI's completion tokens lack those of reasoning: its totals are greater by these.
      if (one.row == "x-ai") told[1] += told[3];
      for (size_t i = 0; i < told.size(); ++i) expected[i] += told[i];
      ASSERT_TRUE(test::Eventually([&] { return Counted(gateway_->admin_address()) == expected; }))
          << testing::PrintToString(Counted(gateway_->admin_address())) << " "
          << testing::PrintToString(expected);
    }
  }
  EXPECT_GE(cases.size(), 100U);
  EXPECT_GE(kept_back, 8U);
  std::printf("%zu recordings through the rows of %zu providers, %zu changed\n", cases.size(),
              RowOfFolder().size(), changed);
}

}  // namespace
}  // namespace portolan::conformance
