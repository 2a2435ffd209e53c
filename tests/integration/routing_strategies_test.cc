// Strategies over real sockets: every one in every other, at both doors, unary and streamed, in one dialect
// and across dialects.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Upstreams {
  FakeUpstream good{[](const SeenRequest& request) { return Answering(request, "yes"); }};
  FakeUpstream bad{[](const SeenRequest& request) { return Failing(request, 500); }};
  FakeUpstream never{[](const SeenRequest& request) { return Answering(request, "wrong"); }};
};

// A node whose way leads to `inner`, past a target that fails or must not be asked; and where `inner` stands.
struct Strategy {
  const char* name;
  std::string before;  // of `inner`; `{BAD}` and `{NEVER}` are targets
  std::string after;
  const char* child;
  bool asks_bad;
};

const std::vector<Strategy>& Strategies() {
  static const auto& all = *new std::vector<Strategy>{
      {"Single", R"({"strategy":{"mode":"single"},"targets":[)", ",{NEVER}]}", ".targets[0]", false},
      {"Fallback", R"({"strategy":{"mode":"fallback"},"targets":[{BAD},)", ",{NEVER}]}", ".targets[1]", true},
      {"LoadBalance", R"({"strategy":{"mode":"loadbalance"},"targets":[{NEVER_WEIGHS_0},)", "]}",
       ".targets[1]", false},
      {"Conditional",
       R"({"strategy":{"mode":"conditional","conditions":[{"query":{"metadata.plan":"free"},"then":"other"},)"
       R"({"query":{"metadata.plan":"paid"},"then":"this"}]},"targets":[{NEVER_OTHER},)"
       R"({"name":"this","strategy":{"mode":"single"},"targets":[)",
       "]}]}", ".targets[1].targets[0]", false},
  };
  return all;
}

void Replace(std::string* text, const std::string& what, const std::string& by) {
  for (size_t at; (at = text->find(what)) != std::string::npos;) text->replace(at, what.size(), by);
}

// Outer strategy, inner strategy, the provider that answers.
using Nesting = std::tuple<size_t, size_t, const char*>;

class RoutingNested : public ::testing::TestWithParam<Nesting> {};

TEST_P(RoutingNested, FindTheirTarget) {
  const auto& [outer, inner, provider] = GetParam();
  const Strategy& first = Strategies()[outer];
  const Strategy& second = Strategies()[inner];
  Upstreams upstreams;
  const GatewayFixture gateway;
  std::string config =
      first.before + second.before + TargetOf(upstreams.good, provider) + second.after + first.after;
  Replace(&config, "{BAD}", TargetOf(upstreams.bad));
  Replace(&config, "{NEVER}", TargetOf(upstreams.never));
  Replace(&config, "{NEVER_WEIGHS_0}", TargetOf(upstreams.never, "openai", R"(,"weight":"0")"));
  Replace(&config, "{NEVER_OTHER}", TargetOf(upstreams.never, "openai", R"(,"name":"other")"));

  const RouteCaller caller(gateway);
  size_t calls = 0;
  for (RouteCall call : AtBothDoors({.config = config})) {
    SCOPED_TRACE(Describe(call));
    call.headers = {{"x-portolan-metadata", R"({"plan":"paid"})"}};
    const RouteAnswer answer = caller.Call(call);
    ++calls;
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.rpc, grpc::OK);
    EXPECT_EQ(answer.text, "yes");
    EXPECT_FALSE(answer.broke);
    EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"),
              std::string("config") + first.child + second.child);
    EXPECT_EQ(answer.Header("x-portolan-provider"), provider);
    EXPECT_EQ(answer.Header("x-portolan-retry-attempt-count"), "0");
    EXPECT_EQ(upstreams.good.requests().size(), calls);
    EXPECT_EQ(upstreams.bad.requests().size(), calls * (first.asks_bad + second.asks_bad));
    EXPECT_THAT(upstreams.never.requests(), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(EachInEach, RoutingNested,
                         ::testing::Combine(::testing::Range<size_t>(0, 4), ::testing::Range<size_t>(0, 4),
                                            ::testing::Values("openai", "anthropic")),
                         [](const auto& test) {
                           return std::string(Strategies()[std::get<0>(test.param)].name) + "Of" +
                                  Strategies()[std::get<1>(test.param)].name +
                                  (std::get<2>(test.param) == std::string("openai") ? "" : "ToAnthropic");
                         });

class RoutingConditions : public ::testing::Test {
 protected:
  std::string Config(const std::string& query, const std::string& fallback = {}) const {
    return R"({"strategy":{"mode":"conditional","conditions":[{"query":)" + query + R"(,"then":"yes"}])" +
           fallback + R"(},"targets":[)" + TargetOf(no_, "openai", R"(,"name":"no")") + "," +
           TargetOf(yes_, "openai", R"(,"name":"yes","override_params":{"model":"other"})") + "]}";
  }

  FakeUpstream yes_{[](const SeenRequest& request) { return Answering(request, "yes"); }};
  FakeUpstream no_{[](const SeenRequest& request) { return Answering(request, "no"); }};
  GatewayFixture gateway_;
  RouteCaller caller_{gateway_};
};

TEST_F(RoutingConditions, LookAtMetadataBodyAndPathAtBothDoors) {
  struct Case {
    const char* query;
    const char* text;
  };
  const std::vector<Case> cases = {
      {R"({"metadata.user.plan":"paid"})", "yes"},
      {R"({"metadata.user.plan":{"$ne":"paid"}})", "no"},
      {R"({"params.max_tokens":{"$gte":9,"$lt":10}})", "yes"},
      {R"({"params.max_tokens":{"$gt":9}})", "no"},
      {R"({"params.messages.0.content":{"$regex":"^h"}})", "yes"},
      // The body as it came, not as an override makes it.
      {R"({"params.model":"other"})", "no"},
      {R"({"params.temperature":{"$exists":false}})", "yes"},
      {R"({"url.pathname":"/v1/chat/completions"})", "yes"},
      {R"({"$or":[{"url.pathname":"/v1/embeddings"},{"metadata.user.plan":{"$in":["free","trial"]}}]})",
       "no"},
  };
  for (const Case& test : cases) {
    for (RouteCall call : AtBothDoors({.config = Config(test.query, R"(,"default":"no")")})) {
      SCOPED_TRACE(Describe(call));
      call.headers = {{"x-portkey-metadata", R"({"user":{"plan":"paid"}})"}};
      EXPECT_EQ(caller_.Call(call).text, test.text);
    }
  }
}

TEST_F(RoutingConditions, WithoutAMatchRefuseTheCall) {
  for (const RouteCall& call : AtBothDoors({.config = Config(R"({"metadata.plan":"paid"})")})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.code, "no_target");
    EXPECT_EQ(answer.attempts, 0);
    EXPECT_EQ(answer.rpc, call.door == Door::kGrpc ? grpc::INVALID_ARGUMENT : grpc::OK);
  }
  EXPECT_THAT(yes_.requests(), IsEmpty());
  EXPECT_THAT(no_.requests(), IsEmpty());
}

TEST_F(RoutingConditions, WithoutAMatchEndAFallbackThatCameToThem) {
  const FakeUpstream bad([](const SeenRequest& request) { return Failing(request, 500); });
  const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" + TargetOf(bad) + "," +
                             Config(R"({"metadata.plan":"paid"})") + "," + TargetOf(yes_) + "]}";
  for (const RouteCall& call : AtBothDoors({.config = config})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.code, "no_target");
    EXPECT_EQ(answer.attempts, 1);
    EXPECT_THAT(answer.tried, ElementsAre("config.targets[0] openai 500 busy"));
  }
  EXPECT_THAT(yes_.requests(), IsEmpty());
}

TEST(RoutingLoadBalance, FollowsTheWeights) {
  const FakeUpstream one([](const SeenRequest& request) { return Answering(request, "one"); });
  const FakeUpstream three([](const SeenRequest& request) { return Answering(request, "three"); });
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const RouteCall call{.config = R"({"strategy":{"mode":"loadbalance"},"targets":[)" +
                                 TargetOf(one, "openai", R"(,"weight":0.25)") + "," +
                                 TargetOf(three, "openai", R"(,"weight":"0.75")") + "]}"};
  constexpr size_t kCalls = 400;
  for (size_t i = 0; i < kCalls; ++i) ASSERT_EQ(caller.Call(call).status, 200);
  // 100 are expected; six standard deviations off happen once in 500 million runs.
  EXPECT_NEAR(static_cast<double>(one.requests().size()), 100, 52);
  EXPECT_EQ(one.requests().size() + three.requests().size(), kCalls);
}

// The typed config beats the header, and neither goes upstream.
TEST(RoutingTypedConfig, IsTheSameAsTheHeader) {
  Upstreams upstreams;
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  v1::ChatCompletionRequest request = RpcRequest({});
  v1::RouteConfig& config = *request.mutable_portolan()->mutable_config();
  config.mutable_strategy()->set_mode(v1::STRATEGY_MODE_FALLBACK);
  for (const FakeUpstream* upstream : {&upstreams.bad, &upstreams.good}) {
    v1::RouteConfig& target = *config.add_targets();
    target.set_provider(upstream == &upstreams.bad ? "openai" : "anthropic");
    target.set_api_key("k");
    target.set_custom_host(upstream->url() + "/v1");
  }
  for (const bool stream : {false, true}) {
    grpc::ClientContext context;
    context.AddMetadata("x-portolan-config", TargetOf(upstreams.never));
    std::string text;
    if (stream) {
      const auto reader = caller.chat().StreamChatCompletion(&context, request);
      for (v1::ChatCompletionChunk chunk; reader->Read(&chunk);) {
        if (chunk.choices_size() > 0) text += chunk.choices(0).delta().content();
      }
      EXPECT_TRUE(reader->Finish().ok());
    } else {
      v1::ChatCompletion answer;
      ASSERT_TRUE(caller.chat().CreateChatCompletion(&context, request, &answer).ok());
      text = answer.choices(0).message().content().text();
    }
    EXPECT_EQ(text, "yes");
  }
  ASSERT_EQ(upstreams.good.requests().size(), 2u);
  EXPECT_EQ(upstreams.bad.requests().size(), 2u);
  EXPECT_THAT(upstreams.never.requests(), IsEmpty());
  EXPECT_THAT(upstreams.bad.requests()[0].body, ::testing::Not(HasSubstr("portolan")));
  // Likewise as a member of a REST body.
  const std::string member = R"(,"portolan":{"config":)" + TargetOf(upstreams.good) + "}}";
  std::string body = RestBody({});
  body.replace(body.size() - 1, 1, member);
  const TestAnswer answer =
      TestClient(caller.http_address())
          .Post("/v1/chat/completions", body, {{"x-portolan-config", TargetOf(upstreams.never)}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(upstreams.good.requests()[2].body, RestBody({}));
}

}  // namespace
}  // namespace portolan::test
