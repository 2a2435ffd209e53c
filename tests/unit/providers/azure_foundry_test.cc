// Where calls of Microsoft Foundry go.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/azure_testing.h"

namespace portolan::providers {
namespace {

using testing::HasSubstr;

TEST_F(AzureTest, FoundryHasThreeApis) {
  const HeaderView dated = {"x-portkey-azure-api-version", "2024-05-01-preview"};
  struct {
    std::string_view operation;
    const char* model;
    Options options;
    std::string url;
    const char* key = "api-key: k;";
  } const cases[] = {
      {operation::kChat, "grok-4", {}, "POST /openai/v1/chat/completions"},
      {operation::kEmbedding, "embed-v4", {}, "POST /openai/v1/embeddings"},
      {operation::kListModels, "", {}, "GET /openai/v1/models"},
      {operation::kChat,
       "grok-4",
       {{"x-portkey-azure-api-version", "preview"}},
       "POST /openai/v1/chat/completions?api-version=preview"},
      {operation::kChat, "grok-4", {dated}, "POST /models/chat/completions?api-version=2024-05-01-preview"},
      {operation::kEmbedding, "e", {dated}, "POST /models/embeddings?api-version=2024-05-01-preview"},
      {operation::kRerank, "Cohere-rerank-v4.0-pro", {}, "POST /providers/cohere/v2/rerank"},
      {operation::kRerank, "my-reranker", {dated}, "POST /providers/cohere/v2/rerank"},
      {operation::kChat, "claude-opus-4-1", {}, "POST /anthropic/v1/messages", "x-api-key: k;"},
      {operation::kChat, "anthropic/claude-opus-4-1", {}, "POST /anthropic/v1/messages", "x-api-key: k;"},
      {operation::kCountTokens,
       "claude-opus-4-1",
       {dated},
       "POST /anthropic/v1/messages/count_tokens",
       "x-api-key: k;"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.url);
    const auto error = Resolve({.operation = test.operation,
                                .model = test.model,
                                .options = test.options,
                                .provider = "azure-ai",
                                .door = test.operation == operation::kCountTokens
                                            ? &AnthropicDialect()
                                            : static_cast<const Dialect*>(&OpenAiDialect())});
    ASSERT_FALSE(error) << error->message;
    std::string expected = test.url;
    expected.insert(expected.find(' ') + 1, kFoundry);
    EXPECT_EQ(Url(), expected);
    EXPECT_EQ(Credentials(), test.key);
  }
}

TEST_F(AzureTest, FoundrysOtherCallsArePassedOn) {
  const HeaderView dated = {"x-portkey-azure-api-version", "2024-05-01-preview"};
  struct {
    const char* model;
    Options options;
    const char* path;
    std::string url;
  } const cases[] = {
      {"gpt-5", {}, "/responses", "/openai/v1/responses"},
      {"", {}, "/files", "/openai/v1/files"},
      {"", {}, "/messages/batches", "/anthropic/v1/messages/batches"},
      {"claude-opus-4-1", {}, "/messages/batches", "/anthropic/v1/messages/batches"},
      {"", {dated}, "/info", "/models/info?api-version=2024-05-01-preview"},
      {"", {dated}, "/files", "/openai/files?api-version=2024-05-01-preview"},
  };
  for (const auto& test : cases) {
    ASSERT_FALSE(Resolve({.operation = operation::kRelay,
                          .model = test.model,
                          .options = test.options,
                          .provider = "azure-ai",
                          .raw_path = test.path}));
    EXPECT_EQ(Url(), "POST " + std::string(kFoundry) + test.url);
  }
}

TEST_F(AzureTest, ClaudeIsToldItsVersionAndOthersAreNot) {
  const auto headers = [&](const std::string& model, const Options& options) {
    EXPECT_FALSE(Resolve({.model = model, .options = options, .provider = "azure-ai"}));
    std::string text;
    for (const HeaderField& header : Locate(*route_.way.form, {}, route_.target).headers) {
      text += std::string(header.name) + ": " + header.value + ";";
    }
    return text;
  };
  EXPECT_EQ(headers("claude-opus-4-1", {}), "anthropic-version: 2023-06-01;");
  EXPECT_EQ(headers("claude-opus-4-1", {{"anthropic-version", "2026-10-21"}, {"anthropic-beta", "b"}}),
            "anthropic-version: 2026-10-21;anthropic-beta: b;");
  EXPECT_EQ(headers("grok-4", {{"anthropic-beta", "b"}}), "");
  EXPECT_EQ(headers("grok-4", {{"x-portkey-azure-extra-params", "pass-through"}}),
            "extra-parameters: pass-through;");
}

TEST_F(AzureTest, TheAddressOfFoundryMayBeGivenWhole) {
  for (const char* url :
       {"https://other.services.ai.azure.com", "https://other.services.ai.azure.com/models",
        "https://other.services.ai.azure.com/openai/v1/", "https://other.services.ai.azure.com/anthropic"}) {
    ASSERT_FALSE(Resolve(
        {.options = {{"x-portkey-azure-foundry-url", url}}, .provider = "azure-ai", .resource = false}));
    EXPECT_EQ(Url(), "POST https://other.services.ai.azure.com/openai/v1/chat/completions");
  }
  for (const char* url :
       {"https://evil.example", "http://other.services.ai.azure.com", "other",
        "https://evil.example/.services.ai.azure.com", "https://evil.example#.services.ai.azure.com",
        "https://k@other.services.ai.azure.com", "https://other.services.ai.azure.com/elsewhere"}) {
    const auto error = Resolve({.options = {{"x-portkey-azure-foundry-url", url}}, .provider = "azure-ai"});
    ASSERT_TRUE(error) << url;
    EXPECT_EQ(error->code, "invalid_option");
    EXPECT_EQ(error->param, "azure_foundry_url");
  }
}

}  // namespace
}  // namespace portolan::providers
