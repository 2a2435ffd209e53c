// Names of models that would lead out of the path that they are a part of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/openai/openai.h"
#include "providers/registry.h"
#include "server/routing/route.h"

namespace portolan::providers {
namespace {

using ::testing::HasSubstr;

struct Called {
  std::string_view provider;
  std::string_view operation;
  std::string prefix = {};  // of the models that stand in a path
  std::string_view raw_path = {};
};

// Every dialect and host that has the model's name in a path.
const Called kInPaths[] = {
    {"google", operation::kChat},
    {"google", operation::kEmbedding},
    {"google", operation::kCountTokens},
    {"google", operation::kGetModel},
    {"google", operation::kChat, "tunedModels/"},
    {"palm", operation::kCompletion},
    {"vertex-ai", operation::kChat, "google/"},
    {"vertex-ai", operation::kChat, "claude-"},
    {"vertex-ai", operation::kChat, "anthropic/"},
    {"vertex-ai", operation::kChat, "endpoints/"},
    {"vertex-ai", operation::kEmbedding, "text-embedding-"},
    {"vertex-ai", operation::kEmbedding, "gemini-embedding-"},
    {"bedrock", operation::kChat},
    {"bedrock", operation::kChat, "arn:aws:bedrock:us-east-1:123456789012:inference-profile/"},
    {"bedrock", operation::kCountTokens},
    {"bedrock", operation::kEmbedding, "amazon.titan-embed-text-v2:0"},
    {"azure-openai", operation::kChat},
    {"azure-openai", operation::kCompletion},
    {"azure-openai", operation::kEmbedding},
    {"azure-openai", operation::kRelay, {}, "/images/generations"},
    {"huggingface", operation::kEmbedding},
    {"sagemaker", operation::kChat},
    {"watsonx", operation::kChat, "deployment/"},
    {"predibase", operation::kChat},
    {"openai", operation::kGetModel},
    {"anthropic", operation::kGetModel},
    {"cohere", operation::kGetModel},
};

class ModelInPath : public testing::Test {
 protected:
  std::optional<Error> Resolve(const Called& called, const std::string& model) {
    const std::vector<HeaderView> headers = {
        {"x-portolan-provider", called.provider},       {"authorization", "Bearer k:k"},
        {"x-portolan-vertex-project-id", "p"},          {"x-portolan-azure-resource-name", "acme"},
        {"x-portolan-azure-api-version", "2024-10-21"}, {"x-portolan-predibase-tenant", "acme"}};
    routing::RequestHeaders read;
    if (auto error = routing::ReadRequestHeaders(headers, &read)) return error;
    const routing::CallerKeys callers;
    routing::ProviderCredentials credentials;
    if (auto error = routing::Authenticate(callers, read, headers, {}, &credentials)) return error;
    routing::RoutePolicy policy;
    policy.registry = registry_.get();
    routing::Route route;
    return routing::ResolveTarget(policy,
                                  {.headers = read,
                                   .credentials = credentials,
                                   .all_headers = headers,
                                   .provider = {},
                                   .custom_host = {},
                                   .door = &OpenAiDialect(),
                                   .operation = called.operation,
                                   .model = model,
                                   .raw_path = called.raw_path},
                                  *plan_, *plan_->targets[0], &route);
  }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
  const std::shared_ptr<const routing::RoutePlan> plan_ = routing::NewOpenRoute();
};

TEST_F(ModelInPath, DoesNotClimbOutOfIt) {
  // As RFC 3986, section 5.2.4, removes them; encoded, also twice; with Windows' slash, which WHATWG's URLs
  // know as one.
  for (const char* const name :
       {"/../../evil", "/..", "/./evil", "/%2e%2e/evil", "/%2E./evil", "/.%2e%2fevil", "/%252e%252e/evil",
        "/..\\evil", "\\..\\evil", "%2f..%2fevil"}) {
    for (const Called& called : kInPaths) {
      const std::string model = called.prefix + "m" + name;
      const auto error = Resolve(called, model);
      ASSERT_TRUE(error) << called.provider << " " << called.operation << " " << model;
      EXPECT_EQ(error->http_status, 400) << model;
      EXPECT_EQ(error->code, "invalid_model") << called.provider << " " << model << " " << error->message;
      EXPECT_EQ(error->param, "model");
      EXPECT_THAT(error->message, HasSubstr(std::string(called.provider)));
    }
  }
}

TEST_F(ModelInPath, MayBeDotsNowhere) {
  for (const Called& called : kInPaths) {
    if (!called.prefix.empty() && !called.prefix.ends_with('/')) continue;
    for (const char* const name : {"..", ".", "../../evil", "%2e%2e/evil"}) {
      const auto error = Resolve(called, called.prefix + name);
      ASSERT_TRUE(error) << called.provider << " " << called.operation << " " << called.prefix << name;
      EXPECT_EQ(error->code, "invalid_model") << called.provider << " " << error->message;
    }
  }
}

TEST_F(ModelInPath, MayHaveDotsInItsName) {
  for (const Called& called : kInPaths) {
    for (const char* const name : {"m-2.5", "m..2", ".m", "m.", "...", "org/m.1"}) {
      const auto error = Resolve(called, called.prefix + name);
      EXPECT_TRUE(!error || error->code != "invalid_model") << called.provider << " " << name;
    }
  }
}

// Servers of one's own call models by the paths of their files.
TEST_F(ModelInPath, IsNotLookedAtWhereItStandsInTheBody) {
  for (const char* const provider : {"openai", "anthropic", "cohere", "llamacpp", "ollama"}) {
    const auto error = Resolve({provider, operation::kChat}, "../models/./m.gguf");
    EXPECT_FALSE(error) << provider << " " << error->message;
  }
}

// What else stands in a path is an option, which FillInPath holds to its UrlPart.
TEST_F(ModelInPath, HasOptionsBesideItThatAreChecked) {
  const auto check = [](const Provider& provider, std::string_view path) {
    for (size_t begin = path.find('{'); begin != std::string_view::npos; begin = path.find('{', begin + 1)) {
      const std::string_view name = path.substr(begin + 1, path.find('}', begin) - begin - 1);
      if (name == "model" || name == "model=**" || name == "path") continue;
      bool known = false;
      for (const ProviderOption& option : provider.options) {
        if (option.name != name) continue;
        known = true;
        EXPECT_TRUE(option.in_path) << provider.name << " " << name;
        for (const char* const value : {"..", ".", "a/../b", "a%2f..%2fb", "%2e%2e", "a/b"})
          EXPECT_FALSE(Fits(option.part, value)) << provider.name << " " << name << " " << value;
      }
      EXPECT_TRUE(known) << provider.name << " " << path;
    }
  };
  for (const auto& provider : registry_->all()) {
    const auto check_form = [&](const Form& form) {
      check(*provider, form.path);
      check(*provider, form.stream_path);
    };
    for (const Form& form : provider->dialect->forms()) check_form(form);
    for (const Form& form : provider->own_forms) check_form(form);
    for (const OtherWay& other : provider->other_ways) check_form(other.form);
    for (const OwnPath& own : provider->paths) check(*provider, own.path);
    for (const ModelFamily& family : provider->families) {
      for (const Form& form : family.forms) check_form(form);
    }
  }
}

}  // namespace
}  // namespace portolan::providers
