// Calls and their results, signatures, blocks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/google/harness.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

Harness::Request Encode(std::string_view messages, std::string_view model = "gemini-2.5-flash") {
  return TheHarness().Encode({{"model", model}, {"messages", json::parse(messages)}});
}

json ContentsOf(const Harness::Request& sent) {
  if (sent.error) ADD_FAILURE() << sent.error->message << " at " << sent.error->param;
  return sent.wire.value("contents", json());
}

constexpr std::string_view kTwoCalls = R"([
    {"role":"user","content":"q"},
    {"role":"assistant","content":"Wait.","tool_calls":[
      {"id":"a","type":"function","function":{"name":"add","arguments":"{\"x\":1}"}},
      {"id":"m","type":"function","function":{"name":"multiply","arguments":""}}]},
    {"role":"tool","tool_call_id":"m","content":"6"},
    {"role":"tool","tool_call_id":"a","content":"{\"sum\":5}"},
    {"role":"user","content":"And?"}])";

TEST(GoogleHistory, ResultsStandTogetherInTheOrderOfTheCalls) {
  const auto sent = Encode(kTwoCalls);
  EXPECT_EQ(ContentsOf(sent), json::parse(R"([
      {"role":"user","parts":[{"text":"q"}]},
      {"role":"model","parts":[{"text":"Wait."},
        {"functionCall":{"name":"add","args":{"x":1}}},{"functionCall":{"name":"multiply","args":{}}}]},
      {"role":"user","parts":[
        {"functionResponse":{"name":"add","response":{"sum":5}}},
        {"functionResponse":{"name":"multiply","response":{"result":"6"}}}]},
      {"role":"user","parts":[{"text":"And?"}]}])"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

TEST(GoogleHistory, ModelsWithSignedCallsGetIdsAndAPlaceholder) {
  for (const char* model : {"gemini-3-pro-preview", "models/gemini-3.5-flash", "gemini-flash-latest"}) {
    SCOPED_TRACE(model);
    const json contents = ContentsOf(Encode(kTwoCalls, model));
    EXPECT_EQ(contents[1]["parts"], json::parse(R"([{"text":"Wait."},
        {"functionCall":{"id":"a","name":"add","args":{"x":1}},
         "thoughtSignature":"skip_thought_signature_validator"},
        {"functionCall":{"id":"m","name":"multiply","args":{}}}])"));
    EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["id"], "a");
    EXPECT_EQ(contents[2]["parts"][1]["functionResponse"]["id"], "m");
  }
}

TEST(GoogleHistory, SignaturesGoBackWhereTheyWere) {
  const auto sent = Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{}"},
         "extra_content":{"google":{"thought_signature":"SIG1"}}},
        {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"a","content":"1"},
      {"role":"tool","tool_call_id":"b","content":"2"},
      {"role":"assistant","content":"Three.","extra_content":{"google":{"thought_signature":"SIG2"}}},
      {"role":"user","content":"more"}])",
                           "gemini-3-flash-preview");
  const json contents = ContentsOf(sent);
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], "SIG1");
  EXPECT_FALSE(contents[1]["parts"][1].contains("thoughtSignature"));
  EXPECT_EQ(contents[3]["parts"], json::parse(R"([{"text":"Three.","thoughtSignature":"SIG2"}])"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

TEST(GoogleHistory, ASignatureThatCameAloneIsNotJoinedToTheText) {
  const auto sent = Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","content":"a","extra_content":{"google":{"thought_signature":"S","alone":true}}},
      {"role":"user","content":"more"}])");
  EXPECT_EQ(ContentsOf(sent)[1]["parts"],
            json::parse(R"([{"text":"a"},{"text":"","thoughtSignature":"S"}])"));
}

TEST(GoogleHistory, ASignatureWithoutTextIsAnEmptyText) {
  const auto sent = Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","content":null,"extra_content":{"google":{"thought_signature":"S"}}},
      {"role":"user","content":"more"}])");
  EXPECT_EQ(ContentsOf(sent)[1]["parts"], json::parse(R"([{"text":"","thoughtSignature":"S"}])"));
}

// The first bytes of a conversation that grows stay the same.
TEST(GoogleHistory, EveryStepHasItsPlaceholder) {
  const json contents = ContentsOf(Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"a","content":"1"},
      {"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"a","content":"2"}])",
                                          "gemini-3-flash-preview"));
  for (const size_t at : {1U, 3U}) {
    EXPECT_EQ(contents[at]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator") << at;
  }
  // An id that comes again means the newest call.
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["name"], "f");
  EXPECT_EQ(contents[4]["parts"][0]["functionResponse"]["name"], "g");
}

TEST(GoogleHistory, Results) {
  const struct {
    const char* message;
    const char* response;
  } kCases[] = {
      {R"({"content":"Noon"})", R"({"result":"Noon"})"},
      {R"({"content":""})", R"({"result":""})"},
      {R"({"content":" {\"a\": 1} "})", R"({"a":1})"},
      {R"({"content":"[1, 2]"})", R"({"result":[1,2]})"},
      {R"({"content":"42"})", R"({"result":"42"})"},
      {R"({"content":"{\"a\":1,\"a\":2}"})", R"({"result":"{\"a\":1,\"a\":2}"})"},
      {R"({"content":"{broken"})", R"({"result":"{broken"})"},
      {R"({"content":[{"type":"text","text":"a"}]})", R"({"result":"a"})"},
      {R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})", R"({"result":["a","b"]})"},
      {R"({"content":"no disk","is_error":true})", R"({"error":"no disk"})"},
      {R"({"content":null,"content_blocks":[{"type":"tool_result","tool_use_id":"a","is_error":true,
           "content":[{"type":"text","text":"bad"}]}]})",
       R"({"error":"bad"})"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.message);
    json result = json::parse(one.message);
    result["role"] = "tool";
    result["tool_call_id"] = "a";
    const json messages = {json::parse(R"({"role":"user","content":"q"})"),
                           json::parse(R"({"role":"assistant","tool_calls":[
                             {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]})"),
                           result};
    const json contents = ContentsOf(Encode(messages.dump()));
    ASSERT_EQ(contents.size(), 3U);
    EXPECT_EQ(contents[2],
              (json{{"role", "user"},
                    {"parts",
                     {{{"functionResponse", {{"name", "f"}, {"response", json::parse(one.response)}}}}}}}));
  }
}

TEST(GoogleHistory, MediaOfResultsFollowThem) {
  const json contents = ContentsOf(Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"see"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
      {"role":"tool","tool_call_id":"b","content":"x"}])"));
  EXPECT_EQ(contents[2]["parts"], json::parse(R"([
      {"functionResponse":{"name":"f","response":{"result":"see"}}},
      {"functionResponse":{"name":"g","response":{"result":"x"}}}])"));
  EXPECT_EQ(contents[3], json::parse(R"({"role":"user","parts":[
      {"inlineData":{"mimeType":"image/png","data":"AAAA"}}]})"));
}

TEST(GoogleHistory, CallsWithoutIdsAreAnsweredInOrder) {
  const json contents = ContentsOf(Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","tool_calls":[
        {"type":"function","function":{"name":"f","arguments":"{}"}},
        {"type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","content":"1"},
      {"role":"tool","content":"2"}])"));
  EXPECT_EQ(contents[2]["parts"], json::parse(R"([
      {"functionResponse":{"name":"f","response":{"result":"1"}}},
      {"functionResponse":{"name":"g","response":{"result":"2"}}}])"));
}

TEST(GoogleHistory, DeprecatedFunctionMessages) {
  const json contents = ContentsOf(Encode(R"([
      {"role":"user","content":"q"},
      {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}},
      {"role":"function","name":"f","content":"1"}])"));
  EXPECT_EQ(contents[1]["parts"], json::parse(R"([{"functionCall":{"name":"f","args":{"a":1}}}])"));
  EXPECT_EQ(contents[2]["parts"],
            json::parse(R"([{"functionResponse":{"name":"f","response":{"result":"1"}}}])"));
}

TEST(GoogleHistory, AResultOfNoCallIsRefused) {
  const auto sent = Encode(R"([{"role":"user","content":"q"},
      {"role":"tool","tool_call_id":"x","content":"1"}])");
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->param, "messages[1].tool_call_id");
}

TEST(GoogleHistory, ArgumentsThatAreNoObjectAreWrappedAndNamed) {
  const auto sent = Encode(R"([{"role":"user","content":"q"},
      {"role":"assistant","tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{\"cut"}}]},
      {"role":"tool","tool_call_id":"a","content":"1"}])");
  EXPECT_EQ(ContentsOf(sent)[1]["parts"][0]["functionCall"]["args"], (json{{"arguments", "{\"cut"}}));
  EXPECT_THAT(sent.dropped, ElementsAre("messages[1].tool_calls[0].function.arguments"));
}

TEST(GoogleHistory, BlocksGoBackInTheirOrder) {
  const auto sent = Encode(R"([{"role":"user","content":"q"},
      {"role":"assistant","content":"ab","content_blocks":[
        {"type":"thinking","thinking":"hm","signature":"of another provider"},
        {"type":"text","text":"a"},
        {"type":"google_part","part":{"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"S1"}},
        {"type":"text","text":"b","extra_content":{"google":{"thought_signature":"S2"}}},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"},
         "extra_content":{"google":{"thought_signature":"S3"}}},
        {"type":"tool_use","id":"i","name":"f","input":{"x":1},
         "extra_content":{"google":{"thought_signature":"S4"}}}]},
      {"role":"tool","tool_call_id":"i","content":"1"}])",
                           "gemini-3-pro-preview");
  EXPECT_EQ(ContentsOf(sent)[1]["parts"], json::parse(R"([
      {"text":"a"},
      {"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"S1"},
      {"text":"b","thoughtSignature":"S2"},
      {"inlineData":{"mimeType":"image/png","data":"AAAA"},"thoughtSignature":"S3"},
      {"functionCall":{"id":"i","name":"f","args":{"x":1}},"thoughtSignature":"S4"}])"));
  EXPECT_THAT(sent.dropped, ElementsAre("messages[1].content_blocks[0]"));
}

// openrouter.ai/docs/guides/best-practices/reasoning-tokens; an encrypted detail bears the id of its call.
TEST(GoogleHistory, SignaturesInOpenRoutersFormGoBack) {
  constexpr std::string_view kCalls =
      R"("tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},)"
      R"({"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}])";
  const auto encode = [&](const std::string& members) {
    return Encode(R"([{"role":"user","content":"q"},{"role":"assistant",)" + members +
                      R"(},{"role":"user","content":"r"}])",
                  "gemini-3-pro-preview");
  };
  const auto of_calls = encode(
      std::string(kCalls) +
      R"(,"reasoning_details":[{"type":"reasoning.text","text":"hm","format":"google-gemini-v1","index":0},)"
      R"({"type":"reasoning.encrypted","data":"SB","id":"b","format":"google-gemini-v1","index":1},)"
      R"({"type":"reasoning.encrypted","data":"SA","id":"a","format":"google-gemini-v1","index":0}])");
  EXPECT_EQ(ContentsOf(of_calls)[1]["parts"], json::parse(R"([
      {"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"SA"},
      {"functionCall":{"id":"b","name":"g","args":{}},"thoughtSignature":"SB"}])"));
  EXPECT_THAT(of_calls.dropped, ElementsAre("messages[1].reasoning_details[0]"));

  const auto of_a_step = encode(
      std::string(kCalls) +
      R"(,"reasoning_details":[{"type":"reasoning.encrypted","data":"S","format":"google-gemini-v1","index":0}])");
  EXPECT_EQ(ContentsOf(of_a_step)[1]["parts"][0]["thoughtSignature"], "S");
  EXPECT_FALSE(ContentsOf(of_a_step)[1]["parts"][1].contains("thoughtSignature"));
  EXPECT_THAT(of_a_step.dropped, IsEmpty());

  const auto of_a_text = encode(
      R"("content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"S","format":"google-gemini-v1"}])");
  EXPECT_EQ(ContentsOf(of_a_text)[1]["parts"], json::parse(R"([{"text":"a","thoughtSignature":"S"}])"));
  EXPECT_THAT(of_a_text.dropped, IsEmpty());

  // What Google's own form says counts; what is somebody else's means nothing here.
  const auto own =
      encode(R"("content":"a","extra_content":{"google":{"thought_signature":"OWN"}},"reasoning_details":[)"
             R"({"type":"reasoning.encrypted","data":"S","format":"google-gemini-v1"}])");
  EXPECT_EQ(ContentsOf(own)[1]["parts"], json::parse(R"([{"text":"a","thoughtSignature":"OWN"}])"));
  const auto others = encode(
      R"("content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"S","format":"anthropic-claude-v1"}])");
  EXPECT_EQ(ContentsOf(others)[1]["parts"], json::parse(R"([{"text":"a"}])"));
  EXPECT_THAT(others.dropped, ElementsAre("messages[1].reasoning_details"));
}

TEST(GoogleHistory, WhatAnswersHadBesideTextGoesBackWithoutBlocksToo) {
  const auto sent = Encode(R"([{"role":"user","content":"q"},
      {"role":"assistant","content":"done",
       "images":[{"index":0,"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"},
                  "extra_content":{"google":{"thought_signature":"S1"}}}],
       "extra_content":{"google":{"parts":[{"index":0,"part":{"toolCall":{"id":"t","toolType":"FILE_SEARCH"},
                  "thoughtSignature":"S0"}}]}}},
      {"role":"user","content":"more"}])");
  EXPECT_EQ(ContentsOf(sent)[1]["parts"], json::parse(R"([
      {"toolCall":{"id":"t","toolType":"FILE_SEARCH"},"thoughtSignature":"S0"},
      {"text":"done"},
      {"inlineData":{"mimeType":"image/png","data":"AAAA"},"thoughtSignature":"S1"}])"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

}  // namespace
}  // namespace portolan::providers::gemini
