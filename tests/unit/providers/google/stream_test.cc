// Streams.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/google/harness.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

CallFacts Facts(bool usage = false, bool blocks = false) {
  CallFacts facts;
  facts.model = "gemini-2.5-flash";
  facts.stream = true;
  facts.unix_seconds = 1700000000;
  facts.include_usage = usage;
  facts.content_blocks = blocks;
  return facts;
}

std::string Event(std::string_view parts, std::string_view more = R"("index":0)") {
  return R"({"responseId":"r1","modelVersion":"m1","candidates":[{"content":{"role":"model","parts":)" +
         std::string(parts) + "}," + std::string(more) + "}]}";
}

Harness::Stream Replay(const std::vector<std::string>& events, CallFacts facts = Facts()) {
  Harness::Stream stream(TheHarness(), facts);
  for (const std::string& event : events) {
    if (!stream.Feed(event)) return stream;
  }
  stream.End();
  return stream;
}

constexpr std::string_view kStop = R"("finishReason":"STOP","index":0)";

// What SDKs make of a stream: texts are joined, calls by their index, other members by the last one (the
// JavaScript SDK) or joined too (the Python SDK), which must come to the same.
json MessageOf(const Harness::Stream& stream) {
  json message = json::object();
  std::string text;
  json calls = json::array();
  for (const json& chunk : stream.chunks) {
    for (const json& choice : chunk.at("choices")) {
      for (const auto& [name, value] : choice.at("delta").items()) {
        if (name == "content") {
          text += value.get<std::string>();
        } else if (name == "tool_calls") {
          for (const json& call : value) {
            EXPECT_EQ(call.at("index"), calls.size());  // each in one piece
            calls.push_back(call);
          }
        } else {
          EXPECT_FALSE(message.contains(name) && name == "extra_content") << "given twice";
          message[name] = value;
        }
      }
    }
  }
  message["content"] = text;
  if (!calls.empty()) message["tool_calls"] = calls;
  return message;
}

TEST(GoogleStream, WithoutAnIdGetsOneThatStays) {
  const auto event = [](const char* text, const char* more) {
    return R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":")" + std::string(text) +
           "\"}]}" + more + "}]}";
  };
  const auto stream = Replay({event("a", ""), event("b", R"(,"finishReason":"STOP")")});
  ASSERT_FALSE(stream.error) << stream.error->message;
  ASSERT_GE(stream.chunks.size(), 2U);
  for (const json& chunk : stream.chunks) EXPECT_EQ(chunk.at("id"), "chatcmpl-google-1700000000");
}

TEST(GoogleStream, Text) {
  const auto stream = Replay({Event(R"([{"text":"Hel"}])"), Event(R"([{"text":"lo"}])", kStop)});
  ASSERT_FALSE(stream.error) << stream.error->message;
  const json head =
      json::parse(R"({"id":"r1","object":"chat.completion.chunk","created":1700000000,"model":"m1"})");
  const std::vector<std::string> kChoices = {
      R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})",
      R"({"index":0,"delta":{"content":"Hel"},"finish_reason":null})",
      R"({"index":0,"delta":{"content":"lo"},"finish_reason":null})",
      R"({"index":0,"delta":{},"finish_reason":"stop"})"};
  ASSERT_EQ(stream.chunks.size(), kChoices.size());
  for (size_t i = 0; i < kChoices.size(); ++i) {
    json expected = head;
    expected["choices"] = json::array({json::parse(kChoices[i])});
    EXPECT_EQ(stream.chunks[i], expected) << i;
  }
}

TEST(GoogleStream, UsageComesLastAndTheLastCounts) {
  const auto event = [](int answer, std::string_view more) {
    return R"({"candidates":[{"content":{"parts":[{"text":"x"}]})" + std::string(more) +
           R"(}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":)" + std::to_string(answer) +
           R"(,"thoughtsTokenCount":3,"totalTokenCount":)" + std::to_string(answer + 10) + "}}";
  };
  const auto stream = Replay({event(1, ""), event(8, R"(,"finishReason":"STOP")")}, Facts(true));
  ASSERT_FALSE(stream.error) << stream.error->message;
  const json& last = stream.chunks.back();
  EXPECT_EQ(last.at("choices"), json::array());
  EXPECT_EQ(last.at("usage"), json::parse(R"({"prompt_tokens":7,"completion_tokens":11,"total_tokens":18,
      "completion_tokens_details":{"reasoning_tokens":3}})"));
  for (size_t i = 0; i + 1 < stream.chunks.size(); ++i) EXPECT_EQ(stream.chunks[i].at("usage"), nullptr) << i;
  EXPECT_EQ(stream.tokens().input, 7);
  EXPECT_EQ(stream.tokens().output, 11);
  EXPECT_EQ(stream.tokens().reasoning, 3);
  EXPECT_EQ(stream.tokens().cached, -1);
  EXPECT_FALSE(Replay({event(1, R"(,"finishReason":"STOP")")}).chunks.back().contains("usage"));
}

TEST(GoogleStream, TextAndCallsShareAnEvent) {
  const auto stream = Replay({Event(R"([{"text":"hm","thought":true},{"text":"Wait."},
      {"functionCall":{"name":"f","args":{"a":1},"id":"i"},"thoughtSignature":"S"},{"functionCall":{"name":"g"}}])",
                                    kStop)});
  ASSERT_FALSE(stream.error) << stream.error->message;
  const json message = MessageOf(stream);
  EXPECT_EQ(message["content"], "Wait.");
  EXPECT_EQ(message["reasoning_content"], "hm");
  EXPECT_EQ(message["tool_calls"], json::parse(R"([
      {"index":0,"id":"i","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},
       "extra_content":{"google":{"thought_signature":"S"}}},
      {"index":1,"id":"call_r1_0_1","type":"function","function":{"name":"g","arguments":"{}"}}])"));
  EXPECT_EQ(stream.chunks.back()["choices"][0]["finish_reason"], "tool_calls");
}

TEST(GoogleStream, CallsAreCountedThroughTheStream) {
  const auto stream = Replay({Event(R"([{"functionCall":{"name":"f"}}])"),
                              Event(R"([{"functionCall":{"name":"g"}}])"), Event(R"([{"text":""}])", kStop)});
  const json calls = MessageOf(stream)["tool_calls"];
  EXPECT_EQ(calls[0]["id"], "call_r1_0_0");
  EXPECT_EQ(calls[1]["id"], "call_r1_0_1");
  EXPECT_EQ(stream.chunks.back()["choices"][0]["finish_reason"], "tool_calls");
}

TEST(GoogleStream, ASignatureBehindTheTextComesOnce) {
  const auto stream = Replay({Event(R"([{"text":"a","thoughtSignature":"S1"}])"), Event(R"([{"text":"b"}])"),
                              Event(R"([{"text":"","thoughtSignature":"S2"}])", kStop)});
  const json message = MessageOf(stream);
  EXPECT_EQ(message["content"], "ab");
  EXPECT_EQ(message["extra_content"], json::parse(R"({"google":{"thought_signature":"S2","alone":true}})"));
}

TEST(GoogleStream, PartsAfterTheReasonStillCount) {
  const auto stream = Replay({Event(R"([{"text":"a"}])", kStop), Event(R"([{"text":"b"}])")});
  ASSERT_FALSE(stream.error) << stream.error->message;
  EXPECT_EQ(MessageOf(stream)["content"], "ab");
  EXPECT_EQ(stream.chunks.back()["choices"][0]["finish_reason"], "stop");
}

TEST(GoogleStream, Blocks) {
  const auto stream = Replay(
      {Event(R"([{"text":"h","thought":true}])"), Event(R"([{"text":"m","thought":true},{"text":"a"}])"),
       Event(R"([{"text":"b"},{"text":"c","thoughtSignature":"S"}])"),
       Event(R"([{"functionCall":{"name":"f","args":{"x":1},"id":"i"}},{"functionCall":{"name":"g"}},
                                     {"codeExecutionResult":{"outcome":"OUTCOME_OK"}}])",
             kStop)},
      Facts(false, true));
  ASSERT_FALSE(stream.error) << stream.error->message;
  json steps = json::array();
  for (const json& chunk : stream.chunks) {
    for (const json& step : chunk["choices"][0]["delta"].value("content_blocks", json::array()))
      steps.push_back(step);
  }
  EXPECT_EQ(steps, json::parse(R"([
      {"index":0,"content_block":{"type":"thinking","thinking":"h"}},
      {"index":0,"delta":{"type":"thinking_delta","thinking":"m"}},
      {"index":0,"stop":true},
      {"index":1,"content_block":{"type":"text","text":"a"}},
      {"index":1,"delta":{"type":"text_delta","text":"b"}},
      {"index":1,"stop":true},
      {"index":2,"content_block":{"type":"text","text":"c","extra_content":{"google":{"thought_signature":"S"}}}},
      {"index":2,"stop":true},
      {"index":3,"content_block":{"type":"tool_use","id":"i","name":"f","input":{}}},
      {"index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}},
      {"index":3,"stop":true},
      {"index":4,"content_block":{"type":"tool_use","id":"call_r1_0_1","name":"g","input":{}}},
      {"index":4,"stop":true},
      {"index":5,"content_block":{"type":"google_part","part":{"codeExecutionResult":{"outcome":"OUTCOME_OK"}}}},
      {"index":5,"stop":true}])"));
}

TEST(GoogleStream, SeveralCandidates) {
  const auto stream = Replay({R"({"candidates":[{"index":0,"content":{"parts":[{"text":"a"}]}},
                                             {"index":1,"content":{"parts":[{"text":"b"}]}}]})",
                              R"({"candidates":[{"index":1,"finishReason":"MAX_TOKENS"}]})",
                              R"({"candidates":[{"index":0,"finishReason":"STOP"}]})"});
  ASSERT_FALSE(stream.error) << stream.error->message;
  json reasons = json::object();
  for (const json& chunk : stream.chunks) {
    const json& choice = chunk["choices"][0];
    if (choice["finish_reason"] != nullptr)
      reasons[std::to_string(choice["index"].get<int>())] = choice["finish_reason"];
  }
  EXPECT_EQ(reasons, json::parse(R"({"0":"stop","1":"length"})"));
}

TEST(GoogleStream, ABlockedPromptIsFiltered) {
  const auto stream = Replay(
      {R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}})"}, Facts(true));
  ASSERT_FALSE(stream.error) << stream.error->message;
  ASSERT_EQ(stream.chunks.size(), 3U);
  EXPECT_EQ(stream.chunks[0]["choices"][0]["delta"], json::parse(R"({"role":"assistant"})"));
  EXPECT_EQ(stream.chunks[1]["choices"][0]["finish_reason"], "content_filter");
  EXPECT_EQ(stream.chunks[1]["choices"][0]["native_finish_reason"], "SAFETY");
  EXPECT_EQ(stream.chunks[2]["usage"]["prompt_tokens"], 3);
}

TEST(GoogleStream, PagesAreAnnotationsOfTheWholeText) {
  const auto stream =
      Replay({Event(R"([{"text":"19°C."}])"), Event(R"([{"text":" Sun."}])", R"("finishReason":"STOP",
      "groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],"groundingSupports":[
        {"segment":{"startIndex":7,"endIndex":11},"groundingChunkIndices":[0]}]})")});
  const json choice = stream.chunks.back()["choices"][0];
  EXPECT_EQ(choice["delta"]["annotations"], json::parse(R"([{"type":"url_citation",
      "url_citation":{"start_index":6,"end_index":10,"url":"https://a","title":"A"}}])"));
  EXPECT_TRUE(choice.contains("groundingMetadata"));
}

TEST(GoogleStream, EndsThatAreNone) {
  const struct {
    std::vector<std::string> events;
    const char* code;
  } kCases[] = {
      {{}, "upstream_empty_answer"},
      {{"{}"}, "upstream_empty_answer"},
      {{Event(R"([{"text":"a"}])")}, "upstream_truncated"},
      {{R"({"candidates":[{"index":0,"finishReason":"STOP"},{"index":1}]})"}, "upstream_truncated"}};
  for (const auto& one : kCases) {
    const auto stream = Replay(one.events);
    ASSERT_TRUE(stream.error) << one.code;
    EXPECT_EQ(stream.error->code, one.code);
    EXPECT_EQ(stream.error->http_status, 502);
    EXPECT_TRUE(stream.error->transport);
  }
}

TEST(GoogleStream, AnErrorEndsIt) {
  const auto stream =
      Replay({Event(R"([{"text":"a"}])"),
              R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})"});
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->http_status, 503);
  EXPECT_EQ(stream.error->code, "UNAVAILABLE");
  EXPECT_EQ(stream.error->message, "The model is overloaded.");
}

TEST(GoogleStream, EventsWithoutCandidatesSayThatTheProviderIsAlive) {
  Harness::Stream stream(TheHarness(), Facts());
  EXPECT_TRUE(stream.Feed(R"({"usageMetadata":{"promptTokenCount":1}})"));
  EXPECT_EQ(stream.state, EventsToHub::State::kIdle);
  EXPECT_TRUE(stream.chunks.empty());
}

TEST(GoogleStream, TooManyCandidatesAreRefused) {
  Harness::Stream stream(TheHarness(), Facts());
  bool more = true;
  for (int i = 0; i < 1000 && more; ++i) {
    more = stream.Feed(R"({"candidates":[{"index":)" + std::to_string(i) + "}]}");
  }
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code, "upstream_invalid_answer");
}

}  // namespace
}  // namespace portolan::providers::gemini
