// What is looked at in each message, and what changes come back into it.

#include "server/guardrails/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::guardrails {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> TextsOf(const View& view) {
  std::vector<std::string> texts;
  for (const Piece& piece : view.pieces()) texts.push_back(*piece.text);
  return texts;
}

std::vector<std::string> DemandedOf(const View& view) {
  std::vector<std::string> texts;
  for (const Demanded& one : view.WhatIsDemandedOf()) texts.push_back(one.calls_only ? "calls" : one.text);
  return texts;
}

bool Shout(std::string* text) {
  if (text->find('a') == std::string::npos) return false;
  *text = "A\"";
  return true;
}

v1::Message* AddMessage(v1::ChatCompletionRequest* request, const std::string& role) {
  v1::Message* const message = request->add_messages();
  message->set_role(role);
  return message;
}

TEST(View, OfAChatRequestHasEverythingThatIsSaid) {
  v1::ChatCompletionRequest request;
  AddMessage(&request, "system")->mutable_content()->set_text("system");
  v1::Message* const assistant = AddMessage(&request, "assistant");
  assistant->set_reasoning_content("reasoning");
  assistant->set_refusal("refusal");
  v1::ToolCall* const call = assistant->add_tool_calls();
  call->mutable_function()->set_name("tool");
  call->mutable_function()->set_arguments(R"({"x":1})");
  assistant->add_tool_calls()->mutable_custom()->set_input("custom");
  AddMessage(&request, "tool")->mutable_content()->set_text("result");
  v1::ContentParts* const parts = AddMessage(&request, "user")->mutable_content()->mutable_parts();
  parts->add_items()->set_text("one");
  parts->add_items()->mutable_image_url()->set_uri("https://example.com/a.png");
  parts->add_items()->set_text("two");
  const View view(&request);
  EXPECT_THAT(TextsOf(view), UnorderedElementsAre("system", "reasoning", "refusal", "tool", R"({"x":1})",
                                                  "custom", "result", "one", "two"));
  EXPECT_THAT(DemandedOf(view), ElementsAre("one\ntwo"));
}

TEST(View, OfAnAnswerHasEveryChoice) {
  v1::ChatCompletion answer;
  answer.add_choices()->mutable_message()->mutable_content()->set_text("first");
  v1::Message* const second = answer.add_choices()->mutable_message();
  second->add_tool_calls()->mutable_function()->set_name("tool");
  second->mutable_audio()->set_transcript("spoken");
  v1::ContentBlock* const block = second->add_content_blocks();
  block->set_text("block");
  block->set_input(R"({"q":"query"})");
  block->mutable_content()->mutable_blocks()->add_items()->set_text("inner");
  const View view(&answer);
  EXPECT_THAT(TextsOf(view),
              UnorderedElementsAre("first", "tool", "spoken", "block", R"({"q":"query"})", "inner"));
  EXPECT_THAT(DemandedOf(view), ElementsAre("first", "calls"));
}

TEST(View, OfPromptsAndInputs) {
  v1::CompletionRequest completion;
  completion.mutable_prompt()->mutable_texts()->add_items("one");
  completion.mutable_prompt()->mutable_texts()->add_items("two");
  EXPECT_THAT(TextsOf(View(&completion)), ElementsAre("one", "two"));
  EXPECT_THAT(DemandedOf(View(&completion)), ElementsAre("one\ntwo"));
  v1::EmbeddingRequest embedding;
  embedding.mutable_input()->mutable_tokens();
  EXPECT_TRUE(View(&embedding).has_tokens());
  embedding.mutable_input()->set_text("text");
  EXPECT_FALSE(View(&embedding).has_tokens());
  EXPECT_THAT(TextsOf(View(&embedding)), ElementsAre("text"));
  v1::Completion answer;
  answer.add_choices()->set_text("answer");
  EXPECT_THAT(DemandedOf(View(&answer)), ElementsAre("answer"));
}

TEST(View, ChangesArgumentsValueByValue) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({ "a" : "xa", "b": ["a\u0061", 1.50, "c"],"a":{"d":"A"}})",
       R"({ "a" : "A\"", "b": ["A\"", 1.50, "c"],"a":{"d":"A"}})"},
      {R"({"n":null,"f":false})", R"({"n":null,"f":"A\""})"},
      {R"(not {json a)", R"(A")"},
  };
  for (const auto& [before, after] : cases) {
    std::string text = before;
    EXPECT_TRUE(ChangePiece({&text, "assistant", true, true}, Shout)) << before;
    EXPECT_EQ(text, after);
  }
  std::string text = R"({"a":"b"})";
  EXPECT_FALSE(ChangePiece({&text, "assistant", true, true}, Shout)) << "names are not values";
}

TEST(View, TakesAPrefix) {
  struct Case {
    Prefix prefix;
    bool changes;
    std::vector<std::string> texts;
  };
  const std::vector<Case> cases = {
      {{"p ", "user", true, false}, true, {"be kind", "p one", "two"}},
      {{"p ", "user", false, false}, true, {"be kind", "p ", "one", "two"}},
      {{"p ", "user", true, true}, false, {"be kind", "one", "two"}},
      {{"p ", "assistant", true, true}, true, {"be kind", "one", "two", "p "}},
      {{"p ", "system", true, false}, true, {"p be kind", "one", "two"}},
  };
  for (const Case& one : cases) {
    v1::ChatCompletionRequest request;
    AddMessage(&request, "system")->mutable_content()->set_text("be kind");
    AddMessage(&request, "user")->mutable_content()->set_text("one");
    AddMessage(&request, "user")->mutable_content()->set_text("two");
    View view(&request);
    EXPECT_EQ(view.Add(one.prefix), one.changes);
    EXPECT_EQ(TextsOf(view), one.texts);
  }
  v1::ChatCompletionRequest request;
  AddMessage(&request, "user")->mutable_content()->mutable_parts()->add_items()->set_text("one");
  View view(&request);
  EXPECT_TRUE(view.Add({"be kind", "system", true, false}));
  EXPECT_TRUE(view.Add({"p", "user", true, false}));
  EXPECT_THAT(TextsOf(view), ElementsAre("be kind", "p", "one"));
  v1::CompletionRequest completion;
  completion.mutable_prompt()->set_text("prompt");
  completion.set_suffix("suffix");
  View prompt(&completion);
  EXPECT_TRUE(prompt.Add({"p ", "user", true, false}));
  EXPECT_EQ(completion.prompt().text(), "p prompt");
  EXPECT_EQ(completion.suffix(), "suffix");
}

}  // namespace
}  // namespace portolan::guardrails
