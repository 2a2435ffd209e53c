// Bedrock behind both doors: signed requests, AWS's framing of streams, and what becomes of its exceptions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/aws_testing.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const AwsAccount kAccount = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                             "TOKEN/with+marks=", "eu-west-1"};

constexpr char kAnswer[] =
    R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn",)"
    R"("usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}})";

const std::string kBegun =
    AwsEvent("messageStart", R"({"role":"assistant","p":"abc"})") +
    AwsEvent("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hel"},"p":"a"})");
const std::string kRest =
    AwsEvent("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"lo"},"p":"ab"})") +
    AwsEvent("contentBlockStop", R"({"contentBlockIndex":0})");
const std::string kStop = AwsEvent("messageStop", R"({"stopReason":"end_turn"})");
const std::string kMetadata = AwsEvent(
    "metadata", R"({"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}})");

bool IsStream(const SeenRequest& request) { return request.target.ends_with("/converse-stream"); }

Script AwsStream(const std::string& bytes) {
  return Script().Split(
      Respond(200, bytes, {{"Content-Type", "application/vnd.amazon.eventstream"}}).steps()[0].bytes, 61);
}

Script Hello(const SeenRequest& request) {
  return IsStream(request) ? AwsStream(kBegun + kRest + kStop + kMetadata) : RespondJson(200, kAnswer);
}

// A target of a config. `more` begins with a comma.
std::string Target(const FakeUpstream& upstream, const std::string& path = "", const std::string& more = "") {
  return R"({"provider":"bedrock","custom_host":")" + upstream.url() + path + R"(","aws_region":")" +
         kAccount.region + R"(","aws_access_key_id":")" + kAccount.key_id + R"(","aws_secret_access_key":")" +
         kAccount.secret + R"(","aws_session_token":")" + kAccount.session_token + "\"" + more + "}";
}

std::string FallbackTo(const std::string& first, const std::string& second) {
  return R"({"strategy":{"mode":"fallback"},"targets":[)" + first + "," + second + "]}";
}

class Bedrock : public ::testing::Test {
 protected:
  GatewayFixture gateway_;
  const RouteCaller caller_{gateway_};
};

TEST_F(Bedrock, IsSentSignedRequests) {
  const FakeUpstream upstream(Hello);
  size_t calls = 0;
  for (const char* path : {"", "/proxy/v2"}) {
    for (const char* model :
         {"us.amazon.nova-2-lite-v1:0",
          "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-2-lite-v1:0",
          "a model/with spaces?é"}) {
      for (RouteCall call : AtBothDoors({.config = Target(upstream, path), .model = model})) {
        if (call.door == Door::kRest)
          call.headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
        const RouteAnswer answer = caller_.Call(call);
        SCOPED_TRACE(Describe(call) + " " + model);
        EXPECT_EQ(answer.status, 200) << answer.body << answer.message;
        EXPECT_EQ(answer.text, "Hello");
        EXPECT_FALSE(answer.broke);
        ASSERT_EQ(upstream.requests().size(), ++calls);
        const SeenRequest seen = upstream.requests().back();
        EXPECT_EQ(WrongWithSignature(seen, kAccount), "");
        EXPECT_EQ(seen.Header("host"), upstream.host_port());
        EXPECT_EQ(seen.Header("accept"),
                  call.stream ? "application/vnd.amazon.eventstream" : "application/json");
        EXPECT_EQ(IsStream(seen), call.stream);
        EXPECT_TRUE(seen.target.starts_with(std::string(path) + "/model/")) << seen.target;
        EXPECT_EQ(std::count(seen.target.begin(), seen.target.end(), '/'),
                  std::count(path, path + std::string(path).size(), '/') + 3);
        EXPECT_EQ(nlohmann::json::parse(seen.body),
                  nlohmann::json::parse(R"({"messages":[{"role":"user","content":[{"text":"hi"}]}],
                                            "inferenceConfig":{"maxTokens":9}})"));
        EXPECT_THAT(seen.raw_head, Not(HasSubstr(kAccount.secret)));
      }
    }
  }
}

// The check above would see it.
TEST_F(Bedrock, SignaturesOfAnotherSecretDoNotMatch) {
  const FakeUpstream upstream(Hello);
  caller_.Call({.config = Target(upstream)});
  const SeenRequest seen = upstream.requests().at(0);
  ASSERT_EQ(WrongWithSignature(seen, kAccount), "");
  AwsAccount other = kAccount;
  other.secret += "x";
  EXPECT_EQ(WrongWithSignature(seen, other), "the signature does not match");
  SeenRequest moved = seen;
  moved.target += "x";
  EXPECT_EQ(WrongWithSignature(moved, kAccount), "the signature does not match");
  SeenRequest changed = seen;
  changed.body += " ";
  EXPECT_EQ(WrongWithSignature(changed, kAccount), "the body's hash is another");
}

TEST_F(Bedrock, TakesKeysFromHeadersToo) {
  const FakeUpstream upstream(Hello);
  const RouteAnswer answer =
      caller_.Call({.headers = {{"x-portolan-provider", "bedrock"},
                                {"x-portolan-custom-host", upstream.url()},
                                {"x-portolan-aws-region", kAccount.region},
                                {"x-portolan-aws-access-key-id", kAccount.key_id},
                                {"x-portolan-aws-secret-access-key", kAccount.secret},
                                {"x-portolan-aws-session-token", kAccount.session_token}}});
  EXPECT_EQ(answer.text, "Hello") << answer.body;
  EXPECT_EQ(WrongWithSignature(upstream.requests().at(0), kAccount), "");
  EXPECT_THAT(upstream.requests().at(0).raw_head, Not(HasSubstr(kAccount.secret)));
}

TEST_F(Bedrock, IsSentItsOwnKeysAsABearer) {
  const FakeUpstream upstream(Hello);
  for (const RouteCall& call :
       AtBothDoors({.config = R"({"provider":"bedrock","api_key":"ABSKQmVkcm9jaw==","custom_host":")" +
                              upstream.url() + "\"}"})) {
    EXPECT_EQ(caller_.Call(call).text, "Hello") << Describe(call);
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.Header("authorization"), "Bearer ABSKQmVkcm9jaw==");
    EXPECT_EQ(seen.CountHeader("x-amz-date"), 0);
  }
}

TEST_F(Bedrock, HalfAKeyIsRefused) {
  const FakeUpstream upstream(Hello);
  const RouteAnswer answer = caller_.Call(
      {.config = R"({"provider":"bedrock","api_key":"k","aws_access_key_id":"AKIDHALF","custom_host":")" +
                 upstream.url() + "\"}"});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code, "missing_option");
  EXPECT_THAT(answer.body, Not(HasSubstr("AKIDHALF")));
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(Bedrock, NothingThatSignsIsForwarded) {
  const FakeUpstream upstream(Hello);
  for (const char* name : {"x-amz-security-token", "x-amz-date", "x-amz-content-sha256"}) {
    const RouteAnswer answer =
        caller_.Call({.config = Target(upstream, "", R"(,"forward_headers":[")" + std::string(name) + "\"]"),
                      .headers = {{name, "theirs"}}});
    EXPECT_EQ(answer.status, 400) << name;
  }
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(Bedrock, EveryAttemptIsSigned) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    return request.number == 1
               ? Respond(503, R"({"message":"busy"})", {{"x-amzn-errortype", "ServiceUnavailableException:"}})
               : Hello(request);
  });
  const RouteAnswer answer = caller_.Call(
      {.config = Target(upstream, "", R"(,"retry":{"attempts":2,"base_ms":1,"on_status_codes":[503]})")});
  EXPECT_EQ(answer.text, "Hello") << answer.body;
  ASSERT_EQ(upstream.requests().size(), 2u);
  for (const SeenRequest& seen : upstream.requests()) EXPECT_EQ(WrongWithSignature(seen, kAccount), "");
}

TEST_F(Bedrock, ErrorsKeepTheirNamesAndStatuses) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Respond(403, R"({"message":"The security token included in the request is expired"})",
                   {{"Content-Type", "application/json"},
                    {"x-amzn-ErrorType", "ExpiredTokenException:http://internal.amazon.com/coral/"}});
  });
  for (const RouteCall& call : AtBothDoors({.config = Target(upstream)})) {
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 403) << Describe(call);
    EXPECT_EQ(answer.code, "ExpiredTokenException");
    EXPECT_EQ(answer.message, "The security token included in the request is expired");
    EXPECT_EQ(answer.error_class, "caller");  // whose key it was
  }
}

TEST_F(Bedrock, AnExceptionAsTheFirstFrameHasItsOwnStatus) {
  const FakeUpstream upstream(
      [](const SeenRequest&) { return AwsStream(AwsException("throttlingException", "slow down")); });
  for (RouteCall call : AtBothDoors({.config = Target(upstream)})) {
    if (!call.stream) continue;
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 429) << Describe(call);
    EXPECT_EQ(answer.code, "ThrottlingException");
    EXPECT_EQ(answer.message, "slow down");
    EXPECT_TRUE(answer.retryable);
    EXPECT_FALSE(answer.broke);
  }
}

TEST_F(Bedrock, AFallbackGoesOnAfterAFailureBeforeTheFirstWord) {
  const std::string start = AwsEvent("messageStart", R"({"role":"assistant"})");
  const FakeUpstream other([](const SeenRequest& request) { return Answering(request, "from the other"); });
  for (const std::string& bytes :
       {AwsException("throttlingException", "slow down"),
        start + AwsException("internalServerException", "oops"), WithWrongBit(start), start, std::string()}) {
    const FakeUpstream upstream([&](const SeenRequest&) { return AwsStream(bytes); });
    for (RouteCall call : AtBothDoors({.config = FallbackTo(Target(upstream), TargetOf(other))})) {
      if (!call.stream) continue;
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.text, "from the other") << Describe(call);
      EXPECT_FALSE(answer.broke) << answer.message;
    }
    EXPECT_EQ(upstream.requests().size(), 2u);
  }
}

// Nothing that is broken, cut or failed may look like an end.
TEST_F(Bedrock, ABrokenStreamIsAnErrorAndNoEnd) {
  struct {
    std::string rest;
    const char* code;
  } const cases[] = {
      {WithWrongBit(kRest) + kStop + kMetadata, "upstream_invalid_answer"},
      {kRest + WithWrongBit(kStop) + kMetadata, "upstream_invalid_answer"},
      {kRest, "upstream_truncated"},
      {kRest + kStop.substr(0, kStop.size() - 1), "upstream_truncated"},
      {kRest + kMetadata, "upstream_truncated"},
      {AwsException("modelStreamErrorException", "the model fell over"), "ModelStreamErrorException"},
      {kRest + kStop + AwsException("internalServerException", "oops"), "InternalServerException"},
      {AwsFrame({{":message-type", "error"}, {":error-code", "InternalFailure"}, {":error-message", "oops"}},
                ""),
       "InternalFailure"},
  };
  for (const auto& one : cases) {
    const FakeUpstream upstream([&](const SeenRequest&) { return AwsStream(kBegun + one.rest); });
    for (RouteCall call : AtBothDoors({.config = Target(upstream)})) {
      if (!call.stream) continue;
      const RouteAnswer answer = caller_.Call(call);
      SCOPED_TRACE(Describe(call) + one.code);
      EXPECT_TRUE(answer.text.starts_with("Hel")) << answer.text;
      EXPECT_TRUE(answer.broke);
      EXPECT_FALSE(answer.done);
      EXPECT_EQ(answer.code, one.code);
    }
  }
}

TEST_F(Bedrock, AStreamIsGoodWithoutItsMetadata) {
  const FakeUpstream upstream([](const SeenRequest&) { return AwsStream(kBegun + kRest + kStop); });
  for (RouteCall call : AtBothDoors({.config = Target(upstream)})) {
    if (!call.stream) continue;
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call);
    EXPECT_FALSE(answer.broke);
    EXPECT_EQ(answer.done, call.door == Door::kRest);
  }
}

// Nobody has written Anthropic's dialect to Bedrock: both are said in the hub's words.
TEST_F(Bedrock, CallersOfAnthropicsDialectReachIt) {
  const FakeUpstream upstream(Hello);
  const Headers headers = {{"x-portolan-config", Target(upstream)}};
  const std::string body =
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}])";
  const TestAnswer whole = TestClient(gateway_.http_address()).Post("/v1/messages", body + "}", headers);
  ASSERT_EQ(whole.status, 200) << whole.body;
  const auto message = nlohmann::json::parse(whole.body);
  ASSERT_EQ(message["content"].size(), 1u);
  EXPECT_EQ(message["content"][0]["type"], "text");
  EXPECT_EQ(message["content"][0]["text"], "Hello");
  EXPECT_EQ(message["stop_reason"], "end_turn");
  EXPECT_EQ(message["usage"]["input_tokens"], 3);
  const TestAnswer streamed =
      TestClient(gateway_.http_address()).Post("/v1/messages", body + R"(,"stream":true})", headers);
  std::vector<std::string> names;
  for (size_t at = 0; (at = streamed.body.find("event: ", at)) != std::string::npos;) {
    at += 7;
    names.push_back(streamed.body.substr(at, streamed.body.find('\n', at) - at));
  }
  EXPECT_THAT(names, testing::ElementsAre("message_start", "content_block_start", "content_block_delta",
                                          "content_block_delta", "content_block_stop", "message_delta",
                                          "message_stop"));
  EXPECT_THAT(streamed.body, HasSubstr(R"("output_tokens":2)"));
  for (const SeenRequest& seen : upstream.requests()) EXPECT_EQ(WrongWithSignature(seen, kAccount), "");
}

TEST_F(Bedrock, AnErrorUnderAGoodStatusIsOne) {
  const FakeUpstream upstream(
      [](const SeenRequest&) { return RespondJson(200, R"({"message":"it is broken"})"); });
  const RouteAnswer answer = caller_.Call({.config = Target(upstream)});
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.message, "it is broken");
}

// The provider's own address, by way of a proxy: the region stands in it, and the gateway's own key signs.
TEST(BedrockAtItsOwnAddress, IsCalledWithTheGatewaysKey) {
  constexpr char kHost[] = "bedrock-runtime.ap-south-1.amazonaws.com";
  TestAuthority authority;
  FakeUpstream::Options tls;
  tls.tls = authority.Issue({{kHost}, {}, false});
  const FakeUpstream upstream(Hello, tls);
  const FakeUpstream proxy([&](const SeenRequest&) {
    return Script().Send("HTTP/1.1 200 Connection established\r\n\r\n").Tunnel(upstream.port());
  });
  config::ServeOptions options;
  options.https_proxy = "http://" + proxy.host_port();
  options.upstream_ca = authority.ca_file();
  const AwsAccount account = {"AKIDGATEWAY", "gateway/secret", "", "ap-south-1"};
  const GatewayFixture gateway(options, {{"AWS_ACCESS_KEY_ID", account.key_id},
                                         {"AWS_SECRET_ACCESS_KEY", account.secret},
                                         {"AWS_REGION", account.region}});
  const RouteCaller caller(gateway);
  for (const RouteCall& call : AtBothDoors({.model = "bedrock/amazon.nova-lite-v1:0"})) {
    const RouteAnswer answer = caller.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call) << answer.body << answer.message;
  }
  ASSERT_EQ(upstream.requests().size(), 4u);
  for (const SeenRequest& seen : upstream.requests()) {
    EXPECT_EQ(WrongWithSignature(seen, account), "");
    EXPECT_EQ(seen.Header("host"), kHost);
  }
  EXPECT_EQ(proxy.requests().at(0).target, std::string(kHost) + ":443");
}

}  // namespace
}  // namespace portolan::test
