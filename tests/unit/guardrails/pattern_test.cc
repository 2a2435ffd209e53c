// Expressions as ECMA-262 has them, by RE2. What each means is from ECMA-262, section 22.2.

#include "server/guardrails/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace portolan::guardrails {
namespace {

using ::testing::HasSubstr;

bool Finds(const std::string& expression, const std::string& text) {
  std::string problem;
  const Pattern pattern = CompileDelimited(expression, &problem);
  EXPECT_NE(pattern, nullptr) << expression << ": " << problem;
  return pattern != nullptr && RE2::PartialMatch(text, *pattern);
}

std::string ProblemOf(const std::string& expression) {
  std::string problem;
  EXPECT_EQ(CompilePattern(expression, {}, &problem), nullptr) << expression;
  return problem;
}

TEST(Pattern, IsReadAsJavaScriptWritesIt) {
  struct Case {
    std::string expression, fits, fits_not;
  };
  const std::vector<Case> cases = {
      {R"(^(?<year>\d{4})-(?<month>\d\d)$)", "2026-11", "26-11"},
      {R"(^caf\u00e9$)", "caf\u00e9", "cafe"},
      {R"(^\u{1f600}$)", "\U0001f600", "x"},
      {R"(^\ud83d\ude00$)", "\U0001f600", "x"},
      {R"(^https?:\/\/)", "https://a", "ftp://a"},
      {R"(^a\sb$)", "a\u00a0b", "a-b"},
      {R"(^a\Sb$)", "a-b", "a\u2028b"},
      {R"(^[\s-]+$)", "- \u3000-", "x"},
      {R"(^[\w\s-.]+$)", "a - .", "!"},
      {R"(^[[:]+$)", "[:", "x"},
      {R"(^[^]$)", "\n", ""},
      {R"(^[\b]$)", "\b", "b"},
      {R"(^\cA\0$)", std::string("\1\0", 2), "A0"},
      {R"(^\_\-\.$)", "_-.", "_-x"},
      {R"(^\p{Letter}+\p{Script=Greek}\p{gc=Decimal_Number}$)", "a\u03b19", "a99"},
      {R"(^\P{L}$)", "1", "a"},
      // Only the whole text has a beginning and an end.
      {R"(^b$)", "b", "a\nb"},
  };
  for (const Case& one : cases) {
    EXPECT_TRUE(Finds(one.expression, one.fits)) << one.expression;
    EXPECT_FALSE(Finds(one.expression, one.fits_not)) << one.expression;
  }
}

TEST(Pattern, TakesFlagsBehindSlashes) {
  EXPECT_TRUE(Finds("/^ABC$/i", "abc"));
  EXPECT_FALSE(Finds("/^ABC$/g", "abc"));
  EXPECT_TRUE(Finds("/^b$/m", "a\nb"));
  EXPECT_FALSE(Finds("/a.b/", "a\nb"));
  EXPECT_TRUE(Finds("/a.b/gsu", "a\nb"));
  // What stands behind the last slash is no flags.
  EXPECT_TRUE(Finds("/usr/bin", "cd /usr/bin"));
  EXPECT_TRUE(Finds("/", "a/b"));
}

TEST(Pattern, IsRefusedWithTheReason) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"(?=secret)", "look-around"},
      {"(?!secret)", "look-around"},
      {"(?<=secret)", "look-around"},
      {"(?<!secret)", "look-around"},
      {R"((secret)\1)", "back-references"},
      {R"((?<secret>a)\k<secret>)", "back-references"},
      {"(secret", "parentheses"},
      {"[secret", "]"},
      {"*secret", "nothing to repeat"},
      {"secret{2000}", "1000"},
      {R"(secret\)", "backslash"},
      {R"(secret\a)", "\\a is no escape"},
      {R"(secret\u12)", "four hexadecimal digits"},
      {R"(secret\ud83d)", "half a character"},
      {R"(\p{Secret})", "class"},
      {"secret\xff", "UTF-8"},
      {R"((secret\p{L}){900})", "states"},
      {std::string(4097, 'a'), "4096 bytes"},
  };
  for (const auto& [expression, reason] : cases) {
    const std::string problem = ProblemOf(expression);
    EXPECT_THAT(problem, HasSubstr(reason));
    EXPECT_THAT(problem, ::testing::Not(HasSubstr("ecret"))) << "shows the expression";
  }
}

}  // namespace
}  // namespace portolan::guardrails
