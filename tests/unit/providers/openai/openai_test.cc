#include "providers/dialects/openai/openai.h"

#include <gtest/gtest.h>

#include <memory>

#include "providers/registry.h"

namespace portolan::providers {
namespace {

class OpenAiTest : public testing::Test {
 protected:
  OpenAiTest() { target_.provider = &provider_; }

  Error Classified(int status, std::string_view body) const {
    return provider_.dialect->ReadError(status, {}, body, target_);
  }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
  const Provider& provider_ = *registry_->Find("openai");
  Target target_;
};

// The paths and methods of the OpenAI API reference.
TEST_F(OpenAiTest, KnowsEveryPath) {
  struct Case {
    std::string_view operation;
    std::string_view method;
    std::string_view path;
  };
  const Case cases[] = {{operation::kChat, "POST", "/chat/completions"},
                        {operation::kCompletion, "POST", "/completions"},
                        {operation::kEmbedding, "POST", "/embeddings"},
                        {operation::kListModels, "GET", "/models"},
                        {operation::kGetModel, "GET", "/models/ft:gpt-4o:org"}};
  for (const Case& test : cases) {
    CallFacts facts;
    facts.operation = test.operation;
    facts.model = "ft:gpt-4o:org";
    const Form* const form = provider_.Find(test.operation);
    ASSERT_NE(form, nullptr);
    const HttpCall call = Locate(*form, facts, target_);
    EXPECT_EQ(call.method, test.method);
    EXPECT_EQ(call.path, test.path);
    EXPECT_TRUE(call.headers.empty());
    // Callers of the hub are relayed to it.
    const Way way = WayOf(OpenAiDialect(), test.operation, provider_);
    EXPECT_EQ(way.kind, Way::Kind::kRelay);
    EXPECT_EQ(way.form, form);
  }
}

TEST_F(OpenAiTest, PassesTheQueryOfGetsOn) {
  const struct {
    std::string_view operation;
    std::string_view path;
  } cases[] = {{operation::kListModels, "/models?limit=5&after=a%2Fb"},
               {operation::kGetModel, "/models/org/m?limit=5&after=a%2Fb"},
               {operation::kChat, "/chat/completions"},
               {operation::kEmbedding, "/embeddings"}};
  for (const auto& test : cases) {
    CallFacts facts;
    facts.operation = test.operation;
    facts.model = "org/m";
    facts.query = "limit=5&after=a%2Fb";
    EXPECT_EQ(Locate(*provider_.Find(test.operation), facts, target_).path, test.path);
  }
}

TEST_F(OpenAiTest, SendsTheKeyAndTheOptions) {
  target_.api_key = Secret("sk-1");
  target_.options = {
      {"openai_organization", "org"}, {"openai_project", "proj"}, {"openai_beta", "assistants=v2"}};
  HttpCall call = Locate(*provider_.Find(operation::kChat), {}, target_);
  ASSERT_TRUE(std::holds_alternative<Done>(provider_.auth->Apply({}, target_, &call.headers)));
  ASSERT_EQ(call.headers.size(), 4u);
  EXPECT_EQ(call.headers[0].name, "openai-organization");
  EXPECT_EQ(call.headers[0].value, "org");
  EXPECT_EQ(call.headers[1].name, "openai-project");
  EXPECT_EQ(call.headers[2].name, "openai-beta");
  EXPECT_EQ(call.headers[3].name, "authorization");
  EXPECT_EQ(call.headers[3].value, "Bearer sk-1");
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
    const Error error =
        Classified(test.status, R"({"error":{"message":"m","type":"t","code":"c","param":"p"}})");
    EXPECT_EQ(error.http_status, test.status);
    EXPECT_EQ(error.error_class, test.error_class) << test.status;
    EXPECT_EQ(error.retryable, test.retryable) << test.status;
    EXPECT_EQ(error.message, "m");
    EXPECT_EQ(error.code, "c");
  }
  const Error html = Classified(502, "<html>Bad Gateway</html>");
  EXPECT_EQ(html.code, "upstream_status_502");
  EXPECT_EQ(html.message, "Bad Gateway");
  const Error silent = Classified(502, "");
  EXPECT_EQ(silent.code, "upstream_status_502");
  EXPECT_EQ(silent.message, "openai answered with status 502");
}

}  // namespace
}  // namespace portolan::providers
