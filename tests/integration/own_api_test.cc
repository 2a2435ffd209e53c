// What providers of OpenAI's dialect have beside it in an API of their own, at both doors: Mistral's fill in
// the middle (the shapes are those of @mistralai/mistralai 2.7.0, fimcompletionrequest.d.ts,
// fimcompletionresponse.d.ts) and Ollama's chat (ollama 0.6.4, ChatRequest and ChatResponse, and recordings).

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "portolan/v1/completion_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kFimAnswer[] =
    R"({"id":"447e","object":"chat.completion","model":"codestral-2508","created":1759496862,"choices":[{"index":0,)"
    R"("finish_reason":"stop","message":{"role":"assistant","content":"return a","tool_calls":null,"prefix":false}}],)"
    R"("usage":{"prompt_tokens":8,"completion_tokens":9,"total_tokens":17}})";
constexpr char kFimStream[] =
    "data: "
    "{\"id\":\"447e\",\"object\":\"chat.completion.chunk\",\"model\":\"codestral-2508\",\"created\":"
    "1759496862,"
    "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"return\"},\"finish_reason\":"
    "null}]}\n\n"
    "data: "
    "{\"id\":\"447e\",\"object\":\"chat.completion.chunk\",\"model\":\"codestral-2508\",\"created\":"
    "1759496862,"
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" a\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":9,\"total_tokens\":17}}\n\n"
    "data: [DONE]\n\n";

constexpr char kChat[] =
    R"({"model":"m-1","messages":[{"role":"user","content":"hi"}],"options":{"num_ctx":8192}})";
constexpr char kOllamaAnswer[] =
    R"({"model":"m-1","created_at":"2026-05-04T22:49:10.471177Z","message":{"role":"assistant","content":"Hello"},)"
    R"("done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":20,"eval_count":2})";
constexpr char kOllamaStream[] =
    "{\"model\":\"m-1\",\"created_at\":\"2026-05-04T22:49:10.471177Z\",\"message\":{\"role\":\"assistant\","
    "\"content\":"
    "\"\",\"thinking\":\"Hm\"},\"done\":false}\n"
    "{\"model\":\"m-1\",\"created_at\":\"2026-05-04T22:49:10.5Z\",\"message\":{\"role\":\"assistant\","
    "\"content\":\"Hel\"},"
    "\"done\":false}\n"
    "{\"model\":\"m-1\",\"created_at\":\"2026-05-04T22:49:10.6Z\",\"message\":{\"role\":\"assistant\","
    "\"content\":\"lo\"},"
    "\"done\":false}\n"
    "{\"model\":\"m-1\",\"created_at\":\"2026-05-04T22:49:10.7Z\",\"message\":{\"role\":\"assistant\","
    "\"content\":\"\"},"
    "\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":20,\"eval_count\":2}\n";

class OwnApi : public ::testing::Test {
 protected:
  OwnApi() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url() + "/v1"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& provider, const char* path, const std::string& body,
                  const Headers& more = {}) const {
    Headers headers = To(provider);
    headers.insert(headers.end(), more.begin(), more.end());
    return TestClient(gateway_.http_address()).Post(path, body, headers);
  }
  template <typename Service>
  auto Stub() const {
    return Service::NewStub(grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  }
  void AddHeaders(const std::string& provider, grpc::ClientContext* context) const {
    for (const auto& [name, value] : To(provider)) context->AddMetadata(name, value);
  }
  SeenRequest Seen() const { return upstream_.requests().back(); }
  Json Sent() const { return Json::parse(Seen().body); }

  Script script_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

// The data of each event but the last, which must be the end marker.
std::vector<Json> Events(const std::string& body) {
  std::vector<Json> events;
  bool done = false;
  for (size_t at = 0; at < body.size();) {
    const size_t end = body.find("\n\n", at);
    const std::string event = body.substr(at, end - at);
    at = end == std::string::npos ? body.size() : end + 2;
    EXPECT_FALSE(done) << event;
    if (event == "data: [DONE]") {
      done = true;
    } else if (!event.starts_with(":")) {
      events.push_back(Json::parse(event.substr(6)));
    }
  }
  EXPECT_TRUE(done) << body;
  return events;
}

TEST_F(OwnApi, MistralFillsInTheMiddle) {
  script_ = RespondJson(200, kFimAnswer);
  const TestAnswer answer =
      Post("mistral-ai", "/v1/completions",
           R"({"model":"codestral-latest","prompt":"def f(a):\n","suffix":"\n# end","max_tokens":9,"seed":4,)"
           R"("stop":["x"],"n":1,"user":"u","min_tokens":1,"novel":2,"presence_penalty":0.5})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target, "/v1/fim/completions");
  EXPECT_EQ(Seen().Header("authorization"), "Bearer key");
  EXPECT_EQ(Sent(), Json::parse(R"({"model":"codestral-latest","prompt":"def f(a):\n","suffix":"\n# end",)"
                                R"("max_tokens":9,"random_seed":4,"stop":["x"],"min_tokens":1})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "presence_penalty, user, novel");
  EXPECT_EQ(
      Json::parse(answer.body),
      Json::parse(R"({"id":"447e","object":"text_completion","created":1759496862,"model":"codestral-2508",)"
                  R"("choices":[{"text":"return a","index":0,"logprobs":null,"finish_reason":"stop"}],)"
                  R"("usage":{"prompt_tokens":8,"completion_tokens":9,"total_tokens":17}})"));

  grpc::ClientContext context;
  AddHeaders("mistral-ai", &context);
  v1::CompletionRequest request;
  request.set_model("codestral-latest");
  request.mutable_prompt()->set_text("def f(a):\n");
  request.set_suffix("\n# end");
  v1::Completion completion;
  const grpc::Status status = Stub<v1::CompletionService>()->CreateCompletion(&context, request, &completion);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Seen().target, "/v1/fim/completions");
  EXPECT_EQ(completion.choices(0).text(), "return a");
}

TEST_F(OwnApi, MistralStreamsWhatItFillsIn) {
  for (const size_t size : {size_t{1}, size_t{7}, size_t{4096}}) {
    script_ = Script().Split(
        Respond(200, kFimStream, {{"Content-Type", "text/event-stream"}}).steps()[0].bytes, size);
    const TestAnswer answer =
        Post("mistral-ai", "/v1/completions",
             R"({"model":"codestral-latest","prompt":"def","suffix":"end","stream":true,)"
             R"("stream_options":{"include_usage":true}})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Seen().target, "/v1/fim/completions");
    EXPECT_EQ(Sent(),
              Json::parse(R"({"model":"codestral-latest","prompt":"def","suffix":"end","stream":true})"));
    std::string text;
    Json usage;
    for (const Json& event : Events(answer.body)) {
      EXPECT_EQ(event["object"], "text_completion");
      for (const Json& choice : event["choices"]) text += choice["text"].get<std::string>();
      if (event.contains("usage")) usage = event["usage"];
    }
    EXPECT_EQ(text, "return a");
    EXPECT_EQ(usage["total_tokens"], 17);
  }
}

TEST_F(OwnApi, WhatMistralCannotFillInIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("prompt":"a","n":2)", "n"},
      {R"("prompt":"a","echo":true)", "echo"},
      {R"("prompt":"a","logprobs":1)", "logprobs"},
      {R"("prompt":["a","b"])", "prompt[1]"},
      {R"("prompt":[1,2])", "prompt"}};
  for (const auto& [members, path] : cases) {
    const TestAnswer answer =
        Post("mistral-ai", "/v1/completions", R"({"model":"m","suffix":"b",)" + members + "}");
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(Json::parse(answer.body)["error"]["param"], path) << answer.body;
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

// Portkey's header, by which a chat of Mistral's is passed on to where `prompt` and `suffix` are taken.
TEST_F(OwnApi, PortkeysHeaderAsksMistralToFillIn) {
  const std::string body = R"({"model":"codestral-latest", "prompt":"def", "suffix":"end"})";
  script_ = RespondJson(200, kFimAnswer);
  for (const char* header : {"x-portkey-mistral-fim-completion", "x-portolan-mistral-fim-completion"}) {
    TestAnswer answer = Post("mistral-ai", "/v1/chat/completions", body, {{header, "true"}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Seen().target, "/v1/fim/completions");
    EXPECT_EQ(Seen().body, body);
    EXPECT_EQ(answer.body, kFimAnswer);
    // Of a text completion the answer is a text, with a suffix or without.
    answer = Post("mistral-ai", "/v1/completions", R"({"model":"codestral-latest","prompt":"def"})",
                  {{header, "true"}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Seen().target, "/v1/fim/completions");
    EXPECT_EQ(Json::parse(answer.body)["choices"][0]["text"], "return a");
    // Any other value asks for nothing, and neither do other operations.
    Post("mistral-ai", "/v1/chat/completions", body, {{header, "false"}});
    EXPECT_EQ(Seen().target, "/v1/chat/completions");
    Post("mistral-ai", "/v1/embeddings", R"({"model":"m","input":"a"})", {{header, "true"}});
    EXPECT_EQ(Seen().target, "/v1/embeddings");
  }
}

TEST_F(OwnApi, OllamaIsAskedInItsOwnApiForWhatOnlyThatTakes) {
  script_ = RespondJson(200, kOllamaAnswer);
  const TestAnswer answer = Post(
      "ollama", "/v1/chat/completions",
      R"({"model":"m-1","messages":[{"role":"developer","content":"be kind"},{"role":"user","content":[)"
      R"({"type":"text","text":"what?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],)"
      R"("max_tokens":9,"temperature":0.5,"seed":3,"stop":"END","reasoning_effort":"low","num_ctx":8192,)"
      R"("options":{"num_gpu":1,"temperature":0.25},"keep_alive":"5m","logprobs":true,"top_logprobs":2,)"
      R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"user":"u"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target, "/api/chat");
  EXPECT_EQ(
      Sent(),
      Json::parse(
          R"({"model":"m-1","messages":[{"role":"system","content":"be kind"},)"
          R"({"role":"user","content":"what?","images":["AAAA"]}],"stream":false,)"
          R"("format":{"type":"object"},"think":"low","keep_alive":"5m","logprobs":true,"top_logprobs":2,)"
          R"("options":{"num_predict":9,"seed":3,"stop":["END"],"num_ctx":8192,"num_gpu":1,)"
          R"("temperature":0.25}})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "user");
  const Json said = Json::parse(answer.body);
  EXPECT_EQ(said["object"], "chat.completion");
  EXPECT_EQ(said["created"], 1777934950);
  EXPECT_EQ(said["choices"][0]["message"]["content"], "Hello");
  EXPECT_EQ(said["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(said["usage"]["prompt_tokens"], 20);
  EXPECT_EQ(said["usage"]["completion_tokens"], 2);
  EXPECT_EQ(said["usage"]["total_tokens"], 22);
}

TEST_F(OwnApi, OllamaIsAskedInOpenAisWordsOtherwise) {
  const std::string body =
      R"({ "model":"m-1", "messages":[{"role":"user","content":"hi"}], "options":null })";
  script_ = RespondJson(200, R"({"id":"c","object":"chat.completion","choices":[]})");
  ASSERT_EQ(Post("ollama", "/v1/chat/completions", body).status, 200);
  EXPECT_EQ(Seen().target, "/v1/chat/completions");
  EXPECT_EQ(Seen().body, body);
}

TEST_F(OwnApi, OllamasLinesBecomeAStream) {
  for (const size_t size : {size_t{1}, size_t{7}, size_t{4096}}) {
    SCOPED_TRACE(size);
    script_ = Script().Split(
        Respond(200, kOllamaStream, {{"Content-Type", "application/x-ndjson"}}).steps()[0].bytes, size);
    Json request = Json::parse(kChat);
    request["stream"] = true;
    request["stream_options"] = {{"include_usage", true}};
    const TestAnswer answer = Post("ollama", "/v1/chat/completions", request.dump());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Seen().target, "/api/chat");
    EXPECT_EQ(Seen().Header("accept"), "application/x-ndjson");
    std::string text;
    std::string reasoning;
    std::string reasons;
    Json usage;
    int roles = 0;
    for (const Json& event : Events(answer.body)) {
      if (event.contains("usage") && event["usage"].is_object()) usage = event["usage"];
      for (const Json& choice : event["choices"]) {
        roles += choice["delta"].contains("role") ? 1 : 0;
        text += choice["delta"].value("content", "");
        reasoning += choice["delta"].value("reasoning_content", "");
        if (!choice["finish_reason"].is_null()) reasons += choice["finish_reason"];
      }
    }
    EXPECT_EQ(text, "Hello");
    EXPECT_EQ(reasoning, "Hm");
    EXPECT_EQ(reasons, "stop");
    EXPECT_EQ(roles, 1);
    EXPECT_EQ(usage["total_tokens"], 22);
  }
  grpc::ClientContext context;
  AddHeaders("ollama", &context);
  v1::ChatCompletionRequest request;
  request.set_model("m-1");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->mutable_content()->set_text("hi");
  v1::Extra* const extra = request.add_extra();
  extra->set_name("keep_alive");
  extra->set_json("60");
  const auto reader = Stub<v1::ChatService>()->StreamChatCompletion(&context, request);
  std::string text;
  for (v1::ChatCompletionChunk chunk; reader->Read(&chunk);) {
    for (const auto& choice : chunk.choices()) text += choice.delta().content();
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(text, "Hello");
  EXPECT_EQ(Sent()["keep_alive"], 60);
}

TEST_F(OwnApi, OllamasStreamsThatBreakAreNoGoodOnes) {
  const std::string whole = kOllamaStream;
  const std::string begun = whole.substr(0, whole.find("\"lo\""));
  Json request = Json::parse(kChat);
  request["stream"] = true;
  for (const std::string& bytes :
       {begun, begun.substr(0, begun.rfind('\n') + 1),
        begun.substr(0, begun.rfind('\n') + 1) + "{\"error\":\"out of memory\"}\n", begun + "\n"}) {
    script_ = Respond(200, bytes, {{"Content-Type", "application/x-ndjson"}});
    const TestAnswer answer = Post("ollama", "/v1/chat/completions", request.dump());
    EXPECT_THAT(answer.body, HasSubstr("\"error\"")) << bytes;
    EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]"))) << bytes;
  }
  script_ = RespondJson(404, R"({"error":"model 'm-1' not found"})");
  const TestAnswer answer = Post("ollama", "/v1/chat/completions", kChat);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(Json::parse(answer.body)["error"]["message"], "model 'm-1' not found");
  script_ = RespondJson(200, R"({"error":"out of memory"})");
  EXPECT_EQ(Post("ollama", "/v1/chat/completions", kChat).status, 502);
}

TEST_F(OwnApi, ToolsOfOllama) {
  script_ = RespondJson(
      200, R"({"model":"m-1","created_at":"2026-05-04T22:49:10Z","message":{"role":"assistant","content":"",)"
           R"("tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"id":"x","function":{"name":"g",)"
           R"("arguments":{}}}]},"done":true,"done_reason":"stop"})");
  const std::string request =
      R"({"model":"m-1","keep_alive":1,"messages":[{"role":"user","content":"hi"},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f",)"
      R"("arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"7"}],)"
      R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])";
  const TestAnswer answer = Post("ollama", "/v1/chat/completions", request + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(
      Sent()["messages"],
      Json::parse(
          R"([{"role":"user","content":"hi"},{"role":"assistant","content":"","tool_calls":[{"id":"c1",)"
          R"("function":{"name":"f","arguments":{"a":1}}}]},)"
          R"({"role":"tool","content":"7","tool_name":"f","tool_call_id":"c1"}])"));
  EXPECT_EQ(
      Sent()["tools"],
      Json::parse(
          R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])"));
  const Json choice = Json::parse(answer.body)["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  ASSERT_EQ(choice["message"]["tool_calls"].size(), 2u);
  EXPECT_EQ(choice["message"]["tool_calls"][0]["function"]["arguments"], R"({"a":1})");
  EXPECT_EQ(choice["message"]["tool_calls"][1]["id"], "x");
  EXPECT_NE(choice["message"]["tool_calls"][0]["id"], "");
  for (const auto& [member, path] : std::vector<std::pair<std::string, std::string>>{
           {R"("tool_choice":"required")", "tool_choice"}, {R"("n":2)", "n"}}) {
    const TestAnswer refused = Post("ollama", "/v1/chat/completions", request + "," + member + "}");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(Json::parse(refused.body)["error"]["param"], path) << refused.body;
  }
}

// Callers of Anthropic's dialect may name its members too.
TEST_F(OwnApi, OllamaServesOtherDoors) {
  script_ = RespondJson(200, kOllamaAnswer);
  const TestAnswer answer =
      Post("ollama", "/v1/messages",
           R"({"model":"m-1","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"top_k":5})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target, "/api/chat");
  EXPECT_EQ(Sent()["options"], Json::parse(R"({"num_predict":9,"top_k":5})"));
  EXPECT_EQ(Json::parse(answer.body)["content"][0]["text"], "Hello");
}

}  // namespace
}  // namespace portolan::test
