#include "server/config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/address.h"

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
        "https://a:x", "https://user@a", "://a", "https://[zz]", "https://*.example"}) {
    std::string value;
    std::string problem;
    EXPECT_FALSE(ParseOrigin(bad, &value, &problem)) << bad;
    EXPECT_FALSE(problem.empty());
  }
}

TEST(List, IsSplitAtCommasWithoutBlanksAndEmptyPieces) {
  EXPECT_THAT(SplitList("a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitList(" , "), IsEmpty());
  EXPECT_THAT(SplitList(""), IsEmpty());
}

TEST(HostPort, TakesLiteralsLocalhostAndAllAddresses) {
  struct Case {
    std::string text;
    std::string host;
    uint16_t port;
    bool loopback;
  };
  const std::vector<Case> good = {
      {"127.0.0.1:8787", "127.0.0.1", 8787, true},
      {"127.255.0.9:1", "127.255.0.9", 1, true},
      {"localhost:0", "localhost", 0, true},
      {"[::1]:65535", "::1", 65535, true},
      {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true},
      {"[::ffff:10.0.0.1]:1", "::ffff:10.0.0.1", 1, false},
      {"0.0.0.0:80", "0.0.0.0", 80, false},
      {":80", "", 80, false},
      {"[::]:80", "::", 80, false},
      {"128.0.0.1:80", "128.0.0.1", 80, false},
      {"192.168.1.2:80", "192.168.1.2", 80, false},
  };
  for (const Case& c : good) {
    HostPort parsed;
    std::string problem;
    ASSERT_TRUE(ParseHostPort(c.text, &parsed, &problem)) << c.text << ": " << problem;
    EXPECT_EQ(parsed.host, c.host);
    EXPECT_EQ(parsed.port, c.port);
    EXPECT_EQ(IsLoopbackAddress(c.text), c.loopback) << c.text;
  }
  for (const char* bad :
       {"", "8787", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.1:80", "::1:80",
        "[::1]", "[::1:80", "example.com:80", "localhost.evil.example:80", "127.0.0.1 :80", "unix:/x"}) {
    HostPort parsed;
    std::string problem;
    EXPECT_FALSE(ParseHostPort(bad, &parsed, &problem)) << bad;
    EXPECT_FALSE(IsLoopbackAddress(bad)) << bad;
  }
}

TEST(UpstreamRule, IsANetworkAnAddressOrASuffix) {
  std::string problem;
  for (const char* good : {"10.0.0.0/8", "fd00::/8", "0.0.0.0/0", "::/0", "10.1.2.3", "::1",
                           "internal.example", ".svc.cluster.local", "localhost", "my_host"}) {
    EXPECT_TRUE(IsUpstreamRule(good, &problem)) << good;
  }
  for (const char* bad : {"", ".", "..a", "a..b", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "a/8", "10.0.0.0/",
                          "10.0.0.0/x", "http://a", "a b", "*.example", "a:80"}) {
    EXPECT_FALSE(IsUpstreamRule(bad, &problem)) << bad;
  }
}

}  // namespace
}  // namespace portolan::config
