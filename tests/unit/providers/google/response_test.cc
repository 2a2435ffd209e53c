// Whole answers.

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

CallFacts Facts(bool blocks = false) {
  CallFacts facts;
  facts.model = "gemini-2.5-flash";
  facts.unix_seconds = 1700000000;
  facts.content_blocks = blocks;
  return facts;
}

Harness::Answer Decode(std::string_view text, bool blocks = false) {
  return TheHarness().Decode(text, Facts(blocks));
}

// An answer with these parts.
std::string Parts(std::string_view parts, std::string_view more = R"("finishReason":"STOP")") {
  return R"({"responseId":"r1","candidates":[{"content":{"role":"model","parts":)" + std::string(parts) +
         "}," + std::string(more) + "}]}";
}

json ChoiceOf(const Harness::Answer& answer) {
  if (answer.error) ADD_FAILURE() << answer.error->message;
  return answer.error ? json() : answer.hub.at("choices").at(0);
}

json MessageOf(std::string_view parts, bool blocks = false) {
  return ChoiceOf(Decode(Parts(parts), blocks)).value("message", json());
}

TEST(GoogleAnswers, Text) {
  const auto answer =
      Decode(R"({"candidates":[{"content":{"parts":[{"text":"Hel"},{"text":"lo"}],"role":"model"},
      "finishReason":"STOP","index":0}],"modelVersion":"gemini-2.5-flash-001","responseId":"abc",
      "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"totalTokenCount":7}})");
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub, json::parse(R"({"id":"abc","object":"chat.completion","created":1700000000,
      "model":"gemini-2.5-flash-001","choices":[{"index":0,"message":{"role":"assistant","content":"Hello",
      "refusal":null},"logprobs":null,"finish_reason":"stop"}],
      "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})"));
}

// Programs keep answers by their ids, and tell those of OpenAI's API by how they begin.
TEST(GoogleAnswers, WithoutAnIdGetOne) {
  for (const char* const id : {"", R"("responseId":"",)"}) {
    const auto answer = Decode("{" + std::string(id) + R"("candidates":[{"content":{"role":"model",
        "parts":[{"text":"a"}]},"finishReason":"STOP"}]})");
    ASSERT_FALSE(answer.error) << answer.error->message;
    EXPECT_EQ(answer.hub.at("id"), "chatcmpl-google-1700000000");
  }
}

TEST(GoogleAnswers, ThoughtsAreReasoning) {
  const json message =
      MessageOf(R"([{"text":"hm","thought":true},{"text":"a","thoughtSignature":"S"},{"text":"b"}])");
  EXPECT_EQ(message["content"], "ab");
  EXPECT_EQ(message["reasoning_content"], "hm");
  EXPECT_EQ(message["extra_content"], json::parse(R"({"google":{"thought_signature":"S"}})"));
}

TEST(GoogleAnswers, Calls) {
  const auto answer =
      Decode(Parts(R"([{"functionCall":{"name":"f","args":{"a":1},"id":"x1"},"thoughtSignature":"S"},
      {"functionCall":{"name":"g"}}])"));
  const json choice = ChoiceOf(answer);
  EXPECT_EQ(choice["message"]["tool_calls"], json::parse(R"([
      {"id":"x1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},
       "extra_content":{"google":{"thought_signature":"S"}}},
      {"id":"call_r1_0_1","type":"function","function":{"name":"g","arguments":"{}"}}])"));
  EXPECT_EQ(choice["message"]["content"], nullptr);
  EXPECT_FALSE(choice["message"].contains("extra_content"));
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_EQ(choice["native_finish_reason"], "STOP");
}

TEST(GoogleAnswers, ImagesAndSound) {
  const json message = MessageOf(R"([{"text":"Here:"},{"inlineData":{"mimeType":"image/png","data":"AAAA"},
      "thoughtSignature":"S"},{"inlineData":{"mimeType":"image/png","data":"BBBB"}}])");
  EXPECT_EQ(message["content"], "Here:");
  EXPECT_EQ(message["images"], json::parse(R"([
      {"index":0,"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"},
       "extra_content":{"google":{"thought_signature":"S"}}},
      {"index":1,"type":"image_url","image_url":{"url":"data:image/png;base64,BBBB"}}])"));
  const json spoken =
      MessageOf(R"([{"inlineData":{"mimeType":"audio/L16;codec=pcm;rate=24000","data":"AAAA"}}])");
  EXPECT_EQ(spoken["audio"], json::parse(R"({"id":"r1","data":"AAAA","expires_at":1700000000,"transcript":"",
                            "mime_type":"audio/L16;codec=pcm;rate=24000"})"));
}

TEST(GoogleAnswers, PartsOfGooglesOwnAreKept) {
  const json message = MessageOf(R"([{"toolCall":{"id":"t"},"thoughtSignature":"S0"},{"text":"x"}])");
  EXPECT_EQ(message["extra_content"], json::parse(R"({"google":{"parts":[
      {"index":0,"part":{"toolCall":{"id":"t"},"thoughtSignature":"S0"}}]}})"));
}

TEST(GoogleAnswers, Blocks) {
  const json message = MessageOf(R"([{"text":"hm","thought":true},{"text":"a"},
      {"executableCode":{"language":"PYTHON","code":"1"}},{"text":""},
      {"inlineData":{"mimeType":"image/png","data":"AAAA"}},
      {"functionCall":{"name":"f","id":"i"},"thoughtSignature":"S"},{"text":"","thoughtSignature":"T"}])",
                                 true);
  EXPECT_EQ(message["content_blocks"], json::parse(R"([
      {"type":"thinking","thinking":"hm"},
      {"type":"text","text":"a"},
      {"type":"google_part","part":{"executableCode":{"language":"PYTHON","code":"1"}}},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
      {"type":"tool_use","id":"i","name":"f","input":{},"extra_content":{"google":{"thought_signature":"S"}}},
      {"type":"google_part","part":{"text":"","thoughtSignature":"T"}}])"));
}

TEST(GoogleAnswers, FinishReasons) {
  const struct {
    const char* reason;
    const char* expected;
    const char* native;  // empty: none
  } kCases[] = {{R"("STOP")", "stop", ""},
                {R"("MAX_TOKENS")", "length", "MAX_TOKENS"},
                {R"("SAFETY")", "content_filter", "SAFETY"},
                {R"("RECITATION")", "content_filter", "RECITATION"},
                {R"("LANGUAGE")", "content_filter", "LANGUAGE"},
                {R"("BLOCKLIST")", "content_filter", "BLOCKLIST"},
                {R"("PROHIBITED_CONTENT")", "content_filter", "PROHIBITED_CONTENT"},
                {R"("SPII")", "content_filter", "SPII"},
                {R"("IMAGE_SAFETY")", "content_filter", "IMAGE_SAFETY"},
                {R"("MALFORMED_FUNCTION_CALL")", "stop", "MALFORMED_FUNCTION_CALL"},
                {R"("UNEXPECTED_TOOL_CALL")", "stop", "UNEXPECTED_TOOL_CALL"},
                {R"("OTHER")", "stop", "OTHER"},
                {R"("SOMETHING_NEW")", "stop", "SOMETHING_NEW"},
                {"1", "stop", ""},
                {"2", "length", "MAX_TOKENS"},
                {"3", "content_filter", "SAFETY"},
                {"7", "content_filter", "7"},
                {"99", "stop", "99"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.reason);
    const json choice =
        ChoiceOf(Decode(Parts(R"([{"text":"x"}])", std::string(R"("finishReason":)") + one.reason)));
    EXPECT_EQ(choice["finish_reason"], one.expected);
    const std::string native =
        *one.native == '\0' || one.native == std::string(one.expected) ? "" : one.native;
    EXPECT_EQ(choice.value("native_finish_reason", ""), native);
  }
  const json cut =
      ChoiceOf(Decode(Parts(R"([{"functionCall":{"name":"f"}}])", R"("finishReason":"MAX_TOKENS")")));
  EXPECT_EQ(cut["finish_reason"], "length");
  const json unsaid = ChoiceOf(Decode(Parts(R"([{"text":"x"}])", R"("index":0)")));
  EXPECT_EQ(unsaid["finish_reason"], "stop");
}

TEST(GoogleAnswers, ABlockedPromptIsFiltered) {
  const auto answer =
      Decode(R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","blockReasonMessage":"No."},
      "usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"m"})");
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub["choices"], json::parse(R"([{"index":0,"message":{"role":"assistant","content":null,
      "refusal":"No."},"logprobs":null,"finish_reason":"content_filter",
      "native_finish_reason":"PROHIBITED_CONTENT"}])"));
  EXPECT_EQ(answer.hub["usage"]["prompt_tokens"], 9);
  EXPECT_EQ(answer.hub["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
}

TEST(GoogleAnswers, SeveralCandidates) {
  const auto answer = Decode(R"({"responseId":"r","candidates":[
      {"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP","index":0},
      {"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP","index":1}]})");
  ASSERT_EQ(answer.hub["choices"].size(), 2U);
  EXPECT_EQ(answer.hub["choices"][1]["index"], 1);
  EXPECT_NE(answer.hub["choices"][0]["message"]["tool_calls"][0]["id"],
            answer.hub["choices"][1]["message"]["tool_calls"][0]["id"]);
}

TEST(GoogleAnswers, Usage) {
  const struct {
    const char* usage;
    const char* expected;
  } kCases[] = {
      {R"({"promptTokenCount":3520,"candidatesTokenCount":2,"thoughtsTokenCount":42,"totalTokenCount":3564,
           "cachedContentTokenCount":3512})",
       R"({"prompt_tokens":3520,"completion_tokens":44,"total_tokens":3564,
           "prompt_tokens_details":{"cached_tokens":3512},"completion_tokens_details":{"reasoning_tokens":42}})"},
      {R"({"promptTokenCount":332,"toolUsePromptTokenCount":643,"candidatesTokenCount":53,
           "thoughtsTokenCount":173,"totalTokenCount":1201})",
       R"({"prompt_tokens":975,"completion_tokens":226,"total_tokens":1201,"toolUsePromptTokenCount":643,
           "completion_tokens_details":{"reasoning_tokens":173}})"},
      // Counts that are missing follow from the others.
      {R"({"candidatesTokenCount":10,"thoughtsTokenCount":5,"totalTokenCount":40})",
       R"({"prompt_tokens":25,"completion_tokens":15,"total_tokens":40,
           "completion_tokens_details":{"reasoning_tokens":5}})"},
      {R"({"promptTokenCount":12,"thoughtsTokenCount":84,"totalTokenCount":96})",
       R"({"prompt_tokens":12,"completion_tokens":84,"total_tokens":96,
           "completion_tokens_details":{"reasoning_tokens":84}})"},
      {R"({"promptTokenCount":12,"totalTokenCount":20})",
       R"({"prompt_tokens":12,"completion_tokens":8,"total_tokens":20})"},
      {R"({"promptTokenCount":4610,"candidatesTokenCount":101,"totalTokenCount":4711,
           "promptTokensDetails":[{"modality":"VIDEO","tokenCount":3096},{"modality":"TEXT","tokenCount":14},
                                  {"modality":"AUDIO","tokenCount":1500}],
           "candidatesTokensDetails":[{"modality":"TEXT","tokenCount":101}],"trafficType":"ON_DEMAND"})",
       R"({"prompt_tokens":4610,"completion_tokens":101,"total_tokens":4711,
           "prompt_tokens_details":{"text_tokens":14,"audio_tokens":1500,"video_tokens":3096},
           "completion_tokens_details":{"text_tokens":101},"trafficType":"ON_DEMAND"})"},
      {R"({"promptTokenCount":-5,"candidatesTokenCount":9223372036854775807,"thoughtsTokenCount":1})",
       R"({"prompt_tokens":0,"completion_tokens":9223372036854775807,"total_tokens":9223372036854775807,
           "completion_tokens_details":{"reasoning_tokens":1}})"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.usage);
    const auto answer =
        Decode(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":)" + std::string(one.usage) + "}");
    ASSERT_FALSE(answer.error) << answer.error->message;
    EXPECT_EQ(answer.hub["usage"], json::parse(one.expected));
  }
}

TEST(GoogleAnswers, ServiceTierAndTime) {
  const auto answer =
      Decode(R"({"candidates":[{"finishReason":"STOP"}],"createTime":"2025-08-19T15:18:37.008618Z",
      "usageMetadata":{"promptTokenCount":1,"serviceTier":"standard"}})");
  EXPECT_EQ(answer.hub["service_tier"], "default");
  EXPECT_EQ(answer.hub["created"], 1755616717);  // date -u -d 2025-08-19T15:18:37Z +%s
  EXPECT_EQ(answer.hub["model"], "gemini-2.5-flash");
}

TEST(GoogleAnswers, Logprobs) {
  const json choice = ChoiceOf(Decode(Parts(R"([{"text":"2é"}])", R"("finishReason":"STOP","logprobsResult":{
      "chosenCandidates":[{"token":"2","logProbability":-0.5,"tokenId":7},{"token":"é","logProbability":-1}],
      "topCandidates":[{"candidates":[{"token":"2","logProbability":-0.5},{"token":"4","logProbability":-4}]}]})")));
  EXPECT_EQ(choice["logprobs"]["content"], json::parse(R"([
      {"token":"2","logprob":-0.5,"bytes":[50],"top_logprobs":[{"token":"2","logprob":-0.5,"bytes":[50]},
        {"token":"4","logprob":-4.0,"bytes":[52]}]},
      {"token":"é","logprob":-1.0,"bytes":[195,169],"top_logprobs":[]}])"));
}

// Google counts bytes, the hub characters.
TEST(GoogleAnswers, PagesAreAnnotations) {
  const json choice = ChoiceOf(Decode(Parts(R"([{"text":"19°C. Sun."}])", R"("finishReason":"STOP",
      "groundingMetadata":{"webSearchQueries":["w"],"groundingChunks":[
        {"web":{"uri":"https://a","title":"A"}},{"retrievedContext":{"text":"no address"}},
        {"web":{"uri":"https://b"}}],
       "groundingSupports":[
        {"segment":{"endIndex":6,"text":"19°C."},"groundingChunkIndices":[0,1]},
        {"segment":{"startIndex":7,"endIndex":999,"text":"Sun."},"groundingChunkIndices":[2,9,-1]}]})")));
  EXPECT_EQ(choice["message"]["annotations"], json::parse(R"([
      {"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://a","title":"A"}},
      {"type":"url_citation","url_citation":{"start_index":6,"end_index":10,"url":"https://b",
       "title":"https://b"}}])"));
  EXPECT_EQ(choice["groundingMetadata"]["webSearchQueries"], json::parse(R"(["w"])"));
  const json cited = ChoiceOf(Decode(Parts(R"([{"text":"abc"}])", R"("finishReason":"STOP",
      "citationMetadata":{"citations":[{"startIndex":1,"endIndex":3,"uri":"https://c","title":"C"}]})")));
  EXPECT_EQ(cited["message"]["annotations"], json::parse(R"([
      {"type":"url_citation","url_citation":{"start_index":1,"end_index":3,"url":"https://c","title":"C"}}])"));
}

TEST(GoogleAnswers, WhatTheHubHasNoWordForIsKept) {
  const json choice = ChoiceOf(Decode(Parts(R"([{"text":"x"}])", R"("finishReason":"STOP","avgLogprobs":-0.5,
      "finishMessage":"m","safetyRatings":[{"category":"C","probability":"LOW"}])")));
  EXPECT_EQ(choice["avgLogprobs"], -0.5);
  EXPECT_EQ(choice["finishMessage"], "m");
  EXPECT_EQ(choice["safetyRatings"][0]["probability"], "LOW");
}

TEST(GoogleAnswers, ErrorsUnderAGoodStatus) {
  const struct {
    const char* answer;
    int status;
    const char* code;
    bool retryable;
  } kCases[] = {{R"({"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}})", 429,
                 "RESOURCE_EXHAUSTED", true},
                {R"({"error":{"status":"UNAVAILABLE"}})", 503, "UNAVAILABLE", true},
                {R"({"error":{"status":"INVALID_ARGUMENT"}})", 400, "INVALID_ARGUMENT", false},
                {R"({"error":{"code":8,"status":"RESOURCE_EXHAUSTED"}})", 429, "RESOURCE_EXHAUSTED", true},
                {R"({"error":"what"})", 500, "upstream_error", true},
                {"{}", 502, "upstream_invalid_answer", true},
                {R"({"hello":1})", 502, "upstream_invalid_answer", true},
                {R"({"usageMetadata":{"promptTokenCount":1}})", 502, "upstream_empty_answer", true}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.answer);
    const auto answer = Decode(one.answer);
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->http_status, one.status);
    EXPECT_EQ(answer.error->code, one.code);
    EXPECT_EQ(answer.error->retryable, one.retryable);
    EXPECT_EQ(answer.error->error_class, ErrorClass::kProvider);
  }
}

}  // namespace
}  // namespace portolan::providers::gemini
