// Where calls go, models, and errors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/google/harness.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

HttpCall LocateIt(std::string_view operation, std::string_view model, bool stream = false) {
  Target target;
  target.provider = &TheHarness().provider();
  CallFacts facts;
  facts.operation = operation;
  facts.model = model;
  facts.stream = stream;
  return Locate(*TheHarness().dialect().Find(operation), facts, target);
}

TEST(GoogleDialect, Paths) {
  EXPECT_EQ(LocateIt("chat", "gemini-2.5-pro").path, "/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(LocateIt("chat", "models/gemini-2.5-pro").path, "/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(LocateIt("chat", "tunedModels/mine").path, "/tunedModels/mine:generateContent");
  EXPECT_EQ(LocateIt("chat", "gemini-2.5-pro", true).path,
            "/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
  EXPECT_EQ(LocateIt("chat", "../x?y").path, "/%2E%2E/x%3Fy:generateContent");
  EXPECT_EQ(LocateIt("embedding", "gemini-embedding-001").path,
            "/models/gemini-embedding-001:batchEmbedContents");
  EXPECT_EQ(LocateIt("list_models", "").path, "/models?pageSize=1000");
  EXPECT_EQ(LocateIt("list_models", "").method, "GET");
  EXPECT_EQ(LocateIt("get_model", "gemini-2.5-pro").path, "/models/gemini-2.5-pro");
}

TEST(GoogleDialect, Models) {
  CallFacts facts;
  facts.operation = operation::kListModels;
  const auto answer = TheHarness().DecodeOperation(
      R"({"models":[{"name":"models/gemini-2.5-pro","displayName":"Gemini 2.5 Pro","inputTokenLimit":9},
                    {"name":"tunedModels/mine"}],"nextPageToken":"t"})",
      facts);
  EXPECT_EQ(answer.hub, json::parse(R"({"object":"list","nextPageToken":"t","data":[
      {"id":"gemini-2.5-pro","object":"model","created":0,"owned_by":"google",
       "displayName":"Gemini 2.5 Pro","inputTokenLimit":9},
      {"id":"tunedModels/mine","object":"model","created":0,"owned_by":"google"}]})"));
  facts.operation = operation::kGetModel;
  EXPECT_EQ(TheHarness().DecodeOperation(R"({"name":"models/a"})", facts).hub["id"], "a");
}

Error Read(int status, std::string_view body, bool callers_key = false) {
  Target target;
  target.provider = &TheHarness().provider();
  target.key_from_caller = callers_key;
  return TheHarness().dialect().ReadError(status, {}, body, target);
}

TEST(GoogleDialect, ErrorsAreReadInAnyWrapping) {
  constexpr std::string_view kError =
      R"({"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}})";
  for (const std::string& body :
       {std::string(kError), "[" + std::string(kError) + "\n]", "\n" + std::string(kError) + "\n"}) {
    SCOPED_TRACE(body);
    const Error error = Read(404, body);
    EXPECT_EQ(error.http_status, 404);
    EXPECT_EQ(error.code, "NOT_FOUND");
    EXPECT_EQ(error.message, "models/x is not found");
    EXPECT_EQ(error.type, "not_found_error");
    EXPECT_EQ(error.error_class, ErrorClass::kCaller);
    EXPECT_FALSE(error.retryable);
  }
  EXPECT_EQ(Read(503, "<html><title>502 Bad Gateway</title></html>").code, "upstream_status_503");
}

TEST(GoogleDialect, WhenToComeAgainStandsInTheDetails) {
  const auto body = [](std::string_view delay) {
    return R"({"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.Help"},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
           std::string(delay) + "\"}]}}";
  };
  EXPECT_EQ(Read(429, body("48s")).retry_after, std::chrono::seconds(48));
  EXPECT_EQ(Read(429, body("0.5s")).retry_after, std::chrono::milliseconds(500));
  EXPECT_EQ(Read(429, body("-1s")).retry_after, std::nullopt);
  EXPECT_EQ(Read(429, body("soon")).retry_after, std::nullopt);
  EXPECT_TRUE(Read(429, body("48s")).retryable);
  Target target;
  target.provider = &TheHarness().provider();
  const HeaderView header{"retry-after", "3"};
  EXPECT_EQ(TheHarness().dialect().ReadError(429, {&header, 1}, body("48s"), target).retry_after,
            std::chrono::seconds(3));
}

TEST(GoogleDialect, ARefusedKeyIsTheFaultOfWhoGaveIt) {
  constexpr std::string_view kBody = R"({"error":{"code":400,"message":"API key not valid.",
      "status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",
      "reason":"API_KEY_INVALID","domain":"googleapis.com"}]}})";
  EXPECT_EQ(Read(400, kBody, true).error_class, ErrorClass::kCaller);
  EXPECT_EQ(Read(400, kBody, false).error_class, ErrorClass::kProvider);
}

TEST(GoogleDialect, KeysGoInAHeaderOfTheirOwn) {
  Target target;
  target.provider = &TheHarness().provider();
  target.api_key = Secret("k");
  std::vector<HeaderField> headers;
  EXPECT_TRUE(std::holds_alternative<Done>(TheHarness().provider().auth->Apply({}, target, &headers)));
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].name, "x-goog-api-key");
  EXPECT_EQ(headers[0].value, "k");
}

}  // namespace
}  // namespace portolan::providers::gemini
