#include "providers/echo/reply.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace portolan::providers::echo {
namespace {

using nlohmann::json;

v1::ChatCompletionRequest Asking(const std::string& text) {
  v1::ChatCompletionRequest request;
  v1::Message& message = *request.add_messages();
  message.set_role("user");
  message.mutable_content()->set_text(text);
  return request;
}

void Offer(const std::string& name, const std::string& schema, v1::ChatCompletionRequest* request) {
  v1::FunctionDefinition& function = *request->add_tools()->mutable_function();
  function.set_name(name);
  function.set_parameters(schema);
}

TEST(AnswerChat, RepeatsTheLastUserMessage) {
  v1::ChatCompletionRequest request = Asking("first");
  request.add_messages()->set_role("assistant");
  *request.add_messages() = Asking("second").messages(0);
  const ChatReply reply = AnswerChat(request);
  EXPECT_EQ(reply.text, "second");
  EXPECT_EQ(reply.finish_reason, "stop");
  EXPECT_EQ(reply.prompt_tokens, 4);
  EXPECT_EQ(reply.completion_tokens, 2);
}

TEST(AnswerChat, CallsTheToolThatIsInsistedOnOnly) {
  v1::ChatCompletionRequest request = Asking("Paris");
  Offer("other", "{}", &request);
  Offer(
      "weather",
      R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]})",
      &request);
  EXPECT_TRUE(AnswerChat(request).calls.empty());

  request.mutable_tool_choice()->mutable_named()->mutable_function()->set_name("weather");
  const ChatReply named = AnswerChat(request);
  ASSERT_EQ(named.calls.size(), 1u);
  EXPECT_EQ(named.calls[0].name, "weather");
  EXPECT_EQ(json::parse(named.calls[0].arguments), json::parse(R"({"city":"Paris"})"));
  EXPECT_EQ(named.finish_reason, "tool_calls");

  request.mutable_tool_choice()->set_mode("required");
  EXPECT_EQ(AnswerChat(request).calls.at(0).name, "other");
}

TEST(AnswerChat, CutsAtTheTokenLimitBetweenCharacters) {
  v1::ChatCompletionRequest request = Asking("abc\xc3\xa9xyz");
  request.set_max_completion_tokens(1);
  const ChatReply reply = AnswerChat(request);
  EXPECT_EQ(reply.text, "abc");
  EXPECT_EQ(reply.finish_reason, "length");
}

TEST(InstanceOf, FitsTheSchema) {
  const json instance = json::parse(InstanceOf(
      R"({"type":"object","required":["s","n","b","a","o","e","u","missing"],"properties":{"s":{"type":"string"},
      "n":{"type":"number","minimum":3},"b":{"type":"boolean"},"a":{"type":"array"},
      "o":{"type":"object","required":["x"],"properties":{"x":{"type":["integer","null"]}}},
      "e":{"enum":["red","blue"]},"u":{"anyOf":[{"type":"string"},{"type":"null"}]},"optional":{"type":"string"}}})",
      "hi"));
  EXPECT_EQ(instance, json::parse(R"({"s":"hi","n":3,"b":false,"a":[],"o":{"x":0},"e":"red","u":"hi"})"));
}

TEST(InstanceOf, SurvivesAnySchema) {
  for (const char* schema :
       {"", "5", "[]", R"({"type":5})", R"({"type":[]})", R"({"required":5})", R"({"required":[1]})",
        R"({"properties":[],"required":["a"]})", R"({"enum":[]})"}) {
    EXPECT_TRUE(json::accept(InstanceOf(schema, "\xff text"))) << schema;
  }
}

TEST(Pieces, JoinToTheWholeAndAreBounded) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "word ";
  std::string joined;
  const auto pieces = Pieces(text);
  for (const std::string_view piece : pieces) joined += piece;
  EXPECT_EQ(joined, text);
  EXPECT_LE(pieces.size(), 64u);
  EXPECT_EQ(Pieces("a b").size(), 2u);
  EXPECT_TRUE(Pieces("").empty());
}

TEST(Embed, GivesUnitVectorsThatDependOnTheText) {
  const auto first = Embed("a", 16);
  EXPECT_EQ(first, Embed("a", 16));
  EXPECT_NE(first, Embed("b", 16));
  double norm = 0;
  for (const float value : first) norm += static_cast<double>(value) * static_cast<double>(value);
  EXPECT_NEAR(norm, 1, 1e-6);
}

}  // namespace
}  // namespace portolan::providers::echo
