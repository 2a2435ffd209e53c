// Counting tokens, from each of the doors to each provider that counts. Shapes are those of the providers'
// API references; the answers of Anthropic and Google are recorded ones.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/token_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kOfTheHub[] =
    R"({"model":"m-1","messages":[{"role":"user","content":"hi"}],"max_tokens":9,"temperature":0.5})";
constexpr char kOfAnthropic[] = R"({"model":"m-1","messages":[{"role":"user","content":"hi"}],"novel":1})";

struct Counter {
  std::string provider;
  std::string answer;
  int64_t tokens;
  std::string path;   // that it is called at
  std::string asked;  // of the hub's callers' request
};

const std::vector<Counter>& Counters() {
  static const auto* const counters = new std::vector<Counter>{
      {"anthropic", R"({"input_tokens":14})", 14, "/base/messages/count_tokens",
       R"({"model":"m-1","messages":[{"role":"user","content":"hi"}]})"},
      {"google", R"({"promptTokensDetails":[{"modality":"TEXT","tokenCount":5}],"totalTokens":5})", 5,
       "/base/v1beta/models/m-1:countTokens",
       R"({"generateContentRequest":{"model":"models/m-1","contents":[{"role":"user","parts":[{"text":"hi"}]}],)"
       R"("generationConfig":{"temperature":0.5,"maxOutputTokens":9}}})"},
      {"bedrock", R"({"inputTokens":9})", 9, "/base/model/m-1/count-tokens",
       R"({"input":{"converse":{"messages":[{"role":"user","content":[{"text":"hi"}]}]}}})"}};
  return *counters;
}

class TokenCounts : public ::testing::Test {
 protected:
  TokenCounts() : upstream_([this](const SeenRequest&) { return answer_; }) {}

  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url() + "/base"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& path, const std::string& body, const std::string& provider) const {
    return TestClient(gateway_.http_address()).Post(path, body, To(provider));
  }
  grpc::Status Call(const std::string& provider, v1::TokenCount* count) const {
    const auto stub = v1::TokenService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    for (const auto& [name, value] : To(provider)) context.AddMetadata(name, value);
    v1::ChatCompletionRequest request;
    request.set_model("m-1");
    v1::Message* message = request.add_messages();
    message->set_role("user");
    message->mutable_content()->set_text("hi");
    return stub->CountTokens(&context, request, count);
  }

  Script answer_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(TokenCounts, AreGivenToTheHubsCallersAtBothDoors) {
  for (const Counter& counter : Counters()) {
    SCOPED_TRACE(counter.provider);
    answer_ = RespondJson(200, counter.answer);
    for (const char* path : {"/v1/chat/completions/count_tokens", "/chat/completions/count_tokens"}) {
      const TestAnswer counted = Post(path, kOfTheHub, counter.provider);
      ASSERT_EQ(counted.status, 200) << counted.body;
      const Json said = Json::parse(counted.body);
      EXPECT_EQ(said["object"], "token_count");
      EXPECT_EQ(said["input_tokens"], counter.tokens);
      EXPECT_EQ(said["model"], "m-1");
      EXPECT_EQ(upstream_.requests().back().target, counter.path);
      EXPECT_EQ(Json::parse(upstream_.requests().back().body), Json::parse(counter.asked));
    }
    v1::TokenCount count;
    const grpc::Status status = Call(counter.provider, &count);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(count.object(), "token_count");
    EXPECT_EQ(count.input_tokens(), counter.tokens);
    EXPECT_EQ(upstream_.requests().back().target, counter.path);
  }
}

TEST_F(TokenCounts, AreGivenToAnthropicsCallers) {
  for (const Counter& counter : Counters()) {
    SCOPED_TRACE(counter.provider);
    answer_ = RespondJson(200, counter.answer);
    const TestAnswer counted = Post("/v1/messages/count_tokens", kOfAnthropic, counter.provider);
    ASSERT_EQ(counted.status, 200) << counted.body;
    // MessageTokensCount has no other member.
    EXPECT_EQ(Json::parse(counted.body), Json({{"input_tokens", counter.tokens}}));
    EXPECT_EQ(upstream_.requests().back().target, counter.path);
    const bool relayed = counter.provider == "anthropic";
    EXPECT_EQ(counted.Header("x-portolan-dropped"), relayed ? "" : "novel");
    if (relayed) {
      EXPECT_EQ(upstream_.requests().back().body, kOfAnthropic);
    }
  }
}

TEST_F(TokenCounts, AreRefusedBeforeAnybodyIsCalledWhereNobodyCounts) {
  const TestAnswer hub = Post("/v1/chat/completions/count_tokens", kOfTheHub, "openai");
  EXPECT_EQ(hub.status, 400);
  EXPECT_EQ(Json::parse(hub.body)["error"]["code"], "unsupported_operation") << hub.body;
  const TestAnswer anthropic = Post("/v1/messages/count_tokens", kOfAnthropic, "openai");
  EXPECT_EQ(anthropic.status, 400);
  EXPECT_EQ(Json::parse(anthropic.body)["error"]["code"], "unsupported_operation") << anthropic.body;
  v1::TokenCount count;
  EXPECT_EQ(Call("openai", &count).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(upstream_.requests().empty());
}

// Those of Bedrock that do not count say so: a recorded error.
TEST_F(TokenCounts, ErrorsOfProvidersAreTold) {
  answer_ = RespondJson(400, R"({"message":"The provided model doesn't support counting tokens."})");
  const TestAnswer hub = Post("/v1/chat/completions/count_tokens", kOfTheHub, "bedrock");
  EXPECT_EQ(hub.status, 400);
  EXPECT_EQ(Json::parse(hub.body)["error"]["message"], "The provided model doesn't support counting tokens.");
  const TestAnswer anthropic = Post("/v1/messages/count_tokens", kOfAnthropic, "bedrock");
  EXPECT_EQ(anthropic.status, 400);
  EXPECT_EQ(Json::parse(anthropic.body)["type"], "error");
  answer_ = RespondJson(200, R"({"message":"it is broken"})");
  EXPECT_EQ(Post("/v1/chat/completions/count_tokens", kOfTheHub, "bedrock").status, 502);
  answer_ = RespondJson(200, "{}");
  for (const Counter& counter : Counters()) {
    const TestAnswer none = Post("/v1/chat/completions/count_tokens", kOfTheHub, counter.provider);
    EXPECT_EQ(none.status, 502) << counter.provider << none.body;
    EXPECT_EQ(Json::parse(none.body)["error"]["code"], "upstream_invalid_answer") << none.body;
  }
}

TEST_F(TokenCounts, OfTheBuiltInProviderAreThoseOfItsUsage) {
  TestClient client(gateway_.http_address());
  const Headers echo = {{"x-portolan-provider", "echo"}};
  const TestAnswer counted = client.Post("/v1/chat/completions/count_tokens", kOfTheHub, echo);
  ASSERT_EQ(counted.status, 200) << counted.body;
  const TestAnswer answered = client.Post("/v1/chat/completions", kOfTheHub, echo);
  ASSERT_EQ(answered.status, 200) << answered.body;
  EXPECT_EQ(Json::parse(counted.body)["input_tokens"], Json::parse(answered.body)["usage"]["prompt_tokens"]);
  EXPECT_EQ(Json::parse(client.Post("/v1/messages/count_tokens", kOfAnthropic, echo).body),
            Json({{"input_tokens", 1}}));
}

// What a program asks is what it will send.
TEST_F(TokenCounts, OfRequestsThatNoChatWouldTakeAreRefused) {
  for (const char* body : {R"({"model":"m","messages":"hi"})", R"({"model":"m","messages":[]})"}) {
    const TestAnswer answer = Post("/v1/chat/completions/count_tokens", body, "google");
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(Json::parse(answer.body)["error"]["param"], "messages");
  }
  EXPECT_EQ(TestClient(gateway_.http_address()).Get("/v1/chat/completions/count_tokens").status, 405);
  EXPECT_TRUE(upstream_.requests().empty());
}

}  // namespace
}  // namespace portolan::test
