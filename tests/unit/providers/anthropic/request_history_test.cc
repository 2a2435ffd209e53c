// Conversations that were held elsewhere, or put together by hand: what Anthropic's API refuses of them is
// mended. Its rules, by its own messages:
//   text content blocks must contain non-whitespace text
//   final assistant content cannot end with trailing whitespace
//   tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'; `tool_use` ids must be unique
//   each tool_use must have a single result, in the message after it
//   tool_use.input: Input should be a valid dictionary
//   messages: at least one message is required

#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

struct Case {
  const char* name;
  const char* messages;  // of the hub
  const char* wire;      // the `messages` and, if any, `system` that must be sent
  const char* dropped = "[]";
  const char* model = "claude-sonnet-4-5";
};

class HistoryTest : public testing::TestWithParam<Case> {};

TEST_P(HistoryTest, IsSentAsExpected) {
  const Case& c = GetParam();
  const json hub = {{"model", c.model}, {"max_tokens", 100}, {"messages", json::parse(c.messages)}};
  const auto sent = TheHarness().Encode(hub);
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  json expected = json::parse(c.wire);
  expected["model"] = c.model;
  expected["max_tokens"] = 100;
  EXPECT_EQ(sent.wire, expected);
  EXPECT_EQ(json(sent.dropped), json::parse(c.dropped));
}

constexpr Case kBlankText[] = {
    {"OfAUser", R"([{"role":"user","content":"q"},{"role":"user","content":" \n\t"}])",
     R"({"messages":[{"role":"user","content":"q"}]})"},
    {"OfAnAssistant",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"\r\n"},{"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"r"}]})"},
    {"OfTheSystem", R"([{"role":"system","content":"\n"},{"role":"user","content":"q"}])",
     R"({"messages":[{"role":"user","content":"q"}]})"},
    {"OfADeveloperInTheMiddle",
     R"([{"role":"user","content":"q"},{"role":"developer","content":[{"type":"text","text":" "}]}])",
     R"({"messages":[{"role":"user","content":"q"}]})", "[]", "claude-sonnet-5"},
    {"OfSomeParts",
     R"([{"role":"system","content":[{"type":"text","text":"s"},{"type":"text","text":"  "}]},
         {"role":"user","content":[{"type":"text","text":"\n\n"},{"type":"text","text":" q "}]}])",
     R"({"system":[{"type":"text","text":"s"}],
         "messages":[{"role":"user","content":[{"type":"text","text":" q "}]}]})"},
    {"BesideAnImage",
     R"([{"role":"user","content":[{"type":"text","text":" ","cache_control":{"type":"ephemeral"}},
         {"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]}])",
     R"({"messages":[{"role":"user","content":[
         {"type":"image","source":{"type":"url","url":"https://x.test/a.png"}}]}]})"},
    {"OfRefusals",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":null,"refusal":"\t"},
         {"role":"user","content":"r"},{"role":"assistant","content":[{"type":"refusal","refusal":" "}]},
         {"role":"user","content":"s"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"r"},
         {"role":"user","content":"s"}]})"},
    {"OfToolResults",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[
           {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
           {"id":"b","type":"function","function":{"name":"f","arguments":"\n"}}]},
         {"role":"tool","tool_call_id":"a","content":"\n"},
         {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":" "}]}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},
           {"type":"tool_use","id":"b","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},
           {"type":"tool_result","tool_use_id":"b"}]}]})"},
    {"OfGivenBlocks",
     R"([{"role":"user","content_blocks":[{"type":"text","text":"\n"},{"type":"text","text":"q"}]},
         {"role":"assistant","content_blocks":[{"type":"text","text":"\n\n"},
           {"type":"tool_use","id":"a","name":"f","input":{}}]},
         {"role":"user","content_blocks":[{"type":"tool_result","tool_use_id":"a","content":[
           {"type":"text","text":" "},{"type":"text","text":"1"}]},
           {"type":"text","text":" "}]},
         {"role":"assistant","content_blocks":[{"type":"text","text":"  "}]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":[{"type":"text","text":"q"}]},
         {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[
           {"type":"text","text":"1"}]}]},
         {"role":"user","content":"r"}]})"},
    {"OfGivenResultsAsText",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content_blocks":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
         {"role":"tool","content_blocks":[{"type":"tool_result","tool_use_id":"a","content":" "},
           {"type":"text","text":"\n"}]},
         {"role":"tool","content_blocks":[{"type":"text","text":"\n"}]}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]})"},
    {"OfATurnOfToolsThatSaysNothing",
     R"([{"role":"user","content":"q"},{"role":"tool","content_blocks":[{"type":"text","text":"\n"}]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"r"}]})"},
    {"OfResultsInAnthropicsForm",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},
           {"type":"tool_use","id":"b","name":"f","input":{}},{"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":" "},
           {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":" "},{"type":"text","text":"1"}]},
           {"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":""}],"is_error":true}]}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},
           {"type":"tool_use","id":"b","name":"f","input":{}},{"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},
           {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"1"}]},
           {"type":"tool_result","tool_use_id":"c","is_error":true}]}]})"},
    {"InOtherAlphabets",
     R"([{"role":"user","content":"\u3000\u00a0\u2003\u2028\u0085\u205f"},{"role":"user","content":"\u3000\u6f22 "},
         {"role":"user","content":"\u200b"}])",
     R"({"messages":[{"role":"user","content":"\u3000\u6f22 "},{"role":"user","content":"\u200b"}]})"},
};
INSTANTIATE_TEST_SUITE_P(BlankText, HistoryTest, testing::ValuesIn(kBlankText),
                         [](const auto& test) { return test.param.name; });

constexpr Case kPrefills[] = {
    {"LoseTheSpaceAtTheirEnd",
     R"([{"role":"user","content":"q "},{"role":"assistant","content":" The answer \n is:\n "}])",
     R"({"messages":[{"role":"user","content":"q "},
         {"role":"assistant","content":[{"type":"text","text":" The answer \n is:"}]}]})"},
    {"InPartsLoseThatOfTheLastPart",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a "},
         {"type":"text","text":"b \u3000"},{"type":"text","text":" "}]}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"text","text":"a "},{"type":"text","text":"b"}]}]})"},
    {"InGivenBlocks",
     R"([{"role":"user","content":"q"},{"role":"assistant","content_blocks":[
         {"type":"text","text":"{\n","cache_control":{"type":"ephemeral"}}]}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
         {"type":"text","text":"{","cache_control":{"type":"ephemeral"}}]}]})"},
    {"OfRefusals",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":null,"refusal":"I cannot "}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"text","text":"I cannot"}]}]})"},
    {"BeforeWhatIsLeftOut",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a "},{"role":"user","content":" "},
         {"role":"system","content":"s "}])",
     R"({"system":[{"type":"text","text":"s "}],"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"text","text":"a"}]}]})"},
    {"AnswersInTheMiddleKeepTheirs",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a \n"},{"role":"user","content":"r "}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"text","text":"a \n"}]},{"role":"user","content":"r "}]})"},
    {"TextBeforeACallKeepsIts",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a ","tool_calls":[
         {"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\" \"}"}}]}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a "},
         {"type":"tool_use","id":"c","name":"f","input":{"a":" "}}]}]})"},
};
INSTANTIATE_TEST_SUITE_P(Prefills, HistoryTest, testing::ValuesIn(kPrefills),
                         [](const auto& test) { return test.param.name; });

constexpr Case kArguments[] = {
    {"CutShort",
     R"([{"role":"user","content":"q"},{"role":"assistant","tool_calls":[
          {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
          {"id":"b","type":"function","function":{"name":"f","arguments":"{\"a\": \"\u00e9\n"}}]},
         {"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"no JSON"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"tool_use","id":"a","name":"f","input":{}},
          {"type":"tool_use","id":"b","name":"f","input":{"arguments":"{\"a\": \"\u00e9\n"}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},
          {"type":"tool_result","tool_use_id":"b","content":"no JSON"}]}]})",
     R"(["messages[1].tool_calls[1].function.arguments"])"},
    {"ThatAreNoObject",
     R"([{"role":"user","content":"q"},{"role":"assistant","tool_calls":[
          {"id":"a","type":"function","function":{"name":"f","arguments":"[1]"}},
          {"id":"b","type":"function","function":{"name":"f","arguments":"Paris"}},
          {"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}{\"a\":2}"}},
          {"id":"d","type":"function","function":{"name":"f","arguments":"{\"a\":1,\"a\":2}"}},
          {"id":"e","type":"function","function":{"name":"f","arguments":"\"{}\""}}]}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"tool_use","id":"a","name":"f","input":{"arguments":"[1]"}},
          {"type":"tool_use","id":"b","name":"f","input":{"arguments":"Paris"}},
          {"type":"tool_use","id":"c","name":"f","input":{"arguments":"{\"a\":1}{\"a\":2}"}},
          {"type":"tool_use","id":"d","name":"f","input":{"arguments":"{\"a\":1,\"a\":2}"}},
          {"type":"tool_use","id":"e","name":"f","input":{"arguments":"\"{}\""}}]}]})",
     R"(["messages[1].tool_calls[0].function.arguments","messages[1].tool_calls[1].function.arguments",
         "messages[1].tool_calls[2].function.arguments","messages[1].tool_calls[3].function.arguments",
         "messages[1].tool_calls[4].function.arguments"])"},
    {"OfTheDeprecatedForm",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","function_call":{"name":"f","arguments":"{\"a\":","mood":"good"}},
         {"role":"function","name":"f","content":"no"}])",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"tool_use","id":"call_2","name":"f","input":{"arguments":"{\"a\":"}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_2","content":"no"}]}]})",
     R"(["messages[1].function_call.mood","messages[1].function_call.arguments"])"},
    {"OfGivenBlocks",
     R"([{"role":"user","content":"q"},{"role":"assistant","content_blocks":[
          {"type":"tool_use","id":"a","name":"f","input":"{\"a\":"},{"type":"tool_use","id":"b","name":"f","input":[1]},
          {"type":"tool_use","id":"c","name":"f","input":null},{"type":"tool_use","id":"d","name":"f"}]}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"tool_use","id":"a","name":"f","input":{"arguments":"{\"a\":"}},
          {"type":"tool_use","id":"b","name":"f","input":{"arguments":"[1]"}},
          {"type":"tool_use","id":"c","name":"f","input":{}},{"type":"tool_use","id":"d","name":"f","input":{}}]}]})",
     R"(["messages[1].content_blocks[0].input","messages[1].content_blocks[1].input"])"},
    {"InAnthropicsForm",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"tool_use","id":"a","name":"f","input":"x"},{"type":"tool_use","id":"b","name":"f","input":null}]}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"tool_use","id":"a","name":"f","input":{"arguments":"x"}},
          {"type":"tool_use","id":"b","name":"f","input":{}}]}]})",
     R"(["messages[1].content[0].input"])"},
};
INSTANTIATE_TEST_SUITE_P(Arguments, HistoryTest, testing::ValuesIn(kArguments),
                         [](const auto& test) { return test.param.name; });

TEST(History, ReasoningIsNamedUnderWhateverNameItHas) {
  const auto sent = TheHarness().Encode(json::parse(R"({"model":"claude-sonnet-4-5","messages":[
      {"role":"user","content":"q"},
      {"role":"assistant","content":"a","reasoning":"r"},
      {"role":"assistant","content":"b","reasoning":"r","reasoning_content":"r","reasoning_details":[{"text":"r"}]},
      {"role":"assistant","content":"c","reasoning":"","reasoning_content":"","reasoning_details":[],
       "reasoning_text":"r"},
      {"role":"assistant","content":"d","reasoning":"r","reasoning_content":"r",
       "content_blocks":[{"type":"thinking","thinking":"r","signature":"s"},{"type":"text","text":"d"}]},
      {"role":"user","content":"q"}]})"));
  ASSERT_FALSE(sent.error);
  const DroppedMembers expected = {"messages[1].reasoning", "messages[2].reasoning_content",
                                   "messages[2].reasoning", "messages[2].reasoning_details",
                                   "messages[3].reasoning_text"};
  EXPECT_EQ(sent.dropped, expected);
}

// openrouter.ai/docs/guides/best-practices/reasoning-tokens; the pieces are as its streams bring them.
constexpr Case kReasoningDetails[] = {
    {"SignedByClaude",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning":"hm","reasoning_content":"hm",
          "reasoning_details":[
            {"type":"reasoning.text","text":"hm","signature":"SIG","format":"anthropic-claude-v1","index":0,"id":"r-1"},
            {"type":"reasoning.encrypted","data":"QUJD","format":"anthropic-claude-v1","index":1}],
          "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c","content":"1"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"thinking","thinking":"hm","signature":"SIG"},{"type":"redacted_thinking","data":"QUJD"},
          {"type":"text","text":"a"},{"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"1"}]}]})"},
    {"InPieces",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a","cache_control":{"type":"ephemeral"},
          "reasoning_details":[
            {"type":"reasoning.text","text":"The","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.text","text":" user","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.text","signature":"S1","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.text","text":"Then","format":"anthropic-claude-v1","index":1},
            {"type":"reasoning.text","text":"","signature":"S2","format":"anthropic-claude-v1","index":1}]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"thinking","thinking":"The user","signature":"S1"},
          {"type":"thinking","thinking":"Then","signature":"S2"},
          {"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"r"}]})"},
    {"OfWhichSomeAreLost",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning_details":[
            {"type":"reasoning.summary","summary":"s","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.text","text":"hm","signature":"SIG","format":"anthropic-claude-v1","index":1},
            {"type":"reasoning.encrypted","data":"x","format":"openai-responses-v1","index":2},"odd"]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
          {"type":"thinking","thinking":"hm","signature":"SIG"},{"type":"text","text":"a"}]},
         {"role":"user","content":"r"}]})",
     R"(["messages[1].reasoning_details[0]","messages[1].reasoning_details[2]","messages[1].reasoning_details[3]"])"},
    {"OfOthers",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning":"hm","reasoning_details":[
            {"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.text","text":"hm","signature":"SIG","format":"unknown","index":1},
            {"type":"reasoning.text","text":"hm","signature":"SIG","index":2}]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"}]},
         {"role":"user","content":"r"}]})",
     R"(["messages[1].reasoning","messages[1].reasoning_details"])"},
    {"BesideBlocks",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a","content_blocks":[{"type":"text","text":"a"}],
          "reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"SIG","format":"anthropic-claude-v1"}]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"}]},
         {"role":"user","content":"r"}]})",
     R"(["messages[1].reasoning_details"])"},
    {"WithoutAnAnswer",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"","reasoning_details":[
            {"type":"reasoning.text","text":"hm","signature":"SIG","format":"anthropic-claude-v1"}]},
         {"role":"user","content":"r"}])",
     R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"r"}]})",
     R"(["messages[1].reasoning_details"])"},
};
INSTANTIATE_TEST_SUITE_P(ReasoningDetails, HistoryTest, testing::ValuesIn(kReasoningDetails),
                         [](const auto& test) { return test.param.name; });

TEST(History, OfWhichNothingIsLeftIsRefused) {
  for (const char* messages :
       {R"([])", R"([{"role":"user","content":""}])", R"([{"role":"user","content":" \n"}])",
        R"([{"role":"user","content":[]},{"role":"assistant","content":null}])",
        R"([{"role":"system","content":"s"}])",
        R"([{"role":"user","content":[{"type":"text","text":"\t"}]}])",
        R"([{"role":"user","content_blocks":[{"type":"text","text":" "}]}])"}) {
    const auto sent =
        TheHarness().Encode({{"model", "claude-sonnet-4-5"}, {"messages", json::parse(messages)}});
    ASSERT_TRUE(sent.error) << messages;
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->error_class, ErrorClass::kCaller);
    EXPECT_EQ(sent.error->code, "missing_value");
    EXPECT_EQ(sent.error->param, "messages");
  }
}

// Strict parsers, Anthropic's among them, refuse half of a surrogate pair. nlohmann's is one as well.
TEST(History, HalfCharactersBecomeTheReplacementCharacter) {
  const auto sent = TheHarness().EncodeText(R"({"model":"claude-sonnet-4-5","metadata":{"user_id":"\udc00"},
      "system":[{"type":"text","text":"s\ud800"}],
      "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","title":"\uD83D\\ud83d"}}}],
      "messages":[{"role":"user","content":"cut \ud83d"},
        {"role":"assistant","tool_calls":[{"id":"a","type":"function",
          "function":{"name":"f","arguments":"{\"a\":\"\\ud83d\\ude00\\ud83d\"}"}}]},
        {"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"\ude00!"}]},
        {"role":"assistant","content_blocks":[{"type":"novel","x":{"y\ud83d":["\ud83d\ud83d\ude00"]}}]},
        {"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain",
          "data":"\ud83d\n"}}]}]})");
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire["metadata"]["user_id"], "\uFFFD");
  EXPECT_EQ(sent.wire["system"][0]["text"], "s\uFFFD");
  EXPECT_EQ(sent.wire["tools"][0]["input_schema"]["title"], "\uFFFD\\ud83d");
  const json& messages = sent.wire["messages"];
  EXPECT_EQ(messages[0]["content"], "cut \uFFFD");
  EXPECT_EQ(messages[1]["content"][0]["input"], json::parse(R"({"a":"\ud83d\ude00\ufffd"})"));
  EXPECT_EQ(messages[2]["content"][0]["content"][0]["text"], "\uFFFD!");
  EXPECT_EQ(messages[3]["content"][0]["x"], json::parse(R"({"y\ufffd":["\ufffd\ud83d\ude00"]})"));
  EXPECT_EQ(messages[4]["content"][0]["source"]["data"], "\uFFFD\n");
  EXPECT_EQ(sent.dropped, DroppedMembers{});
}

}  // namespace
}  // namespace portolan::providers::anthropic
