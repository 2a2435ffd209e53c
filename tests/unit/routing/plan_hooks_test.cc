// Which guardrails the targets of a config come to. The order and what an inner list does to an outer one are
// Portkey's (tryTargetsRecursively in its gateway), but that guardrails and mutators are inherited each by
// themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portolan/v1/route_config.pb.h"
#include "providers/registry.h"
#include "server/guardrails/guardrail_list.h"
#include "server/routing/plan_cache.h"
#include "tests/unit/routing/compile.h"

namespace portolan::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

guardrails::NamedGuardrails Named() {
  guardrails::NamedGuardrails named;
  guardrails::Problem problem;
  for (const char* name : {"no_secrets", "polite"}) {
    named[name] =
        guardrails::ReadNamedGuardrail(name, nlohmann::json::parse(R"({"notNull":{}})"), "", &problem);
  }
  return named;
}

std::vector<std::string> Ids(const guardrails::GuardrailList& list) {
  std::vector<std::string> ids;
  for (const auto& guardrail : list) ids.push_back(guardrail->name.empty() ? guardrail->id : guardrail->name);
  return ids;
}

std::shared_ptr<const RoutePlan> Plan(const std::string& json) {
  std::shared_ptr<const RoutePlan> plan = NewOpenRoute();
  const auto error = Compile(json, Named(), &plan);
  EXPECT_FALSE(error) << json << ": " << error->message;
  return plan;
}

std::vector<std::string> Input(const RoutePlan& plan, size_t target) {
  const auto& hooks = plan.targets.at(target)->target.hooks;
  return hooks == nullptr ? std::vector<std::string>() : Ids(hooks->input);
}

std::vector<std::string> Output(const RoutePlan& plan, size_t target) {
  const auto& hooks = plan.targets.at(target)->target.hooks;
  return hooks == nullptr ? std::vector<std::string>() : Ids(hooks->output);
}

// A guardrail with this id.
std::string G(const std::string& id) { return R"({"id":")" + id + R"(","default.notNull":{}})"; }

std::string Long(const std::string& id, const std::string& more = "") {
  return R"({"id":")" + id + R"(","checks":[{"id":"default.notNull"}])" + more + "}";
}

std::string Fallback(const std::string& root, const std::vector<std::string>& targets) {
  std::string json = R"({"strategy":{"mode":"fallback"},)" + root + R"("targets":[)";
  for (const std::string& target : targets) {
    if (!json.ends_with('[')) json += ',';
    json += R"({"provider":"echo")" + target + "}";
  }
  return json + "]}";
}

TEST(PlanHooks, ATargetWithoutAnyHasNone) {
  EXPECT_EQ(Plan(R"({"provider":"echo"})")->targets[0]->target.hooks, nullptr);
  const auto plan = Plan(R"({"provider":"echo","input_guardrails":null,"output_guardrails":[]})");
  EXPECT_EQ(plan->targets[0]->target.hooks, nullptr);
  EXPECT_THAT(plan->ignored, IsEmpty());
}

TEST(PlanHooks, ShortFormsComeBehindTheLongOnesAndMutatorsBehindBoth) {
  const auto plan =
      Plan(R"({"provider":"echo","input_mutators":[)" + G("m") + R"(],"input_guardrails":[)" + G("g") + "," +
           G("h") + R"(],"before_request_hooks":[)" + Long("b", R"(,"type":"mutator")") + "," + Long("c") +
           R"(],"default_input_guardrails":[)" + G("d") + R"(],"output_mutators":[)" + G("om") +
           R"(],"output_guardrails":[)" + G("og") + R"(],"after_request_hooks":[)" + Long("oh") +
           R"(],"default_output_guardrails":[)" + G("od") + "]}");
  EXPECT_THAT(Input(*plan, 0), ElementsAre("b", "c", "g", "h", "m", "d"));
  EXPECT_THAT(Output(*plan, 0), ElementsAre("oh", "og", "om", "od"));
  EXPECT_THAT(plan->ignored, IsEmpty());
  const auto& hooks = *plan->targets[0]->target.hooks;
  EXPECT_TRUE(hooks.input[0]->mutator);   // it says so
  EXPECT_FALSE(hooks.input[1]->mutator);  // a long form without a type is a guardrail
  EXPECT_FALSE(hooks.input[2]->mutator);
  EXPECT_TRUE(hooks.input[4]->mutator);  // by its list
  EXPECT_TRUE(hooks.output[2]->mutator);
  EXPECT_EQ(plan->checks, 10u);
}

TEST(PlanHooks, AnItemOfAMutatorListMayCallItselfAGuardrail) {
  const auto plan =
      Plan(R"({"provider":"echo","input_mutators":[{"type":"guardrail","id":"g","notNull":{}}]})");
  EXPECT_FALSE(plan->targets[0]->target.hooks->input[0]->mutator);
}

TEST(PlanHooks, AnInnerListTakesThePlaceOfAnOuterOneOfItsKind) {
  const std::string root = R"("input_guardrails":[)" + G("g") + R"(],"input_mutators":[)" + G("m") +
                           R"(],"output_guardrails":[)" + G("og") + R"(],"output_mutators":[)" + G("om") +
                           "],";
  const std::vector<std::string> said = {
      "",
      R"(,"input_guardrails":[)" + G("g2") + "]",
      R"(,"input_mutators":[)" + G("m2") + "]",
      R"(,"output_guardrails":[)" + G("og2") + "]",
      R"(,"output_mutators":[)" + G("om2") + "]",
      R"(,"before_request_hooks":[)" + Long("b") + "]",
      R"(,"before_request_hooks":[)" + Long("b", R"(,"type":"mutator")") + "]",
      R"(,"input_guardrails":[])",
      R"(,"input_mutators":[])",
      R"(,"before_request_hooks":[])",
      R"(,"before_request_hooks":[],"input_mutators":[)" + G("m2") + "]",
      R"(,"after_request_hooks":[])",
      R"(,"input_guardrails":null)",
  };
  const auto plan = Plan(Fallback(root, said));
  EXPECT_THAT(Input(*plan, 0), ElementsAre("g", "m"));
  EXPECT_THAT(Output(*plan, 0), ElementsAre("og", "om"));
  EXPECT_THAT(Input(*plan, 1), ElementsAre("g2", "m"));
  EXPECT_THAT(Output(*plan, 1), ElementsAre("og", "om"));
  EXPECT_THAT(Input(*plan, 2), ElementsAre("g", "m2"));
  EXPECT_THAT(Output(*plan, 3), ElementsAre("og2", "om"));
  EXPECT_THAT(Input(*plan, 3), ElementsAre("g", "m"));
  EXPECT_THAT(Output(*plan, 4), ElementsAre("og", "om2"));
  EXPECT_THAT(Input(*plan, 5), ElementsAre("b", "m"));
  EXPECT_THAT(Input(*plan, 6), ElementsAre("b", "g"));
  EXPECT_THAT(Input(*plan, 7), ElementsAre("m"));
  EXPECT_THAT(Input(*plan, 8), ElementsAre("g"));
  EXPECT_THAT(Input(*plan, 9), IsEmpty());
  EXPECT_THAT(Output(*plan, 9), ElementsAre("og", "om"));
  EXPECT_THAT(Input(*plan, 10), ElementsAre("m2"));
  EXPECT_THAT(Output(*plan, 11), IsEmpty());
  EXPECT_THAT(Input(*plan, 12), ElementsAre("g", "m"));
}

TEST(PlanHooks, AreInheritedThroughStrategies) {
  const auto plan = Plan(R"({"strategy":{"mode":"fallback"},"input_guardrails":[)" + G("far") +
                         R"(],"targets":[{"strategy":{"mode":"single"},"output_guardrails":[)" + G("near") +
                         R"(],"targets":[{"provider":"echo"}]},{"provider":"echo"}]})");
  EXPECT_THAT(Input(*plan, 0), ElementsAre("far"));
  EXPECT_THAT(Output(*plan, 0), ElementsAre("near"));
  EXPECT_THAT(Input(*plan, 1), ElementsAre("far"));
  EXPECT_THAT(Output(*plan, 1), IsEmpty());
}

TEST(PlanHooks, DefaultsAddUpBehindAllOthers) {
  const auto plan =
      Plan(Fallback(R"("default_input_guardrails":[)" + G("d") + R"(],"input_guardrails":[)" + G("g") + "],",
                    {"", R"(,"input_guardrails":[],"default_input_guardrails":[)" + G("e") + "]",
                     R"(,"default_input_guardrails":[])"}));
  EXPECT_THAT(Input(*plan, 0), ElementsAre("g", "d"));
  EXPECT_THAT(Input(*plan, 1), ElementsAre("d", "e"));
  EXPECT_THAT(Input(*plan, 2), ElementsAre("g", "d"));
}

TEST(PlanHooks, AreOneObjectForAllTargetsThatSayNothingThemselves) {
  const auto plan =
      Plan(Fallback(R"("input_guardrails":[)" + G("g") + "],", {"", "", R"(,"output_guardrails":[])"}));
  EXPECT_NE(plan->targets[0]->target.hooks, nullptr);
  EXPECT_EQ(plan->targets[0]->target.hooks, plan->targets[1]->target.hooks);
  EXPECT_THAT(Input(*plan, 2), ElementsAre("g"));
}

TEST(PlanHooks, NamesAreThoseOfTheOperator) {
  const auto plan = Plan(R"({"provider":"echo","input_guardrails":["polite",)" + G("g") +
                         R"(,"no_secrets"],"after_request_hooks":["polite"]})");
  EXPECT_THAT(Input(*plan, 0), ElementsAre("polite", "g", "no_secrets"));
  EXPECT_THAT(Output(*plan, 0), ElementsAre("polite"));
  EXPECT_EQ(plan->checks, 1u);

  std::shared_ptr<const RoutePlan> none;
  const auto error = Compile(
      R"({"targets":[{"provider":"echo","output_guardrails":[)" + G("g") + R"(,"nope"]}]})", Named(), &none);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->code, "invalid_config");
  EXPECT_THAT(error->message, StartsWith("config.targets[0].output_guardrails[1]: "));
  EXPECT_THAT(error->message, HasSubstr("\"nope\""));
}

TEST(PlanHooks, ANamedMutatorDoesNotDropThePlaceOfGuardrails) {
  const auto plan =
      Plan(Fallback(R"("input_guardrails":[)" + G("g") + "],", {R"(,"input_mutators":["polite"])"}));
  EXPECT_THAT(Input(*plan, 0), ElementsAre("g", "polite"));
}

TEST(PlanHooks, MistakesAreToldWithTheirPath) {
  struct Case {
    const char* json;
    const char* message;
  };
  const Case cases[] = {
      {R"({"input_guardrails":"no_secrets"})", "config.input_guardrails: must be a list"},
      {R"({"input_guardrails":{}})", "config.input_guardrails: must be a list"},
      {R"({"output_mutators":[5]})", "config.output_mutators[0]: a guardrail is an object"},
      {R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"echo"},)"
       R"({"provider":"echo","input_guardrails":[{"default.contains":{"operator":"any"}}]}]})",
       R"(config.targets[1].input_guardrails[0]["default.contains"].words: )"},
      {R"x({"input_guardrails":[{"default.regexMatch":{"rule":"(?=a)"}}]})x",
       R"(config.input_guardrails[0]["default.regexMatch"].rule: )"},
      {R"({"before_request_hooks":[{"checks":[{"id":"default.nothing"}]}]})",
       "config.before_request_hooks[0].checks[0]"},
      {R"({"before_request_hooks":[{"type":"plugin","checks":[{"id":"notNull"}]}]})",
       "config.before_request_hooks[0].type: must be guardrail or mutator"},
      {R"({"before_request_hooks":[{"id":"x"}]})",
       "config.before_request_hooks[0]: a guardrail has one check"},
      {R"({"after_request_hooks":[{"checks":{}}]})", "config.after_request_hooks[0].checks: must be a list"},
      {R"({"default_output_guardrails":[{"notNull":{},"deny":"yes"}]})",
       "config.default_output_guardrails[0].deny: must be true or false"},
      {R"({"default_input_guardrails":[{"portkey.pii":{}}]})", "config.default_input_guardrails[0]"},
  };
  for (const Case& test : cases) {
    std::shared_ptr<const RoutePlan> plan;
    const auto error = Compile(test.json, Named(), &plan);
    ASSERT_TRUE(error) << test.json;
    EXPECT_EQ(error->http_status, 400);
    EXPECT_EQ(error->code, "invalid_config");
    EXPECT_THAT(error->message, StartsWith(test.message));
  }
}

TEST(PlanHooks, DenialOfWhatRunsBesideTheCallHasNoEffect) {
  const auto plan = Plan(Fallback(R"("output_guardrails":[{"notNull":{},"deny":true,"async":true}],)",
                                  {R"(,"before_request_hooks":[)" + Long("a", R"(,"deny":true)") + "," +
                                   Long("b", R"(,"deny":true,"async":true)") + "]"}));
  EXPECT_THAT(plan->ignored,
              ElementsAre("output_guardrails[0].deny", "targets[0].before_request_hooks[1].deny"));
}

TEST(PlanHooks, BoundsTheChecksOfAConfig) {
  const auto config = [](int checks) {
    std::string json = R"({"provider":"echo","input_guardrails":[)";
    for (int i = 0; i < checks; ++i) json += (i == 0 ? "" : ",") + G("g");
    return json + "]}";
  };
  EXPECT_EQ(Plan(config(256))->checks, 256u);
  std::shared_ptr<const RoutePlan> plan;
  const auto error = Compile(config(257), &plan);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("at most 256 checks"));
}

TEST(PlanHooks, TypedConfigsComeToTheSame) {
  const auto registry = providers::Registry::BuiltIn();
  const guardrails::NamedGuardrails named = Named();
  const MiddlewareNames middleware;
  PlanCache cache(*TestCodec().Find(v1::RouteConfig::descriptor()), *registry, named, middleware);
  v1::RouteConfig config;
  config.set_provider("echo");
  config.set_input_guardrails("[" + G("g") + ",\"polite\"]");
  std::shared_ptr<const RoutePlan> plan;
  ASSERT_FALSE(cache.FromMessage(config, &plan));
  EXPECT_THAT(Input(*plan, 0), ElementsAre("g", "polite"));

  config.set_input_guardrails("[{");
  const auto error = cache.FromMessage(config, &plan);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "invalid_config");
  EXPECT_THAT(error->message, StartsWith("config.input_guardrails: is no JSON"));
}

}  // namespace
}  // namespace portolan::routing
