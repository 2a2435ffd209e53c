// What JSON means, whole and in pieces (RFC 8259, section 7).

#include "server/guardrails/json_meaning.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace portolan::guardrails {
namespace {

const std::vector<std::pair<std::string, std::string>> kCases = {
    {R"({"a": "b", "c": [1.5, true, null, {"d":""}]})", "a\nb\nc\n1.5\ntrue\nnull\nd\n"},
    {R"(["\"\\\/\b\f\n\r\t"])", "\"\\/\b\f\n\r\t"},
    {R"({"\u0073ecret":"\u00E9\u20ac"})", "secret\n\u00e9\u20ac"},
    {R"("\ud83d\ude00")", "\U0001f600"},
    {R"("\ud83d\u0041\ude00\ud83dx\ud83d")", "\ufffdA\ufffd\ufffdx\ufffd"},
    {R"("é\u0065")", "ée"},
    {R"(-1e5)", "-1e5"},
    {"", ""},
    // What is no JSON.
    {R"("\q\u12x4")", "\\q\\u12x4"},
    {R"({"cut": "sho\u00)", "cut\nsho\\u00"},
    {R"("cut \)", "cut \\"},
    {R"("cut \ud83d\u)", "cut \ufffd\\u"},
    {"plain words", "plain\nwords"},
};

TEST(JsonMeaning, HasALineForEachString) {
  for (const auto& [json, meaning] : kCases) EXPECT_EQ(MeaningOfJson(json), meaning) << json;
}

TEST(JsonMeaning, IsTheSameHoweverItComes) {
  for (const auto& [json, meaning] : kCases) {
    for (size_t first = 0; first <= json.size(); ++first) {
      for (size_t second = first; second <= json.size(); ++second) {
        JsonMeaning pieces;
        pieces.Append(json.substr(0, first));
        pieces.Append(json.substr(first, second - first));
        pieces.Append(json.substr(second));
        pieces.Finish();
        EXPECT_EQ(pieces.text().text(), meaning) << json << " at " << first << " and " << second;
        EXPECT_EQ(pieces.text().OriginOf(pieces.text().size()), json.size());
      }
    }
  }
}

TEST(JsonMeaning, KnowsWhereEachCharacterComesFrom) {
  JsonMeaning meaning;
  meaning.Append(R"({"ab": "c\u0064e", 12)");
  meaning.Finish();
  // ab\ncde\n12
  const std::vector<size_t> origins = {2, 3, 7, 8, 9, 15, 19, 19, 20, 21};
  for (size_t i = 0; i < origins.size(); ++i) EXPECT_EQ(meaning.text().OriginOf(i), origins[i]) << i;
}

}  // namespace
}  // namespace portolan::guardrails
