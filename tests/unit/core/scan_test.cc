#include "server/core/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/core/chunk_scanner.h"

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

// Every order of these chunks, cut at every byte too: what went before must not change what is read of a
// chunk.
TEST(ChunkScanner, ReadsEachChunkAsIfItWereTheFirst) {
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
      ChunkScanner scanner;
      TokenUsage usage[2];
      ChoiceTracker choices[2];
      scanner.Scan(before, &usage[0], &choices[0]);
      usage[0] = {};
      choices[0] = {};
      const ScanResult got = scanner.Scan(chunk, &usage[0], &choices[0]);
      const ScanResult want = ScanAnswer(chunk, &usage[1], &choices[1]);
      EXPECT_EQ(got.is_object, want.is_object) << before << chunk;
      EXPECT_EQ(got.has_error, want.has_error) << before << chunk;
      EXPECT_EQ(got.has_content, want.has_content) << before << chunk;
      EXPECT_EQ(got.finish_reason, want.finish_reason) << before << chunk;
      EXPECT_EQ(usage[0].input, usage[1].input) << before << chunk;
      EXPECT_EQ(usage[0].output, usage[1].output) << before << chunk;
      EXPECT_EQ(choices[0].seen, choices[1].seen) << before << chunk;
      EXPECT_EQ(choices[0].finished, choices[1].finished) << before << chunk;
    }
  }
}

}  // namespace
}  // namespace portolan::core
