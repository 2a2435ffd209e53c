// Media that a request names by URLs of the web, for a provider that takes bytes alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;

constexpr char kAnswer[] =
    R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn",)"
    R"("usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}})";

std::string Target(const FakeUpstream& upstream) {
  return R"({"provider":"bedrock","api_key":"ABSKQmVkcm9jaw==","custom_host":")" + upstream.url() + "\"}";
}

// What is in the web.
class WebMedia : public ::testing::Test {
 protected:
  static constexpr char kPng[] = "\x89PNG\r\n";
  static constexpr char kPngInBase64[] = "iVBORw0K";

  static Script AnswerOfWeb(const SeenRequest& request) {
    if (request.target == "/cat.png?size=2") return Respond(200, kPng, {{"Content-Type", "Image/PNG; q=1"}});
    if (request.target == "/named.png") return Respond(200, kPng, {});
    if (request.target == "/moved") return Respond(302, "", {{"Location", "/cat.png?size=2"}});
    if (request.target == "/round") return Respond(302, "", {{"Location", "/round"}});
    if (request.target == "/nowhere") return Respond(307, "", {{"Location", "ftp://x"}});
    if (request.target == "/data" || request.target == "/data.png")
      return Respond(200, R"({"secret":1})", {{"Content-Type", "application/json"}});
    if (request.target == "/paper") return Respond(200, "%PDF-1", {{"Content-Type", "application/pdf"}});
    if (request.target == "/page") return Respond(200, "<p>", {{"Content-Type", "image/svg+xml"}});
    if (request.target == "/large")
      return Script().Send("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n").Stall();
    if (request.target == "/endless")
      return Script().Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").Close();
    return Respond(404, "no", {});
  }

  std::string Body(const std::string& url) const {
    return R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What?"},)"
           R"({"type":"image_url","image_url":{"url":")" +
           url + R"("}}]}]})";
  }
  TestAnswer AskTarget(const std::string& target, const std::string& body,
                       const char* path = "/v1/chat/completions") {
    return TestClient(gateway_.http_address()).Post(path, body, {{"x-portolan-config", target}});
  }
  const FakeUpstream web_{AnswerOfWeb};
  const GatewayFixture gateway_;
};

// Bedrock takes bytes alone.
class BedrockMedia : public WebMedia {
 protected:
  TestAnswer Ask(const FakeUpstream& upstream, const std::string& body,
                 const char* path = "/v1/chat/completions") {
    return AskTarget(Target(upstream), body, path);
  }
};

TEST_F(BedrockMedia, IsFetchedAndSentAsBytes) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  size_t fetched = 0;
  for (const std::string path : {"/cat.png?size=2", "/cat.png?size=2#part", "/moved", "/named.png"}) {
    const TestAnswer answer = Ask(upstream, Body(web_.url() + path));
    ASSERT_EQ(answer.status, 200) << path << answer.body;
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(nlohmann::json::parse(seen.body)["messages"][0]["content"][1],
              nlohmann::json::parse(R"({"image":{"format":"png","source":{"bytes":")" +
                                    std::string(kPngInBase64) + "\"}}}"))
        << path;
    fetched += path == "/moved" ? 2 : 1;
    ASSERT_EQ(web_.requests().size(), fetched);
    const SeenRequest get = web_.requests().back();
    EXPECT_EQ(get.method, "GET");
    EXPECT_EQ(get.CountHeader("authorization"), 0);
    EXPECT_EQ(get.CountHeader("x-amz-security-token"), 0);
  }
  // One that is named twice, and by a caller of another dialect.
  const std::string image =
      R"({"type":"image","source":{"type":"url","url":")" + web_.url() + R"(/named.png"}})";
  const TestAnswer answer = Ask(
      upstream,
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)" + image + "," + image + "]}]}",
      "/v1/messages");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto content = nlohmann::json::parse(upstream.requests().back().body)["messages"][0]["content"];
  ASSERT_EQ(content.size(), 2U);
  EXPECT_EQ(content[0], content[1]);
  EXPECT_EQ(content[0]["image"]["source"]["bytes"], kPngInBase64);
  EXPECT_EQ(web_.requests().size(), fetched + 1);
}

TEST_F(BedrockMedia, ThatCannotBeHadIsToldBeforeAnybodyIsPaid) {
  struct Case {
    std::string url;
    const char* code;
    const char* why;
  };
  const std::string web = web_.url();
  const Case cases[] = {
      {web + "/none", "media_unavailable", "status 404"},
      {web + "/round", "media_unavailable", "from one place to the next"},
      {web + "/nowhere", "media_unavailable", "no URL"},
      {web + "/large", "media_unavailable", "larger than 20971520 bytes"},
      {web + "/endless", "media_unavailable", "cannot be had"},
      {web + "/page", "unsupported_value", "image/svg+xml"},
      {web + "/data", "unsupported_value", R"("application/json", and no picture)"},
      {web + "/data.png", "unsupported_value", "messages[0].content[1].image_url.url: what its URL"},
      {web + "/paper", "unsupported_value", "application/pdf"},
      {"http://127.0.0.1:1/x.png", "media_unavailable", "127.0.0.1:1"},
      {"http://user@127.0.0.1/x.png", "media_unavailable", "user information"},
      {"http://10.0.0.1/x.png", "upstream_address_forbidden", "10.0.0.1"},
  };
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  for (const Case& each : cases) {
    const TestAnswer answer = Ask(upstream, Body(each.url));
    EXPECT_EQ(answer.status, each.code == std::string("upstream_address_forbidden") ? 403 : 400) << each.url;
    const auto error = nlohmann::json::parse(answer.body)["error"];
    EXPECT_EQ(error["code"], each.code) << answer.body;
    EXPECT_THAT(error["message"], HasSubstr(each.why));
    EXPECT_EQ(error["param"], "messages[0].content[1].image_url.url") << answer.body;
  }
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(BedrockMedia, ThatCannotBeHadIsForTheNextTarget) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  const FakeUpstream other([](const SeenRequest& request) { return Answering(request, "yes"); });
  const TestAnswer answer =
      TestClient(gateway_.http_address())
          .Post("/v1/chat/completions", Body(web_.url() + "/none"),
                {{"x-portolan-config", R"({"strategy":{"mode":"fallback"},"targets":[)" + Target(upstream) +
                                           "," + TargetOf(other) + "]}"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(other.requests().size(), 1U);
  EXPECT_THAT(other.requests()[0].body, HasSubstr(web_.url() + "/none"));
  EXPECT_TRUE(upstream.requests().empty());
}

// Claude on Vertex AI takes bytes alone too, and is spoken to in Anthropic's words.
class VertexMedia : public WebMedia {
 protected:
  static std::string To(const FakeUpstream& upstream, const std::string& provider = "vertex-ai") {
    return R"({"provider":")" + provider +
           R"(","api_key":"ya29.t","vertex_project_id":"p","vertex_region":)"
           R"("us-east5","custom_host":")" +
           upstream.url() + "\"}";
  }
  static std::string Block(const std::string& type, const std::string& url) {
    return R"({ "type": ")" + type + R"(", "source": {"type": "url", "url": ")" + url + "\"}, \"new\": 1.50}";
  }
  static std::string Base64(const std::string& type, const std::string& data, const std::string& block) {
    return R"({ "type": ")" + block + R"(", "source":{"type":"base64","media_type":")" + type +
           R"(","data":")" + data + "\"}, \"new\": 1.50}";
  }
  static std::string Messages(const std::string& blocks) {
    return R"({"model":"claude-opus-4-1", "max_tokens":9, "messages":[ {"role":"user","content":[)" + blocks +
           R"(]}], "not_known" : [1.0]})";
  }

  const FakeUpstream upstream_{[](const SeenRequest& request) {
    if (request.target.find("count-tokens") != std::string::npos)
      return RespondJson(200, R"({"input_tokens":7})");
    return RespondJson(200, R"({"id":"m","type":"message","role":"assistant","model":"claude-opus-4-1",)"
                            R"("content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",)"
                            R"("usage":{"input_tokens":1,"output_tokens":1}})");
  }};
};

TEST_F(VertexMedia, IsPutIntoWhatIsTranslated) {
  std::string body = Body(web_.url() + "/named.png");
  body.replace(body.find(R"("m")"), 3, R"("claude-opus-4-1")");
  const TestAnswer answer = AskTarget(To(upstream_), body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(nlohmann::json::parse(upstream_.requests().back().body)["messages"][0]["content"][1],
            nlohmann::json::parse(R"({"type":"image","source":{"type":"base64","media_type":"image/png",)"
                                  R"("data":")" +
                                  std::string(kPngInBase64) + "\"}}"));
  // In Anthropic's own words within OpenAI's.
  const TestAnswer native =
      AskTarget(To(upstream_), R"({"model":"claude-opus-4-1","messages":[{"role":"user","content":[)" +
                                   Block("image", web_.url() + "/named.png") + "]}]}");
  ASSERT_EQ(native.status, 200) << native.body;
  EXPECT_EQ(nlohmann::json::parse(upstream_.requests().back().body)["messages"][0]["content"][0]["source"],
            nlohmann::json::parse(R"({"type":"base64","media_type":"image/png","data":")" +
                                  std::string(kPngInBase64) + "\"}"));
}

TEST_F(VertexMedia, IsPutIntoTheBytesThatAreRelayed) {
  const std::string web = web_.url();
  const std::string result = R"({"type":"tool_result","tool_use_id":"t","content":[)";
  const std::string held = R"({"type":"document","source":{"type":"content","content":[)";
  const std::string sent =
      Messages(Block("image", web + "/named.png") + " , " + Block("document", web + "/paper") + "," + result +
               Block("image", web + "/moved") + "]}," + held + Block("image", web + "/named.png") + "]}}");
  const std::string png = Base64("image/png", kPngInBase64, "image");
  const std::string blocks = png + " , " + Base64("application/pdf", "JVBERi0x", "document") + "," + result +
                             png + "]}," + held + png + "]}}";
  const TestAnswer answer = AskTarget(To(upstream_), sent, "/v1/messages");
  ASSERT_EQ(answer.status, 200) << answer.body;
  // Every other byte is as it came, but for where the model and the version stand.
  const std::string seen = upstream_.requests().back().body;
  EXPECT_THAT(seen, HasSubstr(R"("messages":[ {"role":"user","content":[)" + blocks + "]}]")) << seen;
  EXPECT_THAT(seen, HasSubstr(R"("not_known" : [1.0])"));
  EXPECT_FALSE(nlohmann::json::parse(seen).contains("model"));
  const size_t fetched = web_.requests().size();
  EXPECT_EQ(fetched, 4U);  // one of them was moved, and one is named twice
  const TestAnswer count = AskTarget(To(upstream_), sent, "/v1/messages/count_tokens");
  ASSERT_EQ(count.status, 200) << count.body;
  EXPECT_THAT(upstream_.requests().back().body, HasSubstr(blocks));
  // Anthropic fetches by itself.
  const TestAnswer own = AskTarget(To(upstream_, "anthropic"), sent, "/v1/messages");
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(upstream_.requests().back().body, sent);
}

TEST_F(VertexMedia, ThatIsNoneIsToldBeforeAnybodyIsPaid) {
  struct Case {
    const char* block;
    const char* path;
    const char* code;
    const char* why;
  };
  const Case cases[] = {{"image", "/data", "unsupported_value", R"("application/json")"},
                        {"image", "/page", "unsupported_value", R"("image/svg+xml")"},
                        {"image", "/none", "media_unavailable", "status 404"},
                        {"document", "/cat.png?size=2", "unsupported_value", R"("image/png")"}};
  for (const Case& each : cases) {
    const TestAnswer answer =
        AskTarget(To(upstream_), Messages(Block(each.block, web_.url() + each.path)), "/v1/messages");
    EXPECT_EQ(answer.status, 400) << answer.body;
    const auto error = nlohmann::json::parse(answer.body)["error"];
    EXPECT_EQ(error["portolan"]["code"], each.code) << answer.body;
    EXPECT_THAT(error["message"], HasSubstr(each.why));
    EXPECT_THAT(error["message"], HasSubstr("messages[0].content[0].source.url"));
  }
  std::string body = Body(web_.url() + "/data");
  body.replace(body.find(R"("m")"), 3, R"("claude-opus-4-1")");
  const TestAnswer answer = AskTarget(To(upstream_), body);
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(nlohmann::json::parse(answer.body)["error"]["param"], "messages[0].content[1].image_url.url");
  EXPECT_THAT(answer.body, HasSubstr("application/json"));
  EXPECT_TRUE(upstream_.requests().empty());
}

// Of Ollama's two APIs that which is like OpenAI's answers `invalid image input`
// (github.com/ollama/ollama/issues/6753): such a chat is asked in the other, which takes bytes.
class OllamaMedia : public WebMedia {
 protected:
  std::string To() const { return R"({"provider":"ollama","custom_host":")" + upstream_.url() + R"(/v1"})"; }

  const FakeUpstream upstream_{[](const SeenRequest& request) {
    if (request.target != "/api/chat") return Answering(request, "Hello");
    return RespondJson(200, R"({"model":"m","created_at":"2026-11-20T10:00:00Z","done":true,)"
                            R"("message":{"role":"assistant","content":"Hello"},"done_reason":"stop"})");
  }};
};

TEST_F(OllamaMedia, IsFetchedForItsOwnApi) {
  const std::string url = web_.url() + "/cat.png?size=2";
  const std::string bare = R"({"model":"m","messages":[{"role":"user","content":[)"
                           R"({"type":"image_url","image_url":")" +
                           url + "\"}]}]}";
  const std::string anthropic = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)"
                                R"({"type":"image","source":{"type":"url","url":")" +
                                url + "\"}}]}]}";
  for (const auto& [body, path] :
       std::vector<std::pair<std::string, const char*>>{{Body(url), "/v1/chat/completions"},
                                                        {bare, "/v1/chat/completions"},
                                                        {anthropic, "/v1/messages"}}) {
    const TestAnswer answer = AskTarget(To(), body, path);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("Hello"));
    const SeenRequest seen = upstream_.requests().back();
    EXPECT_EQ(seen.target, "/api/chat") << body;
    EXPECT_EQ(nlohmann::json::parse(seen.body)["messages"][0]["images"], nlohmann::json({kPngInBase64}));
  }
}

TEST_F(OllamaMedia, WithItsBytesGoesAsItCame) {
  for (const std::string& body :
       {Body("data:image/png;base64,iVBORw0K"),
        std::string(R"({"model":"m","messages":[{"role":"user","content":"image_url http://x/a.png"}]})")}) {
    const TestAnswer answer = AskTarget(To(), body);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(upstream_.requests().back().target, "/v1/chat/completions");
    EXPECT_EQ(upstream_.requests().back().body, body);
  }
}

TEST_F(OllamaMedia, ThatIsNoneIsRefused) {
  const TestAnswer answer = AskTarget(To(), Body(web_.url() + "/data"));
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(nlohmann::json::parse(answer.body)["error"]["param"], "messages[0].content[1].image_url.url");
  EXPECT_THAT(answer.body, HasSubstr("application/json"));
  EXPECT_TRUE(upstream_.requests().empty());
}

}  // namespace
}  // namespace portolan::test
