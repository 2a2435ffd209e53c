#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

constexpr const char* kStart =
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",
    "model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":10,"cache_read_input_tokens":5,
    "output_tokens":1,"service_tier":"standard"}}})";
constexpr const char* kTextStart =
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
constexpr const char* kHello =
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}})";
constexpr const char* kStop0 = R"({"type":"content_block_stop","index":0})";
constexpr const char* kEndTurn =
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},
    "usage":{"output_tokens":7}})";
constexpr const char* kMessageStop = R"({"type":"message_stop"})";

CallFacts Facts(bool include_usage = false, bool content_blocks = false) {
  CallFacts facts;
  facts.stream = true;
  facts.include_usage = include_usage;
  facts.content_blocks = content_blocks;
  facts.unix_seconds = 1700000000;
  return facts;
}

Harness::Stream Play(std::initializer_list<const char*> events, CallFacts facts = Facts()) {
  Harness::Stream stream(TheHarness(), facts);
  for (const char* event : events) {
    if (!stream.Feed(event)) break;
  }
  return stream;
}

// The `delta` of each chunk that has a choice.
json Deltas(const Harness::Stream& stream) {
  json deltas = json::array();
  for (const json& chunk : stream.chunks) {
    for (const json& choice : chunk["choices"]) deltas.push_back(choice["delta"]);
  }
  return deltas;
}

TEST(ChatStream, GivesRoleTextAndFinishOnce) {
  const auto stream =
      Play({kStart, kTextStart, R"({"type":"ping"})", kHello, kStop0, kEndTurn, kMessageStop});
  EXPECT_TRUE(stream.done);
  EXPECT_FALSE(stream.error);
  ASSERT_EQ(stream.chunks.size(), 3u);
  for (const json& chunk : stream.chunks) {
    EXPECT_EQ(chunk["id"], "msg_1");
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    EXPECT_EQ(chunk["created"], 1700000000);
    EXPECT_EQ(chunk["model"], "claude-x");
    EXPECT_EQ(chunk["service_tier"], "default");
    EXPECT_FALSE(chunk.contains("usage"));
    EXPECT_EQ(chunk["choices"][0]["index"], 0);
  }
  EXPECT_EQ(Deltas(stream), json::parse(R"([{"role":"assistant","content":""},{"content":"Hello"},{}])"));
  EXPECT_EQ(stream.chunks[0]["choices"][0]["finish_reason"], nullptr);
  EXPECT_EQ(stream.chunks[1]["choices"][0]["finish_reason"], nullptr);
  EXPECT_EQ(stream.chunks[2]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(stream.chunks[2]["choices"][0]["native_finish_reason"], "end_turn");
}

TEST(ChatStream, GivesUsageInTheLastChunkAlone) {
  const auto stream = Play({kStart, kTextStart, kHello, kStop0, kEndTurn, kMessageStop}, Facts(true));
  ASSERT_EQ(stream.chunks.size(), 4u);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(stream.chunks[i].at("usage").is_null());
  EXPECT_EQ(stream.chunks[3]["choices"], json::array());
  EXPECT_EQ(
      stream.chunks[3]["usage"],
      json::parse(R"({"prompt_tokens":15,"completion_tokens":7,"total_tokens":22,"cache_read_input_tokens":5,
                            "prompt_tokens_details":{"cached_tokens":5}})"));
}

TEST(ChatStream, TellsTheGatewayWhatWasUsedThoughTheCallerDidNotAsk) {
  const auto stream = Play({kStart, kTextStart, kHello, kStop0, kEndTurn, kMessageStop});
  for (const json& chunk : stream.chunks) EXPECT_FALSE(chunk.contains("usage"));
  EXPECT_EQ(stream.tokens().input, 15);
  EXPECT_EQ(stream.tokens().output, 7);
  EXPECT_EQ(stream.tokens().cached, 5);
  EXPECT_EQ(stream.tokens().reasoning, -1);
}

TEST(ChatStream, LaterTotalsReplaceEarlierOnes) {
  const auto stream = Play({kStart,
                            R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},
                               "usage":{"input_tokens":2411,"cache_read_input_tokens":0,"output_tokens":145,
                               "output_tokens_details":{"thinking_tokens":47},"server_tool_use":{"n":1}}})",
                            kMessageStop},
                           Facts(true));
  EXPECT_EQ(stream.chunks.back()["usage"],
            json::parse(R"({"prompt_tokens":2411,"completion_tokens":145,"total_tokens":2556,
                            "cache_read_input_tokens":0,"prompt_tokens_details":{"cached_tokens":0},
                            "completion_tokens_details":{"reasoning_tokens":47},"server_tool_use":{"n":1}})"));
}

TEST(ChatStream, CountsCallsApartFromBlocks) {
  const auto stream = Play(
      {kStart, kTextStart, kHello, kStop0,
       R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}})",
       R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}})",
       R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}})",
       R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}})",
       R"({"type":"content_block_stop","index":1})",
       R"({"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}})",
       R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}})",
       R"({"type":"content_block_stop","index":2})",
       R"({"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}})",
       R"({"type":"content_block_stop","index":3})",
       R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}})",
       kMessageStop});
  EXPECT_EQ(Deltas(stream), json::parse(R"([
      {"role":"assistant","content":""},{"content":"Hello"},
      {"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]},
      {"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]},
      {"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},
      {"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"g","arguments":""}}]},
      {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]},
      {}])"));
  EXPECT_EQ(stream.chunks.back()["choices"][0]["finish_reason"], "tool_calls");
}

TEST(ChatStream, GivesThinkingAsReasoning) {
  const auto stream = Play(
      {kStart,
       R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}})",
       kStop0, kEndTurn, kMessageStop});
  EXPECT_EQ(Deltas(stream),
            json::parse(R"([{"role":"assistant","content":""},{"reasoning_content":"hm"},{}])"));
}

TEST(ChatStream, GivesTheEventsOfBlocksWhenWanted) {
  const auto stream = Play(
      {kStart,
       R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}})",
       kStop0,
       R"({"type":"content_block_start","index":1,"content_block":{"type":"web_fetch_tool_result","tool_use_id":"s",
           "content":{"type":"web_fetch_result","url":"u"}}})",
       R"({"type":"content_block_stop","index":1})",
       R"({"type":"content_block_start","index":2,"content_block":{"type":"text","text":"","citations":[]}})",
       R"({"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"a"}})",
       R"({"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":
           {"type":"web_search_result_location","url":"https://x.test","title":"T","cited_text":"c"}}})",
       R"({"type":"content_block_stop","index":2})", kEndTurn, kMessageStop},
      Facts(false, true));
  EXPECT_EQ(Deltas(stream), json::parse(R"([
    {"role":"assistant","content":""},
    {"content_blocks":[{"index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}]},
    {"reasoning_content":"hm","content_blocks":[{"index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}]},
    {"content_blocks":[{"index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}]},
    {"content_blocks":[{"index":0,"stop":true}]},
    {"content_blocks":[{"index":1,"content_block":{"type":"web_fetch_tool_result","tool_use_id":"s",
       "content":{"type":"web_fetch_result","url":"u"}}}]},
    {"content_blocks":[{"index":1,"stop":true}]},
    {"content_blocks":[{"index":2,"content_block":{"type":"text","text":"","citations":[]}}]},
    {"content":"a","content_blocks":[{"index":2,"delta":{"type":"text_delta","text":"a"}}]},
    {"content_blocks":[{"index":2,"delta":{"type":"citations_delta","citation":
       {"type":"web_search_result_location","url":"https://x.test","title":"T","cited_text":"c"}}}]},
    {"annotations":[{"type":"url_citation","url_citation":
       {"start_index":0,"end_index":1,"title":"T","url":"https://x.test"}}],
     "content_blocks":[{"index":2,"stop":true}]},
    {}])"));
}

TEST(ChatStream, ARefusalSaysWhy) {
  const auto stream = Play({kStart,
                            R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":
                               {"type":"refusal","category":null,"explanation":"No."}},"usage":{"output_tokens":1}})",
                            kMessageStop});
  EXPECT_EQ(stream.chunks.back()["choices"][0]["delta"], json::parse(R"({"refusal":"No."})"));
  EXPECT_EQ(stream.chunks.back()["choices"][0]["finish_reason"], "content_filter");
}

TEST(ChatStream, TheStopSequenceIsTold) {
  const auto stream =
      Play({kStart, R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"E"}})",
            kMessageStop});
  EXPECT_EQ(stream.chunks.back()["choices"][0]["stop_sequence"], "E");
}

TEST(ChatStream, FinishesOnceHoweverManyReportsCome) {
  const auto stream = Play({kStart, kEndTurn, kEndTurn, kMessageStop});
  int finishes = 0;
  for (const json& chunk : stream.chunks) finishes += chunk["choices"][0]["finish_reason"] != nullptr;
  EXPECT_EQ(finishes, 1);
}

TEST(ChatStream, UnknownEventsMeanNothing) {
  const auto stream =
      Play({kStart, R"({"type":"weather","index":3})", R"({})", R"({"type":7})", kEndTurn, kMessageStop});
  EXPECT_TRUE(stream.done);
  EXPECT_EQ(stream.chunks.size(), 2u);
}

TEST(ChatStream, ARoleIsGivenEvenWithoutAStart) {
  const auto stream = Play({kHello, kMessageStop});
  EXPECT_EQ(Deltas(stream), json::parse(R"([{"role":"assistant","content":""},{"content":"Hello"},{}])"));
  EXPECT_TRUE(stream.done);
}

struct ErrorCase {
  const char* type;
  int status;
  bool retryable;
};

class StreamErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(StreamErrorTest, EndsTheStream) {
  const std::string event = R"({"type":"error","error":{"type":")" + std::string(GetParam().type) +
                            R"(","message":"What happened"},"request_id":"req_1"})";
  const auto stream = Play({kStart, kTextStart, kHello, event.c_str()});
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->http_status, GetParam().status);
  EXPECT_EQ(stream.error->code, GetParam().type);
  EXPECT_EQ(stream.error->message, "What happened");
  EXPECT_EQ(stream.error->retryable, GetParam().retryable);
  EXPECT_EQ(stream.error->error_class, ErrorClass::kProvider);
  EXPECT_FALSE(stream.error->transport);
  EXPECT_FALSE(stream.done);
  for (const json& chunk : stream.chunks) EXPECT_EQ(chunk["choices"][0]["finish_reason"], nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    All, StreamErrorTest,
    testing::Values(ErrorCase{"invalid_request_error", 400, false},
                    ErrorCase{"authentication_error", 401, false}, ErrorCase{"billing_error", 402, false},
                    ErrorCase{"permission_error", 403, false}, ErrorCase{"not_found_error", 404, false},
                    ErrorCase{"request_too_large", 413, false}, ErrorCase{"rate_limit_error", 429, true},
                    ErrorCase{"api_error", 500, true}, ErrorCase{"timeout_error", 504, true},
                    ErrorCase{"overloaded_error", 529, true}, ErrorCase{"novel_error", 500, true}),
    [](const auto& test) { return test.param.type; });

constexpr const char* kCallStart =
    R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})";
constexpr const char* kStop1 = R"({"type":"content_block_stop","index":1})";
constexpr const char* kUsageAlone =
    R"({"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":7}})";
constexpr const char* kPing = R"({"type":"ping"})";

TEST(ChatStream, AnEndBeforeTheReasonIsAnError) {
  for (const auto& events : {std::initializer_list<const char*>{},
                             {kPing},
                             {kStart},
                             {kStart, kTextStart, kHello, kStop0},
                             {kStart, kTextStart, kHello, kStop0, kUsageAlone}}) {
    auto stream = Play(events, Facts(true));
    const size_t before = stream.chunks.size();
    stream.End();
    ASSERT_TRUE(stream.error);
    EXPECT_EQ(stream.error->code, "upstream_truncated");
    EXPECT_EQ(stream.error->http_status, 502);
    EXPECT_TRUE(stream.error->transport);
    EXPECT_EQ(stream.chunks.size(), before);
  }
}

TEST(ChatStream, AnEndAfterTheReasonIsAsGoodAsTheLastEvent) {
  for (const bool include_usage : {false, true}) {
    for (const bool content_blocks : {false, true}) {
      const CallFacts facts = Facts(include_usage, content_blocks);
      for (const auto& events :
           {std::initializer_list<const char*>{kStart, kTextStart, kHello, kStop0, kEndTurn},
            {kStart, kEndTurn},
            {kHello, kEndTurn, kPing},
            {kStart, kCallStart, kStop1, kEndTurn, kUsageAlone}}) {
        auto cut = Play(events, facts);
        cut.End();
        EXPECT_FALSE(cut.error);
        auto whole = Play(events, facts);
        whole.Feed(kMessageStop);
        EXPECT_TRUE(whole.done);
        EXPECT_EQ(cut.chunks, whole.chunks);
        whole.End();
        EXPECT_FALSE(whole.error);
        EXPECT_EQ(cut.chunks, whole.chunks);
      }
    }
  }
}

TEST(ChatStream, OfWhichOnlyTheEndCameIsAnError) {
  for (const auto& events : {std::initializer_list<const char*>{kMessageStop},
                             {kPing, kMessageStop},
                             {R"({"type":"weather"})", kMessageStop},
                             {kUsageAlone, kMessageStop}}) {
    const auto stream = Play(events, Facts(true));
    ASSERT_TRUE(stream.error);
    EXPECT_EQ(stream.error->code, "upstream_empty_answer");
    EXPECT_EQ(stream.error->http_status, 502);
    EXPECT_TRUE(stream.error->transport);
    EXPECT_TRUE(stream.error->retryable);
    EXPECT_FALSE(stream.done);
    EXPECT_TRUE(stream.chunks.empty());
  }
}

TEST(ChatStream, WithCallsFinishesWithThem) {
  const auto finish = [](const char* reason) {
    const auto stream =
        Play({kStart, kCallStart, kStop1,
              (R"({"type":"message_delta","delta":{"stop_reason":)" + std::string(reason) + "}}").c_str(),
              kMessageStop});
    EXPECT_TRUE(stream.done);
    const json& choice = stream.chunks.back()["choices"][0];
    return choice["finish_reason"].get<std::string>() + " " + choice.value("native_finish_reason", "-");
  };
  EXPECT_EQ(finish(R"("tool_use")"), "tool_calls tool_use");
  EXPECT_EQ(finish(R"("end_turn")"), "tool_calls end_turn");
  EXPECT_EQ(finish(R"("stop_sequence")"), "tool_calls stop_sequence");
  EXPECT_EQ(finish("null"), "tool_calls -");
  EXPECT_EQ(finish(R"("max_tokens")"), "length max_tokens");
  EXPECT_EQ(finish(R"("refusal")"), "content_filter refusal");
}

TEST(ChatStream, WithoutAReasonFinishesWithStop) {
  const auto stream = Play({kStart, kTextStart, kHello, kStop0, kUsageAlone, kMessageStop});
  const json& choice = stream.chunks.back()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "stop");
  EXPECT_FALSE(choice.contains("native_finish_reason"));
}

TEST(ChatStream, BlocksThatWereNotClosedEndWithTheMessage) {
  const auto stream = Play({kStart, kCallStart, kEndTurn, kMessageStop}, Facts(false, true));
  EXPECT_EQ(Deltas(stream), json::parse(R"([
      {"role":"assistant","content":""},
      {"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}],
       "content_blocks":[{"index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}]},
      {"tool_calls":[{"index":0,"function":{"arguments":"{}"}}],"content_blocks":[{"index":1,"stop":true}]},
      {}])"));
}

TEST(ChatStream, BlocksThatNeverEndAreAnError) {
  Harness::Stream stream(TheHarness(), Facts());
  int fed = 0;
  while (fed < 1000 &&
         stream.Feed(R"({"type":"content_block_start","index":-5,"content_block":{"type":"text"}})"))
    ++fed;
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code, "upstream_invalid_answer");
  EXPECT_TRUE(stream.error->transport);
  EXPECT_LT(fed, 100);
}

}  // namespace
}  // namespace portolan::providers::anthropic
