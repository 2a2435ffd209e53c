#include "server/core/route_decision.h"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace portolan::core {

static std::ostream& operator<<(std::ostream& out, PlanSource source) {
  constexpr const char* kNames[] = {"typed config", "config of the header", "named route", "open route"};
  return out << kNames[static_cast<size_t>(source)];
}

namespace {

// Routes `main` and `lab`; the models `fast` and `openai/gpt-5` are aliases of `lab`.
class RouteDecisionTest : public ::testing::Test {
 protected:
  RouteDecisionTest() {
    for (routing::NamedRoutes* routes : {&without_default_, &with_default_}) {
      routes->Add("main", std::make_shared<routing::RoutePlan>());
      routes->Add("lab", std::make_shared<routing::RoutePlan>());
      routes->AddAlias("fast", "lab");
      routes->AddAlias("openai/gpt-5", "lab");
    }
    with_default_.SetDefault("main");
  }

  const std::unique_ptr<const providers::Registry> registry_ = providers::Registry::BuiltIn();
  routing::NamedRoutes without_default_;
  routing::NamedRoutes with_default_;
};

TEST_F(RouteDecisionTest, TakesTheFirstThatSpeaks) {
  constexpr auto kTyped = PlanSource::kTypedConfig;
  constexpr auto kHeader = PlanSource::kHeaderConfig;
  constexpr auto kNamed = PlanSource::kNamedRoute;
  constexpr auto kOpen = PlanSource::kOpenRoute;
  struct Case {
    const char* desc;
    RouteWish wish;
    PlanSource source;
    std::string_view route;  // its name
    // Where the operator has set no default route.
    PlanSource source_without;
    std::string_view route_without;
    bool asks_gateway;
  };
  const std::string_view json = R"({"provider":"echo"})";
  const std::string long_name(128, 'r');
  const std::string too_long(129, 'r');
  const Case cases[] = {
      {"nothing", {}, kNamed, "main", kOpen, "", false},
      {"a model", {.model = "gpt-5"}, kNamed, "main", kOpen, "", false},
      {"an alias", {.model = "fast"}, kNamed, "lab", kNamed, "lab", false},
      {"an alias is known as it is written", {.model = "Fast"}, kNamed, "main", kOpen, "", false},
      {"a provider's prefix", {.model = "anthropic/claude"}, kOpen, "", kOpen, "", false},
      {"an alias beats a prefix", {.model = "openai/gpt-5"}, kNamed, "lab", kNamed, "lab", false},
      {"a prefix of nobody's", {.model = "meta-llama/llama"}, kNamed, "main", kOpen, "", false},
      {"a slash first", {.model = "/x"}, kNamed, "main", kOpen, "", false},
      {"a provider", {.names_provider = true, .model = "fast"}, kOpen, "", kOpen, "", false},
      {"a host", {.names_host = true, .model = "fast"}, kOpen, "", kOpen, "", false},

      {"a route", {.header_config = "lab"}, kNamed, "lab", kNamed, "lab", false},
      {"a route, and an alias",
       {.header_config = "main", .model = "fast"},
       kNamed,
       "main",
       kNamed,
       "main",
       false},
      {"a route, and a provider",
       {.header_config = "lab", .names_provider = true},
       kNamed,
       "lab",
       kNamed,
       "lab",
       false},
      {"no route of that name", {.header_config = "nowhere"}, kNamed, "", kNamed, "", false},
      {"routes are known as they are written", {.header_config = "Lab"}, kNamed, "", kNamed, "", false},
      {"the longest name", {.header_config = long_name}, kNamed, "", kNamed, "", false},
      {"longer than any name", {.header_config = too_long}, kHeader, "", kHeader, "", false},
      {"a config", {.header_config = json, .model = "fast"}, kHeader, "", kHeader, "", false},
      {"what is neither", {.header_config = "a b"}, kHeader, "", kHeader, "", false},
      {"no name: not ASCII", {.header_config = "caf\u00e9"}, kHeader, "", kHeader, "", false},
      {"a typed config",
       {.typed_config = true, .header_config = "lab", .names_provider = true, .model = "fast"},
       kTyped,
       "",
       kTyped,
       "",
       false},

      {"a list", {.operation = providers::operation::kListModels}, kOpen, "", kOpen, "", true},
      {"a provider's list",
       {.operation = providers::operation::kListModels, .names_provider = true},
       kOpen,
       "",
       kOpen,
       "",
       false},
      {"a route's list",
       {.operation = providers::operation::kListModels, .header_config = "lab"},
       kNamed,
       "lab",
       kNamed,
       "lab",
       false},
      {"an alias, looked up",
       {.operation = providers::operation::kGetModel, .model = "fast"},
       kNamed,
       "lab",
       kNamed,
       "lab",
       true},
      {"a model, looked up",
       {.operation = providers::operation::kGetModel, .model = "gpt-5"},
       kNamed,
       "main",
       kOpen,
       "",
       false},
  };
  for (const Case& c : cases) {
    const RouteDecision with = DecideRoute(c.wish, with_default_, *registry_);
    EXPECT_EQ(with.source, c.source) << c.desc;
    EXPECT_EQ(with.route.name, c.route) << c.desc;
    EXPECT_EQ(with.asks_gateway, c.asks_gateway) << c.desc;
    EXPECT_EQ(with.reason.empty(), with.source != kNamed) << c.desc;
    const RouteDecision without = DecideRoute(c.wish, without_default_, *registry_);
    EXPECT_EQ(without.source, c.source_without) << c.desc << ", without a default";
    EXPECT_EQ(without.route.name, c.route_without) << c.desc << ", without a default";
    EXPECT_EQ(without.asks_gateway, c.asks_gateway) << c.desc << ", without a default";
  }
}

TEST_F(RouteDecisionTest, RefusesNamesOfNoRouteAndHostsBesideARoute) {
  struct Case {
    RouteWish wish;
    std::string_view code;  // "": it is good
  };
  const Case cases[] = {
      {{}, ""},
      {{.header_config = "lab"}, ""},
      {{.header_config = "nowhere"}, "invalid_config"},
      {{.header_config = "sk-somebodys-key"}, "invalid_config"},
      {{.header_config = "lab", .names_host = true}, "invalid_custom_host"},
      {{.header_config = "lab", .names_provider = true}, ""},
      {{.header_config = R"({"provider":"echo"})", .names_host = true}, ""},
      {{.typed_config = true, .names_host = true}, ""},
      {{.names_host = true}, ""},
  };
  for (const Case& c : cases) {
    const auto error = CheckNamed(c.wish, DecideRoute(c.wish, with_default_, *registry_));
    EXPECT_EQ(error ? error->code : "", c.code) << c.wish.header_config;
    if (!error) continue;
    EXPECT_EQ(error->http_status, 400);
    EXPECT_EQ(error->message.find("sk-"), std::string::npos) << "it may be a key that somebody put there";
  }
}

TEST(CheckCaller, KeepsToTheCallersRoutesAndModels) {
  const routing::Caller anything{.name = "", .sha256 = "", .routes = {}, .models = {}, .hooks = nullptr};
  const routing::Caller limited{.name = "",
                                .sha256 = "",
                                .routes = std::vector<std::string>{"lab"},
                                .models = std::vector<std::string>{"gpt-*", "fast"},
                                .hooks = nullptr};
  struct Case {
    const routing::Caller& caller;
    RouteWish wish;
    std::string_view route;
    bool from_operator;
    std::string_view code;
  };
  const Case cases[] = {
      {anything, {.model = "o9"}, "", false, ""},
      {anything, {.model = "o9"}, "lab", true, ""},
      {limited, {.model = "fast"}, "lab", true, ""},
      {limited, {.model = "gpt-5"}, "lab", true, ""},
      {limited, {.model = "o9"}, "lab", true, "model_not_allowed"},
      {limited, {}, "lab", true, ""},
      {limited, {.model = "fast"}, "main", true, "route_not_allowed"},
      {limited, {.model = "fast"}, "", false, "route_not_allowed"},
      {limited,
       {.operation = providers::operation::kGetModel, .model = "fast"},
       "",
       false,
       "route_not_allowed"},
      // Lists are for everybody.
      {limited, {.operation = providers::operation::kListModels}, "", false, ""},
  };
  for (const Case& c : cases) {
    const auto error = CheckCaller(c.caller, c.wish, c.route, c.from_operator);
    EXPECT_EQ(error ? error->code : "", c.code) << c.wish.model << " on " << c.route;
    if (!error) continue;
    EXPECT_EQ(error->http_status, 403);
    EXPECT_EQ(error->error_class, ErrorClass::kPolicy);
  }
}

TEST(CheckModel, TakesAModelWithAndWithoutItsProvider) {
  const routing::Caller caller{.name = "",
                               .sha256 = "",
                               .routes = {},
                               .models = std::vector<std::string>{"gpt-5", "anthropic/*"},
                               .hooks = nullptr};
  struct Case {
    std::string_view provider;
    std::string_view model;
    bool allowed;
  };
  const Case cases[] = {
      {"openai", "gpt-5", true},       {"groq", "gpt-5", true},
      {"anthropic", "claude", true},   {"openai", "claude", false},
      {"openai", "gpt-5-mini", false}, {"openai", "anthropic/claude", true},  // the server's own name for it
  };
  for (const Case& c : cases) {
    const auto error = CheckModel(caller, c.provider, c.model);
    EXPECT_EQ(!error, c.allowed) << c.provider << " " << c.model;
    if (!error) continue;
    EXPECT_EQ(error->http_status, 403);
    EXPECT_EQ(error->code, "model_not_allowed");
    EXPECT_EQ(error->param, "model");
  }
}

}  // namespace
}  // namespace portolan::core
