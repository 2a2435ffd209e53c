// IBM watsonx.ai at the doors, what it has besides chat and embeddings: reranking, the list of models, and
// models that somebody has deployed. Requests and answers are those of @ibm-cloud/watsonx-ai 1.7 (npm:
// types/vml_v1.d.ts, vml_v1.js), which name their members and say which may be missing.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "portolan/v1/rerank_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr char kRanked[] =
    R"({"model_id":"cross-encoder/ms-marco-minilm-l-12-v2","model_version":"1.0.0",)"
    R"("created_at":"2024-10-18T17:32:28Z","results":[{"index":1,"score":0.75,"input":{"text":"b"}},)"
    R"({"index":0,"score":-3.5}],"input_token_count":318})";
constexpr char kModels[] =
    R"({"limit":200,"first":{"href":"https://us-south.ml.cloud.ibm.com/ml/v1/foundation_model_specs?limit=200"},)"
    R"("total_count":1,"resources":[{"model_id":"ibm/granite-3-3-8b-instruct","label":"granite-3-3-8b-instruct",)"
    R"("provider":"IBM","source":"IBM","functions":[{"id":"text_chat"}],"number_params":"8b"}]})";
constexpr char kChatted[] =
    R"({"id":"chatcmpl-1","object":"chat.completion","model_id":"granite","model":"granite","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],"created":1749288614,)"
    R"("usage":{"completion_tokens":3,"prompt_tokens":6,"total_tokens":9}})";

class WatsonxOperations : public ::testing::Test {
 protected:
  WatsonxOperations() : upstream_([this](const SeenRequest&) { return script_; }) {}

  // A key that is a token already, so that none is fetched.
  Headers To(Headers more = {}) const {
    more.emplace_back("x-portolan-provider", "watsonx");
    more.emplace_back("x-portolan-custom-host", upstream_.url());
    more.emplace_back("authorization", "Bearer eyJhbGciOi.payload.signature");
    return more;
  }
  TestAnswer Post(const char* path, const std::string& body, Headers more = {}) const {
    return TestClient(gateway_.http_address()).Post(path, body, To(std::move(more)));
  }
  TestAnswer Rerank(const std::string& body, Headers more = {}) const {
    return Post("/v1/rerank", body, std::move(more));
  }
  TestAnswer Get(const char* path) const { return TestClient(gateway_.http_address()).Get(path, To()); }
  SeenRequest Seen() const { return upstream_.requests().back(); }
  Json Sent() const { return Json::parse(Seen().body); }

  Script script_ = RespondJson(200, kRanked);
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(WatsonxOperations, Reranks) {
  const TestAnswer answer = Rerank(
      R"({"model":"m-1","query":"q","documents":["a",{"text":"b","title":"t"},{"title":"c","year":1}],)"
      R"("top_n":2,"return_documents":true,"max_tokens_per_doc":512,"max_chunks_per_doc":3,"novel":[1]})",
      {{"x-portolan-watsonx-project-id", "p-1"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().method, "POST");
  EXPECT_EQ(Seen().target, "/ml/v1/text/rerank?version=2026-10-14");
  EXPECT_EQ(Seen().Header("authorization"), "Bearer eyJhbGciOi.payload.signature");
  EXPECT_EQ(
      Sent(),
      Json::parse(R"({"model_id":"m-1","query":"q","project_id":"p-1","inputs":[{"text":"a"},{"text":"b"},)"
                  R"({"text":"title: \"c\"\nyear: 1"}],"parameters":{"truncate_input_tokens":512,)"
                  R"("return_options":{"top_n":2,"inputs":true}}})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "max_chunks_per_doc, novel");
  EXPECT_EQ(
      Json::parse(answer.body),
      Json::parse(R"({"model":"cross-encoder/ms-marco-minilm-l-12-v2","results":[)"
                  R"({"index":1,"relevance_score":0.75,"document":{"text":"b"}},)"
                  R"({"index":0,"relevance_score":-3.5}],"usage":{"prompt_tokens":318,"total_tokens":318},)"
                  R"("model_version":"1.0.0","created_at":"2024-10-18T17:32:28Z"})"));
}

TEST_F(WatsonxOperations, RerankingAsksForNothingThatTheCallerDoesNot) {
  const TestAnswer answer = Rerank(R"({"model":"m-1","query":"q","documents":["a"],"space_id":"s-1"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Sent(),
            Json::parse(R"({"model_id":"m-1","query":"q","space_id":"s-1","inputs":[{"text":"a"}]})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
}

// Callers who write in IBM's words are understood too; what is said in the hub's words counts.
TEST_F(WatsonxOperations, RerankingTakesParametersAsTheyAre) {
  TestAnswer answer =
      Rerank(R"({"model":"m-1","query":"q","documents":["a"],"project_id":"p","parameters":)"
             R"({"truncate_input_tokens":9,"return_options":{"top_n":1,"query":true},"novel":1}})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(
      Sent()["parameters"],
      Json::parse(R"({"truncate_input_tokens":9,"return_options":{"top_n":1,"query":true},"novel":1})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
  answer = Rerank(R"({"model":"m-1","query":"q","documents":["a"],"top_n":2,"return_documents":false,)"
                  R"("max_tokens_per_doc":5,"parameters":{"truncate_input_tokens":9,)"
                  R"("return_options":{"top_n":1,"inputs":true,"query":true}}})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Sent()["parameters"],
            Json::parse(R"({"truncate_input_tokens":5,)"
                        R"("return_options":{"top_n":2,"inputs":false,"query":true}})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"),
            "parameters.truncate_input_tokens, parameters.return_options.top_n, "
            "parameters.return_options.inputs");
  answer =
      Rerank(R"({"model":"m-1","query":"q","documents":["a"],"top_n":2,"parameters":{"return_options":1}})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Sent()["parameters"], Json::parse(R"({"return_options":{"top_n":2}})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "parameters.return_options");
  answer = Rerank(R"({"model":"m-1","query":"q","documents":["a"],"parameters":7,"project_id":8})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "parameters, project_id");
}

TEST_F(WatsonxOperations, RerankingIsServedOverGrpc) {
  const auto stub = v1::RerankService::NewStub(
      grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  for (const auto& [name, value] : To()) context.AddMetadata(name, value);
  v1::RerankRequest request;
  request.set_model("m-1");
  request.set_query("q");
  request.add_documents()->set_text("a");
  v1::RerankResponse response;
  const grpc::Status status = stub->Rerank(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).index(), 1);
  EXPECT_EQ(response.results(0).relevance_score(), 0.75);
  EXPECT_EQ(response.results(0).document().fields().text(), "b");
  EXPECT_EQ(response.usage().total_tokens(), 318);
}

TEST_F(WatsonxOperations, RerankingIsRefusedWhereSomethingIsMissing) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"({"query":"q","documents":["a"]})", "model"},
      {R"({"model":"m","documents":["a"]})", "query"},
      {R"({"model":"m","query":"q"})", "documents"},
      {R"({"model":"m","query":"q","documents":["a",{}]})", "documents[1]"}};
  for (const auto& [body, param] : wrong) {
    const TestAnswer answer = Rerank(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(Json::parse(answer.body)["error"]["param"], param) << answer.body;
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(WatsonxOperations, ErrorsOfRerankingAreToldInItsWords) {
  constexpr char kBody[] = R"({"model":"m","query":"q","documents":["a"]})";
  constexpr char kErrors[] =
      R"({"errors":[{"code":"model_not_supported","message":"Model 'm' is not supported"}],"trace":"t"})";
  for (const auto& [status, expected] : std::vector<std::pair<int, int>>{{404, 404}, {200, 502}}) {
    script_ = RespondJson(status, kErrors);
    const TestAnswer answer = Rerank(kBody);
    EXPECT_EQ(answer.status, expected) << answer.body;
    EXPECT_THAT(Json::parse(answer.body)["error"]["message"], HasSubstr("Model 'm' is not supported"));
  }
  for (const char* body : {"{}", R"({"results":null})", R"({"results":7})"}) {
    script_ = RespondJson(200, body);
    EXPECT_EQ(Rerank(kBody).status, 502) << body;
  }
  script_ = RespondJson(200, R"({"results":[]})");
  const TestAnswer none = Rerank(kBody);
  ASSERT_EQ(none.status, 200) << none.body;
  EXPECT_EQ(Json::parse(none.body), Json::parse(R"({"model":"m","results":[]})"));
}

TEST_F(WatsonxOperations, ListsModels) {
  script_ = RespondJson(200, kModels);
  const TestAnswer answer = Get("/v1/models");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().method, "GET");
  EXPECT_EQ(Seen().target, "/ml/v1/foundation_model_specs?version=2026-10-14&limit=200");
  const Json said = Json::parse(answer.body);
  EXPECT_EQ(said["object"], "list");
  ASSERT_EQ(said["data"].size(), 1U);
  const Json& model = said["data"][0];
  EXPECT_EQ(model["id"], "ibm/granite-3-3-8b-instruct");
  EXPECT_EQ(model["object"], "model");
  EXPECT_EQ(model["owned_by"], "IBM");
  EXPECT_EQ(model["functions"], Json::parse(R"([{"id":"text_chat"}])"));
  EXPECT_EQ(said["total_count"], 1);
  Get("/v1/models?filters=function_rerank&limit=5");
  EXPECT_EQ(Seen().target,
            "/ml/v1/foundation_model_specs?version=2026-10-14&filters=function_rerank&limit=5");
}

TEST_F(WatsonxOperations, TellsOfOneModel) {
  script_ = RespondJson(200, kModels);
  const TestAnswer answer = Get("/v1/models/ibm/granite-3-3-8b-instruct");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target,
            "/ml/v1/foundation_model_specs?version=2026-10-14&filters=modelid_ibm/granite-3-3-8b-instruct");
  EXPECT_EQ(Json::parse(answer.body)["id"], "ibm/granite-3-3-8b-instruct");
  EXPECT_EQ(Json::parse(answer.body)["label"], "granite-3-3-8b-instruct");
  script_ = RespondJson(200, R"({"limit":100,"total_count":0,"resources":[]})");
  const TestAnswer unknown = Get("/v1/models/ibm/none");
  EXPECT_EQ(unknown.status, 404) << unknown.body;
  EXPECT_EQ(Json::parse(unknown.body)["error"]["code"], "model_not_found");
}

// A deployment is named in the path, and nobody else pays for it.
TEST_F(WatsonxOperations, ChatsWithDeployments) {
  script_ = RespondJson(200, kChatted);
  const Headers payer = {{"x-portolan-watsonx-project-id", "p-1"}};
  const std::string messages = R"("messages":[{"role":"user","content":"hi"}])";
  TestAnswer answer =
      Post("/v1/chat/completions", R"({"model":"deployment/4cd0-9a",)" + messages + "}", payer);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target, "/ml/v1/deployments/4cd0-9a/text/chat?version=2026-10-14");
  EXPECT_EQ(Sent(), Json::parse("{" + messages + "}"));
  EXPECT_EQ(Json::parse(answer.body)["choices"][0]["message"]["content"], "Hello!");
  answer = Post("/v1/completions", R"({"model":"deployment/4cd0-9a","prompt":"hi"})", payer);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target, "/ml/v1/deployments/4cd0-9a/text/chat?version=2026-10-14");
  EXPECT_EQ(Json::parse(answer.body)["choices"][0]["text"], "Hello!");
  script_ = Respond(200,
                    "id: 1\nevent: message\ndata: "
                    "{\"id\":\"c\",\"created\":1,\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
                    "\"delta\":{\"role\":\"assistant\",\"content\":\"Hello!\"}}]}\n\n",
                    {{"Content-Type", "text/event-stream"}});
  answer =
      Post("/v1/chat/completions", R"({"model":"deployment/4cd0-9a","stream":true,)" + messages + "}", payer);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Seen().target, "/ml/v1/deployments/4cd0-9a/text/chat_stream?version=2026-10-14");
  EXPECT_EQ(Sent(), Json::parse("{" + messages + "}"));
  EXPECT_THAT(answer.body, HasSubstr("[DONE]"));
  const TestAnswer other = Post("/v1/embeddings", R"({"model":"deployment/4cd0-9a","input":"a"})", payer);
  EXPECT_EQ(other.status, 400) << other.body;
  EXPECT_EQ(Json::parse(other.body)["error"]["code"], "unsupported_operation");
}

}  // namespace
}  // namespace portolan::test
