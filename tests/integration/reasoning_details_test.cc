// `reasoning_details`, in which OpenRouter and its like give what a model thought
// (openrouter.ai/docs/guides/best-practices/reasoning-tokens), at all doors: nothing of it is lost on the way
// to a provider that knows it and back, and the native APIs are told what they can take.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kDetails[] =
    R"([{"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1","index":0,"signature":"EvAB","id":null},)"
    R"({"type":"reasoning.encrypted","data":"QUJD","format":"anthropic-claude-v1","index":1,"id":"r-1"},)"
    R"({"type":"reasoning.summary","summary":"s","format":"openai-responses-v1","index":2,"novel":{"a":[1.50]}}])";

std::string Request() {
  return R"({"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning":"hm",)"
         R"("reasoning_details":)" +
         std::string(kDetails) + R"(},{"role":"user","content":"r"}]})";
}

std::string Answer() {
  return R"({"id":"gen-1","object":"chat.completion","created":1,"model":"m","provider":"Anthropic","choices":[)"
         R"({"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a","reasoning":"hm",)"
         R"("reasoning_details":)" +
         std::string(kDetails) + "}}]}";
}

std::string Stream() {
  return R"(data: {"id":"gen-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
         R"("delta":{"role":"assistant","content":"","reasoning":"hm","reasoning_details":)" +
         std::string(kDetails) +
         "},\"finish_reason\":null}]}\n\n"
         R"(data: {"id":"gen-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
         R"("delta":{"content":"a"},"finish_reason":"stop"}]})"
         "\n\ndata: [DONE]\n\n";
}

template <typename M>
std::string DetailsOf(const M& message) {
  for (const v1::Extra& extra : message.extra()) {
    if (extra.name() == "reasoning_details") return extra.json();
  }
  return {};
}

class ReasoningDetails : public ::testing::Test {
 protected:
  ReasoningDetails() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url() + "/v1"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& body, const Headers& headers) const {
    return TestClient(gateway_.http_address()).Post("/v1/chat/completions", body, headers);
  }
  std::string Sent() const { return upstream_.requests().back().body; }

  Script script_ = RespondJson(200, Answer());
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(ReasoningDetails, PassByteForByte) {
  for (const char* provider : {"openrouter", "vercel-ai-gateway", "snowflake"}) {
    SCOPED_TRACE(provider);
    EXPECT_EQ(Post(Request(), To(provider)).body, Answer());
    EXPECT_EQ(Sent(), Request());
  }
  script_ = Respond(200, Stream(), {{"Content-Type", "text/event-stream"}});
  std::string streamed = Request();
  streamed.insert(1, R"("stream":true,)");
  EXPECT_EQ(Post(streamed, To("openrouter")).body, Stream());
}

TEST_F(ReasoningDetails, AreKeptWhereABodyIsEdited) {
  const std::string config = R"({"provider":"openrouter","api_key":"k","custom_host":")" + upstream_.url() +
                             R"(/v1","override_params":{"temperature":0.5}})";
  EXPECT_EQ(Post(Request(), {{"x-portolan-config", config}}).status, 200);
  EXPECT_THAT(Sent(), testing::HasSubstr(kDetails));
  EXPECT_EQ(Json::parse(Sent())["temperature"], 0.5);
}

TEST_F(ReasoningDetails, GoOverGrpcBothWays) {
  const auto stub = v1::ChatService::NewStub(
      grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  v1::ChatCompletionRequest request;
  request.set_model("m");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->mutable_content()->set_text("q");
  v1::Message* const past = request.add_messages();
  past->set_role("assistant");
  past->mutable_content()->set_text("a");
  past->set_reasoning("hm");
  past->add_extra()->set_name("reasoning_details");
  past->mutable_extra(0)->set_json(kDetails);
  grpc::ClientContext unary;
  grpc::ClientContext streaming;
  for (const auto& [name, value] : To("openrouter")) {
    unary.AddMetadata(name, value);
    streaming.AddMetadata(name, value);
  }
  v1::ChatCompletion completion;
  const grpc::Status status = stub->CreateChatCompletion(&unary, request, &completion);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(Sent(), testing::HasSubstr(kDetails));
  EXPECT_EQ(DetailsOf(completion.choices(0).message()), kDetails);

  script_ = Respond(200, Stream(), {{"Content-Type", "text/event-stream"}});
  const auto reader = stub->StreamChatCompletion(&streaming, request);
  std::string told;
  for (v1::ChatCompletionChunk chunk; reader->Read(&chunk);) told += DetailsOf(chunk.choices(0).delta());
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(told, kDetails);
}

TEST_F(ReasoningDetails, AreToldToAnthropicAndNamedWhereTheyCannotBe) {
  script_ = RespondJson(200, R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[)"
                             R"({"type":"text","text":"b"}],"stop_reason":"end_turn","stop_sequence":null,)"
                             R"("usage":{"input_tokens":1,"output_tokens":1}})");
  const TestAnswer answer = Post(Request(), To("anthropic"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(Sent())["messages"][1]["content"],
            Json::parse(R"([{"type":"thinking","thinking":"hm","signature":"EvAB"},)"
                        R"({"type":"redacted_thinking","data":"QUJD"},{"type":"text","text":"a"}])"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "messages[1].reasoning_details[2]");
}

}  // namespace
}  // namespace portolan::test
