#include <gtest/gtest.h>

#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::providers::bedrock {
namespace {

using nlohmann::json;

class ResponseTest : public testing::Test {
 protected:
  json Decode(std::string_view wire, bool blocks = false) const {
    CallFacts facts;
    facts.model = kModel;
    facts.unix_seconds = 1795900232;
    facts.content_blocks = blocks;
    const auto answer = harness_.Decode(wire, facts);
    EXPECT_FALSE(answer.error) << answer.error->message;
    return answer.hub;
  }
  // Of an answer with this content.
  json Message(const std::string& content, bool blocks = false) const {
    return Decode(
        R"({"output":{"message":{"role":"assistant","content":)" + content + R"(}},"stopReason":"end_turn"})",
        blocks)["choices"][0]["message"];
  }

  const Harness harness_;
};

TEST_F(ResponseTest, IsTranslated) {
  const json hub = Decode(R"({"output":{"message":{"role":"assistant","content":[{"text":"a"},{"text":"b"}]}},
      "stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":4,"totalTokens":17,"cacheReadInputTokens":10,
      "cacheWriteInputTokens":0},"metrics":{"latencyMs":5},"serviceTier":{"type":"flex"},"novel":null})");
  EXPECT_EQ(
      hub, json::parse(R"({"id":"chatcmpl-bedrock-1795900232","object":"chat.completion","created":1795900232,
      "model":"us.anthropic.claude-sonnet-4-5-20250929-v1:0","service_tier":"flex","metrics":{"latencyMs":5},
      "choices":[{"index":0,"message":{"role":"assistant","content":"ab","refusal":null},"logprobs":null,
        "finish_reason":"stop","native_finish_reason":"end_turn"}],
      "usage":{"prompt_tokens":13,"completion_tokens":4,"total_tokens":17,"cache_read_input_tokens":10,
        "cache_creation_input_tokens":0,"prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":0}}})"));
}

TEST_F(ResponseTest, CallsAreToolCalls) {
  const json hub = Decode(R"({"output":{"message":{"role":"assistant","content":[
      {"reasoningContent":{"reasoningText":{"text":"hm","signature":"S"}}},{"text":"let me see"},
      {"toolUse":{"toolUseId":"t1","name":"f","input":{"a": 1.50}}},{"toolUse":{"toolUseId":"t2","name":"g"}},
      {"toolUse":{"toolUseId":"t3","name":"h","input":{}}}]}},"stopReason":"tool_use"})");
  const json& choice = hub["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_EQ(choice["native_finish_reason"], "tool_use");
  EXPECT_EQ(choice["message"]["content"], "let me see");
  EXPECT_EQ(choice["message"]["reasoning_content"], "hm");
  EXPECT_EQ(choice["message"]["tool_calls"], json::parse(R"([
      {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\": 1.50}"}},
      {"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}},
      {"id":"t3","type":"function","function":{"name":"h","arguments":"{}"}}])"));
  EXPECT_FALSE(choice["message"].contains("content_blocks"));
}

TEST_F(ResponseTest, BlocksAreGivenInOrder) {
  EXPECT_EQ(Message(R"([{"reasoningContent":{"reasoningText":{"text":"hm","signature":"S"}}},
                        {"reasoningContent":{"redactedContent":"QUJD"}},{"text":"a"},
                        {"toolUse":{"toolUseId":"t1","name":"f","input":{"a":1}}}])",
                    true)["content_blocks"],
            json::parse(R"([{"type":"thinking","thinking":"hm","signature":"S"},
                            {"type":"redacted_thinking","data":"QUJD"},{"type":"text","text":"a"},
                            {"type":"tool_use","id":"t1","name":"f","input":{"a":1}}])"));
}

TEST_F(ResponseTest, TextMayStandOnlyBesideItsSources) {
  const json message =
      Message(R"([{"citationsContent":{"content":[{"text":"Ruby is "},{"text":"old."}],"citations":[
      {"title":"facts","sourceContent":[{"text":"made in 1993"}],
       "location":{"documentChar":{"documentIndex":0,"start":1,"end":73}}}]}}])",
              true);
  EXPECT_EQ(message["content"], "Ruby is old.");
  EXPECT_EQ(message["content_blocks"], json::parse(R"([{"type":"text","text":"Ruby is old.","citations":[
      {"type":"char_location","cited_text":"made in 1993","document_index":0,"document_title":"facts",
       "start_char_index":1,"end_char_index":73}]}])"));
}

TEST_F(ResponseTest, SourcesOfAllKinds) {
  const json blocks = Message(R"([{"text":"x"},{"citationsContent":{"citations":[
      {"location":{"documentPage":{"documentIndex":1,"start":2,"end":3}}},
      {"location":{"documentChunk":{"documentIndex":1,"start":4,"end":5}}},
      {"title":"T","source":"https://s","location":{"searchResultLocation":{"searchResultIndex":6,"start":7,"end":8}}},
      {"location":{"web":{"url":"https://w","domain":"w"}}},{"location":{"novel":{"a":1}}}]}}])",
                              true)["content_blocks"];
  EXPECT_EQ(blocks, json::parse(R"([{"type":"text","text":"x","citations":[
      {"type":"page_location","document_index":1,"start_page_number":2,"end_page_number":3},
      {"type":"content_block_location","document_index":1,"start_block_index":4,"end_block_index":5},
      {"type":"search_result_location","source":"https://s","title":"T","search_result_index":6,"start_block_index":7,
       "end_block_index":8},
      {"type":"web_search_result_location","url":"https://w","domain":"w"},{"novel":{"a":1}}]}])"));
}

TEST_F(ResponseTest, PagesAreAnnotations) {
  EXPECT_EQ(Message(R"([{"text":"é1 "},{"citationsContent":{"content":[{"text":"ab"}],"citations":[
      {"location":{"web":{"url":"https://w","domain":"w.org"}}}]}},
      {"citationsContent":{"citations":[{"title":"T","location":{"web":{"url":"https://v"}}}]}}])")
                ["annotations"],
            json::parse(R"([
      {"type":"url_citation","url_citation":{"start_index":3,"end_index":5,"url":"https://w","title":"w.org"}},
      {"type":"url_citation","url_citation":{"start_index":5,"end_index":5,"url":"https://v","title":"T"}}])"));
}

// Bedrock has made them itself, and gives the results.
TEST_F(ResponseTest, CallsOfItsOwnToolsAreNoneForTheCaller) {
  const std::string content = R"([{"toolUse":{"toolUseId":"s","name":"nova_grounding","input":{"q":"x"},
      "type":"server_tool_use"}},{"toolResult":{"toolUseId":"s","status":"success","type":"nova_grounding_result",
      "content":[{"text":"[HIDDEN]"},{"json":{"a":1}},{"document":{"name":"d"}}]}},{"text":"y"}])";
  const json plain = Message(content);
  EXPECT_FALSE(plain.contains("tool_calls"));
  EXPECT_EQ(plain["content"], "y");
  EXPECT_EQ(Message(content, true)["content_blocks"], json::parse(R"([
      {"type":"server_tool_use","id":"s","name":"nova_grounding","input":{"q":"x"}},
      {"type":"nova_grounding_result","tool_use_id":"s","content":[{"type":"text","text":"[HIDDEN]"},
        {"type":"json","json":{"a":1}},{"type":"other","other":{"document":{"name":"d"}}}]},
      {"type":"text","text":"y"}])"));
}

TEST_F(ResponseTest, PicturesAndWhatIsUnknownAreKept) {
  const std::string content = R"([{"image":{"format":"png","source":{"bytes":"AA"}}},{"novel":{"a":[1]}},
      {"audio":{"format":"mp3"}}])";
  const json message = Message(content);
  EXPECT_EQ(message["content"], nullptr);
  EXPECT_EQ(message["images"],
            json::parse(R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}])"));
  EXPECT_EQ(message["other_content"], json::parse(R"([{"novel":{"a":[1]}},{"audio":{"format":"mp3"}}])"));
  EXPECT_EQ(
      Message(content, true)["content_blocks"],
      json::parse(R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}])"));
}

// Reasons as the SDK's StopReason has them.
TEST_F(ResponseTest, ReasonsAreOpenAisWords) {
  struct {
    const char* reason;
    const char* with_text;
    const char* with_calls;
  } const cases[] = {{"end_turn", "stop", "tool_calls"},
                     {"stop_sequence", "stop", "tool_calls"},
                     {"tool_use", "tool_calls", "tool_calls"},
                     {"max_tokens", "length", "length"},
                     {"model_context_window_exceeded", "length", "length"},
                     {"guardrail_intervened", "content_filter", "content_filter"},
                     {"content_filtered", "content_filter", "content_filter"},
                     {"malformed_model_output", "stop", "stop"},
                     {"malformed_tool_use", "stop", "stop"},
                     {"one_of_tomorrow", "stop", "stop"},
                     {"", "stop", "tool_calls"}};
  const auto reason = [&](const std::string& content, const char* native) {
    return Decode(R"({"output":{"message":{"content":)" + content + R"(}},"stopReason":")" + native +
                  "\"}")["choices"][0]["finish_reason"];
  };
  for (const auto& one : cases) {
    EXPECT_EQ(reason(R"([{"text":"a"}])", one.reason), one.with_text) << one.reason;
    EXPECT_EQ(reason(R"([{"toolUse":{"toolUseId":"t","name":"f","input":{}}}])", one.reason), one.with_calls)
        << one.reason;
  }
}

TEST_F(ResponseTest, TheTraceOfAGuardrailIsKept) {
  const json hub = Decode(R"({"output":{"message":{"role":"assistant","content":[{"text":"no"}]}},
      "stopReason":"guardrail_intervened","trace":{"guardrail":{"actionReason":"r"}},
      "additionalModelResponseFields":{"stop_sequence":"x"}})");
  EXPECT_EQ(hub["trace"], json::parse(R"({"guardrail":{"actionReason":"r"}})"));
  EXPECT_EQ(hub["additionalModelResponseFields"], json::parse(R"({"stop_sequence":"x"})"));
  EXPECT_FALSE(hub.contains("usage"));
}

TEST_F(ResponseTest, HugeCountsDoNotOverflow) {
  const json hub = Decode(R"({"output":{"message":{"content":[]}},"usage":{"inputTokens":9223372036854775807,
      "outputTokens":9223372036854775807,"cacheReadInputTokens":1}})");
  EXPECT_EQ(hub["usage"]["total_tokens"], 9223372036854775807);
}

TEST_F(ResponseTest, WhatIsNoAnswerIsRefused) {
  for (const char* wire : {"{}", R"({"output":{}})", R"({"message":"Internal"})", R"({"output":"text"})"}) {
    const auto answer = harness_.Decode(wire);
    ASSERT_TRUE(answer.error) << wire;
    EXPECT_EQ(answer.error->http_status, 502);
    EXPECT_EQ(answer.error->code, "upstream_invalid_answer");
  }
}

}  // namespace
}  // namespace portolan::providers::bedrock
