#include "server/core/scan.h"

#include <gtest/gtest.h>

namespace portolan::core {
namespace {

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

}  // namespace
}  // namespace portolan::core
