#include "server/routing/who_serves.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "tests/unit/routing/compile.h"

namespace portolan::routing {
namespace {

const providers::Registry& Providers() {
  static const std::unique_ptr<providers::Registry> registry = providers::Registry::BuiltIn();
  return *registry;
}

struct Asked {
  std::string model;
  std::string header = {};                   // x-portolan-provider
  std::optional<std::string> field = {};     // portolan.provider
  std::string host = {};                     // x-portolan-custom-host
  std::optional<std::string> own_host = {};  // portolan.custom_host
  std::string config = {};                   // empty: none
  bool anthropics = false;                   // the caller speaks Anthropic's dialect
  std::string_view operation = providers::operation::kChat;
  std::string default_provider = {};
};

// `provider model`, and `prefix` if that was taken off.
std::string Told(const Asked& asked, std::string_view* why = nullptr) {
  RequestHeaders headers;
  headers.provider = asked.header;
  headers.custom_host = asked.host;
  const ProviderCredentials credentials;
  const RouteRequest request{
      .headers = headers,
      .credentials = credentials,
      .all_headers = {},
      .provider = asked.field,
      .custom_host = asked.own_host,
      .door = asked.anthropics ? &providers::AnthropicDialect() : &providers::OpenAiDialect(),
      .operation = asked.operation,
      .model = asked.model};
  RoutePolicy policy;
  policy.registry = &Providers();
  policy.default_provider = asked.default_provider;
  const std::shared_ptr<const RoutePlan> plan =
      asked.config.empty() ? NewOpenRoute() : Compiled(asked.config);
  const Served served = WhoServes(policy, request, plan->targets[0]->target);
  if (why != nullptr) *why = served.why;
  const std::string name =
      served.provider == nullptr ? "nobody:" + std::string(served.named) : served.provider->name;
  return name + " " + served.model + (served.prefix_taken ? " prefix" : "");
}

TEST(WhoServes, WhomTheConfigThenTheRequestThenTheModelNames) {
  const struct {
    Asked asked;
    const char* told;
  } cases[] = {
      {{.model = "m"}, "openai m"},
      {{.model = "m", .anthropics = true}, "anthropic m"},
      {{.model = "m", .default_provider = "google"}, "google m"},
      {{.model = "anthropic/claude"}, "anthropic claude prefix"},
      {{.model = "anthropic/a/b"}, "anthropic a/b prefix"},
      {{.model = "nobody-known/llama"}, "openai nobody-known/llama"},
      {{.model = "anthropic"}, "openai anthropic"},
      {{.model = "/m"}, "openai /m"},
      {{.model = "Anthropic/m"}, "openai Anthropic/m"},
      {{.model = "anthropic/claude", .header = "google"}, "google anthropic/claude"},
      {{.model = "m", .header = "anthropic"}, "anthropic m"},
      {{.model = "m", .header = "anthropic", .field = "google"}, "google m"},
      {{.model = "m", .field = "opnai"}, "nobody:opnai m"},
      {{.model = "google/m", .header = "anthropic", .config = R"({"provider":"openai"})"}, "openai google/m"},
      {{.model = "m", .config = R"({"override_params":{"model":"google/n"}})"}, "google n prefix"},
      {{.model = "m", .config = R"({"provider":"openai","override_params":{"model":"n"}})"}, "openai n"},
      {{.model = "", .operation = providers::operation::kListModels}, "echo "},
      {{.model = "", .header = "google", .operation = providers::operation::kListModels}, "google "},
  };
  for (const auto& c : cases) EXPECT_EQ(Told(c.asked), c.told);
}

// What stands at a host that somebody names calls its models as it likes.
TEST(WhoServes, APrefixAtANamedHostCountsIfItChangesWhatIsSpoken) {
  const struct {
    Asked asked;
    const char* told;
  } cases[] = {
      {{.model = "openai/gpt-oss", .host = "http://h"}, "openai openai/gpt-oss"},
      {{.model = "mistral-ai/m", .host = "http://h"}, "openai mistral-ai/m"},
      {{.model = "anthropic/claude", .host = "http://h"}, "anthropic claude prefix"},
      {{.model = "anthropic/claude", .host = "http://h", .anthropics = true}, "anthropic anthropic/claude"},
      {{.model = "openai/gpt", .host = "http://h", .anthropics = true}, "openai gpt prefix"},
      {{.model = "echo/echo", .host = "http://h"}, "echo echo prefix"},
      {{.model = "m", .host = "http://h", .default_provider = "google"}, "openai m"},
      {{.model = "openai/gpt", .config = R"({"custom_host":"http://h"})"}, "openai openai/gpt"},
      {{.model = "openai/gpt", .own_host = "http://h"}, "openai openai/gpt"},
      // The request's own field beats the header, also where it is empty.
      {{.model = "openai/gpt", .host = "http://h", .own_host = ""}, "openai gpt prefix"},
  };
  for (const auto& c : cases) EXPECT_EQ(Told(c.asked), c.told) << c.asked.model;
}

TEST(WhoServes, SaysWhy) {
  const auto why = [](const Asked& asked) {
    std::string_view said;
    Told(asked, &said);
    return std::string(said);
  };
  EXPECT_EQ(why({.model = "m", .config = R"({"provider":"openai"})"}), "the config names it");
  EXPECT_EQ(why({.model = "m", .field = "openai"}), "portolan.provider names it");
  EXPECT_EQ(why({.model = "m", .header = "openai"}), "x-portolan-provider names it");
  EXPECT_EQ(why({.model = "openai/m"}), "the model's prefix names it");
  EXPECT_EQ(why({.model = "m", .host = "http://h"}), "nothing else tells what the custom host speaks");
  EXPECT_EQ(why({.model = "m"}), "it serves what names nobody");
}

// For which targets of a config the request's credentials can be meant: `0 2`. `keys`: providers for which
// the gateway has one.
std::string Own(const std::string& targets, const std::set<std::string>& keys, bool direct_keys = false,
                bool host_from_header = false) {
  const Secret key("k");
  RoutePolicy policy;
  policy.registry = &Providers();
  policy.direct_keys = direct_keys;
  policy.gateway_key = [&](std::string_view name) {
    return keys.contains(std::string(name)) ? &key : nullptr;
  };
  const RequestHeaders headers;
  const ProviderCredentials credentials;
  const RouteRequest request{.headers = headers,
                             .credentials = credentials,
                             .all_headers = {},
                             .provider = {},
                             .custom_host = {},
                             .door = &providers::OpenAiDialect(),
                             .model = "m"};
  const auto plan = Compiled(R"({"strategy":{"mode":"fallback"},"targets":[)" + targets + "]}");
  std::string own;
  for (size_t i = 0; i < plan->targets.size(); ++i) {
    const RouteNode& node = *plan->targets[i];
    const providers::Provider* const provider = WhoServes(policy, request, node.target).provider;
    if (!IsRequestsOwn(policy, request, *plan, node, provider, host_from_header)) continue;
    own += (own.empty() ? "" : " ") + std::to_string(i);
  }
  return own;
}

TEST(IsRequestsOwn, WhereAllThatLackAKeyAreOneProviderAtOneHost) {
  const std::string openai = R"({"provider":"openai"})";
  const std::string keyed = R"({"provider":"openai","api_key":"k"})";
  const std::string anthropic = R"({"provider":"anthropic"})";
  const std::string echo = R"({"provider":"echo"})";
  const std::string host_a = R"({"provider":"openai","custom_host":"http://a"})";
  const std::string host_b = R"({"provider":"openai","custom_host":"http://b"})";
  EXPECT_EQ(Own(openai, {"openai"}), "0") << "one target is meant whatever it has";
  EXPECT_EQ(Own(openai + "," + openai, {}), "0 1");
  EXPECT_EQ(Own(openai + "," + anthropic, {}), "") << "it could be meant for either";
  EXPECT_EQ(Own(openai + "," + anthropic, {"anthropic"}), "0");
  EXPECT_EQ(Own(openai + "," + anthropic, {"openai", "anthropic"}), "");
  EXPECT_EQ(Own(openai + "," + anthropic, {"anthropic"}, /*direct_keys=*/true), "");
  EXPECT_EQ(Own(keyed + "," + anthropic, {}), "1");
  EXPECT_EQ(Own(openai + "," + echo, {}), "0") << "nobody is called there";
  EXPECT_EQ(Own(host_a + "," + host_a, {"openai"}), "0 1") << "the gateway's key does not go there";
  EXPECT_EQ(Own(host_a + "," + host_b, {}), "");
  EXPECT_EQ(Own(host_a + "," + openai, {}), "");
  EXPECT_EQ(Own(host_a + "," + host_b, {}, false, /*host_from_header=*/true), "0 1") << "all go to that host";
}

}  // namespace
}  // namespace portolan::routing
