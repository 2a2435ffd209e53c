#include "providers/dialects/openai/openai.h"

#include <gtest/gtest.h>

#include <memory>

namespace portolan::providers {
namespace {

class OpenAiTest : public testing::Test {
 protected:
  OpenAiTest() { target_.provider = provider_.get(); }

  const std::unique_ptr<Provider> provider_ = NewOpenAiProvider(std::move(OpenAiTable().front()));
  Target target_;
};

// The paths and methods of the OpenAI API reference.
TEST_F(OpenAiTest, KnowsEveryPath) {
  struct Case {
    Operation operation;
    std::string_view method;
    std::string_view path;
  };
  const Case cases[] = {{Operation::kChat, "POST", "/chat/completions"},
                        {Operation::kCompletion, "POST", "/completions"},
                        {Operation::kEmbedding, "POST", "/embeddings"},
                        {Operation::kListModels, "GET", "/models"},
                        {Operation::kGetModel, "GET", "/models/ft:gpt-4o:org"}};
  for (const Case& test : cases) {
    CallFacts facts;
    facts.operation = test.operation;
    facts.model = "ft:gpt-4o:org";
    HttpCall call;
    ASSERT_FALSE(provider_->Locate(facts, target_, &call));
    EXPECT_EQ(call.method, test.method);
    EXPECT_EQ(call.path, test.path);
    EXPECT_TRUE(call.headers.empty());
    EXPECT_EQ(provider_->shape(test.operation).kind, Shape::Kind::kHub);
  }
}

TEST_F(OpenAiTest, PassesTheQueryOfGetsOn) {
  const struct {
    Operation operation;
    std::string_view path;
  } cases[] = {{Operation::kListModels, "/models?limit=5&after=a%2Fb"},
               {Operation::kGetModel, "/models/org/m?limit=5&after=a%2Fb"},
               {Operation::kChat, "/chat/completions"},
               {Operation::kEmbedding, "/embeddings"}};
  for (const auto& test : cases) {
    CallFacts facts;
    facts.operation = test.operation;
    facts.model = "org/m";
    facts.query = "limit=5&after=a%2Fb";
    HttpCall call;
    ASSERT_FALSE(provider_->Locate(facts, target_, &call));
    EXPECT_EQ(call.path, test.path);
  }
}

TEST_F(OpenAiTest, SendsTheKeyAndTheOptions) {
  target_.api_key = Secret("sk-1");
  target_.options = {
      {"openai_organization", "org"}, {"openai_project", "proj"}, {"openai_beta", "assistants=v2"}};
  HttpCall call;
  ASSERT_FALSE(provider_->Locate({}, target_, &call));
  ASSERT_EQ(call.headers.size(), 4u);
  EXPECT_EQ(call.headers[0].name, "authorization");
  EXPECT_EQ(call.headers[0].value, "Bearer sk-1");
  EXPECT_EQ(call.headers[1].name, "openai-organization");
  EXPECT_EQ(call.headers[2].name, "openai-project");
  EXPECT_EQ(call.headers[3].name, "openai-beta");
}

TEST_F(OpenAiTest, SaysWhoseFaultAnErrorIs) {
  struct Case {
    int status;
    bool key_from_caller;
    ErrorClass error_class;
    bool retryable;
  };
  const Case cases[] = {
      {400, true, ErrorClass::kCaller, false},    {401, true, ErrorClass::kCaller, false},
      {401, false, ErrorClass::kProvider, false}, {403, false, ErrorClass::kProvider, false},
      {404, false, ErrorClass::kCaller, false},   {429, true, ErrorClass::kProvider, true},
      {500, true, ErrorClass::kProvider, true},   {503, true, ErrorClass::kProvider, true},
      {529, true, ErrorClass::kProvider, true},
  };
  for (const Case& test : cases) {
    target_.key_from_caller = test.key_from_caller;
    const Error error = provider_->Classify(
        test.status, {}, R"({"error":{"message":"m","type":"t","code":"c","param":"p"}})", target_);
    EXPECT_EQ(error.http_status, test.status);
    EXPECT_EQ(error.error_class, test.error_class) << test.status;
    EXPECT_EQ(error.retryable, test.retryable) << test.status;
    EXPECT_EQ(error.message, "m");
    EXPECT_EQ(error.code, "c");
  }
  const Error html = provider_->Classify(502, {}, "<html>Bad Gateway</html>", target_);
  EXPECT_EQ(html.code, "upstream_status_502");
  EXPECT_EQ(html.message, "Bad Gateway");
  const Error silent = provider_->Classify(502, {}, "", target_);
  EXPECT_EQ(silent.code, "upstream_status_502");
  EXPECT_EQ(silent.message, "openai answered with status 502");
}

}  // namespace
}  // namespace portolan::providers
