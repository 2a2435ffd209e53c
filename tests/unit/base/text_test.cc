#include "server/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <optional>
#include <utility>

namespace portolan {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The C library's classes in the C locale are the same for ASCII, and hold nothing beyond it.
TEST(Characters, AreClassedAsInTheCLocale) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool ascii = i < 0x80;
    EXPECT_EQ(IsDigit(c), ascii && std::isdigit(i) != 0) << i;
    EXPECT_EQ(IsLetter(c), ascii && std::isalpha(i) != 0) << i;
    EXPECT_EQ(IsLetterOrDigit(c), ascii && std::isalnum(i) != 0) << i;
    EXPECT_EQ(IsVisible(c), ascii && std::isgraph(i) != 0) << i;
    EXPECT_EQ(IsBlank(c), ascii && std::isblank(i) != 0) << i;
    EXPECT_EQ(IsSpace(c), " \t\r\n"sv.find(c) != std::string_view::npos) << i;
    EXPECT_EQ(HexValue(c) >= 0, ascii && std::isxdigit(i) != 0) << i;
    EXPECT_EQ(LowerCase(c), ascii ? static_cast<char>(std::tolower(i)) : c) << i;
  }
  for (int value = 0; value < 16; ++value) {
    EXPECT_EQ(HexValue("0123456789abcdef"[value]), value);
    EXPECT_EQ(HexValue("0123456789ABCDEF"[value]), value);
  }
}

TEST(LowerCase, ChangesAsciiLettersAlone) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"Content-Type", "content-type"},
      {"AZ@[`{az", "az@[`{az"},
      {"\u00c4\u0130\u212a", "\u00c4\u0130\u212a"},  // letters, but not ASCII's
      {"A\0B\xff"sv, "a\0b\xff"sv}};
  for (const auto& [text, lower] : cases) EXPECT_EQ(LowerCase(text), lower);
}

TEST(IgnoreCase, ComparesWholeTextsBeginningsAndEnds) {
  struct Case {
    std::string_view text;
    std::string_view lower;
    bool equal;
    bool begins;
    bool ends;
  };
  const Case cases[] = {
      {"", "", true, true, true},
      {"a", "", false, true, true},
      {"", "a", false, false, false},
      {"ChunKed", "chunked", true, true, true},
      {"HTTPS://x", "https://", false, true, false},
      {"image/PNG", "png", false, false, true},
      {"png", "image/png", false, false, false},
      {"gzip", "gzi", false, true, false},
      {"Gzip", "zip", false, false, true},
      {"g\u00c4", "g\u00e4", false, false, false},
      {"\u212a", "k", false, false, false},  // the Kelvin sign
      {"@", "`", false, false, false},       // apart by the bit that tells cases apart
      {"[", "{", false, false, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(EqualsIgnoreCase(c.text, c.lower), c.equal) << c.text << " " << c.lower;
    EXPECT_EQ(StartsWithIgnoreCase(c.text, c.lower), c.begins) << c.text << " " << c.lower;
    EXPECT_EQ(EndsWithIgnoreCase(c.text, c.lower), c.ends) << c.text << " " << c.lower;
  }
}

TEST(Trim, TakesBlanksOrWhiteSpaceOffBothEnds) {
  struct Case {
    std::string_view text;
    std::string_view blanks;
    std::string_view space;
  };
  const Case cases[] = {{"", "", ""},
                        {" \t ", "", ""},
                        {" \r\n", "\r\n", ""},
                        {"\t a b\t ", "a b", "a b"},
                        {"\r\n a \n", "\r\n a \n", "a"},
                        {"a", "a", "a"},
                        {"\v\fa\v", "\v\fa\v", "\v\fa\v"},
                        {"\u00a0a\u00a0", "\u00a0a\u00a0", "\u00a0a\u00a0"},  // not ASCII's
                        {" \0 "sv, "\0"sv, "\0"sv}};
  for (const Case& c : cases) {
    EXPECT_EQ(TrimBlanks(c.text), c.blanks) << c.text;
    EXPECT_EQ(TrimSpace(c.text), c.space) << c.text;
  }
}

TEST(List, IsSplitAtCommasWithoutWhiteSpaceAndEmptyItems) {
  EXPECT_THAT(SplitList("a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitList("\ta b\r\n"), ElementsAre("a b"));
  EXPECT_THAT(SplitList(" , "), IsEmpty());
  EXPECT_THAT(SplitList(","), IsEmpty());
  EXPECT_THAT(SplitList(""), IsEmpty());
}

TEST(List, IsTakenItemByItem) {
  std::string_view list = "close , ,x";
  EXPECT_EQ(TakeListItem(&list), "close");
  EXPECT_EQ(TakeListItem(&list), "");
  EXPECT_EQ(TakeListItem(&list), "x");
  EXPECT_EQ(list, "");
  EXPECT_EQ(TakeListItem(&list), "");
}

TEST(Percent, IsDecodedOrRefused) {
  const std::pair<std::string_view, std::optional<std::string_view>> cases[] = {
      {"", ""},
      {"a b+c", "a b+c"},
      {"%41%7a", "Az"},
      {"%2541", "%41"},
      {"%00%ff", "\0\xff"sv},
      {"p%C3%a4ss", "p\u00e4ss"},
      {"%", std::nullopt},
      {"a%4", std::nullopt},
      {"%4g", std::nullopt},
      {"%g4", std::nullopt},
      {"%%41", std::nullopt},
      {"% 41", std::nullopt},
      {"%+1", std::nullopt},
      {"%-1", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    std::string out = "<";
    ASSERT_EQ(AppendPercentDecoded(text, &out), expected.has_value()) << text;
    if (expected) {
      EXPECT_EQ(out, "<" + std::string(*expected)) << text;
    }
  }
}

}  // namespace
}  // namespace portolan
