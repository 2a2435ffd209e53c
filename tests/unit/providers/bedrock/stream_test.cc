#include <gtest/gtest.h>

#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::providers::bedrock {
namespace {

using nlohmann::json;

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    facts_.model = kModel;
    facts_.stream = true;
    facts_.unix_seconds = 1795900232;
  }

  // Feeds events until one ends the stream; an end in good order follows where none does.
  Harness::Stream Run(const std::vector<std::string>& events) {
    Harness::Stream stream(harness_, facts_);
    for (const std::string& event : events) {
      if (!stream.Feed(event)) return stream;
    }
    stream.End();
    return stream;
  }

  static json Deltas(const Harness::Stream& stream) {
    json deltas = json::array();
    for (const json& chunk : stream.chunks) {
      for (const json& choice : chunk.value("choices", json::array())) {
        if (!choice["delta"].empty()) deltas.push_back(choice["delta"]);
      }
    }
    return deltas;
  }
  static json Blocks(const Harness::Stream& stream) {
    json steps = json::array();
    for (const json& delta : Deltas(stream)) {
      for (const json& step : delta.value("content_blocks", json::array())) steps.push_back(step);
    }
    return steps;
  }

  const Harness harness_;
  CallFacts facts_;
};

const std::string kStart = R"({"messageStart":{"role":"assistant","p":"abc"}})";
const std::string kText = R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abcd"}})";
const std::string kTextStop = R"({"contentBlockStop":{"contentBlockIndex":0}})";
const std::string kStop = R"({"messageStop":{"stopReason":"end_turn","p":"a"}})";
const std::string kMetadata = R"({"metadata":{"usage":{"inputTokens":12,"outputTokens":250,"totalTokens":1290,
    "cacheReadInputTokens":1028,"cacheWriteInputTokens":0},"metrics":{"latencyMs":9},"p":"a"}})";

TEST_F(StreamTest, IsTranslated) {
  facts_.include_usage = true;
  const auto stream = Run({kStart, kText, kTextStop, kStop, kMetadata});
  EXPECT_FALSE(stream.error);
  EXPECT_TRUE(stream.done);
  const json head = json::parse(R"({"id":"chatcmpl-bedrock-1795900232","object":"chat.completion.chunk",
      "created":1795900232,"model":"us.anthropic.claude-sonnet-4-5-20250929-v1:0"})");
  const auto chunk = [&](const char* text) {
    json whole = head;
    whole.update(json::parse(text));
    return whole;
  };
  ASSERT_EQ(stream.chunks.size(), 4u);
  EXPECT_EQ(stream.chunks[0], chunk(R"({"usage":null,"choices":[{"index":0,"finish_reason":null,
      "delta":{"role":"assistant","content":""}}]})"));
  EXPECT_EQ(stream.chunks[1],
            chunk(R"({"usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"content":"Hi"}}]})"));
  EXPECT_EQ(stream.chunks[2],
            chunk(R"({"usage":null,"metrics":{"latencyMs":9},"choices":[{"index":0,"delta":{},
      "finish_reason":"stop","native_finish_reason":"end_turn"}]})"));
  EXPECT_EQ(stream.chunks[3], chunk(R"({"choices":[],"usage":{"prompt_tokens":1040,"completion_tokens":250,
      "total_tokens":1290,"cache_read_input_tokens":1028,"cache_creation_input_tokens":0,
      "prompt_tokens_details":{"cached_tokens":1028,"cache_write_tokens":0}}})"));
  EXPECT_EQ(stream.tokens().input, 1040);
  EXPECT_EQ(stream.tokens().output, 250);
  EXPECT_EQ(stream.tokens().cached, 1028);
}

TEST_F(StreamTest, AMemberOfTwoEventsIsToldOnce) {
  const auto stream =
      Run({kStart, kText, kTextStop,
           R"({"messageStop":{"stopReason":"end_turn","note":1,"trace":{"a":1},"only":2}})",
           R"({"metadata":{"usage":{"inputTokens":1,"outputTokens":1},"note":3,"trace":{"b":2}}})"});
  ASSERT_FALSE(stream.error);
  const json& last = stream.chunks.back();
  EXPECT_EQ(last["note"], 3);
  EXPECT_EQ(last["trace"], json::parse(R"({"b":2})"));
  EXPECT_EQ(last["only"], 2);
}

// A few members are compared one by one, many by an index.
TEST_F(StreamTest, ManyMembersOfTwoEventsAreToldOnceEach) {
  json stop = {{"stopReason", "end_turn"}};
  json metadata = {{"usage", {{"inputTokens", 1}, {"outputTokens", 1}}}};
  for (int i = 0; i < 20; ++i) {
    stop["m" + std::to_string(i)] = i;
    if (i % 2 == 0) metadata["m" + std::to_string(i)] = 100 + i;
  }
  const auto stream = Run(
      {kStart, kText, kTextStop, json{{"messageStop", stop}}.dump(), json{{"metadata", metadata}}.dump()});
  ASSERT_FALSE(stream.error);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(stream.chunks.back()["m" + std::to_string(i)], i % 2 == 0 ? 100 + i : i);
  }
}

TEST_F(StreamTest, WithoutAWishForUsageHasNoChunkOfIt) {
  const auto stream = Run({kStart, kText, kTextStop, kStop, kMetadata});
  EXPECT_EQ(stream.chunks.size(), 3u);
  for (const json& chunk : stream.chunks) EXPECT_FALSE(chunk.contains("usage"));
  EXPECT_EQ(stream.tokens().output, 250);  // counted all the same
}

TEST_F(StreamTest, CallsAreCountedApartFromBlocks) {
  const auto stream = Run(
      {kStart, kText, kTextStop,
       R"({"contentBlockStart":{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}})",
       R"({"contentBlockDelta":{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\""}}}})",
       R"({"contentBlockDelta":{"contentBlockIndex":1,"delta":{"toolUse":{"input":":1}"}}}})",
       R"({"contentBlockStop":{"contentBlockIndex":1}})",
       R"({"contentBlockStart":{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t2","name":"g"}}}})",
       R"({"contentBlockStop":{"contentBlockIndex":2}})", R"({"messageStop":{"stopReason":"tool_use"}})",
       kMetadata});
  EXPECT_FALSE(stream.error);
  EXPECT_EQ(Deltas(stream), json::parse(R"([{"role":"assistant","content":""},{"content":"Hi"},
      {"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]},
      {"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]},
      {"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},
      {"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"g","arguments":""}}]},
      {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}])"));
  EXPECT_EQ(stream.chunks.back()["choices"][0]["finish_reason"], "tool_calls");
}

TEST_F(StreamTest, CallsThatAreNotStoppedStillGetTheirArguments) {
  const auto stream = Run(
      {kStart,
       R"({"contentBlockStart":{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}})",
       R"({"messageStop":{"stopReason":"tool_use"}})", kMetadata});
  EXPECT_EQ(Deltas(stream).back(),
            json::parse(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})"));
}

TEST_F(StreamTest, OrderedBlocksBeginAndEnd) {
  facts_.content_blocks = true;
  const auto stream = Run(
      {kStart, R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}})",
       R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"SIG"}}}})",
       R"({"contentBlockStop":{"contentBlockIndex":0}})",
       R"({"contentBlockDelta":{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"QUJD"}}}})",
       R"({"contentBlockStop":{"contentBlockIndex":1}})",
       R"({"contentBlockDelta":{"contentBlockIndex":3,"delta":{"text":"Hi"}}})",
       R"({"contentBlockStop":{"contentBlockIndex":3}})",
       R"({"contentBlockStart":{"contentBlockIndex":4,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}})",
       R"({"contentBlockDelta":{"contentBlockIndex":4,"delta":{"toolUse":{"input":"{}"}}}})",
       R"({"contentBlockStop":{"contentBlockIndex":4}})", R"({"messageStop":{"stopReason":"tool_use"}})",
       kMetadata});
  EXPECT_EQ(Blocks(stream), json::parse(R"([
      {"index":0,"content_block":{"type":"thinking","thinking":""}},
      {"index":0,"delta":{"type":"thinking_delta","thinking":"hm"}},
      {"index":0,"delta":{"type":"signature_delta","signature":"SIG"}},{"index":0,"stop":true},
      {"index":1,"content_block":{"type":"redacted_thinking","data":"QUJD"}},{"index":1,"stop":true},
      {"index":2,"content_block":{"type":"text","text":""}},
      {"index":2,"delta":{"type":"text_delta","text":"Hi"}},{"index":2,"stop":true},
      {"index":3,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}},
      {"index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}},{"index":3,"stop":true}])"));
}

// A piece of a kind that nobody knows may come first.
TEST_F(StreamTest, ABlockBeginsWhenItIsKnownWhatItIs) {
  facts_.content_blocks = true;
  const auto stream = Run({kStart, R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"new":1}}})",
                           kText, kTextStop, kStop, kMetadata});
  EXPECT_EQ(Blocks(stream), json::parse(R"([
      {"index":0,"content_block":{"type":"text","text":""}},
      {"index":0,"delta":{"type":"text_delta","text":"Hi"}},{"index":0,"stop":true}])"));
}

TEST_F(StreamTest, ReasoningIsToldApart) {
  const auto stream = Run(
      {kStart, R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}})",
       R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"SIG"}}}})",
       R"({"contentBlockStop":{"contentBlockIndex":0}})", kStop, kMetadata});
  EXPECT_EQ(Deltas(stream), json::parse(R"([{"role":"assistant","content":""},{"reasoning_content":"hm"}])"));
}

// As a recording has them.
TEST_F(StreamTest, CallsOfItsOwnToolsAreNoneForTheCaller) {
  const std::vector<std::string> events = {
      kStart,
      R"({"contentBlockStart":{"contentBlockIndex":0,"start":{"toolUse":{"name":"nova_code_interpreter",
          "toolUseId":"s","type":"server_tool_use"}}}})",
      R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"x\":1}"}}}})",
      R"({"contentBlockStop":{"contentBlockIndex":0}})",
      R"({"contentBlockStart":{"contentBlockIndex":1,"start":{"toolResult":{"status":"success","toolUseId":"s",
          "type":"nova_code_interpreter_result"}}}})",
      R"({"contentBlockDelta":{"contentBlockIndex":1,"delta":{"toolResult":[{"json":{"exitCode":0}}]}}})",
      R"({"contentBlockStop":{"contentBlockIndex":1}})",
      kStop,
      kMetadata};
  EXPECT_EQ(Deltas(Run(events)), json::parse(R"([{"role":"assistant","content":""}])"));
  facts_.content_blocks = true;
  EXPECT_EQ(Blocks(Run(events)), json::parse(R"([
      {"index":0,"content_block":{"type":"server_tool_use","id":"s","name":"nova_code_interpreter","input":{}}},
      {"index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}},{"index":0,"stop":true},
      {"index":1,"content_block":{"type":"nova_code_interpreter_result","tool_use_id":"s",
        "content":[{"type":"json","json":{"exitCode":0}}]}},{"index":1,"stop":true}])"));
}

TEST_F(StreamTest, SourcesFollowTheirText) {
  facts_.content_blocks = true;
  const auto stream = Run(
      {kStart,
       R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"citation":{"location":{"web":{"url":"https://w"}}}}}})",
       kText, kTextStop, kStop, kMetadata});
  EXPECT_EQ(Blocks(stream), json::parse(R"([{"index":0,"content_block":{"type":"text","text":""}},
      {"index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://w"}}},
      {"index":0,"delta":{"type":"text_delta","text":"Hi"}},{"index":0,"stop":true}])"));
  json annotations;
  for (const json& delta : Deltas(stream)) {
    if (delta.contains("annotations")) annotations = delta["annotations"];
  }
  EXPECT_EQ(annotations,
            json::parse(
                R"([{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"https://w",
              "title":"https://w"}}])"));
}

TEST_F(StreamTest, PicturesAreGivenWhole) {
  const auto stream =
      Run({kStart, R"({"contentBlockStart":{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}})",
           R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"image":{"source":{"bytes":"AA"}}}}})",
           R"({"contentBlockStop":{"contentBlockIndex":0}})", kStop, kMetadata});
  EXPECT_EQ(Deltas(stream).back(), json::parse(R"({"images":[{"type":"image_url",
      "image_url":{"url":"data:image/png;base64,AA"}}]})"));
}

TEST_F(StreamTest, EndsAtItsEndWhereTheMetadataAreMissing) {
  facts_.include_usage = true;
  const auto stream = Run({kStart, kText, kTextStop, kStop});
  EXPECT_FALSE(stream.error);
  ASSERT_EQ(stream.chunks.size(), 3u);  // and none of usage, of which nothing is known
  EXPECT_EQ(stream.chunks[2]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(stream.tokens().input, -1);
}

TEST_F(StreamTest, WithoutItsStopIsTruncated) {
  for (const auto& events : std::vector<std::vector<std::string>>{{},
                                                                  {kStart},
                                                                  {kStart, kText},
                                                                  {kStart, kText, kTextStop},
                                                                  {kStart, kText, kTextStop, kMetadata}}) {
    const auto stream = Run(events);
    ASSERT_TRUE(stream.error) << events.size();
    EXPECT_EQ(stream.error->code, "upstream_truncated");
    EXPECT_EQ(stream.error->http_status, 502);
    EXPECT_TRUE(stream.error->retryable);
  }
}

TEST_F(StreamTest, NothingFollowsItsEnd) {
  Harness::Stream stream(harness_, facts_);
  for (const std::string& event : {kStart, kText, kTextStop, kStop}) ASSERT_TRUE(stream.Feed(event));
  ASSERT_FALSE(stream.Feed(kMetadata));
  const size_t chunks = stream.chunks.size();
  stream.Feed(kText);
  stream.End();
  EXPECT_EQ(stream.chunks.size(), chunks);
  EXPECT_FALSE(stream.error);
}

// Names as the SDK has them; the statuses are those that its schemas give the same exceptions outside of
// streams, but for a model's failure while streaming, which is to be sent again.
TEST_F(StreamTest, ExceptionsHaveTheirStatuses) {
  struct {
    const char* name;
    const char* code;
    int status;
    ErrorClass error_class;
    bool retryable;
  } const cases[] = {
      {"throttlingException", "ThrottlingException", 429, ErrorClass::kProvider, true},
      {"validationException", "ValidationException", 400, ErrorClass::kCaller, false},
      {"internalServerException", "InternalServerException", 500, ErrorClass::kProvider, true},
      {"serviceUnavailableException", "ServiceUnavailableException", 503, ErrorClass::kProvider, true},
      {"modelStreamErrorException", "ModelStreamErrorException", 502, ErrorClass::kProvider, true},
      {"modelTimeoutException", "ModelTimeoutException", 408, ErrorClass::kProvider, true},
      {"modelNotReadyException", "ModelNotReadyException", 429, ErrorClass::kProvider, true},
      {"accessDeniedException", "AccessDeniedException", 403, ErrorClass::kProvider, false},
      {"resourceNotFoundException", "ResourceNotFoundException", 404, ErrorClass::kCaller, false},
      {"serviceQuotaExceededException", "ServiceQuotaExceededException", 400, ErrorClass::kProvider, true},
      {"novelException", "NovelException", 500, ErrorClass::kProvider, true},
      {"InternalFailure", "InternalFailure", 500, ErrorClass::kProvider, true}};
  for (const auto& one : cases) {
    for (const bool first : {true, false}) {
      std::vector<std::string> events = {"{\"" + std::string(one.name) + R"(":{"message":"so it is"}})"};
      if (!first) events.insert(events.begin(), {kStart, kText});
      const auto stream = Run(events);
      ASSERT_TRUE(stream.error) << one.name;
      EXPECT_EQ(stream.error->http_status, one.status) << one.name;
      EXPECT_EQ(stream.error->code, one.code);
      EXPECT_EQ(stream.error->message, "so it is");
      EXPECT_EQ(stream.error->error_class, one.error_class) << one.name;
      EXPECT_EQ(stream.error->retryable, one.retryable) << one.name;
      EXPECT_EQ(stream.chunks.size(), first ? 0u : 2u);
    }
  }
}

TEST_F(StreamTest, TellsTheModelsOwnWordsWhereTheExceptionHasNone) {
  const auto stream = Run(
      {R"({"modelStreamErrorException":{"originalMessage":"the model fell over","originalStatusCode":500}})"});
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->message, "the model fell over");
  EXPECT_EQ(Run({R"({"throttlingException":{}})"}).error->message, "bedrock reported an error");
  EXPECT_EQ(Run({R"({"throttlingException":"slow"})"}).error->http_status, 429);
}

TEST_F(StreamTest, UnknownEventsMeanNothing) {
  const auto stream = Run({R"({"novel":{"a":1}})", kStart, R"({"":{}})", kText, kTextStop, kStop, kMetadata});
  EXPECT_FALSE(stream.error);
  EXPECT_TRUE(stream.done);
}

TEST_F(StreamTest, APictureWithoutAnEndIsRefused) {
  Harness::Stream stream(harness_, facts_);
  const std::string piece =
      R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"image":{"source":{"bytes":")" +
      std::string(1u << 20, 'A') + R"("}}}}})";
  stream.Feed(R"({"contentBlockStart":{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}})");
  int fed = 0;
  while (fed < 200 && stream.Feed(piece)) ++fed;
  ASSERT_TRUE(stream.error);
  EXPECT_GT(fed, 32);  // as large as pictures may be
  EXPECT_EQ(stream.error->code, "upstream_invalid_answer");
}

TEST_F(StreamTest, BlocksWithoutAnEndAreRefused) {
  Harness::Stream stream(harness_, facts_);
  int fed = 0;
  while (fed < 1000 && stream.Feed(R"({"contentBlockDelta":{"contentBlockIndex":)" + std::to_string(fed) +
                                   R"(,"delta":{"text":"a"}}})")) {
    ++fed;
  }
  ASSERT_TRUE(stream.error);
  EXPECT_LT(fed, 100);
  EXPECT_EQ(stream.error->code, "upstream_invalid_answer");
}

}  // namespace
}  // namespace portolan::providers::bedrock
