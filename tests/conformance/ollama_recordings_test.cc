// Replays what Ollama's own API was sent and what it answered through the whole gateway: an OpenAI request
// that says the same becomes the recorded one, and the answers come out whole, however their bytes are cut.
// What is expected is worked out from the recordings alone.

#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/conformance/recordings.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;

// One that is in no recording, so that every request goes to Ollama's own API.
constexpr int kKeepAlive = 77;

json ContentOf(const json& message) {
  json parts = json::array();
  if (message.contains("content")) parts.push_back({{"type", "text"}, {"text", message["content"]}});
  for (const json& image : message.at("images")) {
    const std::string url = "data:image/webp;base64," + image.get<std::string>();
    parts.push_back({{"type", "image_url"}, {"image_url", {{"url", url}}}});
  }
  return parts;
}

// The same in OpenAI's words.
json InOpenAisWords(const json& sent) {
  json request = {{"model", sent["model"]}, {"keep_alive", kKeepAlive}, {"messages", json::array()}};
  for (const char* same : {"tools", "think", "options", "logprobs", "top_logprobs"}) {
    if (sent.contains(same)) request[same] = sent[same];
  }
  int calls = 0;
  int results = 0;
  for (const json& message : sent["messages"]) {
    json said = {{"role", message["role"]}};
    said["content"] = message.contains("images") ? ContentOf(message) : message["content"];
    if (message.contains("thinking")) said["reasoning_content"] = message["thinking"];
    if (message.contains("tool_calls")) {
      for (const json& call : message["tool_calls"]) {
        said["tool_calls"].push_back(
            {{"id", "c" + std::to_string(calls++)},
             {"type", "function"},
             {"function",
              {{"name", call["function"]["name"]}, {"arguments", call["function"]["arguments"].dump()}}}});
      }
    }
    if (message["role"] == "tool") said["tool_call_id"] = "c" + std::to_string(results++);
    request["messages"].push_back(said);
  }
  return request;
}

// The recorded request, without what asks for nothing, and without what says the same in words of its own:
// ids of calls, and their only type.
json Normalised(json request) {
  request.erase("keep_alive");
  if (request.contains("format") && request["format"] == "") request.erase("format");
  if (request.contains("options") && request["options"].empty()) request.erase("options");
  request.erase("stream");
  for (json& message : request["messages"]) {
    if (!message.contains("content")) message["content"] = "";
    message.erase("tool_call_id");
    if (!message.contains("tool_calls")) continue;
    for (json& call : message["tool_calls"]) {
      call.erase("id");
      call.erase("type");
    }
  }
  return request;
}

// What there is to an answer.
struct Said {
  std::string text;
  std::string reasoning;
  std::vector<std::pair<std::string, json>> calls;
  std::string reason;
  int64_t prompt_tokens = -1;
  int64_t answer_tokens = -1;
  std::vector<std::string> tokens;  // of which probabilities are told
  bool operator==(const Said&) const = default;
};

std::vector<json> LinesOf(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

Said ExpectedOf(const std::vector<json>& pieces) {
  Said said;
  for (const json& piece : pieces) {
    const json& message = piece["message"];
    said.text += message.value("content", "");
    said.reasoning += message.value("thinking", "");
    if (message.contains("tool_calls")) {
      for (const json& call : message["tool_calls"]) {
        said.calls.emplace_back(call["function"]["name"], call["function"]["arguments"]);
      }
    }
    if (piece.contains("logprobs")) {
      for (const json& token : piece["logprobs"]) said.tokens.push_back(token["token"]);
    }
    if (!piece.value("done", false)) continue;
    said.reason = said.calls.empty() ? piece.value("done_reason", "") : "tool_calls";
    said.prompt_tokens = piece.value("prompt_eval_count", -1);
    said.answer_tokens = piece.value("eval_count", -1);
  }
  return said;
}

void TakeUsage(const json& answer, Said* said) {
  if (!answer.contains("usage") || !answer["usage"].is_object()) return;
  said->prompt_tokens = answer["usage"]["prompt_tokens"];
  said->answer_tokens = answer["usage"]["completion_tokens"];
}

void TakeMessage(const json& message, Said* said) {
  if (message.contains("content") && message["content"].is_string()) {
    said->text += message["content"].get<std::string>();
  }
  said->reasoning += message.value("reasoning_content", "");
  if (!message.contains("tool_calls")) return;
  for (const json& call : message["tool_calls"]) {
    EXPECT_FALSE(call["id"].get<std::string>().empty());
    said->calls.emplace_back(call["function"]["name"],
                             json::parse(call["function"]["arguments"].get<std::string>()));
  }
}

void TakeChoice(const json& choice, const char* message, Said* said) {
  EXPECT_EQ(choice["index"], 0);
  TakeMessage(choice[message], said);
  if (choice.contains("finish_reason") && choice["finish_reason"].is_string()) {
    EXPECT_EQ(said->reason, "") << "it ends twice";
    said->reason = choice["finish_reason"];
  }
  if (choice.contains("logprobs") && choice["logprobs"].is_object()) {
    for (const json& token : choice["logprobs"]["content"]) said->tokens.push_back(token["token"]);
  }
}

Said SaidIn(const test::TestAnswer& answer, bool stream) {
  Said said;
  if (!stream) {
    const json whole = json::parse(answer.body);
    TakeUsage(whole, &said);
    for (const json& choice : whole["choices"]) TakeChoice(choice, "message", &said);
    return said;
  }
  bool done = false;
  std::istringstream lines(answer.body);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("data: ")) continue;
    EXPECT_FALSE(done);
    if (line == "data: [DONE]") {
      done = true;
      continue;
    }
    const json chunk = json::parse(line.substr(6));
    TakeUsage(chunk, &said);
    for (const json& choice : chunk["choices"]) TakeChoice(choice, "delta", &said);
  }
  EXPECT_TRUE(done) << answer.body;
  return said;
}

class Replayer {
 public:
  Replayer() : upstream_([this](const test::SeenRequest&) { return script_; }) {}

  void Run(const Recording& recording) {
    const json& body = recording.response();
    const bool stream = body.is_string();
    const std::string bytes = stream ? body.get<std::string>() : body.dump();
    const char* const type = stream ? "application/x-ndjson" : "application/json";
    const std::string wire =
        test::Respond(recording.status(), bytes, {{"Content-Type", type}}).steps()[0].bytes;
    for (const size_t piece : {size_t{1}, size_t{7}, wire.size()}) {
      // Bytes one by one of an answer of many kilobytes tell nothing more.
      if (piece == 1 && wire.size() > 20'000) continue;
      SCOPED_TRACE("in pieces of " + std::to_string(piece));
      script_ = test::Script().Split(wire, piece);
      Replay(recording, stream, stream ? LinesOf(bytes) : std::vector<json>{body});
    }
  }

 private:
  void Replay(const Recording& recording, bool stream, const std::vector<json>& pieces) {
    json request = InOpenAisWords(recording.request());
    request["stream"] = stream;
    if (stream) request["stream_options"] = {{"include_usage", true}};
    const test::TestAnswer answer =
        test::TestClient(gateway_.http_address())
            .Post("/v1/chat/completions", request.dump(),
                  {{"x-portolan-provider", "ollama"}, {"x-portolan-custom-host", upstream_.url()}});
    ASSERT_FALSE(upstream_.requests().empty()) << answer.body;
    const test::SeenRequest seen = upstream_.requests().back();
    EXPECT_EQ(seen.target, "/api/chat");
    json sent = json::parse(seen.body);
    EXPECT_EQ(sent["stream"], stream);
    EXPECT_EQ(sent["keep_alive"], kKeepAlive);
    EXPECT_EQ(Normalised(std::move(sent)), Normalised(recording.request()));
    EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
    EXPECT_EQ(answer.status, recording.status()) << answer.body;
    if (recording.status() != 200) {
      EXPECT_EQ(json::parse(answer.body)["error"]["message"], recording.response()["error"]);
      return;
    }
    const Said said = SaidIn(answer, stream);
    const Said expected = ExpectedOf(pieces);
    EXPECT_TRUE(said == expected) << answer.body;
  }

  test::Script script_ = test::RespondJson(200, "{}");
  test::FakeUpstream upstream_;
  const test::GatewayFixture gateway_;
};

TEST(OllamaRecordings, Replay) {
  const auto recordings = LoadRecordings("ollama", "api-chat");
  if (!recordings) {
    std::fprintf(stderr, "NO RECORDINGS: nothing of Ollama's was replayed\n");
    GTEST_SKIP();
  }
  ASSERT_GE(recordings->size(), 7u);
  Replayer replayer;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    replayer.Run(recording);
  }
}

}  // namespace
}  // namespace portolan::conformance
