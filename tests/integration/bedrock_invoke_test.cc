// Embeddings and reranking on Bedrock, behind both doors. Answers have the shapes of recordings and of AWS's
// user guide.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/embedding_service.grpc.pb.h"
#include "portolan/v1/rerank_service.grpc.pb.h"
#include "tests/integration/support/aws_testing.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const AwsAccount kAccount = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                             "TOKEN/with+marks=", "eu-west-1"};
constexpr char kTokens[] = "x-amzn-bedrock-input-token-count";

class BedrockInvoke : public ::testing::Test {
 protected:
  std::string Config() const {
    return R"({"provider":"bedrock","custom_host":")" + upstream_.url() + R"(","aws_region":")" +
           kAccount.region + R"(","aws_access_key_id":")" + kAccount.key_id +
           R"(","aws_secret_access_key":")" + kAccount.secret + R"(","aws_session_token":")" +
           kAccount.session_token + "\"}";
  }
  TestAnswer Post(const std::string& path, const Json& body) const {
    return TestClient(gateway_.http_address()).Post(path, body.dump(), {{"x-portolan-config", Config()}});
  }
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials());
  }
  SeenRequest Last() const { return upstream_.requests().back(); }
  Json LastBody() const { return Json::parse(Last().body); }

  FakeUpstream::Handler handler_ = [](const SeenRequest&) { return RespondJson(200, "{}"); };
  FakeUpstream upstream_{[this](const SeenRequest& request) { return handler_(request); }};
  const GatewayFixture gateway_;
};

// Titan takes one text a request.
TEST_F(BedrockInvoke, TitanEmbedsOneTextAfterAnother) {
  handler_ = [](const SeenRequest& request) {
    const std::string text = Json::parse(request.body)["inputText"];
    return RespondJson(
        200, Json({{"embedding", {std::stod(text.substr(1)), 0.5}}, {"inputTextTokenCount", 2}}).dump());
  };
  const TestAnswer answer =
      Post("/v1/embeddings",
           {{"model", "amazon.titan-embed-text-v2:0"}, {"input", {"t0", "t1", "t2"}}, {"dimensions", 256}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json said = Json::parse(answer.body);
  ASSERT_EQ(said["data"].size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(said["data"][i]["index"], i);
    EXPECT_EQ(said["data"][i]["embedding"], Json({static_cast<double>(i), 0.5}));
  }
  EXPECT_EQ(said["usage"], Json({{"prompt_tokens", 6}, {"total_tokens", 6}}));
  EXPECT_EQ(said["model"], "amazon.titan-embed-text-v2:0");
  ASSERT_EQ(upstream_.requests().size(), 3U);
  for (const SeenRequest& seen : upstream_.requests()) {
    EXPECT_EQ(seen.target, "/model/amazon.titan-embed-text-v2:0/invoke");
    EXPECT_EQ(WrongWithSignature(seen, kAccount), "");
  }
  EXPECT_EQ(LastBody(), Json({{"inputText", "t2"}, {"dimensions", 256}}));
}

// Cohere's models tell their tokens in a header alone.
TEST_F(BedrockInvoke, TokensMayStandInTheAnswersHead) {
  std::string tokens = "11";
  handler_ = [&tokens](const SeenRequest&) {
    return Respond(
        200, R"({"id":"f1","embeddings":{"float":[[0.5,-1],[2,0.25]]},"response_type":"embeddings_by_type"})",
        {{"Content-Type", "application/json"}, {kTokens, tokens}});
  };
  const Json body = {{"model", "eu.cohere.embed-v4:0"}, {"input", {"a", "b"}}, {"encoding_format", "base64"}};
  const Json said = Json::parse(Post("/v1/embeddings", body).body);
  // Python: base64.b64encode(struct.pack("<2f", 0.5, -1)).
  EXPECT_EQ(said["data"][0]["embedding"], "AAAAPwAAgL8=");
  EXPECT_EQ(said["usage"], Json({{"prompt_tokens", 11}, {"total_tokens", 11}}));
  EXPECT_EQ(Last().target, "/model/eu.cohere.embed-v4:0/invoke");
  EXPECT_EQ(WrongWithSignature(Last(), kAccount), "");
  EXPECT_EQ(LastBody(),
            Json::parse(R"({"texts":["a","b"],"input_type":"search_document","embedding_types":["float"]})"));
  // What is no count counts for nothing.
  for (const char* const odd : {"", "-1", "1x", "x", "99999999999999999999"}) {
    tokens = odd;
    const TestAnswer answer = Post("/v1/embeddings", body);
    EXPECT_EQ(answer.status, 200) << odd;
    EXPECT_EQ(Json::parse(answer.body)["usage"]["prompt_tokens"], 0) << odd;
  }
}

TEST_F(BedrockInvoke, EmbedsForGrpc) {
  handler_ = [](const SeenRequest&) {
    return Respond(200, R"({"embeddings":[{"embeddingType":"TEXT","embedding":[0.5,-1]}]})",
                   {{"Content-Type", "application/json"}, {kTokens, "3"}});
  };
  v1::EmbeddingRequest request;
  request.set_model("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-2-multimodal-embeddings-v1:0");
  request.mutable_input()->set_text("a");
  v1::EmbeddingResponse response;
  grpc::ClientContext context;
  context.AddMetadata("x-portolan-config", Config());
  const grpc::Status status =
      v1::EmbeddingService::NewStub(Channel())->CreateEmbeddings(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.data_size(), 1);
  EXPECT_EQ(response.data(0).embedding().floats().values(1), -1);
  EXPECT_EQ(response.usage().prompt_tokens(), 3);
  EXPECT_EQ(
      Last().target,
      "/model/arn:aws:bedrock:eu-west-1::foundation-model%2Famazon.nova-2-multimodal-embeddings-v1:0/invoke");
  EXPECT_EQ(WrongWithSignature(Last(), kAccount), "");
}

TEST_F(BedrockInvoke, Reranks) {
  handler_ = [](const SeenRequest&) {
    return RespondJson(
        200, R"({"results":[{"index":1,"relevance_score":0.75},{"index":0,"relevance_score":0.25}]})");
  };
  const TestAnswer answer = Post("/v1/rerank", {{"model", "cohere.rerank-v3-5:0"},
                                                {"query", "q"},
                                                {"documents", {"a", Json({{"text", "b"}})}},
                                                {"top_n", 2}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["results"],
            Json::parse(R"([{"index":1,"relevance_score":0.75},{"index":0,"relevance_score":0.25}])"));
  EXPECT_EQ(Last().target, "/model/cohere.rerank-v3-5:0/invoke");
  EXPECT_EQ(LastBody(), Json::parse(R"({"query":"q","documents":["a","b"],"top_n":2,"api_version":2})"));
  EXPECT_EQ(WrongWithSignature(Last(), kAccount), "");

  v1::RerankRequest request;
  request.set_model("amazon.rerank-v1:0");
  request.set_query("q");
  request.add_documents()->set_text("a");
  request.add_documents()->set_text("b");
  v1::RerankResponse response;
  grpc::ClientContext context;
  context.AddMetadata("x-portolan-config", Config());
  const grpc::Status status = v1::RerankService::NewStub(Channel())->Rerank(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).index(), 1);
  EXPECT_EQ(LastBody(), Json::parse(R"({"query":"q","documents":["a","b"]})"));
}

// Whoever made the model: the error is AWS's.
TEST_F(BedrockInvoke, ErrorsKeepTheirNames) {
  handler_ = [](const SeenRequest&) {
    return Respond(429, R"({"message":"Too many requests, please wait before trying again."})",
                   {{"Content-Type", "application/json"},
                    {"x-amzn-errortype", "ThrottlingException:http://internal.amazon.com/"}});
  };
  const Json documents = {"a"};
  for (const TestAnswer& answer :
       {Post("/v1/embeddings", {{"model", "cohere.embed-english-v3"}, {"input", "a"}}),
        Post("/v1/embeddings", {{"model", "amazon.titan-embed-text-v1"}, {"input", "a"}}),
        Post("/v1/rerank", {{"model", "cohere.rerank-v3-5:0"}, {"query", "q"}, {"documents", documents}})}) {
    EXPECT_EQ(answer.status, 429);
    const Json error = Json::parse(answer.body)["error"];
    EXPECT_EQ(error["code"], "ThrottlingException") << answer.body;
    EXPECT_EQ(error["message"], "Too many requests, please wait before trying again.");
  }
}

TEST_F(BedrockInvoke, ModelsWithoutTheOperationAreRefusedByName) {
  struct {
    const char* path;
    Json body;
    const char* message;
  } const cases[] = {
      {"/v1/embeddings",
       {{"model", "us.amazon.nova-2-lite-v1:0"}, {"input", "a"}},
       "bedrock has no embedding operation for the model \"us.amazon.nova-2-lite-v1:0\""},
      {"/v1/rerank",
       {{"model", "cohere.embed-v4:0"}, {"query", "q"}, {"documents", {"a"}}},
       "bedrock has no rerank operation for the model \"cohere.embed-v4:0\""},
      {"/v1/chat/completions",
       {{"model", "amazon.titan-embed-text-v2:0"}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}},
       "bedrock has no chat operation for the model \"amazon.titan-embed-text-v2:0\""},
  };
  // What AWS lists as models that Converse does not take (models-api-compatibility), by its lists of ids.
  for (const char* const model :
       {"amazon.nova-canvas-v1:0", "amazon.nova-reel-v1:1", "amazon.nova-sonic-v1:0",
        "amazon.nova-2-sonic-v1:0", "amazon.nova-2-multimodal-embeddings-v1:0",
        "amazon.titan-image-generator-v2:0", "amazon.titan-embed-image-v1", "cohere.embed-v4:0",
        "cohere.rerank-v3-5:0", "amazon.rerank-v1:0", "stability.sd3-5-large-v1:0",
        "us.stability.stable-image-inpaint-v1:0", "luma.ray-v2:0", "us.twelvelabs.marengo-embed-2-7-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-canvas-v1:0"}) {
    const TestAnswer answer = Post("/v1/chat/completions",
                                   {{"model", model}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}});
    EXPECT_EQ(answer.status, 400) << model << answer.body;
    const Json error = Json::parse(answer.body)["error"];
    EXPECT_EQ(error["code"], "unsupported_operation");
    EXPECT_EQ(error["message"], "bedrock has no chat operation for the model \"" + std::string(model) + "\"");
  }
  for (const auto& one : cases) {
    const TestAnswer answer = Post(one.path, one.body);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "unsupported_operation");
    EXPECT_EQ(Json::parse(answer.body)["error"]["message"], one.message);
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

// What no operation says is called by its path, and signed like any other call.
TEST_F(BedrockInvoke, InvokeModelIsRelayed) {
  constexpr char kImages[] = R"({"images":["aW1n"] , "error":null})";
  handler_ = [&](const SeenRequest&) { return RespondJson(200, kImages); };
  for (const std::string path :
       {"/model/amazon.nova-canvas-v1:0/invoke", "/model/stability.sd3-5-large-v1%3A0/invoke",
        "/model/us.twelvelabs.marengo-embed-2-7-v1:0/invoke", "/async-invoke"}) {
    // Its bytes are the caller's.
    const std::string body = R"({"taskType":"TEXT_IMAGE",  "textToImageParams":{"text":"a cat"},"seed":1.0})";
    const TestAnswer answer =
        TestClient(gateway_.http_address()).Post("/v1" + path, body, {{"x-portolan-config", Config()}});
    EXPECT_EQ(answer.status, 200) << path << answer.body;
    EXPECT_EQ(answer.body, kImages);
    EXPECT_EQ(Last().method, "POST");
    EXPECT_EQ(Last().target, path);
    EXPECT_EQ(Last().body, body);
    EXPECT_EQ(WrongWithSignature(Last(), kAccount), "") << path;
  }
}

}  // namespace
}  // namespace portolan::test
