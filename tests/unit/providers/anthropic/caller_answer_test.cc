// Answers of any provider, as callers of Anthropic's dialect get them. The shape is that of
// @anthropic-ai/sdk's Message, whose required members must all be there.

#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/caller_harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

// An answer of OpenAI's whose message and choice have the given members besides.
json Completion(const char* message, const char* choice = "{}", const char* members = "{}") {
  json hub =
      json::parse(R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-x",
      "choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null},"finish_reason":"stop"}]})");
  hub["choices"][0]["message"].update(json::parse(message));
  hub["choices"][0].update(json::parse(choice));
  hub.update(json::parse(members));
  return hub;
}

json Answered(const json& hub) { return TheCallerHarness().Answer(hub); }

TEST(CallersAnswer, HasEveryMemberThatTheSdkDeclares) {
  EXPECT_EQ(Answered(Completion(R"({"content":"Hello"})", "{}",
                                R"({"service_tier":"default","system_fingerprint":"f",
      "usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,
      "prompt_tokens_details":{"cached_tokens":5,"audio_tokens":0},
      "completion_tokens_details":{"reasoning_tokens":3}}})")),
            json::parse(R"({"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"gpt-x",
      "content":[{"type":"text","text":"Hello","citations":null}],
      "stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,
      "usage":{"input_tokens":15,"output_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,
        "output_tokens_details":{"thinking_tokens":3},"service_tier":"standard","cache_creation":null,
        "inference_geo":null,"server_tool_use":null,"speed":null}})"));
}

TEST(CallersAnswer, HasUsageWhereTheProviderGivesNone) {
  const json usage = Answered(Completion(R"({"content":"x"})"))["usage"];
  for (const char* count :
       {"input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"}) {
    EXPECT_EQ(usage.at(count), 0) << count;
  }
  EXPECT_EQ(usage.at("output_tokens_details"), nullptr);
  EXPECT_EQ(usage.at("service_tier"), nullptr);
}

TEST(CallersAnswer, CountsTheCacheApart) {
  const json usage = Answered(Completion(R"({"content":"x"})", "{}", R"({"usage":{"prompt_tokens":100,
      "completion_tokens":1,"total_tokens":101,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}}})"))
      ["usage"];
  EXPECT_EQ(usage["input_tokens"], 10);
  EXPECT_EQ(usage["cache_read_input_tokens"], 60);
  EXPECT_EQ(usage["cache_creation_input_tokens"], 30);
  // Providers whose prompt tokens leave out what was cached must not make the count negative.
  EXPECT_EQ(Answered(Completion(R"({"content":"x"})", "{}", R"({"usage":{"prompt_tokens":5,
      "prompt_tokens_details":{"cached_tokens":60}}})"))["usage"]["input_tokens"],
            0);
}

TEST(CallersAnswer, KeepsAnIdThatIsAnthropics) {
  EXPECT_EQ(Answered(Completion("{}", "{}", R"({"id":"msg_01"})"))["id"], "msg_01");
}

struct CallersStopCase {
  const char* name;
  const char* choice;
  const char* message;
  const char* expected;
};

class CallersStopTest : public testing::TestWithParam<CallersStopCase> {};

TEST_P(CallersStopTest, IsSaidInAnthropicsWords) {
  EXPECT_EQ(Answered(Completion(GetParam().message, GetParam().choice))["stop_reason"], GetParam().expected);
}

constexpr const char* kCall =
    R"({"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]})";
constexpr CallersStopCase kStops[] = {
    {"Stop", R"({"finish_reason":"stop"})", R"({"content":"x"})", "end_turn"},
    {"None", R"({"finish_reason":null})", R"({"content":"x"})", "end_turn"},
    {"Unknown", R"({"finish_reason":"eos"})", R"({"content":"x"})", "end_turn"},
    {"Length", R"({"finish_reason":"length"})", R"({"content":"x"})", "max_tokens"},
    {"LengthInACall", R"({"finish_reason":"length"})", kCall, "max_tokens"},
    {"Calls", R"({"finish_reason":"tool_calls"})", kCall, "tool_use"},
    {"StopWithCalls", R"({"finish_reason":"stop"})", kCall, "tool_use"},
    {"CallsThatAreNone", R"({"finish_reason":"tool_calls"})", R"({"content":"x"})", "end_turn"},
    {"Filter", R"({"finish_reason":"content_filter"})", R"({"content":"x"})", "refusal"},
    {"Native", R"({"finish_reason":"stop","native_finish_reason":"pause_turn"})", R"({"content":"x"})",
     "pause_turn"},
    {"NativeOfAnother", R"({"finish_reason":"length","native_finish_reason":"MAX_TOKENS"})",
     R"({"content":"x"})", "max_tokens"},
    {"Window", R"({"finish_reason":"length","native_finish_reason":"model_context_window_exceeded"})",
     R"({"content":"x"})", "model_context_window_exceeded"},
    {"Sequence", R"({"finish_reason":"stop","stop_sequence":"END"})", R"({"content":"x"})", "stop_sequence"},
};
INSTANTIATE_TEST_SUITE_P(All, CallersStopTest, testing::ValuesIn(kStops),
                         [](const auto& test) { return test.param.name; });

TEST(CallersAnswer, TellsTheStopSequence) {
  EXPECT_EQ(Answered(Completion(R"({"content":"x"})", R"({"stop_sequence":"END"})"))["stop_sequence"], "END");
}

TEST(CallersAnswer, HasReasoningTextAndCallsAsBlocks) {
  EXPECT_EQ(Answered(Completion(R"({"reasoning_content":"hm","content":"I look","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"b\":1.50,\"a\":[]}"}},
      {"id":"c2","type":"function","function":{"name":"g","arguments":""}},
      {"id":"c3","type":"function","function":{"name":"h","arguments":"[1"}}]})",
                                R"({"finish_reason":"tool_calls"})"))["content"],
            json::parse(R"([{"type":"thinking","thinking":"hm","signature":""},
      {"type":"text","text":"I look","citations":null},
      {"type":"tool_use","id":"c1","name":"f","input":{"b":1.50,"a":[]},"caller":{"type":"direct"}},
      {"type":"tool_use","id":"c2","name":"g","input":{},"caller":{"type":"direct"}},
      {"type":"tool_use","id":"c3","name":"h","input":{"arguments":"[1"},"caller":{"type":"direct"}}])"));
}

TEST(CallersAnswer, TakesReasoningByItsOtherName) {
  EXPECT_EQ(Answered(Completion(R"({"reasoning":"hm","content":"x"})"))["content"][0]["thinking"], "hm");
}

TEST(CallersAnswer, LeavesOutTextThatSaysNothing) {
  for (const char* message : {R"({"content":""})", R"({"content":null})", R"({"content":" \n"})"}) {
    EXPECT_EQ(Answered(Completion(message)).at("content"), json::array()) << message;
  }
}

TEST(CallersAnswer, TellsOfARefusal) {
  const json answer = Answered(Completion(R"({"refusal":"I cannot"})"));
  EXPECT_EQ(answer["content"], json::parse(R"([{"type":"text","text":"I cannot","citations":null}])"));
  EXPECT_EQ(answer["stop_reason"], "refusal");
  EXPECT_EQ(answer["stop_details"],
            json::parse(R"({"type":"refusal","category":null,"explanation":"I cannot"})"));
}

TEST(CallersAnswer, GivesBlocksAsTheyAre) {
  const char* const blocks = R"([{"type":"thinking","thinking":"hm","signature":"sig"},
      {"type":"text","text":"a","citations":[{"type":"char_location","cited_text":"c"}]},
      {"type":"tool_use","id":"t","name":"f","input":{"z":1}},{"type":"novel","x":[1]}])";
  json hub = Completion(R"({"content":"a","reasoning_content":"hm"})", R"({"finish_reason":"tool_calls"})");
  hub["choices"][0]["message"]["content_blocks"] = json::parse(blocks);
  const json answer = Answered(hub);
  EXPECT_EQ(answer["content"], json::parse(blocks));
  EXPECT_EQ(answer["stop_reason"], "tool_use");
}

// The types of Anthropic's packages require the member.
TEST(CallersAnswer, ThinkingThatNobodySignedHasAnEmptySignature) {
  json hub = Completion(R"({"content":"a"})", R"({"finish_reason":"stop"})");
  hub["choices"][0]["message"]["content_blocks"] =
      json::parse(R"([{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}])");
  EXPECT_EQ(
      Answered(hub)["content"],
      json::parse(R"([{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"a"}])"));
}

TEST(CallersAnswer, SaysNamesOfToolsInFull) {
  const std::string name(128, 'n');
  ::anthropic::v1::MessagesRequest request;
  request.add_tools()->set_name("f");
  request.add_tools()->set_name(name);
  const json sent = TheCallerHarness()
                        .ToHub({{"messages", {{{"role", "user"}, {"content", "q"}}}},
                                {"tools", {{{"name", name}, {"input_schema", json::object()}}}}})
                        .hub;
  json hub = Completion(R"({"tool_calls":[{"id":"1","type":"function","function":{"arguments":"{}"}},
                                          {"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]})");
  hub["choices"][0]["message"]["tool_calls"][0]["function"]["name"] = sent["tools"][0]["function"]["name"];
  CallFacts facts;
  facts.request = &request;
  const json answer = TheCallerHarness().Answer(hub, facts);
  EXPECT_EQ(answer["content"][0]["name"], name);
  EXPECT_EQ(answer["content"][1]["name"], "f");
}

TEST(CallersAnswer, NamesTheModelThatWasAskedWhereNoneAnswers) {
  json hub = Completion(R"({"content":"x"})");
  hub.erase("model");
  CallFacts facts;
  facts.model = "asked";
  EXPECT_EQ(TheCallerHarness().Answer(hub, facts)["model"], "asked");
}

}  // namespace
}  // namespace portolan::providers::anthropic
