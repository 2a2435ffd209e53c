#include "providers/dialects/common/plain_content.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace portolan::providers {
namespace {

struct OtherContent {
  std::string_view content;
  std::string_view text;
  std::string_view reasoning;
};

constexpr OtherContent kOtherContents[] = {
    // Mistral: @mistralai/mistralai 2.7, ThinkChunk, TextChunk and ReferenceChunk, and recorded traffic.
    {R"([{"type":"thinking","thinking":[{"type":"text","text":"The"}]}])", "", "The"},
    {R"([{"type":"thinking","thinking":[{"type":"text","text":"4"},{"type":"text","text":"."}],"closed":true},)"
     R"({"type":"text","text":"1\n"}])",
     "1\n", "4."},
    {R"([{"type":"text","text":"a"},"b",{"type":"reference","reference_ids":[1]},7,null])", "ab", ""},
    {R"([{"type":"thinking","thinking":"t"}])", "", "t"},
    {"[]", "", ""},
    // Workers AI: recorded traffic.
    {R"({"title":"Apples \"are\" tasty"})", R"({"title":"Apples \"are\" tasty"})", ""},
    {"null", "", ""},
    {"5", "", ""},
};

TEST(PlainContent, ListsAndObjectsComeToTexts) {
  for (const OtherContent& each : kOtherContents) {
    Extras extras;
    AddExtra("name", R"("n")", &extras);
    AddExtra("content", std::string(each.content), &extras);
    std::string text;
    std::string reasoning;
    TakeOtherContent(extras, &text, &reasoning);
    EXPECT_EQ(text, each.text) << each.content;
    EXPECT_EQ(reasoning, each.reasoning) << each.content;
  }
}

TEST(PlainContent, NoneIsNothing) {
  Extras extras;
  std::string text;
  std::string reasoning;
  TakeOtherContent(extras, &text, &reasoning);
  EXPECT_EQ(text + reasoning, "");
}

}  // namespace
}  // namespace portolan::providers
