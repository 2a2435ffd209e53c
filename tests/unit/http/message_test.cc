#include "server/http/message.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::http {
namespace {

using std::string_literals::operator""s;

TEST(Message, WritesStatusLineAndHeaders) {
  TextBuffer out;
  AppendStatusLine(429, &out);
  AppendHeader("retry-after", "3", &out);
  EXPECT_EQ(out.view(), "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\n");
}

TEST(Message, WritesStatusesWithoutAReason) {
  TextBuffer out;
  AppendStatusLine(529, &out);
  EXPECT_EQ(out.view(), "HTTP/1.1 529 \r\n");
}

TEST(Message, TellsHeaderNames) {
  EXPECT_TRUE(IsHeaderName("x-portolan-id"));
  EXPECT_TRUE(IsHeaderName("!#$%&'*+-.^_`|~09AZ"));
  for (const char* bad : {"", "a b", "a:", "a\r", "\xc3\xa9", "(a)", "a\"", "a/b"})
    EXPECT_FALSE(IsHeaderName(bad)) << bad;
}

TEST(Message, TellsHeaderValues) {
  EXPECT_TRUE(IsHeaderValue(""));
  EXPECT_TRUE(IsHeaderValue("a\tb \xc3\xa9 more than sixteen bytes"));
  for (const std::string& bad :
       {"a\rb"s, "a\nb"s, "a\0b"s, "\x7f"s, "\x1b"s, "sixteen bytes are passed\n over"s}) {
    EXPECT_FALSE(IsHeaderValue(bad)) << bad;
  }
}

}  // namespace
}  // namespace portolan::http
