// What matches can look like, against what RE2 matches.

#include "server/guardrails/pattern_shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server/base/utf8.h"
#include "server/guardrails/text_search.h"
#include "tests/support/rounds.h"

namespace portolan::guardrails {
namespace {

Pattern Compiled(const std::string& expression) {
  std::string problem;
  const Pattern pattern = CompileDelimited(expression, &problem);
  EXPECT_NE(pattern, nullptr) << expression << ": " << problem;
  return pattern;
}

std::optional<size_t> LongestOf(const std::string& expression) {
  return ShapeOf(Compiled(expression)).longest;
}

bool Has(const ByteSet& set, char c) { return set[static_cast<unsigned char>(c)]; }

ByteSet SetOf(std::string_view characters) {
  ByteSet set;
  for (const char c : characters) set.set(static_cast<unsigned char>(c));
  return set;
}

TEST(PatternShape, CountsCharacters) {
  const std::vector<std::pair<std::string, size_t>> cases = {
      {"", 0},
      {"abc", 3},
      {"é\U0001f600.", 3},
      {"a|bcd|", 3},
      {"(a|bc)d", 3},
      {"(?:a(?<name>bc)?)d?", 4},
      {"[abc\\]\\[x-z][^a]", 2},
      {"[^]", 1},
      {"\\d\\w\\s\\S\\n\\.\\/\\_", 8},
      {"\\x41\\u0041\\u{1f600}\\uD83D\\uDE00\\cA\\0", 6},
      {"\\p{L}\\P{Script=Greek}\\p{Letter}", 3},
      {"\\bword\\b\\B", 4},
      {"a{3}", 3},
      {"a{2,5}?", 5},
      {"(ab{0,2}){2,10}", 30},
      {"a??", 1},
      {"/ab/gi", 2},
      {"/a.b/ims", 3},
      {"(?i)ab(?i:c)", 3},
      {"\\$\\^\\*\\+\\{\\(", 6},
      {"[$^*+{(]", 1},
  };
  for (const auto& [expression, longest] : cases) EXPECT_EQ(LongestOf(expression), longest) << expression;
}

TEST(PatternShape, KnowsWhereLengthHasNoBound) {
  for (const char* expression :
       {"a*", "a+", "a{2,}", "(a|b+)c", "^a", "a$", "/a$/m", "a{,2}", "a{", "(?:a*)?"}) {
    EXPECT_EQ(LongestOf(expression), std::nullopt) << expression;
  }
  EXPECT_EQ(ShapeOf(nullptr).longest, std::nullopt);
}

TEST(PatternShape, HasEveryCharacterThatMatches) {
  for (const char* expression :
       {"[a-f]",     "[^a-f]",    "\\d",       "\\D",    "[\\w-]",        "[^\\W_]",
        "\\S",       "[\\S]",     "[^\\S]",    "\\s",    "[^\\s]",        "\\p{L}",
        "[^\\p{L}]", "[^\\P{L}]", ".",         "é",      "[à-ü]",         "[a-é]",
        "[^é]",      "/[a-k]/i",  "/[^a-k]/i", "(?i)s",  "(?i:K)",        "/ſ/i",
        "/\u212a/i", "/\\w/i",    "/[r-t]/i",  "\\x41",  "\\u{1f600}",    "[\\x30-\\u0039]",
        "[+--]",     "[--a]",     "[a\\-z]",   "[\\]x]", "\\.",           "\\t",
        "[^]",       "[]",        "[\\b]",     "[^-a]",  "a|[^\\D]|\\cA", "(a?b?|c)d?e?"}) {
    const Pattern pattern = Compiled(expression);
    ASSERT_NE(pattern, nullptr);
    const MatchShape shape = ShapeOf(pattern);
    // Kelvin's sign, which is U+212A, is among them.
    for (char32_t code = 0; code < 0x2200; ++code) {
      std::string character;
      AppendUtf8(code, &character);
      if (!RE2::FullMatch(character, *pattern)) continue;
      EXPECT_TRUE(Has(shape.first, character[0])) << expression << " matches " << character;
      for (const char c : character) {
        EXPECT_TRUE(Has(shape.bytes, c)) << expression << " matches " << character;
      }
    }
  }
}

TEST(PatternShape, HasNotMuchMore) {
  struct Case {
    const char* expression;
    const char* bytes;
    const char* first;
  };
  const std::vector<Case> cases = {
      {"ab?c", "abc", "a"},
      {"a?b?c", "abc", "abc"},
      {"(a|b)?\\bc+", "abc", "abc"},
      {"a{0,2}b{2}c{1,}", "abc", "ab"},
      {"[a-c\\]-]x", "abc]-x", "abc]-"},
      {"\\d{3}-\\d", "0123456789-", "0123456789"},
      {"/ab/i", "aAbB", "aA"},
      {"x(?i:[a-c])", "abcxABCX", "xX"},
      {"\\x41\\u0042\\n\\.", "AB\n.", "A"},
      {"[+--]", "+,-", "+,-"},
  };
  for (const Case& one : cases) {
    const MatchShape shape = ShapeOf(Compiled(one.expression));
    EXPECT_EQ(shape.bytes, SetOf(one.bytes)) << one.expression;
    EXPECT_EQ(shape.first, SetOf(one.first)) << one.expression;
  }
}

TEST(PatternShape, IsAnythingWhereNothingIsUnderstood) {
  for (const char* expression : {"^a", "a$", "a{,2}"}) {
    const MatchShape shape = ShapeOf(Compiled(expression));
    EXPECT_TRUE(shape.bytes.all() && shape.first.all()) << expression;
  }
}

TEST(PatternShape, KnowsWhatEachMatchHolds) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"sk-[a-z0-9]{20}", "sk-"},
      {"\\d{3}-\\d{2}-\\d{4}", "-"},
      {"[\\w.]+@[\\w.]+", "@"},
      {"abc", "abc"},
      {"(ab)(cd)", "abcd"},
      {"a\\bb|ab", "ab"},
      {"xy*z", "x"},
      {"xy+z", "x"},
      {"x(qq)?z", "x"},
      {"(?:x@){2}", "x@"},
      {"aé#", "#"},
      {"\\x41\\.", "A."},
      {"a|b", ""},
      {"a?", ""},
      {"(a@){0,2}", ""},
      {"[a]", ""},
      {"", ""},
      {"^a@", ""},
      {"/KEY-/i", ""},
      {"(?i:k)ey#", ""},
      {"/#[a-z]+/i", "#"},
  };
  for (const auto& [expression, needed] : cases) {
    EXPECT_EQ(NeededBy(Compiled(expression)), needed) << expression;
  }
}

TEST(PatternShape, WhatIsLookedForFirstHidesNothing) {
  std::mt19937 random(11);  // NOLINT: the same cases each time
  const std::vector<std::string> letters = {"a", "b", "#", "-", "K", "\u212a", "é"};
  const std::vector<std::string> atoms = {"a",    "#", "-",      "b#", "[a#]", ".",    "(a-|#-)", "(#|#)",
                                          "(#b)", "k", "(?i)k-", "é",  "\\b",  "-{2}", "#+",      "b*"};
  int with = 0;
  int found = 0;
  for (int i = 0; i < 4'000; ++i) {
    std::string expression;
    for (size_t count = 1 + random() % 4; count > 0; --count) expression += atoms[random() % atoms.size()];
    std::string problem;
    const Pattern pattern = CompilePattern(expression, {.ignore_case = random() % 4 == 0}, &problem);
    if (pattern == nullptr) continue;
    std::string text;
    for (size_t length = random() % 20; length > 0; --length) text += letters[random() % letters.size()];
    const bool is_in = RE2::PartialMatch(re2::StringPiece(text), *pattern);
    EXPECT_EQ(TextSearch(pattern).IsIn(text), is_in) << expression << " in " << text;
    with += NeededBy(pattern).empty() ? 0 : 1;
    found += is_in ? 1 : 0;
  }
  EXPECT_GT(with, 1'000);
  EXPECT_GT(found, 500);
}

// An expression that has a bound, of no more than `depth` levels.
std::string RandomExpression(std::mt19937& random, int depth) {
  const std::vector<std::string> atoms = {"a", "b", "é", ".", "[ab]", "[^a]", "\\b", "\\w", "\\s", "(?i)B"};
  std::string out;
  for (size_t count = 1 + random() % 3; count > 0; --count) {
    if (depth == 0 || random() % 2 == 0) {
      out += atoms[random() % atoms.size()];
    } else {
      out += "(" + RandomExpression(random, depth - 1) + "|" + RandomExpression(random, depth - 1) + ")";
    }
    switch (out.ends_with("\\b") ? 9 : random() % 10) {
      case 0:
        out += "?";
        break;
      case 1:
        out += "{0,3}";
        break;
      case 2:
        out += "{2}?";
        break;
      default:
        break;
    }
  }
  return out;
}

TEST(PatternShape, IsNeverShorterThanWhatMatches) {
  std::mt19937 random(7);  // NOLINT: the same cases each time
  const std::vector<std::string> letters = {"a", "b", "A", "é", " ", "B"};
  size_t reached = 0;
  for (int i = 0; i < test::Rounds(2'000); ++i) {
    const std::string expression = RandomExpression(random, 2);
    std::string problem;
    const Pattern pattern = CompilePattern(expression, {}, &problem);
    ASSERT_NE(pattern, nullptr) << expression;
    const MatchShape shape = ShapeOf(pattern);
    const auto longest = shape.longest;
    ASSERT_TRUE(longest.has_value()) << expression;
    std::string text;
    for (size_t length = random() % 40; length > 0; --length) text += letters[random() % letters.size()];
    re2::StringPiece match;
    for (size_t at = 0; at < text.size(); ++at) {
      if (!pattern->Match(text, at, text.size(), RE2::UNANCHORED, &match, 1)) break;
      const auto length = static_cast<size_t>(CountUtf8({match.data(), match.size()}));
      EXPECT_LE(length, *longest) << expression << " in " << text;
      for (const char c : std::string_view(match.data(), match.size()))
        EXPECT_TRUE(Has(shape.bytes, c)) << expression << " in " << text;
      EXPECT_TRUE(match.empty() || Has(shape.first, match[0])) << expression << " in " << text;
      reached += length == *longest ? 1 : 0;
    }
  }
  EXPECT_GT(reached, size_t{test::Rounds(1'000)}) << "the bound is met";
}

}  // namespace
}  // namespace portolan::guardrails
