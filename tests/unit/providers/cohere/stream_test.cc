// Streamed answers. The events are those of V2ChatStreamResponse in cohere-ai and of recordings.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/unit/providers/cohere/harness.h"

namespace portolan::providers::cohere {
namespace {

using nlohmann::json;
using Stream = Harness::Stream;

CallFacts Facts(bool usage = false, bool blocks = false) {
  CallFacts facts;
  facts.stream = true;
  facts.model = kModel;
  facts.unix_seconds = 1700000000;
  facts.include_usage = usage;
  facts.content_blocks = blocks;
  return facts;
}

constexpr char kStart[] =
    R"({"id":"dd27","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"",
        "tool_calls":[],"citations":[]}}})";
constexpr char kTextStart[] =
    R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})";
constexpr char kComplete[] =
    R"({"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,
        "output_tokens":6},"tokens":{"input_tokens":508,"output_tokens":86,"reasoning_tokens":28},"cached_tokens":144}}})";

Stream Play(const CallFacts& facts, const std::vector<std::string>& events) {
  Stream stream(TheHarness(), facts);
  for (const std::string& event : events) {
    if (!stream.Feed(event)) return stream;
  }
  stream.End();
  return stream;
}

std::string Text(std::string_view text, int index = 0) {
  json event = {{"type", "content-delta"}, {"index", index}};
  event["delta"]["message"]["content"]["text"] = text;
  return event.dump();
}

std::vector<json> Deltas(const Stream& stream) {
  std::vector<json> deltas;
  for (const json& chunk : stream.chunks) {
    for (const json& choice : chunk.at("choices")) deltas.push_back(choice.at("delta"));
  }
  return deltas;
}

TEST(CohereStream, Text) {
  const Stream stream =
      Play(Facts(true), {kStart, kTextStart, Text("Hel"), Text("lo"), R"({"type":"content-end","index":0})",
                         R"({"type":"debug","prompt":"…"})", kComplete});
  ASSERT_FALSE(stream.error) << stream.error->message;
  EXPECT_EQ(Deltas(stream), std::vector<json>({json::parse(R"({"role":"assistant","content":""})"),
                                               json::parse(R"({"content":"Hel"})"),
                                               json::parse(R"({"content":"lo"})"), json::object()}));
  for (const json& chunk : stream.chunks) {
    EXPECT_EQ(chunk.at("id"), "dd27");
    EXPECT_EQ(chunk.at("object"), "chat.completion.chunk");
    EXPECT_EQ(chunk.at("created"), 1700000000);
    EXPECT_EQ(chunk.at("model"), kModel);
  }
  ASSERT_EQ(stream.chunks.size(), 5u);
  EXPECT_EQ(stream.chunks[3].at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(stream.chunks[4].at("choices"), json::array());
  EXPECT_EQ(stream.chunks[4].at("usage"),
            json::parse(R"({"prompt_tokens":508,"completion_tokens":86,"total_tokens":594,
      "prompt_tokens_details":{"cached_tokens":144},"completion_tokens_details":{"reasoning_tokens":28},
      "billed_units":{"input_tokens":5,"output_tokens":6}})"));
  EXPECT_EQ(stream.tokens().input, 508);
  EXPECT_EQ(stream.tokens().output, 86);
  EXPECT_EQ(stream.tokens().cached, 144);
  EXPECT_EQ(stream.tokens().reasoning, 28);
}

TEST(CohereStream, ThePlanAndItsCalls) {
  const Stream stream = Play(
      Facts(false, true),
      {kStart, R"({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will f."}}})",
       R"({"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c1","type":"function",
           "function":{"name":"f","arguments":""}}}}})",
       R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"a\":"}}}}})",
       R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"1}"}}}}})",
       R"({"type":"tool-call-end","index":0})",
       R"({"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"c2","type":"function",
           "function":{"name":"g","arguments":""}}}}})",
       R"({"type":"tool-call-end","index":1})",
       R"({"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{}}})"});
  ASSERT_FALSE(stream.error) << stream.error->message;
  std::string reasoning;
  std::map<int, std::string> arguments;
  std::vector<std::string> ids;
  json blocks = json::array();
  std::map<int, std::string> input;
  int stops = 0;
  for (const json& delta : Deltas(stream)) {
    reasoning += delta.value("reasoning_content", "");
    for (const json& call : delta.value("tool_calls", json::array())) {
      if (call.contains("id")) ids.push_back(call.at("id"));
      arguments[call.at("index")] += call.at("function").value("arguments", "");
    }
    for (const json& step : delta.value("content_blocks", json::array())) {
      if (step.contains("content_block")) blocks.push_back(step.at("content_block"));
      if (step.contains("delta")) input[step.at("index")] += step.at("delta").value("partial_json", "");
      stops += step.contains("stop") ? 1 : 0;
    }
  }
  EXPECT_EQ(reasoning, "I will f.");
  EXPECT_EQ(ids, std::vector<std::string>({"c1", "c2"}));
  EXPECT_EQ(arguments, (std::map<int, std::string>{{0, "{\"a\":1}"}, {1, "{}"}}));
  EXPECT_EQ(
      blocks,
      json::parse(R"([{"type":"thinking","thinking":""},{"type":"tool_use","id":"c1","name":"f","input":{}},
                                    {"type":"tool_use","id":"c2","name":"g","input":{}}])"));
  EXPECT_EQ(input.at(1), "{\"a\":1}");
  EXPECT_EQ(stops, 3);
  EXPECT_EQ(stream.chunks.back().at("choices").at(0).at("finish_reason"), "tool_calls");
  EXPECT_FALSE(stream.chunks.back().contains("usage"));
}

TEST(CohereStream, CitationsOfASecondPart) {
  const json citation = json::parse(
      R"({"start":1,"end":3,"text":"né","content_index":1,"type":"TEXT_CONTENT","sources":[
          {"type":"document","id":"doc:0","document":{"id":"doc:0","title":"X","url":"https://x.example"}}]})");
  json event = {{"type", "citation-start"}, {"index", 0}};
  event["delta"]["message"]["citations"] = citation;
  const Stream stream =
      Play(Facts(false, true),
           {kStart, kTextStart, Text("é "), R"({"type":"content-end","index":0})",
            R"({"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}})",
            Text("anéb", 1), event.dump(), R"({"type":"citation-end","index":0})", kComplete});
  ASSERT_FALSE(stream.error) << stream.error->message;
  std::vector<json> cited;
  for (const json& delta : Deltas(stream)) {
    if (delta.contains("citations")) cited.push_back(delta);
  }
  ASSERT_EQ(cited.size(), 1u);
  EXPECT_EQ(cited[0].at("citations"), json::array({citation}));
  EXPECT_EQ(cited[0].at("annotations"), json::parse(R"([{"type":"url_citation","url_citation":
      {"start_index":3,"end_index":5,"url":"https://x.example","title":"X"}}])"));
  EXPECT_EQ(cited[0].at("content_blocks").at(0).at("delta").at("citation"),
            json::parse(R"({"type":"web_search_result_location","url":"https://x.example","title":"X"})"));
}

TEST(CohereStream, LogprobsOfTheTextAlone) {
  const Stream stream = Play(
      Facts(),
      {kStart,
       R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}})",
       R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Okay"}}},
                    "logprobs":{"text":"Okay","token_ids":[99420],"logprobs":[0]}})",
       R"({"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"Hi"}}},
                    "logprobs":{"text":"Hi","token_ids":[1],"logprobs":[-0.5]}})",
       kComplete});
  ASSERT_FALSE(stream.error) << stream.error->message;
  json all = json::array();
  for (const json& chunk : stream.chunks) {
    const json& choice = chunk.at("choices").at(0);
    if (choice.contains("logprobs")) all.push_back(choice.at("logprobs").at("content").at(0).at("token"));
  }
  EXPECT_EQ(all, json::array({"Hi"}));
}

// The text is that of the recording chat-v2-stream-logprobs-reasoning, where `[DONE]` follows.
TEST(CohereStream, AnErrorAtItsEnd) {
  const Stream stream = Play(Facts(), {kStart, kTextStart,
                                       R"({"type":"message-end","delta":{"finish_reason":"ERROR","usage":{},
                    "error":"No valid response generated. Try updating messages"}})"});
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->http_status, 502);
  EXPECT_EQ(stream.error->code, "ERROR");
  EXPECT_EQ(stream.error->message, "No valid response generated. Try updating messages");
  EXPECT_TRUE(stream.error->retryable);
}

TEST(CohereStream, AnErrorAnswerAsAnEvent) {
  const Stream stream = Play(Facts(), {kStart, R"({"id":"x","message":"internal server error"})"});
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code, "upstream_error");
  EXPECT_EQ(stream.error->message, "internal server error");
}

TEST(CohereStream, WithoutItsEnd) {
  const Stream stream = Play(Facts(), {kStart, kTextStart, Text("a"), R"({"type":"content-end","index":0})"});
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code, "upstream_truncated");
}

// Whatever follows the end says nothing.
TEST(CohereStream, EventsAfterItsEnd) {
  const Stream stream = Play(Facts(), {kStart, Text("a"), kComplete, Text("b"), kComplete});
  ASSERT_FALSE(stream.error);
  int finishes = 0;
  for (const json& chunk : stream.chunks) {
    finishes += chunk.at("choices").at(0).at("finish_reason").is_string() ? 1 : 0;
  }
  EXPECT_EQ(finishes, 1);
  EXPECT_EQ(stream.chunks.back().at("choices").at(0).at("finish_reason"), "stop");
}

TEST(CohereStream, EndlessCalls) {
  Stream stream(TheHarness(), Facts());
  int index = 0;
  while (index < 100000) {
    const json event = {{"type", "tool-call-start"}, {"index", index++}, {"delta", json::object()}};
    if (!stream.Feed(event.dump())) break;
  }
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code, "upstream_invalid_answer");
}

}  // namespace
}  // namespace portolan::providers::cohere
