#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

json Hub(const json& members) {
  json hub = {{"model", "claude-sonnet-4-5"},
              {"max_tokens", 100},
              {"messages", {{{"role", "user"}, {"content", "q"}}}}};
  hub.update(members);
  return hub;
}

constexpr const char* kTwoTools =
    R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},
                                      {"type":"function","function":{"name":"g","parameters":{"type":"object"}}}])";

struct ToolCase {
  const char* name;
  const char* tool;
  const char* wire;
  const char* dropped = "[]";
};

class ToolTest : public testing::TestWithParam<ToolCase> {};

TEST_P(ToolTest, IsOffered) {
  const auto sent = TheHarness().Encode(Hub({{"tools", json::array({json::parse(GetParam().tool)})}}));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.wire["tools"], json::array({json::parse(GetParam().wire)}));
  EXPECT_EQ(json(sent.dropped), json::parse(GetParam().dropped));
}

constexpr ToolCase kTools[] = {
    {"Function",
     R"({"type":"function","function":{"name":"f","description":"d","strict":true,
         "parameters":{"type":"object","properties":{"a":{"type":"string","format":"date"}},"required":["a"],
                       "additionalProperties":false,"$defs":{"x":{"anyOf":[{"type":"null"}]}}}}})",
     R"({"name":"f","description":"d","strict":true,
         "input_schema":{"type":"object","properties":{"a":{"type":"string","format":"date"}},"required":["a"],
                         "additionalProperties":false,"$defs":{"x":{"anyOf":[{"type":"null"}]}}}})"},
    {"FunctionWithoutParameters", R"({"type":"function","function":{"name":"f"}})",
     R"({"name":"f","input_schema":{"type":"object","properties":{}}})"},
    {"FunctionWithEmptyParameters",
     R"({"type":"function","function":{"name":"f","parameters":{ },"strict":false}})",
     R"({"name":"f","input_schema":{"type":"object","properties":{}}})"},
    {"CacheMark", R"({"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}})",
     R"({"name":"f","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}})"},
    {"CacheMarkInTheFunction",
     R"({"type":"function","function":{"name":"f","cache_control":{"type":"ephemeral"}}})",
     R"({"name":"f","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}})"},
    {"AnthropicsMembersPassOthersAreNamed",
     R"({"type":"function","function":{"name":"f","colour":"red","defer_loading":true},"input_examples":[{"a":1}],
         "weight":3})",
     R"({"name":"f","input_schema":{"type":"object","properties":{}},"defer_loading":true,"input_examples":[{"a":1}]})",
     R"(["tools[0].function.colour","tools[0].weight"])"},
    {"TheSameMemberTwice",
     R"({"type":"function","function":{"name":"f","defer_loading":true},"defer_loading":false})",
     R"({"name":"f","input_schema":{"type":"object","properties":{}},"defer_loading":true})",
     R"(["tools[0].defer_loading"])"},
    {"ToolsOfAnthropicsOwn",
     R"({"type":"web_search_20250305","name":"web_search","max_uses":3,"cache_control":{"type":"ephemeral"}})",
     R"({"type":"web_search_20250305","name":"web_search","max_uses":3,"cache_control":{"type":"ephemeral"}})"},
    {"ToolsInAnthropicsForm", R"({"name":"f","description":"d","input_schema":{"type":"object"}})",
     R"({"name":"f","description":"d","input_schema":{"type":"object"}})"},
    {"CustomToolsInAnthropicsForm", R"({"type":"custom","name":"f","input_schema":{"type":"object"}})",
     R"({"type":"custom","name":"f","input_schema":{"type":"object"}})"},
};
INSTANTIATE_TEST_SUITE_P(All, ToolTest, testing::ValuesIn(kTools),
                         [](const auto& test) { return test.param.name; });

TEST(RequestTools, DeprecatedFunctionsAreTools) {
  const auto sent = TheHarness().Encode(Hub(json::parse(
      R"({"functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}})")));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"name":"f","input_schema":{"type":"object"}}])"));
  EXPECT_EQ(sent.wire["tool_choice"], json::parse(R"({"type":"tool","name":"f"})"));
}

TEST(RequestTools, WebSearchIsATool) {
  const auto sent =
      TheHarness().Encode(Hub(json::parse(R"({"web_search_options":{"search_context_size":"high",
      "user_location":{"type":"approximate","approximate":{"city":"Lisbon","country":"PT"}}}})")));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire["tools"], json::parse(R"([{"type":"web_search_20250305","name":"web_search",
      "user_location":{"type":"approximate","city":"Lisbon","country":"PT"}}])"));
  EXPECT_EQ(sent.dropped, DroppedMembers{"web_search_options.search_context_size"});
}

TEST(RequestTools, EmptyOptionsTurnWebSearchOn) {
  const auto sent = TheHarness().Encode(Hub({{"web_search_options", json::object()}}));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire.value("tools", json()),
            json::parse(R"([{"type":"web_search_20250305","name":"web_search"}])"));
}

struct ChoiceCase {
  const char* name;
  const char* members;
  const char* choice;           // "null": none is sent
  const char* names = nullptr;  // of the tools offered
};

class ChoiceTest : public testing::TestWithParam<ChoiceCase> {};

TEST_P(ChoiceTest, IsSent) {
  json members = json::parse(GetParam().members);
  members["tools"] = json::parse(kTwoTools);
  const auto sent = TheHarness().Encode(Hub(members));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.wire.value("tool_choice", json()), json::parse(GetParam().choice));
  json names = json::array();
  for (const json& tool : sent.wire["tools"]) names.push_back(tool["name"]);
  EXPECT_EQ(names, json::parse(GetParam().names == nullptr ? R"(["f","g"])" : GetParam().names));
  EXPECT_TRUE(sent.dropped.empty());
}

constexpr ChoiceCase kChoices[] = {
    {"Absent", R"({})", "null"},
    {"Auto", R"({"tool_choice":"auto"})", R"({"type":"auto"})"},
    {"None", R"({"tool_choice":"none"})", R"({"type":"none"})"},
    {"Required", R"({"tool_choice":"required"})", R"({"type":"any"})"},
    {"Named", R"({"tool_choice":{"type":"function","function":{"name":"g"}}})",
     R"({"type":"tool","name":"g"})"},
    {"OneAtATime", R"({"parallel_tool_calls":false})", R"({"type":"auto","disable_parallel_tool_use":true})"},
    {"ExactlyOne", R"({"parallel_tool_calls":false,"tool_choice":"required"})",
     R"({"type":"any","disable_parallel_tool_use":true})"},
    {"NamedOnce",
     R"({"parallel_tool_calls":false,"tool_choice":{"type":"function","function":{"name":"f"}}})",
     R"({"type":"tool","name":"f","disable_parallel_tool_use":true})"},
    {"NoneOfNone", R"({"parallel_tool_calls":false,"tool_choice":"none"})", R"({"type":"none"})"},
    {"ParallelIsTheDefault", R"({"parallel_tool_calls":true,"tool_choice":"auto"})", R"({"type":"auto"})"},
    {"Allowed",
     R"({"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto",
         "tools":[{"type":"function","function":{"name":"g"}}]}}})",
     R"({"type":"auto"})", R"(["g"])"},
    {"OneOfTheAllowed",
     R"({"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",
         "tools":[{"type":"function","function":{"name":"g"}},{"type":"function","name":"f"}]}}})",
     R"({"type":"any"})"},
    {"InBothForms",
     R"({"tool_choice":{"type":"auto","disable_parallel_tool_use":false},"parallel_tool_calls":false})",
     R"({"type":"auto","disable_parallel_tool_use":true})"},
    {"InAnthropicsForm", R"({"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}})",
     R"({"type":"tool","name":"f","disable_parallel_tool_use":true})"},
};
INSTANTIATE_TEST_SUITE_P(All, ChoiceTest, testing::ValuesIn(kChoices),
                         [](const auto& test) { return test.param.name; });

TEST(RequestTools, AChoiceAmongNothingIsNotSent) {
  const auto sent = TheHarness().Encode(Hub({{"tool_choice", "none"}, {"parallel_tool_calls", false}}));
  ASSERT_FALSE(sent.error);
  EXPECT_FALSE(sent.wire.contains("tool_choice"));
}

struct RefusalCase {
  const char* name;
  const char* members;
  const char* path;
};

class RefusedToolsTest : public testing::TestWithParam<RefusalCase> {};

TEST_P(RefusedToolsTest, TellWhere) {
  const auto sent = TheHarness().Encode(Hub(json::parse(GetParam().members)));
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->param, GetParam().path);
}

constexpr RefusalCase kRefusals[] = {
    {"CustomTool", R"({"tools":[{"type":"custom","custom":{"name":"c"}}]})", "tools[0].custom"},
    {"NoTool", R"({"tools":[{"type":"function"}]})", "tools[0]"},
    {"RequiredOfNothing", R"({"tool_choice":"required"})", "tool_choice"},
    {"NamedOfNothing", R"({"tool_choice":{"type":"function","function":{"name":"f"}}})", "tool_choice"},
    {"UnknownMode", R"({"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"perhaps"})",
     "tool_choice"},
    {"CustomChoice",
     R"({"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"custom","custom":{"name":"c"}}})",
     "tool_choice.type"},
    {"AllowedButAbsent",
     R"({"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools",
         "allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"x"}}]}}})",
     "tool_choice.allowed_tools.tools[0]"},
    {"DeprecatedChoice", R"({"functions":[{"name":"f"}],"function_call":"sometimes"})", "function_call"},
};
INSTANTIATE_TEST_SUITE_P(All, RefusedToolsTest, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace portolan::providers::anthropic
