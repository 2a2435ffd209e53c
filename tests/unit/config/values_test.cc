#include "server/config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portolan::config {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Duration, IsANumberWithItsUnit) {
  const std::vector<std::pair<std::string, int64_t>> good = {
      {"0", 0},          {"0s", 0},      {"500ms", 500}, {"30s", 30'000},     {"2m", 120'000},
      {"1h", 3'600'000}, {"1.5s", 1500}, {"0.5ms", 1},   {"24h", 86'400'000}, {"0.001s", 1},
  };
  for (const auto& [text, millis] : good) {
    milliseconds value{-1};
    std::string problem;
    EXPECT_TRUE(ParseDuration(text, &value, &problem)) << text << ": " << problem;
    EXPECT_EQ(value.count(), millis) << text;
  }
  for (const char* bad : {"", "5", "s", "-1s", "+1s", "1 s", "1d", "1S", "1e3s", "nan", "infs", "1ss", "0x1s",
                          " 1s", "1s ", "99999999999h", "1e400s", ".5s"}) {
    milliseconds value{-1};
    std::string problem;
    EXPECT_FALSE(ParseDuration(bad, &value, &problem)) << bad;
    EXPECT_FALSE(problem.empty());
  }
}

TEST(Size, IsBytesOrHasAUnit) {
  const std::vector<std::pair<std::string, uint64_t>> good = {
      {"0", 0},         {"65536", 65536},     {"64KB", 65536},        {"64kb", 65536},
      {"64KiB", 65536}, {"64MB", 67'108'864}, {"1GB", 1'073'741'824}, {"1.5MB", 1'572'864},
      {"10B", 10},
  };
  for (const auto& [text, bytes] : good) {
    uint64_t value = 1;
    std::string problem;
    EXPECT_TRUE(ParseSize(text, &value, &problem)) << text << ": " << problem;
    EXPECT_EQ(value, bytes) << text;
  }
  for (const char* bad : {"", "MB", "-1", "1 MB", "1TB", "1e3", "64M", "99999999999GB", "nan"}) {
    uint64_t value;
    std::string problem;
    EXPECT_FALSE(ParseSize(bad, &value, &problem)) << bad;
  }
}

TEST(Integer, IsWholeAndInItsRange) {
  int value = 0;
  std::string problem;
  EXPECT_TRUE(ParseInteger("1", 1, 8, &value, &problem));
  EXPECT_EQ(value, 1);
  EXPECT_TRUE(ParseInteger("8", 1, 8, &value, &problem));
  for (const char* bad : {"", "0", "9", "-1", "1.5", "4x", " 4", "99999999999999999999"}) {
    EXPECT_FALSE(ParseInteger(bad, 1, 8, &value, &problem)) << bad;
  }
}

TEST(Bool, HasFourSpellingsEach) {
  for (const char* yes : {"true", "1", "yes", "on", "TRUE"}) {
    bool value = false;
    std::string problem;
    EXPECT_TRUE(ParseBool(yes, &value, &problem) && value) << yes;
  }
  for (const char* no : {"false", "0", "no", "off", "False"}) {
    bool value = true;
    std::string problem;
    EXPECT_TRUE(ParseBool(no, &value, &problem) && !value) << no;
  }
  bool value;
  std::string problem;
  for (const char* bad : {"", "2", "y", "maybe"}) EXPECT_FALSE(ParseBool(bad, &value, &problem)) << bad;
}

TEST(Origin, IsWhatABrowserSends) {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"https://app.example", "https://app.example"},
      {"HTTPS://App.Example", "https://app.example"},
      {"http://localhost:3000", "http://localhost:3000"},
      {"http://127.0.0.1:80", "http://127.0.0.1:80"},
      {"http://[::1]:3000", "http://[::1]:3000"},
      {"http://[::1]", "http://[::1]"},
      {"chrome-extension://abcdef", "chrome-extension://abcdef"},
  };
  for (const auto& [text, expected] : good) {
    std::string value;
    std::string problem;
    EXPECT_TRUE(ParseOrigin(text, &value, &problem)) << text << ": " << problem;
    EXPECT_EQ(value, expected);
  }
  for (const char* bad :
       {"", "*", "null", "app.example", "https://", "https://app.example/", "https://a b", "https://a:0",
        "https://a:x", "https://user@a", "://a", "https://[zz]", "https://*.example", "https://::1",
        "https://[::1", "https://[::1]x", "https://a:", "https://127.1", "https://[1.2.3.4]"}) {
    std::string value;
    std::string problem;
    EXPECT_FALSE(ParseOrigin(bad, &value, &problem)) << bad;
    EXPECT_FALSE(problem.empty());
  }
}

}  // namespace
}  // namespace portolan::config
