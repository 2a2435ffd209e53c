#include "tests/support/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portolan::test {
namespace {

using ::testing::HasSubstr;

TEST(StrictJson, ReadsWhatIsJsonAndNothingElse) {
  for (const char* good :
       {"1", " {} ", "[]", "-0.5e+3", R"("\u0000\ud83d\ude00")", R"({"a":[1,{"a":null}]})"}) {
    EXPECT_TRUE(ParseJson(good)) << good;
  }
  for (const char* bad : {"", "01", "1.", "+1", "[1,]", "{\"a\" 1}", "{a:1}", "nul", "\"\n\"", "\"\\x\"",
                          "1 2", "\"\\u12\"", "[", "{\"a\":}"}) {
    EXPECT_FALSE(ParseJson(bad)) << bad;
  }
}

TEST(StrictJson, KeepsTheTextOfEachValue) {
  const std::string text = R"({ "a" : [ 1.50 , "\u00e9\ud83d\ude00" ] })";
  const auto root = ParseJson(text);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->Find("a")->raw, R"([ 1.50 , "\u00e9\ud83d\ude00" ])");
  EXPECT_EQ(root->Find("a")->items[0].text, "1.50");
  EXPECT_EQ(root->Find("a")->items[1].text, "\xc3\xa9\xf0\x9f\x98\x80");
}

TEST(StrictJson, FindsEveryDifferenceOfValues) {
  const std::set<std::string> known = {"a", "b"};
  const std::vector<std::pair<std::string, std::string>> same = {
      {R"({"a":1,"b":2})", R"({ "b":2, "a":1 })"},
      {R"(["\u0041","\/"])", R"(["A","/"])"},
      {"[1.0,1e-7,9223372036854775807]", "[1,0.0000001,9223372036854775807]"},
      {"123456789012345680000", "123456789012345683968"},
      {R"({"x":1,"a":2,"y":3})", R"({"a":2,"x":1,"y":3})"},
  };
  for (const auto& [one, other] : same) EXPECT_EQ(Difference(one, other, &known), "") << one;
  const std::vector<std::pair<std::string, std::string>> different = {
      {"9223372036854775807", "9223372036854775806"},
      {"18446744073709551615", "18446744073709551614"},
      {"9007199254740993", "9007199254740992"},
      {"0.1", "0.10000000000000002"},
      {"-0.0", "0.0"},
      {"1", "\"1\""},
      {"null", "{}"},
      {"[]", "{}"},
      {"[1,2]", "[2,1]"},
      {"[1]", "[1,1]"},
      {R"({"a":null})", "{}"},
      {"{}", R"({"a":null})"},
      {R"({"a":1})", R"({"a":1,"a":1})"},
      {R"({"x":1,"y":1})", R"({"y":1,"x":1})"},
      {R"({"a":{"x":1,"y":1}})", R"({"a":{"y":1,"x":1}})"},
      {R"("\u0000")", "\"\""},
  };
  for (const auto& [one, other] : different) EXPECT_NE(Difference(one, other, &known), "") << one;
  EXPECT_THAT(Difference(R"({"a":[{"b":1}]})", R"({"a":[{"b":2}]})"), HasSubstr("a[0].b: expected 1, got 2"));
}

}  // namespace
}  // namespace portolan::test
