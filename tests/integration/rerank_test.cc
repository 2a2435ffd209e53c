// Reranking at both doors: relayed to providers of OpenAI's dialect that have it, mapped to Cohere. The
// shapes are those of cohere-ai (V2RerankRequest, V2RerankResponse), of together-ai (RerankCreateParams,
// RerankCreateResponse) and of recordings.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/rerank_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kRequest[] =
    R"({ "model":"m-1", "query":"q", "documents":["a",{"text":"b","title":"t"}], "top_n":1, "novel":[1] })";
constexpr char kOfTogether[] =
    R"({"id":"r1","object":"rerank","model":"m-1","results":[{"index":1,"relevance_score":0.75,"document":{"text":"b"}}],)"
    R"("usage":{"prompt_tokens":11,"completion_tokens":0,"total_tokens":11},"novel":{}})";
constexpr char kOfCohere[] = R"({"id":"26c7","results":[{"index":1,"relevance_score":0.75}],)"
                             R"("meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}})";

class Rerank : public ::testing::Test {
 protected:
  Rerank() : upstream_([this](const SeenRequest&) { return answer_; }) {}

  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url()},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& body, const std::string& provider,
                  const char* path = "/v1/rerank") const {
    return TestClient(gateway_.http_address()).Post(path, body, To(provider));
  }
  grpc::Status Call(const std::string& provider, v1::RerankResponse* response) const {
    const auto stub = v1::RerankService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    for (const auto& [name, value] : To(provider)) context.AddMetadata(name, value);
    v1::RerankRequest request;
    request.set_model("m-1");
    request.set_query("q");
    request.add_documents()->set_text("a");
    request.add_documents()->mutable_fields()->set_text("b");
    request.set_top_n(1);
    return stub->Rerank(&context, request, response);
  }

  Script answer_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(Rerank, IsRelayedWhereItsFormIsTheHubs) {
  answer_ = RespondJson(200, kOfTogether);
  for (const char* provider : {"together-ai", "jina", "vllm", "llamacpp", "openrouter", "siliconflow"}) {
    SCOPED_TRACE(provider);
    for (const char* path : {"/v1/rerank", "/rerank"}) {
      const TestAnswer answer = Post(kRequest, provider, path);
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(answer.body, kOfTogether);
      EXPECT_EQ(upstream_.requests().back().body, kRequest);
      EXPECT_TRUE(upstream_.requests().back().target.ends_with("/rerank"));
      EXPECT_EQ(upstream_.requests().back().Header("authorization"), "Bearer key");
    }
    v1::RerankResponse response;
    const grpc::Status status = Call(provider, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.results_size(), 1);
    EXPECT_EQ(response.results(0).index(), 1);
    EXPECT_EQ(response.results(0).relevance_score(), 0.75);
    EXPECT_EQ(response.results(0).document().fields().text(), "b");
    EXPECT_EQ(response.usage().total_tokens(), 11);
    EXPECT_EQ(Json::parse(upstream_.requests().back().body),
              Json::parse(R"({"model":"m-1","query":"q","documents":["a",{"text":"b"}],"top_n":1})"));
  }
}

TEST_F(Rerank, IsMappedToCohere) {
  answer_ = RespondJson(200, kOfCohere);
  const TestAnswer answer = Post(kRequest, "cohere");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(upstream_.requests().back().target, "/v2/rerank");
  EXPECT_EQ(Json::parse(upstream_.requests().back().body),
            Json::parse(R"({"model":"m-1","query":"q","documents":["a","b"],"top_n":1})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "novel");
  Json expected = Json::parse(kOfCohere);
  expected["model"] = "m-1";
  EXPECT_EQ(Json::parse(answer.body), expected);
  v1::RerankResponse response;
  const grpc::Status status = Call("cohere", &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.id(), "26c7");
  EXPECT_EQ(response.results(0).relevance_score(), 0.75);
  EXPECT_EQ(response.meta().billed_units().search_units(), 1);
}

TEST_F(Rerank, IsMappedToCohereOnAzure) {
  answer_ = RespondJson(200, kOfCohere);
  const std::string body = R"({"model":"Cohere-rerank-v4.0-pro","query":"q","documents":["a",{"text":"b"}]})";
  const TestAnswer answer = Post(body, "azure-ai");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const SeenRequest seen = upstream_.requests().back();
  EXPECT_EQ(seen.target, "/providers/cohere/v2/rerank");
  EXPECT_EQ(seen.Header("api-key"), "key");
  EXPECT_EQ(seen.CountHeader("authorization"), 0);
  EXPECT_EQ(Json::parse(seen.body),
            Json::parse(R"({"model":"Cohere-rerank-v4.0-pro","query":"q","documents":["a","b"]})"));
  EXPECT_EQ(Json::parse(answer.body)["results"], Json::parse(kOfCohere)["results"]);
  // Errors are Azure's, whoever made the model.
  answer_ = RespondJson(404, R"({"error":{"code":"unavailable_model","message":"Unavailable model: x"}})");
  const TestAnswer failed = Post(body, "azure-ai");
  EXPECT_EQ(failed.status, 404);
  EXPECT_EQ(Json::parse(failed.body)["error"]["message"], "Unavailable model: x") << failed.body;
}

TEST_F(Rerank, IsEditedByConfigs) {
  answer_ = RespondJson(200, kOfTogether);
  TestClient client(gateway_.http_address());
  const std::string config = R"({"provider":"together-ai","custom_host":")" + upstream_.url() +
                             R"(","api_key":"k","override_params":{"top_n":3}})";
  const TestAnswer answer = client.Post("/v1/rerank", kRequest, {{"x-portolan-config", config}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["top_n"], 3);
}

TEST_F(Rerank, IsRefusedBeforeAnybodyIsCalledWhereThereIsNone) {
  for (const char* provider : {"anthropic", "google", "groq", "echo"}) {
    TestClient client(gateway_.http_address());
    const TestAnswer answer = client.Post("/v1/rerank", kRequest,
                                          {{"x-portolan-provider", provider}, {"authorization", "Bearer k"}});
    EXPECT_EQ(answer.status, 400) << provider;
    EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "unsupported_operation") << answer.body;
  }
  v1::RerankResponse response;
  EXPECT_EQ(Call("anthropic", &response).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(upstream_.requests().empty());
}

// What a server of one's own has is for its owner to know.
TEST_F(Rerank, IsRelayedToServersOfOnesOwn) {
  answer_ = RespondJson(200, kOfTogether);
  const TestAnswer answer = Post(kRequest, "openai");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(upstream_.requests().back().target, "/rerank");
  EXPECT_EQ(upstream_.requests().back().body, kRequest);
}

TEST_F(Rerank, ErrorsAreTyped) {
  answer_ = RespondJson(429, R"({"message":"trial key","id":"x"})");
  const TestAnswer limited = Post(kRequest, "cohere");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(Json::parse(limited.body)["error"]["message"], "trial key");
  answer_ = RespondJson(200, R"({"message":"it is broken"})");
  const TestAnswer broken = Post(kRequest, "cohere");
  EXPECT_EQ(broken.status, 502) << broken.body;
  const TestAnswer none = Post(R"({"model":"m","documents":["a"]})", "cohere");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(Json::parse(none.body)["error"]["param"], "query");
  const TestAnswer wrong = Post(R"({"model":"m","query":"q","documents":[1]})", "cohere");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Json::parse(wrong.body)["error"]["param"], "documents[0]");
}

}  // namespace
}  // namespace portolan::test
