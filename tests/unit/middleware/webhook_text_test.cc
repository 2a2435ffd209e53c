// What webhooks are told as the text of a request or an answer.

#include <gtest/gtest.h>

#include "server/middleware/webhook/said_text.h"

namespace portolan::middleware {
namespace {

TEST(SaidText, IsThatOfTheLastMessageOrTheFirstChoice) {
  struct Row {
    const char* json;
    const char* text;
  };
  const Row rows[] = {
      {R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]})", "b"},
      {R"({"messages":[{"content":[{"type":"text","text":"a"},{"type":"image_url"},{"type":"text","text":"b"}]}]})",
       "a\nb"},
      {R"({"messages":[]})", ""},
      {R"({"messages":[{"role":"assistant","content":null}]})", ""},
      {R"({"prompt":"a"})", "a"},
      {R"({"prompt":["a","b"]})", "a\nb"},
      {R"({"input":"a"})", "a"},
      {R"({"input":[1,2]})", ""},
      {R"({"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]})", "a"},
      {R"({"choices":[{"text":"a"}]})", "a"},
      {R"({"choices":[]})", ""},
      {R"({"type":"message","content":[{"type":"thinking","thinking":"x"},{"type":"text","text":"a"}]})",
       "a"},
      {R"([])", ""},
      {R"("a")", ""},
      {"no JSON", ""},
      {"", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(SaidText(row.json), row.text) << row.json;
}

}  // namespace
}  // namespace portolan::middleware
