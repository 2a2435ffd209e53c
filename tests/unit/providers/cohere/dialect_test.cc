#include <gtest/gtest.h>

#include "providers/dialects/cohere/cohere.h"
#include "tests/unit/providers/cohere/harness.h"

namespace portolan::providers::cohere {
namespace {

using nlohmann::json;

class DialectTest : public testing::Test {
 protected:
  DialectTest() {
    target_.provider = &TheHarness().provider();
    target_.base_url = target_.provider->base_url;
  }

  std::string Called(std::string_view operation, std::string_view model = {}) const {
    CallFacts facts;
    facts.operation = operation;
    facts.model = model;
    const HttpCall call = Locate(TheHarness().form(operation), facts, target_);
    return std::string(call.method) + " " + target_.base_url + call.path;
  }

  Error Read(int status, std::string_view body) const {
    return CohereDialect().ReadError(status, {}, body, target_);
  }

  Target target_;
};

// From the paths that cohere-ai calls.
TEST_F(DialectTest, CallsCohere) {
  EXPECT_EQ(Called(operation::kChat), "POST https://api.cohere.com/v2/chat");
  EXPECT_EQ(Called(operation::kEmbedding), "POST https://api.cohere.com/v2/embed");
  EXPECT_EQ(Called(operation::kRerank), "POST https://api.cohere.com/v2/rerank");
  EXPECT_EQ(Called(operation::kListModels), "GET https://api.cohere.com/v1/models?page_size=1000");
  EXPECT_EQ(Called(operation::kGetModel, "command-a-03-2025"),
            "GET https://api.cohere.com/v1/models/command-a-03-2025");
}

TEST_F(DialectTest, HasARow) {
  const Provider& row = TheHarness().provider();
  EXPECT_EQ(row.auth, &BearerAuth());
  EXPECT_EQ(row.Find(operation::kEmbedding)->max_inputs, 96u);
  EXPECT_EQ(row.Find(operation::kCompletion), nullptr);
  EXPECT_EQ(row.Find(operation::kCountTokens), nullptr);
}

// The bodies are those of recordings.
TEST_F(DialectTest, ReadsErrors) {
  const Error plain = Read(404, R"({"id":"94ed","message":"model 'bad model' not found"})");
  EXPECT_EQ(plain.http_status, 404);
  EXPECT_EQ(plain.message, "model 'bad model' not found");
  EXPECT_EQ(plain.code, "upstream_status_404");
  EXPECT_EQ(plain.type, "not_found_error");
  EXPECT_EQ(plain.error_class, ErrorClass::kCaller);
  const Error typed =
      Read(400, R"({"error_type":"TOO_MANY_TOKENS","id":"c167","message":"too many tokens"})");
  EXPECT_EQ(typed.code, "TOO_MANY_TOKENS");
  EXPECT_EQ(typed.message, "too many tokens");
  EXPECT_EQ(typed.type, "invalid_request_error");
  EXPECT_FALSE(typed.retryable);
  const Error key = Read(401, R"({"id":"a0a5","message":"invalid api token"})");
  EXPECT_EQ(key.error_class, ErrorClass::kProvider);  // the gateway's key
  EXPECT_EQ(key.type, "authentication_error");
  EXPECT_TRUE(Read(429, R"({"message":"trial key"})").retryable);
}

TEST_F(DialectTest, ListsModels) {
  const auto answer = TheHarness().Decode(
      R"({"models":[{"name":"command-a-03-2025","endpoints":["chat"],"context_length":288000,"features":null}],
          "next_page_token":"n"})",
      {.operation = operation::kListModels});
  ASSERT_FALSE(answer.error);
  EXPECT_EQ(answer.hub,
            json::parse(R"({"object":"list","data":[{"id":"command-a-03-2025","object":"model","created":0,
      "owned_by":"cohere","endpoints":["chat"],"context_length":288000}],"next_page_token":"n"})"));
}

}  // namespace
}  // namespace portolan::providers::cohere
