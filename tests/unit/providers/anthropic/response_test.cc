#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

CallFacts Facts(bool content_blocks = false) {
  CallFacts facts;
  facts.content_blocks = content_blocks;
  facts.unix_seconds = 1700000000;
  return facts;
}

json Wire(const char* content, const char* members = "{}") {
  json wire = {{"id", "msg_1"},
               {"type", "message"},
               {"role", "assistant"},
               {"model", "claude-sonnet-4-5-20250929"},
               {"content", json::parse(content)},
               {"stop_reason", "end_turn"},
               {"stop_sequence", nullptr},
               {"usage", {{"input_tokens", 3}, {"output_tokens", 4}}}};
  wire.update(json::parse(members));
  return wire;
}

json Answered(const json& wire, bool content_blocks = false) {
  const auto answer = TheHarness().Decode(wire.dump(), Facts(content_blocks));
  EXPECT_FALSE(answer.error) << answer.error->message;
  return answer.hub;
}

TEST(Response, IsAWholeChatCompletion) {
  const json hub = Answered(Wire(R"([{"type":"text","text":"hello"}])"));
  EXPECT_EQ(hub, json::parse(R"({"id":"msg_1","object":"chat.completion","created":1700000000,
      "model":"claude-sonnet-4-5-20250929",
      "choices":[{"index":0,"message":{"role":"assistant","content":"hello","refusal":null},
                  "logprobs":null,"finish_reason":"stop","native_finish_reason":"end_turn"}],
      "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})"));
}

// OpenAI's clients join chunks by their id, and know no empty one.
TEST(Response, HasAnIdWhereTheProviderGivesNone) {
  json wire = Wire(R"([{"type":"text","text":"hello"}])");
  wire.erase("id");
  EXPECT_EQ(Answered(wire)["id"], "chatcmpl-anthropic-1700000000");
}

TEST(Response, OfNothingHasNoListOfNothing) {
  const json hub = Answered(Wire("[]"));
  EXPECT_FALSE(hub.contains("content"));
  EXPECT_EQ(hub["choices"][0]["message"]["content"], nullptr);
}

struct MessageCase {
  const char* name;
  const char* content;
  const char* message;  // beside role
};

class ResponseMessageTest : public testing::TestWithParam<MessageCase> {};

TEST_P(ResponseMessageTest, FollowsFromTheBlocks) {
  json expected = {{"role", "assistant"}, {"refusal", nullptr}};
  expected.update(json::parse(GetParam().message));
  EXPECT_EQ(Answered(Wire(GetParam().content))["choices"][0]["message"], expected);
}

constexpr MessageCase kMessages[] = {
    {"Texts", R"([{"type":"text","text":"a "},{"type":"text","text":"b"}])", R"({"content":"a b"})"},
    {"Nothing", R"([])", R"({"content":null})"},
    {"EmptyText", R"([{"type":"text","text":""}])", R"({"content":""})"},
    {"Calls",
     R"([{"type":"text","text":"see"},{"type":"tool_use","id":"t1","name":"f","input":{"b":1.0,"a":"\u00e9"}},
         {"type":"tool_use","id":"t2","name":"g","input":{}}])",
     R"({"content":"see","tool_calls":[
          {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":\"\u00e9\",\"b\":1.0}"}},
          {"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]})"},
    {"OnlyCalls", R"([{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}])",
     R"({"content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]})"},
    {"Thinking",
     R"([{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},
         {"type":"text","text":"a"}])",
     R"({"content":"a","reasoning_content":"hm"})"},
    {"OmittedThinking", R"([{"type":"thinking","thinking":"","signature":"s"},{"type":"text","text":"a"}])",
     R"({"content":"a"})"},
    {"ToolsOfAnthropicsOwnAreNoCalls",
     R"([{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}},
         {"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"a"}])",
     R"({"content":"a"})"},
    {"WebCitationsAreAnnotations",
     R"([{"type":"text","text":"\u00e9t\u00e9 "},{"type":"text","text":"x\ud83d\udd34y","citations":[
           {"type":"web_search_result_location","url":"https://x.test","title":"T","cited_text":"c",
            "encrypted_index":"e"},
           {"type":"char_location","document_index":0,"cited_text":"c","start_char_index":0,"end_char_index":1}]}])",
     R"({"content":"\u00e9t\u00e9 x\ud83d\udd34y","annotations":[{"type":"url_citation",
          "url_citation":{"start_index":4,"end_index":7,"title":"T","url":"https://x.test"}}]})"},
};
INSTANTIATE_TEST_SUITE_P(All, ResponseMessageTest, testing::ValuesIn(kMessages),
                         [](const auto& test) { return test.param.name; });

struct FinishCase {
  const char* stop_reason;
  const char* finish_reason;
};

class FinishTest : public testing::TestWithParam<FinishCase> {};

TEST_P(FinishTest, HasOpenAisWordAndTheProvidersOwn) {
  const json hub =
      Answered(Wire("[]", (R"({"stop_reason":")" + std::string(GetParam().stop_reason) + "\"}").c_str()));
  EXPECT_EQ(hub["choices"][0]["finish_reason"], GetParam().finish_reason);
  EXPECT_EQ(hub["choices"][0].value("native_finish_reason", GetParam().finish_reason),
            GetParam().stop_reason);
}

INSTANTIATE_TEST_SUITE_P(
    All, FinishTest,
    testing::Values(FinishCase{"end_turn", "stop"}, FinishCase{"stop_sequence", "stop"},
                    FinishCase{"pause_turn", "stop"}, FinishCase{"tool_use", "tool_calls"},
                    FinishCase{"max_tokens", "length"}, FinishCase{"model_context_window_exceeded", "length"},
                    FinishCase{"refusal", "content_filter"}, FinishCase{"compaction", "stop"},
                    FinishCase{"length", "length"}, FinishCase{"content_filter", "content_filter"},
                    FinishCase{"tool_calls", "tool_calls"}),
    [](const auto& test) { return test.param.stop_reason; });

struct CallFinishCase {
  const char* name;
  const char* stop_reason;  // JSON
  const char* content;
  const char* finish_reason;
  const char* native;  // JSON
};

class CallFinishTest : public testing::TestWithParam<CallFinishCase> {};

constexpr const char* kText = R"([{"type":"text","text":"a"}])";
constexpr const char* kCall =
    R"([{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","input":{}}])";

TEST_P(CallFinishTest, FollowsFromTheContentToo) {
  const CallFinishCase& c = GetParam();
  json wire = Wire(c.content);
  wire.erase("stop_reason");
  if (*c.stop_reason != '\0') wire["stop_reason"] = json::parse(c.stop_reason);
  const json choice = Answered(wire)["choices"][0];
  EXPECT_EQ(choice["finish_reason"], c.finish_reason);
  EXPECT_EQ(choice.value("native_finish_reason", json()), json::parse(c.native));
}

INSTANTIATE_TEST_SUITE_P(
    All, CallFinishTest,
    testing::Values(
        CallFinishCase{"NoReason", "null", kText, "stop", "null"},
        CallFinishCase{"ReasonAbsent", "", kText, "stop", "null"},
        CallFinishCase{"ReasonEmpty", R"("")", kText, "stop", "null"},
        CallFinishCase{"NothingSaid", "null", "[]", "stop", "null"},
        CallFinishCase{"CallsAndNoReason", "null", kCall, "tool_calls", "null"},
        CallFinishCase{"CallsAndReasonAbsent", "", kCall, "tool_calls", "null"},
        CallFinishCase{"CallsAtTheEndOfATurn", R"("end_turn")", kCall, "tool_calls", R"("end_turn")"},
        CallFinishCase{"CallsAtAStop", R"("stop_sequence")", kCall, "tool_calls", R"("stop_sequence")"},
        CallFinishCase{"CallsAtAPause", R"("pause_turn")", kCall, "tool_calls", R"("pause_turn")"},
        CallFinishCase{"CallsAtAWordOfItsOwn", R"("tool_calls")", kCall, "tool_calls", "null"},
        CallFinishCase{"CallsAtANewWord", R"("compaction")", kCall, "tool_calls", R"("compaction")"},
        // The call may be cut short, or must not be made.
        CallFinishCase{"CallsAtTheLimit", R"("max_tokens")", kCall, "length", R"("max_tokens")"},
        CallFinishCase{"CallsRefused", R"("refusal")", kCall, "content_filter", R"("refusal")"},
        CallFinishCase{"ToolsOfAnthropicsOwn", R"("end_turn")",
                       R"([{"type":"server_tool_use","id":"s","name":"web_search","input":{}}])", "stop",
                       R"("end_turn")"}),
    [](const auto& test) { return test.param.name; });

TEST(Response, ARefusalSaysWhy) {
  const json hub = Answered(Wire("[]", R"({"stop_reason":"refusal",
      "stop_details":{"type":"refusal","category":"cyber","explanation":"No."}})"));
  EXPECT_EQ(hub["choices"][0]["message"]["refusal"], "No.");
  EXPECT_EQ(hub["choices"][0]["message"]["content"], nullptr);
}

TEST(Response, TheStopSequenceIsTold) {
  const json hub = Answered(Wire("[]", R"({"stop_reason":"stop_sequence","stop_sequence":"END"})"));
  EXPECT_EQ(hub["choices"][0]["stop_sequence"], "END");
}

TEST(Response, UsageCountsThePromptAsAWhole) {
  const json hub = Answered(Wire("[]", R"({"usage":{"input_tokens":4,"cache_creation_input_tokens":379,
      "cache_read_input_tokens":14714,"output_tokens":290,"output_tokens_details":{"thinking_tokens":19},
      "service_tier":"standard","server_tool_use":{"web_search_requests":1},"speed":null}})"));
  EXPECT_EQ(hub["usage"], json::parse(R"({"prompt_tokens":15097,"completion_tokens":290,"total_tokens":15387,
      "prompt_tokens_details":{"cached_tokens":14714,"cache_write_tokens":379},
      "completion_tokens_details":{"reasoning_tokens":19},"cache_read_input_tokens":14714,
      "cache_creation_input_tokens":379,"server_tool_use":{"web_search_requests":1}})"));
  EXPECT_EQ(hub["service_tier"], "default");
}

TEST(Response, CountsThatOverflowAreHeld) {
  const json hub = Answered(Wire("[]", R"({"usage":{"input_tokens":9223372036854775807,"output_tokens":5,
      "cache_read_input_tokens":1}})"));
  EXPECT_EQ(hub["usage"]["total_tokens"], std::numeric_limits<int64_t>::max());
}

TEST(Response, BlocksAreGivenInOrderWhenWanted) {
  const char* content =
      R"([{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a","citations":null},
      {"type":"tool_use","id":"t","name":"f","input":{"z":1,"a":[]},"caller":{"type":"direct"}},
      {"type":"novel","x":{"y":[1,null]}}])";
  EXPECT_EQ(Answered(Wire(content), true)["choices"][0]["message"]["content_blocks"], json::parse(content));
  EXPECT_FALSE(Answered(Wire(content), false)["choices"][0]["message"].contains("content_blocks"));
}

TEST(Response, MembersTheHubDoesNotKnowAreKept) {
  const json hub =
      Answered(Wire("[]", R"({"container":{"id":"c1"},"diagnostics":null,"choices":"no","context":1})"));
  EXPECT_EQ(hub["container"], json::parse(R"({"id":"c1"})"));
  EXPECT_EQ(hub["context"], 1);
  EXPECT_FALSE(hub.contains("diagnostics"));
  EXPECT_TRUE(hub["choices"].is_array());
}

TEST(Response, MembersOfAnotherShapeDoNotFail) {
  const json hub = Answered(json::parse(R"({"type":"message","id":7,"content":[{"type":"text","text":["x"]}, 
      {"type":"tool_use","id":null,"input":"text"}],"usage":"none","stop_reason":5})"));
  EXPECT_EQ(hub["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"], "\"text\"");
  EXPECT_EQ(hub["choices"][0]["finish_reason"], "tool_calls");
}

TEST(Response, WhatIsNoMessageIsAnError) {
  for (const char* body : {"{}", R"({"type":"completion","completion":"x"})", R"({"content":[]})"}) {
    const auto answer = TheHarness().Decode(body, Facts());
    ASSERT_TRUE(answer.error) << body;
    EXPECT_EQ(answer.error->http_status, 502);
    EXPECT_EQ(answer.error->code, "upstream_invalid_answer");
    EXPECT_TRUE(answer.error->transport);
  }
}

TEST(Response, AnErrorInAGoodAnswerIsAnError) {
  const auto answer = TheHarness().Decode(
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", Facts());
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->http_status, 529);
  EXPECT_EQ(answer.error->code, "overloaded_error");
  EXPECT_EQ(answer.error->message, "Overloaded");
  EXPECT_TRUE(answer.error->retryable);
}

}  // namespace
}  // namespace portolan::providers::anthropic
