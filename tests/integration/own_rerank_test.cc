// Reranking by providers with a form of their own, at both doors. The shapes are those of voyageai 0.4.0 and
// of recorded traffic, of mixedbread 0.54.0 (ClientRerankParams, RerankResponse), of Fireworks as
// LiteLLM 1.106.2 reads it (llms/fireworks_ai/rerank), of DeepInfra's pages of its rerankers
// (deepinfra.com/Qwen/Qwen3-Reranker-8B/api), and of NVIDIA's
// (docs.nvidia.com/nim/nemo-retriever/text-reranking/2.3, using-reranking;
// docs.api.nvidia.com/nim/reference/nvidia-llama-nemotron-rerank-vl-1b-v2-infer).

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "portolan/v1/rerank_service.grpc.pb.h"
#include "providers/catalog.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kRequest[] =
    R"({"model":"org/m-1","query":"What is the capital of France?","top_n":2,"return_documents":true,)"
    R"("documents":["Paris is the capital.",{"title":"London","year":1},"Berlin"],"max_tokens_per_doc":9,"novel":[1]})";

struct Case {
  const char* provider;
  const char* host_path;  // of the base URL
  const char* target;
  const char* sent;
  const char* dropped;
  const char* answer;
  const char* expected;
};

// YAML for documents of several members is what Cohere advises; the others have no word on it.
const Case kCases[] = {
    {"voyage", "/v1", "/v1/rerank",
     R"({"model":"org/m-1","query":"What is the capital of France?","top_k":2,"return_documents":true,)"
     R"("documents":["Paris is the capital.","title: \"London\"\nyear: 1","Berlin"],"novel":[1]})",
     "max_tokens_per_doc",
     R"({"object":"list","data":[{"relevance_score":0.69140625,"index":0,"document":"Paris is the capital."},)"
     R"({"relevance_score":0.494140625,"index":2}],"model":"rerank-2-lite","usage":{"total_tokens":43}})",
     R"({"object":"list","model":"rerank-2-lite","results":[{"index":0,"relevance_score":0.69140625,)"
     R"("document":{"text":"Paris is the capital."}},{"index":2,"relevance_score":0.494140625}],)"
     R"("usage":{"total_tokens":43}})"},
    {"fireworks-ai", "/inference/v1", "/inference/v1/rerank",
     R"({"model":"org/m-1","query":"What is the capital of France?","top_n":2,"return_documents":true,)"
     R"("documents":["Paris is the capital.","title: \"London\"\nyear: 1","Berlin"],"novel":[1]})",
     "max_tokens_per_doc",
     R"({"object":"list","model":"accounts/fireworks/models/qwen3-reranker-8b","data":[{"index":0,)"
     R"("relevance_score":0.95,"document":"Paris is the capital."}],)"
     R"("usage":{"total_tokens":100,"prompt_tokens":50,"completion_tokens":50}})",
     R"({"object":"list","model":"accounts/fireworks/models/qwen3-reranker-8b","results":[{"index":0,)"
     R"("relevance_score":0.95,"document":{"text":"Paris is the capital."}}],)"
     R"("usage":{"total_tokens":100,"prompt_tokens":50,"completion_tokens":50}})"},
    {"mixedbread", "/v1", "/v1/reranking",
     R"({"model":"org/m-1","query":"What is the capital of France?","top_k":2,"return_input":true,)"
     R"("input":["Paris is the capital.",{"title":"London","year":1},"Berlin"],"novel":[1]})",
     "max_tokens_per_doc",
     R"({"usage":{"prompt_tokens":20,"total_tokens":21},"model":"mixedbread-ai/mxbai-rerank-large-v2","data":[)"
     R"({"index":1,"score":0.5,"input":{"title":"London","year":1},"object":"rank_result"}],"object":"list",)"
     R"("top_k":2,"return_input":true})",
     R"({"object":"list","model":"mixedbread-ai/mxbai-rerank-large-v2","results":[{"index":1,)"
     R"("relevance_score":0.5,"document":{"title":"London","year":1},"object":"rank_result"}],)"
     R"("usage":{"prompt_tokens":20,"total_tokens":21},"top_k":2,"return_input":true})"},
    {"deepinfra", "/v1/openai", "/v1/inference/org/m-1",
     R"({"queries":["What is the capital of France?","What is the capital of France?",)"
     R"("What is the capital of France?"],"documents":["Paris is the capital.","title: \"London\"\nyear: 1",)"
     R"("Berlin"],"novel":[1]})",
     "top_n, return_documents, max_tokens_per_doc",
     R"({"scores":[0.1,0.3,0.2],"input_tokens":42,"request_id":null,"inference_status":{"status":"unknown",)"
     R"("runtime_ms":0,"cost":0.0,"tokens_generated":0,"tokens_input":0,"output_length":0}})",
     R"({"model":"org/m-1","results":[{"index":1,"relevance_score":0.3},{"index":2,"relevance_score":0.2},)"
     R"({"index":0,"relevance_score":0.1}],"usage":{"prompt_tokens":42,"total_tokens":42},)"
     R"("inference_status":{"status":"unknown","runtime_ms":0,"cost":0.0,"tokens_generated":0,"tokens_input":0,)"
     R"("output_length":0}})"},
    // A server of one's own; NVIDIA's is below. Scores are logits, and stay that.
    {"nvidia-nim", "/v1", "/v1/ranking",
     R"({"model":"org/m-1","query":{"text":"What is the capital of France?"},"passages":[)"
     R"({"text":"Paris is the capital."},{"text":"title: \"London\"\nyear: 1"},{"text":"Berlin"}],"novel":[1]})",
     "top_n, return_documents, max_tokens_per_doc",
     R"({"rankings":[{"index":0,"logit":6.828125},{"index":2,"logit":-1.2421875},{"index":1,"logit":-8.2421875}],)"
     R"("usage":{"prompt_tokens":123,"total_tokens":123}})",
     R"({"model":"org/m-1","results":[{"index":0,"relevance_score":6.828125},)"
     R"({"index":2,"relevance_score":-1.2421875},{"index":1,"relevance_score":-8.2421875}],)"
     R"("usage":{"prompt_tokens":123,"total_tokens":123}})"},
};
const Case& kNim = kCases[4];

class OwnRerank : public ::testing::Test {
 protected:
  OwnRerank() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To(const Case& each) const {
    return {{"x-portolan-provider", each.provider},
            {"x-portolan-custom-host", upstream_.url() + each.host_path},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const Case& each, const std::string& body) const {
    return TestClient(gateway_.http_address()).Post("/v1/rerank", body, To(each));
  }
  SeenRequest Seen() const { return upstream_.requests().back(); }

  Script script_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(OwnRerank, IsTranslatedBothWays) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.provider);
    script_ = RespondJson(200, each.answer);
    const TestAnswer answer = Post(each, kRequest);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Seen().method, "POST");
    EXPECT_EQ(Seen().target, each.target);
    EXPECT_EQ(Seen().Header("authorization"), "Bearer key");
    EXPECT_EQ(Json::parse(Seen().body), Json::parse(each.sent));
    EXPECT_EQ(answer.Header("x-portolan-dropped"), each.dropped);
    EXPECT_EQ(Json::parse(answer.body), Json::parse(each.expected));
  }
}

TEST_F(OwnRerank, IsServedOverGrpc) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.provider);
    script_ = RespondJson(200, each.answer);
    const auto stub = v1::RerankService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    for (const auto& [name, value] : To(each)) context.AddMetadata(name, value);
    v1::RerankRequest request;
    request.set_model("org/m-1");
    request.set_query("q");
    request.add_documents()->set_text("a");
    v1::RerankResponse response;
    const grpc::Status status = stub->Rerank(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(Seen().target, each.target);
    const Json expected = Json::parse(each.expected);
    ASSERT_EQ(response.results_size(), static_cast<int>(expected["results"].size()));
    for (int i = 0; i < response.results_size(); ++i) {
      const Json& result = expected["results"][static_cast<size_t>(i)];
      EXPECT_EQ(response.results(i).index(), result["index"].get<int>());
      EXPECT_EQ(response.results(i).relevance_score(), result["relevance_score"].get<double>());
    }
    EXPECT_EQ(response.usage().total_tokens(), expected["usage"]["total_tokens"].get<int64_t>());
  }
}

// Callers who write in the provider's words are understood too, and what is left over is not sent twice.
TEST_F(OwnRerank, TheProvidersOwnWordsPass) {
  script_ = RespondJson(200, kCases[0].answer);
  const TestAnswer own =
      Post(kCases[0], R"({"model":"m","query":"q","documents":["a"],"top_k":1,"truncation":false})");
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(Json::parse(Seen().body),
            Json::parse(R"({"model":"m","query":"q","documents":["a"],"top_k":1,"truncation":false})"));
  const TestAnswer both =
      Post(kCases[0], R"({"model":"m","query":"q","documents":["a"],"top_k":1,"top_n":2})");
  ASSERT_EQ(both.status, 200) << both.body;
  EXPECT_EQ(Seen().body, R"({"model":"m","query":"q","documents":["a"],"top_k":2})");
  EXPECT_EQ(both.Header("x-portolan-dropped"), "top_k");
}

TEST_F(OwnRerank, WhatIsMissingIsRefusedBeforeAnybodyIsCalled) {
  for (const Case& each : kCases) {
    const std::vector<std::pair<const char*, const char*>> wrong = {
        {R"({"query":"q","documents":["a"]})", "model"},
        {R"({"model":"m","documents":["a"]})", "query"},
        {R"({"model":"m","query":"q"})", "documents"},
        {R"({"model":"m","query":"q","documents":["a",1]})", "documents[1]"}};
    for (const auto& [body, param] : wrong) {
      const TestAnswer answer = Post(each, body);
      EXPECT_EQ(answer.status, 400) << each.provider << body;
      EXPECT_EQ(Json::parse(answer.body)["error"]["param"], param) << answer.body;
    }
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(OwnRerank, ErrorsKeepTheProvidersWords) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.provider);
    script_ = RespondJson(429, R"({"detail":"You have reached the rate limit."})");
    const TestAnswer limited = Post(each, kRequest);
    EXPECT_EQ(limited.status, 429);
    EXPECT_EQ(Json::parse(limited.body)["error"]["message"], "You have reached the rate limit.");
    script_ = RespondJson(200, R"({"detail":{"error":"no such model"}})");
    const TestAnswer broken = Post(each, kRequest);
    EXPECT_EQ(broken.status, 502) << broken.body;
    EXPECT_EQ(Json::parse(broken.body)["error"]["message"], "no such model");
    script_ = RespondJson(200, R"({"object":"list"})");
    EXPECT_EQ(Post(each, kRequest).status, 502);
  }
}

TEST_F(OwnRerank, NothingFoundIsAnAnswer) {
  script_ = RespondJson(200, R"({"object":"list","data":[],"model":"m"})");
  for (const Case& each : kCases) {
    const std::string_view provider = each.provider;
    if (provider == "deepinfra" || provider == "nvidia-nim") continue;  // have a score for each document
    const TestAnswer answer = Post(each, kRequest);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Json::parse(answer.body), Json::parse(R"({"object":"list","model":"m","results":[]})"));
  }
}

// What NVIDIA's API has and the hub has not: how long passages are cut, and images, which some models look
// at.
TEST_F(OwnRerank, NvidiasPassagesMayHaveImages) {
  script_ = RespondJson(200, kNim.answer);
  const TestAnswer answer = Post(
      kNim, R"({"model":"m","query":"q","truncate":"END","passages":[],"documents":[)"
            R"({"text":"a","image":"data:image/png;base64,iVBO"},{"image":"data:image/png;base64,iVBO"},)"
            R"({"text":"b","title":"t"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(Seen().body),
            Json::parse(R"({"model":"m","query":{"text":"q"},"truncate":"END","passages":[)"
                        R"({"text":"a","image":"data:image/png;base64,iVBO"},)"
                        R"({"image":"data:image/png;base64,iVBO"},{"text":"b"}]})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "passages");
  const TestAnswer chosen =
      Post(kNim, R"({"model":"m","query":"q","rank_fields":["title"],"top_n":1,)"
                 R"("documents":[{"title":"t","image":"data:image/png;base64,iVBO"}]})");
  ASSERT_EQ(chosen.status, 200) << chosen.body;
  EXPECT_EQ(Json::parse(Seen().body)["passages"], Json::parse(R"([{"text":"title: \"t\""}])"));
  EXPECT_EQ(chosen.Header("x-portolan-dropped"), "");
}

// As a server of NVIDIA's says it; the catalog's own errors are RFC 9457's.
TEST_F(OwnRerank, NvidiasErrors) {
  script_ =
      RespondJson(400, R"({"object":"error","message":"Input length 8193 exceeds maximum allowed token )"
                       R"(size 8192","detail":{},"type":"invalid_request_error"})");
  const TestAnswer wrong = Post(kNim, kRequest);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Json::parse(wrong.body)["error"]["message"],
            "Input length 8193 exceeds maximum allowed token size 8192");
  script_ = RespondJson(
      404, R"({"status":404,"title":"Not Found","detail":"Function 'f': Not found for account"})");
  const TestAnswer unknown = Post(kNim, kRequest);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(Json::parse(unknown.body)["error"]["message"], "Function 'f': Not found for account");
}

// As dashscope 2.0.2 (Python: TextReRank) asks and reads it. Alibaba's page of its rerankers
// (alibabacloud.com/help/en/model-studio/text-rerank-api) has each in one of two APIs: "The two APIs differ
// in request body structure and response format."
constexpr char kOfDashScope[] =
    R"({"output":{"results":[{"document":{"text":"a"},"index":0,"relevance_score":0.933451},)"
    R"({"index":2,"relevance_score":0.341006}]},"usage":{"total_tokens":79},"request_id":"85ba5752-1900"})";
const Case kDashScope = {"dashscope", "/compatible-mode/v1", "", "", "", "", ""};

TEST_F(OwnRerank, DashScopesOwnApi) {
  script_ = RespondJson(200, kOfDashScope);
  for (const char* model : {"gte-rerank-v2", "qwen3.7-text-rerank"}) {
    SCOPED_TRACE(model);
    Json request = Json::parse(kRequest);
    request["model"] = model;
    request["instruct"] = "i";
    request["parameters"] = {{"top_n", 7}, {"novel", 2}, {"other", true}};
    const TestAnswer answer = Post(kDashScope, request.dump());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Seen().target, "/api/v1/services/rerank/text-rerank/text-rerank");
    EXPECT_EQ(Seen().Header("authorization"), "Bearer key");
    Json sent = Json::parse(
        R"({"input":{"query":"What is the capital of France?","documents":["Paris is the capital.",)"
        R"("title: \"London\"\nyear: 1","Berlin"]},)"
        R"("parameters":{"top_n":2,"return_documents":true,"instruct":"i","novel":[1],"other":true}})");
    sent["model"] = model;
    EXPECT_EQ(Json::parse(Seen().body), sent);
    EXPECT_EQ(answer.Header("x-portolan-dropped"), "max_tokens_per_doc, parameters.novel, parameters.top_n");
    Json expected = Json::parse(R"({"id":"85ba5752-1900","results":[{"index":0,"relevance_score":0.933451,)"
                                R"("document":{"text":"a"}},{"index":2,"relevance_score":0.341006}],)"
                                R"("usage":{"total_tokens":79}})");
    expected["model"] = model;
    EXPECT_EQ(Json::parse(answer.body), expected);
  }
}

TEST_F(OwnRerank, DashScopesOwnApiForImages) {
  script_ = RespondJson(200, kOfDashScope);
  const TestAnswer answer =
      Post(kDashScope, R"({"model":"qwen3-vl-rerank","query":"q","documents":["a",{"title":"t"},)"
                       R"({"image":"https://h/i.png"},{"video":"https://h/v.mp4","text":"v"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(
      Json::parse(Seen().body),
      Json::parse(R"({"model":"qwen3-vl-rerank","input":{"query":{"text":"q"},"documents":[{"text":"a"},)"
                  R"({"text":"title: \"t\""},{"image":"https://h/i.png"},)"
                  R"({"video":"https://h/v.mp4","text":"v"}]}})"));
  EXPECT_EQ(Json::parse(answer.body)["results"].size(), 2U);
}

TEST_F(OwnRerank, DashScopesErrorsAndItsOtherApi) {
  constexpr char kNative[] = R"({"model":"gte-rerank-v2","query":"q","documents":["a"]})";
  script_ =
      RespondJson(400, R"({"code":"InvalidParameter","message":"documents is too long","request_id":"r"})");
  const TestAnswer refused = Post(kDashScope, kNative);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["error"]["code"], "InvalidParameter");
  EXPECT_EQ(Json::parse(refused.body)["error"]["message"], "documents is too long");
  for (const char* body : {"{}", R"({"output":{}})", R"({"output":{"results":null}})", R"({"output":[]})"}) {
    script_ = RespondJson(200, body);
    EXPECT_EQ(Post(kDashScope, kNative).status, 502) << body;
  }
  script_ = RespondJson(200, R"({"output":{"results":[]},"request_id":"r"})");
  const TestAnswer none = Post(kDashScope, kNative);
  ASSERT_EQ(none.status, 200) << none.body;
  EXPECT_EQ(Json::parse(none.body), Json::parse(R"({"id":"r","model":"gte-rerank-v2","results":[]})"));
  // The one that is like OpenAI's.
  constexpr char kRelayed[] = R"({"model":"qwen3-rerank","query":"q","documents":["a"],"instruct":"i"})";
  constexpr char kAnswer[] =
      R"({"object":"list","results":[{"index":0,"relevance_score":0.9}],"model":"qwen3-rerank","id":"i"})";
  script_ = RespondJson(200, kAnswer);
  const TestAnswer relayed = Post(kDashScope, kRelayed);
  EXPECT_EQ(relayed.body, kAnswer);
  EXPECT_EQ(Seen().target, "/compatible-api/v1/reranks");
  EXPECT_EQ(Seen().body, kRelayed);
}

// NVIDIA's API catalog has its rerankers at another host than all else, and names them in the URL, where an
// underscore stands for a dot.
TEST(NvidiasCatalog, HasItsRerankersElsewhere) {
  const FakeUpstream rerankers([](const SeenRequest&) { return RespondJson(200, kNim.answer); });
  const FakeUpstream others([](const SeenRequest&) { return RespondJson(200, R"({"data":[]})"); });
  providers::Catalog catalog = providers::BuiltInCatalog();
  for (providers::Provider& provider : catalog.providers) {
    if (provider.name != "nvidia-nim") continue;
    provider.base_url = others.url() + "/v1";
    ASSERT_EQ(provider.hosts.size(), 1U);
    EXPECT_EQ(provider.hosts[0].base_url, "https://ai.api.nvidia.com/v1");
    provider.hosts[0].base_url = rerankers.url() + "/v1";
  }
  const GatewayFixture gateway(config::ServeOptions(), {{"NVIDIA_API_KEY", "nvapi-1"}}, catalog);
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post(
      "/v1/rerank",
      R"({"model":"nvidia-nim/nvidia/llama-3_2-nv-rerankqa-1b-v2","query":"q","documents":["a"]})", {});
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(rerankers.requests().size(), 1U);
  EXPECT_EQ(rerankers.requests()[0].target, "/v1/retrieval/nvidia/llama-3_2-nv-rerankqa-1b-v2/reranking");
  EXPECT_EQ(rerankers.requests()[0].Header("authorization"), "Bearer nvapi-1");
  EXPECT_EQ(Json::parse(rerankers.requests()[0].body),
            Json::parse(R"({"model":"nvidia/llama-3.2-nv-rerankqa-1b-v2","query":{"text":"q"},)"
                        R"("passages":[{"text":"a"}]})"));
  EXPECT_EQ(Json::parse(answer.body)["results"], Json::parse(kNim.expected)["results"]);
  EXPECT_EQ(client.Get("/v1/models", {{"x-portolan-provider", "nvidia-nim"}}).status, 200);
  ASSERT_EQ(others.requests().size(), 1U);
  EXPECT_EQ(others.requests()[0].target, "/v1/models");
}

}  // namespace
}  // namespace portolan::test
