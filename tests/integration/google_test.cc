// Calls to the Gemini API: from the hub's callers at both doors, and from Anthropic's. Shapes are those of
// Google's API reference.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kAnswer[] =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP","index":0}],)"
    R"("usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":9,"thoughtsTokenCount":3},)"
    R"("modelVersion":"gemini-2.5-flash","responseId":"r1"})";
// Google's own streams end their lines with CRLF.
const std::string kStream =
    "data: "
    "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hel\"}]},\"index\":0}]}\r\n\r\n"
    "data: "
    "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"lo\"}]},\"finishReason\":"
    "\"STOP\","
    "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":2,\"totalTokenCount\":"
    "6}}\r\n\r\n";

class Google : public ::testing::Test {
 protected:
  Google() : upstream_([this](const SeenRequest&) { return answer_; }), caller_(gateway_) {}

  Headers To() const {
    return {{"x-portolan-custom-host", upstream_.url() + "/v1beta"}, {"x-portolan-provider", "google"}};
  }
  TestAnswer Post(const std::string& path, const std::string& body) {
    Headers headers = To();
    headers.push_back({"authorization", "Bearer key"});
    return TestClient(gateway_.http_address()).Post(path, body, headers);
  }

  Script answer_ = RespondJson(200, kAnswer);
  FakeUpstream upstream_;
  GatewayFixture gateway_;
  RouteCaller caller_;
};

TEST_F(Google, AnswersTheHubsCallersAtBothDoors) {
  RouteCall base;
  base.headers = To();
  base.headers.emplace_back("authorization", "Bearer key");
  base.model = "gemini-2.5-flash";
  for (const RouteCall& call : AtBothDoors(base)) {
    SCOPED_TRACE(Describe(call));
    answer_ = call.stream ? Respond(200, kStream, {{"Content-Type", "text/event-stream"}})
                          : RespondJson(200, kAnswer);
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 200) << answer.message;
    EXPECT_EQ(answer.text, "Hello");
    EXPECT_FALSE(answer.broke);
    const SeenRequest seen = upstream_.requests().back();
    EXPECT_EQ(seen.target, call.stream ? "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
                                       : "/v1beta/models/gemini-2.5-flash:generateContent");
    EXPECT_EQ(seen.Header("x-goog-api-key"), "key");
    // A bearer beside the key is taken for a token of OAuth.
    EXPECT_EQ(seen.CountHeader("authorization"), 0);
    EXPECT_EQ(Json::parse(seen.body)["contents"][0]["parts"][0]["text"], "hi");
  }
}

// A server that resolves encoded dots would be asked for another path, with the gateway's key.
TEST_F(Google, IsNotCalledAtPathsThatANameClimbsTo) {
  const FakeUpstream other([](const SeenRequest& request) { return Answering(request, "other"); });
  const std::string google = TargetOf(upstream_, "google");
  for (const char* const model : {"../../evil", "%2e%2e/%2e%2e/evil", "models/../x"}) {
    for (RouteCall call : AtBothDoors({.config = google, .model = model})) {
      SCOPED_TRACE(Describe(call) + " " + model);
      const RouteAnswer refused = caller_.Call(call);
      EXPECT_EQ(refused.status, 400);
      EXPECT_EQ(refused.code, "invalid_model");
      EXPECT_THAT(refused.message, HasSubstr(model));
      // Another target may not have the name in its paths.
      call.config = R"({"strategy":{"mode":"fallback"},"targets":[)" + google + "," + TargetOf(other) + "]}";
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.text, "other") << answer.message;
      EXPECT_EQ(Json::parse(other.requests().back().body)["model"], model);
    }
    const TestAnswer messages =
        Post("/v1/messages",
             Json{{"model", model}, {"max_tokens", 9}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}}
                 .dump());
    EXPECT_EQ(messages.status, 400) << messages.body;
    EXPECT_EQ(Json::parse(messages.body)["error"]["portolan"]["code"], "invalid_model") << messages.body;
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(Google, AnswersAnthropicsCallers) {
  const TestAnswer whole =
      Post("/v1/messages",
           R"({"model":"gemini-2.5-flash","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})");
  const Json said = Json::parse(whole.body);
  EXPECT_EQ(said["content"][0]["text"], "Hello") << whole.body;
  EXPECT_EQ(said["stop_reason"], "end_turn");
  EXPECT_EQ(said["usage"]["input_tokens"], 4);
  EXPECT_EQ(said["usage"]["output_tokens"], 5);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["generationConfig"]["maxOutputTokens"], 9);
  answer_ = Respond(200, kStream, {{"Content-Type", "text/event-stream"}});
  const TestAnswer stream = Post(
      "/v1/messages",
      R"({"model":"gemini-2.5-flash","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_THAT(stream.body, HasSubstr("event: message_start\n"));
  EXPECT_THAT(stream.body, HasSubstr(R"("text":"lo")"));
  EXPECT_TRUE(stream.body.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
      << stream.body;
}

TEST_F(Google, AStreamThatIsCutIsNoAnswer) {
  answer_ =
      Respond(200, kStream.substr(0, kStream.find("data:", 1)), {{"Content-Type", "text/event-stream"}});
  const TestAnswer stream = Post(
      "/v1/chat/completions", R"({"model":"g","stream":true,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_THAT(stream.body, HasSubstr("upstream_truncated"));
  EXPECT_THAT(stream.body, ::testing::Not(HasSubstr("[DONE]")));
}

TEST_F(Google, SaysErrorsInTheCallersWords) {
  answer_ = RespondJson(
      429, R"({"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[)"
           R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}]}})");
  const TestAnswer answer =
      Post("/v1/chat/completions", R"({"model":"g","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(answer.status, 429);
  const Json error = Json::parse(answer.body)["error"];
  EXPECT_EQ(error["message"], "Quota exceeded");
  EXPECT_EQ(error["portolan"]["retry_after_ms"], 7000);
  // Where clients look for it.
  EXPECT_EQ(answer.Header("retry-after"), "7");
}

TEST_F(Google, EmbedsInWhateverEncodingIsAsked) {
  answer_ = RespondJson(200, R"({"embeddings":[{"values":[0.5,-0.25,1.0]}]})");
  const TestAnswer floats = Post("/v1/embeddings", R"({"model":"gemini-embedding-001","input":"a"})");
  EXPECT_EQ(Json::parse(floats.body)["data"][0]["embedding"], Json::parse("[0.5,-0.25,1.0]")) << floats.body;
  EXPECT_EQ(upstream_.requests().back().target, "/v1beta/models/gemini-embedding-001:batchEmbedContents");
  const TestAnswer base64 =
      Post("/v1/embeddings", R"({"model":"gemini-embedding-001","input":"a","encoding_format":"base64"})");
  // 0.5, -0.25 and 1 as IEEE 754 single, little endian.
  EXPECT_EQ(Json::parse(base64.body)["data"][0]["embedding"], "AAAAPwAAgL4AAIA/");
}

// More texts than the API takes at once, whose requests hold 100 at most: ai.google.dev/api/embeddings.
class GoogleBatches : public ::testing::Test {
 protected:
  // `t7` has the vector [7].
  Script Embed(const SeenRequest& request) {
    ++asked_;
    if (asked_ == broken_) return RespondJson(503, R"({"error":{"code":503,"message":"overloaded"}})");
    Json answer = {{"usageMetadata", {{"promptTokenCount", 2}}}};
    const Json asked = Json::parse(request.body);
    for (const Json& each : asked["requests"]) {
      const std::string text = each["content"]["parts"][0]["text"];
      answer["embeddings"].push_back({{"values", {std::stod(text.substr(1))}}});
    }
    if (asked_ == short_) answer["embeddings"].erase(0);
    return RespondJson(200, answer.dump());
  }
  static std::string Body(size_t texts) {
    Json body = {{"model", "gemini-embedding-001"}};
    for (size_t i = 0; i < texts; ++i) body["input"].push_back("t" + std::to_string(i));
    return body.dump();
  }
  TestAnswer Post(const std::string& body, const std::string& more = "") {
    return TestClient(gateway_.http_address())
        .Post("/v1/embeddings", body,
              {{"x-portolan-config", R"({"provider":"google","api_key":"k","custom_host":")" +
                                         upstream_.url() + "/v1beta\"" + more + "}"}});
  }

  int asked_ = 0;
  int broken_ = 0;  // which request fails
  int short_ = 0;   // which answer lacks a vector
  const FakeUpstream upstream_{[this](const SeenRequest& request) { return Embed(request); }};
  const GatewayFixture gateway_;
};

TEST_F(GoogleBatches, AreOneAnswer) {
  for (const size_t texts : {size_t{100}, size_t{101}, size_t{250}}) {
    const size_t before = upstream_.requests().size();
    const TestAnswer answer = Post(Body(texts));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json said = Json::parse(answer.body);
    ASSERT_EQ(said["data"].size(), texts);
    for (size_t i = 0; i < texts; ++i) {
      EXPECT_EQ(said["data"][i]["index"], i);
      EXPECT_EQ(said["data"][i]["embedding"], Json({static_cast<double>(i)}));
    }
    const size_t requests = (texts + 99) / 100;
    EXPECT_EQ(said["usage"], Json({{"prompt_tokens", 2 * requests}, {"total_tokens", 2 * requests}}));
    EXPECT_EQ(said["object"], "list");
    EXPECT_EQ(said["model"], "gemini-embedding-001");
    EXPECT_EQ(upstream_.requests().size(), before + requests);
  }
}

TEST_F(GoogleBatches, FailAsAWhole) {
  broken_ = 2;
  const TestAnswer failed = Post(Body(250));
  EXPECT_EQ(failed.status, 503) << failed.body;
  EXPECT_EQ(Json::parse(failed.body)["error"]["portolan"]["attempts"], 1);
  EXPECT_EQ(asked_, 2);
  asked_ = 0;
  const TestAnswer again = Post(Body(250), R"(,"retry":{"attempts":1,"on_status_codes":[503]})");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Json::parse(again.body)["data"].size(), 250U);
  EXPECT_EQ(asked_, 5);
  asked_ = broken_ = 0;
  short_ = 3;
  const TestAnswer lacking = Post(Body(250));
  EXPECT_EQ(lacking.status, 502) << lacking.body;
  EXPECT_THAT(lacking.body, HasSubstr("49 embeddings to 50 texts"));
}

TEST_F(GoogleBatches, AreBounded) {
  const TestAnswer answer = Post(Body(10'001));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(Json::parse(answer.body)["error"]["param"], "input");
  EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace portolan::test
