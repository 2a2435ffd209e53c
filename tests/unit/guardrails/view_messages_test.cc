// What is looked at in bodies of Anthropic's Messages API, in the shapes of its documentation
// (https://docs.anthropic.com/en/api/messages and the guides on tools, citations and thinking), and in those
// of rerankers (https://docs.cohere.com/reference/rerank).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "server/codec/codec.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/json_schema.h"
#include "server/guardrails/view.h"

namespace portolan::guardrails {
namespace {

using ::anthropic::v1::MessagesRequest;
using ::anthropic::v1::MessagesResponse;
using ::testing::ElementsAre;

template <typename T>
T Decoded(std::string_view json) {
  const google::protobuf::Descriptor* const type = T::descriptor();
  const auto codec = codec::Codec::Compile({&type, 1});
  T message;
  codec::DecodeError problem;
  EXPECT_TRUE(codec::Decode(*(*codec)->Find(type), json, {}, &message, &problem)) << problem.ToString();
  return message;
}

// `role: text` each, with a star behind the roles of the last message.
std::vector<std::string> Told(const View& view) {
  std::vector<std::string> told;
  for (const Piece& piece : view.pieces()) {
    told.push_back(std::string(piece.role) + (piece.is_last ? "*: " : ": ") + *piece.text);
  }
  return told;
}

std::vector<std::string> DemandedIn(const View& view) {
  std::vector<std::string> texts;
  for (const auto& one : view.WhatIsDemandedOf()) texts.push_back(one.calls_only ? "calls" : one.text);
  return texts;
}

TEST(MessagesView, HasTheConversation) {
  auto request = Decoded<MessagesRequest>(R"({"model":"m","max_tokens":1024,
    "system":[{"type":"text","text":"Today's date is 2024-06-01."}],
    "messages":[
      {"role":"user","content":"Hello there."},
      {"role":"assistant","content":"Hi, I'm Claude. How can I help you?"},
      {"role":"user","content":[
        {"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/4AAQSkZJRg=="}},
        {"type":"text","text":"What is in this image?"},
        {"type":"text","text":"In plain English?"}]}]})");
  const View view(&request);
  EXPECT_THAT(Told(view), ElementsAre("system: Today's date is 2024-06-01.", "user: Hello there.",
                                      "assistant: Hi, I'm Claude. How can I help you?",
                                      "user*: What is in this image?", "user*: In plain English?"));
  EXPECT_THAT(DemandedIn(view), ElementsAre("What is in this image?\nIn plain English?"));
}

TEST(MessagesView, HasToolsAndWhatTheyAnswered) {
  auto request = Decoded<MessagesRequest>(R"({"model":"m","max_tokens":1024,"messages":[
      {"role":"user","content":"What's the S&P 500 at today?"},
      {"role":"assistant","content":[
        {"type":"thinking","thinking":"I need the price.","signature":"WaUjzkypQ2mUEVM36O2T"},
        {"type":"redacted_thinking","data":"EmwKAhgBEgy3va3p"},
        {"type":"tool_use","id":"toolu_01D7FLrfh4GYq7yT1ULFeyMV","name":"get_stock_price",
         "input":{"ticker":"^GSPC"}}]},
      {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"toolu_01D7FLrfh4GYq7yT1ULFeyMV","content":"259.75 USD"},
        {"type":"tool_result","tool_use_id":"toolu_02","content":[
          {"type":"text","text":"15 degrees"},
          {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}]}]}]})");
  const View view(&request);
  EXPECT_THAT(Told(view), ElementsAre("user: What's the S&P 500 at today?", "assistant: I need the price.",
                                      "assistant: get_stock_price", R"(assistant: {"ticker":"^GSPC"})",
                                      "tool*: 259.75 USD", "tool*: 15 degrees"));
  EXPECT_THAT(DemandedIn(view), ElementsAre("259.75 USD\n15 degrees"));
}

TEST(MessagesView, HasDocuments) {
  auto request = Decoded<MessagesRequest>(R"({"model":"m","max_tokens":1024,"messages":[
      {"role":"user","content":[
        {"type":"document","source":{"type":"text","media_type":"text/plain",
          "data":"The grass is green. The sky is blue."},
         "title":"My Document","context":"This is a trustworthy document.","citations":{"enabled":true}},
        {"type":"document","source":{"type":"content","content":[{"type":"text","text":"First chunk"}]}},
        {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQ="}},
        {"type":"search_result","source":"https://docs.example.com","title":"API Reference",
         "content":[{"type":"text","text":"All requests carry a key."}]},
        {"type":"new_kind","says":["something"]},
        {"type":"text","text":"What color is the grass and sky?"}]}]})");
  const View view(&request);
  EXPECT_THAT(Told(view), ElementsAre("user*: My Document", "user*: This is a trustworthy document.",
                                      "user*: The grass is green. The sky is blue.", "user*: First chunk",
                                      "user*: API Reference", "user*: All requests carry a key.",
                                      R"(user*: ["something"])", "user*: What color is the grass and sky?"));
  EXPECT_THAT(DemandedIn(view), ElementsAre("What color is the grass and sky?"));
}

TEST(MessagesView, HasTheAnswer) {
  auto answer = Decoded<MessagesResponse>(R"({"id":"msg_01","type":"message","role":"assistant","content":[
      {"type":"thinking","thinking":"Easy.","signature":"c2ln"},
      {"type":"text","text":"According to the document, "},
      {"type":"text","text":"the grass is green","citations":[{"type":"char_location",
        "cited_text":"The grass is green.","document_index":0,"document_title":"Example Document",
        "start_char_index":0,"end_char_index":20}]},
      {"type":"tool_use","id":"t","name":"paint","input":{"color":"green"}}],"stop_reason":"tool_use"})");
  const View view(&answer);
  EXPECT_THAT(Told(view), ElementsAre("assistant*: Easy.", "assistant*: According to the document, ",
                                      "assistant*: the grass is green", "assistant*: The grass is green.",
                                      "assistant*: paint", R"(assistant*: {"color":"green"})"));
  EXPECT_THAT(DemandedIn(view), ElementsAre("According to the document, the grass is green"));
  auto calls = Decoded<MessagesResponse>(
      R"({"type":"message","role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]})");
  EXPECT_THAT(DemandedIn(View(&calls)), ElementsAre("calls"));
}

TEST(MessagesView, IsChangedInPlace) {
  auto request = Decoded<MessagesRequest>(R"({"messages":[{"role":"assistant","content":[
      {"type":"tool_use","id":"t","name":"mail","input":{"to":"a@example.com","cc":["b@example.com"]}}]}]})");
  Problem problem;
  const auto guardrail = ReadGuardrail(*ParseJson(R"({"portolan.pii":{"redact":true}})"), "g", &problem);
  ASSERT_TRUE(guardrail.has_value());
  View view(&request);
  EXPECT_TRUE(RunGuardrail(*guardrail, {}, &view).transformed);
  EXPECT_EQ(request.messages(0).content().blocks().items(0).input(), R"({"to":"[EMAIL]","cc":["[EMAIL]"]})");
}

TEST(MessagesView, TakesAPrefix) {
  struct Case {
    Prefix prefix;
    std::string request;
    std::vector<std::string> told;  // empty: nothing changes
  };
  const std::string plain = R"({"system":"be kind","messages":[{"role":"user","content":"one"},
      {"role":"assistant","content":"two"},{"role":"user","content":"three"}]})";
  const std::string blocks = R"({"system":[{"type":"text","text":"be kind"}],"messages":[{"role":"user",
      "content":[{"type":"tool_result","tool_use_id":"t","content":"12"},{"type":"text","text":"one"}]}]})";
  const std::string bare = R"({"messages":[{"role":"user","content":"one"}]})";
  const std::vector<Case> cases = {
      {{"p ", "user"}, plain, {"system: be kind", "user: p one", "assistant: two", "user*: three"}},
      {{"p ", "user", false},
       plain,
       {"system: be kind", "user: p ", "user: one", "assistant: two", "user*: three"}},
      {{"p ", "user", true, true}, plain, {}},
      {{"p ", "assistant"}, bare, {"user: one", "assistant*: p "}},
      {{"p ", "system"}, plain, {"system: p be kind", "user: one", "assistant: two", "user*: three"}},
      {{"p ", "system", false},
       plain,
       {"system: p ", "system: be kind", "user: one", "assistant: two", "user*: three"}},
      {{"p ", "system", true, true}, plain, {}},
      {{"p ", "system"}, blocks, {"system: p ", "system: be kind", "tool*: 12", "user*: one"}},
      {{"p ", "user"}, blocks, {"system: be kind", "tool*: 12", "user*: p ", "user*: one"}},
      {{"p ", "system", true, true}, bare, {"system: p ", "user*: one"}},
  };
  for (const Case& one : cases) {
    auto request = Decoded<MessagesRequest>(one.request);
    View view(&request);
    const std::vector<std::string> before = Told(view);
    EXPECT_EQ(view.Add(one.prefix), !one.told.empty()) << one.request;
    EXPECT_EQ(Told(view), one.told.empty() ? before : one.told) << one.request;
  }
  auto answer = Decoded<MessagesResponse>(R"({"type":"message","content":[{"type":"text","text":"one"}]})");
  EXPECT_FALSE(View(&answer).Add({"p ", "assistant"}));
}

TEST(RerankView, HasTheQueryAndTheDocuments) {
  auto request = Decoded<v1::RerankRequest>(R"({"model":"rerank-v3.5","query":"What is the capital?",
      "documents":["Carson City",{"text":"Saipan","Title":"Northern Mariana Islands"}],"top_n":3})");
  const View view(&request);
  EXPECT_THAT(Told(view), ElementsAre("*: What is the capital?", "*: Carson City", "*: Saipan",
                                      "*: \"Northern Mariana Islands\""));
  EXPECT_THAT(DemandedIn(view), ElementsAre("What is the capital?\nCarson City\nSaipan"));
  auto answer = Decoded<v1::RerankResponse>(
      R"({"results":[{"index":1,"relevance_score":0.9,"document":{"text":"Saipan"}},{"index":0}]})");
  EXPECT_THAT(Told(View(&answer)), ElementsAre("*: Saipan"));
}

TEST(JsonView, IsOneTextThatStaysJson) {
  std::string body = R"({"input":{"text":"mail a@example.com","n":[1,2.50]}, "x" : "\u0061@example.com"})";
  View view = View::OfJson(&body);
  EXPECT_THAT(DemandedIn(view), ElementsAre(body));
  Problem problem;
  const auto guardrail = ReadGuardrail(*ParseJson(R"({"portolan.pii":{"redact":true}})"), "g", &problem);
  EXPECT_TRUE(RunGuardrail(*guardrail, {}, &view).transformed);
  EXPECT_EQ(body, R"({"input":{"text":"mail [EMAIL]","n":[1,2.50]}, "x" : "[EMAIL]"})");
  EXPECT_FALSE(view.Add({"p ", "user"}));
  std::string number = "4111111111111111";
  View scalar = View::OfJson(&number);
  RunGuardrail(*guardrail, {}, &scalar);
  EXPECT_EQ(number, R"("[CARD]")");
}

}  // namespace
}  // namespace portolan::guardrails
