// Media that a request names by URLs of the web, for a provider that takes bytes alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

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

// Bedrock takes bytes alone: what is in the web is fetched here.
class BedrockMedia : public ::testing::Test {
 protected:
  static constexpr char kPng[] = "\x89PNG\r\n";
  static constexpr char kPngInBase64[] = "iVBORw0K";

  static Script AnswerOfWeb(const SeenRequest& request) {
    if (request.target == "/cat.png?size=2") return Respond(200, kPng, {{"Content-Type", "Image/PNG; q=1"}});
    if (request.target == "/named.png") return Respond(200, kPng, {});
    if (request.target == "/moved") return Respond(302, "", {{"Location", "/cat.png?size=2"}});
    if (request.target == "/round") return Respond(302, "", {{"Location", "/round"}});
    if (request.target == "/nowhere") return Respond(307, "", {{"Location", "ftp://x"}});
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
  TestAnswer Ask(const FakeUpstream& upstream, const std::string& body,
                 const char* path = "/v1/chat/completions") {
    return TestClient(gateway_.http_address()).Post(path, body, {{"x-portolan-config", Target(upstream)}});
  }
  const FakeUpstream web_{AnswerOfWeb};
  const GatewayFixture gateway_;
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

}  // namespace
}  // namespace portolan::test
