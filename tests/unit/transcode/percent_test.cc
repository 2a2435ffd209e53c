#include "server/transcode/percent.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::transcode {
namespace {

TEST(PercentDecode, DecodesOctetsAsRfc3986Says) {
  const struct {
    std::string_view text;
    std::string_view decoded;
  } kCases[] = {
      {"", ""},
      {"abc", "abc"},
      {"org%2Fname", "org/name"},
      {"org%2fname", "org/name"},
      {"%25", "%"},
      {"%252F", "%2F"},  // decoded once
      {"a+b", "a+b"},
      {"caf%C3%A9", "caf\xC3\xA9"},
      {"%F0%9F%98%80", "\xF0\x9F\x98\x80"},
      {"a%00b", std::string_view("a\0b", 3)},
  };
  for (const auto& test : kCases) {
    std::string out;
    ASSERT_TRUE(PercentDecode(test.text, Plus::kLiteral, &out)) << test.text;
    EXPECT_EQ(out, test.decoded);
  }
}

TEST(PercentDecode, ReadsPlusAsSpaceInForms) {
  std::string out = "kept ";
  ASSERT_TRUE(PercentDecode("a+b%2Bc", Plus::kSpace, &out));
  EXPECT_EQ(out, "kept a b+c");
}

TEST(PercentDecode, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%2", "a%", "%g0", "%0g", "%%20", "% 2", "%-1"}) {
    std::string out;
    EXPECT_FALSE(PercentDecode(text, Plus::kLiteral, &out)) << text;
  }
}

// Table 3-7 of the Unicode standard: the first ill-formed neighbours of every well-formed range.
TEST(PercentDecode, RefusesWhatIsNotUtf8) {
  for (const char* text : {"%80", "%BF", "%C0%80", "%C1%BF", "%C3", "%C3%28", "%E0%9F%BF", "%ED%A0%80",
                           "%E2%82", "%F0%8F%BF%BF", "%F4%90%80%80", "%F5%80%80%80", "%FF", "%F0%9F%98"}) {
    std::string out;
    EXPECT_FALSE(PercentDecode(text, Plus::kLiteral, &out)) << text;
  }
  for (const char* text : {"%C2%80", "%DF%BF", "%E0%A0%80", "%ED%9F%BF", "%EE%80%80", "%EF%BF%BF",
                           "%F0%90%80%80", "%F4%8F%BF%BF"}) {
    std::string out;
    EXPECT_TRUE(PercentDecode(text, Plus::kLiteral, &out)) << text;
  }
}

}  // namespace
}  // namespace portolan::transcode
