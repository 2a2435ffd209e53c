// Embeddings of providers of OpenAI's dialect: vectors as the caller asked for them, whatever came; as many
// texts at once as the provider takes; Perplexity, whose vectors are no floats. At both doors. What base64
// stands for was worked out with Python's struct and base64 modules.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "portolan/v1/embedding_service.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kEmbeddings[] = "/v1/embeddings";
// [0.5, -0.25, 1]
constexpr char kFloats[] = "AAAAPwAAgL4AAIA/";

// An answer of one vector, spaced as no encoder would.
std::string Embedded(const std::string& vector) {
  return R"({ "object":"list","data":[{"object":"embedding", "index":0,"embedding": )" + vector +
         R"(,"truncated":false}],"model":"m-1","usage":{"prompt_tokens":2,"total_tokens":2,"cost":0.5},"id":"e"})";
}

config::ServeOptions WithoutSplice() {
  config::ServeOptions options;
  options.no_splice = true;
  return options;
}

class Embeddings : public ::testing::Test {
 protected:
  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url()},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& provider, const std::string& body) const {
    return TestClient(gateway_.http_address()).Post(kEmbeddings, body, To(provider));
  }
  TestAnswer Ask(const std::string& provider, const Json& body) const { return Post(provider, body.dump()); }
  grpc::Status Call(const std::string& provider, const v1::EmbeddingRequest& request,
                    v1::EmbeddingResponse* response) const {
    const auto stub = v1::EmbeddingService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    for (const auto& [name, value] : To(provider)) context.AddMetadata(name, value);
    return stub->CreateEmbeddings(&context, request, response);
  }

  void Answers(FakeUpstream::Handler answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void Answers(const std::string& body, int status = 200) {
    Answers([body, status](const SeenRequest&) { return RespondJson(status, body); });
  }
  Json Sent(size_t i) const { return Json::parse(upstream_.requests().at(i).body); }
  Json Sent() const { return Json::parse(upstream_.requests().back().body); }

  std::mutex mutex_;
  FakeUpstream::Handler answer_;
  const FakeUpstream upstream_{[this](const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    return answer_(request);
  }};
  const GatewayFixture gateway_;
  const GatewayFixture without_splice_{WithoutSplice()};
};

struct Case {
  const char* asked;  // members of the request
  const char* came;
  const char* given;  // "": as it came, byte for byte
};

constexpr Case kCases[] = {
    {R"("encoding_format":"base64")", "[0.5,-0.25,1]", R"("AAAAPwAAgL4AAIA/")"},
    {R"("encoding_format" : "base64" ,"output_dtype":"int8")", "[ 1, -2]", R"("AACAPwAAAMA=")"},
    {R"("encoding_format":"float")", R"("AAAAPwAAgL4AAIA/")", "[0.5,-0.25,1.0]"},
    {R"("encoding_format":null)", R"("AAAAPwAAgL4AAIA/")", "[0.5,-0.25,1.0]"},
    {R"("user":"u")", R"("AAAAPwAAgL4AAIA\/")", "[0.5,-0.25,1.0]"},
    {R"("dimensions":3)", R"("AAAAPwAAgL4AAIA/")", "[0.5,-0.25,1.0]"},
    // What was asked for.
    {R"("encoding_format":"base64")", R"("AAAAPwAAgL4AAIA/")", ""},
    {R"("encoding_format":"float")", "[0.5,-0.25,1]", ""},
    {R"("user":"u")", "[0.50]", ""},
    // By names of the provider's own.
    {R"("encoding_format":"ubinary")", "[1,2]", ""},
    {R"("encoding_format":"bytes")", R"("AAAAPwAAgL4AAIA/")", ""},
    {R"("dimensions":12)", R"("AAAAPwAAgL4AAIA/")", ""},
    {R"("embedding_type":"base64")", R"("AAAAPwAAgL4AAIA/")", ""},
    // No vectors, and one for each token.
    {R"("encoding_format":"base64")", "null", ""},
    {R"("encoding_format":"base64")", "[]", ""},
    {R"("encoding_format":"base64")", "[[0.5],[1]]", ""},
    {R"("encoding_format":"base64")", R"({"dense":[1]})", ""},
};

TEST_F(Embeddings, VectorsAreGivenAsTheyWereAskedFor) {
  for (const GatewayFixture* gateway : {&gateway_, &without_splice_}) {
    for (const Case& one : kCases) {
      SCOPED_TRACE(std::string(one.asked) + " " + one.came);
      const std::string came = Embedded(one.came);
      Answers(came);
      const std::string body = R"({"model":"m-1","input":"a",)" + std::string(one.asked) + "}";
      const TestAnswer answer = TestClient(gateway->http_address()).Post(kEmbeddings, body, To("openai"));
      ASSERT_EQ(answer.status, 200) << answer.body;
      // The provider is asked what the caller asks.
      EXPECT_EQ(Sent(), Json::parse(body));
      if (*one.given == '\0') {
        EXPECT_EQ(answer.body, came);
        continue;
      }
      Json expected = Json::parse(came);
      expected["data"][0]["embedding"] = Json::parse(one.given);
      EXPECT_EQ(Json::parse(answer.body), expected);
    }
  }
}

// Texts that stand for no floats: two bytes, no base64, and what is no number.
TEST_F(Embeddings, WhatIsNoVectorOfFloatsStaysATextWhateverWasAsked) {
  for (const char* const text : {R"("AAA=")", R"("a sentence")", R"("AADAfw==")", R"("AACAfw==")", R"("")"}) {
    Answers(Embedded(text));
    const TestAnswer answer = Post("openai", R"({"model":"m-1","input":"a"})");
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, Embedded(text));
  }
}

TEST_F(Embeddings, EachVectorIsLookedAtOnceOneIsOtherwise) {
  Answers(R"({"data":[{"index":0,"embedding":[0.5,-0.25,1]},{"index":1,"embedding":"AAAAPwAAgL4AAIA/"},)"
          R"({"index":2}]})");
  const TestAnswer answer = Post("openai", R"({"model":"m-1","input":["a"],"encoding_format":"base64"})");
  EXPECT_EQ(Json::parse(answer.body), (Json{{"data",
                                             {{{"index", 0}, {"embedding", kFloats}},
                                              {{"index", 1}, {"embedding", kFloats}},
                                              {{"index", 2}}}}}));
}

TEST_F(Embeddings, TokensOfWhatIsWrittenAnewAreCounted) {
  Answers(Embedded("[0.5]"));
  ASSERT_EQ(Post("openai", R"({"model":"m-1","input":"a","encoding_format":"base64"})").status, 200);
  EXPECT_TRUE(Eventually([&] {
    const std::string metrics = TestClient(gateway_.admin_address()).Get("/metrics").body;
    const size_t line = metrics.find("\nportolan_tokens_total{");
    return line != std::string::npos &&
           metrics.substr(line + 1, metrics.find('\n', line + 1) - line - 1).ends_with(" 2");
  }));
}

TEST_F(Embeddings, AndOverGrpc) {
  v1::EmbeddingRequest request;
  request.set_model("m-1");
  request.mutable_input()->set_text("a");
  v1::EmbeddingResponse response;
  Answers(Embedded(R"("AAAAPwAAgL4AAIA/")"));
  grpc::Status status = Call("openai", request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(response.data(0).embedding().floats().values(), ElementsAre(0.5, -0.25, 1));
  EXPECT_EQ(response.usage().prompt_tokens(), 2);

  request.set_encoding_format("base64");
  Answers(Embedded("[0.5,-0.25,1]"));
  status = Call("openai", request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.data(0).embedding().base64(), kFloats);

  Answers(Embedded(R"("AAAAPwAAgL4AAIA/")"));
  ASSERT_TRUE(Call("openai", request, &response).ok());
  EXPECT_EQ(response.data(0).embedding().base64(), kFloats);
}

TEST_F(Embeddings, AndWithGuardrails) {
  Answers(Embedded("[0.5,-0.25,1]"));
  const Json check = {{"default.contains", {{"words", {"swordfish"}}, {"operator", "none"}}}};
  const Json config = {{"provider", "openai"},
                       {"custom_host", upstream_.url()},
                       {"api_key", "key"},
                       {"input_guardrails", Json::array({check})}};
  const TestAnswer answer =
      TestClient(gateway_.http_address())
          .Post(kEmbeddings, R"({"model":"m-1","input":"a","encoding_format":"base64"})",
                {{"x-portolan-config", config.dump()}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["data"][0]["embedding"], kFloats);
  EXPECT_EQ(body["hook_results"]["before_request_hooks"][0]["verdict"], true);
}

// A vector for each text, which says how long it is.
Script Lengths(const SeenRequest& request, bool base64) {
  const Json inputs = Json::parse(request.body)["input"];
  Json data = Json::array();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const size_t length = inputs[i].get<std::string>().size();
    data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", Json::array({length, 0.5})}});
    // Of Perplexity: the one byte.
    if (base64) data.back()["embedding"] = length == 1 ? "AQ==" : "Ag==";
  }
  return RespondJson(200,
                     Json({{"object", "list"},
                           {"model", "m-1"},
                           {"data", data},
                           {"usage", {{"prompt_tokens", inputs.size()}, {"total_tokens", inputs.size()}}}})
                         .dump());
}

Json Texts(size_t count) {
  Json texts = Json::array();
  for (size_t i = 0; i < count; ++i) texts.push_back(std::string(i + 1, 'x'));
  return texts;
}

TEST_F(Embeddings, ManyTextsGoInParts) {
  Answers([](const SeenRequest& request) { return Lengths(request, false); });
  const TestAnswer answer =
      Ask("dashscope", Json{{"model", "text-embedding-v4"}, {"input", Texts(25)}, {"novel", {1}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(upstream_.requests().size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(upstream_.requests()[i].target, "/embeddings");
    EXPECT_EQ(Sent(i)["input"].size(), i == 2 ? 5U : 10U);
    EXPECT_EQ(Sent(i)["novel"], Json::array({1}));
  }
  const Json body = Json::parse(answer.body);
  ASSERT_EQ(body["data"].size(), 25U);
  for (size_t i = 0; i < 25; ++i) {
    EXPECT_EQ(body["data"][i]["index"], i);
    EXPECT_EQ(body["data"][i]["embedding"], Json({i + 1, 0.5}));
  }
  EXPECT_EQ(body["usage"]["prompt_tokens"], 25);
  // And as they were asked for.
  const TestAnswer coded = Ask("dashscope", Json{{"input", Texts(11)}, {"encoding_format", "base64"}});
  EXPECT_EQ(Json::parse(coded.body)["data"][0]["embedding"], "AACAPwAAAD8=");
  EXPECT_EQ(Json::parse(coded.body)["data"][10]["index"], 10);
}

TEST_F(Embeddings, WhatFitsGoesAsItCame) {
  Answers(Embedded("[0.50]"));
  for (const std::string& input : {Texts(10).dump(), std::string(R"("a")"), std::string("[[1,2],[3]]")}) {
    const std::string body = R"({ "model":"text-embedding-v4", "input":)" + input + "}";
    const TestAnswer answer = Post("dashscope", body);
    EXPECT_EQ(answer.body, Embedded("[0.50]"));
    EXPECT_EQ(upstream_.requests().back().body, body);
  }
  EXPECT_EQ(upstream_.requests().size(), 3U);
}

TEST_F(Embeddings, APartThatFailsIsTheAnswer) {
  Answers([](const SeenRequest& request) {
    if (Json::parse(request.body)["input"].size() < 10) {
      return RespondJson(400, R"({"error":{"message":"no such model","type":"t","code":"c","param":null}})");
    }
    return Lengths(request, false);
  });
  const TestAnswer answer = Ask("dashscope", Json{{"model", "m"}, {"input", Texts(12)}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("no such model"));
  // A part without its vectors.
  Answers(Embedded("[0.5]"));
  EXPECT_EQ(Ask("dashscope", Json{{"model", "m"}, {"input", Texts(12)}}).status, 502);
}

TEST_F(Embeddings, ManyTextsGoInPartsOverGrpc) {
  Answers([](const SeenRequest& request) { return Lengths(request, false); });
  v1::EmbeddingRequest request;
  request.set_model("m");
  for (int i = 0; i < 101; ++i) request.mutable_input()->mutable_texts()->add_items("x");
  v1::EmbeddingResponse response;
  const grpc::Status status = Call("upstage", request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(upstream_.requests().size(), 2U);
  ASSERT_EQ(response.data_size(), 101);
  EXPECT_EQ(response.data(100).index(), 100);
  EXPECT_EQ(response.usage().prompt_tokens(), 101);
}

// docs.perplexity.ai/api-reference/embeddings-post: `encoding_format` is `base64_int8`, the default, or
// `base64_binary`; the vectors of the first are signed bytes. Here 1, -2, 3, 127 and -128.
constexpr char kPerplexity[] =
    R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":"Af4Df4A="}],"model":"pplx-embed-v1-4b",)"
    R"("usage":{"prompt_tokens":4,"total_tokens":4,"cost":{"input_cost":0.5,"total_cost":0.5,"currency":"USD"}}})";

TEST_F(Embeddings, PerplexitysNumbersAreGivenAsTheyWereAskedFor) {
  struct {
    const char* format;
    Json given;
  } const cases[] = {
      {"", {1, -2, 3, 127, -128}},
      {R"(,"encoding_format":null)", {1, -2, 3, 127, -128}},
      {R"(,"encoding_format":"float")", {1, -2, 3, 127, -128}},
      {R"(,"encoding_format":"base64")", "AACAPwAAAMAAAEBAAAD+QgAAAMM="},
  };
  Answers(kPerplexity);
  for (const auto& one : cases) {
    const std::string members = R"({"model":"pplx-embed-v1-4b","input":["a"],"dimensions":128)";
    const TestAnswer answer = Post("perplexity-ai", members + one.format + "}");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(upstream_.requests().back().target, "/v1/embeddings");
    EXPECT_EQ(Sent(), Json::parse(members + R"(,"encoding_format":"base64_int8"})"));
    EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
    Json expected = Json::parse(kPerplexity);
    expected["data"][0]["embedding"] = one.given;
    EXPECT_EQ(Json::parse(answer.body), expected);
  }
}

TEST_F(Embeddings, PerplexitysOwnEncodingsComeByTheirNames) {
  Answers(kPerplexity);
  for (const char* const format : {"base64_int8", "base64_binary", "of_next_year"}) {
    const Json body = {{"model", "m"}, {"input", "a"}, {"encoding_format", format}};
    const TestAnswer answer = Ask("perplexity-ai", body);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(upstream_.requests().back().target, "/v1/embeddings");
    EXPECT_EQ(Sent(), body);
    EXPECT_EQ(Json::parse(answer.body), Json::parse(kPerplexity));
  }
  v1::EmbeddingRequest request;
  request.set_encoding_format("base64_binary");
  request.mutable_input()->set_text("a");
  v1::EmbeddingResponse response;
  ASSERT_TRUE(Call("perplexity-ai", request, &response).ok());
  EXPECT_EQ(response.data(0).embedding().base64(), "Af4Df4A=");
  request.set_encoding_format("float");
  ASSERT_TRUE(Call("perplexity-ai", request, &response).ok());
  EXPECT_THAT(response.data(0).embedding().floats().values(), ElementsAre(1, -2, 3, 127, -128));
}

TEST_F(Embeddings, PerplexityTakes512TextsAtOnce) {
  Answers([](const SeenRequest& request) { return Lengths(request, true); });
  const Json texts = std::vector<std::string>(513, "x");
  TestAnswer answer = Ask("perplexity-ai", Json{{"model", "m"}, {"input", texts}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(upstream_.requests().size(), 2U);
  EXPECT_EQ(Sent(0)["input"].size(), 512U);
  EXPECT_EQ(Json::parse(answer.body)["data"][512]["embedding"], Json::array({1}));
  answer = Ask("perplexity-ai", Json{{"model", "m"}, {"input", texts}, {"encoding_format", "base64_int8"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(upstream_.requests().size(), 4U);
  EXPECT_EQ(Sent(2)["encoding_format"], "base64_int8");
  EXPECT_EQ(Json::parse(answer.body)["data"][512]["embedding"], "AQ==");
}

TEST_F(Embeddings, WhatPerplexityHasNot) {
  for (const char* const input : {"[1,2]", "[[1],[2]]"}) {
    const TestAnswer refused = Post("perplexity-ai", R"({"model":"m","input":)" + std::string(input) + "}");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(Json::parse(refused.body)["error"]["param"], "input");
  }
  EXPECT_TRUE(upstream_.requests().empty());
  for (const char* const body : {R"({"object":"list","data":[]})", "{}", R"({"data":[{"embedding":"&"}]})",
                                 R"({"data":[{"index":0}]})", R"({"data":[{"embedding":""}]})"}) {
    Answers(body);
    EXPECT_EQ(Post("perplexity-ai", R"({"model":"m","input":"a"})").status, 502) << body;
  }
  Answers(R"({"detail":[{"loc":["body","input"],"msg":"field required","type":"value_error.missing"}]})",
          422);
  for (const char* const format : {"float", "base64_int8"}) {
    const TestAnswer refused =
        Ask("perplexity-ai", Json{{"model", "m"}, {"input", "a"}, {"encoding_format", format}});
    EXPECT_EQ(refused.status, 422);
    EXPECT_THAT(refused.body, HasSubstr("field required"));
  }
}

}  // namespace
}  // namespace portolan::test
