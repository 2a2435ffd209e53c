#include "providers/dialects/common/think_tags.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace portolan::providers {
namespace {

struct Apart {
  std::string reasoning;
  std::string content;
  bool operator==(const Apart&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Apart& apart) {
  return out << "reasoning \"" << apart.reasoning << "\", content \"" << apart.content << "\"";
}

Apart Split(const std::vector<std::string_view>& pieces) {
  Apart apart;
  ThinkSplitter splitter;
  for (const std::string_view piece : pieces) splitter.Take(piece, &apart.reasoning, &apart.content);
  splitter.End(&apart.reasoning, &apart.content);
  return apart;
}

struct Case {
  std::string_view text;
  Apart apart;
};

// What stands before `</think>` and behind it, without the line feeds beside the tags, as the chat template
// of MiniMaxAI/MiniMax-M2 takes an assistant's turn apart.
const Case kCases[] = {
    {"<think>\nThe user greets.\n</think>\n\nHello!", {"The user greets.", "Hello!"}},
    {"<think>a</think>b", {"a", "b"}},
    {" \n\t<think>a\n\nb</think>\n\nc\n", {"a\n\nb", "c\n"}},
    {"<think>\n\n</think>\n\nHello", {"", "Hello"}},
    {"<think></think>", {"", ""}},
    {"<think>\nIt never\ncloses <", {"It never\ncloses <", ""}},
    {"<think>cut </thin", {"cut </thin", ""}},
    {"<think>a\n\n", {"a\n\n", ""}},
    {"<think>a\n<b>\n</b>\n</think>\n", {"a\n<b>\n</b>", ""}},
    {"<think>a < b </ c <</think>d", {"a < b </ c <", "d"}},
    {"<think>one</think>two<think>three</think>", {"one", "two<think>three</think>"}},
    {"<think>outer <think>inner</think> rest", {"outer <think>inner", " rest"}},
    {"No tags at all.", {"", "No tags at all."}},
    {"Say <think>x</think>", {"", "Say <think>x</think>"}},
    {"<thinking>x</thinking>", {"", "<thinking>x</thinking>"}},
    {"<thin", {"", "<thin"}},
    {"  \n", {"", "  \n"}},
    {"  text", {"", "  text"}},
    {"</think>x", {"", "</think>x"}},
    {"", {"", ""}},
};

TEST(ThinkTags, AreTakenApart) {
  for (const Case& each : kCases) EXPECT_EQ(Split({each.text}), each.apart) << each.text;
}

TEST(ThinkTags, MayBeCutAnywhere) {
  for (const Case& each : kCases) {
    std::vector<std::string_view> bytes;
    for (size_t i = 0; i < each.text.size(); ++i) bytes.push_back(each.text.substr(i, 1));
    EXPECT_EQ(Split(bytes), each.apart) << each.text;
    for (size_t first = 0; first <= each.text.size(); ++first) {
      for (size_t second = first; second <= each.text.size(); ++second) {
        const std::vector<std::string_view> pieces = {
            each.text.substr(0, first), each.text.substr(first, second - first), each.text.substr(second)};
        EXPECT_EQ(Split(pieces), each.apart) << each.text << " cut at " << first << ", " << second;
      }
    }
  }
}

// A reader sees the reasoning while it comes.
TEST(ThinkTags, HoldNothingBackButWhatMayBeATag) {
  Apart apart;
  ThinkSplitter splitter;
  splitter.Take("<think>\nIt is ", &apart.reasoning, &apart.content);
  EXPECT_EQ(apart.reasoning, "It is ");
  splitter.Take("here\n</th", &apart.reasoning, &apart.content);
  EXPECT_EQ(apart.reasoning, "It is here");
  splitter.Take("ink>Yes", &apart.reasoning, &apart.content);
  EXPECT_EQ(apart.content, "Yes");
  splitter.Take(" <th", &apart.reasoning, &apart.content);
  EXPECT_EQ(apart.content, "Yes <th");
}

TEST(ThinkTags, ArePutBackAsTheyWere) {
  EXPECT_EQ(WithThinkTags("The user greets.", "Hello!"), kCases[0].text);
  EXPECT_EQ(Split({WithThinkTags("a\nb", "c")}), (Apart{"a\nb", "c"}));
}

}  // namespace
}  // namespace portolan::providers
