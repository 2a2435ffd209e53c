#include "providers/dialects/anthropic/door.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "providers/dialects/anthropic/anthropic.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

std::string Written(const Error& error, const ErrorPlace& place = {}) {
  std::string out;
  TheDoor().WriteError(error, place, &out);
  return out;
}

TEST(AnthropicDoor, IsThatOfTheDialect) {
  const Door* const door = AnthropicDialect().door();
  ASSERT_EQ(door, &TheDoor());
  EXPECT_EQ(door->default_provider(), "anthropic");
  EXPECT_EQ(door->key_header(), "x-api-key");
  EXPECT_EQ(door->request_id_header(), "request-id");
  EXPECT_TRUE(door->wants_blocks());
}

// The statuses and words of https://platform.claude.com/docs/en/api/errors.
TEST(AnthropicDoor, HasAWordForEveryStatus) {
  const std::pair<int, std::string_view> cases[] = {{400, "invalid_request_error"},
                                                    {401, "authentication_error"},
                                                    {402, "billing_error"},
                                                    {403, "permission_error"},
                                                    {404, "not_found_error"},
                                                    {405, "invalid_request_error"},
                                                    {408, "timeout_error"},
                                                    {413, "request_too_large"},
                                                    {422, "invalid_request_error"},
                                                    {429, "rate_limit_error"},
                                                    {500, "api_error"},
                                                    {502, "api_error"},
                                                    {504, "timeout_error"},
                                                    {529, "overloaded_error"}};
  for (const auto& [status, type] : cases) EXPECT_EQ(ErrorType(status), type) << status;
}

TEST(AnthropicDoor, WritesErrorsInAnthropicsShape) {
  Error error = Error::InvalidRequest("missing_value", "say \"what\"\n", "messages");
  EXPECT_EQ(json::parse(Written(error, {.detail = R"({"class":"caller"})", .request_id = "req_1"})),
            json::parse(R"({"type":"error","error":{"type":"invalid_request_error","message":"say \"what\"\n",
                "param":"messages","code":"missing_value","details":{"error_code":"missing_value"},
                "portolan":{"class":"caller"}},"request_id":"req_1"})"));
  error.code = "invalid_request_error";
  error.param.clear();
  EXPECT_EQ(json::parse(Written(error)),
            json::parse(R"({"type":"error","error":{"type":"invalid_request_error",
                "message":"say \"what\"\n"}})"));
}

// BetaMessageThread of @anthropic-ai/sdk looks for this code there, and can send the whole conversation then.
TEST(AnthropicDoor, TellsTheSdkThatThereAreNoThreads) {
  const json body = json::parse(Written(Error::InvalidRequest("thread_unsupported_request", "m", "thread")));
  EXPECT_EQ(body["error"]["details"]["error_code"], "thread_unsupported_request");
}

TEST(AnthropicDoor, EndsAStreamWithAnEvent) {
  std::string out;
  TheDoor().WriteErrorEvent(Error::InvalidRequest("c", "a\nb"), {}, &out);
  constexpr std::string_view kHead = "event: error\ndata: ";
  ASSERT_TRUE(out.starts_with(kHead)) << out;
  ASSERT_TRUE(out.ends_with("\n\n")) << out;
  const std::string data = out.substr(kHead.size(), out.size() - kHead.size() - 2);
  EXPECT_EQ(data.find('\n'), std::string::npos);
  EXPECT_EQ(json::parse(data)["error"]["message"], "a\nb");
}

TEST(AnthropicDoor, KnowsItsOwnErrors) {
  EXPECT_TRUE(
      TheDoor().IsError(R"({"type":"error","error":{"type":"api_error","message":"m"},"request_id":"r"})"));
  EXPECT_TRUE(TheDoor().IsError(R"({"error":{"message":"m","type":"t","x":[1]},"type":"error"})"));
  for (const char* other :
       {R"({"error":{"message":"m","type":"t","code":null}})", R"({"type":"error","error":{"message":"m"}})",
        R"({"type":"error","error":"m"})", R"({"type":"message","error":{"type":"t","message":"m"}})",
        R"({"type":"error","error":{"type":"t","message":null}})", R"({"type":"error"})", "[]", "", "<html>",
        R"({"type":"error","error":{"type":"t","message":"m"}} x)",
        R"({"type":"error","error":{"type":"t","message":"m")"}) {
    EXPECT_FALSE(TheDoor().IsError(other)) << other;
  }
}

TEST(AnthropicDialectForms, CountTokensIsSentOnWithItsQuery) {
  const Form* const form = AnthropicDialect().Find(operation::kCountTokens);
  ASSERT_NE(form, nullptr);
  EXPECT_EQ(form->path, "/messages/count_tokens");
  EXPECT_EQ(form->method, "POST");
  EXPECT_TRUE(form->passes_query);
}

}  // namespace
}  // namespace portolan::providers::anthropic
