#include "server/base/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

namespace portolan {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

// RFC 3629, section 4: the sequences of each length, at both ends of their ranges and beside them.
TEST(Utf8, TellsTheLengthOfACharacter) {
  const std::pair<std::string_view, size_t> cases[] = {
      {"a", 1},
      {"\0"sv, 1},
      {"\x7f", 1},
      {"\x80", 0},
      {"\xbf", 0},
      {"\xc0\x80", 0},  // overlong
      {"\xc1\xbf", 0},
      {"\xc2\x80", 2},
      {"\xdf\xbf", 2},
      {"\xdf", 0},
      {"\xdf\xc0", 0},
      {"\xe0\x9f\xbf", 0},  // overlong
      {"\xe0\xa0\x80", 3},
      {"\xed\x9f\xbf", 3},
      {"\xed\xa0\x80", 0},  // surrogates
      {"\xed\xbf\xbf", 0},
      {"\xee\x80\x80", 3},
      {"\xef\xbf\xbf", 3},
      {"\xef\xbf", 0},
      {"\xf0\x8f\xbf\xbf", 0},  // overlong
      {"\xf0\x90\x80\x80", 4},
      {"\xf4\x8f\xbf\xbf", 4},
      {"\xf4\x90\x80\x80", 0},  // above U+10FFFF
      {"\xf0\x9f\x98", 0},
      {"\xf5\x80\x80\x80", 0},
      {"\xff", 0},
      {"\u20ac and more", 3},
  };
  for (const auto& [text, length] : cases) {
    EXPECT_EQ(Utf8Length(text), length) << text;
    if (length == 0 || length == text.size()) {
      EXPECT_EQ(IsUtf8(text), length > 0) << text;
    }
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_FALSE(IsUtf8("a\u20ac\x80"));
}

TEST(Utf8, IsCutBetweenCharacters) {
  struct Case {
    std::string_view text;
    size_t limit;
    std::string_view cut;
  };
  const Case cases[] = {
      {"", 0, ""},
      {"abc", 3, "abc"},
      {"abc", 2, "ab"},
      {"abc", 0, ""},
      {"a\u00e4", 3, "a\u00e4"},
      {"a\u00e4", 2, "a"},
      {"a\u20ac", 3, "a"},
      {"a\u20ac", 2, "a"},
      {"\U0001f600b", 4, "\U0001f600"},
      {"\U0001f600b", 3, ""},
      {"\U0001f600b", 1, ""},
      // What is no UTF-8 is not thrown away whole for that.
      {"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80"},
  };
  for (const Case& c : cases) EXPECT_EQ(CutUtf8(c.text, c.limit), c.cut) << c.text << " " << c.limit;
}

TEST(Utf8Test, LeavesOutTheBeginningOfACharacterAtTheEnd) {
  for (const std::string whole :
       {"", "a", "é", "€", "\xf0\x9f\x98\x80", "a€", "\xff", "a\x80", "\x80\x80\x80\x80"}) {
    EXPECT_EQ(WholeUtf8(whole), whole);
  }
  for (const std::string cut : {"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98"}) {
    EXPECT_EQ(WholeUtf8("é" + cut), "é");
    EXPECT_EQ(WholeUtf8(cut), "");
  }
}

TEST(Utf8, IsWrittenCharacterByCharacter) {
  const std::pair<char32_t, std::string_view> cases[] = {
      {0, "\0"sv},
      {0x7f, "\x7f"},
      {0x80, "\xc2\x80"},
      {0x7ff, "\xdf\xbf"},
      {0x800, "\xe0\xa0\x80"},
      {0xfffd, "\xef\xbf\xbd"},
      {0xffff, "\xef\xbf\xbf"},
      {0x10000, "\xf0\x90\x80\x80"},
      {0x10ffff, "\xf4\x8f\xbf\xbf"},
  };
  for (const auto& [code, text] : cases) {
    std::string out = "<";
    AppendUtf8(code, &out);
    EXPECT_EQ(out, "<" + std::string(text)) << static_cast<uint32_t>(code);
  }
}

TEST(Utf8, HasTails) {
  for (int i = 0; i < 256; ++i) EXPECT_EQ(IsUtf8Tail(static_cast<char>(i)), i >= 0x80 && i < 0xc0) << i;
}

}  // namespace
}  // namespace portolan
