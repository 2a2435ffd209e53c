#include "server/core/error_body.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "providers/dialects/openai/openai.h"
#include "server/base/json_text.h"

namespace portolan::core {
namespace {

const providers::Door& TheDoor() { return *providers::OpenAiDialect().door(); }

TEST(AppendErrorBody, IsOpenAiShapedWithTheGatewaysDetail) {
  Error error =
      Error::InvalidRequest("invalid_value", "messages[0].content: expected \"x\"\n", "messages[0].content");
  error.attempts = 2;
  error.retryable = true;
  error.retry_after = std::chrono::milliseconds(1500);
  std::string body;
  AppendErrorBody(TheDoor(), error, "r1", &body);
  const auto expected = nlohmann::json::parse(R"({"error":{"message":"messages[0].content: expected \"x\"\n",
      "type":"invalid_request_error","param":"messages[0].content","code":"invalid_value",
      "portolan":{"class":"caller","code":"invalid_value","attempts":2,"retryable":true,"retry_after_ms":1500}}})");
  EXPECT_EQ(nlohmann::json::parse(body), expected);
}

TEST(ErrorDetail, SaysWhichUrlWasCalled) {
  Error error;
  EXPECT_FALSE(nlohmann::json::parse(ErrorDetail(error)).contains("upstream"));
  error.upstream_method = "POST";
  error.upstream_url = "http://localhost:11434/chat/completions";
  EXPECT_EQ(nlohmann::json::parse(ErrorDetail(error))["upstream"],
            nlohmann::json::parse(R"({"method":"POST","url":"http://localhost:11434/chat/completions"})"));
  std::string body;
  AppendErrorBody(TheDoor(), error, "r1", &body);
  EXPECT_EQ(nlohmann::json::parse(body)["error"]["portolan"], nlohmann::json::parse(ErrorDetail(error)));
}

TEST(ErrorDetail, SaysWhichTimeLimitRanOut) {
  Error error;
  EXPECT_FALSE(nlohmann::json::parse(ErrorDetail(error)).contains("limit"));
  error.limit = TimeLimit{"grpc-timeout", "caller", std::chrono::milliseconds(1500)};
  EXPECT_EQ(nlohmann::json::parse(ErrorDetail(error))["limit"],
            nlohmann::json::parse(R"({"name":"grpc-timeout","owner":"caller","ms":1500})"));
}

// A header that every client reads holds ASCII only.
TEST(ErrorDetail, IsAsciiWhateverAProviderSays) {
  Error error;
  error.code = "gr\u00f6\u00dfe \u2603 \U0001f600\x7f\xff\n";
  error.tried = {"config.targets[0] openai 500 \u00e9"};
  const std::string detail = ErrorDetail(error);
  for (const char c : detail) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << detail;
  const auto parsed = nlohmann::json::parse(detail);
  EXPECT_EQ(parsed["code"], "gr\u00f6\u00dfe \u2603 \U0001f600\x7f\ufffd\n");
  EXPECT_EQ(parsed["tried"][0], "config.targets[0] openai 500 \u00e9");
}

TEST(AppendErrorBody, HasNullsWhereNothingIsKnown) {
  Error error;
  error.message = "m";
  std::string body;
  AppendErrorBody(TheDoor(), error, "r1", &body);
  const auto parsed = nlohmann::json::parse(body);
  EXPECT_TRUE(parsed["error"]["param"].is_null());
  EXPECT_TRUE(parsed["error"]["code"].is_null());
  EXPECT_TRUE(parsed["error"]["portolan"]["retry_after_ms"].is_null());
  EXPECT_EQ(parsed["error"]["type"], "api_error");
}

TEST(AppendJsonString, GivesValidJsonForAnyBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string cases[] = {
      all, "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf0\x9f\x98\x80 \xc3\xa9"};
  for (const std::string& text : cases) {
    std::string out;
    AppendJsonString(text, &out);
    EXPECT_TRUE(nlohmann::json::accept(out)) << out;
  }
  std::string out;
  AppendJsonString("\xf0\x9f\x98\x80 \xc3\xa9", &out);
  EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), "\xf0\x9f\x98\x80 \xc3\xa9");
}

TEST(OpenAiDoor, WantsAnObjectWithAMessage) {
  EXPECT_TRUE(TheDoor().IsError(R"({"error":{"message":"m","type":"t"}})"));
  EXPECT_TRUE(TheDoor().IsError(R"( {"x":1,"error":{"message":""}} )"));
  for (const char* text : {"", "{}", R"({"error":"m"})", R"({"error":{"message":5}})",
                           R"({"error":{"message":"m"}}x)", R"([{"error":{"message":"m"}}])", "<html>"}) {
    EXPECT_FALSE(TheDoor().IsError(text)) << text;
  }
}

}  // namespace
}  // namespace portolan::core
