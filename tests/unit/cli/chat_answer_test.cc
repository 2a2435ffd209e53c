#include "server/cli/chat_answer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace portolan::cli {
namespace {

// What a run of bytes prints, cut after `cut` of them.
std::string Printed(const std::string& bytes, size_t cut, const ChatAnswer::Looks& looks,
                    std::string* problem) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const out = open_memstream(&text, &size);
  ChatAnswer answer(out, looks);
  if (answer.Take(std::string_view(bytes).substr(0, cut))) answer.Take(std::string_view(bytes).substr(cut));
  *problem = answer.problem();
  std::fclose(out);
  std::string printed(text, size);
  std::free(text);
  return printed;
}

TEST(ChatAnswer, IsTheSameHoweverItIsCut) {
  const std::string bytes =
      ": ping\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"Gr\xc3\xbc\xc3\x9f\"}}]}\r\n\r\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\" Gott\"},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    std::string problem;
    EXPECT_EQ(Printed(bytes, cut, {.terminal = true}, &problem), "Gr\xc3\xbc\xc3\x9f Gott") << cut;
    EXPECT_EQ(problem, "") << cut;
  }
}

TEST(ChatAnswer, SaysWhyItIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "the answer broke off before its end"},
      {"", "the answer broke off before its end"},
      {"data: nonsense\n\n", "an event of the answer is no JSON object: nonsense"},
      {"data: {\"error\":{\"message\":\"busy\"}}\n\n", "busy"},
      // Shapes that nobody should send.
      {"data: {\"choices\":[7]}\n\ndata: {\"choices\":{}}\n\ndata: {\"choices\":[{\"delta\":[]}]}\n\ndata: "
       "[DONE]\n\n",
       ""},
  };
  for (const auto& [bytes, expected] : cases) {
    std::string problem;
    Printed(bytes, 0, {}, &problem);
    EXPECT_EQ(problem, expected) << bytes;
  }
}

TEST(WithoutControls, LeavesTextAlone) {
  EXPECT_EQ(WithoutControls("a\tb\nc \xc3\xa4\xe2\x82\xac\xc2\xa0"), "a\tb\nc \xc3\xa4\xe2\x82\xac\xc2\xa0");
  EXPECT_EQ(WithoutControls("\x1b]0;x\x07\r\x7f\xc2\x9b"
                            "31m"),
            "]0;x31m");
}

}  // namespace
}  // namespace portolan::cli
