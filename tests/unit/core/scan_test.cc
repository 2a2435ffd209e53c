#include "server/core/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"

namespace portolan::core {
namespace {

const ScanPlan& ChatPlan() {
  static const ScanPlan* const plan =
      new ScanPlan(providers::OpenAiDialect().Find(providers::operation::kChat)->accounting);
  return *plan;
}

// The same paths, walked as those of any other dialect are.
const ScanPlan& WalkedPlan() {
  static const ScanPlan* const plan = [] {
    providers::Accounting accounting =
        providers::OpenAiDialect().Find(providers::operation::kChat)->accounting;
    EXPECT_TRUE(std::exchange(accounting.by_hand, false));
    return new ScanPlan(accounting);
  }();
  return *plan;
}

ScanResult ScanAnswer(std::string_view json, TokenUsage* usage, ChoiceTracker* choices) {
  Scanner scanner(ChatPlan());
  ScanResult result = scanner.Scan(json);
  *usage = scanner.usage();
  *choices = scanner.choices();
  return result;
}

TEST(ScanAnswer, ReadsUsageFinishAndChoices) {
  TokenUsage usage;
  ChoiceTracker choices;
  const ScanResult scan = ScanAnswer(
      R"({"id":"x","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"},)"
      R"({"index":1,"finish_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":5,)"
      R"("prompt_tokens_details":{"audio_tokens":0,"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":2}}})",
      &usage, &choices);
  EXPECT_TRUE(scan.is_object);
  EXPECT_FALSE(scan.has_error);
  EXPECT_EQ(scan.finish_reason, "stop");
  EXPECT_EQ(usage.input, 7);
  EXPECT_EQ(usage.output, 5);
  EXPECT_EQ(usage.cached, 3);
  EXPECT_EQ(usage.reasoning, 2);
  EXPECT_EQ(choices.seen, 3u);
  EXPECT_EQ(choices.finished, 1u);
  EXPECT_FALSE(choices.complete());
}

TEST(ScanAnswer, ContentIsTheFirstThingAReaderWouldSee) {
  struct Case {
    const char* json;
    bool content;
  };
  const Case cases[] = {
      {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})", false},
      {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null,"refusal":null}}]})", false},
      {R"({"choices":[{"index":0,"delta":{}}]})", false},
      {R"({"choices":[]})", false},
      {R"({"choices":[{"index":0,"delta":{"content":"a"}}]})", true},
      {R"({"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]})", true},
      {R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]})", true},
      {R"({"choices":[{"index":0,"delta":{"refusal":"no"}}]})", true},
      {R"({"choices":[{"index":0,"text":"a"}]})", true},
      {R"({"choices":[{"index":0,"text":""}]})", false},
  };
  for (const Case& test : cases) {
    TokenUsage usage;
    ChoiceTracker choices;
    EXPECT_EQ(ScanAnswer(test.json, &usage, &choices).has_content, test.content) << test.json;
  }
}

TEST(ScanAnswer, TellsWhatIsNotAnObject) {
  for (const char* text :
       {"", "[]", "\"a\"", "{", "{\"a\":1}x", "{\"a\":nul}", "<html>", "{\"choices\":[}"}) {
    TokenUsage usage;
    ChoiceTracker choices;
    EXPECT_FALSE(ScanAnswer(text, &usage, &choices).is_object) << text;
  }
}

TEST(ScanAnswer, AnErrorCountsUnlessItIsNull) {
  TokenUsage usage;
  ChoiceTracker choices;
  EXPECT_TRUE(ScanAnswer(R"({"error":{"message":"m"}})", &usage, &choices).has_error);
  EXPECT_FALSE(ScanAnswer(R"({"error":null})", &usage, &choices).has_error);
}

TEST(ScanAnswer, SurvivesOddShapes) {
  for (const char* text : {R"({"choices":5,"usage":[]})", R"({"choices":[5,null,[]],"usage":null})",
                           R"({"choices":[{"index":"a","delta":7,"finish_reason":1}]})",
                           R"({"usage":{"prompt_tokens":"7","completion_tokens":1e400}})",
                           R"({"choices":[{"index":-5},{"index":9999999999}]})"}) {
    TokenUsage usage;
    ChoiceTracker choices;
    EXPECT_TRUE(ScanAnswer(text, &usage, &choices).is_object) << text;
    EXPECT_EQ(usage.input, -1);
  }
}

// Every order of these chunks, cut at every byte too: what went before must not change what is read of a
// chunk.
TEST(Scanner, ReadsEachChunkAsIfItWereTheFirst) {
  const std::string start = R"({"id":"x","model":"m","choices":)";
  const std::string deep = std::string(126, '[') + std::string(126, ']');
  std::vector<std::string> chunks = {
      start + R"([{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})",
      start + R"([{"index":1,"delta":{"content":"a"}}],"usage":null})",
      start +
          R"([{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}} )",
      start + R"([],"usage":{"prompt_tokens":5}})",
      start + R"([],"error":{"message":"no"}})",
      start + " [ ] , \"choices\" : [{\"index\":2}] }",
      start + "null}",
      start + "[]",
      start + "[]}}",
      start + "[]},{}",
      start + "}",
      start + "[{\"delta\":{\"content\":\"\xff\"}}]}",
      start + "[{\"index\":0,\"x\":[" + deep.substr(2, deep.size() - 4) + "]}]}",
      start + "[],\"x\":" + deep + "}",
      start + "[],\"x\":[" + deep + "]}",
      start + "[],\"x\":[[" + deep + "]]}",
      R"({"id":"y","model":"m","choices":[{"index":0,"delta":{"content":"b"}}]})",
      R"({"usage":{"prompt_tokens":9},"choices":[{"index":0}]})",
      R"({"error":null,"choices":[]})",
      "{}",
      "[]",
      "",
  };
  for (size_t size = 0; size < chunks[1].size(); ++size) chunks.push_back(chunks[1].substr(0, size));
  for (const std::string& before : chunks) {
    for (const std::string& chunk : chunks) {
      Scanner scanner(ChatPlan());
      scanner.Scan(before);
      const ScanResult got = scanner.Scan(chunk);
      // One that has forgotten how the last chunk began, and one that walks along the paths.
      Scanner other(ChatPlan());
      other.Scan(before);
      other.Scan("{}");
      const ScanResult want = other.Scan(chunk);
      Scanner walker(WalkedPlan());
      walker.Scan(before);
      const ScanResult walked = walker.Scan(chunk);
      EXPECT_EQ(walked.is_object, want.is_object) << before << chunk;
      EXPECT_EQ(walked.has_error, want.has_error) << before << chunk;
      EXPECT_EQ(walked.has_content, want.has_content) << before << chunk;
      EXPECT_EQ(walked.only_usage, want.only_usage) << before << chunk;
      EXPECT_EQ(walked.finish_reason, want.finish_reason) << before << chunk;
      EXPECT_EQ(walker.usage().input, other.usage().input) << before << chunk;
      EXPECT_EQ(walker.usage().output, other.usage().output) << before << chunk;
      EXPECT_EQ(walker.choices().seen, other.choices().seen) << before << chunk;
      EXPECT_EQ(walker.choices().finished, other.choices().finished) << before << chunk;
      EXPECT_EQ(got.is_object, want.is_object) << before << chunk;
      EXPECT_EQ(got.has_error, want.has_error) << before << chunk;
      EXPECT_EQ(got.has_content, want.has_content) << before << chunk;
      EXPECT_EQ(got.finish_reason, want.finish_reason) << before << chunk;
      EXPECT_EQ(scanner.usage().input, other.usage().input) << before << chunk;
      EXPECT_EQ(scanner.usage().output, other.usage().output) << before << chunk;
      EXPECT_EQ(scanner.choices().seen, other.choices().seen) << before << chunk;
      EXPECT_EQ(scanner.choices().finished, other.choices().finished) << before << chunk;
    }
  }
}

// Anthropic's events, in the shapes of its documentation: a later count takes the place of an earlier one,
// and what was read from the cache or written to it belongs to the input.
TEST(Scanner, ReadsAnthropicsEvents) {
  const ScanPlan plan(providers::AnthropicDialect().Find(providers::operation::kChat)->accounting);
  Scanner scanner(plan);
  const ScanResult start = scanner.Scan(
      R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],)"
      R"("model":"claude","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,)"
      R"("cache_creation_input_tokens":7,"cache_read_input_tokens":100,"output_tokens":1}}})");
  EXPECT_TRUE(start.is_object);
  EXPECT_FALSE(start.has_content);
  EXPECT_EQ(scanner.usage().input, 132);
  EXPECT_EQ(scanner.usage().cached, 100);
  EXPECT_EQ(scanner.usage().output, 1);
  EXPECT_FALSE(scanner.choices().complete());
  EXPECT_FALSE(scanner.Scan(R"({"type":"ping"})").has_content);
  EXPECT_FALSE(
      scanner.Scan(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})")
          .has_content);
  EXPECT_TRUE(
      scanner.Scan(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}})")
          .has_content);
  EXPECT_TRUE(
      scanner
          .Scan(
              R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1",)"
              R"("name":"f","input":{}}})")
          .has_content);
  const ScanResult delta =
      scanner.Scan(R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                   R"("usage":{"output_tokens":15}})");
  EXPECT_EQ(delta.finish_reason, "end_turn");
  EXPECT_FALSE(delta.is_end);
  EXPECT_TRUE(scanner.choices().complete());
  EXPECT_EQ(scanner.usage().input, 132);
  EXPECT_EQ(scanner.usage().output, 15);
  EXPECT_TRUE(scanner.Scan(R"({"type":"message_stop"})").is_end);
  const ScanResult error =
      scanner.Scan(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  EXPECT_TRUE(error.has_error);
}

}  // namespace
}  // namespace portolan::core
