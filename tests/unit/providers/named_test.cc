#include "providers/named.h"

#include <gtest/gtest.h>

#include "providers/registry.h"

namespace portolan::providers {
namespace {

std::string HeaderOf(const HttpCall& call, std::string_view name) {
  for (const HeaderField& header : call.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

TEST(NamedProvider, SpeaksADialectUnderItsOwnName) {
  const auto registry = Registry::BuiltIn();
  for (const char* dialect_name : {"openai", "anthropic"}) {
    const Provider& dialect = *registry->Find(dialect_name);
    const auto provider = NewNamedProvider("lab", "http://lab/v1", dialect);
    EXPECT_EQ(provider->name(), "lab");
    EXPECT_EQ(provider->default_base_url(), "http://lab/v1");
    // The dialect's variables hold the key for the dialect's own host.
    EXPECT_TRUE(provider->key_variables().empty());
    EXPECT_EQ(provider->key_header(), dialect.key_header());
    EXPECT_EQ(provider->option_names().size(), dialect.option_names().size());
    for (int i = 0; i < kOperationCount; ++i) {
      const auto operation = static_cast<Operation>(i);
      EXPECT_EQ(provider->shape(operation).kind, dialect.shape(operation).kind);
      EXPECT_EQ(provider->shape(operation).translator, dialect.shape(operation).translator);
    }
  }
}

TEST(NamedProvider, LocatesAndClassifiesAsItsDialectDoes) {
  const auto registry = Registry::BuiltIn();
  const auto openai = NewNamedProvider("lab", "http://lab/v1", *registry->Find("openai"));
  const auto anthropic = NewNamedProvider("claude", "http://c", *registry->Find("anthropic"));
  Target target;
  target.api_key = Secret("k");
  HttpCall call;
  ASSERT_FALSE(openai->Locate({}, target, &call));
  EXPECT_EQ(call.path, "/chat/completions");
  EXPECT_EQ(HeaderOf(call, "authorization"), "Bearer k");
  HttpCall other;
  ASSERT_FALSE(anthropic->Locate({}, target, &other));
  EXPECT_TRUE(other.path.ends_with("/messages")) << other.path;
  EXPECT_EQ(HeaderOf(other, "x-api-key"), "k");
  EXPECT_EQ(
      anthropic
          ->Classify(529, {}, R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})", target)
          .message,
      "m");
}

}  // namespace
}  // namespace portolan::providers
