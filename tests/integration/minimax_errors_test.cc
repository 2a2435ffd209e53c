// Errors that MiniMax tells under a good status, at both doors:
// platform.minimax.io/docs/api-reference/errorcode.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kRequest[] = R"({"model":"MiniMax-M2","messages":[{"role":"user","content":"hi"}]})";
constexpr char kStreamed[] =
    R"({"model":"MiniMax-M2","messages":[{"role":"user","content":"hi"}],"stream":true})";
constexpr char kFirstChunk[] =
    R"(data: {"id":"05a1","object":"chat.completion.chunk","created":1,"model":"MiniMax-M2","choices":[)"
    R"({"index":0,"delta":{"role":"assistant","content":"He"}}]})"
    "\n\n";

class MiniMaxErrors : public ::testing::Test {
 protected:
  MiniMaxErrors() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To() const {
    return {{"x-portolan-provider", "minimax"},
            {"x-portolan-custom-host", upstream_.url() + "/v1"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& body) const {
    return TestClient(gateway_.http_address()).Post("/v1/chat/completions", body, To());
  }
  void AnswerWithStream(const std::string& stream) {
    script_ = Respond(200, stream, {{"Content-Type", "text/event-stream"}});
  }

  Script script_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

struct Failure {
  int code;
  const char* words;
  int status;
};

// The whole table of platform.minimax.io/docs/api-reference/errorcode with its words. Where the solution is
// to retry later, so is the status; what it says is to be checked in the request is the caller's.
constexpr Failure kFailures[] = {{1000, "unknown error", 502},
                                 {1001, "request timeout", 504},
                                 {1002, "rate limit", 429},
                                 {1004, "not authorized / token not match group / cookie is missing", 401},
                                 {1008, "insufficient balance", 402},
                                 {1024, "internal error", 502},
                                 {1026, "input new_sensitive", 400},
                                 {1027, "output new_sensitive", 400},
                                 {1033, "system error / mysql failed", 502},
                                 {1039, "token limit", 429},
                                 {1041, "conn limit", 429},
                                 {1042, "invisible character ratio limit", 400},
                                 {1043, "The asr similarity check failed", 400},
                                 {1044, "clone prompt similarity check failed", 400},
                                 {2013, "invalid params / glyph definition format error", 400},
                                 {20132, "invalid samples or voice_id", 400},
                                 {2037, "voice duration too short / voice duration too long", 400},
                                 {2039, "voice clone voice id duplicate", 400},
                                 {2042, "You don't have access to this voice_id", 403},
                                 {2045, "rate growth limit", 429},
                                 {2048, "prompt audio too long", 400},
                                 {2049, "invalid API Key", 401},
                                 {2056, "usage limit exceeded", 429},
                                 {9999, "a code of tomorrow", 502}};

// What OpenAI's SDKs know errors by, and whose fault docs/errors.md says they are where the caller sent the
// key.
struct Told {
  int status;
  const char* type;
  const char* error_class;
  grpc::StatusCode rpc;
};

constexpr Told kTold[] = {{400, "invalid_request_error", "caller", grpc::StatusCode::INVALID_ARGUMENT},
                          {401, "authentication_error", "caller", grpc::StatusCode::UNAUTHENTICATED},
                          {402, "invalid_request_error", "provider", grpc::StatusCode::FAILED_PRECONDITION},
                          {403, "permission_error", "caller", grpc::StatusCode::PERMISSION_DENIED},
                          {429, "rate_limit_error", "provider", grpc::StatusCode::RESOURCE_EXHAUSTED},
                          {502, "api_error", "provider", grpc::StatusCode::UNAVAILABLE},
                          {504, "timeout_error", "provider", grpc::StatusCode::DEADLINE_EXCEEDED}};

const Told& ToldFor(int status) {
  return *std::find_if(std::begin(kTold), std::end(kTold),
                       [&](const Told& told) { return told.status == status; });
}

Json Refusal(const Failure& failure) {
  return {{"id", "05a1"},
          {"choices", nullptr},
          {"created", 0},
          {"model", ""},
          {"base_resp", {{"status_code", failure.code}, {"status_msg", failure.words}}}};
}

void ExpectTold(const TestAnswer& answer, const Failure& failure) {
  const Told& told = ToldFor(failure.status);
  ASSERT_EQ(answer.status, failure.status) << answer.body;
  const Json error = Json::parse(answer.body)["error"];
  EXPECT_EQ(error["message"], failure.words);
  EXPECT_EQ(error["code"], std::to_string(failure.code));
  EXPECT_EQ(error["type"], told.type);
  EXPECT_EQ(error["portolan"]["class"], told.error_class);
  EXPECT_EQ(error["portolan"]["retryable"], failure.status == 429 || failure.status >= 500);
}

TEST_F(MiniMaxErrors, ErrorsUnderAGoodStatusAreErrors) {
  for (const Failure& failure : kFailures) {
    SCOPED_TRACE(failure.words);
    const Json body = Refusal(failure);
    script_ = RespondJson(200, body.dump());
    for (const char* request : {kRequest, kStreamed}) ExpectTold(Post(request), failure);
    // As the first event of a stream.
    AnswerWithStream("data: " + body.dump() + "\n\n");
    ExpectTold(Post(kStreamed), failure);
    // And in the middle of one, where the status has been told.
    AnswerWithStream(kFirstChunk + ("data: " + body.dump()) + "\n\n");
    const TestAnswer late = Post(kStreamed);
    EXPECT_EQ(late.status, 200);
    EXPECT_THAT(late.body, testing::HasSubstr(failure.words));
    EXPECT_THAT(late.body, testing::Not(testing::HasSubstr("[DONE]")));
  }
}

TEST_F(MiniMaxErrors, CallersOfGrpcHearTheSame) {
  const auto stub = v1::ChatService::NewStub(
      grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  v1::ChatCompletionRequest request;
  request.set_model("MiniMax-M2");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->mutable_content()->set_text("hi");
  for (const Failure& failure : kFailures) {
    SCOPED_TRACE(failure.words);
    script_ = RespondJson(200, Refusal(failure).dump());
    grpc::ClientContext unary;
    grpc::ClientContext streamed;
    for (const auto& [name, value] : To()) {
      unary.AddMetadata(name, value);
      streamed.AddMetadata(name, value);
    }
    v1::ChatCompletion completion;
    const grpc::Status status = stub->CreateChatCompletion(&unary, request, &completion);
    EXPECT_EQ(status.error_code(), ToldFor(failure.status).rpc);
    EXPECT_EQ(status.error_message(), failure.words);
    AnswerWithStream("data: " + Refusal(failure).dump() + "\n\n");
    const auto reader = stub->StreamChatCompletion(&streamed, request);
    v1::ChatCompletionChunk chunk;
    EXPECT_FALSE(reader->Read(&chunk));
    EXPECT_EQ(reader->Finish().error_code(), ToldFor(failure.status).rpc);
  }
}

// The gateway's own key that is refused is nothing that callers could mend.
TEST_F(MiniMaxErrors, WhoseFaultARefusedKeyIsDependsOnWhoseItWas) {
  const TempFolder folder;
  const std::string path = folder.path() + "/gateway.yaml";
  std::ofstream(path) << "providers: {lab: {base_url: \"" << upstream_.url()
                      << "/v1\", dialect: minimax, api_key: \"env:KEY\"}}\n";
  const GatewayFixture gateway = GatewayFixture::FromFile(path, {{"KEY", "of-the-gateway"}});
  for (const int code : {1004, 2049}) {
    for (const char* request : {kRequest, kStreamed}) {
      for (const bool event : {false, true}) {
        const Json body = Refusal({code, "invalid API Key", 401});
        script_ = RespondJson(200, body.dump());
        if (event) AnswerWithStream("data: " + body.dump() + "\n\n");
        if (event && request == kRequest) continue;
        const TestAnswer operators =
            TestClient(gateway.http_address())
                .Post("/v1/chat/completions", request, {{"x-portolan-provider", "lab"}});
        EXPECT_EQ(operators.status, 401);
        EXPECT_EQ(Json::parse(operators.body)["error"]["type"], "authentication_error");
        EXPECT_EQ(Json::parse(operators.body)["error"]["portolan"]["class"], "provider");
        EXPECT_EQ(Json::parse(Post(request).body)["error"]["portolan"]["class"], "caller");
      }
    }
  }
  // Counted like any error that came within an answer, whoever is at fault.
  std::string metrics;
  const auto scrape = [&](const GatewayFixture& of) {
    return TestClient(of.admin_address()).Get("/metrics").body;
  };
  const auto counted = [](const std::string& error_class) {
    return testing::ContainsRegex("portolan_errors_total[{]class=\"" + error_class +
                                  "\",provider=\"[a-z]+\",code=\"in_answer\"[}] 6\n");
  };
  EXPECT_TRUE(Eventually([&] { return metrics = scrape(gateway); }, counted("provider"))) << metrics;
  EXPECT_TRUE(Eventually([&] { return metrics = scrape(gateway_); }, counted("caller"))) << metrics;
}

// In OpenAI's form, without a code of MiniMax's own.
TEST_F(MiniMaxErrors, OfAnotherFormAreErrorsToo) {
  const std::string body = R"({"error":{"message":"slow down","type":"rate_limit_error","code":429}})";
  for (const char* request : {kRequest, kStreamed}) {
    script_ = RespondJson(200, body);
    EXPECT_EQ(Post(request).status, 429);
  }
  AnswerWithStream("data: " + body + "\n\n");
  EXPECT_EQ(Post(kStreamed).status, 429);
}

// As little as that of any other provider.
TEST_F(MiniMaxErrors, ARefusedKeyIsNotTriedAgain) {
  for (const char* told :
       {R"({"choices":null,"base_resp":{"status_code":2049,"status_msg":"invalid API Key"}})",
        R"({"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}})"}) {
    const bool refused = std::string_view(told).find("2049") != std::string_view::npos;
    const FakeUpstream upstream([&](const SeenRequest&) { return RespondJson(200, told); });
    const std::string config = R"({"provider":"minimax","api_key":"k","custom_host":")" + upstream.url() +
                               R"(/v1","retry":{"attempts":2,"base_ms":0}})";
    const TestAnswer answer = TestClient(gateway_.http_address())
                                  .Post("/v1/chat/completions", kRequest, {{"x-portolan-config", config}});
    EXPECT_EQ(answer.status, refused ? 401 : 429);
    EXPECT_EQ(upstream.requests().size(), refused ? 1U : 3U);
  }
}

}  // namespace
}  // namespace portolan::test
