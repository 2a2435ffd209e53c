// Streams of any provider, as callers of Anthropic's dialect get them. CallerHarness::Stream checks the order
// of all events by the SDKs' rules.

#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/caller_harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

// A chunk whose only choice has this delta, and other members.
json Chunk(const char* delta, const char* choice = "{}") {
  json chunk = json::parse(R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x",
      "choices":[{"index":0,"delta":{},"finish_reason":null}]})");
  chunk["choices"][0]["delta"] = json::parse(delta);
  chunk["choices"][0].update(json::parse(choice));
  return chunk;
}

json Finish(const char* reason) {
  return Chunk("{}", (R"({"finish_reason":")" + std::string(reason) + "\"}").c_str());
}

json UsageChunk() {
  return json::parse(
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[],
      "usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,"prompt_tokens_details":{"cached_tokens":5}}})");
}

json Call(int index, const char* id, const char* name, const char* arguments) {
  json call = {{"index", index}, {"function", json::object()}};
  if (*id != 0) call.update({{"id", id}, {"type", "function"}});
  if (*name != 0) call["function"]["name"] = name;
  call["function"]["arguments"] = arguments;
  json chunk = Chunk("{}");
  chunk["choices"][0]["delta"]["tool_calls"] = json::array({call});
  return chunk;
}

// `type` and what is of interest besides, one event a string.
std::vector<std::string> Outline(const std::vector<json>& events) {
  std::vector<std::string> lines;
  for (const json& event : events) {
    std::string line = event.at("type");
    if (event.contains("index")) line += " " + event["index"].dump();
    if (event.contains("content_block")) line += " " + event["content_block"]["type"].get<std::string>();
    for (const char* piece : {"text", "thinking", "partial_json", "stop_reason"}) {
      if (event.contains("delta") && event["delta"].contains(piece))
        line += " " + event["delta"][piece].get<std::string>();
    }
    lines.push_back(line);
  }
  return lines;
}

TEST(CallersStream, SaysTextInAnthropicsEvents) {
  const auto stream =
      TheCallerHarness().Stream({Chunk(R"({"role":"assistant","content":""})"), Chunk(R"({"content":"Hel"})"),
                                 Chunk(R"({"content":"lo"})"), Finish("stop"), UsageChunk()});
  EXPECT_EQ(json(stream.events), json::parse(R"([
    {"type":"message_start","message":{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"gpt-x",
      "content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,
      "usage":{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,
        "output_tokens_details":null,"service_tier":null,"cache_creation":null,"inference_geo":null,
        "server_tool_use":null,"speed":null}}},
    {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":null}},
    {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}},
    {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}},
    {"type":"content_block_stop","index":0},
    {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null},
      "usage":{"input_tokens":15,"output_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,
        "output_tokens_details":null,"server_tool_use":null}},
    {"type":"message_stop"}])"));
}

TEST(CallersStream, SaysEachPieceAtOnce) {
  const auto before = TheCallerHarness().Stream({Chunk(R"({"content":"a"})")});
  const auto after = TheCallerHarness().Stream({Chunk(R"({"content":"a"})"), Chunk(R"({"content":"b"})")});
  EXPECT_EQ(before.events.size() + 1, after.events.size());
}

TEST(CallersStream, WithoutAnythingIsAMessageAllTheSame) {
  EXPECT_EQ(Outline(TheCallerHarness().Stream({}).events),
            (std::vector<std::string>{"message_start", "message_delta end_turn", "message_stop"}));
}

TEST(CallersStream, BeginsWithTheFirstChoice) {
  json filter = json::parse(R"({"id":"","object":"","created":0,"model":"","choices":[]})");
  EXPECT_EQ(TheCallerHarness().Stream({filter, Chunk(R"({"content":"a"})"), Finish("stop")}).message["id"],
            "msg_chatcmpl-1");
}

TEST(CallersStream, SaysReasoningAsThinkingAndSignsItWithNothing) {
  const auto stream =
      TheCallerHarness().Stream({Chunk(R"({"role":"assistant","content":"","reasoning_content":"h"})"),
                                 Chunk(R"({"reasoning":"m"})"), Chunk(R"({"content":"a"})"), Finish("stop")});
  EXPECT_EQ(
      Outline(stream.events),
      (std::vector<std::string>{"message_start", "content_block_start 0 thinking", "content_block_delta 0 h",
                                "content_block_delta 0 m", "content_block_delta 0", "content_block_stop 0",
                                "content_block_start 1 text", "content_block_delta 1 a",
                                "content_block_stop 1", "message_delta end_turn", "message_stop"}));
  EXPECT_EQ(stream.message["content"], json::parse(R"([{"type":"thinking","thinking":"hm","signature":""},
      {"type":"text","text":"a","citations":null}])"));
}

constexpr const char* kTwoCalls = R"([
    {"type":"tool_use","id":"c1","name":"f","input":{"a":"}{"},"caller":{"type":"direct"}},
    {"type":"tool_use","id":"c2","name":"g","input":{"b":[2]},"caller":{"type":"direct"}}])";

TEST(CallersStream, SaysCallsOneAfterTheOther) {
  const auto stream = TheCallerHarness().Stream({Call(0, "c1", "f", ""), Call(0, "", "", R"({"a":)"),
                                                 Call(0, "", "", R"("}{"})"), Call(1, "c2", "g", ""),
                                                 Call(1, "", "", R"({"b":)"), Call(1, "", "", "[2]}"),
                                                 Finish("tool_calls"), UsageChunk()});
  EXPECT_EQ(stream.message["content"], json::parse(kTwoCalls));
  EXPECT_EQ(stream.message["stop_reason"], "tool_use");
  // The second is not held back: the first was complete.
  EXPECT_EQ(Outline(stream.events),
            (std::vector<std::string>{"message_start", "content_block_start 0 tool_use",
                                      R"(content_block_delta 0 {"a":)", R"(content_block_delta 0 "}{"})",
                                      "content_block_stop 0", "content_block_start 1 tool_use",
                                      R"(content_block_delta 1 {"b":)", "content_block_delta 1 [2]}",
                                      "content_block_stop 1", "message_delta tool_use", "message_stop"}));
}

TEST(CallersStream, HoldsASecondCallBackUntilTheFirstIsComplete) {
  const auto stream = TheCallerHarness().Stream(
      {Call(0, "c1", "f", ""), Call(1, "c2", "g", R"({"b")"), Call(0, "", "", R"({"a":)"),
       Call(1, "", "", ":["), Call(0, "", "", R"("}{"})"), Call(1, "", "", "2]}"), Finish("tool_calls")});
  EXPECT_EQ(stream.message["content"], json::parse(kTwoCalls));
}

TEST(CallersStream, SaysTextThatComesDuringACallAfterIt) {
  const auto stream =
      TheCallerHarness().Stream({Call(0, "c1", "f", R"({"a":)"), Chunk(R"({"content":"text"})"),
                                 Call(0, "", "", "1}"), Finish("tool_calls")});
  EXPECT_EQ(
      stream.message["content"],
      json::parse(R"([{"type":"tool_use","id":"c1","name":"f","input":{"a":1},"caller":{"type":"direct"}},
      {"type":"text","text":"text","citations":null}])"));
}

TEST(CallersStream, SaysCallsThatComeWholeAndAllUnderOneIndex) {
  const auto stream =
      TheCallerHarness().Stream({Chunk(R"({"content":"I look"})"), Call(0, "c1", "f", R"({"a":"}{"})"),
                                 Call(0, "c2", "g", R"({"b":[2]})"), Finish("stop")});
  json expected = json::parse(kTwoCalls);
  expected.insert(expected.begin(), json::parse(R"({"type":"text","text":"I look","citations":null})"));
  EXPECT_EQ(stream.message["content"], expected);
  EXPECT_EQ(stream.message["stop_reason"], "tool_use");
}

TEST(CallersStream, OfACallWithoutArgumentsHasNoPieces) {
  const auto stream =
      TheCallerHarness().Stream({Call(0, "c1", "f", ""), Call(1, "c2", "f", " "), Finish("tool_calls")});
  EXPECT_EQ(Outline(stream.events),
            (std::vector<std::string>{"message_start", "content_block_start 0 tool_use",
                                      "content_block_stop 0", "content_block_start 1 tool_use",
                                      "content_block_stop 1", "message_delta tool_use", "message_stop"}));
  EXPECT_EQ(stream.message["content"][0]["input"], json::object());
}

TEST(CallersStream, WrapsArgumentsThatAreNoObject) {
  const auto stream = TheCallerHarness().Stream(
      {Call(0, "c1", "f", "[1"), Call(0, "", "", ",2]"), Call(1, "c2", "g", " {}"), Finish("tool_calls")});
  EXPECT_EQ(stream.message["content"][0]["input"], json::parse(R"({"arguments":"[1,2]"})"));
  EXPECT_EQ(stream.message["content"][1]["input"], json::object());
}

TEST(CallersStream, KnowsACallByTheNameThatComesLater) {
  const auto stream = TheCallerHarness().Stream(
      {Call(0, "c1", "", ""), Call(0, "", "f", R"({"a":)"), Call(0, "", "", "1}"), Finish("tool_calls")});
  EXPECT_EQ(stream.message["content"][0]["name"], "f");
  EXPECT_EQ(stream.message["content"][0]["input"], json::parse(R"({"a":1})"));
}

TEST(CallersStream, MakesIdsForCallsThatHaveNone) {
  const auto stream =
      TheCallerHarness().Stream({Call(0, "", "f", "{}"), Call(1, "", "g", "{}"), Finish("stop")});
  const std::string first = stream.message["content"][0]["id"];
  const std::string second = stream.message["content"][1]["id"];
  EXPECT_TRUE(first.starts_with("toolu_")) << first;
  EXPECT_NE(first, second);
}

TEST(CallersStream, CutInACallKeepsWhatThereIs) {
  const auto stream = TheCallerHarness().Stream({Call(0, "c1", "f", R"({"a":1})"), Finish("length")});
  EXPECT_EQ(stream.message["stop_reason"], "max_tokens");
}

// A call whose arguments do not come counts as complete once 4 MB wait for it.
TEST(CallersStream, DoesNotHoldBackWithoutEnd) {
  json text = Chunk("{}");
  text["choices"][0]["delta"]["content"] = std::string(size_t{1} << 20, 'x');
  std::vector<json> chunks = {Call(0, "c1", "f", "")};
  chunks.insert(chunks.end(), 3, text);
  chunks.push_back(Call(0, "", "", R"({"a":1})"));
  chunks.push_back(Finish("tool_calls"));
  EXPECT_EQ(TheCallerHarness().Stream(chunks).message["content"][0]["input"], json::parse(R"({"a":1})"));
  chunks.insert(chunks.begin() + 1, 2, text);
  const json content = TheCallerHarness().Stream(chunks).message["content"];
  EXPECT_EQ(content[0]["input"], json::object());
  EXPECT_EQ(content[1]["text"].get<std::string>().size(), size_t{5} << 20);
}

TEST(CallersStream, SaysNamesOfToolsInFull) {
  const std::string name(100, 'n');
  ::anthropic::v1::MessagesRequest request;
  request.add_tools()->set_name(name);
  const json sent = TheCallerHarness()
                        .ToHub({{"messages", {{{"role", "user"}, {"content", "q"}}}},
                                {"tools", {{{"name", name}, {"input_schema", json::object()}}}}})
                        .hub;
  const std::string shortened = sent["tools"][0]["function"]["name"];
  CallFacts facts;
  facts.request = &request;
  const auto stream =
      TheCallerHarness().Stream({Call(0, "c1", shortened.c_str(), "{}"), Finish("tool_calls")}, facts);
  EXPECT_EQ(stream.message["content"][0]["name"], name);
}

TEST(CallersStream, TellsOfARefusal) {
  const auto stream = TheCallerHarness().Stream(
      {Chunk(R"({"role":"assistant","refusal":"I "})"), Chunk(R"({"refusal":"cannot"})"), Finish("stop")});
  EXPECT_EQ(stream.message["content"],
            json::parse(R"([{"type":"text","text":"I cannot","citations":null}])"));
  EXPECT_EQ(stream.message["stop_reason"], "refusal");
  EXPECT_EQ(stream.message["stop_details"]["explanation"], "I cannot");
}

TEST(CallersStream, IgnoresOtherChoices) {
  json other = Chunk(R"({"content":"other"})");
  other["choices"][0]["index"] = 1;
  EXPECT_EQ(TheCallerHarness()
                .Stream({Chunk(R"({"content":"a"})"), other, Finish("stop")})
                .message["content"]
                .size(),
            1u);
}

TEST(CallersStream, SaysBlocksWhereTheChunksHaveThem) {
  const auto stream = TheCallerHarness().Stream(
      {Chunk(R"({"role":"assistant","content":""})"),
       Chunk(
           R"({"content_blocks":[{"index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}]})"),
       Chunk(
           R"({"reasoning_content":"hm","content_blocks":[{"index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}]})"),
       Chunk(R"({"content_blocks":[{"index":0,"delta":{"type":"signature_delta","signature":"sig"}}]})"),
       Chunk(R"({"content_blocks":[{"index":0,"stop":true}]})"),
       Chunk(R"({"content_blocks":[{"index":1,"content_block":{"type":"text","text":""}}]})"),
       Chunk(R"({"content_blocks":[{"index":1,"stop":true}]})"),
       Chunk(R"({"content_blocks":[{"index":2,"content_block":{"type":"text","text":""}}]})"),
       Chunk(R"({"content":"a","content_blocks":[{"index":2,"delta":{"type":"text_delta","text":"a"}}]})"),
       Chunk(R"({"annotations":[],"content_blocks":[{"index":2,"stop":true}]})"),
       Chunk(R"({"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}],
           "content_blocks":[{"index":3,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}]})"),
       Chunk(
           R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}],"content_blocks":[{"index":3,"stop":true}]})"),
       Chunk("{}", R"({"finish_reason":"tool_calls","native_finish_reason":"tool_use"})"), UsageChunk()});
  EXPECT_EQ(stream.message["content"], json::parse(R"([{"type":"thinking","thinking":"hm","signature":"sig"},
      {"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","input":{}}])"));
  EXPECT_EQ(stream.message["stop_reason"], "tool_use");
  EXPECT_EQ(stream.message["usage"]["input_tokens"], 15);
}

TEST(CallersStream, ThinkingThatNobodySignedHasAnEmptySignature) {
  const auto stream = TheCallerHarness().Stream(
      {Chunk(R"({"role":"assistant","content":""})"),
       Chunk(R"({"content_blocks":[{"index":0,"content_block":{"type":"thinking","thinking":""}}]})"),
       Chunk(R"({"content_blocks":[{"index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}]})"),
       Chunk(R"({"content_blocks":[{"index":0,"stop":true}]})"), Chunk("{}", R"({"finish_reason":"stop"})"),
       UsageChunk()});
  EXPECT_EQ(stream.message["content"],
            json::parse(R"([{"type":"thinking","thinking":"hm","signature":""}])"));
}

}  // namespace
}  // namespace portolan::providers::anthropic
