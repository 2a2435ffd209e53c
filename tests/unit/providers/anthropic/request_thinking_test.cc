// Thinking in the middle of a turn. Anthropic's API, with thinking by budget:
//   When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the
//   lastmost set of `tool_use` and `tool_result` blocks)
// Adaptive thinking asks for no such block.

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
  const char* messages;
  bool thinks;  // whether the request may still ask for thinking
};

class MidTurnTest : public testing::TestWithParam<Case> {
 protected:
  static json Hub(const char* members) {
    json hub = {
        {"model", "claude-haiku-4-5"}, {"max_tokens", 9000}, {"messages", json::parse(GetParam().messages)}};
    hub.update(json::parse(members));
    return hub;
  }
};

TEST_P(MidTurnTest, GivenThinkingIsKeptOrNamed) {
  const auto sent = TheHarness().Encode(
      Hub(R"({"thinking":{"type":"enabled","budget_tokens":2000},"temperature":1,"top_p":0.96})"));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire.contains("thinking"), GetParam().thinks);
  EXPECT_EQ(sent.dropped.empty() ? "" : sent.dropped[0], GetParam().thinks ? "top_p" : "thinking");
  EXPECT_EQ(sent.wire["temperature"], 1);
  EXPECT_EQ(sent.wire["max_tokens"], 9000);
}

TEST_P(MidTurnTest, EffortIsThoughtWithOrNamed) {
  const auto sent = TheHarness().Encode(Hub(R"({"reasoning_effort":"low","temperature":0.5})"));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire.contains("thinking"), GetParam().thinks);
  // Where it does not think it takes a temperature.
  EXPECT_EQ(sent.wire.contains("temperature"), !GetParam().thinks);
  EXPECT_EQ(sent.dropped, DroppedMembers{GetParam().thinks ? "temperature" : "reasoning_effort"});
}

TEST_P(MidTurnTest, OtherKindsOfThinkingPass) {
  for (const char* thinking :
       {R"({"thinking":{"type":"adaptive"}})", R"({"thinking":{"type":"disabled"}})"}) {
    const auto sent = TheHarness().Encode(Hub(thinking));
    ASSERT_FALSE(sent.error);
    EXPECT_EQ(sent.wire.value("thinking", json()), json::parse(thinking)["thinking"]);
    EXPECT_EQ(sent.dropped, DroppedMembers{});
  }
}

// A turn that is left without thinking is no reason to give the answer more room.
TEST_P(MidTurnTest, ABudgetRaisesTheLimitOnlyIfItIsSent) {
  const auto sent =
      TheHarness().Encode(Hub(R"({"max_tokens":null,"thinking":{"type":"enabled","budget_tokens":30000}})"));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire["max_tokens"], GetParam().thinks ? 64000 : 21333);
}

constexpr const char* kNoTurn = R"([{"role":"user","content":"q"}])";
constexpr Case kCases[] = {
    {"NoTurn", kNoTurn, true},
    {"CallsWithoutThinking",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c","content":"1"}])",
     false},
    {"CallsWithThinking",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content_blocks":[{"type":"thinking","thinking":"h","signature":"s"},
           {"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"tool","tool_call_id":"c","content":"1"}])",
     true},
    {"CallsWithRedactedThinking",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content_blocks":[{"type":"redacted_thinking","data":"d"},
           {"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"user","content_blocks":[{"type":"tool_result","tool_use_id":"c","content":"1"}]}])",
     true},
    {"CallsInAnthropicsForm",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"1"}]}])",
     false},
    {"TheDeprecatedForm",
     R"([{"role":"user","content":"q"},{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},
         {"role":"function","name":"f","content":"1"}])",
     false},
    // Without interleaved thinking a turn thinks at its beginning only.
    {"ThinkingAtTheBeginningOfTheTurn",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content_blocks":[{"type":"thinking","thinking":"h","signature":"s"},
           {"type":"tool_use","id":"c","name":"f","input":{}}]},
         {"role":"tool","tool_call_id":"c","content":"1"},
         {"role":"assistant","content_blocks":[{"type":"tool_use","id":"d","name":"f","input":{}}]},
         {"role":"tool","tool_call_id":"d","content":"2"}])",
     true},
    {"ThinkingInAnEarlierTurn",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content_blocks":[{"type":"thinking","thinking":"h","signature":"s"},
           {"type":"text","text":"a"}]},
         {"role":"user","content":"r"},
         {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c","content":"1"}])",
     false},
    {"ResultsWithMoreBesideThem",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c","content":"1"},{"role":"user","content":"and?"}])",
     false},
    {"ATurnThatIsOver",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c","content":"1"},{"role":"assistant","content":"a"},
         {"role":"user","content":"and?"}])",
     true},
    {"ABegunAnswer", R"([{"role":"user","content":"q"},{"role":"assistant","content":"The answer is"}])",
     false},
    {"ABegunAnswerWithThinking",
     R"([{"role":"user","content":"q"},{"role":"assistant","content_blocks":[
         {"type":"thinking","thinking":"h","signature":"s"},{"type":"text","text":"a"}]}])",
     true},
};
INSTANTIATE_TEST_SUITE_P(All, MidTurnTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace portolan::providers::anthropic
