// The conversations that callers of Anthropic's dialect send: what they say, and what models and tools said
// before. See caller_request_test.cc for all else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/caller_harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

json Asked(const char* members = "{}") {
  json wire = json::parse(R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})");
  wire.update(json::parse(members));
  return wire;
}

json Said(const char* messages) {
  json wire = Asked();
  wire["messages"] = json::parse(messages);
  return wire;
}

// The messages as the hub has them, and as OpenAI is sent them.
json HubMessages(const json& wire) {
  const auto request = TheCallerHarness().ToHub(wire);
  EXPECT_FALSE(request.error) << request.error->message << request.error->param;
  return request.error ? json() : request.hub.at("messages");
}

json Sent(const json& wire, DroppedMembers* dropped = nullptr) {
  const auto request = TheCallerHarness().ToOpenAi(wire);
  EXPECT_FALSE(request.error) << request.error->message << request.error->param;
  if (dropped != nullptr) *dropped = request.dropped;
  return request.error ? json() : request.hub;
}

TEST(CallersSystem, IsAMessageInItsPlace) {
  EXPECT_EQ(HubMessages(Asked(R"({"system":"be brief","messages":[{"role":"user","content":"a"},
      {"role":"system","content":"and now long"},{"role":"user","content":"b"}]})")),
            json::parse(R"([{"role":"system","content":"be brief"},{"role":"user","content":"a"},
      {"role":"system","content":"and now long"},{"role":"user","content":"b"}])"));
}

TEST(CallersSystem, OfSeveralTextsIsOneTextForOpenAi) {
  const json wire = Asked(R"({"system":[{"type":"text","text":"You are an agent."},
      {"type":"text","text":"Long rules","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":""}]})");
  EXPECT_EQ(HubMessages(wire)[0],
            json::parse(R"({"role":"system","content":[{"type":"text","text":"You are an agent."},
      {"type":"text","text":"Long rules","cache_control":{"type":"ephemeral","ttl":"1h"}}]})"));
  DroppedMembers dropped;
  EXPECT_EQ(Sent(wire, &dropped)["messages"][0],
            json::parse(R"({"role":"system","content":"You are an agent.\n\nLong rules"})"));
  EXPECT_THAT(dropped, ElementsAre("messages[0].content[1].cache_control"));
}

struct CallersContentCase {
  const char* name;
  const char* block;     // of a user's message, before a text
  const char* expected;  // the part that OpenAI is sent
};

class CallersContentTest : public testing::TestWithParam<CallersContentCase> {};

TEST_P(CallersContentTest, IsAPartOfOpenAis) {
  json wire = Said(
      R"([{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x.test"}}]}])");
  wire["messages"][0]["content"].push_back(json::parse(GetParam().block));
  const json sent = Sent(wire)["messages"];
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_EQ(sent[0]["content"].size(), 2u);
  EXPECT_EQ(sent[0]["content"][0],
            json::parse(R"({"type":"image_url","image_url":{"url":"https://x.test"}})"));
  EXPECT_EQ(sent[0]["content"][1], json::parse(GetParam().expected));
  EXPECT_FALSE(sent[0].contains("content_blocks"));
}

constexpr CallersContentCase kContents[] = {
    {"Text", R"({"type":"text","text":"a","cache_control":{"type":"ephemeral"}})",
     R"({"type":"text","text":"a"})"},
    {"Image", R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}})",
     R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}})"},
    {"Pdf",
     R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}})",
     R"({"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0=","filename":"document.pdf"}})"},
    {"NamedPdf",
     R"({"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}})",
     R"({"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0=","filename":"a.pdf"}})"},
    {"UploadedPdf", R"({"type":"document","source":{"type":"file","file_id":"file_1"}})",
     R"({"type":"file","file":{"file_id":"file_1"}})"},
    {"TextDocument", R"({"type":"document","title":"T","context":"C","citations":{"enabled":true},
        "source":{"type":"text","media_type":"text/plain","data":"body"}})",
     R"({"type":"text","text":"T\nC\nbody"})"},
    {"ContentDocument",
     R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"body"}]}})",
     R"({"type":"text","text":"body"})"},
    {"SearchResult", R"({"type":"search_result","title":"T","source":"https://s.test","content":[
        {"type":"text","text":"a"},{"type":"text","text":"b"}]})",
     R"({"type":"text","text":"T\nhttps://s.test\na\nb"})"},
};
INSTANTIATE_TEST_SUITE_P(All, CallersContentTest, testing::ValuesIn(kContents),
                         [](const auto& test) { return test.param.name; });

TEST(CallersResults, ComeBeforeWhatElseTheUserSays) {
  const json sent = Sent(Said(R"([{"role":"user","content":"q"},
      {"role":"assistant","content":[{"type":"text","text":"I look"},
        {"type":"tool_use","id":"t1","name":"f","input":{"a":[],"b":1}},
        {"type":"tool_use","id":"t2","name":"g","input":{}}]},
      {"role":"user","content":[{"type":"text","text":"and hurry"},
        {"type":"tool_result","tool_use_id":"t1","content":"one"},
        {"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}])"))
      ["messages"];
  EXPECT_EQ(sent, json::parse(R"([{"role":"user","content":"q"},
      {"role":"assistant","content":"I look","tool_calls":[
        {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":[],\"b\":1}"}},
        {"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"t1","content":"one"},
      {"role":"tool","tool_call_id":"t2","content":"a\nb"},
      {"role":"user","content":"and hurry"}])"));
}

TEST(CallersHistory, KeepsTheArgumentsOfCallsByteForByte) {
  const auto request = TheCallerHarness().ToHubText(
      R"({"model":"m","messages":[{"role":"assistant","content":[
      {"type":"tool_use","id":"t","name":"f","input":{ "b":1.50,"a":"\u00e9"}}]}]})");
  EXPECT_EQ(request.hub["messages"][0]["tool_calls"][0]["function"]["arguments"],
            R"({ "b":1.50,"a":"\u00e9"})");
}

TEST(CallersResults, SayThatTheyAreErrorsAndMayBeEmpty) {
  const json sent = Sent(Said(R"([{"role":"assistant","content":[
        {"type":"tool_use","id":"t1","name":"f","input":{}},{"type":"tool_use","id":"t2","name":"f","input":{}}]},
      {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"no such file"},
        {"type":"tool_result","tool_use_id":"t2"}]}])"))["messages"];
  EXPECT_EQ(sent[0]["content"], nullptr);
  EXPECT_EQ(sent[1], json::parse(R"({"role":"tool","tool_call_id":"t1","content":"Error: no such file"})"));
  EXPECT_EQ(sent[2], json::parse(R"({"role":"tool","tool_call_id":"t2","content":""})"));
  EXPECT_EQ(sent.size(), 3u);
}

TEST(CallersResults, HaveTheirImagesInTheUsersMessage) {
  const char* const messages =
      R"([{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"shot","input":{}},
        {"type":"tool_use","id":"t2","name":"f","input":{}}]},
      {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"done"},
          {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]},
        {"type":"tool_result","tool_use_id":"t2","content":"x"}]}])";
  EXPECT_EQ(Sent(Said(messages))["messages"], json::parse(R"([
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"t1","type":"function","function":{"name":"shot","arguments":"{}"}},
        {"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"t1","content":"done"},
      {"role":"tool","tool_call_id":"t2","content":"x"},
      {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}]}])"));
  // Who reads blocks finds the image where it was, and only there.
  const json back =
      TheCallerHarness().providers_half().Encode(TheCallerHarness().ToHub(Said(messages)).hub).wire;
  EXPECT_EQ(back["messages"], json::parse(messages));
}

TEST(CallersHistory, KeepsThinkingInBlocksOnly) {
  const json wire = Said(R"([{"role":"user","content":"q"},{"role":"assistant","content":[
      {"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"x"},
      {"type":"text","text":"a"}]},{"role":"user","content":"r"}])");
  EXPECT_EQ(HubMessages(wire)[1], json::parse(R"({"role":"assistant","content":"a","reasoning_content":"hm",
      "content_blocks":[{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"x"},
      {"type":"text","text":"a"}]})"));
  DroppedMembers dropped;
  EXPECT_EQ(Sent(wire, &dropped)["messages"][1], json::parse(R"({"role":"assistant","content":"a"})"));
  EXPECT_THAT(dropped,
              UnorderedElementsAre("messages[1].content_blocks[1]", "messages[1].reasoning_content"));
}

TEST(CallersHistory, ThinkingThatNobodySignedIsTextOnly) {
  EXPECT_EQ(
      HubMessages(Said(R"([{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":""},
      {"type":"text","text":"a"}]},{"role":"user","content":"r"}])"))[0],
      json::parse(R"({"role":"assistant","content":"a","reasoning_content":"hm"})"));
}

TEST(CallersHistory, BlocksThatOpenAiCannotShowAreNamed) {
  DroppedMembers dropped;
  const json sent = Sent(Said(R"([{"role":"user","content":"q"},{"role":"assistant","content":[
      {"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}},
      {"type":"web_search_tool_result","tool_use_id":"s","content":[]},
      {"type":"text","text":"found ","citations":null},{"type":"text","text":"it"}]},
      {"role":"assistant","content":[{"type":"redacted_thinking","data":"x"}]},{"role":"user","content":"r"}])"),
                         &dropped);
  EXPECT_EQ(sent["messages"], json::parse(R"([{"role":"user","content":"q"},
      {"role":"assistant","content":"found it"},{"role":"user","content":"r"}])"));
  EXPECT_THAT(dropped, UnorderedElementsAre("messages[1].content_blocks[0]", "messages[1].content_blocks[1]",
                                            "messages[2].content_blocks[0]"));
}

}  // namespace
}  // namespace portolan::providers::anthropic
