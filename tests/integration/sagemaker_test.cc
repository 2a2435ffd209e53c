// SageMaker's endpoints behind both doors: OpenAI's bodies over InvokeEndpoint and
// InvokeEndpointWithResponseStream. Shapes and headers are those of @aws-sdk/client-sagemaker-runtime 3; what
// containers write is what vLLM's documentation has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/support/aws_testing.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const AwsAccount kSageMakerAccount = {"AKIDMAKER", "MAKERSECRET/1", "", "eu-west-1", "sagemaker"};

std::string PayloadPart(const std::string& bytes) {
  return AwsFrame({{":event-type", "PayloadPart"},
                   {":content-type", "application/octet-stream"},
                   {":message-type", "event"}},
                  bytes);
}

Script ResponseStream(const std::string& frames) {
  return Script().Split(
      Respond(200, frames, {{"Content-Type", "application/vnd.amazon.eventstream"}}).steps()[0].bytes, 61);
}

bool IsStreamed(const SeenRequest& request) {
  return request.target.ends_with("/invocations-response-stream");
}

Script HelloOfContainer(const SeenRequest& request) {
  if (!IsStreamed(request)) {
    return RespondJson(
        200, R"({"id":"1","object":"chat.completion","created":1,"model":"llama","choices":[{"index":0,)"
             R"("message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],)"
             R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
  }
  const std::string stream = OpenAiDelta(R"({"role":"assistant","content":"Hel"})") +
                             OpenAiDelta(R"({"content":"lo"})") + OpenAiFinish();
  // Cut without regard to events.
  return ResponseStream(PayloadPart(stream.substr(0, 40)) + PayloadPart(stream.substr(40)));
}

std::string SageMakerTarget(const FakeUpstream& upstream, const std::string& more = "") {
  return R"({"provider":"sagemaker","custom_host":")" + upstream.url() +
         R"(","aws_access_key_id":"AKIDMAKER","aws_secret_access_key":"MAKERSECRET/1","aws_region":"eu-west-1")" +
         more + "}";
}

class SageMaker : public ::testing::Test {
 protected:
  const GatewayFixture gateway_;
  const RouteCaller caller_{gateway_};
};

TEST_F(SageMaker, ChatsAtBothDoors) {
  const FakeUpstream upstream(HelloOfContainer);
  for (RouteCall call : AtBothDoors({.config = SageMakerTarget(upstream)})) {
    call.model = "my-llama";
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 200) << answer.body << answer.message;
    EXPECT_EQ(answer.text, "Hello");
    EXPECT_FALSE(answer.broke);
    if (call.door == Door::kRest) EXPECT_EQ(answer.done, call.stream);
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.target, call.stream ? "/endpoints/my-llama/invocations-response-stream"
                                       : "/endpoints/my-llama/invocations");
    EXPECT_EQ(WrongWithSignature(seen, kSageMakerAccount), "");
    const Json body = Json::parse(seen.body);
    EXPECT_FALSE(body.contains("model"));
    EXPECT_EQ(body["messages"][0]["content"], "hi");
    EXPECT_EQ(body.value("stream", false), call.stream);
  }
}

// DJL's containers write a line of JSON for each chunk, and no mark at the end.
TEST_F(SageMaker, LinesAreStreamsToo) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return ResponseStream(
        PayloadPart(
            R"({"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
            R"("delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]})"
            "\n") +
        PayloadPart(
            R"({"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
            R"("delta":{},"finish_reason":"stop"}]})"));
  });
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer =
        caller_.Call({.config = SageMakerTarget(upstream), .door = door, .stream = true});
    EXPECT_EQ(answer.text, "Hello") << answer.message << answer.body;
    EXPECT_FALSE(answer.broke);
    if (door == Door::kRest) EXPECT_TRUE(answer.done);
  }
}

TEST_F(SageMaker, WhatBreaksAStreamIsTold) {
  for (const std::string& end :
       {AwsException("ModelStreamError", "The container fell."), std::string("no frame at all")}) {
    const FakeUpstream upstream([end](const SeenRequest&) {
      return ResponseStream(PayloadPart(OpenAiDelta(R"({"role":"assistant","content":"Hel"})")) + end);
    });
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      const RouteAnswer answer =
          caller_.Call({.config = SageMakerTarget(upstream), .door = door, .stream = true});
      EXPECT_TRUE(answer.broke);
      EXPECT_FALSE(answer.done);
      if (end[0] != 'n') EXPECT_THAT(answer.message, HasSubstr("The container fell."));
    }
  }
}

TEST_F(SageMaker, ErrorsAreToldInTheCallersWords) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Respond(
        424,
        R"({"ErrorCode":"CLIENT_ERROR_FROM_MODEL","LogStreamArn":"arn:aws:logs:x","Message":"Received )"
        R"(client error (422) from primary","OriginalMessage":"bad","OriginalStatusCode":422})",
        {{"Content-Type", "application/json"}, {"x-amzn-ErrorType", "ModelError"}});
  });
  for (const RouteCall& call : AtBothDoors({.config = SageMakerTarget(upstream)})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 424);
    EXPECT_THAT(answer.message, HasSubstr("Received client error (422) from primary"));
  }
}

TEST_F(SageMaker, WhatAnEndpointWantsGoesInHeaders) {
  const FakeUpstream upstream(HelloOfContainer);
  const RouteAnswer answer =
      caller_.Call({.config = SageMakerTarget(upstream, R"(,"amzn_sagemaker_inference_component":"comp-1")"),
                    .headers = {{"x-portkey-amzn-sagemaker-target-variant", "blue"},
                                {"x-portolan-amzn-sagemaker-session-id", "s"}}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  const SeenRequest seen = upstream.requests().back();
  EXPECT_EQ(seen.Header("x-amzn-sagemaker-inference-component"), "comp-1");
  EXPECT_EQ(seen.Header("x-amzn-sagemaker-target-variant"), "blue");
  EXPECT_EQ(seen.Header("x-amzn-sagemaker-session-id"), "s");
  EXPECT_EQ(WrongWithSignature(seen, kSageMakerAccount), "");
}

TEST_F(SageMaker, EmbedsTexts) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(
        200, R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],)"
             R"("usage":{"prompt_tokens":1,"total_tokens":1}})");
  });
  const TestAnswer answer = TestClient(gateway_.http_address())
                                .Post("/v1/embeddings", R"({"model":"gte","input":"a"})",
                                      {{"x-portolan-config", SageMakerTarget(upstream)}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(upstream.requests().back().target, "/endpoints/gte/invocations");
  EXPECT_EQ(upstream.requests().back().body, R"({"input":"a"})");
}

// A name that is no name of an endpoint stays one segment of the path.
TEST_F(SageMaker, NamesDoNotLeadElsewhere) {
  const FakeUpstream upstream(HelloOfContainer);
  RouteCall call{.config = SageMakerTarget(upstream)};
  call.model = "a/b?c#d";
  EXPECT_EQ(caller_.Call(call).status, 200);
  EXPECT_EQ(upstream.requests().back().target, "/endpoints/a%2Fb%3Fc%23d/invocations");
  EXPECT_EQ(WrongWithSignature(upstream.requests().back(), kSageMakerAccount), "");
}

TEST_F(SageMaker, IsSignedAndNeverGivenABearer) {
  const FakeUpstream upstream(HelloOfContainer);
  const RouteAnswer answer = caller_.Call({.config = R"({"provider":"sagemaker","custom_host":")" +
                                                     upstream.url() + R"(","api_key":"not-a-pair"})"});
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(answer.code, "invalid_aws_credentials");
  EXPECT_THAT(answer.body, Not(HasSubstr("not-a-pair")));
  EXPECT_TRUE(upstream.requests().empty());
}

}  // namespace
}  // namespace portolan::test
