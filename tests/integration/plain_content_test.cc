// Answers whose text is a list or an object, for callers who get them typed or in another dialect. The events
// are those of recorded traffic with Mistral and Workers AI, cut down.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kMistralStream[] =
    R"(data: {"id":"7b","object":"chat.completion.chunk","created":1787150315,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"p":"abc"})"
    "\n\n"
    R"(data: {"id":"7b","object":"chat.completion.chunk","created":1787150315,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"The user"}]}]},"finish_reason":null}],"p":"abcd"})"
    "\n\n"
    R"(data: {"id":"7b","object":"chat.completion.chunk","created":1787150315,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":" asks."}],"closed":true},{"type":"text","text":"1"}]},"finish_reason":null}],"p":"ab"})"
    "\n\n"
    R"(data: {"id":"7b","object":"chat.completion.chunk","created":1787150315,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":"2"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12},"p":"a"})"
    "\n\n"
    "data: [DONE]\n\n";
constexpr char kMistralAnswer[] =
    R"({"id":"7b","object":"chat.completion","created":1787150315,"model":"magistral-small-latest","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"The user asks."}],)"
    R"("closed":true},{"type":"text","text":"12"}]},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}})";
constexpr char kWorkersAnswer[] =
    R"({"id":"id-1767213409746","object":"chat.completion","created":1767213409,"model":"@cf/meta/llama-3.3",)"
    R"("choices":[{"index":0,"message":{"role":"assistant","content":{"title":"Apples are tasty"},"refusal":null},)"
    R"("logprobs":null,"finish_reason":"stop"}]})";

class PlainContent : public ::testing::Test {
 protected:
  PlainContent() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url() + "/v1"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& provider, const char* path, const Json& body) const {
    return TestClient(gateway_.http_address()).Post(path, body.dump(), To(provider));
  }
  std::unique_ptr<v1::ChatService::Stub> Stub() const {
    return v1::ChatService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  }
  static v1::ChatCompletionRequest Request() {
    v1::ChatCompletionRequest request;
    request.set_model("m-1");
    request.add_messages()->set_role("user");
    request.mutable_messages(0)->mutable_content()->set_text("hi");
    return request;
  }

  Script script_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

const Json kMessages =
    Json::parse(R"({"model":"m-1","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})");

TEST_F(PlainContent, StreamsOfListsReachEveryDoor) {
  script_ = Respond(200, kMistralStream, {{"Content-Type", "text/event-stream"}});
  std::string reasoning;
  std::string text;
  Json streamed = kMessages;
  streamed["stream"] = true;
  const TestAnswer answer = Post("mistral-ai", "/v1/messages", streamed);
  ASSERT_EQ(answer.status, 200) << answer.body;
  for (size_t at = answer.body.find("data: "); at != std::string::npos;
       at = answer.body.find("data: ", at + 1)) {
    const Json event = Json::parse(answer.body.substr(at + 6, answer.body.find('\n', at) - at - 6));
    ASSERT_NE(event["type"], "error") << answer.body;
    if (event["type"] != "content_block_delta") continue;
    reasoning += event["delta"].value("thinking", "");
    text += event["delta"].value("text", "");
  }
  EXPECT_EQ(reasoning, "The user asks.");
  EXPECT_EQ(text, "12");

  const TestAnswer completion =
      Post("mistral-ai", "/v1/completions", {{"model", "m-1"}, {"prompt", "hi"}, {"stream", true}});
  EXPECT_EQ(completion.status, 200);
  EXPECT_NE(completion.body.find(R"("text":"1")"), std::string::npos) << completion.body;
}

TEST_F(PlainContent, WholeAnswersReachEveryDoor) {
  script_ = RespondJson(200, kMistralAnswer);
  const Json content = Json::parse(Post("mistral-ai", "/v1/messages", kMessages).body)["content"];
  ASSERT_EQ(content.size(), 2u) << content;
  EXPECT_EQ(content[0]["thinking"], "The user asks.");
  EXPECT_EQ(content[1]["text"], "12");

  script_ = RespondJson(200, kWorkersAnswer);
  const Json object = Json::parse(Post("openai", "/v1/messages", kMessages).body)["content"];
  ASSERT_EQ(object.size(), 1u) << object;
  EXPECT_EQ(object[0]["text"], R"({"title":"Apples are tasty"})");
}

// Callers over gRPC get it as it came, among the members that the messages do not know.
TEST_F(PlainContent, NothingIsLostOverGrpc) {
  script_ = RespondJson(200, kWorkersAnswer);
  grpc::ClientContext context;
  for (const auto& [name, value] : To("openai")) context.AddMetadata(name, value);
  v1::ChatCompletion completion;
  const grpc::Status status = Stub()->CreateChatCompletion(&context, Request(), &completion);
  ASSERT_TRUE(status.ok()) << status.error_message();
  std::string content;
  for (const v1::Extra& extra : completion.choices(0).message().extra()) {
    if (extra.name() == "content") content = extra.json();
  }
  EXPECT_EQ(content, R"({"title":"Apples are tasty"})");
}

// The message is one of recorded traffic with Snowflake, without its reasoning.
TEST_F(PlainContent, WhatIsEmptyIsNoCall) {
  const Json message = Json::parse(
      R"({"annotations":null,"audio":{"data":"","expires_at":0,"id":"","transcript":""},"content":"Let me check.",)"
      R"("function_call":{"arguments":"","name":""},"refusal":"","role":"assistant","tool_calls":[{"custom":{"input":"",)"
      R"("name":""},"function":{"arguments":"{\"city\":\"Mexico City\"}","name":"get_weather"},"id":"toolu_1",)"
      R"("type":"function"}]})");
  const Json whole = {
      {"id", ""},
      {"object", "chat.completion"},
      {"created", 1783468054},
      {"model", "claude-sonnet-4-6"},
      {"choices", Json::array({{{"index", 0}, {"finish_reason", ""}, {"message", message}}})}};
  const Json expected = Json::parse(
      R"([{"type":"text","text":"Let me check."},)"
      R"({"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Mexico City"}}])");
  script_ = RespondJson(200, whole.dump());
  const Json answer = Json::parse(Post("openai", "/v1/messages", kMessages).body);
  ASSERT_EQ(answer["content"].size(), 2u) << answer;
  for (size_t i = 0; i < 2; ++i) {
    for (const auto& [name, value] : expected[i].items()) EXPECT_EQ(answer["content"][i][name], value);
  }
  EXPECT_EQ(answer["stop_reason"], "tool_use");

  // In a stream, whose reason is as empty and whose end is marked all the same.
  Json delta = message;
  delta["tool_calls"][0]["index"] = 0;
  const Json chunk = {{"id", ""},
                      {"object", "chat.completion.chunk"},
                      {"created", 1783468054},
                      {"model", "claude-sonnet-4-6"},
                      {"choices", Json::array({{{"index", 0}, {"finish_reason", ""}, {"delta", delta}}})}};
  script_ =
      Respond(200, "data: " + chunk.dump() + "\n\ndata: [DONE]\n\n", {{"Content-Type", "text/event-stream"}});
  Json request = kMessages;
  request["stream"] = true;
  const std::string body = Post("openai", "/v1/messages", request).body;
  std::string begun;
  std::string stop;
  for (size_t at = body.find("data: "); at != std::string::npos; at = body.find("data: ", at + 1)) {
    const Json event = Json::parse(body.substr(at + 6, body.find('\n', at) - at - 6));
    if (event["type"] == "content_block_start") begun += event["content_block"].value("name", "text") + " ";
    if (event["type"] == "message_delta") stop = event["delta"]["stop_reason"];
  }
  EXPECT_EQ(begun, "text get_weather ");
  EXPECT_EQ(stop, "tool_use") << body;
}

// Callers of the provider's own dialect get what it said.
TEST_F(PlainContent, RelayedAnswersStayAsTheyAre) {
  const Json request = {{"model", "m-1"}, {"messages", Json::array({{{"role", "user"}, {"content", "hi"}}})}};
  script_ = RespondJson(200, kWorkersAnswer);
  EXPECT_EQ(Post("openai", "/v1/chat/completions", request).body, kWorkersAnswer);
  script_ = Respond(200, kMistralStream, {{"Content-Type", "text/event-stream"}});
  Json streamed = request;
  streamed["stream"] = true;
  EXPECT_EQ(Post("openai", "/v1/chat/completions", streamed).body, kMistralStream);
}

}  // namespace
}  // namespace portolan::test
