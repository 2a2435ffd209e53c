// What callers of Anthropic's dialect send, as the hub has it and as OpenAI's API would be sent it. The
// shapes are those of @anthropic-ai/sdk's MessageCreateParams and of OpenAI's API reference.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/caller_harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

json Asked(const char* members = "{}") {
  json wire = json::parse(R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})");
  wire.update(json::parse(members));
  return wire;
}

json Said(const char* messages) {
  json wire = Asked();
  wire["messages"] = json::parse(messages);
  return wire;
}

// What OpenAI is sent.
json Sent(const json& wire, DroppedMembers* dropped = nullptr) {
  const auto request = TheCallerHarness().ToOpenAi(wire);
  EXPECT_FALSE(request.error) << request.error->message << request.error->param;
  if (dropped != nullptr) *dropped = request.dropped;
  return request.error ? json() : request.hub;
}

TEST(CallersRequest, IsSmallWhereLittleIsSaid) {
  DroppedMembers dropped;
  EXPECT_EQ(Sent(Asked(), &dropped), json::parse(R"({"model":"m","max_completion_tokens":100,
      "messages":[{"role":"user","content":"hi"}]})"));
  EXPECT_THAT(dropped, IsEmpty());
}

struct CallersMemberCase {
  const char* name;
  const char* wire;      // members of the request
  const char* expected;  // members of OpenAI's
  std::vector<std::string> dropped;
};

class CallersMemberTest : public testing::TestWithParam<CallersMemberCase> {};

TEST_P(CallersMemberTest, IsSaidInOpenAisWords) {
  DroppedMembers dropped;
  json expected = json::parse(R"({"model":"m","max_completion_tokens":100,
      "messages":[{"role":"user","content":"hi"}]})");
  expected.update(json::parse(GetParam().expected));
  EXPECT_EQ(Sent(Asked(GetParam().wire), &dropped), expected);
  EXPECT_THAT(dropped, testing::UnorderedElementsAreArray(GetParam().dropped));
}

const CallersMemberCase kMembers[] = {
    {"Sampling", R"({"temperature":0.5,"top_p":0.9})", R"({"temperature":0.5,"top_p":0.9})", {}},
    {"TopK", R"({"top_k":40})", "{}", {"top_k"}},
    {"Stop", R"({"stop_sequences":["a","b"]})", R"({"stop":["a","b"]})", {}},
    {"Stream", R"({"stream":true})", R"({"stream":true,"stream_options":{"include_usage":true}})", {}},
    {"NoStream", R"({"stream":false})", "{}", {}},
    {"UserId", R"({"metadata":{"user_id":"u-1"}})", R"({"user":"u-1"})", {}},
    {"AnyTier", R"({"service_tier":"auto"})", "{}", {}},
    {"StandardTier", R"({"service_tier":"standard_only"})", R"({"service_tier":"default"})", {}},
    {"Effort", R"({"output_config":{"effort":"xhigh"}})", R"({"reasoning_effort":"xhigh"})", {}},
    {"SmallBudget",
     R"({"thinking":{"type":"enabled","budget_tokens":1024}})",
     R"({"reasoning_effort":"low"})",
     {}},
    {"Budget",
     R"({"thinking":{"type":"enabled","budget_tokens":8192}})",
     R"({"reasoning_effort":"medium"})",
     {}},
    {"BigBudget",
     R"({"thinking":{"type":"enabled","budget_tokens":31999}})",
     R"({"reasoning_effort":"high"})",
     {}},
    {"EffortBeatsBudget",
     R"({"thinking":{"type":"enabled","budget_tokens":31999},"output_config":{"effort":"low"}})",
     R"({"reasoning_effort":"low"})",
     {}},
    {"Adaptive", R"({"thinking":{"type":"adaptive"}})", "{}", {}},
    {"AdaptiveEffort",
     R"({"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"max"}})",
     R"({"reasoning_effort":"max"})",
     {}},
    {"NoThinking", R"({"thinking":{"type":"disabled"}})", "{}", {"thinking"}},
    {"Format",
     R"({"output_config":{"format":{"type":"json_schema","schema":{"type":"object","z":1,"a":2}}}})",
     R"({"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object","z":1,"a":2}}}})",
     {}},
    {"OlderFormat",
     R"({"output_format":{"type":"json_schema","schema":{"type":"object"}}})",
     R"({"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}})",
     {}},
    {"WhatOnlyAnthropicHas",
     R"({"container":"c","context_management":{"edits":[{"type":"x"}]},"speed":"fast",
        "inference_geo":"us","diagnostics":{"previous_message_id":"m"},"cache_control":{"type":"ephemeral"},
        "fallbacks":"default","novel":1,"metadata":{"novel":2},"output_config":{"task_budget":{"total":1}}})",
     "{}",
     {"container", "context_management", "speed", "inference_geo", "diagnostics", "cache_control",
      "fallbacks", "novel", "metadata.novel", "output_config.task_budget"}},
    {"Nulls",
     R"({"container":null,"diagnostics":null,"thread":null,"mcp_servers":[],"inference_geo":null})",
     "{}",
     {}},
    {"ChoiceOfNothing",
     R"({"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"tools":[]})",
     "{}",
     {}},
};
INSTANTIATE_TEST_SUITE_P(All, CallersMemberTest, testing::ValuesIn(kMembers),
                         [](const auto& test) { return test.param.name; });

struct CallersRefusalCase {
  const char* name;
  const char* wire;
  const char* code;
  const char* param;
};

class CallersRefusalTest : public testing::TestWithParam<CallersRefusalCase> {};

TEST_P(CallersRefusalTest, NamesThePlace) {
  const auto request = TheCallerHarness().ToOpenAi(Asked(GetParam().wire));
  ASSERT_TRUE(request.error);
  EXPECT_EQ(request.error->http_status, 400);
  EXPECT_EQ(request.error->code, GetParam().code);
  EXPECT_EQ(request.error->param, GetParam().param);
  EXPECT_NE(request.error->message, "");
}

constexpr CallersRefusalCase kRefusals[] = {
    {"Thread", R"({"thread":{"type":"create"}})", "thread_unsupported_request", "thread"},
    {"ThreadGoesOn", R"({"thread":{"type":"continue","previous_message_id":"m"},"messages":[]})",
     "thread_unsupported_request", "thread"},
    {"Compaction", R"({"compaction":{"type":"summarize"}})", "unsupported_parameter", "compaction"},
    {"Mcp", R"({"mcp_servers":[{"type":"url","name":"n","url":"https://x.test"}]})", "unsupported_value",
     "mcp_servers"},
    {"ServerTool", R"({"tools":[{"name":"f","input_schema":{"type":"object"}},
        {"type":"web_search_20250305","name":"web_search"}]})",
     "unsupported_value", "tools[1]"},
    {"NoMessages", R"({"messages":[]})", "missing_value", "messages"},
    {"NothingSaid", R"({"messages":[{"role":"user","content":" "}]})", "missing_value", "messages"},
    {"Role", R"({"messages":[{"role":"tool","content":"x"}]})", "invalid_value", "messages[0].role"},
    {"SystemImage", R"({"system":[{"type":"text","text":"a"},{"type":"image"}]})", "unsupported_value",
     "system[1].type"},
    {"ImageOfNowhere",
     R"({"messages":[{"role":"user","content":[{"type":"image","source":{"type":"novel"}}]}]})",
     "unsupported_value", "messages[0].content[0].source"},
    {"Upload", R"({"messages":[{"role":"user","content":[{"type":"container_upload","file_id":"f"}]}]})",
     "unsupported_value", "messages[0].content[0].type"},
    {"DocumentUrl", R"({"messages":[{"role":"user","content":[{"type":"document",
        "source":{"type":"url","url":"https://x.test/a.pdf"}}]}]})",
     "unsupported_value", "messages[0].content[0].file.file_data"},
    {"ResultOfNoCall", R"({"messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]})",
     "missing_value", "messages[0].content[0].tool_use_id"},
    {"CallWithoutId",
     R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","name":"f","input":{}}]}]})",
     "missing_value", "messages[0].content[0].id"},
    {"ForcedChoiceOfNothing", R"({"tool_choice":{"type":"any"}})", "missing_value", "tool_choice"},
    {"UnknownChoice", R"({"tool_choice":{"type":"some"},"tools":[{"name":"f","input_schema":{}}]})",
     "invalid_value", "tool_choice.type"},
};
INSTANTIATE_TEST_SUITE_P(All, CallersRefusalTest, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

struct CallersChoiceCase {
  const char* name;
  const char* choice;
  const char* expected;
};

class CallersChoiceTest : public testing::TestWithParam<CallersChoiceCase> {};

TEST_P(CallersChoiceTest, OfToolsIsSaidInOpenAisWords) {
  json wire = Asked(R"({"tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  wire["tool_choice"] = json::parse(GetParam().choice);
  json sent = Sent(wire);
  for (const char* other : {"model", "messages", "max_completion_tokens", "tools"}) sent.erase(other);
  EXPECT_EQ(sent, json::parse(GetParam().expected));
}

constexpr CallersChoiceCase kChoices[] = {
    {"Auto", R"({"type":"auto"})", R"({"tool_choice":"auto"})"},
    {"OneAtATime", R"({"type":"auto","disable_parallel_tool_use":true})",
     R"({"tool_choice":"auto","parallel_tool_calls":false})"},
    {"Any", R"({"type":"any","disable_parallel_tool_use":false})", R"({"tool_choice":"required"})"},
    {"None", R"({"type":"none","disable_parallel_tool_use":true})", R"({"tool_choice":"none"})"},
    {"One", R"({"type":"tool","name":"f"})",
     R"({"tool_choice":{"type":"function","function":{"name":"f"}}})"},
};
INSTANTIATE_TEST_SUITE_P(All, CallersChoiceTest, testing::ValuesIn(kChoices),
                         [](const auto& test) { return test.param.name; });

TEST(CallersTools, KeepTheirSchemasByteForByte) {
  const auto request = TheCallerHarness().ToHubText(
      R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"q"}],
      "tools":[{"name":"f","description":"d","input_schema":{ "type":"object","properties":{"z":{},"a":{"x":1.50}}},
      "strict":true}]})");
  EXPECT_NE(request.text.find(R"("parameters":{ "type":"object","properties":{"z":{},"a":{"x":1.50}}})"),
            std::string::npos);
  EXPECT_EQ(request.hub["tools"][0]["type"], "function");
  EXPECT_EQ(request.hub["tools"][0]["function"]["name"], "f");
  EXPECT_EQ(request.hub["tools"][0]["function"]["description"], "d");
  EXPECT_EQ(request.hub["tools"][0]["function"]["strict"], true);
}

TEST(CallersTools, LoseWhatOpenAiDoesNotKnowByName) {
  DroppedMembers dropped;
  const json sent = Sent(Asked(R"({"tools":[{"type":"custom","name":"f","input_schema":{"type":"object"},
      "cache_control":{"type":"ephemeral"},"defer_loading":true,"function":{"name":"g"},"input_examples":null}]})"),
                         &dropped);
  EXPECT_EQ(sent["tools"],
            json::parse(R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])"));
  EXPECT_THAT(dropped,
              UnorderedElementsAre("tools[0].cache_control", "tools[0].defer_loading", "tools[0].function"));
}

TEST(CallersTools, HaveNamesThatOpenAiTakes) {
  const std::string name = "mcp__" + std::string(123, 'x');
  json wire = Said(R"([{"role":"user","content":"q"},{"role":"assistant","content":[
      {"type":"thinking","thinking":"t","signature":"s"},
      {"type":"tool_use","id":"t","name":"","input":{}}]},{"role":"user","content":[
      {"type":"tool_result","tool_use_id":"t","content":"r"}]}])");
  wire["messages"][1]["content"][1]["name"] = name;
  wire["tools"] = {{{"name", name}, {"input_schema", {{"type", "object"}}}},
                   {{"name", std::string(64, 'y')}, {"input_schema", {{"type", "object"}}}}};
  wire["tool_choice"] = {{"type", "tool"}, {"name", name}};
  const json hub = TheCallerHarness().ToHub(wire).hub;
  const std::string shortened = hub["tools"][0]["function"]["name"];
  EXPECT_EQ(shortened.size(), 64u);
  EXPECT_TRUE(shortened.starts_with("mcp__xxx")) << shortened;
  EXPECT_EQ(hub["tools"][1]["function"]["name"], std::string(64, 'y'));
  EXPECT_EQ(hub["tool_choice"]["function"]["name"], shortened);
  EXPECT_EQ(hub["messages"][1]["tool_calls"][0]["function"]["name"], shortened);
  EXPECT_EQ(hub["messages"][1]["content_blocks"][1]["name"], shortened);
  // Another long name that begins alike is another tool.
  wire["tools"][0]["name"] = name + "y";
  EXPECT_NE(TheCallerHarness().ToHub(wire).hub["tools"][0]["function"]["name"], shortened);
}

TEST(CallersUserId, IsShortenedToWhatOpenAiTakes) {
  const std::string id = "user_" + std::string(64, 'a') + "_account__session_1";
  json wire = Asked();
  wire["metadata"] = {{"user_id", id}};
  DroppedMembers dropped;
  const std::string name = Sent(wire, &dropped)["user"];
  EXPECT_EQ(name.size(), 64u);
  EXPECT_THAT(dropped, ElementsAre("metadata.user_id"));
  EXPECT_EQ(Sent(wire)["user"], name);
  wire["metadata"]["user_id"] = id + "2";
  EXPECT_NE(Sent(wire)["user"], name);
}

}  // namespace
}  // namespace portolan::providers::anthropic
